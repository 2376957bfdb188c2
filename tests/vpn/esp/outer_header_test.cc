// What stands in front of ESP.
#include "vpn/esp/outer_header.h"

#include <gtest/gtest.h>

#include "firewall/base/checksum.h"
#include "firewall/base/random.h"
#include "tests/vpn/esp/transforms.h"

namespace sallyport {
namespace {

using What = OuterPacket::What;

IpAddress A(const char* text) { return *IpAddress::Parse(text); }

// The bytes behind `front` free ones.
std::vector<std::uint8_t> Behind(std::size_t front, Bytes bytes) {
  std::vector<std::uint8_t> out(front);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

TEST(OuterHeader, RawEspInIpv4ToTheByte) {
  std::vector<std::uint8_t> buffer = Behind(20, FromHex("0102030400000001aabbccdd"));
  const OuterPath path{A("192.0.2.1"), A("198.51.100.2")};
  const MutableBytes packet = WriteOuter(path, {0xb8, true}, 0x1234, MutableBytes(buffer).subspan(20));
  EXPECT_EQ(ToHex(packet).substr(0, 20), "45b80020123440004032");
  EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(packet).first(20))), 0);
  EXPECT_EQ(ToHex(packet).substr(24), "c0000201c63364020102030400000001aabbccdd");
  const OuterPacket back = ReadOuter(packet);
  EXPECT_EQ(back.what, What::kEsp);
  EXPECT_EQ(back.src, path.local);
  EXPECT_EQ(back.dst, path.peer);
  EXPECT_EQ(back.traffic_class, 0xb8);
  EXPECT_EQ(ToHex(back.content), "0102030400000001aabbccdd");
}

TEST(OuterHeader, UdpAndBothFamilies) {
  for (const char* peer : {"198.51.100.2", "2001:db8::2"}) {
    OuterPath path{A(peer)};
    path.local = A(path.local.IsV4() ? "192.0.2.1" : "2001:db8::1");
    path.peer = A(peer);
    for (bool udp : {false, true}) {
      path.udp = udp;
      path.peer_port = 30000;
      std::vector<std::uint8_t> buffer = Behind(path.Size(), Counting(1, 40));
      const MutableBytes packet = WriteOuter(path, {0x03, false}, 1, MutableBytes(buffer).subspan(path.Size()));
      ASSERT_EQ(packet.size(), buffer.size());
      EXPECT_EQ(packet.data(), buffer.data());
      const OuterPacket back = ReadOuter(packet, 30000);
      EXPECT_EQ(back.what, What::kEsp) << peer << udp;
      EXPECT_EQ(back.src, path.local);
      EXPECT_EQ(back.dst, path.peer);
      EXPECT_EQ(back.traffic_class, 3);
      EXPECT_EQ(back.sport, udp ? 4500 : 0);
      EXPECT_EQ(ToHex(back.content), ToHex(Counting(1, 40)));
      const std::size_t header = path.Size() - 8;
      if (udp && !path.local.IsV4()) {
        EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(packet).subspan(header), PseudoHeaderSum(path.local, path.peer, 17, 48))), 0);
      }
      if (udp && path.local.IsV4()) {
        EXPECT_EQ(LoadBe16(packet.data() + header + 6), 0);
      }
    }
  }
}

TEST(OuterHeader, DfByPolicy) {
  OuterPath path{A("192.0.2.1"), A("198.51.100.2")};
  const InnerMarks with = MarksOf(FromHex("4500001400004000400600000a0000010a000002"));
  const InnerMarks without = MarksOf(FromHex("4502001400000000400600000a0000010a000002"));
  const InnerMarks six = MarksOf(FromHex("6b800000000006400000000000000000000000000000000100000000000000000000000000000002"));
  EXPECT_TRUE(with.df);
  EXPECT_FALSE(without.df);
  EXPECT_EQ(without.traffic_class, 2);
  EXPECT_TRUE(six.df);
  EXPECT_EQ(six.traffic_class, 0xb8);
  EXPECT_EQ(MarksOf(FromHex("45")).traffic_class, 0);
  EXPECT_TRUE(OuterDf(path, with));
  EXPECT_FALSE(OuterDf(path, without));
  path.df = DfPolicy::kSet;
  EXPECT_TRUE(OuterDf(path, without));
  path.df = DfPolicy::kClear;
  EXPECT_FALSE(OuterDf(path, with));
}

TEST(OuterHeader, WhatIsNoEsp) {
  const auto udp = [](std::size_t length_field, Bytes content) {
    std::vector<std::uint8_t> p = FromHex("45000000000040004011000001020304050607081f901194");
    p.resize(28);
    p.insert(p.end(), content.begin(), content.end());
    StoreBe16(p.data() + 2, static_cast<std::uint16_t>(p.size()));
    StoreBe16(p.data() + 24, static_cast<std::uint16_t>(length_field == 0 ? 8 + content.size() : length_field));
    return p;
  };
  std::vector<std::uint8_t> p = udp(0, FromHex("ff"));
  EXPECT_EQ(ReadOuter(p).what, What::kKeepalive);
  p = udp(0, FromHex("00000000aabbccddeeff0011"));
  EXPECT_EQ(ReadOuter(p).what, What::kIke);
  EXPECT_EQ(ToHex(ReadOuter(p).content), "aabbccddeeff0011");
  EXPECT_EQ(ReadOuter(p, 4501).what, What::kNone);
  p = udp(0, FromHex("ffff"));
  EXPECT_EQ(ReadOuter(p).what, What::kShort);
  p = udp(0, {});
  EXPECT_EQ(ReadOuter(p).what, What::kShort);
  p = udp(30, FromHex("0000000100000001"));
  EXPECT_EQ(ReadOuter(p).what, What::kShort);  // longer than the packet
  p = udp(7, FromHex("0000000100000001"));
  EXPECT_EQ(ReadOuter(p).what, What::kShort);
  p = udp(16, FromHex("0000000100000001ffff"));  // padded by the link: cut
  EXPECT_EQ(ReadOuter(p).what, What::kEsp);
  EXPECT_EQ(ReadOuter(p).content.size(), 8u);
  p[6] = 0x20;  // a fragment
  EXPECT_EQ(ReadOuter(p).what, What::kNone);
  p[6] = 0;
  p[9] = 6;
  EXPECT_EQ(ReadOuter(p).what, What::kNone);
  // Cut anywhere: never read past the end (for the sanitizer), never ESP.
  p[9] = 17;
  for (std::size_t n = 0; n < p.size(); ++n) {
    std::vector<std::uint8_t> cut(p.begin(), p.begin() + n);
    EXPECT_NE(ReadOuter(cut).what, What::kEsp);
  }
}

TEST(OuterHeader, EcnOfRfc6040) {
  // Row: inner, column: outer; -1: dropped.
  constexpr int kTable[4][4] = {{0, 0, 0, -1}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
  for (int inner = 0; inner < 4; ++inner) {
    for (int outer = 0; outer < 4; ++outer) {
      std::vector<std::uint8_t> p = FromHex("45b80014000000004006000001020304050607080000");
      p[1] = static_cast<std::uint8_t>(p[1] | inner);
      StoreBe16(p.data() + 10, ChecksumFinish(ChecksumAdd(Bytes(p).first(20))));
      const bool kept = DecapsulateEcn(p, static_cast<std::uint8_t>(0xfc | outer));
      EXPECT_EQ(kept, kTable[inner][outer] >= 0);
      if (kept) {
        EXPECT_EQ(p[1], 0xb8 | kTable[inner][outer]);
      }
      EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(p).first(20))), 0);
      std::vector<std::uint8_t> six(40);
      six[0] = 0x6b;
      six[1] = static_cast<std::uint8_t>(0x85 | inner << 4);
      EXPECT_EQ(DecapsulateEcn(six, static_cast<std::uint8_t>(outer)), kept);
      if (kept) {
        EXPECT_EQ(six[1], 0x85 | kTable[inner][outer] << 4);
      }
    }
  }
}

TEST(TransportMode, ThereAndBackRawAndThroughANat) {
  SeededEntropy entropy(3);
  for (EspTransform t : AllTransforms()) {
    for (bool udp : {false, true}) {
      Result<EspSealer> sealer = EspSealer::Make(KeysFor(t), 0x01020304, entropy);
      Result<EspOpener> opener = EspOpener::Make(KeysFor(t), 0x01020304, 64);
      ASSERT_TRUE(sealer && opener);
      // UDP with 5 bytes, with its checksum.
      std::vector<std::uint8_t> p = FromHex("45000021000140004011000001020304050607081f9006a5000d000048656c6c6f");
      StoreBe16(p.data() + 10, ChecksumFinish(ChecksumAdd(Bytes(p).first(20))));
      StoreBe16(p.data() + 26, ChecksumFinish(ChecksumAdd(Bytes(p).subspan(20), PseudoHeaderSum(A("1.2.3.4"), A("5.6.7.8"), 17, 13))));
      std::vector<std::uint8_t> buffer = Behind(64, p);
      buffer.resize(buffer.size() + 128);
      MutableBytes sealed, back;
      ASSERT_TRUE(SealTransport(*sealer, udp, 4500, 4500, buffer, 64, p.size(), sealed));
      EXPECT_EQ(LoadBe16(sealed.data() + 2), sealed.size());
      EXPECT_EQ(sealed[9], udp ? 17 : 50);
      EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(sealed).first(20))), 0);
      if (udp) {  // a NAT changes the source
        StoreBe32(sealed.data() + 12, 0xc0000201);
        StoreBe16(sealed.data() + 20, 1025);
      }
      ASSERT_EQ(OpenTransport(*opener, sealed, back), EspOpener::Why::kOk);
      ASSERT_EQ(back.size(), p.size());
      EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(back).first(20))), 0);
      if (!udp) {
        EXPECT_EQ(ToHex(back), ToHex(p));
      } else {
        EXPECT_EQ(ToHex(back.subspan(28)), "48656c6c6f");
        EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(back).subspan(20), PseudoHeaderSum(A("192.0.2.1"), A("5.6.7.8"), 17, 13))), 0);
      }
    }
  }
}

TEST(TransportMode, RubbishIsRefused) {
  SeededEntropy entropy(3);
  Random random(8);
  const EspTransform t{VpnCipher::kAes128, VpnHash::kSha1};
  Result<EspSealer> sealer = EspSealer::Make(KeysFor(t), 1, entropy);
  Result<EspOpener> opener = EspOpener::Make(KeysFor(t), 1, 64);
  ASSERT_TRUE(sealer && opener);
  std::vector<std::uint8_t> buffer(300);
  MutableBytes out;
  EXPECT_FALSE(SealTransport(*sealer, false, 0, 0, buffer, 100, 40, out));  // no IPv4
  buffer[100] = 0x4f;
  EXPECT_FALSE(SealTransport(*sealer, false, 0, 0, buffer, 100, 40, out));  // header of 60 bytes
  buffer[100] = 0x45;
  EXPECT_FALSE(SealTransport(*sealer, false, 0, 0, buffer, 10, 40, out));
  EXPECT_FALSE(SealTransport(*sealer, false, 0, 0, buffer, 290, 40, out));
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::uint8_t> p(random.Below(120));
    for (auto& b : p) b = static_cast<std::uint8_t>(random.U32());
    if (p.size() > 20) {
      p[0] = 0x45;
      StoreBe16(p.data() + 2, static_cast<std::uint16_t>(p.size()));
      p[6] = p[7] = 0;
      p[9] = random.Below(2) == 0 ? 50 : 17;
    }
    EXPECT_NE(OpenTransport(*opener, p, out), EspOpener::Why::kOk);
  }
}

}  // namespace
}  // namespace sallyport
