// The TCP proxy between two small model stacks over a network that loses, delays and reorders, in virtual time.
#include "firewall/tcp_proxy.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

namespace sallyport {
namespace {

constexpr Direction kF = Direction::kForward;
constexpr Direction kR = Direction::kReverse;

Duration Ms(int ms) { return Duration::Milliseconds(ms); }

// One end: sends `stream` and a FIN, takes what comes, acknowledges at once, repeats what is not acknowledged.
struct End {
  std::vector<std::uint8_t> stream, taken;
  std::uint32_t isn = 0, peer_isn = 0;
  std::uint32_t una = 0, sent = 0;  // relative: 0 is the first byte
  std::uint32_t next = 0;           // relative, of the peer's
  std::uint32_t window = 20'000;    // offered
  std::uint32_t peer_edge = 0;      // relative
  bool peer_fin = false, fin_acked = false, repeats = true;
  std::map<std::uint32_t, std::pair<std::vector<std::uint8_t>, bool>> ahead;
  TimePoint timer = TimePoint::Max();
  Duration rto = Ms(300);

  std::uint32_t FinAt() const { return static_cast<std::uint32_t>(stream.size()); }
  TimePoint Deadline() const { return timer; }
};

struct Wire {
  TcpSegment s;
  std::vector<std::uint8_t> payload;
};

struct Network : ::testing::Test {
  std::mt19937 random{1};
  TimePoint now;
  End end[2];  // initiator, responder
  TcpQueueBudget budget;
  std::unique_ptr<TcpProxy> proxy;
  struct Event {
    bool to_proxy = false;
    Direction d{};
    Wire wire;
  };
  std::multimap<TimePoint, Event> events;
  double loss = 0;
  int jitter_ms = 0;
  std::map<FrameDrop, int> drops;
  std::uint32_t edges[2] = {0, 0};
  int acks_to_initiator = 0;

  void Start(std::size_t forward, std::size_t reverse, Duration reassembly = Duration::Seconds(60), std::size_t queue_limit = 0) {
    TcpSide sides[2];
    for (int i = 0; i < 2; i++) {
      end[i].isn = static_cast<std::uint32_t>(random());
      sides[i].isn = end[i].isn;
      sides[i].end = end[i].isn + 1;
      sides[i].flags = kTcpSideSeen;
    }
    for (int i = 0; i < 2; i++) {
      end[i].peer_isn = end[1 - i].isn;
      end[i].peer_edge = end[1 - i].window;
      sides[i].last_ack = end[1 - i].isn + 1;
      sides[i].max_end = end[i].isn + 1 + end[1 - i].window;
      end[i].stream.resize(i == 0 ? forward : reverse);
      for (auto& b : end[i].stream) b = static_cast<std::uint8_t>(random());
      edges[i] = sides[i].max_end;
    }
    const std::uint16_t mss[2] = {1000, 1200};
    proxy = std::make_unique<TcpProxy>(sides, mss, reassembly, queue_limit, budget);
  }

  bool Lost() { return loss > 0 && std::uniform_real_distribution<>(0, 1)(random) < loss; }
  void Put(bool to_proxy, Direction d, Wire w) {
    if (Lost()) return;
    const int delay = 5 + (jitter_ms > 0 ? static_cast<int>(random() % static_cast<unsigned>(jitter_ms)) : 0);
    events.emplace(now + Ms(delay), Event{to_proxy, d, std::move(w)});
  }
  // An end sends [from, from + length) or an acknowledgment.
  void SendFrom(int who, std::uint32_t from, std::uint32_t length, bool fin) {
    End& e = end[who];
    Wire w;
    w.s.flags = static_cast<std::uint8_t>(kTcpAck | (fin ? kTcpFin : 0) | (length != 0 ? kTcpPsh : 0));
    w.s.seq = e.isn + 1 + from;
    w.s.ack = e.peer_isn + 1 + e.next;
    w.s.window = static_cast<std::uint16_t>(e.window);
    w.s.payload = length;
    w.payload.assign(e.stream.begin() + from, e.stream.begin() + from + length);
    Put(true, who == 0 ? kF : kR, std::move(w));
  }
  void Push(int who) {
    End& e = end[who];
    while (e.sent <= e.FinAt()) {
      const std::uint32_t left = e.FinAt() - e.sent;
      const std::uint32_t room = e.peer_edge > e.sent ? e.peer_edge - e.sent : 0;
      const std::uint32_t n = std::min({left, room, 900u});
      if (n == 0 && left != 0) break;
      const bool fin = n == left;
      SendFrom(who, e.sent, n, fin);
      e.sent += n + (fin ? 1 : 0);
      if (fin) break;
    }
    if (!e.fin_acked && e.timer == TimePoint::Max() && e.repeats) e.timer = now + e.rto;
  }
  void Deliver(int who, const Wire& w) {
    End& e = end[who];
    if (who == 0) acks_to_initiator++;
    const std::uint32_t ack = w.s.ack - e.isn - 1;
    if (ack <= e.FinAt() + 1 && ack >= e.una) {
      if (ack > e.una) {
        e.timer = TimePoint::Max();
        e.rto = Ms(300);
      }
      e.una = ack;
      if (e.sent < e.una) e.sent = e.una;
      e.fin_acked = ack == e.FinAt() + 1;
      e.peer_edge = std::max(e.peer_edge, ack + w.s.window);
    }
    const bool fin = (w.s.flags & kTcpFin) != 0;
    if (!w.payload.empty() || fin) {
      const std::uint32_t at = w.s.seq - e.peer_isn - 1;
      if (at <= 0x7fffffff) e.ahead[at] = {w.payload, fin};
      for (bool more = true; more;) {
        more = false;
        for (auto it = e.ahead.begin(); it != e.ahead.end() && it->first <= e.next;) {
          const auto& [bytes, has_fin] = it->second;
          const std::uint32_t last = it->first + static_cast<std::uint32_t>(bytes.size());
          if (last > e.next) {
            e.taken.insert(e.taken.end(), bytes.begin() + (e.next - it->first), bytes.end());
            e.next = last;
            more = true;
          }
          if (has_fin && last == e.next && !e.peer_fin) {
            e.peer_fin = true;
            e.next++;
            more = true;
          }
          it = e.ahead.erase(it);
        }
      }
      SendFrom(who, std::min(e.sent, e.FinAt()), 0, false);
    }
    Push(who);
  }
  void Emit(TcpProxy::Out& out) {
    for (TcpProxy::Segment& s : out) {
      Wire w;
      w.s = {s.flags, s.seq, s.ack, s.window, static_cast<std::uint32_t>(s.payload.size()), 0xff, 0};
      w.payload = std::move(s.payload);
      Put(false, s.d, std::move(w));
    }
    out.clear();
    for (const Direction d : {kF, kR}) {
      EXPECT_LE(proxy->Held(d), TcpProxy::kBuffer);
      EXPECT_FALSE(SeqBefore(proxy->Edge(d), edges[static_cast<int>(d)])) << "a promised window is taken back";
      edges[static_cast<int>(d)] = proxy->Edge(d);
    }
  }
  bool Done() const {
    return end[0].fin_acked && end[1].fin_acked && end[0].peer_fin && end[1].peer_fin && proxy->Held(kF) == 0 && proxy->Held(kR) == 0;
  }
  // Until everything has gone, or `limit` has passed.
  void Play(Duration limit) {
    Push(0);
    Push(1);
    const TimePoint until = now + limit;
    TcpProxy::Out out;
    while (!Done() && !proxy->gave_up()) {
      TimePoint next = events.empty() ? TimePoint::Max() : events.begin()->first;
      next = std::min({next, proxy->Deadline(), end[0].Deadline(), end[1].Deadline()});
      if (next > until) break;
      now = std::max(now, next);
      if (!events.empty() && events.begin()->first <= now) {
        const Event e = std::move(events.extract(events.begin()).mapped());
        if (e.to_proxy) {
          drops[proxy->Arrive(e.d, e.wire.s, e.wire.payload, now, out)]++;
          Emit(out);
        } else {
          Deliver(e.d == kF ? 1 : 0, e.wire);
        }
        continue;
      }
      if (proxy->Deadline() <= now) {
        proxy->Fire(now, out);
        Emit(out);
        continue;
      }
      for (int i : {0, 1}) {
        End& e = end[i];
        if (e.timer > now) continue;
        e.rto = std::min(Duration{e.rto.ns * 2}, Duration::Seconds(3));
        e.timer = now + e.rto;
        const std::uint32_t n = std::min<std::uint32_t>(e.FinAt() - std::min(e.una, e.FinAt()), 900);
        if (!e.fin_acked) SendFrom(i, std::min(e.una, e.FinAt()), e.una > e.FinAt() ? 0 : n, e.una + n >= e.FinAt());
      }
    }
  }
  void ExpectWhole() {
    EXPECT_TRUE(Done());
    EXPECT_EQ(end[1].taken, end[0].stream);
    EXPECT_EQ(end[0].taken, end[1].stream);
  }
  void TearDown() override {
    proxy.reset();
    EXPECT_EQ(budget.bytes, 0u);
  }
};
using TcpProxyTest = Network;

TEST_F(TcpProxyTest, CarriesBothWays) {
  Start(50'000, 80'000);
  Play(Duration::Seconds(30));
  ExpectWhole();
  EXPECT_LT(now, TimePoint{} + Duration::Seconds(5));
}

TEST_F(TcpProxyTest, LossAndReordering) {
  for (unsigned seed = 1; seed <= 40; seed++) {
    SCOPED_TRACE(seed);
    random.seed(seed);
    for (End& e : end) e = End{};
    events.clear();
    loss = 0.02 * (seed % 8);
    jitter_ms = seed % 3 == 0 ? 40 : 0;
    Start(20'000 + seed * 500, 30'000);
    Play(Duration::Seconds(900));
    ExpectWhole();
    if (HasFailure()) break;
  }
}

TEST_F(TcpProxyTest, AReceiverThatStopsReading) {
  end[1].window = 3000;
  Start(200'000, 0);
  TcpProxy::Out out;
  // Takes what comes, but opens no window for a while.
  end[1].window = 0;
  Play(Duration::Seconds(20));
  EXPECT_LE(end[1].taken.size(), 3000u + 200);
  EXPECT_GT(proxy->Held(kF), TcpProxy::kBuffer - 1000) << "full, less what is no window worth telling";
  EXPECT_FALSE(proxy->gave_up()) << "it answers the probes";
  end[1].window = 20'000;
  Play(Duration::Seconds(120));
  ExpectWhole();
}

// Figures of IPsec over TCP: TCP's header, and a sender that neither repeats nor hears duplicates.
TEST_F(TcpProxyTest, ASenderThatNeverRepeatsStalls) {
  end[0].repeats = false;
  Start(0, 0, Duration::Seconds(60));
  TcpProxy::Out out;
  const auto send = [&](std::uint32_t at) {
    TcpSegment s{kTcpAck, end[0].isn + 1 + at, end[1].isn + 1, 8000, 100, 0xff, 0};
    const std::vector<std::uint8_t> payload(100, 7);
    return proxy->Arrive(kF, s, payload, now, out);
  };
  EXPECT_EQ(send(0), FrameDrop::kNone);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].d, kF);
  EXPECT_EQ(out[0].payload.size(), 100u);
  EXPECT_EQ(out[1].d, kR);
  EXPECT_EQ(out[1].ack, end[0].isn + 101);
  // 100..199 is lost. From then on the same acknowledgment again and again, and nothing goes on to the receiver.
  int taken = 0;
  FrameDrop last = FrameDrop::kNone;
  for (std::uint32_t at = 200; at < 90'000; at += 100) {
    out.clear();
    last = send(at);
    if (last == FrameDrop::kNone) taken++;
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].d, kR);
    EXPECT_EQ(out[0].ack, end[0].isn + 101);
    EXPECT_TRUE(out[0].payload.empty());
  }
  EXPECT_EQ(proxy->Held(kF), TcpProxy::kBuffer - 100) << "full, but for the place of what is missing";
  EXPECT_EQ(last, FrameDrop::kTcpSeqPastWin);
  out.clear();
  now = proxy->Deadline() + Duration::Seconds(120);
  EXPECT_EQ(proxy->Fire(now, out), static_cast<std::uint32_t>(taken));
  EXPECT_EQ(proxy->Held(kF), 100u) << "what the receiver has not acknowledged";
}

TEST_F(TcpProxyTest, RepeatsWithBackoffAndGivesUp) {
  Start(0, 0);
  TcpProxy::Out out;
  TcpSegment s{kTcpAck | kTcpPsh, end[0].isn + 1, end[1].isn + 1, 8000, 10, 0xff, 0};
  const std::vector<std::uint8_t> payload(10, 1);
  EXPECT_EQ(proxy->Arrive(kF, s, payload, now, out), FrameDrop::kNone);
  std::vector<std::int64_t> after;
  while (!proxy->gave_up()) {
    out.clear();
    const TimePoint at = proxy->Deadline();
    ASSERT_NE(at, TimePoint::Max());
    after.push_back((at - now).seconds());
    now = at;
    proxy->Fire(now, out);
    if (!proxy->gave_up()) {
      ASSERT_EQ(out.size(), 1u);
      EXPECT_EQ(out[0].seq, end[0].isn + 1);
      EXPECT_EQ(out[0].payload.size(), 10u);
      EXPECT_EQ(out[0].flags, kTcpAck | kTcpPsh);
    }
  }
  EXPECT_EQ(after, (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60}));
}

TEST_F(TcpProxyTest, ThreeDuplicatesRepeatAtOnce) {
  Start(0, 0);
  TcpProxy::Out out;
  for (std::uint32_t at = 0; at < 5000; at += 1000) {
    TcpSegment s{kTcpAck, end[0].isn + 1 + at, end[1].isn + 1, 8000, 1000, 0xff, 0};
    const std::vector<std::uint8_t> payload(1000, 1);
    EXPECT_EQ(proxy->Arrive(kF, s, payload, now, out), FrameDrop::kNone);
  }
  TcpSegment ack{kTcpAck, end[1].isn + 1, end[0].isn + 1, 20'000, 0, 0xff, 0};
  out.clear();
  for (int i = 0; i < 2; i++) EXPECT_EQ(proxy->Arrive(kR, ack, {}, now, out), FrameDrop::kNone);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(proxy->Arrive(kR, ack, {}, now, out), FrameDrop::kNone);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].seq, end[0].isn + 1);
  EXPECT_EQ(out[0].payload.size(), 1000u);
}

TEST_F(TcpProxyTest, RefusesWhatNobodySent) {
  Start(0, 0);
  TcpProxy::Out out;
  TcpSegment ack{kTcpAck, end[1].isn + 1, end[0].isn + 500, 20'000, 0, 0xff, 0};
  EXPECT_EQ(proxy->Arrive(kR, ack, {}, now, out), FrameDrop::kTcpInvalidAck);
  // A keepalive is answered in the other end's name.
  out.clear();
  TcpSegment alive{kTcpAck, end[0].isn, end[1].isn + 1, 8000, 0, 0xff, 0};
  EXPECT_EQ(proxy->Arrive(kF, alive, {}, now, out), FrameDrop::kNone);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].d, kR);
  EXPECT_EQ(out[0].ack, end[0].isn + 1);
  const TcpProxy::Segment reset = proxy->Reset(kF);
  EXPECT_EQ(reset.seq, end[0].isn + 1);
  EXPECT_EQ(reset.flags, kTcpRst | kTcpAck);
}

}  // namespace
}  // namespace sallyport
