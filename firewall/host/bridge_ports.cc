#include "firewall/host/bridge_ports.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sallyport {
namespace {

// Of struct virtio_net_hdr; its header is no C++.
constexpr std::uint8_t kNeedsChecksum = 1, kChecksumChecked = 2, kNoGso = 0;
constexpr std::size_t kVnetHeader = 10;
constexpr std::size_t kLargest = 65536 + 64;  // a super-packet with its Ethernet header
constexpr int kReceiveBuffer = 16 << 20;

}  // namespace

struct BridgePorts::Buffers {
  std::array<mmsghdr, kBatch> messages{};
  std::array<std::array<iovec, 2>, kBatch> vectors{};
  std::array<VnetHeader, kBatch> headers{};
  std::array<sockaddr_ll, kBatch> from{};
  struct alignas(cmsghdr) Control {
    std::uint8_t bytes[CMSG_SPACE(sizeof(tpacket_auxdata))];
  };
  std::array<Control, kBatch> control{};
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(kBatch * kLargest);
};

BridgePorts::BridgePorts() = default;
BridgePorts::~BridgePorts() { Close(); }

Status BridgePorts::Open() {
  Close();
  static_assert(sizeof(VnetHeader) == kVnetHeader);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  return epoll_ >= 0 ? Status{} : Status{Error{std::string("bridge ports: ") + std::strerror(errno)}};
}

void BridgePorts::Close() {
  for (const Port& p : ports_) close(p.fd);
  ports_.clear();
  held_.clear();
  if (epoll_ >= 0) close(epoll_);
  epoll_ = -1;
}

int BridgePorts::OpenSocket(int link, std::string& why) {
  // Protocol 0: nothing arrives before the socket is bound to its link.
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int one = 1;
  packet_mreq promiscuous{};
  promiscuous.mr_ifindex = link;
  promiscuous.mr_type = PACKET_MR_PROMISC;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = link;
  epoll_event event{};
  event.events = EPOLLIN;
  if (fd >= 0) (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
  if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) != 0 ||
      bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    why = std::strerror(errno);
    if (fd >= 0) close(fd);
    return -1;
  }
  return fd;
}

Status BridgePorts::Use(const Policy& policy) {
  std::vector<Port> wanted;
  for (const BridgeGroup& g : policy.bridge.groups) {
    if (g.port_index > 0) wanted.push_back({-1, g.port_index, g.number, IfId::kIdentity});
    for (const IfId id : g.members) {
      const Interface* f = policy.Find(id);
      if (f != nullptr && f->linux_index > 0) wanted.push_back({-1, f->linux_index, g.number, id});
    }
  }
  std::string failures;
  for (Port& w : wanted) {
    const auto same = std::find_if(ports_.begin(), ports_.end(), [&w](const Port& p) { return p.link == w.link; });
    if (same != ports_.end()) {
      w.fd = std::exchange(same->fd, -1);
      continue;
    }
    std::string why;
    w.fd = OpenSocket(w.link, why);
    if (w.fd < 0) failures += (failures.empty() ? "bridge port: " : "; ") + why;
  }
  for (const Port& p : ports_) {
    if (p.fd >= 0) close(p.fd);
  }
  std::erase_if(wanted, [](const Port& p) { return p.fd < 0; });
  ports_ = std::move(wanted);
  if (ports_.empty()) {
    held_.clear();
    buffers_.reset();
  } else if (buffers_ == nullptr) {
    buffers_ = std::make_unique<Buffers>();
  }
  return failures.empty() ? Status{} : Status{Error{failures}};
}

bool BridgePorts::Drain(Engine& engine, TimePoint now, const std::function<void()>& release) {
  bool more = false;
  for (const Port& p : ports_) more = DrainPort(p, engine, now, release) || more;
  return more;
}

bool BridgePorts::DrainPort(const Port& port, Engine& engine, TimePoint now, const std::function<void()>& release) {
  Buffers& b = *buffers_;
  for (std::size_t i = 0; i < kBatch; i++) {
    b.vectors[i] = {iovec{&b.headers[i], sizeof(VnetHeader)}, iovec{&b.bytes[i * kLargest], kLargest}};
    msghdr& m = b.messages[i].msg_hdr;
    m = {};
    m.msg_name = &b.from[i];
    m.msg_namelen = sizeof b.from[i];
    m.msg_iov = b.vectors[i].data();
    m.msg_iovlen = 2;
    m.msg_control = b.control[i].bytes;
    m.msg_controllen = sizeof b.control[i].bytes;
  }
  const int n = recvmmsg(port.fd, b.messages.data(), kBatch, 0, nullptr);
  for (int i = 0; i < n; i++) {
    const auto at = static_cast<std::size_t>(i);
    msghdr& m = b.messages[at].msg_hdr;
    if (b.messages[at].msg_len < sizeof(VnetHeader) || (m.msg_flags & MSG_TRUNC) != 0) continue;
    counters_.received++;
    Frame f;
    f.bytes = MutableBytes(&b.bytes[at * kLargest], b.messages[at].msg_len - sizeof(VnetHeader));
    f.wire_length = static_cast<std::uint32_t>(f.bytes.size());
    f.group = port.group;
    f.ingress = port.interface;
    for (cmsghdr* c = CMSG_FIRSTHDR(&m); c != nullptr; c = CMSG_NXTHDR(&m, c)) {
      if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
      tpacket_auxdata aux;
      std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
      f.tagged = (aux.tp_status & TP_STATUS_VLAN_VALID) != 0;
    }
    VnetHeader header = b.headers[at];
    f.checksum_pending = (header.flags & kNeedsChecksum) != 0;
    f.checksum_checked = (header.flags & kChecksumChecked) != 0;
    f.gso = header.gso_type != kNoGso;
    f.handle = kHandleBit | (next_handle_++ & ~kHandleBit);
    FrameDisposition d;
    if (engine.HasReleased()) release();
    engine.ProcessFrame(f, now, d);
    if (!d.checksum_pending) header.flags &= static_cast<std::uint8_t>(~kNeedsChecksum);
    const Bytes frame = Bytes(f.bytes).first(std::min<std::size_t>(d.length, f.bytes.size()));
    if (d.action == FrameDisposition::Action::kForward) {
      Forward(d, port.group, header, frame);
    } else if (d.action == FrameDisposition::Action::kHold) {
      held_[f.handle] = {d, port.group, header, {frame.begin(), frame.end()}};
    }
  }
  return n == kBatch;
}

void BridgePorts::Forward(const FrameDisposition& d, int group, const VnetHeader& header, Bytes frame) {
  for (const Port& p : ports_) {
    if (p.group != group) continue;
    const bool out = p.interface == IfId::kIdentity
                         ? d.to_box
                         : std::find(d.egress.begin(), d.egress.begin() + d.count, p.interface) != d.egress.begin() + d.count;
    if (out) SendBy(p, header, frame);
  }
}

void BridgePorts::SendBy(const Port& port, const VnetHeader& header, Bytes frame) {
  VnetHeader h = header;
  iovec data[2] = {{&h, sizeof h}, {const_cast<std::uint8_t*>(frame.data()), frame.size()}};
  msghdr m{};
  m.msg_iov = data;
  m.msg_iovlen = 2;
  if (sendmsg(port.fd, &m, 0) < 0) {
    counters_.failed++;
  } else {
    counters_.sent++;
  }
}

void BridgePorts::Release(const ReleasedPacket& r) {
  const auto it = held_.find(r.handle);
  if (it == held_.end()) return;
  Held h = std::move(it->second);
  held_.erase(it);
  if (r.disposition.action != Disposition::Action::kAccept) return;
  if (!r.bytes.empty()) {
    h.bytes.resize(14);
    h.bytes.insert(h.bytes.end(), r.bytes.begin(), r.bytes.end());
  }
  Forward(h.where, h.group, h.header, h.bytes);
}

void BridgePorts::Send(const OriginatedFrame& f) {
  for (const Port& p : ports_) {
    if (p.group != f.group || p.interface == IfId::kIdentity || p.interface == f.except) continue;
    if (f.egress == IfId::kAny || f.egress == p.interface) SendBy(p, {}, f.bytes);
  }
}

}  // namespace sallyport
