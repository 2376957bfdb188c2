#include "firewall/router_advert.h"

#include <algorithm>

#include "firewall/base/checksum.h"

namespace sallyport {
namespace {

constexpr Duration kMinDelay = Duration::Seconds(3);  // MIN_DELAY_BETWEEN_RAS

bool Advertises(const Interface& f) {
  return f.id != IfId::kIdentity && f.InUse() && f.ipv6_enabled && !f.ipv6_autoconfig && !f.nd.suppress_ra && !f.link_local.IsNone();
}

// Between a third of the interval and all of it, so that routers do not speak together (RFC 4861 6.2.4).
Duration Interval(const Interface& f, Random& random) {
  const std::int64_t most = std::max<std::int64_t>(f.nd.ra_interval_ms, 500);
  const std::int64_t least = std::max<std::int64_t>(most / 3, 200);
  return Duration{(least + static_cast<std::int64_t>(random.U32() % static_cast<std::uint64_t>(most - least + 1))) * 1'000'000};
}

void PutPrefix(std::vector<std::uint8_t>& out, const NeighbourDiscovery::AdvertisedPrefix& p) {
  // RFC 4861 4.6.2: type 3, four units of eight bytes
  std::uint8_t o[32] = {3, 4, p.prefix.length, static_cast<std::uint8_t>((p.on_link ? 0x80 : 0) | (p.autonomous ? 0x40 : 0))};
  StoreBe32(o + 4, p.valid_s);
  StoreBe32(o + 8, p.preferred_s);
  p.prefix.address.StoreV6(o + 16);
  out.insert(out.end(), o, o + sizeof o);
}

}  // namespace

void RouterAdverts::FindNext() {
  next_ = TimePoint::Max();
  for (const Turn& t : turns_) next_ = std::min(next_, t.due);
}

void RouterAdverts::SetPolicy(const Policy& policy, TimePoint now, Random& random) {
  for (std::size_t i = 0; i < turns_.size(); i++) {
    const Interface* f = policy.Find(static_cast<IfId>(i));
    Turn& t = turns_[i];
    if (f == nullptr || !Advertises(*f)) {
      t = Turn{};
    } else if (t.due == TimePoint::Max()) {
      t.due = now + Duration{static_cast<std::int64_t>(random.U32() % 1000) * 1'000'000};
    }
  }
  FindNext();
}

void RouterAdverts::Solicited(IfId interface, TimePoint now, Random& random) {
  Turn& t = turns_[static_cast<std::size_t>(interface)];
  if (t.due == TimePoint::Max()) return;
  TimePoint answer = now + Duration{static_cast<std::int64_t>(random.U32() % 500) * 1'000'000};
  if (t.sent) answer = std::max(answer, t.last + kMinDelay);
  t.due = std::min(t.due, answer);
  FindNext();
}

const Interface* RouterAdverts::TakeDue(const Policy& policy, TimePoint now, Random& random) {
  for (std::size_t i = 0; i < turns_.size() && next_ <= now; i++) {
    Turn& t = turns_[i];
    if (t.due > now) continue;
    const Interface* f = policy.Find(static_cast<IfId>(i));
    t.last = now;
    t.sent = true;
    t.due = f != nullptr && Advertises(*f) ? now + Interval(*f, random) : TimePoint::Max();
    FindNext();
    if (f != nullptr && Advertises(*f)) return f;
  }
  return nullptr;
}

std::vector<std::uint8_t> RouterAdvertisement(const Interface& from) {
  const NeighbourDiscovery& nd = from.nd;
  const IpAddress all_nodes = IpAddress::V6(0xff02ull << 48, 1);
  std::vector<std::uint8_t> out(40 + 16);
  out[0] = 0x60;
  out[6] = 58;
  out[7] = 255;
  from.link_local.StoreV6(&out[8]);
  all_nodes.StoreV6(&out[24]);
  // RFC 4861 4.2: type, code, checksum, hop limit, flags, lifetime, reachable time, retransmission timer
  out[40] = 134;
  out[44] = 64;
  out[45] = static_cast<std::uint8_t>((nd.managed ? 0x80 : 0) | (nd.other ? 0x40 : 0));
  StoreBe16(&out[46], static_cast<std::uint16_t>(std::min(nd.ra_lifetime_s, 9000)));
  StoreBe32(&out[48], static_cast<std::uint32_t>(nd.reachable_ms));
  StoreBe32(&out[52], static_cast<std::uint32_t>(nd.ns_interval_ms));
  out.insert(out.end(), {1, 1});  // source link-layer address
  out.insert(out.end(), from.mac.octets.begin(), from.mac.octets.end());
  out.insert(out.end(), {5, 1, 0, 0});  // MTU
  std::uint8_t mtu[4];
  StoreBe32(mtu, static_cast<std::uint32_t>(from.mtu));
  out.insert(out.end(), mtu, mtu + sizeof mtu);
  for (const auto& p : nd.prefixes) {
    if (p.advertise) PutPrefix(out, p);
  }
  for (const InterfaceAddress6& own : from.ipv6) {
    const Prefix prefix = Prefix::Of(own.address, own.prefix_length);
    if (nd.prefixes.empty() && !own.autoconfigured) PutPrefix(out, {prefix});
  }
  StoreBe16(&out[4], static_cast<std::uint16_t>(out.size() - 40));
  const Bytes icmp = Bytes(out).subspan(40);
  StoreBe16(&out[42], ChecksumFinish(ChecksumAdd(icmp, PseudoHeaderSum(from.link_local, all_nodes, 58, static_cast<std::uint32_t>(icmp.size())))));
  return out;
}

}  // namespace sallyport
