// The DNS client against a server in memory, and fqdn objects on a whole appliance.
#include "cli/dns_client.h"

#include <gtest/gtest.h>

#include "cli/show_dns.h"
#include "tests/cli/console_parts.h"

namespace sallyport::dns_client_test {
namespace {

struct Record {
  std::uint16_t type;
  std::uint32_t ttl;
  IpAddress address;
  std::string alias = {};  // type 5
};

std::vector<std::uint8_t> NameBytes(const std::string& name) {
  std::vector<std::uint8_t> out;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    out.push_back(static_cast<std::uint8_t>(dot - at));
    out.insert(out.end(), name.begin() + static_cast<std::ptrdiff_t>(at), name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  out.push_back(0);
  return out;
}

// An answer to `question`, with `records` about the name that was asked for, or its latest alias.
std::vector<std::uint8_t> AnswerTo(const std::vector<std::uint8_t>& question, const std::vector<Record>& records, int rcode = 0) {
  std::vector<std::uint8_t> m = question;
  StoreBe16(&m[2], static_cast<std::uint16_t>(0x8180 | rcode));
  StoreBe16(&m[6], static_cast<std::uint16_t>(records.size()));
  std::vector<std::uint8_t> owner{0xc0, 12};
  for (const Record& r : records) {
    m.insert(m.end(), owner.begin(), owner.end());
    std::vector<std::uint8_t> data(r.type == 1 ? 4 : 16);
    if (r.type == 1) StoreBe32(data.data(), r.address.v4());
    if (r.type == 28) r.address.StoreV6(data.data());
    if (r.type == 5) owner = data = NameBytes(r.alias);
    const std::size_t at = m.size();
    m.resize(at + 10);
    StoreBe16(&m[at], r.type);
    StoreBe16(&m[at + 2], 1);
    StoreBe32(&m[at + 4], r.ttl);
    StoreBe16(&m[at + 8], static_cast<std::uint16_t>(data.size()));
    m.insert(m.end(), data.begin(), data.end());
  }
  return m;
}

struct Wire final : DnsTransport {
  struct Sent {
    std::uint32_t question;
    DnsPlan::Server server;
    std::vector<std::uint8_t> message;
    std::uint16_t Type() const { return LoadBe16(&message[message.size() - 4]); }
  };
  bool Send(std::uint32_t question, const DnsPlan::Server& server, Bytes message) override {
    sent.push_back({question, server, {message.begin(), message.end()}});
    open.insert(question);
    return true;
  }
  void Close(std::uint32_t question) override { open.erase(question); }
  std::vector<Sent> sent;
  std::set<std::uint32_t> open;
};

class DnsClientTest : public testing::Test {
 protected:
  DnsClientTest() {
    plan_.interfaces = {"inside"};
    plan_.servers = {{*IpAddress::Parse("10.0.0.53"), ""}, {*IpAddress::Parse("10.0.0.54"), ""}};
    plan_.names = {{"www.example.com", true, false}};
    clock_.Set({});
    client_.SetPlan(plan_, now_);
  }
  bool Tick(std::int64_t seconds = 0) {
    now_ = now_ + Duration::Seconds(seconds);
    return client_.Tick(now_, now_, way_);
  }
  bool Answer(std::size_t sent, const std::vector<Record>& records, int rcode = 0) {
    return client_.Received(wire_.sent.at(sent).question, AnswerTo(wire_.sent.at(sent).message, records, rcode), now_, now_, way_);
  }
  std::vector<std::string> Addresses() const {
    std::vector<std::string> out;
    const auto it = client_.Resolved().find("www.example.com");
    if (it == client_.Resolved().end()) return out;
    for (const IpAddress a : it->second) out.push_back(a.ToString());
    return out;
  }
  DnsPlan plan_;
  Wire wire_;
  ManualClock clock_{0};
  LogRing ring_{16};
  Logger logger_{clock_, ring_};
  DnsClient client_{wire_, logger_, Random(7)};
  TimePoint now_{1'000'000'000'000};
  DnsClient::Way way_ = [](const DnsPlan::Server&) { return std::string("inside"); };
};

IpAddress A(const char* text) { return *IpAddress::Parse(text); }
using Texts = std::vector<std::string>;

TEST_F(DnsClientTest, AnAddressStaysUntilItsTtlAndTheExpireTimerAreOver) {
  EXPECT_FALSE(Tick());
  ASSERT_EQ(wire_.sent.size(), 1u);
  EXPECT_EQ(wire_.sent[0].server.address, A("10.0.0.53"));
  EXPECT_TRUE(Answer(0, {{1, 100, A("192.0.2.1")}, {1, 100, A("192.0.2.2")}}));
  EXPECT_EQ(Addresses(), (Texts{"192.0.2.1", "192.0.2.2"}));
  EXPECT_FALSE(Tick(99));
  EXPECT_EQ(wire_.sent.size(), 1u);
  EXPECT_FALSE(Tick(1));
  ASSERT_EQ(wire_.sent.size(), 2u);  // asked for again as soon as it has run out
  EXPECT_TRUE(Answer(1, {{1, 1000, A("192.0.2.2")}, {1, 1000, A("192.0.2.3")}}));
  EXPECT_EQ(Addresses(), (Texts{"192.0.2.1", "192.0.2.2", "192.0.2.3"}));
  EXPECT_FALSE(Tick(59));
  EXPECT_TRUE(Tick(1));
  EXPECT_EQ(Addresses(), (Texts{"192.0.2.2", "192.0.2.3"}));
  const auto hosts = client_.Hosts(now_);
  ASSERT_EQ(hosts.size(), 1u);
  EXPECT_EQ(hosts[0].addresses[0].ttl, Duration::Seconds(940));
}

TEST_F(DnsClientTest, ThePollTimerAsksBeforeTheTtlRunsOut) {
  plan_.poll_min = 10;
  client_.SetPlan(plan_, now_);
  Tick();
  Answer(0, {{1, 86400, A("192.0.2.1")}});
  Tick(599);
  EXPECT_EQ(wire_.sent.size(), 1u);
  Tick(1);
  EXPECT_EQ(wire_.sent.size(), 2u);
}

TEST_F(DnsClientTest, SilentServersAreAskedInTurnAndEachRoundTwiceAsLong) {
  plan_.retries = 1;
  client_.SetPlan(plan_, now_);
  Tick();
  Tick(1);
  EXPECT_EQ(wire_.sent.size(), 1u);
  Tick(1);
  ASSERT_EQ(wire_.sent.size(), 2u);
  EXPECT_EQ(wire_.sent[1].server.address, A("10.0.0.54"));
  Tick(2);
  ASSERT_EQ(wire_.sent.size(), 3u);
  EXPECT_EQ(wire_.sent[2].server.address, A("10.0.0.53"));
  Tick(3);
  EXPECT_EQ(wire_.sent.size(), 3u);
  Tick(1);
  EXPECT_EQ(wire_.sent.size(), 4u);
  Tick(4);
  EXPECT_EQ(wire_.sent.size(), 4u);
  EXPECT_TRUE(wire_.open.empty());
  Tick(60);  // and from the beginning a minute later
  EXPECT_EQ(wire_.sent.size(), 5u);
}

TEST_F(DnsClientTest, ForgedAndForeignAnswersAreNotBelieved) {
  Tick();
  auto wrong_id = AnswerTo(wire_.sent[0].message, {{1, 100, A("192.0.2.66")}});
  wrong_id[0] ^= 1;
  EXPECT_FALSE(client_.Received(wire_.sent[0].question, wrong_id, now_, now_, way_));
  auto other = wire_.sent[0].message;
  other[13] = 'x';  // xww.example.com
  EXPECT_FALSE(client_.Received(wire_.sent[0].question, AnswerTo(other, {{1, 100, A("192.0.2.66")}}), now_, now_, way_));
  EXPECT_FALSE(client_.Received(wire_.sent[0].question, wire_.sent[0].message, now_, now_, way_));  // a question
  EXPECT_TRUE(Addresses().empty());
  EXPECT_TRUE(Answer(0, {{1, 100, A("192.0.2.1")}}));
  EXPECT_FALSE(Answer(0, {{1, 100, A("192.0.2.67")}}));  // closed
  EXPECT_EQ(Addresses(), Texts{"192.0.2.1"});
}

TEST_F(DnsClientTest, AliasesAreFollowedAndOtherOwnersAreNot) {
  Tick();
  EXPECT_TRUE(Answer(0, {{5, 300, {}, "cdn.example.net"}, {1, 100, A("192.0.2.1")}}));
  EXPECT_EQ(Addresses(), Texts{"192.0.2.1"});
  EXPECT_EQ(client_.Hosts(now_)[0].alias, "cdn.example.net");
}

TEST_F(DnsClientTest, ARefusalSendsToTheNextServerAndNoSuchNameDoesNot) {
  Tick();
  Answer(0, {}, 2);  // SERVFAIL
  ASSERT_EQ(wire_.sent.size(), 2u);
  EXPECT_EQ(wire_.sent[1].server.address, A("10.0.0.54"));
  Answer(1, {}, 3);  // NXDOMAIN
  EXPECT_EQ(wire_.sent.size(), 2u);
  EXPECT_TRUE(wire_.open.empty());
}

TEST_F(DnsClientTest, OnlyInterfacesWithDomainLookupAreUsed) {
  way_ = [](const DnsPlan::Server&) { return std::string("outside"); };
  Tick();
  EXPECT_TRUE(wire_.sent.empty());
}

TEST_F(DnsClientTest, TheConsoleAsksForNamesAndGetsThemFromTheCache) {
  plan_.names.clear();
  plan_.domain = "example.com";
  client_.SetPlan(plan_, now_);
  std::vector<IpAddress> got;
  int calls = 0;
  const auto found = [&](const std::vector<IpAddress>& a) { got = a, calls++; };
  client_.Lookup("Mail", now_, now_, way_, found);
  ASSERT_EQ(wire_.sent.size(), 2u);  // both families
  Answer(1, {{28, 100, A("2001:db8::1")}});
  EXPECT_EQ(calls, 0);
  Answer(0, {{1, 100, A("192.0.2.7")}});
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(got, (std::vector<IpAddress>{A("192.0.2.7"), A("2001:db8::1")}));
  EXPECT_TRUE(client_.Resolved().empty());
  client_.Lookup("mail.example.com", now_, now_, way_, found);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(wire_.sent.size(), 2u);
  EXPECT_EQ(ShowDnsHosts(client_.Hosts(now_)),
            "\nHost                     Flags      Age Type   Address(es)\n"
            "mail.example.com         (temp, OK) 0    IP    2001:db8::1  192.0.2.7\n");
  client_.ClearCache();
  EXPECT_TRUE(client_.Hosts(now_).empty());
}

// --- on an appliance

class FqdnTest : public testing::Test {
 protected:
  void SetUp() override {
    Session::Options options;
    options.privilege = 15;
    options.greet = false;
    console_ = std::make_unique<TestConsole>(box_, options);
    for (const char* line :
         {"terminal pager 0", "configure terminal", "interface GigabitEthernet0/0", "nameif outside", "ip address 203.0.113.1 255.255.255.0", "no shutdown",
          "interface GigabitEthernet0/1", "nameif inside", "ip address 10.0.0.1 255.255.255.0", "no shutdown", "exit",
          "route outside 0.0.0.0 0.0.0.0 203.0.113.254", "dns domain-lookup inside", "dns server-group DefaultDNS", "name-server 10.0.0.53", "exit", "object network WEB", "fqdn v4 www.example.com", "exit",
          "access-list IN extended permit tcp any object WEB eq www", "logging enable", "logging buffered debugging"}) {
      const std::string said = console_->Do(line);
      EXPECT_TRUE(said.empty() || said.starts_with("INFO: Security level")) << line << ": " << said;
    }
  }
  void Answer(const std::vector<Record>& records) {
    ASSERT_FALSE(wire_.sent.empty());
    box_.appliance->DnsReceived(wire_.sent.back().question, AnswerTo(wire_.sent.back().message, records));
    box_.appliance->Tick();
  }
  Wire wire_;
  TestAppliance box_{&wire_};
  std::unique_ptr<TestConsole> console_;
};

TEST_F(FqdnTest, ANameIsAskedForWhenItsListIsApplied) {
  box_.appliance->Tick();
  EXPECT_TRUE(wire_.sent.empty());
  console_->Do("access-group IN in interface inside");
  box_.appliance->Tick();
  ASSERT_EQ(wire_.sent.size(), 1u);
  EXPECT_EQ(wire_.sent[0].server.interface, "inside");
  EXPECT_EQ(wire_.sent[0].Type(), 1);
  const std::string before = console_->Do("show access-list IN");
  EXPECT_NE(before.find("IN line 1 extended permit tcp any fqdn www.example.com (unresolved) eq www (inactive) 0x"), std::string::npos) << before;
  Answer({{1, 300, A("192.0.2.8")}, {1, 300, A("192.0.2.9")}});
  const std::string after = console_->Do("show access-list IN");
  EXPECT_NE(after.find("IN; 3 elements;"), std::string::npos) << after;
  EXPECT_NE(after.find("extended permit tcp any fqdn www.example.com (resolved) eq www 0x"), std::string::npos) << after;
  EXPECT_NE(after.find("extended permit tcp any host 192.0.2.9 (www.example.com) eq www (hitcnt=0) 0x"), std::string::npos) << after;
  const std::string allowed = console_->Do("packet-tracer input inside tcp 10.0.0.5 1025 192.0.2.9 80");
  EXPECT_NE(allowed.find("Action: allow"), std::string::npos) << allowed;
  const std::string refused = console_->Do("packet-tracer input inside tcp 10.0.0.5 1025 192.0.2.10 80");
  EXPECT_NE(refused.find("Action: drop"), std::string::npos) << refused;
  EXPECT_EQ(console_->Do("show dns"),
            "Name: www.example.com\n"
            "  Address: 192.0.2.8                                     TTL 00:05:00\n"
            "  Address: 192.0.2.9                                     TTL 00:05:00\n\n");
  const std::string log = console_->Do("show logging");
  EXPECT_NE(log.find("%ASA-5-746015: user-identity: [FQDN] www.example.com resolved 192.0.2.8"), std::string::npos) << log;
}

TEST_F(FqdnTest, HitCountsStayWhenANameGetsAnotherAddress) {
  console_->Do("access-group IN in interface inside");
  box_.appliance->Tick();
  Answer({{1, 60, A("192.0.2.8")}});
  const auto policy = box_.appliance->policy();
  policy->access_lists.at("IN")->elements()[1].hits->hits = 7;
  box_.clock.Advance(Duration::Seconds(61));
  box_.appliance->Tick();
  Answer({{1, 60, A("192.0.2.8")}, {1, 60, A("192.0.2.9")}});
  const std::string out = console_->Do("show access-list IN");
  EXPECT_NE(out.find("host 192.0.2.8 (www.example.com) eq www (hitcnt=7)"), std::string::npos) << out;
  EXPECT_NE(out.find("host 192.0.2.9 (www.example.com) eq www (hitcnt=0)"), std::string::npos) << out;
  EXPECT_EQ(console_->Do("clear dns host www.example.com"), "");
  box_.appliance->Tick();
  EXPECT_NE(console_->Do("show access-list IN").find("(unresolved)"), std::string::npos);
  EXPECT_EQ(wire_.sent.size(), 3u);  // and it is asked for again
}

TEST_F(FqdnTest, ATranslationToANameWaitsForItsAddress) {
  for (const char* line : {"object network HOST", "host 10.0.0.80", "exit",
                           "nat (inside,outside) source static any any destination static HOST WEB"}) {
    EXPECT_EQ(console_->Do(line), "") << line;
  }
  EXPECT_TRUE(box_.appliance->policy()->nat.rules().empty());
  box_.appliance->Tick();
  Answer({{1, 60, A("192.0.2.8")}});
  ASSERT_EQ(box_.appliance->policy()->nat.rules().size(), 1u);
  EXPECT_EQ(box_.appliance->policy()->nat.rules()[0].real_dst[0].first, A("192.0.2.8"));
}

TEST_F(FqdnTest, PingOfANameThatNobodyKnows) {
  EXPECT_EQ(console_->Do("ping nowhere.example.com"), "");
  box_.appliance->DnsReceived(wire_.sent[0].question, AnswerTo(wire_.sent[0].message, {}, 3));
  box_.appliance->DnsReceived(wire_.sent[1].question, AnswerTo(wire_.sent[1].message, {}, 3));
  while (!box_.posted.empty()) {
    const auto f = std::move(box_.posted.front());
    box_.posted.pop_front();
    f();
  }
  EXPECT_EQ(console_->Printed(), "ERROR: % Invalid Hostname\n");
}

}  // namespace
}  // namespace sallyport::dns_client_test
