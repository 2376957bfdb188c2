// `show vpn-sessiondb summary` and `ratio` of cli/show_vpn_sessiondb.h.
#include <algorithm>
#include <span>

#include "cli/show_text.h"
#include "cli/show_vpn_sessiondb.h"

namespace sallyport {
namespace {

// 8.4+: groups in the order of their rows, and the classes under each.
struct ClassRow {
  VpnClass which;
  const char* label;
};
struct GroupRow {
  VpnGroup which;
  const char* label;
  bool can_be_inactive;
  std::span<const ClassRow> classes;
};
constexpr ClassRow kAnyConnect[] = {{VpnClass::kAnyConnectSsl, "  SSL/TLS/DTLS"},
                                    {VpnClass::kAnyConnectIkev2, "  IKEv2 IPsec"}};
constexpr ClassRow kClientless[] = {{VpnClass::kBrowser, "  Browser"}};
constexpr ClassRow kSite[] = {{VpnClass::kSiteIkev2, "  IKEv2 IPsec"}, {VpnClass::kSiteIkev1, "  IKEv1 IPsec"}};
constexpr GroupRow kGroups[] = {
    {VpnGroup::kAnyConnect, "AnyConnect Client", true, kAnyConnect},
    {VpnGroup::kClientless, "Clientless VPN", false, kClientless},
    {VpnGroup::kEmailProxy, "Email Proxy", false, {}},
    {VpnGroup::kSiteToSite, "Site-to-Site VPN", false, kSite},
    {VpnGroup::kIkev2RemoteAccess, "Generic IKEv2 Remote Access", false, {}},
    {VpnGroup::kIkev1RemoteAccess, "IKEv1 IPsec/L2TP IPsec", false, {}},
    {VpnGroup::kLoadBalancing, "Load Balancing(Encryption)", false, {}},
};

const VpnCounts& Of(const VpnStatisticsView& v, VpnGroup g) { return v.groups[static_cast<std::size_t>(g)]; }
const VpnCounts& Of(const VpnStatisticsView& v, VpnClass c) { return v.classes[static_cast<std::size_t>(c)]; }

void SessionRow(std::string& out, const char* label, const VpnCounts& c, bool can_be_inactive) {
  if (c.cumulative == 0) return;
  Append(out, "{:<29}: {:>6} : {:>10} : {:>11}", label, c.active, c.cumulative, c.peak);
  if (can_be_inactive) Append(out, " : {:>8}", c.inactive);
  out += '\n';
}

std::uint64_t Percent(std::uint64_t part, std::uint64_t whole) { return whole == 0 ? 0 : (part * 100 + whole / 2) / whole; }

std::string Summary(const VpnStatisticsView& v) {
  const std::string rule = std::string(75, '-') + "\n", short_rule = std::string(29, ' ') + std::string(46, '-') + "\n";
  std::string out = rule;
  Append(out, "{:<75}\n{}", "VPN Session Summary", rule);
  Append(out, "{:31}Active : Cumulative : Peak Concur : Inactive\n{}", "", short_rule);
  std::uint64_t now = 0, cumulative = 0;
  for (const GroupRow& g : kGroups) {
    const VpnCounts& counts = Of(v, g.which);
    now += counts.active + counts.inactive;
    cumulative += counts.cumulative;
    SessionRow(out, g.label, counts, g.can_be_inactive);
    for (const ClassRow& c : g.classes) SessionRow(out, c.label, Of(v, c.which), g.can_be_inactive);
  }
  Append(out, "{}{:<29}: {:>6}             Total Cumulative : {:>6}\n", rule, "Total Active and Inactive", now, cumulative);
  Append(out, "{:<29}: {:>6}\n{:<29}: {:>5}%\n", "Device Total VPN Capacity", v.capacity, "Device Load",
         Percent(now, v.capacity));
  if (now > v.capacity) out += "***!! WARNING: Platform capacity exceeded !!***\n";
  out += rule + " \n" + rule + "Tunnels Summary\n" + rule;
  Append(out, "{:31}Active : Cumulative : Peak Concurrent   \n{}", "", short_rule);
  return out;
}

void Tunnels(std::string& out, const VpnStatisticsView& v, const Personality& personality) {
  std::uint64_t active = 0, cumulative = 0;
  for (std::size_t i = 0; i < kVpnTunnelKinds; i++) {
    const VpnCounts& c = v.tunnels[i];
    active += c.active;
    cumulative += c.cumulative;
    if (c.cumulative == 0) continue;
    Append(out, "{:<29}: {:>6} : {:>10} : {:>15}\n", NameOf(static_cast<VpnTunnelKind>(i), personality), c.active,
           c.cumulative, c.peak);
  }
  const std::string rule = std::string(75, '-') + "\n";
  Append(out, "{}{:<29}: {:>6} : {:>10}\n{}", rule, "Totals", active, cumulative, rule);
}

// Before 8.4 every row is there, used or not.
class OldSummary {
 public:
  explicit OldSummary(const VpnStatisticsView& v) : v_(v) {}

  std::string Text(const Personality& personality) {
    out_ = "Active Session Summary\n\nSessions:\n";
    Append(out_, "{:27}Active : Cumulative : Peak Concurrent : Inactive\n", "");
    Session("SSL VPN", v_.ssl);
    Session("  Clientless only", Of(v_, VpnGroup::kClientless));
    Session("  With client", Of(v_, VpnGroup::kAnyConnect), true);
    Session("Email Proxy", Of(v_, VpnGroup::kEmailProxy));
    Session("IPsec LAN-to-LAN", Of(v_, VpnGroup::kSiteToSite));
    Session("IPsec Remote Access", Of(v_, VpnGroup::kIkev1RemoteAccess));
    Session("VPN Load Balancing", Of(v_, VpnGroup::kLoadBalancing));
    Append(out_, "  {:<22}: {:>7} : {:>10}\n\nLicense Information:\n", "Totals", v_.all.active, v_.all.cumulative);
    License("IPsec", v_.ipsec);
    License("SSL VPN", v_.ssl);
    Append(out_, "{:28}Active : Cumulative : Peak Concurrent\n", "");
    Use("IPsec", v_.ipsec);
    Use("SSL VPN", v_.ssl);
    Use("  AnyConnect Mobile", v_.mobile);
    Use("  Linksys Phone", v_.phone);
    Use("Totals", v_.all);
    Append(out_, "\nTunnels:\n{:15}Active : Cumulative : Peak Concurrent\n", "");
    VpnCounts all;
    for (std::size_t i = 0; i < kVpnTunnelKinds; i++) {
      const VpnCounts& c = v_.tunnels[i];
      if (c.cumulative == 0) continue;
      all = {all.active + c.active, 0, all.peak + c.peak, all.cumulative + c.cumulative};
      Tunnel(NameOf(static_cast<VpnTunnelKind>(i), personality), c);
    }
    Tunnel("Totals", all);
    return std::move(out_);
  }

 private:
  void Session(const char* label, const VpnCounts& c, bool inactive = false) {
    Append(out_, "  {:<22}: {:>7} : {:>10} : {:>15}", label, c.active, c.cumulative, c.peak);
    if (inactive) Append(out_, " : {:>8}", c.inactive);
    out_ += '\n';
  }
  void License(const char* label, const VpnCounts& c) {
    Append(out_, "  {:<8}: {:>6}    Configured : {:>6}    Active : {:>6}    Load : {:>3}%\n", label, v_.capacity,
           v_.capacity, c.active, Percent(c.active, v_.capacity));
  }
  void Use(const char* label, const VpnCounts& c) {
    Append(out_, "  {:<20}: {:>10} : {:>10} : {:>15}\n", label, c.active, c.cumulative, c.peak);
  }
  void Tunnel(std::string_view label, const VpnCounts& c) {
    Append(out_, "  {:<11}: {:>6} : {:>10} : {:>15}\n", label, c.active, c.cumulative, c.peak);
  }

  const VpnStatisticsView& v_;
  std::string out_;
};

std::string RatioHead(const char* column, std::size_t sessions, std::uint64_t cumulative, const std::string& group) {
  std::string out;
  Append(out, "Filter Group         : {}\nTotal Active Sessions: {}\nCumulative Sessions  : {}\n\n",
         group.empty() ? "All" : group, sessions, cumulative);
  Append(out, "{:<25}{}{:>14}\n", column, "Sessions", "Percent");
  return out;
}

void RatioRow(std::string& out, std::string_view name, std::size_t count, std::size_t total) {
  Append(out, "{:<24}{:>9}{:>13}%\n", name, count, Percent(count, total));
}

}  // namespace

std::string ShowVpnSummary(const VpnStatisticsView& view, const Personality& personality) {
  if (!personality.ikev1_keyword) return OldSummary(view).Text(personality);
  if (std::all_of(view.groups.begin(), view.groups.end(), [](const VpnCounts& c) { return c.cumulative == 0; })) {
    return "\n No sessions to display.\n\n";
  }
  std::string out = Summary(view);
  Tunnels(out, view, personality);
  return out;
}

std::string ShowVpnEncryptionRatio(const std::vector<VpnSessionView>& sessions, std::uint64_t cumulative,
                                   const std::string& group) {
  std::string out = RatioHead("Encryption", sessions.size(), cumulative, group);
  for (int i = 0; i <= static_cast<int>(VpnCipher::kAesGcm256); i++) {
    const auto cipher = static_cast<VpnCipher>(i);
    const auto count =
        std::count_if(sessions.begin(), sessions.end(), [&](const VpnSessionView& s) { return s.cipher == cipher; });
    RatioRow(out, NamesOf(cipher).session, static_cast<std::size_t>(count), sessions.size());
  }
  return out;
}

std::string ShowVpnProtocolRatio(const std::vector<VpnSessionView>& sessions, std::uint64_t cumulative,
                                 const std::string& group, const Personality& personality) {
  std::string out = RatioHead("Protocol", sessions.size(), cumulative, group);
  for (std::size_t i = 0; i < kVpnTunnelKinds; i++) {
    const auto kind = static_cast<VpnTunnelKind>(i);
    const auto count = std::count_if(sessions.begin(), sessions.end(), [&](const VpnSessionView& s) {
      return std::any_of(s.tunnels.begin(), s.tunnels.end(), [&](const VpnTunnelView& t) { return t.kind == kind; });
    });
    RatioRow(out, NameOf(kind, personality), static_cast<std::size_t>(count), sessions.size());
  }
  return out;
}

}  // namespace sallyport
