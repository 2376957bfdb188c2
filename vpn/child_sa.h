// A pair of ESP security associations as IKE hands it to the data path. Immutable; its keys are not copied.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/types.h"
#include "vpn/crypto/secret.h"
#include "vpn/policy.h"
#include "vpn/views.h"

namespace sallyport {

// What a pair of security associations protects, by addresses and ports; `protocol` 0 is any. ICMP: ports are 0..65535.
struct TrafficSelector {
  AddressRange addresses;
  PortRange ports;
  std::uint8_t protocol = 0;
  bool operator==(const TrafficSelector&) const = default;
};

// What makes two negotiations the same tunnel: connections stay with it over rekeys, loss and return.
struct TunnelKey {
  std::uint32_t entry = 0;  // CryptoMapEntry::id or VirtualTunnel::id
  std::string peer;         // of a dynamic entry: who it is (identity of phase 1, or user); "" of a static one, whose peers may be backups
  std::vector<TrafficSelector> local, remote;
  bool operator==(const TunnelKey&) const = default;
};

// Written by the data thread, read by anybody: DPD and idle timeouts.
struct SaActivity {
  std::atomic<std::int64_t> last_in_ns{0}, last_out_ns{0};  // appliance time
  std::atomic<std::uint64_t> bytes_in{0}, bytes_out{0}, packets_in{0}, packets_out{0};
  std::atomic<std::uint64_t> dropped_in{0}, dropped_out{0};
};

struct ChildSa {
  TunnelKey key;
  IfId at{};                  // interface of the peer
  IfId inside_hint = IfId::kAny;  // a virtual tunnel's interface: inner packets come by it; kAny: they come by `at`
  Endpoint local, peer;       // outer addresses; ports of UDP or TCP encapsulation, else 0
  EspEncapsulation encapsulation = EspEncapsulation::kNone;
  bool transport = false;
  bool lan_to_lan = true;     // else remote access
  bool network_extension = false;  // remote access: a hardware client in network extension mode
  bool preserve = false;      // VpnPolicy::preserve was on when it was negotiated
  std::uint32_t spi_in = 0, spi_out = 0;  // ours, and the peer's
  VpnCipher cipher{};
  VpnHash hash{};
  Secret encryption_in, integrity_in, encryption_out, integrity_out;  // GCM, GMAC: salt behind the key
  VpnLifetime seconds, kilobytes;         // interval 0: none
  std::uint16_t pfs_group = 0;
  std::uint32_t replay_window = 64;       // packets, 0: off
  DfPolicy df = DfPolicy::kCopy;
  bool fragment_after = false;            // too large packets are cut when they are encrypted
  std::string map;                        // for show crypto ipsec sa
  std::uint32_t map_sequence = 0;
  std::string user;                       // remote access; else ""
  IpAddress assigned;                     // inner address of a remote-access peer
  std::shared_ptr<const AccessList> filter;  // vpn-filter; null: none
  std::uint8_t ike_version = 1;
  std::uint32_t ike_sa = 0;               // its number (IkeSaView::number)
  std::shared_ptr<SaActivity> activity;   // never null; shared with the pairs that it replaces
};

}  // namespace sallyport
