// Show commands that print the configuration: running, startup, parts of it, its checksum, and how much of it has a meaning here.
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/interface_name.h"
#include "cli/session.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

struct Running {
  bool all = false;
  std::string rest;  // the words behind the section
};

std::string Words(std::string_view s) {
  std::string out;
  const CommandLine line(s);
  for (std::size_t i = 0; i < line.size(); i++) out += (i == 0 ? "" : " ") + std::string(line[i]);
  return out;
}

// Lines of `text` that begin with `words`, or with `no` and them, each with its sub-mode lines. The last word may be the
// line's own name (`access-list outside_in`), so it must match whole words.
std::string Matching(const std::string& text, const std::string& words) {
  std::string out;
  bool within = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end == std::string::npos ? text.size() : end + 1;
    const std::string_view said = line.starts_with("no ") ? line.substr(3) : line;
    if (!line.starts_with(' ')) within = said.starts_with(words) && (said.size() == words.size() || said[words.size()] == ' ');
    if (within) out += std::string(line) + "\n";
  }
  return out;
}

// The hardware name of the interface that `typed` names; "" when there is none.
std::string HardwareOf(const Policy& policy, std::string_view typed) {
  for (const auto& f : policy.interfaces) {
    if (f && f->id != IfId::kIdentity && NamesInterface(typed, f->hardware, f->nameif)) return f->hardware;
  }
  return {};
}

// `section`: the first word of the lines that are wanted; "" : all.
Reply ShowRunning(ExecContext& c, const Running& r, const std::string& section) {
  PrintOptions options;
  options.all = r.all;
  options.section = section;
  const std::string text = c.appliance.configuration().Print(options);
  if (section.empty()) return Reply::Say(text + "\n");
  std::string rest = Words(r.rest);
  if (rest.empty()) return Reply::Say(text);
  if (section == "interface") {
    const std::string hardware = HardwareOf(*c.appliance.policy(), rest);
    if (hardware.empty()) return Reply::Refuse("ERROR: % Invalid interface " + rest + "\n");
    rest = hardware;
  }
  return Reply::Say(Matching(text, section + " " + rest));
}

// Words that configuration lines begin with, in any release: the grammar's, so none can be forgotten.
std::vector<Hint> Sections() {
  std::vector<Hint> all;
  for (const char* release : {"8.2(1)", "9.16(4)"}) {
    for (Hint& h : Configuration(*PersonalityOf(release)).Help(ConfigMode(), "").hints) {
      const bool command = h.placeholder || h.text == "no" || h.text == "clear" || h.text == "exit" || h.text == "end" || h.text == "quit";
      if (command) continue;
      const auto same = std::find_if(all.begin(), all.end(), [&](const Hint& other) { return other.text == h.text; });
      if (same == all.end()) all.push_back(std::move(h));
      else if (same->help.empty()) same->help = std::move(h.help);
    }
  }
  return all;
}

Reply ShowStartup(ExecContext& c, const Bare&, Form) {
  const std::string path = c.appliance.state().startup_config();
  if (access(path.c_str(), F_OK) != 0) return Reply::Say("No Configuration\n");
  const auto text = ReadWholeFile(path);
  if (!text) return Reply::Refuse("ERROR: " + text.error() + "\n");
  return Reply::Say(Configuration::WithoutSecrets(*text) + "\n");
}

Reply ShowCoverage(ExecContext& c, const Bare&, Form) {
  const Configuration::Coverage n = c.appliance.configuration().coverage();
  std::string out = fmt::format(
      "Configuration lines: {}\n  modelled: {}\n  understood, for what is not built yet: {}\n  accepted without effect: {}\n",
      n.modelled + n.dormant + n.accepted, n.modelled, n.dormant, n.accepted);
  for (const Effect effect : {Effect::kDormant, Effect::kAccepted}) {
    if ((effect == Effect::kDormant ? n.dormant : n.accepted) == 0) continue;
    out += effect == Effect::kDormant ? "\nUnderstood, for what is not built yet:\n" : "\nAccepted without effect:\n";
    for (const auto& [e, text] : n.without_effect) {
      if (e == effect) out += "  " + text + "\n";
    }
  }
  return Reply::Say(out);
}

}  // namespace

void AddShowConfigCommands(ExecSet& set) {
  using S = Tokens<Running>;
  const auto show = S::Kw("show", kShow), running = S::Kw("running-config", "Current operating configuration");
  const auto all = S::Flag(&Running::all, "all", "Include default values");
  set.Add(Command<Running>({show, running, all}), [](ExecContext& c, const Running& r, Form) { return ShowRunning(c, r, ""); });
  for (const Hint& h : Sections()) {
    set.Add(Command<Running>({show, running, all, S::Kw(h.text, h.help), S::Opt({S::Line(&Running::rest, "Which of them")})}),
            [section = h.text](ExecContext& c, const Running& r, Form) { return ShowRunning(c, r, section); });
  }
  // Two parts of `crypto` have a name of their own.
  for (const char* part : {"ipsec", "isakmp"}) {
    set.Add(Command<Running>({show, running, all, S::Kw(part, "IPSec and ISAKMP configuration")}), [part](ExecContext& c, const Running& r, Form) {
      return ShowRunning(c, {r.all, part}, "crypto");
    });
  }
  set.Add(BareCommand("show startup-config", {kShow, "Startup configuration"}), ShowStartup);
  set.Add(BareCommand("show checksum", {kShow, "Checksum of the configuration"}), [](ExecContext& c, const Bare&, Form) {
    const std::string sum = c.appliance.configuration().Checksum();
    std::string out = "Cryptochecksum:";
    for (std::size_t i = 0; i + 8 <= sum.size(); i += 8) out += " " + sum.substr(i, 8);
    return Reply::Say(out + " \n");
  });
  set.Add(BareCommand("show configuration coverage", {kShow, "The configuration", "How many lines have a meaning here"}), ShowCoverage);
}

}  // namespace sallyport
