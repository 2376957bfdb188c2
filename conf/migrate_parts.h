// The parts of the migration (migrate.h); for migrate*.cc only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "conf/line_tree.h"
#include "conf/lines.h"
#include "conf/migrate.h"
#include "firewall/policy.h"

namespace sallyport {

// What every part reads and where it leaves its remarks.
struct MigrationContext {
  const LineTree& tree;  // of the old configuration
  const Policy& policy;  // of the old configuration
  const Personality& target;
  std::vector<MigrationNote>& notes;
  std::map<std::string, int> line_numbers;  // printed text of a line -> where it stood in the old text

  int NumberOf(const std::string& text) const {
    const auto it = line_numbers.find(text);
    return it == line_numbers.end() ? 0 : it->second;
  }
  void Note(MigrationNote::Kind kind, const std::string& line, std::string text) {
    notes.push_back({kind, NumberOf(line), std::move(text)});
  }
};

// Objects that the migration makes, by Cisco's naming: obj-10.1.1.1, obj-10.1.1.0-01, obj_any, obj-10.0.0.1-10.0.0.9.
class MigrationObjects {
 public:
  explicit MigrationObjects(const LineTree& tree);
  // The object of a value, made when there is none.
  std::string Network(const AddressRange& range);
  // One that carries no NAT yet, and does from now on.
  std::string NetworkForNat(const AddressRange& range);
  // Several ranges: a group of objects, by the name that is wished.
  std::string Group(const std::string& wish, const std::vector<AddressRange>& ranges);
  // One range or several.
  std::string Any(const std::string& wish, const std::vector<AddressRange>& ranges) {
    return ranges.size() == 1 ? Network(ranges.front()) : Group(wish, ranges);
  }
  std::string Service(std::uint8_t protocol, const PortRange& source, const PortRange& destination);
  std::string text() const { return networks_ + services_ + groups_; }

 private:
  std::string Fresh(const std::string& base);
  std::set<std::string> taken_;
  struct Made {
    std::string name;
    bool has_nat = false;
  };
  std::map<std::string, std::vector<Made>> by_value_;
  std::map<std::string, std::string> services_by_value_, groups_by_value_;
  std::map<IpAddress, std::string> names_;  // `name` commands: the object has that name
  std::string networks_, services_, groups_;
};

// Twice NAT and object NAT for the rules of context.policy, as configuration lines in order.
std::string MigrateNat(MigrationContext& context, MigrationObjects& objects);

// The access lists, and what `access-group` lines are to say: old line -> new line.
struct MigratedLists {
  std::map<std::string, std::vector<std::string>> lists;  // by name; lines behind "access-list NAME "
  std::vector<std::string> order;                         // the names
  std::map<std::string, std::string> access_groups;
};
MigratedLists MigrateAccessLists(MigrationContext& context);

// Connection limits and `norandomseq` of nat and static lines as a policy for each interface.
std::string MigrateConnectionSettings(MigrationContext& context);

// --- arithmetic on ranges
bool Overlap(const AddressRange& a, const AddressRange& b);
bool Overlap(const PortRange& a, const PortRange& b);
// `a` as an access list or object has it: "host A", "subnet A M"/"A M", "range A B".
bool IsSubnet(const AddressRange& a);
// The parts of IPv4 `ranges` that the routing table sends out of `interface`.
std::vector<AddressRange> RoutedBy(const Policy& policy, const std::vector<AddressRange>& ranges, IfId interface);

}  // namespace sallyport
