// Which way a flow takes of several equal ones, and connections that are found by any member of a zone.
#include "firewall/zone.h"

#include <gtest/gtest.h>

#include <map>

#include "firewall/conn.h"
#include "firewall/policy.h"

namespace sallyport {
namespace {

constexpr std::uint8_t kOne = 1, kTwo = 2, kThree = 3;

Policy ThreeWays() {
  Policy p;
  p.interfaces.resize(4);
  for (const std::uint8_t i : {kOne, kTwo, kThree}) {
    Interface f;
    f.id = IfId{i};
    f.nameif = "isp" + std::to_string(i);
    f.zone = i == kThree ? 0 : 1;
    p.interfaces[i] = f;
  }
  Zone z;
  z.id = 1;
  z.name = "outside-zone";
  z.members = {IfId{kOne}, IfId{kTwo}};
  p.zones.push_back(z);
  std::vector<Route> routes;
  for (const std::uint8_t i : {kOne, kTwo, kThree}) {
    Route r;
    r.destination = {IpAddress::V4(0), 96};
    r.interface = IfId{i};
    r.gateway = IpAddress::V4(0x0a000000u + i);
    routes.push_back(r);
  }
  p.routes = RouteTable(std::move(routes));
  return p;
}

FlowKey Flow(std::uint32_t n) {
  return {IpAddress::V4(0x0a010000 + n % 97), IpAddress::V4(0xc0000207), static_cast<std::uint16_t>(32768 + 2 * n), 443, 6, IfId{9}};
}

TEST(Zones, FlowsAreSharedOutAmongTheMembersAndKeepToTheirs) {
  const Policy p = ThreeWays();
  const Route* best = p.routes.Find(IpAddress::V4(0xc0000207));
  ASSERT_NE(best, nullptr);
  std::map<IfId, int> taken;
  for (std::uint32_t n = 0; n < 4000; n++) {
    const Route* way = ChooseWay(p, best, Flow(n));
    ASSERT_EQ(way, ChooseWay(p, best, Flow(n)));
    taken[way->interface]++;
  }
  ASSERT_EQ(taken.size(), 2u);  // never by an interface outside of the zone
  EXPECT_NEAR(taken[IfId{kOne}], 2000, 200);
  EXPECT_NEAR(taken[IfId{kTwo}], 2000, 200);
}

TEST(Zones, AMemberThatIsDownIsNotChosen) {
  Policy p = ThreeWays();
  p.interfaces[kOne]->shutdown = true;
  const Route* best = p.routes.Find(IpAddress::V4(0xc0000207));
  for (std::uint32_t n = 0; n < 100; n++) EXPECT_EQ(ChooseWay(p, best, Flow(n))->interface, IfId{kTwo});
}

TEST(Zones, AConnectionIsFoundByAnyMember) {
  ConnTable t(16, 3);
  std::array<std::uint8_t, 256> one{};
  for (std::size_t i = 0; i < one.size(); i++) one[i] = static_cast<std::uint8_t>(i);
  one[kTwo] = kOne;
  t.SetZones(one);
  Conn c;
  c.id = 1;
  c.protocol = 17;
  c.initiator_real = c.initiator_mapped = IpAddress::V4(1);
  c.responder_real = c.responder_mapped = IpAddress::V4(2);
  c.initiator_real_port = c.initiator_mapped_port = 10;
  c.responder_real_port = c.responder_mapped_port = 20;
  c.in_if = IfId{9};
  c.out_if = IfId{kTwo};
  const ConnIndex i = t.Insert(c);
  ASSERT_NE(i, kNoConn);
  FlowKey reply = c.ReverseKey();
  for (const std::uint8_t by : {kOne, kTwo, kThree}) {
    reply.ingress = IfId{by};
    EXPECT_EQ(t.Find(reply).index, by == kThree ? kNoConn : i) << int{by};
  }
  t.At(i).out_if = IfId{kOne};  // it moves
  reply.ingress = IfId{kTwo};
  EXPECT_EQ(t.Find(reply).index, i);
  t.Erase(i);
  EXPECT_EQ(t.Find(reply).index, kNoConn);
}

}  // namespace
}  // namespace sallyport
