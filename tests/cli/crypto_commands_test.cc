// What operators do to tunnels, and the counters of IKE and IPsec: commands against a VPN engine that only remembers what it was
// asked, and golden files of the renderers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/asp_tunnels.h"
#include "cli/debug_text.h"
#include "cli/show_asp_table.h"
#include "cli/show_certificates.h"
#include "cli/show_crypto.h"
#include "cli/show_crypto_engine.h"
#include "cli/show_crypto_stats.h"
#include "cli/show_packet_tracer.h"
#include "conf/personality.h"
#include "console_fixture.h"
#include "show_golden.h"
#include "vpn/policy.h"
#include "vpn/vpn_control.h"

namespace sallyport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

IpAddress A(const char* text) { return *IpAddress::Parse(text); }
Personality Release(const char* version) { return *PersonalityOf(version); }

VpnSessionView Session(VpnSessionType type, std::uint32_t index, const char* name, const char* peer) {
  VpnSessionView s;
  s.type = type;
  s.index = index;
  s.name = name;
  s.peer = A(peer);
  s.tunnel_group = type == VpnSessionType::kLanToLan ? name : "staff";
  VpnTunnelView t;
  t.kind = VpnTunnelKind::kIkev1;
  s.tunnels = {t};
  return s;
}

IpsecFlowView Flow(const char* interface, const char* map, const char* peer, std::uint32_t spi) {
  IpsecFlowView f;
  f.interface = interface;
  f.map = map;
  f.map_number = 10;
  f.local = {A("203.0.113.1"), 0};
  f.remote = {A(peer), 0};
  f.access_list = "vpn extended permit ip 10.1.0.0 255.255.0.0 10.2.0.0 255.255.0.0";
  f.local_ident.network = Prefix::Of(A("10.1.0.0"), 16);
  f.remote_ident.network = Prefix::Of(A("10.2.0.0"), 16);
  f.counters.encapsulated = f.counters.encrypted = f.counters.digested = 7;
  f.counters.replay_failed = 3;
  f.counters.no_sa_sent = 2;
  f.counters.invalid_identity = 1;
  EspSaView in;
  in.spi = spi;
  in.cipher = VpnCipher::k3Des;
  in.hash = VpnHash::kSha1;
  in.seconds_left = 3000;
  EspSaView out = in;
  out.spi = spi + 1;
  f.inbound = {in};
  f.outbound = {out};
  return f;
}

std::vector<IpsecFlowView> Flows() {
  return {Flow("outside", "west", "198.51.100.2", 0x1000), Flow("outside", "east", "198.51.100.3", 0x2000), Flow("backup", "west", "198.51.100.2", 0x3000)};
}

// Counters that are all different, so that a row in the wrong place shows.
IkeStats Counted() {
  IkeStats s;
  std::uint64_t n = 1;
  for (std::uint64_t* v : {&s.active_tunnels, &s.previous_tunnels, &s.in_octets, &s.in_packets, &s.in_drop_packets, &s.in_notifys, &s.in_p2_exchanges,
                           &s.in_p2_exchange_invalids, &s.in_p2_exchange_rejects, &s.in_p2_sa_delete_requests, &s.out_octets, &s.out_packets,
                           &s.out_drop_packets, &s.out_notifys, &s.out_p2_exchanges, &s.out_p2_exchange_invalids, &s.out_p2_exchange_rejects,
                           &s.out_p2_sa_delete_requests, &s.initiator_tunnels, &s.initiator_fails, &s.responder_fails, &s.system_capacity_fails,
                           &s.auth_fails, &s.decrypt_fails, &s.hash_valid_fails, &s.no_sa_fails, &s.in_negotiation, &s.in_negotiation_high,
                           &s.in_negotiation_rejected}) {
    *v = n++;
  }
  return s;
}

IpsecStatsView IpsecCounted() {
  IpsecStatsView s;
  std::uint64_t n = 1;
  for (std::uint64_t* v : {&s.active, &s.previous, &s.in.bytes, &s.in.uncompressed_bytes, &s.in.packets, &s.in.dropped, &s.replay_failures,
                           &s.in.authentications, &s.in.authentication_failures, &s.in.ciphered, &s.in.cipher_failures, &s.in.tfc, &s.reassembly_needed,
                           &s.valid_icmp_errors, &s.invalid_icmp_errors, &s.out.bytes, &s.out.uncompressed_bytes, &s.out.packets, &s.out.dropped,
                           &s.out.authentications, &s.out.authentication_failures, &s.out.ciphered, &s.out.cipher_failures, &s.out.tfc,
                           &s.fragmented_before, &s.fragmented_after, &s.fragmentation_failed_before, &s.fragmentation_failed_after,
                           &s.fragments_created, &s.pmtus_sent, &s.pmtus_received, &s.protocol_failures, &s.missing_sa, &s.capacity_failures,
                           &s.in_deletes, &s.out_deletes, &s.in_destroys, &s.out_destroys}) {
    *v = n++;
  }
  s.peak_sas = 14;
  s.peak_lan_to_lan = 12;
  s.peak_remote_access = 2;
  return s;
}

CryptoStatsView CryptoCounted() {
  CryptoStatsView s;
  std::uint64_t n = 1;
  for (CryptoRequests* r : {&s.ikev1, &s.ikev2, &s.ipsec, &s.other, &s.accelerated}) {
    for (std::uint64_t* v : {&r->encrypted, &r->encapsulated, &r->decrypted, &r->decapsulated, &r->hmacs, &r->sas_created, &r->sas_rekeyed,
                             &r->sas_deleted, &r->keys_allocated, &r->random}) {
      *v = n++;
    }
  }
  for (std::uint64_t* v : {&s.in_bytes, &s.out_bytes, &s.in_hashed, &s.out_hashed, &s.in_hashed_bytes, &s.out_hashed_bytes, &s.decrypted_bytes,
                           &s.encrypted_bytes, &s.dh_keys}) {
    *v = n++;
  }
  n = 61;
  for (std::uint64_t* v : {&s.dh_secrets, &s.rsa_keys, &s.rsa_signatures, &s.rsa_verifications, &s.ecdsa_signatures, &s.ecdsa_verifications,
                           &s.random_requests}) {
    *v = n++;
  }
  return s;
}

class FakeVpn final : public VpnControl {
 public:
  std::vector<VpnSessionView> Sessions() override { return sessions; }
  VpnStatisticsView Statistics() override { return {}; }
  std::vector<IkeSaView> IkeSas() override { return {}; }
  std::vector<IpsecFlowView> IpsecFlows() override { return Flows(); }
  std::vector<VpnContextView> Contexts() override { return {}; }
  std::uint32_t Clear(const IkeClear& what) override {
    cleared.push_back(what);
    return 1;
  }
  bool Logoff(std::uint32_t index) override {
    logged_off.push_back(index);
    return true;
  }
  void Shutdown(bool) override {}
  IkeStats Stats(std::uint8_t version) const override {
    IkeStats s = Counted();
    s.active_tunnels = version;
    return s;
  }
  std::optional<IpsecStatsView> IpsecStats() override { return ipsec; }
  void ClearCounters() override { counters_cleared++; }
  CryptoStatsView CryptoStats() override { return CryptoCounted(); }
  void ClearStats(Counters what) override { stats_cleared.push_back(what); }
  std::vector<AddressPoolView> Pools() const override {
    AddressPoolView p;
    p.name = "clients";
    p.used = {A("10.9.0.2")};
    return {p};
  }
  VpnDebug& debug() override { return debug_; }

  std::vector<VpnSessionView> sessions = {Session(VpnSessionType::kLanToLan, 3, "198.51.100.2", "198.51.100.2"),
                                          Session(VpnSessionType::kIkev1RemoteAccess, 8, "carol", "192.0.2.7"),
                                          Session(VpnSessionType::kIkev1RemoteAccess, 9, "carol", "192.0.2.8")};
  std::vector<IkeClear> cleared;
  std::vector<std::uint32_t> logged_off;
  std::optional<IpsecStatsView> ipsec;
  void RequestCrl(const std::string& trustpoint, std::function<void(const Status&)> done) override {
    requested.push_back(trustpoint);
    crl_done = std::move(done);
  }
  std::vector<CrlView> Crls() const override {
    return {{"TP", "cn=Root,o=Example,c=US", "http://192.0.2.80/root.crl", 1'700'000'000, 1'702'592'000, 1'700'003'600, 224}};
  }
  void ClearCrls(const std::string& trustpoint) override { requested.push_back("clear " + trustpoint); }
  std::vector<std::string> requested;
  std::function<void(const Status&)> crl_done;
  std::vector<Counters> stats_cleared;
  int counters_cleared = 0;

 private:
  VpnDebug debug_;
};

class CryptoCommands : public ConsoleTest {
 protected:
  CryptoCommands() { box_.appliance->UseVpn(vpn_); }
  FakeVpn vpn_;
};

TEST_F(CryptoCommands, ClearSaysWhichAssociations) {
  auto console = Open(15);
  EXPECT_EQ(console->Do("clear crypto isakmp sa"), "");
  EXPECT_EQ(console->Do("clear crypto ikev1 sa 198.51.100.2"), "");
  EXPECT_EQ(console->Do("clear crypto ikev2 sa"), "");
  EXPECT_EQ(console->Do("clear isakmp sa"), "");
  EXPECT_EQ(console->Do("clear crypto ipsec sa"), "");
  EXPECT_EQ(console->Do("clear ipsec sa peer 198.51.100.3"), "");
  ASSERT_THAT(vpn_.cleared, SizeIs(6));
  EXPECT_EQ(vpn_.cleared[0].version, 0);
  EXPECT_FALSE(vpn_.cleared[0].peer);
  EXPECT_FALSE(vpn_.cleared[0].ipsec_only);
  EXPECT_EQ(vpn_.cleared[1].version, 1);
  EXPECT_EQ(vpn_.cleared[1].peer, A("198.51.100.2"));
  EXPECT_EQ(vpn_.cleared[2].version, 2);
  EXPECT_EQ(vpn_.cleared[3].version, 0);
  EXPECT_TRUE(vpn_.cleared[4].ipsec_only);
  EXPECT_TRUE(vpn_.cleared[5].ipsec_only);
  EXPECT_EQ(vpn_.cleared[5].peer, A("198.51.100.3"));
}

TEST_F(CryptoCommands, ClearOfOneAssociationOfEitherDirection) {
  auto console = Open(15);
  console->Do("clear crypto ipsec sa entry 203.0.113.1 esp 0x2000");
  console->Do("clear crypto ipsec sa entry 198.51.100.2 esp 4097");  // the peer's SPI of the first pair
  console->Do("clear crypto ipsec sa entry 198.51.100.2 esp 0x999");
  ASSERT_THAT(vpn_.cleared, SizeIs(2));
  EXPECT_EQ(vpn_.cleared[0].spi_in, 0x2000u);
  EXPECT_EQ(vpn_.cleared[1].spi_in, 0x1000u);
  EXPECT_THAT(console->Do("clear crypto ipsec sa entry 203.0.113.1 esp what"), HasSubstr(kInvalidInput));
  console->Do("clear ipsec sa counters");
  EXPECT_EQ(vpn_.counters_cleared, 1);
  EXPECT_THAT(vpn_.cleared, SizeIs(2));
}

TEST_F(CryptoCommands, ClearOfACryptoMapClearsItsEntries) {
  box_.appliance->Load("ASA Version 9.8(2)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
                       "access-list vpn extended permit ip any4 any4\ncrypto ipsec ikev1 transform-set s esp-3des esp-sha-hmac\n"
                       "crypto map west 10 match address vpn\ncrypto map west 10 set peer 198.51.100.2\ncrypto map west 10 set ikev1 transform-set s\n"
                       "crypto map west 20 match address vpn\ncrypto map west 20 set peer 198.51.100.3\ncrypto map west 20 set ikev1 transform-set s\n"
                       "crypto map west interface outside\n");
  box_.appliance->Changed();
  auto console = Open(15);
  EXPECT_EQ(console->Do("clear crypto ipsec sa map west"), "");
  const auto* policy = dynamic_cast<const VpnPolicy*>(box_.appliance->policy()->tunnels.get());
  ASSERT_NE(policy, nullptr);
  ASSERT_THAT(vpn_.cleared, SizeIs(2));
  EXPECT_EQ(vpn_.cleared[0].entry, policy->entries[0].id);
  EXPECT_EQ(vpn_.cleared[1].entry, policy->entries[1].id);
  console->Do("clear crypto ipsec sa map east");
  EXPECT_THAT(vpn_.cleared, SizeIs(2));
}

TEST(VirtualTunnelSa, SaysThatItIsOne) {
  IpsecFlowView vti = Flow("outside", "__vti-crypto-map-2-0-1", "198.51.100.2", 0x1000), plain = Flow("outside", "west", "198.51.100.2", 0x1000);
  for (EspSaView* sa : {&vti.inbound[0], &vti.outbound[0]}) {
    sa->encapsulation = EspEncapsulation::kNatT;
    sa->ike_version = 2;
  }
  const auto text = [](const IpsecFlowView& f) { return ShowIpsecSas({f}, {}, {}, Release("9.8(2)")); };
  EXPECT_THAT(text(vti), HasSubstr("in use settings ={L2L, Tunnel,  NAT-T-Encaps, IKEv2, VTI, }\n"));
  EXPECT_THAT(text(plain), HasSubstr("in use settings ={L2L, Tunnel, IKEv1, }\n"));
}

TEST_F(CryptoCommands, LogoffAsksFirst) {
  auto console = Open(15);
  EXPECT_EQ(console->Do("vpn-sessiondb logoff name carol"), "");
  EXPECT_EQ(console->prompt(), "Do you want to logoff the VPN session(s)? [confirm]");
  EXPECT_EQ(console->Do("n"), "");
  EXPECT_THAT(vpn_.logged_off, IsEmpty());
  console->Do("vpn-sessiondb logoff name carol");
  EXPECT_EQ(console->Do(""), "INFO: Number of sessions with name \"carol\" logged off : 2\n");
  EXPECT_THAT(vpn_.logged_off, ElementsAre(8, 9));
  EXPECT_EQ(console->Do("vpn-sessiondb logoff l2l noconfirm"), "INFO: Number of sessions of type \"l2l\" logged off : 1\n");
  EXPECT_EQ(console->Do("vpn-sessiondb logoff index 9 noconfirm"), "INFO: Number of sessions with index \"9\" logged off : 1\n");
  EXPECT_EQ(console->Do("vpn-sessiondb logoff ipaddress 192.0.2.7 noconfirm"), "INFO: Number of sessions with IP address \"192.0.2.7\" logged off : 1\n");
  EXPECT_EQ(console->Do("vpn-sessiondb logoff tunnel-group staff noconfirm"), "INFO: Number of sessions from tunnel-group \"staff\" logged off : 2\n");
  EXPECT_EQ(console->Do("vpn-sessiondb logoff all noconfirm"), "INFO: Number of sessions logged off : 3\n");
  EXPECT_EQ(console->Do("vpn-sessiondb logoff webvpn noconfirm"), "INFO: There are presently no active sessions of the type specified\n");
}

TEST_F(CryptoCommands, LogoffHasTheWordsOfItsEra) {
  auto console = Open(15);
  EXPECT_THAT(console->Do("vpn-sessiondb logoff remote noconfirm"), HasSubstr(kInvalidInput));
  EXPECT_EQ(console->Do("vpn-sessiondb logoff ra-ikev1-ipsec noconfirm"), "INFO: Number of sessions of type \"ra-ikev1-ipsec\" logged off : 2\n");
  box_.appliance->Load("ASA Version 8.2(1)\n");
  box_.appliance->Changed();
  EXPECT_EQ(console->Do("vpn-sessiondb logoff remote noconfirm"), "INFO: Number of sessions of type \"remote\" logged off : 2\n");
  EXPECT_THAT(console->Do("clear crypto ikev1 sa"), HasSubstr(kInvalidInput));
}

TEST_F(CryptoCommands, DebugIsHeardByWhoAskedAndAtItsLevel) {
  auto one = Open(15), other = Open(15);
  EXPECT_EQ(one->Do("show debug"), "");
  EXPECT_EQ(one->Do("debug crypto ikev1 127"), "");
  EXPECT_EQ(one->Do("debug crypto ikev2 protocol"), "");
  EXPECT_EQ(one->Do("show debug"), "debug crypto ikev1 enabled at level 127\ndebug crypto ikev2 protocol enabled at level 1\n");
  EXPECT_EQ(other->Do("show debug"), "");
  IkeSaying s;
  s.syslog = 715047;
  s.debug = IkeSaying::Debug::kIkev1;
  s.debug_level = 7;
  s.peer = A("198.51.100.2");
  s.text = "IP = 198.51.100.2, processing SA payload";
  vpn_.debug().Say(s);
  EXPECT_EQ(one->log(), "May 01 15:00:00 [IKEv1 DEBUG]IP = 198.51.100.2, processing SA payload\n");
  EXPECT_EQ(other->log(), "");
  s.debug = IkeSaying::Debug::kIkev2Protocol;
  s.debug_level = 2;
  vpn_.debug().Say(s);  // above level 1
  one->Do("debug crypto condition peer 192.0.2.99");
  s.debug = IkeSaying::Debug::kIkev1;
  vpn_.debug().Say(s);  // another peer's
  // Conditions add up; what does not tell enough is heard on demand only.
  s.text = "IP = 198.51.100.2, of a group";
  s.group = "staff";
  vpn_.debug().Say(s);
  one->Do("debug crypto condition group staff");
  vpn_.debug().Say(s);
  EXPECT_THAT(one->log(), testing::EndsWith("of a group\n"));
  one->Do("no debug crypto condition group staff");
  one->Do("debug crypto condition user carol");
  one->Do("no debug crypto condition peer 192.0.2.99");
  s.text = "IP = 198.51.100.2, of nobody known";
  vpn_.debug().Say(s);
  EXPECT_THAT(one->log(), testing::EndsWith("of a group\n"));
  one->Do("debug crypto condition unmatched isakmp");
  vpn_.debug().Say(s);
  EXPECT_THAT(one->log(), testing::EndsWith("of nobody known\n"));
  s.text = "IP = 198.51.100.2, an error of dave";
  s.user = "dave";
  s.severity = 3;
  vpn_.debug().Say(s);
  EXPECT_THAT(one->log(), testing::EndsWith("of nobody known\n"));
  one->Do("debug crypto condition error");
  vpn_.debug().Say(s);
  EXPECT_THAT(one->log(), testing::EndsWith("an error of dave\n"));
  EXPECT_EQ(one->Do("debug crypto condition reset"), "");
  EXPECT_EQ(one->Do("debug crypto condition peer subnet 192.0.2.0 255.255.255.0"), "");
  EXPECT_EQ(one->Do("debug crypto condition spi 0xA1b2"), "");
  EXPECT_EQ(vpn_.debug().conditions().spis, std::set<std::uint32_t>{0xa1b2});
  EXPECT_EQ(one->Do("no debug crypto condition spi 41394"), "");
  EXPECT_TRUE(vpn_.debug().conditions().spis.empty());
  EXPECT_THAT(one->Do("debug crypto condition spi 0x"), HasSubstr(kInvalidInput));
  EXPECT_THAT(other->Do("show crypto debug-condition"), HasSubstr("\n192.0.2.0/24\n"));
  EXPECT_EQ(one->Do("no debug crypto condition peer 192.0.2.0 255.255.255.0"), "");
  one->Do("debug crypto condition peer 192.0.2.99");
  const std::string heard = one->log();
  EXPECT_THAT(other->Do("show crypto debug-condition"), HasSubstr("\n192.0.2.99/32\n"));
  one->Do("no debug crypto condition peer 192.0.2.99");
  EXPECT_EQ(one->Do("no debug crypto ikev1"), "");
  vpn_.debug().Say(s);
  EXPECT_EQ(one->log(), heard);
  EXPECT_EQ(one->Do("show debug"), "debug crypto ikev2 protocol enabled at level 1\n");
  EXPECT_EQ(one->Do("undebug all"), "");
  EXPECT_EQ(one->Do("show debug"), "");
  one->Do("debug crypto ipsec 255");
  one->Do("no debug all");
  EXPECT_FALSE(vpn_.debug().Hears(IkeSaying::Debug::kIpsec, 1));
  one->Do("debug crypto ipsec 255");
  EXPECT_TRUE(vpn_.debug().Hears(IkeSaying::Debug::kIpsec, 255));
  one.reset();
  EXPECT_FALSE(vpn_.debug().Hears(IkeSaying::Debug::kIpsec, 1));
}

TEST_F(CryptoCommands, DebugOfTheEra82IsOfIsakmp) {
  auto console = Open(15);
  EXPECT_THAT(console->Do("debug crypto isakmp 7"), HasSubstr(kInvalidInput));
  box_.appliance->Load("ASA Version 8.2(1)\n");
  box_.appliance->Changed();
  EXPECT_EQ(console->Do("debug crypto isakmp 7"), "");
  EXPECT_EQ(console->Do("show debug"), "debug crypto isakmp enabled at level 7\n");
  EXPECT_EQ(console->Do("undebug crypto isakmp"), "");
  EXPECT_EQ(console->Do("show debug"), "");
}

TEST(DebugText, FramesOfTheEras) {
  IkeSaying s;
  s.debug = IkeSaying::Debug::kIkev1;
  s.syslog = 713049;
  s.text = "Group = 192.0.2.1, IP = 192.0.2.1, Security negotiation complete";
  CivilTime t;
  t.month = 11;
  t.day = 7;
  t.hour = 4;
  EXPECT_EQ(DebugText(s, t, 802), "Nov 07 04:00:00 [IKEv1]: Group = 192.0.2.1, IP = 192.0.2.1, Security negotiation complete");
  EXPECT_EQ(DebugText(s, t, 901), "Nov 07 04:00:00 [IKEv1]Group = 192.0.2.1, IP = 192.0.2.1, Security negotiation complete");
  s.syslog = 713906;
  s.debug_text = "constructing ke payload";
  EXPECT_EQ(DebugText(s, t, 802), "Nov 07 04:00:00 [IKEv1 DEBUG]: constructing ke payload");
  s.debug = IkeSaying::Debug::kIpsec;
  s.debug_text = "IPSEC: Received a PFKey message from IKE";
  EXPECT_EQ(DebugText(s, t, 901), "IPSEC: Received a PFKey message from IKE");
}

TEST_F(CryptoCommands, PoolsShowWhatIsInUse) {
  box_.appliance->Load("ASA Version 9.8(2)\nip local pool clients 10.9.0.1-10.9.0.3 mask 255.255.255.0\n");
  box_.appliance->Changed();
  auto console = Open(15);
  EXPECT_EQ(console->Do("show ip local pool clients"),
            "Begin           End             Mask            Free     Held     In use\n"
            "10.9.0.1        10.9.0.3        255.255.255.0       2        0        1\n"
            "\nAvailable Addresses:\n10.9.0.1\n10.9.0.3\n\nIn Use Addresses:\n10.9.0.2\n");
}

TEST_F(CryptoCommands, CountersAreThoseOfTheVersion) {
  auto console = Open(15);
  console->Do("terminal pager 0");
  EXPECT_THAT(console->Do("show crypto ikev1 stats"), HasSubstr("  Active Tunnels:              1\n"));
  EXPECT_THAT(console->Do("show crypto ikev2 stats"), HasSubstr("\nActive Tunnels: 2\n"));
  EXPECT_EQ(console->Do("show isakmp stats"), console->Do("show crypto isakmp stats"));
  // The engine does not count: nothing is made up.
  EXPECT_THAT(console->Do("show ipsec stats"), HasSubstr("ERROR: "));
  vpn_.ipsec = IpsecCounted();
  EXPECT_THAT(console->Do("show ipsec stats"), HasSubstr("Active tunnels: 1\n"));
  EXPECT_EQ(console->Do("show crypto ipsec stats"), console->Do("show ipsec stats"));
  EXPECT_THAT(console->Do("show ipsec sa summary"), HasSubstr("IPSec            :     6"));
}

TEST_F(CryptoCommands, IpsecSasByPeerMapSpiAndUser) {
  auto console = Open(15);
  console->Do("terminal pager 0");
  EXPECT_THAT(console->Do("show crypto ipsec sa entry"), HasSubstr("peer address: 198.51.100.2\n    Crypto map tag: west"));
  EXPECT_THAT(console->Do("show crypto ipsec sa spi 0x2001"), HasSubstr("Crypto map tag: east"));
  EXPECT_EQ(console->Do("show crypto ipsec sa spi 77"), "\nThere are no ipsec sas\n");
  EXPECT_THAT(console->Do("show crypto ipsec sa spi zz"), HasSubstr("ERROR: "));
  EXPECT_EQ(console->Do("show ipsec sa peer 203.0.113.200"), "\nThere are no ipsec sas for peer 203.0.113.200\n");
  EXPECT_EQ(console->Do("show ipsec sa map west detail"), console->Do("show crypto ipsec sa map west detail"));
}

TEST_F(CryptoCommands, ClassifyHasTheRulesOfTunnels) {
  box_.appliance->Load("ASA Version 9.8(2)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
                       "access-list vpn extended permit ip 10.1.0.0 255.255.0.0 10.2.0.0 255.255.0.0\naccess-list vpn extended permit tcp host 10.1.1.1 any4 eq www\n"
                       "crypto ipsec ikev1 transform-set s esp-3des esp-sha-hmac\ncrypto map west 10 match address vpn\n"
                       "crypto map west 10 set peer 198.51.100.2\ncrypto map west 10 set ikev1 transform-set s\ncrypto map west interface outside\n"
                       "crypto ikev1 enable outside\ncrypto ikev1 ipsec-over-tcp port 10000\n");
  box_.appliance->Changed();
  const std::vector<IpsecFlowView> flows = {Flow("outside", "west", "198.51.100.2", 0x1000)};
  VpnContextView in;
  in.context = 0x5ff54;
  in.spi = 0x1000;
  in.peer = A("198.51.100.2");
  in.packets = 5;
  VpnContextView out = in;
  out.encrypts = true;
  out.context = 0x5b234;
  out.spi = 0x1001;
  out.packets = 9;
  AspFilter filter;
  filter.crypto = true;
  filter.tunnels = TunnelRules(*box_.appliance->policy(), flows, {in, out}, 3);
  const AspTable none(Policy(), AspHits(), {});
  ExpectGolden("asp_table_classify_crypto", ShowAspClassify(none, *box_.appliance->policy(), filter));
  EXPECT_THAT(Open(15)->Do("show asp table classify domain encrypt"), HasSubstr("domain=encrypt"));
  // With a vpn-filter its lines, and the end of it.
  in.filter = out.filter = "vpn";
  filter.tunnels = TunnelRules(*box_.appliance->policy(), flows, {in, out}, 3);
  filter.domain = "vpn-user";
  ExpectGolden("asp_table_classify_vpn_user", ShowAspClassify(none, *box_.appliance->policy(), filter));
  ExpectGolden("asp_table_filter", ShowAspFilter(*box_.appliance->policy(), filter.tunnels, "", false));
  const std::string hit = ShowAspFilter(*box_.appliance->policy(), filter.tunnels, "", true);
  EXPECT_THAT(hit, HasSubstr("filter_id=0x0(-implicit deny-), protocol=0"));
  EXPECT_THAT(hit, ::testing::Not(HasSubstr("filter_id=0x1(vpn)")));
  EXPECT_THAT(ShowAspFilter(*box_.appliance->policy(), filter.tunnels, "vpn", false), ::testing::Not(HasSubstr("implicit")));
}

// `detailed` has the rule of a phase of tunnels, too.
TEST_F(CryptoCommands, PacketTracerDetailedShowsTheRulesOfTunnels) {
  box_.appliance->Load("ASA Version 9.8(2)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
                       "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
                       "route outside 10.2.0.0 255.255.0.0 203.0.113.2\n"
                       "access-list vpn extended permit ip 10.1.0.0 255.255.0.0 10.2.0.0 255.255.0.0\n"
                       "crypto ipsec ikev1 transform-set s esp-3des esp-sha-hmac\ncrypto map west 10 match address vpn\n"
                       "crypto map west 10 set peer 198.51.100.2\ncrypto map west 10 set ikev1 transform-set s\ncrypto map west interface outside\n"
                       "crypto ikev1 enable outside\n");
  box_.appliance->Changed();
  AspTable table(*box_.appliance->policy(), AspHits(), {});
  table.Add(TunnelRules(*box_.appliance->policy(), {}, {}, 0));
  TraceView v;
  v.result.policy = box_.appliance->policy();
  const auto vpn = std::dynamic_pointer_cast<const VpnPolicy>(v.result.policy->tunnels);
  ASSERT_NE(vpn, nullptr);
  TracePhase phase;
  phase.type = "VPN";
  phase.subtype = "encrypt";
  phase.allow = false;
  phase.rule = {AspWhat::kEncrypt, vpn->entries.at(0).at, true, &vpn->entries[0].match->elements()[0], A("10.1.1.9"), A("10.2.2.2")};
  v.result.phases.push_back(phase);
  const std::string text = ShowPacketTracer(v, box_.appliance->personality(), &table);
  EXPECT_THAT(text, HasSubstr("Type: VPN\nSubtype: encrypt\nResult: DROP\nConfig:\nAdditional Information:\n Forward Flow based lookup yields rule:\n out id="));
  EXPECT_THAT(text, HasSubstr("priority=70, domain=encrypt, deny=false\n        hits=0, user_data=0x0, cs_id=0x0, reverse, "));
}

TEST(CryptoGolden, Statistics) {
  ExpectGolden("crypto_ikev1_stats", ShowIkev1Stats(Counted(), Release("9.8(2)")));
  ExpectGolden("crypto_ikev2_stats", ShowIkev2Stats(Counted()));
  ExpectGolden("crypto_isakmp_stats_82", ShowIsakmpStats(Counted(), {}, 0, Release("8.2(1)")));
  ExpectGolden("crypto_isakmp_stats_9x", ShowIsakmpStats(Counted(), Counted(), 100, Release("9.8(2)")));
  ExpectGolden("ipsec_stats_82", ShowIpsecStats(IpsecCounted(), Release("8.2(1)")));
  ExpectGolden("ipsec_stats_9x", ShowIpsecStats(IpsecCounted(), Release("9.8(2)")));
  ExpectGolden("ipsec_sa_summary", ShowIpsecSummary(Flows(), IpsecCounted()));
  IpsecOverTcpView tcp;
  std::uint64_t n = 1;
  for (std::uint64_t* v : {&tcp.embryonic, &tcp.active, &tcp.previous, &tcp.in_packets, &tcp.in_dropped, &tcp.out_packets, &tcp.out_dropped, &tcp.resets,
                           &tcp.heartbeats, &tcp.bad_headers, &tcp.bad_trailers, &tcp.timer_failures, &tcp.checksum_errors, &tcp.internal_errors}) {
    *v = n++;
  }
  ExpectGolden("crypto_ipsec_over_tcp_stats", ShowIpsecOverTcpStats(tcp));
  VpnStatisticsView v;
  v.capacity = 750;
  v.ipsec = {6, 0, 7, 9};
  v.groups[static_cast<std::size_t>(VpnGroup::kSiteToSite)] = {5, 0, 5, 5};
  v.groups[static_cast<std::size_t>(VpnGroup::kIkev1RemoteAccess)] = {1, 0, 2, 4};
  ExpectGolden("vpn_license_summary", ShowVpnLicenses(v));
  DebugConditions c;
  c.peers = {Prefix::Of(A("192.0.2.0"), 24), Prefix::Of(A("2001:db8::1"), 128)};
  c.users = {"carol"};
  c.groups = {"staff"};
  c.spis = {0x1000};
  c.ipsec_unmatched = c.ike_error = true;
  ExpectGolden("crypto_debug_condition", ShowDebugCondition(c));
  ExpectGolden("crypto_debug_condition_none", ShowDebugCondition({}));
}

TEST_F(CryptoCommands, WhatTheEngineWasAsked) {
  auto console = Open(15);
  console->Do("terminal pager 0");
  const std::string all = console->Do("show crypto protocol statistics all");
  EXPECT_THAT(all, testing::StartsWith("[IKEv1 statistics]\n   Encrypt packet requests: 1\n"));
  EXPECT_THAT(all, HasSubstr("[SSH statistics are not supported]\n"));
  EXPECT_EQ(console->Do("show crypto protocol statistics ikev2").substr(0, 19), "[IKEv2 statistics]\n");
  EXPECT_THAT(console->Do("show crypto accelerator statistics"), HasSubstr("      Secret keys derived: 61\n"));
  for (const char* words : {"isakmp stats", "ikev1 stats", "ikev2 stats", "ipsec stats", "accelerator statistics", "protocol statistics all"}) {
    EXPECT_EQ(console->Do("clear crypto " + std::string(words)), "");
  }
  using C = VpnControl::Counters;
  EXPECT_THAT(vpn_.stats_cleared, ElementsAre(C::kIkev1, C::kIkev2, C::kIkev1, C::kIkev2, C::kIpsec, C::kAccelerator, C::kProtocolIkev1,
                                              C::kProtocolIkev2, C::kProtocolIpsec, C::kProtocolOther));
  EXPECT_EQ(console->Do("show crypto ipsec policy"), "");
  box_.appliance->Load("ASA Version 8.2(1)\n");
  box_.appliance->Changed();
  EXPECT_THAT(console->Do("show crypto protocol statistics all"), testing::Not(HasSubstr("IKEv2")));
  EXPECT_THAT(console->Do("show crypto protocol statistics ikev2"), HasSubstr(kInvalidInput));
  EXPECT_THAT(console->Do("show crypto ipsec policy"), HasSubstr(kInvalidInput));
}

TEST_F(CryptoCommands, ListsOfRevokedCertificates) {
  auto console = Open(15);
  EXPECT_EQ(console->Do("crypto ca crl request TP"), "ERROR: Trustpoint TP does not exist\n");
  box_.appliance->Load("ASA Version 9.8(2)\ncrypto ca trustpoint TP\n enrollment terminal\n revocation-check crl\n");
  box_.appliance->Changed();
  console->Do("crypto ca crl request TP");
  EXPECT_THAT(vpn_.requested, ElementsAre("TP"));
  vpn_.crl_done(Status());
  console->Do("crypto ca crl request TP");
  vpn_.crl_done(Error{"http://192.0.2.80/root.crl: no answer"});
  EXPECT_EQ(console->Printed(), "ERROR: Unable to retrieve or verify CRL (http://192.0.2.80/root.crl: no answer)\n");
  EXPECT_THAT(console->Do("show crypto ca crls"), HasSubstr("    Size (bytes): 224\n    Associated Trustpoints: TP\n"));
  EXPECT_EQ(console->Do("show crypto ca crls trustpoint other"), "");
  EXPECT_EQ(console->Do("clear crypto ca crls TP"), "");
  EXPECT_EQ(vpn_.requested.back(), "clear TP");
  ExpectGolden("crypto_ca_crls", ShowCrls(vpn_.Crls(), {}));
}

TEST_F(CryptoCommands, WhatInterfacesDoToPackets) {
  box_.appliance->Load("ASA Version 9.8(2)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
                       "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
                       "crypto ikev1 enable outside\ncrypto ipsec df-bit clear-df outside\ncrypto ipsec fragmentation after-encryption outside\n");
  box_.appliance->Changed();
  auto console = Open(15);
  EXPECT_EQ(console->Do("show crypto ipsec df-bit outside"), "df-bit outside clear\n");
  EXPECT_EQ(console->Do("show crypto ipsec df-bit inside"), "df-bit inside copy\n");
  EXPECT_EQ(console->Do("show crypto ipsec fragmentation outside"), "fragmentation outside after-encryption\n");
  EXPECT_EQ(console->Do("show crypto ipsec fragmentation inside"), "fragmentation inside before-encryption\n");
  EXPECT_THAT(console->Do("show crypto ipsec df-bit dmz"), HasSubstr("ERROR: "));
}

TEST(CryptoGolden, Engine) {
  ExpectGolden("crypto_protocol_all_9x", ShowCryptoProtocol(CryptoCounted(), CryptoProtocol::kAll, Release("9.8(2)")));
  ExpectGolden("crypto_protocol_all_82", ShowCryptoProtocol(CryptoCounted(), CryptoProtocol::kAll, Release("8.2(1)")));
  ExpectGolden("crypto_accelerator", ShowCryptoAccelerator(CryptoCounted(), 167, 10'000));
}

TEST(CryptoGolden, IpsecSaForms) {
  IpsecSaQuery q;
  q.form = IpsecSaQuery::Form::kEntry;
  ExpectGolden("crypto_ipsec_sa_entry_82", ShowIpsecSas(Flows(), q, {}, Release("8.2(1)")));
  q.form = IpsecSaQuery::Form::kIdentity;
  ExpectGolden("crypto_ipsec_sa_identity_82", ShowIpsecSas(Flows(), q, {}, Release("8.2(1)")));
  q.form = IpsecSaQuery::Form::kMap;
  q.map = "west";
  q.detail = true;
  ExpectGolden("crypto_ipsec_sa_map_detail_9x", ShowIpsecSas(Flows(), q, {}, Release("9.8(2)")));
  q = {};
  q.detail = true;
  ExpectGolden("crypto_ipsec_sa_detail_82", ShowIpsecSas(Flows(), q, {}, Release("8.2(1)")));
}

}  // namespace
}  // namespace sallyport
