// `show xlate` of both eras.
#include <algorithm>

#include "cli/show_conn.h"
#include "cli/show_nat.h"
#include "cli/show_text.h"
#include "cli/xlate_rows.h"
#include "firewall/log_text.h"

namespace sallyport {
namespace {

std::vector<std::string> RangeTexts(const std::vector<AddressRange>& ranges) {
  if (ranges.empty()) return {"0.0.0.0/0"};
  std::vector<std::string> texts;
  for (const AddressRange& r : ranges) texts.push_back(NatRangeText(r, false));
  return texts;
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

bool MatchesStatic(const XlateFilter& f, const NatRule& rule, IfId real_if, IfId mapped_if, const std::vector<AddressRange>& real,
                   const std::vector<AddressRange>& mapped, bool ports, const PortRange& real_ports, const PortRange& mapped_ports) {
  if (f.type == "dynamic" || (f.type == "portmap" && !ports) || (f.type == "identity" && real != mapped)) return false;
  if (f.type == "twice" && rule.section == 2) return false;
  const AddressRange any = AddressRange::Of(Prefix::Any());
  const auto lport = ports ? std::optional(real_ports) : std::nullopt, gport = ports ? std::optional(mapped_ports) : std::nullopt;
  const std::vector<AddressRange> one{any};
  for (const AddressRange& r : real.empty() ? one : real) {
    for (const AddressRange& m : mapped.empty() ? one : mapped) {
      if (f.Matches(real_if, mapped_if, r, m, lport, gport)) return true;
    }
  }
  return false;
}

// A static rule, or the destination part of one, as a translation that always exists.
struct Fixed {
  const NatRule* rule;
  IfId real_if, mapped_if;
  const std::vector<AddressRange>* real;
  const std::vector<AddressRange>* mapped;
  bool ports;
  PortRange real_ports, mapped_ports;
};

std::vector<Fixed> FixedXlates(const Policy& policy, const XlateFilter& filter) {
  std::vector<Fixed> all;
  const auto add = [&](Fixed f) {
    if (MatchesStatic(filter, *f.rule, f.real_if, f.mapped_if, *f.real, *f.mapped, f.ports, f.real_ports, f.mapped_ports)) all.push_back(f);
  };
  for (const NatRule& rule : policy.nat.rules()) {
    if (rule.kind != NatRule::Kind::kStatic || rule.inactive || rule.exempt) continue;
    // Up to 8.2 `nat 0` translates nothing and makes no entry.
    if (!policy.personality.object_nat && rule.section != 1) continue;
    const bool ports = rule.service_protocol != 0 && !rule.real_sport.IsAny();
    const auto& mapped = rule.mapped_src.empty() && !rule.mapped_is_interface ? rule.real_src : rule.mapped_src;
    add({&rule, rule.real_if, rule.mapped_if, &rule.real_src, &mapped, ports, rule.real_sport, rule.mapped_sport});
    if (rule.mapped_dst.empty()) continue;
    const bool dports = rule.service_protocol != 0 && !rule.real_dport.IsAny();
    add({&rule, rule.mapped_if, rule.real_if, rule.real_dst.empty() ? &rule.mapped_dst : &rule.real_dst, &rule.mapped_dst, dports,
         rule.real_dport, rule.mapped_dport});
  }
  return all;
}

std::string IdText(std::uint64_t id) { return fmt::format("0x{:x}", 0x00007f5580000000u + id * 0x140); }

void AppendOld(const std::string& protocol, const std::string& real_if, const std::string& real, const std::string& mapped_if,
               const std::string& mapped, const std::string& flags, const std::string& idle, XlateForm form, std::string& out) {
  Append(out, "{} from {}:{} to {}:{} flags {}{}\n", protocol, real_if, real, mapped_if, mapped, flags, form == XlateForm::kDebug ? idle : "");
}

}  // namespace

std::string ShowXlateHeader(std::uint32_t in_use, std::uint32_t most_used, const Personality& personality, XlateForm form) {
  std::string out = ShowConnCount(in_use, most_used);
  if (!personality.object_nat) {
    if (form != XlateForm::kNormal) {
      out +=
          "Flags: D - DNS, d - dump, I - identity, i - dynamic, n - no random,\n"
          "       r - portmap, s - static\n";
    }
    return out;
  }
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

std::string ShowXlateEntry(const XlateView& view, TimePoint now, const Timeouts& timeouts, const Personality& personality, XlateForm form) {
  const Xlate& x = view.xlate;
  const std::string real = x.real.address.ToString(), mapped = x.mapped.address.ToString();
  const std::string flags = !view.flags.empty() ? view.flags : x.pat ? "ri" : "i";
  const std::string idle =
      fmt::format(" idle {} timeout {}", HourMinuteSecond(now - x.last_used), HourMinuteSecond(x.pat ? timeouts.pat_xlate : timeouts.xlate));
  std::string out;
  if (!personality.object_nat) {
    if (form != XlateForm::kNormal) {
      if (x.pat) {
        AppendOld(std::string(ProtocolLabel(x.protocol)) + " PAT", view.real_name, fmt::format("{}/{}", real, x.real.port), view.mapped_name,
                  fmt::format("{}/{}", mapped, x.mapped.port), flags, idle, form, out);
      } else {
        AppendOld("NAT", view.real_name, real, view.mapped_name, mapped, flags, idle, form, out);
      }
      return out;
    }
    if (!x.pat) return fmt::format("Global {} Local {}\n", mapped, real);
    if (x.protocol == static_cast<std::uint8_t>(IpProtocol::kIcmp)) {
      return fmt::format("PAT Global {}({}) Local {} ICMP id {}\n", mapped, x.mapped.port, real, x.real.port);
    }
    return fmt::format("PAT Global {}({}) Local {}({})\n", mapped, x.mapped.port, real, x.real.port);
  }
  if (x.pat) {
    Append(out, "{} PAT from {}:{}/{} to {}:{}/{}", ProtocolLabel(x.protocol), view.real_name, real, x.real.port, view.mapped_name, mapped,
           x.mapped.port);
    if (x.extended) Append(out, "({})", x.peer.ToString());
  } else {
    Append(out, "NAT from {}:{} to {}:{}", view.real_name, real, view.mapped_name, mapped);
  }
  Append(out, " flags {}{}", flags, idle);
  if (form != XlateForm::kNormal) Append(out, " refcnt {} xlate id {}", x.connections, IdText(view.id));
  return out + "\n";
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

std::string ShowXlateStatics(const Policy& policy, Duration idle, const XlateFilter& filter, XlateForm form) {
  std::string out;
  for (const Fixed& f : FixedXlates(policy, filter)) {
    const std::string real_if = NameOrAny(policy, f.real_if), mapped_if = NameOrAny(policy, f.mapped_if);
    std::string flags = f.ports ? "sr" : "s";
    if (*f.real == *f.mapped && !f.ports) flags += 'I';
    const std::string protocol = f.ports ? ProtocolLabel(f.rule->service_protocol) : "";
    if (policy.personality.object_nat) {
      if (f.rule->section != 2) flags += 'T';
      if (f.rule->dns) flags += 'D';
      if (f.rule->net_to_net) flags += 'N';
      StaticXlateView v{real_if, mapped_if, RangeTexts(*f.real), RangeTexts(*f.mapped), protocol, "", "", flags, idle};
      if (f.ports) {
        v.real_ports = fmt::format("{}-{}", f.real_ports.first, f.real_ports.last);
        v.mapped_ports = fmt::format("{}-{}", f.mapped_ports.first, f.mapped_ports.last);
      }
      out += ShowStaticXlate(v);
      continue;
    }
    if (f.rule->dns) flags += 'D';
    const std::string idle_text = fmt::format(" idle {} timeout 0:00:00", HourMinuteSecond(idle));
    for (std::size_t i = 0; i < f.real->size(); i++) {
      const std::string real = (*f.real)[i].first.ToString(),
                        mapped = f.mapped->empty() ? "0.0.0.0" : (*f.mapped)[std::min(i, f.mapped->size() - 1)].first.ToString();
      if (form != XlateForm::kNormal) {
        const auto with = [&](const std::string& a, const PortRange& p) { return f.ports ? fmt::format("{}/{}", a, p.first) : a; };
        AppendOld(f.ports ? protocol + " PAT" : "NAT", real_if, with(real, f.real_ports), mapped_if, with(mapped, f.mapped_ports), flags,
                  idle_text, form, out);
      } else if (f.ports) {
        Append(out, "PAT Global {}({}) Local {}({})\n", mapped, f.mapped_ports.first, real, f.real_ports.first);
      } else {
        Append(out, "Global {} Local {}\n", mapped, real);
      }
    }
  }
  return out;
}

std::uint32_t StaticXlateCount(const Policy& policy) { return static_cast<std::uint32_t>(FixedXlates(policy, {}).size()); }

}  // namespace sallyport
