// Routes go with the line protocol of their interface, and a floating static takes over.
#include <algorithm>

#include "console_fixture.h"

namespace sallyport {
namespace {

class CarrierTest : public ConsoleTest {
 protected:
  void SetUp() override {
    auto c = OpenConfig();
    for (const char* line :
         {"interface GigabitEthernet0/0", "nameif outside", "ip address 203.0.113.1 255.255.255.0", "ipv6 address 2001:db8:1::1/64",
          "interface GigabitEthernet0/2", "nameif dmz", "ip address 172.16.1.1 255.255.255.0", "route outside 0.0.0.0 0.0.0.0 203.0.113.10 1",
          "route dmz 0.0.0.0 0.0.0.0 172.16.1.10 200", "ipv6 route outside ::/0 2001:db8:1::9", "logging enable", "logging buffered informational"}) {
      c->Do(line);
      ASSERT_FALSE(c->failed()) << line;
    }
  }
  void Carrier(const char* hardware, bool there) {
    if (there) box_.host->dead.erase(hardware);
    else box_.host->dead.insert(hardware);
    box_.appliance->LinksChanged();
  }
  std::string Routes() { return Open(15)->Do("show route"); }
  bool V6() {
    const auto& all = box_.appliance->policy()->routes.routes();
    return std::any_of(all.begin(), all.end(), [](const Route& r) { return !r.destination.address.IsV4(); });
  }
};

TEST_F(CarrierTest, AFloatingStaticTakesOver) {
  EXPECT_NE(Routes().find("[1/0] via 203.0.113.10, outside"), std::string::npos) << Routes();
  EXPECT_TRUE(V6());
  Carrier("GigabitEthernet0/0", false);
  EXPECT_EQ(Routes().find("outside"), std::string::npos) << Routes();
  EXPECT_NE(Routes().find("[200/0] via 172.16.1.10, dmz"), std::string::npos) << Routes();
  EXPECT_FALSE(V6());
  Carrier("GigabitEthernet0/0", true);
  EXPECT_NE(Routes().find("[1/0] via 203.0.113.10, outside"), std::string::npos) << Routes();
  EXPECT_EQ(Routes().find("172.16.1.10"), std::string::npos) << Routes();
  EXPECT_TRUE(V6());
}

TEST_F(CarrierTest, AChangedConfigurationKnowsTheDeadLinks) {
  Carrier("GigabitEthernet0/0", false);
  OpenConfig()->Do("route outside 10.5.0.0 255.255.0.0 203.0.113.10");
  EXPECT_EQ(Routes().find("outside"), std::string::npos) << Routes();
  EXPECT_NE(OpenConfig()->Do("show running-config route").find("route outside 10.5.0.0"), std::string::npos);
}

TEST_F(CarrierTest, WithoutAnotherWayThereIsNoRoute) {
  Carrier("GigabitEthernet0/0", false);
  Carrier("GigabitEthernet0/2", false);
  EXPECT_TRUE(box_.appliance->policy()->routes.routes().empty());
}

}  // namespace
}  // namespace sallyport
