// Trouble on purpose, for a lesson or a test: packets of a flow are lost, late, doubled, out of order or damaged, or a protocol
// falls silent. Ours, not an ASA's.
//
// A fault acts where the wire would: before the appliance (and any capture) sees a packet that comes in by the interface, or when the
// appliance itself sends one by it. Deterministic: every rule has random numbers of its own from its seed. Owned by the engine, data
// thread only; without a rule the engine asks one flag for each packet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/base/time.h"
#include "firewall/capture.h"
#include "firewall/packet.h"

namespace sallyport {

struct FaultSpec {
  enum class Action : std::uint8_t { kLose, kDelay, kDuplicate, kReorder, kCorrupt, kSilence };
  std::string name;
  Action action = Action::kLose;
  IfId interface = IfId::kAny;
  std::optional<CaptureMatch> match;  // either direction; none: every packet
  std::uint32_t percent = 100;        // of the matching packets, 1..100
  std::uint32_t every = 0;            // instead: every so many-th; 0: by percentage
  std::uint32_t first = 0;            // only the first so many that it would act on; 0: all
  Duration delay = Duration::Milliseconds(100);  // kDelay
  Duration jitter;                         // kDelay: up to so much more
  std::uint32_t behind = 1;                // kReorder: packets of the rule that overtake it
  bool repair = false;                     // kCorrupt: with a checksum that is right all the same
  std::uint64_t seed = 1;
};

struct FaultView {
  FaultSpec spec;
  std::uint64_t matched = 0, acted = 0;
  std::uint32_t waiting = 0;  // packets that it holds now
};

// A packet that a fault holds back.
struct LatePacket {
  TimePoint due;
  std::uint32_t behind = 0;  // reorder: packets that must still overtake it
  std::uint64_t rule = 0;
  std::vector<std::uint8_t> bytes;
  Packet packet;  // what packet I/O gave; its bytes are `bytes`
};

class FaultSet {
 public:
  // How long a packet waits for others that overtake it.
  static constexpr Duration kMostReorder = Duration::Seconds(1);
  static constexpr std::size_t kMostWaiting = 4096;  // more are let through as they are

  bool active() const { return !rules_.empty() || !late_.empty(); }
  void Set(const FaultSpec& spec);  // a new one, or in the place of that name
  bool Remove(const std::string& name);  // "" : all. What they hold goes on at once
  std::vector<FaultView> List() const;

  struct Verdict {
    bool lose = false;
    bool hold = false;       // Hold() has taken a copy
    bool duplicate = false;
    bool corrupt = false, repair = false;
  };
  // What is to happen to a parsed packet. May take it (hold), or damage its bytes.
  Verdict Judge(Packet& p, TimePoint now);
  // Packets whose time has come, or that enough others have overtaken, in order.
  std::vector<LatePacket> TakeDue(TimePoint now);
  TimePoint NextDeadline() const;

 private:
  struct Rule {
    FaultSpec spec;
    std::uint64_t id = 0;
    Random random;
    std::uint64_t matched = 0, acted = 0;
  };
  static bool Matches(const Rule& r, const Packet& p);
  static bool Acts(Rule& r);
  static void Corrupt(Rule& r, Packet& p);
  void Hold(const Rule& r, const Packet& p, TimePoint due, std::uint32_t behind);

  std::vector<Rule> rules_;
  std::vector<LatePacket> late_;  // by `due`
  std::uint64_t next_id_ = 1;
};

// "lose", "delay" ...
const char* Word(FaultSpec::Action action);

}  // namespace sallyport
