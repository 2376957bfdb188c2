// `debug webvpn`, `debug webvpn anyconnect|svc`: who listens to what AnyConnect's engine says. Control thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace sallyport {

class WebvpnDebug {
 public:
  enum class What : std::uint8_t { kPortal /* debug webvpn */, kAnyConnect /* debug webvpn anyconnect|svc */ };
  using Hear = std::function<void(const std::string& line)>;

  // `who` (a session of the console) hears of `what` at `level` and below; level 0: no longer. The words are those of the last call.
  void Listen(const void* who, What what, int level, Hear hear) {
    Listener& l = listeners_[who];
    l.levels[static_cast<std::size_t>(what)] = level;
    l.hear = std::move(hear);
    if (l.levels[0] == 0 && l.levels[1] == 0) listeners_.erase(who);
  }
  int Level(const void* who, What what) const {
    const auto l = listeners_.find(who);
    return l == listeners_.end() ? 0 : l->second.levels[static_cast<std::size_t>(what)];
  }
  // `undebug all` of one session, or its end.
  void Leave(const void* who) { listeners_.erase(who); }

  // Does anybody listen to `what` at `level`? Asked before a line is made.
  bool Hears(What what, int level) const {
    for (const auto& [who, l] : listeners_) {
      if (l.levels[static_cast<std::size_t>(what)] >= level) return true;
    }
    return false;
  }
  // A line without its end; never a password, a token or a key.
  void Say(What what, int level, const std::string& line) const {
    for (const auto& [who, l] : listeners_) {
      if (l.levels[static_cast<std::size_t>(what)] >= level && l.hear) l.hear(line);
    }
  }

 private:
  struct Listener {
    std::array<int, 2> levels{};
    Hear hear;
  };
  std::map<const void*, Listener> listeners_;
};

}  // namespace sallyport
