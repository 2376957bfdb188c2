#include "vpn/ctcp_server.h"

#include <algorithm>

#include "firewall/packet.h"
#include "firewall/undo_log.h"

namespace sallyport {
namespace {

// A stateful firewall on the way lets a client send only so much that nobody has acknowledged.
constexpr std::uint32_t kAckAfter = 16384;
constexpr std::size_t kBucketsAtOnce = 512;
constexpr int kTriesForRoom = 32;

bool Near(std::uint32_t a, std::uint32_t b, std::int32_t how = kCtcpNear) {
  const auto apart = static_cast<std::int32_t>(a - b);
  return apart > -how && apart < how;
}

CtcpKey KeyOf(const Packet& p) { return {p.key.ingress, {p.key.dst, p.key.dport}, {p.key.src, p.key.sport}}; }

}  // namespace

CtcpServer::CtcpServer(std::uint64_t seed, CtcpLimits limits)
    : limits_(limits), random_(seed), cookies_(random_.U64()), connections_(16, Hash{FlowHasher::FromSeed(random_.U64())}) {}

void CtcpServer::UsePorts(std::span<const std::uint16_t> ports, std::vector<CtcpKey>& closed) {
  ports_.assign(ports.begin(), ports.end());
  for (auto i = connections_.begin(); i != connections_.end();) {
    if (Listens(i->first.local.port)) {
      ++i;
      continue;
    }
    closed.push_back(i->first);
    counters_.closed++;
    i = connections_.erase(i);
  }
}

// The connection will be as it is now again.
void CtcpServer::Note(const CtcpKey& key) {
  if (undo_ == nullptr) return;
  const auto found = connections_.find(key);
  const std::optional<Connection> was = found == connections_.end() ? std::nullopt : std::optional<Connection>(found->second);
  undo_->Add([this, key, was, counters = counters_] {
    if (was) {
      connections_.insert_or_assign(key, *was);
    } else {
      connections_.erase(key);
    }
    counters_ = counters;
  });
}

const CtcpServer::Arrival& CtcpServer::Receive(Packet& p, TimePoint now, std::vector<OriginatedPacket>& answers) {
  arrival_.drop = FrameDrop::kNone;
  arrival_.opened = arrival_.closed = arrival_.replaced = false;
  arrival_.pieces.clear();
  const CtcpKey key = KeyOf(p);
  const std::uint8_t flags = p.tcp_flags;
  const bool syn = (flags & kTcpSyn) != 0, ack = (flags & kTcpAck) != 0, end = (flags & (kTcpRst | kTcpFin)) != 0;
  Note(key);
  counters_.segments_in++;
  if (!p.IsTcp() || p.payload_offset + std::size_t{p.payload_length} > p.bytes.size()) {
    arrival_.drop = FrameDrop::kBadIpsecProt;
    return arrival_;
  }
  // ESP proves itself; for the others it is cheap.
  if (p.payload_length == 0 && !VerifyTransportChecksum(p)) {
    counters_.bad_checksums++;
    arrival_.drop = FrameDrop::kBadTcpCksum;
    return arrival_;
  }
  if (syn) {
    if (ack || end || p.payload_length != 0) {
      counters_.bad_headers++;
      arrival_.drop = ack || end ? FrameDrop::kBadTcpFlags : FrameDrop::kTcpSynData;
    } else {
      Greet(key, p, now, answers);
    }
    return arrival_;
  }
  if (end) {
    TakeReset(key, p);
    return arrival_;
  }
  if (!ack) {
    counters_.bad_headers++;
    arrival_.drop = FrameDrop::kBadTcpFlags;
    return arrival_;
  }
  const auto found = connections_.find(key);
  Connection* c = found == connections_.end() ? nullptr : &found->second;
  if (c == nullptr) {
    c = Open(key, p, now);
  } else if (!Near(p.seq, c->end.seen()) || !Near(p.ack, c->end.next())) {
    // It may be the end of a new handshake of the same addresses and ports.
    if (Connection* const again = Open(key, p, now)) c = again;
  }
  if (c == nullptr) {
    Refuse(key, p, answers);
    counters_.unknown++;
    arrival_.drop = FrameDrop::kTcpNotSyn;
    return arrival_;
  }
  TakePayload(*c, p, key, answers);
  return arrival_;
}

void CtcpServer::Greet(const CtcpKey& key, const Packet& p, TimePoint now, std::vector<OriginatedPacket>& answers) {
  CtcpEnd end(key.local, key.peer, cookies_.Make(p.key, 0, {}, now), true);
  end.Start(p.seq + 1);
  answers.push_back({key.at, end.Bare(kTcpSyn | kTcpAck, IpId(), p.tcp_options.window_scale != 0xff)});
  counters_.segments_out++;
}

// Null: the segment proves nothing, or there is no room.
CtcpServer::Connection* CtcpServer::Open(const CtcpKey& key, const Packet& p, TimePoint now) {
  if (!cookies_.Check(p.key, 0, p.ack - 1, now)) return nullptr;
  if (!connections_.contains(key) && connections_.size() >= limits_.connections && !MakeRoom()) {
    counters_.refused++;
    return nullptr;
  }
  Connection c;
  c.end = CtcpEnd(key.local, key.peer, p.ack, true);
  c.end.Start(p.seq);
  c.last = clock_;
  const auto [at, fresh] = connections_.insert_or_assign(key, c);
  arrival_.opened = true;
  arrival_.replaced = !fresh;
  counters_.opened++;
  if (!fresh) counters_.closed++;
  return &at->second;
}

// One that nothing genuine has come by goes, at random: whoever fills the table does not choose which.
bool CtcpServer::MakeRoom() {
  if (undo_ != nullptr) return false;
  for (int i = 0; i < kTriesForRoom; i++) {
    const std::size_t bucket = random_.U64() % connections_.bucket_count();
    for (auto at = connections_.begin(bucket); at != connections_.end(bucket); ++at) {
      if (at->second.proven) continue;
      connections_.erase(CtcpKey(at->first));
      counters_.closed++;
      return true;
    }
  }
  return false;
}

// RFC 9293 3.10.7.1: so that a client whose connection is not known here (any more) need not wait for nothing.
void CtcpServer::Refuse(const CtcpKey& key, const Packet& p, std::vector<OriginatedPacket>& answers) {
  CtcpEnd end(key.local, key.peer, p.ack, true);
  answers.push_back({key.at, end.Bare(kTcpRst, IpId())});
  counters_.segments_out++;
  counters_.resets++;
}

// Clients may end a connection by a RST without numbers, which anybody could send: then it ends if nothing more comes.
void CtcpServer::TakeReset(const CtcpKey& key, const Packet& p) {
  const auto found = connections_.find(key);
  if (found == connections_.end()) return;
  counters_.resets++;
  if (!Near(p.seq, found->second.end.seen())) {
    if (found->second.doubt == 0) found->second.doubt = clock_;
    return;
  }
  connections_.erase(found);
  counters_.closed++;
  arrival_.closed = true;
}

void CtcpServer::TakePayload(Connection& c, Packet& p, const CtcpKey& key, std::vector<OriginatedPacket>& answers) {
  const bool plausible = Near(p.seq, c.end.seen(), kCtcpFar);
  if (p.payload_length == 0) {
    if (!plausible) return;
    counters_.keepalives_in++;
  } else {
    const MutableBytes payload = p.bytes.subspan(p.payload_offset, p.payload_length);
    if (!ReadCtcp(payload, arrival_.pieces)) {
      counters_.malformed++;
      arrival_.drop = FrameDrop::kBadIpsecProt;
    }
    if (arrival_.pieces.empty()) return;
    for (const CtcpPiece& piece : arrival_.pieces) (piece.what == CtcpContent::kIke ? counters_.ike_in : counters_.esp_in)++;
  }
  c.last = clock_;
  c.doubt = 0;
  if (!plausible) return;
  c.end.Saw(p.seq + p.payload_length);
  c.unanswered += p.payload_length;
  if (c.unanswered < kAckAfter) return;
  answers.push_back({key.at, c.end.Bare(kTcpAck, IpId())});
  counters_.segments_out++;
  c.unanswered = 0;
}

void CtcpServer::Prove(const CtcpKey& key) {
  const auto found = connections_.find(key);
  if (found == connections_.end() || found->second.proven) return;
  Note(key);
  found->second.proven = true;
}

MutableBytes CtcpServer::WrapEsp(const CtcpKey& key, MutableBytes esp, std::uint8_t traffic_class, bool df, std::uint16_t ip_id) {
  const auto found = connections_.find(key);
  if (found == connections_.end() || esp.size() > 65535 - kCtcpFront - kCtcpTrailer) return {};
  Note(key);
  counters_.esp_out++;
  counters_.segments_out++;
  found->second.unanswered = 0;
  return found->second.end.WrapEsp(esp, traffic_class, df, ip_id);
}

std::optional<OriginatedPacket> CtcpServer::WrapIke(const CtcpKey& key, Bytes message) {
  const auto found = connections_.find(key);
  if (found == connections_.end()) return {};
  Note(key);
  std::vector<std::uint8_t> packet = found->second.end.WrapIke(message, IpId());
  if (packet.empty()) return {};
  counters_.ike_out++;
  counters_.segments_out++;
  found->second.unanswered = 0;
  return OriginatedPacket{key.at, std::move(packet)};
}

std::optional<OriginatedPacket> CtcpServer::Close(const CtcpKey& key) {
  const auto found = connections_.find(key);
  if (found == connections_.end()) return {};
  Note(key);
  OriginatedPacket reset{key.at, found->second.end.Bare(kTcpRst | kTcpAck, IpId())};
  connections_.erase(found);
  counters_.closed++;
  counters_.segments_out++;
  counters_.resets++;
  return reset;
}

void CtcpServer::Sweep(TimePoint now, std::vector<CtcpKey>& closed, std::vector<OriginatedPacket>& answers) {
  // A leap is an operator's, or ours: nobody was silent in it.
  const std::int64_t passed = (now - swept_).ns / 1'000'000'000;
  if (passed != 0) {
    clock_ += std::clamp<std::int64_t>(passed, 0, 2);
    swept_ = now;
  }
  const std::size_t buckets = connections_.bucket_count(), first = closed.size();
  for (std::size_t n = std::min(buckets, kBucketsAtOnce); n > 0; n--) {
    if (++bucket_ >= buckets) bucket_ = 0;
    for (auto at = connections_.begin(bucket_); at != connections_.end(bucket_); ++at) {
      const Connection& c = at->second;
      const bool silent = clock_ - c.last > (c.proven ? limits_.proven : limits_.unproven);
      if (silent || (c.doubt != 0 && clock_ - c.doubt > limits_.doubtful)) closed.push_back(at->first);
    }
  }
  for (std::size_t i = first; i < closed.size(); i++) {
    if (auto reset = Close(closed[i])) answers.push_back(std::move(*reset));
  }
}

}  // namespace sallyport
