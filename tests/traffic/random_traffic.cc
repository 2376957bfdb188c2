#include "tests/traffic/random_traffic.h"

#include <algorithm>

#include "firewall/base/checksum.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostFlows = 60;

std::size_t HeaderOf(const std::vector<std::uint8_t>& bytes) { return (bytes[0] >> 4) == 6 ? 40 : 20; }

void PutChecksum(std::vector<std::uint8_t>& l4, std::uint8_t protocol, IpAddress src, IpAddress dst) {
  const std::size_t at = protocol == 6 ? 16 : protocol == 17 ? 6 : 2;
  if (l4.size() < at + 2 || (protocol != 6 && protocol != 17 && protocol != 1 && protocol != 58)) return;
  StoreBe16(&l4[at], 0);
  const std::uint64_t pseudo = protocol == 1 ? 0 : PseudoHeaderSum(src, dst, protocol, static_cast<std::uint32_t>(l4.size()));
  std::uint16_t sum = ChecksumFinish(ChecksumAdd(l4, pseudo));
  if (protocol == 17 && sum == 0) sum = 0xffff;
  StoreBe16(&l4[at], sum);
}

}  // namespace

RandomTraffic::RandomTraffic(std::uint64_t seed, const std::vector<Network>& networks, const std::vector<std::string>& others) : random_(seed) {
  for (const Network& n : networks) {
    interfaces_.insert(interfaces_.end(), static_cast<std::size_t>(n.share), n.interface);
    for (const std::string& a : n.hosts) {
      const IpAddress address = *IpAddress::Parse(a);
      (address.IsV4() ? v4_ : v6_).push_back(address);
      hosts_[address.IsV4() ? 0 : 1][n.interface].push_back(address);
    }
  }
  for (const std::string& a : others) {
    const IpAddress address = *IpAddress::Parse(a);
    (address.IsV4() ? v4_ : v6_).push_back(address);
  }
}

IpAddress RandomTraffic::Source(IfId at, bool v6) {
  const auto& here = hosts_[v6 ? 1 : 0][at];
  return here.empty() || OneIn(12) ? Any(v6 ? v6_ : v4_) : Any(here);
}

std::vector<std::uint8_t> RandomTraffic::Ip(std::uint8_t protocol, IpAddress src, IpAddress dst, const std::vector<std::uint8_t>& l4) {
  const std::uint8_t ttl = OneIn(15) ? 1 : OneIn(30) ? 0 : OneIn(4) ? 255 : 64;
  std::vector<std::uint8_t> p;
  if (src.IsV4()) {
    const bool option = OneIn(40);
    p.resize(option ? 24 : 20);
    p[0] = static_cast<std::uint8_t>(0x40 | p.size() / 4);
    p[1] = OneIn(10) ? 0xb8 : 0;
    StoreBe16(&p[2], static_cast<std::uint16_t>(p.size() + l4.size()));
    StoreBe16(&p[4], static_cast<std::uint16_t>(random_.Below(8)));
    if (OneIn(6)) p[6] = 0x40;
    p[8] = ttl;
    p[9] = protocol;
    src.StoreV4(&p[12]);
    dst.StoreV4(&p[16]);
    if (option) p[20] = OneIn(2) ? 1 : 148, p[21] = p[20] == 1 ? 1 : 4;
    StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(p)));
    if (OneIn(60)) p[10] ^= 0x55;
    if (OneIn(80)) p[3]++;
  } else {
    const std::uint8_t ext = OneIn(25) ? (OneIn(3) ? 43 : OneIn(2) ? 0 : 60) : OneIn(80) ? 135 : 255;
    p.resize(ext != 255 ? 48 : 40);
    p[0] = 0x60;
    StoreBe16(&p[4], static_cast<std::uint16_t>(p.size() - 40 + l4.size()));
    p[6] = ext != 255 ? ext : protocol;
    p[7] = ttl;
    src.StoreV6(&p[8]);
    dst.StoreV6(&p[24]);
    if (ext != 255) {
      p[40] = protocol;
      if (ext == 43) p[42] = OneIn(2) ? 0 : 2;
      if (ext != 43) p[42] = 1, p[43] = 4;
    }
    if (OneIn(80)) p[5]++;
  }
  p.insert(p.end(), l4.begin(), l4.end());
  if (OneIn(100)) p.resize(p.size() - random_.Below(static_cast<std::uint32_t>(std::min<std::size_t>(p.size(), 24))));
  return p;
}

std::vector<std::uint8_t> RandomTraffic::Payload(std::uint16_t port, bool udp) {
  std::string text;
  if (udp && port == 53 && !OneIn(4)) {
    const std::string name("\x03www\x07" "example\x03org\x00", 17);
    text = std::string("\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) + name + std::string("\x00\x01\x00\x01", 4);
    text[1] = static_cast<char>(random_.Below(4));
    if (OneIn(3)) text[2] = static_cast<char>(0x81);
  } else if (port == 21) {
    static const std::vector<std::string> lines = {"USER joe\r\n", "PASV\r\n", "PORT 10,1,1,10,4,1\r\n", "220 here\r\n", "227 Entering Passive Mode (172,16,1,10,4,2)\r\n",
                                                   "EPSV\r\n", "RETR x\r\n", "QUIT\r\n", "PORT 10,1,1,99,1,1\r\n"};
    text = Any(lines);
  } else if (port == 80) {
    text = OneIn(2) ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  } else if (OneIn(2)) {
    text.assign(random_.Below(OneIn(6) ? 1800 : 100), 'a');
  }
  return {text.begin(), text.end()};
}

std::vector<std::uint8_t> RandomTraffic::Tcp(std::uint16_t sport, std::uint16_t dport, std::uint32_t seq, std::uint32_t ack, std::uint8_t flags) {
  std::vector<std::uint8_t> t(20);
  StoreBe16(&t[0], sport);
  StoreBe16(&t[2], dport);
  StoreBe32(&t[4], seq);
  StoreBe32(&t[8], ack);
  t[13] = flags;
  StoreBe16(&t[14], OneIn(10) ? 0 : 8192);
  const auto option = [&](std::initializer_list<int> bytes) {
    for (const int b : bytes) t.push_back(static_cast<std::uint8_t>(b));
  };
  if ((flags & kTcpSyn) != 0 && !OneIn(4)) option({2, 4, 5, 0xb4});
  if ((flags & kTcpSyn) != 0 && OneIn(3)) option({4, 2, 1, 1});
  if ((flags & kTcpSyn) != 0 && OneIn(3)) option({3, 3, 2, 1});
  if (OneIn(12)) option({8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 1});
  if (OneIn(40)) option({19, 4, 0, 0});
  if (OneIn(60)) option({30, 9, 1, 1});  // longer than there is room for
  t[12] = static_cast<std::uint8_t>(t.size() / 4 << 4);
  if (OneIn(40)) t[12] |= static_cast<std::uint8_t>(1 + random_.Below(15));
  if (OneIn(80)) t[12] = static_cast<std::uint8_t>(random_.Below(16) << 4);
  if (OneIn(30)) t[13] |= 0x20, t[19] = 4;
  return t;
}

std::vector<std::uint8_t> RandomTraffic::Around(std::uint8_t protocol, const Side& s, std::vector<std::uint8_t> l4) {
  PutChecksum(l4, protocol, s.self, s.peer);
  if (OneIn(30) && l4.size() >= 8) l4[l4.size() - 1] ^= 1;
  return Ip(protocol, s.self, s.peer, l4);
}

RandomTraffic::Sent RandomTraffic::NewFlow() {
  static const std::vector<std::uint16_t> ports = {21, 22, 53, 53, 80, 80, 443, 1025, 1500, 8080, 0, 69};
  const bool v6 = !v6_.empty() && OneIn(3);
  Flow f;
  f.protocol = Any(std::vector<std::uint8_t>{6, 6, 6, 17, 17, 1, 1, 47, 132, 50});
  if (v6 && f.protocol == 1) f.protocol = 58;
  Side& s = f.end[0];
  s.at = Any(interfaces_);
  s.self = Source(s.at, v6);
  s.peer = Any(v6 ? v6_ : v4_);
  s.port = OneIn(3) ? Any(ports) : static_cast<std::uint16_t>(1025 + random_.Below(12));
  s.peer_port = Any(ports);
  s.next = random_.U32();
  std::vector<std::uint8_t> l4;
  if (f.protocol == 6) {
    static const std::vector<std::uint8_t> odd = {kTcpAck, kTcpRst, kTcpFin | kTcpAck, 0, kTcpSyn | kTcpFin, kTcpSyn | kTcpAck, 0x3f};
    const std::uint8_t flags = OneIn(8) ? Any(odd) : kTcpSyn;
    l4 = Tcp(s.port, s.peer_port, s.next, OneIn(9) ? random_.U32() : 0, flags);
    if (OneIn(12)) l4.insert(l4.end(), {'d', 'a', 't', 'a'});
  } else if (f.protocol == 17) {
    l4.resize(8);
    StoreBe16(&l4[0], s.port);
    StoreBe16(&l4[2], s.peer_port);
    const auto payload = Payload(s.peer_port, true);
    l4.insert(l4.end(), payload.begin(), payload.end());
    StoreBe16(&l4[4], static_cast<std::uint16_t>(l4.size() - (OneIn(60) ? 1 : 0)));
  } else if (f.protocol == 1 || f.protocol == 58) {
    l4.resize(8 + random_.Below(40));
    static const std::vector<std::uint8_t> four = {8, 8, 8, 8, 0, 3, 11, 13, 5}, six = {128, 128, 128, 129, 1, 3, 2, 135, 136, 133, 143};
    l4[0] = Any(f.protocol == 1 ? four : six);
    l4[1] = OneIn(5) ? 4 : 0;
    StoreBe16(&l4[4], s.port);
    StoreBe16(&l4[6], static_cast<std::uint16_t>(random_.Below(3)));
  } else {
    l4.assign(8 + random_.Below(20), 0);
  }
  Sent sent{s.at, Around(f.protocol, s, std::move(l4)), {}};
  if (flows_.size() < kMostFlows) {
    flows_.push_back(f);
    flow_ = static_cast<std::uint32_t>(flows_.size() - 1);
  } else {
    flow_ = random_.Below(kMostFlows);
    flows_[flow_] = f;
  }
  side_ = -1;
  return sent;
}

RandomTraffic::Sent RandomTraffic::OnFlow() {
  flow_ = random_.Below(static_cast<std::uint32_t>(flows_.size()));
  Flow& f = flows_[flow_];
  side_ = f.end[1].self.IsNone() ? 0 : static_cast<int>(random_.Below(2));
  Side& s = f.end[side_];
  std::vector<std::uint8_t> l4;
  if (f.protocol == 6) {
    const bool answer = side_ == 1 && !f.open;
    std::uint8_t flags = answer ? kTcpSyn | kTcpAck : kTcpAck;
    if (!answer && OneIn(10)) flags |= kTcpFin;
    if (OneIn(14)) flags = OneIn(2) ? kTcpRst : kTcpRst | kTcpAck;
    if (side_ == 0 && OneIn(10)) flags = kTcpSyn;
    if (OneIn(30)) flags = static_cast<std::uint8_t>(random_.Below(64));
    std::uint32_t seq = s.next, ack = s.expects;
    if (OneIn(8)) seq += random_.Below(3000) - 1000;
    if (OneIn(20)) seq = random_.U32();
    if (OneIn(12)) ack += random_.Below(3000) - 1500;
    l4 = Tcp(s.port, s.peer_port, seq, ack, flags);
    if ((flags & (kTcpSyn | kTcpRst)) == 0 && OneIn(2)) {
      const auto payload = Payload(side_ == 0 ? s.peer_port : s.port, false);
      l4.insert(l4.end(), payload.begin(), payload.end());
    }
  } else if (f.protocol == 17) {
    l4.resize(8);
    StoreBe16(&l4[0], s.port);
    StoreBe16(&l4[2], s.peer_port);
    const auto payload = Payload(side_ == 0 ? s.peer_port : s.port, true);
    l4.insert(l4.end(), payload.begin(), payload.end());
    StoreBe16(&l4[4], static_cast<std::uint16_t>(l4.size()));
  } else if (f.protocol == 1 || f.protocol == 58) {
    l4.resize(16);
    l4[0] = f.protocol == 1 ? (side_ == 0 ? 8 : 0) : (side_ == 0 ? 128 : 129);
    StoreBe16(&l4[4], side_ == 0 ? s.port : s.peer_port);
    StoreBe16(&l4[6], static_cast<std::uint16_t>(random_.Below(3)));
  } else {
    l4.assign(8 + random_.Below(20), 0);
  }
  Side as = s;
  if (OneIn(25)) as.at = Any(interfaces_);
  Sent sent{as.at, Around(f.protocol, as, std::move(l4)), {}};
  return sent;
}

// About a packet that a flow has sent: from its destination, or from a router on the way.
RandomTraffic::Sent RandomTraffic::IcmpError() {
  const Flow& f = flows_[random_.Below(static_cast<std::uint32_t>(flows_.size()))];
  const int to = f.end[1].self.IsNone() ? 0 : static_cast<int>(random_.Below(2));
  // What the far side has seen of a packet of that end.
  const Side& teller = f.end[1 - to].self.IsNone() ? f.end[to] : f.end[1 - to];
  std::vector<std::uint8_t> quoted = Tcp(teller.peer_port, teller.port, teller.expects, 0, kTcpAck);
  quoted = Ip(f.protocol, teller.peer, teller.self, quoted);
  if (!OneIn(8)) quoted.resize(std::min<std::size_t>(quoted.size(), HeaderOf(quoted) + 8 + random_.Below(20)));
  const bool v6 = !teller.self.IsV4();
  std::vector<std::uint8_t> l4(8);
  l4[0] = v6 ? Any(std::vector<std::uint8_t>{1, 2, 3, 4}) : Any(std::vector<std::uint8_t>{3, 3, 11, 4, 12});
  l4[1] = static_cast<std::uint8_t>(random_.Below(5));
  l4.insert(l4.end(), quoted.begin(), quoted.end());
  Side from = teller;
  if (OneIn(3)) from.self = Any(v6 ? v6_ : v4_);
  side_ = -2;
  return {from.at, Around(v6 ? 58 : 1, from, std::move(l4)), "ICMP error"};
}

// Cuts a packet into pieces, one of which may be missing, come twice or be moved.
RandomTraffic::Sent RandomTraffic::Fragment() {
  Sent whole = OneIn(2) || flows_.empty() ? NewFlow() : OnFlow();
  const std::size_t header = HeaderOf(whole.bytes);
  side_ = -2;
  if ((whole.bytes[0] & 15) > 5 || whole.bytes.size() < header + 24) return whole;
  const std::uint32_t id = random_.U32();
  for (std::size_t at = header; at < whole.bytes.size();) {
    const std::size_t length = std::min<std::size_t>(8 * (1 + random_.Below(4)) + (at == header ? 24 : 0), whole.bytes.size() - at);
    const bool more = at + length < whole.bytes.size();
    Sent piece{whole.ingress, {whole.bytes.begin(), whole.bytes.begin() + static_cast<std::ptrdiff_t>(header)}, "fragment"};
    std::size_t offset = (at - header) / 8;
    if (OneIn(30) && offset > 0) offset--;
    if (header == 20) {
      StoreBe16(&piece.bytes[2], static_cast<std::uint16_t>(20 + length));
      StoreBe16(&piece.bytes[4], static_cast<std::uint16_t>(id));
      StoreBe16(&piece.bytes[6], static_cast<std::uint16_t>(offset | (more ? 0x2000u : 0u)));
      StoreBe16(&piece.bytes[10], 0);
      StoreBe16(&piece.bytes[10], ChecksumFinish(ChecksumAdd(piece.bytes)));
    } else {
      StoreBe16(&piece.bytes[4], static_cast<std::uint16_t>(8 + length));
      const std::uint8_t next = piece.bytes[6];
      piece.bytes[6] = 44;
      piece.bytes.insert(piece.bytes.end(), 8, 0);
      piece.bytes[40] = next;
      StoreBe16(&piece.bytes[42], static_cast<std::uint16_t>(offset * 8 | (more ? 1u : 0u)));
      StoreBe32(&piece.bytes[44], id);
    }
    piece.bytes.insert(piece.bytes.end(), whole.bytes.begin() + static_cast<std::ptrdiff_t>(at), whole.bytes.begin() + static_cast<std::ptrdiff_t>(at + length));
    if (!OneIn(12)) pieces_.push_back(piece);
    if (OneIn(15)) pieces_.push_back(piece);
    at += length;
  }
  if (pieces_.empty()) return whole;
  if (OneIn(3)) std::swap(pieces_.front(), pieces_.back());
  Sent first = pieces_.front();
  pieces_.erase(pieces_.begin());
  return first;
}

RandomTraffic::Sent RandomTraffic::Next() {
  if (!pieces_.empty()) {
    Sent next = pieces_.front();
    pieces_.erase(pieces_.begin());
    side_ = -2;
    return next;
  }
  if (OneIn(20)) return Fragment();
  if (flows_.empty() || OneIn(4)) return NewFlow();
  if (OneIn(12)) return IcmpError();
  return OnFlow();
}

void RandomTraffic::Passed(const Sent& sent, IfId egress, const std::vector<std::uint8_t>& left) {
  if (side_ == -2 || flow_ >= flows_.size()) return;
  std::vector<std::uint8_t> was = sent.bytes, is = left;
  Packet p, q;
  p.bytes = was;
  p.wire_length = static_cast<std::uint32_t>(was.size());
  q.bytes = is;
  q.wire_length = static_cast<std::uint32_t>(is.size());
  if (ParsePacket(p) != FrameDrop::kNone || ParsePacket(q) != FrameDrop::kNone) return;
  Flow& f = flows_[flow_];
  const int me = side_ == -1 ? 0 : side_;
  Side& near = f.end[me];
  Side& far = f.end[1 - me];
  if (side_ == -1) {
    far.at = egress;
    far.self = q.key.dst;
    far.port = q.key.dport;
    far.peer = q.key.src;
    far.peer_port = q.key.sport;
    far.next = random_.U32();
    if (f.protocol == 1 || f.protocol == 58) far.peer_port = q.key.sport;
  }
  if (!p.IsTcp()) return;
  const std::uint32_t length = p.payload_length + ((p.tcp_flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
  near.next = p.seq + length;
  far.expects = q.seq + length;
  if (me == 1) f.open = true;
}

void RandomTraffic::Originated(IfId egress, const std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint8_t> copy = bytes;
  Packet p;
  p.bytes = copy;
  p.wire_length = static_cast<std::uint32_t>(copy.size());
  if (ParsePacket(p) != FrameDrop::kNone || !p.IsTcp() || (p.tcp_flags & kTcpSyn) == 0) return;
  for (Flow& f : flows_) {
    for (Side& s : f.end) {
      if (f.protocol != 6 || s.at != egress || s.self != p.key.dst || s.port != p.key.dport || s.peer != p.key.src || s.peer_port != p.key.sport) continue;
      s.expects = p.seq + 1;
      if ((p.tcp_flags & kTcpAck) != 0) s.next = p.ack;  // a cookie: its confirmation is the next packet
      f.open = true;
    }
  }
}

}  // namespace sallyport
