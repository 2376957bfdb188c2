// Packets from and to the kernel through NFQUEUE: the only user of the queue's netlink messages.
//
// One netlink socket with two queues bound to it: `base` for TCP, `base + 1` for everything else, so that each can be given its
// own copy length (netfilter_rules.h sorts the packets). Reads many packets at a time, sends their verdicts in one message, and
// never sits on a verdict: what Drain() has read is answered by the next Flush(), which belongs right after it.
// Owned by the daemon; after Open every call belongs to the data thread, except counters() and ReadLosses().
// It does not decide anything, and does not install rules.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "firewall/base/result.h"
#include "firewall/engine.h"
#include "firewall/packet.h"

namespace sallyport {

class Nfqueue {
 public:
  static constexpr int kTcpQueue = 0;
  static constexpr int kOtherQueue = 1;
  static constexpr std::uint32_t kCopyAll = 0xffff;

  struct Options {
    std::uint16_t base = 0;                    // queue numbers base and base + 1
    std::uint32_t queue_length = 16384;        // packets that may wait for a verdict in the kernel, each queue
    int receive_buffer = 64 << 20;             // bytes, of the netlink socket (SO_RCVBUFFORCE)
    std::uint32_t copy_length[2] = {kCopyAll, kCopyAll};
    bool gso[2] = {true, true};                // packets of up to 64 KB come whole, not cut to the MTU
  };

  // Read by any thread, relaxed. All count packets unless they say otherwise.
  struct Counters {
    std::atomic<std::uint64_t> packets{0};
    std::atomic<std::uint64_t> bytes{0};         // wire lengths
    std::atomic<std::uint64_t> reads{0};         // recvmmsg calls that brought something
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> rewritten{0};     // of the accepted: given back with payload
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> consumed{0};      // taken by the engine
    std::atomic<std::uint64_t> held{0};          // ever held, not: held now
    std::atomic<std::uint64_t> batches{0};       // verdict messages that stood for more than one packet
    std::atomic<std::uint64_t> unknown_link{0};  // dropped: came from a link that is no interface of ours
    std::atomic<std::uint64_t> not_whole{0};     // dropped: rewritten, but only its head had been copied up
    std::atomic<std::uint64_t> malformed{0};     // messages from the kernel that were not understood
    std::atomic<std::uint64_t> gaps{0};          // missing in the kernel's numbering: lost before they reached us
    std::atomic<std::uint64_t> errors{0};        // the kernel refused a verdict (the packet had gone)
  };

  // What the kernel threw away, from /proc/net/netfilter/nfnetlink_queue.
  struct Losses {
    std::uint64_t queue_full = 0;   // more than queue_length were waiting
    std::uint64_t socket_full = 0;  // the netlink receive buffer was full
    std::uint64_t waiting = 0;      // not lost: waiting for a verdict now
  };

  // Errors: no privileges, queue number in use by another process, no NFQUEUE in the kernel.
  static Result<std::unique_ptr<Nfqueue>> Open(const Options& options);
  ~Nfqueue();
  Nfqueue(const Nfqueue&) = delete;
  Nfqueue& operator=(const Nfqueue&) = delete;

  int fd() const { return fd_; }
  std::uint16_t base() const { return options_.base; }
  // Bytes of each packet to be copied up from now on; packets already queued keep what they were copied with.
  Status SetCopyLength(int queue, std::uint32_t bytes);
  // Options::gso, from now on.
  Status SetGso(int queue, bool on);
  // Links that are interfaces of ours. `ifindex` > 0.
  void MapInterface(int ifindex, IfId id);
  void ForgetInterfaces();

  // Reads what is there, at most kBatch packets, and asks process(Packet&, Disposition&) about each. Returns how many were
  // read; fewer than kBatch: there are no more. Verdicts are collected; kHold leaves the packet in the kernel until Release.
  template <typename F>
  int Drain(F&& process);
  // Verdict for a held packet. `bytes` not empty: the packet is replaced by them.
  void Release(std::uint32_t handle, const Disposition& d, Bytes bytes);
  // Sends the verdicts collected.
  void Flush();

  const Counters& counters() const { return counters_; }
  Losses ReadLosses() const;

  static constexpr int kBatch = 64;

 private:
  struct Received {
    int queue = 0;
    std::uint32_t id = 0;
    Packet packet;
  };
  // Accepts that wait to be put into one message, and the packets held, of one queue.
  struct QueueState {
    std::uint32_t run = 0;       // accepts, or drops, not yet in the message
    bool run_drops = false;      // which
    std::uint32_t run_last = 0;  // id of the last of them
    std::uint32_t held = 0;      // packets now held in the kernel
    std::uint32_t next_id = 0;   // expected; 0: none seen
  };

  explicit Nfqueue(const Options& options);
  Status Configure(int queue);
  int Receive();
  bool Parse(int slot, Received& out);
  void Answer(Received& r, const Disposition& d);
  void EndRun(int queue);
  void PutDrop(int queue, std::uint32_t id);
  void Put(int queue, int type, std::uint32_t verdict, std::uint32_t id, std::uint32_t mark);
  void PutPayload(int queue, std::uint32_t id, std::uint32_t mark, Bytes bytes);
  void Append(std::uint8_t* data, std::size_t length);
  std::uint8_t* Room(std::size_t length);
  void Send();
  void DropAll();
  static void Count(std::atomic<std::uint64_t>& c, std::uint64_t n = 1) {
    c.store(c.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);  // one writer
  }

  Options options_;
  int fd_ = -1;
  std::vector<IfId> interfaces_;  // by ifindex; kAny: not ours
  std::array<QueueState, 2> queues_;
  std::unordered_map<std::uint32_t, std::pair<std::uint8_t, std::uint32_t>> held_;  // handle -> queue, id
  std::unique_ptr<std::uint8_t[]> buffers_;  // kBatch receive buffers
  std::unique_ptr<mmsghdr[]> messages_;
  std::unique_ptr<iovec[]> read_vectors_;
  std::unique_ptr<std::uint8_t[]> arena_;    // verdicts without payload, until Send
  std::size_t arena_used_ = 0;
  std::vector<iovec> out_;                   // the message to be sent, in order
  std::size_t out_bytes_ = 0;
  std::vector<std::vector<std::uint8_t>> out_owned_;  // payloads of held packets, until Send
  Counters counters_;
};

template <typename F>
int Nfqueue::Drain(F&& process) {
  const int n = Receive();
  Received r;
  for (int i = 0; i < n; i++) {
    if (!Parse(i, r)) continue;
    Disposition d;
    process(r.packet, d);
    Answer(r, d);
  }
  return n;
}

}  // namespace sallyport
