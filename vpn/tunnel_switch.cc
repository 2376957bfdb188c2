#include "vpn/tunnel_switch.h"

#include <algorithm>

#include "firewall/policy.h"
#include "vpn/policy.h"

namespace sallyport {

TunnelSwitch::TunnelSwitch(Engine& engine, DataPlane& ipsec, TunnelGate& ssl) : ipsec_(ipsec), ssl_(ssl) { engine.UseTunnels(this); }

void TunnelSwitch::UsePolicy(const Policy& policy, TimePoint now) {
  const auto* vpn = static_cast<const VpnPolicy*>(policy.tunnels.get());
  // Sessions may be there for a moment longer than what they began by.
  has_ssl_ = has_ssl_ || (vpn != nullptr && !vpn->ssl.enabled.empty());
  const bool balances = vpn != nullptr && vpn->ssl.balancing.participate;
  balancer_at_ = balances ? vpn->ssl.balancing.inside : IfId{};
  balancer_port_ = balances ? vpn->ssl.balancing.port : std::uint16_t{0};
  ipsec_.UsePolicy(policy, now);
  ssl_.UsePolicy(policy, now);
}

bool TunnelSwitch::Answers(IfId at, std::uint8_t protocol, std::uint16_t port) const {
  return (has_ssl_ && ssl_.Answers(at, protocol, port)) || ipsec_.Answers(at, protocol, port);
}

bool TunnelSwitch::HearsBroadcast(IfId at, std::uint16_t port) const {
  return balancer_port_ != 0 && port == balancer_port_ && at == balancer_at_;
}

TunnelGate::Inner TunnelSwitch::Open(Packet& outer, TimePoint now) {
  return has_ssl_ && ssl_.Terminates(outer) ? ssl_.Open(outer, now) : ipsec_.Open(outer, now);
}

void TunnelSwitch::Reassembled(const Packet& outer) {
  if (has_ssl_ && ssl_.Terminates(outer)) ssl_.Reassembled(outer);
  else ipsec_.Reassembled(outer);
}

void TunnelSwitch::OpenMany(Packet& outer, TimePoint now, const std::function<void(MutableBytes, const Inner&)>& inner) {
  if (has_ssl_ && ssl_.Terminates(outer)) ssl_.OpenMany(outer, now, inner);
  else ipsec_.OpenMany(outer, now, inner);
}

bool TunnelSwitch::IcmpError(const Packet& error, Bytes quoted, TimePoint now) {
  return (has_ssl_ && ssl_.IcmpError(error, quoted, now)) || ipsec_.IcmpError(error, quoted, now);
}

TunnelChoice TunnelSwitch::Choose(const TunnelFlow& f, TimePoint now) {
  if (has_ssl_) {
    const TunnelChoice choice = ssl_.Choose(f, now);
    if (choice.what != TunnelChoice::What::kClear) return choice;
  }
  return ipsec_.Choose(f, now);
}

std::optional<IfId> TunnelSwitch::RouteTo(IpAddress inner) const { return has_ssl_ ? ssl_.RouteTo(inner) : std::nullopt; }

bool TunnelSwitch::Revive(TunnelId t, const TunnelFlow& f, TimePoint now) { return IsSsl(t) ? ssl_.Revive(t, f, now) : ipsec_.Revive(t, f, now); }
bool TunnelSwitch::Covers(TunnelId t, const TunnelFlow& f) const { return IsSsl(t) ? ssl_.Covers(t, f) : ipsec_.Covers(t, f); }
TunnelFilter TunnelSwitch::Filter(TunnelId t) const { return IsSsl(t) ? ssl_.Filter(t) : ipsec_.Filter(t); }
std::optional<TunnelLink> TunnelSwitch::Link(TunnelId t) const { return IsSsl(t) ? ssl_.Link(t) : ipsec_.Link(t); }
bool TunnelSwitch::TooBig(TunnelId t, const Packet& p, TimePoint now) { return IsSsl(t) ? ssl_.TooBig(t, p, now) : ipsec_.TooBig(t, p, now); }
TunnelGate::Drop TunnelSwitch::ReasonOf(TunnelId t, Why why) const { return IsSsl(t) ? ssl_.ReasonOf(t, why) : ipsec_.ReasonOf(t, why); }

void TunnelSwitch::Spoofed(TunnelId t) {
  if (IsSsl(t)) ssl_.Spoofed(t);
  else ipsec_.Spoofed(t);
}

Sealed TunnelSwitch::Seal(TunnelId t, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out) {
  return IsSsl(t) ? ssl_.Seal(t, inner, now, out) : ipsec_.Seal(t, inner, now, out);
}

void TunnelSwitch::Sent() {
  ipsec_.Sent();
  if (has_ssl_) ssl_.Sent();
}

void TunnelSwitch::AddFlow(TunnelId t) {
  if (IsSsl(t)) ssl_.AddFlow(t);
  else ipsec_.AddFlow(t);
}

void TunnelSwitch::DropFlow(TunnelId t) {
  if (IsSsl(t)) ssl_.DropFlow(t);
  else ipsec_.DropFlow(t);
}

void TunnelSwitch::UseUndo(UndoLog* undo) {
  ipsec_.UseUndo(undo);
  ssl_.UseUndo(undo);
}

TimePoint TunnelSwitch::NextDeadline() const { return std::min(ipsec_.NextDeadline(), ssl_.NextDeadline()); }

void TunnelSwitch::AdvanceTo(TimePoint now) {
  if (ipsec_.NextDeadline() <= now) ipsec_.AdvanceTo(now);
  if (ssl_.NextDeadline() <= now) ssl_.AdvanceTo(now);
}

}  // namespace sallyport
