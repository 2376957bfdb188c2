// What ends a session when the clock was moved over several ends; limits of sessions; counters that an operator clears.
#include <gtest/gtest.h>

#include "service_fakes.h"

namespace sallyport {
namespace {

using Counters = VpnControl::Counters;

class ServiceLimits : public ServiceTest {
 protected:
  void UseAgain() {
    auto again = std::make_shared<Policy>(*policy);
    again->tunnels = std::make_shared<VpnPolicy>(*vpn);
    service->UsePolicy(again);
  }
};

TEST_F(ServiceLimits, WhatWasDueFirstEndsASession) {
  vpn->group_policies["DfltGrpPolicy"].session_minutes = 60;
  v1->host.PeerUp(Peer(1), 0);
  v1->host.Install(Pair(1, 1000, 2000));
  Step(Duration::Seconds(10 * 3600));
  EXPECT_NE(Logged("113019").at(0).find("Reason: Idle Timeout"), std::string::npos);

  vpn->group_policies["DfltGrpPolicy"].session_minutes = 20;
  v1->host.PeerUp(Peer(2), 0);
  v1->host.Install(Pair(2, 1001, 2001));
  Step(Duration::Seconds(10 * 3600));
  EXPECT_NE(Logged("113019").at(1).find("Reason: Max time exceeded"), std::string::npos);
}

TEST_F(ServiceLimits, ALifetimeThatEndsBeforeIsTheEnginesBusiness) {
  IkePeerUp up = Peer(1);
  up.lifetime_s = 1000;
  v1->host.PeerUp(up, 0);
  v1->host.Install(Pair(1, 1000, 2000));
  std::vector<IkeEnd> why;
  v1->on_advance = [&] {
    if (service->Sessions().empty()) return;
    for (const IkeClear& c : v1->cleared) why.push_back(c.why);
    v1->host.Remove(1000);
    v1->host.PeerDown(1, IkeEnd::kMaxTime);
  };
  Step(Duration::Seconds(7200));
  EXPECT_TRUE(why.empty()) << "idle, but later";
  EXPECT_NE(Logged("113019").at(0).find("Reason: Max time exceeded"), std::string::npos);
}

TEST_F(ServiceLimits, TheLimitOfSessions) {
  vpn->max_sessions = 2;
  UseAgain();
  v1->on_advance = [this, number = 0u]() mutable {
    if (++number <= 3) v1->host.PeerUp(Peer(number), 0);
  };
  for (int i = 0; i < 4; i++) Step(Duration::Milliseconds(1));
  EXPECT_EQ(service->Sessions().size(), 2u);
  EXPECT_EQ(Logged("113029"),
            std::vector<std::string>{"Group DfltGrpPolicy User  IP 192.0.2.2 Session could not be established: session limit of 2 reached"});
}

TEST_F(ServiceLimits, ClearedCountersBeginAgain) {
  v1->stats.active_tunnels = 3;
  v1->stats.in_packets = 10;
  v1->stats.crypto.encrypted = 4;
  v1->host.PeerUp(Peer(1), 0);
  v1->host.Install(Pair(1, 1000, 2000));
  EXPECT_EQ(service->Stats(1).in_packets, 10u);
  EXPECT_EQ(service->CryptoStats().ikev1.encapsulated, 4u);
  EXPECT_EQ(service->CryptoStats().ikev1.sas_created, 1u);
  EXPECT_EQ(service->CryptoStats().ikev1.keys_allocated, 2u);
  service->ClearStats(Counters::kIkev1);
  service->ClearStats(Counters::kProtocolIkev1);
  EXPECT_EQ(service->Stats(1).in_packets, 0u);
  EXPECT_EQ(service->Stats(1).active_tunnels, 3u) << "they are still there";
  EXPECT_EQ(service->CryptoStats().ikev1.encrypted, 0u);
  v1->stats.in_packets = 12;
  v1->stats.crypto.encrypted = 5;
  v1->host.PeerUp(Peer(2), 1);
  v1->host.PeerDown(1, IkeEnd::kReplaced);
  EXPECT_EQ(service->Stats(1).in_packets, 2u);
  EXPECT_EQ(service->CryptoStats().ikev1.encrypted, 1u);
  EXPECT_EQ(service->CryptoStats().ikev1.sas_created, 0u);
  EXPECT_EQ(service->CryptoStats().ikev1.sas_rekeyed, 1u);
  EXPECT_EQ(service->CryptoStats().ikev1.sas_deleted, 1u);
  v2->stats.in_packets = 7;
  EXPECT_EQ(service->Stats(2).in_packets, 7u) << "the other version's are not touched";
  // The accelerator's counters are those of the process: only what comes behind `clear` can be told.
  service->ClearStats(Counters::kAccelerator);
  EXPECT_EQ(service->CryptoStats().dh_keys, 0u);
}

TEST_F(ServiceLimits, DebugOfIpsecTellsOfPairs) {
  std::vector<std::string> heard;
  const auto hear = [&](const IkeSaying& s) { heard.push_back(s.text); };
  v1->host.PeerUp(Peer(1), 0);
  service->debug().Listen(this, IkeSaying::Debug::kIpsec, 1, hear);
  v1->host.Install(Pair(1, 0x1000, 0xABCDEF01));
  const auto has = [&](const std::string& line) { return std::find(heard.begin(), heard.end(), line) != heard.end(); };
  EXPECT_EQ(heard.at(0), "IPSEC: New embryonic SA created @ 0x00001000, \n    SCB: 0x00001000, \n    Direction: outbound\n    SPI      : 0xABCDEF01\n"
                         "    Session ID: 0x00000001\n    VPIF num  : 0x00000001\n    Tunnel type: l2l\n    Protocol   : esp\n    Lifetime   : 28800 seconds");
  EXPECT_TRUE(has("IPSEC: New outbound encrypt rule, SPI 0xABCDEF01\n    Src addr: 10.1.0.0\n    Src mask: 255.255.0.0\n    Dst addr: 10.2.4.0\n"
                  "    Dst mask: 255.255.252.0\n    Src ports\n      Upper: 0\n      Lower: 0\n      Op   : ignore\n    Dst ports\n      Upper: 0\n"
                  "      Lower: 0\n      Op   : ignore\n    Protocol: 0\n    Use protocol: false\n    SPI: 0x00000000\n    Use SPI: false"));
  EXPECT_TRUE(has("IPSEC: New inbound permit rule, SPI 0x00001000\n    Src addr: 192.0.2.2\n    Src mask: 255.255.255.255\n    Dst addr: 192.0.2.1\n"
                  "    Dst mask: 255.255.255.255\n    Src ports\n      Upper: 0\n      Lower: 0\n      Op   : ignore\n    Dst ports\n      Upper: 0\n"
                  "      Lower: 0\n      Op   : ignore\n    Protocol: 50\n    Use protocol: true\n    SPI: 0x00001000\n    Use SPI: true"));
  heard.clear();
  service->debug().conditions().spis = {0x1000};
  v1->host.Remove(0x1000);
  EXPECT_EQ(heard, (std::vector<std::string>{"IPSEC: Received a PFKey message from IKE", "IPSEC: Destroy current inbound SPI: 0x00001000"}));
  service->debug().Leave(this);
}

}  // namespace
}  // namespace sallyport
