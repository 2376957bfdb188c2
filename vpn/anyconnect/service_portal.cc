// The service as the portal's host, but for CONNECT: who may in, whose cookie that is, files.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/anyconnect/package_files.h"
#include "vpn/anyconnect/service.h"
#include "vpn/anyconnect/suites.h"

namespace sallyport {
namespace {

std::string TextOf(const Secret& s) { return {reinterpret_cast<const char*>(s.bytes().data()), s.bytes().size()}; }

void Wipe(std::string& s) { Cleanse(MutableBytes(reinterpret_cast<std::uint8_t*>(s.data()), s.size())); }

}  // namespace

// --- logging in

void SslService::Ask(LoginQuestion question, std::function<void(LoginAnswer)> answer) {
  UserQuestion q;
  q.tunnel_group = question.tunnel_group;
  q.user = question.user;
  q.peer = question.from.peer.address;
  q.local = question.from.local.address;
  q.via = question.browser ? UserQuestion::Via::kClientless : UserQuestion::Via::kSslClient;
  q.dialogue = question.dialogue;
  q.password = TextOf(question.password);
  q.new_password = TextOf(question.new_password);
  const auto group = vpn_->ssl.groups.find(question.tunnel_group);
  const SslPolicy::Group of_group = group == vpn_->ssl.groups.end() ? SslPolicy::Group() : group->second;
  const auto heard = [alive = alive_, of_group, answer](const UserAnswer& a) {
    if (!*alive) return;
    LoginAnswer out;
    out.message = a.message;
    out.dialogue = a.dialogue;
    out.group_policy = a.group_policy;
    out.rules = a.rules;
    if (a.accepted) out.kind = LoginAnswer::Kind::kAccepted;
    else if (a.challenge) out.kind = LoginAnswer::Kind::kChallenge;
    else if (a.expired && of_group.password_management) out.kind = LoginAnswer::Kind::kNewPassword;
    else if (!of_group.radius_reject_message) out.message.clear();  // what the server says is for the log only
    answer(std::move(out));
  };
  switch (question.what) {
    case LoginQuestion::What::kPrimary:
      if (question.by_certificate && !of_group.authorization_servers.empty()) {
        // Authorization comes next, and says everything.
        UserAnswer known;
        known.accepted = true;
        heard(known);
      } else if (question.by_certificate) {
        ports_.judge.Authorize(q, heard);
      } else {
        const TunnelGroup* tunnel_group = vpn_->Group(question.tunnel_group);
        if (tunnel_group != nullptr) q.user = tunnel_group->NameFor(q.user, vpn_->group_delimiter);
        ports_.judge.Ask(q, heard);
      }
      break;
    case LoginQuestion::What::kSecondary:
      q.servers = of_group.secondary_servers;
      q.identity_only = true;
      ports_.judge.Ask(q, heard);
      break;
    case LoginQuestion::What::kAuthorize:
      ports_.judge.Authorize(q, heard);
      break;
  }
  Wipe(q.password);
  Wipe(q.new_password);
}

void SslService::Login(LoginDone done, std::function<void(SessionMade)> answer) {
  const auto times = ports_.times();
  const TunnelGroup* group = vpn_->Group(done.tunnel_group);
  SslLogin login;
  login.group_policy = !done.group_policy.empty() ? done.group_policy : group != nullptr ? group->default_group_policy : "DfltGrpPolicy";
  login.rules = vpn_->GroupPolicyOf(login.group_policy, done.rules.get());
  const std::string who = fmt::format("Group <{}> User <{}> IP <{}> ", login.group_policy, done.user, done.from.peer.address.ToString());
  SessionMade made;
  const auto refuse = [&](int id, int severity, const std::string& text) {
    if (id != 0) Say(id, severity, who + text);
    counters_.refused_logins++;
    answer(std::move(made));
  };
  if (group == nullptr) return refuse(0, 0, {});
  if (!done.browser && !ClientsAreServed()) {
    if (release_ < 804) return refuse(722049, 4, "Session terminated: SVC not enabled or invalid image on the ASA.");
    return refuse(113035, 4, "Session terminated: AnyConnect not enabled or invalid AnyConnect image on the ASA.");
  }
  if (login.rules.simultaneous_logins == 0 || ports_.counts.size() >= kVpnSessionsHeld) {
    return refuse(113029, 4, fmt::format("Session could not be established: session limit of {} reached",
                                         login.rules.simultaneous_logins == 0 ? 0 : kVpnSessionsHeld));
  }
  if (const auto idle = ports_.counts.TooMany(done.user, login.rules.simultaneous_logins)) {
    idle->database->Logoff(idle->index, std::string(SslReason(SslHappening::kPreempted)));
  }
  login.user = done.user;
  login.tunnel_group = done.tunnel_group;
  login.user_rules = done.rules;
  login.auth = done.auth;
  login.browser = done.browser;
  login.mobile = !done.device_type.empty() || !done.unique_id.empty();
  login.host_scanned = done.host_scanned;
  login.at = done.from.at;
  login.local = done.from.local;
  login.peer = done.from.peer;
  login.device = done.device_id;
  login.platform_version = done.platform_version;
  login.version = done.client_version;
  login.agent = done.from.user_agent;
  login.ciphersuite = done.from.tls_cipher;
  login.encapsulation = done.from.encapsulation;
  const SuiteView suite = DescribeSuite(login.ciphersuite);
  login.cipher = suite.cipher;
  login.hash = suite.hash;
  SayAccessPolicy(login);
  SessionToken token;
  const SslSession& s = sessions_.Login(login, times.now, ports_.clock.WallNanos(times.now), token);
  counters_.logins++;
  // A session of the web page counts from its login, a client's from its tunnel.
  if (done.browser) StartAccounting(*sessions_.Find(s.index));
  made.token = token.text;
  Wipe(token.text);
  made.index = s.index;
  made.banner = s.rules.banner;
  made.profiles = s.rules.client.profiles;
  made.group_policy = s.group_policy;
  answer(std::move(made));
}

// Dynamic access policies cannot be written here: the one that every ASA has is chosen.
void SslService::SayAccessPolicy(const SslLogin& l) {
  const std::string who = fmt::format("DAP: User {}, Addr {}", l.user, l.peer.address.ToString());
  for (const auto& [name, value] : {std::pair("grouppolicy", l.group_policy), std::pair("username", l.user), std::pair("username1", l.user),
                                    std::pair("username2", std::string()), std::pair("tunnelgroup", l.tunnel_group)}) {
    Say(734003, 7, fmt::format("{}: Session Attribute aaa.cisco.{} = {}", who, name, value));
  }
  Say(734001, 6, fmt::format("{}, Connection {}: The following DAP records were selected for this connection: DfltAccessPolicy", who,
                             l.browser ? "Clientless" : "AnyConnect"));
}

bool SslService::CertificateIsGood(const Certificate& leaf, const std::vector<Certificate>& others) {
  const auto crl_of = [this](const Trustpoint& t, const Certificate& c) {
    return ports_.crl_of ? ports_.crl_of(t, c) : std::vector<std::uint8_t>();
  };
  const Status valid = ports_.judge.Believes(crl_of, leaf, others);
  if (!valid) Debug(1, "Client certificate refused: " + valid.error());
  return static_cast<bool>(valid);
}

std::string SslService::GroupOfCertificate(const Certificate& leaf) { return ports_.judge.GroupOfCertificate(leaf); }

// --- who has a session

std::optional<PortalSession> SslService::ByToken(std::string_view token) {
  SslSession* s = sessions_.ByToken(token);
  if (s == nullptr) {
    counters_.stale_tokens++;
    return {};
  }
  if (s->state == SslState::kParent) s->parent_since = ports_.times().now;
  PortalSession p;
  p.index = s->index;
  p.user = s->user;
  p.tunnel_group = s->tunnel_group;
  p.group_policy = s->group_policy;
  p.banner = s->rules.banner;
  p.profiles = s->rules.client.profiles;
  p.clientless = s->clientless;
  p.connected = s->HasTls() || s->HasDtls();
  p.assigned = s->assigned;
  return p;
}

bool SslService::Logout(std::string_view token) {
  SslSession* s = sessions_.ByToken(token);
  if (s == nullptr) return false;
  counters_.logouts++;
  Happen(*s, SslHappening::kLogout, {}, /*portal=*/true);
  return true;
}

void SslService::Count(std::uint32_t index, std::size_t in, std::size_t out) {
  SslSession* s = sessions_.Find(index);
  if (s == nullptr) return;
  s->portal.rx_bytes += in;
  s->portal.tx_bytes += out;
  s->portal.rx_packets += in != 0;
  s->portal.tx_packets += out != 0;
}

// --- the rest

std::optional<std::string> SslService::RedirectTo(IfId at, IpAddress local) {
  return ports_.redirect ? ports_.redirect(at, local) : std::nullopt;
}

void SslService::ReadFile(const std::string& name, std::uint64_t at, std::size_t most, std::function<void(Result<FilePart>)> answer) {
  ReadPart([read = ports_.read_file, name, at, most] { return read(name, at, most); }, std::move(answer));
}

void SslService::ReadMember(const std::string& package, const std::string& member, std::uint64_t at, std::size_t most,
                            std::function<void(Result<FilePart>)> answer) {
  ReadPart([packages = packages_, read = ports_.read_file, package, member, at, most] { return packages->Part(read, package, member, at, most); },
           std::move(answer));
}

void SslService::ReadPart(std::function<Result<FilePart>()> read, std::function<void(Result<FilePart>)> answer) {
  auto part = std::make_shared<Result<FilePart>>(Error{"no files"});
  auto work = [read = ports_.read_file ? std::move(read) : nullptr, part] {
    if (read) *part = read();
  };
  auto done = [alive = alive_, part, answer = std::move(answer)] {
    if (*alive) answer(std::move(*part));
  };
  if (ports_.compute) {
    ports_.compute(std::move(work), std::move(done));
  } else {
    work();
    done();
  }
}

std::string SslService::ServerCertificateHash(IfId at) { return ports_.certificate_hash ? ports_.certificate_hash(at) : std::string(); }

std::string SslService::NameOf(IfId at) const {
  const Interface* f = policy_->Find(at);
  return f == nullptr ? std::string() : f->nameif;
}

}  // namespace sallyport
