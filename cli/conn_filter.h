// The words behind `show conn`, `clear conn` and `clear xlate` that pick connections.
#pragma once

#include <optional>
#include <string>

#include "conf/codecs.h"
#include "conf/command.h"
#include "firewall/base/result.h"
#include "firewall/engine.h"

namespace sallyport {

// A[-B], and a mask behind it with `netmask`.
struct ConnWords {
  bool all = false, count = false, detail = false, longer = false;
  std::string address, peer_address;  // A, or A-B; the second: of the other end
  std::optional<Mask> netmask, peer_netmask;
  std::string port, peer_port;  // P, or P-Q; by number or name
  std::string protocol;
  bool zone = false;           // with the zones of the interfaces
  std::string in_zone, other_zone;
  std::string state;  // one or several, with commas between
  std::string user, user_group, security_name;  // who is behind an address: nobody knows that here
  std::optional<int> security_tag;
  bool scansafe = false, security_group = false;
};

// The words may come in any order.
TokenPtr<ConnWords> ConnFilterWords();
// "A", "A-B", or "A" with its mask; "P" or "P-Q", by number or name. Or the sentence why they are none.
Result<AddressRange> AddressRangeOf(std::string_view words, const std::optional<Mask>& netmask);
Result<PortRange> PortRangeOf(std::string_view words);
// The filter, or the sentence why the words mean none.
Result<ConnFilter> FilterOf(const ConnWords& words, const Policy& policy);

}  // namespace sallyport
