// What one access-list lookup costs at 10 .. 100,000 elements, for lists of several shapes, and how long compiling one
// takes. Each lookup is another flow, so that memory is used as real traffic would; a part of the flows matches nothing.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/base/random.h"
#include "firewall/nat.h"

namespace sallyport {
namespace {

enum Shape : std::int64_t {
  kHostToHost,  // permit tcp host A host B eq P
  kAnyPort,     // permit tcp any any eq N
  kNetworks,    // permit ip A/8..32 B/8..32: many prefix lengths
  kRanges,      // permit tcp range of addresses, range of ports
};

IpAddress V4(std::uint32_t a) { return IpAddress::V4(a); }

AclElement Make(Shape shape, std::uint32_t i, Random& random) {
  AclElement e;
  e.permit = true;
  e.protocol = 6;
  const AddressRange any = AddressRange::Of(Prefix::Any());
  const auto host = [](std::uint32_t a) { return AddressRange{V4(a), V4(a)}; };
  switch (shape) {
    case kHostToHost:
      e.src = host(0x0a000000 + i);
      e.dst = host(0xc0000200 + random.Below(256));
      e.dport = {443, 443};
      break;
    case kAnyPort: {
      const auto port = static_cast<std::uint16_t>(i % 60000);
      e.src = e.dst = any;
      e.dport = {port, port};
      break;
    }
    case kNetworks:
      e.protocol = 0;
      e.src = AddressRange::Of(Prefix::Of(V4(0x0a000000 | random.Below(1 << 24)), 14 + static_cast<int>(random.Below(19))));
      e.dst = AddressRange::Of(Prefix::Of(V4(0xac100000 | random.Below(1 << 20)), 16 + static_cast<int>(random.Below(17))));
      break;
    case kRanges: {
      const std::uint32_t a = 0x0a000000 | random.Below(1 << 24);
      const auto port = static_cast<std::uint16_t>(random.Below(60000));
      e.src = {V4(a), V4(a + random.Below(200))};
      e.dst = any;
      e.dport = {port, static_cast<std::uint16_t>(port + 10)};
      break;
    }
  }
  return e;
}

std::vector<AclElement> Elements(Shape shape, std::uint32_t n) {
  Random random(1);
  std::vector<AclElement> result;
  for (std::uint32_t i = 0; i < n; i++) result.push_back(Make(shape, i, random));
  return result;
}

// Half of the queries are drawn from inside an element, half from the whole space.
std::vector<AclQuery> Queries(const std::vector<AclElement>& elements) {
  Random random(2);
  std::vector<AclQuery> result(4096);
  for (AclQuery& q : result) {
    const AclElement& e = elements[random.Below(static_cast<std::uint32_t>(elements.size()))];
    const bool inside = random.Below(2) == 0;
    q.src = inside && e.src.first.IsV4() ? e.src.first : V4(0x0a000000 | random.Below(1 << 24));
    q.dst = inside && e.dst.first.IsV4() ? e.dst.first : V4(0xac100000 | random.Below(1 << 20));
    q.dport = inside ? e.dport.first : static_cast<std::uint16_t>(random.Below(65536));
    q.sport = static_cast<std::uint16_t>(random.Below(65536));
    q.protocol = 6;
  }
  return result;
}

void BM_Find(benchmark::State& state) {
  const auto shape = static_cast<Shape>(state.range(0));
  std::vector<AclElement> elements = Elements(shape, static_cast<std::uint32_t>(state.range(1)));
  const std::vector<AclQuery> queries = Queries(elements);
  const AccessList list("bench", 0, {}, std::move(elements));
  std::size_t i = 0, found = 0;
  for (auto _ : state) {
    const AclElement* e = list.Find(queries[i++ % queries.size()]);
    found += e != nullptr;
    benchmark::DoNotOptimize(e);
  }
  state.counters["hit"] = static_cast<double>(found) / static_cast<double>(std::max<std::size_t>(i, 1));
}
BENCHMARK(BM_Find)
    ->ArgNames({"shape", "elements"})
    ->ArgsProduct({{kHostToHost, kAnyPort, kNetworks, kRanges}, {10, 1000, 10'000, 100'000}});

void BM_Compile(benchmark::State& state) {
  const auto shape = static_cast<Shape>(state.range(0));
  const std::vector<AclElement> elements = Elements(shape, static_cast<std::uint32_t>(state.range(1)));
  for (auto _ : state) {
    const AccessList list("bench", 0, {}, elements);
    benchmark::DoNotOptimize(&list);
  }
}
BENCHMARK(BM_Compile)
    ->ArgNames({"shape", "elements"})
    ->ArgsProduct({{kHostToHost, kAnyPort, kNetworks, kRanges}, {10'000}})
    ->Unit(benchmark::kMillisecond);

// A new flow through `rules` static translations and then dynamic PAT, with `xlates` translations alive.
void BM_Translate(benchmark::State& state) {
  std::vector<NatRule> rules;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(state.range(0)); i++) {
    NatRule r;
    r.id = i + 1;
    r.real_if = IfId{1};
    r.mapped_if = IfId{2};
    r.real_src = {{V4(0xac100000 + i), V4(0xac100000 + i)}};
    r.mapped_src = {{V4(0xc6120000 + i), V4(0xc6120000 + i)}};
    rules.push_back(r);
  }
  NatRule pat;
  pat.id = 1'000'000;
  pat.kind = NatRule::Kind::kDynamicPat;
  pat.real_if = IfId{1};
  pat.mapped_if = IfId{2};
  pat.real_src = {AddressRange::Of(Prefix::Of(V4(0x0a000000), 8))};
  pat.mapped_src = {{V4(0xcb007100), V4(0xcb0071ff)}};
  rules.push_back(pat);
  const NatTable table(std::move(rules));
  XlateTable xlates(3);
  const Endpoint server{V4(0xc0000209), 443};
  const auto key = [&](std::uint32_t i) {
    return FlowKey{
        V4(0x0a000000 + i), server.address, static_cast<std::uint16_t>(1024 + i % 64512), server.port, 6, IfId{1}};
  };
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(state.range(1)); i++) {
    xlates.AddConnection(Translate(table, xlates, key(i), IfId{2}, server, {}, {}, true).xlate);
  }
  Random random(5);
  for (auto _ : state) {
    const FlowKey k = key(0x800000 + random.Below(1 << 16));
    const NatResult r = Translate(table, xlates, k, IfId{2}, server, {}, {}, true);
    benchmark::DoNotOptimize(
        Untranslate(table, xlates, {server.address, r.endpoint.address, server.port, r.endpoint.port, 6, IfId{2}}));
    xlates.Remove(r.xlate);
  }
}
BENCHMARK(BM_Translate)->ArgNames({"rules", "xlates"})->ArgsProduct({{10, 10'000}, {0, 1'000'000}});

}  // namespace
}  // namespace sallyport
