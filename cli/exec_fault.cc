// `fault`: trouble on purpose (firewall/fault.h). Not an ASA's: its help says so.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/match_words.h"
#include "cli/session.h"
#include "cli/show_text.h"
#include "cli/trace_view.h"

namespace sallyport {
namespace {

constexpr const char* kFault = "Disturb packets on purpose (Sallyport's own; an ASA has no such command)";

struct FaultWords {
  std::string name;
  FaultSpec::Action action = FaultSpec::Action::kLose;
  std::string interface;
  std::optional<MatchWords> match;
  std::optional<int> percent, every, first, delay, jitter, behind, seed;
  bool repair = false;
};
struct FaultName {
  std::string name;
};

Reply SetFault(ExecContext& c, const FaultWords& w, Form form) {
  if (form == Form::kNo) {
    const bool gone = c.appliance.AskEngine([&](Engine& e) { return e.faults().Remove(w.name); });
    return gone ? Reply{} : Reply::Refuse("ERROR: Fault <" + w.name + "> does not exist\n");
  }
  FaultSpec spec;
  spec.name = w.name;
  spec.action = w.action;
  spec.repair = w.repair;
  if (!w.interface.empty()) {
    const Interface* i = c.appliance.policy()->FindByName(w.interface);
    if (i == nullptr) return Reply::Refuse("ERROR: % Invalid interface name " + w.interface + "\n");
    spec.interface = i->id;
  }
  if (w.match) {
    const auto matches = MatchesOf(*w.match);
    if (!matches) return Reply::Refuse(matches.error() + "\n");
    if (matches->size() != 1) return Reply::Refuse("ERROR: a fault takes one range of ports\n");
    spec.match = matches->front();
  }
  if (w.percent) spec.percent = static_cast<std::uint32_t>(*w.percent);
  if (w.every) spec.every = static_cast<std::uint32_t>(*w.every);
  if (w.first) spec.first = static_cast<std::uint32_t>(*w.first);
  if (w.delay) spec.delay = Duration::Milliseconds(*w.delay);
  if (w.jitter) spec.jitter = Duration::Milliseconds(*w.jitter);
  if (w.behind) spec.behind = static_cast<std::uint32_t>(*w.behind);
  if (w.seed) spec.seed = static_cast<std::uint64_t>(*w.seed);
  c.appliance.AskEngine([&](Engine& e) { e.faults().Set(spec); });
  return {};
}

Reply ShowFaults(ExecContext& c, const Bare&, Form) {
  const Policy& policy = *c.appliance.policy();
  std::string out;
  for (const FaultView& v : c.appliance.AskEngine([](Engine& e) { return e.faults().List(); })) {
    const FaultSpec& s = v.spec;
    Append(out, "fault {} {}", s.name, Word(s.action));
    if (s.action == FaultSpec::Action::kDelay) {
      Append(out, " {}", s.delay.ns / 1'000'000);
      if (s.jitter.ns != 0) Append(out, " jitter {}", s.jitter.ns / 1'000'000);
    }
    if (s.action == FaultSpec::Action::kReorder) Append(out, " {}", s.behind);
    if (s.repair) out += " repair-checksum";
    if (s.every != 0) {
      Append(out, " every {}", s.every);
    } else if (s.percent != 100) {
      Append(out, " percent {}", s.percent);
    }
    if (s.first != 0) Append(out, " first {}", s.first);
    if (s.interface != IfId::kAny) Append(out, " interface {}", InterfaceNameOf(policy, s.interface));
    if (s.match) Append(out, " match {}", s.match->text);
    if (s.seed != 1) Append(out, " seed {}", s.seed);
    Append(out, "\n  {} packets matched, {} disturbed, {} waiting\n", v.matched, v.acted, v.waiting);
  }
  return Reply::Say(out);
}

}  // namespace

void AddFaultCommands(ExecSet& set) {
  using S = Tokens<FaultWords>;
  using Action = FaultSpec::Action;
  const auto is = [](Action a, const char* help) { return S::Is(&FaultWords::action, a, Word(a), help); };
  set.Add(
      Command<FaultWords>(
          {S::Kw("fault", kFault), S::Word(&FaultWords::name, "Name of the fault"),
           S::Choice({{is(Action::kLose, "Packets are lost")},
                      {is(Action::kDelay, "Packets come late"), S::Int(&FaultWords::delay, 1, 60000, "Milliseconds"),
                       S::Opt({S::Kw("jitter", "Up to so much later"), S::Int(&FaultWords::jitter, 1, 60000, "Milliseconds")})},
                      {is(Action::kDuplicate, "Packets come twice")},
                      {is(Action::kReorder, "Packets are overtaken by others"),
                       S::Opt({S::Int(&FaultWords::behind, 1, 100, "How many overtake them, default is 1")})},
                      {is(Action::kCorrupt, "A bit of the payload is turned over"),
                       S::Flag(&FaultWords::repair, "repair-checksum", "The checksum is right all the same")},
                      {is(Action::kSilence, "Nothing comes through")}}),
           S::AnyOrder({{S::Kw("percent", "Of so many packets in a hundred"), S::Int(&FaultWords::percent, 1, 100, "Per cent")},
                        {S::Kw("every", "Of every so many-th packet"), S::Int(&FaultWords::every, 1, 1000000, "Packets")},
                        {S::Kw("first", "Only of the first so many"), S::Int(&FaultWords::first, 1, 1000000, "Packets")},
                        {S::Kw("interface", "Only on one interface"), S::Word(&FaultWords::interface, "Name of interface")},
                        {S::Kw("match", "Only packets like these, in either direction"), S::Arg(&FaultWords::match, "Protocol and addresses")},
                        {S::Kw("seed", "Of the random numbers: the same seed, the same trouble"),
                         S::Int(&FaultWords::seed, 0, 2147483647, "Number")}})})
          .No(2),
      SetFault);
  set.Add(BareCommand("show fault", {"Show running system information", kFault}), ShowFaults);
  set.Add(BareCommand("clear fault", {"Reset functions", kFault}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.AskEngine([](Engine& e) { e.faults().Remove(""); });
    return Reply{};
  });
}

}  // namespace sallyport
