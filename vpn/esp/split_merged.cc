#include "vpn/esp/esp.h"

namespace sallyport {
namespace {

constexpr std::size_t kLeast = 24;         // DES without authentication, or no encryption and 96 bits of ICV
constexpr std::uint32_t kNear = 1024;      // how far sequence numbers of neighbours may be apart (loss, several queues)

bool Near(std::uint32_t a, std::uint32_t b) { return a != b && (a - b <= kNear || b - a <= kNear); }

// Is there a packet's beginning at every multiple of `piece`?
bool Divides(Bytes all, std::size_t piece, SpiKnown known, const void* context) {
  std::uint32_t spi = LoadBe32(all.data()), sequence = LoadBe32(all.data() + 4);
  for (std::size_t at = piece; at < all.size(); at += piece) {
    if (all.size() - at < kLeast) return false;
    const std::uint32_t next_spi = LoadBe32(all.data() + at), next = LoadBe32(all.data() + at + 4);
    if (next_spi == spi ? !Near(sequence, next) : !known(context, next_spi)) return false;
    spi = next_spi;
    sequence = next;
  }
  return true;
}

}  // namespace

bool SplitMergedUdp(MutableBytes udp_payload, SpiKnown known, const void* context, std::vector<MutableBytes>& out) {
  const std::size_t size = udp_payload.size();
  if (size < 2 * kLeast) return false;
  const std::uint32_t spi = LoadBe32(udp_payload.data());
  // A packet of ESP is a multiple of 4 long. The least piece that fits is taken: where associations take turns in one flow, a
  // multiple of the real one would fit, too.
  for (std::size_t piece = kLeast; piece + kLeast <= size; piece += 4) {
    const std::uint32_t at_border = LoadBe32(udp_payload.data() + piece);
    if ((at_border != spi && !known(context, at_border)) || !Divides(udp_payload, piece, known, context)) continue;
    for (std::size_t at = 0; at < size; at += piece) out.push_back(udp_payload.subspan(at, std::min(piece, size - at)));
    return true;
  }
  return false;
}

}  // namespace sallyport
