#include "cli/show_threats.h"

#include <algorithm>
#include <map>

#include "cli/show_text.h"
#include "conf/codecs.h"
#include "firewall/log_text.h"

namespace sallyport {
namespace {

constexpr const char* kHeading = "                          Average(eps)    Current(eps) Trigger      Total events\n";

// "10-min", "1-hour", "24-hour": in whole hours, else in minutes.
std::string IntervalText(std::uint32_t seconds) {
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + "-hour";
  return std::to_string(seconds / 60) + "-min";
}

void RateLine(std::string& out, const std::string& label, const RateView& r) {
  Append(out, "{:>8} {:>9}:{:>19}{:>16}{:>8}{:>18}\n", IntervalText(r.interval_s), label, r.average, r.current, r.triggers, r.total);
}

void RateLines(std::string& out, const char* label, const std::vector<RateView>& rates, std::uint64_t least) {
  for (const RateView& r : rates) {
    if (std::max(r.average, r.current) >= least) RateLine(out, label, r);
  }
}

// "80/HTTP", "ICMP", "Port-7314", "Protocol-96 *": a name where there is one.
std::string UpperName(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); });
  return name;
}
std::string PortText(std::uint16_t port) {
  const std::string number = std::to_string(port);
  std::string name = PortName(port, PortFamily::kTcp);
  if (name == number) name = PortName(port, PortFamily::kUdp);
  if (name == number) return number + "/Port-" + number;
  return number + "/" + (name == "www" ? "HTTP" : UpperName(name));
}
std::string ProtocolText(std::uint16_t protocol) {
  const std::string name = ProtocolName(static_cast<std::uint8_t>(protocol));
  return name.find_first_not_of("0123456789") == std::string::npos ? "Protocol-" + name : UpperName(name);
}

bool Before(const TalkerView& a, const TalkerView& b) {
  if (a.kind != b.kind) return a.kind < b.kind;
  if (a.kind == TalkerView::Kind::kHost) return a.address < b.address;
  return a.number < b.number;
}

std::string NameOf(const TalkerView& t) {
  switch (t.kind) {
    case TalkerView::Kind::kHost: return t.address.ToString();
    case TalkerView::Kind::kPort: return PortText(t.number);
    case TalkerView::Kind::kProtocol: return ProtocolText(t.number);
  }
  return {};
}

}  // namespace

std::string ShowThreatRates(const std::vector<ThreatRateView>& rates, const ThreatRateFilter& filter) {
  std::string out = kHeading;
  for (const ThreatRateView& v : rates) {
    if (filter.event && *filter.event != v.event) continue;
    // A row of zeros is not worth its line.
    if (v.rate.total == 0 && v.rate.triggers == 0) continue;
    if (std::max(v.rate.average, v.rate.current) < filter.least) continue;
    RateLine(out, kThreatEventInfo[static_cast<std::size_t>(v.event)].label, v.rate);
  }
  return out;
}

std::string ShowScanners(const std::vector<ScannerView>& scanners, const char* heading, bool alone) {
  std::string out = alone ? "" : std::string("Latest ") + heading + " Host & Subnet List:\n";
  for (const ScannerView& s : scanners) Append(out, "{}{}\n", alone ? "" : "    ", s.address.ToString());
  return out;
}

std::string ShowThreatShuns(const std::vector<ShunView>& shuns, const Personality& personality) {
  std::string out = "Shunned Host List:\n";
  for (const ShunView& s : shuns) {
    if (!s.shun.by_threat) continue;
    // From 9.0 on with its interface.
    if (personality.any4_keyword) {
      Append(out, "({}) src-ip={} 255.255.255.255\n", s.interface, s.shun.src.ToString());
    } else {
      Append(out, "{}\n", s.shun.src.ToString());
    }
  }
  return out;
}

std::string ShowThreatStatistics(const ThreatStatisticsView& view, const TalkerFilter& filter) {
  std::string out = kHeading;
  std::vector<const TalkerView*> talkers;
  for (const TalkerView& t : view.talkers) {
    if (filter.kind && *filter.kind != t.kind) continue;
    if (t.kind == TalkerView::Kind::kHost && filter.hosts && !filter.hosts->Contains(t.address)) continue;
    if (t.kind != TalkerView::Kind::kHost && filter.first && (t.number < *filter.first || t.number > filter.last.value_or(*filter.first))) continue;
    talkers.push_back(&t);
  }
  std::sort(talkers.begin(), talkers.end(), [](const TalkerView* a, const TalkerView* b) { return Before(*a, *b); });
  for (const TalkerView* t : talkers) {
    const bool host = t->kind == TalkerView::Kind::kHost;
    Append(out, "{}{}: tot-ses:{} act-ses:{}", host ? "Host:" : "", NameOf(*t), t->sessions, t->active);
    if (host) Append(out, " fw-drop:{} insp-drop:{} null-ses:{} bad-acc:{}", t->fw_drops, t->inspect_drops, t->null_sessions, t->bad_accesses);
    out += "\n";
    RateLines(out, "Sent byte", t->sent_bytes, filter.least);
    RateLines(out, "Sent pkts", t->sent_packets, filter.least);
    RateLines(out, "Sent drop", t->sent_drops, filter.least);
    RateLines(out, "Recv byte", t->received_bytes, filter.least);
    RateLines(out, "Recv pkts", t->received_packets, filter.least);
    RateLines(out, "Recv drop", t->received_drops, filter.least);
  }
  return out;
}

namespace {

struct Top {
  std::string name;
  RateView rate;
};

// A heading with the interval and what is counted, then the ten with most events.
void TopRows(std::string& out, const char* label, std::vector<Top> rows) {
  std::erase_if(rows, [](const Top& t) { return t.rate.total == 0; });
  if (rows.empty()) return;
  std::stable_sort(rows.begin(), rows.end(), [](const Top& a, const Top& b) {
    return a.rate.total != b.rate.total ? a.rate.total > b.rate.total : a.name < b.name;
  });
  Append(out, "  {} {}:\n", IntervalText(rows.front().rate.interval_s), label);
  for (std::size_t i = 0; i < rows.size() && i < 10; i++) {
    Append(out, "{:>29}{:>21}{:>16}{:>8}{:>19}\n", fmt::format("{}[{}]", rows[i].name, i), rows[i].rate.average, rows[i].rate.current,
           rows[i].rate.triggers, rows[i].rate.total);
  }
}

void TopTalkers(std::string& out, const ThreatStatisticsView& view, bool hosts, int rate) {
  struct Column {
    const char* label;
    std::vector<RateView> TalkerView::*rates;
  };
  constexpr Column kColumns[] = {{"Sent byte", &TalkerView::sent_bytes},     {"Sent pkts", &TalkerView::sent_packets},
                                 {"Sent drop", &TalkerView::sent_drops},     {"Recv byte", &TalkerView::received_bytes},
                                 {"Recv pkts", &TalkerView::received_packets}, {"Recv drop", &TalkerView::received_drops}};
  for (const Column& column : kColumns) {
    for (std::size_t i = 0; i < 3; i++) {
      if (rate != 0 && static_cast<std::size_t>(rate) != i + 1) continue;
      std::vector<Top> rows;
      for (const TalkerView& t : view.talkers) {
        if ((t.kind == TalkerView::Kind::kHost) == hosts && i < (t.*column.rates).size()) rows.push_back({NameOf(t), (t.*column.rates)[i]});
      }
      TopRows(out, column.label, std::move(rows));
    }
  }
}

}  // namespace

std::string ShowThreatTop(const ThreatStatisticsView& view, const TopFilter& filter) {
  std::string out = "                          Top         Average(eps)    Current(eps) Trigger       Total events\n";
  for (std::size_t i = 0; filter.access_lists && i < 3; i++) {
    if (filter.rate != 0 && static_cast<std::size_t>(filter.rate) != i + 1) continue;
    std::vector<Top> rows;
    // The elements of one line count together.
    std::map<std::string, RateView> lines;
    for (const AclRateView& a : view.acl_hits) {
      RateView& sum = lines[a.list + "/" + std::to_string(a.line)];
      sum.interval_s = a.hits[i].interval_s;
      sum.average += a.hits[i].average;
      sum.current += a.hits[i].current;
      sum.total += a.hits[i].total;
    }
    for (const auto& [name, rate] : lines) rows.push_back({name, rate});
    TopRows(out, "ACL hits", std::move(rows));
  }
  if (filter.hosts) TopTalkers(out, view, true, filter.rate);
  if (filter.ports) TopTalkers(out, view, false, filter.rate);
  return out;
}

std::string ShowShuns(const std::vector<ShunView>& shuns) {
  std::string out;
  for (const ShunView& s : shuns) {
    Append(out, "shun ({}) {} {} {} {} {}\n", s.interface, s.shun.src.ToString(), s.shun.dst.IsNone() ? "0.0.0.0" : s.shun.dst.ToString(), s.shun.sport,
           s.shun.dport, s.shun.protocol);
  }
  return out;
}

std::string ShowShunStatistics(const std::vector<ShunInterfaceView>& interfaces, const std::vector<ShunView>& shuns, TimePoint now) {
  std::string out;
  for (const ShunInterfaceView& i : interfaces) Append(out, "{}={}, cnt={}\n", i.interface, i.on ? "ON" : "OFF", i.packets);
  out += "\n";
  for (const ShunView& s : shuns) {
    Append(out, "Shun {} cnt={}, time=({})\n", s.shun.src.ToString(), s.shun.packets, HourMinuteSecond(now - s.shun.since));
  }
  return out;
}

}  // namespace sallyport
