// Compressed packets of a client's: LZS and deflate with arbitrary octets; and what is compressed here comes back whole.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "vpn/anyconnect/deflate.h"
#include "vpn/anyconnect/lzs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  const Bytes input(data, size);
  std::vector<std::uint8_t> room(2000), back(size);
  std::size_t n = 0;
  if (LzsExpand(input, room, n) && n > room.size()) std::abort();
  std::vector<std::uint8_t> packed(size * 2 + 16);
  packed.resize(LzsCompress(input, packed));
  if (size <= 0xffff && (!LzsExpand(packed, back, n) || n != size || !std::equal(back.begin(), back.end(), data))) std::abort();

  CstpDeflate a, b, c;
  if (a.Unpack(input, room, n) && n > room.size()) std::abort();
  std::vector<std::uint8_t> deflated(CstpDeflate::Bound(size));
  deflated.resize(b.Pack(input, deflated));
  if (deflated.empty() != input.empty()) std::abort();
  if (!deflated.empty() && (!c.Unpack(deflated, back, n) || n != size || !std::equal(back.begin(), back.end(), data))) std::abort();
  return 0;
}
