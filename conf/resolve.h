// What names in the configuration stand for: objects, groups, service members, as ranges and as the text that `show
// access-list` prints and hashes. Reads the tree; used while a policy is compiled.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conf/dns_plan.h"
#include "conf/line_tree.h"
#include "conf/lines.h"
#include "firewall/access_list.h"

namespace sallyport {

// One address member of an access-list line: itself, or a member of the group it names.
struct AddressMember {
  std::vector<AddressRange> ranges;
  std::string shown;   // "host 10.1.1.1"
  std::string hashed;  // an object keeps its name in the hash: "object X"
  bool unresolved = false;  // nobody knows its addresses
  // An fqdn object is a member that stands for its name and matches nothing, and one for each address that the name has now.
  enum class Name : std::uint8_t { kNone, kItself, kAddress } name = Name::kNone;
  bool as_set = false;      // an object group that is searched, not expanded
};
// One protocol, with ports or ICMP type.
struct ServiceItem {
  std::uint8_t protocol = 0;
  std::vector<PortRange> sport{PortRange{}}, dport{PortRange{}};
  std::string sport_shown, dport_shown, sport_hashed, dport_hashed;
  std::int16_t icmp_type = -1, icmp_code = -1;
};

class Resolver {
 public:
  // What `any` stands for: IPv4 before 9.0, IPv6 in an `ipv6 access-list`.
  enum class AnyMeans : std::uint8_t { kV4, kBoth, kV6 };
  struct InterfaceAddress {
    IpAddress v4, v6;  // none: it has none
  };
  using InterfaceAddresses = std::map<std::string, InterfaceAddress>;  // by nameif
  // `names`: what the names of fqdn objects stand for; null: nobody has asked. Outlives the resolver.
  Resolver(const LineTree& tree, AnyMeans any, InterfaceAddresses interfaces, const ResolvedNames* names = nullptr)
      : tree_(tree), any_(any), interfaces_(std::move(interfaces)), names_(names) {}

  std::vector<AddressMember> Addresses(const AddressSpec& a) const;
  // The group as one member, for `object-group-search`; of what is not resolved nothing is in it.
  AddressMember GroupAsSet(const std::string& name) const;
  // A network object, group, address or IPv6 prefix by its bare name, as NAT has them; "any" and a name without addresses are empty.
  std::vector<AddressRange> Network(const std::string& name) const;
  std::vector<ServiceItem> Services(const ProtocolSpec& p) const;
  std::vector<ServiceItem> OfService(const ServiceSpec& s) const;
  std::vector<PortSpec> Ports(const PortSpec& p) const;  // a group's members, or itself
  std::vector<std::uint8_t> IcmpTypes(const std::string& group) const;
  const ServiceSpec* Service(const std::string& object) const;
  const NetworkValue* Object(const std::string& name) const;
  IpAddress AddressOf(const std::string& nameif, bool v6 = false) const;

 private:
  AddressMember Value(const NetworkValue& v) const;
  std::vector<IpAddress> AddressesOfName(const NetworkValue& fqdn) const;
  std::vector<AddressMember> NameMembers(const NetworkValue& fqdn) const;
  void Group(const std::string& name, std::vector<AddressMember>& out, int depth) const;
  void ServiceGroup(const std::string& name, std::vector<ServiceItem>& out, int depth) const;
  void PortGroup(const std::string& name, std::vector<PortSpec>& out, int depth) const;
  const LineTree& tree_;
  AnyMeans any_;
  InterfaceAddresses interfaces_;
  const ResolvedNames* names_;
};

// "eq 80": ports as the hash has them.
std::string PortsInDecimal(const PortSpec& p);
std::string PortsAsShown(const PortSpec& p, std::uint8_t protocol);

}  // namespace sallyport
