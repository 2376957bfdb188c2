// What is at an http:// URL, for lists of revoked certificates: one request, one answer, in the calling thread, which waits. So it runs on a
// thread that has nothing else to do (JobPool).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"

namespace sallyport {

// The host of an http:// URL, an address or a name; an error: it is another URL, or none.
Result<std::string> HttpHost(const std::string& url);

// From the server at `at`, whatever the URL's host resolves to. Longer answers than `most` bytes, and slower ones than `limit_ms` in all,
// are refused.
Result<std::vector<std::uint8_t>> HttpGet(const std::string& url, IpAddress at, std::size_t most, int limit_ms);

}  // namespace sallyport
