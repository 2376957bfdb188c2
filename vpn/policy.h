// What the configuration says of VPNs, compiled and immutable: crypto maps, IKE policies, tunnel groups, group policies, address
// pools, trustpoints. Made by conf/compile_vpn.cc, part of the policy snapshot (Policy::tunnels); read by the data thread (what to
// protect) and by the control thread (what to offer and to accept). Every name is resolved; nothing here is text that is parsed again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/access_list.h"
#include "firewall/tunnel.h"
#include "vpn/esp/outer_header.h"
#include "vpn/ssl_policy.h"
#include "vpn/views.h"

namespace sallyport {

// --- what may be offered

// `crypto isakmp policy N`, `crypto ikev1 policy N`.
struct Ikev1Policy {
  std::uint32_t priority = 0;
  VpnAuth auth = VpnAuth::kPreSharedKeys;  // or kRsaCertificate
  VpnCipher cipher = VpnCipher::k3Des;
  VpnHash hash = VpnHash::kSha1;
  std::uint16_t group = 2;
  std::uint32_t lifetime_s = 86400;  // 0: none
};

// `crypto ikev2 policy N`: each list in order of preference.
struct Ikev2Policy {
  std::uint32_t priority = 0;
  std::vector<VpnCipher> ciphers;
  std::vector<VpnHash> integrity;  // kNone with combined ciphers
  std::vector<VpnHash> prfs;
  std::vector<std::uint16_t> groups;
  std::uint32_t lifetime_s = 86400;  // 0: none
};

// A transform set (one of each), or an IKEv2 IPsec proposal (several of each).
struct EspProposal {
  std::string name;
  std::vector<VpnCipher> ciphers;
  std::vector<VpnHash> integrity;  // empty: none (combined ciphers, or not authenticated)
  bool transport = false;          // transform-set ... mode transport
  bool null_cipher_only() const { return ciphers.size() == 1 && ciphers[0] == VpnCipher::kNone; }
};

// --- crypto maps

struct CryptoMapEntry {
  std::uint32_t id = 0;  // stable while the map's name, its sequence and the interface stay; never 0, never reused
  std::string map;       // name as `show crypto ipsec sa` has it; of a dynamic entry the dynamic map's name
  std::uint32_t sequence = 0;
  std::string static_map;  // dynamic: the map that refers to it
  IfId at{};
  bool dynamic = false;
  std::shared_ptr<const AccessList> match;  // null: a dynamic entry that takes what the peer asks for
  std::vector<IpAddress> peers;             // in order of trial; none: any (dynamic)
  std::vector<EspProposal> ikev1_sets, ikev2_proposals;  // none of a version: it is not negotiated
  std::uint16_t pfs_group = 0;                           // 0: off
  enum class Type : std::uint8_t { kBoth, kOriginateOnly, kAnswerOnly } type = Type::kBoth;
  bool aggressive = false;
  std::uint16_t aggressive_group = 2;
  std::optional<std::uint32_t> lifetime_s, lifetime_kb;  // else VpnPolicy's; 0: unlimited
  bool ikev2_transport = false, ikev2_transport_required = false;
  bool nat_t_disabled = false;
  bool reverse_route = false, reverse_route_dynamic = false;
  bool validate_icmp_errors = false;
  std::string trustpoint;  // "": none
  bool send_chain = false;
  std::optional<DfPolicy> df;  // else the interface's
};

// `interface TunnelN`, `tunnel mode ipsec ipv4`, `tunnel protection ipsec profile P` (9.7 on): routes decide what goes in.
struct VirtualTunnel {
  std::uint32_t id = 0;  // as CryptoMapEntry::id
  IfId interface{};      // the tunnel interface
  std::uint32_t number = 0;  // of `interface TunnelN`
  IfId source{};         // `tunnel source interface`
  IpAddress destination;
  std::string profile;
  std::vector<EspProposal> ikev1_sets, ikev2_proposals;
  std::uint16_t pfs_group = 0;
  std::optional<std::uint32_t> lifetime_s, lifetime_kb;
  bool responder_only = false;
  std::string trustpoint;
  // The crypto map that an ASA makes of it, with its only entry; the first number is that of the source interface.
  static constexpr std::uint32_t kSequence = 65280;
  std::string MapName() const { return "__vti-crypto-map-" + std::to_string(static_cast<int>(source)) + "-0-" + std::to_string(number); }
};

// --- peers and users

struct TunnelGroup {
  std::string name;
  enum class Type : std::uint8_t { kLanToLan, kRemoteAccess, kWebVpn } type = Type::kRemoteAccess;
  // ipsec-attributes
  std::string ikev1_psk;  // "": none, or not known (`*****`)
  std::string ikev2_local_psk, ikev2_remote_psk;
  std::string ikev1_trustpoint, ikev2_local_trustpoint;
  bool ikev2_remote_certificate = false;  // remote-authentication certificate
  bool ikev2_eap = false, ikev2_eap_query_identity = false;
  bool send_chain = false;  // `chain`: the certificates between ours and the root go to the peer, too
  enum class PeerId : std::uint8_t { kRequired, kCertificate, kNoCheck } peer_id_validate = PeerId::kRequired;
  bool keepalive = true;                     // isakmp keepalive: `disable` makes it false
  std::uint32_t keepalive_threshold_s = 10;  // of remote access 300; 0: `infinite`, only the peer asks
  std::uint32_t keepalive_retry_s = 2;
  enum class UserAuth : std::uint8_t { kXauth, kNone, kHybrid } user_auth = UserAuth::kXauth;
  // general-attributes
  std::string default_group_policy = "DfltGrpPolicy";
  std::vector<std::string> address_pools;
  std::vector<std::string> authentication_servers;  // "LOCAL", or names of aaa-server groups, in order
  std::string accounting_servers;                   // an aaa-server group; "": none
  bool strip_realm = false, strip_group = false;
  // What AAA is asked about for "user[@realm][<delimiter>group]"; without a `group-delimiter` there is no group in it.
  std::string NameFor(std::string user, char delimiter) const {
    if (strip_group && delimiter != 0) user.resize(std::min(user.size(), user.rfind(delimiter)));
    if (strip_realm) user.resize(std::min(user.size(), user.find('@')));
    return user;
  }
};

// vpn-tunnel-protocol
struct VpnTunnelProtocols {
  bool ikev1 = true, ikev2 = true, l2tp = false, ssl_client = false, ssl_clientless = false;
};
// vpn-filter; the list is null where there is none (of that name).
struct VpnFilter {
  std::shared_ptr<const AccessList> list;
  std::string name;
};

// Values are what rules after inheritance from DfltGrpPolicy.
struct VpnGroupPolicy {
  std::string name;
  VpnTunnelProtocols protocols;
  std::uint32_t idle_minutes = 30;    // vpn-idle-timeout; 0: none
  std::uint32_t session_minutes = 0;  // vpn-session-timeout; 0: none
  std::uint32_t simultaneous_logins = 3;
  VpnFilter filter;
  bool pfs = false;             // remote access, IKEv1
  bool ipsec_udp = false;       // IPsec over UDP
  std::uint16_t ipsec_udp_port = 10000;
  bool nem = false;             // network extension mode is permitted
  bool password_storage = false;
  std::string group_lock;
  enum class Split : std::uint8_t { kTunnelAll, kTunnelSpecified, kExcludeSpecified } split = Split::kTunnelAll;
  std::vector<Prefix> split_networks;
  std::vector<std::string> split_dns;
  std::string banner, default_domain;
  std::vector<IpAddress> dns, wins;
  std::vector<std::string> address_pools;
  std::vector<std::string> backup_servers;
  SslClientRules client;
};

// A user of the local database, or one whom an AAA server knows: then out of what it has answered.
struct VpnUser {
  std::string name;
  std::string group_policy;  // vpn-group-policy; "": the tunnel group's
  std::optional<IpAddress> framed_address;  // vpn-framed-ip-address
  IpAddress framed_mask;
  std::optional<IpAddress> framed_address6;  // vpn-framed-ipv6-address
  int framed_length6 = 128;
  // What the user says otherwise than his group policy: VpnPolicy::GroupPolicyOf.
  std::optional<std::uint32_t> idle_minutes, session_minutes, simultaneous_logins;
  std::optional<VpnFilter> filter;
  std::optional<VpnTunnelProtocols> protocols;
  std::optional<VpnGroupPolicy::Split> split;
  std::string split_list;  // "": the group policy's
  std::vector<Prefix> split_networks;
  std::optional<bool> password_storage;
  std::optional<std::string> group_lock;
  std::optional<std::vector<std::string>> address_pools;
  std::optional<std::string> banner, default_domain;
  std::vector<IpAddress> dns, wins;  // none: the group policy's
  std::vector<std::string> classes;  // RADIUS Class, which accounting gives back
  SslUserRules client;
};

struct AddressPool {
  std::string name;
  AddressRange range;
  IpAddress mask;
};
// `ipv6 local pool`: as many addresses as it says, from the one that it names on.
struct AddressPool6 {
  std::string name;
  AddressRange range;
  int prefix_length = 64;
};

// `vpn-addr-assign`, `ipv6-vpn-addr-assign`: where addresses may come from, tried in this order.
struct AddressAssignment {
  bool aaa = true, dhcp = true, local = true;
  std::uint32_t reuse_delay_minutes = 0;  // a pool's address rests after its use
  bool aaa6 = true, local6 = true;
  std::uint32_t reuse_delay6_minutes = 0;
};

// --- certificates

struct Trustpoint {
  std::string name;
  std::string identity_pem, ca_pem;  // "" : none
  std::string key_name;              // of `keypair`; the key itself is the state folder's
  std::string fqdn;                  // "" : the host name; "none"
  std::string subject_name;
  // `revocation-check`, in order; none of them: a certificate is not looked up anywhere.
  enum class Revocation : std::uint8_t { kNone, kCrl, kOcsp };
  std::vector<Revocation> revocation;
  // `crl configure`: where lists come from (by HTTP), and for how long one is good, if it does not end before.
  std::vector<std::string> crl_urls;  // `url N`, with `policy static|both`
  bool crl_from_certificate = true;   // `policy cdp|both`
  std::uint32_t crl_cache_minutes = 60;
  // Nothing that was found out may stand for an answer: a certificate of which nothing is known is refused.
  bool MustCheck() const { return !revocation.empty() && revocation.back() != Revocation::kNone; }
};

// `crypto ca certificate map` with `tunnel-group-map`: the first entry whose rules all match names the group.
struct CertificateRule {
  enum class Of : std::uint8_t { kSubject, kIssuer, kAltSubject } of = Of::kSubject;
  std::string attribute;  // "ou"; "": the whole name
  enum class Op : std::uint8_t { kEqual, kNotEqual, kContains, kNotContains } op = Op::kEqual;
  std::string value;
};
struct CertificateMapEntry {
  std::vector<CertificateRule> rules;
  std::string tunnel_group;
};

// --- `vpnclient`: the appliance as a hardware client (5505)

// The crypto map that the configuration makes of it, in network extension mode.
inline constexpr char kVpnClientMap[] = "_vpnc_cm";

struct VpnClientSettings {
  bool enabled = false;
  std::vector<IpAddress> servers;
  bool network_extension = false;
  std::string group, group_password, user, password;
  IfId outside{}, inside{};
};

// A hardware client in client mode has got this inner address; what its own network says to these others is translated to it.
struct VpnClientAddress {
  IpAddress address;
  std::vector<AddressRange> networks;
  bool operator==(const VpnClientAddress&) const = default;
};

// How many sessions the appliance holds.
inline constexpr std::uint32_t kVpnSessionsHeld = 10'000;

struct VpnPolicy final : TunnelPolicy {
  std::vector<CryptoMapEntry> entries;  // by interface, then in order of evaluation
  std::vector<VirtualTunnel> virtual_tunnels;
  struct IkeOn {
    bool v1 = false, v2 = false;
  };
  std::map<IfId, IkeOn> ike;                   // interfaces on which IKE answers
  std::vector<Ikev1Policy> ikev1_policies;     // by priority
  std::vector<Ikev2Policy> ikev2_policies;
  std::map<std::string, TunnelGroup> groups;   // DefaultL2LGroup and DefaultRAGroup are always there
  std::map<std::string, VpnGroupPolicy> group_policies;  // DfltGrpPolicy is always there
  std::map<std::string, VpnUser> users;
  std::map<std::string, AddressPool> pools;
  std::map<std::string, AddressPool6> pools6;
  AddressAssignment assign;
  std::map<std::string, Trustpoint> trustpoints;
  std::vector<CertificateMapEntry> certificate_map;
  std::map<std::pair<std::string, std::uint32_t>, std::vector<CertificateRule>> certificate_rules;  // of every map and number
  bool map_by_ou = false, map_by_rules = false, map_by_ike_id = true, map_by_peer_ip = true;  // tunnel-group-map enable
  std::string map_default_group;
  VpnClientSettings client;
  SslPolicy ssl;
  char group_delimiter = 0;  // `group-delimiter`; 0: none
  // crypto isakmp ...
  enum class Identity : std::uint8_t { kAuto, kAddress, kHostname, kKeyId } identity = Identity::kAuto;
  std::string key_id;
  std::string hostname, domain;  // fully qualified: "asa1.example.com"
  bool nat_traversal = true;
  std::uint32_t nat_keepalive_s = 20;
  std::vector<std::uint16_t> tcp_ports;  // ipsec-over-tcp
  bool aggressive_disabled = false;      // am-disable
  // `limit max-in-negotiation-sa`, as numbers of SAs; 0: no limit of the configuration.
  std::uint32_t max_in_negotiation_v1 = 0, max_in_negotiation_v2 = 0;
  std::uint32_t max_sas_v2 = 0;  // `crypto ikev2 limit max-sa`
  enum class Cookies : std::uint8_t { kNever, kAlways, kPercent } cookies = Cookies::kPercent;
  std::uint32_t cookie_percent = 50;  // of what may be in negotiation
  std::uint32_t max_sessions = 0;  // `vpn-sessiondb max-other-vpn-limit|max-session-limit`; 0: as many as the appliance holds
  bool ikev2_fragmentation = true;
  std::uint32_t ikev2_fragment_mtu = 576;
  // crypto ipsec ...
  std::uint32_t lifetime_s = 28800, lifetime_kb = 4608000;  // 0: unlimited
  std::uint32_t replay_window = 64;                         // 0: off
  std::uint32_t pmtu_aging_minutes = 0;                     // 0: never
  std::map<IfId, DfPolicy> df;                              // copy where not named
  std::map<IfId, bool> fragment_after;                      // `crypto ipsec fragmentation after-encryption IF`
  bool preserve = false;                                    // as Policy::sysopt

  const CryptoMapEntry* Entry(std::uint32_t id) const {
    for (const CryptoMapEntry& e : entries) {
      if (e.id == id) return &e;
    }
    return nullptr;
  }
  const TunnelGroup* Group(const std::string& name) const {
    const auto i = groups.find(name);
    return i == groups.end() ? nullptr : &i->second;
  }
  // DfltGrpPolicy where `name` is not there.
  const VpnGroupPolicy& GroupPolicy(const std::string& name) const {
    const auto i = group_policies.find(name);
    return i == group_policies.end() ? group_policies.at("DfltGrpPolicy") : i->second;
  }
  // What rules for a user who gets the group policy `name`; null: nothing is said of him otherwise.
  VpnGroupPolicy GroupPolicyOf(const std::string& name, const VpnUser* user) const {
    VpnGroupPolicy p = GroupPolicy(name);
    if (user == nullptr) return p;
    const VpnUser& u = *user;
    p.idle_minutes = u.idle_minutes.value_or(p.idle_minutes);
    p.session_minutes = u.session_minutes.value_or(p.session_minutes);
    p.simultaneous_logins = u.simultaneous_logins.value_or(p.simultaneous_logins);
    if (u.filter) p.filter = *u.filter;
    if (u.protocols) p.protocols = *u.protocols;
    if (u.split) p.split = *u.split;
    if (!u.split_list.empty()) p.split_networks = u.split_networks;
    p.password_storage = u.password_storage.value_or(p.password_storage);
    if (u.group_lock) p.group_lock = *u.group_lock;
    if (u.address_pools) p.address_pools = *u.address_pools;
    if (u.banner) p.banner = *u.banner;
    if (u.default_domain) p.default_domain = *u.default_domain;
    if (!u.dns.empty()) p.dns = u.dns;
    if (!u.wins.empty()) p.wins = u.wins;
    u.client.Into(p.client);
    return p;
  }
};

// A user of the local database, as long as whoever has asked wants to know; null: there is none.
inline std::shared_ptr<const VpnUser> UserOf(const std::shared_ptr<const VpnPolicy>& policy, const std::string& name) {
  const auto i = policy->users.find(name);
  return i == policy->users.end() ? nullptr : std::shared_ptr<const VpnUser>(policy, &i->second);
}

}  // namespace sallyport
