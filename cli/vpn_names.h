// What the VPN show commands call algorithms, methods, tunnels and states: each command has its own words for the same
// thing. Tables, pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "firewall/personality.h"
#include "vpn/views.h"

namespace sallyport {

// `name` commands in force: an address that has a name is printed by it.
using AddressNames = std::map<IpAddress, std::string>;
std::string NameOrAddress(IpAddress address, const AddressNames& names);

// "10.1.0.0/255.255.0.0/6/443": network, mask, protocol, port.
std::string SelectorText(const VpnSelector& selector);
std::string NetworkText(const Prefix& network);  // the first two of them

struct CipherNames {
  std::string_view session;  // `show vpn-sessiondb`
  std::string_view ikev1;    // `show crypto ikev1 sa detail`
  std::string_view ikev2;    // `show crypto ikev2 sa`
  std::string_view esp;      // `show crypto ipsec sa`
  int iv_bytes;
  bool combined;  // authenticates too
};
const CipherNames& NamesOf(VpnCipher cipher);

struct HashNames {
  std::string_view session, ikev1, ikev2, esp;
};
const HashNames& NamesOf(VpnHash hash);

struct AuthNames {
  std::string_view session;
  std::string_view ikev1_7;  // 7.x's table
  std::string_view ikev1, ikev2;
};
const AuthNames& NamesOf(VpnAuth auth);

std::string_view NameOf(VpnEncapsulation encapsulation);
std::string_view NameOf(VpnCompression compression);
std::string_view NameOf(IkeState state);
// IKEv1 was IKE before 8.4.
std::string_view NameOf(VpnTunnelKind kind, const Personality& personality);
constexpr bool IsIke(VpnTunnelKind kind) { return kind == VpnTunnelKind::kIkev1 || kind == VpnTunnelKind::kIkev2; }
constexpr bool IsIpsec(VpnTunnelKind kind) {
  return kind >= VpnTunnelKind::kIpsec && kind <= VpnTunnelKind::kL2tpOverIpsecOverNatT;
}

}  // namespace sallyport
