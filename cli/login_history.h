// Who logged in when: the two lines that a login prints about the logins before it ("Logins over the last 3 days: 2. ...").
//
// Owned by the appliance, control thread only; in memory, so a restart forgets it. Callers name users of the local database
// only: names that anybody may invent must not fill it. Not the log.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "firewall/base/civil_time.h"
#include "firewall/base/ip_address.h"

namespace sallyport {

class LoginHistory {
 public:
  static constexpr std::int64_t kDays = 90;            // what an ASA keeps unless it is told otherwise
  static constexpr std::size_t kMaxLogins = 16 * 1024;  // of one user; older ones go

  // `wall_nanos` counts from 1970.
  void LoggedIn(const std::string& user, std::int64_t wall_nanos, IpAddress from);
  void Failed(const std::string& user, std::int64_t wall_nanos, IpAddress from);
  // The lines for the latest login of `user`; "" if there was none.
  std::string Text(const std::string& user, const TimeZone& zone) const;

 private:
  struct Attempt {
    std::int64_t wall_nanos = 0;
    IpAddress from;
  };
  struct User {
    std::deque<std::int64_t> logins;  // wall nanoseconds, the latest last
    Attempt latest, before;           // before: no address when there was none
    std::uint32_t failed = 0;         // since the latest login
    Attempt last_failed;
    std::uint32_t failed_before = 0;  // between the latest login and the one before it
    Attempt last_failed_before;
  };
  std::map<std::string, User> users_;
};

}  // namespace sallyport
