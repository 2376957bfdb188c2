// Which privilege level a command needs: its own, or the one that a `privilege` line gives it. Asked for each command that a
// session types or may see (conf/command.cc). A value: settings() makes it, sessions hold it. Knows no sessions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

struct Literal;

class CommandLevels {
 public:
  // Which commands of a mode a line speaks of: `show X`, `clear X`, X itself. One without the word speaks of all three.
  enum class Form : std::uint8_t { kAny, kShow, kClear, kCommand };
  // `privilege [cmd|show|clear] level LEVEL [mode MODE] command COMMAND`. Mode "" is every mode; "exec" and "enable" are what can be
  // typed outside of configuration, "configure" the global lines, and others a sub-mode, with or without its "config-".
  void Add(Form form, int level, std::string_view mode, std::string_view command);
  bool empty() const { return rules_.empty(); }

  // `mode`: "exec", or a configuration mode's name. `lead`: the keywords that the command begins with. The rule with the most
  // words decides, of equal ones the last.
  int Of(std::string_view mode, const std::vector<const Literal*>& lead, int own) const;

 private:
  struct Rule {
    Form form;
    int level;
    std::string mode;
    std::vector<std::string> command;
  };
  std::vector<Rule> rules_;
};

}  // namespace sallyport
