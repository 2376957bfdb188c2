// Sessions of remote users, whoever keeps them: what one database of sessions must know of another (IKE's of AnyConnect's, and the
// other way round), for `show vpn-sessiondb`, `vpn-sessiondb logoff` and simultaneous logins. Each database joins SessionCounts
// (vpn/session_counts.h). Control thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firewall/base/time.h"
#include "vpn/views.h"

namespace sallyport {

class RemoteSessions {
 public:
  virtual ~RemoteSessions() = default;
  virtual std::vector<VpnSessionView> Views(TimePoint now) = 0;  // by age
  // Ends the session, now or soon; `reason` as 113019 has it. False: there is no session of that index.
  virtual bool Logoff(std::uint32_t index, const std::string& reason) = 0;
  virtual std::vector<std::uint32_t> OfUser(const std::string& user) const = 0;  // by age
  virtual TimePoint LastUsed(std::uint32_t index) const = 0;                     // Max: there is no such session
};

}  // namespace sallyport
