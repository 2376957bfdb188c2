// One gate for the engine before two: IPsec's and AnyConnect's. Whose a tunnel is, bit 15 of its slot tells; whose a packet or a new
// flow is, they are asked, AnyConnect first: what goes to a remote user's address goes to him whatever a crypto map says. Data thread.
#pragma once

#include "vpn/data_plane.h"

namespace sallyport {

// Slots of AnyConnect's tunnels have it set.
inline constexpr std::uint32_t kSslSlot = 0x8000;

class TunnelSwitch final : public TunnelGate {
 public:
  // Takes the place of `ipsec` at the engine. All of them outlive it, but for the engine, which may not be used after it.
  TunnelSwitch(Engine& engine, DataPlane& ipsec, TunnelGate& ssl);

  void UsePolicy(const Policy& policy, TimePoint now) override;
  bool Terminates(const Packet& outer) const override { return (has_ssl_ && ssl_.Terminates(outer)) || ipsec_.Terminates(outer); }
  bool Answers(IfId at, std::uint8_t protocol, std::uint16_t port) const override;
  bool HearsBroadcast(IfId at, std::uint16_t port) const override;
  Inner Open(Packet& outer, TimePoint now) override;
  void Reassembled(const Packet& outer) override;
  void OpenMany(Packet& outer, TimePoint now, const std::function<void(MutableBytes, const Inner&)>& inner) override;
  bool IcmpError(const Packet& error, Bytes quoted, TimePoint now) override;
  TunnelChoice Choose(const TunnelFlow& f, TimePoint now) override;
  std::optional<IfId> RouteTo(IpAddress inner) const override;
  void Negotiate(std::uint32_t entry, const TunnelFlow& f, TimePoint now) override { ipsec_.Negotiate(entry, f, now); }
  bool Revive(TunnelId t, const TunnelFlow& f, TimePoint now) override;
  bool Covers(TunnelId t, const TunnelFlow& f) const override;
  TunnelFilter Filter(TunnelId t) const override;
  std::optional<TunnelLink> Link(TunnelId t) const override;
  bool TooBig(TunnelId t, const Packet& p, TimePoint now) override;
  void Spoofed(TunnelId t) override;
  Drop ReasonOf(TunnelId t, Why why) const override;
  Sealed Seal(TunnelId t, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out) override;
  void Sent() override;
  void AddFlow(TunnelId t) override;
  void DropFlow(TunnelId t) override;
  void UseUndo(UndoLog* undo) override;
  TimePoint NextDeadline() const override;
  void AdvanceTo(TimePoint now) override;

 private:
  static bool IsSsl(TunnelId t) { return (static_cast<std::uint32_t>(t) & kSslSlot) != 0; }

  DataPlane& ipsec_;
  TunnelGate& ssl_;
  IfId balancer_at_{};  // where members of a load-balancing cluster speak to each other, and on which port of UDP; 0: nowhere
  std::uint16_t balancer_port_ = 0;
  bool has_ssl_ = false;  // `webvpn` serves somebody: without it nobody is asked anything
};

}  // namespace sallyport
