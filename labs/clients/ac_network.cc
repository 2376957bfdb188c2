#include "labs/clients/ac_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <sstream>

extern char** environ;

namespace sallyport {
namespace {

constexpr std::size_t kAcBuffer = 65536;

std::string Stamp(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &local)};
}

// The word behind `name` in what `ip` writes; "": it is not there.
std::string WordAfter(const std::string& text, const std::string& name) {
  std::istringstream in(text);
  for (std::string word; in >> word;) {
    if (word == name && in >> word) return word;
  }
  return {};
}

void Ip(const std::vector<std::string>& words) {
  std::vector<std::string> all{"ip"};
  all.insert(all.end(), words.begin(), words.end());
  const auto r = RunAcProgram(all);
  if (!r) std::fprintf(stderr, "acclient: %s\n", r.error().c_str());
}

std::string NetworkText(const Prefix& p) { return fmt::format("{}/{}", p.address.ToString(), p.FamilyLength()); }

}  // namespace

Result<std::string> RunAcProgram(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& w : words) arguments.push_back(const_cast<char*>(w.c_str()));
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error{"pipe: " + std::string(std::strerror(errno))};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  pid_t child = 0;
  const int wrong = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string out;
  char piece[4096];
  for (ssize_t n; wrong == 0 && (n = read(ends[0], piece, sizeof piece)) > 0;) out.append(piece, static_cast<std::size_t>(n));
  close(ends[0]);
  if (wrong != 0) return Error{words[0] + ": " + std::strerror(wrong)};
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return out;
  std::string line;
  for (const std::string& w : words) line += w + ' ';
  return Error{line + "says: " + out.substr(0, out.find('\n'))};
}

AcNetwork::AcNetwork(std::string device, AcFiles files) : device_(std::move(device)), buffer_(kAcBuffer) {
  if (!files.log.empty()) log_ = std::fopen(files.log.c_str(), "a");
  if (!files.messages.empty()) messages_ = std::fopen(files.messages.c_str(), "a");
}

AcNetwork::~AcNetwork() {
  AdapterDown();
  CloseUdp();
  for (auto& [number, tcp] : links_) close(tcp.fd);
  if (log_ != nullptr) std::fclose(log_);
  if (messages_ != nullptr) std::fclose(messages_);
}

// --- TCP

void AcNetwork::OpenLink(std::uint32_t link, const std::string& host, std::uint16_t port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    failed_.push_back(link);
    return;
  }
  char text[64] = "";
  getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  server_ = text;
  if (pinned_) PinServer();
  Tcp tcp;
  tcp.fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(tcp.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const int r = connect(tcp.fd, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  if (r != 0 && errno != EINPROGRESS) {
    close(tcp.fd);
    failed_.push_back(link);
    return;
  }
  links_[link] = std::move(tcp);
}

void AcNetwork::TellFailures(AcClient& client, TimePoint now) {
  for (const std::uint32_t link : std::exchange(failed_, {})) client.LinkDown(link, now);
}

bool AcNetwork::Push(Tcp& tcp) {
  while (!tcp.out.empty()) {
    const ssize_t n = send(tcp.fd, tcp.out.data(), tcp.out.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    tcp.out.erase(tcp.out.begin(), tcp.out.begin() + n);
  }
  return true;
}

void AcNetwork::SendLink(std::uint32_t link, Bytes wire) {
  const auto at = links_.find(link);
  if (at == links_.end()) return;
  at->second.out.insert(at->second.out.end(), wire.begin(), wire.end());
  if (at->second.up) (void)Push(at->second);  // what is wrong shows when it is read
}

void AcNetwork::CloseLink(std::uint32_t link) {
  const auto at = links_.find(link);
  if (at == links_.end()) return;
  if (at->second.up) (void)Push(at->second);
  close(at->second.fd);
  links_.erase(at);
}

// --- UDP

void AcNetwork::OpenUdp(std::uint16_t port) {
  CloseUdp();
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST;
  if (getaddrinfo(server_.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return;
  udp_ = socket(found->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connect(udp_, found->ai_addr, found->ai_addrlen) != 0) CloseUdp();
  freeaddrinfo(found);
}
void AcNetwork::SendUdp(Bytes datagram) {
  if (udp_ >= 0) (void)send(udp_, datagram.data(), datagram.size(), MSG_NOSIGNAL);  // what does not go is lost
}
void AcNetwork::CloseUdp() {
  if (udp_ >= 0) close(udp_);
  udp_ = -1;
}

// --- the adapter

// The way to the head-end itself stays outside of the tunnel, by the default route as it is now.
void AcNetwork::PinServer() {
  const bool v6 = server_.find(':') != std::string::npos;
  const auto routes = RunAcProgram({"ip", v6 ? "-6" : "-4", "route", "show", "default"});
  if (!routes) return;
  const std::string gateway = WordAfter(*routes, "via"), link = WordAfter(*routes, "dev");
  if (gateway.empty() || link.empty()) return;
  Ip({"route", "replace", server_ + (v6 ? "/128" : "/32"), "via", gateway, "dev", link});
  pinned_ = true;
}

void AcNetwork::AdapterUp(const AcTunnel& tunnel, int mtu) {
  if (device_.empty()) return;
  tun_ = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, device_.c_str(), IFNAMSIZ - 1);
  if (tun_ < 0 || ioctl(tun_, TUNSETIFF, &request) != 0) {
    std::fprintf(stderr, "acclient: no adapter: %s\n", std::strerror(errno));
    if (tun_ >= 0) close(tun_);
    tun_ = -1;
    return;
  }
  everything_ = tunnel.include.empty();
  if (!tunnel.address.IsNone()) Ip({"address", "add", tunnel.address.ToString() + "/32", "dev", device_});
  if (!tunnel.address6.IsNone()) Ip({"-6", "address", "add", tunnel.address6.ToString() + "/128", "dev", device_});
  Ip({"link", "set", device_, "mtu", std::to_string(mtu), "up"});
  if (everything_) {
    PinServer();
    if (!tunnel.address.IsNone()) {
      Ip({"route", "add", "0.0.0.0/1", "dev", device_});
      Ip({"route", "add", "128.0.0.0/1", "dev", device_});
    }
    if (!tunnel.address6.IsNone()) {
      Ip({"-6", "route", "add", "::/1", "dev", device_});
      Ip({"-6", "route", "add", "8000::/1", "dev", device_});
    }
  }
  for (const Prefix& p : tunnel.include) Ip({p.IsV4() ? "-4" : "-6", "route", "replace", NetworkText(p), "dev", device_});
}

void AcNetwork::AdapterDown() {
  if (tun_ >= 0) close(tun_);  // the device and its routes go with it
  tun_ = -1;
  if (pinned_) Ip({"route", "delete", server_});
  pinned_ = false;
}

void AcNetwork::Deliver(Bytes packet) {
  if (tun_ >= 0 && write(tun_, packet.data(), packet.size()) < 0 && errno != EAGAIN) {
    std::fprintf(stderr, "acclient: adapter: %s\n", std::strerror(errno));
  }
}

Status AcNetwork::MoveTo(const std::string& address, const std::string& gateway) {
  const auto way = RunAcProgram({"ip", "route", "show", "default"});
  std::string link = way ? WordAfter(*way, "dev") : "", by = gateway;
  if (by.empty() && way) by = WordAfter(*way, "via");
  if (link.empty()) {
    const auto direct = RunAcProgram({"ip", "route", "get", server_});
    if (!direct) return Error{direct.error()};
    link = WordAfter(*direct, "dev");
  }
  if (link.empty()) return Error{"no link to the head-end"};
  const std::vector<std::vector<std::string>> steps = {
      {"ip", "-4", "address", "flush", "dev", link}, {"ip", "address", "add", address, "dev", link}, {"ip", "route", "replace", "default", "via", by, "dev", link}};
  for (std::size_t k = 0; k < (by.empty() ? 2u : 3u); ++k) {
    if (const auto r = RunAcProgram(steps[k]); !r) return Error{r.error()};
  }
  return {};
}

// --- the loop

void AcNetwork::Watch(std::vector<pollfd>& fds) const {
  for (const auto& [number, tcp] : links_) fds.push_back({tcp.fd, static_cast<short>(POLLIN | (!tcp.up || !tcp.out.empty() ? POLLOUT : 0)), 0});
  if (udp_ >= 0) fds.push_back({udp_, POLLIN, 0});
  if (tun_ >= 0) fds.push_back({tun_, POLLIN, 0});
}

void AcNetwork::Read(const pollfd& ready, AcClient& client, TimePoint now) {
  if (ready.fd == udp_) {
    for (;;) {
      const ssize_t n = recv(udp_, buffer_.data(), buffer_.size(), 0);
      if (n < 0) return;  // nothing more; or an ICMP error, which a client does not believe
      client.FromUdp(Bytes(buffer_).first(static_cast<std::size_t>(n)), now);
      if (ready.fd != udp_) return;
    }
  }
  if (ready.fd == tun_) {
    for (int k = 0; k < 64 && ready.fd == tun_; ++k) {
      const ssize_t n = read(tun_, buffer_.data(), buffer_.size());
      if (n <= 0) return;
      client.Packet(Bytes(buffer_).first(static_cast<std::size_t>(n)), now);
    }
    return;
  }
  const auto at = std::ranges::find_if(links_, [&](const auto& l) { return l.second.fd == ready.fd; });
  if (at == links_.end()) return;
  const std::uint32_t number = at->first;
  Tcp& tcp = at->second;
  const auto gone = [&] {
    close(tcp.fd);
    links_.erase(number);
    client.LinkDown(number, now);
  };
  if (!tcp.up) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(tcp.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return gone();
    if ((ready.revents & POLLOUT) == 0) return;
    tcp.up = true;
    client.LinkUp(number, now);
    if (!links_.contains(number)) return;
  }
  if (!Push(tcp)) return gone();
  if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) == 0) return;
  const ssize_t n = recv(tcp.fd, buffer_.data(), buffer_.size(), 0);
  if (n > 0) return client.FromLink(number, Bytes(buffer_).first(static_cast<std::size_t>(n)), now);
  if (n == 0 || (errno != EAGAIN && errno != EINTR)) gone();
}

// --- what is shown and logged

// "[30/11/2012 04:30:02 p.m.] Connected to 10.198.16.140."
void AcNetwork::Message(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
  if (messages_ == nullptr) return;
  const bool morning = Stamp("%p") == "AM";
  std::fprintf(messages_, "[%s %s] %s\n", Stamp("%d/%m/%Y %I:%M:%S").c_str(), morning ? "a.m." : "p.m.", text.c_str());
  std::fflush(messages_);
}

void AcNetwork::Event(const char* type, const char* source, const std::string& description) {
  if (log_ == nullptr) return;
  std::fprintf(log_, "******************************************\n\nDate        : %s\nTime        : %s\nType        : %s\nSource      : %s\n\nDescription : %s\n\n",
               Stamp("%m/%d/%Y").c_str(), Stamp("%H:%M:%S").c_str(), type, source, description.c_str());
  std::fflush(log_);
}

}  // namespace sallyport
