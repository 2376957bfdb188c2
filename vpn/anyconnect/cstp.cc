#include "vpn/anyconnect/cstp.h"

namespace sallyport {

CstpError ReadCstp(Bytes record, CstpFrame& frame) {
  if (record.size() < kCstpHeader) return CstpError::kShort;
  if (record[0] != 'S' || record[1] != 'T' || record[2] != 'F') return CstpError::kMagic;
  if (record[3] != 1) return CstpError::kVersion;
  const std::size_t size = static_cast<std::size_t>(record[4]) << 8 | record[5];
  if (record.size() - kCstpHeader != size) return CstpError::kLength;
  frame.type = record[6];
  frame.payload = record.subspan(kCstpHeader);
  return CstpError::kNone;
}

void PutCstpHeader(MutableBytes at, CstpType type, std::size_t size) {
  at[0] = 'S';
  at[1] = 'T';
  at[2] = 'F';
  at[3] = 1;
  at[4] = static_cast<std::uint8_t>(size >> 8);
  at[5] = static_cast<std::uint8_t>(size);
  at[6] = static_cast<std::uint8_t>(type);
  at[7] = 0;
}

}  // namespace sallyport
