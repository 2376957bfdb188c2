// Lists of revoked certificates (RFC 5280 5), and where a certificate says that its authority's is to be had.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vpn/crypto/certificates.h"

namespace sallyport {

struct Crl {
  std::vector<std::uint8_t> der;
  std::string issuer;             // as Certificate::issuer_text
  std::int64_t last_update = 0;   // seconds since 1970
  std::int64_t next_update = 0;   // 0: it does not tell
};

// DER or PEM, signed by `authority`.
Result<Crl> ReadCrl(Bytes text, const Certificate& authority);

// URLs of its distribution points, in order; without any: none.
std::vector<std::string> CrlUrlsOf(const Certificate& certificate);

}  // namespace sallyport
