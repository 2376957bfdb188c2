// The first datagram of somebody unknown: whose session it wants, and then the handshake itself, OpenSSL's and GnuTLS's.
#include <algorithm>
#include <cstdlib>

#include "vpn/anyconnect/dtls_channel.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  if (size == 0) return 0;
  const Bytes datagram(data + 1, size - 1);
  const auto id = SessionIdOfHello(datagram);
  if (id && std::search(datagram.begin(), datagram.end(), id->begin(), id->end()) == datagram.end()) std::abort();
  DtlsSecret secret;
  secret.suite = &DtlsSuites()[data[0] % DtlsSuites().size()];
  secret.id = id.value_or(DtlsSessionId{});
  secret.key = Secret(secret.suite->method == DtlsMethod::kPsk ? kDtlsPskKey : kDtlsMasterSecret);
  const auto h = DtlsHandshake::Begin(secret, DtlsRole::kServer, {});
  if (h == nullptr) std::abort();
  for (int k = 0; k < 2; ++k) {
    if (h->Feed(datagram) == DtlsHandshake::State::kDone) std::abort();  // nobody knows the secret
    (void)h->ToWire();
  }
  return 0;
}
