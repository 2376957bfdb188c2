// Which class of the service policies a flow belongs to.
//
// Source: ASA configuration guide, "Service policy using the modular policy framework": per feature one class acts; the
// policy of an interface comes before the global one.
#include "firewall/pipeline.h"

namespace sallyport {

bool ClassMatches(const ServiceClass& s, const Context& c) {
  if (s.interface != IfId::kAny && (c.in == nullptr || s.interface != c.in->id) && (c.out == nullptr || s.interface != c.out->id)) {
    return false;
  }
  if (s.match_any) return true;
  const Packet& p = c.packet;
  // What of it an engine takes is the engine's (its port).
  if (s.default_inspection_traffic) return true;
  if (s.port) return p.protocol == s.port_protocol && s.port->Contains(c.real_dst.port);
  if (s.access_list) {
    const AclElement* e = s.access_list->Find(
        {p.key.src, c.real_dst.address, p.key.sport, c.real_dst.port, p.protocol, p.icmp_type, p.icmp_code});
    return e != nullptr && e->permit;
  }
  return false;
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
