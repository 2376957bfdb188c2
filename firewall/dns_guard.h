// `dns-guard`, as it is without an inspection of DNS: a connection to port 53 of UDP ends when its last question has been answered,
// and an answer to no question of its own is dropped. With `inspect dns` the engine does this and more (inspect/dns.h).
//
// Private to the engine (firewall/*.cc), data thread only. Source: ASA command reference, `dns-guard`; RFC 1035 4.1.1.
#pragma once

#include "firewall/pipeline.h"

namespace sallyport {

// A packet of a connection that is guarded (ConnExtra::dns_guard). The reason to drop it for, or kNone; `ends`: the connection is to
// end when it has gone out.
FrameDrop GuardDns(ConnExtra& extra, Direction d, const Packet& p, bool& ends);

}  // namespace sallyport
