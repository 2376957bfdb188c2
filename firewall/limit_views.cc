// What show and clear commands ask about local hosts, limits and TCP intercept.
#include <algorithm>

#include "firewall/engine_impl.h"

namespace sallyport {

LocalHostPage Engine::LocalHosts(std::optional<IpAddress> address, std::uint32_t cursor, std::uint32_t limit) const {
  const Impl& e = *impl_;
  const HostTable& hosts = e.limits.hosts;
  LocalHostPage page;
  const std::uint32_t end = hosts.slots();
  const auto stop = static_cast<std::uint32_t>(std::min<std::uint64_t>(end, std::uint64_t{cursor} + kScanLimit));
  for (; cursor < stop && page.hosts.size() < limit; cursor++) {
    if (!hosts.Live(cursor)) continue;
    const HostCounters& h = hosts.At(cursor);
    if (address && h.address != *address) continue;
    LocalHostView v;
    int level = 0;
    Describe(*e.policy, static_cast<IfId>(h.owner), v.interface, level);
    v.address = h.address;
    v.tcp = h.tcp;
    v.udp = h.udp;
    v.sctp = h.sctp;
    v.other = h.other;
    v.embryonic = h.embryonic_to;
    v.embryonic_from = h.embryonic_from;
    v.box = h.box;
    v.xlates = h.xlates;
    v.tcp_limit = h.tcp_limit;
    v.udp_limit = h.udp_limit;
    v.embryonic_limit = h.embryonic_limit;
    page.hosts.push_back(std::move(v));
  }
  page.next_cursor = cursor < end ? cursor : 0;
  return page;
}

std::vector<LocalHostTotals> Engine::LocalHostCounts() const {
  const Impl& e = *impl_;
  std::vector<LocalHostTotals> all;
  for (const auto& i : e.policy->interfaces) {
    if (!i || i->id == IfId::kIdentity || !i->InUse()) continue;
    const auto id = static_cast<std::size_t>(i->id);
    all.push_back({i->nameif, e.limits.active_hosts[id], e.limits.most_active_hosts[id]});
  }
  return all;
}

std::uint32_t Engine::LocalHostCount() const { return impl_->limits.hosts.count(); }

FlowRefPage Engine::Flows(const ConnFilter& filter, std::uint32_t cursor) const {
  const Impl& e = *impl_;
  FlowRefPage page;
  const std::uint32_t end = e.conns.slots();
  const auto stop = static_cast<std::uint32_t>(std::min<std::uint64_t>(end, std::uint64_t{cursor} + kScanLimit));
  for (; cursor < stop; cursor++) {
    if (!e.conns.Live(cursor)) continue;
    const Conn& c = e.conns.At(cursor);
    if (filter.Matches(c)) page.flows.push_back({cursor, c.id, c.in_parent, c.out_parent, c.initiator_real, c.responder_real});
  }
  page.next_cursor = cursor < end ? cursor : 0;
  return page;
}

std::vector<ConnView> Engine::ConnsOf(std::span<const FlowRef> flows) const {
  const Impl& e = *impl_;
  std::vector<ConnView> views;
  views.reserve(flows.size());
  for (const FlowRef& f : flows) {
    if (!e.conns.Live(f.index) || e.conns.At(f.index).id != f.id) continue;
    ConnView v;
    v.conn = e.conns.At(f.index);
    DescribeEnds(*e.policy, v);
    views.push_back(std::move(v));
  }
  return views;
}

std::vector<ConnLimitCounters> Engine::LimitCounters() const {
  const ConnLimits& all = impl_->limits;
  std::vector<ConnLimitCounters> list;
  for (const std::uint32_t slot : all.slots) {
    if (slot != kNoLimitSlot) list.push_back(all.classes[slot]);
  }
  return list;
}

InterceptCounters Engine::Intercepts() const { return impl_->limits.intercept; }

std::vector<InterceptedServer> Engine::InterceptedServers(std::size_t limit, TimePoint now) const {
  return impl_->limits.stats.Top(limit, now);
}

void Engine::ClearInterceptStatistics() { impl_->limits.stats.Clear(); }

void Engine::ClearLocalHosts(std::optional<IpAddress> address, bool box, TimePoint now) {
  Impl& e = *impl_;
  for (ConnIndex i = 0; i < e.conns.slots(); i++) {
    if (!e.conns.Live(i)) continue;
    const Conn& c = e.conns.At(i);
    if (!box && (c.flags & (kConnToBox | kConnFromBox)) != 0) continue;
    if (address && c.initiator_real != *address && c.responder_real != *address) continue;
    EndConnection(e, i, {c.protocol == 6 ? "Host is removed" : nullptr, IfId::kAny}, now);
  }
  std::vector<XlateIndex> gone;
  e.xlates.Walk(0, 0xffffffff, [&](XlateIndex i, const Xlate& x) {
    if (x.connections == 0 && (!address || x.real.address == *address)) gone.push_back(i);
  });
  for (const XlateIndex i : gone) EndXlate(e, i, now);
}

}  // namespace sallyport
