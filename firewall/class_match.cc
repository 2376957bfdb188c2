#include "firewall/class_match.h"

#include <algorithm>

#include "firewall/policy.h"

namespace sallyport {
namespace {

// ASA configuration guide, "Default Inspections and NAT Limitations".
constexpr DefaultPorts kDefaultPorts[] = {
    {"ctiqbe", 6, {2748, 2748}},      {"dcerpc", 6, {135, 135}},        {"diameter", 6, {3868, 3868}},    {"dns", 17, {53, 53}},
    {"ftp", 6, {21, 21}},             {"gtp", 17, {2123, 2123}},        {"gtp", 17, {3386, 3386}},        {"h323 h225", 6, {1720, 1720}},
    {"h323 ras", 17, {1718, 1719}},   {"http", 6, {80, 80}},            {"icmp", 1, {0, 65535}},          {"icmp", 58, {0, 65535}},
    {"icmp error", 1, {0, 65535}},    {"icmp error", 58, {0, 65535}},   {"ils", 6, {389, 389}},           {"lisp", 17, {4341, 4342}},
    {"ip-options", 0, {0, 65535}},    {"ipsec-pass-thru", 17, {500, 500}}, {"mgcp", 17, {2427, 2427}},    {"mgcp", 17, {2727, 2727}},
    {"mmp", 6, {5443, 5443}},         {"netbios", 17, {137, 138}, true}, {"pptp", 6, {1723, 1723}},       {"radius-accounting", 17, {1646, 1646}},
    {"rsh", 6, {514, 514}},           {"rtsp", 6, {554, 554}},          {"sip", 6, {5060, 5060}},         {"sip", 17, {5060, 5060}},
    {"skinny", 6, {2000, 2000}},      {"esmtp", 6, {25, 25}},           {"snmp", 17, {161, 162}},         {"sqlnet", 6, {1521, 1521}},
    {"sunrpc", 6, {111, 111}},        {"sunrpc", 17, {111, 111}},       {"tftp", 17, {69, 69}},           {"waas", 6, {1, 65535}},
    {"xdmcp", 17, {177, 177}},
};

// Inspections that leave the others alone.
constexpr std::string_view kCombinable[] = {"ip-options", "ipv6", "waas", "icmp error"};

// Whatever the port: is the flow of a protocol that the inspection reads?
bool SpeaksProtocolOf(std::string_view inspection, std::uint8_t protocol) {
  bool known = false;
  for (const DefaultPorts& d : kDefaultPorts) {
    if (d.inspection != inspection) continue;
    known = true;
    if (d.protocol == 0 || d.protocol == protocol) return true;
  }
  return !known;
}

// Any application's; what goes with everything else does not make everything else its traffic.
bool IsDefaultInspectionTraffic(const AclQuery& flow) {
  return std::any_of(std::begin(kDefaultPorts), std::end(kDefaultPorts), [&](const DefaultPorts& d) {
    return (d.inspection == "icmp error" || !IsCombinable(d.inspection)) && Fits(d, flow);
  });
}

// Calls f(class) in the order in which classes are asked, until it says true.
template <typename F>
bool InOrder(const Policy& policy, IfId in, IfId out, F f) {
  for (const IfId where : {in, out}) {
    if (where == IfId::kAny) continue;
    for (const ServiceClass& s : policy.service) {
      if (s.interface == where && f(s)) return true;
    }
  }
  for (const ServiceClass& s : policy.service) {
    if (s.interface == IfId::kAny && f(s)) return true;
  }
  return false;
}

}  // namespace

bool OthersMatch(const ServiceClass& s, const ClassFlow& f) {
  const auto matches = [&](const ServiceMatch& m) { return Matches(m, f); };
  return s.match_one ? std::any_of(s.matches.begin(), s.matches.end(), matches) : std::all_of(s.matches.begin(), s.matches.end(), matches);
}

std::span<const DefaultPorts> DefaultInspectionPorts() { return kDefaultPorts; }

bool IsCombinable(std::string_view inspection) {
  return std::find(std::begin(kCombinable), std::end(kCombinable), inspection) != std::end(kCombinable);
}

bool Fits(const DefaultPorts& d, const AclQuery& flow) {
  return (d.protocol == 0 || d.protocol == flow.protocol) && d.ports.Contains(d.source ? flow.sport : flow.dport);
}

bool IsDefaultTrafficOf(std::string_view inspection, const AclQuery& flow) {
  return std::any_of(std::begin(kDefaultPorts), std::end(kDefaultPorts),
                     [&](const DefaultPorts& d) { return d.inspection == inspection && Fits(d, flow); });
}

bool Matches(const ServiceMatch& m, const ClassFlow& f) {
  switch (m.kind) {
    case ServiceMatch::Kind::kAccessList: {
      const AclElement* e = m.list->Find(f.flow);
      return e != nullptr && e->permit;
    }
    case ServiceMatch::Kind::kPort: return f.flow.protocol == m.protocol && m.port.Contains(f.flow.dport);
    case ServiceMatch::Kind::kDscp: return (m.code_points >> f.dscp & 1) != 0;
    case ServiceMatch::Kind::kRtp: return f.flow.protocol == 17 && f.flow.dport % 2 == 0 && m.port.Contains(f.flow.dport);
    case ServiceMatch::Kind::kNothing: return false;
  }
  return false;
}

bool ClassMatches(const ServiceClass& s, const ClassFlow& f) {
  if (s.match_any) return true;
  if (s.default_inspection_traffic) return IsDefaultInspectionTraffic(f.flow) && (s.matches.empty() || OthersMatch(s, f));
  return !s.matches.empty() && OthersMatch(s, f);
}

bool HasFeature(const ServiceClass& s, Feature feature) {
  switch (feature) {
    case Feature::kConnection: return s.connection.Basic();
    case Feature::kTcpMap: return s.connection.tcp_map != nullptr;
    case Feature::kStateBypass: return s.connection.state_bypass;
    case Feature::kPoliceInput: return s.police[0].has_value();
    case Feature::kPoliceOutput: return s.police[1].has_value();
    case Feature::kPriority: return s.priority;
    case Feature::kShape: return s.shape.has_value();
  }
  return false;
}

const ServiceClass* SelectClass(const Policy& policy, const ClassFlow& f, Feature feature) {
  IfId in = f.in, out = f.out;
  if (feature == Feature::kPoliceInput) out = IfId::kAny;
  if (feature == Feature::kPoliceOutput || feature == Feature::kPriority || feature == Feature::kShape) in = IfId::kAny;
  const ServiceClass* found = nullptr;
  InOrder(policy, in, out, [&](const ServiceClass& s) {
    if (!HasFeature(s, feature) || !ClassMatches(s, f)) return false;
    found = &s;
    return true;
  });
  return found;
}

InspectionChoice SelectInspection(const Policy& policy, const ClassFlow& f) {
  InspectionChoice choice;
  InOrder(policy, f.in, f.out, [&](const ServiceClass& s) {
    for (const Inspection& i : s.inspections) {
      if (IsCombinable(i.name)) continue;
      const bool matches = s.default_inspection_traffic ? IsDefaultTrafficOf(i.name, f.flow) && (s.matches.empty() || OthersMatch(s, f))
                                                        : SpeaksProtocolOf(i.name, f.flow.protocol) && ClassMatches(s, f);
      if (!matches) continue;
      choice = {&s, &i};
      return true;
    }
    return false;
  });
  return choice;
}

}  // namespace sallyport
