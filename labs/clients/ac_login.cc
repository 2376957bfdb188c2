// What the client says before its tunnel: login by aggregate authentication, and CONNECT.
#include <fmt/format.h>

#include <algorithm>

#include "labs/clients/ac_client.h"

namespace sallyport {
namespace {

constexpr int kAcForms = 6;  // more than that is a head-end that asks in circles
constexpr std::string_view kAcSuites = "DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:AES256-SHA:AES128-SHA:DES-CBC3-SHA";
constexpr std::string_view kAcSuites12 =
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256:DHE-RSA-AES256-SHA256:AES256-SHA256:AES128-SHA256";

// The last that is set and not empty.
std::string CookieOf(const AcHttpAnswer& a, const std::string& name) {
  std::string found;
  for (const auto& [field, value] : a.fields) {
    if (!value.starts_with(name + "=")) continue;
    const std::string one = value.substr(name.size() + 1, value.find(';') - name.size() - 1);
    if ((field == "Set-Cookie" || field == "set-cookie") && !one.empty()) found = one;
  }
  return found;
}

std::string AcHex(Bytes bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) out += fmt::format("{:02X}", b);
  return out;
}

}  // namespace

AcWho AcClient::Who() const { return {settings_.version, settings_.device, "https://" + host_ + (path_ == "/" ? "" : path_)}; }

std::string AcClient::CommonHead(std::string_view agent) const {
  const std::string port = port_ == 443 ? "" : ":" + std::to_string(port_);
  return fmt::format("Host: {}{}\r\nUser-Agent: {} {}\r\n", host_, port, agent.empty() ? settings_.agent : agent, settings_.version);
}

// On the connection that there is, or on a new one.
void AcClient::Request(std::string text, Wait wait, TimePoint now) {
  if (next_ && next_->tls && next_->tls->state() == TlsChannel::State::kOpen) {
    const auto* const p = reinterpret_cast<const std::uint8_t*>(text.data());
    for (std::size_t at = 0; at < text.size(); at += kTlsRecord) next_->tls->Write({p + at, std::min(kTlsRecord, text.size() - at)});
    wait_ = wait;
    next_->begun = now;
    Flush(*next_);
    return;
  }
  pending_ = std::move(text);
  if (!next_) OpenNext(now);
}

void AcClient::Post(const std::string& path, const std::string& xml, TimePoint now) {
  Request(fmt::format("POST {} HTTP/1.1\r\n{}Accept: */*\r\nAccept-Encoding: identity\r\nX-Transcend-Version: 1\r\nX-Aggregate-Auth: 1\r\n"
                      "X-AnyConnect-Platform: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
                      path, CommonHead(), settings_.device, xml.size(), xml),
          Wait::kAuth, now);
}

void AcClient::OnLoginAnswer(const AcHttpAnswer& a, TimePoint now) {
  if (a.closes) DropLink(next_, false);
  if (a.body.find("AnyConnectProfile") != std::string::npos) {
    if (const std::string behavior = ReconnectBehaviorOf(a.body); !behavior.empty()) {
      settings_.resume_reconnects = behavior == "ReconnectAfterResume";
      ports_.Event("Information", "acvpnagent", "Profile: AutoReconnectBehavior " + behavior);
    }
    return OpenTunnel(now);
  }
  if (!token_.empty()) return OpenTunnel(now);  // the profile was not to be had
  const std::string location = a.Field("Location");
  if (a.status >= 300 && a.status < 400 && location.starts_with("https://") && logins_ == 0 && backup_ <= settings_.backups.size() + 4) {
    const std::string path = path_;
    UseHost(location.substr(8));  // a cluster's member
    path_ = path;
    ports_.Event("Information", "acvpnui", "Redirected to " + host_ + ".");
    DropLink(next_, true);
    return Post(path_, WriteAcInit(Who(), settings_.group, no_certificate_), now);
  }
  if (a.status != 200) return End(fmt::format("login was answered {} {}", a.status, a.reason));
  OnDocument(a, now);
}

void AcClient::OnDocument(const AcHttpAnswer& a, TimePoint now) {
  Result<AcDocument> d = ReadAcDocument(a.body);
  if (!d) return End(d.error());
  if (d->token.empty()) d->token = CookieOf(a, "webvpn");
  if (d->type == AcDocument::Type::kComplete) return OnGranted(*d, now);
  if (d->type != AcDocument::Type::kRequest) return End("the head-end asks something unknown");
  OnForm(*d, now);
}

void AcClient::OnForm(const AcDocument& d, TimePoint now) {
  if (d.wants_certificate && d.inputs.empty() && !no_certificate_) {
    no_certificate_ = true;
    return Post(path_, WriteAcInit(Who(), settings_.group, true), now);
  }
  if (!d.error.empty() && logins_ > 0) {
    Show(d.error);
    return End("login failed: " + d.error);
  }
  if (d.inputs.empty()) return End(d.error.empty() ? "the head-end has no form" : d.error);
  if (++logins_ > kAcForms) return End("the head-end asks again and again");
  const bool listed = std::ranges::find(d.groups, settings_.group) != d.groups.end();
  if (listed && d.selected_group != settings_.group && logins_ == 1) return Post(path_, WriteAcInit(Who(), settings_.group, no_certificate_), now);
  std::vector<std::pair<std::string, std::string>> fields;
  for (const AcDocument::Input& i : d.inputs) {
    std::string value = i.value, name = i.name;
    if (i.name == "username") value = settings_.user;
    else if (i.name == "password") value = settings_.password;
    else if (i.name == "secondary_username") value = settings_.second_user;
    else if (i.name == "secondary_password") value = settings_.second_password;
    else if (i.name == "answer" || i.name == "whichpin") value = settings_.answer;
    else if (i.name == "new_password") value = settings_.new_password;
    else if (i.name.starts_with("verify_")) continue;
    else if (i.type == "hidden") continue;
    if (value.empty()) return End("the head-end asks for \"" + (i.label.empty() ? i.name : i.label) + "\"");
    if (name == "answer" || name == "whichpin" || name == "new_password") name = "password";
    fields.emplace_back(std::move(name), std::move(value));
  }
  Post(d.action.empty() ? path_ : d.action, WriteAcReply(Who(), d.opaque, fields, d.groups.empty() ? "" : listed ? settings_.group : d.selected_group),
       now);
}

void AcClient::OnGranted(const AcDocument& d, TimePoint now) {
  if (d.token.empty()) return End("the head-end gave no session token");
  token_ = d.token;
  if (!d.banner.empty()) Show(d.banner);
  if (!d.package_version.empty() && OlderAcVersion(settings_.version, d.package_version)) {
    Show("A newer version (" + d.package_version + ") is on the secure gateway.");
  }
  if (d.profile_uri.empty()) return OpenTunnel(now);
  Request(fmt::format("GET {} HTTP/1.1\r\n{}Cookie: webvpn={}\r\nAccept: */*\r\n\r\n", d.profile_uri, CommonHead(), token_), Wait::kProfile, now);
}

std::string AcClient::ConnectText() {
  std::string t = fmt::format("CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\n{}Cookie: webvpn={}\r\nX-CSTP-Version: 1\r\nX-CSTP-Hostname: {}\r\n",
                              CommonHead(settings_.tunnel_agent), token_, settings_.hostname);
  t += fmt::format("X-CSTP-MTU: {}\r\nX-CSTP-Base-MTU: {}\r\nX-CSTP-Address-Type: IPv6,IPv4\r\nX-CSTP-Full-IPv6-Capability: true\r\n",
                   settings_.base_mtu - 101, settings_.base_mtu);
  if (!tunnel_.address.IsNone() && adapter_mtu_ != 0) t += fmt::format("X-CSTP-Address: {}\r\n", tunnel_.address.ToString());
  if (!tunnel_.address6.IsNone() && adapter_mtu_ != 0) t += fmt::format("X-CSTP-Address: {}\r\n", tunnel_.address6.ToString());
  if (!settings_.compression.empty()) t += fmt::format("X-CSTP-Accept-Encoding: {}\r\n", settings_.compression);
  if (settings_.dtls) {
    master_ = Secret(kDtlsMasterSecret);
    entropy_.Fill(master_.bytes());
    const bool usual = settings_.dtls_suites.empty() && settings_.dtls12_suites.empty();
    t += "X-DTLS-Master-Secret: " + AcHex(master_.bytes()) + "\r\n";
    if (usual || !settings_.dtls_suites.empty()) t += fmt::format("X-DTLS-CipherSuite: {}\r\n", usual ? kAcSuites : settings_.dtls_suites);
    if (usual || !settings_.dtls12_suites.empty()) t += fmt::format("X-DTLS12-CipherSuite: {}\r\n", usual ? kAcSuites12 : settings_.dtls12_suites);
    if (settings_.compression.find("lzs") != std::string::npos) t += "X-DTLS-Accept-Encoding: lzs\r\n";
    t += "X-DTLS-Header-Pad-Length: 0\r\n";
  }
  return t + "\r\n";
}

void AcClient::OnTunnel(const AcHttpAnswer& a, TimePoint now) {
  if (a.status == 401) {
    Show("Your session has ended on the secure gateway: you must log in again.");
    return End("the head-end does not know the session any more");
  }
  if (a.status != 200) {
    const std::string reason = a.Field("X-Reason");
    Show(reason.empty() ? fmt::format("The secure gateway has refused the connection: {} {}", a.status, a.reason) : reason);
    if (state_ == State::kConnecting) return End(fmt::format("CONNECT was answered {} {}{}{}", a.status, a.reason, reason.empty() ? "" : ": ", reason));
    return LinkDown(next_->number, now);
  }
  Result<AcTunnel> t = ReadAcTunnel(a);
  if (!t) return End(t.error());
  if (adapter_mtu_ != 0 && (t->address != tunnel_.address || t->address6 != tunnel_.address6)) {
    ports_.Event("Error", "acvpnagent", "The secure gateway has given another address.");
    return End("the address has changed");
  }
  tunnel_ = *std::move(t);
  psk_ = Secret(kDtlsPskKey);
  if (!next_->tls->Export(kDtlsPskLabel, psk_.bytes())) psk_ = Secret();
  EndDtls(now, nullptr);
  DropLink(link_, true);  // `rekey method new-tunnel`: the new one has taken over
  link_ = std::move(next_);
  link_->tunnel = true;
  link_->alive = {now, now, {}, 0};
  deflate_ = tunnel_.tls_compression == "deflate" ? std::make_unique<CstpDeflate>() : nullptr;
  Established(now);
}

}  // namespace sallyport
