#include "conf/command_levels.h"

#include "conf/cursor.h"

namespace sallyport {
namespace {

bool Within(std::string_view rule, std::string_view mode) {
  if (rule.empty() || rule == mode) return true;
  if (mode == "exec") return rule == "enable";
  if (mode == "config") return rule == "configure";
  const std::size_t dash = mode.find('-');  // "config-if", "cfg-call-home"
  return dash != std::string_view::npos && mode.substr(dash + 1) == rule;
}

}  // namespace

void CommandLevels::Add(Form form, int level, std::string_view mode, std::string_view command) {
  Rule rule{form, level, std::string(mode), {}};
  const CommandLine words(command);
  for (std::size_t i = 0; i < words.size(); i++) rule.command.emplace_back(words[i]);
  if (!rule.command.empty()) rules_.push_back(std::move(rule));
}

int CommandLevels::Of(std::string_view mode, const std::vector<const Literal*>& lead, int own) const {
  if (lead.empty()) return own;
  const auto is = [&](std::size_t i, std::string_view word) { return i < lead.size() && SameWord(lead[i]->text, word); };
  // `clear configure X` is the clear form of the global line X.
  Form form = Form::kCommand;
  std::size_t first = 0;
  if (lead.size() > 1 && is(0, "show")) {
    form = Form::kShow;
    first = 1;
  } else if (lead.size() > 1 && is(0, "clear")) {
    form = Form::kClear;
    first = mode == "config" && is(1, "configure") ? 2 : 1;
  }
  std::size_t most = 0;
  int level = own;
  for (const Rule& r : rules_) {
    if ((r.form != Form::kAny && r.form != form) || r.command.size() < most || !Within(r.mode, mode)) continue;
    bool all = true;
    for (std::size_t i = 0; i < r.command.size() && all; i++) all = is(first + i, r.command[i]);
    if (!all) continue;
    most = r.command.size();
    level = r.level;
  }
  return level;
}

}  // namespace sallyport
