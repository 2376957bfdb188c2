// clear configure, default.
#include <gtest/gtest.h>

#include <algorithm>

#include "conf/configuration.h"
#include "conf/declare.h"

namespace sallyport {
namespace {

class ClearTest : public testing::Test {
 protected:
  void All(std::initializer_list<const char*> lines) {
    for (const char* l : lines) {
      const ApplyResult r = c_.Apply(mode_, l);
      EXPECT_TRUE(r.ok()) << l << "\n" << r.ErrorText(0);
    }
  }
  std::string Error(const char* line) { return c_.Apply(mode_, line).ErrorText(0); }
  std::string Section(const char* s) const {
    PrintOptions o;
    o.section = s;
    return c_.Print(o);
  }
  void TwoInterfaces() {
    All({"interface GigabitEthernet0/0", "nameif outside", "ip address 198.51.100.2 255.255.255.0", "interface GigabitEthernet0/1", "nameif inside",
         "ip address 10.1.1.1 255.255.255.0", "interface GigabitEthernet0/1.5", "vlan 5", "nameif dmz", "exit"});
  }
  Configuration c_;
  ConfigMode mode_;
};

TEST_F(ClearTest, ByFirstWordBySecondAndByName) {
  TwoInterfaces();
  All({"route outside 0.0.0.0 0.0.0.0 198.51.100.1", "route inside 10.2.0.0 255.255.0.0 10.1.1.2"});
  const ApplyResult r = c_.Apply(mode_, "clear configure route outside");
  EXPECT_TRUE(r.ok() && r.changed);
  EXPECT_EQ(Section("route"), "route inside 10.2.0.0 255.255.0.0 10.1.1.2 1\n");
  All({"clear configure route"});
  EXPECT_EQ(Section("route"), "");
  All({"object network a", "host 10.1.1.9", "object network b", "host 10.1.1.8", "object service s", "service tcp destination eq 80", "exit"});
  All({"clear configure object network a"});
  EXPECT_EQ(Section("object"), "object network b\n host 10.1.1.8\nobject service s\n service tcp destination eq www \n");
  All({"clear configure object network"});
  EXPECT_EQ(Section("object"), "object service s\n service tcp destination eq www \n");
  All({"banner motd one", "banner motd one", "banner exec two", "clear configure banner"});
  EXPECT_EQ(Section("banner"), "");
}

TEST_F(ClearTest, WhatIsNotThere) {
  EXPECT_EQ(Error("clear configure route nowhere"), "ERROR: route nowhere does not exist\n");
  EXPECT_EQ(Error("clear configure route"), "");
  EXPECT_EQ(Error("clear configure access-list none"), "ERROR: access-list <none> does not exist\n");
}

TEST_F(ClearTest, WhatIsInUseStaysAndSaysSo) {
  All({"object network a", "host 10.1.1.9", "object network b", "host 10.1.1.8", "access-list l extended permit ip object a any"});
  const ApplyResult r = c_.Apply(mode_, "clear configure object");
  EXPECT_TRUE(r.ok() && r.changed) << "one of them went";
  EXPECT_NE(r.text.find("ERROR"), std::string::npos);
  EXPECT_EQ(Section("object"), "object network a\n host 10.1.1.9\n");
  All({"clear configure access-list", "clear configure object"});
  EXPECT_EQ(Section("object"), "");
  // A group that is a member goes with the one it is in, whatever their order.
  All({"object-group network in", "network-object host 10.1.1.1", "object-group network out", "group-object in", "exit", "clear configure object-group"});
  EXPECT_EQ(Section("object-group"), "");
}

TEST_F(ClearTest, FactoryLinesComeBack) {
  const std::string timers = Section("timeout");
  All({"timeout conn 2:00:00", "timeout xlate 4:00:00"});
  EXPECT_NE(Section("timeout"), timers);
  All({"clear configure timeout"});
  EXPECT_EQ(Section("timeout"), timers);
  All({"ssh timeout 30", "hostname other", "clear configure ssh", "clear configure hostname"});
  EXPECT_EQ(c_.settings().ssh_timeout_min, 5);
  EXPECT_EQ(c_.settings().hostname, "ciscoasa");
}

TEST_F(ClearTest, InterfacesStayButForTheirConfiguration) {
  TwoInterfaces();
  All({"route outside 0.0.0.0 0.0.0.0 198.51.100.1", "clear configure interface GigabitEthernet0/0"});
  EXPECT_EQ(Section("route"), "") << "it named the interface";
  EXPECT_EQ(Section("interface").substr(0, 89), "interface GigabitEthernet0/0\n shutdown\n no nameif\n no security-level\n no ip address\n!\nint");
  All({"clear configure interface"});
  EXPECT_EQ(Section("interface"),
            "interface GigabitEthernet0/0\n shutdown\n no nameif\n no security-level\n no ip address\n!\n"
            "interface GigabitEthernet0/1\n shutdown\n no nameif\n no security-level\n no ip address\n!\n");
  EXPECT_EQ(Error("clear configure interface GigabitEthernet0/9"), "ERROR: % Invalid interface\n");
}

// Whatever can be configured can be cleared.
TEST_F(ClearTest, EveryFirstWord) {
  const auto hints = c_.Help(mode_, "clear configure ").hints;
  const auto& config = ConfigGrammar::Get().sets.find("config")->second;
  int checked = 0;
  for (const auto& [command, rule] : config.All()) {
    if (rule == nullptr) continue;
    const std::string word = command->first().text;
    const auto has = [&](const Hint& h) { return h.text == word; };
    EXPECT_TRUE(std::any_of(hints.begin(), hints.end(), has)) << word;
    checked++;
  }
  EXPECT_GT(checked, 100);
  // One after the other they leave nothing but what an appliance always has, and the policy compiles all the way.
  TwoInterfaces();
  for (const Hint& h : hints) {
    (void)c_.Apply(mode_, "clear configure " + h.text);
    EXPECT_TRUE(c_.Compile(nullptr).ok()) << h.text;
  }
  All({"clear configure policy-map"});  // `service-policy` came behind it
  EXPECT_EQ(Section("policy-map"), "");
}

TEST_F(ClearTest, AllOfIt) {
  TwoInterfaces();
  All({"clear configure all"});
  EXPECT_EQ(Section("interface"), "");
}

TEST_F(ClearTest, DefaultInASubMode) {
  All({"interface GigabitEthernet0/0", "nameif outside", "shutdown", "default shutdown"});
  EXPECT_EQ(Section("interface").find("shutdown"), std::string::npos);
  EXPECT_EQ(mode_.prompt(), "config-if");
  EXPECT_NE(Error("default frobnicate"), "");
  EXPECT_NE(Error("default"), "");
}

}  // namespace
}  // namespace sallyport
