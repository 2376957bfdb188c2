// Asks a directory about a user by LDAP (libldap). It blocks for as long as the server takes, at most the server's timeout for each
// step: it is for a thread of a pool (vpn/job_pool.h). Knows no appliance; what it finds comes back as AaaAttributes.
//
//   bind as ldap-login-dn, search (naming-attribute=user) below ldap-base-dn: exactly one entry; bind as that entry with the password
//
// Source: RFC 4511, 4515 (escaping); ASA configuration guide, "LDAP Servers for AAA" (attribute maps and what they lead to).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vpn/aaa/aaa_client.h"
#include "vpn/aaa/aaa_plan.h"

namespace sallyport {

struct LdapAnswer {
  enum class Kind : std::uint8_t { kAccept, kReject, kExpired /* a new password is wanted */, kNoAnswer } kind = Kind::kNoAnswer;
  std::string message;  // for a debug: what failed, as the library says it
  AaaAttributes attributes;
};

struct LdapQuestion {
  LdapServer server;
  LdapAttributeMap map;      // empty: nothing is mapped
  std::string user;
  std::string password;      // an empty one is refused: it would bind as nobody (RFC 4513 5.1.2)
  std::string new_password;  // instead of an expired one (RFC 3062); "": it stays
  bool authorize_only = false;
};
LdapAnswer AskLdap(const LdapQuestion& q);

// `(uid=user)`, each octet that would be read as syntax escaped; several naming attributes are alternatives.
std::string LdapFilterOf(const LdapServer& server, const std::string& user);
// What a directory's entry gives, by the map: attributes by name, in the directory's order.
AaaAttributes AttributesOfLdap(const LdapAttributeMap& map, const std::vector<std::pair<std::string, std::vector<std::string>>>& entry);

}  // namespace sallyport
