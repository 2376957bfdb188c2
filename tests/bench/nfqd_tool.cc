// nfqd_tool: the bare NFQUEUE daemon that ours is compared with. Accepts everything, as fast as one thread can: large packets
// whole, many packets a read, all their verdicts in one send.
//
//   nfqd_tool batch|payload QUEUE
//
// batch: 128 bytes copied up, one verdict for all that was read. payload: every packet copied up and given back whole with a valid
// checksum, which is what a daemon must do that rewrites. Prints "ready"; ends on SIGTERM.
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr int kBatch = 64;
constexpr std::size_t kHead = 64;
constexpr std::size_t kStride = 1043 * 64;

std::uint64_t Sum(const std::uint8_t* p, std::size_t n, std::uint64_t sum) {
  std::uint32_t w;
  for (; n >= 4; p += 4, n -= 4) {
    std::memcpy(&w, p, 4);
    sum += w;
  }
  if (n != 0) {
    w = 0;
    std::memcpy(&w, p, n);
    sum += w;
  }
  return sum;
}
std::uint16_t Fold(std::uint64_t s) {
  while (s >> 16 != 0) s = (s & 0xffff) + (s >> 16);
  return static_cast<std::uint16_t>(~s);
}

// IPv4 TCP and UDP with a pseudo-header sum in the checksum field: makes it a full one.
void FillChecksum(std::uint8_t* ip, std::size_t length) {
  if (length < 28 || ip[0] >> 4 != 4) return;
  const std::size_t head = static_cast<std::size_t>(ip[0] & 15) * 4;
  const std::size_t at = head + (ip[9] == 6 ? 16 : 6);
  if ((ip[9] != 6 && ip[9] != 17) || at + 2 > length) return;
  const std::uint16_t check = Fold(Sum(ip + head, length - head, 0));  // the field takes part as the pseudo header's sum
  std::memcpy(ip + at, &check, 2);
}

std::uint8_t* Verdict(std::uint8_t* p, int queue, int type, std::uint32_t id, std::uint32_t payload) {
  nlmsghdr n{};
  n.nlmsg_len = 32 + (payload != 0 ? 4 + ((payload + 3) & ~3u) : 0);
  n.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_QUEUE << 8 | type);
  n.nlmsg_flags = NLM_F_REQUEST;
  const nfgenmsg g{AF_UNSPEC, NFNETLINK_V0, htons(static_cast<std::uint16_t>(queue))};
  const nlattr a{12, NFQA_VERDICT_HDR};
  const nfqnl_msg_verdict_hdr v{htonl(NF_ACCEPT), id};
  std::memcpy(p, &n, 16);
  std::memcpy(p + 16, &g, 4);
  std::memcpy(p + 20, &a, 4);
  std::memcpy(p + 24, &v, 8);
  return p + 32;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "nfqd_tool batch|payload QUEUE\n");
    return 2;
  }
  const bool whole = std::strcmp(argv[1], "payload") == 0;
  const int queue = std::atoi(argv[2]);
  const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&self), sizeof self) != 0) {
    std::perror("netlink");
    return 1;
  }
  const int size = 64 << 20, one = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof one);
  alignas(nlmsghdr) char request[256];
  nlmsghdr* n = nfq_nlmsg_put(request, NFQNL_MSG_CONFIG, static_cast<std::uint32_t>(queue));
  nfq_nlmsg_cfg_put_cmd(n, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
  if (send(fd, n, n->nlmsg_len, 0) < 0) std::perror("bind");
  n = nfq_nlmsg_put(request, NFQNL_MSG_CONFIG, static_cast<std::uint32_t>(queue));
  nfq_nlmsg_cfg_put_params(n, NFQNL_COPY_PACKET, whole ? 0xffff : 128);
  nfq_nlmsg_cfg_put_qmaxlen(n, 16384);
  mnl_attr_put_u32(n, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_GSO));
  mnl_attr_put_u32(n, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
  if (send(fd, n, n->nlmsg_len, 0) < 0) std::perror("configure");

  std::vector<std::uint8_t> buffers(kStride * kBatch), small(64 * kBatch);
  std::vector<mmsghdr> messages(kBatch);
  std::vector<iovec> in(kBatch), out;
  for (int i = 0; i < kBatch; i++) {
    in[static_cast<std::size_t>(i)] = {buffers.data() + static_cast<std::size_t>(i) * kStride + kHead, kStride - kHead};
    messages[static_cast<std::size_t>(i)].msg_hdr.msg_iov = &in[static_cast<std::size_t>(i)];
    messages[static_cast<std::size_t>(i)].msg_hdr.msg_iovlen = 1;
  }
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    const int got = recvmmsg(fd, messages.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (got <= 0) continue;
    out.clear();
    std::uint32_t last = 0;
    bool any = false;
    for (int i = 0; i < got; i++) {
      std::uint8_t* const m = static_cast<std::uint8_t*>(in[static_cast<std::size_t>(i)].iov_base);
      nlmsghdr h;
      std::memcpy(&h, m, 16);
      if (h.nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET)) continue;
      std::uint32_t id = 0, info = 0, length = 0;
      std::uint8_t* payload = nullptr;
      for (std::size_t at = 20; at + 4 <= h.nlmsg_len;) {
        nlattr a;
        std::memcpy(&a, m + at, 4);
        if (a.nla_len < 4) break;
        if (a.nla_type == NFQA_PACKET_HDR) std::memcpy(&id, m + at + 4, 4);
        if (a.nla_type == NFQA_SKB_INFO) {
          std::memcpy(&info, m + at + 4, 4);
          info = ntohl(info);
        }
        if (a.nla_type == NFQA_PAYLOAD) {
          payload = m + at + 4;
          length = a.nla_len - 4u;
        }
        at += (a.nla_len + 3u) & ~3u;
      }
      any = true;
      last = id;
      if (!whole || payload == nullptr) continue;
      // What is cut into segments later gets its checksums then.
      if ((info & NFQA_SKB_CSUMNOTREADY) != 0 && (info & NFQA_SKB_GSO) == 0) FillChecksum(payload, length);
      Verdict(payload - 36, queue, NFQNL_MSG_VERDICT, id, length);
      const nlattr a{static_cast<std::uint16_t>(length + 4), NFQA_PAYLOAD};
      std::memcpy(payload - 4, &a, 4);
      out.push_back({payload - 36, 36 + ((length + 3) & ~3u)});
    }
    if (!whole && any) out.push_back({small.data(), 32});
    if (!whole && any) Verdict(small.data(), queue, NFQNL_MSG_VERDICT_BATCH, last, 0);
    if (out.empty()) continue;
    msghdr m{};
    m.msg_iov = out.data();
    m.msg_iovlen = out.size();
    if (sendmsg(fd, &m, 0) < 0) std::perror("verdict");
  }
}
