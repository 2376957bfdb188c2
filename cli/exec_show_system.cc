// Show commands about the appliance itself: version, interfaces, log, clock, load, sessions.
#include <fmt/format.h>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/interface_name.h"
#include "cli/session.h"
#include "cli/show_interface.h"
#include "cli/show_logging.h"
#include "cli/show_system.h"

namespace sallyport {
namespace {

struct InterfaceName {
  std::string name;
};
struct MessageNumber {
  std::optional<int> number;
};
struct ClockDetail {
  bool detail = false;
};

Reply ShowOneInterface(ExecContext& c, const InterfaceName& n, Form) {
  for (InterfaceView& v : c.appliance.Interfaces()) {
    if (NamesInterface(n.name, v.hardware, v.nameif)) return Reply::Say(ShowInterface({v}));
    // `show interface X detail`: the word may be cut short.
    const std::size_t blank = n.name.rfind(' ');
    if (blank == std::string::npos || blank + 1 == n.name.size() || !IsPrefixOf(std::string_view(n.name).substr(blank + 1), "detail")) continue;
    const std::string name = n.name.substr(0, n.name.find_last_not_of(' ', blank) + 1);
    if (NamesInterface(name, v.hardware, v.nameif)) return Reply::Say(ShowInterface({v}, true));
  }
  return Reply::Refuse("ERROR: % Invalid interface " + n.name + "\n");
}

template <typename F>
auto Interfaces(F show) {
  return [show](ExecContext& c, const Bare&, Form) { return Reply::Say(show(c.appliance.Interfaces())); };
}

// "aes128-ctr", "sha2-256": OpenSSH's names without the parts that name the vendor and what the column already says.
std::string AlgorithmName(std::string_view name) {
  name = name.substr(0, name.find('@'));
  for (const std::string_view prefix : {"hmac-", "aead-"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  return name.empty() ? "-" : std::string(name);
}

Reply SshSessions(ExecContext& c, const Bare&, Form) {
  std::string out = "SID Client IP       Version Mode Encryption Hmac     State            Username\n";
  int number = 0;
  for (const Session* s : c.appliance.sessions()) {
    if (s->options().kind != Session::Kind::kSsh) continue;
    const auto row = [&](const std::string& session, std::string_view mode, const Session::Options::Protection& p) {
      out += fmt::format("{:<27} {:<4} {:<10} {:<8} {:<16} {}\n", session, mode, AlgorithmName(p.cipher), AlgorithmName(p.hmac),
                         "SessionStarted", s->options().user);
    };
    row(fmt::format("{:<3} {:<15} 2.0", number++, s->options().peer.ToString()), "IN", s->options().in);
    row("", "OUT", s->options().out);
  }
  return Reply::Say(out);
}

}  // namespace

void AddShowSystemCommands(ExecSet& set) {
  set.Add(BareCommand("show version", {kShow, "Software and hardware"}).Privilege(1), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowVersion(c.appliance.Version()));
  });
  set.Add(BareCommand("show hostname", {kShow, "Name of the appliance"}).Privilege(1), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(c.appliance.configuration().settings().hostname + "\n");
  });
  set.Add(BareCommand("show hostname fqdn", {kShow, "Name of the appliance", "With its domain"}).Privilege(1),
          [](ExecContext& c, const Bare&, Form) {
            const ConfigSettings s = c.appliance.configuration().settings();
            return Reply::Say(s.hostname + (s.domain.empty() ? "" : "." + s.domain) + "\n");
          });
  set.Add(BareCommand("show mode", {kShow, "Security context mode"}), [](ExecContext&, const Bare&, Form) {
    return Reply::Say("Security context mode: single \n");
  });
  set.Add(BareCommand("show interface", {kShow, "Interfaces"}), Interfaces([](const std::vector<InterfaceView>& v) { return ShowInterface(v); }));
  set.Add(BareCommand("show interface detail", {kShow, "Interfaces", "And the control point's states"}),
          Interfaces([](const std::vector<InterfaceView>& v) { return ShowInterface(v, true); }));
  set.Add(BareCommand("show interface ip brief", {kShow, "Interfaces", "Addresses", "One line each"}), Interfaces(ShowInterfaceIpBrief));
  set.Add(BareCommand("show interface summary", {kShow, "Interfaces", "State and traffic only"}), Interfaces(ShowInterfaceSummary));
  {
    using S = Tokens<InterfaceName>;
    set.Add(Command<InterfaceName>({S::Kw("show", kShow), S::Kw("interface", "Interfaces"), S::Line(&InterfaceName::name, "Name of an interface")}),
            ShowOneInterface);
  }
  set.Add(BareCommand("show ip", {kShow, "Addresses of the interfaces"}), Interfaces(ShowIp));
  set.Add(BareCommand("show ip address", {kShow, "Addresses of the interfaces", "Addresses of the interfaces"}), Interfaces(ShowIp));
  set.Add(BareCommand("show nameif", {kShow, "Names and security levels"}), Interfaces(ShowNameif));
  set.Add(BareCommand("show traffic", {kShow, "Packets and bytes by interface"}), Interfaces(ShowTraffic));
  set.Add(BareCommand("show memory", {kShow, "Memory in use"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowMemory(c.appliance.Memory()));
  });
  {
    using S = Tokens<ClockDetail>;
    set.Add(Command<ClockDetail>({S::Kw("show", kShow), S::Kw("clock", "Date and time"), S::Flag(&ClockDetail::detail, "detail", "And its source")})
                .Privilege(1),
            [](ExecContext& c, const ClockDetail& d, Form) { return Reply::Say(ShowClock(c.appliance.ClockNow(), d.detail)); });
  }
  set.Add(BareCommand("show logging", {kShow, "Syslog settings and buffer"}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.logger().Drain();
    return Reply::Say(ShowLogging(c.appliance.logger().Status(), c.appliance.personality()));
  });
  set.Add(BareCommand("show logging setting", {kShow, "Syslog", "Settings only"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowLoggingSetting(c.appliance.logger().Status(), c.appliance.personality()));
  });
  set.Add(BareCommand("show logging asdm", {kShow, "Syslog", "ASDM buffer"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowLoggingAsdm(c.appliance.logger().Status()));
  });
  set.Add(BareCommand("show logging queue", {kShow, "Syslog", "Messages that wait"}), [](ExecContext& c, const Bare&, Form) {
    return Reply::Say(ShowLoggingQueue(c.appliance.logger().Status()));
  });
  {
    using S = Tokens<MessageNumber>;
    set.Add(Command<MessageNumber>({S::Kw("show", kShow), S::Kw("logging", "Syslog"), S::Kw("message", "Messages with changed levels"),
                                    S::Opt({S::Int(&MessageNumber::number, 100000, 999999, "Number of a message")})}),
            [](ExecContext& c, const MessageNumber& m, Form) {
              return Reply::Say(ShowLoggingMessage(c.appliance.logger().settings(), m.number.value_or(0)));
            });
  }
  set.Add(BareCommand("show ssh sessions", {kShow, "Secure shell", "Sessions"}), SshSessions);
}

}  // namespace sallyport
