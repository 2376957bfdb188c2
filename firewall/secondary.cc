// Secondary connections: expected by an inspection, let through without an access list, translated as their control connection
// is, and ended with it.
//
// Source: ASA syslog guide, 302013 ("outbound" is what the control connection is) and 302014 ("Pinhole Timeout"); configuration
// guide, "Guidelines for application inspection": at most 200 active data connections for each control connection.
#include "firewall/pipeline.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kMaxSecondaries = 200;
// How long a connection is waited for; no document says it. A client that has told its port may take its time with the command
// that uses it.
constexpr Duration kPinholeLifetime = Duration::Seconds(120);

bool LiveConn(const EngineCore& core, std::uint32_t index, std::uint32_t id) {
  return index < core.conns.slots() && core.conns.Live(index) && core.conns.At(index).id == id;
}

// A translation made for a flow that came to nothing.
void Discard(EngineCore& core, XlateIndex i, TimePoint now) {
  if (i == kNoXlate) return;
  const Xlate& x = core.xlates.Get(i);
  if (x.connections == 0 && x.created == now) core.xlates.Remove(i);
}

void Free(EngineCore& core, const Pinhole& hole, TimePoint now) {
  if (hole.dst_xlate != kNoXlate && core.xlates.DropConnection(hole.dst_xlate, now)) EndXlate(core, hole.dst_xlate, now);
}

struct Translation {
  Endpoint mapped;
  XlateIndex xlate = kNoXlate;
  bool ok = false;
};

// What `real`, behind `key.ingress`, is to a peer behind `egress`, at the address `wanted` at which the control connection is.
Translation TranslateTo(EngineCore& core, const FlowKey& key, IfId egress, const Endpoint& peer, IpAddress wanted, TimePoint now) {
  const NatTable& nat = core.policy->nat;
  const NatResult r = Translate(nat, core.xlates, key, egress, peer, core.XlateTimeoutsNow(), now, true);
  if (!r.failed && r.endpoint.address == wanted) return {r.endpoint, r.xlate, true};
  if (!r.failed) Discard(core, r.xlate, now);
  if (wanted == key.src) return {{key.src, key.sport}, kNoXlate, true};
  // A port of the address that the control connection has. The rule is the one by which that is translated; any will do to say
  // whose translation it is.
  const NatRule* rule = nullptr;
  for (const NatRule& candidate : nat.rules()) {
    if (candidate.inactive) continue;
    for (const AddressRange& range : candidate.mapped_src) {
      if (range.Contains(wanted)) rule = &candidate;
    }
    if (candidate.mapped_is_interface && candidate.interface_address == wanted) rule = &candidate;
    if (rule != nullptr) break;
  }
  if (rule == nullptr) return {};
  const XlateIndex i = core.xlates.CreateAt(*rule, {key.protocol, key.ingress, egress, {key.src, key.sport}, peer}, wanted,
                                            core.XlateTimeoutsNow(), now, &nat);
  if (i == kNoXlate) return {};
  return {core.xlates.Get(i).mapped, i, true};
}

}  // namespace

std::optional<Endpoint> InspectCall::ExpectConnection(std::uint8_t protocol, const Endpoint& real, std::uint16_t peer_port) {
  EngineCore& core = core_;
  const bool forward = FromInitiator();
  const IfId here = forward ? conn.in_if : conn.out_if;
  const IfId there = forward ? conn.out_if : conn.in_if;
  const IpAddress own_mapped = forward ? conn.initiator_mapped : conn.responder_mapped;
  const IpAddress peer_real = forward ? conn.responder_real : conn.initiator_real;
  const IpAddress peer_mapped = forward ? conn.responder_mapped : conn.initiator_mapped;

  std::uint32_t live = core.pinholes.CountOfParent(conn.id);
  if (extra_ != nullptr) {
    std::erase_if(extra_->secondaries, [&](const auto& s) { return !LiveConn(core, s.first, s.second); });
    live += static_cast<std::uint32_t>(extra_->secondaries.size());
  }
  if (live >= kMaxSecondaries) return {};

  const FlowKey key{real.address, peer_mapped, real.port, peer_port, protocol, here};
  const Translation t = TranslateTo(core, key, there, {peer_real, peer_port}, own_mapped, now);
  if (!t.ok) return {};
  // The same announcement again (a client that repeats itself) does not open a second hole.
  const PinholeIndex same = core.pinholes.Find({peer_real, t.mapped.address, peer_port, t.mapped.port, protocol, there});
  if (same != kNoPinhole && core.pinholes.At(same).parent_id == conn.id) return t.mapped;

  Pinhole hole;
  hole.protocol = protocol;
  hole.ingress = there;
  hole.src = peer_real;
  hole.sport = peer_port;
  hole.dst = t.mapped.address;
  hole.dport = t.mapped.port;
  hole.egress = here;
  hole.real_dst = real;
  hole.dst_xlate = t.xlate;
  if (peer_mapped != peer_real) hole.src_mapped = peer_mapped;
  hole.outbound = (conn.flags & kConnOutbound) != 0;
  hole.parent = index_;
  hole.parent_id = conn.id;
  hole.id = core.next_conn_id;
  hole.created = now;
  hole.deadline = now + kPinholeLifetime;
  if (core.pinholes.Open(hole) == kNoPinhole) {
    Discard(core, t.xlate, now);
    return {};
  }
  core.NextConnId();
  if (t.xlate != kNoXlate) {
    const Xlate& x = core.xlates.Get(t.xlate);
    if (x.connections == 0 && x.created == now) LogXlateBuilt(core, t.xlate, now);
    core.xlates.AddConnection(t.xlate);
  }
  return t.mapped;
}

Verdict PinholeDestination(Context& c) {
  const Pinhole& hole = c.core.pinholes.At(c.pinhole);
  c.real_dst = hole.real_dst;
  c.egress = hole.egress;
  c.destination.endpoint = hole.real_dst;
  c.destination.xlate = hole.dst_xlate;
  c.out = c.policy.Find(c.egress);
  return c.out != nullptr && c.out->InUse() ? Verdict::kContinue : c.Drop(FrameDrop::kInterfaceDown);
}

Verdict PinholeSource(Context& c) {
  const Pinhole& hole = c.core.pinholes.At(c.pinhole);
  const Packet& p = c.packet;
  if (hole.src_mapped.IsNone()) return Verdict::kContinue;  // nor is the control connection's
  const Translation t = TranslateTo(c.core, p.key, c.egress, c.real_dst, hole.src_mapped, c.now);
  if (!t.ok) return c.Drop(FrameDrop::kNatXlateFailed);
  c.source.endpoint = t.mapped;
  c.source.xlate = t.xlate;
  c.source_mapped = true;
  return Verdict::kContinue;
}

void UsePinhole(Context& c, ConnIndex made) {
  EngineCore& core = c.core;
  const Pinhole hole = core.pinholes.At(c.pinhole);
  core.pinholes.Close(c.pinhole);
  Free(core, hole, c.now);  // the connection holds the translation now
  if (!LiveConn(core, hole.parent, hole.parent_id)) return;
  SaveConnection(core, hole.parent);
  Conn& parent = core.conns.At(hole.parent);
  if (parent.extra == kNoExtra) return;
  core.extras.At(parent.extra).secondaries.emplace_back(made, core.conns.At(made).id);
}

void ExpirePinhole(EngineCore& core, PinholeIndex i, TimePoint now) {
  const Pinhole hole = core.pinholes.At(i);
  core.pinholes.Close(i);
  core.drops.Count(FlowDrop::kPinholeTimeout);
  Free(core, hole, now);
}

void EndSecondaries(EngineCore& core, ConnIndex parent, std::uint32_t parent_id,
                    const std::vector<std::pair<std::uint32_t, std::uint32_t>>& connections, TimePoint now) {
  for (PinholeIndex i; (i = core.pinholes.OfParent(parent, parent_id)) != kNoPinhole;) {
    const Pinhole hole = core.pinholes.At(i);
    core.pinholes.Close(i);
    Free(core, hole, now);
  }
  for (const auto& [index, id] : connections) {
    if (LiveConn(core, index, id)) EndConnection(core, index, {"Parent flow is closed", IfId::kAny}, now);
  }
}

}  // namespace sallyport
