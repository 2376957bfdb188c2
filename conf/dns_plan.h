// The appliance's DNS client as the configuration has it: which servers are asked, by which interfaces, and which names of fqdn
// objects are to be known. Plain data, for whoever asks.
//
// Source: ASA command reference, `dns server-group`, `dns domain-lookup`, `expire-entry-timer`, `poll-timer`, `fqdn`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"

namespace sallyport {

struct DnsPlan {
  struct Server {
    IpAddress address;
    std::string interface;  // nameif; "": by route
    bool operator==(const Server&) const = default;
  };
  // An fqdn object of an access list or a translation rule that acts.
  struct Name {
    std::string name;  // in lower case
    bool v4 = false, v6 = false;
    bool operator==(const Name&) const = default;
  };
  std::set<std::string> interfaces;  // `dns domain-lookup`; without one nothing is asked
  std::vector<Server> servers;       // in the order in which they are asked; six at most
  std::string domain;                // for names without a dot; "" : none
  int timeout_s = 2;                 // for a server's answer; doubles with every retry of the list, 1..30
  int retries = 2;                   // of the whole list, 0..10
  int poll_min = 240;                // a name is asked for again at least so often
  int expire_min = 1;                // an address stays so long after its TTL
  std::vector<Name> names;           // by name
  bool operator==(const DnsPlan&) const = default;
};

// What the names stand for now; a name that is not there is unresolved. Addresses in order.
using ResolvedNames = std::map<std::string, std::vector<IpAddress>>;

std::string LowerCase(std::string_view name);

}  // namespace sallyport
