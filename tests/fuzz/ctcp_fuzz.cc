// Arbitrary segments to both ends of IPsec over TCP. The first byte of each says where it goes and what becomes of its numbers.
#include <cassert>
#include <vector>

#include "firewall/packet.h"
#include "vpn/ctcp_client.h"
#include "vpn/ctcp_server.h"

namespace {

using namespace sallyport;

void Feed(Bytes data) {
  const Endpoint own{IpAddress::V4(0xc000020a), 40000}, server_end{IpAddress::V4(0xc6336401), 10000};
  CtcpServer server(1);
  CtcpClient client(own, server_end, 77, CtcpClientTimes(), TimePoint());
  std::vector<CtcpKey> closed;
  constexpr std::uint16_t ports[] = {10000};
  server.UsePorts(ports, closed);
  std::vector<std::vector<std::uint8_t>> out;
  std::vector<OriginatedPacket> answers;
  std::vector<CtcpPiece> pieces;
  const auto deliver = [&](std::vector<std::uint8_t> bytes, bool to_server) {
    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    if (ParsePacket(p) != FrameDrop::kNone || !p.IsTcp() || p.fragment) return;
    pieces.clear();
    if (to_server) {
      const CtcpServer::Arrival& a = server.Receive(p, TimePoint(), answers);
      pieces = a.pieces;
    } else {
      client.Receive(p, TimePoint(), pieces, out);
    }
    std::size_t all = 0;
    for (const CtcpPiece& piece : pieces) {
      assert(piece.content.data() >= bytes.data() && piece.content.data() + piece.content.size() <= bytes.data() + bytes.size());
      all += piece.content.size() + kCtcpTrailer;
    }
    assert(all <= bytes.size());
  };
  client.Advance(TimePoint(), out);
  for (const auto& s : std::vector(out)) deliver(s, true);
  for (const OriginatedPacket& a : std::vector(answers)) deliver(a.bytes, false);
  for (const auto& s : std::vector(out)) deliver(s, true);
  while (data.size() >= 4) {
    const std::uint8_t how = data[0];
    const std::size_t size = std::min<std::size_t>(LoadBe16(data.data() + 1), data.size() - 3);
    const Bytes body = data.subspan(3, size);
    data = data.subspan(3 + size);
    const bool to_server = (how & 1) != 0;
    // Either everything arbitrary, or a right header around an arbitrary payload.
    if ((how & 2) != 0) {
      deliver({body.begin(), body.end()}, to_server);
      continue;
    }
    std::vector<std::uint8_t> buffer(kCtcpFront + body.size() + kCtcpTrailer);
    std::copy(body.begin(), body.end(), buffer.begin() + kCtcpFront);
    CtcpEnd end(to_server ? own : server_end, to_server ? server_end : own, client.end().next() + how, !to_server);
    MutableBytes s = end.WrapEsp(MutableBytes(buffer).subspan(kCtcpFront, body.size()), 0, false, 0);
    if ((how & 4) != 0 && s.size() > kCtcpTrailer + 40) {
      s = s.first(s.size() - kCtcpTrailer);  // the trailer is the body's business
      StoreBe16(s.data() + 2, static_cast<std::uint16_t>(s.size()));
    }
    s[33] = static_cast<std::uint8_t>((how & 8) != 0 ? how : s[33]);
    deliver({s.begin(), s.end()}, to_server);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Feed({data, size});
  return 0;
}
