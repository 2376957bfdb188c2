#include "vpn/load_balancer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "vpn/crypto/ciphers.h"
#include "vpn/crypto/digests.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kMagicAndVersion[] = {'S', 'P', 'L', 'B', 2};
constexpr std::size_t kTimeAt = sizeof kMagicAndVersion, kIvAt = kTimeAt + 8, kBodyAt = kIvAt + 16, kMac = 32, kBlock = 16;
constexpr std::size_t kFixed = 1 + 1 + 4 + 4 + 16 + 4 + 4;  // of the plaintext, before the name
constexpr std::size_t kMostName = 255, kMostMembers = 64, kNonce = 8;
constexpr Duration kHello = Duration::Seconds(1), kDead = Duration::Seconds(3), kAnswerApart = Duration::Milliseconds(200);

// Would `a` rather than `b` be master?
bool Before(std::uint8_t a_priority, IpAddress a, std::uint8_t b_priority, IpAddress b) {
  return a_priority != b_priority ? a_priority > b_priority : a < b;
}

std::uint32_t PercentOf(std::uint32_t sessions, std::uint32_t limit) {
  return limit == 0 ? 100 : static_cast<std::uint32_t>(std::uint64_t{sessions} * 100 / limit);
}

}  // namespace

void LoadBalancer::Use(const Settings& settings, TimePoint real) {
  if (settings == settings_) return;
  const bool anew = settings.participate != settings_.participate || settings.key != settings_.key || settings.own != settings_.own ||
                    settings.cluster != settings_.cluster;
  settings_ = settings;
  if (!anew) return;
  members_.clear();
  newest_.clear();
  std::array<std::uint8_t, kNonce> nonce;
  entropy_.Fill(nonce);
  nonce_ = LoadBe64(nonce.data());
  master_ = false;
  told_ = true;  // Tick says so, if it was master
  began_ = real;
  next_ = real;
  const Secret key = Secret::OfText(settings.key);
  const auto derive = [&](const char* what) {
    Secret out(32);
    Hmac(VpnHash::kSha256, key.bytes(), {Bytes(reinterpret_cast<const std::uint8_t*>(what), std::strlen(what))}, out.bytes());
    return out;
  };
  encrypt_ = derive("sallyport load balancing: encryption");
  authenticate_ = derive("sallyport load balancing: authentication");
}

void LoadBalancer::Say(std::int64_t wall_ms, bool leaving) {
  std::vector<std::uint8_t> m(kMagicAndVersion, kMagicAndVersion + sizeof kMagicAndVersion);
  m.resize(kBodyAt);
  StoreBe64(&m[kTimeAt], static_cast<std::uint64_t>(wall_ms));
  entropy_.Fill(MutableBytes(m).subspan(kIvAt, kBlock));
  const std::string name = settings_.name.substr(0, kMostName);
  std::vector<std::uint64_t> heard;
  for (const auto& [who, h] : newest_) {
    if (h.at + kDead > said_) heard.push_back(h.nonce);
  }
  const std::size_t nonces_at = kFixed + 1 + name.size();
  const std::size_t plain = nonces_at + kNonce + 1 + heard.size() * kNonce;
  m.resize(kBodyAt + (plain + kBlock - 1) / kBlock * kBlock);
  std::uint8_t* const p = &m[kBodyAt];
  p[0] = static_cast<std::uint8_t>((master_ && !leaving ? 1 : 0) | (leaving ? 2 : 0));
  p[1] = settings_.priority;
  StoreBe32(p + 2, settings_.limit);
  StoreBe32(p + 6, sessions_);
  settings_.own.StoreV6(p + 10);
  StoreBe32(p + 26, settings_.other_limit);
  StoreBe32(p + 30, other_sessions_);
  p[kFixed] = static_cast<std::uint8_t>(name.size());
  std::copy(name.begin(), name.end(), p + kFixed + 1);
  StoreBe64(p + nonces_at, nonce_);
  p[nonces_at + kNonce] = static_cast<std::uint8_t>(heard.size());
  for (std::size_t i = 0; i < heard.size(); i++) StoreBe64(p + nonces_at + kNonce + 1 + i * kNonce, heard[i]);
  std::array<std::uint8_t, kBlock> iv;
  std::copy_n(&m[kIvAt], kBlock, iv.begin());
  if (!CbcCrypt(VpnCipher::kAes256, true, encrypt_.bytes(), iv, MutableBytes(m).subspan(kBodyAt))) return;
  std::array<std::uint8_t, kMac> mac;
  Hmac(VpnHash::kSha256, authenticate_.bytes(), {Bytes(m)}, mac);
  m.insert(m.end(), mac.begin(), mac.end());
  send_(m);
}

void LoadBalancer::Receive(Bytes message, TimePoint real) {
  if (!settings_.participate || message.size() < kBodyAt + 2 * kBlock + kMac || (message.size() - kBodyAt - kMac) % kBlock != 0 ||
      message.size() > 1024 || !std::equal(std::begin(kMagicAndVersion), std::end(kMagicAndVersion), message.begin())) {
    return;
  }
  const Bytes sealed = message.first(message.size() - kMac);
  std::array<std::uint8_t, kMac> mac;
  Hmac(VpnHash::kSha256, authenticate_.bytes(), {sealed}, mac);
  if (!SameBytes(mac, message.last(kMac))) return;
  std::array<std::uint8_t, kBlock> iv;
  std::copy_n(message.begin() + kIvAt, kBlock, iv.begin());
  std::vector<std::uint8_t> plain(sealed.begin() + kBodyAt, sealed.end());
  if (!CbcCrypt(VpnCipher::kAes256, false, encrypt_.bytes(), iv, plain)) return;
  if (plain.size() < kFixed + 1) return;
  const std::size_t nonces_at = kFixed + 1 + plain[kFixed], echoes_at = nonces_at + kNonce + 1;
  if (plain.size() < echoes_at || plain.size() < echoes_at + kNonce * plain[echoes_at - 1]) return;
  const auto wall_ms = static_cast<std::int64_t>(LoadBe64(&message[kTimeAt]));
  const IpAddress who = IpAddress::FromV6Bytes(&plain[10]);
  if (who == settings_.own || who.IsNone()) return;  // our own, by broadcast
  const auto known = newest_.find(who);
  if (known == newest_.end() ? newest_.size() >= kMostMembers : wall_ms <= known->second.wall_ms) return;
  const std::uint64_t nonce = LoadBe64(&plain[nonces_at]);
  // Who has just begun need not wait for our next second.
  if (known == newest_.end() || known->second.nonce != nonce) next_ = std::min(next_, said_ + kAnswerApart);
  newest_[who] = {wall_ms, nonce, real};
  bool ours = false;
  for (std::size_t i = 0; i < plain[echoes_at - 1]; i++) ours = ours || LoadBe64(&plain[echoes_at + i * kNonce]) == nonce_;
  if (!ours) return;  // recorded before we began, or it has not heard us yet
  if ((plain[0] & 2) != 0) {
    members_.erase(who);
    return;
  }
  Member& m = members_[who];
  m.master = (plain[0] & 1) != 0;
  m.priority = plain[1];
  m.limit = LoadBe32(&plain[2]);
  m.sessions = LoadBe32(&plain[6]);
  m.other_limit = LoadBe32(&plain[26]);
  m.other_sessions = LoadBe32(&plain[30]);
  m.name.assign(plain.begin() + kFixed + 1, plain.begin() + kFixed + 1 + plain[kFixed]);
  m.heard = real;
  m.sent = 0;
}

void LoadBalancer::Elect(TimePoint real) {
  std::erase_if(members_, [&](const auto& m) { return real - m.second.heard >= kDead; });
  bool other_master = false, better = false;
  for (const auto& [who, m] : members_) {
    const bool before = Before(m.priority, who, settings_.priority, settings_.own);
    if (m.master && (!master_ || before)) other_master = true;
    if (before) better = true;
  }
  if (master_) {
    master_ = !other_master;
  } else {
    // Whoever has just come listens first.
    master_ = !other_master && !better && real - began_ >= kDead;
  }
}

bool LoadBalancer::Tick(TimePoint real, std::int64_t wall_ms, std::uint32_t sessions, std::uint32_t other_sessions) {
  const bool told = std::exchange(told_, false);
  if (!settings_.participate || real < next_) return told;
  next_ = real + kHello;
  sessions_ = sessions;
  other_sessions_ = other_sessions;
  sent_here_ = 0;
  const bool was = master_;
  Elect(real);
  said_ = real;
  Say(wall_ms, false);
  return told || was != master_;
}

void LoadBalancer::Leave(std::int64_t wall_ms) {
  if (settings_.participate) Say(wall_ms, true);
}

std::optional<std::string> LoadBalancer::Next() {
  if (!settings_.participate || !master_) return {};
  // The share of what fits decides; one who can take nobody is last.
  std::uint32_t* counted = &sent_here_;
  IpAddress target = settings_.own;
  std::string name = settings_.name;
  std::uint64_t used = sessions_ + sent_here_, limit = settings_.limit;
  for (auto& [who, m] : members_) {
    const std::uint64_t theirs = m.sessions + m.sent;
    if (m.limit == 0 || (limit != 0 && theirs * limit >= used * m.limit)) continue;
    counted = &m.sent;
    target = who;
    name = m.name;
    used = theirs;
    limit = m.limit;
  }
  ++*counted;
  return name.empty() ? target.ToString() : name;
}

VpnLoadBalancingView LoadBalancer::View() const {
  VpnLoadBalancingView view;
  view.enabled = settings_.participate;
  view.master = master_;
  view.encryption = settings_.encryption;
  view.cluster = settings_.cluster.IsNone() ? "" : settings_.cluster.ToString();
  const auto load = [](std::uint32_t used, std::uint32_t limit) {
    return VpnLoadView{limit, used, limit == 0 ? 0 : PercentOf(used, limit)};
  };
  if (!settings_.participate) return view;
  VpnBalancedPeer self;
  self.master = master_;
  self.self = true;
  self.priority = settings_.priority;
  self.model = settings_.model;
  self.version = 1;
  self.address = settings_.own;
  self.anyconnect = load(sessions_, settings_.limit);
  self.other = load(other_sessions_, settings_.other_limit);
  view.peers.push_back(self);
  for (const auto& [who, m] : members_) {
    VpnBalancedPeer p;
    p.master = m.master;
    p.priority = m.priority;
    p.model = settings_.model;
    p.version = 1;
    p.address = who;
    p.anyconnect = load(m.sessions, m.limit);
    p.other = load(m.other_sessions, m.other_limit);
    view.peers.push_back(p);
  }
  return view;
}

}  // namespace sallyport
