#include "firewall/service_stats.h"

namespace sallyport {
namespace {

std::string NameOf(const Policy& policy, IfId id) {
  const Interface* i = policy.Find(id);
  return i != nullptr ? i->nameif : "";
}

}  // namespace

void ServiceStats::SetPolicy(const Policy& policy, TimePoint now) {
  any_qos_ = false;
  for (auto& [id, c] : classes_) {
    for (auto& direction : c.police) {
      for (auto& [interface, p] : direction) p.on = false;
    }
  }
  for (const ServiceClass& s : policy.service) {
    any_qos_ = any_qos_ || s.police[0] || s.police[1] || s.priority || s.shape;
    ClassCounters& c = classes_[s.id];
    for (int d = 0; d < 2; d++) {
      if (!s.police[d]) continue;
      for (const auto& i : policy.interfaces) {
        if (!i || i->id == IfId::kIdentity || i->nameif.empty() || (s.interface != IfId::kAny && s.interface != i->id)) continue;
        auto [it, fresh] = c.police[d].try_emplace(i->id);
        Policer& p = it->second;
        // Another rate begins with a full bucket; an unchanged line goes on as it was.
        if (fresh || p.police != *s.police[d]) p.bucket.Configure(s.police[d]->rate, s.police[d]->burst, now);
        p.police = *s.police[d];
        p.on = true;
      }
    }
  }
  has_queue_.fill(false);
  any_queue_ = !policy.priority_queues.empty();
  for (const auto& [id, queue] : policy.priority_queues) has_queue_[static_cast<std::size_t>(id)] = true;
}

QosPath ServiceStats::PathOf(const Policy& policy, const ClassFlow& f) {
  QosPath path;
  if (const ServiceClass* s = SelectClass(policy, f, Feature::kPoliceInput)) path.in = &classes_[s->id].police[0][f.in];
  if (const ServiceClass* s = SelectClass(policy, f, Feature::kPoliceOutput)) path.out = &classes_[s->id].police[1][f.out];
  // Without a priority queue on the interface `priority` does nothing.
  if (const ServiceClass* s = HasQueue(f.out) ? SelectClass(policy, f, Feature::kPriority) : nullptr) {
    path.priority = &classes_[s->id].priority[f.out];
  }
  if (const ServiceClass* s = SelectClass(policy, f, Feature::kShape)) path.shape = &classes_[s->id].shape[f.out];
  return path;
}

std::vector<ClassView> ServiceStats::Classes(const Policy& policy, TimePoint now) {
  std::vector<ClassView> views;
  for (const ServiceClass& s : policy.service) {
    ClassView v;
    v.id = s.id;
    ClassCounters& c = classes_[s.id];
    for (int d = 0; d < 2; d++) {
      for (auto& [id, p] : c.police[d]) {
        if (!p.on) continue;
        v.police.push_back({NameOf(policy, id), d == 1, p.police, p.conformed.packets, p.conformed.bytes, p.exceeded.packets, p.exceeded.bytes,
                            p.conformed.BitsPerSecond(now), p.exceeded.BitsPerSecond(now)});
      }
    }
    const auto queues = [&](bool wanted, std::map<IfId, QueueCounters>& from, std::vector<QueueView>& to) {
      for (const auto& i : policy.interfaces) {
        if (!wanted || !i || i->id == IfId::kIdentity || i->nameif.empty() || (s.interface != IfId::kAny && s.interface != i->id)) continue;
        to.push_back({i->nameif, from[i->id]});
      }
    };
    queues(s.priority, c.priority, v.priority);
    queues(s.shape.has_value(), c.shape, v.shape);
    for (const Inspection& i : s.inspections) {
      InspectCounters& n = *i.counters;
      v.inspections.push_back({i.name, n.packets, n.drops, n.reset_drops, n.PerSecond(now)});
    }
    v.ips = c.ips;
    views.push_back(std::move(v));
  }
  return views;
}

std::vector<PriorityQueueView> ServiceStats::Queues(const Policy& policy) const {
  std::vector<PriorityQueueView> views;
  for (const auto& [id, queue] : policy.priority_queues) {
    const auto& counters = queues_[static_cast<std::size_t>(id)];
    views.push_back({NameOf(policy, id), queue, counters[0], counters[1]});
  }
  return views;
}

void ServiceStats::Clear(const Policy& policy, std::uint32_t class_id) {
  for (const ServiceClass& s : policy.service) {
    if (s.id != class_id) continue;
    for (const Inspection& i : s.inspections) i.counters->Clear();
  }
  const auto it = classes_.find(class_id);
  if (it == classes_.end()) return;
  ClassCounters& c = it->second;
  for (auto& direction : c.police) {
    for (auto& [id, p] : direction) p.conformed = p.exceeded = {};
  }
  c.ips = {};
  for (auto* queues : {&c.priority, &c.shape}) {
    for (auto& [id, q] : *queues) q = {};
  }
}

}  // namespace sallyport
