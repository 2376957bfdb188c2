#include "firewall/acl_log.h"

#include <algorithm>

#include "firewall/pipeline.h"

namespace sallyport {

std::size_t AclLog::KeyHash::operator()(const Key& k) const {
  const std::hash<IpAddress> h;
  return h(k.flow.src) * 31 + h(k.flow.dst) * 17 + (std::size_t{k.flow.sport} << 20) + k.flow.dport + k.hash;
}

void AclLog::Emit(const Flow& f, std::uint64_t count, bool first, TimePoint now) {
  LogEvent e;
  e.time = now;
  e.msg = f.key.vpn ? Msg::k106102 : Msg::k106100;
  e.severity = f.severity;
  const FlowKey& k = f.key.flow;
  const LogArg args[] = {
      LogArg::Name(f.list), LogArg::Word(f.permit ? "permitted" : "denied"), LogArg::Word(ProtocolWord(k.protocol)),
      LogArg::Name(f.in), LogArg::Address(k.src), LogArg::Number(k.sport), LogArg::Name(f.out), LogArg::Address(k.dst),
      LogArg::Number(k.dport), LogArg::Number(static_cast<std::int64_t>(count)),
      first ? LogArg::Word("first hit") : LogArg::Number(f.interval_s), LogArg::HashPair(f.key.hash, f.parent_hash)};
  std::copy(std::begin(args), std::end(args), e.args.begin());
  if (!first) e.args[10].kind = LogArg::Kind::kInterval;
  e.argc = std::size(args);
  if (f.key.vpn) e.Put(e.argc++, std::string_view(f.user));
  log_.Emit(e);
}

void AclLog::Record(const Hit& hit, TimePoint now) {
  if (hit.element.log_disabled || !hit.element.logs || !log_.Enabled(hit.vpn_user != nullptr ? Msg::k106102 : Msg::k106100)) return;
  Key key{hit.key, hit.element.hash, hit.vpn_user != nullptr};
  if (auto it = flows_.find(key); it != flows_.end()) {
    it->second->second.count++;
    return;
  }
  const Flow flow{key, hit.list, hit.in, hit.out, hit.element.permit, hit.element.log_severity, hit.element.parent_hash,
                  hit.element.log_interval_s, hit.vpn_user != nullptr ? *hit.vpn_user : std::string(), 0};
  if (!flow.permit && denied_ >= deny_flow_max_) {
    if (now - limit_told_ >= alert_interval_) {
      limit_told_ = now;
      log_.Log(now, Msg::k106101, LogArg::Number(static_cast<std::int64_t>(deny_flow_max_)));
    }
    return;
  }
  Emit(flow, 1, true, now);
  if (!flow.permit) denied_++;
  flows_.emplace(key, deadlines_.emplace(now + Duration::Seconds(flow.interval_s), flow));
}

void AclLog::ExpireUntil(TimePoint now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    auto node = deadlines_.extract(deadlines_.begin());
    Flow& flow = node.mapped();
    if (flow.count == 0) {
      if (!flow.permit) denied_--;
      flows_.erase(flow.key);
      continue;
    }
    Emit(flow, flow.count, false, node.key());
    flow.count = 0;
    node.key() = node.key() + Duration::Seconds(flow.interval_s);
    const auto it = deadlines_.insert(std::move(node));
    flows_[it->second.key] = it;
  }
}

TimePoint AclLog::NextDeadline() const { return deadlines_.empty() ? TimePoint::Max() : deadlines_.begin()->first; }

}  // namespace sallyport
