// Servers for authentication, authorization and accounting as the configuration has them (`aaa-server`). Plain data, made by
// conf/compile_aaa.cc.
//
// Source: ASA command reference, `aaa-server`, `aaa-server host`, `reactivation-mode`, `max-failed-attempts`, `timeout`,
// `retry-interval`; of LDAP `ldap-base-dn`, `ldap-scope`, `ldap-naming-attribute`, `ldap-login-dn`, `ldap-over-ssl`, `server-type`,
// `ldap attribute-map`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"

namespace sallyport {

// One server that speaks LDAP.
struct LdapServer {
  IpAddress address;
  std::uint16_t port = 389;  // 636 with ldaps, where no line says otherwise
  bool ldaps = false;        // ldap-over-ssl enable
  std::string base_dn;       // where searches begin
  std::string group_base_dn; // "": base_dn
  enum class Scope : std::uint8_t { kOneLevel, kSubtree } scope = Scope::kOneLevel;
  std::vector<std::string> naming_attributes;  // as `ldap-naming-attribute` has them; none: by server_type ("sAMAccountName", "uid")
  std::string login_dn, login_password;        // both "": searches are made without a name
  bool password_known = true;                  // false: the configuration has it as `*****`, or encrypted
  enum class Type : std::uint8_t { kAuto, kMicrosoft, kOpenLdap, kSun, kNovell, kGeneric } type = Type::kAuto;
  std::string attribute_map;  // a name of AaaPlan::ldap_maps; "": none
  std::uint32_t timeout_s = 10;
  bool operator==(const LdapServer&) const = default;
};

// `ldap attribute-map`: which attribute of the directory is which of ours, and what its values are called here.
struct LdapAttributeMap {
  struct Name {
    std::string ldap, cisco;  // "memberOf", "Group-Policy"
    bool operator==(const Name&) const = default;
  };
  struct Value {
    std::string attribute, ldap, cisco;  // attribute: the directory's name
    bool operator==(const Value&) const = default;
  };
  std::string name;
  std::vector<Name> names;    // in order of configuration
  std::vector<Value> values;  // the first that fits; a value that none is for stays as it is
  bool operator==(const LdapAttributeMap&) const = default;
};

struct AaaServer {
  IpAddress address;
  std::string interface;  // nameif
  std::string key;
  bool key_known = true;  // false: the configuration has it as `*****`, or encrypted
  std::uint32_t timeout_s = 10;        // one attempt
  std::uint32_t retry_interval_s = 10; // a request is sent again
  std::uint16_t authentication_port = 1645, accounting_port = 1646;
  bool message_authenticator_required = false;
  LdapServer ldap;  // of a group that speaks LDAP
  bool operator==(const AaaServer&) const = default;
};

struct AaaServerGroup {
  std::string name;
  enum class Protocol : std::uint8_t { kRadius, kLdap, kOther } protocol = Protocol::kRadius;
  std::string protocol_name = "radius";
  std::uint32_t max_failed = 3;  // attempts without an answer, after which a server counts as failed
  bool timed = false;            // reactivation-mode timed: a failed server is tried again after 30 s; else when all have failed
  std::uint32_t dead_minutes = 10;   // depletion: how long a group of failed servers is left alone
  bool simultaneous = false;         // accounting goes to every server
  bool interim = false;              // interim-accounting-update
  std::uint32_t interim_hours = 0;   // ... periodic; 0: not at intervals
  std::vector<AaaServer> servers;    // in order of trial
  bool operator==(const AaaServerGroup&) const = default;
};

struct AaaPlan {
  std::vector<AaaServerGroup> groups;  // in the order in which they were made
  std::map<std::string, LdapAttributeMap> ldap_maps;
  const AaaServerGroup* Find(const std::string& name) const {
    for (const AaaServerGroup& g : groups) {
      if (g.name == name) return &g;
    }
    return nullptr;
  }
  bool operator==(const AaaPlan&) const = default;
};

}  // namespace sallyport
