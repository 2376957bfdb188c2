// What the configuration says of AnyConnect and the portal (`webvpn`, `ssl`, the webvpn-attributes of tunnel groups, the `webvpn` parts
// of group policies), compiled and immutable: a part of VpnPolicy. Made by conf/compile_webvpn.cc; read by vpn/anyconnect on the control
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "firewall/time_range.h"
#include "firewall/types.h"
#include "vpn/views.h"

namespace sallyport {

// What a group policy (or a user) says of AnyConnect clients. Values are what rules after inheritance from DfltGrpPolicy.
struct SslClientRules {
  bool dtls = true;                          // anyconnect ssl dtls
  bool df_bit_ignore = false;                // anyconnect ssl df-bit-ignore
  bool keep_installer = true;
  bool routing_filtering_ignore = false;
  std::optional<std::uint16_t> mtu;          // anyconnect mtu, 576..1406; only if a line says so: the default does not cap what is worked out
  std::uint32_t keepalive_s = 20;            // anyconnect ssl keepalive; 0: none
  std::uint32_t dpd_gateway_s = 30, dpd_client_s = 30;  // anyconnect dpd-interval; 0: none
  enum class Rekey : std::uint8_t { kNone, kSsl, kNewTunnel } rekey = Rekey::kNone;
  std::uint32_t rekey_minutes = 0;           // 0: none
  VpnCompression tls_compression = VpnCompression::kNone, dtls_compression = VpnCompression::kNone;  // what the policy allows
  std::vector<std::string> profiles;         // anyconnect profiles value NAME [type user]: names of SslPolicy::profiles
  std::string modules;                       // anyconnect modules value, as written
  bool ask = false;                          // anyconnect ask enable: the portal's page asks
  bool ask_default_client = false;           // ... and goes on to the client after ask_s
  std::uint32_t ask_s = 0;
  std::string access_hours_name;             // vpn-access-hours; "": any time
  std::shared_ptr<const TimeRange> access_hours;  // null: any time
  std::vector<std::string> ipv6_pools;       // ipv6-address-pools
  std::optional<IpAddress> dhcp_scope;       // dhcp-network-scope
  bool split_all_dns = false;                // split-tunnel-all-dns
  bool client_bypass = false;                // client-bypass-protocol
  bool smartcard_disconnect = true;          // smartcard-removal-disconnect
  // ipv6-split-tunnel-policy; its networks are the IPv6 ones of the same list.
  enum class Split : std::uint8_t { kTunnelAll, kTunnelSpecified, kExcludeSpecified } split6 = Split::kTunnelAll;
  std::vector<Prefix> split_networks6;
  struct Proxy {                             // msie-proxy ...
    std::string method;                      // "": not set; as written: "no-modify", "no-proxy", "auto-detect", "use-server", "use-pac-url"
    std::string server, except, pac;
    bool local_bypass = false, lockdown = true;
  } proxy;
  std::uint32_t idle_alert_minutes = 1, session_alert_minutes = 1;  // vpn-idle-timeout|vpn-session-timeout alert-interval; 0: none
  bool always_on_disabled = false;           // always-on-vpn disable
};

// What one place says of AnyConnect clients (a group policy, `username U attributes`, a server's answer); what is not there is
// inherited.
struct SslUserRules {
  std::optional<bool> dtls, df_bit_ignore, keep_installer, routing_filtering_ignore;
  std::optional<std::uint16_t> mtu;
  std::optional<std::uint32_t> keepalive_s, dpd_gateway_s, dpd_client_s, rekey_minutes;
  std::optional<SslClientRules::Rekey> rekey;
  std::optional<VpnCompression> tls_compression, dtls_compression;
  std::optional<std::vector<std::string>> profiles;
  std::optional<std::string> modules;
  struct Ask {
    bool ask = false, default_client = false;
    std::uint32_t seconds = 0;
  };
  std::optional<Ask> ask;
  std::optional<std::string> access_hours_name;
  std::shared_ptr<const TimeRange> access_hours;  // of access_hours_name
  std::optional<std::uint32_t> idle_alert_minutes, session_alert_minutes;
  std::optional<bool> always_on_disabled;

  // Puts what is said in the place of what was inherited.
  void Into(SslClientRules& r) const {
    const auto put = [](auto& to, const auto& from) {
      if (from) to = *from;
    };
    put(r.dtls, dtls);
    put(r.df_bit_ignore, df_bit_ignore);
    put(r.keep_installer, keep_installer);
    put(r.routing_filtering_ignore, routing_filtering_ignore);
    if (mtu) r.mtu = mtu;
    put(r.keepalive_s, keepalive_s);
    put(r.dpd_gateway_s, dpd_gateway_s);
    put(r.dpd_client_s, dpd_client_s);
    put(r.rekey_minutes, rekey_minutes);
    put(r.rekey, rekey);
    put(r.tls_compression, tls_compression);
    put(r.dtls_compression, dtls_compression);
    put(r.profiles, profiles);
    put(r.modules, modules);
    if (ask) {
      r.ask = ask->ask;
      r.ask_default_client = ask->default_client;
      r.ask_s = ask->seconds;
    }
    if (access_hours_name) {
      r.access_hours_name = *access_hours_name;
      r.access_hours = access_hours;
    }
    put(r.idle_alert_minutes, idle_alert_minutes);
    put(r.session_alert_minutes, session_alert_minutes);
    put(r.always_on_disabled, always_on_disabled);
  }
};

struct SslPolicy {
  struct On {
    IfId at{};
    bool tls_only = false;  // no DTLS there
  };
  std::vector<On> enabled;  // `webvpn`, `enable IF [tls-only]`; empty: nothing is served
  std::uint16_t port = 443, dtls_port = 443;
  bool client_enabled = false;  // svc enable, anyconnect enable
  bool essentials = false;      // anyconnect-essentials
  bool group_list = false;      // tunnel-group-list enable
  bool hostscan = false;        // hostscan enable, csd enable, with an image
  std::uint32_t default_idle_s = 1800;  // default-idle-timeout

  struct Image {
    int order = 1;
    std::string file;     // name on disk0:, without "disk0:/"
    std::string version;  // "3.1.01065", out of the file's name; "": it has none
    std::string regex;
  };
  std::vector<Image> images;                    // by order
  std::map<std::string, std::string> profiles;  // name -> file on disk0:
  std::map<IfId, std::string> trustpoint;       // ssl trust-point NAME IF
  std::map<IfId, std::string> balancing_trustpoint;  // ssl trust-point NAME IF vpnlb-ip: for the cluster's address
  std::string default_trustpoint;               // ssl trust-point NAME; "": a self-signed certificate is made
  std::set<IfId> certificate_on;                // ssl certificate-authentication interface IF: clients are asked for a certificate at once

  // Protocol versions as on the wire (0x0301 TLS 1.0 .. 0x0304 TLS 1.3; DTLS 1.0 0xfeff, 1.2 0xfefd).
  int min_tls = 0x0303, max_tls = 0x0304, min_dtls = 0xfeff;
  // OpenSSL's names, joined by ":", in order of preference; none of those that OpenSSL does not have.
  std::string tls_ciphers, tls13_ciphers, dtls12_ciphers, dtls1_ciphers;
  std::uint16_t dh_group = 2, ecdh_group = 19;  // ssl dh-group, ssl ecdh-group

  struct Alias {
    std::string name;
    bool enabled = true;
  };
  struct Group {  // tunnel-group ... webvpn-attributes, and what general-attributes say for SSL clients
    std::vector<Alias> aliases, urls;  // in order of configuration; a URL as written
    enum class Auth : std::uint8_t { kAaa, kCertificate, kBoth } auth = Auth::kAaa;
    std::string secondary_servers;        // "": no second authentication; "LOCAL", or an aaa-server group
    bool secondary_uses_primary_name = false;
    std::string authorization_servers;    // "": none
    bool authorization_required = false;
    std::string name_from[2];             // username-from-certificate PRIMARY [SECONDARY]: "CN", "OU", "UPN", ...; "use-entire-name"
    bool prefill_ssl = false, prefill_clientless = false;
    bool password_management = false;
    std::uint32_t password_warning_days = 14;  // password-expire-in-days
    bool radius_reject_message = false;  // what a RADIUS server says of a refusal is shown
    bool without_csd = false;
    bool anyconnect_without_csd = false;  // without-csd anyconnect: clients only
    std::vector<IpAddress> dhcp_servers;
    std::vector<std::string> ipv6_pools;
  };
  std::map<std::string, Group> groups;  // by tunnel group; DefaultWEBVPNGroup is always there
  // certificate-group-map MAP INDEX GROUP: {crypto ca certificate map's name and index, tunnel group}, in order.
  struct CertificateGroup {
    std::string map;
    std::uint32_t index = 0;
    std::string group;
  };
  std::vector<CertificateGroup> certificate_groups;

  struct Balancing {  // vpn load-balancing
    bool participate = false, encryption = false, redirect_fqdn = false;
    std::uint8_t priority = 5;
    IpAddress cluster;  // none: not set
    std::uint16_t port = 9023;
    std::string key;
    IfId outside{}, inside{};  // interface lbpublic, lbprivate
    IpAddress nat;             // none: not set
  } balancing;

  std::uint32_t max_ssl_sessions = 0;     // vpn-sessiondb max-anyconnect-premium-or-essentials-limit, max-webvpn-session-limit; 0: none
  std::set<std::string> emulated_bugs;    // emulate bug CSCts66926|CSCtg33110
  // http-headers, hsts-server (hsts before 9.14)
  bool hsts = false, hsts_subdomains = true, hsts_preload = false;
  std::uint32_t hsts_max_age_s = 10'886'400;
};

}  // namespace sallyport
