// ASA's syslog messages as one list: number, default severity, text. `{0}`, `{1}` ... are the arguments in the order in
// which the event carries them. Texts are as emitted by an ASA, spacing included ("flags SYN  on interface": each flag
// prints its own blank).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport {

// X(number, severity, text)
#define SALLYPORT_SYSLOG(X) \
  X(106001, 2, "Inbound TCP connection denied from {0}/{1} to {2}/{3} flags {4} on interface {5}") \
  X(106006, 2, "Deny inbound UDP from {0}/{1} to {2}/{3} on interface {4}") \
  X(106007, 2, "Deny inbound UDP from {0}/{1} to {2}/{3} due to DNS {4}") \
  X(106010, 3, "Deny inbound {0} src {1}{2} dst {3}{4}") \
  X(106011, 3, "Deny inbound (No xlate) {0} src {1}{2} dst {3}{4}") \
  X(106012, 6, "Deny IP from {0} to {1}, IP options: \"{2}\"") \
  X(106013, 2, "Dropping echo request from {0} to PAT address {1}") \
  X(106014, 3, "Deny inbound icmp src {0} dst {1} (type {2}, code {3})") \
  X(106015, 6, "Deny TCP (no connection) from {0}/{1} to {2}/{3} flags {4} on interface {5}") \
  X(106016, 2, "Deny IP spoof from ({0}) to {1} on interface {2}") \
  X(106017, 2, "Deny IP due to Land Attack from {0} to {1}") \
  X(106020, 2, "Deny IP teardrop fragment (size = {0}, offset = {1}) from {2} to {3}") \
  X(106021, 1, "Deny {0} reverse path check from {1} to {2} on interface {3}") \
  X(106022, 1, "Deny {0} connection spoof from {1} to {2} on interface {3}") \
  X(106023, 4, "Deny {0} src {1}{2} dst {3}{4}{5} by access-group \"{6}\"{7}") \
  X(106100, 6, "access-list {0} {1} {2} {3}/{4}({5}) -> {6}/{7}({8}) hit-cnt {9} {10}{11}") \
  X(106101, 1, "The number of ACL log deny-flows has reached limit ({0}).") \
  X(106102, 6, "access-list {0} {1} {2} for user '{12}' {3}/{4}({5}) -> {6}/{7}({8}) hit-cnt {9} {10}{11}") \
  X(106103, 4, "access-list {0} {1} {2} for user '{12}' {3}/{4}({5}) -> {6}/{7}({8}) hit-cnt {9} {10}{11}") \
  X(110002, 6, "Failed to locate egress interface for {0} from {1}/{2} to {3}/{4}") \
  X(110003, 6, "Routing failed to locate next hop for {0} from {1}/{2} to {3}/{4}") \
  X(110004, 6, "Egress interface changed from {0} to {1} on {2} connection {3} for {4}:{5}/{6} ({7}/{8}) to {9}:{10}/{11} ({12}/{13})") \
  X(111001, 5, "Begin configuration: {0} writing to {1}") \
  X(111002, 5, "Begin configuration: {0} reading from {1}") \
  X(111003, 5, "{0} Erase configuration") \
  X(111004, 5, "{0} end configuration: {1}") \
  X(111005, 5, "{0} end configuration: OK") \
  X(111007, 5, "Begin configuration: {0} reading from {1}") \
  X(111008, 5, "User '{0}' executed the '{1}' command.") \
  X(111009, 7, "User '{0}' executed cmd: {1}") \
  X(111010, 5, "User '{0}', running '{1}' from IP {2}, executed '{3}'") \
  X(113004, 6, "AAA user {0} Successful : server =  {1} : user = {2}") \
  X(113005, 6, "AAA user authentication Rejected : reason = {0} : server = {1} : user = {2} : user IP = {3}") \
  X(113006, 6, "User '{0}' locked out on exceeding '{1}' successive failed authentication attempts") \
  X(113007, 6, "User '{0}' unlocked by '{1}'") \
  X(113008, 6, "AAA transaction status ACCEPT : user = {0}") \
  X(113012, 6, "AAA user authentication Successful : local database : user = {0}") \
  X(113013, 6, "AAA unable to complete the request Error : reason = {0} : user = {1}") \
  X(113014, 6, "AAA authentication server not accessible : server = {0} : user = {1}") \
  X(113015, 6, "AAA user authentication Rejected : reason = {0} : local database : user = {1} : user IP = {2}") \
  X(113021, 3, "Attempted console login failed. User {0} did NOT have appropriate Admin Rights.") \
  X(199001, 5, "Reload command executed from {0}.") \
  X(199002, 6, "startup completed.  Beginning operation.") \
  X(199005, 6, "Startup begin") \
  X(201003, 2, "Embryonic limit exceeded {0}/{1} for {2}/{3} ({4}) {5}/{6} on interface {7}") \
  X(201005, 3, "FTP data connection failed for {0} {1}") \
  X(201010, 6, "Embryonic connection limit exceeded {0}/{1} for {2} packet from {3}/{4} to {5}/{6} on interface {7}") \
  X(201011, 3, "Connection limit exceeded {0}/{1} for {2} packet from {3}/{4} to {5}/{6} on interface {7}") \
  X(201012, 6, "Per-client embryonic connection limit exceeded {0}/{1} for {2} packet from {3}/{4} to {5}/{6} on interface {7}") \
  X(201013, 3, "Per-client connection limit exceeded {0}/{1} for {2} packet from {3}/{4} to {5}/{6} on interface {7}") \
  X(202010, 3, "{0} pool exhausted for {1}, port range {2}. Unable to create {3} connection from {4}/{5} to {6}/{7}") \
  X(209003, 4, "Fragment database limit of {0} exceeded:  src = {1}, dest = {2}, proto = {3}, id = {4}") \
  X(209004, 4, "Invalid IP fragment, size = {0} exceeds maximum size = {1}: src = {2}, dest = {3}, proto = {4}, id = {5}") \
  X(209005, 4, "Discard IP fragment set with more than {0} elements:  src = {1}, dest = {2}, proto = {3}, id = {4}") \
  X(302010, 6, "{0} in use, {1} most used") \
  X(302013, 6, "Built {0} TCP connection {1} for {2}/{3} ({4}/{5}) to {6}/{7} ({8}/{9})") \
  X(302014, 6, "Teardown TCP connection {0} for {1}/{2} to {3}/{4} duration {5} bytes {6}{7}{8}") \
  X(302015, 6, "Built {0} UDP connection {1} for {2}/{3} ({4}/{5}) to {6}/{7} ({8}/{9})") \
  X(302016, 6, "Teardown UDP connection {0} for {1}/{2} to {3}/{4} duration {5} bytes {6}") \
  X(302017, 6, "Built {0} GRE connection {1} from {2} ({3}) to {4}/{5} ({6}/{7})") \
  X(302018, 6, "Teardown GRE connection {0} from {1} ({2}) to {3}/{4} ({5}/{6}) duration {7} bytes {8}") \
  X(302020, 6, "Built {0} ICMP connection for faddr {1}/{2} gaddr {3}/{4} laddr {5}/{6}{7}") \
  X(302021, 6, "Teardown ICMP connection for faddr {0}/{1} gaddr {2}/{3} laddr {4}/{5}{6}") \
  X(302035, 6, "Built {0} SCTP connection {1} for {2}/{3} ({4}/{5}) to {6}/{7} ({8}/{9})") \
  X(302036, 6, "Teardown SCTP connection {0} for {1}/{2} to {3}/{4} duration {5} bytes {6}{7}") \
  X(302303, 6, "Built TCP state-bypass connection {0} from {1}/{2} ({3}/{4}) to {5}/{6} ({7}/{8})") \
  X(302304, 6, "Teardown TCP state-bypass connection {0} from {1}/{2} to {3}/{4} duration {5} bytes {6}{7}") \
  X(303002, 6, "FTP connection from {0}/{1} to {2}/{3}, user {4} {5} file {6}") \
  X(303004, 5, "FTP {0} command unsupported - failed strict inspection, terminating connection from {1}/{2} to {3}/{4}") \
  X(303005, 5, "Strict FTP inspection matched {0} in policy-map {1}, {2} from {3}/{4} to {5}/{6}") \
  X(304001, 5, "{0} Accessed URL {1}:{2}") \
  X(305005, 3, "No translation group found for {0} src {1}{2} dst {3}{4}{5}") \
  X(305006, 3, "{0} translation creation failed for {1} src {2}{3} dst {4}{5}{6}") \
  X(305009, 6, "Built {0} translation from {1} to {2}") \
  X(305010, 6, "Teardown {0} translation from {1} to {2} duration {3}") \
  X(305011, 6, "Built {0} {1} translation from {2}/{3} to {4}/{5}") \
  X(305012, 6, "Teardown {0} {1} translation from {2}/{3} to {4}/{5} duration {6}") \
  X(305013, 5, "Asymmetric NAT rules matched for forward and reverse flows; Connection for {0} src {1}{2} dst {3}{4}{5} denied due to NAT reverse path failure") \
  X(305014, 6, "Allocated {0} block of ports for translation from {1} to {2}/{3}-{4}") \
  X(305015, 6, "Released {0} block of ports for translation from {1} to {2}/{3}-{4}") \
  X(305016, 3, "Unable to create {0} connection from {1}/{2} to {3}/{4} due to {5}{6}{7}{8}{9}") \
  X(305017, 3, "Pba-interim-logging: Active {0} block of ports for translation from {1} to {2}/{3}-{4}") \
  X(308001, 6, "console enable password incorrect for {0} tries (from {1})") \
  X(313001, 3, "Denied ICMP type={0}, code={1} from {2} on interface {3}") \
  X(313004, 4, "Denied ICMP type={0}, from laddr {1} on interface {2} to {3}: no matching session") \
  X(313005, 4, "No matching connection for ICMP error message: icmp src {0} dst {1} (type {2}, code {3}) on {4} interface.  Original IP payload: {5} src {6}/{7} dst {8}/{9}.") \
  X(313008, 3, "Denied ICMPv6 type={0}, code={1} from {2} on interface {3}") \
  X(313009, 4, "Denied invalid ICMP code {0}, for {1}/{2} ({3}/{4}) to {5}/{6} ({7}/{8}), ICMP id {9}, ICMP type {10}") \
  X(315011, 6, "SSH session from {0} on interface {1} for user \"{2}\" {3}") \
  X(322001, 3, "Deny MAC address {0}, possible spoof attempt on interface {1}") \
  X(322002, 3, "ARP inspection check failed for arp {0} received from host {1} on interface {2}. This host is advertising MAC Address {3} for IP Address {4}, which is {5} bound to MAC Address {6}.") \
  X(322003, 3, "ARP inspection check failed for arp {0} received from host {1} on interface {2}. This host is advertising MAC Address {3} for IP Address {4}, which is not bound to any MAC Address.") \
  X(322004, 6, "No management IP address configured for transparent firewall. Dropping protocol {0} packet from {1}{2} to {3}{4}") \
  X(325004, 4, "IPv6 Extension Header {0} {1} configuration. {2} from {3}/{4} to {5}/{6}") \
  X(325005, 4, "Invalid IPv6 Extension Header Content: {0}. {1} from {2}/{3} to {4}/{5}") \
  X(325006, 4, "IPv6 Extension Header not in order: Type {0} occurs after Type {1}. {2} from {3}/{4} to {5}/{6}") \
  X(401001, 4, "Shuns cleared") \
  X(401002, 4, "Shun added: {0} {1} {2} {3}") \
  X(401003, 4, "Shun deleted: {0}") \
  X(401004, 4, "Shunned packet: {0} ==> {1} on interface {2}") \
  X(401005, 4, "Shun add failed: unable to allocate resources for {0} {1} {2} {3}") \
  X(402114, 4, "IPSEC: Received an ESP packet (SPI= {0}, sequence number= {1}) from {2} to {3} with an invalid SPI.") \
  X(402116, 4, "IPSEC: Received an ESP packet (SPI= {0}, sequence number= {1}) from {2} (user= {3}) to {4}.  The decapsulated inner packet doesn't match the negotiated policy in the SA.  The packet specifies its destination as {5}, its source as {6}, and its protocol as {7}.  The SA specifies its local proxy as {8} and its remote_proxy as {9}.") \
  X(402117, 4, "IPSEC: Received a non-IPSec packet (protocol= {0}) from {1} to {2}.") \
  X(402119, 4, "IPSEC: Received an ESP packet (SPI= {0}, sequence number= {1}) from {2} (user= {3}) to {4} that failed anti-replay checking.") \
  X(402120, 4, "IPSEC: Received an ESP packet (SPI= {0}, sequence number= {1}) from {2} (user= {3}) to {4} that failed authentication.") \
  X(406001, 4, "FTP port command low port: {0}/{1} to {2} on interface {3}") \
  X(406002, 4, "FTP port command different address: {0}({1}) to {2} on interface {3}") \
  X(410001, 4, "Dropped UDP DNS {0} from {1}/{2} to {3}/{4}; {5} length {6} bytes exceeds {7} of {8} bytes") \
  X(410002, 2, "Dropped {0} DNS responses with mis-matched id in the past {1} second(s): from {2}/{3} to {4}/{5}") \
  X(410003, 4, "{0}: {1} DNS {2} from {3}/{4} to {5}/{6}; {7}") \
  X(410004, 6, "{0}: {1} DNS {2} from {3}/{4} to {5}/{6}; {7}") \
  X(411001, 4, "Line protocol on Interface {0}, changed state to up") \
  X(411002, 4, "Line protocol on Interface {0}, changed state to down") \
  X(411003, 4, "Interface {0}, changed state to administratively up") \
  X(411004, 4, "Interface {0}, changed state to administratively down") \
  X(412001, 4, "MAC {0} moved from {1} to {2}") \
  X(412002, 4, "Detected bridge table full while inserting MAC {0} on interface {1}. Number of entries = {2}") \
  X(415001, 6, "HTTP - matched {0} in policy-map {1}, header field count exceeded {2} from {3}/{4} to {5}/{6}") \
  X(415002, 6, "HTTP - matched {0} in policy-map {1}, header field length exceeded {2} from {3}/{4} to {5}/{6}") \
  X(415003, 6, "HTTP - matched {0} in policy-map {1}, body length exceeded {2} from {3}/{4} to {5}/{6}") \
  X(415005, 5, "HTTP - matched {0} in policy-map {1}, URI length exceeded {2} from {3}/{4} to {5}/{6}") \
  X(415006, 5, "HTTP - matched {0} in policy-map {1}, URI matched {2} from {3}/{4} to {5}/{6}") \
  X(415007, 5, "HTTP - matched {0} in policy-map {1}, Body matched {2} from {3}/{4} to {5}/{6}") \
  X(415008, 5, "HTTP - matched {0} in policy-map {1}, header matched {2} from {3}/{4} to {5}/{6}") \
  X(415009, 5, "HTTP - matched {0} in policy-map {1}, method matched {2} from {3}/{4} to {5}/{6}") \
  X(415011, 5, "HTTP - policy-map {0}:Protocol violation {1} from {2}/{3} to {4}/{5}") \
  X(415014, 5, "HTTP - matched {0} in policy-map {1}, Mime-type in response wasn't found in the accept-types of the request {2} from {3}/{4} to {5}/{6}") \
  X(415017, 6, "HTTP - {0} in policy-map {1}, arguments matched {2} from {3}/{4} to {5}/{6}") \
  X(415018, 5, "HTTP - matched {0} in policy-map {1}, Header length exceeded {2} from {3}/{4} to {5}/{6}") \
  X(415019, 5, "HTTP - matched {0} in policy-map {1}, status line matched {2} from {3}/{4} to {5}/{6}") \
  X(415020, 5, "HTTP - matched {0} in policy-map {1}, a non-ASCII character was matched {2} from {3}/{4} to {5}/{6}") \
  X(419001, 4, "Dropping TCP packet from {0}/{1} to {2}/{3}, reason: MSS exceeded, MSS {4}, data {5}") \
  X(419002, 4, "Duplicate TCP SYN from {0}/{1} to {2}/{3} with different initial sequence number") \
  X(419003, 4, "Cleared TCP urgent flag from {0}/{1} to {2}/{3}.") \
  X(500003, 5, "Bad TCP hdr length (hdrlen={0}, pktlen={1}) from {2}/{3} to {4}/{5}, flags: {6}, on interface {7}") \
  X(500004, 4, "Invalid transport field for protocol={0}, from {1}/{2} to {3}/{4}") \
  X(502101, 5, "New user added to local dbase: Uname: {0} Priv: {1} Encpass: {2}") \
  X(502102, 5, "User deleted from local dbase: Uname: {0} Priv: {1} Encpass: {2}") \
  X(502103, 5, "User priv level changed: Uname: {0} From: {1} To: {2}") \
  X(507003, 4, "{0} flow from {1}/{2} to {3}/{4} terminated by inspection engine, reason - {5}.") \
  X(602101, 6, "PMTU-D packet {0} bytes greater than effective mtu {1}, dest_addr={2}, src_addr={3}, prot={4}") \
  X(602103, 6, "IPSEC: Received an ICMP Destination Unreachable from {0} with suggested PMTU of {1}; PMTU updated for SA with peer {2}, SPI {3}, tunnel name {4}, old PMTU {5}, new PMTU {6}.") \
  X(602104, 6, "IPSEC: Received an ICMP Destination Unreachable from {0}, PMTU is unchanged because suggested PMTU of {1} is equal to or greater than the current PMTU of {2}, for SA with peer {3}, SPI {4}, tunnel name {5}") \
  X(605004, 6, "Login denied from {0}/{1} to {2}/{3} for user \"{4}\"") \
  X(605005, 6, "Login permitted from {0} to {1} for user \"{2}\"") \
  X(609001, 7, "Built local-host {0}") \
  X(609002, 7, "Teardown local-host {0} duration {1}") \
  X(611101, 6, "User authentication succeeded: IP address: {0}, Uname: {1}") \
  X(611102, 6, "User authentication failed: IP address: {0}, Uname: {1}") \
  X(611103, 5, "User logged out: Uname: {0}") \
  X(611104, 5, "Serial console idle timeout exceeded") \
  X(622001, 6, "{0} tracked route {1} {2} {3}, distance {4}, table Default-IP-Routing-Table, on interface {5}") \
  X(710001, 7, "TCP access requested from {0}/{1} to {2}/{3}") \
  X(710002, 7, "{0} access permitted from {1}/{2} to {3}/{4}") \
  X(710003, 3, "{0} access denied by ACL from {1}/{2} to {3}/{4}") \
  X(710005, 7, "{0} request discarded from {1}/{2} to {3}/{4}") \
  X(710006, 7, "{0} request discarded from {1} to {2}") \
  X(710007, 7, "NAT-T keepalive received from {0}/{1} to {2}/{3}") \
  X(722035, 3, "Group <{0}> User <{1}> IP <{2}> Received large packet {3} (threshold {4}).") \
  X(722036, 6, "Group <{0}> User <{1}> IP <{2}> Transmitting large packet {3} (threshold {4}).") \
  X(733100, 4, "[{0}] drop rate-{1} exceeded. Current burst rate is {2} per second, max configured rate is {3}; Current average rate is {4} per second, max configured rate is {5}; Cumulative total count is {6}") \
  X(733101, 4, "{0} {1} is {2}. Current burst rate is {3} per second, max configured rate is {4}; Current average rate is {5} per second, max configured rate is {6}; Cumulative total count is {7}") \
  X(733102, 4, "Threat-detection adds host {0} to shun list") \
  X(733103, 4, "Threat-detection removes host {0} from shun list") \
  X(733104, 4, "TD_SYSLOG_TCP_INTERCEPT_AVERAGE_RATE_EXCEED") \
  X(733105, 4, "TD_SYSLOG_TCP_INTERCEPT_BURST_RATE_EXCEED") \
  X(746014, 5, "user-identity: [FQDN] {0} address {1} obsolete") \
  X(746015, 5, "user-identity: [FQDN] {0} resolved {1}") \
  X(746016, 3, "user-identity: DNS lookup failed, reason: {0}")

enum class Msg : std::uint16_t {
#define X(number, severity, text) k##number,
  SALLYPORT_SYSLOG(X)
#undef X
      kCount
};
inline constexpr std::size_t kMsgCount = static_cast<std::size_t>(Msg::kCount);

struct MsgInfo {
  int number;    // 302013
  int severity;  // 0..7
  std::string_view text;
};
const MsgInfo& InfoOf(Msg m);
std::optional<Msg> MsgByNumber(int number);

}  // namespace sallyport
