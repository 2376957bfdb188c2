#include "vpn/load_balancer.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>


namespace sallyport {
namespace {

// Members on one network: what one says, all hear (itself, too).
class Balancing : public ::testing::Test {
 protected:
  struct Member {
    SystemEntropy entropy;
    std::unique_ptr<LoadBalancer> balancer;
    std::uint32_t sessions = 0;
    bool cut = false;
  };
  LoadBalancer& Add(const std::string& own, int priority, std::uint32_t limit = 100, const std::string& key = "shared") {
    auto m = std::make_unique<Member>();
    Member* const raw = m.get();
    m->balancer = std::make_unique<LoadBalancer>(m->entropy, [this, raw](Bytes b) {
      last_.assign(b.begin(), b.end());
      all_.push_back(last_);
      if (raw->cut) return;
      for (auto& [name, other] : members_) {
        if (!other->cut) other->balancer->Receive(b, now_);
      }
    });
    LoadBalancer::Settings s;
    s.participate = true;
    s.priority = static_cast<std::uint8_t>(priority);
    s.key = key;
    s.cluster = *IpAddress::Parse("198.51.100.1");
    s.own = *IpAddress::Parse(own);
    s.limit = limit;
    m->balancer->Use(s, now_);
    settings_[own] = s;
    members_[own] = std::move(m);
    return *raw->balancer;
  }
  void Pass(int seconds) {
    for (int i = 0; i < seconds * 4; i++) {
      now_ = now_ + Duration::Milliseconds(250);
      for (auto& [name, m] : members_) m->balancer->Tick(now_, now_.ns / 1'000'000, m->sessions);
    }
  }
  std::string Masters() const {
    std::string out;
    for (const auto& [name, m] : members_) {
      if (m->balancer->master()) out += name + " ";
    }
    return out;
  }
  std::map<std::string, std::unique_ptr<Member>> members_;
  std::map<std::string, LoadBalancer::Settings> settings_;
  std::vector<std::uint8_t> last_;
  std::vector<std::vector<std::uint8_t>> all_;  // every message
  TimePoint now_{1'000'000'000};
};

TEST_F(Balancing, TheHighestPriorityBecomesMasterAndAmongEqualsTheLowestAddress) {
  Add("198.51.100.13", 5);
  Add("198.51.100.12", 5);
  Add("198.51.100.11", 3);
  Pass(2);
  EXPECT_EQ(Masters(), "");  // everybody listens first
  Pass(3);
  EXPECT_EQ(Masters(), "198.51.100.12 ");
  Add("198.51.100.14", 10);  // a master stays
  Pass(6);
  EXPECT_EQ(Masters(), "198.51.100.12 ");
  members_["198.51.100.12"]->balancer->Leave(now_.ns / 1'000'000);
  members_.erase("198.51.100.12");
  Pass(2);
  EXPECT_EQ(Masters(), "198.51.100.14 ");
}

TEST_F(Balancing, ASilentMasterIsReplacedAndOfTwoOneRemains) {
  Add("198.51.100.11", 9);
  Add("198.51.100.12", 5);
  Pass(5);
  EXPECT_EQ(Masters(), "198.51.100.11 ");
  members_["198.51.100.11"]->cut = true;
  Pass(5);
  EXPECT_EQ(Masters(), "198.51.100.11 198.51.100.12 ");
  members_["198.51.100.11"]->cut = false;
  Pass(2);
  EXPECT_EQ(Masters(), "198.51.100.11 ");
}

TEST_F(Balancing, TheMasterSendsTheNextClientToTheLeastLoad) {
  auto& master = Add("198.51.100.11", 9, 100);
  auto& other = Add("198.51.100.12", 5, 50);
  Pass(5);
  EXPECT_EQ(other.Next(), std::nullopt);
  members_["198.51.100.11"]->sessions = 10;  // 10 %
  members_["198.51.100.12"]->sessions = 4;   // 8 %
  Pass(2);
  std::map<std::string, int> where;
  for (int i = 0; i < 31; i++) where[*master.Next()]++;
  // 10 + a of 100 and 4 + b of 50 end at the same share
  EXPECT_EQ(where["198.51.100.11"], 20);
  EXPECT_EQ(where["198.51.100.12"], 11);
  members_["198.51.100.12"]->cut = true;
  Pass(4);
  EXPECT_EQ(*master.Next(), "198.51.100.11");
  const VpnLoadBalancingView view = master.View();
  EXPECT_TRUE(view.master);
  ASSERT_EQ(view.peers.size(), 1u);
  EXPECT_EQ(view.peers[0].anyconnect.percent, 10u);
}

TEST_F(Balancing, StrangersForgersAndRepetitionsAreNotHeard) {
  auto& a = Add("198.51.100.11", 9);
  Add("198.51.100.12", 5, 100, "another key");
  Pass(5);
  EXPECT_EQ(a.View().peers.size(), 1u);
  EXPECT_EQ(Masters(), "198.51.100.11 198.51.100.12 ");  // two clusters
  auto& c = Add("198.51.100.13", 1);
  Pass(1);  // it is answered at once
  EXPECT_EQ(a.View().peers.size(), 2u);
  const std::vector<std::uint8_t> said = last_;  // c's, who came last
  c.Leave(now_.ns / 1'000'000 + 1);
  EXPECT_EQ(a.View().peers.size(), 1u);
  members_["198.51.100.13"]->cut = true;
  a.Receive(said, now_);
  EXPECT_EQ(a.View().peers.size(), 1u);
  for (std::size_t n = 0; n < said.size(); n++) {
    auto bent = said;
    bent[n] ^= 1;
    a.Receive(bent, now_);
    a.Receive(Bytes(said).first(n), now_);
  }
  EXPECT_EQ(a.View().peers.size(), 1u);
}

// A master that is recorded on the wire, and played to a member that has just begun.
TEST_F(Balancing, WhatWasRecordedBeforeARestartIsNotBelieved) {
  Add("198.51.100.11", 9);
  Add("198.51.100.12", 5);
  Pass(8);
  ASSERT_EQ(Masters(), "198.51.100.11 ");
  const auto recorded = all_;
  ASSERT_GT(recorded.size(), 10u);
  members_.clear();
  auto& again = Add("198.51.100.12", 5);
  for (const auto& said : recorded) {
    again.Receive(said, now_);
    now_ = now_ + Duration::Milliseconds(250);
    again.Tick(now_, now_.ns / 1'000'000, 0);
    EXPECT_EQ(again.View().peers.size(), 1u);
  }
  EXPECT_EQ(Masters(), "198.51.100.12 ");
  // The real one is believed.
  Add("198.51.100.11", 9);
  Pass(2);
  EXPECT_EQ(again.View().peers.size(), 2u);
}

}  // namespace
}  // namespace sallyport
