#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "firewall/base/random.h"
#include "vpn/anyconnect/deflate.h"
#include "vpn/anyconnect/lzs.h"

namespace sallyport {
namespace {

using Text = std::vector<std::uint8_t>;

Text OfString(const std::string& s) { return {s.begin(), s.end()}; }
std::optional<Text> Expanded(Bytes in, std::size_t room = 70000) {
  Text out(room);
  std::size_t size = 0;
  if (!LzsExpand(in, out, size)) return {};
  out.resize(size);
  return out;
}
Text Compressed(const Text& in, std::size_t room = 140000) {
  Text out(room);
  out.resize(LzsCompress(in, out));
  return out;
}

// Worked out by hand from the format: literals a, b, c; then offset 3 in 7 bits, length 6; the end.
//   0 01100001 | 0 01100010 | 0 01100011 | 11 0000011 1101 | 11 0000000
TEST(Lzs, KnownBits) {
  const Text packed{0x30, 0x98, 0x8c, 0x78, 0x3d, 0xc0, 0x00};
  EXPECT_EQ(Compressed(OfString("abcabcabc")), packed);
  EXPECT_EQ(Expanded(packed), OfString("abcabcabc"));
}

TEST(Lzs, RoundTrips) {
  Random random{5};
  for (int k = 0; k < 400; ++k) {
    Text in(random.U32() % 1500);
    const std::uint64_t letters = 1 + random.U32() % 60, run = 1 + random.U32() % 9;
    std::uint8_t v = 0;
    for (std::size_t n = 0; n < in.size(); ++n) {
      if (n % run == 0) v = static_cast<std::uint8_t>(random.U32() % letters);
      in[n] = v;
    }
    EXPECT_EQ(Expanded(Compressed(in)), in);
  }
  for (const std::size_t n : {0u, 1u, 2u, 3u, 8u, 9u, 22u, 23u, 24u, 37u, 38u, 39u, 3000u, 65535u}) {
    const Text same(n, 'x');
    EXPECT_EQ(Expanded(Compressed(same)), same) << n;
  }
  // Matches at the window's two ends.
  for (const std::size_t gap : {127u, 128u, 2047u, 2048u, 2049u}) {
    Text in(gap + 4);
    for (std::size_t n = 0; n < gap; ++n) in[n] = static_cast<std::uint8_t>(random.U32());
    std::copy_n(in.begin(), 4, in.end() - 4);
    EXPECT_EQ(Expanded(Compressed(in)), in) << gap;
  }
  std::string page;
  for (int k = 0; k < 40; ++k) page += "<tr><td>row " + std::to_string(k) + "</td></tr>\n";
  EXPECT_LT(Compressed(OfString(page)).size(), page.size() / 3);
}

TEST(Lzs, ItDoesNotGrowUnnoticed) {
  Random random{6};
  Text noise(1000);
  for (auto& b : noise) b = static_cast<std::uint8_t>(random.U32());
  EXPECT_TRUE(Compressed(noise, noise.size()).empty());
  EXPECT_TRUE(Compressed(Text(70000)).empty());
}

TEST(Lzs, BadInputIsRefused) {
  const Text packed = Compressed(OfString("abcabcabcabcabcabcabcabcabc"));
  for (std::size_t n = 0; n + 1 < packed.size(); ++n) EXPECT_FALSE(Expanded(Bytes(packed).first(n))) << n;
  EXPECT_FALSE(Expanded(packed, 26));
  EXPECT_TRUE(Expanded(packed, 27));
  EXPECT_FALSE(Expanded(Text{0xc0, 0x80, 0, 0}));  // an offset before the beginning
  EXPECT_FALSE(Expanded(Text{0x80, 0x00, 0, 0}));  // offset 0 of 11 bits
}

TEST(Deflate, AStreamOfPackets) {
  CstpDeflate mine, theirs;
  Random random{7};
  std::size_t plain = 0, packed = 0;
  for (int k = 0; k < 200; ++k) {
    Text in(1 + random.U32() % 1400);
    for (auto& b : in) b = static_cast<std::uint8_t>(k % 3 == 0 ? random.U32() : random.U32() % 4);
    Text out(CstpDeflate::Bound(in.size())), back(in.size());
    out.resize(mine.Pack(in, out));
    ASSERT_FALSE(out.empty());
    std::size_t size = 0;
    ASSERT_TRUE(theirs.Unpack(out, back, size));
    ASSERT_EQ(size, in.size());
    EXPECT_EQ(back, in);
    plain += in.size();
    packed += out.size();
  }
  EXPECT_LT(packed, plain);
}

TEST(Deflate, TheOtherEndsArithmetic) {
  CstpDeflate mine;
  const Text one = OfString("hello"), two = OfString(" world");
  Text out(CstpDeflate::Bound(64));
  (void)mine.Pack(one, out);
  const std::size_t n = mine.Pack(two, out);
  EXPECT_EQ(LoadBe32(&out[n - 4]), adler32(adler32(1, nullptr, 0), reinterpret_cast<const Bytef*>("hello world"), 11));
  EXPECT_EQ(mine.Pack(one, MutableBytes(out).first(20)), 0u);
}

TEST(Deflate, DamageIsNoticed) {
  CstpDeflate mine;
  Text out(CstpDeflate::Bound(64)), back(64);
  out.resize(mine.Pack(OfString("some octets, some more octets"), out));
  std::size_t size = 0;
  for (std::size_t at = 0; at < out.size(); ++at) {
    Text bad = out;
    bad[at] ^= 0x10;
    CstpDeflate theirs;
    EXPECT_FALSE(theirs.Unpack(bad, back, size) && size == 29 && back[0] != 's') << at;
    if (at >= out.size() - 4) {
      EXPECT_FALSE(theirs.Unpack(out, back, size)) << at;  // of no more use
    }
  }
  CstpDeflate a, b, c;
  EXPECT_FALSE(a.Unpack(out, MutableBytes(back).first(28), size));
  EXPECT_FALSE(b.Unpack(Bytes(out).first(3), back, size));
  EXPECT_TRUE(c.Unpack(out, back, size));
}

}  // namespace
}  // namespace sallyport
