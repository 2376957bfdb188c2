// The tunnels that there are, and their pairs of ESP security associations: slots for TunnelIds, found by what was negotiated, by
// crypto map entry, and by the SPI of an inbound packet. Owned by the data plane, data thread only; decides nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "firewall/tunnel.h"
#include "vpn/child_sa.h"
#include "vpn/esp/esp.h"
#include "vpn/esp/outer_header.h"
#include "vpn/views.h"

namespace sallyport {

// One direction of a pair, as `show asp table vpn-context` has it.
struct SaContext {
  std::uint32_t handle = 0, pointer = 0, sa = 0;
  std::uint64_t packets = 0, bad_packets = 0, bad_spi = 0, spoofed = 0, bad_crypto = 0, rekey_packets = 0, rekey_calls = 0;
};

struct SaPair {
  SaPair(std::shared_ptr<const ChildSa> of, EspSealer&& out, EspOpener&& in) : sa(std::move(of)), sealer(std::move(out)), opener(std::move(in)) {}
  std::shared_ptr<const ChildSa> sa;
  EspSealer sealer;
  EspOpener opener;
  OuterPath path;
  TunnelId tunnel{};
  SaContext decrypts, encrypts;
  TimePoint installed;
  std::uint64_t bytes_in = 0, bytes_out = 0;  // of inner packets
  bool retired = false;       // only waits for its end
  bool heard = false;         // a packet has come by it
  bool rekey_asked = false, expiry_told = false;
};

struct Tunnel {
  std::uint16_t generation = 1;
  bool used = false;
  TunnelId id{};
  TunnelKey key;
  IfId at{};
  bool preserve = false;
  std::uint32_t flows = 0;  // references of connections
  std::vector<std::unique_ptr<SaPair>> pairs;  // the newest last
  SaPair* outbound = nullptr;
  IpsecCounters counters;
  int media_mtu = 1500, path_mtu = 1500;
  TimePoint pmtu_until = TimePoint::Max();  // when a learned path MTU is forgotten
  int payload_mtu = 0;   // largest inner packet that leaves as one
  std::uint64_t sent_in = 0;  // the batch in which something left behind the verdicts

  bool Up() const { return !pairs.empty(); }
  // Of a packet to the peer.
  bool Selects(const TunnelFlow& f) const;
  // Of one from it. `ports`: it has any (a later fragment has none).
  bool SelectsInbound(const TunnelFlow& f, bool ports) const;
};

class TunnelTable {
 public:
  static constexpr std::size_t kMost = 0x8000;  // the other half of the slots is AnyConnect's (tunnel_switch.h)
  // Null: there is none of this id, or no longer.
  Tunnel* Find(TunnelId t) {
    const auto slot = static_cast<std::uint32_t>(t) & 0xffff;
    if (slot >= tunnels_.size()) return nullptr;
    Tunnel& tunnel = *tunnels_[slot];
    return tunnel.used && tunnel.id == t ? &tunnel : nullptr;
  }
  const Tunnel* Find(TunnelId t) const { return const_cast<TunnelTable*>(this)->Find(t); }
  Tunnel* FindKey(const TunnelKey& key);
  // Null: all are used.
  Tunnel* Make(const TunnelKey& key);
  // A tunnel that nothing refers to any more.
  void FreeIfUnused(Tunnel& t);
  // By CryptoMapEntry::id.
  const std::vector<Tunnel*>& Of(std::uint32_t entry) const;

  // False: the SPI is taken.
  bool Add(Tunnel& t, std::unique_ptr<SaPair> pair);
  // Takes the pair out; null: there is none.
  std::unique_ptr<SaPair> Take(std::uint32_t spi_in);
  SaPair* BySpi(std::uint32_t spi_in) const {
    const auto i = by_spi_.find(spi_in);
    return i == by_spi_.end() ? nullptr : i->second;
  }
  std::size_t pairs() const { return by_spi_.size(); }
  const std::vector<std::unique_ptr<Tunnel>>& all() const { return tunnels_; }

 private:
  std::vector<std::unique_ptr<Tunnel>> tunnels_;  // by slot
  std::vector<std::uint16_t> free_;
  std::unordered_map<std::uint32_t, std::vector<Tunnel*>> by_entry_;
  std::unordered_map<std::uint32_t, SaPair*> by_spi_;
};

// Does `s` select this end of a flow?
bool SelectsEnd(const TrafficSelector& s, IpAddress address, std::uint16_t port, std::uint8_t protocol, bool ports = true);
// A selector as crypto displays have it: the smallest network that holds it.
VpnSelector ShownSelector(const TrafficSelector& s);

}  // namespace sallyport
