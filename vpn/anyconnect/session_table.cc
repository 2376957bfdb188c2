#include "vpn/anyconnect/session_table.h"

namespace sallyport {
namespace {

constexpr SslState kP = SslState::kParent, kS = SslState::kTls, kB = SslState::kBoth, kD = SslState::kDtls, kW = SslState::kWaiting,
                   kX = SslState::kGone;

// Steps by state. What a session is left waiting by says why it closes; DTLS goes before TLS.
constexpr std::uint32_t kLeave = kSslClosing | kSslDropDtls | kSslDropTls | kSslWait | kSslInactive;
constexpr std::uint32_t kEnd = kSslClosing | kSslDropDtls | kSslDropTls | kSslLastFrame | kSslEnd;
constexpr std::uint32_t kByClient = kEnd & ~kSslLastFrame;
constexpr std::uint32_t kQuietEnd = kSslEnd;  // there is no tunnel

constexpr SslStep Stay(SslState s) { return {s, 0}; }

}  // namespace

const SslStep kSslSteps[kSslStates][kSslHappenings] = {
    // P
    {/* connect */ {kS, kSslAddress | kSslFirstTcp | kSslTcpUp | kSslActive | kSslBegin},
     /* DTLS up */ Stay(kP),
     /* TLS closed */ Stay(kP),
     /* DTLS closed */ Stay(kP),
     /* TLS dead */ Stay(kP),
     /* TLS dead, bug */ Stay(kP),
     /* DTLS dead */ Stay(kP),
     /* idle */ Stay(kP),
     /* pause */ Stay(kP),
     /* logout */ {kX, kQuietEnd},
     /* parent idle */ {kX, kQuietEnd},
     /* max time */ {kX, kQuietEnd},
     /* logoff */ {kX, kQuietEnd},
     /* preempted */ {kX, kQuietEnd},
     /* no address */ {kX, kQuietEnd}},
    // S
    {/* connect */ {kS, kSslMoved | kSslReplacesTcp | kSslDropTls | kSslTcpUp},
     /* DTLS up */ {kB, kSslUdp | kSslUdpUp},
     /* TLS closed */ {kW, kLeave},
     /* DTLS closed */ Stay(kS),
     /* TLS dead */ {kW, kLeave},
     /* TLS dead, bug */ {kW, kLeave},
     /* DTLS dead */ Stay(kS),
     /* idle */ {kW, kLeave | kSslLastFrame},
     /* pause */ {kW, kLeave | kSslMessage},
     /* logout */ {kX, kByClient | kSslMessage},
     /* parent idle */ Stay(kS),
     /* max time */ {kX, kEnd},
     /* logoff */ {kX, kEnd},
     /* preempted */ {kX, kEnd},
     /* no address */ {kX, kEnd}},
    // B
    {/* connect */ {kS, kSslMoved | kSslReplacesTcp | kSslDropDtls | kSslDropTls | kSslTcpUp},
     /* DTLS up */ {kB, kSslReplacesUdp | kSslDropDtls | kSslUdpUp},
     /* TLS closed */ {kD, kSslClosing | kSslDropTls | kSslInactive},
     /* DTLS closed */ {kS, kSslDropDtls},
     /* TLS dead */ {kW, kLeave},
     /* TLS dead, bug */ {kD, kSslClosing | kSslDropTls | kSslInactive},
     /* DTLS dead */ {kS, kSslClosing | kSslDropDtls},
     /* idle */ {kW, kLeave | kSslLastFrame},
     /* pause */ {kW, kLeave | kSslMessage},
     /* logout */ {kX, kByClient | kSslMessage},
     /* parent idle */ Stay(kB),
     /* max time */ {kX, kEnd},
     /* logoff */ {kX, kEnd},
     /* preempted */ {kX, kEnd},
     /* no address */ {kX, kEnd}},
    // D
    {/* connect */ {kS, kSslMoved | kSslNewTcp | kSslDropDtls | kSslTcpUp | kSslActive},
     /* DTLS up */ {kD, kSslReplacesUdp | kSslDropDtls | kSslUdpUp},
     /* TLS closed */ Stay(kD),
     /* DTLS closed */ {kW, kSslClosing | kSslDropDtls | kSslWait},
     /* TLS dead */ Stay(kD),
     /* TLS dead, bug */ Stay(kD),
     /* DTLS dead */ {kW, kSslClosing | kSslDropDtls | kSslWait},
     /* idle */ {kW, kSslClosing | kSslDropDtls | kSslWait | kSslLastFrame},
     /* pause */ {kW, kSslClosing | kSslDropDtls | kSslWait | kSslMessage},
     /* logout */ {kX, kByClient | kSslMessage},
     /* parent idle */ Stay(kD),
     /* max time */ {kX, kEnd},
     /* logoff */ {kX, kEnd},
     /* preempted */ {kX, kEnd},
     /* no address */ {kX, kEnd}},
    // W
    {/* connect */ {kS, kSslResumed | kSslNewTcp | kSslTcpUp | kSslActive},
     /* DTLS up */ Stay(kW),
     /* TLS closed */ Stay(kW),
     /* DTLS closed */ Stay(kW),
     /* TLS dead */ Stay(kW),
     /* TLS dead, bug */ Stay(kW),
     /* DTLS dead */ Stay(kW),
     /* idle */ Stay(kW),
     /* pause */ Stay(kW),
     /* logout */ {kX, kQuietEnd},
     /* parent idle */ {kX, kQuietEnd},
     /* max time */ {kX, kQuietEnd},
     /* logoff */ {kX, kQuietEnd},
     /* preempted */ {kX, kQuietEnd},
     /* no address */ {kX, kQuietEnd}}};

std::string_view SslStateLetter(SslState s) {
  constexpr std::string_view kLetters[] = {"P", "S", "B", "D", "W", "X"};
  return kLetters[static_cast<std::size_t>(s)];
}

std::string_view SslHappeningName(SslHappening h) {
  constexpr std::string_view kNames[kSslHappenings] = {
      "CONNECT with the token", "DTLS is up",           "TLS closed",       "DTLS closed",     "DPD: TLS is dead",
      "... with CSCts66926",    "DPD: DTLS is dead",    "tunnels idle",     "DISCONNECT, pause", "DISCONNECT 16, web logout",
      "idle without a tunnel",  "session timeout",      "logoff",           "new login",       "no address"};
  return kNames[static_cast<std::size_t>(h)];
}

std::string SslTableText() {
  constexpr struct {
    std::uint32_t bit;
    const char* text;
  } kMessages[] = {{kSslMessage, "722012"},     {kSslResumed, "716059"},     {kSslAddress, "722055 722051"}, {kSslFirstTcp, "722033"},
                   {kSslNewTcp, "722034"},      {kSslReplacesTcp, "722032 722028"}, {kSslUdp, "722033/34"},  {kSslReplacesUdp, "722032"},
                   {kSslClosing, "722037"},     {kSslDropDtls, "722023"},    {kSslDropTls, "722023"},        {kSslTcpUp, "722022"},
                   {kSslUdpUp, "722022"},       {kSslWait, "716058"},        {kSslEnd, "113019"}};
  std::string out = "| what happens | P | S | B | D | W |\n|---|---|---|---|---|---|\n";
  for (std::size_t h = 0; h < kSslHappenings; h++) {
    out += "| " + std::string(SslHappeningName(static_cast<SslHappening>(h))) + " |";
    for (std::size_t s = 0; s < kSslStates; s++) {
      const SslStep& step = kSslSteps[s][h];
      if (step.actions == 0) {
        out += " - |";
        continue;
      }
      out += " **" + std::string(SslStateLetter(step.next)) + "**";
      std::string before;
      for (const auto& m : kMessages) {
        if ((step.actions & m.bit) == 0 || m.text == before) continue;
        out += std::string(" ") + m.text;
        before = m.text;
      }
      out += " |";
    }
    out += "\n";
  }
  return out;
}

}  // namespace sallyport
