// What a class map matches as rules of the classifier: one for each access-list element, port or code point of the
// class, and for the ports of each inspection where the class is `match default-inspection-traffic`. AspTable lists
// them; the packet path counts, once for a new flow, the one that chose the flow's settings or inspection.
//
// Source: the rules that `packet-tracer ... detailed` of an ASA shows in its domains conn-set and inspect-*.
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/asp_table.h"
#include "firewall/class_match.h"

namespace sallyport {

struct Context;

struct ClassCriterion {
  std::uint64_t which = 0;  // names it within its class (and inspection): the same in every policy that has it
  bool deny = false;        // an access-list element that takes traffic out of the class
  std::uint8_t protocol = 0;  // 0: any
  AddressRange src, dst;      // none: any address
  PortRange sport, dport;
  std::int16_t icmp_type = -1, icmp_code = -1;
  std::uint8_t dscp = 0;
};

// `any6` is two ranges, below and above the addresses that stand for IPv4: 1 is the lower, 2 the upper, 0 another range.
int HalfOfAny6(const AddressRange& r);

// Of `inspection`, or with null of the class's settings.
std::vector<ClassCriterion> CriteriaOf(const ServiceClass& s, const Inspection* inspection);
// The name of the one that a flow of the class matches; that of none if the flow is not the class's.
std::uint64_t CriterionOf(const ServiceClass& s, const Inspection* inspection, const ClassFlow& f);

// A class gave a new flow its settings (`inspection` null) or an inspection: counted, and, with `record`, named to a recorder.
void ClassActed(Context& c, AspWhat what, const ServiceClass& s, const Inspection* inspection, bool record = true);

}  // namespace sallyport
