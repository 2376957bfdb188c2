// How one translation rule sees one flow: pure functions, no tables. The index of NatTable only decides which rules are
// asked.
//
// A rule has two faces. By its *source* face it translates the host it is about (real_src <-> mapped_src). By its
// *destination* face a twice NAT rule translates that host's peer (mapped_dst <-> real_dst). Which face untranslates a
// destination and which translates a source depends on the way the flow goes through the rule:
//     real_if -> mapped_if:  source real_src -> mapped_src (source face), destination mapped_dst -> real_dst (destination
//     face) mapped_if -> real_if:  destination mapped_src -> real_src (source face), source real_dst -> mapped_dst
//     (destination face)
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "firewall/nat.h"

namespace sallyport {

enum class NatFace : std::uint8_t { kSource, kDestination };

// The addresses the source is translated to, or nothing: identity. `storage` holds the interface's address when it is that.
// A rule by interface whose interface has no address yet has none and is not identity: see NatUnresolved.
std::span<const AddressRange> MappedRanges(const NatRule& rule, AddressRange& storage);
bool NatUnresolved(const NatRule& rule);
// Translates to 0.0.0.0, which refuses: what migration makes of nat-control.
bool RefusesAll(const NatRule& rule);
// Makes packets of one family those of the other, by its source or its destination part.
bool CrossesFamilies(const NatRule& rule);
// Twice NAT: has a destination part (addresses, or ports only).
bool HasDestination(const NatRule& rule);

// The address at the same position in `to` as `a` has in `from` (positions repeat when `to` is shorter). Empty `from`: any
// address. Empty `to`: the address itself. Nothing when `a` is not in `from`.
std::optional<IpAddress> MapByPosition(std::span<const AddressRange> from, std::span<const AddressRange> to, IpAddress a);
std::optional<std::uint16_t> MapByPosition(const PortRange& from, const PortRange& to, std::uint16_t port);

// Static rules (and the destination face of any twice rule): what key.dst really is when the flow enters by this face, or
// nothing when the rule does not apply.
std::optional<Endpoint> UntranslateBy(const NatRule& rule, NatFace face, const FlowKey& key);

// Does the rule, by this face, translate the source of a flow to `egress` whose destination is really `real_dst`? For the
// destination face of a dynamic rule the caller also has to know that the destination came out of one of its translations.
bool TranslatesSource(const NatRule& rule, NatFace face, const FlowKey& key, IfId egress, const Endpoint& real_dst);
// What key's source becomes, for a static source face or a destination face; TranslatesSource must hold. Nothing: the rule
// has no address to translate to.
std::optional<Endpoint> StaticSource(const NatRule& rule, NatFace face, const FlowKey& key);

// May a flow from outside use a dynamic translation of the rule to `real`? (Its peer must be the rule's, too.)
bool AdmitsPeer(const NatRule& rule, const FlowKey& key, const Endpoint& real);

// Policy NAT: may the host (`real`) and its peer, as the host sees it, use the rule?
bool PolicyPermits(const NatRule& rule, std::uint8_t protocol, const Endpoint& real, const Endpoint& peer);

}  // namespace sallyport
