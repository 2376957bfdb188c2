#include "firewall/conn_limits.h"

#include <algorithm>

#include "firewall/pipeline.h"

namespace sallyport {
namespace {

using Kind = LimitVerdict::Kind;
constexpr Duration kQuiet = Duration::Seconds(10);  // between two messages of one kind about half-open connections

bool Counts(std::uint8_t protocol) { return protocol == 6 || protocol == 17; }

// A limit is reached when as many are there already; 0 is none.
bool Reached(std::uint32_t count, std::uint32_t limit) { return limit != 0 && count >= limit; }

// The side of a translation that 8.2's limits are about: its real host.
const NatLimits* LimitsOf(const NatResult& nat) {
  return nat.rule != nullptr && nat.rule->limits.Any() ? &nat.rule->limits : nullptr;
}

LimitVerdict Exceeded(Kind kind, std::uint32_t count, std::uint32_t limit, std::uint32_t slot) { return {kind, count, limit, slot}; }

LimitVerdict WeighClass(const Context& c, std::uint32_t slot) {
  const ConnLimits& all = c.core.limits;
  const ConnectionSettings& s = c.connection_class->connection;
  const ConnLimitCounters& n = all.classes[slot];
  if (Reached(n.connections, s.conn_max)) return Exceeded(Kind::kClass, n.connections, s.conn_max, slot);
  const HostCounters* client = nullptr;
  if (s.per_client_max != 0 || s.per_client_embryonic_max != 0) {
    const std::uint32_t i = all.clients.Find(c.connection_class->id, c.packet.key.src);
    if (i != HostTable::kNone) client = &all.clients.At(i);
  }
  if (client != nullptr && Reached(client->tcp + client->udp, s.per_client_max)) {
    return Exceeded(Kind::kClient, client->tcp + client->udp, s.per_client_max, slot);
  }
  if (!c.packet.IsTcp() || c.state_bypass || c.cookie) return {};
  if (Reached(n.embryonic, s.embryonic_conn_max)) return Exceeded(Kind::kClassEmbryonic, n.embryonic, s.embryonic_conn_max, slot);
  if (client != nullptr && Reached(client->embryonic_from, s.per_client_embryonic_max)) {
    return Exceeded(Kind::kClientEmbryonic, client->embryonic_from, s.per_client_embryonic_max, slot);
  }
  return {};
}

LimitVerdict WeighHost(const Context& c, IfId interface, IpAddress host, const NatLimits& limits, bool to_host) {
  const HostTable& hosts = c.core.limits.hosts;
  const std::uint32_t i = hosts.Find(static_cast<std::uint32_t>(interface), host);
  if (i == HostTable::kNone) return {};
  const HostCounters& n = hosts.At(i);
  const std::uint32_t count = c.packet.IsTcp() ? n.tcp : n.udp;
  const std::uint32_t limit = c.packet.IsTcp() ? limits.tcp : limits.udp;
  if (Reached(count, limit)) return Exceeded(Kind::kHost, count, limit, kNoLimitSlot);
  if (to_host && c.packet.IsTcp() && !c.state_bypass && !c.cookie && Reached(n.embryonic_to, limits.embryonic)) {
    return Exceeded(Kind::kHostEmbryonic, n.embryonic_to, limits.embryonic, kNoLimitSlot);
  }
  return {};
}

// "input" or "output" on the interface that the class's policy is applied to.
struct Where {
  const char* direction;
  NameId interface;
};
Where WhereOf(const Context& c) {
  const ServiceClass* k = c.connection_class;
  if (k != nullptr && k->interface != IfId::kAny && c.out != nullptr && k->interface == c.out->id && (c.in == nullptr || k->interface != c.in->id)) {
    return {"output", c.OutName()};
  }
  return {"input", c.InName()};
}

void LogLimit(Context& c, Msg msg) {
  const Where w = WhereOf(c);
  const Packet& p = c.packet;
  c.core.log.Log(c.now, msg, LogArg::Number(c.limit.count), LogArg::Number(c.limit.limit), LogArg::Word(w.direction),
                 LogArg::Address(p.key.src), LogArg::Number(p.key.sport), LogArg::Address(c.real_dst.address),
                 LogArg::Number(c.real_dst.port), LogArg::Name(w.interface));
}

// The local host of a connection's end, entered if it is new (609001).
HostCounters* HostOf(EngineCore& core, IfId interface, IpAddress address, TimePoint now) {
  if (interface == IfId::kIdentity) return nullptr;
  ConnLimits& all = core.limits;
  const auto id = static_cast<std::uint8_t>(interface);
  bool fresh = false;
  const std::uint32_t i = all.hosts.Take(id, address, now, fresh);
  if (i == HostTable::kNone) return nullptr;
  if (fresh) {
    all.most_active_hosts[id] = std::max(all.most_active_hosts[id], ++all.active_hosts[id]);
    const Interface* f = core.policy->Find(interface);
    if (f != nullptr) core.log.Log(now, Msg::k609001, LogArg::At(f->name, address));
  }
  return &all.hosts.At(i);
}

void DropHost(EngineCore& core, std::uint32_t i, TimePoint now) {
  ConnLimits& all = core.limits;
  const HostCounters h = all.hosts.At(i);
  if (!h.Empty()) return;
  all.hosts.Remove(i);
  all.active_hosts[h.owner]--;
  const Interface* f = core.policy->Find(static_cast<IfId>(h.owner));
  if (f != nullptr) core.log.Log(now, Msg::k609002, LogArg::At(f->name, h.address), LogArg::Span(now - h.since));
}

void Down(std::uint32_t& n) {
  if (n != 0) n--;
}

void LeaveHost(EngineCore& core, IfId interface, IpAddress address, const Conn& c, bool to_host, TimePoint now) {
  if (interface == IfId::kIdentity) return;
  const std::uint32_t i = core.limits.hosts.Find(static_cast<std::uint32_t>(interface), address);
  if (i == HostTable::kNone) return;
  HostCounters& h = core.limits.hosts.At(i);
  Down(h.Of(c.protocol));
  if ((c.flags & (kConnToBox | kConnFromBox)) != 0) Down(h.box);
  if (c.protocol == 6 && IsEmbryonic(c.tcp_state)) Down(to_host ? h.embryonic_to : h.embryonic_from);
  DropHost(core, i, now);
}

void NoLongerEmbryonic(EngineCore& core, const ConnExtra& extra) {
  if (extra.limit_slot != kNoLimitSlot) Down(core.limits.classes[extra.limit_slot].embryonic);
  if (extra.limit_client != HostTable::kNone) Down(core.limits.clients.At(extra.limit_client).embryonic_from);
}

}  // namespace

ConnLimits::ConnLimits(std::uint32_t max_connections, Random& random)
    : hosts(2 * max_connections, random.U64()), clients(max_connections, random.U64()), cookies(random.U64()) {}

void ConnLimits::UsePolicy(const Policy& policy, TimePoint now) {
  slots.assign(policy.service.size(), kNoLimitSlot);
  may_intercept = false;
  for (std::size_t i = 0; i < policy.service.size(); i++) {
    const ServiceClass& c = policy.service[i];
    if (!c.connection.Limits() && !c.connection.dcd) continue;
    const auto [it, fresh] = slot_by_id.try_emplace(c.id, static_cast<std::uint32_t>(classes.size()));
    if (fresh) classes.push_back({.class_id = c.id});
    slots[i] = it->second;
    may_intercept = may_intercept || c.connection.embryonic_conn_max != 0 || c.connection.per_client_embryonic_max != 0;
  }
  for (const NatRule& r : policy.nat.rules()) may_intercept = may_intercept || r.limits.embryonic != 0;
  stats.Configure(policy.tcp_intercept_stats, now);
}

std::uint32_t ConnLimits::SlotOf(const Policy& policy, const ServiceClass& c) const {
  return slots[static_cast<std::size_t>(&c - policy.service.data())];
}

void WeighLimits(Context& c) {
  if (!Counts(c.packet.protocol) || c.to_box || c.from_box) return;
  if (c.connection_class != nullptr) {
    const std::uint32_t slot = c.core.limits.SlotOf(c.policy, *c.connection_class);
    if (slot != kNoLimitSlot) {
      c.limit = WeighClass(c, slot);
      c.limit.slot = slot;
    }
  }
  if (c.limit.kind != Kind::kNone) return;
  if (const NatLimits* l = LimitsOf(c.destination); l != nullptr && c.out != nullptr) {
    const std::uint32_t slot = c.limit.slot;
    c.limit = WeighHost(c, c.out->id, c.real_dst.address, *l, true);
    c.limit.slot = slot;
  }
}

void WeighSourceLimits(Context& c) {
  const NatLimits* l = LimitsOf(c.source);
  if (l == nullptr || c.limit.kind != Kind::kNone || !Counts(c.packet.protocol)) return;
  const std::uint32_t slot = c.limit.slot;
  c.limit = WeighHost(c, c.in->id, c.packet.key.src, *l, false);
  c.limit.slot = slot;
}

// `show local-host` says what its limits are.
void NoteHostLimits(EngineCore& core, IfId interface, IpAddress host, const NatResult& nat) {
  if (nat.rule == nullptr || !nat.rule->limits.Any()) return;
  const std::uint32_t i = core.limits.hosts.Find(static_cast<std::uint32_t>(interface), host);
  if (i == HostTable::kNone) return;
  HostCounters& h = core.limits.hosts.At(i);
  h.tcp_limit = nat.rule->limits.tcp;
  h.udp_limit = nat.rule->limits.udp;
  h.embryonic_limit = nat.rule->limits.embryonic;
}

void AttachLimits(Context& c) {
  if (c.source.rule != nullptr && c.source.rule->limits.norandomseq) c.randomize = false;
  if (c.destination.rule != nullptr && c.destination.rule->limits.norandomseq) c.randomize = false;
  if (c.connection_class == nullptr) return;
  const ConnectionSettings& s = c.connection_class->connection;
  const bool tracked = c.packet.IsTcp() && !c.state_bypass;
  if (c.limit.slot == kNoLimitSlot && !(tracked && s.idle_reset)) return;
  ConnExtra& extra = c.Extra();
  extra.limit_slot = c.limit.slot;
  extra.limit_by_client = (s.per_client_max | s.per_client_embryonic_max) != 0;
  extra.idle_reset = tracked && s.idle_reset;
  if (tracked && s.dcd) {
    extra.dcd_retry_s = s.dcd->retry_s;
    extra.dcd_max = s.dcd->max_retries;
  }
}

void RefuseForLimit(Context& c) {
  if (c.limit.slot != kNoLimitSlot) c.core.limits.classes[c.limit.slot].dropped++;
  LogLimit(c, c.limit.kind == Kind::kClient ? Msg::k201013 : Msg::k201011);
}

void LogEmbryonicLimit(Context& c) {
  ConnLimits& all = c.core.limits;
  TimePoint& told = c.limit.kind == Kind::kClientEmbryonic ? all.told_client_embryonic : all.told_embryonic;
  if (c.now - told < kQuiet) return;
  told = c.now;
  if (c.limit.kind == Kind::kHostEmbryonic) {
    const Packet& p = c.packet;
    c.core.log.Log(c.now, Msg::k201003, LogArg::Number(c.limit.count), LogArg::Number(c.limit.limit), LogArg::Address(p.key.src),
                   LogArg::Number(p.key.sport), LogArg::Address(p.key.dst), LogArg::Address(c.real_dst.address),
                   LogArg::Number(c.real_dst.port), LogArg::Name(c.InName()));
    return;
  }
  LogLimit(c, c.limit.kind == Kind::kClientEmbryonic ? Msg::k201012 : Msg::k201010);
}

void CountConnection(EngineCore& core, const Conn& c, TimePoint now) {
  const bool embryonic = c.protocol == 6 && IsEmbryonic(c.tcp_state);
  const bool box = (c.flags & (kConnToBox | kConnFromBox)) != 0;
  for (const bool responder : {false, true}) {
    HostCounters* h = responder ? HostOf(core, c.out_parent, c.responder_real, now) : HostOf(core, c.in_parent, c.initiator_real, now);
    if (h == nullptr) continue;
    h->Of(c.protocol)++;
    if (box) h->box++;
    if (embryonic) (responder ? h->embryonic_to : h->embryonic_from)++;
  }
  if (c.extra == kNoExtra) return;
  ConnExtra& extra = core.extras.At(c.extra);
  if (extra.limit_slot == kNoLimitSlot) return;
  ConnLimitCounters& n = core.limits.classes[extra.limit_slot];
  n.connections++;
  if (embryonic) n.embryonic++;
  if (!extra.limit_by_client) return;
  bool fresh = false;
  extra.limit_client = core.limits.clients.Take(n.class_id, c.initiator_real, now, fresh);
  if (extra.limit_client == HostTable::kNone) return;
  HostCounters& client = core.limits.clients.At(extra.limit_client);
  client.Of(c.protocol)++;
  if (embryonic) client.embryonic_from++;
}

void CountHandshakeDone(EngineCore& core, const Conn& c) {
  const auto host = [&](IfId interface, IpAddress address) {
    return interface == IfId::kIdentity ? HostTable::kNone : core.limits.hosts.Find(static_cast<std::uint32_t>(interface), address);
  };
  if (const std::uint32_t i = host(c.in_parent, c.initiator_real); i != HostTable::kNone) Down(core.limits.hosts.At(i).embryonic_from);
  if (const std::uint32_t i = host(c.out_parent, c.responder_real); i != HostTable::kNone) Down(core.limits.hosts.At(i).embryonic_to);
  if (c.extra != kNoExtra) NoLongerEmbryonic(core, core.extras.At(c.extra));
}

void CountConnectionGone(EngineCore& core, const Conn& c, TimePoint now) {
  LeaveHost(core, c.in_parent, c.initiator_real, c, false, now);
  LeaveHost(core, c.out_parent, c.responder_real, c, true, now);
  if (c.extra == kNoExtra) return;
  ConnExtra& extra = core.extras.At(c.extra);
  if (extra.limit_slot == kNoLimitSlot) return;
  if (c.protocol == 6 && IsEmbryonic(c.tcp_state)) NoLongerEmbryonic(core, extra);
  Down(core.limits.classes[extra.limit_slot].connections);
  if (extra.limit_client == HostTable::kNone) return;
  HostCounters& client = core.limits.clients.At(extra.limit_client);
  Down(client.Of(c.protocol));
  if (client.Empty()) core.limits.clients.Remove(extra.limit_client);
}

void CountXlate(EngineCore& core, IfId interface, IpAddress host, bool comes, TimePoint now) {
  if (comes) {
    if (HostCounters* h = HostOf(core, interface, host, now)) h->xlates++;
    return;
  }
  const std::uint32_t i = core.limits.hosts.Find(static_cast<std::uint32_t>(interface), host);
  if (i == HostTable::kNone) return;
  Down(core.limits.hosts.At(i).xlates);
  DropHost(core, i, now);
}

}  // namespace sallyport
