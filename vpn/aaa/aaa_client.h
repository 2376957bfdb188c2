// Asks the servers of `aaa-server` groups by RADIUS, without ever waiting: a question is handed over with somebody who takes the
// answer, several are on their way at once, and what nobody answers is sent again, then to the next server. Who is asked when a server
// keeps silent is ASA's (failed servers, reactivation). Knows no sockets and no clock (Ports); control thread.
//
//   client.Authenticate(question, [](const AaaAnswer& a) { ... });   // never within the call
//   transport readable: client.Receive(request, message);   at intervals: client.Tick();
//
// Sources: RFC 2865, 2866, 2869, 3579; ASA command reference (aaa-server, show aaa-server); attributes of vendor 3076 as FreeRADIUS'
// dictionary has them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/time.h"
#include "firewall/logger.h"
#include "firewall/types.h"
#include "vpn/aaa/aaa_plan.h"
#include "vpn/aaa/radius_message.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/ms_chap.h"
#include "vpn/crypto/secret.h"

namespace sallyport {

class RadiusTransport {
 public:
  virtual ~RadiusTransport() = default;
  // Sends what `request` (a number) wants to say, again from the same port; false: nothing can be sent there now.
  virtual bool Send(std::uint32_t request, const std::string& interface, const Endpoint& to, Bytes message) = 0;
  virtual void Close(std::uint32_t request) = 0;
};

// A challenge and who has sent it: the answer goes there.
struct AaaDialogue {
  std::string group;
  IpAddress server;
  std::vector<std::uint8_t> state;
};

// Of a remote user's connection, for the server.
struct AaaCaller {
  std::string tunnel_group;
  IpAddress client, local;
  std::uint32_t client_type = 0;  // 1 VPN client (IKEv1), 2 AnyConnect, 6 IKEv2; 0: not told
};

struct AaaQuestion {
  std::string group;              // an aaa-server group
  std::optional<IpAddress> only;  // that server of it, whatever its state (`test aaa-server`)
  std::string user, password;
  std::string new_password;     // instead of an expired one; "": none
  bool ms_chap = false;         // a RADIUS server is asked by MS-CHAPv2, and can say that the password has expired
  bool authorize_only = false;  // who he is stands already; the password is nobody's
  std::vector<std::uint8_t> eap;                // instead of a password
  std::shared_ptr<const AaaDialogue> dialogue;  // what is said answers this one
  AaaCaller caller;
  bool fallback = false;  // something else is asked when no server answers: servers that have failed are left alone
};

// What a server has said of a user. Only what a tunnel can be given.
struct AaaAttributes {
  std::string group_policy;  // Class "OU=name;", or ASA's own attribute
  std::optional<IpAddress> framed_address, framed_mask;
  std::optional<std::uint32_t> session_s, idle_s, simultaneous_logins, tunneling_protocols;
  std::optional<bool> password_storage;
  std::optional<int> privilege;  // at the console
  std::string filter, banner, default_domain, group_lock;
  std::string access_hours;                   // a time range's name
  std::optional<std::uint32_t> split_policy;  // 0: everything, 1: the list only, 2: all but the list
  std::string split_list;                     // an access list's name
  std::optional<IpAddress> framed_address6;   // of Framed-IPv6-Prefix
  int framed_length6 = 128;
  // Elements of access lists as they come: "permit ip any host 10.1.1.1". `acl_name`: of a list that is to be downloaded.
  std::vector<std::string> acl, acl6;
  std::string acl_name;
  std::vector<std::string> address_pools;
  std::vector<IpAddress> dns, wins;
  std::vector<std::string> classes;
};

struct AaaAnswer {
  enum class Kind : std::uint8_t { kAccept, kChallenge, kReject, kExpired /* a new password is wanted */, kNoAnswer } kind = Kind::kNoAnswer;
  IpAddress server;
  std::string message;             // Reply-Message
  std::vector<std::uint8_t> eap;   // EAP-Message
  std::shared_ptr<const Secret> msk;  // of at least 64 bytes
  std::shared_ptr<const AaaDialogue> dialogue;
  AaaAttributes attributes;
};

// A session that begins, goes on or ends.
struct AaaAccount {
  std::string group, user, session;
  bool stop = false, interim = false;
  AaaCaller caller;
  IpAddress framed_address;
  std::vector<std::string> classes;
  Duration duration;
  std::uint64_t bytes_in = 0, bytes_out = 0, packets_in = 0, packets_out = 0;
  std::uint32_t cause = 0;  // Acct-Terminate-Cause
};

struct AaaServerView {
  std::string group, protocol;
  bool radius = true;
  IpAddress address;  // none: the group has no server
  std::uint16_t authentication_port = 0, accounting_port = 0;
  bool failed = false;
  std::optional<std::int64_t> at_wall;  // of the last transaction, or since when it counts as failed
  std::uint64_t pending = 0, round_trip_ms = 0, authentication = 0, authorization = 0, accounting = 0, retransmissions = 0, accepts = 0,
                rejects = 0, challenges = 0, malformed = 0, bad_authenticators = 0, timeouts = 0, unrecognized = 0;
};

class AaaClient {
 public:
  struct Ports {
    RadiusTransport& transport;
    Logger& logger;
    const Clock& clock;  // for the time of day
    Entropy& entropy;
    std::function<TimePoint()> now, real;  // the appliance's clock, and that which nobody moves
    std::function<IpAddress(const std::string& nameif)> address_of;
    // Runs `work` on a thread that may wait, then `done` on this one; empty: directories (LDAP) are not asked.
    std::function<void(std::function<void()> work, std::function<void()> done)> compute = {};
  };
  using Answer = std::function<void(const AaaAnswer&)>;
  static constexpr std::size_t kMostPending = 2048;

  explicit AaaClient(Ports ports) : ports_(std::move(ports)) {}
  ~AaaClient() { *alive_ = false; }

  // Servers that stay keep their state and counters.
  void UsePlan(AaaPlan plan);
  const AaaPlan& plan() const { return plan_; }
  void Authenticate(AaaQuestion q, Answer answer);
  void Account(const AaaAccount& a);
  void Receive(std::uint32_t request, Bytes message);
  void Tick();

  // The appliance's own database was asked, by whoever.
  void NoteLocal(bool accepted);
  // That database first.
  std::vector<AaaServerView> Views() const;
  void ClearStatistics(const std::string& group);  // "": of all
  // `debug radius`: lines as they come; empty: nobody listens.
  void Listen(const void* who, std::function<void(const std::string&)> hear);
  bool Listens(const void* who) const { return listeners_.contains(who); }

 private:
  struct ServerState {
    bool failed = false;
    TimePoint failed_at{};  // appliance time
    std::uint32_t silent = 0;  // attempts since it has last said anything
    std::optional<std::int64_t> last_wall, failed_wall;
    std::uint64_t round_trips = 0, round_trip_ns = 0;
    AaaServerView counters;
  };
  using Key = std::pair<std::string, IpAddress>;  // group, server
  struct Request {
    AaaQuestion q;
    Answer answer;
    bool accounting = false;
    AaaAccount account;
    AaaServer server;
    std::vector<IpAddress> tried;  // servers that kept silent
    std::vector<std::uint8_t> message;
    RadiusAuthenticator authenticator{};
    std::string ms_chap_authenticator;  // what the server must know; "": it was not asked so
    std::uint32_t attempt = 0;  // at a directory: the one whose answer counts
    // An access list is being downloaded for the user, whose answer waits for it.
    std::shared_ptr<AaaAnswer> held;
    std::vector<std::uint8_t> download_state;
    int download_rounds = 0;
    TimePoint sent{}, resend_at{}, until{};  // real
  };

  ServerState& StateOf(const std::string& group, IpAddress server) { return states_[{group, server}]; }
  void Reactivate();
  void Activate(const std::string& group, IpAddress server);
  // The server that is to be asked now; null: there is none.
  const AaaServer* Choose(const Request& r);
  bool Begin(std::uint32_t number, Request& r);  // at the server that Choose gives
  bool Build(std::uint32_t number, Request& r);
  // Attributes of MS-CHAPv2, or of a change of the password; false: it cannot be.
  bool AddMsChap(Request& r, RadiusWriter& out);
  static bool MsChapAccepted(const Request& r, const RadiusMessage& m);
  static bool MsChapExpired(const RadiusMessage& m);
  void Transmit(std::uint32_t number, Request& r);
  void AskDirectory(std::uint32_t number, Request& r);
  void OnDirectory(std::uint32_t number, std::uint32_t attempt, AaaAnswer a, bool silent, const std::string& message);
  // The next message of the download of `held`'s list; false: it cannot be asked for.
  bool Download(std::uint32_t number, Request& r);
  void OnDownload(std::uint32_t number, Request& r, const RadiusMessage& m);
  const char* ProtocolOf(const std::string& group) const;
  void Silent(std::uint32_t number);
  void Finish(std::uint32_t number, const AaaAnswer& a);
  std::uint32_t Add(Request r);
  void Say(const std::string& line) const;
  void Dump(const char* what, Bytes message) const;

  Ports ports_;
  AaaPlan plan_;
  std::map<Key, ServerState> states_;
  ServerState local_;
  std::map<std::uint32_t, Request> requests_;
  std::vector<std::uint32_t> hopeless_, refused_;  // to be answered at the next Tick
  std::map<const void*, std::function<void(const std::string&)>> listeners_;
  std::uint32_t last_number_ = 0;
  std::uint8_t next_id_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// What there is for us in an Access-Accept.
AaaAttributes ReadAaaAttributes(const RadiusMessage& m);
void ReadAclPairs(const RadiusMessage& m, AaaAttributes& out);
// The name in a Class "OU=name;" (the semicolon may be missing), or the whole of it where there is no OU; what binary servers
// put there is no name.
std::string GroupPolicyOfClass(const std::string& value);

}  // namespace sallyport
