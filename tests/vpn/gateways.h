// Two appliances with a tunnel between them whose keys were laid down by hand, and the hosts behind them, all in memory:
//
//   10.1.1.0/24 -- inside [left] outside 192.0.2.1 ===== 192.0.2.2 outside [right] inside -- 10.2.2.0/24
//
// A packet is given to an appliance as packet I/O would do it (in a buffer with room around it); what leaves is a list of packets,
// whether they were replaced in their verdict, released or originated.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/configuration.h"
#include "firewall/base/checksum.h"
#include "firewall/engine.h"
#include "firewall/logger.h"
#include "inspect/engines.h"
#include "tests/traffic/agreement.h"
#include "vpn/data_plane.h"

namespace sallyport::vpntest {

class Messages final : public LogSink {
 public:
  Messages() {
    for (auto& e : enabled_) e = true;
  }
  void Emit(const LogEvent& e) override { list.push_back(std::to_string(InfoOf(e.msg).number) + " " + Logger::Render(e)); }
  // How many of `number`.
  int Count(const std::string& number) const {
    return static_cast<int>(std::count_if(list.begin(), list.end(), [&](const std::string& s) { return s.starts_with(number); }));
  }
  bool Has(const std::string& words) const {
    return std::any_of(list.begin(), list.end(), [&](const std::string& s) { return s.find(words) != std::string::npos; });
  }
  std::vector<std::string> list;
};

using Raw = std::vector<std::uint8_t>;

// --- packets

struct Made {
  std::string src, dst;
  std::uint8_t protocol = 17;
  std::uint16_t sport = 1025, dport = 5000;
  std::uint8_t flags = kTcpSyn;
  std::uint32_t seq = 1000, ack = 0;
  std::size_t payload = 0;
  bool df = false;
  std::uint8_t tos = 0;
  std::uint8_t icmp_type = 8;
  std::uint16_t id = 7;
  std::uint16_t mss = 0;
};

inline Raw Make(const Made& m) {
  const std::size_t options = m.protocol == 6 && m.mss != 0 ? 4 : 0;
  const std::size_t head = (m.protocol == 6 ? 20u : 8u) + options;
  Raw b(20 + head + m.payload);
  const IpAddress src = *IpAddress::Parse(m.src), dst = *IpAddress::Parse(m.dst);
  b[0] = 0x45;
  b[1] = m.tos;
  StoreBe16(&b[2], static_cast<std::uint16_t>(b.size()));
  StoreBe16(&b[4], m.id);
  if (m.df) b[6] = 0x40;
  b[8] = 64;
  b[9] = m.protocol;
  src.StoreV4(&b[12]);
  dst.StoreV4(&b[16]);
  StoreBe16(&b[10], ChecksumFinish(ChecksumAdd(Bytes(b.data(), 20))));
  for (std::size_t i = 20 + head; i < b.size(); i++) b[i] = static_cast<std::uint8_t>('a' + i % 26);
  std::uint8_t* const t = &b[20];
  std::size_t check = 6;
  if (m.protocol == 1) {
    t[0] = m.icmp_type;
    StoreBe16(t + 4, m.sport);
    check = 2;
  } else {
    StoreBe16(t, m.sport);
    StoreBe16(t + 2, m.dport);
    if (m.protocol == 17) StoreBe16(t + 4, static_cast<std::uint16_t>(8 + m.payload));
  }
  if (m.protocol == 6) {
    StoreBe32(t + 4, m.seq);
    StoreBe32(t + 8, m.ack);
    t[12] = static_cast<std::uint8_t>(head / 4 << 4);
    t[13] = m.flags;
    StoreBe16(t + 14, 8192);
    if (options != 0) {
      t[20] = 2;
      t[21] = 4;
      StoreBe16(t + 22, m.mss);
    }
    check = 16;
  }
  const std::uint64_t sum = m.protocol == 1 ? 0 : PseudoHeaderSum(src, dst, m.protocol, static_cast<std::uint32_t>(b.size() - 20));
  StoreBe16(t + check, ChecksumFinish(ChecksumAdd(Bytes(b).subspan(20), sum)));
  return b;
}

// Is every checksum of an unfragmented IPv4 packet right?
inline bool Sound(const Raw& b) {
  if (b.size() < 20 || ChecksumFinish(ChecksumAdd(Bytes(b).first(static_cast<std::size_t>(b[0] & 15) * 4))) != 0) return false;
  if (LoadBe16(&b[2]) != b.size()) return false;
  Raw copy = b;
  Packet p;
  p.bytes = copy;
  p.wire_length = static_cast<std::uint32_t>(b.size());
  return ParsePacket(p) == FrameDrop::kNone && VerifyTransportChecksum(p);
}

// --- an appliance

struct Left {
  std::string by;  // nameif; "identity": to the appliance itself
  Raw bytes;
  bool replaced = false;
};

struct Fate {
  Disposition d;
  std::vector<Left> out;
  std::string reason;  // "" or the keyword of the drop
  const Left* Only() const { return out.size() == 1 ? &out[0] : nullptr; }
};

class Gateway {
 public:
  Gateway(const std::string& config, ManualClock& clock, std::uint64_t seed) : clock_(clock), entropy(seed) {
    const LoadReport report = conf.Load(config);
    for (const LineReport& l : report.reports) EXPECT_FALSE(l.refused) << l.line << ": " << l.text;
    engine = std::make_unique<Engine>(Engine::Options{.max_connections = 4096}, clock, log, Random(seed), inspections.Table());
    data = std::make_unique<DataPlane>(*engine, log, events, entropy);
    vpn = std::make_shared<VpnPolicy>();
    vpn->group_policies["DfltGrpPolicy"] = {};
  }
  // `vpn` and what the test has changed rule from now on.
  void UsePolicy() {
    auto compiled = conf.Compile(policy.get());
    ASSERT_TRUE(compiled.ok()) << compiled.error();
    auto p = std::make_shared<Policy>(**compiled);
    p->tunnels = std::make_shared<VpnPolicy>(*vpn);
    policy = p;
    engine->SetPolicy(p, clock_.Now());
  }
  void Line(const std::string& lines) {
    const LoadReport report = conf.Load(lines);
    for (const LineReport& l : report.reports) EXPECT_FALSE(l.refused) << l.line << ": " << l.text;
  }
  IfId At(const std::string& name) const { return name == "identity" ? IfId::kIdentity : policy->FindByName(name)->id; }
  std::string NameOf(IfId id) const {
    if (id == IfId::kIdentity) return "identity";
    const Interface* i = policy->Find(id);
    return i != nullptr ? i->nameif : "?";
  }

  struct How {
    bool gso = false, pending = false, traced = true;
    IfId hint = IfId::kAny;
    std::size_t headroom = 140, tailroom = 700;
  };
  Fate Send(const std::string& in, const Raw& packet) { return Send(in, packet, How()); }
  Fate Send(const std::string& in, const Raw& packet, const How& how) {
    Fate f;
    Raw buffer(how.headroom + packet.size() + how.tailroom, 0xee);
    std::copy(packet.begin(), packet.end(), buffer.begin() + static_cast<std::ptrdiff_t>(how.headroom));
    Packet p;
    p.bytes = MutableBytes(buffer).subspan(how.headroom, packet.size());
    p.wire_length = static_cast<std::uint32_t>(packet.size());
    p.headroom = static_cast<std::uint32_t>(how.headroom);
    p.tailroom = static_cast<std::uint32_t>(how.tailroom);
    p.gso = how.gso;
    p.checksum_pending = how.pending;
    p.ingress = At(in);
    if (p.ingress == IfId::kIdentity) p.egress_hint = how.hint;
    p.handle = next_handle_++;
    if (traced && how.traced && !how.gso) {
      const std::string wrong = TraceThenProcess(*engine, p, clock_.Now(), f.d, {.whole = p.handle % 8 == 1, .captures = captures});
      EXPECT_EQ(wrong, "");
    } else {
      engine->Process(p, clock_.Now(), f.d);
    }
    if (f.d.action == Disposition::Action::kHold) held_[p.handle] = packet;
    if (f.d.action == Disposition::Action::kAccept) {
      if (p.checksum_pending && p.rewritten) CompleteChecksum(p);
      f.out.push_back({NameOf(f.d.egress), Raw(p.bytes.begin(), p.bytes.end()), true});
    }
    if (f.d.action == Disposition::Action::kDrop) f.reason = std::string(f.d.reason != FrameDrop::kNone ? Keyword(f.d.reason) : Keyword(f.d.flow_reason));
    Flush(f);
    return f;
  }
  void Flush(Fate& f) {
    for (const ReleasedPacket& r : engine->TakeReleased()) {
      if (r.disposition.action == Disposition::Action::kAccept) {
        f.out.push_back({NameOf(r.disposition.egress), r.bytes.empty() ? held_.at(r.handle) : r.bytes, true});
      }
      EXPECT_EQ(held_.erase(r.handle), 1u);
    }
    for (OriginatedPacket& o : engine->TakeOriginated()) f.out.push_back({NameOf(o.egress), std::move(o.bytes), false});
  }
  std::uint32_t conns() const { return engine->ConnCount().first; }
  std::uint64_t Dropped(FrameDrop r) const { return engine->drops().frame[static_cast<std::size_t>(r)]; }
  std::uint64_t Dropped(FlowDrop r) const { return engine->drops().flow[static_cast<std::size_t>(r)]; }
  // Events since the last call, of one kind.
  int Events(TunnelEvent::What what) {
    for (TunnelEvent& e : events.Take()) seen_.push_back(std::move(e));
    const auto n = std::count_if(seen_.begin(), seen_.end(), [&](const TunnelEvent& e) { return e.what == what; });
    last = {};
    for (const TunnelEvent& e : seen_) {
      if (e.what == what) last = e;
    }
    std::erase_if(seen_, [&](const TunnelEvent& e) { return e.what == what; });
    return static_cast<int>(n);
  }

 private:
  ManualClock& clock_;
  std::uint32_t next_handle_ = 1;
  std::map<std::uint32_t, Raw> held_;
  std::vector<TunnelEvent> seen_;

 public:
  bool traced = true, captures = false;  // UseCaptures has been called
  Messages log;
  InspectionEngines inspections;
  SeededEntropy entropy;
  TunnelEventQueue events;
  Configuration conf;
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<VpnPolicy> vpn;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<DataPlane> data;
  TunnelEvent last;
};

// --- two of them

inline std::string Config(const std::string& outside, const std::string& inside, const std::string& version) {
  return "ASA Version " + version + "\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address " + outside +
         " 255.255.255.0\n no shutdown\ninterface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address " + inside +
         " 255.255.255.0\n no shutdown\n";
}

inline TrafficSelector Net(const std::string& prefix, std::uint8_t protocol = 0, PortRange ports = {}) {
  const auto slash = prefix.find('/');
  const int length = slash == std::string::npos ? 32 : std::stoi(prefix.substr(slash + 1));
  return {AddressRange::Of(Prefix::Of(*IpAddress::Parse(prefix.substr(0, slash)), length)), ports, protocol};
}

class TwoGateways : public testing::Test {
 protected:
  explicit TwoGateways(const std::string& version = "8.2(1)")
      : left(Config("192.0.2.1", "10.1.1.1", version), clock, 1), right(Config("192.0.2.2", "10.2.2.1", version), clock, 2) {
    left.Line("access-list vpn extended permit ip 10.1.1.0 255.255.255.0 10.2.2.0 255.255.255.0\nroute outside 10.2.2.0 255.255.255.0 192.0.2.2\n");
    right.Line("access-list vpn extended permit ip 10.2.2.0 255.255.255.0 10.1.1.0 255.255.255.0\nroute outside 10.1.1.0 255.255.255.0 192.0.2.1\n");
    Apply();
  }
  // The crypto map of each, one entry by access list `vpn`.
  void Apply() {
    for (Gateway* g : {&left, &right}) {
      g->UsePolicy();
      if (g->vpn->entries.empty()) {
        CryptoMapEntry e;
        e.id = 1;
        e.map = "map";
        e.sequence = 10;
        e.at = g->At("outside");
        e.peers = {*IpAddress::Parse(g == &left ? "192.0.2.2" : "192.0.2.1")};
        g->vpn->entries.push_back(e);
        g->vpn->ike[e.at] = {true, true};
      }
      for (CryptoMapEntry& e : g->vpn->entries) {
        if (!e.dynamic) e.match = g->policy->access_lists.at("vpn");
      }
      g->UsePolicy();
    }
  }

  struct Keys {
    std::uint32_t spi_left = 0x1001, spi_right = 0x2002;  // inbound
    VpnCipher cipher = VpnCipher::k3Des;
    VpnHash hash = VpnHash::kSha1;
    EspEncapsulation encapsulation = EspEncapsulation::kNone;
    std::string local = "10.1.1.0/24", remote = "10.2.2.0/24";  // from the left one
    bool preserve = false;
    std::uint32_t window = 64;
    DfPolicy df = DfPolicy::kCopy;
    bool fragment_after = false;
    std::shared_ptr<const AccessList> filter_left, filter_right;
    std::uint32_t kilobytes = 0;
    std::uint32_t entry = 1;
    bool lan_to_lan = true, network_extension = false;
    TrafficSelector local_ts, remote_ts;  // if their ranges are set, instead of the two above
  };
  std::shared_ptr<ChildSa> Sa(const Keys& k, bool of_left) {
    auto sa = std::make_shared<ChildSa>();
    const TrafficSelector a = Net(k.local), b = Net(k.remote);
    sa->key.entry = k.entry;
    sa->key.local = {of_left ? a : b};
    sa->key.remote = {of_left ? b : a};
    Gateway& g = of_left ? left : right;
    sa->at = g.At("outside");
    const bool udp = k.encapsulation != EspEncapsulation::kNone;
    const std::uint16_t port = udp ? std::uint16_t{4500} : std::uint16_t{0};
    sa->local = {*IpAddress::Parse(of_left ? "192.0.2.1" : "192.0.2.2"), port};
    sa->peer = {*IpAddress::Parse(of_left ? "192.0.2.2" : "192.0.2.1"), port};
    sa->encapsulation = k.encapsulation;
    sa->preserve = k.preserve;
    sa->lan_to_lan = k.lan_to_lan;
    sa->network_extension = k.network_extension;
    sa->spi_in = of_left ? k.spi_left : k.spi_right;
    sa->spi_out = of_left ? k.spi_right : k.spi_left;
    sa->cipher = k.cipher;
    sa->hash = k.hash;
    const auto material = [](std::size_t n, std::uint8_t first) {
      Secret s(n);
      for (std::size_t i = 0; i < n; i++) s.bytes()[i] = static_cast<std::uint8_t>(first + i * 7);
      return s;
    };
    const std::size_t key = TraitsOf(k.cipher).material(), mac = TraitsOf(k.hash).size;
    const std::uint8_t to_left = static_cast<std::uint8_t>(k.spi_left), to_right = static_cast<std::uint8_t>(k.spi_right);
    sa->encryption_in = material(key, of_left ? to_left : to_right);
    sa->encryption_out = material(key, of_left ? to_right : to_left);
    sa->integrity_in = material(mac, static_cast<std::uint8_t>(100 + (of_left ? to_left : to_right)));
    sa->integrity_out = material(mac, static_cast<std::uint8_t>(100 + (of_left ? to_right : to_left)));
    sa->seconds = {28800, 28800};
    sa->kilobytes = {k.kilobytes, k.kilobytes};
    sa->replay_window = k.window;
    sa->df = k.df;
    sa->fragment_after = k.fragment_after;
    sa->filter = of_left ? k.filter_left : k.filter_right;
    sa->map = "map";
    sa->map_sequence = 10;
    sa->activity = std::make_shared<SaActivity>();
    return sa;
  }
  TunnelId Up(const Keys& k) {
    right.data->Install(Sa(k, false), clock.Now());
    return left.data->Install(Sa(k, true), clock.Now());
  }
  TunnelId Up() { return Up(Keys()); }
  void Down(const Keys& k) {
    left.data->Remove(k.spi_left, clock.Now());
    right.data->Remove(k.spi_right, clock.Now());
  }
  void Down() { Down(Keys()); }
  void Step(double seconds) {
    clock.Advance(Duration{static_cast<std::int64_t>(seconds * 1e9)});
    for (Gateway* g : {&left, &right}) {
      g->engine->AdvanceTo(clock.Now());
      Fate f;
      g->Flush(f);
    }
  }
  // From a host behind the left one to one behind the right one, or back: what arrives there.
  std::vector<Raw> Through(bool from_left, const Raw& packet, bool gso = false) {
    Gateway &near = from_left ? left : right, &far = from_left ? right : left;
    std::vector<Raw> arrived;
    Gateway::How how;
    how.gso = gso;
    last = near.Send("inside", packet, how);
    for (const Left& l : last.out) {
      if (l.by != "outside") continue;
      outer.push_back(l.bytes);
      const Fate there = far.Send("outside", l.bytes);
      if (!there.reason.empty()) last_far_reason = there.reason;
      for (const Left& m : there.out) {
        if (m.by == "inside") arrived.push_back(m.bytes);
      }
    }
    return arrived;
  }

  ManualClock clock;
  Gateway left, right;
  Fate last;
  std::vector<Raw> outer;
  std::string last_far_reason;
};

}  // namespace sallyport::vpntest
