// Arbitrary bytes as packets through the whole engine: a configuration with NAT, access lists and inspection, several packets
// in one input, with time passing between them. Whatever leaves must be a packet that we would accept ourselves.
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

namespace {

using namespace sallyport;

// Renders every message, so that what only logging touches is fuzzed too.
class Renderer final : public LogSink {
 public:
  Renderer() {
    for (auto& e : enabled_) e = true;
  }
  void Emit(const LogEvent& e) override { length += Logger::Render(e).size(); }
  std::size_t length = 0;
};

std::shared_ptr<const Policy> ThePolicy() {
  static const std::shared_ptr<const Policy> policy = [] {
    Configuration conf;
    const LoadReport report = conf.Load(
        "ASA Version 9.16(4)\n"
        "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n ipv6 address 2001:db8:f::1/64\n"
        "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n ipv6 address 2001:db8:1::1/64\n"
        "ipv6 route outside ::/0 2001:db8:f::fe\nssh 2001:db8:1::/64 inside\n"
        "object network in\n subnet 10.1.1.0 255.255.255.0\n nat (inside,outside) dynamic interface\n"
        "object network web\n host 10.1.1.80\n nat (inside,outside) static 203.0.113.80\n"
        "object network six\n subnet 2001:db8:1::/64\n nat (inside,outside) dynamic interface\n"
        "object network four\n subnet 0.0.0.0 0.0.0.0\n nat (outside,inside) static 2001:db8:64::/96\n"
        "access-list outside_in extended permit tcp any object web log\n"
        "access-list outside_in extended permit icmp any any\n"
        "access-list outside_in extended permit icmp6 any any\n"
        "access-list outside_in extended permit tcp any6 2001:db8:1::/64 eq www\n"
        "access-list outside_in extended permit udp any any\n"
        "access-group outside_in in interface outside\n"
        "route outside 0.0.0.0 0.0.0.0 203.0.113.254\n"
        "ssh 10.1.1.0 255.255.255.0 inside\n"
        "class-map inspection_default\n match default-inspection-traffic\n"
        "policy-map global_policy\n class inspection_default\n  inspect icmp\n"
        "service-policy global_policy global\n");
    if (report.refused != 0) std::abort();
    auto compiled = conf.Compile(nullptr);
    if (!compiled) std::abort();
    return *compiled;
  }();
  return policy;
}

}  // namespace

// Input: records of {control, length (2 bytes), bytes}. Control bit 0: the interface; bit 1: mend the IP checksum and length, so
// that deeper code is reached; bit 2: and the transport checksum; the rest: seconds that pass.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ManualClock clock;
  Renderer log;
  InspectionEngines inspections;
  Inspectors inspectors = inspections.Table();
  Engine engine({.max_connections = 64}, clock, log, Random(1), inspectors);
  engine.SetPolicy(ThePolicy(), clock.Now());
  const IfId outside = ThePolicy()->FindByName("outside")->id;
  const IfId inside = ThePolicy()->FindByName("inside")->id;
  std::uint32_t handle = 1;
  while (size >= 3) {
    const std::uint8_t control = data[0];
    const std::size_t length = std::min<std::size_t>(LoadBe16(data + 1) & 0x7ff, size - 3);
    std::vector<std::uint8_t> bytes(data + 3, data + 3 + length);
    data += 3 + length;
    size -= 3 + length;
    if ((control & 2) != 0 && bytes.size() >= 40 && bytes[0] >> 4 == 6) {
      StoreBe16(&bytes[4], static_cast<std::uint16_t>(bytes.size() - 40));
    } else if ((control & 2) != 0 && bytes.size() >= 20) {
      bytes[0] = static_cast<std::uint8_t>(0x40 | std::max(5, bytes[0] & 15));
      StoreBe16(&bytes[2], static_cast<std::uint16_t>(bytes.size()));
      const std::size_t header = static_cast<std::size_t>(bytes[0] & 15) * 4;
      if (header <= bytes.size()) {
        StoreBe16(&bytes[10], 0);
        StoreBe16(&bytes[10], ChecksumFinish(ChecksumAdd(Bytes(bytes.data(), header))));
      }
    }
    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(length);
    p.ingress = (control & 1) != 0 ? inside : outside;
    p.checksum_checked = (control & 4) != 0;
    p.handle = handle++;
    Disposition d;
    engine.Process(p, clock.Now(), d);
    if (d.action == Disposition::Action::kAccept) {
      Packet again;
      again.bytes = p.bytes;
      again.wire_length = static_cast<std::uint32_t>(p.bytes.size());
      if (ParsePacket(again) != FrameDrop::kNone && !again.fragment) std::abort();
    }
    for (const ReleasedPacket& r : engine.TakeReleased()) {
      if (r.handle == 0 || r.handle >= handle) std::abort();
    }
    for (const OriginatedPacket& o : engine.TakeOriginated()) {
      std::vector<std::uint8_t> own = o.bytes;
      Packet q;
      q.bytes = own;
      q.wire_length = static_cast<std::uint32_t>(own.size());
      // What came damaged leaves NAT64 so.
      const bool crossed = d.action == Disposition::Action::kConsume;
      if (ParsePacket(q) != FrameDrop::kNone || (!crossed && !VerifyTransportChecksum(q))) std::abort();
    }
    clock.Advance(Duration::Seconds(control >> 3));
    engine.AdvanceTo(clock.Now());
  }
  const ConnPage page = engine.Conns({}, 0, 1000, clock.Now());
  ConnFilter everything;
  everything.include_box = true;
  engine.ClearConns(everything, clock.Now());
  engine.ClearXlates(clock.Now());
  if (engine.ConnCount().first != 0 || page.conns.size() > 64) std::abort();
  return 0;
}
