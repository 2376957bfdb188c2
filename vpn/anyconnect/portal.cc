#include "vpn/anyconnect/portal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "firewall/base/printable.h"

namespace sallyport {
namespace {

std::string PortalLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// "vpn.example.com:4443" and "/Engineers/" of "https://VPN.example.com:4443/Engineers/": host in lower case, without the
// port where it is the usual one; path without a slash at its end.
struct UrlParts {
  std::string host, path;
  bool operator==(const UrlParts&) const = default;
};
UrlParts PartsOf(std::string_view host, std::string_view path) {
  UrlParts p;
  p.host = PortalLower(host);
  if (p.host.ends_with(":443")) p.host.resize(p.host.size() - 4);
  while (path.ends_with('/')) path.remove_suffix(1);
  p.path = std::string(path);
  return p;
}
UrlParts PartsOfUrl(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != url.npos) url.remove_prefix(scheme + 3);
  const std::size_t slash = std::min(url.find('/'), url.size());
  return PartsOf(url.substr(0, slash), url.substr(slash));
}

std::shared_ptr<const VpnPolicy> NothingServed() {
  const auto p = std::make_shared<VpnPolicy>();
  p->group_policies["DfltGrpPolicy"];
  return p;
}

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

constexpr char kCookieGone[] = "webvpn=; expires=Thu, 01 Jan 1970 22:00:00 GMT; path=/; Secure; HttpOnly";
constexpr char kTunnelPath[] = "/CSCOSSLC/tunnel";

}  // namespace

const Portal::Route Portal::kRoutes[] = {
    {HttpRequest::Method::kPost, "/", &Portal::Post},
    {HttpRequest::Method::kPost, "/+webvpn+/index.html", &Portal::Post},
    {HttpRequest::Method::kPost, "/+webvpn+/login/challenge.html", &Portal::Post},
    {HttpRequest::Method::kPost, "/+webvpn+/webvpn_logout.html", &Portal::LogOut},
    {HttpRequest::Method::kPost, "/+CSCOE+/sdesktop/scan.xml", &Portal::ScanResult},
    {HttpRequest::Method::kGet, "/", &Portal::Home},
    {HttpRequest::Method::kGet, "/+CSCOE+/logon.html", &Portal::ShowLogon},
    {HttpRequest::Method::kGet, "/+webvpn+/index.html", &Portal::ShowLogon},
    {HttpRequest::Method::kGet, "/+CSCOE+/portal.css", &Portal::ShowStyle},
    {HttpRequest::Method::kGet, "/+CSCOE+/logo.svg", &Portal::ShowLogo},
    {HttpRequest::Method::kGet, "/+CSCOE+/portal.html", &Portal::ShowPortal},
    {HttpRequest::Method::kGet, "/+CSCOE+/launch.html", &Portal::ShowLaunch},
    {HttpRequest::Method::kGet, "/+webvpn+/webvpn_logout.html", &Portal::LogOut},
    {HttpRequest::Method::kGet, "/+CSCOE+/logout.html", &Portal::LogOut},
    {HttpRequest::Method::kGet, "/CACHE/stc/profiles/", &Portal::GetProfile},
    {HttpRequest::Method::kGet, "/CACHE/stc/", &Portal::GetPackage},
    {HttpRequest::Method::kGet, "/+CSCOE+/sdesktop/token.xml", &Portal::ScanToken},
    {HttpRequest::Method::kGet, "/+CSCOE+/sdesktop/wait.html", &Portal::ScanWait},
    {HttpRequest::Method::kGet, "/CACHE/sdesktop/data.xml", &Portal::ScanData},
};

Portal::Portal(PortalHost& host, std::function<TimePoint()> real, const PortalLimits& limits, PortalCounters& counters)
    : host_(host), real_(std::move(real)), limits_(limits), counters_(counters), policy_(NothingServed()) {}

Portal::~Portal() { *alive_ = false; }

std::string Portal::NewNumber() { return std::to_string(host_.entropy().U64() | 1); }

void Portal::UsePolicy(std::shared_ptr<const VpnPolicy> policy, int release) {
  serving_ = policy != nullptr;
  // What is on its way meets an empty one, which nobody has anything in.
  policy_ = serving_ ? std::move(policy) : NothingServed();
  release_ = release;
  ++policy_serial_;
  config_hash_ = std::to_string(host_.entropy().U64() % 900'000'000'000 + 1'000'000'000'000);
  aliases_.clear();
  profile_hashes_.clear();
  std::vector<std::string> names;
  for (const auto& [name, group] : policy_->ssl.groups) {
    for (const SslPolicy::Alias& a : group.aliases) {
      if (a.enabled) aliases_.emplace_back(a.name, name);
    }
  }
  std::sort(aliases_.begin(), aliases_.end());
  for (const auto& [name, file] : policy_->ssl.profiles) names.push_back(name);
  HashProfiles(std::move(names), [](std::vector<Completed::Profile>) {});
}

void Portal::Tick() {
  const TimePoint now = real_();
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const auto due = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    due();
  }
  std::erase_if(logins_,
                [&](const auto& l) { return WaitsForUser(l.second.step) && now - l.second.begun >= limits_.login; });
}

// --- answers

void Portal::Answer(const TurnPtr& t, HttpAnswer a, std::uint32_t session, bool failed) {
  if (!t->respond) return;
  // A person is told in words.
  if (a.status >= 400 && a.body.empty() && t->kind == Turn::Kind::kBrowser && Contains(t->request.user_agent(), "Mozilla")) {
    a.type = "text/html; charset=utf-8";
    a.body = ErrorPage(a.status);
    a.fields.emplace_back("Content-Security-Policy", kPagePolicy);
    a.fields.emplace_back("Referrer-Policy", "no-referrer");
  }
  auto fields = std::move(a.fields);
  a.fields.clear();
  const bool kept = a.type == "text/css; charset=utf-8" || a.type == "image/svg+xml";
  if (kept) {
    a.fields.emplace_back("Cache-Control", "max-age=3600");
  } else {
    a.fields.emplace_back("Cache-Control", "no-store");
    a.fields.emplace_back("Pragma", "no-cache");
  }
  if (release_ >= 900) a.fields.emplace_back("X-Frame-Options", "SAMEORIGIN");
  if (policy_->ssl.hsts) {
    const SslPolicy& ssl = policy_->ssl;
    a.fields.emplace_back("Strict-Transport-Security",
                          fmt::format("max-age={}{}{}", ssl.hsts_max_age_s, ssl.hsts_subdomains ? "; includeSubDomains" : "",
                                      ssl.hsts_preload ? "; preload" : ""));
  }
  a.fields.emplace_back("X-Content-Type-Options", "nosniff");
  for (auto& f : fields) a.fields.push_back(std::move(f));
  // Exactly one answer: whoever calls again finds nobody.
  const Respond respond = std::exchange(t->respond, nullptr);
  t->request.Wipe();
  Reply r;
  r.http = std::move(a);
  r.session = session;
  r.failed = failed;
  respond(std::move(r));
}

void Portal::AnswerPage(const TurnPtr& t, const std::string& html, int status, std::uint32_t session, bool failed) {
  HttpAnswer a;
  a.status = status;
  a.type = "text/html; charset=utf-8";
  a.body = html;
  a.fields.emplace_back("Content-Security-Policy", kPagePolicy);
  a.fields.emplace_back("Referrer-Policy", "no-referrer");
  Answer(t, std::move(a), session, failed);
}

void Portal::AnswerXml(const TurnPtr& t, const std::string& xml, bool failed) {
  HttpAnswer a;
  a.type = "text/xml; charset=utf-8";
  a.body = xml;
  a.fields.emplace_back("X-Transcend-Version", "1");
  if (t->kind == Turn::Kind::kAggregate) a.fields.emplace_back("X-Aggregate-Auth", "1");
  Answer(t, std::move(a), 0, failed);
}

void Portal::NotFound(const TurnPtr& t) {
  ++counters_.not_found;
  HttpAnswer a;
  a.status = 404;
  Answer(t, std::move(a));
}

void Portal::Redirect(const TurnPtr& t, const std::string& to) {
  HttpAnswer a;
  a.status = 302;
  a.fields.emplace_back("Location", to);
  Answer(t, std::move(a));
}

bool Portal::RedirectToMember(const TurnPtr& t) {
  if (!t->request.Cookie("webvpn").empty()) return false;  // it comes back to its own
  const auto member = host_.RedirectTo(t->from.at, t->from.local.address);
  if (!member) return false;
  ++counters_.redirected;
  Redirect(t, "https://" + *member + t->path);
  return true;
}

// --- a request

void Portal::Request(const PortalPeer& from, HttpRequest request, std::function<Secret()> psk, Respond respond) {
  ++counters_.requests;
  const auto t = std::make_shared<Turn>();
  t->from = from;
  t->from.user_agent = PrintableText(request.user_agent(), 256);
  t->request = std::move(request);
  t->psk = std::move(psk);
  t->respond = std::move(respond);
  if (Contains(t->from.user_agent, "AnyConnect") || Contains(t->from.user_agent, "Cisco Secure Client"))
    t->kind = Turn::Kind::kOldClient;
  using Method = HttpRequest::Method;
  if (t->request.method == Method::kConnect) {
    Connect(t);
    return;
  }
  std::string_view target = t->request.target;
  // openconnect asks for a profile with the port behind its path where that is not 443.
  if (serving_) {
    const std::string port = fmt::format(":{}", policy_->ssl.port);
    if (t->request.method == Method::kGet && target.starts_with("/CACHE/stc/") && target.ends_with(port))
      target.remove_suffix(port.size());
  }
  const auto path = DecodePath(target);
  if (!path) {
    ++counters_.bad_paths;
    NotFound(t);
    return;
  }
  t->path = *path;
  if (!serving_) {
    HttpAnswer a;
    a.status = 503;
    Answer(t, std::move(a));
    return;
  }
  if (host_.HearsDebug(1))
    host_.Debug(1, fmt::format("webvpn_portal: {} from {}", PrintableText(t->path), t->from.peer.address.ToString()));
  const Method method = t->request.method == Method::kHead ? Method::kGet : t->request.method;
  for (const Route& r : kRoutes) {
    if (r.method != method) continue;
    const std::string_view route = r.path;
    if (t->path == route || (route.size() > 1 && route.ends_with('/') && t->path.starts_with(route))) {
      (this->*r.handle)(t);
      return;
    }
  }
  if (!GroupOfUrl(t->request.host(), t->path).empty()) {
    if (method == Method::kPost) return Post(t);
    if (method == Method::kGet) return RedirectToMember(t) ? void() : ShowLogon(t);
  }
  if (method == Method::kOther) {
    HttpAnswer a;
    a.status = 405;
    a.fields.emplace_back("Allow", "GET, HEAD, POST");
    a.close = true;
    Answer(t, std::move(a));
    return;
  }
  NotFound(t);
}

// --- pages

void Portal::Home(const TurnPtr& t) {
  if (RedirectToMember(t)) return;
  // A group may have a URL without a path.
  if (GroupOfUrl(t->request.host(), t->path).empty() && SessionOf(t)) return Redirect(t, "/+CSCOE+/portal.html");
  Redirect(t, "/+CSCOE+/logon.html");
}

void Portal::ShowLogon(const TurnPtr& t) {
  Login l;  // nothing is kept of whoever only looks
  l.address = t->from.peer.address;
  l.browser = t->kind == Turn::Kind::kBrowser;
  ChooseGroup(t, l, {}, {});
  AnswerForm(t, l);
}

void Portal::ShowStyle(const TurnPtr& t) {
  HttpAnswer a;
  a.type = "text/css; charset=utf-8";
  a.body = PortalStyle();
  Answer(t, std::move(a));
}

void Portal::ShowLogo(const TurnPtr& t) {
  HttpAnswer a;
  a.type = "image/svg+xml";
  a.body = PortalLogo();
  Answer(t, std::move(a));
}

PortalView Portal::ViewOf(const TurnPtr& t, const PortalSession& s) const {
  PortalView v;
  v.user = s.user;
  v.group = AliasOf(s.tunnel_group);
  if (v.group.empty()) v.group = s.tunnel_group;
  v.banner = s.banner;
  v.host = std::string(t->request.host());
  v.connected = s.connected;
  if (!s.assigned.IsNone()) v.assigned = s.assigned.ToString();
  v.may_launch = policy_->ssl.client_enabled;
  const SslClientRules& rules = policy_->GroupPolicyOf(s.group_policy, nullptr).client;
  if (v.may_launch && rules.ask && rules.ask_default_client && !s.connected) v.launch_after = std::to_string(rules.ask_s);
  for (const SslPolicy::Image& i : policy_->ssl.images) {
    const std::string_view system = SystemOfPackage(i.file);
    const std::string_view words = system == "win"        ? "Windows"
                                   : system == "mac"      ? "macOS"
                                   : system == "linux-64" ? "Linux, 64 bits"
                                   : system == "linux"    ? "Linux"
                                                          : "Client package";
    const std::string version = i.version.empty() ? std::string() : "AnyConnect " + i.version;
    v.packages.push_back(
        {std::string(words), version, fmt::format("/CACHE/stc/{}/binaries/{}", i.order, UrlEncode(i.file))});
  }
  for (const std::string& name : s.profiles) {
    const auto file = policy_->ssl.profiles.find(name);
    if (file != policy_->ssl.profiles.end()) v.profiles.push_back({name, "Client profile", ProfileUri(file->second)});
  }
  return v;
}

void Portal::ShowPortal(const TurnPtr& t) {
  const auto s = SessionOf(t);
  if (!s) return Redirect(t, "/+CSCOE+/logon.html");
  AnswerPage(t, PortalPage(ViewOf(t, *s)), 200, s->index);
}

void Portal::ShowLaunch(const TurnPtr& t) {
  const auto s = SessionOf(t);
  if (!s) return Redirect(t, "/+CSCOE+/logon.html");
  if (!policy_->ssl.client_enabled) return Redirect(t, "/+CSCOE+/portal.html");
  AnswerPage(t, LaunchPage(ViewOf(t, *s)), 200, s->index);
}

// A link or a picture in a foreign page must end nobody's session. Browsers say where a request comes from (Sec-Fetch-Site); one
// that does not say it has to press the button, whose POST carries no cookie when it is a foreign page's (SameSite). Clients
// have no pages.
bool Portal::MeantByTheUser(const HttpRequest& r) const {
  if (r.method == HttpRequest::Method::kHead) return false;
  const std::string_view site = r.Field("Sec-Fetch-Site"), origin = r.Field("Origin");
  if (!site.empty()) return site == "same-origin" || site == "none";
  if (!origin.empty() && origin != "null" && PartsOfUrl(origin) != PartsOf(r.host(), "")) return false;
  return r.method == HttpRequest::Method::kPost || !Contains(r.user_agent(), "Mozilla");
}

void Portal::LogOut(const TurnPtr& t) {
  if (t->kind == Turn::Kind::kBrowser && !MeantByTheUser(t->request)) {
    const auto s = SessionOf(t);
    if (s) return AnswerPage(t, AskLogoutPage(s->user));
    return AnswerPage(t, LogoutPage());
  }
  host_.Logout(t->request.Cookie("webvpn"));
  HttpAnswer a;
  a.type = "text/html; charset=utf-8";
  a.body = LogoutPage();
  a.fields.emplace_back("Content-Security-Policy", kPagePolicy);
  a.fields.emplace_back("Referrer-Policy", "no-referrer");
  a.fields.emplace_back("Set-Cookie", kCookieGone);
  Answer(t, std::move(a));
}

void Portal::Post(const TurnPtr& t) {
  const std::size_t first = t->request.body.find_first_not_of(" \t\r\n");
  // Real clients call a document form-urlencoded.
  if (first == std::string::npos || t->request.body[first] != '<') return PostForm(t);
  if (t->kind != Turn::Kind::kOldClient) return NotFound(t);
  t->kind = Turn::Kind::kAggregate;
  PostXml(t);
}

void Portal::SayNotAuthenticated(const PortalPeer& from) const {
  host_.Say(722003, 4, fmt::format("IP <{}> Error authenticating SVC connect request.", from.peer.address.ToString()));
}

void Portal::Connect(const TurnPtr& t) {
  const auto refuse = [&](int status, const char* reason) {
    ++counters_.refused_tunnels;
    TunnelMade m;
    m.refusal = {status, reason};
    const Respond respond = std::exchange(t->respond, nullptr);
    t->request.Wipe();
    Reply r;
    r.tunnel = std::move(m);
    respond(std::move(r));
  };
  if (t->request.target != kTunnelPath || !serving_) return refuse(404, "");
  auto request = ReadConnect(t->request);
  if (!request) {
    host_.Say(722001, 4, fmt::format("IP <{}> Error parsing SVC connect request.", t->from.peer.address.ToString()));
    if (host_.HearsDebug(1)) host_.Debug(1, "webvpn_cstp: " + request.error());
    return refuse(400, "");
  }
  if (request->token.empty()) {
    SayNotAuthenticated(t->from);
    return refuse(401, "");
  }
  TunnelRequest q;
  q.request = std::move(*request);
  q.from = t->from;
  const auto& legacy = q.request.dtls_suites;
  if (t->psk && std::find(legacy.begin(), legacy.end(), "PSK-NEGOTIATE") != legacy.end()) q.psk = t->psk();
  const auto token = std::make_shared<const Secret>(Secret::OfText(q.request.token));
  q.post_auth_xml = [this, alive = alive_, from = t->from, token, device = q.request.platform](const PortalSession& s) {
    if (!*alive || !serving_) return std::string();
    const std::string text(reinterpret_cast<const char*>(token->bytes().data()), token->size());
    return WriteCompleted(CompletedOf(from, text, s.index, s.banner, KnownProfiles(s.profiles), device), true);
  };
  host_.Connect(std::move(q), [this, alive = alive_, t](TunnelMade made) {
    if (!*alive) return;
    // A token of nobody, or of a session that has ended.
    if (!made.accepted && made.refusal.status == 401) SayNotAuthenticated(t->from);
    ++(made.accepted ? counters_.tunnels : counters_.refused_tunnels);
    const Respond respond = std::exchange(t->respond, nullptr);
    t->request.Wipe();
    Reply r;
    r.session = made.session;
    r.tunnel = std::move(made);
    respond(std::move(r));
  });
}

// --- groups

const SslPolicy::Group* Portal::GroupNamed(const std::string& tunnel_group) const {
  const auto g = policy_->ssl.groups.find(tunnel_group);
  return g == policy_->ssl.groups.end() ? nullptr : &g->second;
}

std::string Portal::GroupOfUrl(std::string_view host, std::string_view path) const {
  if (path == "/+CSCOE+/logon.html" || path == "/+webvpn+/index.html") path = "/";
  const UrlParts asked = PartsOf(host, path);
  for (const auto& [name, group] : policy_->ssl.groups) {
    for (const SslPolicy::Alias& url : group.urls) {
      if (!url.enabled) continue;
      UrlParts u = PartsOfUrl(url.name);
      // A URL without a port is good at whichever port the portal has.
      if (u == asked) return name;
      u.host += fmt::format(":{}", policy_->ssl.port);
      if (u == asked) return name;
    }
  }
  return {};
}

std::string Portal::GroupOfAlias(const std::string& alias) const {
  for (const auto& [name, group] : aliases_) {
    if (name == alias) return group;
  }
  return {};
}

std::string Portal::AliasOf(const std::string& tunnel_group) const {
  for (const auto& [name, group] : aliases_) {
    if (group == tunnel_group) return name;
  }
  return {};
}

}  // namespace sallyport
