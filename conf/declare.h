// How the configuration's commands are declared: a Command<T>, where its line goes, what makes it the same line, and the
// checks that an ASA makes. Used by the grammar_*.cc files only; each has one Declare function, called by ConfigGrammar.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conf/codecs.h"
#include "conf/command.h"
#include "conf/configuration.h"
#include "conf/line_tree.h"

namespace sallyport {

// What a handler works on: the tree, the session's mode, the line whose sub-mode we are in.
struct ConfigEdit {
  LineTree& tree;
  ConfigMode& mode;
  Personality& personality;
  NameTable& names;
  std::shared_ptr<Line> here;         // null: global
  std::vector<std::shared_ptr<Line>> path;  // all open sub-modes, outermost first
  Effect effect = Effect::kModelled;  // of the line that was applied
  bool changed = false;
  std::string renamed = {};           // what the interface was called before `nameif`
  bool loading = false;               // a whole configuration is being read: no INFO lines
  bool keys_only = false;             // lines only give keys to lines that are there (LoadOptions::secrets)
  Section section = Section::kCount;  // of the line that was applied
  // The line has emptied the configuration: what is always there comes back, either the ports or all that a fresh appliance has.
  enum class Emptied : std::uint8_t { kNo, kPortsBack, kFactoryBack } emptied = Emptied::kNo;

  Line* parent() const { return here.get(); }
  bool from_asa() const { return loading && tree.from_asa; }  // the line is one that an ASA printed
  void Enter(std::string submode, Line& line);
  bool HasInterface(std::string_view nameif) const;  // a nameif of that name
};

using ConfigSet = CommandSet<ConfigEdit>;
// The commands of every mode, by the mode's name.
struct ConfigGrammar {
  std::map<std::string, ConfigSet, std::less<>> sets;
  ConfigSet& Mode(const std::string& name) {
    return sets.try_emplace(name, name == "config" ? "configure mode" : name + " mode").first->second;
  }
  // Built once, then shared by every Configuration.
  static const ConfigGrammar& Get();
};

// What a rule says whatever its line's type is.
struct LineRuleBase {
  std::string mode = "config";
  Section section{};
  int rank = 0;
  std::size_t key = SIZE_MAX;  // tokens that say which line it is; SIZE_MAX: the whole line
  std::string submode;         // the mode that it opens
  std::string trailing;        // printed after the line
  std::string no_trailing;     // printed after its kept `no` form
  bool keep_no = false;        // `no` leaves a line "no ..." behind
  bool repeats = false;        // the same text may stand twice
  Effect effect = Effect::kModelled;
  std::vector<std::string> defaults;  // lines of the sub-mode that a new line has from the beginning
  std::string silent;                 // the text that is the default, and is not kept ("* ...": that it ends with)

  LineRuleBase();
  LineRuleBase(const LineRuleBase&);
  ~LineRuleBase();
};

template <typename T>
struct LineRule : LineRuleBase {
  // The line's text when the tokens alone do not know it (a port prints by its group's protocol); null: Command::Print.
  std::function<std::string(const ConfigEdit&, const T&)> text;
  // Puts a value into its normal form before anything else is done with it.
  std::function<void(const ConfigEdit&, T&)> normal;
  // `no` with only some of the line's options: takes them away from `left`. False: the whole line goes.
  std::function<bool(const T& said, T& left)> lessen;
  // "" : fine; else ASA's error, with its line end. Called before anything is changed.
  std::function<std::string(ConfigEdit&, const T&)> check;
  std::function<std::string(ConfigEdit&, const T&, const Line&)> check_no;
  // The member that holds a secret, and what goes with it when only the secret is replaced; null: the line carries none.
  std::string T::*secret = nullptr;
  std::function<void(T& to, const T& from)> secret_form;
  // Called after the line stands (its reply is for the operator), and after it went.
  std::function<std::string(ConfigEdit&, const T&, Line&)> after;
  std::function<void(ConfigEdit&, const T&)> after_no;
};

namespace declare_internal {

// A rule's functions behind one interface, so that what a declaration does (declare.cc) is compiled once for all types.
class LineHooks {
 public:
  virtual ~LineHooks() = default;
  virtual const LineRuleBase& rule() const = 0;
  virtual void Set(Line& line, const void* value) const = 0;
  virtual std::string Text(const ConfigEdit& edit, const void* value, const command_internal::CommandBase& command) const = 0;
  virtual void Normal(const ConfigEdit& edit, void* value) const = 0;
  // As LineRule::lessen; `left` is what the line says now.
  virtual bool Lessen(const void* said, void* left) const = 0;
  // Functions that the rule does not have are fine and silent.
  virtual std::string Check(ConfigEdit& edit, const void* value) const = 0;
  virtual std::string CheckNo(ConfigEdit& edit, const void* value, const Line& line) const = 0;
  virtual std::string After(ConfigEdit& edit, const void* value, Line& line) const = 0;
  virtual std::string AfterNo(ConfigEdit& edit, const void* value) const = 0;
  // Order among lines of one rank.
  virtual std::string SortKey(const void*) const { return {}; }
  // What the line's command was parsed into, or null: it is another command's.
  virtual const void* ValueOf(const Line& line) const = 0;
  virtual KeyState SecretOf(const void* value) const = 0;
  // Takes over the secrets of `from`; null: masks them.
  virtual void TakeSecrets(void* to, const void* from) const = 0;
};

template <typename T>
class HooksOf final : public LineHooks {
 public:
  explicit HooksOf(const LineRule<T>& rule) : rule_(rule) {}
  const LineRuleBase& rule() const override { return rule_; }
  void Set(Line& line, const void* value) const override { line.Set(Of(value)); }
  std::string Text(const ConfigEdit& edit, const void* value, const command_internal::CommandBase& command) const override {
    return rule_.text ? rule_.text(edit, Of(value)) : command.PrintValue(value, SIZE_MAX);
  }
  void Normal(const ConfigEdit& edit, void* value) const override {
    if (rule_.normal) rule_.normal(edit, *static_cast<T*>(value));
  }
  bool Lessen(const void* said, void* left) const override {
    return rule_.lessen && rule_.lessen(Of(said), *static_cast<T*>(left));
  }
  std::string Check(ConfigEdit& edit, const void* value) const override {
    return rule_.check ? rule_.check(edit, Of(value)) : std::string();
  }
  std::string CheckNo(ConfigEdit& edit, const void* value, const Line& line) const override {
    return rule_.check_no ? rule_.check_no(edit, Of(value), line) : std::string();
  }
  std::string After(ConfigEdit& edit, const void* value, Line& line) const override {
    return rule_.after ? rule_.after(edit, Of(value), line) : std::string();
  }
  std::string AfterNo(ConfigEdit& edit, const void* value) const override {
    if (rule_.after_no) rule_.after_no(edit, Of(value));
    return {};
  }
  const void* ValueOf(const Line& line) const override { return line.As<T>(); }
  KeyState SecretOf(const void* value) const override {
    if (rule_.secret == nullptr || (Of(value).*rule_.secret).empty()) return KeyState::kNone;
    return IsMask(Of(value).*rule_.secret) ? KeyState::kMasked : KeyState::kKnown;
  }
  void TakeSecrets(void* to, const void* from) const override {
    if (rule_.secret == nullptr) return;
    T& target = *static_cast<T*>(to);
    target.*rule_.secret = from != nullptr ? Of(from).*rule_.secret : std::string("*");
    if (rule_.secret_form) rule_.secret_form(target, from != nullptr ? Of(from) : T{});
  }

 private:
  static const T& Of(const void* value) { return *static_cast<const T*>(value); }
  LineRule<T> rule_;
};

void DeclareLine(ConfigGrammar& grammar, const command_internal::CommandBase& command, std::unique_ptr<const LineHooks> hooks);

}  // namespace declare_internal

template <typename T>
void Declare(ConfigGrammar& grammar, const Command<T>& command, const LineRule<T>& rule) {
  declare_internal::DeclareLine(grammar, command, std::make_unique<const declare_internal::HooksOf<T>>(rule));
}

// "" when there is an interface of this name, else ASA's error. Files may name an interface before it exists (a sub-interface
// that comes later): only a session is checked.
std::string KnownInterface(const ConfigEdit& edit, std::string_view nameif);
// An element of an access list, from `permit` or `deny` on (grammar_access.cc).
struct AceBody;
Match ReadAce(Cursor& in, AceBody& out);
void PrintAce(const AceBody& b, LineWriter& line);
// "" when every name in it is known, else ASA's error. Puts groups that were read the wrong way round right.
std::string CheckAce(const LineTree& tree, AceBody& b);
// Is there an access list of that name, of any kind (`not_ipv6`: but an `ipv6 access-list`)?
bool HasAccessList(const LineTree& tree, std::string_view name, bool not_ipv6 = false);  // grammar_access.cc

// Lines that are plain data are rows of tables: conf/shape.h.
void DeclareSystem(ConfigGrammar& grammar);     // grammar_system.cc: names, passwords, users, management
void DeclareLogging(ConfigGrammar& grammar);    // grammar_logging.cc
void DeclareInterfaces(ConfigGrammar& grammar);  // grammar_interface.cc
void DeclareObjects(ConfigGrammar& grammar);     // grammar_object.cc
void DeclareAccess(ConfigGrammar& grammar);      // grammar_access.cc: access lists and groups
void DeclareRoutes(ConfigGrammar& grammar);      // grammar_routes.cc: static routes, timeouts, sysopt, service resets, icmp to the box
void DeclareIpv6(ConfigGrammar& grammar);        // grammar_ipv6.cc: ipv6 access-list
void DeclareNat(ConfigGrammar& grammar);         // grammar_nat.cc
void DeclareModular(ConfigGrammar& grammar);     // grammar_mpf.cc: class-map, policy-map, service-policy
void DeclareSystemShapes(ConfigGrammar& grammar);    // shapes_system.cc: the box, failover, contexts
void DeclareAaa(ConfigGrammar& grammar);             // shapes_aaa.cc
void DeclareServices(ConfigGrammar& grammar);        // shapes_services.cc: DHCP, NTP, SNMP, SSH, call home
void DeclareCrypto(ConfigGrammar& grammar);      // shapes_crypto.cc: IKE, IPsec, crypto maps, certificates
void DeclareVpn(ConfigGrammar& grammar);         // shapes_vpn.cc: pools, tunnel groups, group policies, users' attributes
void DeclareWebvpn(ConfigGrammar& grammar);      // shapes_webvpn.cc: webvpn, ssl, dynamic access policies
void DeclareInterfaceShapes(ConfigGrammar& grammar);  // shapes_interface.cc
void DeclareRouting(ConfigGrammar& grammar);     // shapes_routing.cc
void DeclareModularShapes(ConfigGrammar& grammar);  // shapes_mpf.cc
void DeclareInspection(ConfigGrammar& grammar);  // shapes_inspect.cc
void DeclareClear(ConfigGrammar& grammar);           // clear.cc: clear configure, for all that was declared before

}  // namespace sallyport
