#include "tests/traffic/fingerprint.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "firewall/protection.h"

namespace sallyport {
namespace {

std::ostream& operator<<(std::ostream& out, const Endpoint& e) { return out << e.address.ToString() << "/" << e.port; }

void PutSide(std::ostream& out, const TcpSide& s) {
  out << " {" << s.isn << " " << s.end << " " << s.max_end << " " << s.last_ack << " " << s.max_window << " " << s.timestamp << " "
      << s.seq_delta << " " << int{s.scale} << " " << int{s.flags} << " " << s.mss << "}";
}

void PutConns(std::ostream& out, const Engine& engine, TimePoint now) {
  ConnFilter all;
  all.include_box = true;
  const ConnPage page = engine.Conns(all, 0, 1'000'000, now);
  out << "conns " << page.in_use << " " << page.most_used << "\n";
  for (const ConnView& v : page.conns) {
    const Conn& c = v.conn;
    out << "conn " << c.id << " " << int{c.protocol} << " " << v.in_name << " " << v.out_name << " " << c.initiator_real.ToString() << "/"
        << c.initiator_real_port << " " << c.initiator_mapped.ToString() << "/" << c.initiator_mapped_port << " " << c.responder_mapped.ToString()
        << "/" << c.responder_mapped_port << " " << c.responder_real.ToString() << "/" << c.responder_real_port << " "
        << static_cast<int>(c.tcp_state) << " " << c.flags << " " << int{c.inspect} << " " << c.bytes << " " << c.last_packet.ns << " "
        << c.timeout_s << " " << c.scratch << " " << int{c.lowest_ttl[0]} << " " << int{c.lowest_ttl[1]} << " " << v.expected;
    PutSide(out, c.side[0]);
    PutSide(out, c.side[1]);
    out << "\n";
  }
}

void PutXlates(std::ostream& out, const Engine& engine, TimePoint now) {
  const XlatePage page = engine.Xlates(0, 1'000'000, now);
  out << "xlates " << page.in_use << " " << page.most_used << "\n";
  for (const XlateView& v : page.xlates) {
    const Xlate& x = v.xlate;
    out << "xlate " << x.rule << " " << x.pat << " " << int{x.protocol} << " " << x.real << " " << x.mapped << " " << x.connections << " "
        << x.created.ns << " " << x.last_used.ns << " " << v.flags << "\n";
  }
  const NatPoolsView pools = engine.NatPools(now);
  for (const PatAddressView& p : pools.shared) {
    out << "pool " << int{p.protocol} << " " << p.mapped.ToString() << " " << p.peer.ToString() << " " << p.used[0] << " " << p.used[1] << " "
        << p.used[2] << "\n";
  }
  for (const NatPoolsView::Range& r : pools.ranges) out << "range " << r.rule << " " << r.hosts << "\n";
}

void PutHosts(std::ostream& out, const Engine& engine) {
  std::vector<std::string> lines;
  for (const LocalHostView& h : engine.LocalHosts({}, 0, 1'000'000).hosts) {
    std::ostringstream line;
    line << "host " << h.interface << " " << h.address.ToString() << " " << h.tcp << " " << h.udp << " " << h.embryonic << " " << h.other << " "
         << h.embryonic_from << " " << h.box << " " << h.xlates << " " << h.tcp_limit;
    lines.push_back(line.str());
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) out << line << "\n";
  for (const LocalHostTotals& t : engine.LocalHostCounts()) out << "hosts " << t.interface << " " << t.active << " " << t.most_active << "\n";
}

void PutService(std::ostream& out, Engine& engine, TimePoint now) {
  Protection p = engine.protection();
  for (const ClassView& c : p.Classes(now)) {
    out << "class " << c.id;
    for (const PolicerView& v : c.police) out << " police " << v.conformed_packets << " " << v.conformed_bytes << " " << v.exceeded_packets;
    for (const QueueView& v : c.priority) out << " priority " << v.counters.transmitted << " " << v.counters.bytes;
    for (const ClassInspectView& v : c.inspections) {
      if (v.packets + v.drops != 0) out << " inspect " << v.name << " " << v.packets << " " << v.drops << " " << v.reset_drops;
    }
    out << " ips " << c.ips.input << " " << c.ips.output << " " << c.ips.drops << " " << c.ips.resets;
    out << "\n";
  }
  for (const PriorityQueueView& q : p.Queues()) out << "queue " << q.best_effort.transmitted << " " << q.low_latency.transmitted << "\n";
  for (const ShunView& s : p.Shuns()) out << "shun " << s.shun.src.ToString() << " " << s.shun.packets << "\n";
  for (const ThreatRateView& t : p.ThreatRates(now)) out << "threat " << static_cast<int>(t.event) << " " << t.rate.triggers << " " << t.rate.total << "\n";
  for (const ScannerView& s : p.Attackers(now)) out << "attacker " << s.address.ToString() << "\n";
  for (const TalkerView& t : p.Statistics(now).talkers) {
    out << "talker " << t.address.ToString() << " " << t.number << " " << t.sessions << " " << t.active << " " << t.fw_drops << "\n";
  }
  for (const ActivityView& a : p.Activities(now)) out << "activity " << a.total << " " << a.current << "\n";
  for (const CounterView& c : p.Counters()) out << "counter " << c.protocol << " " << c.name << " " << c.value << "\n";
}

void PutPolicyHits(std::ostream& out, const Engine& engine) {
  for (const auto& [name, list] : engine.policy().access_lists) {
    for (const AclElement& e : list->elements()) {
      if (e.hits != nullptr && e.hits->hits != 0) out << "hits " << name << " " << e.line << " " << e.hits->hits << "\n";
    }
  }
  for (const NatRule& r : engine.policy().nat.rules()) {
    if (r.hits != nullptr) out << "nat " << r.id << " " << r.hits->translate << " " << r.hits->untranslate << "\n";
  }
  for (const ServiceClass& s : engine.policy().service) {
    for (const auto& i : s.inspections) {
      if (i.counters == nullptr) continue;
      out << "inspect " << i.name << " " << i.counters->packets << " " << i.counters->drops;
      for (const auto& row : i.counters->rows) {
        if (row != 0) out << " " << row;
      }
      out << "\n";
    }
  }
}

}  // namespace

std::string ShortFingerprint(Engine& engine) {
  std::ostringstream out;
  out << "conns " << engine.ConnCount().first << " " << engine.ConnCount().second << " hosts " << engine.LocalHostCount() << " deadline "
      << engine.NextDeadline().ns << " acl log " << engine.AclLogFlows().first << "\n";
  for (const std::uint64_t n : engine.drops().frame) out << n << " ";
  for (const std::uint64_t n : engine.drops().flow) out << n << " ";
  const std::vector<InterfaceCounters> counters = engine.Counters();
  for (std::size_t i = 0; i < counters.size(); i++) {
    const InterfaceCounters& c = counters[i];
    const FragmentCounters f = engine.Fragments(static_cast<IfId>(i));
    if (c.in_packets + c.out_packets + c.dropped + f.queue + f.assembled + f.Fail() + f.Overflow() == 0) continue;
    out << "\nif " << i << " " << c.in_packets << " " << c.in_bytes << " " << c.out_packets << " " << c.out_bytes << " " << c.dropped << " "
        << c.reverse_path_drops << " fragments " << f.queue << " " << f.assembled << " " << f.Fail() << " " << f.Overflow();
  }
  for (const ConnLimitCounters& n : engine.LimitCounters()) {
    out << "\nlimit " << n.class_id << " " << n.connections << " " << n.embryonic << " " << n.dropped << " " << n.intercepted;
  }
  for (const CaptureView& c : engine.captures().List()) out << "\ncapture " << c.spec.name << " " << c.packets << " " << c.bytes;
  const InterceptCounters n = engine.Intercepts();
  out << "\nintercept " << n.attempts << " " << n.established << " " << n.embryonic_timeouts << "\n";
  return out.str();
}

std::string Fingerprint(Engine& engine, TimePoint now) {
  std::ostringstream out;
  out << ShortFingerprint(engine);
  PutConns(out, engine, now);
  PutXlates(out, engine, now);
  PutHosts(out, engine);
  PutService(out, engine, now);
  PutPolicyHits(out, engine);
  for (const InterceptedServer& s : engine.InterceptedServers(1000, now)) out << "intercepted " << s.server << " " << s.total << "\n";
  for (const MacView& m : engine.Macs(now)) out << "mac " << m.mac << " " << static_cast<int>(m.interface) << " " << m.fixed << "\n";
  const AspHits hits = engine.asp_hits();
  for (std::size_t i = 0; i < hits.by_interface.size(); i++) {
    for (const std::uint64_t h : hits.by_interface[i]) {
      if (h != 0) out << "asp " << i << " " << h << "\n";
    }
  }
  return out.str();
}

}  // namespace sallyport
