// sallyportd check, sallyportd print.
#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/tool.h"
#include "conf/configuration.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

namespace po = boost::program_options;

struct ConfigRequest {
  std::string file, secrets, release;
  bool json = false, all = false, show_secrets = false, own_order = false, quiet = false;
};

int Fail(const std::string& why) {
  std::fprintf(stderr, "sallyportd: %s\n", why.c_str());
  return 2;
}

std::optional<std::string> ReadText(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Parses `arguments` into `r`; the exit status when there is nothing to do.
std::optional<int> Parse(const char* name, std::span<const std::string> arguments, po::options_description options, ConfigRequest& r) {
  // clang-format off
  options.add_options()
      ("help", "this text")
      ("file", po::value(&r.file), "the configuration; - reads standard input")
      ("release", po::value(&r.release), "behave as this release (9.16(4)), whatever the file says")
      ("secrets", po::value(&r.secrets), "a file of configuration lines with the keys that FILE has masked");
  // clang-format on
  po::positional_options_description positional;
  positional.add("file", 1);
  try {
    po::variables_map given;
    po::store(po::command_line_parser({arguments.begin(), arguments.end()}).options(options).positional(positional).run(), given);
    po::notify(given);
    if (given.count("help") != 0) {
      std::cout << "sallyportd " << name << " FILE\n" << options;
      return 0;
    }
  } catch (const po::error& e) {
    return Fail(e.what());
  }
  if (r.file.empty()) return Fail(std::string(name) + ": which FILE?");
  return std::nullopt;
}

// The status when it could not be read at all.
std::optional<int> LoadInto(Configuration& configuration, const ConfigRequest& r, LoadReport& report) {
  LoadOptions options;
  options.empty_first = true;
  options.own_order = r.own_order;
  if (!r.release.empty()) {
    options.personality = PersonalityOf(r.release);
    if (!options.personality) return Fail("not a release: " + r.release);
  }
  const auto text = ReadText(r.file);
  if (!text) return Fail(r.file + ": cannot be read");
  report = configuration.Load(*text, options);
  if (!r.secrets.empty()) {
    const auto keys = ReadText(r.secrets);
    if (!keys) return Fail(r.secrets + ": cannot be read");
    LoadOptions only_keys;
    only_keys.secrets = true;
    const LoadReport added = configuration.Load(*keys, only_keys);
    for (const LineReport& l : added.reports) std::fprintf(stderr, "%s:%d: %s", r.secrets.c_str(), l.number, l.text.c_str());
    if (added.refused != 0) return Fail(r.secrets + ": lines were refused");
  }
  for (LineReport& missing : configuration.MissingSecrets()) report.reports.push_back(std::move(missing));
  std::stable_sort(report.reports.begin(), report.reports.end(), [](const LineReport& a, const LineReport& b) { return a.number < b.number; });
  return std::nullopt;
}

struct Counts {
  int modelled = 0, dormant = 0, accepted = 0, refused = 0;
  void Add(const LoadReport::Fate& f) {
    (f.refused ? refused : f.effect == Effect::kAccepted ? accepted : f.effect == Effect::kDormant ? dormant : modelled)++;
  }
};

const char* WordOf(const LoadReport::Fate& f) {
  if (f.refused) return "refused";
  return f.effect == Effect::kAccepted ? "accepted" : f.effect == Effect::kDormant ? "understood" : "modelled";
}

std::string FeatureName(const LoadReport::Fate& f) {
  if (f.section != Section::kCount) return std::string(FeatureOf(f.section));
  return f.refused ? "not understood" : "modes";
}

std::map<std::string, Counts> ByFeature(const LoadReport& report) {
  std::map<std::string, Counts> out;
  for (const auto& f : report.fates) out[FeatureName(f)].Add(f);
  return out;
}

void PrintJson(const ConfigRequest& r, const Configuration& c, const LoadReport& report) {
  using nlohmann::json;
  json out;
  out["file"] = r.file;
  out["release"] = c.personality().version;
  out["whole"] = report.whole;
  out["lines"] = report.lines;
  out["modelled"] = report.modelled;
  out["understood"] = report.dormant;
  out["accepted"] = report.accepted;
  out["refused"] = report.refused;
  json features = json::object();
  for (const auto& [name, n] : ByFeature(report)) {
    features[name] = {{"modelled", n.modelled}, {"understood", n.dormant}, {"accepted", n.accepted}, {"refused", n.refused}};
  }
  out["features"] = features;
  json lines = json::array();
  for (const auto& f : report.fates) lines.push_back({{"line", f.number}, {"what", WordOf(f)}, {"feature", FeatureName(f)}});
  out["fates"] = lines;
  json messages = json::array();
  for (const LineReport& l : report.reports) {
    messages.push_back({{"line", l.number}, {"text", l.line}, {"message", l.text}, {"refused", l.refused}});
  }
  out["messages"] = messages;
  std::cout << out.dump(1, ' ', false, json::error_handler_t::replace) << "\n";
}

void PrintText(const ConfigRequest& r, const Configuration& c, const LoadReport& report) {
  if (!r.quiet) {
    for (const LineReport& l : report.reports) {
      std::cout << r.file << ":" << l.number << ": " << (l.refused ? "refused" : "note") << "\n" << l.text;
    }
    if (!report.reports.empty()) std::cout << "\n";
  }
  std::cout << fmt::format("{}: {} lines, as ASA {}{}\n\n", r.file, report.lines, c.personality().version,
                           report.whole ? "" : " (no `ASA Version` line)");
  std::cout << fmt::format("{:<24} {:>9} {:>11} {:>9} {:>8}\n", "feature", "modelled", "understood", "accepted", "refused");
  const auto row = [](const std::string& name, const Counts& n) {
    std::cout << fmt::format("{:<24} {:>9} {:>11} {:>9} {:>8}\n", name, n.modelled, n.dormant, n.accepted, n.refused);
  };
  for (const auto& [name, n] : ByFeature(report)) row(name, n);
  row("total", {report.modelled, report.dormant, report.accepted, report.refused});
}

}  // namespace

int CheckTool(std::span<const std::string> arguments) {
  ConfigRequest r;
  po::options_description options("Says line by line what the configuration means here.\n"
                                  "modelled: it acts; understood: read and checked, for what is not built yet; accepted: kept without effect");
  options.add_options()("json", po::bool_switch(&r.json), "as JSON")("summary", po::bool_switch(&r.quiet), "the table only");
  if (const auto status = Parse("check", arguments, options, r)) return *status;
  Configuration configuration;
  LoadReport report;
  if (const auto status = LoadInto(configuration, r, report)) return *status;
  if (r.json) PrintJson(r, configuration, report);
  else PrintText(r, configuration, report);
  return report.refused == 0 ? 0 : 1;
}

int PrintTool(std::span<const std::string> arguments) {
  ConfigRequest r;
  po::options_description options("Prints the configuration as show running-config would.");
  options.add_options()("all", po::bool_switch(&r.all), "with default values")(
      "show-secrets", po::bool_switch(&r.show_secrets), "keys as they are, like more system:running-config")(
      "own-order", po::bool_switch(&r.own_order), "as if it had been typed, not in the order and spacing in which an ASA printed FILE");
  if (const auto status = Parse("print", arguments, options, r)) return *status;
  Configuration configuration;
  LoadReport report;
  if (const auto status = LoadInto(configuration, r, report)) return *status;
  for (const LineReport& l : report.reports) {
    if (l.refused) std::fprintf(stderr, "%s:%d: refused\n%s", r.file.c_str(), l.number, l.text.c_str());
  }
  PrintOptions print;
  print.all = r.all;
  print.secrets = r.show_secrets;
  std::cout << configuration.Print(print);
  return report.refused == 0 ? 0 : 1;
}

}  // namespace sallyport
