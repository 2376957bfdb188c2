#include "firewall/host/originate.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "firewall/host/netfilter_rules.h"

namespace sallyport {

struct Originator::Message {
  sockaddr_in to;
  sockaddr_in6 to6;
  iovec data;
  bool v6;
  alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint32_t))];
};

Originator::Originator() : batch_(std::make_unique<Message[]>(kBatch)), headers_(std::make_unique<mmsghdr[]>(kBatch)) {}

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
  if (fd_ >= 0) {
    const std::uint16_t nat_t[] = {UdpSegments::kNatT};
    segments_.UsePorts(nat_t);
    return {};
  }
  if (errno == EPERM) return Error{"no raw socket: needs root (CAP_NET_RAW)"};
  return Error{std::string("no raw socket: ") + std::strerror(errno)};
}

bool Originator::Prepare(IfId egress, Bytes packet, Message& m, msghdr& header) const {
  const int link = links_[static_cast<std::size_t>(egress)];
  const bool sane = packet.size() >= 20 && (packet[0] >> 4 == 4 || (packet[0] >> 4 == 6 && packet.size() >= 40 && fd6_ >= 0));
  if (link == 0 || !sane) return false;
  m.v6 = packet[0] >> 4 == 6;
  m.to = {};
  m.to6 = {};
  m.to.sin_family = AF_INET;
  m.to6.sin6_family = AF_INET6;
  std::memcpy(&m.to.sin_addr, packet.data() + 16, 4);
  if (m.v6) std::memcpy(&m.to6.sin6_addr, packet.data() + 24, 16);
  const bool of_link = m.v6 && ((packet[24] == 0xfe && (packet[25] & 0xc0) == 0x80) || packet[24] == 0xff);
  if (of_link) m.to6.sin6_scope_id = static_cast<std::uint32_t>(link);
  m.data = {const_cast<std::uint8_t*>(packet.data()), packet.size()};
  // The link and the mark go with the packet, so that one socket serves every interface.
  header = {};
  header.msg_name = m.v6 ? static_cast<void*>(&m.to6) : &m.to;
  header.msg_namelen = m.v6 ? sizeof m.to6 : sizeof m.to;
  header.msg_iov = &m.data;
  header.msg_iovlen = 1;
  header.msg_control = m.control;
  header.msg_controllen = CMSG_SPACE(m.v6 ? sizeof(in6_pktinfo) : sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(std::uint32_t));
  cmsghdr* c = CMSG_FIRSTHDR(&header);
  if (m.v6) {
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
  c = CMSG_NXTHDR(&header, c);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SO_MARK;
  c->cmsg_len = CMSG_LEN(sizeof(std::uint32_t));
  const std::uint32_t mark = kMarkOriginated | static_cast<std::uint32_t>(egress);
  std::memcpy(CMSG_DATA(c), &mark, sizeof mark);
  return true;
}

void Originator::Send(IfId egress, Bytes packet) {
  if (!Prepare(egress, packet, batch_[0], headers_[0].msg_hdr)) {
    failed_++;
  } else if (sendmsg(batch_[0].v6 ? fd6_ : fd_, &headers_[0].msg_hdr, 0) < 0) {
    failed_++;
  } else {
    sent_++;
  }
}

void Originator::SendBatch(std::size_t count, bool v6) {
  for (std::size_t at = 0; at < count;) {
    const int n = sendmmsg(v6 ? fd6_ : fd_, headers_.get() + at, static_cast<unsigned>(count - at), 0);
    if (n > 0) {
      sent_ += static_cast<std::uint64_t>(n);
      at += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      failed_++;  // this one; those behind it may do better
      at++;
    }
  }
}

void Originator::SendMany(std::span<const OriginatedPacket> packets) {
  std::size_t waiting = 0;
  bool v6 = false;
  const auto flush = [&] {
    SendBatch(waiting, v6);
    waiting = 0;
  };
  for (std::size_t i = 0; i < packets.size();) {
    const OriginatedPacket& p = packets[i];
    const int link = links_[static_cast<std::size_t>(p.egress)];
    if (const std::size_t run = link != 0 ? segments_.Run(packets.subspan(i)) : 0; run != 0) {
      flush();
      const std::uint32_t mark = kMarkOriginated | static_cast<std::uint32_t>(p.egress);
      if (segments_.Send(link, mark, packets.subspan(i, run))) {
        sent_ += run;
      } else {
        for (const OriginatedPacket& one : packets.subspan(i, run)) Send(one.egress, one.bytes);
      }
      i += run;
      continue;
    }
    if (const std::size_t run = link != 0 && injector_ != nullptr ? injector_->Run(packets.subspan(i)) : 0; run != 0) {
      flush();
      if (injector_->Send(kMarkEgress | static_cast<std::uint32_t>(p.egress), packets.subspan(i, run))) {
        sent_ += run;
        i += run;
        continue;
      }
    }
    i++;
    const bool six = !p.bytes.empty() && p.bytes[0] >> 4 == 6;
    if (waiting == kBatch || (waiting != 0 && six != v6)) flush();
    v6 = six;
    if (Prepare(p.egress, p.bytes, batch_[waiting], headers_[waiting].msg_hdr)) waiting++;
    else failed_++;
  }
  flush();
}

}  // namespace sallyport
