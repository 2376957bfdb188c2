// Reading a whole configuration: what of a file is configuration, and what became of each line.
//
// A file may hold more than lines. Overlooked are: what stands before the configuration in `show tech-support` or in a captured
// session, the code fences of Markdown, a prompt with the command that printed it, "..." of a page break, and what follows `: end`.
// Blanks may be tabs, line ends may be CR LF.
#include <algorithm>
#include <cstring>
#include <utility>

#include "conf/configuration_impl.h"
#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

std::string_view TrimRight(std::string_view s) {
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}
std::string_view TrimLeft(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  return s;
}

// A control character does not belong into a configuration's line; npos: there is none. A NUL, which is what a damaged or a
// binary file is full of, is not taken in a comment either.
std::size_t FirstNotText(std::string_view line, bool comment) {
  for (std::size_t i = 0; i < line.size(); i++) {
    const auto c = static_cast<unsigned char>(line[i]);
    if (c == 0 || (!comment && ((c < 0x20 && c != '\t') || c == 0x7f))) return i;
  }
  return std::string_view::npos;
}

// The beginning of a line, fit to be shown.
std::string Shown(std::string_view line) {
  constexpr std::size_t kMost = 60;
  std::string out;
  for (const char c : line.substr(0, kMost)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '.' : c;
  return line.size() > kMost ? out + "..." : out;
}

LineReport NotText(int number, std::string_view line, std::size_t at) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto c = static_cast<unsigned char>(line[at]);
  const std::string shown = Shown(line);
  return {number, shown,
          shown + "\nERROR: not a line of text: byte 0x" + kHex[c >> 4] + kHex[c & 15] + " in column " + std::to_string(at + 1) + "\n",
          true};
}

struct SourceLine {
  int number;             // in the text, from 1
  std::string_view raw;   // without its line end
  std::string_view line;  // without blanks around it
};
struct Source {
  std::vector<SourceLine> lines;
  std::string_view version;           // behind `ASA Version`
  std::size_t version_at = SIZE_MAX;  // its index in lines
  bool printed = false;               // it has the marks of what an appliance writes
  bool indented = false;              // lines of sub-modes begin with a blank
  std::string_view rest;              // behind `: end`
};

bool IsVersion(std::string_view line) { return line.starts_with("ASA Version ") || line.starts_with("PIX Version "); }

bool IsTechHeading(std::string_view line) { return line.starts_with("------------------ show "); }

// "fw/ctx(config)# show run", and the like.
bool IsPrompt(std::string_view line) {
  const std::size_t end = line.find_first_of("#>");
  if (end == 0 || end == std::string_view::npos || line.substr(0, end).find_first_of(" \t") != std::string_view::npos) return false;
  const std::string_view command = TrimLeft(line.substr(end + 1));
  if (command.empty()) return true;
  for (const std::string_view begins : {"sh", "more ", "wr", "term", "exit", "ena"}) {
    if (command.starts_with(begins)) return true;
  }
  return false;
}

Source Read(std::string_view text) {
  Source s;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  int number = 0;
  bool tech = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view raw = text.substr(at, end - at);
    at = end + 1;
    number++;
    while (!raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
    const std::string_view line = TrimLeft(TrimRight(raw));
    if (IsTechHeading(line)) {
      if (s.version_at != SIZE_MAX) break;  // the part behind the configuration
      tech = true;
    }
    if (IsVersion(line) && s.version_at == SIZE_MAX) {
      s.version_at = s.lines.size();
      s.version = TrimRight(line.substr(12));
    }
    s.lines.push_back({number, raw, line});
    if (line == ": Saved" || line.starts_with("Cryptochecksum:")) s.printed = true;
    if (line == ": end") {
      s.printed = true;
      s.rest = text.substr(std::min(at, text.size()));
      break;
    }
    if (!raw.empty() && (raw.front() == ' ' || raw.front() == '\t') && !line.empty()) s.indented = true;
  }
  // An appliance prints a blank behind its version, and a `!` under it.
  if (s.version_at != SIZE_MAX && s.version_at + 1 < s.lines.size()) {
    s.printed = s.printed || (s.lines[s.version_at].raw.ends_with(' ') && s.lines[s.version_at + 1].line == "!");
  }
  if (tech && s.version_at != SIZE_MAX) {
    s.lines.erase(s.lines.begin(), s.lines.begin() + static_cast<std::ptrdiff_t>(s.version_at));
  }
  return s;
}

// Nothing that configures: a comment, an empty line, the wrapping.
bool SaysNothing(std::string_view line) {
  return line.empty() || line[0] == '!' || line[0] == ':' || line.starts_with("Cryptochecksum:") || IsVersion(line) ||
         line.starts_with("```") || line == "..." || IsPrompt(line);
}

// Is `said` another spelling of `own`: numbers for literals, a literal's other name, a word that may be left out?
bool SameButSpelling(std::string_view said, std::string_view own) {
  const CommandLine a(said), b(own);
  for (std::size_t i = 0; i < a.size(); i++) {
    const std::string_view w = a[i];
    bool known = w.find_first_of("0123456789") != std::string_view::npos || PortByName(w, PortFamily::kBoth) || ProtocolByName(w);
    for (std::size_t k = 0; k < b.size() && !known; k++) known = w == b[k];
    if (!known) return false;
  }
  return true;
}

// A line that an ASA printed stays as that release spelled it, with the blanks at its end and an unusual indentation.
void KeepSpelling(Line& made, std::string_view raw) {
  const std::string_view said = TrimRight(raw), words = TrimLeft(said), own = TrimRight(made.text);
  const std::string_view blanks = raw.substr(said.size());
  const std::string_view indent = said.substr(0, said.size() - words.size());
  if (indent.find('\t') == std::string_view::npos && made.kind != "certificate") made.indent = static_cast<std::uint8_t>(std::min<std::size_t>(indent.size(), 40));
  if (own.empty()) return;
  if (said.ends_with(own)) made.text = std::string(own) + std::string(blanks);
  else if (!words.starts_with("interface ") && SameButSpelling(words, own)) made.text = std::string(words) + std::string(blanks);
}

// The same for the last line of an access list, which the list's name is no part of.
void KeepAclSpelling(const Line& list, std::string_view raw) {
  KeepSpelling(*list.lines.back(), raw.substr(CommandLine(raw).ColumnOf(2)));
}

}  // namespace

LoadReport Configuration::Load(std::string_view text, const LoadOptions& options) {
  LoadReport report;
  const Source source = Read(text);
  LineTree& tree = impl_->tree;
  std::optional<Personality> personality = options.personality;
  report.version = source.version;
  if (!personality && source.version_at != SIZE_MAX) personality = PersonalityOf(source.version);
  report.whole = source.version_at != SIZE_MAX && personality.has_value();
  const bool replaces = report.whole || options.empty_first;
  if (replaces) {
    if (personality) impl_->personality = *personality;
    tree.Clear();
    impl_->names.clear();
    report.from_asa = source.printed;
    tree.from_asa = source.printed && !options.own_order;
  }
  impl_->loading = true;
  ConfigMode mode;
  std::string lead;
  std::map<std::string, std::pair<std::string, int>> groups;  // access-group lines by what they print: as typed, line number
  const auto refuse = [&](LineReport r) {
    report.refused++;
    report.fates.push_back({r.number, Effect::kModelled, true, Section::kCount});
    report.reports.push_back(std::move(r));
  };
  for (const auto& [number, raw, line] : source.lines) {
    if (line == ": end") break;
    const bool comment = !line.empty() && (line[0] == '!' || line[0] == ':');
    if (const std::size_t bad = FirstNotText(raw, comment); bad != std::string_view::npos) {
      report.lines++;
      refuse(NotText(number, raw, bad));
      continue;
    }
    if (line.empty() || line == "!") lead.append(TrimRight(raw)) += '\n';
    if (IsVersion(line)) lead.clear();
    if (SaysNothing(line)) continue;
    report.lines++;
    tree.Begin(static_cast<std::uint32_t>(number), std::move(lead));
    const bool outer_first = source.indented && raw.front() != ' ' && raw.front() != '\t';
    const CommandLine words(line);
    const bool acl = tree.from_asa && words.size() > 2 && words[0] == "access-list";
    const auto elements = [&]() -> std::size_t {
      const Line* list = acl ? tree.Find(Section::kAccessList, words[1]) : nullptr;
      return list == nullptr ? 0 : list->lines.size();
    };
    const std::size_t before = elements();
    const ApplyResult r = Apply(mode, raw, 15, outer_first);
    if (!r.ok()) {
      lead.clear();
      refuse({number, std::string(line), std::string(raw) + "\n" + r.ErrorText(0), true});
      continue;
    }
    (r.effect == Effect::kAccepted ? report.accepted : r.effect == Effect::kDormant ? report.dormant : report.modelled)++;
    // A line that an earlier one had brought with it (`no nameif`, an mtu) is said now.
    if (tree.from_asa && tree.stamp().first == nullptr && r.section != Section::kCount) {
      const auto here = mode.frames_.empty() ? nullptr : mode.frames_.back().line.lock();
      for (const auto& l : here != nullptr ? here->lines : tree.Of(r.section)) {
        if (l->by_default && TrimRight(l->text) == line) tree.Restamp(*l);
      }
    }
    lead = tree.TakeLead();
    Line* made = tree.stamp().first;
    report.fates.push_back({number, r.effect, false, made != nullptr ? made->section : r.section});
    if (elements() > before) KeepAclSpelling(*tree.Find(Section::kAccessList, words[1]), raw);
    else if (made != nullptr && tree.from_asa) KeepSpelling(*made, raw);
    if (!r.text.empty()) report.reports.push_back({number, std::string(line), r.text, false});
    if (const auto& last = tree.Of(Section::kAccessGroup); r.changed && !last.empty()) {
      groups.try_emplace(last.back()->text, std::string(line), number);
    }
  }
  tree.Begin(0, {});
  if (replaces) tree.tail = std::move(lead);
  // What follows `: end` is not read, but a file that goes on with rubbish is not what was written.
  if (const std::size_t bad = source.rest.find('\0'); bad != std::string_view::npos) {
    const std::string_view rest = source.rest;
    const std::size_t begin = rest.rfind('\n', bad) + 1;  // npos + 1: the first
    const auto lines = static_cast<int>(std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(bad), '\n'));
    report.lines++;
    refuse(NotText(source.lines.back().number + 1 + lines, rest.substr(begin, rest.find('\n', bad) - begin), bad - begin));
  }
  // 9.18 and later print access groups before the lists they name: only now can one be missing.
  std::vector<std::pair<std::string, std::string>> missing;  // key, list
  for (const auto& l : tree.Of(Section::kAccessGroup)) {
    const auto* g = l->As<AccessGroupLine>();
    if (g != nullptr && !HasAccessList(tree, g->list)) missing.emplace_back(l->key, g->list);
  }
  for (const auto& [key, list] : missing) {
    const auto typed = groups.find(key);
    tree.Remove(nullptr, Section::kAccessGroup, key);
    if (typed == groups.end()) continue;
    const auto& [line, n] = typed->second;
    report.modelled--;
    std::erase_if(report.fates, [number = n](const LoadReport::Fate& f) { return f.number == number; });
    refuse({n, line, line + "\nERROR: access-list <" + list + "> does not exist\n", true});
  }
  impl_->loading = false;
  return report;
}

}  // namespace sallyport
