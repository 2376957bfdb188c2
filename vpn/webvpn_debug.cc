#include <algorithm>

#include "vpn/webvpn_control.h"

namespace sallyport {

void WebvpnDebug::Listen(const void* who, What what, int level, Hear hear) {
  Listener& l = listeners_[who];
  l.levels[static_cast<std::size_t>(what)] = level;
  if (hear) l.hear = std::move(hear);
  if (l.levels[0] == 0 && l.levels[1] == 0) listeners_.erase(who);
}

int WebvpnDebug::Level(const void* who, What what) const {
  const auto l = listeners_.find(who);
  return l == listeners_.end() ? 0 : l->second.levels[static_cast<std::size_t>(what)];
}

bool WebvpnDebug::Hears(What what, int level) const {
  return std::any_of(listeners_.begin(), listeners_.end(), [&](const auto& l) { return l.second.levels[static_cast<std::size_t>(what)] >= level; });
}

void WebvpnDebug::Say(What what, int level, const std::string& line) const {
  for (const auto& [who, l] : listeners_) {
    if (l.levels[static_cast<std::size_t>(what)] >= level && l.hear) l.hear(line);
  }
}

}  // namespace sallyport
