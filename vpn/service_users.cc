// The service and remote users: who may in (vpn/user_judge.h), addresses, accounting, and sessions of others.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/service.h"

namespace sallyport {

void VpnService::Ask(const UserQuestion& q, std::function<void(const UserAnswer&)> answer) {
  later_.push_back([this, q, answer = std::move(answer)] {
    judge_.Ask(q, [this, alive = alive_, answer](const UserAnswer& a) {
      if (*alive) Enter([&] { answer(a); });
    });
  });
}

std::optional<AssignedAddress> VpnService::TakeAddress(const std::vector<std::string>& pools, std::optional<AssignedAddress> own) {
  if (own) return pools_.TakeOwn(own->address) ? own : std::nullopt;
  std::string pool;
  const auto taken = pools_.Take(pools, pool);
  if (taken) ports_.logger.Say(737026, 6, fmt::format("IPAA: Client assigned {} from local pool {}", taken->address.ToString(), pool));
  return taken;
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
  accounting_.Start(index, std::move(a));
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
