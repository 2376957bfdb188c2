#include "vpn/anyconnect/mtu.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport {
namespace {

constexpr int kDefaultConfigured = 1406, kAeadRoom = 16, kHashRoom = 20, kSmallestDtls = 576;

struct DtlsParts {
  int ip, room, mtu, rounded, result;
};

DtlsParts DtlsOf(const MtuInput& in) {
  const DtlsSuite& s = *in.dtls;
  DtlsParts p;
  p.ip = in.outer_ipv6 ? 40 : 20;
  p.room = s.aead() ? kAeadRoom : 0;
  p.mtu = in.base_mtu - p.ip - 8 - 13 - p.room;
  p.rounded = p.mtu & ~(s.block - 1);
  p.result = p.rounded - s.iv - s.mac - 1 - 1;
  return p;
}

int Capped(int mtu, const MtuInput& in) { return std::max(kSmallestSslMtu, in.configured ? std::min<int>(mtu, *in.configured) : mtu); }

}  // namespace

Mtus DeriveMtus(const MtuInput& in) {
  Mtus out;
  const int ip = in.outer_ipv6 ? 40 : 20;
  const int path = in.base_mtu - ip - 20;
  const int mss = in.tcpmss > 0 ? std::min(in.tcpmss, path) : path;
  const int hash = in.tls_aead ? 0 : kHashRoom;
  const int tls = mss - 5 - 8 - 0 - hash;
  const int configured = in.configured ? *in.configured : kDefaultConfigured;
  out.lines.push_back(fmt::format("Iphdr={} base-mtu={} def-mtu=1500 conf-mtu={}", ip, in.base_mtu, configured));
  out.lines.push_back(fmt::format("tcp-mss = {}", mss));
  out.lines.push_back(fmt::format("path-mtu = {}(mss)", mss));
  out.lines.push_back(fmt::format("{} - 5 (TLS header) - 8 (CSTP) - 0 (padding) - {} (HASH) = {}", mss, hash, tls));
  int dtls = tls;
  if (in.dtls != nullptr) {
    const DtlsParts p = DtlsOf(in);
    const DtlsSuite& s = *in.dtls;
    dtls = p.result;
    out.lines.push_back(fmt::format("DTLS Block size = {}", s.block));
    out.lines.push_back(fmt::format("mtu = {}(base-mtu) - {}(ip) - 8(udp) - 13(dtlshdr){} = {}", in.base_mtu, p.ip,
                                    p.room != 0 ? fmt::format(" - {}(dtlsiv)", p.room) : "", p.mtu));
    out.lines.push_back(fmt::format("mod-mtu = {}(mtu) & 0x{:04x}(complement) = {}", p.mtu, ~(s.block - 1) & 0xffff, p.rounded));
    out.lines.push_back(fmt::format("dtls-mtu = {}(mod-mtu) - 1(cdtp){} - {}(mac) - 1(pad) = {}", p.rounded,
                                    s.iv != 0 ? fmt::format(" - {}(iv)", s.iv) : "", s.mac, dtls));
  }
  out.lines.push_back(fmt::format("computed tls-mtu={} dtls-mtu={} conf-mtu={}", tls, dtls, configured));
  out.tls = Capped(tls, in);
  out.dtls = Capped(dtls, in);
  out.lines.push_back(fmt::format("tls-mtu={} dtls-mtu={}", out.tls, out.dtls));
  return out;
}

int DtlsMtuOf(const MtuInput& in) { return std::max(kSmallestDtls, Capped(DtlsOf(in).result, in)); }

}  // namespace sallyport
