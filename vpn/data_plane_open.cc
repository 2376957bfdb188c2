// From a peer: ESP is found, opened and checked against what was negotiated; and what ICMP says of our own outer packets.
#include <algorithm>
#include <utility>

#include "firewall/policy.h"
#include "vpn/data_plane.h"

namespace sallyport {
namespace {

// "0x00F81283": messages have SPIs with all their digits, and sequence numbers without zeros.
class SpiText {
 public:
  explicit SpiText(std::uint32_t spi) {
    for (int i = 9; i > 1; --i, spi >>= 4) text_[i] = "0123456789ABCDEF"[spi & 15];
  }
  std::string_view view() const { return {text_, sizeof text_}; }

 private:
  char text_[10] = {'0', 'x'};
};

constexpr Duration kTellAgain = Duration::Seconds(5);
constexpr Duration kSpiAgain = Duration::Seconds(1);
constexpr std::size_t kMostPeers = 1024;
constexpr int kLeastPathMtu = 256;  // syslog guide, 602103

std::string UserOf(const ChildSa& sa) { return sa.user.empty() ? sa.peer.address.ToString() : sa.user; }

// "10.1.0.0/255.255.0.0/0/0"
std::string ProxyText(const std::vector<TrafficSelector>& of) {
  if (of.empty()) return "N/A";
  const VpnSelector s = ShownSelector(of.front());
  const std::string mask = s.network.address.IsV4() ? MaskOf(s.network.FamilyLength()).ToString() : std::to_string(s.network.FamilyLength());
  return s.network.address.ToString() + "/" + mask + "/" + std::to_string(s.protocol) + "/" + std::to_string(s.port);
}

// The flow of an inner packet as far as its selectors go. `ports`: it has them. False: no IP packet.
bool ReadInner(Bytes b, TunnelFlow& f, bool& ports, std::size_t& length) {
  ports = false;
  if (b.size() < 20) return false;
  std::size_t at = 0;
  bool later = false;
  if (b[0] >> 4 == 4) {
    at = static_cast<std::size_t>(b[0] & 15) * 4;
    length = LoadBe16(&b[2]);
    if (at < 20 || length < at || length > b.size()) return false;
    f.src = IpAddress::FromV4Bytes(&b[12]);
    f.dst = IpAddress::FromV4Bytes(&b[16]);
    f.protocol = b[9];
    later = (LoadBe16(&b[6]) & 0x1fff) != 0;
  } else {
    if (b[0] >> 4 != 6 || b.size() < 40) return false;
    length = std::size_t{40} + LoadBe16(&b[4]);
    if (length > b.size()) return false;
    f.src = IpAddress::FromV6Bytes(&b[8]);
    f.dst = IpAddress::FromV6Bytes(&b[24]);
    f.protocol = b[6];
    at = 40;
    for (int seen = 0; seen < 8 && (f.protocol == 0 || f.protocol == 43 || f.protocol == 44 || f.protocol == 60); seen++) {
      if (at + 8 > length) return false;
      if (f.protocol == 44 && (LoadBe16(&b[at + 2]) & 0xfff8) != 0) later = true;
      const std::size_t size = f.protocol == 44 ? 8 : 8 + std::size_t{b[at + 1]} * 8;
      f.protocol = b[at];
      at += size;
    }
  }
  if (later || at + 4 > length || (f.protocol != 6 && f.protocol != 17 && f.protocol != 132)) return true;
  f.sport = LoadBe16(&b[at]);
  f.dport = LoadBe16(&b[at + 2]);
  ports = true;
  return true;
}

TunnelGate::Inner Dropped(FrameDrop why) {
  TunnelGate::Inner i;
  i.drop = why;
  return i;
}

}  // namespace

bool DataPlane::MayTell(Told what, TimePoint now) {
  if (undo_ != nullptr) return false;
  std::optional<TimePoint>& last = told_[static_cast<std::size_t>(what)];
  if (last && now - *last < kTellAgain) return false;
  last = now;
  return true;
}

bool DataPlane::Terminates(const Packet& p) const {
  const std::uint8_t esp = static_cast<std::uint8_t>(IpProtocol::kEsp);
  if (p.IsTcp()) {
    if (!tcp_.Listens(p.key.dport) || !AnswersIke(p.ingress, 500)) return false;
    const Interface* in = policy_->Find(p.ingress);
    return in != nullptr && !p.v6 && in->Owns(p.key.dst);
  }
  if (p.protocol != esp && !(p.IsUdp() && (p.key.dport == kNatTPort || (!udp_ports_.empty() && udp_ports_.contains(p.key.dport))))) return false;
  const Interface* in = policy_->Find(p.ingress);
  if (in == nullptr || !in->Owns(p.key.dst)) return false;
  if (p.protocol == esp) return AnswersIke(p.ingress, 500) || table_.pairs() != 0;
  if (p.key.dport == kNatTPort && !AnswersIke(p.ingress, kNatTPort)) return false;
  // Of a first fragment only the beginning is here: what is in the datagram will be seen when it is whole.
  const Bytes payload = Bytes(p.bytes).subspan(std::min<std::size_t>(p.payload_offset, p.bytes.size()));
  return p.key.dport != kNatTPort || payload.size() < 4 || LoadBe32(payload.data()) != 0;
}

void DataPlane::Reassembled(const Packet& outer) {
  if (undo_ != nullptr || outer.bytes.size() < outer.l4_offset + 8u) return;
  const std::size_t at = outer.l4_offset + (outer.IsUdp() ? 8u : 0u);
  if (at + 8 > outer.bytes.size()) return;
  if (SaPair* s = table_.BySpi(LoadBe32(outer.bytes.data() + at))) table_.Find(s->tunnel)->counters.reassembly_needed++;
}

DataPlane::Inner DataPlane::Open(Packet& outer, TimePoint now) {
  if (!outer.Whole()) return Dropped(FrameDrop::kUnexpectedPacket);
  if (outer.IsTcp()) return OpenTcp(outer, now);
  const bool udp = outer.IsUdp();
  const OuterPacket o = ReadOuter(outer.bytes, udp ? outer.key.dport : kNatTPort);
  const bool own_port = udp && outer.key.dport != kNatTPort;
  switch (o.what) {
    case OuterPacket::What::kKeepalive:
      if (undo_ != nullptr) return Dropped(own_port ? FrameDrop::kIpsecudpKeepalive : FrameDrop::kNattKeepalive);
      log_.Log(now, Msg::k710007, LogArg::Address(outer.key.src), LogArg::Number(outer.key.sport), LogArg::Address(outer.key.dst),
               LogArg::Number(outer.key.dport));
      return Dropped(own_port ? FrameDrop::kIpsecudpKeepalive : FrameDrop::kNattKeepalive);
    case OuterPacket::What::kIke:
    case OuterPacket::What::kShort:
    case OuterPacket::What::kNone:
      return Dropped(!udp ? FrameDrop::kBadIpsecProt : own_port ? FrameDrop::kBadIpsecUdp : FrameDrop::kBadIpsecNatt);
    case OuterPacket::What::kEsp: break;
  }
  return OpenEsp(outer, o.content, o.src, o.sport, o.traffic_class, now);
}

DataPlane::Inner DataPlane::UnknownSpi(const Packet& outer, std::uint32_t spi, std::uint32_t sequence, TimePoint now) {
  if (MayTell(Told::kInvalidSpi, now)) {
    log_.Log(now, Msg::k402114, SpiText(spi).view(), LogArg::Hex(sequence), LogArg::Address(outer.key.src), LogArg::Address(outer.key.dst));
  }
  if (undo_ == nullptr) {
    totals_.UnknownSpi();
    if (spi_told_.size() >= kMostPeers) std::erase_if(spi_told_, [now](const auto& s) { return now - s.second >= kSpiAgain; });
    const auto told = spi_told_.find(outer.key.src);
    const bool again = told == spi_told_.end() ? spi_told_.size() < kMostPeers : now - told->second >= kSpiAgain;
    if (again) {
      spi_told_[outer.key.src] = now;
      TunnelEvent e;
      e.what = TunnelEvent::What::kInvalidSpi;
      e.spi = spi;
      e.at = outer.ingress;
      e.local = {outer.key.dst, outer.key.dport};
      e.peer = {outer.key.src, outer.key.sport};
      Note(std::move(e));
    }
  }
  return Dropped(FrameDrop::kNpSpInvalidSpi);
}

DataPlane::Inner DataPlane::Failed(SaPair& s, Tunnel& t, EspOpener::Why why, std::uint32_t sequence, TimePoint now) {
  const ChildSa& sa = *s.sa;
  sa.activity->dropped_in.fetch_add(1, std::memory_order_relaxed);
  t.counters.receive_errors++;
  s.decrypts.bad_packets++;
  const bool replay = why == EspOpener::Why::kReplay;
  (replay ? t.counters.replay_failed : why == EspOpener::Why::kIcv ? t.counters.verify_failed
          : why == EspOpener::Why::kShort ? t.counters.invalid_length : t.counters.invalid_pad)++;
  if (replay || why == EspOpener::Why::kIcv) {
    if (!replay) s.decrypts.bad_crypto++;
    if (MayTell(replay ? Told::kReplay : Told::kAuthentication, now)) {
      log_.Log(now, replay ? Msg::k402119 : Msg::k402120, SpiText(sa.spi_in).view(), LogArg::Hex(sequence), LogArg::Address(sa.peer.address),
               std::string_view(UserOf(sa)), LogArg::Address(sa.local.address));
    }
    return Dropped(FrameDrop::kCtmError);
  }
  return Dropped(FrameDrop::kBadIpsecProt);
}

bool DataPlane::SelectorsHold(SaPair& s, Tunnel& t, Bytes inner, std::uint32_t sequence, TimePoint now) {
  TunnelFlow f;
  bool ports = false;
  std::size_t length = 0;
  (void)ReadInner(inner, f, ports, length);
  if (t.SelectsInbound(f, ports)) return true;
  s.decrypts.spoofed++;
  if (MayTell(Told::kSelector, now)) {
    const ChildSa& sa = *s.sa;
    log_.Log(now, Msg::k402116, SpiText(sa.spi_in).view(), LogArg::Hex(sequence), LogArg::Address(sa.peer.address), UserOf(sa),
             LogArg::Address(sa.local.address), LogArg::Address(f.dst), LogArg::Address(f.src), LogArg::Number(f.protocol),
             std::string_view(ProxyText(sa.key.local)), std::string_view(ProxyText(sa.key.remote)));
  }
  return false;
}

// A packet that is only imagined: what it changes here becomes again what it was.
void DataPlane::SaveForUndo(Tunnel& t, SaPair& s) {
  undo_->Add([&t, &s, counters = t.counters, decrypts = s.decrypts, window = s.opener.window(), bytes = s.bytes_in, heard = s.heard,
              rekey = s.rekey_asked, expiry = s.expiry_told] {
    t.counters = counters;
    s.decrypts = decrypts;
    s.opener.Restore(window);
    s.bytes_in = bytes;
    s.heard = heard;
    s.rekey_asked = rekey;
    s.expiry_told = expiry;
  });
}

DataPlane::Inner DataPlane::OpenEsp(Packet& outer, MutableBytes esp, IpAddress src, std::uint16_t sport, std::uint8_t traffic_class, TimePoint now) {
  if (esp.size() < 8) return Dropped(FrameDrop::kBadIpsecProt);
  const std::uint32_t spi = LoadBe32(esp.data()), sequence = LoadBe32(esp.data() + 4);
  SaPair* const s = table_.BySpi(spi);
  if (s == nullptr || s->path.local != outer.key.dst) return UnknownSpi(outer, spi, sequence, now);
  Tunnel& t = *table_.Find(s->tunnel);
  const ChildSa& sa = *s->sa;
  if (undo_ != nullptr) SaveForUndo(t, *s);
  s->decrypts.packets++;
  t.counters.decapsulated++;
  MutableBytes payload;
  std::uint8_t next = 4;
  if (sa.transport && outer.IsTcp()) return Dropped(FrameDrop::kBadIpsecProt);
  const EspOpener::Why why = sa.transport ? OpenTransport(s->opener, outer.bytes, payload) : s->opener.Open(esp, next, payload);
  if (why != EspOpener::Why::kOk) return Failed(*s, t, why, sequence, now);
  t.counters.decrypted++;
  t.counters.verified++;
  if (s->retired) {
    s->decrypts.rekey_packets++;
    s->decrypts.rekey_calls++;
  }
  if (undo_ == nullptr) {
    sa.activity->last_in_ns.store(now.ns, std::memory_order_relaxed);
    sa.activity->packets_in.fetch_add(1, std::memory_order_relaxed);
    sa.activity->bytes_in.fetch_add(payload.size(), std::memory_order_relaxed);
    if (!s->heard) {
      TunnelEvent e;
      e.what = TunnelEvent::What::kFirstPacket;
      e.spi_in = sa.spi_in;
      Note(std::move(e));
    }
    if (s->path.udp && (src != s->path.peer || sport != s->path.peer_port)) {
      TunnelEvent e;
      e.what = TunnelEvent::What::kMovedPeer;
      e.spi_in = sa.spi_in;
      e.peer = {src, sport};
      Note(std::move(e));
    }
  }
  s->heard = true;
  s->bytes_in += payload.size();
  NoteUse(*s, s->bytes_in, sequence);
  if (next == 59) {  // a dummy (RFC 4303 2.6)
    t.counters.tfc_received++;
    Inner i;
    i.consumed = true;
    return i;
  }
  TunnelFlow f;
  bool ports = false;
  std::size_t length = 0;
  const bool matches = payload.size() >= 20 && ((next == 4 && payload[0] >> 4 == 4) || (next == 41 && payload[0] >> 4 == 6));
  if (!matches || !ReadInner(payload, f, ports, length)) {
    s->decrypts.bad_packets++;
    t.counters.receive_errors++;
    (next == 4 || next == 41 ? t.counters.invalid_version : t.counters.invalid_protocol)++;
    return Dropped(FrameDrop::kBadIpsecProt);
  }
  payload = payload.first(length);  // what is behind it is to hide its length (RFC 4303 2.7)
  if (!SelectorsHold(*s, t, payload, sequence, now)) {
    t.counters.receive_errors++;
    t.counters.invalid_identity++;
    Inner i;
    i.flow_drop = FlowDrop::kIpsecSelectorFailure;
    return i;
  }
  if (!sa.transport && !DecapsulateEcn(payload, traffic_class)) return Dropped(FrameDrop::kUnexpectedPacket);
  outer.headroom += static_cast<std::uint32_t>(payload.data() - outer.bytes.data());
  outer.tailroom += static_cast<std::uint32_t>(outer.bytes.size() - payload.size()) - static_cast<std::uint32_t>(payload.data() - outer.bytes.data());
  outer.bytes = payload;
  Inner i;
  i.tunnel = t.id;
  i.at = sa.inside_hint != IfId::kAny ? sa.inside_hint : sa.at;
  return i;
}

void DataPlane::OpenMany(Packet& outer, TimePoint now, const std::function<void(MutableBytes, const Inner&)>& inner) {
  if (outer.IsTcp() && outer.Whole()) {
    std::vector<MutableBytes> esp;
    const Inner first = ReceiveTcp(outer, now, esp);
    if (first.drop != FrameDrop::kNone) inner({}, first);
    for (const MutableBytes piece : esp) {
      Packet one = outer;
      const Inner i = OpenTcpEsp(one, piece, now);
      inner(one.bytes, i);
    }
    return;
  }
  const OuterPacket o = ReadOuter(outer.bytes, outer.key.dport);
  std::vector<MutableBytes> pieces;
  const auto known = [](const void* table, std::uint32_t spi) { return static_cast<const TunnelTable*>(table)->BySpi(spi) != nullptr; };
  if (o.what != OuterPacket::What::kEsp || !SplitMergedUdp(o.content, known, &table_, pieces)) {
    const Inner i = Open(outer, now);
    return inner(outer.bytes, i);
  }
  for (MutableBytes& piece : pieces) {
    Packet one = outer;
    const Inner i = OpenEsp(one, piece, o.src, o.sport, o.traffic_class, now);
    inner(one.bytes, i);
  }
}

bool DataPlane::IcmpError(const Packet& error, Bytes quoted, TimePoint now) {
  if (error.v6 || quoted.size() < 28 || quoted[0] >> 4 != 4) return false;
  const std::size_t head = static_cast<std::size_t>(quoted[0] & 15) * 4;
  if (head < 20 || quoted.size() < head + 8) return false;
  const std::uint8_t protocol = quoted[9];
  const IpAddress local = IpAddress::FromV4Bytes(&quoted[12]), peer = IpAddress::FromV4Bytes(&quoted[16]);
  const Bytes l4 = quoted.subspan(head);
  const bool esp = protocol == static_cast<std::uint8_t>(IpProtocol::kEsp), tcp = protocol == 6, udp = protocol == 17;
  bool ours = false;
  for (const auto& t : table_.all()) {
    for (const auto& s : t->pairs) {
      if (s->path.local != local || s->path.peer != peer || s->path.udp != udp || IsTcp(*s) != tcp || (!esp && !udp && !tcp)) continue;
      if (esp && LoadBe32(l4.data()) != s->sa->spi_out) continue;
      if ((udp || tcp) && (LoadBe16(l4.data()) != s->path.local_port || LoadBe16(l4.data() + 2) != s->path.peer_port)) continue;
      ours = true;
      if (undo_ != nullptr || error.icmp_type != 3 || error.icmp_code != 4 || t->outbound != s.get()) continue;
      t->counters.pmtus_received++;
      const int suggested = LoadBe16(error.l4() + 6), old = t->path_mtu;
      const int mtu = suggested == 0 ? std::max(old - kLeastPathMtu, kLeastPathMtu) : std::max(suggested, kLeastPathMtu);
      if (mtu >= old) {
        log_.Log(now, Msg::k602104, LogArg::Address(error.key.src), LogArg::Number(suggested), LogArg::Number(old), LogArg::Address(peer),
                 SpiText(s->sa->spi_out).view(), std::string_view(UserOf(*s->sa)));
        continue;
      }
      t->path_mtu = mtu;
      const std::uint32_t minutes = spd_.policy() != nullptr ? spd_.policy()->pmtu_aging_minutes : 0;
      t->pmtu_until = minutes != 0 ? now + Duration::Seconds(std::int64_t{minutes} * 60) : TimePoint::Max();
      Measure(*t);
      log_.Log(now, Msg::k602103, LogArg::Address(error.key.src), LogArg::Number(suggested), LogArg::Address(peer), SpiText(s->sa->spi_out).view(),
               std::string_view(UserOf(*s->sa)), LogArg::Number(old), LogArg::Number(mtu));
    }
  }
  return ours;
}

}  // namespace sallyport
