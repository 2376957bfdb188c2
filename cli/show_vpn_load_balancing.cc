#include "cli/show_vpn_load_balancing.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string Ruled(const std::string& headings) {
  const std::string rule(74, '-');
  return rule + "\n" + headings + rule + "\n";
}

std::string Load(const VpnLoadView& v, int width) {
  return fmt::format("{:>{}} {:>7} {:>6}%", v.limit, width, v.used, v.percent);
}

// The appliance itself has a star.
std::string Address(const VpnBalancedPeer& p) { return p.address.ToString() + (p.self ? "*" : ""); }

}  // namespace

std::string ShowVpnLoadBalancing(const VpnLoadBalancingView& view) {
  std::string out = Ruled("Status     Role     Failover   Encryption   Peers     Cluster IP        \n");
  const std::size_t others = view.peers.empty() ? 0 : view.peers.size() - 1;
  Append(out, "{:<10} {:<8} {:<10} {:<12} {:>5}     {}\n", view.enabled ? "Enabled" : "Disabled",
         view.master ? "Master" : "Backup", "n/a", view.encryption ? "Enabled" : "Disabled", others, view.cluster);
  out += "\nPeers:\n" + Ruled("Role    Pri  Model             Load-Balancing Version  Public IP         \n");
  for (const VpnBalancedPeer& p : view.peers) {
    Append(out, "{:<6} {:>4}  {:<18}{:>22}  {}\n", p.master ? "Master" : "Backup", p.priority, p.model, p.version,
           Address(p));
  }
  out += "\nTotal License Load:\n" + Ruled(
                                         "AnyConnect Premium/Essentials        Other VPN         Public IP         \n"
                                         "-----------------------------   ---------------------                    \n"
                                         "Limit    Used   Load          Limit    Used   Load                     \n");
  for (const VpnBalancedPeer& p : view.peers) {
    Append(out, "{} {}  {}\n", Load(p.anyconnect, 7), Load(p.other, 13), Address(p));
  }
  return out;
}

}  // namespace sallyport
