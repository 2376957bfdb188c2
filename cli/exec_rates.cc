// `perfmon`, `show perfmon`, `show counters`.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_perfmon.h"

namespace sallyport {
namespace {

struct PerfmonWords {
  enum class What : std::uint8_t { kNone, kVerbose, kQuiet, kSettings, kInterval } what = What::kNone;
  std::optional<int> seconds;
  bool detail = false;
};
struct CounterWords {
  bool all = false, summary = false, description = false, detail = false;
  std::string protocol;
  std::optional<std::int64_t> threshold;
  std::optional<int> top;
};

Reply SetPerfmon(ExecContext& c, const PerfmonWords& w, Form) {
  PerfmonConsole& perfmon = c.appliance.perfmon();
  switch (w.what) {
    case PerfmonWords::What::kVerbose: perfmon.SetVerbose(true, c.appliance.Now()); break;
    case PerfmonWords::What::kQuiet: perfmon.SetVerbose(false, c.appliance.Now()); break;
    case PerfmonWords::What::kInterval:
      c.appliance.AskEngine([&](Engine& e) { e.protection().SetPerfmonInterval(static_cast<std::uint32_t>(w.seconds.value_or(120))); });
      break;
    case PerfmonWords::What::kSettings: {
      const std::uint32_t interval = c.appliance.AskEngine([](Engine& e) { return e.protection().perfmon_interval(); });
      return Reply::Say("interval: " + std::to_string(interval) + " (seconds)\n" + (perfmon.verbose() ? "verbose\n" : "quiet\n"));
    }
    case PerfmonWords::What::kNone: break;
  }
  return {};
}

Reply Perfmon(ExecContext& c, const PerfmonWords& w, Form) {
  return Reply::Say(ShowPerfmon(c.appliance.AskEngine([now = c.appliance.Now()](Engine& e) { return e.protection().Activities(now); }), w.detail));
}

Reply Counters(ExecContext& c, const CounterWords& w, Form) {
  const std::vector<CounterView> counters = c.appliance.perfmon().Counters(c.appliance);
  if (w.description) return Reply::Say(ShowCounterDescriptions(counters));
  CounterFilter filter;
  filter.protocol = w.protocol;
  for (char& ch : filter.protocol) ch = static_cast<char>(ch >= 'a' && ch <= 'z' ? ch - 32 : ch);
  filter.threshold = static_cast<std::uint64_t>(w.threshold.value_or(w.detail ? 0 : 1));
  filter.top = static_cast<std::size_t>(w.top.value_or(0));
  return Reply::Say(ShowCounters(counters, filter));
}

}  // namespace

void AddRateCommands(ExecSet& set) {
  using S = Tokens<PerfmonWords>;
  using What = PerfmonWords::What;
  set.Add(Command<PerfmonWords>({S::Kw("show", kShow), S::Kw("perfmon", "Events per second"), S::Flag(&PerfmonWords::detail, "detail", "Connections by minutes, too")}),
          Perfmon);
  set.Add(Command<PerfmonWords>(
              {S::Kw("perfmon", "Events per second"),
               S::Choice({{S::Is(&PerfmonWords::what, What::kVerbose, "verbose", "Print them at each interval")},
                          {S::Is(&PerfmonWords::what, What::kQuiet, "quiet", "Do not")},
                          {S::Is(&PerfmonWords::what, What::kSettings, "settings", "How it is set")},
                          {S::Is(&PerfmonWords::what, What::kInterval, "interval", "Over how long"), S::Int(&PerfmonWords::seconds, 1, 3600, "Seconds")}})}),
          SetPerfmon);
  using C = Tokens<CounterWords>;
  set.Add(Command<CounterWords>(
              {C::Kw("show", kShow), C::Kw("counters", "Counters of protocols"),
               C::Opt({C::Choice({{C::Is(&CounterWords::all, true, "all", "Of all contexts")}, {C::Is(&CounterWords::summary, true, "summary", "Of all contexts together")},
                                  {C::Is(&CounterWords::description, true, "description", "What they count")},
                                  {C::Kw("top", "The highest"), C::Int(&CounterWords::top, 1, 65535, "How many")}})}),
               C::AnyOrder({{C::Is(&CounterWords::detail, true, "detail", "Those that are zero, too")},
                            {C::Kw("protocol", "One protocol"), C::Word(&CounterWords::protocol, "Its name")},
                            {C::Kw("threshold", "Those that are not below"), C::Int(&CounterWords::threshold, 1, 4294967295, "A value")}})}),
          Counters);
  set.Add(BareCommand("clear counters", {"Reset functions", "Counters of protocols"}), [](ExecContext& c, const Bare&, Form) {
    c.appliance.perfmon().ClearCounters(c.appliance);
    return Reply{};
  });
}

}  // namespace sallyport
