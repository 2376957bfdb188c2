// Threat detection and shuns on the console.
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_threats.h"
#include "conf/codecs.h"
#include "firewall/protection.h"

namespace sallyport {
namespace {

struct ShunPort {
  std::uint16_t number = 0;
  bool operator==(const ShunPort&) const = default;
};

struct ShunWords {
  IpAddress src, dst;
  ShunPort sport, dport;
  std::string protocol;
  std::optional<int> vlan;
};
struct ShowShunWords {
  IpAddress src;
  bool statistics = false;
};

struct ThreatWords {
  enum class What : std::uint8_t { kNone, kRate, kScanning, kShun, kStatistics } what = What::kNone;
  std::string event;
  std::optional<std::int64_t> least;
  enum class Role : std::uint8_t { kBoth, kAttacker, kTarget } role = Role::kBoth;
  enum class Kind : std::uint8_t { kAll, kHost, kPort, kProtocol, kTop } kind = Kind::kAll;
  std::optional<int> first, last;
  IpAddress address, mask;
  std::string protocol;
  enum class Top : std::uint8_t { kAll, kAccessList, kHost, kPortProtocol } top = Top::kAll;
  int rate = 0;
};

}  // namespace

template <>
struct Codec<ShunPort> {
  static Match Read(Cursor& in, ShunPort& out, std::string_view help) { return ReadPort(in, out.number, PortFamily::kBoth, help); }
  static void Print(const ShunPort& v, LineWriter& line) { line.Put(std::to_string(v.number)); }
};

namespace {

std::optional<std::uint8_t> ProtocolOf(const std::string& word) {
  if (const auto named = ProtocolByName(word)) return named;
  if (word.empty() || word.size() > 3 || word.find_first_not_of("0123456789") != std::string::npos || std::stoi(word) > 255) return {};
  return static_cast<std::uint8_t>(std::stoi(word));
}

// A host, or the hosts of a network.
std::optional<AddressRange> RangeOf(IpAddress address, IpAddress mask) {
  if (address.IsNone()) return {};
  int length = 32;
  if (!mask.IsNone()) {
    for (length = 0; length < 32 && (mask.v4() >> (31 - length) & 1) != 0;) length++;
  }
  return AddressRange::Of(Prefix::Of(address, address.IsV4() ? length : 128));
}

// --- shun

Reply SetShun(ExecContext& c, const ShunWords& w, Form form) {
  const std::string host = w.src.ToString();
  if (form == Form::kNo) {
    const bool was = c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.protection().Remove(w.src, now); });
    return was ? Reply{} : Reply::Refuse("No such shun " + host + "\n");
  }
  Shun shun;
  shun.src = w.src;
  shun.dst = w.dst;
  shun.sport = w.sport.number;
  shun.dport = w.dport.number;
  if (!w.protocol.empty()) {
    const auto protocol = ProtocolOf(w.protocol);
    if (!protocol) return Reply::Refuse("ERROR: % Invalid protocol " + w.protocol + "\n");
    shun.protocol = *protocol;
  }
  const bool added = c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) { return e.protection().Add(shun, now); });
  if (!added) return Reply::Refuse("Shun " + host + " failed\n");
  return Reply::Say("Shun " + host + " added in context: single_vf\nShun " + host + " successful\n");
}

Reply ShowShun(ExecContext& c, const ShowShunWords& w, Form) {
  auto [shuns, interfaces] = c.appliance.AskEngine([](Engine& e) { return std::pair(e.protection().Shuns(), e.protection().ShunInterfaces()); });
  if (w.statistics) return Reply::Say(ShowShunStatistics(interfaces, shuns, c.appliance.Now()));
  if (!w.src.IsNone()) std::erase_if(shuns, [&](const ShunView& s) { return s.shun.src != w.src; });
  return Reply::Say(ShowShuns(shuns));
}

Reply ClearShun(ExecContext& c, const ShowShunWords& w, Form) {
  c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) {
    if (w.statistics) {
      e.protection().ClearShunCounters();
    } else {
      e.protection().ClearShuns(now);
    }
  });
  return {};
}

// --- threat detection

std::optional<ThreatEvent> EventOf(const std::string& keyword) {
  for (std::size_t i = 0; i < kThreatEvents; i++) {
    if (kThreatEventInfo[i].keyword == keyword) return static_cast<ThreatEvent>(i);
  }
  return {};
}

std::string Scanning(ExecContext& c, ThreatWords::Role role) {
  const auto [targets, attackers] = c.appliance.AskEngine(
      [now = c.appliance.Now()](Engine& e) { return std::pair(e.protection().Targets(now), e.protection().Attackers(now)); });
  const bool alone = role != ThreatWords::Role::kBoth;
  std::string out;
  if (role != ThreatWords::Role::kAttacker) out += ShowScanners(targets, "Target", alone);
  if (role != ThreatWords::Role::kTarget) out += ShowScanners(attackers, "Attacker", alone);
  return out;
}

std::string Statistics(ExecContext& c, const ThreatWords& w) {
  using Kind = ThreatWords::Kind;
  const ThreatStatisticsView view = c.appliance.AskEngine([now = c.appliance.Now()](Engine& e) { return e.protection().Statistics(now); });
  if (w.kind == Kind::kTop) {
    using Top = ThreatWords::Top;
    TopFilter filter;
    filter.access_lists = w.top == Top::kAll || w.top == Top::kAccessList;
    filter.hosts = w.top == Top::kAll || w.top == Top::kHost;
    filter.ports = w.top == Top::kAll || w.top == Top::kPortProtocol;
    filter.rate = w.rate;
    return ShowThreatTop(view, filter);
  }
  TalkerFilter filter;
  filter.least = static_cast<std::uint64_t>(w.least.value_or(0));
  if (w.kind == Kind::kHost) filter.kind = TalkerView::Kind::kHost;
  if (w.kind == Kind::kPort) filter.kind = TalkerView::Kind::kPort;
  if (w.kind == Kind::kProtocol) filter.kind = TalkerView::Kind::kProtocol;
  filter.hosts = RangeOf(w.address, w.mask);
  if (w.first) filter.first = static_cast<std::uint16_t>(*w.first);
  if (w.last) filter.last = static_cast<std::uint16_t>(*w.last);
  if (const auto protocol = ProtocolOf(w.protocol)) filter.first = *protocol;
  return ShowThreatStatistics(view, filter);
}

Reply ShowThreats(ExecContext& c, const ThreatWords& w, Form) {
  switch (w.what) {
    case ThreatWords::What::kRate: {
      const auto rates = c.appliance.AskEngine([now = c.appliance.Now()](Engine& e) { return e.protection().ThreatRates(now); });
      return Reply::Say(ShowThreatRates(rates, {EventOf(w.event), static_cast<std::uint64_t>(w.least.value_or(0))}));
    }
    case ThreatWords::What::kScanning: return Reply::Say(Scanning(c, w.role));
    case ThreatWords::What::kShun:
      return Reply::Say(ShowThreatShuns(c.appliance.AskEngine([](Engine& e) { return e.protection().Shuns(); }), c.appliance.personality()));
    case ThreatWords::What::kStatistics: return Reply::Say(Statistics(c, w));
    case ThreatWords::What::kNone: break;
  }
  return {};
}

Reply ClearThreats(ExecContext& c, const ThreatWords& w, Form) {
  c.appliance.AskEngine([&, now = c.appliance.Now()](Engine& e) {
    Protection p = e.protection();
    switch (w.what) {
      case ThreatWords::What::kRate: p.ClearThreatRates(); break;
      case ThreatWords::What::kScanning:
        p.ClearScanning(w.role != ThreatWords::Role::kTarget, w.role != ThreatWords::Role::kAttacker);
        break;
      case ThreatWords::What::kShun:
        p.ClearThreatShuns(RangeOf(w.address, w.mask).value_or(AddressRange::Of(Prefix::AnyV4())), now);
        break;
      case ThreatWords::What::kStatistics: p.ClearStatistics(); break;
      case ThreatWords::What::kNone: break;
    }
  });
  return {};
}

using T = Tokens<ThreatWords>;
using ThreatWhat = ThreatWords::What;

T::Ptr Least() {
  return T::Opt({T::Kw("min-display-rate", "Rows of at least so many events per second"), T::Int(&ThreatWords::least, 0, 2147483647, "Events per second")});
}
T::Ptr Events() {
  std::vector<T::List> events;
  for (const ThreatEventInfo& e : kThreatEventInfo) events.push_back({T::Is(&ThreatWords::event, std::string(e.keyword), e.keyword, "One event")});
  return T::Opt({T::Choice(events)});
}
T::Ptr Roles() {
  return T::Opt({T::Choice({{T::Is(&ThreatWords::role, ThreatWords::Role::kAttacker, "attacker", "Those who scan")},
                            {T::Is(&ThreatWords::role, ThreatWords::Role::kTarget, "target", "Those who are scanned")}})});
}
T::Ptr Host() {
  return T::Opt({T::Arg(&ThreatWords::address, "A host"), T::Opt({T::Arg(&ThreatWords::mask, "Mask of a network")})});
}

void AddShows(ExecSet& set) {
  const auto show = T::Kw("show", kShow), threat = T::Kw("threat-detection", "Threat detection");
  set.Add(Command<ThreatWords>({show, threat, T::Is(&ThreatWords::what, ThreatWhat::kRate, "rate", "Rates of drops"), Least(), Events()}), ShowThreats);
  set.Add(Command<ThreatWords>({show, threat, T::Is(&ThreatWords::what, ThreatWhat::kScanning, "scanning-threat", "Attackers and targets"), Roles()}),
          ShowThreats);
  set.Add(Command<ThreatWords>({show, threat, T::Is(&ThreatWords::what, ThreatWhat::kShun, "shun", "Hosts that were shunned")}), ShowThreats);
  const auto statistics = T::Is(&ThreatWords::what, ThreatWhat::kStatistics, "statistics", "Who sends and receives how much");
  using Kind = ThreatWords::Kind;
  using Top = ThreatWords::Top;
  set.Add(Command<ThreatWords>({show, threat, statistics, Least()}), ShowThreats);
  set.Add(Command<ThreatWords>({show, threat, statistics, Least(), T::Is(&ThreatWords::kind, Kind::kHost, "host", "Hosts"), Host()}), ShowThreats);
  set.Add(Command<ThreatWords>({show, threat, statistics, Least(), T::Is(&ThreatWords::kind, Kind::kPort, "port", "TCP and UDP ports"),
                                T::Opt({T::Int(&ThreatWords::first, 0, 65535, "The first port"), T::Opt({T::Int(&ThreatWords::last, 0, 65535, "The last one")})})}),
          ShowThreats);
  set.Add(Command<ThreatWords>({show, threat, statistics, Least(), T::Is(&ThreatWords::kind, Kind::kProtocol, "protocol", "Protocols without ports"),
                                T::Opt({T::Word(&ThreatWords::protocol, "Name or number")})}),
          ShowThreats);
  set.Add(Command<ThreatWords>(
              {show, threat, statistics, Least(), T::Is(&ThreatWords::kind, Kind::kTop, "top", "The ten first of each"),
               T::Opt({T::Choice({{T::Is(&ThreatWords::top, Top::kAccessList, "access-list", "Lines that were hit most")},
                                  {T::Is(&ThreatWords::top, Top::kHost, "host", "Hosts")},
                                  {T::Is(&ThreatWords::top, Top::kPortProtocol, "port-protocol", "Ports and protocols")}}),
                       T::Opt({T::Choice({{T::Is(&ThreatWords::rate, 1, "rate-1", "The shortest interval")},
                                          {T::Is(&ThreatWords::rate, 2, "rate-2", "The middle one")},
                                          {T::Is(&ThreatWords::rate, 3, "rate-3", "The longest")}})})})}),
          ShowThreats);
}

}  // namespace

void AddThreatCommands(ExecSet& set) {
  AddShows(set);
  const auto clear = T::Kw("clear", kClearHelp), threat = T::Kw("threat-detection", "Threat detection");
  set.Add(Command<ThreatWords>({clear, threat, T::Is(&ThreatWords::what, ThreatWhat::kRate, "rate", "Rates of drops")}), ClearThreats);
  set.Add(Command<ThreatWords>({clear, threat, T::Is(&ThreatWords::what, ThreatWhat::kScanning, "scanning-threat", "Attackers and targets"), Roles()}),
          ClearThreats);
  set.Add(Command<ThreatWords>({clear, threat, T::Is(&ThreatWords::what, ThreatWhat::kShun, "shun", "Hosts that were shunned"), Host()}), ClearThreats);
  set.Add(Command<ThreatWords>({clear, threat, T::Is(&ThreatWords::what, ThreatWhat::kStatistics, "statistics", "Who sends and receives how much")}),
          ClearThreats);

  using S = Tokens<ShunWords>;
  set.Add(Command<ShunWords>({S::Kw("shun", "Refuse connections of a host"), S::Arg(&ShunWords::src, "The host"),
                              S::Opt({S::Arg(&ShunWords::dst, "Destination of a connection that ends"), S::Arg(&ShunWords::sport, "Its source port"),
                                      S::Arg(&ShunWords::dport, "Its destination port"), S::Opt({S::Word(&ShunWords::protocol, "Its protocol")})}),
                              S::Opt({S::Kw("vlan", "VLAN of the host"), S::Int(&ShunWords::vlan, 1, 4094, "VLAN")})})
              .No(2),
          SetShun);
  using W = Tokens<ShowShunWords>;
  set.Add(Command<ShowShunWords>({W::Kw("show", kShow), W::Kw("shun", "Hosts that are refused"),
                                  W::Opt({W::Choice({{W::Is(&ShowShunWords::statistics, true, "statistics", "How often")},
                                                     {W::Arg(&ShowShunWords::src, "A host")}})})}),
          ShowShun);
  set.Add(Command<ShowShunWords>({W::Kw("clear", kClearHelp), W::Kw("shun", "Hosts that are refused"),
                                  W::Flag(&ShowShunWords::statistics, "statistics", "Counters only")}),
          ClearShun);
}

}  // namespace sallyport
