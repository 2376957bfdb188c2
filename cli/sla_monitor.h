// SLA monitors: echo probes at intervals, and the tracks that follow whether they are answered. A static route with `track`
// is in the table while its track is up.
//
// Control thread. Runs on real time: the operator may move the appliance's clock by hours, which is no time for an answer to
// come. Sends through a Prober, so that tests have one without a network.
// Source: ASA configuration guide, "static route tracking"; ASA command reference, `sla monitor`, `track`.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "conf/sla.h"
#include "firewall/base/civil_time.h"
#include "firewall/base/time.h"

namespace sallyport {

class Prober {
 public:
  virtual ~Prober() = default;
  // Sends one echo request; its answer is told to SlaMonitor::Answered. False: it could not be sent, no answer will come.
  virtual bool Send(const SlaEntry& entry, std::uint16_t sequence) = 0;
};

struct SlaView {
  SlaEntry entry;
  bool active = false;  // being sent now
  std::int64_t changed_wall = 0;    // when it was configured
  std::int64_t started_wall = 0;    // the latest operation; 0 none yet
  std::uint64_t operations = 0;
  bool timed_out = false, over_threshold = false;  // of the latest operation
  enum class Code : std::uint8_t { kUnknown, kOk, kTimeout, kOverThreshold } code = Code::kUnknown;
  int rtt_ms = 0, rtt_min = 0, rtt_max = 0, rtt_count = 0;  // of the latest operation
  std::int64_t rtt_sum = 0, rtt_sum_squares = 0;
  std::optional<int> life_left_s;   // nothing: for ever
  std::int64_t next_start_wall = INT64_MAX;  // of a date that is to come
};
struct TrackView {
  Track track;
  bool up = false;
  std::uint32_t changes = 1;  // its making counts
  Duration since_change;
  SlaView::Code code = SlaView::Code::kUnknown;
};

class SlaMonitor {
 public:
  explicit SlaMonitor(Prober& prober) : prober_(prober) {}

  // Entries that stay as they were go on. `now` is real time here and below, `wall` the appliance's wall clock in ns, which dates are
  // of, in `zone`.
  void SetPlan(const SlaPlan& plan, TimePoint now, std::int64_t wall, const TimeZone& zone);
  // Sends what is due and gives up what is overdue. True: a track has changed.
  bool Tick(TimePoint now, std::int64_t wall);
  // An echo reply. `sequence` as it was sent.
  bool Answered(int entry, std::uint16_t sequence, TimePoint now);

  std::set<int> TracksUp() const;
  std::vector<SlaView> Entries(TimePoint now) const;
  std::vector<TrackView> Tracks(TimePoint now) const;

 private:
  struct State {
    SlaView view;
    std::int64_t begins_wall = INT64_MAX;  // of a date: when the wall clock shows it
    TimePoint begins = TimePoint::Max();   // of its schedule
    TimePoint ends = TimePoint::Max();
    TimePoint next = TimePoint::Max();    // operation
    bool waiting = false;
    TimePoint sent;
    TimePoint idle_since;  // configured without a start, or when its life was over
    bool aged = false;     // forgotten
    std::uint16_t first_sequence = 0, sequence = 0;
  };
  struct TrackState {
    TrackView view;
    TimePoint changed;
  };
  void Begin(State& s, TimePoint now, std::int64_t wall);
  bool Finish(State& s, SlaView::Code code, TimePoint now);

  Prober& prober_;
  TimeZone zone_;
  std::map<int, State> entries_;
  std::map<int, TrackState> tracks_;
};

}  // namespace sallyport
