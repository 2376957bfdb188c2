#include "firewall/engine.h"

#include <algorithm>
#include <utility>

#include "firewall/engine_impl.h"
#include "firewall/ipv6_flow.h"
#include "firewall/routed_bvi.h"
#include "firewall/threat_flow.h"

namespace sallyport {

NameId IdentityName() {
  static const NameId id = InternName("identity");
  return id;
}

NameId Context::InName() const { return in != nullptr ? in->name : IdentityName(); }
NameId Context::OutName() const {
  if (to_box) return IdentityName();
  return out != nullptr ? out->name : NameId::kNone;
}

const char* ProtocolWord(std::uint8_t protocol) {
  switch (protocol) {
    case 1: return "icmp";
    case 6: return "tcp";
    case 17: return "udp";
    case 58: return "icmp6";
    case 132: return "sctp";
    default: break;
  }
  // "protocol 47": one string for each number, made once.
  static const auto* words = [] {
    auto* w = new std::array<std::string, 256>;
    for (std::size_t i = 0; i < w->size(); i++) (*w)[i] = "protocol " + std::to_string(i);
    return w;
  }();
  return (*words)[protocol].c_str();
}

const char* ProtocolWordUpper(std::uint8_t protocol) {
  switch (protocol) {
    case 1: return "ICMP";
    case 6: return "TCP";
    case 17: return "UDP";
    case 132: return "SCTP";
    default: return ProtocolWord(protocol);
  }
}

EngineCore::EngineCore(const Engine::Options& options, const Clock& clock_in, LogSink& log_in, Random random_in,
                       Inspectors inspectors_in)
    : clock(clock_in),
      log(log_in),
      random(random_in),
      inspectors(inspectors_in),
      policy(std::make_shared<Policy>()),
      conns(options.max_connections, random.U64()),
      xlates(random.U64()),
      fragments(random.U64()),
      acl_log(log_in),
      limits(options.max_connections, random),
      counters(256),
      recorded(options.recorded) {
  sends_adverts = options.router_advertisements;
  activity.Clear(clock.Now());
}

XlateTimeouts EngineCore::XlateTimeoutsNow() const {
  const NatTable& nat = policy->nat;
  return {policy->timeouts.xlate,        policy->timeouts.pat_xlate, policy->personality.per_session_pat,
          nat.per_session_rules.get(), nat.block_size,             nat.blocks_per_host};
}

Engine::Engine(const Options& options, const Clock& clock, LogSink& log, Random random, Inspectors inspectors)
    : impl_(std::make_unique<Impl>(options, clock, log, random, inspectors)) {}
Engine::~Engine() = default;

const Policy& Engine::policy() const { return *impl_->policy; }

void Engine::SetPolicy(std::shared_ptr<const Policy> policy, TimePoint now) {
  Impl& e = *impl_;
  EnterZones(e, *policy, now);
  // Connections through an interface that is gone end with it, or go on by another member of its zone.
  std::array<bool, 256> gone{};
  bool any_gone = false;
  for (const auto& i : e.policy->interfaces) {
    if (!i || !i->InUse()) continue;
    const Interface* still = policy->Find(i->id);
    if (still == nullptr || !still->InUse()) gone[static_cast<std::size_t>(i->id)] = any_gone = true;
  }
  for (std::size_t i = 0; i < gone.size() && any_gone; i++) {
    const Interface* f = gone[i] ? policy->Find(IfId{static_cast<std::uint8_t>(i)}) : nullptr;
    if (f == nullptr || f->zone == 0) continue;
    for (const IfId m : policy->FindZone(f->zone)->members) {
      const Interface* other = policy->Find(m);
      if (other != nullptr && other->InUse()) gone[i] = false;
    }
  }
  if (any_gone) {
    for (ConnIndex i = 0; i < e.conns.slots(); i++) {
      if (!e.conns.Live(i)) continue;
      const Conn& c = e.conns.At(i);
      if (gone[static_cast<std::size_t>(c.in_if)] || gone[static_cast<std::size_t>(c.out_if)]) {
        EndConnection(e, i, {"Deny Terminate", IfId::kAny}, now);
      }
    }
  }
  if (policy->nat.translations_first && e.xlates.count() != 0) e.xlates.Retire(e.policy->nat.rules(), policy->nat);
  const Duration interim = policy->nat.interim_logging;
  if (interim != e.policy->nat.interim_logging) e.next_interim_log = interim.ns != 0 ? now + interim : TimePoint::Max();
  const std::shared_ptr<const Policy> before = std::exchange(e.policy, std::move(policy));
  e.captures.UsePolicy(*e.policy);
  const Policy& p = *e.policy;
  if (e.sends_adverts) e.adverts.SetPolicy(p, now, e.random);
  if (before->routes.routes() != p.routes.routes() || any_gone) MoveWithinZones(e, now);
  RoutesChanged(e, before->routes, now);
  ReviewTimeRanges(e, now);
  e.macs.SetPolicy(p.bridge);
  e.acl_log.SetLimits(p.acl_deny_flow_max, p.acl_alert_interval_s);
  e.default_tcp_map = DefaultTcpMap(p.personality.release);
  e.largest_mtu = 128;
  for (const auto& i : p.interfaces) {
    if (i) e.fragments.SetLimits(i->id, i->fragments);
    if (i) e.largest_mtu = std::max(e.largest_mtu, static_cast<std::uint32_t>(i->mtu));
  }
  e.services.SetPolicy(p, now);
  e.threats.Configure(p.threats);
  e.limits.UsePolicy(p, now);
  e.has_connection_settings = e.has_state_bypass = e.has_ips = false;
  bool never_randomize = false, rewrites_for_class = false;
  for (const ServiceClass& s : p.service) {
    if (s.connection.Any()) e.has_connection_settings = true;
    e.has_state_bypass = e.has_state_bypass || s.connection.state_bypass;
    if (s.connection.tcp_map != nullptr || s.ips) rewrites_for_class = true;
    e.has_ips = e.has_ips || s.ips;
    if (s.interface == IfId::kAny && s.match_any && !s.connection.random_sequence.value_or(true)) never_randomize = true;
  }
  e.policy_rewrites_other = !p.nat.rules().empty();
  for (const ServiceClass& s : p.service) e.policy_rewrites_other = e.policy_rewrites_other || s.connection.decrement_ttl;
  e.policy_rewrites_tcp = e.policy_rewrites_other || rewrites_for_class || !never_randomize || p.sysopt.tcpmss != 0 || p.sysopt.tcpmss_minimum != 0;
  e.has_tunnels = e.tunnels != nullptr && p.tunnels != nullptr;
  if (e.tunnels != nullptr) e.tunnels->UsePolicy(p, now);
  PrepareInspection(e);
  // A class that is gone takes its hits along.
  std::erase_if(e.asp_hits.classes, [&p](const auto& hit) {
    return std::none_of(p.service.begin(), p.service.end(), [&hit](const ServiceClass& s) { return s.id == hit.first.class_id; });
  });
}

std::uint32_t Engine::CopyLength(std::uint8_t protocol) const {
  const Impl& e = *impl_;
  const bool whole = protocol == 6 ? e.policy_rewrites_tcp || e.rewriting_tcp != 0
                                   : e.policy_rewrites_other || e.rewriting_other != 0;
  if (e.captures.active() || e.faults.active() || e.has_tunnels) return 0xffff;
  // Otherwise headers would do, but a fragment must be seen whole: no more than a link carries, so never a super-packet.
  return whole ? 0xffff : e.largest_mtu;
}

void Engine::Impl::Refuse(const Packet& p, FrameDrop frame, FlowDrop flow, Disposition& out) {
  out.action = Disposition::Action::kDrop;
  out.reason = frame;
  out.flow_reason = flow;
  if (frame != FrameDrop::kNone) drops.Count(frame);
  if (flow != FlowDrop::kNone) drops.Count(flow);
  CounterOf(p.ingress).dropped++;
}

void CountDropped(EngineCore& core, const Packet& p, FrameDrop reason, TimePoint now) {
  InterfaceCounters& in = core.CounterOf(p.ingress);  // it came in all the same
  in.in_packets++;
  in.in_bytes += p.wire_length;
  if (core.threats.watches_drops()) core.threats.OnDrop(p, reason, now);
}

void Engine::Process(Packet& p, TimePoint now, Disposition& out) {
  Impl& e = *impl_;
  if (!e.policy->bridge.groups.empty() && !p.bridged && p.ingress != IfId::kIdentity && !TakeMember(e, p, now)) {
    out = Disposition{};
    out.action = Disposition::Action::kConsume;
    return;
  }
  if (e.captures.active() || e.faults.active()) [[unlikely]] {
    e.ProcessWatched(p, now, out);
  } else {
    e.ProcessPacket(p, now, out);
  }
  if (out.action == Disposition::Action::kDrop) CountDropped(e, p, out.reason, now);
}

void Engine::Impl::ProcessPacket(Packet& p, TimePoint now, Disposition& out) {
  Impl& e = *this;
  out = Disposition{};
  if (!e.policy->bridge.groups.empty() && !p.bridged) {
    // A BVI without a name only carries what is, or will be, looked at as a frame.
    const Interface* via = e.policy->Find(p.ingress == IfId::kIdentity ? p.egress_hint : p.ingress);
    if (via != nullptr && via->bvi && via->nameif.empty()) {
      out.action = Disposition::Action::kAccept;
      out.egress = p.egress_hint;
      return;
    }
  }
  const FrameDrop bad = ParsePacket(p);
  if (bad != FrameDrop::kNone) {
    if (bad == FrameDrop::kInvalidTcpHdrLength && p.l4_offset != 0 && p.bytes.size() >= p.l4_offset + 14u) {
      const Interface* in = e.policy->Find(p.ingress);
      e.log.Log(now, Msg::k500003, LogArg::Number((p.l4()[12] >> 4) * 4), LogArg::Number(p.wire_length - p.l4_offset),
                LogArg::Address(p.key.src), LogArg::Number(LoadBe16(p.l4())), LogArg::Address(p.key.dst),
                LogArg::Number(LoadBe16(p.l4() + 2)), LogArg::TcpFlags(p.l4()[13] & 0x3f),
                LogArg::Name(in != nullptr ? in->name : IdentityName()));
    }
    return e.Refuse(p, bad, FlowDrop::kNone, out);
  }
  if (p.fragment) {
    e.ProcessFragment(p, now, out);
  } else {
    e.ProcessDatagram(p, now, out);
  }
  if (out.tunnel != TunnelId::kNone) [[unlikely]] LeaveByTunnel(e, p, now, out);
}

void Engine::Impl::ProcessDatagram(Packet& p, TimePoint now, Disposition& out) {
  const Interface* in = nullptr;
  if (p.ingress != IfId::kIdentity) {
    in = policy->Find(p.ingress);
    if (in == nullptr || !in->InUse()) return Refuse(p, FrameDrop::kInterfaceDown, FlowDrop::kNone, out);
  }
  if (has_tunnels && in != nullptr && p.came_from == TunnelId::kNone && !p.bridged && tunnels->Terminates(p)) [[unlikely]] {
    return ProcessTunnelled(p, in, now, out, true);
  }
  if (p.v6 && !p.bridged && DecideIpv6(*this, p, in != nullptr ? &policy->Layer3(*in) : nullptr, now, out)) return;
  if (p.icmp_error) {
    return ProcessIcmpError(*this, p, now, out);
  }
  ConnTable::Found found = conns.Find(p.key);
  if (found.index == kNoConn && p.bvi != IfId::kAny) {  // the appliance's own connections are the BVI's
    FlowKey at_bvi = p.key;
    at_bvi.ingress = p.bvi;
    found = conns.Find(at_bvi);
  }
  if (found.index != kNoConn) {
    Conn& c = conns.At(found.index);
    if (OpensAnew(c, found.direction, p)) {
      EndConnection(*this, found.index, {IsEmbryonic(c.tcp_state) ? "SYN Timeout" : "TCP FINs", IfId::kAny}, now);
      return ProcessNew(p, in, now, out);
    }
    if (recorder != nullptr) [[unlikely]] RecordKnownFlow(*this, found);
    // Without inspection an ICMP reply needs a rule of its own, as any packet from that side.
    if (p.IsIcmp() && found.direction == Direction::kReverse && c.inspect == 0 && (c.flags & (kConnToBox | kConnFromBox)) == 0) {
      Context ctx(*this, p, in, now);
      ctx.out = policy->Find(c.in_if);
      ctx.egress = c.in_if;
      ctx.real_dst = {c.initiator_real, c.initiator_real_port};
      if (ctx.out == nullptr || CheckAccessIn(ctx) != Verdict::kContinue || CheckAccessOut(ctx) != Verdict::kContinue) {
        return Refuse(p, ctx.out == nullptr ? FrameDrop::kInterfaceDown : ctx.frame_drop, FlowDrop::kNone, out);
      }
    }
    return ForwardOnConnection(*this, found.index, found.direction, p, now, out);
  }
  ProcessNew(p, in, now, out);
}

void Engine::Impl::ProcessNew(Packet& p, const Interface* in, TimePoint now, Disposition& out) {
  if (recorder != nullptr && !policy->personality.trace_resolve_egress) [[unlikely]] {
    recorder->Phase("FLOW-LOOKUP", "", true, {}, {"Found no matching flow, creating a new flow"});
  }
  Context ctx(*this, p, in, now);
  ctx.from_box = p.ingress == IfId::kIdentity;
  if (!ctx.from_box) ctx.pinhole = FindPinhole(*this, p, in);
  const Verdict v = RunNewFlow(ctx);
  if (v == Verdict::kForward && ctx.made != kNoConn) {
    return ForwardOnConnection(*this, ctx.made, Direction::kForward, p, now, out);
  }
  if (v == Verdict::kConsume) {
    out.action = Disposition::Action::kConsume;
    auto& counter = CounterOf(p.ingress);
    counter.in_packets++;
    counter.in_bytes += p.wire_length;
    return;
  }
  Refuse(p, ctx.frame_drop, ctx.flow_drop, out);
}

void Engine::AdvanceTo(TimePoint now) {
  Impl& e = *impl_;
  if (!e.tunnel_scans.pending.empty()) ContinueTunnelScans(e, kScanLimit, now);  // the rest next time: packets come first
  for (;;) {
    // The earliest of all that can fall due, so that things happen in order.
    const TimePoint conn = e.conns.NextDeadline();
    const TimePoint xlate = e.xlates.NextDeadline(e.XlateTimeoutsNow());
    const TimePoint acl = e.acl_log.NextDeadline();
    const TimePoint frag = e.fragments.NextDeadline();
    const TimePoint pinhole = e.pinholes.NextDeadline();
    const TimePoint threat = NextThreatDeadline(e);
    const TimePoint tcp = e.tcp_streams.NextDeadline();
    const TimePoint stray = NextStrayDeadline(e);
    const TimePoint advert = e.adverts.NextDeadline();
    const TimePoint late = e.faults.NextDeadline();
    const TimePoint orphans = e.tunnel_scans.NextDeadline();
    const TimePoint gate = e.tunnels != nullptr ? e.tunnels->NextDeadline() : TimePoint::Max();
    const TimePoint next = std::min({conn, xlate, acl, frag, threat, tcp, stray, advert, e.time_range_edge, late, pinhole, e.next_interim_log, orphans, gate});
    if (next > now) return;
    if (gate == next) {
      e.tunnels->AdvanceTo(now);
    } else if (orphans == next) {
      ContinueTunnelScans(e, kScanLimit, next);
    } else if (late == next) {
      e.LetLateGo(next == TimePoint() ? now : next);
    } else if (advert == next) {
      while (const Interface* f = e.adverts.TakeDue(*e.policy, next, e.random)) {
        e.originated.push_back({f->id, RouterAdvertisement(*f)});
      }
    } else if (e.next_interim_log == next) {
      LogPortBlocks(e, next);
      e.next_interim_log = next + e.policy->nat.interim_logging;
    } else if (stray == next) {
      EndStrays(e, next);
    } else if (e.time_range_edge == next) {
      ReviewTimeRanges(e, next);
    } else if (pinhole == next) {
      ExpirePinhole(e, e.pinholes.NextExpired(next), next);
    } else if (tcp == next) {
      ExpireTcpStream(e, next);
    } else if (frag == next) {
      e.DropHeld(e.fragments.Expire(next));
    } else if (threat == next) {
      AdvanceThreats(e, next);
    } else if (acl == next) {
      e.acl_log.ExpireUntil(next);
    } else if (xlate == next) {
      for (XlateIndex i; (i = e.xlates.NextExpired(e.XlateTimeoutsNow(), next)) != kNoXlate;) EndXlate(e, i, next);
    } else {
      // The wheel's next look may be before any deadline; then nothing expires and it looks again later.
      for (ConnIndex i; (i = e.conns.NextExpired(next)) != kNoConn;) ConnectionExpired(e, i);
    }
  }
}

TimePoint Engine::NextDeadline() const {
  const Impl& e = *impl_;
  if (!e.tunnel_scans.pending.empty()) return TimePoint();
  return std::min({e.conns.NextDeadline(), e.xlates.NextDeadline(e.XlateTimeoutsNow()), e.acl_log.NextDeadline(),
                   e.fragments.NextDeadline(), e.pinholes.NextDeadline(), NextThreatDeadline(e), e.tcp_streams.NextDeadline(), NextStrayDeadline(e), e.adverts.NextDeadline(),
                   e.time_range_edge, e.faults.NextDeadline(), e.next_interim_log, e.tunnel_scans.NextDeadline(),
                   e.tunnels != nullptr ? e.tunnels->NextDeadline() : TimePoint::Max()});
}

bool Engine::HasReleased() const { return !impl_->released.empty(); }
std::vector<ReleasedPacket> Engine::TakeReleased() {
  TakeOpenedReleased(*impl_);
  return std::exchange(impl_->released, {});
}
std::vector<OriginatedPacket> Engine::TakeOriginated() {
  if (impl_->tunnels != nullptr) SealOriginated(*impl_, impl_->clock.Now());
  if (!impl_->originated.empty()) impl_->WatchOriginated();
  return std::exchange(impl_->originated, {});
}
CaptureSet& Engine::captures() { return impl_->captures; }
FaultSet& Engine::faults() { return impl_->faults; }
AspHits Engine::asp_hits() const {
  AspHits hits = impl_->asp_hits;
  for (std::size_t i = 0; i < hits.by_interface.size(); i++) {
    hits.by_interface[i][static_cast<std::size_t>(AspWhat::kLayer2)] = impl_->counters[i].in_packets + impl_->counters[i].dropped;
    hits.by_interface[i][static_cast<std::size_t>(AspWhat::kCapture)] = hits.by_interface[i][static_cast<std::size_t>(AspWhat::kLayer2)];
  }
  return hits;
}
std::pair<std::size_t, std::size_t> Engine::AclLogFlows() const { return {impl_->acl_log.total(), impl_->acl_log.denied()}; }
const DropCounters& Engine::drops() const { return impl_->drops; }

FragmentCounters Engine::Fragments(IfId ingress) const { return impl_->fragments.counters(ingress); }
void Engine::ClearFragmentCounters(IfId ingress) { impl_->fragments.ClearCounters(ingress); }
void Engine::ClearReversePathDrops(IfId ingress) { impl_->CounterOf(ingress).reverse_path_drops = 0; }

void Engine::ClearDrops(bool frame, bool flow) {
  if (frame) impl_->drops.frame.fill(0);
  if (flow) impl_->drops.flow.fill(0);
}

std::vector<InterfaceCounters> Engine::Counters() const { return impl_->counters; }


}  // namespace sallyport
