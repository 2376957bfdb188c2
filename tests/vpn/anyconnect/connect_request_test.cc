#include "vpn/anyconnect/connect_request.h"

#include <gtest/gtest.h>

#include "vpn/anyconnect/token.h"

namespace sallyport {
namespace {

HttpRequest OpenConnectRequest() {
  HttpRequest r;
  r.method = HttpRequest::Method::kConnect;
  r.target = "/CSCOSSLC/tunnel";
  r.fields = {{"Host", "10.99.1.1"},
              {"User-Agent", "Open AnyConnect VPN Agent v9.01-3"},
              {"Cookie", "webvpn=1@8192@AB12@00FF"},
              {"X-CSTP-Version", "1"},
              {"X-CSTP-Hostname", "vm"},
              {"X-CSTP-Accept-Encoding", "oc-lz4,lzs,deflate"},
              {"X-CSTP-Base-MTU", "1500"},
              {"X-CSTP-MTU", "1390"},
              {"X-CSTP-Address-Type", "IPv6,IPv4"},
              {"X-CSTP-Address", "192.168.1.4"},
              {"X-CSTP-Full-IPv6-Capability", "true"},
              {"X-CSTP-Address", "2001:db8::4"},
              {"X-DTLS-Master-Secret", std::string(96, 'A')},
              {"X-DTLS-CipherSuite", "PSK-NEGOTIATE:OC-DTLS1_2-AES256-GCM:AES128-SHA"},
              {"X-DTLS12-CipherSuite", "ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA"},
              {"X-DTLS-Accept-Encoding", "oc-lz4,lzs"}};
  return r;
}
void Replace(HttpRequest& r, const std::string& name, const std::string& value) {
  for (auto& f : r.fields) {
    if (f.first == name) f.second = value;
  }
}

TEST(ConnectRequest, OfOpenConnect) {
  const auto c = ReadConnect(OpenConnectRequest());
  ASSERT_TRUE(c);
  EXPECT_EQ(c->token, "1@8192@AB12@00FF");
  EXPECT_EQ(c->hostname, "vm");
  EXPECT_EQ(c->base_mtu, 1500u);
  EXPECT_EQ(c->mtu, 1390u);
  EXPECT_TRUE(c->wants_ipv4);
  EXPECT_TRUE(c->wants_ipv6);
  EXPECT_TRUE(c->full_ipv6);
  EXPECT_EQ(c->old_address.ToString(), "192.168.1.4");
  EXPECT_EQ(c->old_address6.ToString(), "2001:db8::4");
  EXPECT_EQ(c->tls_compressions, (std::vector<std::string>{"oc-lz4", "lzs", "deflate"}));
  EXPECT_EQ(c->dtls_master_secret.size(), 48u);
  EXPECT_EQ(c->dtls_master_secret.bytes()[47], 0xaa);
  EXPECT_EQ(c->dtls_suites.front(), "PSK-NEGOTIATE");
  EXPECT_EQ(c->dtls12_suites.size(), 2u);
  EXPECT_FALSE(c->mobile);
}

TEST(ConnectRequest, WhatIsWrong) {
  const auto with = [](const std::string& name, const std::string& value) {
    HttpRequest r = OpenConnectRequest();
    Replace(r, name, value);
    return ReadConnect(r);
  };
  EXPECT_FALSE(with("X-CSTP-Version", "2"));
  for (const char* n : {"70000", "-1", "x", "1500x", "4294967296000"}) EXPECT_FALSE(with("X-CSTP-Base-MTU", n)) << n;
  EXPECT_FALSE(with("X-CSTP-Address", "10.0.0"));
  for (const std::string& s : {std::string(95, 'A'), std::string(98, 'A'), std::string(95, 'A') + "g", std::string(94, 'A') + " A", std::string()}) {
    const auto c = with("X-DTLS-Master-Secret", s);
    ASSERT_TRUE(c);
    EXPECT_TRUE(c->dtls_master_secret.empty()) << s;
  }
  std::string many;
  for (int i = 0; i < 500; ++i) many += "AES128-SHA:";
  EXPECT_EQ(with("X-DTLS-CipherSuite", many)->dtls_suites.size(), 64u);
  EXPECT_TRUE(with("X-DTLS-CipherSuite", std::string(1000, 'A'))->dtls_suites.empty());
  EXPECT_EQ(with("X-CSTP-Hostname", "a\x01")->hostname, "a?");
  EXPECT_FALSE(with("X-CSTP-Address-Type", "IPv4")->wants_ipv6);
}

TEST(ConnectAnswer, InTheOrderOfAnAsa) {
  ConnectAnswer a;
  a.address = *IpAddress::Parse("192.168.1.4");
  a.netmask = *IpAddress::Parse("255.255.255.0");
  a.address6 = *IpAddress::Parse("2001:db8::4");
  a.prefix6 = 64;
  a.full_ipv6 = true;
  a.hostname = "asa.example.com";
  a.dns = {*IpAddress::Parse("10.1.1.53"), *IpAddress::Parse("2001:db8::53")};
  a.wins = {*IpAddress::Parse("10.1.1.54")};
  a.default_domain = "example.com\r\nX-Evil: 1";
  a.split = ConnectAnswer::Split::kInclude;
  a.networks = {Prefix::Of(*IpAddress::Parse("192.168.59.0"), 24)};
  a.split6 = ConnectAnswer::Split::kExclude;
  a.networks6 = {Prefix::Of(*IpAddress::Parse("2001:db8:1::"), 48)};
  a.split_dns = {"corp.example.com"};
  a.rekey = ConnectAnswer::Rekey::kSsl;
  a.rekey_s = 1800;
  a.banner = "Hello,\nworld";
  a.dtls.id.fill(0xab);
  a.dtls.suite = "ECDHE-RSA-AES256-GCM-SHA384";
  a.dtls.dtls12_line = true;
  a.dtls.keepalive_s = 0;
  a.dtls.compression = "lzs";
  a.tls_mtu = 1367;
  a.dtls_mtu = 1390;
  std::string id;
  for (int i = 0; i < 32; ++i) id += "AB";
  EXPECT_EQ(WriteConnectAnswer(a),
            "HTTP/1.1 200 OK\r\nX-CSTP-Version: 1\r\nX-CSTP-Protocol: Copyright (c) 2004 Cisco Systems, Inc.\r\nX-CSTP-Address: 192.168.1.4\r\n"
            "X-CSTP-Netmask: 255.255.255.0\r\nX-CSTP-Address: 2001:db8::4\r\nX-CSTP-Netmask: 2001:db8::4/64\r\nX-CSTP-Hostname: asa.example.com\r\n"
            "X-CSTP-Lease-Duration: 1209600\r\nX-CSTP-Session-Timeout: none\r\nX-CSTP-Session-Timeout-Alert-Interval: 60\r\n"
            "X-CSTP-Session-Timeout-Remaining: none\r\nX-CSTP-Idle-Timeout: 1800\r\nX-CSTP-DNS: 10.1.1.53\r\nX-CSTP-DNS: 2001:db8::53\r\n"
            "X-CSTP-NBNS: 10.1.1.54\r\nX-CSTP-Disconnected-Timeout: 1800\r\nX-CSTP-Default-Domain: example.com  X-Evil: 1\r\n"
            "X-CSTP-Split-Include: 192.168.59.0/255.255.255.0\r\nX-CSTP-Split-Exclude-IP6: 2001:db8:1::/48\r\nX-CSTP-Split-DNS: corp.example.com\r\n"
            "X-CSTP-Keep: false\r\nX-CSTP-Tunnel-All-DNS: false\r\nX-CSTP-Rekey-Time: 1800\r\nX-CSTP-Rekey-Method: ssl\r\nX-CSTP-DPD: 30\r\n"
            "X-CSTP-Keepalive: 20\r\nX-CSTP-Banner: Hello%2C%0Aworld\r\nX-CSTP-MSIE-Proxy-Lockdown: true\r\nX-CSTP-Smartcard-Removal-Disconnect: true\r\n"
            "X-DTLS-Session-ID: " + id + "\r\nX-DTLS-Port: 443\r\nX-DTLS-Keepalive: none\r\nX-DTLS-DPD: 30\r\nX-CSTP-MTU: 1367\r\nX-DTLS-MTU: 1390\r\n"
            "X-DTLS12-CipherSuite: ECDHE-RSA-AES256-GCM-SHA384\r\nX-DTLS-Content-Encoding: lzs\r\nX-CSTP-Routing-Filtering-Ignore: false\r\n"
            "X-CSTP-Quarantine: false\r\nX-CSTP-Disable-Always-On-VPN: false\r\nX-CSTP-Client-Bypass-Protocol: false\r\nX-CSTP-TCP-Keepalive: true\r\n\r\n");
}

TEST(ConnectAnswer, WithoutDtlsThereAreNoLinesOfIt) {
  ConnectAnswer a;
  a.address = *IpAddress::Parse("10.0.0.1");
  a.dtls.compression = "lzs";
  EXPECT_EQ(WriteConnectAnswer(a).find("X-DTLS"), std::string::npos);
  a.address6 = *IpAddress::Parse("2001:db8::4");
  EXPECT_NE(WriteConnectAnswer(a).find("X-CSTP-Address-IP6: 2001:db8::4/128\r\n"), std::string::npos);
  a.dtls.suite = "PSK-NEGOTIATE";
  a.dtls.psk = true;
  EXPECT_NE(WriteConnectAnswer(a).find("X-DTLS-App-ID: 0000"), std::string::npos);
  EXPECT_NE(WriteConnectAnswer(a).find("X-DTLS-CipherSuite: PSK-NEGOTIATE\r\n"), std::string::npos);
  EXPECT_EQ(WriteConnectRefusal({503, "No address available for SVC connection"}),
            "HTTP/1.1 503 Service Unavailable\r\nX-Reason: No address available for SVC connection\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(WriteConnectRefusal({401, ""}).substr(0, 26), "HTTP/1.1 401 Unauthorized\r");
}

TEST(SessionToken, FormAndCheck) {
  SeededEntropy entropy(1);
  const SessionToken a = MakeToken(1436, 2, entropy, 916), b = MakeToken(1436, 2, entropy, 916), old = MakeToken(7, 2, entropy, 804);
  EXPECT_EQ(a.text.substr(0, 11), "1436@12288@");
  EXPECT_EQ(a.text.size(), 11 + 4 + 1 + 64u);
  EXPECT_EQ(old.text.size(), std::string("7@12288@").size() + 4 + 1 + 40);
  EXPECT_NE(a.text, b.text);
  EXPECT_EQ(IndexOfToken(a.text), 1436u);
  EXPECT_TRUE(TokenMatches(a.hash, a.text));
  EXPECT_FALSE(TokenMatches(a.hash, b.text));
  for (std::size_t i = 0; i < a.text.size(); ++i) {
    std::string wrong = a.text;
    wrong[i] = wrong[i] == '1' ? '2' : '1';
    EXPECT_FALSE(TokenMatches(a.hash, wrong)) << i;
    EXPECT_FALSE(IndexOfToken(wrong) == 1436u && i > 16) << i;
  }
  for (const char* bad : {"", "@", "@@@", "1@2@3", "1@@@", "0@4096@AAAA@00", "4294967296@4096@AAAA@00", "a@b@c@d", "1"}) {
    EXPECT_FALSE(IndexOfToken(bad)) << bad;
  }
  EXPECT_FALSE(IndexOfToken(std::string(200, '1') + "@1@2@3"));
}

}  // namespace
}  // namespace sallyport
