// What becomes of connections when tunnels come up and go down.
#include <algorithm>

#include "firewall/engine_impl.h"

namespace sallyport {
namespace {

constexpr const char* kTornDown = "Tunnel has been torn down";
constexpr const char* kPending = "Tunnel being brought up or torn down";

void End(EngineCore& core, ConnIndex i, FlowDrop why, const char* words, TimePoint now) {
  core.drops.Count(why);
  EndConnection(core, i, {core.conns.At(i).protocol == 6 ? words : nullptr, IfId::kAny}, now);
}

void Look(EngineCore& core, const TunnelScan& scan, ConnIndex i, TimePoint now) {
  Conn& c = core.conns.At(i);
  const bool tunnelled = (c.flags & kConnTunnelled) != 0;
  switch (scan.what) {
    case TunnelScan::What::kDown:
      if (!tunnelled || !core.extras.At(c.extra).tunnel.Names(scan.tunnel)) return;
      if (scan.preserve && c.protocol == 6) {
        c.flags |= kConnVpnOrphan;
        return;
      }
      return End(core, i, FlowDrop::kTunnelTornDown, kTornDown, now);
    case TunnelScan::What::kUp:
      if ((c.flags & kConnVpnOrphan) == 0) return;
      {
        // It may hang on two tunnels, one on each side.
        const TunnelPath& path = core.extras.At(c.extra).tunnel;
        for (const TunnelId t : {path.out[0], path.out[1]}) {
          if (t != TunnelId::kNone && !core.tunnels->Link(t)) return;
        }
      }
      c.flags = static_cast<std::uint16_t>(c.flags & ~kConnVpnOrphan);
      return;
    case TunnelScan::What::kReclassify:
      if (tunnelled || (c.flags & (kConnToBox | kConnFromBox)) != 0) return;
      if (!core.tunnels->Covers(scan.tunnel, FlowOnTheWire(c, Direction::kForward)) &&
          !core.tunnels->Covers(scan.tunnel, FlowOnTheWire(c, Direction::kReverse))) {
        return;
      }
      return End(core, i, FlowDrop::kTunnelPending, kPending, now);
    case TunnelScan::What::kEndOrphans:
      if ((c.flags & kConnVpnOrphan) == 0 || !core.extras.At(c.extra).tunnel.Names(scan.tunnel)) return;
      return End(core, i, FlowDrop::kTunnelTornDown, kTornDown, now);
  }
}

// Everything about `t` that is under way is done before something else is begun.
void Finish(EngineCore& core, TunnelId t, TimePoint now) {
  const auto pending = [&] {
    return std::any_of(core.tunnel_scans.pending.begin(), core.tunnel_scans.pending.end(), [t](const TunnelScan& s) { return s.tunnel == t; });
  };
  while (pending()) ContinueTunnelScans(core, 0xffffffff, now);
}

}  // namespace

TimePoint TunnelScans::NextDeadline() const {
  TimePoint next = TimePoint::Max();
  for (const Wait& w : waits) next = std::min(next, w.until);
  return next;
}

void ContinueTunnelScans(EngineCore& core, std::uint32_t limit, TimePoint now) {
  TunnelScans& scans = core.tunnel_scans;
  if (scans.pending.empty()) {
    for (std::size_t i = 0; i < scans.waits.size();) {
      if (scans.waits[i].until > now) {
        i++;
        continue;
      }
      scans.pending.push_back({TunnelScan::What::kEndOrphans, scans.waits[i].tunnel});
      scans.waits.erase(scans.waits.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  while (limit != 0 && !scans.pending.empty()) {
    TunnelScan& scan = scans.pending.front();
    const ConnIndex slots = core.conns.slots();
    for (; scan.next < slots && limit != 0; scan.next++, limit--) {
      if (core.conns.Live(scan.next)) Look(core, scan, scan.next, now);
    }
    if (scan.next >= slots) scans.pending.erase(scans.pending.begin());
    else return;
  }
}

void Engine::UseTunnels(TunnelGate* gate) {
  impl_->tunnels = gate;
  impl_->has_tunnels = gate != nullptr && impl_->policy->tunnels != nullptr;
  if (gate != nullptr) gate->UsePolicy(*impl_->policy, impl_->clock.Now());
}

void Engine::OriginateTunnelledTcp(bool on) { impl_->originate_tunnelled_tcp = on; }

void Engine::TunnelUp(TunnelId t, bool reclassify, TimePoint now) {
  Impl& e = *impl_;
  Finish(e, t, now);
  std::erase_if(e.tunnel_scans.waits, [t](const TunnelScans::Wait& w) { return w.tunnel == t; });
  if (e.conns.count() == 0) return;
  e.tunnel_scans.pending.push_back({TunnelScan::What::kUp, t});
  if (reclassify) e.tunnel_scans.pending.push_back({TunnelScan::What::kReclassify, t});
  ContinueTunnelScans(e, kScanLimit, now);
}

void Engine::TunnelDown(TunnelId t, bool preserve, TimePoint now) {
  Impl& e = *impl_;
  Finish(e, t, now);
  if (e.conns.count() == 0) return;
  const std::uint32_t minutes = e.policy->sysopt.preserve_minutes;
  if (preserve && minutes != 0) e.tunnel_scans.waits.push_back({t, now + Duration::Seconds(std::int64_t{minutes} * 60)});
  e.tunnel_scans.pending.push_back({TunnelScan::What::kDown, t, preserve});
  ContinueTunnelScans(e, kScanLimit, now);
}

}  // namespace sallyport
