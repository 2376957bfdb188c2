// Writes IKE messages: a chain of payloads whose generic headers are filled in as the chain grows, alone (what will be
// encrypted) or behind a message header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "firewall/base/bytes.h"
#include "vpn/ike/header.h"

namespace sallyport {

class ChainWriter {
 public:
  virtual ~ChainWriter() = default;
  // Ends the payload that was open, and begins one. Returns where its generic header stands.
  std::size_t Begin(std::uint8_t type, bool critical = false);
  void U8(std::uint8_t v) { bytes_.push_back(v); }
  void U16(std::uint16_t v);
  void U32(std::uint32_t v);
  void U64(std::uint64_t v);
  void Put(Bytes data) { bytes_.insert(bytes_.end(), data.begin(), data.end()); }
  void Zeros(std::size_t n) { bytes_.resize(bytes_.size() + n); }
  // A whole payload.
  std::size_t Add(std::uint8_t type, Bytes body);
  std::size_t Add(std::uint8_t type, std::initializer_list<Bytes> parts);

  // Ends the open payload.
  void End();
  std::uint8_t first() const { return first_; }
  // What was written so far, with the message's header if there is one. Lengths are true only after End.
  std::size_t size() const { return bytes_.size(); }
  Bytes bytes() const { return bytes_; }
  MutableBytes mutable_bytes() { return bytes_; }
  // The body of the payload whose generic header stands at `at`. Only after End.
  Bytes BodyAt(std::size_t at) const;
  std::vector<std::uint8_t> Take() {
    End();
    return std::move(bytes_);
  }

 protected:
  std::vector<std::uint8_t> bytes_;
  std::uint8_t first_ = 0;
  std::size_t open_ = kClosed;  // where the open payload's header stands
  std::size_t last_ = kClosed;  // and that of the last one: its `next` is still 0

 private:
  static constexpr std::size_t kClosed = static_cast<std::size_t>(-1);
};

class MessageWriter final : public ChainWriter {
 public:
  // `first` and `length` are filled in by Finish. Bytes of the header count in what Begin returns.
  explicit MessageWriter(const IkeHeader& header);
  std::vector<std::uint8_t> Finish();
  // Changes what the header will say: `first` of a chain that is only encrypted bytes, flags.
  IkeHeader& header() { return header_; }

 private:
  IkeHeader header_;
};

// A message whose body is already there (encrypted, padded): the header's length is filled in.
std::vector<std::uint8_t> WithIkeHeader(IkeHeader header, Bytes body);

}  // namespace sallyport
