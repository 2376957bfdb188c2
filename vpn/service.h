// The VPN engine's control side: the host of IKE (vpn/ike/core.h) on an appliance. It hands what IKE has negotiated to the data
// path, keeps address pools and the session database, asks AAA, turns what IKE says into syslog and debug output, and answers
// the console.
//
// Control thread: every call but those of the closures it posts. It opens no socket and starts no thread: those are behind Ports,
// so that tests run two of them against each other in virtual time.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "firewall/logger.h"
#include "firewall/policy.h"
#include "vpn/aaa/aaa_client.h"
#include "vpn/accounting.h"
#include "vpn/address_pools.h"
#include "vpn/crl_cache.h"
#include "vpn/ike/core.h"
#include "vpn/sessions.h"
#include "vpn/tunnel_control.h"
#include "vpn/user_judge.h"
#include "vpn/vpn_control.h"

namespace sallyport {

// Sends IKE messages over UDP (cli/ike_sockets.h). What cannot be sent is lost, as on the wire.
class IkeTransport {
 public:
  virtual ~IkeTransport() = default;
  // With kNatT the transport puts the non-ESP marker in front; a single byte ff goes as it is (a NAT keepalive).
  virtual void Send(const IkeDatagram& d) = 0;
};

class VpnService final : public VpnControl, private IkeHost {
 public:
  struct Ports {
    IkeTransport& transport;
    TunnelControl& tunnels;  // called on the data thread only
    std::function<void(const std::function<void()>&)> ask_engine;  // runs it on the data thread and waits
    std::function<void(std::function<void()>)> post_engine;        // runs it there after what was posted before, and does not wait
    // Slow arithmetic; empty: at once.
    std::function<void(std::function<void()> work, std::function<void()> done)> compute;
    std::function<Times()> times;
    const Clock& clock;  // for the time of day
    Logger& logger;
    Entropy& entropy;
    // Is that the password of a local user? Empty: there are no users.
    std::function<bool(const std::string& user, const std::string& password)> check_user;
    std::function<const PrivateKey*(const std::string& name)> key_of;  // empty: no keys
    std::function<void(const std::string& line)> key_log;              // empty: keys are not logged
    AaaClient* aaa = nullptr;  // whoever asks other servers; null: none is there
    // What is at a URL; `done` comes later, on the control thread. Empty: nothing can be fetched.
    using Fetched = std::function<void(const Result<std::vector<std::uint8_t>>&)>;
    std::function<void(const std::string& url, Fetched done)> fetch = {};
    CompileList compile_list = {};  // of servers' access lists
  };
  // `make` gives the versions of IKE that are spoken (vpn/ike/core.h).
  VpnService(Ports ports, const IkeCore::Make& v1, const IkeCore::Make& v2);
  ~VpnService() override;

  // --- what happens
  // A policy without tunnels (Policy::tunnels null) ends everything.
  void UsePolicy(std::shared_ptr<const Policy> policy);
  void Receive(const IkeDatagram& d);
  void TakeEvents(std::deque<TunnelEvent> events);
  // At intervals: fires what is due.
  void Tick();
  // When Tick is due at the latest, by each clock.
  Times NextDeadline() const { return core_.NextDeadline(); }

  // Routes to what is behind the peers of entries with `set reverse-route`, as long as they are there; in a fixed order.
  std::vector<Route> InjectedRoutes() const;
  // What the hardware client has been given, in client mode.
  std::optional<VpnClientAddress> ClientAddress() const;
  // Interfaces of virtual tunnels that are up: their line protocol.
  std::set<IfId> TunnelsUp() const;
  // `f` is called, by Tick, when InjectedRoutes, TunnelsUp or ClientAddress has changed.
  void OnRoutes(std::function<void()> f) { on_routes_ = std::move(f); }

  // What IKE's sessions share with those of AnyConnect.
  AddressPools& pools() { return pools_; }
  SessionCounts& counts() { return counts_; }
  UserJudge& judge() { return judge_; }

  // --- VpnControl. Sessions are those of every database that has joined counts().
  std::vector<VpnSessionView> Sessions() override;
  VpnStatisticsView Statistics() override { return counts_.View(); }
  std::vector<IkeSaView> IkeSas() override;
  std::vector<IpsecFlowView> IpsecFlows() override;
  std::vector<VpnContextView> Contexts() override;
  std::uint32_t Clear(const IkeClear& what) override;
  void Shutdown(bool reboot) override;
  bool Logoff(std::uint32_t index) override;
  // Counters: vpn/service_counters.cc.
  IkeStats Stats(std::uint8_t version) const override;
  CryptoStatsView CryptoStats() override;
  void ClearStats(Counters what) override;
  std::optional<IpsecOverTcpView> IpsecOverTcp() override;
  void ClearCounters() override;
  std::optional<IpsecStatsView> IpsecStats() override;
  // Lists of revoked certificates: vpn/service_crls.cc.
  // The list that rules for `of`, if it is here; asks for it otherwise. For whoever else looks at certificates.
  std::vector<std::uint8_t> CrlFor(const Trustpoint& trustpoint, const Certificate& of) { return CrlOf(trustpoint, of); }
  void RequestCrl(const std::string& trustpoint, std::function<void(const Status&)> done) override;
  std::vector<CrlView> Crls() const override { return crls_.Views(); }
  void ClearCrls(const std::string& trustpoint) override { crls_.Clear(trustpoint); }
  std::vector<AddressPoolView> Pools() const override { return pools_.Views(); }
  VpnDebug& debug() override { return debug_; }

 private:
  // IKE's sessions, as other databases see them.
  class Ours final : public RemoteSessions {
   public:
    explicit Ours(VpnService& service) : service_(service) {}
    std::vector<VpnSessionView> Views(TimePoint now) override { return service_.sessions_.Views(now); }
    bool Logoff(std::uint32_t index, const std::string& reason) override;
    std::vector<std::uint32_t> OfUser(const std::string& user) const override { return service_.sessions_.OfUser(user); }
    TimePoint LastUsed(std::uint32_t index) const override { return service_.sessions_.LastUsed(index); }

   private:
    VpnService& service_;
  };

  // --- IkeHost
  void Send(const IkeDatagram& d) override;
  std::uint32_t NewSpi() override;
  void Install(std::shared_ptr<const ChildSa> sa) override;
  void UseOutbound(std::uint32_t spi_in) override;
  void Retire(std::uint32_t spi_in) override;
  void Remove(std::uint32_t spi_in) override;
  void MovePeer(std::uint32_t spi_in, const Endpoint& peer) override;
  void Compute(std::function<void()> work, std::function<void()> done) override;
  void Ask(const UserQuestion& q, std::function<void(const UserAnswer&)> answer) override;
  std::optional<AssignedAddress> TakeAddress(const std::string& tunnel_group, const std::vector<std::string>& pools,
                                             std::optional<AssignedAddress> own) override;
  void GiveAddress(IpAddress a) override;
  void Say(const IkeSaying& s) override;
  bool Hears(IkeSaying::Debug what, int level) const override;
  void PeerUp(const IkePeerUp& up, std::uint32_t replaces) override;
  void PeerDown(std::uint32_t ike_sa, IkeEnd why) override;
  IpAddress AddressOf(IfId at) const override;
  std::string NameOf(IfId at) const override;
  std::int64_t WallSeconds() const override { return ports_.clock.WallNanos(times_.now) / 1'000'000'000; }
  const PrivateKey* KeyOf(const std::string& name) const override { return ports_.key_of ? ports_.key_of(name) : nullptr; }
  std::vector<std::uint8_t> CrlOf(const Trustpoint& trustpoint, const Certificate& of) override;
  void LogKeys(const std::string& line) override {
    if (ports_.key_log) ports_.key_log(line);
  }
  Entropy& entropy() override { return ports_.entropy; }

  // Runs `f` with the time taken, then what it left for later.
  template <typename F>
  void Enter(F f);
  // --- service_users.cc
  void AccountStart(const IkePeerUp& up, std::uint32_t index);
  void InterimAccounting();
  void LogPair(const ChildSa& sa, bool created);
  // `debug crypto ipsec`: vpn/service_debug.cc.
  void DebugPairUp(const ChildSa& sa) const;
  void DebugPairDown(const ChildSa& sa) const;
  void DebugLine(const ChildSa& sa, std::uint32_t spi, int level, std::string text) const;
  void EndDue(bool first);  // what no lifetime came before, or the rest
  // Ends a session; `reason`: words of 113019, "" those of `why`.
  void End(const VpnSessions::Due& which, const std::string& reason);
  void TellRoutes();
  // A virtual tunnel needs no packet to come up: what is down is asked for, again and again.
  void RaiseVirtualTunnels();

  // Tries the URLs from `at` on, until one has the list.
  void FetchCrl(const Trustpoint& trustpoint, std::vector<std::string> urls, std::size_t at, std::function<void(const Status&)> done);
  IkeStats RawStats(std::uint8_t version) const;
  IpsecStatsView RawIpsecStats();
  CryptoStatsView RawCryptoStats();

  // SAs that the engines have made of each version (0: IKEv1), and what was counted when an operator cleared it.
  struct Made {
    std::uint64_t created = 0, rekeyed = 0, deleted = 0, pairs = 0;
  };
  Made made_[2];
  IkeStats cleared_ike_[2];
  IpsecStatsView cleared_ipsec_;
  CryptoStatsView cleared_protocol_, cleared_accelerator_;

  CrlCache crls_;
  Ports ports_;
  std::shared_ptr<const Policy> policy_;
  std::shared_ptr<const VpnPolicy> vpn_;  // never null
  VpnDebug debug_;
  AddressPools pools_;
  std::map<IpAddress, std::string> pool_of_;  // addresses that are out, not leased: which pool gave them, "": the user has it of his own
  SessionCounts counts_;
  UserJudge judge_;
  Accounting accounting_;
  VpnSessions sessions_;
  Ours ours_{*this};
  std::map<std::uint32_t, std::shared_ptr<const ChildSa>> pairs_;  // what is installed, by inbound SPI
  std::deque<std::function<void()>> later_;  // when the engine is not in the middle of something
  int depth_ = 0;
  Times times_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::function<void()> on_routes_;
  std::vector<Route> routes_;   // as they were told last
  std::set<IfId> tunnels_up_;
  std::optional<VpnClientAddress> client_address_;
  std::map<std::uint32_t, TimePoint> raised_;  // VirtualTunnel::id: when (real) it was asked for last
  bool routes_stale_ = false;   // pairs have come or gone since
  TimePoint due_checked_;
  IkeCore core_;  // last: it may call back while it goes
};

template <typename F>
void VpnService::Enter(F f) {
  times_ = ports_.times();
  depth_++;
  f();
  // What is put off may put off more.
  while (depth_ == 1 && !later_.empty()) {
    const auto next = std::move(later_.front());
    later_.pop_front();
    next();
  }
  depth_--;
}

}  // namespace sallyport
