// To a peer: ESP around a packet in its own place, or around copies of it where it must be cut or may not be replaced.
#include <algorithm>
#include <cstring>
#include <utility>

#include "firewall/segment.h"
#include "firewall/tunnel_flow.h"
#include "vpn/data_plane.h"

namespace sallyport {
namespace {

constexpr std::uint64_t kSoftPercent = 90;               // of a lifetime in kilobytes, from which on a new pair is asked for
constexpr std::uint32_t kSoftSequence = 0xc0000000;      // and of the sequence numbers

bool DontFragment(Bytes inner) { return inner[0] >> 4 == 6 || (inner[6] & 0x40) != 0; }

// The kernel can be given another packet only in the place of an IPv4 packet without options that is no fragment and no super-packet
// (firewall/host/README.md), and of the appliance's own packets it has chosen the way already.
bool MayBeReplaced(const Packet& p) {
  return p.ingress != IfId::kIdentity && !p.v6 && p.bytes[0] == 0x45 && !p.fragment && !p.gso;
}

}  // namespace

void DataPlane::NoteUse(SaPair& s, std::uint64_t bytes, std::uint32_t sequence) {
  const std::uint64_t limit = s.sa->kilobytes.interval * 1024;
  const bool soft = (limit != 0 && bytes >= limit / 100 * kSoftPercent) || sequence >= kSoftSequence;
  if (!soft || s.retired || undo_ != nullptr) return;
  TunnelEvent e;
  e.spi_in = s.sa->spi_in;
  if (!s.rekey_asked) {
    s.rekey_asked = true;
    e.what = TunnelEvent::What::kRekey;
    Note(std::move(e));
  } else if (!s.expiry_told && ((limit != 0 && bytes >= limit) || sequence == 0xffffffff)) {
    s.expiry_told = true;
    e.what = TunnelEvent::What::kExpired;
    Note(std::move(e));
  }
}

std::size_t DataPlane::WrappedSize(const SaPair& s, std::size_t payload) const {
  if (s.sa->transport) return payload + (s.path.udp ? 8 : 0) + s.sealer.Overhead(payload - 20);
  return FrontOf(s) + s.sealer.shape().Size(payload) + BackOf(s);
}

bool DataPlane::Wrap(SaPair& s, MutableBytes buffer, std::size_t at, std::size_t size, MutableBytes& whole) {
  if (s.sa->transport) return SealTransport(s.sealer, s.path.udp, s.path.local_port, s.path.peer_port, buffer, at, size, whole);
  const InnerMarks marks = MarksOf(Bytes(buffer).subspan(at, size));
  const std::uint8_t next = buffer[at] >> 4 == 6 ? 41 : 4;
  MutableBytes esp;
  if (!s.sealer.Seal(next, buffer, at, size, esp)) return false;
  if (IsTcp(s)) {
    whole = tcp_.WrapEsp(TcpKeyOf(*s.sa), esp, marks.traffic_class, OuterDf(s.path, marks), ip_id_++);
    return !whole.empty();
  }
  whole = WriteOuter(s.path, marks, ip_id_++, esp);
  return true;
}

void DataPlane::Count(SaPair& s, Tunnel& t, std::size_t payload, TimePoint now) {
  t.counters.encapsulated++;
  t.counters.encrypted++;
  t.counters.digested++;
  s.encrypts.packets++;
  s.bytes_out += payload;
  SaActivity& a = *s.sa->activity;
  a.last_out_ns.store(now.ns, std::memory_order_relaxed);
  a.packets_out.fetch_add(1, std::memory_order_relaxed);
  a.bytes_out.fetch_add(payload, std::memory_order_relaxed);
  NoteUse(s, s.bytes_out, s.sealer.sequence());
}

MutableBytes DataPlane::Begin(const SaPair& s, std::size_t size) {
  piece_.bytes.assign(WrappedSize(s, size), 0);
  piece_.at = s.sa->transport ? (s.path.udp ? 8 : 0) + s.sealer.shape().Front() : FrontOf(s) + s.sealer.shape().Front();
  piece_.size = size;
  return MutableBytes(piece_.bytes).subspan(piece_.at, size);
}

bool DataPlane::Finish(SaPair& s, Tunnel& t, std::vector<OriginatedPacket>& out) {
  MutableBytes whole;
  if (!Wrap(s, piece_.bytes, piece_.at, piece_.size, whole) || whole.size() != piece_.bytes.size()) return false;
  out.push_back({s.sa->at, std::move(piece_.bytes), kOnTheWire});
  t.sent_in = batch_;
  return true;
}

// IPv6 is cut only by whoever sends it, and so is what says `don't fragment`, unless `clear-df` overrides that. The appliance's own stack
// does not know what is put around its packets: those are cut whatever they say.
bool DataPlane::MayCut(const SaPair& s, const Packet& inner) {
  if (inner.gso) return true;
  if (!s.path.local.IsV4()) return false;
  if (inner.ingress == IfId::kIdentity) return true;
  return inner.bytes[0] >> 4 == 4 && (!DontFragment(inner.bytes) || s.sa->df == DfPolicy::kClear);
}

bool DataPlane::TooBig(TunnelId id, const Packet& p, TimePoint now) {
  Tunnel* const t = table_.Find(id);
  if (t == nullptr || t->outbound == nullptr || p.bytes.size() < 20) return false;
  if (t->pmtu_until <= now) ForgetPathMtu(*t, now);
  const std::size_t size = std::max<std::size_t>(p.wire_length, p.bytes.size());
  if (size <= static_cast<std::size_t>(std::max(t->payload_mtu, 0)) || MayCut(*t->outbound, p)) return false;
  if (undo_ == nullptr) {
    t->counters.fragmentation_failed++;
    t->counters.pmtus_sent++;
  }
  return true;
}

// What is larger than fits: segments of a TCP super-packet, or fragments, before or after they are encrypted.
bool DataPlane::SealPieces(SaPair& s, Tunnel& t, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out) {
  bool sealed = true;
  const auto room = [&](std::size_t size) { return Begin(s, size); };
  const auto done = [&] {
    const std::size_t size = piece_.size;
    sealed = sealed && Finish(s, t, out);
    if (sealed) Count(s, t, size, now);
  };
  if (inner.gso) {
    const std::size_t options = inner.payload_offset - inner.l4_offset - 20;
    std::size_t most = static_cast<std::size_t>(std::max(t.payload_mtu, 0));
    most = most > inner.payload_offset ? most - inner.payload_offset : 0;
    if (inner.segment_size > options + 1) most = std::min<std::size_t>(most, inner.segment_size - options);
    return SegmentTcp(inner, most, room, done) && sealed;
  }
  if (s.sa->fragment_after || s.sa->transport || inner.bytes[0] >> 4 != 4) {
    const MutableBytes to = Begin(s, inner.bytes.size());
    std::memcpy(to.data(), inner.bytes.data(), to.size());
    std::vector<OriginatedPacket> whole;
    if (!Finish(s, t, whole)) return false;
    Count(s, t, inner.bytes.size(), now);
    const IfId at = whole.front().egress;
    std::vector<std::uint8_t> part;
    const bool cut = FragmentIpv4(
        whole.front().bytes, static_cast<std::size_t>(t.path_mtu),
        [&](std::size_t size) {
          part.assign(size, 0);
          return MutableBytes(part);
        },
        [&] {
          t.counters.fragments_created++;
          out.push_back({at, std::move(part), kOnTheWire});
        });
    (cut ? t.counters.fragmented_after : t.counters.fragmentation_failed_after)++;
    return cut;
  }
  const std::size_t before = out.size();
  // What says that it may not be cut often has no identification; its pieces need one to find each other.
  if (LoadBe16(inner.bytes.data() + 4) == 0) StoreBe16(inner.bytes.data() + 4, static_cast<std::uint16_t>(ip_id_++ | 1));
  const bool cut = t.payload_mtu > 0 && FragmentIpv4(inner.bytes, static_cast<std::size_t>(t.payload_mtu), room, done) && sealed;
  if (cut) t.counters.fragmented_before++;
  else t.counters.fragmentation_failed++;
  t.counters.fragments_created += out.size() - before;
  return cut;
}

Sealed DataPlane::Seal(TunnelId id, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out) {
  Tunnel* const t = table_.Find(id);
  if (t == nullptr || t->outbound == nullptr) {
    if (t != nullptr && undo_ == nullptr) t->counters.no_sa_sent++;
    return Sealed::kNoSa;
  }
  SaPair& s = *t->outbound;
  if (t->pmtu_until <= now) ForgetPathMtu(*t, now);
  const std::size_t size = inner.bytes.size();
  if (!inner.Whole() || size < 20 || (inner.gso && !inner.IsTcp())) return Sealed::kFailed;
  const bool fits = !inner.gso && size <= static_cast<std::size_t>(std::max(t->payload_mtu, 0));
  if (!fits && TooBig(id, inner, now)) return Sealed::kTooBig;
  if (undo_ != nullptr) return Sealed::kReplaced;  // imagined: it stays as it is
  const auto failed = [&] {
    t->counters.send_errors++;
    t->counters.encapsulation_failed++;
    s.sa->activity->dropped_out.fetch_add(1, std::memory_order_relaxed);
    return Sealed::kFailed;
  };
  if (!inner.gso && inner.checksum_pending) {
    CompleteChecksum(inner);
    inner.checksum_pending = false;
  }
  if (!fits) return SealPieces(s, *t, inner, now, out) ? Sealed::kSent : failed();
  const std::size_t front = FrontOf(s) + s.sealer.shape().Front();
  const std::size_t back = WrappedSize(s, size) - std::min(WrappedSize(s, size), front + size);
  if (MayBeReplaced(inner) && s.path.local.IsV4() && t->sent_in != batch_ && inner.headroom >= front && inner.tailroom >= back) {
    const MutableBytes buffer(inner.bytes.data() - inner.headroom, inner.headroom + size + inner.tailroom);
    MutableBytes whole;
    if (!Wrap(s, buffer, inner.headroom, size, whole)) return failed();
    Count(s, *t, size, now);
    inner.headroom = static_cast<std::uint32_t>(whole.data() - buffer.data());
    inner.tailroom = static_cast<std::uint32_t>(buffer.size() - inner.headroom - whole.size());
    inner.bytes = whole;
    return Sealed::kReplaced;
  }
  const MutableBytes to = Begin(s, size);
  std::memcpy(to.data(), inner.bytes.data(), size);
  if (!Finish(s, *t, out)) return failed();
  Count(s, *t, size, now);
  return Sealed::kSent;
}

}  // namespace sallyport
