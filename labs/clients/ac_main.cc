// acclient: the AnyConnect client of the labs, told what to do line by line on standard input. README.md tells what it can do.
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <deque>
#include <fstream>
#include <sstream>

#include "labs/clients/ac_network.h"

namespace {

using namespace sallyport;

constexpr char kAcUsage[] =
    "usage: acclient [--tun NAME] [--log FILE] [--messages FILE] [--key-log FILE] [--profile-behavior reconnect|disconnect]\n"
    "Lines on standard input:\n"
    "  connect HOST[:PORT][/GROUP-URL] [user U] [password P] [group G] [second-user U] [second-password P] [answer A] [new-password P]\n"
    "          [dtls NAME|none] [dtls12 NAME] [tls SUITES] [tls-version 1.0|1.1|1.2|1.3] [web COOKIE] [version V] [device D] [compression LIST]\n"
    "          [certificate FILE] [backup HOST]... [resume reconnect|disconnect] [base-mtu N]\n"
    "  suspend, resume, reconnect, disconnect, status, mtu, token\n"
    "  address A/N [GATEWAY]    another address of the link, then reconnect\n"
    "  wait connected|dtls|no-dtls|reconnecting|suspended|disconnected SECONDS\n"
    "  sleep SECONDS\n"
    "  quit                     (also SIGINT, SIGTERM; SIGHUP leaves without a word, SIGUSR2 reconnects)\n"
    "Without --tun packets end here. Exit status: 0, or 1 when a wait was in vain, 2 for wrong arguments.\n";

struct Lab {
  AcNetwork& network;
  AcClient& client;
  std::function<void(const std::string&)> key_log;
  bool resume_reconnects = false;
  std::deque<std::string> lines;
  std::string waits_for;
  TimePoint until;
  bool quit = false, in_vain = false;
};

std::optional<std::string> WordError(const std::string& what) { return "acclient: " + what; }

int VersionOf(const std::string& v) {
  return v == "1.0" ? 0x0301 : v == "1.1" ? 0x0302 : v == "1.2" ? 0x0303 : v == "1.3" ? 0x0304 : 0;
}

// What is wrong with the line; nothing: it was done.
std::optional<std::string> ConnectLine(std::istringstream& in, Lab& lab, TimePoint now) {
  AcSettings s;
  s.resume_reconnects = lab.resume_reconnects;
  s.tls.key_log = s.key_log = lab.key_log;
  if (!(in >> s.host)) return WordError("connect HOST ...");
  for (std::string name, value; in >> name;) {
    if (!(in >> value)) return WordError(name + " needs a value");
    if (name == "user") s.user = value;
    else if (name == "password") s.password = value;
    else if (name == "group") s.group = value;
    else if (name == "second-user") s.second_user = value;
    else if (name == "second-password") s.second_password = value;
    else if (name == "answer") s.answer = value;
    else if (name == "new-password") s.new_password = value;
    else if (name == "dtls" && value == "none") s.dtls = false;
    else if (name == "dtls") s.dtls_suites = value;
    else if (name == "dtls12") s.dtls12_suites = value;
    else if (name == "tls") s.tls.ciphers = value;
    else if (name == "tls-version" && VersionOf(value) != 0) s.tls.min_version = s.tls.max_version = VersionOf(value);
    else if (name == "web") s.token = value;
    else if (name == "version") s.version = value;
    else if (name == "device") s.device = value;
    else if (name == "compression") s.compression = value;
    else if (name == "backup") s.backups.push_back(value);
    else if (name == "resume") s.resume_reconnects = value == "reconnect";
    else if (name == "base-mtu") s.base_mtu = std::clamp(std::atoi(value.c_str()), 576, 9000);
    else if (name == "certificate") {
      std::ifstream file(value);
      const std::string pem((std::istreambuf_iterator<char>(file)), {});
      auto certificate = Certificate::FromPem(pem);
      auto key = PrivateKey::FromPem(pem);
      if (!certificate || !key) return WordError(value + " must hold a certificate and its key in PEM");
      s.certificate = *std::move(certificate);
      s.key = *std::move(key);
    } else {
      return WordError("what is " + name + " " + value + "?");
    }
  }
  if (lab.client.state() != AcClient::State::kIdle) return WordError("there is a session already");
  lab.client.Connect(std::move(s), now);
  return {};
}

std::optional<std::string> DoLine(const std::string& line, Lab& lab, TimePoint now) {
  std::istringstream in(line);
  std::string word;
  if (!(in >> word) || word[0] == '#') return {};
  AcClient& c = lab.client;
  if (word == "connect") return ConnectLine(in, lab, now);
  if (word == "suspend") c.Suspend(now);
  else if (word == "resume") c.Resume(now);
  else if (word == "reconnect") c.Reconnect(now);
  else if (word == "disconnect") c.Disconnect(now);
  else if (word == "status") std::printf("%s", c.Status().c_str());
  else if (word == "mtu") std::printf("mtu %d\n", c.adapter_mtu());
  else if (word == "token") std::printf("token %s\n", c.token().c_str());
  else if (word == "quit") lab.quit = true;
  else if (word == "address") {
    std::string address, gateway;
    if (!(in >> address)) return WordError("address A/N [GATEWAY]");
    in >> gateway;
    if (const Status s = lab.network.MoveTo(address, gateway); !s) return WordError(s.error());
    c.Reconnect(now);
  } else if (word == "wait" || word == "sleep") {
    int seconds = 0;
    lab.waits_for = word;
    if ((word == "wait" && !(in >> lab.waits_for)) || !(in >> seconds)) return WordError("wait STATE SECONDS, sleep SECONDS");
    lab.until = now + Duration::Seconds(seconds);
  } else {
    return WordError("what is \"" + word + "\"?");
  }
  std::fflush(stdout);
  return {};
}

bool IsSo(const std::string& state, const AcClient& c) {
  using S = AcClient::State;
  if (state == "connected") return c.state() == S::kUp;
  if (state == "dtls") return c.state() == S::kUp && c.dtls_up();
  if (state == "no-dtls") return c.state() == S::kUp && !c.dtls_up();
  if (state == "reconnecting") return c.state() == S::kReconnecting;
  if (state == "suspended") return c.state() == S::kSuspended;
  return state == "disconnected" && c.state() == S::kIdle;
}

void Lines(Lab& lab, TimePoint now) {
  for (;;) {
    if (!lab.waits_for.empty()) {
      const bool over = now >= lab.until;
      if (!over && !IsSo(lab.waits_for, lab.client)) return;
      if (over && lab.waits_for != "sleep" && !IsSo(lab.waits_for, lab.client)) {
        std::printf("waited in vain for %s\n", lab.waits_for.c_str());
        lab.in_vain = true;
      }
      lab.waits_for.clear();
    }
    if (lab.lines.empty() || lab.quit) return;
    const std::string line = lab.lines.front();
    lab.lines.pop_front();
    if (const auto wrong = DoLine(line, lab, now)) std::fprintf(stderr, "%s\n", wrong->c_str());
  }
}

int Signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGUSR2}) sigaddset(&set, s);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

int main(int argc, char** argv) {
  std::string device, key_log;
  AcFiles files;
  bool resume_reconnects = false;
  const option options[] = {{"tun", 1, nullptr, 't'},     {"log", 1, nullptr, 'l'},      {"messages", 1, nullptr, 'm'},
                            {"key-log", 1, nullptr, 'k'}, {"profile-behavior", 1, nullptr, 'p'}, {"help", 0, nullptr, 'h'}, {nullptr, 0, nullptr, 0}};
  for (int o; (o = getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    if (o == 't') device = optarg;
    else if (o == 'l') files.log = optarg;
    else if (o == 'm') files.messages = optarg;
    else if (o == 'k') key_log = optarg;
    else if (o == 'p') resume_reconnects = std::string_view(optarg) == "reconnect";
    else {
      std::fputs(kAcUsage, o == 'h' ? stdout : stderr);
      return o == 'h' ? 0 : 2;
    }
  }
  if (optind != argc) {
    std::fputs(kAcUsage, stderr);
    return 2;
  }
  const int signals = Signals();
  SystemClock clock;
  SystemEntropy entropy;
  AcNetwork network(device, files);
  AcClient client(network, entropy);
  Lab lab{network, client, {}, resume_reconnects, {}, {}, {}, false, false};
  if (!key_log.empty()) {
    lab.key_log = [key_log](const std::string& line) {
      std::ofstream(key_log, std::ios::app) << line << '\n';
    };
  }
  fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
  std::string typed;
  bool input = true;
  while (!lab.quit) {
    std::vector<pollfd> fds{{signals, POLLIN, 0}};
    if (input) fds.push_back({0, POLLIN, 0});
    network.Watch(fds);
    poll(fds.data(), fds.size(), 50);
    const TimePoint now = clock.Now();
    for (const pollfd& f : fds) {
      if (f.revents == 0) continue;
      if (f.fd == signals) {
        signalfd_siginfo info{};
        if (read(signals, &info, sizeof info) != sizeof info) continue;
        if (info.ssi_signo == SIGUSR2) client.Reconnect(now);
        else if (info.ssi_signo == SIGHUP) return 0;  // the session stays where it is
        else lab.quit = true;
      } else if (f.fd == 0) {
        char text[4096];
        const ssize_t n = read(0, text, sizeof text);
        if (n > 0) typed.append(text, static_cast<std::size_t>(n));
        if (n == 0) input = false;
        for (std::size_t end; (end = typed.find('\n')) != std::string::npos; typed.erase(0, end + 1)) lab.lines.push_back(typed.substr(0, end));
      } else {
        network.Read(f, client, now);
      }
    }
    network.TellFailures(client, now);
    client.Tick(now);
    Lines(lab, now);
    if (!input && lab.lines.empty() && lab.waits_for.empty() && client.state() == AcClient::State::kIdle) break;
  }
  client.Disconnect(clock.Now());
  return lab.in_vain ? 1 : 0;
}
