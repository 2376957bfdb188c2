#include "vpn/crypto/entropy.h"

#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>

#include "firewall/base/random.h"
#include "vpn/crypto/library.h"
#include "vpn/crypto/operations.h"

namespace sallyport {

void SystemEntropy::Fill(MutableBytes out) {
  CryptoOperations::Count(Operations().random);
  if (out.empty() || RAND_bytes_ex(CryptoLibrary::Get().context(), out.data(), out.size(), 0) == 1) return;
  std::fprintf(stderr, "sallyport: no randomness: %s\n", CryptoError().c_str());
  std::abort();
}

void SeededEntropy::Fill(MutableBytes out) {
  Random random(state_);
  for (std::size_t i = 0; i < out.size(); i += 8) {
    std::uint8_t word[8];
    StoreBe64(word, random.U64());
    std::memcpy(out.data() + i, word, std::min<std::size_t>(8, out.size() - i));
  }
  state_ = random.U64();
}

}  // namespace sallyport
