// Fragments of IKE version 2: authentic ones in any order and with any numbers, and arbitrary bytes instead of them. What is
// held stays within its bounds, and what comes out was put in.
#include <cstdlib>

#include "vpn/crypto/entropy.h"
#include "vpn/ike/v2_messages.h"
#include "vpn/ike/v2_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  SeededEntropy entropy(1);
  SkKeys keys;
  keys.cipher = VpnCipher::kAes128;
  keys.integrity = VpnHash::kSha1;
  keys.encryption = Secret(16);
  keys.authentication = Secret(20);
  ReassemblyV2 pieces, opened;
  Bytes rest(data, size);
  while (rest.size() >= 8) {
    const std::size_t length =
        std::min<std::size_t>(static_cast<std::size_t>((rest[6] & 7) << 8 | rest[7]), rest.size() - 8);
    const Bytes body = rest.subspan(8, length);
    const std::uint16_t number = rest[1], total = static_cast<std::uint16_t>(rest[2] << 4 | rest[3] % 16);
    const auto whole = pieces.Add(rest[0] % 4, number, total, rest[4], body);
    if (pieces.held() > ReassemblyV2::kMostBytes || (whole && whole->chain.size() > ReassemblyV2::kMostBytes)) std::abort();
    // The same as a message.
    IkeHeader h;
    h.version = ikev2::kVersion;
    h.exchange = ikev2::kAuth;
    h.message_id = rest[0] % 4;
    auto messages = SealV2(keys, entropy, h, rest[4], body, 100 + rest[5]);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto& m = messages[(i * 7 + rest[5]) % messages.size()];
      const bool forged = (rest[6] & 0x80) != 0 && i == 0;
      if (forged) m[rest[3] % m.size()] ^= 1;
      Reader in(m);
      const auto header = ReadIkeHeader(in);
      auto copy = m;
      const auto result = OpenV2(keys, opened, *header, copy);
      if (forged && header->length <= m.size() && result.what == OpenResultV2::What::kWhole && !result.fragmented)
        std::abort();
      if (opened.held() > ReassemblyV2::kMostBytes) std::abort();
    }
    std::vector<std::uint8_t> raw(body.begin(), body.end());
    Reader in(raw);
    if (const auto header = ReadIkeHeader(in)) (void)OpenV2(keys, opened, *header, raw);
    rest = rest.subspan(8 + length);
  }
  return 0;
}
