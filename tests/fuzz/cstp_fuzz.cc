// Frames of CSTP: one record of a client's. The frame must lie within the record, and make the same record again.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "vpn/anyconnect/cstp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  const Bytes record(data, size);
  CstpFrame frame;
  if (ReadCstp(record, frame) != CstpError::kNone) return 0;
  if (frame.payload.size() + kCstpHeader != size || frame.payload.data() != data + kCstpHeader) std::abort();
  std::vector<std::uint8_t> again(kCstpHeader);
  PutCstpHeader(again, static_cast<CstpType>(frame.type), frame.payload.size());
  if (!std::equal(again.begin(), again.end() - 1, data)) std::abort();  // but for the octet that nobody uses
  return 0;
}
