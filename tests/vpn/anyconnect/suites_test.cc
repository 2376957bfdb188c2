#include "vpn/anyconnect/suites.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

// What openconnect 9.01 offers.
constexpr std::string_view kOpenconnect =
    "PSK-NEGOTIATE:OC-DTLS1_2-AES256-GCM:OC2-DTLS1_2-CHACHA20-POLY1305:OC-DTLS1_2-AES128-GCM:DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:"
    "AES256-SHA:AES128-SHA";
constexpr std::string_view kOpenconnect12 =
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256:DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:"
    "AES256-SHA:AES128-SHA";

struct Chosen {
  DtlsMethod method;
  std::string_view name;
  bool operator==(const Chosen&) const = default;
};
Chosen Choice(const DtlsOffer& offer, const DtlsRules& rules) {
  const DtlsSuite* s = ChooseDtls(offer, rules);
  return s != nullptr ? Chosen{s->method, s->name} : Chosen{DtlsMethod::kPsk, "none"};
}
const DtlsOffer kAll{kOpenconnect, kOpenconnect12, true};

TEST(DtlsChoice, ByRelease) {
  EXPECT_EQ(Choice(kAll, {}), (Chosen{DtlsMethod::kDtls12, "ECDHE-RSA-AES256-GCM-SHA384"}));
  EXPECT_EQ(Choice(kAll, {.release = 901}), (Chosen{DtlsMethod::kLegacy, "DHE-RSA-AES256-SHA"}));
  EXPECT_EQ(Choice(kAll, {.release = 804, .dtls1 = "AES128-SHA:AES256-SHA"}), (Chosen{DtlsMethod::kLegacy, "AES128-SHA"}));
}

TEST(DtlsChoice, TheConfigurationsOrderRules) {
  EXPECT_EQ(Choice(kAll, {.dtls12 = "NULL-SHA:AES128-GCM-SHA256:AES256-GCM-SHA384"}), (Chosen{DtlsMethod::kDtls12, "AES128-GCM-SHA256"}));
  // Nothing in common there: openconnect's own ways.
  EXPECT_EQ(Choice(kAll, {.dtls12 = "AES256-SHA256"}), (Chosen{DtlsMethod::kPsk, "PSK-NEGOTIATE"}));
  EXPECT_EQ(Choice(kAll, {.release = 804, .dtls1 = "DES-CBC3-SHA"}), (Chosen{DtlsMethod::kOc, "OC-DTLS1_2-AES256-GCM"}));
}

TEST(DtlsChoice, OneOfferAtATime) {
  EXPECT_EQ(Choice({"PSK-NEGOTIATE", {}, false}, {}), (Chosen{DtlsMethod::kPsk, "PSK-NEGOTIATE"}));
  EXPECT_EQ(Choice({"PSK-NEGOTIATE", {}, false}, {.release = 804}), (Chosen{DtlsMethod::kPsk, "PSK-NEGOTIATE"}));
  EXPECT_EQ(Choice({"OC-DTLS1_2-AES128-GCM", {}, true}, {}), (Chosen{DtlsMethod::kOc, "OC-DTLS1_2-AES128-GCM"}));
  EXPECT_EQ(Choice({"DES-CBC3-SHA", {}, true}, {}), (Chosen{DtlsMethod::kLegacy, "DES-CBC3-SHA"}));
  EXPECT_EQ(ChooseDtls({"DES-CBC3-SHA", {}, true}, {.min_dtls = 0xfefd}), nullptr);
  EXPECT_EQ(ChooseDtls({kOpenconnect.substr(14), kOpenconnect12, false}, {}), nullptr);  // no master secret
  EXPECT_EQ(ChooseDtls({{}, {}, true}, {}), nullptr);
  EXPECT_EQ(ChooseDtls({"::AES:", ":", true}, {}), nullptr);
  EXPECT_EQ(ChooseDtls({{}, "AES256-GCM-SHA384", true}, {.release = 908}), nullptr);  // knows no such header
}

TEST(DtlsChoice, SuitesAreDescribed) {
  const auto of = [](std::string_view name) {
    const SuiteView v = DescribeSuite(name);
    return std::tuple(v.cipher, v.hash, v.aead);
  };
  EXPECT_EQ(of("ECDHE-RSA-AES256-GCM-SHA384"), std::tuple(VpnCipher::kAesGcm256, VpnHash::kSha384, true));
  EXPECT_EQ(of("TLS_AES_128_GCM_SHA256"), std::tuple(VpnCipher::kAesGcm128, VpnHash::kSha256, true));
  EXPECT_EQ(of("AES256-SHA256"), std::tuple(VpnCipher::kAes256, VpnHash::kSha256, false));
  EXPECT_EQ(of("DHE-RSA-AES128-SHA"), std::tuple(VpnCipher::kAes128, VpnHash::kSha1, false));
  EXPECT_EQ(of("DES-CBC3-SHA"), std::tuple(VpnCipher::k3Des, VpnHash::kSha1, false));
  EXPECT_EQ(of("RC4-MD5"), std::tuple(VpnCipher::kRc4, VpnHash::kMd5, false));
  EXPECT_EQ(of(""), std::tuple(VpnCipher::kNone, VpnHash::kNone, false));
  for (const DtlsSuite& s : DtlsSuites()) {
    const std::string_view names = s.openssl;
    EXPECT_EQ(of(names.substr(0, names.find(':'))), std::tuple(s.cipher, s.hash, s.aead())) << s.name;
    EXPECT_EQ(FindDtlsSuite(s.method, s.name), &s);
  }
}

}  // namespace
}  // namespace sallyport
