// What a class map of layers 3 and 4 matches, and which class of a policy acts for a feature. Pure functions of the policy and
// of what is known of a flow's first packet; used by the packet path, by `show service-policy flow` and by tests.
//
// Source: ASA configuration guide, "Service Policy Using the Modular Policy Framework": feature directionality, feature
// matching within a service policy and for multiple service policies; inspections' default ports.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/types.h"

namespace sallyport {

struct Policy;
struct ServiceClass;
struct Inspection;

struct ServiceMatch {
  enum class Kind : std::uint8_t {
    kAccessList,
    kPort,
    kDscp,        // `dscp` and `precedence`: a set of code points
    kRtp,         // even UDP ports of a range
    kNothing,     // a tunnel group (no traffic is in one here), a list that is not there
  } kind{};
  std::shared_ptr<const AccessList> list;
  PortRange port;                  // kPort, kRtp
  std::uint8_t protocol = 0;       // kPort
  std::uint64_t code_points = 0;   // kDscp: bit n is code point n
};

// A flow as class maps see it: addresses and ports as they really are, of the packet that goes from `in` to `out`.
struct ClassFlow {
  AclQuery flow;
  std::uint8_t dscp = 0;
  IfId in = IfId::kAny, out = IfId::kAny;  // kAny: not known
};

// What can be done with a class, each with a class of its own that acts. Directions in a policy of one interface:
enum class Feature : std::uint8_t {
  kConnection,    // limits, timeouts, sequence randomisation, TTL: both
  kTcpMap,        // TCP normalisation: both
  kStateBypass,   // both
  kPoliceInput,   // entering it
  kPoliceOutput,  // leaving it
  kPriority,      // leaving it
  kShape,         // leaving it
};

bool Matches(const ServiceMatch& m, const ClassFlow& f);
// Does the class map match? Interfaces are not looked at. `default-inspection-traffic`: the ports of all applications.
bool ClassMatches(const ServiceClass& s, const ClassFlow& f);
// What the class map says besides `default-inspection-traffic`.
bool OthersMatch(const ServiceClass& s, const ClassFlow& f);
bool HasFeature(const ServiceClass& s, Feature feature);

// The class that acts on a flow: of the policy where the flow enters, then of that where it leaves, then of the global one;
// in each the first that has the feature and matches. Null: none.
const ServiceClass* SelectClass(const Policy& policy, const ClassFlow& f, Feature feature);

struct InspectionChoice {
  const ServiceClass* of = nullptr;
  const Inspection* inspection = nullptr;
};
// The one inspection that a flow gets; those that go with any other (ip-options, ipv6, waas, icmp error) are not asked.
InspectionChoice SelectInspection(const Policy& policy, const ClassFlow& f);
// Is the flow what `inspect NAME` takes in a class of default inspection traffic?
bool IsDefaultTrafficOf(std::string_view inspection, const AclQuery& flow);

// A row of the default inspection traffic; an inspection may have several.
struct DefaultPorts {
  std::string_view inspection;
  std::uint8_t protocol;  // 0: any
  PortRange ports;
  bool source = false;  // it is the source port that tells
};
std::span<const DefaultPorts> DefaultInspectionPorts();
bool Fits(const DefaultPorts& row, const AclQuery& flow);
// Is the inspection one that leaves all others alone (ip-options, ipv6, waas, icmp error)?
bool IsCombinable(std::string_view inspection);

}  // namespace sallyport
