#include "cli/show_conn.h"

#include "cli/show_text.h"
#include "firewall/log_text.h"

namespace sallyport {
namespace {

// 9.16(4), to the letter; later releases insert codes, earlier 9.x ones lack some.
constexpr std::string_view kLegendNine =
    "Flags: A - awaiting inside ACK to SYN, a - awaiting outside ACK to SYN,\n"
    "       B - initial SYN from outside, b - TCP state-bypass or nailed,\n"
    "       C - CTIQBE media, c - cluster centralized,\n"
    "       D - DNS / Umbrella, d - dump, E - outside back connection, e - semi-distributed,\n"
    "       F - outside FIN, f - inside FIN,\n"
    "       G - group, g - MGCP, H - H.323, h - H.225.0, I - inbound data,\n"
    "       i - incomplete, J - GTP, j - GTP data, K - GTP t3-response\n"
    "       k - Skinny media, L - LISP triggered flow owner mobility\n"
    "       l - local director/backup stub flow\n"
    "       M - SMTP data, m - SIP media, n - GUP\n"
    "       N - inspected by Snort\n"
    "       O - outbound data, o - offloaded,\n"
    "       P - inside back connection\n"
    "       Q - Diameter, q - SQL*Net data,\n"
    "       R - outside acknowledged FIN,\n"
    "       R - UDP SUNRPC, r - inside acknowledged FIN, S - awaiting inside SYN,\n"
    "       s - awaiting outside SYN, T - SIP, t - SIP transient, U - up, u - STUN,\n"
    "       V - VPN orphan, v - M3UA W - WAAS,\n"
    "       w - secondary domain backup,\n"
    "       X - inspected by service module,\n"
    "       x - per session, Y - director stub flow, y - backup stub flow,\n"
    "       Z - Scansafe redirection, z - forwarding stub flow\n";

// 8.x: the codes of that era; its line breaks are not confirmed.
constexpr std::string_view kLegendEight =
    "Flags: A - awaiting inside ACK to SYN, a - awaiting outside ACK to SYN,\n"
    "       B - initial SYN from outside, b - TCP state-bypass or nailed, C - CTIQBE media,\n"
    "       D - DNS, d - dump, E - outside back connection, F - outside FIN, f - inside FIN,\n"
    "       G - group, g - MGCP, H - H.323, h - H.225.0, I - inbound data,\n"
    "       i - incomplete, J - GTP, j - GTP data, K - GTP t3-response\n"
    "       k - Skinny media, M - SMTP data, m - SIP media, n - GUP\n"
    "       O - outbound data, P - inside back connection, p - Phone-proxy TFTP connection,\n"
    "       q - SQL*Net data, R - outside acknowledged FIN,\n"
    "       R - UDP SUNRPC, r - inside acknowledged FIN, S - awaiting inside SYN,\n"
    "       s - awaiting outside SYN, T - SIP, t - SIP transient, U - up,\n"
    "       V - VPN orphan, W - WAAS,\n"
    "       X - inspected by service module\n";

// One end as `show conn` sees it: "outside" is the side of the lower security level, which is printed first.
struct ConnEnd {
  std::string name;
  IpAddress real;
  IpAddress mapped;
  std::uint16_t real_port;
  std::uint16_t mapped_port;
};

bool InitiatorIsInside(const ConnView& v) {
  if ((v.conn.flags & kConnToBox) != 0) return false;  // the appliance trusts itself most
  if ((v.conn.flags & kConnFromBox) != 0) return true;
  if (v.in_level != v.out_level) return v.in_level > v.out_level;
  return (v.conn.flags & kConnOutbound) != 0;
}

// The appliance itself has another name here than in syslog.
std::string_view DisplayName(std::string_view nameif) { return nameif == "identity" ? "NP Identity Ifc" : nameif; }

// "outside-zone:isp1(isp2):"
std::string ZoneName(std::string_view zone, std::string_view parent, std::string_view now) {
  if (zone.empty()) return fmt::format("{}:", parent);
  return fmt::format("{}:{}{}:", zone, parent, now.empty() ? std::string() : fmt::format("({})", now));
}

ConnEnd Initiator(const ConnView& v) {
  return {std::string(DisplayName(v.in_name)), v.conn.initiator_real, v.conn.initiator_mapped, v.conn.initiator_real_port,
          v.conn.initiator_mapped_port};
}
ConnEnd Responder(const ConnView& v) {
  return {std::string(DisplayName(v.out_name)), v.conn.responder_real, v.conn.responder_mapped, v.conn.responder_real_port,
          v.conn.responder_mapped_port};
}

bool IsTcp(const Conn& c) { return c.protocol == static_cast<std::uint8_t>(IpProtocol::kTcp); }
bool IsUdp(const Conn& c) { return c.protocol == static_cast<std::uint8_t>(IpProtocol::kUdp); }

// A foreign host that the inside knows under another address is printed as "seen-from-inside(real)".
std::string ForeignAddress(const ConnEnd& e) {
  if (e.real == e.mapped) return e.real.ToString();
  return e.mapped.ToString() + "(" + e.real.ToString() + ")";
}

Duration Timeout(const Conn& c) { return Duration::Seconds(c.timeout_s); }

}  // namespace

std::string ShowConnCount(std::uint32_t in_use, std::uint32_t most_used) {
  return fmt::format("{} in use, {} most used\n", in_use, most_used);
}

std::string ShowConnHeader(std::uint32_t in_use, std::uint32_t most_used, ConnForm form, const Personality& personality) {
  std::string out = ShowConnCount(in_use, most_used);
  if (form != ConnForm::kOneLine) out += personality.conn_detail_initiator ? kLegendNine : kLegendEight;
  out += '\n';
  return out;
}

std::string ConnFlags(const ConnView& view) {
  const Conn& c = view.conn;
  if (view.expected) return !IsTcp(c) ? "i" : InitiatorIsInside(view) ? "Pi" : "Ei";
  if (IsUdp(c)) return c.inspect == static_cast<std::uint8_t>(InspectId::kDns) ? "D" : "-";
  if (!IsTcp(c)) return "";
  const bool initiator_inside = InitiatorIsInside(view);
  std::string special = (c.flags & kConnVpnOrphan) != 0 ? "V" : "";
  if ((c.flags & kConnServiceModule) != 0) special += 'X';
  if (c.tcp_state == TcpState::kSynSent) return (initiator_inside ? "saA" : "SaAB") + special;
  if (c.tcp_state == TcpState::kSynReceived) return (initiator_inside ? "A" : "aB") + special;
  if (c.tcp_state == TcpState::kBypass) return (c.flags & kConnVpnOrphan) != 0 ? "bV" : "b";  // nothing else is known of it
  std::string flags = "U";
  const TcpSide& inside = c.side[initiator_inside ? 0 : 1];
  const TcpSide& outside = c.side[initiator_inside ? 1 : 0];
  if ((inside.flags & kTcpSideFin) != 0) flags += 'f';
  if ((outside.flags & kTcpSideFin) != 0) flags += 'F';
  if ((inside.flags & kTcpSideFinAcked) != 0) flags += 'r';
  if ((outside.flags & kTcpSideFinAcked) != 0) flags += 'R';
  if ((c.flags & kConnPerSessionXlate) != 0) flags += 'x';
  const bool from_outside = (c.flags & (initiator_inside ? kConnDataReverse : kConnDataForward)) != 0;
  const bool from_inside = (c.flags & (initiator_inside ? kConnDataForward : kConnDataReverse)) != 0;
  if (from_outside) flags += 'I';
  if (from_inside) flags += 'O';
  if (!initiator_inside) flags += 'B';
  return flags + special;
}

std::string ShowConnEntry(const ConnView& view, TimePoint now, ConnForm form, const Personality& personality, bool zones) {
  const Conn& c = view.conn;
  const bool initiator_inside = InitiatorIsInside(view);
  ConnEnd initiator = Initiator(view), responder = Responder(view);
  if (zones) {
    initiator.name = ZoneName(view.in_zone, initiator.name, view.in_now);
    responder.name = ZoneName(view.out_zone, responder.name, view.out_now);
  }
  const ConnEnd& outside = initiator_inside ? responder : initiator;
  const ConnEnd& inside = initiator_inside ? initiator : responder;
  const std::string protocol = ProtocolLabel(c.protocol);
  const std::string flags = ConnFlags(view);
  const Duration idle = now - c.last_packet, uptime = now - c.created;
  std::string out;

  if (form == ConnForm::kOneLine) {
    const char* gap = personality.wide_show_conn && !zones ? "  " : " ";
    Append(out, "{} {}{}{}:{} {}{}{}:{}, idle {}, bytes {}", protocol, outside.name, gap, ForeignAddress(outside),
           outside.mapped_port, inside.name, gap, inside.real.ToString(), inside.real_port, HourMinuteSecond(idle), c.bytes);
    if (personality.wide_show_conn) {
      Append(out, ", flags {}{}", flags, flags.empty() ? "" : " ");
    } else if (!flags.empty()) {
      Append(out, ", flags {}", flags);
    }
    out += '\n';
    return out;
  }

  if (!personality.conn_detail_initiator) {  // before 9.0 both forms share two lines
    Append(out, "{} {}:{}/{} {}:{}/{},\n", protocol, outside.name, outside.real.ToString(), outside.real_port, inside.name,
           inside.real.ToString(), inside.real_port);
    Append(out, "    {}idle {}, uptime {}, timeout {}, bytes {}\n", flags.empty() ? "" : "flags " + flags + ", ",
           ShortDuration(idle), ShortDuration(uptime), ShortDuration(Timeout(c)), c.bytes);
    return out;
  }

  if (form == ConnForm::kDetail) {
    Append(out, "{} {}: {}/{} {}: {}/{},\n    flags {} , idle {}, uptime {}, timeout {}, bytes {}\n", protocol, outside.name,
           outside.real.ToString(), outside.real_port, inside.name, inside.real.ToString(), inside.real_port, flags,
           ShortDuration(idle), ShortDuration(uptime), ShortDuration(Timeout(c)), c.bytes);
  } else {
    Append(out, "{} {}: {}/{} ({}/{}) {}: {}/{} ({}/{}), flags {} , idle {}, uptime {}, timeout {}, bytes {}\n", protocol,
           outside.name, outside.real.ToString(), outside.real_port, outside.mapped.ToString(), outside.mapped_port,
           inside.name, inside.real.ToString(), inside.real_port, inside.mapped.ToString(), inside.mapped_port, flags,
           ShortDuration(idle), ShortDuration(uptime), ShortDuration(Timeout(c)), c.bytes);
  }
  if (IsTcp(c)) {
    Append(out, "  Initiator: {}, Responder: {}\n", c.initiator_real.ToString(), c.responder_real.ToString());
  }
  out += '\n';
  return out;
}

std::string ShowConn(const ConnPage& page, ConnForm form, const Personality& personality) {
  std::string out = ShowConnHeader(page.in_use, page.most_used, form, personality);
  for (const ConnView& v : page.conns) out += ShowConnEntry(v, page.now, form, personality);
  return out;
}

}  // namespace sallyport
