// The kernel's network made to agree with a policy, and read back.
#include "firewall/host/host_network.h"
#include "firewall/host/link_map.h"
#include "firewall/host/netfilter_rules.h"
#include "firewall/host/proxy_arp.h"
#include "tests/host/net_fixture.h"
#include "tests/host/small_engine.h"

namespace sallyport {
namespace {

IpAddress A(const char* text) { return *IpAddress::Parse(text); }

TEST(LinkMapTest, ReadsOptions) {
  LinkMap m;
  EXPECT_TRUE(m.Add("GigabitEthernet0/0=eth1"));
  EXPECT_TRUE(m.Add("GigabitEthernet0/1.100 = eth2.100"));
  EXPECT_EQ(m.LinkFor("gigabitethernet0/0"), "eth1");
  EXPECT_EQ(m.LinkFor("GigabitEthernet0/1.100"), "eth2.100");
  EXPECT_EQ(m.LinkFor("GigabitEthernet0/1"), "");
  EXPECT_EQ(LinkMap::ParentOf("GigabitEthernet0/1.100"), "GigabitEthernet0/1");
  EXPECT_EQ(LinkMap::ParentOf("Vlan1"), "");
  EXPECT_FALSE(m.Add("GigabitEthernet0/3"));
  EXPECT_FALSE(m.Add("=eth3"));
  EXPECT_FALSE(m.Add("GigabitEthernet0/3="));
  EXPECT_FALSE(m.Add("GigabitEthernet0/3=a-name-that-is-too-long"));
  EXPECT_FALSE(m.Add("GigabitEthernet0/3=../x"));
  EXPECT_FALSE(m.Add("gigabitethernet0/0=eth9")) << "one interface, two links";
  EXPECT_FALSE(m.Add("GigabitEthernet0/3=eth1")) << "one link, two interfaces";
  EXPECT_EQ(m.entries().size(), 2u);
}

TEST(ProxyArpTest, MappedAddressesWithoutOwnAndGateways) {
  Policy p = *TwoInterfaces(1, 2);
  Interface& outside = *p.interfaces[2];
  outside.address = A("192.0.2.1");
  outside.prefix_length = 28;  // .0 to .15
  NatRule pool;
  pool.mapped_if = outside.id;
  pool.mapped_src = {{A("192.0.2.0"), A("192.0.2.15")}};
  NatRule elsewhere = pool;
  elsewhere.mapped_src = {{A("198.51.100.1"), A("198.51.100.9")}};
  NatRule quiet = pool;
  quiet.no_proxy_arp = true;
  Route r;
  r.destination = Prefix::AnyV4();
  r.gateway = A("192.0.2.14");
  r.interface = outside.id;
  p.routes = RouteTable({r});

  p.nat = NatTable({quiet, elsewhere});
  EXPECT_TRUE(ProxyArpPrefixes(p, outside).empty());
  p.nat = NatTable({pool, pool});
  int covered = 0;
  for (int host = 0; host < 16; host++) {
    int times = 0;
    for (const Prefix& prefix : ProxyArpPrefixes(p, outside)) {
      times += prefix.Contains(IpAddress::V4(A("192.0.2.0").v4() + static_cast<std::uint32_t>(host))) ? 1 : 0;
    }
    const bool expected = host != 0 && host != 15 && host != 1 && host != 14;
    EXPECT_EQ(times, expected ? 1 : 0) << "192.0.2." << host;
    covered += times;
  }
  EXPECT_EQ(covered, 12);
  EXPECT_TRUE(ProxyArpPrefixes(p, *p.interfaces[1]).empty());
  // Pools of remote users are answered for, too, but NAT knows nothing of them.
  p.nat = NatTable({quiet});
  p.user_pools = {{A("192.0.2.4"), A("192.0.2.5")}, {A("198.51.100.1"), A("198.51.100.9")}};
  EXPECT_EQ(ProxyArpPrefixes(p, outside), (std::vector<Prefix>{Prefix::Of(A("192.0.2.4"), 31)}));
  EXPECT_TRUE(ProxyArpEntries(p, outside).empty());
}

class HostNetworkTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto n = HostNetwork::Open();
    ASSERT_TRUE(n) << n.error();
    net_ = std::move(*n);
  }
  Policy FirstPolicy() {
    Policy p = *TwoInterfaces(f0_, f1_);
    for (int i : {1, 2}) {
      Interface& f = *p.interfaces[static_cast<std::size_t>(i)];
      f.hardware = "GigabitEthernet0/" + std::to_string(i - 1);
      f.address = A(i == 1 ? "10.98.1.1" : "10.98.2.1");
      f.prefix_length = 24;
    }
    Route r;
    r.destination = Prefix::Of(A("10.50.0.0"), 16);
    r.gateway = A("10.98.2.9");
    r.interface = static_cast<IfId>(2);
    Route none;
    none.destination = Prefix::Of(A("10.60.0.0"), 16);
    none.null0 = true;
    p.routes = RouteTable({r, none});
    NatRule web;
    web.mapped_if = static_cast<IfId>(2);
    web.mapped_src = {{A("10.98.2.80"), A("10.98.2.80")}};
    p.nat = NatTable({web});
    return p;
  }
  static bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

  std::unique_ptr<HostNetwork> net_;
};

TEST_F(HostNetworkTest, AppliesTwiceAndTakesBack) {
  const std::string forwarding = *ReadSysctl("net/ipv4/conf/all/send_redirects");
  const std::string before = Output("ip rule") + Output("ip route show table all") + Output("ip -4 addr");
  Policy p = FirstPolicy();
  p.interfaces[1]->mtu = 1400;
  auto changes = net_->Apply(p);
  ASSERT_TRUE(changes) << changes.error();
  EXPECT_GT(*changes, 8);
  EXPECT_TRUE(Has(Output("ip -4 addr show f0"), "10.98.1.1/24"));
  EXPECT_TRUE(Has(Output("ip link show f0"), "mtu 1400"));
  EXPECT_TRUE(Has(Output("ip route"), "10.50.0.0/16 via 10.98.2.9 dev f1"));
  EXPECT_TRUE(Has(Output("ip route"), "blackhole 10.60.0.0/16"));
  EXPECT_TRUE(Has(Output("ip route show table 5302"), "10.50.0.0/16 via 10.98.2.9 dev f1"));
  EXPECT_TRUE(Has(Output("ip route get 10.50.1.1 mark 0x53500002"), "table 5302"));
  EXPECT_EQ(*ReadSysctl("net/ipv4/conf/f0/accept_local"), "1");

  changes = net_->Apply(p);
  ASSERT_TRUE(changes) << changes.error();
  EXPECT_EQ(*changes, 0) << "applying twice changes nothing";

  // A restarted daemon knows nothing, and still finds what is ours.
  auto second = HostNetwork::Open();
  ASSERT_TRUE(second);
  changes = (*second)->Apply(p);
  ASSERT_TRUE(changes) << changes.error();
  EXPECT_EQ(*changes, 0);

  // The difference only.
  p.interfaces[1]->address = A("10.98.1.3");
  p.routes = RouteTable();
  changes = net_->Apply(p);
  ASSERT_TRUE(changes) << changes.error();
  EXPECT_FALSE(Has(Output("ip -4 addr show f0"), "10.98.1.1/24"));
  EXPECT_TRUE(Has(Output("ip -4 addr show f0"), "10.98.1.3/24"));
  EXPECT_FALSE(Has(Output("ip route"), "10.50.0.0"));
  EXPECT_FALSE(Has(Output("ip route"), "10.60.0.0"));

  p.interfaces[2]->shutdown = true;
  changes = net_->Apply(p);
  ASSERT_TRUE(changes) << changes.error();
  EXPECT_TRUE(Has(Output("ip link show f1"), "state DOWN"));
  p.interfaces[2]->shutdown = false;
  ASSERT_TRUE(net_->Apply(p));

  ASSERT_TRUE(net_->Restore());
  EXPECT_TRUE(Run("ip link set f0 down"));
  EXPECT_TRUE(Run("ip link set f1 down"));
  const std::string after = Output("ip rule") + Output("ip route show table all");
  EXPECT_EQ(after.find("53"), std::string::npos) << after;
  EXPECT_FALSE(Has(Output("ip -4 addr"), "10.98."));
  EXPECT_EQ(*ReadSysctl("net/ipv4/conf/all/send_redirects"), forwarding);
  EXPECT_EQ(*ReadSysctl("net/ipv4/conf/f0/accept_local"), "0");
}

TEST_F(HostNetworkTest, ForeignThingsStay) {
  ASSERT_TRUE(Run("ip link add other0 type veth peer name other1"));
  ASSERT_TRUE(Run("ip link set other0 up"));
  ASSERT_TRUE(Run("ip addr add 192.0.2.1/24 dev other0"));
  ASSERT_TRUE(Run("ip link set f0 up"));
  ASSERT_TRUE(Run("ip addr add 10.77.0.1/24 dev f0"));
  ASSERT_TRUE(Run("ip route add 10.78.0.0/16 via 10.77.0.9"));
  ASSERT_TRUE(Run("ip rule add fwmark 9 lookup 99"));
  const std::string other = Output("ip addr show other0");
  ASSERT_TRUE(net_->Apply(FirstPolicy()));
  ASSERT_TRUE(net_->Restore());
  EXPECT_EQ(Output("ip addr show other0"), other);
  EXPECT_TRUE(Has(Output("ip -4 addr show f0"), "10.77.0.1/24"));
  EXPECT_TRUE(Has(Output("ip route"), "10.78.0.0/16"));
  EXPECT_TRUE(Has(Output("ip rule"), "lookup 99"));
}

TEST_F(HostNetworkTest, AnswersArpForMappedAddresses) {
  ASSERT_TRUE(net_->Apply(FirstPolicy()));
  const auto asked = [this](const char* address) {
    // The ping itself need not be answered; the neighbour table tells.
    (void)RunCommand(Words("ip netns exec " + server_ + " ping -q -c 1 -W 1 " + address));
    return Has(Output("ip -n " + server_ + " neigh show " + address), "lladdr");
  };
  EXPECT_TRUE(asked("10.98.2.80"));
  EXPECT_FALSE(asked("10.98.2.81"));
}

TEST_F(HostNetworkTest, ReadsLinksAndNeighbours) {
  ASSERT_TRUE(net_->Apply(FirstPolicy()));
  ASSERT_TRUE(Run("ip netns exec " + server_ + " ping -q -c 1 -W 2 10.98.2.1"));
  const auto links = net_->Links();
  ASSERT_TRUE(links) << links.error();
  bool seen = false;
  for (const LinkInfo& l : *links) {
    if (l.index != f1_) continue;
    seen = true;
    EXPECT_EQ(l.name, "f1");
    EXPECT_TRUE(l.up);
    EXPECT_TRUE(l.running);
    EXPECT_EQ(l.mtu, 1500);
    EXPECT_GT(l.rx_packets, 0u);
    EXPECT_GT(l.tx_bytes, 0u);
    EXPECT_NE(l.mac, MacAddress{});
  }
  EXPECT_TRUE(seen);
  const auto arp = net_->Arp({f1_});
  ASSERT_TRUE(arp) << arp.error();
  ASSERT_EQ(arp->size(), 1u);
  EXPECT_EQ((*arp)[0].address, A("10.98.2.2"));
  EXPECT_LT((*arp)[0].age_seconds, 30u);
  EXPECT_FALSE((*arp)[0].permanent);
  EXPECT_TRUE(net_->Arp({f0_})->empty());
  EXPECT_EQ(*net_->ClearArp({f1_}), 1);
  EXPECT_TRUE(net_->Arp({f1_})->empty());
}

TEST_F(HostNetworkTest, SaysWhatIsMissing) {
  const auto index = net_->IndexOf("nosuch0");
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error(), "link nosuch0 does not exist");
  const auto vlan = net_->EnsureVlan("f0", 100);
  if (vlan) {
    EXPECT_EQ(*vlan, "f0.100");
    EXPECT_EQ(*net_->EnsureVlan("f0", 100), "f0.100");
    ASSERT_TRUE(net_->Restore());
    EXPECT_FALSE(net_->IndexOf("f0.100"));
  } else {
    EXPECT_TRUE(Has(vlan.error(), "f0.100: this kernel has no VLAN devices")) << vlan.error();
  }
  // One bad route does not keep the rest away.
  Policy p = FirstPolicy();
  Route bad;
  bad.destination = Prefix::Of(A("10.51.0.0"), 16);
  bad.gateway = A("10.98.2.255");  // everybody
  bad.interface = static_cast<IfId>(2);
  Route good;
  good.destination = Prefix::Of(A("10.52.0.0"), 16);
  good.gateway = A("10.98.2.9");
  good.interface = static_cast<IfId>(2);
  Route far;  // a gateway that is on no network of the link is looked for there all the same
  far.destination = Prefix::Of(A("10.53.0.0"), 16);
  far.gateway = A("172.16.0.1");
  far.interface = static_cast<IfId>(2);
  p.routes = RouteTable({bad, good, far});
  const auto r = net_->Apply(p);
  ASSERT_FALSE(r);
  const std::size_t said = r.error().find("10.51.0.0/16 via 10.98.2.255");
  EXPECT_NE(said, std::string::npos) << r.error();
  EXPECT_EQ(r.error().find("10.51.0.0/16", said + 1), std::string::npos) << "told once: " << r.error();
  EXPECT_TRUE(Has(Output("ip route"), "10.52.0.0/16"));
  EXPECT_TRUE(Has(Output("ip route"), "10.53.0.0/16 via 172.16.0.1 dev f1"));
  const auto again = net_->Apply(p);
  EXPECT_FALSE(again);
  EXPECT_TRUE(Has(Output("ip route"), "10.53.0.0/16 via 172.16.0.1 dev f1"));
}

}  // namespace
}  // namespace sallyport
