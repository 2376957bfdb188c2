// Children as pairs of ESP security associations: agreed upon, put to use, replaced, removed.
#include <algorithm>

#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {

namespace {

// How long a pair that has ended still decrypts what was on its way.
constexpr Duration kLinger = Duration::Seconds(5);

}  // namespace

ChildV2* V2Engine::Install(SaV2& sa, const NewChild& made) {
  const EntryV2& entry = *made.entry;
  ChildKeysV2 keys =
      DeriveChildV2(sa.suite.prf, sa.keys.d.bytes(), made.shared, made.ni, made.nr, made.suite.cipher, made.suite.integrity);
  auto child = std::make_shared<ChildSa>();
  child->key.entry = entry.id;
  if (entry.dynamic) child->key.peer = sa.user.empty() ? sa.remote_id.Text() : sa.user;
  child->key.local = made.local;
  child->key.remote = made.remote;
  child->at = sa.at;
  child->inside_hint = entry.inside;
  const bool udp = sa.via == IkeDatagram::Via::kNatT && (sa.nat_inside || sa.nat_outside);
  child->encapsulation = udp ? EspEncapsulation::kNatT : EspEncapsulation::kNone;
  child->local = {sa.local.address, udp ? sa.local.port : std::uint16_t{0}};
  child->peer = {sa.peer.address, udp ? sa.peer.port : std::uint16_t{0}};
  child->transport = made.transport;
  child->lan_to_lan = sa.lan_to_lan;
  child->preserve = policy_->preserve;
  child->spi_in = made.spi_in;
  child->spi_out = made.suite.spi;
  child->cipher = made.suite.cipher;
  child->hash = made.suite.integrity;
  child->encryption_out = std::move(made.initiator ? keys.encryption_i : keys.encryption_r);
  child->integrity_out = std::move(made.initiator ? keys.integrity_i : keys.integrity_r);
  child->encryption_in = std::move(made.initiator ? keys.encryption_r : keys.encryption_i);
  child->integrity_in = std::move(made.initiator ? keys.integrity_r : keys.integrity_i);
  child->seconds = {entry.lifetime_s, entry.lifetime_s};
  child->kilobytes = {entry.lifetime_kb, entry.lifetime_kb};
  child->pfs_group = made.suite.group;
  child->replay_window = policy_->replay_window;
  const auto df = policy_->df.find(sa.at);
  child->df = entry.df ? *entry.df : df != policy_->df.end() ? df->second : DfPolicy::kCopy;
  const auto after = policy_->fragment_after.find(sa.at);
  child->fragment_after = after != policy_->fragment_after.end() && after->second;
  child->map = entry.map;
  child->map_sequence = entry.sequence;
  child->user = sa.lan_to_lan ? "" : sa.user;
  child->assigned = sa.assigned;
  child->filter = policy_->GroupPolicyOf(sa.group_policy, sa.rules.get()).filter.list;
  child->ike_version = 2;
  child->ike_sa = sa.number;
  const auto old = sa.children.find(made.replaces);
  child->activity = old != sa.children.end() ? old->second.sa->activity : std::make_shared<SaActivity>();

  ChildV2 state;
  state.sa = child;
  if (entry.lifetime_s != 0) {
    const std::int64_t life = entry.lifetime_s;
    state.soft = t_.now + Duration::Seconds(made.initiator ? life * 85 / 100 : life * 95 / 100);
    state.hard = t_.now + Duration::Seconds(life);
  }
  state.waits = made.replaces != 0 && !made.initiator;
  state.outbound = true;  // of a tunnel that has no other pair; then the data path begins at once
  for (const auto& [spi, other] : sas_) {
    for (const auto& [in, c] : other->children) state.outbound = state.outbound && !(c.sa->key == child->key);
  }
  host_.Install(child);
  Proto(&sa, sa.peer.address, 2, "Load IPSEC key material");
  ChildV2& kept = sa.children[made.spi_in] = std::move(state);
  return &kept;
}

void V2Engine::UseOutbound(std::uint32_t spi_in) {
  ChildV2* chosen = nullptr;
  if (SaOfChild(spi_in, chosen) == nullptr) return;
  for (const auto& [spi, sa] : sas_) {
    for (auto& [in, child] : sa->children) {
      if (child.sa->key == chosen->sa->key) child.outbound = false;
    }
  }
  chosen->outbound = true;
  chosen->waits = false;
  host_.UseOutbound(spi_in);
}

void V2Engine::RemoveChild(SaV2& sa, std::uint32_t spi_in, bool linger) {
  const auto i = sa.children.find(spi_in);
  if (i == sa.children.end()) return;
  const ChildV2 gone = std::move(i->second);
  sa.children.erase(i);
  if (gone.outbound) {
    // Another pair of the same tunnel carries on, here or at an SA that has taken over: best one that the peer is known to
    // have.
    std::uint32_t best_spi = 0;
    int best = 0;
    for (const auto& [spi, other] : sas_) {
      for (const auto& [other_spi, child] : other->children) {
        if (!(child.sa->key == gone.sa->key)) continue;
        const int rank = child.deleting ? 1 : child.replaced ? 2 : child.waits ? 3 : 4;
        if (rank > best) {
          best = rank;
          best_spi = other_spi;
        }
      }
    }
    if (best_spi != 0) UseOutbound(best_spi);
  }
  if (linger) {
    if (!gone.deleting) host_.Retire(spi_in);
    lingering_.push_back({gone.sa, t_.real + kLinger});
    return;
  }
  host_.Remove(spi_in);
  // Without a pair the tunnel is down: what is left of its earlier pairs does not keep it up.
  const bool other = std::any_of(sas_.begin(), sas_.end(), [&](const auto& s) {
    return std::any_of(s.second->children.begin(), s.second->children.end(),
                       [&](const auto& c) { return c.second.sa->key == gone.sa->key; });
  });
  if (other) return;
  std::vector<std::uint32_t> late;
  std::erase_if(lingering_, [&](const Lingering& l) {
    if (!(l.sa->key == gone.sa->key)) return false;
    late.push_back(l.sa->spi_in);
    return true;
  });
  for (const std::uint32_t spi : late) host_.Remove(spi);
}

// Ends a pair by an exchange of its own.
void V2Engine::DeleteChild(const SaPtr& sa, std::uint32_t spi_in, IkeEnd why) {
  const auto i = sa->children.find(spi_in);
  if (i == sa->children.end() || i->second.deleting) return;
  if (why != IkeEnd::kReplaced) SayRequest(*sa, "delete", i->second.sa->key.local, i->second.sa->key.remote);
  i->second.deleting = true;
  host_.Retire(spi_in);
  auto task = std::make_unique<TaskV2>();
  task->kind = TaskV2::Kind::kDeleteChildren;
  task->spis = {spi_in};
  task->why = why;
  Enqueue(sa, std::move(task), true);
}

std::optional<V2Engine::Selected> V2Engine::Select(const SaV2& sa, std::span<const RawPayload> payloads, bool exchange,
                                                   const ChildV2* old, std::string& why) {
  const auto offered = ReadSaV2(FindPayload(payloads, ikev2::kSa)->body);
  const RawPayload *tsi = FindPayload(payloads, ikev2::kTsI), *tsr = FindPayload(payloads, ikev2::kTsR);
  const auto remote = tsi != nullptr ? ReadTs(tsi->body) : Result<std::vector<TrafficSelector>>(Error{"no TSi"});
  const auto local = tsr != nullptr ? ReadTs(tsr->body) : Result<std::vector<TrafficSelector>>(Error{"no TSr"});
  if (!offered || !remote || !local) {
    why = "Detected an invalid value in the message";
    return {};
  }
  Selected out;
  if (old != nullptr) {
    // A pair in the place of another one protects the same, whatever else the peer writes there (RFC 7296 2.9.2).
    const auto entry = EntryOf(old->sa->key.entry);
    if (!entry) {
      why = "There was no IPSEC policy found for received TS";
      return {};
    }
    out.entry = *entry;
    out.local = old->sa->key.local;
    out.remote = old->sa->key.remote;
    if (!SameSelectors(NarrowTs(*local, out.local), out.local) ||
        !SameSelectors(NarrowTs(*remote, out.remote), out.remote)) {
      why = "There was no IPSEC policy found for received TS";
      return {};
    }
  } else {
    const auto entry = MatchEntry(sa, *remote, *local, out.local, out.remote, why);
    if (!entry) {
      if (!remote->empty() && !local->empty()) {
        const auto text = [](const TrafficSelector& ts) {
          return ts.addresses.first.ToString() + "/" + ts.addresses.last.ToString() + "/" + std::to_string(ts.ports.first) +
                 "/" + std::to_string(ts.ports.last) + "/" + std::to_string(ts.protocol);
        };
        Log(const_cast<SaV2&>(sa), 751022, 3,
            "IKEv2 Tunnel rejected: Crypto Map Policy not found for remote traffic selector " + text(remote->back()) +
                " local traffic selector " + text(local->back()) + "!");
      }
      return {};
    }
    out.entry = *entry;
  }
  const auto suite = ChooseEspV2(out.entry.proposals, out.entry.pfs_group, exchange, *offered);
  if (!suite) {
    why = "Failed to find a matching policy";
    const auto expected = EspProposalsV2(out.entry.proposals, exchange ? out.entry.pfs_group : 0, 0);
    SayPolicies(&sa, sa.peer.address, "Received", *offered);
    SayPolicies(&sa, sa.peer.address, "Expected", expected);
    Proto(&sa, sa.peer.address, 5, "Failed to verify the proposed policies");
    return {};
  }
  out.suite = *suite;
  out.transport = WantsTransport(sa, out.entry, out.local, out.remote) && FindNotifyV2(payloads, ikev2::kUseTransportMode).has_value();
  if (out.entry.transport_required && !out.transport) {
    why = "Transport mode is required";
    return {};
  }
  Proto(&sa, sa.peer.address, 2, "Selector received from peer is accepted ");
  return out;
}

}  // namespace sallyport
