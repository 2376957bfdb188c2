#include "cli/appliance.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "cli/show_text.h"
#include "conf/password.h"
#include "vpn/aaa/aaa_client.h"
#include "vpn/vpn_control.h"

namespace sallyport {
namespace {

constexpr auto kQuickCompile = std::chrono::milliseconds(5);  // what may be spent on every line
constexpr auto kAspKept = std::chrono::minutes(1);            // a table that nobody asks for
constexpr int kCompileShare = 20;                             // otherwise this part of the time

// `enable password secret` must not stand in a log.
std::string Masked(std::string_view line) {
  const CommandLine words(line);
  std::string out;
  bool mask = false;
  for (std::size_t i = 0; i < words.size(); i++) {
    if (i != 0) out += ' ';
    out += mask ? "*" : words[i];
    mask = SameWord(words[i], "password") || SameWord(words[i], "passwd") || SameWord(words[i], "pre-shared-key") ||
           SameWord(words[i], "key");
  }
  return out;
}

bool Right(const UserAccount& account, std::string_view password) {
  StoredPassword form = StoredPassword::kPlain;
  switch (account.kind) {
    case UserAccount::Kind::kNone: return false;
    case UserAccount::Kind::kEncrypted: form = StoredPassword::kEncrypted; break;
    case UserAccount::Kind::kPbkdf2: form = StoredPassword::kPbkdf2; break;
    case UserAccount::Kind::kNtEncrypted: form = StoredPassword::kNtEncrypted; break;
  }
  return VerifyPassword(password, account.password, form, account.name);
}

bool IsShow(std::string_view line) {
  const CommandLine words(line);
  if (words.size() == 0) return true;
  for (const char* word : {"show", "ping", "more", "dir", "packet-tracer", "terminal", "enable", "disable", "exit", "quit", "logout", "login"}) {
    if (IsPrefixOf(words[0], word)) return true;
  }
  return false;
}

// Real time: what has to do with the network goes on when the operator moves the appliance's clock.
TimePoint MonotonicNow() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count()};
}

class NoProber final : public Prober {
 public:
  bool Send(const SlaEntry&, std::uint16_t) override { return false; }
};
NoProber no_prober;

class NoDns final : public DnsTransport {
 public:
  bool Send(std::uint32_t, const DnsPlan::Server&, Bytes) override { return false; }
  void Close(std::uint32_t) override {}
};
NoDns no_dns;

}  // namespace

Appliance::Appliance(const Parts& parts)
    : parts_(parts),
      keys_(parts.state.At("keys")),
      configuration_(std::make_unique<Configuration>()),
      logger_(parts.clock, parts.ring),
      sla_(parts.prober != nullptr ? *parts.prober : no_prober),
      dns_(parts.dns != nullptr ? *parts.dns : no_dns, logger_, Random::FromKernel()),
      started_(parts.clock.Now()) {
  const std::string said = Changed();  // a fresh configuration has nothing to complain about
  (void)said;
}

Appliance::~Appliance() = default;

void Appliance::UseVpn(VpnControl& engine) {
  vpn_control_ = &engine;
  vpn_ = &engine;
}

const Personality& Appliance::personality() const { return configuration_->personality(); }

void Appliance::Enter(Session* s) {
  sessions_.insert(s);
  std::uint64_t& peak = peaks_["SSH Server"];
  peak = std::max(peak, SshSessions());
}

std::uint64_t Appliance::SshSessions() const {
  return static_cast<std::uint64_t>(std::count_if(sessions_.begin(), sessions_.end(), [](const Session* s) {
    return s->options().kind == Session::Kind::kSsh;
  }));
}

LoadReport Appliance::Load(std::string_view text, const LoadOptions& options) { return configuration_->Load(text, options); }

void Appliance::SetHardware(std::vector<std::string> names) {
  hardware_ = std::move(names);
  configuration_->SetHardware(hardware_);
}

std::string Appliance::Changed() {
  const auto began = std::chrono::steady_clock::now();
  put_off_ = false;
  sla_.SetPlan(configuration_->Sla(), MonotonicNow(), WallNow(), ClockNow().zone);
  tracks_up_ = TracksUp();
  configuration_->TracksUp(tracks_up_);
  dns_.SetPlan(configuration_->Dns(), Now());
  configuration_->NamesResolved(dns_.Resolved());
  names_changed_ = false;
  auto used = PutInForce();
  if (!used) return "ERROR: " + used.error() + "\n";
  const ConfigSettings settings = configuration_->settings();
  logger_.Configure(settings.logging);
  if (WatchLines()) {
    if (auto again = PutInForce(); again) used = std::move(again);
  }
  if (on_change_) on_change_();
  compiled_at_ = std::chrono::steady_clock::now();
  compile_cost_ = compiled_at_ - began;
  std::string complaint = used->empty() ? "" : "WARNING: " + *used + "\n";
  if (complaint == complaint_) return {};  // scripts take every WARNING for a refused command
  complaint_ = std::move(complaint);
  return complaint_;
}

Result<std::string> Appliance::PutInForce() {
  configuration_->LinesDown(lines_down_);
  auto compiled = configuration_->Compile(policy_.get());
  if (!compiled) return Error{compiled.error()};
  const auto policy = std::make_shared<Policy>(**compiled);
  const Status used = parts_.host.Use(policy, Vlans());
  policy_ = policy;
  return used ? std::string() : used.error();
}

bool Appliance::MayPutOff(std::string_view line) const {
  const CommandLine words(line);
  const auto is = [&](const char* word) { return words[0].size() >= 8 && IsPrefixOf(words[0], word); };
  if (words.size() == 0 || !(is("access-list") || is("network-object") || is("group-object") || is("service-object") || is("port-object"))) return false;
  return compile_cost_ > kQuickCompile && std::chrono::steady_clock::now() < compiled_at_ + kCompileShare * compile_cost_;
}

void Appliance::LinksChanged() {
  // A link that was deleted and is there again has been down.
  bool lines = WatchLines();
  const auto policy = std::make_shared<Policy>(*policy_);
  const Status used = parts_.host.Use(policy, Vlans());
  policy_ = policy;
  lines = WatchLines() || lines;
  if (lines) {
    if (const std::string said = Changed(); !said.empty()) std::fprintf(stderr, "sallyportd: %s", said.c_str());
  }
  const std::string problem = used ? "" : used.error();
  if (!problem.empty() && problem != link_problem_) std::fprintf(stderr, "sallyportd: WARNING: %s\n", problem.c_str());
  link_problem_ = problem;
}

// An interface that has just got its name is looked at only.
bool Appliance::WatchLines() {
  std::map<std::string, bool> now;
  std::set<std::string> down;
  for (const auto& f : policy_->interfaces) {
    if (!f || f->id == IfId::kIdentity || f->nameif.empty()) continue;
    InterfaceView view;
    parts_.host.FillInterface(view, f->linux_index);
    if (f->virtual_tunnel) view.link_up = tunnels_up_.contains(f->id);
    const bool up = view.link_up && !f->shutdown;
    if (!f->shutdown && (f->virtual_tunnel ? !up : parts_.host.NoCarrier(*f, view))) down.insert(f->hardware);
    now[f->hardware] = up;
    const auto before = line_up_.find(f->hardware);
    if (before != line_up_.end() && before->second != up) logger_.Log(up ? Msg::k411001 : Msg::k411002, {f->nameif});
  }
  line_up_ = std::move(now);
  const bool news = down != lines_down_;
  lines_down_ = std::move(down);
  return news;
}

void Appliance::Settle() {
  if (!put_off_) return;
  if (const std::string said = Changed(); !said.empty()) std::fprintf(stderr, "sallyportd: %s", said.c_str());
}

std::string Appliance::ConfigEdited(const Session& by, std::string_view line) {
  const std::string user = by.UserName();
  std::string said;
  if (MayPutOff(line)) {
    put_off_ = true;
  } else {
    said = Changed();
  }
  modified_ = true;
  modified_by_ = user;
  modified_wall_ = WallNow();
  const std::string command = Masked(line);
  logger_.Log(Msg::k111008, {user, command});
  logger_.Log(Msg::k111010, {user, "CLI", by.options().peer.ToString(), command});
  return said;
}

std::string Appliance::RunningConfig(const std::string& written_by) {
  PrintOptions options;
  options.secrets = true;
  options.serial = parts_.serial;
  if (!written_by.empty()) options.saved_line = ": Written by " + written_by + " at " + ClockText(WallNow(), ClockNow().zone);
  return configuration_->Print(options);
}

Result<std::string> Appliance::WriteMemory(const Session& by) {
  const std::string who = by.options().kind == Session::Kind::kSsh ? by.options().peer.ToString() : "console";
  logger_.Log(Msg::k111001, {who, "memory"});
  const auto began = std::chrono::steady_clock::now();
  const std::string text = RunningConfig(by.UserName());
  const Status written = WriteFileAtomically(parts_.state.startup_config(), text);
  logger_.Log(Msg::k111004, {who, written ? "OK" : "FAILED"});
  if (!written) return Error{written.error()};
  modified_ = false;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const std::string sum = configuration_->Checksum();
  std::string out = "Building configuration...\nCryptochecksum: ";
  for (std::size_t i = 0; i + 8 <= sum.size(); i += 8) out += sum.substr(i, 8) + " ";
  out += seconds < 1 ? fmt::format("\n\n{} bytes copied in {:.3f} secs\n", text.size(), seconds)
                     : fmt::format("\n\n{} bytes copied in {:.2f} secs ({} bytes/sec)\n", text.size(), seconds,
                                   text.size() / static_cast<std::size_t>(seconds));
  return out + "[OK]\n";
}

void Appliance::Reload() {
  if (vpn_control_ != nullptr) vpn_control_->Shutdown(true);
  configuration_ = std::make_unique<Configuration>();
  if (const auto text = ReadWholeFile(parts_.state.startup_config())) {
    const LoadReport report = Load(*text);
    (void)report;  // `show startup-config errors` is not there; the lines were refused before they were written, too
  }
  configuration_->SetHardware(hardware_);
  const std::string said = Changed();
  (void)said;
  complaint_.clear();  // nobody has heard it: the next change tells
  AskEngine([now = Now()](Engine& e) {
    ConnFilter all;
    // Not those to the box: sessions that end now say goodbye on them.
    e.ClearConns(all, now);
    e.ClearXlates(now);
    e.ClearDrops(true, true);
  });
  asp_cleared_ = {};
  logger_.ClearBuffer();
  started_ = Now();
  modified_ = false;
  modified_by_.clear();
  for (Session* s : sessions_) s->Reloaded();
}

// --- sessions

void Appliance::SetConsoleSink(const Session* by, LogLineSink* sink) {
  if (sink == nullptr && console_ != by) return;
  console_ = sink != nullptr ? by : nullptr;
  logger_.SetConsole(sink);
}

std::string Appliance::Greeting(const Session::Options& options) {
  const ConfigSettings s = configuration_->settings();
  std::string out = s.banner_motd;
  if (!options.user.empty()) {
    if (personality().login_history) {
      out += "User " + options.user + " logged in to " + s.hostname + "\n" + logins_.Text(options.user, s.logging.zone);
    }
    logger_.Log(Msg::k611101, {options.peer.ToString(), options.user});
  } else {
    logger_.Log(Msg::k605005, {"serial", "console", "enable_1"});
  }
  return out + s.banner_exec + "Type help or '?' for a list of available commands.\n";
}

std::string Appliance::PromptBase() const {
  const ConfigSettings s = configuration_->settings();
  std::string out;
  // Without failover and contexts an ASA leaves their parts out.
  for (const std::string& part : s.prompt) {
    std::string text;
    if (part == "hostname") text = s.hostname;
    if (part == "domain") text = s.domain;
    if (text.empty()) continue;
    if (!out.empty()) out += "/";
    out += text;
  }
  return out.empty() ? s.hostname : out;
}

int Appliance::PagerLines() const { return configuration_->settings().pager_lines; }

std::optional<int> Appliance::CheckUser(const std::string& user, const std::string& password) const {
  std::optional<int> privilege;
  bool known = false;
  const auto& settings = configuration_->settings();
  for (const UserAccount& u : settings.users) {
    if (u.name != user) continue;
    known = true;
    if (Right(u, password)) privilege = u.privilege;
  }
  // A name that nobody has takes as long as a wrong password: hashes are slow on purpose.
  if (!known && !settings.users.empty()) (void)Right(settings.users.front(), password);
  if (aaa_ != nullptr) aaa_->NoteLocal(privilege.has_value());
  return privilege;
}

bool Appliance::CheckEnable(int level, const std::string& password) const {
  const ConfigSettings s = configuration_->settings();
  if (level != 15) {
    const auto account = s.enable_levels.find(level);
    return account != s.enable_levels.end() && Right(account->second, password);
  }
  const UserAccount& enable = s.enable;
  return enable.kind == UserAccount::Kind::kNone ? password.empty() : Right(enable, password);
}

// --- log

void Appliance::LogExec(const Session& by, std::string_view line) {
  const std::string user = by.UserName();
  if (IsShow(line)) {
    logger_.Log(Msg::k111009, {user, Masked(line)});
  } else {
    logger_.Log(Msg::k111008, {user, Masked(line)});
  }
}

void Appliance::LogPrivilege(const std::string& user, int from, int to) {
  logger_.Log(Msg::k502103, {user, std::to_string(from), std::to_string(to)});
}

void Appliance::LogLogout(const Session& by) {
  if (by.options().kind != Session::Kind::kScript) logger_.Log(Msg::k611103, {by.UserName()});
}

// --- time

ClockView Appliance::ClockNow() const {
  ClockView view;
  view.wall_nanos = WallNow();
  view.zone = configuration_->settings().logging.zone;
  return view;
}

// --- SLA monitors

void Appliance::SlaAnswered(int entry, std::uint16_t sequence) {
  if (sla_.Answered(entry, sequence, MonotonicNow())) TracksChanged();
}

std::set<int> Appliance::TracksUp() const {
  if (parts_.prober != nullptr) return sla_.TracksUp();
  std::set<int> all;
  for (const Track& t : configuration_->Sla().tracks) all.insert(t.id);
  return all;
}

void Appliance::TracksChanged() {
  const std::set<int> up = TracksUp();
  for (const TrackedRoute& r : configuration_->Sla().routes) {
    if (up.contains(r.track) == tracks_up_.contains(r.track)) continue;
    logger_.Log(Msg::k622001, {up.contains(r.track) ? "Adding" : "Removing", r.network.ToString(), r.mask.ToString(),
                               r.gateway.ToString(), std::to_string(r.distance), r.interface});
  }
  if (const std::string said = Changed(); !said.empty()) std::fprintf(stderr, "sallyportd: %s", said.c_str());
}

std::vector<SlaView> Appliance::SlaEntries() const { return sla_.Entries(MonotonicNow()); }
std::vector<TrackView> Appliance::Tracks() const { return sla_.Tracks(MonotonicNow()); }

// --- names

// The interface of the best route, where the line of the server names none.
std::string Appliance::InterfaceTowards(const DnsPlan::Server& server) const {
  if (!server.interface.empty()) return server.interface;
  const Route* route = policy_->routes.Find(server.address);
  const Interface* i = route == nullptr || route->null0 ? nullptr : policy_->Find(route->interface);
  return i == nullptr ? "" : i->nameif;
}

void Appliance::DnsReceived(std::uint32_t question, Bytes message) {
  names_changed_ |= dns_.Received(question, message, Now(), MonotonicNow(), [this](const DnsPlan::Server& s) { return InterfaceTowards(s); });
}

void Appliance::ResolveName(const std::string& name, DnsClient::Found found) {
  dns_.Lookup(name, Now(), MonotonicNow(), [this](const DnsPlan::Server& s) { return InterfaceTowards(s); }, std::move(found));
}

bool Appliance::ClearDns(const std::string& name) {
  bool changed = false;
  if (!dns_.Clear(name, Now(), changed)) return false;
  names_changed_ |= changed;
  return true;
}

void Appliance::Tick() {
  logger_.Drain();
  names_changed_ |= dns_.Tick(Now(), MonotonicNow(), [this](const DnsPlan::Server& s) { return InterfaceTowards(s); });
  if (names_changed_) {
    if (const std::string said = Changed(); !said.empty()) std::fprintf(stderr, "sallyportd: %s", said.c_str());
  }
  if (put_off_ && std::chrono::steady_clock::now() >= compiled_at_ + kCompileShare * compile_cost_) Settle();
  for (Session* s : sessions_) s->Tick();
  for (Session* s : sessions_) s->EndIfIdle(Now());
  if (sla_.Tick(MonotonicNow(), WallNow())) TracksChanged();
  perfmon_.Tick(*this);
  if (on_tick_) on_tick_();
  if (asp_kept_.table != nullptr && (asp_kept_.policy != policy_ || std::chrono::steady_clock::now() > asp_kept_.used + kAspKept)) asp_kept_ = {};
  if (!meter_.Due()) return;
  meter_.Sample(AskEngine([](Engine& e) { return e.Counters(); }));
  const auto now = std::chrono::steady_clock::now();
  const std::uint64_t logged = logger_.messages();
  const double elapsed = std::chrono::duration<double>(now - logged_at_).count();
  if (logged_before_ != 0) log_rate_ = static_cast<std::uint64_t>(static_cast<double>(logged - logged_before_) / elapsed);
  logged_before_ = logged;
  logged_at_ = now;
  peaks_["Syslogs [rate]"] = std::max(peaks_["Syslogs [rate]"], log_rate_);
}

}  // namespace sallyport
