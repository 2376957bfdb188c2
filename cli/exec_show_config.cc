// Show commands that print the configuration: running, startup, parts of it, its checksum, and how much of it has a meaning here.
#include <fmt/format.h>

#include <unistd.h>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"

namespace sallyport {
namespace {

constexpr const char* kShow = "Show running system information";

struct Running {
  bool all = false;
  std::string section;  // the words behind it
};

std::string Words(std::string_view s) {
  std::string out;
  const CommandLine line(s);
  for (std::size_t i = 0; i < line.size(); i++) out += (i == 0 ? "" : " ") + std::string(line[i]);
  return out;
}

// Lines of `text` that begin with `words`, each with its sub-mode lines. The last word may name the line's own name
// (`access-list outside_in`), so it must match whole words.
std::string Matching(const std::string& text, const std::string& words) {
  std::string out;
  bool within = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end == std::string::npos ? text.size() : end + 1;
    if (!line.starts_with(' ')) within = line.starts_with(words) && (line.size() == words.size() || line[words.size()] == ' ');
    if (within) out += std::string(line) + "\n";
  }
  return out;
}

// The first word of the lines that `word` abbreviates: `int` is `interface`. An exact one beats a prefix; "" when there is none.
std::string FirstWordOf(const std::string& text, std::string_view word) {
  std::string found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end == std::string::npos ? text.size() : end + 1;
    if (line.empty() || line[0] == ' ' || line[0] == ':' || line[0] == '!') continue;
    const std::string_view first = line.substr(0, line.find(' '));
    if (SameWord(first, word)) return std::string(first);
    if (found.empty() && IsPrefixOf(word, first)) found = first;
  }
  return found;
}

Reply ShowRunning(ExecContext& c, const Running& r, Form) {
  PrintOptions options;
  options.all = r.all;
  const std::string words = Words(r.section);
  if (words.empty()) return Reply::Say(c.appliance.configuration().Print(options) + "\n");
  const std::size_t blank = words.find(' ');
  options.section = FirstWordOf(c.appliance.configuration().Print(options), words.substr(0, blank));
  if (options.section.empty()) return {};  // nothing of that kind is configured
  std::string text = c.appliance.configuration().Print(options);
  if (blank != std::string::npos) text = Matching(text, options.section + words.substr(blank));
  return Reply::Say(text);
}

Reply ShowStartup(ExecContext& c, const Bare&, Form) {
  const std::string path = c.appliance.state().startup_config();
  if (access(path.c_str(), F_OK) != 0) return Reply::Say("No Configuration\n");
  const auto text = ReadWholeFile(path);
  if (!text) return Reply::Refuse("ERROR: " + text.error() + "\n");
  return Reply::Say(*text + "\n");
}

Reply ShowCoverage(ExecContext& c, const Bare&, Form) {
  const auto [modelled, accepted] = c.appliance.configuration().coverage();
  return Reply::Say(fmt::format("Configuration lines: {}\n  modelled: {}\n  accepted without effect: {}\n", modelled + accepted,
                                modelled, accepted));
}

}  // namespace

void AddShowConfigCommands(ExecSet& set) {
  using S = Tokens<Running>;
  set.Add(Command<Running>({S::Kw("show", kShow), S::Kw("running-config", "Current operating configuration"),
                            S::Flag(&Running::all, "all", "Include default values"),
                            S::Opt({S::Line(&Running::section, "Part of the configuration")})}),
          ShowRunning);
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
