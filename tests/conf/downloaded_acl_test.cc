// Access lists that an AAA server sends.
#include "conf/downloaded_acl.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(DownloadedAcl, IsAsIfItStoodInTheConfiguration) {
  std::string bad;
  const auto list = CompileDownloadedAcl("#ACSACL#-IP-staff-4f2a",
                                         {"remark staff", "permit tcp any host 10.1.1.1 eq 80", "extended permit ip any6 host 2001:db8::1", "deny ip any any"},
                                         "9.16(4)", bad);
  ASSERT_NE(list, nullptr) << bad;
  EXPECT_EQ(list->name(), "#ACSACL#-IP-staff-4f2a");
  ASSERT_GE(list->elements().size(), 3u);
  EXPECT_TRUE(list->elements()[0].permit);
  EXPECT_EQ(list->elements()[0].dst.first, *IpAddress::Parse("10.1.1.1"));
  EXPECT_FALSE(list->elements().back().permit);
}

TEST(DownloadedAcl, WhatIsNoElementIsNamed) {
  std::string bad;
  EXPECT_EQ(CompileDownloadedAcl("x", {"permit ip any any", "permit nonsense"}, "9.16(4)", bad), nullptr);
  EXPECT_EQ(bad, "permit nonsense");
  EXPECT_EQ(CompileDownloadedAcl("x", {"permit object-group web any any"}, "9.16(4)", bad), nullptr) << "only a configuration has groups";
}

}  // namespace
}  // namespace sallyport
