#include "vpn/anyconnect/login.h"

#include <algorithm>
#include <cctype>

namespace sallyport {
namespace {

std::string LowerCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// One attribute: "CN", "OU", "UPN", "EA", "SER", "use-entire-name" ...
std::string AttributeOf(const Certificate& c, const std::string& what) {
  if (what == "use-entire-name") return c.subject_text();
  if (what == "UPN") return {};  // kept in another name form, which certificates.h does not read
  struct Name {
    const char *configured, *attribute;
  };
  constexpr Name kNames[] = {
      {"EA", "emailaddress"},          {"SER", "serialnumber"}, {"N", "name"}, {"GN", "gn"},      {"SN", "sn"},
      {"GENQ", "generationqualifier"}, {"DNQ", "dnqualifier"},  {"SP", "st"},  {"I", "initials"}, {"T", "title"}};
  std::string attribute = LowerCase(what);
  for (const Name& n : kNames) {
    if (what == n.configured) attribute = n.attribute;
  }
  for (const auto& [name, value] : c.subject()) {
    if (name == attribute) return value;
  }
  if (what == "EA") {
    const auto emails = c.emails();
    if (!emails.empty()) return emails.front();
  }
  return {};
}

}  // namespace

std::string UserOfCertificate(const Certificate& c, const std::string (&from)[2]) {
  if (!c) return {};
  // Without a line it is CN, then OU.
  const std::string first = from[0].empty() ? "CN" : from[0];
  const std::string second = from[0].empty() && from[1].empty() ? "OU" : from[1];
  const std::string user = AttributeOf(c, first);
  return user.empty() && !second.empty() ? AttributeOf(c, second) : user;
}

template <typename Key>
LoginThrottle::Entry& LoginThrottle::Of(std::map<Key, Entry>& all, const Key& key, TimePoint now) {
  const auto found = all.find(key);
  if (found != all.end()) {
    if (now - found->second.last > kMemory && now - found->second.slot > kMemory) found->second = Entry{};
    return found->second;
  }
  if (all.size() >= kMost) {
    std::erase_if(all, [&](const auto& e) { return now - e.second.last > kMemory; });
  }
  if (all.size() >= kMost) {  // an eighth of them at once, the oldest
    std::vector<TimePoint> times;
    for (const auto& e : all) times.push_back(e.second.last);
    const auto cut = times.begin() + static_cast<std::ptrdiff_t>(kMost / 8);
    std::nth_element(times.begin(), cut, times.end());
    std::erase_if(all, [&](const auto& e) { return e.second.last <= *cut; });
  }
  return all[key];
}

template <typename Key>
int LoginThrottle::Remembered(const std::map<Key, Entry>& all, const Key& key, TimePoint now) {
  const auto found = all.find(key);
  return found == all.end() || now - found->second.last > kMemory ? 0 : found->second.failures;
}

TimePoint LoginThrottle::Slot(const std::string& user, IpAddress address, TimePoint now) {
  const IpAddress from = CountedAs(address);
  TimePoint slot = now + WaitAfter(Remembered(users_, user, now));
  const int failures = Remembered(addresses_, from, now);
  if (failures >= kFree) {
    Entry& e = Of(addresses_, from, now);
    slot = std::max(slot, std::max(now, e.slot) + WaitAfter(failures));
    e.slot = slot;
  }
  return slot;
}

void LoginThrottle::Note(Entry& e, TimePoint now) {
  if (now - e.last > kMemory) e = Entry{0, {}, e.slot, {}};
  ++e.failures;  // each has taken seconds: there are not so many
  e.last = now;
}

TimePoint LoginThrottle::SlotOfUser(const std::string& user, TimePoint now) const {
  return now + WaitAfter(Remembered(users_, user, now));
}

void LoginThrottle::UserFailed(const std::string& user, TimePoint now) { Note(Of(users_, user, now), now); }

void LoginThrottle::Failed(const std::string& user, IpAddress from, TimePoint now) {
  UserFailed(user, now);
  Entry& address = Of(addresses_, CountedAs(from), now);
  Note(address, now);
  if (address.of_user.size() < kUsersOfAddress || address.of_user.contains(user)) ++address.of_user[user];
}

void LoginThrottle::Succeeded(const std::string& user, IpAddress from) {
  users_.erase(user);
  const auto found = addresses_.find(CountedAs(from));
  if (found == addresses_.end()) return;
  Entry& address = found->second;
  const auto own = address.of_user.find(user);
  if (own == address.of_user.end()) return;
  address.failures -= own->second;
  address.of_user.erase(own);
  if (address.failures <= 0) addresses_.erase(found);
}

int LoginThrottle::failures(const std::string& user) const {
  const auto found = users_.find(user);
  return found == users_.end() ? 0 : found->second.failures;
}

int LoginThrottle::failures(IpAddress from) const {
  const auto found = addresses_.find(CountedAs(from));
  return found == addresses_.end() ? 0 : found->second.failures;
}

}  // namespace sallyport
