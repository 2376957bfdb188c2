// The portal: logging in, by aggregate authentication, the old way, or a page.
#include <fmt/format.h>

#include <algorithm>

#include "firewall/base/printable.h"
#include "vpn/anyconnect/portal.h"
#include "vpn/session_counts.h"

namespace sallyport {
namespace {

constexpr char kDefaultGroup[] = "DefaultWEBVPNGroup";
constexpr std::size_t kLongestUser = 128, kLongestPassword = 256;

std::string_view FieldOf(const std::vector<std::pair<std::string, std::string>>& fields, std::string_view name) {
  for (const auto& [n, value] : fields) {
    if (n == name) return value;
  }
  return {};
}

bool HasField(const std::vector<std::pair<std::string, std::string>>& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return f.first == name; });
}

void WipeFields(std::vector<std::pair<std::string, std::string>>& fields) {
  for (auto& f : fields) Cleanse(MutableBytes(reinterpret_cast<std::uint8_t*>(f.second.data()), f.second.size()));
}

}  // namespace

// --- logins

Login* Portal::Find(std::string_view handle, IpAddress from) {
  const auto l = logins_.find(std::string(handle));
  return l == logins_.end() || l->second.address != from ? nullptr : &l->second;
}

Login* Portal::New(const TurnPtr& t) {
  const IpAddress from = t->from.peer.address;
  // The oldest that only has its form makes room: its user is asked again at worst.
  const auto oldest_form = [&](bool any) {
    auto oldest = logins_.end();
    for (auto i = logins_.begin(); i != logins_.end(); ++i) {
      if (i->second.step != LoginStep::kForm || (!any && CountedAs(i->second.address) != CountedAs(from))) continue;
      if (oldest == logins_.end() || i->second.begun < oldest->second.begun) oldest = i;
    }
    return oldest;
  };
  const auto of_address = static_cast<std::size_t>(std::count_if(
      logins_.begin(), logins_.end(), [&](const auto& l) { return CountedAs(l.second.address) == CountedAs(from); }));
  if (of_address >= limits_.logins_of_address || logins_.size() >= limits_.logins) {
    const auto gone = oldest_form(of_address < limits_.logins_of_address);
    if (gone == logins_.end()) return nullptr;
    logins_.erase(gone);
  }
  std::string handle = NewNumber();
  while (logins_.contains(handle)) handle = NewNumber();
  Login& l = logins_[handle];
  l.handle = std::move(handle);
  l.begun = real_();
  l.address = from;
  l.browser = t->kind == Turn::Kind::kBrowser;
  return &l;
}

void Portal::Forget(const std::string& handle) { logins_.erase(handle); }

void Portal::TooManyLogins(const TurnPtr& t) {
  ++counters_.too_many_logins;
  HttpAnswer a;
  a.status = 503;
  a.fields.emplace_back("Retry-After", "10");
  a.close = true;
  Answer(t, std::move(a));
}

void Portal::ChooseGroup(const TurnPtr& t, Login& l, const std::string& alias, std::string_view group_access) {
  l.asked_host = std::string(t->request.host());
  l.asked_path = t->path;
  l.group_access = std::string(group_access);
  Choose(t->from, l, alias);
}

void Portal::Choose(const PortalPeer& from, Login& l, const std::string& alias) const {
  l.policy_serial = policy_serial_;
  l.certificate = static_cast<bool>(from.certificate) && host_.CertificateIsGood(from.certificate, from.certificate_chain);
  std::string group = l.certificate ? host_.GroupOfCertificate(from.certificate) : std::string();
  if (group.empty()) group = GroupOfUrl(l.asked_host, l.asked_path);
  if (std::string_view group_access = l.group_access; group.empty() && !group_access.empty()) {
    const std::size_t scheme = group_access.find("://");
    if (scheme != group_access.npos) group_access.remove_prefix(scheme + 3);
    const std::size_t slash = std::min(group_access.find('/'), group_access.size());
    group = GroupOfUrl(group_access.substr(0, slash), group_access.substr(slash));
  }
  l.group_fixed = GroupNamed(group) != nullptr;
  l.alias.clear();
  if (!l.group_fixed && policy_->ssl.group_list) {
    group = GroupOfAlias(alias);
    if (!group.empty()) {
      l.alias = alias;
    } else if (!aliases_.empty()) {
      l.alias = AliasOf(kDefaultGroup);
      // Whoever has shown no certificate is not asked for one before he has chosen: the list would never come.
      for (const auto& [name, of] : aliases_) {
        const SslPolicy::Group* g = GroupNamed(of);
        if (l.alias.empty() && (l.certificate || g == nullptr || g->auth == SslPolicy::Group::Auth::kAaa)) l.alias = name;
      }
      if (l.alias.empty()) l.alias = aliases_.front().first;
      group = GroupOfAlias(l.alias);
    }
  }
  l.tunnel_group = GroupNamed(group) != nullptr ? group : kDefaultGroup;
  const SslPolicy::Group* g = GroupNamed(l.tunnel_group);
  l.needs = kNeedNothing;
  l.auth = g == nullptr ? SslPolicy::Group::Auth::kAaa : g->auth;
  if (g == nullptr) return;
  if (!g->secondary_servers.empty()) l.needs |= kNeedSecond;
  if (!g->authorization_servers.empty()) l.needs |= kNeedAuthorization;
}

bool Portal::ChoosesAgain(const TurnPtr& t, Login& l) {
  if (l.policy_serial == policy_serial_) return false;
  Login now;
  now.asked_host = l.asked_host;
  now.asked_path = l.asked_path;
  now.group_access = l.group_access;
  Choose(t->from, now, l.alias);
  // By certificate alone nobody needs a second password, whatever the group says (FillFirst).
  if (now.auth == SslPolicy::Group::Auth::kCertificate) now.needs &= static_cast<std::uint8_t>(~kNeedSecond);
  l.policy_serial = policy_serial_;
  if (now.tunnel_group == l.tunnel_group && now.auth == l.auth && now.needs == l.needs && now.certificate == l.certificate)
    return false;
  BackToForm(l);
  l.alias = std::move(now.alias);
  l.tunnel_group = std::move(now.tunnel_group);
  l.group_fixed = now.group_fixed;
  l.certificate = now.certificate;
  l.auth = now.auth;
  l.needs = now.needs;
  if (CertificateWanted(l) && !l.certificate) {
    const std::string handle = l.handle;
    AnswerCertificateMissing(t, l);
    Forget(handle);
  } else {
    AnswerForm(t, l);
  }
  return true;
}

bool Portal::CertificateWanted(const Login& l) const {
  const SslPolicy::Group* g = GroupNamed(l.tunnel_group);
  return g != nullptr && g->auth != SslPolicy::Group::Auth::kAaa;
}

bool Portal::ScanWanted(const Login& l) const {
  const SslPolicy::Group* g = GroupNamed(l.tunnel_group);
  return policy_->ssl.hostscan && !l.browser && !l.scanned &&
         (g == nullptr || !(g->without_csd || g->anyconnect_without_csd));
}

// --- what the user is shown

LoginForm Portal::FormOf(const Login& l) const {
  const SslPolicy::Group* g = GroupNamed(l.tunnel_group);
  LoginForm f;
  f.tunnel_group = l.tunnel_group;
  f.handle = l.handle;
  f.group_alias = l.alias;
  f.config_hash = config_hash_;
  f.certificate_authenticated = l.certificate && CertificateWanted(l);
  if (!l.error.empty()) {
    f.error_id = "91";
    f.error = l.error;
  }
  const LoginForm::Input handle{"hidden", "auth_handle", "", l.handle};
  switch (l.step) {
    case LoginStep::kChallenge:
    case LoginStep::kChallengeSecond:
      f.id = "challenge";
      f.action = "/+webvpn+/login/challenge.html";
      f.message = l.message.empty() ? "Please enter your response." : l.message;
      f.inputs = {{"password", "answer", "Answer:", ""}, handle};
      return f;
    case LoginStep::kNewPassword:
      f.id = "change-password";
      f.action = "/+webvpn+/login/challenge.html";
      f.message = l.message.empty() ? "Your password has expired. Please enter a new one." : l.message;
      f.inputs = {{"password", "new_password", "New Password:", ""},
                  {"password", "verify_password", "Verify Password:", ""},
                  handle};
      return f;
    default:
      break;
  }
  const bool by_certificate = g != nullptr && g->auth == SslPolicy::Group::Auth::kCertificate;
  const bool both = g != nullptr && g->auth == SslPolicy::Group::Auth::kBoth;
  f.message = by_certificate ? "Please complete the authentication process with your certificate."
                             : "Please enter your username and password.";
  if (!by_certificate) {
    // The certificate says who it is.
    const bool named = both && l.certificate && (l.browser ? g->prefill_clientless : g->prefill_ssl);
    if (!named) f.inputs.push_back({"text", "username", "Username:", ""});
    f.inputs.push_back({"password", "password", "Password:", ""});
    if ((l.needs & kNeedSecond) != 0) {
      if (!g->secondary_uses_primary_name) f.inputs.push_back({"text", "secondary_username", "Second Username:", ""});
      f.inputs.push_back({"password", "secondary_password", "Second Password:", ""});
    }
  }
  if (policy_->ssl.group_list && !l.group_fixed) {
    for (const auto& [alias, group] : aliases_) f.groups.push_back(alias);
    f.selected = l.alias;
  }
  return f;
}

void Portal::AnswerForm(const TurnPtr& t, const Login& l, bool failed) {
  LoginForm f = FormOf(l);
  // The form of a group's URL comes back to it: nothing else says which group it was.
  if (t->kind != Turn::Kind::kAggregate && f.id == "main" && !GroupOfUrl(t->request.host(), t->path).empty()) f.action = t->path;
  switch (t->kind) {
    case Turn::Kind::kAggregate:
      if (l.step == LoginStep::kForm && ScanWanted(l) && !l.scan_ticket.empty()) {
        f.host_scan = LoginForm::HostScan{l.scan_ticket, l.scan_token, "/CACHE/sdesktop/install/start.htm",
                                          "/+CSCOE+/sdesktop/wait.html"};
      }
      AnswerXml(t, WriteForm(f), failed);
      return;
    case Turn::Kind::kOldClient:
      f.legacy = true;
      AnswerXml(t, WriteForm(f), failed);
      return;
    case Turn::Kind::kBrowser:
      break;
  }
  const char* title = f.id == "main" ? "Login" : f.id == "challenge" ? "Verification" : "New password";
  AnswerPage(t, LogonPage(f, title, f.id == "main" ? "Login" : "Continue"), 200, 0, failed);
}

void Portal::AnswerCertificateMissing(const TurnPtr& t, const Login& l) {
  LoginForm f = FormOf(l);
  f.error_id = "100";
  f.error = "Certificate Validation Failure";
  f.message.clear();
  f.inputs.clear();
  f.groups.clear();
  ++counters_.failures;
  if (t->kind == Turn::Kind::kBrowser) {
    AnswerPage(t, MessagePage("Certificate required",
                              "Certificate Validation Failure. Your browser has shown no certificate that is good for this gateway."), 403, 0, true);
    return;
  }
  f.legacy = t->kind == Turn::Kind::kOldClient;
  AnswerXml(t, WriteForm(f), true);
}

// --- what the user sends

void Portal::PostXml(const TurnPtr& t) {
  auto read = ReadAuth(t->request.body);
  if (!read) {
    ++counters_.bad_xml;
    if (host_.HearsDebug(1)) host_.Debug(1, "webvpn_aggauth: " + read.error());
    HttpAnswer a;
    a.status = 400;
    a.close = true;
    return Answer(t, std::move(a));
  }
  AuthDocument& d = *read;
  if (d.type == AuthDocument::Type::kLogout) {
    const std::string_view cookie = t->request.Cookie("webvpn");
    host_.Logout(cookie.empty() ? std::string_view(d.session_token) : cookie);
    d.Wipe();
    return AnswerXml(t,
                     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config-auth client=\"vpn\" type=\"complete\" "
                     "aggregate-auth-version=\"2\">\n</config-auth>\n");
  }
  if (d.type != AuthDocument::Type::kInit && d.type != AuthDocument::Type::kReply) {
    ++counters_.bad_xml;
    HttpAnswer a;
    a.status = 400;
    return Answer(t, std::move(a));
  }
  const bool init = d.type == AuthDocument::Type::kInit;
  if (init && RedirectToMember(t)) return;
  Login* l =
      init ? nullptr : Find(d.handle.empty() ? d.Field("auth_handle") : std::string_view(d.handle), t->from.peer.address);
  const bool known = l != nullptr;
  // A client that was scanned begins again.
  if (l == nullptr) l = OfScan(t->request.Cookie("sdesktop"), t->from.peer.address);
  if (l == nullptr) l = New(t);
  if (l == nullptr) return TooManyLogins(t);
  // What it asks another question of is not decided.
  if (!WaitsForUser(l->step)) return TooManyLogins(t);
  l->client_version = d.version;
  l->device_id = d.device_id;
  l->platform_version = d.platform_version;
  l->device_type = d.device_type;
  l->unique_id = d.unique_id;
  if (!known || (l->step == LoginStep::kForm && !d.group_select.empty() && d.group_select != l->alias && !l->group_fixed)) {
    ChooseGroup(t, *l, d.group_select, d.group_access);
  }
  if (!init) {
    if (d.host_scan_token == l->scan_token && !l->scan_token.empty() && !l->scanned && ScanWanted(*l)) {
      // It has the token and has sent nothing: that is no scan.
      l->error = "Posture Assessment Failed: Hostscan has not run.";
      AnswerForm(t, *l);
      l->error.clear();
      return d.Wipe();
    }
    Fill(t, *l, d.fields);
    return d.Wipe();
  }
  l->error.clear();
  if (CertificateWanted(*l) && !l->certificate) {
    if (d.cert_fail) {
      AnswerCertificateMissing(t, *l);
      return Forget(l->handle);
    }
    LoginForm f = FormOf(*l);
    f.certificate_request = true;
    return AnswerXml(t, WriteForm(f));
  }
  if (ScanWanted(*l) && l->scan_ticket.empty()) {
    l->scan_ticket = NewNumber();
    l->scan_token = NewNumber() + NewNumber();
  }
  const SslPolicy::Group* g = GroupNamed(l->tunnel_group);
  const bool chosen = l->group_fixed || !d.group_select.empty() || !policy_->ssl.group_list || aliases_.size() < 2;
  if (g != nullptr && g->auth == SslPolicy::Group::Auth::kCertificate && chosen && !ScanWanted(*l)) return Fill(t, *l, {});
  AnswerForm(t, *l);
}

void Portal::PostForm(const TurnPtr& t) {
  Fields fields = ReadUrlEncoded(t->request.body);
  const std::string alias(FieldOf(fields, "group_list"));
  Login* l = HasField(fields, "auth_handle") ? Find(FieldOf(fields, "auth_handle"), t->from.peer.address) : nullptr;
  if (l == nullptr) {
    l = New(t);
    if (l == nullptr) return TooManyLogins(t);
    ChooseGroup(t, *l, alias, {});
  } else if (!WaitsForUser(l->step)) {
    return TooManyLogins(t);
  } else if (l->step == LoginStep::kForm) {
    ChooseGroup(t, *l, alias, {});
  }
  Fill(t, *l, fields);
  WipeFields(fields);
}

void Portal::Fill(const TurnPtr& t, Login& l, const Fields& fields) {
  l.error.clear();
  const auto secret = [](std::string_view text) { return Secret::OfText(text.substr(0, kLongestPassword)); };
  switch (l.step) {
    case LoginStep::kForm:
      return FillFirst(t, l, fields);
    case LoginStep::kChallenge:
    case LoginStep::kChallengeSecond: {
      const auto answer = HasField(fields, "answer") ? FieldOf(fields, "answer") : FieldOf(fields, "password");
      (l.step == LoginStep::kChallenge ? l.password : l.second_password) = secret(answer);
      break;
    }
    case LoginStep::kNewPassword: {
      const auto wanted = HasField(fields, "new_password") ? FieldOf(fields, "new_password") : FieldOf(fields, "password");
      // openconnect does not send it twice.
      if (wanted.empty() || wanted.size() > kLongestPassword ||
          (HasField(fields, "verify_password") && FieldOf(fields, "verify_password") != wanted)) {
        l.error = wanted.empty() ? "A new password is required." : "The passwords do not match.";
        return AnswerForm(t, l);
      }
      l.new_password = secret(wanted);
      break;
    }
    default:
      return;
  }
  l.step = *NextLoginStep(l.step, LoginEvent::kFields, l.needs);
  AskWhenDue(t, l);
}

void Portal::FillFirst(const TurnPtr& t, Login& l, const Fields& fields) {
  const SslPolicy::Group* g = GroupNamed(l.tunnel_group);
  if (CertificateWanted(l) && !l.certificate) {
    AnswerCertificateMissing(t, l);
    return Forget(l.handle);
  }
  if (t->kind == Turn::Kind::kAggregate && ScanWanted(l)) {
    l.error = "Posture Assessment Failed: Hostscan has not run.";
    return AnswerForm(t, l);
  }
  const bool by_certificate = g != nullptr && g->auth == SslPolicy::Group::Auth::kCertificate;
  l.user = std::string(FieldOf(fields, "username"));
  const bool prefilled =
      g != nullptr && g->auth == SslPolicy::Group::Auth::kBoth && (l.browser ? g->prefill_clientless : g->prefill_ssl);
  if (by_certificate || prefilled) l.user = UserOfCertificate(t->from.certificate, g->name_from);
  l.second_user =
      g != nullptr && g->secondary_uses_primary_name ? l.user : std::string(FieldOf(fields, "secondary_username"));
  l.password = Secret::OfText(FieldOf(fields, "password"));
  l.second_password = Secret::OfText(FieldOf(fields, "secondary_password"));
  // A browser that has chosen a group sees that group's fields first; an empty form is no guess.
  const bool second_missing = !by_certificate && (l.needs & kNeedSecond) != 0 && !HasField(fields, "secondary_password");
  if (!by_certificate && (!HasField(fields, "password") || second_missing || l.user.empty())) return AnswerForm(t, l);
  if (by_certificate) l.needs &= static_cast<std::uint8_t>(~kNeedSecond);
  l.step = *NextLoginStep(l.step, LoginEvent::kFields, l.needs);
  const auto plain = [](const std::string& user) { return user.size() <= kLongestUser && IsPrintableText(user); };
  if (l.user.empty() || !plain(l.user) || !plain(l.second_user) || l.password.size() > kLongestPassword ||
      l.second_password.size() > kLongestPassword) {
    l.user.clear();  // nobody has that name; it must not take longer than others that are wrong, nor shorter
    l.password = Secret();
  }
  const TunnelGroup* group = policy_->Group(l.tunnel_group);
  l.authenticated = group == nullptr || by_certificate ? l.user : group->NameFor(l.user, policy_->group_delimiter);
  l.counted = UserKey(l.authenticated);
  l.second_counted = (l.needs & kNeedSecond) != 0 ? UserKey(l.second_user) : std::string();
  AskWhenDue(t, l);
}

// --- AAA

void Portal::AskWhenDue(const TurnPtr& t, Login& l) {
  const TimePoint now = real_();
  TimePoint slot = throttle_.Slot(l.counted, l.address, now);
  if (!l.second_counted.empty() && l.second_counted != l.counted) slot = std::max(slot, throttle_.SlotOfUser(l.second_counted, now));
  if (slot <= now) return Ask(t, l);
  ++counters_.throttled;
  waiting_.emplace(slot, [this, t, handle = l.handle] {
    const auto again = logins_.find(handle);
    if (again != logins_.end()) Ask(t, again->second);
  });
}

void Portal::Ask(const TurnPtr& t, Login& l) {
  // It may have waited long, for the throttle or for a server.
  if (!serving_) {
    Forget(l.handle);
    HttpAnswer gone;
    gone.status = 503;
    return Answer(t, std::move(gone));
  }
  if (ChoosesAgain(t, l)) return;
  const std::string handle = l.handle;
  const auto answered = [this, alive = alive_, t, handle](LoginAnswer a) {
    if (*alive) Answered(t, handle, std::move(a));
  };
  if (l.user.empty()) return answered({});
  LoginQuestion q;
  q.what = l.step == LoginStep::kAskedSecond   ? LoginQuestion::What::kSecondary
           : l.step == LoginStep::kAuthorizing ? LoginQuestion::What::kAuthorize
                                               : LoginQuestion::What::kPrimary;
  q.tunnel_group = l.tunnel_group;
  q.browser = l.browser;
  q.from = t->from;
  q.dialogue = std::move(l.dialogue);
  const SslPolicy::Group* g = GroupNamed(l.tunnel_group);
  q.by_certificate = g != nullptr && g->auth == SslPolicy::Group::Auth::kCertificate;
  switch (q.what) {
    case LoginQuestion::What::kPrimary:
      q.user = l.user;
      q.password = l.password.Clone();
      q.new_password = std::move(l.new_password);
      break;
    case LoginQuestion::What::kSecondary:
      q.user = l.second_user;
      q.password = l.second_password.Clone();
      break;
    case LoginQuestion::What::kAuthorize:
      q.user = l.authenticated;
      break;
  }
  host_.Ask(std::move(q), answered);
}

void Portal::Answered(const TurnPtr& t, const std::string& handle, LoginAnswer a) {
  const auto found = logins_.find(handle);
  if (found == logins_.end() || !serving_) {
    HttpAnswer gone;
    gone.status = 503;
    return Answer(t, std::move(gone));
  }
  Login& l = found->second;
  using Kind = LoginAnswer::Kind;
  const LoginEvent event = a.kind == Kind::kAccepted      ? LoginEvent::kAccepted
                           : a.kind == Kind::kChallenge   ? LoginEvent::kChallenged
                           : a.kind == Kind::kNewPassword ? LoginEvent::kExpired
                                                          : LoginEvent::kRejected;
  const LoginStep asked = l.step;
  const auto next = NextLoginStep(l.step, event, l.needs);
  if (!next) {  // a challenge where none can be
    return Fail(t, l, {});
  }
  l.step = *next;
  switch (l.step) {
    case LoginStep::kChallenge:
    case LoginStep::kChallengeSecond:
    case LoginStep::kNewPassword:
      ++counters_.challenges;
      l.dialogue = std::move(a.dialogue);
      l.message = std::move(a.message);
      return AnswerForm(t, l);
    case LoginStep::kForm:
      return Fail(t, l, a.message);
    default:
      break;
  }
  // The first answer says what rules; authorization has the last word.
  if (asked == LoginStep::kAsked || (asked == LoginStep::kAuthorizing && (!a.group_policy.empty() || a.rules != nullptr))) {
    l.accepted = std::move(a);
  }
  if (l.step == LoginStep::kMaking) return MakeSession(t, l);
  Ask(t, l);
}

void Portal::Fail(const TurnPtr& t, Login& l, const std::string& message) {
  ++counters_.failures;
  throttle_.Failed(l.counted, l.address, real_());
  // Whoever knows one password guesses at another's second one.
  if (l.accepted.kind == LoginAnswer::Kind::kAccepted && l.second_counted != l.counted && !l.second_counted.empty())
    throttle_.UserFailed(l.second_counted, real_());
  BackToForm(l);
  l.error = message.empty() ? "Login failed." : message;
  AnswerForm(t, l, true);
}

void Portal::BackToForm(Login& l) {
  l.step = LoginStep::kForm;
  l.user.clear();
  l.authenticated.clear();
  l.second_user.clear();
  l.counted.clear();
  l.second_counted.clear();
  l.password = Secret();
  l.second_password = Secret();
  l.new_password = Secret();
  l.dialogue.reset();
  l.accepted = {};
}

void Portal::MakeSession(const TurnPtr& t, Login& l) {
  if (ChoosesAgain(t, l)) return;
  const SslPolicy::Group* g = GroupNamed(l.tunnel_group);
  LoginDone d;
  d.tunnel_group = l.tunnel_group;
  d.group_policy = l.accepted.group_policy;
  d.user = l.authenticated;
  d.rules = l.accepted.rules;
  d.auth = g == nullptr || g->auth == SslPolicy::Group::Auth::kAaa ? VpnAuth::kUserPassword
           : g->auth == SslPolicy::Group::Auth::kCertificate       ? VpnAuth::kCertificate
                                                                   : VpnAuth::kCertificateAndPassword;
  d.browser = l.browser;
  d.from = t->from;
  d.client_version = l.client_version;
  d.device_id = l.device_id;
  d.platform_version = l.platform_version;
  d.device_type = l.device_type;
  d.unique_id = l.unique_id;
  d.host_scanned = l.scanned;
  host_.Login(std::move(d), [this, alive = alive_, t, handle = l.handle](const SessionMade& made) {
    if (*alive) Made(t, handle, made);
  });
}

void Portal::Made(const TurnPtr& t, const std::string& handle, const SessionMade& made) {
  const auto found = logins_.find(handle);
  if (found == logins_.end() || !serving_) {
    HttpAnswer gone;
    gone.status = 503;
    return Answer(t, std::move(gone));
  }
  Login& l = found->second;
  if (made.token.empty()) return Fail(t, l, made.message);
  ++counters_.logins;
  throttle_.Succeeded(l.counted, l.address);
  const std::string device = l.device_id;
  Forget(handle);
  HashProfiles(made.profiles, [this, t, handle, made, device](std::vector<Completed::Profile> profiles) {
    HttpAnswer a;
    const std::string hash = host_.ServerCertificateHash(t->from.at);
    // A page's cookies go nowhere but back; clients read no further than the value.
    const char* same = t->kind == Turn::Kind::kBrowser ? "; SameSite=Lax" : "";
    const auto cookie = [&](std::string value) { a.fields.emplace_back("Set-Cookie", std::move(value)); };
    cookie(fmt::format("webvpncontext={}; path=/; Secure; HttpOnly{}", handle, same));
    cookie(fmt::format("webvpn={}; path=/; Secure; HttpOnly{}", made.token, same));
    cookie("webvpnc=; expires=Thu, 01 Jan 1970 22:00:00 GMT; path=/; Secure; HttpOnly");
    std::string profile;
    if (!profiles.empty()) {
      constexpr std::string_view kBase = "/CACHE/stc/";
      profile = fmt::format("&fu:{}&fh:{}", UrlEncode(std::string_view(profiles.front().uri).substr(kBase.size())),
                            profiles.front().sha1);
    }
    cookie(fmt::format(
        "webvpnc=bu:/CACHE/stc/&p:t&iu:1/&sh:{}&lu:/+CSCOT+/translation-table?textdomain%3DAnyConnect%26type%3Dmanifest{}; "
        "path=/; Secure; HttpOnly{}",
        hash, profile, same));
    cookie("webvpnlang=1; path=/; Secure");
    if (t->kind == Turn::Kind::kBrowser) {
      a.status = 302;
      a.fields.emplace_back("Location", "/+CSCOE+/portal.html");
      return Answer(t, std::move(a), made.index);
    }
    a.fields.emplace_back("X-Transcend-Version", "1");
    if (t->kind == Turn::Kind::kAggregate) a.fields.emplace_back("X-Aggregate-Auth", "1");
    a.type = "text/xml; charset=utf-8";
    if (t->kind == Turn::Kind::kAggregate) {
      a.body = WriteCompleted(CompletedOf(t->from, made.token, made.index, made.banner, std::move(profiles), device));
    } else {
      a.body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<auth id=\"success\">\n";
      if (!made.banner.empty()) a.body += fmt::format("<banner>{}</banner>\n", EscapeMarkup(made.banner));
      a.body += "</auth>\n";
    }
    Answer(t, std::move(a), made.index);
  });
}

}  // namespace sallyport
