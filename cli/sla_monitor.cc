#include "cli/sla_monitor.h"

#include <algorithm>

namespace sallyport {
namespace {

// The next moment of the wall clock at which it shows the entry's time (and date), after `wall`. A day is found by its parts, so that
// a change to summer time makes it 23 or 25 hours long.
std::int64_t NextStart(const SlaEntry& e, std::int64_t wall, const TimeZone& zone) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const CivilTime today = ToCivil(wall, zone);
  const auto at = [&](int year, int month, int day, int add_days) {
    std::int64_t local = CivilSeconds(year, month, day, 0, 0) + std::int64_t{add_days} * 86400 + e.start_s;
    std::int64_t utc = (local - zone.offset_s) * kSecond;
    return (local - zone.OffsetAt(utc)) * kSecond;
  };
  if (e.month == 0) {
    const std::int64_t then = at(today.year, today.month, today.day, 0);
    return then >= wall ? then : at(today.year, today.month, today.day, 1);
  }
  for (int year = today.year;; year++) {
    if (e.month == 2 && e.day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0))) continue;
    if (const std::int64_t then = at(year, e.month, e.day, 0); then >= wall) return then;
  }
}

TimePoint BeginOf(const SlaEntry& e, TimePoint now) {
  switch (e.start) {
    case SlaEntry::Start::kNow: return now;
    case SlaEntry::Start::kAfter: return now + Duration::Seconds(e.start_s);
    default: return TimePoint::Max();
  }
}

bool Reachable(SlaView::Code code) { return code == SlaView::Code::kOk || code == SlaView::Code::kOverThreshold; }

}  // namespace

void SlaMonitor::SetPlan(const SlaPlan& plan, TimePoint now, std::int64_t wall, const TimeZone& zone) {
  zone_ = zone;
  std::map<int, State> entries;
  for (const SlaEntry& e : plan.entries) {
    const auto old = entries_.find(e.id);
    if (old != entries_.end() && old->second.view.entry == e) {
      entries.insert(entries_.extract(old));
      continue;
    }
    State s;
    s.view.entry = e;
    s.view.changed_wall = wall;
    s.idle_since = now;
    s.begins = s.next = BeginOf(e, now);
    if (e.start == SlaEntry::Start::kAt) s.begins_wall = NextStart(e, wall, zone);
    if (e.life_s && s.begins != TimePoint::Max()) s.ends = s.begins + Duration::Seconds(*e.life_s);
    entries[e.id] = s;
  }
  entries_ = std::move(entries);

  std::map<int, TrackState> tracks;
  for (const Track& t : plan.tracks) {
    const auto old = tracks_.find(t.id);
    TrackState s;
    if (old != tracks_.end() && old->second.view.track.sla == t.sla) {
      s = old->second;
    } else {
      s.changed = now;  // down until it is known to be up
    }
    s.view.track = t;
    const auto entry = entries_.find(t.sla);
    s.view.code = entry != entries_.end() ? entry->second.view.code : SlaView::Code::kUnknown;
    const bool up = Reachable(s.view.code);
    if (up != s.view.up) {
      s.view.up = up;
      s.view.changes++;
      s.changed = now;
    }
    tracks[t.id] = s;
  }
  tracks_ = std::move(tracks);
}

void SlaMonitor::Begin(State& s, TimePoint now, std::int64_t wall) {
  s.waiting = true;
  s.sent = now;
  s.next = now + Duration::Seconds(s.view.entry.frequency_s);
  s.view.started_wall = wall;
  s.view.operations++;
  s.view.rtt_count = 0;
  s.view.rtt_sum = s.view.rtt_sum_squares = 0;
  s.first_sequence = static_cast<std::uint16_t>(s.sequence + 1);
  for (int i = 0; i < s.view.entry.packets; i++) prober_.Send(s.view.entry, ++s.sequence);
}

bool SlaMonitor::Finish(State& s, SlaView::Code code, TimePoint now) {
  s.waiting = false;
  s.view.code = code;
  s.view.timed_out = code == SlaView::Code::kTimeout;
  s.view.over_threshold = code == SlaView::Code::kOverThreshold;
  bool changed = false;
  for (auto& [id, t] : tracks_) {
    if (t.view.track.sla != s.view.entry.id) continue;
    t.view.code = code;
    if (t.view.up == Reachable(code)) continue;
    t.view.up = !t.view.up;
    t.view.changes++;
    t.changed = now;
    changed = true;
  }
  return changed;
}

bool SlaMonitor::Tick(TimePoint now, std::int64_t wall) {
  bool changed = false;
  for (auto& [id, s] : entries_) {
    const SlaEntry& e = s.view.entry;
    if (s.begins_wall <= wall) {
      s.begins_wall = INT64_MAX;
      s.begins = s.next = now;
      s.ends = e.life_s ? now + Duration::Seconds(*e.life_s) : TimePoint::Max();
    }
    if (s.ends <= now && s.view.active) {
      s.idle_since = now;
      if (e.recurring) s.begins_wall = NextStart(e, wall + 1, zone_);
    }
    s.view.active = s.begins <= now && now < s.ends;
    const bool waits = s.begins_wall != INT64_MAX || (s.begins != TimePoint::Max() && now < s.begins);
    if (e.ageout_s != 0 && !s.view.active && !waits && now - s.idle_since >= Duration::Seconds(e.ageout_s)) s.aged = true;
    if (s.waiting && now - s.sent >= Duration::Milliseconds(s.view.entry.timeout_ms)) {
      const bool some = s.view.rtt_count != 0;
      changed = (some ? false : Finish(s, SlaView::Code::kTimeout, now)) || changed;
      s.waiting = false;
    }
    if (s.view.active && s.next <= now && !s.waiting) Begin(s, now, wall);
  }
  return changed;
}

bool SlaMonitor::Answered(int entry, std::uint16_t sequence, TimePoint now) {
  const auto found = entries_.find(entry);
  if (found == entries_.end()) return false;
  State& s = found->second;
  const auto index = static_cast<std::uint16_t>(sequence - s.first_sequence);
  if (!s.waiting || index >= s.view.entry.packets) return false;
  // Whole milliseconds, the last one begun included, as `ping` counts them.
  const int rtt = static_cast<int>(std::max<std::int64_t>(1, ((now - s.sent).ns + 999'999) / 1'000'000));
  SlaView& v = s.view;
  v.rtt_ms = rtt;
  v.rtt_min = v.rtt_count == 0 ? rtt : std::min(v.rtt_min, rtt);
  v.rtt_max = v.rtt_count == 0 ? rtt : std::max(v.rtt_max, rtt);
  v.rtt_count++;
  v.rtt_sum += rtt;
  v.rtt_sum_squares += std::int64_t{rtt} * rtt;
  if (v.rtt_count > 1) {
    if (v.rtt_count == v.entry.packets) s.waiting = false;
    return false;
  }
  const bool changed = Finish(s, rtt > v.entry.threshold_ms ? SlaView::Code::kOverThreshold : SlaView::Code::kOk, now);
  s.waiting = v.rtt_count < v.entry.packets;
  return changed;
}

std::set<int> SlaMonitor::TracksUp() const {
  std::set<int> up;
  for (const auto& [id, t] : tracks_) {
    if (t.view.up) up.insert(id);
  }
  return up;
}

std::vector<SlaView> SlaMonitor::Entries(TimePoint now) const {
  std::vector<SlaView> all;
  for (const auto& [id, s] : entries_) {
    if (s.aged) continue;
    all.push_back(s.view);
    all.back().next_start_wall = s.begins_wall;
    if (s.view.entry.life_s) {
      const bool begun = s.begins != TimePoint::Max() && now >= s.begins;
      all.back().life_left_s = begun ? static_cast<int>(std::max<std::int64_t>(0, (s.ends - now).seconds())) : *s.view.entry.life_s;
    }
  }
  return all;
}

std::vector<TrackView> SlaMonitor::Tracks(TimePoint now) const {
  std::vector<TrackView> all;
  for (const auto& [id, t] : tracks_) {
    all.push_back(t.view);
    all.back().since_change = now - t.changed;
  }
  return all;
}

}  // namespace sallyport
