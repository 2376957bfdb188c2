// What the appliance wants: another policy, tunnels for its traffic, ends of them; and what its data path tells.
#include <algorithm>

#include "vpn/ike/v2_engine.h"

namespace sallyport {

namespace {

constexpr std::size_t kMostTasks = 4096;

}  // namespace

void V2Engine::UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) {
  t_ = t;
  policy_ = std::move(policy);
  std::vector<SaPtr> all;
  for (const auto& [spi, sa] : sas_) all.push_back(sa);
  for (const SaPtr& sa : all) {
    if (sa->state == SaV2::State::kDead || sa->state == SaV2::State::kEnded) continue;
    const auto on = policy_->ike.find(sa->at);
    if (on == policy_->ike.end() || !on->second.v2 || policy_->Group(sa->tunnel_group) == nullptr) {
      if (sa->established()) {
        EndSa(sa, IkeEnd::kPolicyChanged);
      } else if (on == policy_->ike.end() || !on->second.v2 || !sa->tunnel_group.empty()) {
        DropSa(sa, IkeEnd::kPolicyChanged);
      }
      continue;
    }
    if (sa->state != SaV2::State::kReady) continue;
    // Pairs of entries that are gone go; so does the SA with its last one.
    std::vector<std::uint32_t> gone;
    for (const auto& [in, child] : sa->children) {
      const auto entry = EntryOf(child.sa->key.entry);
      const bool named = entry && (entry->peers.empty() || std::find(entry->peers.begin(), entry->peers.end(),
                                                                     sa->peer.address) != entry->peers.end());
      if (!named) gone.push_back(in);
    }
    if (!gone.empty() && gone.size() == sa->children.size()) {
      EndSa(sa, IkeEnd::kPolicyChanged);
      continue;
    }
    for (const std::uint32_t in : gone) DeleteChild(sa, in, IkeEnd::kPolicyChanged);
  }
}

void V2Engine::Need(std::uint32_t entry_id, const TunnelFlow& flow, Times t) {
  t_ = t;
  const auto entry = EntryOf(entry_id);
  if (!entry || !entry->may_begin || entry->proposals.empty() || entry->peers.empty()) return;
  const auto on = policy_->ike.find(entry->at);
  if (on == policy_->ike.end() || !on->second.v2) return;
  const auto selectors = SelectorsFor(entry_id, flow);
  if (!selectors) return;
  const TrafficSelector local = selectors->first.back(), remote = selectors->second.back();
  const auto covers = [&](const std::vector<TrafficSelector>& list, const TrafficSelector& wanted, IpAddress about) {
    return std::any_of(list.begin(), list.end(), [&](const TrafficSelector& ts) {
      return InsideTs(HostSelector(about, wanted.protocol, wanted.ports), ts);
    });
  };
  // Is it there already, or being asked for?
  for (const auto& [spi, sa] : sas_) {
    if (sa->state == SaV2::State::kEnded || sa->state == SaV2::State::kDeleting) continue;
    for (const auto& [in, child] : sa->children) {
      if (child.sa->key.entry == entry_id && !child.deleting && covers(child.sa->key.local, local, flow.src) &&
          covers(child.sa->key.remote, remote, flow.dst))
        return;
    }
    const auto same = [&](const TaskV2& task) {
      return task.kind == TaskV2::Kind::kChild && task.entry == entry_id && task.local.back() == local &&
             task.remote.back() == remote;
    };
    if (sa->current != nullptr && same(*sa->current)) return;
    if (std::any_of(sa->queue.begin(), sa->queue.end(), [&](const auto& task) { return same(*task); })) return;
    if (sa->initiator && !sa->established() && sa->entry == entry_id && !sa->local_ts.empty() &&
        sa->local_ts.back() == local && sa->remote_ts.back() == remote)
      return;
  }
  if (const SaPtr sa = FindReady(*entry)) {
    if (sa->queue.size() >= kMostTasks) return;
    auto task = std::make_unique<TaskV2>();
    task->kind = TaskV2::Kind::kChild;
    task->entry = entry_id;
    task->flow = flow;
    task->local = selectors->first;
    task->remote = selectors->second;
    Enqueue(sa, std::move(task));
    return;
  }
  for (std::size_t i = 0; i < entry->peers.size(); ++i) {
    if (Begin(entry_id, flow, i)) return;
  }
}

void V2Engine::Event(const TunnelEvent& e, Times t) {
  t_ = t;
  if (policy_ == nullptr) return;
  ChildV2* child = nullptr;
  switch (e.what) {
    case TunnelEvent::What::kRekey: {
      const SaPtr sa = SaOfChild(e.spi_in, child);
      if (sa != nullptr) child->soft = t_.now;
      if (sa != nullptr) AdvanceSa(sa);
      return;
    }
    case TunnelEvent::What::kExpired: {
      const SaPtr sa = SaOfChild(e.spi_in, child);
      if (sa != nullptr) DeleteChild(sa, e.spi_in, IkeEnd::kMaxTime);
      return;
    }
    case TunnelEvent::What::kFirstPacket: {
      const SaPtr sa = SaOfChild(e.spi_in, child);
      if (sa == nullptr || !child->waits || child->replaced || child->deleting) return;
      UseOutbound(e.spi_in);
      return;
    }
    case TunnelEvent::What::kInvalidSpi: {
      for (const auto& [spi, sa] : sas_) {
        if (sa->state != SaV2::State::kReady || sa->peer.address != e.peer.address || sa->at != e.at) continue;
        const auto asked = [&](const TaskV2& task) {
          return task.kind == TaskV2::Kind::kInvalidSpi && task.spis[0] == e.spi;
        };
        if ((sa->current != nullptr && asked(*sa->current)) || sa->queue.size() > 16 ||
            std::any_of(sa->queue.begin(), sa->queue.end(), [&](const auto& task) { return asked(*task); }))
          return;
        auto task = std::make_unique<TaskV2>();
        task->kind = TaskV2::Kind::kInvalidSpi;
        task->spis = {e.spi};
        const SaPtr keep = sa;
        Enqueue(keep, std::move(task));
        return;
      }
      return;
    }
    case TunnelEvent::What::kMovedPeer: {
      const SaPtr sa = SaOfChild(e.spi_in, child);
      if (sa == nullptr || !sa->nat_outside || e.peer == sa->peer) return;
      sa->peer = e.peer;
      for (const auto& [spi, c] : sa->children) host_.MovePeer(spi, sa->peer);
      return;
    }
    default:
      return;
  }
}

std::uint32_t V2Engine::Clear(const IkeClear& what, Times t) {
  t_ = t;
  if (what.version == 1) return 0;
  std::uint32_t count = 0;
  std::vector<SaPtr> all;
  for (const auto& [spi, sa] : sas_) all.push_back(sa);
  for (const SaPtr& sa : all) {
    if (sa->state == SaV2::State::kDead || sa->state == SaV2::State::kEnded || sa->state == SaV2::State::kDeleting) continue;
    if (what.peer && *what.peer != sa->peer.address) continue;
    if (what.ike_sa && *what.ike_sa != sa->number) continue;
    if (what.spi_in || what.entry || what.ipsec_only) {
      std::vector<std::uint32_t> spis;
      for (const auto& [in, child] : sa->children) {
        if (what.spi_in && in != *what.spi_in) continue;
        if (what.entry && child.sa->key.entry != *what.entry) continue;
        if (!child.deleting) spis.push_back(in);
      }
      for (const std::uint32_t in : spis) {
        // The operator sees them gone at once; the peer is told as soon as it can be.
        const auto i = sa->children.find(in);
        if (i == sa->children.end()) continue;
        DeleteChild(sa, in, what.why);
        ++count;
      }
      continue;
    }
    ++count;
    EndSa(sa, what.why);
  }
  return count;
}

}  // namespace sallyport
