// Segments put together, forwarded by the kernel, and cut again: they arrive as they were.
#include "firewall/host/tcp_injector.h"

#include "firewall/base/checksum.h"
#include "tests/host/net_fixture.h"

namespace sallyport::tcp_injector_test {
namespace {

constexpr IfId kOut{2};
constexpr std::uint8_t kAck = 0x10, kPsh = 0x08;

// From the client to the server, with timestamps.
std::vector<std::uint8_t> Segment(std::uint16_t id, std::uint32_t sequence, std::size_t size, std::uint8_t flags = kAck) {
  std::vector<std::uint8_t> p(52 + size);
  p[0] = 0x45;
  StoreBe16(&p[2], static_cast<std::uint16_t>(p.size()));
  StoreBe16(&p[4], id);
  p[6] = 0x40;
  p[8] = 64;
  p[9] = 6;
  StoreBe32(&p[12], 0x0a620102);
  StoreBe32(&p[16], 0x0a620202);
  StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(Bytes(p).first(20))));
  StoreBe16(&p[20], 4000);
  StoreBe16(&p[22], 5001);
  StoreBe32(&p[24], sequence);
  StoreBe32(&p[28], 77);
  p[32] = 0x80;
  p[33] = flags;
  StoreBe16(&p[34], 1000);
  p[40] = p[41] = 1;
  p[42] = 8;
  p[43] = 10;
  for (std::size_t i = 0; i < size; ++i) p[52 + i] = static_cast<std::uint8_t>(sequence + i);
  const std::uint64_t pseudo =
      PseudoHeaderSum(IpAddress::V4(0x0a620102), IpAddress::V4(0x0a620202), 6, static_cast<std::uint32_t>(p.size() - 20));
  StoreBe16(&p[36], ChecksumFinish(ChecksumAdd(Bytes(p).subspan(20), pseudo)));
  return p;
}

std::vector<OriginatedPacket> Stream(std::size_t count, std::size_t size, std::size_t last) {
  std::vector<OriginatedPacket> out;
  std::uint32_t sequence = 0xfffff000;
  for (std::size_t i = 0; i < count; ++i) {
    const bool end = i + 1 == count;
    out.push_back({kOut, Segment(static_cast<std::uint16_t>(i), sequence, end ? last : size, end ? kAck | kPsh : kAck), {}});
    sequence += static_cast<std::uint32_t>(size);
  }
  return out;
}

class TcpInjectorTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    AddressGateway();
    ASSERT_TRUE(WriteSysctl("net/ipv4/ip_forward", "1"));
    ASSERT_TRUE(Run("ip neigh replace 10.98.2.2 lladdr " + Mac() + " dev f1"));
    const Status s = injector_.Open(9);
    ASSERT_TRUE(s) << s.error();
    // A new link takes its first packet a moment later.
    for (const char* link : {"SPinj9a", "f1"})
      ASSERT_TRUE(Eventually([&] { return Output(std::string("ip link show ") + link).find("state UP") != std::string::npos; }));
    raw_ = Socket(server_, SOCK_RAW, IPPROTO_TCP);
  }
  void TearDown() override {
    injector_.Close();
    NetTest::TearDown();
  }
  std::string Mac() {
    EXPECT_TRUE(Run("ip -n " + server_ + " link set s0 address 02:00:00:00:00:02"));
    return "02:00:00:00:00:02";
  }
  // The next packet that is of the stream; the server's own answers (RST) are not.
  std::string Next() {
    for (;;) {
      std::string got = ReceiveOne(raw_);
      if (got.empty() || LoadBe16(reinterpret_cast<const std::uint8_t*>(got.data()) + 22) == 5001) return got;
    }
  }

  TcpInjector injector_;
  int raw_ = -1;
};

TEST_F(TcpInjectorTest, CutAgainTheyAreWhatTheyWere) {
  if (FindProgram("ethtool").empty()) GTEST_SKIP() << "needs ethtool";
  ASSERT_TRUE(Run("ethtool -K f1 tso off gso off tx off"));
  const std::vector<OriginatedPacket> stream = Stream(40, 1348, 700);
  ASSERT_EQ(injector_.Run(stream), 40u);
  ASSERT_TRUE(injector_.Send(0, stream)) << strerror(errno);
  for (const OriginatedPacket& sent : stream) {
    const std::string got = Next();
    ASSERT_EQ(got.size(), sent.bytes.size());
    std::vector<std::uint8_t> p(got.begin(), got.end());
    EXPECT_EQ(p[8], 63);  // forwarded: the packet rules give the hop back
    p[8] = 64;
    EXPECT_EQ(LoadBe16(&p[4]), LoadBe16(&sent.bytes[4]));
    StoreBe16(&p[10], LoadBe16(&sent.bytes[10]));
    EXPECT_EQ(p, sent.bytes);
  }
}

TEST_F(TcpInjectorTest, OneSuperPacketWhereTheLinkTakesIt) {
  const std::vector<OriginatedPacket> stream = Stream(20, 1000, 1000);
  ASSERT_EQ(injector_.Run(stream), 20u);
  ASSERT_TRUE(injector_.Send(0, stream));
  const std::string got = Next();
  EXPECT_EQ(got.size(), 52u + 20 * 1000);
}

TEST_F(TcpInjectorTest, OnlyWhatBelongsTogether) {
  const auto run = [&](const std::function<void(std::vector<OriginatedPacket>&)>& spoil) {
    std::vector<OriginatedPacket> stream = Stream(6, 100, 100);
    spoil(stream);
    return injector_.Run(stream);
  };
  const auto at = [](std::vector<OriginatedPacket>& s, std::size_t packet, std::size_t byte) -> std::uint8_t& { return s[packet].bytes[byte]; };
  EXPECT_EQ(run([](auto&) {}), 6u);
  EXPECT_EQ(run([&](auto& s) { at(s, 3, 60) ^= 1; }), 3u);   // a wrong checksum stays one that the receiver sees
  EXPECT_EQ(run([&](auto& s) { at(s, 0, 60) ^= 1; }), 0u);
  EXPECT_EQ(run([&](auto& s) { s[2] = s[3]; }), 2u);         // a gap
  EXPECT_EQ(run([&](auto& s) { s[1].egress = IfId{7}; }), 0u);
  EXPECT_EQ(run([&](auto& s) { s[2].bytes = Segment(2, 0xfffff000 + 200, 100, kAck | 1); }), 2u);   // FIN
  EXPECT_EQ(run([&](auto& s) { s[2].bytes = Segment(2, 0xfffff000 + 200, 100, kAck | kPsh); }), 3u);
  EXPECT_EQ(run([&](auto& s) { s[2].bytes = Segment(2, 0xfffff000 + 200, 101); }), 2u);             // longer
  EXPECT_EQ(run([&](auto& s) { s[2].bytes = Segment(2, 0xfffff000 + 200, 50); }), 3u);              // shorter: the last
  EXPECT_EQ(run([&](auto& s) { s[2].bytes = Segment(2, 0xfffff000 + 200, 0); }), 2u);               // a bare acknowledgement
  EXPECT_EQ(run([&](auto& s) { at(s, 2, 6) = 0; }), 2u);     // no DF
  EXPECT_EQ(run([&](auto& s) { at(s, 2, 45) ^= 1; }), 2u);   // another timestamp
  EXPECT_EQ(run([&](auto& s) { s[1].bytes.resize(30); }), 0u);
  EXPECT_EQ(run([&](auto& s) { s[0].bytes.clear(); }), 0u);
  EXPECT_EQ(injector_.Run(std::span<const OriginatedPacket>()), 0u);
}

TEST_F(TcpInjectorTest, TheLinkGoesAndComes) {
  EXPECT_NE(if_nametoindex(TcpInjector::LinkOf(9).c_str()), 0u);
  const Status again = injector_.Open(9);
  EXPECT_TRUE(again) << again.error();
  injector_.Close();
  EXPECT_EQ(if_nametoindex(TcpInjector::LinkOf(9).c_str()), 0u);
  EXPECT_EQ(injector_.Run(Stream(6, 100, 100)), 0u);
}

}  // namespace
}  // namespace sallyport::tcp_injector_test
