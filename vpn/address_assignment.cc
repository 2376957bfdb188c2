#include "vpn/address_assignment.h"

#include <fmt/format.h>

namespace sallyport {

std::optional<AssignedAddress> AssignAddress(AddressPools& pools, Logger& logger, const AddressQuestion& q, std::string& pool, TimePoint now) {
  pool.clear();
  if (q.own) {
    if (pools.TakeOwn(q.own->address)) {
      logger.Say(737010, 6, fmt::format("IPAA: AAA assigned address {}, succeeded", q.own->address.ToString()));
      return q.own;
    }
    logger.Say(737011, 5, fmt::format("IPAA: AAA assigned address {}, not permitted, retrying", q.own->address.ToString()));
    return {};
  }
  if (q.local) {
    if (const auto got = pools.TakeAgain(q.pools, q.before, pool, now)) {
      logger.Say(737006, 6, fmt::format("IPAA: Local pool request succeeded for tunnel-group {}", q.tunnel_group));
      logger.Say(737026, 6, fmt::format("IPAA: Client assigned {} from local pool {}", got->address.ToString(), pool));
      return got;
    }
  }
  logger.Say(737019, 4, "IPAA: Unable to get address from group-policy or tunnel-group local pools");
  return {};
}

AddressFreed::AddressFreed(int release, const std::string& pool, IpAddress address) : syslog(pool.empty() ? 737014 : 737016) {
  text = fmt::format("IPAA: Freeing {}{} address {}", pool.empty() ? "AAA" : "local pool", pool.empty() || release < 901 ? "" : " " + pool,
                     address.ToString());
}

}  // namespace sallyport
