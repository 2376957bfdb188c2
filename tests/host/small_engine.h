// An engine of a few lines in the place of the real one: accepts, drops, rewrites or holds as it is told. What the tests of the
// queue and of the data thread need, and nothing of a firewall.
#pragma once

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "firewall/engine.h"
#include "firewall/packet.h"

namespace sallyport {

class SmallEngine {
 public:
  // Decides about each packet that is not malformed; runs on the data thread.
  std::function<void(Packet&, Disposition&)> judge = [](Packet&, Disposition& d) { d.action = Disposition::Action::kAccept; };
  std::vector<ReleasedPacket> released;
  std::vector<OriginatedPacket> originated;
  std::uint32_t copy_length = 0xffff;
  std::shared_ptr<const Policy> policy;
  std::vector<TimePoint> due;    // ascending; each is fired once
  std::vector<TimePoint> fired;  // when, in order
  std::atomic<int> packets{0};
  std::atomic<int> malformed{0};

  void Process(Packet& p, TimePoint, Disposition& out) {
    packets++;
    if (ParsePacket(p) != FrameDrop::kNone) {
      malformed++;
      return;
    }
    judge(p, out);
  }
  void SetPolicy(std::shared_ptr<const Policy> p, TimePoint) { policy = std::move(p); }
  std::uint32_t CopyLength(std::uint8_t) const { return copy_length; }
  void AdvanceTo(TimePoint now) {
    while (!due.empty() && due.front() <= now) {
      fired.push_back(due.front());
      due.erase(due.begin());
    }
  }
  TimePoint NextDeadline() const { return due.empty() ? TimePoint::Max() : due.front(); }
  bool HasReleased() const { return !released.empty(); }
  std::vector<ReleasedPacket> TakeReleased() { return std::exchange(released, {}); }
  std::vector<OriginatedPacket> TakeOriginated() { return std::exchange(originated, {}); }
};

// Interfaces 1 and 2 on the two links.
inline std::shared_ptr<const Policy> TwoInterfaces(int first, int second) {
  auto p = std::make_shared<Policy>();
  p->interfaces.resize(3);
  for (int i : {1, 2}) {
    Interface f;
    f.id = static_cast<IfId>(i);
    f.nameif = i == 1 ? "inside" : "outside";
    f.linux_index = i == 1 ? first : second;
    p->interfaces[static_cast<std::size_t>(i)] = f;
  }
  return p;
}

}  // namespace sallyport
