// Proxy identities of quick mode, what a crypto map says of them, and which tunnel group a peer belongs to. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vpn/child_sa.h"
#include "vpn/crypto/certificates.h"
#include "vpn/ike/payloads.h"
#include "vpn/policy.h"

namespace sallyport {

struct SelectorPair {
  TrafficSelector local, remote;
  bool operator==(const SelectorPair&) const = default;
};

// The body of an ID payload for one side, and back. One that cannot be written (a range of ports) is written wider: every
// port.
std::vector<std::uint8_t> SelectorId(const TrafficSelector& s);
std::optional<TrafficSelector> SelectorOf(const IkeIdV1& id);
// The side as an identity can express it: what SelectorId writes.
TrafficSelector AsWritten(TrafficSelector s);

// What the access list wants to be protected, of which `flow` is a part; nothing: it is not to be protected.
std::optional<SelectorPair> SelectorsFor(const AccessList& match, const TunnelFlow& flow);
// May a peer ask for these? They must lie within one permitting element, without any earlier one that denies a part of them.
bool Permits(const AccessList& match, const SelectorPair& asked);
bool Within(const TrafficSelector& inner, const TrafficSelector& outer);

// How messages write a side: "10.1.0.0" and "255.255.0.0"; a range has its last address in the place of the mask.
std::string SelectorAddress(const TrafficSelector& s);
std::string SelectorMask(const TrafficSelector& s);
// Protocol and port of an identity; 0: any.
std::uint16_t SelectorPort(const TrafficSelector& s);
bool IsHost(const TrafficSelector& s);

// The text of an identity: an address, a name, a key id, a distinguished name.
std::string IdText(const IkeIdV1& id);
std::string IdTypeName(std::uint8_t type);  // "ID_IPV4_ADDR"

// Which tunnel group a peer belongs to before it has told who it is: its address, else DefaultL2LGroup, else (with extended
// authentication, or when the former has no key) DefaultRAGroup. Null: none of them has a key.
const TunnelGroup* GroupByAddress(const VpnPolicy& policy, IpAddress peer, bool xauth, bool need_key);
// By what it has told in aggressive mode; null: there is no such group.
const TunnelGroup* GroupById(const VpnPolicy& policy, const IkeIdV1& id);
// By its certificate: rules, OU, identity, address, the default group, in the order of `tunnel-group-map`.
const TunnelGroup* GroupByCertificate(const VpnPolicy& policy, const Certificate& certificate, const IkeIdV1& id,
                                      IpAddress peer);

// A crypto map entry or a virtual tunnel, as far as it concerns a negotiation.
struct EntryV1 {
  std::uint32_t id = 0;
  std::string map;
  std::uint32_t sequence = 0;
  IfId at{};
  IfId inside_hint = IfId::kAny;
  bool dynamic = false, any_to_any = false;
  std::shared_ptr<const AccessList> match;
  std::vector<IpAddress> peers;
  std::vector<EspProposal> sets;
  std::uint16_t pfs_group = 0;
  bool may_begin = true, may_answer = true;
  bool aggressive = false;
  std::uint16_t aggressive_group = 2;
  std::uint64_t lifetime_s = 0, lifetime_kb = 0;
  bool nat_t_disabled = false;
  DfPolicy df = DfPolicy::kCopy;
  bool fragment_after = false;
  std::string trustpoint;
};
std::optional<EntryV1> EntryOf(const VpnPolicy& policy, std::uint32_t id);
// The transform sets as they are offered and accepted for `s`: transport mode is for the two ends themselves (behind a NAT for a host
// at each end), everything else is tunnelled whatever the set says.
std::vector<EspProposal> SetsFor(const EntryV1& entry, const SelectorPair& s, IpAddress local, IpAddress peer, bool nat);
EntryV1 EntryOf(const VpnPolicy& policy, const CryptoMapEntry& e);
EntryV1 EntryOf(const VpnPolicy& policy, const VirtualTunnel& t);

}  // namespace sallyport
