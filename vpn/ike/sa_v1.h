// The security association payload of version 1 (RFC 2408 3.4-3.6, RFC 2407): proposals of transforms of attributes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "vpn/ike/attributes.h"
#include "vpn/ike/writer.h"

namespace sallyport {

struct TransformV1 {
  std::uint8_t number = 1, id = 0;
  Bytes raw;                          // the encoded attributes: an answer repeats them byte for byte
  std::vector<Attribute> attributes;  // the same, read; not used for writing
};

// Proposals with the same number belong together (ESP with compression).
struct ProposalV1 {
  std::uint8_t number = 1, protocol = 0;
  Bytes spi;  // up to 16 bytes
  std::vector<TransformV1> transforms;
};

// The body of an SA payload. At most 64 proposals and 256 transforms, in all.
Result<std::vector<ProposalV1>> ReadSaV1(Bytes body);

// Begins and ends a whole SA payload in `out`. Returns where it stands.
std::size_t AddSaV1(ChainWriter& out, std::span<const ProposalV1> proposals);

}  // namespace sallyport
