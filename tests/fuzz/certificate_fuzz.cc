// What a peer sends in certificate, identity, key exchange and signature payloads, as arbitrary bytes; the first byte chooses.
#include <cstdint>
#include <cstdlib>

#include "tests/vpn/hex.h"
#include "vpn/crypto/certificates.h"
#include "vpn/crypto/dh.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  if (size == 0) return 0;
  const Bytes rest(data + 1, size - 1);
  switch (data[0] & 3) {
    case 0: {
      Result<Certificate> c = Certificate::FromDer(rest);
      if (!c) break;
      c->subject_text();
      c->issuer_text();
      c->serial();
      c->not_after();
      c->key_type();
      c->signature_algorithm();
      c->dns_names();
      c->emails();
      c->addresses();
      c->public_key_sha1();
      TrustStore store;
      store.AddAnchor(*c);
      (void)store.Validate(*c, {*c}, 1'700'000'000);
      for (int s = 0; s <= static_cast<int>(SignatureScheme::kEcdsaSha512Der); ++s) Verify(*c, static_cast<SignatureScheme>(s), rest, rest);
      break;
    }
    case 1:
      if (std::optional<std::string> text = NameText(rest)) {
        for (char ch : *text)
          if (static_cast<unsigned char>(ch) < 0x20) std::abort();
      }
      break;
    case 2:
      SchemeOf(rest);
      break;
    case 3: {
      constexpr std::uint16_t kGroups[] = {1, 2, 19, 20, 21, 24, 31};
      const std::uint16_t group = kGroups[(data[0] >> 2) % 7];
      const std::vector<std::uint8_t> own = Counting(1, 32);
      if (Result<Secret> s = DhShared(group, own, rest); s && s->size() != DhSharedSize(group)) std::abort();
      break;
    }
  }
  return 0;
}
