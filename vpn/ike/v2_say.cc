#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

std::string At(const Endpoint& e) { return e.address.ToString() + ":" + std::to_string(e.port); }

std::string Hex(std::uint64_t v, int digits) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out(static_cast<std::size_t>(digits), '0');
  for (int i = digits - 1; i >= 0; --i, v >>= 4) out[static_cast<std::size_t>(i)] = kDigits[v & 15];
  return out;
}

// For `debug crypto condition`. Level 1 of version 2's debug output is errors.
void About(IkeSaying& s, const SaV2* sa) {
  if (s.debug_level == 1) s.severity = 3;
  if (sa == nullptr) return;
  s.group = sa->tunnel_group;
  s.user = sa->user;
}

std::string Lower(std::string s) {
  for (char& c : s) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  return s;
}

}  // namespace

std::string V2Engine::Spis(const SaV2& sa) {
  return "[ISPI: 0x" + Hex(sa.spi_i, 16) + " RSPI: 0x" + Hex(sa.spi_r, 16) + "]";
}

std::string V2Engine::Local(const SaV2& sa) const {
  // Before it is through with its peer nobody is named.
  const bool known = sa.established() || sa.state == SaV2::State::kEnded;
  const std::string who = !sa.user.empty() ? sa.user : known && !sa.tunnel_group.empty() ? sa.tunnel_group : "Unknown";
  return "Local:" + At(sa.local) + " Remote:" + At(sa.peer) + " Username:" + who;
}

void V2Engine::Log(const SaV2& sa, int syslog, int severity, const std::string& text) {
  IkeSaying s;
  s.syslog = syslog;
  s.severity = severity;
  s.peer = sa.peer.address;
  s.text = Local(sa) + " " + text;
  host_.Say(s);
}

void V2Engine::LogBare(int syslog, int severity, IpAddress peer, const std::string& text) {
  IkeSaying s;
  s.syslog = syslog;
  s.severity = severity;
  s.peer = peer;
  s.text = text;
  host_.Say(s);
}

void V2Engine::Proto(const SaV2* sa, IpAddress peer, int level, const std::string& text) {
  if (!host_.Hears(IkeSaying::Debug::kIkev2Protocol, level)) return;
  IkeSaying s;
  s.debug = IkeSaying::Debug::kIkev2Protocol;
  s.debug_level = level;
  s.peer = peer;
  About(s, sa);
  s.text = "IKEv2-PROTO-" + std::to_string(level) + ": " +
           (sa != nullptr ? "(" + std::to_string(sa->log_number) + "): " : std::string()) + text;
  host_.Say(s);
}

void V2Engine::Trace(const SaV2& sa, std::uint32_t id, const char* state, std::initializer_list<const char*> events) {
  if (!host_.Hears(IkeSaying::Debug::kIkev2Protocol, 5)) return;
  for (const char* event : events) {
    Proto(&sa, sa.peer.address, 5,
          "SM Trace-> SA: I_SPI=" + Hex(sa.spi_i, 16) + " R_SPI=" + Hex(sa.spi_r, 16) + (sa.initiator ? " (I)" : " (R)") +
              " MsgID = " + Hex(id, 8) + " CurState: " + state + " Event: " + event);
  }
}

void V2Engine::Platform(const SaV2* sa, IpAddress peer, int level, const std::string& text) {
  if (!host_.Hears(IkeSaying::Debug::kIkev2Platform, level)) return;
  IkeSaying s;
  s.debug = IkeSaying::Debug::kIkev2Platform;
  s.debug_level = level;
  s.peer = peer;
  About(s, sa);
  s.text = "IKEv2-PLAT-" + std::to_string(level) + ": " +
           (sa != nullptr ? "(" + std::to_string(sa->log_number) + "): " : std::string()) + text;
  host_.Say(s);
}

void V2Engine::SayPacket(const SaV2& sa, bool sent, const IkeHeader& header, std::span<const RawPayload> payloads) {
  const char* exchange = ExchangeNameV2(header.exchange);
  const bool response = (header.flags & ikev2::kResponse) != 0;
  if (host_.Hears(IkeSaying::Debug::kIkev2Protocol, 2)) {
    const std::string k = "(" + std::to_string(sa.log_number) + "): ";
    std::string text = sent ? "Sending Packet [To " + At(sa.peer) + "/From " + At(sa.local) + "/VRF i0:f0] "
                            : "Received Packet [From " + At(sa.peer) + "/To " + At(sa.local) + "/VRF i0:f0] ";
    text += "\n" + k + "Initiator SPI : " + Hex(header.spi_i, 16) + " - Responder SPI : " + Hex(header.spi_r, 16) +
            " Message id: " + std::to_string(header.message_id) + "\n" + k + "IKEv2 " + exchange + " Exchange " +
            (response ? "RESPONSE" : "REQUEST");
    text += "\n" + k + "Payload contents: \n" + k + " " + PayloadListV2(payloads);
    Proto(&sa, sa.peer.address, 2, text);
  }
  if (host_.Hears(IkeSaying::Debug::kIkev2Platform, 3)) {
    const std::string spis = " InitSPI=0x" + Lower(Hex(header.spi_i, 16)) + " RespSPI=0x" + Lower(Hex(header.spi_r, 16)) +
                             " MID=" + Lower(Hex(header.message_id, 8));
    const auto end = [](const Endpoint& e) { return "[" + e.address.ToString() + "]:" + std::to_string(e.port); };
    if (sent) {
      Platform(&sa, sa.peer.address, 3,
               std::string("SENT PKT [") + exchange + "] " + end(sa.local) + "->" + end(sa.peer) + spis);
    } else {
      Platform(&sa, sa.peer.address, 3,
               std::string("RECV PKT [") + exchange + "] " + end(sa.peer) + "->" + end(sa.local) + spis);
    }
  }
}

void V2Engine::SayRequest(const SaV2& sa, const char* what, std::span<const TrafficSelector> local,
                          std::span<const TrafficSelector> remote) {
  Log(sa, 750001, 5,
      std::string("IKEv2 Received request to ") + what +
          " an IPsec tunnel; local traffic selector = " + (local.empty() ? "N/A" : SelectorText(local.back())) +
          "; remote traffic selector = " + (remote.empty() ? "N/A" : SelectorText(remote.back())));
}

void V2Engine::SayAborted(const SaV2& sa, const std::string& reason) {
  Log(sa, 750003, 4, "IKEv2 Negotiation aborted due to ERROR: " + reason);
  Proto(&sa, sa.peer.address, 1, reason);
}

void V2Engine::SayPolicies(const SaV2* sa, IpAddress peer, const char* what, std::span<const ProposalV2> proposals) {
  if (!host_.Hears(IkeSaying::Debug::kIkev2Protocol, 1)) return;
  std::string text = std::string(what) + " Policies: ";
  for (const ProposalV2& p : proposals)
    text += std::string("\n") + (p.protocol == ikev2::kEsp ? "ESP: " : "") + "Proposal " + std::to_string(p.number) + ": " +
            ProposalTextV2(p);
  Proto(sa, peer, 1, text);
}

void V2Engine::SayDown(const SaV2& sa, IkeEnd why) {
  const char* reason = "local failure";
  switch (why) {
    case IkeEnd::kUserRequested:
      reason = "peer request";
      break;
    case IkeEnd::kLostService:
      reason = "peer lost";
      break;
    case IkeEnd::kIdleTimeout:
    case IkeEnd::kMaxTime:
    case IkeEnd::kAdministratorReset:
    case IkeEnd::kPolicyChanged:
    case IkeEnd::kShutdown:
    case IkeEnd::kReplaced:
      reason = "application initiated";
      break;
    default:
      break;
  }
  Log(sa, 750007, 5, std::string("IKEv2 SA DOWN. Reason: ") + reason);
  Platform(&sa, sa.peer.address, 2,
           "\nCONNECTION STATUS: DOWN... peer: " + At(sa.peer) + ", phase1_id: " + sa.remote_id.Text());
}

}  // namespace sallyport
