#include "vpn/dhcp_proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/crypto/digests.h"

namespace sallyport {
namespace {

constexpr Duration kUnclaimed = Duration::Seconds(60), kLastChance = Duration::Seconds(10);
constexpr std::uint32_t kForEver = 0xffffffff;
constexpr int kMostRounds = 3;  // refusals and addresses that are taken

// A host's own address, not one of a group or of a network.
bool IsHost(IpAddress a) { return !a.IsNone() && a.IsV4() && a.v4() >> 24 != 0 && a.v4() >> 24 != 127 && a.v4() < 0xe0000000; }

// A hardware address for a session: a server that remembers it gives a user the same address again.
std::array<std::uint8_t, 6> HardwareOf(const DhcpWish& w, std::uint32_t ordinal) {
  const std::string text = fmt::format("{}\n{}\n{}", w.tunnel_group, w.user, ordinal);
  const auto digest = Hash(VpnHash::kSha1, {Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())});
  std::array<std::uint8_t, 6> out{2};  // administered locally
  std::copy_n(digest.begin(), 5, out.begin() + 1);
  return out;
}

}  // namespace

void DhcpProxy::Request(DhcpWish wish, Answer answer) {
  const bool reachable = std::any_of(wish.servers.begin(), wish.servers.end(), [&](IpAddress s) { return ports_.way(s).has_value(); });
  if (!reachable || entries_.size() >= kMost) {
    ports_.logger.Say(737003, 5, fmt::format("IPAA: DHCP configured, no viable servers found for tunnel-group {}", wish.tunnel_group));
    hopeless_.push_back(std::move(answer));
    return;
  }
  Entry e;
  const auto taken = [&](std::uint32_t n) {
    return std::any_of(entries_.begin(), entries_.end(), [&](const auto& o) {
      return o.second.ordinal == n && o.second.wish.user == wish.user && o.second.wish.tunnel_group == wish.tunnel_group;
    });
  };
  while (taken(e.ordinal)) e.ordinal++;
  e.hardware = HardwareOf(wish, e.ordinal);
  e.wish = std::move(wish);
  e.answer = std::move(answer);
  std::uint32_t xid = ports_.entropy.U32();
  while (entries_.contains(xid)) xid = ports_.entropy.U32();
  Begin(xid, entries_[xid] = std::move(e));
}

void DhcpProxy::Begin(std::uint32_t xid, Entry& e) {
  e.state = State::kSelecting;
  e.attempt = 0;
  e.address = e.server = e.from = {};
  Repeat(xid, e);
}

// DISCOVER or REQUEST, for the first time or again.
void DhcpProxy::Repeat(std::uint32_t xid, Entry& e) {
  const auto times = ports_.times();
  if (e.attempt == kAttempts) {
    if (e.wish.one_by_one && e.server_at + 1 < e.wish.servers.size()) {
      e.server_at++;
      return Begin(xid, e);
    }
    return Fail(xid, e);
  }
  e.resend_at = times.real + Duration::Seconds(std::int64_t{2} << e.attempt);
  e.attempt++;
  if (e.state == State::kSelecting) {
    Send(xid, e, DhcpType::kDiscover, e.wish.one_by_one ? std::vector<IpAddress>{e.wish.servers[e.server_at]} : e.wish.servers);
  } else {
    e.asked = times.now;
    Send(xid, e, DhcpType::kRequest, {e.from});
  }
}

void DhcpProxy::Send(std::uint32_t xid, const Entry& e, DhcpType type, const std::vector<IpAddress>& to) {
  DhcpMessage m;
  m.type = type;
  m.xid = xid;
  m.hardware = e.hardware;
  const bool extends = e.state == State::kRenewing || e.state == State::kRebinding;
  if (extends || type == DhcpType::kRelease) m.client = e.address;
  else m.requested = e.address;
  if (!extends) m.server = e.server;
  for (const IpAddress server : to) {
    const auto way = ports_.way(server);
    if (!way) continue;
    m.relay = e.wish.scope.IsNone() ? way->own : e.wish.scope;
    const auto& h = e.hardware;
    m.client_id = fmt::format("cisco-{:02x}{:02x}.{:02x}{:02x}.{:02x}{:02x}-{}", h[0], h[1], h[2], h[3], h[4], h[5], way->interface);
    ports_.transport.Send(*way, server, WriteDhcp(m));
  }
}

void DhcpProxy::Fail(std::uint32_t xid, Entry& e) {
  ports_.logger.Say(737018, 5, fmt::format("IPAA: DHCP request attempt {} failed", std::max(e.attempt, 1)));
  ports_.logger.Say(737004, 5, fmt::format("IPAA: DHCP configured, request failed for tunnel-group {}", e.wish.tunnel_group));
  const Answer answer = std::move(e.answer);
  entries_.erase(xid);
  answer({});
}

// --- what comes

void DhcpProxy::Receive(IpAddress from, IpAddress to, Bytes bytes) {
  const auto m = ReadDhcp(bytes);
  const auto it = m && m->reply ? entries_.find(m->xid) : entries_.end();
  if (it == entries_.end()) {
    ignored_++;
    return;
  }
  const std::uint32_t xid = it->first;
  Entry& e = it->second;
  const auto& servers = e.wish.servers;
  const auto way = ports_.way(from);
  // Only servers of the configuration, about that client, and where they were told to send it.
  const bool asked = std::find(servers.begin(), servers.end(), from) != servers.end() && m->hardware == e.hardware && way &&
                     to == (e.wish.scope.IsNone() ? way->own : e.wish.scope);
  const bool of_server = from == e.from && (m->server.IsNone() || m->server == e.server);
  const bool good = IsHost(m->yours) && m->lease_s.value_or(0) != 0;
  switch (e.state) {
    case State::kSelecting: {
      const bool turn = !e.wish.one_by_one || from == servers[e.server_at];
      if (!asked || !turn || m->type != DhcpType::kOffer || !good || m->server.IsNone()) break;
      e.address = m->yours;
      e.server = m->server;
      e.from = from;
      e.state = State::kRequesting;
      e.attempt = 0;
      return Repeat(xid, e);
    }
    case State::kRequesting:
      if (!asked || !of_server) break;
      if (m->type == DhcpType::kAck && good && m->yours == e.address) return Bind(xid, e, *m);
      if (m->type != DhcpType::kNak) break;
      if (++e.rounds == kMostRounds) return Fail(xid, e);
      return Begin(xid, e);
    case State::kRenewing:
    case State::kRebinding:
      if (!asked || (e.state == State::kRenewing && !of_server)) break;
      if (m->type == DhcpType::kAck && good && m->yours == e.address) {
        e.from = from;
        if (!m->server.IsNone()) e.server = m->server;
        e.state = State::kBound;
        return SetTimes(e, *m);
      }
      if (m->type != DhcpType::kNak) break;
      e.state = State::kLost;
      return ports_.lost(IpAddress(e.address));
    case State::kBound:
    case State::kLost:
      break;
  }
  ignored_++;
}

void DhcpProxy::SetTimes(Entry& e, const DhcpMessage& m) {
  const std::uint32_t lease = *m.lease_s;
  e.resend_at = TimePoint::Max();
  if (lease == kForEver) {
    e.t1 = e.t2 = e.ends = TimePoint::Max();
    return;
  }
  const auto part = [&](std::optional<std::uint32_t> s, std::uint32_t eighths, std::uint32_t most) {
    return std::min(s.value_or(static_cast<std::uint32_t>(std::uint64_t{lease} * eighths / 8)), most);
  };
  const std::uint32_t t2 = part(m.rebinding_s, 7, lease), t1 = part(m.renewal_s, 4, t2);
  const auto at = [&](std::uint32_t s) { return e.asked + Duration::Seconds(std::max<std::uint32_t>(s, 1)); };
  e.t1 = at(t1);
  e.t2 = at(t2);
  e.ends = at(lease);
}

void DhcpProxy::Bind(std::uint32_t xid, Entry& e, const DhcpMessage& m) {
  if (!ports_.pools.TakeOwn(e.address)) {
    ports_.logger.Say(737033, 4, fmt::format("IPAA: Unable to assign DHCP provided IP address ({}) to client. This IP address has already been "
                                             "assigned by local pool", e.address.ToString()));
    Send(xid, e, DhcpType::kDecline, {e.from});
    if (++e.rounds == kMostRounds) return Fail(xid, e);
    return Begin(xid, e);
  }
  e.state = State::kBound;
  e.mask = m.mask.IsNone() ? IpAddress::V4(0xffffffff) : m.mask;
  e.unclaimed_until = ports_.times().real + kUnclaimed;
  SetTimes(e, m);
  ports_.logger.Say(737017, 6, fmt::format("IPAA: DHCP request attempt {} succeeded", e.attempt));
  ports_.logger.Say(737005, 6, fmt::format("IPAA: DHCP configured, request succeeded for tunnel-group {}", e.wish.tunnel_group));
  const Answer answer = std::exchange(e.answer, nullptr);
  answer(AssignedAddress{e.address, e.mask});  // `e` may be gone
}

// --- leases

DhcpProxy::Entry* DhcpProxy::Of(IpAddress a, std::uint32_t* xid) {
  for (auto& [x, e] : entries_) {
    if (!e.has_lease() || e.address != a) continue;
    if (xid != nullptr) *xid = x;
    return &e;
  }
  return nullptr;
}

bool DhcpProxy::Holds(IpAddress a) const { return const_cast<DhcpProxy*>(this)->Of(a, nullptr) != nullptr; }

bool DhcpProxy::Claim(IpAddress a) {
  Entry* e = Of(a, nullptr);
  return e != nullptr && !std::exchange(e->claimed, true);
}

bool DhcpProxy::Release(IpAddress a) {
  std::uint32_t xid = 0;
  Entry* e = Of(a, &xid);
  if (e == nullptr) return false;
  ports_.logger.Say(737015, 6, fmt::format("IPAA: Freeing DHCP address {}", a.ToString()));
  if (e->state != State::kLost) {
    e->state = State::kBound;  // a release names its server
    Send(xid, *e, DhcpType::kRelease, {e->from});
  }
  entries_.erase(xid);
  return true;
}

void DhcpProxy::Renew(std::uint32_t xid, Entry& e) {
  const auto times = ports_.times();
  const bool rebinding = e.state == State::kRebinding;
  const std::int64_t left = ((rebinding ? e.ends : e.t2) - times.now).seconds();
  e.resend_at = times.real + Duration::Seconds(std::clamp<std::int64_t>(left / 2, 4, 3600));
  e.asked = times.now;
  Send(xid, e, DhcpType::kRequest, rebinding ? e.wish.servers : std::vector<IpAddress>{e.from});
}

void DhcpProxy::Tick() {
  for (const Answer& answer : std::exchange(hopeless_, {})) answer({});
  const auto times = ports_.times();
  // What is done may end others.
  std::vector<std::uint32_t> all;
  for (const auto& [xid, e] : entries_) all.push_back(xid);
  for (const std::uint32_t xid : all) {
    const auto it = entries_.find(xid);
    if (it == entries_.end()) continue;
    Entry& e = it->second;
    if (!e.has_lease()) {
      if (e.resend_at <= times.real) Repeat(xid, e);
      continue;
    }
    if (!e.claimed && e.unclaimed_until <= times.real) {
      ports_.pools.Give(IpAddress(e.address), times.now);
      continue;
    }
    if (e.state == State::kLost) continue;
    if (e.state == State::kBound && times.now >= e.t1) {
      e.state = State::kRenewing;
      e.renewing_since = times.real;
      Renew(xid, e);
    } else if (e.state == State::kRenewing && times.now >= e.t2) {
      e.state = State::kRebinding;
      Renew(xid, e);
    } else if (e.state == State::kRebinding && times.now >= e.ends && times.real - e.renewing_since >= kLastChance) {
      e.state = State::kLost;
      ports_.lost(IpAddress(e.address));
    } else if (e.resend_at <= times.real) {
      Renew(xid, e);
    }
  }
}

}  // namespace sallyport
