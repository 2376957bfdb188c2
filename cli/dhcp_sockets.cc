#include "cli/dhcp_sockets.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>

#include "cli/socket_address.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kServerPort = 67;
constexpr std::size_t kLargestFrame = 2048, kUdpHeader = 8;

// On a packet without its link header: UDP over IPv4, whole, to port 67.
bool SeesOnlyDhcp(int fd) {
  sock_filter code[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 6),
                        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),          BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 4, 0),
                        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),         BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kServerPort, 0, 1), BPF_STMT(BPF_RET | BPF_K, kLargestFrame),
                        BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

// The port is taken, so that the kernel refuses nothing, but nothing is kept.
bool HearsNothing(int fd) {
  sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

}  // namespace

Result<std::unique_ptr<DhcpSockets>> DhcpSockets::Open(LinkOf link_of) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return Error{std::string("cannot wait for answers of DHCP servers: ") + std::strerror(errno)};
  return std::unique_ptr<DhcpSockets>(new DhcpSockets(epoll, std::move(link_of)));
}

DhcpSockets::~DhcpSockets() {
  for (const auto& [of, p] : places_) {
    close(p.out);
    close(p.in);
  }
  close(epoll_);
}

DhcpSockets::Place DhcpSockets::Make(const std::string& link, IpAddress own) {
  Place p;
  p.out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  p.in = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);  // hears nothing before it is bound
  sockaddr_storage at{};
  const socklen_t length = SockAddr(own, kServerPort, at);
  sockaddr_ll on{};
  on.sll_family = AF_PACKET;
  on.sll_protocol = htons(ETH_P_IP);
  on.sll_ifindex = static_cast<int>(if_nametoindex(link.c_str()));
  const int yes = 1;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = p.in;
  const bool made = p.out >= 0 && p.in >= 0 && on.sll_ifindex != 0 && HearsNothing(p.out) && SeesOnlyDhcp(p.in) &&
                    setsockopt(p.out, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                    setsockopt(p.out, SOL_SOCKET, SO_BINDTODEVICE, link.c_str(), static_cast<socklen_t>(link.size())) == 0 &&
                    bind(p.out, static_cast<const sockaddr*>(static_cast<const void*>(&at)), length) == 0 &&
                    bind(p.in, static_cast<const sockaddr*>(static_cast<const void*>(&on)), sizeof on) == 0 &&
                    epoll_ctl(epoll_, EPOLL_CTL_ADD, p.in, &event) == 0;
  if (made) return p;
  if (p.out >= 0) close(p.out);
  if (p.in >= 0) close(p.in);
  return {};
}

void DhcpSockets::Send(const DhcpWay& way, IpAddress to, Bytes message) {
  const std::string link = link_of_(way.interface);
  if (link.empty()) return;
  auto it = places_.find({link, way.own});
  if (it == places_.end()) {
    const Place made = Make(link, way.own);
    if (made.out < 0) return;
    // An address that the interface had before is not heard any more.
    for (auto old = places_.begin(); old != places_.end();) {
      if (old->first.first != link) {
        ++old;
        continue;
      }
      close(old->second.out);
      close(old->second.in);
      old = places_.erase(old);
    }
    it = places_.emplace(std::make_pair(link, way.own), made).first;
  }
  sockaddr_storage server{};
  const socklen_t length = SockAddr(to, kServerPort, server);
  (void)sendto(it->second.out, message.data(), message.size(), MSG_NOSIGNAL, static_cast<const sockaddr*>(static_cast<const void*>(&server)),
               length);
}

void DhcpSockets::Receive(const std::function<void(IpAddress from, IpAddress to, Bytes message)>& received) {
  epoll_event events[16];
  const int n = epoll_wait(epoll_, events, 16, 0);
  for (int i = 0; i < n; i++) {
    std::uint8_t b[kLargestFrame];
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t got = recvfrom(events[i].data.fd, b, sizeof b, 0, static_cast<sockaddr*>(static_cast<void*>(&from)), &length);
    if (got < 20 || from.sll_pkttype != PACKET_HOST) continue;
    const std::size_t have = static_cast<std::size_t>(got), header = std::size_t{b[0]} % 16 * 4;
    if (b[0] >> 4 != 4 || header < 20 || have < header + kUdpHeader) continue;
    const std::size_t total = LoadBe16(b + 2), udp = LoadBe16(b + header + 4);
    if (LoadBe16(b + header) != kServerPort || total > have || total < header || udp < kUdpHeader || udp > total - header) continue;
    received(IpAddress::V4(LoadBe32(b + 12)), IpAddress::V4(LoadBe32(b + 16)), Bytes(b + header + kUdpHeader, udp - kUdpHeader));
  }
}

}  // namespace sallyport
