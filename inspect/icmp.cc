#include "inspect/icmp.h"

#include "firewall/conn.h"

namespace sallyport {
namespace {

// Conn::scratch of an inspected ICMP connection: the newest sequence number asked for (high half), and a bit for each of
// the sixteen numbers up to it that is still to be answered (low half, bit 0 the newest).
constexpr std::uint32_t Newest(std::uint32_t scratch) { return scratch >> 16; }
constexpr std::uint32_t Waiting(std::uint32_t scratch) { return scratch & 0xffff; }
constexpr std::uint32_t Pack(std::uint32_t newest, std::uint32_t waiting) { return (newest & 0xffff) << 16 | (waiting & 0xffff); }

}  // namespace

bool IcmpInspector::Takes(std::uint8_t protocol, std::uint16_t, const InspectMap*) const {
  return protocol == static_cast<std::uint8_t>(IpProtocol::kIcmp) || protocol == static_cast<std::uint8_t>(IpProtocol::kIcmp6);
}

FrameDrop IcmpInspector::Inspect(InspectCall& call) {
  const Packet& p = call.packet;
  std::uint32_t& state = call.conn.scratch;
  if (!p.icmp_query && !p.icmp_reply) return FrameDrop::kNone;
  if (p.icmp_code != 0) {  // RFC 792: zero for every query and every reply
    const Conn& c = call.conn;
    const bool forward = call.FromInitiator();
    const LogArg id = LogArg::Number(p.icmp_query ? p.key.sport : p.key.dport);
    call.log.Log(call.now, Msg::k313009, LogArg::Number(p.icmp_code),
                 LogArg::At(call.ingress_name, forward ? c.initiator_real : c.responder_real), id,
                 LogArg::Address(forward ? c.initiator_mapped : c.responder_mapped), id, call.Destination(), call.DestinationPort(),
                 LogArg::Address(forward ? c.responder_mapped : c.initiator_mapped), call.DestinationPort(), id, LogArg::Number(p.icmp_type));
    return FrameDrop::kInspectIcmpBadCode;
  }
  if (p.icmp_query) {
    if (call.direction == Direction::kReverse) return FrameDrop::kNone;
    const auto ahead = static_cast<std::uint16_t>(p.icmp_sequence - Newest(state));
    const auto behind = static_cast<std::uint16_t>(-ahead);
    if (state == 0 || (ahead >= 16 && behind >= 16)) {
      state = Pack(p.icmp_sequence, 1);
    } else if (ahead < 16) {
      state = Pack(p.icmp_sequence, Waiting(state) << ahead | 1);
    } else {
      state |= 1u << behind;
    }
    return FrameDrop::kNone;
  }
  const auto behind = static_cast<std::uint16_t>(Newest(state) - p.icmp_sequence);
  if (call.direction == Direction::kReverse && behind < 16 && (Waiting(state) >> behind & 1) != 0) {
    state &= ~(1u << behind);
    return FrameDrop::kNone;
  }
  call.log.Log(call.now, Msg::k313004, LogArg::Number(p.icmp_type), LogArg::Address(p.key.src), LogArg::Name(call.ingress_name),
               LogArg::Address(p.key.dst));
  return FrameDrop::kInspectIcmpSeqNumNotMatched;
}

}  // namespace sallyport
