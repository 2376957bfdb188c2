#include "conf/reference.h"

#include <algorithm>
#include <vector>

#include "conf/declare.h"

namespace sallyport {
namespace {

std::string ReleaseName(int release) { return std::to_string(release / 100) + "." + std::to_string(release % 100); }

const char* NameOf(Effect e) {
  return e == Effect::kModelled ? "modelled" : e == Effect::kDormant ? "understood" : "accepted";
}

std::string Entry(const command_internal::CommandBase& c, const LineRuleBase* rule) {
  std::string out = "- `" + std::string(c.no_only() ? "no " : "") + c.Syntax() + "`";
  if (!c.help().empty()) out += ": " + std::string(c.help());
  std::vector<std::string> facts;
  if (rule != nullptr) facts.push_back(NameOf(rule->effect));
  if (c.since() > 0) facts.push_back("since " + ReleaseName(c.since()));
  if (c.until() < 9999) facts.push_back("until " + ReleaseName(c.until()));
  if (c.conditional()) facts.push_back("not in every release");
  if (c.privilege() != 15) facts.push_back("privilege " + std::to_string(c.privilege()));
  if (rule != nullptr && !c.has_no()) facts.push_back("without `no`");
  if (rule != nullptr && !rule->silent.empty()) facts.push_back("default `" + rule->silent + "`");
  if (rule != nullptr && !rule->defaults.empty()) {
    std::string all;
    for (const std::string& d : rule->defaults) all += (all.empty() ? "`" : ", `") + d + "`";
    facts.push_back("begins with " + all);
  }
  if (rule != nullptr && !rule->submode.empty()) facts.push_back("opens `" + rule->submode + "`");
  std::string said;
  for (const std::string& f : facts) said += (said.empty() ? " (" : "; ") + f;
  return out + said + (said.empty() ? "\n" : ")\n");
}

}  // namespace

std::string CommandReference(const command_internal::SetBase& set, const Personality* personality) {
  ParseOptions options;
  options.privilege = 15;
  options.personality = personality;
  std::vector<std::pair<std::string, std::string>> entries;  // syntax, text
  for (const auto& [command, rule] : set.All()) {
    if (command->Allowed(options)) entries.emplace_back(command->Syntax(), Entry(*command, rule));
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out;
  for (const auto& [syntax, text] : entries) out += text;
  return out;
}

std::string ConfigReference(const Personality* personality) {
  const ConfigGrammar& grammar = ConfigGrammar::Get();
  std::string out =
      "modelled: the line acts. understood: read and checked, for what is not built yet. accepted: kept and printed, without effect.\n";
  const auto mode = [&](const std::string& name, const ConfigSet& set) {
    std::string who;  // opens it
    for (const auto& [other, commands] : grammar.sets) {
      for (const auto& [command, rule] : commands.All()) {
        if (rule == nullptr || rule->submode != name) continue;
        const std::string opener = "`" + std::string(command->first().text) + "` of `" + other + "`";
        if (who.find(opener) == std::string::npos) who += (who.empty() ? "" : ", ") + opener;
      }
    }
    const std::string commands = CommandReference(set, personality);
    out += "\n### " + name + "\n\n" + (who.empty() ? "" : "Opened by " + who + ".\n\n") +
           (commands.empty() ? "No commands of its own.\n" : commands);
  };
  mode("config", grammar.sets.find("config")->second);
  for (const auto& [name, set] : grammar.sets) {
    if (name != "config") mode(name, set);
  }
  return out;
}

}  // namespace sallyport
