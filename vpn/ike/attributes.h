// Data attributes (RFC 2408 3.3): of transforms in both versions, and of version 1's mode configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"

namespace sallyport {

struct Attribute {
  std::uint16_t type = 0;                    // without the bit that tells the form
  std::variant<std::uint16_t, Bytes> value;  // short form, or bytes

  bool basic() const { return value.index() == 0; }
  // As a number of at most 64 bits, of either form. Nothing: empty or longer.
  std::optional<std::uint64_t> Number() const;
  // The bytes of the long form; empty for the short one.
  Bytes bytes() const { return basic() ? Bytes() : std::get<Bytes>(value); }
};

// At most 256; what is left over or cut off is an error.
Result<std::vector<Attribute>> ReadAttributes(Bytes data);
const Attribute* FindAttribute(std::span<const Attribute> list, std::uint16_t type);

// Collects encoded attributes.
class AttributeWriter {
 public:
  AttributeWriter& Basic(std::uint16_t type, std::uint16_t value);
  AttributeWriter& Long(std::uint16_t type, Bytes value);
  AttributeWriter& Number32(std::uint16_t type, std::uint32_t value);  // the long form, four bytes
  Bytes bytes() const { return bytes_; }
  std::vector<std::uint8_t> Take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace sallyport
