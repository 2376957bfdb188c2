#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "firewall/flow_classifier.h"
#include "firewall/nat.h"
#include "firewall/nat_rule.h"

namespace sallyport {
namespace {

// Orders in the classifiers: both faces of a rule, source face first.
std::uint32_t OrderOf(std::size_t rule, NatFace face) {
  return static_cast<std::uint32_t>(rule * 2 + (face == NatFace::kDestination ? 1 : 0));
}
NatFace FaceOf(std::uint32_t order) { return order % 2 == 0 ? NatFace::kSource : NatFace::kDestination; }

std::vector<AddressRange> OrAny(std::span<const AddressRange> ranges) {
  if (ranges.empty()) return {AddressRange::Of(Prefix::Any())};
  return {ranges.begin(), ranges.end()};
}

// One range around all when there are many of them: the classifier may find too much, the rule itself decides.
constexpr std::size_t kMaxPairs = 4096;
AddressRange Cover(const std::vector<AddressRange>& ranges) {
  AddressRange all = ranges[0];
  for (const AddressRange& r : ranges) all = {std::min(all.first, r.first), std::max(all.last, r.last)};
  return all;
}

// The classifier knows ports of patterns with a protocol only.
void AddPatterns(std::vector<FlowPattern>& out, std::uint32_t order, std::uint8_t protocol, std::vector<AddressRange> srcs,
                 const PortRange& sport, std::vector<AddressRange> dsts, const PortRange& dport) {
  if (srcs.size() * dsts.size() > kMaxPairs) {
    auto& longer = srcs.size() > dsts.size() ? srcs : dsts;
    longer = {Cover(longer)};
  }
  const bool ports = protocol != 0;
  for (const AddressRange& src : srcs) {
    for (const AddressRange& dst : dsts) {
      out.push_back({order, protocol, src, dst, ports ? sport : PortRange{}, ports ? dport : PortRange{}});
    }
  }
}

struct PortOwner {
  IfId mapped_if;
  std::uint8_t protocol;
  PortRange ports;
};

// Static PAT owns ports only of single addresses in practice; a rule with more is left to the order of lookups.
constexpr std::uint64_t kMaxOwnedAddresses = 256;

}  // namespace

struct NatTable::Index {
  std::vector<NatRule> rules;
  std::unordered_map<std::uint32_t, std::uint32_t> by_id;
  FlowClassifier untranslate;
  FlowClassifier translate;
  struct Owned {
    IfId mapped_if;
    std::uint8_t protocol;
    std::vector<PortRange> ports;  // sorted, merged
  };
  std::unordered_map<IpAddress, std::vector<Owned>> owned;
  FlowClassifier shared;                 // by destination: addresses that dynamic rules share by port; order: rule
  FlowClassifier dns_real, dns_mapped;   // by destination: real and mapped addresses of static rules with `dns`
  std::vector<const NatRule*> dynamic_dns;
  bool dns = false;
  bool crosses = false, dns_crosses = false, maps_to_ipv6 = false;

  explicit Index(std::vector<NatRule> given) : rules(std::move(given)) {
    std::vector<FlowPattern> un, tr, pat, by_real, by_mapped;
    std::unordered_map<IpAddress, std::vector<PortOwner>> owners;
    for (std::uint32_t i = 0; i < rules.size(); i++) {
      const NatRule& r = rules[i];
      by_id.emplace(r.id, i);
      if (r.inactive) continue;
      const std::uint8_t protocol = r.service_protocol;
      const auto real_src = OrAny(r.real_src);
      const auto real_dst = OrAny(r.real_dst.empty() ? r.mapped_dst : r.real_dst);
      const auto mapped_dst = OrAny(r.mapped_dst.empty() ? r.real_dst : r.mapped_dst);
      AddressRange storage;
      const auto mapped = MappedRanges(r, storage);
      AddPatterns(tr, OrderOf(i, NatFace::kSource), protocol, real_src, r.real_sport, real_dst, r.real_dport);
      if (HasDestination(r)) {
        AddPatterns(un, OrderOf(i, NatFace::kDestination), protocol, real_src, r.real_sport, mapped_dst, r.mapped_dport);
        AddPatterns(tr, OrderOf(i, NatFace::kDestination), protocol, real_dst, r.real_dport, real_src, r.real_sport);
      }
      if (r.kind != NatRule::Kind::kStatic) CollectShared(r, i, mapped, pat);
      if (r.dns && r.kind != NatRule::Kind::kStatic) dynamic_dns.push_back(&r);
      dns = dns || r.dns;
      crosses = crosses || CrossesFamilies(r);
      for (const auto* ranges : {&r.mapped_src, &r.pat_src, &r.mapped_dst}) {
        maps_to_ipv6 = maps_to_ipv6 || (!ranges->empty() && !ranges->front().first.IsV4());
      }
      dns_crosses = dns_crosses || (r.dns && CrossesFamilies(r));
      if (r.kind != NatRule::Kind::kStatic || r.unidirectional || NatUnresolved(r)) continue;
      if (r.dns && r.service_protocol == 0 && !mapped.empty() && !r.real_src.empty()) {
        AddPatterns(by_real, i, 0, OrAny({}), {}, real_src, {});
        AddPatterns(by_mapped, i, 0, OrAny({}), {}, OrAny(mapped), {});
      }
      AddPatterns(un, OrderOf(i, NatFace::kSource), protocol, real_dst, r.real_dport,
                  mapped.empty() ? real_src : OrAny(mapped), r.mapped_sport);
      CollectOwners(r, mapped, owners);
    }
    untranslate = FlowClassifier(std::move(un));
    translate = FlowClassifier(std::move(tr));
    shared = FlowClassifier(std::move(pat));
    dns_real = FlowClassifier(std::move(by_real));
    dns_mapped = FlowClassifier(std::move(by_mapped));
    for (auto& [address, list] : owners) owned.emplace(address, Merge(std::move(list)));
  }

  static void CollectShared(const NatRule& r, std::uint32_t order, std::span<const AddressRange> mapped,
                            std::vector<FlowPattern>& out) {
    if (r.kind == NatRule::Kind::kDynamicPat && !mapped.empty()) AddPatterns(out, order, 0, OrAny({}), {}, OrAny(mapped), {});
    if (!r.pat_src.empty()) AddPatterns(out, order, 0, OrAny({}), {}, r.pat_src, {});
  }

  static void CollectOwners(const NatRule& r, std::span<const AddressRange> mapped,
                            std::unordered_map<IpAddress, std::vector<PortOwner>>& owners) {
    std::vector<PortOwner> ports;
    if (r.service_protocol != 0) {
      if (!r.mapped_sport.IsAny()) ports.push_back({r.mapped_if, r.service_protocol, r.mapped_sport});
    } else if (r.access_list != nullptr) {  // policy NAT for a port of the host
      for (const AclElement& e : r.access_list->elements()) {
        if (e.permit && e.InForce() && e.protocol != 0 && !e.sport.IsAny()) ports.push_back({r.mapped_if, e.protocol, e.sport});
      }
    }
    if (ports.empty()) return;
    for (const AddressRange& range : mapped) {
      if (range.first.hi() != range.last.hi() || range.last.Minus(range.first) >= kMaxOwnedAddresses) continue;
      for (std::uint64_t k = 0; k <= range.last.Minus(range.first); k++) {
        auto& list = owners[range.first.Plus(k)];
        list.insert(list.end(), ports.begin(), ports.end());
      }
    }
  }

  static std::vector<Owned> Merge(std::vector<PortOwner> list) {
    std::sort(list.begin(), list.end(), [](const PortOwner& a, const PortOwner& b) {
      return std::tuple(a.mapped_if, a.protocol, a.ports.first) < std::tuple(b.mapped_if, b.protocol, b.ports.first);
    });
    std::vector<Owned> result;
    for (const PortOwner& o : list) {
      if (result.empty() || result.back().mapped_if != o.mapped_if || result.back().protocol != o.protocol) {
        result.push_back({o.mapped_if, o.protocol, {o.ports}});
        continue;
      }
      PortRange& last = result.back().ports.back();
      if (o.ports.first <= last.last) {
        last.last = std::max(last.last, o.ports.last);
      } else {
        result.back().ports.push_back(o.ports);
      }
    }
    return result;
  }
};

NatTable::NatTable(std::vector<NatRule> rules) : index_(std::make_shared<const Index>(std::move(rules))) {}

const std::vector<NatRule>& NatTable::rules() const {
  static const std::vector<NatRule> kNoRules;
  return index_ != nullptr ? index_->rules : kNoRules;
}

const NatRule* NatTable::ById(std::uint32_t id) const {
  if (index_ == nullptr) return nullptr;
  const auto it = index_->by_id.find(id);
  return it == index_->by_id.end() ? nullptr : &index_->rules[it->second];
}

NatTable::Match NatTable::FindUntranslate(const FlowKey& key) const {
  Match match;
  if (index_ == nullptr) return match;
  const FlowProbe probe{key.src, key.dst, key.sport, key.dport, key.protocol};
  index_->untranslate.First(probe, [&](std::uint32_t order) {
    const NatRule& rule = index_->rules[order / 2];
    const auto real = UntranslateBy(rule, FaceOf(order), key);
    if (!real) return false;
    match = {&rule, FaceOf(order) == NatFace::kDestination, *real};  // asked only when earlier than what was found before
    return true;
  });
  return match;
}

NatTable::Match NatTable::FindTranslate(const XlateTable& xlates, const FlowKey& key, IfId egress,
                                        const Endpoint& real_dst) const {
  if (index_ == nullptr) return {};
  const FlowProbe probe{key.src, real_dst.address, key.sport, real_dst.port, key.protocol};
  const std::uint32_t order = index_->translate.First(probe, [&](std::uint32_t candidate) {
    const NatRule& rule = index_->rules[candidate / 2];
    const NatFace face = FaceOf(candidate);
    if (!TranslatesSource(rule, face, key, egress, real_dst)) return false;
    if (face == NatFace::kSource || rule.kind == NatRule::Kind::kStatic) return true;
    // The peer of a dynamically translated host: only if the flow goes to such a host.
    const XlateIndex i = xlates.FindMapped(key.protocol, key.ingress, {key.dst, key.dport}, key.src);
    return i != kNoXlate && xlates.Get(i).rule == rule.id && xlates.Get(i).real.address == real_dst.address;
  });
  if (order == FlowClassifier::kNone) return {};
  return {&index_->rules[order / 2], FaceOf(order) == NatFace::kDestination, {}};
}

bool NatTable::IsPatAddress(IfId mapped_if, IpAddress mapped) const {
  if (index_ == nullptr) return false;
  return index_->shared.First({{}, mapped, 0, 0, 0}, [&](std::uint32_t order) {
    const IfId own = index_->rules[order].mapped_if;
    return own == IfId::kAny || own == mapped_if;
  }) != FlowClassifier::kNone;
}

bool NatTable::rewrites_dns() const { return index_ != nullptr && index_->dns; }
bool NatTable::maps_to_ipv6() const { return index_ != nullptr && index_->maps_to_ipv6; }
bool NatTable::dns_crosses_families() const { return index_ != nullptr && index_->dns_crosses; }
bool NatTable::crosses_families() const { return index_ != nullptr && index_->crosses; }

const std::vector<const NatRule*>& NatTable::dynamic_dns() const {
  static const std::vector<const NatRule*> kNone;
  return index_ != nullptr ? index_->dynamic_dns : kNone;
}

std::optional<IpAddress> NatTable::DnsReal(IfId from, IfId to, IpAddress mapped, bool v4) const {
  std::optional<IpAddress> real;
  index_->dns_mapped.First({{}, mapped, 0, 0, 0}, [&](std::uint32_t order) {
    const NatRule& r = index_->rules[order];
    if ((r.mapped_if != IfId::kAny && r.mapped_if != from) || from == to) return false;
    AddressRange storage;
    const auto found = MapByPosition(MappedRanges(r, storage), r.real_src, mapped);
    if (!found || found->IsV4() != v4) return false;
    real = found;
    return true;
  });
  return real;
}

std::optional<IpAddress> NatTable::DnsMapped(IfId from, IfId to, IpAddress real, bool v4) const {
  std::optional<IpAddress> mapped;
  index_->dns_real.First({{}, real, 0, 0, 0}, [&](std::uint32_t order) {
    const NatRule& r = index_->rules[order];
    if ((r.mapped_if != IfId::kAny && r.mapped_if != to) || from == to) return false;
    AddressRange storage;
    const auto found = MapByPosition(r.real_src, MappedRanges(r, storage), real);
    if (!found || found->IsV4() != v4) return false;
    mapped = found;
    return true;
  });
  return mapped;
}

std::span<const PortRange> NatTable::ReservedPorts(IfId mapped_if, IpAddress mapped, std::uint8_t protocol) const {
  if (index_ == nullptr) return {};
  const auto it = index_->owned.find(mapped);
  if (it == index_->owned.end()) return {};
  for (const Index::Owned& o : it->second) {
    if (o.protocol == protocol && (o.mapped_if == mapped_if || o.mapped_if == IfId::kAny)) return o.ports;
  }
  return {};
}

}  // namespace sallyport
