// Recorded packets through an appliance: what left, what was dropped and why, on the captures' clock.
#include "cli/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "firewall/base/bytes.h"
#include "firewall/base/checksum.h"
#include "firewall/types.h"

namespace sallyport::replay_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kConfig[] =
    "ASA Version 9.16(4)\nhostname fw\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n"
    " ip address 203.0.113.1 255.255.255.0\ninterface GigabitEthernet0/1\n nameif inside\n security-level 100\n"
    " ip address 10.1.1.1 255.255.255.0\naccess-list outside_in extended permit tcp any host 10.1.1.20 eq ssh\n"
    "access-group outside_in in interface outside\nroute outside 0.0.0.0 0.0.0.0 203.0.113.254\n"
    "class-map all\n match any\npolicy-map p\n class all\n  set connection random-sequence-number disable\nservice-policy p global\n";
constexpr std::int64_t kStart = 1'700'000'000'000'000'000;

std::uint32_t Address(const char* text) { return IpAddress::Parse(text)->v4(); }

// A TCP segment without data, whole and with right checksums.
std::vector<std::uint8_t> Tcp(const char* src, std::uint16_t sport, const char* dst, std::uint16_t dport, std::uint8_t flags,
                              std::uint32_t seq, std::uint32_t ack) {
  std::vector<std::uint8_t> p(40);
  p[0] = 0x45;
  StoreBe16(&p[2], 40);
  p[8] = 64;
  p[9] = 6;
  StoreBe32(&p[12], Address(src));
  StoreBe32(&p[16], Address(dst));
  StoreBe16(&p[20], sport);
  StoreBe16(&p[22], dport);
  StoreBe32(&p[24], seq);
  StoreBe32(&p[28], ack);
  p[32] = 5 << 4;
  p[33] = flags;
  StoreBe16(&p[34], 8192);
  const auto fold = [](std::uint32_t sum) {
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
  };
  std::uint32_t ip = 0, tcp = 6 + 20;
  for (std::size_t i = 0; i < 20; i += 2) ip += LoadBe16(&p[i]);
  for (std::size_t i = 12; i < 40; i += 2) tcp += LoadBe16(&p[i]);
  StoreBe16(&p[10], fold(ip));
  StoreBe16(&p[36], fold(tcp));
  return p;
}

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() {
    std::string name = (std::filesystem::temp_directory_path() / "replay-test-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ReplayTest() override { std::filesystem::remove_all(folder_); }
  std::string At(const std::string& name) const { return folder_ + "/" + name; }

  using Timed = std::pair<double, std::vector<std::uint8_t>>;  // seconds from kStart
  std::string Raw(const std::string& name, const std::vector<Timed>& packets) {
    auto writer = CaptureWriter::Create(At(name));
    EXPECT_TRUE(writer.ok());
    for (const auto& [t, p] : packets) writer->Write(kStart + static_cast<std::int64_t>(t * 1e9), p, static_cast<std::uint32_t>(p.size()));
    return At(name);
  }
  std::unique_ptr<Replay> Make(std::vector<Replay::Input> inputs) {
    Replay::Options options;
    options.inputs = std::move(inputs);
    options.out_folder = At("out");
    std::filesystem::create_directories(options.out_folder);
    options.on_drop = [this](const Replay::Drop& d) { drops_.push_back(d); };
    auto replay = std::make_unique<Replay>(std::move(options));
    LoadOptions how;
    how.empty_first = true;
    EXPECT_EQ(replay->Load(kConfig, how).refused, 0);
    return replay;
  }
  std::string folder_;
  std::vector<Replay::Drop> drops_;
};

TEST_F(ReplayTest, PacketsOfSeveralFilesGoInTheOrderOfTheirTimes) {
  const auto inside = Raw("in.pcap", {{0, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 100, 0)},
                                      {0.2, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpAck, 101, 501)}});
  const auto outside = Raw("out.pcap", {{0.1, Tcp("192.0.2.7", 80, "10.1.1.10", 1025, kTcpSyn | kTcpAck, 500, 101)}});
  auto replay = Make({{"inside", inside, {}}, {"outside", outside, {}}});
  ASSERT_TRUE(replay->Run().ok());
  EXPECT_EQ(replay->totals().passed, 3u);
  EXPECT_TRUE(drops_.empty());
  EXPECT_THAT(replay->Do("show conn"), HasSubstr("TCP outside  192.0.2.7:80 inside  10.1.1.10:1025, idle 0:00:00, bytes 0, flags U"));
  // What left by outside is what came in by inside.
  auto left = CaptureReader::Open({At("out/outside.pcap")});
  ASSERT_TRUE(left.ok());
  const auto first = left->Next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->wall_nanos, kStart);
  EXPECT_EQ(std::vector<std::uint8_t>(first->ip.begin(), first->ip.end()), Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 100, 0));
  ASSERT_TRUE(left->Next().has_value());
  EXPECT_FALSE(left->Next().has_value());
}

TEST_F(ReplayTest, AFragmentThatWaitedInVainIsGivenUpAtItsOwnTimeForItsOwnReason) {
  std::vector<std::uint8_t> lone = Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 1, 0);
  lone.resize(44);  // eight bytes or a multiple, as every fragment but the last
  StoreBe16(&lone[2], 44);
  StoreBe16(&lone[6], 0x2000);  // more fragments
  StoreBe16(&lone[10], 0);
  StoreBe16(&lone[10], ChecksumFinish(ChecksumAdd(Bytes(lone.data(), 20))));
  const auto inside = Raw("in.pcap", {{0, lone}, {60, Tcp("10.1.1.10", 1026, "192.0.2.7", 80, kTcpSyn, 1, 0)}});
  const auto outside = Raw("out.pcap", {{0.5, Tcp("192.0.2.9", 4000, "10.1.1.10", 22, kTcpSyn, 1, 0)}});
  auto replay = Make({{"inside", inside, {}}, {"outside", outside, {}}});
  ASSERT_TRUE(replay->Run().ok());
  ASSERT_EQ(drops_.size(), 2u);
  EXPECT_EQ(drops_[1].keyword, "fragment-reassembly-failed");
  EXPECT_EQ(drops_[1].wall_nanos, kStart + 5'000'000'000);  // `fragment timeout`
  EXPECT_EQ(drops_[1].packet, "tcp 10.1.1.10:1025 > 192.0.2.7:80 SYN");
  for (const std::string& m : drops_[1].messages) EXPECT_THAT(m, ::testing::Not(HasSubstr("106023")));
}

TEST_F(ReplayTest, InitialNumbersThatTheRecordedApplianceMadeUpAreLearned) {
  const std::string all = kConfig;
  const std::string config = all.substr(0, all.find("class-map all"));  // sequence numbers are randomised, as on any ASA
  for (const std::uint32_t outside_isn : {100u, 0xfffffff0u}) {  // left alone by a recording between hosts; made up
    Replay::Options options;
    options.on_drop = [this](const Replay::Drop& d) { drops_.push_back(d); };
    options.inputs = {{"inside", Raw("in.pcap", {{0, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 100, 0)},
                                                 {0.2, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpAck, 101, 501)}}), {}},
                      {"outside", Raw("out.pcap", {{0.1, Tcp("192.0.2.7", 80, "10.1.1.10", 1025, kTcpSyn | kTcpAck, 500, outside_isn + 1)},
                                                   {0.3, Tcp("192.0.2.7", 80, "10.1.1.10", 1025, kTcpAck, 501, outside_isn + 1)}}), {}}};
    auto replay = std::make_unique<Replay>(std::move(options));
    LoadOptions how;
    how.empty_first = true;
    ASSERT_EQ(replay->Load(config, how).refused, 0);
    ASSERT_TRUE(replay->Run().ok());
    EXPECT_EQ(replay->totals().passed, 4u);
    EXPECT_TRUE(drops_.empty());
  }
}

TEST_F(ReplayTest, TracksAreUpAndSoAreLinks) {
  Replay::Options options;
  options.inputs = {{"inside", Raw("in.pcap", {{0, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 100, 0)}}), {}}};
  auto replay = std::make_unique<Replay>(std::move(options));
  LoadOptions how;
  how.empty_first = true;
  std::string config = kConfig;
  const std::string route = "route outside 0.0.0.0 0.0.0.0 203.0.113.254";
  config.replace(config.find(route), route.size(), route + " 1 track 1");
  config += "sla monitor 10\n type echo protocol ipIcmpEcho 203.0.113.254 interface outside\nsla monitor schedule 10 life forever start-time now\n"
            "track 1 rtr 10 reachability\n";
  ASSERT_EQ(replay->Load(config, how).refused, 0);
  ASSERT_TRUE(replay->Run().ok());
  EXPECT_EQ(replay->totals().passed, 1u);
  EXPECT_THAT(replay->Do("show interface ip brief"), HasSubstr("203.0.113.1     YES CONFIG up                    up"));
}

TEST_F(ReplayTest, ADroppedPacketSaysWhenWhereAndWhy) {
  const auto outside = Raw("out.pcap", {{2.5, Tcp("192.0.2.9", 4000, "10.1.1.10", 22, kTcpSyn, 1, 0)}});
  auto replay = Make({{"outside", outside, {}}});
  ASSERT_TRUE(replay->Run().ok());
  ASSERT_EQ(drops_.size(), 1u);
  EXPECT_EQ(drops_[0].wall_nanos, kStart + 2'500'000'000);
  EXPECT_EQ(drops_[0].interface, "outside");
  EXPECT_EQ(drops_[0].packet, "tcp 192.0.2.9:4000 > 10.1.1.10:22 SYN");
  EXPECT_EQ(drops_[0].keyword, "acl-drop");
  EXPECT_THAT(drops_[0].messages, ElementsAre("%ASA-4-106023: Deny tcp src outside:192.0.2.9/4000 dst inside:10.1.1.10/22 by "
                                              "access-group \"outside_in\" [0x0, 0x0]"));
}

// Idle timeouts fire by the captures' time, between two packets.
TEST_F(ReplayTest, TimeIsTheCaptures) {
  const auto inside = Raw("in.pcap", {{0, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 100, 0)},
                                      {31, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpAck, 101, 501)}});
  auto replay = Make({{"inside", inside, {}}});
  ASSERT_TRUE(replay->Run().ok());
  ASSERT_EQ(drops_.size(), 1u);  // the embryonic connection was gone after 30 seconds
  EXPECT_EQ(drops_[0].keyword, "tcp-not-syn");
}

// A capture of an Ethernet interface holds what the appliance sent as well.
TEST_F(ReplayTest, WhatTheAppliancesOwnCardSentIsNotFedAgain) {
  const std::vector<std::uint8_t> own = {2, 0, 0, 0, 0, 1}, host = {2, 0, 0, 0, 0, 9};
  const auto frame = [](const std::vector<std::uint8_t>& to, const std::vector<std::uint8_t>& from, std::uint16_t type,
                        const std::vector<std::uint8_t>& body) {
    std::vector<std::uint8_t> f = to;
    f.insert(f.end(), from.begin(), from.end());
    f.push_back(static_cast<std::uint8_t>(type >> 8));
    f.push_back(static_cast<std::uint8_t>(type));
    f.insert(f.end(), body.begin(), body.end());
    f.resize(std::max<std::size_t>(f.size(), 60));
    return f;
  };
  std::vector<std::uint8_t> arp(28);
  StoreBe16(&arp[0], 1);
  StoreBe16(&arp[2], 0x0800);
  arp[4] = 6, arp[5] = 4, arp[7] = 2;
  std::copy(own.begin(), own.end(), arp.begin() + 8);
  StoreBe32(&arp[14], Address("10.1.1.1"));
  std::ofstream out(At("eth.pcap"), std::ios::binary);
  const auto put32 = [&](std::uint32_t v) { out.write(reinterpret_cast<const char*>(&v), 4); };
  for (const std::uint32_t v : {0xa1b2c3d4u, 0x00040002u, 0u, 0u, 65535u, 1u}) put32(v);
  std::uint32_t at = 1'700'000'000;
  for (const auto& f : {frame(host, own, 0x0806, arp), frame(own, host, 0x0800, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 100, 0)),
                        frame(host, own, 0x0800, Tcp("192.0.2.7", 80, "10.1.1.10", 1025, kTcpSyn | kTcpAck, 500, 101))}) {
    for (const std::uint32_t v : {at++, 0u, static_cast<std::uint32_t>(f.size()), static_cast<std::uint32_t>(f.size())}) put32(v);
    out.write(reinterpret_cast<const char*>(f.data()), static_cast<std::streamsize>(f.size()));
  }
  out.close();
  auto replay = Make({{"inside", At("eth.pcap"), {}}});
  ASSERT_TRUE(replay->Run().ok());
  EXPECT_EQ(replay->totals().fed, 1u);
  EXPECT_EQ(replay->totals().own, 1u);
  EXPECT_EQ(replay->totals().not_ip, 1u);
  EXPECT_EQ(replay->totals().passed, 1u);  // the frame's filling is none of the packet
}

TEST_F(ReplayTest, BadInputIsNamed) {
  std::ofstream(At("rubbish")) << "no capture at all, and long enough to be read";
  EXPECT_THAT(Make({{"inside", At("rubbish"), {}}})->Run().error(), HasSubstr("rubbish"));
  EXPECT_THAT(Make({{"inside", At("missing"), {}}})->Run().error(), HasSubstr("missing"));
  EXPECT_EQ(Make({{"nowhere", At("rubbish"), {}}})->Run().error(), "the configuration has no interface named nowhere");
  // A file that was cut off in the middle of a packet: what is whole is used.
  const auto whole = Raw("cut.pcap", {{0, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 100, 0)},
                                      {1, Tcp("10.1.1.10", 1026, "192.0.2.7", 80, kTcpSyn, 100, 0)}});
  std::filesystem::resize_file(whole, std::filesystem::file_size(whole) - 7);
  auto replay = Make({{"inside", whole, {}}});
  EXPECT_TRUE(replay->Run().ok());
  EXPECT_EQ(replay->totals().passed, 1u);
  EXPECT_THAT(replay->damage(), HasSubstr("cut.pcap"));
}

// An Ethernet frame with an optional tag, as a trunk port carries it.
std::string Ethernet(std::optional<int> vlan, const std::vector<std::uint8_t>& ip) {
  std::string f(12, '\0');
  const auto put = [&f](int v) {
    f += static_cast<char>(v >> 8);
    f += static_cast<char>(v);
  };
  if (vlan) {
    put(0x8100);
    put(*vlan);
  }
  put(0x0800);
  return f.append(ip.begin(), ip.end());
}

std::string PcapFile(const std::vector<std::string>& frames) {
  std::string out;
  const auto put = [&out](std::uint32_t v) {
    for (int i = 0; i < 4; i++) out += static_cast<char>(v >> (8 * i) & 0xff);
  };
  for (const std::uint32_t v : {0xa1b2c3d4u, 2u | 4u << 16, 0u, 0u, 65535u, 1u}) put(v);
  std::uint32_t second = 1'700'000'000;
  for (const std::string& f : frames) {
    for (const std::uint32_t v : {second++, 0u, static_cast<std::uint32_t>(f.size()), static_cast<std::uint32_t>(f.size())}) put(v);
    out += f;
  }
  return out;
}

TEST_F(ReplayTest, TagsTellSubinterfacesOfAPortApart) {
  std::ofstream(At("trunk.pcap"), std::ios::binary)
      << PcapFile({Ethernet(10, Tcp("10.10.0.5", 1025, "10.20.0.5", 80, kTcpSyn, 1, 0)), Ethernet(20, Tcp("10.20.0.5", 1026, "10.10.0.5", 80, kTcpSyn, 1, 0)),
                   Ethernet(30, Tcp("10.30.0.5", 1025, "10.20.0.5", 80, kTcpSyn, 1, 0))});
  Replay::Options options;
  options.inputs = {{"GigabitEthernet0/1", At("trunk.pcap"), std::nullopt}};
  options.on_drop = [this](const Replay::Drop& d) { drops_.push_back(d); };
  Replay replay(std::move(options));
  LoadOptions how;
  how.empty_first = true;
  replay.Load("ASA Version 9.16(4)\ninterface GigabitEthernet0/1\n no nameif\n no shutdown\n"
              "interface GigabitEthernet0/1.10\n vlan 10\n nameif high\n security-level 90\n ip address 10.10.0.1 255.255.255.0\n"
              "interface GigabitEthernet0/1.20\n vlan 20\n nameif low\n security-level 10\n ip address 10.20.0.1 255.255.255.0\n", how);
  const Status ran = replay.Run();
  ASSERT_TRUE(ran.ok()) << ran.error();
  EXPECT_EQ(replay.totals().passed, 1u);
  EXPECT_EQ(replay.totals().other_vlan, 1u);
  ASSERT_EQ(drops_.size(), 1u);
  EXPECT_EQ(drops_[0].interface, "low");
  EXPECT_EQ(drops_[0].keyword, "acl-drop");
}

TEST_F(ReplayTest, AFragmentThatIsDroppedLaterHasItsLine) {
  std::vector<std::uint8_t> first = Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 1, 0);
  StoreBe16(&first[6], 0x2000);  // more to come, and nothing does
  first.resize(20 + 16);
  StoreBe16(&first[2], 36);
  StoreBe16(&first[10], 0);
  StoreBe16(&first[10], ChecksumFinish(ChecksumAdd(Bytes(first).first(20))));
  auto replay = Make({{"inside", Raw("in.pcap", {{0, first}, {60, Tcp("10.1.1.10", 1026, "192.0.2.7", 80, kTcpSyn, 1, 0)}}), std::nullopt}});
  ASSERT_TRUE(replay->Run().ok());
  ASSERT_EQ(drops_.size(), 1u);
  EXPECT_EQ(drops_[0].number, 1u);
  EXPECT_EQ(drops_[0].interface, "inside");
  EXPECT_EQ(drops_[0].keyword, "fragment-reassembly-failed");
}

TEST_F(ReplayTest, OnePacketIsTraced) {
  std::vector<Replay::Trace> traces;
  Replay::Options options;
  options.inputs = {{"inside", Raw("in.pcap", {{0, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 1, 0)}, {1, Tcp("10.1.1.10", 1025, "192.0.2.7", 80, kTcpSyn, 1, 0)}}), std::nullopt}};
  options.trace = {2};
  options.on_trace = [&](const Replay::Trace& t) { traces.push_back(t); };
  Replay replay(std::move(options));
  LoadOptions how;
  how.empty_first = true;
  replay.Load(kConfig, how);
  ASSERT_TRUE(replay.Run().ok());
  ASSERT_EQ(traces.size(), 1u);
  EXPECT_EQ(traces[0].number, 2u);
  EXPECT_THAT(traces[0].packet, HasSubstr("10.1.1.10:1025 > 192.0.2.7:80"));
  EXPECT_THAT(traces[0].text, HasSubstr("using existing flow"));
}

}  // namespace
}  // namespace sallyport::replay_test
