// The small parts of the base room: bytes, names, random numbers, results, time.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/names.h"
#include "firewall/base/printable.h"
#include "firewall/base/random.h"
#include "firewall/base/result.h"
#include "firewall/base/time.h"

namespace sallyport {
namespace {

TEST(Printable, WhatATerminalMayBeShown) {
  for (const char* good : {"", "abc", "j\xc3\xb6rg", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(IsPrintableText(good)) << good;
    EXPECT_EQ(PrintableText(good), good);
  }
  // Malformed; control characters of both kinds (U+009B begins a terminal's commands); lines, directions, what hides.
  for (const char* bad : {"\n", "\x1b", "\x7f", "\xff", "\xc0\xaf", "\xc2\x80", "\xc2\x9b", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3",
                          "\xf0\x9f\x98", "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8b", "\xef\xbb\xbf", "\xd8\x9c", "\xc2\xad", "\xf3\xa0\x81\x81"}) {
    EXPECT_FALSE(IsPrintableText(bad)) << bad;
    const std::string shown = PrintableText(std::string("a") + bad + "b");
    EXPECT_EQ(shown, "a" + std::string(shown.size() - 2, '?') + "b");
    EXPECT_GE(shown.size(), 3u);
  }
  EXPECT_EQ(PrintableText("abcdef", 4), "abcd");
  EXPECT_EQ(PrintableText("ab\xc3\xb6", 3), "ab") << "whole characters";
}

TEST(Bytes, BigEndianAtAnyAddress) {
  std::uint8_t b[20] = {};
  for (int at = 0; at < 8; at++) {
    StoreBe64(b + at, 0x0102030405060708u);
    EXPECT_EQ(b[at], 1);
    EXPECT_EQ(b[at + 7], 8);
    EXPECT_EQ(LoadBe64(b + at), 0x0102030405060708u);
    EXPECT_EQ(LoadBe32(b + at), 0x01020304u);
    EXPECT_EQ(LoadBe16(b + at + 6), 0x0708u);
    StoreBe32(b + at, 0xfffefdfcu);
    EXPECT_EQ(LoadBe16(b + at), 0xfffe);
    StoreBe16(b + at, 0x8000);
    EXPECT_EQ(LoadBe32(b + at), 0x8000fdfcu);
  }
}

TEST(Reader, FailsAtTheEndAndConsumesNothing) {
  const std::uint8_t data[] = {1, 2, 3, 4, 5, 6, 7};
  Reader r(data);
  EXPECT_EQ(r.U8(), 1);
  EXPECT_EQ(r.U16(), 0x0203);
  auto sub = r.Sub(2);
  ASSERT_TRUE(sub);
  EXPECT_EQ(r.left(), 2u);
  EXPECT_FALSE(sub->U32());
  EXPECT_EQ(sub->left(), 2u);
  EXPECT_EQ(sub->U16(), 0x0405);
  EXPECT_FALSE(sub->U8());
  EXPECT_FALSE(r.U32());
  EXPECT_FALSE(r.Sub(3));
  EXPECT_FALSE(r.Skip(3));
  EXPECT_EQ(r.left(), 2u);
  EXPECT_TRUE(r.Skip(2));
  EXPECT_TRUE(r.Skip(0));
  EXPECT_TRUE(r.Sub(0));
  EXPECT_FALSE(r.U8());
  EXPECT_FALSE(r.U16());
}

TEST(Names, SameNameSameNumber) {
  const NameId a = InternName("inside");
  EXPECT_NE(a, NameId::kNone);
  EXPECT_EQ(InternName("inside"), a);
  EXPECT_NE(InternName("Inside"), a);
  EXPECT_EQ(NameOf(a), "inside");
  EXPECT_EQ(InternName(""), NameId::kNone);
  EXPECT_EQ(NameOf(NameId::kNone), "");
}

TEST(Names, ReadWhileOthersAreAdded) {
  constexpr int kNames = 5000;  // several blocks
  std::atomic<int> known{0};
  std::vector<NameId> ids(kNames);
  std::thread writer([&] {
    for (int i = 0; i < kNames; i++) {
      ids[static_cast<std::size_t>(i)] = InternName("name-" + std::to_string(i));
      known.store(i + 1, std::memory_order_release);
    }
  });
  int checked = 0;
  while (checked < kNames) {
    const int end = known.load(std::memory_order_acquire);
    for (; checked < end; checked++) {
      ASSERT_EQ(NameOf(ids[static_cast<std::size_t>(checked)]), "name-" + std::to_string(checked));
    }
  }
  writer.join();
}

TEST(Random, SeededIsRepeatable) {
  Random a(42), b(42), c(43);
  for (int i = 0; i < 100; i++) EXPECT_EQ(a.U64(), b.U64());
  EXPECT_NE(a.U64(), c.U64());
  std::vector<int> seen(7);
  for (int i = 0; i < 7000; i++) seen.at(a.Below(7))++;
  for (int n : seen) EXPECT_GT(n, 800);
  for (int i = 0; i < 100; i++) EXPECT_EQ(a.Below(1), 0u);
  EXPECT_NE(Random::FromKernel().U64(), Random::FromKernel().U64());
}

Result<int> Half(int n) {
  if (n % 2 != 0) return Error{"odd"};
  return n / 2;
}

TEST(Result, ValueOrReason) {
  EXPECT_TRUE(Half(4));
  EXPECT_EQ(*Half(4), 2);
  EXPECT_FALSE(Half(3).ok());
  EXPECT_EQ(Half(3).error(), "odd");
  Result<std::string> s(std::string("text"));
  EXPECT_EQ(s->size(), 4u);
  EXPECT_EQ(*std::move(s), "text");
  EXPECT_TRUE(Status().ok());
  const Status failed(Error{""});
  EXPECT_FALSE(failed.ok());
}

TEST(Time, DurationsAndPoints) {
  EXPECT_EQ(Duration::Seconds(2) + Duration::Milliseconds(500), Duration{2'500'000'000});
  EXPECT_EQ(Duration::Milliseconds(2'999).seconds(), 2);
  const TimePoint t{1'000};
  EXPECT_EQ((t + Duration::Seconds(1)) - t, Duration::Seconds(1));
  EXPECT_LT(t, TimePoint::Max());
}

TEST(ManualClock, StandsStill) {
  ManualClock clock(1'700'000'000'000'000'000);
  EXPECT_EQ(clock.Now(), TimePoint{0});
  clock.Advance(Duration::Seconds(5));
  EXPECT_EQ(clock.Now(), TimePoint{5'000'000'000});
  EXPECT_EQ(clock.WallNanos(clock.Now()), 1'700'000'005'000'000'000);
}

TEST(SystemClock, AdvancesAndKeepsTheWall) {
  SystemClock clock;
  const TimePoint before = clock.Now();
  const std::int64_t wall = clock.WallNanos(before);
  clock.Advance(Duration::Seconds(3600));
  const TimePoint after = clock.Now();
  EXPECT_GE(after - before, Duration::Seconds(3600));
  EXPECT_EQ(clock.WallNanos(after) - wall, (after - before).ns);  // the wall clock moves along
  clock.SetWall(1'000'000'000);
  const TimePoint now = clock.Now();
  EXPECT_GE(clock.WallNanos(now), 1'000'000'000);
  EXPECT_LT(clock.WallNanos(now), 61'000'000'000);
  EXPECT_GE(now, after);  // setting the wall does not touch the scale
}

}  // namespace
}  // namespace sallyport
