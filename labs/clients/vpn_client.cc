#include "labs/clients/vpn_client.h"

#include <algorithm>
#include <utility>

namespace sallyport {
namespace {

constexpr IfId kOutside{1}, kInside{2};
constexpr std::uint16_t kIke = 500, kNatT = 4500;
// An address that nobody has: whoever says it is his seems to be behind a NAT, and gets UDP 4500 (RFC 7600).
const IpAddress kPretended = IpAddress::V4(0xc0000008);

bool Covers(const std::vector<TrafficSelector>& of, IpAddress a) {
  return std::any_of(of.begin(), of.end(), [a](const TrafficSelector& s) { return s.addresses.Contains(a); });
}

// IKE's words without "Group = staff, Username = anna, IP = 203.0.113.2, ".
std::string WithoutNames(std::string text) {
  for (const char* name : {"Group = ", "Username = ", "IP = "}) {
    const std::size_t end = text.find(", ");
    if (text.starts_with(name) && end != std::string::npos) text.erase(0, end + 2);
  }
  return text;
}

// The one network that holds the range, as it comes from an address and a mask.
Prefix NetworkOf(const AddressRange& r) {
  for (int length = 32; length > 0; length--) {
    const Prefix p = Prefix::Of(r.first, length);
    if (p.address == r.first && p.Contains(r.last)) return p;
  }
  return Prefix::AnyV4();
}

}  // namespace

VpnClient::VpnClient(ClientSettings settings, ClientPorts& ports, Entropy& entropy)
    : settings_(std::move(settings)), ports_(ports), entropy_(entropy), ike_(new Ikev1Core(*this)) {
  ip_id_ = static_cast<std::uint16_t>(entropy_.U32());
}

VpnClient::~VpnClient() { ike_.reset(); }

Times VpnClient::At(TimePoint now) {
  now_ = now;
  return {now, now};
}

std::shared_ptr<const VpnPolicy> VpnClient::MakePolicy() const {
  auto p = std::make_shared<VpnPolicy>();
  VpnClientSettings& c = p->client;
  c.enabled = true;
  c.servers = {settings_.server};
  c.group = settings_.group;
  c.group_password = settings_.group_password;
  c.user = settings_.user;
  c.password = settings_.password;
  c.outside = kOutside;
  c.inside = kInside;
  p->ike[kOutside].v1 = true;
  p->nat_traversal = settings_.transport == ClientTransport::kNatT;
  p->group_policies["DfltGrpPolicy"].name = "DfltGrpPolicy";
  return p;
}

void VpnClient::Begin(TimePoint now) {
  if (settings_.transport == ClientTransport::kTcp) {
    tcp_.emplace(Endpoint{settings_.own, settings_.own_tcp_port}, Endpoint{settings_.server, settings_.tcp_port}, entropy_.U32(),
                 CtcpClientTimes{.keepalive = settings_.keepalive}, now);
  } else {
    negotiating_ = true;
    ike_->UsePolicy(MakePolicy(), At(now));
  }
  Advance(now);
}

void VpnClient::Advance(TimePoint now) {
  if (ended_) return;
  if (tcp_) {
    std::vector<std::vector<std::uint8_t>> out;
    tcp_->Advance(now, out);
    for (const auto& packet : out) ports_.SendPacket(packet);
  }
  if (negotiating_) ike_->AdvanceTo(At(now));
  Settle(now);
}

TimePoint VpnClient::Deadline() const {
  if (ended_) return TimePoint::Max();
  TimePoint due = tcp_ ? tcp_->Deadline() : TimePoint::Max();
  if (negotiating_) {
    const Times ike = ike_->NextDeadline();
    due = std::min({due, ike.now, ike.real});
  }
  return due;
}

void VpnClient::Settle(TimePoint now) {
  while (!computed_.empty()) {
    const auto done = std::move(computed_.front());
    computed_.pop_front();
    done();
  }
  if (ended_) return;
  if (tcp_) {
    using State = CtcpClient::State;
    const std::string port = "TCP port " + std::to_string(settings_.tcp_port);
    switch (tcp_->state()) {
      case State::kConnecting: break;
      case State::kRefused: return End(port + " of the server is closed");
      case State::kNoAnswer: return End("no answer from " + port + " of the server");
      case State::kClosed: return End("the server has reset the TCP connection");
      case State::kOpen:
        if (negotiating_) break;
        ports_.Tell("TCP connection is open");
        negotiating_ = true;
        ike_->UsePolicy(MakePolicy(), At(now));
        ike_->AdvanceTo(At(now));
        break;
    }
  }
  if (!negotiating_) return;
  const bool there = !ike_->Views({now, now}).empty();
  if (seen_sa_ && !there) return End(last_error_.empty() ? "the negotiation has come to nothing" : last_error_);
  seen_sa_ = there;
  if (up_ || pairs_.empty() || assigned_.IsNone()) return;
  std::vector<Prefix> networks;
  std::uint16_t udp_port = 0;
  for (const auto& [spi, pair] : pairs_) {
    for (const TrafficSelector& s : pair->sa->key.remote) networks.push_back(NetworkOf(s.addresses));
    if (pair->sa->encapsulation == EspEncapsulation::kUdp) udp_port = pair->sa->peer.port;
    if (settings_.transport == ClientTransport::kNatT && pair->sa->encapsulation != EspEncapsulation::kNatT) {
      Stop(now);
      return End("the server does no NAT traversal");
    }
  }
  if ((settings_.transport == ClientTransport::kUdp) != (udp_port != 0)) {
    Stop(now);
    return End(udp_port == 0 ? "the server gives no port for IPsec over UDP" : "the server wants IPsec over UDP");
  }
  up_ = true;
  if (!ports_.Up(assigned_, networks, udp_port)) {
    Stop(now);
    End("the network cannot be set up");
  }
}

void VpnClient::End(const std::string& reason) {
  ended_ = true;
  reason_ = reason;
  if (!tcp_) return;
  if (const auto reset = tcp_->Close(); !reset.empty()) ports_.SendPacket(reset);
}

void VpnClient::Stop(TimePoint now) {
  if (ended_) return;
  stopping_ = true;
  if (negotiating_) {
    IkeClear all;
    all.why = IkeEnd::kUserRequested;
    ike_->Clear(all, At(now));
  }
  End("");
}

// --- from the network

void VpnClient::ReceiveIke(IkeDatagram::Via via, Bytes message, TimePoint now) {
  if (!negotiating_ || ended_) return;
  IkeDatagram d;
  d.via = via;
  d.at = kOutside;
  const std::uint16_t port = via == IkeDatagram::Via::kNatT ? kNatT : kIke;
  d.local = {AddressOf(kOutside), port};
  d.peer = {settings_.server, port};
  d.bytes.assign(message.begin(), message.end());
  ike_->Receive(d, At(now));
  Settle(now);
}

void VpnClient::FromUdp(std::uint16_t own_port, MutableBytes payload, TimePoint now) {
  if (own_port == kIke) return ReceiveIke(IkeDatagram::Via::kUdp, payload, now);
  if (payload.size() < 4) return;  // a keepalive
  if (own_port == kNatT && LoadBe32(payload.data()) == 0) return ReceiveIke(IkeDatagram::Via::kNatT, payload.subspan(4), now);
  FromEsp(payload, now);
}

void VpnClient::FromTcp(Packet& segment, TimePoint now) {
  if (!tcp_ || ended_) return;
  if (segment.key.src != settings_.server || segment.key.sport != settings_.tcp_port || segment.key.dport != settings_.own_tcp_port) return;
  counters_.segments++;
  // Somebody has not got everything and would have it again, were this TCP.
  if (segment.payload_length == 0 && (segment.tcp_flags & (kTcpAck | kTcpSyn | kTcpRst)) == kTcpAck && segment.ack == last_ack_ &&
      segment.ack != tcp_->end().next()) {
    counters_.duplicate_acks++;
  }
  last_ack_ = segment.ack;
  std::vector<CtcpPiece> pieces;
  std::vector<std::vector<std::uint8_t>> out;
  tcp_->Receive(segment, now, pieces, out);
  for (const auto& packet : out) ports_.SendPacket(packet);
  for (const CtcpPiece& piece : pieces) {
    if (piece.what == CtcpContent::kIke) {
      ReceiveIke(IkeDatagram::Via::kUdp, piece.content, now);
    } else {
      FromEsp(piece.content, now);
    }
  }
  Settle(now);
}

void VpnClient::FromEsp(MutableBytes esp, TimePoint now) {
  const auto found = esp.size() < 8 ? pairs_.end() : pairs_.find(LoadBe32(esp.data()));
  if (found == pairs_.end()) {
    counters_.refused++;
    return;
  }
  Pair& pair = *found->second;
  std::uint8_t next = 0;
  MutableBytes inner;
  if (pair.opener.Open(esp, next, inner) != EspOpener::Why::kOk) {
    counters_.refused++;
    return;
  }
  SaActivity& a = *pair.sa->activity;
  a.last_in_ns = now.ns;
  a.packets_in++;
  a.bytes_in += inner.size();
  if (next != 4 || inner.size() < 20) return;
  if (!Covers(pair.sa->key.remote, IpAddress::FromV4Bytes(inner.data() + 12)) || IpAddress::FromV4Bytes(inner.data() + 16) != assigned_) {
    counters_.refused++;
    return;
  }
  counters_.received++;
  ports_.Deliver(inner);
}

// --- to the network

void VpnClient::FromUser(MutableBytes buffer, std::size_t at, std::size_t size, TimePoint now) {
  if (!up_ || ended_ || size < 20 || buffer[at] >> 4 != 4) return;
  const std::uint8_t* const ip = buffer.data() + at;
  if (IpAddress::FromV4Bytes(ip + 12) != assigned_) return;
  Pair* way = nullptr;
  for (const auto& [spi, pair] : pairs_) {
    if (!Covers(pair->sa->key.remote, IpAddress::FromV4Bytes(ip + 16))) continue;
    if (way == nullptr || way->retired) way = pair.get();
  }
  if (way == nullptr) return;
  MutableBytes esp;
  const bool df = (ip[6] & 0x40) != 0;
  const std::uint8_t traffic_class = ip[1];
  if (!way->sealer.Seal(4, buffer, at, size, esp)) return;
  SaActivity& a = *way->sa->activity;
  a.last_out_ns = now.ns;
  a.packets_out++;
  a.bytes_out += size;
  counters_.sent++;
  switch (way->sa->encapsulation) {
    case EspEncapsulation::kNatT: return ports_.SendUdp(kNatT, kNatT, esp);
    case EspEncapsulation::kUdp: return ports_.SendUdp(way->sa->peer.port, way->sa->peer.port, esp);
    default: break;
  }
  if (!tcp_) return ports_.SendEsp(esp);
  if (const MutableBytes packet = tcp_->WrapEsp(esp, traffic_class, df, ip_id_++, now); !packet.empty()) ports_.SendPacket(packet);
}

void VpnClient::Send(const IkeDatagram& d) {
  if (tcp_) {
    if (const auto packet = tcp_->WrapIke(d.bytes, ip_id_++, now_); !packet.empty()) ports_.SendPacket(packet);
  } else if (d.via == IkeDatagram::Via::kNatT && d.bytes.size() > 1) {
    std::vector<std::uint8_t> marked(4);
    marked.insert(marked.end(), d.bytes.begin(), d.bytes.end());
    ports_.SendUdp(kNatT, kNatT, marked);
  } else {
    const std::uint16_t port = d.via == IkeDatagram::Via::kNatT ? kNatT : kIke;
    ports_.SendUdp(port, port, d.bytes);
  }
}

// --- what IKE wants

std::uint32_t VpnClient::NewSpi() {
  for (;;) {
    const std::uint32_t spi = entropy_.U32();
    if (spi >= 256 && !pairs_.contains(spi)) return spi;
  }
}

void VpnClient::Install(std::shared_ptr<const ChildSa> sa) {
  Result<EspSealer> sealer =
      EspSealer::Make({sa->cipher, sa->hash, sa->encryption_out.Clone(), sa->integrity_out.Clone()}, sa->spi_out, entropy_);
  Result<EspOpener> opener =
      EspOpener::Make({sa->cipher, sa->hash, sa->encryption_in.Clone(), sa->integrity_in.Clone()}, sa->spi_in, sa->replay_window);
  if (!sealer || !opener) {
    last_error_ = !sealer ? sealer.error() : opener.error();
    return;
  }
  const std::uint32_t spi = sa->spi_in;
  pairs_.insert_or_assign(spi, std::make_unique<Pair>(std::move(sa), std::move(*sealer), std::move(*opener)));
}

void VpnClient::Retire(std::uint32_t spi_in) {
  if (const auto i = pairs_.find(spi_in); i != pairs_.end()) i->second->retired = true;
}

// What comes of it must not come within the call.
void VpnClient::Compute(std::function<void()> work, std::function<void()> done) {
  work();
  computed_.push_back(std::move(done));
}

void VpnClient::Say(const IkeSaying& s) {
  if (s.syslog != 0 && s.severity <= 4) last_error_ = WithoutNames(s.text);
  if (settings_.debug) ports_.Tell(std::to_string(s.syslog) + ": " + s.text);
}

void VpnClient::PeerUp(const IkePeerUp& up, std::uint32_t) { assigned_ = up.assigned; }

void VpnClient::PeerDown(std::uint32_t, IkeEnd why) {
  if (why == IkeEnd::kReplaced || stopping_) return;
  switch (why) {
    case IkeEnd::kLostService: return End("the server does not answer any more");
    case IkeEnd::kUserRequested:
    case IkeEnd::kAdministratorReset: return End("the server has ended the session");
    default: return End(last_error_.empty() ? "the tunnel is gone" : last_error_);
  }
}

IpAddress VpnClient::AddressOf(IfId) const {
  return settings_.transport == ClientTransport::kNatT ? kPretended : settings_.own;
}

}  // namespace sallyport
