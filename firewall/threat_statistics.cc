#include "firewall/threat_statistics.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::size_t kHostSets = 512;  // of eight; about 4 KB for a host
constexpr std::size_t kPortSets = 64;
constexpr std::size_t kMostElements = 16384;  // of access lists, those that are hit first

std::uint64_t HashOf(IpAddress a) { return std::hash<IpAddress>()(a); }

template <std::size_t N>
std::vector<RateView> Views(std::array<BurstRate, N>& rates, int kept, TimePoint now) {
  std::vector<RateView> views;
  for (std::size_t i = 0; i < N && i < static_cast<std::size_t>(kept); i++) views.push_back(rates[i].View(now, ThreatStatistics::kIntervals[i]));
  return views;
}

}  // namespace

void ThreatStatistics::Configure(const ThreatPolicy& policy) {
  if ((policy.host_rates != 0) != (host_rates_ != 0)) hosts_.Resize(policy.host_rates != 0 ? kHostSets : 0);
  if ((policy.port_rates != 0) != (port_rates_ != 0)) ports_.Resize(policy.port_rates != 0 ? kPortSets : 0);
  if (policy.protocol_rates == 0) {
    for (auto& p : protocols_) p.reset();
  }
  if (!policy.access_list) acl_hits_.clear();
  host_rates_ = policy.host_rates;
  port_rates_ = policy.port_rates;
  protocol_rates_ = policy.protocol_rates;
  access_list_ = policy.access_list;
  // Lines that no policy has any more.
  std::erase_if(acl_hits_, [](const auto& e) { return e.second.counter.use_count() == 1; });
}

ThreatStatistics::Talker* ThreatStatistics::Host(IpAddress a, TimePoint now) {
  return host_rates_ != 0 ? &hosts_.Touch(a, HashOf(a), now) : nullptr;
}

ThreatStatistics::Talker* ThreatStatistics::Service(const Conn& c, TimePoint now) {
  if (c.protocol == 6 || c.protocol == 17) {
    return port_rates_ != 0 ? &ports_.Touch(c.responder_real_port, c.responder_real_port, now) : nullptr;
  }
  if (protocol_rates_ == 0) return nullptr;
  auto& p = protocols_[c.protocol];
  if (p == nullptr) p = std::make_unique<Talker>();  // once for each protocol
  p->last = now;
  return p.get();
}

void ThreatStatistics::CountTraffic(Traffic& t, int rates, std::uint32_t bytes, TimePoint now) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(rates); i++) {
    t.bytes[i].Add(now, kIntervals[i], bytes);
    t.packets[i].Add(now, kIntervals[i], 1);
  }
}

void ThreatStatistics::OnPacket(const Conn& c, Direction d, std::uint32_t bytes, TimePoint now) {
  if ((c.flags & (kConnToBox | kConnFromBox)) != 0) return;
  const bool forward = d == Direction::kForward;
  if (Talker* t = Host(forward ? c.initiator_real : c.responder_real, now)) CountTraffic(t->sent, host_rates_, bytes, now);
  if (Talker* t = Host(forward ? c.responder_real : c.initiator_real, now)) CountTraffic(t->received, host_rates_, bytes, now);
  if (Talker* t = Service(c, now)) {
    CountTraffic(forward ? t->received : t->sent, c.protocol == 6 || c.protocol == 17 ? port_rates_ : protocol_rates_, bytes, now);
  }
}

void ThreatStatistics::CountDrop(IpAddress host, bool sent, bool firewall, bool inspection, const ThreatPolicy& policy, LogSink& log,
                                 TimePoint now) {
  Talker& t = *Host(host, now);
  if (firewall) t.fw_drops++;
  if (inspection) t.inspect_drops++;
  const auto& limits = policy.rates[static_cast<std::size_t>(ThreatEvent::kScanning)];
  for (std::size_t i = 0; i < 2; i++) {
    // The limits of a host's drops are the rates of scanning-threat (syslog guide, 733100).
    RateLimit limit = i < limits.size() ? limits[i] : RateLimit{0, 0xffffffff, 0xffffffff};
    limit.interval_s = kDropIntervals[i];
    LimitedRate& rate = (sent ? t.sent : t.received).drops[i];
    const LimitedRate::Exceeded over = rate.Add(now, limit, 1);
    for (int message = (over.average ? 1 : 0) + (over.burst ? 1 : 0); message > 0; message--) {
      log.Log(now, Msg::k733100, LogArg::PaddedAddress(host), LogArg::Number(static_cast<std::int64_t>(i + 1)),
              LogArg::Number(static_cast<std::int64_t>(over.burst_rate)), LogArg::Number(limit.burst),
              LogArg::Number(static_cast<std::int64_t>(over.average_rate)), LogArg::Number(limit.average),
              LogArg::Number(static_cast<std::int64_t>(rate.total())));
    }
  }
}

void ThreatStatistics::OnDrop(const Packet& p, bool firewall, bool inspection, const ThreatPolicy& policy, LogSink& log, TimePoint now) {
  if (host_rates_ == 0 || p.key.src.IsNone()) return;
  CountDrop(p.key.src, true, firewall, inspection, policy, log, now);
  CountDrop(p.key.dst, false, firewall, inspection, policy, log, now);
}

void ThreatStatistics::OnBuilt(const Conn& c, TimePoint now) {
  for (Talker* t : {Host(c.initiator_real, now), Host(c.responder_real, now), Service(c, now)}) {
    if (t == nullptr) continue;
    t->sessions++;
    t->active++;
  }
}

void ThreatStatistics::OnEnd(const Conn& c, TimePoint now) {
  // An entry that had to make room meanwhile knows nothing of this session.
  for (Talker* t : {Host(c.initiator_real, now), Host(c.responder_real, now), Service(c, now)}) {
    if (t != nullptr && t->active != 0) t->active--;
  }
}

void ThreatStatistics::OnNullSession(const Conn& c, TimePoint now) {
  for (Talker* t : {Host(c.initiator_real, now), Host(c.responder_real, now)}) {
    if (t != nullptr) t->null_sessions++;
  }
}

void ThreatStatistics::OnBadAccess(const Conn& c, TimePoint now) {
  for (Talker* t : {Host(c.initiator_real, now), Host(c.responder_real, now)}) {
    if (t != nullptr) t->bad_accesses++;
  }
}

void ThreatStatistics::OnAclHit(const AccessList& list, const AclElement& element, TimePoint now) {
  auto it = acl_hits_.find(element.hits.get());
  if (it == acl_hits_.end()) {  // the first hit of an element
    if (acl_hits_.size() >= kMostElements) return;
    it = acl_hits_.try_emplace(element.hits.get()).first;
    it->second.counter = element.hits;
    it->second.list = list.name();
  }
  AclRates& rates = it->second;
  rates.line = list.lines()[element.line].number;
  for (std::size_t i = 0; i < 3; i++) rates.hits[i].Add(now, kIntervals[i], 1);
}

TalkerView ThreatStatistics::ViewOf(Talker& t, int rates, bool drops, TimePoint now) {
  TalkerView v;
  v.sessions = t.sessions;
  v.active = t.active;
  v.fw_drops = t.fw_drops;
  v.inspect_drops = t.inspect_drops;
  v.null_sessions = t.null_sessions;
  v.bad_accesses = t.bad_accesses;
  v.sent_bytes = Views(t.sent.bytes, rates, now);
  v.sent_packets = Views(t.sent.packets, rates, now);
  v.received_bytes = Views(t.received.bytes, rates, now);
  v.received_packets = Views(t.received.packets, rates, now);
  for (std::size_t i = 0; drops && i < 2; i++) {
    v.sent_drops.push_back(t.sent.drops[i].View(now, kDropIntervals[i]));
    v.received_drops.push_back(t.received.drops[i].View(now, kDropIntervals[i]));
  }
  return v;
}

ThreatStatisticsView ThreatStatistics::View(TimePoint now) {
  ThreatStatisticsView view{host_rates_ != 0, port_rates_ != 0, protocol_rates_ != 0, access_list_, {}, {}};
  hosts_.Each([&](HostEntry& e) {
    TalkerView v = ViewOf(e, host_rates_, true, now);
    v.kind = TalkerView::Kind::kHost;
    v.address = e.key;
    view.talkers.push_back(std::move(v));
  });
  ports_.Each([&](PortEntry& e) {
    TalkerView v = ViewOf(e, port_rates_, false, now);
    v.kind = TalkerView::Kind::kPort;
    v.number = e.key;
    view.talkers.push_back(std::move(v));
  });
  for (std::size_t i = 0; i < protocols_.size(); i++) {
    if (protocols_[i] == nullptr) continue;
    TalkerView v = ViewOf(*protocols_[i], protocol_rates_, false, now);
    v.kind = TalkerView::Kind::kProtocol;
    v.number = static_cast<std::uint16_t>(i);
    view.talkers.push_back(std::move(v));
  }
  for (auto& [counter, rates] : acl_hits_) view.acl_hits.push_back({rates.list, rates.line, Views(rates.hits, 3, now)});
  return view;
}

void ThreatStatistics::Clear() {
  hosts_.Clear();
  ports_.Clear();
  for (auto& p : protocols_) p.reset();
  acl_hits_.clear();
}

}  // namespace sallyport
