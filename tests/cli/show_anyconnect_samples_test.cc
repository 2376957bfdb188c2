// The three listings of the questions and answers about AnyConnect, to the byte: sessions that have lived through what those had, driven
// by events, and shown. Ciphers that no library has any more (RC4) are named by whoever reports the tunnel; everything else is as on an
// appliance.
#include <gtest/gtest.h>

#include "cli/show_vpn_sessiondb.h"
#include "conf/personality.h"
#include "vpn/anyconnect/sessions.h"

namespace sallyport {
namespace {

// A `$` stands behind blanks at the end of a line.
std::string Exactly(std::string text) {
  std::erase(text, '$');
  return text;
}

class AnyConnectSamples : public testing::Test {
 protected:
  AnyConnectSamples() {
    sessions.Use({.release = personality.release});
    rules.idle_minutes = 2;
  }
  static Endpoint At(const char* address, std::uint16_t port) { return {*IpAddress::Parse(address), port}; }
  // The next session gets that index.
  void NextIndex(std::uint32_t index) {
    for (std::uint32_t i = 0; i + 1 < index; i++) counts.Free(counts.NewIndex());
  }
  SslSession& Login(std::int64_t wall_s, bool browser, const char* agent, std::uint16_t port) {
    SslLogin l;
    l.user = "walter";
    l.tunnel_group = l.group_policy = "My-Network";
    l.rules = rules;
    l.browser = browser;
    l.local = At("203.0.113.1", 443);
    l.peer = At("172.16.250.17", port);
    l.agent = agent;
    if (!browser) l.version = "3.1.01065";
    l.cipher = VpnCipher::kRc4;
    l.hash = VpnHash::kSha1;
    l.encapsulation = VpnEncapsulation::kTls10;
    SessionToken token;
    return sessions.Login(l, now, wall_s * 1'000'000'000, token);
  }
  void Connect(SslSession& s, std::uint16_t port) {
    if (s.assigned.IsNone()) s.assigned = *IpAddress::Parse("192.168.1.4");
    SslDetail d;
    d.tunnel.local = At("203.0.113.1", 443);
    d.tunnel.peer = At("172.16.250.17", port);
    d.tunnel.cipher = VpnCipher::kRc4;
    d.tunnel.hash = VpnHash::kSha1;
    d.tunnel.encapsulation = VpnEncapsulation::kTls10;
    d.tunnel.client_version = "Cisco AnyConnect VPN Agent for Windows 3.1.01065";
    ASSERT_NE(sessions.Advance(s, SslHappening::kConnect, d, now), 0u);
  }
  void DtlsUp(SslSession& s, std::uint16_t port) {
    SslDetail d;
    d.tunnel.local = At("203.0.113.1", 443);
    d.tunnel.peer = At("172.16.250.17", port);
    d.tunnel.cipher = VpnCipher::kAes128;
    d.tunnel.hash = VpnHash::kSha1;
    d.tunnel.encapsulation = VpnEncapsulation::kDtls10;
    d.tunnel.compression = VpnCompression::kLzs;
    ASSERT_NE(sessions.Advance(s, SslHappening::kDtlsUp, d, now), 0u);
  }
  static void Carried(SslSession& s, VpnTunnelKind kind, std::uint64_t bytes_out, std::uint64_t packets_out) {
    SslActivity& a = *s.Tunnel(kind)->activity;
    a.bytes_out = bytes_out;
    a.packets_out = packets_out;
  }
  std::string Show(bool detail) const { return ShowVpnSessions(sessions.Views(now), detail, {}, {}, personality); }

  const Personality personality = *PersonalityOf("8.4(5)");
  VpnGroupPolicy rules;
  TimePoint now;
  SeededEntropy entropy{1};
  SessionCounts counts;
  SslSessions sessions{{[](const SslSessions::Said&) {}, counts, entropy}};
};

TEST_F(AnyConnectSamples, StartedFromTheWebPage) {
  NextIndex(1435);
  SslSession& s = Login(1354313617, true, "Mozilla/5.0 (Windows NT 5.1; rv:16.0) Gecko/20100101 Firefox/16.0", 1200);
  s.portal = {329671, 31508, 210, 18, 0, 0};
  now = now + Duration::Seconds(20);
  Connect(s, 1241);
  Carried(s, VpnTunnelKind::kSslTunnel, 6094, 4);
  now = now + Duration::Seconds(4);
  DtlsUp(s, 1250);
  now = now + Duration::Seconds(10);
  EXPECT_EQ(Show(true), Exactly(R"(
Session Type: AnyConnect Detailed

Username     : walter                 Index        : 1435
Assigned IP  : 192.168.1.4            Public IP    : 172.16.250.17
Protocol     : Clientless SSL-Tunnel DTLS-Tunnel
License      : AnyConnect Premium
Encryption   : Clientless: (1)RC4  SSL-Tunnel: (1)RC4  DTLS-Tunnel: (1)AES128
Hashing      : Clientless: (1)SHA1  SSL-Tunnel: (1)SHA1  DTLS-Tunnel: (1)SHA1
Bytes Tx     : 335765                 Bytes Rx     : 31508
Pkts Tx      : 214                    Pkts Rx      : 18
Pkts Tx Drop : 0                      Pkts Rx Drop : 0
Group Policy : My-Network             Tunnel Group : My-Network
Login Time   : 22:13:37 UTC Fri Nov 30 2012
Duration     : 0h:00m:34s
Inactivity   : 0h:00m:00s
NAC Result   : Unknown
VLAN Mapping : N/A                    VLAN         : none

Clientless Tunnels: 1
SSL-Tunnel Tunnels: 1
DTLS-Tunnel Tunnels: 1

Clientless:
  Tunnel ID    : 1435.1
  Public IP    : 172.16.250.17
  Encryption   : RC4                    Hashing      : SHA1                   $
  Encapsulation: TLSv1.0                TCP Dst Port : 443                    $
  Auth Mode    : userPassword           $
  Idle Time Out: 2 Minutes              Idle TO Left : 1 Minutes              $
  Client Type  : Web Browser
  Client Ver   : Mozilla/5.0 (Windows NT 5.1; rv:16.0) Gecko/20100101 Firefox/16.0
  Bytes Tx     : 329671                 Bytes Rx     : 31508                  $
  $
SSL-Tunnel:
  Tunnel ID    : 1435.2
  Assigned IP  : 192.168.1.4            Public IP    : 172.16.250.17          $
  Encryption   : RC4                    Hashing      : SHA1                   $
  Encapsulation: TLSv1.0                TCP Src Port : 1241                   $
  TCP Dst Port : 443                    Auth Mode    : userPassword           $
  Idle Time Out: 2 Minutes              Idle TO Left : 1 Minutes              $
  Client Type  : SSL VPN Client
  Client Ver   : Cisco AnyConnect VPN Agent for Windows 3.1.01065
  Bytes Tx     : 6094                   Bytes Rx     : 0                      $
  Pkts Tx      : 4                      Pkts Rx      : 0                      $
  Pkts Tx Drop : 0                      Pkts Rx Drop : 0                      $
  $
DTLS-Tunnel:
  Tunnel ID    : 1435.3
  Assigned IP  : 192.168.1.4            Public IP    : 172.16.250.17          $
  Encryption   : AES128                 Hashing      : SHA1                   $
  Encapsulation: DTLSv1.0               Compression  : LZS                    $
  UDP Src Port : 1250                   UDP Dst Port : 443                    $
  Auth Mode    : userPassword           $
  Idle Time Out: 2 Minutes              Idle TO Left : 1 Minutes              $
  Client Type  : DTLS VPN Client
  Client Ver   : Mozilla/5.0 (Windows NT 5.1; rv:16.0) Gecko/20100101 Firefox/16.0
  Bytes Tx     : 0                      Bytes Rx     : 0                      $
  Pkts Tx      : 0                      Pkts Rx      : 0                      $
  Pkts Tx Drop : 0                      Pkts Rx Drop : 0                      $
  $
)"));
}

TEST_F(AnyConnectSamples, StartedByItself) {
  NextIndex(1436);
  SslSession& s = Login(1354313724, false, "AnyConnect Windows 3.1.01065", 1269);
  s.portal = {6122, 777, 4, 1, 0, 0};
  now = now + Duration::Seconds(2);
  Connect(s, 1272);
  Carried(s, VpnTunnelKind::kSslTunnel, 6122, 4);
  now = now + Duration::Seconds(3);
  DtlsUp(s, 1280);
  now = now + Duration::Seconds(6);
  EXPECT_EQ(Show(true), Exactly(R"(
Session Type: AnyConnect Detailed

Username     : walter                 Index        : 1436
Assigned IP  : 192.168.1.4            Public IP    : 172.16.250.17
Protocol     : AnyConnect-Parent SSL-Tunnel DTLS-Tunnel
License      : AnyConnect Premium
Encryption   : AnyConnect-Parent: (1)none  SSL-Tunnel: (1)RC4  DTLS-Tunnel: (1)AES128
Hashing      : AnyConnect-Parent: (1)none  SSL-Tunnel: (1)SHA1  DTLS-Tunnel: (1)SHA1
Bytes Tx     : 12244                  Bytes Rx     : 777
Pkts Tx      : 8                      Pkts Rx      : 1
Pkts Tx Drop : 0                      Pkts Rx Drop : 0
Group Policy : My-Network             Tunnel Group : My-Network
Login Time   : 22:15:24 UTC Fri Nov 30 2012
Duration     : 0h:00m:11s
Inactivity   : 0h:00m:00s
NAC Result   : Unknown
VLAN Mapping : N/A                    VLAN         : none

AnyConnect-Parent Tunnels: 1
SSL-Tunnel Tunnels: 1
DTLS-Tunnel Tunnels: 1

AnyConnect-Parent:
  Tunnel ID    : 1436.1
  Public IP    : 172.16.250.17
  Encryption   : none                   Hashing      : none                   $
  TCP Src Port : 1269                   TCP Dst Port : 443                    $
  Auth Mode    : userPassword           $
  Idle Time Out: 2 Minutes              Idle TO Left : 1 Minutes              $
  Client Type  : AnyConnect
  Client Ver   : 3.1.01065
  Bytes Tx     : 6122                   Bytes Rx     : 777                    $
  Pkts Tx      : 4                      Pkts Rx      : 1                      $
  Pkts Tx Drop : 0                      Pkts Rx Drop : 0                      $
  $
SSL-Tunnel:
  Tunnel ID    : 1436.2
  Assigned IP  : 192.168.1.4            Public IP    : 172.16.250.17          $
  Encryption   : RC4                    Hashing      : SHA1                   $
  Encapsulation: TLSv1.0                TCP Src Port : 1272                   $
  TCP Dst Port : 443                    Auth Mode    : userPassword           $
  Idle Time Out: 2 Minutes              Idle TO Left : 1 Minutes              $
  Client Type  : SSL VPN Client
  Client Ver   : Cisco AnyConnect VPN Agent for Windows 3.1.01065
  Bytes Tx     : 6122                   Bytes Rx     : 0                      $
  Pkts Tx      : 4                      Pkts Rx      : 0                      $
  Pkts Tx Drop : 0                      Pkts Rx Drop : 0                      $
  $
DTLS-Tunnel:
  Tunnel ID    : 1436.3
  Assigned IP  : 192.168.1.4            Public IP    : 172.16.250.17          $
  Encryption   : AES128                 Hashing      : SHA1                   $
  Encapsulation: DTLSv1.0               Compression  : LZS                    $
  UDP Src Port : 1280                   UDP Dst Port : 443                    $
  Auth Mode    : userPassword           $
  Idle Time Out: 2 Minutes              Idle TO Left : 1 Minutes              $
  Client Type  : DTLS VPN Client
  Client Ver   : 3.1.01065
  Bytes Tx     : 0                      Bytes Rx     : 0                      $
  Pkts Tx      : 0                      Pkts Rx      : 0                      $
  Pkts Tx Drop : 0                      Pkts Rx Drop : 0                      $
  $
)"));
}

// Its tunnels are gone for 66 seconds; it keeps its address, and does not show it.
TEST_F(AnyConnectSamples, Inactive) {
  NextIndex(1336);
  SslSession& s = Login(1353174176, false, "AnyConnect Windows 3.1.01065", 1269);
  s.portal = {6122, 777, 4, 1, 0, 0};
  Connect(s, 1272);
  DtlsUp(s, 1280);
  now = now + Duration::Seconds(9 * 60 + 14 - 66);
  Carried(s, VpnTunnelKind::kSslTunnel, 6795, 10);
  s.Tunnel(VpnTunnelKind::kDtlsTunnel)->activity->bytes_in = 410;
  s.Tunnel(VpnTunnelKind::kDtlsTunnel)->activity->packets_in = 6;
  ASSERT_NE(sessions.Advance(s, SslHappening::kTlsDead, {}, now), 0u);
  now = now + Duration::Seconds(66);
  EXPECT_EQ(Show(false), Exactly(R"(
Session Type: AnyConnect

Username     : walter                 Index        : 1336
Public IP    : 172.16.250.17
Protocol     : AnyConnect-Parent
License      : AnyConnect Premium
Encryption   : AnyConnect-Parent: (1)none
Hashing      : AnyConnect-Parent: (1)none
Bytes Tx     : 12917                  Bytes Rx     : 1187
Group Policy : My-Network             Tunnel Group : My-Network
Login Time   : 17:42:56 UTC Sat Nov 17 2012
Duration     : 0h:09m:14s
Inactivity   : 0h:01m:06s
NAC Result   : Unknown
VLAN Mapping : N/A                    VLAN         : none

)"));
  const std::string detail = Show(true);
  EXPECT_NE(detail.find("Pkts Tx      : 14                     Pkts Rx      : 7\n"), std::string::npos) << detail;
  EXPECT_EQ(s.assigned, *IpAddress::Parse("192.168.1.4"));
}

}  // namespace
}  // namespace sallyport
