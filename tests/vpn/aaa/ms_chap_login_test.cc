// MS-CHAPv2 towards a RADIUS server in memory: a login, a password that has expired and its change, and a server that does not know it.
#include <gtest/gtest.h>

#include "radius_server.h"
#include "tests/vpn/hex.h"
#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

using namespace radius;
using Kind = AaaAnswer::Kind;

class MsChapLoginTest : public testing::Test {
 protected:
  MsChapLoginTest() {
    AaaServer s;
    s.address = *IpAddress::Parse("10.1.1.1");
    s.interface = "inside";
    s.key = "secret";
    AaaPlan plan;
    plan.groups.resize(1);
    plan.groups[0].name = "far";
    plan.groups[0].servers = {s};
    client.UsePlan(plan);
  }
  void SetUp() override {
    if (!CryptoLibrary::Get().has_des()) GTEST_SKIP() << "OpenSSL's legacy provider is not installed";
  }
  void Ask(const char* password, const char* new_password = "") {
    AaaQuestion q;
    q.group = "far";
    q.user = "EXAMPLE\\ann";
    q.password = password;
    q.new_password = new_password;
    q.ms_chap = true;
    client.Authenticate(std::move(q), [&](const AaaAnswer& a) { answers.push_back(a); });
  }
  // What the answer to the challenge in that request must be, when that is the password; in `at` lie peer challenge and response.
  static std::optional<MsChapResponse> Expect(const RadiusMessage& m, std::uint8_t type, std::size_t at, const char* password, Bytes& response) {
    const RadiusAttribute *challenge = m.Find(kMsChapChallenge, kMicrosoft), *said = m.Find(type, kMicrosoft);
    if (challenge == nullptr || said == nullptr || challenge->value.size() != 16 || said->value.size() < at + 48) return {};
    MsChapChallenge own{}, peer{};
    std::copy_n(challenge->value.begin(), 16, own.begin());
    std::copy_n(said->value.begin() + static_cast<std::ptrdiff_t>(at), 16, peer.begin());
    response = said->value.subspan(at + 24, 24);
    return AnswerMsChap(own, peer, "ann", password);
  }
  static std::vector<std::uint8_t> Said(const std::string& text) {
    std::vector<std::uint8_t> out{1};
    out.insert(out.end(), text.begin(), text.end());
    return out;
  }

  ManualClock clock{1'258'000'000'000'000'000};
  LogRing ring;
  Logger logger{clock, ring};
  SeededEntropy entropy{5};
  RadiusWire wire;
  std::vector<AaaAnswer> answers;
  AaaClient client{{wire, logger, clock, entropy, [this] { return clock.Now(); }, [] { return TimePoint(); },
                    [](const std::string&) { return *IpAddress::Parse("10.1.1.254"); }}};
};

TEST_F(MsChapLoginTest, ThePasswordIsProvedByBothSides) {
  for (const bool knows : {true, false}) {
    Ask("clientPass");
    wire.Serve(client, [&](const auto& sent) {
      const auto m = ReadRadius(sent.message);
      EXPECT_EQ(m->Find(kUserPassword), nullptr);
      Bytes response;
      const auto wanted = Expect(*m, kMsChap2Response, 2, "clientPass", response);
      EXPECT_TRUE(wanted && SameBytes(wanted->response, response));
      const std::string proof = wanted ? wanted->authenticator : "";
      return RadiusReply(kAccessAccept).Vendor(kMicrosoft, kMsChap2Success, Said(knows ? proof : "S=" + std::string(40, '0'))).To(sent.message, AsBytes("secret"));
    });
    EXPECT_EQ(answers.back().kind, knows ? Kind::kAccept : Kind::kReject);
  }
}

TEST_F(MsChapLoginTest, AnExpiredPasswordIsChanged) {
  const auto refuse = [&](const std::string& error) {
    wire.Serve(client, [&](const auto& sent) {
      return RadiusReply(kAccessReject).Vendor(kMicrosoft, kMsChapError, Said(error)).To(sent.message, AsBytes("secret"));
    });
  };
  Ask("old");
  refuse("E=691 R=1 C=00 V=3 M=wrong");
  EXPECT_EQ(answers.back().kind, Kind::kReject);
  Ask("old");
  refuse("E=648 R=0 C=00 V=3 M=Password expired");
  EXPECT_EQ(answers.back().kind, Kind::kExpired);
  Ask("old", "new");
  wire.Serve(client, [&](const auto& sent) {
    const auto m = ReadRadius(sent.message);
    Bytes response;
    const auto wanted = Expect(*m, kMsChap2Cpw, 18, "new", response);
    EXPECT_TRUE(wanted && SameBytes(wanted->response, response));
    EXPECT_EQ(m->Find(kMsChap2Cpw, kMicrosoft)->value.size(), 68u);
    std::size_t octets = 0, pieces = 0;
    for (const RadiusAttribute& a : m->attributes) {
      if (a.vendor != kMicrosoft || a.type != kMsChapNtEncPw) continue;
      EXPECT_EQ(a.value[0], 6);
      EXPECT_EQ(a.value[3], ++pieces);
      octets += a.value.size() - 4;
    }
    EXPECT_EQ(octets, 516u);
    return RadiusReply(kAccessAccept).Vendor(kMicrosoft, kMsChap2Success, Said(wanted->authenticator)).To(sent.message, AsBytes("secret"));
  });
  EXPECT_EQ(answers.back().kind, Kind::kAccept);
  Ask("old", "new");
  refuse("E=648 R=0 C=00 V=3 M=still");  // never a second form for the same question
  EXPECT_EQ(answers.back().kind, Kind::kReject);
}

}  // namespace
}  // namespace sallyport
