// The configuration: loading, printing, round trips, exact errors, and what it compiles to.
#include "conf/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "conf/lines.h"
#include "conf/personality.h"

namespace sallyport::configuration_test {
namespace {

using Outcome = ApplyResult::Outcome;

std::string ReadFile(const std::filesystem::path& p) {
  std::ifstream in(p);
  std::ostringstream s;
  s << in.rdbuf();
  return s.str();
}
std::filesystem::path Golden(const char* name) { return std::filesystem::path(SALLYPORT_TEST_DIR) / "golden/conf" / name; }

std::string Reports(const LoadReport& r) {
  std::string s;
  for (const LineReport& l : r.reports) s += std::to_string(l.number) + ": " + l.text;
  return s;
}

class Session {
 public:
  explicit Session(const char* version = "9.16(4)") : conf(*PersonalityOf(version)) {}
  ApplyResult Do(std::string_view line) { return conf.Apply(mode, line); }
  std::string Error(std::string_view line) { return Do(line).ErrorText(0); }
  void Ok(std::string_view line) {
    const ApplyResult r = Do(line);
    EXPECT_TRUE(r.ok()) << line << "\n" << r.ErrorText(0);
  }
  void All(std::initializer_list<std::string_view> lines) {
    for (const auto l : lines) Ok(l);
  }
  std::string Section(std::string s) {
    PrintOptions o;
    o.section = std::move(s);
    return conf.Print(o);
  }
  void TwoInterfaces() {
    All({"interface GigabitEthernet0/0", "nameif outside", "ip address 198.51.100.2 255.255.255.0", "interface GigabitEthernet0/1", "nameif inside",
         "ip address 10.1.1.1 255.255.255.0", "exit"});
  }
  Configuration conf;
  ConfigMode mode;
};

void CheckGolden(const char* input, const char* expected) {
  Configuration c;
  const LoadReport r = c.Load(ReadFile(Golden(input)));
  EXPECT_EQ(r.refused, 0) << Reports(r);
  const std::string printed = c.Print();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(Golden(expected)) << printed;
  EXPECT_EQ(printed, ReadFile(Golden(expected)));
  Configuration again;
  const LoadReport second = again.Load(printed);
  EXPECT_EQ(second.refused, 0) << Reports(second);
  EXPECT_EQ(again.Print(), printed);
}

TEST(ConfigurationGolden, Era9) { CheckGolden("era9.cfg", "era9.ok"); }
TEST(ConfigurationGolden, Era82) { CheckGolden("era82.cfg", "era82.ok"); }
TEST(ConfigurationGolden, Vpn9) { CheckGolden("vpn9.cfg", "vpn9.ok"); }
TEST(ConfigurationGolden, Vpn82) { CheckGolden("vpn82.cfg", "vpn82.ok"); }

TEST(Configuration, DefaultsPrintToThemselves) {
  for (const char* version : {"7.0(8)", "7.2(3)", "8.0(4)", "8.2(1)", "8.3(2)", "8.4(7)", "9.0(3)", "9.1(7)", "9.2(4)", "9.6(1)", "9.8(2)",
                              "9.12(4)", "9.16(4)", "9.20(2)"}) {
    Configuration c(*PersonalityOf(version));
    const std::string printed = c.Print();
    Configuration again;
    const LoadReport r = again.Load(printed);
    EXPECT_EQ(r.refused, 0) << Reports(r);
    EXPECT_EQ(again.Print(), printed) << version;
  }
}

TEST(Configuration, ChecksumIsOverTheBodyWithoutBangLinesAndLineEnds) {
  Configuration c;
  c.Load("ASA Version 8.2(1) \n!\nhostname x\nprompt hostname context \n");
  // md5 of "ASA Version 8.2(1) " "hostname x" "prompt hostname context ", computed apart.
  EXPECT_EQ(c.Checksum(), "7d27e36716ea9b6dda58bf26d7418f43");
  EXPECT_NE(c.Print().find("Cryptochecksum:" + c.Checksum() + "\n: end\n"), std::string::npos);
}

// `show running-config all` adds what no line says, behind the lines of its kind, and the checksum is that of the short form.
TEST(Configuration, AllAddsTheDefaults) {
  Session s;
  s.conf.Load("ASA Version 9.16(4) \nhostname h\ntimeout conn 2:00:00 icmp 0:00:05\nsysopt connection tcpmss minimum 48\n");
  const auto all = [&](const char* section) {
    PrintOptions o;
    o.all = true;
    o.section = section;
    return s.conf.Print(o);
  };
  EXPECT_EQ(all("timeout"),
            "timeout xlate 3:00:00\ntimeout pat-xlate 0:00:30\ntimeout conn 2:00:00 icmp 0:00:05\n"
            "timeout half-closed 0:10:00 udp 0:02:00 sctp 0:02:00\n"
            "timeout sunrpc 0:10:00 h323 0:05:00 h225 1:00:00 mgcp 0:05:00 mgcp-pat 0:05:00\n"
            "timeout sip 0:30:00 sip_media 0:02:00 sip-invite 0:03:00 sip-disconnect 0:02:00\n"
            "timeout sip-provisional-media 0:02:00 uauth 0:05:00 absolute\ntimeout tcp-proxy-reassembly 0:01:00\n"
            "timeout floating-conn 0:00:00\ntimeout conn-holddown 0:00:15\ntimeout igp stale-route 0:01:10\n");
  EXPECT_EQ(s.Section("timeout"), "timeout conn 2:00:00 icmp 0:00:05\n");
  s.Ok("timeout floating-conn 0:01:00");
  EXPECT_THAT(all("timeout"), ::testing::HasSubstr("timeout tcp-proxy-reassembly 0:01:00\ntimeout floating-conn 0:01:00\ntimeout conn-holddown 0:00:15\n"));
  EXPECT_EQ(all("sysopt"),
            "sysopt connection tcpmss minimum 48\nno sysopt traffic detailed-statistics\nno sysopt connection timewait\n"
            "sysopt connection tcpmss 1380\nsysopt connection permit-vpn\nsysopt connection reclassify-vpn\n"
            "no sysopt connection preserve-vpn-flows\nno sysopt radius ignore-secret\n");
  s.Ok("sysopt connection tcpmss 1300");
  EXPECT_THAT(all("sysopt"), ::testing::Not(::testing::HasSubstr("tcpmss 1380")));
  const std::string whole = all("");
  EXPECT_LT(whole.find("timeout xlate 3:00:00\n"), whole.find("no sysopt connection timewait\n"));
  EXPECT_THAT(whole, ::testing::EndsWith("Cryptochecksum:" + s.conf.Checksum() + "\n: end\n"));
  s.conf.Load("ASA Version 8.2(1) \nhostname h\n");
  EXPECT_THAT(all("timeout"), ::testing::HasSubstr("timeout conn 1:00:00 half-closed 0:10:00 udp 0:02:00 icmp 0:00:02\n"));
  EXPECT_THAT(all("timeout"), ::testing::EndsWith("timeout tcp-proxy-reassembly 0:01:00\n"));
}

TEST(Configuration, NameifTellsTheDefaultLevel) {
  Session s;
  s.Ok("interface GigabitEthernet0/0");
  EXPECT_EQ(s.mode.prompt(), "config-if");
  EXPECT_EQ(s.Do("nameif outside").text, "INFO: Security level for \"outside\" set to 0 by default.\n");
  s.Ok("interface GigabitEthernet0/1");
  EXPECT_EQ(s.Do("nameif inside").text, "INFO: Security level for \"inside\" set to 100 by default.\n");
  EXPECT_EQ(s.Section("interface"),
            "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n no ip address\n!\n"
            "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n no ip address\n!\n");
}

TEST(Configuration, GlobalCommandLeavesTheSubMode) {
  Session s;
  s.All({"interface GigabitEthernet0/0", "hostname other"});
  EXPECT_EQ(s.mode.prompt(), "config");
  s.All({"policy-map p", "class class-default"});
  EXPECT_EQ(s.mode.prompt(), "config-pmap-c");
  s.Ok("exit");
  EXPECT_EQ(s.mode.prompt(), "config-pmap");
  EXPECT_EQ(s.Do("end").outcome, Outcome::kExit);
  EXPECT_TRUE(s.mode.global());
  EXPECT_EQ(s.Do("exit").outcome, Outcome::kExit);
}

TEST(Configuration, RefusedLinesSayWhyAndChangeNothing) {
  Session s;
  s.TwoInterfaces();
  s.All({"access-list a extended permit ip any any", "object network o", "host 10.1.1.9", "object-group network g", "network-object host 10.1.1.8",
         "access-list a extended permit ip object o object-group g", "exit"});
  const std::string before = s.conf.Print();
  const std::pair<const char*, const char*> bad[] = {
      {"hostnam", "ERROR: % Incomplete command\n"},
      {"hostname 1bad_name", "ERROR: Hostname contains an invalid character: letters, digits and hyphens between them\n"},
      {"hostname bad-", "ERROR: Hostname contains an invalid character: letters, digits and hyphens between them\n"},
      {"foo bar", "  ^\nERROR: % Invalid input detected at '^' marker.\n"},
      {"mtu inside 20", "           ^\nERROR: % Invalid input detected at '^' marker.\n"},
      {"access-group nolist in interface inside", "ERROR: access-list <nolist> does not exist\n"},
      {"access-group a in interface nowhere", "ERROR: interface <nowhere> does not exist\n"},
      {"icmp permit any nowhere", "ERROR: interface <nowhere> does not exist\n"},
      {"icmp permit any echo nowhere", "ERROR: interface <nowhere> does not exist\n"},
      {"no object-group network g", "Removing object-group (g) not allowed, it is being used.\n"},
      {"no object network o", "ERROR: unable to delete object (o). object is being used.\n"},
      {"object-group service g", "An object-group with the same id but different type (network) exists\n"},
      {"no access-list a extended permit tcp any any", "Specified access-list does not exist\n"},
      {"access-list a extended permit ip any object-group none", "ERROR: specified object group <none> not found\n"},
      {"route inside 10.5.0.1 255.255.0.0 10.1.1.2", "ERROR: Inconsistent address and mask\n"},
      {"route outside 10.1.1.0 255.255.255.0 198.51.100.11", "ERROR: Cannot add route, connected route exists\n"},
      {"route outside 10.77.0.0 255.255.0.0 198.51.100.2", "ERROR: Invalid next hop address, it belongs to one of our interfaces\n"},
      {"access-list a extended permit ip 10.1.1.5 255.255.255.0 any", "ERROR: IP address,mask <10.1.1.5,255.255.255.0> doesn't pair\n"},
      {"access-list a extended permit tcp any 10.1.1.0 255.255.0.0 eq 80", "ERROR: IP address,mask <10.1.1.0,255.255.0.0> doesn't pair\n"},
      {"nat (any,any) source dynamic o interface", "ERROR: The interface keyword needs a specific interface, not any\n"},
      {"nat (inside,any) source dynamic o interface", "ERROR: The interface keyword needs a specific interface, not any\n"},
      {"nat source static o interface", "ERROR: The interface keyword needs a specific interface, not any\n"},
      {"nat (inside,any) source dynamic o pat-pool o interface", "ERROR: The interface keyword needs a specific interface, not any\n"},
      {"nat (any,outside) source dynamic o o destination static interface o", "ERROR: The interface keyword needs a specific interface, not any\n"},
      {"service-policy nothere global", "ERROR: policy-map nothere not configured\n"},
      {"nat (inside,outside) source static nope nope", "ERROR: object (nope) does not exist\n"},
      {"no interface GigabitEthernet0/0", "ERROR: Removal of physical interface is not permitted.\n"},
      {"global (outside) 1 interface", nullptr},  // not in 8.3 and later
  };
  for (const auto& [line, error] : bad) {
    const ApplyResult r = s.Do(line);
    EXPECT_FALSE(r.ok()) << line;
    if (error != nullptr) {
      EXPECT_EQ(r.ErrorText(0), error) << line;
    }
    EXPECT_EQ(s.conf.Print(), before) << line;
  }
  s.Ok("interface GigabitEthernet0/2");
  EXPECT_EQ(s.Error("nameif inside"), "ERROR: Name \"inside\" has been assigned to interface GigabitEthernet0/1\n");
}

// Every word that is wrong by its form gets the caret, whatever kind of token refuses it.
TEST(Configuration, WrongWordsGetTheCaret) {
  Session s;
  s.TwoInterfaces();
  const auto wrong = [&](const char* line, std::size_t column) {
    EXPECT_EQ(s.Error(line), std::string(column, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n") << line;
  };
  wrong("timeout xlate 1:2", 14);
  wrong("timeout foo 1:00:00", 9);  // the f of floating-conn is right
  wrong("prompt foo", 7);
  wrong("prompt hostname foo", 16);
  wrong("logging host inside 10.1.1.9 udp/x", 29);
  wrong("clock summer-time X foo", 20);
  s.Ok("interface GigabitEthernet0/1");
  wrong("ip address 2001:db8::1 255.255.255.0", 11);
  s.All({"object network o", "host 10.1.1.9"});
  wrong("nat (inside,outside) static 198.51.100.9 service sctp 80 80", 49);
  wrong("nat (inside,outside) static 198.51.100.9 service tcp 80x 80", 53);
  s.Ok("object-group network g");
  wrong("network-object any", 15);
  s.Ok("object-group protocol p");
  wrong("protocol-object object o", 16);
  s.Ok("class-map c");
  wrong("match port tcp gt 5", 15);
  Session old("8.2(1)");
  old.TwoInterfaces();
  EXPECT_EQ(old.Error("static (inside,outside) tcp interface 80x 10.1.1.9 80"),
            std::string(38, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n");
}

TEST(Configuration, AListIsRenamed) {
  Session s;
  s.TwoInterfaces();
  s.All({"access-list a remark one", "access-list a extended permit tcp any any eq www", "access-list b extended permit ip any any", "access-group a in interface inside",
         "access-group b in interface outside", "access-list a rename z"});
  EXPECT_EQ(s.Section("access-list"), "access-list z remark one\naccess-list z extended permit tcp any any eq www \naccess-list b extended permit ip any any \n");
  EXPECT_NE(s.Section("access-group").find("access-group z in interface inside\n"), std::string::npos);
  EXPECT_EQ(s.Section("access-group").find("access-group a "), std::string::npos);
  const auto policy = s.conf.Compile(nullptr);
  ASSERT_TRUE(policy);
  EXPECT_EQ((*policy)->FindByName("inside")->access_in->name(), "z");
  s.Ok("access-list z line 2 extended deny udp any any");
  EXPECT_NE(s.Section("access-list").find("access-list z extended deny udp any any \naccess-list z extended permit tcp"), std::string::npos);
  EXPECT_EQ(s.Error("access-list a rename y"), "ERROR: access-list <a> does not exist\n");
  EXPECT_EQ(s.Error("access-list z rename b"), "ERROR: access-list <b> already exists\n");
  s.All({"class-map c", "match access-list b"});
  EXPECT_EQ(s.Error("access-list b rename y"), "ERROR: access-list <b> is in use: match access-list b\n");
}

TEST(Configuration, MappedAddressesAreNotTheInterfacesOwn) {
  Session s;
  s.TwoInterfaces();
  const std::string own = "ERROR: Address 198.51.100.2 overlaps with outside interface address.\nERROR: NAT Policy is not downloaded\n";
  s.All({"object network pub", "host 198.51.100.2", "object network pool", "range 198.51.100.1 198.51.100.9", "object network wide", "subnet 198.51.100.0 255.255.255.0",
         "object network four", "range 10.1.1.4 10.1.1.7", "object network o", "host 10.1.1.9"});
  const std::string before = s.conf.Print();
  EXPECT_EQ(s.Error("nat (inside,outside) static 198.51.100.2"), own);
  EXPECT_EQ(s.Error("nat (inside,outside) static pub service tcp 80 80"), own);
  EXPECT_EQ(s.Error("nat (inside,outside) dynamic pool"), own);
  EXPECT_EQ(s.Error("nat (inside,any) dynamic pub"), own);
  EXPECT_EQ(s.Error("nat (any,any) dynamic interface"), "ERROR: The interface keyword needs a specific interface, not any\n");
  s.Ok("object network four");
  EXPECT_EQ(s.Error("nat (inside,outside) static 198.51.100.0"), own);
  EXPECT_EQ(s.Error("nat (inside,outside) source static o pub"), own);
  EXPECT_EQ(s.Error("nat (inside,outside) source dynamic any pat-pool pool"), own);
  EXPECT_EQ(s.conf.Print(), before);
  s.All({"object network o", "nat (any,outside) dynamic interface", "nat (inside,inside) source static o pub", "nat (any,any) source static wide wide",
         "nat (inside,outside) source static o interface"});
}

TEST(Configuration, TimersHaveALeastValue) {
  Session s, old("9.1(1)");
  const std::string before = s.conf.Print();
  const auto wrong = [](Session& in, const char* line, std::size_t column) {
    EXPECT_EQ(in.Error(line), std::string(column, ' ') + "^\nERROR: % Invalid input detected at '^' marker.\n") << line;
  };
  for (const char* line : {"timeout conn 0:04:59", "timeout conn 0:00:01", "timeout half-closed 0:00:29", "timeout udp 0:00:59",
                           "timeout sctp 0:00:59", "timeout xlate 0:00:59", "timeout pat-xlate 0:00:29", "timeout pat-xlate 0:00:00",
                           "timeout icmp 0:00:01", "timeout sunrpc 0:00:30", "timeout tcp-proxy-reassembly 0:00:09",
                           "timeout floating-conn 0:00:29", "timeout igp stale-route 0:00:09"}) {
    wrong(s, line, std::string_view(line).rfind(' ') + 1);
  }
  wrong(s, "timeout conn 1:00:00 udp 0:00:01", 25);
  EXPECT_EQ(s.conf.Print(), before);
  s.All({"timeout conn 0:05:00 half-closed 0:00:30 udp 0:01:00 sctp 0:01:00 icmp 0:00:02", "timeout conn 0:00:00", "timeout xlate 0:01:00",
         "timeout pat-xlate 0:00:30", "timeout floating-conn 0:00:30", "timeout floating-conn 0:00:00", "timeout uauth 0:00:00"});
  wrong(old, "timeout half-closed 0:04:59", 20);
  old.Ok("timeout half-closed 0:05:00");
}

TEST(Configuration, DuplicateMembersAndElements) {
  Session s;
  s.All({"object-group network g", "network-object host 5.5.50.10"});
  EXPECT_EQ(s.Error("network-object host 5.5.50.10"),
            "WARNING: Adding obj (network-object host 5.5.50.10) to grp (g) failed; object already exists\n");
  s.Ok("access-list a extended permit ip any any");
  EXPECT_EQ(s.Do("access-list a extended permit ip any any").text, "WARNING: <a> found duplicate element\n");
  EXPECT_EQ(s.Section("access-list"), "access-list a extended permit ip any any \n");
}

TEST(Configuration, NoForms) {
  Session s;
  s.TwoInterfaces();
  const std::string clean = s.conf.Print();
  const std::pair<const char*, const char*> pairs[] = {
      {"domain-name x.org", "no domain-name"},
      {"enable password 8Ry2YjIyt7RRXU24 encrypted", "no enable password"},
      {"username u password 2KFQnbNIdI.2KYOU encrypted privilege 5", "no username u"},
      {"route outside 0.0.0.0 0.0.0.0 198.51.100.1 1", "no route outside 0.0.0.0 0.0.0.0 198.51.100.1"},
      {"logging buffered warnings", "no logging buffered"},
      {"logging enable", "no logging enable"},
      {"logging host inside 10.1.1.9", "no logging host inside 10.1.1.9"},
      {"ssh 10.0.0.0 255.0.0.0 inside", "no ssh 10.0.0.0 255.0.0.0 inside"},
      {"same-security-traffic permit intra-interface", "no same-security-traffic permit intra-interface"},
      {"sysopt connection tcpmss 1300", "no sysopt connection tcpmss"},
      {"sysopt connection timewait", "no sysopt connection timewait"},
      {"service resetinbound", "no service resetinbound"},
      {"no service resetoutbound", "service resetoutbound"},
      {"icmp deny any outside", "no icmp deny any outside"},
      {"access-list a extended permit ip any any", "no access-list a extended permit ip any any"},
      {"access-list a remark hello there", "no access-list a remark hello there"},
      {"aaa authentication ssh console LOCAL", "no aaa authentication ssh console LOCAL"},
      {"clock timezone CET 1", "no clock timezone"},
      {"name 10.0.0.1 n", "no name 10.0.0.1 n"},
      {"no logging message 302013", "logging message 302013"},
      {"terminal width 511", "terminal width 80"},
      {"object network o", "no object network o"},
      {"class-map c", "no class-map c"},
      {"policy-map p", "no policy-map p"},
      {"object-group service g tcp", "no object-group service g"},
  };
  for (const auto& [yes, no] : pairs) {
    s.Ok(yes);
    EXPECT_NE(s.conf.Print(), clean) << yes;
    s.mode.LeaveAll();
    s.Ok(no);
    EXPECT_EQ(s.conf.Print(), clean) << no;
  }
}

TEST(Configuration, ClearConfigureAll) {
  Session s;
  const std::string fresh = s.conf.Print();
  s.TwoInterfaces();
  s.All({"hostname other", "access-list a extended permit ip any any", "clear configure all"});
  EXPECT_EQ(s.Section("interface"), "");
  EXPECT_EQ(s.conf.Print(), fresh);
  EXPECT_NE(fresh.find("service-policy global_policy global"), std::string::npos);
}

constexpr char kBarePorts[] =
    "interface GigabitEthernet0/0\n shutdown\n no nameif\n no security-level\n no ip address\n"
    "!\ninterface Management0/0\n shutdown\n management-only\n no nameif\n no security-level\n no ip address\n!\n";

TEST(Configuration, TheHardwareIsAlwaysThere) {
  Session s;
  s.conf.SetHardware({"gigabitethernet0/0", "Management0/0", "Vlan10", "GigabitEthernet0/0.5"});
  const std::string fresh = s.conf.Print();
  EXPECT_EQ(s.Section("interface"), kBarePorts);
  s.All({"interface g0/0", "nameif outside", "no shutdown", "interface GigabitEthernet0/7", "clear configure all"});
  EXPECT_EQ(s.conf.Print(), fresh);
  s.conf.Load("ASA Version 9.16(4)\nhostname edge\n!\ninterface GigabitEthernet0/0\n nameif inside\n security-level 100\n"
              " ip address 10.1.1.1 255.255.255.0\n");
  const std::string loaded = s.Section("interface");
  EXPECT_NE(loaded.find(" nameif inside\n"), std::string::npos);
  EXPECT_EQ(loaded.substr(loaded.find("!\ninterface Management")), std::string(kBarePorts).substr(std::string(kBarePorts).find("!\ninterface M")));
}

TEST(Configuration, APortWhoseSubinterfacesTheFileNamesIsUp) {
  Session s;
  s.conf.SetHardware({"GigabitEthernet0/0"});
  s.conf.Load("ASA Version 9.16(4)\ninterface GigabitEthernet0/0.5\n vlan 5\n nameif inside\n");
  EXPECT_EQ(s.Section("interface").find("shutdown"), std::string::npos) << s.Section("interface");
  EXPECT_NE(s.Section("interface").find("interface GigabitEthernet0/0\n"), std::string::npos);
}

TEST(Configuration, InterfaceTypesAreShortened) {
  for (const auto& [typed, means] : {std::pair("g0/1", "GigabitEthernet0/1"), {"G0/1", "GigabitEthernet0/1"}, {"gi0/1", "GigabitEthernet0/1"},
                                     {"gig 0/1", "GigabitEthernet0/1"}, {"gb0/1", "gb-ethernet0/1"}, {"m0/0", "Management0/0"},
                                     {"e0/0", "Ethernet0/0"}, {"te0/0", "TenGigabitEthernet0/0"}}) {
    Session s;
    s.Ok(std::string("interface ") + typed);
    EXPECT_NE(s.Section("interface").find(std::string("interface ") + means + "\n"), std::string::npos) << typed;
  }
  Session s;
  EXPECT_EQ(s.Error("interface t0/1"), "ERROR: % Ambiguous command:  \"t0/1\"\n");
}

TEST(Configuration, HelpAndCompletion) {
  Session s;
  s.Ok("interface GigabitEthernet0/0");
  const auto texts = [](const HelpResult& h) {
    std::vector<std::string> v;
    for (const Hint& x : h.hints) v.push_back(x.text);
    return v;
  };
  EXPECT_THAT(texts(s.conf.Help(s.mode, "security-level ")), ::testing::ElementsAre("<0-100>"));
  EXPECT_THAT(s.conf.Complete(s.mode, "namei"), ::testing::ElementsAre("nameif"));
  EXPECT_THAT(s.conf.Complete(s.mode, "access-g"), ::testing::ElementsAre("access-group"));
  EXPECT_THAT(texts(s.conf.Help(s.mode, "access-list a extended permit tcp any any eq ")), ::testing::Contains("https"));
  EXPECT_THAT(texts(s.conf.Help(s.mode, "access-list a extended permit tcp any any ")), ::testing::IsSupersetOf({"eq", "log", "<cr>"}));
}

TEST(Configuration, PlainPasswordsAreStoredHashed) {
  Session old("8.2(1)");
  old.Ok("passwd cisco");
  EXPECT_EQ(old.Section("passwd"), "passwd 2KFQnbNIdI.2KYOU encrypted\n");
  Session s;
  s.Ok("username bob password secret privilege 15");
  EXPECT_THAT(s.Section("username"), ::testing::MatchesRegex("username bob password \\$sha512\\$5000\\$[^ ]+ pbkdf2 privilege 15\n"));
  const ConfigSettings set = s.conf.settings();
  ASSERT_EQ(set.users.size(), 1u);
  EXPECT_EQ(set.users[0].privilege, 15);
}

TEST(Configuration, LoadReportsRefusedLinesAndKeepsTheRest) {
  Configuration c;
  const LoadReport r = c.Load("ASA Version 9.16(4) \nhostname h\nfrobnicate all\nftp mode passive\nmtu x\naccess-group none global\n");
  EXPECT_EQ(r.lines, 5);
  EXPECT_EQ(r.refused, 3);
  EXPECT_EQ(r.modelled, 1);
  EXPECT_EQ(r.accepted, 1);
  ASSERT_EQ(r.reports.size(), 3u);
  EXPECT_EQ(r.reports[0].number, 3);
  EXPECT_EQ(r.reports[0].text, "frobnicate all\n  ^\nERROR: % Invalid input detected at '^' marker.\n");
  EXPECT_EQ(r.reports[2].text, "access-group none global\nERROR: access-list <none> does not exist\n");
  EXPECT_EQ(c.settings().hostname, "h");
}

TEST(Configuration, LoadRefusesWhatIsNotText) {
  using std::string_literals::operator""s;
  Configuration c;
  const LoadReport r = c.Load("ASA Version 9.16(4)\nhostname one\n! a \0\0 comment\nhost\0name two\n\0\0\0\0\nmtu \x01x\n! a \f feed\n"
                              "domain-name example.net\r\n: end\nnot read\nrub\0bish\n\0"s);
  EXPECT_EQ(r.refused, 5);
  EXPECT_EQ(Reports(r),
            "3: ! a .. comment\nERROR: not a line of text: byte 0x00 in column 5\n"
            "4: host.name two\nERROR: not a line of text: byte 0x00 in column 5\n"
            "5: ....\nERROR: not a line of text: byte 0x00 in column 1\n"
            "6: mtu .x\nERROR: not a line of text: byte 0x01 in column 5\n"
            "11: rub.bish\nERROR: not a line of text: byte 0x00 in column 4\n");
  for (const LineReport& l : r.reports) EXPECT_EQ(l.line.find('\0'), std::string::npos) << "fit to be shown";
  EXPECT_EQ(c.settings().hostname, "one");
  EXPECT_EQ(c.settings().domain, "example.net");
  // Nothing but NULs, and more than a line may hold.
  EXPECT_EQ(c.Load(std::string(100'000, '\0')).refused, 1);
  EXPECT_EQ(c.settings().hostname, "one");
}

// --- what it means ---

std::shared_ptr<const Policy> Compiled(const Configuration& c, const Policy* previous = nullptr) {
  auto p = c.Compile(previous);
  EXPECT_TRUE(p.ok());
  return *p;
}

TEST(Compile, Era9) {
  Configuration c;
  c.Load(ReadFile(Golden("era9.cfg")));
  const auto p = Compiled(c);
  const Interface* outside = p->FindByName("outside");
  const Interface* inside = p->FindByName("inside");
  const Interface* dmz = p->FindByName("dmz");
  ASSERT_TRUE(outside && inside && dmz);
  EXPECT_EQ(inside->security_level, 100);
  EXPECT_EQ(inside->mtu, 1400);
  EXPECT_EQ(dmz->hardware, "GigabitEthernet0/2.30");
  EXPECT_TRUE(p->same_security_inter);
  EXPECT_EQ(p->sysopt.tcpmss, 1300);
  EXPECT_EQ(p->timeouts.conn.seconds(), 7200);
  EXPECT_EQ(p->timeouts.udp.seconds(), 300);
  EXPECT_EQ(p->timeouts.half_closed.seconds(), 600);
  EXPECT_TRUE(p->reset_outside);
  EXPECT_TRUE(p->reset_outbound);

  const auto& acl = outside->access_in;
  ASSERT_NE(acl, nullptr);
  EXPECT_EQ(acl->lines().size(), 9u);
  EXPECT_EQ(acl->lines()[1].text, "extended permit icmp any any echo-reply");
  AclQuery q;
  q.protocol = 6;
  q.src = *IpAddress::Parse("203.0.113.1");
  q.dst = *IpAddress::Parse("10.3.0.80");
  q.dport = 80;
  ASSERT_NE(acl->Find(q), nullptr);
  EXPECT_TRUE(acl->Find(q)->permit);
  q.dst = *IpAddress::Parse("10.3.0.15");
  q.dport = 8005;
  EXPECT_TRUE(acl->Find(q)->permit);  // a range object in a group, a range of ports
  q.dport = 8011;
  EXPECT_FALSE(acl->Find(q)->permit);
  q.dport = 22;
  EXPECT_TRUE(acl->Find(q)->permit);  // service group
  q.protocol = 17;
  q.dport = 53;
  EXPECT_FALSE(acl->Find(q)->permit);

  ASSERT_EQ(p->nat.rules().size(), 4u);
  EXPECT_EQ(p->nat.rules()[0].section, 1);
  EXPECT_TRUE(p->nat.rules()[0].identity);
  EXPECT_EQ(p->nat.rules()[1].show, "(dmz) to (outside) source static web 198.51.100.80   service tcp www 8081");
  EXPECT_EQ(p->nat.rules()[1].mapped_sport.first, 8081);
  EXPECT_EQ(p->nat.rules()[2].kind, NatRule::Kind::kDynamicPat);
  EXPECT_EQ(p->nat.rules()[2].mapped_src[0].first, outside->address);
  EXPECT_EQ(p->nat.rules()[3].section, 3);

  const Route* r = p->routes.Find(*IpAddress::Parse("10.5.1.1"));
  ASSERT_NE(r, nullptr);
  EXPECT_EQ(r->metric, 20);
  EXPECT_EQ(p->routes.Find(*IpAddress::Parse("8.8.8.8"))->interface, outside->id);

  ASSERT_EQ(p->service.size(), 2u);
  EXPECT_TRUE(p->service[0].default_inspection_traffic && p->service[0].Find(InspectId::kIcmp) && p->service[0].Find(InspectId::kIcmpError));
  EXPECT_EQ(p->service[1].connection.random_sequence, false);
  EXPECT_EQ(p->service[1].connection.idle->seconds(), 4 * 3600);
  EXPECT_EQ(p->icmp.size(), 2u);
  EXPECT_EQ(p->icmp[0].type, 8);
  EXPECT_EQ(p->management.size(), 2u);
  EXPECT_EQ(p->icmp_unreachable_rate, 10);

  const ConfigSettings s = c.settings();
  EXPECT_EQ(s.hostname, "edge-fw");
  EXPECT_EQ(s.ssh_timeout_min, 30);
  EXPECT_EQ(s.banner_motd, "Authorised people only\n\n");
  EXPECT_EQ(s.logging.zone.offset_s, 3600);
  EXPECT_TRUE(s.logging.enable);
  EXPECT_EQ(s.logging.hosts[0].port, 5140);
  EXPECT_EQ(s.logging.lists.at("important").size(), 2u);
  EXPECT_EQ(s.logging.Of(LogOutput::kTrap), LogFilter::List("important"));
  EXPECT_TRUE(s.logging.messages.at(302014).disabled);
  EXPECT_EQ(s.console_authentication.at("ssh"), std::vector<std::string>{"LOCAL"});
}

TEST(Compile, Era82) {
  Configuration c;
  c.Load(ReadFile(Golden("era82.cfg")));
  const auto p = Compiled(c);
  EXPECT_FALSE(p->personality.object_nat);
  EXPECT_TRUE(p->nat.nat_control);
  const auto& rules = p->nat.rules();
  ASSERT_EQ(rules.size(), 5u);
  EXPECT_TRUE(rules[0].exempt);
  EXPECT_EQ(rules[0].section, 0);
  EXPECT_EQ(rules[1].service_protocol, 6);  // statics in the order of the configuration
  EXPECT_EQ(rules[1].real_src[0].first.ToString(), "10.0.0.5");  // by name
  EXPECT_EQ(rules[2].mapped_src[0].first.ToString(), "192.0.2.30");
  EXPECT_EQ(rules[3].kind, NatRule::Kind::kDynamic);
  EXPECT_NE(rules[3].access_list, nullptr);
  EXPECT_EQ(rules[4].kind, NatRule::Kind::kDynamicPat);
  EXPECT_TRUE(rules[4].mapped_is_interface);
  EXPECT_EQ(rules[0].show, "match ip inside 10.0.0.0 255.255.255.0 any 10.8.0.0 255.255.255.0\n    NAT exempt");
  EXPECT_EQ(rules[2].show, "match ip inside host 10.0.0.30 outside any\n    static translation to 192.0.2.30");
  EXPECT_EQ(rules[1].show, "match tcp inside host 10.0.0.5 eq 25 outside any\n    static translation to 192.0.2.25/25");
  EXPECT_THAT(rules[3].show, ::testing::StartsWith("match tcp inside "));
  EXPECT_THAT(rules[3].show, ::testing::EndsWith("\n    dynamic translation to pool 2 (192.0.2.100 - 192.0.2.120)"));
  EXPECT_EQ(rules[4].show, "match ip inside any outside any\n    dynamic translation to pool 1 (192.0.2.2 [Interface PAT])");
  EXPECT_EQ(rules[4].config, "nat (inside) 1 0.0.0.0 0.0.0.0");
}

TEST(Compile, HashesAreAnAsas) {
  Session s;
  s.TwoInterfaces();
  s.All({"access-list test extended deny udp host 10.10.10.11 host 10.10.12.12 eq 195", "access-list test extended permit ah any4 interface outside",
         "object service svc", "service tcp destination gt 1024", "object network test2", "host 1.1.1.1", "object network test3", "host 2.2.2.2",
         "object-group service svcgrp1", "service-object object svc",
         "access-list test extended permit object-group svcgrp1 object test2 object test3",
         "access-list outside extended permit icmp any any"});
  const auto p = Compiled(s.conf);
  const auto& l = *p->access_lists.at("test");
  EXPECT_EQ(l.name_hash(), 0xcb4257a3u);
  EXPECT_EQ(l.lines()[0].hash, 0xfe42d16fu);
  EXPECT_EQ(l.lines()[1].hash, 0x20db5032u);
  EXPECT_EQ(l.lines()[2].hash, 0xffc8818eu);
  EXPECT_EQ(l.elements().back().parent_hash, 0xffc8818eu);
  EXPECT_EQ(p->access_lists.at("outside")->lines()[0].hash, 0x390a154cu);
}

TEST(Compile, CountersAndRuleIdsSurviveARecompilation) {
  Session s;
  s.TwoInterfaces();
  s.All({"access-list a extended permit ip any any", "object network o", "host 10.1.1.9", "nat (inside,outside) static 198.51.100.9"});
  const auto first = Compiled(s.conf);
  first->access_lists.at("a")->elements()[0].hits->hits = 7;
  first->nat.rules()[0].hits->translate = 3;
  s.All({"access-list a line 1 extended deny tcp any any eq 23", "object network p", "host 10.1.1.5", "nat (inside,outside) static 198.51.100.5"});
  const auto second = Compiled(s.conf, first.get());
  EXPECT_EQ(second->access_lists.at("a")->elements()[1].hits->hits, 7u);
  EXPECT_EQ(second->access_lists.at("a")->elements()[0].hits->hits, 0u);
  EXPECT_EQ(second->nat.rules()[1].id, first->nat.rules()[0].id);
  EXPECT_EQ(second->nat.rules()[1].hits->translate, 3u);
  EXPECT_NE(second->nat.rules()[0].id, second->nat.rules()[1].id);
  EXPECT_EQ(second->FindByName("inside")->id, first->FindByName("inside")->id);
}

// The labs' own configurations are understood to the last line.
TEST(Configuration, LabsLoad) {
  int seen = 0;
  const auto root = std::filesystem::path(SALLYPORT_TEST_DIR) / "../labs";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no labs";
  for (const auto& f : std::filesystem::recursive_directory_iterator(root)) {
    if (f.path().extension() != ".cfg") continue;
    Configuration c;
    const LoadReport r = c.Load(ReadFile(f.path()));
    EXPECT_EQ(r.refused, 0) << f.path() << "\n" << Reports(r);
    EXPECT_TRUE(c.Compile(nullptr).ok());
    seen++;
  }
  EXPECT_GT(seen, 0);
}

TEST(Configuration, NoWithoutParametersRemovesTheLineOfItsKind) {
  Session s;
  s.TwoInterfaces();
  s.All({"object network o", "host 10.1.1.9", "nat (inside,outside) static 198.51.100.9"});
  EXPECT_EQ(s.Section("nat"), "!\nobject network o\n nat (inside,outside) static 198.51.100.9\n");
  s.Ok("no nat");
  EXPECT_EQ(s.Section("nat"), "");
  s.All({"mtu inside 1400", "no mtu inside"});
  EXPECT_EQ(s.Section("mtu"), "mtu outside 1500\nmtu inside 1500\n");
}

// A new name moves the lines that name the interface along; `no nameif` takes them away.
TEST(Configuration, RenamingAnInterface) {
  Session s;
  s.TwoInterfaces();
  s.All({"access-list inside extended permit ip any any", "access-group inside in interface inside", "route inside 10.5.0.0 255.255.0.0 10.1.1.2",
         "ssh 10.0.0.0 255.0.0.0 inside", "mtu inside 1400", "object network o", "host 10.1.1.9", "nat (inside,outside) static 198.51.100.9",
         "nat (outside,inside) source static o o", "interface GigabitEthernet0/1", "nameif office"});
  EXPECT_EQ(s.Section("access-group"), "access-group inside in interface office\n");
  EXPECT_EQ(s.Section("route"), "route office 10.5.0.0 255.255.0.0 10.1.1.2 1\n");
  EXPECT_EQ(s.Section("ssh 10.0.0.0"), "ssh 10.0.0.0 255.0.0.0 office\n");
  EXPECT_EQ(s.Section("mtu"), "mtu outside 1500\nmtu office 1400\n");
  EXPECT_EQ(s.Section("nat"), "nat (outside,office) source static o o\n!\nobject network o\n nat (office,outside) static 198.51.100.9\n");
  s.Ok("no nameif");
  EXPECT_EQ(s.Section("access-group") + s.Section("route") + s.Section("ssh 10.0.0.0") + s.Section("nat"), "");
  EXPECT_EQ(s.Section("mtu"), "mtu outside 1500\n");
}

// Ten thousand lines load, compile and find their hit; a list of that size costs no more than its lines.
TEST(Compile, TenThousandLines) {
  std::string text = "ASA Version 9.16(4) \n";
  for (int i = 0; i < 10000; i++) {
    text += "access-list big extended permit tcp host 10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".7 any eq " + std::to_string(1000 + i) + "\n";
  }
  Configuration c;
  EXPECT_EQ(c.Load(text).refused, 0);
  const auto p = Compiled(c);
  const auto& list = *p->access_lists.at("big");
  EXPECT_EQ(list.lines().size(), 10000u);
  AclQuery q;
  q.protocol = 6;
  q.src = *IpAddress::Parse("10.39.249.7");
  q.dst = *IpAddress::Parse("192.0.2.1");
  q.dport = 10999;
  ASSERT_NE(list.Find(q), nullptr);
  EXPECT_EQ(list.Find(q)->line, 9999u);
}

// An element typed again with other options changes in place; the number of lines stays.
TEST(Configuration, OptionsOfAnElementChangeInPlace) {
  Session s;
  s.All({"access-list a extended permit tcp any any eq 80", "access-list a extended deny ip any any", "access-list a extended permit tcp any any eq www log"});
  EXPECT_EQ(s.Section("access-list"), "access-list a extended permit tcp any any eq www log\naccess-list a extended deny ip any any \n");
}

// Other people's configurations: what of them is understood. Printed, not judged (that is the language's own work).
TEST(Corpus, Coverage) {
  const char* shared = std::getenv("SALLYPORT_SHARED");
  const std::filesystem::path root = shared != nullptr ? shared : std::filesystem::path(SALLYPORT_TEST_DIR) / "../../shared";
  if (!std::filesystem::exists(root / "corpus")) GTEST_SKIP() << "no shared corpus";
  int modelled = 0, accepted = 0, refused = 0;
  for (const char* folder : {"corpus/configs", "corpus/batfish/testconfigs", "corpus/batfish/parsing-tests"}) {
    if (!std::filesystem::exists(root / folder)) continue;
    for (const auto& f : std::filesystem::directory_iterator(root / folder)) {
      if (!f.is_regular_file() || f.path().extension() == ".tsv") continue;
      Configuration c;
      const LoadReport r = c.Load(ReadFile(f.path()));
      EXPECT_EQ(r.modelled + r.dormant + r.accepted + r.refused, r.lines);
      modelled += r.modelled;
      accepted += r.accepted;
      refused += r.refused;
      EXPECT_TRUE(c.Compile(nullptr).ok());
      const std::string printed = c.Print();
      Configuration again;
      again.Load(printed);
      EXPECT_EQ(again.Print(), printed) << f.path();
      if (std::getenv("SALLYPORT_REPORT") != nullptr) std::cout << f.path().filename() << "\n" << Reports(r);
    }
  }
  std::cout << "corpus: modelled " << modelled << ", accepted " << accepted << ", refused " << refused << "\n";
}

}  // namespace
}  // namespace sallyport::configuration_test
