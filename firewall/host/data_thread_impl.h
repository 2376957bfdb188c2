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
  if constexpr (kBridges) {
    Status s = bridge_.Open();
    if (s) s = wakeup_.Also(bridge_.fd());
    if (!s) {
      wakeup_.Close();
      return s;
    }
  }
  if (source_ != nullptr) {
    if (Status s = wakeup_.Also(source_->fd()); !s) {
      wakeup_.Close();
      return s;
    }
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
  bridge_.Close();
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
    if (interface->bridge.group != 0) continue;  // its frames come otherwise; what the kernel makes of them is dropped
    queue_.MapInterface(interface->linux_index, interface->id);
    originator_.MapInterface(interface->id, interface->linux_index);
  }
  if constexpr (kBridges) {
    // A port that cannot be had is one that is silent; the link's state shows why.
    if (bridge_.fd() >= 0) (void)bridge_.Use(*policy);
  }
  // What is replaced in its verdict comes one by one; merged, nothing would say where one ends. (ESP in UDP 4500, where that can be
  // told, is in the other queue.)
  (void)queue_.SetGso(Nfqueue::kOtherQueue, policy->tunnels == nullptr);
  engine_.SetPolicy(std::move(policy), clock_.Now());
  copied_tcp_ = copied_other_ = 0;
  UseCopyLengths();
  HandOver();
}

template <typename E>
void BasicDataThread<E>::UseCopyLengths() {
  const auto length = [this](IpProtocol p) { return engine_.CopyLength(static_cast<std::uint8_t>(p)); };
  const std::uint32_t tcp = length(IpProtocol::kTcp);
  const std::uint32_t other = std::max({length(IpProtocol::kUdp), length(IpProtocol::kIcmp), length(IpProtocol::kIcmp6), length(IpProtocol::kIp)});
  // A failure here is one of the socket, which the next verdict meets too and counts.
  if (tcp != std::exchange(copied_tcp_, tcp)) (void)queue_.SetCopyLength(Nfqueue::kTcpQueue, tcp);
  if (other != std::exchange(copied_other_, other)) (void)queue_.SetCopyLength(Nfqueue::kOtherQueue, other);
}

template <typename E>
void BasicDataThread<E>::Release() {
  for (const ReleasedPacket& r : engine_.TakeReleased()) {
    if ((r.handle & BridgePorts::kHandleBit) != 0) bridge_.Release(r);
    else queue_.Release(r.handle, r.disposition, r.bytes);
  }
}

template <typename E>
void BasicDataThread<E>::HandOver() {
  Release();
  queue_.Flush();
  if constexpr (kBridges) {
    for (const OriginatedFrame& f : engine_.TakeOriginatedFrames()) bridge_.Send(f);
  }
  // Asked first: what it seals may be for the source to send.
  const std::vector<OriginatedPacket> originated = engine_.TakeOriginated();
  if (source_ != nullptr) source_->Flush();
  originator_.SendMany(originated);
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
  if (!work.empty()) {
    UseCopyLengths();  // a capture may have come or gone
    HandOver();
  }
  return !stop;
}

template <typename E>
void BasicDataThread<E>::Run() {
  pthread_setname_np(pthread_self(), "data");
  id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  bool source_ready = true;
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
    if constexpr (kBridges) {
      if (bridge_.Drain(engine_, now, [this] { Release(); })) {
        HandOver();
        continue;
      }
      HandOver();
    }
    if (source_ != nullptr) {
      const bool more = source_->Drain(now, source_ready);
      HandOver();
      if (more) continue;
    }
    source_ready = true;
    if (n == Nfqueue::kBatch) continue;  // there may be more
    const TimePoint next = engine_.NextDeadline();
    wakeup_.Wait(next == TimePoint::Max() ? Duration{-1} : std::max(next - clock_.Now(), Duration{0}));
    source_ready = wakeup_.OthersReady();
  }
  id_.store(std::thread::id(), std::memory_order_relaxed);
}

}  // namespace sallyport
