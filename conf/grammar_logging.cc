// Logging: who is told what.
#include <algorithm>
#include <string>

#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/shape.h"

namespace sallyport {
namespace {

// Order of the logging lines.
constexpr std::string_view kOrder[] = {
    "enable", "timestamp", "standby", "emblem", "hide", "list", "buffer-size", "asdm-buffer-size", "console", "monitor",
    "buffered", "trap", "history", "asdm", "mail", "from-address", "recipient-address", "facility", "queue",
    "device-id", "host", "debug-trace", "flash", "ftp", "permit-hostdown", "class", "rate-limit", "message",
};
constexpr int RankOf(std::string_view word) {
  return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), word) - std::begin(kOrder));
}

std::string KnownClass(ConfigEdit&, const FieldLine& line) {
  return IsMessageClass(line.Get("class")) ? "" : "ERROR: % Invalid message class\n";
}

constexpr Shape kShapes[] = {
    {"config", "logging class`Specify logging event class` <class:word> / { buffered <buffered-level:severity> | console <console-level:severity> | "
     "history <history-level:severity> | mail <mail-level:severity> | monitor <monitor-level:severity> | trap <trap-level:severity> | asdm <asdm-level:severity> }",
     Section::kLogging, {.rank = RankOf("class"), .effect = Effect::kModelled, .trailing = " ", .check = KnownClass}},
    {"config", "logging rate-limit`Limit messages in a time` ( unlimited | <count:1-2147483647> [<seconds:1-2147483647>] ) "
     "( level <severity:severity> | message <number:100000-999999> )", Section::kLogging, {.rank = RankOf("rate-limit"), .effect = Effect::kModelled}},
    {"config", "logging message <standby:100000-999999> standby", Section::kLogging, {.rank = RankOf("message"), .keep_no = true}},
    {"config", "logging from-address / <address:word>", Section::kLogging, {.rank = RankOf("from-address")}},
    {"config", "logging recipient-address <address:word> / [ level <severity:severity> ]", Section::kLogging, {.rank = RankOf("recipient-address")}},
    {"config", "logging debug-trace persistent", Section::kLogging, {.rank = RankOf("debug-trace")}},
    {"config", "logging flash-bufferwrap", Section::kLogging, {.rank = RankOf("flash")}},
    {"config", "logging flash-maximum-allocation / <kilobytes:4-2147483647>", Section::kLogging, {.rank = RankOf("flash")}},
    {"config", "logging flash-minimum-free / <kilobytes:0-2147483647>", Section::kLogging, {.rank = RankOf("flash")}},
    {"config", "logging ftp-bufferwrap", Section::kLogging, {.rank = RankOf("ftp")}},
    {"config", "logging ftp-server / <server:word> <path:word> <user:word> [<type:0-8>] <password:secret>", Section::kLogging, {.rank = RankOf("ftp")}},
    {"config", "logging flow-export-syslogs / <state:{enable|disable}>", Section::kLogging, {.rank = RankOf("message")}},
    {"config", "logging host <text:line>", Section::kLogging, {.rank = RankOf("host"), .since = kOnlyInFiles}},
};

}  // namespace

void DeclareLogging(ConfigGrammar& g) {
  {
    using S = Tokens<LoggingSwitch>;
    for (const char* word : {"enable", "standby", "timestamp", "debug-trace", "permit-hostdown", "emblem"}) {
      Command<LoggingSwitch> c({S::Kw("logging", "Configure logging features"), S::Is(&LoggingSwitch::word, word, word)});
      c.No(2);
      LineRule<LoggingSwitch> r;
      r.section = Section::kLogging;
      r.rank = RankOf(word);
      Declare(g, c, r);
    }
    Command<LoggingSwitch> hide({S::Kw("logging"), S::Is(&LoggingSwitch::word, "hide", "hide", "Hide attributes in messages"), S::Kw("username")});
    hide.No(3);
    LineRule<LoggingSwitch> r;
    r.section = Section::kLogging;
    r.rank = RankOf("hide");
    r.keep_no = true;
    Declare(g, hide, r);
    // The word of 7.0 and before.
    Command<LoggingSwitch> on({S::Kw("logging"), S::Is(&LoggingSwitch::word, "enable", "on")});
    on.Hidden();
    LineRule<LoggingSwitch> enable;
    enable.section = Section::kLogging;
    enable.rank = RankOf("enable");
    enable.text = [](const ConfigEdit&, const LoggingSwitch&) -> std::string { return "logging enable"; };
    Declare(g, on, enable);
    Command<LoggingSwitch> off({S::Kw("logging"), S::Is(&LoggingSwitch::word, "enable", "on")});
    off.NoOnly(2).Hidden();
    LineRule<LoggingSwitch> disable;
    disable.section = Section::kLogging;
    disable.rank = RankOf("enable");
    disable.after_no = [](ConfigEdit& edit, const LoggingSwitch&) {
      edit.changed = edit.tree.Remove(nullptr, Section::kLogging, "logging enable") || edit.changed;
    };
    Declare(g, off, disable);
    Command<LoggingSwitch> rfc({S::Kw("logging"), S::Is(&LoggingSwitch::word, "rfc5424", "timestamp"), S::Kw("rfc5424", "RFC 5424 timestamps")});
    rfc.No(3);
    LineRule<LoggingSwitch> r2;
    r2.section = Section::kLogging;
    r2.rank = RankOf("timestamp");
    Declare(g, rfc, r2);
  }
  {
    using S = Tokens<LoggingOut>;
    for (const char* out : {"console", "monitor", "buffered", "trap", "history", "mail", "asdm"}) {
      Command<LoggingOut> c({S::Kw("logging"), S::Is(&LoggingOut::output, out, out), S::Word(&LoggingOut::filter, "Severity level or list", "<0-7> or WORD")});
      c.No(2);
      LineRule<LoggingOut> r;
      r.section = Section::kLogging;
      r.rank = RankOf(out);
      r.key = 2;
      r.check = [](ConfigEdit& edit, const LoggingOut& v) -> std::string {
        if (ParseSeverity(v.filter)) return {};
        for (const auto& l : edit.tree.Of(Section::kLogging)) {
          if (const auto* list = l->As<LoggingListLine>(); list != nullptr && list->name == v.filter) return {};
        }
        if (edit.loading) return {};
        return "ERROR: logging list " + v.filter + " does not exist\n";
      };
      r.after = [](ConfigEdit&, const LoggingOut& v, Line& l) -> std::string {
        if (const auto s = ParseSeverity(v.filter)) {
          LoggingOut full = v;
          full.filter = std::string(SeverityName(*s));
          l.text = "logging " + full.output + " " + full.filter;
          l.Set(full);
        }
        return {};
      };
      Declare(g, c, r);
    }
  }
  {
    using S = Tokens<LoggingNumber>;
    struct { const char* word; std::int64_t low, high; } numbers[] = {
        {"buffer-size", 4096, 52428800}, {"asdm-buffer-size", 100, 512}, {"facility", 16, 23}, {"queue", 0, 8192}};
    for (const auto& n : numbers) {
      Command<LoggingNumber> c({S::Kw("logging"), S::Is(&LoggingNumber::word, n.word, n.word), S::Int(&LoggingNumber::number, n.low, n.high)});
      c.No(2);
      LineRule<LoggingNumber> r;
      r.section = Section::kLogging;
      r.rank = RankOf(n.word);
      r.key = 2;
      Declare(g, c, r);
    }
  }
  {
    using S = Tokens<LoggingHostLine>;
    using L = LoggingHostLine;
    LineRule<L> r;
    r.section = Section::kLogging;
    r.rank = RankOf("host");
    r.key = 4;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      return KnownInterface(edit, v.interface);
    };
    const auto transport = [](std::string_view word) {
      for (const auto& [begins, family] : {std::pair("udp/", PortFamily::kUdp), {"tcp/", PortFamily::kTcp}, {"17/", PortFamily::kUdp}, {"6/", PortFamily::kTcp}}) {
        if (word.starts_with(begins)) return PortByName(word.substr(std::string_view(begins).size()), family).has_value();
      }
      return false;
    };
    Command<L> both({S::Kw("logging"), S::Kw("host"), S::Word(&L::interface, "Interface name"), S::Arg(&L::address, "IP address of the server"),
                     S::AnyOrder({{S::WordIf(&L::transport, transport, "tcp/PORT or udp/PORT", "{tcp|udp}/<1025-65535>")},
                                  {S::Kw("format", "Message format"), S::Is(&L::emblem, true, "emblem")},
                                  {S::Is(&L::secure, true, "secure", "TLS to the server")},
                                  {S::Kw("reference-identity", "What the server's certificate must say"), S::Word(&L::identity, "Name")}})});
    both.No(4);
    Declare(g, both, r);
  }
  {
    using L = LoggingListLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("logging"), S::Kw("list", "Create a list of messages"), S::Word(&L::name, "Name of the list"),
                  S::Choice({{S::Kw("level", "Severity"), S::Word(&L::level, "Severity", "<0-7> or WORD"), S::Opt({S::Kw("class"), S::Word(&L::message_class)})},
                             {S::Kw("message", "Messages by number"), S::Word(&L::messages, "N or N-M", "<100000-999999>")}})});
    c.No(3);
    LineRule<L> r;
    r.section = Section::kLogging;
    r.rank = RankOf("list");
    r.check = [](ConfigEdit&, const L& v) -> std::string {
      if (!v.level.empty() && !ParseSeverity(v.level)) return "ERROR: % Invalid severity level\n";
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = LoggingMessage;
    using S = Tokens<L>;
    Command<L> c({S::Kw("logging"), S::Kw("message", "Change a message"), S::Int(&L::number, 100000, 999999, "Message number"),
                  S::Opt({S::Kw("level", "Severity"), S::Word(&L::level, "Severity", "<0-7> or WORD")})});
    c.No(3);
    LineRule<L> r;
    r.section = Section::kLogging;
    r.rank = RankOf("message");
    r.key = 3;
    r.keep_no = true;
    r.check = [](ConfigEdit&, const L& v) -> std::string {
      return !v.level.empty() && !ParseSeverity(v.level) ? "ERROR: % Invalid severity level\n" : "";
    };
    r.after = [](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      if (v.level.empty()) edit.tree.Remove(nullptr, Section::kLogging, std::string(l.key));  // enabled is the default
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = LoggingDevice;
    using S = Tokens<L>;
    Command<L> c({S::Kw("logging"), S::Kw("device-id", "Identify the device in messages"),
                  S::Choice({{S::Is(&L::kind, "hostname", "hostname")},
                             {S::Is(&L::kind, "context-name", "context-name")},
                             {S::Is(&L::kind, "cluster-id", "cluster-id")},
                             {S::Is(&L::kind, "ipaddress", "ipaddress"), S::Word(&L::argument, "Interface"),
                              S::Opt({S::Is(&L::system, true, "system", "The cluster's address")})},
                             {S::Is(&L::kind, "string", "string"), S::Line(&L::argument, "Text")}})});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kLogging;
    r.rank = RankOf("device-id");
    r.key = 2;
    Declare(g, c, r);
  }
  DeclareShapes(g, kShapes);
}

}  // namespace sallyport
