#include "cli/show_route.h"

#include <algorithm>

#include "cli/show_text.h"

namespace sallyport {
namespace {

constexpr std::string_view kCodesNine =
    "Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP\n"
    "       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area \n"
    "       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2\n"
    "       E1 - OSPF external type 1, E2 - OSPF external type 2, V - VPN\n"
    "       i - IS-IS, su - IS-IS summary, L1 - IS-IS level-1, L2 - IS-IS level-2\n"
    "       ia - IS-IS inter area, * - candidate default, U - per-user static route\n"
    "       o - ODR, P - periodic downloaded static route, + - replicated route\n";

constexpr std::string_view kCodesEight =
    "Codes: C - connected, S - static, I - IGRP, R - RIP, M - mobile, B - BGP\n"
    "       D - EIGRP, EX - EIGRP external, O - OSPF, IA - OSPF inter area \n"
    "       N1 - OSPF NSSA external type 1, N2 - OSPF NSSA external type 2\n"
    "       E1 - OSPF external type 1, E2 - OSPF external type 2, E - EGP\n"
    "       i - IS-IS, L1 - IS-IS level-1, L2 - IS-IS level-2, ia - IS-IS inter area\n"
    "       * - candidate default, U - per-user static route, o - ODR\n"
    "       P - periodic downloaded static route\n";

// Longer lines break after the mask.
constexpr std::size_t kLineWidth = 73;

bool IsDefault(const Route& r) { return r.destination.FamilyLength() == 0; }

bool InForce(const Policy& policy, const Route& r) {
  if (r.null0) return true;
  const Interface* i = policy.Find(r.interface);
  return i != nullptr && i->InUse();
}

std::vector<Route> RoutesInForce(const Policy& policy) {
  std::vector<Route> routes;
  for (const Route& r : policy.routes.routes()) {
    if (!r.destination.IsV4() || !InForce(policy, r)) continue;
    if (r.source == Route::Source::kLocal && !policy.personality.local_routes) continue;
    const bool beaten = std::any_of(policy.routes.routes().begin(), policy.routes.routes().end(), [&](const Route& o) {
      return o.destination == r.destination && o.metric < r.metric && InForce(policy, o) &&
             r.source != Route::Source::kLocal && o.source != Route::Source::kLocal;
    });
    if (!beaten) routes.push_back(r);
  }
  // 9.2 and later go up from the default route; before, the default route comes last.
  const bool default_last = !policy.personality.local_routes;
  std::stable_sort(routes.begin(), routes.end(), [&](const Route& a, const Route& b) {
    if (IsDefault(a) != IsDefault(b)) return IsDefault(a) != default_last;
    if (a.destination.address != b.destination.address) return a.destination.address < b.destination.address;
    return a.destination.length < b.destination.length;
  });
  return routes;
}

std::string Way(const Policy& policy, const Route& r, bool zones) {
  const Interface* i = policy.Find(r.interface);
  std::string name = r.null0 || i == nullptr ? "Null0" : i->nameif;
  const Zone* zone = zones && i != nullptr ? policy.FindZone(i->zone) : nullptr;
  if (zone != nullptr) name = zone->name + ":" + name;
  if (r.injected && policy.personality.local_routes) return "connected by VPN (advertised), " + name;
  if (r.source != Route::Source::kStatic) return "is directly connected, " + name;
  if (r.gateway.IsNone()) return fmt::format("[{}/0] is directly connected, {}", r.metric, name);
  return fmt::format("[{}/0] via {}, {}", r.metric, r.gateway.ToString(), name);
}

}  // namespace

RouteTableView RoutesOf(const Policy& policy, bool zones) { return RoutesOf(policy, RouteFilter{}, zones); }

RouteTableView RoutesOf(const Policy& policy, const RouteFilter& filter, bool zones) {
  RouteTableView view;
  view.long_codes = policy.personality.local_routes;
  for (const Route& r : RoutesInForce(policy)) {
    if (IsDefault(r) && view.gateway.IsNone()) view.gateway = r.gateway;
    // Up to 9.1 a tunnel's route looked as a static one does.
    const bool vpn = r.injected && policy.personality.local_routes;
    const char code = vpn ? 'V' : r.source == Route::Source::kConnected ? 'C' : r.source == Route::Source::kLocal ? 'L' : 'S';
    if (filter.code != 0 && (code == 'L' ? 'C' : code) != filter.code) continue;
    if (filter.interface != IfId::kAny && (r.null0 || r.interface != filter.interface)) continue;
    if (filter.within && !(filter.within->length <= r.destination.length ? filter.within->Contains(r.destination.address)
                                                                          : r.destination.Contains(filter.within->address))) {
      continue;
    }
    view.routes.push_back({code, r.destination, Way(policy, r, zones)});
  }
  return view;
}

std::string ShowRoute(const Policy& policy) { return ShowRoute(RoutesOf(policy)); }

std::string ShowRoute(const RouteTableView& view) {
  std::string out = "\n";
  out += view.long_codes ? kCodesNine : kCodesEight;
  if (!view.long_codes) out += '\n';
  if (view.gateway.IsNone())
    out += "Gateway of last resort is not set\n\n";
  else
    Append(out, "Gateway of last resort is {} to network 0.0.0.0\n\n", view.gateway.ToString());

  const RouteView* previous = nullptr;
  for (const RouteView& r : view.routes) {
    std::string code(1, r.code);
    if (r.destination.FamilyLength() == 0) code += '*';
    const std::string destination =
        fmt::format("{} {}", r.destination.address.ToString(), MaskText(r.destination.FamilyLength()));
    std::string line = fmt::format("{:<{}}{} ", code, view.long_codes ? 9 : 5, destination);
    if (previous != nullptr && previous->destination == r.destination && previous->code == r.code) {
      line.assign(line.size(), ' ');  // another way to the same network
    }
    if (line.size() + r.way.size() > kLineWidth) line += "\n           ";
    Append(out, "{}{}\n", line, r.way);
    previous = &r;
  }
  return out;
}

std::string ShowRouteEntry(const Policy& policy, IpAddress to) {
  const Route* best = nullptr;
  const std::vector<Route> all = RoutesInForce(policy);
  for (const Route& r : all) {
    if (r.destination.Contains(to) && (best == nullptr || r.destination.length > best->destination.length)) best = &r;
  }
  if (best == nullptr) return "\n% Network not in table\n";
  const auto name = [&policy](const Route& r) {
    const Interface* i = r.null0 ? nullptr : policy.Find(r.interface);
    return i != nullptr ? i->nameif : std::string("Null0");
  };
  const int length = best->destination.FamilyLength();
  std::string out = fmt::format("\nRouting entry for {} {}{}\n", best->destination.address.ToString(), MaskText(length), length == 0 ? ", supernet" : "");
  if (best->source == Route::Source::kConnected) {
    Append(out, "  Known via \"connected\", distance 0, metric 0 (connected, via interface)\n");
  } else if (best->source == Route::Source::kLocal) {
    Append(out, "  Known via \"local\", distance 0, metric 0 (local, via interface)\n");
  } else {
    Append(out, "  Known via \"static\", distance {}, metric 0{}\n", best->metric, length == 0 ? ", candidate default path" : "");
  }
  out += "  Routing Descriptor Blocks:\n";
  bool first = true;
  for (const Route& r : all) {
    if (r.destination != best->destination || r.source != best->source) continue;
    Append(out, "  {} {}, via {}\n      Route metric is 0, traffic share count is 1\n", first ? "*" : " ",
           r.gateway.IsNone() ? "directly connected" : r.gateway.ToString(), name(r));
    first = false;
  }
  return out + "\n";
}

std::string ShowArp(const std::vector<ArpView>& entries) {
  std::string out;
  for (const ArpView& e : entries) {
    const std::string age = e.is_static ? "-" : fmt::format("{}", e.age_s);
    Append(out, "\t{} {} {} {}{}\n", e.interface, e.address.ToString(), e.mac.ToString(), age, e.alias ? " alias" : "");
  }
  return out;
}

}  // namespace sallyport
