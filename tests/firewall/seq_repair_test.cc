#include "firewall/seq_repair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "firewall/base/random.h"

namespace sallyport {
namespace {

Bytes Of(const std::string& s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }
std::string Text(const std::vector<std::uint8_t>& v) { return {v.begin(), v.end()}; }

TEST(SeqRepair, NumbersFollowALongerReplacement) {
  SeqRepair r;
  ASSERT_TRUE(r.Add(1000, 4, Of("longer")));
  EXPECT_EQ(r.Map(999), 999u);
  EXPECT_EQ(r.Map(1000), 1000u);
  EXPECT_EQ(r.Map(1004), 1006u);
  EXPECT_EQ(r.Map(1010), 1012u);
  EXPECT_EQ(r.Unmap(1012), 1010u);
  EXPECT_EQ(r.Unmap(1006), 1004u);
  // Five of six replaced bytes: the last original byte is not received yet.
  EXPECT_EQ(r.Unmap(1005), 1003u);
  EXPECT_EQ(r.Unmap(1001), 1001u);
}

TEST(SeqRepair, ReplacementByNothingIsAcknowledgedWithWhatStandsBefore) {
  SeqRepair r;
  ASSERT_TRUE(r.Add(1000, 4, {}));
  EXPECT_EQ(r.Map(1004), 1000u);
  EXPECT_EQ(r.Unmap(1000), 1004u);
  EXPECT_EQ(r.Unmap(1001), 1005u);
  std::vector<std::uint8_t> out;
  r.Rewrite(998, Of("ab----cd"), out);
  EXPECT_EQ(Text(out), "abcd");
}

TEST(SeqRepair, WrapsAround) {
  SeqRepair r;
  ASSERT_TRUE(r.Add(0xfffffffe, 4, Of("sixsix")));
  EXPECT_EQ(r.Map(0xfffffffd), 0xfffffffdu);
  EXPECT_EQ(r.Map(2), 4u);
  EXPECT_EQ(r.Unmap(4), 2u);
  std::vector<std::uint8_t> out;
  r.Rewrite(0xfffffffd, Of("a....b"), out);
  EXPECT_EQ(Text(out), "asixsixb");
}

TEST(SeqRepair, AcknowledgedEditsKeepTheirNumbers) {
  SeqRepair r;
  for (std::uint32_t i = 0; i < 100; i++) {
    ASSERT_TRUE(r.Add(i * 10, 2, Of("abc")));
    EXPECT_EQ(r.Map(i * 10 + 5), i * 10 + 5 + i + 1);
    r.Acknowledged(i * 10 + 5);
    EXPECT_EQ(r.edits(), 0u);
    EXPECT_EQ(r.Map(i * 10 + 5), i * 10 + 5 + i + 1);
    EXPECT_EQ(r.Unmap(i * 10 + 5 + i + 1), i * 10 + 5);
  }
}

TEST(SeqRepair, IsBounded) {
  SeqRepair r;
  std::uint32_t at = 0;
  for (std::size_t i = 0; i < SeqRepair::kMaxEdits; i++, at += 10) ASSERT_TRUE(r.Add(at, 1, Of("ab")));
  EXPECT_FALSE(r.Add(at, 1, Of("ab")));
  r.Acknowledged(1);
  EXPECT_TRUE(r.Add(at, 1, Of("ab")));
  SeqRepair big;
  EXPECT_FALSE(big.Add(0, 1, Of(std::string(SeqRepair::kMaxInserted + 1, 'x'))));
  EXPECT_FALSE(big.Add(0, 0, Of("x")));
}

// Whatever the edits, a stream that is cut into segments in any way, some of them sent twice, arrives as the stream rewritten in
// one go; each segment stands where its number says; and acknowledgments come back without a byte that has not arrived.
TEST(SeqRepair, AnyCutGivesTheSameStream) {
  Random random(7);
  for (int round = 0; round < 300; round++) {
    const std::uint32_t isn = random.U32();
    std::string stream;
    for (int i = 0; i < 200; i++) stream += static_cast<char>('a' + random.U32() % 26);
    SeqRepair r;
    std::string want;
    std::uint32_t at = 0;
    for (int i = 0; i < 6; i++) {
      const std::uint32_t from = at + random.U32() % 20, removed = 1 + random.U32() % 12;
      const std::string by(random.U32() % 16, static_cast<char>('A' + i));
      ASSERT_TRUE(r.Add(isn + from, removed, Of(by)));
      want += stream.substr(at, from - at) + by;
      at = from + removed;
    }
    want += stream.substr(at);
    std::string got(want.size(), '?');
    std::vector<std::uint8_t> out;
    const auto send = [&](std::uint32_t from, std::uint32_t to) {
      r.Rewrite(isn + from, Of(stream.substr(from, to - from)), out);
      const std::uint32_t start = r.Map(isn + from) - isn;
      ASSERT_LE(start + out.size(), got.size());
      EXPECT_EQ(start + out.size(), r.Map(isn + to) - isn);
      for (std::size_t i = 0; i < out.size(); i++) {
        EXPECT_TRUE(got[start + i] == '?' || got[start + i] == static_cast<char>(out[i]));
        got[start + i] = static_cast<char>(out[i]);
      }
    };
    for (std::uint32_t from = 0; from < stream.size();) {
      const auto to = std::min<std::uint32_t>(static_cast<std::uint32_t>(stream.size()), from + 1 + random.U32() % 30);
      send(from, to);
      if (random.U32() % 4 == 0) send(from / 2, to);  // again, cut otherwise
      from = to;
    }
    EXPECT_EQ(got, want);
    for (std::uint32_t y = 0; y <= want.size(); y++) {
      const std::uint32_t acked = r.Unmap(isn + y) - isn;
      EXPECT_LE(r.Map(isn + acked) - isn, y);
      if (acked < stream.size()) {
        EXPECT_GT(r.Map(isn + acked + 1) - isn, y);
      }
    }
  }
}

}  // namespace
}  // namespace sallyport
