#include "firewall/host/udp_segments.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace sallyport {
namespace {

constexpr std::size_t kHeaders = 28;
constexpr std::uint32_t kSendFrom = 0x7f535001;  // 127.83.80.1 and .2

// IPv4 without options and without fragments, UDP without a checksum.
bool IsDatagram(Bytes p) {
  return p.size() > kHeaders && p[0] == 0x45 && p[9] == 17 && (LoadBe16(&p[6]) & 0x3fff) == 0 && LoadBe16(&p[2]) == p.size() &&
         LoadBe16(&p[24]) == p.size() - 20 && LoadBe16(&p[26]) == 0;
}

// Type of service, DF, TTL, addresses and ports.
bool SameFlow(Bytes a, Bytes b) { return a[1] == b[1] && a[6] == b[6] && a[8] == b[8] && std::memcmp(&a[12], &b[12], 12) == 0; }

template <typename T>
void Put(msghdr& m, cmsghdr*& c, int level, int type, const T& value) {
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(c), &value, sizeof value);
  m.msg_controllen += CMSG_SPACE(sizeof value);
  c = static_cast<cmsghdr*>(static_cast<void*>(static_cast<std::uint8_t*>(m.msg_control) + m.msg_controllen));
}

}  // namespace

UdpSegments::~UdpSegments() {
  for (Port& p : ports_) Close(p);
}

void UdpSegments::Close(Port& port) {
  for (int fd : port.fds)
    if (fd >= 0) close(fd);
  port = {};
}

void UdpSegments::UsePorts(std::span<const std::uint16_t> ports) {
  const auto has = [](const auto& all, auto matches) { return std::find_if(all.begin(), all.end(), matches) != all.end(); };
  for (Port& p : ports_) {
    if (!has(ports, [&p](std::uint16_t n) { return n == p.number; })) Close(p);
  }
  for (const std::uint16_t number : ports) {
    const auto same = [number](const Port& p) { return p.number == number; };
    const auto free = std::find_if(ports_.begin(), ports_.end(), [](const Port& p) { return p.number == 0; });
    if (number == 0 || has(ports_, same) || free == ports_.end()) continue;
    free->number = number;
    Open(*free);
  }
}

const UdpSegments::Port* UdpSegments::Of(Bytes packet) const {
  const std::uint16_t from = LoadBe16(&packet[20]);
  for (const Port& p : ports_) {
    if (p.number == from && from != 0) return &p;
  }
  return nullptr;
}

void UdpSegments::Open(Port& port) {
  for (int df = 0; df < 2; ++df) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port.number);
    at.sin_addr.s_addr = htonl(kSendFrom + static_cast<std::uint32_t>(df));
    const int on = 1, discover = df != 0 ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT;
    const int buffer = 8 << 20;
    if (fd >= 0 && setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) == 0 &&
        setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover) == 0 &&
        bind(fd, static_cast<const sockaddr*>(static_cast<const void*>(&at)), sizeof at) == 0) {
      if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
      port.fds[df] = fd;
    } else if (fd >= 0) {
      close(fd);
    }
  }
}

std::size_t UdpSegments::Run(std::span<const OriginatedPacket> packets) const {
  if (packets.size() < 2) return 0;
  const Bytes first = packets[0].bytes;
  if (!IsDatagram(first)) return 0;
  const Port* const port = Of(first);
  if (port == nullptr || port->fds[(first[6] & 0x40) != 0] < 0) return 0;
  std::size_t n = 1, bytes = first.size() - kHeaders;
  for (; n < packets.size() && n < kMost; ++n) {
    const Bytes p = packets[n].bytes;
    if (packets[n].egress != packets[0].egress || p.size() > first.size() || bytes + p.size() - kHeaders > kMostBytes) break;
    if (!IsDatagram(p) || !SameFlow(first, p)) break;
    bytes += p.size() - kHeaders;
    if (p.size() < first.size()) {
      ++n;
      break;
    }
  }
  return n >= 2 ? n : 0;
}

bool UdpSegments::Send(int link, std::uint32_t mark, std::span<const OriginatedPacket> run) {
  const Bytes first = run[0].bytes;
  iovec parts[kMost];
  for (std::size_t i = 0; i < run.size(); ++i)
    parts[i] = {const_cast<std::uint8_t*>(run[i].bytes.data() + kHeaders), run[i].bytes.size() - kHeaders};
  sockaddr_in to{};
  to.sin_family = AF_INET;
  std::memcpy(&to.sin_addr, &first[16], 4);
  std::memcpy(&to.sin_port, &first[22], 2);
  alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(in_pktinfo)) + 4 * CMSG_SPACE(sizeof(int))] = {};
  msghdr m{};
  m.msg_name = &to;
  m.msg_namelen = sizeof to;
  m.msg_iov = parts;
  m.msg_iovlen = run.size();
  m.msg_control = control;
  cmsghdr* c = static_cast<cmsghdr*>(static_cast<void*>(control));
  in_pktinfo info{};
  info.ipi_ifindex = link;
  std::memcpy(&info.ipi_spec_dst, &first[12], 4);
  Put(m, c, IPPROTO_IP, IP_PKTINFO, info);
  Put(m, c, SOL_SOCKET, SO_MARK, mark);
  Put(m, c, IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(first.size() - kHeaders));
  Put(m, c, IPPROTO_IP, IP_TOS, int{first[1]});
  Put(m, c, IPPROTO_IP, IP_TTL, int{first[8]});
  return sendmsg(Of(first)->fds[(first[6] & 0x40) != 0], &m, 0) >= 0;
}

}  // namespace sallyport
