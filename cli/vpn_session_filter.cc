#include "cli/vpn_session_filter.h"

#include <algorithm>
#include <tuple>

#include "cli/show_vpn_sessiondb.h"
#include "conf/cursor.h"

namespace sallyport {
namespace {

// No TLS tunnel is there any more, whatever else is (an ASA's time of inactivity may just have begun), or never was.
bool IsInactive(const VpnSessionView& s) {
  return s.type == VpnSessionType::kAnyConnect && std::none_of(s.tunnels.begin(), s.tunnels.end(), [](const VpnTunnelView& t) {
           return t.kind == VpnTunnelKind::kSslTunnel || t.kind == VpnTunnelKind::kIkev2;
         });
}

bool Matches(const VpnSessionView& s, const VpnSessionFilter& f, const Personality& personality) {
  const auto any_tunnel = [&](auto holds) { return std::any_of(s.tunnels.begin(), s.tunnels.end(), holds); };
  const auto of_version = [](int version, IpAddress a) { return !a.IsNone() && a.IsV4() == (version == 4); };
  const bool assigned_fits = f.assigned_version == 0 || of_version(f.assigned_version, s.assigned) || of_version(f.assigned_version, s.assigned_ipv6);
  if (!assigned_fits || (f.public_version != 0 && !of_version(f.public_version, s.peer))) return false;
  if (f.version != 0 && !of_version(f.version, s.peer) && !of_version(f.version, s.assigned) && !of_version(f.version, s.assigned_ipv6)) return false;
  return (!f.type || *f.type == s.type) && (!f.index || *f.index == s.index) &&
         (f.name.empty() || SameWord(f.name, s.name)) &&
         (f.tunnel_group.empty() || SameWord(f.tunnel_group, s.tunnel_group)) &&
         (f.protocol.empty() ||
          any_tunnel([&](const VpnTunnelView& t) { return SameWord(f.protocol, NameOf(t.kind, personality)); })) &&
         (f.encryption.empty() ||
          any_tunnel([&](const VpnTunnelView& t) { return SameWord(f.encryption, NamesOf(t.cipher).session); })) &&
         (f.address.IsNone() || f.address == s.peer || f.address == s.assigned || f.address == s.assigned_ipv6) &&
         (f.assigned.IsNone() || f.assigned == s.assigned || f.assigned == s.assigned_ipv6) &&
         (f.public_address.IsNone() || f.public_address == s.peer) && (!f.inactive || IsInactive(s));
}

using Key = std::tuple<VpnSessionType, IpAddress, std::string, std::int64_t>;

Key SortKey(const VpnSessionView& s, VpnSessionFilter::Sort sort, const Personality& personality) {
  Key key{s.type, {}, {}, 0};
  auto& [type, address, text, number] = key;
  switch (sort) {
    case VpnSessionFilter::Sort::kAge:
      break;
    case VpnSessionFilter::Sort::kName:
      text = s.name;
      break;
    case VpnSessionFilter::Sort::kAddress:
      address = s.assigned.IsNone() ? s.peer : s.assigned;
      break;
    case VpnSessionFilter::Sort::kAssigned:
      address = s.assigned;
      break;
    case VpnSessionFilter::Sort::kPublic:
      address = s.peer;
      break;
    case VpnSessionFilter::Sort::kTunnelGroup:
      text = s.tunnel_group;
      break;
    case VpnSessionFilter::Sort::kProtocol:
      text = VpnProtocols(s, personality);
      break;
    case VpnSessionFilter::Sort::kEncryption:
      text = NamesOf(s.cipher).session;
      break;
    case VpnSessionFilter::Sort::kAssignedVersion:
      number = s.assigned.IsNone() ? 6 : 4;
      break;
    case VpnSessionFilter::Sort::kPublicVersion:
      number = s.peer.IsV4() ? 4 : 6;
      break;
    case VpnSessionFilter::Sort::kInactivity:
      number = -s.inactive.ns;
      break;  // the longest first
  }
  return key;
}

}  // namespace

std::vector<VpnSessionView> SelectVpnSessions(std::vector<VpnSessionView> sessions, const VpnSessionFilter& filter,
                                              const Personality& personality) {
  std::erase_if(sessions, [&](const VpnSessionView& s) { return !Matches(s, filter, personality); });
  std::stable_sort(sessions.begin(), sessions.end(), [&](const VpnSessionView& a, const VpnSessionView& b) {
    return SortKey(a, filter.sort, personality) < SortKey(b, filter.sort, personality);
  });
  return sessions;
}

}  // namespace sallyport
