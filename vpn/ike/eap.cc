#include "vpn/ike/eap.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::size_t kHeader = 4, kLongestName = 253;  // a RADIUS attribute's

}  // namespace

std::optional<EapMessage> ReadEap(Bytes bytes) {
  if (bytes.size() < kHeader || LoadBe16(bytes.data() + 2) != bytes.size()) return {};
  EapMessage m;
  m.code = bytes[0];
  m.id = bytes[1];
  if (m.code == eap::kSuccess || m.code == eap::kFailure) return bytes.size() == kHeader ? std::optional(m) : std::nullopt;
  if ((m.code != eap::kRequest && m.code != eap::kResponse) || bytes.size() == kHeader) return {};
  m.type = bytes[kHeader];
  m.data = bytes.subspan(kHeader + 1);
  return m;
}

std::vector<std::uint8_t> EapResult(std::uint8_t code, std::uint8_t id) { return {code, id, 0, kHeader}; }

std::vector<std::uint8_t> EapIdentity(std::uint8_t code, std::uint8_t id, std::string_view identity) {
  std::vector<std::uint8_t> out{code, id, 0, 0, eap::kIdentity};
  out.insert(out.end(), identity.begin(), identity.end());
  StoreBe16(out.data() + 2, static_cast<std::uint16_t>(out.size()));
  return out;
}

std::string EapName(Bytes identity) {
  const bool good = !identity.empty() && identity.size() <= kLongestName &&
                    std::all_of(identity.begin(), identity.end(), [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; });
  return good ? std::string(identity.begin(), identity.end()) : std::string();
}

}  // namespace sallyport
