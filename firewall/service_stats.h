// What the classes of service policies have seen and hold back: policers, priority queues, counters. By ServiceClass::id, so
// that they outlive a recompilation; an entry never moves and never goes, so connections point at it. Data thread only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "firewall/burst_rate.h"
#include "firewall/inspect_map.h"
#include "firewall/packet.h"
#include "firewall/policy.h"
#include "firewall/token_bucket.h"

namespace sallyport {

struct RateCounter {
  std::uint64_t packets = 0, bytes = 0;
  BurstRate recent;  // bytes in five minutes
  void Add(TimePoint now, std::uint32_t length) {
    packets++;
    bytes += length;
    recent.Add(now, kSpan, length);
  }
  std::uint64_t BitsPerSecond(TimePoint now) { return recent.Total(now, kSpan) * 8 / kSpan; }
  static constexpr std::uint32_t kSpan = 300;
};

// One `police` line on one interface.
struct Policer {
  Police police;
  bool on = false;  // off: the line is gone; connections that point here pass
  TokenBucket bucket;
  RateCounter conformed, exceeded;
  // False: the packet is to be dropped.
  bool Pass(const Packet& p, TimePoint now) {
    if (!on) return true;
    const std::uint32_t length = p.wire_length;
    const bool conforms = bucket.Take(length, now, p.gso);
    (conforms ? conformed : exceeded).Add(now, length);
    return conforms ? !police.drop_conforming : !police.drop_exceeding;
  }
};

struct QueueCounters {
  std::uint64_t dropped = 0, transmitted = 0, bytes = 0;
};

// What the TCP proxy of an `ips` class has seen: packets that came to it and that it sent, segments that it dropped, resets of its own.
struct ProxyCounters {
  std::uint64_t input = 0, output = 0, drops = 0, resets = 0;
};

struct ClassCounters {
  std::map<IfId, Policer> police[2];  // input, output
  std::map<IfId, QueueCounters> priority, shape;
  ProxyCounters ips;
};

// What of it acts on one direction of a connection.
struct QosPath {
  Policer* in = nullptr;
  Policer* out = nullptr;
  QueueCounters* priority = nullptr;
  QueueCounters* shape = nullptr;
  bool Any() const { return in != nullptr || out != nullptr || priority != nullptr || shape != nullptr; }
};

struct PolicerView {
  std::string interface;
  bool output = false;
  Police police;
  std::uint64_t conformed_packets = 0, conformed_bytes = 0, exceeded_packets = 0, exceeded_bytes = 0;
  std::uint64_t conformed_bps = 0, exceeded_bps = 0;
};
struct QueueView {
  std::string interface;
  QueueCounters counters;
};
struct ClassInspectView {
  std::string name;
  std::uint64_t packets = 0, drops = 0, reset_drops = 0, rate = 0;  // rate: packets per second in five minutes
};
struct ClassView {
  std::uint32_t id = 0;
  std::vector<PolicerView> police;
  std::vector<QueueView> priority, shape;
  std::vector<ClassInspectView> inspections;
  ProxyCounters ips;
};
struct PriorityQueueView {
  std::string interface;
  PriorityQueue queue;
  QueueCounters best_effort, low_latency;
};

class ServiceStats {
 public:
  void SetPolicy(const Policy& policy, TimePoint now);
  bool any_qos() const { return any_qos_; }
  bool any_queue() const { return any_queue_; }

  // What acts on packets of `f`, whose interfaces are known.
  QosPath PathOf(const Policy& policy, const ClassFlow& f);
  ProxyCounters* ProxyOf(std::uint32_t class_id) { return &classes_[class_id].ips; }
  // Packets that leave by an interface with a priority queue.
  QueueCounters& QueueOf(IfId id, bool low_latency) { return queues_[static_cast<std::size_t>(id)][low_latency ? 1 : 0]; }
  bool HasQueue(IfId id) const { return has_queue_[static_cast<std::size_t>(id)]; }

  std::vector<ClassView> Classes(const Policy& policy, TimePoint now);
  std::vector<PriorityQueueView> Queues(const Policy& policy) const;
  // Of one class, with what its inspections have counted.
  void Clear(const Policy& policy, std::uint32_t class_id);

 private:
  std::map<std::uint32_t, ClassCounters> classes_;
  std::array<std::array<QueueCounters, 2>, 256> queues_{};
  std::array<bool, 256> has_queue_{};
  bool any_qos_ = false, any_queue_ = false;
};

}  // namespace sallyport
