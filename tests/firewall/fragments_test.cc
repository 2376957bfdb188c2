#include "firewall/fragments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "firewall/base/random.h"

namespace sallyport::fragments_test {
namespace {

using What = FragmentTable::Result::What;
using Problem = FragmentTable::Problem;
using Buffer = std::vector<std::uint8_t>;

constexpr std::uint8_t kTcp = 6, kUdp = 17;
TimePoint At(double seconds) { return {static_cast<std::int64_t>(seconds * 1e9)}; }

Buffer Data(std::size_t n, std::uint8_t seed = 0) {
  Buffer d(n);
  for (std::size_t i = 0; i < n; i++) d[i] = static_cast<std::uint8_t>(seed + i * 7 + i / 256);
  if (n > 12) d[12] = 0x50;  // a TCP header of 20 bytes, should it be one
  return d;
}

Buffer V4(std::uint16_t id, std::uint8_t protocol, std::uint32_t offset, bool more, Bytes data,
          std::uint32_t src = 0x0a000001) {
  Buffer b(20 + data.size());
  b[0] = 0x45;
  StoreBe16(&b[2], static_cast<std::uint16_t>(b.size()));
  StoreBe16(&b[4], id);
  StoreBe16(&b[6], static_cast<std::uint16_t>(offset / 8 | (more ? 0x2000 : 0)));
  b[8] = 64;
  b[9] = protocol;
  StoreBe32(&b[12], src);
  StoreBe32(&b[16], 0xc0000201);
  std::copy(data.begin(), data.end(), b.begin() + 20);
  return b;
}

// With a destination options header before the fragment header if `options`.
Buffer V6(std::uint32_t id, std::uint8_t protocol, std::uint32_t offset, bool more, Bytes data, bool options = false) {
  const std::size_t at = options ? 48 : 40;
  Buffer b(at + 8 + data.size());
  b[0] = 0x60;
  StoreBe16(&b[4], static_cast<std::uint16_t>(b.size() - 40));
  b[6] = options ? 60 : 44;
  if (options) b[40] = 44;
  b[8] = 0x20;
  b[23] = 1;
  b[24] = 0x20;
  b[39] = 2;
  b[at] = protocol;
  StoreBe16(&b[at + 2], static_cast<std::uint16_t>(offset | (more ? 1 : 0)));
  StoreBe32(&b[at + 4], id);
  std::copy(data.begin(), data.end(), b.begin() + static_cast<std::ptrdiff_t>(at) + 8);
  return b;
}

class FragmentsTest : public testing::Test {
 protected:
  FragmentTable::Result Add(Buffer bytes, double at = 0, IfId ingress = kOutside) {
    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    p.ingress = ingress;
    p.handle = ++handle_;
    return table_.Add(p, At(at));
  }
  void ExpectDropped(const FragmentTable::Result& r, Problem why, std::size_t with) {
    EXPECT_EQ(r.what, What::kDropped);
    EXPECT_EQ(r.reason, FrameDrop::kFragmentReassemblyFailed);
    EXPECT_EQ(static_cast<int>(r.problem), static_cast<int>(why));
    EXPECT_EQ(r.fragments.size(), with);
  }
  const FragmentCounters& counters() const { return table_.counters(kOutside); }

  static constexpr IfId kOutside{1};
  static constexpr IfId kInside{2};
  FragmentTable table_{1};
  std::uint32_t handle_ = 0;
};

TEST_F(FragmentsTest, CompletesInAnyOrder) {
  const Buffer d = Data(100);
  EXPECT_EQ(Add(V4(7, kUdp, 64, false, Bytes(d).subspan(64))).what, What::kHeld);
  EXPECT_EQ(Add(V4(7, kUdp, 0, true, Bytes(d).first(32))).what, What::kHeld);
  EXPECT_EQ(counters().queue, 2u);
  const auto r = Add(V4(7, kUdp, 32, true, Bytes(d).subspan(32, 32)));
  ASSERT_EQ(r.what, What::kComplete);
  EXPECT_EQ(r.data_length, 100u);
  ASSERT_EQ(r.fragments.size(), 3u);
  EXPECT_EQ(r.fragments[0].handle, 2u);
  EXPECT_EQ(r.fragments[1].handle, 3u);
  EXPECT_EQ(r.fragments[2].handle, 1u);
  EXPECT_EQ(r.fragments[0].bytes, V4(7, kUdp, 0, true, Bytes(d).first(32)));
  EXPECT_EQ(counters().queue, 0u);
  EXPECT_EQ(counters().assembled, 1u);
  EXPECT_EQ(table_.datagrams(), 0u);
  EXPECT_EQ(table_.NextDeadline(), TimePoint::Max());
}

TEST_F(FragmentsTest, KeepsDatagramsApart) {
  const Buffer d = Data(40);
  const Bytes first = Bytes(d).first(24), second = Bytes(d).subspan(24);
  Add(V4(7, kUdp, 0, true, first));
  EXPECT_EQ(Add(V4(8, kUdp, 24, false, second)).what, What::kHeld);              // id
  EXPECT_EQ(Add(V4(7, kTcp, 24, false, second)).what, What::kHeld);              // protocol
  EXPECT_EQ(Add(V4(7, kUdp, 24, false, second, 0x0a000002)).what, What::kHeld);  // source
  EXPECT_EQ(Add(V4(7, kUdp, 24, false, second), 0, kInside).what, What::kHeld);  // interface
  EXPECT_EQ(Add(V6(7, kUdp, 24, false, second)).what, What::kHeld);              // family
  EXPECT_EQ(table_.datagrams(), 6u);
  EXPECT_EQ(Add(V4(7, kUdp, 24, false, second)).what, What::kComplete);
}

TEST_F(FragmentsTest, Ipv6WithExtensionHeaders) {
  const Buffer d = Data(80);
  Add(V6(0x12345678, kTcp, 0, true, Bytes(d).first(40), true));
  const auto r = Add(V6(0x12345678, 60, 40, false, Bytes(d).subspan(40)));  // others may name another next header
  ASSERT_EQ(r.what, What::kComplete);
  EXPECT_EQ(r.data_length, 80u);
  EXPECT_EQ(Add(V6(1, kUdp, 0, false, Bytes(d))).what, What::kComplete);  // atomic fragment, RFC 6946
  Buffer not_a_fragment = V6(1, kUdp, 0, false, Bytes(d));
  not_a_fragment[6] = kUdp;
  ExpectDropped(Add(not_a_fragment), Problem::kMalformed, 0);
}

TEST_F(FragmentsTest, FirstMustHoldTheTransportHeader) {
  const Buffer d = Data(64);
  ExpectDropped(Add(V4(1, kTcp, 0, true, Bytes(d).first(16))), Problem::kSmall, 0);
  Buffer long_header = Data(24);
  long_header[12] = 0x80;  // 32 bytes of header, 24 here
  ExpectDropped(Add(V4(2, kTcp, 0, true, long_header)), Problem::kSmall, 0);
  ExpectDropped(Add(V4(3, kTcp, 8, true, Bytes(d).first(24))), Problem::kTeardrop, 0);
  EXPECT_EQ(Add(V4(4, kUdp, 0, true, Bytes(d).first(8))).what, What::kHeld);
  EXPECT_EQ(Add(V4(5, kTcp, 0, true, Bytes(d).first(24))).what, What::kHeld);
  // IPv6: the header may hide behind options after the fragment header.
  Buffer options(16);
  options[0] = kTcp;
  options[1] = 0;
  ExpectDropped(Add(V6(6, 60, 0, true, options)), Problem::kSmall, 0);
  // A small first fragment takes along those that came before it.
  Add(V4(9, kTcp, 32, false, Bytes(d).first(24)));
  ExpectDropped(Add(V4(9, kTcp, 0, true, Bytes(d).first(16))), Problem::kSmall, 1);
  EXPECT_EQ(counters().small, 5u);
  EXPECT_EQ(counters().Fail(), 5u);
}

TEST_F(FragmentsTest, OverlapDropsTheChain) {
  const Buffer d = Data(200);
  const auto fresh = [&](std::uint16_t id) {
    Add(V4(id, kUdp, 0, true, Bytes(d).first(32)));
    Add(V4(id, kUdp, 64, true, Bytes(d).subspan(64, 32)));
  };
  fresh(1);
  ExpectDropped(Add(V4(1, kUdp, 24, true, Bytes(d).first(32))), Problem::kOverlap, 2);  // over the end of the first
  fresh(2);
  ExpectDropped(Add(V4(2, kUdp, 56, true, Bytes(d).first(16))), Problem::kOverlap, 2);  // over the beginning of the next
  fresh(3);
  ExpectDropped(Add(V4(3, kUdp, 32, true, Bytes(d).first(72))), Problem::kOverlap, 2);  // around one
  fresh(4);
  ExpectDropped(Add(V4(4, kUdp, 8, true, Bytes(d).first(8))), Problem::kOverlap, 2);  // within one
  fresh(5);
  ExpectDropped(Add(V4(5, kUdp, 0, true, Bytes(d).subspan(8, 32))), Problem::kOverlap, 2);  // same place, other bytes
  EXPECT_EQ(counters().overlap, 5u);
  EXPECT_EQ(counters().queue, 0u);
  fresh(6);
  ExpectDropped(Add(V4(6, kUdp, 64, true, Bytes(d).subspan(64, 32))), Problem::kDuplicate, 0);  // the same once more
  EXPECT_EQ(Add(V4(6, kUdp, 32, true, Bytes(d).subspan(32, 32))).what, What::kHeld);
  EXPECT_EQ(Add(V4(6, kUdp, 96, false, Bytes(d).subspan(96, 3))).what, What::kComplete);
}

TEST_F(FragmentsTest, InconsistentLengths) {
  const Buffer d = Data(64);
  ExpectDropped(Add(V4(1, kUdp, 0, true, Bytes(d).first(33))), Problem::kInvalidLength, 0);  // not in units of 8
  ExpectDropped(Add(V4(1, kUdp, 8, false, {})), Problem::kInvalidLength, 0);
  Add(V4(2, kUdp, 32, false, Bytes(d).first(16)));
  ExpectDropped(Add(V4(2, kUdp, 48, true, Bytes(d).first(16))), Problem::kInvalidLength, 1);  // beyond the last
  Add(V4(3, kUdp, 32, false, Bytes(d).first(16)));
  ExpectDropped(Add(V4(3, kUdp, 48, false, Bytes(d).first(16))), Problem::kInvalidLength, 1);  // two ends
  Add(V4(4, kUdp, 32, true, Bytes(d).first(16)));
  ExpectDropped(Add(V4(4, kUdp, 8, false, Bytes(d).first(8))), Problem::kInvalidLength, 1);  // ends before what is there
  Add(V4(5, kUdp, 32, true, Bytes(d).first(16)));
  ExpectDropped(Add(V4(5, kUdp, 32, false, Bytes(d).first(16))), Problem::kOverlap, 1);  // same bytes, but now the last
}

TEST_F(FragmentsTest, PingOfDeath) {
  const Buffer d = Data(64);
  ExpectDropped(Add(V4(1, 1, 65'512, false, Bytes(d).first(16))), Problem::kTooLarge, 0);
  EXPECT_EQ(Add(V4(2, 1, 65'504, false, Bytes(d).first(11))).what, What::kHeld);  // 65535 with its header
  ExpectDropped(Add(V4(2, 1, 65'528, false, Bytes(d).first(8))), Problem::kTooLarge, 1);
}

TEST_F(FragmentsTest, MalformedPackets) {
  const Buffer good = V4(1, kUdp, 0, true, Data(32));
  for (std::size_t n = 0; n < good.size(); n++) {
    ExpectDropped(Add(Buffer(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n))), Problem::kMalformed, 0);
  }
  const Buffer six = V6(1, kUdp, 0, true, Data(32), true);
  for (std::size_t n = 0; n < six.size(); n++) {
    ExpectDropped(Add(Buffer(six.begin(), six.begin() + static_cast<std::ptrdiff_t>(n))), Problem::kMalformed, 0);
  }
  Buffer bad = good;
  bad[0] = 0x44;
  ExpectDropped(Add(bad), Problem::kMalformed, 0);
  bad[0] = 0x4f;  // a header longer than the packet's total length
  bad[3] = 40;
  ExpectDropped(Add(bad), Problem::kMalformed, 0);
  Packet p;
  Buffer bytes = good;
  p.bytes = bytes;
  p.wire_length = static_cast<std::uint32_t>(bytes.size()) + 1;
  ExpectDropped(table_.Add(p, At(0)), Problem::kNotWhole, 0);
  EXPECT_EQ(table_.datagrams(), 0u);
}

TEST_F(FragmentsTest, PaddingIsCutOff) {
  Buffer padded = V4(1, kUdp, 0, true, Data(16));
  padded.resize(46);
  Add(padded);
  const auto r = Add(V4(1, kUdp, 16, false, Data(4)));
  ASSERT_EQ(r.what, What::kComplete);
  EXPECT_EQ(r.fragments[0].bytes.size(), 36u);
}

TEST_F(FragmentsTest, ChainLimit) {
  FragmentLimits limits;
  limits.chain = 3;
  table_.SetLimits(kOutside, limits);
  const Buffer d = Data(8);
  for (std::uint32_t i = 0; i < 3; i++) EXPECT_EQ(Add(V4(1, kUdp, i * 8, true, d)).what, What::kHeld);
  ExpectDropped(Add(V4(1, kUdp, 24, false, d)), Problem::kChainOverflow, 3);
  EXPECT_EQ(counters().chain_overflow, 1u);
  limits.chain = 1;  // no fragments here
  table_.SetLimits(kOutside, limits);
  ExpectDropped(Add(V4(2, kUdp, 0, true, d)), Problem::kChainOverflow, 0);
  EXPECT_EQ(Add(V4(2, kUdp, 0, true, d), 0, kInside).what, What::kHeld);
}

TEST_F(FragmentsTest, SizeLimitKeepsAThirdForThoseBegun) {
  FragmentLimits limits;
  limits.size = 9;
  table_.SetLimits(kOutside, limits);
  const Buffer d = Data(8);
  for (std::uint16_t id = 0; id < 6; id++) EXPECT_EQ(Add(V4(id, kUdp, 0, true, d)).what, What::kHeld);
  ExpectDropped(Add(V4(6, kUdp, 0, true, d)), Problem::kThreshold, 0);
  for (std::uint16_t id = 0; id < 3; id++) EXPECT_EQ(Add(V4(id, kUdp, 8, true, d)).what, What::kHeld);
  EXPECT_EQ(counters().queue, 9u);
  ExpectDropped(Add(V4(7, kUdp, 0, true, d)), Problem::kSizeOverflow, 0);
  ExpectDropped(Add(V4(0, kUdp, 16, true, d)), Problem::kSizeOverflow, 2);
  EXPECT_EQ(Add(V4(1, kUdp, 16, false, d)).what, What::kComplete);
  EXPECT_EQ(counters().threshold, 1u);
  EXPECT_EQ(counters().size_overflow, 2u);
  EXPECT_EQ(counters().Overflow(), 3u);
  EXPECT_EQ(Add(V4(8, kUdp, 0, true, d), 0, kInside).what, What::kHeld);  // the other interface has its own
  table_.ClearCounters(kOutside);
  EXPECT_EQ(counters().Overflow(), 0u);
  EXPECT_EQ(counters().queue, 5u);
}

TEST_F(FragmentsTest, Timeout) {
  const Buffer d = Data(8);
  Add(V4(1, kUdp, 0, true, d), 1);
  Add(V4(2, kUdp, 0, true, d), 0.5);
  Add(V4(1, kUdp, 8, true, d), 4);  // does not put it off
  EXPECT_EQ(table_.NextDeadline(), At(5.5));
  EXPECT_TRUE(table_.Expire(At(5.4)).empty());
  const auto expired = table_.Expire(At(6));
  ASSERT_EQ(expired.size(), 3u);
  EXPECT_EQ(expired[0].handle, 2u);  // the earlier deadline first
  EXPECT_EQ(expired[1].handle, 1u);
  EXPECT_EQ(expired[2].handle, 3u);
  EXPECT_EQ(counters().timeout, 2u);
  EXPECT_EQ(counters().queue, 0u);
  EXPECT_EQ(table_.NextDeadline(), TimePoint::Max());

  FragmentLimits limits;
  limits.timeout = Duration::Seconds(30);
  table_.SetLimits(kOutside, limits);
  Add(V4(1, kUdp, 0, true, d), 10);
  EXPECT_EQ(table_.NextDeadline(), At(40));
  ExpectDropped(Add(V4(1, kUdp, 8, false, d), 40), Problem::kTimeout, 1);  // not asked to expire in time
}

// Damaged packets of both families: nothing is read beyond the end, nothing is lost count of.
TEST_F(FragmentsTest, RandomRubbish) {
  Random random(5);
  const Buffer d = Data(120);
  std::size_t held = 0;
  for (int round = 0; round < 100'000; round++) {
    const std::uint32_t offset = random.Below(6) * 16;
    const Bytes data = Bytes(d).subspan(offset, 16 + random.Below(2) * 8);
    const std::uint16_t id = static_cast<std::uint16_t>(random.Below(8));
    Buffer b = random.Below(2) == 0 ? V4(id, kUdp, offset, random.Below(4) != 0, data)
                                    : V6(id, kUdp, offset, random.Below(4) != 0, data, random.Below(2) == 0);
    const auto size = static_cast<std::uint32_t>(b.size());
    for (std::uint32_t n = random.Below(4); n != 0; n--) b[random.Below(size)] = static_cast<std::uint8_t>(random.U32());
    if (random.Below(8) == 0) b.resize(random.Below(size + 8));
    const double now = round * 0.01;
    held -= table_.Expire(At(now)).size();
    const auto r = Add(b, now);
    if (r.what == What::kHeld) held++;
    if (r.what == What::kComplete) held -= r.fragments.size() - 1;
    if (r.what == What::kDropped) held -= r.fragments.size();
    ASSERT_EQ(counters().queue, held);
    if (r.what == What::kComplete) {
      std::uint32_t end = 0;
      for (const HeldFragment& f : r.fragments) {
        ASSERT_EQ(f.offset, end);
        end += f.data_length;
      }
      ASSERT_EQ(end, r.data_length);
    }
  }
  EXPECT_GT(counters().assembled, 100u);
  EXPECT_GT(counters().invalid_length, 100u);
  EXPECT_GT(counters().overlap, 100u);
}

// Random datagrams cut at random places, shuffled together, some pieces lost or sent twice; held against a model that keeps
// a bitmap of the bytes seen.
TEST_F(FragmentsTest, AgainstModel) {
  FragmentLimits limits;
  limits.size = 30'000;
  table_.SetLimits(kOutside, limits);
  Random random(11);
  int completed = 0, failed = 0;
  for (int round = 0; round < 300; round++) {
    struct Piece {
      std::uint16_t id;
      std::uint32_t offset, length;
      bool more;
    };
    struct Model {
      std::vector<bool> seen;
      std::vector<Piece> pieces;
      bool failed = false;
    };
    std::map<std::uint16_t, Buffer> datagrams;
    std::map<std::uint16_t, Model> models;
    std::vector<Piece> wire;
    for (std::uint16_t k = 0; k < 6; k++) {
      const std::uint16_t id = static_cast<std::uint16_t>(round * 6 + k);
      const Buffer& d = datagrams[id] =
          Data(100 + random.Below(random.Below(10) == 0 ? 60'000 : 3'000), static_cast<std::uint8_t>(id));
      const auto size = static_cast<std::uint32_t>(d.size());
      for (std::uint32_t at = 0; at < size;) {
        std::uint32_t n = 24 + random.Below(2 + size / 10) * 8;
        if (at + n >= size) n = size - at;
        const Piece piece{id, at, n, at + n < size};
        const std::uint32_t fate = random.Below(100);
        if (fate != 0) wire.push_back(piece);
        if (fate == 1) wire.push_back(piece);
        if (fate >= 2 && fate < 6 && piece.more && at != 0)
          wire.push_back({id, at - 8, n, true});  // overlaps what is before
        at += n;
      }
    }
    for (std::size_t i = wire.size(); i > 1; i--) std::swap(wire[i - 1], wire[random.Below(static_cast<std::uint32_t>(i))]);
    for (const Piece& piece : wire) {
      const Buffer& d = datagrams[piece.id];
      Model& m = models[piece.id];
      const auto r =
          Add(V4(piece.id, kUdp, piece.offset, piece.more, Bytes(d).subspan(piece.offset, piece.length)), round * 10);
      // What the model expects.
      if (m.seen.empty()) m.seen.resize(d.size());
      bool overlap = false, same = false;
      for (std::uint32_t i = 0; i < piece.length; i++) overlap = overlap || m.seen[piece.offset + i];
      for (const Piece& p : m.pieces) same = same || (p.offset == piece.offset && p.length == piece.length);
      if (same) {
        ASSERT_EQ(r.problem, Problem::kDuplicate);
        continue;
      }
      if (overlap) {
        ASSERT_EQ(r.problem, Problem::kOverlap);
        ASSERT_EQ(r.fragments.size(), m.pieces.size());
        m = {};
        failed++;
        continue;
      }
      for (std::uint32_t i = 0; i < piece.length; i++) m.seen[piece.offset + i] = true;
      m.pieces.push_back(piece);
      if (m.pieces.size() > 24) {
        ASSERT_EQ(r.problem, Problem::kChainOverflow);
        m = {};
        continue;
      }
      const bool all = std::find(m.seen.begin(), m.seen.end(), false) == m.seen.end();
      ASSERT_EQ(r.what, all ? What::kComplete : What::kHeld);
      if (!all) continue;
      completed++;
      ASSERT_EQ(r.data_length, d.size());
      Buffer whole;
      for (const HeldFragment& f : r.fragments) {
        ASSERT_EQ(f.offset, whole.size());
        whole.insert(whole.end(), f.bytes.begin() + 20, f.bytes.end());
      }
      ASSERT_EQ(whole, d);
      m = {};
    }
    std::size_t held = 0;
    for (const auto& [id, m] : models) held += m.pieces.size();
    ASSERT_EQ(counters().queue, held);
    ASSERT_EQ(table_.Expire(At(round * 10 + 5)).size(), held);
    ASSERT_EQ(table_.datagrams(), 0u);
  }
  EXPECT_GT(completed, 1000);
  EXPECT_GT(failed, 20);
}

}  // namespace
}  // namespace sallyport::fragments_test
