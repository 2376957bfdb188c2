// What the console asks of the engine of AnyConnect besides its sessions (vpn_control.h), and who listens to what it says
// (`debug webvpn`). Implemented on an appliance by whoever holds portal and sessions together. Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vpn/views.h"

namespace sallyport {

// `debug webvpn`, `debug webvpn anyconnect|svc`.
class WebvpnDebug {
 public:
  enum class What : std::uint8_t { kPortal, kClient };
  using Hear = std::function<void(const std::string& line)>;

  // `who` (a session) hears of `what` at `level` and below; level 0: no longer. The words are those of the last call.
  void Listen(const void* who, What what, int level, Hear hear);
  int Level(const void* who, What what) const;
  // `undebug all` of one session, or its end.
  void Leave(const void* who) { listeners_.erase(who); }

  // Does anybody listen to `what` at `level`? Asked before a line is made.
  bool Hears(What what, int level) const;
  // A line without its end; never a password, a token or a key.
  void Say(What what, int level, const std::string& line) const;

 private:
  struct Listener {
    int levels[2] = {0, 0};
    Hear hear;
  };
  std::map<const void*, Listener> listeners_;
};

class WebvpnControl {
 public:
  virtual ~WebvpnControl() = default;
  virtual WebvpnDebug& debug() = 0;
  // `show webvpn statistics` (ours): what came to the portal and what was refused, in the order in which it is shown.
  virtual std::vector<std::pair<std::string, std::uint64_t>> Counters() const { return {}; }
  virtual void ClearCounters() {}
  // The key of the certificate that is made where no trustpoint is configured, as `show ssl` has it ("RSA 2048 bits RSA-SHA256"); "": there
  // is none.
  virtual std::string SelfSigned() const { return {}; }
  // `show vpn load-balancing`; nothing: the configuration has none.
  virtual std::optional<VpnLoadBalancingView> LoadBalancing() const { return std::nullopt; }
};

}  // namespace sallyport
