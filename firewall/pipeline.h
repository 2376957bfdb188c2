// Inside the engine: the state it owns, and the context of one packet on its way through the stages.
//
// Private to firewall/*.cc of the engine; everybody else uses engine.h. Data thread only.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "firewall/acl_log.h"
#include "firewall/activity.h"
#include "firewall/bridge.h"
#include "firewall/conn.h"
#include "firewall/conn_extra.h"
#include "firewall/conn_limits.h"
#include "firewall/engine.h"
#include "firewall/fragments.h"
#include "firewall/inspector.h"
#include "firewall/log_event.h"
#include "firewall/nat.h"
#include "firewall/packet.h"
#include "firewall/pinholes.h"
#include "firewall/policy.h"
#include "firewall/router_advert.h"
#include "firewall/service_stats.h"
#include "firewall/shun.h"
#include "firewall/threat_detection.h"
#include "firewall/trace.h"
#include "firewall/tunnel_flow.h"
#include "firewall/undo_log.h"

namespace sallyport {

// Why a connection ends: the words of 302014. Source: ASA syslog guide, message 302014.
struct EndReason {
  const char* text = nullptr;  // null: none printed (UDP, ICMP)
  IfId from = IfId::kAny;      // interface that closed it; kAny: not printed
};

class TraceRecorder;

struct EngineCore {
  EngineCore(const Engine::Options& options, const Clock& clock_in, LogSink& log_in, Random random_in, Inspectors inspectors_in);

  const Clock& clock;
  EngineLog log;
  Random random;
  Inspectors inspectors;
  std::shared_ptr<const Policy> policy;
  ConnTable conns;
  ConnExtraPool extras;
  XlateTable xlates;
  FragmentTable fragments;
  ServiceStats services;
  ActivityMeter activity;
  ShunTable shuns;
  ThreatDetection threats{log, shuns};
  TcpMap default_tcp_map;
  TcpStreams tcp_streams;
  AclLog acl_log;
  ConnLimits limits;
  DropCounters drops;
  PinholeTable pinholes;
  std::uint64_t inspected_packets = 0;
  std::vector<std::uint8_t> edit_buffer;    // a packet that an inspection made longer or shorter, until it has left
  bool inspects_payload = false;            // some class has an inspection that reads more than headers
  bool inspects_icmp_error = false;         // some class has `inspect icmp error`
  bool inspects_ipv6 = false;               // some class has `inspect ipv6`
  std::vector<InterfaceCounters> counters;
  std::uint32_t next_conn_id = 1;
  TimePoint next_interim_log = TimePoint::Max();  // 305017
  // Live connections whose packets are rewritten, by TCP / other: they need packets whole whatever the policy says now.
  std::uint32_t rewriting_tcp = 0;
  std::uint32_t rewriting_other = 0;
  bool policy_rewrites_tcp = true;
  bool policy_rewrites_other = true;
  std::uint32_t largest_mtu = 1500;
  bool has_connection_settings = false;
  bool has_ips = false;           // some class sends TCP flows through a proxy
  bool has_state_bypass = false;  // some class lets TCP flows begin in the middle
  MacTable macs;
  std::unordered_map<IpAddress, std::uint64_t> bridge_hosts;  // what ARP in bridge groups has shown: at most MacTable::kMost
  std::vector<OriginatedFrame> originated_frames;
  TimePoint floating_at = TimePoint::Max(), holddown_at = TimePoint::Max();  // RoutesChanged
  RouteTable routes_before;                                                  // when holddown_at was set
  TimePoint time_range_edge = TimePoint::Max();  // when the flags of time ranges are due for a look
  // Of the packet that is being processed; null but for packet-tracer and captures with `trace`.
  TraceRecorder* recorder = nullptr;
  bool recorded = false;  // Engine::Options::recorded
  UndoLog* undo = nullptr;  // packet-tracer: what its packet changes is taken back (dry_run.h)
  CaptureSet captures;
  FaultSet faults;
  AspHits asp_hits;
  bool bypass_checks = false, decrypted = false;  // of packet-tracer's packet
  TunnelGate* tunnels = nullptr;    // Engine::UseTunnels
  bool has_tunnels = false;         // there is a gate, and the policy has something for it
  TunnelScans tunnel_scans;         // connections that are looked for because a tunnel came up or went
  std::optional<TimePoint> spoof_told;             // 402117, once in five seconds
  std::unordered_set<std::uint32_t> opened_held;  // handles of inner packets that wait
  std::uint32_t next_opened = 0;
  std::size_t captured_originated = 0;  // of `originated`, how many captures have seen
  std::vector<ReleasedPacket> released;
  std::vector<OriginatedPacket> originated;
  // Rate limit of ICMP unreachables that the appliance sends: a bucket of `burst`, filled `rate` times a second.
  TimePoint unreachable_refill;
  int unreachable_tokens = 1;
  RouterAdverts adverts;
  bool sends_adverts = false;
  TimePoint icmp6_refill;  // the same for ICMPv6 errors
  int icmp6_tokens = 1;

  std::uint32_t NextConnId() {
    const std::uint32_t id = next_conn_id;
    next_conn_id = id == 0xffffffff ? 1 : id + 1;
    return id;
  }
  // Captures are to be told what becomes of packets.
  bool Captured() const { return captures.active() && undo == nullptr; }
  InterfaceCounters& CounterOf(IfId id) { return counters[static_cast<std::size_t>(id)]; }
  XlateTimeouts XlateTimeoutsNow() const;
};

enum class Verdict : std::uint8_t {
  kContinue,  // to the next stage
  kForward,   // decided: on its way
  kDrop,      // decided: `frame_drop` or `flow_drop` says why
  kConsume,   // decided: it ends here, and nothing is wrong with it
};

// One packet on the long way.
struct Context {
  Context(EngineCore& core_in, Packet& packet_in, const Interface* in_in, TimePoint now_in)
      : core(core_in), policy(*core_in.policy), packet(packet_in), now(now_in), trace(core_in.recorder), in(in_in) {}
  ~Context() {
    if (extra != kNoExtra) core.extras.Release(extra);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  EngineCore& core;
  const Policy& policy;
  Packet& packet;
  TimePoint now;
  TraceRecorder* trace = nullptr;  // packet-tracer, and packets of a capture with `trace`: what was decided is recorded
  const Interface* in = nullptr;   // null: the appliance itself
  const Interface* out = nullptr;
  bool to_box = false;
  bool from_box = false;
  NatResult destination;           // untranslation of the destination
  NatResult source;                // translation of the source
  Endpoint real_dst;
  IfId egress = IfId::kAny;
  const ServiceClass* connection_class = nullptr;  // set connection ... that applies
  InspectId inspect = InspectId::kNone;
  PinholeIndex pinhole = kNoPinhole;  // an inspection expects this flow
  bool source_mapped = false;         // `source.endpoint` stands although no rule is named (a pinhole's)
  bool randomize = false;
  bool state_bypass = false;
  LimitVerdict limit;               // what the class's and the host's limits say of one more
  std::optional<SynOffer> cookie;   // an ACK that confirms a cookie of TCP intercept: what its SYN offered
  std::uint32_t cookie_isn = 0;     // and the SYN's number
  ExtraIndex extra = kNoExtra;  // taken by Extra(), handed to the connection by MakeConnection
  ConnIndex made = kNoConn;
  FrameDrop frame_drop = FrameDrop::kNone;
  FlowDrop flow_drop = FlowDrop::kNone;

  // Phases are to be recorded.
  bool recording() const { return trace != nullptr; }
  // packet-tracer: what lies outside the engine (hits of access lists and NAT rules) is not counted; all else is taken back
  // afterwards. A captured packet is recorded, too, and goes its way.
  bool tracing() const { return core.undo != nullptr; }
  // The side entry that the connection will have.
  ConnExtra& Extra() {
    if (extra == kNoExtra) extra = core.extras.Take();
    return core.extras.At(extra);
  }
  // A rule of the accelerated path has decided: a built-in one is counted, and the phase that was just recorded gets it.
  void Acted(AspWhat what, bool at_egress = false, const void* object = nullptr);
  Verdict Drop(FrameDrop reason) {
    frame_drop = reason;
    return Verdict::kDrop;
  }
  Verdict Drop(FlowDrop reason) {
    flow_drop = reason;
    return Verdict::kDrop;
  }
  NameId InName() const;
  NameId OutName() const;
};

// Collects phases; exists only for packet-tracer and for packets that a capture traces.
class TraceRecorder {
 public:
  explicit TraceRecorder(TraceResult& result) : result_(result), started_(Now()), last_(started_) {}
  void Phase(std::string_view type, std::string_view subtype, bool allow, std::vector<std::string> config,
             std::vector<std::string> info = {});
  // Of the phase before.
  void Rule(const AspRef& rule, bool reverse = false);
  void Detail(std::vector<std::string> lines);
  // By which interface it leaves, or would.
  void Leads(IfId egress) { result_.output = egress; }
  std::int64_t ElapsedNs() const { return Now() - started_; }

 private:
  static std::int64_t Now();  // of the machine, not of the appliance: how long the walk took
  TraceResult& result_;
  std::int64_t started_;
  std::int64_t last_;
};

// --- service policies (service_policy.cc)
// The flow of `c` as class maps see it.
ClassFlow FlowOf(const Context& c);
// Does the flow of `c` belong to the class? Destination as it really is.
bool ClassMatches(const ServiceClass& s, const Context& c);
// The class whose feature acts on the flow: interface policies before the global one, first match within a policy.
// `has` says whether a class has that feature.
const ServiceClass* FindClass(const Context& c, bool (*has)(const ServiceClass&));

// --- application inspection (inspect_flow.cc)
// Of a policy: what the engine has to know of it beforehand.
void PrepareInspection(EngineCore& core);
// Stage: which engine a new flow is under.
Verdict ChooseInspection(Context& c);
// `inspect ipv6` (ipv6_inspect.cc), beside that: stage of a new flow, and a packet of a connection that has an entry of ConnExtra.
Verdict InspectIpv6Flow(Context& c);
// Stage: `dns-guard` for flows that no inspection has (dns_guard.cc).
Verdict DnsGuardFlow(Context& c);
FrameDrop InspectIpv6Packet(EngineCore& core, const Conn& c, const Packet& p, IfId egress, TimePoint now);
// Sequence numbers that the sender of an acknowledgment sees otherwise than who is acknowledged. Before the tracker.
void RepairAcknowledgment(EngineCore& core, const Conn& c, Direction d, Packet& p);
struct InspectOutcome {
  FrameDrop drop = FrameDrop::kNone;
  bool ended = false;      // the connection is gone (and the packet dropped)
  bool end_after = false;  // it ends when the packet has gone out
};
// Gives a packet to the connection's engine, and changes it as that wants.
InspectOutcome InspectPacket(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now);
// Does `inspect icmp error` act on an error that enters by `in` and leaves by `out`?
bool InspectsIcmpError(const Context& c);

// --- secondary connections (secondary.cc)
// Stage instead of the search for a destination, where a pinhole is.
Verdict PinholeDestination(Context& c);
// After the source was translated: to the address that the pinhole wants.
Verdict PinholeSource(Context& c);
// The connection `made` came through the pinhole of `c`, which is used up.
void UsePinhole(Context& c, ConnIndex made);
void ExpirePinhole(EngineCore& core, PinholeIndex i, TimePoint now);
// What hangs on a connection that ends: pinholes and connections through them.
void EndSecondaries(EngineCore& core, ConnIndex parent, std::uint32_t parent_id,
                    const std::vector<std::pair<std::uint32_t, std::uint32_t>>& connections, TimePoint now);

// --- stages of a new flow, in the order of kNewFlowStages (new_flow.cc)
Verdict RunNewFlow(Context& c);
NameId IdentityName();

// Lines of a configuration text, as packet-tracer shows them.
std::vector<std::string> Lines(const std::string& text);
// `ips`: does the flow go through a proxy (tcp_stream.cc)?
Verdict ServiceModule(Context& c);
// --- what a recorder hears before the stages (watch_flow.cc)
void RecordArrival(EngineCore& core, IfId ingress);
void RecordKnownFlow(EngineCore& core, ConnTable::Found found);
// The reply's rules and what will see the flow's packets, before and behind FLOW-CREATION.
void RecordReverse(Context& c);
void RecordModules(Context& c);
// Before a connection is changed: it becomes again what it is, should the packet be only imagined (dry_run.cc).
void SaveConnection(EngineCore& core, ConnIndex index);
// What became of a packet that was held: captures want to know.
void WatchReleased(EngineCore& core, const Packet& p, const Disposition& d, TimePoint now);

// --- known flows (known_flow.cc)
// Is it a SYN for a pair of ports whose connection is over but for the last acknowledgments? Either side may begin anew; the old
// connection's own SYN, late, does not. To the appliance itself a SYN with another number takes an embryonic connection's place, too.
bool OpensAnew(const Conn& c, Direction d, const Packet& p);
void ForwardOnConnection(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out);
// The second half of it, for a packet that the tracker let pass and whose turn it is: inspection, rewrite, counters.
void CarryOnConnection(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out);
void ProcessIcmpError(EngineCore& core, Packet& p, TimePoint now, Disposition& out);

// --- layer 2 (l2_flow.cc)
Verdict FindBridgedDestination(Context& c);
// Asks the members who has `target`, an address of the group's network: the answer teaches where it is.
void AskForHost(EngineCore& core, const BridgeGroup& group, const Interface& bvi, IpAddress target);

// --- traffic zones (zone.cc)
// The pinhole of a packet that came in by `in`, or by another member of its zone.
PinholeIndex FindPinhole(const EngineCore& core, const Packet& p, const Interface* in);

// --- time ranges (time_range_review.cc)
void ReviewTimeRanges(EngineCore& core, TimePoint now);

// --- the appliance itself (to_the_box.cc)
Verdict ToTheBox(Context& c);

// --- access rules (access_rules.cc)
// In-direction rules of the ingress interface, the global list, and the security levels. Logs and counts denials.
Verdict CheckAccessIn(Context& c);
Verdict CheckAccessOut(Context& c);
// vpn-filter, which is written with the peer's end first. `to_peer`: the packet goes into the tunnel.
Verdict CheckVpnFilter(Context& c, const TunnelFilter& filter, bool to_peer);
// `access-group ... control-plane` of the ingress interface. False: it denies the packet to the appliance; logged, counted. What no
// line matches is not denied by it (ASA configuration guide, "Management Access Rules").
bool ControlPlanePermits(Context& c);

// --- connections (conn_lifecycle.cc)
ConnIndex MakeConnection(Context& c);
void EndConnection(EngineCore& core, ConnIndex index, EndReason reason, TimePoint now);
// kConnRouteMark and its reverse, as its interfaces are now.
void SetRouteMarks(EngineCore& core, Conn& c);
// `sysopt connection timewait`: so long at least after both FINs. No other timeout of a closing connection can be as short (30 s).
inline constexpr std::uint32_t kTimeWaitSeconds = 15;
void SetTimeout(EngineCore& core, ConnIndex index, std::uint32_t seconds);
std::uint32_t TimeoutFor(const EngineCore& core, const Conn& c);
void LogXlateBuilt(EngineCore& core, XlateIndex i, TimePoint now);
void EndXlate(EngineCore& core, XlateIndex i, TimePoint now);
void LogPortBlocks(EngineCore& core, TimePoint now);                            // all that hosts have (305017)
void LogNoPort(const Context& c);                                               // why block-allocation failed (305016)
void LogPoolExhausted(const Context& c);                                        // no port or address is left (202010)

// --- TCP intercept (tcp_intercept.cc)
// An ACK without a connection: does it confirm a cookie (Context::cookie)?
bool RecognizeCookie(Context& c);
// Answers the SYN in the server's name; nothing is kept of it.
void AnswerWithCookie(Context& c);
// Makes the connection that MakeConnection is about to enter look as after the client's SYN.
void PrepareIntercepted(Context& c, Conn& conn);
void AskServer(EngineCore& core, ConnIndex index, TimePoint now);
// A packet of a connection whose server has not answered yet.
void InterceptPacket(EngineCore& core, ConnIndex index, Direction d, Packet& p, TimePoint now, Disposition& out);
bool Intercepted(const EngineCore& core, const Conn& c);

// --- ends of connections (conn_expiry.cc)
void ConnectionExpired(EngineCore& core, ConnIndex index);
// The policy in force has other routes than `before`: connections that go another way than a new one would are looked for when
// `timeout floating-conn`, and those whose way is gone when `timeout conn-holddown` is over.
void RoutesChanged(EngineCore& core, const RouteTable& before, TimePoint now);
TimePoint NextStrayDeadline(const EngineCore& core);
void EndStrays(EngineCore& core, TimePoint now);
// A packet of a connection that is being probed. True: it is an answer to a probe and goes no further.
bool AnswersProbe(EngineCore& core, ConnIndex index, Direction d, const Packet& p, TimePoint now);

// --- packets of our own (originate.cc)
// A RST that answers `p`, sent back to where it came from. Never for a RST.
void OriginateReset(EngineCore& core, const Packet& p, IfId towards);
// ICMP time exceeded in transit, from the ingress interface's address; within the rate limit of unreachables.
void OriginateTimeExceeded(EngineCore& core, const Packet& p, const Interface& towards, TimePoint now);
// A TCP segment without payload. Options: MSS and SACK permitted, of a SYN.
struct OwnSegment {
  Endpoint from, to;
  IfId egress{};
  std::uint32_t seq = 0, ack = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 0;
  std::uint16_t mss = 0;  // 0: no option
  bool sack = false;
};
void OriginateSegment(EngineCore& core, const OwnSegment& s);
// ICMP destination unreachable, fragmentation needed (RFC 1191), or ICMPv6 packet too big, with the next hop's MTU, from the ingress
// interface's address.
void OriginateTooBig(EngineCore& core, const Packet& p, const Interface& towards, int mtu, TimePoint now);

// Names of protocols as syslog and packet-tracer print them: "tcp", "udp", "icmp", "protocol 47".
const char* ProtocolWord(std::uint8_t protocol);
const char* ProtocolWordUpper(std::uint8_t protocol);

}  // namespace sallyport
