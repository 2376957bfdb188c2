// Which class of the service policies a flow belongs to.
//
// Source: ASA configuration guide, "Service policy using the modular policy framework": per feature one class acts; the
// policy of an interface comes before the global one.
#include "firewall/pipeline.h"

namespace sallyport {

ClassFlow FlowOf(const Context& c) {
  const Packet& p = c.packet;
  ClassFlow f;
  f.flow = {p.key.src, c.real_dst.address, p.key.sport, c.real_dst.port, p.protocol, p.icmp_type, p.icmp_code};
  f.dscp = p.dscp;
  if (c.in != nullptr) f.in = c.in->id;
  if (c.out != nullptr) f.out = c.out->id;
  return f;
}

bool ClassMatches(const ServiceClass& s, const Context& c) {
  if (s.interface != IfId::kAny && (c.in == nullptr || s.interface != c.in->id) && (c.out == nullptr || s.interface != c.out->id)) {
    return false;
  }
  // What of default inspection traffic an engine takes is the engine's (its port); an access list beside it has its say.
  if (s.default_inspection_traffic) return s.match_any || s.matches.empty() || OthersMatch(s, FlowOf(c));
  return ClassMatches(s, FlowOf(c));
}

const ServiceClass* FindClass(const Context& c, bool (*has)(const ServiceClass&)) {
  for (const bool global : {false, true}) {
    for (const ServiceClass& s : c.policy.service) {
      if ((s.interface == IfId::kAny) == global && has(s) && ClassMatches(s, c)) return &s;
    }
  }
  return nullptr;
}

}  // namespace sallyport
