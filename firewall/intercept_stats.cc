#include "firewall/intercept_stats.h"

#include <algorithm>
#include <functional>

namespace sallyport {
namespace {

constexpr std::size_t kEntries = 1024, kProbes = 8;
constexpr auto kWindow = static_cast<std::int64_t>(kInterceptSamples);

std::size_t PlaceOf(std::int64_t sampling) { return static_cast<std::size_t>(sampling % kWindow); }

}  // namespace

void InterceptStats::Configure(const InterceptStatsSettings& settings, TimePoint now) {
  const bool other_window = settings.interval_minutes != settings_.interval_minutes || settings.enabled != settings_.enabled;
  settings_ = settings;
  if (!other_window) return;
  began_ = now;
  entries_.clear();
  if (settings.enabled) entries_.resize(kEntries);
}

void InterceptStats::Roll(Entry& e, std::int64_t to) const {
  if (to - e.sampling >= kWindow) {
    e.samples.fill(0);
    e.total = 0;
    e.sampling = to;
  }
  while (e.sampling < to) {
    std::uint32_t& oldest = e.samples[PlaceOf(++e.sampling)];
    e.total -= oldest;
    oldest = 0;
  }
}

// Of the last whole sampling, or of the running one where that is more.
std::uint64_t InterceptStats::CurrentRate(const Entry& e, TimePoint now) const {
  const std::int64_t running = std::max<std::int64_t>(1, ((now - began_).ns % Sampling().ns) / 1'000'000'000);
  const std::uint64_t before = e.sampling == 0 ? 0 : e.samples[PlaceOf(e.sampling - 1)];
  const std::uint64_t whole = before / static_cast<std::uint64_t>(Sampling().seconds());
  return std::max(whole, e.samples[PlaceOf(e.sampling)] / static_cast<std::uint64_t>(running));
}

InterceptStats::Exceeded InterceptStats::Note(const Endpoint& server, IfId interface, IpAddress source, TimePoint now) {
  const std::int64_t sampling = SamplingOf(now);
  const std::size_t home = (std::hash<IpAddress>()(server.address) + server.port * 0x9e3779b97f4a7c15u) % kEntries;
  Entry* found = nullptr;
  Entry* weakest = nullptr;
  for (std::size_t i = 0; i < kProbes && found == nullptr; i++) {
    Entry& e = entries_[(home + i) % kEntries];
    if (e.used && e.server == server && e.interface == interface) {
      found = &e;
    } else if (weakest == nullptr || (weakest->used && (!e.used || e.total < weakest->total))) {
      weakest = &e;
    }
  }
  if (found == nullptr) {
    found = weakest;
    *found = Entry{};
    found->server = server;
    found->interface = interface;
    found->used = true;
    found->last_source = source;
    found->sampling = sampling;
  }
  Entry& e = *found;
  Roll(e, sampling);
  if (e.last_source != source) e.several_sources = true;
  e.last_source = source;
  e.last_attack = now;
  e.samples[PlaceOf(sampling)]++;
  e.total++;
  Exceeded x;
  if (e.told_burst != sampling && CurrentRate(e, now) > settings_.burst_rate) {
    x.burst = true;
    e.told_burst = sampling;
  }
  if (e.told_average != sampling && e.total / (settings_.interval_minutes * 60u) > settings_.average_rate) {
    x.average = true;
    e.told_average = sampling;
  }
  return x;
}

std::vector<InterceptedServer> InterceptStats::Top(std::size_t limit, TimePoint now) const {
  std::vector<InterceptedServer> list;
  if (!settings_.enabled) return list;
  const std::int64_t sampling = SamplingOf(now);
  for (const Entry& stored : entries_) {
    if (!stored.used) continue;
    Entry e = stored;
    Roll(e, sampling);
    if (e.total == 0) continue;
    InterceptedServer s;
    s.server = e.server;
    s.interface = e.interface;
    s.total = e.total;
    s.average = e.total / (settings_.interval_minutes * 60u);
    s.current = CurrentRate(e, now);
    s.last_source = e.last_source;
    s.several_sources = e.several_sources;
    s.last_attack = e.last_attack;
    for (std::int64_t back = 0; back < kWindow && back <= sampling; back++) {
      s.samples[static_cast<std::size_t>(back)] = e.samples[PlaceOf(sampling - back)];
    }
    list.push_back(s);
  }
  std::sort(list.begin(), list.end(), [](const InterceptedServer& a, const InterceptedServer& b) { return a.total > b.total; });
  if (list.size() > limit) list.resize(limit);
  return list;
}

}  // namespace sallyport
