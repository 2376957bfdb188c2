#include "firewall/policy.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Policy, FindByName) {
  Policy policy;
  policy.interfaces.resize(4);
  policy.interfaces[1].emplace();
  policy.interfaces[1]->nameif = "inside";
  policy.interfaces[3].emplace();  // has no nameif
  EXPECT_EQ(policy.FindByName("inside"), &*policy.interfaces[1]);
  EXPECT_EQ(policy.FindByName("Inside"), nullptr);
  EXPECT_EQ(policy.FindByName(""), nullptr);
  EXPECT_EQ(policy.Find(IfId{1}), &*policy.interfaces[1]);
  EXPECT_EQ(policy.Find(IfId{2}), nullptr);
  EXPECT_EQ(policy.Find(IfId{9}), nullptr);
}

}  // namespace
}  // namespace sallyport
