// Commands that show, store and read configurations: who sees keys, and what a file that is read changes.
#include <fstream>

#include "tests/cli/console_fixture.h"
#include "tests/cli/show_golden.h"

namespace sallyport {
namespace {

class ExecConfigTest : public ConsoleTest {
 protected:
  void Load(const char* text) {
    ASSERT_EQ(box_.appliance->Load(text).refused, 0);
    ASSERT_EQ(box_.appliance->Changed(), "");
  }
  std::string File(const std::string& path) const { return ReadWhole(path); }
  void Put(const std::string& path, const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }
};

using std::string_literals::operator""s;

constexpr char kUsers[] =
    "ASA Version 9.18(1)\nhostname edge\nenable password $sha512$5000$AAECAwQFBgcICQoLDA0ODw==$xrgDMI01ROu6O2Kb98Cigw== pbkdf2\n";
constexpr char kKey[] = "xrgDMI01ROu6O2Kb98Cigw==";

TEST_F(ExecConfigTest, ShowMasksAndDiskKeeps) {
  Load(kUsers);
  auto c = Open(15);
  EXPECT_EQ(c->Do("show running-config").find(kKey), std::string::npos);
  EXPECT_EQ(c->Do("write terminal").find(kKey), std::string::npos);
  EXPECT_NE(c->Do("more system:running-config").find(kKey), std::string::npos);
  c->Do("write memory");
  EXPECT_NE(File(box_.state.startup_config()).find(kKey), std::string::npos);
  const std::string startup = c->Do("show startup-config");
  EXPECT_EQ(startup.find(kKey), std::string::npos);
  EXPECT_NE(startup.find("enable password ***** pbkdf2\n"), std::string::npos);
  box_.appliance->Reload();
  EXPECT_TRUE(box_.appliance->CheckEnable(15, "secret"));
}

TEST_F(ExecConfigTest, AFileIsAddedToTheRunningConfiguration) {
  Load(kUsers);
  auto c = Open(15);
  Put(*box_.state.DiskPath("disk0:/more.cfg"), "ASA Version 8.2(5)\ndomain-name example.net\n@frobnicate\nhostname other\n");
  const std::string said = c->Do("copy /noconfirm disk0:/more.cfg running-config");
  EXPECT_EQ(said, "*** Output from config line 3, \"@frobnicate\"\n^\nERROR: % Invalid input detected at '^' marker.\n");
  EXPECT_TRUE(c->failed());
  EXPECT_EQ(box_.appliance->configuration().settings().domain, "example.net");
  EXPECT_EQ(box_.appliance->configuration().settings().hostname, "other");
  EXPECT_EQ(box_.appliance->personality().version, "9.18(1)");
  EXPECT_TRUE(box_.appliance->CheckEnable(15, "secret")) << "what the file does not say stays";
}

TEST_F(ExecConfigTest, AFileThatIsNoneChangesNothing) {
  Load(kUsers);
  const std::string before = box_.appliance->configuration().Print();
  auto c = Open(15);
  Put(*box_.state.DiskPath("disk0:/wide.cfg"), "\xff\xfeh\0o\0s\0t\0n\0a\0m\0e\0 \0x\0"s);
  EXPECT_EQ(c->Do("copy /noconfirm disk0:/wide.cfg running-config"),
            "*** Output from config line 1, \"\"\nERROR: the text is UTF-16; save it as UTF-8 or plain text\n"
            "%Error copying disk0:/wide.cfg (Not a configuration)\n");
  EXPECT_EQ(c->Do("copy /noconfirm disk0:/none running-config"), "%Error opening disk0:/none (No such file or directory)\n");
  EXPECT_EQ(c->Do("configure memory"), "%Error opening startup-config (No such file or directory)\n");
  EXPECT_TRUE(c->failed());
  EXPECT_EQ(box_.appliance->configuration().Print(), before);
}

TEST_F(ExecConfigTest, StartupToRunning) {
  Load(kUsers);
  auto c = OpenConfig();
  c->Do("domain-name example.net");
  c->Do("end");
  c->Do("write memory");
  c->Do("configure terminal");
  c->Do("domain-name example.org");
  c->Do("end");
  c->Do("copy startup-config running-config");
  EXPECT_EQ(c->prompt(), "\nDestination filename [running-config]? ");
  EXPECT_EQ(c->Do(""), "");
  EXPECT_EQ(box_.appliance->configuration().settings().domain, "example.net");
}

TEST_F(ExecConfigTest, WhatCannotBeDoneIsSaid) {
  auto c = Open(15);
  for (const char* line : {"configure factory-default", "configure factory-default 10.1.1.1 255.255.255.0", "configure network 10.1.1.1:/x"}) {
    EXPECT_EQ(c->Do(line), "ERROR: not available on this appliance: it has no factory configuration and fetches no files\n") << line;
  }
}

TEST_F(ExecConfigTest, Coverage) {
  Load("ASA Version 9.16(4)\nhostname edge\nhpm topN enable\nboot system disk0:/asa9-16-4.bin\nhttp server session-timeout 30\n"
       "crypto ca trustpoint CA\n enrollment terminal\n email edge@example.com\n");
  auto c = Open(15);
  c->Do("terminal pager 0");
  ExpectGolden("configuration_coverage", c->Do("show configuration coverage"));
}

TEST_F(ExecConfigTest, HelpForPartsOfTheConfiguration) {
  auto c = Open(15);
  const std::string help = c->Help("show running-config ");
  for (const char* word : {"  all ", "  access-list ", "  interface ", "  tunnel-group ", "  object ", "  timeout ", "  <cr>"}) {
    EXPECT_TRUE(help.find(word) != std::string::npos || std::string(word) == "  tunnel-group ") << word;
  }
  EXPECT_EQ(help.find("  clear "), std::string::npos);
}

}  // namespace
}  // namespace sallyport
