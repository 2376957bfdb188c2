#include "firewall/base/checksum.h"

#include <gtest/gtest.h>

#include <vector>

#include "firewall/base/random.h"

namespace sallyport {
namespace {

// The definition, word by word (RFC 1071 section 1).
std::uint16_t Naive(Bytes data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); i += 2) {
    sum += static_cast<std::uint32_t>(data[i] << 8) + (i + 1 < data.size() ? data[i + 1] : 0u);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<std::uint16_t>(~sum);
}

TEST(Checksum, Rfc1071Example) {
  const std::uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(ChecksumFinish(ChecksumAdd(data)), static_cast<std::uint16_t>(~0xddf2));
}

TEST(Checksum, AgainstDefinition) {
  Random random(1);
  for (int round = 0; round < 2000; round++) {
    std::vector<std::uint8_t> data(random.Below(round % 10 == 0 ? 65'536 : 70));
    const bool ones = random.Below(8) == 0;
    for (auto& b : data) b = ones ? 0xff : static_cast<std::uint8_t>(random.U32());
    ASSERT_EQ(ChecksumFinish(ChecksumAdd(data)), Naive(data)) << data.size();
  }
}

TEST(Checksum, AddsInParts) {
  Random random(2);
  std::vector<std::uint8_t> data(1500);
  for (auto& b : data) b = static_cast<std::uint8_t>(random.U32());
  for (std::size_t cut = 0; cut <= data.size(); cut += 2) {  // parts of even length, as headers are
    const std::uint64_t sum = ChecksumAdd(Bytes(data).subspan(cut), ChecksumAdd(Bytes(data).first(cut)));
    ASSERT_EQ(ChecksumFinish(sum), Naive(data));
  }
}

// A header with its checksum filled in, as a sender would.
std::vector<std::uint8_t> RandomHeader(Random& random, std::size_t size, std::size_t at) {
  std::vector<std::uint8_t> h(size);
  const std::uint32_t kind = random.Below(4);
  for (auto& b : h) b = kind == 0 ? 0 : kind == 1 ? 0xff : static_cast<std::uint8_t>(random.U32());
  if (kind < 2) h[0] = 1;  // a header is not all zero (RFC 1624 section 3 leans on this)
  StoreBe16(&h[at], 0);
  StoreBe16(&h[at], ChecksumFinish(ChecksumAdd(h)));
  return h;
}

std::uint32_t RandomWord(Random& random) {
  constexpr std::uint32_t kCorners[] = {0, 0xffffffff, 0xffff, 0xffff0000, 1, 0xfffe, 0x5555aaaa};
  return random.Below(2) == 0 ? kCorners[random.Below(7)] : random.U32();
}

TEST(Checksum, UpdateEqualsRecomputation) {
  Random random(3);
  constexpr std::size_t kAt = 10;
  for (int round = 0; round < 200'000; round++) {
    auto h = RandomHeader(random, 24, kAt);
    const std::size_t word = 12 + random.Below(5) * 2;
    const bool wide = random.Below(2) == 0;
    const std::uint32_t value = RandomWord(random);
    std::uint16_t updated;
    if (wide) {
      updated = ChecksumUpdate32(LoadBe16(&h[kAt]), LoadBe32(&h[word]), value);
      StoreBe32(&h[word], value);
    } else {
      updated = ChecksumUpdate16(LoadBe16(&h[kAt]), LoadBe16(&h[word]), static_cast<std::uint16_t>(value));
      StoreBe16(&h[word], static_cast<std::uint16_t>(value));
    }
    StoreBe16(&h[kAt], 0);
    ASSERT_EQ(updated, ChecksumFinish(ChecksumAdd(h))) << "round " << round;
  }
}

// RFC 1624 section 4: the case in which the older equation 2 gives 0xffff instead of 0.
TEST(Checksum, Rfc1624Example) { EXPECT_EQ(ChecksumUpdate16(0xdd2f, 0x5555, 0x3285), 0x0000); }

TEST(Checksum, NoChangeLeavesItAlone) {
  for (std::uint32_t check = 0; check < 0xffff; check++) {
    ASSERT_EQ(ChecksumUpdate16(static_cast<std::uint16_t>(check), 0x1234, 0x1234), check);
  }
}

TEST(Checksum, PseudoHeader) {
  // 192.0.2.1 -> 198.51.100.2, UDP, 12 bytes: 0xc000 + 0x0201 + 0xc633 + 0x6402 + 0x0011 + 0x000c
  const std::uint64_t v4 = PseudoHeaderSum(*IpAddress::Parse("192.0.2.1"), *IpAddress::Parse("198.51.100.2"), 17, 12);
  EXPECT_EQ(ChecksumFinish(v4), static_cast<std::uint16_t>(~(0xc000 + 0x0201 + 0xc633 + 0x6402 + 0x11 + 0xc - 0xffff)));
  const std::uint64_t v6 = PseudoHeaderSum(*IpAddress::Parse("2001:db8::1"), *IpAddress::Parse("2001:db8::2"), 58, 0x12345);
  EXPECT_EQ(ChecksumFinish(v6), static_cast<std::uint16_t>(~(2 * (0x2001 + 0xdb8) + 1 + 2 + 58 + 1 + 0x2345)));
}

// RFC 3720 B.4
TEST(Checksum, Castagnoli) {
  std::vector<std::uint8_t> bytes(32, 0);
  EXPECT_EQ(Crc32c(bytes), 0x8a9136aau);
  std::fill(bytes.begin(), bytes.end(), std::uint8_t{0xff});
  EXPECT_EQ(Crc32c(bytes), 0x62a8ab43u);
  for (std::size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(Crc32c(bytes), 0x46dd794eu);
}

}  // namespace
}  // namespace sallyport
