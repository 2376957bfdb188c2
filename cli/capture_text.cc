#include "cli/capture_text.h"

#include <algorithm>

#include "cli/show_packet_tracer.h"
#include "cli/show_text.h"
#include "firewall/base/checksum.h"
#include "firewall/packet.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kEtherIpv4 = 0x0800, kEtherVlan = 0x8100, kEtherIpv6 = 0x86dd;

std::string TcpFlagText(std::uint8_t flags) {
  static constexpr std::pair<std::uint8_t, char> kLetters[] = {{kTcpSyn, 'S'}, {kTcpFin, 'F'}, {kTcpRst, 'R'},
                                                               {kTcpPsh, 'P'}, {0x80, 'W'},    {0x40, 'E'}};
  std::string out;
  for (const auto& [bit, letter] : kLetters) {
    if ((flags & bit) != 0) out += letter;
  }
  return out.empty() ? "." : out;
}

void AppendTcpOptions(Bytes options, std::string& out) {
  char before = '<';
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t kind = options[at];
    out += before;
    before = ',';
    if (kind <= 1) {
      out += kind == 0 ? "eol" : "nop";
      at++;
      if (kind == 0) break;
      continue;
    }
    const std::size_t length = at + 1 < options.size() ? options[at + 1] : 0;
    if (length < 2 || at + length > options.size()) {
      out += "[bad opt]";
      break;
    }
    const std::uint8_t* v = options.data() + at + 2;
    if (kind == 2 && length == 4) {
      Append(out, "mss {}", LoadBe16(v));
    } else if (kind == 3 && length == 3) {
      Append(out, "wscale {}", *v);
    } else if (kind == 4 && length == 2) {
      out += "sackOK";
    } else if (kind == 5 && length % 8 == 2) {
      Append(out, "sack sack {} ", length / 8);
      for (std::size_t i = 0; i + 8 <= length - 2; i += 8) Append(out, "{{{}:{}}} ", LoadBe32(v + i), LoadBe32(v + i + 4));
    } else if (kind == 8 && length == 10) {
      Append(out, "timestamp {} {}", LoadBe32(v), LoadBe32(v + 4));
    } else {
      Append(out, "opt-{}:", kind);
      for (std::size_t i = 0; i < length - 2; i++) Append(out, "{:02x}", v[i]);
    }
    at += length;
  }
  if (before == ',') out += "> ";
}

// "[tcp sum ok] ", "[bad udp cksum d16b!] ", or nothing when it cannot be judged.
std::string ChecksumText(const Packet& p, const char* name) {
  if (!p.Whole() || p.fragment) return "";
  const std::size_t at = p.l4_offset + (p.IsTcp() ? 16u : 6u);
  if (p.IsUdp() && LoadBe16(&p.bytes[at]) == 0) return "";
  const Bytes part = Bytes(p.bytes).subspan(p.l4_offset);
  const std::uint16_t left = ChecksumFinish(ChecksumAdd(part, PseudoHeaderSum(p.key.src, p.key.dst, p.protocol,
                                                                              static_cast<std::uint32_t>(part.size()))));
  return left == 0 ? fmt::format("[{} sum ok] ", name) : fmt::format("[bad {} cksum {:x}!] ", name, left);
}

std::string Quoted(const Packet& p, std::string& protocol, std::uint16_t& port) {
  const std::size_t at = p.l4_offset + 8u;
  if (p.v6 || p.bytes.size() < at + 24) return "";
  const std::uint8_t* h = p.bytes.data() + at;
  const std::size_t header = static_cast<std::size_t>(h[0] & 15) * 4;
  protocol = h[9] == 6 ? "tcp" : h[9] == 17 ? "udp" : "";
  if (p.bytes.size() >= at + header + 4) port = LoadBe16(h + header + 2);
  return IpAddress::FromV4Bytes(h + 16).ToString();
}

std::string IcmpText(const Packet& p) {
  std::string protocol;
  std::uint16_t port = 0;
  const std::string host = p.icmp_error ? Quoted(p, protocol, port) : "";
  const std::uint8_t code = p.icmp_code;
  switch (p.icmp_type) {
    case 0: return "echo reply";
    case 8: return "echo request";
    case 3:
      switch (code) {
        case 0: return fmt::format("net {} unreachable", host);
        case 1: return fmt::format("host {} unreachable", host);
        case 3:
          if (!protocol.empty()) return fmt::format("{} {} port {} unreachable", host, protocol, port);
          return fmt::format("{} port unreachable", host);
        case 4: {
          const std::uint16_t mtu = p.bytes.size() >= p.l4_offset + 8u ? LoadBe16(p.l4() + 6) : 0;
          if (mtu != 0) return fmt::format("{} unreachable - need to frag (mtu {})", host, mtu);
          return fmt::format("{} unreachable - need to frag", host);
        }
        case 9: return fmt::format("net {} unreachable - admin prohibited", host);
        case 10: return fmt::format("host {} unreachable - admin prohibited", host);
        case 13: return fmt::format("host {} unreachable - admin prohibited filter", host);
        default: return fmt::format("{} unreachable - #{}", host, code);
      }
    case 4: return "source quench";
    case 5: return fmt::format("redirect {} to host", host);
    case 9: return "router advertisement";
    case 10: return "router solicitation";
    case 11: return code == 1 ? "ip reassembly time exceeded" : "time exceeded in-transit";
    case 12: return "parameter problem";
    case 13: return fmt::format("time stamp query id {} seq {}", p.key.sport, p.icmp_sequence);
    case 14: return fmt::format("time stamp reply id {} seq {}", p.key.dport, p.icmp_sequence);
    case 15: return "information request";
    case 16: return "information reply";
    case 17: return "address mask request";
    case 18: return "address mask reply";
    default: return fmt::format("type-#{}", p.icmp_type);
  }
}

std::string Icmp6Text(const Packet& p) {
  const auto target = [&] {
    const std::size_t at = p.l4_offset + 8u;
    return p.bytes.size() >= at + 16 ? IpAddress::FromV6Bytes(p.bytes.data() + at).ToString() : std::string();
  };
  switch (p.icmp_type) {
    case 1: return "destination unreachable";
    case 2: return "packet too big";
    case 3: return p.icmp_code == 1 ? "ip reassembly time exceeded" : "time exceeded in-transit";
    case 4: return "parameter problem";
    case 128: return "echo request";
    case 129: return "echo reply";
    case 133: return "router solicitation";
    case 134: return "router advertisement";
    case 135: return "neighbor sol: who has " + target();
    case 136: return "neighbor adv: tgt is " + target();
    case 137: return "redirect";
    default: return fmt::format("type-#{}", p.icmp_type);
  }
}

void AppendTransport(const Packet& p, bool detail, std::string& out) {
  if (p.IsTcp()) {
    Append(out, ": {} ", TcpFlagText(p.tcp_flags));
    if (detail) out += ChecksumText(p, "tcp");
    if (p.payload_length != 0 || (p.tcp_flags & (kTcpSyn | kTcpFin | kTcpRst)) != 0) {
      Append(out, "{}:{}({}) ", p.seq, p.seq + p.payload_length, p.payload_length);
    }
    if ((p.tcp_flags & kTcpAck) != 0) Append(out, "ack {} ", p.ack);
    Append(out, "win {} ", p.window);
    if ((p.tcp_flags & kTcpUrg) != 0) Append(out, "urg {} ", LoadBe16(p.l4() + 18));
    const std::size_t end = std::min<std::size_t>(p.payload_offset, p.bytes.size());
    if (end > p.l4_offset + 20u) AppendTcpOptions(Bytes(p.bytes).subspan(p.l4_offset + 20, end - p.l4_offset - 20), out);
  } else if (p.IsUdp()) {
    Append(out, ":  {}udp {} ", detail ? ChecksumText(p, "udp") : "", p.payload_length);
  } else if (p.IsIcmp()) {
    Append(out, ": icmp: {} ", IcmpText(p));
  } else if (p.protocol == 58) {
    Append(out, ": icmp6: {} ", Icmp6Text(p));
  } else {
    Append(out, ":  ip-proto-{}, length {} ", p.protocol, p.wire_length - std::min<std::uint32_t>(p.wire_length, p.l4_offset));
  }
}

void AppendDump(const std::vector<std::uint8_t>& bytes, std::string& out) {
  for (std::size_t line = 0; line < bytes.size(); line += 16) {
    std::string hex, text;
    for (std::size_t i = line; i < std::min(line + 16, bytes.size()); i++) {
      if (i != line && i % 2 == 0) hex += ' ';
      Append(hex, "{:02x}", bytes[i]);
      text += bytes[i] > 0x20 && bytes[i] < 0x7f ? static_cast<char>(bytes[i]) : '.';
    }
    Append(out, "0x{:04x}   {:<39}        {}\n", line, hex, text);
  }
}

// The header of an IKE message (RFC 2408, 7296), as `decode` shows it.
void AppendIke(const Packet& p, std::string& out) {
  const auto ike = [](std::uint16_t port) { return port == 500 || port == 4500; };
  if (!p.IsUdp() || p.fragment || !(ike(p.key.sport) || ike(p.key.dport))) return;
  std::size_t at = p.payload_offset;
  if (p.key.sport == 4500 || p.key.dport == 4500) {
    if (p.bytes.size() < at + 4 || LoadBe32(&p.bytes[at]) != 0) return;  // no marker: ESP
    at += 4;
  }
  if (p.bytes.size() < at + 28) return;
  const std::uint8_t* h = p.bytes.data() + at;
  const auto cookie = [](const std::uint8_t* c) {
    std::string text;
    for (int i = 0; i < 8; i++) Append(text, "{:02x}{}", c[i], i == 7 ? "" : " ");
    return text;
  };
  const auto exchange = [](std::uint8_t type) -> std::string {
    switch (type) {
      case 2: return "Identity Protection (Main Mode)";
      case 4: return "Aggressive Mode";
      case 5: return "Informational";
      case 32: return "Quick Mode";
      case 34: return "IKE_SA_INIT";
      case 35: return "IKE_AUTH";
      case 36: return "CREATE_CHILD_SA";
      case 37: return "INFORMATIONAL";
      default: return std::to_string(type);
    }
  };
  Append(out, "  ISAKMP Header\n    Initiator COOKIE: {}\n    Responder COOKIE: {}\n    Next Payload: {}\n    Version: {}.{}\n", cookie(h),
         cookie(h + 8), h[16], h[17] >> 4, h[17] & 15);
  Append(out, "    Exchange Type: {}\n    Flags: 0x{:02x}\n    MessageID: {:08X}\n    Length: {}\n", exchange(h[18]), h[19], LoadBe32(h + 20),
         LoadBe32(h + 24));
}

Packet Parsed(std::vector<std::uint8_t>& bytes, std::uint32_t wire_length) {
  Packet p;
  p.bytes = bytes;
  p.wire_length = wire_length;
  (void)ParsePacket(p);
  if (p.fragment && p.fragment_offset == 0) (void)ParseTransport(p, p.wire_length - p.l4_offset);  // a first fragment has ports to show
  return p;
}

std::string Body(const Packet& p, bool detail) {
  const bool later = p.fragment && p.fragment_offset != 0;
  const bool ports = (p.IsTcp() || p.IsUdp()) && !later;
  const auto end = [&](IpAddress a, std::uint16_t port) { return a.ToString() + (ports ? "." + std::to_string(port) : ""); };
  std::string out = end(p.key.src, p.key.sport) + " > " + end(p.key.dst, p.key.dport);
  later ? out += "  " : (AppendTransport(p, detail, out), out);
  if (p.fragment) {
    Append(out, "(frag {}:{}@{}{}) ", p.fragment_id, p.wire_length - p.l3_length, p.fragment_offset, p.more_fragments ? "+" : "");
  }
  if (!detail) return out;
  if (p.v6) {
    Append(out, "(len {}, hlim {}) ", p.wire_length - 40, p.ttl);
    return out;
  }
  if (p.dont_fragment) out += "(DF) ";
  if (p.bytes[1] != 0) Append(out, "[tos 0x{:x}] ", p.bytes[1]);
  p.fragment ? Append(out, "(ttl {}) ", p.ttl) : Append(out, "(ttl {}, id {}) ", p.ttl, LoadBe16(&p.bytes[4]));
  return out;
}

}  // namespace

std::vector<std::uint8_t> CapturedFrame::Bytes() const {
  std::vector<std::uint8_t> frame(destination.octets.begin(), destination.octets.end());
  frame.insert(frame.end(), source.octets.begin(), source.octets.end());
  const auto put = [&](std::uint16_t v) {
    frame.push_back(static_cast<std::uint8_t>(v >> 8));
    frame.push_back(static_cast<std::uint8_t>(v));
  };
  if (vlan) {
    put(kEtherVlan);
    put(static_cast<std::uint16_t>(*vlan));
  }
  put(!packet.bytes.empty() && packet.bytes[0] >> 4 == 6 ? kEtherIpv6 : kEtherIpv4);
  frame.insert(frame.end(), packet.bytes.begin(), packet.bytes.end());
  return frame;
}

std::string PacketBody(Bytes ip, std::uint32_t wire_length, bool detail) {
  std::vector<std::uint8_t> bytes(ip.begin(), ip.end());
  if (bytes.size() < 20) return "truncated-ip ";
  return Body(Parsed(bytes, wire_length), detail);
}

std::string PacketText(const CapturedFrame& frame, const CaptureForm& form, bool with_reason, const TimeZone& zone,
                       const Personality& personality) {
  const CapturedPacket& c = frame.packet;
  const CivilTime t = ToCivil(frame.wall_nanos, zone);
  std::string out = fmt::format("{:>4}: {:02}:{:02}:{:02}.{:06} ", c.number, t.hour, t.minute, t.second,
                                frame.wall_nanos % 1'000'000'000 / 1000);
  if (form.detail) {
    const bool v6 = !c.bytes.empty() && c.bytes[0] >> 4 == 6;
    Append(out, "{} {} 0x{:04x} Length: {}\n", frame.source.ToString(), frame.destination.ToString(),
           frame.vlan ? kEtherVlan : v6 ? kEtherIpv6 : kEtherIpv4, c.wire_length + kEthernetHeader + (frame.vlan ? 4 : 0));
  }
  out += "      ";
  if (frame.vlan) Append(out, "802.1Q vlan#{} P0 ", *frame.vlan);
  out += PacketBody(c.bytes, c.wire_length, form.detail);
  if (with_reason) {
    const std::string reason = DropReasonText(c.frame_drop, c.flow_drop, personality);
    out += reason;
  }
  out += "\n";
  if (form.dump) AppendDump(frame.Bytes(), out);
  if (form.decode) {
    std::vector<std::uint8_t> bytes = c.bytes;
    if (bytes.size() >= 20) AppendIke(Parsed(bytes, c.wire_length), out);
  }
  return out;
}

std::string PcapOf(const std::vector<CapturedFrame>& frames) {
  std::string out;
  const auto put32 = [&](std::uint32_t v) {
    for (int i = 0; i < 4; i++) out += static_cast<char>(v >> (8 * i) & 0xff);
  };
  // libpcap's file format: magic, version 2.4, zone, accuracy, greatest length, LINKTYPE_ETHERNET.
  put32(0xa1b2c3d4);
  put32(2u | 4u << 16);
  put32(0);
  put32(0);
  put32(65535);
  put32(1);
  for (const CapturedFrame& f : frames) {
    const std::vector<std::uint8_t> bytes = f.Bytes();
    put32(static_cast<std::uint32_t>(f.wall_nanos / 1'000'000'000));
    put32(static_cast<std::uint32_t>(f.wall_nanos % 1'000'000'000 / 1000));
    put32(static_cast<std::uint32_t>(bytes.size()));
    put32(f.packet.wire_length + static_cast<std::uint32_t>(bytes.size() - f.packet.bytes.size()));
    out.append(bytes.begin(), bytes.end());
  }
  return out;
}

}  // namespace sallyport
