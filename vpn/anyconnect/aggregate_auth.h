// Aggregate authentication: the XML documents that AnyConnect and openconnect log in with (`config-auth`). Reading is
// bounded before anything is built of what came: no document types, no entities but XML's own, so many elements, so deep, so
// long. Writing escapes. Source: openconnect 9.01's auth.c, documents of real appliances.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firewall/base/result.h"

namespace sallyport {

// --- what a client sends

struct AuthDocument {
  enum class Type : std::uint8_t { kInit, kReply, kLogout, kOther } type = Type::kOther;
  std::string version, device_id;                        // "4.10.06079", "win"
  std::string platform_version, device_type, unique_id;  // attributes of device-id; "": not told
  std::string group_access, group_select;                // a URL; an alias
  std::string handle;                                    // opaque/aggauth-handle, as we gave it
  std::string host_scan_token, session_token;
  bool cert_fail = false;                                   // it was asked for a certificate and has none
  std::vector<std::pair<std::string, std::string>> fields;  // children of `auth`, in order
  // The first of that name; "": there is none.
  std::string_view Field(std::string_view name) const;
  bool Has(std::string_view name) const;
  void Wipe();
};
struct XmlLimits {
  std::size_t depth = 8, nodes = 256, text = 4096;
};
// The error is a sentence for a debug.
Result<AuthDocument> ReadAuth(std::string_view text, const XmlLimits& limits = {});

// --- what it is answered

struct LoginForm {
  bool legacy = false;      // as clients without aggregate authentication have it: `auth` alone
  std::string id = "main";                                     // "challenge", "change-password"
  std::string tunnel_group, handle, group_alias, config_hash;  // group_alias "": none was chosen
  std::string message, banner;
  std::string error_id, error;  // error "": none
  std::string action = "/+webvpn+/index.html";
  struct Input {
    std::string type, name, label, value;  // "text", "password", "hidden"
  };
  std::vector<Input> inputs;        // none: there is no form
  std::vector<std::string> groups;  // aliases to choose from; none: no list
  std::string selected;
  bool certificate_request = false, certificate_authenticated = false;
  struct HostScan {
    std::string ticket, token, base_uri, wait_uri;
  };
  std::optional<HostScan> host_scan;
};
std::string WriteForm(const LoginForm& form);

struct Completed {
  std::string session_id, token, banner, server_hash;
  struct Profile {
    std::string uri, sha1;  // upper-case hexadecimal
  };
  std::vector<Profile> profiles;
  struct Package {
    std::string version, uri, name;
  };
  std::vector<Package> packages;
};
// `one_line`: as X-CSTP-Post-Auth-XML has it.
std::string WriteCompleted(const Completed& c, bool one_line = false);

// &, <, > and quotes; control characters but tab and line feed are left out. Good for HTML, too.
std::string EscapeMarkup(std::string_view text);

}  // namespace sallyport
