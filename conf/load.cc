// Reading a whole configuration: what of a file is configuration, and what became of each line.
//
// A file may hold more than lines. Overlooked are: what stands before the configuration in `show tech-support` or in a captured
// session, what is around the code fences of Markdown, a prompt with the command that printed it, "..." of a page break, and what
// follows `: end`. What a terminal made of pages (`<--- More --->`, backspaces, escape sequences) is taken out. Blanks may be tabs or
// non-breaking, line ends CR LF or CR. A text of two bytes a character, and what is no text, is refused as a whole.
#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include "conf/configuration_impl.h"
#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

std::string_view TrimLineRight(std::string_view s) {
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}
std::string_view TrimLineLeft(std::string_view s) {
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

constexpr std::size_t kShownWhole = 1000;  // longer lines are shown by their beginning

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

LineReport Whole(std::string_view why) {
  return {1, "", "ERROR: " + std::string(why) + "\n", true};
}

// Bytes of a character in UTF-8 that begins `s`; 0: none does.
std::size_t Utf8Length(std::string_view s) {
  const auto c = static_cast<unsigned char>(s[0]);
  const std::size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
  if (n == 0 || s.size() < n) return 0;
  for (std::size_t i = 1; i < n; i++) {
    if ((static_cast<unsigned char>(s[i]) & 0xc0) != 0x80) return 0;
  }
  return n;
}

// Why the text can be no configuration whatever its lines are; nothing: it may be one.
std::optional<LineReport> NoText(std::string_view text) {
  constexpr const char* kWide = "the text is UTF-16; save it as UTF-8 or plain text";
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return Whole(kWide);
  std::size_t zero[2] = {0, 0}, odd = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    const std::size_t n = Utf8Length(text.substr(at));
    if (c == 0) zero[at & 1]++;
    // A terminal's own: bell, backspace, escape.
    const bool used = (c >= 0x07 && c <= 0x0d) || c == 0x1b;
    if (n == 0 || (c < 0x20 && !used) || c == 0x7f) odd++;
    at += std::max<std::size_t>(n, 1);
  }
  const std::size_t half = text.size() / 2;
  for (const int side : {0, 1}) {
    if (half >= 8 && zero[side] * 10 > half * 9 && zero[1 - side] * 10 < half) return Whole(kWide);
  }
  if (odd >= 8 && odd * 8 > text.size()) return Whole("this is not text: " + std::to_string(odd) + " of " + std::to_string(text.size()) + " bytes are none");
  return std::nullopt;
}

constexpr std::string_view kMore = "<--- More --->";

// A line that a terminal has shown, with what it printed over taken out.
std::string AsShown(std::string_view raw) {
  std::string shown;
  std::size_t column = 0, written = 0;  // written: since the line was last begun again
  for (std::size_t i = 0; i < raw.size(); i++) {
    const char c = raw[i];
    if (c == '\r') {
      column = written = 0;
    } else if (c == '\b') {
      if (column > 0) column--;
      if (column == 0) written = 0;
    } else if (c == '\x1b' && i + 1 < raw.size() && raw[i + 1] == '[') {  // ESC [ parameters letter
      i += 2;
      while (i < raw.size() && static_cast<unsigned char>(raw[i]) < 0x40) i++;
      if (i < raw.size() && raw[i] == 'K') shown.resize(std::min(shown.size(), column));
    } else {
      shown.resize(std::max(shown.size(), column + 1), ' ');
      shown[column++] = c;
      written = std::max(written, column);
    }
  }
  // Blanks that only wiped something out are none of the line's.
  const std::size_t end = std::min(shown.size(), shown.find_last_not_of(' ') + 1);
  shown.resize(std::max(end, std::min(written, shown.size())));
  if (const std::size_t more = shown.find(kMore); more != std::string::npos) {  // a capture without control characters
    std::size_t blanks = more + kMore.size();
    if (shown.compare(blanks, kMore.size(), std::string(kMore.size(), ' ')) == 0) blanks += kMore.size();
    shown.erase(0, blanks);
  }
  for (std::size_t at; (at = shown.find("\xc2\xa0")) != std::string::npos;) shown.replace(at, 2, " ");
  return shown;
}

bool NeedsCleaning(std::string_view raw) {
  return raw.find_first_of("\b\r\x1b\xc2") != std::string_view::npos || raw.find(kMore) != std::string_view::npos;
}

// "fw(config-if)# nameif inside": what was typed; else the line.
std::string_view Typed(std::string_view line) {
  const std::size_t open = line.find("(config");
  if (open == 0 || open == std::string_view::npos || line.substr(0, open).find_first_of(" \t!") != std::string_view::npos) return line;
  const std::size_t close = line.find(")# ", open);
  if (close == std::string_view::npos || line.substr(open, close - open).find(' ') != std::string_view::npos) return line;
  return TrimLineLeft(line.substr(close + 3));
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
  bool saved = false, ended = false;  // the first and the last of them
  bool cut = false, cut_line = false;  // it has no end, though it has a beginning; nor has its last line
  int second = 0;                     // where another configuration begins; 0: there is one
  int html = 0;                       // the first line with an entity
  bool indented = false;              // lines of sub-modes begin with a blank
  std::string_view rest;              // behind `: end`
};

bool IsVersion(std::string_view line) { return line.starts_with("ASA Version ") || line.starts_with("PIX Version "); }

bool IsTechHeading(std::string_view line) { return line.starts_with("------------------ show "); }

// "fw/ctx(config)# show run", and the like.
bool IsPrompt(std::string_view line) {
  const std::size_t end = line.find_first_of("#>");
  if (end == 0 || end == std::string_view::npos || line.substr(0, end).find_first_of(" \t") != std::string_view::npos) return false;
  const std::string_view command = TrimLineLeft(line.substr(end + 1));
  if (command.empty()) return true;
  for (const std::string_view begins : {"sh", "more ", "wr", "term", "exit", "ena"}) {
    if (command.starts_with(begins)) return true;
  }
  return false;
}

// Characters that a web page writes otherwise.
bool HasEntity(std::string_view line) {
  for (const std::string_view e : {"&lt;", "&gt;", "&amp;", "&quot;", "&nbsp;", "&#"}) {
    if (line.find(e) != std::string_view::npos) return true;
  }
  return false;
}

// Of a document, what stands in code fences: the one with the version, or all. `open`: the first line of one that does not close.
void KeepFenced(Source& s, std::vector<std::pair<std::size_t, std::size_t>> fences, std::size_t open) {
  if (open != SIZE_MAX) fences.emplace_back(open, s.lines.size());
  const auto holds = [&](const auto& f) { return f.first <= s.version_at && s.version_at < f.second; };
  const auto with_version = std::find_if(fences.begin(), fences.end(), holds);
  if (s.version_at != SIZE_MAX && with_version == fences.end()) return;
  std::vector<SourceLine> kept;
  for (const auto& f : fences) {
    if (s.version_at != SIZE_MAX && f != *with_version) continue;
    kept.insert(kept.end(), s.lines.begin() + static_cast<std::ptrdiff_t>(f.first), s.lines.begin() + static_cast<std::ptrdiff_t>(f.second));
  }
  if (s.version_at != SIZE_MAX) s.version_at -= with_version->first;
  s.lines = std::move(kept);
}

Source Read(std::string_view text, std::deque<std::string>& cleaned) {
  Source s;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  const char line_end = text.find('\n') == std::string_view::npos && text.find('\r') != std::string_view::npos ? '\r' : '\n';
  int number = 0;
  bool tech = false, fenced = false;
  std::size_t fence = SIZE_MAX;  // the line behind the last one that opened
  std::vector<std::pair<std::size_t, std::size_t>> fences;  // [first line, line of the closing one)
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(line_end, at), text.size());
    std::string_view raw = text.substr(at, end - at);
    at = end + 1;
    number++;
    while (!raw.empty() && raw.back() == '\r') raw.remove_suffix(1);
    if (NeedsCleaning(raw)) raw = cleaned.emplace_back(AsShown(raw));
    std::string_view line = TrimLineLeft(TrimLineRight(raw));
    if (const std::string_view typed = Typed(line); typed.size() != line.size()) raw = line = typed;
    if (IsTechHeading(line)) {
      if (s.version_at != SIZE_MAX) break;  // the part behind the configuration
      tech = true;
    }
    if (line.starts_with("```") || line.starts_with("~~~")) {
      fenced = true;
      if (fence == SIZE_MAX) {
        fence = s.lines.size() + 1;
      } else {
        fences.emplace_back(fence, s.lines.size());
        fence = SIZE_MAX;
      }
    }
    if (IsVersion(line)) {
      if (s.version_at != SIZE_MAX) {
        s.second = number;
        break;
      }
      s.version_at = s.lines.size();
      s.version = TrimLineRight(line.substr(12));
    }
    s.lines.push_back({number, raw, line});
    if (line == ": Saved") s.saved = true;
    if (line.starts_with("Cryptochecksum:")) s.ended = true;
    if (line == ": end") {
      s.ended = true;
      s.rest = text.substr(std::min(at, text.size()));
      break;
    }
    if (!raw.empty() && (raw.front() == ' ' || raw.front() == '\t') && !line.empty()) s.indented = true;
    if (s.html == 0 && HasEntity(line)) s.html = number;
  }
  s.printed = s.saved || s.ended;
  s.cut = s.saved && !s.ended && !tech && s.second == 0;
  s.cut_line = !text.empty() && text.back() != line_end;
  // An appliance prints a blank behind its version, and a `!` under it.
  if (s.version_at != SIZE_MAX && s.version_at + 1 < s.lines.size()) {
    s.printed = s.printed || (s.lines[s.version_at].raw.ends_with(' ') && s.lines[s.version_at + 1].line == "!");
  }
  if (tech && s.version_at != SIZE_MAX) {
    s.lines.erase(s.lines.begin(), s.lines.begin() + static_cast<std::ptrdiff_t>(s.version_at));
  } else if (fenced) {
    KeepFenced(s, fences, fence);
  }
  return s;
}

// Nothing that configures: a comment, an empty line, the wrapping.
bool SaysNothing(std::string_view line) {
  return line.empty() || line[0] == '!' || line[0] == ':' || line.starts_with("Cryptochecksum:") || IsVersion(line) ||
         line.starts_with("```") || line.starts_with("~~~") || line == "..." || IsPrompt(line);
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
  const std::string_view said = TrimLineRight(raw), words = TrimLineLeft(said), own = TrimLineRight(made.text);
  const std::string_view blanks = raw.substr(said.size());
  const std::string_view indent = said.substr(0, said.size() - words.size());
  if (indent.find('\t') == std::string_view::npos && made.kind != "certificate") made.indent = static_cast<std::uint8_t>(std::min<std::size_t>(indent.size(), 40));
  if (own.empty()) return;
  if (said.ends_with(own)) made.text = std::string(own) + std::string(blanks);
  else if (SameWord(words, own)) made.text = std::string(words) + std::string(blanks);  // `DNS server-group`
  else if (!words.starts_with("interface ") && SameButSpelling(words, own)) made.text = std::string(words) + std::string(blanks);
}

// The same for the last line of an access list, which the list's name is no part of.
void KeepAclSpelling(const Line& list, std::string_view raw) {
  KeepSpelling(*list.lines.back(), raw.substr(CommandLine(raw).ColumnOf(2)));
}

}  // namespace

LoadReport Configuration::Load(std::string_view text, const LoadOptions& options) {
  LoadReport report;
  if (auto no_text = NoText(text)) {
    report.lines = report.refused = 1;
    report.fates.push_back({1, Effect::kModelled, true, Section::kCount});
    report.reports.push_back(std::move(*no_text));
    report.unreadable = true;
    return report;
  }
  std::deque<std::string> cleaned;  // lines that are not in the text as they are
  const Source source = Read(text, cleaned);
  LineTree& tree = impl_->tree;
  std::optional<Personality> personality = options.personality;
  report.version = source.version;
  if (!personality && source.version_at != SIZE_MAX) personality = PersonalityOf(source.version);
  report.whole = source.version_at != SIZE_MAX && personality.has_value();
  const bool replaces = (report.whole || options.empty_first) && !options.merge && !options.secrets;
  if (replaces) {
    if (personality) impl_->personality = *personality;
    tree.Clear();
    impl_->names.clear();
    report.from_asa = source.printed;
    tree.from_asa = source.printed && !options.own_order;
  }
  impl_->loading = true;
  impl_->keys_only = options.secrets;
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
    if (line.empty() || line == "!") lead.append(TrimLineRight(raw)) += '\n';
    if (IsVersion(line)) lead.clear();
    if (SaysNothing(line)) continue;
    report.lines++;
    if (!options.secrets) tree.Begin(options.merge ? 0 : static_cast<std::uint32_t>(number), std::move(lead));
    const std::size_t likely_depth = source.indented ? static_cast<std::size_t>(line.data() - raw.data()) : SIZE_MAX;
    const CommandLine words(line);
    const bool acl = tree.from_asa && words.size() > 2 && words[0] == "access-list";
    const auto elements = [&]() -> std::size_t {
      const Line* list = acl ? tree.Find(Section::kAccessList, words[1]) : nullptr;
      return list == nullptr ? 0 : list->lines.size();
    };
    const std::size_t before = elements();
    const ApplyResult r = Apply(mode, raw, 15, likely_depth);
    if (!r.ok()) {
      lead.clear();
      const bool fits = raw.size() <= kShownWhole;
      refuse({number, fits ? std::string(line) : Shown(line), (fits ? std::string(raw) : Shown(raw)) + "\n" + r.ErrorText(0), true});
      continue;
    }
    (r.effect == Effect::kAccepted ? report.accepted : r.effect == Effect::kDormant ? report.dormant : report.modelled)++;
    // A line that an earlier one had brought with it (`no nameif`, an mtu) is said now.
    if (tree.from_asa && tree.stamp().first == nullptr && r.section != Section::kCount) {
      const auto here = mode.frames_.empty() ? nullptr : mode.frames_.back().line.lock();
      for (const auto& l : here != nullptr ? here->lines : tree.Of(r.section)) {
        if (l->by_default && TrimLineRight(l->text) == line) tree.Restamp(*l);
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
  const int last = source.lines.empty() ? 1 : source.lines.back().number;
  // A certificate without its end is none.
  if (!mode.frames_.empty() && mode.frames_.back().name == "config-pubkey") {
    const auto chain = mode.frames_[mode.frames_.size() - 2].line.lock();
    if (const auto certificate = mode.frames_.back().line.lock(); chain != nullptr && certificate != nullptr) {
      const std::string said = certificate->text;
      tree.Remove(chain.get(), certificate->section, std::string(certificate->key));
      report.lines++;
      refuse({last, said, said + "\nERROR: the certificate has no end (`quit`)\n", true});
    }
  }
  const auto note = [&](int number, const std::string& what) { report.reports.push_back({number, "", "WARNING: " + what + "\n", false}); };
  if (source.cut) {
    note(last, std::string("the configuration has no end (`: end`)") + (source.cut_line ? ", nor has its last line: it may be cut off" : ": it may be cut off"));
  }
  if (source.second != 0) note(source.second, "another configuration begins here; it is not read");
  if (source.html != 0) note(source.html, "the text has characters as a web page writes them (&amp; &lt; &gt;); they are taken as they stand");
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
  impl_->loading = impl_->keys_only = false;
  if (replaces) AddHardware();
  return report;
}

}  // namespace sallyport
