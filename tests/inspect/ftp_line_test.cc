#include "inspect/ftp_line.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(FtpLine, Port) {
  const auto t = ParseFtpNumbers("PORT 10,1,1,10,4,1\r\n", 5, false);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->endpoint, (Endpoint{*IpAddress::Parse("10.1.1.10"), 1025}));
  EXPECT_EQ(t->begin, 5u);
  EXPECT_EQ(t->end, 18u);
  EXPECT_EQ(t->behind, 0u);
  EXPECT_EQ(FtpNumbers(t->endpoint), "10,1,1,10,4,1");
  for (const char* bad : {"PORT 10,1,1,10,4\r\n", "PORT 10,1,1,10,4,1,2\r\n", "PORT 10,1,1,256,4,1\r\n", "PORT 10,1,1,1000,4,1\r\n",
                          "PORT 10;1,1,10,4,1\r\n", "PORT \r\n", "PORT 10,1,1,10,,1\r\n"}) {
    EXPECT_FALSE(ParseFtpNumbers(bad, 5, false)) << bad;
  }
  EXPECT_EQ(ParseFtpNumbers("PORT 10,1,1,10,4,1;DELE x\r\n", 5, false)->behind, 7u);
}

TEST(FtpLine, AnswerToPasv) {
  for (const char* form : {"227 Entering Passive Mode (10,1,1,10,200,10).\r\n", "227 =10,1,1,10,200,10\r\n", "227 ok 10,1,1,10,200,10"}) {
    const auto t = ParseFtpNumbers(form, 4, true);
    ASSERT_TRUE(t) << form;
    EXPECT_EQ(t->endpoint.port, 51210);
  }
  EXPECT_FALSE(ParseFtpNumbers("227 nothing here\r\n", 4, true));
}

TEST(FtpLine, Extended) {
  const auto four = ParseFtpExtended("EPRT |1|10.1.1.10|1025|\r\n", 5);
  ASSERT_TRUE(four);
  EXPECT_EQ(four->endpoint, (Endpoint{*IpAddress::Parse("10.1.1.10"), 1025}));
  EXPECT_EQ(FtpExtended(four->endpoint, '|'), "|1|10.1.1.10|1025|");
  const auto six = ParseFtpExtended("EPRT !2!2001:db8::1!1025!\r\n", 5);
  ASSERT_TRUE(six);
  EXPECT_EQ(FtpExtended(six->endpoint, '!'), "!2!2001:db8::1!1025!");
  for (const char* bad : {"EPRT |2|10.1.1.10|1025|\r\n", "EPRT |1|10.1.1.10|70000|\r\n", "EPRT |1|10.1.1.10|1025\r\n", "EPRT |3|10.1.1.1|1|\r\n"}) {
    EXPECT_FALSE(ParseFtpExtended(bad, 5)) << bad;
  }
  const auto passive = ParseFtpExtendedPassive("229 Entering Extended Passive Mode (|||6446|)\r\n");
  ASSERT_TRUE(passive);
  EXPECT_EQ(passive->endpoint.port, 6446);
  EXPECT_FALSE(ParseFtpExtendedPassive("229 (||6446|)\r\n"));
}

}  // namespace
}  // namespace sallyport
