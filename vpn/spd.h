// What a packet that leaves is to be protected by: the security policy, as crypto maps and tunnel interfaces say it.
//
// The entries of the map of an interface are asked in order; `permit` of an entry's access list means that entry, `deny` and no
// match the next one. An entry of a dynamic map is only what peers have negotiated. Data thread; knows no keys.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "firewall/tunnel.h"
#include "vpn/policy.h"
#include "vpn/tunnel_table.h"

namespace sallyport {

class Spd {
 public:
  // Null: nothing is to be protected any more.
  void UsePolicy(std::shared_ptr<const VpnPolicy> policy);
  const VpnPolicy* policy() const { return policy_.get(); }
  const CryptoMapEntry* Entry(std::uint32_t id) const { return policy_ != nullptr ? policy_->Entry(id) : nullptr; }
  TunnelChoice Choose(const TunnelFlow& f, const TunnelTable& table) const;
  // May we begin to negotiate for this entry?
  bool MayInitiate(std::uint32_t entry) const;

 private:
  std::shared_ptr<const VpnPolicy> policy_;
  std::array<std::vector<const CryptoMapEntry*>, 256> at_;  // by interface, in order of evaluation
};

}  // namespace sallyport
