// SYN cookies (Bernstein, 1996): an initial sequence number that says, to those who know the key, which SYN it answered.
//
// The number is a 5-bit clock, 3 bits of what the SYN offered, and 24 bits of a keyed hash over the flow, the client's number,
// the clock and those bits. No state is kept. Good for one to two minutes.
#pragma once

#include <cstdint>
#include <optional>

#include "firewall/base/time.h"
#include "firewall/conn_index.h"
#include "firewall/types.h"

namespace sallyport {

// What is remembered of the SYN.
struct SynOffer {
  std::uint16_t mss = 536;  // rounded down to one of four values; RFC 9293's default for a SYN without the option
  bool sack = false;
  bool operator==(const SynOffer&) const = default;
};

class SynCookies {
 public:
  // `seed` secret.
  explicit SynCookies(std::uint64_t seed);
  // The answer's sequence number. `key` is the SYN's.
  std::uint32_t Make(const FlowKey& key, std::uint32_t client_isn, const SynOffer& offer, TimePoint now) const;
  // `cookie` as the ACK acknowledges it (less one). Nothing: not ours, or too old.
  std::optional<SynOffer> Check(const FlowKey& key, std::uint32_t client_isn, std::uint32_t cookie, TimePoint now) const;

 private:
  std::uint32_t Hash(const FlowKey& key, std::uint32_t client_isn, std::uint32_t clock, std::uint32_t bits) const;
  FlowHasher flow_, rest_;
};

}  // namespace sallyport
