// Deflate of CSTP: one stream for all packets of a connection in a direction (raw, window of 12 bits, flushed after each packet), each
// packet followed by the running Adler-32 of everything so far, 4 octets.
#pragma once

#include <cstdint>
#include <memory>

#include "firewall/base/bytes.h"

namespace sallyport {

class CstpDeflate {
 public:
  CstpDeflate();
  ~CstpDeflate();
  CstpDeflate(const CstpDeflate&) = delete;
  CstpDeflate& operator=(const CstpDeflate&) = delete;
  // What a packet of `size` octets can become at most.
  static std::size_t Bound(std::size_t size) { return size + size / 8 + 64; }
  // The payload of a compressed frame for `packet`, into `room`, which holds Bound(packet.size()); a packet is not empty. The stream has then moved on: it must be sent. Its
  // size; 0: failed.
  std::size_t Pack(Bytes packet, MutableBytes room);
  // False: malformed, larger than `room`, or not what the other end compressed. The stream is then of no more use.
  bool Unpack(Bytes payload, MutableBytes room, std::size_t& size);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
