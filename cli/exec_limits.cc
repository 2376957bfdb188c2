// Commands about local hosts and TCP intercept.
#include <algorithm>
#include <cstdlib>
#include <map>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_conn.h"
#include "cli/show_intercept.h"
#include "cli/show_local_host.h"
#include "cli/show_nat.h"
#include "conf/codecs.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kLimitsPage = 1000;  // entries asked of the data thread at a time
constexpr std::size_t kConnsAtOnce = 500;

// "5", "5-20" connections; "" : any number.
bool InRange(const std::string& words, std::uint32_t n) {
  if (words.empty()) return true;
  const std::size_t dash = words.find('-');
  const auto low = std::strtoul(words.c_str(), nullptr, 10);
  const auto high = dash == std::string::npos ? UINT32_MAX : std::strtoul(words.c_str() + dash + 1, nullptr, 10);
  return low <= n && n <= high;
}
bool IsCountRange(std::string_view word) {
  const std::size_t dash = word.find('-');
  const auto number = [](std::string_view w) { return !w.empty() && w.size() < 10 && w.find_first_not_of("0123456789") == std::string_view::npos; };
  return dash == std::string_view::npos ? number(word) : number(word.substr(0, dash)) && number(word.substr(dash + 1));
}

struct HostWords {
  std::optional<NamedAddress> address;
  bool detail = false, all = false, brief = false;
  std::string tcp, udp, sctp, embryonic;  // numbers of connections
};

bool Wanted(const HostWords& w, const LocalHostView& h) {
  return (w.all || h.Through()) && InRange(w.tcp, h.tcp) && InRange(w.udp, h.udp) && InRange(w.sctp, h.sctp) &&
         InRange(w.embryonic, h.embryonic);
}

using HostKey = std::pair<std::string, IpAddress>;  // nameif

// What of all connections and translations belongs to which host.
struct Flows {
  std::map<HostKey, std::vector<FlowRef>> conns;
  std::map<HostKey, std::string> xlates;  // as text
};

Flows CollectFlows(ExecContext& c, const HostWords& w) {
  Flows flows;
  const Policy& policy = *c.appliance.policy();
  ConnFilter filter;
  filter.include_box = w.all;
  if (w.address) filter.address = AddressRange{w.address->address, w.address->address};
  std::uint32_t cursor = 0;
  do {
    const FlowRefPage page = c.appliance.AskEngine([&](Engine& e) { return e.Flows(filter, cursor); });
    for (const FlowRef& f : page.flows) {
      for (const auto& [id, address] : {std::pair{f.in_if, f.initiator}, std::pair{f.out_if, f.responder}}) {
        const Interface* i = policy.Find(id);
        if (i == nullptr || (w.address && address != w.address->address)) continue;
        flows.conns[{i->nameif, address}].push_back(f);
      }
    }
    cursor = page.next_cursor;
  } while (cursor != 0);
  do {
    const XlatePage page = c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.Xlates(cursor, kLimitsPage, now); });
    for (const XlateView& v : page.xlates) {
      if (w.address && v.xlate.real.address != w.address->address) continue;
      flows.xlates[{v.real_name, v.xlate.real.address}] += ShowXlateEntry(v, page.now, policy.timeouts, c.appliance.personality());
    }
    cursor = page.next_cursor;
  } while (cursor != 0);
  return flows;
}

Reply ShowLocalHosts(ExecContext& c, const HostWords& w, Form) {
  const Personality& personality = c.appliance.personality();
  std::map<std::string, std::vector<LocalHostView>> by_interface;
  std::optional<IpAddress> one;
  if (w.address) one = w.address->address;
  std::uint32_t cursor = 0;
  do {
    const LocalHostPage page = c.appliance.AskEngine([&](Engine& e) { return e.LocalHosts(one, cursor, kLimitsPage); });
    for (const LocalHostView& h : page.hosts) {
      if (Wanted(w, h)) by_interface[h.interface].push_back(h);
    }
    cursor = page.next_cursor;
  } while (cursor != 0);
  const Flows flows = w.brief ? Flows{} : CollectFlows(c, w);
  std::vector<LocalHostTotals> interfaces = c.appliance.AskEngine([](Engine& e) { return e.LocalHostCounts(); });
  // Connections outlive the name of their interface.
  for (const auto& [name, hosts] : by_interface) {
    const bool named = std::any_of(interfaces.begin(), interfaces.end(), [&which = name](const LocalHostTotals& t) { return t.interface == which; });
    const auto n = static_cast<std::uint32_t>(hosts.size());
    if (!named) interfaces.push_back({name, n, n});
  }
  for (const LocalHostTotals& totals : interfaces) {
    c.session.Write(ShowLocalHostInterface(totals));
    auto& hosts = by_interface[totals.interface];
    std::sort(hosts.begin(), hosts.end(), [](const LocalHostView& a, const LocalHostView& b) { return a.address < b.address; });
    for (const LocalHostView& h : hosts) {
      c.session.Write(ShowLocalHostEntry(h, personality));
      if (w.brief) continue;
      const HostKey key{h.interface, h.address};
      const auto xlates = flows.xlates.find(key);
      std::string conns;
      if (const auto it = flows.conns.find(key); it != flows.conns.end()) {
        for (std::size_t at = 0; at < it->second.size(); at += kConnsAtOnce) {
          const std::span<const FlowRef> some(it->second.data() + at, std::min(kConnsAtOnce, it->second.size() - at));
          const TimePoint now = c.appliance.Now();
          for (const ConnView& v : c.appliance.AskEngine([&](Engine& e) { return e.ConnsOf(some); })) {
            conns += ShowConnEntry(v, now, w.detail ? ConnForm::kDetail : ConnForm::kOneLine, personality);
          }
        }
      }
      c.session.Write(ShowLocalHostFlows(xlates != flows.xlates.end() ? xlates->second : std::string(), conns));
    }
  }
  return {};
}

struct InterceptWords {
  bool all = false, detail = false;
};

Reply ShowIntercepts(ExecContext& c, const InterceptWords& w, Form) {
  const Policy& policy = *c.appliance.policy();
  InterceptView view;
  view.settings = policy.tcp_intercept_stats;
  view.now = c.appliance.Now();
  view.servers = c.appliance.AskEngine([&](Engine& e) { return e.InterceptedServers(w.all ? SIZE_MAX : 10, view.now); });
  for (const InterceptedServer& s : view.servers) {
    const Interface* i = policy.Find(s.interface);
    view.interfaces.push_back(i != nullptr ? i->nameif : "");
  }
  return Reply::Say(ShowInterceptTop(view, w.detail));
}

}  // namespace

void AddLimitCommands(ExecSet& set) {
  {
    using S = Tokens<HostWords>;
    set.Add(Command<HostWords>(
                {S::Kw("show", "Show running system information"), S::Kw("local-host", "Display local host and connection/xlate information"),
                 S::AnyOrder({{S::Arg(&HostWords::address, "Local host's address")},
                              {S::Is(&HostWords::detail, true, "detail", "Display translations and connections in detail")},
                              {S::Is(&HostWords::all, true, "all", "Include hosts that only talk with the device")},
                              {S::Is(&HostWords::brief, true, "brief", "Display counters only")},
                              {S::Kw("connection", "Hosts with a number of connections"),
                               S::AnyOrder({{S::Kw("tcp", "TCP connections"), S::WordIf(&HostWords::tcp, IsCountRange, "Number, or least and most", "N[-M]")},
                                            {S::Kw("udp", "UDP connections"), S::WordIf(&HostWords::udp, IsCountRange, "Number, or least and most", "N[-M]")},
                                            {S::Kw("sctp", "SCTP connections"), S::WordIf(&HostWords::sctp, IsCountRange, "Number, or least and most", "N[-M]")},
                                            {S::Kw("embryonic", "Half-open connections"),
                                             S::WordIf(&HostWords::embryonic, IsCountRange, "Number, or least and most", "N[-M]")}})}})}),
            ShowLocalHosts);
    set.Add(Command<HostWords>({S::Kw("clear", "Reset functions"), S::Kw("local-host", "Hosts, with their connections and translations"),
                                S::AnyOrder({{S::Arg(&HostWords::address, "Local host's address")},
                                             {S::Is(&HostWords::all, true, "all", "Also what they have with the device itself")}})}),
            [](ExecContext& c, const HostWords& w, Form) {
              std::optional<IpAddress> one;
              if (w.address) one = w.address->address;
              c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { e.ClearLocalHosts(one, w.all, now); });
              return Reply{};
            });
  }
  {
    using S = Tokens<InterceptWords>;
    set.Add(Command<InterceptWords>({S::Kw("show", "Show running system information"), S::Kw("threat-detection", "Threat detection"),
                                     S::Kw("statistics", "Statistics"), S::Kw("top", "The ten with the most"), S::Kw("tcp-intercept", "Servers under SYN attack"),
                                     S::Flag(&InterceptWords::all, "all", "All of them"), S::Flag(&InterceptWords::detail, "detail", "With their history")}),
            ShowIntercepts);
  }
  set.Add(BareCommand("clear threat-detection statistics tcp-intercept", {"Reset functions", "Threat detection", "Statistics", "Servers under SYN attack"}),
          [](ExecContext& c, const Bare&, Form) {
            c.appliance.AskEngine([](Engine& e) { e.ClearInterceptStatistics(); });
            return Reply{};
          });
}

}  // namespace sallyport
