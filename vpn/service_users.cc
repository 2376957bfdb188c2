// The service and remote users: AAA by the appliance's own user database and by servers (vpn/aaa), accounting, and addresses.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/service.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kIkev1Client = 1, kIkev2Client = 6;  // Client-Type

constexpr std::uint32_t kPptp = 1, kL2tp = 2, kIkev1 = 4, kL2tpIpsec = 8, kClientless = 16, kSslClient = 32, kIkev2 = 64;  // Tunneling-Protocols

// Acct-Terminate-Cause (RFC 2866 5.10) of what 113019 calls a reason.
std::uint32_t CauseOf(const std::string& reason) {
  constexpr std::pair<const char*, std::uint32_t> kCauses[] = {
      {"User Requested", 1}, {"Lost Service", 3},         {"Idle Timeout", 4},           {"Max time exceeded", 5},
      {"Administrator Reset", 6}, {"Administrator Shutdown", 6}, {"Administrator Reboot", 7}, {"Connection preempted", 13}};
  for (const auto& [name, cause] : kCauses) {
    if (reason == name) return cause;
  }
  return 9;  // NAS Error
}

AaaCaller CallerOf(const std::string& group, IpAddress client, IpAddress local, std::uint8_t version) {
  return {group, client, local, version == 2 ? kIkev2Client : kIkev1Client};
}

}  // namespace

void VpnService::Ask(const UserQuestion& q, std::function<void(const UserAnswer&)> answer) {
  later_.push_back([this, q, answer = std::move(answer)] { Consider(q, answer); });
}

void VpnService::Consider(const UserQuestion& q, const Answer& answer) {
  const TunnelGroup* group = vpn_->Group(q.tunnel_group);
  if (group == nullptr) {
    answer({});
  } else if (!group->authentication_servers.empty() && group->authentication_servers.front() != "LOCAL") {
    AskServers(q, *group, answer);
  } else {
    answer(JudgeLocally(q, *group));
  }
}

void VpnService::AskServers(const UserQuestion& q, const TunnelGroup& group, const Answer& answer) {
  const auto& methods = group.authentication_servers;
  // The local database has no EAP.
  const bool fallback = q.eap.empty() && std::find(methods.begin(), methods.end(), "LOCAL") != methods.end();
  const std::string name = q.user;
  UserQuestion kept = q;
  if (!fallback) kept.password.clear();  // nobody will want it again
  const auto heard = [this, alive = alive_, q = std::move(kept), name, fallback, servers = methods.front(), answer](const AaaAnswer& a) {
    if (!*alive) return;
    Enter([&] {
      const TunnelGroup* again = vpn_->Group(q.tunnel_group);
      if (again == nullptr) {
        answer({});
      } else if (a.kind == AaaAnswer::Kind::kNoAnswer && fallback) {
        ports_.logger.Say(409023, 4,
                          fmt::format("Attempting AAA Fallback method LOCAL for Authentication request for user {}:Auth-server group {} unreachable",
                                      name, servers));
        answer(JudgeLocally(q, *again));
      } else {
        answer(OfServer(q, name, *again, a));
      }
    });
  };
  if (ports_.aaa == nullptr) {
    heard({});
    return;
  }
  AaaQuestion to;
  to.group = methods.front();
  to.user = name;
  to.password = q.password;
  to.eap = q.eap;
  to.dialogue = q.dialogue;
  to.caller = CallerOf(q.tunnel_group, q.peer, q.local, q.version);
  to.fallback = fallback;
  ports_.aaa->Authenticate(std::move(to), heard);
}

UserAnswer VpnService::JudgeLocally(const UserQuestion& q, const TunnelGroup& group) {
  const std::string& name = q.user;
  if (!q.eap.empty() || !ports_.check_user || !ports_.check_user(name, q.password)) {
    ports_.logger.Log(Msg::k113015, {"Invalid password", name, q.peer.ToString()});
    return {};
  }
  ports_.logger.Log(Msg::k113012, {name});
  UserAnswer accepted;
  accepted.rules = UserOf(vpn_, name);
  if (accepted.rules != nullptr) accepted.group_policy = accepted.rules->group_policy;
  return Admit(q, name, group, std::move(accepted));
}

UserAnswer VpnService::OfServer(const UserQuestion& q, const std::string& name, const TunnelGroup& group, const AaaAnswer& a) {
  UserAnswer out;
  out.message = a.message;
  out.eap = a.eap;
  switch (a.kind) {
    case AaaAnswer::Kind::kNoAnswer:
      return out;  // the client has told
    case AaaAnswer::Kind::kReject:
      ports_.logger.Log(Msg::k113005, {"AAA failure", a.server.ToString(), name, q.peer.ToString()});
      return out;
    case AaaAnswer::Kind::kChallenge:
      // Within EAP that is how a method goes on.
      if (q.eap.empty()) ports_.logger.Say(113010, 6, fmt::format("AAA challenge received for user {} from server {}", name, a.server.ToString()));
      out.challenge = true;
      out.dialogue = a.dialogue;
      return out;
    case AaaAnswer::Kind::kAccept:
      break;
  }
  ports_.logger.Log(Msg::k113004, {"authentication", a.server.ToString(), name});
  out.rules = RulesOf(name, a.attributes);
  out.msk = a.msk;
  if (out.rules->filter && out.rules->filter->list == nullptr) {
    // A filter that nobody has written would let everything through.
    ports_.logger.Say(109016, 3, fmt::format("Can't find authorization ACL {} for user '{}'", a.attributes.filter, name));
    return {};
  }
  // A policy that is not there is none.
  if (vpn_->group_policies.contains(a.attributes.group_policy)) out.group_policy = a.attributes.group_policy;
  return Admit(q, name, group, std::move(out));
}

std::shared_ptr<const VpnUser> VpnService::RulesOf(const std::string& name, const AaaAttributes& a) const {
  auto u = std::make_shared<VpnUser>();
  u->name = name;
  u->framed_address = a.framed_address;
  u->framed_mask = a.framed_mask.value_or(IpAddress());
  const auto minutes = [](std::optional<std::uint32_t> s) { return s ? std::optional((*s + 59) / 60) : std::nullopt; };
  u->session_minutes = minutes(a.session_s);
  u->idle_minutes = minutes(a.idle_s);
  u->simultaneous_logins = a.simultaneous_logins;
  if (!a.filter.empty()) {
    const auto list = policy_->access_lists.find(a.filter);
    u->filter = VpnFilter{list == policy_->access_lists.end() ? nullptr : list->second, a.filter};
  }
  if (const auto p = a.tunneling_protocols) {
    u->protocols = VpnTunnelProtocols{(*p & kIkev1) != 0, (*p & kIkev2) != 0, (*p & (kPptp | kL2tp | kL2tpIpsec)) != 0, (*p & kSslClient) != 0,
                                      (*p & kClientless) != 0};
  }
  u->password_storage = a.password_storage;
  if (!a.group_lock.empty()) u->group_lock = a.group_lock;
  if (!a.address_pools.empty()) u->address_pools = a.address_pools;
  if (!a.banner.empty()) u->banner = a.banner;
  if (!a.default_domain.empty()) u->default_domain = a.default_domain;
  u->dns = a.dns;
  u->wins = a.wins;
  u->classes = a.classes;
  return u;
}

UserAnswer VpnService::Admit(const UserQuestion& q, const std::string& name, const TunnelGroup& group, UserAnswer accepted) {
  const std::string policy = accepted.group_policy.empty() ? group.default_group_policy : accepted.group_policy;
  if (accepted.group_policy.empty()) {
    ports_.logger.Say(113009, 6, fmt::format("AAA retrieved default group policy ({}) for user = {}", policy, name));
  } else {
    ports_.logger.Say(113011, 6, fmt::format("AAA retrieved user specific group policy ({}) for user = {}", policy, name));
  }
  ports_.logger.Log(Msg::k113008, {name});
  const VpnGroupPolicy rules = vpn_->GroupPolicyOf(policy, accepted.rules.get());
  if (!rules.group_lock.empty() && rules.group_lock != q.tunnel_group) {
    ports_.logger.Say(713060, 3, fmt::format("Tunnel Rejected: User ({}) not member of group ({}), group-lock check failed.", name, q.tunnel_group));
    return {};
  }
  if (q.version == 1 ? !rules.protocols.ikev1 : !rules.protocols.ikev2) {
    if (q.version == 1) ports_.logger.Say(713206, 3, "Tunnel Rejected: Conflicting protocols specified by tunnel-group and group-policy");
    else ports_.logger.Say(751008, 3, fmt::format("Group={}, Tunnel rejected: IKEv2 not enabled in group policy", q.tunnel_group));
    return {};
  }
  const bool full = sessions_.size() >= VpnSessions::kMost;
  if (rules.simultaneous_logins == 0 || full) {
    ports_.logger.Say(113029, 4, fmt::format("Group <{}> User <{}> IP <{}> Session could not be established: session limit of {} reached", policy,
                                             name, q.peer.ToString(), full ? VpnSessions::kMost : 0));
    return {};
  }
  accepted.accepted = true;
  return accepted;
}

std::optional<AssignedAddress> VpnService::TakeAddress(const std::vector<std::string>& pools, std::optional<AssignedAddress> own) {
  if (own) return pools_.TakeOwn(own->address) ? own : std::nullopt;
  std::string pool;
  const auto taken = pools_.Take(pools, pool);
  if (taken) ports_.logger.Say(737026, 6, fmt::format("IPAA: Client assigned {} from local pool {}", taken->address.ToString(), pool));
  return taken;
}

// --- accounting

void VpnService::AccountStart(const IkePeerUp& up, std::uint32_t index) {
  const TunnelGroup* group = vpn_->Group(up.tunnel_group);
  if (ports_.aaa == nullptr || group == nullptr || group->accounting_servers.empty()) return;
  AaaAccount a;
  a.group = group->accounting_servers;
  a.user = up.user;
  a.session = fmt::format("{:04X}{:06X}", ports_.entropy.U32() & 0xffff, index);
  a.caller = CallerOf(up.tunnel_group, up.peer, {}, up.version);
  a.framed_address = up.assigned;
  if (up.rules != nullptr) a.classes = up.rules->classes;
  ports_.aaa->Account(a);
  accounts_[index] = std::move(a);
}

void VpnService::AccountStop(const VpnSessions::Ended& ended) {
  const auto it = accounts_.find(ended.index);
  if (it == accounts_.end()) return;
  AaaAccount a = std::move(it->second);
  accounts_.erase(it);
  a.stop = true;
  a.duration = ended.duration;
  a.bytes_in = ended.traffic.rx_bytes;
  a.bytes_out = ended.traffic.tx_bytes;
  a.packets_in = ended.traffic.rx_packets;
  a.packets_out = ended.traffic.tx_packets;
  a.cause = CauseOf(ended.reason);
  ports_.aaa->Account(a);
}

}  // namespace sallyport
