// Network address translation of both eras as one ordered list of rules (NatTable, immutable, part of the policy) and the
// table of dynamic translations (XlateTable, owned by the engine, data thread only).
//
// 8.3+: section 1 twice NAT in order, section 2 object NAT (static before dynamic; fewer addresses, lower address, name),
// section 3 after-auto. 8.2: exemption (nat 0 access-list), static (first match), policy nat, nat (best match). The
// configuration puts rules into that order; a lookup here is "first match".
//
// Words: "real" is the host's own address, "mapped" what others see. For a rule (real_if, mapped_if): a packet that enters
// by real_if and leaves by mapped_if has its source translated real -> mapped and, for twice NAT, its destination
// mapped_dst -> real_dst. The other way round, destination mapped -> real and source real_dst -> mapped_dst.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/base/ip_address.h"
#include "firewall/base/names.h"
#include "firewall/base/random.h"
#include "firewall/base/time.h"
#include "firewall/pat_pool.h"
#include "firewall/types.h"

namespace sallyport {

class UndoLog;

struct NatHits {
  std::atomic<std::uint64_t> translate{0};
  std::atomic<std::uint64_t> untranslate{0};
};

// Connection limits at the end of 8.2's nat and static lines, for each real host; 0: none.
struct NatLimits {
  std::uint32_t tcp = 0, udp = 0, embryonic = 0;
  bool norandomseq = false;
  bool Any() const { return (tcp | udp | embryonic) != 0; }
  bool operator==(const NatLimits&) const = default;
};

struct NatRule {
  enum class Kind : std::uint8_t {
    kStatic,      // both directions; includes identity and exemption
    kDynamic,     // pool of addresses, one for each real host; then PAT if pat_fallback
    kDynamicPat,  // many hosts behind the mapped addresses by port
  };
  std::uint32_t id = 0;  // unique and stable across recompilation while the rule stays in the configuration; never 0
  Kind kind = Kind::kStatic;
  std::uint8_t section = 1;  // 1, 2, 3; 8.2: 0 exemption, 1 static, 2 nat
  std::uint32_t order = 0;   // number within its section, 1.. ; what `show nat` prints
  IfId real_if = IfId::kAny;
  IfId mapped_if = IfId::kAny;

  // Source as the real side has it. Static: ranges correspond by position (or repeat, `net-to-net`/ many-to-one fold).
  std::vector<AddressRange> real_src;    // empty: any address
  std::vector<AddressRange> mapped_src;  // empty: same as real (identity)
  NameId pat_pool_id{};                  // the name of the pool that is shared by port, for messages
  bool mapped_is_interface = false;      // mapped source is the address of mapped_if (resolved in mapped_src when known)
  std::vector<AddressRange> pat_src;     // pool exhausted: PAT on these addresses
  PatPoolOptions pool;                   // how ports of the shared addresses are given out
  std::string pool_name, pat_name;       // objects behind mapped_src and pat_src; empty: an interface or a single address
  bool interface_fallback = false;       // pool and those exhausted: PAT on the address of mapped_if
  IpAddress interface_address;           // for the two above; none until the interface has an address

  // Twice NAT: destination as the real side sees it (mapped_dst) and as it is (real_dst). Both empty: any.
  std::vector<AddressRange> mapped_dst;
  std::vector<AddressRange> real_dst;

  // Port translation (static PAT, twice NAT service). 0: any protocol.
  std::uint8_t service_protocol = 0;
  PortRange real_sport, mapped_sport;  // of the source side
  PortRange mapped_dport, real_dport;  // of the destination side

  std::shared_ptr<const AccessList> access_list;  // 8.2 policy NAT and exemption: also has to match real flow

  bool identity = false;
  bool exempt = false;  // 8.2 nat 0 access-list
  bool unidirectional = false;
  bool no_proxy_arp = false;
  bool route_lookup = false;
  bool dns = false;
  bool net_to_net = false;
  bool inactive = false;

  NatLimits limits;    // of 8.2 nat and static lines

  std::string config;  // the line(s) of configuration, for packet-tracer, '\n' between lines
  std::string show;    // what `show nat` prints after "N "
  std::shared_ptr<NatHits> hits;
};

class XlateTable;

class NatTable {
 public:
  NatTable() = default;
  // Builds the index; copies of the table share rules and index.
  explicit NatTable(std::vector<NatRule> rules);
  const std::vector<NatRule>& rules() const;
  const NatRule* ById(std::uint32_t id) const;
  bool nat_control = false;         // 8.2: no rule, no passage (305005)
  bool translations_first = false;  // 8.2: a translation that there is goes before all rules but exemption
  // `xlate per-session` and `xlate block-allocation` (XlateTimeouts); interim_logging 0: none.
  std::shared_ptr<const AccessList> per_session_rules;
  std::uint16_t block_size = 512;
  std::uint8_t blocks_per_host = 4;
  Duration interim_logging;

  // The first rule, and its face (nat_rule.h), that untranslates key's destination; `real` is what that becomes. Null: none.
  // Static rules and the destination part of twice NAT; dynamic translations are XlateTable's.
  struct Match {
    const NatRule* rule = nullptr;
    bool destination_face = false;
    Endpoint real;
  };
  Match FindUntranslate(const FlowKey& key) const;
  // The first rule and face that translate the source of a flow to `egress`. `real` is not set.
  Match FindTranslate(const XlateTable& xlates, const FlowKey& key, IfId egress, const Endpoint& real_dst) const;
  // Addresses in DNS messages from one interface to another, by static rules with `dns`: what a mapped one really is when the
  // message comes from the mapped side, what a real one is known as when it goes there. Nothing: as it is.
  bool rewrites_dns() const;
  bool dns_crosses_families() const;  // one of them does
  // Some rule makes IPv6 of IPv4, or the other way round.
  bool crosses_families() const;
  // Some rule maps to IPv6 addresses.
  bool maps_to_ipv6() const;
  // `v4`: of which family.
  std::optional<IpAddress> DnsReal(IfId from, IfId to, IpAddress mapped, bool v4) const;
  std::optional<IpAddress> DnsMapped(IfId from, IfId to, IpAddress real, bool v4) const;
  const std::vector<const NatRule*>& dynamic_dns() const;  // dynamic rules with `dns`
  // Do dynamic rules share this address of `mapped_if` by port?
  bool IsPatAddress(IfId mapped_if, IpAddress mapped) const;
  // Ports of `mapped` on `mapped_if` that static rules own, sorted: dynamic PAT must not give them out.
  std::span<const PortRange> ReservedPorts(IfId mapped_if, IpAddress mapped, std::uint8_t protocol) const;

 private:
  struct Index;
  std::shared_ptr<const Index> index_;
};

// A dynamic translation. 8.2 and 8.3+ alike; PAT ones have ports, NAT ones stand for a host.
struct Xlate {
  std::uint32_t rule = 0;  // NatRule::id
  bool pat = false;
  bool per_session = false;   // goes with its connection
  bool extended = false;      // stands for `peer` only
  bool in_block = false;      // its port is of a block of its host
  bool opened_block = false;  // ... which it was the first of
  bool sticky = false;        // counts for the address that round-robin has given its host
  std::uint8_t protocol = 0;  // PAT only
  IfId real_if{};
  IfId mapped_if{};
  Endpoint real;
  Endpoint mapped;
  IpAddress peer;  // extended only
  std::uint32_t connections = 0;
  TimePoint created;
  TimePoint last_used;  // when `connections` became 0, or the last packet that made a connection
};

using XlateIndex = std::uint32_t;
inline constexpr XlateIndex kNoXlate = 0xffffffff;

struct XlateTimeouts {
  Duration xlate = Duration::Seconds(3 * 3600);
  Duration pat_xlate = Duration::Seconds(30);
  bool per_session = true;                        // 9.0+: TCP and UDP port 53, unless the rules say otherwise
  const AccessList* per_session_rules = nullptr;  // permit: per session, deny: not; real addresses. What none matches: as above
  std::uint16_t block_size = 512;                 // of block-allocation
  std::uint8_t blocks_per_host = 4;               // for each protocol
};

// A block of ports that a host has of a mapped address.
struct PortBlock {
  IfId real_if{};
  IfId mapped_if{};
  std::uint8_t protocol = 0;
  IpAddress real;
  IpAddress mapped;
  PortRange ports;
};

// One shared address: what `show nat pool` says of it.
struct PatAddressView {
  std::uint8_t protocol = 0;
  IfId mapped_if{};
  IpAddress mapped;
  IpAddress peer;  // of extended PAT; none otherwise
  std::array<std::uint32_t, 3> used{};  // of 1-511, 512-1023, 1024-65535
};

enum class XlateFailure : std::uint8_t {
  kNone,
  kUsedUp,       // no address or port is left
  kBlockLimit,   // the host has all the blocks it may have
  kBlocksTaken,  // no block is left
};

// A new translation to be made: whose, for which flow.
struct XlateRequest {
  std::uint8_t protocol = 0;
  IfId real_if{};
  IfId mapped_if{};
  Endpoint real;
  Endpoint peer;  // where the flow really goes
};

// Grows one bucket and one block of entries at a time, so that no packet waits for a rehash. Translations without a
// connection (also new ones) wait in order of last use for their timeout.
class XlateTable {
 public:
  explicit XlateTable(std::uint64_t seed);
  ~XlateTable();
  XlateTable(const XlateTable&) = delete;
  XlateTable& operator=(const XlateTable&) = delete;

  // The translation that a packet from `peer` to `mapped` arriving on `mapped_if` belongs to.
  XlateIndex FindMapped(std::uint8_t protocol, IfId mapped_if, const Endpoint& mapped, IpAddress peer = {}) const;
  XlateIndex FindReal(const XlateRequest& flow, std::uint32_t rule) const;
  // A new dynamic translation by `rule`, or kNoXlate when pool and ports are used up (`why`). PAT keeps the source port when it
  // can, else takes a free one (port_space.h); only TCP, UDP and ICMP have ports to translate. Ports that static rules of
  // `statics` own are left alone. A pool is used front to back, or in turn; at most 65536 addresses of a NAT pool and 1024 of a
  // PAT pool are ever used.
  XlateIndex Create(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts, TimePoint now,
                    const NatTable* statics = nullptr, XlateFailure* why = nullptr);
  // A port translation of the flow's real end to a free port of just this address, whatever the rule would choose (data
  // connections must come from, or to, where their control connection is). kNoXlate: no port is free.
  XlateIndex CreateAt(const NatRule& rule, const XlateRequest& flow, IpAddress mapped, const XlateTimeouts& timeouts, TimePoint now,
                      const NatTable* statics);
  // The mapped end that Create would choose now, or nothing when it would fail. Changes nothing.
  std::optional<Endpoint> Predict(const NatRule& rule, const XlateRequest& flow, const XlateTimeouts& timeouts,
                                  const NatTable* statics = nullptr, XlateFailure* why = nullptr) const;
  const Xlate& Get(XlateIndex i) const;
  void AddConnection(XlateIndex i);
  // A new flow found the translation again: `last_used` becomes `now`.
  void Touch(XlateIndex i, TimePoint now);
  // Returns true if the translation was per-session and so has ended; the caller logs it, then calls Remove.
  bool DropConnection(XlateIndex i, TimePoint now);
  // Returns the block of ports that its host has lost with it.
  std::optional<PortBlock> Remove(XlateIndex i);
  // The block that the port of a translation with `in_block` is of.
  PortBlock BlockOf(XlateIndex i) const;
  std::vector<PortBlock> Blocks() const;
  // Addresses shared by port that have ports in use, or had within the last ten minutes. By protocol, address, peer.
  std::vector<PatAddressView> PatAddresses(TimePoint now) const;
  // Addresses of `range` that stand for a host on `mapped_if`; at most 65536 are looked at.
  std::uint32_t HostsWithin(IfId mapped_if, const AddressRange& range) const;
  // `clear xlate`: pools without a port in use are forgotten at once.
  void ForgetPools();

  // Up to 8.2 a translation serves new flows of its host although its rule is gone. `rules` are gone now, `live` are the
  // policy's; those without translations are forgotten.
  void Retire(const std::vector<NatRule>& rules, const NatTable& live);
  const std::vector<NatRule>& retired() const;
  const NatRule* Retired(std::uint32_t id) const;

  // Next translation whose time has come (no connections, idle too long), or kNoXlate. The caller removes it and calls
  // again until kNoXlate.
  XlateIndex NextExpired(const XlateTimeouts& timeouts, TimePoint now);
  TimePoint NextDeadline(const XlateTimeouts& timeouts) const;  // TimePoint::Max() when none

  std::uint32_t count() const;
  std::uint32_t most_used() const;
  // Walks live translations from slot `cursor`; returns the next cursor or 0 at the end. At most `limit` visited.
  template <typename F>
  std::uint32_t Walk(std::uint32_t cursor, std::uint32_t limit, F&& visit) const;
  std::uint32_t slots() const;
  bool Live(std::uint32_t slot) const;
  // From here on notes what comes, goes and is counted (null: no longer); Touch waits till then.
  void UseUndo(UndoLog* undo);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <typename F>
std::uint32_t XlateTable::Walk(std::uint32_t cursor, std::uint32_t limit, F&& visit) const {
  const std::uint32_t end = slots();
  for (; cursor < end && limit != 0; cursor++) {
    if (!Live(cursor)) continue;
    visit(cursor, Get(cursor));
    limit--;
  }
  return cursor < end ? cursor : 0;
}

struct NatResult {
  const NatRule* rule = nullptr;  // null: no rule, nothing changes
  Endpoint endpoint;              // the translated end
  XlateIndex xlate = kNoXlate;    // dynamic translation used or made
  IfId egress = IfId::kAny;       // Untranslate: interface that the rule diverts to; kAny: ask the routing table
  bool failed = false;            // a rule matched but no address or port is left, or nat-control has no rule
  XlateFailure why{};
};

// The first packet of an answer, as the responder sends it: `mapped_src` is what the initiator is to it. ICMP is ICMPv6 where the
// responder is of the other family.
FlowKey ReplyKey(const FlowKey& key, IfId egress, const Endpoint& real_dst, const Endpoint& mapped_src);

// The three below choose; counting NatRule::hits is the caller's when the flow really comes to be.
//
// Destination of a new flow: what `key.dst` (as seen on key.ingress) really is. Dynamic translations first, then rules.
NatResult Untranslate(const NatTable& table, const XlateTable& xlates, const FlowKey& key);
// Source of a new flow that leaves by `egress`; `real_dst` is its destination after Untranslate. With `commit` a dynamic
// translation is made (or reused); without it, it is only predicted (packet-tracer).
NatResult Translate(const NatTable& table, XlateTable& xlates, const FlowKey& key, IfId egress, const Endpoint& real_dst,
                    const XlateTimeouts& timeouts, TimePoint now, bool commit);
// Would the reply's path choose the same rule? (packet-tracer "rpf-check"; 305013 when not.) `source_rule` is what
// Translate chose (null: none); `real_src` and `mapped_src` are the two faces of the initiator.
bool ReversePathAgrees(const NatTable& table, const XlateTable& xlates, const FlowKey& key, IfId egress,
                       const Endpoint& real_dst, const NatResult& source, const NatResult& destination);

// What an address in a DNS message on its way from interface `from` to interface `to` has to read there (answers; questions for the
// name of an address): rules with `dns`, static ones of whole addresses, dynamic ones for hosts that have one for themselves.
// Nothing: it stays. `other_family`: as an address of the other family (NAT64, NAT46). Cisco: configuration guide 9.x, "DNS and NAT".
std::optional<IpAddress> RewrittenInDnsReply(const NatTable& table, const XlateTable& xlates, IfId from, IfId to, IpAddress address,
                                             bool other_family = false);

}  // namespace sallyport
