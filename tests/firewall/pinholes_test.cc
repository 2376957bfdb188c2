#include "firewall/pinholes.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

Pinhole Hole(std::uint16_t port, std::int64_t seconds, std::uint32_t parent) {
  Pinhole p;
  p.protocol = 6;
  p.ingress = IfId{1};
  p.src = *IpAddress::Parse("192.0.2.1");
  p.dst = *IpAddress::Parse("203.0.113.1");
  p.dport = port;
  p.parent = parent;
  p.parent_id = parent;
  p.deadline = TimePoint{} + Duration::Seconds(seconds);
  return p;
}
FlowKey Key(const char* src, std::uint16_t port) {
  return {*IpAddress::Parse(src), *IpAddress::Parse("203.0.113.1"), 20, port, 6, IfId{1}};
}

TEST(Pinholes, FindsByWhatTheySay) {
  PinholeTable t;
  const PinholeIndex i = t.Open(Hole(1025, 10, 7));
  EXPECT_EQ(t.Find(Key("192.0.2.1", 1025)), i);
  EXPECT_EQ(t.Find(Key("192.0.2.2", 1025)), kNoPinhole);
  EXPECT_EQ(t.Find(Key("192.0.2.1", 1026)), kNoPinhole);
  FlowKey other = Key("192.0.2.1", 1025);
  other.ingress = IfId{2};
  EXPECT_EQ(t.Find(other), kNoPinhole);
  Pinhole any = Hole(1026, 10, 7);
  any.src = {};
  const PinholeIndex j = t.Open(any);
  EXPECT_EQ(t.Find(Key("198.51.100.9", 1026)), j);
  t.Close(i);
  t.Close(i);
  EXPECT_EQ(t.Find(Key("192.0.2.1", 1025)), kNoPinhole);
  EXPECT_EQ(t.count(), 1u);
}

TEST(Pinholes, EndWithTimeAndParent) {
  PinholeTable t;
  const PinholeIndex late = t.Open(Hole(1, 20, 1)), soon = t.Open(Hole(2, 10, 2));
  EXPECT_EQ(t.NextDeadline(), TimePoint{} + Duration::Seconds(10));
  EXPECT_EQ(t.NextExpired(TimePoint{} + Duration::Seconds(9)), kNoPinhole);
  EXPECT_EQ(t.NextExpired(TimePoint{} + Duration::Seconds(10)), soon);
  t.Close(soon);
  EXPECT_EQ(t.OfParent(1, 1), late);
  EXPECT_EQ(t.OfParent(2, 2), kNoPinhole);
  t.Close(late);
  EXPECT_EQ(t.NextDeadline(), TimePoint::Max());
}

TEST(Pinholes, AreBounded) {
  PinholeTable t(2);
  const PinholeIndex first = t.Open(Hole(1, 20, 1));
  t.Open(Hole(2, 20, 1));
  EXPECT_EQ(t.Open(Hole(3, 20, 1)), kNoPinhole);
  EXPECT_EQ(t.CountOfParent(1), 2u);
  t.Close(first);
  EXPECT_NE(t.Open(Hole(3, 20, 1)), kNoPinhole);
}

}  // namespace
}  // namespace sallyport
