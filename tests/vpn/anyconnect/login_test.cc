#include "vpn/anyconnect/login.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/vpn/authority.h"
#include "vpn/session_counts.h"

namespace sallyport {
namespace {

constexpr LoginStep kAllSteps[] = {LoginStep::kForm,       LoginStep::kAsked,           LoginStep::kChallenge,   LoginStep::kNewPassword, LoginStep::kAskedSecond,
                                   LoginStep::kChallengeSecond, LoginStep::kAuthorizing, LoginStep::kMaking, LoginStep::kDone};
constexpr LoginEvent kAllEvents[] = {LoginEvent::kFields, LoginEvent::kAccepted, LoginEvent::kChallenged, LoginEvent::kExpired, LoginEvent::kRejected};

TEST(LoginSteps, NobodyIsLoggedInWithoutHavingBeenAskedForAllThatIsNeeded) {
  // Every way through the table, by what the group needs.
  for (std::uint8_t needs = 0; needs < 4; ++needs) {
    std::set<std::pair<LoginStep, std::uint8_t>> seen;  // and what was accepted so far
    std::vector<std::pair<LoginStep, std::uint8_t>> todo = {{LoginStep::kForm, 0}};
    bool done = false;
    while (!todo.empty()) {
      const auto [step, had] = todo.back();
      todo.pop_back();
      if (!seen.insert({step, had}).second) continue;
      if (step == LoginStep::kDone) {
        done = true;
        EXPECT_EQ(had, 4 | needs);
        continue;
      }
      for (const LoginEvent e : kAllEvents) {
        const auto next = NextLoginStep(step, e, needs);
        if (!next) continue;
        std::uint8_t now = had;
        if (*next == LoginStep::kForm) now = 0;
        if (e == LoginEvent::kAccepted) {
          if (step == LoginStep::kAsked) now |= 4;
          if (step == LoginStep::kAskedSecond) now |= kNeedSecond;
          if (step == LoginStep::kAuthorizing) now |= kNeedAuthorization;
        }
        todo.push_back({*next, now});
      }
    }
    EXPECT_TRUE(done) << int{needs};
  }
}

TEST(LoginSteps, EveryRowIsReachedAndNoneIsAmbiguous) {
  for (const LoginRow& r : kLoginSteps) {
    bool used = false;
    for (std::uint8_t has = 0; has < 4; ++has) {
      if (NextLoginStep(r.from, r.event, has) != r.to) continue;
      int rows = 0;
      for (const LoginRow& other : kLoginSteps) {
        rows += other.from == r.from && other.event == r.event && (has & other.needs) == other.needs && (has & other.excludes) == 0 ? 1 : 0;
      }
      EXPECT_EQ(rows, 1);
      used = true;
    }
    EXPECT_TRUE(used);
  }
  for (const LoginEvent e : kAllEvents) EXPECT_FALSE(NextLoginStep(LoginStep::kDone, e, 0));
  for (const LoginStep s : kAllSteps) EXPECT_EQ(NextLoginStep(s, LoginEvent::kFields, 0).has_value(), WaitsForUser(s));
}

TEST(LoginThrottle, WaitsLongerAndForgets) {
  LoginThrottle t;
  const IpAddress a = IpAddress::V4(0x0a000001), b = IpAddress::V4(0x0a000002);
  TimePoint now{5'000'000'000'000};
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 8; ++i) {
    const TimePoint slot = t.Slot("u", a, now);
    waits.push_back((slot - now).seconds());
    now = slot;
    t.Failed("u", a, now);
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{0, 0, 0, 1, 2, 4, 8, 8}));
  // The user's from another address, another user's from that address; nobody else's.
  EXPECT_EQ((t.Slot("u", b, now) - now).seconds(), 8);
  EXPECT_GE((t.Slot("v", a, now) - now).seconds(), 8);
  EXPECT_EQ((t.Slot("v", b, now) - now).seconds(), 0);
  now = now + LoginThrottle::kMemory + Duration::Seconds(1);
  EXPECT_EQ((t.Slot("u", a, now) - now).seconds(), 0);
  t.Failed("u", a, now);
  EXPECT_EQ(t.failures("u"), 1);
}

TEST(LoginThrottle, ManyAtOnceAreNoFaster) {
  LoginThrottle t;
  const IpAddress a = IpAddress::V4(0x0a000001);
  const TimePoint now{5'000'000'000'000};
  for (int i = 0; i < 10; ++i) t.Failed("user" + std::to_string(i), a, now);
  TimePoint last = now;
  for (int i = 0; i < 10; ++i) {
    const TimePoint slot = t.Slot("other" + std::to_string(i), a, now);
    EXPECT_EQ((slot - last).seconds(), 8);
    last = slot;
  }
}

TEST(LoginThrottle, SuccessAndSize) {
  LoginThrottle t;
  const TimePoint now{5'000'000'000'000};
  const IpAddress a = IpAddress::V4(0x0a000001);
  for (int i = 0; i < 4; ++i) t.Failed("u", a, now);
  t.Failed("victim", a, now);
  t.Succeeded("u", a);
  EXPECT_EQ(t.failures("u"), 0);
  EXPECT_EQ(t.failures("victim"), 1);
  EXPECT_EQ(t.failures(a), 1) << "what he failed with himself, and no more";
  t.Succeeded("u", a);
  EXPECT_EQ(t.failures(a), 1);
  for (std::uint32_t i = 0; i < 20'000; ++i) t.Failed("u" + std::to_string(i), IpAddress::V4(i + 1), now + Duration::Seconds(i / 100));
  EXPECT_LE(t.size(), 2 * LoginThrottle::kMost);
  // A host has all addresses of its network.
  t.Failed("x", *IpAddress::Parse("2001:db8::1"), now);
  t.Failed("x", *IpAddress::Parse("2001:db8::2"), now);
  EXPECT_EQ(t.failures(*IpAddress::Parse("2001:db8::3")), 2);
}

TEST(LoginThrottle, OnesOwnPasswordBuysNoGuesses) {
  LoginThrottle t;
  TimePoint now{5'000'000'000'000};
  const IpAddress a = IpAddress::V4(0x0a000001);
  // A guess at each of many names, and a good login of one's own behind each.
  std::int64_t waited = 0;
  for (int i = 0; i < 30; ++i) {
    const std::string name = "user" + std::to_string(i);
    const TimePoint slot = t.Slot(name, a, now);
    waited += (slot - now).seconds();
    now = slot;
    t.Failed(name, a, now);
    t.Succeeded("mallory", a);
  }
  EXPECT_EQ(t.failures(a), 30);
  EXPECT_EQ(waited, 1 + 2 + 4 + 24 * 8);
  // Failures of one's own between them change nothing, either.
  for (int i = 0; i < 40; ++i) t.Failed("mallory" + std::to_string(i), a, now);
  for (int i = 0; i < 40; ++i) t.Succeeded("mallory" + std::to_string(i), a);
  EXPECT_GE(t.failures(a), 30);
}

TEST(UserKey, OneUserHasOne) {
  for (const char* name : {"bob smith", "Bob Smith", " bob smith", "BOB  SMITH "}) EXPECT_EQ(UserKey(name), "bob smith");
  EXPECT_NE(UserKey("bobsmith"), UserKey("bob smith"));
  EXPECT_EQ(UserKey("  "), "");
}

TEST(UserOfCertificate, AsConfigured) {
  const TestAuthority authority("Root");
  const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
  const Certificate c = authority.Issue(key, {{"o", "Example"}, {"ou", "Sales"}, {"cn", "anyuser"}}, "email:any@example.com");
  const auto user = [&](const char* first, const char* second) {
    const std::string from[2] = {first, second};
    return UserOfCertificate(c, from);
  };
  EXPECT_EQ(user("", ""), "anyuser");
  EXPECT_EQ(user("OU", ""), "Sales");
  EXPECT_EQ(user("UPN", "CN"), "anyuser");
  EXPECT_EQ(user("L", "O"), "Example");
  EXPECT_EQ(user("EA", ""), "any@example.com");
  EXPECT_EQ(user("L", ""), "");
  EXPECT_NE(user("use-entire-name", "").find("cn=anyuser"), std::string::npos);
  const std::string none[2];
  EXPECT_EQ(UserOfCertificate(Certificate(), none), "");
}

}  // namespace
}  // namespace sallyport
