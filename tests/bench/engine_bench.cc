// The packet path without the kernel: how long the engine takes for a packet of a known connection, and for a new one.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <vector>

#include "firewall/acl_hash.h"
#include "firewall/base/checksum.h"
#include "firewall/engine.h"

namespace sallyport {
namespace {

class NoLog final : public LogSink {
 public:
  void Emit(const LogEvent&) override {}
};

std::shared_ptr<Policy> MakePolicy(int acl_lines, bool pat) {
  auto p = std::make_shared<Policy>();
  const auto add = [&](int id, const char* name, int level, const char* address) {
    Interface i;
    i.id = static_cast<IfId>(id);
    i.hardware = name;
    i.nameif = name;
    i.name = InternName(name);
    i.security_level = level;
    i.address = *IpAddress::Parse(address);
    i.prefix_length = 24;
    p->interfaces.resize(static_cast<std::size_t>(id) + 1);
    p->interfaces[static_cast<std::size_t>(id)] = i;
  };
  add(1, "inside", 100, "10.1.1.1");
  add(2, "outside", 0, "203.0.113.1");
  std::vector<Route> routes;
  Route r;
  r.destination = Prefix::Of(*IpAddress::Parse("10.1.1.0"), 24);
  r.interface = IfId{1};
  r.source = Route::Source::kConnected;
  routes.push_back(r);
  r = {};
  r.destination = Prefix::AnyV4();
  r.interface = IfId{2};
  r.gateway = *IpAddress::Parse("203.0.113.254");
  routes.push_back(r);
  p->routes = RouteTable(routes);
  if (acl_lines != 0) {
    std::vector<AclLine> lines;
    std::vector<AclElement> elements;
    for (int n = 0; n < acl_lines; n++) {
      AclElement e;
      e.permit = n + 1 == acl_lines;
      e.protocol = e.permit ? 0 : 6;
      e.src = AddressRange::Of(Prefix::AnyV4());
      e.dst = e.permit ? e.src : AddressRange::Of(Prefix::Of(IpAddress::V4(0x64000000u + static_cast<std::uint32_t>(n)), 32));
      e.line = static_cast<std::uint32_t>(n);
      e.hits = std::make_shared<HitCounter>();
      elements.push_back(e);
      AclLine line;
      line.number = static_cast<std::uint32_t>(n + 1);
      line.first_element = e.line;
      line.element_count = 1;
      lines.push_back(line);
    }
    p->interfaces[1]->access_in = std::make_shared<AccessList>("in", 0, lines, elements);
  }
  if (pat) {
    NatRule rule;
    rule.id = 1;
    rule.kind = NatRule::Kind::kDynamicPat;
    rule.section = 2;
    rule.real_if = IfId{1};
    rule.mapped_if = IfId{2};
    rule.real_src = {AddressRange::Of(r.destination)};
    rule.mapped_is_interface = true;
    rule.interface_address = *IpAddress::Parse("203.0.113.1");
    rule.mapped_src = {{rule.interface_address, rule.interface_address}};
    rule.hits = std::make_shared<NatHits>();
    p->nat = NatTable({rule});
  }
  return p;
}

std::vector<std::uint8_t> Udp(IpAddress src, IpAddress dst, std::uint16_t sport) {
  std::vector<std::uint8_t> b(20 + 8 + 18);
  b[0] = 0x45;
  StoreBe16(&b[2], static_cast<std::uint16_t>(b.size()));
  b[8] = 64;
  b[9] = 17;
  src.StoreV4(&b[12]);
  dst.StoreV4(&b[16]);
  StoreBe16(&b[10], ChecksumFinish(ChecksumAdd(Bytes(b.data(), 20))));
  StoreBe16(&b[20], sport);
  StoreBe16(&b[22], 9);
  StoreBe16(&b[24], 26);
  return b;
}

struct Rig {
  explicit Rig(int acl_lines, bool pat) : engine({.max_connections = 1'000'000}, clock, log, Random(1), {}) {
    engine.SetPolicy(MakePolicy(acl_lines, pat), clock.Now());
  }
  Disposition Send(std::vector<std::uint8_t>& bytes) {
    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    p.ingress = IfId{1};
    Disposition d;
    engine.Process(p, clock.Now(), d);
    return d;
  }
  ManualClock clock;
  NoLog log;
  Engine engine;
};

const IpAddress kClient = *IpAddress::Parse("10.1.1.10");
const IpAddress kServer = *IpAddress::Parse("192.0.2.7");

void BM_KnownFlow(benchmark::State& state) {
  Rig rig(static_cast<int>(state.range(0)), state.range(1) != 0);
  const auto original = Udp(kClient, kServer, 1025);
  for (auto _ : state) {
    auto bytes = original;
    if (rig.Send(bytes).action != Disposition::Action::kAccept) return state.SkipWithError("dropped");
  }
}
BENCHMARK(BM_KnownFlow)->ArgNames({"acl", "pat"})->Args({10, 0})->Args({10'000, 0})->Args({10, 1});

void BM_NewFlow(benchmark::State& state) {
  Rig rig(static_cast<int>(state.range(0)), state.range(1) != 0);
  std::uint32_t n = 0;
  for (auto _ : state) {
    auto bytes = Udp(kClient, IpAddress::V4(0xc0000000u + n / 50'000), static_cast<std::uint16_t>(1024 + n % 50'000));
    n++;
    if (rig.Send(bytes).action != Disposition::Action::kAccept) return state.SkipWithError("dropped");
    if (n % 500'000 == 0) {
      state.PauseTiming();
      rig.clock.Advance(Duration::Seconds(121));
      rig.engine.AdvanceTo(rig.clock.Now());
      state.ResumeTiming();
    }
  }
}
BENCHMARK(BM_NewFlow)->ArgNames({"acl", "pat"})->Args({10, 0})->Args({10'000, 0})->Args({10, 1});

}  // namespace
}  // namespace sallyport
