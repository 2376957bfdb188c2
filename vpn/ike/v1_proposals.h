// What IKE version 1 offers and what it accepts: transforms of phase 1 and of ESP. Pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vpn/ike/sa_v1.h"
#include "vpn/ike/v1_keys.h"
#include "vpn/ike/vendor_ids.h"
#include "vpn/policy.h"

namespace sallyport {

// Proposals together with the attributes that they point at.
struct OfferV1 {
  std::vector<ProposalV1> proposals;
  std::vector<std::unique_ptr<std::vector<std::uint8_t>>> owned;
  Bytes Own(std::vector<std::uint8_t> bytes);
};

// --- phase 1

// The values of attribute 3 with extended authentication.
inline constexpr std::uint16_t kAuthXauthInitPsk = 65001, kAuthXauthInitRsa = 65005;

// What a transform says; nothing: it names something that is not spoken here.
std::optional<SuiteV1> ReadSuiteV1(const TransformV1& transform);
// One proposal, one transform for each policy. `xauth`: as a remote-access client.
OfferV1 OfferIkeV1(std::span<const Ikev1Policy> policies, bool xauth);

struct ChosenIkeV1 {
  SuiteV1 suite;
  std::size_t policy = 0;  // index into ours
  ProposalV1 answer;       // points into the offer
};
// The first of our policies that one of the offers equals in cipher, hash, authentication and group; the shorter lifetime
// rules. `mismatches` gets, for each of ours, what differed from the first offer, as message 713257 says it.
std::optional<ChosenIkeV1> ChooseIkeV1(std::span<const Ikev1Policy> ours, std::span<const ProposalV1> offered,
                                       std::vector<std::string>* mismatches);
// The initiator's check: the answer must be one of what was offered.
std::optional<SuiteV1> AcceptIkeV1(std::span<const Ikev1Policy> ours, bool xauth, std::span<const ProposalV1> answer);

// --- ESP

struct EspSuiteV1 {
  VpnCipher cipher = VpnCipher::k3Des;
  VpnHash hash = VpnHash::kSha1;  // kNone: not authenticated
  bool transport = false;
  bool udp = false;  // an encapsulation of NAT traversal
  std::uint16_t pfs_group = 0;
  std::uint64_t lifetime_s = 0, lifetime_kb = 0;  // 0: not told
};
std::optional<EspSuiteV1> ReadEspV1(const TransformV1& transform);

struct EspOfferV1 {
  std::span<const EspProposal> sets;
  std::uint32_t spi = 0;
  std::uint64_t lifetime_s = 0, lifetime_kb = 0;  // 0: no limit
  std::uint16_t pfs_group = 0;
  NatTraversal udp = NatTraversal::kNone;  // none: the tunnel is not encapsulated in UDP
};
// A proposal for each transform set, all with the same SPI.
OfferV1 OfferEspV1(const EspOfferV1& offer);

struct ChosenEspV1 {
  EspSuiteV1 suite;
  std::size_t set = 0;    // index into ours
  std::uint32_t spi = 0;  // the peer's
  ProposalV1 answer;      // points into the offer; our own SPI is still to be put in
};
// `pfs_group`: what is demanded, 0: what the peer wants. `udp`: NAT traversal was agreed on, and is needed.
std::optional<ChosenEspV1> ChooseEspV1(std::span<const EspProposal> ours, std::uint16_t pfs_group, bool udp,
                                       std::span<const ProposalV1> offered);

std::string CipherTextV1(VpnCipher cipher);  // "3DES-CBC", "AES-CBC"; as messages name them

}  // namespace sallyport
