// System, management, AAA and service lines: what they print, refuse and mean.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "conf/configuration.h"
#include "conf/field_line.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

class SystemLines : public testing::Test {
 protected:
  SystemLines() {
    for (const char* l : {"interface GigabitEthernet0/0", "nameif inside", "ip address 10.1.1.1 255.255.255.0", "exit"}) Ok(l);
  }
  void Ok(std::string_view line) {
    const ApplyResult r = conf.Apply(mode, line);
    EXPECT_TRUE(r.ok()) << line << "\n" << r.ErrorText(0);
  }
  std::string Error(std::string_view line) { return conf.Apply(mode, line).ErrorText(0); }
  std::string Section(std::string word) {
    PrintOptions o;
    o.section = std::move(word);
    return conf.Print(o);
  }
  Configuration conf{*PersonalityOf("9.16(4)")};
  ConfigMode mode;
};

TEST_F(SystemLines, ServerGroupsKeepTheirServers) {
  for (const char* l : {"aaa-server B protocol radius", "exit", "aaa-server A protocol tacacs+", "exit", "aaa-server B (inside) host 10.1.1.9", "key s3cret",
                        "timeout 5", "authentication-port 1812", "exit"}) {
    Ok(l);
  }
  EXPECT_EQ(Section("aaa-server"),
            "aaa-server B protocol radius\naaa-server B (inside) host 10.1.1.9\n timeout 5\n key *****\n authentication-port 1812\n"
            "aaa-server A protocol tacacs+\n");
  EXPECT_EQ(Error("aaa-server C (inside) host 10.1.1.9"), "ERROR: aaa-server group <C> does not exist\n");
  EXPECT_EQ(Error("aaa-server B (dmz) host 10.1.1.9"), "ERROR: % Invalid Hostname\n");
  Ok("aaa authorization command B LOCAL");
  EXPECT_EQ(Error("no aaa-server B protocol radius"), "ERROR: aaa-server group B is in use, it cannot be removed\n");
  Ok("no aaa authorization command");
  Ok("no aaa-server B protocol radius");
  EXPECT_EQ(Section("aaa-server"), "aaa-server A protocol tacacs+\n");
}

TEST_F(SystemLines, DhcpForAllAndForAnInterface) {
  for (const char* l : {"dhcpd enable inside", "dhcpd dns 10.1.1.3 interface inside", "dhcpd address 10.1.1.10-10.1.1.20 inside", "dhcpd dns 10.1.1.2",
                        "dhcpd dns 10.1.1.4 10.1.1.5 interface inside", "dhcpd option 150 ip 10.1.1.6 interface inside"}) {
    Ok(l);
  }
  EXPECT_EQ(Section("dhcpd"),
            "dhcpd dns 10.1.1.2\ndhcpd option 150 ip 10.1.1.6 interface inside\ndhcpd address 10.1.1.10-10.1.1.20 inside\n"
            "dhcpd dns 10.1.1.4 10.1.1.5 interface inside\ndhcpd enable inside\n");
  EXPECT_EQ(Error("dhcpd lease 10"), "            ^\nERROR: % Invalid input detected at '^' marker.\n");
  EXPECT_EQ(Error("dhcpd enable dmz"), "ERROR: % Invalid Hostname\n");
}

TEST_F(SystemLines, SnmpSecretsAreMasked) {
  Ok("snmp-server host inside 10.1.1.7 poll community public version 2c");
  Ok("snmp-server community public");
  Ok("snmp-server location Rack 4, row 2");
  EXPECT_EQ(Section("snmp-server"),
            "snmp-server host inside 10.1.1.7 poll community ***** version 2c\nsnmp-server location Rack 4, row 2\n"
            "no snmp-server contact\nsnmp-server community *****\n");
  Ok("no snmp-server location");
  EXPECT_NE(Section("snmp-server").find("no snmp-server location\n"), std::string::npos);
}

TEST_F(SystemLines, CallHomeProfiles) {
  for (const char* l : {"call-home", "profile Own", "destination transport-method http", "no active", "destination address http https://example.net/x"}) Ok(l);
  EXPECT_EQ(mode.prompt(), "cfg-call-home-profile");
  EXPECT_NE(Section("call-home").find("call-home\n profile Own\n  no active\n  destination address http https://example.net/x\n"
                                      "  destination transport-method http\n"),
            std::string::npos);
}

TEST_F(SystemLines, ContextsAreIndentedTwice) {
  for (const char* l : {"context one", "config-url disk0:/one.cfg", "allocate-interface GigabitEthernet0/0"}) Ok(l);
  EXPECT_EQ(mode.prompt(), "config-ctx");
  EXPECT_EQ(Section("context"), "context one\n  allocate-interface GigabitEthernet0/0 \n  config-url disk0:/one.cfg\n");
}

TEST_F(SystemLines, FailoverStandsInItsOrder) {
  for (const char* l : {"failover key s3cret", "failover link state GigabitEthernet0/3", "failover lan unit primary", "failover",
                        "failover interface ip state 10.9.9.1 255.255.255.252 standby 10.9.9.2", "failover polltime unit msec 500 holdtime 2"}) {
    Ok(l);
  }
  EXPECT_EQ(Section("failover"),
            "failover\nfailover lan unit primary\nfailover polltime unit msec 500 holdtime 2\nfailover key *****\n"
            "failover link state GigabitEthernet0/3\nfailover interface ip state 10.9.9.1 255.255.255.252 standby 10.9.9.2\n");
}

TEST_F(SystemLines, LoggingClassesAndLimitsAreSettings) {
  Ok("logging class vpn buffered 7 trap errors");
  Ok("logging rate-limit 2 10 message 302013");
  Ok("logging on");
  EXPECT_EQ(Section("logging"), "logging enable\nlogging class vpn buffered debugging trap errors \nlogging rate-limit 2 10 message 302013\n");
  EXPECT_EQ(Error("logging class nonsense trap 3"), "ERROR: % Invalid message class\n");
  const LoggingSettings s = conf.settings().logging;
  ASSERT_TRUE(s.classes.contains("vpn"));
  EXPECT_EQ(s.classes.find("vpn")->second[static_cast<std::size_t>(LogOutput::kBuffer)], 7);
  EXPECT_EQ(s.classes.find("vpn")->second[static_cast<std::size_t>(LogOutput::kTrap)], 3);
  ASSERT_EQ(s.rate_limits.size(), 1U);
  EXPECT_EQ(s.rate_limits[0].message, 302013);
  EXPECT_EQ(s.rate_limits[0].count, 2U);
  EXPECT_EQ(s.rate_limits[0].seconds, 10U);
  Ok("no logging on");
  EXPECT_FALSE(conf.settings().logging.enable);
}

TEST_F(SystemLines, PrivilegeLinesRuleWithAuthorization) {
  EXPECT_EQ(conf.ParseOptionsFor(1).privilege, 1);
  EXPECT_EQ(conf.ParseOptionsFor(5).privilege, 15);  // an ASA knows no more without authorization
  Ok("privilege cmd level 5 mode configure command hostname");
  Ok("privilege show level 3 mode exec command version");
  Ok("privilege cmd level 4 mode configure command hostname");  // instead of the first
  Ok("aaa authorization command LOCAL");
  EXPECT_EQ(Section("privilege"), "privilege cmd level 4 mode configure command hostname\nprivilege show level 3 mode exec command version\n");
  EXPECT_EQ(Section("aaa").substr(0, 33), "aaa authorization command LOCAL \n");
  ConfigMode fresh;
  EXPECT_TRUE(conf.Apply(fresh, "hostname edge", 4).ok());
  EXPECT_EQ(conf.Apply(fresh, "hostname edge", 3).outcome, ApplyResult::Outcome::kInvalid);
  EXPECT_EQ(conf.Apply(fresh, "domain-name example.net", 4).outcome, ApplyResult::Outcome::kInvalid);
  EXPECT_TRUE(conf.Apply(fresh, "domain-name example.net", 15).ok());
}

TEST_F(SystemLines, EnablePasswordsByLevel) {
  Ok("enable password deep");
  Ok("enable password shallow level 5");
  const ConfigSettings s = conf.settings();
  EXPECT_EQ(s.enable.privilege, 15);
  ASSERT_TRUE(s.enable_levels.contains(5));
  EXPECT_NE(s.enable_levels.at(5).password, s.enable.password);
}

TEST(SystemFiles, WhatWasBlottedOutComesBack) {
  constexpr std::string_view kText =
      ": Saved\n:\nASA Version 8.2(1) \n!\nhostname edge\nenable password <removed>\npasswd XXX encrypted\nnames\n!\n"
      "dns server-group DefaultDNS\n name-server =====\n name-server =====\nusername admin password *****\n"
      "ssh x.x.x.x 255.255.255.255 outside\nCryptochecksum:00\n: end\n";
  Configuration c;
  const LoadReport r = c.Load(kText);
  EXPECT_EQ(r.refused, 0);
  const std::string body = c.Body(true);
  for (const char* line : {"enable password <removed>\n", "passwd XXX encrypted\n", " name-server =====\n name-server =====\n",
                           "username admin password *****\n", "ssh x.x.x.x 255.255.255.255 outside\n"}) {
    EXPECT_NE(body.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(c.settings().enable.kind, UserAccount::Kind::kNone);
  // What nobody would type is not taken in a session.
  ConfigMode mode;
  EXPECT_FALSE(c.Apply(mode, "ssh x.x.x.x 255.255.255.255 outside").ok());
}

}  // namespace
}  // namespace sallyport
