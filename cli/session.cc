#include "cli/session.h"

#include <algorithm>

#include "cli/appliance.h"
#include "cli/help_text.h"
#include "vpn/aaa/aaa_client.h"
#include "vpn/vpn_control.h"
#include "vpn/webvpn_control.h"

namespace sallyport {
namespace {

constexpr std::string_view kInvalid = "ERROR: % Invalid input detected at '^' marker.\n";
constexpr std::string_view kForbidden = "Command authorization failed\n";
constexpr std::string_view kIncomplete = "ERROR: % Incomplete command\n";
constexpr std::string_view kTimedOut = "disconnected by SSH server, reason: \"Time-out activated\" (0x00)";
constexpr std::size_t kMaxText = kMaxFrame / 8;  // JSON escapes a byte in at most six

std::string Ambiguous(std::string_view word) { return "ERROR: % Ambiguous command:  \"" + std::string(word) + "\"\n"; }

std::string_view Trimmed(std::string_view s) {
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

std::string_view FirstWord(std::string_view s) {
  while (s.starts_with(' ')) s.remove_prefix(1);
  return s.substr(0, s.find(' '));
}

// Only these commands have an output modifier; in others a bar is a character.
bool TakesFilter(std::string_view line) {
  const std::string_view word = FirstWord(line);
  return word.size() >= 2 && (IsPrefixOf(word, "show") || IsPrefixOf(word, "more"));
}

// Where the output modifier begins (the bar), or npos.
std::size_t BarOf(std::string_view line) {
  if (!TakesFilter(line)) return std::string_view::npos;
  const std::size_t at = line.find(" |");
  return at == std::string_view::npos ? at : at + 1;
}

}  // namespace

Session::Session(const Options& options, Appliance& appliance, std::function<void(const DaemonFrame&)> send)
    : options_(options),
      appliance_(appliance),
      send_(std::move(send)),
      privilege_(options.privilege),
      user_(options.user),
      active_(appliance.Now()) {
  appliance_.Enter(this);
  if (options_.kind == Kind::kConsole) appliance_.SetConsoleSink(this, this);
}

Session::~Session() {
  job_.reset();
  SetMonitor(false);
  if (VpnControl* vpn = appliance_.vpn_control()) vpn->debug().Leave(this);
  if (WebvpnControl* webvpn = appliance_.webvpn()) webvpn->debug().Leave(this);
  if (AaaClient* aaa = appliance_.aaa()) aaa->Listen(this, {});
  appliance_.SetConsoleSink(this, nullptr);
  appliance_.Leave(this);
}

void Session::Start() {
  if (options_.greet) SendText(appliance_.Greeting(options_));
  Finish();
}

std::string Session::UserName() const {
  return user_.empty() ? "enable_" + std::to_string(privilege_) : user_;
}

void Session::SetPrivilege(int level, std::string user) {
  const int before = privilege_;
  privilege_ = level;
  user_ = std::move(user);
  if (level <= 1) config_.reset();
  appliance_.LogPrivilege(UserName(), before, level);
}

int Session::width() const { return appliance_.configuration().settings().terminal_width; }

int Session::pager() const { return pager_lines_.value_or(appliance_.PagerLines()); }

void Session::SetMonitor(bool on) {
  if (on == monitor_) return;
  monitor_ = on;
  if (on) {
    appliance_.logger().AddMonitor(this);
  } else {
    appliance_.logger().RemoveMonitor(this);
  }
}

void Session::EnterConfig() {
  if (!config_) config_.emplace();
}

void Session::LeaveConfig() {
  config_.reset();
  appliance_.Settle();
}

std::string Session::Prompt() const {
  std::string prompt = appliance_.PromptBase();
  if (config_) return prompt + "(" + config_->prompt() + ")# ";
  return prompt + (privilege_ > 1 ? "# " : "> ");
}

ParseOptions Session::ParseOptionsNow() const {
  return appliance_.configuration().ParseOptionsFor(privilege_);
}

// --- what comes in

void Session::OnFrame(const ClientFrame& frame) {
  if (closed_) return;
  taking_ = true;
  Take(frame);
  taking_ = false;
  active_ = appliance_.Now();  // the command may have moved the clock
}

void Session::Reloaded() {
  if (closed_ || options_.kind == Kind::kScript) return;
  if (options_.kind == Kind::kSsh || !taking_) return Close(0);
  privilege_ = 1;
  user_.clear();
  config_.reset();
  pager_lines_.reset();
  history_.clear();
  SetMonitor(false);
  if (VpnControl* vpn = appliance_.vpn_control()) vpn->debug().Leave(this);
  if (WebvpnControl* webvpn = appliance_.webvpn()) webvpn->debug().Leave(this);
  if (AaaClient* aaa = appliance_.aaa()) aaa->Listen(this, {});
  Write("\n" + appliance_.Greeting({}));
}

void Session::EndIfIdle(TimePoint now) {
  if (closed_ || taking_ || options_.kind == Kind::kScript) return;
  if (job_) active_ = now;
  if (now - active_ < Duration::Seconds(60)) return;  // no limit is shorter
  const ConfigSettings settings = appliance_.configuration().settings();
  const bool ssh = options_.kind == Kind::kSsh;
  const int minutes = ssh ? settings.ssh_timeout_min : settings.console_timeout_min;
  if (minutes == 0 || now - active_ < Duration::Seconds(60 * minutes)) return;
  if (ssh) {
    if (options_.end_reason) *options_.end_reason = kTimedOut;
  } else {
    appliance_.logger().Log(Msg::k611104, {});
    SendText("\n\nLogoff\n\n");
  }
  Close(0);
}

void Session::Take(const ClientFrame& frame) {
  switch (frame.kind) {
    case ClientFrame::Kind::kHello:
      break;
    case ClientFrame::Kind::kLine:
      if (job_ || pressing_key_) break;
      if (answer_) {
        const Answer answer = std::exchange(answer_, {});
        answer(frame.text);
        Finish();
      } else {
        OnCommand(frame.text, frame.end);
      }
      break;
    case ClientFrame::Kind::kKey:
      if (!pressing_key_ || frame.text.empty()) break;
      SendText(pages_.Key(frame.text.front(), pager()));
      Flush();
      break;
    case ClientFrame::Kind::kHelp: {
      DaemonFrame f;
      f.kind = DaemonFrame::Kind::kHelp;
      f.text = HelpFor(frame.text);
      send_(f);
      break;
    }
    case ClientFrame::Kind::kComplete: {
      DaemonFrame f;
      f.kind = DaemonFrame::Kind::kComplete;
      f.text = CompletionOf(frame.text);
      send_(f);
      break;
    }
    case ClientFrame::Kind::kInterrupt:
      if (job_) {
        job_->Interrupt();
      } else if (pressing_key_) {
        SendText(pages_.Key('q', pager()));
        Flush();
      } else if (answer_) {
        const Answer answer = std::exchange(answer_, {});
        answer({});
        Finish();
      }
      break;
    case ClientFrame::Kind::kEof:
      Close(0);
      break;
    case ClientFrame::Kind::kSize:
      break;  // paging goes by `terminal pager`, not by the window
  }
}

void Session::OnCommand(const std::string& text, bool end) {
  failed_ = false;
  filter_.reset();
  const std::string line(Trimmed(text));
  if (!line.empty()) {
    history_.push_back(line);
    if (history_.size() > kHistory) history_.pop_front();
    Execute(line);
  }
  if (end && !closed_) LeaveConfig();
  Finish();
}

void Session::Execute(std::string_view line) {
  const std::size_t bar = BarOf(line);
  if (bar != std::string_view::npos) {
    OutputFilter::Refusal refusal;
    filter_ = OutputFilter::Parse(line.substr(bar + 1), refusal);
    switch (refusal.kind) {
      case OutputFilter::Refusal::Kind::kNone: break;
      case OutputFilter::Refusal::Kind::kIncomplete: return Refuse(kIncomplete);
      case OutputFilter::Refusal::Kind::kInvalid: return RefuseAt(bar + 1 + refusal.offset, kInvalid);
      case OutputFilter::Refusal::Kind::kAmbiguous: return Refuse(Ambiguous(refusal.detail));
      case OutputFilter::Refusal::Kind::kBadPattern:
        return Refuse("ERROR: % Invalid regular expression: " + refusal.detail + "\n");
    }
    line = Trimmed(line.substr(0, bar));
  }
  ExecuteParsed(line);
}

void Session::ExecuteParsed(std::string_view line) {
  using Outcome = RunResult::Outcome;
  if (config_ && Configure(line)) return;
  const ParseOptions options = ParseOptionsNow();
  ExecContext context{*this, appliance_};
  const RunResult matched = ExecCommands().Matches(line, options);
  if (matched.outcome != Outcome::kOk) return Forbidden(line) ? Refuse(kForbidden) : Print(matched);
  appliance_.LogExec(*this, line);
  appliance_.Settle();  // what it shows or tries is what is configured
  Print(ExecCommands().Run(context, line, options));
}

// A line of a configuration mode. EXEC commands may be typed there too: false when it is one, and not known to the
// configuration. Of two refusals the one is printed that understood more.
bool Session::Configure(std::string_view line) {
  using Outcome = ApplyResult::Outcome;
  const std::size_t prompt = Prompt().size();
  const ApplyResult result = appliance_.configuration().Apply(*config_, line, privilege_);
  switch (result.outcome) {
    case Outcome::kOk:
      Write(result.text);
      if (result.changed) Write(appliance_.ConfigEdited(*this, line));
      return true;
    case Outcome::kEmpty:
      return true;
    case Outcome::kExit:
      LeaveConfig();
      return true;
    case Outcome::kRefused:
      Refuse(result.text);
      return true;
    case Outcome::kIncomplete:
    case Outcome::kInvalid:
    case Outcome::kAmbiguous:
      break;
  }
  const RunResult exec = ExecCommands().Matches(line, ParseOptionsNow());
  if (exec.outcome == RunResult::Outcome::kOk) return false;
  const bool exec_knows_more =
      result.outcome == Outcome::kInvalid && (exec.outcome != RunResult::Outcome::kInvalid || exec.column > result.column);
  if (exec_knows_more) return false;
  Refuse(Forbidden(line) ? std::string(kForbidden) : result.ErrorText(prompt));
  return true;
}

// A line that is right, but not for this privilege level.
bool Session::Forbidden(std::string_view line) const {
  const Configuration& configuration = appliance_.configuration();
  if (!configuration.AuthorizesCommands() || privilege_ >= 15) return false;
  if (ExecCommands().Matches(line, configuration.ParseOptionsFor(15)).outcome == RunResult::Outcome::kOk) return true;
  if (!config_) return false;
  const HelpResult whole = configuration.Help(*config_, std::string(line) + " ", 15);
  return whole.outcome == RunResult::Outcome::kOk && !whole.hints.empty() && whole.hints.back().text == "<cr>";
}

void Session::Print(const RunResult& result) {
  using Outcome = RunResult::Outcome;
  switch (result.outcome) {
    case Outcome::kOk:
      if (result.reply.ok) {
        Write(result.reply.text);
      } else {
        Refuse(result.reply.text);
      }
      break;
    case Outcome::kEmpty: break;
    case Outcome::kIncomplete: Refuse(kIncomplete); break;
    case Outcome::kInvalid: RefuseAt(result.column, kInvalid); break;
    case Outcome::kAmbiguous: Refuse(Ambiguous(result.word)); break;
  }
}

void Session::Refuse(std::string_view text) {
  failed_ = true;
  filter_.reset();  // an error is always seen
  Write(text);
}

void Session::RefuseAt(std::size_t column, std::string_view text) {
  Refuse(std::string(Prompt().size() + column, ' ') + "^\n" + std::string(text));
}

// --- what goes out

void Session::WriteNow(std::string_view text) { SendText(text); }

void Session::Ask(std::string prompt, DaemonFrame::Mode mode, Answer answer) {
  question_ = std::move(prompt);
  question_mode_ = mode;
  answer_ = std::move(answer);
}

void Session::Run(std::unique_ptr<Job> job) { job_ = std::move(job); }

void Session::JobDone() {
  job_.reset();
  Finish();
}

void Session::Close(int status) {
  if (closed_) return;
  job_.reset();
  answer_ = {};
  SendText(std::exchange(output_, {}));
  closed_ = true;
  SetMonitor(false);
  appliance_.LogLogout(*this);
  DaemonFrame f;
  f.kind = DaemonFrame::Kind::kBye;
  f.status = status;
  send_(f);
}

void Session::Finish() {
  if (closed_ || job_) return;
  std::string text = std::exchange(output_, {});
  if (filter_) text = filter_->Apply(text);
  pages_.Add(text);
  SendText(pages_.Page(options_.kind == Kind::kScript ? 0 : pager()));
  Flush();
}

// Asks for what is due next: a key, an answer, a command.
void Session::Flush() {
  pressing_key_ = pages_.More();
  if (pressing_key_) return SendPrompt(DaemonFrame::Mode::kKey, std::string(Pager::kMore));
  if (answer_) return SendPrompt(question_mode_, question_);
  SendPrompt(DaemonFrame::Mode::kCommand, Prompt());
}

void Session::SendText(std::string_view text) {
  while (!text.empty()) {
    DaemonFrame f;
    f.text = text.substr(0, kMaxText);
    text.remove_prefix(f.text.size());
    send_(f);
  }
}

void Session::SendPrompt(DaemonFrame::Mode mode, std::string text) {
  DaemonFrame f;
  f.kind = DaemonFrame::Kind::kPrompt;
  f.mode = mode;
  f.text = std::move(text);
  f.failed = mode == DaemonFrame::Mode::kCommand && failed_;
  if (mode == DaemonFrame::Mode::kCommand) failed_ = false;
  send_(f);
}

void Session::Line(std::string_view line) {
  if (closed_) return;
  DaemonFrame f;
  f.unsolicited = true;
  f.text = std::string(line) + "\n";
  send_(f);
}

// --- help

std::string Session::HelpFor(std::string_view buffer) {
  const ParseOptions options = ParseOptionsNow();
  const auto refused = [&](const HelpResult& h) {
    return h.outcome == RunResult::Outcome::kAmbiguous
               ? Ambiguous(h.word)
               : std::string(Prompt().size() + h.column, ' ') + "^\n" + std::string(kInvalid);
  };
  const std::size_t bar = BarOf(buffer);
  if (bar != std::string_view::npos) {
    const std::string_view behind = buffer.substr(bar + 1);
    const std::string_view word = FirstWord(behind);
    if (behind.find_first_not_of(' ') != std::string_view::npos && behind.ends_with(' ')) {
      return RenderHelp("", {{"WORD", "Regular Expression", true}});
    }
    std::vector<Hint> hints;
    for (const auto& k : OutputFilter::Keywords()) {
      if (IsPrefixOf(word, k.word)) hints.push_back({k.word, k.help, false});
    }
    return word.empty() ? RenderHelp("", hints) : RenderWordHelp(hints);
  }
  HelpResult exec = ExecCommands().Help(buffer, options);
  const bool first_word = FirstWord(buffer).empty();
  if (TakesFilter(buffer) && !exec.word_help && !exec.hints.empty() && exec.hints.back().text == "<cr>") {
    exec.hints.insert(exec.hints.end() - 1, Hint{"|", "Output modifiers", true});
  }
  if (!config_) {
    if (exec.outcome != RunResult::Outcome::kOk) return refused(exec);
    return exec.word_help ? RenderWordHelp(exec.hints) : RenderHelp(first_word ? ExecCommands().name() : "", exec.hints);
  }
  HelpResult own = appliance_.configuration().Help(*config_, buffer, privilege_);
  const bool own_ok = own.outcome == RunResult::Outcome::kOk && !own.hints.empty();
  const bool exec_ok = exec.outcome == RunResult::Outcome::kOk && !exec.hints.empty();
  if (!own_ok && !exec_ok) return refused(own.column >= exec.column ? own : exec);
  if (first_word) {
    const std::string mode = config_->global() ? "configure mode" : config_->prompt().substr(7) + " mode";
    return RenderHelp(mode, own.hints) + RenderHelp(ExecCommands().name(), exec.hints).substr(1);
  }
  std::vector<Hint> hints = own_ok ? own.hints : exec.hints;
  if (own_ok && exec_ok) {
    for (const Hint& h : exec.hints) {
      const auto same = [&](const Hint& o) { return o.text == h.text; };
      if (std::none_of(hints.begin(), hints.end(), same)) hints.push_back(h);
    }
  }
  return own.word_help || exec.word_help ? RenderWordHelp(hints) : RenderHelp("", hints);
}

std::string Session::CompletionOf(std::string_view buffer) {
  std::vector<std::string> words;
  const std::size_t bar = BarOf(buffer);
  if (bar != std::string_view::npos) {
    const std::string_view word = FirstWord(buffer.substr(bar + 1));
    if (word.empty() || buffer.ends_with(' ')) return {};
    for (const auto& k : OutputFilter::Keywords()) {
      if (IsPrefixOf(word, k.word)) words.emplace_back(k.word);
    }
  } else {
    const ParseOptions options = ParseOptionsNow();
    if (config_) words = appliance_.configuration().Complete(*config_, buffer, privilege_);
    for (auto& w : ExecCommands().Complete(buffer, options)) words.push_back(std::move(w));
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
  }
  const std::size_t begin = buffer.find_last_of(" \t");
  const std::string_view typed = begin == std::string_view::npos ? buffer : buffer.substr(begin + 1);
  if (words.empty() || typed.empty()) return {};
  // What all of them have in common; a blank behind it when there is only one.
  std::string common = words.front();
  for (const std::string& w : words) common.resize(CommonPrefix(common, w));
  if (common.size() < typed.size()) return {};
  return common.substr(typed.size()) + (words.size() == 1 ? " " : "");
}

}  // namespace sallyport
