// Which row of `show vpn-sessiondb summary` counts a session.
#include "vpn/session_counts.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(SessionCounts, ClientsOfIkev2OtherThanAnyConnectHaveTheirOwnGroup) {
  SessionCounts counts;
  counts.Count(VpnSessionType::kIkev2RemoteAccess, 2, 1);
  counts.Count(VpnSessionType::kAnyConnect, 0, 1);
  const auto active = [&](VpnGroup g) { return counts.View().groups[static_cast<std::size_t>(g)].active; };
  EXPECT_EQ(active(VpnGroup::kIkev2RemoteAccess), 1u);
  EXPECT_EQ(active(VpnGroup::kAnyConnect), 1u);
  EXPECT_EQ(counts.View().classes[static_cast<std::size_t>(VpnClass::kAnyConnectIkev2)].cumulative, 0u);
  EXPECT_EQ(counts.View().ipsec.active, 1u);
  EXPECT_EQ(counts.View().all.active, 2u);
  counts.Count(VpnSessionType::kIkev2RemoteAccess, 2, -1);
  EXPECT_EQ(active(VpnGroup::kIkev2RemoteAccess), 0u);
}

}  // namespace
}  // namespace sallyport
