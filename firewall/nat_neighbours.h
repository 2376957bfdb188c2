// Proxy ARP's like for IPv6: who asks on a link for an address that NAT has made up there is told ours (RFC 4861 7.2.8). The kernel
// answers for its own addresses only, so the engine does it. Data thread, private to firewall/*.cc of the engine.
#pragma once

#include "firewall/pipeline.h"

namespace sallyport {

// Is `target`, on the link of `in`, an address that a rule maps to there (not identity, `no-proxy-arp`, `sysopt noproxyarp`), and
// neither ours nor a gateway's?
bool MappedOnLink(const Policy& policy, const Interface& in, IpAddress target);

// A neighbour solicitation for such an address, which is then answered. A question whether an address is taken (from ::) is not.
bool AnswersSolicitation(EngineCore& core, const Packet& p, const Interface& in);

}  // namespace sallyport
