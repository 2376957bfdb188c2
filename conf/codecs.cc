#include "conf/codecs.h"

#include <algorithm>
#include <charconv>

namespace sallyport {
namespace {

template <typename Int>
std::optional<Int> Decimal(std::string_view s, std::int64_t high) {
  std::int64_t n = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), n);
  if (s.empty() || ec != std::errc{} || end != s.data() + s.size() || n < 0 || n > high) return std::nullopt;
  return static_cast<Int>(n);
}

struct PortLiteral {
  std::string_view name;
  std::uint16_t port;
  bool tcp, udp;
};
// First name of a port is the one that is printed.
constexpr PortLiteral kPorts[] = {
    {"aol", 5190, true, false},       {"bgp", 179, true, false},          {"biff", 512, false, true},
    {"bootpc", 68, false, true},      {"bootps", 67, false, true},        {"chargen", 19, true, false},
    {"cifs", 3020, true, true},       {"citrix-ica", 1494, true, false},  {"ctiqbe", 2748, true, false},
    {"daytime", 13, true, false},     {"discard", 9, true, true},         {"dnsix", 195, false, true},
    {"domain", 53, true, true},       {"echo", 7, true, true},            {"exec", 512, true, false},
    {"finger", 79, true, false},      {"ftp", 21, true, false},           {"ftp-data", 20, true, false},
    {"gopher", 70, true, false},      {"h323", 1720, true, false},        {"hostname", 101, true, false},
    {"https", 443, true, false},      {"ident", 113, true, false},        {"imap4", 143, true, false},
    {"irc", 194, true, false},        {"isakmp", 500, false, true},       {"kerberos", 750, true, true},
    {"klogin", 543, true, false},     {"kshell", 544, true, false},       {"ldap", 389, true, false},
    {"ldaps", 636, true, false},      {"login", 513, true, false},        {"lotusnotes", 1352, true, false},
    {"lpd", 515, true, false},        {"mobile-ip", 434, false, true},    {"nameserver", 42, false, true},
    {"netbios-dgm", 138, false, true}, {"netbios-ns", 137, false, true},  {"netbios-ssn", 139, true, false},
    {"nfs", 2049, true, true},        {"nntp", 119, true, false},         {"ntp", 123, false, true},
    {"pcanywhere-data", 5631, true, false}, {"pcanywhere-status", 5632, false, true}, {"pim-auto-rp", 496, true, true},
    {"pop2", 109, true, false},       {"pop3", 110, true, false},         {"pptp", 1723, true, false},
    {"radius", 1645, false, true},    {"radius-acct", 1646, false, true}, {"rip", 520, false, true},
    {"rsh", 514, true, false},        {"cmd", 514, true, false},          {"rtsp", 554, true, false},
    {"secureid-udp", 5510, false, true}, {"sip", 5060, true, true},       {"smtp", 25, true, false},
    {"snmp", 161, false, true},       {"snmptrap", 162, false, true},     {"sqlnet", 1521, true, false},
    {"ssh", 22, true, false},         {"sunrpc", 111, true, true},        {"syslog", 514, false, true},
    {"tacacs", 49, true, true},       {"talk", 517, true, true},          {"telnet", 23, true, false},
    {"tftp", 69, false, true},        {"time", 37, false, true},          {"uucp", 540, true, false},
    {"vxlan", 4789, false, true},     {"who", 513, false, true},          {"whois", 43, true, false},
    {"www", 80, true, true},          {"http", 80, true, true},           {"xdmcp", 177, false, true},
};
bool Serves(const PortLiteral& l, PortFamily f) {
  return f == PortFamily::kTcp ? l.tcp : f == PortFamily::kUdp ? l.udp : l.tcp || l.udp;
}

struct Number {
  std::string_view name;
  std::uint8_t number;
};
constexpr Number kProtocols[] = {{"ip", 0},   {"icmp", 1}, {"igmp", 2},   {"ipinip", 4}, {"tcp", 6},  {"igrp", 9},  {"udp", 17},
                                 {"gre", 47}, {"pptp", 47}, {"esp", 50},  {"ipsec", 50}, {"ah", 51},  {"icmp6", 58}, {"eigrp", 88},
                                 {"ospf", 89}, {"nos", 94}, {"pim", 103}, {"pcp", 108},  {"snp", 109}, {"sctp", 132}};
constexpr Number kIcmp[] = {{"echo-reply", 0}, {"unreachable", 3}, {"source-quench", 4}, {"redirect", 5}, {"alternate-address", 6},
                            {"echo", 8}, {"router-advertisement", 9}, {"router-solicitation", 10}, {"time-exceeded", 11},
                            {"parameter-problem", 12}, {"timestamp-request", 13}, {"timestamp-reply", 14},
                            {"information-request", 15}, {"information-reply", 16}, {"mask-request", 17}, {"mask-reply", 18},
                            {"traceroute", 30}, {"conversion-error", 31}, {"mobile-redirect", 32}};
constexpr Number kIcmp6[] = {{"unreachable", 1}, {"packet-too-big", 2}, {"time-exceeded", 3}, {"parameter-problem", 4},
                             {"echo", 128}, {"echo-reply", 129}, {"membership-query", 130}, {"membership-report", 131},
                             {"membership-reduction", 132}, {"router-solicitation", 133}, {"router-advertisement", 134},
                             {"neighbor-solicitation", 135}, {"neighbor-advertisement", 136}, {"neighbor-redirect", 137},
                             {"router-renumbering", 138}};

template <typename Table>
std::optional<std::uint8_t> ByName(const Table& table, std::string_view name) {
  for (const Number& n : table) {
    if (SameWord(n.name, name)) return n.number;
  }
  return Decimal<std::uint8_t>(name, 255);
}
template <typename Table>
std::string NameIn(const Table& table, std::uint8_t number) {
  for (const Number& n : table) {
    if (n.number == number) return std::string(n.name);
  }
  return std::to_string(number);
}
template <typename Table>
std::vector<Literal> LiteralsOf(const Table& table) {
  std::vector<Literal> out;
  for (const Number& n : table) out.push_back({std::string(n.name), {}});
  return out;
}

// Reads a keyword of `words` (exact or abbreviated) or a number.
Match ReadNamed(Cursor& in, std::uint8_t& out, const std::vector<Literal>& words, std::optional<std::uint8_t> (*lookup)(std::string_view),
                std::string_view help) {
  if (!in.AtEnd()) {
    if (const auto n = Decimal<std::uint8_t>(in.Peek(), 255)) {
      out = *n;
      in.Consume(nullptr);
      return Match::kOk;
    }
  }
  if (in.AtEnd()) in.Offer({"<0-255>", std::string(help)}, true);
  std::size_t i = 0;
  const Match m = in.OneOf(words, i);
  if (m == Match::kOk) out = *lookup(words[i].text);
  return m;
}

bool LooksLikeAddress(std::string_view w) {
  return !w.empty() && ((w[0] >= '0' && w[0] <= '9') || w.find(':') != std::string_view::npos);
}

std::optional<NamedAddress> ParseNamed(const Cursor& in, std::string_view w) {
  if (w == "0") return NamedAddress{IpAddress::V4(0), {}};
  if (LooksLikeAddress(w)) {
    if (const auto a = IpAddress::Parse(w)) return NamedAddress{*a, {}};
  }
  if (in.options().names != nullptr) {
    if (const auto it = in.options().names->find(w); it != in.options().names->end()) return NamedAddress{it->second, it->first};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Ipv6Prefix> ParsePrefix6(std::string_view w) {
  const std::size_t slash = w.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto a = IpAddress::Parse(w.substr(0, slash));
  const auto n = Decimal<int>(w.substr(slash + 1), 128);
  if (!a || a->IsV4() || !n) return std::nullopt;
  return Ipv6Prefix{*a, *n};
}

std::optional<std::uint16_t> PortByName(std::string_view name, PortFamily family) {
  for (const PortLiteral& l : kPorts) {
    if (Serves(l, family) && SameWord(l.name, name)) return l.port;
  }
  return Decimal<std::uint16_t>(name, 65535);
}
std::string PortName(std::uint16_t port, PortFamily family) {
  for (const PortLiteral& l : kPorts) {
    const bool serves = family == PortFamily::kBoth ? l.tcp && l.udp : Serves(l, family);
    if (serves && l.port == port) return std::string(l.name);
  }
  return std::to_string(port);
}
std::optional<std::uint8_t> ProtocolByName(std::string_view name) { return ByName(kProtocols, name); }
std::string ProtocolName(std::uint8_t number) { return NameIn(kProtocols, number); }
std::optional<std::uint8_t> IcmpTypeByName(std::string_view name, bool icmp6) {
  return icmp6 ? ByName(kIcmp6, name) : ByName(kIcmp, name);
}
std::string IcmpTypeName(std::uint8_t type, bool icmp6) { return icmp6 ? NameIn(kIcmp6, type) : NameIn(kIcmp, type); }

Match ReadPort(Cursor& in, std::uint16_t& out, PortFamily family, std::string_view help) {
  static const auto words_of = [](PortFamily f) {
    std::vector<Literal> v;
    for (const PortLiteral& l : kPorts) {
      if (Serves(l, f)) v.push_back({std::string(l.name), {}});
    }
    return v;
  };
  static const std::vector<Literal> words[] = {words_of(PortFamily::kTcp), words_of(PortFamily::kUdp), words_of(PortFamily::kBoth)};
  if (!in.AtEnd()) {
    if (const auto n = Decimal<std::uint16_t>(in.Peek(), 65535)) {
      out = *n;
      in.Consume(nullptr);
      return Match::kOk;
    }
  }
  if (in.AtEnd()) in.Offer({"<0-65535>", std::string(help)}, true);
  const auto& table = words[static_cast<std::size_t>(family)];
  std::size_t i = 0;
  const Match m = in.OneOf(table, i);
  if (m == Match::kOk) out = *PortByName(table[i].text, family);
  return m;
}

std::vector<PortRange> PortSpec::Ranges() const {
  switch (op) {
    case Op::kNone: return {PortRange{}};
    case Op::kEq: return {PortRange{first, first}};
    case Op::kRange: return {PortRange{first, last}};
    case Op::kGt: return first == 65535 ? std::vector<PortRange>{} : std::vector<PortRange>{{static_cast<std::uint16_t>(first + 1), 65535}};
    case Op::kLt: return first == 0 ? std::vector<PortRange>{} : std::vector<PortRange>{{0, static_cast<std::uint16_t>(first - 1)}};
    case Op::kNeq: {
      std::vector<PortRange> out;
      if (first > 0) out.push_back({0, static_cast<std::uint16_t>(first - 1)});
      if (first < 65535) out.push_back({static_cast<std::uint16_t>(first + 1), 65535});
      return out;
    }
    case Op::kGroup: break;
  }
  return {};
}

Match ReadPortSpec(Cursor& in, PortSpec& out, PortFamily family, bool groups) {
  static const Literal kOps[] = {{"eq", "Port equal to operator"},       {"neq", "Port not equal to operator"},
                                 {"gt", "Port greater than operator"},   {"lt", "Port less than operator"},
                                 {"range", "Port range operator"},       {"object-group", "Specify a service object-group after this keyword"}};
  std::size_t i = 0;
  const Match m = in.OneOf(std::span(kOps, groups ? 6 : 5), i);
  if (m != Match::kOk) return m == Match::kAmbiguous ? m : Match::kOk;
  if (i == 5) {
    std::string_view w;
    if (const Match g = in.Word({"WORD", "Service object-group name"}, w, [](std::string_view) { return true; }); g != Match::kOk) return g;
    out = {PortSpec::Op::kGroup, 0, 0, std::string(w)};
    return Match::kOk;
  }
  static constexpr PortSpec::Op kKinds[] = {PortSpec::Op::kEq, PortSpec::Op::kNeq, PortSpec::Op::kGt, PortSpec::Op::kLt, PortSpec::Op::kRange};
  PortSpec p;
  p.op = kKinds[i];
  if (const Match r = ReadPort(in, p.first, family, "Enter port number"); r != Match::kOk) return r;
  if (p.op == PortSpec::Op::kRange) {
    if (const Match r = ReadPort(in, p.last, family, "Enter port number"); r != Match::kOk) return r;
    if (p.last < p.first) std::swap(p.first, p.last);
  }
  out = p;
  return Match::kOk;
}

void PrintPortSpec(const PortSpec& p, PortFamily family, LineWriter& line) {
  static constexpr std::string_view kOps[] = {"", "eq", "neq", "gt", "lt", "range", "object-group"};
  if (p.op == PortSpec::Op::kNone) return;
  line.Put(kOps[static_cast<std::size_t>(p.op)]);
  if (p.op == PortSpec::Op::kGroup) return line.Put(p.group);
  line.Put(PortName(p.first, family));
  if (p.op == PortSpec::Op::kRange) line.Put(PortName(p.last, family));
}

Match ReadIcmpType(Cursor& in, std::uint8_t& out, bool icmp6, std::string_view help) {
  static const std::vector<Literal> v4 = LiteralsOf(kIcmp), v6 = LiteralsOf(kIcmp6);
  if (icmp6) return ReadNamed(in, out, v6, [](std::string_view s) { return IcmpTypeByName(s, true); }, help);
  return ReadNamed(in, out, v4, [](std::string_view s) { return IcmpTypeByName(s, false); }, help);
}

Match Codec<std::string>::Read(Cursor& in, std::string& out, std::string_view help) {
  std::string_view w;
  const Match m = in.Word({"WORD", std::string(help)}, w, [](std::string_view) { return true; });
  if (m == Match::kOk) out = std::string(w);
  return m;
}
void Codec<std::string>::Print(const std::string& v, LineWriter& line) { line.Put(v); }

Match Codec<IpAddress>::Read(Cursor& in, IpAddress& out, std::string_view help) {
  std::string_view w;
  return in.Word({"A.B.C.D", std::string(help)}, w, [&](std::string_view s) {
    const auto a = IpAddress::Parse(s);
    if (a) out = *a;
    return a.has_value();
  });
}
void Codec<IpAddress>::Print(const IpAddress& v, LineWriter& line) { line.Put(v.ToString()); }

Match Codec<NamedAddress>::Read(Cursor& in, NamedAddress& out, std::string_view help) {
  std::string_view w;
  return in.Word({"Hostname or A.B.C.D", std::string(help)}, w, [&](std::string_view s) {
    auto a = ParseNamed(in, s);
    if (a) out = std::move(*a);
    return a.has_value();
  });
}
void Codec<NamedAddress>::Print(const NamedAddress& v, LineWriter& line) { line.Put(v.ToString()); }

Match Codec<Mask>::Read(Cursor& in, Mask& out, std::string_view help) {
  std::string_view w;
  return in.Word({"A.B.C.D", std::string(help)}, w, [&](std::string_view s) {
    const auto a = s == "0" ? IpAddress::V4(0) : IpAddress::Parse(s);
    if (!a || !a->IsV4() || !MaskLength(*a)) return false;
    out.bits = a->v4();
    return true;
  });
}
void Codec<Mask>::Print(const Mask& v, LineWriter& line) { line.Put(IpAddress::V4(v.bits).ToString()); }

Match Codec<Hms>::Read(Cursor& in, Hms& out, std::string_view help) {
  std::string_view w;
  return in.Word({"<0:0:0> - <1193:0:0>", std::string(help)}, w, [&](std::string_view s) {
    const std::size_t a = s.find(':');
    if (a == std::string_view::npos) return false;
    const std::size_t b = s.find(':', a + 1);
    if (b == std::string_view::npos) return false;
    const auto h = Decimal<std::int64_t>(s.substr(0, a), 9999);
    const auto m = Decimal<std::int64_t>(s.substr(a + 1, b - a - 1), 59);
    const auto sec = Decimal<std::int64_t>(s.substr(b + 1), 59);
    if (!h || !m || !sec || *h > 1193) return false;
    out.seconds = *h * 3600 + *m * 60 + *sec;
    return true;
  });
}
void Codec<Hms>::Print(const Hms& v, LineWriter& line) {
  const auto two = [](std::int64_t n) { return (n < 10 ? ":0" : ":") + std::to_string(n); };
  line.Put(std::to_string(v.seconds / 3600) + two(v.seconds / 60 % 60) + two(v.seconds % 60));
}

Match Codec<InterfacePair>::Read(Cursor& in, InterfacePair& out, std::string_view help) {
  if (in.AtEnd()) {
    in.Offer({"(", std::string(help)}, true);
    return Match::kIncomplete;
  }
  // "(a,b)", or "(a, b)" in two words.
  const std::size_t start = in.at();
  std::string text(in.Peek());
  if (text.front() == '(' && text.back() == ',') {
    in.Consume(nullptr);
    if (in.AtEnd()) return Match::kIncomplete;
    text += in.Peek();
  }
  const std::size_t comma = text.find(',');
  if (text.size() < 5 || text.front() != '(' || text.back() != ')' || comma == std::string::npos || comma == 1 ||
      comma + 2 == text.size() || text.find(',', comma + 1) != std::string::npos) {
    in.set_at(start);
    in.Blame(text.front() == '(' ? 1 : 0);
    return Match::kNo;
  }
  in.Consume(nullptr);
  out = {text.substr(1, comma - 1), text.substr(comma + 1, text.size() - comma - 2)};
  return Match::kOk;
}
void Codec<InterfacePair>::Print(const InterfacePair& v, LineWriter& line) { line.Put("(" + v.real + "," + v.mapped + ")"); }

Match Codec<InParentheses>::Read(Cursor& in, InParentheses& out, std::string_view help) {
  std::string_view w;
  return in.Word({"(", std::string(help)}, w, [&](std::string_view s) {
    if (s.size() < 3 || s.front() != '(' || s.back() != ')' || s.find(',') != std::string_view::npos) return false;
    out.name = std::string(s.substr(1, s.size() - 2));
    return true;
  });
}
void Codec<InParentheses>::Print(const InParentheses& v, LineWriter& line) { line.Put("(" + v.name + ")"); }

Match Codec<Ipv6Prefix>::Read(Cursor& in, Ipv6Prefix& out, std::string_view help) {
  std::string_view w;
  return in.Word({"X:X:X:X::X/<0-128>", std::string(help)}, w, [&](std::string_view s) {
    const auto p = ParsePrefix6(s);
    if (p) out = *p;
    return p.has_value();
  });
}
void Codec<Ipv6Prefix>::Print(const Ipv6Prefix& v, LineWriter& line) {
  line.Put((v.address.IsNone() ? "::" : v.address.ToString()) + "/" + std::to_string(v.length));
}

Match Codec<AddressSpec>::Read(Cursor& in, AddressSpec& out, std::string_view help) {
  using Kind = AddressSpec::Kind;
  static const Literal kWords[] = {{"host", "Use this keyword to configure a host address"},
                                   {"object", "Use this keyword to configure a network object"},
                                   {"object-group", "Network object-group for address"},
                                   {"interface", "Use interface address as address"},
                                   {"any", "Abbreviation for address and mask of 0.0.0.0 0.0.0.0"},
                                   {"any4", "Abbreviation of any IPv4 address"},
                                   {"any6", "Abbreviation of any IPv6 address"}};
  static constexpr Kind kKinds[] = {Kind::kHost, Kind::kObject, Kind::kGroup, Kind::kInterface, Kind::kAny, Kind::kAny4, Kind::kAny6};
  const bool any4 = in.options().personality == nullptr || in.options().personality->any4_keyword;
  const bool objects = in.options().personality == nullptr || in.options().personality->object_nat;
  AddressSpec spec;
  if (in.AtEnd()) in.Offer({"A.B.C.D", std::string(help)}, true);
  if (!in.AtEnd()) {
    // A `name` may look like an abbreviated keyword; an address never does.
    const std::string_view w = in.Peek();
    if (const auto p6 = ParsePrefix6(w)) {
      spec.kind = Kind::kPrefix6;
      spec.address = {p6->address, {}};
      spec.prefix6 = p6->length;
      in.Consume(nullptr);
      out = std::move(spec);
      return Match::kOk;
    }
    bool keyword = false;
    for (const Literal& l : kWords) keyword = keyword || SameWord(l.text, w);
    if (const auto a = keyword ? std::nullopt : ParseNamed(in, w)) {
      in.Consume(nullptr);
      spec.kind = Kind::kSubnet;
      spec.address = *a;
      if (const Match m = Codec<Mask>::Read(in, spec.mask, "Netmask"); m != Match::kOk) return m;
      out = std::move(spec);
      return Match::kOk;
    }
  }
  std::vector<Literal> words;
  std::vector<Kind> kinds;
  for (std::size_t i = 0; i < 7; i++) {
    if ((!any4 && i >= 5) || (!objects && i == 1)) continue;
    words.push_back(kWords[i]);
    kinds.push_back(kKinds[i]);
  }
  // The table must outlive the trace: point the trace at the static words.
  std::size_t i = 0;
  Cursor probe = in;
  const Match m = probe.OneOf(words, i);
  if (m != Match::kOk) {
    in.Learn(probe);
    return m;
  }
  spec.kind = kinds[i];
  for (std::size_t k = 0; k < 7; k++) {
    if (kKinds[k] == spec.kind) in.Consume(&kWords[k]);
  }
  if (spec.kind == Kind::kHost) {
    if (const Match r = Codec<NamedAddress>::Read(in, spec.address, "Host address"); r != Match::kOk) return r;
  } else if (spec.kind == Kind::kObject || spec.kind == Kind::kGroup || spec.kind == Kind::kInterface) {
    if (const Match r = Codec<std::string>::Read(in, spec.name, "Name"); r != Match::kOk) return r;
  }
  out = std::move(spec);
  return Match::kOk;
}
void Codec<AddressSpec>::Print(const AddressSpec& v, LineWriter& line) {
  using Kind = AddressSpec::Kind;
  switch (v.kind) {
    case Kind::kNone: break;
    case Kind::kAny: line.Put("any"); break;
    case Kind::kAny4: line.Put("any4"); break;
    case Kind::kAny6: line.Put("any6"); break;
    case Kind::kHost:
      line.Put("host");
      line.Put(v.address.ToString());
      break;
    case Kind::kSubnet:
      line.Put(v.address.ToString());
      Codec<Mask>::Print(v.mask, line);
      break;
    case Kind::kPrefix6: Codec<Ipv6Prefix>::Print({v.address.address, v.prefix6}, line); break;
    case Kind::kObject:
      line.Put("object");
      line.Put(v.name);
      break;
    case Kind::kGroup:
      line.Put("object-group");
      line.Put(v.name);
      break;
    case Kind::kInterface:
      line.Put("interface");
      line.Put(v.name);
      break;
  }
}

Match Codec<ProtocolSpec>::Read(Cursor& in, ProtocolSpec& out, std::string_view help) {
  static const std::vector<Literal> names = [] {
    auto v = LiteralsOf(kProtocols);
    v.push_back({"object", "Use this keyword to configure a service object"});
    v.push_back({"object-group", "Specify a service or protocol object-group after this keyword"});
    return v;
  }();
  if (!in.AtEnd()) {
    if (const auto n = Decimal<std::uint8_t>(in.Peek(), 255)) {
      out = {ProtocolSpec::Kind::kNumber, *n, {}};
      in.Consume(nullptr);
      return Match::kOk;
    }
  } else {
    in.Offer({"<0-255>", std::string(help)}, true);
  }
  std::size_t i = 0;
  if (const Match m = in.OneOf(names, i); m != Match::kOk) return m;
  if (i < names.size() - 2) {
    out = {ProtocolSpec::Kind::kNumber, *ProtocolByName(names[i].text), {}};
    return Match::kOk;
  }
  ProtocolSpec p;
  p.kind = i == names.size() - 2 ? ProtocolSpec::Kind::kObject : ProtocolSpec::Kind::kGroup;
  if (const Match m = Codec<std::string>::Read(in, p.name, "Name"); m != Match::kOk) return m;
  out = std::move(p);
  return Match::kOk;
}
void Codec<ProtocolSpec>::Print(const ProtocolSpec& v, LineWriter& line) {
  switch (v.kind) {
    case ProtocolSpec::Kind::kNone: break;
    case ProtocolSpec::Kind::kNumber: line.Put(ProtocolName(v.number)); break;
    case ProtocolSpec::Kind::kObject:
      line.Put("object");
      line.Put(v.name);
      break;
    case ProtocolSpec::Kind::kGroup:
      line.Put("object-group");
      line.Put(v.name);
      break;
  }
}

Match Codec<PortSpec>::Read(Cursor& in, PortSpec& out, std::string_view) {
  const std::size_t before = in.at();
  const Match m = ReadPortSpec(in, out, PortFamily::kBoth, false);
  if (m == Match::kOk && in.at() == before) return in.AtEnd() ? Match::kIncomplete : Match::kNo;
  return m;
}
void Codec<PortSpec>::Print(const PortSpec& v, LineWriter& line) { PrintPortSpec(v, PortFamily::kBoth, line); }

Match Codec<std::uint8_t>::Read(Cursor& in, std::uint8_t& out, std::string_view help) { return ReadIcmpType(in, out, false, help); }
void Codec<std::uint8_t>::Print(const std::uint8_t& v, LineWriter& line) { line.Put(IcmpTypeName(v, false)); }

}  // namespace sallyport
