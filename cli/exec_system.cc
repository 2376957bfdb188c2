// Commands about the appliance as a machine: its startup configuration, its disk, its clock, reloading it.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_platform.h"
#include "conf/codecs.h"

namespace sallyport {
namespace {

struct FileName {
  std::string name;
};
struct Advance {
  Hms by;
};
struct Copy {
  bool no_confirm = false;
  std::string from;  // a file that is copied to the running configuration
};
struct Unavailable {
  std::string rest;
};

Reply Written(ExecContext& c) {
  auto text = c.appliance.WriteMemory(c.session);
  if (text) return Reply::Say(*text);
  return Reply::Refuse("Building configuration...\n%Error copying system:/running-config (" + text.error() +
                       ")\nError executing command\n[FAILED]\n");
}

Reply WriteMemory(ExecContext& c, const Bare&, Form) { return Written(c); }

Reply WriteTerminal(ExecContext& c, const Bare&, Form) {
  return Reply::Say(c.appliance.configuration().Print() + "\n");
}

// Adds the lines of a file to the running configuration. A file that cannot be read, or is no text, changes nothing.
Reply AddFile(ExecContext& c, const std::string& name, const std::string& path) {
  const auto text = access(path.c_str(), F_OK) == 0 ? ReadWholeFile(path) : Result<std::string>(Error{"No such file or directory"});
  if (!text) return Reply::Refuse("%Error opening " + name + " (" + text.error() + ")\n");
  LoadOptions options;
  options.merge = true;
  const LoadReport report = c.appliance.Load(*text, options);
  std::string out;
  for (const LineReport& l : report.reports) {
    // The line itself stands in its heading; of an error, the sentence matters here.
    const std::string sentence = l.text.starts_with(l.line + "\n") ? l.text.substr(l.line.size() + 1) : l.text;
    out += fmt::format("*** Output from config line {}, \"{}\"\n{}", l.number, l.line, sentence);
  }
  if (report.unreadable) return Reply::Refuse(out + "%Error copying " + name + " (Not a configuration)\n");
  out += c.appliance.ConfigEdited(c.session, "copy " + name + " running-config");
  return report.refused == 0 ? Reply::Say(out) : Reply::Refuse(out);
}

Reply ConfigureMemory(ExecContext& c, const Bare&, Form) {
  return AddFile(c, "startup-config", c.appliance.state().startup_config());
}

Reply NotHere(ExecContext&, const Unavailable&, Form) {
  return Reply::Refuse("ERROR: not available on this appliance: it has no factory configuration and fetches no files\n");
}

Reply CopyToRunning(ExecContext& c, const Copy& copy, Form) {
  const bool startup = SameWord(copy.from, "startup-config");
  const auto path = startup ? std::optional(c.appliance.state().startup_config()) : c.appliance.state().DiskPath(copy.from);
  const auto add = [](ExecContext x, const std::string& name, const std::string& file) {
    const Reply r = AddFile(x, name, file);
    r.ok ? x.session.Write(r.text) : x.session.Refuse(r.text);
  };
  if (!path) return Reply::Refuse("%Error opening " + copy.from + " (No such file or directory)\n");
  if (copy.no_confirm) return AddFile(c, copy.from, *path);
  c.session.Ask("\nDestination filename [running-config]? ", DaemonFrame::Mode::kQuestion,
                [c, add, name = copy.from, file = *path](const std::optional<std::string>& answer) {
                  if (!answer) return;
                  if (!answer->empty() && *answer != "running-config") {
                    return c.session.Refuse("%Error opening " + *answer + " (Not supported)\n");
                  }
                  add(c, name, file);
                });
  return {};
}

Reply WriteErase(ExecContext& c, const Bare&, Form) {
  c.session.Ask("Erase configuration in flash memory? [confirm]", DaemonFrame::Mode::kQuestion,
                [c](const std::optional<std::string>& answer) {
                  if (!answer || (!answer->empty() && (*answer)[0] != 'y' && (*answer)[0] != 'Y')) return;
                  c.appliance.logger().Log(Msg::k111003, {c.session.UserName()});
                  if (unlink(c.appliance.state().startup_config().c_str()) != 0 && errno != ENOENT) {
                    return c.session.Refuse("[FAILED]\n");
                  }
                  c.session.Write("[OK]\n");
                });
  return {};
}

Reply CopyRunStart(ExecContext& c, const Copy& copy, Form) {
  const auto write = [](ExecContext x) {
    const Reply r = Written(x);
    r.ok ? x.session.Write(r.text) : x.session.Refuse(r.text);
  };
  if (copy.no_confirm) {
    write(c);
    return {};
  }
  c.session.Ask("\nSource filename [running-config]? ", DaemonFrame::Mode::kQuestion,
                [c, write](const std::optional<std::string>& answer) {
                  if (!answer) return;
                  if (!answer->empty() && *answer != "running-config") {
                    return c.session.Refuse("%Error opening system:/" + *answer + " (No such file or directory)\n");
                  }
                  write(c);
                });
  return {};
}

void ReloadNow(const ExecContext& c) {
  c.session.Write(
      "\n\n***\n*** --- START GRACEFUL SHUTDOWN ---\nShutting down isakmp\nShutting down webvpn\nShutting down File system\n\n\n\n"
      "***\n*** --- SHUTDOWN NOW ---\nProcess shutdown finished\nRebooting...\n");
  c.appliance.Reload();
}

void ConfirmReload(const ExecContext& c) {
  c.session.Ask("Proceed with reload? [confirm] ", DaemonFrame::Mode::kQuestion, [c](const std::optional<std::string>& answer) {
    if (!answer || (!answer->empty() && (*answer)[0] != 'y' && (*answer)[0] != 'Y')) return;
    ReloadNow(c);
  });
}

Reply DoReload(ExecContext& c, const Copy& reload, Form) {
  if (reload.no_confirm) {
    ReloadNow(c);
    return {};
  }
  if (!c.appliance.modified()) {
    ConfirmReload(c);
    return {};
  }
  c.session.Ask("System config has been modified. Save? [Y]es/[N]o: ", DaemonFrame::Mode::kQuestion,
                [c](const std::optional<std::string>& answer) mutable {
                  if (!answer) return;
                  if (answer->empty() || (*answer)[0] == 'y' || (*answer)[0] == 'Y') {
                    const Reply r = Written(c);
                    c.session.Write(r.text);
                    if (!r.ok) return;
                  }
                  ConfirmReload(c);
                });
  return {};
}

Reply Dir(ExecContext& c, const FileName& f, Form) {
  if (!f.name.empty() && f.name != "disk0:" && f.name != "flash:" && f.name != "disk0:/" && f.name != "flash:/") {
    return Reply::Refuse("%Error opening " + f.name + " (No such file or directory)\n");
  }
  return Reply::Say(ShowDirectory(c.appliance.Directory(), c.appliance.personality()));
}

Reply More(ExecContext& c, const FileName& f, Form) {
  if (SameWord(f.name, "system:running-config") || SameWord(f.name, "system:/running-config")) {
    return Reply::Say(c.appliance.RunningConfig(c.session.UserName()));
  }
  const auto path = c.appliance.state().DiskPath(f.name);
  if (path) {
    if (const auto text = ReadWholeFile(*path)) return Reply::Say(*text);
  }
  return Reply::Refuse("%Error opening " + f.name + " (No such file or directory)\n");
}

Reply Delete(ExecContext& c, const FileName& f, Form) {
  const auto path = c.appliance.state().DiskPath(f.name);
  if (!path || access(path->c_str(), F_OK) != 0) {
    return Reply::Refuse("%Error deleting " + f.name + " (No such file or directory)\n");
  }
  const std::string shown = "disk0:/" + path->substr(path->rfind('/') + 1);
  c.session.Ask("\nDelete filename [" + shown.substr(7) + "]? ", DaemonFrame::Mode::kQuestion,
                [=](const std::optional<std::string>& answer) {
                  if (!answer) return;
                  if (!answer->empty() && *answer != shown.substr(7)) return;
                  c.session.Ask("\nDelete " + shown + "? [confirm]", DaemonFrame::Mode::kQuestion,
                                [=](const std::optional<std::string>& yes) {
                                  if (!yes || (!yes->empty() && (*yes)[0] != 'y' && (*yes)[0] != 'Y')) return;
                                  if (unlink(path->c_str()) != 0) c.session.Refuse("%Error deleting " + shown + "\n");
                                });
                });
  return {};
}

Reply AdvanceClock(ExecContext& c, const Advance& a, Form) {
  c.appliance.host().AdvanceClock(Duration::Seconds(a.by.seconds));
  c.appliance.Tick();
  return {};
}

}  // namespace

void AddSystemCommands(ExecSet& set) {
  constexpr const char* kWrite = "Write running configuration to memory, network, or terminal";
  set.Add(BareCommand("write", {kWrite}), WriteMemory);
  set.Add(BareCommand("write memory", {kWrite, "Save active configuration to the flash"}), WriteMemory);
  set.Add(BareCommand("write terminal", {kWrite, "Display the active configuration"}), WriteTerminal);
  set.Add(BareCommand("write erase", {kWrite, "Clear flash memory configuration"}), WriteErase);
  {
    using S = Tokens<Copy>;
    set.Add(Command<Copy>({S::Kw("copy", "Copy from one file to another"), S::Flag(&Copy::no_confirm, "/noconfirm", "Do not ask"),
                           S::Kw("running-config", "Copy from current system configuration"),
                           S::Kw("startup-config", "Copy to startup configuration")}),
            CopyRunStart);
    set.Add(Command<Copy>({S::Kw("copy", "Copy from one file to another"), S::Flag(&Copy::no_confirm, "/noconfirm", "Do not ask"),
                           S::Choice({{S::Is(&Copy::from, "startup-config", "startup-config", "Copy from startup configuration")},
                                      {S::Word(&Copy::from, "Copy from a file of disk0:", "WORD")}}),
                           S::Kw("running-config", "Update current system configuration")}),
            CopyToRunning);
    set.Add(Command<Copy>({S::Kw("reload", "Halt and reload system"), S::Flag(&Copy::no_confirm, "noconfirm", "Do not ask")}),
            DoReload);
  }
  constexpr const char* kConfigure = "Configure using various methods";
  set.Add(BareCommand("configure memory", {kConfigure, "Configure from flash memory"}), ConfigureMemory);
  {
    using S = Tokens<Unavailable>;
    const std::pair<const char*, const char*> without[] = {{"network", "Configure from a network host"},
                                                           {"factory-default", "Configure the factory default settings"}};
    for (const auto& [word, help] : without) {
      set.Add(Command<Unavailable>({S::Kw("configure", kConfigure), S::Kw(word, help), S::Opt({S::Line(&Unavailable::rest, "Where, or which address")})}),
              NotHere);
    }
  }
  {
    using S = Tokens<FileName>;
    set.Add(Command<FileName>({S::Kw("dir", "List files on a filesystem"),
                               S::Opt({S::Word(&FileName::name, "Directory or file name", "WORD")})}),
            Dir);
    set.Add(Command<FileName>({S::Kw("more", "Display the contents of a file"), S::Word(&FileName::name, "File name", "WORD")}), More);
    set.Add(Command<FileName>({S::Kw("delete", "Delete a file"), S::Word(&FileName::name, "File to be deleted", "WORD")}), Delete);
  }
  {
    using S = Tokens<Advance>;
    set.Add(Command<Advance>({S::Kw("debug", "Debugging functions"), S::Kw("clock", "The appliance's clock"),
                              S::Kw("advance", "Move it forward; what falls due happens, in order"),
                              S::Arg(&Advance::by, "How far")}),
            AdvanceClock);
  }
}

}  // namespace sallyport
