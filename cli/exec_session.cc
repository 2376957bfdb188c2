// Commands about the session itself: privilege, modes, terminal settings, history.
#include <algorithm>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"

namespace sallyport {
namespace {

constexpr int kTries = 3;

struct Enable {
  std::optional<int> level;
};
struct PagerWords {
  std::optional<int> lines;
};
struct Monitor {
  bool off = false;
};

// Asks for the password up to three times.
void AskEnable(ExecContext c, int level, int tries_left) {
  c.session.Ask("Password: ", DaemonFrame::Mode::kPassword, [=](const std::optional<std::string>& answer) {
    if (!answer) return;
    // A password that all share names nobody: whoever gave it is enable_15 from here on.
    if (c.appliance.CheckEnable(level, *answer)) return c.session.SetPrivilege(level, "");
    c.session.Refuse("Invalid password\n");
    if (tries_left > 1) return AskEnable(c, level, tries_left - 1);
    c.session.Write("Access denied.\n");
    c.appliance.logger().Log(Msg::k308001, {std::to_string(kTries), c.session.options().peer.ToString()});
  });
}

// The first `enable` of an appliance without an enable password sets one.
void AskNewEnable(ExecContext c, int level) {
  c.session.Write("The enable password is not set.  Please set it now.\n");
  c.session.Ask("Enter  Password: ", DaemonFrame::Mode::kPassword, [=](const std::optional<std::string>& first) {
    if (!first) return;
    c.session.Ask("Repeat Password: ", DaemonFrame::Mode::kPassword, [=, password = *first](const std::optional<std::string>& second) {
      if (!second) return;
      if (*second != password) return c.session.Refuse("ERROR: Passwords do not match\n");
      const std::string line = "enable password " + password;
      ConfigMode mode;
      const bool one_word = password.find(' ') == std::string::npos;  // the rest would be read as options
      const ApplyResult set = one_word ? c.appliance.configuration().Apply(mode, line) : ApplyResult();
      if (!set.ok() || !set.changed) return c.session.Refuse(set.text.empty() ? "ERROR: Invalid password\n" : set.text);
      c.session.SetPrivilege(level, "");
      c.session.Write(c.appliance.ConfigEdited(c.session, line));
      c.session.Write("Note: Save your configuration so that the password persists across reboots\n"
                      "(\"write memory\" or \"copy running-config startup-config\").\n");
    });
  });
}

// Asks a user for the password of the local database, as `aaa authentication enable console LOCAL` wants it: nobody gets
// further than the database lets him.
void AskOwnPassword(ExecContext c, int level, const std::string& user, int tries_left) {
  c.session.Ask("Password: ", DaemonFrame::Mode::kPassword, [=](const std::optional<std::string>& answer) {
    if (!answer) return;
    const std::string ip = c.session.options().peer.ToString();
    const auto granted = c.appliance.CheckUser(user, *answer);
    c.appliance.logger().Log(granted ? Msg::k611101 : Msg::k611102, {ip, user});
    if (granted && *granted > 1) return c.session.SetPrivilege(std::min(level, *granted), user);
    c.session.Refuse("Invalid password\n");
    if (!granted && tries_left > 1) return AskOwnPassword(c, level, user, tries_left - 1);
    c.session.Write("Access denied.\n");
  });
}

Reply DoEnable(ExecContext& c, const Enable& e, Form) {
  const int level = e.level.value_or(15);
  const std::string& user = c.session.options().user;
  if (level <= c.session.privilege()) {
    c.session.SetPrivilege(level, c.session.user());
    return {};
  }
  const ConfigSettings settings = c.appliance.configuration().settings();
  if (!settings.AuthenticatesLocally("enable")) {
    const bool none = settings.enable.kind == UserAccount::Kind::kNone;
    if (none && level == 15 && c.appliance.personality().first_enable_sets_password) {
      AskNewEnable(c, level);
      return {};
    }
    AskEnable(c, level, kTries);
  } else if (!user.empty()) {
    AskOwnPassword(c, level, user, kTries);
  } else {
    c.session.Ask("Username: ", DaemonFrame::Mode::kQuestion, [=](const std::optional<std::string>& name) {
      if (name) AskOwnPassword(c, level, *name, kTries);
    });
  }
  return {};
}

Reply DoDisable(ExecContext& c, const Enable& e, Form) {
  const int level = e.level.value_or(1);
  if (level > c.session.privilege()) return Reply::Refuse("ERROR: the privilege level cannot be raised by disable\n");
  c.session.SetPrivilege(level, c.session.user());
  return {};
}

void AskLogin(ExecContext c, int tries_left) {
  c.session.Ask("Username: ", DaemonFrame::Mode::kQuestion, [=](const std::optional<std::string>& user) {
    if (!user) return;
    c.session.Ask("Password: ", DaemonFrame::Mode::kPassword, [=, name = *user](const std::optional<std::string>& password) {
      if (!password) return;
      const std::string ip = c.session.options().peer.ToString();
      if (const auto level = c.appliance.CheckUser(name, *password)) {
        c.appliance.logger().Log(Msg::k611101, {ip, name});
        c.session.SetPrivilege(*level, name);
        return;
      }
      c.appliance.logger().Log(Msg::k611102, {ip, name});
      c.session.Refuse("Login failed\n");
      if (tries_left > 1) return AskLogin(c, tries_left - 1);
      c.session.Write("Access denied.\n");
    });
  });
}

Reply Leave(ExecContext& c, const Bare&, Form) {
  c.session.Write("\nLogoff\n\n");
  c.session.Close(0);
  return {};
}

Reply SetPager(ExecContext& c, const PagerWords& p, Form form) {
  c.session.SetPager(form == Form::kNo ? 0 : p.lines.value_or(24));
  return {};
}

Reply CurPriv(ExecContext& c, const Bare&, Form) {
  return Reply::Say("Username : " + c.session.UserName() + "\nCurrent privilege level : " +
                    std::to_string(c.session.privilege()) + "\nCurrent Mode/s : " +
                    (c.session.privilege() > 1 ? "P_PRIV" : "P_UNPR") + (c.session.InConfig() ? " P_CONF" : "") + "\n");
}

Reply History(ExecContext& c, const Bare&, Form) {
  std::string out;
  for (const std::string& line : c.session.history()) out += "  " + line + "\n";
  return Reply::Say(out);
}

Reply ShowPager(ExecContext& c, const Bare&, Form) {
  const int lines = c.session.pager();
  return Reply::Say(lines == 0 ? "no pager\n\n" : "pager lines " + std::to_string(lines) + "\n\n");
}

Reply ShowTerminal(ExecContext& c, const Bare&, Form) {
  return Reply::Say("\nWidth = " + std::to_string(c.session.width()) + ", " + (c.session.monitor() ? "" : "no ") +
                    "monitor\nterminal interactive\n");
}

}  // namespace

void AddSessionCommands(ExecSet& set) {
  {
    using S = Tokens<Enable>;
    set.Add(Command<Enable>({S::Kw("enable", "Turn on privileged commands"),
                             S::Opt({S::Int(&Enable::level, 0, 15, "Enter optional privilege level (0-15)")})})
                .Privilege(0),
            DoEnable);
    set.Add(Command<Enable>({S::Kw("disable", "Exit from privileged mode"),
                             S::Opt({S::Int(&Enable::level, 0, 15, "Enter optional privilege level (0-15)")})})
                .Privilege(2),
            DoDisable);
  }
  set.Add(BareCommand("login", {"Log in as a particular user"}).Privilege(0), [](ExecContext& c, const Bare&, Form) {
    AskLogin(c, kTries);
    return Reply{};
  });
  for (const char* word : {"exit", "quit"}) {
    set.Add(BareCommand(word, {"Exit from the current mode"}).Privilege(0), [](ExecContext& c, const Bare& b, Form f) {
      if (!c.session.InConfig()) return Leave(c, b, f);
      c.session.LeaveConfig();  // in its modes the configuration takes the word itself
      return Reply{};
    });
  }
  set.Add(BareCommand("logout", {"Logoff from this CLI session"}).Privilege(0), Leave);
  set.Add(BareCommand("configure terminal", {"Configure using various methods", "Configure from the terminal"}),
          [](ExecContext& c, const Bare&, Form) {
            c.session.EnterConfig();
            return Reply{};
          });
  {
    using S = Tokens<PagerWords>;
    set.Add(Command<PagerWords>({S::Kw("terminal", "Set terminal line parameters"), S::Kw("pager", "Control page length for pagination"),
                            S::Noise("lines", "Set page length"),
                            S::Opt({S::Int(&PagerWords::lines, 0, 2147483647, "Pager lines; 0 disables paging")})})
                .Privilege(0)
                .No(2),
            SetPager);
  }
  {
    using S = Tokens<Monitor>;
    set.Add(Command<Monitor>({S::Kw("terminal", "Set terminal line parameters"), S::Flag(&Monitor::off, "no", "Turn off"),
                              S::Kw("monitor", "Syslog monitor")})
                .Privilege(1)
                .No(3),
            [](ExecContext& c, const Monitor& m, Form form) {
              c.session.SetMonitor(!m.off && form == Form::kPlain);
              return Reply{};
            });
  }
  set.Add(BareCommand("show history", {"Show running system information", "Display the session command history"}).Privilege(0),
          History);
  set.Add(BareCommand("show curpriv", {"Show running system information", "Display current privilege level"}).Privilege(0),
          CurPriv);
  set.Add(BareCommand("show pager", {"Show running system information", "Show pager lines"}).Privilege(1), ShowPager);
  set.Add(BareCommand("show terminal", {"Show running system information", "Show terminal parameters"}).Privilege(1),
          ShowTerminal);
}

}  // namespace sallyport
