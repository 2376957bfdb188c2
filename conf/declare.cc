#include "conf/declare.h"

#include <charconv>
#include <utility>
#include <variant>

#include "conf/shape.h"

namespace sallyport {

LineRuleBase::LineRuleBase() = default;
LineRuleBase::LineRuleBase(const LineRuleBase&) = default;
LineRuleBase::~LineRuleBase() = default;

std::string KnownInterface(const ConfigEdit& edit, std::string_view nameif) {
  return edit.loading || edit.HasInterface(nameif) ? "" : "ERROR: % Invalid Hostname\n";
}

namespace declare_internal {
namespace {

constexpr char kNoKey[] = "ERROR: only lines with keys, and those of the modes they are in, can stand here\n";

class LineHandler final : public command_internal::Handler {
 public:
  LineHandler(const command_internal::CommandBase& command, std::unique_ptr<const LineHooks> hooks)
      : command_(command), hooks_(std::move(hooks)), rule_(hooks_->rule()) {}

  Reply Run(void* context, const void* typed, Form form) const override {
    ConfigEdit& edit = *static_cast<ConfigEdit*>(context);
    edit.effect = rule_.effect;
    edit.section = rule_.section;
    const command_internal::Scratch normal(command_.type(), typed);
    hooks_->Normal(edit, normal.target().value);
    const void* value = normal.value();
    const std::string whole = hooks_->Text(edit, value, command_);
    const std::string key = rule_.key == SIZE_MAX ? whole : command_.PrintValue(value, rule_.key);
    if (edit.keys_only) return form == Form::kNo ? Reply::Refuse(kNoKey) : GiveKey(edit, value, key);
    if (form == Form::kNo) return Lessened(edit, typed, key) ? Reply{} : TakeAway(edit, value, whole, key);
    return Put(edit, value, whole, key);
  }

  const LineRuleBase* rule() const override { return &rule_; }

 private:
  Reply Put(ConfigEdit& edit, const void* value, const std::string& whole, std::string key) const {
    if (std::string e = hooks_->Check(edit, value); !e.empty()) return Reply::Refuse(std::move(e));
    Line* parent = edit.parent();
    // What an ASA printed is kept also when it says the default.
    if (IsSilent(rule_.silent, whole) && !edit.from_asa()) {
      edit.changed = edit.tree.Remove(parent, rule_.section, key) || edit.changed;
      return {};
    }
    for (int again = 2; rule_.repeats && edit.tree.Find(parent, rule_.section, key) != nullptr; again++) {
      key = whole + '\n' + std::to_string(again);
    }
    const bool is_new = edit.tree.Find(parent, rule_.section, key) == nullptr;
    Line& l = edit.tree.Upsert(parent, rule_.section, key);
    if (l.by_default) edit.tree.Restamp(l);
    l.rank = rule_.rank;
    l.sort = hooks_->SortKey(value);
    l.kind = key;
    l.effect = rule_.effect;
    l.submode = rule_.submode;
    std::string text = whole + rule_.trailing;
    if (text != l.text) edit.changed = true;
    l.text = std::move(text);
    l.secret = hooks_->SecretOf(value);
    hooks_->Set(l, value);
    std::string say = hooks_->After(edit, value, l);
    if (!rule_.submode.empty()) edit.Enter(rule_.submode, l);
    if (is_new && !rule_.defaults.empty() && !edit.from_asa()) AddDefaults(edit, l);
    return Reply::Say(std::move(say));
  }

  // The line as it would be with its secrets masked: says whether two lines are one but for them.
  std::string WithoutSecrets(const ConfigEdit& edit, const void* value) const {
    const command_internal::Scratch masked(command_.type(), value);
    hooks_->TakeSecrets(masked.target().value, nullptr);
    return hooks_->Text(edit, masked.value(), command_);
  }

  // The key that was said goes into the line that is there.
  Reply GiveKey(ConfigEdit& edit, const void* value, const std::string& key) const {
    const KeyState secret = hooks_->SecretOf(value);
    if (secret == KeyState::kNone && rule_.submode.empty()) return Reply::Refuse(kNoKey);
    Line* parent = edit.parent();
    Line* l = edit.tree.Find(parent, rule_.section, key);
    if (l == nullptr && secret != KeyState::kNone) {  // the key may be part of what says which line it is
      const std::string wanted = WithoutSecrets(edit, value);
      for (const auto& other : parent != nullptr ? parent->lines : edit.tree.Of(rule_.section)) {
        const void* there = other->section == rule_.section ? hooks_->ValueOf(*other) : nullptr;
        if (there == nullptr || WithoutSecrets(edit, there) != wanted) continue;
        if (l == nullptr || (l->secret != KeyState::kMasked && other->secret == KeyState::kMasked)) l = other.get();
      }
    }
    const void* old = l != nullptr ? hooks_->ValueOf(*l) : nullptr;
    if (old == nullptr || (secret != KeyState::kNone && hooks_->SecretOf(old) == KeyState::kNone)) {
      return Reply::Refuse("ERROR: the configuration has no such line\n");
    }
    if (secret == KeyState::kMasked) return Reply::Refuse("ERROR: the key is masked here, too\n");
    std::string say;
    if (secret == KeyState::kKnown) {
      const command_internal::Scratch merged(command_.type(), old);
      hooks_->TakeSecrets(merged.target().value, value);
      std::string text = hooks_->Text(edit, merged.value(), command_) + rule_.trailing;
      const std::string own = rule_.key == SIZE_MAX ? hooks_->Text(edit, merged.value(), command_) : command_.PrintValue(merged.value(), rule_.key);
      if (!edit.tree.Rekey(parent, *l, own)) return Reply::Refuse("ERROR: the configuration has that line already\n");
      const std::size_t blanks = l->text.size() - (l->text.find_last_not_of(' ') + 1);
      l->text = std::move(text);
      l->secret = secret;
      hooks_->Set(*l, merged.value());
      say = hooks_->After(edit, merged.value(), *l);
      l->text.resize(l->text.find_last_not_of(' ') + 1);
      l->text.append(blanks, ' ');
      edit.changed = true;
    }
    if (!rule_.submode.empty()) edit.Enter(rule_.submode, *l);
    return Reply::Say(std::move(say));
  }

  // `l` is new, and its sub-mode has been entered.
  void AddDefaults(ConfigEdit& edit, Line& l) const {
    const ConfigSet& set = ConfigGrammar::Get().sets.find(rule_.submode)->second;
    ConfigMode mode = edit.mode;
    ConfigEdit below{edit.tree, mode, edit.personality, edit.names, l.shared_from_this(), {}};
    below.loading = true;
    ParseOptions options{15, &edit.personality, &edit.names};
    options.any_release = true;
    for (const std::string& text : rule_.defaults) {  // "913:group 14": from 9.13 on
      int since = 0;
      const char* end = std::from_chars(text.data(), text.data() + text.size(), since).ptr;
      const bool dated = *end == ':';
      if (!dated || edit.personality.release >= since) (void)set.Run(below, dated ? end + 1 : text.c_str(), options);
    }
    for (const auto& c : l.lines) c->by_default = true;
  }

  // `no` of some options of a line: the others stay.
  bool Lessened(ConfigEdit& edit, const void* said, const std::string& key) const {
    Line* l = edit.tree.Find(edit.parent(), rule_.section, key);
    const void* there = l != nullptr ? hooks_->ValueOf(*l) : nullptr;
    if (there == nullptr) return false;
    const command_internal::Scratch left(command_.type(), there);
    if (!hooks_->Lessen(said, left.target().value)) return false;
    l->text = hooks_->Text(edit, left.value(), command_) + rule_.trailing;
    hooks_->Set(*l, left.value());
    (void)hooks_->After(edit, left.value(), *l);
    return edit.changed = true;
  }

  // What was said after `no` picks the lines: the one it identifies, or all that begin so.
  Reply TakeAway(ConfigEdit& edit, const void* value, const std::string& said, const std::string& key) const {
    Line* parent = edit.parent();
    std::vector<Line*> gone;
    for (const auto& l : parent != nullptr ? parent->lines : edit.tree.Of(rule_.section)) {
      if (l->section != rule_.section || (parent != nullptr && l->rank != rule_.rank)) continue;
      if (l->text.rfind("no ", 0) == 0) continue;
      const std::string_view text(l->text);
      const bool begins = text.starts_with(said) && (text.size() == said.size() || text[said.size()] == ' ');
      if (begins || (rule_.key != SIZE_MAX && l->key == key)) gone.push_back(l.get());
    }
    for (Line* l : gone) {
      if (std::string e = hooks_->CheckNo(edit, value, *l); !e.empty()) return Reply::Refuse(std::move(e));
    }
    std::vector<std::string> keys;
    for (Line* l : gone) keys.push_back(l->key);
    for (const std::string& k : keys) edit.tree.Remove(parent, rule_.section, k);
    // An ASA that prints `no ...` has it in its configuration, whether or not we know why.
    const bool keep = rule_.keep_no || (gone.empty() && edit.from_asa());
    if (keep) {
      Line& l = edit.tree.Upsert(parent, rule_.section, key);
      l.text = "no " + key + rule_.no_trailing;
      l.rank = rule_.rank;
      l.sort = hooks_->SortKey(value);
      l.kind = key;
      l.effect = rule_.effect;
      l.Set(std::monostate{});
    }
    edit.changed = edit.changed || !gone.empty() || keep;
    return Reply::Say(hooks_->AfterNo(edit, value));
  }

  const command_internal::CommandBase command_;
  const std::unique_ptr<const LineHooks> hooks_;
  const LineRuleBase& rule_;
};

}  // namespace

void DeclareLine(ConfigGrammar& grammar, const command_internal::CommandBase& command, std::unique_ptr<const LineHooks> hooks) {
  const std::string& mode = hooks->rule().mode;
  ConfigSet& set = grammar.Mode(mode);
  set.Insert(command, std::make_unique<const LineHandler>(command, std::move(hooks)));
}

}  // namespace declare_internal
}  // namespace sallyport
