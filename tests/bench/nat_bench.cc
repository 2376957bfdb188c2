// What the translation of a new flow costs with 10, 1,000 and 10,000 rules: destination and source looked up, as the packet path
// does for the first packet of a connection. Read 10,000 against 10: with an index it is of the same order.
#include <benchmark/benchmark.h>

#include <vector>

#include "firewall/base/random.h"
#include "firewall/nat.h"

namespace sallyport {
namespace {

constexpr IfId kInside{1}, kOutside{2};

enum Shape : std::int64_t {
  kStaticHosts,  // static (inside,outside) A B
  kStaticPorts,  // the same of one port: many rules share an address
  kTwice,        // source and destination
  kSubnets,      // dynamic, one for each /24
};

NatRule Make(Shape shape, std::uint32_t i) {
  const auto host = [](std::uint32_t a) { return std::vector<AddressRange>{{IpAddress::V4(a), IpAddress::V4(a)}}; };
  NatRule r;
  r.id = i + 1;
  r.real_if = kInside;
  r.mapped_if = kOutside;
  r.real_src = host(0x0a000000 + i);
  r.mapped_src = host(0xcb000000 + i);
  switch (shape) {
    case kStaticHosts:
      break;
    case kStaticPorts:
      r.real_src = host(0x0a000000 + i / 64);
      r.mapped_src = host(0xcb000000 + i / 64);
      r.service_protocol = 6;
      r.real_sport = r.mapped_sport = {static_cast<std::uint16_t>(1024 + i % 64), static_cast<std::uint16_t>(1024 + i % 64)};
      break;
    case kTwice:
      r.mapped_dst = r.real_dst = host(0xc0000200 + i % 256);
      break;
    case kSubnets:
      r.kind = NatRule::Kind::kDynamicPat;
      r.real_src = {AddressRange::Of(Prefix::Of(IpAddress::V4(0x0a000000 + i * 256), 24))};
      break;
  }
  return r;
}

void BM_NewFlow(benchmark::State& state) {
  const auto shape = static_cast<Shape>(state.range(0));
  const auto count = static_cast<std::uint32_t>(state.range(1));
  std::vector<NatRule> rules;
  for (std::uint32_t i = 0; i < count; i++) rules.push_back(Make(shape, i));
  const NatTable table(std::move(rules));
  XlateTable xlates(1);
  Random random(2);
  std::vector<FlowKey> flows(4096);
  for (FlowKey& k : flows) {
    const std::uint32_t i = random.Below(count);
    const bool out = random.Below(2) == 0 || shape == kSubnets;
    const IpAddress inside = table.rules()[i].real_src.front().first, outside = IpAddress::V4(0xc0000200 + i % 256);
    const auto port = static_cast<std::uint16_t>(1024 + (shape == kStaticPorts ? i % 64 : random.Below(60000)));
    if (out) k = {inside, outside, port, 443, 6, kInside};
    else k = {outside, table.rules()[i].mapped_src.front().first, 40000, port, 6, kOutside};
  }
  std::size_t n = 0, found = 0;
  for (auto _ : state) {
    const FlowKey& k = flows[n++ % flows.size()];
    const NatResult un = Untranslate(table, xlates, k);
    const IfId egress = k.ingress == kInside ? kOutside : kInside;
    const NatResult tr = Translate(table, xlates, k, egress, un.endpoint, {}, {}, false);
    found += un.rule != nullptr || tr.rule != nullptr;
    benchmark::DoNotOptimize(tr.endpoint);
  }
  state.counters["translated"] = static_cast<double>(found) / static_cast<double>(std::max<std::size_t>(n, 1));
}
BENCHMARK(BM_NewFlow)->ArgNames({"shape", "rules"})->ArgsProduct({{kStaticHosts, kStaticPorts, kTwice, kSubnets}, {10, 1000, 10'000}});

void BM_Compile(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<NatRule> rules;
    for (std::uint32_t i = 0; i < state.range(0); i++) rules.push_back(Make(kStaticHosts, i));
    benchmark::DoNotOptimize(NatTable(std::move(rules)));
  }
}
BENCHMARK(BM_Compile)->Arg(10)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sallyport
