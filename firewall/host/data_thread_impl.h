// The inside of data_thread.h.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "firewall/host/data_thread.h"

namespace sallyport {

template <typename E>
Status BasicDataThread<E>::Start() {
  if (thread_.joinable()) return {};
  if (Status s = wakeup_.Open(queue_.fd()); !s) return s;
  if (Status s = originator_.Open(); !s) {
    wakeup_.Close();
    return s;
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
    alive_ = true;
  }
  thread_ = std::thread([this] { Run(); });
  return {};
}

template <typename E>
void BasicDataThread<E>::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakeup_.Signal();
  thread_.join();
  wakeup_.Close();
}

template <typename E>
void BasicDataThread<E>::Post(std::function<void()> f) {
  {
    const std::lock_guard lock(mutex_);
    if (alive_) {
      posted_.push_back(std::move(f));
      f = nullptr;
    }
  }
  if (f) {
    f();
  } else {
    wakeup_.Signal();
  }
}

template <typename E>
template <typename F>
std::invoke_result_t<F> BasicDataThread<E>::Ask(F f) {
  if (std::this_thread::get_id() == id_.load(std::memory_order_relaxed)) return f();
  using T = std::invoke_result_t<F>;
  std::packaged_task<T()> task(std::move(f));
  std::future<T> answer = task.get_future();
  Post([&task] { task(); });  // `task` outlives it: we wait
  return answer.get();
}

template <typename E>
void BasicDataThread<E>::SetPolicy(std::shared_ptr<const Policy> policy) {
  Ask([this, p = std::move(policy)]() mutable { UsePolicy(std::move(p)); });
}

template <typename E>
void BasicDataThread<E>::UsePolicy(std::shared_ptr<const Policy> policy) {
  queue_.ForgetInterfaces();
  originator_.ForgetInterfaces();
  for (const auto& interface : policy->interfaces) {
    if (!interface || interface->linux_index <= 0) continue;
    queue_.MapInterface(interface->linux_index, interface->id);
    originator_.MapInterface(interface->id, interface->linux_index);
  }
  engine_.SetPolicy(std::move(policy), clock_.Now());
  const auto length = [this](IpProtocol p) { return engine_.CopyLength(static_cast<std::uint8_t>(p)); };
  // A failure here is one of the socket, which the next verdict meets too and counts.
  (void)queue_.SetCopyLength(Nfqueue::kTcpQueue, length(IpProtocol::kTcp));
  (void)queue_.SetCopyLength(Nfqueue::kOtherQueue, std::max({length(IpProtocol::kUdp), length(IpProtocol::kIcmp),
                                                             length(IpProtocol::kIcmp6), length(IpProtocol::kIp)}));
  HandOver();
}

template <typename E>
void BasicDataThread<E>::Release() {
  for (const ReleasedPacket& r : engine_.TakeReleased()) queue_.Release(r.handle, r.disposition, r.bytes);
}

template <typename E>
void BasicDataThread<E>::HandOver() {
  Release();
  queue_.Flush();
  for (const OriginatedPacket& o : engine_.TakeOriginated()) originator_.Send(o.egress, o.bytes);
}

template <typename E>
bool BasicDataThread<E>::RunPosted() {
  std::vector<std::function<void()>> work;
  bool stop = false;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posted_);
    stop = stopping_;
    if (stop) alive_ = false;  // what is posted from now on runs where it is posted
  }
  for (auto& f : work) f();
  if (!work.empty()) HandOver();
  return !stop;
}

template <typename E>
void BasicDataThread<E>::Run() {
  pthread_setname_np(pthread_self(), "data");
  id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  for (;;) {
    if (wakeup_.Taken() && !RunPosted()) break;
    const TimePoint now = clock_.Now();
    if (engine_.NextDeadline() <= now) {
      engine_.AdvanceTo(now);
      HandOver();
    }
    const int n = queue_.Drain([this, now](Packet& p, Disposition& d) {
      if (engine_.HasReleased()) Release();  // TCP segments that the packet before set free go before this one
      engine_.Process(p, now, d);
    });
    if (n > 0) HandOver();
    if (n == Nfqueue::kBatch) continue;  // there may be more
    const TimePoint next = engine_.NextDeadline();
    wakeup_.Wait(next == TimePoint::Max() ? Duration{-1} : std::max(next - clock_.Now(), Duration{0}));
  }
  id_.store(std::thread::id(), std::memory_order_relaxed);
}

}  // namespace sallyport
