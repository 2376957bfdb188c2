#include "vpn/aaa/ldap_client.h"

#include <ldap.h>
#include <sys/time.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>

namespace sallyport {
namespace {

struct LdapClose {
  void operator()(LDAP* l) const { ldap_unbind_ext_s(l, nullptr, nullptr); }
};
struct MessageFree {
  void operator()(LDAPMessage* m) const { ldap_msgfree(m); }
};
struct MemoryFree {
  void operator()(char* p) const { ldap_memfree(p); }
};

bool SameName(const std::string& a, const std::string& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

timeval LdapTimeout(const LdapServer& s) {
  timeval t{};
  t.tv_sec = std::clamp<std::uint32_t>(s.timeout_s, 1, 10);
  return t;
}

std::string LdapHost(const LdapServer& s) {
  const std::string address = s.address.ToString();
  return std::string(s.ldaps ? "ldaps" : "ldap") + "://" + (s.address.IsV4() ? address : "[" + address + "]") + ":" + std::to_string(s.port);
}

// Simple bind. `policy_error`: of the server's password policy, -1 if it says nothing.
int LdapBind(LDAP* l, const std::string& dn, const std::string& password, timeval wait, int& policy_error) {
  policy_error = -1;
  berval secret{password.size(), const_cast<char*>(password.data())};
  LDAPControl wanted{};
  wanted.ldctl_oid = const_cast<char*>(LDAP_CONTROL_PASSWORDPOLICYREQUEST);
  LDAPControl* controls[] = {&wanted, nullptr};
  int id = 0;
  int rc = ldap_sasl_bind(l, dn.c_str(), LDAP_SASL_SIMPLE, &secret, controls, nullptr, &id);
  if (rc != LDAP_SUCCESS) return rc;
  LDAPMessage* raw = nullptr;
  rc = ldap_result(l, id, LDAP_MSG_ALL, &wait, &raw);
  const std::unique_ptr<LDAPMessage, MessageFree> message(raw);
  if (rc <= 0) {
    int error = LDAP_TIMEOUT;
    if (rc < 0) ldap_get_option(l, LDAP_OPT_RESULT_CODE, &error);
    return error == LDAP_SUCCESS ? LDAP_SERVER_DOWN : error;
  }
  int result = LDAP_OTHER;
  LDAPControl** answered = nullptr;
  if (ldap_parse_result(l, message.get(), &result, nullptr, nullptr, nullptr, &answered, 0) != LDAP_SUCCESS) return LDAP_PROTOCOL_ERROR;
  if (answered != nullptr) {
    if (LDAPControl* found = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, answered, nullptr)) {
      ber_int_t expire = 0, grace = 0;
      LDAPPasswordPolicyError error = PP_noError;
      if (ldap_parse_passwordpolicy_control(l, found, &expire, &grace, &error) == LDAP_SUCCESS && error != PP_noError) policy_error = error;
    }
    ldap_controls_free(answered);
  }
  return result;
}

bool IsSilence(int rc) { return rc == LDAP_SERVER_DOWN || rc == LDAP_TIMEOUT || rc == LDAP_CONNECT_ERROR || rc == LDAP_UNAVAILABLE || rc == LDAP_BUSY; }

std::vector<std::string> NamingAttributes(const LdapServer& s) {
  if (!s.naming_attributes.empty()) return s.naming_attributes;
  return {s.type == LdapServer::Type::kMicrosoft ? "sAMAccountName" : s.type == LdapServer::Type::kAuto || s.type == LdapServer::Type::kGeneric ? "cn" : "uid"};
}

std::optional<std::uint32_t> LdapNumber(const std::string& text) {
  if (text.empty() || text.size() > 9 || !std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); })) return {};
  return static_cast<std::uint32_t>(std::stoul(text));
}

// A value that goes into a log or to a user.
bool LdapPrintable(const std::string& s) {
  return !s.empty() && s.size() <= 2000 && std::all_of(s.begin(), s.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

void PutLdap(AaaAttributes& out, const std::string& cisco, const std::string& value) {
  if (!LdapPrintable(value)) return;
  const auto address = [&]() -> std::optional<IpAddress> { return IpAddress::Parse(value); };
  if (cisco == "Group-Policy" || cisco == "IETF-Radius-Class") {
    if (out.group_policy.empty()) out.group_policy = GroupPolicyOfClass(value);
  } else if (cisco == "Banner1") {
    out.banner = value + out.banner;
  } else if (cisco == "Banner2") {
    out.banner += value;
  } else if (cisco == "IETF-Radius-Framed-IP-Address") {
    if (const auto a = address(); a && a->IsV4()) out.framed_address = a;
  } else if (cisco == "IETF-Radius-Framed-IP-Netmask") {
    if (const auto a = address(); a && a->IsV4()) out.framed_mask = a;
  } else if (cisco == "IETF-Radius-Filter-Id") {
    out.filter = value;
  } else if (cisco == "IETF-Radius-Session-Timeout") {
    // Minutes, as ASA's documentation of LDAP has them.
    if (const auto n = LdapNumber(value)) out.session_s = *n * 60;
  } else if (cisco == "IETF-Radius-Idle-Timeout") {
    if (const auto n = LdapNumber(value)) out.idle_s = *n * 60;
  } else if (cisco == "Simultaneous-Logins") {
    out.simultaneous_logins = LdapNumber(value);
  } else if (cisco == "Tunneling-Protocols") {
    out.tunneling_protocols = LdapNumber(value);
  } else if (cisco == "Access-Hours") {
    out.access_hours = value;
  } else if (cisco == "Privilege-Level") {
    if (const auto n = LdapNumber(value); n && *n <= 15) out.privilege = static_cast<int>(*n);
  } else if (cisco == "Primary-DNS" || cisco == "Secondary-DNS") {
    if (const auto a = address()) out.dns.push_back(*a);
  } else if (cisco == "Primary-WINS-Server" || cisco == "Secondary-WINS-Server") {
    if (const auto a = address()) out.wins.push_back(*a);
  } else if (cisco == "IPSec-Default-Domain") {
    out.default_domain = value;
  } else if (cisco == "Address-Pools") {
    out.address_pools = {value};
  } else if (cisco == "Tunnel-Group-Lock" || cisco == "Group-Lock") {
    out.group_lock = value;
  } else if (cisco == "IPSec-Split-Tunnel-List") {
    out.split_list = value;
  } else if (cisco == "IPSec-Split-Tunneling-Policy") {
    if (const auto n = LdapNumber(value); n && *n <= 2) out.split_policy = n;
  }
}

}  // namespace

std::string LdapFilterOf(const LdapServer& server, const std::string& user) {
  std::string value;
  constexpr char kHex[] = "0123456789abcdef";
  for (const unsigned char c : user) {
    if (c == '*' || c == '(' || c == ')' || c == '\\' || c == 0 || c >= 0x80) {
      value += {'\\', kHex[c >> 4], kHex[c & 15]};
    } else {
      value += static_cast<char>(c);
    }
  }
  const std::vector<std::string> names = NamingAttributes(server);
  std::string out;
  for (const std::string& n : names) out += "(" + n + "=" + value + ")";
  return names.size() == 1 ? out : "(|" + out + ")";
}

AaaAttributes AttributesOfLdap(const LdapAttributeMap& map, const std::vector<std::pair<std::string, std::vector<std::string>>>& entry) {
  AaaAttributes out;
  for (const LdapAttributeMap::Name& name : map.names) {
    for (const auto& one : entry) {
      const std::string& attribute = one.first;
      if (!SameName(attribute, name.ldap)) continue;
      for (const std::string& value : one.second) {
        const auto mapped = std::find_if(map.values.begin(), map.values.end(),
                                         [&](const LdapAttributeMap::Value& v) { return SameName(v.attribute, attribute) && SameName(v.ldap, value); });
        PutLdap(out, name.cisco, mapped == map.values.end() ? value : mapped->cisco);
      }
    }
  }
  return out;
}

LdapAnswer AskLdap(const LdapQuestion& q) {
  LdapAnswer out;
  const auto failed = [&](int rc, const char* at) {
    out.kind = IsSilence(rc) ? LdapAnswer::Kind::kNoAnswer : LdapAnswer::Kind::kReject;
    out.message = std::string(at) + ": " + ldap_err2string(rc);
    return out;
  };
  if (!q.server.password_known) {
    out.message = "ldap-login-password is not known";
    return out;
  }
  if (!q.authorize_only && q.password.empty()) {
    out.kind = LdapAnswer::Kind::kReject;
    out.message = "empty password";
    return out;
  }
  LDAP* raw = nullptr;
  if (const int rc = ldap_initialize(&raw, LdapHost(q.server).c_str()); rc != LDAP_SUCCESS) return failed(LDAP_SERVER_DOWN, "initialize");
  std::unique_ptr<LDAP, LdapClose> l(raw);
  const int version = LDAP_VERSION3;
  const timeval timeout = LdapTimeout(q.server);
  ldap_set_option(l.get(), LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(l.get(), LDAP_OPT_NETWORK_TIMEOUT, &timeout);
  ldap_set_option(l.get(), LDAP_OPT_TIMEOUT, &timeout);
  ldap_set_option(l.get(), LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  if (q.server.ldaps) {
    // As an ASA, which believes whatever certificate the server has, unless it is told to check it.
    const int never = LDAP_OPT_X_TLS_NEVER, fresh = 0;
    ldap_set_option(l.get(), LDAP_OPT_X_TLS_REQUIRE_CERT, &never);
    ldap_set_option(l.get(), LDAP_OPT_X_TLS_NEWCTX, &fresh);
  }

  int policy_error = -1;
  if (const int rc = LdapBind(l.get(), q.server.login_dn, q.server.login_password, timeout, policy_error); rc != LDAP_SUCCESS) {
    // The appliance's own name is not good: that says nothing of the user.
    failed(rc, "bind as ldap-login-dn");
    out.kind = LdapAnswer::Kind::kNoAnswer;
    return out;
  }
  LDAPMessage* found_raw = nullptr;
  timeval wait = timeout;
  const int scope = q.server.scope == LdapServer::Scope::kSubtree ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_ONELEVEL;
  // Directories of OpenLDAP's kind give memberships (memberOf) only when operational attributes are asked for.
  char all_attributes[] = "*", operational[] = "+";
  char* wanted[] = {all_attributes, operational, nullptr};
  const int searched = ldap_search_ext_s(l.get(), q.server.base_dn.c_str(), scope, LdapFilterOf(q.server, q.user).c_str(), wanted, 0, nullptr,
                                         nullptr, &wait, 2, &found_raw);
  const std::unique_ptr<LDAPMessage, MessageFree> found(found_raw);
  // Two of that name: whose password would it be?
  if (searched == LDAP_SIZELIMIT_EXCEEDED || (searched == LDAP_SUCCESS && ldap_count_entries(l.get(), found.get()) != 1)) {
    out.kind = LdapAnswer::Kind::kReject;
    out.message = "search: not exactly one entry";
    return out;
  }
  if (searched != LDAP_SUCCESS) return failed(searched, "search");
  LDAPMessage* entry = ldap_first_entry(l.get(), found.get());
  const std::unique_ptr<char, MemoryFree> dn(ldap_get_dn(l.get(), entry));
  if (dn == nullptr || *dn == '\0') return failed(LDAP_NO_SUCH_OBJECT, "search");
  std::vector<std::pair<std::string, std::vector<std::string>>> attributes;
  BerElement* cursor = nullptr;
  for (char* name = ldap_first_attribute(l.get(), entry, &cursor); name != nullptr; name = ldap_next_attribute(l.get(), entry, cursor)) {
    auto& [key, values] = attributes.emplace_back(name, std::vector<std::string>());
    if (berval** all = ldap_get_values_len(l.get(), entry, name)) {
      for (int i = 0; all[i] != nullptr && i < 1024; i++) values.emplace_back(all[i]->bv_val, all[i]->bv_len);
      ldap_value_free_len(all);
    }
    ldap_memfree(name);
  }
  if (cursor != nullptr) ber_free(cursor, 0);

  if (!q.authorize_only) {
    const int rc = LdapBind(l.get(), dn.get(), q.password, timeout, policy_error);
    const bool expired = policy_error == PP_passwordExpired || policy_error == PP_changeAfterReset;
    if (expired && !q.new_password.empty() && rc == LDAP_SUCCESS) {
      berval user{std::string(dn.get()).size(), dn.get()};
      berval old{q.password.size(), const_cast<char*>(q.password.data())}, fresh{q.new_password.size(), const_cast<char*>(q.new_password.data())};
      berval given{0, nullptr};  // a password that the server would make; the library insists on a place for it
      const int changed = ldap_passwd_s(l.get(), &user, &old, &fresh, &given, nullptr, nullptr);
      if (given.bv_val != nullptr) ber_memfree(given.bv_val);
      if (changed != LDAP_SUCCESS) {
        failed(changed, "change of the password");
        if (out.kind == LdapAnswer::Kind::kReject) out.kind = LdapAnswer::Kind::kExpired;
        return out;
      }
    } else if (expired) {
      out.kind = rc == LDAP_SUCCESS ? LdapAnswer::Kind::kExpired : LdapAnswer::Kind::kReject;
      out.message = "password has expired";
      return out;
    } else if (rc != LDAP_SUCCESS) {
      return failed(rc, "bind as the user");
    }
  }
  out.kind = LdapAnswer::Kind::kAccept;
  out.attributes = AttributesOfLdap(q.map, attributes);
  return out;
}

}  // namespace sallyport
