// TCP flows that need more than windows: segments in order (inspection, `queue-limit`, check-retransmission), or a full proxy
// (`ips`; tcp_proxy.h).
//
// How an inspection gets its segments in order
// --------------------------------------------
// A stage of the new flow sets `context.Extra().tcp_in_order = true` before the connection is made; nothing else is needed.
// From then on Inspector::Inspect sees, for each direction:
//   - segments with payload or FIN in the order of their sequence numbers. One that comes ahead of a gap is held (the
//     packet waits in the kernel, Disposition::kHold) and is shown when the gap is filled. So p.seq is never beyond what was
//     shown before.
//   - retransmissions, as they come. Packet::seen_before says how many bytes at the front of the payload passed before: equal
//     to payload_length for a pure retransmission, less where a segment also brings new bytes.
//   - everything without payload (SYN, ACK, RST) as it comes; the first number of a direction is its SYN's + 1.
// A segment that the inspection drops has not passed: what follows it waits until it comes again and is let through.
// Held segments that wait too long, find no room or come twice are dropped: tcp-buffer-timeout, tcp-buffer-full,
// tcp-global-buffer-full, tcp-dup-in-queue. Fragmented segments cannot wait (tcp-buffer-full).
//
// A queue holds `queue-limit` packets for `timeout` seconds; with the default of 0 as many as the receiver's window has room
// for, at least 3, and 4 seconds. Flows that nothing needs in order are never held up: they have no TcpStream at all.
//
// Data thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <utility>

#include "firewall/base/time.h"
#include "firewall/tcp_proxy.h"
#include "firewall/tcp_queue.h"
#include "firewall/tcp_sent.h"

namespace sallyport {

struct Conn;
struct Context;
struct Disposition;
struct EngineCore;
struct TcpMap;
using ConnIndex = std::uint32_t;

// In ConnExtra, of a connection that needs it.
struct TcpStream {
  TcpQueue queue[2];  // [Direction]
  std::unique_ptr<TcpSent[]> sent;        // two, by Direction: with check-retransmission
  TimePoint deadline = TimePoint::Max();  // under which it stands in TcpStreams::deadlines
  bool proxied = false;                   // goes through a proxy, which begins when the handshake is done
  bool handshake_done = false;
  std::unique_ptr<TcpProxy> proxy;
  std::uint8_t ttl[2] = {0, 0};           // of what the proxy sends in each direction: as its sender's last packet had it

  TcpStream() = default;
  TcpStream(const TcpStream& other);  // a copy of all of it; the engine's budget does not count it
};

// Of the engine.
struct TcpStreams {
  TcpQueueBudget budget;
  std::set<std::pair<TimePoint, ConnIndex>> deadlines;
  TimePoint NextDeadline() const { return deadlines.empty() ? TimePoint::Max() : deadlines.begin()->first; }
};

// New flow: gives the connection to be made a stream if something asked for one.
void PrepareTcpStream(Context& c);

// check-retransmission: `p` is about to go on. A reason: it is dropped, and with tcpnorm-rexmit-bad its connection ends.
FrameDrop CheckRepetition(EngineCore& core, Conn& c, Direction d, const Packet& p);

// Known flow, after the tracker let `p` pass: is it its turn? False: held or dropped, and `out` says so.
bool TcpInTurn(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out);
// After `p`, whose turn it was, went on: what it was waited for follows.
void TcpPassed(EngineCore& core, ConnIndex index, Direction d, std::uint32_t end, TimePoint now);

// --- connections through a proxy (tcp_proxy_flow.cc)
// Is `p`, which the tracker let pass, the proxy's?
bool TakenByProxy(const TcpStream& s, const Packet& p);
// Gives `p`, which the tracker let pass, to the proxy.
void ProxyTcp(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out);
// A segment of the sender of `d` waits: it is asked for what is missing.
void RemindSender(EngineCore& core, ConnIndex index, Direction d);
// False: the proxy gave up, and the connection is gone.
bool FireProxy(EngineCore& core, ConnIndex index, TimePoint now);
void ScheduleTcpStream(EngineCore& core, ConnIndex index);

// The first deadline has come.
void ExpireTcpStream(EngineCore& core, TimePoint now);
// The connection ends: what it held falls.
void EndTcpStream(EngineCore& core, ConnIndex index, TcpStream& stream);

}  // namespace sallyport
