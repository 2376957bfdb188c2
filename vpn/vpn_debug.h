// `debug crypto ikev1|ikev2|ipsec N` and `debug crypto condition ...`: who listens to what IKE says. Control thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"
#include "vpn/ike/host.h"

namespace sallyport {

// What debugging is limited to, for all sessions. Something is heard when it has to do with any of these.
struct DebugConditions {
  std::vector<Prefix> peers;  // in the order in which they were named
  std::set<std::string> users, groups;
  std::set<std::uint32_t> spis;
  // What does not tell enough to be held against them; and errors, whatever they have to do with.
  bool ike_unmatched = false, ipsec_unmatched = false, ike_error = false, ipsec_error = false;

  bool any() const { return !peers.empty() || !users.empty() || !groups.empty() || !spis.empty(); }
  bool Permit(const IkeSaying& s) const;
};

class VpnDebug {
 public:
  using Hear = std::function<void(const IkeSaying&)>;

  // `who` (a session) hears what is said at `level` and below; level 0: no longer. The words are those of the last call.
  void Listen(const void* who, IkeSaying::Debug what, int level, Hear hear);
  int Level(const void* who, IkeSaying::Debug what) const;
  // `undebug all` of one session, or its end.
  void Leave(const void* who) { listeners_.erase(who); }
  DebugConditions& conditions() { return conditions_; }
  const DebugConditions& conditions() const { return conditions_; }

  // Does anybody listen to `what` at `level`?
  bool Hears(IkeSaying::Debug what, int level) const;
  void Say(const IkeSaying& s) const;

 private:
  static constexpr std::size_t kKinds = static_cast<std::size_t>(IkeSaying::Debug::kIpsec) + 1;
  struct Listener {
    std::array<int, kKinds> levels{};
    Hear hear;
  };
  std::map<const void*, Listener> listeners_;
  DebugConditions conditions_;
};

}  // namespace sallyport
