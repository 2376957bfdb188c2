// The running configuration of an appliance: lines in, lines out, and the policy snapshot that they mean.
//
//   Configuration conf;                          // what an appliance without a startup configuration has
//   auto report = conf.Load(text);               // a startup configuration: a refused line changes nothing, the rest loads
//   ConfigMode mode;                             // of one console session
//   ApplyResult r = conf.Apply(mode, "interface GigabitEthernet0/0");   // mode.prompt() is now "config-if"
//   auto policy = conf.Compile(previous.get());  // immutable; give it to the engine
//
// Owned by the appliance, control thread only; knows no sockets and no engine. Whoever applies lines compiles afterwards and
// hands the snapshot on. A refused line leaves everything as it was.
//
// Every line is modelled (it has a meaning in Policy or ConfigSettings) or accepted (kept in its place and printed back,
// without effect); anything else is refused with ASA's words. Report and coverage() count them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conf/command.h"
#include "conf/dns_plan.h"
#include "conf/line_tree.h"
#include "conf/sla.h"
#include "firewall/base/result.h"
#include "firewall/logger.h"
#include "firewall/policy.h"
#include "vpn/aaa/aaa_plan.h"

namespace sallyport {

struct VpnClientAddress;  // vpn/policy.h

// Where a session is: the stack of sub-modes. Empty: global configuration mode.
class ConfigMode {
 public:
  // What stands in the prompt: "config", "config-if", "config-pmap-c" ...
  std::string prompt() const { return frames_.empty() ? "config" : frames_.back().shown; }
  bool global() const { return frames_.empty(); }
  void Leave() { if (!frames_.empty()) frames_.pop_back(); }
  void LeaveAll() { frames_.clear(); }

 private:
  friend class Configuration;
  friend struct ConfigEdit;
  struct Frame {
    std::string name;   // of the mode's commands
    std::string shown;  // in the prompt: object groups were named otherwise before 8.3
    std::weak_ptr<Line> line;
  };
  std::vector<Frame> frames_;
};

struct ApplyResult {
  enum class Outcome : std::uint8_t {
    kOk,
    kEmpty,       // nothing typed, or a comment
    kIncomplete,  // syntax: print as RunResult says
    kInvalid,
    kAmbiguous,
    kRefused,     // understood, but not allowed: `text` is ASA's error
    kExit,        // `exit` in global mode, or `end`: the session leaves configuration mode
  };
  Outcome outcome = Outcome::kOk;
  std::size_t column = 0;
  std::string word;
  std::string text;  // what the operator sees, lines ended by '\n'; "" on silent success
  Effect effect = Effect::kModelled;
  Section section = Section::kCount;  // where the line belongs; kCount: it was not understood, or says nothing
  bool changed = false;  // the configuration is another one now
  bool ok() const { return outcome == Outcome::kOk || outcome == Outcome::kEmpty || outcome == Outcome::kExit; }
  // The error as ASA prints it, for a line that was echoed behind a prompt of `prompt` characters; "" when there is none.
  std::string ErrorText(std::size_t prompt) const;
};

struct LineReport {
  int number = 0;    // in the text, from 1
  std::string line;
  std::string text;  // the error with its caret line, or a warning
  bool refused = false;
};
struct LoadReport {
  int lines = 0;  // without blank lines and comments
  int modelled = 0, dormant = 0, accepted = 0, refused = 0;
  std::vector<LineReport> reports;  // refused lines and warnings
  // What became of each line, in order.
  struct Fate {
    int number = 0;
    Effect effect{};
    bool refused = false;
    Section section = Section::kCount;
  };
  std::vector<Fate> fates;
  bool whole = false;     // the text was a whole configuration
  bool from_asa = false;  // and an appliance printed it
  std::string version;    // behind `ASA Version`, "" : no such line
  bool unreadable = false;  // it is no text at all: nothing was read
};
struct LoadOptions {
  std::optional<Personality> personality;  // rules over the `ASA Version` line
  bool empty_first = false;                // what is there goes even when the text has no `ASA Version` line
  bool own_order = false;                  // order and spacing are ours, also of what an ASA printed
  bool merge = false;                      // what is there stays even when it has one (copy FILE running-config)
  // The lines give keys to lines that are there and have them masked; nothing else is taken. Implies merge.
  bool secrets = false;
};

struct UserAccount {
  std::string name;
  std::string password;  // as stored: conf/password.h verifies it
  enum class Kind : std::uint8_t { kNone, kEncrypted, kPbkdf2, kNtEncrypted } kind = Kind::kNone;
  int privilege = 2;
};

// What the configuration says and the packet path need not know.
struct ConfigSettings {
  std::string hostname = "ciscoasa";
  std::string domain;
  UserAccount enable;  // `enable password`; kind kNone: not set
  std::map<int, UserAccount> enable_levels;  // those of levels below 15
  UserAccount passwd;  // login password of telnet
  std::vector<UserAccount> users;
  int ssh_timeout_min = 5, telnet_timeout_min = 5, console_timeout_min = 0;
  std::string banner_exec, banner_login, banner_motd, banner_asdm;  // lines ended by '\n'
  int pager_lines = 24;
  int terminal_width = 80;
  std::vector<std::string> prompt = {"hostname", "context"};
  std::string summer_time;  // name; "" : none
  LoggingSettings logging;
  // aaa authentication SERVICE console GROUP [LOCAL]: by service (ssh, telnet, http, enable, serial), the groups in order.
  std::map<std::string, std::vector<std::string>> console_authentication;
  // Whether the local database is asked about users of `service`.
  bool AuthenticatesLocally(const std::string& service) const;
  bool asks_exec_authorization = false;  // aaa authorization exec LOCAL auto-enable
};

struct PrintOptions {
  bool all = false;        // with default values
  bool secrets = false;    // keys as they are (more system:running-config)
  std::string section;     // the first word of the lines that are wanted; "" : everything with header and trailer
  std::string saved_line;  // ": Written by ..." or "" for ": Saved"
  std::string serial, hardware;  // header of 9.2 and later
};

class Configuration {
 public:
  // What an appliance of `personality` has before anybody typed anything.
  explicit Configuration(const Personality& personality);
  Configuration();
  ~Configuration();
  Configuration(const Configuration&) = delete;
  Configuration& operator=(const Configuration&) = delete;

  const Personality& personality() const;
  // `likely_depth`: in a file, how deep in sub-modes the line's indentation says that it is (0: global configuration mode). That
  // mode is asked first when it is an outer one.
  ApplyResult Apply(ConfigMode& mode, std::string_view line, int privilege = 15, std::size_t likely_depth = SIZE_MAX);
  HelpResult Help(const ConfigMode& mode, std::string_view line, int privilege = 15) const;
  std::vector<std::string> Complete(const ConfigMode& mode, std::string_view line, int privilege = 15) const;
  // The sub-mode's own commands and then, where it is a sub-mode, the global ones: the two lists of `?`.
  std::vector<Hint> ModeHints(const ConfigMode& mode, std::string_view line) const;

  // Replaces the configuration when the text has an `ASA Version` line (it is a whole one), else adds to it.
  // The text may be `show running-config`, a saved file, the one inside `show tech-support`, or pasted out of a document
  // (load.cc says what is overlooked).
  LoadReport Load(std::string_view text, const LoadOptions& options = {});
  // The lines whose keys are not known, because they came as `*****`: a note for each, by its number in the text that was loaded.
  std::vector<LineReport> MissingSecrets() const;
  // `text`, a configuration, with its keys masked as `show` does it.
  static std::string WithoutSecrets(std::string_view text);
  std::string Print(const PrintOptions& options = {}) const;
  // MD5 over what Print shows (facts in the README), 32 hex digits.
  std::string Checksum() const;

  Result<std::shared_ptr<const Policy>> Compile(const Policy* previous) const;
  // SLA monitors and tracks.
  SlaPlan Sla() const;
  // Static routes with `track` are there while their track is one of these; Compile again after a change.
  void TracksUp(std::set<int> up);
  // The DNS client, and the names that fqdn objects need. What they stand for is given back; Compile again after a change.
  DnsPlan Dns() const;
  void NamesResolved(ResolvedNames names);
  // The servers that AAA asks.
  AaaPlan Aaa() const;
  // Connected and static routes of an interface are not there while its line protocol is down: those of these hardware names.
  // Compile again after a change.
  void LinesDown(std::set<std::string> hardware);
  // Routes to what is behind tunnels that are up (`set reverse-route`). Compile again after a change.
  void VpnRoutes(std::vector<Route> routes);
  // The address that the hardware client has, in client mode. Compile again after a change.
  void VpnClientHas(std::optional<VpnClientAddress> address);
  // This appliance is master of its load-balancing cluster: it has the cluster's address, too. Compile again after a change.
  void ClusterMaster(bool master);
  // The interfaces that the appliance is made with: those physical ones of `names` that no line is about are there, and shut
  // down, now and whenever the configuration is loaded anew or cleared. Subinterfaces, VLANs and the like are overlooked.
  void SetHardware(std::vector<std::string> names);
  // The Linux link that stands for a hardware interface (Interface::linux_index); the host's business, not a line.
  void MapLink(const std::string& hardware, int linux_index);
  ConfigSettings settings() const;
  // What a session of this privilege level may type, for its EXEC commands. Without `aaa authorization command LOCAL` an ASA
  // knows two kinds of sessions, those of levels 0 and 1 and those that may do everything.
  ParseOptions ParseOptionsFor(int privilege) const;
  bool AuthorizesCommands() const;

  const LineTree& tree() const;
  // From `ASA Version` to the last line, without header, checksum and `: end`.
  std::string Body(bool secrets = false) const;
  struct Coverage {
    int modelled = 0, dormant = 0, accepted = 0;
    std::vector<std::pair<Effect, std::string>> without_effect;  // the dormant and accepted lines
  };
  Coverage coverage() const;

 private:
  struct Impl;
  friend struct ConfigEdit;
  std::optional<ApplyResult> DefaultForm(ConfigMode& mode, std::string_view line, int privilege);
  std::optional<ApplyResult> IkePolicyLine(std::string_view line, int privilege);
  std::unique_ptr<Configuration> WithVpnDefaults() const;
  void AddHardware();
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
