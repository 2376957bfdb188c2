#include "vpn/ike/core.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::size_t kHeaderSize = 28;           // of ISAKMP and IKEv2 alike
constexpr std::size_t kVersionAt = 17;            // major version in the high half
constexpr Duration kGrace = Duration::Seconds(1);  // an attempt of which nothing is to be seen has failed
constexpr Duration kWatchInterval = Duration::Milliseconds(250);
constexpr std::size_t kMostPending = 4096;

void Add(IkeStats& sum, const IkeStats& s) {
  static constexpr std::uint64_t IkeStats::* kAll[] = {
      &IkeStats::active_tunnels, &IkeStats::previous_tunnels, &IkeStats::in_octets, &IkeStats::in_packets, &IkeStats::in_drop_packets,
      &IkeStats::in_notifys, &IkeStats::in_p2_exchanges, &IkeStats::in_p2_exchange_invalids, &IkeStats::in_p2_exchange_rejects,
      &IkeStats::in_p2_sa_delete_requests, &IkeStats::out_octets, &IkeStats::out_packets, &IkeStats::out_drop_packets,
      &IkeStats::out_notifys, &IkeStats::out_p2_exchanges, &IkeStats::out_p2_exchange_invalids, &IkeStats::out_p2_exchange_rejects,
      &IkeStats::out_p2_sa_delete_requests, &IkeStats::initiator_tunnels, &IkeStats::initiator_fails, &IkeStats::responder_fails,
      &IkeStats::system_capacity_fails, &IkeStats::auth_fails, &IkeStats::decrypt_fails, &IkeStats::hash_valid_fails,
      &IkeStats::no_sa_fails, &IkeStats::in_negotiation, &IkeStats::in_negotiation_high};
  for (const auto member : kAll) sum.*member += s.*member;
}

}  // namespace

// The host of one version: hands everything on, and marks what is that version's.
class IkeCore::Side final : public IkeHost {
 public:
  Side(IkeCore& core, std::uint8_t version) : core_(core), host_(core.host_), version_(version) {}
  void Send(const IkeDatagram& d) override { host_.Send(d); }
  std::uint32_t NewSpi() override { return host_.NewSpi(); }
  void Install(std::shared_ptr<const ChildSa> sa) override {
    const std::uint32_t entry = sa->key.entry;
    host_.Install(std::move(sa));
    core_.Installed(entry, version_);
  }
  void UseOutbound(std::uint32_t spi_in) override { host_.UseOutbound(spi_in); }
  void Retire(std::uint32_t spi_in) override { host_.Retire(spi_in); }
  void Remove(std::uint32_t spi_in) override { host_.Remove(spi_in); }
  void MovePeer(std::uint32_t spi_in, const Endpoint& peer) override { host_.MovePeer(spi_in, peer); }
  void Compute(std::function<void()> work, std::function<void()> done) override { host_.Compute(std::move(work), std::move(done)); }
  void Ask(const UserQuestion& q, std::function<void(const UserAnswer&)> answer) override { host_.Ask(q, std::move(answer)); }
  std::optional<AssignedAddress> TakeAddress(const std::string& tunnel_group, const std::vector<std::string>& pools,
                                             std::optional<AssignedAddress> own) override {
    return host_.TakeAddress(tunnel_group, pools, own);
  }
  void GiveAddress(IpAddress a) override { host_.GiveAddress(a); }
  void Say(const IkeSaying& s) override { host_.Say(s); }
  bool Hears(IkeSaying::Debug what, int level) const override { return host_.Hears(what, level); }
  void PeerUp(const IkePeerUp& up, std::uint32_t replaces) override { host_.PeerUp(up, replaces); }
  void PeerDown(std::uint32_t ike_sa, IkeEnd why) override { host_.PeerDown(Numbered(version_, ike_sa), why); }
  IpAddress AddressOf(IfId at) const override { return host_.AddressOf(at); }
  std::string NameOf(IfId at) const override { return host_.NameOf(at); }
  std::int64_t WallSeconds() const override { return host_.WallSeconds(); }
  const PrivateKey* KeyOf(const std::string& name) const override { return host_.KeyOf(name); }
  std::vector<std::uint8_t> CrlOf(const Trustpoint& t, const Certificate& of) override { return host_.CrlOf(t, of); }
  void LogKeys(const std::string& line) override { host_.LogKeys(line); }
  Entropy& entropy() override { return host_.entropy(); }

 private:
  IkeCore& core_;
  IkeHost& host_;
  std::uint8_t version_;
};

IkeCore::IkeCore(IkeHost& host, const Make& v1, const Make& v2)
    : host_(host), side1_(std::make_unique<Side>(*this, 1)), side2_(std::make_unique<Side>(*this, 2)) {
  if (v1) v1_ = v1(*side1_);
  if (v2) v2_ = v2(*side2_);
}

IkeCore::~IkeCore() = default;

void IkeCore::UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) {
  policy_ = policy;
  std::erase_if(pending_, [this](const auto& p) { return !Find(p.first); });
  if (v1_) v1_->UsePolicy(policy, t);
  if (v2_) v2_->UsePolicy(std::move(policy), t);
}

void IkeCore::Receive(const IkeDatagram& d, Times t) {
  if (policy_ == nullptr || d.bytes.size() < kHeaderSize) return;
  const auto on = policy_->ike.find(d.at);
  if (on == policy_->ike.end()) return;
  switch (d.bytes[kVersionAt] >> 4) {
    case 1:
      if (v1_ && on->second.v1) v1_->Receive(d, t);
      break;
    case 2:
      if (v2_ && on->second.v2) v2_->Receive(d, t);
      break;
    default:
      break;
  }
}

std::optional<IkeCore::Target> IkeCore::Find(std::uint32_t entry) const {
  if (policy_ == nullptr) return {};
  Target target;
  if (const CryptoMapEntry* e = policy_->Entry(entry)) {
    target.map = e->map;
    target.sequence = e->sequence;
    target.at = e->at;
    target.peers = e->peers;
    target.v1 = !e->ikev1_sets.empty();
    target.v2 = !e->ikev2_proposals.empty();
  } else {
    const auto vti = std::find_if(policy_->virtual_tunnels.begin(), policy_->virtual_tunnels.end(),
                                  [&](const VirtualTunnel& v) { return v.id == entry; });
    if (vti == policy_->virtual_tunnels.end()) return {};
    target.map = vti->MapName();
    target.sequence = VirtualTunnel::kSequence;
    target.at = vti->source;
    target.peers = {vti->destination};
    target.v1 = !vti->ikev1_sets.empty();
    target.v2 = !vti->ikev2_proposals.empty();
  }
  const auto on = policy_->ike.find(target.at);
  target.on_v1 = v1_ && target.v1 && on != policy_->ike.end() && on->second.v1;
  target.on_v2 = v2_ && target.v2 && on != policy_->ike.end() && on->second.v2;
  return target;
}

std::set<IpAddress> IkeCore::PeersOf(std::uint8_t n, Times t) const {
  std::set<IpAddress> peers;
  const IkeProtocol* protocol = version(n);
  if (protocol == nullptr) return peers;
  for (const IkeSaView& v : protocol->Views(t)) peers.insert(v.remote.address);
  return peers;
}

bool IkeCore::AnyOf(const std::set<IpAddress>& peers, const Target& target) {
  return std::any_of(target.peers.begin(), target.peers.end(), [&](IpAddress a) { return peers.contains(a); });
}

void IkeCore::Say(int number, int severity, const Target& target, const std::string& text) {
  if (!speaks_) return;
  IkeSaying s;
  s.syslog = number;
  s.severity = severity;
  if (!target.peers.empty()) s.peer = target.peers.front();
  s.text = text;
  host_.Say(s);
}

void IkeCore::Need(std::uint32_t entry, const TunnelFlow& flow, Times t) {
  const auto target = Find(entry);
  if (!target) return;
  if (const auto waiting = pending_.find(entry); waiting != pending_.end()) {
    Say(752008, 7, *target, "Duplicate entry already in Tunnel Manager");
    // Other selectors of the same entry, perhaps: the engine of that version knows.
    IkeProtocol* engine = waiting->second.version == 2 ? v2_.get() : v1_.get();
    engine->Need(entry, flow, t);
    return;
  }
  if (!target->v2) Say(752010, 4, *target, "IKEv2 Doesn't have a proposal specified");
  if (!target->v1) Say(752011, 4, *target, "IKEv1 Doesn't have a transform set specified");
  if (!target->on_v1 && !target->on_v2) {
    Say(752006, 3, *target,
        fmt::format("Tunnel Manager failed to dispatch a KEY_ACQUIRE message.  Probable mis-configuration of the crypto map or "
                    "tunnel-group.  Map Tag = {}.  Map Sequence Number = {}, SRC Addr: {} port: {} Dst Addr: {} port: {}.",
                    target->map, target->sequence, flow.src.ToString(), flow.sport, flow.dst.ToString(), flow.dport));
    return;
  }
  Pending p;
  p.target = *target;
  p.flow = flow;
  p.version = target->on_v2 ? 2 : 1;
  // A peer with which the other version is up already (IKEv2 came to nothing before) is asked in that.
  if (target->on_v1 && target->on_v2 && !AnyOf(PeersOf(2, t), *target) && AnyOf(PeersOf(1, t), *target)) {
    p.version = 1;
    p.other_failed = true;
  }
  Say(p.version == 2 ? 752003 : 752004, 5, *target,
      fmt::format("Tunnel Manager dispatching a KEY_ACQUIRE message to IKEv{}.  Map Tag = {}.  Map Sequence Number = {}.", p.version,
                  target->map, target->sequence));
  Dispatch(entry, std::move(p), t);
}

void IkeCore::Dispatch(std::uint32_t entry, Pending p, Times t) {
  p.asked = t.real;
  IkeProtocol* engine = p.version == 2 ? v2_.get() : v1_.get();
  const TunnelFlow flow = p.flow;
  if (pending_.size() < kMostPending) pending_[entry] = std::move(p);
  engine->Need(entry, flow, t);  // may call back, and even be done at once
}

void IkeCore::Installed(std::uint32_t entry, std::uint8_t version) {
  const auto waiting = pending_.find(entry);
  if (waiting == pending_.end() || waiting->second.version != version) return;
  const Target target = std::move(waiting->second.target);
  pending_.erase(waiting);
  Say(752016, 5, target,
      fmt::format("IKEv{} was successful at setting up a tunnel.  Map Tag = {}. Map Sequence Number = {}.", version, target.map,
                  target.sequence));
  Say(752002, 7, target,
      fmt::format("Tunnel Manager Removed entry.  Map Tag = {}.  Map Sequence Number = {}.", target.map, target.sequence));
}

void IkeCore::Watch(Times t) {
  watched_ = t.real;
  std::vector<std::uint32_t> failed;
  const std::set<IpAddress> peers[2] = {PeersOf(1, t), PeersOf(2, t)};  // once for however many are waited for
  for (const auto& [entry, p] : pending_) {
    if (t.real - p.asked >= kGrace && !AnyOf(peers[p.version - 1], p.target)) failed.push_back(entry);
  }
  for (const std::uint32_t entry : failed) {
    auto node = pending_.extract(entry);
    if (node.empty()) continue;
    Pending p = std::move(node.mapped());
    const Target& target = p.target;
    Say(752012, 4, target,
        fmt::format("IKEv{} was unsuccessful at setting up a tunnel.  Map Tag = {}.  Map Sequence Number = {}.", p.version, target.map,
                    target.sequence));
    if (p.version == 2 && target.on_v1 && !p.other_failed) {
      Say(752014, 4, target,
          fmt::format("Tunnel Manager dispatching a KEY_ACQUIRE message to IKEv1 after a failed attempt.  Map Tag = {}.  Map Sequence "
                      "Number = {}.", target.map, target.sequence));
      p.version = 1;
      p.other_failed = true;
      Dispatch(entry, std::move(p), t);
      continue;
    }
    Say(752015, 3, target,
        fmt::format("Tunnel Manager has failed to establish an L2L SA.  All configured IKE versions failed to establish the tunnel. Map "
                    "Tag= {}.  Map Sequence Number = {}.", target.map, target.sequence));
  }
}

void IkeCore::Event(const TunnelEvent& e, Times t) {
  if (policy_ == nullptr) return;
  // Each version knows its own pairs. A peer that uses one that is not there is told in the versions that are spoken there.
  const bool stranger = e.what == TunnelEvent::What::kInvalidSpi;
  const auto on = policy_->ike.find(e.at);
  if (stranger && on == policy_->ike.end()) return;
  if (v1_ && (!stranger || on->second.v1)) v1_->Event(e, t);
  if (v2_ && (!stranger || on->second.v2)) v2_->Event(e, t);
}

std::uint32_t IkeCore::Clear(const IkeClear& what, Times t) {
  std::uint32_t gone = 0;
  if (v1_ && what.version != 2) gone += v1_->Clear(what, t);
  if (v2_ && what.version != 1) gone += v2_->Clear(what, t);
  return gone;
}

void IkeCore::AdvanceTo(Times t) {
  if (v1_) v1_->AdvanceTo(t);
  if (v2_) v2_->AdvanceTo(t);
  if (!pending_.empty() && t.real - watched_ >= kWatchInterval) Watch(t);
}

Times IkeCore::NextDeadline() const {
  Times next{TimePoint::Max(), TimePoint::Max()};
  for (const IkeProtocol* p : {v1_.get(), v2_.get()}) {
    if (p == nullptr) continue;
    const Times t = p->NextDeadline();
    next.now = std::min(next.now, t.now);
    next.real = std::min(next.real, t.real);
  }
  for (const auto& [entry, p] : pending_) {
    // Later on its engine's deadlines do.
    if (p.asked + kGrace > watched_) next.real = std::min(next.real, std::max(p.asked + kGrace, watched_ + kWatchInterval));
  }
  return next;
}

std::vector<IkeSaView> IkeCore::Views(Times t) const {
  std::vector<IkeSaView> all;
  for (const IkeProtocol* p : {v1_.get(), v2_.get()}) {
    if (p == nullptr) continue;
    const std::vector<IkeSaView> some = p->Views(t);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

IkeStats IkeCore::Stats() const {
  IkeStats sum;
  for (const IkeProtocol* p : {v1_.get(), v2_.get()}) {
    if (p != nullptr) Add(sum, p->Stats());
  }
  return sum;
}

}  // namespace sallyport
