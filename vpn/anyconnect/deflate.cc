#include "vpn/anyconnect/deflate.h"

#include <zlib.h>

namespace sallyport {
namespace {

constexpr int kRawWindow12 = -12, kDeflateMemory = 9;
constexpr std::size_t kAdlerSize = 4;

}  // namespace

struct CstpDeflate::Impl {
  z_stream out{}, in{};
  bool ready = false;
  std::uint32_t adler_out = 1, adler_in = 1;
};

CstpDeflate::CstpDeflate() : impl_(std::make_unique<Impl>()) {
  impl_->ready = deflateInit2(&impl_->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawWindow12, kDeflateMemory, Z_DEFAULT_STRATEGY) == Z_OK &&
                 inflateInit2(&impl_->in, kRawWindow12) == Z_OK;
}
CstpDeflate::~CstpDeflate() {
  deflateEnd(&impl_->out);
  inflateEnd(&impl_->in);
}

std::size_t CstpDeflate::Pack(Bytes packet, MutableBytes room) {
  Impl& i = *impl_;
  if (!i.ready || packet.empty() || room.size() < Bound(packet.size())) return 0;
  i.out.next_in = const_cast<std::uint8_t*>(packet.data());
  i.out.avail_in = static_cast<uInt>(packet.size());
  i.out.next_out = room.data();
  i.out.avail_out = static_cast<uInt>(room.size() - kAdlerSize);
  // All of it must have gone out, the flush too: then there is room left.
  if (deflate(&i.out, Z_SYNC_FLUSH) != Z_OK || i.out.avail_in != 0 || i.out.avail_out == 0) {
    i.ready = false;
    return 0;
  }
  const std::size_t size = room.size() - kAdlerSize - i.out.avail_out;
  i.adler_out = static_cast<std::uint32_t>(adler32(i.adler_out, packet.data(), static_cast<uInt>(packet.size())));
  StoreBe32(room.data() + size, i.adler_out);
  return size + kAdlerSize;
}

bool CstpDeflate::Unpack(Bytes payload, MutableBytes room, std::size_t& size) {
  Impl& i = *impl_;
  if (!i.ready || payload.size() < kAdlerSize) return false;
  const Bytes packed = payload.first(payload.size() - kAdlerSize);
  i.in.next_in = const_cast<std::uint8_t*>(packed.data());
  i.in.avail_in = static_cast<uInt>(packed.size());
  i.in.next_out = room.data();
  i.in.avail_out = static_cast<uInt>(room.size());
  const int r = inflate(&i.in, Z_SYNC_FLUSH);
  size = room.size() - i.in.avail_out;
  i.adler_in = static_cast<std::uint32_t>(adler32(i.adler_in, room.data(), static_cast<uInt>(size)));
  i.ready = (r == Z_OK || r == Z_BUF_ERROR) && i.in.avail_in == 0 && LoadBe32(payload.data() + packed.size()) == i.adler_in;
  return i.ready;
}

}  // namespace sallyport
