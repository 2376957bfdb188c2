#include "vpn/ctcp.h"

#include <string.h>  // memmem

#include <algorithm>

#include "firewall/base/checksum.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17, kEsp = 50;
constexpr std::uint16_t kIkePort = 500;
constexpr std::uint16_t kMss = 1460, kWindow = 65535;
constexpr std::uint8_t kTtl = 64, kScale = 14;
constexpr std::size_t kIpv4 = 20, kIkeHeader = 28, kEspLeast = 8;
constexpr std::uint16_t kFromClient = 0x4000;
// Behind the first eight bytes of a trailer; the protocol stands at 5.
constexpr std::uint8_t kEnd[8] = {0x21, 0x45, 0x6c, 0x69, 0x10, 0, 0x01, 0x00};

bool IsTrailer(const std::uint8_t* t, std::uint8_t protocol) {
  return LoadBe32(t) == 0 && std::equal(kEnd, kEnd + 5, t + 8) && t[13] == protocol && t[14] == kEnd[6] && t[15] == kEnd[7];
}

void PutTrailer(std::uint8_t* t, std::uint8_t protocol, std::uint16_t id, std::uint16_t mark) {
  StoreBe32(t, 0);
  StoreBe16(t + 4, id);
  StoreBe16(t + 6, mark);
  std::copy(kEnd, kEnd + 8, t + 8);
  t[13] = protocol;
}

// An IKE message says how long it is, twice.
bool ReadIke(MutableBytes rest, std::size_t& size, CtcpPiece& piece) {
  if (rest.size() < kCtcpUdp + kIkeHeader + kCtcpTrailer) return false;
  const std::size_t udp = LoadBe16(rest.data() + 4), ike = LoadBe32(rest.data() + kCtcpUdp + 24);
  if (udp > rest.size() - kCtcpTrailer || udp < kCtcpUdp + kIkeHeader || ike != udp - kCtcpUdp) return false;
  if (!IsTrailer(rest.data() + udp, kUdp)) return false;
  piece = {CtcpContent::kIke, rest.subspan(kCtcpUdp, ike)};
  size = udp + kCtcpTrailer;
  return true;
}

// ESP does not: it goes to the next trailer, of which 16 bytes are fixed, and what comes before is as good as random.
bool ReadEsp(MutableBytes rest, std::size_t& size, CtcpPiece& piece) {
  constexpr std::uint8_t trailer[kCtcpTrailer] = {0, 0, 0, 0, 0, 0, 0, 0, kEnd[0], kEnd[1], kEnd[2], kEnd[3], kEnd[4], kEsp, kEnd[6], kEnd[7]};
  if (rest.size() < kEspLeast + kCtcpTrailer) return false;
  const void* const found = memmem(rest.data() + kEspLeast, rest.size() - kEspLeast, trailer, sizeof trailer);
  if (found == nullptr) return false;
  const auto at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - rest.data());
  piece = {CtcpContent::kEsp, rest.first(at)};
  size = at + kCtcpTrailer;
  return true;
}

}  // namespace

bool ReadCtcp(MutableBytes payload, std::vector<CtcpPiece>& out) {
  while (!payload.empty()) {
    std::size_t size = 0;
    CtcpPiece piece;
    // What is IKE begins as UDP between two ports 500, an SPI that nobody gives out.
    const bool ike = payload.size() >= 4 && LoadBe32(payload.data()) == (std::uint32_t{kIkePort} << 16 | kIkePort);
    if (!(ike ? ReadIke(payload, size, piece) : ReadEsp(payload, size, piece))) return false;
    out.push_back(piece);
    payload = payload.subspan(size);
  }
  return true;
}

MutableBytes CtcpEnd::Finish(MutableBytes packet, std::uint8_t flags, std::size_t tcp_header, std::uint8_t traffic_class, bool df,
                             std::uint16_t ip_id) {
  std::uint8_t* const ip = packet.data();
  ip[0] = 0x45;
  ip[1] = traffic_class;
  StoreBe16(ip + 2, static_cast<std::uint16_t>(packet.size()));
  StoreBe16(ip + 4, ip_id);
  StoreBe16(ip + 6, df ? 0x4000 : 0);
  ip[8] = kTtl;
  ip[9] = kTcp;
  StoreBe16(ip + 10, 0);
  own_.address.StoreV4(ip + 12);
  peer_.address.StoreV4(ip + 16);
  StoreBe16(ip + 10, ChecksumFinish(ChecksumAdd({ip, kIpv4})));
  std::uint8_t* const tcp = ip + kIpv4;
  const std::size_t size = packet.size() - kIpv4;
  StoreBe16(tcp, own_.port);
  StoreBe16(tcp + 2, peer_.port);
  StoreBe32(tcp + 4, next_);
  StoreBe32(tcp + 8, (flags & kTcpAck) != 0 ? seen_ : 0);
  tcp[12] = static_cast<std::uint8_t>(tcp_header / 4 << 4);
  tcp[13] = flags;
  StoreBe16(tcp + 14, (flags & kTcpRst) != 0 ? 0 : kWindow);
  StoreBe32(tcp + 16, 0);
  StoreBe16(tcp + 16, ChecksumFinish(ChecksumAdd({tcp, size}, PseudoHeaderSum(own_.address, peer_.address, kTcp, static_cast<std::uint32_t>(size)))));
  next_ += static_cast<std::uint32_t>(size - tcp_header) + ((flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
  return packet;
}

MutableBytes CtcpEnd::WrapEsp(MutableBytes esp, std::uint8_t traffic_class, bool df, std::uint16_t ip_id) {
  PutTrailer(esp.data() + esp.size(), kEsp, 0, 0);
  return Finish({esp.data() - kCtcpFront, kCtcpFront + esp.size() + kCtcpTrailer}, kTcpPsh | kTcpAck, kCtcpHeader, traffic_class, df, ip_id);
}

std::vector<std::uint8_t> CtcpEnd::WrapIke(Bytes message, std::uint16_t ip_id) {
  const std::size_t udp = kCtcpUdp + message.size(), total = kCtcpFront + udp + kCtcpTrailer;
  if (total > 65535 || message.size() < kIkeHeader) return {};
  std::vector<std::uint8_t> packet(total);
  std::uint8_t* const at = packet.data() + kCtcpFront;
  StoreBe16(at, kIkePort);
  StoreBe16(at + 2, kIkePort);
  StoreBe16(at + 4, static_cast<std::uint16_t>(udp));
  std::copy(message.begin(), message.end(), at + kCtcpUdp);
  PutTrailer(at + udp, kUdp, ip_id, server_ ? 0 : kFromClient);
  Finish(packet, kTcpPsh | kTcpAck, kCtcpHeader, 0, false, ip_id);
  return packet;
}

std::vector<std::uint8_t> CtcpEnd::Bare(std::uint8_t flags, std::uint16_t ip_id, bool scale) {
  const std::size_t header = kCtcpHeader + ((flags & kTcpSyn) == 0 ? 0 : scale ? 8 : 4);
  std::vector<std::uint8_t> packet(kIpv4 + header);
  if ((flags & kTcpSyn) != 0) {
    std::uint8_t* const option = packet.data() + kIpv4 + kCtcpHeader;
    option[0] = 2;
    option[1] = 4;
    StoreBe16(option + 2, kMss);
    if (scale) StoreBe32(option + 4, std::uint32_t{1} << 24 | 3 << 16 | 3 << 8 | kScale);  // no-operation, then kind 3, length 3
  }
  Finish(packet, flags, header, 0, false, ip_id);
  return packet;
}

}  // namespace sallyport
