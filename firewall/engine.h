// The engine: one appliance's packet processing, without any operating system. Live packets, replayed captures,
// packet-tracer and tests are all fed here.
//
// Lives on the data thread: every call that is not marked otherwise belongs there. The control thread hands over policies and
// asks questions by posting closures to the data thread (firewall/host/data_thread.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/base/time.h"
#include "firewall/capture.h"
#include "firewall/conn.h"
#include "firewall/conn_limits.h"
#include "firewall/fault.h"
#include "firewall/inspector.h"
#include "firewall/log_event.h"
#include "firewall/originated.h"
#include "firewall/packet.h"
#include "firewall/policy.h"
#include "firewall/trace.h"
#include "firewall/tunnel.h"
#include "firewall/views.h"

namespace sallyport {

// What is to become of a packet.
struct Disposition {
  enum class Action : std::uint8_t {
    kAccept,  // on its way; `rewritten` in the Packet says whether its bytes must be given back
    kDrop,
    kHold,    // a fragment, or a TCP segment ahead of a gap: kept by packet I/O until Engine::TakeReleased names its handle
    kConsume,  // the engine has taken what is in it; nothing leaves in its place, and nothing is wrong with it
  };
  Action action = Action::kDrop;
  FrameDrop reason = FrameDrop::kNone;
  FlowDrop flow_reason = FlowDrop::kNone;  // why a flow was refused, where that is not counted as a packet
  IfId egress = IfId::kAny;
  std::uint32_t mark = 0;  // non-zero: the kernel must route by this mark (egress IfId)
  TunnelId tunnel = TunnelId::kNone;  // by which it leaves
};

// A held packet that may go on or must be dropped now.
struct ReleasedPacket {
  std::uint32_t handle = 0;
  Disposition disposition;
  std::vector<std::uint8_t> bytes;  // the packet as it is to leave; empty: as it came
};

struct ConnFilter {
  bool include_box = false;  // `all`
  bool nobody = false;       // asks for a user, a security group, a redirection: no connection here has one
  std::optional<std::uint8_t> protocol;
  std::optional<AddressRange> address;       // either end, real or mapped
  std::optional<AddressRange> peer_address;  // with `address`: the other end
  std::optional<PortRange> port;             // either end
  std::optional<PortRange> peer_port;        // with `port`: the other end
  std::vector<std::vector<IfId>> zones;      // each: members of a zone (or of any), one of which either end is at
  std::vector<std::string> states;           // any of "up", "tcp_embryonic", "finin", ...; empty: whatever
  bool Matches(const Conn& c) const;
};

class Protection;

class Engine {
 public:
  struct Options {
    std::uint32_t max_connections = 1'000'000;
    bool router_advertisements = false;  // to send them: only where there are links
    bool recorded = false;               // packets are another appliance's: the initial sequence numbers that it made up are learned
  };
  Engine(const Options& options, const Clock& clock, LogSink& log, Random random, Inspectors inspectors);
  ~Engine();

  // Who makes and opens tunnels; before the first policy, and for as long as the engine lives. Null: there are none.
  void UseTunnels(TunnelGate* gate);
  // TCP out of a tunnel leaves as packets of the engine's own (TakeOriginated), not in the place of what it came in: whoever sends
  // those puts segments together.
  void OriginateTunnelledTcp(bool on);
  // A tunnel has come up: connections that waited for it go on, and with `reclassify` those that it should have carried end.
  void TunnelUp(TunnelId t, bool reclassify, TimePoint now);
  // It has gone: its connections end, but for TCP if that is to be preserved.
  void TunnelDown(TunnelId t, bool preserve, TimePoint now);
  // A packet of whoever makes the tunnels, as it is to leave.
  void Originate(OriginatedPacket packet);

  // --- feeding
  void SetPolicy(std::shared_ptr<const Policy> policy, TimePoint now);
  const Policy& policy() const;
  void Process(Packet& p, TimePoint now, Disposition& out);
  // A packet out of a tunnel that did not come in a packet of the queue (a record of TLS): it leaves by TakeOriginated. `inner.drop` and
  // `flow_drop` count as if it had been dropped on its way.
  void ProcessInner(MutableBytes bytes, const TunnelGate::Inner& inner, TimePoint now);
  // A frame of a bridge group (l2_flow.cc); then what became of it, and frames of the engine's own.
  void ProcessFrame(Frame& f, TimePoint now, FrameDisposition& out);
  std::vector<OriginatedFrame> TakeOriginatedFrames();
  // Process, captures and faults apart; and what was decided on the way.
  TraceResult ProcessTraced(Packet& p, TimePoint now, Disposition& out);
  // The wall clock was set: what depends on the time of day is looked at anew.
  void ClockSet(TimePoint now);
  // Fires what is due up to `now`, in order; each event happens at its own deadline, not at `now`.
  void AdvanceTo(TimePoint now);
  TimePoint NextDeadline() const;
  std::vector<ReleasedPacket> TakeReleased();
  // Is there any? Asked before each packet, so that what this one set free leaves before the next one.
  bool HasReleased() const;
  std::vector<OriginatedPacket> TakeOriginated();
  // How much of a packet of this protocol the present policy needs to see, in bytes; 0xffff: all of it.
  std::uint32_t CopyLength(std::uint8_t protocol) const;

  // --- seeing and disturbing (capture.h, fault.h)
  CaptureSet& captures();
  FaultSet& faults();
  // Hits of the built-in rules; those of layer 2 are the packets that came.
  AspHits asp_hits() const;

  // --- questions
  // What Process would make of the packet now, decided by it itself; afterwards nothing has changed (but for `transmit`).
  TraceResult Trace(const TraceRequest& request, TimePoint now);
  ConnPage Conns(const ConnFilter& filter, std::uint32_t cursor, std::uint32_t limit, TimePoint now) const;
  std::pair<std::uint32_t, std::uint32_t> ConnCount() const;  // in use, most used
  // At most `limit` are looked at.
  XlatePage Xlates(const XlateFilter& filter, std::uint32_t cursor, std::uint32_t limit, TimePoint now) const;
  XlatePage Xlates(std::uint32_t cursor, std::uint32_t limit, TimePoint now) const { return Xlates({}, cursor, limit, now); }
  NatPoolsView NatPools(TimePoint now) const;
  const DropCounters& drops() const;
  FragmentCounters Fragments(IfId ingress) const;
  std::vector<MacView> Macs(TimePoint now) const;
  std::pair<std::size_t, std::size_t> AclLogFlows() const;  // of lines with `log`: all, denied
  std::vector<InterfaceCounters> Counters() const;  // by IfId
  // Local hosts, a page at a time, in no order; of one address only if it is given.
  LocalHostPage LocalHosts(std::optional<IpAddress> address, std::uint32_t cursor, std::uint32_t limit) const;
  std::vector<LocalHostTotals> LocalHostCounts() const;  // of interfaces in use, in the order of the configuration
  std::uint32_t LocalHostCount() const;
  FlowRefPage Flows(const ConnFilter& filter, std::uint32_t cursor) const;
  // Those of `flows` that are still there.
  std::vector<ConnView> ConnsOf(std::span<const FlowRef> flows) const;
  // Of every class with limits or dead connection detection, in the order of the policy.
  std::vector<ConnLimitCounters> LimitCounters() const;
  InterceptCounters Intercepts() const;
  std::vector<InterceptedServer> InterceptedServers(std::size_t limit, TimePoint now) const;  // by average rate

  Protection protection();  // classes, shuns, threats, rates (firewall/protection.h)

  // --- clear
  std::uint32_t ClearConns(const ConnFilter& filter, TimePoint now);  // returns how many
  // With the connections that use them, and those that static rules translate. Returns how many translations went.
  std::uint32_t ClearXlates(const XlateFilter& filter, TimePoint now);
  std::uint32_t ClearXlates(TimePoint now) { return ClearXlates({}, now); }
  // Ends what local hosts have: of one address, or of all. `box`: also connections of the appliance itself.
  void ClearLocalHosts(std::optional<IpAddress> address, bool box, TimePoint now);
  void ClearInterceptStatistics();
  void ClearDrops(bool frame, bool flow);
  void ClearFragmentCounters(IfId ingress);
  void ClearReversePathDrops(IfId ingress);
  void ClearMacs();

 private:
  struct Impl;
  TraceResult TraceFrame(Packet& p, std::uint64_t dmac, TimePoint now);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
