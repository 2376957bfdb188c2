#include "vpn/user_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/ike/peer_certificate.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kIkev1Client = 1, kAnyConnectClient = 2, kPortalClient = 3, kIkev2Client = 6;  // Client-Type

constexpr std::uint32_t kPptp = 1, kL2tp = 2, kIkev1 = 4, kL2tpIpsec = 8, kClientless = 16, kSslClient = 32, kIkev2 = 64;  // Tunneling-Protocols

using Via = UserQuestion::Via;

// The networks of a split tunnel's list: sources, or what a standard list names.
std::vector<Prefix> NetworksOfList(const AccessList& list) {
  std::vector<Prefix> out;
  for (const AclElement& e : list.elements()) {
    const AddressRange& r = e.text.starts_with("standard ") ? e.dst : e.src;
    if (!e.permit || e.inactive || e.unknown || !r.first.IsV4()) continue;
    std::uint64_t at = r.first.v4();
    const std::uint64_t end = std::uint64_t{r.last.v4()} + 1;
    while (at < end) {
      int bits = 0;
      while (bits < 32 && (at & ((std::uint64_t{2} << bits) - 1)) == 0 && at + (std::uint64_t{2} << bits) <= end) bits++;
      out.push_back(Prefix::Of(IpAddress::V4(static_cast<std::uint32_t>(at)), 32 - bits));
      at += std::uint64_t{1} << bits;
    }
  }
  return out;
}

// One list for both families, though the server has one for each: "any" of its IPv6 list is any6, and a family that it says nothing of
// stays open.
std::vector<std::string> ElementsOfBoth(const AaaAttributes& a) {
  std::vector<std::string> all = a.acl;
  for (const std::string& line : a.acl6) {
    std::string out, word;
    for (const char c : line + " ") {
      if (c != ' ') {
        word += c;
        continue;
      }
      if (!word.empty()) out += (out.empty() ? "" : " ") + (word == "any" ? std::string("any6") : word);
      word.clear();
    }
    all.push_back(std::move(out));
  }
  if (a.acl.empty()) all.push_back("permit ip any4 any4");
  return all;
}

bool OfSsl(Via via) { return via == Via::kSslClient || via == Via::kClientless; }

}  // namespace

AaaCaller CallerOf(const std::string& tunnel_group, IpAddress client, IpAddress local, Via via) {
  std::uint32_t type = kIkev1Client;
  if (via == Via::kIkev2) type = kIkev2Client;
  if (via == Via::kSslClient) type = kAnyConnectClient;
  if (via == Via::kClientless) type = kPortalClient;
  return {tunnel_group, client, local, type};
}

UserJudge::UserJudge(Ports ports) : ports_(std::move(ports)), policy_(std::make_shared<Policy>()), vpn_(std::make_shared<VpnPolicy>()) {}

UserJudge::~UserJudge() { *alive_ = false; }

void UserJudge::UsePolicy(std::shared_ptr<const Policy> policy, std::shared_ptr<const VpnPolicy> vpn) {
  policy_ = std::move(policy);
  vpn_ = std::move(vpn);
}

void UserJudge::Ask(const UserQuestion& q, const Answer& answer) {
  const TunnelGroup* group = vpn_->Group(q.tunnel_group);
  if (group == nullptr) {
    answer({});
    return;
  }
  const std::vector<std::string> methods = q.servers.empty() ? group->authentication_servers : std::vector<std::string>{q.servers};
  if (!methods.empty() && methods.front() != "LOCAL") {
    AskServers(q, methods, /*authorize=*/false, answer);
  } else {
    answer(JudgeLocally(q, *group));
  }
}

void UserJudge::Authorize(const UserQuestion& q, const Answer& answer) {
  const TunnelGroup* group = vpn_->Group(q.tunnel_group);
  if (group == nullptr) {
    answer({});
    return;
  }
  const auto ssl = vpn_->ssl.groups.find(q.tunnel_group);
  const std::string servers = ssl == vpn_->ssl.groups.end() ? std::string() : ssl->second.authorization_servers;
  if (!servers.empty() && servers != "LOCAL") {
    AskServers(q, {servers}, /*authorize=*/true, answer);
    return;
  }
  UserAnswer known;
  known.rules = UserOf(vpn_, q.user);
  if (known.rules != nullptr) known.group_policy = known.rules->group_policy;
  if (known.rules == nullptr && servers == "LOCAL" && ssl->second.authorization_required) {
    ports_.logger.Say(113015, 6, fmt::format("AAA user authorization Rejected : reason = User was not found : local database : user = ***** : user IP = {}",
                                             q.peer.ToString()));
    answer({});
    return;
  }
  answer(Admit(q, q.user, *group, std::move(known)));
}

Status UserJudge::Believes(const CrlOf& crl_of, const Certificate& leaf, const std::vector<Certificate>& others) const {
  return ValidatePeer(*vpn_, crl_of, ports_.clock.WallNanos(ports_.times().now) / 1'000'000'000, leaf, others);
}

std::string UserJudge::GroupOfCertificate(const Certificate& leaf) const {
  for (const SslPolicy::CertificateGroup& g : vpn_->ssl.certificate_groups) {
    const auto rules = vpn_->certificate_rules.find({g.map, g.index});
    if (rules != vpn_->certificate_rules.end() && CertificateFits(rules->second, leaf)) return g.group;
  }
  return {};
}

void UserJudge::AskServers(const UserQuestion& q, const std::vector<std::string>& methods, bool authorize, const Answer& answer) {
  // The local database has no EAP.
  const bool fallback = q.eap.empty() && std::find(methods.begin(), methods.end(), "LOCAL") != methods.end();
  const std::string name = q.user;
  UserQuestion kept = q;
  if (!fallback) kept.password.clear();  // nobody will want it again
  const auto heard = [this, alive = alive_, q = std::move(kept), name, fallback, authorize, servers = methods.front(), answer](const AaaAnswer& a) {
    if (!*alive) return;
    const TunnelGroup* again = vpn_->Group(q.tunnel_group);
    if (again == nullptr) {
      answer({});
    } else if (a.kind == AaaAnswer::Kind::kNoAnswer && fallback) {
      ports_.logger.Say(409023, 4,
                        fmt::format("Attempting AAA Fallback method LOCAL for Authentication request for user {}:Auth-server group {} unreachable",
                                    name, servers));
      answer(JudgeLocally(q, *again));
    } else {
      answer(OfServer(q, name, *again, a, authorize));
    }
  };
  if (ports_.aaa == nullptr) {
    heard({});
    return;
  }
  AaaQuestion to;
  to.group = methods.front();
  to.user = name;
  to.password = authorize ? name : q.password;  // a server that only authorizes wants one, too
  to.new_password = q.new_password;
  const auto ssl = vpn_->ssl.groups.find(q.tunnel_group);
  to.ms_chap = ssl != vpn_->ssl.groups.end() && ssl->second.password_management;
  to.authorize_only = authorize;
  to.eap = q.eap;
  to.dialogue = q.dialogue;
  to.caller = CallerOf(q.tunnel_group, q.peer, q.local, q.via);
  to.fallback = fallback;
  ports_.aaa->Authenticate(std::move(to), heard);
}

UserAnswer UserJudge::JudgeLocally(const UserQuestion& q, const TunnelGroup& group) {
  const std::string& name = q.user;
  if (!q.eap.empty() || !ports_.check_user || !ports_.check_user(name, q.password)) {
    ports_.logger.Log(Msg::k113015, {"Invalid password", name, q.peer.ToString()});
    return {};
  }
  ports_.logger.Log(Msg::k113012, {name});
  UserAnswer accepted;
  if (q.identity_only) {
    accepted.accepted = true;
    return accepted;
  }
  accepted.rules = UserOf(vpn_, name);
  if (accepted.rules != nullptr) accepted.group_policy = accepted.rules->group_policy;
  return Admit(q, name, group, std::move(accepted));
}

UserAnswer UserJudge::OfServer(const UserQuestion& q, const std::string& name, const TunnelGroup& group, const AaaAnswer& a,
                               bool authorize) {
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
    case AaaAnswer::Kind::kExpired:
      ports_.logger.Log(Msg::k113005, {"Password has expired", a.server.ToString(), name, q.peer.ToString()});
      out.expired = true;
      return out;
    case AaaAnswer::Kind::kAccept:
      break;
  }
  ports_.logger.Log(Msg::k113004, {authorize ? "authorization" : "authentication", a.server.ToString(), name});
  if (q.identity_only) {
    out.accepted = true;
    return out;
  }
  const std::shared_ptr<VpnUser> rules = RulesOf(name, a.attributes);
  out.rules = rules;
  out.msk = a.msk;
  if (!a.attributes.acl.empty() || !a.attributes.acl6.empty()) {
    if (!UseSentList(q, a.attributes, *rules)) return {};
  } else if (out.rules->filter && out.rules->filter->list == nullptr) {
    // A filter that nobody has written would let everything through.
    ports_.logger.Say(109016, 3, fmt::format("Can't find authorization ACL {} for user '{}'", a.attributes.filter, name));
    return {};
  }
  // A policy that is not there is none.
  if (vpn_->group_policies.contains(a.attributes.group_policy)) out.group_policy = a.attributes.group_policy;
  return Admit(q, name, group, std::move(out));
}

std::shared_ptr<VpnUser> UserJudge::RulesOf(const std::string& name, const AaaAttributes& a) const {
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
  u->framed_address6 = a.framed_address6;
  u->framed_length6 = a.framed_length6;
  if (!a.access_hours.empty()) {
    u->client.access_hours_name = a.access_hours;
    const auto range = policy_->time_ranges.find(a.access_hours);
    // Hours that nobody has written are none.
    u->client.access_hours = range == policy_->time_ranges.end() ? nullptr : range->second;
  }
  if (a.split_policy) {
    using Split = VpnGroupPolicy::Split;
    u->split = *a.split_policy == 1 ? Split::kTunnelSpecified : *a.split_policy == 2 ? Split::kExcludeSpecified : Split::kTunnelAll;
  }
  if (const auto list = policy_->access_lists.find(a.split_list); !a.split_list.empty() && list != policy_->access_lists.end()) {
    u->split_list = a.split_list;
    u->split_networks = NetworksOfList(*list->second);
  }
  return u;
}

bool UserJudge::UseSentList(const UserQuestion& q, const AaaAttributes& a, VpnUser& rules) {
  const bool downloaded = !a.acl_name.empty();
  const std::string who = fmt::format("Group <{}> User <{}> IP <{}> ", a.group_policy, q.user, q.peer.ToString());
  if (!downloaded && !a.filter.empty()) {
    ports_.logger.Say(113034, 4, who + fmt::format("User ACL <{}> from AAA ignored, AV-PAIR ACL used instead.", a.filter));
  }
  const std::vector<std::string> elements = ElementsOfBoth(a);
  // The list's own number: what it says, so that one that has changed is another one.
  std::uint32_t sum = 2166136261u;
  for (const std::string& line : elements) {
    for (const unsigned char c : line) sum = (sum ^ c) * 16777619u;
  }
  const std::string name = downloaded ? a.acl_name : fmt::format("AAA-user-{}-{:08X}", q.user, sum);
  std::string bad = elements.front();
  const auto list = ports_.compile_list ? ports_.compile_list(name, elements, bad) : nullptr;
  if (list == nullptr) {
    ports_.logger.Say(109019, 3, fmt::format("Downloaded ACL {} has parsing error; ACE {}", name, bad));
    if (OfSsl(q.via)) ports_.logger.Say(113033, 6, who + "AnyConnect session not allowed. ACL parse error.");
    return false;
  }
  rules.filter = VpnFilter{list, name};
  return true;
}

UserAnswer UserJudge::Admit(const UserQuestion& q, const std::string& name, const TunnelGroup& group, UserAnswer accepted) {
  const std::string policy = accepted.group_policy.empty() ? group.default_group_policy : accepted.group_policy;
  if (accepted.group_policy.empty()) {
    ports_.logger.Say(113009, 6, fmt::format("AAA retrieved default group policy ({}) for user = {}", policy, name));
  } else {
    ports_.logger.Say(113011, 6, fmt::format("AAA retrieved user specific group policy ({}) for user = {}", policy, name));
  }
  ports_.logger.Log(Msg::k113008, {name});
  const VpnGroupPolicy rules = vpn_->GroupPolicyOf(policy, accepted.rules.get());
  if (!rules.group_lock.empty() && rules.group_lock != q.tunnel_group) {
    if (OfSsl(q.via)) {
      ports_.logger.Say(113040, 4, fmt::format("Terminating the VPN connection attempt from {}. Reason: This connection is group locked to {}.",
                                               q.tunnel_group, rules.group_lock));
      return {};
    }
    ports_.logger.Say(713060, 3, fmt::format("Tunnel Rejected: User ({}) not member of group ({}), group-lock check failed.", name, q.tunnel_group));
    return {};
  }
  if (!RightProtocol(q, rules, policy)) return {};
  if (rules.client.access_hours != nullptr && !rules.client.access_hours->ActiveAt(ports_.clock.WallNanos(ports_.times().now))) {
    ports_.logger.Say(113013, 6, fmt::format("AAA unable to complete the request Error : reason = Restricted logon hours : user = {}", name));
    return {};
  }
  const std::uint32_t most_ssl = OfSsl(q.via) ? vpn_->ssl.max_ssl_sessions : 0;
  if (most_ssl != 0 && ports_.counts.View().ssl.active >= most_ssl) {
    ports_.logger.Say(716023, 4, fmt::format("Group <{}> User <{}> IP <{}> Session could not be established: session limit of {} reached.", policy,
                                             name, q.peer.ToString(), most_ssl));
    return {};
  }
  const bool full = ports_.counts.size() >= kVpnSessionsHeld;
  if (rules.simultaneous_logins == 0 || full) {
    ports_.logger.Say(113029, 4, fmt::format("Group <{}> User <{}> IP <{}> Session could not be established: session limit of {} reached", policy,
                                             name, q.peer.ToString(), full ? kVpnSessionsHeld : 0));
    return {};
  }
  accepted.accepted = true;
  return accepted;
}

bool UserJudge::RightProtocol(const UserQuestion& q, const VpnGroupPolicy& rules, const std::string& policy) {
  const auto of_user = [&] { return fmt::format("Group <{}> User <{}> IP <{}> ", policy, q.user, q.peer.ToString()); };
  switch (q.via) {
    case Via::kIkev1:
      if (rules.protocols.ikev1) return true;
      ports_.logger.Say(713206, 3, "Tunnel Rejected: Conflicting protocols specified by tunnel-group and group-policy");
      return false;
    case Via::kIkev2:
      if (rules.protocols.ikev2) return true;
      ports_.logger.Say(751008, 3, fmt::format("Group={}, Tunnel rejected: IKEv2 not enabled in group policy", q.tunnel_group));
      return false;
    case Via::kSslClient:
      if (rules.protocols.ssl_client) return true;
      ports_.logger.Say(722050, 4, of_user() + "Session terminated: SVC not enabled for the user.");
      return false;
    case Via::kClientless:
      // The page is for clients that start from it, too.
      if (rules.protocols.ssl_clientless || rules.protocols.ssl_client) return true;
      ports_.logger.Say(716039, 6, of_user() + "Authentication: rejected, Session Type: WebVPN.");
      return false;
  }
  return false;
}

}  // namespace sallyport
