#include "firewall/tcp_sent.h"

#include <gtest/gtest.h>

#include <string>

namespace sallyport::tcp_sent_test {
namespace {

struct Fixture : ::testing::Test {
  TcpSent sent;
  TcpQueueBudget budget;
  static Bytes Of(const std::string& s) { return Bytes(reinterpret_cast<const std::uint8_t*>(s.data()), s.size()); }
  FrameDrop Send(std::uint32_t seq, const std::string& s) {
    const FrameDrop why = sent.Check(seq, Of(s), budget);
    if (why == FrameDrop::kNone) sent.Passed(seq, Of(s), budget);
    return why;
  }
};
using TcpSentTest = Fixture;

TEST_F(TcpSentTest, TheSameAgainPasses) {
  EXPECT_EQ(Send(0xfffffffe, "abcdef"), FrameDrop::kNone);  // across the end of the numbers
  EXPECT_EQ(Send(0xfffffffe, "abcdef"), FrameDrop::kNone);
  EXPECT_EQ(Send(0, "cd"), FrameDrop::kNone);
  EXPECT_EQ(Send(4, "gh"), FrameDrop::kNone);
  EXPECT_EQ(Send(2, "efgh"), FrameDrop::kNone);
  EXPECT_EQ(budget.bytes, 8u);
}

TEST_F(TcpSentTest, OtherBytesDoNot) {
  EXPECT_EQ(Send(100, "user anonymous"), FrameDrop::kNone);
  EXPECT_EQ(Send(105, "superuser"), FrameDrop::kTcpnormRexmitBad);
  EXPECT_EQ(Send(113, "sX"), FrameDrop::kTcpXmitPartial) << "a kept byte and a new one";
  EXPECT_EQ(Send(113, "tX"), FrameDrop::kTcpnormRexmitBad);
}

TEST_F(TcpSentTest, WhatIsAcknowledgedIsForgotten) {
  EXPECT_EQ(Send(100, "0123456789"), FrameDrop::kNone);
  sent.Acknowledged(105, budget);
  EXPECT_EQ(budget.bytes, 5u);
  EXPECT_EQ(Send(100, "?????56789"), FrameDrop::kNone) << "its receiver looks at nothing before 105";
  EXPECT_EQ(Send(100, "?????56780"), FrameDrop::kTcpnormRexmitBad);
  sent.Acknowledged(111, budget);  // with a FIN
  EXPECT_EQ(budget.bytes, 0u);
  EXPECT_EQ(Send(110, "ab"), FrameDrop::kNone);
  EXPECT_EQ(Send(110, "ax"), FrameDrop::kTcpnormRexmitBad);
  sent.Clear(budget);
  EXPECT_EQ(budget.bytes, 0u);
}

TEST_F(TcpSentTest, KeepsNoMoreThanItMay) {
  const std::string much(TcpSent::kMost, 'x');
  EXPECT_EQ(Send(0, much), FrameDrop::kNone);
  EXPECT_EQ(Send(TcpSent::kMost, "y"), FrameDrop::kTcpGlobalBufferFull);
  sent.Acknowledged(1, budget);
  EXPECT_EQ(Send(TcpSent::kMost, "y"), FrameDrop::kNone);
}

}  // namespace
}  // namespace sallyport::tcp_sent_test
