// Renders the values of captured VPN outputs and compares with their bytes (see show_samples_test.cc). What a hand took out
// of a sample is taken out of our text as well, and said at the place.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "cli/show_asp_vpn_context.h"
#include "cli/show_crypto.h"
#include "cli/show_vpn_load_balancing.h"
#include "cli/show_vpn_sessiondb.h"
#include "conf/personality.h"
#include "ntc_sample.h"
#include "show_fixtures.h"

namespace sallyport::show_vpn_samples_test {
namespace {

// 2020-03-17 14:28:09 CDT and the like: nanoseconds since 1970.
std::int64_t Wall(int days_since_1970, int hour, int minute, int second, const TimeZone& zone = {}) {
  return (days_since_1970 * std::int64_t{86400} + hour * 3600 + minute * 60 + second - zone.offset_s) * 1'000'000'000;
}

std::string OneBlank(const std::string& text) {
  return std::regex_replace(std::regex_replace(text, std::regex("[*`]+"), ""), std::regex("\\s+"), " ");
}

VpnCipher CipherNamed(const std::string& esp) {
  for (int i = 0; i <= static_cast<int>(VpnCipher::kAesGcm256); i++) {
    const CipherNames& names = NamesOf(static_cast<VpnCipher>(i));
    if (names.esp == esp || names.session == esp || names.ikev1 == esp) return static_cast<VpnCipher>(i);
  }
  ADD_FAILURE() << "no cipher " << esp;
  return VpnCipher::kNone;
}
VpnHash HashNamed(const std::string& esp) {
  for (int i = 0; i <= static_cast<int>(VpnHash::kSha512); i++) {
    const HashNames& names = NamesOf(static_cast<VpnHash>(i));
    if (names.esp == esp || names.session == esp || names.ikev1 == esp) return static_cast<VpnHash>(i);
  }
  ADD_FAILURE() << "no hash " << esp;
  return VpnHash::kNone;
}

class VpnSamples : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(SharedFolder() + "/corpus/ntc/samples")) {
      GTEST_SKIP() << "no captured outputs at " << SharedFolder();
    }
  }
  static std::string Raw(const std::string& command) { return NtcSample(command).raw(); }
  static std::string Genie(const std::string& path) { return ReadWhole(SharedFolder() + "/corpus/genie/" + path); }
  const Personality nine_ = *PersonalityOf("9.8(1)"), seven_ = *PersonalityOf("7.0(1)");
};

TEST_F(VpnSamples, AspTableVpnContextDetail) {
  std::vector<VpnContextView> contexts;
  for (const NtcRecord& r : NtcRecords("show_asp_table_vpn-context_detail")) {
    VpnContextView c;
    c.context = r.Hex("vpn_ctx");
    c.pointer = r.Hex("pointer");
    c.peer = Ip(r["peer_ip"].c_str());
    c.encrypts = r["flags"].starts_with("ENCR");
    if (r["flags"].find("NATT") != std::string::npos) c.encapsulation = EspEncapsulation::kNatT;
    c.preserve = r["flags"].find("PRESERVE") != std::string::npos;
    c.delete_in_progress = r["state"].find("DIP") != std::string::npos;
    c.sa = r.Hex("sa");
    c.spi = r.Hex("spi");
    c.group = static_cast<std::uint32_t>(r.Number("group"));
    c.packets = r.Number("pkts");
    c.bad_packets = r.Number("bad_pkts");
    c.bad_spi = r.Number("bad_spi");
    c.spoofed = r.Number("spoof");
    c.bad_crypto = r.Number("bad_crypto");
    c.rekey_packets = r.Number("rekey_pkt");
    c.rekey_calls = r.Number("rekey_call");
    if (r["vpn_filter"] != "<none>") c.filter = r["vpn_filter"];
    contexts.push_back(c);
  }
  ASSERT_EQ(contexts.size(), 5u);
  EXPECT_EQ(ShowVpnContexts(contexts, true, nine_), Raw("show_asp_table_vpn-context_detail"));
}

// The note about persistent flows lost its line breaks.
TEST_F(VpnSamples, AspTableVpnContextPreserve) {
  VpnContextView in, out;
  in.context = 0x0005FF54;
  in.pointer = 0x6DE62DA0;
  out.context = 0x0005B234;
  out.pointer = 0x6DE635E0;
  out.encrypts = true;
  in.preserve = out.preserve = true;
  const std::string text = OneBlank(ReadWhole(SharedFolder() + "/cases/preserve-vpn-flows.ja.txt"));
  EXPECT_NE(text.find("show asp table vpn-context " + OneBlank(ShowVpnContexts({in, out}, false, Eight()))),
            std::string::npos);
}

TEST_F(VpnSamples, CryptoIkev1SaDetail) {
  std::vector<IkeSaView> sas;
  for (const NtcRecord& r : NtcRecords("show_crypto_ikev1_sa_detail")) {
    IkeSaView sa;
    sa.number = static_cast<std::uint32_t>(r.Number("sequence"));
    sa.remote.address = Ip(r["peer"].c_str());
    sa.lan_to_lan = r["type"] != "User";
    sa.initiator = r["dir"] != "Resp";
    sa.rekeying = r["rekey"] != "No";
    sa.state = IkeState::kAggressiveActive;
    sa.cipher = CipherNamed(r["encryption"]);
    sa.hash = HashNamed(r["hash"]);
    sa.auth = r["authentication"] == "preshrd" ? VpnAuth::kPreSharedKeys : VpnAuth::kRsaCertificate;
    sa.lifetime_s = static_cast<std::uint32_t>(r.Number("lifetime"));
    sas.push_back(sa);
  }
  ASSERT_EQ(sas.size(), 4u);
  // One of the states was typed by hand: no other output has a state in small letters. The last end of line is missing.
  EXPECT_EQ(ShowIkev1Sas(sas, true, seven_),
            std::regex_replace(Raw("show_crypto_ikev1_sa_detail"), std::regex("AM_Active"), "AM_ACTIVE") + "\n");
}

TEST_F(VpnSamples, CryptoIkev2Sa) {
  IkeSaView sa;
  sa.version = 2;
  sa.number = 3686011;
  sa.local = {Ip("2001:db8:2:1::1"), 500};
  sa.remote = {Ip("2001:db8:2:1::2"), 500};
  sa.initiator = true;
  sa.state = IkeState::kReady;
  sa.cipher = VpnCipher::k3Des;
  sa.hash = VpnHash::kSha1;
  sa.dh_group = 2;
  sa.lifetime_s = 43200;
  sa.active_s = 880;
  for (const int n : {2, 1}) {
    IkeChildView c;
    const auto net = [](int a, int b) {
      return AddressRange::Of(Prefix::Of(IpAddress::V6(0x20010db800000000u + (std::uint64_t(a) << 16) + b, 0), 64));
    };
    c.local = net(1, n);
    c.remote = net(3, n);
    c.spi_in = n == 2 ? 0xbe064bdc : 0x69b865f8;
    c.spi_out = n == 2 ? 0x5db6eff3 : 0x978dbbe5;
    sa.children.push_back(c);
  }
  EXPECT_EQ(ShowIkev2Sas({sa}, false), Genie("ShowCryptoIkev2Sa/cli/equal/golden_output1_output.txt"));
}

EspSaView EspSa(const NtcRecord& r, const std::string& way) {
  EspSaView sa;
  sa.spi = r.Hex(way + "_spi_hex");
  EXPECT_EQ(sa.spi, r.Number(way + "_spi_integer"));
  sa.cipher = CipherNamed(r[way + "_encryption"]);
  sa.hash = HashNamed(r[way + "_authentication"]);
  sa.lan_to_lan = r[way + "_settings_in_use"].starts_with("L2L");
  if (r[way + "_settings_in_use"].find("NAT-T") != std::string::npos) sa.encapsulation = EspEncapsulation::kNatT;
  sa.connection_id = static_cast<std::uint32_t>(r.Number(way + "_connection_id"));
  sa.seconds_left = static_cast<std::uint32_t>(r.Number(way + "_remaining_lifetime"));
  if (!r[way + "_remaining_lifetime_kilobytes"].empty()) sa.kilobytes_left = r.Number(way + "_remaining_lifetime_kilobytes");
  sa.replay_detection = r[way + "_replay_detection"] == "Y";
  sa.replay_bitmap = 1;
  return sa;
}

TEST_F(VpnSamples, CryptoIpsecSa) {
  AddressNames names;
  // An address, or one that has a name, which ends in it.
  const auto address = [&names](const NtcRecord& r, const std::string& key) {
    const std::string& name = r[key + "_name"];
    if (name.empty()) return r[key].empty() ? IpAddress() : Ip(r[key].c_str());
    const IpAddress a = Ip(name.substr(name.rfind('-') + 1).c_str());
    names[a] = name;
    return a;
  };
  const auto ident = [](const NtcRecord& r, const std::string& way) {
    VpnSelector s;
    s.network = Prefix::Of(Ip(r[way + "_addr"].c_str()), *MaskLength(Ip(r[way + "_mask"].c_str())));
    s.protocol = static_cast<std::uint8_t>(r.Number(way + "_protocol"));
    s.port = static_cast<std::uint16_t>(r.Number(way + "_port"));
    return s;
  };
  std::vector<IpsecFlowView> flows;
  for (const NtcRecord& r : NtcRecords("show_crypto_ipsec_sa")) {
    IpsecFlowView f;
    f.interface = r["interface"];
    f.map = r["crypto_map_tag"];
    if (!r["sequence_number"].empty()) f.map_number = static_cast<std::uint32_t>(r.Number("sequence_number"));
    f.local.address = address(r, "local_address");
    f.remote.address = address(r, "current_peer");
    f.assigned = address(r, "dynamic_peer");
    f.local_ident = ident(r, "local_identity");
    f.remote_ident = ident(r, "remote_identity");
    IpsecCounters& c = f.counters;
    c = {r.Number("packets_encapsulated"),
         r.Number("packets_encrypted"),
         r.Number("packets_digested"),
         r.Number("packets_decapsulated"),
         r.Number("packets_decrypted"),
         r.Number("packets_verified"),
         r.Number("packets_compressed"),
         r.Number("packets_decompressed"),
         r.Number("packets_not_compressed"),
         r.Number("packets_compress_failed"),
         r.Number("packets_decompress_failed"),
         r.Number("pre_fragment_success"),
         r.Number("pre_fragment_failures"),
         r.Number("fragments_created"),
         0,
         0,
         r.Number("pmtus_sent"),
         r.Number("pmtus_received"),
         r.Number("decap_frags_needing_reassembly"),
         0,
         0,
         0,
         0,
         r.Number("send_errors"),
         r.Number("receive_errors")};
    f.path_mtu = static_cast<std::uint16_t>(r.Number("path_mtu"));
    f.media_mtu = static_cast<std::uint16_t>(r.Number("media_mtu"));
    f.overhead = static_cast<std::uint16_t>(r.Number("ipsec_overhead"));
    f.inbound = {EspSa(r, "inbound")};
    f.outbound = {EspSa(r, "outbound")};
    flows.push_back(f);
  }
  ASSERT_EQ(flows.size(), 3u);
  // Values that the parser leaves out.
  flows[1].access_list = "2 extended permit ip 172.16.122.32 255.255.255.240 host 172.30.1.153";
  flows[2].access_list = "200 extended permit ip 172.20.122.32 255.255.255.240 10.160.4.0 255.255.255.0";
  flows[1].local.port = flows[1].remote.port = 4500;
  flows[2].local.port = flows[2].remote.port = 500;
  flows[1].header_overhead = 52;
  flows[2].header_overhead = 44;
  flows[1].inbound[0].replay_bitmap = UINT64_MAX;
  EXPECT_EQ(names.size(), 2u);

  // The first interface is 7.x's, of a printed page: without empty lines, everything one blank deeper. The captures have no
  // blanks at the ends of lines and no empty line at their own end.
  std::string first;
  for (const std::string& line : LinesOf(WithoutEmptyLines(ShowIpsecSas({flows[0]}, {}, names, seven_)))) {
    first += (line.starts_with(" ") ? " " : "") + line + "\n";
  }
  std::string rest = WithoutTrailingBlanks(ShowIpsecSas({flows[1], flows[2]}, {}, names, nine_));
  rest.pop_back();
  EXPECT_EQ(first + "\n" + rest, Raw("show_crypto_ipsec_sa"));
}

TEST_F(VpnSamples, SessiondbSummary) {
  const NtcRecord r = NtcRecords("show_vpn-sessiondb").at(0);
  VpnStatisticsView v;
  const auto counts = [](const NtcRecord& record, const std::string& prefix, std::size_t i) {
    const auto at = [&](const char* key) -> std::uint64_t {
      const std::vector<std::string> list = record.List(prefix + key);
      return list.size() <= i || list[i] == "None" ? 0 : std::stoull(list[i]);
    };
    return VpnCounts{static_cast<std::uint32_t>(at("_active")), static_cast<std::uint32_t>(at("_inactive")),
                     static_cast<std::uint32_t>(at("_peak_concurrent")), at("_cumulative")};
  };
  const auto& sessions = r.List("vpn_session_name");
  ASSERT_EQ(sessions, (std::vector<std::string>{"AnyConnect Client", "SSL/TLS/DTLS", "Clientless VPN", "Browser"}));
  v.groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)] = counts(r, "vpn_session", 0);
  v.classes[static_cast<std::size_t>(VpnClass::kAnyConnectSsl)] = counts(r, "vpn_session", 1);
  v.groups[static_cast<std::size_t>(VpnGroup::kClientless)] = counts(r, "vpn_session", 2);
  v.classes[static_cast<std::size_t>(VpnClass::kBrowser)] = counts(r, "vpn_session", 3);
  const auto& tunnels = r.List("tunnels_summary_name");
  for (std::size_t i = 0; i < tunnels.size(); i++) {
    for (std::size_t k = 0; k < kVpnTunnelKinds; k++) {
      if (NameOf(static_cast<VpnTunnelKind>(k), nine_) == tunnels[i]) v.tunnels[k] = counts(r, "tunnels_summary", i);
    }
  }
  v.capacity = static_cast<std::uint32_t>(r.Number("device_total_vpn_capacity"));
  // The sample lost blanks at the ends of lines and the line between the tables.
  EXPECT_EQ(WithoutEmptyLines(WithoutTrailingBlanks(ShowVpnSummary(v, nine_))), Raw("show_vpn-sessiondb"));
}

VpnTunnelView Tunnel(VpnTunnelKind kind, VpnCipher cipher, VpnHash hash) {
  VpnTunnelView t;
  t.kind = kind;
  t.cipher = cipher;
  t.hash = hash;
  return t;
}

void SetAuditId(VpnSessionView& s, const std::string& hex) {
  for (std::size_t i = 0; i < s.audit_id.size(); i++) {
    s.audit_id[i] = static_cast<std::uint8_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  }
}

Duration Hours(int h, int m, int s) { return Duration::Seconds(h * 3600 + m * 60 + s); }

TEST_F(VpnSamples, SessiondbAnyConnect) {
  const NtcRecord r = NtcRecords("show_vpn-sessiondb_anyconnect").at(0);
  const TimeZone cdt{r["login_time_zone"], -5 * 3600};
  VpnSessionView s;
  s.type = VpnSessionType::kAnyConnect;
  // The user's name was shortened by four letters, the blanks behind it stayed.
  s.name = r["username"] + "####";
  s.index = static_cast<std::uint32_t>(r.Number("index"));
  s.assigned = Ip(r["assigned_ip"].c_str());
  s.peer = Ip(r["public_ip"].c_str());
  s.license.premium = r["license"] == "AnyConnect Premium";
  s.tunnels = {Tunnel(VpnTunnelKind::kAnyConnectParent, VpnCipher::kNone, VpnHash::kNone),
               Tunnel(VpnTunnelKind::kSslTunnel, VpnCipher::kAesGcm256, VpnHash::kSha384),
               Tunnel(VpnTunnelKind::kDtlsTunnel, VpnCipher::kAes128, VpnHash::kSha1)};
  s.traffic.tx_bytes = r.Number("bytes_tx");
  s.traffic.rx_bytes = r.Number("bytes_rx");
  s.group_policy = r["group_policy"];
  s.tunnel_group = r["tunnel_group"];
  s.login_wall = Wall(18338, 14, 28, 9, cdt);
  s.duration = Hours(2, 21, 21);
  SetAuditId(s, r["audt_sess_id"]);
  EXPECT_EQ(VpnProtocols(s, nine_), r["protocol"]);
  const std::string text = ShowVpnSessions({s}, false, cdt, {}, nine_);
  // And its empty lines were taken out.
  EXPECT_EQ(std::regex_replace(WithoutEmptyLines(text), std::regex("####"), ""), Raw("show_vpn-sessiondb_anyconnect"));
}

// 7.x: three outputs, one after the other.
TEST_F(VpnSamples, SessiondbDetailL2l) {
  const TimeZone est{"est", 0};
  std::vector<VpnSessionView> sessions;
  for (const NtcRecord& r : NtcRecords("show_vpn-sessiondb_detail_l2l")) {
    const std::string& kind = r["connection_type"];
    if (kind != "IPSec") {
      VpnSessionView s;
      s.name = r["connection"];
      s.index = static_cast<std::uint32_t>(r.Number("index"));
      s.peer = Ip(r["ip_address"].c_str());
      s.cipher = CipherNamed(r["encryption"]);
      s.traffic.tx_bytes = r.Number("total_bytes_transmitted");
      s.traffic.rx_bytes = r.Number("total_bytes_received");
      s.login_wall = Wall(12632, 9, 32, 3);
      s.duration = Hours(6, 16, 26);
      sessions.push_back(s);
    }
    if (kind.empty()) continue;
    VpnTunnelView t = Tunnel(kind == "IKE" ? VpnTunnelKind::kIkev1 : VpnTunnelKind::kIpsec,
                             CipherNamed(r["encryption_method"]), HashNamed(r["hash_method"]));
    t.number = static_cast<std::uint32_t>(r.Number("session_id"));
    t.rekey_time = VpnLifetime{r.Number("rekey_interval"), r.Number("rekey_time_left")};
    if (kind == "IKE") {
      t.source_port = static_cast<std::uint16_t>(r.Number("udp_src_port"));
      t.destination_port = static_cast<std::uint16_t>(r.Number("udp_dst_port"));
      t.auth = r["authentication_mode"] == "preSharedKeys" ? VpnAuth::kPreSharedKeys : VpnAuth::kRsaCertificate;
      t.dh_group = static_cast<std::uint16_t>(r.Number("dh_group"));
    } else {
      // The networks of a sample have host bits: they are kept as they are.
      t.local.network = {Ip(r["local_address_network"].c_str()),
                         Prefix::Of(IpAddress::V4(0), *MaskLength(Ip(r["local_address_mask"].c_str()))).length};
      t.remote.network = {Ip(r["remote_address_network"].c_str()),
                          Prefix::Of(IpAddress::V4(0), *MaskLength(Ip(r["remote_address_mask"].c_str()))).length};
      t.encapsulation = r["encapsulation"] == "Tunnel" ? VpnEncapsulation::kTunnel : VpnEncapsulation::kTransport;
      t.dh_group = static_cast<std::uint16_t>(r.Number("pfs_group"));
      t.traffic = {r.Number("bytes_transmitted"),
                   r.Number("bytes_received"),
                   r.Number("packets_transmitted"),
                   r.Number("packets_received"),
                   0,
                   0};
    }
    sessions.back().tunnels.push_back(t);
  }
  ASSERT_EQ(sessions.size(), 3u);
  const auto show = [&](std::size_t i) { return ShowVpnSessions({sessions[i]}, true, est, {}, seven_); };
  EXPECT_EQ(show(0) + "\n" + show(1) + show(2), Raw("show_vpn-sessiondb_detail_l2l"));
}

TEST_F(VpnSamples, SessiondbWebvpn) {
  VpnSessionView s;
  s.type = VpnSessionType::kWebVpn;
  s.name = "admin";
  s.index = 3;
  s.peer = Ip("10.229.20.77");
  s.license.premium = true;
  s.tunnels = {Tunnel(VpnTunnelKind::kClientless, VpnCipher::kAes128, VpnHash::kSha256)};
  s.traffic.tx_bytes = 72214;
  s.traffic.rx_bytes = 270241;
  s.group_policy = "WEBVPN_Group_Policy";
  s.tunnel_group = "DefaultWEBVPNGroup";
  s.login_wall = Wall(16581, 10, 40, 4);
  s.duration = Hours(0, 5, 21);
  SetAuditId(s, "0a1516010000300055644d84");
  // The sample lost the blanks behind its last field and the empty line that follows.
  EXPECT_EQ(WithoutTrailingBlanks(ShowVpnSessions({s}, false, {}, {}, nine_)),
            Genie("ShowVpnSessiondbWebvpn/cli/equal/golden_output_4_output.txt") + "\n");
}

TEST_F(VpnSamples, LoadBalancing) {
  VpnLoadBalancingView v;
  v.enabled = v.master = v.encryption = true;
  v.cluster = "cluster1";
  v.peers.resize(2);
  v.peers[0] = {true, true, 5, "ASA-VASA", 4, Ip("10.246.0.1"), {250, 0, 0}, {250, 2, 1}};
  v.peers[1] = {false, false, 5, "ASA-VASA", 4, Ip("10.246.0.2"), {0, 0, 0}, {0, 0, 0}};
  // The sample begins with its prompt; its last row lost the blanks before it, and blanks follow it.
  const auto lines = LinesOf(Genie("ShowVPNLoadBalancing/cli/equal/golden_output_output.txt"));
  const auto ours = LinesOf(ShowVpnLoadBalancing(v));
  ASSERT_EQ(ours.size() + 3, lines.size());
  for (std::size_t i = 0; i + 1 < ours.size(); i++) EXPECT_EQ(ours[i], lines[i + 2]);
  EXPECT_EQ(ours.back(), "      " + lines[ours.size() + 1]);
}

// The three outputs of the questions and answers about AnyConnect, whose columns were lost: words and their order.
TEST_F(VpnSamples, SessiondbDetailAnyConnectCase) {
  const Personality p = *PersonalityOf("8.4(5)");
  VpnSessionView s;
  s.type = VpnSessionType::kAnyConnect;
  s.name = "walter";
  s.index = 1435;
  s.assigned = Ip("192.168.1.4");
  s.peer = Ip("172.16.250.17");
  s.license.premium = true;
  s.group_policy = s.tunnel_group = "My-Network";
  s.traffic = {335765, 31508, 214, 18, 0, 0};
  s.login_wall = Wall(15674, 22, 13, 37);
  s.duration = Hours(0, 0, 34);
  VpnTunnelView portal = Tunnel(VpnTunnelKind::kClientless, VpnCipher::kRc4, VpnHash::kSha1);
  portal.public_address = s.peer;
  portal.encapsulation = VpnEncapsulation::kTls10;
  portal.over_tcp = true;
  portal.destination_port = 443;
  portal.auth = VpnAuth::kUserPassword;
  portal.idle = VpnLifetime{120, 110};
  portal.client_type = "Web Browser";
  portal.client_version = "Mozilla/5.0 (Windows NT 5.1; rv:16.0) Gecko/20100101 Firefox/16.0";
  portal.traffic = {329671, 31508, 0, 0, 0, 0};
  VpnTunnelView tls = portal;
  tls.kind = VpnTunnelKind::kSslTunnel;
  tls.number = 2;
  tls.assigned = s.assigned;
  tls.source_port = 1241;
  tls.client_type = "SSL VPN Client";
  tls.client_version = "Cisco AnyConnect VPN Agent for Windows 3.1.01065";
  tls.traffic = {6094, 0, 4, 0, 0, 0};
  VpnTunnelView dtls = tls;
  dtls.kind = VpnTunnelKind::kDtlsTunnel;
  dtls.number = 3;
  dtls.cipher = VpnCipher::kAes128;
  dtls.encapsulation = VpnEncapsulation::kDtls10;
  dtls.compression = VpnCompression::kLzs;
  dtls.over_tcp = false;
  dtls.source_port = 1250;
  dtls.client_type = "DTLS VPN Client";
  dtls.client_version = portal.client_version;
  dtls.traffic = {};
  s.tunnels = {portal, tls, dtls};
  const std::string text = OneBlank(ReadWhole(SharedFolder() + "/cases/anyconnect-faq.ja.txt"));
  const auto found = [&](const std::string& ours) {
    // Columns were lost, so the two blanks between algorithms are one.
    return text.find(std::regex_replace(OneBlank(ours), std::regex(" +:"), " :")) != std::string::npos;
  };
  EXPECT_TRUE(found(ShowVpnSessions({s}, true, {}, {}, p))) << ShowVpnSessions({s}, true, {}, {}, p);

  // The same client without a browser.
  s.index = 1436;
  s.traffic = {12244, 777, 8, 1, 0, 0};
  s.login_wall = Wall(15674, 22, 15, 24);
  s.duration = Hours(0, 0, 11);
  VpnTunnelView& parent = s.tunnels[0];
  parent.kind = VpnTunnelKind::kAnyConnectParent;
  parent.cipher = VpnCipher::kNone;
  parent.hash = VpnHash::kNone;
  parent.encapsulation = VpnEncapsulation::kNone;
  parent.source_port = 1269;
  parent.client_type = "AnyConnect";
  parent.client_version = s.tunnels[2].client_version = "3.1.01065";
  parent.traffic = {6122, 777, 4, 1, 0, 0};
  s.tunnels[1].source_port = 1272;
  s.tunnels[1].traffic.tx_bytes = 6122;
  s.tunnels[2].source_port = 1280;
  EXPECT_TRUE(found(ShowVpnSessions({s}, true, {}, {}, p))) << ShowVpnSessions({s}, true, {}, {}, p);
}

}  // namespace
}  // namespace sallyport::show_vpn_samples_test
