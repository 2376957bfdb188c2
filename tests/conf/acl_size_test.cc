// Elements of access lists are counted before they are made, and too many are refused.
#include "conf/acl_size.h"

#include <gtest/gtest.h>

#include "conf/configuration.h"
#include "firewall/policy.h"

namespace sallyport {
namespace {

class AclSizeTest : public testing::Test {
 protected:
  ApplyResult Do(const std::string& line) { return conf_.Apply(mode_, line); }
  void Ok(const std::string& line) {
    const ApplyResult r = Do(line);
    EXPECT_TRUE(r.ok()) << line << "\n" << r.ErrorText(0);
  }
  void Hosts(const std::string& group, int network, int n) {
    Ok("object-group network " + group);
    for (int i = 0; i < n; i++) Ok("network-object host 10." + std::to_string(network) + "." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
  }
  Configuration conf_;
  ConfigMode mode_;
};

constexpr char kLimit[] = "ERROR: Unable to add, access-list config limit reached\n";

TEST_F(AclSizeTest, AgreesWithWhatIsMade) {
  for (const char* line :
       {"object network one", "host 10.1.1.1", "object network span", "range 10.1.1.1 10.1.1.9", "object-group network inner", "network-object host 10.2.1.1",
        "network-object object span", "object-group network outer", "group-object inner", "network-object 10.3.0.0 255.255.0.0",
        "object-group service ports tcp", "port-object eq 80", "port-object range 100 200", "object-group service mixed",
        "service-object tcp destination eq 443", "service-object udp destination neq 53", "service-object tcp-udp destination eq 514", "service-object icmp echo",
        "object-group protocol some", "protocol-object tcp", "protocol-object udp", "object-group icmp-type pings", "icmp-object echo", "icmp-object echo-reply",
        "access-list a extended permit ip any any", "access-list a extended permit tcp object one object span eq 80",
        "access-list a extended permit tcp object-group outer object-group inner object-group ports",
        "access-list a extended permit object-group mixed object-group outer any", "access-list a extended deny object-group some any object-group inner",
        "access-list a extended permit icmp any any object-group pings", "access-list a extended permit tcp any neq 25 any gt 1024", "access-list a remark x"}) {
    Ok(line);
  }
  const auto policy = conf_.Compile(nullptr);
  ASSERT_TRUE(policy);
  EXPECT_EQ(AclSize(conf_.tree()).OfAllLists(), (*policy)->access_lists.at("a")->elements().size());
  Ok("object-group-search access-control");
  const auto searched = conf_.Compile(nullptr);
  ASSERT_TRUE(searched);
  EXPECT_EQ(AclSize(conf_.tree()).OfAllLists(), (*searched)->access_lists.at("a")->elements().size());
}

TEST_F(AclSizeTest, AProductThatIsTooLargeIsRefused) {
  Hosts("a", 1, 3000);
  Hosts("b", 2, 3000);
  Ok("object-group service p tcp");
  for (int i = 0; i < 300; i++) Ok("port-object eq " + std::to_string(1000 + i));
  Ok("access-list l extended permit ip any any");
  const std::string before = conf_.Print();
  EXPECT_EQ(Do("access-list l extended permit tcp object-group a object-group b object-group p").ErrorText(0), kLimit);
  EXPECT_EQ(conf_.Print(), before);
  Ok("object-group-search access-control");
  Ok("access-list l extended permit tcp object-group a object-group b object-group p");
}

TEST_F(AclSizeTest, AMemberThatMakesTooManyIsRefused) {
  Hosts("a", 1, 1000);
  Hosts("b", 2, 1000);
  Ok("access-list l extended permit tcp object-group a object-group b");
  const std::string before = conf_.Print();
  Ok("object-group network b");
  EXPECT_EQ(Do("network-object host 10.9.9.9").ErrorText(0), kLimit);
  EXPECT_EQ(mode_.prompt(), "config-network-object-group");
  EXPECT_EQ(Do("access-list l extended deny tcp object-group a object-group b eq 80").ErrorText(0), kLimit);
  EXPECT_EQ(conf_.Print(), before);
}

TEST_F(AclSizeTest, GroupsOfGroupsAreCountedInNoTime) {
  Ok("object-group network g0");
  Ok("network-object host 10.1.1.1");
  for (int i = 1; i < 30; i++) {
    // Each holds the one before by two ways: 2^29 hosts in the last.
    const std::string below = "g" + std::to_string(i - 1);
    Ok("object-group network h" + std::to_string(i));
    Ok("group-object " + below);
    Ok("object-group network g" + std::to_string(i));
    Ok("group-object " + below);
    Ok("group-object h" + std::to_string(i));
  }
  EXPECT_EQ(Do("access-list l extended permit ip object-group g29 any").ErrorText(0), kLimit);
}

TEST_F(AclSizeTest, AFileWithTooManyIsNotPutInForce) {
  std::string text = "ASA Version 9.16(4)\n";
  for (const char* group : {"a", "b"}) {
    text += std::string("object-group network ") + group + "\n";
    for (int i = 0; i < 1100; i++) text += " network-object host 10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + "\n";
  }
  text += "access-list l extended permit tcp object-group a object-group b\n";
  EXPECT_EQ(conf_.Load(text).refused, 0);
  const auto policy = conf_.Compile(nullptr);
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().find("access-list config limit reached"), std::string::npos);
}

}  // namespace
}  // namespace sallyport
