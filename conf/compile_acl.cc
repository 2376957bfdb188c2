// Access lists: a line with groups becomes the product of their members; hashes are an ASA's.
#include "conf/compile.h"
#include "conf/field_line.h"
#include "firewall/acl_hash.h"

namespace sallyport {
namespace {

void Add(std::string& s, std::string_view word) {
  if (word.empty()) return;
  s += ' ';
  s += word;
}

std::string Text(const AddressSpec& a) {
  std::string s;
  LineWriter w(s);
  Codec<AddressSpec>::Print(a, w);
  return s;
}

// The hash of the line as it was typed, groups by name.
std::uint32_t LineHash(const std::string& list, const AceBody& b) {
  std::string s = list + " extended " + (b.permit ? "permit" : "deny");
  switch (b.protocol.kind) {
    case ProtocolSpec::Kind::kNumber: Add(s, std::to_string(b.protocol.number)); break;
    case ProtocolSpec::Kind::kObject: Add(s, "object " + b.protocol.name); break;
    default: Add(s, "object-group " + b.protocol.name);
  }
  Add(s, Text(b.source));
  Add(s, PortsInDecimal(b.sport));
  Add(s, Text(b.destination));
  Add(s, PortsInDecimal(b.dport));
  if (b.icmp_type) Add(s, std::to_string(*b.icmp_type));
  if (b.icmp_code) Add(s, std::to_string(*b.icmp_code));
  if (!b.icmp_group.empty()) Add(s, "object-group " + b.icmp_group);
  return AclHash(s);
}

std::string Options(const AceBody& b) {
  std::string s;
  switch (b.log) {
    case AceBody::Log::kNone: break;
    case AceBody::Log::kDisable: s += " log disable"; break;
    case AceBody::Log::kDefault: s += " log default"; break;
    case AceBody::Log::kPlain:
    case AceBody::Log::kLevel: {
      static constexpr const char* kNames[] = {"emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging"};
      s += std::string(" log ") + kNames[b.severity & 7] + " interval " + std::to_string(b.interval.value_or(300));
      break;
    }
  }
  if (!b.time_range.empty()) s += " time-range " + b.time_range;
  if (b.inactive) s += " inactive";
  return s;
}

class Builder {
 public:
  Builder(std::string name, const Resolver& resolver, const TimeRanges& ranges, const AccessList* previous,
          bool search_groups = false)
      : name_(std::move(name)), resolver_(resolver), ranges_(ranges), search_groups_(search_groups) {
    if (previous == nullptr) return;
    for (const AclElement& e : previous->elements()) counters_[e.text] = e.hits;
  }

  // Lines of an `ipv6 access-list` have no word for their kind.
  void OfIpv6() { kind_.clear(); }

  void Extended(const AceBody& b) {
    AclLine line = NewLine();
    const bool named = b.protocol.kind != ProtocolSpec::Kind::kNumber || Named(b.source) || Named(b.destination) ||
                       b.sport.op == PortSpec::Op::kGroup || b.dport.op == PortSpec::Op::kGroup || !b.icmp_group.empty();
    line.expanded = named;
    line.hash = LineHash(name_, b);
    {
      std::string text = kind_ + (b.permit ? "permit" : "deny");
      LineWriter w(text);
      Codec<ProtocolSpec>::Print(b.protocol, w);
      Codec<AddressSpec>::Print(b.source, w);
      const std::uint8_t p = b.protocol.number;
      Add(text, PortsAsShown(b.sport, p));
      Codec<AddressSpec>::Print(b.destination, w);
      Add(text, PortsAsShown(b.dport, p));
      if (b.icmp_type) Add(text, IcmpTypeName(*b.icmp_type, p == 58));
      if (b.icmp_code) Add(text, std::to_string(*b.icmp_code));
      if (!b.icmp_group.empty()) Add(text, "object-group " + b.icmp_group);
      line.text = text + Options(b);
    }
    const bool from_group = search_groups_ && b.source.kind == AddressSpec::Kind::kGroup;
    const bool to_group = search_groups_ && b.destination.kind == AddressSpec::Kind::kGroup;
    auto sources = from_group ? std::vector{resolver_.GroupAsSet(b.source.name)} : resolver_.Addresses(b.source);
    auto destinations = to_group ? std::vector{resolver_.GroupAsSet(b.destination.name)} : resolver_.Addresses(b.destination);
    if (from_group || to_group) {  // so an ASA numbers "any" beside a group
      for (auto* members : {&sources, &destinations}) {
        for (AddressMember& m : *members) {
          if (m.shown == "any") m.shown = m.hashed = "any(65537)";
        }
      }
    }
    const auto sports = resolver_.Ports(b.sport);
    const auto dports = resolver_.Ports(b.dport);
    std::vector<std::int16_t> types;
    if (b.icmp_type) types.push_back(*b.icmp_type);
    for (const std::uint8_t t : b.icmp_group.empty() ? std::vector<std::uint8_t>{} : resolver_.IcmpTypes(b.icmp_group)) types.push_back(t);
    if (types.empty() && b.icmp_group.empty()) types.push_back(-1);
    for (const ServiceItem& service : resolver_.Services(b.protocol)) {
      for (const AddressMember& src : sources) {
        for (const AddressMember& dst : destinations) {
          if (!Together(src, dst)) continue;
          for (const PortSpec& sp : sports) {
            for (const PortSpec& dp : dports) {
              for (const std::int16_t type : types) Element(b, line, service, src, dst, sp, dp, type);
            }
          }
        }
      }
    }
    lines_.push_back(std::move(line));
  }

  void Standard(const StandardLine& s) {
    // As an extended line it is "permit ip 0.0.0.0 0.0.0.0 DESTINATION"; standard lists filter no packets here.
    AclLine line = NewLine();
    line.text = std::string("standard ") + (s.permit ? "permit " : "deny ") + Text(s.source);
    line.hash = AclHash(name_ + " extended " + (s.permit ? "permit" : "deny") + " 0 0.0.0.0 0.0.0.0 " + Text(s.source));
    AclElement e;
    e.permit = s.permit;
    e.src = {IpAddress::V4(0), IpAddress::V4(0xffffffff)};
    e.line = static_cast<std::uint32_t>(lines_.size());
    e.hash = line.hash;
    e.text = line.text;
    e.hits = CounterOf(e.text);
    for (const AddressMember& m : resolver_.Addresses(s.source)) {
      for (const AddressRange& r : m.ranges) {
        e.dst = r;
        elements_.push_back(e);
        line.element_count++;
      }
    }
    lines_.push_back(std::move(line));
  }

  void Remark(const RemarkLine& r) {
    AclLine line = NewLine();
    line.remark = true;
    line.text = "remark " + r.text;
    lines_.push_back(std::move(line));
  }

  std::shared_ptr<const AccessList> Take() {
    return std::make_shared<const AccessList>(name_, AclHash(name_), std::move(lines_), std::move(elements_));
  }

 private:
  // Between two names their addresses meet, and the names themselves: no name meets an address of the other.
  static bool Together(const AddressMember& src, const AddressMember& dst) {
    using Name = AddressMember::Name;
    return !(src.name == Name::kItself && dst.name == Name::kAddress) && !(src.name == Name::kAddress && dst.name == Name::kItself);
  }
  static bool Named(const AddressSpec& a) { return a.kind == AddressSpec::Kind::kObject || a.kind == AddressSpec::Kind::kGroup; }
  AclLine NewLine() const {
    AclLine l;
    l.number = static_cast<std::uint32_t>(lines_.size() + 1);
    l.first_element = static_cast<std::uint32_t>(elements_.size());
    return l;
  }
  std::shared_ptr<HitCounter> CounterOf(const std::string& text) {
    auto& c = counters_[text];
    if (c == nullptr) c = std::make_shared<HitCounter>();
    return c;
  }

  void Element(const AceBody& b, AclLine& line, const ServiceItem& service, const AddressMember& src, const AddressMember& dst, const PortSpec& sp,
               const PortSpec& dp, std::int16_t type) {
    const bool ports = service.protocol == 6 || service.protocol == 17 || service.protocol == 132;
    const bool typed = sp.op != PortSpec::Op::kNone || dp.op != PortSpec::Op::kNone;
    if (typed && !ports) return;  // a protocol group's member without ports
    AclElement e;
    e.permit = b.permit;
    e.protocol = service.protocol;
    e.icmp_type = type >= 0 ? type : service.icmp_type;
    e.icmp_code = b.icmp_code ? static_cast<std::int16_t>(*b.icmp_code) : service.icmp_code;
    const bool who = !b.user.empty() || !b.source_group.empty() || !b.destination_group.empty();  // nobody is known here
    e.unknown = who || src.unresolved || dst.unresolved;
    const auto of_name = [](const AddressMember& m) { return m.name == AddressMember::Name::kItself; };
    e.name_only = of_name(src) || of_name(dst);
    e.name_resolved = e.name_only && !src.shown.ends_with("(unresolved)") && !dst.shown.ends_with("(unresolved)");
    e.inactive = b.inactive;
    if (!b.time_range.empty()) {
      // A file may name a range that it does not have: then nothing is permitted by the line, and everything that it denies stays so.
      if (const auto range = ranges_.find(b.time_range); range != ranges_.end()) e.time_range = range->second;
      else e.inactive = e.inactive || b.permit;
    }
    e.logs = b.log == AceBody::Log::kPlain || b.log == AceBody::Log::kLevel;
    e.log_disabled = b.log == AceBody::Log::kDisable;
    e.log_severity = static_cast<std::int8_t>(b.severity);
    e.log_interval_s = b.interval.value_or(300);
    e.line = static_cast<std::uint32_t>(lines_.size());
    const std::string sport = typed ? PortsAsShown(sp, service.protocol) : service.sport_shown;
    const std::string dport = typed ? PortsAsShown(dp, service.protocol) : service.dport_shown;
    e.text = kind_ + (b.permit ? "permit" : "deny");
    Add(e.text, ProtocolName(service.protocol));
    Add(e.text, src.shown);
    Add(e.text, sport);
    Add(e.text, dst.shown);
    Add(e.text, dport);
    if (e.icmp_type >= 0) Add(e.text, IcmpTypeName(static_cast<std::uint8_t>(e.icmp_type), service.protocol == 58));
    if (e.icmp_code >= 0) Add(e.text, std::to_string(e.icmp_code));
    std::string hashed = name_ + " extended " + (b.permit ? "permit" : "deny");
    Add(hashed, std::to_string(service.protocol));
    Add(hashed, src.hashed);
    Add(hashed, typed ? PortsInDecimal(sp) : service.sport_hashed);
    Add(hashed, dst.hashed);
    Add(hashed, typed ? PortsInDecimal(dp) : service.dport_hashed);
    if (e.icmp_type >= 0) Add(hashed, std::to_string(e.icmp_type));
    if (e.icmp_code >= 0) Add(hashed, std::to_string(e.icmp_code));
    e.hash = line.expanded ? AclHash(hashed) : line.hash;
    e.parent_hash = line.expanded ? line.hash : 0;
    // Counters belong to the element as it is without its options; two lines never have the same one.
    e.hits = CounterOf(e.text + Options(b));
    e.text += Options(b);
    const std::vector<PortRange> any{PortRange{}};
    const auto sranges = typed ? sp.Ranges() : service.sport;
    const auto dranges = typed ? dp.Ranges() : service.dport;
    const std::vector<AddressRange> none{AddressRange{}};
    std::vector<AddressRange> around_src, around_dst;
    if (src.as_set && !src.unresolved) {
      e.src_set = std::make_shared<const AddressSet>(src.ranges);
      around_src.push_back(e.src_set->Around());
    }
    if (dst.as_set && !dst.unresolved) {
      e.dst_set = std::make_shared<const AddressSet>(dst.ranges);
      around_dst.push_back(e.dst_set->Around());
    }
    for (const AddressRange& s : src.unresolved ? none : src.as_set ? around_src : src.ranges) {
      for (const AddressRange& d : dst.unresolved ? none : dst.as_set ? around_dst : dst.ranges) {
        for (const PortRange& sr : sranges) {
          for (const PortRange& dr : dranges) {
            e.src = s;
            e.dst = d;
            e.sport = sr;
            e.dport = dr;
            elements_.push_back(e);
            line.element_count++;
          }
        }
      }
    }
  }

  std::string name_;
  std::string kind_ = "extended ";
  const Resolver& resolver_;
  const TimeRanges& ranges_;
  const bool search_groups_;
  std::map<std::string, std::shared_ptr<HitCounter>> counters_;
  std::vector<AclLine> lines_;
  std::vector<AclElement> elements_;
};

}  // namespace

std::shared_ptr<const AccessList> CompileAccessList(const Line& list, const Resolver& resolver, const TimeRanges& ranges,
                                                    const AccessList* previous, bool search_groups) {
  Builder b(list.key, resolver, ranges, previous, search_groups);
  for (const auto& l : list.lines) {
    if (const auto* e = l->As<ExtendedLine>()) b.Extended(e->body);
    else if (const auto* s = l->As<StandardLine>()) b.Standard(*s);
    else if (const auto* r = l->As<RemarkLine>()) b.Remark(*r);
  }
  return b.Take();
}

std::shared_ptr<const AccessList> CompileAccessList6(const std::string& name, const std::vector<const Line*>& lines, const Resolver& resolver,
                                                     const TimeRanges& ranges, const AccessList* previous) {
  Builder b(name, resolver, ranges, previous);
  b.OfIpv6();
  for (const Line* l : lines) {
    if (const auto* e = l->As<Ipv6AclLine>()) b.Extended(e->rule.body);
    else if (const auto* r = l->As<FieldLine>()) b.Remark({name, {}, std::string(r->Get("text"))});
  }
  return b.Take();
}

}  // namespace sallyport
