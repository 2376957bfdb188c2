// Security association payloads of version 2 (RFC 7296 3.3): proposals that are sent and received, and the choice among
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "vpn/ike/writer.h"
#include "vpn/policy.h"

namespace sallyport {

struct TransformV2 {
  std::uint8_t type = 0;
  std::uint16_t id = 0;
  std::uint16_t key_bits = 0;      // the key length attribute; 0: there is none
  bool strange_attribute = false;  // has an attribute that nobody knows: it must not be chosen
  bool operator==(const TransformV2&) const = default;
};

struct ProposalV2 {
  std::uint8_t number = 1, protocol = 0;
  std::vector<std::uint8_t> spi;
  std::vector<TransformV2> transforms;
};

// The body of an SA payload. At most 64 proposals and 512 transforms, in all; numbers must count from 1.
Result<std::vector<ProposalV2>> ReadSaV2(Bytes body);
// A whole SA payload.
void AddSaV2(ChainWriter& out, std::span<const ProposalV2> proposals);

// What an IKE SA is protected with.
struct SuiteV2 {
  VpnCipher cipher = VpnCipher::kAes128;
  VpnHash integrity = VpnHash::kNone;  // none with combined ciphers
  VpnHash prf = VpnHash::kSha1;
  std::uint16_t group = 2;
  std::uint32_t lifetime_s = 86400;  // of the policy that was chosen; each end has its own
  std::uint8_t number = 1;           // of the proposal
};

// One proposal for each policy, in its order; `spi` is empty in the first exchange. Policies for which the library lacks
// everything are left out.
std::vector<ProposalV2> IkeProposalsV2(std::span<const Ikev2Policy> policies, Bytes spi);
// Our policies by priority, the first one that any of the offered proposals satisfies; within it our order of preference.
std::optional<SuiteV2> ChooseIkeV2(std::span<const Ikev2Policy> policies, std::span<const ProposalV2> offered);
// What a responder has chosen must be within what was offered: one transform of each kind. Nothing: it is not.
std::optional<SuiteV2> AcceptIkeV2(std::span<const Ikev2Policy> policies, std::span<const ProposalV2> answer);

struct ChildSuiteV2 {
  VpnCipher cipher = VpnCipher::kAes128;
  VpnHash integrity = VpnHash::kNone;
  std::uint16_t group = 0;  // of perfect forward secrecy; 0: none
  std::uint8_t number = 1;
  std::uint32_t spi = 0;   // the peer's
  bool transport = false;  // our proposal that matched wants it (`mode transport`)
};

// `group` 0: without a key exchange of its own (always so in IKE_AUTH).
std::vector<ProposalV2> EspProposalsV2(std::span<const EspProposal> ours, std::uint16_t group, std::uint32_t spi);
// `group` is what our configuration demands, 0: nothing; then a group that the peer wants is taken, the first that is known.
// `exchange` false: IKE_AUTH, where nobody has a group.
std::optional<ChildSuiteV2> ChooseEspV2(std::span<const EspProposal> ours, std::uint16_t group, bool exchange,
                                        std::span<const ProposalV2> offered);
std::optional<ChildSuiteV2> AcceptEspV2(std::span<const EspProposal> ours, std::uint16_t group,
                                        std::span<const ProposalV2> answer);

// "AES-CBC-256 SHA256 SHA256 DH_GROUP_2048_MODP/Group 14", as an ASA's debug output has it.
std::string TransformNameV2(const TransformV2& t);
std::string ProposalTextV2(const ProposalV2& p);

}  // namespace sallyport
