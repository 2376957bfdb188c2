#include "inspect/dns_message.h"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport {
namespace {

std::vector<std::uint8_t> Header(std::uint16_t questions, std::uint16_t answers) {
  std::vector<std::uint8_t> m(12);
  StoreBe16(&m[4], questions);
  StoreBe16(&m[6], answers);
  return m;
}
void Add(std::vector<std::uint8_t>& m, std::initializer_list<int> bytes) {
  for (const int b : bytes) m.push_back(static_cast<std::uint8_t>(b));
}
DnsFault FaultOf(const std::vector<std::uint8_t>& m) {
  DnsWalker w(m);
  w.Header();
  DnsRecord r;
  while (w.Next(r)) {
  }
  return w.fault();
}

TEST(DnsMessage, QuestionAndCompressedAnswer) {
  auto m = Header(1, 1);
  Add(m, {3, 'W', 'w', 'w', 2, 'e', 'x', 0, 0, 1, 0, 1});
  Add(m, {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1});
  DnsWalker w(m);
  ASSERT_TRUE(w.Header());
  DnsRecord r;
  ASSERT_TRUE(w.Next(r));
  EXPECT_EQ(r.section, DnsSection::kQuestion);
  EXPECT_EQ(w.Name(r.name), "www.ex");
  ASSERT_TRUE(w.Next(r));
  EXPECT_EQ(r.section, DnsSection::kAnswer);
  EXPECT_EQ(w.Name(r.name), "www.ex");
  EXPECT_EQ(r.data_length, 4);
  EXPECT_EQ(r.ttl, 60u);
  EXPECT_EQ(m[r.data], 192);
  EXPECT_FALSE(w.Next(r));
  EXPECT_EQ(w.fault().kind, DnsFault::Kind::kNone);
  EXPECT_EQ(w.at(), m.size());
}

TEST(DnsMessage, Faults) {
  auto label = Header(1, 0);
  Add(label, {64, 'a'});
  EXPECT_EQ(FaultOf(label).kind, DnsFault::Kind::kLabel);
  auto beyond = Header(1, 0);
  Add(beyond, {20, 'a', 'b'});
  EXPECT_EQ(FaultOf(beyond).length, 20u);
  EXPECT_EQ(FaultOf(beyond).allowed, 2u);
  auto self = Header(1, 0);
  Add(self, {0xc0, 12, 0, 1, 0, 1});
  EXPECT_EQ(FaultOf(self).kind, DnsFault::Kind::kLabel);
  auto forward = Header(1, 0);
  Add(forward, {0xc0, 14, 0, 0, 1, 0, 1});
  EXPECT_EQ(FaultOf(forward).kind, DnsFault::Kind::kLabel);
  auto cut = Header(1, 0);
  Add(cut, {1, 'a', 0, 0, 1});
  EXPECT_EQ(FaultOf(cut).kind, DnsFault::Kind::kTruncated);
  auto data = Header(0, 1);
  Add(data, {0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 9, 1});
  EXPECT_EQ(FaultOf(data).kind, DnsFault::Kind::kTruncated);
  auto name = Header(1, 0);
  for (int i = 0; i < 5; i++) {
    name.push_back(63);
    name.insert(name.end(), 63, 'a');
  }
  Add(name, {0, 0, 1, 0, 1});
  EXPECT_EQ(FaultOf(name).kind, DnsFault::Kind::kName);
  const std::vector<std::uint8_t> small(11);
  EXPECT_FALSE(DnsWalker(small).Header());
}

}  // namespace
}  // namespace sallyport
