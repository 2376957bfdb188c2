// Packets for tests of the console: what an engine has seen before it is asked.
#pragma once

#include <string>
#include <vector>

#include "firewall/base/checksum.h"
#include "firewall/engine.h"

namespace sallyport {

struct MadePacket {
  std::string in;  // nameif
  std::uint8_t protocol = 17;
  std::string src, dst;
  std::uint16_t sport = 0, dport = 0;
  std::uint8_t tcp_flags = kTcpSyn;
  std::size_t payload = 0;
};

// Gives it to the engine; "": it passed, else the drop reason's keyword.
inline std::string Feed(Engine& engine, const MadePacket& m, TimePoint now) {
  const std::size_t header = m.protocol == 6 ? 20 : 8;
  std::vector<std::uint8_t> b(20 + header + m.payload);
  const IpAddress src = *IpAddress::Parse(m.src), dst = *IpAddress::Parse(m.dst);
  b[0] = 0x45;
  StoreBe16(&b[2], static_cast<std::uint16_t>(b.size()));
  b[8] = 64;
  b[9] = m.protocol;
  src.StoreV4(&b[12]);
  dst.StoreV4(&b[16]);
  StoreBe16(&b[10], ChecksumFinish(ChecksumAdd(Bytes(b.data(), 20))));
  const auto l4 = static_cast<std::uint32_t>(b.size() - 20);
  std::size_t check = 26;
  std::uint64_t sum = PseudoHeaderSum(src, dst, m.protocol, l4);
  if (m.protocol == 1) {
    b[20] = 8;
    check = 22;
    sum = 0;
  } else {
    StoreBe16(&b[20], m.sport);
    StoreBe16(&b[22], m.dport);
    if (m.protocol == 17) StoreBe16(&b[24], static_cast<std::uint16_t>(l4));
  }
  if (m.protocol == 6) {
    b[32] = 0x50;
    b[33] = m.tcp_flags;
    StoreBe16(&b[34], 8192);
    check = 36;
  }
  StoreBe16(&b[check], ChecksumFinish(ChecksumAdd(Bytes(b).subspan(20), sum)));
  Packet p;
  p.bytes = b;
  p.wire_length = static_cast<std::uint32_t>(b.size());
  p.ingress = engine.policy().FindByName(m.in)->id;
  Disposition d;
  engine.Process(p, now, d);
  engine.TakeOriginated();
  return d.action == Disposition::Action::kAccept ? "" : std::string(Keyword(d.reason));
}

}  // namespace sallyport
