// Who may in: a remote user's name and password, asked of the appliance's own database or of the servers of an aaa-server group, and
// what his group policy says to it (group lock, protocol, access hours, number of sessions). Used by IKE's service (vpn/service.h) and
// by that of AnyConnect (vpn/anyconnect/service.h). Control thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firewall/logger.h"
#include "firewall/policy.h"
#include "vpn/aaa/aaa_client.h"
#include "vpn/ike/host.h"
#include "vpn/session_counts.h"

namespace sallyport {

// Elements as a server sends them ("permit ip any host 10.1.1.1").
using CompileList = std::function<std::shared_ptr<const AccessList>(const std::string& name, const std::vector<std::string>& elements, std::string& bad)>;

class UserJudge {
 public:
  struct Ports {
    Logger& logger;
    const Clock& clock;
    std::function<Times()> times;
    // Is that the password of a local user? Empty: there are no users.
    std::function<bool(const std::string& user, const std::string& password)> check_user;
    AaaClient* aaa = nullptr;  // whoever asks other servers; null: none is there
    const SessionCounts& counts;
    // Compiles an access list that a server has sent; null: it cannot be read, and `bad` is the element. Empty: there is no compiler.
    CompileList compile_list = {};
  };
  using Answer = std::function<void(const UserAnswer&)>;

  explicit UserJudge(Ports ports);
  ~UserJudge();
  void UsePolicy(std::shared_ptr<const Policy> policy, std::shared_ptr<const VpnPolicy> vpn);
  const VpnPolicy& vpn() const { return *vpn_; }

  // The answer comes within the call, or later, when a server has answered.
  void Ask(const UserQuestion& q, const Answer& answer);
  // Who he is stands already (by a certificate): what he gets, asked of the tunnel group's authorization servers, if it has any.
  void Authorize(const UserQuestion& q, const Answer& answer);
  // Is a client's certificate to be believed? `crl_of`: the list of revoked certificates of a trustpoint's authority; empty: none is here.
  using CrlOf = std::function<std::vector<std::uint8_t>(const Trustpoint&, const Certificate& of)>;
  Status Believes(const CrlOf& crl_of, const Certificate& leaf, const std::vector<Certificate>& others) const;
  // certificate-group-map; "": no rule speaks of it.
  std::string GroupOfCertificate(const Certificate& leaf) const;

 private:
  void AskServers(const UserQuestion& q, const std::vector<std::string>& methods, bool authorize, const Answer& answer);
  UserAnswer JudgeLocally(const UserQuestion& q, const TunnelGroup& group);
  UserAnswer OfServer(const UserQuestion& q, const std::string& name, const TunnelGroup& group, const AaaAnswer& a, bool authorize);
  std::shared_ptr<VpnUser> RulesOf(const std::string& name, const AaaAttributes& a) const;
  // The list that a server has sent itself; false: it is no good, and the user may not in.
  bool UseSentList(const UserQuestion& q, const AaaAttributes& a, VpnUser& rules);
  // Whoever he is, may he in? What he gets stands in `accepted`.
  UserAnswer Admit(const UserQuestion& q, const std::string& name, const TunnelGroup& group, UserAnswer accepted);
  bool RightProtocol(const UserQuestion& q, const VpnGroupPolicy& rules, const std::string& policy);

  Ports ports_;
  std::shared_ptr<const Policy> policy_;
  std::shared_ptr<const VpnPolicy> vpn_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// How a server is told of that connection.
AaaCaller CallerOf(const std::string& tunnel_group, IpAddress client, IpAddress local, UserQuestion::Via via);

}  // namespace sallyport
