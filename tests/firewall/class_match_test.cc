// Which class of which policy acts, cell by cell.
#include <gtest/gtest.h>

#include "firewall/policy.h"

namespace sallyport::class_match_test {
namespace {

constexpr IfId kInside{1}, kOutside{2}, kDmz{3};

IpAddress A(const char* text) { return *IpAddress::Parse(text); }

std::shared_ptr<const AccessList> List(std::vector<AclElement> elements) {
  for (AclElement& e : elements) e.hits = std::make_shared<HitCounter>();
  AclLine line;
  line.number = 1;
  line.element_count = static_cast<std::uint32_t>(elements.size());
  return std::make_shared<AccessList>("L", 0, std::vector<AclLine>{line}, std::move(elements));
}

AddressRange Net(const char* address, int length) { return AddressRange::Of(Prefix::Of(A(address), length)); }

AclElement Element(bool permit, std::uint8_t protocol, AddressRange src, AddressRange dst, PortRange dport) {
  AclElement e;
  e.permit = permit;
  e.protocol = protocol;
  e.src = src;
  e.dst = dst;
  e.dport = dport;
  return e;
}

ClassFlow Flow(std::uint8_t protocol, std::uint16_t dport, IfId in = kInside, IfId out = kOutside) {
  ClassFlow f;
  f.flow = {A("10.1.1.10"), A("192.0.2.7"), 40000, dport, protocol, 8, 0};
  f.in = in;
  f.out = out;
  return f;
}

ServiceMatch Port(std::uint8_t protocol, std::uint16_t first, std::uint16_t last) {
  ServiceMatch m;
  m.kind = ServiceMatch::Kind::kPort;
  m.protocol = protocol;
  m.port = {first, last};
  return m;
}
ServiceMatch CodePoints(std::uint64_t set) {
  ServiceMatch m;
  m.kind = ServiceMatch::Kind::kDscp;
  m.code_points = set;
  return m;
}

TEST(ClassMatch, EveryCriterion) {
  ServiceMatch list, rtp, nothing;
  list.kind = ServiceMatch::Kind::kAccessList;
  list.list = List({Element(false, 6, Net("10.1.1.10", 32), Net("0.0.0.0", 0), {22, 22}), Element(true, 6, Net("10.1.1.0", 24), Net("192.0.2.0", 24), {20, 80})});
  rtp.kind = ServiceMatch::Kind::kRtp;
  rtp.port = {16384, 16384 + 100};
  nothing.kind = ServiceMatch::Kind::kNothing;
  struct Row {
    const char* what;
    ServiceMatch match;
    ClassFlow flow;
    bool matches;
  };
  ClassFlow marked = Flow(17, 9);
  marked.dscp = 46;
  const Row rows[] = {
      {"a list that permits", list, Flow(6, 80), true},
      {"a list whose deny comes first", list, Flow(6, 22), false},
      {"a list's implicit deny", list, Flow(6, 443), false},
      {"another protocol than the list's", list, Flow(17, 80), false},
      {"a port", Port(6, 80, 80), Flow(6, 80), true},
      {"a port of the other protocol", Port(6, 80, 80), Flow(17, 80), false},
      {"the end of a range of ports", Port(17, 1000, 2000), Flow(17, 2000), true},
      {"one past it", Port(17, 1000, 2000), Flow(17, 2001), false},
      {"a code point", CodePoints(std::uint64_t{1} << 46), marked, true},
      {"another code point", CodePoints(std::uint64_t{1} << 10), marked, false},
      {"precedence 5", CodePoints(std::uint64_t{0xff} << 40), marked, true},
      {"code point 0", CodePoints(1), Flow(17, 9), true},
      {"an even port of RTP", rtp, Flow(17, 16386), true},
      {"an odd one", rtp, Flow(17, 16385), false},
      {"RTP is UDP", rtp, Flow(6, 16386), false},
      {"past RTP's range", rtp, Flow(17, 16486), false},
      {"a tunnel group", nothing, Flow(6, 80), false},
  };
  for (const Row& r : rows) EXPECT_EQ(Matches(r.match, r.flow), r.matches) << r.what;
}

TEST(ClassMatch, AllAndAny) {
  ServiceClass s;
  EXPECT_FALSE(ClassMatches(s, Flow(6, 80))) << "a class map that says nothing";
  s.matches = {Port(6, 80, 80), CodePoints(1)};
  EXPECT_TRUE(ClassMatches(s, Flow(6, 80)));
  EXPECT_FALSE(ClassMatches(s, Flow(6, 81)));
  s.match_one = true;
  EXPECT_TRUE(ClassMatches(s, Flow(6, 81)));
  s.match_any = true;
  s.matches.clear();
  EXPECT_TRUE(ClassMatches(s, Flow(47, 0)));
  s.match_any = false;
  s.default_inspection_traffic = true;
  EXPECT_TRUE(ClassMatches(s, Flow(6, 21)));
  EXPECT_TRUE(ClassMatches(s, Flow(1, 0)));
  EXPECT_FALSE(ClassMatches(s, Flow(6, 8443))) << "ip-options and waas take anything, which is not what the words mean";
  ServiceMatch list;
  list.kind = ServiceMatch::Kind::kAccessList;
  list.list = List({Element(true, 0, Net("10.9.0.0", 16), Net("0.0.0.0", 0), {})});
  s.match_one = false;
  s.matches = {list};
  EXPECT_FALSE(ClassMatches(s, Flow(6, 21))) << "a list beside it narrows it";
}

// A class of each place; `which` has the feature.
ServiceClass Class(const char* name, IfId where) {
  ServiceClass s;
  s.class_name = name;
  s.interface = where;
  s.match_any = true;
  return s;
}
void Give(ServiceClass& s, Feature f) {
  switch (f) {
    case Feature::kConnection: s.connection.idle = Duration::Seconds(60); break;
    case Feature::kTcpMap: s.connection.tcp_map = std::make_shared<TcpMap>(); break;
    case Feature::kStateBypass: s.connection.state_bypass = true; break;
    case Feature::kPoliceInput: s.police[0] = Police{}; break;
    case Feature::kPoliceOutput: s.police[1] = Police{}; break;
    case Feature::kPriority: s.priority = true; break;
    case Feature::kShape: s.shape = Shaping{}; break;
  }
}
constexpr Feature kFeatures[] = {Feature::kConnection,  Feature::kTcpMap,       Feature::kStateBypass, Feature::kPoliceInput,
                                 Feature::kPoliceOutput, Feature::kPriority,     Feature::kShape};

std::string Selected(const Policy& p, const ClassFlow& f, Feature feature) {
  const ServiceClass* s = SelectClass(p, f, feature);
  return s != nullptr ? s->class_name : "-";
}

TEST(SelectClass, PlacesAndDirections) {
  struct Row {
    std::vector<const char*> with;  // the places whose class has the feature
    const char* connection;         // connection settings and state bypass: both directions
    const char* input;              // input policing: entering
    const char* output;             // output policing, priority, shaping: leaving
  };
  // The flow goes from inside to outside.
  const Row rows[] = {
      {{"global"}, "global", "global", "global"},
      {{"inside", "global"}, "inside", "inside", "global"},
      {{"outside", "global"}, "outside", "global", "outside"},
      {{"inside", "outside", "global"}, "inside", "inside", "outside"},
      {{"outside"}, "outside", "-", "outside"},
      {{"inside"}, "inside", "inside", "-"},
      {{"dmz"}, "-", "-", "-"},
      {{}, "-", "-", "-"},
  };
  for (const Row& row : rows) {
    for (const Feature feature : kFeatures) {
      Policy p;
      // The order of the configuration does not matter between places.
      p.service = {Class("global", IfId::kAny), Class("dmz", kDmz), Class("outside", kOutside), Class("inside", kInside)};
      for (ServiceClass& s : p.service) {
        for (const char* name : row.with) {
          if (s.class_name == name) Give(s, feature);
        }
      }
      const bool both = feature == Feature::kConnection || feature == Feature::kTcpMap || feature == Feature::kStateBypass;
      const char* want = both ? row.connection : feature == Feature::kPoliceInput ? row.input : row.output;
      EXPECT_EQ(Selected(p, Flow(6, 80), feature), want) << static_cast<int>(feature);
    }
  }
}

TEST(SelectClass, FirstMatchForEachFeature) {
  for (const Feature feature : kFeatures) {
    Policy p;
    p.service = {Class("other", kOutside), Class("narrow", kOutside), Class("wide", kOutside)};
    if (feature == Feature::kPoliceInput) {
      for (ServiceClass& s : p.service) s.interface = kInside;
    }
    p.service[1].match_any = false;
    p.service[1].matches = {Port(6, 80, 80)};
    // The first class has every feature but the one that is asked for.
    for (const Feature f : kFeatures) {
      if (f != feature) Give(p.service[0], f);
    }
    Give(p.service[1], feature);
    Give(p.service[2], feature);
    EXPECT_EQ(Selected(p, Flow(6, 80), feature), "narrow") << static_cast<int>(feature);
    EXPECT_EQ(Selected(p, Flow(6, 443), feature), "wide") << static_cast<int>(feature);
  }
}

Inspection Engine(const char* name) {
  Inspection i;
  i.name = name;
  return i;
}

TEST(SelectInspection, DefaultTrafficGoesByPort) {
  Policy p;
  ServiceClass s;
  s.class_name = "inspection_default";
  s.default_inspection_traffic = true;
  for (const char* name : {"ip-options", "dns", "ftp", "h323 h225", "h323 ras", "rsh", "rtsp", "esmtp", "sqlnet", "skinny", "sunrpc", "xdmcp", "sip",
                           "netbios", "tftp", "icmp", "icmp error", "http", "snmp", "mgcp", "pptp"}) {
    s.inspections.push_back(Engine(name));
  }
  p.service = {s};
  struct Row {
    std::uint8_t protocol;
    std::uint16_t port;
    const char* want;
  };
  const Row rows[] = {{17, 53, "dns"},   {6, 53, "-"},       {6, 21, "ftp"},       {6, 1720, "h323 h225"}, {17, 1719, "h323 ras"}, {6, 514, "rsh"},
                      {6, 554, "rtsp"},  {6, 25, "esmtp"},   {6, 1521, "sqlnet"},  {6, 2000, "skinny"},    {17, 111, "sunrpc"},    {6, 111, "sunrpc"},
                      {17, 177, "xdmcp"}, {17, 5060, "sip"}, {6, 5060, "sip"},     {17, 69, "tftp"},       {1, 0, "icmp"},         {6, 80, "http"},
                      {17, 162, "snmp"}, {17, 2727, "mgcp"}, {6, 1723, "pptp"},    {6, 443, "-"},          {47, 0, "-"},           {17, 138, "-"}};
  for (const Row& r : rows) {
    const InspectionChoice c = SelectInspection(p, Flow(r.protocol, r.port));
    EXPECT_EQ(c.inspection != nullptr ? c.inspection->name : "-", r.want) << int{r.protocol} << "/" << r.port;
  }
  ClassFlow netbios = Flow(17, 4000);
  netbios.flow.sport = 137;
  EXPECT_EQ(SelectInspection(p, netbios).inspection->name, "netbios");
}

TEST(SelectInspection, OneOnlyAndInterfaceFirst) {
  Policy p;
  ServiceClass defaults = Class("inspection_default", IfId::kAny);
  defaults.match_any = false;
  defaults.default_inspection_traffic = true;
  defaults.inspections = {Engine("http"), Engine("ftp")};
  ServiceClass web = Class("web", kInside);
  web.match_any = false;
  web.matches = {Port(6, 21, 8080)};
  web.inspections = {Engine("ip-options"), Engine("http")};
  p.service = {defaults, web};
  EXPECT_EQ(SelectInspection(p, Flow(6, 8080)).of->class_name, "web");
  EXPECT_EQ(SelectInspection(p, Flow(6, 21)).inspection->name, "http") << "what matches HTTP first does not get FTP";
  EXPECT_EQ(SelectInspection(p, Flow(6, 21, kDmz)).inspection->name, "ftp");
  EXPECT_EQ(SelectInspection(p, Flow(17, 8080)).inspection, nullptr) << "HTTP is not UDP";
  p.service[0].inspections = {Engine("ip-options")};
  EXPECT_EQ(SelectInspection(p, Flow(6, 21, kDmz)).inspection, nullptr) << "ip-options does not count";
}

}  // namespace
}  // namespace sallyport::class_match_test
