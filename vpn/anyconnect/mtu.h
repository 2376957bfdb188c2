// The MTUs that an appliance works out for a client at CONNECT: one for the TLS tunnel, one for the DTLS tunnel.
//
//   tls  = min(MSS of sysopt connection tcpmss, base - 40) - 5 (TLS header) - 8 (CSTP) - padding - hash
//   dtls = ((base - IP - 8 - 13 [- 16 for an AEAD]) rounded down to the block) - IV - MAC - 1 (pad) - 1 (type)
//
// `anyconnect mtu` caps both, but only when a line says it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vpn/anyconnect/suites.h"

namespace sallyport {

struct MtuInput {
  int tcpmss = 1380;     // sysopt connection tcpmss; 0: off
  int base_mtu = 1500;   // X-CSTP-Base-MTU, at most the interface's
  bool outer_ipv6 = false;
  bool tls_aead = false;  // the suite of TLS has no MAC of its own
  const DtlsSuite* dtls = nullptr;  // null: no DTLS; its MTU is then TLS's
  std::optional<std::uint16_t> configured = {};  // anyconnect mtu, if a line says it
};
struct Mtus {
  int tls = 0, dtls = 0;
  std::vector<std::string> lines;  // what `debug webvpn anyconnect` says of it
};
inline constexpr int kSmallestSslMtu = 256;  // nothing is worked out below it

Mtus DeriveMtus(const MtuInput& in);
// Only the DTLS value (`in.dtls` is not null), after a path has told that it is narrower: at least 576.
int DtlsMtuOf(const MtuInput& in);

}  // namespace sallyport
