// The sessions of AnyConnect and the portal: plain data, and the table of session_table.h run on it. Knows no sockets, no log and no
// clock: what happens comes with its time, what is to be said goes to a sink, and what the data path, the pools and the servers are to
// do comes back as actions (service.h does it). Control thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/time.h"
#include "firewall/tunnel.h"
#include "firewall/types.h"
#include "vpn/anyconnect/session_table.h"
#include "vpn/anyconnect/ssl_activity.h"
#include "vpn/anyconnect/token.h"
#include "vpn/policy.h"
#include "vpn/session_counts.h"
#include "vpn/views.h"

namespace sallyport {

struct SslTunnelState {
  VpnTunnelKind kind = VpnTunnelKind::kSslTunnel;
  std::uint32_t number = 0;
  Endpoint local, peer;
  VpnCipher cipher = VpnCipher::kNone;
  VpnHash hash = VpnHash::kNone;
  std::string ciphersuite;
  VpnEncapsulation encapsulation = VpnEncapsulation::kNone;
  VpnCompression compression = VpnCompression::kNone;
  std::string client_type, client_version;
  std::shared_ptr<SslActivity> activity;  // null: the parent
  TimePoint begun;
};

struct SslSession {
  std::uint32_t index = 0;
  TunnelId tunnel = TunnelId::kNone;  // the data path's, from the first CONNECT on
  SslState state = SslState::kParent;
  TokenHash token{};
  std::string user, tunnel_group, group_policy;
  IpAddress peer, assigned, assigned6, netmask;
  std::uint8_t prefix6 = 128;
  std::string pool, pool6;  // that gave the addresses; "": AAA did
  bool leased = false;      // a DHCP server gave the IPv4 address, and its lease says what becomes of it
  IfId at{};
  VpnGroupPolicy rules;
  std::shared_ptr<const VpnUser> user_rules;  // null: nothing is said of him otherwise
  VpnAuth auth = VpnAuth::kUserPassword;
  bool clientless = false;  // it began at the web page
  bool client = false;      // a client has connected, or has logged in
  bool mobile = false;
  std::string device, platform_version, version, agent;  // as the client told; agent: at login
  std::string tunnel_os;                                 // "Windows": of the agent at CONNECT
  std::vector<SslTunnelState> tunnels;  // the parent first
  std::uint32_t last_number = 0;
  TimePoint begun, parent_since;
  std::optional<TimePoint> inactive_since;
  std::int64_t wall = 0;  // of the login, nanoseconds since 1970
  std::array<std::uint8_t, 12> audit{};
  VpnTraffic portal, gone;  // of the parent; of tunnels that have ended
  std::uint32_t connects = 0, dpd_connects = 0;
  bool first_udp = true, host_scanned = false, accounted = false;

  const SslTunnelState* Tunnel(VpnTunnelKind kind) const;
  SslTunnelState* Tunnel(VpnTunnelKind kind) { return const_cast<SslTunnelState*>(std::as_const(*this).Tunnel(kind)); }
  bool HasTls() const { return state == SslState::kTls || state == SslState::kBoth; }
  bool HasDtls() const { return state == SslState::kDtls || state == SslState::kBoth; }
  VpnTraffic Traffic() const;
  // "Group <staff> User <alice> IP <192.0.2.1> "
  std::string Prefix() const;
};

struct SslLogin {
  std::string user, tunnel_group, group_policy;
  std::shared_ptr<const VpnUser> user_rules;
  VpnGroupPolicy rules;
  VpnAuth auth = VpnAuth::kUserPassword;
  bool browser = false, mobile = false, host_scanned = false;
  IfId at{};
  Endpoint local, peer;
  std::string device, platform_version, version, agent, ciphersuite;
  VpnEncapsulation encapsulation = VpnEncapsulation::kNone;
  VpnCipher cipher = VpnCipher::kNone;  // of the connection by which it logged in
  VpnHash hash = VpnHash::kNone;
};

// What goes with a happening; each uses what it needs.
struct SslDetail {
  SslTunnelState tunnel;   // kConnect, kDtlsUp: the new one (its kind, number and beginning are set here)
  std::string reason;      // 113019's and 722037's words, where the happening does not say
  std::string text;        // kPaused, kLogout: the client's; kTlsClosed: why we have ended it, if we have
  int severity = 5, type = 16;
};

class SslSessions {
 public:
  struct Said {
    int id = 0, severity = 6;
    std::string text;
  };
  struct Ports {
    std::function<void(const Said&)> say;
    SessionCounts& counts;
    Entropy& entropy;
  };
  // What differs by release and by `emulate bug`.
  struct Ways {
    int release = 916;
    std::uint32_t default_idle_s = 1800;  // of a session without a tunnel whose policy has no idle timeout
    bool essentials = false;              // the licence that clients use
    bool public_address_stays = false;    // CSCtg33110
    bool dtls_outlives_tls = false;       // CSCts66926
  };
  explicit SslSessions(Ports ports);
  ~SslSessions();
  void Use(const Ways& ways) { ways_ = ways; }
  const Ways& ways() const { return ways_; }

  // A session begins (state P). Whoever has the token's text wipes it.
  SslSession& Login(const SslLogin& login, TimePoint now, std::int64_t wall, SessionToken& token);
  // The session of a cookie; null: there is none, or not of that token.
  SslSession* ByToken(std::string_view cookie);
  SslSession* Find(std::uint32_t index);
  SslSession* Find(TunnelId t);
  // The data path knows it by this from now on.
  void Name(SslSession& s, TunnelId t);
  // Runs the table. The actions are for whoever does what this does not do (session_table.h); the step is done when it returns, and with
  // kSslEnd the session is still there: Forget.
  std::uint32_t Advance(SslSession& s, SslHappening h, const SslDetail& d, TimePoint now);
  void Forget(std::uint32_t index);

  // What is due by the appliance's clock, by time. Dead peers are the service's business.
  struct Due {
    std::uint32_t index = 0;
    SslHappening what{};
    TimePoint at;
  };
  std::vector<Due> AllDue(TimePoint now) const;
  std::optional<Due> DueOf(const SslSession& s) const;  // what comes next, and when

  std::vector<VpnSessionView> Views(TimePoint now) const;
  std::vector<std::uint32_t> OfUser(const std::string& user) const;
  TimePoint LastUsed(std::uint32_t index) const;
  const std::vector<std::uint32_t>& order() const { return order_; }  // by age
  std::size_t size() const { return sessions_.size(); }

 private:
  void Say(int id, int severity, std::string text) const { ports_.say({id, severity, std::move(text)}); }
  void TunnelComes(SslSession& s, const SslDetail& d, VpnTunnelKind kind, TimePoint now);
  void TunnelGoes(SslSession& s, VpnTunnelKind kind, bool dead);
  void SayEnd(const SslSession& s, const std::string& reason, TimePoint now) const;
  VpnSessionView ViewOf(const SslSession& s, TimePoint now) const;
  std::uint32_t IdleSeconds(const SslSession& s, bool tunnels) const;  // 0: none

  Ports ports_;
  Ways ways_;
  std::uint32_t boot_;
  std::map<std::uint32_t, std::unique_ptr<SslSession>> sessions_;  // by index
  std::map<TunnelId, std::uint32_t> of_tunnel_;
  std::vector<std::uint32_t> order_;
};

// 113019's words for a happening; "" where the detail says them.
std::string_view SslReason(SslHappening h);

}  // namespace sallyport
