// What only some connections need beside their entry: parameters of the class that they belong to, queues, repairs.
//
// A pool owned by the engine, data thread only. An entry is taken while a flow's first packet goes through the stages
// (Context::Extra), is attached to the connection when that is made, and goes with it. Each feature has a group of fields
// of its own here; it is value-initialised when taken. A connection without any pays nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "firewall/inspect_map.h"
#include "firewall/seq_repair.h"
#include "firewall/service_stats.h"
#include "firewall/tcp_map.h"
#include "firewall/tcp_stream.h"
#include "firewall/tunnel.h"

namespace sallyport {

class UndoLog;
using ExtraIndex = std::uint32_t;
inline constexpr ExtraIndex kNoExtra = 0xffffffff;

// A TCP connection under inspection, by direction of the sender.
struct InspectStream {
  SeqRepair repair[2];
};

struct ConnExtra {
  // --- inspection (inspect_flow.cc)
  std::shared_ptr<const InspectMap> inspect_map;  // null: the engine's defaults
  std::shared_ptr<InspectCounters> inspect_counters;  // of the inspection that it is under
  std::unique_ptr<InspectState> inspect_state;    // the engine's
  std::unique_ptr<InspectStream> inspect_stream;  // TCP
  std::vector<std::pair<std::uint32_t, std::uint32_t>> secondaries;  // index and id of connections that end with this one
  // --- `inspect ipv6` (ipv6_inspect.h); null: none
  std::shared_ptr<const InspectMap> ipv6_map;
  std::shared_ptr<InspectCounters> ipv6_counters;
  // --- `dns-guard` without an inspection (dns_guard.h)
  bool dns_guard = false;
  std::vector<std::uint16_t> dns_questions;  // identifiers of those that have not been answered, oldest first
  // --- classes of service policies
  QosPath qos[2];              // [Direction]
  bool decrement_ttl = false;  // set connection decrement-ttl

  // --- connection limits (conn_limits.h): where it is counted
  std::uint32_t limit_slot = 0xffffffff;    // ConnLimits::classes; none
  std::uint32_t limit_client = 0xffffffff;  // ConnLimits::clients; none
  bool limit_by_client = false;

  // --- TCP intercept (tcp_intercept.h): the client has confirmed a cookie and the server is being asked
  bool intercept_opening = false;
  std::uint8_t intercept_tries = 0;    // SYNs sent to the server
  std::uint16_t intercept_window = 0;  // of the client's ACK
  std::uint16_t intercept_mss = 0;
  bool intercept_sack = false;
  std::uint32_t intercept_cookie = 0;  // the responder's initial number as the client knows it

  // --- end of an idle connection (conn_expiry.h)
  bool idle_reset = false;           // both ends get a RST
  std::uint32_t dcd_retry_s = 0;     // dead connection detection: time for an answer; 0: off
  std::uint32_t dcd_max = 0;         // probes without an answer
  std::uint32_t dcd_sent = 0;        // of them, now; 0: it is not being probed
  std::uint8_t dcd_answered = 0;     // bit for each Direction

  // --- tunnels (tunnel_flow.cc)
  TunnelPath tunnel;

  // --- TCP
  bool tcp_in_order = false;              // segments are to be seen in order (tcp_stream.h)
  bool tcp_proxied = false;               // goes through a proxy
  ProxyCounters* proxy_counters = nullptr;  // then: of the class
  std::shared_ptr<const TcpMap> tcp_map;  // null: EngineCore::default_tcp_map
  std::unique_ptr<TcpStream> tcp_stream;

  ConnExtra() = default;
  ConnExtra(ConnExtra&&) = default;
  ConnExtra& operator=(ConnExtra&&) = default;
  // A copy of all of it, queues and engines' states included (packet-tracer).
  explicit ConnExtra(const ConnExtra& other);
};

// Grows by one block at a time and never moves an entry.
class ConnExtraPool {
 public:
  ExtraIndex Take();
  void Release(ExtraIndex i);
  ConnExtra& At(ExtraIndex i) { return blocks_[i / kBlock][i % kBlock]; }
  const ConnExtra& At(ExtraIndex i) const { return blocks_[i / kBlock][i % kBlock]; }
  std::uint32_t in_use() const { return in_use_; }
  void UseUndo(UndoLog* undo) { undo_ = undo; }

 private:
  static constexpr std::uint32_t kBlock = 256;
  std::vector<std::unique_ptr<ConnExtra[]>> blocks_;
  std::vector<ExtraIndex> free_;
  std::uint32_t in_use_ = 0;
  UndoLog* undo_ = nullptr;
};

}  // namespace sallyport
