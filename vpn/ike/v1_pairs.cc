// Pairs of ESP security associations: made, put into use, replaced, removed.
#include <fmt/format.h>

#include <algorithm>

#include "vpn/crypto/digests.h"
#include "vpn/crypto/traits.h"
#include "vpn/ike/v1_core.h"
#include "vpn/ike/v1_times.h"

namespace sallyport {
namespace {

using namespace ikev1;

// RFC 2409 5.5: one direction's keys; the SPI is that of its receiver.
struct DirectionKeys {
  Secret encryption, integrity;
};
DirectionKeys Derive(const Ikev1Sa& sa, const QuickV1& q, std::uint32_t spi) {
  const Bytes shared = q.pfs ? Bytes(q.job->shared.bytes()) : Bytes();
  Secret seed(shared.size() + 5 + q.nonce_i.size() + q.nonce_r.size());
  std::uint8_t* p = std::copy(shared.begin(), shared.end(), seed.bytes().data());
  *p = kEsp;
  StoreBe32(p + 1, spi);
  p = std::copy(q.nonce_i.begin(), q.nonce_i.end(), p + 5);
  std::copy(q.nonce_r.begin(), q.nonce_r.end(), p);
  const std::size_t cipher = TraitsOf(q.suite.cipher).material(), hash = TraitsOf(q.suite.hash).size;
  const Secret material = KeymatIkev1(sa.suite.hash, sa.keys.d.bytes(), seed.bytes(), cipher + hash);
  DirectionKeys out;
  out.encryption = material.Slice(0, cipher);
  out.integrity = material.Slice(cipher, hash);
  return out;
}

}  // namespace

std::optional<EntryV1> Ikev1Core::EntryForQuick(const Ikev1Sa& sa, std::uint32_t id) const {
  if (sa.client) return ClientEntry(sa);
  return policy_ == nullptr ? std::nullopt : EntryOf(*policy_, id);
}

// Which entry of the interface's crypto map a peer's selectors fall under: in order, as an ASA goes through it.
std::optional<EntryV1> Ikev1Core::FindEntry(Ikev1Sa& sa, const SelectorPair& asked) {
  if (sa.client) return ClientEntry(sa);
  bool any = false;
  for (const CryptoMapEntry& e : policy_->entries) {
    if (e.at != sa.at) continue;
    any = true;
    if (e.ikev1_sets.empty()) continue;
    const std::string where = fmt::format("map = {}, seq = {}", e.map, e.sequence);
    if (!e.dynamic) {
      Debug(713221, sa, "Static Crypto Map check, checking " + where + "...");
      if (!e.peers.empty() && std::find(e.peers.begin(), e.peers.end(), sa.peer.address) == e.peers.end()) continue;
      if (e.match == nullptr) {
        Debug(713223, sa, "Static Crypto Map check, " + where + ", no ACL configured");
        continue;
      }
    }
    if (e.match != nullptr && !Permits(*e.match, asked)) {
      if (!e.dynamic) {
        Debug(713222, sa,
              "Static Crypto Map check, " + where + ", ACL does not match proxy IDs src:" + SelectorAddress(asked.remote) +
                  " dst:" + SelectorAddress(asked.local));
      }
      continue;
    }
    if (e.dynamic && e.match == nullptr && sa.remote_access() && !sa.network_extension) {
      // A client has the address that it was given, and no other.
      const bool own = sa.assigned && IsHost(asked.remote) && asked.remote.addresses.first == sa.assigned->address;
      if (!own && sa.assigned) continue;
    }
    if (e.type == CryptoMapEntry::Type::kOriginateOnly) {
      Say(713195, 3, sa, "Tunnel Rejected: Originate-Only: Cannot accept incoming tunnel yet!");
      return {};
    }
    if (!e.dynamic) {
      Debug(713225, sa, fmt::format("Static Crypto Map check, map {}, seq = {} is a successful match", e.map, e.sequence));
    }
    return EntryOf(*policy_, e);
  }
  for (const VirtualTunnel& t : policy_->virtual_tunnels) {
    if (t.source != sa.at || t.destination != sa.peer.address || t.ikev1_sets.empty()) continue;
    const AddressRange all = AddressRange::Of(Prefix::AnyV4());
    if (asked.local.addresses == all && asked.remote.addresses == all) return EntryOf(*policy_, t);
  }
  if (!any) Say(713902, 3, sa, "No crypto map bound to interface... dropping pkt");
  return {};
}

TunnelKey Ikev1Core::KeyFor(const Ikev1Sa& sa, const EntryV1& entry, const SelectorPair& selectors) const {
  TunnelKey key;
  key.entry = entry.id;
  // Of a static entry the peers may be backups of each other: it is one tunnel by whichever it goes.
  if (entry.dynamic || sa.client) key.peer = sa.user.empty() ? sa.group.name + "/" + sa.peer.address.ToString() : sa.user;
  key.local = {selectors.local};
  key.remote = {selectors.remote};
  return key;
}

bool Ikev1Core::Install(Ikev1Sa& sa, QuickV1& q) {
  const std::optional<EntryV1> entry = EntryForQuick(sa, q.entry);
  if (!entry || q.spi_in == 0 || q.spi_out == 0 || children_.count(q.spi_in) != 0) return false;
  Debug(713906, sa, "loading all IPSEC SAs");
  Debug(715001, sa, "Generating Quick Mode Key!");
  Debug(715001, sa, "Generating Quick Mode Key!");
  auto pair = std::make_shared<ChildSa>();
  pair->key = KeyFor(sa, *entry, q.selectors);
  pair->at = sa.at;
  pair->inside_hint = entry->inside_hint;
  pair->local.address = sa.local.address;
  pair->peer.address = sa.peer.address;
  if (sa.via == IkeDatagram::Via::kNatT) {
    pair->encapsulation = EspEncapsulation::kNatT;
    pair->local.port = sa.local.port;
    pair->peer.port = sa.peer.port;
  } else if (sa.via == IkeDatagram::Via::kTcp) {
    pair->encapsulation = EspEncapsulation::kTcp;
    pair->local.port = sa.local.port;
    pair->peer.port = sa.peer.port;
  } else if (sa.udp_encapsulation) {
    pair->encapsulation = EspEncapsulation::kUdp;
    pair->local.port = pair->peer.port = sa.udp_port;
  }
  pair->transport = q.suite.transport;
  pair->lan_to_lan = !sa.remote_access() && !sa.client;
  pair->network_extension = sa.network_extension;
  pair->preserve = policy_->preserve && (pair->lan_to_lan || sa.network_extension);
  pair->spi_in = q.spi_in;
  pair->spi_out = q.spi_out;
  pair->cipher = q.suite.cipher;
  pair->hash = q.suite.hash;
  DirectionKeys in = Derive(sa, q, q.spi_in), out = Derive(sa, q, q.spi_out);
  pair->encryption_in = std::move(in.encryption);
  pair->integrity_in = std::move(in.integrity);
  pair->encryption_out = std::move(out.encryption);
  pair->integrity_out = std::move(out.integrity);
  pair->seconds = {q.lifetime_s, q.lifetime_s};
  pair->kilobytes = {q.lifetime_kb, q.lifetime_kb};
  pair->pfs_group = q.suite.pfs_group;
  pair->replay_window = policy_->replay_window;
  pair->df = entry->df;
  pair->fragment_after = entry->fragment_after;
  pair->map = entry->map;
  pair->map_sequence = entry->sequence;
  if (sa.remote_access() && !sa.client) pair->user = PeerName(sa);
  if (sa.assigned && !sa.client) pair->assigned = sa.assigned->address;
  pair->filter = policy_->GroupPolicyOf(sa.group_policy, sa.rules.get()).filter.list;
  pair->ike_version = 1;
  pair->ike_sa = sa.number;

  ChildV1 child;
  child.spi_in = q.spi_in;
  child.spi_out = q.spi_out;
  child.sa = sa.number;
  child.entry = q.entry;
  child.selectors = q.selectors;
  child.initiator = q.initiator;
  child.created = q.created;
  child.installed = real();
  bool first = true;
  for (auto& [spi, other] : children_) {
    if (!(other.sa_pair->key == pair->key)) continue;
    first = false;
    pair->activity = other.sa_pair->activity;
    child.packets_seen = other.packets_seen;
  }
  if (pair->activity == nullptr) pair->activity = std::make_shared<SaActivity>();
  child.outbound = first;
  child.sa_pair = pair;
  // Told when it comes: the hard limit holds from now on, whatever becomes of the exchange.
  if (q.lifetime_s != 0) child.expire_at = now() + Duration::Seconds(static_cast<std::int64_t>(q.lifetime_s));
  q.installed = true;
  children_[q.spi_in] = child;
  host_.Install(pair);
  return true;
}

// Both ends have the pair, as far as this one can know.
void Ikev1Core::CompleteQuick(Ikev1Sa& sa, QuickV1& q) {
  q.job.reset();
  q.x.forget_at = real() + kRememberExchange;
  ChildV1* child = FindChild(q.spi_in);
  if (child == nullptr) return;
  const char* role = q.initiator ? "Initiator" : "Responder";
  const std::string whom = sa.remote_access() ? "User (" + PeerName(sa) + ")" : "LAN-to-LAN Group (" + sa.group.name + ")";
  Say(713049, 5, sa,
      fmt::format("Security negotiation complete for {}  {}, Inbound SPI = 0x{:08x}, Outbound SPI = 0x{:08x}", whom, role,
                  q.spi_in, q.spi_out));
  Debug(715007, sa, fmt::format("IKE got a KEY_ADD msg for SA: SPI = 0x{:08x}", q.spi_out));
  Debug(715077, sa, fmt::format("Pitcher: received KEY_UPDATE, spi 0x{:x}", q.spi_in));
  if (q.lifetime_s != 0) {
    const std::uint64_t rekey = q.lifetime_s * (q.initiator ? 85 : 95) / 100;
    child->rekey_at = now() + Duration::Seconds(static_cast<std::int64_t>(rekey));
    Debug(715080, sa, fmt::format("Starting P2 rekey timer: {} seconds.", rekey));
  }
  Say(713120, 5, sa, fmt::format("PHASE 2 COMPLETED (msgid={:08x})", q.x.id));
  Settle(*child);
}

// A pair is there at both ends. Another pair of the same tunnel is either the older one, or both ends have made one at once;
// then both must keep the same.
void Ikev1Core::Settle(ChildV1& child) {
  if (child.settled) return;
  child.settled = true;
  bool loses = false, alone = true;
  for (auto& [spi, other] : children_) {
    if (spi == child.spi_in || other.retired || !other.settled || !(other.sa_pair->key == child.sa_pair->key)) continue;
    alone = false;
    const bool crossed = other.initiator != child.initiator && other.installed + kCrossing > child.created;
    loses = loses || (crossed && std::min(other.spi_in, other.spi_out) < std::min(child.spi_in, child.spi_out));
  }
  if (loses) {
    RetirePair(child, false);
  } else if (child.initiator && !alone && !child.outbound) {
    child.outbound_at = real() + kTrustNewPair;
  } else {
    SwitchOutbound(child);
  }
}

// Packets leave by this pair from now on; others of the tunnel wait for their end.
void Ikev1Core::SwitchOutbound(ChildV1& child) {
  child.outbound_at = TimePoint::Max();
  if (!child.outbound) {
    child.outbound = true;
    host_.UseOutbound(child.spi_in);
  }
  for (auto& [spi, other] : children_) {
    if (spi == child.spi_in || other.retired || !(other.sa_pair->key == child.sa_pair->key)) continue;
    // One that is still being negotiated has its own end.
    if (other.settled) RetirePair(other, child.initiator);
  }
}

void Ikev1Core::RetirePair(ChildV1& child, bool ours_to_delete) {
  child.retired = true;
  child.outbound = false;
  child.rekey_at = child.outbound_at = TimePoint::Max();
  child.remove_at = real() + (ours_to_delete ? kOldPairStays : kOldPairStays + kOldPairStays);
  host_.Retire(child.spi_in);
}

void Ikev1Core::RemoveChild(std::uint32_t spi_in, bool tell_peer) {
  const auto i = children_.find(spi_in);
  if (i == children_.end()) return;
  Ikev1Sa* sa = Find(i->second.sa);
  if (sa != nullptr) {
    // Its exchange is over with it.
    for (auto q = sa->quick.begin(); q != sa->quick.end();) {
      if (q->second->spi_in == spi_in && q->second->state == QmState::kDone) {
        sa->used_ids.push_back(q->first);
        q = sa->quick.erase(q);
      } else {
        ++q;
      }
    }
    while (sa->used_ids.size() > 64) sa->used_ids.pop_front();
    if (tell_peer && sa->active()) SendDelete(*sa, kEsp, {spi_in});
    Debug(715077, *sa, fmt::format("Pitcher: received key delete msg, spi 0x{:x}", spi_in));
  }
  const ChildV1 gone = i->second;
  children_.erase(i);
  host_.Remove(spi_in);
  if (!gone.outbound) return;
  // The newest of the tunnel's other pairs carries on.
  ChildV1* next = nullptr;
  for (auto& [spi, other] : children_) {
    if (other.retired || !(other.sa_pair->key == gone.sa_pair->key)) continue;
    if (next == nullptr || other.installed > next->installed) next = &other;
  }
  if (next == nullptr) return;
  next->outbound = true;
  next->outbound_at = TimePoint::Max();
  host_.UseOutbound(next->spi_in);
}

void Ikev1Core::EndIfEmpty(std::uint32_t number, IkeEnd why) {
  Ikev1Sa* sa = Find(number);
  if (sa == nullptr || sa->replaced || !sa->active() || sa->login != V1Login::kNone || !sa->needs.empty()) return;
  for (const auto& [spi, child] : children_) {
    if (child.sa == number && !child.retired) return;
  }
  for (const auto& [id, q] : sa->quick) {
    if (q->state != QmState::kDone) return;
  }
  const char* reason = "User Requested";
  switch (why) {
    case IkeEnd::kNoCryptoMap:
      reason = "crypto map policy not found";
      break;
    case IkeEnd::kPhase2Mismatch:
      reason = "Phase 2 Mismatch";
      break;
    case IkeEnd::kLostService:
      reason = "Lost Service";
      break;
    case IkeEnd::kIdleTimeout:
      reason = "Idle Timeout";
      break;
    case IkeEnd::kMaxTime:
      reason = "Max Time Exceeded";
      break;
    case IkeEnd::kAdministratorReset:
      reason = "Administrator Reset";
      break;
    default:
      break;
  }
  Say(713259, 5, *sa, std::string("Session is being torn down. Reason: ") + reason);
  Kill(*sa, why, true);
}

ChildV1* Ikev1Core::FindChild(std::uint32_t spi_in) {
  const auto i = children_.find(spi_in);
  return i == children_.end() ? nullptr : &i->second;
}

// By the peer's SPI: SPIs of two peers may be the same.
ChildV1* Ikev1Core::FindChildOut(const Ikev1Sa& sa, std::uint32_t spi_out) {
  for (auto& [spi, child] : children_) {
    if (child.spi_out != spi_out) continue;
    if (child.sa == sa.number) return &child;
    const Ikev1Sa* owner = Find(child.sa);
    if (owner != nullptr && SamePeer(*owner, sa)) return &child;
  }
  return nullptr;
}

void Ikev1Core::RekeyChild(ChildV1& child) {
  if (child.retired || child.rekeying) return;
  Ikev1Sa* sa = Find(child.sa);
  if (sa == nullptr || !sa->active()) return;
  child.rekey_at = TimePoint::Max();
  if (Busy(*sa, child.selectors)) return;
  child.rekeying = true;
  Say(713041, 5, *sa,
      "IKE Initiator: Rekeying Phase 2, Intf " + host_.NameOf(sa->at) + ", IKE Peer " + sa->peer.address.ToString() +
          "  local Proxy Address " + SelectorAddress(child.selectors.local) + ", remote Proxy Address " +
          SelectorAddress(child.selectors.remote) + ",  Crypto map (" + child.sa_pair->map + ")");
  const NeedV1 need{child.entry, child.selectors, child.spi_in};
  const std::uint32_t spi_in = child.spi_in;
  if (BeginQuick(*sa, need)) return;
  if (ChildV1* left = FindChild(spi_in)) {
    left->rekeying = false;
    left->rekey_at = now() + kRekeyAgain;
  }
}

}  // namespace sallyport
