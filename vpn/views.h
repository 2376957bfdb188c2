// What the VPN room's tables hold, as plain copies for whoever prints them: sessions, IKE and IPsec security associations,
// VPN contexts, counters and load balancing. Numbers, addresses and enums; no text that was already laid out, and no
// pointers into anything alive. The renderers are cli/show_vpn_sessiondb.h, show_crypto.h and show_asp_vpn_context.h.
//
// VpnTables is how a console gets them; an appliance without tunnels is EmptyVpnTables.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"
#include "vpn/crypto/algorithms.h"

namespace sallyport {

// --- methods. Their names, and those of algorithms, differ by command: cli/vpn_names.h.

enum class VpnAuth : std::uint8_t {
  kNone,
  kPreSharedKeys,
  kRsaCertificate,
  kUserPassword,
  kCertificate,
  kCertificateAndPassword,
  kEap,
  kSaml
};

// Around an inner packet, below the cipher.
enum class VpnEncapsulation : std::uint8_t { kNone, kTunnel, kTransport, kTls10, kTls11, kTls12, kTls13, kDtls10, kDtls12 };
enum class VpnCompression : std::uint8_t { kNone, kLzs, kDeflate };

// A tunnel of a session. The order is that of the tunnel summary.
enum class VpnTunnelKind : std::uint8_t {
  kIkev1,
  kIkev2,
  kIpsec,
  kIpsecOverNatT,
  kIpsecOverTcp,
  kIpsecOverUdp,
  kL2tpOverIpsec,
  kL2tpOverIpsecOverNatT,
  kClientless,
  kAnyConnectParent,
  kSslTunnel,
  kDtlsTunnel
};
inline constexpr std::size_t kVpnTunnelKinds = 12;

// --- sessions

struct VpnTraffic {
  std::uint64_t tx_bytes = 0, rx_bytes = 0;  // seen from the appliance: Tx goes to the peer
  std::uint64_t tx_packets = 0, rx_packets = 0;
  std::uint64_t tx_dropped = 0, rx_dropped = 0;
};

struct VpnEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
};

// One side of what an IPsec SA protects.
struct VpnSelector {
  Prefix network;
  std::uint8_t protocol = 0;  // 0: any
  std::uint16_t port = 0;     // 0: any
};

// A lifetime and what is left of it, in seconds or kilobytes.
struct VpnLifetime {
  std::uint64_t interval = 0;
  std::uint64_t left = 0;
};

struct VpnTunnelView {
  VpnTunnelKind kind = VpnTunnelKind::kIpsec;
  std::uint32_t number = 1;  // behind the session's index: 1436.1
  VpnCipher cipher = VpnCipher::kNone;
  VpnHash hash = VpnHash::kNone;
  std::string ciphersuite;  // OpenSSL's name, of TLS and DTLS tunnels; "": not told
  VpnEncapsulation encapsulation = VpnEncapsulation::kNone;
  VpnCompression compression = VpnCompression::kNone;
  IpAddress assigned;                                   // inner address; none: the tunnel has none
  IpAddress public_address;                             // outer address of the peer
  bool over_tcp = false;                                // the ports are TCP's
  std::uint16_t source_port = 0, destination_port = 0;  // 0: not known
  bool aggressive = false;                              // IKEv1
  VpnAuth auth = VpnAuth::kNone;                        // of the peer
  VpnAuth local_auth = VpnAuth::kNone;                  // IKEv2: ours
  VpnHash prf = VpnHash::kNone;                         // IKEv2
  std::uint16_t dh_group = 0;                           // IKE's, or that of perfect forward secrecy; 0: none
  std::optional<VpnLifetime> rekey_time;                // seconds
  std::optional<VpnLifetime> rekey_data;                // kilobytes
  VpnSelector local, remote;                            // IPsec
  std::string filter, ipv6_filter;                      // names of access lists
  std::optional<VpnLifetime> idle;                      // seconds; {0, 0} never ends
  std::optional<VpnLifetime> session_limit;             // seconds
  std::string client_os, client_os_version, client_type, client_version;  // as the client told; "": it did not
  VpnTraffic traffic;
};

enum class VpnSessionType : std::uint8_t {
  kAnyConnect,
  kWebVpn,
  kLanToLan,
  kIkev1RemoteAccess,
  kIkev2RemoteAccess,
  kLoadBalancing
};

struct VpnLicense {
  bool premium = false, essentials = false, mobile = false, phone = false;  // none: "Other VPN"
};

// Network Admission Control, up to 8.3: nothing here does it, and the values stay as they begin.
struct VpnAdmission {
  std::uint64_t revalidation_interval_s = 0, revalidation_left_s = 0, query_interval_s = 0, age_s = 0, hold_left_s = 0;
};

struct VpnSessionView {
  VpnSessionType type = VpnSessionType::kLanToLan;
  std::uint32_t index = 1;
  std::string name;         // user, or the connection's name (a tunnel group) of a LAN-to-LAN session
  IpAddress peer;           // public address
  IpAddress assigned;       // none: not assigned
  IpAddress assigned_ipv6;  // none: not assigned
  VpnLicense license;
  std::string group_policy, tunnel_group;
  VpnCipher cipher = VpnCipher::kNone;  // agreed by IKE; stays when that tunnel has gone
  VpnTraffic traffic;                   // of all its tunnels, those that have gone included
  std::int64_t login_wall = 0;          // nanoseconds since 1970
  Duration duration;
  Duration inactive;         // since the last SSL tunnel went; 0: active
  std::string vlan_mapping;  // "": N/A
  std::optional<int> vlan;
  std::array<std::uint8_t, 12> audit_id{};
  std::string security_group;  // "": none
  std::string filter;          // access list of the session, "" none
  VpnAdmission admission;
  std::vector<VpnTunnelView> tunnels;  // in the order in which they came up
};

// --- counters since start

struct VpnCounts {
  std::uint32_t active = 0, inactive = 0, peak = 0;
  std::uint64_t cumulative = 0;
};

// What `show vpn-sessiondb summary` counts: groups of sessions, and classes within some of them.
enum class VpnGroup : std::uint8_t {
  kAnyConnect,
  kClientless,
  kSiteToSite,
  kIkev1RemoteAccess,
  kLoadBalancing,
  kEmailProxy,
  kIkev2RemoteAccess  // of clients other than AnyConnect
};
enum class VpnClass : std::uint8_t { kAnyConnectSsl, kAnyConnectIkev2, kBrowser, kSiteIkev2, kSiteIkev1 };
inline constexpr std::size_t kVpnGroups = 7, kVpnClasses = 5;

struct VpnStatisticsView {
  std::array<VpnCounts, kVpnGroups> groups{};
  std::array<VpnCounts, kVpnClasses> classes{};
  std::array<VpnCounts, kVpnTunnelKinds> tunnels{};
  // By licence; an AnyConnect client on a mobile device or a phone counts here too.
  VpnCounts ipsec, ssl, mobile, phone, all;
  std::uint32_t capacity = 0;  // sessions that the appliance may hold at once
};

// --- security associations

enum class IkeState : std::uint8_t {
  kMainWait2,
  kMainWait3,
  kMainWait4,
  kMainWait5,
  kMainWait6,
  kMainActive,
  kAggressiveWait2,
  kAggressiveWait3,
  kAggressiveActive,
  kNegotiating,
  kReady,
  kRekeying,
  kDeleting  // IKEv2
};

// A child of an IKEv2 SA: ranges that it protects, and its ESP pair.
struct IkeChildView {
  AddressRange local, remote;
  std::uint16_t local_port_low = 0, local_port_high = 65535, remote_port_low = 0, remote_port_high = 65535;
  std::uint32_t spi_in = 0, spi_out = 0;
  VpnCipher cipher = VpnCipher::kNone;
  VpnHash hash = VpnHash::kNone;
  bool transport = false;
};

struct IkeSaView {
  std::uint8_t version = 1;
  std::uint32_t number = 1;  // IKEv1: in the list; IKEv2: tunnel id
  VpnEndpoint local, remote;
  bool lan_to_lan = true;
  bool initiator = false;
  bool rekeying = false;  // it replaces another one
  IkeState state = IkeState::kMainActive;
  VpnCipher cipher = VpnCipher::kNone;
  VpnHash hash = VpnHash::kNone;
  VpnHash prf = VpnHash::kNone;
  std::uint16_t dh_group = 0;
  VpnAuth auth = VpnAuth::kPreSharedKeys;        // of the peer
  VpnAuth local_auth = VpnAuth::kPreSharedKeys;  // IKEv2: ours
  std::uint32_t lifetime_s = 0;
  std::uint32_t active_s = 0;  // of the lifetime
  // IKEv2
  std::uint32_t session_id = 1;
  std::uint64_t local_spi = 0, remote_spi = 0;
  std::string local_id, remote_id;
  std::uint32_t local_message_id = 0, remote_message_id = 0;  // of the next request of each side
  std::uint32_t dpd_seconds = 0, dpd_retry = 0;
  bool nat_inside = false, nat_outside = false;  // NAT-T was detected in front of us, of the peer
  bool agreed = true;               // on algorithms: those of an SA that still negotiates are not known before
  std::uint32_t fragment_mtu = 0;   // messages are cut to it (RFC 7383); 0: they are not
  std::vector<IkeChildView> children;
};

enum class EspEncapsulation : std::uint8_t { kNone, kNatT, kUdp, kTcp };

struct EspSaView {
  std::uint32_t spi = 0;
  bool active = true;
  VpnCipher cipher = VpnCipher::kNone;
  VpnHash hash = VpnHash::kNone;
  bool lan_to_lan = true;
  bool transport = false;
  std::uint16_t pfs_group = 0;
  EspEncapsulation encapsulation = EspEncapsulation::kNone;
  std::uint8_t ike_version = 1;
  std::uint32_t connection_id = 0;
  std::uint32_t seconds_left = 0;
  std::optional<std::uint64_t> kilobytes_left;  // nothing: no limit
  bool replay_detection = true;
  std::uint64_t replay_bitmap = 0;
};

struct IpsecCounters {
  std::uint64_t encapsulated = 0, encrypted = 0, digested = 0;
  std::uint64_t decapsulated = 0, decrypted = 0, verified = 0;
  std::uint64_t compressed = 0, decompressed = 0;
  std::uint64_t not_compressed = 0, compression_failed = 0, decompression_failed = 0;
  std::uint64_t fragmented_before = 0, fragmentation_failed = 0, fragments_created = 0;  // failed: before encryption
  std::uint64_t fragmented_after = 0, fragmentation_failed_after = 0;
  std::uint64_t pmtus_sent = 0, pmtus_received = 0, reassembly_needed = 0;
  std::uint64_t tfc_received = 0, tfc_sent = 0;
  std::uint64_t valid_icmp_errors = 0, invalid_icmp_errors = 0;
  std::uint64_t send_errors = 0, receive_errors = 0;
  // What `detail` tells instead of the two sums.
  std::uint64_t no_sa_sent = 0, invalid_sa_received = 0, encapsulation_failed = 0, decapsulation_failed = 0;
  std::uint64_t invalid_protocol = 0, verify_failed = 0, invalid_identity = 0, invalid_length = 0, invalid_pad = 0, invalid_version = 0;
  std::uint64_t rollover_sent = 0, rollover_received = 0, replay_failed = 0, min_mtu_failed = 0, bad_offset = 0;
  std::uint64_t internal_sent = 0, internal_received = 0;
};

// `show ipsec stats`: of all security associations since start, those that have gone included.
struct IpsecStatsView {
  std::uint64_t active = 0, previous = 0;  // tunnels
  struct Way {
    std::uint64_t bytes = 0, uncompressed_bytes = 0, packets = 0, dropped = 0;
    std::uint64_t authentications = 0, authentication_failures = 0, ciphered = 0, cipher_failures = 0, tfc = 0;
    std::uint64_t hashed_bytes = 0, ciphered_bytes = 0;
  } in, out;
  std::uint64_t replay_failures = 0, reassembly_needed = 0, valid_icmp_errors = 0, invalid_icmp_errors = 0;
  std::uint64_t fragmented_before = 0, fragmented_after = 0, fragmentation_failed_before = 0, fragmentation_failed_after = 0;
  std::uint64_t fragments_created = 0, pmtus_sent = 0, pmtus_received = 0;
  std::uint64_t protocol_failures = 0, missing_sa = 0, capacity_failures = 0;
  std::uint64_t in_deletes = 0, out_deletes = 0, in_destroys = 0, out_destroys = 0;
  std::uint64_t pairs_made = 0, pairs_rekeyed = 0;
  // `show ipsec sa summary`: how many there were at most at once.
  std::uint32_t peak_sas = 0, peak_lan_to_lan = 0, peak_remote_access = 0;
};

// What one protocol has asked of its cryptography: `show crypto protocol statistics`.
struct CryptoRequests {
  std::uint64_t encrypted = 0, encapsulated = 0, decrypted = 0, decapsulated = 0, hmacs = 0;
  std::uint64_t sas_created = 0, sas_rekeyed = 0, sas_deleted = 0, keys_allocated = 0, random = 0, failed = 0;
};
// ... and all of them, with what the library has done: `show crypto accelerator statistics`.
struct CryptoStatsView {
  CryptoRequests ikev1, ikev2, ipsec, other;
  CryptoRequests accelerated;                 // what the accelerator counts: IPsec's
  std::uint64_t in_bytes = 0, out_bytes = 0, in_hashed = 0, out_hashed = 0;  // of IPsec
  std::uint64_t in_hashed_bytes = 0, out_hashed_bytes = 0, decrypted_bytes = 0, encrypted_bytes = 0;
  std::uint64_t dh_keys = 0, dh_secrets = 0;
  std::uint64_t rsa_keys = 0, rsa_signatures = 0, rsa_verifications = 0;
  std::uint64_t ecdsa_signatures = 0, ecdsa_verifications = 0;
  std::uint64_t random_requests = 0;
};

// `show crypto isakmp ipsec-over-tcp stats`.
struct IpsecOverTcpView {
  std::uint64_t embryonic = 0, active = 0, previous = 0;
  std::uint64_t in_packets = 0, in_dropped = 0, out_packets = 0, out_dropped = 0;
  std::uint64_t resets = 0, heartbeats = 0, bad_headers = 0, bad_trailers = 0, timer_failures = 0, checksum_errors = 0, internal_errors = 0;
};

// What one element of a crypto map's access list has brought up towards one peer.
struct IpsecFlowView {
  std::string interface;  // nameif
  std::string map;
  std::uint32_t map_number = 0;
  VpnEndpoint local, remote;  // ports: 0 where not known
  std::string access_list;    // the element as `show access-list` writes it behind "access-list "; "": a dynamic map's
  VpnSelector local_ident, remote_ident;
  std::string user;    // remote access
  IpAddress assigned;  // remote access: the peer's inner address
  IpsecCounters counters;
  std::uint16_t path_mtu = 1500, media_mtu = 1500;
  std::uint16_t overhead = 0;         // at most added to a packet
  std::uint16_t header_overhead = 0;  // of it: in front
  std::uint32_t pmtu_seconds_left = 0;
  enum class DontFragment : std::uint8_t { kCopy, kClear, kSet } dont_fragment = DontFragment::kCopy;
  bool icmp_validation = false, tfc = false;
  std::vector<EspSaView> inbound, outbound;
};

// An entry of the accelerated path's table: one for each direction of an SA pair.
struct VpnContextView {
  std::uint32_t context = 0;
  std::uint32_t pointer = 0;
  IpAddress peer;
  bool encrypts = false;  // else it decrypts
  EspEncapsulation encapsulation = EspEncapsulation::kNone;
  bool preserve = false;  // made while `sysopt connection preserve-vpn-flows` was on
  bool up = true;
  bool delete_in_progress = false;
  std::uint32_t sa = 0, spi = 0, group = 0;
  std::uint64_t packets = 0, bad_packets = 0, bad_spi = 0, spoofed = 0, bad_crypto = 0;
  std::uint64_t rekey_packets = 0, rekey_calls = 0;
  std::uint32_t collected = 0;  // times that the garbage collector met it
  std::string filter;           // access list, "" none
};

// --- load balancing

struct VpnLoadView {
  std::uint32_t limit = 0, used = 0, percent = 0;
};
struct VpnBalancedPeer {
  bool master = false;
  bool self = false;
  std::uint32_t priority = 0;
  std::string model;
  std::uint32_t version = 0;
  IpAddress address;
  VpnLoadView anyconnect, other;
};
struct VpnLoadBalancingView {
  bool enabled = false;
  bool master = false;
  bool encryption = false;
  std::string cluster;                 // name or address of the cluster
  std::vector<VpnBalancedPeer> peers;  // this appliance among them
};

// --- where they come from. Control thread.

class VpnTables {
 public:
  virtual ~VpnTables() = default;
  virtual std::vector<VpnSessionView> Sessions() = 0;  // by age
  virtual VpnStatisticsView Statistics() = 0;
  virtual std::vector<IkeSaView> IkeSas() = 0;  // both versions
  virtual std::vector<IpsecFlowView> IpsecFlows() = 0;
  virtual std::vector<VpnContextView> Contexts() = 0;
};

// Of an appliance that has no tunnels and never had any.
class EmptyVpnTables final : public VpnTables {
 public:
  std::vector<VpnSessionView> Sessions() override { return {}; }
  VpnStatisticsView Statistics() override { return {}; }
  std::vector<IkeSaView> IkeSas() override { return {}; }
  std::vector<IpsecFlowView> IpsecFlows() override { return {}; }
  std::vector<VpnContextView> Contexts() override { return {}; }
};

}  // namespace sallyport
