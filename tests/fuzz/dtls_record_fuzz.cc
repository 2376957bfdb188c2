// A DTLS channel that is up, fed with anything: nothing of it is genuine, and a genuine record is still read afterwards, unless the
// library has given up.
#include <cstdlib>

#include "vpn/anyconnect/dtls_channel.h"

namespace sallyport {
namespace {

struct Ends {
  std::unique_ptr<DtlsChannel> server, client;
};
Ends Connect(DtlsMethod method) {
  DtlsSecret secret;
  for (const DtlsSuite& s : DtlsSuites()) {
    if (s.method == method) secret.suite = &s;
  }
  secret.key = Secret(method == DtlsMethod::kPsk ? kDtlsPskKey : kDtlsMasterSecret);
  const auto c = DtlsHandshake::Begin(secret, DtlsRole::kClient, {}), s = DtlsHandshake::Begin(secret, DtlsRole::kServer, {});
  for (int k = 0; k < 6; ++k) {
    for (const auto& d : c->ToWire()) s->Feed(d);
    for (const auto& d : s->ToWire()) c->Feed(d);
  }
  Ends e{s->Take(), c->Take()};
  if (!e.server || !e.client) std::abort();
  return e;
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  // A handshake costs too much for each input; what an input has broken is made anew.
  static Ends ends[] = {Connect(DtlsMethod::kOc), Connect(DtlsMethod::kLegacy), Connect(DtlsMethod::kPsk)};
  static constexpr DtlsMethod kMethods[] = {DtlsMethod::kOc, DtlsMethod::kLegacy, DtlsMethod::kPsk};
  if (size == 0) return 0;
  const std::size_t which = data[0] % 3;
  Ends& e = ends[which];
  std::uint8_t room[17000], record[200], wire[2000];
  std::size_t n = 0;
  const auto got = e.server->Open({data + 1, size - 1}, room, n);
  if (got == DtlsChannel::Got::kRecord) std::abort();
  while (e.server->TakeDatagram(wire) != 0) {
  }
  const std::uint8_t plain[] = {0, 1, 2};
  const std::size_t sealed = e.client->Seal(plain, record);
  if (sealed == 0) std::abort();
  if (e.server->Open({record, sealed}, room, n) == DtlsChannel::Got::kRecord) {
    if (n != sizeof plain) std::abort();
  } else if (got == DtlsChannel::Got::kClosed) {
    e = Connect(kMethods[which]);
  } else {
    std::abort();
  }
  return 0;
}
