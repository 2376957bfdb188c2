#include "vpn/anyconnect/mtu.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sallyport {
namespace {

const DtlsSuite* Legacy(std::string_view name) { return FindDtlsSuite(DtlsMethod::kLegacy, name); }
const DtlsSuite* Modern(std::string_view name) { return FindDtlsSuite(DtlsMethod::kDtls12, name); }

bool Says(const Mtus& m, const std::string& line) { return std::ranges::find(m.lines, line) != m.lines.end(); }

TEST(SslMtu, TheCaseOfTheReconnectAfterAMinute) {
  const Mtus m = DeriveMtus({.dtls = Legacy("AES256-SHA")});
  EXPECT_EQ(m.tls, 1347);
  EXPECT_EQ(m.dtls, 1418);
  EXPECT_TRUE(Says(m, "1380 - 5 (TLS header) - 8 (CSTP) - 0 (padding) - 20 (HASH) = 1347"));
  EXPECT_TRUE(Says(m, "dtls-mtu = 1456(mod-mtu) - 1(cdtp) - 16(iv) - 20(mac) - 1(pad) = 1418"));
  EXPECT_TRUE(Says(m, "tls-mtu=1347 dtls-mtu=1418"));
}

TEST(SslMtu, WhatTheCaseAdvises) {
  const Mtus lower = DeriveMtus({.dtls = Legacy("AES256-SHA"), .configured = 1300});
  EXPECT_EQ(lower.tls, 1300);
  EXPECT_EQ(lower.dtls, 1300);
  const Mtus mss = DeriveMtus({.tcpmss = 1460, .dtls = Legacy("AES128-SHA")});
  EXPECT_EQ(mss.tls, 1427);
  EXPECT_EQ(mss.dtls, 1418);
}

TEST(SslMtu, RealApplianceWithGcm) {
  const Mtus m = DeriveMtus({.tls_aead = true, .dtls = Modern("ECDHE-RSA-AES256-GCM-SHA384")});
  EXPECT_EQ(m.tls, 1367);
  EXPECT_EQ(m.dtls, 1390);
  EXPECT_TRUE(Says(m, "mtu = 1500(base-mtu) - 20(ip) - 8(udp) - 13(dtlshdr) - 16(dtlsiv) = 1443"));
  EXPECT_TRUE(Says(m, "mod-mtu = 1443(mtu) & 0xfff0(complement) = 1440"));
  EXPECT_TRUE(Says(m, "dtls-mtu = 1440(mod-mtu) - 1(cdtp) - 48(mac) - 1(pad) = 1390"));
  EXPECT_EQ(DeriveMtus({.tls_aead = true, .dtls = Modern("AES128-GCM-SHA256")}).dtls, 1406);
  EXPECT_EQ(DeriveMtus({.dtls = Legacy("DES-CBC3-SHA")}).dtls, 1426);
}

TEST(SslMtu, OtherPathsAndLimits) {
  EXPECT_EQ(DeriveMtus({.outer_ipv6 = true, .dtls = Legacy("AES128-SHA")}).dtls, 1386);
  EXPECT_EQ(DeriveMtus({.tcpmss = 0, .tls_aead = true}).tls, 1447);
  EXPECT_EQ(DeriveMtus({.tls_aead = true}).dtls, 1367);  // no DTLS
  EXPECT_EQ(DeriveMtus({.base_mtu = 1300, .dtls = Legacy("AES128-SHA")}).tls, 1300 - 40 - 13 - 20);
  EXPECT_EQ(DeriveMtus({.base_mtu = 0, .dtls = Legacy("AES128-SHA")}).dtls, kSmallestSslMtu);
  MtuInput narrow{.base_mtu = 1400, .dtls = Legacy("AES128-SHA")};
  EXPECT_EQ(DtlsMtuOf(narrow), ((1400 - 41) & ~15) - 38);
  narrow.base_mtu = 300;
  EXPECT_EQ(DtlsMtuOf(narrow), 576);
}

}  // namespace
}  // namespace sallyport
