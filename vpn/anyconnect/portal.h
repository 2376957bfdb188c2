// The portal: what each request of HTTP means. Aggregate authentication, the old way with forms, pages of browsers, files of
// clients, host scan, CONNECT. One table of paths; what is not in it and is no group's URL is not found. Answers come later
// where AAA, the disk or the throttle take their time. Control thread; has no sockets and no clock of its own
// (portal_server.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vpn/anyconnect/aggregate_auth.h"
#include "vpn/anyconnect/http_connection.h"
#include "vpn/anyconnect/login.h"
#include "vpn/anyconnect/pages.h"
#include "vpn/anyconnect/portal_host.h"
#include "vpn/anyconnect/portal_server.h"

namespace sallyport {

class Portal {
 public:
  struct Reply {
    HttpAnswer http;
    bool failed = false;               // a login was refused
    std::optional<TunnelMade> tunnel;  // of CONNECT; `http` does not count then
    std::uint32_t session = 0;         // whose portal traffic it was; 0: nobody's
  };
  using Respond = std::function<void(Reply)>;

  Portal(PortalHost& host, std::function<TimePoint()> real, const PortalLimits& limits, PortalCounters& counters);
  ~Portal();
  void UsePolicy(std::shared_ptr<const VpnPolicy> policy, int release);
  // `psk`: keying material of the connection, for CONNECT. `respond` is called once, within the call or later.
  void Request(const PortalPeer& from, HttpRequest request, std::function<Secret()> psk, Respond respond);
  // Questions that have waited are asked; logins that nobody goes on with are forgotten.
  void Tick();
  std::size_t logins() const { return logins_.size(); }

 private:
  // A request on its way to its answer.
  struct Turn {
    PortalPeer from;
    HttpRequest request;
    std::string path;
    enum class Kind : std::uint8_t { kAggregate, kOldClient, kBrowser } kind = Kind::kBrowser;
    std::function<Secret()> psk;
    Respond respond;
  };
  using TurnPtr = std::shared_ptr<Turn>;
  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Route {
    HttpRequest::Method method;
    const char* path;  // ends in '/' and is not "/": whatever stands below it
    void (Portal::*handle)(const TurnPtr&);
  };
  static const Route kRoutes[];

  // portal.cc: routes, pages, groups
  void Answer(const TurnPtr& t, HttpAnswer a, std::uint32_t session = 0, bool failed = false);
  void AnswerPage(const TurnPtr& t, const std::string& html, int status = 200, std::uint32_t session = 0,
                  bool failed = false);
  void AnswerXml(const TurnPtr& t, const std::string& xml, bool failed = false);
  void NotFound(const TurnPtr& t);
  void Redirect(const TurnPtr& t, const std::string& to);
  bool RedirectToMember(const TurnPtr& t);
  void Home(const TurnPtr& t);
  void ShowLogon(const TurnPtr& t);
  void ShowStyle(const TurnPtr& t);
  void ShowLogo(const TurnPtr& t);
  void ShowPortal(const TurnPtr& t);
  void ShowLaunch(const TurnPtr& t);
  void LogOut(const TurnPtr& t);
  bool MeantByTheUser(const HttpRequest& r) const;
  void Post(const TurnPtr& t);
  void Connect(const TurnPtr& t);
  void SayNotAuthenticated(const PortalPeer& from) const;
  std::optional<PortalSession> SessionOf(const TurnPtr& t) {
    const std::string_view token = t->request.Cookie("webvpn");
    return token.empty() ? std::nullopt : host_.ByToken(token);
  }
  PortalView ViewOf(const TurnPtr& t, const PortalSession& s) const;
  const SslPolicy::Group* GroupNamed(const std::string& tunnel_group) const;
  std::string GroupOfUrl(std::string_view host, std::string_view path) const;  // "": none
  std::string GroupOfAlias(const std::string& alias) const;
  std::string AliasOf(const std::string& tunnel_group) const;

  // portal_login.cc
  void PostXml(const TurnPtr& t);
  void PostForm(const TurnPtr& t);
  Login* Find(std::string_view handle, IpAddress from);
  Login* New(const TurnPtr& t);  // null: there are too many
  // Nothing of it is there any more when that returns.
  void Forget(const std::string& handle);
  void ChooseGroup(const TurnPtr& t, Login& l, const std::string& alias, std::string_view group_access);
  void Choose(const PortalPeer& from, Login& l, const std::string& alias) const;
  // The policy has changed since the user chose, and the login is another one by it: he gets the form again. True: so it is.
  bool ChoosesAgain(const TurnPtr& t, Login& l);
  bool CertificateWanted(const Login& l) const;
  bool ScanWanted(const Login& l) const;
  // The user has filled in the form of the login's step.
  void Fill(const TurnPtr& t, Login& l, const Fields& fields);
  void FillFirst(const TurnPtr& t, Login& l, const Fields& fields);
  void AskWhenDue(const TurnPtr& t, Login& l);
  void Ask(const TurnPtr& t, Login& l);
  void Answered(const TurnPtr& t, const std::string& handle, LoginAnswer a);
  void MakeSession(const TurnPtr& t, Login& l);
  void Made(const TurnPtr& t, const std::string& handle, const SessionMade& made);
  void Fail(const TurnPtr& t, Login& l, const std::string& message);
  static void BackToForm(Login& l);
  LoginForm FormOf(const Login& l) const;
  void AnswerForm(const TurnPtr& t, const Login& l, bool failed = false);
  void AnswerCertificateMissing(const TurnPtr& t, const Login& l);
  void TooManyLogins(const TurnPtr& t);

  // portal_files.cc
  using Hashes = std::function<void(std::vector<Completed::Profile>)>;
  void HashProfiles(std::vector<std::string> names, Hashes then);
  Completed CompletedOf(const PortalPeer& from, std::string token, std::uint32_t index, const std::string& banner,
                        std::vector<Completed::Profile> profiles, const std::string& device) const;
  std::vector<Completed::Profile> KnownProfiles(const std::vector<std::string>& names) const;
  static std::string ProfileUri(const std::string& file);
  void GetProfile(const TurnPtr& t);
  void GetPackage(const TurnPtr& t);
  void SendFile(const TurnPtr& t, const std::string& file, const std::string& type, std::uint32_t session);
  void ScanToken(const TurnPtr& t);
  void ScanResult(const TurnPtr& t);
  void ScanWait(const TurnPtr& t);
  void ScanData(const TurnPtr& t);
  Login* OfScan(std::string_view token, IpAddress from);

  std::string NewNumber();

  PortalHost& host_;
  std::function<TimePoint()> real_;
  const PortalLimits& limits_;
  PortalCounters& counters_;
  std::shared_ptr<const VpnPolicy> policy_;  // never null
  bool serving_ = false;
  int release_ = 916;
  std::string config_hash_;
  std::uint64_t policy_serial_ = 0;
  std::vector<std::pair<std::string, std::string>>
      aliases_;                                        // enabled, in order of their names; and the tunnel group of each
  std::map<std::string, std::string> profile_hashes_;  // by profile, as the disk had it last
  std::map<std::string, Login> logins_;                // by handle
  LoginThrottle throttle_;
  std::multimap<TimePoint, std::function<void()>> waiting_;
  // What a callback asks whether the portal is still there.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// What the name of a package says it is for: "win", "mac", "linux", "linux-64"; "": nothing.
std::string_view SystemOfPackage(std::string_view file);
// ... and of a client's device-id: "win", "mac-intel", "linux-64", "android" ...
bool PackageFits(std::string_view file, std::string_view device);

}  // namespace sallyport
