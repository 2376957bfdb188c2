#include "firewall/ipv6_inspect.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

// A packet with these extension headers of eight bytes each (AH too), and UDP behind them.
struct Made {
  explicit Made(std::vector<std::uint8_t> headers, std::uint8_t last = 17) : bytes(40) {
    bytes[0] = 0x60;
    headers.push_back(last);
    bytes[6] = headers[0];
    for (std::size_t i = 1; i < headers.size(); i++) {
      const std::size_t at = bytes.size();
      bytes.resize(at + 8);
      bytes[at] = headers[i];
      if (headers[i - 1] == 43) bytes[at + 2] = 3;
    }
    bytes.resize(bytes.size() + 8);
    packet.v6 = true;
    packet.bytes = bytes;
  }
  std::vector<std::uint8_t> bytes;
  Packet packet;
};

FrameDrop DropOf(const Ipv6Map& map, const Made& m) { return Judge(map, ReadChain(m.packet)).drop; }

Ipv6Map::Rule Drop(Ipv6Map::What what, std::uint64_t low = 0, std::uint64_t high = 0) {
  Ipv6Map::Rule r;
  r.what = what;
  r.low = low;
  r.high = high;
  r.drop = true;
  return r;
}

TEST(Ipv6Inspect, TheOrderOfRfc8200) {
  Ipv6Map map;
  map.verify_order = true;
  for (const auto& good : std::vector<std::vector<std::uint8_t>>{{}, {0}, {0, 60, 43, 44, 51, 60}, {60, 43}, {60}, {43, 60}, {44, 51}, {51, 50}}) {
    EXPECT_EQ(DropOf(map, Made(good)), FrameDrop::kNone) << testing::PrintToString(good);
  }
  for (const auto& bad : std::vector<std::vector<std::uint8_t>>{{60, 0}, {44, 43}, {43, 60, 44}, {51, 44}, {43, 43}, {0, 0}, {43, 60, 60}}) {
    EXPECT_EQ(DropOf(map, Made(bad)), FrameDrop::kIpv6BadEhOrder) << testing::PrintToString(bad);
  }
  map.verify_order = false;
  EXPECT_EQ(DropOf(map, Made({44, 43})), FrameDrop::kNone);
}

TEST(Ipv6Inspect, EachHeaderHasItsReason) {
  using What = Ipv6Map::What;
  const struct {
    Ipv6Map::Rule rule;
    std::vector<std::uint8_t> headers;
    FrameDrop reason;
  } kCases[] = {
      {Drop(What::kAh), {51}, FrameDrop::kIpv6AhDenied},
      {Drop(What::kEsp), {50}, FrameDrop::kIpv6EspDenied},
      {Drop(What::kDestination), {60}, FrameDrop::kIpv6DestOptionDenied},
      {Drop(What::kFragment), {44}, FrameDrop::kIpv6FragmentDenied},
      {Drop(What::kHopByHop), {0}, FrameDrop::kIpv6HopByHopDenied},
      {Drop(What::kCount, 3, ~0ull), {0, 60, 43}, FrameDrop::kIpv6EhCountDenied},
      {Drop(What::kRoutingType, 3, 3), {43}, FrameDrop::kIpv6RoutingTypeDenied},
      {Drop(What::kRoutingAddresses, 0, 0), {43}, FrameDrop::kIpv6RoutingAddressDenied},
  };
  for (const auto& c : kCases) {
    Ipv6Map map;
    map.rules = {c.rule};
    EXPECT_EQ(DropOf(map, Made(c.headers)), c.reason);
    EXPECT_EQ(DropOf(map, Made({})), FrameDrop::kNone);
    map.rules[0].negate = true;
    EXPECT_EQ(DropOf(map, Made(c.headers)), FrameDrop::kNone);
    EXPECT_EQ(DropOf(map, Made({})), c.reason);
  }
}

TEST(Ipv6Inspect, UnknownTypesAndChainsWithoutEnd) {
  Ipv6Map map;
  EXPECT_EQ(DropOf(map, Made({0}, 253)), FrameDrop::kNone);
  map.verify_type = true;
  EXPECT_EQ(DropOf(map, Made({0}, 253)), FrameDrop::kIpv6BadEh);
  EXPECT_EQ(DropOf(map, Made(std::vector<std::uint8_t>(17, 60))), FrameDrop::kIpv6EhInspectFailed);
  Made cut({0, 60});
  cut.packet.bytes = MutableBytes(cut.bytes).first(46);
  EXPECT_EQ(DropOf(map, cut), FrameDrop::kIpv6EhInspectFailed);
}

TEST(Ipv6Inspect, TheFirstRuleThatMatchesDecides) {
  Ipv6Map map;
  Ipv6Map::Rule logs;
  logs.what = Ipv6Map::What::kHopByHop;
  logs.log = true;
  map.rules = {logs, Drop(Ipv6Map::What::kCount, 1, ~0ull)};
  const Ipv6Finding f = Judge(map, ReadChain(Made({0}).packet));
  EXPECT_TRUE(f.found);
  EXPECT_EQ(f.drop, FrameDrop::kNone);
  EXPECT_EQ(DropOf(map, Made({60})), FrameDrop::kIpv6EhCountDenied);
}

}  // namespace
}  // namespace sallyport
