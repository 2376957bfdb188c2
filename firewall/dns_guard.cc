#include "firewall/dns_guard.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::uint16_t kPort = 53;
constexpr std::uint32_t kHeader = 12;        // bytes; what is shorter is no DNS and left alone
constexpr std::size_t kMaxQuestions = 64;    // unanswered, of one connection: the oldest make room

}  // namespace

Verdict DnsGuardFlow(Context& c) {
  if (!c.policy.dns_guard || c.inspect != InspectId::kNone || c.packet.protocol != 17 || c.real_dst.port != kPort) return Verdict::kContinue;
  if (!c.to_box && !c.from_box) c.Extra().dns_guard = true;
  return Verdict::kContinue;
}

FrameDrop GuardDns(ConnExtra& extra, Direction d, const Packet& p, bool& ends) {
  if (p.payload_length < kHeader || p.bytes.size() < p.payload_offset + kHeader || p.fragment_offset != 0) return FrameDrop::kNone;
  const std::uint8_t* message = p.bytes.data() + p.payload_offset;
  const std::uint16_t id = LoadBe16(message);
  const bool answer = (message[2] & 0x80) != 0;
  auto& open = extra.dns_questions;
  const auto at = std::find(open.begin(), open.end(), id);
  if (!answer) {
    if (d != Direction::kForward || at != open.end()) return FrameDrop::kNone;
    if (open.size() == kMaxQuestions) open.erase(open.begin());
    open.push_back(id);
    return FrameDrop::kNone;
  }
  if (d == Direction::kForward) return FrameDrop::kNone;
  if (at == open.end()) return FrameDrop::kInspectDnsIdNotMatched;
  open.erase(at);
  ends = open.empty();
  return FrameDrop::kNone;
}

}  // namespace sallyport
