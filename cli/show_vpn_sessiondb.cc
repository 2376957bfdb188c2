#include "cli/show_vpn_sessiondb.h"

#include <algorithm>
#include <utility>

#include "cli/field_rows.h"
#include "cli/show_text.h"
#include "cli/vpn_session_rows.h"

namespace sallyport {
namespace {

// The longest name that leaves room beside it (a longer one, though it would fit, has its line for itself).
constexpr std::size_t kLongestName = 19;
constexpr const char* kNoSessions = "INFO: There are presently no active sessions of the type specified\n\n";

std::string_view TypeName(VpnSessionType type, const Personality& personality) {
  switch (type) {
    case VpnSessionType::kAnyConnect:
      return personality.ikev1_keyword ? "AnyConnect" : "SVC";
    case VpnSessionType::kWebVpn:
      return "WebVPN";
    case VpnSessionType::kLanToLan:
      return "LAN-to-LAN";
    case VpnSessionType::kIkev1RemoteAccess:
      return personality.ikev1_keyword ? "IKEv1 IPsec" : "IPsec";
    case VpnSessionType::kIkev2RemoteAccess:
      return "Generic Remote-Access IKEv2 IPsec";
    case VpnSessionType::kLoadBalancing:
      return "VPN Load Balancing";
  }
  return "";
}

std::string LicenseText(const VpnSessionView& s, const Personality& personality) {
  const VpnLicense& l = s.license;
  if (!personality.ikev1_keyword) return l.premium || l.essentials ? "SSL VPN" : "IPsec";
  std::string text = l.premium ? "AnyConnect Premium" : l.essentials ? "AnyConnect Essentials" : "Other VPN";
  if (l.mobile) text += ", AnyConnect for Mobile";
  if (l.phone) text += ", AnyConnect for Cisco VPN Phone";
  return text;
}

// Kinds and how many tunnels of each, in the order in which they came up.
std::vector<std::pair<VpnTunnelKind, int>> Kinds(const VpnSessionView& s) {
  std::vector<std::pair<VpnTunnelKind, int>> kinds;
  for (const VpnTunnelView& t : s.tunnels) {
    const auto it = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.first == t.kind; });
    if (it == kinds.end()) {
      kinds.emplace_back(t.kind, 1);
    } else {
      it->second++;
    }
  }
  return kinds;
}

void CountName(std::vector<std::pair<std::string_view, int>>& counts, std::string_view name) {
  const auto it = std::find_if(counts.begin(), counts.end(), [&](const auto& c) { return c.first == name; });
  if (it == counts.end()) {
    counts.emplace_back(name, 1);
  } else {
    it->second++;
  }
}

// "IKEv1: (1)AES256  IPsec: (2)AES128"; before 8.4 "AES256 AES128". `name`: of a tunnel's algorithm.
template <typename F>
std::string Algorithms(const VpnSessionView& s, const Personality& personality, F name) {
  std::string text;
  std::vector<std::pair<std::string_view, int>> counts;
  if (!personality.ikev1_keyword) {
    for (const VpnTunnelView& t : s.tunnels) {
      if (const std::string_view n = name(t); n != "none") CountName(counts, n);
    }
    for (const auto& [n, count] : counts) text += (text.empty() ? "" : " ") + std::string(n);
    return text.empty() ? "none" : text;
  }
  for (const auto& [kind, tunnels] : Kinds(s)) {
    counts.clear();
    for (const VpnTunnelView& t : s.tunnels) {
      if (t.kind == kind) CountName(counts, name(t));
    }
    Append(text, "{}{}:", text.empty() ? "" : "  ", NameOf(kind, personality));
    for (const auto& [n, count] : counts) Append(text, " ({}){}", count, n);
  }
  return text;
}

std::string Minutes(std::uint64_t seconds) { return fmt::format("{} Minutes", seconds / 60); }

void Addresses(FieldRows& rows, IpAddress assigned, const std::string& outside) {
  if (!assigned.IsNone()) rows.Begin("Assigned IP", assigned.ToString());
  rows.Then("Public IP", outside);
}

// A session and its tunnels.
class SessionText {
 public:
  SessionText(const TimeZone& zone, const AddressNames& names, const Personality& personality)
      : zone_(zone), names_(names), personality_(personality) {}

  std::string Session(const VpnSessionView& s, bool detail) const {
    FieldRows rows;
    Brief(rows, s, detail);
    std::string out = rows.Take() + "\n";
    if (detail) Detail(out, s);
    return out;
  }

  std::string Flat(const VpnSessionView& s, bool detail) const {
    FieldRows rows = FieldRows::Flat();
    rows.Line("Session Type", std::string(TypeName(s.type, personality_)) + (detail ? " Detailed" : ""));
    Brief(rows, s, detail);
    if (!detail) return rows.Take();
    for (const VpnTunnelView& t : s.tunnels) {
      rows.Line("Tunnel", NameOf(t.kind, personality_));
      Tunnel(rows, s, t);
    }
    return rows.Take();
  }

 private:
  void Brief(FieldRows& rows, const VpnSessionView& s, bool detail) const {
    if (s.type == VpnSessionType::kLanToLan) LanToLan(rows, s);
    else RemoteAccess(rows, s, detail);
  }
  void Algorithm(FieldRows& rows, const VpnSessionView& s) const {
    rows.Begin("Encryption", Algorithms(s, personality_, [](const VpnTunnelView& t) { return NamesOf(t.cipher).session; }));
    rows.Then("Hashing", Algorithms(s, personality_, [](const VpnTunnelView& t) { return NamesOf(t.hash).session; }));
  }
  void Times(FieldRows& rows, const VpnSessionView& s) const {
    rows.Line("Login Time", ClockSecondsText(s.login_wall, zone_));
    rows.Line("Duration", SessionDuration(s.duration));
  }

  void LanToLan(FieldRows& rows, const VpnSessionView& s) const {
    rows.Line("Connection", s.name);
    rows.Begin("Index", std::to_string(s.index));
    rows.Then("IP Addr", NameOrAddress(s.peer, names_));
    rows.Line("Protocol", VpnProtocols(s, personality_));
    Algorithm(rows, s);
    ByteRow(rows, s.traffic);
    Times(rows, s);
  }

  void RemoteAccess(FieldRows& rows, const VpnSessionView& s, bool detail) const {
    rows.Begin("Username", s.name, kLongestName);
    rows.Then("Index", std::to_string(s.index));
    if (s.assigned.IsNone()) {
      rows.Line("Public IP", NameOrAddress(s.peer, names_));
    } else {
      Addresses(rows, s.assigned, NameOrAddress(s.peer, names_));
    }
    if (!s.assigned_ipv6.IsNone()) rows.Line("Assigned IPv6", s.assigned_ipv6.ToString());
    rows.Line("Protocol", VpnProtocols(s, personality_));
    rows.Line("License", LicenseText(s, personality_));
    Algorithm(rows, s);
    ByteRow(rows, s.traffic);
    if (detail) {
      PacketRow(rows, s.traffic);
      DropRow(rows, s.traffic);
    }
    rows.Begin("Group Policy", s.group_policy, kLongestName);
    rows.Then("Tunnel Group", s.tunnel_group);
    Times(rows, s);
    rows.Line("Inactivity", SessionDuration(s.inactive));
    if (!personality_.audit_session_id) rows.Line("NAC Result", "Unknown");
    rows.Begin("VLAN Mapping", s.vlan_mapping.empty() ? "N/A" : s.vlan_mapping);
    rows.Then("VLAN", s.vlan ? std::to_string(*s.vlan) : "none");
    if (!personality_.audit_session_id) return;
    std::string id;
    for (const std::uint8_t byte : s.audit_id) Append(id, "{:02x}", byte);
    rows.Line("Audt Sess ID", id);
    rows.Line("Security Grp", fmt::format("{:<23}", s.security_group.empty() ? "none" : s.security_group));
  }

  void Detail(std::string& out, const VpnSessionView& s) const {
    for (const auto& [kind, tunnels] : Kinds(s)) Append(out, "{} Tunnels: {}\n", NameOf(kind, personality_), tunnels);
    out += "\n";
    for (const VpnTunnelView& t : s.tunnels) {
      Append(out, "{}:\n", NameOf(t.kind, personality_));
      const bool ike = IsIke(t.kind);
      FieldRows rows("  ", !ike);
      Tunnel(rows, s, t);
      out += rows.Take() + (ike ? "\n" : "  \n");
    }
    if (!personality_.ikev1_keyword) Admission(out, s.admission);
  }

  void Tunnel(FieldRows& rows, const VpnSessionView& s, const VpnTunnelView& t) const {
    rows.Line("Tunnel ID", fmt::format("{}.{}", s.index, t.number));
    if (IsIke(t.kind)) {
      Ike(rows, t);
    } else if (IsIpsec(t.kind)) {
      Ipsec(rows, t);
    } else {
      Ssl(rows, t);
    }
  }

  void Ike(FieldRows& rows, const VpnTunnelView& t) const {
    PortRow(rows, t);
    if (t.kind == VpnTunnelKind::kIkev1) {
      NegotiationRow(rows, t);
    } else {
      rows.Line("Rem Auth Mode", NamesOf(t.auth).session);
      rows.Line("Loc Auth Mode", NamesOf(t.local_auth).session);
    }
    CipherRow(rows, t);
    RekeyRows(rows, t);
    if (t.kind == VpnTunnelKind::kIkev2) rows.Begin("PRF", NamesOf(t.prf).session);
    rows.Then("D/H Group", std::to_string(t.dh_group));
    rows.Line("Filter Name", t.filter);
    if (!personality_.ikev1_keyword) rows.Line("IPv6 Filter", t.ipv6_filter);
    if (!t.client_os.empty()) {
      if (personality_.ikev1_keyword) {
        rows.Begin("Client OS", t.client_os);
        rows.Then("Client OS Ver", t.client_os_version);
      } else {
        rows.Line("Client Type", t.client_os);
        rows.Line("Client Ver", t.client_os_version);
      }
    }
  }

  static void Ipsec(FieldRows& rows, const VpnTunnelView& t) {
    rows.Line("Local Addr", SelectorText(t.local));
    rows.Line("Remote Addr", SelectorText(t.remote));
    CipherRow(rows, t);
    rows.Begin("Encapsulation", NameOf(t.encapsulation));
    if (t.dh_group != 0) rows.Then("PFS Group", std::to_string(t.dh_group));
    RekeyRows(rows, t);
    Timeouts(rows, t);
    ByteRow(rows, t.traffic);
    PacketRow(rows, t.traffic);
  }

  void Ssl(FieldRows& rows, const VpnTunnelView& t) const {
    if (t.assigned.IsNone()) {
      rows.Line("Public IP", t.public_address.ToString());
    } else {
      Addresses(rows, t.assigned, t.public_address.ToString());
    }
    CipherRow(rows, t);
    const bool rows_of_94 = personality_.release >= 904;
    if (!t.ciphersuite.empty() && rows_of_94) rows.Line("Ciphersuite", t.ciphersuite);
    if (t.encapsulation != VpnEncapsulation::kNone) rows.Begin("Encapsulation", NameOf(t.encapsulation));
    if (t.compression != VpnCompression::kNone) rows.Then("Compression", NameOf(t.compression));
    PortRow(rows, t);
    rows.Then("Auth Mode", NamesOf(t.auth).session);
    Timeouts(rows, t);
    if (!t.client_os.empty() && rows_of_94) rows.Begin("Client OS", t.client_os);
    if (!t.client_os_version.empty() && rows_of_94) rows.Begin("Client OS Ver", t.client_os_version);
    if (!t.client_type.empty()) rows.Line("Client Type", t.client_type);
    if (!t.client_version.empty()) rows.Line("Client Ver", t.client_version);
    ByteRow(rows, t.traffic);
    // A portal passes no packets.
    if (t.kind != VpnTunnelKind::kClientless) {
      PacketRow(rows, t.traffic);
      DropRow(rows, t.traffic);
    }
    if (!t.filter.empty()) rows.Line("Filter Name", t.filter);
  }

  static void Timeouts(FieldRows& rows, const VpnTunnelView& t) {
    if (t.session_limit) {
      rows.Begin("Conn Time Out", Minutes(t.session_limit->interval));
      rows.Then("Conn TO Left", Minutes(t.session_limit->left));
    }
    if (t.idle) {
      rows.Begin("Idle Time Out", Minutes(t.idle->interval));
      rows.Then("Idle TO Left", Minutes(t.idle->left));
    }
  }

  static void Admission(std::string& out, const VpnAdmission& a) {
    FieldRows rows("  ");
    rows.Begin("Reval Int (T)", SecondsText(a.revalidation_interval_s));
    rows.Then("Reval Left(T)", SecondsText(a.revalidation_left_s));
    rows.Begin("SQ Int (T)", SecondsText(a.query_interval_s));
    rows.Then("EoU Age(T)", SecondsText(a.age_s));
    rows.Begin("Hold Left (T)", SecondsText(a.hold_left_s));
    rows.Then("Posture Token", "");
    rows.Line("Redirect URL", "");
    out += "NAC:\n" + rows.Take() + "\n";
  }

  const TimeZone& zone_;
  const AddressNames& names_;
  const Personality& personality_;
};

}  // namespace

std::string VpnProtocols(const VpnSessionView& session, const Personality& personality) {
  std::string text;
  for (const auto& [kind, tunnels] : Kinds(session)) {
    if (!text.empty()) text += ' ';
    text += NameOf(kind, personality);
  }
  return text;
}

std::string ShowVpnSessionsFull(const std::vector<VpnSessionView>& sessions, bool detail, const TimeZone& zone, const AddressNames& names,
                                const Personality& personality) {
  if (sessions.empty()) return kNoSessions;
  const SessionText text(zone, names, personality);
  std::string out = "\n";
  for (const VpnSessionView& s : sessions) out += text.Flat(s, detail);
  return out;
}

std::string ShowVpnSessions(const std::vector<VpnSessionView>& sessions, bool detail, const TimeZone& zone,
                            const AddressNames& names, const Personality& personality) {
  if (sessions.empty()) return kNoSessions;
  const SessionText text(zone, names, personality);
  std::string out;
  for (std::size_t i = 0; i < sessions.size(); i++) {
    const VpnSessionView& s = sessions[i];
    if (!personality.vpn_tables_8 && s.type == VpnSessionType::kLanToLan) {
      out += VpnLanToLan7(s, detail, zone, names);
      continue;
    }
    if (i == 0 || sessions[i - 1].type != s.type) {
      Append(out, "{}Session Type: {}{}\n\n", i == 0 ? "\n" : "", TypeName(s.type, personality), detail ? " Detailed" : "");
    }
    out += text.Session(s, detail);
  }
  return out;
}

}  // namespace sallyport
