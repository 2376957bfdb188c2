// From a client: frames out of records of TLS and DTLS, what they ask, and packets on their way to the engine.
#include <algorithm>
#include <cstring>
#include <utility>

#include "firewall/policy.h"
#include "vpn/anyconnect/lzs.h"
#include "vpn/anyconnect/ssl_plane.h"

namespace sallyport {
namespace {

constexpr Duration kTellBad = Duration::Seconds(1);
constexpr Duration kTellLarge = Duration::Seconds(5);
constexpr std::size_t kRecordHeader = 13;  // type, version, epoch, sequence number, length
constexpr std::uint8_t kAlert = 21;
constexpr std::size_t kLongestText = 256;  // of DISCONNECT
constexpr int kLeastPath = 576;
constexpr std::uint8_t kMostByes = 16;            // of a tunnel; the control thread ends it after the first
constexpr int kMostKeys = 64;                     // changes in what is read at once
constexpr std::size_t kMostPending = 1024 * 1024;  // octets of TLS's own that a client does not read: data stops long before

// A record that only the channel of a connection can be meant by: not one of a handshake that begins.
bool IsOfConnection(Bytes record) {
  return record.size() >= kRecordHeader && record[0] >= 20 && record[0] <= 23 && (LoadBe16(&record[3]) != 0 || record[0] == kAlert);
}
bool IsWholeDatagram(Bytes datagram) {
  return datagram.size() >= kRecordHeader && kRecordHeader + LoadBe16(&datagram[11]) == datagram.size();
}

// The length that its header says, 0 if it is no IP packet or has not got it.
std::size_t LengthOfPacket(Bytes b) {
  if (b.size() < 20) return 0;
  if (b[0] >> 4 == 4) {
    const std::size_t head = static_cast<std::size_t>(b[0] & 15) * 4, length = LoadBe16(&b[2]);
    return head >= 20 && length >= head && length <= b.size() ? length : 0;
  }
  if (b[0] >> 4 != 6 || b.size() < 40) return 0;
  const std::size_t length = std::size_t{40} + LoadBe16(&b[4]);
  return length <= b.size() ? length : 0;
}

// What of a datagram is UDP's payload, cut to the length that its header says.
MutableBytes PayloadOf(const Packet& p) {
  const std::size_t at = p.l4_offset, length = at + 8 <= p.bytes.size() ? LoadBe16(p.bytes.data() + at + 4) : 0;
  if (length < 8 || at + length > p.bytes.size()) return {};
  return p.bytes.subspan(at + 8, length - 8);
}

std::uint64_t Add(std::atomic<std::uint64_t>& to, std::uint64_t n) { return to.fetch_add(n, std::memory_order_relaxed); }

}  // namespace

bool SslPlane::MayTell(std::optional<TimePoint>& last, Duration pause, TimePoint now) const {
  if (undo_ != nullptr || (last && now - *last < pause)) return false;
  last = now;
  return true;
}

bool SslPlane::Terminates(const Packet& p) const {
  if (dtls_port_ == 0 || !p.IsUdp() || by_path_.empty()) return false;
  if (!IsOfConnection(Bytes(p.bytes).subspan(std::min<std::size_t>(p.payload_offset, p.bytes.size())))) return false;
  return by_path_.contains(Path{p.key.dst, p.key.src, p.key.dport, p.key.sport});
}

// --- DTLS ------------------------------------------------------------------------------------------------------------------

SslPlane::Inner SslPlane::Open(Packet& outer, TimePoint now) {
  Inner inner;
  inner.consumed = true;
  const auto at = by_path_.find(Path{outer.key.dst, outer.key.src, outer.key.dport, outer.key.sport});
  const MutableBytes datagram = outer.Whole() ? PayloadOf(outer) : MutableBytes();
  if (at == by_path_.end() || datagram.empty() || undo_ != nullptr) {  // an imagined one cannot have been made by the client
    inner.consumed = false;
    inner.drop = FrameDrop::kMpSvcBadFraming;
    return inner;
  }
  Client& c = *at->second;
  MutableBytes packet;
  bool more = !IsWholeDatagram(datagram);
  const bool is_packet = OpenRecord(c, datagram, datagram, packet, inner, more, now);
  if (is_packet && packet.data() != nullptr && inner.drop == FrameDrop::kNone && inner.flow_drop == FlowDrop::kNone) {
    // What was expanded lies elsewhere; there is always room for it in a buffer of the queue.
    const std::size_t room = outer.bytes.size() + outer.tailroom;
    if (packet.data() < outer.bytes.data() || packet.data() >= outer.bytes.data() + room) {
      if (packet.size() > room) {
        later_.push_back({{packet.begin(), packet.end()}, inner, now});
        inner = {};
        inner.consumed = true;
        packet = {};
      } else {
        std::memcpy(outer.bytes.data(), packet.data(), packet.size());
        packet = MutableBytes(outer.bytes.data(), packet.size());
      }
    }
    if (!packet.empty()) {
      const auto before = static_cast<std::uint32_t>(packet.data() - outer.bytes.data());
      outer.headroom += before;
      outer.tailroom = static_cast<std::uint32_t>(room - before - packet.size());
      outer.bytes = packet;
    }
  }
  if (more && c.dtls) OpenRest(c, now);
  return inner;
}

void SslPlane::OpenMany(Packet& outer, TimePoint now, const std::function<void(MutableBytes, const Inner&)>& inner) {
  // The queue of DTLS is not one of super-packets; what comes as one all the same is several datagrams, of which a record tells its length.
  const auto at = by_path_.find(Path{outer.key.dst, outer.key.src, outer.key.dport, outer.key.sport});
  MutableBytes rest = outer.Whole() && at != by_path_.end() && undo_ == nullptr ? outer.bytes.subspan(outer.payload_offset) : MutableBytes();
  Client* const c = at != by_path_.end() ? at->second : nullptr;
  while (rest.size() >= kRecordHeader && c->dtls) {
    const std::size_t size = std::min(rest.size(), kRecordHeader + LoadBe16(&rest[11]));
    const MutableBytes record = rest.first(size);
    rest = rest.subspan(size);
    MutableBytes packet;
    Inner i;
    bool more = false;
    if (OpenRecord(*c, record, record, packet, i, more, now)) inner(packet, i);
  }
}

bool SslPlane::OpenRecord(Client& c, Bytes datagram, MutableBytes room, MutableBytes& packet, Inner& inner, bool& more, TimePoint now) {
  std::size_t size = 0;
  const DtlsChannel::Got got = c.dtls->channel->Open(datagram, room, size);
  inner = {};
  inner.consumed = true;
  Answer(c);
  switch (got) {
    case DtlsChannel::Got::kNothing: more = false; return false;
    case DtlsChannel::Got::kClosed:
      more = false;
      DtlsGone(c);
      return false;
    case DtlsChannel::Got::kRecord: break;
  }
  Add(c.dtls->use->frames_in, 1);
  if (size == 0) {
    inner.consumed = false;
    inner.drop = FrameDrop::kMpSvcBadLength;
    inner.at = c.is.at;
    packet = {};
    return true;
  }
  return TakeFrame(c, SslWay::kDtls, room[0], room.subspan(1, size - 1), packet, inner, now);
}

void SslPlane::OpenRest(Client& c, TimePoint now) {
  bool more = true;
  for (int i = 0; more && i < 64 && c.dtls; i++) {
    MutableBytes packet;
    Inner inner;
    if (OpenRecord(c, {}, in_, packet, inner, more, now)) later_.push_back({{packet.begin(), packet.end()}, inner, now});
  }
}

// What does not come in a packet of the queue.
void SslPlane::OpenLate(Client& c, Bytes datagram, TimePoint now) {
  const Dtls* const d = c.dtls.get();
  MutableBytes packet;
  Inner inner;
  bool more = true;
  if (OpenRecord(c, datagram, in_, packet, inner, more, now)) engine_.ProcessInner(packet, inner, now);
  if (more && c.dtls.get() == d) OpenRest(c, now);
}

// Behind what they came with: that is on its way now.
void SslPlane::Sent() {
  batch_++;
  if (later_.empty()) return;
  std::vector<Later> all = std::exchange(later_, {});
  for (Later& l : all) engine_.ProcessInner(l.packet, l.inner, l.now);
}

// --- TLS -------------------------------------------------------------------------------------------------------------------

void SslPlane::Receive(int socket, Bytes wire, TimePoint now) {
  Client* const c = OfSocket(socket);
  if (c == nullptr) return;
  NoteBusy(now);
  c->tls->channel.Feed(wire);
  if (!ReadTls(*c, now)) return;
  Tls& t = *c->tls;
  if (const int now_has = t.channel.handshakes(); now_has != t.handshakes) {
    if (now_has - t.handshakes > kMostKeys) return TlsGone(*c, "Too many key changes");
    t.handshakes = now_has;
    if (MayTell(c->told_keys, kTellBad, now)) Note(EventOf(*c, SslWay::kTls, SslEvent::What::kRekeyed));
  }
  if (t.channel.pending() > kMostPending) return TlsGone(*c, "Client does not read");
  if (t.channel.pending() != 0) MakeDirty(t);
}

bool SslPlane::ReadTls(Client& c, TimePoint now) {
  Tls* const t = c.tls.get();
  for (;;) {
    const Result<std::size_t> got = t->channel.Read(in_);
    if (!got) {
      TlsGone(c);
      return false;
    }
    if (*got == 0) return true;
    const MutableBytes record = MutableBytes(in_).first(*got);
    Add(t->use->frames_in, 1);
    CstpFrame frame;
    const CstpError error = ReadCstp(record, frame);
    if (error != CstpError::kNone) return BadRecord(c, error, record, now);
    MutableBytes packet;
    Inner inner;
    if (TakeFrame(c, SslWay::kTls, frame.type, record.subspan(kCstpHeader, frame.payload.size()), packet, inner, now)) {
      engine_.ProcessInner(packet, inner, now);
      if (c.tls.get() != t) return false;
    }
  }
}

// What has no frame in it cannot be followed by one.
bool SslPlane::BadRecord(Client& c, CstpError error, Bytes record, TimePoint now) {
  Inner bad;
  bad.at = c.is.at;
  bad.drop = error == CstpError::kLength || error == CstpError::kShort ? FrameDrop::kMpSvcBadLength : FrameDrop::kMpSvcBadFraming;
  engine_.ProcessInner({}, bad, now);
  Add(c.tls->use->dropped_in, 1);
  SslEvent e = EventOf(c, SslWay::kTls, SslEvent::What::kBadFrame);
  switch (error) {
    case CstpError::kShort:
      e.error = SslEvent::Error::kShort;
      e.code = static_cast<std::uint32_t>(record.size());
      break;
    case CstpError::kVersion:
      e.error = SslEvent::Error::kVersion;
      e.code = record[3];
      e.expected = 1;
      break;
    case CstpError::kLength:
      e.error = SslEvent::Error::kLength;
      e.code = LoadBe16(&record[4]);
      e.expected = static_cast<std::uint32_t>(record.size() - kCstpHeader);
      break;
    default: e.error = SslEvent::Error::kFraming; break;
  }
  Note(std::move(e));
  TlsGone(c);
  return false;
}

// --- frames ----------------------------------------------------------------------------------------------------------------

bool SslPlane::TakeFrame(Client& c, SslWay way, std::uint8_t type, MutableBytes payload, MutableBytes& packet, Inner& inner, TimePoint now) {
  inner = {};
  inner.at = c.is.at;
  inner.tunnel = c.id;
  Tunnel& t = way == SslWay::kTls ? static_cast<Tunnel&>(*c.tls) : *c.dtls;
  const auto refuse = [&](FrameDrop why) {
    Add(t.use->dropped_in, 1);
    inner.drop = why;
    packet = {};
    return true;
  };
  switch (static_cast<CstpType>(type)) {
    case CstpType::kCompressed:
      if (!Expand(c, way, payload)) return refuse(FrameDrop::kMpSvcDecompresError);
      [[fallthrough]];
    case CstpType::kData:
      packet = payload;
      CheckInner(c, way, packet, inner, now);
      return !inner.consumed;
    case CstpType::kDpdRequest:
      inner.consumed = true;
      if (way == SslWay::kTls) SendTls(c, CstpType::kDpdResponse, payload);
      else SendDtls(c, CstpType::kDpdResponse, payload);
      return false;
    case CstpType::kDpdResponse:
    case CstpType::kKeepalive: inner.consumed = true; return false;
    case CstpType::kDisconnect:
      inner.consumed = true;
      TakeBye(c, way, payload);
      return false;
    case CstpType::kTerminate: break;  // only we say that
  }
  if (MayTell(c.told_bad, kTellBad, now)) {
    SslEvent e = EventOf(c, way, SslEvent::What::kBadFrame);
    e.error = SslEvent::Error::kUnknownType;
    e.code = type;
    Note(std::move(e));
  }
  return refuse(FrameDrop::kMpSvcUnknownType);
}

bool SslPlane::Expand(Client& c, SslWay way, MutableBytes& payload) {
  const VpnCompression how = way == SslWay::kTls ? c.is.tls : c.is.dtls;
  expanded_.resize(kTlsRecord);
  std::size_t size = 0;
  bool done = false;
  if (how == VpnCompression::kLzs) {
    done = LzsExpand(payload, expanded_, size);
  } else if (how == VpnCompression::kDeflate && way == SslWay::kTls) {
    if (!c.tls->deflate_in) c.tls->deflate_in = std::make_unique<CstpDeflate>();
    done = c.tls->deflate_in->Unpack(payload, expanded_, size);
  }
  payload = MutableBytes(expanded_).first(done ? size : 0);
  return done;
}

void SslPlane::CheckInner(Client& c, SslWay way, MutableBytes& packet, Inner& inner, TimePoint now) {
  Tunnel& t = way == SslWay::kTls ? static_cast<Tunnel&>(*c.tls) : *c.dtls;
  const std::size_t length = LengthOfPacket(packet);
  if (length == 0) {
    Add(t.use->dropped_in, 1);
    inner.drop = FrameDrop::kMpSvcBadLength;
    return;
  }
  packet = packet.first(length);
  const bool v4 = packet[0] >> 4 == 4;
  const IpAddress src = v4 ? IpAddress::FromV4Bytes(&packet[12]) : IpAddress::FromV6Bytes(&packet[8]);
  if (src != (v4 ? c.is.assigned : c.is.assigned6) || src.IsNone()) {
    Add(t.use->dropped_in, 1);
    if (src.IsV6LinkLocal()) inner.consumed = true;  // every adapter says such things
    else inner.flow_drop = FlowDrop::kSvcSelectorFailure;
    return;
  }
  const int mtu = way == SslWay::kTls ? c.is.tls_mtu : c.is.dtls_mtu;
  if (length > static_cast<std::size_t>(std::max(mtu, 0)) && MayTell(c.told_received, kTellLarge, now)) {
    log_.Log(now, Msg::k722035, std::string_view(c.is.group), std::string_view(c.is.user), LogArg::Address(c.is.peer),
             LogArg::Number(static_cast<std::int64_t>(length)), LogArg::Number(mtu));
  }
  SslActivity& use = *t.use;
  use.last_in_ns.store(now.ns, std::memory_order_relaxed);
  Add(use.packets_in, 1);
  Add(use.bytes_in, length);
  if (!std::exchange(t.heard, true)) Note(EventOf(c, way, SslEvent::What::kFirstData));
}

void SslPlane::TakeBye(Client& c, SslWay way, Bytes payload) {
  Tunnel& t = way == SslWay::kTls ? static_cast<Tunnel&>(*c.tls) : *c.dtls;
  if (t.byes >= kMostByes) return;
  t.byes++;
  SslEvent e = EventOf(c, way, SslEvent::What::kBye);
  if (!payload.empty()) {
    e.code = payload[0];
    for (const std::uint8_t octet : payload.subspan(1).first(std::min(payload.size() - 1, kLongestText))) {
      if (octet == 0) break;
      e.text.push_back(octet >= 0x20 && octet != 0x7f ? static_cast<char>(octet) : '?');  // it goes into a log
    }
  }
  Note(std::move(e));
}

// --- its path --------------------------------------------------------------------------------------------------------------

bool SslPlane::IcmpError(const Packet& error, Bytes quoted, TimePoint) {
  if (by_path_.empty() || quoted.size() < 28) return false;
  const bool v4 = quoted[0] >> 4 == 4;
  const std::size_t head = v4 ? static_cast<std::size_t>(quoted[0] & 15) * 4 : 40;
  if (v4 == error.v6 || head < 20 || quoted.size() < head + 8 || quoted[v4 ? 9 : 6] != static_cast<std::uint8_t>(IpProtocol::kUdp)) return false;
  const auto address = [&](std::size_t at4, std::size_t at6) { return v4 ? IpAddress::FromV4Bytes(&quoted[at4]) : IpAddress::FromV6Bytes(&quoted[at6]); };
  const auto at = by_path_.find(Path{address(12, 8), address(16, 24), LoadBe16(&quoted[head]), LoadBe16(&quoted[head + 2])});
  if (at == by_path_.end()) return false;
  Client& c = *at->second;
  const bool too_big = v4 ? error.icmp_type == 3 && error.icmp_code == 4 : error.icmp_type == 2;
  if (!too_big || undo_ != nullptr || error.l4_offset + 8u > error.bytes.size()) return true;
  const int told = v4 ? LoadBe16(error.l4() + 6) : static_cast<int>(std::min<std::uint32_t>(LoadBe32(error.l4() + 4), 0xffff));
  const int path = std::max(told != 0 ? told : kLeastPath, kLeastPath);
  if (path >= c.is.mtu.base_mtu || c.is.mtu.dtls == nullptr) return true;
  c.is.mtu.base_mtu = path;
  const int mtu = DtlsMtuOf(c.is.mtu);
  if (mtu >= c.is.dtls_mtu) return true;
  c.is.dtls_mtu = mtu;
  c.lowered.clear();
  SslEvent e = EventOf(c, SslWay::kDtls, SslEvent::What::kMtuLowered);
  e.mtu = mtu;
  Note(std::move(e));
  return true;
}

}  // namespace sallyport
