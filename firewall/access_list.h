// Extended access lists, compiled: an immutable list of elements with a classifier that finds the first match in about the
// same time for ten elements as for ten thousand.
//
// Built by the configuration (which expands object groups into elements and computes hashes), read by the data thread.
// Hit counters are shared with the configuration so that they outlive a recompilation. No text parsing here.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/names.h"
#include "firewall/time_range.h"
#include "firewall/types.h"

namespace sallyport {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 65535;
  bool Contains(std::uint16_t p) const { return first <= p && p <= last; }
  bool IsAny() const { return first == 0 && last == 65535; }
  bool operator==(const PortRange&) const = default;
};

// The addresses of an object group that is searched instead of expanded (`object-group-search access-control`).
struct AddressSet {
  explicit AddressSet(std::vector<AddressRange> of);
  bool Contains(IpAddress a) const;
  AddressRange Around() const { return {ranges.front().first, ranges.back().last}; }
  std::vector<AddressRange> ranges;  // not empty; in order, none touches another
};

// Written by the data thread, read by anybody.
struct HitCounter {
  std::atomic<std::uint64_t> hits{0};
  std::atomic<std::int64_t> last_hit_ns{0};  // appliance time
};

// An element: one access-list line, or one member of the product that a line with object groups stands for. `neq` and other
// forms that are not one range become several elements that share one counter and one hash.
struct AclElement {
  bool permit = false;
  std::uint8_t protocol = 0;  // 0: any (`ip`)
  AddressRange src;
  AddressRange dst;
  PortRange sport;
  PortRange dport;
  std::int16_t icmp_type = -1;  // -1: any
  std::int16_t icmp_code = -1;
  bool inactive = false;        // `inactive`: never matches
  bool unknown = false;         // names what nobody knows (a host name without addresses, a user): never matches
  bool name_only = false;       // "fqdn NAME": stands for the name; its addresses are elements of their own behind it. Is `unknown`
  bool name_resolved = false;   // and there are such
  bool logs = false;            // has the `log` keyword (106100 instead of 106023)
  bool log_disabled = false;    // `log disable`: no message at all
  std::int8_t log_severity = 6;
  std::uint32_t log_interval_s = 300;
  std::uint32_t line = 0;         // index into AccessList::lines
  std::uint32_t hash = 0;         // of this element, as an ASA prints it
  std::uint32_t parent_hash = 0;  // of its line when expanded, else 0
  std::string text;               // "extended permit tcp any host 10.1.1.1 eq www"
  std::shared_ptr<HitCounter> hits;
  std::shared_ptr<const AddressSet> src_set = {}, dst_set = {};  // null: all of `src` and `dst`, which else are around the set
  bool InSets(IpAddress from, IpAddress to) const {
    return (src_set == nullptr || src_set->Contains(from)) && (dst_set == nullptr || dst_set->Contains(to));
  }
  std::shared_ptr<const TimeRange> time_range = {};  // null: always
  bool Scheduled() const { return time_range == nullptr || time_range->active(); }
  // Can it match now?
  bool InForce() const { return !inactive && !unknown && Scheduled(); }
};

// What `show access-list` prints for a line; remarks have no elements.
struct AclLine {
  std::uint32_t number = 0;  // 1, 2, 3 ...
  bool remark = false;
  bool expanded = false;     // has object groups: elements are listed below it
  std::string text;          // without "access-list NAME line N "
  std::uint32_t hash = 0;
  std::uint32_t first_element = 0;
  std::uint32_t element_count = 0;
};

struct AclQuery {
  IpAddress src;
  IpAddress dst;
  std::uint16_t sport = 0;
  std::uint16_t dport = 0;
  std::uint8_t protocol = 0;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
};

// Does `e` match, by definition? The classifier is checked against this.
bool Matches(const AclElement& e, const AclQuery& q);

class AccessList {
 public:
  AccessList(std::string name, std::uint32_t name_hash, std::vector<AclLine> lines, std::vector<AclElement> elements);
  ~AccessList();
  AccessList(const AccessList&) = delete;
  AccessList& operator=(const AccessList&) = delete;

  const std::string& name() const { return name_; }
  NameId name_id() const { return name_id_; }
  std::uint32_t name_hash() const { return name_hash_; }
  const std::vector<AclLine>& lines() const { return lines_; }
  const std::vector<AclElement>& elements() const { return elements_; }

  // The first active element that matches; null: the implicit deny. Allocation-free; any thread.
  const AclElement* Find(const AclQuery& q) const;

 private:
  struct Classifier;
  std::string name_;
  NameId name_id_;
  std::uint32_t name_hash_;
  std::vector<AclLine> lines_;
  std::vector<AclElement> elements_;
  bool has_conditions_ = false;  // time ranges, sets: more than the classifier knows
  std::unique_ptr<Classifier> classifier_;
};

// The list as address translation sees it: `inactive` and time ranges do not count (ASA 8.2 configuration guide, "Policy NAT").
// The list itself when it has neither.
std::shared_ptr<const AccessList> AlwaysInForce(const std::shared_ptr<const AccessList>& list);

}  // namespace sallyport
