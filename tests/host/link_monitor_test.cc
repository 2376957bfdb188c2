// Links that go down, come up, are deleted and made anew: what the kernel tells, and what a second Apply makes of it.
#include "firewall/host/link_monitor.h"

#include "firewall/host/host_network.h"
#include "tests/host/net_fixture.h"
#include "tests/host/small_engine.h"

namespace sallyport {
namespace {

class LinkMonitorTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto net = HostNetwork::Open();
    ASSERT_TRUE(net) << net.error();
    net_ = std::move(*net);
  }
  // Inside and outside with a default route by the outside link `second`.
  Policy WithDefaultRoute(int second) {
    Policy p = *TwoInterfaces(f0_, second);
    for (int i : {1, 2}) {
      Interface& f = *p.interfaces[static_cast<std::size_t>(i)];
      f.address = *IpAddress::Parse(i == 1 ? "10.98.1.1" : "10.98.2.1");
      f.prefix_length = 24;
    }
    Route r;
    r.destination = Prefix::AnyV4();
    r.gateway = *IpAddress::Parse("10.98.2.2");
    r.interface = static_cast<IfId>(2);
    p.routes = RouteTable({r});
    return p;
  }
  static bool Routed() {
    return !Output("ip route show default via 10.98.2.2 dev f1").empty() &&
           !Output("ip route show default via 10.98.2.2 dev f1 table 5302").empty();
  }
  static bool IsUp() { return !Output("ip link show dev f1 up").empty(); }

  std::unique_ptr<HostNetwork> net_;
};

TEST_F(LinkMonitorTest, TellsOfLinksByName) {
  auto monitor = LinkMonitor::Open();
  ASSERT_TRUE(monitor) << monitor.error();
  EXPECT_TRUE(monitor->Take().empty()) << "nothing has happened";
  ASSERT_TRUE(Run("ip link set f0 up"));
  ASSERT_TRUE(Readable(monitor->fd(), 3000));
  std::set<std::string> links;
  EXPECT_TRUE(Eventually([&] { return links.merge(monitor->Take().links), links.count("f0") != 0; }));
  EXPECT_EQ(links.count("f1"), 0u);
  ASSERT_TRUE(Run("ip link del f1"));
  std::set<int> deleted;
  EXPECT_TRUE(Eventually([&] {
    LinkMonitor::News news = monitor->Take();
    links.merge(news.links);
    deleted.merge(news.deleted);
    return deleted.count(f1_) != 0;
  }));
  EXPECT_EQ(links.count("f1"), 1u);
  EXPECT_EQ(deleted.count(f0_), 0u);
  while (Readable(monitor->fd(), 0)) (void)monitor->Take();
  EXPECT_TRUE(monitor->Take().empty()) << "it does not block";
}

TEST_F(LinkMonitorTest, RoutesComeBackWithTheLink) {
  const Policy p = WithDefaultRoute(f1_);
  ASSERT_TRUE(net_->Apply(p));
  ASSERT_TRUE(Routed());
  // Taken down by somebody: it stays down, and what cannot be had on it now is no failure.
  ASSERT_TRUE(Run("ip link set f1 down"));
  EXPECT_FALSE(Routed());
  auto changes = net_->Apply(p);
  ASSERT_TRUE(changes) << changes.error();
  EXPECT_FALSE(IsUp());
  EXPECT_EQ(*net_->Apply(p), 0);
  ASSERT_TRUE(Run("ip link set f1 up"));
  changes = net_->Apply(p);
  ASSERT_TRUE(changes) << changes.error();
  EXPECT_TRUE(Routed());
  // A configuration that shuts it down and raises it again does.
  Policy shut = p;
  shut.interfaces[2]->shutdown = true;
  ASSERT_TRUE(net_->Apply(shut));
  EXPECT_FALSE(IsUp());
  ASSERT_TRUE(net_->Apply(p));
  EXPECT_TRUE(IsUp());
  EXPECT_TRUE(Routed());
}

TEST_F(LinkMonitorTest, LinkMadeAnewIsRaised) {
  ASSERT_TRUE(net_->Apply(WithDefaultRoute(f1_)));
  ASSERT_TRUE(Run("ip link del f1"));
  ASSERT_TRUE(Run("ip link add f1 type veth peer name s1"));
  ASSERT_FALSE(IsUp());
  const auto index = net_->IndexOf("f1");
  ASSERT_TRUE(index);
  net_->Forget({f1_});
  const auto changes = net_->Apply(WithDefaultRoute(*index));
  ASSERT_TRUE(changes) << changes.error();
  EXPECT_TRUE(IsUp());
  EXPECT_TRUE(Routed());
  // Another link that was given the index of one that is gone is a new one, too.
  ASSERT_TRUE(Run("ip link set f1 down"));
  net_->Forget({*index});
  ASSERT_TRUE(net_->Apply(WithDefaultRoute(*index)));
  EXPECT_TRUE(IsUp());
}

}  // namespace
}  // namespace sallyport
