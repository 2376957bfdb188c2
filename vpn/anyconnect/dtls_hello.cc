#include "vpn/anyconnect/dtls_hello.h"

#include <algorithm>

namespace sallyport {
namespace {

// Record: type, version 2, epoch 2, sequence 6, length 2. Handshake message: type, length 3, sequence 2, offset 3, length of the
// fragment 3. Then version 2, random 32, and the session id behind its length.
constexpr std::size_t kHelloRecord = 13, kHelloMessage = 12, kBeforeId = 2 + 32;
constexpr std::uint8_t kHandshakeRecord = 22, kClientHello = 1;

}  // namespace

std::optional<DtlsSessionId> SessionIdOfHello(Bytes d) {
  constexpr std::size_t at = kHelloRecord + kHelloMessage + kBeforeId;
  if (d.size() < at + 1 + 32) return {};
  if (d[0] != kHandshakeRecord || (d[1] != 0xfe && !(d[1] == 0x01 && d[2] == 0x00))) return {};
  if (d[3] != 0 || d[4] != 0) return {};  // epoch
  if (static_cast<std::size_t>(LoadBe16(&d[11])) < at + 1 + 32 - kHelloRecord) return {};
  const Bytes m = d.subspan(kHelloRecord);
  if (m[0] != kClientHello || m[6] != 0 || m[7] != 0 || m[8] != 0) return {};
  const std::size_t fragment = static_cast<std::size_t>(m[9]) << 16 | LoadBe16(&m[10]);
  if (fragment < kBeforeId + 1 + 32 || d[at] != 32) return {};
  DtlsSessionId id;
  std::copy_n(d.begin() + at + 1, id.size(), id.begin());
  return id;
}

}  // namespace sallyport
