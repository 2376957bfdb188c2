// How long IKE version 1 waits for things.
#pragma once

#include "firewall/base/time.h"

namespace sallyport {

// A message that is not answered is sent three times again, 8 seconds apart; 8 more seconds later the negotiation ends. It
// is the back-off by which ike-scan knows an ASA.
inline constexpr Duration kIkev1Gaps[] = {Duration::Seconds(8), Duration::Seconds(8), Duration::Seconds(8),
                                          Duration::Seconds(8)};
// A responder's negotiation that stands still ends sooner: it may be nobody's.
inline constexpr Duration kHalfOpenStays = Duration::Seconds(30);
// A pair that was replaced decrypts what is still on its way; then whoever began the new one deletes it.
inline constexpr Duration kOldPairStays = Duration::Seconds(30);
inline constexpr Duration kOldSaStays = Duration::Seconds(30);
// The initiator of a rekey sends by the new pair once the peer is known to have it: when a packet came by it, or when a
// repetition of the peer's answer would have come if our last message had been lost.
inline constexpr Duration kTrustNewPair = Duration::Seconds(10);
// A finished exchange is remembered for repetitions of its messages.
inline constexpr Duration kRememberExchange = Duration::Seconds(40);
// Two SAs whose negotiations were that close to each other, one from each end, have crossed.
inline constexpr Duration kCrossing = Duration::Seconds(40);
// After a rekey that failed.
inline constexpr Duration kRekeyAgain = Duration::Seconds(30);
// A user has that long to log in.
inline constexpr Duration kLoginStays = Duration::Seconds(120);
// The hardware client connects again after that.
inline constexpr Duration kClientAgain = Duration::Seconds(30);
inline constexpr int kDpdProbes = 4;  // the first one and three more

}  // namespace sallyport
