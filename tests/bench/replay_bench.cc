// Recorded packets a second through `replay`: reading the file, the engine, and the account of what became of them.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>

#include "cli/capture_reader.h"
#include "cli/replay.h"
#include "firewall/trace.h"

namespace sallyport {
namespace {

constexpr std::int64_t kPackets = 200'000;

// Datagrams of a thousand flows from the inside, some of them refused.
std::string MakeFile() {
  const std::string path = (std::filesystem::temp_directory_path() / ("sallyport-replay-bench-" + std::to_string(getpid()) + ".pcap")).string();
  auto writer = CaptureWriter::Create(path);
  for (std::int64_t i = 0; i < kPackets; i++) {
    TraceRequest r;
    r.protocol = 17;
    r.src = IpAddress::V4(0x0a010100u + 2 + static_cast<std::uint32_t>(i % 200));
    r.dst = IpAddress::V4(0xc6336400u + static_cast<std::uint32_t>(i % 50));
    r.sport = static_cast<std::uint16_t>(1025 + i % 1000);
    r.dport = i % 10 == 0 ? 7 : 53;
    const std::vector<std::uint8_t> bytes = BytesOf(r);
    writer->Write(1'700'000'000'000'000'000 + i * 10'000, bytes, static_cast<std::uint32_t>(bytes.size()));
  }
  return path;
}

void Packets(benchmark::State& state) {
  const std::string path = MakeFile();
  for (auto _ : state) {
    Replay::Options options;
    options.inputs = {{"inside", path, std::nullopt}};
    Replay replay(std::move(options));
    LoadOptions how;
    how.empty_first = true;
    replay.Load("ASA Version 9.16(4)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
                "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
                "access-list in extended deny udp any any eq 7\naccess-list in extended permit ip any any\n"
                "access-group in in interface inside\nroute outside 0.0.0.0 0.0.0.0 203.0.113.254\n",
                how);
    if (!replay.Run().ok() || replay.totals().fed != static_cast<std::uint64_t>(kPackets)) state.SkipWithError("not all packets went through");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kPackets);
  std::filesystem::remove(path);
}
BENCHMARK(Packets)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sallyport
