#include "firewall/logger.h"

#include <algorithm>

#include "firewall/base/printable.h"
#include "firewall/log_text.h"

namespace sallyport {
namespace {

// Failed logins of users who may not exist: what was typed as a name can be a password. The argument that holds the name.
// `logging hide username` prints ***** for it.
struct HiddenName {
  Msg msg;
  std::size_t argument;
};
constexpr HiddenName kHiddenNames[] = {
    {Msg::k113005, 2},
    {Msg::k113015, 1},
    {Msg::k605004, 4},
    {Msg::k611102, 1},
};

// The severity of these comes from the configuration (`access-list ... log warnings`), so any may occur.
bool SeverityVaries(Msg m) { return m == Msg::k106100 || m == Msg::k106102; }

// A user name or a command comes from outside: it must not be able to begin a line of its own, nor to move a terminal's cursor.
void AppendPrintable(std::string_view text, std::string& out) { out += PrintableText(text); }

}  // namespace

Logger::Logger(const Clock& clock, LogRing& ring) : clock_(clock), ring_(ring) { UpdateEnabled(); }

void Logger::Configure(LoggingSettings settings) {
  if (settings.hosts != settings_.hosts) hosts_failed_.assign(settings.hosts.size(), 0);
  if (settings.rate_limits != settings_.rate_limits) intervals_.assign(settings.rate_limits.size(), {});
  settings_ = std::move(settings);
  UpdateEnabled();
  Trim();
}

void Logger::Drain() {
  // One round: a busy data thread must not keep the control thread here for ever.
  LogEvent e;
  for (std::uint32_t left = ring_.capacity(); left != 0 && ring_.Pop(e); left--) {
    const MsgInfo& info = InfoOf(e.msg);
    const int severity = SeverityOf(e.msg, e.severity);
    if (!settings_.enable || Disabled(info.number)) continue;
    Dispatch(e.time, info.number, severity, Render(e));
  }
}

void Logger::Log(Msg m, std::initializer_list<std::string_view> args) { LogTexts(m, {args.begin(), args.end()}); }

void Logger::Log(Msg m, const std::vector<std::string>& args) { LogTexts(m, args); }

void Logger::LogTexts(Msg m, std::vector<std::string> texts) {
  Drain();
  const MsgInfo& info = InfoOf(m);
  if (!settings_.enable || Disabled(info.number)) return;
  if (settings_.hide_username) {
    for (const HiddenName& h : kHiddenNames) {
      if (h.msg == m && h.argument < texts.size()) texts[h.argument] = "*****";
    }
  }
  std::string text;
  ExpandTemplate(info.text, text, [&](std::size_t i, std::string& out) {
    if (i < texts.size()) AppendPrintable(texts[i], out);
  });
  Dispatch(clock_.Now(), info.number, SeverityOf(m, -1), text);
}

void Logger::Say(int number, int severity, std::string_view text) {
  Drain();
  if (!settings_.enable || Disabled(number)) return;
  const auto it = settings_.messages.find(number);
  if (it != settings_.messages.end() && it->second.severity) severity = *it->second.severity;
  std::string printable;
  AppendPrintable(text, printable);
  Dispatch(clock_.Now(), number, severity, printable);
}

bool Logger::Hears(int number, int severity) const {
  if (!settings_.enable || Disabled(number)) return false;
  const auto it = settings_.messages.find(number);
  if (it != settings_.messages.end() && it->second.severity) severity = *it->second.severity;
  for (std::size_t o = 0; o < kLogOutputCount; o++) {
    if (Wants(static_cast<LogOutput>(o), number, severity)) return true;
  }
  return false;
}

void Logger::RemoveMonitor(LogLineSink* session) { std::erase(monitors_, session); }

void Logger::ClearBuffer() {
  buffer_.clear();
  buffer_bytes_ = 0;
}

void Logger::ClearAsdm() { asdm_.clear(); }

LoggingStatus Logger::Status() const {
  LoggingStatus s;
  s.settings = settings_;
  s.logged = logged_;
  s.buffer.assign(buffer_.begin(), buffer_.end());
  s.asdm.assign(asdm_.begin(), asdm_.end());
  s.queue_size = ring_.size();
  s.queue_most = ring_.most_used();
  s.queue_lost = ring_.lost();
  s.hosts_failed = hosts_failed_;
  return s;
}

std::string Logger::Render(const LogEvent& event) {
  std::string text;
  ExpandTemplate(InfoOf(event.msg).text, text, [&](std::size_t i, std::string& out) {
    if (i >= event.argc) return;
    const LogArg& arg = event.args[i];
    if (arg.kind != LogArg::Kind::kText) return AppendLogArg(arg, out);
    const auto at = static_cast<std::size_t>(arg.number >> 16), length = static_cast<std::size_t>(arg.number & 0xffff);
    out += std::string_view(event.text.data(), event.text_length).substr(at, length);
  });
  return text;
}

void Logger::Dispatch(TimePoint time, int number, int severity, const std::string& text) {
  if (OverLimit(time, number, severity)) return;
  messages_++;
  const std::int64_t wall = clock_.WallNanos(time);
  const auto wants = [&](LogOutput o) {
    if (!Wants(o, number, severity)) return false;
    logged_[static_cast<std::size_t>(o)]++;
    return true;
  };
  const bool console = wants(LogOutput::kConsole), monitor = wants(LogOutput::kMonitor), buffer = wants(LogOutput::kBuffer);
  const bool trap = wants(LogOutput::kTrap), asdm = wants(LogOutput::kAsdm);
  wants(LogOutput::kHistory);
  wants(LogOutput::kMail);
  if (console || monitor || buffer || asdm) {
    const std::string line = Frame(wall, number, severity, text, settings_.emblem);
    if (console && console_ != nullptr) console_->Line(line);
    if (monitor) {
      for (LogLineSink* session : monitors_) session->Line(line);
    }
    if (asdm) asdm_.push_back(line);
    if (buffer) {
      buffer_bytes_ += line.size() + 1;
      buffer_.push_back(line);
    }
    Trim();
  }
  if (trap && hosts_ != nullptr) {
    const std::string pri = "<" + std::to_string(settings_.facility * 8 + severity) + ">";
    for (std::size_t i = 0; i < settings_.hosts.size(); i++) {
      const LoggingHost& host = settings_.hosts[i];
      if (!hosts_->Send(host, pri + Frame(wall, number, severity, text, host.emblem))) hosts_failed_[i]++;
    }
  }
}

// A limit counts in intervals that begin with a message.
bool Logger::OverLimit(TimePoint time, int number, int severity) {
  std::size_t found = settings_.rate_limits.size();
  for (std::size_t i = 0; i < settings_.rate_limits.size(); i++) {
    const LoggingRateLimit& r = settings_.rate_limits[i];
    if (r.message == number) {
      found = i;
      break;
    }
    if (r.message == 0 && r.level == severity) found = i;
  }
  if (found == settings_.rate_limits.size() || settings_.rate_limits[found].count == 0) return false;
  const LoggingRateLimit& limit = settings_.rate_limits[found];
  std::optional<Interval>& now = intervals_[found];
  if (!now || (time - now->begun).ns >= static_cast<std::int64_t>(limit.seconds) * 1'000'000'000) now = Interval{time, 0};
  return ++now->messages > limit.count;
}

bool Logger::Wants(LogOutput output, int number, int severity) const {
  if (const auto c = settings_.classes.find(MessageClass(number)); c != settings_.classes.end()) {
    if (const std::optional<int> level = c->second[static_cast<std::size_t>(output)]) return severity <= *level;
  }
  const LogFilter& filter = settings_.Of(output);
  switch (filter.kind) {
    case LogFilter::Kind::kOff:
      return false;
    case LogFilter::Kind::kLevel:
      return severity <= filter.level;
    case LogFilter::Kind::kList: {
      const auto list = settings_.lists.find(filter.list);
      if (list == settings_.lists.end()) return false;
      return std::any_of(list->second.begin(), list->second.end(), [&](const LoggingListEntry& e) {
        if (!e.level) return e.first_message <= number && number <= std::max(e.first_message, e.last_message);
        return severity <= *e.level && (e.message_class.empty() || e.message_class == MessageClass(number));
      });
    }
  }
  return false;
}

int Logger::SeverityOf(Msg m, int event_severity) const {
  const MsgInfo& info = InfoOf(m);
  const auto it = settings_.messages.find(info.number);
  if (it != settings_.messages.end() && it->second.severity) return *it->second.severity;
  return event_severity >= 0 ? event_severity : info.severity;
}

bool Logger::Disabled(int number) const {
  const auto it = settings_.messages.find(number);
  return it != settings_.messages.end() && it->second.disabled;
}

std::string Logger::Frame(std::int64_t wall, int number, int severity, std::string_view text, bool emblem) const {
  std::string line;
  if (emblem) line += ':';
  if (settings_.timestamp || settings_.rfc5424) {
    AppendTimestamp(wall, settings_, emblem, line);
    if (settings_.device_id.kind != LoggingDeviceId::Kind::kNone) line += ' ' + settings_.device_id.text + ' ';
    line += ": ";
  } else if (settings_.device_id.kind != LoggingDeviceId::Kind::kNone) {
    line += settings_.device_id.text + " : ";
  }
  line += "%ASA-";
  if (const std::string_view word = MessageClass(number); emblem && !word.empty()) line.append(word).append("-");
  line += std::to_string(severity) + '-' + std::to_string(number) + ": ";
  line += text;
  return line;
}

void Logger::UpdateEnabled() {
  for (std::size_t i = 0; i < kMsgCount; i++) {
    const Msg m = static_cast<Msg>(i);
    const int number = InfoOf(m).number;
    const int severity = SeverityVaries(m) ? 0 : SeverityOf(m, -1);
    bool on = false;
    if (settings_.enable && !Disabled(number)) {
      for (std::size_t o = 0; o < kLogOutputCount; o++) on |= Wants(static_cast<LogOutput>(o), number, severity);
    }
    ring_.SetEnabled(m, on);
  }
}

void Logger::Trim() {
  while (buffer_bytes_ > settings_.buffer_size && !buffer_.empty()) {
    buffer_bytes_ -= buffer_.front().size() + 1;
    buffer_.pop_front();
  }
  while (asdm_.size() > settings_.asdm_buffer_size) asdm_.pop_front();
}

}  // namespace sallyport
