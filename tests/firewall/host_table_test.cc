#include "firewall/host_table.h"

#include <gtest/gtest.h>

#include <map>

#include "firewall/base/random.h"

namespace sallyport {
namespace {

TEST(HostTable, AgreesWithAMap) {
  HostTable table(2000, 7);
  std::map<std::pair<std::uint32_t, IpAddress>, std::uint32_t> model;
  Random random(3);
  for (int step = 0; step < 50'000; step++) {
    const std::uint32_t owner = 1 + random.Below(3);
    const IpAddress address = IpAddress::V4(0x0a000000 + random.Below(500));
    const auto key = std::pair{owner, address};
    const std::uint32_t found = table.Find(owner, address);
    ASSERT_EQ(found != HostTable::kNone, model.contains(key));
    if (random.Below(2) == 0) {
      bool fresh = false;
      const std::uint32_t i = table.Take(owner, address, {}, fresh);
      ASSERT_NE(i, HostTable::kNone);
      ASSERT_EQ(fresh, !model.contains(key));
      table.At(i).tcp++;
      model[key]++;
    } else if (found != HostTable::kNone) {
      ASSERT_EQ(table.At(found).tcp, model[key]);
      table.Remove(found);
      model.erase(key);
    }
    ASSERT_EQ(table.count(), model.size());
  }
  std::uint32_t live = 0;
  for (std::uint32_t i = 0; i < table.slots(); i++) live += table.Live(i) ? 1 : 0;
  EXPECT_EQ(live, model.size());
}

TEST(HostTable, FullIsFull) {
  HostTable table(2, 1);
  bool fresh = false;
  EXPECT_NE(table.Take(1, IpAddress::V4(1), {}, fresh), HostTable::kNone);
  EXPECT_NE(table.Take(1, IpAddress::V4(2), {}, fresh), HostTable::kNone);
  EXPECT_EQ(table.Take(1, IpAddress::V4(3), {}, fresh), HostTable::kNone);
  EXPECT_NE(table.Take(1, IpAddress::V4(2), {}, fresh), HostTable::kNone);
  EXPECT_FALSE(fresh);
}

}  // namespace
}  // namespace sallyport
