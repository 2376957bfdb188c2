// IKE, IPsec and certificates: policies, transform sets, crypto maps, trustpoints, in the syntax of every era.
//
//   7.0 and 7.1   isakmp policy 10 hash sha        one line each
//   7.2 to 8.3    crypto isakmp policy 10          a sub-mode; crypto ipsec transform-set
//   8.4 on        crypto ikev1 policy 10, crypto ikev2 policy 1; crypto ipsec ikev1 transform-set, ikev2 ipsec-proposal
#include <algorithm>
#include <string>

#include "conf/shape.h"

namespace sallyport {
namespace {

using Sec = Section;
constexpr Effect kDormant = Effect::kDormant;
constexpr Effect kActs = Effect::kModelled;

// Ranks in the section: what an ASA prints first.
enum Rank {
  kSets,
  kProfile,
  kAssociation,
  kEngine,
  kDynamicMap,
  kMap,
  kTrustpoint,
  kCaServer,
  kTrustpool,
  kCertificateMap,
  kChain,
  kIdentity,
  kIsakmpEnable,
  kIsakmpPolicy,
  kIsakmpRest,
  kIkev2Policy,
  kIkev2Rest,
  kIkev1Enable,
  kIkev1Policy,
  kIkev1Rest,
};

// --- crypto maps

bool IsComplete(const LineTree& tree, const std::string& entry) {
  bool match = false, peer = false, sets = false;
  for (const auto& l : tree.Of(Sec::kCrypto)) {
    const std::string_view t(l->text);
    if (!t.starts_with(entry)) continue;
    const std::string_view rest = t.substr(entry.size());
    if (rest.starts_with("ipsec-isakmp dynamic ")) return true;
    match = match || rest.starts_with("match address ");
    peer = peer || rest.starts_with("set peer ");
    sets = sets || rest.starts_with("set transform-set ") || rest.starts_with("set ikev1 transform-set ") ||
           rest.starts_with("set ikev2 ipsec-proposal ");
  }
  return match && peer && sets;
}

std::string EntryOf(const FieldLine& f) {
  return "crypto map " + std::string(f.Get("name")) + " " + std::string(f.Get("seq")) + " ";
}

std::string WarnIncomplete(ConfigEdit& edit, const FieldLine& f, Line&) {
  return edit.loading || IsComplete(edit.tree, EntryOf(f)) ? "" : "WARNING: The crypto map entry is incomplete!\n";
}

std::string WarnWillBeIncomplete(ConfigEdit& edit, const FieldLine& f) {
  if (edit.loading || !f.Has("name") || !f.Has("seq")) return {};
  const std::string entry = EntryOf(f);
  const auto& lines = edit.tree.Of(Sec::kCrypto);
  const bool there = std::any_of(lines.begin(), lines.end(), [&](const auto& l) { return l->text.starts_with(entry); });
  return there && !IsComplete(edit.tree, entry) ? "WARNING: The crypto map entry will be incomplete!\n" : "";
}

// An interface has one crypto map: another one takes its place.
std::string OneMapEach(ConfigEdit& edit, const FieldLine& f, Line& line) {
  const std::string tail = " interface " + std::string(f.Get("interface"));
  edit.tree.RemoveIf(nullptr, Sec::kCrypto, [&](const Line& l) {
    return l.text != line.text && l.text.starts_with("crypto map ") && l.text.ends_with(tail);
  });
  return {};
}

constexpr std::size_t kMostSets = 11, kMostPeers = 10;

std::string FewSets(ConfigEdit&, const FieldLine& f) {
  return f.List("sets").size() > kMostSets ? "ERROR: A maximum of 11 transform sets can be specified\n" : "";
}
std::string FewPeers(ConfigEdit&, const FieldLine& f) {
  return f.List("peers").size() > kMostPeers ? "ERROR: A maximum of 10 peers can be specified\n" : "";
}

#define PFS "{1|2|5|7|14|15|16|19|20|21|24}"
#define PFS_GROUP "<group:{group1|group2|group5|group7|group14|group15|group16|group19|group20|group21|group24|group31}>"
#define LIFETIME_SECONDS "(<seconds:120-214783647`Security association duration in seconds`> | unlimited)"
#define LIFETIME_KILOBYTES "(<kilobytes:10-2147483647`Security association duration in kilobytes`> | unlimited)"
#define MAP "crypto map`Configure a crypto map` <name:name`Crypto map template tag`> <seq:1-65535`Sequence to insert into crypto map entry`> "
#define DYNAMIC "crypto dynamic-map`Configure a dynamic crypto map` <name:name`Dynamic crypto map template tag`> <seq:1-65535`Sequence to insert into dynamic map entry`> "

// Whole maps and entries go with `no`; without it more has to be said.
std::string OnlyNo(ConfigEdit&, const FieldLine&) { return "ERROR: % Incomplete command\n"; }

// `crypto ipsec df-bit WHAT IF`, `crypto ipsec fragmentation WHEN IF`: the line takes the place of what was said of the interface.
std::string OneOfAnInterface(ConfigEdit& edit, const FieldLine& f, Line& line) {
  const std::string text = line.text, last = " " + std::string(f.Get("interface"));
  const std::string lead = text.substr(0, text.find(' ', std::string_view("crypto ipsec ").size()) + 1);
  edit.tree.RemoveIf(nullptr, Section::kCrypto, [&](const Line& l) {
    return l.text != text && l.text.starts_with(lead) && std::string_view(l.text).substr(0, l.text.find_last_not_of(' ') + 1).ends_with(last);
  });
  return {};
}

constexpr Shape kMaps[] = {
    {"config", "crypto dynamic-map <name:name> /", Sec::kCrypto, {.check = OnlyNo}},
    {"config", "crypto dynamic-map <name:name> <seq:1-65535> /", Sec::kCrypto, {.check = OnlyNo}},
    {"config", "crypto map <name:name> /", Sec::kCrypto, {.check = OnlyNo}},
    {"config", "crypto map <name:name> <seq:1-65535> /", Sec::kCrypto, {.check = OnlyNo}},
    {"config", DYNAMIC "match address / <acl:acl>", Sec::kCrypto, {.rank = kDynamicMap, .sort = "@{name}@{seq} 01", .effect = kActs}},
    {"config", DYNAMIC "set pfs / [" PFS_GROUP "]", Sec::kCrypto, {.rank = kDynamicMap, .sort = "@{name}@{seq} 02", .effect = kActs}},
    {"config", DYNAMIC "set peer / <peers:word>...", Sec::kCrypto,
     {.rank = kDynamicMap, .sort = "@{name}@{seq} 04", .effect = kActs, .trailing = " ", .check = FewPeers}},
    {"config", DYNAMIC "set transform-set / <sets:tset>...", Sec::kCrypto,
     {.rank = kDynamicMap, .sort = "@{name}@{seq} 06", .effect = kActs, .until = 803, .check = FewSets}},
    {"config", DYNAMIC "set ikev1 transform-set / <sets:tset>...", Sec::kCrypto,
     {.rank = kDynamicMap, .sort = "@{name}@{seq} 06", .effect = kActs, .since = 804, .check = FewSets}},
    {"config", DYNAMIC "set ikev2 ipsec-proposal / <sets:proposal>...", Sec::kCrypto,
     {.rank = kDynamicMap, .sort = "@{name}@{seq} 07", .effect = kActs, .since = 804, .check = FewSets}},
    {"config", DYNAMIC "set ikev2 mode / (tunnel | transport | transport-require)", Sec::kCrypto,
     {.rank = kDynamicMap, .sort = "@{name}@{seq} 09", .effect = kActs, .silent = "* set ikev2 mode tunnel", .since = 900}},
    {"config", DYNAMIC "set security-association lifetime seconds / " LIFETIME_SECONDS " [kilobytes <kilobytes:10-2147483647>]", Sec::kCrypto,
     {.rank = kDynamicMap, .sort = "@{name}@{seq} 10", .effect = kActs}},
    {"config", DYNAMIC "set security-association lifetime kilobytes / " LIFETIME_KILOBYTES, Sec::kCrypto,
     {.rank = kDynamicMap, .sort = "@{name}@{seq} 11", .effect = kActs}},
    {"config", DYNAMIC "set nat-t-disable /", Sec::kCrypto, {.rank = kDynamicMap, .sort = "@{name}@{seq} 12", .effect = kActs}},
    {"config", DYNAMIC "set trustpoint / <trustpoint:trustpoint> [chain]", Sec::kCrypto, {.rank = kDynamicMap, .sort = "@{name}@{seq} 13", .effect = kActs}},
    {"config", DYNAMIC "set reverse-route / [dynamic]", Sec::kCrypto, {.rank = kDynamicMap, .sort = "@{name}@{seq} 14", .effect = kActs}},
    {"config", DYNAMIC "set df-bit / <df:{clear-df|copy-df|set-df}>", Sec::kCrypto, {.rank = kDynamicMap, .sort = "@{name}@{seq} 16", .effect = kActs}},
    {"config", DYNAMIC "set validate-icmp-errors /", Sec::kCrypto, {.rank = kDynamicMap, .sort = "@{name}@{seq} 17", .effect = kDormant, .since = 900}},
    {"config", DYNAMIC "set tfc-packets / [burst <burst:0-65535>] [payload-size <size:0-65535>] [timeout <timeout:0-65535>]", Sec::kCrypto,
     {.rank = kDynamicMap, .sort = "@{name}@{seq} 18", .effect = kDormant, .since = 900}},

    {"config", MAP "ipsec-isakmp`IPsec with ISAKMP` [dynamic`Entry is a dynamic map` <dynamic:dynmap`Name of dynamic-map template`>]", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 00", .effect = kActs, .after_no = WarnWillBeIncomplete}},
    {"config", MAP "match`Match address of packets to encrypt` address`Match address of packets to encrypt` / <acl:acl`Access-list name`>", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 01", .effect = kActs, .after = WarnIncomplete, .after_no = WarnWillBeIncomplete}},
    {"config", MAP "set`Specify crypto map settings` pfs`Specify pfs settings` / [" PFS_GROUP "]", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 02", .effect = kActs, .after = WarnIncomplete}},
    {"config", MAP "set connection-type`Specify connection-type for site-site connection based on this entry` / <type:{answer-only|bidirectional|originate-only}>",
     Sec::kCrypto, {.rank = kMap, .sort = "@{name}@{seq} 03", .effect = kActs, .silent = "* set connection-type bidirectional", .after = WarnIncomplete}},
    {"config", MAP "set peer`Set IP address of peer` / <peers:word`IP address or hostname`>...", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 04", .effect = kActs, .trailing = " ", .check = FewPeers, .after = WarnIncomplete,
      .after_no = WarnWillBeIncomplete}},
    {"config", MAP "set phase1-mode / (main | aggressive [" PFS_GROUP "])", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 05", .effect = kActs, .silent = "* set phase1-mode main", .until = 803}},
    {"config", MAP "set ikev1 phase1-mode / (main | aggressive [" PFS_GROUP "])", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 05", .effect = kActs, .silent = "* set ikev1 phase1-mode main", .since = 804, .after = WarnIncomplete}},
    {"config", MAP "set transform-set`Specify list of transform sets in priority order` / <sets:tset>...", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 06", .effect = kActs, .until = 803, .check = FewSets, .after = WarnIncomplete,
      .after_no = WarnWillBeIncomplete}},
    {"config", MAP "set ikev1`Configure IKEv1 policy` transform-set`Specify list of IKEv1 transform sets in priority order` / <sets:tset>...", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 06", .effect = kActs, .since = 804, .check = FewSets, .after = WarnIncomplete,
      .after_no = WarnWillBeIncomplete}},
    {"config", MAP "set ikev2`Configure IKEv2 policy` ipsec-proposal`Specify list of IPSec proposals in priority order` / <sets:proposal>...", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 07", .effect = kActs, .since = 804, .check = FewSets, .after = WarnIncomplete,
      .after_no = WarnWillBeIncomplete}},
    {"config", MAP "set ikev2 pre-shared-key / <key:secret>", Sec::kCrypto, {.rank = kMap, .sort = "@{name}@{seq} 08", .effect = kDormant, .since = 804}},
    {"config", MAP "set ikev2 phase1-mode / (main | aggressive [" PFS_GROUP "])", Sec::kCrypto, {.rank = kMap, .sort = "@{name}@{seq} 08", .effect = kDormant, .since = 804}},
    {"config", MAP "set ikev2 mode / (tunnel | transport | transport-require)", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 09", .effect = kActs, .silent = "* set ikev2 mode tunnel", .since = 900, .after = WarnIncomplete}},
    {"config", MAP "set security-association`Security association parameters` lifetime`Security association lifetime` seconds / " LIFETIME_SECONDS
     " [kilobytes <kilobytes:10-2147483647>]",
     Sec::kCrypto, {.rank = kMap, .sort = "@{name}@{seq} 10", .effect = kActs, .after = WarnIncomplete}},
    {"config", MAP "set security-association lifetime kilobytes / " LIFETIME_KILOBYTES, Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 11", .effect = kActs, .after = WarnIncomplete}},
    {"config", MAP "set nat-t-disable`Disable nat-t negotiation for connections based on this entry` /", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 12", .effect = kActs, .after = WarnIncomplete}},
    {"config", MAP "set trustpoint`Specify trustpoint that defines the certificate to be used` / <trustpoint:trustpoint> [chain]", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 13", .effect = kActs, .after = WarnIncomplete}},
    {"config", MAP "set reverse-route`Enable reverse route injection for connections based on this entry` / [dynamic]", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 14", .effect = kActs, .after = WarnIncomplete}},
    {"config", MAP "set inheritance / <of:{data|rule}>", Sec::kCrypto, {.rank = kMap, .sort = "@{name}@{seq} 15", .effect = kDormant}},
    {"config", MAP "set df-bit / <df:{clear-df|copy-df|set-df}>", Sec::kCrypto, {.rank = kMap, .sort = "@{name}@{seq} 16", .effect = kActs}},
    {"config", MAP "set validate-icmp-errors /", Sec::kCrypto, {.rank = kMap, .sort = "@{name}@{seq} 17", .effect = kDormant, .since = 900}},
    {"config", MAP "set tfc-packets / [burst <burst:0-65535>] [payload-size <size:0-65535>] [timeout <timeout:0-65535>]", Sec::kCrypto,
     {.rank = kMap, .sort = "@{name}@{seq} 18", .effect = kDormant, .since = 900}},
    {"config", "crypto map <name:name> interface`Name of interface to apply the crypto map to` <interface:iface> [<family:{ipv6-local-address}> <local:ip6>]",
     Sec::kCrypto, {.rank = kMap, .sort = "@{name}@~", .effect = kActs, .after = OneMapEach}},
};

// --- transform sets, proposals, profiles, security associations

#define ESP_ENCRYPTION "{esp-3des|esp-aes|esp-aes-192|esp-aes-256|esp-des|esp-null|esp-md5-hmac|esp-none|esp-sha-hmac}"
#define MODE "(transport`Transport mode` | tunnel`Tunnel mode`)"
#define PROPOSAL_ENCRYPTION "{3des|aes|aes-192|aes-256|aes-gcm|aes-gcm-192|aes-gcm-256|aes-gmac|aes-gmac-192|aes-gmac-256|des|null}"

constexpr Shape kIpsec[] = {
    {"config", "crypto ipsec`Configure transform-set, IPSec SA lifetime and fragmentation` transform-set`Define transform and settings` <name:name> / <transforms:" ESP_ENCRYPTION ">...",
     Sec::kCrypto, {.rank = kSets, .sort = "@{name}@0", .effect = kActs, .trailing = " ", .until = 803}},
    {"config", "crypto ipsec transform-set <name:name> mode`Encapsulation mode (transport)` / " MODE, Sec::kCrypto,
     {.rank = kSets, .sort = "@{name}@1", .effect = kActs, .until = 803}},
    {"config", "crypto ipsec ikev1`Configure IKEv1 options` transform-set`Define transform and settings` <name:name> / <transforms:" ESP_ENCRYPTION ">...",
     Sec::kCrypto, {.rank = kSets, .sort = "@{name}@0", .effect = kActs, .trailing = " ", .since = 804}},
    {"config", "crypto ipsec ikev1 transform-set <name:name> mode`Encapsulation mode (transport)` / " MODE, Sec::kCrypto,
     {.rank = kSets, .sort = "@{name}@1", .effect = kActs, .since = 804}},
    {"config", "crypto ipsec ikev2`Configure IKEv2 options` ipsec-proposal`Configure IKEv2 IPSec Policy` <name:name>", Sec::kCrypto,
     {.rank = kSets, .sort = "@{name}@0", .effect = kActs, .submode = "config-ipsec-proposal", .since = 804}},
    {"config-ipsec-proposal", "protocol`Configure a protocol for the IPSec proposal` esp`IPsec Encapsulating Security Payload` encryption`Add one or more encryption algorithms` / <encryption:" PROPOSAL_ENCRYPTION ">...",
     Sec::kCrypto, {.rank = 0, .effect = kActs}},
    {"config-ipsec-proposal", "protocol esp integrity`Add one or more integrity algorithms` / <integrity:{md5|null|sha-1|sha-256|sha-384|sha-512}>...", Sec::kCrypto,
     {.rank = 1, .effect = kActs}},
    {"config", "crypto ipsec profile`Configure an IPSec profile` <name:name>", Sec::kCrypto,
     {.rank = kProfile, .effect = kActs, .submode = "config-ipsec-profile", .since = 907}},
    {"config-ipsec-profile", "set ikev1 transform-set / <sets:tset>...", Sec::kCrypto, {.rank = 0, .effect = kActs, .check = FewSets}},
    {"config-ipsec-profile", "set ikev2 ipsec-proposal / <sets:proposal>...", Sec::kCrypto, {.rank = 1, .effect = kActs, .check = FewSets}},
    {"config-ipsec-profile", "set pfs / [" PFS_GROUP "]", Sec::kCrypto, {.rank = 2, .effect = kActs}},
    {"config-ipsec-profile", "set security-association lifetime kilobytes / " LIFETIME_KILOBYTES, Sec::kCrypto, {.rank = 3, .effect = kActs}},
    {"config-ipsec-profile", "set security-association lifetime seconds / " LIFETIME_SECONDS, Sec::kCrypto, {.rank = 4, .effect = kActs}},
    {"config-ipsec-profile", "set trustpoint / <trustpoint:trustpoint> [chain]", Sec::kCrypto, {.rank = 5, .effect = kActs}},
    {"config-ipsec-profile", "set df-bit / <df:{clear-df|copy-df|set-df}>", Sec::kCrypto, {.rank = 6, .effect = kDormant}},
    {"config-ipsec-profile", "set reverse-route / [dynamic]", Sec::kCrypto, {.rank = 6, .effect = kDormant}},
    {"config-ipsec-profile", "responder-only /", Sec::kCrypto, {.rank = 7, .effect = kActs}},

    {"config", "crypto ipsec security-association`Set security association parameters` lifetime`Set security association lifetime` seconds / " LIFETIME_SECONDS, Sec::kCrypto,
     {.rank = kAssociation, .sort = "0", .effect = kActs}},
    {"config", "crypto ipsec security-association lifetime kilobytes / " LIFETIME_KILOBYTES, Sec::kCrypto,
     {.rank = kAssociation, .sort = "1", .effect = kActs}},
    {"config", "crypto ipsec security-association replay`Set replay protection parameters` window-size / <packets:{64|128|256|512|1024}>", Sec::kCrypto,
     {.rank = kAssociation, .sort = "2", .effect = kActs, .silent = "crypto ipsec security-association replay window-size 64"}},
    {"config", "crypto ipsec security-association replay disable /", Sec::kCrypto, {.rank = kAssociation, .sort = "2", .effect = kActs}},
    {"config", "crypto ipsec security-association pmtu-aging`Set path MTU aging parameters` / (infinite`PMTU aging is disabled` | <seconds:1-65535>)", Sec::kCrypto,
     {.rank = kAssociation, .sort = "3", .effect = kActs, .since = 900}},
    {"config", "crypto ipsec df-bit`Set IPsec DF policy` <df:{clear-df|copy-df|set-df}> <interface:iface> /", Sec::kCrypto,
     {.rank = kAssociation, .sort = "4", .effect = kActs, .after = OneOfAnInterface}},
    {"config", "crypto ipsec fragmentation`Set IPsec fragmentation policy` <when:{after-encryption|before-encryption}> <interface:iface> /", Sec::kCrypto,
     {.rank = kAssociation, .sort = "5", .effect = kActs, .after = OneOfAnInterface}},
    {"config", "crypto ipsec ikev2 sa-strength-enforcement /", Sec::kCrypto, {.rank = kAssociation, .sort = "6", .effect = kDormant, .since = 902}},
    {"config", "crypto ipsec inner-routing-lookup /", Sec::kCrypto, {.rank = kAssociation, .sort = "6", .effect = kDormant, .since = 907}},
    {"config", "crypto engine`Cisco VPN engine` large-mod-accel /", Sec::kCrypto, {.rank = kEngine}},
    {"config", "crypto engine accelerator-bias / <bias:{balanced|ipsec|ssl}>", Sec::kCrypto, {.rank = kEngine}},
    {"config", "crypto large-cert-acceleration enable /", Sec::kCrypto, {.rank = kEngine}},
};

// --- IKE

#define IKE_LIFETIME "(none`Disable rekey and allow an unlimited rekey period` | 0 | <seconds:120-2147483647`Lifetime in seconds`>)"

std::string FewPorts(ConfigEdit&, const FieldLine& f) {
  return f.List("ports").size() > 10 ? "ERROR: A maximum of 10 ports can be specified\n" : "";
}

constexpr const char* kIkev1Defaults = "authentication pre-share;encryption 3des;hash sha;group 2;913:group 14;lifetime 86400";
constexpr const char* kIkev2Defaults = "encryption 3des;integrity sha;group 2;913:group 14;prf sha;lifetime seconds 86400";

#define NUMBER "<priority:1-65535`Priority of the policy`>"
#define OLD_ENCRYPTION "<encryption:{3des|aes|aes-192|aes-256|des}>"
#define OLD_AUTHENTICATION "<method:{crack|dsa-sig|pre-share|rsa-sig}>"

constexpr Shape kIke[] = {
    {"config", "isakmp identity / (address | auto | hostname | key-id <id:word>)", Sec::kCrypto,
     {.rank = kIdentity, .effect = kActs, .trailing = " ", .until = 701}},
    {"config", "isakmp enable <interface:iface>", Sec::kCrypto, {.rank = kIsakmpEnable, .effect = kActs, .until = 701}},
    {"config", "isakmp policy " NUMBER " /", Sec::kCrypto, {.until = 701, .check = OnlyNo}},
    {"config", "isakmp policy " NUMBER " authentication / " OLD_AUTHENTICATION, Sec::kCrypto, {.rank = kIsakmpPolicy, .sort = "{priority} 0", .effect = kActs, .until = 701}},
    {"config", "isakmp policy " NUMBER " encryption / " OLD_ENCRYPTION, Sec::kCrypto, {.rank = kIsakmpPolicy, .sort = "{priority} 1", .effect = kActs, .until = 701}},
    {"config", "isakmp policy " NUMBER " hash / <hash:{md5|sha}>", Sec::kCrypto, {.rank = kIsakmpPolicy, .sort = "{priority} 2", .effect = kActs, .until = 701}},
    {"config", "isakmp policy " NUMBER " group / <group:{1|2|5|7}>", Sec::kCrypto, {.rank = kIsakmpPolicy, .sort = "{priority} 3", .effect = kActs, .until = 701}},
    {"config", "isakmp policy " NUMBER " lifetime / " IKE_LIFETIME, Sec::kCrypto, {.rank = kIsakmpPolicy, .sort = "{priority} 4", .effect = kActs, .until = 701}},
    {"config", "isakmp nat-traversal / [<keepalive:10-3600>]", Sec::kCrypto, {.rank = kIsakmpRest, .sort = "0", .effect = kActs, .keep_no = true, .until = 701}},
    {"config", "isakmp ipsec-over-tcp / [port <ports:1-65535>...]", Sec::kCrypto, {.rank = kIsakmpRest, .sort = "1", .effect = kActs, .trailing = " ", .until = 701, .check = FewPorts}},
    {"config", "isakmp disconnect-notify /", Sec::kCrypto, {.rank = kIsakmpRest, .sort = "2", .until = 701}},
    {"config", "isakmp am-disable /", Sec::kCrypto, {.rank = kIsakmpRest, .sort = "3", .effect = kActs, .until = 701}},
    {"config", "isakmp reload-wait /", Sec::kCrypto, {.rank = kIsakmpRest, .sort = "4", .effect = kDormant, .until = 701}},

    {"config", "crypto isakmp`Configure ISAKMP options` identity`Set identity type (address, hostname or key-id)` / (address`Use the IP address of the interface for the identity` | auto`Identity automatically determined by the connection type: IP address for preshared key and Cert DN for Cert based connections` | hostname`Use the hostname of the router for the identity` | key-id`Use the specified key-id for the identity` <id:word>)",
     Sec::kCrypto, {.rank = kIdentity, .effect = kActs, .trailing = " "}},
    {"config", "crypto isakmp enable`Enable ISAKMP on the specified interface` <interface:iface>", Sec::kCrypto, {.rank = kIsakmpEnable, .effect = kActs, .until = 803}},
    {"config", "crypto isakmp policy`Set ISAKMP policy suite` " NUMBER, Sec::kCrypto,
     {.rank = kIsakmpPolicy, .sort = "{priority}", .effect = kActs, .submode = "config-isakmp-policy", .defaults = kIkev1Defaults, .until = 803}},
    {"config", "crypto isakmp nat-traversal`Enable and configure nat-traversal` / [<keepalive:10-3600`Number of seconds`>]", Sec::kCrypto,
     {.rank = kIsakmpRest, .sort = "0", .effect = kActs, .keep_no = true}},
    {"config", "crypto isakmp ipsec-over-tcp`Enable and configure IPSec over TCP` / [port`IPSec over TCP port(s)` <ports:1-65535>...]", Sec::kCrypto,
     {.rank = kIsakmpRest, .sort = "1", .effect = kActs, .trailing = " ", .until = 803, .check = FewPorts}},
    {"config", "crypto isakmp disconnect-notify`Enable disconnect notification to peers` /", Sec::kCrypto, {.rank = kIsakmpRest, .sort = "2"}},
    {"config", "crypto isakmp am-disable`Disable inbound aggressive mode connections` /", Sec::kCrypto, {.rank = kIsakmpRest, .sort = "3", .effect = kActs, .until = 803}},
    {"config", "crypto isakmp reload-wait`Wait for voluntary termination of existing connections before reboot` /", Sec::kCrypto, {.rank = kIsakmpRest, .sort = "4", .effect = kDormant}},
    {"config-isakmp-policy|config-ikev1-policy", "authentication`Set authentication method (pre-share or rsa-sig)` / " OLD_AUTHENTICATION, Sec::kCrypto, {.rank = 0, .effect = kActs}},
    {"config-isakmp-policy|config-ikev1-policy", "encryption`Set encryption algorithm (des, 3des, aes-128, aes-192, or aes-256)` / " OLD_ENCRYPTION, Sec::kCrypto, {.rank = 1, .effect = kActs}},
    {"config-isakmp-policy|config-ikev1-policy", "hash`Set hash algorithm (md5 or sha)` / <hash:{md5|sha}>", Sec::kCrypto, {.rank = 2, .effect = kActs}},
    {"config-isakmp-policy|config-ikev1-policy", "group`Set Diffie-Hellman group` / <group:" PFS ">", Sec::kCrypto, {.rank = 3, .effect = kActs}},
    {"config-isakmp-policy|config-ikev1-policy", "lifetime`Set ISAKMP SA lifetime (seconds)` / " IKE_LIFETIME, Sec::kCrypto, {.rank = 4, .effect = kActs}},

    {"config", "crypto ikev1`Configure IKEv1 options` enable`Enable IKEv1 on the specified interface` <interface:iface>", Sec::kCrypto,
     {.rank = kIkev1Enable, .effect = kActs, .since = 804}},
    {"config", "crypto ikev1 policy`Set IKEv1 policy suite` " NUMBER, Sec::kCrypto,
     {.rank = kIkev1Policy, .sort = "{priority}", .effect = kActs, .submode = "config-ikev1-policy", .defaults = kIkev1Defaults, .since = 804}},
    {"config", "crypto ikev1 am-disable`Disable inbound aggressive mode connections` /", Sec::kCrypto, {.rank = kIkev1Rest, .sort = "3", .effect = kActs, .since = 804}},
    {"config", "crypto ikev1 ipsec-over-tcp`Enable and configure IPSec over TCP` / [port`IPSec over TCP port(s)` <ports:1-65535>...]", Sec::kCrypto,
     {.rank = kIkev1Rest, .sort = "1", .effect = kActs, .trailing = " ", .since = 804, .check = FewPorts}},
    {"config", "crypto ikev1 limit`Enable limits on IKEv1 SAs` max-in-negotiation-sa / <number:1-15000> [value]", Sec::kCrypto, {.rank = kIkev1Rest, .sort = "2", .effect = kActs, .since = 804}},

    {"config", "crypto ikev2`Configure IKEv2 options` policy`Set IKEv2 policy suite` " NUMBER, Sec::kCrypto,
     {.rank = kIkev2Policy, .sort = "{priority}", .effect = kActs, .submode = "config-ikev2-policy", .defaults = kIkev2Defaults, .since = 804}},
    {"config-ikev2-policy", "encryption`Configure one or more encryption algorithm` / <encryption:{3des|aes|aes-192|aes-256|aes-gcm|aes-gcm-192|aes-gcm-256|des|null}>...", Sec::kCrypto, {.rank = 0, .effect = kActs}},
    {"config-ikev2-policy", "integrity`Configure one or more integrity algorithm` / <integrity:{md5|null|sha|sha256|sha384|sha512}>...", Sec::kCrypto, {.rank = 1, .effect = kActs}},
    {"config-ikev2-policy", "group`Configure one or more DH groups` / <group:{1|2|5|14|15|16|19|20|21|24|31}>...", Sec::kCrypto, {.rank = 2, .effect = kActs}},
    {"config-ikev2-policy", "additional-key-exchange <number:1-7> / [key-exchange-method] <method:word>...", Sec::kCrypto, {.rank = 3, .effect = kDormant, .since = 920}},
    {"config-ikev2-policy", "prf`Configure one or more hash algorithm` / <prf:{md5|sha|sha256|sha384|sha512}>...", Sec::kCrypto, {.rank = 4, .effect = kActs}},
    {"config-ikev2-policy", "lifetime`Configure SA lifetime` seconds / " IKE_LIFETIME, Sec::kCrypto, {.rank = 5, .effect = kActs}},
    {"config", "crypto ikev2 enable`Enable IKEv2 on the specified interface` <interface:iface> / [client-services`Enable client services` [port <port:1-65535>]]", Sec::kCrypto,
     {.rank = kIkev2Rest, .sort = "0", .effect = kActs, .since = 804}},
    {"config", "crypto ikev2 cookie-challenge / (always | never | <percent:0-100>)", Sec::kCrypto, {.rank = kIkev2Rest, .sort = "1", .effect = kActs, .since = 804}},
    {"config", "crypto ikev2 limit max-in-negotiation-sa / <number:1-15000> [value]", Sec::kCrypto, {.rank = kIkev2Rest, .sort = "2", .effect = kActs, .since = 804}},
    {"config", "crypto ikev2 limit max-sa / <number:1-15000>", Sec::kCrypto, {.rank = kIkev2Rest, .sort = "2", .effect = kActs, .since = 804}},
    {"config", "crypto ikev2 limit queue sa_init / <number:1-1000>", Sec::kCrypto, {.rank = kIkev2Rest, .sort = "2", .effect = kDormant, .since = 909}},
    {"config", "crypto ikev2 redirect / <when:{during-auth|during-init}>", Sec::kCrypto, {.rank = kIkev2Rest, .sort = "3", .effect = kDormant, .since = 804}},
    {"config", "crypto ikev2 fragmentation / [mtu <mtu:68-1500>] [preferred-method <method:{cisco|ietf}>]", Sec::kCrypto,
     {.rank = kIkev2Rest, .sort = "4", .effect = kActs, .keep_no = true, .since = 903}},
    {"config", "crypto ikev2 notify invalid-selectors /", Sec::kCrypto, {.rank = kIkev2Rest, .sort = "5", .effect = kDormant, .since = 904}},
    {"config", "crypto ikev2 nat-keepalive / <seconds:5-3600>", Sec::kCrypto, {.rank = kIkev2Rest, .sort = "5", .effect = kDormant, .since = 804}},
    {"config", "crypto ikev2 remote-access`Configure IKEv2 for Remote Access` trustpoint`Set the trustpoint for Remote Access connections` / <trustpoint:trustpoint> [<line:{line-number}> <number:1-10>]", Sec::kCrypto,
     {.rank = kIkev2Rest, .sort = "6", .effect = kDormant, .since = 804}},
};

// --- certificates

constexpr Shape kCertificates[] = {
    {"config", "crypto ca`Certification authority` trustpoint`Define a trustpoint` <name:name> \\ [noconfirm]", Sec::kCrypto,
     {.rank = kTrustpoint, .effect = kActs, .submode = "config-ca-trustpoint", .defaults = "crl configure"}},
    {"config-ca-trustpoint", "revocation-check / <methods:{crl|none|ocsp}>...", Sec::kCrypto, {.rank = 0, .effect = kActs}},
    {"config-ca-trustpoint", "crl / <when:{nocheck|optional|required}>", Sec::kCrypto, {.rank = 0, .effect = kActs}},
    {"config-ca-trustpoint", "enrollment (self | terminal)", Sec::kCrypto, {.rank = 1, .effect = kActs}},
    {"config-ca-trustpoint", "enrollment url / <url:word>", Sec::kCrypto, {.rank = 1, .effect = kDormant}},
    {"config-ca-trustpoint", "enrollment interface / <interface:iface>", Sec::kCrypto, {.rank = 1, .effect = kDormant}},
    {"config-ca-trustpoint", "enrollment protocol \\ <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config-ca-trustpoint", "enrollment retry count / <count:0-100>", Sec::kCrypto, {.rank = 2, .effect = kDormant}},
    {"config-ca-trustpoint", "enrollment retry period / <minutes:1-60>", Sec::kCrypto, {.rank = 2, .effect = kDormant}},
    {"config-ca-trustpoint", "auto-enroll / [<text:line>]", Sec::kCrypto, {.rank = 2}},
    {"config-ca-trustpoint", "fqdn / (none | <fqdn:word>)", Sec::kCrypto, {.rank = 3, .effect = kActs}},
    {"config-ca-trustpoint", "alt-fqdn / <fqdn:word>", Sec::kCrypto, {.rank = 3, .effect = kDormant}},
    {"config-ca-trustpoint", "email / <address:word>", Sec::kCrypto, {.rank = 4, .effect = kDormant}},
    {"config-ca-trustpoint", "subject-name / <dn:line>", Sec::kCrypto, {.rank = 5, .effect = kActs}},
    {"config-ca-trustpoint", "ip-address / <address:word>", Sec::kCrypto, {.rank = 6, .effect = kDormant}},
    {"config-ca-trustpoint", "serial-number /", Sec::kCrypto, {.rank = 7, .effect = kDormant}},
    {"config-ca-trustpoint", "password / <password:secret>", Sec::kCrypto, {.rank = 8, .effect = kDormant}},
    {"config-ca-trustpoint", "keypair / <key:word> [<text:line>]", Sec::kCrypto, {.rank = 9, .effect = kActs}},
    {"config-ca-trustpoint", "accept-subordinates /", Sec::kCrypto, {.rank = 10, .effect = kDormant, .keep_no = true}},
    {"config-ca-trustpoint", "id-cert-issuer /", Sec::kCrypto, {.rank = 10, .effect = kDormant, .keep_no = true}},
    {"config-ca-trustpoint", "id-usage / <usage:{ssl-ipsec|code-signer}>...", Sec::kCrypto, {.rank = 11, .effect = kDormant}},
    {"config-ca-trustpoint", "validation-policy / <policy:{cache|ipsec|nocheck|ssl|usercert}>", Sec::kCrypto, {.rank = 11, .effect = kDormant}},
    {"config-ca-trustpoint", "client-types / <types:{ipsec|ssl}>...", Sec::kCrypto, {.rank = 11, .effect = kDormant, .keep_no = true}},
    {"config-ca-trustpoint", "validation-usage / <usage:{ipsec-client|ssl-client|ssl-server}>...", Sec::kCrypto, {.rank = 12, .effect = kDormant, .keep_no = true}},
    {"config-ca-trustpoint", "support-user-cert-validation /", Sec::kCrypto, {.rank = 13, .effect = kDormant, .keep_no = true}},
    {"config-ca-trustpoint", "match certificate \\ <text:line>", Sec::kCrypto, {.rank = 14, .effect = kDormant}},
    {"config-ca-trustpoint", "ocsp url / <url:word>", Sec::kCrypto, {.rank = 15, .effect = kDormant}},
    {"config-ca-trustpoint", "ocsp disable-nonce /", Sec::kCrypto, {.rank = 15, .effect = kDormant}},
    {"config-ca-trustpoint", "ocsp interface / <interface:iface>", Sec::kCrypto, {.rank = 15, .effect = kDormant}},
    {"config-ca-trustpoint", "proxy-ldc-issuer /", Sec::kCrypto, {.rank = 16, .effect = kDormant, .keep_no = true}},
    {"config-ca-trustpoint", "ca-check /", Sec::kCrypto, {.rank = 17, .effect = kDormant, .keep_no = true}},
    {"config-ca-trustpoint", "ignore-ipsec-keyusage /", Sec::kCrypto, {.rank = 17}},
    {"config-ca-trustpoint", "ignore-ssl-keyusage /", Sec::kCrypto, {.rank = 17}},
    {"config-ca-trustpoint", "signature-hash \\ <text:line>", Sec::kCrypto, {.rank = 17}},
    {"config-ca-trustpoint", "crl`CRL options` configure`Configure CRL options` /", Sec::kCrypto, {.rank = 99, .effect = kActs, .submode = "config-ca-crl"}},
    {"config-ca-crl", "policy / <policy:{both|cdp|static}>", Sec::kCrypto, {.rank = 0, .effect = kActs}},
    {"config-ca-crl", "url <index:1-5> / <url:word>", Sec::kCrypto, {.rank = 1, .effect = kActs}},
    {"config-ca-crl", "cache-time / <minutes:1-1440>", Sec::kCrypto, {.rank = 2, .effect = kActs}},
    {"config-ca-crl", "enforcenextupdate /", Sec::kCrypto, {.rank = 3, .effect = kDormant, .keep_no = true}},
    {"config-ca-crl", "protocol <protocol:{http|ldap|scep}>", Sec::kCrypto, {.rank = 4, .effect = kDormant, .keep_no = true}},
    {"config-ca-crl", "ldap-defaults / <server:word> [<port:1-65535>]", Sec::kCrypto, {.rank = 5, .effect = kDormant}},
    {"config-ca-crl", "ldap-dn / <text:line>", Sec::kCrypto, {.rank = 6}},

    {"config", "crypto ca server`Configure Local CA server` /", Sec::kCrypto, {.rank = kCaServer, .submode = "config-ca-server"}},
    {"config-ca-server", "shutdown /", Sec::kCrypto, {.rank = 9, .keep_no = true}},
    {"config-ca-server", "passphrase / <passphrase:secret>", Sec::kCrypto, {.rank = 8}},
    {"config-ca-server", "lifetime <of:{ca-certificate|certificate|crl}> / <text:line>", Sec::kCrypto},
    {"config-ca-server", "smtp <what:{from-address|subject}> / <text:line>", Sec::kCrypto, {.rank = 2}},
    {"config-ca-server", "cdp-url / <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config-ca-server", "database / <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config-ca-server", "enrollment-retrieval / <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config-ca-server", "issuer-name / <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config-ca-server", "keysize / <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config-ca-server", "otp / <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config-ca-server", "publish-crl / <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config-ca-server", "renewal-reminder / <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config-ca-server", "subject-name-default / <text:line>", Sec::kCrypto, {.rank = 1}},

    {"config", "crypto ca trustpool policy /", Sec::kCrypto, {.rank = kTrustpool, .submode = "config-ca-trustpool"}},
    {"config-ca-trustpool", "auto-import / [<text:line>]", Sec::kCrypto, {.keep_no = true}},
    {"config-ca-trustpool", "revocation-check / <methods:{crl|none|ocsp}>...", Sec::kCrypto, {.rank = 1}},
    {"config-ca-trustpool", "crl \\ <text:line>", Sec::kCrypto, {.rank = 2, .keep_no = true}},
    {"config-ca-trustpool", "match certificate \\ <text:line>", Sec::kCrypto, {.rank = 3}},
    {"config-ca-trustpool", "cabundle \\ <text:line>", Sec::kCrypto, {.rank = 4}},

    {"config", "crypto ca certificate map`Certificate map` ( <name:name> <seq:1-65535> | <seq:1-65535> )", Sec::kCrypto,
     {.rank = kCertificateMap, .sort = "@{name}@{seq}", .effect = kActs, .submode = "config-ca-cert-map"}},
    {"config-ca-cert-map", "issuer-name [attr <attribute:word>] <op:{co|eq|nc|ne}> <text:line>", Sec::kCrypto, {.rank = 0, .effect = kActs}},
    {"config-ca-cert-map", "subject-name [attr <attribute:word>] <op:{co|eq|nc|ne}> <text:line>", Sec::kCrypto, {.rank = 1, .effect = kActs}},
    {"config-ca-cert-map", "alt-subject-name <op:{co|eq|nc|ne}> <text:line>", Sec::kCrypto, {.rank = 2, .effect = kActs}},
    {"config-ca-cert-map", "extended-key-usage <op:{co|nc}> <text:line>", Sec::kCrypto, {.rank = 3, .effect = kDormant}},

    {"config", "crypto ca certificate chain <name:word>", Sec::kCrypto, {.rank = kChain, .effect = kActs, .submode = "config-cert-chain"}},
    {"config-cert-chain", "certificate [<kind:{ca|ra-encrypt|ra-general|ra-sign}>] <serial:word> [nvram: <file:word>]", Sec::kCrypto, {.submode = "config-pubkey"}},
    {"config-cert-chain", "crl \\ <text:line>", Sec::kCrypto, {.rank = 1}},
    {"config", "crypto ca alerts expiration / [<text:line>]", Sec::kCrypto, {.rank = kTrustpool}},
    {"config", "crypto ca permit-weak-crypto /", Sec::kCrypto, {.rank = kTrustpool, .since = 916}},
    {"config", "crypto ca reference-identity <name:word>", Sec::kCrypto, {.rank = kTrustpool, .submode = "config-ca-ref-identity"}},
    {"config-ca-ref-identity", "cn-id <value:word>", Sec::kCrypto},
    {"config-ca-ref-identity", "dns-id <value:word>", Sec::kCrypto},
    {"config-ca-ref-identity", "srv-id <value:word>", Sec::kCrypto},
    {"config-ca-ref-identity", "uri-id <value:word>", Sec::kCrypto},
    // What somebody has typed and an ASA does not print is found in files that were written by hand.
    {"config", "crypto key generate \\ <text:line>", Sec::kCrypto, {.rank = kChain, .until = 1}},
    {"config", "crypto ca authenticate \\ <text:line>", Sec::kCrypto, {.rank = kChain, .until = 1}},
    {"config", "crypto ca enroll \\ <text:line>", Sec::kCrypto, {.rank = kChain, .until = 1}},
};

}  // namespace

void DeclareCrypto(ConfigGrammar& grammar) {
  DeclareShapes(grammar, kIpsec);
  DeclareShapes(grammar, kMaps);
  DeclareShapes(grammar, kCertificates);
  DeclareShapes(grammar, kIke);
}

}  // namespace sallyport
