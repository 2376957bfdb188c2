// Cuts packets that are too large: TCP super-packets into segments, IPv4 packets into fragments, with all checksums. Each piece is
// written where the caller wants it. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "firewall/base/bytes.h"
#include "firewall/base/checksum.h"
#include "firewall/packet.h"

namespace sallyport {

// A parsed, whole TCP packet without fragments, IPv4 or IPv6. `payload` > 0: of each segment, the last may have less. For each:
// `room(size)` gives where it goes (empty: stop), then `done()`. False: there was no room, or it is no such packet.
template <typename Room, typename Done>
bool SegmentTcp(const Packet& p, std::size_t payload, Room&& room, Done&& done) {
  const std::size_t head = p.payload_offset;
  if (!p.IsTcp() || p.fragment || !p.Whole() || payload == 0 || head > p.bytes.size() || p.l4_offset + 20u > head) return false;
  const std::size_t total = p.bytes.size() - head;
  std::size_t at = 0;
  for (std::uint16_t number = 0; at < total || number == 0; number++) {
    const std::size_t part = std::min(payload, total - at);
    const MutableBytes to = room(head + part);
    if (to.size() != head + part) return false;
    std::memcpy(to.data(), p.bytes.data(), head);
    if (part != 0) std::memcpy(to.data() + head, p.bytes.data() + head + at, part);
    std::uint8_t* const t = to.data() + p.l4_offset;
    StoreBe32(t + 4, LoadBe32(t + 4) + static_cast<std::uint32_t>(at));
    if (at + part < total) t[13] = static_cast<std::uint8_t>(t[13] & ~(kTcpFin | kTcpPsh));
    if (number != 0) t[13] = static_cast<std::uint8_t>(t[13] & ~0x80);  // CWR: said once (RFC 3168 6.1.2)
    if (p.v6) {
      StoreBe16(to.data() + 4, static_cast<std::uint16_t>(to.size() - 40));
    } else {
      StoreBe16(to.data() + 2, static_cast<std::uint16_t>(to.size()));
      StoreBe16(to.data() + 4, static_cast<std::uint16_t>(LoadBe16(to.data() + 4) + number));
      StoreBe16(to.data() + 10, 0);
      StoreBe16(to.data() + 10, ChecksumFinish(ChecksumAdd(Bytes(to).first(p.l3_length))));
    }
    StoreBe16(t + 16, 0);
    const Bytes l4 = Bytes(to).subspan(p.l4_offset);
    StoreBe16(t + 16, ChecksumFinish(ChecksumAdd(l4, PseudoHeaderSum(p.key.src, p.key.dst, p.protocol, static_cast<std::uint32_t>(l4.size())))));
    done();
    at += part;
  }
  return true;
}

// A whole IPv4 packet, which may be a fragment itself. The pieces have at most `mtu` bytes, and DF is not set in them. Options are
// copied into the first only when they are not to be in all (RFC 791 3.1), the others get padding in their place.
template <typename Room, typename Done>
bool FragmentIpv4(Bytes packet, std::size_t mtu, Room&& room, Done&& done) {
  if (packet.size() < 20 || packet[0] >> 4 != 4) return false;
  const std::size_t head = static_cast<std::size_t>(packet[0] & 15) * 4;
  if (head < 20 || packet.size() <= head || mtu < head + 8) return false;
  const std::size_t most = (mtu - head) & ~std::size_t{7};
  const std::uint16_t was = LoadBe16(packet.data() + 6);
  const std::size_t total = packet.size() - head;
  for (std::size_t at = 0; at < total;) {
    const bool last = total - at <= mtu - head;
    const std::size_t part = last ? total - at : most;
    const MutableBytes to = room(head + part);
    if (to.size() != head + part) return false;
    std::memcpy(to.data(), packet.data(), head);
    std::memcpy(to.data() + head, packet.data() + head + at, part);
    for (std::size_t o = 20; at != 0 && o < head;) {
      const std::uint8_t kind = to[o];
      if (kind == 0) break;
      const std::size_t length = kind == 1 || o + 1 >= head || to[o + 1] < 2 ? 1 : std::min<std::size_t>(to[o + 1], head - o);
      if ((kind & 0x80) == 0) std::fill_n(to.data() + o, length, std::uint8_t{1});
      o += length;
    }
    const std::size_t offset = static_cast<std::size_t>(was & 0x1fff) + at / 8;
    if (offset > 0x1fff) return false;
    const bool more = !last || (was & 0x2000) != 0;
    StoreBe16(to.data() + 2, static_cast<std::uint16_t>(to.size()));
    StoreBe16(to.data() + 6, static_cast<std::uint16_t>(offset | (more ? 0x2000u : 0u)));
    StoreBe16(to.data() + 10, 0);
    StoreBe16(to.data() + 10, ChecksumFinish(ChecksumAdd(Bytes(to).first(head))));
    done();
    at += part;
  }
  return true;
}

}  // namespace sallyport
