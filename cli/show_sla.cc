#include "cli/show_sla.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

const char* CodeText(SlaView::Code code) {
  switch (code) {
    case SlaView::Code::kOk: return "OK";
    case SlaView::Code::kTimeout: return "Timeout";
    case SlaView::Code::kOverThreshold: return "Over threshold";
    case SlaView::Code::kUnknown: break;
  }
  return "Unknown";
}

const char* Truth(bool b) { return b ? "TRUE" : "FALSE"; }

std::string StartText(const SlaView& v, const TimeZone& zone) {
  const SlaEntry& e = v.entry;
  switch (e.start) {
    case SlaEntry::Start::kNow: return "Start Time already passed";
    case SlaEntry::Start::kAfter: return fmt::format("After {:02}:{:02}:{:02}", e.start_s / 3600, e.start_s / 60 % 60, e.start_s % 60);
    case SlaEntry::Start::kAt:
      return v.next_start_wall == INT64_MAX ? "Start Time already passed" : ClockSecondsText(v.next_start_wall, zone);
    default: return "Pending trigger";
  }
}

// Octets of an entry as an ASA counts them: always the same.
constexpr int kEntryOctets = 1480;

}  // namespace

std::string ShowTrack(const std::vector<TrackView>& tracks) {
  std::string out;
  for (const TrackView& t : tracks) {
    Append(out, "Track {}\n  Response Time Reporter {} reachability\n  Reachability is {}\n", t.track.id, t.track.sla,
           t.up ? "Up" : "Down");
    const std::int64_t s = t.since_change.seconds();
    Append(out, "  {} change{}, last change {:02}:{:02}:{:02}\n  Latest operation return code: {}\n", t.changes,
           t.changes == 1 ? "" : "s", s / 3600, s / 60 % 60, s % 60, CodeText(t.code));
    if (t.track.routes != 0) out += "  Tracked by:\n    STATIC-IP-ROUTING 0\n";
  }
  return out;
}

std::string ShowSlaConfiguration(const std::vector<SlaView>& entries, const TimeZone& zone) {
  std::string out = "SA Agent, Infrastructure Engine-II\n";
  for (const SlaView& v : entries) {
    const SlaEntry& e = v.entry;
    Append(out, "Entry number: {}\nOwner: \nTag: \nType of operation to perform: echo\nTarget address: {}\nInterface: {}\n", e.id,
           e.target.ToString(), e.interface);
    Append(out, "Number of packets: {}\nRequest size (ARR data portion): {}\nOperation timeout (milliseconds): {}\n", e.packets,
           e.data_size, e.timeout_ms);
    Append(out, "Type Of Service parameters: 0x{:x}\nVerify data: No\nOperation frequency (seconds): {}\n", e.tos, e.frequency_s);
    Append(out, "Next Scheduled Start Time: {}\nGroup Scheduled : FALSE\n", StartText(v, zone));
    Append(out, "Life (seconds): {}\n", e.life_s ? std::to_string(*e.life_s) : "Forever");
    Append(out, "Entry Ageout (seconds): {}\nRecurring (Starting Everyday): {}\nStatus of entry (SNMP RowStatus): {}\n",
           e.ageout_s == 0 ? "never" : std::to_string(e.ageout_s), Truth(e.recurring), e.start == SlaEntry::Start::kNone ? "notInService" : "Active");
    out += "Enhanced History:\n\n";
  }
  return out;
}

std::string ShowSlaOperationalState(const std::vector<SlaView>& entries, const TimeZone& zone) {
  std::string out;
  for (const SlaView& v : entries) {
    Append(out, "Entry number: {}\nModification time: {}\nNumber of Octets Used by this Entry: {}\n", v.entry.id,
           ClockText(v.changed_wall, zone), kEntryOctets);
    Append(out, "Number of operations attempted: {}\nNumber of operations skipped: 0\n", v.operations);
    Append(out, "Current seconds left in Life: {}\n", v.life_left_s ? std::to_string(*v.life_left_s) : "Forever");
    Append(out, "Operational state of entry: {}\nLast time this entry was reset: Never\n", v.active ? "Active" : "Inactive");
    Append(out, "Connection loss occurred: FALSE\nTimeout occurred: {}\nOver thresholds occurred: {}\n", Truth(v.timed_out),
           Truth(v.over_threshold));
    const bool answered = v.rtt_count != 0;
    if (answered) {
      Append(out, "Latest RTT (milliseconds): {}\n", v.rtt_ms);
    } else {
      out += "Latest RTT (milliseconds) : ";
      out += v.timed_out ? "NoConnection/Busy/Timeout\n" : "Unknown\n";
    }
    Append(out, "Latest operation start time: {}\nLatest operation return code: {}\nRTT Values:\n",
           v.started_wall == 0 ? "Unknown" : ClockText(v.started_wall, zone), CodeText(v.code));
    Append(out, "RTTAvg: {}\tRTTMin: {}\tRTTMax: {}\nNumOfRTT: {}\tRTTSum: {}\tRTTSum2: {}\n\n",
           answered ? v.rtt_sum / v.rtt_count : 0, answered ? v.rtt_min : 0, answered ? v.rtt_max : 0, v.rtt_count, v.rtt_sum,
           v.rtt_sum_squares);
  }
  return out;
}

}  // namespace sallyport
