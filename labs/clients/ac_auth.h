// What the AnyConnect client of the labs says and hears before its tunnel: HTTP answers, the documents of aggregate authentication, the
// headers of CONNECT. Text in, structs out; no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"

namespace sallyport {

struct AcHttpAnswer {
  int status = 0;
  std::string reason, body;
  std::vector<std::pair<std::string, std::string>> fields;  // as written
  // The first of that name, whatever its case; "": there is none.
  std::string Field(std::string_view name) const;
  bool closes = false;
};
// One answer at the front of `text`, whose octets `used` counts. Nothing: there must come more, or (an error) it is none. `no_body`: of CONNECT.
Result<std::optional<AcHttpAnswer>> ReadAcAnswer(std::string_view text, bool no_body, std::size_t& used);

// What the head-end wants to know, or what it grants.
struct AcDocument {
  enum class Type : std::uint8_t { kRequest, kComplete, kOther } type = Type::kOther;
  std::string opaque;  // to be sent back as it came
  std::string auth_id, message, banner, error, action;
  struct Input {
    std::string type, name, label, value;
  };
  std::vector<Input> inputs;
  std::vector<std::string> groups;
  std::string selected_group;
  bool wants_certificate = false;
  // kComplete:
  std::string token, profile_uri, package_version;
};
Result<AcDocument> ReadAcDocument(std::string_view xml);

struct AcWho {
  std::string version, device, group_access;
};
std::string WriteAcInit(const AcWho& who, std::string_view group_select, bool no_certificate);
// `fields`: names and values of `auth`, in order.
std::string WriteAcReply(const AcWho& who, std::string_view opaque, const std::vector<std::pair<std::string, std::string>>& fields,
                         std::string_view group_select);
// The value of <AutoReconnectBehavior>, of a profile; "": it does not say.
std::string ReconnectBehaviorOf(std::string_view profile_xml);
// Does version `a` ("3.1.01065") come before `b`?
bool OlderAcVersion(std::string_view a, std::string_view b);

// What CONNECT was answered.
struct AcTunnel {
  IpAddress address, netmask, address6;
  int tls_mtu = 0, dtls_mtu = 0;  // 0: not told
  std::uint32_t tls_dpd_s = 0, dtls_dpd_s = 0, tls_keepalive_s = 0, dtls_keepalive_s = 0, rekey_s = 0;  // 0: none
  std::uint32_t idle_s = 0, session_s = 0, disconnected_s = 0;
  std::string rekey_method, banner, dtls_suite, tls_compression, dtls_compression;
  bool dtls12 = false;             // dtls_suite was X-DTLS12-CipherSuite's
  std::string dtls_id;             // X-DTLS-Session-ID or X-DTLS-App-ID, 32 octets
  std::uint16_t dtls_port = 443;
  std::vector<Prefix> include, exclude;
  std::vector<IpAddress> dns;
};
Result<AcTunnel> ReadAcTunnel(const AcHttpAnswer& answer);

}  // namespace sallyport
