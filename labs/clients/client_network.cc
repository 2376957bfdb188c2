#include "labs/clients/client_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>

extern char** environ;

namespace sallyport {
namespace {

constexpr std::size_t kLargest = 65536;

Error Failed(const std::string& what) { return Error{what + ": " + std::strerror(errno)}; }

sockaddr_in Address(IpAddress a, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(a.v4());
  return out;
}

std::string Text(const Prefix& p) { return p.address.ToString() + "/" + std::to_string(p.FamilyLength()); }

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

Status RunProgram(const std::vector<std::string>& words, std::string* output) {
  std::vector<char*> argv;
  for (const std::string& w : words) argv.push_back(const_cast<char*>(w.c_str()));
  argv.push_back(nullptr);
  int pipe_ends[2] = {-1, -1};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (output != nullptr) {
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) return Failed("pipe");
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  }
  pid_t child = 0;
  const int refused = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (output != nullptr) {
    close(pipe_ends[1]);
    char part[4096];
    for (ssize_t n = 0; refused == 0 && (n = read(pipe_ends[0], part, sizeof part)) > 0;) output->append(part, static_cast<std::size_t>(n));
    close(pipe_ends[0]);
  }
  if (refused != 0) return Error{words[0] + ": " + std::strerror(refused)};
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  std::string all;
  for (const std::string& w : words) all += (all.empty() ? "" : " ") + w;
  return Error{"\"" + all + "\" has failed"};
}

Result<WayToServer> FindServer(IpAddress server) {
  std::string said;
  if (const Status s = RunProgram({"ip", "-4", "-o", "route", "get", server.ToString()}, &said); !s) return Error{"no route to " + server.ToString()};
  WayToServer way;
  std::istringstream words(said);
  std::string word, value;
  while (words >> word) {
    if (word == "via" && words >> value) way.gateway = IpAddress::Parse(value).value_or(IpAddress());
    if (word == "dev" && words >> value) way.link = value;
    if (word == "src" && words >> value) way.own = IpAddress::Parse(value).value_or(IpAddress());
  }
  if (way.own.IsNone() || way.link.empty()) return Error{"no way to " + server.ToString() + " in \"" + said + "\""};
  return way;
}

ClientNetwork::ClientNetwork(const WayToServer& way, IpAddress server, std::string device, int mtu, std::vector<Prefix> only)
    : way_(way), server_(server), device_(std::move(device)), mtu_(mtu), only_(std::move(only)), buffer_(kLargest + VpnClient::kFront + VpnClient::kBehind) {}

ClientNetwork::~ClientNetwork() { Close(); }

void ClientNetwork::Close() {
  tun_ = Descriptor();  // the device goes, and its routes with it
  for (std::vector<std::string>* const undo : {&rule_, &server_route_}) {
    if (!undo->empty()) (void)RunProgram(*undo);
    undo->clear();
  }
}

Result<std::uint16_t> ClientNetwork::ReserveTcpPort() {
  reserved_ = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in own = Address(way_.own, 0);
  socklen_t size = sizeof own;
  if (reserved_.get() < 0 || bind(reserved_.get(), reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 ||
      getsockname(reserved_.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) {
    return Failed("cannot reserve a TCP port");
  }
  return ntohs(own.sin_port);
}

Status ClientNetwork::OpenUdp(std::uint16_t port) {
  Descriptor s(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in own = Address(way_.own, port);
  if (s.get() < 0 || bind(s.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) return Failed("UDP port " + std::to_string(port));
  udp_.push_back({port, std::move(s)});
  return {};
}

Status ClientNetwork::Open(ClientTransport transport, std::uint16_t tcp_port) {
  if (transport != ClientTransport::kTcp) {
    for (const std::uint16_t port : {500, 4500}) {
      if (const Status s = OpenUdp(port); !s) return s;
    }
    esp_ = Descriptor(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ESP));
    const sockaddr_in peer = Address(server_, 0);
    if (esp_.get() < 0 || connect(esp_.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) return Failed("raw socket for ESP");
    return {};
  }
  raw_ = Descriptor(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (raw_.get() < 0) return Failed("raw socket");
  // The kernel knows nothing of this connection and would reset it. What comes is taken where it has not been filtered yet.
  sockaddr_in own{};
  socklen_t size = sizeof own;
  getsockname(reserved_.get(), reinterpret_cast<sockaddr*>(&own), &size);
  std::vector<std::string> rule = {"iptables", "-w", "-t", "raw", "-I", "PREROUTING", "-p", "tcp", "-s", server_.ToString(), "--sport", std::to_string(tcp_port),
                                   "--dport", std::to_string(ntohs(own.sin_port)), "-j", "DROP"};
  if (const Status s = RunProgram(rule); !s) return s;
  rule[4] = "-D";
  rule_ = std::move(rule);
  segments_ = Descriptor(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sock_filter program[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 12), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, server_.v4(), 0, 3),
                           BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 0, 1),
                           BPF_STMT(BPF_RET | BPF_K, 0xffffffff), BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  sockaddr_ll link{};
  link.sll_family = AF_PACKET;
  link.sll_protocol = htons(ETH_P_IP);
  link.sll_ifindex = static_cast<int>(if_nametoindex(way_.link.c_str()));
  if (segments_.get() < 0 || setsockopt(segments_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0 ||
      bind(segments_.get(), reinterpret_cast<sockaddr*>(&link), sizeof link) != 0) {
    return Failed("packet socket on " + way_.link);
  }
  return {};
}

void ClientNetwork::Watch(std::vector<pollfd>& fds) const {
  for (const int fd : {esp_.get(), segments_.get(), tun_.get()}) {
    if (fd >= 0) fds.push_back({fd, POLLIN, 0});
  }
  for (const Udp& u : udp_) fds.push_back({u.socket.get(), POLLIN, 0});
}

void ClientNetwork::Read(int fd, VpnClient& client, TimePoint now) {
  const MutableBytes room = MutableBytes(buffer_).subspan(VpnClient::kFront, kLargest);
  for (int n = 0; n < 64 && !client.ended(); n++) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const bool udp = std::any_of(udp_.begin(), udp_.end(), [fd](const Udp& u) { return u.socket.get() == fd; });
    const ssize_t got = fd == tun_.get() ? read(fd, room.data(), room.size())
                                         : recvfrom(fd, room.data(), room.size(), 0, udp ? reinterpret_cast<sockaddr*>(&from) : nullptr, udp ? &size : nullptr);
    if (got <= 0) return;
    const MutableBytes bytes = room.first(static_cast<std::size_t>(got));
    if (fd == tun_.get()) {
      client.FromUser(buffer_, VpnClient::kFront, bytes.size(), now);
    } else if (fd == segments_.get() || fd == esp_.get()) {
      Packet p;
      p.bytes = bytes;
      p.wire_length = static_cast<std::uint32_t>(bytes.size());
      if (ParsePacket(p) != FrameDrop::kNone || p.fragment || p.payload_offset + std::size_t{p.payload_length} > bytes.size()) continue;
      if (fd == segments_.get()) {
        client.FromTcp(p, now);
      } else {
        client.FromEsp(bytes.subspan(p.l4_offset), now);
      }
    } else if (IpAddress::V4(ntohl(from.sin_addr.s_addr)) == server_) {
      for (const Udp& u : udp_) {
        if (u.socket.get() != fd) continue;
        client.FromUdp(u.port, bytes, now);
        break;  // it may have opened another one
      }
    }
  }
}

void ClientNetwork::SendUdp(std::uint16_t own_port, std::uint16_t port, Bytes payload) {
  const sockaddr_in peer = Address(server_, port);
  for (const Udp& u : udp_) {
    if (u.port == own_port) (void)sendto(u.socket.get(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
  }
}

void ClientNetwork::SendEsp(Bytes esp) { (void)send(esp_.get(), esp.data(), esp.size(), 0); }

void ClientNetwork::SendPacket(Bytes ipv4) {
  const sockaddr_in peer = Address(server_, 0);
  (void)sendto(raw_.get(), ipv4.data(), ipv4.size(), 0, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
}

void ClientNetwork::Deliver(Bytes inner) {
  if (tun_.get() < 0) return;
  if (write(tun_.get(), inner.data(), inner.size()) < 0 && errno != EAGAIN) std::fprintf(stderr, "%s: %s\n", device_.c_str(), std::strerror(errno));
}

bool ClientNetwork::Up(IpAddress assigned, const std::vector<Prefix>& networks, std::uint16_t udp_port) {
  const auto refuse = [](const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    return false;
  };
  if (udp_port != 0) {
    if (const Status s = OpenUdp(udp_port); !s) return refuse(s.error());
  }
  tun_ = Descriptor(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (tun_.get() < 0) return refuse("/dev/net/tun: " + std::string(std::strerror(errno)));
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, device_.c_str(), IFNAMSIZ - 1);
  if (ioctl(tun_.get(), TUNSETIFF, &request) != 0) return refuse(device_ + ": " + std::strerror(errno));
  std::vector<std::vector<std::string>> steps = {
      {"ip", "addr", "add", assigned.ToString() + "/32", "dev", device_},
      {"ip", "link", "set", device_, "mtu", std::to_string(mtu_), "up"},
  };
  // Everything but the server itself goes into the tunnel: two halves are more special than a default route.
  std::vector<Prefix> into;
  for (const Prefix& p : only_.empty() ? networks : only_) {
    if (p.FamilyLength() == 0) {
      into.push_back(Prefix::Of(IpAddress::V4(0), 1));
      into.push_back(Prefix::Of(IpAddress::V4(0x80000000), 1));
    } else {
      into.push_back(p);
    }
  }
  if (std::any_of(into.begin(), into.end(), [this](const Prefix& p) { return p.Contains(server_); }) && !way_.gateway.IsNone()) {
    server_route_ = {"ip", "route", "replace", server_.ToString() + "/32", "via", way_.gateway.ToString(), "dev", way_.link};
    steps.push_back(server_route_);
    server_route_[2] = "del";
  }
  for (const Prefix& p : into) steps.push_back({"ip", "route", "add", Text(p), "dev", device_, "src", assigned.ToString()});
  for (const auto& step : steps) {
    if (const Status s = RunProgram(step); !s) return refuse(s.error());
  }
  std::string shown;
  for (const Prefix& p : only_.empty() ? networks : only_) shown += (shown.empty() ? "" : ", ") + Text(p);
  Tell("tunnel is up, address " + assigned.ToString() + ", to " + shown);
  return true;
}

void ClientNetwork::Tell(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace sallyport
