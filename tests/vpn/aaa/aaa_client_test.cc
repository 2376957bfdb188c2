// The client of RADIUS servers in virtual time: answers, silence, failed servers and when they are tried again.
#include "vpn/aaa/aaa_client.h"

#include <gtest/gtest.h>

#include "radius_server.h"
#include "tests/vpn/hex.h"

namespace sallyport {
namespace {

using namespace radius;
using Kind = AaaAnswer::Kind;

class AaaClientTest : public testing::Test {
 protected:
  AaaClientTest() {
    LoggingSettings on;
    on.enable = true;
    on.Of(LogOutput::kBuffer) = LogFilter::Level(7);
    on.buffer_size = 1 << 20;
    logger.Configure(on);
    group.name = "far";
    for (const char* a : {"10.1.1.1", "10.1.1.2"}) {
      AaaServer s;
      s.address = *IpAddress::Parse(a);
      s.interface = "inside";
      s.key = "secret";
      group.servers.push_back(s);
    }
    Use();
  }
  void Use() {
    AaaPlan plan;
    plan.groups = {group};
    client.UsePlan(plan);
  }
  void Step(int seconds) {
    for (int i = 0; i < seconds * 2; i++) {
      clock.Advance(Duration::Milliseconds(500));
      real = real + Duration::Milliseconds(500);
      client.Tick();
    }
  }
  void Ask(bool fallback = false, std::vector<std::uint8_t> eap = {}) {
    AaaQuestion q;
    q.group = "far";
    q.user = "ann";
    q.password = "pw";
    q.eap = std::move(eap);
    q.fallback = fallback;
    q.caller.client = *IpAddress::Parse("198.51.100.7");
    q.caller.tunnel_group = "road";
    client.Authenticate(std::move(q), [&](const AaaAnswer& a) { answers.push_back(a); });
  }
  std::vector<std::string> Logged(const std::string& number) {
    std::vector<std::string> found;
    for (const std::string& line : logger.Status().buffer) {
      const std::size_t at = line.find(number + ": ");
      if (at != std::string::npos) found.push_back(line.substr(at + number.size() + 2));
    }
    return found;
  }
  static std::vector<std::uint8_t> Accept(const RadiusWire::Sent& s) { return RadiusReply(kAccessAccept).To(s.message, AsBytes("secret")); }

  ManualClock clock{1'258'000'000'000'000'000};
  TimePoint real;
  LogRing ring;
  Logger logger{clock, ring};
  SeededEntropy entropy{5};
  RadiusWire wire;
  AaaServerGroup group;
  std::vector<AaaAnswer> answers;
  AaaClient client{{wire, logger, clock, entropy, [this] { return clock.Now(); }, [this] { return real; },
                    [](const std::string&) { return *IpAddress::Parse("10.1.1.254"); }}};
};

TEST_F(AaaClientTest, ARequestSaysWhoAsks) {
  Ask();
  ASSERT_EQ(wire.sent.size(), 1u);
  EXPECT_EQ(wire.sent[0].to, (Endpoint{group.servers[0].address, 1645}));
  EXPECT_EQ(wire.sent[0].interface, "inside");
  const auto m = ReadRadius(wire.sent[0].message);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->Text(kUserName), "ann");
  EXPECT_EQ(m->Address(kNasIpAddress), IpAddress::Parse("10.1.1.254"));
  EXPECT_EQ(m->Text(kCallingStationId), "198.51.100.7");
  EXPECT_EQ(m->Text(kTunnelGroupName, kCisco3000), "road");
  RadiusAuthenticator own{};
  std::copy_n(wire.sent[0].message.begin() + 4, 16, own.begin());
  EXPECT_EQ(SignatureOf(*m, own, AsBytes("secret")), RadiusSignature::kGood);
  const auto hidden = HidePassword(AsBytes("pw"), own, AsBytes("secret"));
  EXPECT_EQ(m->Text(kUserPassword), std::string(hidden.begin(), hidden.end()));
}

TEST_F(AaaClientTest, AServerThatHasGoneIsNotBelieved) {
  Ask();
  group.servers.erase(group.servers.begin());
  Use();
  Step(5);  // it is not asked again either
  ASSERT_FALSE(wire.sent.empty());
  EXPECT_EQ(wire.sent[0].to.address, IpAddress::Parse("10.1.1.1"));
  const RadiusWire::Sent first = wire.sent[0];
  for (const auto& s : wire.sent) EXPECT_EQ(s.message, first.message);
  wire.Serve(client, Accept);
  EXPECT_TRUE(answers.empty());
}

TEST_F(AaaClientTest, ANameThatNoRequestCanCarryIsRefusedAndNobodyIsAsked) {
  for (const std::size_t length : {253u, 254u, 600u}) {
    AaaQuestion q;
    q.group = "far";
    q.user.assign(length, 'x');
    q.password = "pw";
    client.Authenticate(std::move(q), [&](const AaaAnswer& a) { answers.push_back(a); });
  }
  EXPECT_EQ(wire.sent.size(), 1u);
  client.Tick();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].kind, Kind::kReject);
  EXPECT_EQ(answers[1].kind, Kind::kReject);
}

TEST_F(AaaClientTest, AcceptRejectChallenge) {
  Ask();
  EXPECT_TRUE(answers.empty());
  wire.Serve(client, Accept);
  Ask();
  wire.Serve(client, [](const auto& s) { return RadiusReply(kAccessReject).Text(kReplyMessage, "n\x1b\ro").To(s.message, AsBytes("secret")); });
  Ask();
  wire.Serve(client, [](const auto& s) {
    return RadiusReply(kAccessChallenge).Text(kReplyMessage, "token?").Text(kState, "s1").To(s.message, AsBytes("secret"));
  });
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].kind, Kind::kAccept);
  EXPECT_EQ(answers[1].kind, Kind::kReject);
  EXPECT_EQ(answers[1].message, "no");
  EXPECT_EQ(answers[2].kind, Kind::kChallenge);
  ASSERT_NE(answers[2].dialogue, nullptr);
  AaaQuestion q;
  q.group = "far";
  q.user = "ann";
  q.password = "123456";
  q.dialogue = answers[2].dialogue;
  client.Authenticate(q, [&](const AaaAnswer& a) { answers.push_back(a); });
  const auto m = ReadRadius(wire.sent.back().message);
  EXPECT_EQ(m->Text(kState), "s1");
  EXPECT_EQ(wire.closed.size(), 3u);
  const AaaServerView v = client.Views()[1];
  EXPECT_EQ(v.accepts, 1u);
  EXPECT_EQ(v.rejects, 1u);
  EXPECT_EQ(v.challenges, 1u);
  EXPECT_EQ(v.authentication, 4u);
  EXPECT_EQ(v.pending, 1u);
}

TEST_F(AaaClientTest, ForgedAndMalformedAnswersChangeNothing) {
  Ask();
  wire.Serve(client, [](const auto& s) { return RadiusReply(kAccessAccept).To(s.message, AsBytes("guess")); });
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(Logged("109026"), std::vector<std::string>{"[RADIUS] Invalid reply digest received; shared server key may be mismatched."});
  auto other = Accept(wire.sent[0]);
  other[1] ^= 1;  // another request's
  client.Receive(wire.sent[0].request, other);
  client.Receive(wire.sent[0].request, Bytes(other).first(10));
  client.Receive(wire.sent[0].request, RadiusReply(9).To(wire.sent[0].message, AsBytes("secret")));
  client.Receive(wire.sent[0].request + 77, Accept(wire.sent[0]));
  EXPECT_TRUE(answers.empty());
  const AaaServerView v = client.Views()[1];
  EXPECT_EQ(v.bad_authenticators, 2u);
  EXPECT_EQ(v.malformed, 1u);
  EXPECT_EQ(v.unrecognized, 1u);
  client.Receive(wire.sent[0].request, Accept(wire.sent[0]));
  EXPECT_EQ(answers.size(), 1u);
}

TEST_F(AaaClientTest, EapMustBeSigned) {
  Ask(false, {2, 1, 0, 6, 1, 'a'});
  const std::uint8_t success[] = {3, 1, 0, 4};
  wire.Serve(client, [&](const auto& s) { return RadiusReply(kAccessAccept).Add(kEapMessage, success).To(s.message, AsBytes("secret"), false); });
  EXPECT_TRUE(answers.empty());
  const auto keys = Counting(0, 64);
  client.Receive(wire.sent[0].request, RadiusReply(kAccessAccept)
                                           .Add(kEapMessage, success)
                                           .Mppe(kMppeSendKey, Bytes(keys).last(32), wire.sent[0].message, AsBytes("secret"), 0x8001)
                                           .Mppe(kMppeRecvKey, Bytes(keys).first(32), wire.sent[0].message, AsBytes("secret"), 0x8002)
                                           .To(wire.sent[0].message, AsBytes("secret")));
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].eap.size(), 4u);
  ASSERT_NE(answers[0].msk, nullptr);
  EXPECT_TRUE(SameBytes(answers[0].msk->bytes(), keys));
}

TEST_F(AaaClientTest, TheSecondServerIsAskedWhenTheFirstHasFailed) {
  group.servers[0].retry_interval_s = 4;
  Use();
  Ask();
  Step(9);
  EXPECT_EQ(wire.sent.size(), 3u) << "at 0, 4 and 8 s";
  EXPECT_EQ(wire.sent[1].message, wire.sent[0].message) << "the same request";
  Step(30);
  EXPECT_EQ(wire.sent.back().to.address, group.servers[1].address);
  EXPECT_EQ(Logged("113014"), std::vector<std::string>{"AAA authentication server not accessible : server = 10.1.1.1 : user = ann"});
  EXPECT_EQ(Logged("113022"), std::vector<std::string>{"AAA Marking RADIUS server 10.1.1.1 in aaa-server group far as FAILED"});
  wire.served = wire.sent.size() - 1;
  wire.Serve(client, Accept);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].server, group.servers[1].address);
  // The next one does not wait for the first server again.
  Ask();
  EXPECT_EQ(wire.sent.back().to.address, group.servers[1].address);
  EXPECT_TRUE(client.Views()[1].failed);
  EXPECT_EQ(client.Views()[1].timeouts, 3u);
}

TEST_F(AaaClientTest, DepletionLeavesAGroupAloneWhenThereIsSomethingElse) {
  group.max_failed = 1;
  group.dead_minutes = 5;
  Use();
  Ask(true);
  Step(21);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].kind, Kind::kNoAnswer);
  EXPECT_EQ(Logged("113022").size(), 2u);
  const std::size_t before = wire.sent.size();
  Ask(true);
  EXPECT_EQ(answers.size(), 1u) << "never within the call";
  Step(1);
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_EQ(wire.sent.size(), before);
  // Without anything else all servers are tried again.
  Ask(false);
  EXPECT_EQ(wire.sent.size(), before + 1);
  Step(25);
  EXPECT_EQ(answers.size(), 3u);
  // The dead time is over: both are active.
  clock.Advance(Duration::Seconds(300));
  client.Tick();
  EXPECT_EQ(Logged("113023").size(), 2u);
  Ask(true);
  wire.served = wire.sent.size() - 1;
  wire.Serve(client, Accept);
  EXPECT_EQ(answers.back().kind, Kind::kAccept);
}

TEST_F(AaaClientTest, TimedReactivation) {
  group.max_failed = 1;
  group.timed = true;
  Use();
  Ask();
  Step(11);
  EXPECT_EQ(wire.sent.back().to.address, group.servers[1].address);
  wire.served = 1;
  wire.Serve(client, Accept);
  Step(20);
  EXPECT_TRUE(client.Views()[1].failed);
  Step(10);
  EXPECT_EQ(Logged("113023"), std::vector<std::string>{"AAA Marking RADIUS server 10.1.1.1 in aaa-server group far as ACTIVE"});
  Ask();
  EXPECT_EQ(wire.sent.back().to.address, group.servers[0].address);
}

TEST_F(AaaClientTest, AServerWhoseKeyIsNotKnownIsNotAsked) {
  for (AaaServer& s : group.servers) s.key_known = false;
  Use();
  Ask();
  Step(70);
  EXPECT_TRUE(wire.sent.empty());
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].kind, Kind::kNoAnswer);
}

TEST_F(AaaClientTest, AGroupThatGoesAnswersWhoWaits) {
  Ask();
  client.UsePlan({});
  EXPECT_TRUE(answers.empty());
  Step(11);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].kind, Kind::kNoAnswer);
  Ask();
  Step(1);
  EXPECT_EQ(answers.size(), 2u);
}

TEST_F(AaaClientTest, Accounting) {
  AaaAccount a;
  a.group = "far";
  a.user = "ann";
  a.session = "00010001";
  a.classes = {"OU=staff;"};
  a.framed_address = *IpAddress::Parse("10.9.0.1");
  client.Account(a);
  ASSERT_EQ(wire.sent.size(), 1u);
  EXPECT_EQ(wire.sent[0].to.port, 1646);
  auto m = ReadRadius(wire.sent[0].message);
  EXPECT_EQ(m->Number(kAcctStatusType), 1u);
  EXPECT_EQ(m->Text(kClass), "OU=staff;");
  wire.Serve(client, [](const auto& s) { return RadiusReply(kAccountingResponse).To(s.message, AsBytes("secret"), false); });
  EXPECT_EQ(wire.closed.size(), 1u);
  a.stop = true;
  a.bytes_in = (std::uint64_t{3} << 32) + 5;
  a.duration = Duration::Seconds(77);
  a.cause = 4;
  client.Account(a);
  m = ReadRadius(wire.sent[1].message);
  EXPECT_EQ(m->Number(kAcctStatusType), 2u);
  EXPECT_EQ(m->Number(kAcctInputOctets), 5u);
  EXPECT_EQ(m->Number(kAcctInputGigawords), 3u);
  EXPECT_EQ(m->Number(kAcctSessionTime), 77u);
  EXPECT_EQ(m->Number(kAcctTerminateCause), 4u);
  EXPECT_EQ(client.Views()[1].accounting, 2u);
}

TEST_F(AaaClientTest, TooManyAtOnceAreRefused) {
  for (std::size_t i = 0; i < AaaClient::kMostPending + 3; i++) Ask();
  EXPECT_EQ(wire.sent.size(), AaaClient::kMostPending);
  client.Tick();
  EXPECT_EQ(answers.size(), 3u);
  EXPECT_EQ(Logged("113001").size(), 3u);
}

TEST_F(AaaClientTest, DebugHidesThePassword) {
  std::string said;
  client.Listen(this, [&](const std::string& line) { said += line + "\n"; });
  Ask();
  EXPECT_NE(said.find("Radius: Code = 1 (0x01)"), std::string::npos);
  EXPECT_NE(said.find("User-Name"), std::string::npos);
  EXPECT_EQ(said.find("pw"), std::string::npos);
  client.Listen(this, {});
  said.clear();
  Ask();
  EXPECT_EQ(said, "");
}

// A list that is kept apart from the user: asked for as if it were one, in as many answers as it takes.
TEST_F(AaaClientTest, AnAccessListIsDownloaded) {
  const auto pair = [](RadiusReply& r, std::string_view text) { r.Vendor(kCisco, kCiscoAvPair, AsBytes(text)); };
  std::vector<std::string> asked;
  int round = 0;
  const auto server = [&](const RadiusWire::Sent& sent) {
    const auto m = ReadRadius(sent.message);
    asked.push_back(m->Text(kUserName) + " " + m->Text(kState) + " " + m->Text(kCiscoAvPair, kCisco));
    if (m->Text(kUserName) == "ann") {
      RadiusReply r(kAccessAccept);
      pair(r, "ACS:CiscoSecure-Defined-ACL=#ACSACL#-IP-staff-4f2a");
      return r.To(sent.message, AsBytes("secret"));
    }
    RadiusReply r(round++ == 0 ? kAccessChallenge : kAccessAccept);
    pair(r, round == 1 ? "ip:inacl#2=permit ip any host 10.1.1.2" : "ip:inacl#3=deny ip any any");
    if (round == 1) pair(r, "ip:inacl#1=permit ip any host 10.1.1.1");
    if (round == 1) r.Text(kState, "more");
    return r.To(sent.message, AsBytes("secret"));
  };
  Ask();
  wire.Serve(client, server);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].kind, Kind::kAccept);
  EXPECT_EQ(asked, (std::vector<std::string>{"ann  ", "#ACSACL#-IP-staff-4f2a  aaa:service=ip_admissionaaa:event=acl-download",
                                             "#ACSACL#-IP-staff-4f2a more aaa:service=ip_admissionaaa:event=acl-download"}));
  EXPECT_EQ(answers[0].attributes.acl_name, "#ACSACL#-IP-staff-4f2a");
  EXPECT_EQ(answers[0].attributes.acl,
            (std::vector<std::string>{"permit ip any host 10.1.1.1", "permit ip any host 10.1.1.2", "deny ip any any"}));
  // A list that is not there: the user may not in.
  Ask();
  wire.Serve(client, [&](const RadiusWire::Sent& sent) {
    if (ReadRadius(sent.message)->Text(kUserName) == "ann") return server(sent);
    return RadiusReply(kAccessReject).To(sent.message, AsBytes("secret"));
  });
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[1].kind, Kind::kReject);
  // One that never ends is not read for ever.
  Ask();
  wire.Serve(client, [&](const RadiusWire::Sent& sent) {
    round = 0;
    return server(sent);
  });
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[2].kind, Kind::kReject);
}

TEST_F(AaaClientTest, AddressesOfIpv6AndSplitTunnels) {
  Ask();
  wire.Serve(client, [](const RadiusWire::Sent& sent) {
    const std::uint8_t network[] = {0, 64, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1}, host[] = {0, 0, 0, 0, 0, 0, 0, 9}, one[] = {0, 0, 0, 1};
    return RadiusReply(kAccessAccept)
        .Add(kFramedIpv6Prefix, network)
        .Add(kFramedInterfaceId, host)
        .Vendor(kCisco3000, kSplitTunnelList, AsBytes("corporate"))
        .Vendor(kCisco3000, kSplitTunnelPolicy, one)
        .Vendor(kCisco3000, kAccessHours, AsBytes("work"))
        .To(sent.message, AsBytes("secret"));
  });
  ASSERT_EQ(answers.size(), 1u);
  const AaaAttributes& a = answers[0].attributes;
  EXPECT_EQ(a.framed_address6, IpAddress::Parse("2001:db8:0:1::9"));
  EXPECT_EQ(a.framed_length6, 64);
  EXPECT_EQ(a.split_list, "corporate");
  EXPECT_EQ(a.split_policy, 1u);
  EXPECT_EQ(a.access_hours, "work");
}

// A directory is asked on another thread; one that is not there is followed by the next.
TEST_F(AaaClientTest, DirectoriesAreAskedElsewhere) {
  std::vector<std::pair<std::function<void()>, std::function<void()>>> jobs;
  AaaClient with({wire, logger, clock, entropy, [this] { return clock.Now(); }, [this] { return real; }, {},
                  [&](std::function<void()> work, std::function<void()> done) { jobs.emplace_back(std::move(work), std::move(done)); }});
  AaaPlan plan;
  group.protocol = AaaServerGroup::Protocol::kLdap;
  group.max_failed = 1;
  for (AaaServer& s : group.servers) {
    s.ldap.address = *IpAddress::Parse("127.0.0.1");
    s.ldap.port = 1;  // nobody listens
  }
  plan.groups = {group};
  with.UsePlan(plan);
  AaaQuestion q;
  q.group = "far";
  q.user = "ann";
  q.password = "pw";
  with.Authenticate(q, [&](const AaaAnswer& a) { answers.push_back(a); });
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_TRUE(answers.empty());
  for (std::size_t i = 0; i < jobs.size() && i < 4; i++) {
    jobs[i].first();
    const auto done = jobs[i].second;
    done();
    done();  // once is enough
  }
  EXPECT_EQ(jobs.size(), 2u) << "both servers";
  EXPECT_EQ(Logged("113022").at(0), "AAA Marking LDAP server 10.1.1.1 in aaa-server group far as FAILED");
  with.Tick();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].kind, Kind::kNoAnswer);
}

}  // namespace
}  // namespace sallyport
