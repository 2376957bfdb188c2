#include "vpn/anyconnect/suites.h"

#include <algorithm>

namespace sallyport {
namespace {

using enum DtlsMethod;
constexpr VpnCipher kGcm256 = VpnCipher::kAesGcm256, kGcm128 = VpnCipher::kAesGcm128, kCbc256 = VpnCipher::kAes256, kCbc128 = VpnCipher::kAes128;
constexpr VpnHash kMac1 = VpnHash::kSha1, kMac256 = VpnHash::kSha256, kMac384 = VpnHash::kSha384;

// In order of preference within a method where the configuration has none.
constexpr DtlsSuite kSuites[] = {
    {"ECDHE-ECDSA-AES256-GCM-SHA384", kDtls12, "ECDHE-ECDSA-AES256-GCM-SHA384", kGcm256, kMac384, 16, 0, 48},
    {"ECDHE-RSA-AES256-GCM-SHA384", kDtls12, "ECDHE-RSA-AES256-GCM-SHA384", kGcm256, kMac384, 16, 0, 48},
    {"DHE-RSA-AES256-GCM-SHA384", kDtls12, "DHE-RSA-AES256-GCM-SHA384", kGcm256, kMac384, 16, 0, 48},
    {"AES256-GCM-SHA384", kDtls12, "AES256-GCM-SHA384", kGcm256, kMac384, 16, 0, 48},
    {"ECDHE-ECDSA-AES128-GCM-SHA256", kDtls12, "ECDHE-ECDSA-AES128-GCM-SHA256", kGcm128, kMac256, 16, 0, 32},
    {"ECDHE-RSA-AES128-GCM-SHA256", kDtls12, "ECDHE-RSA-AES128-GCM-SHA256", kGcm128, kMac256, 16, 0, 32},
    {"DHE-RSA-AES128-GCM-SHA256", kDtls12, "DHE-RSA-AES128-GCM-SHA256", kGcm128, kMac256, 16, 0, 32},
    {"AES128-GCM-SHA256", kDtls12, "AES128-GCM-SHA256", kGcm128, kMac256, 16, 0, 32},
    {"ECDHE-RSA-AES256-SHA384", kDtls12, "ECDHE-RSA-AES256-SHA384", kCbc256, kMac384, 16, 16, 48},
    {"DHE-RSA-AES256-SHA256", kDtls12, "DHE-RSA-AES256-SHA256", kCbc256, kMac256, 16, 16, 32},
    {"AES256-SHA256", kDtls12, "AES256-SHA256", kCbc256, kMac256, 16, 16, 32},
    {"ECDHE-RSA-AES128-SHA256", kDtls12, "ECDHE-RSA-AES128-SHA256", kCbc128, kMac256, 16, 16, 32},
    {"DHE-RSA-AES128-SHA256", kDtls12, "DHE-RSA-AES128-SHA256", kCbc128, kMac256, 16, 16, 32},
    {"AES128-SHA256", kDtls12, "AES128-SHA256", kCbc128, kMac256, 16, 16, 32},
    {"DHE-RSA-AES256-SHA", kDtls12, "DHE-RSA-AES256-SHA", kCbc256, kMac1, 16, 16, 20},
    {"AES256-SHA", kDtls12, "AES256-SHA", kCbc256, kMac1, 16, 16, 20},
    {"DHE-RSA-AES128-SHA", kDtls12, "DHE-RSA-AES128-SHA", kCbc128, kMac1, 16, 16, 20},
    {"AES128-SHA", kDtls12, "AES128-SHA", kCbc128, kMac1, 16, 16, 20},
    {"PSK-NEGOTIATE", kPsk, "PSK-AES256-GCM-SHA384:PSK-AES128-GCM-SHA256", kGcm256, kMac384, 16, 0, 48},
    {"OC-DTLS1_2-AES256-GCM", kOc, "AES256-GCM-SHA384", kGcm256, kMac384, 16, 0, 48},
    {"OC-DTLS1_2-AES128-GCM", kOc, "AES128-GCM-SHA256", kGcm128, kMac256, 16, 0, 32},
    {"DHE-RSA-AES256-SHA", kLegacy, "DHE-RSA-AES256-SHA", kCbc256, kMac1, 16, 16, 20},
    {"AES256-SHA", kLegacy, "AES256-SHA", kCbc256, kMac1, 16, 16, 20},
    {"DHE-RSA-AES128-SHA", kLegacy, "DHE-RSA-AES128-SHA", kCbc128, kMac1, 16, 16, 20},
    {"AES128-SHA", kLegacy, "AES128-SHA", kCbc128, kMac1, 16, 16, 20},
    {"DES-CBC3-SHA", kLegacy, "DES-CBC3-SHA", VpnCipher::k3Des, kMac1, 8, 8, 20},
};

// Calls `f(name)` for each name of a list joined by ":" until it returns something.
template <typename F>
const DtlsSuite* FirstOf(std::string_view list, F f) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(':'), list.size());
    if (const DtlsSuite* const found = f(list.substr(0, end))) return found;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return nullptr;
}

bool Offers(std::string_view list, std::string_view name) {
  return FirstOf(list, [&](std::string_view one) { return one == name ? &kSuites[0] : nullptr; }) != nullptr;
}

// By the configuration's order, and where that is silent by the table's.
const DtlsSuite* Choose(DtlsMethod method, std::string_view offered, std::string_view order) {
  if (order.empty()) {
    const auto found = std::ranges::find_if(kSuites, [&](const DtlsSuite& s) { return s.method == method && Offers(offered, s.name); });
    return found != std::end(kSuites) ? found : nullptr;
  }
  return FirstOf(order, [&](std::string_view name) { return Offers(offered, name) ? FindDtlsSuite(method, name) : nullptr; });
}

}  // namespace

std::span<const DtlsSuite> DtlsSuites() { return kSuites; }

const DtlsSuite* FindDtlsSuite(DtlsMethod method, std::string_view name) {
  const auto found = std::ranges::find_if(kSuites, [&](const DtlsSuite& s) { return s.method == method && s.name == name; });
  return found != std::end(kSuites) ? found : nullptr;
}

const DtlsSuite* ChooseDtls(const DtlsOffer& offer, const DtlsRules& rules) {
  const bool modern = rules.release >= 910;  // the first that knows X-DTLS12-CipherSuite
  const auto resumed = [&](DtlsMethod method, std::string_view offered, std::string_view order) {
    return offer.master_secret ? Choose(method, offered, order) : nullptr;
  };
  if (modern) {
    if (const auto* s = resumed(kDtls12, offer.suites12, rules.dtls12)) return s;
  } else if (const auto* s = resumed(kLegacy, offer.suites, rules.dtls1)) {
    return s;
  }
  const DtlsSuite* const psk = Choose(kPsk, offer.suites, {});
  if (modern && psk != nullptr) return psk;
  if (const auto* s = resumed(kOc, offer.suites, {})) return s;
  if (psk != nullptr) return psk;
  if (modern && rules.min_dtls == 0xfeff) return resumed(kLegacy, offer.suites, rules.dtls1);
  return nullptr;
}

SuiteView DescribeSuite(std::string_view name) {
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  SuiteView v;
  const bool aes256 = has("AES256") || has("AES_256"), aes128 = has("AES128") || has("AES_128");
  v.aead = has("GCM") || has("CCM") || has("CHACHA20");
  if (aes256) v.cipher = v.aead ? kGcm256 : kCbc256;
  if (aes128) v.cipher = v.aead ? kGcm128 : kCbc128;
  if (has("3DES") || has("DES-CBC3")) v.cipher = VpnCipher::k3Des;
  if (has("RC4")) v.cipher = VpnCipher::kRc4;
  v.hash = has("SHA384") ? VpnHash::kSha384 : has("SHA256") ? VpnHash::kSha256 : has("MD5") ? VpnHash::kMd5 : name.empty() ? VpnHash::kNone : VpnHash::kSha1;
  return v;
}

}  // namespace sallyport
