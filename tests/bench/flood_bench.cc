// A SYN flood against TCP intercept, with how many good connections still get through; and a million connections held: what
// `show conn count` and one page of `show conn` cost meanwhile, and how long the data path stands still for them at most.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <vector>

#include "firewall/base/checksum.h"
#include "firewall/engine.h"

namespace sallyport {
namespace {

class NoLog final : public LogSink {
 public:
  void Emit(const LogEvent&) override {}
};

constexpr IfId kDmz{1}, kOutside{2};
const IpAddress kServer = IpAddress::V4(0x0a01280a);  // 10.1.40.10

// Outside may reach the server; `embryonic_max` 0: no limit.
std::shared_ptr<Policy> MakePolicy(std::uint32_t embryonic_max) {
  auto p = std::make_shared<Policy>();
  p->interfaces.resize(3);
  const auto add = [&](IfId id, const char* name, int level, std::uint32_t address) {
    Interface i;
    i.id = id;
    i.hardware = i.nameif = name;
    i.name = InternName(name);
    i.security_level = level;
    i.address = IpAddress::V4(address);
    i.prefix_length = 24;
    p->interfaces[static_cast<std::size_t>(id)] = i;
  };
  add(kDmz, "dmz", 100, 0x0a012801);
  add(kOutside, "outside", 0, 0xcb007101);
  Route connected;
  connected.destination = Prefix::Of(kServer, 24);
  connected.interface = kDmz;
  Route other;
  other.destination = Prefix::AnyV4();
  other.interface = kOutside;
  p->routes = RouteTable({connected, other});
  AclElement permit;
  permit.permit = true;
  permit.src = permit.dst = AddressRange::Of(Prefix::AnyV4());
  permit.hits = std::make_shared<HitCounter>();
  AclLine line;
  line.number = 1;
  line.element_count = 1;
  p->interfaces[static_cast<std::size_t>(kOutside)]->access_in =
      std::make_shared<AccessList>("in", 0, std::vector<AclLine>{line}, std::vector<AclElement>{permit});
  ServiceClass c;
  c.id = 1;
  c.class_name = "web";
  c.match_any = true;
  c.connection.embryonic_conn_max = embryonic_max;
  p->service.push_back(c);
  return p;
}

// A segment without payload, checksum taken as checked.
struct Segment {
  std::uint8_t bytes[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6};
  Segment(IpAddress src, std::uint16_t sport, IpAddress dst, std::uint16_t dport, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack) {
    src.StoreV4(&bytes[12]);
    dst.StoreV4(&bytes[16]);
    StoreBe16(&bytes[10], ChecksumFinish(ChecksumAdd(Bytes(bytes, 20))));
    StoreBe16(&bytes[20], sport);
    StoreBe16(&bytes[22], dport);
    StoreBe32(&bytes[24], seq);
    StoreBe32(&bytes[28], ack);
    bytes[32] = 5 << 4;
    bytes[33] = flags;
    StoreBe16(&bytes[34], 8192);
  }
};

struct Rig {
  explicit Rig(std::uint32_t embryonic_max) : engine({.max_connections = 1'000'000}, clock, log, Random(1), {}) {
    engine.SetPolicy(MakePolicy(embryonic_max), clock.Now());
  }
  // What leaves: the packet itself as it was rewritten, or packets of the appliance's own.
  Disposition Send(IfId from, Segment& s) {
    Packet p;
    p.bytes = MutableBytes(s.bytes, sizeof s.bytes);
    p.wire_length = sizeof s.bytes;
    p.ingress = from;
    p.checksum_checked = true;
    Disposition d;
    engine.Process(p, clock.Now(), d);
    return d;
  }
  // A client that means it, and a server that answers: did it get through?
  bool GoodConnection(IpAddress client, std::uint16_t port) {
    Segment syn(client, port, kServer, 80, kTcpSyn, 1000, 0);
    const Disposition d = Send(kOutside, syn);
    std::uint32_t server_ack = LoadBe32(&syn.bytes[24]) + 1;
    auto own = engine.TakeOriginated();
    if (d.action != Disposition::Action::kAccept) {
      if (own.size() != 1) return false;
      Segment confirm(client, port, kServer, 80, kTcpAck, 1001, LoadBe32(&own[0].bytes[24]) + 1);
      Send(kOutside, confirm);
      own = engine.TakeOriginated();
      if (own.size() != 1 || own[0].egress != kDmz) return false;
      server_ack = LoadBe32(&own[0].bytes[24]) + 1;
    }
    Segment answer(kServer, 80, client, port, kTcpSyn | kTcpAck, 5000, server_ack);
    const Disposition a = Send(kDmz, answer);
    if (d.action != Disposition::Action::kAccept) return engine.TakeOriginated().size() == 2;
    Segment ack(client, port, kServer, 80, kTcpAck, 1001, 5001);
    return a.action == Disposition::Action::kAccept && Send(kOutside, ack).action == Disposition::Action::kAccept;
  }
  ManualClock clock;
  NoLog log;
  Engine engine;
};

// 100,000 SYNs a second from addresses that nobody has; one connection in a thousand is good. embryonic_max 0: no intercept.
void BM_SynFlood(benchmark::State& state) {
  Rig rig(static_cast<std::uint32_t>(state.range(0)));
  Random random(7);
  std::uint64_t n = 0, good = 0, tried = 0;
  for (auto _ : state) {
    Segment syn(IpAddress::V4(0x0b000000u + random.Below(0x60000000u)), static_cast<std::uint16_t>(random.U32()), kServer, 80, kTcpSyn,
                random.U32(), 0);
    rig.Send(kOutside, syn);
    rig.engine.TakeOriginated();
    if (++n % 1000 == 0) {
      tried++;
      good += rig.GoodConnection(IpAddress::V4(0xc6336400u + (n / 1000 >> 14)), static_cast<std::uint16_t>(1024 + (n / 1000 & 0x3fff))) ? 1 : 0;
    }
    rig.clock.Advance(Duration{10'000});
    if (n % 100 == 0) rig.engine.AdvanceTo(rig.clock.Now());
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["good_percent"] = tried != 0 ? 100.0 * static_cast<double>(good) / static_cast<double>(tried) : 0;
  state.counters["connections"] = rig.engine.ConnCount().first;
}
BENCHMARK(BM_SynFlood)->ArgName("embryonic_max")->Arg(100)->Arg(0)->Iterations(3'000'000);

double ResidentBytes() {
  std::ifstream in("/proc/self/statm");
  double total = 0, resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double MicrosecondsOf(const std::function<void()>& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

// What one question costs the data thread while a million connections are held: it is asked between two packets.
void BM_ShowConnAtMillion(benchmark::State& state) {
  const double before = ResidentBytes();
  Rig rig(0);
  for (std::uint32_t n = 0; n < 1'000'000; n++) {
    Segment syn(IpAddress::V4(0x0b000000u + n / 1000), static_cast<std::uint16_t>(1024 + n % 1000), kServer, 80, kTcpSyn, n, 0);
    rig.Send(kOutside, syn);
  }
  if (rig.engine.ConnCount().first != 1'000'000) return state.SkipWithError("table not full");
  state.counters["bytes_per_conn"] = (ResidentBytes() - before) / 1e6;
  double count_us = 0, page_us = 0, worst_us = 0;
  std::uint32_t cursor = 0;
  std::uint64_t pages = 0;
  for (auto _ : state) {
    Segment again(IpAddress::V4(0x0b000000u + cursor % 1000), 1024, kServer, 80, kTcpSyn, (cursor % 1000) * 1000, 0);
    rig.Send(kOutside, again);
    const double count = MicrosecondsOf([&] { benchmark::DoNotOptimize(rig.engine.ConnCount()); });
    const double page = MicrosecondsOf([&] {
      const ConnPage p = rig.engine.Conns({}, cursor, 1000, rig.clock.Now());
      cursor = p.next_cursor;
    });
    count_us += count;
    page_us += page;
    worst_us = std::max({worst_us, count, page});
    pages++;
  }
  // A filter that matches nothing makes the data thread look longest.
  ConnFilter nothing;
  nothing.port = PortRange{9, 9};
  for (cursor = 0;;) {
    ConnPage p;
    worst_us = std::max(worst_us, MicrosecondsOf([&] { p = rig.engine.Conns(nothing, cursor, 1000, rig.clock.Now()); }));
    cursor = p.next_cursor;
    if (cursor == 0) break;
  }
  state.counters["count_us"] = count_us / static_cast<double>(pages);
  state.counters["page_us"] = page_us / static_cast<double>(pages);
  state.counters["worst_stall_us"] = worst_us;
}
BENCHMARK(BM_ShowConnAtMillion)->Iterations(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace sallyport
