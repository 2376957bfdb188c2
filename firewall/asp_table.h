// The rules of the accelerated path as one list: every access-list element, translation, class and built-in rule that can decide about
// a packet, with the domain and priority an ASA gives it, its hits, and a hexadecimal id that stays as long as the rule does.
//
// Built from a policy when somebody asks (`show asp table classify`, `packet-tracer ... detailed`); the packet path only counts the
// built-in rules (AspHits) and, while it is recorded, says which rule acted (AspRef). Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/inspect_map.h"
#include "firewall/types.h"

namespace sallyport {

struct Policy;

enum class AspDomain : std::uint8_t {
  kPermit, kCapture, kConnSet, kNat, kNatReverse, kNatPerSession, kInspectIpOptions, kInspect,
  kEncrypt, kDecrypt, kIpsecUser, kIpsecTunnelFlow, kIpsecNatT, kCtcp, kVpnUser,  // of tunnels; no AspTable has them
  kCount
};
const char* Keyword(AspDomain d);  // "permit", "inspect-ip-options"; "inspect"

// What a rule is about. Those before kFirstObject are built in, and counted by interface.
enum class AspWhat : std::uint8_t {
  kNone,
  kLayer2,          // any IP frame
  kCapture,         // a capture watches the interface
  kImplicit,        // the end of an access list, or the security levels: no
  kLevels,          // the security levels: yes
  kSameInterface,   // out by the interface it came in by
  kOwnAddress,      // from an address of the appliance itself
  kBoxPermit,       // a service of the appliance
  kBoxDeny,
  kPerSession,      // TCP, and UDP to port 53: their translations go with them
  kMultiSession,
  kIpOptions,
  kVpnDeny,         // the end of a session's vpn-filter
  kOtherDeny,       // one of the built-in refusals without a rule of its own
  kFirstObject,
  kElement = kFirstObject,  // object: AclElement
  kNat,                     // object: NatRule, as it translates
  kNatReverse,              // object: NatRule, as the reply takes it
  kConnSet,                 // object: ServiceClass
  kInspection,              // object: Inspection
  kEncrypt,                 // object: AclElement of a crypto map, or null
  kTunnelFlow,              // object: null
  kVpnUser,                 // object: AclElement of a vpn-filter
};

// Names a rule by what it was made of. `object` belongs to the policy.
struct AspRef {
  AspWhat what = AspWhat::kNone;
  IfId interface = IfId::kAny;  // of the lookup: where the packet came in, or (out) where it leaves
  bool out = false;
  const void* object = nullptr;
  IpAddress src, dst;  // of the packet: an element may be several rules
  std::uint64_t which = 0;  // kConnSet, kInspection: of what the class matches (asp_class.h)
};

// A rule of a class, by names that outlive a policy.
struct AspClassKey {
  std::uint32_t class_id = 0;  // ServiceClass::id
  AspWhat what{};
  InspectId inspection{};
  IfId interface{};
  bool out = false;
  std::uint64_t which = 0;
  bool operator==(const AspClassKey&) const = default;
};
struct AspClassKeyHash {
  std::size_t operator()(const AspClassKey& k) const {
    return k.which ^ (std::uint64_t{k.class_id} << 24 | static_cast<std::uint64_t>(k.what) << 17 | static_cast<std::uint64_t>(k.inspection) << 9 |
                      static_cast<std::uint64_t>(k.interface) << 1 | (k.out ? 1u : 0u)) * 0x9e3779b97f4a7c15u;
  }
};

// Hits of the built-in rules, by interface, and of the rules of classes: new flows. Data thread only.
struct AspHits {
  static constexpr std::size_t kKinds = static_cast<std::size_t>(AspWhat::kFirstObject);
  std::array<std::array<std::uint64_t, kKinds>, 256> by_interface{};
  std::unordered_map<AspClassKey, std::uint64_t, AspClassKeyHash> classes;
  void Count(AspWhat what, IfId interface) { by_interface[static_cast<std::size_t>(interface)][static_cast<std::size_t>(what)]++; }
  std::uint64_t Of(AspWhat what, IfId interface) const {
    return by_interface[static_cast<std::size_t>(interface)][static_cast<std::size_t>(what)];
  }
};

struct AspRule {
  AspRef ref;
  std::uint64_t id = 0;
  int priority = 0;
  AspDomain domain = AspDomain::kPermit;
  std::string inspection;  // kInspect: "icmp", "dns": the domain is "inspect-dns"
  bool deny = false;
  std::uint64_t hits = 0;
  std::uint64_t user_data = 0;
  bool reverse = false, use_real_addr = false;
  std::uint32_t flags = 0;
  std::uint8_t protocol = 0;
  bool layer2 = false;
  std::uint16_t l3_type = 0;
  bool mask_multicast = false;  // layer 2: no group addresses
  IpAddress src, dst;           // none: any
  bool src_v6 = false, dst_v6 = false;  // any, but of IPv6 only
  std::uint8_t dscp = 0;
  int src_length = 0, dst_length = 0;
  PortRange sport, dport;
  std::int16_t icmp_type = -1, icmp_code = -1;
  IfId input = IfId::kAny, output = IfId::kAny;
  std::vector<const void*> also = {};  // further objects that this rule stands for: the other elements of an `any6`
};

// "permit", "inspect-dns"
std::string DomainOf(const AspRule& rule);

class AspTable {
 public:
  // `captured`: interfaces that a capture watches.
  AspTable(const Policy& policy, const AspHits& hits, const std::vector<IfId>& captured);
  const std::vector<AspRule>& rules() const { return rules_; }
  // Hits as they are now. `policy` is the one that the table was made of.
  void Recount(const Policy& policy, const AspHits& hits);
  // Takes away what rules had counted when their hits were cleared, by id.
  void CountFrom(const std::map<std::uint64_t, std::uint64_t>& cleared);
  // Rules that this table does not make by itself (those of tunnels).
  void Add(std::vector<AspRule> rules);
  // The rule that `ref` names, or null.
  const AspRule* Find(const AspRef& ref) const;

 private:
  std::vector<AspRule> rules_;
};

// The lines of a rule: "in  id=0x..., priority=1, domain=permit, deny=false" and those below it, each with its line end, the first
// behind `indent`.
std::string AspRuleText(const AspRule& rule, const Policy& policy, const std::string& indent);

}  // namespace sallyport
