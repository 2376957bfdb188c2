// Tunnels on a packet's way (tunnel_flow.cc, tunnel_scan.cc): what a new flow leaves by, what must have come out of which, and what
// becomes of connections when tunnels come and go. Knows no IPsec: that is behind TunnelGate (tunnel.h).
//
// A packet from a peer is opened where it arrives and goes the way of every packet once more; it knows which tunnel it was in
// (Packet::came_from). A new flow is asked for its tunnels once, and its connection remembers them (ConnExtra::tunnel). What leaves
// by a tunnel is sealed at the very end, behind translation, captures of the inner packet and TCP queues. Data thread only.
#pragma once

#include <vector>

#include "firewall/base/time.h"
#include "firewall/conn.h"
#include "firewall/tunnel.h"

namespace sallyport {

struct Context;
struct Disposition;
struct EngineCore;
enum class Verdict : std::uint8_t;

// Of an originated packet that has been through its tunnel.
inline constexpr TunnelId kOnTheWire{0xffffffff};

// Handles of inner packets, which packet I/O does not know.
inline constexpr std::uint32_t kOpenedHandle = 0xc0000000;

// Connections are looked through in slices, so that a million of them do not stop packets.
struct TunnelScan {
  enum class What : std::uint8_t { kDown, kUp, kReclassify, kEndOrphans } what{};
  TunnelId tunnel{};
  bool preserve = false;  // kDown
  ConnIndex next = 0;
};
struct TunnelScans {
  std::vector<TunnelScan> pending;  // in order
  struct Wait {
    TunnelId tunnel{};
    TimePoint until;
  };
  std::vector<Wait> waits;  // `preserve-vpn-flows MINUTES`: when orphans are given up
  TimePoint NextDeadline() const;  // of `waits`
};

// --- stages of a new flow (new_flow.cc)
// By which interface a packet of the appliance's own leaves: the kernel's choice, but that what it says from the address of the
// interface of `management-access` takes the tunnel that its destination is behind.
IfId EgressOfOwn(const Context& c);
Verdict TunnelEncrypt(Context& c);  // by which tunnel it leaves
Verdict TunnelInbound(Context& c);    // whether it came out of the one that its answers will take
// The connection that was made belongs to these tunnels; when it ends, no longer.
void HoldTunnels(EngineCore& core, const Conn& c);
void LetTunnelsGo(EngineCore& core, const Conn& c);

// --- known flows
// Packets of a connection as they leave.
TunnelFlow FlowOnTheWire(const Conn& c, Direction d);
// May a packet of a tunnelled connection go on? False: it is dropped, and `out` says why.
bool TunnelAllows(EngineCore& core, const Conn& c, Direction d, const Packet& p, TimePoint now, Disposition& out);
// And is it small enough, or may be cut? Asked before it is translated, because its sender is told. False: as above.
bool TunnelFits(EngineCore& core, const Conn& c, Direction d, const Packet& p, TimePoint now, Disposition& out);
// The largest packet that leaves as one; without a tunnel there is no limit.
int TunnelMtu(const EngineCore& core, const Conn& c, Direction d);
// An ICMP error about a connection that is in the clear may be something to be protected all the same: it has other ends than what it
// quotes. It then gets a tunnel. False: there is none, and it is dropped.
bool ErrorMayLeave(EngineCore& core, const Packet& p, IfId egress, TimePoint now, Disposition& out);
// By which tunnel packets of a connection leave.
TunnelId TunnelOut(const EngineCore& core, const Conn& c, Direction d);
// A packet that is about to leave by `out.tunnel` becomes what is on the wire, or several packets in `core.originated`.
void LeaveByTunnel(EngineCore& core, Packet& p, TimePoint now, Disposition& out);
// The same for packets of the appliance's own, and what was held of opened ones.
void SealOriginated(EngineCore& core, TimePoint now);
void TakeOpenedReleased(EngineCore& core);

// Goes on with what is pending, at most `limit` connections; begins what has become due.
void ContinueTunnelScans(EngineCore& core, std::uint32_t limit, TimePoint now);

}  // namespace sallyport
