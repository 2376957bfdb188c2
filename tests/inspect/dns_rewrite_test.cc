#include "inspect/dns_rewrite.h"

#include <gtest/gtest.h>

#include "firewall/base/random.h"
#include "inspect/dns_message.h"

namespace sallyport {
namespace {

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

void Name(std::vector<std::uint8_t>& m, std::initializer_list<const char*> labels, int pointer = -1) {
  for (const std::string_view l : labels) {
    m.push_back(static_cast<std::uint8_t>(l.size()));
    m.insert(m.end(), l.begin(), l.end());
  }
  if (pointer < 0) return m.push_back(0);
  m.push_back(static_cast<std::uint8_t>(0xc0 | pointer >> 8));
  m.push_back(static_cast<std::uint8_t>(pointer));
}
void Put(std::vector<std::uint8_t>& m, std::initializer_list<int> words) {
  for (const int w : words) {
    m.push_back(static_cast<std::uint8_t>(w >> 8));
    m.push_back(static_cast<std::uint8_t>(w));
  }
}

// Question www.example.com A; an alias, its address, a name server of the zone, its address: pointers to the question, to the middle of
// it, and to names behind the address that grows.
std::vector<std::uint8_t> Answer() {
  std::vector<std::uint8_t> m(12);
  StoreBe16(&m[0], 77);
  StoreBe16(&m[2], 0x8180);
  for (int i = 0; i < 4; i++) StoreBe16(&m[4 + 2 * static_cast<std::size_t>(i)], static_cast<std::uint16_t>(i == 1 ? 2 : 1));
  Name(m, {"www", "example", "com"});  // at 12; example.com at 16
  Put(m, {1, 1});
  Put(m, {0xc00c, 5, 1, 0, 60, 7});
  Name(m, {"host"}, 16);  // the alias, at 45
  Put(m, {0xc02d, 1, 1, 0, 60, 4});
  m.insert(m.end(), {192, 0, 2, 1});
  Put(m, {0xc010, 2, 1, 0, 60, 5});
  const auto server = static_cast<int>(m.size());
  Name(m, {"ns"}, 16);
  Put(m, {0xc000 | server, 1, 1, 0, 60, 4});
  m.insert(m.end(), {10, 0, 0, 53});
  return m;
}

TEST(DnsRewrite, AddressesOfAnotherLengthMoveWhatIsBehindThem) {
  const auto before = Answer();
  DnsRewrite how;
  how.translate = [](IpAddress a) { return a == Ip("192.0.2.1") ? std::optional(Ip("2001:db8:64::c000:201")) : std::nullopt; };
  how.question_type = kDnsAaaa;
  const auto made = RewriteDns(before, how);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->changes, 2u);
  DnsWalker walker(made->message);
  ASSERT_TRUE(walker.Header());
  struct Want {
    std::uint16_t type;
    const char* name;
    const char* points_to;
  };
  const Want want[] = {{kDnsAaaa, "www.example.com", nullptr}, {5, "www.example.com", "host.example.com"}, {kDnsAaaa, "host.example.com", nullptr},
                       {2, "example.com", "ns.example.com"},   {kDnsA, "ns.example.com", nullptr}};
  DnsRecord r;
  for (const Want& w : want) {
    ASSERT_TRUE(walker.Next(r));
    EXPECT_EQ(r.type, w.type);
    EXPECT_EQ(walker.Name(r.name), w.name);
    if (w.points_to != nullptr) {
      EXPECT_EQ(walker.Name(r.data), w.points_to);
    }
    if (w.type == kDnsAaaa && r.data_length != 0) {
      EXPECT_EQ(IpAddress::FromV6Bytes(made->message.data() + r.data), Ip("2001:db8:64::c000:201"));
    }
  }
  EXPECT_FALSE(walker.Next(r));
  EXPECT_EQ(walker.fault().kind, DnsFault::Kind::kNone);
  EXPECT_EQ(walker.at(), made->message.size());
  // And back: the message that it was.
  DnsRewrite back;
  back.translate = [](IpAddress a) { return a == Ip("2001:db8:64::c000:201") ? std::optional(Ip("192.0.2.1")) : std::nullopt; };
  back.question_type = kDnsA;
  const auto again = RewriteDns(made->message, back);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->message, before);
}

TEST(DnsRewrite, NamesOfReverseLookups) {
  EXPECT_EQ(ReverseNameAddress("7.2.0.192.in-addr.arpa"), Ip("192.0.2.7"));
  EXPECT_EQ(ReverseNameAddress("7.2.0.192.IN-ADDR.ARPA"), Ip("192.0.2.7"));
  for (const char* no : {"", "arpa", "2.0.192.in-addr.arpa", "1.7.2.0.192.in-addr.arpa", "256.2.0.192.in-addr.arpa", "x.2.0.192.in-addr.arpa",
                         "www.example.com", "7.2.0.192.in-addr.arpa.com", "1.ip6.arpa"}) {
    EXPECT_FALSE(ReverseNameAddress(no)) << no;
  }
  Random random{3};
  for (int n = 0; n < 1000; n++) {
    const IpAddress a = n % 2 != 0 ? IpAddress::V4(random.U32()) : IpAddress::V6(random.U64() | 1ull << 61, random.U64());
    EXPECT_EQ(ReverseNameAddress(ReverseName(a)), a);
  }
}

// Whatever comes: an answer that a walk finds whole, or none.
TEST(DnsRewrite, DamagedMessages) {
  Random random{4};
  DnsRewrite how;
  how.translate = [](IpAddress a) { return std::optional(a.IsV4() ? Ip("2001:db8::1") : Ip("192.0.2.1")); };
  how.question_type = kDnsAaaa;
  int made_some = 0;
  for (int n = 0; n < 50000; n++) {
    auto m = Answer();
    for (std::uint32_t k = random.U32() % 4; k != 0; k--) m[12 + random.U32() % (m.size() - 12)] = static_cast<std::uint8_t>(random.U32());
    if (n % 3 == 0) m.resize(12 + random.U32() % (m.size() - 12));
    const auto made = RewriteDns(m, how);
    if (!made) continue;
    made_some++;
    DnsWalker walker(made->message);
    ASSERT_TRUE(walker.Header());
    DnsRecord r;
    while (walker.Next(r)) {
    }
    EXPECT_EQ(walker.fault().kind, DnsFault::Kind::kNone);
    EXPECT_EQ(walker.at(), made->message.size());
  }
  EXPECT_GT(made_some, 10000);
}

}  // namespace
}  // namespace sallyport
