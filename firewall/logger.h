// Syslog: from events to lines on the buffer, the console, terminal sessions and UDP hosts.
//
// The Logger lives on the control thread. It takes events of the data thread from a LogRing (Drain) and messages of the
// control plane directly (Log), renders them with the catalogue's text, decides by severity, list and override which output
// wants them, and hands finished lines out. It opens no socket: UDP hosts are behind LogHostSink
// (firewall/host/syslog_udp.h). Mail and history (SNMP) outputs are kept and shown, but nothing is sent for them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/civil_time.h"
#include "firewall/base/time.h"
#include "firewall/log_event.h"
#include "firewall/log_ring.h"
#include "firewall/syslog_catalog.h"

namespace sallyport {

// "emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging" for 0..7.
std::string_view SeverityName(int severity);
// A severity by number ("4"), name or unambiguous beginning of one ("warn"). Nothing: no severity.
std::optional<int> ParseSeverity(std::string_view word);
// ASA's message class of a message number ("session" for 302013); "" when it has none. Also the word in EMBLEM lines.
std::string_view MessageClass(int number);
bool IsMessageClass(std::string_view name);

// Which messages an output takes.
struct LogFilter {
  enum class Kind : std::uint8_t { kOff, kLevel, kList } kind = Kind::kOff;
  int level = 7;     // kLevel: this severity and all more urgent ones
  std::string list;  // kList: name of a logging list
  static LogFilter Off() { return {}; }
  static LogFilter Level(int severity) { return {Kind::kLevel, severity, {}}; }
  static LogFilter List(std::string name) { return {Kind::kList, 7, std::move(name)}; }
  bool operator==(const LogFilter&) const = default;
};

enum class LogOutput : std::uint8_t { kConsole, kMonitor, kBuffer, kTrap, kHistory, kMail, kAsdm, kCount };
inline constexpr std::size_t kLogOutputCount = static_cast<std::size_t>(LogOutput::kCount);

// `logging host IFNAME ADDRESS [udp/PORT | tcp/PORT] [format emblem]`.
struct LoggingHost {
  std::string interface;  // nameif
  IpAddress address;
  bool tcp = false;
  std::uint16_t port = 514;  // 1470 by default for tcp
  bool emblem = false;       // UDP only
  bool operator==(const LoggingHost&) const = default;
};

// `logging list NAME {level L [class C] | message A[-B]}`: one line of it.
struct LoggingListEntry {
  std::optional<int> level;
  std::string message_class;                // with level; "": every class
  int first_message = 0, last_message = 0;  // 0: a level entry
  bool operator==(const LoggingListEntry&) const = default;
};

// `logging message N level L`, `no logging message N`.
struct LoggingOverride {
  bool disabled = false;
  std::optional<int> severity;
  bool operator==(const LoggingOverride&) const = default;
};

// `logging rate-limit COUNT [SECONDS] {level L | message N}`. A message's own limit rules over its level's.
struct LoggingRateLimit {
  int message = 0;              // 0: of a level
  int level = 0;
  std::uint64_t count = 0;      // in each interval; 0: unlimited
  std::uint64_t seconds = 1;
  bool operator==(const LoggingRateLimit&) const = default;
};

struct LoggingDeviceId {
  enum class Kind : std::uint8_t { kNone, kHostname, kContextName, kIpAddress, kString } kind = Kind::kNone;
  std::string argument;  // nameif for kIpAddress, the text for kString
  std::string text;      // what is printed: resolved by the configuration (hostname, address, text)
  bool operator==(const LoggingDeviceId&) const = default;
};

// All that the `logging` commands say; filled by the configuration, printed by `show logging`. Defaults are ASA's.
struct LoggingSettings {
  bool enable = false;
  bool timestamp = false;
  bool rfc5424 = false;       // logging timestamp rfc5424
  bool emblem = false;        // logging emblem: outputs other than hosts
  bool hide_username = true;  // the configuration sets false where the personality does not know it
  bool standby = false;
  bool debug_trace = false;
  bool permit_hostdown = false;                      // kept and shown: UDP hosts cannot be seen to be down
  std::array<LogFilter, kLogOutputCount> outputs{};  // by LogOutput
  LogFilter& Of(LogOutput o) { return outputs[static_cast<std::size_t>(o)]; }
  const LogFilter& Of(LogOutput o) const { return outputs[static_cast<std::size_t>(o)]; }
  std::uint32_t buffer_size = 4096;      // bytes, 4096..52428800
  std::uint32_t asdm_buffer_size = 100;  // messages, 100..512
  std::uint32_t queue = 512;             // messages that may wait to be rendered; 0: as many as fit
  int facility = 20;                     // 16..23 (local0..local7)
  LoggingDeviceId device_id;
  std::vector<LoggingHost> hosts;
  std::map<int, LoggingOverride> messages;  // by message number
  // `logging class C OUTPUT LEVEL ...`: what an output takes of a class, whatever it takes else; by class, then by LogOutput.
  std::map<std::string, std::array<std::optional<int>, kLogOutputCount>, std::less<>> classes;
  std::vector<LoggingRateLimit> rate_limits;
  std::map<std::string, std::vector<LoggingListEntry>> lists;
  TimeZone zone;  // `clock timezone`
  bool operator==(const LoggingSettings&) const = default;
};

// What `show logging` prints besides the settings.
struct LoggingStatus {
  LoggingSettings settings;
  std::array<std::uint64_t, kLogOutputCount> logged{};  // messages each output took
  std::vector<std::string> buffer;                      // lines, oldest first
  std::vector<std::string> asdm;                        // likewise
  std::uint32_t queue_size = 0, queue_most = 0;
  std::uint64_t queue_lost = 0;             // events the ring had no room for
  std::vector<std::uint64_t> hosts_failed;  // datagrams that could not be sent, for each of settings.hosts
};

// Takes finished lines, without line end: the console, or one terminal session. Control thread.
class LogLineSink {
 public:
  virtual ~LogLineSink() = default;
  virtual void Line(std::string_view line) = 0;
};

// Sends to syslog servers. Control thread.
class LogHostSink {
 public:
  virtual ~LogHostSink() = default;
  // False when it could not be sent; the Logger counts it.
  virtual bool Send(const LoggingHost& host, std::string_view datagram) = 0;
};

class Logger {
 public:
  // `clock` and `ring` outlive the Logger.
  Logger(const Clock& clock, LogRing& ring);

  // New settings, from now on: also sets the ring's Enabled bits. A smaller buffer forgets its oldest lines.
  void Configure(LoggingSettings settings);
  const LoggingSettings& settings() const { return settings_; }

  // Everything the data thread has written up to now.
  void Drain();
  // A message of the control plane; arguments in the catalogue's order. Events still waiting in the ring come first.
  void Log(Msg m, std::initializer_list<std::string_view> args);
  void Log(Msg m, const std::vector<std::string>& args);  // likewise
  // A message whose text is made elsewhere (IKE's hundreds of free texts have no row in the catalogue). `logging message`, classes,
  // lists and rate limits act on it as on any other.
  void Say(int number, int severity, std::string_view text);
  // Would Say hand it to anybody?
  bool Hears(int number, int severity) const;

  void SetConsole(LogLineSink* console) { console_ = console; }            // null: none; not owned
  void AddMonitor(LogLineSink* session) { monitors_.push_back(session); }  // `terminal monitor`
  void RemoveMonitor(LogLineSink* session);
  void SetHosts(LogHostSink* hosts) { hosts_ = hosts; }

  void ClearBuffer();  // clear logging buffer
  void ClearAsdm();    // clear logging asdm
  LoggingStatus Status() const;
  std::uint64_t messages() const { return messages_; }  // since the start, wherever they went

  // A message's text alone ("Built inbound TCP ..."), as the catalogue and the event give it.
  static std::string Render(const LogEvent& event);

 private:
  void Dispatch(TimePoint time, int number, int severity, const std::string& text);
  void LogTexts(Msg m, std::vector<std::string> args);
  bool Wants(LogOutput output, int number, int severity) const;
  int SeverityOf(Msg m, int event_severity) const;
  bool Disabled(int number) const;
  bool OverLimit(TimePoint time, int number, int severity);
  std::string Frame(std::int64_t wall, int number, int severity, std::string_view text, bool emblem) const;
  void UpdateEnabled();
  void Trim();

  const Clock& clock_;
  LogRing& ring_;
  LoggingSettings settings_;
  std::array<std::uint64_t, kLogOutputCount> logged_{};
  std::uint64_t messages_ = 0;
  std::deque<std::string> buffer_;
  std::uint64_t buffer_bytes_ = 0;
  std::deque<std::string> asdm_;
  std::vector<std::uint64_t> hosts_failed_;  // by index of settings_.hosts
  struct Interval {
    TimePoint begun{};
    std::uint64_t messages = 0;
  };
  std::vector<std::optional<Interval>> intervals_;  // by index of settings_.rate_limits
  LogLineSink* console_ = nullptr;
  std::vector<LogLineSink*> monitors_;
  LogHostSink* hosts_ = nullptr;
};

}  // namespace sallyport
