// Arbitrary bytes as what comes to a tunnel's end: outer headers, merged datagrams, ESP of every transform, transport mode. The
// first two bytes choose; with one transform in three the ICV is made right, so that what is behind it is reached.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "tests/vpn/esp/transforms.h"
#include "vpn/esp/outer_header.h"

namespace {

using namespace sallyport;

bool Known(const void*, std::uint32_t spi) { return (spi & 0xff) == 1; }

// What was opened must lie within what came.
void Within(MutableBytes inner, MutableBytes outer) {
  if (inner.data() < outer.data() || inner.data() + inner.size() > outer.data() + outer.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<EspTransform> transforms = AllTransforms();
  if (size < 2) return 0;
  const EspTransform t = transforms[data[0] % transforms.size()];
  const int way = data[1] % 3;
  std::vector<std::uint8_t> packet(data + 2, data + size);

  std::vector<std::uint8_t> copy = packet;
  const OuterPacket outer = ReadOuter(copy);
  Within(outer.content.empty() ? MutableBytes(copy).first(0) : outer.content, copy);
  DecapsulateEcn(copy, data[1]);
  std::vector<MutableBytes> pieces;
  if (SplitMergedUdp(copy, Known, nullptr, pieces)) {
    std::size_t total = 0;
    for (MutableBytes p : pieces) total += p.size();
    if (pieces.size() < 2 || total != copy.size()) std::abort();
  }

  Result<EspOpener> opener = EspOpener::Make(KeysFor(t), 1, 64);
  if (!opener) std::abort();
  MutableBytes payload;
  if (way == 0) {
    copy = packet;
    if (OpenTransport(*opener, copy, payload) == EspOpener::Why::kOk) Within(payload, copy);
    return 0;
  }
  copy = packet;
  const std::size_t icv = opener->shape().icv;
  if (way == 2 && t.hash != VpnHash::kNone && copy.size() >= icv) {
    HmacState(t.hash, KeysFor(t).integrity.bytes()).Compute(Bytes(copy).first(copy.size() - icv), copy.data() + copy.size() - icv, icv);
  }
  std::uint8_t next = 0;
  for (int i = 0; i < 2; ++i) {
    std::vector<std::uint8_t> once = copy;
    const EspOpener::Why why = opener->Open(once, next, payload);
    if (why == EspOpener::Why::kOk) Within(payload, once);
    // What was taken once is not taken again.
    if (i == 1 && why == EspOpener::Why::kOk) std::abort();
  }
  return 0;
}
