#include "cli/show_asp_table.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "cli/show_text.h"
#include "vpn/policy.h"

namespace sallyport {

std::string ShowAspClassify(const AspTable& table, const Policy& policy, const AspFilter& filter, const std::string& cleared) {
  static constexpr std::string_view kCrypto[] = {"ctcp", "decrypt", "encrypt", "ipsec-natt", "ipsec-tunnel-flow", "ipsec-user", "vpn-user"};
  std::string input, output, layer2;
  const auto print = [&](const AspRule& r) {
    if (!filter.domain.empty() && DomainOf(r) != filter.domain) return;
    if (filter.crypto && std::find(std::begin(kCrypto), std::end(kCrypto), DomainOf(r)) == std::end(kCrypto)) return;
    if (filter.interface != IfId::kAny && r.input != filter.interface && r.output != filter.interface) return;
    if (filter.only_hit && r.hits == 0) return;
    const std::string text = AspRuleText(r, policy, "");
    if (filter.match && !std::regex_search(text, *filter.match)) return;
    (r.layer2 ? layer2 : r.ref.out ? output : input) += text;
  };
  for (const AspRule& r : table.rules()) print(r);
  for (const AspRule& r : filter.tunnels) print(r);
  return "\nInput Table\n" + input + "\nOutput Table:\n" + output + "\nL2 - Output Table:\n\nL2 - Input Table:\n" + layer2 +
         "\nLast clearing of hits counters: " + cleared + "\n\n";
}

std::string ShowAspInterfaces(const std::vector<InterfaceView>& interfaces, const Policy& policy, const InterfaceCounters& box) {
  std::string out = "\n** Flags: 0x0001-DHCP, 0x0002-VMAC, 0x0010-Ident Ifc, 0x0020-HDB Initd,\n         0x0040-RPF Enabled\n";
  int nic = 0;
  for (const InterfaceView& v : interfaces) {
    if (v.nameif.empty()) continue;
    const Interface* i = policy.FindByName(v.nameif);
    const bool reverse_path = i != nullptr && i->verify_reverse_path;
    Append(out, "Soft-np interface '{}' is {}\n    context single_vf, nicnum {}, mtu {}\n", v.nameif, !v.shutdown && v.link_up ? "up" : "down",
           nic++, v.mtu);
    Append(out, "        vlan {}, Not shared, seclvl {}\n", v.vlan ? std::to_string(*v.vlan) : "<None>", v.security_level);
    Append(out, "        {} packets input, {} packets output\n        flags 0x{:x}\n\n", v.traffic.in_packets, v.traffic.out_packets,
           0x20 | (v.addressed_by_dhcp ? 1 : 0) | (reverse_path ? 0x40 : 0));
  }
  out += "Soft-np interface 'identity' is up\n    context single_vf, nicnum 0, mtu 0\n        vlan <None>, Not shared, seclvl 0\n";
  Append(out, "        {} packets input, {} packets output\n        flags 0x20\n", box.in_packets, box.out_packets);
  return out;
}

std::string ShowAspRouting(const Policy& policy, const AspRoutes& which) {
  std::string in, out;
  const auto name = [&](IfId id) {
    const Interface* i = policy.Find(id);
    return i != nullptr ? i->nameif : std::string("identity");
  };
  const auto wanted = [&](const Prefix& p, IfId id) {
    if (which.interface != IfId::kAny && which.interface != id) return false;
    if (!which.within) return true;
    const AddressRange outer = AddressRange::Of(*which.within), inner = AddressRange::Of(p);
    return (outer.Contains(inner.first) && outer.Contains(inner.last)) || (inner.Contains(outer.first) && inner.Contains(outer.last));
  };
  const auto columns = [](const Prefix& p) {
    const int length = p.FamilyLength();
    return p.IsV4() ? fmt::format("{:<15} {:<15} ", p.address.ToString(), MaskText(length))
                    : fmt::format("{}/{} ", p.address.IsNone() ? "::" : p.address.ToString(), length);
  };
  // The appliance's own addresses, and everybody, end in it; then routes from the narrowest to the widest.
  struct Line {
    Prefix prefix;
    std::string text;
    bool input;
  };
  std::vector<Line> lines;
  const auto own = [&](IpAddress a) { lines.push_back({Prefix::Of(a, a.IsV4() ? 32 : 128), "identity", true}); };
  own(IpAddress::V4(0xffffffff));
  for (const auto& i : policy.interfaces) {
    if (!i || !i->InUse()) continue;
    if (i->ipv6_enabled) {
      for (const InterfaceAddress6& six : i->ipv6) {
        if (!six.address.IsNone() && wanted(Prefix::Of(six.address, 128), i->id)) own(six.address);
      }
      if (!i->link_local.IsNone() && wanted(Prefix::Of(i->link_local, 128), i->id)) own(i->link_local);
    }
    // Everybody on the link.
    if (i->id != IfId::kIdentity && !which.within && (which.interface == IfId::kAny || which.interface == i->id)) {
      lines.push_back({Prefix::Of(IpAddress::V4(0xffffffff), 32), i->nameif, false});
    }
    if (i->address.IsNone()) continue;
    if (wanted(Prefix::Of(i->address, 32), i->id)) own(i->address);
  }
  for (const Route& r : policy.routes.routes()) {
    if (r.source == Route::Source::kLocal || !wanted(r.destination, r.interface)) continue;
    const std::string text = (r.gateway.IsNone() ? "" : "via " + r.gateway.ToString() + ", ") + (r.null0 ? "Null0" : name(r.interface));
    lines.push_back({r.destination, text, true});
    lines.push_back({r.destination, text, false});
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.prefix.length > b.prefix.length; });
  for (const Line& l : lines) (l.input ? in : out) += fmt::format("{} {}{}\n", l.input ? "in  " : "out ", columns(l.prefix), l.text);
  std::string text;
  if (policy.personality.any4_keyword) text += "route table timestamp: 1\n";
  if (which.input) text += in;
  if (which.output) text += out;
  if (which.output && policy.personality.any4_keyword && !which.within && which.interface == IfId::kAny) {
    text += "out  0.0.0.0         0.0.0.0         via 0.0.0.0, identity\n";
  }
  return text;
}

std::string ShowAspArp(const std::vector<ArpView>& entries, const std::uint64_t* to_the_box, const Personality& personality,
                       const std::string& cleared) {
  std::map<std::string, std::string> by_interface;
  for (const ArpView& a : entries) {
    Append(by_interface[a.interface], "  {:<39} Active   {} hits 0\n", a.address.ToString(), a.mac.ToString());
  }
  std::string out;
  for (const auto& [name, lines] : by_interface) Append(out, "\nContext: single_vf, Interface: {}\n{}", name, lines);
  if (to_the_box != nullptr) {
    Append(out, "\nContext: single_vf, Interface: identity\n  {:<39} Active   0000.0000.0000 hits {}\n", "0.0.0.0", *to_the_box);
  }
  if (personality.any4_keyword) Append(out, "\nLast clearing of hits counters: {}\n", cleared);
  return out;
}

std::string ShowAspSocket(const Policy& policy, const Personality& personality) {
  std::string out;
  if (personality.any4_keyword) {
    out = fmt::format("\n{:<9} {:<9} {:<10} {:<43}  {}\n", "Protocol", "Socket", "State", "Local Address", "Foreign Address");
  } else {
    out = fmt::format("\n{:<9} {:<8}  {:<22}  {:<22}  {}\n", "Protocol", "Socket", "Local Address", "Foreign Address", "State");
  }
  std::vector<std::tuple<std::uint16_t, IfId, bool>> seen;  // with datagrams?
  const auto listener = [&](const char* protocol, IfId at, std::uint16_t port, bool datagrams = false) {
    const Interface* i = policy.Find(at);
    if (i == nullptr || !i->InUse() || i->address.IsNone()) return;
    if (std::find(seen.begin(), seen.end(), std::tuple(port, at, datagrams)) != seen.end()) return;
    seen.emplace_back(port, at, datagrams);
    // The number stands for interface and port: an ASA's is a handle without a meaning.
    const std::uint32_t socket = static_cast<std::uint32_t>(at) << 16 | port;
    const std::string local = i->address.ToString() + ":" + std::to_string(port);
    if (personality.any4_keyword) {
      Append(out, "{:<9} {:08x}  {:<10} {:<43}  {}\n", protocol, socket, "LISTEN", local, "0.0.0.0:*");
    } else {
      Append(out, "{:<9} {:08x}  {:<22}  {:<22}  {}\n", protocol, socket, local, "0.0.0.0:*", "LISTEN");
    }
  };
  for (const ManagementRule& m : policy.management) {
    using Service = ManagementRule::Service;
    const std::uint16_t port = m.service == Service::kSsh ? policy.ssh_port : m.service == Service::kTelnet ? policy.telnet_port : policy.http_port;
    listener(m.service == Service::kHttp ? "SSL" : "TCP", m.interface, port);
  }
  if (const auto* vpn = dynamic_cast<const VpnPolicy*>(policy.tunnels.get())) {
    for (const SslPolicy::On& on : vpn->ssl.enabled) {
      listener("SSL", on.at, vpn->ssl.port);
      if (!on.tls_only) listener("DTLS", on.at, vpn->ssl.dtls_port, true);
    }
  }
  return out;
}

}  // namespace sallyport
