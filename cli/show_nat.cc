#include "cli/show_nat.h"

#include <algorithm>

#include "cli/show_text.h"
#include "cli/xlate_rows.h"
#include "conf/codecs.h"

namespace sallyport {
namespace {

std::string RangesText(const std::vector<AddressRange>& ranges, bool host_length) {
  if (ranges.empty()) return "0.0.0.0/0";
  std::string out;
  for (const AddressRange& r : ranges) {
    if (!out.empty()) out += ", ";
    out += NatRangeText(r, host_length);
  }
  return out;
}

// What the source becomes, for `detail`: an interface prints its address with its mask.
std::string TranslatedSource(const Policy& policy, const NatRule& rule) {
  if (rule.mapped_is_interface) {
    const Interface* i = policy.Find(rule.mapped_if);
    if (i == nullptr) return "0.0.0.0/0";
    for (const InterfaceAddress6& own : i->ipv6) {
      if (own.address == rule.interface_address) return fmt::format("{}/{}", own.address.ToString(), own.prefix_length);
    }
    if (i->address.IsNone()) return "0.0.0.0/0";
    return fmt::format("{}/{}", i->address.ToString(), i->prefix_length);
  }
  return RangesText(rule.mapped_src.empty() ? rule.real_src : rule.mapped_src, true);
}

// By name where the protocol has one: "www", "8080", "20-21".
std::string PortsText(const PortRange& r, std::uint8_t protocol) {
  const PortFamily family = protocol == 6 ? PortFamily::kTcp : protocol == 17 ? PortFamily::kUdp : PortFamily::kBoth;
  return r.first == r.last ? PortName(r.first, family) : fmt::format("{}-{}", PortName(r.first, family), PortName(r.last, family));
}

const char* LowerProtocol(std::uint8_t protocol) {
  switch (protocol) {
    case 6:
      return "tcp";
    case 17:
      return "udp";
    case 132:
      return "sctp";
    default:
      return "ip";
  }
}

// As a service object says it: "tcp source eq 10 destination range ftp-data ftp".
std::string ServiceText(std::uint8_t protocol, const PortRange& source, const PortRange& destination) {
  std::string out = LowerProtocol(protocol);
  const PortFamily family = protocol == 6 ? PortFamily::kTcp : protocol == 17 ? PortFamily::kUdp : PortFamily::kBoth;
  for (const auto& [word, ports] : {std::pair("source", source), std::pair("destination", destination)}) {
    if (ports.IsAny()) continue;
    Append(out, " {} ", word);
    if (ports.first == ports.last) out += "eq " + PortName(ports.first, family);
    else if (ports.first == 0) out += "lt " + PortName(static_cast<std::uint16_t>(ports.last + 1), family);
    else if (ports.last == 65535) out += "gt " + PortName(static_cast<std::uint16_t>(ports.first - 1), family);
    else Append(out, "range {} {}", PortName(ports.first, family), PortName(ports.last, family));
  }
  return out;
}

void AppendHits(const NatRule& rule, std::string& out) {
  const std::uint64_t there = rule.hits ? rule.hits->translate.load(std::memory_order_relaxed) : 0;
  const std::uint64_t back = rule.hits ? rule.hits->untranslate.load(std::memory_order_relaxed) : 0;
  Append(out, "    translate_hits = {}, untranslate_hits = {}\n", there, back);
}

void AppendDetail(const Policy& policy, const NatRule& rule, std::string& out) {
  Append(out, "    Source - Origin: {}, Translated: {}\n", RangesText(rule.real_src, true), TranslatedSource(policy, rule));
  if (!rule.mapped_dst.empty()) {
    Append(out, "    Destination - Origin: {}, Translated: {}\n", RangesText(rule.mapped_dst, true),
           RangesText(rule.real_dst.empty() ? rule.mapped_dst : rule.real_dst, true));
  }
  if (rule.service_protocol == 0) return;
  if (rule.section == 2) {  // object NAT has one port on each side
    Append(out, "    Service - Protocol: {} Real: {} Mapped: {}\n", LowerProtocol(rule.service_protocol),
           PortsText(rule.real_sport, rule.service_protocol), PortsText(rule.mapped_sport, rule.service_protocol));
    return;
  }
  // Twice NAT: what the packet has as it enters by the real side, and as it leaves by the mapped one.
  Append(out, "    Service - Origin: {}, Translated: {}\n", ServiceText(rule.service_protocol, rule.real_sport, rule.mapped_dport),
         ServiceText(rule.service_protocol, rule.mapped_sport, rule.real_dport));
}

bool Overlap(const std::vector<AddressRange>& ranges, const AddressRange& with) {
  if (ranges.empty()) return true;  // any
  return std::any_of(ranges.begin(), ranges.end(), [&](const AddressRange& r) { return r.first <= with.last && with.first <= r.last; });
}

bool Matches(const NatFilter& f, const NatRule& rule) {
  if (f.real_if && rule.real_if != IfId::kAny && rule.real_if != *f.real_if) return false;
  if (f.mapped_if && rule.mapped_if != IfId::kAny && rule.mapped_if != *f.mapped_if) return false;
  const auto any_of = [](const std::vector<AddressRange>& wanted, const std::vector<AddressRange>& has) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const AddressRange& r) { return Overlap(has, r); });
  };
  return any_of(f.real, rule.real_src) && any_of(f.mapped, rule.mapped_src.empty() ? rule.real_src : rule.mapped_src);
}

std::string ShowNatOld(const Policy& policy, const NatFilter& filter) {
  std::string out;
  for (const auto& interface : policy.interfaces) {
    if (!interface || interface->nameif.empty()) continue;
    bool heading = false;
    for (const NatRule& rule : policy.nat.rules()) {
      if (rule.real_if != interface->id || !Matches(filter, rule)) continue;
      if (!heading) Append(out, "NAT policies on Interface {}:\n", interface->nameif);
      heading = true;
      Append(out, "  {}\n", rule.show);
      AppendHits(rule, out);
    }
  }
  return out;
}

// Where a shared address is from: "outside", or the pool "outside:POOL".
struct PoolOf {
  std::string name;
  PatPoolOptions options;
};
PoolOf PoolOfAddress(const Policy& policy, const PatAddressView& view) {
  const std::string interface = NameOrAny(policy, view.mapped_if);
  const auto holds = [&](const std::vector<AddressRange>& ranges) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const AddressRange& r) { return r.Contains(view.mapped); });
  };
  for (const NatRule& rule : policy.nat.rules()) {
    if (rule.kind == NatRule::Kind::kStatic || (rule.mapped_if != IfId::kAny && rule.mapped_if != view.mapped_if)) continue;
    const bool first = rule.kind == NatRule::Kind::kDynamicPat && !rule.mapped_is_interface && holds(rule.mapped_src);
    if (!first && !holds(rule.pat_src)) continue;
    const std::string& pool = first ? rule.pool_name : rule.pat_name;
    return {pool.empty() ? interface : interface + ":" + pool, rule.pool};
  }
  PatPoolOptions options;
  options.flat = policy.personality.flat_pat;
  return {interface, options};
}

const char* PoolProtocol(std::uint8_t protocol) {
  return protocol == 6 ? "TCP" : protocol == 17 ? "UDP" : protocol == 58 ? "ICMP6" : "ICMP";
}

}  // namespace

std::string ShowNat(const Policy& policy, bool detail, const NatFilter& filter) {
  if (!policy.personality.object_nat) return ShowNatOld(policy, filter);
  static constexpr const char* kHeadings[] = {"Manual NAT Policies (Section 1)", "Auto NAT Policies (Section 2)",
                                              "Manual NAT Policies (Section 3)"};
  std::string out;
  for (int section = 1; section <= 3; section++) {
    bool heading = false;
    for (const NatRule& rule : policy.nat.rules()) {
      if (rule.section != section || !Matches(filter, rule)) continue;
      if (!heading) Append(out, "{}{}\n", out.empty() ? "" : "\n", kHeadings[section - 1]);
      heading = true;
      Append(out, "{} {}\n", rule.order, rule.show);
      AppendHits(rule, out);
      if (detail) AppendDetail(policy, rule, out);
    }
  }
  return out;
}

std::string ShowNatPool(const Policy& policy, const NatPoolsView& view, const NatPoolFilter& filter) {
  std::string out;
  for (const NatPoolsView::Range& r : view.ranges) {
    const NatRule* rule = policy.nat.ById(r.rule);
    if (rule == nullptr || (filter.interface && rule->mapped_if != *filter.interface)) continue;
    if (filter.address && !r.range.Contains(*filter.address)) continue;
    Append(out, "NAT pool {}{}{}, address range {}-{}, allocated {}\n", NameOrAny(policy, rule->mapped_if), rule->pool_name.empty() ? "" : ":",
           rule->pool_name, r.range.first.ToString(), r.range.last.ToString(), r.hosts);
  }
  for (const PatAddressView& v : view.shared) {
    if ((filter.interface && v.mapped_if != *filter.interface) || (filter.address && v.mapped != *filter.address)) continue;
    const PoolOf pool = PoolOfAddress(policy, v);
    const auto line = [&](int first, int last, std::uint32_t allocated) {
      Append(out, "{} PAT pool {}, address {}{}, range {}-{}, allocated {}\n", PoolProtocol(v.protocol), pool.name, v.mapped.ToString(),
             v.peer.IsNone() ? "" : "(" + v.peer.ToString() + ")", first, last, allocated);
    };
    const std::uint32_t low = v.used[0] + v.used[1];
    if (v.protocol == 1 || v.protocol == 58 || pool.options.include_reserve) {
      line(1, 65535, low + v.used[2]);
    } else if (pool.options.flat) {
      // Before 9.15, where `flat` is a choice, the ports below are a range of their own that nothing is given of.
      if (!policy.personality.flat_pat) line(1, 1024, low);
      line(1024, 65535, v.used[2]);
    } else {
      line(1, 511, v.used[0]);
      line(512, 1023, v.used[1]);
      line(1024, 65535, v.used[2]);
    }
  }
  return out;
}

std::string ShowNatProxyArp(const Policy& policy, const std::vector<NatArpView>& entries) {
  std::string out = "Nat Proxy-arp Table\n";
  for (const NatArpView& e : entries) {
    Append(out, "id={}, ip/id={}, mask={} ifc={}\n        config:{}\n", NatRuleIdText(*e.rule), e.prefix.address.ToString(),
           MaskOf(e.prefix.FamilyLength()).ToString(), NameOrAny(policy, e.interface),
           policy.personality.object_nat ? e.rule->show : e.rule->config);
  }
  return out;
}

std::string ShowNatDivertTable(const Policy& policy, const NatPoolFilter& filter) {
  std::string out = "Divert Table\n";
  for (const NatRule& rule : policy.nat.rules()) {
    if (rule.inactive || rule.unidirectional || rule.exempt) continue;
    if (filter.interface && rule.mapped_if != IfId::kAny && rule.mapped_if != *filter.interface) continue;
    const auto entry = [&](const std::vector<AddressRange>& from, const PortRange& from_ports, const std::vector<AddressRange>& to,
                           const PortRange& to_ports, IfId in, IfId out_if) {
      const auto texts = [](const std::vector<AddressRange>& ranges) {
        std::vector<std::pair<std::string, std::string>> pairs;
        if (ranges.empty()) pairs.push_back({"0.0.0.0", "0.0.0.0"});
        for (const AddressRange& r : ranges) {
          // A range that is no network has its network's mask.
          int length = 32;
          const std::uint64_t size = r.first.IsV4() ? r.Size() : 1;
          while (length > 0 && (std::uint64_t{1} << (32 - length)) < size) length--;
          pairs.push_back({r.first.ToString(), r.first.IsV4() ? MaskOf(length).ToString() : NatRangeText(r, true)});
        }
        return pairs;
      };
      const auto port = [](const PortRange& p) { return p.IsAny() ? std::string("0-0") : fmt::format("{}-{}", p.first, p.last); };
      for (const auto& [src, src_mask] : texts(from)) {
        for (const auto& [dst, dst_mask] : texts(to)) {
          Append(out, "id={}, domain={} section={} ignore={}\n", NatRuleIdText(rule), rule.section == 2 ? "object-nat" : "twice-nat", rule.section,
                 rule.route_lookup ? "yes" : "no");
          Append(out, "        type={}, hits={}, flags=0x9, protocol={}\n", rule.kind == NatRule::Kind::kStatic ? "static" : "dynamic",
                 rule.hits ? rule.hits->untranslate.load(std::memory_order_relaxed) : 0, rule.service_protocol);
          Append(out, "        src ip/id={}, mask={}, port={}\n        dst ip/id={}, mask={}, port={}\n", src, src_mask, port(from_ports), dst, dst_mask,
                 port(to_ports));
          Append(out, "        input_ifc={}, output_ifc={}\n", NameOrAny(policy, in), NameOrAny(policy, out_if));
        }
      }
    };
    const auto& real_dst = rule.real_dst.empty() ? rule.mapped_dst : rule.real_dst;
    if (rule.kind == NatRule::Kind::kStatic) {
      entry(real_dst, rule.real_dport, rule.mapped_src.empty() ? rule.real_src : rule.mapped_src, rule.mapped_sport, rule.mapped_if, rule.real_if);
    }
    if (!rule.mapped_dst.empty() || !rule.mapped_dport.IsAny()) {
      entry(rule.real_src, rule.real_sport, rule.mapped_dst.empty() ? rule.real_dst : rule.mapped_dst, rule.mapped_dport, rule.real_if, rule.mapped_if);
    }
  }
  return out;
}

}  // namespace sallyport
