// Packets of the engine's own, many at a time, in namespaces: they come in order, whole, with the headers that they were given.
#include "firewall/host/originate.h"

#include <netinet/ip.h>
#include <netinet/udp.h>

#include <cstring>

#include "firewall/base/checksum.h"
#include "tests/host/net_fixture.h"

namespace sallyport {
namespace {

constexpr IfId kOut{1};

// IPv4 with UDP from 10.98.1.1:4500 to the client, no UDP checksum: as ESP in UDP is made.
std::vector<std::uint8_t> Datagram(std::uint16_t number, std::size_t size, bool df, std::uint8_t tos, std::uint16_t to_port = 4500) {
  std::vector<std::uint8_t> p(28 + size);
  p[0] = 0x45;
  p[1] = tos;
  StoreBe16(&p[2], static_cast<std::uint16_t>(p.size()));
  StoreBe16(&p[4], number);
  p[6] = df ? 0x40 : 0;
  p[8] = 64;
  p[9] = 17;
  StoreBe32(&p[12], 0x0a620101);
  StoreBe32(&p[16], 0x0a620102);
  StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(Bytes(p).first(20))));
  StoreBe16(&p[20], 4500);
  StoreBe16(&p[22], to_port);
  StoreBe16(&p[24], static_cast<std::uint16_t>(8 + size));
  for (std::size_t i = 0; i < size; ++i) p[28 + i] = static_cast<std::uint8_t>(number + i);
  return p;
}

class OriginateTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    AddressGateway();
    // The way is known from the first packet on: what waits for ARP would overflow.
    ASSERT_TRUE(Run("ip -n " + client_ + " link set c0 address 02:00:00:00:00:01"));
    ASSERT_TRUE(Run("ip neigh replace 10.98.1.2 lladdr 02:00:00:00:00:01 dev f0"));
    // A link that cuts super-packets itself, as one to a real network does.
    if (FindProgram("ethtool").empty()) GTEST_SKIP() << "needs ethtool";
    ASSERT_TRUE(Run("ethtool -K f0 tx-udp-segmentation off"));
    const Status s = originator_.Open();
    ASSERT_TRUE(s) << s.error();
    originator_.MapInterface(kOut, f0_);
    // Every IPv4 datagram for the client, with its header.
    raw_ = Socket(client_, SOCK_RAW, IPPROTO_UDP);
    const int big = 8 << 20;
    setsockopt(raw_, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big);
  }
  std::string Next() { return ReceiveOne(raw_); }

  Originator originator_;
  int raw_ = -1;
};

TEST_F(OriginateTest, RunsOfDatagramsArriveOneByOneAndInOrder) {
  std::vector<OriginatedPacket> packets;
  std::uint16_t number = 1;
  const auto add = [&](std::size_t size, bool df, std::uint8_t tos, std::uint16_t port = 4500) {
    packets.push_back({kOut, Datagram(number++, size, df, tos, port), {}});
  };
  for (int i = 0; i < 100; ++i) add(1400, true, 0);   // more than one run
  add(600, true, 0);                                  // ends a run
  for (int i = 0; i < 5; ++i) add(600, false, 0);     // another DF
  for (int i = 0; i < 5; ++i) add(600, false, 0xb8);  // another class
  for (int i = 0; i < 3; ++i) add(static_cast<std::size_t>(600 + i), false, 0xb8);  // growing: none of them together
  for (int i = 0; i < 4; ++i) add(500, false, 0, static_cast<std::uint16_t>(4500 + i));
  originator_.SendMany(packets);
  EXPECT_EQ(originator_.sent(), packets.size());
  EXPECT_EQ(originator_.failed(), 0u);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const std::string got = Next();
    const std::vector<std::uint8_t>& sent = packets[i].bytes;
    ASSERT_EQ(got.size(), sent.size()) << i;
    const auto* g = reinterpret_cast<const std::uint8_t*>(got.data());
    EXPECT_EQ(g[1], sent[1]) << i;
    EXPECT_EQ(g[6] & 0x40, sent[6] & 0x40) << i;
    EXPECT_EQ(g[8], 64) << i;
    EXPECT_EQ(std::memcmp(g + 12, &sent[12], 14), 0) << i;  // addresses, ports, length
    ASSERT_EQ(std::memcmp(g + 28, &sent[28], sent.size() - 28), 0) << i;
  }
}

TEST_F(OriginateTest, OtherPacketsGoInBatches) {
  std::vector<OriginatedPacket> packets;
  for (std::uint16_t i = 1; i <= 150; ++i) {
    std::vector<std::uint8_t> p = Datagram(i, 100, false, 0);
    StoreBe16(&p[20], 7);  // not from port 4500
    packets.push_back({kOut, std::move(p), {}});
  }
  packets.push_back({IfId{9}, Datagram(151, 10, false, 0), {}});  // no such link
  packets.push_back({kOut, {0x45, 0, 0}, {}});
  packets.push_back({kOut, {}, {}});
  originator_.SendMany(packets);
  originator_.SendMany({});
  EXPECT_EQ(originator_.sent(), 150u);
  EXPECT_EQ(originator_.failed(), 3u);
  for (std::uint16_t i = 1; i <= 150; ++i) {
    const std::string got = Next();
    ASSERT_EQ(got.size(), 128u);
    EXPECT_EQ(static_cast<std::uint8_t>(got[28]), static_cast<std::uint8_t>(i));
  }
}

TEST_F(OriginateTest, WhatTheKernelRefusesCostsNothingElse) {
  // 1,600 bytes pass no link of 1,500 in one piece: refused with DF, as a run and alone; the others go.
  std::vector<OriginatedPacket> packets;
  for (std::uint16_t i = 1; i <= 3; ++i) packets.push_back({kOut, Datagram(i, 1600, true, 0), {}});
  for (std::uint16_t i = 4; i <= 6; ++i) packets.push_back({kOut, Datagram(i, 50, true, 0), {}});
  originator_.SendMany(packets);
  EXPECT_EQ(originator_.sent(), 3u);
  EXPECT_EQ(originator_.failed(), 3u);
  for (int i = 4; i <= 6; ++i) EXPECT_EQ(Next().size(), 78u);
}

}  // namespace
}  // namespace sallyport
