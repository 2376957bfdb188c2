#include "firewall/base/ip_address.h"

#include <gtest/gtest.h>

#include "firewall/base/random.h"

namespace sallyport {
namespace {

IpAddress Ip(const char* text) {
  const auto a = IpAddress::Parse(text);
  EXPECT_TRUE(a) << text;
  return a.value_or(IpAddress());
}

TEST(IpAddress, ParsesAndPrints) {
  for (const char* text :
       {"0.0.0.0", "10.1.2.3", "255.255.255.255", "::1", "2001:db8::1", "fe80::1:2:3:4", "2001:db8:1:2:3:4:5:6"}) {
    EXPECT_EQ(Ip(text).ToString(), text);
  }
  EXPECT_EQ(Ip("10.1.2.3").v4(), 0x0a010203u);
  EXPECT_EQ(Ip("2001:DB8:0:0:0:0:0:1").ToString(), "2001:db8::1");  // RFC 5952
  EXPECT_EQ(Ip("::ffff:10.1.2.3"), Ip("10.1.2.3"));
  EXPECT_TRUE(Ip("0.0.0.0").IsV4());
  EXPECT_FALSE(Ip("0.0.0.0").IsNone());
  EXPECT_TRUE(IpAddress().IsNone());
  EXPECT_FALSE(IpAddress().IsV4());
  EXPECT_EQ(IpAddress().ToString(), "0.0.0.0");
}

TEST(IpAddress, RefusesEverythingElse) {
  for (const char* text :
       {"", " 10.1.2.3", "10.1.2.3 ", "10.1.2", "10.1.2.256", "10.1.2.3.4", "10.1.2.3/24", "01.2.3.4", "0x0a.1.2.3", "a",
        ":", ":::", "1::2::3", "12345::", "fe80::1%eth0", "2001:db8::/32", "1111:2222:3333:4444:5555:6666:7777:8888:9999",
        "1111:2222:3333:4444:5555:6666:255.255.255.2555"}) {
    EXPECT_FALSE(IpAddress::Parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::Parse(std::string_view("10.1.2.3\0", 9)));
}

TEST(IpAddress, RoundTripsBytesAndText) {
  Random random(1);
  for (int i = 0; i < 5000; i++) {
    const IpAddress a = i % 2 != 0 ? IpAddress::V4(random.U32()) : IpAddress::V6(random.U64(), random.U64());
    EXPECT_EQ(IpAddress::Parse(a.ToString()), a);
    std::uint8_t bytes[16];
    a.StoreV6(bytes);
    EXPECT_EQ(IpAddress::FromV6Bytes(bytes), a);
    if (a.IsV4()) {
      a.StoreV4(bytes);
      EXPECT_EQ(IpAddress::FromV4Bytes(bytes), a);
    }
  }
}

TEST(IpAddress, OrderAndArithmetic) {
  EXPECT_LT(Ip("10.0.0.255"), Ip("10.0.1.0"));
  EXPECT_LT(Ip("9.255.255.255"), Ip("10.0.0.0"));
  EXPECT_EQ(Ip("10.0.0.255").Plus(1), Ip("10.0.1.0"));
  EXPECT_EQ(Ip("2001:db8::ffff:ffff:ffff:ffff").Plus(1), Ip("2001:db8:0:1::"));
  EXPECT_EQ(Ip("10.0.1.0").Minus(Ip("10.0.0.0")), 256u);
  EXPECT_TRUE(Ip("224.0.0.1").IsV4Multicast());
  EXPECT_FALSE(Ip("240.0.0.1").IsV4Multicast());
  EXPECT_TRUE(Ip("127.1.2.3").IsV4Loopback());
  EXPECT_TRUE(Ip("255.255.255.255").IsV4Broadcast());
}

TEST(Prefix, ContainsAgainstBitByBit) {
  Random random(2);
  for (int i = 0; i < 20'000; i++) {
    const bool v4 = random.Below(2) == 0;
    const IpAddress a = v4 ? IpAddress::V4(random.U32()) : IpAddress::V6(random.U64(), random.U64());
    const int length = static_cast<int>(random.Below(v4 ? 33 : 129));
    const Prefix p = Prefix::Of(a, length);
    EXPECT_EQ(p.FamilyLength(), length);
    // Differs from a in exactly one bit.
    const int bit = static_cast<int>(random.Below(v4 ? 32 : 128));
    const int from_top = v4 ? bit + 96 : bit;
    const IpAddress b = from_top < 64 ? IpAddress::V6(a.hi() ^ (std::uint64_t{1} << (63 - from_top)), a.lo())
                                      : IpAddress::V6(a.hi(), a.lo() ^ (std::uint64_t{1} << (127 - from_top)));
    EXPECT_TRUE(p.Contains(a));
    EXPECT_TRUE(p.Contains(p.address));
    ASSERT_EQ(p.Contains(b), bit >= length) << a.ToString() << "/" << length << " " << b.ToString();
    const AddressRange r = AddressRange::Of(p);
    EXPECT_EQ(r.Contains(a), true);
    ASSERT_EQ(r.Contains(b), p.Contains(b));
  }
}

TEST(Prefix, Families) {
  EXPECT_TRUE(Prefix::Any().Contains(Ip("10.0.0.1")));
  EXPECT_TRUE(Prefix::Any().Contains(Ip("2001:db8::1")));
  EXPECT_TRUE(Prefix::AnyV4().Contains(Ip("10.0.0.1")));
  EXPECT_FALSE(Prefix::AnyV4().Contains(Ip("2001:db8::1")));
  EXPECT_FALSE(Prefix::AnyV4().Contains(IpAddress()));
  EXPECT_TRUE(Prefix::AnyV4().IsV4());
  EXPECT_FALSE(Prefix::Of(Ip("2001:db8::"), 32).IsV4());
  EXPECT_FALSE(Prefix::Of(Ip("2001:db8::"), 32).Contains(Ip("10.0.0.1")));
  const AddressRange r = AddressRange::Of(Prefix::Of(Ip("10.1.2.3"), 24));
  EXPECT_EQ(r.first, Ip("10.1.2.0"));
  EXPECT_EQ(r.last, Ip("10.1.2.255"));
  EXPECT_EQ(r.Size(), 256u);
}

TEST(AddressRange, SizeSaturates) {
  EXPECT_EQ(AddressRange::Of(Prefix::AnyV4()).Size(), std::uint64_t{1} << 32);
  EXPECT_EQ(AddressRange::Of(Prefix::Of(Ip("2001:db8::"), 65)).Size(), std::uint64_t{1} << 63);
  EXPECT_EQ(AddressRange::Of(Prefix::Of(Ip("2001:db8::"), 64)).Size(), UINT64_MAX);
  EXPECT_EQ(AddressRange::Of(Prefix::Of(Ip("2001:db8::"), 32)).Size(), UINT64_MAX);
  EXPECT_EQ((AddressRange{Ip("2001:db8::ffff:ffff:ffff:ffff"), Ip("2001:db8:0:1::")}).Size(), 2u);
}

TEST(Mask, Lengths) {
  for (int n = 0; n <= 32; n++) EXPECT_EQ(MaskLength(MaskOf(n)), n);
  EXPECT_EQ(MaskOf(24).ToString(), "255.255.255.0");
  EXPECT_FALSE(MaskLength(Ip("255.0.255.0")));
  EXPECT_FALSE(MaskLength(Ip("0.0.0.255")));
  EXPECT_FALSE(MaskLength(Ip("ffff::")));
}

TEST(MacAddress, CiscoForm) { EXPECT_EQ((MacAddress{{0x00, 0x13, 0x24, 0x01, 0x01, 0xa3}}).ToString(), "0013.2401.01a3"); }

}  // namespace
}  // namespace sallyport
