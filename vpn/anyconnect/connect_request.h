// CONNECT /CSCOSSLC/tunnel: what a client asks for, and what the appliance answers. Reading and writing only; every number
// of a peer is checked. Source: openconnect 9.01's cstp.c, and answers of real appliances.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"
#include "vpn/anyconnect/http_connection.h"
#include "vpn/crypto/secret.h"

namespace sallyport {

struct ConnectRequest {
  std::string token;  // of the cookie `webvpn`; whoever is done with it wipes it (Cleanse)
  std::string user_agent;
  std::string hostname;                        // X-CSTP-Hostname
  std::uint32_t base_mtu = 0, mtu = 0;         // X-CSTP-Base-MTU, X-CSTP-MTU; 0: not told
  bool wants_ipv4 = true, wants_ipv6 = false;  // X-CSTP-Address-Type; IPv4 where it is not told
  bool full_ipv6 = false;                      // X-CSTP-Full-IPv6-Capability
  IpAddress old_address, old_address6;         // X-CSTP-Address: what it had before; none: it did not say
  // X-CSTP-Accept-Encoding, X-DTLS-Accept-Encoding, in order: "lzs", "deflate".
  std::vector<std::string> tls_compressions, dtls_compressions;
  Secret dtls_master_secret;                            // 48 bytes; empty: none, or not well-formed
  std::vector<std::string> dtls_suites, dtls12_suites;  // X-DTLS-CipherSuite, X-DTLS12-CipherSuite, in the client's order
  bool mobile = false;                                  // X-CSTP-License: mobile, or X-AnyConnect-Identifier-*
  // X-AnyConnect-Identifier-DeviceType and so on; "": not told.
  std::string device_type, platform, platform_version, unique_id;
};
// The error is a sentence for a debug; the request was well-formed HTTP already.
Result<ConnectRequest> ReadConnect(const HttpRequest& request);

// What `200 OK` says. A value that is not there is a line that is not sent.
struct ConnectAnswer {
  IpAddress address, netmask;  // none: no IPv4
  IpAddress address6;          // none: no IPv6
  std::uint8_t prefix6 = 128;
  bool full_ipv6 = false;  // the client's X-CSTP-Full-IPv6-Capability
  std::string hostname;
  std::uint32_t lease_s = 1209600;
  std::uint32_t session_s = 0;  // 0: none
  std::uint32_t session_alert_s = 60;
  std::uint32_t session_left_s = 0;  // with session_s
  std::uint32_t idle_s = 1800;       // 0: none; sent as Idle-Timeout and as Disconnected-Timeout
  std::vector<IpAddress> dns, wins;  // both families in `dns`
  std::string default_domain;
  enum class Split : std::uint8_t { kAll, kInclude, kExclude } split = Split::kAll, split6 = Split::kAll;
  std::vector<Prefix> networks, networks6;  // of split and split6
  std::vector<std::string> split_dns;
  bool tunnel_all_dns = false;
  enum class Rekey : std::uint8_t { kNone, kSsl, kNewTunnel } rekey = Rekey::kNone;
  std::uint32_t rekey_s = 0;                   // 0: no rekey lines
  std::uint32_t dpd_s = 30, keepalive_s = 20;  // 0: none
  std::string banner;                          // as written; url-encoded here
  struct Proxy {                               // X-CSTP-MSIE-Proxy-...
    std::string method;  // "": no such lines; as configured: "no-proxy", "auto-detect", "use-server", "use-pac-url"
    std::string server, exceptions, pac_url;
    bool local_bypass = false;
  } proxy;
  bool proxy_lockdown = true, smartcard_disconnect = true;
  struct Dtls {        // nothing of it is sent without a suite
    bool psk = false;  // `id` is an App-ID, else a Session-ID
    std::array<std::uint8_t, 32> id{};
    std::uint16_t port = 443;
    std::uint32_t dpd_s = 30, keepalive_s = 20;
    bool dtls12_line = false;  // the suite goes into X-DTLS12-CipherSuite
    std::string suite;         // "": no DTLS
    std::string compression;   // "", "lzs"
  } dtls;
  std::uint32_t tls_mtu = 1406, dtls_mtu = 1406;
  std::string tls_compression;  // "", "lzs", "deflate"
  bool routing_filtering_ignore = false, quarantine = false, disable_always_on = false, client_bypass = false,
       tcp_keepalive = true, keep = false;
  std::string post_auth_xml;  // one line; "": none
};
// The whole head, with the empty line behind it. Nothing of a configuration can put a line break into it.
std::string WriteConnectAnswer(const ConnectAnswer& answer);

// Why there is no tunnel: 401 (the token is not good: the client has to log in again), 503 with X-Reason, 404.
struct ConnectRefusal {
  int status = 503;
  std::string reason;  // X-Reason
};
std::string WriteConnectRefusal(const ConnectRefusal& refusal);

}  // namespace sallyport
