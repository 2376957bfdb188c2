#include "firewall/tcp_normalizer.h"

#include <algorithm>

#include "firewall/pipeline.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kReservedBits = 0x0f;  // of the byte with the data offset (RFC 9293 3.1: Rsrvd)

// The rule for an option: SACK blocks go with the permission.
std::uint8_t RuleKind(std::uint8_t kind) { return kind == kTcpOptionSack ? kTcpOptionSackPermitted : kind; }

// Walks the options, which ParsePacket found well formed: kind, offset from the TCP header, length.
template <typename F>
void ForEachOption(const Packet& p, F f) {
  const std::size_t header = p.payload_offset - p.l4_offset;
  for (std::size_t at = 20; at < header;) {
    const std::uint8_t kind = p.l4()[at];
    if (kind == 0) return;
    const std::size_t length = kind == 1 ? 1 : p.l4()[at + 1];
    if (kind != 1) f(kind, at, length);
    at += length;
  }
}

FrameDrop CheckOptions(const TcpMap& map, Packet& p, bool proxied) {
  const auto action_of = [&](std::uint8_t kind) {
    const std::uint8_t rule = RuleKind(kind);
    const bool taken = proxied && (rule == kTcpOptionSackPermitted || rule == kTcpOptionTimestamp);
    return taken && map.option[rule] == TcpMapAction::kAllow ? TcpMapAction::kClear : map.option[rule];
  };
  bool clears = false, refused = false;
  std::array<std::uint8_t, 256> seen{};
  ForEachOption(p, [&](std::uint8_t kind, std::size_t, std::size_t) {
    const TcpMapAction action = action_of(kind);
    clears = clears || action == TcpMapAction::kClear;
    refused = refused || action == TcpMapAction::kDrop ||
              (action == TcpMapAction::kAllow && ++seen[kind] > 1 && !map.multiple[RuleKind(kind)]);
  });
  if (refused) return FrameDrop::kTcpBadOptionList;
  if (!clears) return FrameDrop::kNone;
  if (!p.Whole()) return FrameDrop::kUnexpectedPacket;
  ForEachOption(p, [&](std::uint8_t kind, std::size_t at, std::size_t length) {
    if (action_of(kind) != TcpMapAction::kClear) return;
    for (std::size_t i = at; i < at + length; i++) PutTcpByte(p, i, 1);
    if (kind == kTcpOptionMss) p.tcp_options.mss_offset = 0;
    if (kind == kTcpOptionWindowScale) p.tcp_options.window_scale = 0xff;
    if (kind == kTcpOptionSack) p.tcp_options.sack_offset = 0;
    if (kind == kTcpOptionTimestamp) p.tcp_options.timestamp_offset = 0;
  });
  return FrameDrop::kNone;
}

void LogCleared(EngineCore& core, const Packet& p, NameId to, TimePoint now) {
  const Interface* in = core.policy->Find(p.ingress);
  core.log.Log(now, Msg::k419003, LogArg::At(in != nullptr ? in->name : IdentityName(), p.key.src), LogArg::Number(p.key.sport),
               LogArg::At(to, p.key.dst), LogArg::Number(p.key.dport));
}

void LogExceeded(EngineCore& core, const Packet& p, NameId to, std::uint16_t mss, TimePoint now) {
  const Interface* in = core.policy->Find(p.ingress);
  core.log.Log(now, Msg::k419001, LogArg::At(in != nullptr ? in->name : IdentityName(), p.key.src), LogArg::Number(p.key.sport),
               LogArg::At(to, p.key.dst), LogArg::Number(p.key.dport), LogArg::Number(mss), LogArg::Number(p.payload_length));
}

}  // namespace

TcpHeaderVerdict NormalizeTcpHeader(const TcpMap& map, Packet& p, std::uint16_t peer_mss, bool proxied) {
  const bool reserved = (p.l4()[12] & kReservedBits) != 0;
  const bool syn = (p.tcp_flags & kTcpSyn) != 0;
  const bool urgent = (p.tcp_flags & kTcpUrg) != 0 && map.urgent_clear;
  if (map.checksum_verification && !VerifyTransportChecksum(p)) return {FrameDrop::kBadTcpCksum};
  if (reserved && map.reserved_bits == TcpMapAction::kDrop) return {FrameDrop::kTcpReservedSet};
  if (map.syn_data_drop && syn && (p.tcp_flags & kTcpAck) == 0 && p.payload_length != 0) return {FrameDrop::kTcpSynData};
  if (const FrameDrop bad = CheckOptions(map, p, proxied); bad != FrameDrop::kNone) return {bad};
  // What the kernel has merged is several segments, each of which may well fit.
  if (map.exceed_mss_drop && peer_mss != 0 && p.payload_length > peer_mss && !p.gso) return {FrameDrop::kTcpMssExceeded};
  const bool clear_reserved = reserved && map.reserved_bits == TcpMapAction::kClear;
  if ((urgent || clear_reserved) && !p.Whole()) return {FrameDrop::kUnexpectedPacket};
  if (clear_reserved) PutTcpByte(p, 12, p.l4()[12] & static_cast<std::uint8_t>(~kReservedBits));
  if (urgent) {
    PutTcpByte(p, 13, p.l4()[13] & static_cast<std::uint8_t>(~kTcpUrg));
    PutTcpByte(p, 18, 0);
    PutTcpByte(p, 19, 0);
    p.tcp_flags &= static_cast<std::uint8_t>(~kTcpUrg);
  }
  if (syn && map.mss_maximum != 0 && p.Whole()) ClampMss(p, map.mss_maximum, 0);
  return {FrameDrop::kNone, urgent};
}

const TcpMap& TcpMapOf(const EngineCore& core, const Conn& c) {
  const TcpMap* map = c.extra != kNoExtra ? core.extras.At(c.extra).tcp_map.get() : nullptr;
  return map != nullptr ? *map : core.default_tcp_map;
}

std::uint16_t ClampedMss(const EngineCore& core, std::uint16_t mss) {
  const Sysopt& s = core.policy->sysopt;
  if (mss == 0) return 0;
  if (s.tcpmss != 0 && mss > s.tcpmss) mss = s.tcpmss;
  return std::max(mss, s.tcpmss_minimum);
}

FrameDrop CheckOwnTcp(const Packet& p) {
  return p.ingress == IfId::kIdentity || VerifyTransportChecksum(p) ? FrameDrop::kNone : FrameDrop::kBadTcpCksum;
}

FrameDrop NormalizeFirstTcp(Context& c) {
  if (!c.packet.IsTcp() || c.state_bypass) return FrameDrop::kNone;
  if (c.to_box || c.from_box) return CheckOwnTcp(c.packet);
  const TcpMap* map = c.extra != kNoExtra ? c.core.extras.At(c.extra).tcp_map.get() : nullptr;
  const TcpHeaderVerdict v = NormalizeTcpHeader(map != nullptr ? *map : c.core.default_tcp_map, c.packet, 0);
  if (v.urgent_cleared) LogCleared(c.core, c.packet, c.OutName(), c.now);
  return v.drop;
}

FrameDrop NormalizeTcp(EngineCore& core, Conn& c, Direction d, Packet& p, TimePoint now) {
  const TcpMap& map = TcpMapOf(core, c);
  const TcpStream* stream = c.extra != kNoExtra ? core.extras.At(c.extra).tcp_stream.get() : nullptr;
  // What is put in order must be what its receiver will take.
  if (stream != nullptr && !VerifyTransportChecksum(p)) return FrameDrop::kBadTcpCksum;
  const bool proxied = stream != nullptr && stream->proxied;
  // Most segments have nothing that the default map minds.
  const bool plain = (p.tcp_flags & kTcpUrg) == 0 && !p.tcp_options.unusual && &map == &core.default_tcp_map && !map.exceed_mss_drop &&
                     !proxied;
  if (!plain) {
    const std::uint16_t mss = c.side[static_cast<int>(Opposite(d))].mss;
    const TcpHeaderVerdict v = NormalizeTcpHeader(map, p, mss, proxied);
    if (v.urgent_cleared || v.drop == FrameDrop::kTcpMssExceeded) {
      const Interface* to = core.policy->Find(d == Direction::kForward ? c.out_if : c.in_if);
      const NameId name = to != nullptr ? to->name : IdentityName();
      if (v.urgent_cleared) {
        LogCleared(core, p, name, now);
      } else {
        LogExceeded(core, p, name, mss, now);
      }
    }
    if (v.drop != FrameDrop::kNone) return v.drop;
  }
  if (map.ttl_evasion_protection) {
    std::uint8_t& lowest = c.lowest_ttl[static_cast<int>(d)];
    if (p.ttl <= lowest) {
      lowest = p.ttl;
    } else if (p.Whole() && !p.fragment) {
      RewriteTtl(p, lowest);
    }
  }
  return FrameDrop::kNone;
}

}  // namespace sallyport
