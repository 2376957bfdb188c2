// The table of a session's life, cell by cell: where each happening leads and which messages are written, in order. What stands here
// was written from the questions and answers about AnyConnect and the syslog guide, not from the table.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/vpn/anyconnect/ssl_fakes.h"

namespace sallyport {
namespace {

using H = SslHappening;

struct Cells {
  H what;
  const char* of[kSslStates];  // P, S, B, D, W: next state and messages; "": nothing happens
};
#define TO_W "722037 722023 716058"
#define END_OF_TUNNEL "737016 722029 722030 722031 113019"
constexpr Cells kExpected[] = {
    {H::kConnect,
     {"S 722055 722051 722033 722022", "S 722032 722028 722023 722022", "S 722032 722028 722023 722023 722022", "S 722034 722023 722022",
      "S 716059 722034 722022"}},
    {H::kDtlsUp, {"", "B 722033 722022", "B 722032 722023 722022", "D 722032 722023 722022", ""}},
    {H::kTlsClosed, {"", "W " TO_W, "D 722037 722023", "", ""}},
    {H::kDtlsClosed, {"", "", "S 722023", "W " TO_W, ""}},
    {H::kTlsDead, {"", "W " TO_W, "W 722037 722023 722023 716058", "", ""}},
    {H::kTlsDeadAlone, {"", "W " TO_W, "D 722037 722023", "", ""}},
    {H::kDtlsDead, {"", "", "S 722037 722023", "W " TO_W, ""}},
    {H::kTunnelsIdle, {"", "W " TO_W, "W 722037 722023 722023 716058", "W " TO_W, ""}},
    {H::kPaused, {"", "W 722012 " TO_W, "W 722012 722037 722023 722023 716058", "W 722012 " TO_W, ""}},
    {H::kLogout,
     {"X 113019", "X 722012 722037 722023 " END_OF_TUNNEL, "X 722012 722037 722023 722023 " END_OF_TUNNEL,
      "X 722012 722037 722023 " END_OF_TUNNEL, "X " END_OF_TUNNEL}},
    {H::kParentIdle, {"X 113019", "", "", "", "X " END_OF_TUNNEL}},
    {H::kMaxTime,
     {"X 113019", "X 722037 722023 " END_OF_TUNNEL, "X 722037 722023 722023 " END_OF_TUNNEL, "X 722037 722023 " END_OF_TUNNEL,
      "X " END_OF_TUNNEL}},
    {H::kLogoff,
     {"X 113019", "X 722037 722023 " END_OF_TUNNEL, "X 722037 722023 722023 " END_OF_TUNNEL, "X 722037 722023 " END_OF_TUNNEL,
      "X " END_OF_TUNNEL}},
    {H::kPreempted,
     {"X 113019", "X 722037 722023 " END_OF_TUNNEL, "X 722037 722023 722023 " END_OF_TUNNEL, "X 722037 722023 " END_OF_TUNNEL,
      "X " END_OF_TUNNEL}},
    {H::kNoAddress,
     {"X 113019", "X 722037 722023 " END_OF_TUNNEL, "X 722037 722023 722023 " END_OF_TUNNEL, "X 722037 722023 " END_OF_TUNNEL,
      "X " END_OF_TUNNEL}},
};
#undef TO_W
#undef END_OF_TUNNEL

class SslTable : public SslSessionsTest {
 protected:
  // A session that has come to that state.
  SslSession& In(SslState state) {
    SslSession& s = Login("alice");
    if (state == SslState::kParent) return s;
    Happen(s, H::kConnect);
    if (state == SslState::kBoth || state == SslState::kDtls) Happen(s, H::kDtlsUp);
    if (state == SslState::kDtls) Happen(s, H::kTlsClosed);
    if (state == SslState::kWaiting) Happen(s, H::kTlsClosed);
    EXPECT_EQ(s.state, state);
    return s;
  }
};

TEST_F(SslTable, EveryCell) {
  ASSERT_EQ(std::size(kExpected), kSslHappenings);
  for (std::size_t state = 0; state < kSslStates; state++) {
    for (const Cells& cells : kExpected) {
      const auto from = static_cast<SslState>(state);
      SCOPED_TRACE(std::string(SslStateLetter(from)) + ": " + std::string(SslHappeningName(cells.what)));
      SslSession& s = In(from);
      const std::uint32_t index = s.index;
      said.clear();
      Happen(s, cells.what, cells.what == H::kLogout || cells.what == H::kPaused ? "Bye." : "");
      std::string got;
      if (s.state != from || !said.empty()) {
        got = SslStateLetter(s.state);
        // What a session without a tunnel says at its end has no DISCONNECT in it.
        for (const SslSessions::Said& m : said) got += " " + std::to_string(m.id);
      }
      EXPECT_EQ(got, cells.of[state]);
      // The list of tunnels is what the state says.
      if (s.state != SslState::kGone) {
        EXPECT_EQ(s.Tunnel(VpnTunnelKind::kSslTunnel) != nullptr, s.HasTls());
        EXPECT_EQ(s.Tunnel(VpnTunnelKind::kDtlsTunnel) != nullptr, s.HasDtls());
        EXPECT_EQ(s.inactive_since.has_value(), s.state == SslState::kWaiting || s.state == SslState::kDtls);
      }
      sessions.Forget(index);
    }
  }
  const VpnStatisticsView after = counts.View();
  EXPECT_EQ(after.all.active, 0u);
  EXPECT_EQ(after.ssl.active, 0u);
  for (const VpnCounts& c : after.tunnels) EXPECT_EQ(c.active, 0u);
  EXPECT_EQ(after.groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)].inactive, 0u);
  EXPECT_EQ(counts.size(), 0u);
}

// README.md has the table as it is.
TEST_F(SslTable, IsDrawnInTheReadme) {
  std::ifstream file(std::string(SALLYPORT_TEST_DIR) + "/../vpn/anyconnect/README.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(SslTableText()), std::string::npos) << "the table is:\n" << SslTableText();
}

}  // namespace
}  // namespace sallyport
