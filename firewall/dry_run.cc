#include "firewall/dry_run.h"

#include <algorithm>

namespace sallyport {
namespace {

template <typename T, std::size_t N>
void KeepArray(UndoLog& undo, T (&values)[N]) {
  std::vector<T> was(values, values + N);
  undo.Add([&values, was] { std::copy(was.begin(), was.end(), values); });
}

// What has been put behind those that are there now goes.
template <typename T>
void KeepLength(UndoLog& undo, std::vector<T>& list) {
  undo.Add([&list, length = list.size()] { list.erase(list.begin() + static_cast<std::ptrdiff_t>(length), list.end()); });
}

}  // namespace

DryRun::DryRun(EngineCore& core) : core_(core) {
  UndoLog& u = undo_;
  u.Keep(core.random);
  u.Keep(core.next_conn_id);
  u.Keep(core.drops);
  u.Keep(core.counters);
  u.Keep(core.activity);
  u.Keep(core.inspected_packets);
  u.Keep(core.rewriting_tcp);
  u.Keep(core.rewriting_other);
  u.Keep(core.unreachable_refill);
  u.Keep(core.unreachable_tokens);
  u.Keep(core.icmp6_refill);
  u.Keep(core.icmp6_tokens);
  if (core.sends_adverts) u.Keep(core.adverts);
  u.Keep(core.tcp_streams);
  u.Keep(core.pinholes);
  u.Keep(core.opened_held);
  u.Keep(core.next_opened);
  KeepLength(u, core.released);
  KeepLength(u, core.originated);
  KeepLength(u, core.originated_frames);
  ConnLimits& limits = core.limits;
  u.Keep(limits.classes);
  u.Keep(limits.intercept);
  if (limits.stats.enabled()) u.Keep(limits.stats);
  u.Keep(limits.last_cookie);
  u.Keep(limits.told_embryonic);
  u.Keep(limits.told_client_embryonic);
  KeepArray(u, limits.active_hosts);
  KeepArray(u, limits.most_active_hosts);
  if (!core.policy->bridge.groups.empty()) {
    u.Keep(core.macs);
    u.Keep(core.bridge_hosts);
  }
  Watch(&undo_);
}

DryRun::~DryRun() {
  Watch(nullptr);
  undo_.TakeBack();
}

void DryRun::Watch(UndoLog* undo) {
  core_.undo = undo;
  core_.log.Mute(undo != nullptr);
  core_.conns.UseUndo(undo);
  core_.extras.UseUndo(undo);
  core_.xlates.UseUndo(undo);
  core_.limits.hosts.UseUndo(undo);
  core_.limits.clients.UseUndo(undo);
  if (core_.tunnels != nullptr) core_.tunnels->UseUndo(undo);
}

void SaveConnection(EngineCore& core, ConnIndex index) {
  if (core.undo == nullptr) return;
  const Conn& c = core.conns.At(index);
  std::shared_ptr<ConnExtra> extra;
  if (c.extra != kNoExtra) extra = std::make_shared<ConnExtra>(std::as_const(core.extras).At(c.extra));
  core.undo->Add([&core, index, was = c, extra]() mutable {
    Conn& now = core.conns.At(index);
    was.timer = now.timer;
    now = was;
    if (extra != nullptr) core.extras.At(was.extra) = std::move(*extra);
  });
}

}  // namespace sallyport
