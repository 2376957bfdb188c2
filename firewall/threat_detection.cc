#include "firewall/threat_detection.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::size_t kScanSets = 512;    // of eight
constexpr std::size_t kClosedSets = 2048;
constexpr int kSubnetLength = 22;  // 1024 addresses

constexpr std::uint16_t Bit(ThreatEvent e) { return static_cast<std::uint16_t>(1u << static_cast<unsigned>(e)); }

struct DropEvents {
  FrameDrop reason;
  std::uint16_t events;
};
// Which drop reason is which threat: Cisco document 113685, "ASA Threat Detection Functionality and Configuration", and the
// same kinds of broken headers beside those it names. fw-drop is the sum of what is firewall-related (configuration guide).
constexpr std::uint16_t kAcl = Bit(ThreatEvent::kAclDrop) | Bit(ThreatEvent::kFwDrop) | Bit(ThreatEvent::kScanning);
constexpr std::uint16_t kBad = Bit(ThreatEvent::kBadPacketDrop) | Bit(ThreatEvent::kFwDrop);
constexpr std::uint16_t kLimit = Bit(ThreatEvent::kConnLimitDrop) | Bit(ThreatEvent::kFwDrop);
constexpr std::uint16_t kIcmpDropped =
    Bit(ThreatEvent::kIcmpDrop) | Bit(ThreatEvent::kFwDrop) | Bit(ThreatEvent::kScanning) | Bit(ThreatEvent::kInspectDrop);
constexpr std::uint16_t kSlowPath =
    Bit(ThreatEvent::kDosDrop) | Bit(ThreatEvent::kFwDrop) | Bit(ThreatEvent::kInterfaceDrop) | Bit(ThreatEvent::kScanning);
constexpr std::uint16_t kDos = Bit(ThreatEvent::kDosDrop) | Bit(ThreatEvent::kFwDrop);
constexpr DropEvents kDropEvents[] = {
    {FrameDrop::kAclDrop, kAcl},
    {FrameDrop::kInvalidIpHeader, kBad},
    {FrameDrop::kInvalidIpLength, kBad},
    {FrameDrop::kUnsupportedIpVersion, kBad},
    {FrameDrop::kInvalidUdpLength, kBad},
    {FrameDrop::kInvalidTcpHdrLength, kBad},
    {FrameDrop::kBadTcpCksum, kBad},
    {FrameDrop::kBadTcpFlags, kBad},
    {FrameDrop::kConnLimit, kLimit},
    {FrameDrop::kTcpConnLimit, kLimit},
    {FrameDrop::kHostLimit, kLimit},
    {FrameDrop::kUnableToCreateFlow, kLimit},
    {FrameDrop::kInspectIcmpSeqNumNotMatched, kIcmpDropped},
    {FrameDrop::kSpSecurityFailed, kSlowPath},
    {FrameDrop::kNpSpInvalidSpi, kDos},
    {FrameDrop::kNoRoute, Bit(ThreatEvent::kInterfaceDrop)},
    {FrameDrop::kTcp3whsFailed, Bit(ThreatEvent::kScanning)},
    {FrameDrop::kTcpNotSyn, Bit(ThreatEvent::kScanning)},
};

using EventTable = std::array<std::uint16_t, static_cast<std::size_t>(FrameDrop::kCount)>;
EventTable MakeEventTable() {
  EventTable table{};
  for (std::size_t i = 1; i < table.size(); i++) {
    const std::string_view word = Keyword(static_cast<FrameDrop>(i));
    if (word.starts_with("inspect-") || word.starts_with("dns-guard-")) table[i] = Bit(ThreatEvent::kInspectDrop);
    if (word == "inspect-dns-pak-too-long" || word == "inspect-dns-id-not-matched") {
      table[i] |= Bit(ThreatEvent::kBadPacketDrop) | Bit(ThreatEvent::kFwDrop) | Bit(ThreatEvent::kScanning);
    }
  }
  for (const DropEvents& d : kDropEvents) table[static_cast<std::size_t>(d.reason)] = d.events;
  return table;
}

bool Answered(const Conn& c) {
  if (c.protocol == 6) return !IsEmbryonic(c.tcp_state);
  return (c.flags & kConnDataReverse) != 0;
}

bool HasPorts(const Conn& c) { return c.protocol == 6 || c.protocol == 17; }

}  // namespace

std::uint16_t ThreatEventsOf(FrameDrop reason) {
  static const EventTable table = MakeEventTable();
  return table[static_cast<std::size_t>(reason)];
}

void ThreatDetection::Configure(const ThreatPolicy& policy) {
  if (policy.scanning != policy_.scanning || (policy.scanning && scanners_.empty())) {
    scanners_.Resize(policy.scanning ? kScanSets : 0);
    closed_.Resize(policy.scanning ? kClosedSets : 0);
    if (!policy.scanning) sessions_.clear();
  }
  statistics_.Configure(policy);
  policy_ = policy;
}

void ThreatDetection::Count(ThreatEvent event, TimePoint now) {
  const auto e = static_cast<std::size_t>(event);
  for (std::size_t i = 0; i < policy_.rates[e].size(); i++) {
    const RateLimit& limit = policy_.rates[e][i];
    LimitedRate& rate = rates_[e][i];
    const LimitedRate::Exceeded over = rate.Add(now, limit, 1);
    for (int message = (over.average ? 1 : 0) + (over.burst ? 1 : 0); message > 0; message--) {
      log_.Log(now, Msg::k733100, LogArg::Word(kThreatEventInfo[e].label), LogArg::Number(static_cast<std::int64_t>(i + 1)),
               LogArg::Number(static_cast<std::int64_t>(over.burst_rate)), LogArg::Number(limit.burst),
               LogArg::Number(static_cast<std::int64_t>(over.average_rate)), LogArg::Number(limit.average),
               LogArg::Number(static_cast<std::int64_t>(rate.total())));
    }
  }
}

void ThreatDetection::OnDrop(const Packet& p, FrameDrop reason, TimePoint now) {
  const std::uint16_t events = ThreatEventsOf(reason);
  if (events == 0) return;
  if (policy_.basic) {
    for (unsigned e = 0; e < kThreatEvents; e++) {
      if ((events >> e & 1) != 0) Count(static_cast<ThreatEvent>(e), now);
    }
  }
  if (statistics_.hosts()) {
    statistics_.OnDrop(p, (events & Bit(ThreatEvent::kFwDrop)) != 0, (events & Bit(ThreatEvent::kInspectDrop)) != 0, policy_, log_, now);
  }
}

void ThreatDetection::OnBuilt(const Conn& c, ConnIndex index, TimePoint now) {
  if ((c.flags & (kConnToBox | kConnFromBox)) != 0) return;
  statistics_.OnBuilt(c, now);
  if (!policy_.scanning || !HasPorts(c)) return;
  const PortKey server{c.responder_real, c.responder_real_port, c.protocol};
  const ClosedPort* port = closed_.Find(server, HashOf(server.address, server.port * 256u + server.protocol));
  if (port != nullptr && port->closed && now - port->last < kForget) {
    statistics_.OnBadAccess(c, now);
    OnScan(c, now);
  }
  if (sessions_.size() < kMostSessions) sessions_.push_back({now + kNullSession, index, c.id});
}

void ThreatDetection::OnThreeSeconds(const Conn& c, TimePoint now) {
  const PortKey server{c.responder_real, c.responder_real_port, c.protocol};
  const bool answered = Answered(c);
  const std::uint64_t hash = HashOf(server.address, server.port * 256u + server.protocol);
  if (answered && closed_.Find(server, hash) == nullptr) return;
  ClosedPort& port = closed_.Touch(server, hash, now);
  const bool known = port.closed;  // then the access was counted when it began
  port.closed = !answered;
  if (answered) return;
  statistics_.OnNullSession(c, now);
  if (!known) OnScan(c, now);
}

void ThreatDetection::OnEnd(const Conn& c, bool never_answered, TimePoint now) {
  if ((c.flags & (kConnToBox | kConnFromBox)) != 0) return;
  statistics_.OnEnd(c, now);
  // A closed port answers with a reset: no session came about, and nobody need wait three seconds to know it.
  if (policy_.scanning && c.protocol == 6 && !Answered(c) && now - c.created < kNullSession) OnThreeSeconds(c, now);
  if (never_answered && policy_.basic) {
    Count(ThreatEvent::kSynAttack, now);
    Count(ThreatEvent::kFwDrop, now);
  }
}

void ThreatDetection::OnScan(const Conn& c, TimePoint now) {
  for (const bool subnet : {false, true}) {
    CountScan(c.initiator_real, subnet, &ScanEntry::attacker, c.in_if, now);
    CountScan(c.responder_real, subnet, &ScanEntry::target, c.out_if, now);
  }
}

void ThreatDetection::CountScan(IpAddress address, bool subnet, Role ScanEntry::*role, IfId interface, TimePoint now) {
  if (subnet && !address.IsV4()) return;
  const IpAddress key = subnet ? Prefix::Of(address, kSubnetLength).address : address;
  const bool attacker = role == &ScanEntry::attacker;
  Role& r = scanners_.Touch({key, subnet}, HashOf(key, subnet ? 1 : 0), now).*role;
  const auto& limits = policy_.rates[static_cast<std::size_t>(ThreatEvent::kScanning)];
  for (std::size_t i = 0; i < limits.size(); i++) {
    const LimitedRate::Exceeded over = r.rates[i].Add(now, limits[i], 1);
    if (!over.Any()) continue;
    r.listed = true;
    r.since = now;
    log_.Log(now, Msg::k733101, LogArg::Word(subnet ? "Subnet" : "Host"), LogArg::Address(key), LogArg::Word(attacker ? "attacking" : "targeted"),
             LogArg::Number(static_cast<std::int64_t>(over.burst_rate)), LogArg::Number(limits[i].burst),
             LogArg::Number(static_cast<std::int64_t>(over.average_rate)), LogArg::Number(limits[i].average),
             LogArg::Number(static_cast<std::int64_t>(r.rates[i].total())));
    if (attacker && !subnet && policy_.shun) ShunAttacker(address, interface, now);
  }
}

void ThreatDetection::ShunAttacker(IpAddress address, IfId interface, TimePoint now) {
  if (shuns_.Find(address) != nullptr) return;
  for (const AddressRange& except : policy_.shun_except) {
    if (except.Contains(address)) return;
  }
  Shun shun;
  shun.interface = interface;
  shun.src = address;
  shun.since = now;
  shun.by_threat = true;
  if (policy_.shun_duration_s != 0) shun.until = now + Duration::Seconds(policy_.shun_duration_s);
  if (shuns_.Add(shun)) {
    log_.Log(now, Msg::k733102, LogArg::Address(address));
  } else {
    log_.Log(now, Msg::k401005, LogArg::Address(address), LogArg::Word("0.0.0.0"), LogArg::Number(0), LogArg::Number(0));
  }
}

std::vector<ThreatRateView> ThreatDetection::Rates(TimePoint now) {
  std::vector<ThreatRateView> views;
  for (std::size_t e = 0; e < kThreatEvents; e++) {
    for (std::size_t i = 0; i < policy_.rates[e].size(); i++) {
      views.push_back({static_cast<ThreatEvent>(e), rates_[e][i].View(now, policy_.rates[e][i].interval_s)});
    }
  }
  return views;
}

std::vector<ScannerView> ThreatDetection::Scanners(TimePoint now, Role ScanEntry::*role) {
  std::vector<std::pair<TimePoint, ScannerView>> found;
  scanners_.Each([&](ScanEntry& e) {
    if ((e.*role).listed && now - e.last < kForget) found.push_back({(e.*role).since, {e.key.address, e.key.subnet}});
  });
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second.address < b.second.address;
  });
  std::vector<ScannerView> views;
  for (const auto& f : found) views.push_back(f.second);
  return views;
}

void ThreatDetection::ClearRates() { rates_ = {}; }

void ThreatDetection::ClearScanning(bool attackers, bool targets) {
  scanners_.Each([&](ScanEntry& e) {
    if (attackers) e.attacker = {};
    if (targets) e.target = {};
  });
}

}  // namespace sallyport
