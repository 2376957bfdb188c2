// The life of an AnyConnect session: what it is, what happens to it, and what is done and said then. One table; nothing else decides
// about a session's state (sessions.h runs it, README.md shows it).
//
// A session has a parent (the token), a TLS tunnel and a DTLS tunnel. The parent outlives the tunnels: a client comes back to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

enum class SslState : std::uint8_t {
  kParent,   // P: logged in; nothing was ever connected
  kTls,      // S: parent and TLS
  kBoth,     // B: parent, TLS, DTLS
  kDtls,     // D: parent and DTLS; TLS is lost, and the time of inactivity runs
  kWaiting,  // W: nothing but the parent, waiting to be resumed
  kGone      // X
};
inline constexpr std::size_t kSslStates = 5;  // those that something can happen to

enum class SslHappening : std::uint8_t {
  kConnect,         // CONNECT with the token
  kDtlsUp,          // a DTLS handshake is done
  kTlsClosed,       // without a goodbye
  kDtlsClosed,
  kTlsDead,         // nothing came, and no probe was answered
  kTlsDeadAlone,    // ... with CSCts66926: DTLS is left as it is
  kDtlsDead,
  kTunnelsIdle,     // no data by TLS nor by DTLS for the idle timeout
  kPaused,          // DISCONNECT that means to come back
  kLogout,          // DISCONNECT that does not, or the portal's logout
  kParentIdle,      // no tunnel for the idle timeout
  kMaxTime,         // the session timeout
  kLogoff,          // an operator, the appliance's end, or a policy that is not there any more
  kPreempted,       // the user has logged in once too often
  kNoAddress        // there is none to give
};
inline constexpr std::size_t kSslHappenings = 15;

// What a step does, in this order.
enum SslAction : std::uint32_t {
  kSslMessage = 1u << 0,         // 722007..722014: what the client says in DISCONNECT
  kSslResumed = 1u << 1,         // 716059
  kSslMoved = 1u << 2,           // 716059, if the client has another address now
  kSslAddress = 1u << 3,         // 722055, 722051
  kSslFirstTcp = 1u << 4,        // 722033
  kSslNewTcp = 1u << 5,          // 722034
  kSslReplacesTcp = 1u << 6,     // 722032, 722028
  kSslUdp = 1u << 7,             // 722033 for the session's first, else 722034
  kSslReplacesUdp = 1u << 8,     // 722032
  kSslClosing = 1u << 9,         // 722037, with why
  kSslDropDtls = 1u << 10,       // the tunnel goes: 722023
  kSslDropTls = 1u << 11,
  kSslTcpUp = 1u << 12,          // the tunnel comes: 722022
  kSslUdpUp = 1u << 13,
  kSslWait = 1u << 14,           // 716058; the parent's time begins
  kSslInactive = 1u << 15,       // the last TLS tunnel is gone: the time of inactivity begins
  kSslActive = 1u << 16,         // ... ends
  kSslBegin = 1u << 17,          // an address, accounting: the session's user is here
  kSslLastFrame = 1u << 18,      // DISCONNECT is sent to the client
  kSslEnd = 1u << 19             // 722029-722031, 113019 (716002 of the portal's); address, accounting, the session itself
};

struct SslStep {
  SslState next = SslState::kGone;
  std::uint32_t actions = 0;  // none: cannot be, or makes no difference
};
extern const SslStep kSslSteps[kSslStates][kSslHappenings];

inline const SslStep& SslStepOf(SslState s, SslHappening h) { return kSslSteps[static_cast<std::size_t>(s)][static_cast<std::size_t>(h)]; }

std::string_view SslStateLetter(SslState s);
std::string_view SslHappeningName(SslHappening h);
// The table as README.md has it.
std::string SslTableText();

}  // namespace sallyport
