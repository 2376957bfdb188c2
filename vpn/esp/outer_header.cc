#include "vpn/esp/outer_header.h"

#include <algorithm>

#include "firewall/base/checksum.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kUdp = 17, kTcp = 6;
constexpr std::uint8_t kTtl = 64;
constexpr std::uint8_t kEcnMask = 3, kEct1 = 1, kCongested = 3;

void FinishIpv4(std::uint8_t* header, std::size_t header_size, std::size_t total) {
  StoreBe16(header + 2, static_cast<std::uint16_t>(total));
  StoreBe16(header + 10, 0);
  StoreBe16(header + 10, ChecksumFinish(ChecksumAdd({header, header_size})));
}

void WriteUdp(std::uint8_t* at, std::uint16_t from, std::uint16_t to, std::size_t size) {
  StoreBe16(at, from);
  StoreBe16(at + 2, to);
  StoreBe16(at + 4, static_cast<std::uint16_t>(size));
  StoreBe16(at + 6, 0);
}

std::uint8_t TrafficClass6(const std::uint8_t* header) { return static_cast<std::uint8_t>(LoadBe16(header) >> 4); }

// The payload of UDP 4500, told apart as RFC 3948 2.2 and 2.3 do.
void ReadUdp(MutableBytes udp, std::uint16_t port, OuterPacket& out) {
  using What = OuterPacket::What;
  if (udp.size() < 8) {
    out.what = What::kShort;
    return;
  }
  out.sport = LoadBe16(udp.data());
  out.dport = LoadBe16(udp.data() + 2);
  if (out.dport != port) return;
  const std::size_t length = LoadBe16(udp.data() + 4);
  if (length < 8 || length > udp.size()) {
    out.what = What::kShort;
    return;
  }
  const MutableBytes content = udp.subspan(8, length - 8);
  if (content.size() == 1 && content[0] == 0xff) {
    out.what = What::kKeepalive;
  } else if (content.size() < 8) {
    out.what = What::kShort;
  } else if (LoadBe32(content.data()) == 0) {
    out.what = What::kIke;
    out.content = content.subspan(4);
    return;
  } else {
    out.what = What::kEsp;
  }
  out.content = content;
}

void ReadPayload(std::uint8_t protocol, MutableBytes payload, std::uint16_t port, OuterPacket& out) {
  if (protocol == kEspProtocol) {
    out.what = payload.size() < 8 ? OuterPacket::What::kShort : OuterPacket::What::kEsp;
    out.content = payload;
  } else if (protocol == kUdp) {
    ReadUdp(payload, port, out);
  }
}

// Over the addresses of `packet`, whose transport part is complete.
void MakeTransportChecksum(MutableBytes packet, std::size_t header_size, std::uint8_t protocol) {
  const MutableBytes transport = packet.subspan(header_size);
  const std::size_t field = protocol == kTcp ? 16 : 6;
  if (transport.size() < (protocol == kTcp ? 20u : 8u)) return;
  if (protocol == kUdp && LoadBe16(transport.data() + field) == 0) return;  // the sender made none
  StoreBe16(transport.data() + field, 0);
  const std::uint64_t pseudo = PseudoHeaderSum(IpAddress::FromV4Bytes(packet.data() + 12), IpAddress::FromV4Bytes(packet.data() + 16),
                                               protocol, static_cast<std::uint32_t>(transport.size()));
  std::uint16_t sum = ChecksumFinish(ChecksumAdd(transport, pseudo));
  if (protocol == kUdp && sum == 0) sum = 0xffff;
  StoreBe16(transport.data() + field, sum);
}

}  // namespace

InnerMarks MarksOf(Bytes inner) {
  if (inner.size() >= 20 && inner[0] >> 4 == 4) return {inner[1], (inner[6] & 0x40) != 0};
  if (inner.size() >= 40 && inner[0] >> 4 == 6) return {TrafficClass6(inner.data()), true};
  return {};
}

bool OuterDf(const OuterPath& path, InnerMarks marks) {
  return path.df == DfPolicy::kSet || (path.df == DfPolicy::kCopy && marks.df);
}

MutableBytes WriteOuter(const OuterPath& path, InnerMarks marks, std::uint16_t id, MutableBytes esp) {
  const std::size_t size = path.Size(), total = size + esp.size();
  std::uint8_t* const at = esp.data() - size;
  std::uint8_t* const udp = esp.data() - 8;
  const std::uint8_t protocol = path.udp ? kUdp : kEspProtocol;
  if (path.udp) WriteUdp(udp, path.local_port, path.peer_port, esp.size() + 8);
  if (path.local.IsV4()) {
    at[0] = 0x45;
    at[1] = marks.traffic_class;
    StoreBe16(at + 4, id);
    StoreBe16(at + 6, OuterDf(path, marks) ? 0x4000 : 0);
    at[8] = kTtl;
    at[9] = protocol;
    path.local.StoreV4(at + 12);
    path.peer.StoreV4(at + 16);
    FinishIpv4(at, 20, total);
  } else {
    StoreBe32(at, std::uint32_t{6} << 28 | std::uint32_t{marks.traffic_class} << 20);
    StoreBe16(at + 4, static_cast<std::uint16_t>(total - 40));
    at[6] = protocol;
    at[7] = kTtl;
    path.local.StoreV6(at + 8);
    path.peer.StoreV6(at + 24);
    if (path.udp) {
      const std::uint64_t pseudo = PseudoHeaderSum(path.local, path.peer, kUdp, static_cast<std::uint32_t>(esp.size() + 8));
      const std::uint16_t sum = ChecksumFinish(ChecksumAdd({udp, esp.size() + 8}, pseudo));
      StoreBe16(udp + 6, sum == 0 ? 0xffff : sum);
    }
  }
  return {at, total};
}

OuterPacket ReadOuter(MutableBytes packet, std::uint16_t udp_port) {
  OuterPacket out;
  if (packet.size() >= 20 && packet[0] >> 4 == 4) {
    const std::size_t header = (packet[0] & 15) * 4u, total = LoadBe16(packet.data() + 2);
    if (header < 20 || total < header || total > packet.size()) return out;
    if ((LoadBe16(packet.data() + 6) & 0x3fff) != 0) return out;
    out.src = IpAddress::FromV4Bytes(packet.data() + 12);
    out.dst = IpAddress::FromV4Bytes(packet.data() + 16);
    out.traffic_class = packet[1];
    ReadPayload(packet[9], packet.first(total).subspan(header), udp_port, out);
  } else if (packet.size() >= 40 && packet[0] >> 4 == 6) {
    const std::size_t length = LoadBe16(packet.data() + 4);
    if (length > packet.size() - 40) return out;
    out.src = IpAddress::FromV6Bytes(packet.data() + 8);
    out.dst = IpAddress::FromV6Bytes(packet.data() + 24);
    out.traffic_class = TrafficClass6(packet.data());
    ReadPayload(packet[6], packet.subspan(40, length), udp_port, out);
  }
  return out;
}

bool DecapsulateEcn(MutableBytes inner, std::uint8_t outer_class) {
  const std::uint8_t outer = outer_class & kEcnMask;
  if (inner.size() < 20 || outer == 0) return true;
  const bool v4 = inner[0] >> 4 == 4;
  const std::uint8_t own = (v4 ? inner[1] : inner[1] >> 4) & kEcnMask;
  if (own == 0) return outer != kCongested;
  if (own == kCongested || own == outer) return true;
  if (outer != kCongested && outer != kEct1) return true;  // ECT(0) changes nothing
  if (v4) {
    const std::uint16_t before = LoadBe16(inner.data());
    inner[1] = static_cast<std::uint8_t>((inner[1] & ~kEcnMask) | outer);
    StoreBe16(inner.data() + 10, ChecksumUpdate16(LoadBe16(inner.data() + 10), before, LoadBe16(inner.data())));
  } else {
    inner[1] = static_cast<std::uint8_t>((inner[1] & ~(kEcnMask << 4)) | outer << 4);
  }
  return true;
}

bool SealTransport(EspSealer& sealer, bool udp, std::uint16_t local_port, std::uint16_t peer_port, MutableBytes buffer, std::size_t at,
                   std::size_t size, MutableBytes& out) {
  if (at > buffer.size() || size > buffer.size() - at || size < 20 || buffer[at] >> 4 != 4) return false;
  std::uint8_t header[60];
  const std::size_t header_size = (buffer[at] & 15) * 4u;
  const std::size_t front = sealer.shape().Front() + (udp ? 8 : 0);
  if (header_size < 20 || header_size > size || at < front) return false;
  std::copy_n(buffer.data() + at, header_size, header);
  MutableBytes esp;
  if (!sealer.Seal(header[9], buffer, at + header_size, size - header_size, esp)) return false;
  std::uint8_t* begin = esp.data();
  if (udp) {
    begin -= 8;
    WriteUdp(begin, local_port, peer_port, esp.size() + 8);
  }
  begin -= header_size;
  header[9] = udp ? kUdp : kEspProtocol;
  std::copy_n(header, header_size, begin);
  const std::size_t total = header_size + (udp ? 8 : 0) + esp.size();
  if (total > 65535) return false;
  FinishIpv4(begin, header_size, total);
  out = {begin, total};
  return true;
}

EspOpener::Why OpenTransport(EspOpener& opener, MutableBytes packet, MutableBytes& out) {
  using Why = EspOpener::Why;
  // The ports were looked at before; here only the lengths count.
  if (packet.size() < 20 || packet[0] >> 4 != 4) return Why::kShort;
  const bool udp = packet[9] == kUdp;
  const std::size_t header_size = (packet[0] & 15) * 4u;
  if (packet.size() < header_size + 8) return Why::kShort;
  const OuterPacket outer = ReadOuter(packet, udp ? LoadBe16(packet.data() + header_size + 2) : kNatTPort);
  if (outer.what != OuterPacket::What::kEsp) return Why::kShort;
  std::uint8_t header[60];
  std::copy_n(packet.data(), header_size, header);
  std::uint8_t next = 0;
  MutableBytes payload;
  if (const Why why = opener.Open(outer.content, next, payload); why != Why::kOk) return why;
  header[9] = next;
  std::uint8_t* const begin = payload.data() - header_size;
  std::copy_n(header, header_size, begin);
  out = {begin, header_size + payload.size()};
  FinishIpv4(begin, header_size, out.size());
  if (udp && (next == kTcp || next == kUdp)) MakeTransportChecksum(out, header_size, next);
  return Why::kOk;
}

}  // namespace sallyport
