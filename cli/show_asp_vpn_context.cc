#include "cli/show_asp_vpn_context.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string Flags(const VpnContextView& c) {
  std::string flags = c.encrypts ? "ENCR+ESP" : "DECR+ESP";
  switch (c.encapsulation) {
    case EspEncapsulation::kNone:
      break;
    case EspEncapsulation::kNatT:
      flags += "+NATT";
      break;
    case EspEncapsulation::kUdp:
      flags += "+UDP";
      break;
    case EspEncapsulation::kTcp:
      flags += "+TCP";
      break;
  }
  if (c.preserve) flags += "+PRESERVE";
  return flags;
}

std::string State(const VpnContextView& c) {
  return std::string(c.up ? "UP" : "DOWN") + (c.delete_in_progress ? "+DIP" : "");
}

void OneLine(std::string& out, const VpnContextView& c, const Personality& personality) {
  if (personality.vpn_tables_8) {
    Append(out, "VPN CTX=0x{:08X}, Ptr=0x{:08X}, ", c.context, c.pointer);
  } else {
    Append(out, "VPN ID={:010}, ", c.context);
  }
  Append(out, "{}, {}, pk={:010}, rk={:010}, gc={}\n", Flags(c), State(c), c.packets, c.rekey_packets, c.collected);
}

void Block(std::string& out, const VpnContextView& c) {
  Append(out, "VPN CTX  = 0x{:08X}\n\n", c.context);
  Append(out, "Peer IP  = {}\nPointer  = 0x{:08X}\nState    = {}\nFlags    = {}\n", c.peer.ToString(), c.pointer, State(c),
         Flags(c));
  Append(out, "SA   = 0x{:08X}\nSPI  = 0x{:08X}\n", c.sa, c.spi);
  Append(out, "Group    = {}\nPkts     = {}\nBad Pkts = {}\nBad SPI  = {}\n", c.group, c.packets, c.bad_packets, c.bad_spi);
  Append(out, "Spoof    = {}\nBad Crypto = {}\nRekey Pkt  = {}\nRekey Call = {}\n", c.spoofed, c.bad_crypto, c.rekey_packets,
         c.rekey_calls);
  Append(out, "VPN Filter = {}\n", c.filter.empty() ? "<none>" : c.filter);
}

}  // namespace

std::string ShowVpnContexts(const std::vector<VpnContextView>& contexts, bool detail, const Personality& personality) {
  std::string out;
  for (const VpnContextView& c : contexts) {
    if (!detail) {
      OneLine(out, c, personality);
      continue;
    }
    if (!out.empty()) out += '\n';
    Block(out, c);
  }
  return out;
}

}  // namespace sallyport
