// What the console says of AnyConnect besides sessions: `show ssl`, `show webvpn`, licences, listeners, `debug webvpn`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/show_asp_table.h"
#include "cli/show_vpn_sessiondb.h"
#include "cli/show_webvpn.h"
#include "conf/personality.h"
#include "console_fixture.h"
#include "show_golden.h"
#include "vpn/webvpn_control.h"

namespace sallyport {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kBox = R"(interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 198.51.100.1 255.255.255.0
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.1.1 255.255.255.0
)";

class FakeWebvpn final : public WebvpnControl {
 public:
  WebvpnDebug& debug() override { return debug_; }
  std::vector<std::pair<std::string, std::uint64_t>> Counters() const override { return {{"Requests", cleared ? 0 : 12}, {"Logins refused", 3}}; }
  void ClearCounters() override { cleared = true; }
  std::string SelfSigned() const override { return "RSA 2048 bits RSA-SHA256"; }
  std::optional<VpnLoadBalancingView> LoadBalancing() const override { return balancing; }
  bool cleared = false;
  std::optional<VpnLoadBalancingView> balancing;

 private:
  WebvpnDebug debug_;
};

class ShowWebvpn : public ConsoleTest {
 protected:
  void Load(const std::string& version, const std::string& rest) {
    box_.appliance->Load("ASA Version " + version + "\n" + kBox + rest);
    EXPECT_EQ(box_.appliance->Changed(), "");
  }
  std::unique_ptr<TestConsole> OpenUnpaged() {
    auto console = Open(15);
    console->Do("terminal pager 0");
    return console;
  }
  FakeWebvpn webvpn_;
};

TEST_F(ShowWebvpn, SslOfEachEra) {
  Load("8.2(5)", "ssl encryption des-sha1\nwebvpn\n enable outside\n");
  auto console = OpenUnpaged();
  // A real one of that release.
  EXPECT_THAT(console->Do("show ssl"),
              StartsWith("Accept connections using SSLv2, SSLv3 or TLSv1 and negotiate to SSLv3 or TLSv1\n"
                         "Start connections using SSLv3 and negotiate to SSLv3 or TLSv1\n"
                         "Enabled cipher order: des-sha1\n"
                         "Disabled ciphers: 3des-sha1 rc4-md5 rc4-sha1 aes128-sha1 aes256-sha1 null-sha1\n"));
  EXPECT_THAT(console->Do("show ssl"), EndsWith("No SSL trust-points configured\nCertificate authentication is not enabled\n"));
  EXPECT_THAT(console->Do("show ssl ciphers"), HasSubstr(kInvalidInput));
  Load("9.1(5)", "ssl client-version tlsv1-only\nssl server-version tlsv1\nssl encryption dhe-aes256-sha1 dhe-aes128-sha1 aes256-sha1 aes128-sha1\n"
                 "ssl certificate-authentication interface outside port 443\n");
  // As another real one.
  EXPECT_THAT(console->Do("show ssl"), StartsWith("Accept connections using SSLv2 or greater and negotiate to TLSv1\n"
                                                  "Start connections using TLSv1 only and negotiate to TLSv1 only\n"
                                                  "Enabled cipher order: dhe-aes256-sha1 dhe-aes128-sha1 aes256-sha1 aes128-sha1\n"));
  EXPECT_THAT(console->Do("show ssl"), EndsWith("Certificate authentication is enabled on interfaces: outside\n"));
  box_.appliance->UseWebvpn(webvpn_);
  Load("9.16(4)", "crypto ca trustpoint tp\n enrollment terminal\nssl server-version tlsv1.2\nssl client-version tlsv1.2\nssl trust-point tp outside\n");
  EXPECT_EQ(console->Do("show ssl"),
            "Accept connections using SSLv3 or greater and negotiate to TLSv1.2 or greater\n"
            "Start connections using TLSv1.2 and negotiate to TLSv1.2 or greater\n"
            "SSL DH Group: group14 (2048-bit modulus)\nSSL ECDH Group: group19 (256-bit EC)\n\n"
            "SSL trust-points:\n  Self-signed (RSA 2048 bits RSA-SHA256) certificate available\n  Interface outside: tp\n"
            "Certificate authentication is not enabled\n");
}

TEST_F(ShowWebvpn, CiphersByLevelAndVersion) {
  Load("9.16(4)", "ssl cipher tlsv1.2 custom \"AES256-SHA256:RC4-SHA\"\nssl cipher dtlsv1 fips\n");
  auto console = OpenUnpaged();
  const std::string high = console->Do("show ssl ciphers high");
  EXPECT_THAT(high, HasSubstr("\n  ECDHE-RSA-AES256-GCM-SHA384 (tlsv1.2, dtlsv1.2)\n"));
  EXPECT_THAT(high, Not(HasSubstr("AES128")));
  EXPECT_THAT(console->Do("show ssl ciphers all"), HasSubstr("\n  NULL-SHA (tlsv1) *\n"));
  const std::string now = console->Do("show ssl ciphers");
  EXPECT_THAT(now, HasSubstr("\ntlsv1.2 (custom): \n  AES256-SHA256\n"));
  EXPECT_THAT(now, HasSubstr("\ntlsv1 (medium): \n  DHE-RSA-AES256-SHA\n"));
  EXPECT_THAT(now, HasSubstr("\ndtlsv1 (fips): \n  DHE-RSA-AES256-SHA\n  AES256-SHA\n  DHE-RSA-AES128-SHA\n  AES128-SHA\ndtlsv1.2"));
}

TEST_F(ShowWebvpn, PackagesAliasesAndUrls) {
  const char* rest = R"(webvpn
 enable outside
 anyconnect image disk0:/anyconnect-win-3.1.01065-k9.pkg 2
 anyconnect image disk0:/anyconnect-linux-64-3.1.01065-k9.pkg 1
tunnel-group Staff type remote-access
tunnel-group Staff webvpn-attributes
 group-alias staff enable
 group-alias old disable
 group-url https://198.51.100.1/staff enable
tunnel-group Guests type remote-access
tunnel-group Guests webvpn-attributes
 group-alias guests enable
)";
  Load("9.1(5)", rest);
  std::ofstream(*box_.state.DiskPath("disk0:/anyconnect-linux-64-3.1.01065-k9.pkg")) << "PK";
  auto console = OpenUnpaged();
  const std::string packages = console->Do("show webvpn anyconnect");
  EXPECT_THAT(packages, StartsWith("1. disk0:/anyconnect-linux-64-3.1.01065-k9.pkg 1 dyn-regex=/Linux x86_64/\n  CISCO STC Linux_64\n  3,1,01065\n  "));
  EXPECT_THAT(packages, EndsWith("\n2. disk0:/anyconnect-win-3.1.01065-k9.pkg 2 dyn-regex=/Windows NT/\n  CISCO STC win2k+\n  3,1,01065\n"
                                 "  the file is not on disk0:\n\n2 AnyConnect Client(s) installed\n"));
  EXPECT_EQ(console->Do("show webvpn group-alias"),
            "Tunnel Group: Guests   Group Alias: guests enabled\nTunnel Group: Staff   Group Alias: staff enabled\nTunnel Group: Staff   Group Alias: old disabled\n");
  EXPECT_EQ(console->Do("show webvpn group-alias Guests"), "Tunnel Group: Guests   Group Alias: guests enabled\n");
  EXPECT_EQ(console->Do("show webvpn group-url"), "Tunnel Group: Staff   Group URL: https://198.51.100.1/staff enabled\n");
  EXPECT_THAT(console->Do("show webvpn svc"), HasSubstr(kInvalidInput));
  EXPECT_THAT(console->Do("show running-config webvpn"), StartsWith("webvpn\n enable outside\n anyconnect image disk0:/anyconnect-linux-64"));
  Load("8.2(5)", "webvpn\n enable outside\n svc image disk0:/anyconnect-win-2.5.2014-k9.pkg 1\n");
  EXPECT_THAT(console->Do("show webvpn svc"), EndsWith("\n1 SSL VPN Client(s) installed\n"));
}

TEST(ShowWebvpnPackages, DateOfTheFile) {
  SslPolicy::Image i;
  i.file = "anyconnect-win-3.1.01065-k9.pkg";
  i.version = "3.1.01065";
  EXPECT_EQ(ShowWebvpnPackages({{i, 1351081037}}, {}, *PersonalityOf("9.1(5)")),
            "1. disk0:/anyconnect-win-3.1.01065-k9.pkg 1 dyn-regex=/Windows NT/\n  CISCO STC win2k+\n  3,1,01065\n  Wed 10/24/2012 12:17:17.00\n\n"
            "1 AnyConnect Client(s) installed\n");
}

TEST_F(ShowWebvpn, ListenersOfThePortal) {
  Load("9.1(5)", "webvpn\n dtls port 4443\n enable outside\n enable inside tls-only\n");
  auto console = OpenUnpaged();
  const std::string sockets = console->Do("show asp table socket");
  EXPECT_THAT(sockets, HasSubstr("SSL       000101bb  LISTEN     198.51.100.1:443                             0.0.0.0:*\n"));
  EXPECT_THAT(sockets, HasSubstr("DTLS      0001115b  LISTEN     198.51.100.1:4443                            0.0.0.0:*\n"));
  EXPECT_THAT(sockets, HasSubstr("SSL       000201bb  LISTEN     10.1.1.1:443"));
  EXPECT_THAT(sockets, Not(HasSubstr("10.1.1.1:4443")));
}

TEST_F(ShowWebvpn, StatisticsAndLoadBalancing) {
  Load("9.1(5)", "webvpn\n enable outside\nvpn load-balancing\n cluster ip address 198.51.100.9\n");
  auto console = OpenUnpaged();
  EXPECT_EQ(console->Do("show webvpn statistics"), "");
  box_.appliance->UseWebvpn(webvpn_);
  EXPECT_THAT(console->Do("show webvpn statistics"), HasSubstr("Requests                                                     12\nLogins refused "));
  EXPECT_EQ(console->Do("clear webvpn statistics"), "");
  EXPECT_THAT(console->Do("show webvpn statistics"), HasSubstr("Requests                                                     0\n"));
  EXPECT_THAT(console->Do("show vpn load-balancing"), HasSubstr("\nDisabled   Backup   n/a        Disabled         0     198.51.100.9\n"));
  webvpn_.balancing.emplace();
  webvpn_.balancing->enabled = webvpn_.balancing->master = true;
  webvpn_.balancing->cluster = "198.51.100.9";
  EXPECT_THAT(console->Do("show vpn load-balancing"), HasSubstr("\nEnabled    Master   n/a        Disabled         0     198.51.100.9\n"));
}

TEST_F(ShowWebvpn, DebugIsHeardAtItsLevel) {
  box_.appliance->UseWebvpn(webvpn_);
  Load("9.1(5)", "");
  auto one = Open(15), other = Open(15);
  using What = WebvpnDebug::What;
  EXPECT_FALSE(webvpn_.debug().Hears(What::kAnyConnect, 1));
  EXPECT_EQ(one->Do("debug webvpn anyconnect 127"), "INFO: debug webvpn anyconnect enabled at level 127.\n");
  EXPECT_EQ(one->Do("debug webvpn"), "INFO: debug webvpn enabled at level 1.\n");
  EXPECT_TRUE(webvpn_.debug().Hears(What::kAnyConnect, 127));
  EXPECT_FALSE(webvpn_.debug().Hears(What::kAnyConnect, 128));
  EXPECT_FALSE(webvpn_.debug().Hears(What::kPortal, 2));
  EXPECT_EQ(one->Do("show debug"), "debug webvpn enabled at level 1\ndebug webvpn anyconnect enabled at level 127\n");
  EXPECT_EQ(other->Do("show debug"), "");
  webvpn_.debug().Say(What::kAnyConnect, 127, "Sending X-CSTP-MTU: 1399");
  webvpn_.debug().Say(What::kAnyConnect, 200, "not heard");
  EXPECT_EQ(one->log(), "Sending X-CSTP-MTU: 1399\n");
  EXPECT_EQ(other->log(), "");
  EXPECT_EQ(one->Do("no debug webvpn anyconnect"), "");
  EXPECT_FALSE(webvpn_.debug().Hears(What::kAnyConnect, 1));
  EXPECT_EQ(one->Do("undebug all"), "");
  EXPECT_EQ(one->Do("show debug"), "");
  one->Do("debug webvpn 255");
  one.reset();
  EXPECT_FALSE(webvpn_.debug().Hears(What::kPortal, 1));
}

TEST(ShowVpnLicenses, LimitsAndUse) {
  VpnStatisticsView v;
  v.capacity = 750;
  v.ssl = {2, 1, 5, 9};
  v.groups[static_cast<std::size_t>(VpnGroup::kAnyConnect)] = {2, 1, 4, 8};
  v.groups[static_cast<std::size_t>(VpnGroup::kClientless)] = {0, 0, 1, 1};
  v.ipsec = {75, 0, 75, 75};
  v.groups[static_cast<std::size_t>(VpnGroup::kSiteToSite)] = {75, 0, 75, 75};
  ExpectGolden("vpn_license_summary_premium", ShowVpnLicenses(v, {}));
  ExpectGolden("vpn_license_summary_essentials", ShowVpnLicenses(v, {100, 80, true}));
}

TEST(ShowVpnSummary, OtherClientsOfIkev2HaveTheirRow) {
  VpnStatisticsView v;
  v.capacity = 250;
  v.groups[static_cast<std::size_t>(VpnGroup::kIkev2RemoteAccess)] = {1, 0, 2, 3};
  const std::string text = ShowVpnSummary(v, *PersonalityOf("9.8(2)"));
  EXPECT_THAT(text, HasSubstr("\nGeneric IKEv2 Remote Access  :      1 :          3 :           2\n"));
  EXPECT_THAT(text, Not(HasSubstr("AnyConnect")));
  EXPECT_THAT(text, HasSubstr("\nTotal Active and Inactive    :      1             Total Cumulative :      3\n"));
}

TEST_F(ShowWebvpn, LicensesAndFilters) {
  Load("9.1(5)", "webvpn\n enable outside\nvpn-sessiondb max-other-vpn-limit 9\n");
  auto console = OpenUnpaged();
  EXPECT_THAT(console->Do("show vpn-sessiondb license-summary"), HasSubstr("Other VPN (Available by Default) :  ENABLED :"));
  const char* none = "INFO: There are presently no active sessions of the type specified\n\n";
  EXPECT_EQ(console->Do("show vpn-sessiondb detail full anyconnect filter a-ipversion v6"), none);
  EXPECT_EQ(console->Do("show vpn-sessiondb full email-proxy"), none);
  EXPECT_EQ(console->Do("show vpn-sessiondb all detail anyconnect filter ipversion v6 sort p-ipversion"), none);
  EXPECT_EQ(console->Do("show vpn-sessiondb failover l2l"), none);
  EXPECT_EQ(console->Do("show vpn-sessiondb ospfv3"), none);
  EXPECT_EQ(console->Do("show vpn-sessiondb detail summary"), console->Do("show vpn-sessiondb"));
  EXPECT_EQ(console->Do("vpn-sessiondb logoff email-proxy noconfirm"), "INFO: There are presently no active sessions of the type specified\n");
  Load("8.2(5)", "");
  EXPECT_EQ(console->Do("show vpn-sessiondb detail full l2l"), none);
  EXPECT_THAT(console->Do("show vpn-sessiondb license-summary"), HasSubstr(kInvalidInput));
}

TEST_F(ShowWebvpn, OneInterfaceInDetail) {
  Load("9.1(5)", "");
  auto console = OpenUnpaged();
  const std::string brief = console->Do("show interface outside"), detail = console->Do("show interface outside det");
  EXPECT_THAT(detail, StartsWith(brief.substr(0, 60)));
  EXPECT_THAT(detail, HasSubstr("Control Point Interface States:"));
  EXPECT_THAT(brief, Not(HasSubstr("Control Point Interface States:")));
  EXPECT_THAT(console->Do("show interface GigabitEthernet 0/0 detail"), HasSubstr("Control Point Interface States:"));
  EXPECT_THAT(console->Do("show interface nobody detail"), HasSubstr("Invalid interface"));
}

}  // namespace
}  // namespace sallyport
