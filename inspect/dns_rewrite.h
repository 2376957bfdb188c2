// DNS messages whose addresses NAT changes into ones of another length: A becomes AAAA and the other way round (NAT64, NAT46), and the
// names of reverse lookups (in-addr.arpa, ip6.arpa) stand for another address. The message is written anew, names compressed again
// (RFC 1035 4.1.4), everything that is not about addresses kept. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/ip_address.h"

namespace sallyport {

inline constexpr std::uint16_t kDnsPtr = 12;

// The address that a name of a reverse lookup ("7.2.0.192.in-addr.arpa", any case, no dot at its end) stands for, and that name.
std::optional<IpAddress> ReverseNameAddress(const std::string& name);
std::string ReverseName(IpAddress a);

struct DnsRewrite {
  // What an address has to read; nothing: it stays.
  std::function<std::optional<IpAddress>(IpAddress)> translate;
  std::uint16_t question_type = 0;  // what an address is asked for as; 0: it stays
};

struct RewrittenDns {
  std::vector<std::uint8_t> message;
  std::uint32_t changes = 0;  // addresses, names and types that changed
};
// Nothing: the message is broken, or cannot be written again.
std::optional<RewrittenDns> RewriteDns(Bytes message, const DnsRewrite& how);

}  // namespace sallyport
