#include "firewall/packet.h"

#include <algorithm>

#include "firewall/base/checksum.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kPacketTcp = 6;
constexpr std::uint8_t kPacketSctp = 132;
constexpr std::uint32_t kSctpHeader = 12;
constexpr std::uint8_t kPacketUdp = 17;
constexpr std::uint8_t kPacketIcmp = 1;
constexpr std::uint8_t kPacketIcmp6 = 58;

// RFC 9293 3.1:
//   kind 0 end, 1 no-operation, 2 MSS (4), 3 window scale (3), 4 SACK permitted (2), 5 SACK (n), 8 timestamp (10)
TcpOptions ParseTcpOptions(Bytes header) {
  TcpOptions o;
  std::size_t at = 20;
  std::uint32_t seen = 0;  // kinds below 32
  while (at < header.size()) {
    const std::uint8_t kind = header[at];
    if (kind == 0) break;
    if (kind == 1) {
      at++;
      continue;
    }
    if (at + 1 >= header.size() || header[at + 1] < 2 || at + header[at + 1] > header.size()) {
      o.malformed = true;
      break;
    }
    const std::uint8_t length = header[at + 1];
    const auto offset = static_cast<std::uint8_t>(at);
    const bool known = (kind >= 2 && kind <= 5) || kind == 8;
    if (!known || (seen & 1u << kind) != 0) o.unusual = true;
    if (known) seen |= 1u << kind;
    if (kind == 2 && length == 4) o.mss_offset = offset;
    if (kind == 3 && length == 3) o.window_scale = std::min<std::uint8_t>(header[at + 2], 14);
    if (kind == 5 && (length - 2) % 8 == 0) o.sack_offset = offset;
    if (kind == 8 && length == 10) o.timestamp_offset = offset;
    at += length;
  }
  return o;
}

FrameDrop ParseTcp(Packet& p, std::uint32_t length) {
  // Enough must have been copied up to see the whole header. What can be read of a broken one is for those who show it.
  const std::size_t have = std::min<std::size_t>(p.bytes.size() - p.l4_offset, length);
  const std::uint8_t* h = p.l4();
  if (have >= 4) p.key.sport = LoadBe16(h), p.key.dport = LoadBe16(h + 2);
  if (have < 20) return FrameDrop::kInvalidTcpHdrLength;
  const std::uint32_t header = static_cast<std::uint32_t>(h[12] >> 4) * 4;
  p.seq = LoadBe32(h + 4);
  p.ack = LoadBe32(h + 8);
  p.tcp_flags = h[13] & 0x3f;
  p.window = LoadBe16(h + 14);
  if (header < 20 || header > length) return FrameDrop::kInvalidTcpHdrLength;
  p.payload_offset = p.l4_offset + header;
  p.payload_length = length - header;
  if (header > have) return FrameDrop::kInvalidTcpHdrLength;
  p.tcp_options = header > 20 ? ParseTcpOptions(Bytes(h, header)) : TcpOptions{};
  const std::uint8_t f = p.tcp_flags;
  if (f == 0 || (f & (kTcpSyn | kTcpFin)) == (kTcpSyn | kTcpFin) || (f & (kTcpSyn | kTcpRst)) == (kTcpSyn | kTcpRst)) {
    return FrameDrop::kBadTcpFlags;
  }
  if (p.tcp_options.malformed) return FrameDrop::kTcpBadOptionList;
  return FrameDrop::kNone;
}

FrameDrop ParseUdp(Packet& p, std::uint32_t length) {
  const std::size_t have = std::min<std::size_t>(p.bytes.size() - p.l4_offset, length);
  const std::uint8_t* h = p.l4();
  if (have >= 4) p.key.sport = LoadBe16(h), p.key.dport = LoadBe16(h + 2);
  if (have < 8) return FrameDrop::kInvalidUdpLength;
  const std::uint16_t stated = LoadBe16(h + 4);
  if (stated < 8 || stated > length) return FrameDrop::kInvalidUdpLength;
  p.payload_offset = p.l4_offset + 8;
  p.payload_length = stated - 8u;
  return FrameDrop::kNone;
}

// RFC 9260 3.1. Less than a header is some protocol without ports.
FrameDrop ParseSctp(Packet& p, std::uint32_t length) {
  p.payload_offset = p.l4_offset;
  p.payload_length = length;
  if (length < kSctpHeader || p.bytes.size() - p.l4_offset < kSctpHeader) return FrameDrop::kNone;
  p.key.sport = LoadBe16(p.l4());
  p.key.dport = LoadBe16(p.l4() + 2);
  p.payload_offset += kSctpHeader;
  p.payload_length -= kSctpHeader;
  return FrameDrop::kNone;
}

FrameDrop ParseIcmp(Packet& p, std::uint32_t length) {
  if (length < 8 || p.bytes.size() - p.l4_offset < 8) return FrameDrop::kInvalidIpLength;
  const std::uint8_t* h = p.l4();
  p.icmp_type = h[0];
  p.icmp_code = h[1];
  p.payload_offset = p.l4_offset + 8;
  p.payload_length = length - 8;
  if (!p.IsIcmp()) return FrameDrop::kNone;  // the other family's: just another protocol
  if (!p.v6) {
    switch (h[0]) {
      case 8: case 13: case 15: case 17:
        p.icmp_query = true;
        break;
      case 0: case 14: case 16: case 18:
        p.icmp_reply = true;
        break;
      case 3: case 4: case 5: case 11: case 12:
        p.icmp_error = true;
        break;
      default:
        break;
    }
  } else {
    p.icmp_query = h[0] == 128;
    p.icmp_reply = h[0] == 129;
    p.icmp_error = h[0] < 128;
  }
  if (p.icmp_query) p.key.sport = LoadBe16(h + 4);
  if (p.icmp_reply) p.key.dport = LoadBe16(h + 4);
  if (p.icmp_query || p.icmp_reply) p.icmp_sequence = LoadBe16(h + 6);
  return FrameDrop::kNone;
}

// RFC 791 3.1
FrameDrop ParseV4(Packet& p) {
  if (p.bytes.size() < 20) return FrameDrop::kInvalidIpLength;
  const std::uint8_t* h = p.bytes.data();
  // First what a broken header still says: a capture or a replay shows whose packet it was.
  p.ttl = h[8];
  p.dscp = h[1] >> 2;
  p.protocol = h[9];
  p.key.src = IpAddress::FromV4Bytes(h + 12);
  p.key.dst = IpAddress::FromV4Bytes(h + 16);
  const std::uint32_t header = static_cast<std::uint32_t>(h[0] & 15) * 4;
  if (header < 20 || header > p.bytes.size()) return FrameDrop::kInvalidIpHeader;
  const std::uint32_t total = LoadBe16(h + 2);
  if (total < header || total > p.wire_length) return FrameDrop::kInvalidIpLength;
  // A correct header, its checksum included, sums to zero.
  if (ChecksumFinish(ChecksumAdd(Bytes(h, header))) != 0) return FrameDrop::kInvalidIpHeader;
  if (total < p.wire_length) {  // link padding
    p.wire_length = total;
    if (p.bytes.size() > total) p.bytes = p.bytes.first(total);
  }
  p.l3_length = static_cast<std::uint16_t>(header);
  p.l4_offset = header;
  p.ip_options = header > 20;
  const std::uint16_t frag = LoadBe16(h + 6);
  p.dont_fragment = (frag & 0x4000) != 0;
  p.more_fragments = (frag & 0x2000) != 0;
  p.fragment_offset = static_cast<std::uint16_t>((frag & 0x1fff) << 3);
  p.fragment = p.more_fragments || p.fragment_offset != 0;
  p.fragment_id = LoadBe16(h + 4);
  return FrameDrop::kNone;
}

// RFC 8200 4: a chain of extension headers, of which at most eight are followed.
FrameDrop ParseV6(Packet& p) {
  if (p.bytes.size() < 40) return FrameDrop::kInvalidIpLength;
  const std::uint8_t* h = p.bytes.data();
  p.v6 = true;
  p.dont_fragment = true;
  p.ttl = h[7];
  p.dscp = static_cast<std::uint8_t>((h[0] & 15) << 2 | h[1] >> 6);
  p.key.src = IpAddress::FromV6Bytes(h + 8);
  p.key.dst = IpAddress::FromV6Bytes(h + 24);
  const std::uint32_t total = 40u + LoadBe16(h + 4);
  if (total > p.wire_length) return FrameDrop::kInvalidIpLength;
  if (total < p.wire_length) {
    p.wire_length = total;
    if (p.bytes.size() > total) p.bytes = p.bytes.first(total);
  }
  // ::ffff:a.b.c.d is how IPv4 addresses are held here; on the wire no honest packet has one (RFC 4038 4.2).
  if (p.key.src.IsV4() || p.key.dst.IsV4()) return FrameDrop::kIpv6SpSecurityFailed;
  std::uint8_t next = h[6];
  std::size_t at = 40;
  for (int seen = 0; next == 0 || next == 43 || next == 60 || next == 44; seen++) {
    if (seen == 8 || at + 8 > p.bytes.size()) return FrameDrop::kIpv6BadEh;
    const std::uint8_t* e = p.bytes.data() + at;
    if (next == 0 && at != 40) return FrameDrop::kIpv6BadEh;  // hop-by-hop options stand first or nowhere
    if (next == 43) p.routing_type = e[2];
    p.extension_headers |= next == 0 ? kExtHopByHop : next == 60 ? kExtDestination : next == 43 ? kExtRouting : kExtFragment;
    if (next == 44) {
      const std::uint16_t frag = LoadBe16(e + 2);
      p.more_fragments = (frag & 1) != 0;
      p.fragment_offset = frag & 0xfff8;
      p.fragment = p.more_fragments || p.fragment_offset != 0;
      p.fragment_id = LoadBe32(e + 4);
      at += 8;
    } else {
      at += 8 + std::size_t{e[1]} * 8;
    }
    next = e[0];
    if (at > p.bytes.size()) return FrameDrop::kIpv6BadEh;
    if (p.fragment && p.fragment_offset != 0) break;
  }
  p.protocol = next;
  p.l3_length = static_cast<std::uint16_t>(at);
  p.l4_offset = static_cast<std::uint32_t>(at);
  return FrameDrop::kNone;
}

// Where the transport checksum is, or 0 when the protocol has none that covers what we rewrite.
std::size_t ChecksumOffset(const Packet& p) {
  switch (p.protocol) {
    case kPacketTcp: return p.l4_offset + 16;
    case kPacketUdp: return p.l4_offset + 6;
    case kPacketIcmp6: return p.v6 ? p.l4_offset + 2 : 0;
    default: return 0;
  }
}

// Applies a change of a 16-bit word to the transport checksum. `pseudo`: the word is part of the pseudo header, which is
// all that a pending checksum covers (stored uncomplemented, RFC 1071 sum).
void UpdateTransport(Packet& p, std::uint16_t was, std::uint16_t is, bool pseudo) {
  const std::size_t at = ChecksumOffset(p);
  if (at == 0 || at + 2 > p.bytes.size() || p.fragment_offset != 0) return;
  std::uint8_t* c = p.bytes.data() + at;
  std::uint16_t check = LoadBe16(c);
  if (p.protocol == kPacketUdp && check == 0 && !p.checksum_pending) return;  // RFC 768: none was computed
  if (p.checksum_pending) {
    if (!pseudo) return;
    check = static_cast<std::uint16_t>(~ChecksumUpdate16(static_cast<std::uint16_t>(~check), was, is));
    StoreBe16(c, check);
    return;
  }
  check = ChecksumUpdate16(check, was, is);
  if (p.protocol == kPacketUdp && check == 0) check = 0xffff;
  StoreBe16(c, check);
}

void RewriteAddress(Packet& p, std::size_t at, IpAddress address) {
  std::uint8_t fresh[16];
  const std::size_t length = p.v6 ? 16 : 4;
  if (p.v6) {
    address.StoreV6(fresh);
  } else {
    address.StoreV4(fresh);
  }
  std::uint8_t* old = p.bytes.data() + at;
  for (std::size_t i = 0; i < length; i += 2) {
    const std::uint16_t was = LoadBe16(old + i);
    const std::uint16_t is = LoadBe16(fresh + i);
    if (was == is) continue;
    if (!p.v6) StoreBe16(p.bytes.data() + 10, ChecksumUpdate16(LoadBe16(p.bytes.data() + 10), was, is));
    UpdateTransport(p, was, is, true);
    StoreBe16(old + i, is);
  }
}

void RewritePort(Packet& p, std::size_t at, std::uint16_t port) {
  if (p.fragment_offset != 0 || at + 2 > p.bytes.size()) return;
  std::uint8_t* field = p.bytes.data() + at;
  const std::uint16_t was = LoadBe16(field);
  if (was == port) return;
  if (p.protocol == kPacketIcmp && !p.v6) {
    std::uint8_t* c = p.l4() + 2;
    StoreBe16(c, ChecksumUpdate16(LoadBe16(c), was, port));
  } else {
    UpdateTransport(p, was, port, false);
  }
  StoreBe16(field, port);
  if (p.protocol == kPacketSctp && p.Whole() && p.wire_length >= p.l4_offset + kSctpHeader) {
    // Its checksum is of ports and payload, not of addresses; the lowest byte goes first (RFC 9260 6.8, appendix A).
    std::uint8_t* check = p.l4() + 8;
    std::fill(check, check + 4, std::uint8_t{0});
    const std::uint32_t sum = Crc32c(Bytes(p.bytes).subspan(p.l4_offset));
    for (int i = 0; i < 4; i++) check[i] = static_cast<std::uint8_t>(sum >> 8 * i);
  }
}

}  // namespace

FrameDrop ParseTransport(Packet& p, std::uint32_t length) {
  switch (p.protocol) {
    case kPacketTcp: return ParseTcp(p, length);
    case kPacketUdp: return ParseUdp(p, length);
    case kPacketSctp: return ParseSctp(p, length);
    case kPacketIcmp:
    case kPacketIcmp6: return ParseIcmp(p, length);
    default:
      p.payload_offset = p.l4_offset;
      p.payload_length = length;
      return FrameDrop::kNone;
  }
}

FrameDrop ParsePacket(Packet& p) {
  if (p.bytes.empty()) return FrameDrop::kInvalidIpLength;
  const int version = p.bytes[0] >> 4;
  if (version != 4 && version != 6) return FrameDrop::kUnsupportedIpVersion;
  const FrameDrop bad = version == 4 ? ParseV4(p) : ParseV6(p);
  if (bad != FrameDrop::kNone) return bad;
  p.key.protocol = p.protocol;
  p.key.ingress = p.ingress;
  p.payload_offset = p.l4_offset;
  p.payload_length = p.wire_length - p.l4_offset;
  if (p.fragment) return FrameDrop::kNone;
  return ParseTransport(p, p.wire_length - p.l4_offset);
}

bool VerifyTransportChecksum(const Packet& p) {
  if (p.checksum_pending || p.checksum_checked || p.fragment || !p.Whole()) return true;
  const Bytes part = Bytes(p.bytes).subspan(p.l4_offset);
  if (p.protocol == kPacketIcmp && !p.v6) return ChecksumFinish(ChecksumAdd(part)) == 0;
  const std::size_t at = ChecksumOffset(p);
  if (at == 0) return true;
  if (p.protocol == kPacketUdp && LoadBe16(p.bytes.data() + at) == 0) return !p.v6;
  const Bytes covered = p.protocol == kPacketUdp ? part.first(p.payload_length + 8) : part;
  return ChecksumFinish(ChecksumAdd(covered, PseudoHeaderSum(p.key.src, p.key.dst, p.protocol,
                                                             static_cast<std::uint32_t>(covered.size())))) == 0;
}

void RewriteSource(Packet& p, IpAddress address, std::uint16_t port) {
  RewriteAddress(p, p.v6 ? 8 : 12, address);
  if (p.HasPorts()) RewritePort(p, p.l4_offset, port);
  if (p.icmp_query) RewritePort(p, p.l4_offset + 4, port);
  p.key.src = address;
  if (p.HasPorts() || p.icmp_query) p.key.sport = port;
  p.rewritten = true;
}

void RewriteDestination(Packet& p, IpAddress address, std::uint16_t port) {
  RewriteAddress(p, p.v6 ? 24 : 16, address);
  if (p.HasPorts()) RewritePort(p, p.l4_offset + 2, port);
  if (p.icmp_reply) RewritePort(p, p.l4_offset + 4, port);
  p.key.dst = address;
  if (p.HasPorts() || p.icmp_reply) p.key.dport = port;
  p.rewritten = true;
}

void RewriteTcpNumbers(Packet& p, std::uint32_t seq_delta, std::uint32_t ack_delta) {
  const auto put = [&p](std::uint8_t* field, std::uint32_t is) {
    const std::uint32_t was = LoadBe32(field);
    // A word at an odd offset enters the sum with its bytes swapped.
    const bool odd = ((field - p.l4()) & 1) != 0;
    auto hi_was = static_cast<std::uint16_t>(was >> 16), lo_was = static_cast<std::uint16_t>(was);
    auto hi_is = static_cast<std::uint16_t>(is >> 16), lo_is = static_cast<std::uint16_t>(is);
    if (odd) {
      hi_was = __builtin_bswap16(hi_was), lo_was = __builtin_bswap16(lo_was);
      hi_is = __builtin_bswap16(hi_is), lo_is = __builtin_bswap16(lo_is);
    }
    UpdateTransport(p, hi_was, hi_is, false);
    UpdateTransport(p, lo_was, lo_is, false);
    StoreBe32(field, is);
  };
  if (seq_delta != 0) {
    p.seq += seq_delta;
    put(p.l4() + 4, p.seq);
    p.rewritten = true;
  }
  if (ack_delta == 0 || (p.tcp_flags & kTcpAck) == 0) return;
  p.ack += ack_delta;
  put(p.l4() + 8, p.ack);
  p.rewritten = true;
  if (p.tcp_options.sack_offset != 0) {
    std::uint8_t* option = p.l4() + p.tcp_options.sack_offset;
    for (int i = 2; i + 4 <= option[1]; i += 4) put(option + i, LoadBe32(option + i) + ack_delta);
  }
}

bool ClampMss(Packet& p, std::uint16_t maximum, std::uint16_t minimum) {
  if (p.tcp_options.mss_offset == 0) return false;
  std::uint8_t* field = p.l4() + p.tcp_options.mss_offset + 2;
  const std::uint16_t was = LoadBe16(field);
  std::uint16_t is = was;
  if (maximum != 0 && is > maximum) is = maximum;
  if (minimum != 0 && is < minimum) is = minimum;
  if (is == was) return false;
  if (((p.tcp_options.mss_offset + 2) & 1) != 0) {
    UpdateTransport(p, __builtin_bswap16(was), __builtin_bswap16(is), false);
  } else {
    UpdateTransport(p, was, is, false);
  }
  StoreBe16(field, is);
  p.rewritten = true;
  return true;
}

void PutTcpByte(Packet& p, std::size_t at, std::uint8_t value) {
  std::uint8_t* word = p.l4() + (at & ~std::size_t{1});
  const std::uint16_t was = LoadBe16(word);
  p.l4()[at] = value;
  UpdateTransport(p, was, LoadBe16(word), false);
  p.rewritten = true;
}

void RewriteTtl(Packet& p, std::uint8_t ttl) {
  if (p.v6) {
    p.bytes[7] = ttl;
  } else {
    const std::uint16_t was = LoadBe16(&p.bytes[8]);
    p.bytes[8] = ttl;
    StoreBe16(&p.bytes[10], ChecksumUpdate16(LoadBe16(&p.bytes[10]), was, LoadBe16(&p.bytes[8])));
  }
  p.ttl = ttl;
  p.rewritten = true;
}

void CompleteChecksum(Packet& p) {
  if (!p.checksum_pending || p.fragment || !p.Whole()) return;
  const std::size_t at = ChecksumOffset(p);
  if (at == 0 || at + 2 > p.bytes.size()) return;
  std::uint8_t* c = p.bytes.data() + at;
  StoreBe16(c, 0);
  const Bytes part = Bytes(p.bytes).subspan(p.l4_offset);
  const auto length = static_cast<std::uint32_t>(part.size());
  std::uint16_t check = ChecksumFinish(ChecksumAdd(part, PseudoHeaderSum(p.key.src, p.key.dst, p.protocol, length)));
  if (p.protocol == kPacketUdp && check == 0) check = 0xffff;
  StoreBe16(c, check);
  p.checksum_pending = false;
}

void DecrementTtl(Packet& p) {
  p.ttl--;
  p.rewritten = p.hop_counted = true;
  std::uint8_t* h = p.bytes.data();
  if (p.v6) {
    h[7] = p.ttl;
    return;
  }
  const std::uint16_t was = LoadBe16(h + 8);
  h[8] = p.ttl;
  StoreBe16(h + 10, ChecksumUpdate16(LoadBe16(h + 10), was, LoadBe16(h + 8)));
}

}  // namespace sallyport
