// Arbitrary bytes to an appliance that has a tunnel: as packets from outside (ESP, ESP in UDP, ICMP errors about ESP), as what a peer that
// has the keys puts into the tunnel, and as packets that are to go into it. Whatever leaves in the clear to the inside must be sound
// enough for ourselves, and nothing protected leaves in the clear to the outside.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "conf/configuration.h"
#include "firewall/base/checksum.h"
#include "firewall/engine.h"
#include "firewall/logger.h"
#include "inspect/engines.h"
#include "vpn/data_plane.h"

namespace {

using namespace sallyport;

class Renderer final : public LogSink {
 public:
  Renderer() {
    for (auto& e : enabled_) e = true;
  }
  void Emit(const LogEvent& e) override { length += Logger::Render(e).size(); }
  std::size_t length = 0;
};

const IpAddress kOwn = *IpAddress::Parse("192.0.2.1"), kPeer = *IpAddress::Parse("192.0.2.2");

std::shared_ptr<const Policy> ThePolicy() {
  static const std::shared_ptr<const Policy> policy = [] {
    Configuration conf;
    const LoadReport report = conf.Load(
        "ASA Version 9.1(7)\n"
        "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n"
        "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
        "access-list vpn extended permit ip 10.1.1.0 255.255.255.0 10.2.2.0 255.255.255.0\n"
        "route outside 0.0.0.0 0.0.0.0 192.0.2.254\n");
    auto compiled = conf.Compile(nullptr);
    if (report.refused != 0 || !compiled) std::abort();
    auto p = std::make_shared<Policy>(**compiled);
    auto vpn = std::make_shared<VpnPolicy>();
    vpn->group_policies["DfltGrpPolicy"] = {};
    CryptoMapEntry e;
    e.id = 1;
    e.at = p->FindByName("outside")->id;
    e.match = p->access_lists.at("vpn");
    e.peers = {kPeer};
    vpn->entries.push_back(e);
    vpn->ike[e.at] = {true, true};
    p->tunnels = vpn;
    return p;
  }();
  return policy;
}

std::shared_ptr<ChildSa> ThePair(bool natt) {
  auto sa = std::make_shared<ChildSa>();
  sa->key.entry = 1;
  sa->key.local = {{AddressRange::Of(Prefix::Of(*IpAddress::Parse("10.1.1.0"), 24)), {}, 0}};
  sa->key.remote = {{AddressRange::Of(Prefix::Of(*IpAddress::Parse("10.2.2.0"), 24)), {}, 0}};
  sa->at = ThePolicy()->FindByName("outside")->id;
  sa->local = {kOwn, std::uint16_t(natt ? 4500 : 0)};
  sa->peer = {kPeer, std::uint16_t(natt ? 4500 : 0)};
  sa->encapsulation = natt ? EspEncapsulation::kNatT : EspEncapsulation::kNone;
  sa->spi_in = natt ? 0x3003 : 0x1001;
  sa->spi_out = natt ? 0x4004 : 0x2002;
  sa->cipher = VpnCipher::kAes128;
  sa->hash = VpnHash::kSha1;
  sa->encryption_in = Secret(16), sa->encryption_out = Secret(16);
  sa->integrity_in = Secret(20), sa->integrity_out = Secret(20);
  sa->fragment_after = natt;
  sa->activity = std::make_shared<SaActivity>();
  return sa;
}

}  // namespace

// Input: records of {control, length (2 bytes), bytes}. Control bits 0, 1: from outside as it is, from outside behind an IP header that
// is mended, inside a tunnel, from inside; bit 2: the tunnel in UDP; the rest: tenths of a second that pass.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ManualClock clock;
  Renderer log;
  InspectionEngines inspections;
  SeededEntropy entropy(1);
  TunnelEventQueue events;
  Engine engine({.max_connections = 64}, clock, log, Random(1), inspections.Table());
  DataPlane plane(engine, log, events, entropy);
  engine.SetPolicy(ThePolicy(), clock.Now());
  plane.Install(ThePair(false), clock.Now());
  plane.Install(ThePair(true), clock.Now());
  std::vector<EspSealer> peer;
  for (const std::uint32_t spi : {0x1001u, 0x3003u}) {
    auto sealer = EspSealer::Make({VpnCipher::kAes128, VpnHash::kSha1, Secret(16), Secret(20)}, spi, entropy);
    if (!sealer) std::abort();
    peer.push_back(std::move(*sealer));
  }
  const IfId outside = ThePolicy()->FindByName("outside")->id, inside = ThePolicy()->FindByName("inside")->id;
  const Prefix here = Prefix::Of(*IpAddress::Parse("10.1.1.0"), 24), there = Prefix::Of(*IpAddress::Parse("10.2.2.0"), 24);
  const auto left = [&](IfId by, Bytes b) {
    if (by != outside || b.size() < 20 || b[0] >> 4 != 4) return;
    if (here.Contains(IpAddress::FromV4Bytes(&b[12])) && there.Contains(IpAddress::FromV4Bytes(&b[16]))) std::abort();
  };
  std::uint32_t handle = 1;
  while (size >= 3) {
    const std::uint8_t control = data[0];
    const std::size_t length = std::min<std::size_t>(LoadBe16(data + 1) & 0x7ff, size - 3);
    std::vector<std::uint8_t> bytes(data + 3, data + 3 + length);
    data += 3 + length;
    size -= 3 + length;
    const bool natt = (control & 4) != 0;
    constexpr std::size_t kRoom = 128;
    std::vector<std::uint8_t> buffer(kRoom + bytes.size() + kRoom);
    std::copy(bytes.begin(), bytes.end(), buffer.begin() + kRoom);
    MutableBytes packet = MutableBytes(buffer).subspan(kRoom, bytes.size());
    if ((control & 3) == 1 && bytes.size() >= 20) {
      packet[0] = 0x45;
      StoreBe16(&packet[2], static_cast<std::uint16_t>(packet.size()));
      kPeer.StoreV4(&packet[12]);
      kOwn.StoreV4(&packet[16]);
      StoreBe16(&packet[10], 0);
      StoreBe16(&packet[10], ChecksumFinish(ChecksumAdd(Bytes(packet).first(20))));
    } else if ((control & 3) == 2 && !bytes.empty()) {
      const std::uint8_t next = bytes[0] >> 4 == 6 ? 41 : bytes[0] >> 4 == 4 ? 4 : bytes[0];
      const OuterPath path{.local = kPeer, .peer = kOwn, .udp = natt};
      const InnerMarks marks = bytes.size() >= 20 ? MarksOf(bytes) : InnerMarks{};
      MutableBytes esp;
      if (!peer[natt ? 1 : 0].Seal(next, buffer, kRoom, bytes.size(), esp)) std::abort();
      packet = WriteOuter(path, marks, 1, esp);
    }
    Packet p;
    p.bytes = packet;
    p.wire_length = static_cast<std::uint32_t>(packet.size());
    p.headroom = static_cast<std::uint32_t>(packet.data() - buffer.data());
    p.tailroom = static_cast<std::uint32_t>(buffer.size() - p.headroom - packet.size());
    p.ingress = (control & 3) == 3 ? inside : outside;
    p.handle = handle++;
    Disposition d;
    engine.Process(p, clock.Now(), d);
    if (d.action == Disposition::Action::kAccept) left(d.egress, p.bytes);
    for (const ReleasedPacket& r : engine.TakeReleased()) left(r.disposition.egress, r.bytes);
    for (const OriginatedPacket& o : engine.TakeOriginated()) left(o.egress, o.bytes);
    clock.Advance(Duration::Milliseconds(100 * (control >> 3)));
    engine.AdvanceTo(clock.Now());
    events.Take();
  }
  plane.Remove(0x1001, clock.Now());
  plane.Remove(0x3003, clock.Now());
  if (plane.Flows(clock.Now()).size() != 0) std::abort();
  return 0;
}
