// Configuration payloads (RFC 7296 3.15): what a remote user is given. Cisco's attributes are those of IKEv1's mode
// configuration.
#include <algorithm>

#include "vpn/ike/attributes.h"
#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

void PutConfigAddress(AttributeWriter& out, std::uint16_t type, IpAddress a) {
  if (!a.IsV4()) return;
  std::uint8_t b[4];
  a.StoreV4(b);
  out.Long(type, Bytes(b));
}

void PutText(AttributeWriter& out, std::uint16_t type, const std::string& text) {
  if (!text.empty() && text.size() <= 2000)
    out.Long(type, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

bool V2Engine::Configure(SaV2& sa, std::span<const RawPayload> payloads, ChainWriter& out) {
  const RawPayload* p = FindPayload(payloads, ikev2::kConfiguration);
  if (p == nullptr || sa.lan_to_lan) return true;
  if (p->body.size() < 4 || p->body[0] != ikev2::kCpRequest) return true;
  const auto attributes = ReadAttributes(p->body.subspan(4));
  if (!attributes) return true;
  const VpnGroupPolicy policy = policy_->GroupPolicyOf(sa.group_policy, sa.rules.get());
  const TunnelGroup* group = policy_->Group(sa.tunnel_group);
  AttributeWriter reply;
  bool networks = false;
  for (const Attribute& a : *attributes) {
    switch (a.type) {
      case ikev2::kIp4Address: {
        if (!sa.assigned.IsNone() || group == nullptr) break;
        const auto given = host_.TakeAddress(group->name, policy.address_pools.empty() ? group->address_pools : policy.address_pools,
                                             OwnAddress(sa.rules.get()));
        if (!given) {
          SayAborted(sa, "Failed to obtain an IP address for the peer");
          return false;
        }
        sa.assigned = given->address;
        PutConfigAddress(reply, ikev2::kIp4Address, given->address);
        if (!given->mask.IsNone()) PutConfigAddress(reply, ikev2::kIp4Netmask, given->mask);
        Log(sa, 751025, 5,
            "IKEv2 Group:" + sa.group_policy + " IPv4 Address=" + given->address.ToString() +
                " IPv6 address=:: assigned to session");
        break;
      }
      case ikev2::kIp4Dns:
        for (const IpAddress& d : policy.dns) PutConfigAddress(reply, ikev2::kIp4Dns, d);
        break;
      case ikev2::kIp4Nbns:
        for (const IpAddress& w : policy.wins) PutConfigAddress(reply, ikev2::kIp4Nbns, w);
        break;
      case ikev2::kIp4Subnet:
      case ikev2::kUnitySplitInclude:
        if (networks || policy.split != VpnGroupPolicy::Split::kTunnelSpecified) break;
        networks = true;
        for (const Prefix& n : policy.split_networks) {
          if (!n.IsV4()) continue;
          std::uint8_t b[8];
          n.address.StoreV4(b);
          MaskOf(n.FamilyLength()).StoreV4(b + 4);
          reply.Long(ikev2::kIp4Subnet, Bytes(b));
        }
        break;
      case ikev2::kUnityBanner:
        PutText(reply, ikev2::kUnityBanner, policy.banner);
        break;
      case ikev2::kUnityDefaultDomain:
        PutText(reply, ikev2::kUnityDefaultDomain, policy.default_domain);
        break;
      case ikev2::kUnitySplitDns: {
        std::string names;
        for (const std::string& n : policy.split_dns) names += (names.empty() ? "" : ",") + n;
        PutText(reply, ikev2::kUnitySplitDns, names);
        break;
      }
      default:
        break;
    }
  }
  out.Begin(ikev2::kConfiguration);
  out.U8(ikev2::kCpReply);
  out.Zeros(3);
  out.Put(reply.bytes());
  out.End();
  return true;
}

}  // namespace sallyport
