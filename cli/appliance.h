// One appliance as the console sees it: its configuration, clock, log and engine, and the operating system under them.
//
// Owned by main (or a test), control thread only. A changed configuration is compiled, handed to the host network and then to
// the data thread; a line that was refused never gets here. Show commands collect their views through it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/dns_client.h"
#include "cli/kept_traces.h"
#include "cli/key_store.h"
#include "cli/load_meter.h"
#include "cli/login_history.h"
#include "cli/perfmon_console.h"
#include "cli/platform_views.h"
#include "cli/session.h"
#include "cli/show_views.h"
#include "cli/sla_monitor.h"
#include "cli/state_folder.h"
#include "conf/configuration.h"
#include "firewall/base/time.h"
#include "firewall/engine.h"
#include "firewall/logger.h"
#include "vpn/views.h"

namespace sallyport {

class AaaClient;

class AspTable;
class VpnControl;
class WebvpnControl;

// What an appliance needs from the machine. Tests have one that touches nothing.
class ApplianceHost {
 public:
  virtual ~ApplianceHost() = default;
  // Runs `f` where the engine lives, and waits for it.
  virtual void OnEngine(const std::function<void()>& f) = 0;
  // Runs `f` there, after what was posted before it, and does not wait.
  virtual void PostEngine(std::function<void()> f) { OnEngine(f); }
  // Moves the appliance's clock forward and fires what falls due, in order.
  virtual void AdvanceClock(Duration by) = 0;
  // Fills in Interface::linux_index, makes the kernel agree and hands the policy to the engine. The error is a sentence about
  // what the kernel would not take; the policy rules all the same.
  // `vlans`: the tag of each subinterface, by hardware name.
  virtual Status Use(const std::shared_ptr<Policy>& policy, const std::map<std::string, int>& vlans) = 0;
  // Has the interface a link that carries nothing, or is gone? `view` is what FillInterface says. False where no link is mapped
  // to it: a machine without links has all its routes.
  virtual bool NoCarrier(const Interface&, const InterfaceView&) { return false; }
  // Links and neighbours as `show interface` and `show arp` need them. `linux_index` 0: no link of this machine.
  virtual void FillInterface(InterfaceView& view, int linux_index) = 0;
  virtual std::vector<ArpView> Arp(const Policy& policy) = 0;
  virtual void ClearArp(const Policy& policy) = 0;
  // The same for IPv6; a host without a kernel has none.
  virtual std::vector<NeighbourView> Neighbours(const Policy&) { return {}; }
  virtual void ClearNeighbours(const Policy&) {}
};

class Appliance {
 public:
  struct Parts {
    const Clock& clock;
    SystemClock* wall_clock;  // for `clock set`; null: it cannot be set
    Engine& engine;
    LogRing& ring;
    StateFolder& state;
    ApplianceHost& host;
    // What the appliance says it is; a serial number if its owner has given it one.
    std::string model = "Sallyport", serial = {};
    std::uint32_t max_connections = 0;  // 0: not said
    Prober* prober = nullptr;  // null: SLA monitors send nothing
    DnsTransport* dns = nullptr;  // null: no name is asked for
  };
  explicit Appliance(const Parts& parts);
  ~Appliance();
  Appliance(const Appliance&) = delete;
  Appliance& operator=(const Appliance&) = delete;

  // --- configuration
  Configuration& configuration() { return *configuration_; }
  // Replaces the configuration by `text`. Refused lines are reported, the rest is in force when Changed() is called.
  LoadReport Load(std::string_view text, const LoadOptions& options = {});
  // The interfaces that the machine has: they are in every configuration from now on (Configuration::SetHardware). To be called
  // when the first one has been loaded.
  void SetHardware(std::vector<std::string> names);
  // The configuration has changed: compile it and put it in force. What the operator should hear, or "": a complaint of the
  // machine is told once, and again only when it is another one.
  std::string Changed();
  // Links of the machine have come, gone or changed state: the policy is put in force again, on the links that are there now.
  void LinksChanged();
  // Puts in force what ConfigEdited has put off.
  void Settle();
  const std::shared_ptr<const Policy>& policy() const { return policy_; }
  const Personality& personality() const;
  // With header and Cryptochecksum, and with its keys: what is stored, and `more system:running-config`.
  std::string RunningConfig(const std::string& written_by);
  Result<std::string> WriteMemory(const Session& by);        // the dialogue's text
  // A session has changed the configuration by `line`: logs it, puts it in force. What the operator should hear, or "".
  // Of many access-list lines and members of groups that come quickly (a long list is pasted) and take long to compile, not every one is put in
  // force by itself: at most a twentieth of the time is spent on it, and Settle or Tick does the rest.
  std::string ConfigEdited(const Session& by, std::string_view line);
  bool modified() const { return modified_; }
  void Reload();  // everything from the startup configuration again

  // --- for sessions
  void Enter(Session* s);
  void Leave(Session* s) { sessions_.erase(s); }
  const std::set<Session*>& sessions() const { return sessions_; }
  void SetConsoleSink(const Session* by, LogLineSink* sink);
  std::string Greeting(const Session::Options& options);
  std::string PromptBase() const;
  int PagerLines() const;
  // Privilege level of a local user whose password is right.
  std::optional<int> CheckUser(const std::string& user, const std::string& password) const;
  bool CheckEnable(int level, const std::string& password) const;

  // --- log
  Logger& logger() { return logger_; }
  void LogExec(const Session& by, std::string_view line);
  void LogPrivilege(const std::string& user, int from, int to);
  void LogLogout(const Session& by);
  LoginHistory& logins() { return logins_; }
  PerfmonConsole& perfmon() { return perfmon_; }
  KeptTraces& kept_traces() { return kept_traces_; }

  // --- time
  const Clock& clock() const { return parts_.clock; }
  TimePoint Now() const { return parts_.clock.Now(); }
  std::int64_t WallNow() const { return parts_.clock.WallNanos(Now()); }
  SystemClock* wall_clock() { return parts_.wall_clock; }
  ClockView ClockNow() const;
  Duration uptime() const { return Now() - started_; }
  // An echo reply to a probe of an SLA monitor has come.
  void SlaAnswered(int entry, std::uint16_t sequence);

  // --- names (dns_client.h)
  void DnsReceived(std::uint32_t question, Bytes message);
  // Addresses of a name that is typed on the console; none when there is no such name, or nobody to ask.
  void ResolveName(const std::string& name, DnsClient::Found found);
  std::vector<DnsHostView> DnsHosts() const { return dns_.Hosts(Now()); }
  bool ClearDns(const std::string& name);  // "" : all. False: there is no such name
  void ClearDnsCache() { dns_.ClearCache(); }

  void Tick();  // at intervals: writes out the log, ends idle sessions, samples rates

  // --- engine and host
  ApplianceHost& host() { return parts_.host; }
  StateFolder& state() { return parts_.state; }
  const std::string& model() const { return parts_.model; }  // what the appliance says it is
  KeyStore& keys() { return keys_; }  // of trustpoints
  // Sessions and security associations; an appliance without a VPN engine has none.
  VpnTables& vpn() { return *vpn_; }
  void UseVpn(VpnTables& tables) { vpn_ = &tables; }  // must outlive the appliance
  // What can be done to them; null: there is no VPN engine.
  VpnControl* vpn_control() { return vpn_control_; }
  void UseVpn(VpnControl& engine);
  // The engine of AnyConnect; null: there is none.
  WebvpnControl* webvpn() { return webvpn_; }
  void UseWebvpn(WebvpnControl& engine) { webvpn_ = &engine; }
  // Whoever asks `aaa-server`s; null: nobody does.
  AaaClient* aaa() { return aaa_; }
  void UseAaa(AaaClient& client) { aaa_ = &client; }
  // Runs f(engine) on the data thread and returns what it returns.
  template <typename F>
  auto AskEngine(F f) {
    using R = std::invoke_result_t<F, Engine&>;
    if constexpr (std::is_void_v<R>) {
      parts_.host.OnEngine([&] { f(parts_.engine); });
    } else {
      std::optional<R> answer;
      parts_.host.OnEngine([&] { answer.emplace(f(parts_.engine)); });
      return std::move(*answer);
    }
  }
  // `f` is called whenever a changed configuration has come into force.
  void OnChange(std::function<void()> f) { on_change_ = std::move(f); }
  // ... and at every Tick.
  void OnTick(std::function<void()> f) { on_tick_ = std::move(f); }
  // What tunnels say of routes has changed: the next Tick compiles.
  void RoutesChanged() { names_changed_ = true; }
  // Which virtual tunnels (`interface Tunnel`) are up; takes effect as a changed route does.
  void TunnelsUp(std::set<IfId> up) { tunnels_up_ = std::move(up); }
  // Who runs closures on the control thread for other threads (ConsoleServer, or a test).
  void SetPost(std::function<void(std::function<void()>)> post) { post_ = std::move(post); }
  void Post(std::function<void()> f) { post_(std::move(f)); }

  // --- views
  std::vector<InterfaceView> Interfaces();
  // What only a virtual tunnel has, in place of what FillInterface says of a link.
  void FillTunnel(const Interface& f, InterfaceView& view) const;
  VersionView Version();
  MemoryView Memory() const;
  // Without the counters.
  const DropView& Drops() const { return drops_; }
  void ClearDrops(const Session& by, bool frame, bool flow);
  // What rules of the accelerated path, and its neighbour table, had counted when somebody cleared them last. Control thread only.
  struct AspCleared {
    std::map<std::uint64_t, std::uint64_t> rules;  // by id
    std::uint64_t to_the_box = 0;                  // packets
    std::int64_t rules_wall = 0, arp_wall = 0;     // when; 0: never
    std::string rules_by, arp_by;
  };
  AspCleared& asp_cleared() { return asp_cleared_; }
  // The table of the accelerated path that was shown last (trace_view.h), and of what it was made. Control thread only.
  struct AspKept {
    std::shared_ptr<const Policy> policy;
    std::vector<IfId> captured;
    std::shared_ptr<AspTable> table;
    std::chrono::steady_clock::time_point used;
  };
  AspKept& asp_kept() { return asp_kept_; }
  // Traffic counters begin again; the engine's go on, what they were is taken away.
  void ClearTraffic();
  // The same for the counters of one interface, by hardware name ("": of all), and of its link.
  void ClearInterface(const std::string& hardware);
  std::vector<SlaView> SlaEntries() const;
  std::vector<TrackView> Tracks() const;
  CpuView Cpu() const { return meter_.Cpu(); }
  CpuDetailView CpuDetail() const { return meter_.CpuDetail(); }
  DirectoryView Directory() const;
  std::vector<InventoryPart> Inventory() const;
  ModuleView Modules();
  LicenseView License() const;
  // The peak of hosts is of what was seen here: counting them takes long.
  std::vector<ResourceView> Resources();
  FailoverView Failover();
  std::vector<ServicePolicyView> ServicePolicies();
  std::vector<ObjectGroupView> ObjectGroups() const;

 private:
  std::map<std::string, int> Vlans() const;
  // Where nothing sends probes (a replay), every tracked route is taken as the appliance had it on an ordinary day: up.
  std::set<int> TracksUp() const;
  // Logs the line protocols that have changed. True: which are down is news for the routes; compile again.
  bool WatchLines();
  // Compiles and puts in force: what the machine complains of, or "". The error is the compiler's, and nothing has changed.
  Result<std::string> PutInForce();
  void TracksChanged();
  std::string InterfaceTowards(const DnsPlan::Server& server) const;
  std::uint64_t SshSessions() const;
  bool MayPutOff(std::string_view line) const;

  Parts parts_;
  KeyStore keys_;
  EmptyVpnTables no_tunnels_;
  VpnTables* vpn_ = &no_tunnels_;
  VpnControl* vpn_control_ = nullptr;
  WebvpnControl* webvpn_ = nullptr;
  AaaClient* aaa_ = nullptr;
  std::unique_ptr<Configuration> configuration_;  // never null
  std::vector<std::string> hardware_;
  std::shared_ptr<const Policy> policy_;
  std::string complaint_;  // what the machine would not take of it and the operator has heard
  Logger logger_;
  SlaMonitor sla_;
  DnsClient dns_;
  bool names_changed_ = false;  // (or routes of tunnels) the next Tick compiles: answers come in twos and more
  std::set<int> tracks_up_;
  TimePoint started_;
  bool modified_ = false;  // since it was last written
  std::string modified_by_;
  std::int64_t modified_wall_ = 0;
  std::set<Session*> sessions_;
  const Session* console_ = nullptr;
  std::function<void(std::function<void()>)> post_;
  std::function<void()> on_change_, on_tick_;
  LoginHistory logins_;
  PerfmonConsole perfmon_;
  KeptTraces kept_traces_;
  LoadMeter meter_;
  std::chrono::steady_clock::time_point compiled_at_;
  std::chrono::steady_clock::duration compile_cost_{};
  bool put_off_ = false;  // the configuration is ahead of policy_
  std::map<std::string, bool> line_up_;  // line protocol of named interfaces as last seen, by hardware name
  std::set<IfId> tunnels_up_;            // of virtual tunnels
  std::set<std::string> lines_down_;     // those whose link carries nothing, by hardware name
  std::string link_problem_;             // what the operator has been told about links already
  DropView drops_;
  AspCleared asp_cleared_;
  AspKept asp_kept_;
  std::map<std::string, std::uint64_t> peaks_;  // by resource
  std::uint64_t logged_before_ = 0;             // messages, when the rate was taken last
  std::chrono::steady_clock::time_point logged_at_;
  std::uint64_t log_rate_ = 0;  // a second
  std::vector<InterfaceCounters> traffic_base_;
  TimePoint traffic_since_;
  std::map<std::string, LinkCounters> link_base_;  // by hardware name
};

}  // namespace sallyport
