// What is asked of a directory and what its entries give; the server itself is tests/interop/ldap_test's.
#include <gtest/gtest.h>

#include "vpn/aaa/ldap_client.h"

namespace sallyport {
namespace {

TEST(Ldap, FiltersHoldNobodysSyntax) {
  LdapServer s;
  s.naming_attributes = {"uid"};
  EXPECT_EQ(LdapFilterOf(s, "alice"), "(uid=alice)");
  EXPECT_EQ(LdapFilterOf(s, "*)(uid=*"), "(uid=\\2a\\29\\28uid=\\2a)");
  EXPECT_EQ(LdapFilterOf(s, std::string("a\\b\0c", 5)), "(uid=a\\5cb\\00c)");
  EXPECT_EQ(LdapFilterOf(s, "j\xc3\xb6rg"), "(uid=j\\c3\\b6rg)");
  s.naming_attributes = {"uid", "mail"};
  EXPECT_EQ(LdapFilterOf(s, "a"), "(|(uid=a)(mail=a))");
  s.naming_attributes.clear();
  s.type = LdapServer::Type::kMicrosoft;
  EXPECT_EQ(LdapFilterOf(s, "a"), "(sAMAccountName=a)");
}

TEST(Ldap, AttributesByTheMap) {
  LdapAttributeMap map;
  map.names = {{"memberOf", "Group-Policy"}, {"description", "Banner1"}, {"ipHostNumber", "IETF-Radius-Framed-IP-Address"},
               {"employeeType", "Simultaneous-Logins"}, {"hours", "Access-Hours"}, {"street", "IETF-Radius-Session-Timeout"}};
  map.values = {{"memberOf", "cn=engineers,ou=groups,dc=example,dc=com", "engineers"}, {"memberof", "cn=guests,ou=groups,dc=example,dc=com", "guests"}};
  const AaaAttributes a = AttributesOfLdap(map, {{"cn", {"Alice"}},
                                                 {"memberOf", {"CN=Engineers,OU=groups,DC=example,DC=com", "cn=guests,ou=groups,dc=example,dc=com"}},
                                                 {"description", {"Welcome."}},
                                                 {"ipHostNumber", {"10.9.0.7"}},
                                                 {"employeeType", {"2"}},
                                                 {"hours", {"work"}},
                                                 {"street", {"10"}}});
  EXPECT_EQ(a.group_policy, "engineers") << "the first value that the map knows, in any case of letters";
  EXPECT_EQ(a.banner, "Welcome.");
  EXPECT_EQ(a.framed_address, IpAddress::Parse("10.9.0.7"));
  EXPECT_EQ(a.simultaneous_logins, 2u);
  EXPECT_EQ(a.access_hours, "work");
  EXPECT_EQ(a.session_s, 600u);
  // What is no number or no address is nothing; control characters come to nobody.
  const AaaAttributes none = AttributesOfLdap(map, {{"ipHostNumber", {"everywhere"}}, {"employeeType", {"-1"}}, {"description", {"\x1b[2J"}}});
  EXPECT_FALSE(none.framed_address);
  EXPECT_FALSE(none.simultaneous_logins);
  EXPECT_EQ(none.banner, "");
}

TEST(Ldap, AnEmptyPasswordIsNotAsked) {
  LdapQuestion q;
  q.user = "alice";
  q.server.address = *IpAddress::Parse("192.0.2.1");
  EXPECT_EQ(AskLdap(q).kind, LdapAnswer::Kind::kReject) << "it would bind as nobody";
}

}  // namespace
}  // namespace sallyport
