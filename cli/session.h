// One console session: prompts, modes, paging, filters, passwords and questions. No sockets: frames come in, frames go out.
//
// Owned by whoever owns its connection (console_server.h), lives on the control thread. What commands do is in exec_*.cc; what
// configuration lines do is conf's; the appliance they act upon is shared by all sessions.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exec.h"
#include "cli/output_filter.h"
#include "cli/pager.h"
#include "cli/wire.h"
#include "conf/configuration.h"
#include "firewall/base/ip_address.h"
#include "firewall/logger.h"

namespace sallyport {

class Appliance;

// Something that takes its time (ping): writes with Session::Write, ends with Session::JobDone. Destroyed when it is done or the
// session ends, which must make it stop.
class Job {
 public:
  virtual ~Job() = default;
  virtual void Interrupt() = 0;
};

class Session : private LogLineSink {
 public:
  enum class Kind : std::uint8_t { kConsole, kSsh, kScript };
  struct Options {
    Kind kind = Kind::kConsole;
    std::string user;       // of a login; empty: the console's nameless user
    int privilege = 1;      // after login; 15 for scripts
    bool greet = true;
    IpAddress peer;         // of an SSH client
    // How an SSH session is protected, by direction: OpenSSH's names, "" where there is none.
    struct Protection {
      std::string cipher, hmac;
    } in, out;
    // Where a session that the appliance ends says why, for whoever made the connection; may be null.
    std::shared_ptr<std::string> end_reason;
  };
  static constexpr std::size_t kHistory = 20;

  Session(const Options& options, Appliance& appliance, std::function<void(const DaemonFrame&)> send);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Start();
  void OnFrame(const ClientFrame& frame);
  bool closed() const { return closed_; }
  // The appliance has started anew: nobody is logged in any more. The console at which it was asked to waits for the next one,
  // other sessions end; scripts, which are the operator's of the machine, go on.
  void Reloaded();
  // Ends the session when nothing has been typed for `ssh timeout` or `console timeout`.
  void EndIfIdle(TimePoint now);

  // --- for commands
  // Output of the running command; filtered, paged.
  void Write(std::string_view text) { output_ += text; }
  // Output that is to be seen now (the marks of a ping).
  void WriteNow(std::string_view text);
  // What nobody asked for: comes above the line that is being edited.
  void Announce(std::string_view text) { Line(text); }
  // Asks for one line (or password) after the command's output; `answer` gets it, or nothing after Ctrl-C. What it writes is
  // output of the same command. It may ask again.
  using Answer = std::function<void(std::optional<std::string>)>;
  void Ask(std::string prompt, DaemonFrame::Mode mode, Answer answer);
  // The command was refused: writes `text` and counts.
  void Refuse(std::string_view text);
  void Run(std::unique_ptr<Job> job);
  void JobDone();
  void Close(int status);

  const Options& options() const { return options_; }
  // The name that log messages and `show curpriv` know: "enable_15" for the nameless.
  std::string UserName() const;
  const std::string& user() const { return user_; }  // "" for the nameless
  int privilege() const { return privilege_; }
  void SetPrivilege(int level, std::string user);
  bool InConfig() const { return config_.has_value(); }
  void EnterConfig();
  void LeaveConfig();  // to privileged EXEC
  int pager() const;
  void SetPager(std::optional<int> lines) { pager_lines_ = lines; }
  int width() const;  // `terminal width`: what is told, not what is done
  bool monitor() const { return monitor_; }
  void SetMonitor(bool on);
  const std::deque<std::string>& history() const { return history_; }
  std::string Prompt() const;

 private:
  void Line(std::string_view line) override;  // LogLineSink
  void Take(const ClientFrame& frame);
  void OnCommand(const std::string& line, bool end);
  void Execute(std::string_view line);
  void ExecuteParsed(std::string_view line);
  bool Configure(std::string_view line);
  bool Forbidden(std::string_view line) const;
  void Print(const RunResult& result);
  void RefuseAt(std::size_t column, std::string_view text);
  void Finish();
  void Flush();
  void SendText(std::string_view text);
  void SendPrompt(DaemonFrame::Mode mode, std::string text);
  std::string HelpFor(std::string_view buffer);
  std::string CompletionOf(std::string_view buffer);
  ParseOptions ParseOptionsNow() const;

  Options options_;
  Appliance& appliance_;
  std::function<void(const DaemonFrame&)> send_;
  std::optional<ConfigMode> config_;  // set in configuration modes
  int privilege_;
  std::string user_;
  std::optional<int> pager_lines_;  // of this session; else the configuration's
  bool monitor_ = false;
  bool closed_ = false;
  bool taking_ = false;  // a frame is being dealt with
  TimePoint active_;     // when the operator was last heard of
  bool failed_ = false;  // the present command was refused

  std::deque<std::string> history_;
  std::string output_;
  std::optional<OutputFilter> filter_;
  Pager pages_;
  std::string question_;
  DaemonFrame::Mode question_mode_ = DaemonFrame::Mode::kQuestion;
  Answer answer_;
  bool pressing_key_ = false;  // at <--- More --->
  std::unique_ptr<Job> job_;
};

}  // namespace sallyport
