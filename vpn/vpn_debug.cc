#include "vpn/vpn_debug.h"

#include <algorithm>

namespace sallyport {

void VpnDebug::Listen(const void* who, IkeSaying::Debug what, int level, Hear hear) {
  Listener& l = listeners_[who];
  l.levels[static_cast<std::size_t>(what)] = level;
  l.hear = std::move(hear);
  if (std::all_of(l.levels.begin(), l.levels.end(), [](int n) { return n == 0; })) listeners_.erase(who);
}

int VpnDebug::Level(const void* who, IkeSaying::Debug what) const {
  const auto i = listeners_.find(who);
  return i == listeners_.end() ? 0 : i->second.levels[static_cast<std::size_t>(what)];
}

bool VpnDebug::Hears(IkeSaying::Debug what, int level) const {
  if (what == IkeSaying::Debug::kNone) return false;
  return std::any_of(listeners_.begin(), listeners_.end(),
                     [&](const auto& l) { return l.second.levels[static_cast<std::size_t>(what)] >= level; });
}

void VpnDebug::Say(const IkeSaying& s) const {
  if (s.debug == IkeSaying::Debug::kNone || listeners_.empty()) return;
  if (!peers_.empty() && !peers_.contains(s.peer)) return;
  for (const auto& [who, l] : listeners_) {
    if (l.levels[static_cast<std::size_t>(s.debug)] >= s.debug_level) l.hear(s);
  }
}

}  // namespace sallyport
