// Random TCP segments near what would be right, through the whole engine: flows that are only tracked, that are put in order,
// whose retransmissions are compared, and that go through a proxy. Whatever leaves is well formed; whatever is held gets a
// verdict; nothing is left when the connections are gone.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "conf/configuration.h"
#include "firewall/base/checksum.h"
#include "firewall/engine.h"

namespace sallyport {
namespace {

class Silent final : public LogSink {
 public:
  void Emit(const LogEvent&) override {}
};

constexpr const char* kConfig =
    "ASA Version 9.16(4)\n"
    "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.1 255.255.255.0\n"
    "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.1.1.1 255.255.255.0\n"
    "route outside 0.0.0.0 0.0.0.0 203.0.113.254\n"
    "tcp-map ordered\n queue-limit 4 timeout 5\n reserved-bits clear\n"
    "tcp-map same\n check-retransmission\n window-variation drop-connection\n"
    "class-map ordered\n match port tcp eq 81\n"
    "class-map same\n match port tcp eq 82\n"
    "class-map proxied\n match port tcp eq 83\n"
    "policy-map global_policy\n"
    " class ordered\n  set connection advanced-options ordered\n"
    " class same\n  set connection advanced-options same\n"
    " class proxied\n  ips inline fail-open\n"
    "service-policy global_policy global\n";

struct Flow {
  std::uint16_t sport = 0, dport = 0;
  std::uint32_t next[2] = {0, 0};   // near what each side would send next, in its own numbers
  std::uint32_t seen[2] = {0, 0};   // the first number of each side as the other sees it, once it has been seen
  std::uint32_t isn[2] = {0, 0};
};

class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed) {
    Configuration conf;
    EXPECT_EQ(conf.Load(kConfig).refused, 0);
    policy_ = *conf.Compile(nullptr);
    Engine::Options options;
    options.max_connections = 100;
    engine_ = std::make_unique<Engine>(options, clock_, log_, Random(seed), Inspectors{});
    engine_->SetPolicy(policy_, clock_.Now());
    for (std::uint16_t i = 0; i < 8; i++) flows_.push_back({static_cast<std::uint16_t>(1025 + i), static_cast<std::uint16_t>(80 + i % 4)});
  }

  void Run(int packets) {
    for (int i = 0; i < packets; i++) {
      Step(flows_[random_() % flows_.size()]);
      if (random_() % 20 == 0) {
        clock_.Advance(Duration::Milliseconds(static_cast<std::int64_t>(random_() % (random_() % 50 == 0 ? 100'000 : 400))));
        engine_->AdvanceTo(clock_.Now());
        Collect();
      }
      if (::testing::Test::HasFailure()) return;
    }
    engine_->ClearConns({}, clock_.Now());
    Collect();
    EXPECT_TRUE(held_.empty());
    EXPECT_EQ(engine_->ConnCount().first, 0u);
    EXPECT_EQ(engine_->NextDeadline(), TimePoint::Max());
  }
  int passed = 0, consumed = 0, ever_held = 0, originated = 0;

 private:
  std::uint32_t Near(std::uint32_t value) {
    switch (random_() % 8) {
      case 0: return value - random_() % 3000;
      case 1: return value + random_() % 3000;
      case 2: return static_cast<std::uint32_t>(random_());
      default: return value;
    }
  }
  void Step(Flow& f) {
    const int from = static_cast<int>(random_() % 2);
    static constexpr std::uint8_t kFlags[] = {kTcpSyn, kTcpAck, kTcpAck, kTcpAck, kTcpAck, kTcpAck | kTcpPsh, kTcpAck | kTcpPsh, kTcpAck | kTcpUrg};
    std::uint8_t flags = kFlags[random_() % std::size(kFlags)];
    if (random_() % 60 == 0) flags = kTcpFin | kTcpAck;
    if (random_() % 150 == 0) flags = kTcpRst;
    if (flags == kTcpSyn && from == 1) flags = kTcpSyn | kTcpAck;
    std::uint32_t seq = 0;
    if ((flags & kTcpSyn) != 0) {
      if (random_() % 4 == 0 || f.isn[from] == 0) f.isn[from] = static_cast<std::uint32_t>(random_());
      seq = f.isn[from];
    } else {
      seq = Near(f.next[from]);
    }
    const std::uint32_t length = (flags & kTcpSyn) != 0 && random_() % 10 != 0 ? 0 : random_() % 3 == 0 ? random_() % 1400 : 0;
    const std::uint32_t ack = (flags & kTcpAck) != 0 ? Near(f.seen[1 - from]) : 0;
    std::vector<std::uint8_t> options;
    if ((flags & kTcpSyn) != 0) options = {2, 4, 5, 180, 1, 3, 3, static_cast<std::uint8_t>(random_() % 9), 1, 1, 4, 2};
    if (random_() % 12 == 0) options.insert(options.end(), {30, 4, 1, 2});
    std::vector<std::uint8_t> bytes(40 + options.size() + length);
    const IpAddress ends[2] = {*IpAddress::Parse("10.1.1.10"), *IpAddress::Parse("192.0.2.7")};
    bytes[0] = 0x45;
    StoreBe16(&bytes[2], static_cast<std::uint16_t>(bytes.size()));
    bytes[8] = static_cast<std::uint8_t>(60 + random_() % 4);
    bytes[9] = 6;
    ends[from].StoreV4(&bytes[12]);
    ends[1 - from].StoreV4(&bytes[16]);
    StoreBe16(&bytes[10], ChecksumFinish(ChecksumAdd(Bytes(bytes.data(), 20))));
    std::uint8_t* t = &bytes[20];
    StoreBe16(t, from == 0 ? f.sport : f.dport);
    StoreBe16(t + 2, from == 0 ? f.dport : f.sport);
    StoreBe32(t + 4, seq);
    StoreBe32(t + 8, ack);
    t[12] = static_cast<std::uint8_t>((20 + options.size()) / 4 << 4 | (random_() % 30 == 0 ? 5 : 0));
    t[13] = flags;
    StoreBe16(t + 14, static_cast<std::uint16_t>(random_() % 3 == 0 ? random_() % 3000 : 60'000));
    std::copy(options.begin(), options.end(), t + 20);
    // The same bytes at the same number, but for a few.
    for (std::uint32_t i = 0; i < length; i++) t[20 + options.size() + i] = static_cast<std::uint8_t>(seq + i + (random_() % 4000 == 0 ? 1 : 0));
    const Bytes l4(t, bytes.size() - 20);
    StoreBe16(t + 16, ChecksumFinish(ChecksumAdd(l4, PseudoHeaderSum(ends[from], ends[1 - from], 6, static_cast<std::uint32_t>(l4.size())))));

    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    p.ingress = policy_->FindByName(from == 0 ? "inside" : "outside")->id;
    p.handle = ++handle_;
    Disposition d;
    engine_->Process(p, clock_.Now(), d);
    const std::uint32_t end = seq + length + ((flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
    if (d.action == Disposition::Action::kAccept) {
      passed++;
      Check(bytes);
      f.next[from] = end;
      f.seen[from] = LoadBe32(&bytes[24]) + (end - seq);
    } else if (d.action == Disposition::Action::kHold) {
      ever_held++;
      held_.insert(p.handle);
    } else if (d.action == Disposition::Action::kConsume) {
      consumed++;
      f.next[from] = end;
      f.seen[from] += end - seq;
    }
    Collect();
  }
  void Check(std::vector<std::uint8_t> bytes) {
    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    ASSERT_EQ(ParsePacket(p), FrameDrop::kNone);
    EXPECT_TRUE(VerifyTransportChecksum(p));
    EXPECT_FALSE(p.tcp_options.unusual);
    EXPECT_EQ(p.tcp_flags & kTcpUrg, 0);
  }
  void Collect() {
    for (const ReleasedPacket& r : engine_->TakeReleased()) {
      EXPECT_EQ(held_.erase(r.handle), 1u) << "a verdict for what is not held";
      if (!r.bytes.empty()) Check(r.bytes);
    }
    for (const OriginatedPacket& o : engine_->TakeOriginated()) {
      originated++;
      Check(o.bytes);
    }
  }

  std::mt19937 random_;
  ManualClock clock_;
  Silent log_;
  std::shared_ptr<const Policy> policy_;
  std::unique_ptr<Engine> engine_;
  std::vector<Flow> flows_;
  std::set<std::uint32_t> held_;
  std::uint32_t handle_ = 0;
};

TEST(TcpChaos, NothingBreaksAndNothingIsLeft) {
  int passed = 0, consumed = 0, held = 0, originated = 0;
  for (unsigned seed = 1; seed <= 12 && !HasFailure(); seed++) {
    SCOPED_TRACE(seed);
    Chaos chaos(seed);
    chaos.Run(6000);
    passed += chaos.passed;
    consumed += chaos.consumed;
    held += chaos.ever_held;
    originated += chaos.originated;
  }
  // It got to all of it.
  EXPECT_GT(passed, 5000);
  EXPECT_GT(consumed, 1000);
  EXPECT_GT(held, 100);
  EXPECT_GT(originated, 1000);
}

}  // namespace
}  // namespace sallyport
