#include "firewall/syn_cookie.h"

#include "firewall/base/random.h"

namespace sallyport {
namespace {

// Nobody offers less than the least (RFC 7323 asks for 12 bytes of options in the least MTU); 1380 is what `sysopt connection tcpmss`
// lets through.
constexpr std::uint16_t kMss[] = {216, 536, 1220, 1380};
constexpr std::int64_t kTickSeconds = 64;
constexpr std::uint32_t kOldest = 1;  // ticks
constexpr std::uint32_t kHashBits = 24;

std::uint32_t ClockOf(TimePoint now) { return static_cast<std::uint32_t>(now.ns / 1'000'000'000 / kTickSeconds) & 31; }

std::uint32_t BitsOf(const SynOffer& offer) {
  std::uint32_t index = 0;
  while (index < 3 && kMss[index + 1] <= offer.mss) index++;
  return index << 1 | (offer.sack ? 1u : 0u);
}

}  // namespace

SynCookies::SynCookies(std::uint64_t seed) {
  Random random(seed);
  flow_ = FlowHasher::FromSeed(random.U64());
  rest_ = FlowHasher::FromSeed(random.U64());
}

std::uint32_t SynCookies::Hash(const FlowKey& key, std::uint32_t client_isn, std::uint32_t clock, std::uint32_t bits) const {
  const auto small = static_cast<std::uint16_t>(clock << 3 | bits);
  const FlowKey rest{IpAddress::V4(flow_(key)), IpAddress::V4(client_isn), small, 0, 0, IfId::kIdentity};
  return rest_(rest) & ((1u << kHashBits) - 1);
}

std::uint32_t SynCookies::Make(const FlowKey& key, std::uint32_t client_isn, const SynOffer& offer, TimePoint now) const {
  const std::uint32_t clock = ClockOf(now), bits = BitsOf(offer);
  return clock << 27 | bits << kHashBits | Hash(key, client_isn, clock, bits);
}

std::optional<SynOffer> SynCookies::Check(const FlowKey& key, std::uint32_t client_isn, std::uint32_t cookie, TimePoint now) const {
  const std::uint32_t clock = cookie >> 27, bits = cookie >> kHashBits & 7;
  if (((ClockOf(now) - clock) & 31) > kOldest) return {};
  if (Hash(key, client_isn, clock, bits) != (cookie & ((1u << kHashBits) - 1))) return {};
  return SynOffer{kMss[bits >> 1], (bits & 1) != 0};
}

}  // namespace sallyport
