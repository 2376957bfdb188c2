// Two ends that negotiate over a wire that may lose, double, delay and reorder, by a seed and in virtual time. For both
// versions of IKE: an end is any IkeProtocol, its host records what it was given.
//
//   Pair pair(seed);
//   pair.a.Use(std::make_unique<Ikev1Core>(pair.a), L2lPolicy({...}));   // and b
//   pair.Need(pair.a);
//   pair.Run(Duration::Seconds(5));
//   EXPECT_EQ(pair.Disagreement(), "");
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "firewall/base/random.h"
#include "vpn/crypto/entropy.h"
#include "vpn/ike/host.h"

namespace sallyport::ike_test {

inline IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

// One element `permit PROTOCOL src dst`, ports any.
inline std::shared_ptr<const AccessList> CryptoAcl(const std::string& name,
                                                   const std::vector<std::pair<Prefix, Prefix>>& pairs,
                                                   std::uint8_t protocol = 0, PortRange dport = {}) {
  std::vector<AclLine> lines;
  std::vector<AclElement> elements;
  for (const auto& pair : pairs) {
    AclElement e;
    e.permit = true;
    e.protocol = protocol;
    e.src = AddressRange::Of(pair.first);
    e.dst = AddressRange::Of(pair.second);
    e.dport = dport;
    e.line = static_cast<std::uint32_t>(lines.size());
    e.hits = std::make_shared<HitCounter>();
    AclLine line;
    line.number = e.line + 1;
    line.first_element = e.line;
    line.element_count = 1;
    lines.push_back(line);
    elements.push_back(e);
  }
  return std::make_shared<AccessList>(name, 0, lines, elements);
}

// What a LAN-to-LAN end is configured with. Change members of the result for what is not here.
struct L2lEnd {
  const char* local = "192.0.2.1";
  const char* peer = "192.0.2.2";
  Prefix inside = Prefix::Of(Ip("10.1.0.0"), 16), beyond = Prefix::Of(Ip("10.2.0.0"), 16);
  std::string psk = "cisco123";
  bool v1 = true, v2 = true;
  VpnCipher cipher = VpnCipher::k3Des;  // of IKE and of ESP
  VpnHash hash = VpnHash::kSha1;
  std::uint16_t group = 2, pfs = 0;
};

inline std::shared_ptr<VpnPolicy> L2lPolicy(const L2lEnd& end) {
  auto policy = std::make_shared<VpnPolicy>();
  CryptoMapEntry entry;
  entry.id = 1;
  entry.map = "outside_map";
  entry.sequence = 10;
  entry.at = IfId{1};
  entry.match = CryptoAcl("l2l", {{end.inside, end.beyond}});
  entry.peers = {Ip(end.peer)};
  EspProposal esp;
  esp.name = "set";
  esp.ciphers = {end.cipher};
  esp.integrity = {end.hash};
  if (end.v1) entry.ikev1_sets = {esp};
  if (end.v2) entry.ikev2_proposals = {esp};
  entry.pfs_group = end.pfs;
  policy->entries = {entry};
  policy->ike[IfId{1}] = {end.v1, end.v2};
  Ikev1Policy v1;
  v1.priority = 10;
  v1.cipher = end.cipher;
  v1.hash = end.hash;
  v1.group = end.group;
  policy->ikev1_policies = {v1};
  Ikev2Policy v2;
  v2.priority = 10;
  v2.ciphers = {end.cipher};
  v2.integrity = {end.hash};
  v2.prfs = {end.hash};
  v2.groups = {end.group};
  policy->ikev2_policies = {v2};
  VpnGroupPolicy standard;
  standard.name = "DfltGrpPolicy";
  policy->group_policies["DfltGrpPolicy"] = standard;
  TunnelGroup group;
  group.name = "DefaultRAGroup";
  policy->groups[group.name] = group;
  group.name = "DefaultL2LGroup";
  group.type = TunnelGroup::Type::kLanToLan;
  policy->groups[group.name] = group;
  group.name = end.peer;
  group.ikev1_psk = group.ikev2_local_psk = group.ikev2_remote_psk = end.psk;
  policy->groups[group.name] = group;
  return policy;
}

class Pair;

class End final : public IkeHost {
 public:
  End(Pair& pair, IpAddress address, std::uint64_t seed) : address_(address), entropy_(seed), pair_(&pair) {}
  void Use(std::unique_ptr<IkeProtocol> core, std::shared_ptr<const VpnPolicy> policy);
  void UsePolicy(std::shared_ptr<const VpnPolicy> policy);
  IkeProtocol& core() { return *core_; }
  const VpnPolicy& policy() const { return *policy_; }
  IpAddress address() const { return address_; }
  // Another core takes over, which knows nothing: the end was restarted.
  void Restart(std::unique_ptr<IkeProtocol> core);

  struct Child {
    std::shared_ptr<const ChildSa> sa;
    bool outbound = false, retired = false;
  };
  std::map<std::uint32_t, Child> children;  // by spi_in: installed and not removed
  std::vector<IkeSaying> sayings;
  std::vector<std::uint8_t> crl;  // of every trustpoint; empty: there is none
  std::map<std::uint32_t, IkePeerUp> peers;                  // up now
  std::vector<std::pair<std::uint32_t, IkeEnd>> peers_down;  // and which went
  std::size_t installed = 0, removed = 0;
  std::vector<IkeDatagram> sent;
  std::function<UserAnswer(const UserQuestion&)> on_question;
  std::function<void(const UserQuestion&, std::function<void(const UserAnswer&)>)> on_ask;  // instead: may answer later
  std::optional<AssignedAddress> next_address;
  std::vector<IpAddress> given_back;
  std::map<std::string, PrivateKey> keys;
  bool has_address = true;
  std::int64_t wall = 1'750'000'000;

  bool Said(const std::string& part) const {
    return std::any_of(sayings.begin(), sayings.end(),
                       [&](const IkeSaying& s) { return s.text.find(part) != std::string::npos; });
  }
  int Said(int syslog) const {
    return static_cast<int>(
        std::count_if(sayings.begin(), sayings.end(), [&](const IkeSaying& s) { return s.syslog == syslog; }));
  }
  // The one pair that packets leave by; null: none, or several tunnels.
  const Child* Current() const {
    const Child* found = nullptr;
    for (const auto& [spi, child] : children) {
      if (child.outbound && !child.retired) {
        if (found != nullptr) return nullptr;
        found = &child;
      }
    }
    return found;
  }

  // --- IkeHost
  void Send(const IkeDatagram& d) override;
  std::uint32_t NewSpi() override {
    std::uint32_t spi;
    do {
      spi = entropy_.U32();
    } while (spi < 256 || children.count(spi) != 0);
    return spi;
  }
  void Install(std::shared_ptr<const ChildSa> sa) override {
    const std::uint32_t spi = sa->spi_in;
    const bool first =
        std::none_of(children.begin(), children.end(), [&](const auto& c) { return c.second.sa->key == sa->key; });
    Child child;
    child.sa = std::move(sa);
    child.outbound = first;
    if (!children.emplace(spi, child).second) errors.push_back("an SPI was installed twice");
    ++installed;
  }
  void UseOutbound(std::uint32_t spi_in) override {
    const auto i = children.find(spi_in);
    if (i == children.end()) {
      errors.push_back("UseOutbound of a pair that is not there");
      return;
    }
    for (auto& [spi, child] : children) {
      if (child.sa->key == i->second.sa->key) child.outbound = spi == spi_in;
    }
  }
  void Retire(std::uint32_t spi_in) override {
    const auto i = children.find(spi_in);
    if (i == children.end()) {
      errors.push_back("Retire of a pair that is not there");
      return;
    }
    i->second.retired = true;
  }
  void Remove(std::uint32_t spi_in) override {
    const auto i = children.find(spi_in);
    if (i == children.end()) {
      errors.push_back("Remove of a pair that is not there");
      return;
    }
    const Child gone = i->second;
    children.erase(i);
    ++removed;
    if (!gone.outbound) return;
    // As the data path does: any other pair of the tunnel carries on.
    for (auto& [spi, child] : children) {
      if (child.retired || !(child.sa->key == gone.sa->key)) continue;
      child.outbound = true;
      break;
    }
  }
  void MovePeer(std::uint32_t spi_in, const Endpoint& peer) override { moved[spi_in] = peer; }
  void Compute(std::function<void()> work, std::function<void()> done) override;
  void Ask(const UserQuestion& q, std::function<void(const UserAnswer&)> answer) override {
    if (on_ask) on_ask(q, std::move(answer));
    else answer(on_question ? on_question(q) : UserAnswer{});
  }
  std::optional<AssignedAddress> TakeAddress(const std::string&, const std::vector<std::string>&, std::optional<AssignedAddress>) override {
    return next_address;
  }
  void GiveAddress(IpAddress a) override { given_back.push_back(a); }
  void Say(const IkeSaying& s) override { sayings.push_back(s); }
  bool Hears(IkeSaying::Debug, int) const override { return true; }
  void PeerUp(const IkePeerUp& up, std::uint32_t) override {
    if (!peers.emplace(up.ike_sa, up).second) errors.push_back("PeerUp twice");
  }
  void PeerDown(std::uint32_t ike_sa, IkeEnd why) override {
    if (peers.erase(ike_sa) == 0) errors.push_back("PeerDown of a peer that is not up");
    peers_down.emplace_back(ike_sa, why);
  }
  IpAddress AddressOf(IfId) const override { return has_address ? address_ : IpAddress(); }
  std::int64_t WallSeconds() const override { return wall; }
  std::vector<std::uint8_t> CrlOf(const Trustpoint&, const Certificate&) override { return crl; }
  const PrivateKey* KeyOf(const std::string& name) const override {
    const auto i = keys.find(name);
    return i == keys.end() ? nullptr : &i->second;
  }
  void LogKeys(const std::string& line) override { key_log.push_back(line); }
  Entropy& entropy() override { return entropy_; }

  std::map<std::uint32_t, Endpoint> moved;
  std::vector<std::string> errors, key_log;

 private:
  friend class Pair;
  IpAddress address_;
  SeededEntropy entropy_;
  Pair* pair_;
  std::unique_ptr<IkeProtocol> core_;
  std::shared_ptr<const VpnPolicy> policy_;
};

// Percentages, and how long a datagram takes.
struct WireFaults {
  std::uint32_t lose = 0, twice = 0;
  Duration least = Duration::Milliseconds(10), most = Duration::Milliseconds(10);
};

class Pair {
 public:
  explicit Pair(std::uint64_t seed, const char* address_a = "192.0.2.1", const char* address_b = "192.0.2.2")
      : a(*this, Ip(address_a), seed * 3 + 1), b(*this, Ip(address_b), seed * 3 + 2), random(seed) {}

  End a, b;
  Random random;
  WireFaults faults;
  Times times{{Duration::Seconds(1000).ns}, {Duration::Seconds(1000).ns}};
  // Takes and changes a datagram on its way; false: it is lost. For tests that need one certain loss.
  std::function<bool(End& from, IkeDatagram&)> on_wire;
  // End a sits behind a device that translates its address to this one and its ports to others.
  std::optional<IpAddress> nat;
  std::uint16_t nat_shift = 20000;
  // Results of slow arithmetic come after at most this time.
  Duration compute_takes{};

  End& Other(const End& end) { return &end == &a ? b : a; }

  // A packet of the first crypto map entry wants a tunnel.
  void Need(End& end, std::uint32_t entry = 1) {
    const CryptoMapEntry& e = *end.policy().Entry(entry);
    TunnelFlow flow;
    const AclElement& element = e.match->elements()[0];
    flow.src = std::min(element.src.first.Plus(5), element.src.last);
    flow.dst = std::min(element.dst.first.Plus(7), element.dst.last);
    flow.protocol = 6;
    flow.sport = 1025;
    flow.dport = 80;
    flow.at = e.at;
    end.core().Need(entry, flow, times);
  }

  // Everything that happens within `d`, in order.
  void Run(Duration d) {
    const TimePoint end = times.real + d;
    while (Step(end)) {
    }
    Advance(end - times.real);
    a.core().AdvanceTo(times);
    b.core().AdvanceTo(times);
  }
  // The next thing that happens before `limit`. False: nothing does.
  bool Step(TimePoint limit) {
    TimePoint next = limit;
    for (End* e : {&a, &b}) next = std::min(next, Due(*e));
    for (const Coming& l : later_) next = std::min(next, l.at);
    if (next >= limit) return false;
    // A core that is never content would hold the time still.
    if (next <= times.real) {
      if (++stuck_ > 10000) {
        a.errors.push_back("time stands still");
        return false;
      }
    } else {
      stuck_ = 0;
      Advance(next - times.real);
    }
    std::vector<Coming> due;
    for (std::size_t i = 0; i < later_.size();) {
      if (later_[i].at <= times.real) {
        due.push_back(std::move(later_[i]));
        later_.erase(later_.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
    std::stable_sort(due.begin(), due.end(), [](const Coming& x, const Coming& y) { return x.at < y.at; });
    for (Coming& l : due) l.run();
    for (End* e : {&a, &b}) {
      if (Due(*e) <= times.real) e->core().AdvanceTo(times);
    }
    return true;
  }
  // An operator moves the appliances' time; nothing is sent meanwhile.
  void MoveClock(Duration d) {
    times.now = times.now + d;
    a.core().AdvanceTo(times);
    b.core().AdvanceTo(times);
  }

  // Packets flow through the tunnels: both ends hear from each other.
  void Traffic() {
    for (End* e : {&a, &b}) {
      for (auto& [spi, child] : e->children) {
        if (!child.outbound || child.retired) continue;
        child.sa->activity->last_out_ns = times.now.ns;
        child.sa->activity->packets_out += 1;
        const auto there = Other(*e).children.find(child.sa->spi_out);
        if (there == Other(*e).children.end()) {
          ++lost_packets;
          continue;
        }
        there->second.sa->activity->last_in_ns = times.now.ns;
        there->second.sa->activity->packets_in += 1;
        if (first_packets_.insert({&Other(*e), child.sa->spi_out}).second) {
          TunnelEvent event;
          event.what = TunnelEvent::What::kFirstPacket;
          event.spi_in = child.sa->spi_out;
          Other(*e).core().Event(event, times);
        }
      }
    }
  }

  // What is wrong with both ends together: pairs that do not fit, hosts that were misused. Retired pairs may be at one end
  // only.
  std::string Disagreement() {
    std::string out;
    for (End* e : {&a, &b}) {
      for (const std::string& error : e->errors) out += error + "; ";
      for (const auto& [spi, child] : e->children) {
        const ChildSa& here = *child.sa;
        const auto there = Other(*e).children.find(here.spi_out);
        if (there == Other(*e).children.end()) {
          if (!child.retired) out += "a pair is at one end only; ";
          continue;
        }
        const ChildSa& other = *there->second.sa;
        if (other.spi_out != here.spi_in) out += "SPIs do not fit; ";
        if (!(here.encryption_in == other.encryption_out) || !(here.integrity_in == other.integrity_out))
          out += "keys differ; ";
        if (here.cipher != other.cipher || here.hash != other.hash) out += "algorithms differ; ";
        if (here.encapsulation != other.encapsulation) out += "encapsulations differ; ";
        if (here.transport != other.transport) out += "modes differ; ";
        if (here.key.local != other.key.remote) out += "selectors differ; ";
        if (here.activity == nullptr) out += "no activity; ";
      }
    }
    return out;
  }

  // `run` happens in `d`.
  void Later(Duration d, std::function<void()> run) { Schedule(d, std::move(run)); }
  // Datagrams that are on their way.
  std::size_t flying() const { return later_.size(); }
  std::uint64_t lost_packets = 0;                            // by Traffic
  std::uint64_t bytes_sent[2] = {}, bytes_received[2] = {};  // by a, by b

 private:
  friend class End;
  struct Coming {
    TimePoint at;
    std::function<void()> run;
  };

  TimePoint Due(End& e) {
    const Times due = e.core().NextDeadline();
    TimePoint at = due.real;
    // By the other clock: as long as they run side by side.
    if (due.now != TimePoint::Max()) at = std::min(at, times.real + (due.now - times.now));
    return std::max(at, times.real);
  }
  void Advance(Duration d) {
    times.real = times.real + d;
    times.now = times.now + d;
  }
  void Schedule(Duration d, std::function<void()> run) { later_.push_back({times.real + d, std::move(run)}); }
  Duration Delay() {
    const std::int64_t spread = (faults.most - faults.least).ns;
    return faults.least +
           Duration{spread == 0 ? 0 : static_cast<std::int64_t>(random.U64() % static_cast<std::uint64_t>(spread))};
  }
  void Carry(End& from, IkeDatagram d) {
    bytes_sent[&from == &a ? 0 : 1] += d.bytes.size();
    const int copies = random.Below(100) < faults.lose ? 0 : random.Below(100) < faults.twice ? 2 : 1;
    if (on_wire && !on_wire(from, d)) return;
    if (nat && &from == &a) {
      d.local = {*nat, static_cast<std::uint16_t>(d.local.port + nat_shift)};
    } else if (nat) {
      if (d.peer.address != *nat || d.peer.port < nat_shift) return;  // nobody behind it is meant
      d.peer = {a.address(), static_cast<std::uint16_t>(d.peer.port - nat_shift)};
    }
    End* to = &Other(from);
    if (d.peer.address != to->address()) return;
    std::swap(d.local, d.peer);
    for (int i = 0; i < copies; ++i) {
      Schedule(Delay(), [this, to, d] {
        bytes_received[to == &a ? 0 : 1] += d.bytes.size();
        to->core().Receive(d, times);
      });
    }
  }

  std::vector<Coming> later_;
  std::set<std::pair<End*, std::uint32_t>> first_packets_;
  int stuck_ = 0;
};

inline void End::Use(std::unique_ptr<IkeProtocol> core, std::shared_ptr<const VpnPolicy> policy) {
  core_ = std::move(core);
  UsePolicy(std::move(policy));
}
inline void End::UsePolicy(std::shared_ptr<const VpnPolicy> policy) {
  policy_ = policy;
  core_->UsePolicy(std::move(policy), pair_->times);
}
inline void End::Restart(std::unique_ptr<IkeProtocol> core) {
  children.clear();
  peers.clear();
  Use(std::move(core), policy_);
}
inline void End::Send(const IkeDatagram& d) {
  sent.push_back(d);
  pair_->Carry(*this, d);
}
inline void End::Compute(std::function<void()> work, std::function<void()> done) {
  if (pair_->compute_takes.ns == 0) {
    work();
    done();
    return;
  }
  const auto takes = static_cast<std::uint64_t>(pair_->compute_takes.ns);
  pair_->Schedule(Duration{static_cast<std::int64_t>(pair_->random.U64() % takes)}, [work, done] {
    work();
    done();
  });
}

}  // namespace sallyport::ike_test
