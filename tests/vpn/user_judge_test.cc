// Who may in by AnyConnect and the portal, what IKE's own tests do not see; sessions of two databases that are counted together.
#include <gtest/gtest.h>

#include "service_fakes.h"

namespace sallyport {
namespace {

class UserJudgeTest : public ServiceTest {
 protected:
  UserJudgeTest() {
    vpn->groups["staff"].name = "staff";
    vpn->group_policies["DfltGrpPolicy"].protocols.ssl_client = true;
  }
  UserAnswer Ask(UserQuestion::Via via, const char* password = "right") {
    UserQuestion q;
    q.tunnel_group = "staff";
    q.user = "alice";
    q.password = password;
    q.peer = peer;
    q.via = via;
    UserAnswer got;
    service->judge().Ask(q, [&](const UserAnswer& a) { got = a; });
    return got;
  }
};

TEST_F(UserJudgeTest, ProtocolsAndLocksOfSslUsers) {
  using Via = UserQuestion::Via;
  EXPECT_TRUE(Ask(Via::kSslClient).accepted);
  EXPECT_FALSE(Ask(Via::kSslClient, "wrong").accepted);
  VpnGroupPolicy& rules = vpn->group_policies["DfltGrpPolicy"];
  EXPECT_TRUE(Ask(Via::kClientless).accepted);
  rules.protocols.ssl_client = false;
  EXPECT_FALSE(Ask(Via::kSslClient).accepted);
  EXPECT_EQ(Logged("722050"),
            std::vector<std::string>{"Group <DfltGrpPolicy> User <alice> IP <192.0.2.2> Session terminated: SVC not enabled for the user."});
  EXPECT_FALSE(Ask(Via::kClientless).accepted);
  EXPECT_EQ(Logged("716039").size(), 1u);
  rules.protocols.ssl_clientless = true;
  EXPECT_TRUE(Ask(Via::kClientless).accepted);
  rules.group_lock = "others";
  EXPECT_FALSE(Ask(Via::kClientless).accepted);
  EXPECT_EQ(Logged("113040"), std::vector<std::string>{
                                  "Terminating the VPN connection attempt from staff. Reason: This connection is group locked to others."});
}

TEST_F(UserJudgeTest, AccessHours) {
  VpnGroupPolicy& rules = vpn->group_policies["DfltGrpPolicy"];
  TimeRange::Rule rule;
  rule.absolute.end = kWall / 1'000'000'000 + 60;
  rules.client.access_hours = std::make_shared<TimeRange>("work", TimeZone{}, rule);
  EXPECT_TRUE(Ask(UserQuestion::Via::kSslClient).accepted);
  clock.Advance(Duration::Seconds(300));
  EXPECT_FALSE(Ask(UserQuestion::Via::kSslClient).accepted);
  EXPECT_EQ(Logged("113013").size(), 1u);
}

TEST_F(UserJudgeTest, ACertificateNeedsNoPassword) {
  UserQuestion q;
  q.tunnel_group = "staff";
  q.user = "carol";
  q.via = UserQuestion::Via::kSslClient;
  UserAnswer got;
  service->judge().Authorize(q, [&](const UserAnswer& a) { got = a; });
  EXPECT_TRUE(got.accepted);
  vpn->ssl.groups["staff"].authorization_servers = "LOCAL";
  vpn->ssl.groups["staff"].authorization_required = true;
  service->judge().Authorize(q, [&](const UserAnswer& a) { got = a; });
  EXPECT_FALSE(got.accepted) << "nobody knows her";
  vpn->users["carol"].name = "carol";
  vpn->users["carol"].group_policy = "engineers";
  vpn->group_policies["engineers"].name = "engineers";
  vpn->group_policies["engineers"].protocols.ssl_client = true;
  service->judge().Authorize(q, [&](const UserAnswer& a) { got = a; });
  EXPECT_TRUE(got.accepted);
  EXPECT_EQ(got.group_policy, "engineers");
}

// Another database: one session of alice's, idle since `used`.
class OtherDatabase final : public RemoteSessions {
 public:
  std::vector<VpnSessionView> Views(TimePoint now) override {
    VpnSessionView v;
    v.type = VpnSessionType::kAnyConnect;
    v.index = 77;
    v.duration = now - begun;
    return {v};
  }
  bool Logoff(std::uint32_t index, const std::string& reason) override {
    if (index == 77) ended.push_back(reason);
    return index == 77;
  }
  std::vector<std::uint32_t> OfUser(const std::string& user) const override {
    return user == "alice" ? std::vector<std::uint32_t>{77} : std::vector<std::uint32_t>{};
  }
  TimePoint LastUsed(std::uint32_t) const override { return used; }
  TimePoint begun, used;
  std::vector<std::string> ended;
};

TEST_F(UserJudgeTest, SessionsOfAllKindsCountAgainstTheLimit) {
  vpn->group_policies["DfltGrpPolicy"].simultaneous_logins = 2;
  OtherDatabase other;
  service->counts().Join(other);
  Step(Duration::Seconds(60));
  v1->on_advance = [this, number = 0u]() mutable {
    if (++number <= 2) v1->host.PeerUp(User(number, "alice"), 0);
  };
  Step(Duration::Seconds(1));
  EXPECT_TRUE(other.ended.empty());
  Step(Duration::Seconds(1));
  EXPECT_EQ(other.ended, std::vector<std::string>{"Connection preempted"}) << "it was idle for longest";
  const auto views = service->Sessions();
  ASSERT_EQ(views.size(), 3u);
  EXPECT_EQ(views[0].index, 77u) << "by age";
  EXPECT_TRUE(service->Logoff(77));
  EXPECT_EQ(other.ended.back(), "Administrator Reset");
  EXPECT_FALSE(service->Logoff(78));
  service->counts().Leave(other);
}

TEST_F(UserJudgeTest, AnAddressThatAUserHadIsHisAgain) {
  vpn->pools["a"] = {"a", {Address("10.9.0.1"), Address("10.9.0.3")}, Address("255.255.255.0")};
  AddressPools& pools = service->pools();
  pools.UsePools(vpn->pools);
  pools.UsePools6({{"six", {"six", {Address("2001:db8::10"), Address("2001:db8::11")}, 64}}});
  std::string pool;
  EXPECT_EQ(pools.TakeAgain({"a"}, Address("10.9.0.3"), pool)->address, Address("10.9.0.3"));
  EXPECT_EQ(pools.TakeAgain({"a"}, Address("10.9.0.3"), pool)->address, Address("10.9.0.1")) << "that one is out";
  pools.UseOwnAddresses({Address("10.9.0.2")});
  EXPECT_FALSE(pools.Take({"a"}, pool)) << "what is left is ours";
  const auto six = pools.Take6({"six"}, pool);
  ASSERT_TRUE(six);
  EXPECT_EQ(six->address, Address("2001:db8::10"));
  EXPECT_EQ(six->prefix6, 64);
}

}  // namespace
}  // namespace sallyport
