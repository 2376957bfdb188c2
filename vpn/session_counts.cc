#include "vpn/session_counts.h"

#include <algorithm>

#include "vpn/policy.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kLargestIndex = 65535;

void CountBy(VpnCounts& c, int by) {
  if (by > 0) {
    c.active++;
    c.cumulative++;
    c.peak = std::max(c.peak, c.active + c.inactive);
  } else if (c.active != 0) {
    c.active--;
  }
}

// One that is inactive is there: the peak is of both.
void MoveInactive(VpnCounts& c, int by) {
  if (by > 0) {
    if (c.active != 0) c.active--;
    c.inactive++;
  } else {
    if (c.inactive != 0) c.inactive--;
    c.active++;
  }
}

}  // namespace

std::uint32_t SessionCounts::NewIndex() {
  do {
    last_index_ = last_index_ % kLargestIndex + 1;
  } while (!used_.insert(last_index_).second);
  return last_index_;
}

void SessionCounts::Count(VpnSessionType type, std::uint8_t ike_version, int by, bool mobile) {
  const auto group = [&](VpnGroup g) { CountBy(statistics_.groups[static_cast<std::size_t>(g)], by); };
  const auto cls = [&](VpnClass c) { CountBy(statistics_.classes[static_cast<std::size_t>(c)], by); };
  CountBy(statistics_.all, by);
  switch (type) {
    case VpnSessionType::kAnyConnect:
      group(VpnGroup::kAnyConnect);
      cls(VpnClass::kAnyConnectSsl);
      if (mobile) CountBy(statistics_.mobile, by);
      CountBy(statistics_.ssl, by);
      return;
    case VpnSessionType::kWebVpn:
      group(VpnGroup::kClientless);
      cls(VpnClass::kBrowser);
      CountBy(statistics_.ssl, by);
      return;
    case VpnSessionType::kLanToLan:
      group(VpnGroup::kSiteToSite);
      cls(ike_version == 2 ? VpnClass::kSiteIkev2 : VpnClass::kSiteIkev1);
      break;
    case VpnSessionType::kIkev2RemoteAccess:
      group(VpnGroup::kIkev2RemoteAccess);  // no client of Cisco's: those would be AnyConnect's
      break;
    default:
      group(VpnGroup::kIkev1RemoteAccess);
      break;
  }
  CountBy(statistics_.ipsec, by);
}

void SessionCounts::CountTunnel(VpnTunnelKind kind, int by) { CountBy(statistics_.tunnels[static_cast<std::size_t>(kind)], by); }

void SessionCounts::CountInactive(int by) {
  MoveInactive(statistics_.groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)], by);
  MoveInactive(statistics_.classes[static_cast<std::size_t>(VpnClass::kAnyConnectSsl)], by);
}

void SessionCounts::PortalToClient() {
  const auto move = [](VpnCounts& from, VpnCounts& to) {
    if (from.active != 0) from.active--;
    if (from.cumulative != 0) from.cumulative--;  // it is one session, and counts once
    CountBy(to, 1);
  };
  move(statistics_.groups[static_cast<std::size_t>(VpnGroup::kClientless)], statistics_.groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)]);
  move(statistics_.classes[static_cast<std::size_t>(VpnClass::kBrowser)], statistics_.classes[static_cast<std::size_t>(VpnClass::kAnyConnectSsl)]);
}

VpnStatisticsView SessionCounts::View() const {
  VpnStatisticsView v = statistics_;
  v.capacity = kVpnSessionsHeld;
  return v;
}

std::string UserKey(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::optional<SessionCounts::Which> SessionCounts::TooMany(const std::string& user, std::uint32_t limit) const {
  std::optional<Which> found;
  std::size_t count = 0;
  TimePoint least = TimePoint::Max();
  for (RemoteSessions* database : databases_) {
    for (const std::uint32_t index : database->OfUser(user)) {
      count++;
      const TimePoint used = database->LastUsed(index);
      if (used >= least) continue;
      least = used;
      found = Which{database, index};
    }
  }
  return count >= limit ? found : std::nullopt;
}

}  // namespace sallyport
