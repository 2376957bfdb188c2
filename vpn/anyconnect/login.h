// A login from the first form to the session, as steps in a table, and what slows down guessing. Knows no HTTP and asks
// nobody: the portal does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"
#include "vpn/anyconnect/portal_host.h"
#include "vpn/crypto/secret.h"

namespace sallyport {

// --- steps

enum class LoginStep : std::uint8_t {
  kForm,             // the user has the form
  kAsked,            // AAA is asked about him
  kChallenge,        // it asks back; he has that form
  kNewPassword,      // his password has expired; he has the form for a new one
  kAskedSecond,      // the second servers are asked
  kChallengeSecond,  // ... and ask back
  kAuthorizing,      // authorization-server-group is asked
  kMaking,           // the session is made
  kDone
};
enum class LoginEvent : std::uint8_t { kFields, kAccepted, kChallenged, kExpired, kRejected };
// What a tunnel group wants of a login; a row of the table holds if the login has all that it needs and nothing that it
// excludes.
enum LoginNeed : std::uint8_t { kNeedNothing = 0, kNeedSecond = 1, kNeedAuthorization = 2 };

struct LoginRow {
  LoginStep from;
  LoginEvent event;
  std::uint8_t needs, excludes;
  LoginStep to;
};
inline constexpr LoginRow kLoginSteps[] = {
    {LoginStep::kForm, LoginEvent::kFields, kNeedNothing, kNeedNothing, LoginStep::kAsked},
    {LoginStep::kAsked, LoginEvent::kAccepted, kNeedSecond, kNeedNothing, LoginStep::kAskedSecond},
    {LoginStep::kAsked, LoginEvent::kAccepted, kNeedAuthorization, kNeedSecond, LoginStep::kAuthorizing},
    {LoginStep::kAsked, LoginEvent::kAccepted, kNeedNothing, kNeedSecond | kNeedAuthorization, LoginStep::kMaking},
    {LoginStep::kAsked, LoginEvent::kChallenged, kNeedNothing, kNeedNothing, LoginStep::kChallenge},
    {LoginStep::kAsked, LoginEvent::kExpired, kNeedNothing, kNeedNothing, LoginStep::kNewPassword},
    {LoginStep::kAsked, LoginEvent::kRejected, kNeedNothing, kNeedNothing, LoginStep::kForm},
    {LoginStep::kChallenge, LoginEvent::kFields, kNeedNothing, kNeedNothing, LoginStep::kAsked},
    {LoginStep::kNewPassword, LoginEvent::kFields, kNeedNothing, kNeedNothing, LoginStep::kAsked},
    {LoginStep::kAskedSecond, LoginEvent::kAccepted, kNeedAuthorization, kNeedNothing, LoginStep::kAuthorizing},
    {LoginStep::kAskedSecond, LoginEvent::kAccepted, kNeedNothing, kNeedAuthorization, LoginStep::kMaking},
    {LoginStep::kAskedSecond, LoginEvent::kChallenged, kNeedNothing, kNeedNothing, LoginStep::kChallengeSecond},
    {LoginStep::kAskedSecond, LoginEvent::kRejected, kNeedNothing, kNeedNothing, LoginStep::kForm},
    {LoginStep::kChallengeSecond, LoginEvent::kFields, kNeedNothing, kNeedNothing, LoginStep::kAskedSecond},
    {LoginStep::kAuthorizing, LoginEvent::kAccepted, kNeedNothing, kNeedNothing, LoginStep::kMaking},
    {LoginStep::kAuthorizing, LoginEvent::kRejected, kNeedNothing, kNeedNothing, LoginStep::kForm},
    {LoginStep::kMaking, LoginEvent::kAccepted, kNeedNothing, kNeedNothing, LoginStep::kDone},
    {LoginStep::kMaking, LoginEvent::kRejected, kNeedNothing, kNeedNothing, LoginStep::kForm},
};
// Nothing: that does not happen in that step, and changes nothing.
constexpr std::optional<LoginStep> NextLoginStep(LoginStep from, LoginEvent event, std::uint8_t has) {
  for (const LoginRow& r : kLoginSteps) {
    if (r.from == from && r.event == event && (has & r.needs) == r.needs && (has & r.excludes) == 0) return r.to;
  }
  return {};
}
// Does the step wait for the user?
constexpr bool WaitsForUser(LoginStep s) {
  return s == LoginStep::kForm || s == LoginStep::kChallenge || s == LoginStep::kNewPassword ||
         s == LoginStep::kChallengeSecond;
}

// --- one login

struct Login {
  std::string handle;  // our number of it, 64 bits in decimal
  LoginStep step = LoginStep::kForm;
  std::uint8_t needs = kNeedNothing;
  TimePoint begun{};  // real
  IpAddress address;  // whose it is
  // Where it chose its group: what was asked for, and the policy of that time.
  std::string asked_host, asked_path, group_access;
  std::uint64_t policy_serial = 0;
  SslPolicy::Group::Auth auth{};
  bool browser = false;
  std::string tunnel_group, alias;  // alias "": none was chosen
  bool group_fixed = false;         // by a URL or a certificate: there is no list
  bool certificate = false;         // a good one was shown
  bool refused_certificate = false;
  std::string user, second_user;
  std::string authenticated;            // what AAA is asked about for `user`
  std::string counted, second_counted;  // by which both are counted: UserKey
  Secret password, second_password, new_password;  // kept only while a step needs them
  std::shared_ptr<const AaaDialogue> dialogue;
  std::string message;   // of the challenge
  LoginAnswer accepted;  // of the first question
  std::string error;     // what the next form says; "": nothing
  // What the client has told of itself.
  std::string client_version, device_id, platform_version, device_type, unique_id;
  // Host scan: "" where there is none.
  std::string scan_ticket, scan_token;
  bool scanned = false;
};

// The user that a certificate stands for (`username-from-certificate PRIMARY [SECONDARY]`); "": it has no such attribute.
std::string UserOfCertificate(const Certificate& c, const std::string (&from)[2]);

// --- guessing

// Whom limits count together: an IPv4 address, or a network of IPv6 (/64), which its host has all addresses of.
constexpr IpAddress CountedAs(IpAddress a) { return a.IsV4() ? a : IpAddress::V6(a.hi(), 0); }

// After three failures, of a user or from an address, each question waits: 1, 2, 4, 8 seconds. Questions from one address
// wait for each other besides, so that many at once are no faster. Forgotten after 15 minutes without a failure. A user who got
// in is forgiven, and his address is forgiven what he failed with there: a good password of one's own buys no guesses at others'.
// Users are named by UserKey (vpn/session_counts.h).
class LoginThrottle {
 public:
  static constexpr int kFree = 3;
  static constexpr std::size_t kMost = 4096;  // of each; the oldest is forgotten
  static constexpr Duration kMemory = Duration::Seconds(900);
  static constexpr Duration WaitAfter(int failures) {
    return failures < kFree ? Duration{}
                            : Duration::Seconds(std::int64_t{1} << (failures - kFree < 3 ? failures - kFree : 3));
  }

  // When a question about that user from there may be asked.
  TimePoint Slot(const std::string& user, IpAddress from, TimePoint now);
  void Failed(const std::string& user, IpAddress from, TimePoint now);
  // The second name of a login: of the address one failure is enough.
  TimePoint SlotOfUser(const std::string& user, TimePoint now) const;
  void UserFailed(const std::string& user, TimePoint now);
  void Succeeded(const std::string& user, IpAddress from);
  int failures(const std::string& user) const;
  int failures(IpAddress from) const;
  std::size_t size() const { return users_.size() + addresses_.size(); }

 private:
  struct Entry {
    int failures = 0;
    TimePoint last{};  // failure
    TimePoint slot{};  // of the last question that was made to wait
    std::map<std::string, int> of_user;  // of an address: whose failures they were, of the first sixteen
  };
  static constexpr std::size_t kUsersOfAddress = 16;
  static void Note(Entry& e, TimePoint now);
  template <typename Key>
  static Entry& Of(std::map<Key, Entry>& all, const Key& key, TimePoint now);
  template <typename Key>
  static int Remembered(const std::map<Key, Entry>& all, const Key& key, TimePoint now);
  std::map<std::string, Entry> users_;
  std::map<IpAddress, Entry> addresses_;
};

}  // namespace sallyport
