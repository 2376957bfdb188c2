#include "cli/trace_view.h"

#include <map>

namespace sallyport {

TraceView ViewOf(Appliance& appliance, const TraceResult& result) {
  TraceView view;
  view.result = result;
  const Policy& policy = *appliance.policy();
  const std::vector<InterfaceView> interfaces = appliance.Interfaces();
  const auto fill = [&](IfId id, std::string& name, bool& up, bool& line_up) {
    if (id == IfId::kIdentity) name = "NP Identity Ifc";
    const Interface* f = policy.Find(id);
    if (f == nullptr) return;
    for (const InterfaceView& v : interfaces) {
      if (f->hardware != v.hardware) continue;
      name = f->nameif;
      up = !f->shutdown;
      line_up = v.link_up;
    }
  };
  fill(result.input, view.input, view.input_up, view.input_line_up);
  fill(result.output, view.output, view.output_up, view.output_line_up);
  return view;
}

std::optional<MacAddress> ParseMac(std::string_view text) {
  MacAddress mac;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '.' || c == ':' || c == '-') continue;
    const int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (v < 0 || digits == 12) return std::nullopt;
    std::uint8_t& octet = mac.octets[digits / 2];
    octet = static_cast<std::uint8_t>(octet << 4 | v);
    digits++;
  }
  return digits == 12 ? std::optional(mac) : std::nullopt;
}

std::string InterfaceNameOf(const Policy& policy, IfId id) {
  if (id == IfId::kIdentity) return "identity";
  const Interface* f = policy.Find(id);
  return f == nullptr ? "any" : f->nameif.empty() ? f->hardware : f->nameif;
}

std::vector<CapturedFrame> FramesOf(Appliance& appliance, std::vector<CapturedPacket> packets) {
  const Policy& policy = *appliance.policy();
  std::map<std::string, InterfaceView> by_hardware;
  for (InterfaceView& v : appliance.Interfaces()) by_hardware[v.hardware] = std::move(v);
  std::map<std::pair<std::string, IpAddress>, MacAddress> neighbours;
  for (const ArpView& a : appliance.host().Arp(policy)) neighbours[{a.interface, a.address}] = a.mac;
  std::vector<CapturedFrame> frames;
  for (CapturedPacket& c : packets) {
    CapturedFrame f;
    f.wall_nanos = appliance.clock().WallNanos(c.time);
    if (const Interface* i = policy.Find(c.interface); i != nullptr && c.bytes.size() >= 20) {
      const InterfaceView& v = by_hardware[i->hardware];
      f.vlan = v.vlan;
      const bool v6 = c.bytes[0] >> 4 == 6 && c.bytes.size() >= 40;
      const std::uint8_t* at = c.bytes.data() + (v6 ? (c.outgoing ? 24 : 8) : (c.outgoing ? 16 : 12));
      const IpAddress peer = v6 ? IpAddress::FromV6Bytes(at) : IpAddress::FromV4Bytes(at);
      auto mac = neighbours.find({i->nameif, peer});
      if (mac == neighbours.end()) {
        const Route* route = policy.routes.Find(peer, i->id);
        if (route != nullptr) mac = neighbours.find({i->nameif, route->gateway});
      }
      const MacAddress theirs = mac != neighbours.end() ? mac->second : MacAddress{};
      f.source = c.outgoing ? v.mac : theirs;
      f.destination = c.outgoing ? theirs : v.mac;
    }
    f.packet = std::move(c);
    frames.push_back(std::move(f));
  }
  return frames;
}

}  // namespace sallyport
