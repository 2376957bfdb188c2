#include "vpn/ike/attributes.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostAttributes = 256;
constexpr std::uint16_t kShortForm = 0x8000;

void Append16(std::vector<std::uint8_t>& out, std::uint16_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}

}  // namespace

std::optional<std::uint64_t> Attribute::Number() const {
  if (basic()) return std::get<std::uint16_t>(value);
  const Bytes b = std::get<Bytes>(value);
  if (b.empty() || b.size() > 8) return {};
  std::uint64_t v = 0;
  for (const std::uint8_t byte : b) v = v << 8 | byte;
  return v;
}

Result<std::vector<Attribute>> ReadAttributes(Bytes data) {
  std::vector<Attribute> out;
  Reader in(data);
  while (in.left() != 0) {
    if (out.size() == kMostAttributes) return Error{"too many attributes"};
    const auto type = in.U16();
    const auto value = in.U16();
    if (!type || !value) return Error{"an attribute is cut off"};
    Attribute a;
    a.type = static_cast<std::uint16_t>(*type & ~kShortForm);
    if ((*type & kShortForm) != 0) {
      a.value = *value;
    } else {
      const auto bytes = in.Sub(*value);
      if (!bytes) return Error{"an attribute's value is cut off"};
      a.value = bytes->rest();
    }
    out.push_back(a);
  }
  return out;
}

const Attribute* FindAttribute(std::span<const Attribute> list, std::uint16_t type) {
  for (const Attribute& a : list) {
    if (a.type == type) return &a;
  }
  return nullptr;
}

AttributeWriter& AttributeWriter::Basic(std::uint16_t type, std::uint16_t value) {
  Append16(bytes_, static_cast<std::uint16_t>(type | kShortForm));
  Append16(bytes_, value);
  return *this;
}

AttributeWriter& AttributeWriter::Long(std::uint16_t type, Bytes value) {
  Append16(bytes_, type);
  Append16(bytes_, static_cast<std::uint16_t>(value.size()));
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  return *this;
}

AttributeWriter& AttributeWriter::Number32(std::uint16_t type, std::uint32_t value) {
  std::uint8_t b[4];
  StoreBe32(b, value);
  return Long(type, b);
}

}  // namespace sallyport
