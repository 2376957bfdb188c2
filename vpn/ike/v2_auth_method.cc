// How the two ends of an IKE SA prove who they are (RFC 7296 2.15).
#include <algorithm>

#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

IdV2 AddressId(IpAddress a) {
  IdV2 id;
  if (a.IsV4()) {
    id.type = ikev2::kIdIpv4;
    id.data.resize(4);
    a.StoreV4(id.data.data());
  } else {
    id.type = ikev2::kIdIpv6;
    id.data.resize(16);
    a.StoreV6(id.data.data());
  }
  return id;
}

IdV2 TextId(std::uint8_t type, const std::string& text) {
  IdV2 id;
  id.type = type;
  id.data.assign(text.begin(), text.end());
  return id;
}

Bytes OfText(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

}  // namespace

bool V2Engine::OwnIdentity(SaV2& sa, const TunnelGroup& group, const EntryV2* entry, std::string& why) {
  (void)entry;
  sa.lan_to_lan = group.type == TunnelGroup::Type::kLanToLan;
  sa.group_policy = group.default_group_policy;
  if (!policy_->GroupPolicy(sa.group_policy).protocols.ikev2) {
    Log(sa, 751008, 3, "Group=" + group.name + ", Tunnel rejected: IKEv2 not enabled in group policy");
    why = "Auth exchange failed";
    return false;
  }
  if (!group.ikev2_local_psk.empty()) {
    sa.local_auth = VpnAuth::kPreSharedKeys;
  } else {
    Log(sa, 751002, 3, "No preshared key or trustpoint configured for self in tunnel group " + group.name);
    why = "No pskey found";
    return false;
  }
  if (!group.ikev2_remote_psk.empty()) {
    sa.remote_auth = VpnAuth::kPreSharedKeys;
  } else {
    Log(sa, 751004, 3, "No remote authentication method configured for peer in tunnel group " + group.name);
    why = "No pskey found";
    return false;
  }
  switch (policy_->identity) {
    case VpnPolicy::Identity::kHostname: {
      std::string name = policy_->hostname;
      if (!policy_->domain.empty() && name.find('.') == std::string::npos) name += "." + policy_->domain;
      if (!name.empty()) {
        sa.local_id = TextId(ikev2::kIdFqdn, name);
        return true;
      }
      break;
    }
    case VpnPolicy::Identity::kKeyId:
      if (!policy_->key_id.empty()) {
        sa.local_id = TextId(ikev2::kIdKeyId, policy_->key_id);
        return true;
      }
      break;
    case VpnPolicy::Identity::kAddress:
    case VpnPolicy::Identity::kAuto:
      break;
  }
  sa.local_id = AddressId(sa.local.address);
  return true;
}

void V2Engine::MakeAuth(const SaPtr& sa, std::function<void(const SaPtr&, std::vector<std::uint8_t>)> done) {
  const TunnelGroup* group = policy_->Group(sa->tunnel_group);
  if (group == nullptr) {
    done(sa, {});
    return;
  }
  const auto body = sa->local_id.Body();
  const auto octets = SignedOctetsV2(sa->suite.prf, sa->initiator ? sa->init_request : sa->init_response, sa->initiator ? sa->nr : sa->ni,
                                     (sa->initiator ? sa->keys.pi : sa->keys.pr).bytes(), body);
  Proto(sa.get(), sa->peer.address, 2, "Generate my authentication data");
  Proto(sa.get(), sa->peer.address, 2,
        "Use preshared key for id " + sa->local_id.Text() + ", key len " + std::to_string(group->ikev2_local_psk.size()));
  const Secret mac = SharedKeyAuthV2(sa->suite.prf, OfText(group->ikev2_local_psk), octets);
  std::vector<std::uint8_t> auth{ikev2::kSharedKey};
  auth.insert(auth.end(), mac.bytes().begin(), mac.bytes().end());
  done(sa, std::move(auth));
}

void V2Engine::CheckAuth(const SaPtr& sa, std::span<const RawPayload> payloads, std::function<void(const SaPtr&, std::string)> done) {
  const TunnelGroup* group = policy_->Group(sa->tunnel_group);
  const RawPayload* p = FindPayload(payloads, ikev2::kAuthentication);
  const auto auth = p != nullptr ? ReadAuthV2(p->body) : std::nullopt;
  if (group == nullptr || !auth) {
    done(sa, "Auth exchange failed");
    return;
  }
  const auto body = sa->remote_id.Body();
  const auto octets = SignedOctetsV2(sa->suite.prf, sa->initiator ? sa->init_response : sa->init_request, sa->initiator ? sa->ni : sa->nr,
                                     (sa->initiator ? sa->keys.pr : sa->keys.pi).bytes(), body);
  Proto(sa.get(), sa->peer.address, 2, "Verify peer's authentication data");
  if (auth->method != ikev2::kSharedKey || group->ikev2_remote_psk.empty()) {
    done(sa, "Peer authentication method configured is mismatching with the method proposed by peer");
    return;
  }
  Proto(sa.get(), sa->peer.address, 2,
        "Use preshared key for id " + sa->remote_id.Text() + ", key len " + std::to_string(group->ikev2_remote_psk.size()));
  const Secret mac = SharedKeyAuthV2(sa->suite.prf, OfText(group->ikev2_remote_psk), octets);
  if (!SameBytes(mac.bytes(), auth->data)) {
    Proto(sa.get(), sa->peer.address, 5, "Computed authentication value for peer differs from what peer sent");
    done(sa, "Failed to authenticate the IKE SA");
    return;
  }
  sa->remote_auth = VpnAuth::kPreSharedKeys;
  done(sa, "");
}

void V2Engine::AddOwnCertificates(ChainWriter&, const SaV2&) {}
void V2Engine::AddCertificateRequest(ChainWriter&, const SaV2&) {}
std::string V2Engine::OwnTrustpoint(const SaV2&) const { return ""; }

}  // namespace sallyport
