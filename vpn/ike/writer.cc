#include "vpn/ike/writer.h"

#include <cassert>

namespace sallyport {

std::size_t ChainWriter::Begin(std::uint8_t type, bool critical) {
  End();
  if (last_ == kClosed) {
    first_ = type;
  } else {
    bytes_[last_] = type;
  }
  open_ = last_ = bytes_.size();
  U8(0);
  U8(critical ? 0x80 : 0);
  U16(0);
  return open_;
}

void ChainWriter::End() {
  if (open_ == kClosed) return;
  const std::size_t length = bytes_.size() - open_;
  assert(length <= 65535);
  StoreBe16(bytes_.data() + open_ + 2, static_cast<std::uint16_t>(length));
  open_ = kClosed;
}

void ChainWriter::U16(std::uint16_t v) {
  std::uint8_t b[2];
  StoreBe16(b, v);
  Put(b);
}

void ChainWriter::U32(std::uint32_t v) {
  std::uint8_t b[4];
  StoreBe32(b, v);
  Put(b);
}

void ChainWriter::U64(std::uint64_t v) {
  std::uint8_t b[8];
  StoreBe64(b, v);
  Put(b);
}

std::size_t ChainWriter::Add(std::uint8_t type, Bytes body) { return Add(type, {body}); }

std::size_t ChainWriter::Add(std::uint8_t type, std::initializer_list<Bytes> parts) {
  const std::size_t at = Begin(type);
  for (const Bytes part : parts) Put(part);
  End();
  return at;
}

Bytes ChainWriter::BodyAt(std::size_t at) const {
  const std::size_t length = LoadBe16(bytes_.data() + at + 2);
  return Bytes(bytes_).subspan(at + kIkePayloadHeaderSize, length - kIkePayloadHeaderSize);
}

MessageWriter::MessageWriter(const IkeHeader& header) : header_(header) { bytes_.resize(kIkeHeaderSize); }

std::vector<std::uint8_t> MessageWriter::Finish() {
  End();
  if (first_ != 0) header_.first = first_;
  header_.length = static_cast<std::uint32_t>(bytes_.size());
  StoreIkeHeader(header_, bytes_.data());
  return std::move(bytes_);
}

std::vector<std::uint8_t> WithIkeHeader(IkeHeader header, Bytes body) {
  std::vector<std::uint8_t> out(kIkeHeaderSize);
  header.length = static_cast<std::uint32_t>(kIkeHeaderSize + body.size());
  StoreIkeHeader(header, out.data());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

}  // namespace sallyport
