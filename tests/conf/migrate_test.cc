// Migration of configurations of before 8.3: goldens for each kind of NAT, and both eras side by side on imagined packets - for
// the goldens, for random configurations, and for those of the corpus where it is there.
#include "conf/migrate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "conf/migrate_proof.h"
#include "conf/personality.h"
#include "tests/sanitized.h"

namespace sallyport {
namespace {

using Kind = MigrationNote::Kind;

// Under a sanitizer fewer probes. tests/conf/migration_test sends all of them through the program as it is meant to run.
constexpr bool kSlow = kSanitized;

std::string ReadFile(const std::filesystem::path& p) {
  std::ifstream in(p);
  std::ostringstream s;
  s << in.rdbuf();
  return s.str();
}
std::filesystem::path Golden(const std::string& name) { return std::filesystem::path(SALLYPORT_TEST_DIR) / "golden/conf" / name; }

Migration Migrated(const std::string& text, const char* version = "9.16(4)") {
  auto m = Migrate(text, *PersonalityOf(version));
  if (!m) throw std::runtime_error(m.error());
  return std::move(*m);
}
std::string Notes(const Migration& m) {
  std::string s;
  for (const MigrationNote& n : m.notes) s += ToString(n) + "\n";
  return s;
}
Proof Compared(const Migration& m, std::size_t limit = 4000) {
  auto p = Prove(*m.old, *m.fresh, limit);
  if (!p) throw std::runtime_error(p.error());
  return std::move(*p);
}

constexpr const char* kInterfaces =
    "ASA Version 8.2(5)\n"
    "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
    "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
    "interface GigabitEthernet0/2\n nameif dmz\n security-level 50\n ip address 172.16.1.1 255.255.255.0\n";
constexpr const char* kRoutes =
    "route outside 0.0.0.0 0.0.0.0 203.0.113.254\nroute inside 10.0.0.0 255.0.0.0 10.1.1.254\n";

// --- goldens

class MigrateGolden : public testing::TestWithParam<const char*> {};

TEST_P(MigrateGolden, PrintsAndMeansTheSame) {
  const std::string name = std::string("migrate-") + GetParam();
  const Migration m = Migrated(ReadFile(Golden(name + ".82")));
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(Golden(name + ".ok")) << m.text;
  EXPECT_EQ(m.text, ReadFile(Golden(name + ".ok")));
  Configuration again;
  EXPECT_EQ(again.Load(m.text).refused, 0);
  EXPECT_EQ(again.Checksum(), m.fresh->Checksum());
  for (const char* version : {"9.16(4)", "8.4(2)", "8.3(1)"}) {
    if (kSlow && version[0] == '8') continue;
    const Migration other = Migrated(ReadFile(Golden(name + ".82")), version);
    const Proof proof = Compared(other);
    EXPECT_TRUE(proof.agrees()) << version << "\n" << ToString(proof, false);
    EXPECT_GT(proof.rows.size(), 500u);
    EXPECT_EQ(proof.left_out, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, MigrateGolden,
                         testing::Values("static", "static-pat", "dynamic", "exempt", "policy", "control", "outside", "settings"));

// --- rules one by one

TEST(Migrate, RefusesWhatIsOfALaterReleaseAlready) {
  EXPECT_FALSE(Migrate("ASA Version 9.1(7)\nhostname x\n", *PersonalityOf("9.16(4)")));
  EXPECT_FALSE(Migrate("ASA Version 8.2(5)\nhostname x\n", *PersonalityOf("8.2(5)")));
}

TEST(Migrate, EveryLineThatIsNotCarriedOverHasItsNumber) {
  const Migration m = Migrated(std::string(kInterfaces) + "crypto frobnicate everything\nglobal (outside) 7 203.0.113.9\n");
  ASSERT_EQ(m.notes.size(), 2u) << Notes(m);
  EXPECT_EQ(m.notes[0].kind, Kind::kNotCarried);
  EXPECT_EQ(m.notes[0].line, 14);
  EXPECT_EQ(m.notes[1].kind, Kind::kInfo);
  EXPECT_EQ(m.notes[1].line, 15);
  EXPECT_NE(m.text.find("! NOT CARRIED OVER: line 14: crypto frobnicate everything ("), std::string::npos) << m.text;
}

// A static that overlaps a policy NAT behind it goes to section 1 before it, as in Cisco's guide.
TEST(Migrate, AStaticBeforeAPolicyNatKeepsItsPlace) {
  const Migration m = Migrated(std::string(kInterfaces) +
                               "access-list NET1 permit ip 10.1.1.0 255.255.255.0 198.51.100.0 255.255.255.0\n"
                               "global (outside) 100 203.0.113.130\nnat (inside) 100 access-list NET1\n"
                               "static (inside,outside) 203.0.113.129 10.1.1.6 netmask 255.255.255.255\n"
                               "static (inside,dmz) 172.16.1.7 10.1.1.7 netmask 255.255.255.255\n" + kRoutes);
  const std::size_t first = m.text.find("nat (inside,outside) source static obj-10.1.1.6 obj-203.0.113.129\n");
  const std::size_t second = m.text.find(
      "nat (inside,outside) source dynamic obj-10.1.1.0 obj-203.0.113.130 destination static obj-198.51.100.0 obj-198.51.100.0\n");
  EXPECT_NE(first, std::string::npos) << m.text;
  EXPECT_NE(second, std::string::npos) << m.text;
  EXPECT_LT(first, second);
  EXPECT_NE(m.text.find("object network obj-10.1.1.7\n nat (inside,dmz) static 172.16.1.7\n"), std::string::npos) << m.text;
  EXPECT_TRUE(Compared(m).agrees());
}

TEST(Migrate, ExemptionHasTheWordsOfItsRelease) {
  const std::string text = std::string(kInterfaces) + "access-list x permit ip 10.1.1.0 255.255.255.0 192.168.0.0 255.255.0.0\nnat (inside) 0 access-list x\n" + kRoutes;
  const std::string rule = "nat (inside,any) source static obj-10.1.1.0 obj-10.1.1.0 destination static obj-192.168.0.0 obj-192.168.0.0 ";
  EXPECT_NE(Migrated(text, "8.3(1)").text.find(rule + "unidirectional\n"), std::string::npos);
  EXPECT_NE(Migrated(text, "8.4(2)").text.find(rule + "no-proxy-arp route-lookup\n"), std::string::npos);
}

// What a new list cannot tell apart is said, and the comparison finds it.
TEST(Migrate, ALineThatNamesRealAddressesOfATranslatedHostIsAmbiguous) {
  const Migration m = Migrated(std::string(kInterfaces) +
                               "access-list outside_in permit ip any 10.1.1.0 255.255.255.0\n"
                               "static (inside,outside) 203.0.113.10 10.1.1.10 netmask 255.255.255.255\n"
                               "access-group outside_in in interface outside\n" + kRoutes);
  ASSERT_EQ(m.notes.size(), 1u) << Notes(m);
  EXPECT_EQ(m.notes[0].kind, Kind::kWarning);
  EXPECT_EQ(m.notes[0].line, 14);
  const Proof proof = Compared(m);
  EXPECT_FALSE(proof.agrees());
  for (const ProofRow& r : proof.rows) {
    if (r.result == ProofRow::Result::kDifferent) { EXPECT_EQ(r.packet.dst.ToString(), "203.0.113.10"); }
  }
}

TEST(Migrate, AHostThatIsExemptAndTranslatedIsAmbiguous) {
  const Migration m = Migrated(std::string(kInterfaces) +
                               "access-list outside_in permit tcp any host 203.0.113.10 eq www\n"
                               "access-list x permit ip 10.1.1.0 255.255.255.0 192.168.0.0 255.255.0.0\nnat (inside) 0 access-list x\n"
                               "static (inside,outside) 203.0.113.10 10.1.1.10 netmask 255.255.255.255\n"
                               "access-group outside_in in interface outside\n" + kRoutes);
  ASSERT_EQ(m.notes.size(), 1u) << Notes(m);
  EXPECT_EQ(m.notes[0].kind, Kind::kWarning);
  EXPECT_EQ(m.notes[0].line, 14);
  const Proof proof = Compared(m);
  EXPECT_FALSE(proof.agrees());
  for (const ProofRow& r : proof.rows) {
    if (r.result == ProofRow::Result::kDifferent) { EXPECT_EQ(r.packet.dst.ToString(), "10.1.1.10"); }
  }
}

TEST(Migrate, AnOutboundListThatNamesAPoolIsSaidToBeWider) {
  const Migration m = Migrated(std::string(kInterfaces) +
                               "access-list dmz_out permit ip host 172.16.1.200 any\naccess-list dmz_out permit ip host 172.16.1.211 any\n"
                               "global (dmz) 1 172.16.1.200\nnat (inside) 1 0.0.0.0 0.0.0.0\n"
                               "global (dmz) 2 172.16.1.210-172.16.1.219\nnat (inside) 2 10.1.2.0 255.255.255.0\n"
                               "access-group dmz_out out interface dmz\n" + kRoutes);
  ASSERT_EQ(m.notes.size(), 2u) << Notes(m);
  EXPECT_EQ(m.notes[0].kind, Kind::kWarning);
  EXPECT_EQ(m.notes[0].line, 14);
  EXPECT_EQ(m.notes[1].kind, Kind::kWarning);
  EXPECT_EQ(m.notes[1].line, 15);
  EXPECT_NE(m.text.find("access-list dmz_out extended permit ip 10.0.0.0 255.0.0.0 any4"), std::string::npos) << m.text;
  EXPECT_NE(m.text.find("access-list dmz_out extended permit ip host 172.16.1.211 any4"), std::string::npos) << m.text;
}

TEST(Migrate, CryptoHasTheWordsOfIkev1WhereTheGrammarKnowsBoth) {
  Configuration old(*PersonalityOf("8.2(5)")), fresh(*PersonalityOf("9.16(4)"));
  ConfigMode a, b;
  if (!old.Apply(a, "crypto isakmp policy 10").ok() || !fresh.Apply(b, "crypto ikev1 policy 10").ok()) {
    GTEST_SKIP() << "the grammar knows no IKE policies";
  }
  const Migration m = Migrated(std::string(kInterfaces) + "crypto isakmp policy 10\n authentication pre-share\n encryption 3des\n hash sha\n group 2\n lifetime 86400\n");
  EXPECT_NE(m.text.find("crypto ikev1 policy 10\n authentication pre-share\n"), std::string::npos) << m.text;
}

// --- the comparison itself

TEST(MigrateProof, FindsARuleThatIsMissing) {
  const Migration m = Migrated(ReadFile(Golden("migrate-policy.82")));
  const std::string lost = "nat (inside,outside) source static obj-10.1.2.6 obj-203.0.113.6\n";
  std::string text = m.text;
  ASSERT_NE(text.find(lost), std::string::npos) << text;
  text.erase(text.find(lost), lost.size());
  Configuration other;
  other.Load(text);
  const auto proof = Prove(*m.old, other);
  ASSERT_TRUE(proof);
  EXPECT_GT(proof->different, 0u);
}

TEST(MigrateProof, FindsAnAccessListWithMappedAddresses) {
  const Migration m = Migrated(ReadFile(Golden("migrate-static.82")));
  std::string text = m.text;
  const std::string real = "host 172.16.1.10 eq www";
  ASSERT_NE(text.find(real), std::string::npos) << text;
  text.replace(text.find(real), real.size(), "host 203.0.113.10 eq www");
  Configuration other;
  other.Load(text);
  const auto proof = Prove(*m.old, other);
  ASSERT_TRUE(proof);
  EXPECT_GT(proof->different, 0u);
}

TEST(MigrateProof, LimitLeavesOutAndSaysSo) {
  const Migration m = Migrated(ReadFile(Golden("migrate-policy.82")));
  const Proof proof = Compared(m, 100);
  EXPECT_EQ(proof.rows.size(), 100u);
  EXPECT_GT(proof.left_out, 1000u);
}

TEST(MigrateProof, AnInterfaceWithDhcpGetsAnImaginedAddress) {
  const Migration m = Migrated("ASA Version 8.2(5)\ninterface Vlan1\n nameif inside\n security-level 100\n ip address 192.168.1.1 255.255.255.0\n"
                               "interface Vlan2\n nameif outside\n security-level 0\n ip address dhcp setroute\n"
                               "global (outside) 1 interface\nnat (inside) 1 0.0.0.0 0.0.0.0\n");
  const Proof proof = Compared(m);
  EXPECT_TRUE(proof.agrees()) << ToString(proof, false);
  EXPECT_EQ(proof.imagined.size(), 3u);
  const auto translated = std::count_if(proof.rows.begin(), proof.rows.end(), [](const ProofRow& r) {
    return r.old.allow && r.old.egress == "outside" && r.old.source.address.ToString() == "192.0.0.10";
  });
  EXPECT_GT(translated, 0);
}

// --- random configurations

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string Make() {
    std::string lists, nat, groups = "access-group outside_in in interface outside\n";
    if (Chance(30)) nat += "nat-control\n";
    for (int id = 1; id <= 3; id++) Globals(id, nat);
    for (int n = Number(0, 4); n > 0; n--) Dynamic(nat);
    for (int n = Number(0, 5); n > 0; n--) Static(nat);
    const bool exempts = Chance(50);
    for (int n = exempts ? Number(1, 2) : 0; n > 0; n--) Exempt(lists, nat);
    for (int n = Number(0, 2); n > 0; n--) PolicyDynamic(lists, nat);
    for (int n = Number(0, 2); n > 0; n--) PolicyStatic(lists, nat);
    // A host that is exempt and translated is reached by two addresses, which a list of 8.3 cannot tell apart.
    if (exempts) lists += "access-list outside_in extended permit ip any any\n";
    for (int n = exempts ? 0 : Number(1, 5); n > 0; n--) Permit(lists);
    if (Chance(40)) {
      lists += "access-list dmz_out extended permit ip host " + (statically_.empty() ? "172.16.1.99" : Any(statically_)) + " any\naccess-list dmz_out extended deny tcp any any eq 22\n"
               "access-list dmz_out extended permit ip any any\n";
      groups += "access-group dmz_out out interface dmz\n";
    }
    return kInterfaces + lists + nat + groups + kRoutes;
  }

 private:
  int Number(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool Chance(int percent) { return Number(1, 100) <= percent; }
  template <typename T>
  const T& Any(const std::vector<T>& from) { return from[static_cast<std::size_t>(Number(0, static_cast<int>(from.size()) - 1))]; }

  static const std::vector<std::string>& Nets() {
    static const std::vector<std::string> kNets = {"0.0.0.0 0.0.0.0", "10.0.0.0 255.0.0.0", "10.1.0.0 255.255.0.0", "10.1.2.0 255.255.255.0",
                                                   "10.1.1.0 255.255.255.0", "10.1.2.64 255.255.255.192", "10.1.2.77 255.255.255.255"};
    return kNets;
  }
  // A mapped address that no other rule of that interface has.
  std::string Fresh(const std::string& interface) {
    const std::string a = (interface == "outside" ? "203.0.113." : "172.16.1.") + std::to_string(next_++);
    mapped_[interface].push_back(a);
    return a;
  }
  std::string Mapped(const std::string& interface) {
    const auto& all = mapped_[interface];
    return all.empty() ? interface == "outside" ? "203.0.113.1" : "172.16.1.1" : Any(all);
  }
  std::string Peer() { return Any<std::string>({"198.51.100.0 255.255.255.0", "198.51.100.64 255.255.255.192", "host 198.51.100.7", "192.168.0.0 255.255.0.0", "any", "172.16.1.0 255.255.255.0"}); }
  std::string Port() { return std::to_string(Any<int>({22, 80, 443, 8080})); }

  void Globals(int id, std::string& nat) {
    for (const std::string interface : {"outside", "dmz"}) {
      const std::string head = "global (" + interface + ") " + std::to_string(id) + " ";
      const int kind = Number(0, 5);
      if (kind == 1 || kind == 4) nat += head + "interface\n";
      if (kind == 2 || kind == 5) nat += head + Fresh(interface) + "\n";
      if (kind == 5) nat += head + Fresh(interface) + "\n";
      if (kind == 3 || kind == 4) {
        const std::string first = Fresh(interface);
        next_ += 3;
        nat += head + first + "-" + Fresh(interface) + "\n";
      }
    }
  }
  void Dynamic(std::string& nat) {
    const bool identity = Chance(20);
    const std::string interface = Chance(75) ? "inside" : "dmz";
    const std::string net = interface == "dmz" ? Any<std::string>({"172.16.1.0 255.255.255.0", "172.16.1.128 255.255.255.128", "0.0.0.0 0.0.0.0"}) : Any(Nets());
    const std::string line = "nat (" + interface + ") " + std::to_string(identity ? 0 : Number(1, 3)) + " " + net + "\n";
    if (!nets_.insert(interface + net).second) return;  // an ASA refuses the same network twice
    nat += line;
  }
  std::string Host() { return (Chance(50) ? "10.1.2." : "10.1.1.") + std::to_string(Number(60, 80)); }
  void Static(std::string& nat) {
    const std::string to = Chance(70) ? "outside" : "dmz";
    const std::string real = Host();
    const int kind = Number(0, 4);
    if (kind == 0) {
      const std::string block = std::to_string(subnet_ += 16);
      if (subnet_ > 230) return;
      nat += "static (inside," + to + ") 192.0.2." + block + " 10.1.2." + std::to_string(Number(0, 15) * 16) + " netmask 255.255.255.240\n";
    } else if (kind <= 2) {
      if (!statics_.insert(to + real).second) return;
      const std::string mapped = Fresh(to);
      if (to == "dmz") statically_.push_back(mapped);
      nat += "static (inside," + to + ") " + mapped + " " + real + " netmask 255.255.255.255\n";
    } else {
      const std::string mapped = Chance(40) ? "interface" : Fresh(to);
      const std::string port = Port(), real_port = Port();
      if (!statics_.insert(to + mapped + port).second || !statics_.insert(to + real + real_port).second) return;
      nat += "static (inside," + to + ") tcp " + mapped + " " + port + " " + real + " " + real_port + " netmask 255.255.255.255\n";
    }
  }
  void Exempt(std::string& lists, std::string& nat) {
    const std::string interface = Chance(80) ? "inside" : "dmz";
    if (!nets_.insert("exempt" + interface).second) return;
    const std::string name = "exempt_" + interface;
    for (int n = Number(1, 3); n > 0; n--) {
      lists += "access-list " + name + " extended " + (Chance(20) ? "deny" : "permit") + " ip " + Any(Nets()) + " " + Peer() + "\n";
    }
    lists += "access-list " + name + " extended permit ip " + Any(Nets()) + " 192.168.5.0 255.255.255.0\n";
    nat += "nat (" + interface + ") 0 access-list " + name + "\n";
  }
  void PolicyDynamic(std::string& lists, std::string& nat) {
    const std::string name = "policy_" + std::to_string(++policies_);
    for (int n = Number(1, 2); n > 0; n--) {
      const bool tcp = Chance(40);
      lists += "access-list " + name + " extended permit " + (tcp ? "tcp " : "ip ") + Any(Nets()) + " " + Peer() + (tcp ? " eq " + Port() : "") + "\n";
    }
    nat += "nat (inside) " + std::to_string(Number(1, 3)) + " access-list " + name + "\n";
  }
  void PolicyStatic(std::string& lists, std::string& nat) {
    const std::string name = "static_" + std::to_string(++policies_), host = Host(), to = Chance(70) ? "outside" : "dmz";
    if (!statics_.insert(to + host).second) return;  // of two mapped addresses of a host a list by real ones permits both
    for (int n = Number(1, 2); n > 0; n--) lists += "access-list " + name + " extended permit ip host " + host + " " + Peer() + "\n";
    nat += "static (inside," + to + ") " + Fresh(to) + " access-list " + name + "\n";
  }
  // Lists of that era name what is seen outside, or anything.
  void Permit(std::string& lists) {
    const std::string to = Chance(60) ? "host " + Mapped("outside") : Chance(50) ? "any" : Chance(50) ? "203.0.113.0 255.255.255.0" : "interface outside";
    const bool ports = to != "any" && Chance(60);
    lists += std::string("access-list outside_in extended ") + (Chance(80) ? "permit " : "deny ") + (ports ? "tcp " : "ip ") +
             (Chance(70) ? "any" : "198.51.100.0 255.255.255.128") + " " + to + (ports ? " eq " + Port() : "") + "\n";
  }

  std::mt19937 random_;
  int next_ = 20, subnet_ = 0, policies_ = 0;
  std::map<std::string, std::vector<std::string>> mapped_;
  std::vector<std::string> statically_;  // mapped addresses of hosts that the dmz sees
  std::set<std::string> nets_, statics_;
};

TEST(MigrateProof, AHostOfTwoMappedAddressesIsWarnedOf) {
  const Migration m = Migrated(
      "ASA Version 8.2(5)\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
      "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
      "access-list more extended permit ip host 10.1.1.5 any\n"
      "access-list outside_in extended permit ip any host 203.0.113.30\n"
      "static (inside,outside) 203.0.113.28 10.1.1.5 netmask 255.255.255.255\n"
      "static (inside,outside) 203.0.113.30 access-list more\n"
      "access-group outside_in in interface outside\n");
  bool told = false;
  for (const MigrationNote& n : m.notes) told = told || ToString(n).find("by one of its mapped addresses") != std::string::npos;
  EXPECT_TRUE(told) << m.text;
}

TEST(MigrateProof, RandomConfigurationsMeanTheSame) {
  std::size_t probes = 0, allowed = 0;
  const char* more = std::getenv("MIGRATE_SEEDS");
  for (unsigned seed = 1; seed <= (more != nullptr ? static_cast<unsigned>(std::stoul(more)) : kSlow ? 30u : 60u); seed++) {
    const std::string text = Generator(seed).Make();
    const Migration m = Migrated(text);
    for (const MigrationNote& n : m.notes) EXPECT_NE(n.kind, Kind::kNotCarried) << "seed " << seed << ": " << ToString(n) << "\n" << text;
    const Proof proof = Compared(m, kSlow ? 400 : 1500);
    EXPECT_TRUE(proof.agrees()) << "seed " << seed << "\n" << text << "\n" << m.text << "\n" << ToString(proof, false);
    probes += proof.rows.size();
    for (const ProofRow& r : proof.rows) allowed += r.old.allow ? 1 : 0;
  }
  EXPECT_GT(allowed, probes / 20);  // a comparison of refusals would prove little
}

// --- the corpus

TEST(MigrateCorpus, ConfigurationsOfThatEraMeanTheSame) {
  const char* shared = std::getenv("SALLYPORT_SHARED");
  const std::filesystem::path folder = std::filesystem::path(shared != nullptr ? shared : std::string(SALLYPORT_TEST_DIR) + "/../../shared") / "corpus/configs";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  int found = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string name = file.path().filename();
    bool wanted = false;
    for (const char* number : {"03-", "05-", "08-", "10-", "11-"}) wanted = wanted || name.starts_with(number);
    if (!wanted) continue;
    found++;
    const Migration m = Migrated(ReadFile(file.path()));
    const Proof proof = Compared(m, kSlow ? 1000 : 6000);
    EXPECT_TRUE(proof.agrees()) << name << "\n" << ToString(proof, false);
    std::cout << name << ": " << m.notes.size() << " notes, " << proof.rows.size() << " probes\n";
  }
  EXPECT_EQ(found, 5);
}

}  // namespace
}  // namespace sallyport
