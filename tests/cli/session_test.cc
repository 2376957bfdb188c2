// Modes, prompts, errors, paging, filters and help of a console session.
#include "tests/cli/console_fixture.h"

namespace sallyport {
namespace {

using Mode = DaemonFrame::Mode;

TEST_F(ConsoleTest, PromptsFollowTheMode) {
  auto c = Open();
  EXPECT_EQ(c->prompt(), "ciscoasa> ");
  OpenConfig()->Do("enable password secret");
  EXPECT_EQ(c->Do("enable"), "");
  EXPECT_EQ(c->prompt(), "Password: ");
  EXPECT_EQ(c->mode(), Mode::kPassword);
  c->Do("secret");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
  EXPECT_EQ(c->mode(), Mode::kCommand);
  c->Do("configure terminal");
  EXPECT_EQ(c->prompt(), "ciscoasa(config)# ");
  EXPECT_EQ(c->Do("interface GigabitEthernet0/0"), "");
  EXPECT_EQ(c->prompt(), "ciscoasa(config-if)# ");
  c->Do("exit");
  EXPECT_EQ(c->prompt(), "ciscoasa(config)# ");
  c->Do("exit");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
  c->Do("disable");
  EXPECT_EQ(c->prompt(), "ciscoasa> ");
  EXPECT_EQ(c->Do("exit"), "\nLogoff\n\n");
  EXPECT_TRUE(c->gone());
}

TEST_F(ConsoleTest, EndAndCtrlZLeaveConfigurationMode) {
  auto c = OpenConfig();
  c->Do("interface GigabitEthernet0/0");
  c->Do("end");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
  c->Do("conf t");
  c->Do("", /*end=*/true);
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
  c->Do("conf t");
  c->Do("hostname edge", /*end=*/true);  // the line is carried out first
  EXPECT_EQ(c->prompt(), "edge# ");
}

TEST_F(ConsoleTest, PromptHonoursHostnameAndPromptCommand) {
  auto c = OpenConfig();
  EXPECT_EQ(c->Do("hostname edge"), "");
  EXPECT_EQ(c->prompt(), "edge(config)# ");
  c->Do("domain-name example.net");
  c->Do("prompt hostname domain");
  EXPECT_EQ(c->prompt(), "edge/example.net(config)# ");
}

TEST_F(ConsoleTest, CommandsByPrivilegeLevel) {
  auto c = OpenConfig();
  for (const char* line : {"enable password five level 5", "privilege cmd level 5 mode exec command configure",
                           "privilege cmd level 5 mode configure command hostname", "aaa authorization command LOCAL"}) {
    EXPECT_EQ(c->Do(line), "") << line;
  }
  c->Do("end");
  c->Do("disable");
  c->Do("enable 5");
  EXPECT_EQ(c->Do("wrong"), "Invalid password\n");
  c->Do("five");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
  EXPECT_EQ(c->Do("write memory"), "Command authorization failed\n");
  EXPECT_EQ(c->Do("configure terminal"), "");
  EXPECT_EQ(c->Do("domain-name example.net"), "Command authorization failed\n");
  EXPECT_EQ(c->Do("hostname edge"), "");
  EXPECT_EQ(c->prompt(), "edge(config)# ");
}

TEST_F(ConsoleTest, EnablePassword) {
  auto c = OpenConfig();
  EXPECT_EQ(c->Do("enable password secret"), "");
  c->Do("end");
  c->Do("disable");
  c->Do("enable");
  EXPECT_EQ(c->Do("wrong"), "Invalid password\n");
  EXPECT_EQ(c->mode(), Mode::kPassword);
  EXPECT_EQ(c->Do("wrong"), "Invalid password\n");
  EXPECT_EQ(c->Do("wrong"), "Invalid password\nAccess denied.\n");
  EXPECT_EQ(c->prompt(), "ciscoasa> ");
  c->Do("enable");
  c->Do("secret");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
}

TEST_F(ConsoleTest, LoginAsALocalUser) {
  auto c = OpenConfig();
  c->Do("username anna password secret privilege 15");
  c->Do("end");
  c->Do("disable");
  c->Do("login");
  EXPECT_EQ(c->prompt(), "Username: ");
  c->Do("anna");
  EXPECT_EQ(c->prompt(), "Password: ");
  c->Do("secret");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
  EXPECT_EQ(c->Do("show curpriv"), "Username : anna\nCurrent privilege level : 15\nCurrent Mode/s : P_PRIV\n");
}

TEST_F(ConsoleTest, TheFirstEnableSetsThePassword) {
  auto c = Open();
  EXPECT_EQ(c->Do("enable"), "The enable password is not set.  Please set it now.\n");
  EXPECT_EQ(c->prompt(), "Enter  Password: ");
  EXPECT_EQ(c->mode(), Mode::kPassword);
  EXPECT_EQ(c->Do("looking"), "");
  EXPECT_EQ(c->prompt(), "Repeat Password: ");
  EXPECT_EQ(c->Do("lucking"), "ERROR: Passwords do not match\n");
  EXPECT_EQ(c->prompt(), "ciscoasa> ");
  for (const char* bad : {"", "two words"}) {
    c->Do("enable");
    c->Do(bad);
    EXPECT_TRUE(c->Do(bad).starts_with("ERROR: ")) << bad;
    EXPECT_EQ(c->prompt(), "ciscoasa> ");
  }
  c->Do("enable");
  c->Do("looking");
  EXPECT_EQ(c->Do("looking"), "Note: Save your configuration so that the password persists across reboots\n"
                              "(\"write memory\" or \"copy running-config startup-config\").\n");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
  EXPECT_NE(c->Do("show running-config enable").find("enable password $sha512$"), std::string::npos);
  c->Do("disable");
  EXPECT_EQ(c->Do("enable"), "");
  EXPECT_EQ(c->prompt(), "Password: ");
  c->Do("looking");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
}

TEST_F(ConsoleTest, BeforeThatNoPasswordIsAnEmptyOne) {
  box_.appliance->Load("ASA Version 9.1(7)\n");
  auto c = Open();
  EXPECT_EQ(c->Do("enable"), "");
  EXPECT_EQ(c->prompt(), "Password: ");
  c->Do("");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
}

TEST_F(ConsoleTest, TheSharedEnablePasswordNamesNobody) {
  OpenConfig()->Do("enable password shared");
  auto c = OpenSsh();
  EXPECT_EQ(c->Do("show curpriv"), "Username : anna\nCurrent privilege level : 1\nCurrent Mode/s : P_UNPR\n");
  c->Do("enable");
  c->Do("shared");
  EXPECT_EQ(c->Do("show curpriv"), "Username : enable_15\nCurrent privilege level : 15\nCurrent Mode/s : P_PRIV\n");
  c->Do("configure terminal");
  EXPECT_EQ(c->Do("show curpriv"), "Username : enable_15\nCurrent privilege level : 15\nCurrent Mode/s : P_PRIV P_CONF\n");
}

TEST_F(ConsoleTest, EnableByTheLocalDatabase) {
  auto c = OpenConfig();
  for (const char* line : {"enable password shared", "username anna password secret privilege 15",
                           "username ben password clerk privilege 5", "username eve password guest privilege 1",
                           "aaa authentication enable console LOCAL"}) {
    EXPECT_EQ(c->Do(line), "") << line;
  }
  auto anna = OpenSsh();
  anna->Do("enable");
  EXPECT_EQ(anna->prompt(), "Password: ");
  EXPECT_EQ(anna->Do("shared"), "Invalid password\n");
  EXPECT_EQ(anna->Do("secret"), "");
  EXPECT_EQ(anna->prompt(), "ciscoasa# ");
  EXPECT_EQ(anna->Do("show curpriv"), "Username : anna\nCurrent privilege level : 15\nCurrent Mode/s : P_PRIV\n");
  // A console has no name yet, so it asks for one. Nobody gets further than the database lets him.
  auto console = Open();
  console->Do("enable");
  EXPECT_EQ(console->prompt(), "Username: ");
  console->Do("ben");
  EXPECT_EQ(console->Do("clerk"), "");
  EXPECT_EQ(console->Do("show curpriv"), "Username : ben\nCurrent privilege level : 5\nCurrent Mode/s : P_PRIV\n");
  console->Do("disable");
  console->Do("enable");
  console->Do("eve");
  EXPECT_EQ(console->Do("guest"), "Invalid password\nAccess denied.\n");
  EXPECT_EQ(console->prompt(), "ciscoasa> ");
}

TEST_F(ConsoleTest, TerminalWidthIsTheConfigurations) {
  auto c = OpenConfig();
  EXPECT_EQ(c->Do("show terminal"), "\nWidth = 80, no monitor\nterminal interactive\n");
  EXPECT_EQ(c->Do("terminal width 511"), "");
  EXPECT_EQ(Open(15)->Do("show terminal"), "\nWidth = 511, no monitor\nterminal interactive\n");
  EXPECT_EQ(c->Do("show running-config terminal"), "terminal width 511\n");
}

TEST_F(ConsoleTest, IdleSshSessionsEnd) {
  OpenConfig()->Do("ssh timeout 10");
  auto idle = OpenSsh(15), busy = OpenSsh(15);
  const auto after = [&](int seconds) {
    box_.clock.Advance(Duration::Seconds(seconds));
    box_.appliance->Tick();
  };
  after(599);
  EXPECT_FALSE(idle->gone());
  busy->Do("show mode");
  after(1);
  EXPECT_TRUE(idle->gone());
  EXPECT_EQ(*end_reason_, "disconnected by SSH server, reason: \"Time-out activated\" (0x00)");
  EXPECT_FALSE(busy->gone());
  after(598);
  EXPECT_FALSE(busy->gone());
  busy->Do("debug clock advance 1:00:00");  // who moves the clock is not idle
  EXPECT_FALSE(busy->gone());
  after(600);
  EXPECT_TRUE(busy->gone());
}

TEST_F(ConsoleTest, AConsoleIsIdleForAsLongAsItIsTold) {
  auto c = OpenConfig();
  box_.clock.Advance(Duration::Seconds(100 * 3600));
  box_.appliance->Tick();
  EXPECT_FALSE(c->gone());
  c->Do("console timeout 2");
  c->Do("logging buffered notifications");
  c->Do("logging enable");
  box_.clock.Advance(Duration::Seconds(119));
  box_.appliance->Tick();
  EXPECT_FALSE(c->gone());
  box_.clock.Advance(Duration::Seconds(1));
  box_.appliance->Tick();
  EXPECT_TRUE(c->gone());
  EXPECT_EQ(c->Printed(), "\n\nLogoff\n\n");
  EXPECT_NE(Open(15)->Do("show logging").find("%ASA-5-611104: Serial console idle timeout exceeded\n"), std::string::npos);
}

TEST_F(ConsoleTest, InterruptedPasswordGivesThePromptBack) {
  auto c = Open();
  c->Do("enable");
  c->Interrupt();
  EXPECT_EQ(c->prompt(), "ciscoasa> ");
}

TEST_F(ConsoleTest, CaretStandsUnderTheFirstCharacterThatCannotMatch) {
  auto c = Open(15);
  // "ciscoasa# show conduit": "con" begins several commands, "cond" none.
  EXPECT_EQ(c->Do("show conduit"), std::string(10 + 8, ' ') + "^\n" + kInvalidInput);
  EXPECT_TRUE(c->failed());
  EXPECT_EQ(c->Do("frobnicate"), std::string(10, ' ') + "^\n" + kInvalidInput);
  EXPECT_EQ(c->Do("show mode x"), std::string(10 + 10, ' ') + "^\n" + kInvalidInput);
  EXPECT_EQ(c->Do("show"), "ERROR: % Incomplete command\n");
  EXPECT_TRUE(c->failed());
  EXPECT_EQ(c->Do("show mode"), "Security context mode: single \n");
  EXPECT_FALSE(c->failed());
}

TEST_F(ConsoleTest, CaretInConfigurationModeCountsItsPrompt) {
  auto c = OpenConfig();
  EXPECT_EQ(c->Do("@@@"), std::string(std::string("ciscoasa(config)# ").size(), ' ') + "^\n" + kInvalidInput);
  EXPECT_TRUE(c->failed());
  EXPECT_EQ(c->prompt(), "ciscoasa(config)# ");
}

TEST_F(ConsoleTest, Ambiguity) {
  auto c = Open(15);
  EXPECT_EQ(c->Do("c"), "ERROR: % Ambiguous command:  \"c\"\n");
  EXPECT_TRUE(c->failed());
}

TEST_F(ConsoleTest, PrivilegedCommandsAreUnknownToUserExec) {
  auto c = Open();
  EXPECT_EQ(c->Do("configure terminal"), std::string(10, ' ') + "^\n" + kInvalidInput);
  EXPECT_EQ(c->Do("show running-config").find("ERROR: % Invalid input"), 10 + 5 + 2u);
  EXPECT_FALSE(c->Do("show version").empty());
}

TEST_F(ConsoleTest, ExecCommandsWorkInConfigurationModes) {
  auto c = OpenConfig();
  c->Do("interface GigabitEthernet0/0");
  EXPECT_EQ(c->Do("show mode"), "Security context mode: single \n");
  EXPECT_NE(c->Do("show clock").find("2024"), std::string::npos);
  EXPECT_EQ(c->prompt(), "ciscoasa(config-if)# ");
}

TEST_F(ConsoleTest, AcceptedLinesAreSilent) {
  auto c = OpenConfig();
  for (const char* line : {"logging enable", "logging buffered notifications", "no logging console",
                           "access-list test extended permit ip host 192.168.0.1 any", "terminal width 511", "no logging enable"}) {
    EXPECT_EQ(c->Do(line), "") << line;
    EXPECT_FALSE(c->failed()) << line;
  }
}

TEST_F(ConsoleTest, PagingByKey) {
  auto c = Open(15);
  c->Do("terminal pager 5");
  const std::string first = c->Do("show running-config");
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 5);
  EXPECT_EQ(c->prompt(), "<--- More --->");
  EXPECT_EQ(c->mode(), Mode::kKey);
  const std::string line = c->Key('\r');
  EXPECT_TRUE(line.starts_with("\r              \r"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  const std::string page = c->Key(' ');
  EXPECT_EQ(std::count(page.begin(), page.end(), '\n'), 5);
  EXPECT_EQ(c->Key('q'), "\r              \r");
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
  EXPECT_EQ(c->mode(), Mode::kCommand);
  c->Do("terminal pager 0");
  EXPECT_NE(c->Do("show running-config").find(": end"), std::string::npos);
  EXPECT_EQ(c->prompt(), "ciscoasa# ");
}

TEST_F(ConsoleTest, PagerSettings) {
  auto c = Open(15);
  EXPECT_EQ(c->Do("show pager"), "pager lines 24\n\n");
  EXPECT_EQ(c->Do("terminal pager lines 7"), "");
  EXPECT_EQ(c->Do("sh pager"), "pager lines 7\n\n");
  EXPECT_EQ(c->Do("no terminal pager"), "");
  EXPECT_EQ(c->Do("show pager"), "no pager\n\n");
}

TEST_F(ConsoleTest, FiltersOfShowCommands) {
  auto c = Open(15);
  c->Do("terminal pager 0");
  EXPECT_EQ(c->Do("show running-config | include hostname"), "hostname ciscoasa\nprompt hostname context \n");
  EXPECT_EQ(c->Do("sh run | inc ^hostname"), "hostname ciscoasa\n");
  EXPECT_EQ(c->Do("show running-config | count ^hostname"), "Number of lines which match regexp = 1\n");
  EXPECT_TRUE(c->Do("show running-config | begin prompt").starts_with("prompt hostname context"));
  EXPECT_EQ(c->Do("show mode | grep -v single"), "");
  EXPECT_EQ(c->Do("show mode | include [a").substr(0, 36), "ERROR: % Invalid regular expression:");
  EXPECT_TRUE(c->failed());
  EXPECT_EQ(c->Do("show mode |"), "ERROR: % Incomplete command\n");
  EXPECT_EQ(c->Do("show mode | frob x"), std::string(10 + 12, ' ') + "^\n" + kInvalidInput);
  // An error is seen whatever the filter says.
  EXPECT_EQ(c->Do("show conduit | include zzz"), std::string(18, ' ') + "^\n" + kInvalidInput);
}

TEST_F(ConsoleTest, HistoryKeepsTheLastTwenty) {
  auto c = Open(15);
  for (int i = 0; i < 25; i++) c->Do("show mode");
  const std::string history = c->Do("show history");
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 20);
  EXPECT_TRUE(history.ends_with("  show history\n"));
}

TEST_F(ConsoleTest, HelpAtEveryPosition) {
  auto c = Open(15);
  const std::string all = c->Help("");
  EXPECT_TRUE(all.starts_with("\nexec mode commands/options:\n")) << all;
  EXPECT_NE(all.find("\n  show "), std::string::npos);
  EXPECT_NE(c->Help("sh").find("show"), std::string::npos);
  const std::string show = c->Help("show ");
  EXPECT_NE(show.find("  conn "), std::string::npos);
  EXPECT_TRUE(show.ends_with("\n\n"));
  const std::string mode = c->Help("show mode ");
  EXPECT_NE(mode.find("|"), std::string::npos);
  EXPECT_NE(mode.find("<cr>"), std::string::npos);
  EXPECT_NE(c->Help("show mode | ").find("include"), std::string::npos);
  EXPECT_NE(c->Help("show frob ").find("^\nERROR: % Invalid input"), std::string::npos);
}

TEST_F(ConsoleTest, HelpInConfigurationModes) {
  auto c = OpenConfig();
  const std::string all = c->Help("");
  EXPECT_TRUE(all.starts_with("\nconfigure mode commands/options:\n")) << all.substr(0, 100);
  EXPECT_NE(all.find("access-list"), std::string::npos);
  EXPECT_NE(c->Help("access-list x extended ").find("permit"), std::string::npos);
}

TEST_F(ConsoleTest, Tab) {
  auto c = Open(15);
  EXPECT_EQ(c->Tab("sho"), "show ");
  EXPECT_EQ(c->Tab("sh"), "sh");  // or shun
  EXPECT_EQ(c->Do("sh curpriv"), c->Do("show curpriv"));
  EXPECT_EQ(c->Tab("show runn"), "show running-config ");
  EXPECT_EQ(c->Tab("show mode | inc"), "show mode | include ");
  EXPECT_EQ(c->Tab("show "), "show ");
  EXPECT_EQ(c->Tab("frob"), "frob");
  c->Do("conf t");
  EXPECT_EQ(c->Tab("hostn"), "hostname ");
}

TEST_F(ConsoleTest, EmptyLinesAndComments) {
  auto c = Open(15);
  EXPECT_EQ(c->Do(""), "");
  EXPECT_EQ(c->Do("   "), "");
  EXPECT_EQ(c->Do("! a comment"), "");
  EXPECT_FALSE(c->failed());
}

TEST_F(ConsoleTest, LogLinesOnMonitorSessions) {
  auto c = OpenConfig();
  c->Do("logging enable");
  c->Do("logging monitor notifications");
  c->Do("no logging console");
  c->Do("hostname quiet");
  EXPECT_EQ(c->log().find("hostname quiet"), std::string::npos);
  c->Do("terminal monitor");
  c->Do("hostname loud");
  EXPECT_NE(c->log().find("%ASA-5-111008: User 'enable_15' executed the 'hostname loud' command."), std::string::npos) << c->log();
  EXPECT_NE(c->log().find("%ASA-5-111010: User 'enable_15', running 'CLI' from IP 0.0.0.0, executed 'hostname loud'"),
            std::string::npos);
}

TEST_F(ConsoleTest, PasswordsDoNotReachTheLog) {
  auto c = OpenConfig();
  c->Do("logging enable");
  c->Do("logging buffered debugging");
  c->Do("enable password topsecret");
  c->Do("end");
  c->Do("terminal pager 0");
  EXPECT_EQ(c->Do("show logging").find("topsecret"), std::string::npos);
}

// A long list is not compiled for every line (that would be quadratic), but it is in force when anybody looks.
TEST_F(ConsoleTest, PastedAccessListIsInForceAtTheEnd) {
  auto c = OpenConfig();
  for (int i = 1; i <= 3000; i++) ASSERT_EQ(c->Do("access-list long permit tcp any any eq " + std::to_string(i)), "");
  c->Do("end");
  const auto lines = [&] {
    std::size_t n = 0;
    for (const auto& [name, list] : box_.appliance->policy()->access_lists) n += list->lines().size();
    return n;
  };
  EXPECT_EQ(lines(), 3000u);
  c->Do("configure terminal");
  c->Do("access-list long deny ip any any");
  EXPECT_NE(c->Do("show access-list long | include line 3001 ").find("access-list long line 3001 extended deny ip any any"), std::string::npos);
  EXPECT_EQ(lines(), 3001u);
}

}  // namespace
}  // namespace sallyport
