#include "firewall/host/nfqueue.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "firewall/host/netfilter_rules.h"

namespace sallyport {
namespace {

// Verdict headers are written in front of a payload where it lies, so a receive buffer starts with room for one. The stride
// is an odd number of cache lines: buffers that begin at the same cache set would throw each other out.
constexpr std::size_t kHeadroom = 64;
constexpr std::size_t kStride = 1043 * 64;
constexpr std::size_t kReadLength = kStride - kHeadroom;
static_assert(kReadLength > 0xffff + 512);
constexpr std::size_t kVerdictRoom = 48;        // headers of a verdict with a mark and a payload: 44
constexpr std::size_t kArenaLength = 32 * 1024;
constexpr std::size_t kMaxVectors = 1000;       // the kernel takes 1024
constexpr std::size_t kFlushBytes = 256 * 1024;  // a longer message only costs cache
constexpr int kSendBuffer = 16 << 20;

constexpr std::uint16_t QueueMessage(int type) { return static_cast<std::uint16_t>(NFNL_SUBSYS_QUEUE << 8 | type); }
constexpr std::uint16_t kPacketMessage = QueueMessage(NFQNL_MSG_PACKET);

// Held packets are named by a hash-free handle: the low 31 bits of the kernel's number, and the queue.
std::uint32_t HandleOf(int queue, std::uint32_t id) { return id << 1 | static_cast<std::uint32_t>(queue); }

// The kernel's mark for an egress interface that its own routes would not choose.
std::uint32_t MarkOf(const Disposition& d) { return d.mark != 0 ? kMarkEgress | d.mark : 0; }

// nlmsghdr, nfgenmsg, NFQA_VERDICT_HDR and if given NFQA_MARK. Returns the length written, at most 40.
std::size_t WriteVerdict(std::uint8_t* p, std::uint16_t queue, int type, std::uint32_t verdict, std::uint32_t id, std::uint32_t mark,
                         std::size_t payload_length) {
  const std::size_t head = 20 + 12 + (mark != 0 ? 8 : 0);
  nlmsghdr n{};
  n.nlmsg_len = static_cast<std::uint32_t>(head + (payload_length != 0 ? NLA_HDRLEN + NLA_ALIGN(payload_length) : 0));
  n.nlmsg_type = QueueMessage(type);
  n.nlmsg_flags = NLM_F_REQUEST;
  std::memcpy(p, &n, sizeof n);
  const nfgenmsg g{AF_UNSPEC, NFNETLINK_V0, htons(queue)};
  std::memcpy(p + 16, &g, sizeof g);
  const nlattr verdict_attr{12, NFQA_VERDICT_HDR};
  std::memcpy(p + 20, &verdict_attr, 4);
  StoreBe32(p + 24, verdict);
  StoreBe32(p + 28, id);
  if (mark != 0) {
    const nlattr mark_attr{8, NFQA_MARK};
    std::memcpy(p + 32, &mark_attr, 4);
    StoreBe32(p + 36, mark);
  }
  return head;
}

void PutGso(nlmsghdr* n, bool on) {
  mnl_attr_put_u32(n, NFQA_CFG_FLAGS, htonl(on ? NFQA_CFG_F_GSO : 0));
  mnl_attr_put_u32(n, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
}

// A line of the kernel's list of queues: number portid waiting mode copy queue_dropped user_dropped last_id 1.
struct KernelQueue {
  unsigned long number, port, waiting, mode, copy, full, user, last;
};
std::vector<KernelQueue> KernelQueues() {
  std::vector<KernelQueue> all;
  std::FILE* f = std::fopen("/proc/thread-self/net/netfilter/nfnetlink_queue", "re");
  if (f == nullptr) return all;
  KernelQueue q;
  while (std::fscanf(f, "%lu %lu %lu %lu %lu %lu %lu %lu %*u", &q.number, &q.port, &q.waiting, &q.mode, &q.copy, &q.full, &q.user,
                     &q.last) == 8) {
    all.push_back(q);
  }
  std::fclose(f);
  return all;
}
bool IsBound(std::uint16_t number) {
  for (const KernelQueue& q : KernelQueues()) {
    if (q.number == number) return true;
  }
  return false;
}

}  // namespace

Nfqueue::Nfqueue(const Options& options)
    : options_(options),
      buffers_(std::make_unique<std::uint8_t[]>(kStride * kBatch)),
      messages_(std::make_unique<mmsghdr[]>(kBatch)),
      read_vectors_(std::make_unique<iovec[]>(kBatch)),
      arena_(std::make_unique<std::uint8_t[]>(kArenaLength)) {
  out_.reserve(kMaxVectors + 8);
  for (int i = 0; i < kBatch; i++) {
    read_vectors_[i] = {buffers_.get() + static_cast<std::size_t>(i) * kStride + kHeadroom, kReadLength};
    messages_[i].msg_hdr = {};
    messages_[i].msg_hdr.msg_iov = &read_vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

Nfqueue::~Nfqueue() {
  if (fd_ >= 0) close(fd_);  // unbinds the queues: what waits is dropped
}

Result<std::unique_ptr<Nfqueue>> Nfqueue::Open(const Options& options) {
  std::unique_ptr<Nfqueue> q(new Nfqueue(options));
  q->fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  if (q->fd_ < 0) return Error{std::string("no packet queue in this kernel: ") + std::strerror(errno)};
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (bind(q->fd_, reinterpret_cast<sockaddr*>(&self), sizeof self) != 0) {
    return Error{std::string("netlink: ") + std::strerror(errno)};
  }
  const int one = 1;
  if (setsockopt(q->fd_, SOL_SOCKET, SO_RCVBUFFORCE, &options.receive_buffer, sizeof(int)) != 0) {
    setsockopt(q->fd_, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer, sizeof(int));
  }
  if (setsockopt(q->fd_, SOL_SOCKET, SO_SNDBUFFORCE, &kSendBuffer, sizeof(int)) != 0) {
    setsockopt(q->fd_, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof(int));
  }
  // A full socket shows as a gap in the numbering and in ReadLosses, not as an error in the middle of reading.
  setsockopt(q->fd_, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof one);
  for (int queue : {kTcpQueue, kOtherQueue}) {
    if (Status s = q->Configure(queue); !s) return Error{s.error()};
  }
  return q;
}

// Binds the queue and sets its mode, and waits for the kernel's answer. Packets that come meanwhile (rules may be there
// already) are dropped, since nobody could judge them yet.
Status Nfqueue::Configure(int queue) {
  const auto number = static_cast<std::uint16_t>(options_.base + queue);
  const auto failed = [number](int error) {
    const std::string name = "packet queue " + std::to_string(number);
    // The kernel says EPERM also when the queue is somebody else's.
    if (error == EBUSY || (error == EPERM && IsBound(number))) return Error{name + " is in use by another process"};
    if (error == EPERM) return Error{name + ": needs root (CAP_NET_ADMIN)"};
    if (error == EINVAL || error == EPROTONOSUPPORT) return Error{name + ": this kernel has no NFQUEUE (nfnetlink_queue)"};
    return Error{name + ": " + std::strerror(error)};
  };
  alignas(nlmsghdr) char request[256];
  alignas(nlmsghdr) std::uint8_t answer[8192];
  for (const bool bind_step : {true, false}) {
    nlmsghdr* n = nfq_nlmsg_put(request, NFQNL_MSG_CONFIG, number);
    n->nlmsg_flags |= NLM_F_ACK;
    if (bind_step) {
      nfq_nlmsg_cfg_put_cmd(n, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
    } else {
      nfq_nlmsg_cfg_put_params(n, NFQNL_COPY_PACKET, static_cast<int>(options_.copy_length[queue]));
      nfq_nlmsg_cfg_put_qmaxlen(n, options_.queue_length);
      PutGso(n, options_.gso[queue]);
    }
    if (send(fd_, n, n->nlmsg_len, 0) < 0) return failed(errno);
    for (;;) {
      const ssize_t length = recv(fd_, answer, sizeof answer, MSG_TRUNC);
      if (length < 0) {
        if (errno == EINTR) continue;
        return failed(errno);
      }
      nlmsghdr h;
      std::memcpy(&h, answer, sizeof h);
      if (h.nlmsg_type == NLMSG_ERROR) {
        nlmsgerr e;
        std::memcpy(&e, answer + NLMSG_HDRLEN, sizeof e);
        if (e.error != 0) return failed(-e.error);
        break;
      }
      if (h.nlmsg_type != kPacketMessage || length < 32) continue;
      const std::uint16_t from = LoadBe16(answer + 18);
      std::uint8_t drop[64];
      // NFQA_PACKET_HDR is always the first attribute.
      const std::size_t size = WriteVerdict(drop, from, NFQNL_MSG_VERDICT, NF_DROP, LoadBe32(answer + 24), 0, 0);
      counters_.dropped.fetch_add(1, std::memory_order_relaxed);
      if (send(fd_, drop, size, 0) < 0) return failed(errno);
    }
  }
  return {};
}

Status Nfqueue::SetCopyLength(int queue, std::uint32_t bytes) {
  if (bytes > kCopyAll) bytes = kCopyAll;
  if (options_.copy_length[queue] == bytes) return {};
  alignas(nlmsghdr) char request[256];
  nlmsghdr* n = nfq_nlmsg_put(request, NFQNL_MSG_CONFIG, static_cast<std::uint16_t>(options_.base + queue));
  nfq_nlmsg_cfg_put_params(n, NFQNL_COPY_PACKET, static_cast<int>(bytes));
  if (send(fd_, n, n->nlmsg_len, 0) < 0) return Error{std::string("packet queue: ") + std::strerror(errno)};
  options_.copy_length[queue] = bytes;
  return {};
}

Status Nfqueue::SetGso(int queue, bool on) {
  if (options_.gso[queue] == on) return {};
  alignas(nlmsghdr) char request[256];
  nlmsghdr* n = nfq_nlmsg_put(request, NFQNL_MSG_CONFIG, static_cast<std::uint16_t>(options_.base + queue));
  PutGso(n, on);
  if (send(fd_, n, n->nlmsg_len, 0) < 0) return Error{std::string("packet queue: ") + std::strerror(errno)};
  options_.gso[queue] = on;
  return {};
}

void Nfqueue::MapInterface(int ifindex, IfId id) {
  assert(ifindex > 0);
  const auto i = static_cast<std::size_t>(ifindex);
  if (interfaces_.size() <= i) interfaces_.resize(i + 1, IfId::kAny);
  interfaces_[i] = id;
}

void Nfqueue::ForgetInterfaces() { interfaces_.clear(); }

int Nfqueue::Receive() {
  const int n = recvmmsg(fd_, messages_.get(), kBatch, MSG_DONTWAIT, nullptr);
  if (n <= 0) return 0;
  Count(counters_.reads);
  return n;
}

// One message: netlink header, nfgenmsg, attributes. The kernel is trusted to count right, but nothing is read past what came.
bool Nfqueue::Parse(int slot, Received& out) {
  std::uint8_t* const base = buffers_.get() + static_cast<std::size_t>(slot) * kStride + kHeadroom;
  const std::size_t length = messages_[slot].msg_len;
  nlmsghdr h;
  if (length < 20) {
    Count(counters_.malformed);
    return false;
  }
  std::memcpy(&h, base, sizeof h);
  if (h.nlmsg_type == NLMSG_ERROR) {
    Count(counters_.errors);
    return false;
  }
  const int queue = LoadBe16(base + 18) - options_.base;
  if (h.nlmsg_type != kPacketMessage || h.nlmsg_len > length || (queue != kTcpQueue && queue != kOtherQueue)) {
    Count(counters_.malformed);
    return false;
  }
  out.queue = queue;
  out.packet = Packet{};
  Packet& p = out.packet;
  bool numbered = false;
  std::uint8_t hook = 0;
  std::uint32_t info = 0, cap = 0, in = 0, outgoing = 0;
  for (std::size_t at = 20; at + NLA_HDRLEN <= h.nlmsg_len;) {
    nlattr a;
    std::memcpy(&a, base + at, sizeof a);
    if (a.nla_len < NLA_HDRLEN || at + a.nla_len > h.nlmsg_len) break;
    std::uint8_t* const data = base + at + NLA_HDRLEN;
    const std::size_t size = a.nla_len - NLA_HDRLEN;
    switch (a.nla_type & NLA_TYPE_MASK) {
      case NFQA_PACKET_HDR:
        if (size >= 7) {
          out.id = LoadBe32(data);
          hook = data[6];
          numbered = true;
        }
        break;
      case NFQA_IFINDEX_INDEV: if (size >= 4) in = LoadBe32(data); break;
      case NFQA_IFINDEX_OUTDEV: if (size >= 4) outgoing = LoadBe32(data); break;
      case NFQA_CAP_LEN: if (size >= 4) cap = LoadBe32(data); break;
      case NFQA_HWADDR:  // nfqnl_msg_packet_hw: length, two bytes of padding, address
        if (size >= 10 && LoadBe16(data) == 6) p.source_mac = std::uint64_t{LoadBe16(data + 4)} << 32 | LoadBe32(data + 6);
        break;
      case NFQA_SKB_INFO: if (size >= 4) info = LoadBe32(data); break;
      case NFQA_PAYLOAD:
        p.bytes = MutableBytes(data, size);
        // What lies around it has been read, or is nothing; the verdict's header needs its place in front and padding behind.
        p.headroom = static_cast<std::uint32_t>(data - base + kHeadroom - kVerdictRoom);
        p.tailroom = static_cast<std::uint32_t>(kReadLength - NLA_ALIGNTO - static_cast<std::size_t>(data - base) - size);
        break;
      default: break;
    }
    at += NLA_ALIGN(a.nla_len);
  }
  if (!numbered) {
    Count(counters_.malformed);
    return false;
  }
  QueueState& state = queues_[queue];
  if (state.next_id != 0 && out.id > state.next_id) Count(counters_.gaps, out.id - state.next_id);
  state.next_id = out.id + 1;

  p.wire_length = cap != 0 ? cap : static_cast<std::uint32_t>(p.bytes.size());
  p.checksum_pending = (info & NFQA_SKB_CSUMNOTREADY) != 0;
  p.checksum_checked = (info & (NFQA_SKB_CSUMNOTREADY | NFQA_SKB_CSUM_NOTVERIFIED)) == 0;
  out.packet.gso = (info & NFQA_SKB_GSO) != 0;
  p.handle = HandleOf(queue, out.id);
  Count(counters_.packets);
  Count(counters_.bytes, p.wire_length);
  const bool own = hook == NF_INET_LOCAL_OUT;
  const std::uint32_t link = own ? outgoing : in;
  const IfId id = link < interfaces_.size() ? interfaces_[link] : IfId::kAny;
  if (id == IfId::kAny) {
    Count(counters_.unknown_link);
    Put(queue, NFQNL_MSG_VERDICT, NF_DROP, out.id, 0);
    return false;
  }
  p.ingress = own ? IfId::kIdentity : id;
  if (own) p.egress_hint = id;
  return true;
}

void Nfqueue::Answer(Received& r, const Disposition& d) {
  QueueState& state = queues_[r.queue];
  switch (d.action) {
    case Disposition::Action::kDrop: Count(counters_.dropped); return PutDrop(r.queue, r.id);
    case Disposition::Action::kConsume: Count(counters_.consumed); return PutDrop(r.queue, r.id);
    case Disposition::Action::kHold:
      EndRun(r.queue);
      state.held++;
      held_[r.packet.handle] = {static_cast<std::uint8_t>(r.queue), r.id};
      Count(counters_.held);
      return;
    case Disposition::Action::kAccept: break;
  }
  if (r.packet.rewritten) {
    if (!r.packet.Whole()) {
      Count(counters_.not_whole);
      return PutDrop(r.queue, r.id);
    }
    Count(counters_.accepted);
    Count(counters_.rewritten);
    // The kernel takes a packet given back as having a full checksum. A large TCP packet that is forwarded will be cut into
    // segments, each with a checksum computed then, and needs none; one for the appliance itself is checked as it is.
    const bool to_be_cut = r.packet.gso && r.packet.IsTcp() && d.egress != IfId::kIdentity && d.egress != IfId::kAny;
    if (r.packet.checksum_pending && !to_be_cut) CompleteChecksum(r.packet);
    EndRun(r.queue);
    PutPayload(r.queue, r.id, MarkOf(d), r.packet.bytes);
    return;
  }
  Count(counters_.accepted);
  if (d.mark != 0 || state.held != 0) {
    // A batch verdict answers every packet with a lower number too, so not while any is held.
    EndRun(r.queue);
    Put(r.queue, NFQNL_MSG_VERDICT, NF_ACCEPT, r.id, MarkOf(d));
    return;
  }
  if (state.run != 0 && state.run_drops) EndRun(r.queue);
  state.run_drops = false;
  state.run++;
  state.run_last = r.id;
}

// Overtakes accepts before it, which does not matter to anybody; alone, drops run together as accepts do (what tunnels bring is
// consumed in dozens).
void Nfqueue::PutDrop(int queue, std::uint32_t id) {
  QueueState& state = queues_[queue];
  if (state.held != 0 || (state.run != 0 && !state.run_drops)) return Put(queue, NFQNL_MSG_VERDICT, NF_DROP, id, 0);
  state.run_drops = true;
  state.run++;
  state.run_last = id;
}

void Nfqueue::EndRun(int queue) {
  QueueState& state = queues_[queue];
  if (state.run == 0) return;
  const bool many = state.run > 1;
  state.run = 0;  // before Put, which may flush
  if (many) Count(counters_.batches);
  Put(queue, many ? NFQNL_MSG_VERDICT_BATCH : NFQNL_MSG_VERDICT, state.run_drops ? NF_DROP : NF_ACCEPT, state.run_last, 0);
}

std::uint8_t* Nfqueue::Room(std::size_t length) {
  if (arena_used_ + length > kArenaLength || out_.size() >= kMaxVectors || out_bytes_ >= kFlushBytes) Send();
  std::uint8_t* const p = arena_.get() + arena_used_;
  arena_used_ += length;
  return p;
}

void Nfqueue::Append(std::uint8_t* data, std::size_t length) {
  out_bytes_ += length;
  if (!out_.empty() && static_cast<std::uint8_t*>(out_.back().iov_base) + out_.back().iov_len == data) {
    out_.back().iov_len += length;
  } else {
    out_.push_back({data, length});
  }
}

void Nfqueue::Put(int queue, int type, std::uint32_t verdict, std::uint32_t id, std::uint32_t mark) {
  std::uint8_t* const p = Room(mark != 0 ? 40 : 32);
  const auto number = static_cast<std::uint16_t>(options_.base + queue);
  Append(p, WriteVerdict(p, number, type, verdict, id, mark, 0));
}

// A packet that lies in a receive buffer is sent from there: around it there is room for the header and the padding.
void Nfqueue::PutPayload(int queue, std::uint32_t id, std::uint32_t mark, Bytes bytes) {
  if (out_bytes_ >= kFlushBytes || out_.size() >= kMaxVectors) Send();
  const std::uint8_t* const first = buffers_.get() + kHeadroom;
  const std::uint8_t* const last = buffers_.get() + kStride * kBatch;
  MutableBytes payload;
  if (bytes.data() >= first && bytes.data() < last) {
    payload = MutableBytes(buffers_.get() + (bytes.data() - buffers_.get()), bytes.size());
  } else {
    std::vector<std::uint8_t>& copy = out_owned_.emplace_back(kHeadroom + bytes.size() + NLA_ALIGNTO);
    std::memcpy(copy.data() + kHeadroom, bytes.data(), bytes.size());
    payload = MutableBytes(copy).subspan(kHeadroom, bytes.size());
  }
  std::uint8_t* const attr = payload.data() - NLA_HDRLEN;
  std::uint8_t* const start = attr - 32 - (mark != 0 ? 8 : 0);
  const auto number = static_cast<std::uint16_t>(options_.base + queue);
  WriteVerdict(start, number, NFQNL_MSG_VERDICT, NF_ACCEPT, id, mark, payload.size());
  const nlattr a{static_cast<std::uint16_t>(NLA_HDRLEN + payload.size()), NFQA_PAYLOAD};
  std::memcpy(attr, &a, sizeof a);
  const std::size_t padding = NLA_ALIGN(payload.size()) - payload.size();
  std::memset(payload.data() + payload.size(), 0, padding);
  Append(start, static_cast<std::size_t>(payload.data() - start) + payload.size() + padding);
}

void Nfqueue::Release(std::uint32_t handle, const Disposition& d, Bytes bytes) {
  const auto it = held_.find(handle);
  if (it == held_.end()) return;
  const auto [queue, id] = it->second;
  held_.erase(it);
  queues_[queue].held--;
  if (d.action != Disposition::Action::kAccept) {
    Count(counters_.dropped);
    Put(queue, NFQNL_MSG_VERDICT, NF_DROP, id, 0);
    return;
  }
  Count(counters_.accepted);
  if (bytes.empty()) {
    Put(queue, NFQNL_MSG_VERDICT, NF_ACCEPT, id, MarkOf(d));
    return;
  }
  Count(counters_.rewritten);
  PutPayload(queue, id, MarkOf(d), bytes);
}

void Nfqueue::Flush() {
  EndRun(kTcpQueue);
  EndRun(kOtherQueue);
  Send();
}

void Nfqueue::Send() {
  if (!out_.empty()) {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    msghdr m{};
    m.msg_name = &kernel;
    m.msg_namelen = sizeof kernel;
    m.msg_iov = out_.data();
    m.msg_iovlen = out_.size();
    while (sendmsg(fd_, &m, 0) < 0) {
      if (errno == EINTR) continue;
      Count(counters_.errors);
      DropAll();
      break;
    }
  }
  out_.clear();
  out_owned_.clear();
  out_bytes_ = 0;
  arena_used_ = 0;
}

// The verdicts could not be sent (no memory): everything read so far is dropped in a message that needs none, lest it stay
// in the kernel for ever.
void Nfqueue::DropAll() {
  held_.clear();
  for (int queue : {kTcpQueue, kOtherQueue}) {
    queues_[queue].held = 0;
    if (queues_[queue].next_id == 0) continue;
    std::uint8_t message[64];
    const auto number = static_cast<std::uint16_t>(options_.base + queue);
    const std::size_t n =
        WriteVerdict(message, number, NFQNL_MSG_VERDICT_BATCH, NF_DROP, queues_[queue].next_id - 1, 0, 0);
    if (send(fd_, message, n, 0) < 0) Count(counters_.errors);
  }
}

Nfqueue::Losses Nfqueue::ReadLosses() const {
  Losses sum;
  for (const KernelQueue& q : KernelQueues()) {
    if (q.number != options_.base && q.number != options_.base + 1u) continue;
    sum.waiting += q.waiting;
    sum.queue_full += q.full;
    sum.socket_full += q.user;
  }
  return sum;
}

}  // namespace sallyport
