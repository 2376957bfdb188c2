// How packet-tracer leaves no trace: while a packet is only imagined it goes the very way of a real one, and everything that changes
// on it is noted here and taken back at the end, the latest first.
//
// Tables (connections, translations, hosts, side entries) note their own changes while they have been given a log; what is plain
// data is kept with Keep. A table without a log pays one comparison where an entry comes or goes, and nothing for a packet of a
// known connection. Data thread only; allocates, which only an imagined packet pays.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace sallyport {

class UndoLog {
 public:
  UndoLog() = default;
  UndoLog(const UndoLog&) = delete;
  UndoLog& operator=(const UndoLog&) = delete;

  // `undo` finds everything as it is now: what is noted later has been taken back by then.
  void Add(std::function<void()> undo) { steps_.push_back(std::move(undo)); }
  // `object`, which does not move, becomes again what it is now: the very same, down to the order in which a map has its entries;
  // until then a copy stands in for it.
  template <typename T>
  void Keep(T& object) {
    auto was = std::make_shared<T>(std::move(object));
    object = T(*was);
    Add([&object, was] { object = std::move(*was); });
  }
  // Whoever notes must have been told to stop before.
  void TakeBack() {
    while (!steps_.empty()) {
      const std::function<void()> step = std::move(steps_.back());
      steps_.pop_back();
      step();
    }
  }

 private:
  std::vector<std::function<void()>> steps_;
};

}  // namespace sallyport
