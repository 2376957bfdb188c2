// Messages of IKE version 1 in an ASA's words. Each is a syslog message and a line of `debug crypto ikev1` at once.
#include <fmt/format.h>

#include "vpn/ike/v1_core.h"

namespace sallyport {
namespace {

constexpr std::size_t kStoryLines = 8;

const char* ModeName(const Ikev1Sa& sa) { return sa.aggressive ? "AM" : "MM"; }

std::string History(const std::deque<std::string>& history) {
  std::string out;
  for (std::size_t i = 0; i < history.size() && i < kStoryLines; ++i) {
    if (i != 0) out += "-->";
    out += history[i];
  }
  return out;
}

}  // namespace

void Ikev1Core::Say(int syslog, int severity, const Ikev1Sa* sa, IpAddress peer, const std::string& text) const {
  IkeSaying s;
  s.syslog = syslog;
  s.severity = severity;
  s.debug = IkeSaying::Debug::kIkev1;
  // Errors and what an operator cares for from level 1 on, steps from 7 on.
  s.debug_level = severity <= 5 ? 1 : severity == 6 ? 5 : 7;
  s.peer = peer;
  if (sa != nullptr && sa->has_group) {
    s.group = sa->group.name;
    s.user = sa->user;
    s.text = "Group = " + sa->group.name + ", ";
    if (!sa->user.empty()) s.text += "Username = " + sa->user + ", ";
  }
  s.text += "IP = " + peer.ToString() + ", " + text;
  host_.Say(s);
}

void Ikev1Core::SayMessage(const char* verb, const Ikev1Sa* sa, IpAddress peer, std::uint32_t id, std::uint8_t first,
                           Bytes chain, std::size_t length) const {
  // A group stands before these lines in no capture of an ASA.
  (void)sa;
  std::string text = fmt::format("IKE_DECODE {} Message (msgid={:x}) with payloads : HDR", verb, id);
  if (const auto payloads = ReadPayloads(first, chain, ChainEnd::kPadded)) {
    for (const RawPayload& p : *payloads) text += " + " + PayloadNameV1(p.type);
  }
  text += fmt::format(" + NONE (0) total length : {}", length);
  Say(713236, 7, nullptr, peer, text);
}

void Ikev1Core::Remember(std::deque<std::string>& history, const char* story) {
  // Words of one step stand in the order in which they happened, divided by bars.
  std::string_view rest = story;
  while (!rest.empty()) {
    const std::size_t bar = rest.find('|');
    history.emplace_front(rest.substr(0, bar));
    if (history.size() > kStoryLines) history.pop_back();
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
  }
}

void Ikev1Core::SayHistory(const Ikev1Sa& sa) const {
  // An ASA prints a pointer; ours is the number of the SA.
  Say(715065, 7, sa,
      fmt::format("IKE {} {} FSM error history (struct &0x{:08x})  <state>, <event>:  {}", ModeName(sa),
                  sa.initiator ? "Initiator" : "Responder", sa.number, History(sa.history)));
}

void Ikev1Core::SayHistory(const Ikev1Sa& sa, const QuickV1& q) const {
  Say(713902, 3, sa, fmt::format("QM FSM error (P2 struct &0x{:08x}, mess id 0x{:x})!", sa.number, q.x.id));
  Say(715065, 7, sa,
      fmt::format("IKE QM {} FSM error history (struct &0x{:08x})  <state>, <event>:  {}",
                  q.initiator ? "Initiator" : "Responder", sa.number, History(q.history)));
}

void Ikev1Core::SayWrongKey(const Ikev1Sa& sa) const {
  Say(713904, 5, sa, "ERROR, had problems decrypting packet, probably due to mismatched pre-shared key.  Aborting");
}

// An end that was decided here: what an operator reads of its pairs and of the session.
void Ikev1Core::SayEnd(const Ikev1Sa& sa, IkeEnd why) const {
  const char *pairs = nullptr, *session = nullptr;
  switch (why) {
    case IkeEnd::kAdministratorReset:
      pairs = session = "Administrator Reset";
      break;
    case IkeEnd::kShutdown:
      pairs = session = "Administrator Shutdown";
      break;
    case IkeEnd::kIdleTimeout:
      pairs = "IPSec SA Idle Timeout";
      session = "Idle Timeout";
      break;
    case IkeEnd::kMaxTime:
      pairs = "IPSec SA Max Time Exceeded";
      session = "Max Time Exceeded";
      break;
    default:
      return;
  }
  if (!sa.active() || sa.replaced) return;
  for (const auto& [spi, child] : children_) {
    if (child.sa != sa.number || child.retired) continue;
    Say(713050, 5, sa,
        fmt::format("Connection terminated for peer {}.  Reason: {}  Remote Proxy {}, Local Proxy {}", PeerName(sa), pairs,
                    SelectorAddress(child.selectors.remote), SelectorAddress(child.selectors.local)));
  }
  Say(713259, 5, sa, std::string("Session is being torn down. Reason: ") + session);
}

std::string Ikev1Core::PeerName(const Ikev1Sa& sa) const {
  if (!sa.user.empty()) return sa.user;
  return sa.has_group ? sa.group.name : sa.peer.address.ToString();
}

}  // namespace sallyport
