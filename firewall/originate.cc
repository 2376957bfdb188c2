// Packets that the appliance itself sends on behalf of the pipeline.
#include <algorithm>

#include "firewall/base/checksum.h"
#include "firewall/ipv6_flow.h"
#include "firewall/pipeline.h"

namespace sallyport {
namespace {

// RFC 791 header without options.
void PutIpv4Header(std::uint8_t* h, std::uint16_t total, std::uint8_t protocol, IpAddress src, IpAddress dst) {
  std::fill(h, h + 20, std::uint8_t{0});
  h[0] = 0x45;
  StoreBe16(h + 2, total);
  h[8] = 255;
  h[9] = protocol;
  src.StoreV4(h + 12);
  dst.StoreV4(h + 16);
  StoreBe16(h + 10, ChecksumFinish(ChecksumAdd(Bytes(h, 20))));
}

// RFC 8200 header without extension headers.
void PutIpv6Header(std::uint8_t* h, std::uint16_t payload, std::uint8_t protocol, IpAddress src, IpAddress dst) {
  std::fill(h, h + 40, std::uint8_t{0});
  h[0] = 0x60;
  StoreBe16(h + 4, payload);
  h[6] = protocol;
  h[7] = 255;
  src.StoreV6(h + 8);
  dst.StoreV6(h + 24);
}

// One from a bucket that holds `burst` and gets `rate` a second. False: it is empty.
bool TakeToken(int& tokens, TimePoint& refilled, int rate, int burst, TimePoint now) {
  const std::int64_t interval = 1'000'000'000 / std::max(1, rate);
  const std::int64_t due = (now - refilled).ns / interval;
  burst = std::max(1, burst);
  if (due > 0) {
    const bool full = due >= burst - tokens;
    tokens = full ? burst : tokens + static_cast<int>(due);
    refilled = full ? now : refilled + Duration{due * interval};
  }
  if (tokens == 0) return false;
  tokens--;
  return true;
}

// An ICMPv6 error about `p` (RFC 4443): as much of the packet as fits into the least MTU. `word` is behind type, code and checksum.
void OriginateError6(EngineCore& core, const Packet& p, const Interface& towards, std::uint8_t type, std::uint32_t word, TimePoint now) {
  const IpAddress from = SourceAddress6(towards, p.key.src);
  if (from.IsNone() || p.key.dst.IsV6Multicast() || (p.IsIcmp() && p.icmp_error)) return;
  const Policy& policy = *core.policy;
  if (!TakeToken(core.icmp6_tokens, core.icmp6_refill, policy.icmp6_error_rate, policy.icmp6_error_burst, now)) return;
  const std::size_t quoted = std::min<std::size_t>(p.bytes.size(), 1280 - 48);
  std::vector<std::uint8_t> bytes(48 + quoted);
  PutIpv6Header(bytes.data(), static_cast<std::uint16_t>(8 + quoted), 58, from, p.key.src);
  std::uint8_t* icmp = bytes.data() + 40;
  icmp[0] = type;
  StoreBe32(icmp + 4, word);
  std::copy_n(p.bytes.data(), quoted, icmp + 8);
  const Bytes all(icmp, 8 + quoted);
  StoreBe16(icmp + 2, ChecksumFinish(ChecksumAdd(all, PseudoHeaderSum(from, p.key.src, 58, static_cast<std::uint32_t>(all.size())))));
  core.originated.push_back({towards.id, std::move(bytes), p.came_from});  // into the tunnel that it was in
}

}  // namespace

void OriginateReset(EngineCore& core, const Packet& p, IfId towards) {
  if ((p.tcp_flags & kTcpRst) != 0 || p.fragment) return;
  const std::size_t header = p.v6 ? 40 : 20;
  std::vector<std::uint8_t> bytes(header + 20);
  if (p.v6) {
    PutIpv6Header(bytes.data(), 20, 6, p.key.dst, p.key.src);
  } else {
    PutIpv4Header(bytes.data(), 40, 6, p.key.dst, p.key.src);
  }
  std::uint8_t* t = bytes.data() + header;
  StoreBe16(t, p.key.dport);
  StoreBe16(t + 2, p.key.sport);
  // RFC 9293 3.10.7.1: answer with the acknowledged number, or acknowledge what came.
  if ((p.tcp_flags & kTcpAck) != 0) {
    StoreBe32(t + 4, p.ack);
    t[13] = kTcpRst;
  } else {
    const std::uint32_t length =
        p.payload_length + ((p.tcp_flags & kTcpSyn) != 0 ? 1 : 0) + ((p.tcp_flags & kTcpFin) != 0 ? 1 : 0);
    StoreBe32(t + 8, p.seq + length);
    t[13] = kTcpRst | kTcpAck;
  }
  t[12] = 5 << 4;
  StoreBe16(t + 16, ChecksumFinish(ChecksumAdd(Bytes(t, 20), PseudoHeaderSum(p.key.dst, p.key.src, 6, 20))));
  core.originated.push_back({towards, std::move(bytes), p.came_from});
}

void OriginateSegment(EngineCore& core, const OwnSegment& s) {
  const std::size_t options = (s.mss != 0 ? 4u : 0u) + (s.sack ? 4u : 0u);
  const bool v6 = !s.from.address.IsV4();
  const std::size_t header = v6 ? 40 : 20, length = 20 + options;
  std::vector<std::uint8_t> bytes(header + length);
  if (v6) {
    PutIpv6Header(bytes.data(), static_cast<std::uint16_t>(length), 6, s.from.address, s.to.address);
  } else {
    PutIpv4Header(bytes.data(), static_cast<std::uint16_t>(header + length), 6, s.from.address, s.to.address);
  }
  std::uint8_t* t = bytes.data() + header;
  StoreBe16(t, s.from.port);
  StoreBe16(t + 2, s.to.port);
  StoreBe32(t + 4, s.seq);
  if ((s.flags & kTcpAck) != 0) StoreBe32(t + 8, s.ack);
  t[12] = static_cast<std::uint8_t>(length / 4 << 4);
  t[13] = s.flags;
  StoreBe16(t + 14, s.window);
  std::uint8_t* option = t + 20;
  if (s.mss != 0) {
    *option++ = 2;
    *option++ = 4;
    StoreBe16(option, s.mss);
    option += 2;
  }
  if (s.sack) {
    *option++ = 1;
    *option++ = 1;
    *option++ = 4;
    *option++ = 2;
  }
  StoreBe16(t + 16, ChecksumFinish(ChecksumAdd(Bytes(t, length),
                                               PseudoHeaderSum(s.from.address, s.to.address, 6, static_cast<std::uint32_t>(length)))));
  core.originated.push_back({s.egress, std::move(bytes)});
}

namespace {

// An ICMP error about `p` (RFC 792): the IP header of the packet and the first eight bytes after it.
void OriginateError(EngineCore& core, const Packet& p, const Interface& towards, std::uint8_t type, std::uint8_t code, std::uint16_t mtu,
                    TimePoint now) {
  if (towards.address.IsNone() || p.fragment_offset != 0) return;
  const Policy& policy = *core.policy;
  // `burst-size` has no meaning (command reference, icmp unreachable).
  if (!TakeToken(core.unreachable_tokens, core.unreachable_refill, policy.icmp_unreachable_rate, 1, now)) return;
  const std::size_t quoted = std::min<std::size_t>(p.bytes.size(), p.l3_length + 8u);
  std::vector<std::uint8_t> bytes(28 + quoted);
  PutIpv4Header(bytes.data(), static_cast<std::uint16_t>(bytes.size()), 1, towards.address, p.key.src);
  std::uint8_t* icmp = bytes.data() + 20;
  icmp[0] = type;
  icmp[1] = code;
  StoreBe16(icmp + 6, mtu);
  std::copy_n(p.bytes.data(), quoted, icmp + 8);
  StoreBe16(icmp + 2, ChecksumFinish(ChecksumAdd(Bytes(icmp, 8 + quoted))));
  core.originated.push_back({towards.id, std::move(bytes), p.came_from});  // into the tunnel that it was in
}

}  // namespace

void OriginateTooBig(EngineCore& core, const Packet& p, const Interface& towards, int mtu, TimePoint now) {
  if (p.v6) return OriginateError6(core, p, towards, 2, static_cast<std::uint32_t>(std::max(mtu, 1280)), now);
  core.log.Log(now, Msg::k602101, LogArg::Number(p.LargestOnWire()), LogArg::Number(mtu), LogArg::Address(p.key.dst), LogArg::Address(p.key.src),
               LogArg::Word(ProtocolWordUpper(p.protocol)));
  OriginateError(core, p, towards, 3, 4, static_cast<std::uint16_t>(mtu), now);  // RFC 1191
}

void OriginateTimeExceeded(EngineCore& core, const Packet& p, const Interface& towards, TimePoint now) {
  if (p.v6) return OriginateError6(core, p, towards, 3, 0, now);
  OriginateError(core, p, towards, 11, 0, 0, now);
}

}  // namespace sallyport
