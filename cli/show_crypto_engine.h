// `show crypto protocol statistics`, `show crypto accelerator statistics`, and what an interface does to packets of IPsec. Pure.
#pragma once

#include <string>

#include "firewall/personality.h"
#include "vpn/esp/outer_header.h"
#include "vpn/views.h"

namespace sallyport {

enum class CryptoProtocol : std::uint8_t { kAll, kIkev1, kIkev2, kIpsec, kSsl, kSsh, kSrtp, kOther };
std::string ShowCryptoProtocol(const CryptoStatsView& stats, CryptoProtocol which, const Personality& personality);

// What is enciphered here is enciphered by a library: the one accelerator there is, is that. `seconds`: since start.
std::string ShowCryptoAccelerator(const CryptoStatsView& stats, std::uint64_t seconds, std::uint32_t sessions);

// `show crypto ipsec df-bit IF`, `show crypto ipsec fragmentation IF`.
std::string ShowDfPolicy(const std::string& interface, DfPolicy policy);
std::string ShowFragmentationPolicy(const std::string& interface, bool after_encryption);

}  // namespace sallyport
