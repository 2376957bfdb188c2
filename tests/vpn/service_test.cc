// The service between an engine and a data path that do what the test says: dispatch, sessions, limits, messages.
#include "vpn/service.h"

#include <thread>

#include "service_fakes.h"
#include "vpn/job_pool.h"

namespace sallyport {
namespace {

using testing::Test;

IkeDatagram Message(std::uint8_t version, IfId at = IfId{1}) {
  IkeDatagram d;
  d.at = at;
  d.bytes.assign(28, 0);
  d.bytes[17] = static_cast<std::uint8_t>(version << 4);
  return d;
}

TEST_F(ServiceTest, EachDatagramGoesToItsVersionWhereThatIsOn) {
  service->Receive(Message(1));
  service->Receive(Message(2));
  service->Receive(Message(3));
  service->Receive(Message(1, IfId{2}));
  IkeDatagram shorter = Message(1);
  shorter.bytes.pop_back();
  service->Receive(shorter);
  EXPECT_EQ(v1->received.size(), 1u);
  EXPECT_EQ(v2->received.size(), 1u);
}

TEST_F(ServiceTest, VersionTwoIsTriedFirstAndThenVersionOne) {
  TunnelEvent e;
  e.entry = kBoth;
  service->TakeEvents({e});
  EXPECT_EQ(v2->needed, std::vector<std::uint32_t>{kBoth});
  EXPECT_TRUE(v1->needed.empty());
  v2->views.resize(1);
  v2->views[0].version = 2;
  v2->views[0].remote.address = peer;
  Step(Duration::Seconds(5));
  EXPECT_TRUE(v1->needed.empty()) << "it is still at it";
  v2->views.clear();
  Step(Duration::Seconds(1));
  EXPECT_EQ(v1->needed, std::vector<std::uint32_t>{kBoth});
  EXPECT_EQ(Logged("752003").size(), 1u);
  EXPECT_EQ(Logged("752012"), std::vector<std::string>{
                                  "IKEv2 was unsuccessful at setting up a tunnel.  Map Tag = outside_map.  Map Sequence Number = 70."});
  EXPECT_EQ(Logged("752014").size(), 1u);
  // Version 1 makes it.
  auto sa = Pair(1, 1000, 2000);
  sa->key.entry = kBoth;
  v1->host.Install(sa);
  EXPECT_EQ(Logged("752016"), std::vector<std::string>{
                                  "IKEv1 was successful at setting up a tunnel.  Map Tag = outside_map. Map Sequence Number = 70."});
  Step(Duration::Seconds(5));
  EXPECT_TRUE(Logged("752015").empty());
}

TEST_F(ServiceTest, NeitherVersionGetsThere) {
  TunnelEvent e;
  e.entry = kOld;
  service->TakeEvents({e});
  service->TakeEvents({e});
  EXPECT_EQ(Logged("752010"), std::vector<std::string>{"IKEv2 Doesn't have a proposal specified"});
  EXPECT_EQ(Logged("752004"), std::vector<std::string>{
                                  "Tunnel Manager dispatching a KEY_ACQUIRE message to IKEv1.  Map Tag = outside_map.  Map Sequence Number = 80."});
  EXPECT_EQ(Logged("752008").size(), 1u);
  Step(Duration::Seconds(2));
  EXPECT_EQ(Logged("752015"), std::vector<std::string>{
                                  "Tunnel Manager has failed to establish an L2L SA.  All configured IKE versions failed to establish the "
                                  "tunnel. Map Tag= outside_map.  Map Sequence Number = 80."});
  EXPECT_TRUE(v2->needed.empty());
}

TEST_F(ServiceTest, AnOldReleaseHasNoTunnelManager) {
  policy->personality.ikev1_keyword = false;
  service->UsePolicy(policy);
  TunnelEvent e;
  e.entry = kOld;
  service->TakeEvents({e});
  EXPECT_EQ(v1->needed.size(), 1u);
  EXPECT_TRUE(Logged("752004").empty());
}

TEST_F(ServiceTest, ASessionFromItsBeginningToItsEnd) {
  v1->host.PeerUp(Peer(1), 0);
  auto sa = Pair(1, 0xF81283, 0xB2000001);
  v1->host.Install(sa);
  EXPECT_EQ(tunnels.calls, std::vector<std::string>{"install " + std::to_string(0xF81283)});
  EXPECT_EQ(Logged("602303"),
            (std::vector<std::string>{
                "IPSEC: An outbound LAN-to-LAN SA (SPI= 0xB2000001) between 192.0.2.1 and 192.0.2.2 (user= 192.0.2.2) has been created.",
                "IPSEC: An inbound LAN-to-LAN SA (SPI= 0x00F81283) between 192.0.2.1 and 192.0.2.2 (user= 192.0.2.2) has been created."}));
  sa->activity->bytes_in = 700;
  sa->activity->bytes_out = 900;
  sa->activity->packets_out = 9;
  sa->activity->last_in_ns = clock.Now().ns;
  Step(Duration::Seconds(65));
  const auto sessions = service->Sessions();
  ASSERT_EQ(sessions.size(), 1u);
  const VpnSessionView& s = sessions[0];
  EXPECT_EQ(s.type, VpnSessionType::kLanToLan);
  EXPECT_EQ(s.index, 1u);
  EXPECT_EQ(s.duration, Duration::Seconds(65));
  EXPECT_EQ(s.login_wall, kWall);
  EXPECT_EQ(s.traffic.tx_bytes, 900u);
  EXPECT_EQ(s.audit_id[0], 192);  // our address
  EXPECT_EQ(s.audit_id[6], 0x10);  // index << 12
  ASSERT_EQ(s.tunnels.size(), 2u);
  EXPECT_EQ(s.tunnels[0].kind, VpnTunnelKind::kIkev1);
  EXPECT_EQ(s.tunnels[0].rekey_time->left, 86400u - 65);
  EXPECT_EQ(s.tunnels[1].number, 2u);
  EXPECT_EQ(s.tunnels[1].local.network, Prefix::Of(Address("10.1.0.0"), 16));
  EXPECT_EQ(s.tunnels[1].remote.network, Prefix::Of(Address("10.2.4.0"), 22));
  EXPECT_EQ(s.tunnels[1].idle->left, 1800u - 65);
  EXPECT_EQ(s.tunnels[1].rekey_data->left, 4608000u - 1);
  auto count = service->Statistics();
  EXPECT_EQ(count.groups[static_cast<std::size_t>(VpnGroup::kSiteToSite)].active, 1u);
  EXPECT_EQ(count.tunnels[static_cast<std::size_t>(VpnTunnelKind::kIpsec)].active, 1u);

  EXPECT_FALSE(service->Logoff(77));
  EXPECT_TRUE(service->Logoff(1));
  EXPECT_EQ(Logged("113019"), std::vector<std::string>{
                                  "Group = 192.0.2.2, Username = 192.0.2.2, IP = 192.0.2.2, Session disconnected. Session Type: LAN-to-LAN, "
                                  "Duration: 0h:01m:05s, Bytes xmt: 900, Bytes rcv: 700, Reason: Administrator Reset"});
  EXPECT_EQ(Logged("602304").size(), 2u);
  EXPECT_EQ(tunnels.calls.back(), "remove " + std::to_string(0xF81283));
  EXPECT_TRUE(service->Sessions().empty());
  count = service->Statistics();
  const VpnCounts& site = count.groups[static_cast<std::size_t>(VpnGroup::kSiteToSite)];
  EXPECT_EQ(site.active, 0u);
  EXPECT_EQ(site.cumulative, 1u);
  EXPECT_EQ(site.peak, 1u);
}

TEST_F(ServiceTest, RekeysGoOnWithTheSession) {
  v1->host.PeerUp(Peer(1), 0);
  const auto first = Pair(1, 1000, 2000);
  v1->host.Install(first);
  first->activity->bytes_out = 5000;
  // The pair is replaced: one tunnel, a new number, and what it has carried stays.
  const auto second = Pair(1, 1001, 2001, first->activity);
  v1->host.Install(second);
  v1->host.UseOutbound(1001);
  v1->host.Retire(1000);
  v1->host.Remove(1000);
  // And so is the IKE association.
  v1->host.PeerUp(Peer(2), 1);
  v1->host.PeerDown(1, IkeEnd::kReplaced);
  EXPECT_TRUE(Logged("113019").empty());
  const auto sessions = service->Sessions();
  ASSERT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions[0].traffic.tx_bytes, 5000u);
  ASSERT_EQ(sessions[0].tunnels.size(), 2u);
  EXPECT_EQ(sessions[0].tunnels[0].number, 4u);
  EXPECT_EQ(sessions[0].tunnels[1].number, 3u);
  EXPECT_EQ(service->Statistics().tunnels[static_cast<std::size_t>(VpnTunnelKind::kIpsec)].cumulative, 1u);
  v1->host.Remove(1001);
  v1->host.PeerDown(2, IkeEnd::kLostService);
  ASSERT_EQ(Logged("113019").size(), 1u);
  EXPECT_NE(Logged("113019")[0].find("Bytes xmt: 5000, Bytes rcv: 0, Reason: Lost Service"), std::string::npos);
}

TEST_F(ServiceTest, NumbersOfTheVersionsDoNotMeet) {
  v1->host.PeerUp(Peer(1), 0);
  IkePeerUp two = Peer(1);
  two.version = 2;
  two.tunnel_group = "other";
  v2->host.PeerUp(two, 0);
  v2->host.PeerDown(1, IkeEnd::kUserRequested);
  const auto sessions = service->Sessions();
  ASSERT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions[0].name, "192.0.2.2");
  EXPECT_NE(Logged("113019").at(0).find("Group = other"), std::string::npos);
}

TEST_F(ServiceTest, APairThatComesBeforeItsAssociation) {
  auto sa = Pair(5, 1000, 2000);
  sa->ike_version = 2;
  v2->host.Install(sa);
  IkePeerUp up = Peer(5);
  up.version = 2;
  v2->host.PeerUp(up, 0);
  ASSERT_EQ(service->Sessions().size(), 1u);
  EXPECT_EQ(service->Sessions()[0].tunnels.size(), 2u);
}

TEST_F(ServiceTest, AnIdleLanToLanSessionEndsAfterHalfAnHour) {
  v1->host.PeerUp(Peer(1), 0);
  const auto sa = Pair(1, 1000, 2000);
  v1->host.Install(sa);
  Step(Duration::Seconds(1000));
  sa->activity->last_out_ns = clock.Now().ns;
  Step(Duration::Seconds(1799));
  EXPECT_EQ(service->Sessions().size(), 1u);
  Step(Duration::Seconds(1));
  EXPECT_TRUE(service->Sessions().empty());
  ASSERT_EQ(v1->cleared.size(), 1u);
  EXPECT_EQ(v1->cleared[0].why, IkeEnd::kIdleTimeout);
  EXPECT_NE(Logged("113019").at(0).find("Reason: Idle Timeout"), std::string::npos);
}

TEST_F(ServiceTest, OneIdleNetworkOfSeveralGoesAlone) {
  v1->host.PeerUp(Peer(1), 0);
  const auto used = Pair(1, 1000, 2000), idle = Pair(1, 1001, 2001);
  v1->host.Install(used);
  v1->host.Install(idle);
  Step(Duration::Seconds(1000));
  used->activity->last_out_ns = clock.Now().ns;
  Step(Duration::Seconds(800));
  ASSERT_EQ(v1->cleared.size(), 1u);
  EXPECT_EQ(v1->cleared[0].spi_in, 1001u);
  EXPECT_TRUE(v1->cleared[0].ipsec_only);
}

TEST_F(ServiceTest, WithoutATimeoutASessionStays) {
  vpn->group_policies["DfltGrpPolicy"].idle_minutes = 0;
  v1->host.PeerUp(Peer(1), 0);
  v1->host.Install(Pair(1, 1000, 2000));
  Step(Duration::Seconds(1'000'000));
  EXPECT_EQ(service->Sessions().size(), 1u);
}

TEST_F(ServiceTest, ASessionHasItsTime) {
  vpn->group_policies["DfltGrpPolicy"].session_minutes = 10;
  v1->host.PeerUp(Peer(1), 0);
  const auto sa = Pair(1, 1000, 2000);
  v1->host.Install(sa);
  for (int i = 0; i < 599; i++) {
    sa->activity->last_in_ns = clock.Now().ns;
    Step(Duration::Seconds(1));
  }
  EXPECT_EQ(service->Sessions().size(), 1u);
  Step(Duration::Seconds(1));
  EXPECT_NE(Logged("113019").at(0).find("Reason: Max time exceeded"), std::string::npos);
}

TEST_F(ServiceTest, TheOldestIdleLoginMakesRoom) {
  vpn->group_policies["DfltGrpPolicy"].simultaneous_logins = 2;
  v1->on_receive = [this](const IkeDatagram& d) { v1->host.PeerUp(User(d.bytes[0], "alice"), 0); };
  for (const std::uint8_t number : {1, 2, 3}) {
    IkeDatagram d = Message(1);
    d.bytes[0] = number;
    Step(Duration::Seconds(1));
    service->Receive(d);
  }
  const auto sessions = service->Sessions();
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_EQ(sessions[0].index, 2u);
  EXPECT_EQ(sessions[0].type, VpnSessionType::kIkev1RemoteAccess);
  EXPECT_NE(Logged("113019").at(0).find("Username = alice"), std::string::npos);
  EXPECT_NE(Logged("113019").at(0).find("Reason: Connection preempted"), std::string::npos);
}

TEST_F(ServiceTest, AUsersOwnLimitsRule) {
  vpn->users["alice"].name = "alice";
  vpn->users["alice"].simultaneous_logins = 1;
  vpn->users["alice"].idle_minutes = 5;
  v1->on_receive = [this](const IkeDatagram& d) { v1->host.PeerUp(User(d.bytes[0], "alice"), 0); };
  for (const std::uint8_t number : {1, 2}) {
    IkeDatagram d = Message(1);
    d.bytes[0] = number;
    service->Receive(d);
  }
  ASSERT_EQ(service->Sessions().size(), 1u);
  v1->host.Install(Pair(2, 1000, 2000));
  EXPECT_EQ(service->Sessions()[0].tunnels.at(1).idle->interval, 300u);
}

TEST_F(ServiceTest, MoreSessionsThanFit) {
  v1->on_receive = [this](const IkeDatagram&) {
    for (std::uint32_t number = 1; number <= 10'001; number++) v1->host.PeerUp(Peer(number), 0);
  };
  service->Receive(Message(1));
  EXPECT_EQ(service->Sessions().size(), 10'000u);
  EXPECT_NE(Logged("113019").at(0).find("Reason: Service Unavailable"), std::string::npos);
  EXPECT_EQ(service->Statistics().capacity, 10'000u);
}

TEST_F(ServiceTest, LocalUsers) {
  TunnelGroup& staff = vpn->groups["staff"];
  staff.name = "staff";
  staff.default_group_policy = "DfltGrpPolicy";
  vpn->groups["radius"].authentication_servers = {"far"};
  vpn->users["alice"].name = "alice";
  vpn->users["alice"].group_policy = "engineers";
  vpn->users["alice"].framed_address = Address("10.9.0.5");
  vpn->group_policies["engineers"].name = "engineers";
  std::vector<UserAnswer> answers;
  bool within = true;
  UserQuestion q;
  v1->on_receive = [&](const IkeDatagram&) {
    within = true;
    v1->host.Ask(q, [&](const UserAnswer& a) {
      EXPECT_FALSE(within) << "the engine is in the middle of a message";
      answers.push_back(a);
    });
    within = false;
  };
  const auto ask = [&](const char* group, const char* user, const char* password) {
    q = {};
    q.tunnel_group = group;
    q.user = user;
    q.password = password;
    q.peer = peer;
    service->Receive(Message(1));
    return answers.back();
  };
  const UserAnswer right = ask("staff", "alice", "right");
  EXPECT_TRUE(right.accepted);
  EXPECT_EQ(right.group_policy, "engineers");
  ASSERT_NE(right.rules, nullptr);
  EXPECT_EQ(right.rules->framed_address, Address("10.9.0.5"));
  EXPECT_EQ(Logged("113012").size(), 1u);
  EXPECT_EQ(Logged("113011"), std::vector<std::string>{"AAA retrieved user specific group policy (engineers) for user = alice"});
  EXPECT_FALSE(ask("staff", "alice", "wrong").accepted);
  EXPECT_EQ(Logged("113015").size(), 1u);
  EXPECT_FALSE(ask("radius", "alice", "right").accepted);
  EXPECT_FALSE(ask("nobody", "alice", "right").accepted);
  vpn->group_policies["engineers"].group_lock = "others";
  EXPECT_FALSE(ask("staff", "alice", "right").accepted);
  EXPECT_EQ(Logged("713060"), std::vector<std::string>{"Tunnel Rejected: User (alice) not member of group (staff), group-lock check failed."});
  vpn->group_policies["engineers"].group_lock = "staff";
  vpn->group_policies["engineers"].simultaneous_logins = 0;
  EXPECT_FALSE(ask("staff", "alice", "right").accepted);
}

// A server that says what a user gets; nobody, and the appliance's own database instead; accounting.
TEST_F(ServiceTest, ServersKnowUsersToo) {
  AaaPlan plan;
  plan.groups.resize(1);
  plan.groups[0].name = "far";
  plan.groups[0].max_failed = 1;
  plan.groups[0].servers.resize(1);
  plan.groups[0].servers[0].address = Address("10.1.1.9");
  plan.groups[0].servers[0].key = "secret";
  aaa.UsePlan(plan);
  TunnelGroup& staff = vpn->groups["staff"];
  staff.name = "staff";
  staff.authentication_servers = {"far", "LOCAL"};
  staff.accounting_servers = "far";
  vpn->group_policies["engineers"].name = "engineers";
  vpn->group_policies["engineers"].idle_minutes = 7;
  policy->access_lists["web"] = std::make_shared<AccessList>("web", 0, std::vector<AclLine>{}, std::vector<AclElement>{});
  std::vector<UserAnswer> answers;
  UserQuestion q;
  q.tunnel_group = "staff";
  q.peer = peer;
  v1->on_receive = [&](const IkeDatagram&) { v1->host.Ask(q, [&](const UserAnswer& a) { answers.push_back(a); }); };
  const auto ask = [&](const char* user, const char* password) {
    q.user = user;
    q.password = password;
    service->Receive(Message(1));
  };
  const Bytes secret{reinterpret_cast<const std::uint8_t*>("secret"), 6};
  const auto serve = [&](const std::function<RadiusReply()>& reply) {
    radius.Serve(aaa, [&](const RadiusWire::Sent& s) { return reply().To(s.message, secret); });
  };
  ask("bob", "guess");
  EXPECT_TRUE(answers.empty()) << "nobody waits for a server";
  serve([] { return RadiusReply(radius::kAccessReject); });
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_FALSE(answers[0].accepted);
  EXPECT_EQ(Logged("113005"), std::vector<std::string>{"AAA user authentication Rejected : reason = AAA failure : server = 10.1.1.9 : user = *****"
                                                       " : user IP = 192.0.2.2"});
  const std::uint8_t address[] = {10, 9, 0, 8}, minute[] = {0, 0, 0, 61};
  const auto accept = [&] {
    return RadiusReply(radius::kAccessAccept).Text(radius::kClass, "OU=engineers;").Add(radius::kFramedIpAddress, address).Add(radius::kSessionTimeout, minute);
  };
  ask("bob", "right");
  serve([&] { return accept().Text(radius::kFilterId, "web"); });
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_TRUE(answers[1].accepted);
  EXPECT_EQ(answers[1].group_policy, "engineers");
  const VpnGroupPolicy rules = vpn->GroupPolicyOf("engineers", answers[1].rules.get());
  EXPECT_EQ(rules.session_minutes, 2u) << "the user's over the group policy's";
  EXPECT_EQ(rules.idle_minutes, 7u);
  EXPECT_EQ(rules.filter.list, policy->access_lists["web"]);
  EXPECT_EQ(OwnAddress(answers[1].rules.get())->address, Address("10.9.0.8"));
  EXPECT_EQ(Logged("113004"), std::vector<std::string>{"AAA user authentication Successful : server =  10.1.1.9 : user = bob"});
  EXPECT_EQ(Logged("113011").back(), "AAA retrieved user specific group policy (engineers) for user = bob");
  ask("bob", "right");
  serve([&] { return accept().Text(radius::kFilterId, "nowhere"); });
  EXPECT_FALSE(answers.at(2).accepted) << "a filter that is not there would let everything through";
  EXPECT_EQ(Logged("109016"), std::vector<std::string>{"Can't find authorization ACL nowhere for user 'bob'"});
  // Something is asked besides.
  ask("bob", "right");
  serve([] { return RadiusReply(radius::kAccessChallenge).Text(radius::kReplyMessage, "token?").Text(radius::kState, "s"); });
  EXPECT_TRUE(answers.at(3).challenge);
  EXPECT_EQ(answers[3].message, "token?");
  EXPECT_NE(answers[3].dialogue, nullptr);
  // The session is accounted for.
  IkePeerUp up = User(3, "bob");
  up.rules = answers[1].rules;
  up.assigned = Address("10.9.0.8");
  v1->host.PeerUp(up, 0);
  auto start = ReadRadius(radius.sent.back().message);
  EXPECT_EQ(start->Number(radius::kAcctStatusType), 1u);
  EXPECT_EQ(start->Text(radius::kClass), "OU=engineers;");
  EXPECT_EQ(start->Address(radius::kFramedIpAddress), Address("10.9.0.8"));
  const std::string session = start->Text(radius::kAcctSessionId);
  serve([] { return RadiusReply(radius::kAccountingResponse); });
  v1->host.PeerDown(3, IkeEnd::kIdleTimeout);
  const auto stop = ReadRadius(radius.sent.back().message);
  EXPECT_EQ(stop->Number(radius::kAcctStatusType), 2u);
  EXPECT_EQ(stop->Text(radius::kAcctSessionId), session);
  EXPECT_EQ(stop->Number(radius::kAcctTerminateCause), 4u);
  serve([] { return RadiusReply(radius::kAccountingResponse); });
  // No server answers.
  ask("alice", "right");
  Step(Duration::Seconds(11));
  ASSERT_EQ(answers.size(), 5u);
  EXPECT_TRUE(answers[4].accepted);
  EXPECT_EQ(Logged("409023"), std::vector<std::string>{"Attempting AAA Fallback method LOCAL for Authentication request for user alice:Auth-server group far unreachable"});
  EXPECT_EQ(Logged("113012").size(), 1u);
}

TEST_F(ServiceTest, PoolsGiveTheLowestFreeAddress) {
  vpn->pools["a"] = {"a", {Address("10.9.0.1"), Address("10.9.0.2")}, Address("255.255.255.0")};
  vpn->pools["b"] = {"b", {Address("10.8.0.1"), Address("10.8.0.1")}, Address("255.255.255.255")};
  auto again = std::make_shared<Policy>(*policy);
  again->tunnels = std::make_shared<VpnPolicy>(*vpn);
  service->UsePolicy(again);
  const auto take = [&] { return v1->host.TakeAddress("staff", {"none", "a", "b"}, {}); };
  EXPECT_EQ(take()->address, Address("10.9.0.1"));
  EXPECT_EQ(take()->address, Address("10.9.0.2"));
  EXPECT_EQ(take()->address, Address("10.8.0.1"));
  EXPECT_FALSE(take());
  EXPECT_EQ(Logged("737006"), std::vector<std::string>(3, "IPAA: Local pool request succeeded for tunnel-group staff"));
  EXPECT_EQ(Logged("737026").back(), "IPAA: Client assigned 10.8.0.1 from local pool b");
  EXPECT_EQ(Logged("737019").size(), 1u);
  v1->host.GiveAddress(Address("10.9.0.1"));
  EXPECT_EQ(Logged("737016"), std::vector<std::string>{"IPAA: Freeing local pool a address 10.9.0.1"});
  EXPECT_FALSE(v1->host.TakeAddress("staff", {}, AssignedAddress{Address("10.9.0.2"), {}})) << "it is out";
  EXPECT_FALSE(v1->host.TakeAddress("staff", {}, AssignedAddress{local, {}})) << "it is ours";
  const auto pools = service->Pools();
  ASSERT_EQ(pools.size(), 2u);
  EXPECT_EQ(pools[0].free, 1u);
  EXPECT_EQ(pools[0].used, std::vector<IpAddress>{Address("10.9.0.2")});
  EXPECT_EQ(take()->address, Address("10.9.0.1"));
}

TEST_F(ServiceTest, MessagesWithoutARowOfTheCatalogueObeyTheSameRules) {
  IkeSaying s;
  s.syslog = 713119;
  s.severity = 5;
  s.text = "Group = a, IP = 192.0.2.2, PHASE 1 COMPLETED\r";
  LoggingSettings settings = logger.settings();
  const auto said = [&] {
    logger.ClearBuffer();
    v1->host.Say(s);
    return logger.Status().buffer;
  };
  EXPECT_EQ(said(), std::vector<std::string>{"%ASA-5-713119: Group = a, IP = 192.0.2.2, PHASE 1 COMPLETED?"});
  settings.messages[713119].severity = 3;
  logger.Configure(settings);
  EXPECT_EQ(said().at(0).substr(0, 14), "%ASA-3-713119:");
  settings.Of(LogOutput::kBuffer) = LogFilter::Level(2);
  logger.Configure(settings);
  EXPECT_TRUE(said().empty());
  settings.classes["vpn"][static_cast<std::size_t>(LogOutput::kBuffer)] = 3;
  logger.Configure(settings);
  EXPECT_EQ(said().size(), 1u);
  settings.messages[713119].disabled = true;
  logger.Configure(settings);
  EXPECT_TRUE(said().empty());
}

TEST_F(ServiceTest, DebugIsHeardByLevelAndPeer) {
  std::vector<std::string> heard;
  const auto hear = [&](const IkeSaying& s) { heard.push_back(s.text); };
  using D = IkeSaying::Debug;
  EXPECT_FALSE(v1->host.Hears(D::kIkev1, 1));
  service->debug().Listen(this, D::kIkev1, 5, hear);
  EXPECT_TRUE(v1->host.Hears(D::kIkev1, 5));
  EXPECT_FALSE(v1->host.Hears(D::kIkev1, 6));
  EXPECT_FALSE(v1->host.Hears(D::kIpsec, 1));
  const auto say = [&](const char* text, D what, int level, IpAddress whose) {
    IkeSaying s;
    s.text = text;
    s.debug = what;
    s.debug_level = level;
    s.peer = whose;
    v1->host.Say(s);
  };
  say("a", D::kIkev1, 5, peer);
  say("b", D::kIkev1, 6, peer);
  say("c", D::kIkev2Protocol, 1, peer);
  say("d", D::kNone, 1, peer);
  service->debug().conditions().peers = {Prefix::Of(Address("203.0.113.9"), 32)};
  say("e", D::kIkev1, 1, peer);
  say("f", D::kIkev1, 1, Address("203.0.113.9"));
  EXPECT_EQ(heard, (std::vector<std::string>{"a", "f"}));
  service->debug().Leave(this);
  EXPECT_FALSE(v1->host.Hears(D::kIkev1, 1));
}

TEST_F(ServiceTest, ARouteToEveryRemoteUser) {
  v1->host.PeerUp(Peer(1), 0);
  auto sa = Pair(1, 1000, 2000);
  sa->assigned = Address("10.9.0.10");
  v1->host.Install(sa);
  Step({});
  const auto routes = service->InjectedRoutes();
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_EQ(routes[0].destination, Prefix::Of(Address("10.9.0.10"), 32));
  EXPECT_EQ(routes[0].gateway, peer);
  v1->host.Remove(1000);
  Step({});
  EXPECT_TRUE(service->InjectedRoutes().empty());
}

TEST_F(ServiceTest, RoutesToWhatIsBehindAPeer) {
  vpn->entries[1].reverse_route = true;  // kOld
  int changed = 0;
  service->OnRoutes([&] { changed++; });
  v1->host.PeerUp(Peer(1), 0);
  auto sa = Pair(1, 1000, 2000);
  sa->key.remote.push_back({{Address("172.16.0.5"), Address("172.16.0.8")}, {0, 65535}, 0});
  v1->host.Install(sa);
  Step({});
  EXPECT_EQ(changed, 1);
  const auto routes = service->InjectedRoutes();
  ASSERT_EQ(routes.size(), 4u);  // .5, .6-.7, .8 and the network
  EXPECT_EQ(routes[0].destination, Prefix::Of(Address("10.2.4.0"), 22));
  EXPECT_EQ(routes[0].gateway, peer);
  EXPECT_EQ(routes[2].destination, Prefix::Of(Address("172.16.0.6"), 31));
  v1->host.Remove(1000);
  Step({});
  Step({});
  EXPECT_EQ(changed, 2);
  EXPECT_TRUE(service->InjectedRoutes().empty());
}

TEST_F(ServiceTest, IkeInTcpGoesTheWayItCame) {
  v1->on_receive = [this](const IkeDatagram& d) {
    EXPECT_EQ(d.via, IkeDatagram::Via::kTcp);
    v1->host.Send(d);
  };
  TunnelEvent e;
  e.what = TunnelEvent::What::kTcpIke;
  e.at = IfId{1};
  e.peer = {peer, 1058};
  e.bytes = Message(1).bytes;
  service->TakeEvents({e});
  EXPECT_EQ(tunnels.calls, std::vector<std::string>{"tcp 192.0.2.2 28"});
  EXPECT_TRUE(transport.sent.empty());
}

TEST_F(ServiceTest, ShutdownTellsWhy) {
  v1->host.PeerUp(Peer(1), 0);
  v1->on_clear = [this](const IkeClear& c) {
    EXPECT_FALSE(c.peer || c.ike_sa || c.spi_in || c.entry);
    v1->host.PeerDown(1, c.why);
    return 1u;
  };
  v2->on_clear = {};
  service->Shutdown(true);
  EXPECT_NE(Logged("113019").at(0).find("Reason: Administrator Reboot"), std::string::npos);
}

TEST_F(ServiceTest, ResultsComeWhenTheEngineIsDoneWithTheMessage) {
  std::vector<std::string> order;
  v1->on_receive = [&](const IkeDatagram&) {
    v1->host.Compute([&] { order.push_back("work"); }, [&] { order.push_back("done"); });
    order.push_back("received");
  };
  service->Receive(Message(1));
  EXPECT_EQ(order, (std::vector<std::string>{"work", "received", "done"}));
}

TEST(JobPool, ResultsComeBackToWhoeverAsked) {
  std::mutex lock;
  std::condition_variable more;
  std::deque<std::function<void()>> posted;
  const auto me = std::this_thread::get_id();
  int done = 0;
  {
    JobPool pool(3, [&](std::function<void()> f) {
      const std::lock_guard<std::mutex> held(lock);
      posted.push_back(std::move(f));
      more.notify_one();
    });
    std::atomic<int> worked{0};
    for (int i = 0; i < 200; i++) {
      pool.Run(
          [&] {
            EXPECT_NE(std::this_thread::get_id(), me);
            worked++;
          },
          [&] { done++; });
    }
    while (done < 200) {
      std::unique_lock<std::mutex> held(lock);
      ASSERT_TRUE(more.wait_for(held, std::chrono::seconds(30), [&] { return !posted.empty(); }));
      auto f = std::move(posted.front());
      posted.pop_front();
      held.unlock();
      f();
    }
    EXPECT_EQ(worked, 200);
    for (int i = 0; i < 100; i++) pool.Run([] {}, [&] { done++; });
  }
  // The pool has gone: nothing more is done, though it may be posted already.
  for (const auto& f : posted) f();
  EXPECT_EQ(done, 200);
}

TEST(VpnDuration, Words) {
  EXPECT_EQ(VpnDuration(Duration::Seconds(1936)), "0h:32m:16s");
  EXPECT_EQ(VpnDuration(Duration::Seconds(86400 + 2 * 3600 + 184)), "1d 2h:03m:04s");
}

}  // namespace
}  // namespace sallyport
