#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/conn.h"
#include "firewall/conn_index.h"

namespace sallyport {
namespace {

constexpr std::int64_t kTick = std::int64_t{1} << 20;  // the wheel's grain in nanoseconds

TimePoint At(double seconds) { return {static_cast<std::int64_t>(seconds * 1e9)}; }

// A distinct connection for every `n`, translated by port so that the two keys differ.
Conn Make(std::uint32_t n, TimePoint now, std::uint32_t timeout_s) {
  Conn c;
  c.id = n + 1;
  c.initiator_real = IpAddress::V4(0x0a000000 + (n >> 12));
  c.initiator_real_port = static_cast<std::uint16_t>(1024 + (n & 0xfff));
  c.initiator_mapped = IpAddress::V4(0xc0000200 + (n >> 16));
  c.initiator_mapped_port = static_cast<std::uint16_t>(n);
  c.responder_mapped = c.responder_real = n % 3 == 0 ? IpAddress::V6(0x20010db800000000u, n) : IpAddress::V4(0xcb007101);
  c.responder_mapped_port = c.responder_real_port = 443;
  c.protocol = 6;
  c.in_if = IfId{1};
  c.out_if = IfId{2};
  c.created = c.last_packet = now;
  c.timeout_s = timeout_s;
  return c;
}

TEST(ConnTable, FindsBothDirections) {
  ConnTable t(10, 1);
  const Conn c = Make(5, At(1), 30);
  const ConnIndex i = t.Insert(c);
  ASSERT_NE(i, kNoConn);
  EXPECT_EQ(t.Find(c.ForwardKey()).index, i);
  EXPECT_EQ(t.Find(c.ForwardKey()).direction, Direction::kForward);
  EXPECT_EQ(t.Find(c.ReverseKey()).index, i);
  EXPECT_EQ(t.Find(c.ReverseKey()).direction, Direction::kReverse);
  FlowKey other = c.ForwardKey();
  other.ingress = IfId{2};
  EXPECT_EQ(t.Find(other).index, kNoConn);
  t.Erase(i);
  EXPECT_EQ(t.Find(c.ForwardKey()).index, kNoConn);
  EXPECT_EQ(t.Find(c.ReverseKey()).index, kNoConn);
  EXPECT_FALSE(t.Live(i));
  EXPECT_EQ(t.count(), 0u);
  EXPECT_EQ(t.most_used(), 1u);
}

TEST(ConnTable, RefusesTakenKeysAndFullTable) {
  ConnTable t(3, 1);
  ASSERT_NE(t.Insert(Make(0, At(0), 0)), kNoConn);
  EXPECT_EQ(t.Insert(Make(0, At(0), 0)), kNoConn);
  Conn half = Make(1, At(0), 0);  // only the reverse key collides
  half.responder_real = Make(0, At(0), 0).responder_real;
  half.initiator_mapped_port = 0;
  EXPECT_EQ(half.ReverseKey(), Make(0, At(0), 0).ReverseKey());
  EXPECT_EQ(t.Insert(half), kNoConn);
  EXPECT_EQ(t.Find(half.ForwardKey()).index, kNoConn);
  Conn mirror = Make(2, At(0), 0);  // talks to itself
  mirror.responder_mapped = mirror.responder_real = mirror.initiator_mapped = mirror.initiator_real;
  mirror.responder_mapped_port = mirror.responder_real_port = mirror.initiator_mapped_port = mirror.initiator_real_port;
  mirror.out_if = mirror.in_if;
  EXPECT_EQ(t.Insert(mirror), kNoConn);
  EXPECT_EQ(t.count(), 1u);
  ASSERT_NE(t.Insert(Make(1, At(0), 0)), kNoConn);
  const ConnIndex last = t.Insert(Make(2, At(0), 0));
  ASSERT_NE(last, kNoConn);
  EXPECT_EQ(t.Insert(Make(3, At(0), 0)), kNoConn);
  t.Erase(last);
  EXPECT_NE(t.Insert(Make(3, At(0), 0)), kNoConn);
}

TEST(ConnTable, ExpiresExactlyAtTheDeadline) {
  ConnTable t(10, 1);
  const TimePoint start{123'456'789'012'345};
  const ConnIndex i = t.Insert(Make(0, start, 30));
  const TimePoint deadline = start + Duration::Seconds(30);
  EXPECT_LE(t.NextDeadline(), deadline);
  EXPECT_EQ(t.NextExpired({deadline.ns - 1}), kNoConn);
  EXPECT_EQ(t.NextDeadline(), deadline);  // known exactly once its tick has been looked at
  EXPECT_EQ(t.NextExpired(deadline), i);
  t.Erase(i);
  EXPECT_EQ(t.NextExpired(deadline), kNoConn);
  EXPECT_EQ(t.NextDeadline(), TimePoint::Max());
}

TEST(ConnTable, PacketsPutItOffWithoutTouchingTheWheel) {
  ConnTable t(10, 1);
  const ConnIndex i = t.Insert(Make(0, At(0), 10));
  for (int s = 1; s < 100; s++) {
    t.At(i).last_packet = At(s);
    EXPECT_EQ(t.NextExpired(At(s)), kNoConn);
  }
  EXPECT_EQ(t.NextExpired(At(108.9)), kNoConn);
  EXPECT_EQ(t.NextExpired(At(109)), i);
}

TEST(ConnTable, ShorterTimeoutNeedsDeadlineChanged) {
  ConnTable t(10, 1);
  const ConnIndex i = t.Insert(Make(0, At(0), 3600));
  EXPECT_EQ(t.NextExpired(At(5)), kNoConn);
  t.At(i).timeout_s = 10;
  t.DeadlineChanged(i);
  EXPECT_LE(t.NextDeadline(), At(10));
  EXPECT_EQ(t.NextExpired(At(10)), i);
}

TEST(ConnTable, ZeroMeansNever) {
  ConnTable t(10, 1);
  const ConnIndex i = t.Insert(Make(0, At(0), 0));
  EXPECT_EQ(t.NextDeadline(), TimePoint::Max());
  EXPECT_EQ(t.NextExpired(At(4e9)), kNoConn);
  t.At(i).timeout_s = 60;
  t.At(i).last_packet = At(4e9);
  t.DeadlineChanged(i);
  t.At(i).timeout_s = 0;  // and lazily back
  EXPECT_EQ(t.NextExpired(At(4.1e9)), kNoConn);
  EXPECT_EQ(t.NextDeadline(), TimePoint::Max());
}

TEST(ConnTable, ExtremeDeadlines) {
  ConnTable t(10, 1);
  const ConnIndex i = t.Insert(Make(0, At(0), 0xffffffff));  // 136 years
  EXPECT_EQ(t.NextExpired(At(4294967294.0)), kNoConn);
  EXPECT_EQ(t.NextExpired(At(4294967295.0)), i);
  t.Erase(i);
  const TimePoint late{INT64_MAX - 1};
  ASSERT_NE(t.Insert(Make(1, late, 10)), kNoConn);  // beyond the end of time: never
  EXPECT_EQ(t.NextExpired(late), kNoConn);
}

// Every connection of a busy day is due when the clock is moved by hours: all come, in order, at once.
TEST(ConnTable, ClockMovedByHours) {
  constexpr std::uint32_t kCount = 20'000;
  ConnTable t(kCount, 1);
  Random random(3);
  for (std::uint32_t n = 0; n < kCount; n++) {
    ASSERT_NE(t.Insert(Make(n, At(1000), 1 + random.Below(100'000))), kNoConn);
  }
  std::int64_t previous = 0;
  std::uint32_t fired = 0;
  for (ConnIndex i; (i = t.NextExpired(At(1000 + 50'000))) != kNoConn; fired++) {
    const Conn& c = t.At(i);
    const std::int64_t deadline = (c.last_packet + Duration::Seconds(c.timeout_s)).ns;
    ASSERT_GE(deadline / kTick, previous);
    previous = deadline / kTick;
    t.Erase(i);
  }
  for (std::uint32_t i = 0; i < t.slots(); i++) {
    if (t.Live(i)) {
      ASSERT_GT(t.At(i).timeout_s, 50'000u);
    }
  }
  EXPECT_GT(fired, kCount / 3);
  EXPECT_EQ(t.count() + fired, kCount);
}

// Entries that were put off lazily, to times that have passed as well, still come in order.
TEST(ConnTable, LazyDeadlinesKeepTheOrder) {
  ConnTable t(100, 1);
  std::vector<ConnIndex> index;
  for (std::uint32_t n = 0; n < 100; n++) index.push_back(t.Insert(Make(n, At(0), 10)));
  for (std::uint32_t n = 0; n < 100; n++) t.At(index[n]).last_packet = At((n * 37) % 100);
  for (std::uint32_t n = 0; n < 100; n++) {
    const ConnIndex i = t.NextExpired(At(1000));
    ASSERT_NE(i, kNoConn);
    EXPECT_EQ(t.At(i).last_packet, At(n));
    t.Erase(i);
  }
}

// The table against maps, with everything that can be done to it in random order.
void CompareWithModel(std::uint32_t capacity, std::uint32_t population, int steps, std::uint64_t seed) {
  ConnTable t(capacity, seed);
  Random random(seed);
  TimePoint now = At(random.Below(2) == 0 ? 0 : 1e6);
  std::map<std::uint32_t, ConnIndex> model;  // connection number -> index
  auto deadline = [&](ConnIndex i) {
    const Conn& c = t.At(i);
    return c.timeout_s == 0 ? INT64_MAX : c.last_packet.ns + c.timeout_s * std::int64_t{1'000'000'000};
  };
  for (int step = 0; step < steps; step++) {
    const std::uint32_t n = random.Below(population);
    const auto known = model.find(n);
    switch (random.Below(8)) {
      case 0:
      case 1:
      case 2: {
        constexpr std::uint32_t kTimeouts[] = {0, 1, 2, 30, 120, 3600, 10'800, 4'294'800};
        const ConnIndex i = t.Insert(Make(n, now, kTimeouts[random.Below(8)]));
        ASSERT_EQ(i != kNoConn, known == model.end() && model.size() < capacity);
        if (i != kNoConn) model[n] = i;
        break;
      }
      case 3:
        if (known != model.end()) {
          t.Erase(known->second);
          model.erase(known);
        }
        break;
      case 4: {
        const Conn c = Make(n, now, 0);
        for (Direction d : {Direction::kForward, Direction::kReverse}) {
          const auto found = t.Find(d == Direction::kForward ? c.ForwardKey() : c.ReverseKey());
          ASSERT_EQ(found.index, known == model.end() ? kNoConn : known->second);
          if (found.index != kNoConn) {
            ASSERT_EQ(found.direction, d);
            ASSERT_EQ(t.At(found.index).id, n + 1);
          }
        }
        break;
      }
      case 5:
        if (known != model.end()) t.At(known->second).last_packet = now;  // a packet
        break;
      case 6:
        if (known != model.end()) {
          t.At(known->second).timeout_s = random.Below(100);
          t.DeadlineChanged(known->second);
        }
        break;
      case 7: {
        constexpr std::int64_t kSteps[] = {1000, 300'000, 50'000'000, 1'000'000'000, 70'000'000'000, 7'000'000'000'000};
        const TimePoint looked = now;
        now = now + Duration{static_cast<std::int64_t>(random.Below(1000)) * kSteps[random.Below(6)] / 500};
        std::int64_t earliest = INT64_MAX;
        for (const auto& [number, i] : model) earliest = std::min(earliest, deadline(i));
        ASSERT_LE(t.NextDeadline().ns, std::max(earliest, looked.ns));
        std::int64_t previous = 0;
        for (ConnIndex i; (i = t.NextExpired(now)) != kNoConn;) {
          ASSERT_TRUE(t.Live(i));
          const std::uint32_t number = t.At(i).id - 1;
          ASSERT_EQ(model.at(number), i);
          ASSERT_LE(deadline(i), now.ns);
          // In order, save for those whose deadline was set into the past since the last look.
          const std::int64_t due = std::max(deadline(i), looked.ns) / kTick;
          ASSERT_GE(due, previous);
          previous = due;
          if (random.Below(5) == 0) {
            t.At(i).last_packet = now;  // kept alive instead
            t.At(i).timeout_s = 1 + random.Below(1000);
          } else {
            t.Erase(i);
            model.erase(number);
          }
        }
        for (const auto& [number, i] : model) ASSERT_GT(deadline(i), now.ns);
        break;
      }
    }
    ASSERT_EQ(t.count(), model.size());
  }
}

TEST(ConnTable, AgainstModelSmallAndFull) {
  for (std::uint64_t seed = 1; seed <= 20; seed++) CompareWithModel(16, 40, 4000, seed);
}
TEST(ConnTable, AgainstModel) {
  for (std::uint64_t seed = 1; seed <= 3; seed++) CompareWithModel(3000, 2500, 60'000, seed);
}

TEST(ConnTable, OneMillion) {
  constexpr std::uint32_t kCount = 1'000'000;
  ConnTable t(kCount, 99);
  for (std::uint32_t n = 0; n < kCount; n++) ASSERT_EQ(t.Insert(Make(n, At(n * 1e-4), 60)), n);
  EXPECT_EQ(t.Insert(Make(kCount, At(100), 60)), kNoConn);
  for (std::uint32_t n = 0; n < kCount; n += 7) {
    const Conn c = Make(n, At(0), 0);
    ASSERT_EQ(t.Find(c.ForwardKey()).index, n);
    ASSERT_EQ(t.Find(c.ReverseKey()).index, n);
  }
  EXPECT_EQ(t.Find(Make(kCount, At(0), 0).ForwardKey()).index, kNoConn);
  for (std::uint32_t n = 0; n < kCount; n += 2) t.Erase(n);
  std::int64_t previous = 0;
  std::uint32_t fired = 0;
  for (ConnIndex i; (i = t.NextExpired(At(100'000))) != kNoConn; fired++) {
    ASSERT_EQ(i % 2, 1u);
    ASSERT_GE(t.At(i).created.ns / kTick, previous / kTick - 1);
    previous = t.At(i).created.ns;
    t.Erase(i);
  }
  EXPECT_EQ(fired, kCount / 2);
  EXPECT_EQ(t.most_used(), kCount);
  EXPECT_EQ(t.NextDeadline(), TimePoint::Max());
}

TEST(ConnTable, BytesPerConnIsWhatIsAllocated) {
  EXPECT_DOUBLE_EQ(ConnTable::BytesPerConn(), double{sizeof(Conn)} + 4 * sizeof(ConnSlots::Slot));
  EXPECT_LE(ConnTable::BytesPerConn(), 256);
}

// --- the index by itself

TEST(ConnSlots, RunsThatWrapAround) {
  // 4 entries, 16 slots, homes chosen by hand at the end of the array: the run wraps, and every deletion must close its gap.
  constexpr std::uint32_t kLast = 0xf0000000;  // home 15 of 16
  std::vector<std::uint32_t> hashes = {kLast,      kLast + 1,  0xe0000000, kLast + 2,
                                       0x00000001, 0xe0000002, 0x10000000, kLast + 3};
  Random random(5);
  for (int round = 0; round < 200; round++) {
    ConnSlots slots(4);
    std::set<std::uint32_t> in;
    for (int step = 0; step < 60; step++) {
      const std::uint32_t k = random.Below(8);
      if (in.erase(k) != 0) {
        slots.Erase(hashes[k], k + 1);
      } else {
        slots.Insert(hashes[k], k + 1);
        in.insert(k);
      }
      for (std::uint32_t j = 0; j < 8; j++) {
        ASSERT_EQ(slots.Find(hashes[j], [&](std::uint32_t ref) { return ref == j + 1; }), in.count(j) != 0 ? j + 1 : 0);
      }
    }
  }
}

TEST(FlowHasher, DependsOnEveryPartAndOnTheSeed) {
  const FlowHasher h{1, 2};
  const FlowKey key = Make(1, At(0), 0).ForwardKey();
  std::set<std::uint32_t> seen = {h(key)};
  auto other = [&](auto change) {
    FlowKey k = key;
    change(k);
    EXPECT_TRUE(seen.insert(h(k)).second);
  };
  other([](FlowKey& k) { k.src = k.src.Plus(1); });
  other([](FlowKey& k) { k.dst = k.dst.Plus(1); });
  other([](FlowKey& k) { std::swap(k.src, k.dst); });
  other([](FlowKey& k) { k.sport++; });
  other([](FlowKey& k) { k.dport++; });
  other([](FlowKey& k) { k.protocol++; });
  other([](FlowKey& k) { k.ingress = IfId{9}; });
  other([](FlowKey& k) { k.src = IpAddress::V6(0x20010db800000000u, k.src.lo()); });
  EXPECT_TRUE(seen.insert(FlowHasher{1, 3}(key)).second);
  EXPECT_TRUE(seen.insert(FlowHasher{3, 2}(key)).second);
}

// Sequential addresses and ports must spread: no bucket of 1024 far above its share of 64.
TEST(FlowHasher, Spreads) {
  const FlowHasher h{11, 22};
  std::vector<int> buckets(1024);
  for (std::uint32_t n = 0; n < 65'536; n++) buckets[h(Make(n, At(0), 0).ForwardKey()) >> 22]++;
  for (int b : buckets) {
    ASSERT_GT(b, 20);
    ASSERT_LT(b, 120);
  }
}

}  // namespace
}  // namespace sallyport
