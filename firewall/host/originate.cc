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
}

Status Originator::Open() {
  if (fd_ >= 0) return {};
  fd_ = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
  if (fd_ >= 0) return {};
  if (errno == EPERM) return Error{"no raw socket: needs root (CAP_NET_RAW)"};
  return Error{std::string("no raw socket: ") + std::strerror(errno)};
}

void Originator::Send(IfId egress, Bytes packet) {
  const int link = links_[static_cast<std::size_t>(egress)];
  if (link == 0 || packet.size() < 20 || packet[0] >> 4 != 4) {
    failed_++;
    return;
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  std::memcpy(&to.sin_addr, packet.data() + 16, 4);
  iovec data{const_cast<std::uint8_t*>(packet.data()), packet.size()};
  // The link and the mark go with the packet, so that one socket serves every interface.
  alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(std::uint32_t))] = {};
  msghdr m{};
  m.msg_name = &to;
  m.msg_namelen = sizeof to;
  m.msg_iov = &data;
  m.msg_iovlen = 1;
  m.msg_control = control;
  m.msg_controllen = sizeof control;
  cmsghdr* c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = IPPROTO_IP;
  c->cmsg_type = IP_PKTINFO;
  c->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  in_pktinfo info{};
  info.ipi_ifindex = link;
  std::memcpy(CMSG_DATA(c), &info, sizeof info);
  c = CMSG_NXTHDR(&m, c);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SO_MARK;
  c->cmsg_len = CMSG_LEN(sizeof(std::uint32_t));
  const std::uint32_t mark = kMarkOriginated | static_cast<std::uint32_t>(egress);
  std::memcpy(CMSG_DATA(c), &mark, sizeof mark);
  if (sendmsg(fd_, &m, 0) < 0) {
    failed_++;
  } else {
    sent_++;
  }
}

}  // namespace sallyport
