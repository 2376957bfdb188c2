// A soak in short form: two hours of mixed traffic in virtual time through a whole appliance in memory, with policy changes, captures,
// faults and show commands meanwhile. After every quarter it is quiet until all timers have run, and then nothing may be left: no
// connection, translation, pinhole, fragment, local host or timer, and no more memory in use than after the quarters before.
//
// Two hours take a few seconds (under a sanitizer it is one); SALLYPORT_SOAK_HOURS=N makes it N hours (at most 10,000).
#include <malloc.h>

#include <map>
#include <random>
#include <set>

#include "firewall/base/checksum.h"
#include "tests/cli/console_fixture.h"
#include "tests/sanitized.h"

namespace sallyport::soak_test {
namespace {

using Wire = std::vector<std::uint8_t>;
using Step = std::function<bool()>;  // false: the flow is over

constexpr const char* kConfig[] = {
    "interface GigabitEthernet0/0", "nameif outside", "security-level 0", "ip address 203.0.113.1 255.255.255.0",
    "interface GigabitEthernet0/1", "nameif inside", "security-level 100", "ip address 10.1.0.1 255.255.0.0",
    "interface GigabitEthernet0/2", "nameif dmz", "security-level 50", "ip address 172.16.1.1 255.255.255.0",
    "route outside 0.0.0.0 0.0.0.0 203.0.113.254",
    "object network pool", "range 203.0.113.10 203.0.113.12",
    "object network inside-net", "subnet 10.1.0.0 255.255.0.0", "nat (inside,outside) dynamic pat-pool pool round-robin",
    "object network web", "host 172.16.1.10", "nat (dmz,outside) static 203.0.113.80",
    "access-list outside_in extended permit tcp any object web eq www log informational interval 5",
    "access-list outside_in extended permit tcp any object web eq ftp",
    "access-list outside_in extended deny ip any any log interval 10",
    "access-group outside_in in interface outside",
    "timeout conn 0:05:00 half-closed 0:05:00 udp 0:02:00 icmp 0:00:02", "timeout xlate 0:10:00",
    "threat-detection basic-threat", "threat-detection scanning-threat", "threat-detection statistics",
    "logging enable", "logging buffered informational",
    "tcp-map ordered", "queue-limit 8 timeout 4",
    "class-map ordered", "match port tcp eq 81",
    "class-map few", "match port tcp eq www",
    "class-map inspection_default", "match default-inspection-traffic",
    "policy-map type inspect dns strict", "parameters", "message-length maximum 512", "id-randomization",
    "policy-map global_policy",
    "class ordered", "set connection advanced-options ordered",
    "class few", "set connection embryonic-conn-max 20", "set connection timeout embryonic 0:00:10 dcd 0:00:30 3",
    "class inspection_default", "inspect dns strict", "inspect ftp", "inspect http", "inspect tftp", "inspect icmp",
    "service-policy global_policy global"};

Wire Ip(std::uint8_t protocol, IpAddress src, IpAddress dst, Wire l4, std::uint16_t id = 0) {
  const std::size_t at = protocol == 6 ? 16 : protocol == 17 ? 6 : 2;
  StoreBe16(&l4[at], 0);
  const std::uint64_t pseudo = protocol == 1 ? 0 : PseudoHeaderSum(src, dst, protocol, static_cast<std::uint32_t>(l4.size()));
  StoreBe16(&l4[at], ChecksumFinish(ChecksumAdd(l4, pseudo)));
  Wire p(20);
  p[0] = 0x45;
  StoreBe16(&p[2], static_cast<std::uint16_t>(20 + l4.size()));
  StoreBe16(&p[4], id);
  p[8] = 64;
  p[9] = protocol;
  src.StoreV4(&p[12]);
  dst.StoreV4(&p[16]);
  StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(p)));
  p.insert(p.end(), l4.begin(), l4.end());
  return p;
}

// The datagram in fragments of `bytes` of payload, a multiple of eight.
std::vector<Wire> Cut(const Wire& whole, std::size_t bytes) {
  std::vector<Wire> out;
  for (std::size_t at = 20; at < whole.size(); at += bytes) {
    const std::size_t n = std::min(bytes, whole.size() - at);
    Wire f(whole.begin(), whole.begin() + 20);
    f.insert(f.end(), whole.begin() + static_cast<std::ptrdiff_t>(at), whole.begin() + static_cast<std::ptrdiff_t>(at + n));
    StoreBe16(&f[2], static_cast<std::uint16_t>(f.size()));
    StoreBe16(&f[6], static_cast<std::uint16_t>((at - 20) / 8 | (at + n < whole.size() ? 0x2000 : 0)));
    StoreBe16(&f[10], 0);
    StoreBe16(&f[10], ChecksumFinish(ChecksumAdd(Bytes(f.data(), 20))));
    out.push_back(std::move(f));
  }
  return out;
}

Wire Text(const std::string& s) { return {s.begin(), s.end()}; }

// One end's view of a flow: where it sends from and to. The other end's is learned from what arrives there.
struct End {
  std::string interface;
  IpAddress me, peer;
  std::uint16_t my_port = 0, peer_port = 0;
  std::uint32_t next = 0, expects = 0;  // its next number; the next of the other's, as it sees them
};
struct Flow {
  End end[2];
};
using FlowPtr = std::shared_ptr<Flow>;

class Soak : public ConsoleTest {
 protected:
  Soak() : random_(1) {
    auto c = OpenConfig();
    for (const char* line : kConfig) {
      const std::string said = c->Do(line);
      EXPECT_TRUE(said.find("ERROR") == std::string::npos) << line << ": " << said;
    }
    console_ = Open(15);
    console_->Do("terminal pager 0");
  }
  Engine& engine() { return *box_.engine; }
  TimePoint Now() const { return box_.clock.Now(); }
  std::uint32_t Dice(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

  // --- time
  void At(std::int64_t milliseconds, std::function<void()> what) {
    due_.emplace((Now() + Duration::Milliseconds(milliseconds)).ns, std::move(what));
  }
  void RunTo(TimePoint end) {
    while (!due_.empty() && due_.begin()->first <= end.ns) {
      auto node = due_.extract(due_.begin());
      Tick({std::max(node.key(), Now().ns)});
      node.mapped()();
    }
    Tick(end);
  }
  void Tick(TimePoint to) {
    box_.clock.Set(to);
    engine().AdvanceTo(to);
    Collect();
    while (!box_.posted.empty()) {
      auto f = std::move(box_.posted.front());
      box_.posted.pop_front();
      f();
    }
  }
  void Collect() {
    for (const ReleasedPacket& r : engine().TakeReleased()) {
      EXPECT_EQ(held_.erase(r.handle), 1u) << "a verdict for what is not held";
    }
    originated_ += engine().TakeOriginated().size();
    engine().TakeOriginatedFrames();
  }

  // --- packets
  // What leaves; nothing if it was dropped, held or taken.
  std::optional<Wire> Give(const std::string& interface, Wire bytes) {
    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    p.ingress = engine().policy().FindByName(interface)->id;
    p.handle = ++handle_;
    Disposition d;
    engine().Process(p, Now(), d);
    given_++;
    std::optional<Wire> left;
    if (d.action == Disposition::Action::kAccept) {
      passed_++;
      left = Wire(p.bytes.begin(), p.bytes.end());
    } else if (d.action == Disposition::Action::kHold) {
      held_.insert(p.handle);
    }
    Collect();
    return left;
  }
  bool Tcp(Flow& f, int side, std::uint8_t flags, const Wire& data = {}, std::uint32_t ahead = 0) {
    End& e = f.end[side];
    Wire l4(20);
    StoreBe16(&l4[0], e.my_port);
    StoreBe16(&l4[2], e.peer_port);
    StoreBe32(&l4[4], e.next + ahead);
    StoreBe32(&l4[8], (flags & kTcpAck) != 0 ? e.expects : 0);
    l4[12] = 5 << 4;
    if ((flags & kTcpSyn) != 0) {
      l4.insert(l4.end(), {2, 4, 5, 180});
      l4[12] = 6 << 4;
    }
    l4[13] = flags;
    StoreBe16(&l4[14], 60'000);
    l4.insert(l4.end(), data.begin(), data.end());
    const auto left = Give(e.interface, Ip(6, e.me, e.peer, l4));
    const std::uint32_t flag = (flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0;
    if (ahead != 0) return true;
    e.next += static_cast<std::uint32_t>(data.size()) + flag;
    if (!left) return false;
    End& other = f.end[1 - side];
    const std::size_t header = 20 + static_cast<std::size_t>((*left)[32] >> 4) * 4;
    other.expects = LoadBe32(&(*left)[24]) + static_cast<std::uint32_t>(left->size() - header) + flag;
    Learn(other, *left, 20);
    return true;
  }
  bool Udp(Flow& f, int side, const Wire& data) {
    End& e = f.end[side];
    Wire l4(8);
    StoreBe16(&l4[0], e.my_port);
    StoreBe16(&l4[2], e.peer_port);
    StoreBe16(&l4[4], static_cast<std::uint16_t>(8 + data.size()));
    l4.insert(l4.end(), data.begin(), data.end());
    const auto left = Give(e.interface, Ip(17, e.me, e.peer, l4));
    if (!left) return false;
    Learn(f.end[1 - side], *left, 20);
    last_ = Wire(left->begin() + 28, left->end());
    return true;
  }
  static void Learn(End& e, const Wire& p, std::size_t l4) {
    e.me = IpAddress::FromV4Bytes(&p[16]);
    e.peer = IpAddress::FromV4Bytes(&p[12]);
    e.my_port = LoadBe16(&p[l4 + 2]);
    e.peer_port = LoadBe16(&p[l4]);
  }

  // --- flows
  IpAddress Inside() { return IpAddress::V4(0x0a010000u + 10 + Dice(60)); }
  IpAddress Outside() { return IpAddress::V4(0xc0000200u + 1 + Dice(250)); }
  std::uint16_t Port() { return static_cast<std::uint16_t>(1024 + Dice(60'000)); }
  FlowPtr New(const std::string& from, IpAddress me, const std::string& to, IpAddress peer, std::uint16_t port) {
    auto f = std::make_shared<Flow>();
    f->end[0] = {from, me, peer, Port(), port, static_cast<std::uint32_t>(random_()), 0};
    f->end[1].interface = to;
    f->end[1].next = static_cast<std::uint32_t>(random_());
    return f;
  }
  FlowPtr Outbound(std::uint16_t port) { return New("inside", Inside(), "outside", Outside(), port); }
  // One after the other, a few milliseconds apart, until one says that the flow is over.
  void Go(std::vector<Step> steps, std::size_t at = 0) {
    if (at == steps.size()) return;
    At(1 + Dice(30), [this, rest = std::move(steps), at]() mutable {
      if (rest[at]()) Go(std::move(rest), at + 1);
    });
  }
  void Append(std::vector<Step>& to, std::vector<Step> more) {
    for (Step& s : more) to.push_back(std::move(s));
  }
  std::vector<Step> Open3(FlowPtr f) {
    return {[=, this] { return Tcp(*f, 0, kTcpSyn); }, [=, this] { return Tcp(*f, 1, kTcpSyn | kTcpAck); }, [=, this] { return Tcp(*f, 0, kTcpAck); }};
  }
  std::vector<Step> Say(FlowPtr f, int side, Wire data) {
    return {[=, this] { return Tcp(*f, side, kTcpAck | kTcpPsh, data); }, [=, this] { return Tcp(*f, 1 - side, kTcpAck); }};
  }
  std::vector<Step> Close(FlowPtr f, int first) {
    return {[=, this] { return Tcp(*f, first, kTcpFin | kTcpAck); }, [=, this] { return Tcp(*f, 1 - first, kTcpFin | kTcpAck); },
            [=, this] { return Tcp(*f, first, kTcpAck); }, [=, this] { whole_++; return true; }};
  }
  void Web(FlowPtr f, int how) {
    auto steps = Open3(f);
    const int n = 1 + static_cast<int>(Dice(4));
    for (int i = 0; i < n; i++) {
      Append(steps, Say(f, 0, Text("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")));
      Wire page = Text("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
      page.resize(page.size() + 1000, 'x');
      Append(steps, Say(f, 1, page));
    }
    if (how == 0) Append(steps, Close(f, static_cast<int>(Dice(2))));
    if (how == 1) steps.push_back([=, this] { return Tcp(*f, static_cast<int>(Dice(2)), kTcpRst); });
    if (how == 2) steps.push_back([=, this] { return Tcp(*f, 0, kTcpFin | kTcpAck); });  // half-closed, and then nothing
    Go(std::move(steps));  // how == 3: idle until it times out
  }
  void Ordered() {
    auto f = Outbound(81);
    auto steps = Open3(f);
    Append(steps, Say(f, 0, Wire(200, 'a')));
    const bool gap = Dice(3) == 0;  // that nobody ever fills
    for (std::uint32_t i = 1; i <= 3; i++) steps.push_back([=, this] { return Tcp(*f, 0, kTcpAck, Wire(100, 'b'), i * 100); });
    if (!gap) {
      steps.push_back([=, this] { return Tcp(*f, 0, kTcpAck, Wire(100, 'b')); });
      steps.push_back([=, this] {
        f->end[0].next += 300;
        return Tcp(*f, 0, kTcpRst | kTcpAck);
      });
    }
    Go(std::move(steps));
  }
  void Dns() {
    auto f = Outbound(53);
    Wire q = {0x12, static_cast<std::uint8_t>(Dice(256)), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 0, 0, 1, 0, 1};
    Go({[=, this] { return Udp(*f, 0, q); },
        [=, this] {
          Wire r = last_;  // as the server got it: its identifier may be another
          r[2] = 0x81;
          r[3] = 0x80;
          r[7] = 1;
          for (const std::uint8_t b : {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 80}) r.push_back(b);
          return Udp(*f, 1, r);
        }});
  }
  void Ftp() {
    auto f = Outbound(21);
    auto steps = Open3(f);
    Append(steps, Say(f, 1, Text("220 ready\r\n")));
    Append(steps, Say(f, 0, Text("USER anonymous\r\n")));
    Append(steps, Say(f, 1, Text("331 who\r\n")));
    const std::uint16_t port = static_cast<std::uint16_t>(2000 + Dice(5000));
    const bool used = Dice(4) != 0;  // or the pinhole ends by itself
    if (Dice(2) == 0) {
      Append(steps, Say(f, 0, Text("PASV\r\n")));
      steps.push_back([=, this] {
        std::string a = f->end[1].me.ToString();
        for (char& c : a) c = c == '.' ? ',' : c;
        return Tcp(*f, 1, kTcpAck, Text("227 Entering Passive Mode (" + a + "," + std::to_string(port / 256) + "," + std::to_string(port % 256) + ")\r\n"));
      });
      if (used) {
        steps.push_back([=, this] {
          auto data = New("inside", f->end[0].me, "outside", f->end[0].peer, port);
          auto more = Open3(data);
          Append(more, Say(data, 1, Wire(500, 'd')));
          Append(more, Close(data, 1));
          Go(std::move(more));
          return true;
        });
      }
    } else {
      steps.push_back([=, this] {
        std::string a = f->end[0].me.ToString();
        for (char& c : a) c = c == '.' ? ',' : c;
        return Tcp(*f, 0, kTcpAck, Text("PORT " + a + "," + std::to_string(port / 256) + "," + std::to_string(port % 256) + "\r\n"));
      });
    }
    if (Dice(2) == 0) Append(steps, Close(f, 0));
    Go(std::move(steps));
  }
  void Tftp() {
    auto f = Outbound(69);
    Go({[=, this] { return Udp(*f, 0, Text(std::string("\0\1file\0octet\0", 13))); },
        [=, this] {
          f->end[1].my_port = 3000;
          return Udp(*f, 1, Wire(516, 3));
        }});
  }
  void Ping(bool large) {
    const IpAddress from = Inside(), to = Outside();
    Wire l4(large ? 3000 : 64);
    l4[0] = 8;
    StoreBe16(&l4[4], Port());
    const Wire whole = Ip(1, from, to, l4, static_cast<std::uint16_t>(random_()));
    if (!large) {
      Go({[=, this] {
        const auto left = Give("inside", whole);
        if (!left) return false;
        Wire reply(left->begin() + 20, left->end());
        reply[0] = 0;
        Give("outside", Ip(1, IpAddress::FromV4Bytes(&(*left)[16]), IpAddress::FromV4Bytes(&(*left)[12]), reply));
        return true;
      }});
      return;
    }
    auto pieces = Cut(whole, 800);
    if (Dice(3) == 0) pieces.erase(pieces.begin() + Dice(static_cast<std::uint32_t>(pieces.size())));  // one never comes
    std::shuffle(pieces.begin(), pieces.end(), random_);
    for (const Wire& piece : pieces) At(Dice(100), [=, this] { Give("inside", piece); });
  }
  void Flood() {
    for (int i = 0; i < 60; i++) {
      At(Dice(500), [this] {
        auto f = New("outside", IpAddress::V4(0xc6330000u + Dice(0x10000)), "dmz", *IpAddress::Parse("203.0.113.80"), 80);
        Tcp(*f, 0, kTcpSyn);
      });
    }
  }
  void Rubbish() {
    for (int i = 0; i < 10; i++) {
      Wire p(20 + Dice(100));
      for (auto& b : p) b = static_cast<std::uint8_t>(random_());
      p[0] = 0x45;
      if (Dice(2) == 0) StoreBe16(&p[2], static_cast<std::uint16_t>(p.size()));
      p[9] = std::array<std::uint8_t, 4>{1, 6, 17, 47}[Dice(4)];
      At(Dice(1000), [=, this] { Give(Dice(2) == 0 ? "inside" : "outside", p); });
    }
  }
  void OneSecond() {
    for (int i = 0; i < 5; i++) {
      switch (Dice(12)) {
        case 0: case 1: Web(Outbound(80), static_cast<int>(Dice(4))); break;
        case 2: Web(New("outside", Outside(), "dmz", *IpAddress::Parse("203.0.113.80"), 80), static_cast<int>(Dice(3))); break;
        case 3: Dns(); break;
        case 4: Ftp(); break;
        case 5: Tftp(); break;
        case 6: Ping(false); break;
        case 7: Ping(true); break;
        case 8: Ordered(); break;
        case 9: { auto f = Outbound(Port()); Go({[=, this] { return Tcp(*f, 0, kTcpSyn); }}); break; }  // nobody answers
        case 10: { auto f = New("outside", Outside(), "inside", IpAddress::V4(0xcb007100u + Dice(256)), Port()); Go({[=, this] { return Tcp(*f, 0, kTcpSyn); }}); break; }
        default: { auto f = Outbound(Port()); Go({[=, this] { return Udp(*f, 0, Wire(100)); }, [=, this] { return Udp(*f, 1, Wire(100)); }}); break; }
      }
    }
    if (Dice(60) == 0) Flood();
    if (Dice(30) == 0) Rubbish();
  }

  // --- an operator
  void OneMinute(int minute) {
    static constexpr const char* kShow[] = {
        "show conn", "show conn detail", "show conn long", "show xlate", "show nat detail", "show nat pool", "show local-host", "show asp drop",
        "show access-list", "show service-policy", "show threat-detection rate", "show threat-detection statistics", "show logging", "show perfmon",
        "show traffic", "show counters", "show fragment", "show route", "show running-config", "show asp table classify", "show interface", "show fault",
        "show threat-detection scanning-threat", "packet-tracer input inside tcp 10.1.0.10 1234 192.0.2.7 80 detailed"};
    for (int i = 0; i < 3; i++) console_->Do(kShow[(static_cast<std::size_t>(minute) * 3 + static_cast<std::size_t>(i)) % std::size(kShow)]);
    const auto change = [this](std::initializer_list<const char*> lines) {
      console_->Do("configure terminal");
      for (const char* l : lines) {
        const std::string said = console_->Do(l);
        EXPECT_TRUE(said.find("ERROR") == std::string::npos) << l << ": " << said;
      }
      console_->Do("end");
    };
    switch (minute % 15) {
      case 1: console_->Do("capture in interface inside trace trace-count 20"); break;
      case 2: console_->Do("capture ring interface outside buffer 20000 circular-buffer"); break;
      case 3: console_->Do("capture asp type asp-drop all"); break;
      case 4: console_->Do("show capture in"); console_->Do("show capture in packet-number 1 trace"); console_->Do("show capture asp"); break;
      case 5: console_->Do("clear capture ring"); console_->Do("no capture in"); break;
      case 6: console_->Do("no capture ring"); console_->Do("no capture asp"); break;
      case 7: change({"access-list outside_in line 1 extended permit udp any object web eq 53", "object network other", "host 172.16.1.11", "nat (dmz,outside) static 203.0.113.81"}); break;
      case 8: change({"no object network other", "no access-list outside_in line 1 extended permit udp any object web eq 53"}); break;
      case 9: console_->Do("fault f lose percent 5"); console_->Do("fault g delay 200 jitter 100 percent 10"); break;
      case 10: console_->Do("fault h duplicate percent 5"); console_->Do("fault i reorder percent 5"); break;
      case 11: console_->Do("clear fault"); break;
      case 12: console_->Do("shun 192.0.2.7"); break;
      case 13: console_->Do("no shun 192.0.2.7"); console_->Do("clear xlate"); break;
      case 14: console_->Do("clear conn address 10.1.0.20"); break;
      default: break;
    }
  }
  // In use by malloc, in bytes; 0 under a sanitizer, which has an allocator of its own.
  static std::size_t Heap() { return mallinfo2().uordblks; }

  std::mt19937 random_;
  std::unique_ptr<TestConsole> console_;
  std::multimap<std::int64_t, std::function<void()>> due_;
  std::set<std::uint32_t> held_;
  Wire last_;  // payload of the last datagram that left
  std::uint32_t handle_ = 0;
  std::uint64_t given_ = 0, passed_ = 0, originated_ = 0, whole_ = 0;
};

TEST_F(Soak, NothingIsLeftAndNothingGrows) {
  const char* hours = std::getenv("SALLYPORT_SOAK_HOURS");
  const int quarters = 4 * std::clamp(hours != nullptr ? std::atoi(hours) : kSanitized ? 1 : 2, 1, 10'000);
  std::vector<std::size_t> heap;
  int minute = 0;
  for (int quarter = 0; quarter < quarters && !HasFailure(); quarter++) {
    SCOPED_TRACE(quarter);
    std::uint32_t most = 0;
    for (int second = 0; second < 15 * 60; second++) {
      OneSecond();
      RunTo(Now() + Duration::Seconds(1));
      most = std::max(most, engine().ConnCount().first);
      if (second % 60 == 30) OneMinute(minute++);
    }
    EXPECT_GT(most, 100u);
    EXPECT_LT(most, 1000u);
    // Quiet, until every timer has run.
    for (int i = 0; i < 25; i++) RunTo(Now() + Duration::Seconds(600));
    EXPECT_TRUE(due_.empty());
    EXPECT_TRUE(held_.empty());
    EXPECT_EQ(engine().ConnCount().first, 0u);
    EXPECT_EQ(console_->Do("show conn count").substr(0, 9), "0 in use,");
    EXPECT_EQ(engine().LocalHostCount(), 0u);
    EXPECT_EQ(engine().AclLogFlows().first, 0u);
    EXPECT_EQ(engine().Fragments(IfId{engine().policy().FindByName("inside")->id}).queue, 0u);
    EXPECT_EQ(engine().Xlates(0, 1000, Now()).in_use, 0u) << console_->Do("show xlate");
    EXPECT_EQ(engine().NextDeadline(), TimePoint::Max());
    EXPECT_EQ(console_->Do("show fault"), "");
    EXPECT_EQ(console_->Do("show shun"), "");
    console_->Do("clear logging buffer");
    malloc_trim(0);
    heap.push_back(Heap());
  }
  std::printf("%llu packets, %llu passed, %llu of the appliance's own, %llu connections from SYN to last FIN; heap:", static_cast<unsigned long long>(given_),
              static_cast<unsigned long long>(passed_), static_cast<unsigned long long>(originated_), static_cast<unsigned long long>(whole_));
  for (const std::size_t h : heap) std::printf(" %zu", h / 1024);
  std::printf(" KB\n");
  EXPECT_GT(whole_, 200u * static_cast<unsigned>(quarters));
  EXPECT_GT(originated_, 100u);
  // What grew in the first half (tables that keep their size, statistics of hosts) must have stopped growing.
  const std::size_t middle = heap.size() / 2;
  EXPECT_LT(heap.back(), heap[middle] + 64 * 1024);
}

}  // namespace
}  // namespace sallyport::soak_test
