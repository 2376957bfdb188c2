// What the connection table costs at one million connections, and how many bytes each takes.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "firewall/base/random.h"
#include "firewall/conn.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kCount = 1'000'000;

Conn Make(std::uint32_t n, TimePoint now) {
  Conn c;
  c.id = n + 1;
  c.initiator_real = IpAddress::V4(0x0a000000 + (n >> 12));
  c.initiator_real_port = static_cast<std::uint16_t>(1024 + (n & 0xfff));
  c.initiator_mapped = IpAddress::V4(0xc0000200 + (n >> 15));
  c.initiator_mapped_port = static_cast<std::uint16_t>(n | 0x8000);
  c.responder_mapped = c.responder_real = IpAddress::V4(0xcb007101 + (n & 0xff));
  c.responder_mapped_port = c.responder_real_port = 443;
  c.protocol = 6;
  c.in_if = IfId{1};
  c.out_if = IfId{2};
  c.created = c.last_packet = now;
  c.timeout_s = 30 + n % 3600;
  return c;
}

// Connections arrive 20 us apart.
TimePoint Arrival(std::uint32_t n) { return {std::int64_t{n} * 20'000}; }

std::unique_ptr<ConnTable> Full() {
  auto t = std::make_unique<ConnTable>(kCount, 42);
  for (std::uint32_t n = 0; n < kCount; n++) t->Insert(Make(n, Arrival(n)));
  return t;
}

const ConnTable& Shared() {
  static const std::unique_ptr<ConnTable> table = Full();
  return *table;
}

void BytesCounter(benchmark::State& state) { state.counters["bytes_per_conn"] = ConnTable::BytesPerConn(); }

// From an empty table (its pages untouched) to a full one.
void BM_InsertMillion(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Full());
  state.SetItemsProcessed(state.iterations() * kCount);
  BytesCounter(state);
}
BENCHMARK(BM_InsertMillion)->Unit(benchmark::kMillisecond);

// One connection goes, one comes, at one million.
void BM_ReplaceAtMillion(benchmark::State& state) {
  const std::unique_ptr<ConnTable> t = Full();
  Random random(1);
  std::uint32_t next = kCount;
  for (auto _ : state) {
    t->Erase(random.Below(kCount));
    benchmark::DoNotOptimize(t->Insert(Make(next, Arrival(next))));
    next++;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ReplaceAtMillion);

// Keys are made beforehand: only the table is measured, with every lookup a stranger to the caches.
void Find(benchmark::State& state, std::uint32_t first) {
  const ConnTable& t = Shared();
  Random random(2);
  std::vector<FlowKey> keys(1 << 16);
  for (FlowKey& k : keys) {
    const Conn c = Make(first + random.Below(kCount), Arrival(0));
    k = random.Below(2) == 0 ? c.ForwardKey() : c.ReverseKey();
  }
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(t.Find(keys[i++ & 0xffff]));
  state.SetItemsProcessed(state.iterations());
}
void BM_FindHit(benchmark::State& state) { Find(state, 0); }
void BM_FindMiss(benchmark::State& state) { Find(state, 4 * kCount); }
BENCHMARK(BM_FindHit);
BENCHMARK(BM_FindMiss);

// The packet loop's question when nothing is due.
void BM_NothingExpired(benchmark::State& state) {
  const std::unique_ptr<ConnTable> t = Full();
  std::int64_t now = 29'000'000'000;
  for (auto _ : state) benchmark::DoNotOptimize(t->NextExpired({now++}));
}
BENCHMARK(BM_NothingExpired);

// The operator moves the clock by two hours: all of them at once.
void BM_ExpireMillion(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    std::unique_ptr<ConnTable> t = Full();
    state.ResumeTiming();
    for (ConnIndex i; (i = t->NextExpired({7'200'000'000'000})) != kNoConn;) t->Erase(i);
    state.PauseTiming();
    if (t->count() != 0) state.SkipWithError("not all expired");
    t.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kCount);
}
BENCHMARK(BM_ExpireMillion)->Unit(benchmark::kMillisecond);

// An hour in steps of 10 ms in which every connection stays alive: the price of filing lazily.
void BM_KeepMillionAliveForAnHour(benchmark::State& state) {
  const std::unique_ptr<ConnTable> t = Full();
  std::int64_t now = Arrival(kCount).ns;
  for (auto _ : state) {
    for (int step = 0; step < 360'000; step++) {
      now += 10'000'000;
      for (ConnIndex i; (i = t->NextExpired({now})) != kNoConn;) t->At(i).last_packet = {now};
    }
  }
}
BENCHMARK(BM_KeepMillionAliveForAnHour)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sallyport
