#include "cli/show_nat.h"

#include <bit>

#include "cli/show_conn.h"
#include "cli/show_text.h"
#include "firewall/log_text.h"

namespace sallyport {
namespace {

std::string NameOrAny(const Policy& policy, IfId id) {
  if (id == IfId::kAny) return "any";
  const Interface* i = policy.Find(id);
  return i != nullptr ? i->nameif : "any";
}

// "10.1.1.0/24", "10.1.1.1" (or "10.1.1.1/32"), "10.1.1.1-10.1.1.5".
std::string RangeText(const AddressRange& r, bool host_length) {
  const bool v4 = r.first.IsV4();
  if (r.first == r.last) return r.first.ToString() + (host_length ? (v4 ? "/32" : "/128") : "");
  if (v4 && r.last.IsV4()) {
    const std::uint64_t size = r.Size();
    if (std::has_single_bit(size) && r.first.v4() % size == 0) {
      return fmt::format("{}/{}", r.first.ToString(), 32 - std::countr_zero(size));
    }
  } else {
    for (int length = 0; length < 128; length++) {
      const Prefix p = Prefix::Of(r.first, length);
      if (AddressRange::Of(p) == r) return fmt::format("{}/{}", r.first.ToString(), length);
    }
  }
  return r.first.ToString() + "-" + r.last.ToString();
}

std::string RangesText(const std::vector<AddressRange>& ranges, bool host_length) {
  if (ranges.empty()) return "0.0.0.0/0";
  std::string out;
  for (const AddressRange& r : ranges) {
    if (!out.empty()) out += ", ";
    out += RangeText(r, host_length);
  }
  return out;
}

// What the source becomes, for `detail`: an interface prints its address with its mask.
std::string TranslatedSource(const Policy& policy, const NatRule& rule) {
  if (rule.mapped_is_interface) {
    const Interface* i = policy.Find(rule.mapped_if);
    if (i == nullptr || i->address.IsNone()) return "0.0.0.0/0";
    return fmt::format("{}/{}", i->address.ToString(), i->prefix_length);
  }
  return RangesText(rule.mapped_src.empty() ? rule.real_src : rule.mapped_src, true);
}

std::string PortsText(const PortRange& r) {
  return r.first == r.last ? fmt::format("{}", r.first) : fmt::format("{}-{}", r.first, r.last);
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
  if (rule.service_protocol != 0 && !rule.real_sport.IsAny()) {
    Append(out, "    Service - Protocol: {} Real: {} Mapped: {}\n", LowerProtocol(rule.service_protocol),
           PortsText(rule.real_sport), PortsText(rule.mapped_sport));
  }
}

std::string ShowNatOld(const Policy& policy) {
  std::string out;
  for (const auto& interface : policy.interfaces) {
    if (!interface || interface->nameif.empty()) continue;
    bool heading = false;
    for (const NatRule& rule : policy.nat.rules()) {
      if (rule.real_if != interface->id) continue;
      if (!heading) Append(out, "NAT policies on Interface {}:\n", interface->nameif);
      heading = true;
      Append(out, "  {}\n", rule.show);
      AppendHits(rule, out);
    }
  }
  return out;
}

std::vector<std::string> RangeTexts(const std::vector<AddressRange>& ranges) {
  if (ranges.empty()) return {"0.0.0.0/0"};
  std::vector<std::string> texts;
  for (const AddressRange& r : ranges) texts.push_back(RangeText(r, false));
  return texts;
}

// "static NAT" and "static PAT" as translations.
void AppendStatic(const std::string& from_if, const std::vector<AddressRange>& from, const std::string& to_if,
                  const std::vector<AddressRange>& to, const NatRule& rule, bool ports, Duration idle, std::string& out) {
  StaticXlateView v{from_if, to_if, RangeTexts(from), RangeTexts(to), "", "", "", ports ? "sr" : "s", idle};
  if (ports) {
    v.protocol = ProtocolLabel(rule.service_protocol);
    v.real_ports = fmt::format("{}-{}", rule.real_sport.first, rule.real_sport.last);
    v.mapped_ports = fmt::format("{}-{}", rule.mapped_sport.first, rule.mapped_sport.last);
  }
  if (from == to && !ports) v.flags += 'I';
  if (rule.section != 2) v.flags += 'T';
  out += ShowStaticXlate(v);
}

// Three to a line; those that follow are indented.
std::string InLines(const std::vector<std::string>& addresses) {
  std::string out;
  for (std::size_t i = 0; i < addresses.size(); i++) {
    if (i != 0) out += i % 3 == 0 ? ",\n    " : ", ";
    out += addresses[i];
  }
  return out;
}

}  // namespace

std::string ShowNat(const Policy& policy, bool detail) {
  if (!policy.personality.object_nat) return ShowNatOld(policy);
  static constexpr const char* kHeadings[] = {"Manual NAT Policies (Section 1)", "Auto NAT Policies (Section 2)",
                                              "Manual NAT Policies (Section 3)"};
  std::string out;
  for (int section = 1; section <= 3; section++) {
    bool heading = false;
    for (const NatRule& rule : policy.nat.rules()) {
      if (rule.section != section) continue;
      if (!heading) Append(out, "{}{}\n", out.empty() ? "" : "\n", kHeadings[section - 1]);
      heading = true;
      Append(out, "{} {}\n", rule.order, rule.show);
      AppendHits(rule, out);
      if (detail) AppendDetail(policy, rule, out);
    }
  }
  return out;
}

std::string ShowXlateHeader(std::uint32_t in_use, std::uint32_t most_used, const Personality& personality) {
  std::string out = ShowConnCount(in_use, most_used);
  if (!personality.object_nat) return out;
  if (personality.xlate_net_to_net) {
    out +=
        "Flags: D - DNS, e - extended, I - identity, i - dynamic, r - portmap,\n"
        "       s - static, T - twice, N - net-to-net\n";
  } else {
    out +=
        "Flags: D - DNS, i - dynamic, r - portmap, s - static, I - identity, T - twice\n"
        "       e - extended\n";
  }
  return out;
}

std::string ShowXlateEntry(const XlateView& view, TimePoint now, const Timeouts& timeouts, const Personality& personality) {
  const Xlate& x = view.xlate;
  const std::string real = x.real.address.ToString(), mapped = x.mapped.address.ToString();
  if (!personality.object_nat) {
    if (!x.pat) return fmt::format("Global {} Local {}\n", mapped, real);
    if (x.protocol == static_cast<std::uint8_t>(IpProtocol::kIcmp)) {
      return fmt::format("PAT Global {}({}) Local {} ICMP id {}\n", mapped, x.mapped.port, real, x.real.port);
    }
    return fmt::format("PAT Global {}({}) Local {}({})\n", mapped, x.mapped.port, real, x.real.port);
  }
  std::string out;
  const char* flags = view.flags != nullptr && *view.flags != '\0' ? view.flags : x.pat ? "ri" : "i";
  if (x.pat) {
    Append(out, "{} PAT from {}:{}/{} to {}:{}/{}", ProtocolLabel(x.protocol), view.real_name, real, x.real.port,
           view.mapped_name, mapped, x.mapped.port);
  } else {
    Append(out, "NAT from {}:{} to {}:{}", view.real_name, real, view.mapped_name, mapped);
  }
  Append(out, " flags {} idle {} timeout {}\n", flags, HourMinuteSecond(now - x.last_used),
         HourMinuteSecond(x.pat ? timeouts.pat_xlate : timeouts.xlate));
  return out;
}

std::string ShowXlate(const XlatePage& page, const Timeouts& timeouts, const Personality& personality) {
  std::string out = ShowXlateHeader(page.in_use, page.most_used, personality);
  for (const XlateView& v : page.xlates) out += ShowXlateEntry(v, page.now, timeouts, personality);
  return out;
}

std::string ShowStaticXlate(const StaticXlateView& v) {
  std::string out = v.protocol.empty() ? "NAT" : v.protocol + " PAT";
  const auto ports = [](const std::string& p) { return p.empty() ? "" : " " + p; };
  Append(out, " from {}:{}{} to {}:{}{}\n", v.from, InLines(v.real), ports(v.real_ports), v.to, InLines(v.mapped),
         ports(v.mapped_ports));
  Append(out, "    flags {}{}idle {} timeout 0:00:00\n", v.flags, v.flags.empty() ? "" : " ", HourMinuteSecond(v.idle));
  return out;
}

std::string ShowXlateStatics(const Policy& policy, Duration idle) {
  std::string out;
  if (!policy.personality.object_nat) return out;
  for (const NatRule& rule : policy.nat.rules()) {
    if (rule.kind != NatRule::Kind::kStatic || rule.inactive) continue;
    const std::string real_if = NameOrAny(policy, rule.real_if), mapped_if = NameOrAny(policy, rule.mapped_if);
    const bool ports = rule.service_protocol != 0 && !rule.real_sport.IsAny();
    AppendStatic(real_if, rule.real_src, mapped_if, rule.mapped_src.empty() ? rule.real_src : rule.mapped_src, rule, ports,
                 idle, out);
    if (!rule.mapped_dst.empty()) {
      const auto& real_dst = rule.real_dst.empty() ? rule.mapped_dst : rule.real_dst;
      AppendStatic(mapped_if, real_dst, real_if, rule.mapped_dst, rule, false, idle, out);
    }
  }
  return out;
}

std::uint32_t StaticXlateCount(const Policy& policy) {
  std::uint32_t count = 0;
  for (const NatRule& rule : policy.nat.rules()) {
    if (rule.kind != NatRule::Kind::kStatic || rule.inactive) continue;
    count += rule.mapped_dst.empty() ? 1 : 2;
  }
  return count;
}

}  // namespace sallyport
