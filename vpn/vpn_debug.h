// `debug crypto ikev1|ikev2|ipsec N` and `debug crypto condition peer A`: who listens to what IKE says. Control thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>

#include "vpn/ike/host.h"

namespace sallyport {

class VpnDebug {
 public:
  using Hear = std::function<void(const IkeSaying&)>;

  // `who` (a session) hears what is said at `level` and below; level 0: no longer. The words are those of the last call.
  void Listen(const void* who, IkeSaying::Debug what, int level, Hear hear);
  int Level(const void* who, IkeSaying::Debug what) const;
  // `undebug all` of one session, or its end.
  void Leave(const void* who) { listeners_.erase(who); }
  // While there are any, only what has to do with one of them is heard.
  std::set<IpAddress>& peers() { return peers_; }
  const std::set<IpAddress>& peers() const { return peers_; }

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
  std::set<IpAddress> peers_;
};

}  // namespace sallyport
