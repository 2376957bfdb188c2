// A way to wake a thread that sleeps in epoll: an eventfd with a flag before it, so that the sleeper under load looks at one
// atomic and makes no system call. Any thread may Signal; one thread waits.
#pragma once

#include <atomic>

#include "firewall/base/result.h"
#include "firewall/base/time.h"

namespace sallyport {

class Wakeup {
 public:
  Wakeup() = default;
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // Makes the descriptors; also waits for `fd` (readable). Waiter's side, before the first Wait.
  Status Open(int fd);
  // Also wakes when `fd` is readable; OthersReady tells. After Open.
  Status Also(int fd);
  void Close();
  void Signal();
  // True once for every run of signals; does not sleep.
  bool Taken() { return flag_.load(std::memory_order_relaxed) && flag_.exchange(false, std::memory_order_acquire); }
  // Sleeps until a signal, until `fd` is readable, or for `timeout` (rounded up to a millisecond; negative: for ever).
  // Returns true if `fd` is readable.
  bool Wait(Duration timeout);
  // Was one of Also's readable when Wait returned?
  bool OthersReady() const { return others_; }

 private:
  std::atomic<bool> flag_{false};
  int epoll_ = -1;
  int event_ = -1;
  bool others_ = false;
};

}  // namespace sallyport
