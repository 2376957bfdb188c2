// How the configuration's commands are declared: a Command<T>, where its line goes, what makes it the same line, and the
// checks that an ASA makes. Used by the grammar_*.cc files only; each has one Declare function, called by ConfigGrammar.
#pragma once

#include <functional>
#include <variant>
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
  bool loading = false;               // a whole configuration is being read: no INFO lines

  Line* parent() const { return here.get(); }
  void Enter(std::string submode, Line* parent, Section s, const Line& line);
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

template <typename T>
struct LineRule {
  std::string mode = "config";
  Section section{};
  int rank = 0;
  std::size_t key = SIZE_MAX;  // tokens that say which line it is; SIZE_MAX: the whole line
  std::string submode;         // the mode that it opens
  std::string trailing;        // printed after the line
  std::string no_trailing;     // printed after its kept `no` form
  bool keep_no = false;        // `no` leaves a line "no ..." behind
  Effect effect = Effect::kModelled;
  bool no_needs_line = false;
  // "" : fine; else ASA's error, with its line end. Called before anything is changed.
  std::function<std::string(ConfigEdit&, const T&)> check;
  std::function<std::string(ConfigEdit&, const T&, const Line&)> check_no;
  // Called after the line stands (its reply is for the operator), and after it went.
  std::function<std::string(ConfigEdit&, const T&, Line&)> after;
  std::function<void(ConfigEdit&, const T&)> after_no;
};

template <typename T>
void Declare(ConfigGrammar& grammar, Command<T> command, LineRule<T> rule) {
  auto shared = std::make_shared<const std::pair<Command<T>, LineRule<T>>>(command, std::move(rule));
  grammar.Mode(shared->second.mode).Add(command, [shared](ConfigEdit& edit, const T& value, Form form) -> Reply {
    const auto& [cmd, r] = *shared;
    edit.effect = r.effect;
    Line* parent = edit.parent();
    const std::string key = cmd.Print(value, r.key);
    if (form == Form::kNo) {
      // What was said after `no` picks the lines: exactly that line, or all that begin so.
      const std::string said = cmd.Print(value);
      std::vector<Line*> gone;
      for (const auto& l : parent != nullptr ? parent->lines : edit.tree.Of(r.section)) {
        if (l->section != r.section || (parent != nullptr && l->rank != r.rank)) continue;
        if (l->text.rfind("no ", 0) == 0) continue;
        const std::string_view text(l->text);
        const bool begins = text.starts_with(said) && (text.size() == said.size() || text[said.size()] == ' ');
        if (begins || (r.key != SIZE_MAX && l->key == key && !l->lines.empty())) gone.push_back(l.get());
      }
      if (r.check_no) {
        for (Line* l : gone) {
          if (std::string e = r.check_no(edit, value, *l); !e.empty()) return Reply::Refuse(std::move(e));
        }
      }
      std::vector<std::string> keys;
      for (Line* l : gone) keys.push_back(l->key);
      for (const std::string& k : keys) edit.tree.Remove(parent, r.section, k);
      if (r.keep_no) {
        Line& l = edit.tree.Upsert(parent, r.section, key);
        l.text = "no " + key + r.no_trailing;
        l.rank = r.rank;
        l.kind = key;
        l.effect = r.effect;
        l.Set(std::monostate{});
      }
      edit.changed = edit.changed || !gone.empty() || r.keep_no;
      if (r.after_no) r.after_no(edit, value);
      return {};
    }
    if (r.check) {
      if (std::string e = r.check(edit, value); !e.empty()) return Reply::Refuse(std::move(e));
    }
    Line& l = edit.tree.Upsert(parent, r.section, key);
    l.rank = r.rank;
    l.kind = key;
    l.effect = r.effect;
    l.submode = r.submode;
    std::string text = cmd.Print(value) + r.trailing;
    if (text != l.text) edit.changed = true;
    l.text = std::move(text);
    l.Set(value);
    std::string say;
    if (r.after) say = r.after(edit, value, l);
    if (!r.submode.empty()) edit.Enter(r.submode, parent, r.section, l);
    return Reply::Say(std::move(say));
  });
}

// Lines that are kept without effect: the words they begin with; the rest of the line is free.
struct AcceptedLine {
  const char* mode;
  const char* words;      // "snmp-server location"
  Section section;
  bool unique;            // one line for these words: a second replaces it; else one for each text
  const char* submode;    // "" : none
  bool keep_no;
  int rank;
  bool trailing_blank;    // an ASA prints a blank at its end
};
void DeclareAccepted(ConfigGrammar& grammar, const AcceptedLine& accepted);

void DeclareSystem(ConfigGrammar& grammar);     // grammar_system.cc: names, passwords, users, logging, management
void DeclareInterfaces(ConfigGrammar& grammar);  // grammar_interface.cc
void DeclareObjects(ConfigGrammar& grammar);     // grammar_object.cc
void DeclareAccess(ConfigGrammar& grammar);      // grammar_access.cc: access lists and groups, routes, timeouts, sysopt, icmp
void DeclareNat(ConfigGrammar& grammar);         // grammar_nat.cc
void DeclareModular(ConfigGrammar& grammar);     // grammar_mpf.cc: class-map, policy-map, service-policy
void DeclareAcceptedLines(ConfigGrammar& grammar);  // grammar_accepted.cc

}  // namespace sallyport
