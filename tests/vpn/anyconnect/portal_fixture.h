// A portal with a host that knows a few users, and what an openconnect or a browser says to it. No sockets; the clock is stepped.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vpn/aaa/aaa_client.h"
#include "vpn/anyconnect/package_files.h"
#include "vpn/anyconnect/portal.h"
#include "vpn/anyconnect/token.h"

namespace sallyport {

class FakePortalHost final : public PortalHost {
 public:
  void Ask(LoginQuestion q, std::function<void(LoginAnswer)> answer) override {
    ++asked;
    last = {q.what, q.tunnel_group, q.user, std::string(q.password.bytes().begin(), q.password.bytes().end()), q.by_certificate, q.browser};
    LoginAnswer a;
    const std::string& word = last.password;
    using Kind = LoginAnswer::Kind;
    if (q.what == LoginQuestion::What::kAuthorize) {
      a.kind = authorize ? Kind::kAccepted : Kind::kRejected;
    } else if (q.by_certificate) {
      a.kind = Kind::kAccepted;
    } else if (q.dialogue != nullptr) {
      a.kind = word == "123456" ? Kind::kAccepted : Kind::kRejected;
    } else if (q.user == "challenged" && word == "pw") {
      a.kind = Kind::kChallenge;
      a.message = "Enter the number of your <card>";
      a.dialogue = Dialogue();
    } else if (q.user == "expired" && word == "pw") {
      a.kind = !q.new_password.empty() ? Kind::kAccepted : Kind::kNewPassword;
      new_password = std::string(q.new_password.bytes().begin(), q.new_password.bytes().end());
    } else {
      const auto user = users.find(q.user);
      a.kind = user != users.end() && user->second == word ? Kind::kAccepted : Kind::kRejected;
    }
    if (a.kind == Kind::kAccepted && q.user == "boss") a.group_policy = "Bosses";
    if (held) {
      later.push_back([answer, a] { answer(a); });
    } else {
      answer(a);
    }
  }
  void Login(LoginDone d, std::function<void(SessionMade)> answer) override {
    logged_in.push_back(d.user + "/" + d.tunnel_group + "/" + d.group_policy + (d.browser ? "/web" : ""));
    last_login = d;
    SessionMade made;
    if (d.user == "limited") {
      answer(made);
      return;
    }
    const SessionToken token = MakeToken(++last_index, 3, entropy_, 916);
    made.token = token.text;
    made.index = last_index;
    made.banner = banner;
    made.profiles = profiles;
    made.group_policy = d.group_policy;
    PortalSession s;
    s.index = last_index;
    s.user = d.user;
    s.tunnel_group = d.tunnel_group;
    s.group_policy = "DfltGrpPolicy";
    s.banner = banner;
    s.profiles = profiles;
    s.clientless = d.browser;
    sessions[token.hash] = s;
    tokens.push_back(token.text);
    answer(made);
  }
  bool CertificateIsGood(const Certificate& leaf, const std::vector<Certificate>&) override {
    return !leaf.subject().empty() && leaf.subject_text().find("cn=bad") == std::string::npos;
  }
  std::string GroupOfCertificate(const Certificate& leaf) override {
    return leaf.subject_text().find("ou=mapped") != std::string::npos ? "MAPPED" : "";
  }
  std::optional<PortalSession> ByToken(std::string_view token) override {
    const auto s = sessions.find(HashOfToken(token));
    return s == sessions.end() ? std::nullopt : std::optional(s->second);
  }
  void Connect(TunnelRequest q, std::function<void(TunnelMade)> answer) override {
    TunnelMade made;
    const auto s = ByToken(q.request.token);
    if (!s) {
      made.refusal = {401, ""};
    } else if (no_address) {
      made.refusal = {503, "No address available for SVC connection"};
    } else {
      made.accepted = true;
      made.session = s->index;
      made.answer.address = *IpAddress::Parse("192.168.1.4");
      made.answer.netmask = *IpAddress::Parse("255.255.255.0");
      if (q.post_auth_xml) made.answer.post_auth_xml = q.post_auth_xml(*s);
    }
    psk.assign(q.psk.bytes().begin(), q.psk.bytes().end());
    connects.push_back(std::move(q.request));
    if (held) {
      later.push_back([answer, made] { answer(made); });
    } else {
      answer(made);
    }
  }
  void TunnelLost(const TunnelMade&) override { ++lost; }
  bool Logout(std::string_view token) override { return sessions.erase(HashOfToken(token)) > 0; }
  void Count(std::uint32_t index, std::size_t in, std::size_t out) override {
    counted[index].first += in;
    counted[index].second += out;
  }
  std::optional<std::string> RedirectTo(IfId, IpAddress) override { return redirect.empty() ? std::nullopt : std::optional(redirect); }
  void ReadFile(const std::string& name, std::uint64_t at, std::size_t most, std::function<void(Result<FilePart>)> answer) override {
    const auto f = files.find(name);
    if (f == files.end()) {
      answer(Error{"no such file"});
      return;
    }
    FilePart p;
    p.size = f->second.size();
    const std::string part = f->second.substr(std::min<std::size_t>(at, f->second.size()), most);
    p.bytes.assign(part.begin(), part.end());
    read.insert(name);
    answer(std::move(p));
  }
  void ReadMember(const std::string& package, const std::string& member, std::uint64_t at, std::size_t most,
                  std::function<void(Result<FilePart>)> answer) override {
    const auto reader = [this](const std::string& name, std::uint64_t from, std::size_t octets) {
      Result<FilePart> part = Error{"nothing"};
      ReadFile(name, from, octets, [&](Result<FilePart> got) { part = std::move(got); });
      return part;
    };
    answer(packages.Part(reader, package, member, at, most));
  }
  std::string ServerCertificateHash(IfId) override { return "9FBA9562751751C8B6B9FD29E87AAB7639D89160"; }
  std::string NameOf(IfId) const override { return "outside"; }
  void Say(int id, int, const std::string& text) override { said.push_back(std::to_string(id) + ": " + text); }
  Entropy& entropy() override { return entropy_; }

  void AnswerLater() {
    const auto now = std::move(later);
    later.clear();
    for (const auto& f : now) f();
  }
  static std::shared_ptr<const AaaDialogue> Dialogue() { return std::make_shared<const AaaDialogue>(); }

  struct Asked {
    LoginQuestion::What what{};
    std::string tunnel_group, user, password;
    bool by_certificate = false, browser = false;
  } last;
  std::map<std::string, std::string> users = {{"anyuser", "secret"}, {"boss", "gold"}, {"limited", "few"}, {"j\xc3\xb6rg", "p\xc3\xa4ss"}, {"second", "2nd"}};
  std::map<std::string, std::string> files;
  PackageFiles packages;
  std::set<std::string> read;
  std::vector<std::string> logged_in, tokens, said, profiles;
  LoginDone last_login;
  std::map<TokenHash, PortalSession> sessions;
  std::vector<ConnectRequest> connects;
  std::map<std::uint32_t, std::pair<std::size_t, std::size_t>> counted;
  std::vector<std::function<void()>> later;
  std::vector<std::uint8_t> psk;
  std::string redirect, banner, new_password;
  std::uint32_t last_index = 0;
  int asked = 0, lost = 0;
  bool authorize = true, held = false, no_address = false;

 private:
  SeededEntropy entropy_{7};
};

// Groups: DefaultWEBVPNGroup (alias "Staff"), ENGINEERS (alias "Engineers", URL /engineers), CERT and BOTH by certificate, SECOND with a
// second password, MAPPED.
inline std::shared_ptr<VpnPolicy> PortalPolicy() {
  auto p = std::make_shared<VpnPolicy>();
  p->group_policies["DfltGrpPolicy"].name = "DfltGrpPolicy";
  SslPolicy& s = p->ssl;
  s.enabled = {{IfId{1}, false}};
  s.client_enabled = true;
  s.group_list = true;
  s.groups["DefaultWEBVPNGroup"].aliases = {{"Staff", true}};
  s.groups["ENGINEERS"].aliases = {{"Engineers", true}, {"Old", false}};
  s.groups["ENGINEERS"].urls = {{"https://vpn.example.com/engineers", true}, {"https://old.example.com", false}};
  s.groups["CERT"].auth = SslPolicy::Group::Auth::kCertificate;
  s.groups["CERT"].urls = {{"https://vpn.example.com/cert", true}};
  s.groups["BOTH"].auth = SslPolicy::Group::Auth::kBoth;
  s.groups["BOTH"].urls = {{"https://vpn.example.com/both", true}};
  s.groups["BOTH"].prefill_ssl = true;
  s.groups["SECOND"].urls = {{"https://vpn.example.com/second", true}};
  s.groups["SECOND"].secondary_servers = "OTP";
  s.groups["SECOND"].authorization_servers = "LDAP";
  s.groups["MAPPED"].aliases = {};
  s.profiles["corp"] = "corp.xml";
  s.images = {{1, "anyconnect-win-4.10.06079-webdeploy-k9.pkg", "4.10.06079", ""}, {2, "anyconnect-linux64-4.10.06079-webdeploy-k9.pkg", "4.10.06079", ""}};
  return p;
}

class PortalHarness {
 public:
  explicit PortalHarness(std::shared_ptr<VpnPolicy> policy = PortalPolicy(), int release = 916)
      : portal(host, [this] { return now; }, limits, counters) {
    host.files["corp.xml"] = "<AnyConnectProfile/>\n";
    portal.UsePolicy(std::move(policy), release);
    from.connection = ConnId{1};
    from.at = IfId{1};
    from.local = {*IpAddress::Parse("198.51.100.1"), 443};
    from.peer = {*IpAddress::Parse("203.0.113.9"), 40001};
    from.encapsulation = VpnEncapsulation::kTls12;
  }
  // What is answered; status 0: nothing yet (then `answers` gets it).
  HttpAnswer Send(HttpRequest r) {
    r.fields.insert(r.fields.begin(), {"Host", "vpn.example.com"});
    r.fields.emplace_back("User-Agent", agent);
    if (!cookie.empty()) r.fields.emplace_back("Cookie", cookie);
    HttpAnswer none;
    none.status = 0;
    const std::size_t before = answers.size();
    portal.Request(from, std::move(r), [] { return Secret::OfText("0123456789abcdef0123456789abcdef"); },
                   [this](Portal::Reply reply) { answers.push_back(std::move(reply)); });
    return answers.size() > before ? answers.back().http : none;
  }
  HttpAnswer Get(const std::string& target) {
    HttpRequest r;
    r.method = HttpRequest::Method::kGet;
    r.target = target;
    return Send(std::move(r));
  }
  HttpAnswer Post(const std::string& target, const std::string& body) {
    HttpRequest r;
    r.method = HttpRequest::Method::kPost;
    r.target = target;
    r.body = body;
    return Send(std::move(r));
  }
  // As openconnect builds them.
  static std::string Init(const std::string& more = {}) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config-auth client=\"vpn\" type=\"init\" aggregate-auth-version=\"2\"><version "
           "who=\"vpn\">v9.01-3</version><device-id>linux-64</device-id><capabilities><auth-method>single-sign-on-v2</auth-method></capabilities>"
           "<group-access>https://vpn.example.com/</group-access>" +
           more + "</config-auth>\n";
  }
  static std::string Reply(const std::string& handle, const std::string& fields, const std::string& more = {}) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config-auth client=\"vpn\" type=\"auth-reply\" aggregate-auth-version=\"2\"><version "
           "who=\"vpn\">v9.01-3</version><device-id>linux-64</device-id><opaque is-for=\"sg\"><aggauth-handle>" +
           handle + "</aggauth-handle></opaque><auth>" + fields + "</auth>" + more + "</config-auth>\n";
  }
  static std::string Named(const std::string& user, const std::string& password) {
    return "<username>" + user + "</username><password>" + password + "</password>";
  }
  static std::string Between(const std::string& text, const std::string& a, const std::string& b) {
    const std::size_t at = text.find(a);
    if (at == std::string::npos) return {};
    return text.substr(at + a.size(), text.find(b, at + a.size()) - at - a.size());
  }
  static std::string HandleOf(const HttpAnswer& a) { return Between(a.body, "<aggauth-handle>", "</aggauth-handle>"); }
  static std::vector<std::string> FieldsOf(const HttpAnswer& a, const std::string& name) {
    std::vector<std::string> out;
    for (const auto& [n, v] : a.fields) {
      if (n == name) out.push_back(v);
    }
    return out;
  }
  void Advance(Duration by) {
    now = now + by;
    portal.Tick();
  }

  FakePortalHost host;
  PortalLimits limits;
  PortalCounters counters;
  TimePoint now{1'000'000'000'000};
  PortalPeer from;
  std::string agent = "Open AnyConnect VPN Agent v9.01-3", cookie;
  std::vector<Portal::Reply> answers;
  Portal portal;
};

}  // namespace sallyport
