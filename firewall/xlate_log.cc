// Translations come and go: the messages that say so (305009-305012), those about blocks of ports (305014-305017), and of pools that
// are used up (202010).
#include "firewall/nat_rule.h"
#include "firewall/pipeline.h"

namespace sallyport {
namespace {

const char* XlateProtocol(std::uint8_t protocol) { return protocol == 6 ? "TCP" : protocol == 17 ? "UDP" : "ICMP"; }

NameId NameOf(const EngineCore& core, IfId id) {
  if (id == IfId::kIdentity) return IdentityName();
  const Interface* i = core.policy->Find(id);
  return i != nullptr ? i->name : NameId::kNone;
}

void LogBlock(EngineCore& core, Msg msg, const PortBlock& b, TimePoint now) {
  core.log.Log(now, msg, LogArg::Word(XlateProtocol(b.protocol)), LogArg::At(NameOf(core, b.real_if), b.real),
               LogArg::At(NameOf(core, b.mapped_if), b.mapped), LogArg::Number(b.ports.first), LogArg::Number(b.ports.last));
}

}  // namespace

void LogXlateBuilt(EngineCore& core, XlateIndex i, TimePoint now) {
  core.activity.Count(Activity::kXlates, now);
  const Xlate& x = core.xlates.Get(i);
  CountXlate(core, x.real_if, x.real.address, true, now);
  const NameId real = NameOf(core, x.real_if);
  const NameId mapped = NameOf(core, x.mapped_if);
  if (x.opened_block) LogBlock(core, Msg::k305014, core.xlates.BlockOf(i), now);
  if (x.pat) {
    core.log.Log(now, Msg::k305011, LogArg::Word("dynamic"), LogArg::Word(XlateProtocol(x.protocol)),
                 LogArg::At(real, x.real.address), LogArg::Number(x.real.port), LogArg::At(mapped, x.mapped.address),
                 LogArg::Number(x.mapped.port));
  } else {
    core.log.Log(now, Msg::k305009, LogArg::Word("dynamic"), LogArg::At(real, x.real.address), LogArg::At(mapped, x.mapped.address));
  }
}

void EndXlate(EngineCore& core, XlateIndex i, TimePoint now) {
  const Xlate x = core.xlates.Get(i);
  const auto lost = core.xlates.Remove(i);
  CountXlate(core, x.real_if, x.real.address, false, now);
  const NameId real = NameOf(core, x.real_if);
  const NameId mapped = NameOf(core, x.mapped_if);
  if (x.pat) {
    core.log.Log(now, Msg::k305012, LogArg::Word("dynamic"), LogArg::Word(XlateProtocol(x.protocol)),
                 LogArg::At(real, x.real.address), LogArg::Number(x.real.port), LogArg::At(mapped, x.mapped.address),
                 LogArg::Number(x.mapped.port), LogArg::Span(now - x.created));
  } else {
    core.log.Log(now, Msg::k305010, LogArg::Word("dynamic"), LogArg::At(real, x.real.address), LogArg::At(mapped, x.mapped.address),
                 LogArg::Span(now - x.created));
  }
  if (lost) LogBlock(core, Msg::k305015, *lost, now);
}

void LogPortBlocks(EngineCore& core, TimePoint now) {
  if (!core.log.Enabled(Msg::k305017)) return;
  for (const PortBlock& b : core.xlates.Blocks()) LogBlock(core, Msg::k305017, b, now);
}

void LogNoPort(const Context& c) {
  const Packet& p = c.packet;
  const auto log = [&](auto... reason) {
    c.core.log.Log(c.now, Msg::k305016, LogArg::Word(XlateProtocol(p.protocol)), LogArg::At(c.InName(), p.key.src),
                   LogArg::Number(p.key.sport), LogArg::At(c.OutName(), c.real_dst.address), LogArg::Number(c.real_dst.port), reason...);
  };
  if (c.source.why == XlateFailure::kBlockLimit) {
    log(LogArg::Word("reaching per-host PAT port block limit of "), LogArg::Number(c.policy.nat.blocks_per_host), LogArg::Word("."),
        LogArg{}, LogArg{});
    return;
  }
  const NatRule& rule = *c.source.rule;
  const auto& pool = rule.kind == NatRule::Kind::kDynamic ? rule.pat_src : rule.mapped_src;
  log(LogArg::Word("port block exhaustion in PAT pool '"), LogArg::Name(rule.pat_pool_id), LogArg::Word("' IP "),
      LogArg::Address(pool.empty() ? IpAddress{} : pool.back().last), LogArg::Word("."));
}

void LogPoolExhausted(const Context& c) {
  const Packet& p = c.packet;
  const NatRule& rule = *c.source.rule;
  // A rule that never translates, or not this protocol, is not used up.
  if (NatUnresolved(rule) || RefusesAll(rule) || (rule.mapped_src.empty() && !rule.mapped_is_interface)) return;
  // Ports are given out of the class of the host's own; a flat pool, and identifiers of ICMP, have one.
  const bool shared = rule.kind == NatRule::Kind::kDynamicPat || !rule.pat_src.empty();
  if (rule.kind == NatRule::Kind::kDynamicPat && !p.IsTcp() && !p.IsUdp() && !p.IsIcmp()) return;
  const char* range = "1024-65535";
  if (!shared) range = "1-65535";
  else if (!rule.pool.flat && !p.IsIcmp() && p.key.sport < 512) range = "1-511";
  else if (!rule.pool.flat && !p.IsIcmp() && p.key.sport < 1024) range = "512-1023";
  const std::string& named = shared && !rule.pat_name.empty() ? rule.pat_name : rule.pool_name;
  const Interface* out = c.policy.Find(c.egress);
  const std::string_view pool = named.empty() && out != nullptr ? std::string_view(out->nameif) : std::string_view(named);
  c.core.log.Log(c.now, Msg::k202010, LogArg::Word(shared ? "PAT" : "NAT"), pool, LogArg::Word(range), LogArg::Word(ProtocolWordUpper(p.protocol)),
                 LogArg::At(c.InName(), p.key.src), LogArg::Number(p.key.sport), LogArg::At(c.OutName(), c.real_dst.address),
                 LogArg::Number(c.real_dst.port));
}

}  // namespace sallyport
