// Packets that the appliance itself sends on behalf of the pipeline.
#include <algorithm>

#include "firewall/base/checksum.h"
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

}  // namespace

void OriginateReset(EngineCore& core, const Packet& p, IfId towards) {
  if (p.v6 || (p.tcp_flags & kTcpRst) != 0 || p.fragment) return;
  std::vector<std::uint8_t> bytes(40);
  PutIpv4Header(bytes.data(), 40, 6, p.key.dst, p.key.src);
  std::uint8_t* t = bytes.data() + 20;
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
  core.originated.push_back({towards, std::move(bytes)});
}

void OriginateSegment(EngineCore& core, const Endpoint& src, const Endpoint& dst, std::uint32_t seq, std::uint32_t ack,
                      std::uint16_t window, std::uint8_t flags, IfId towards) {
  if (!src.address.IsV4() || !dst.address.IsV4()) return;
  std::vector<std::uint8_t> bytes(40);
  PutIpv4Header(bytes.data(), 40, 6, src.address, dst.address);
  std::uint8_t* t = bytes.data() + 20;
  StoreBe16(t, src.port);
  StoreBe16(t + 2, dst.port);
  StoreBe32(t + 4, seq);
  StoreBe32(t + 8, ack);
  t[12] = 5 << 4;
  t[13] = flags;
  StoreBe16(t + 14, window);
  StoreBe16(t + 16, ChecksumFinish(ChecksumAdd(Bytes(t, 20), PseudoHeaderSum(src.address, dst.address, 6, 20))));
  core.originated.push_back({towards, std::move(bytes)});
}

void OriginateTooBig(EngineCore& core, const Packet& p, const Interface& towards, int mtu, TimePoint now) {
  if (p.v6 || towards.address.IsNone() || p.fragment_offset != 0) return;
  const int rate = std::max(1, core.policy->icmp_unreachable_rate);
  const std::int64_t refill = 1'000'000'000 / rate;
  if (now - core.unreachable_refill >= Duration{refill}) {
    core.unreachable_tokens = std::max(1, core.policy->icmp_unreachable_burst);
    core.unreachable_refill = now;
  }
  if (core.unreachable_tokens == 0) return;
  core.unreachable_tokens--;
  // RFC 792 with RFC 1191's next-hop MTU: the IP header of the packet and the first eight bytes after it.
  const std::size_t quoted = std::min<std::size_t>(p.bytes.size(), p.l3_length + 8u);
  std::vector<std::uint8_t> bytes(28 + quoted);
  PutIpv4Header(bytes.data(), static_cast<std::uint16_t>(bytes.size()), 1, towards.address, p.key.src);
  std::uint8_t* icmp = bytes.data() + 20;
  icmp[0] = 3;
  icmp[1] = 4;
  StoreBe16(icmp + 6, static_cast<std::uint16_t>(mtu));
  std::copy_n(p.bytes.data(), quoted, icmp + 8);
  StoreBe16(icmp + 2, ChecksumFinish(ChecksumAdd(Bytes(icmp, 8 + quoted))));
  core.originated.push_back({towards.id, std::move(bytes)});
}

}  // namespace sallyport
