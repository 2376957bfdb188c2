// Vendor ids that IKE version 1 sends and knows: how peers tell each other what they can do beyond the standard.
#pragma once

#include <cstdint>
#include <optional>

#include "firewall/base/bytes.h"

namespace sallyport {

enum class VendorId : std::uint8_t {
  kNatTDraft02,  // with the newline that its authors hashed with it
  kNatTDraft02Bare,
  kNatTDraft03,
  kNatTRfc,
  kFragmentation,  // four more bytes tell for which modes
  kUnity,
  kXauth,
  kDpd,
  kAltiga,  // Cisco's VPN 3000 and ASA
  kDeleteReason,
  kVpn3000Client
};

// Which one `body` is. Of those with a version behind them the version does not count.
std::optional<VendorId> VendorIdOf(Bytes body);
// What is sent.
Bytes BytesOf(VendorId id);

// RFC 3947 and its drafts: payload numbers and encapsulation values differ.
enum class NatTraversal : std::uint8_t { kNone, kDraft02, kDraft03, kRfc };

}  // namespace sallyport
