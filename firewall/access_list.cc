#include "firewall/access_list.h"

#include <algorithm>
#include <utility>

#include "firewall/flow_classifier.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kSctp = 132;

bool HasPorts(std::uint8_t protocol) {
  return protocol == static_cast<std::uint8_t>(IpProtocol::kTcp) ||
         protocol == static_cast<std::uint8_t>(IpProtocol::kUdp) || protocol == kSctp;
}

bool IsIcmp(std::uint8_t protocol) {
  return protocol == static_cast<std::uint8_t>(IpProtocol::kIcmp) ||
         protocol == static_cast<std::uint8_t>(IpProtocol::kIcmp6);
}

// The classifier knows ports only; the ICMP type takes the place of the destination port.
FlowPattern PatternOf(const AclElement& e, std::uint32_t index) {
  FlowPattern p{index, e.protocol, e.src, e.dst, {}, {}};
  if (HasPorts(e.protocol)) {
    p.sport = e.sport;
    p.dport = e.dport;
  } else if (IsIcmp(e.protocol) && e.icmp_type >= 0) {
    p.dport = {static_cast<std::uint16_t>(e.icmp_type), static_cast<std::uint16_t>(e.icmp_type)};
  }
  return p;
}

}  // namespace

AddressSet::AddressSet(std::vector<AddressRange> of) {
  std::sort(of.begin(), of.end(), [](const AddressRange& a, const AddressRange& b) { return a.first < b.first; });
  for (const AddressRange& r : of) {
    if (!ranges.empty() && r.first <= ranges.back().last.Plus(1)) {
      ranges.back().last = std::max(ranges.back().last, r.last);
    } else {
      ranges.push_back(r);
    }
  }
}

bool AddressSet::Contains(IpAddress a) const {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), a, [](IpAddress x, const AddressRange& r) { return x < r.first; });
  return after != ranges.begin() && a <= std::prev(after)->last;
}

bool Matches(const AclElement& e, const AclQuery& q) {
  if (!e.InForce()) return false;
  if (e.protocol != 0 && e.protocol != q.protocol) return false;
  if (!e.src.Contains(q.src) || !e.dst.Contains(q.dst) || !e.InSets(q.src, q.dst)) return false;
  if (HasPorts(e.protocol)) return e.sport.Contains(q.sport) && e.dport.Contains(q.dport);
  if (IsIcmp(e.protocol)) {
    return (e.icmp_type < 0 || e.icmp_type == q.icmp_type) && (e.icmp_code < 0 || e.icmp_code == q.icmp_code);
  }
  return true;
}

struct AccessList::Classifier {
  FlowClassifier flows;
};

AccessList::AccessList(std::string name, std::uint32_t name_hash, std::vector<AclLine> lines,
                       std::vector<AclElement> elements)
    : name_(std::move(name)),
      name_id_(InternName(name_)),
      name_hash_(name_hash),
      lines_(std::move(lines)),
      elements_(std::move(elements)) {
  std::vector<FlowPattern> patterns;
  patterns.reserve(elements_.size());
  for (std::uint32_t i = 0; i < elements_.size(); i++) {
    const AclElement& e = elements_[i];
    const AddressSet* set = e.src_set.get();
    if (e.dst_set != nullptr && (set == nullptr || e.dst_set->ranges.size() < set->ranges.size())) set = e.dst_set.get();
    has_conditions_ = has_conditions_ || e.time_range != nullptr || set != nullptr;
    if (e.inactive || e.unknown) continue;
    patterns.push_back(PatternOf(e, i));
    if (set == nullptr) continue;
    // The smaller group is looked up by its members; whether the other has the address is asked of the set.
    const FlowPattern around = patterns.back();
    patterns.pop_back();
    for (const AddressRange& r : set->ranges) {
      patterns.push_back(around);
      (set == e.src_set.get() ? patterns.back().src : patterns.back().dst) = r;
    }
  }
  classifier_ = std::make_unique<Classifier>(Classifier{FlowClassifier(std::move(patterns))});
}

AccessList::~AccessList() = default;

const AclElement* AccessList::Find(const AclQuery& q) const {
  const bool icmp = IsIcmp(q.protocol);
  const std::uint16_t dport = icmp ? std::uint16_t{q.icmp_type} : q.dport;
  const FlowProbe probe{q.src, q.dst, q.sport, dport, q.protocol};
  const std::uint32_t found = classifier_->flows.First(probe, [&](std::uint32_t i) {
    if (!icmp && !has_conditions_) return true;
    const AclElement& e = elements_[i];
    if (!e.Scheduled() || !e.InSets(q.src, q.dst)) return false;
    if (!icmp) return true;
    return e.protocol == 0 || e.icmp_code < 0 || e.icmp_code == q.icmp_code;
  });
  return found == FlowClassifier::kNone ? nullptr : &elements_[found];
}

std::shared_ptr<const AccessList> AlwaysInForce(const std::shared_ptr<const AccessList>& list) {
  std::vector<AclElement> elements;
  bool differs = false;
  for (const AclElement& e : list->elements()) differs = differs || e.inactive || e.time_range != nullptr;
  if (!differs) return list;
  elements = list->elements();
  for (AclElement& e : elements) {
    e.inactive = false;
    e.time_range = nullptr;
  }
  return std::make_shared<const AccessList>(list->name(), list->name_hash(), list->lines(), std::move(elements));
}

}  // namespace sallyport
