#include "conf/configuration.h"

#include <algorithm>

#include "conf/acl_size.h"
#include "conf/configuration_impl.h"
#include "conf/lines.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

using Outcome = ApplyResult::Outcome;

std::string_view TrimRight(std::string_view s) {
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}
std::string_view TrimLeft(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  return s;
}

// Where sub-mode prompts were named otherwise before 8.3.
std::string PromptOf(const std::string& mode, const Personality& p) {
  // Modes that are several here and one on an ASA.
  for (const auto& [begins, shown] : {std::pair("config-router-ospfv3", "config-rtr"), {"config-router-af", "config-router-af"},
                                      {"config-router-", "config-router"}, {"config-cmap-", "config-cmap"},
                                      {"config-pmap-inspect", "config-pmap"}, {"config-pmap-c-", "config-pmap-c"}}) {
    if (mode.starts_with(begins)) return shown;
  }
  if (p.object_nat) return mode;
  if (mode == "config-network-object-group") return "config-network";
  if (mode == "config-service-object-group") return "config-service";
  if (mode == "config-protocol-object-group") return "config-protocol";
  if (mode == "config-icmp-object-group") return "config-icmp";
  return mode;
}

// A member of a group, and a line of an access list that names one: they may multiply what is there.
bool MayAddElements(Section section, std::string_view line) {
  if (line.starts_with("no ")) return false;
  if (section == Section::kObjectGroup) return true;
  return (section == Section::kAccessList || section == Section::kIpv6AccessList) && line.find("object-group") != line.npos;
}

constexpr std::string_view kCertificate = "config-pubkey";

}  // namespace

const ConfigGrammar& ConfigGrammar::Get() {
  static const ConfigGrammar grammar = [] {
    ConfigGrammar g;
    DeclareSystem(g);
    DeclareInterfaces(g);
    DeclareObjects(g);
    DeclareAccess(g);
    DeclareRoutes(g);
    DeclareIpv6(g);
    DeclareNat(g);
    DeclareModular(g);
    DeclareLogging(g);
    DeclareSystemShapes(g);
    DeclareAaa(g);
    DeclareServices(g);
    DeclareCrypto(g);
    DeclareVpn(g);
    DeclareWebvpn(g);
    DeclareInterfaceShapes(g);
    DeclareRouting(g);
    DeclareModularShapes(g);
    DeclareInspection(g);
    DeclareClear(g);
    return g;
  }();
  return grammar;
}

void ConfigEdit::Enter(std::string submode, Line& line) {
  std::string shown = PromptOf(submode, personality);
  if (submode == "config-if" && line.text.find('.') != std::string::npos) shown = "config-subif";
  mode.frames_.push_back({std::move(submode), std::move(shown), line.shared_from_this()});
}

bool ConfigEdit::HasInterface(std::string_view nameif) const {
  for (const auto& i : tree.Of(Section::kInterface)) {
    if (const auto* n = i->First<NameifLine>(); n != nullptr && n->name == nameif) return true;
  }
  return false;
}

std::string ApplyResult::ErrorText(std::size_t prompt) const {
  switch (outcome) {
    case Outcome::kInvalid: return std::string(prompt + column, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n";
    case Outcome::kIncomplete: return "ERROR: % Incomplete command\n";
    case Outcome::kAmbiguous: return "ERROR: % Ambiguous command:  \"" + word + "\"\n";
    case Outcome::kRefused: return text;
    default: return {};
  }
}

Configuration::Configuration() : Configuration(Personality{}) {}
Configuration::Configuration(const Personality& personality) : impl_(std::make_unique<Impl>()) {
  impl_->personality = personality;
  const LoadReport r = Load(FactoryConfiguration(personality));
  assert(r.refused == 0);
  (void)r;
}
Configuration::~Configuration() = default;

void Configuration::SetHardware(std::vector<std::string> names) {
  impl_->hardware = std::move(names);
  AddHardware();
}

void Configuration::AddHardware() {
  for (const std::string& name : impl_->hardware) {
    const CommandLine word(name);
    HardwareName read;
    const ParseOptions options;
    Cursor in(word, options);
    if (Codec<HardwareName>::Read(in, read, {}) != Match::kOk || !IsPhysical(read.text)) continue;
    const std::string line = "interface " + read.text;
    if (impl_->tree.Find(Section::kInterface, line) != nullptr) continue;
    const auto& all = impl_->tree.Of(Section::kInterface);
    const bool used = std::any_of(all.begin(), all.end(), [&](const auto& l) { return l->text.starts_with(line + "."); });
    ConfigMode mode;
    for (const std::string& said : {line, std::string(read.text.starts_with("Management") ? "management-only" : ""), std::string(used ? "" : "shutdown")}) {
      if (!said.empty()) (void)Apply(mode, said);
    }
  }
}

const Personality& Configuration::personality() const { return impl_->personality; }
const LineTree& Configuration::tree() const { return impl_->tree; }

ApplyResult Configuration::Apply(ConfigMode& mode, std::string_view raw, int privilege, std::size_t likely_depth) {
  ApplyResult out;
  const std::string_view line = TrimRight(raw);
  if (line.size() > 16384) {
    out.outcome = Outcome::kRefused;
    out.text = "ERROR: line is too long\n";
    return out;
  }
  for (std::size_t i = 0; i < line.size(); i++) {
    const auto c = static_cast<unsigned char>(line[i]);
    if ((c < 0x20 && c != '\t') || c == 0x7f) {
      out.outcome = Outcome::kInvalid;
      out.column = i;
      return out;
    }
  }
  // A sub-mode whose line another session has removed is left.
  while (!mode.frames_.empty() && mode.frames_.back().line.expired()) mode.frames_.pop_back();

  const std::string_view word = TrimLeft(line);
  if (!mode.frames_.empty() && mode.frames_.back().name == kCertificate && !word.empty() && !impl_->keys_only) {
    const auto chain = mode.frames_.back().line.lock();
    const bool hex = std::all_of(word.begin(), word.end(), [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ' '; });
    // Files have their certificates blotted out now and then.
    const bool blotted = impl_->loading && word.data() != raw.data();
    if (word != "quit" && !hex && !blotted) {
      out.outcome = Outcome::kInvalid;
      out.column = static_cast<std::size_t>(word.data() - raw.data());
      return out;
    }
    impl_->tree.BelongsTo(chain.get());
    Line& l = impl_->tree.Upsert(chain.get(), Section::kCrypto, std::to_string(chain->lines.size()));
    l.text = word == "quit" ? "quit" : std::string(TrimLeft(raw.substr(0, raw.find('\r'))));
    l.kind = "certificate";
    l.effect = out.effect = Effect::kAccepted;
    out.section = Section::kCrypto;
    out.changed = true;
    if (word == "quit") mode.frames_.pop_back();
    return out;
  }
  if (SameWord(word, "end")) {
    mode.LeaveAll();
    out.outcome = Outcome::kExit;
    return out;
  }
  if (SameWord(word, "exit") || SameWord(word, "quit")) {
    if (mode.global()) out.outcome = Outcome::kExit;
    else mode.Leave();
    return out;
  }

  // The innermost mode that takes the line; leaving for an outer one is what an ASA does without a word.
  const ConfigGrammar& grammar = ConfigGrammar::Get();
  ParseOptions options = impl_->Options(privilege);
  std::optional<RunResult> failure;
  const std::size_t innermost = mode.frames_.size();
  const bool outer_first = likely_depth < innermost;
  for (std::size_t turn = 0; turn <= innermost + (outer_first ? 1 : 0); turn++) {
    const std::size_t depth = !outer_first ? innermost - turn : turn == 0 ? likely_depth : innermost + 1 - turn;
    const std::string& name = depth == 0 ? "config" : mode.frames_[depth - 1].name;
    const auto set = grammar.sets.find(name);
    if (set != grammar.sets.end()) {
      ConfigMode before = mode;
      mode.frames_.resize(depth);
      std::shared_ptr<Line> here = depth == 0 ? nullptr : mode.frames_.back().line.lock();
      if (depth > 0 && here == nullptr) continue;
      ConfigEdit edit{impl_->tree, mode, impl_->personality, impl_->names, here, {}};
      for (const ConfigMode::Frame& frame : mode.frames_) {
        if (auto open = frame.line.lock()) edit.path.push_back(std::move(open));
      }
      edit.loading = impl_->loading;
      edit.keys_only = impl_->keys_only;
      if (edit.keys_only && set->second.RuleOf(line, options) == nullptr && set->second.Matches(line, options).outcome == RunResult::Outcome::kOk) {
        mode = before;
        out.outcome = Outcome::kRefused;
        out.text = "ERROR: only lines with keys, and those of the modes they are in, can stand here\n";
        return out;
      }
      impl_->tree.BelongsTo(here.get());
      options.mode = set->first;
      const RunResult r = set->second.Run(edit, line, options);
      if (r.outcome == RunResult::Outcome::kOk) {
        out.outcome = r.reply.ok ? Outcome::kOk : Outcome::kRefused;
        out.text = r.reply.text;
        out.effect = edit.effect;
        out.section = edit.section;
        out.changed = r.reply.ok && edit.changed;
        if (!r.reply.ok) mode = before;
        if (edit.emptied != ConfigEdit::Emptied::kNo && !impl_->loading) {
          if (edit.emptied == ConfigEdit::Emptied::kFactoryBack) (void)Load(FactoryConfiguration(impl_->personality));
          AddHardware();
        }
        if (out.changed && !impl_->loading && MayAddElements(out.section, line) && AclSize(impl_->tree).OfAllLists() > kMaxAclElements) {
          ConfigMode there = mode;
          (void)Apply(there, "no " + std::string(word));
          mode = before;
          out = {};
          out.outcome = Outcome::kRefused;
          out.text = "ERROR: Unable to add, access-list config limit reached\n";
        }
        return out;
      }
      mode = before;
      if (r.outcome == RunResult::Outcome::kEmpty) {
        out.outcome = Outcome::kEmpty;
        return out;
      }
      // The error of the mode that understood more of the line.
      const auto better = [&] {
        if (!failure) return true;
        if (failure->outcome != RunResult::Outcome::kInvalid) return false;
        return r.outcome != RunResult::Outcome::kInvalid || r.column > failure->column;
      };
      if (better()) failure = r;
    }
  }
  if (const auto said = DefaultForm(mode, line, privilege)) return *said;
  if (const auto said = IkePolicyLine(line, privilege)) return *said;
  out.column = failure->column + static_cast<std::size_t>(line.data() - raw.data());
  out.word = failure->word;
  out.outcome = failure->outcome == RunResult::Outcome::kIncomplete  ? Outcome::kIncomplete
                : failure->outcome == RunResult::Outcome::kAmbiguous ? Outcome::kAmbiguous
                                                                     : Outcome::kInvalid;
  return out;
}

// `default LINE` of a sub-mode: what was said goes, and what the mode begins with comes back. Nothing: it is not that.
std::optional<ApplyResult> Configuration::DefaultForm(ConfigMode& mode, std::string_view line, int privilege) {
  const CommandLine words(line);
  if (words.size() < 2 || !SameWord(words[0], "default") || SameWord(words[1], "no") || SameWord(words[1], "default") || mode.global()) return {};
  ConfigMode inner = mode;
  const std::string_view rest = line.substr(words.ColumnOf(1));
  ApplyResult r = Apply(inner, "no " + std::string(rest), privilege);
  if (!r.ok() || inner.frames_.size() != mode.frames_.size()) return {};
  const auto here = mode.frames_.back().line.lock();
  for (const auto& [name, set] : ConfigGrammar::Get().sets) {
    for (const auto& [command, rule] : set.All()) {
      if (rule == nullptr || rule->submode != mode.frames_.back().name || here == nullptr || rule->section != here->section) continue;
      for (const std::string& text : rule->defaults) {
        const CommandLine own(text);
        if (own.size() > 0 && IsPrefixOf(words[1], own[0]) && Apply(inner, text, privilege).changed) r.changed = true;
      }
    }
  }
  return r;
}

// `crypto isakmp policy 50 lifetime 0`: from 7.2 on a policy is a sub-mode, and an ASA takes its lines in the form of 7.0 all the same.
// Nothing: it is not that, or it is wrong. The session stays in its mode.
std::optional<ApplyResult> Configuration::IkePolicyLine(std::string_view line, int privilege) {
  const CommandLine words(line);
  if (words.size() < 6 || !SameWord(words[0], "crypto") || !SameWord(words[2], "policy")) return {};
  const std::string policy(line.substr(0, words.ColumnOf(4)));
  ConfigMode mode;
  ApplyResult r = Apply(mode, policy, privilege);
  if (!r.ok() || mode.global()) return {};
  const bool fresh = r.changed;
  const std::size_t depth = mode.frames_.size();
  const ApplyResult inner = Apply(mode, line.substr(words.ColumnOf(4)), privilege);
  if (inner.ok() && mode.frames_.size() == depth) {
    r = inner;
    r.changed = r.changed || fresh;
    return r;
  }
  ConfigMode outer;
  if (fresh) (void)Apply(outer, "no " + policy, privilege);
  return {};
}

HelpResult Configuration::Help(const ConfigMode& mode, std::string_view line, int privilege) const {
  const ConfigGrammar& grammar = ConfigGrammar::Get();
  ParseOptions options = impl_->Options(privilege);
  std::optional<HelpResult> best;
  for (std::size_t depth = mode.frames_.size();; depth--) {
    const auto set = grammar.sets.find(depth == 0 ? "config" : mode.frames_[depth - 1].name);
    if (set != grammar.sets.end()) {
      options.mode = set->first;
      HelpResult h = set->second.Help(line, options);
      if (h.outcome == RunResult::Outcome::kOk) return h;
      if (!best || h.column > best->column) best = std::move(h);
    }
    if (depth == 0) return *best;
  }
}

std::vector<std::string> Configuration::Complete(const ConfigMode& mode, std::string_view line, int privilege) const {
  std::vector<std::string> out;
  for (const Hint& h : Help(mode, line, privilege).hints) {
    if (!h.placeholder) out.push_back(h.text);
  }
  return out;
}

std::vector<Hint> Configuration::ModeHints(const ConfigMode& mode, std::string_view line) const {
  std::vector<Hint> out = Help(mode, line).hints;
  if (!mode.global()) {
    const HelpResult h = ConfigGrammar::Get().sets.find("config")->second.Help(line, impl_->Options(15));
    out.insert(out.end(), h.hints.begin(), h.hints.end());
  }
  return out;
}

Configuration::Coverage Configuration::coverage() const {
  Coverage n;
  const auto count = [&](const auto& self, const Line& l) -> void {
    if (!l.text.empty()) {
      (l.effect == Effect::kAccepted ? n.accepted : l.effect == Effect::kDormant ? n.dormant : n.modelled)++;
      if (l.effect != Effect::kModelled) n.without_effect.emplace_back(l.effect, l.text);
    }
    for (const auto& c : l.lines) self(self, *c);
  };
  for (std::size_t s = 0; s < kSectionCount; s++) {
    for (const auto& l : impl_->tree.Of(static_cast<Section>(s))) count(count, *l);
  }
  return n;
}

}  // namespace sallyport
