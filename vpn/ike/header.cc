#include "vpn/ike/header.h"

namespace sallyport {

std::optional<IkeHeader> ReadIkeHeader(Reader& in) {
  const std::optional<Reader> whole = in.Sub(kIkeHeaderSize);
  if (!whole) return {};
  const std::uint8_t* p = whole->rest().data();
  IkeHeader h;
  h.spi_i = LoadBe64(p);
  h.spi_r = LoadBe64(p + 8);
  h.first = p[16];
  h.version = p[17];
  h.exchange = p[18];
  h.flags = p[19];
  h.message_id = LoadBe32(p + 20);
  h.length = LoadBe32(p + 24);
  return h;
}

std::optional<Bytes> IkeMessageBody(const IkeHeader& header, Bytes message) {
  if (header.length < kIkeHeaderSize || header.length > message.size() || header.length > kIkeLargestMessage) return {};
  return message.subspan(kIkeHeaderSize, header.length - kIkeHeaderSize);
}

void StoreIkeHeader(const IkeHeader& header, std::uint8_t* out) {
  StoreBe64(out, header.spi_i);
  StoreBe64(out + 8, header.spi_r);
  out[16] = header.first;
  out[17] = header.version;
  out[18] = header.exchange;
  out[19] = header.flags;
  StoreBe32(out + 20, header.message_id);
  StoreBe32(out + 24, header.length);
}

}  // namespace sallyport
