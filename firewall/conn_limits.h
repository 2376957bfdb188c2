// How many connections a class, a client and a host have, and what their limits say of one more.
//
// `set connection conn-max, embryonic-conn-max, per-client-max, per-client-embryonic-max` count by class of a service policy;
// limits at the end of 8.2's nat and static lines count by local host. Above an embryonic limit TCP intercept answers
// (tcp_intercept.h); above the others the packet is dropped. Data thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "firewall/host_table.h"
#include "firewall/intercept_stats.h"
#include "firewall/syn_cookie.h"
#include "firewall/types.h"

namespace sallyport {

struct Policy;
struct ServiceClass;
struct Context;
struct EngineCore;
struct Conn;
struct NatResult;
class Random;

// What `set connection` of one class has counted; `show service-policy` prints it.
struct ConnLimitCounters {
  std::uint32_t class_id = 0;  // ServiceClass::id
  std::uint32_t connections = 0, embryonic = 0;  // now
  std::uint64_t dropped = 0;                     // packets refused for a limit
  std::uint64_t intercepted = 0;                 // SYNs that TCP intercept answered
  std::uint64_t client_probes = 0, server_probes = 0, expired = 0;  // dead connection detection
};

// Of the whole appliance; `show perfmon` prints their rates.
struct InterceptCounters {
  std::uint64_t attempts = 0;            // SYNs answered with a cookie
  std::uint64_t established = 0;         // of those: the client confirmed and the server answered
  std::uint64_t embryonic_timeouts = 0;  // connections that ended in the handshake for want of an answer
};

// Which limit one more connection would exceed.
struct LimitVerdict {
  enum class Kind : std::uint8_t { kNone, kClass, kClient, kClassEmbryonic, kClientEmbryonic, kHost, kHostEmbryonic } kind{};
  std::uint32_t count = 0, limit = 0;
  std::uint32_t slot = 0xffffffff;  // of ConnLimits; none: no class with limits
  bool Intercepts() const {
    return kind == Kind::kClassEmbryonic || kind == Kind::kClientEmbryonic || kind == Kind::kHostEmbryonic;
  }
  bool Refuses() const { return kind != Kind::kNone && !Intercepts(); }
};

inline constexpr std::uint32_t kNoLimitSlot = 0xffffffff;

// All the state of limits, intercept and local hosts that an engine has.
struct ConnLimits {
  ConnLimits(std::uint32_t max_connections, Random& random);

  void UsePolicy(const Policy& policy, TimePoint now);
  // Counters of a class of the present policy, kNoLimitSlot if it has nothing to count.
  std::uint32_t SlotOf(const Policy& policy, const ServiceClass& c) const;

  HostTable hosts;    // by IfId
  HostTable clients;  // by ServiceClass::id
  std::deque<ConnLimitCounters> classes;
  std::vector<std::uint32_t> slots;  // by position in Policy::service
  std::unordered_map<std::uint32_t, std::uint32_t> slot_by_id;
  std::uint32_t active_hosts[256] = {}, most_active_hosts[256] = {};  // by IfId
  SynCookies cookies;
  InterceptCounters intercept;
  InterceptStats stats;
  bool may_intercept = false;      // some limit of half-open connections is configured
  TimePoint last_cookie{INT64_MIN / 2};  // when one was given out
  // 201010 and 201012 come at most once in ten seconds each.
  TimePoint told_embryonic{INT64_MIN / 2}, told_client_embryonic{INT64_MIN / 2};
};

// --- stages of a new flow
// Weighs the limits of the flow's class and host, before anything is made for it (Context::limit).
void WeighLimits(Context& c);
// The same for the host that a rule of 8.2 translates, once that rule is known.
void WeighSourceLimits(Context& c);
// What the connection needs of its class is put beside it.
void AttachLimits(Context& c);
// Says and counts that the flow is refused for Context::limit.
void RefuseForLimit(Context& c);
void LogEmbryonicLimit(Context& c);

// --- a connection comes, leaves its handshake, and goes
void CountConnection(EngineCore& core, const Conn& c, TimePoint now);
void CountHandshakeDone(EngineCore& core, const Conn& c);
void CountConnectionGone(EngineCore& core, const Conn& c, TimePoint now);
// The rule that translates a host of the new connection may have limits for it.
void NoteHostLimits(EngineCore& core, IfId interface, IpAddress host, const NatResult& nat);
// A dynamic translation of a host comes or goes.
void CountXlate(EngineCore& core, IfId interface, IpAddress host, bool comes, TimePoint now);

}  // namespace sallyport
