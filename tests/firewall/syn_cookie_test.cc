#include "firewall/syn_cookie.h"

#include <gtest/gtest.h>

#include "firewall/base/random.h"

namespace sallyport {
namespace {

const FlowKey kFlow{*IpAddress::Parse("192.0.2.7"), *IpAddress::Parse("203.0.113.10"), 4000, 80, 6, IfId{1}};

TEST(SynCookies, RemembersWhatTheSynOffered) {
  const SynCookies cookies(42);
  const TimePoint now{1'000'000'000'000};
  for (const auto& [mss, remembered] : {std::pair{100, 216}, {536, 536}, {1219, 536}, {1220, 1220}, {1460, 1380}, {65535, 1380}}) {
    for (const bool sack : {false, true}) {
      const std::uint32_t c = cookies.Make(kFlow, 7000, {static_cast<std::uint16_t>(mss), sack}, now);
      const auto offer = cookies.Check(kFlow, 7000, c, now);
      ASSERT_TRUE(offer);
      EXPECT_EQ(offer->mss, remembered);
      EXPECT_EQ(offer->sack, sack);
    }
  }
}

TEST(SynCookies, GoodForOneToTwoMinutes) {
  const SynCookies cookies(42);
  for (int start = 0; start < 64; start += 7) {
    const TimePoint made{start * 1'000'000'000LL};
    const std::uint32_t c = cookies.Make(kFlow, 7000, {}, made);
    EXPECT_TRUE(cookies.Check(kFlow, 7000, c, made + Duration::Seconds(63)));
    EXPECT_FALSE(cookies.Check(kFlow, 7000, c, made + Duration::Seconds(129)));
  }
}

TEST(SynCookies, OfNobodyElse) {
  const SynCookies cookies(42);
  const TimePoint now{5'000'000'000};
  const std::uint32_t c = cookies.Make(kFlow, 7000, {1460, true}, now);
  EXPECT_FALSE(cookies.Check(kFlow, 7001, c, now));
  FlowKey other = kFlow;
  other.sport++;
  EXPECT_FALSE(cookies.Check(other, 7000, c, now));
  other = kFlow;
  other.ingress = IfId{2};
  EXPECT_FALSE(cookies.Check(other, 7000, c, now));
  EXPECT_FALSE(SynCookies(43).Check(kFlow, 7000, c, now));
  // Guessing succeeds once in 2^24 tries or so, of those that have the right clock.
  Random random(1);
  int hits = 0;
  for (int i = 0; i < 100'000; i++) hits += cookies.Check(kFlow, 7000, random.U32(), now) ? 1 : 0;
  EXPECT_LE(hits, 1);
}

}  // namespace
}  // namespace sallyport
