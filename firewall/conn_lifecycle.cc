// Connections and translations come and go here, and the messages that say so (302013-302021, 305011, 305012).
#include "firewall/pipeline.h"
#include "firewall/tcp_normalizer.h"

namespace sallyport {
namespace {

NameId NameOfInterface(const EngineCore& core, IfId id) {
  if (id == IfId::kIdentity) return IdentityName();
  const Interface* i = core.policy->Find(id);
  return i != nullptr ? i->name : NameId::kNone;
}

constexpr std::uint8_t kGre = 47;
constexpr std::uint8_t kSctpProtocol = 132;

// Idle time of a flow of TCP state bypass whose class says nothing of it (firewall/README.md).
constexpr std::uint32_t kBypassIdleSeconds = 120;

// The two ends as messages print them: the lower security level ("foreign") first.
struct Ends {
  NameId foreign_name, local_name;
  Endpoint foreign, foreign_mapped, local, local_mapped;
};

Ends EndsOf(const EngineCore& core, const Conn& c) {
  const Endpoint initiator{c.initiator_real, c.initiator_real_port};
  const Endpoint initiator_mapped{c.initiator_mapped, c.initiator_mapped_port};
  const Endpoint responder{c.responder_real, c.responder_real_port};
  const Endpoint responder_mapped{c.responder_mapped, c.responder_mapped_port};
  const NameId in = NameOfInterface(core, c.in_parent);
  const NameId out = NameOfInterface(core, c.out_parent);
  if ((c.flags & kConnOutbound) != 0) return {out, in, responder, responder_mapped, initiator, initiator_mapped};
  return {in, out, initiator, initiator_mapped, responder, responder_mapped};
}

bool PrintsTypeCode(const EngineCore& core) { return core.policy->personality.log_icmp_type_code; }

// `outbound`: of a data connection, as its control connection is (ASA syslog guide, 302013).
void LogBuilt(EngineCore& core, const Conn& c, bool outbound, TimePoint now) {
  const auto word = LogArg::Word(outbound ? "outbound" : "inbound");
  const Ends e = EndsOf(core, c);
  if (c.protocol == 1 || c.protocol == 58) {
    // The identifier belongs to the end that asked.
    core.log.Log(now, Msg::k302020, word, LogArg::Address(e.foreign.address), LogArg::Number(e.foreign.port),
                 LogArg::Address(e.local_mapped.address), LogArg::Number(e.local_mapped.port), LogArg::Address(e.local.address),
                 LogArg::Number(e.local.port), PrintsTypeCode(core) ? LogArg::TypeCode(c.icmp_type, 0) : LogArg::TypeCode(-1, 0));
    return;
  }
  if (c.protocol == kGre) {
    core.log.Log(now, Msg::k302017, word, LogArg::Number(c.id), LogArg::At(e.foreign_name, e.foreign.address),
                 LogArg::Address(e.foreign_mapped.address), LogArg::At(e.local_name, e.local.address), LogArg::Number(e.local.port),
                 LogArg::Address(e.local_mapped.address), LogArg::Number(e.local_mapped.port));
    return;
  }
  if (c.protocol != 6 && c.protocol != 17 && c.protocol != kSctpProtocol) return;
  if (c.tcp_state == TcpState::kBypass) {
    core.log.Log(now, Msg::k302303, LogArg::Number(c.id), LogArg::At(NameOfInterface(core, c.in_if), c.initiator_real),
                 LogArg::Number(c.initiator_real_port), LogArg::Address(c.initiator_mapped), LogArg::Number(c.initiator_mapped_port),
                 LogArg::At(NameOfInterface(core, c.out_if), c.responder_real), LogArg::Number(c.responder_real_port),
                 LogArg::Address(c.responder_mapped), LogArg::Number(c.responder_mapped_port));
    return;
  }
  core.log.Log(now, c.protocol == 6 ? Msg::k302013 : c.protocol == 17 ? Msg::k302015 : Msg::k302035, word, LogArg::Number(c.id),
               LogArg::At(e.foreign_name, e.foreign.address), LogArg::Number(e.foreign.port),
               LogArg::Address(e.foreign_mapped.address), LogArg::Number(e.foreign_mapped.port),
               LogArg::At(e.local_name, e.local.address), LogArg::Number(e.local.port), LogArg::Address(e.local_mapped.address),
               LogArg::Number(e.local_mapped.port));
}

void LogTornDown(EngineCore& core, const Conn& c, EndReason reason, TimePoint now) {
  const Ends e = EndsOf(core, c);
  if (c.protocol == 1 || c.protocol == 58) {
    core.log.Log(now, Msg::k302021, LogArg::Address(e.foreign.address), LogArg::Number(e.foreign.port),
                 LogArg::Address(e.local_mapped.address), LogArg::Number(e.local_mapped.port), LogArg::Address(e.local.address),
                 LogArg::Number(e.local.port), PrintsTypeCode(core) ? LogArg::TypeCode(c.icmp_type, 0) : LogArg::TypeCode(-1, 0));
    return;
  }
  const auto id = LogArg::Number(c.id);
  const auto foreign = LogArg::At(e.foreign_name, e.foreign.address);
  const auto foreign_port = LogArg::Number(e.foreign.port);
  const auto local = LogArg::At(e.local_name, e.local.address);
  const auto local_port = LogArg::Number(e.local.port);
  const auto span = LogArg::Span(now - c.created);
  const auto bytes = LogArg::Number(static_cast<std::int64_t>(c.bytes));
  if (c.tcp_state == TcpState::kBypass) {
    core.log.Log(now, Msg::k302304, id, LogArg::At(NameOfInterface(core, c.in_if), c.initiator_real),
                 LogArg::Number(c.initiator_real_port), LogArg::At(NameOfInterface(core, c.out_if), c.responder_real),
                 LogArg::Number(c.responder_real_port), span, bytes, LogArg::Reason(reason.text));
  } else if (c.protocol == 6) {
    const bool from = core.policy->personality.log_teardown_initiator && reason.from != IfId::kAny;
    core.log.Log(now, Msg::k302014, id, foreign, foreign_port, local, local_port, span, bytes, LogArg::Reason(reason.text),
                 LogArg::From(from ? NameOfInterface(core, reason.from) : NameId::kNone));
  } else if (c.protocol == 17) {
    core.log.Log(now, Msg::k302016, id, foreign, foreign_port, local, local_port, span, bytes);
  } else if (c.protocol == kSctpProtocol) {
    core.log.Log(now, Msg::k302036, id, foreign, foreign_port, local, local_port, span, bytes, LogArg::Reason(reason.text));
  } else if (c.protocol == kGre) {
    core.log.Log(now, Msg::k302018, id, foreign, LogArg::Address(e.foreign_mapped.address), local, local_port,
                 LogArg::Address(e.local_mapped.address), LogArg::Number(e.local_mapped.port), span, bytes);
  }
}

// Does the kernel's own route to `address` leave by another interface than ours?
bool KernelWouldDiffer(const Policy& policy, IpAddress address, IfId egress) {
  if (egress == IfId::kIdentity) return false;
  const Route* route = policy.routes.Find(address);
  return route == nullptr || route->interface != policy.Layer3(egress);
}

void Release(EngineCore& core, XlateIndex i, TimePoint now) {
  if (i != kNoXlate && core.xlates.DropConnection(i, now)) EndXlate(core, i, now);
}

std::uint32_t Seconds(Duration d) { return static_cast<std::uint32_t>(d.ns <= 0 ? 0 : (d.ns + 999'999'999) / 1'000'000'000); }

// A handshake that timed out, or a UDP session whose server said nothing: threat detection's SYN attack.
bool NeverAnswered(const Conn& c, EndReason reason) {
  if (c.protocol == 6) return reason.text != nullptr && std::string_view(reason.text) == "SYN Timeout";
  return c.protocol == 17 && (c.flags & kConnDataReverse) == 0;
}

}  // namespace

std::uint32_t TimeoutFor(const EngineCore& core, const Conn& c) {
  const Timeouts& t = core.policy->timeouts;
  switch (c.protocol) {
    case 6:
      if (c.tcp_state == TcpState::kBypass) return c.class_idle_s != kNoOverride ? c.class_idle_s : kBypassIdleSeconds;
      switch (TimeoutOf(c.tcp_state)) {
        case TcpTimeout::kEmbryonic: return Seconds(t.embryonic);
        case TcpTimeout::kHalfClosed: return c.class_half_closed_s != kNoOverride ? c.class_half_closed_s : Seconds(t.half_closed);
        case TcpTimeout::kEstablished: return c.class_idle_s != kNoOverride ? c.class_idle_s : Seconds(t.conn);
      }
      return Seconds(t.conn);
    case 17: return c.class_idle_s != kNoOverride ? c.class_idle_s : Seconds(t.udp);
    case kSctpProtocol: return c.class_idle_s != kNoOverride ? c.class_idle_s : Seconds(t.sctp);
    case 1:
    case 58: return Seconds(t.icmp);
    default: return c.class_idle_s != kNoOverride ? c.class_idle_s : Seconds(t.other);
  }
}

void SetTimeout(EngineCore& core, ConnIndex index, std::uint32_t seconds) {
  Conn& c = core.conns.At(index);
  if (c.timeout_s == seconds) return;
  const bool earlier = c.timeout_s == 0 || (seconds != 0 && seconds < c.timeout_s);
  c.timeout_s = seconds;
  if (earlier) core.conns.DeadlineChanged(index);
}

void SetRouteMarks(EngineCore& core, Conn& c) {
  const Policy& policy = *core.policy;
  c.flags = static_cast<std::uint16_t>(c.flags & ~(kConnRouteMark | kConnRouteMarkReverse));
  // Within a tunnel it is the peer to whom the kernel sends, by the interface that the peer is behind.
  const auto differs = [&](Direction d, IpAddress end, IfId egress) {
    const TunnelId t = TunnelOut(core, c, d);
    const auto link = t != TunnelId::kNone ? core.tunnels->Link(t) : std::nullopt;
    return link ? KernelWouldDiffer(policy, link->peer, link->at) : KernelWouldDiffer(policy, end, egress);
  };
  if (differs(Direction::kForward, c.responder_real, c.out_if)) c.flags |= kConnRouteMark;
  if (differs(Direction::kReverse, c.initiator_real, c.in_if)) c.flags |= kConnRouteMarkReverse;
}

ConnIndex MakeConnection(Context& ctx) {
  EngineCore& core = ctx.core;
  const Packet& p = ctx.packet;
  Conn c;
  c.initiator_real = p.key.src;
  c.initiator_real_port = p.key.sport;
  c.initiator_mapped = ctx.source.rule != nullptr || ctx.source_mapped ? ctx.source.endpoint.address : p.key.src;
  c.initiator_mapped_port = ctx.source.rule != nullptr || ctx.source_mapped ? ctx.source.endpoint.port : p.key.sport;
  c.responder_mapped = p.key.dst;
  c.responder_mapped_port = p.key.dport;
  c.responder_real = ctx.real_dst.address;
  c.responder_real_port = ctx.real_dst.port;
  c.protocol = p.protocol;
  c.in_if = p.ingress;
  c.out_if = ctx.egress;
  c.in_parent = c.in_if;
  c.out_parent = c.out_if;
  c.icmp_type = p.icmp_type;
  c.inspect = static_cast<std::uint8_t>(ctx.inspect);
  const int from = ctx.in != nullptr ? ctx.in->security_level : 100;
  const int to = ctx.out != nullptr ? ctx.out->security_level : 100;
  if (ctx.from_box || (!ctx.to_box && from > to)) c.flags |= kConnOutbound;
  if (ctx.to_box) c.flags |= kConnToBox;
  if (ctx.from_box) c.flags |= kConnFromBox;
  if (ctx.randomize) c.flags |= kConnSeqRandomized;
  if (ctx.extra != kNoExtra && ctx.Extra().tcp_proxied) c.flags |= kConnServiceModule;
  if (c.initiator_real.IsV4() != c.responder_real.IsV4()) c.flags |= kConnOtherFamily;
  const bool same = c.initiator_real == c.initiator_mapped && c.initiator_real_port == c.initiator_mapped_port &&
                    c.responder_real == c.responder_mapped && c.responder_real_port == c.responder_mapped_port;
  const bool counts_hops = ctx.extra != kNoExtra && core.extras.At(ctx.extra).decrement_ttl;
  if (same && !ctx.randomize && !counts_hops) c.flags |= kConnTransparent;
  if (ctx.extra != kNoExtra && ctx.Extra().tunnel.Any()) {
    c.flags |= kConnTunnelled;
    c.extra = ctx.extra;
  }
  if (!ctx.from_box && !ctx.to_box) SetRouteMarks(core, c);
  if (p.IsTcp() && ctx.state_bypass) {
    c.tcp_state = TcpState::kBypass;
  } else if (p.IsTcp()) {
    TcpSegment s{p.tcp_flags, p.seq, p.ack, p.window, p.payload_length, p.tcp_options.window_scale, 0};
    if (p.tcp_options.mss_offset != 0) s.mss = ClampedMss(core, LoadBe16(p.l4() + p.tcp_options.mss_offset + 2));
    if (p.tcp_options.timestamp_offset != 0) {
      s.stamped = true;
      s.timestamp = LoadBe32(p.l4() + p.tcp_options.timestamp_offset + 2);
    }
    c.tcp_state = TcpOpen(c.side, s).state;
    // The initiator's numbers leave with a random offset; the responder's stay (an ASA randomises the ISN of the SYN).
    if (ctx.randomize) c.side[0].seq_delta = core.random.U32();
  }
  c.src_xlate = ctx.source.xlate;
  c.dst_xlate = ctx.destination.xlate;
  if (c.src_xlate != kNoXlate && core.xlates.Get(c.src_xlate).per_session) c.flags |= kConnPerSessionXlate;
  c.created = c.last_packet = ctx.now;
  const ConnectionSettings* settings = ctx.connection_class != nullptr ? &ctx.connection_class->connection : nullptr;
  if (settings != nullptr && settings->idle) c.class_idle_s = Seconds(*settings->idle);
  if (settings != nullptr && settings->half_closed) c.class_half_closed_s = Seconds(*settings->half_closed);
  c.timeout_s = TimeoutFor(core, c);
  if (settings != nullptr && p.IsTcp() && !ctx.state_bypass && settings->embryonic) c.timeout_s = Seconds(*settings->embryonic);
  if (ctx.cookie) PrepareIntercepted(ctx, c);
  c.id = ctx.pinhole != kNoPinhole ? core.pinholes.At(ctx.pinhole).id : core.next_conn_id;
  c.extra = ctx.extra;
  const ConnIndex index = core.conns.Insert(c);
  if (index == kNoConn) return kNoConn;
  ctx.extra = kNoExtra;
  HoldTunnels(core, c);
  if (ctx.pinhole == kNoPinhole) core.NextConnId();
  if ((c.flags & kConnTransparent) == 0) (c.protocol == 6 ? core.rewriting_tcp : core.rewriting_other)++;

  for (const NatResult* nat : {&ctx.source, &ctx.destination}) {
    if (nat->rule != nullptr) {
      auto& hits = nat == &ctx.source ? nat->rule->hits->translate : nat->rule->hits->untranslate;
      if (!ctx.tracing()) hits.fetch_add(1, std::memory_order_relaxed);
    }
    if (nat->xlate == kNoXlate) continue;
    const Xlate& x = core.xlates.Get(nat->xlate);
    if (nat == &ctx.source && x.connections == 0 && x.created == ctx.now) LogXlateBuilt(core, nat->xlate, ctx.now);
    core.xlates.AddConnection(nat->xlate);
  }
  bool outbound = (c.flags & kConnOutbound) != 0;
  if (ctx.pinhole != kNoPinhole) {
    outbound = core.pinholes.At(ctx.pinhole).outbound;
    UsePinhole(ctx, index);
  }
  CountConnection(core, c, ctx.now);
  NoteHostLimits(core, c.in_if, c.initiator_real, ctx.source);
  NoteHostLimits(core, c.out_if, c.responder_real, ctx.destination);
  LogBuilt(core, c, outbound, ctx.now);
  core.activity.Count(Activity::kConnections, ctx.now);
  if (c.protocol == 6) core.activity.Count(Activity::kTcpConnections, ctx.now);
  if (c.protocol == 17) core.activity.Count(Activity::kUdpConnections, ctx.now);
  if (core.threats.watches_sessions() && !ctx.tracing()) core.threats.OnBuilt(c, index, ctx.now);
  return index;
}

void EndConnection(EngineCore& core, ConnIndex index, EndReason reason, TimePoint now) {
  SaveConnection(core, index);
  const Conn c = core.conns.At(index);  // a copy: the entry goes first, the messages follow
  if ((c.flags & kConnTransparent) == 0) (c.protocol == 6 ? core.rewriting_tcp : core.rewriting_other)--;
  if (c.extra != kNoExtra && core.extras.At(c.extra).tcp_stream != nullptr) {
    EndTcpStream(core, index, *core.extras.At(c.extra).tcp_stream);
  }
  core.conns.Erase(index);
  LetTunnelsGo(core, c);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> secondaries;
  if (c.extra != kNoExtra) secondaries.swap(core.extras.At(c.extra).secondaries);
  LogTornDown(core, c, reason, now);
  const bool never_answered = NeverAnswered(c, reason);
  if (never_answered && c.protocol == 6) core.activity.Count(Activity::kEmbryonicTimeouts, now);
  if (core.threats.watches_sessions() && core.undo == nullptr) core.threats.OnEnd(c, never_answered, now);
  CountConnectionGone(core, c, now);
  if (c.extra != kNoExtra) core.extras.Release(c.extra);
  if (!secondaries.empty() || core.pinholes.count() != 0) EndSecondaries(core, index, c.id, secondaries, now);
  Release(core, c.src_xlate, now);
  Release(core, c.dst_xlate, now);
}

}  // namespace sallyport
