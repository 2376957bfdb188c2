#include "firewall/access_list.h"

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

bool Matches(const AclElement& e, const AclQuery& q) {
  if (!e.InForce()) return false;
  if (e.protocol != 0 && e.protocol != q.protocol) return false;
  if (!e.src.Contains(q.src) || !e.dst.Contains(q.dst)) return false;
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
    has_time_ranges_ = has_time_ranges_ || elements_[i].time_range != nullptr;
    if (!elements_[i].inactive && !elements_[i].unknown) patterns.push_back(PatternOf(elements_[i], i));
  }
  classifier_ = std::make_unique<Classifier>(Classifier{FlowClassifier(std::move(patterns))});
}

AccessList::~AccessList() = default;

const AclElement* AccessList::Find(const AclQuery& q) const {
  const bool icmp = IsIcmp(q.protocol);
  const std::uint16_t dport = icmp ? std::uint16_t{q.icmp_type} : q.dport;
  const FlowProbe probe{q.src, q.dst, q.sport, dport, q.protocol};
  const std::uint32_t found = classifier_->flows.First(probe, [&](std::uint32_t i) {
    if (!icmp && !has_time_ranges_) return true;
    const AclElement& e = elements_[i];
    if (!e.Scheduled()) return false;
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
