// `debug crypto ipsec`: what becomes of pairs of security associations, in an ASA's words. Where an ASA prints addresses of its memory,
// the SPI of the inbound association stands.
#include <fmt/format.h>

#include "vpn/service.h"

namespace sallyport {
namespace {

constexpr int kSteps = 7;  // from this level on the steps of each one

std::string RangeText(const char* side, const AddressRange& r) {
  // The smallest mask that holds it: pairs protect networks.
  int bits = r.first.IsV4() ? 32 : 128;
  while (bits > 0 && !Prefix::Of(r.first, bits).Contains(r.last)) --bits;
  const std::string mask = r.first.IsV4() ? IpAddress::V4(bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits)).ToString() : std::to_string(bits);
  return fmt::format("    {0} addr: {1}\n    {0} mask: {2}\n", side, Prefix::Of(r.first, bits).address.ToString(), mask);
}

std::string PortsText(const char* side, PortRange p) {
  const bool any = p.first == 0 && p.last == 65535;
  return fmt::format("    {} ports\n      Upper: {}\n      Lower: {}\n      Op   : {}\n", side, any ? 0 : p.last, any ? 0 : p.first,
                     any ? "ignore" : p.first == p.last ? "equal" : "range");
}

// A rule of the accelerated path: traffic between two ends; `spi` 0: inner packets.
std::string RuleText(const TrafficSelector& src, const TrafficSelector& dst, std::uint8_t protocol, std::uint32_t spi) {
  return RangeText("Src", src.addresses) + RangeText("Dst", dst.addresses) + PortsText("Src", src.ports) + PortsText("Dst", dst.ports) +
         fmt::format("    Protocol: {}\n    Use protocol: {}\n    SPI: 0x{:08X}\n    Use SPI: {}", protocol, protocol != 0, spi, spi != 0);
}

TrafficSelector Host(const Endpoint& e, bool ports) {
  TrafficSelector s;
  s.addresses = {e.address, e.address};
  s.ports = ports ? PortRange{e.port, e.port} : PortRange{0, 65535};
  return s;
}

}  // namespace

void VpnService::DebugLine(const ChildSa& sa, std::uint32_t spi, int level, std::string text) const {
  IkeSaying s;
  s.debug = IkeSaying::Debug::kIpsec;
  s.debug_level = level;
  s.peer = sa.peer.address;
  s.user = sa.user;
  s.group = sessions_.GroupOf(IkeCore::Numbered(sa.ike_version, sa.ike_sa));
  s.spi = spi;
  s.text = std::move(text);
  debug_.Say(s);
}

void VpnService::DebugPairUp(const ChildSa& sa) const {
  if (!debug_.Hears(IkeSaying::Debug::kIpsec, 1)) return;
  const bool udp = sa.encapsulation == EspEncapsulation::kNatT || sa.encapsulation == EspEncapsulation::kUdp;
  const std::uint8_t carrier = udp ? 17 : sa.encapsulation == EspEncapsulation::kTcp ? 6 : 50;
  for (const bool out : {true, false}) {
    const char* way = out ? "outbound" : "inbound";
    const std::uint32_t spi = out ? sa.spi_out : sa.spi_in;
    const auto say = [&](int level, std::string text) { DebugLine(sa, spi, level, std::move(text)); };
    say(1, fmt::format("IPSEC: New embryonic SA created @ 0x{:08x}, \n    SCB: 0x{:08X}, \n    Direction: {}\n    SPI      : 0x{:08X}\n"
                       "    Session ID: 0x{:08X}\n    VPIF num  : 0x{:08X}\n    Tunnel type: {}\n    Protocol   : esp\n    Lifetime   : {} seconds",
                       sa.spi_in, sa.spi_in, way, spi, sa.ike_sa, static_cast<std::uint32_t>(sa.at), sa.lan_to_lan ? "l2l" : "ra",
                       sa.seconds.interval));
    say(1, fmt::format("IPSEC: Completed host {} update, SPI 0x{:08X}", out ? "OBSA" : "IBSA", spi));
    say(1, fmt::format("IPSEC: Creating {} VPN context, SPI 0x{:08X}\n    SA   : 0x{:08X}\n    SPI  : 0x{:08X}\n    Peer : {}", way, spi, sa.spi_in,
                       spi, sa.peer.address.ToString()));
    say(1, fmt::format("IPSEC: Completed {} VPN context, SPI 0x{:08X}", way, spi));
    for (const TrafficSelector& l : sa.key.local) {
      for (const TrafficSelector& r : sa.key.remote) {
        const char* rule = out ? "outbound encrypt" : "inbound tunnel flow";
        say(1, fmt::format("IPSEC: New {} rule, SPI 0x{:08X}\n{}", rule, spi, out ? RuleText(l, r, l.protocol, 0) : RuleText(r, l, l.protocol, 0)));
        say(1, fmt::format("IPSEC: Completed {} rule, SPI 0x{:08X}", rule, spi));
      }
    }
    const TrafficSelector here = Host(sa.local, carrier != 50), there = Host(sa.peer, carrier != 50);
    for (const char* rule : {"decrypt", "permit"}) {
      if (out && rule[0] == 'd') continue;
      say(1, fmt::format("IPSEC: New {} {} rule, SPI 0x{:08X}\n{}", way, rule, spi,
                         out ? RuleText(here, there, carrier, carrier == 50 ? spi : 0) : RuleText(there, here, carrier, carrier == 50 ? spi : 0)));
      say(1, fmt::format("IPSEC: Completed {} {} rule, SPI 0x{:08X}", way, rule, spi));
    }
    say(kSteps, fmt::format("IPSEC DEBUG: {} SA (SPI 0x{:08X}) state change from embryonic to active", out ? "Outbound" : "Inbound", spi));
  }
}

void VpnService::DebugPairDown(const ChildSa& sa) const {
  if (!debug_.Hears(IkeSaying::Debug::kIpsec, 1)) return;
  for (const bool out : {true, false}) {
    const char* way = out ? "outbound" : "inbound";
    const std::uint32_t spi = out ? sa.spi_out : sa.spi_in;
    const std::string name = fmt::format("IPSEC DEBUG: {} SA (SPI 0x{:08X})", out ? "Outbound" : "Inbound", spi);
    const auto say = [&](int level, std::string text) { DebugLine(sa, spi, level, std::move(text)); };
    say(1, "IPSEC: Received a PFKey message from IKE");
    say(kSteps, fmt::format("IPSEC DEBUG: Received a DELETE PFKey message from IKE for an {} SA (SPI 0x{:08X})", way, spi));
    say(kSteps, name + " destroy started, state active");
    say(1, fmt::format("IPSEC: Destroy current {} SPI: 0x{:08X}", way, spi));
    say(kSteps, name + " free started, state active");
    say(kSteps, name + " state change from active to dead");
    say(kSteps, name + " free completed");
    say(kSteps, name + " destroy completed");
  }
}

}  // namespace sallyport
