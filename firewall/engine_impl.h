// The engine's body, for the files that are the engine's own members.
#pragma once

#include "firewall/pipeline.h"

namespace sallyport {

// Entries looked at in one call of a view, so that a filter that matches little does not hold up packets.
inline constexpr std::uint32_t kScanLimit = 20'000;
// Name and security level of an interface, as views have them (engine_views.cc).
void Describe(const Policy& policy, IfId id, std::string& name, int& level);
// Names, levels and zones of both ends of `view.conn`.
void DescribeEnds(const Policy& policy, ConnView& view);

// Of a packet that was recorded: what became of it (watch_flow.cc).
void Conclude(TraceResult& result, const Packet& p, const Disposition& out);
// A packet that came and was dropped: counters of its interface, threat detection (engine.cc).
void CountDropped(EngineCore& core, const Packet& p, FrameDrop reason, TimePoint now);

struct Engine::Impl : EngineCore {
  bool originate_tunnelled_tcp = false;
  using EngineCore::EngineCore;

  void ProcessPacket(Packet& p, TimePoint now, Disposition& out);
  // While there are captures or faults (watch_flow.cc): the same, watched and disturbed.
  void ProcessWatched(Packet& p, TimePoint now, Disposition& out);
  void ProcessCaptured(Packet& p, TimePoint now, Disposition& out);
  TraceResult ProcessRecorded(Packet& p, TimePoint now, Disposition& out);
  void LetLateGo(TimePoint now);
  void WatchOriginated();
  void ProcessDatagram(Packet& p, TimePoint now, Disposition& out);
  void ProcessNew(Packet& p, const Interface* in, TimePoint now, Disposition& out);
  void ProcessFragment(Packet& p, TimePoint now, Disposition& out);
  // A packet from a peer: out of its tunnel, and on its way once more (tunnel_flow.cc).
  // `single`: `p` is a packet that packet I/O has given, and not put together of fragments.
  void ProcessTunnelled(Packet& p, const Interface* in, TimePoint now, Disposition& out, bool single);
  // A super-packet of several tunnelled ones: what is in it leaves packet by packet, and the kernel's is consumed.
  void ProcessSeveralTunnelled(Packet& p, TimePoint now, Disposition& out);
  // What was in one of its records or packets, on its way once more.
  void ProcessOpened(MutableBytes bytes, const TunnelGate::Inner& inner, TimePoint now);
  void DropHeld(std::vector<HeldFragment> held);
  // A datagram in fragments that carries a tunnel: what is in it goes its way. False: it does not.
  bool TunnelInFragments(const Packet& first, FragmentTable::Result& r, TimePoint now, Disposition& decision);
  void Refuse(const Packet& p, FrameDrop frame, FlowDrop flow, Disposition& out);
};

}  // namespace sallyport
