#include "vpn/vpn_debug.h"

#include <algorithm>

namespace sallyport {
namespace {
constexpr int kErrorSeverity = 4;
}

bool DebugConditions::Permit(const IkeSaying& s) const {
  if (!any()) return true;
  const bool ipsec = s.debug == IkeSaying::Debug::kIpsec;
  if ((ipsec ? ipsec_error : ike_error) && s.severity <= kErrorSeverity) return true;
  bool known = false;
  if (!peers.empty() && !s.peer.IsNone()) {
    known = true;
    if (std::any_of(peers.begin(), peers.end(), [&](const Prefix& p) { return p.Contains(s.peer); })) return true;
  }
  if (!users.empty() && !s.user.empty()) {
    known = true;
    if (users.contains(s.user)) return true;
  }
  if (!groups.empty() && !s.group.empty()) {
    known = true;
    if (groups.contains(s.group)) return true;
  }
  if (!spis.empty() && s.spi != 0) {
    known = true;
    if (spis.contains(s.spi)) return true;
  }
  return !known && (ipsec ? ipsec_unmatched : ike_unmatched);
}

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
  if (!conditions_.Permit(s)) return;
  for (const auto& [who, l] : listeners_) {
    if (l.levels[static_cast<std::size_t>(s.debug)] >= s.debug_level) l.hear(s);
  }
}

}  // namespace sallyport
