// What a large configuration costs: reading, printing, compiling and summing 100,000 lines of access lists, objects, groups, NAT,
// routes, policy maps and crypto. `sallyportd check` of such a file is to take less than a second.
#include <benchmark/benchmark.h>

#include <string>

#include "conf/configuration.h"

namespace {

using sallyport::Configuration;

std::string Address(int net, int i) { return std::to_string(net + (i >> 16)) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255); }

// About `lines` lines.
std::string Text(int lines) {
  const int n = lines / 100;
  std::string t = "ASA Version 9.16(4) \n!\nhostname big\nnames\n";
  for (int i = 0; i < 8; i++) {
    const std::string k = std::to_string(i);
    t += "interface GigabitEthernet0/" + k + "\n nameif if" + k + "\n security-level " + k + "0\n ip address 10." + k + ".0.1 255.255.0.0 \n!\n";
  }
  const auto object = [](int i) { return "o" + std::to_string(i); };
  const int objects = 12 * n;
  for (int i = 0; i < objects; i++) t += "object network " + object(i) + "\n host 172." + Address(16, i) + "\n";
  for (int i = 0; i < 2 * n; i++) {
    t += "object-group network g" + std::to_string(i) + "\n";
    for (int j = 0; j < 6; j++) t += " network-object object " + object((i * 7 + j * 13) % objects) + "\n";
  }
  for (int i = 0; i < 34 * n; i++) {
    t += "access-list acl" + std::to_string(i % 8);
    switch (i % 4) {
      case 0: t += " extended permit tcp host 10.1." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255) + " any eq " + std::to_string(1 + i % 60000) + " \n"; break;
      case 1: t += " extended permit udp any object " + object(i % objects) + " eq " + std::to_string(1 + i / 3 % 60000) + " log \n"; break;
      case 2: t += " remark number " + std::to_string(i) + "\n"; break;
      default: t += " extended deny ip object-group g" + std::to_string(i % (2 * n)) + " host 10.2." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255) + " \n"; break;
    }
  }
  for (int i = 0; i < 8; i++) t += "mtu if" + std::to_string(i) + " 1500\n";
  for (int i = 0; i < 5 * n; i++) t += "nat (if0,if1) source static " + object(i) + " " + object(i + 5 * n) + "\n";
  for (int i = 0; i < 2 * n; i++) t += "object network " + object(10 * n + i) + "\n nat (if0,if1) static 172." + Address(30, i) + "\n";
  for (int i = 0; i < 8; i++) t += "access-group acl" + std::to_string(i) + " in interface if" + std::to_string(i) + "\n";
  for (int i = 0; i < 7 * n; i++) t += "route if0 " + std::to_string(100 + i % 50) + "." + Address(1, i) + " 255.255.255.255 10.0.0.2 1\n";
  for (int i = 0; i < 4 * n; i++) t += "crypto ca trustpoint t" + std::to_string(i) + "\n enrollment terminal\n subject-name CN=h" + std::to_string(i) + "\n";
  return t + ": end\n";
}

void BM_Load(benchmark::State& state) {
  const std::string text = Text(static_cast<int>(state.range(0)));
  int lines = 0;
  for (auto _ : state) {
    Configuration c;
    const auto report = c.Load(text);
    if (report.refused != 0) state.SkipWithError(report.reports[0].text.c_str());
    lines = report.lines;
  }
  state.counters["lines"] = lines;
  state.counters["lines/s"] = benchmark::Counter(lines, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_Load)->Arg(1000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_Print(benchmark::State& state) {
  Configuration c;
  (void)c.Load(Text(static_cast<int>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(c.Print());
}
BENCHMARK(BM_Print)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_Compile(benchmark::State& state) {
  Configuration c;
  (void)c.Load(Text(static_cast<int>(state.range(0))));
  for (auto _ : state) {
    auto policy = c.Compile(nullptr);
    if (!policy) state.SkipWithError(policy.error().c_str());
  }
}
BENCHMARK(BM_Compile)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_Checksum(benchmark::State& state) {
  Configuration c;
  (void)c.Load(Text(static_cast<int>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(c.Checksum());
}
BENCHMARK(BM_Checksum)->Arg(100'000)->Unit(benchmark::kMillisecond);

// `clear configure access-list` of all of them.
void BM_Clear(benchmark::State& state) {
  const std::string text = Text(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    Configuration c;
    (void)c.Load(text);
    sallyport::ConfigMode mode;
    state.ResumeTiming();
    benchmark::DoNotOptimize(c.Apply(mode, "clear configure access-list").ok());
    state.PauseTiming();  // what is left is taken down
    c.Load("ASA Version 9.16(4)\n");
    state.ResumeTiming();
  }
}
BENCHMARK(BM_Clear)->Arg(100'000)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
