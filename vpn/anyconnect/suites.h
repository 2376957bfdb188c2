// The cipher suites of AnyConnect's two tunnels: which DTLS a client and the configuration agree on at CONNECT, and how a suite of
// TLS is shown and counted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vpn/crypto/algorithms.h"

namespace sallyport {

// How the two ends get the keys of DTLS.
enum class DtlsMethod : std::uint8_t {
  kDtls12,  // X-DTLS12-CipherSuite: DTLS 1.2 that resumes a session whose master secret the client has made up (9.10 and later)
  kOc,      // OC-DTLS1_2-*: the same, openconnect's names in X-DTLS-CipherSuite
  kPsk,     // PSK-NEGOTIATE: a full handshake with a key that is exported from TLS (openconnect)
  kLegacy,  // X-DTLS-CipherSuite: Cisco's DTLS before the standard, 0x0100 on the wire; resumes like kDtls12
};

struct DtlsSuite {
  std::string_view name;  // as the headers have it
  DtlsMethod method;
  const char* openssl;    // OpenSSL's names for the handshake; kLegacy: of the configuration's line only
  VpnCipher cipher;       // of kPsk: what is preferred; DtlsChannel tells what it has become
  VpnHash hash;
  std::uint8_t block, iv, mac;  // of MTU's arithmetic (mtu.h): an AEAD counts the hash of its pseudo-random function
  bool aead() const { return cipher == VpnCipher::kAesGcm128 || cipher == VpnCipher::kAesGcm256; }
};
std::span<const DtlsSuite> DtlsSuites();
const DtlsSuite* FindDtlsSuite(DtlsMethod method, std::string_view name);

// What a CONNECT request offers.
struct DtlsOffer {
  std::string_view suites = {};    // X-DTLS-CipherSuite
  std::string_view suites12 = {};  // X-DTLS12-CipherSuite
  bool master_secret = false;  // X-DTLS-Master-Secret was there and has 48 octets
};
// What the configuration allows: of SslPolicy.
struct DtlsRules {
  int release = 916;
  int min_dtls = 0xfeff;               // 0xfefd: DTLS 1.2 only
  std::string_view dtls1 = {}, dtls12 = {};  // OpenSSL's names, joined by ":", the preferred first
};
// The header's name and value are {suite->method == kDtls12 ? X-DTLS12-CipherSuite : X-DTLS-CipherSuite, suite->name}; null: no
// suite in common. kPsk is chosen without a master secret, too.
const DtlsSuite* ChooseDtls(const DtlsOffer& offer, const DtlsRules& rules);

// How a suite of OpenSSL's, as TlsChannel::cipher() or DtlsChannel::cipher() names it, is shown, and what it counts for MTUs.
struct SuiteView {
  VpnCipher cipher = VpnCipher::kNone;
  VpnHash hash = VpnHash::kNone;  // of its MAC; AEAD: of its pseudo-random function
  bool aead = false;
};
SuiteView DescribeSuite(std::string_view openssl_name);

}  // namespace sallyport
