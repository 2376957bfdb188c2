#include "tests/vpn/whole_appliance.h"

#include <gtest/gtest.h>

#include "firewall/base/checksum.h"
#include "firewall/packet.h"
#include "vpn/ike/v1_core.h"
#include "vpn/ike/v2_core.h"

namespace sallyport {
namespace {

constexpr std::size_t kRoom = 200;  // around a packet, as packet I/O has it
constexpr std::uint16_t kIke = 500, kNatT = 4500;
constexpr int kMostCrossings = 100'000;  // a loop is a failure

std::vector<std::uint8_t> Ipv4(IpAddress src, IpAddress dst, std::uint8_t protocol, const std::vector<std::uint8_t>& l4) {
  std::vector<std::uint8_t> p(20);
  p[0] = 0x45;
  StoreBe16(&p[2], static_cast<std::uint16_t>(20 + l4.size()));
  p[8] = 64;
  p[9] = protocol;
  src.StoreV4(&p[12]);
  dst.StoreV4(&p[16]);
  StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(p)));
  p.insert(p.end(), l4.begin(), l4.end());
  return p;
}

}  // namespace

std::vector<std::uint8_t> MadePacket::Bytes() const {
  std::vector<std::uint8_t> l4;
  std::size_t sum_at = 6;
  if (protocol == 6) {
    l4.resize(20);
    StoreBe16(&l4[0], sport);
    StoreBe16(&l4[2], dport);
    StoreBe32(&l4[4], seq);
    StoreBe32(&l4[8], ack);
    l4[12] = 0x50;
    l4[13] = flags;
    StoreBe16(&l4[14], 8192);
    sum_at = 16;
  } else if (protocol == 17) {
    l4.resize(8);
    StoreBe16(&l4[0], sport);
    StoreBe16(&l4[2], dport);
    StoreBe16(&l4[4], static_cast<std::uint16_t>(8 + payload.size()));
  } else {
    l4.resize(8);
    l4[0] = static_cast<std::uint8_t>(sport);
    StoreBe16(&l4[4], dport);
    StoreBe16(&l4[6], static_cast<std::uint16_t>(seq));
    sum_at = 2;
  }
  l4.insert(l4.end(), payload.begin(), payload.end());
  const std::uint64_t pseudo = protocol == 1 ? 0 : PseudoHeaderSum(src, dst, protocol, static_cast<std::uint32_t>(l4.size()));
  StoreBe16(&l4[sum_at], ChecksumFinish(ChecksumAdd(l4, pseudo)));
  return Ipv4(src, dst, protocol, l4);
}

WholeAppliance::WholeAppliance(Mesh& m, std::string box_name, const std::string& config, std::uint64_t seed)
    : name(std::move(box_name)), mesh(m), ring(), logger(m.clock, ring), entropy(seed) {
  mesh.boxes_.push_back(this);
  LoggingSettings log;
  log.enable = true;
  log.Of(LogOutput::kBuffer) = LogFilter::Level(7);
  log.buffer_size = 4 << 20;
  logger.Configure(log);
  const LoadReport report = configuration.Load(config);
  for (const LineReport& line : report.reports) ADD_FAILURE() << name << ": " << line.line << ": " << line.text;
  engine = std::make_unique<Engine>(Engine::Options{}, m.clock, ring, Random(seed), inspections.Table());
  tunnels = std::make_unique<DataPlane>(*engine, ring, events, entropy);
  const auto now = [](const std::function<void()>& f) { f(); };
  VpnService::Ports ports{*this, *tunnels, now, [](std::function<void()> f) { f(); }, {}, [this] { return Times{mesh.clock.Now(), mesh.clock.Now()}; },
                          m.clock, logger, entropy, [this](const std::string& user, const std::string& password) {
                            const auto known = users.find(user);
                            return known != users.end() && known->second == password;
                          }, {},
                          [this](const std::string& line) { key_log.push_back(line); }};
  service = std::make_unique<VpnService>(
      std::move(ports), [](IkeHost& h) { return std::make_unique<Ikev1Core>(h); },
      [](IkeHost& h) { return std::make_unique<Ikev2Core>(h); });
  service->OnRoutes([this] {
    configuration.VpnRoutes(service->InjectedRoutes());
    configuration.VpnClientHas(service->ClientAddress());
    routes_changed_ = true;
  });
  UsePolicy();
}

WholeAppliance::~WholeAppliance() {
  std::erase(mesh.boxes_, this);
  service.reset();
  engine->UseTunnels(nullptr);
}

void WholeAppliance::UsePolicy() {
  // As Appliance has it: the line protocol of a virtual tunnel is the tunnel.
  std::set<std::string> down;
  for (const bool again : {false, true}) {
    configuration.LinesDown(down);
    const auto compiled = configuration.Compile(policy.get());
    ASSERT_TRUE(compiled) << compiled.error();
    policy = *compiled;
    if (again) break;
    for (const auto& i : policy->interfaces) {
      if (i && i->virtual_tunnel && !service->TunnelsUp().contains(i->id)) down.insert(i->hardware);
    }
  }
  engine->SetPolicy(policy, mesh.clock.Now());
  service->UsePolicy(policy);
}

void WholeAppliance::Configure(const std::string& lines) {
  ConfigMode mode;
  std::size_t at = 0;
  while (at < lines.size()) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    const std::string line = lines.substr(at, end - at);
    const ApplyResult r = configuration.Apply(mode, line);
    EXPECT_EQ(r.text, "") << line;
    at = end + 1;
  }
  UsePolicy();
  mesh.Settle();
}

void WholeAppliance::Feed(const std::string& nameif, std::vector<std::uint8_t> packet) {
  FeedAs(policy->FindByName(nameif)->id, IfId::kAny, std::move(packet));
}

void WholeAppliance::FeedOwn(const std::string& nameif, std::vector<std::uint8_t> packet) {
  FeedAs(IfId::kIdentity, policy->FindByName(nameif)->id, std::move(packet));
}

void WholeAppliance::FeedAs(IfId in, IfId hint, std::vector<std::uint8_t> packet) {
  std::vector<std::uint8_t> room(kRoom + packet.size() + kRoom);
  std::copy(packet.begin(), packet.end(), room.begin() + kRoom);
  Packet p;
  p.bytes = MutableBytes(room).subspan(kRoom, packet.size());
  p.wire_length = static_cast<std::uint32_t>(packet.size());
  p.ingress = in;
  p.egress_hint = hint;
  p.headroom = p.tailroom = kRoom;
  p.handle = 1;
  Disposition d;
  engine->Process(p, mesh.clock.Now(), d);
  Take(p.ingress, p, d);
  Flush();
}

void WholeAppliance::Take(IfId, Packet& p, const Disposition& d) {
  ASSERT_NE(d.action, Disposition::Action::kHold) << "no fragments here";
  if (d.action != Disposition::Action::kAccept) return;
  if (d.egress == IfId::kIdentity) return ToSocket(p);
  IfId by = d.egress;
  // What came as ESP, or left as it, is routed by the kernel.
  if (by == IfId::kAny || p.rewritten) {
    Packet now;
    now.bytes = p.bytes;
    now.wire_length = static_cast<std::uint32_t>(p.bytes.size());
    ASSERT_EQ(ParsePacket(now), FrameDrop::kNone);
    if (const Route* r = policy->routes.Find(now.key.dst); r != nullptr && d.mark == 0) by = r->interface;
  }
  Leave(by, {p.bytes.begin(), p.bytes.end()});
}

void WholeAppliance::ToSocket(const Packet& p) {
  if (!p.IsUdp() || (p.key.dport != kIke && p.key.dport != kNatT)) {
    own.emplace_back(p.bytes.begin(), p.bytes.end());
    return;
  }
  Bytes message = Bytes(p.bytes).subspan(p.payload_offset, p.payload_length);
  IkeDatagram d;
  if (p.key.dport == kNatT) {
    if (message.size() <= 4 || LoadBe32(message.data()) != 0) return;
    message = message.subspan(4);
    d.via = IkeDatagram::Via::kNatT;
  }
  d.at = p.ingress;
  d.local = {p.key.dst, p.key.dport};
  d.peer = {p.key.src, p.key.sport};
  d.bytes.assign(message.begin(), message.end());
  service->Receive(d);
}

// A socket's datagram: past the engine, as a packet of the appliance's own.
void WholeAppliance::Send(const IkeDatagram& d) {
  MadePacket m;
  m.src = d.local.address;
  m.dst = d.peer.address;
  m.sport = d.via == IkeDatagram::Via::kNatT ? kNatT : kIke;
  m.dport = d.peer.port;
  if (d.via == IkeDatagram::Via::kNatT && d.bytes.size() != 1) m.payload.resize(4);
  m.payload.insert(m.payload.end(), d.bytes.begin(), d.bytes.end());
  std::vector<std::uint8_t> bytes = m.Bytes();
  Packet p;
  p.bytes = bytes;
  p.wire_length = static_cast<std::uint32_t>(bytes.size());
  p.ingress = IfId::kIdentity;
  p.egress_hint = d.at;
  p.handle = 1;
  Disposition out;
  engine->Process(p, mesh.clock.Now(), out);
  if (out.action == Disposition::Action::kAccept) Leave(d.at, {p.bytes.begin(), p.bytes.end()});
}

void WholeAppliance::Leave(IfId by, std::vector<std::uint8_t> bytes) {
  const Interface* f = policy->Find(by);
  ASSERT_NE(f, nullptr) << name << ": a packet leaves by no interface";
  mesh.Carry({this, f->nameif}, std::move(bytes));
}

void WholeAppliance::Flush() {
  for (;;) {
    for (OriginatedPacket& o : engine->TakeOriginated()) Leave(o.egress, std::move(o.bytes));
    std::deque<TunnelEvent> told = events.Take();
    if (told.empty()) return;
    service->TakeEvents(std::move(told));  // which may make IKE messages within TCP
  }
}

void WholeAppliance::AdvanceTo() {
  engine->AdvanceTo(mesh.clock.Now());
  Flush();
  service->Tick();
  Flush();
  if (std::exchange(routes_changed_, false)) UsePolicy();
}

std::vector<std::string> WholeAppliance::Logged(const std::string& number) const {
  const_cast<Logger&>(logger).Drain();
  std::vector<std::string> found;
  for (const std::string& line : logger.Status().buffer) {
    const std::size_t at = line.find("-" + number + ": ");
    if (at != std::string::npos && at < 8) found.push_back(line.substr(at + number.size() + 3));
  }
  return found;
}

std::vector<ConnView> WholeAppliance::Conns(std::uint8_t protocol) const {
  ConnFilter f;
  f.protocol = protocol;
  return engine->Conns(f, 0, 1000, mesh.clock.Now()).conns;
}

void Mesh::Settle() {
  int crossings = 0;
  while (!way_.empty()) {
    ASSERT_LT(crossings++, kMostCrossings);
    OnTheWay o = std::move(way_.front());
    way_.pop_front();
    const End* to = nullptr;
    for (const auto& [a, b] : links_) {
      if (a.box == o.from.box && a.nameif == o.from.nameif) to = &b;
      if (b.box == o.from.box && b.nameif == o.from.nameif) to = &a;
    }
    if (to == nullptr) {
      hosts_[{o.from.box, o.from.nameif}].push_back(std::move(o.bytes));
      continue;
    }
    if (passes && !passes(*o.from.box, o.bytes)) continue;
    crossed[o.bytes[9]]++;
    to->box->Feed(to->nameif, std::move(o.bytes));
  }
}

void Mesh::Run(Duration by, Duration step) {
  const TimePoint end = clock.Now() + by;
  while (clock.Now() < end) {
    clock.Advance(std::min(step, end - clock.Now()));
    for (WholeAppliance* box : boxes_) box->AdvanceTo();
    Settle();
  }
}

}  // namespace sallyport
