// ipsec-client: a remote user's IPsec client for the labs. README.md tells what it can do.
#include <getopt.h>
#include <poll.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "labs/clients/client_network.h"

extern char** environ;

namespace {

using namespace sallyport;

constexpr char kUsage[] =
    "usage: ipsec-client --server ADDRESS --group NAME --group-password KEY --user NAME --password PASSWORD [options] [-- COMMAND ...]\n"
    "  --transport tcp[:PORT]   IPsec over TCP (default, port 10000)\n"
    "              natt         UDP 4500\n"
    "              udp          IPsec over UDP, by the port that the server gives\n"
    "              esp          ESP by itself\n"
    "  --route NETWORK/LENGTH   only this goes into the tunnel (may be repeated; default: what the server says)\n"
    "  --device NAME            the TUN device (ipsec0)\n"
    "  --mtu BYTES              of that (1300)\n"
    "  --keepalive SECONDS      of IPsec over TCP (20; 0: none)\n"
    "  --timeout SECONDS        give up when the tunnel is not up by then (60)\n"
    "  --debug                  say what IKE says\n"
    "With a COMMAND it runs in the tunnel, and the tunnel ends with it. Else it ends by SIGINT, SIGTERM, SIGHUP, or \"quit\" on standard input;\n"
    "\"status\" shows counters. Needs root.\n";

struct Arguments {
  ClientSettings settings;
  std::string device = "ipsec0";
  int mtu = 1300;
  int timeout = 60;
  std::vector<Prefix> only;
  std::vector<std::string> command;
};

int Fail(const std::string& why, int status = 1) {
  std::fprintf(stderr, "ipsec-client: %s\n", why.c_str());
  return status;
}

bool Number(std::string_view text, int least, int most, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= least && out <= most;
}

bool Transport(std::string_view text, ClientSettings& s) {
  const std::string_view word = text.substr(0, text.find(':'));
  int port = 10000;
  if (word.size() != text.size() && (word != "tcp" || !Number(text.substr(word.size() + 1), 1, 65535, port))) return false;
  s.tcp_port = static_cast<std::uint16_t>(port);
  if (word == "tcp") s.transport = ClientTransport::kTcp;
  else if (word == "natt") s.transport = ClientTransport::kNatT;
  else if (word == "udp") s.transport = ClientTransport::kUdp;
  else if (word == "esp") s.transport = ClientTransport::kEsp;
  else return false;
  return true;
}

// Why they are wrong; "": they are not.
std::string Read(int argc, char** argv, Arguments& a) {
  enum Option { kServer = 256, kGroup, kGroupPassword, kUser, kPassword, kTransport, kRoute, kDevice, kMtu, kKeepalive, kTimeout, kDebug, kHelp };
  const option options[] = {{"server", 1, nullptr, kServer},       {"group", 1, nullptr, kGroup},         {"group-password", 1, nullptr, kGroupPassword},
                            {"user", 1, nullptr, kUser},           {"password", 1, nullptr, kPassword},   {"transport", 1, nullptr, kTransport},
                            {"route", 1, nullptr, kRoute},         {"device", 1, nullptr, kDevice},       {"mtu", 1, nullptr, kMtu},
                            {"keepalive", 1, nullptr, kKeepalive}, {"timeout", 1, nullptr, kTimeout},     {"debug", 0, nullptr, kDebug},
                            {"help", 0, nullptr, kHelp},           {nullptr, 0, nullptr, 0}};
  int n = 0;
  for (int c = 0; (c = getopt_long(argc, argv, "+h", options, nullptr)) != -1;) {
    const std::string value = optarg != nullptr ? optarg : "";
    switch (c) {
      case kServer: {
        const auto address = IpAddress::Parse(value);
        if (!address || !address->IsV4()) return "--server " + value + ": no IPv4 address";
        a.settings.server = *address;
        break;
      }
      case kGroup: a.settings.group = value; break;
      case kGroupPassword: a.settings.group_password = value; break;
      case kUser: a.settings.user = value; break;
      case kPassword: a.settings.password = value; break;
      case kTransport:
        if (!Transport(value, a.settings)) return "--transport " + value + ": neither tcp[:PORT] nor natt, udp, esp";
        break;
      case kRoute: {
        const std::size_t slash = value.find('/');
        const auto address = IpAddress::Parse(value.substr(0, slash));
        if (slash == std::string::npos || !address || !address->IsV4() || !Number(std::string_view(value).substr(slash + 1), 0, 32, n)) {
          return "--route " + value + ": no network, as in 10.1.0.0/16";
        }
        a.only.push_back(Prefix::Of(*address, n));
        break;
      }
      case kDevice:
        if (value.empty() || value.size() > 15) return "--device " + value + ": between 1 and 15 characters";
        a.device = value;
        break;
      case kMtu:
        if (!Number(value, 576, 1500, a.mtu)) return "--mtu " + value + ": between 576 and 1500";
        break;
      case kKeepalive:
        if (!Number(value, 0, 3600, n)) return "--keepalive " + value + ": between 0 and 3600";
        a.settings.keepalive = Duration::Seconds(n);
        break;
      case kTimeout:
        if (!Number(value, 1, 3600, a.timeout)) return "--timeout " + value + ": between 1 and 3600";
        break;
      case kDebug: a.settings.debug = true; break;
      case kHelp:
      case 'h': std::fputs(kUsage, stdout); std::exit(0);
      default: return "?";  // getopt has said why
    }
  }
  for (; optind < argc; optind++) a.command.emplace_back(argv[optind]);
  if (a.settings.server.IsNone()) return "--server is missing";
  if (a.settings.group.empty()) return "--group is missing";
  if (a.settings.group_password.empty()) return "--group-password is missing";
  if (a.settings.user.empty()) return "--user is missing";
  return "";
}

std::string Status(const VpnClient& client, bool tcp) {
  const VpnClient::Counters& c = client.counters();
  std::string s = "packets sent " + std::to_string(c.sent) + ", received " + std::to_string(c.received) + ", refused " + std::to_string(c.refused);
  if (tcp) s += "; TCP segments received " + std::to_string(c.segments) + ", duplicate acknowledgments not heard " + std::to_string(c.duplicate_acks);
  return s;
}

// The command that runs in the tunnel.
struct Child {
  pid_t pid = 0;
  Descriptor done;  // readable when it has ended
};
bool Start(const std::vector<std::string>& words, Child& child) {
  std::vector<char*> argv;
  for (const std::string& w : words) argv.push_back(const_cast<char*>(w.c_str()));
  argv.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int refused = posix_spawnp(&child.pid, argv[0], nullptr, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (refused != 0) {
    Fail(words[0] + ": " + std::strerror(refused));
    return false;
  }
  child.done = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0)));
  return child.done.get() >= 0;
}

int Run(const Arguments& a, VpnClient& client, ClientNetwork& network, const Descriptor& signals) {
  const SystemClock clock;
  const TimePoint begun = clock.Now(), give_up = begun + Duration::Seconds(a.timeout);
  const bool tcp = a.settings.transport == ClientTransport::kTcp;
  bool input = a.command.empty();
  std::string line;
  Child child;
  int status = 0;
  client.Begin(begun);
  while (!client.ended()) {
    TimePoint now = clock.Now();
    if (!client.up() && now >= give_up) {
      client.Stop(now);
      return Fail("no tunnel within " + std::to_string(a.timeout) + " seconds");
    }
    if (client.up() && !a.command.empty() && child.pid == 0 && !Start(a.command, child)) {
      client.Stop(now);
      return 127;
    }
    const TimePoint due = std::min(client.Deadline(), client.up() ? TimePoint::Max() : give_up);
    const std::int64_t wait = due == TimePoint::Max() ? 3'600'000 : std::clamp<std::int64_t>((due - now).ns / 1'000'000 + 1, 0, 3'600'000);
    std::vector<pollfd> fds = {{signals.get(), POLLIN, 0}, {input ? 0 : -1, POLLIN, 0}, {child.done.get(), POLLIN, 0}};
    network.Watch(fds);
    if (poll(fds.data(), fds.size(), static_cast<int>(wait)) < 0 && errno != EINTR) return Fail(std::strerror(errno));
    now = clock.Now();
    if (fds[0].revents != 0) {
      client.Stop(now);
      break;
    }
    if (fds[1].revents != 0) {
      char part[256];
      const ssize_t got = read(0, part, sizeof part);
      input = got > 0;
      for (ssize_t i = 0; i < got; i++) {
        if (part[i] == '\r') continue;
        if (part[i] != '\n') {
          line += part[i];
          continue;
        }
        if (line == "status") network.Tell(Status(client, tcp));
        if (line == "quit") client.Stop(now);
        line.clear();
      }
    }
    if (fds[2].revents != 0) {
      waitpid(child.pid, &status, 0);
      child.pid = 0;
      client.Stop(now);
      break;
    }
    for (std::size_t i = 3; i < fds.size(); i++) {
      if (fds[i].revents != 0) network.Read(fds[i].fd, client, now);
    }
    client.Advance(now);
  }
  if (child.pid > 0) {
    kill(child.pid, SIGTERM);
    waitpid(child.pid, &status, 0);
  }
  network.Close();
  if (!client.reason().empty()) {
    network.Tell("tunnel has ended: " + client.reason());
    return 1;
  }
  network.Tell("disconnected; " + Status(client, tcp));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  if (const std::string wrong = Read(argc, argv, a); !wrong.empty()) {
    if (wrong != "?") Fail(wrong, 2);
    std::fputs(kUsage, stderr);
    return 2;
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  const Descriptor signals(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  const auto way = FindServer(a.settings.server);
  if (!way) return Fail(way.error());
  a.settings.own = way->own;
  ClientNetwork network(*way, a.settings.server, a.device, a.mtu, a.only);
  const bool tcp = a.settings.transport == ClientTransport::kTcp;
  if (tcp) {
    const auto port = network.ReserveTcpPort();
    if (!port) return Fail(port.error());
    a.settings.own_tcp_port = *port;
  }
  if (const auto opened = network.Open(a.settings.transport, a.settings.tcp_port); !opened) return Fail(opened.error());
  network.Tell("connecting to " + a.settings.server.ToString() + (tcp ? " by TCP port " + std::to_string(a.settings.tcp_port) : ""));
  SystemEntropy entropy;
  VpnClient client(a.settings, network, entropy);
  return Run(a, client, network, signals);
}
