// packet-tracer: an imagined packet, made of real bytes, on the way that every packet takes, with nothing left behind (dry_run.h).
#include <algorithm>

#include "firewall/base/checksum.h"
#include "firewall/dry_run.h"
#include "firewall/engine_impl.h"
#include "firewall/routed_bvi.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kTtl = 64;

// What the first datagram of a flow to a port must have in it, lest an inspection refuse it for what nobody would send: a question for
// the servers of the root (RFC 1035), the request to read a file (RFC 1350). Nothing for other ports.
Bytes FirstPayload(std::uint16_t port) {
  static constexpr std::uint8_t kQuery[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1};
  static constexpr std::uint8_t kRead[] = {0, 1, 'f', 0, 'o', 'c', 't', 'e', 't', 0};
  return port == 53 ? Bytes(kQuery) : port == 69 ? Bytes(kRead) : Bytes();
}

void AppendTransport(const TraceRequest& r, std::vector<std::uint8_t>& l4) {
  const bool icmp = r.protocol == 1 || r.protocol == 58;
  std::size_t check = 0;
  if (r.protocol == 6) {
    l4.resize(20);
    StoreBe16(&l4[0], r.sport);
    StoreBe16(&l4[2], r.dport);
    l4[12] = 5 << 4;
    l4[13] = kTcpSyn;
    StoreBe16(&l4[14], 8192);
    check = 16;
  } else if (r.protocol == 17) {
    l4.resize(8);
    StoreBe16(&l4[0], r.sport);
    StoreBe16(&l4[2], r.dport);
    const Bytes payload = FirstPayload(r.dport);
    l4.insert(l4.end(), payload.begin(), payload.end());
    StoreBe16(&l4[4], static_cast<std::uint16_t>(l4.size()));
    check = 6;
  } else if (icmp) {
    l4.resize(8);
    l4[0] = r.icmp_type;
    l4[1] = r.icmp_code;
    StoreBe16(&l4[4], r.icmp_id);
    check = 2;
  } else {
    l4.resize(r.protocol == 132 ? 12 : 8);  // whatever it is
    StoreBe16(&l4[0], r.sport);
    StoreBe16(&l4[2], r.dport);
    return;
  }
  const std::uint64_t pseudo =
      r.protocol == 1 ? 0 : PseudoHeaderSum(r.src, r.dst, r.protocol, static_cast<std::uint32_t>(l4.size()));
  StoreBe16(&l4[check], ChecksumFinish(ChecksumAdd(l4, pseudo)));
}

}  // namespace

std::vector<std::uint8_t> BytesOf(const TraceRequest& request) {
  TraceRequest r = request;
  if (!r.dst.IsV4() && (r.protocol == 1 || r.protocol == 58)) {  // `icmp` is that of the family, `echo` and `echo-reply` by their IPv4 numbers
    r.protocol = 58;
    if (r.icmp_type == 8) r.icmp_type = 128;
    if (request.icmp_type == 0) r.icmp_type = 129;
  }
  std::vector<std::uint8_t> l4;
  AppendTransport(r, l4);
  std::vector<std::uint8_t> p;
  if (r.src.IsV4()) {
    p.resize(20);
    p[0] = 0x45;
    StoreBe16(&p[2], static_cast<std::uint16_t>(20 + l4.size()));
    p[8] = kTtl;
    p[9] = r.protocol;
    r.src.StoreV4(&p[12]);
    r.dst.StoreV4(&p[16]);
    StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(p)));
  } else {
    p.resize(40);
    p[0] = 0x60;
    StoreBe16(&p[4], static_cast<std::uint16_t>(l4.size()));
    p[6] = r.protocol;
    p[7] = kTtl;
    r.src.StoreV6(&p[8]);
    r.dst.StoreV6(&p[24]);
  }
  p.insert(p.end(), l4.begin(), l4.end());
  return p;
}

namespace {

// Hosts of a bridge group that ARP has not shown have these addresses.
constexpr std::uint64_t kSomebody = 0x02005350a001, kNobody = 0x02005350a002;

// The frame in which a packet comes to a member of a bridge group.
std::vector<std::uint8_t> FrameOf(const EngineCore& core, const Packet& p, const Interface* bvi, std::uint64_t dmac) {
  const auto mac = [&](IpAddress a, std::uint64_t otherwise) {
    const auto known = core.bridge_hosts.find(a);
    return known != core.bridge_hosts.end() ? known->second : otherwise;
  };
  const bool v6 = (p.bytes[0] >> 4) == 6;
  const IpAddress src = v6 ? IpAddress::FromV6Bytes(&p.bytes[8]) : IpAddress::FromV4Bytes(&p.bytes[12]);
  const IpAddress dst = v6 ? IpAddress::FromV6Bytes(&p.bytes[24]) : IpAddress::FromV4Bytes(&p.bytes[16]);
  std::uint64_t to = dmac;
  if (to == 0 && dst.IsV4Broadcast()) to = 0xffffffffffff;
  if (to == 0 && dst.IsV4Multicast()) to = 0x01005e000000 | (dst.v4() & 0x7fffff);
  if (to == 0 && dst.IsV6Multicast()) to = 0x333300000000 | (dst.lo() & 0xffffffff);
  const bool ours = bvi != nullptr && bvi->Owns(dst);
  const bool routed = bvi != nullptr && !bvi->nameif.empty() && bvi->address.IsV4() && dst.IsV4() &&
                      !Prefix::Of(bvi->address, bvi->prefix_length).Contains(dst);
  if (to == 0 && (ours || routed)) to = MacNumber(bvi->mac.octets.data());
  if (to == 0) to = mac(dst, kNobody);
  const std::uint64_t from = mac(src, kSomebody);
  std::vector<std::uint8_t> frame(14);
  for (int i = 0; i < 6; i++) {
    frame[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(to >> (40 - 8 * i));
    frame[static_cast<std::size_t>(i) + 6] = static_cast<std::uint8_t>(from >> (40 - 8 * i));
  }
  StoreBe16(&frame[12], v6 ? kEtherIp6 : kEtherIp);
  frame.insert(frame.end(), p.bytes.begin(), p.bytes.end());
  return frame;
}

}  // namespace

TraceResult Engine::Trace(const TraceRequest& request, TimePoint now) {
  std::vector<std::uint8_t> bytes = request.bytes.empty() ? BytesOf(request) : request.bytes;
  Packet p;
  p.bytes = bytes;
  p.wire_length = static_cast<std::uint32_t>(bytes.size());
  p.ingress = request.ingress;
  if (request.ingress == IfId::kIdentity) p.egress_hint = request.egress_hint;
  if (request.ingress != IfId::kIdentity && request.dmac == 0) TakeMember(*impl_, p, now);
  Impl& e = *impl_;
  const Interface* in = e.policy->Find(request.ingress);
  e.bypass_checks = request.bypass_checks;
  e.decrypted = request.decrypted;
  TraceResult result;
  if (request.transmit) {
    // It is no longer imagined: the packet goes its way, and what was decided about it is told.
    Disposition d;
    result = e.ProcessRecorded(p, now, d);
    if (result.allow && d.egress != IfId::kIdentity) e.originated.push_back({d.egress, {p.bytes.begin(), p.bytes.end()}});
  } else {
    const DryRun dry(e);
    if (in != nullptr && in->bridge.group != 0 && p.bvi == IfId::kAny && bytes.size() >= ((bytes[0] >> 4) == 6 ? 40u : 20u)) {
      result = TraceFrame(p, request.dmac, now);
    } else {
      Disposition d;
      result = e.ProcessRecorded(p, now, d);
    }
  }
  e.bypass_checks = e.decrypted = false;
  result.input = request.ingress;
  return result;
}

// A frame of a bridge group; what is for an interface that routes is then routed.
TraceResult Engine::TraceFrame(Packet& p, std::uint64_t dmac, TimePoint now) {
  Impl& e = *impl_;
  const BridgeGroup* group = e.policy->bridge.Of(p.ingress);
  const Interface* bvi = group != nullptr ? e.policy->Find(group->bvi) : nullptr;
  std::vector<std::uint8_t> bytes = FrameOf(e, p, bvi, dmac);
  Frame f;
  f.bytes = bytes;
  f.wire_length = static_cast<std::uint32_t>(bytes.size());
  f.group = group != nullptr ? group->number : 0;
  f.ingress = p.ingress;
  TraceResult result;
  result.input = p.ingress;
  result.policy = e.policy;
  TraceRecorder record(result);
  e.recorder = &record;
  RecordArrival(e, p.ingress);
  FrameDisposition frame;
  ProcessFrame(f, now, frame);
  Disposition d;
  d.action = frame.action != FrameDisposition::Action::kDrop || frame.consumed ? Disposition::Action::kAccept : Disposition::Action::kDrop;
  d.reason = frame.reason;
  d.flow_reason = frame.flow_reason;
  d.egress = frame.to_box ? IfId::kIdentity : frame.count != 0 ? frame.egress[0] : IfId::kAny;
  if (d.action == Disposition::Action::kAccept && frame.to_box && frame.count == 0 && bvi != nullptr && !bvi->nameif.empty()) {
    p.bvi = bvi->id;
    e.ProcessPacket(p, now, d);
  } else {
    const std::size_t length = std::min<std::size_t>(std::max<std::size_t>(frame.length, 14), bytes.size());
    p.bytes = MutableBytes(bytes).subspan(14, length - 14);
    ParsePacket(p);
  }
  e.recorder = nullptr;
  Conclude(result, p, d);
  result.elapsed_ns = record.ElapsedNs();
  return result;
}

}  // namespace sallyport
