#include "firewall/nat.h"

#include "firewall/nat_rule.h"

namespace sallyport {
namespace {

bool IsAnyIcmp(std::uint8_t protocol) {
  return protocol == static_cast<std::uint8_t>(IpProtocol::kIcmp) ||
         protocol == static_cast<std::uint8_t>(IpProtocol::kIcmp6);
}

// The identifier of an ICMP flow stands on one side of the key only, so it says nothing about which rule was taken.
bool SameEnd(std::uint8_t protocol, const Endpoint& a, const Endpoint& b) {
  return IsAnyIcmp(protocol) ? a.address == b.address : a == b;
}

// The mapped end by the dynamic translation that `result` names.
NatResult WithTranslation(const XlateTable& xlates, const FlowKey& key, NatResult result) {
  const Xlate& x = xlates.Get(result.xlate);
  result.endpoint = {x.mapped.address, x.pat ? x.mapped.port : key.sport};
  return result;
}

// What a flow's protocol is called where its responder is.
std::uint8_t ProtocolThere(const FlowKey& key, const Endpoint& real_dst) {
  return key.src.IsV4() == real_dst.address.IsV4() ? key.protocol : InOtherFamily(key.protocol);
}

}  // namespace

FlowKey ReplyKey(const FlowKey& key, IfId egress, const Endpoint& real_dst, const Endpoint& mapped_src) {
  return {real_dst.address, mapped_src.address, real_dst.port, mapped_src.port, ProtocolThere(key, real_dst), egress};
}

NatResult Untranslate(const NatTable& table, const XlateTable& xlates, const FlowKey& key) {
  NatResult result;
  result.endpoint = {key.dst, key.dport};
  if (xlates.count() != 0) {
    const XlateIndex i = xlates.FindMapped(key.protocol, key.ingress, result.endpoint, key.src);
    const NatRule* rule = i == kNoXlate ? nullptr : table.ById(xlates.Get(i).rule);
    if (rule == nullptr && i != kNoXlate && table.translations_first) rule = xlates.Retired(xlates.Get(i).rule);
    if (rule != nullptr) {
      const Xlate& x = xlates.Get(i);
      const Endpoint real{x.real.address, x.pat ? x.real.port : key.dport};
      if (AdmitsPeer(*rule, key, real)) {
        result.rule = rule;
        result.endpoint = real;
        result.xlate = i;
        result.egress = x.real_if;
        return result;
      }
    }
  }
  const NatTable::Match match = table.FindUntranslate(key);
  if (match.rule == nullptr) return result;
  result.rule = match.rule;
  result.endpoint = match.real;
  // Exemption translates nothing, so it does not choose the way either.
  if (!match.rule->route_lookup && !match.rule->exempt) {
    result.egress = match.destination_face ? match.rule->mapped_if : match.rule->real_if;
  }
  return result;
}

NatResult Translate(const NatTable& table, XlateTable& xlates, const FlowKey& key, IfId egress, const Endpoint& real_dst,
                    const XlateTimeouts& timeouts, TimePoint now, bool commit) {
  NatResult result;
  result.endpoint = {key.src, key.sport};
  const NatTable::Match match = table.FindTranslate(xlates, key, egress, real_dst);
  result.rule = match.rule;
  // Ports of shared addresses are of the protocol that they are used with.
  const XlateRequest flow{ProtocolThere(key, real_dst), key.ingress, egress, result.endpoint, real_dst};
  if (table.translations_first && !(match.rule != nullptr && match.rule->exempt)) {
    for (const NatRule& gone : xlates.retired()) {
      result.xlate = xlates.FindReal(flow, gone.id);
      if (result.xlate == kNoXlate || !AdmitsPeer(gone, {real_dst.address, {}, real_dst.port, 0, flow.protocol, egress}, flow.real)) {
        continue;
      }
      if (commit) xlates.Touch(result.xlate, now);
      result.rule = &gone;
      return WithTranslation(xlates, key, result);
    }
    result.xlate = kNoXlate;
  }
  if (match.rule == nullptr) {
    result.failed = table.nat_control && key.ingress != egress && key.src.IsV4();  // nat-control is about IPv4
    return result;
  }
  const NatRule& rule = *match.rule;
  if (match.destination_face || rule.kind == NatRule::Kind::kStatic) {
    const auto mapped = StaticSource(rule, match.destination_face ? NatFace::kDestination : NatFace::kSource, key);
    if (mapped) result.endpoint = *mapped;
    result.failed = !mapped;
    return result;
  }
  result.xlate = xlates.FindReal(flow, rule.id);
  if (result.xlate != kNoXlate) {
    if (commit) xlates.Touch(result.xlate, now);
  } else if (commit) {
    result.xlate = xlates.Create(rule, flow, timeouts, now, &table, &result.why);
  } else {
    const auto mapped = xlates.Predict(rule, flow, timeouts, &table, &result.why);
    if (mapped) result.endpoint = *mapped;
    result.failed = !mapped;
    return result;
  }
  if (result.xlate == kNoXlate) {
    result.failed = true;
    return result;
  }
  return WithTranslation(xlates, key, result);
}

bool ReversePathAgrees(const NatTable& table, const XlateTable& xlates, const FlowKey& key, IfId egress,
                       const Endpoint& real_dst, const NatResult& source, const NatResult& destination) {
  if (table.rules().empty()) return true;
  const FlowKey reply = ReplyKey(key, egress, real_dst, source.endpoint);
  const Endpoint initiator{key.src, key.sport};

  // The reply's destination must become the initiator again. A dynamic translation is there for just that; one-way rules
  // are not for flows from the other side, but answers pass.
  const bool finds_back_by_itself =
      source.rule != nullptr && (source.rule->kind != NatRule::Kind::kStatic || source.rule->unidirectional);
  if (!finds_back_by_itself) {
    const NatResult back = Untranslate(table, xlates, reply);
    if (back.rule != source.rule && !SameEnd(key.protocol, back.endpoint, initiator)) return false;
  }

  // The reply's source must become what the initiator sent to. The translation of a rule that is gone sees to that itself.
  if (table.translations_first && destination.rule != nullptr && xlates.Retired(destination.rule->id) != nullptr) return true;
  if (destination.rule != nullptr && destination.rule->unidirectional) return true;
  // One dynamic rule for both ends, and its translation only predicted: once it is there, the answer finds the rule by it.
  const bool predicted = source.rule != nullptr && source.rule->kind != NatRule::Kind::kStatic && source.xlate == kNoXlate;
  if (predicted && source.rule == destination.rule) return true;
  const NatTable::Match match = table.FindTranslate(xlates, reply, key.ingress, initiator);
  if (match.rule == destination.rule) return true;
  Endpoint face = real_dst;
  if (match.rule != nullptr) {
    if (match.rule->kind != NatRule::Kind::kStatic && !match.destination_face) return false;
    const auto mapped = StaticSource(*match.rule, match.destination_face ? NatFace::kDestination : NatFace::kSource, reply);
    if (!mapped) return false;
    face = *mapped;
  }
  return SameEnd(key.protocol, face, {key.dst, key.dport});
}

std::optional<IpAddress> RewrittenInDnsReply(const NatTable& table, const XlateTable& xlates, IfId from, IfId to, IpAddress address,
                                             bool other_family) {
  if (!table.rewrites_dns()) return {};
  const bool v4 = address.IsV4() != other_family;
  if (const auto real = table.DnsReal(from, to, address, v4)) return real;
  if (const auto mapped = table.DnsMapped(from, to, address, v4)) return mapped;
  // Hosts with an address of a pool for themselves; a shared address stands for nobody.
  const XlateIndex i = xlates.FindMapped(0, from, {address, 0});
  if (i != kNoXlate && !xlates.Get(i).pat) {
    const NatRule* rule = table.ById(xlates.Get(i).rule);
    const IpAddress real = xlates.Get(i).real.address;
    if (rule != nullptr && rule->dns && to != from && real.IsV4() == v4) return real;
  }
  for (const NatRule* rule : table.dynamic_dns()) {
    const XlateIndex k = xlates.FindReal({0, from, to, {address, 0}, {}}, rule->id);
    if (k != kNoXlate && !xlates.Get(k).pat && xlates.Get(k).mapped.address.IsV4() == v4) return xlates.Get(k).mapped.address;
  }
  return {};
}

}  // namespace sallyport
