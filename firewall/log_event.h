// A syslog message on its way from where it happens to where it is written: plain data, no text yet.
//
// The data thread fills a LogEvent (no allocation, no formatting) and hands it to a LogSink; the control thread renders
// it with the catalogue's text (syslog_catalog.h). Check Enabled() first: most messages are off most of the time.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "firewall/base/names.h"
#include "firewall/base/time.h"
#include "firewall/syslog_catalog.h"
#include "firewall/types.h"

namespace sallyport {

struct LogArg {
  enum class Kind : std::uint8_t {
    kNone,
    kNumber,     // number
    kHex,        // number, as 0x1F without padding
    kAddress,    // address
    kName,       // number is a NameId
    kWord,       // word: a string that lives for ever
    kDuration,   // number: nanoseconds, printed H:MM:SS (hours not folded into days)
    kTcpFlags,   // number: flag bits, "FIN PSH ACK " (each followed by a blank), low bit first
    kReason,     // word: nothing when null, else a blank and the word (302014)
    kFromName,   // number is a NameId: nothing when 0, else " from NAME" (302014 from 9.0)
    kTypeCode,   // number: type << 8 | code, " type 8 code 0"; nothing when negative (302020 from 9.0)
    kHashPair,   // number: high 32 bits first word, low second, " [0x390a154c, 0x0]"; nothing when ~0 (106023 from 8.3)
    kSlashPort,  // number: nothing when negative, else "/80"
    kTypeCodeParens,  // as kTypeCode, " (type 8, code 0)" (106023)
    kInterval,   // number: seconds, "300-second interval" (106100)
    kMac,        // number: 48 bits, "0013.2401.01a3"
    kPaddedAddress,      // address, at least 14 columns wide, at the right (733100)
    kInterfaceEndpoint,  // number is a NameId, address: "outside:192.0.2.1"
    kText,       // number: position << 16 | length in LogEvent::text; what a packet said, what is not printable as '?'
  };
  Kind kind = Kind::kNone;
  std::int64_t number = 0;
  IpAddress address;
  const char* word = nullptr;

  static LogArg Number(std::int64_t n) { return {Kind::kNumber, n, {}, nullptr}; }
  static LogArg Hex(std::uint32_t n) { return {Kind::kHex, n, {}, nullptr}; }
  static LogArg Address(IpAddress a) { return {Kind::kAddress, 0, a, nullptr}; }
  static LogArg PaddedAddress(IpAddress a) { return {Kind::kPaddedAddress, 0, a, nullptr}; }
  static LogArg Name(NameId n) { return {Kind::kName, static_cast<std::int64_t>(n), {}, nullptr}; }
  static LogArg Word(const char* w) { return {Kind::kWord, 0, {}, w}; }
  static LogArg Mac(std::uint64_t mac) { return {Kind::kMac, static_cast<std::int64_t>(mac), {}, nullptr}; }
  static LogArg Span(Duration d) { return {Kind::kDuration, d.ns, {}, nullptr}; }
  static LogArg TcpFlags(std::uint8_t f) { return {Kind::kTcpFlags, f, {}, nullptr}; }
  static LogArg Reason(const char* w) { return {Kind::kReason, 0, {}, w}; }
  static LogArg From(NameId n) { return {Kind::kFromName, static_cast<std::int64_t>(n), {}, nullptr}; }
  static LogArg TypeCode(int type, int code) { return {Kind::kTypeCode, type < 0 ? -1 : type << 8 | code, {}, nullptr}; }
  static LogArg HashPair(std::uint32_t first, std::uint32_t second) {
    return {Kind::kHashPair, static_cast<std::int64_t>(std::uint64_t{first} << 32 | second), {}, nullptr};
  }
  static LogArg NoHashPair() { return {Kind::kHashPair, -1, {}, nullptr}; }
  static LogArg SlashPort(int port) { return {Kind::kSlashPort, port, {}, nullptr}; }
  static LogArg At(NameId interface, IpAddress a) {
    return {Kind::kInterfaceEndpoint, static_cast<std::int64_t>(interface), a, nullptr};
  }
};

inline constexpr std::size_t kMaxLogArgs = 14;

struct LogEvent {
  TimePoint time;
  Msg msg{};
  std::int8_t severity = -1;  // 0..7 instead of the catalogue's (106100 takes it from the access-list line); -1: the catalogue's
  std::uint8_t argc = 0;
  std::array<LogArg, kMaxLogArgs> args;
  // Words that packets brought, for arguments of kind kText. Longer ones are cut.
  static constexpr std::size_t kMaxText = 384;
  std::uint16_t text_length = 0;
  std::array<char, kMaxText> text;

  void Put(std::size_t i, const LogArg& arg) { args[i] = arg; }
  void Put(std::size_t i, std::string_view words) {
    const std::size_t length = std::min(words.size(), kMaxText - text_length);
    std::transform(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(length), text.begin() + text_length,
                   [](char c) { return c >= 0x20 && c < 0x7f ? c : '?'; });
    args[i] = {LogArg::Kind::kText, static_cast<std::int64_t>(std::size_t{text_length} << 16 | length), {}, nullptr};
    text_length = static_cast<std::uint16_t>(text_length + length);
  }
};

// Where events go. Emit is called from the data thread only.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void Emit(const LogEvent& event) = 0;

  // Is any output interested in this message at its catalogue severity? Any thread.
  bool Enabled(Msg m) const { return enabled_[static_cast<std::size_t>(m)].load(std::memory_order_relaxed); }

  // Arguments are LogArgs, or std::string_views of what a packet said.
  template <typename... Args>
  void Log(TimePoint now, Msg m, Args... args) {
    static_assert(sizeof...(Args) <= kMaxLogArgs);
    if (!Enabled(m)) return;
    LogEvent e;
    e.time = now;
    e.msg = m;
    e.argc = sizeof...(Args);
    std::size_t i = 0;
    (e.Put(i++, args), ...);
    Emit(e);
  }

 protected:
  std::array<std::atomic<bool>, kMsgCount> enabled_{};
};

// The engine's way to its sink: nobody hears it while a packet is only imagined.
class EngineLog {
 public:
  explicit EngineLog(LogSink& sink) : sink_(&sink), heard_(&sink) {}
  bool Enabled(Msg m) const { return sink_->Enabled(m); }
  template <typename... Args>
  void Log(TimePoint now, Msg m, Args... args) {
    sink_->Log(now, m, args...);
  }
  operator LogSink&() { return *sink_; }  // NOLINT(google-explicit-constructor): as if it were the sink
  void Mute(bool mute) { sink_ = mute ? &Nobody() : heard_; }

 private:
  static LogSink& Nobody() {
    class Deaf final : public LogSink {
     public:
      void Emit(const LogEvent&) override {}
    };
    static Deaf deaf;
    return deaf;
  }
  LogSink* sink_;
  LogSink* heard_;
};

}  // namespace sallyport
