#include "firewall/other_family.h"

#include <algorithm>

#include "firewall/base/checksum.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kOtherIcmp = 1, kOtherTcp = 6, kOtherUdp = 17, kOtherIcmp6 = 58;
constexpr std::uint32_t kLeastMtu6 = 1280;  // RFC 8200 5
constexpr std::uint32_t kLeastMtu4 = kLeastMtu6 - 20;

struct HeaderFields {
  std::uint8_t tos = 0, ttl = 0, protocol = 0;
  std::uint16_t id = 0;
  bool dont_fragment = false;
  IpAddress src, dst;
};

// Writes a header without options for `length` bytes behind it; `h` has room for 20 or 40 bytes, by the family of `f.dst`.
void PutHeader(std::uint8_t* h, const HeaderFields& f, std::size_t length) {
  if (f.dst.IsV4()) {
    std::fill(h, h + 20, std::uint8_t{0});
    h[0] = 0x45;
    h[1] = f.tos;
    StoreBe16(h + 2, static_cast<std::uint16_t>(20 + length));
    StoreBe16(h + 4, f.id);
    StoreBe16(h + 6, f.dont_fragment ? 0x4000 : 0);
    h[8] = f.ttl;
    h[9] = f.protocol;
    f.src.StoreV4(h + 12);
    f.dst.StoreV4(h + 16);
    StoreBe16(h + 10, ChecksumFinish(ChecksumAdd(Bytes(h, 20))));
    return;
  }
  std::fill(h, h + 40, std::uint8_t{0});
  h[0] = static_cast<std::uint8_t>(0x60 | f.tos >> 4);
  h[1] = static_cast<std::uint8_t>(f.tos << 4);
  StoreBe16(h + 4, static_cast<std::uint16_t>(length));
  h[6] = f.protocol;
  h[7] = f.ttl;
  f.src.StoreV6(h + 8);
  f.dst.StoreV6(h + 24);
}

std::uint8_t TosOf(const std::uint8_t* h) {
  return (h[0] >> 4) == 6 ? static_cast<std::uint8_t>(h[0] << 4 | h[1] >> 4) : h[1];
}

// RFC 7915 4.2 and 5.2: type, code and the word behind the checksum.
struct IcmpHead {
  std::uint8_t type = 0, code = 0;
  std::uint32_t word = 0;
};

std::optional<IcmpHead> IcmpTo6(IcmpHead h) {
  switch (h.type) {
    case 8: return IcmpHead{128, 0, h.word};
    case 0: return IcmpHead{129, 0, h.word};
    case 3:
      switch (h.code) {
        case 0: case 1: case 5: case 6: case 7: case 8: case 11: case 12: return IcmpHead{1, 0, 0};
        case 2: return IcmpHead{4, 1, 6};  // points to Next Header
        case 3: return IcmpHead{1, 4, 0};
        case 4: {
          // A router that tells no MTU (before RFC 1191) gets the least that IPv6 has.
          const std::uint32_t mtu = h.word & 0xffff;
          return IcmpHead{2, 0, mtu == 0 ? kLeastMtu6 : std::max(mtu + 20, kLeastMtu6)};
        }
        case 9: case 10: case 13: case 15: return IcmpHead{1, 1, 0};
        default: return {};
      }
    case 11: return h.code <= 1 ? std::optional(IcmpHead{3, h.code, 0}) : std::nullopt;
    case 12: {
      if (h.code != 0 && h.code != 2) return {};
      const std::uint32_t at = h.word >> 24;
      if (at <= 1) return IcmpHead{4, 0, at};
      if (at == 2 || at == 3) return IcmpHead{4, 0, 4};
      if (at == 8) return IcmpHead{4, 0, 7};
      if (at == 9) return IcmpHead{4, 0, 6};
      if (at >= 12 && at <= 15) return IcmpHead{4, 0, 8};
      if (at >= 16 && at <= 19) return IcmpHead{4, 0, 24};
      return {};
    }
    default: return {};
  }
}

std::optional<IcmpHead> IcmpTo4(IcmpHead h) {
  switch (h.type) {
    case 128: return IcmpHead{8, 0, h.word};
    case 129: return IcmpHead{0, 0, h.word};
    case 1:
      switch (h.code) {
        case 0: case 2: case 3: return IcmpHead{3, 1, 0};
        case 1: return IcmpHead{3, 10, 0};
        case 4: return IcmpHead{3, 3, 0};
        default: return {};
      }
    case 2: return IcmpHead{3, 4, std::min<std::uint32_t>(std::max(h.word, 88u) - 20, 0xffff)};
    case 3: return h.code <= 1 ? std::optional(IcmpHead{11, h.code, 0}) : std::nullopt;
    case 4: {
      if (h.code == 1) return IcmpHead{3, 2, 0};
      if (h.code != 0) return {};
      const std::uint32_t at = h.word;
      const auto points = [](std::uint32_t to) { return IcmpHead{12, 0, to << 24}; };
      if (at <= 1) return points(at);
      if (at == 4 || at == 5) return points(2);
      if (at == 6) return points(9);
      if (at == 7) return points(8);
      if (at >= 8 && at <= 23) return points(12);
      if (at >= 24 && at <= 39) return points(16);
      return {};
    }
    default: return {};
  }
}

// Sum of the words of `data` with those at `check` left out; `data` begins at an even offset of the checksummed part.
std::uint64_t SumWithout(Bytes data, std::size_t check) {
  return ChecksumAdd(data.first(check), ChecksumAdd(data.subspan(check + 2)));
}

std::uint64_t Pseudo(const FlowKey& key, std::uint8_t protocol, std::size_t length) {
  return PseudoHeaderSum(key.src, key.dst, protocol, static_cast<std::uint32_t>(length));
}

// A ones' complement sum folded to 16 bits.
std::uint16_t Fold(std::uint64_t sum) { return static_cast<std::uint16_t>(~ChecksumFinish(sum)); }

// `check` covered bytes that summed to `was`, and shall cover such that sum to `is`: what was damaged stays so (RFC 1624).
std::uint16_t Moved(std::uint16_t check, std::uint64_t was, std::uint64_t is) { return ChecksumUpdate16(check, Fold(was), Fold(is)); }

// The transport part at `t`, already a copy, gets ports and checksum of its new family. `length`: of the whole, of which a quotation
// may lack the end. `anew`: the checksum that is there says nothing.
void PutTransport(MutableBytes t, std::uint8_t protocol, const FlowKey& old, const Endpoint& src, const Endpoint& dst, std::size_t length,
                  bool anew) {
  const std::size_t check_at = protocol == kOtherTcp ? 16 : 6;
  const bool has_check = t.size() >= check_at + 2;
  const std::uint16_t check = has_check ? LoadBe16(t.data() + check_at) : 0;
  const std::uint64_t was = Pseudo(old, protocol, length) + LoadBe16(t.data()) + LoadBe16(t.data() + 2);
  StoreBe16(t.data(), src.port);
  StoreBe16(t.data() + 2, dst.port);
  if (!has_check) return;
  const std::uint64_t pseudo = PseudoHeaderSum(src.address, dst.address, protocol, static_cast<std::uint32_t>(length));
  std::uint16_t fresh = 0;
  // UDP over IPv6 always has a checksum.
  const bool none = protocol == kOtherUdp && check == 0;
  if (none && dst.address.IsV4()) return;
  if (anew || (none && t.size() == length)) {
    fresh = ChecksumFinish(SumWithout(t, check_at) + pseudo);
  } else if (none) {
    return;
  } else {
    fresh = Moved(check, was, pseudo + src.port + dst.port);
  }
  if (protocol == kOtherUdp && fresh == 0) fresh = 0xffff;
  StoreBe16(t.data() + check_at, fresh);
}

// An echo at `t`: type and identifier. The checksum of ICMP has no pseudo header, that of ICMPv6 has one.
bool PutEcho(MutableBytes t, const FlowKey& old, const Endpoint& src, const Endpoint& dst, std::size_t length) {
  const bool to6 = !dst.address.IsV4();
  const IcmpHead head{t[0], t[1], LoadBe32(t.data() + 4)};
  const auto is = to6 ? IcmpTo6(head) : IcmpTo4(head);
  if (!is || (is->type != 8 && is->type != 0 && is->type != 128 && is->type != 129)) return false;
  std::uint64_t was = LoadBe16(t.data()) + std::uint64_t{LoadBe16(t.data() + 4)};
  if (!to6) was += Pseudo(old, kOtherIcmp6, length);
  const bool asks = is->type == 8 || is->type == 128;
  t[0] = is->type;
  t[1] = is->code;
  StoreBe16(t.data() + 4, asks ? src.port : dst.port);
  std::uint64_t fresh = LoadBe16(t.data()) + std::uint64_t{LoadBe16(t.data() + 4)};
  if (to6) fresh += PseudoHeaderSum(src.address, dst.address, kOtherIcmp6, static_cast<std::uint32_t>(length));
  StoreBe16(t.data() + 2, Moved(LoadBe16(t.data() + 2), was, fresh));
  return true;
}

std::size_t HeaderLength(IpAddress a) { return a.IsV4() ? 20 : 40; }

// The packet that an ICMP error quotes, in the other family, behind `out`.
bool AppendQuoted(Bytes quoted, const QuotedEnds& ends, std::vector<std::uint8_t>& out) {
  const bool was6 = ends.dst.address.IsV4();
  const std::uint8_t* h = quoted.data();
  std::size_t at = 0;
  HeaderFields f;
  FlowKey key;
  std::size_t stated = 0;  // of the transport part
  std::uint8_t protocol = 0;
  if (was6) {
    if (quoted.size() < 48 || (h[0] >> 4) != 6) return false;
    key.src = IpAddress::FromV6Bytes(h + 8);
    key.dst = IpAddress::FromV6Bytes(h + 24);
    protocol = h[6];
    at = 40;
    for (int seen = 0; protocol == 0 || protocol == 43 || protocol == 44 || protocol == 60; seen++) {
      if (seen == 8 || at + 8 > quoted.size()) return false;
      const std::uint8_t* e = h + at;
      if (protocol == 44) f.id = LoadBe16(e + 6);
      at += protocol == 44 ? 8 : 8 + std::size_t{e[1]} * 8;
      protocol = e[0];
    }
    stated = 40u + LoadBe16(h + 4);
    f.ttl = h[7];
    f.dont_fragment = stated > kLeastMtu6;
  } else {
    if (quoted.size() < 28 || (h[0] >> 4) != 4) return false;
    at = static_cast<std::size_t>(h[0] & 15) * 4;
    key.src = IpAddress::FromV4Bytes(h + 12);
    key.dst = IpAddress::FromV4Bytes(h + 16);
    protocol = h[9];
    stated = LoadBe16(h + 2);
    f.ttl = h[8];
  }
  if (at < 20 || at + 8 > quoted.size() || stated < at || protocol == (was6 ? kOtherIcmp : kOtherIcmp6)) return false;
  stated -= at;
  f.tos = TosOf(h);
  f.protocol = InOtherFamily(protocol);
  f.src = ends.src.address;
  f.dst = ends.dst.address;
  const std::size_t begin = out.size(), header = HeaderLength(f.dst);
  out.resize(begin + header);
  PutHeader(out.data() + begin, f, stated);
  out.insert(out.end(), quoted.begin() + static_cast<std::ptrdiff_t>(at), quoted.end());
  const MutableBytes t = MutableBytes(out).subspan(begin + header);
  if (protocol == kOtherTcp || protocol == kOtherUdp) {
    PutTransport(t, protocol, key, ends.src, ends.dst, stated, false);
    if (protocol == kOtherTcp && ends.seq_delta != 0) {
      const std::uint32_t was = LoadBe32(t.data() + 4), is = was - ends.seq_delta;
      StoreBe32(t.data() + 4, is);
      if (t.size() >= 18) StoreBe16(t.data() + 16, ChecksumUpdate32(LoadBe16(t.data() + 16), was, is));
    }
    return true;
  }
  if (protocol == (was6 ? kOtherIcmp6 : kOtherIcmp)) return PutEcho(t, key, ends.src, ends.dst, stated);
  return true;
}

}  // namespace

std::uint32_t LengthInOtherFamily(const Packet& p) { return p.wire_length - p.l3_length + (p.v6 ? 20 : 40); }

std::optional<std::vector<std::uint8_t>> ToOtherFamily(const Packet& p, Bytes transport, const Endpoint& src, const Endpoint& dst,
                                                       std::uint16_t id) {
  const std::size_t header = HeaderLength(dst.address);
  const bool known = p.IsTcp() || p.IsUdp() || p.IsIcmp();
  if (header + transport.size() > 65535 || (known && transport.size() < 8)) return {};
  HeaderFields f;
  f.tos = TosOf(p.bytes.data());
  f.ttl = p.ttl;
  f.protocol = InOtherFamily(p.protocol);
  f.src = src.address;
  f.dst = dst.address;
  const bool was_fragment = p.fragment || (p.extension_headers & kExtFragment) != 0;
  f.id = was_fragment ? static_cast<std::uint16_t>(p.fragment_id) : id;
  // RFC 7915 5.1: what any IPv6 link takes may be fragmented behind us.
  f.dont_fragment = p.v6 && !was_fragment && transport.size() + 20 > kLeastMtu4;
  std::vector<std::uint8_t> out(header);
  out.reserve(header + transport.size());
  PutHeader(out.data(), f, transport.size());
  out.insert(out.end(), transport.begin(), transport.end());
  const MutableBytes t = MutableBytes(out).subspan(header);
  if (p.IsTcp() || p.IsUdp()) {
    PutTransport(t, p.protocol, p.key, src, dst, t.size(), p.checksum_pending || p.datagram_changed);
  } else if (p.IsIcmp()) {
    if (!PutEcho(t, p.key, src, dst, t.size())) return {};
  } else if (p.protocol == kOtherIcmp || p.protocol == kOtherIcmp6) {
    return {};
  }
  return out;
}

std::optional<std::vector<std::uint8_t>> ErrorToOtherFamily(const Packet& p, IpAddress src, IpAddress dst, const QuotedEnds& quoted) {
  if (p.l4_offset + 8u > p.bytes.size()) return {};
  const std::uint8_t* icmp = p.l4();
  const IcmpHead head{icmp[0], icmp[1], LoadBe32(icmp + 4)};
  const auto is = p.v6 ? IcmpTo4(head) : IcmpTo6(head);
  if (!is) return {};
  const std::size_t header = HeaderLength(dst);
  std::vector<std::uint8_t> out(header + 8);
  if (!AppendQuoted(Bytes(p.bytes).subspan(p.l4_offset + 8u), quoted, out)) return {};
  // An error is no larger than what every link takes (RFC 4443 2.4, RFC 1812 4.3.2.3).
  out.resize(std::min<std::size_t>(out.size(), p.v6 ? 576 : kLeastMtu6));
  HeaderFields f;
  f.tos = TosOf(p.bytes.data());
  f.ttl = p.ttl;
  f.protocol = p.v6 ? kOtherIcmp : kOtherIcmp6;
  f.src = src;
  f.dst = dst;
  const std::size_t length = out.size() - header;
  PutHeader(out.data(), f, length);
  std::uint8_t* t = out.data() + header;
  t[0] = is->type;
  t[1] = is->code;
  StoreBe16(t + 2, 0);
  StoreBe32(t + 4, is->word);
  const std::uint64_t pseudo = p.v6 ? 0 : PseudoHeaderSum(src, dst, kOtherIcmp6, static_cast<std::uint32_t>(length));
  StoreBe16(t + 2, ChecksumFinish(ChecksumAdd(Bytes(t, length), pseudo)));
  return out;
}

std::vector<std::vector<std::uint8_t>> Fragmented(std::vector<std::uint8_t> packet, std::uint32_t mtu, std::uint32_t id) {
  std::vector<std::vector<std::uint8_t>> out;
  if (packet.size() <= mtu) {
    out.push_back(std::move(packet));
    return out;
  }
  const bool v6 = (packet[0] >> 4) == 6;
  const std::size_t header = v6 ? 48 : 20, begin = v6 ? 40 : 20;
  const std::size_t room = (mtu - header) & ~std::size_t{7};
  for (std::size_t at = 0; begin + at < packet.size(); at += room) {
    const std::size_t length = std::min(room, packet.size() - begin - at);
    const bool more = begin + at + length < packet.size();
    std::vector<std::uint8_t> part(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(begin));
    part.resize(header);
    if (v6) {
      std::uint8_t* e = part.data() + 40;
      e[0] = packet[6];
      e[1] = 0;
      StoreBe16(e + 2, static_cast<std::uint16_t>(at | (more ? 1 : 0)));
      StoreBe32(e + 4, id);
      part[6] = 44;
      StoreBe16(part.data() + 4, static_cast<std::uint16_t>(8 + length));
    } else {
      StoreBe16(part.data() + 2, static_cast<std::uint16_t>(20 + length));
      StoreBe16(part.data() + 6, static_cast<std::uint16_t>(at / 8 | (more ? 0x2000 : 0)));
      StoreBe16(part.data() + 10, 0);
      StoreBe16(part.data() + 10, ChecksumFinish(ChecksumAdd(Bytes(part).first(20))));
    }
    const auto from = packet.begin() + static_cast<std::ptrdiff_t>(begin + at);
    part.insert(part.end(), from, from + static_cast<std::ptrdiff_t>(length));
    out.push_back(std::move(part));
  }
  return out;
}

std::vector<std::vector<std::uint8_t>> Segmented(std::vector<std::uint8_t> packet, std::uint32_t mtu) {
  const bool v6 = (packet[0] >> 4) == 6;
  const std::size_t ip = v6 ? 40 : 20;
  const std::size_t head = ip + static_cast<std::size_t>(packet[ip + 12] >> 4) * 4;
  std::vector<std::vector<std::uint8_t>> out;
  if (packet.size() <= mtu || head >= packet.size() || head >= mtu) {
    out.push_back(std::move(packet));
    return out;
  }
  const std::size_t room = mtu - head;
  const std::uint32_t seq = LoadBe32(packet.data() + ip + 4);
  const std::uint8_t flags = packet[ip + 13];
  const IpAddress src = v6 ? IpAddress::FromV6Bytes(packet.data() + 8) : IpAddress::FromV4Bytes(packet.data() + 12);
  const IpAddress dst = v6 ? IpAddress::FromV6Bytes(packet.data() + 24) : IpAddress::FromV4Bytes(packet.data() + 16);
  for (std::size_t at = head; at < packet.size(); at += room) {
    const std::size_t length = std::min(room, packet.size() - at);
    const bool last = at + length == packet.size();
    std::vector<std::uint8_t> part(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(head));
    const auto from = packet.begin() + static_cast<std::ptrdiff_t>(at);
    part.insert(part.end(), from, from + static_cast<std::ptrdiff_t>(length));
    std::uint8_t* t = part.data() + ip;
    StoreBe32(t + 4, seq + static_cast<std::uint32_t>(at - head));
    t[13] = last ? flags : static_cast<std::uint8_t>(flags & ~(kTcpFin | kTcpPsh));
    const Bytes tcp = Bytes(part).subspan(ip);
    StoreBe16(t + 16, ChecksumFinish(SumWithout(tcp, 16) + PseudoHeaderSum(src, dst, kOtherTcp, static_cast<std::uint32_t>(tcp.size()))));
    if (v6) {
      StoreBe16(part.data() + 4, static_cast<std::uint16_t>(tcp.size()));
    } else {
      StoreBe16(part.data() + 2, static_cast<std::uint16_t>(part.size()));
      StoreBe16(part.data() + 10, 0);
      StoreBe16(part.data() + 10, ChecksumFinish(ChecksumAdd(Bytes(part).first(20))));
    }
    out.push_back(std::move(part));
  }
  return out;
}

bool HasLikeInOtherFamily(const Packet& p) {
  if ((p.extension_headers & kExtRouting) != 0) return false;  // RFC 7915 5.1
  if (p.IsIcmp()) return p.v6 ? p.icmp_type == 128 || p.icmp_type == 129 : p.icmp_type == 8 || p.icmp_type == 0;
  return p.protocol != kOtherIcmp && p.protocol != kOtherIcmp6;
}

bool FitsOtherFamily(EngineCore& core, const Packet& p, int limit, TimePoint now) {
  if (!p.dont_fragment || p.gso || p.fragment || (p.extension_headers & kExtFragment) != 0) return true;
  const auto mtu = static_cast<std::uint32_t>(limit);
  // IPv6 senders need not go below 1280, so what is no larger is fragmented instead.
  const std::uint32_t length = LengthInOtherFamily(p);
  if (length <= mtu || (p.v6 && length <= kLeastMtu4)) return true;
  if (const Interface* back = core.policy->Find(p.ingress)) {
    OriginateTooBig(core, p, *back, static_cast<int>(p.v6 ? mtu + 20 : mtu - 20), now);
  }
  return false;
}

FrameDrop LeaveInOtherFamily(EngineCore& core, const Conn& c, Direction d, Packet& p, IfId egress) {
  const Interface* towards = core.policy->Find(egress);
  if (towards == nullptr) return FrameDrop::kInterfaceDown;
  if (!HasLikeInOtherFamily(p)) return FrameDrop::kNatXlateFailed;
  const bool forward = d == Direction::kForward;
  const Endpoint src = forward ? Endpoint{c.initiator_mapped, c.initiator_mapped_port} : Endpoint{c.responder_mapped, c.responder_mapped_port};
  const Endpoint dst = forward ? Endpoint{c.responder_real, c.responder_real_port} : Endpoint{c.initiator_real, c.initiator_real_port};
  if (p.fragment) {
    // An inspection has changed the rest of the datagram; the first fragment's header has the sequence numbers.
    if (p.datagram.empty()) return FrameDrop::kNatXlateFailed;
    const std::size_t head = std::min<std::size_t>(p.payload_offset - p.l4_offset, p.datagram.size());
    std::copy_n(p.l4(), head, p.datagram.begin());
  }
  const std::uint32_t id = core.random.U32();
  auto whole = ToOtherFamily(p, p.fragment ? Bytes(p.datagram) : Bytes(p.bytes).subspan(p.l4_offset), src, dst, static_cast<std::uint16_t>(id));
  if (!whole) return FrameDrop::kNatXlateFailed;
  const auto mtu = static_cast<std::uint32_t>(towards->mtu);
  // IPv4 packets that routers may fragment must fit any IPv6 way, where routers do not (RFC 7915 4).
  const std::uint32_t limit = !p.v6 && (!p.dont_fragment || p.fragment) ? std::min(mtu, kLeastMtu6) : mtu;
  std::vector<std::vector<std::uint8_t>> parts;
  if (p.gso && p.IsTcp()) {
    parts = Segmented(std::move(*whole), mtu);
  } else {
    if (p.gso && whole->size() > mtu) return FrameDrop::kUnexpectedPacket;  // merged datagrams: nobody says where they begin
    parts = Fragmented(std::move(*whole), limit, p.fragment_id != 0 ? p.fragment_id : id);
  }
  for (auto& part : parts) core.originated.push_back({egress, std::move(part)});
  return FrameDrop::kNone;
}

}  // namespace sallyport
