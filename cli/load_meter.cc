#include "cli/load_meter.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sallyport {
namespace {

double CpuSeconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

double Ticks(std::uint64_t n) { return static_cast<double>(n) / static_cast<double>(sysconf(_SC_CLK_TCK)); }

std::size_t Cores() { return static_cast<std::size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN))); }

// The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
double MachineSeconds() {
  std::ifstream in("/proc/stat");
  std::string word;
  std::uint64_t n = 0, busy = 0;
  in >> word;
  for (int i = 0; i < 8 && in >> n; i++) {
    if (i != 3 && i != 4) busy += n;
  }
  return Ticks(busy);
}

struct ThreadTime {
  std::string name;
  double used_s = 0;
  std::size_t core = 0;
};

// proc(5): the name stands in parentheses and may hold any character; utime and stime are fields 14 and 15, processor is 39.
bool ReadThread(const std::filesystem::path& stat, ThreadTime& t) {
  std::ifstream in(stat);
  std::string line;
  if (!std::getline(in, line)) return false;
  const std::size_t open = line.find('('), close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return false;
  t.name = line.substr(open + 1, close - open - 1);
  std::istringstream fields(line.substr(close + 1));
  std::string field;
  std::uint64_t ticks = 0;
  for (int i = 3; i <= 39 && fields >> field; i++) {
    if (i == 14 || i == 15) ticks += std::strtoull(field.c_str(), nullptr, 10);
    if (i == 39) t.core = std::strtoull(field.c_str(), nullptr, 10);
  }
  t.used_s = Ticks(ticks);
  return true;
}

}  // namespace

LoadMeter::LoadMeter() { Sample({}); }

void LoadMeter::Sample(std::vector<InterfaceCounters> counters) {
  SampleThreads();
  points_[next_] = {std::chrono::steady_clock::now(), CpuSeconds(), MachineSeconds(), cores_, std::move(counters)};
  next_ = (next_ + 1) % kPoints;
  count_ = std::min(count_ + 1, kPoints);
}

// The youngest point that is at least `span` older than the newest, or the oldest there is.
const LoadMeter::Point& LoadMeter::Before(std::chrono::seconds span) const {
  for (std::size_t back = 2; back <= count_; back++) {
    const Point& p = points_[(next_ + kPoints - back) % kPoints];
    if (Newest().at - p.at >= span || back == count_) return p;
  }
  return Newest();
}

void LoadMeter::SampleThreads() {
  cores_.resize(std::max(cores_.size(), Cores()));
  std::map<int, double> now;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", error)) {
    ThreadTime t;
    if (!ReadThread(entry.path() / "stat", t) || t.core >= cores_.size()) continue;
    const int id = std::atoi(entry.path().filename().c_str());
    const auto before = threads_.find(id);
    const double used = t.used_s - (before != threads_.end() ? before->second : 0);
    (t.name == "data" ? cores_[t.core].data_s : cores_[t.core].control_s) += std::max(used, 0.0);
    now[id] = t.used_s;
  }
  threads_ = std::move(now);
}

template <typename F>
int LoadMeter::Tenths(std::chrono::seconds span, std::size_t cores, F used) const {
  const Point& then = Before(span);
  const double elapsed = std::chrono::duration<double>(Newest().at - then.at).count() * static_cast<double>(cores);
  if (elapsed <= 0) return 0;
  return std::clamp(static_cast<int>((used(Newest()) - used(then)) / elapsed * 1000 + 0.5), 0, 1000);
}

namespace {

constexpr std::chrono::seconds kFive{5}, kMinute{60}, kFiveMinutes{300};

}  // namespace

CpuView LoadMeter::Cpu() const {
  const auto of = [&](std::chrono::seconds span) { return Tenths(span, Cores(), [](const Point& p) { return p.cpu_s; }); };
  return {of(kFive), of(kMinute), of(kFiveMinutes)};
}

CpuDetailView LoadMeter::CpuDetail() const {
  CpuDetailView view;
  const auto spans = [&](auto used, std::size_t cores) {
    return CpuDetailView::Spans{Tenths(kFive, cores, used), Tenths(kMinute, cores, used), Tenths(kFiveMinutes, cores, used)};
  };
  const auto core = [](const Point& p, std::size_t i) { return i < p.cores.size() ? p.cores[i] : CoreTime{}; };
  for (std::size_t i = 0; i < cores_.size(); i++) {
    const auto data = spans([&](const Point& p) { return core(p, i).data_s; }, 1);
    const auto control = spans([&](const Point& p) { return core(p, i).control_s; }, 1);
    const auto both = spans([&](const Point& p) { return core(p, i).data_s + core(p, i).control_s; }, 1);
    view.cores.push_back({{data.five_seconds, control.five_seconds, both.five_seconds},
                          {data.one_minute, control.one_minute, both.one_minute},
                          {data.five_minutes, control.five_minutes, both.five_minutes}});
  }
  view.control_point = spans([](const Point& p) {
    double sum = 0;
    for (const CoreTime& c : p.cores) sum += c.control_s;
    return sum;
  }, 1);
  view.external = spans([](const Point& p) { return p.machine_s - p.cpu_s; }, Cores());
  view.total = spans([](const Point& p) { return p.cpu_s; }, Cores());
  return view;
}

TrafficRate LoadMeter::Rate(std::size_t index, std::chrono::seconds span) const {
  const Point& then = Before(span);
  const double elapsed = std::chrono::duration<double>(Newest().at - then.at).count();
  if (elapsed <= 0 || index >= then.counters.size() || index >= Newest().counters.size()) return {};
  const InterfaceCounters& a = then.counters[index];
  const InterfaceCounters& b = Newest().counters[index];
  const auto rate = [&](std::uint64_t from, std::uint64_t to) {
    return to > from ? static_cast<std::uint64_t>(static_cast<double>(to - from) / elapsed) : 0;
  };
  return {rate(a.in_packets, b.in_packets), rate(a.in_bytes, b.in_bytes), rate(a.out_packets, b.out_packets),
          rate(a.out_bytes, b.out_bytes), rate(a.dropped, b.dropped)};
}

}  // namespace sallyport
