// Packets through the real queue in namespaces, with an engine that does as it is told.
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <algorithm>

#include "firewall/base/checksum.h"
#include "firewall/host/data_thread.h"
#include "firewall/host/netfilter_rules.h"
#include "tests/host/net_fixture.h"
#include "tests/host/small_engine.h"

namespace sallyport {
namespace {

constexpr auto kAccept = Disposition::Action::kAccept;
constexpr auto kHold = Disposition::Action::kHold;

class QueueTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    AddressGateway();
  }
  void TearDown() override {
    if (thread_) thread_->Stop();
    thread_.reset();
    if (rules_.installed()) {
      EXPECT_TRUE(rules_.Remove());
    }
    queue_.reset();
    NetTest::TearDown();
  }
  // Queue, rules and data thread, as the daemon does it.
  void StartGateway(Nfqueue::Options options = {}) {
    auto q = Nfqueue::Open(options);
    ASSERT_TRUE(q) << q.error();
    queue_ = std::move(*q);
    const Status s = rules_.Install({"f0", "f1"});
    ASSERT_TRUE(s) << s.error();
    thread_ = std::make_unique<BasicDataThread<SmallEngine>>(engine_, *queue_, clock_);
    const Status started = thread_->Start();
    ASSERT_TRUE(started) << started.error();
    thread_->SetPolicy(TwoInterfaces(f0_, f1_));
  }
  // Numbered datagrams of the given sizes from client to server; checks that they come whole and in order.
  void PassDatagrams(const std::vector<std::size_t>& sizes, int port = 7000) {
    const int to = Socket(server_, SOCK_DGRAM);
    const int big = 8 << 20;
    setsockopt(to, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big);
    ASSERT_TRUE(Bind(to, "10.98.2.2", port));
    const int from = Socket(client_, SOCK_DGRAM);
    ASSERT_TRUE(Connect(from, "10.98.2.2", 7000));
    for (std::size_t i = 0; i < sizes.size(); i++) {
      const std::string text(sizes[i], static_cast<char>('a' + i % 26));
      ASSERT_EQ(send(from, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    }
    for (std::size_t i = 0; i < sizes.size(); i++) {
      const std::string got = ReceiveOne(to);
      ASSERT_EQ(got.size(), sizes[i]) << "datagram " << i;
      ASSERT_EQ(got, std::string(sizes[i], static_cast<char>('a' + i % 26))) << "datagram " << i;
    }
  }
  // `total` bytes through one TCP connection; every byte is checked.
  void PassStream(std::size_t total) {
    const int listener = Socket(server_, SOCK_STREAM);
    ASSERT_TRUE(Bind(listener, "10.98.2.2", 7000));
    ASSERT_EQ(listen(listener, 1), 0);
    const int from = Socket(client_, SOCK_STREAM);
    timeval limit{5, 0};
    setsockopt(from, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    ASSERT_TRUE(Connect(from, "10.98.2.2", 7000));
    ASSERT_TRUE(Readable(listener, 3000));
    const int to = accept(listener, nullptr, nullptr);
    ASSERT_GE(to, 0);
    std::thread writer([from, total] {
      std::vector<std::uint8_t> block(256 * 1024);
      std::size_t at = 0;
      while (at < total) {
        const std::size_t n = std::min(block.size(), total - at);
        for (std::size_t i = 0; i < n; i++) block[i] = static_cast<std::uint8_t>((at + i) * 31 >> 4);
        const ssize_t sent = send(from, block.data(), n, MSG_NOSIGNAL);
        if (sent <= 0) break;
        at += static_cast<std::size_t>(sent);
      }
      shutdown(from, SHUT_WR);
    });
    std::vector<std::uint8_t> block(256 * 1024);
    std::size_t got = 0;
    bool right = true;
    while (got < total && Readable(to, 5000)) {
      const ssize_t n = recv(to, block.data(), block.size(), 0);
      if (n <= 0) break;
      for (ssize_t i = 0; i < n; i++) {
        right = right && block[static_cast<std::size_t>(i)] ==
                             static_cast<std::uint8_t>((got + static_cast<std::size_t>(i)) * 31 >> 4);
      }
      got += static_cast<std::size_t>(n);
    }
    writer.join();
    close(to);
    EXPECT_EQ(got, total);
    EXPECT_TRUE(right) << "bytes came through changed";
  }
  // What sequence randomisation does to every TCP packet.
  static void ShiftNumbers(Packet& p, Disposition& d) {
    d.action = kAccept;
    d.egress = p.ingress == static_cast<IfId>(1) ? static_cast<IfId>(2) : static_cast<IfId>(1);
    if (!p.IsTcp() || p.fragment) return;
    if (p.ingress == static_cast<IfId>(1)) {
      RewriteTcpNumbers(p, 0x12345678, 0);
    } else {
      RewriteTcpNumbers(p, 0, 0u - 0x12345678u);
    }
  }

  SmallEngine engine_;
  SystemClock clock_;
  std::unique_ptr<Nfqueue> queue_;
  NetfilterRules rules_{0};
  std::unique_ptr<BasicDataThread<SmallEngine>> thread_;
};

// What a tunnel's end does: another packet around this one, in its place.
TEST_F(QueueTest, APacketMayGrowOnBothSides) {
  engine_.judge = [](Packet& p, Disposition& d) {
    d.action = kAccept;
    if (!p.IsUdp() || p.bytes.size() < 28 || LoadBe16(p.l4() + 2) != 7001) return;
    ASSERT_GE(p.headroom, 80u);
    ASSERT_GE(p.tailroom, 80u);
    CompleteChecksum(p);
    const std::size_t inner = p.bytes.size();
    const MutableBytes outer(p.bytes.data() - 28, inner + 28 + 50);
    std::copy_n(p.bytes.data(), 20, outer.data());
    StoreBe16(outer.data() + 2, static_cast<std::uint16_t>(outer.size()));
    StoreBe16(outer.data() + 10, 0);
    StoreBe16(outer.data() + 10, ChecksumFinish(ChecksumAdd(Bytes(outer).first(20))));
    StoreBe16(outer.data() + 20, 9);
    StoreBe16(outer.data() + 22, 7000);
    StoreBe16(outer.data() + 24, static_cast<std::uint16_t>(outer.size() - 20));
    StoreBe16(outer.data() + 26, 0);
    std::fill_n(outer.data() + 28 + inner, 50, std::uint8_t{0xee});
    p.bytes = outer;
    p.wire_length = static_cast<std::uint32_t>(outer.size());
    p.checksum_pending = false;
    p.rewritten = true;
  };
  StartGateway();
  const int to = Socket(server_, SOCK_DGRAM);
  ASSERT_TRUE(Bind(to, "10.98.2.2", 7000));
  const int from = Socket(client_, SOCK_DGRAM);
  ASSERT_TRUE(Connect(from, "10.98.2.2", 7001));
  for (std::size_t size : {1u, 2u, 3u, 4u, 500u, 1300u}) {
    const std::string text(size, 'x');
    ASSERT_EQ(send(from, text.data(), text.size(), 0), static_cast<ssize_t>(size));
    const std::string got = ReceiveOne(to);
    ASSERT_EQ(got.size(), 28 + size + 50) << size;
    EXPECT_EQ(got.substr(28, size), text);
    EXPECT_EQ(got.substr(28 + size), std::string(50, '\xee'));
  }
}

TEST_F(QueueTest, MergedDatagramsComeWholeOrOneByOne) {
  std::atomic<int> packets{0};
  engine_.judge = [&](Packet& p, Disposition& d) {
    d.action = kAccept;
    if (p.IsUdp()) packets++;
  };
  StartGateway();
  const int to = Socket(server_, SOCK_DGRAM);
  ASSERT_TRUE(Bind(to, "10.98.2.2", 7000));
  const int from = Socket(client_, SOCK_DGRAM);
  ASSERT_TRUE(Connect(from, "10.98.2.2", 7000));
  const int segment = 1000;
  ASSERT_EQ(setsockopt(from, IPPROTO_UDP, 103 /* UDP_SEGMENT */, &segment, sizeof segment), 0);
  const std::string text(8000, 'x');
  const auto pass = [&] {
    packets = 0;
    EXPECT_EQ(send(from, text.data(), text.size(), 0), 8000);
    for (int i = 0; i < 8; i++) EXPECT_EQ(ReceiveOne(to).size(), 1000u);
    return packets.load();
  };
  EXPECT_EQ(pass(), 1);
  thread_->Ask([&] { return queue_->SetGso(Nfqueue::kOtherQueue, false).ok(); });
  EXPECT_EQ(pass(), 8);
  thread_->Ask([&] { return queue_->SetGso(Nfqueue::kOtherQueue, true).ok(); });
  EXPECT_EQ(pass(), 1);
}

TEST_F(QueueTest, DatagramsOfAllSizesInOrder) {
  StartGateway();
  std::vector<std::size_t> sizes;
  for (std::size_t n = 1; n <= 1472; n += 3) sizes.push_back(n);
  PassDatagrams(sizes);
  EXPECT_GE(queue_->counters().packets, sizes.size());
  EXPECT_EQ(queue_->counters().dropped, 0u);
  EXPECT_EQ(queue_->counters().gaps, 0u);
  EXPECT_EQ(queue_->ReadLosses().queue_full + queue_->ReadLosses().socket_full, 0u);
}

TEST_F(QueueTest, FragmentedDatagramsOfUpTo64KilobytesPass) {
  StartGateway();
  PassDatagrams({1473, 5000, 20000, 65507});
}

TEST_F(QueueTest, HeadersSufficeWhenNothingIsRewritten) {
  engine_.copy_length = 64;
  std::atomic<std::size_t> most{0};
  std::atomic<std::uint32_t> wire{0};
  engine_.judge = [&](Packet& p, Disposition& d) {
    d.action = kAccept;
    if (!p.IsUdp() && !p.IsTcp()) return;
    most = std::max(most.load(), p.bytes.size());
    wire = std::max(wire.load(), p.wire_length);
  };
  StartGateway();
  PassDatagrams({10, 700, 1472, 3});
  EXPECT_EQ(most, 64u);
  EXPECT_EQ(wire, 1500u);
  PassStream(8 << 20);
  EXPECT_GT(wire, 20000u) << "large packets did not come whole";
  // Header-only copies cannot be given back: dropped and counted, not truncated.
  engine_.judge = [&](Packet& p, Disposition& d) {
    d.action = kAccept;
    p.rewritten = p.payload_length > 500;
  };
  const int to = Socket(server_, SOCK_DGRAM);
  ASSERT_TRUE(Bind(to, "10.98.2.2", 7009));
  const int from = Socket(client_, SOCK_DGRAM);
  ASSERT_TRUE(Connect(from, "10.98.2.2", 7009));
  const std::string large(1000, 'x');
  ASSERT_EQ(send(from, large.data(), large.size(), 0), 1000);
  ASSERT_EQ(send(from, "end", 3, 0), 3);
  EXPECT_EQ(ReceiveOne(to), "end");
  EXPECT_EQ(queue_->counters().not_whole, 1u);
}

TEST_F(QueueTest, BulkWithoutRewritingUsesBatchVerdicts) {
  StartGateway();
  PassStream(64 << 20);
  EXPECT_EQ(queue_->counters().rewritten, 0u);
  EXPECT_GT(queue_->counters().batches, 0u);
}

TEST_F(QueueTest, BulkRewrittenComesThroughUnchanged) {
  engine_.judge = ShiftNumbers;
  StartGateway();
  PassStream(64 << 20);
  EXPECT_GT(queue_->counters().rewritten, 500u);
  EXPECT_EQ(queue_->counters().errors, 0u);
  EXPECT_TRUE(Eventually([&] { return queue_->ReadLosses().waiting == 0; }));
}

TEST_F(QueueTest, BulkRewrittenAlsoWithoutOffloads) {
  for (const auto& [ns, link] : {std::pair{client_, "c0"}, {server_, "s0"}}) {
    const std::string line = "ip netns exec " + ns + " ethtool -K " + link + " tso off gso off tx off";
    if (FindProgram("ethtool").empty()) GTEST_SKIP() << "needs ethtool";
    ASSERT_TRUE(Run(line));
  }
  engine_.judge = ShiftNumbers;
  StartGateway();
  PassStream(4 << 20);
}

TEST_F(QueueTest, RewrittenDestinationAndBack) {
  // Port 7000 becomes 7001, and back.
  engine_.judge = [](Packet& p, Disposition& d) {
    d.action = kAccept;
    if (!p.IsUdp()) return;
    if (p.key.dport == 7000) RewriteDestination(p, p.key.dst, 7001);
    if (p.key.sport == 7001) RewriteSource(p, p.key.src, 7000);
  };
  StartGateway();
  PassDatagrams({1, 2, 3, 4, 100, 101, 102, 103, 1472}, 7001);
  EXPECT_EQ(queue_->counters().rewritten, 9u);
}

TEST_F(QueueTest, HeldPacketsWaitWhileOthersPass) {
  // Datagrams of 100 bytes are held until one of 200 bytes comes; then the first goes, the second is dropped.
  std::vector<std::uint32_t> held;
  engine_.judge = [&](Packet& p, Disposition& d) {
    d.action = kAccept;
    if (!p.IsUdp()) return;
    if (p.payload_length == 100) {
      d.action = kHold;
      held.push_back(p.handle);
    }
    if (p.payload_length == 200) {
      for (std::size_t i = 0; i < held.size(); i++) {
        ReleasedPacket r;
        r.handle = held[i];
        r.disposition.action = i == 1 ? Disposition::Action::kDrop : kAccept;
        engine_.released.push_back(r);
      }
      held.clear();
    }
  };
  StartGateway();
  const int to = Socket(server_, SOCK_DGRAM);
  ASSERT_TRUE(Bind(to, "10.98.2.2", 7000));
  const int from = Socket(client_, SOCK_DGRAM);
  ASSERT_TRUE(Connect(from, "10.98.2.2", 7000));
  const auto out = [&](std::size_t n) {
    const std::string text(n, 'h');
    ASSERT_EQ(send(from, text.data(), n, 0), static_cast<ssize_t>(n));
  };
  out(1);
  out(100);
  out(2);
  out(100);
  for (std::size_t n = 3; n < 60; n++) out(n);
  for (std::size_t n = 1; n < 60; n++) EXPECT_EQ(ReceiveOne(to).size(), n);
  EXPECT_EQ(queue_->ReadLosses().waiting, 2u) << "the held ones wait in the kernel";
  out(200);
  std::vector<std::size_t> sizes = {ReceiveOne(to).size(), ReceiveOne(to).size()};
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{100, 200}));
  EXPECT_TRUE(Eventually([&] { return queue_->ReadLosses().waiting == 0; }));
  EXPECT_EQ(ReceiveOne(to, 50), "");
  EXPECT_EQ(queue_->counters().held, 2u);
}

TEST_F(QueueTest, HeldPacketMayLeaveChanged) {
  engine_.judge = [&](Packet& p, Disposition& d) {
    d.action = kAccept;
    if (!p.IsUdp()) return;
    d.action = kHold;
    ReleasedPacket r;
    r.handle = p.handle;
    r.disposition.action = kAccept;
    CompleteChecksum(p);
    RewriteDestination(p, p.key.dst, 7001);
    r.bytes.assign(p.bytes.begin(), p.bytes.end());
    engine_.released.push_back(r);
  };
  StartGateway();
  PassDatagrams({10, 999, 1472}, 7001);
}

TEST_F(QueueTest, OriginatedPacketsPassOurOwnRules) {
  std::atomic<int> own{0};
  engine_.judge = [&](Packet& p, Disposition& d) {
    // The kernel of the gateway sends things of its own as well (IPv6 router solicitations, multicast reports).
    if (p.ingress == IfId::kIdentity && p.IsUdp() && p.key.sport == 7000) own++;
    if (p.IsUdp() && p.key.dport == 7000) {  // drop it and answer in the server's place
      std::vector<std::uint8_t> answer(28 + 5);
      answer[0] = 0x45;
      StoreBe16(&answer[2], 33);
      answer[8] = 64;
      answer[9] = 17;
      p.key.dst.StoreV4(&answer[12]);
      p.key.src.StoreV4(&answer[16]);
      StoreBe16(&answer[10], ChecksumFinish(ChecksumAdd(Bytes(answer).first(20))));
      StoreBe16(&answer[20], p.key.dport);
      StoreBe16(&answer[22], p.key.sport);
      StoreBe16(&answer[24], 13);
      std::memcpy(&answer[28], "hello", 5);
      engine_.originated.push_back({p.ingress, answer});
      return;
    }
    d.action = kAccept;
  };
  StartGateway();
  const int from = Socket(client_, SOCK_DGRAM);
  ASSERT_TRUE(Connect(from, "10.98.2.2", 7000));
  ASSERT_EQ(send(from, "?", 1, 0), 1);
  EXPECT_EQ(ReceiveOne(from), "hello");
  EXPECT_EQ(own, 0) << "it must not come back to us";
  // What the gateway's own programs send is seen, with the interface it leaves by.
  std::atomic<int> hint{0};
  thread_->Ask([&] {
    engine_.judge = [&](Packet& p, Disposition& d) {
      if (p.ingress == IfId::kIdentity && p.IsUdp() && p.key.dport == 7000) hint = static_cast<int>(p.egress_hint);
      d.action = kAccept;
    };
  });
  const int mine = Socket(gateway_, SOCK_DGRAM);
  const int to = Socket(server_, SOCK_DGRAM);
  ASSERT_TRUE(Bind(to, "10.98.2.2", 7000));
  ASSERT_TRUE(Connect(mine, "10.98.2.2", 7000));
  ASSERT_EQ(send(mine, "x", 1, 0), 1);
  EXPECT_EQ(ReceiveOne(to), "x");
  EXPECT_EQ(hint, 2);
}

TEST_F(QueueTest, TimeToLiveIsGivenBack) {
  StartGateway();
  const int to = Socket(server_, SOCK_DGRAM);
  ASSERT_TRUE(Bind(to, "10.98.2.2", 7000));
  const int one = 1;
  ASSERT_EQ(setsockopt(to, IPPROTO_IP, IP_RECVTTL, &one, sizeof one), 0);
  const int from = Socket(client_, SOCK_DGRAM);
  const int ttl = 37;
  ASSERT_EQ(setsockopt(from, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl), 0);
  ASSERT_TRUE(Connect(from, "10.98.2.2", 7000));
  ASSERT_EQ(send(from, "t", 1, 0), 1);
  ASSERT_TRUE(Readable(to, 3000));
  char data[16], control[64];
  iovec v{data, sizeof data};
  msghdr m{};
  m.msg_iov = &v;
  m.msg_iovlen = 1;
  m.msg_control = control;
  m.msg_controllen = sizeof control;
  ASSERT_EQ(recvmsg(to, &m, 0), 1);
  int seen = 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&m); c != nullptr; c = CMSG_NXTHDR(&m, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) std::memcpy(&seen, CMSG_DATA(c), sizeof seen);
  }
  EXPECT_EQ(seen, ttl);
}

TEST_F(QueueTest, LargePingPassesAndLinkMtuHolds) {
  StartGateway();
  EXPECT_TRUE(Run("ip netns exec " + client_ + " ping -q -c 2 -i 0.2 -W 2 -s 9000 10.98.2.2"));
  // A packet too large for the second link with DF set comes back as "fragmentation needed" from the gateway's kernel.
  ASSERT_TRUE(Run("ip link set f1 mtu 1300"));
  const int from = Socket(client_, SOCK_DGRAM);
  ASSERT_TRUE(Connect(from, "10.98.2.2", 7000));
  const int df = IP_PMTUDISC_DO;
  ASSERT_EQ(setsockopt(from, IPPROTO_IP, IP_MTU_DISCOVER, &df, sizeof df), 0);
  const std::string text(1400, 'm');
  ASSERT_EQ(send(from, text.data(), text.size(), 0), 1400);
  int mtu = 0;
  EXPECT_TRUE(Eventually([&] {
    socklen_t n = sizeof mtu;
    getsockopt(from, IPPROTO_IP, IP_MTU, &mtu, &n);
    return mtu == 1300;
  })) << mtu;
}

TEST_F(QueueTest, UnknownLinkIsClosed) {
  StartGateway();
  thread_->SetPolicy(TwoInterfaces(f0_, 0));
  const int from = Socket(server_, SOCK_DGRAM);
  ASSERT_TRUE(Connect(from, "10.98.1.2", 7000));
  const int to = Socket(client_, SOCK_DGRAM);
  ASSERT_TRUE(Bind(to, "10.98.1.2", 7000));
  ASSERT_EQ(send(from, "x", 1, 0), 1);
  EXPECT_TRUE(Eventually([&] { return queue_->counters().unknown_link >= 1; }));
  EXPECT_EQ(ReceiveOne(to, 50), "");
}

// A host may have links besides the appliance's (to manage it by): forwarding must not open a way past the queues.
TEST_F(QueueTest, LinksOfOthersAreNoWayAround) {
  for (const char* was : {"0", "1"}) {
    ASSERT_TRUE(WriteSysctl("net/ipv4/ip_forward", was));
    NetfilterRules rules(40);  // another number: no listener, so what the queue should see is dropped as well
    const Status s = rules.Install({"f0"});
    ASSERT_TRUE(s) << s.error();
    const int to = Socket(client_, SOCK_DGRAM);
    const int port = was[0] == '0' ? 7000 : 7001;
    ASSERT_TRUE(Bind(to, "10.98.1.2", port));
    const int from = Socket(server_, SOCK_DGRAM);
    ASSERT_TRUE(Connect(from, "10.98.1.2", port));
    ASSERT_EQ(send(from, "x", 1, 0), 1);
    EXPECT_TRUE(Eventually([&] {
      return Output("iptables-nft-save -c -t filter").find("[1:29] -A SALLYPORT-40-FROM -j DROP") != std::string::npos;
    })) << Output("iptables-nft-save -c");
    EXPECT_EQ(ReceiveOne(to, 0), "") << "ip_forward was " << was;
    ASSERT_TRUE(rules.Remove());
    EXPECT_EQ(*ReadSysctl("net/ipv4/ip_forward"), was);
    EXPECT_EQ(Output("iptables-nft-save").find("SALLYPORT"), std::string::npos);
  }
}

// What else the data thread waits for is drained as often as it says that there is more, and flushed before what the engine has.
TEST_F(QueueTest, AnotherSourceIsDrainedAndFlushed) {
  struct Source final : PollSource {
    Source() : event(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
    ~Source() override { close(event); }
    int fd() const override { return event; }
    bool Drain(TimePoint, bool) override {
      std::uint64_t n = 0;
      if (read(event, &n, sizeof n) == sizeof n) left = static_cast<int>(n);
      if (left == 0) return false;
      drained++;
      return --left != 0;
    }
    void Flush() override { flushed = drained.load(); }
    int event, left = 0;
    std::atomic<int> drained{0}, flushed{0};
  } source;
  auto q = Nfqueue::Open({});
  ASSERT_TRUE(q) << q.error();
  queue_ = std::move(*q);
  thread_ = std::make_unique<BasicDataThread<SmallEngine>>(engine_, *queue_, clock_);
  thread_->UsePollSource(&source);
  ASSERT_TRUE(thread_->Start());
  for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{5}}) {
    const int before = source.drained;
    ASSERT_EQ(write(source.event, &n, sizeof n), static_cast<ssize_t>(sizeof n));
    EXPECT_TRUE(Eventually([&] { return source.flushed == before + static_cast<int>(n); })) << source.drained << " " << source.flushed;
  }
  thread_->Stop();
  thread_.reset();
}

TEST_F(QueueTest, ClockMovesForwardInOrder) {
  StartGateway();
  const TimePoint now = clock_.Now();
  thread_->Ask([&] { engine_.due = {now + Duration::Seconds(60), now + Duration::Seconds(1800), now + Duration::Seconds(7200)}; });
  thread_->AdvanceClock(Duration::Seconds(3600));
  const auto fired = thread_->Ask([&] { return engine_.fired; });
  EXPECT_EQ(fired, (std::vector<TimePoint>{now + Duration::Seconds(60), now + Duration::Seconds(1800)}));
  // A deadline that comes by itself wakes the thread.
  thread_->Ask([&] { engine_.due = {clock_.Now() + Duration::Milliseconds(20)}; });
  EXPECT_TRUE(Eventually([&] { return thread_->Ask([&] { return engine_.fired.size(); }) == 3; }));
  thread_->Stop();
  EXPECT_EQ(thread_->Ask([] { return 7; }), 7) << "a stopped thread answers where it is asked";
}

TEST_F(QueueTest, SecondDaemonOnTheSameQueueIsRefused) {
  StartGateway();
  const auto second = Nfqueue::Open({});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("in use"), std::string::npos) << second.error();
}

// kill -9 in the middle of traffic: closed; a new daemon takes over; an orderly end leaves nothing behind.
TEST_F(QueueTest, KilledDaemonLeavesTheNetworkClosed) {
  ASSERT_TRUE(Run("iptables-nft -t raw -A PREROUTING -s 192.0.2.1 -j DROP"));
  ASSERT_TRUE(Run("iptables-nft -t filter -A FORWARD -s 192.0.2.2 -j DROP"));
  ASSERT_TRUE(WriteSysctl("net/ipv4/ip_forward", "0"));
  const std::string before4 = Output("iptables-nft-save"), before6 = Output("ip6tables-nft-save");
  const auto rules_of = [](const std::string& saved) {
    std::string s;
    for (std::size_t at = 0, end; at < saved.size(); at = end + 1) {
      end = std::min(saved.find('\n', at), saved.size());
      if (saved.compare(at, 3, "-A ") == 0) s += saved.substr(at, end - at) + "\n";
    }
    return s;
  };

  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    StartGateway();
    (void)!write(ready[1], "r", 1);
    for (;;) pause();
  }
  char c = 0;
  ASSERT_TRUE(Readable(ready[0], 10000));
  ASSERT_EQ(read(ready[0], &c, 1), 1);
  const std::string ping = "ip netns exec " + client_ + " ping -q -c 1 -W 1 10.98.2.2";
  EXPECT_TRUE(Run(ping));
  EXPECT_EQ(*ReadSysctl("net/ipv4/ip_forward"), "1");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(RunCommand(Words(ping)).ok()) << "open after kill -9";

  StartGateway();
  EXPECT_TRUE(Run(ping)) << "a new daemon did not take over";
  const std::string once = rules_of(Output("iptables-nft-save"));
  EXPECT_TRUE(rules_.Install({"f0", "f1"}));
  EXPECT_EQ(rules_of(Output("iptables-nft-save")), once) << "installing twice must change nothing";
  thread_->Stop();
  EXPECT_TRUE(rules_.Remove());
  EXPECT_EQ(rules_of(Output("iptables-nft-save")), rules_of(before4));
  EXPECT_EQ(rules_of(Output("ip6tables-nft-save")), rules_of(before6));
  EXPECT_EQ(Output("iptables-nft-save").find("SALLYPORT"), std::string::npos);
  EXPECT_EQ(*ReadSysctl("net/ipv4/ip_forward"), "0") << "as before the daemon that was killed";
  EXPECT_TRUE(rules_.Remove()) << "removing twice is no error";
}

}  // namespace
}  // namespace sallyport
