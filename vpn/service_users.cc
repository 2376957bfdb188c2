// The service and remote users: AAA of the appliance's own user database, and addresses.
#include <fmt/format.h>

#include <algorithm>

#include "vpn/service.h"

namespace sallyport {

void VpnService::Ask(const UserQuestion& q, std::function<void(const UserAnswer&)> answer) {
  later_.push_back([this, q, answer = std::move(answer)] { answer(Judge(q)); });
}

// AAA of the appliance's own user database.
UserAnswer VpnService::Judge(const UserQuestion& q) {
  UserAnswer refused;
  const TunnelGroup* group = vpn_->Group(q.tunnel_group);
  if (group == nullptr) return refused;
  const std::vector<std::string>& servers = group->authentication_servers;
  const bool local = servers.empty() || std::find(servers.begin(), servers.end(), "LOCAL") != servers.end();
  if (!local) {
    // Other servers are not asked by this appliance.
    ports_.logger.Log(Msg::k113014, {servers.front(), q.user});
    return refused;
  }
  std::string name = q.user;
  if (group->strip_realm) name = name.substr(0, name.rfind('@'));
  if (!ports_.check_user || !ports_.check_user(name, q.password)) {
    ports_.logger.Log(Msg::k113015, {"Invalid password", name, q.peer.ToString()});
    return refused;
  }
  ports_.logger.Log(Msg::k113012, {name});
  UserAnswer accepted;
  accepted.accepted = true;
  const auto user = vpn_->users.find(name);
  std::string policy = group->default_group_policy;
  if (user != vpn_->users.end()) {
    accepted.address = user->second.framed_address;
    if (!user->second.group_policy.empty()) accepted.group_policy = policy = user->second.group_policy;
  }
  if (accepted.group_policy.empty()) {
    ports_.logger.Say(113009, 6, fmt::format("AAA retrieved default group policy ({}) for user = {}", policy, name));
  } else {
    ports_.logger.Say(113011, 6, fmt::format("AAA retrieved user specific group policy ({}) for user = {}", policy, name));
  }
  ports_.logger.Log(Msg::k113008, {name});
  const VpnGroupPolicy rules = vpn_->GroupPolicyOf(policy, name);
  if (!rules.group_lock.empty() && rules.group_lock != q.tunnel_group) {
    ports_.logger.Say(713060, 3, fmt::format("Tunnel Rejected: User ({}) not member of group ({}), group-lock check failed.", name, q.tunnel_group));
    return refused;
  }
  const bool full = sessions_.size() >= VpnSessions::kMost;
  if (rules.simultaneous_logins == 0 || full) {
    ports_.logger.Say(113029, 4, fmt::format("Group <{}> User <{}> IP <{}> Session could not be established: session limit of {} reached", policy,
                                             name, q.peer.ToString(), full ? VpnSessions::kMost : 0));
    return refused;
  }
  return accepted;
}

std::optional<AssignedAddress> VpnService::TakeAddress(const std::vector<std::string>& pools, std::optional<IpAddress> wanted) {
  if (wanted) {
    if (!pools_.TakeOwn(*wanted)) return {};
    for (const auto& [name, user] : vpn_->users) {
      if (user.framed_address == wanted && !user.framed_mask.IsNone()) return AssignedAddress{*wanted, user.framed_mask};
    }
    return AssignedAddress{*wanted, IpAddress::V4(0xffffffff)};
  }
  std::string pool;
  const auto taken = pools_.Take(pools, pool);
  if (taken) ports_.logger.Say(737026, 6, fmt::format("IPAA: Client assigned {} from local pool {}", taken->address.ToString(), pool));
  return taken;
}

}  // namespace sallyport
