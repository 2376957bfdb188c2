// sallyportd replay: a customer's captures through a customer's configuration.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "cli/replay.h"
#include "cli/state_folder.h"
#include "cli/tool.h"
#include "cli/trace_view.h"
#include "conf/personality.h"
#include "firewall/base/civil_time.h"

namespace sallyport {
namespace {

namespace po = boost::program_options;

int FailReplay(const std::string& why) {
  std::fprintf(stderr, "sallyportd replay: %s\n", why.c_str());
  return 2;
}

// "NAME=VALUE"; nothing when one is missing.
std::optional<std::pair<std::string, std::string>> Split(const std::string& option) {
  const std::size_t equals = option.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == option.size()) return std::nullopt;
  return std::pair(option.substr(0, equals), option.substr(equals + 1));
}

std::string TimeText(std::int64_t wall_nanos) {
  const CivilTime t = ToCivil(wall_nanos, 0);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", t.year, t.month, t.day, t.hour, t.minute, t.second,
                     wall_nanos % 1'000'000'000 / 1000);
}

void PrintDrop(const Replay::Drop& d) {
  fmt::print("{} #{} {} {}\n    {} ({})\n", TimeText(d.wall_nanos), d.number, d.interface, d.packet, d.text, d.keyword);
  for (const std::string& m : d.messages) fmt::print("    {}\n", m);
}

void PrintTotals(const Replay::Totals& t) {
  if (t.fed != 0) fmt::print("\n{} to {}\n", TimeText(t.first), TimeText(t.last));
  fmt::print("{} packets: {} passed, {} dropped, {} originated by the appliance\n", t.fed, t.passed, t.dropped, t.originated);
  if (t.consumed != 0) fmt::print("  {} taken by the appliance, which answered or sent their data itself\n", t.consumed);
  if (t.own != 0) fmt::print("{} packets that the captured appliance had sent were left out\n", t.own);
  if (t.not_ip != 0) fmt::print("{} frames were not IP\n", t.not_ip);
  for (const auto& [name, n] : t.in) fmt::print("  in  {:<15} {:>10}\n", name, n);
  for (const auto& [name, n] : t.out) fmt::print("  out {:<15} {:>10}\n", name, n);
  for (const auto& [reason, n] : t.by_reason) fmt::print("  dropped: {:<30} {:>10}\n", reason, n);
}

}  // namespace

int ReplayTool(std::span<const std::string> arguments) {
  std::string config, release;
  std::vector<std::string> in, macs, commands;
  std::vector<std::uint64_t> traced;
  bool quiet = false;
  Replay::Options options;
  po::options_description described(
      "sallyportd replay CONFIG --in NAMEIF=FILE ...\n"
      "Recorded packets through the configuration, in time order, on the captures' clock. Says of each dropped packet when, where and\n"
      "why. Status 0: all was read (whatever was dropped).");
  // clang-format off
  described.add_options()
      ("help", "this text")
      ("config", po::value(&config), "the configuration")
      ("in", po::value(&in)->composing(), "NAMEIF=FILE: packets that came in by this interface (pcap or pcapng), or by the subinterfaces of "
                                           "this port, by their tags; may be given often")
      ("mac", po::value(&macs)->composing(), "NAMEIF=ADDRESS: of the captured appliance there; packets from it are left out. Known by itself "
                                             "when the capture has its ARP")
      ("out", po::value(&options.out_folder), "a folder for NAMEIF.pcap: what left each interface")
      ("do", po::value(&commands)->composing(), "a console command after the packets: 'show conn'; may be given often")
      ("release", po::value(&release), "behave as this release, whatever the configuration says")
      ("seed", po::value(&options.seed)->default_value(1), "of the random numbers; the same seed gives the same packets")
      ("trace", po::value(&traced)->composing(), "NUMBER of a packet whose way is told phase by phase; may be given often")
      ("quiet", po::bool_switch(&quiet), "totals only, not every dropped packet");
  // clang-format on
  po::positional_options_description positional;
  positional.add("config", 1);
  try {
    po::variables_map given;
    po::store(po::command_line_parser({arguments.begin(), arguments.end()}).options(described).positional(positional).run(), given);
    po::notify(given);
    if (given.count("help") != 0) {
      std::cout << described;
      return 0;
    }
  } catch (const po::error& e) {
    return FailReplay(e.what());
  }
  if (config.empty()) return FailReplay("which CONFIG?");
  if (in.empty()) return FailReplay("which packets? --in NAMEIF=FILE");
  for (const std::string& each : in) {
    const auto pair = Split(each);
    if (!pair) return FailReplay("--in takes NAMEIF=FILE, not " + each);
    options.inputs.push_back({pair->first, pair->second, std::nullopt});
  }
  for (const std::string& each : macs) {
    const auto pair = Split(each);
    const auto mac = pair ? ParseMac(pair->second) : std::nullopt;
    if (!mac) return FailReplay("--mac takes NAMEIF=ADDRESS, not " + each);
    for (Replay::Input& i : options.inputs) {
      if (i.interface == pair->first) i.own = mac;
    }
  }
  if (!options.out_folder.empty()) {
    std::error_code bad;
    std::filesystem::create_directories(options.out_folder, bad);
    if (bad) return FailReplay(options.out_folder + ": " + bad.message());
  }
  LoadOptions how;
  how.empty_first = true;
  if (!release.empty() && !(how.personality = PersonalityOf(release))) return FailReplay("not a release: " + release);
  const auto text = ReadWholeFile(config);
  if (!text) return FailReplay(text.error());
  if (!quiet) options.on_drop = PrintDrop;
  options.trace = {traced.begin(), traced.end()};
  options.on_trace = [](const Replay::Trace& t) { fmt::print("#{} {}\n{}\n", t.number, t.packet, t.text); };
  const bool bar = isatty(STDERR_FILENO) != 0;
  if (bar) {
    options.on_progress = [](double share) {
      constexpr int kWidth = 50;
      const int done = static_cast<int>(share * kWidth);
      std::fprintf(stderr, "\r[%s%s] %3d%%", std::string(static_cast<std::size_t>(done), '#').c_str(),
                   std::string(static_cast<std::size_t>(kWidth - done), ' ').c_str(), static_cast<int>(share * 100));
    };
  }
  Replay replay(std::move(options));
  const LoadReport report = replay.Load(*text, how);
  for (const LineReport& l : report.reports) {
    if (l.refused) std::fprintf(stderr, "%s:%d: refused\n%s", config.c_str(), l.number, l.text.c_str());
  }
  const Status ran = replay.Run();
  if (bar) std::fprintf(stderr, "\r%60s\r", "");
  if (!ran) return FailReplay(ran.error());
  if (!replay.damage().empty()) std::fprintf(stderr, "sallyportd replay: %s\n", replay.damage().c_str());
  PrintTotals(replay.totals());
  for (const std::string& command : commands) {
    const std::string said = replay.Do(command);
    fmt::print("\n# {}\n{}", command, said);
  }
  return 0;
}

}  // namespace sallyport
