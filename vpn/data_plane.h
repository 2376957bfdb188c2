// The data path of IPsec: which packets are protected by which tunnel, ESP around them and off them, path MTUs, and the counters of
// it all. The engine asks it about packets (TunnelGate), IKE hands it security associations (TunnelControl).
//
// Lives on the data thread, with the engine; tells the control thread by a TunnelEventQueue. Its clock is the packet's. The files:
// data_plane.cc policy, installation and removal; data_plane_open.cc from a peer; data_plane_seal.cc to a peer; data_plane_tcp.cc
// IPsec over TCP; data_plane_views.cc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "firewall/engine.h"
#include "firewall/log_event.h"
#include "firewall/tunnel.h"
#include "firewall/undo_log.h"
#include "vpn/ctcp_server.h"
#include "vpn/ipsec_totals.h"
#include "vpn/spd.h"
#include "vpn/tunnel_control.h"
#include "vpn/tunnel_event.h"
#include "vpn/tunnel_table.h"

namespace sallyport {

class DataPlane final : public TunnelGate, public TunnelControl {
 public:
  // Registers itself with the engine. All of them outlive it, but for the engine, which may not be used after it.
  DataPlane(Engine& engine, LogSink& log, TunnelEventQueue& events, Entropy& entropy);
  ~DataPlane() override;
  DataPlane(const DataPlane&) = delete;
  DataPlane& operator=(const DataPlane&) = delete;

  // --- TunnelGate
  void UsePolicy(const Policy& policy, TimePoint now) override;
  bool Terminates(const Packet& outer) const override;
  bool Answers(IfId at, std::uint8_t protocol, std::uint16_t port) const override;
  Inner Open(Packet& outer, TimePoint now) override;
  void Reassembled(const Packet& outer) override;
  void OpenMany(Packet& outer, TimePoint now, const std::function<void(MutableBytes, const Inner&)>& inner) override;
  bool IcmpError(const Packet& error, Bytes quoted, TimePoint now) override;
  TunnelChoice Choose(const TunnelFlow& f, TimePoint now) override;
  void Negotiate(std::uint32_t entry, const TunnelFlow& f, TimePoint now) override;
  bool Revive(TunnelId t, const TunnelFlow& f, TimePoint now) override;
  bool Covers(TunnelId t, const TunnelFlow& f) const override;
  TunnelFilter Filter(TunnelId t) const override;
  std::optional<TunnelLink> Link(TunnelId t) const override;
  bool TooBig(TunnelId t, const Packet& p, TimePoint now) override;
  void Spoofed(TunnelId t) override;
  Sealed Seal(TunnelId t, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out) override;
  void Sent() override { batch_++; }
  void AddFlow(TunnelId t) override;
  void DropFlow(TunnelId t) override;
  void UseUndo(UndoLog* undo) override;
  TimePoint NextDeadline() const override { return tcp_.size() != 0 ? next_sweep_ : TimePoint::Max(); }
  void AdvanceTo(TimePoint now) override;

  // --- TunnelControl
  TunnelId Install(std::shared_ptr<const ChildSa> sa, TimePoint now) override;
  void UseOutbound(std::uint32_t spi_in, TimePoint now) override;
  void Retire(std::uint32_t spi_in, TimePoint now) override;
  void Remove(std::uint32_t spi_in, TimePoint now) override;
  void MovePeer(std::uint32_t spi_in, const Endpoint& peer, TimePoint now) override;
  void SendTcpIke(IfId at, const Endpoint& local, const Endpoint& peer, std::vector<std::uint8_t> message, TimePoint now) override;
  IpsecOverTcpView TcpStats() const override;
  std::vector<IpsecFlowView> Flows(TimePoint now) const override;
  std::vector<VpnContextView> Contexts(TimePoint now) const override;
  void ClearCounters() override;
  IpsecStatsView Totals() const override { return totals_.View(table_); }

 private:
  // Those of which one is logged in five seconds (syslog guide, 402115 to 402120).
  enum class Told : std::uint8_t { kInvalidSpi, kSelector, kReplay, kAuthentication, kCount };

  // --- data_plane.cc
  bool AnswersIke(IfId at, std::uint16_t port) const { return Answers(at, static_cast<std::uint8_t>(IpProtocol::kUdp), port); }
  void ChooseOutbound(Tunnel& t);
  void Measure(Tunnel& t);  // payload_mtu
  void ForgetPathMtu(Tunnel& t, TimePoint now);
  void FreeIfUnused(Tunnel& t);
  void Note(TunnelEvent event) { (void)events_.Push(std::move(event)); }

  // --- data_plane_open.cc
  Inner OpenEsp(Packet& outer, MutableBytes esp, IpAddress src, std::uint16_t sport, std::uint8_t traffic_class, TimePoint now);
  Inner Failed(SaPair& s, Tunnel& t, EspOpener::Why why, std::uint32_t sequence, TimePoint now);
  Inner UnknownSpi(const Packet& outer, std::uint32_t spi, std::uint32_t sequence, TimePoint now);
  bool SelectorsHold(SaPair& s, Tunnel& t, Bytes inner, std::uint32_t sequence, TimePoint now);
  bool MayTell(Told what, TimePoint now);
  void SaveForUndo(Tunnel& t, SaPair& s);
  // Lifetimes in kilobytes, and sequence numbers (data_plane_seal.cc).
  void NoteUse(SaPair& s, std::uint64_t bytes, std::uint32_t sequence);

  // --- data_plane_tcp.cc
  void UseTcpPorts(const VpnPolicy* policy);
  // The segment's packets: ESP of it goes to `esp`, everything else is done. Nothing: it has ended here, by the reason that is told.
  Inner ReceiveTcp(Packet& outer, TimePoint now, std::vector<MutableBytes>& esp);
  Inner OpenTcp(Packet& outer, TimePoint now);
  Inner OpenTcpEsp(Packet& outer, MutableBytes esp, TimePoint now);
  void NoteTcp(TunnelEvent::What what, const CtcpKey& key, Bytes message = {});
  static CtcpKey TcpKeyOf(const ChildSa& sa) { return {sa.at, sa.local, sa.peer}; }
  // Bytes before and behind ESP.
  static bool IsTcp(const SaPair& s) { return s.sa->encapsulation == EspEncapsulation::kTcp; }
  static std::size_t FrontOf(const SaPair& s) { return IsTcp(s) ? kCtcpFront : s.path.Size(); }
  static std::size_t BackOf(const SaPair& s) { return IsTcp(s) ? kCtcpTrailer : 0; }

  // --- data_plane_seal.cc
  // The inner packet [at, at + size) of `buffer` becomes `whole`, within the buffer.
  bool Wrap(SaPair& s, MutableBytes buffer, std::size_t at, std::size_t size, MutableBytes& whole);
  // `inner` as a packet of its own behind those in `out`; `size` bytes are written by the caller into what this returns, before Finish.
  struct Piece {
    std::vector<std::uint8_t> bytes;
    std::size_t at = 0, size = 0;
  };
  MutableBytes Begin(const SaPair& s, std::size_t size);
  bool Finish(SaPair& s, Tunnel& t, std::vector<OriginatedPacket>& out);
  void Count(SaPair& s, Tunnel& t, std::size_t payload, TimePoint now);
  static bool MayCut(const SaPair& s, const Packet& inner);
  bool SealPieces(SaPair& s, Tunnel& t, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out);
  std::size_t WrappedSize(const SaPair& s, std::size_t payload) const;

  Engine& engine_;
  LogSink& log_;
  TunnelEventQueue& events_;
  Entropy& entropy_;
  const Policy* policy_ = nullptr;  // the engine's own
  Spd spd_;
  TunnelTable table_;
  IpsecTotals totals_;
  std::set<std::uint16_t> udp_ports_;  // of IPsec over UDP, other than 4500
  std::unordered_map<std::uint64_t, TimePoint> asked_;  // Negotiate, by entry and element
  std::unordered_map<IpAddress, TimePoint> spi_told_;   // kInvalidSpi events, by peer
  std::array<std::optional<TimePoint>, static_cast<std::size_t>(Told::kCount)> told_{};
  CtcpServer tcp_;
  std::vector<MutableBytes> tcp_esp_;
  TimePoint next_sweep_;
  UndoLog* undo_ = nullptr;
  std::uint64_t batch_ = 1;
  std::uint16_t ip_id_ = 0;
  std::uint32_t contexts_made_ = 0, sa_number_ = 0;
  Piece piece_;  // under way
};

}  // namespace sallyport
