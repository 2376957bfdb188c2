// Static routes, timeouts, sysopt, service resets, icmp to the box.
#include <string>
#include <vector>

#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/personality.h"
#include "conf/zone_checks.h"

namespace sallyport {

namespace {

// Timers that have a least value, in seconds. `never`: 0 is taken too.
struct LeastTime {
  std::string_view name;
  std::int64_t seconds;
  bool never;
};
constexpr LeastTime kLeastTimes[] = {
    {"xlate", 60, true},      {"pat-xlate", 30, false}, {"conn", 300, true},  {"half-closed", 30, true},
    {"udp", 60, true},        {"sctp", 60, true},       {"icmp", 2, false},   {"sunrpc", 60, true},
    {"tcp-proxy-reassembly", 10, false},                {"floating-conn", 30, true},
    {"igp", 10, false},
};

// half-closed: five minutes before 9.1(2).
bool OldHalfClosed(const Personality* p) {
  if (p == nullptr) return false;
  const int release = p->release;
  return release < 901 || (release == 901 && p->version.starts_with("9.1(1)"));
}

bool LongEnough(std::string_view name, const Hms& time, const Personality* personality) {
  for (const LeastTime& l : kLeastTimes) {
    if (l.name != name) continue;
    if (time.seconds == 0) return l.never;
    return time.seconds >= (name == "half-closed" && OldHalfClosed(personality) ? 300 : l.seconds);
  }
  return true;
}

}  // namespace

template <>
struct Codec<TimeoutEntry> {
  static Match Read(Cursor& in, TimeoutEntry& out, std::string_view) {
    static const Literal kWords[] = {
        {"xlate"}, {"pat-xlate"}, {"conn"}, {"half-closed"}, {"udp"}, {"sctp"}, {"icmp"}, {"icmp-error"}, {"sunrpc"}, {"rpc"}, {"h323"}, {"h225"}, {"mgcp"},
        {"mgcp-pat"}, {"sip"}, {"sip_media"}, {"sip-invite"}, {"sip-disconnect"}, {"sip-provisional-media"}, {"uauth"},
        {"tcp-proxy-reassembly"}, {"floating-conn"}, {"conn-holddown"}, {"igp"}};
    static const Literal kStale{"stale-route", "Stale routes"}, kAbsolute{"absolute", "Absolute timer"}, kInactivity{"inactivity", "Idle timer"};
    TimeoutEntry e;
    std::size_t i = 0;
    if (const Match m = in.OneOf(kWords, i); m != Match::kOk) return m;
    e.name = kWords[i].text;
    if (e.name == "igp") {
      if (const Match m = in.Keyword(kStale); m != Match::kOk) return m;
    }
    Cursor ahead = in;
    const Match m = Codec<Hms>::Read(ahead, e.time, "Time");
    if (m == Match::kOk && !LongEnough(e.name, e.time, in.options().personality)) {
      in.Blame(0);
      return Match::kNo;
    }
    in = ahead;
    if (m != Match::kOk) return m;
    if (e.name == "uauth") {
      if (in.Keyword(kAbsolute) == Match::kOk) e.word = "absolute";
      else if (in.Keyword(kInactivity) == Match::kOk) e.word = "inactivity";
    }
    out = std::move(e);
    return Match::kOk;
  }
  static void Print(const TimeoutEntry& e, LineWriter& line) {
    line.Put(e.name);
    if (e.name == "igp") line.Put("stale-route");
    Codec<Hms>::Print(e.time, line);
    if (!e.word.empty()) line.Put(e.word);
  }
};

namespace {

// A route must not lead where an interface does, nor by an address of the appliance's own.
std::string CheckConnected(ConfigEdit& edit, const RouteLine& v) {
  for (const auto& i : edit.tree.Of(Section::kInterface)) {
    const auto* own = i->First<IpAddressLine>();
    if (i->First<NameifLine>() == nullptr || own == nullptr || own->dhcp || !own->mask) continue;
    if (own->address.address == v.gateway.address) return "ERROR: Invalid next hop address, it belongs to one of our interfaces\n";
    if (i->First<ShutdownLine>() != nullptr || !(*own->mask == *v.mask)) continue;
    if ((own->address.address.v4() & own->mask->bits) == v.destination.address.v4()) return "ERROR: Cannot add route, connected route exists\n";
  }
  return {};
}

}  // namespace

void DeclareRoutes(ConfigGrammar& g) {
  ConfigSet& config = g.Mode("config");
  {
    using L = RouteLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("route", "Configure a static route for an interface"), S::Word(&L::interface, "Interface name"), S::Arg(&L::destination, "Destination network"),
                  S::Arg(&L::mask, "Netmask"), S::Opt({S::Arg(&L::gateway, "Gateway")}), S::Opt({S::Int(&L::metric, 1, 255, "Distance metric")}),
                  S::Opt({S::Kw("track", "Track object"), S::Int(&L::track, 1, 500)}), S::Flag(&L::tunneled, "tunneled", "Default route of tunnels")});
    c.No(4);
    LineRule<L> r;
    r.section = Section::kRoute;
    r.key = 5;
    r.normal = [](const ConfigEdit&, L& v) {
      if (SameWord(v.interface, "null0")) v.interface = "Null0";
    };
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      if (v.interface == "Null0") return {};
      if (!edit.HasInterface(v.interface)) return "ERROR: % Invalid Hostname\n";
      if (v.gateway.address.IsNone()) return "ERROR: % Incomplete command\n";
      if (!v.destination.address.IsV4() || (v.destination.address.v4() & ~v.mask->bits) != 0) return "ERROR: Inconsistent address and mask\n";
      if (std::string e = edit.loading ? "" : RefuseEqualRoute(edit, v); !e.empty()) return e;
      return edit.from_asa() ? "" : CheckConnected(edit, v);
    };
    r.after = [c](ConfigEdit&, const L& v, Line& l) -> std::string {
      L full = v;
      if (!full.metric && !full.tunneled) full.metric = 1;
      l.text = c.Print(full);
      l.Set(full);
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = TimeoutLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("timeout", "Configure maximum idle times"), S::Many(&L::entries, "Timer")});
    config.Add(c, [c](ConfigEdit& edit, const L& v, Form) -> Reply {
      std::vector<TimeoutEntry> fresh;
      for (const TimeoutEntry& e : v.entries) {
        bool found = false;
        for (const auto& l : edit.tree.Of(Section::kTimeout)) {
          const auto* old = l->As<L>();
          if (old == nullptr) continue;
          for (std::size_t i = 0; i < old->entries.size(); i++) {
            if (old->entries[i].name != e.name) continue;
            L changed = *old;
            changed.entries[i] = e;
            edit.changed = edit.changed || !(old->entries[i] == e);
            l->text = c.Print(changed);
            l->Set(changed);
            found = true;
            break;
          }
          if (found) break;
        }
        if (!found) fresh.push_back(e);
      }
      if (fresh.empty()) return {};
      Line& l = edit.tree.Upsert(nullptr, Section::kTimeout, "timeout " + fresh.front().name);
      L line{fresh};
      l.text = c.Print(line);
      l.kind = "timeout";
      l.Set(line);
      edit.changed = true;
      return {};
    });
    struct NoTimeout { std::string name; std::string rest; };
    using N = Tokens<NoTimeout>;
    Command<NoTimeout> no({N::Kw("timeout"), N::Word(&NoTimeout::name, "Timer"), N::Line(&NoTimeout::rest)});
    no.NoOnly(2);
    config.Add(no, [c](ConfigEdit& edit, const NoTimeout& v, Form) -> Reply {
      for (const auto& l : edit.tree.Of(Section::kTimeout)) {
        const auto* old = l->As<L>();
        if (old == nullptr) continue;
        L changed = *old;
        std::erase_if(changed.entries, [&](const TimeoutEntry& e) { return e.name == v.name; });
        if (changed.entries.size() == old->entries.size()) continue;
        edit.changed = true;
        if (changed.entries.empty()) {
          edit.tree.Remove(nullptr, Section::kTimeout, std::string(l->key));
        } else {
          l->text = c.Print(changed);
          l->Set(changed);
        }
        return {};
      }
      return {};
    });
  }
  {
    using L = TcpMssLine;
    using S = Tokens<L>;
    Command<L> minimum({S::Kw("sysopt", "Set system functional options"), S::Kw("connection"), S::Kw("tcpmss", "TCP maximum segment size"),
                        S::Is(&L::minimum, true, "minimum", "Lower bound"), S::Int(&L::bytes, 0, 65535, "Bytes, 0 for none")});
    minimum.No(4);
    Command<L> maximum({S::Kw("sysopt"), S::Kw("connection"), S::Kw("tcpmss"), S::Int(&L::bytes, 0, 65535, "Bytes, 0 for none")});
    maximum.No(3);
    LineRule<L> r;
    r.section = Section::kSysopt;
    r.key = 4;
    Declare(g, minimum, r);
    r.key = 3;
    Declare(g, maximum, r);
  }
  {
    using S = Tokens<TimewaitLine>;
    Command<TimewaitLine> c({S::Kw("sysopt"), S::Kw("connection"), S::Kw("timewait", "Wait at least 15 seconds after a TCP close")});
    c.No(3);
    LineRule<TimewaitLine> r;
    r.section = Section::kSysopt;
    Declare(g, c, r);
  }
  {
    using L = ServiceResetLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("service", "Configure system services"),
                  S::Choice({{S::Is(&L::which, "resetinbound", "resetinbound"), S::Opt({S::Kw("interface"), S::Word(&L::interface)})},
                             {S::Is(&L::which, "resetoutbound", "resetoutbound"), S::Opt({S::Kw("interface"), S::Word(&L::interface)})},
                             {S::Is(&L::which, "resetoutside", "resetoutside")}})});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kService;
    r.keep_no = false;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      return v.interface.empty() || edit.HasInterface(v.interface) ? "" : "ERROR: interface <" + v.interface + "> does not exist\n";
    };
    r.after = [](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      if (v.interface.empty()) edit.tree.Remove(nullptr, Section::kService, "no service " + v.which);
      if (v.which == "resetoutbound" && v.interface.empty()) edit.tree.Remove(nullptr, Section::kService, std::string(l.key));  // the default
      return {};
    };
    r.after_no = [](ConfigEdit& edit, const L& v) {
      if (v.which != "resetoutbound" || !v.interface.empty()) return;
      Line& l = edit.tree.Upsert(nullptr, Section::kService, "no service resetoutbound");
      l.text = l.key;
      l.kind = "service";
      l.Set(std::monostate{});
      edit.changed = true;
    };
    Declare(g, c, r);
  }
  {
    using L = IcmpLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("icmp", "Configure access rules for ICMP traffic"),
                  S::Choice({{S::Is(&L::permit, true, "permit")}, {S::Is(&L::deny, true, "deny")}}), S::Arg(&L::from, "Source address"),
                  S::Opt({S::Arg(&L::type, "ICMP type")}), S::Word(&L::interface, "Interface name")});
    c.No(c.size());
    LineRule<L> r;
    r.section = Section::kIcmp;
    r.rank = 1;
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      return edit.loading || edit.HasInterface(v.interface) ? "" : "ERROR: interface <" + v.interface + "> does not exist\n";
    };
    Declare(g, c, r);
  }
  {
    using L = IcmpUnreachableLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("icmp"), S::Kw("unreachable", "Unreachable messages"), S::Kw("rate-limit", "Rate limit"), S::Int(&L::rate, 1, 100, "Messages per second"),
                  S::Kw("burst-size"), S::Int(&L::burst, 1, 10, "Messages in a burst")});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kIcmp;
    r.key = 2;
    Declare(g, c, r);
  }
}

}  // namespace sallyport
