#include "firewall/host/tcp_injector.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "firewall/base/checksum.h"
#include "firewall/host/rtnetlink.h"
#include "firewall/host/sysctl.h"

namespace sallyport {
namespace {

// Of struct virtio_net_hdr; its header is no C++.
struct VnetHeader {
  std::uint8_t flags, gso_type;
  std::uint16_t header, segment, checksum_start, checksum_offset;  // in the host's order
};
constexpr std::uint8_t kChecksumIsPartial = 1, kTcpV4 = 1;
constexpr std::uint8_t kAck = 0x10, kPsh = 0x08;
constexpr int kMtu = 65535;
constexpr std::size_t kIp = 20;

// A segment that may be put to others: IPv4 without options, DF, no fragment; of TCP's flags ACK and PSH alone.
// Returns where its payload begins; 0: it may not.
std::size_t PayloadAt(Bytes p) {
  if (p.size() < kIp + 20 || p[0] != 0x45 || p[9] != 6 || LoadBe16(&p[6]) != 0x4000 || LoadBe16(&p[2]) != p.size()) return 0;
  const std::size_t at = kIp + static_cast<std::size_t>(p[kIp + 12] >> 4) * 4;
  if (at < kIp + 20 || at >= p.size() || (p[kIp + 13] & ~kPsh) != kAck || (p[kIp + 12] & 0x0f) != 0) return 0;
  return at;
}

bool ChecksumIsRight(Bytes p) {
  const std::uint64_t pseudo = PseudoHeaderSum(IpAddress::FromV4Bytes(&p[12]), IpAddress::FromV4Bytes(&p[16]), 6,
                                               static_cast<std::uint32_t>(p.size() - kIp));
  return ChecksumFinish(ChecksumAdd(p.subspan(kIp), pseudo)) == 0;
}

// Type of service, TTL, addresses, ports, acknowledgement, window, options.
bool SameFlow(Bytes a, Bytes b, std::size_t payload_at) {
  return a[1] == b[1] && a[8] == b[8] && std::memcmp(&a[12], &b[12], 12) == 0 && std::memcmp(&a[kIp + 8], &b[kIp + 8], 5) == 0 &&
         std::memcmp(&a[kIp + 14], &b[kIp + 14], 2) == 0 && std::memcmp(&a[kIp + 18], &b[kIp + 18], payload_at - kIp - 18) == 0;
}

}  // namespace

TcpInjector::~TcpInjector() { Close(); }

Status TcpInjector::Open(std::uint16_t queue) {
  Close();
  auto net = Rtnetlink::Open();
  if (!net) return Error{net.error()};
  const std::string near = "SPinj" + std::to_string(queue) + "a", far = LinkOf(queue);
  if (const unsigned old = if_nametoindex(near.c_str()); old != 0) (void)net->DeleteLink(static_cast<int>(old));  // of a killed daemon
  if (Status s = net->MakePair(near, far); !s) return Error{"cannot make link " + near + ": " + s.error()};
  name_ = near;
  const auto failed = [this](const std::string& why) -> Status {
    Close();
    return Error{"link for segments: " + why};
  };
  link_ = static_cast<int>(if_nametoindex(near.c_str()));
  const int other = static_cast<int>(if_nametoindex(far.c_str()));
  for (const std::string& name : {near, far}) {
    (void)WriteSysctl("net/ipv6/conf/" + name + "/disable_ipv6", "1");  // there is none: good
    for (const auto& [key, value] : {std::pair{"rp_filter", "0"}, {"accept_local", "1"}, {"forwarding", "1"}, {"arp_ignore", "8"}}) {
      if (Status s = WriteSysctl("net/ipv4/conf/" + name + "/" + key, value); !s) return failed(s.error());
    }
  }
  for (const int link : {link_, other}) {
    if (Status s = net->SetMtu(link, kMtu); !s) return failed(s.error());
    if (Status s = net->SetLink(link, true); !s) return failed(s.error());
  }
  const auto links = net->Links();
  if (!links) return failed(links.error());
  for (const LinkInfo& l : *links) {
    if (l.index == other) std::copy(l.mac.octets.begin(), l.mac.octets.end(), ethernet_.begin());
    if (l.index == link_) std::copy(l.mac.octets.begin(), l.mac.octets.end(), ethernet_.begin() + 6);
  }
  StoreBe16(&ethernet_[12], ETH_P_IP);
  fd_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);  // protocol 0: it receives nothing
  const int one = 1, buffer = 8 << 20;
  if (fd_ < 0 || setsockopt(fd_, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) != 0) return failed(std::strerror(errno));
  (void)setsockopt(fd_, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
  return {};
}

void TcpInjector::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  if (name_.empty()) return;
  auto net = Rtnetlink::Open();
  if (const unsigned link = if_nametoindex(name_.c_str()); net && link != 0) (void)net->DeleteLink(static_cast<int>(link));
  name_.clear();
}

std::size_t TcpInjector::Run(std::span<const OriginatedPacket> packets) const {
  if (fd_ < 0 || packets.size() < 2) return 0;
  const Bytes first = packets[0].bytes;
  const std::size_t at = PayloadAt(first);
  if (at == 0 || (first[kIp + 13] & kPsh) != 0 || PayloadAt(packets[1].bytes) != at || !ChecksumIsRight(first)) return 0;
  const std::size_t segment = first.size() - at;
  std::uint32_t next = LoadBe32(&first[kIp + 4]) + static_cast<std::uint32_t>(segment);
  std::size_t n = 1, bytes = first.size();
  for (; n < packets.size() && n < kMost; ++n) {
    const Bytes p = packets[n].bytes;
    if (packets[n].egress != packets[0].egress || PayloadAt(p) != at || p.size() - at > segment || bytes + p.size() - at > kMostBytes) break;
    if (LoadBe32(&p[kIp + 4]) != next || !SameFlow(first, p, at) || !ChecksumIsRight(p)) break;
    next += static_cast<std::uint32_t>(p.size() - at);
    bytes += p.size() - at;
    // A shorter one, or one that pushes, can only be the last.
    if (p.size() - at < segment || (p[kIp + 13] & kPsh) != 0) {
      ++n;
      break;
    }
  }
  return n >= 2 ? n : 0;
}

bool TcpInjector::Send(std::uint32_t mark, std::span<const OriginatedPacket> run) {
  const Bytes first = run[0].bytes;
  const std::size_t at = PayloadAt(first);
  std::array<std::uint8_t, 120> head;
  std::copy_n(first.data(), at, head.data());
  std::size_t total = at;
  std::array<iovec, kMost + 3> parts;
  VnetHeader vnet{kChecksumIsPartial, kTcpV4, static_cast<std::uint16_t>(ethernet_.size() + at), static_cast<std::uint16_t>(first.size() - at),
                  static_cast<std::uint16_t>(ethernet_.size() + kIp), 16};
  parts[0] = {&vnet, sizeof vnet};
  parts[1] = {ethernet_.data(), ethernet_.size()};
  parts[2] = {head.data(), at};
  for (std::size_t i = 0; i < run.size(); ++i) {
    parts[i + 3] = {const_cast<std::uint8_t*>(run[i].bytes.data() + at), run[i].bytes.size() - at};
    total += run[i].bytes.size() - at;
  }
  head[kIp + 13] = run.back().bytes[kIp + 13];  // PSH of the last
  StoreBe16(&head[2], static_cast<std::uint16_t>(total));
  StoreBe16(&head[10], 0);
  StoreBe16(&head[10], ChecksumFinish(ChecksumAdd(Bytes(head).first(kIp))));
  // The pseudo header's sum, not complemented: whoever cuts it does the rest.
  const std::uint64_t pseudo = PseudoHeaderSum(IpAddress::FromV4Bytes(&head[12]), IpAddress::FromV4Bytes(&head[16]), 6,
                                               static_cast<std::uint32_t>(total - kIp));
  StoreBe16(&head[kIp + 16], static_cast<std::uint16_t>(~ChecksumFinish(pseudo)));
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_IP);
  to.sll_ifindex = link_;
  alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof mark)] = {};
  msghdr m{};
  m.msg_name = &to;
  m.msg_namelen = sizeof to;
  m.msg_iov = parts.data();
  m.msg_iovlen = run.size() + 3;
  m.msg_control = control;
  m.msg_controllen = sizeof control;
  cmsghdr* const c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SO_MARK;
  c->cmsg_len = CMSG_LEN(sizeof mark);
  std::memcpy(CMSG_DATA(c), &mark, sizeof mark);
  return sendmsg(fd_, &m, 0) >= 0;
}

}  // namespace sallyport
