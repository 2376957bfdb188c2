// The service and remote users: who may in (vpn/user_judge.h), addresses, accounting, and sessions of others.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/address_assignment.h"
#include "vpn/dhcp_proxy.h"
#include "vpn/service.h"

namespace sallyport {

void VpnService::Ask(const UserQuestion& q, std::function<void(const UserAnswer&)> answer) {
  later_.push_back([this, q, answer = std::move(answer)] {
    judge_.Ask(q, [this, alive = alive_, q, answer](const UserAnswer& a) {
      if (!*alive) return;
      // Whoever may in gets his address of a DHCP server now, where one is to be asked: IKE's messages cannot wait for it later.
      const auto group = vpn_->ssl.groups.find(q.tunnel_group);
      const bool leases = a.accepted && pools_.dhcp() != nullptr && vpn_->assign.dhcp && group != vpn_->ssl.groups.end() &&
                          !group->second.dhcp_servers.empty() && !(vpn_->assign.aaa && OwnAddress(a.rules.get()));
      if (!leases) return Enter([&] { answer(a); });
      const TunnelGroup* of = vpn_->Group(q.tunnel_group);
      const std::string policy = !a.group_policy.empty() || of == nullptr ? a.group_policy : of->default_group_policy;
      const IpAddress scope = vpn_->GroupPolicyOf(policy, a.rules.get()).client.dhcp_scope.value_or(IpAddress());
      pools_.dhcp()->Request({group->second.dhcp_servers, scope, q.tunnel_group, q.user, policy_->personality.release < 902},
                             [this, alive, a, user = q.user, answer](std::optional<AssignedAddress> lease) {
                               if (!*alive) return;
                               UserAnswer with = a;
                               if (lease) {
                                 auto rules = std::make_shared<VpnUser>(a.rules != nullptr ? *a.rules : VpnUser());
                                 if (a.rules == nullptr) rules->name = user;
                                 rules->framed_address = lease->address;
                                 rules->framed_mask = lease->mask;
                                 with.rules = std::move(rules);
                               }
                               Enter([&] { answer(with); });
                             });
    });
  });
}

std::optional<AssignedAddress> VpnService::TakeAddress(const std::string& tunnel_group, const std::vector<std::string>& pools,
                                                       std::optional<AssignedAddress> own) {
  if (own && pools_.dhcp() != nullptr && pools_.dhcp()->Holds(own->address)) {
    return pools_.dhcp()->Claim(own->address) ? own : std::nullopt;
  }
  if (!vpn_->assign.aaa) own.reset();
  std::string pool;
  const auto taken = AssignAddress(pools_, ports_.logger, {tunnel_group, pools, own, {}, vpn_->assign.local}, pool, times_.now);
  if (taken) pool_of_[taken->address] = pool;
  return taken;
}

void VpnService::GiveAddress(IpAddress a) {
  if (const auto pool = pool_of_.extract(a)) {
    const AddressFreed freed(policy_->personality.release, pool.mapped(), a);
    ports_.logger.Say(freed.syslog, 6, freed.text);
  }
  pools_.Give(a, times_.now);
}

void VpnService::AccountStart(const IkePeerUp& up, std::uint32_t index) {
  const TunnelGroup* group = vpn_->Group(up.tunnel_group);
  if (group == nullptr) return;
  AaaAccount a;
  a.group = group->accounting_servers;
  a.user = up.user;
  a.caller = CallerOf(up.tunnel_group, up.peer, {}, up.version == 2 ? UserQuestion::Via::kIkev2 : UserQuestion::Via::kIkev1);
  a.framed_address = up.assigned;
  if (up.rules != nullptr) a.classes = up.rules->classes;
  accounting_.Start(index, std::move(a), times_.now);
}

void VpnService::InterimAccounting() {
  const std::vector<std::uint32_t> due = accounting_.Due(times_.now);
  if (due.empty()) return;
  for (const VpnSessionView& v : sessions_.Views(times_.now)) {
    if (std::find(due.begin(), due.end(), v.index) != due.end()) accounting_.Interim(v.index, v.duration, v.traffic, times_.now);
  }
}

// --- sessions, and those of others

bool VpnService::Ours::Logoff(std::uint32_t index, const std::string& reason) {
  auto which = service_.sessions_.Find(index);
  if (!which) return false;
  which->why = IkeEnd::kAdministratorReset;
  service_.Enter([&] { service_.later_.push_back([this, w = *which, reason] { service_.End(w, reason); }); });
  return true;
}

std::vector<VpnSessionView> VpnService::Sessions() {
  const TimePoint now = ports_.times().now;
  std::vector<VpnSessionView> all;
  for (RemoteSessions* database : counts_.databases()) {
    std::vector<VpnSessionView> some = database->Views(now);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  std::stable_sort(all.begin(), all.end(), [](const VpnSessionView& a, const VpnSessionView& b) { return a.duration > b.duration; });
  return all;
}

bool VpnService::Logoff(std::uint32_t index) {
  const auto& all = counts_.databases();
  return std::any_of(all.begin(), all.end(), [&](RemoteSessions* d) { return d->Logoff(index, "Administrator Reset"); });
}

}  // namespace sallyport
