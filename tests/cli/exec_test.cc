// What the EXEC commands do, and the dialogues they hold.
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <sstream>

#include "conf/personality.h"
#include "tests/cli/console_fixture.h"

namespace sallyport {
namespace {

TEST_F(ConsoleTest, WriteMemoryWritesWhatShowRunPrints) {
  auto c = OpenConfig();
  c->Do("hostname edge");
  c->Do("end");
  c->Do("terminal pager 0");
  const std::string said = c->Do("write memory");
  EXPECT_TRUE(said.starts_with("Building configuration...\nCryptochecksum: ")) << said;
  EXPECT_TRUE(said.ends_with("[OK]\n"));
  EXPECT_NE(said.find(" bytes copied in 0."), std::string::npos);
  const auto file = ReadWholeFile(box_.state.startup_config());
  ASSERT_TRUE(file.ok());
  EXPECT_NE(file->find("\nhostname edge\n"), std::string::npos);
  EXPECT_NE(said.find(std::to_string(file->size()) + " bytes copied"), std::string::npos);
  EXPECT_EQ(c->Do("show running-config | include checksum:"), c->Do("show startup-config | include checksum:"));
}

TEST_F(ConsoleTest, WriteMemoryThatFailsSaysSo) {
  auto c = Open(15);
  std::filesystem::create_directory(box_.state.startup_config() + ".new");
  EXPECT_TRUE(c->Do("write mem").ends_with("[FAILED]\n"));
  EXPECT_TRUE(c->failed());
}

TEST_F(ConsoleTest, WriteErase) {
  auto c = Open(15);
  c->Do("write memory");
  c->Do("write erase");
  EXPECT_EQ(c->prompt(), "Erase configuration in flash memory? [confirm]");
  EXPECT_EQ(c->Do("n"), "");
  EXPECT_TRUE(std::filesystem::exists(box_.state.startup_config()));
  c->Do("write erase");
  EXPECT_EQ(c->Do(""), "[OK]\n");
  EXPECT_EQ(c->Do("show startup-config"), "No Configuration\n");
}

TEST_F(ConsoleTest, TheInterfacesSurviveAnErasedConfiguration) {
  box_.appliance->SetHardware({"GigabitEthernet0/0", "GigabitEthernet0/1"});
  auto c = OpenConfig();
  c->Do("interface g0/0");
  c->Do("nameif outside");
  c->Do("end");
  c->Do("write memory");
  c->Do("write erase");
  c->Do("");
  c->Do("reload noconfirm");
  c = Open(15);
  const std::string shown = c->Do("show running-config interface");
  EXPECT_NE(shown.find("interface GigabitEthernet0/0\n shutdown\n no nameif\n no security-level\n no ip address\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("interface GigabitEthernet0/1\n shutdown\n"), std::string::npos) << shown;
  EXPECT_NE(c->Do("show interface ip brief").find("GigabitEthernet0/1"), std::string::npos);
}

TEST_F(ConsoleTest, ObjectsAndGroupsAreTwoThings) {
  auto c = OpenConfig();
  for (const char* line : {"object network web", "host 10.1.1.80", "description the web server", "object service alt", "service tcp destination eq 8080",
                           "object-group network hosts", "network-object host 10.1.1.1", "end"}) {
    c->Do(line);
  }
  EXPECT_EQ(c->Do("show object network"), "object network web\n host 10.1.1.80\n description the web server\n");
  EXPECT_EQ(c->Do("show object service"), "object service alt\n service tcp destination eq 8080 \n");
  EXPECT_EQ(c->Do("show object id alt"), c->Do("show object service"));
  EXPECT_EQ(c->Do("show object").find("object-group"), std::string::npos);
  EXPECT_NE(c->Do("show object-group network").find("object-group network hosts"), std::string::npos);
  EXPECT_EQ(c->Do("show object id hosts"), "ERROR: object (hosts) does not exist\n");
}

TEST_F(ConsoleTest, ListsAreShownAsTheConfigurationHasThem) {
  auto c = OpenConfig();
  for (const char* line : {"access-list zeta extended permit ip any any", "access-list alpha extended permit ip any any", "access-list mid standard permit any4", "end"}) c->Do(line);
  c->Do("terminal pager 0");
  const std::string shown = c->Do("show access-list");
  const std::size_t zeta = shown.find("access-list zeta;"), alpha = shown.find("access-list alpha;"), mid = shown.find("access-list mid;");
  ASSERT_NE(mid, std::string::npos) << shown;
  EXPECT_LT(zeta, alpha);
  EXPECT_LT(alpha, mid);
  const std::string brief = c->Do("show access-list brief");
  EXPECT_LT(brief.find("access-list zeta;"), brief.find("access-list alpha;"));
}

TEST_F(ConsoleTest, TheConfigurationGoesToAFile) {
  auto c = Open(15);
  c->Do("terminal pager 0");
  c->Do("copy running-config disk0:/mine.cfg");
  EXPECT_EQ(c->prompt(), "\nSource filename [running-config]? ");
  c->Do("");
  EXPECT_EQ(c->prompt(), "\nDestination filename [mine.cfg]? ");
  EXPECT_NE(c->Do("").find(" bytes copied in "), std::string::npos);
  EXPECT_NE(c->Do("more disk0:/mine.cfg").find("hostname ciscoasa"), std::string::npos);
  EXPECT_NE(c->Do("copy /noconfirm running-config flash:other.cfg").find(" bytes copied in "), std::string::npos);
  const std::string disk = c->Do("show flash:");
  EXPECT_TRUE(disk.starts_with("--#--  --length--  -----date/time------  path\n")) << disk;
  EXPECT_NE(disk.find("  mine.cfg\n"), std::string::npos) << disk;
  EXPECT_NE(disk.find("  other.cfg\n"), std::string::npos) << disk;
  EXPECT_NE(c->Do("show file systems").find("disk0: flash:"), std::string::npos);
  c->Do("copy running-config disk0:/../x");
  c->Do("");
  EXPECT_TRUE(c->Do("").starts_with("%Error opening ")) << "not out of the folder";
  EXPECT_EQ(c->Do("show reload"), "No reload is scheduled.\n");
  EXPECT_EQ(c->Do("who") + c->Do("show who"), "");
  EXPECT_FALSE(c->failed());
}

TEST_F(ConsoleTest, AnRsaKeyIsMadeAndReplaced) {
  auto c = OpenConfig();
  const std::string path = box_.state.At("ssh_host_key");
  std::mutex mutex;
  std::condition_variable came;
  std::function<void()> posted;  // by the thread that makes the key
  box_.appliance->SetPost([&](std::function<void()> f) {
    const std::lock_guard lock(mutex);
    posted = std::move(f);
    came.notify_one();
  });
  const auto wait = [&] {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(came.wait_for(lock, std::chrono::minutes(1), [&] { return posted != nullptr; }));
    const auto f = std::exchange(posted, nullptr);
    lock.unlock();
    f();
  };
  EXPECT_EQ(c->Do("crypto key generate rsa modulus 1024"),
            "INFO: The name for the keys will be: <Default-RSA-Key>\nKeypair generation process begin. Please wait...\n");
  wait();
  const auto first = ReadWholeFile(path);
  ASSERT_TRUE(first.ok());
  EXPECT_NE(first->find("PRIVATE KEY"), std::string::npos);
  c->Do("crypto key generate rsa modulus 1024");
  EXPECT_NE(c->prompt().find("Do you really want to replace them? [yes/no]: "), std::string::npos);
  c->Do("no");
  EXPECT_EQ(*ReadWholeFile(path), *first);
  c->Do("crypto key generate rsa modulus 1024 noconfirm");
  wait();
  EXPECT_NE(*ReadWholeFile(path), *first);
  c->Do("crypto key generate rsa modulus 1000");
  EXPECT_TRUE(c->failed());
}

TEST_F(ConsoleTest, CopyRunningStartup) {
  auto c = Open(15);
  c->Do("copy running-config startup-config");
  EXPECT_EQ(c->prompt(), "\nSource filename [running-config]? ");
  EXPECT_TRUE(c->Do("").ends_with("[OK]\n"));
  EXPECT_TRUE(c->Do("copy /noconfirm running-config startup-config").ends_with("[OK]\n"));
}

TEST_F(ConsoleTest, ReloadGoesBackToTheStartupConfiguration) {
  auto c = OpenConfig();
  c->Do("hostname saved");
  c->Do("write memory");
  c->Do("hostname unsaved");
  c->Do("end");
  c->Do("reload");
  EXPECT_EQ(c->prompt(), "System config has been modified. Save? [Y]es/[N]o: ");
  c->Do("n");
  EXPECT_EQ(c->prompt(), "Proceed with reload? [confirm] ");
  const std::string said = c->Do("");
  EXPECT_NE(said.find("--- SHUTDOWN NOW ---"), std::string::npos);
  EXPECT_TRUE(said.ends_with("\nType help or '?' for a list of available commands.\n")) << said;
  EXPECT_EQ(c->prompt(), "saved> ");
}

TEST_F(ConsoleTest, ReloadEndsSessionsFromOutside) {
  auto console = Open(15);
  const auto alice = OpenSsh(), bob = OpenSsh(15);
  console->Do("reload noconfirm");
  EXPECT_TRUE(alice->gone());
  EXPECT_TRUE(bob->gone());
  EXPECT_FALSE(console->gone());
  const auto carol = OpenSsh(15);
  EXPECT_NE(carol->Do("reload noconfirm").find("--- SHUTDOWN NOW ---"), std::string::npos);
  EXPECT_TRUE(carol->gone());
  EXPECT_TRUE(console->gone());
}

TEST_F(ConsoleTest, FilesOfDisk0) {
  auto c = Open(15);
  c->Do("terminal pager 0");
  std::ofstream(box_.folder + "/disk0/notes.txt") << "one\ntwo\n";
  const std::string dir = c->Do("dir");
  EXPECT_TRUE(dir.starts_with("\nDirectory of disk0:/\n")) << dir;
  EXPECT_NE(dir.find("notes.txt"), std::string::npos);
  EXPECT_NE(dir.find("% free)"), std::string::npos);
  EXPECT_EQ(c->Do("more disk0:/notes.txt"), "one\ntwo\n");
  EXPECT_EQ(c->Do("more disk0:/notes.txt | include two"), "two\n");
  EXPECT_EQ(c->Do("more disk0:/../startup-config"), "%Error opening disk0:/../startup-config (No such file or directory)\n");
  c->Do("delete disk0:/notes.txt");
  EXPECT_EQ(c->prompt(), "\nDelete filename [notes.txt]? ");
  c->Do("");
  EXPECT_EQ(c->prompt(), "\nDelete disk0:/notes.txt? [confirm]");
  c->Do("");
  EXPECT_FALSE(std::filesystem::exists(box_.folder + "/disk0/notes.txt"));
  EXPECT_NE(c->Do("more system:running-config").find("Cryptochecksum"), std::string::npos) << c->prompt();
}

TEST_F(ConsoleTest, ClockMovesForward) {
  auto c = Open(15);
  EXPECT_EQ(c->Do("show clock"), "15:00:00.000 UTC Wed May 1 2024\n");
  EXPECT_EQ(c->Do("debug clock advance 1:30:05"), "");
  EXPECT_EQ(c->Do("show clock"), "16:30:05.000 UTC Wed May 1 2024\n");
}

TEST_F(ConsoleTest, SmallShows) {
  auto c = Open(15);
  EXPECT_EQ(c->Do("show mode"), "Security context mode: single \n");
  EXPECT_EQ(c->Do("show firewall"), "Firewall mode: Router\n");
  EXPECT_EQ(c->Do("show hostname"), "ciscoasa\n");
  EXPECT_EQ(c->Do("show curpriv"), "Username : enable_15\nCurrent privilege level : 15\nCurrent Mode/s : P_PRIV\n");
  EXPECT_EQ(c->Do("show conn count"), "0 in use, 0 most used\n");
  c->Do("terminal pager 0");
  EXPECT_NE(c->Do("show version").find("Cisco Adaptive Security Appliance Software Version "), std::string::npos);
  EXPECT_NE(c->Do("show memory").find("Free memory"), std::string::npos);
  EXPECT_NE(c->Do("show cpu usage").find("CPU utilization for 5 seconds = "), std::string::npos);
}

TEST_F(ConsoleTest, AccessListCounters) {
  auto c = OpenConfig();
  c->Do("access-list in extended permit tcp any host 192.0.2.1 eq www");
  EXPECT_NE(c->Do("show access-list in").find("(hitcnt=0)"), std::string::npos);
  EXPECT_TRUE(c->Do("show access-list brief").starts_with("access-list in; 1 elements; name hash: 0x"));
  EXPECT_FALSE(c->failed());
  EXPECT_EQ(c->Do("clear access-list in counters"), "");
  EXPECT_EQ(c->Do("clear access-list none counters"), "ERROR: access-list <none> does not exist\n");
  EXPECT_TRUE(c->failed());
}

TEST_F(ConsoleTest, PacketTracerWalksThePipeline) {
  auto c = OpenConfig();
  for (const char* line : {"interface GigabitEthernet0/0", "nameif outside", "ip address 203.0.113.1 255.255.255.0", "no shutdown",
                           "interface GigabitEthernet0/1", "nameif inside", "ip address 10.0.0.1 255.255.255.0", "no shutdown",
                           "end", "terminal pager 0"}) {
    c->Do(line);
  }
  const std::string out = c->Do("packet-tracer input inside tcp 10.0.0.5 1234 203.0.113.9 www");
  EXPECT_NE(out.find("Action: allow"), std::string::npos) << out;
  EXPECT_NE(out.find("output-interface: outside"), std::string::npos) << out;
  const std::string in = c->Do("packet-tracer input outside icmp 203.0.113.9 8 0 10.0.0.5 detailed");
  EXPECT_NE(in.find("Action: drop"), std::string::npos) << in;
  EXPECT_NE(in.find("(acl-drop)"), std::string::npos) << in;
  EXPECT_EQ(c->Do("show conn count"), "0 in use, 0 most used\n");  // nothing was committed
  EXPECT_EQ(c->Do("packet-tracer input nowhere tcp 10.0.0.5 1 203.0.113.9 2"), "ERROR: % Invalid interface nowhere\n");
  EXPECT_NE(c->Do("show interface ip brief").find("203.0.113.1"), std::string::npos);
  EXPECT_NE(c->Do("show nameif").find("inside"), std::string::npos);
  EXPECT_NE(c->Do("show route").find("10.0.0.0"), std::string::npos);
}

TEST_F(ConsoleTest, AComplaintOfTheMachineIsToldOnce) {
  auto c = OpenConfig();
  box_.host->complaint = "no link is mapped to GigabitEthernet0/0";
  EXPECT_EQ(c->Do("hostname a"), "WARNING: no link is mapped to GigabitEthernet0/0\n");
  EXPECT_EQ(c->Do("hostname b"), "");
  box_.host->complaint = "no link is mapped to GigabitEthernet0/1";
  EXPECT_EQ(c->Do("hostname c"), "WARNING: no link is mapped to GigabitEthernet0/1\n");
  box_.host->complaint.clear();
  EXPECT_EQ(c->Do("hostname d"), "");
  box_.host->complaint = "no link is mapped to GigabitEthernet0/1";
  EXPECT_EQ(c->Do("hostname e"), "WARNING: no link is mapped to GigabitEthernet0/1\n");
}

TEST_F(ConsoleTest, SshSessionsAndHowTheyAreProtected) {
  Session::Options options;
  options.kind = Session::Kind::kSsh;
  options.user = "anna";
  options.peer = *IpAddress::Parse("10.9.0.2");
  options.in = {"aes256-ctr", "hmac-sha2-256-etm@openssh.com"};
  options.out = {"aes128-ctr", ""};
  TestConsole ssh(box_, options);
  EXPECT_EQ(Open(15)->Do("show ssh sessions"),
            "SID Client IP       Version Mode Encryption Hmac     State            Username\n"
            "0   10.9.0.2        2.0     IN   aes256-ctr sha2-256-etm SessionStarted   anna\n"
            "                            OUT  aes128-ctr -        SessionStarted   anna\n");
}

// Users, security groups and redirections are asked for by connections that have none.
TEST_F(ConsoleTest, ConnectionsOfUsers) {
  LoadOptions options;
  options.empty_first = true;
  options.personality = PersonalityOf("9.12(2)");
  box_.appliance->Load("interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 192.0.2.1 255.255.255.0\n no shutdown\n"
                       "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n no shutdown\n",
                       options);
  (void)box_.appliance->Changed();
  const auto c = Open(15);
  c->Do("terminal pager 0");
  c->Do("packet-tracer input inside tcp 10.1.1.10 1025 192.0.2.7 80 transmit");
  EXPECT_NE(c->Do("show conn").find("192.0.2.7:80"), std::string::npos);
  for (const char* words : {"user anna", "user-group staff", "security-group name staff", "security-group tag 7", "scansafe", "user anna detail"}) {
    const std::string text = c->Do(std::string("show conn ") + words);
    EXPECT_FALSE(c->failed()) << words;
    EXPECT_TRUE(text.starts_with("1 in use, 1 most used\n")) << text;
    EXPECT_EQ(text.find("192.0.2.7"), std::string::npos) << words;
  }
  c->Do("clear conn user anna");
  EXPECT_EQ(c->Do("show conn count"), "1 in use, 1 most used\n");
}

TEST_F(ConsoleTest, PartsOfTheRunningConfiguration) {
  auto c = OpenConfig();
  for (const char* line : {"interface GigabitEthernet0/0", "nameif outside", "ip address 203.0.113.1 255.255.255.0",
                           "interface GigabitEthernet0/1", "nameif inside", "ip address 10.0.0.1 255.255.255.0",
                           "object network lan", "subnet 10.0.0.0 255.255.255.0", "nat (inside,outside) dynamic interface",
                           "access-list a extended permit ip any any", "access-list ab extended permit ip any any", "end",
                           "terminal pager 0"}) {
    c->Do(line);
    EXPECT_FALSE(c->failed()) << line;
  }
  EXPECT_EQ(c->Do("show run nat"), "!\nobject network lan\n nat (inside,outside) dynamic interface\n");
  const std::string inside = c->Do("show running-config interface GigabitEthernet0/1");
  EXPECT_TRUE(inside.starts_with("!\ninterface GigabitEthernet0/1\n nameif inside\n") ||
              inside.starts_with("interface GigabitEthernet0/1\n nameif inside\n"))
      << inside;
  for (const char* same : {"show run int gi0/1", "show run interface inside", "show run int gigabitethernet 0/1"}) {
    EXPECT_EQ(c->Do(same), inside) << same;
  }
  EXPECT_EQ(c->Do("show run interface nowhere"), "ERROR: % Invalid interface nowhere\n");
  EXPECT_TRUE(c->failed());
  EXPECT_EQ(c->Do("show run access-list a"), "access-list a extended permit ip any any \n");
  EXPECT_EQ(c->Do("show run hostname"), "hostname ciscoasa\n");
  EXPECT_NE(c->Do("show run all sysopt").find("no sysopt connection timewait\n"), std::string::npos);
  EXPECT_EQ(c->Do("show run all sysopt connection timewait"), "no sysopt connection timewait\n");
  EXPECT_EQ(c->Do("show run ipsec"), "crypto ipsec security-association pmtu-aging infinite\n");
  EXPECT_EQ(c->Do("show run crypto ipsec"), c->Do("show run ipsec"));
  EXPECT_EQ(c->Do("show run crypto map"), "");
  EXPECT_NE(c->Do("show run all tunnel-group DefaultL2LGroup").find(" isakmp keepalive threshold 10 retry 2\n"), std::string::npos);
  EXPECT_NE(c->Do("show run frob").find("^\nERROR: % Invalid input"), std::string::npos);
  EXPECT_NE(c->Help("show run ").find("access-list"), std::string::npos);
  EXPECT_NE(c->Help("show run a").find("access-group"), std::string::npos);
  EXPECT_EQ(c->Tab("show run hostn"), "show run hostname ");
}

// Whatever is printed can be asked for by its first word.
TEST_F(ConsoleTest, EveryLineHasASection) {
  auto c = Open(15);
  c->Do("terminal pager 0");
  for (const char* version : {"8.2(1)", "9.16(4)"}) {
    box_.appliance->Load(Configuration(*PersonalityOf(version)).Print());
    std::istringstream text(c->Do("show running-config"));
    int lines = 0;
    for (std::string line; std::getline(text, line);) {
      if (line.empty() || line[0] == ' ' || line[0] == ':' || line[0] == '!') continue;
      if (line.starts_with("ASA Version") || line.starts_with("Cryptochecksum")) continue;
      const std::string said = line.starts_with("no ") ? line.substr(3) : line;
      const std::string part = c->Do("show running-config " + said.substr(0, said.find(' ')));
      EXPECT_NE(part.find(line + "\n"), std::string::npos) << line << " is not in " << part;
      lines++;
    }
    EXPECT_GT(lines, 5);
  }
}

}  // namespace
}  // namespace sallyport
