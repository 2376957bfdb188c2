// To a client: a packet in a frame, the frame in a record of DTLS or TLS; what is too large is cut, or refused and its sender told.
#include <algorithm>
#include <cstring>
#include <utility>

#include "firewall/base/checksum.h"
#include "firewall/segment.h"
#include "firewall/tunnel_flow.h"
#include "vpn/anyconnect/lzs.h"
#include "vpn/anyconnect/ssl_plane.h"

namespace sallyport {
namespace {

constexpr Duration kTellSent = Duration::Seconds(5);
constexpr std::size_t kWireRoom = 256 * 1024;  // what may wait for a client's TCP
constexpr std::size_t kMostLowered = 64;       // flows of a client
constexpr std::uint8_t kTimeToLive = 64;

// As for ESP (vpn/data_plane_seal.cc).
bool MayTakePlace(const Packet& p) { return p.ingress != IfId::kIdentity && !p.v6 && p.bytes[0] == 0x45 && !p.fragment && !p.gso; }

bool ForbidsFragments(Bytes packet) { return packet[0] >> 4 == 6 || (packet[6] & 0x40) != 0; }

}  // namespace

// --- what fits -------------------------------------------------------------------------------------------------------------

// IPv6 is cut only by whoever sends it, and so is what says `don't fragment`, unless `df-bit-ignore` overrides that. The
// appliance's own stack does not know what is put around its packets.
bool SslPlane::MayCut(const Client& c, const Packet& p) {
  if (p.bytes[0] >> 4 != 4) return false;
  return p.ingress == IfId::kIdentity || c.is.df_bit_ignore || !ForbidsFragments(p.bytes);
}

// The kernel does not tell what a super-packet will be cut into. It is what its receiver has asked for, unless the sender has been told
// of a smaller size and has shown that it knows: what was refused came again, smaller.
bool SslPlane::HasLowered(Client& c, const Packet& p) const {
  for (Lowered& l : c.lowered) {
    if (l.src != p.key.src || l.dst != p.key.dst || l.sport != p.key.sport || l.dport != p.key.dport) continue;
    // Of a loss that nothing was said about a sender repeats one segment, never several at once.
    if (undo_ == nullptr && p.gso && p.seq == l.seq) l.proved = true;
    return l.proved;
  }
  return false;
}

void SslPlane::NoteRepeated(Client& c, const Packet& p) const {
  if (!p.IsTcp() || p.payload_length == 0 || p.gso || undo_ != nullptr) return;
  for (Lowered& l : c.lowered) {
    if (l.src == p.key.src && l.dst == p.key.dst && l.sport == p.key.sport && l.dport == p.key.dport && l.seq == p.seq) l.proved = true;
  }
}

void SslPlane::RememberRefused(Client& c, const Packet& p) const {
  if (!p.IsTcp() || undo_ != nullptr) return;
  const auto same = [&p](const Lowered& l) { return l.src == p.key.src && l.dst == p.key.dst && l.sport == p.key.sport && l.dport == p.key.dport; };
  std::erase_if(c.lowered, same);
  if (c.lowered.size() >= kMostLowered) c.lowered.erase(c.lowered.begin());
  c.lowered.push_back({p.key.src, p.key.dst, p.key.sport, p.key.dport, p.seq});
}

bool SslPlane::TooBig(TunnelId t, const Packet& p, TimePoint now) {
  Client* const c = Find(t);
  if (c == nullptr || p.bytes.size() < 20) return false;
  const auto mtu = static_cast<std::uint32_t>(std::max(c->Mtu(), 0));
  const std::uint32_t size = p.LargestOnWire();
  if (p.gso && (!p.IsTcp() || p.segment_size == 0)) return false;
  if (size <= mtu) {
    if (!c->lowered.empty()) NoteRepeated(*c, p);
    return false;
  }
  if (MayCut(*c, p) || (p.gso && HasLowered(*c, p))) return false;
  RememberRefused(*c, p);
  if (MayTell(c->told_sent, kTellSent, now)) {
    log_.Log(now, Msg::k722036, std::string_view(c->is.group), std::string_view(c->is.user), LogArg::Address(c->is.peer), LogArg::Number(size),
             LogArg::Number(mtu));
  }
  if (Tunnel* const out = c->Out(); out != nullptr && undo_ == nullptr) out->use->dropped_out.fetch_add(1, std::memory_order_relaxed);
  return true;
}

// --- records ---------------------------------------------------------------------------------------------------------------

void SslPlane::Count(Tunnel& t, std::size_t size, TimePoint now) {
  SslActivity& a = *t.use;
  a.last_out_ns.store(now.ns, std::memory_order_relaxed);
  a.packets_out.fetch_add(1, std::memory_order_relaxed);
  a.bytes_out.fetch_add(size, std::memory_order_relaxed);
}

// IPv4: no checksum, which the record does not need. IPv6 wants one.
std::size_t SslPlane::PutOuter(const Path& path, MutableBytes packet) {
  std::uint8_t* const b = packet.data();
  const std::size_t head = OuterSize(path) - 8, payload = packet.size() - head;
  std::memset(b, 0, head + 8);
  if (head == 20) {
    b[0] = 0x45;
    StoreBe16(b + 2, static_cast<std::uint16_t>(packet.size()));
    StoreBe16(b + 4, ip_id_++);
    b[6] = 0x40;  // the MTU has been worked out for the path: whoever narrows it shall say so
    b[8] = kTimeToLive;
    b[9] = static_cast<std::uint8_t>(IpProtocol::kUdp);
    StoreBe32(b + 12, path.local.v4());
    StoreBe32(b + 16, path.peer.v4());
    StoreBe16(b + 10, ChecksumFinish(ChecksumAdd(Bytes(packet).first(20))));
  } else {
    b[0] = 0x60;
    StoreBe16(b + 4, static_cast<std::uint16_t>(payload));
    b[6] = static_cast<std::uint8_t>(IpProtocol::kUdp);
    b[7] = kTimeToLive;
    StoreBe64(b + 8, path.local.hi());
    StoreBe64(b + 16, path.local.lo());
    StoreBe64(b + 24, path.peer.hi());
    StoreBe64(b + 32, path.peer.lo());
  }
  std::uint8_t* const udp = b + head;
  StoreBe16(udp, path.local_port);
  StoreBe16(udp + 2, path.peer_port);
  StoreBe16(udp + 4, static_cast<std::uint16_t>(payload));
  if (head != 20) {
    const auto pseudo = PseudoHeaderSum(path.local, path.peer, static_cast<std::uint8_t>(IpProtocol::kUdp), static_cast<std::uint32_t>(payload));
    const std::uint16_t sum = ChecksumFinish(ChecksumAdd(Bytes(packet).subspan(head), pseudo));
    StoreBe16(udp + 6, sum == 0 ? std::uint16_t{0xffff} : sum);
  }
  return packet.size();
}

bool SslPlane::Record(Dtls& d, Bytes plain, std::vector<std::uint8_t>& packet) {
  const std::size_t head = OuterSize(d.path);
  packet.resize(head + plain.size() + static_cast<std::size_t>(d.channel->overhead()));
  const std::size_t size = d.channel->Seal(plain, MutableBytes(packet).subspan(head));
  if (size == 0) return false;
  packet.resize(head + size);
  PutOuter(d.path, packet);
  return true;
}

void SslPlane::Answer(Client& c) {
  Dtls& d = *c.dtls;
  const std::size_t head = OuterSize(d.path);
  for (;;) {
    packed_.resize(head + 2048);
    const std::size_t size = d.channel->TakeDatagram(MutableBytes(packed_).subspan(head));
    if (size == 0) return;
    const MutableBytes whole = MutableBytes(packed_).first(head + size);
    PutOuter(d.path, whole);
    engine_.Originate({d.at, {whole.begin(), whole.end()}, kOnTheWire});
  }
}

bool SslPlane::SendDtls(Client& c, CstpType type, Bytes payload) {
  if (!c.dtls) return false;
  std::vector<std::uint8_t> plain(payload.size() + 1), packet;
  plain[0] = static_cast<std::uint8_t>(type);
  std::copy(payload.begin(), payload.end(), plain.begin() + 1);
  if (!Record(*c.dtls, plain, packet)) return false;
  engine_.Originate({c.dtls->at, std::move(packet), kOnTheWire});
  return true;
}

bool SslPlane::SendTls(Client& c, CstpType type, Bytes payload) {
  if (!c.tls || payload.size() > kTlsRecord - kCstpHeader || c.tls->channel.pending() > kWireRoom) return false;
  std::vector<std::uint8_t> plain(kCstpHeader + payload.size());
  PutCstpHeader(plain, type, payload.size());
  std::copy(payload.begin(), payload.end(), plain.begin() + kCstpHeader);
  if (!c.tls->channel.Write(plain)) return false;
  MakeDirty(*c.tls);
  return true;
}

// --- packets ---------------------------------------------------------------------------------------------------------------

// `packet` lies behind kCstpHeader octets that may be written over.
Sealed SslPlane::SealTls(Client& c, MutableBytes packet, TimePoint now) {
  Tls& t = *c.tls;
  MutableBytes frame(packet.data() - kCstpHeader, kCstpHeader + packet.size());
  CstpType type = CstpType::kData;
  if (c.is.tls == VpnCompression::kDeflate && !t.no_deflate) {
    if (!t.deflate_out) t.deflate_out = std::make_unique<CstpDeflate>();
    packed_.resize(kCstpHeader + CstpDeflate::Bound(packet.size()));
    const std::size_t size = t.deflate_out->Pack(packet, MutableBytes(packed_).subspan(kCstpHeader));
    if (size == 0) return Sealed::kFailed;
    type = CstpType::kCompressed;
    frame = MutableBytes(packed_).first(kCstpHeader + size);
  } else if (c.is.tls == VpnCompression::kLzs && packet.size() >= kLzsShortest) {
    packed_.resize(kCstpHeader + packet.size());
    if (const std::size_t size = LzsCompress(packet, MutableBytes(packed_).subspan(kCstpHeader, packet.size() - 1)); size != 0) {
      type = CstpType::kCompressed;
      frame = MutableBytes(packed_).first(kCstpHeader + size);
    }
  }
  PutCstpHeader(frame, type, frame.size() - kCstpHeader);
  if (!t.channel.Write(frame)) {
    t.no_deflate = t.no_deflate || t.deflate_out != nullptr;
    return t.channel.state() == TlsChannel::State::kOpen ? Sealed::kBusy : Sealed::kFailed;
  }
  MakeDirty(t);
  NoteBusy(now);
  Count(t, packet.size(), now);
  return Sealed::kSent;
}

// `packet` lies behind an octet that may be written over. What is to be sealed, in `packed_` if it has been compressed.
static Bytes DtlsFrame(VpnCompression how, MutableBytes packet, std::vector<std::uint8_t>& packed) {
  if (how == VpnCompression::kLzs && packet.size() >= kLzsShortest) {
    packed.resize(packet.size() + 1);
    if (const std::size_t size = LzsCompress(packet, MutableBytes(packed).subspan(1, packet.size() - 1)); size != 0) {
      packed[0] = static_cast<std::uint8_t>(CstpType::kCompressed);
      return Bytes(packed).first(size + 1);
    }
  }
  std::uint8_t* const frame = packet.data() - 1;
  *frame = static_cast<std::uint8_t>(CstpType::kData);
  return Bytes(frame, packet.size() + 1);
}

bool SslPlane::SealDtls(Client& c, MutableBytes packet, std::vector<OriginatedPacket>& out, TimePoint now) {
  Dtls& d = *c.dtls;
  std::vector<std::uint8_t> bytes;
  if (!Record(d, DtlsFrame(c.is.dtls, packet, packed_), bytes)) return false;
  out.push_back({d.at, std::move(bytes), kOnTheWire});
  c.sent_in = batch_;
  Count(d, packet.size(), now);
  return true;
}

bool SslPlane::SealDtlsInPlace(Client& c, Packet& inner, TimePoint now) {
  Dtls& d = *c.dtls;
  const std::size_t size = inner.bytes.size(), head = OuterSize(d.path);
  const Bytes frame = DtlsFrame(c.is.dtls, inner.bytes, packed_);
  // The channel has taken the frame before it writes: it may be written over.
  const MutableBytes buffer(inner.bytes.data() - inner.headroom, inner.headroom + size + inner.tailroom);
  const std::size_t sealed = d.channel->Seal(frame, buffer.subspan(head));
  if (sealed == 0) return false;
  const MutableBytes whole = buffer.first(head + sealed);
  PutOuter(d.path, whole);
  inner.tailroom = static_cast<std::uint32_t>(buffer.size() - whole.size());
  inner.headroom = 0;
  inner.bytes = whole;
  Count(d, size, now);
  return true;
}

// Segments of a TCP super-packet, or fragments.
Sealed SslPlane::SealPieces(Client& c, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out) {
  Sealed how = Sealed::kSent;
  std::size_t size = 0;
  const auto room = [&](std::size_t wanted) {
    size = wanted;
    if (out_.size() < kCstpHeader + wanted) out_.resize(kCstpHeader + wanted);
    return MutableBytes(out_).subspan(kCstpHeader, wanted);
  };
  const auto done = [&] {
    if (how != Sealed::kSent) return;
    const MutableBytes packet = MutableBytes(out_).subspan(kCstpHeader, size);
    if (!c.by_dtls) how = SealTls(c, packet, now);
    else if (!SealDtls(c, packet, out, now)) how = Sealed::kFailed;
  };
  const auto mtu = static_cast<std::size_t>(std::max(c.Mtu(), 0));
  if (inner.gso) {
    const std::size_t options = inner.payload_offset - inner.l4_offset - 20;
    std::size_t most = mtu > inner.payload_offset ? mtu - inner.payload_offset : 0;
    if (inner.segment_size > options + 1) most = std::min<std::size_t>(most, inner.segment_size - options);
    return SegmentTcp(inner, most, room, done) ? how : Sealed::kFailed;
  }
  if (inner.bytes[0] >> 4 != 4) return Sealed::kFailed;
  // What says that it may not be cut often has no identification; its pieces need one to find each other.
  if (LoadBe16(inner.bytes.data() + 4) == 0) StoreBe16(inner.bytes.data() + 4, static_cast<std::uint16_t>(ip_id_++ | 1));
  return FragmentIpv4(inner.bytes, mtu, room, done) ? how : Sealed::kFailed;
}

Sealed SslPlane::Seal(TunnelId id, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out) {
  Client* const found = Find(id);
  if (found == nullptr || found->ended || found->Out() == nullptr) return Sealed::kNoSa;
  Client& c = *found;
  const std::size_t size = inner.bytes.size();
  if (!inner.Whole() || size < 20 || (inner.gso && !inner.IsTcp())) return Sealed::kFailed;
  const bool fits = !inner.gso && size <= static_cast<std::size_t>(std::max(c.Mtu(), 0));
  // Of a super-packet's segments it has been asked before it was translated (TunnelFits).
  if (!fits && !inner.gso && TooBig(id, inner, now)) return Sealed::kTooBig;
  const auto counted = [&](Sealed how) {
    if (how != Sealed::kSent && how != Sealed::kReplaced && undo_ == nullptr) c.Out()->use->dropped_out.fetch_add(1, std::memory_order_relaxed);
    return how;
  };
  if (!c.by_dtls && c.tls->channel.pending() > kWireRoom) return counted(Sealed::kBusy);
  if (undo_ != nullptr) return Sealed::kReplaced;  // imagined: it stays as it is, and no record is used up
  if (!inner.gso && inner.checksum_pending) {
    CompleteChecksum(inner);
    inner.checksum_pending = false;
  }
  if (!fits) return counted(SealPieces(c, inner, now, out));
  const std::size_t front = c.by_dtls ? 1 : kCstpHeader;
  if (c.by_dtls && MayTakePlace(inner) && c.dtls->path.local.IsV4() && c.sent_in != batch_ && c.dtls->at == c.is.at && inner.headroom >= front &&
      inner.headroom + inner.tailroom >= OuterSize(c.dtls->path) + 1 + static_cast<std::size_t>(c.dtls->channel->overhead())) {
    return counted(SealDtlsInPlace(c, inner, now) ? Sealed::kReplaced : Sealed::kFailed);
  }
  MutableBytes packet = inner.bytes;
  if (inner.headroom < front) {
    if (out_.size() < kCstpHeader + size) out_.resize(kCstpHeader + size);
    packet = MutableBytes(out_).subspan(kCstpHeader, size);
    std::memcpy(packet.data(), inner.bytes.data(), size);
  }
  if (!c.by_dtls) return counted(SealTls(c, packet, now));
  return counted(SealDtls(c, packet, out, now) ? Sealed::kSent : Sealed::kFailed);
}

}  // namespace sallyport
