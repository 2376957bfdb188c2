#include "firewall/host/originate.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "firewall/host/netfilter_rules.h"

namespace sallyport {

Originator::~Originator() {
  if (fd_ >= 0) close(fd_);
  if (fd6_ >= 0) close(fd6_);
}

Status Originator::Open() {
  if (fd_ >= 0) return {};
  fd_ = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
  fd6_ = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);  // none: a kernel without IPv6
  const int off = 0;
  if (fd6_ >= 0) setsockopt(fd6_, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof off);
  if (fd_ >= 0) return {};
  if (errno == EPERM) return Error{"no raw socket: needs root (CAP_NET_RAW)"};
  return Error{std::string("no raw socket: ") + std::strerror(errno)};
}

void Originator::Send(IfId egress, Bytes packet) {
  const int link = links_[static_cast<std::size_t>(egress)];
  const bool sane = packet.size() >= 20 && (packet[0] >> 4 == 4 || (packet[0] >> 4 == 6 && packet.size() >= 40 && fd6_ >= 0));
  if (link == 0 || !sane) {
    failed_++;
    return;
  }
  const bool v6 = packet[0] >> 4 == 6;
  sockaddr_in to{};
  sockaddr_in6 to6{};
  to.sin_family = AF_INET;
  to6.sin6_family = AF_INET6;
  std::memcpy(&to.sin_addr, packet.data() + 16, 4);
  if (v6) std::memcpy(&to6.sin6_addr, packet.data() + 24, 16);
  const bool of_link = v6 && ((packet[24] == 0xfe && (packet[25] & 0xc0) == 0x80) || packet[24] == 0xff);
  if (of_link) to6.sin6_scope_id = static_cast<std::uint32_t>(link);
  iovec data{const_cast<std::uint8_t*>(packet.data()), packet.size()};
  // The link and the mark go with the packet, so that one socket serves every interface.
  alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint32_t))] = {};
  msghdr m{};
  m.msg_name = v6 ? static_cast<void*>(&to6) : &to;
  m.msg_namelen = v6 ? sizeof to6 : sizeof to;
  m.msg_iov = &data;
  m.msg_iovlen = 1;
  m.msg_control = control;
  m.msg_controllen = CMSG_SPACE(v6 ? sizeof(in6_pktinfo) : sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(std::uint32_t));
  cmsghdr* c = CMSG_FIRSTHDR(&m);
  if (v6) {
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof(in6_pktinfo));
    in6_pktinfo info{};
    info.ipi6_ifindex = static_cast<std::uint32_t>(link);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
  } else {
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo info{};
    info.ipi_ifindex = link;
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
  }
  c = CMSG_NXTHDR(&m, c);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SO_MARK;
  c->cmsg_len = CMSG_LEN(sizeof(std::uint32_t));
  const std::uint32_t mark = kMarkOriginated | static_cast<std::uint32_t>(egress);
  std::memcpy(CMSG_DATA(c), &mark, sizeof mark);
  const int fd = v6 ? fd6_ : fd_;
  if (sendmsg(fd, &m, 0) < 0) {
    failed_++;
  } else {
    sent_++;
  }
}

}  // namespace sallyport
