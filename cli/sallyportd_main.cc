// sallyportd: one appliance in the current network namespace.
#include <unistd.h>

#include <boost/program_options.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <future>
#include <iostream>
#include <optional>

#include "cli/appliance.h"
#include "cli/console_server.h"
#include "cli/dhcp_sockets.h"
#include "cli/icmp_prober.h"
#include "cli/linux_host.h"
#include "cli/ssh_service.h"
#include "cli/ssl_engine.h"
#include "cli/ssl_streams.h"
#include "cli/tool.h"
#include "cli/udp_questions.h"
#include "cli/vpn_engine.h"
#include "firewall/host/syslog_udp.h"
#include "inspect/engines.h"
#include "vpn/anyconnect/ssl_plane.h"
#include "vpn/data_plane.h"
#include "vpn/tunnel_switch.h"

namespace {

namespace po = boost::program_options;
using namespace sallyport;

int Fail(const std::string& why) {
  std::fprintf(stderr, "sallyportd: %s\n", why.c_str());
  return 1;
}

struct Arguments {
  std::string state, config, secrets, model, serial, key_log;
  std::vector<std::string> interfaces;
  std::uint32_t max_connections = 0;
  std::uint16_t queue = 0;
  bool strict = false;
};

void Tell(const std::string& path, const std::vector<LineReport>& reports) {
  for (const LineReport& line : reports) {
    // The last line of an ASA error is the sentence; those before it hold the caret.
    std::string sentence = line.text;
    while (!sentence.empty() && sentence.back() == '\n') sentence.pop_back();
    sentence = sentence.substr(sentence.rfind('\n') + 1);
    std::fprintf(stderr, "%s:%d: %s: %s\n", path.c_str(), line.number, sentence.c_str(), line.line.c_str());
  }
}

// Loads the configuration; returns false when the daemon must not start.
bool LoadConfiguration(Appliance& appliance, const StateFolder& state, const Arguments& arguments) {
  const std::string path = arguments.config.empty() ? state.startup_config() : arguments.config;
  if (arguments.config.empty() && !std::filesystem::exists(path)) return true;
  const auto text = ReadWholeFile(path);
  if (!text) {
    Fail(text.error());
    return false;
  }
  const LoadReport report = appliance.Load(*text);
  Tell(path, report.reports);
  if (report.unreadable || (report.refused != 0 && arguments.strict)) {
    Fail(std::to_string(report.refused) + " lines of " + path + " were refused");
    return false;
  }
  if (!arguments.secrets.empty()) {
    const auto keys = ReadWholeFile(arguments.secrets);
    if (!keys) {
      Fail(keys.error());
      return false;
    }
    LoadOptions only_keys;
    only_keys.secrets = true;
    const LoadReport given = appliance.Load(*keys, only_keys);
    Tell(arguments.secrets, given.reports);
    if (given.refused != 0) {
      Fail(std::to_string(given.refused) + " lines of " + arguments.secrets + " were refused");
      return false;
    }
  }
  Tell(path, appliance.configuration().MissingSecrets());
  return true;
}

int Run(const Arguments& arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  LinkMap links;
  for (const std::string& option : arguments.interfaces) {
    if (const Status added = links.Add(option); !added) return Fail(added.error());
  }
  auto state = StateFolder::Open(arguments.state);
  if (!state) return Fail(state.error());
  if (const std::string file = state->At("interfaces"); arguments.interfaces.empty() && std::filesystem::exists(file)) {
    if (const Status added = links.AddFile(file); !added) return Fail(added.error());
  }

  std::vector<std::string> hardware;
  for (const LinkMap::Entry& e : links.entries()) hardware.push_back(e.hardware);

  SystemClock clock;
  LogRing ring;
  Engine::Options engine_options;
  engine_options.max_connections = arguments.max_connections;
  engine_options.router_advertisements = true;
  InspectionEngines inspections;
  Inspectors inspectors = inspections.Table();
  Engine engine(engine_options, clock, ring, Random::FromKernel(), inspectors);
  SystemEntropy entropy;
  TunnelEventQueue tunnel_events;
  DataPlane tunnels(engine, ring, tunnel_events, entropy);
  SslEventQueue ssl_events;
  SslPlane ssl_plane(engine, ring, ssl_events);
  auto ssl_streams = SslStreams::Open(ssl_plane);
  if (!ssl_streams) return Fail(ssl_streams.error());
  TunnelSwitch gates(engine, tunnels, ssl_plane);
  LinuxHost::Options host_options;
  host_options.links = std::move(links);
  host_options.queue = arguments.queue;
  auto host = LinuxHost::Open(std::move(host_options), engine, clock);
  if (!host) return Fail(host.error());
  (*host)->UsePollSource(ssl_streams->get());

  Appliance* running = nullptr;
  const auto link_of = [&](const std::string& nameif) {
    const Interface* i = running->policy()->FindByName(nameif);
    InterfaceView view;
    if (i != nullptr && i->linux_index != 0) running->host().FillInterface(view, i->linux_index);
    return view.link;
  };
  auto prober = IcmpProber::Open(link_of);
  if (!prober) return Fail(prober.error());
  auto dns = DnsSockets::Open(link_of);
  if (!dns) return Fail(dns.error());
  auto radius = RadiusSockets::Open(link_of);
  if (!radius) return Fail(radius.error());
  auto dhcp = DhcpSockets::Open(link_of);
  if (!dhcp) return Fail(dhcp.error());
  Appliance appliance({clock, &clock, engine, ring, *state, **host, arguments.model, arguments.serial, arguments.max_connections,
                       prober->get(), dns->get()});
  running = &appliance;
  SyslogUdp syslog;
  appliance.logger().SetHosts(&syslog);
  ConsoleServer console(appliance);
  SshService ssh(appliance, console, *state);
  auto vpn = VpnEngine::Open({appliance, tunnels, tunnel_events, entropy, arguments.key_log, **radius, **dhcp});
  if (!vpn) return Fail(vpn.error());
  auto ssl = SslEngine::Open({appliance, **vpn, ssl_plane, ssl_events, entropy});
  if (!ssl) return Fail(ssl.error());
  appliance.UseWebvpn(**ssl);
  const auto update_vpn = [&] {
    for (const Status& s : {(*vpn)->Update(), (*ssl)->Update()}) {
      if (!s) std::fprintf(stderr, "sallyportd: %s\n", s.error().c_str());
    }
  };
  if (!LoadConfiguration(appliance, *state, arguments)) return 1;
  appliance.SetHardware(std::move(hardware));
  if (const Status started = (*host)->Start(); !started) return Fail(started.error());
  if (const std::string said = appliance.Changed(); !said.empty()) std::fprintf(stderr, "sallyportd: %s", said.c_str());
  if (const Status listening = ssh.Update(); !listening) return Fail(listening.error());
  update_vpn();
  appliance.OnChange([&] {
    update_vpn();
    if (const Status s = ssh.Update(); !s) std::fprintf(stderr, "sallyportd: %s\n", s.error().c_str());
  });
  if (const Status listening = console.Listen(state->socket()); !listening) return Fail(listening.error());
  console.Watch((*host)->link_fd(), [&] {
    if (!(*host)->LinksChanged()) return;
    appliance.LinksChanged();
    update_vpn();
  });
  console.Watch((*vpn)->socket_fd(), [&] { (*vpn)->ReadSockets(); });
  console.Watch((*radius)->fd(), [&] {
    (*radius)->Receive([&](std::uint32_t request, Bytes message) { (*vpn)->aaa().Receive(request, message); });
  });
  console.Watch((*dhcp)->fd(), [&] {
    (*dhcp)->Receive([&](IpAddress from, IpAddress to, Bytes message) { (*vpn)->dhcp().Receive(from, to, message); });
  });
  console.Watch((*vpn)->event_fd(), [&] { (*vpn)->ReadEvents(); });
  console.Watch((*ssl)->socket_fd(), [&] { (*ssl)->ReadSockets(); });
  console.Watch((*ssl)->event_fd(), [&] { (*ssl)->ReadEvents(); });
  console.Watch((*ssl)->balancer_fd(), [&] { (*ssl)->ReadBalancer(); });
  appliance.OnTick([&] {
    (*vpn)->Tick();
    (*ssl)->Tick();
  });
  console.Watch((*prober)->fd(), [&] {
    (*prober)->Receive([&](int entry, std::uint16_t sequence) { appliance.SlaAnswered(entry, sequence); });
  });
  console.Watch((*dns)->fd(), [&] {
    (*dns)->Receive([&](std::uint32_t question, Bytes message) { appliance.DnsReceived(question, message); });
  });
  std::printf("sallyportd: ready\n");
  std::fflush(stdout);
  console.Run();
  ssh.Stop();
  (*ssl)->Shutdown();
  (*vpn)->Shutdown();
  (*host)->Stop();
  engine.UseTunnels(nullptr);  // the engine goes last
  appliance.logger().SetHosts(nullptr);
  return 0;
}

}  // namespace

// Tools that need no appliance, by the first word.
struct Tool {
  const char* name;
  int (*run)(std::span<const std::string> arguments);
};
constexpr Tool kTools[] = {{"check", CheckTool}, {"print", PrintTool}, {"migrate", MigrateTool}, {"replay", ReplayTool}, {"docs", DocsTool}};

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  for (const Tool& tool : kTools) {
    if (!words.empty() && words[0] == tool.name) return tool.run(std::span(words).subspan(1));
  }
  Arguments arguments;
  po::options_description options("sallyportd: a stateful firewall that behaves like a Cisco ASA\n"
                                  "sallyportd check|print|migrate|replay FILE ...: about a configuration file; sallyportd docs: all commands;\n"
                                  "--help tells more\n");
  // clang-format off
  options.add_options()
      ("help", "this text")
      ("version", "print the version")
      ("state", po::value(&arguments.state)->default_value("/var/lib/sallyport"), "state folder; made if it is not there")
      ("config", po::value(&arguments.config), "configuration to load instead of the startup configuration")
      ("secrets", po::value(&arguments.secrets), "lines with the keys that the configuration has masked")
      ("interface", po::value(&arguments.interfaces), "HARDWARE=LINK, such as GigabitEthernet0/0=eth1; may be given often")
      ("max-connections", po::value(&arguments.max_connections)->default_value(1'000'000), "connections that fit, 1000..16000000")
      ("queue", po::value(&arguments.queue)->default_value(0), "first of the two NFQUEUE numbers to use")
      ("model", po::value(&arguments.model)->default_value("Sallyport"), "what `show version` and `show inventory` call the appliance")
      ("serial", po::value(&arguments.serial), "its serial number")
      ("key-log", po::value(&arguments.key_log), "a file that gets the keys of every IKE negotiation, for decrypting captures of tests")
      ("strict", po::bool_switch(&arguments.strict), "do not start when a line of the configuration is refused");
  // clang-format on
  try {
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(options).positional({}).run(), given);
    po::notify(given);
    if (given.count("help") != 0) {
      std::cout << options;
      return 0;
    }
    if (given.count("version") != 0) {
      std::cout << "sallyportd " << SALLYPORT_VERSION << "\n";
      return 0;
    }
  } catch (const po::error& e) {
    std::fprintf(stderr, "sallyportd: %s\n", e.what());
    return 2;
  }
  if (arguments.max_connections < 1000 || arguments.max_connections > 16'000'000) {
    std::fprintf(stderr, "sallyportd: --max-connections must be 1000..16000000\n");
    return 2;
  }
  return Run(arguments);
}
