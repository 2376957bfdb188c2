// What show and clear commands ask the engine: copies of its tables, a page at a time.
#include <algorithm>

#include "firewall/engine_impl.h"
#include "firewall/protection.h"

namespace sallyport {

namespace {

bool InState(const Conn& c, std::string_view state) {
  const bool outbound = (c.flags & kConnOutbound) != 0;
  const std::uint8_t inside_fin = c.side[outbound ? 0 : 1].flags & kTcpSideFin;
  const std::uint8_t outside_fin = c.side[outbound ? 1 : 0].flags & kTcpSideFin;
  const bool tcp = c.protocol == 6;
  if (state == "up") return tcp && !IsEmbryonic(c.tcp_state);
  if (state == "tcp_embryonic") return tcp && IsEmbryonic(c.tcp_state);
  if (state == "conn_inbound") return !outbound;
  if (state == "vpn_orphan") return (c.flags & kConnVpnOrphan) != 0;
  if (state == "finin") return tcp && inside_fin != 0;
  if (state == "finout") return tcp && outside_fin != 0;
  if (state == "data_in") return (c.flags & (outbound ? kConnDataReverse : kConnDataForward)) != 0;
  if (state == "data_out") return (c.flags & (outbound ? kConnDataForward : kConnDataReverse)) != 0;
  return false;
}

// One of the ends is in `one`, and the other in `other` where that is given.
template <typename Range, typename Value>
bool EndsIn(const std::optional<Range>& one, const std::optional<Range>& other, const Value (&initiator)[2], const Value (&responder)[2]) {
  const auto in = [](const Range& r, const Value (&v)[2]) { return r.Contains(v[0]) || r.Contains(v[1]); };
  if (!one) return true;
  if (!other) return in(*one, initiator) || in(*one, responder);
  return (in(*one, initiator) && in(*other, responder)) || (in(*one, responder) && in(*other, initiator));
}

}  // namespace

bool ConnFilter::Matches(const Conn& c) const {
  if (nobody) return false;
  if (!include_box && (c.flags & (kConnToBox | kConnFromBox)) != 0) return false;
  if (protocol && *protocol != c.protocol) return false;
  if (!EndsIn<AddressRange, IpAddress>(address, peer_address, {c.initiator_real, c.initiator_mapped}, {c.responder_real, c.responder_mapped})) {
    return false;
  }
  if (!EndsIn<PortRange, std::uint16_t>(port, peer_port, {c.initiator_real_port, c.initiator_mapped_port},
                                        {c.responder_real_port, c.responder_mapped_port})) {
    return false;
  }
  for (const std::vector<IfId>& zone : zones) {
    const auto in = [&zone](IfId id) { return std::find(zone.begin(), zone.end(), id) != zone.end(); };
    if (!in(c.in_if) && !in(c.out_if)) return false;
  }
  return states.empty() || std::any_of(states.begin(), states.end(), [&](const std::string& s) { return InState(c, s); });
}

void Describe(const Policy& policy, IfId id, std::string& name, int& level) {
  if (id == IfId::kIdentity) {
    name = "identity";
    level = 100;
    return;
  }
  const Interface* i = policy.Find(id);
  name = i != nullptr ? i->nameif : "";
  level = i != nullptr ? i->security_level : 0;
}

void DescribeEnds(const Policy& policy, ConnView& view) {
  const Conn& c = view.conn;
  const auto zone = [&policy](IfId id) {
    const Interface* f = policy.Find(id);
    const Zone* z = f != nullptr ? policy.FindZone(f->zone) : nullptr;
    return z != nullptr ? z->name : std::string();
  };
  const auto end = [&](IfId now, IfId parent, std::string& name, int& level, std::string& in_zone, std::string& current) {
    in_zone = zone(now);
    Describe(policy, in_zone.empty() ? now : parent, name, level);
    int same_level = 0;
    if (!in_zone.empty() && now != parent) Describe(policy, now, current, same_level);
  };
  end(c.in_if, c.in_parent, view.in_name, view.in_level, view.in_zone, view.in_now);
  end(c.out_if, c.out_parent, view.out_name, view.out_level, view.out_zone, view.out_now);
}

// Connections that inspections expect stand behind those that are there. They are few (PinholeTable is bounded).
void AddExpected(const EngineCore& e, const ConnFilter& filter, ConnPage& page) {
  e.pinholes.ForEach([&](PinholeIndex, const Pinhole& hole) {
    ConnView view;
    Conn& c = view.conn;
    c.protocol = hole.protocol;
    c.id = hole.id;
    c.in_if = c.in_parent = hole.ingress;
    c.out_if = c.out_parent = hole.egress;
    c.initiator_real = hole.src;
    c.initiator_mapped = hole.src_mapped.IsNone() ? hole.src : hole.src_mapped;
    c.initiator_real_port = c.initiator_mapped_port = hole.sport;
    c.responder_mapped = hole.dst;
    c.responder_mapped_port = hole.dport;
    c.responder_real = hole.real_dst.address;
    c.responder_real_port = hole.real_dst.port;
    c.created = c.last_packet = hole.created;
    c.timeout_s = static_cast<std::uint32_t>((hole.deadline - hole.created).seconds());
    if (hole.outbound) c.flags |= kConnOutbound;
    if (!filter.Matches(c)) return;
    DescribeEnds(*e.policy, view);
    view.expected = true;
    page.conns.push_back(std::move(view));
  });
}

ConnPage Engine::Conns(const ConnFilter& filter, std::uint32_t cursor, std::uint32_t limit, TimePoint now) const {
  const Impl& e = *impl_;
  ConnPage page;
  page.now = now;
  page.in_use = e.conns.count() + e.pinholes.count();
  page.most_used = std::max(e.conns.most_used(), page.in_use);
  const std::uint32_t end = e.conns.slots();
  const std::uint32_t stop = std::min<std::uint64_t>(end, std::uint64_t{cursor} + kScanLimit);
  for (; cursor < stop && page.conns.size() < limit; cursor++) {
    if (!e.conns.Live(cursor)) continue;
    const Conn& c = e.conns.At(cursor);
    if (!filter.Matches(c)) continue;
    ConnView view;
    view.conn = c;
    DescribeEnds(*e.policy, view);
    page.conns.push_back(std::move(view));
  }
  page.next_cursor = cursor < end ? cursor : 0;
  if (page.next_cursor == 0) AddExpected(e, filter, page);
  return page;
}

std::pair<std::uint32_t, std::uint32_t> Engine::ConnCount() const { return {impl_->conns.count(), impl_->conns.most_used()}; }

Protection Engine::protection() { return Protection(*impl_); }

std::uint32_t Engine::ClearConns(const ConnFilter& filter, TimePoint now) {
  Impl& e = *impl_;
  std::uint32_t ended = 0;
  for (ConnIndex i = 0; i < e.conns.slots(); i++) {
    if (!e.conns.Live(i) || !filter.Matches(e.conns.At(i))) continue;
    EndConnection(e, i, {e.conns.At(i).protocol == 6 ? "Conn-timeout" : nullptr, IfId::kAny}, now);
    ended++;
  }
  return ended;
}

}  // namespace sallyport
