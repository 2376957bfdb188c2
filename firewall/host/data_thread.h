// The data thread: the one thread that owns the queue, the engine and its timers.
//
// Sleeps until packets come, the engine's next deadline is due, or somebody posts. After every batch of packets the verdicts
// are sent, held fragments released and packets of the engine's own sent. Other threads reach the engine only through Post and
// Ask, whose closures run between two batches. Belongs to the control thread, which must Stop() before the engine dies.
//
// A template only so that tests can put a small engine of their own in the place of Engine; the daemon's is `DataThread`.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "firewall/base/result.h"
#include "firewall/base/time.h"
#include "firewall/engine.h"
#include "firewall/host/bridge_ports.h"
#include "firewall/host/nfqueue.h"
#include "firewall/host/originate.h"
#include "firewall/host/poll_source.h"
#include "firewall/host/wakeup.h"

namespace sallyport {

template <typename E>
class BasicDataThread {
 public:
  BasicDataThread(E& engine, Nfqueue& queue, SystemClock& clock) : engine_(engine), queue_(queue), clock_(clock) {}
  ~BasicDataThread() { Stop(); }
  BasicDataThread(const BasicDataThread&) = delete;
  BasicDataThread& operator=(const BasicDataThread&) = delete;

  // Control thread. Errors: no descriptors, no raw socket (privileges).
  Status Start();
  // Runs what was posted before it, then ends the thread. Idempotent.
  void Stop();
  bool running() const { return thread_.joinable(); }

  // Any thread. Runs `f` on the data thread between two batches of packets; at once when the thread does not run.
  void Post(std::function<void()> f);
  // Posts `f` and waits for what it returns. On the data thread itself `f` runs at once.
  template <typename F>
  std::invoke_result_t<F> Ask(F f);

  // Any thread. Moves the appliance's clock forward; everything that falls due happens in order, each at its own deadline,
  // before this returns.
  void AdvanceClock(Duration by) {
    Ask([this, by] {
      clock_.Advance(by);
      engine_.AdvanceTo(clock_.Now());
      HandOver();
    });
  }
  // Any thread. Swaps the policy in, and with it the links of the interfaces (Interface::linux_index) and how much of each
  // packet is copied up. Returns when the new policy rules.
  void SetPolicy(std::shared_ptr<const Policy> policy);
  // Before Start: another source of packets, waited for as the queue is. It outlives the thread; null: none.
  void UsePollSource(PollSource* source) { source_ = source; }
  // From here on datagrams from these ports may leave many in one call (udp_segments.h).
  void UseDatagramPorts(std::vector<std::uint16_t> ports) {
    Ask([this, &ports] { originator_.UseDatagramPorts(ports); });
  }
  // From here on TCP segments out of tunnels go to `injector`; null: each in its verdict.
  void UseInjector(TcpInjector* injector) {
    Ask([this, injector] {
      originator_.UseInjector(injector);
      if constexpr (kBridges) engine_.OriginateTunnelledTcp(injector != nullptr);
    });
  }

 private:
  void Run();
  bool RunPosted();  // false: it is time to end
  void HandOver();
  void Release();
  void UsePolicy(std::shared_ptr<const Policy> policy);
  void UseCopyLengths();

  E& engine_;
  Nfqueue& queue_;
  SystemClock& clock_;
  Wakeup wakeup_;
  Originator originator_;
  static constexpr bool kBridges = std::is_same_v<E, Engine>;  // a test's small engine knows no frames
  BridgePorts bridge_;
  PollSource* source_ = nullptr;
  std::thread thread_;
  std::atomic<std::thread::id> id_{};
  std::uint32_t copied_tcp_ = 0, copied_other_ = 0;  // what the queue has been told
  std::mutex mutex_;  // guards what follows; taken by the data thread only when the wakeup says so
  std::vector<std::function<void()>> posted_;
  bool stopping_ = false;
  bool alive_ = false;  // the thread will still look at posted_
};

using DataThread = BasicDataThread<Engine>;

}  // namespace sallyport

#include "firewall/host/data_thread_impl.h"
