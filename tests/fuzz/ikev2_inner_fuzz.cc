// Payloads of IKE version 2 behind the encryption: a peer that has the keys, and means no good. IKE_AUTH at a responder,
// requests and answers at an established SA, several in a row.
#include "tests/fuzz/ikev2_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  using namespace sallyport::ike_test;
  if (size < 4) return 0;
  FuzzedPair pair(2);
  const std::uint8_t stage = data[0] % 3;
  std::size_t sent = 0;
  if (stage == 0) {
    // The initiator's own IKE_AUTH never arrives.
    pair.on_wire = [&](End& from, IkeDatagram&) { return &from != &pair.a || ++sent == 1; };
  }
  pair.Need(pair.a);
  pair.Run(Duration::Milliseconds(500));
  std::uint32_t id = stage == 0 ? 1 : 2;
  if (stage == 2) {
    // b asks for something, and hears an answer that a has not given.
    pair.on_wire = [](End&, IkeDatagram&) { return false; };
    TunnelEvent e;
    e.what = TunnelEvent::What::kRekey;
    if (!pair.b.children.empty()) e.spi_in = pair.b.children.begin()->first;
    if ((data[1] & 1) != 0) {
      pair.b.core().Event(e, pair.times);
    } else {
      pair.Run(Duration::Seconds(11));
    }
    id = 0;
  }
  Bytes rest(data + 2, size - 2);
  static constexpr std::uint8_t kExchanges[] = {ikev2::kAuth, ikev2::kCreateChild, ikev2::kInformational};
  while (rest.size() >= 4) {
    const std::size_t length = std::min<std::size_t>(static_cast<std::size_t>(rest[0] << 8 | rest[1]), rest.size() - 4);
    const std::uint8_t exchange = stage == 0 ? std::uint8_t{ikev2::kAuth} : kExchanges[rest[2] % 3];
    pair.Deliver(exchange, stage == 2, id++, rest[3], rest.subspan(4, length), (rest[2] & 0x80) != 0 ? 200 : 0);
    rest = rest.subspan(4 + length);
    if (id > 16) break;
  }
  pair.Run(Duration::Seconds(1));
  pair.Check();
  return 0;
}
