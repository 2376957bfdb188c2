// The out-of-order queue, against a naive model of a stream with random input.
#include "firewall/tcp_queue.h"

#include <gtest/gtest.h>

#include <random>

#include "firewall/base/bytes.h"

namespace sallyport {
namespace {

// A parsed TCP segment without checksums, its bytes in `store`.
Packet Segment(std::vector<std::uint8_t>& store, std::uint32_t seq, std::uint32_t length, std::uint32_t handle,
               std::uint8_t flags = kTcpAck) {
  store.assign(40 + length, 0);
  Packet p;
  p.bytes = store;
  p.wire_length = static_cast<std::uint32_t>(store.size());
  p.handle = handle;
  p.seq = seq;
  p.tcp_flags = flags;
  p.payload_length = length;
  return p;
}

struct Fixture : ::testing::Test {
  TcpQueue queue;
  TcpQueueBudget budget;
  std::vector<std::uint8_t> store;
  std::uint32_t handle = 0;
  FrameDrop Hold(std::uint32_t seq, std::uint32_t length, std::size_t limit = 3, TimePoint now = {}, std::uint8_t flags = kTcpAck) {
    const Packet p = Segment(store, seq, length, ++handle, flags);
    return queue.Hold(p, now, limit, budget);
  }
};
using TcpQueueTest = Fixture;

TEST_F(TcpQueueTest, HandsOutInOrderWhatIsNoLongerAhead) {
  queue.Start(0xfffffff0);  // across the end of the numbers
  EXPECT_FALSE(queue.Ahead(0xfffffff0));
  EXPECT_TRUE(queue.Ahead(0xfffffff1));
  EXPECT_EQ(Hold(0x10, 16), FrameDrop::kNone);
  EXPECT_EQ(Hold(0, 16), FrameDrop::kNone);
  EXPECT_FALSE(queue.TakeReady(budget));
  queue.Passed(0);
  auto first = queue.TakeReady(budget);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->seq, 0u);
  EXPECT_EQ(first->handle, 2u);
  EXPECT_FALSE(queue.TakeReady(budget));
  queue.Passed(first->end);
  ASSERT_TRUE(queue.TakeReady(budget));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(budget.packets, 0u);
  EXPECT_EQ(budget.bytes, 0u);
}

TEST_F(TcpQueueTest, RefusesWhatItHasAndWhatDoesNotFit) {
  queue.Start(0);
  EXPECT_EQ(Hold(100, 50), FrameDrop::kNone);
  EXPECT_EQ(Hold(100, 50), FrameDrop::kTcpDupInQueue);
  EXPECT_EQ(Hold(110, 20), FrameDrop::kTcpDupInQueue);
  EXPECT_EQ(Hold(100, 60), FrameDrop::kNone) << "brings ten bytes more";
  EXPECT_EQ(Hold(90, 10), FrameDrop::kNone);
  EXPECT_EQ(Hold(300, 10), FrameDrop::kTcpBufferFull);
  budget.max_packets = 3;
  EXPECT_EQ(Hold(300, 10, 100), FrameDrop::kTcpGlobalBufferFull);
  budget.max_packets = 100;
  budget.max_bytes = budget.bytes;
  EXPECT_EQ(Hold(300, 10, 100), FrameDrop::kTcpGlobalBufferFull);
  EXPECT_EQ(queue.size(), 3u);
}

TEST_F(TcpQueueTest, FinCountsAsOneByte) {
  queue.Start(0);
  EXPECT_EQ(Hold(10, 0, 3, {}, kTcpAck | kTcpFin), FrameDrop::kNone);
  queue.Passed(10);
  const auto fin = queue.TakeReady(budget);
  ASSERT_TRUE(fin);
  EXPECT_EQ(fin->end, 11u);
}

TEST_F(TcpQueueTest, OldOnesGo) {
  queue.Start(0);
  const auto at = [](int s) { return TimePoint{} + Duration::Seconds(s); };
  EXPECT_EQ(queue.OldestSince(), TimePoint::Max());
  EXPECT_EQ(Hold(100, 10, 9, at(5)), FrameDrop::kNone);
  EXPECT_EQ(Hold(50, 10, 9, at(7)), FrameDrop::kNone);
  EXPECT_EQ(queue.OldestSince(), at(5));
  EXPECT_TRUE(queue.TakeOld(at(4), budget).empty());
  const auto old = queue.TakeOld(at(5), budget);
  ASSERT_EQ(old.size(), 1u);
  EXPECT_EQ(old[0].seq, 100u);
  EXPECT_EQ(queue.TakeAll(budget).size(), 1u);
  EXPECT_EQ(budget.packets, 0u);
}

// A stream of bytes, cut at random, duplicated and shuffled: every byte comes out once, in order, if the sender repeats.
TEST_F(TcpQueueTest, RandomStreams) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; round++) {
    TcpQueue q;
    const std::uint32_t start = static_cast<std::uint32_t>(random());
    const std::uint32_t total = 2000;
    q.Start(start);
    std::uint32_t sent_until = 0;
    for (int steps = 0; q.next() != start + total; steps++) {
      ASSERT_LT(steps, 100'000);
      // Something near what is expected, now and then exactly that.
      std::uint32_t at = random() % 3 == 0 ? q.next() - start : (q.next() - start + random() % 400);
      at = std::min(at, total - 1);
      const std::uint32_t length = std::min<std::uint32_t>(1 + random() % 120, total - at);
      const Packet p = Segment(store, start + at, length, ++handle);
      if (!q.Ahead(p.seq)) {
        q.Passed(p.seq + length);
      } else {
        (void)q.Hold(p, {}, 5, budget);
        ASSERT_LE(q.size(), 5u);
      }
      while (auto s = q.TakeReady(budget)) {
        ASSERT_FALSE(SeqAfter(s->seq, q.next())) << "no gap before it";
        q.Passed(s->end);
      }
      ASSERT_FALSE(SeqBefore(q.next(), start + sent_until)) << "never back";
      sent_until = q.next() - start;
    }
    (void)q.TakeAll(budget);
    ASSERT_EQ(budget.packets, 0u);
    ASSERT_EQ(budget.bytes, 0u);
  }
}

}  // namespace
}  // namespace sallyport
