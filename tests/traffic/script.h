// Traffic scripts: packets in with times, packets, verdicts and messages out, in virtual time. One script is one test.
//
//   config                                   configuration lines up to a line with a single dot
//   at 12.5 | advance 30                     the clock, in seconds; what falls due fires
//   > inside tcp 10.1.1.10:1025 192.0.2.7:80 S seq=1000 win=8192 mss=1460    a packet arrives
//   < outside tcp 203.0.113.1:1025 192.0.2.7:80 S seq=$x mss=1380            ... and leaves so ($x is remembered)
//   x acl-drop                               ... or is dropped for this reason
//   ! 302013 Built outbound TCP ...          messages since the last `>`, in order, all of them if any is given
//   > inside tcp [2001:db8:1::10]:1025 [2001:db8:2::7]:80 S                   IPv6; `icmp6` is ICMPv6
//   > identity@inside icmp6 fe80::1 ff02::1 type=134                          of the appliance's own, leaving by inside
//   adverts                                  before `config`: router advertisements are sent (`o` lines)
//   hold | leaves | released 2              fragments: the packet waits, passes, and those held get their verdict
//   taken                                   the engine took what is in the packet
//   < ... | fell tcp-buffer-timeout         a packet that was held goes on, or is dropped now; in this order
//   o inside tcp ... R                       a packet of the appliance's own leaves
//   pinholes 1 | inspect NAME PACKETS DROPS | inspect-row TEXT COUNT     what inspections expect, and have counted (first class)
//   do shun A [B PORT PORT tcp] | do no shun A | do clear shun      an operator's command
//   threats scanning-threat 1 0 400       a rate of threat detection: rate-N, triggers, events in the interval
//   arp inside_1 10.1.1.10 0200000000aa    a host of a bridge group lets itself be known
//   hosts 2 | host inside 10.1.1.10 tcp=1 embryonic=0     local hosts, and what is counted of one
//   conns 1 | xlates 1 | drops acl-drop 3 | hits LIST LINE 3    counts
//   trace inside tcp 10.1.1.10 1025 192.0.2.7 80 -> allow outside | drop acl-drop
//     behind it, after a blank: lines that some phase has under Config one after the other, parted by " / "
//
// Fields of a packet: flags (letters of FSRPAU), seq, ack, win, len (payload bytes), mss, ws, sackok, sack=a-b, ttl, dscp, df, id/icmpseq
// (ICMP), ts (a timestamp), opts=HEX (TCP options as they are), reserved, urp, fill (the byte of the payload, by default letters),
// data=TEXT (the payload; \\s a blank, \\r \\n \\xNN), dns=q:ID:NAME[:edns=N][:t=TYPE] or dns=r:ID:NAME[:ADDRESS][:ptr=NAME]... (a DNS
// message; IPv6 addresses with _ for :),
// pad=N (zero bytes behind that), nodf (leaves without DF), type, code, frag=OFFSET[+] (more fragments with +), ipid, badsum, option (a router alert).
// IPv6: hbh, dstopt, rh=TYPE (extension headers), next=N (what the last header says of the transport), mtu=N (packet too big),
// mapped (to ::ffff:192.0.2.7). Numbers may be $name, $name+N.
#pragma once

#include <string>

namespace sallyport {

// Runs a script; "" when everything held, else what did not, with its line number. `traced`: packet-tracer is asked before every
// packet, must agree with what becomes of it, and must have changed nothing (agreement.h).
std::string RunTrafficScript(const std::string& text, bool traced = false);

}  // namespace sallyport
