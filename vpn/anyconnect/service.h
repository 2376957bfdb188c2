// AnyConnect's control side on an appliance: the host of the portal (portal_host.h). It keeps the sessions (sessions.h) and tells the
// data path of them (ssl_control.h), asks AAA, gives addresses, works out MTUs and agrees on DTLS at CONNECT, leads DTLS handshakes,
// probes peers that keep silent, ends what is due, and writes the log.
//
// Control thread: every call but those of the closures it posts. It opens no socket and starts no thread: those are behind Ports.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/logger.h"
#include "firewall/policy.h"
#include "vpn/accounting.h"
#include "vpn/address_pools.h"
#include "vpn/anyconnect/dtls_channel.h"
#include "vpn/anyconnect/mtu.h"
#include "vpn/anyconnect/portal_host.h"
#include "vpn/anyconnect/sessions.h"
#include "vpn/anyconnect/ssl_control.h"
#include "vpn/remote_sessions.h"
#include "vpn/user_judge.h"
#include "vpn/webvpn_debug.h"

namespace sallyport {

// `show webvpn statistics`, besides the portal's (portal_server.h). Since start, or `clear`.
struct SslCounters {
  std::uint64_t logins = 0, refused_logins = 0, logouts = 0;
  std::uint64_t connects = 0, reconnects = 0, refused_connects = 0, stale_tokens = 0;
  std::uint64_t dtls_hellos = 0, dtls_unknown = 0, dtls_busy = 0, dtls_established = 0, dtls_failed = 0;
  std::uint64_t probes = 0, dead = 0, paused = 0, idle = 0, ended = 0, bad_frames = 0;
};

class SslService final : public PortalHost, public RemoteSessions {
 public:
  struct Ports {
    SslControl& plane;  // called on the data thread only
    std::function<void(const std::function<void()>&)> ask_engine;  // runs it on the data thread and waits
    std::function<void(std::function<void()>)> post_engine;        // runs it there after what was posted before, and does not wait
    // Slow things, files; empty: at once.
    std::function<void(std::function<void()> work, std::function<void()> done)> compute;
    std::function<Times()> times;
    const Clock& clock;  // for the time of day
    Logger& logger;
    Entropy& entropy;
    UserJudge& judge;
    AddressPools& pools;
    SessionCounts& counts;
    AaaClient* aaa = nullptr;  // for accounting; null: nobody is told
    // A part of a file of disk0:; on a thread of the pool.
    std::function<Result<PortalHost::FilePart>(const std::string& name, std::uint64_t at, std::size_t most)> read_file;
    // Sends a datagram of a DTLS handshake.
    std::function<void(IfId at, const Endpoint& local, const Endpoint& peer, Bytes datagram)> send_datagram;
    std::function<std::string(IfId at)> certificate_hash;  // SHA-1, upper-case hexadecimal
    // The list of revoked certificates of a trustpoint's authority; empty: none is here now.
    std::function<std::vector<std::uint8_t>(const Trustpoint&, const Certificate& of)> crl_of = {};
    // vpn load-balancing; empty: there is none.
    std::function<std::optional<std::string>(IfId at, IpAddress local)> redirect = {};
    std::function<void(const std::string&)> key_log = {};  // empty: keys are not logged
  };
  explicit SslService(Ports ports);
  ~SslService() override;
  SslService(const SslService&) = delete;
  SslService& operator=(const SslService&) = delete;

  // --- what happens
  // A policy without AnyConnect ends every session. The judge has it already.
  void UsePolicy(std::shared_ptr<const Policy> policy);
  // A connection that Connect accepted is the data path's now: its channel and its socket.
  void Connected(const TunnelMade& tunnel, std::unique_ptr<TlsChannel> channel, int socket);
  // A datagram on a DTLS port that the data path did not take: a hello, or a handshake that goes on.
  void DtlsDatagram(IfId at, const Endpoint& local, const Endpoint& peer, Bytes datagram);
  void OnEvents(std::deque<SslEvent> events);
  // At intervals, of 50 ms while Busy: fires what is due.
  void Tick();
  Times NextDeadline() const;
  bool Busy() const { return !handshakes_.empty(); }

  // --- for the console
  const SslCounters& counters() const { return counters_; }
  void ClearCounters() { counters_ = {}; }
  WebvpnDebug& debug() { return debug_; }
  const SslSessions& sessions() const { return sessions_; }

  // --- RemoteSessions
  std::vector<VpnSessionView> Views(TimePoint now) override { return sessions_.Views(now); }
  bool Logoff(std::uint32_t index, const std::string& reason) override;
  std::vector<std::uint32_t> OfUser(const std::string& user) const override { return sessions_.OfUser(user); }
  TimePoint LastUsed(std::uint32_t index) const override { return sessions_.LastUsed(index); }

  // --- PortalHost: service_portal.cc, service_connect.cc
  void Ask(LoginQuestion question, std::function<void(LoginAnswer)> answer) override;
  void Login(LoginDone done, std::function<void(SessionMade)> answer) override;
  bool CertificateIsGood(const Certificate& leaf, const std::vector<Certificate>& others) override;
  std::string GroupOfCertificate(const Certificate& leaf) override;
  std::optional<PortalSession> ByToken(std::string_view token) override;
  void Connect(TunnelRequest request, std::function<void(TunnelMade)> answer) override;
  void TunnelLost(const TunnelMade& made) override;
  bool Logout(std::string_view token) override;
  void Count(std::uint32_t index, std::size_t in, std::size_t out) override;
  std::optional<std::string> RedirectTo(IfId at, IpAddress local) override;
  void ReadFile(const std::string& name, std::uint64_t at, std::size_t most, std::function<void(Result<FilePart>)> answer) override;
  std::string ServerCertificateHash(IfId at) override;
  std::string NameOf(IfId at) const override;
  void Say(int syslog, int severity, const std::string& text) override { ports_.logger.Say(syslog, severity, text); }
  bool HearsDebug(int level) const override { return debug_.Hears(WebvpnDebug::What::kPortal, level); }
  void Debug(int level, const std::string& line) override { debug_.Say(WebvpnDebug::What::kPortal, level, line); }
  Entropy& entropy() override { return ports_.entropy; }

 private:
  // Dead peer detection of one tunnel, on real time.
  struct Probe {
    std::uint32_t number = 0;    // of the tunnel
    std::uint64_t frames = 0;    // that had come when it was looked at last
    TimePoint next = TimePoint::Max();
    int sent = 0;
  };
  // What a session has besides its data.
  struct Live {
    DtlsSecret dtls;  // of the last CONNECT; suite null: no DTLS
    MtuInput mtu;
    VpnCompression dtls_compression = VpnCompression::kNone;
    Probe probes[2];  // by SslWay
    TimePoint old_dtls_until = TimePoint::Max();  // real: a DTLS tunnel of the CONNECT before goes then at the latest
    TimePoint rekey_at = TimePoint::Max();        // real: the client may renegotiate again
  };
  struct Handshake {
    std::uint32_t index = 0;
    DtlsSessionId id{};
    IfId at{};
    Endpoint local, peer;
    std::unique_ptr<DtlsHandshake> dtls;
    TimePoint until;  // real
  };

  // A DTLS tunnel whose handshake has just ended: what its client sends may still come here.
  struct NewTunnel {
    IfId at{};
    Endpoint local, peer;
    TunnelId tunnel{};
    std::uint32_t number = 0;
    std::size_t left = 64;  // datagrams
    TimePoint until;        // real
  };

  bool ClientsAreServed() const;
  void SayAccessPolicy(const SslLogin& login);
  // Runs the table, and does what comes of it. The session may be gone.
  std::uint32_t Happen(SslSession& s, SslHappening h, const SslDetail& d, bool portal = false);
  void End(SslSession& s, const std::string& reason, const VpnTraffic& traffic);
  void Post(std::function<void(SslControl&)> f);
  // Words for the client.
  static SslLastFrame LastFrame(const std::string& text);

  // --- service_connect.cc
  TunnelMade Refuse(int status, const std::string& reason);
  void DebugConnect(const SslSession& s, const TunnelRequest& request, const Mtus& mtus, bool dtls) const;
  bool TakeAddresses(SslSession& s, const ConnectRequest& r);
  std::optional<AssignedAddress> TakeV4(SslSession& s, const ConnectRequest& r);
  std::optional<AssignedAddress> TakeV6(SslSession& s);
  void GiveAddresses(SslSession& s);
  // Which DTLS, with which compression, at which MTU.
  void AgreeOnDtls(const SslSession& s, TunnelRequest& r, Live& live, ConnectAnswer& a);
  void AnswerRules(const SslSession& s, const ConnectRequest& r, ConnectAnswer& a) const;
  void StartAccounting(SslSession& s);

  // --- service_dtls.cc
  Handshake* HandshakeOf(IfId at, const Endpoint& local, const Endpoint& peer);
  void Pump(Handshake& h);
  void DtlsUp(Handshake& h);
  void PassOn(IfId at, const Endpoint& local, const Endpoint& peer, Bytes datagram);
  // Two ends, as messages of SSL have them.
  std::string Ends(IfId at, const Endpoint& local, const Endpoint& peer) const;
  // 725007 for tunnels that `before` has, and the session has not any more.
  void SayTerminated(IfId at, const std::vector<SslTunnelState>& before, const SslSession& s);
  void TickHandshakes(TimePoint real);

  void ProbePeers(TimePoint real);
  void EndDue(TimePoint now);

  Ports ports_;
  std::shared_ptr<const Policy> policy_;
  std::shared_ptr<const VpnPolicy> vpn_;  // never null
  int release_ = 916;
  SslSessions sessions_;
  Accounting accounting_;
  std::map<std::uint32_t, Live> live_;                // by index
  std::map<DtlsSessionId, std::uint32_t> by_dtls_id_;  // whose hello that is: index, by Live::dtls
  std::vector<std::unique_ptr<Handshake>> handshakes_;
  std::vector<NewTunnel> new_tunnels_;
  bool portal_has_said_ = false;
  std::vector<std::uint8_t> cookie_key_;
  TimePoint cookie_key_until_;  // real
  SslCounters counters_;
  WebvpnDebug debug_;
  TimePoint probed_, due_checked_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sallyport
