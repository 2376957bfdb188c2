// A connection: one plain-data entry for both directions, and the table of them.
//
// Owned by the engine, touched by the data thread only. No pointers into policy objects: rules and interfaces are ids,
// so that an entry can outlive the policy it was made under, and could be published to an accelerated path.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "firewall/base/time.h"
#include "firewall/conn_extra.h"
#include "firewall/nat.h"
#include "firewall/tcp_tracker.h"
#include "firewall/timer_wheel.h"
#include "firewall/types.h"

namespace sallyport {

class UndoLog;
using ConnIndex = std::uint32_t;
inline constexpr ConnIndex kNoConn = 0xffffffff;

// Conn::flags
inline constexpr std::uint16_t kConnOutbound = 0x0001;       // initiated from the higher security level
inline constexpr std::uint16_t kConnToBox = 0x0002;          // responder is the appliance
inline constexpr std::uint16_t kConnFromBox = 0x0004;        // initiator is the appliance
inline constexpr std::uint16_t kConnSeqRandomized = 0x0008;  // tcp sides have seq_delta
inline constexpr std::uint16_t kConnDataForward = 0x0010;    // payload seen from the initiator
inline constexpr std::uint16_t kConnDataReverse = 0x0020;
inline constexpr std::uint16_t kConnPerSessionXlate = 0x0040;  // flag x
inline constexpr std::uint16_t kConnRouteMark = 0x0080;        // kernel's route differs: packets carry a mark
inline constexpr std::uint16_t kConnRouteMarkReverse = 0x0100;
inline constexpr std::uint16_t kConnTransparent = 0x0200;  // nothing is rewritten in either direction
inline constexpr std::uint16_t kConnServiceModule = 0x0400;  // flag X: goes through `ips`
inline constexpr std::uint16_t kConnOtherFamily = 0x0800;  // IPv4 on one side, IPv6 on the other (other_family.h)
inline constexpr std::uint16_t kConnTunnelled = 0x1000;    // ConnExtra::tunnel names one
inline constexpr std::uint16_t kConnVpnOrphan = 0x2000;    // flag V: its tunnel has gone, and it waits for the next one

inline constexpr std::uint32_t kNoOverride = 0xffffffff;  // the global `timeout` applies

struct Conn {
  // The initiator's view: what arrives on in_if. Reverse packets arrive on out_if as (responder_real -> initiator_mapped).
  IpAddress initiator_real;
  IpAddress initiator_mapped;
  IpAddress responder_mapped;  // the address the initiator sent to
  IpAddress responder_real;
  std::uint16_t initiator_real_port = 0;
  std::uint16_t initiator_mapped_port = 0;
  std::uint16_t responder_mapped_port = 0;
  std::uint16_t responder_real_port = 0;
  std::uint8_t protocol = 0;
  IfId in_if{};   // where the initiator is
  IfId out_if{};  // where the responder is
  IfId in_parent{}, out_parent{};  // traffic zones: where they were when it was made; in_if and out_if are where they are now
  TcpState tcp_state = TcpState::kNone;
  std::uint16_t flags = 0;
  std::uint8_t inspect = 0;  // InspectId of the engine that sees its packets, 0 none
  std::uint8_t icmp_type = 0;
  std::uint32_t id = 0;  // as in 302013; never 0 for a live entry
  TcpSide side[2];       // [Direction]
  std::uint8_t lowest_ttl[2] = {255, 255};  // that either sender has shown (ttl-evasion-protection)
  TimePoint created;
  TimePoint last_packet;
  std::uint64_t bytes = 0;  // of payload after the transport header, both directions, as 302014 counts them
  XlateIndex src_xlate = kNoXlate;
  XlateIndex dst_xlate = kNoXlate;
  std::uint32_t timeout_s = 0;                      // idle time after which it ends, in its present state; 0 never
  std::uint32_t class_idle_s = kNoOverride;         // set connection timeout idle
  std::uint32_t class_half_closed_s = kNoOverride;  // set connection timeout half-closed
  std::uint32_t scratch = 0;  // inspection engine's (ICMP: last sequence number and whether it is answered)
  ExtraIndex extra = kNoExtra;  // EngineCore::extras
  // --- the table's own
  TimerLinks timer{};

  // The protocol of packets in a direction: ICMP is another one in the other family.
  std::uint8_t ProtocolOf(Direction d) const {
    return d == Direction::kForward || (flags & kConnOtherFamily) == 0 ? protocol : InOtherFamily(protocol);
  }
  FlowKey ForwardKey() const {
    return {initiator_real, responder_mapped, initiator_real_port, responder_mapped_port, protocol, in_if};
  }
  FlowKey ReverseKey() const {
    return {responder_real, initiator_mapped, responder_real_port, initiator_mapped_port, ProtocolOf(Direction::kReverse), out_if};
  }
};
// With two index slots of 8 bytes at a load of one half this keeps a connection within 256 bytes.
static_assert(sizeof(Conn) <= 224);

// Fixed capacity, open addressing, keyed hash; no rehash and no allocation after construction (memory is taken from the
// kernel page by page as it is first used).
class ConnTable {
 public:
  // `capacity` connections, 1..16 M.
  ConnTable(std::uint32_t capacity, std::uint64_t hash_seed);
  ~ConnTable();
  ConnTable(const ConnTable&) = delete;
  ConnTable& operator=(const ConnTable&) = delete;

  // Which interfaces are one for a flow: those that have the same value here, by IfId (members of a traffic zone). An entry whose
  // in_if or out_if has another value than before must be erased first. Without a call every interface is one by itself.
  void SetZones(const std::array<std::uint8_t, 256>& one);
  const std::array<std::uint8_t, 256>& zones() const;

  struct Found {
    ConnIndex index = kNoConn;
    Direction direction{};
  };
  Found Find(const FlowKey& key) const;
  void Prefetch(const FlowKey& key) const;

  // Enters a copy of `c` under both keys and starts its timer (created + timeout_s). kNoConn when the table is full or
  // one of the two keys is taken.
  ConnIndex Insert(const Conn& c);
  void Erase(ConnIndex i);
  // Everything but the members that its keys are made of may be changed in place.
  Conn& At(ConnIndex i);
  const Conn& At(ConnIndex i) const;
  bool Live(ConnIndex i) const;  // any i below slots()

  // The idle deadline is last_packet + timeout_s. Packets only store last_packet; the wheel looks again when it fires. Call
  // this when the deadline became *earlier* (a shorter timeout in a new state).
  void DeadlineChanged(ConnIndex i);
  // An expired entry (deadline <= now), in order of deadline to the wheel's grain (1/8 s or finer), or kNoConn. The caller
  // erases it or gives it a new deadline before the next call.
  ConnIndex NextExpired(TimePoint now);
  // A time at or before the earliest deadline (not after the last NextExpired's `now` if that deadline has passed); Max when
  // nothing is timed: a timeout_s of 0 is never.
  TimePoint NextDeadline() const;

  std::uint32_t count() const;
  std::uint32_t most_used() const;
  std::uint32_t capacity() const;
  std::uint32_t slots() const;   // indexes ever used are below this
  static double BytesPerConn();  // entry, index and timers, at full capacity

  // From here on notes what comes and goes (null: no longer). Deadlines stay as they are meanwhile: timeout_s is restored with the
  // entry (SaveConnection).
  void UseUndo(UndoLog* undo);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
