#include "cli/login_history.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

constexpr std::int64_t kDay = std::int64_t{24} * 3600 * 1'000'000'000;

}  // namespace

void LoginHistory::LoggedIn(const std::string& user, std::int64_t wall_nanos, IpAddress from) {
  User& u = users_[user];
  u.before = u.latest;
  u.latest = {wall_nanos, from};
  u.failed_before = u.failed;
  u.last_failed_before = u.last_failed;
  u.failed = 0;
  u.logins.push_back(wall_nanos);
  // The clock may have been set back: what lies ahead of now stays until it is old.
  while (u.logins.size() > kMaxLogins || u.logins.front() <= wall_nanos - kDays * kDay - kDay) u.logins.pop_front();
}

void LoginHistory::Failed(const std::string& user, std::int64_t wall_nanos, IpAddress from) {
  User& u = users_[user];
  u.failed++;
  u.last_failed = {wall_nanos, from};
}

std::string LoginHistory::Text(const std::string& user, const TimeZone& zone) const {
  const auto it = users_.find(user);
  if (it == users_.end() || it->second.logins.empty()) return {};
  const User& u = it->second;
  const std::int64_t span = u.latest.wall_nanos - u.logins.front();
  const std::int64_t days = span > 0 ? span / kDay + 1 : 1;
  const auto attempt = [&](const Attempt& a) { return DateText(a.wall_nanos, zone) + " from " + a.from.ToString(); };
  std::string out;
  Append(out, "Logins over the last {} days: {}.  {}\n", days, u.logins.size(),
         u.before.from.IsNone() ? "" : "Last login: " + attempt(u.before));
  Append(out, "Failed logins since the last login: {}.  {}\n", u.failed_before,
         u.failed_before == 0 ? "" : "Last failed login: " + attempt(u.last_failed_before));
  return out;
}

}  // namespace sallyport
