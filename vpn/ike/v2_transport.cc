// Transport mode (RFC 7296 1.3.1, USE_TRANSPORT_MODE): between the two gateways themselves, where the configuration asks for it and no
// NAT is in the way. Everything else stays in tunnel mode, unless the configuration insists (`transport-require`).
#include <algorithm>

#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {

bool V2Engine::WantsTransport(const SaV2& sa, const EntryV2& entry, std::span<const TrafficSelector> local,
                              std::span<const TrafficSelector> remote) {
  const auto only = [](std::span<const TrafficSelector> side, IpAddress end) {
    return !side.empty() && std::all_of(side.begin(), side.end(), [&](const TrafficSelector& s) {
      return s.addresses.first == end && s.addresses.last == end;
    });
  };
  return entry.transport && sa.local.address.IsV4() && !sa.nat_inside && !sa.nat_outside && only(local, sa.local.address) &&
         only(remote, sa.peer.address);
}

void V2Engine::AskTransport(ChainWriter& out, bool wanted) {
  if (wanted) AddNotifyV2(out, ikev2::kIke, ikev2::kUseTransportMode);
}

std::optional<bool> V2Engine::TransportAgreed(const EntryV2& entry, bool wanted, std::span<const RawPayload> answer, std::string& why) {
  const bool agreed = FindNotifyV2(answer, ikev2::kUseTransportMode).has_value();
  if (agreed != wanted && (agreed || entry.transport_required)) {
    why = agreed ? "Received an unexpected transport mode notify" : "Peer does not support transport mode";
    return {};
  }
  if (!wanted && entry.transport_required) {
    why = "Transport mode is required";
    return {};
  }
  return agreed;
}

}  // namespace sallyport
