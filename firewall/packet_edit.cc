#include "firewall/packet_edit.h"

#include <algorithm>

#include "firewall/base/checksum.h"

namespace sallyport {

void PayloadChanged(Packet& p) {
  const Bytes part = Bytes(p.bytes).subspan(p.l4_offset);
  const auto length = static_cast<std::uint32_t>(part.size());
  std::uint8_t* check = p.l4() + (p.IsTcp() ? 16 : 6);
  p.rewritten = true;
  const std::uint64_t pseudo = PseudoHeaderSum(p.key.src, p.key.dst, p.protocol, length);
  if (p.checksum_pending) {  // covers the pseudo header only: its length may be new
    std::uint64_t sum = pseudo;
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    StoreBe16(check, static_cast<std::uint16_t>(sum));
    return;
  }
  if (p.IsUdp() && !p.v6 && LoadBe16(check) == 0) return;  // without a checksum
  StoreBe16(check, 0);
  std::uint16_t sum = ChecksumFinish(ChecksumAdd(part, pseudo));
  if (p.IsUdp() && sum == 0) sum = 0xffff;
  StoreBe16(check, sum);
}

bool ReplacePayload(Packet& p, Bytes payload, std::vector<std::uint8_t>& buffer) {
  if (!p.Whole() || p.fragment || (!p.IsTcp() && !p.IsUdp()) || p.payload_offset > p.bytes.size()) return false;
  const std::size_t total = p.payload_offset + payload.size();
  if (total > 65535) return false;
  if (payload.size() == p.payload_length) {
    std::copy(payload.begin(), payload.end(), p.bytes.begin() + p.payload_offset);
    PayloadChanged(p);
    return true;
  }
  std::vector<std::uint8_t> grown(total);
  std::copy_n(p.bytes.begin(), p.payload_offset, grown.begin());
  std::copy(payload.begin(), payload.end(), grown.begin() + p.payload_offset);
  buffer.swap(grown);
  p.bytes = buffer;
  p.headroom = p.tailroom = 0;
  p.wire_length = static_cast<std::uint32_t>(total);
  p.payload_length = static_cast<std::uint32_t>(payload.size());
  std::uint8_t* h = p.bytes.data();
  if (p.v6) {
    StoreBe16(h + 4, static_cast<std::uint16_t>(total - 40));
  } else {
    StoreBe16(h + 10, ChecksumUpdate16(LoadBe16(h + 10), LoadBe16(h + 2), static_cast<std::uint16_t>(total)));
    StoreBe16(h + 2, static_cast<std::uint16_t>(total));
  }
  if (p.IsUdp()) StoreBe16(p.l4() + 4, static_cast<std::uint16_t>(total - p.l4_offset));
  PayloadChanged(p);
  return true;
}

}  // namespace sallyport
