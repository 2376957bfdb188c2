#include "conf/migrate.h"

#include <algorithm>
#include <sstream>

#include "conf/migrate_parts.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

using Note = MigrationNote::Kind;

// Words that 8.3 and later have in place of others. `within`: the start of the line that the mode was entered by, "" : global.
struct EraWord {
  int since;
  const char* within;
  const char* line;  // how the line starts
  const char* old_words;
  const char* new_words;
};
constexpr EraWord kEraWords[] = {
    {804, "", "crypto isakmp policy ", "crypto isakmp policy ", "crypto ikev1 policy "},
    {804, "", "isakmp policy ", "isakmp policy ", "crypto ikev1 policy "},
    {804, "", "crypto isakmp enable ", "crypto isakmp enable ", "crypto ikev1 enable "},
    {804, "", "isakmp enable ", "isakmp enable ", "crypto ikev1 enable "},
    {804, "", "crypto isakmp am-disable", "crypto isakmp am-disable", "crypto ikev1 am-disable"},
    {804, "", "crypto isakmp ipsec-over-tcp", "crypto isakmp ipsec-over-tcp", "crypto ikev1 ipsec-over-tcp"},
    {804, "", "crypto ipsec transform-set ", "crypto ipsec transform-set ", "crypto ipsec ikev1 transform-set "},
    {804, "", "crypto map ", " set transform-set ", " set ikev1 transform-set "},
    {804, "", "crypto map ", " set phase1-mode ", " set ikev1 phase1-mode "},
    {804, "", "crypto dynamic-map ", " set transform-set ", " set ikev1 transform-set "},
    {804, "tunnel-group ", "pre-shared-key ", "pre-shared-key ", "ikev1 pre-shared-key "},
    {804, "tunnel-group ", "trust-point ", "trust-point ", "ikev1 trust-point "},
    {804, "tunnel-group ", "isakmp ikev1-user-authentication ", "isakmp ikev1-user-authentication ", "ikev1 user-authentication "},
    {804, "group-policy ", "vpn-tunnel-protocol ", " IPSec", " ikev1"},
    {804, "group-policy ", "vpn-tunnel-protocol ", " svc", " ssl-client"},
    {804, "group-policy ", "vpn-tunnel-protocol ", " webvpn", " ssl-clientless"},
    {804, "username ", "vpn-tunnel-protocol ", " IPSec", " ikev1"},
    {804, "username ", "vpn-tunnel-protocol ", " svc", " ssl-client"},
    {804, "username ", "vpn-tunnel-protocol ", " webvpn", " ssl-clientless"},
    {804, "webvpn", "svc ", "svc ", "anyconnect "},
    {804, "group-policy ", "svc ", "svc ", "anyconnect "},
};

std::string InEra(std::string line, const std::string& within, int release) {
  const std::size_t indent = line.find_first_not_of(' ');
  if (indent == std::string::npos) return line;
  for (const EraWord& w : kEraWords) {
    const bool global = *w.within == 0;
    if (release < w.since || global != (indent == 0) || !within.starts_with(w.within) || line.compare(indent, std::string(w.line).size(), w.line) != 0) continue;
    const std::size_t at = line.find(w.old_words);
    if (at != std::string::npos) line.replace(at, std::string(w.old_words).size(), w.new_words);
  }
  return line;
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> out;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    out.push_back(std::move(line));
  }
  return out;
}
std::string Squeezed(const std::string& line) {
  std::istringstream in(line);
  std::string out;
  for (std::string word; in >> word;) out += (out.empty() ? "" : " ") + word;
  return out;
}
// The last line of an ASA error is the sentence; those before it hold the caret.
std::string Sentence(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

// A line of an access list may have been written in another order of words; its number is looked up by what is printed.
std::map<std::string, int> Numbers(std::string_view text, const LineTree& tree) {
  std::map<std::string, int> squeezed, out;
  const std::vector<std::string> lines = Lines(text);
  for (std::size_t i = 0; i < lines.size(); i++) squeezed.emplace(Squeezed(lines[i]), static_cast<int>(i + 1));
  const auto put = [&](const std::string& printed, const std::string& also) {
    for (const std::string& s : {printed, also}) {
      if (const auto it = squeezed.find(Squeezed(s)); it != squeezed.end()) out.emplace(printed, it->second);
    }
  };
  for (std::size_t s = 0; s < kSectionCount; s++) {
    for (const auto& l : tree.Of(static_cast<Section>(s))) {
      std::string without = l->text;  // the blank, netmask and zeros that printing adds
      if (const std::size_t at = without.find(" netmask 255.255.255.255"); at != std::string::npos) without.erase(at, 24);
      put(l->text, without);
      for (const auto& c : l->lines) {
        if (!l->text.empty()) {
          put(" " + c->text, c->text);
          continue;
        }
        const std::string head = "access-list " + l->key + " ";
        put(head + c->text, head + (c->text.starts_with("extended ") ? c->text.substr(9) : c->text));
      }
    }
  }
  return out;
}

bool IsOldNat(const std::string& line) {
  for (const char* start : {"global (", "nat (", "static (", "nat-control", "no nat-control"}) {
    if (line.starts_with(start)) return true;
  }
  return false;
}

std::string ListLines(const MigratedLists& lists) {
  std::string out;
  for (const std::string& name : lists.order) {
    for (const std::string& line : lists.lists.at(name)) out += "access-list " + name + " " + line + "\n";
  }
  return out;
}

// The text of the new configuration, to be loaded: what the old one prints, with those parts exchanged.
std::string Compose(const Configuration& old, const Personality& target, const MigratedLists& lists, const std::string& added) {
  PrintOptions options;
  options.secrets = true;
  const int release = target.release;
  std::string out, within;
  bool lists_done = false;
  for (const std::string& line : Lines(old.Print(options))) {
    if (line.empty() || line == "!" || line[0] == ':' || line.starts_with("Cryptochecksum:") || IsOldNat(line)) continue;
    if (line.starts_with("ASA Version ") || line.starts_with("PIX Version ")) {
      out += "ASA Version " + target.version + "\n";
      continue;
    }
    if (line.starts_with("access-list ")) {
      if (!std::exchange(lists_done, true)) out += ListLines(lists);
      continue;
    }
    if (line[0] != ' ') within = line;
    const auto group = lists.access_groups.find(line);
    out += group != lists.access_groups.end() ? group->second : InEra(line, within, release);
    out += '\n';
  }
  return out + added;
}

}  // namespace

std::string ToString(const MigrationNote& note) {
  static constexpr const char* kWords[] = {"INFO: ", "WARNING: ", "NOT CARRIED OVER: "};
  return kWords[static_cast<std::size_t>(note.kind)] + (note.line != 0 ? "line " + std::to_string(note.line) + ": " : std::string()) + note.text;
}

Result<Migration> Migrate(std::string_view text, const Personality& target) {
  if (!target.object_nat) return Error{"the target has to be release 8.3 or later"};
  Migration m;
  m.old = std::make_unique<Configuration>(*PersonalityOf("8.2(5)"));  // of a text that does not say its release
  LoadOptions as_ours;  // the new configuration is printed in our order, wherever the old lines stood
  as_ours.own_order = true;
  const LoadReport loaded = m.old->Load(text, as_ours);
  if (m.old->personality().object_nat) return Error{"the configuration is of release " + m.old->personality().version + " already"};
  const auto policy = m.old->Compile(nullptr);
  if (!policy) return Error{policy.error()};
  for (const LineReport& r : loaded.reports) {
    if (r.refused) m.notes.push_back({Note::kNotCarried, r.number, Squeezed(r.line) + " (" + Sentence(r.text) + ")"});
  }

  MigrationContext context{m.old->tree(), **policy, target, m.notes, Numbers(text, m.old->tree())};
  MigrationObjects objects(context.tree);
  const MigratedLists lists = MigrateAccessLists(context);
  const std::string nat = MigrateNat(context, objects);
  const std::string settings = MigrateConnectionSettings(context);
  m.fresh = std::make_unique<Configuration>(target);
  const LoadReport fresh = m.fresh->Load(Compose(*m.old, target, lists, objects.text() + nat + settings), as_ours);
  for (const LineReport& r : fresh.reports) {
    if (r.refused) m.notes.push_back({Note::kNotCarried, context.NumberOf(r.line), Squeezed(r.line) + " (" + target.version + ": " + Sentence(r.text) + ")"});
  }
  std::stable_sort(m.notes.begin(), m.notes.end(), [](const MigrationNote& a, const MigrationNote& b) { return a.line < b.line; });
  m.notes.erase(std::unique(m.notes.begin(), m.notes.end(), [](const auto& a, const auto& b) { return a.line == b.line && a.text == b.text; }), m.notes.end());

  m.text = "! Migrated from release " + m.old->personality().version + " to " + target.version + "\n";
  for (const MigrationNote& n : m.notes) m.text += "! " + ToString(n) + "\n";
  PrintOptions options;
  options.secrets = true;
  m.text += m.fresh->Print(options);
  return m;
}

}  // namespace sallyport
