// What sessions of AnyConnect stand on in tests: the database alone, whose messages are kept, and a service between fakes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "vpn/anyconnect/service.h"

namespace sallyport {

inline IpAddress SslIp(const char* text) { return *IpAddress::Parse(text); }

// The database of sessions, with a clock that the test moves.
class SslSessionsTest : public testing::Test {
 protected:
  SslSession& Login(const char* user, bool browser = false) {
    SslLogin l;
    l.user = user;
    l.tunnel_group = l.group_policy = "staff";
    l.rules = rules;
    l.browser = browser;
    l.local = {SslIp("203.0.113.1"), 443};
    l.peer = {SslIp("192.0.2.9"), 1269};
    l.version = "3.1.01065";
    l.agent = "AnyConnect Windows 3.1.01065";
    SslSession& s = sessions.Login(l, now, kWall + now.ns, token);
    s.assigned = SslIp("10.9.0.1");
    if (s.state == SslState::kParent && !has_address) s.assigned = {};
    s.pool = "pool";
    return s;
  }
  // CONNECT and the like from where it has come from before, or from `peer`.
  std::uint32_t Happen(SslSession& s, SslHappening h, const std::string& text = {}, const char* peer = "192.0.2.9") {
    SslDetail d;
    d.tunnel.local = {SslIp("203.0.113.1"), 443};
    d.tunnel.peer = {SslIp(peer), 1272};
    d.tunnel.client_version = "Cisco AnyConnect VPN Agent for Windows 3.1.01065";
    d.text = text;
    d.reason = "Administrator Reset";
    if (h == SslHappening::kConnect && s.assigned.IsNone()) s.assigned = SslIp("10.9.0.1");
    return sessions.Advance(s, h, d, now);
  }
  std::vector<int> Ids() const {
    std::vector<int> all;
    for (const auto& m : said) all.push_back(m.id);
    return all;
  }
  const SslSessions::Said* Message(int id) const {
    for (const auto& m : said) {
      if (m.id == id) return &m;
    }
    return nullptr;
  }

  static constexpr std::int64_t kWall = 1'356'000'000'000'000'000;
  bool has_address = false;
  VpnGroupPolicy rules;
  TimePoint now;
  SeededEntropy entropy{3};
  SessionCounts counts;
  std::vector<SslSessions::Said> said;
  SessionToken token;
  SslSessions sessions{{[this](const SslSessions::Said& m) { said.push_back(m); }, counts, entropy}};
};

// A data path that notes what it is asked.
class FakeSslPlane final : public SslControl {
 public:
  TunnelId Open(const SslClient& client, TimePoint) override {
    if (full) return TunnelId::kNone;
    clients.push_back(client);
    calls.push_back("open " + client.assigned.ToString());
    return static_cast<TunnelId>(0x8000 + clients.size());
  }
  void Update(TunnelId t, const SslClient& client, TimePoint) override { Note("update", t, client.peer.ToString()); }
  bool AddTls(TunnelId t, std::uint32_t number, TlsChannel, int socket, std::shared_ptr<SslActivity>, TimePoint) override {
    Note("tls", t, std::to_string(number) + " " + std::to_string(socket));
    return true;
  }
  bool AddDtls(TunnelId t, std::uint32_t number, std::unique_ptr<DtlsChannel> c, const Endpoint&, const Endpoint& peer,
               std::shared_ptr<SslActivity>, TimePoint) override {
    channel = std::move(c);
    Note("dtls", t, std::to_string(number) + " " + std::to_string(peer.port));
    return true;
  }
  void ReceiveDtls(TunnelId t, std::uint32_t number, Bytes datagram, TimePoint) override {
    Note("late", t, std::to_string(number) + " " + std::to_string(datagram.size()));
    std::vector<std::uint8_t> room(2000);
    std::size_t size = 0;
    if (channel->Open(datagram, room, size) == DtlsChannel::Got::kRecord) late = {room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size)};
  }
  void Send(TunnelId t, SslWay way, CstpType type, Bytes, TimePoint) override {
    Note(type == CstpType::kDpdRequest ? "probe" : "send", t, way == SslWay::kTls ? "tls" : "dtls");
  }
  void Drop(TunnelId t, SslWay way, const std::optional<SslLastFrame>& last, TimePoint) override {
    std::string words;
    if (last) words = " " + std::string(last->payload.begin() + 1, last->payload.end());
    Note("drop", t, (way == SslWay::kTls ? "tls" : "dtls") + words);
  }
  void Close(TunnelId t, TimePoint) override { Note("close", t, ""); }
  void SetMtu(TunnelId t, int, int, TimePoint) override { Note("mtu", t, ""); }
  void AllowRekey(TunnelId t, TimePoint) override { Note("rekey", t, ""); }

  void Note(const char* what, TunnelId t, const std::string& more) {
    calls.push_back(std::string(what) + " " + std::to_string(static_cast<std::uint32_t>(t) & 0x7fff) + (more.empty() ? "" : " " + more));
  }
  std::vector<std::string> Take() { return std::exchange(calls, {}); }
  std::vector<SslClient> clients;
  std::vector<std::string> calls;
  std::unique_ptr<DtlsChannel> channel;
  std::vector<std::uint8_t> late;  // what ReceiveDtls has opened
  bool full = false;
};

// One appliance: a service between fakes, whose clocks the test moves. Users: alice (password "right").
class SslServiceTest : public testing::Test {
 protected:
  static constexpr std::int64_t kWall = 1'356'000'000'000'000'000;

  SslServiceTest() {
    LoggingSettings on;
    on.enable = true;
    on.Of(LogOutput::kBuffer) = LogFilter::Level(7);
    on.buffer_size = 1 << 20;
    logger.Configure(on);
    vpn->ssl.enabled = {{IfId{1}, false}};
    vpn->ssl.client_enabled = true;
    vpn->ssl.images.resize(1);
    vpn->ssl.dtls12_ciphers = "ECDHE-RSA-AES256-GCM-SHA384:AES128-GCM-SHA256";
    vpn->ssl.dtls1_ciphers = "AES256-SHA:AES128-SHA";
    VpnGroupPolicy& p = vpn->group_policies["DfltGrpPolicy"];
    p.name = "DfltGrpPolicy";
    p.protocols.ssl_client = true;
    p.idle_minutes = 2;
    TunnelGroup& g = vpn->groups["staff"];
    g.name = "staff";
    g.address_pools = {"pool"};
    vpn->pools["pool"] = {"pool", {SslIp("10.9.0.1"), SslIp("10.9.0.3")}, SslIp("255.255.255.0")};
    policy->interfaces.resize(2);
    policy->interfaces[1].emplace();
    policy->interfaces[1]->id = IfId{1};
    policy->interfaces[1]->nameif = "outside";
    policy->interfaces[1]->address = SslIp("203.0.113.1");
    Use();
  }
  // The policy as it is now.
  void Use() {
    auto again = std::make_shared<Policy>(*policy);
    auto v = std::make_shared<VpnPolicy>(*vpn);
    again->tunnels = v;
    judge.UsePolicy(again, v);
    pools.UsePools(v->pools);
    pools.UsePools6(v->pools6);
    service.UsePolicy(again);
  }
  PortalPeer From(const char* peer = "192.0.2.9", std::uint16_t port = 1269) const {
    PortalPeer p;
    p.at = IfId{1};
    p.local = {SslIp("203.0.113.1"), 443};
    p.peer = {SslIp(peer), port};
    p.encapsulation = VpnEncapsulation::kTls12;
    p.tls_cipher = "ECDHE-RSA-AES256-GCM-SHA384";
    p.user_agent = "AnyConnect Linux_64 4.10";
    return p;
  }
  SessionMade Login(const char* user = "alice") {
    LoginDone d;
    d.tunnel_group = "staff";
    d.user = user;
    d.from = From();
    d.client_version = "4.10.06079";
    SessionMade made;
    service.Login(d, [&](SessionMade m) { made = std::move(m); });
    return made;
  }
  TunnelMade Connect(const std::string& token, const char* peer = "192.0.2.9", std::uint16_t port = 1272,
                     const std::function<void(TunnelRequest&)>& change = {}) {
    TunnelRequest r;
    r.request.token = token;
    r.request.user_agent = "Cisco AnyConnect VPN Agent for Linux 4.10.06079";
    r.request.base_mtu = 1500;
    r.request.dtls12_suites = {"ECDHE-RSA-AES256-GCM-SHA384"};
    r.request.dtls_master_secret = Secret(std::vector<std::uint8_t>(48, 7));
    r.from = From(peer, port);
    if (change) change(r);
    TunnelMade made;
    service.Connect(std::move(r), [&](TunnelMade m) { made = std::move(m); });
    return made;
  }
  void Event(SslEvent::What what, SslWay way, const TunnelMade& of, std::uint32_t number, std::uint32_t code = 0, const char* text = "") {
    SslEvent e;
    e.what = what;
    e.way = way;
    e.tunnel = of.tunnel;
    e.number = number;
    e.code = code;
    e.text = text;
    service.OnEvents({e});
  }
  void Step(std::int64_t seconds) {
    for (std::int64_t i = 0; i < seconds; i++) {
      clock.Advance(Duration::Seconds(1));
      real = real + Duration::Seconds(1);
      service.Tick();
    }
  }
  std::vector<std::string> Logged(const std::string& number) {
    std::vector<std::string> found;
    for (const std::string& line : logger.Status().buffer) {
      const std::size_t at = line.find("-" + number + ": ");
      if (at != std::string::npos) found.push_back(line.substr(at + number.size() + 3));
    }
    return found;
  }

  ManualClock clock{kWall};
  TimePoint real;
  LogRing ring;
  Logger logger{clock, ring};
  SeededEntropy entropy{1};
  SessionCounts counts;
  AddressPools pools;
  std::shared_ptr<VpnPolicy> vpn = std::make_shared<VpnPolicy>();
  std::shared_ptr<Policy> policy = std::make_shared<Policy>();
  int asked = 0;  // how often AAA was
  UserJudge judge{{logger, clock, [this] { return Times{clock.Now(), real}; },
                   [this](const std::string& user, const std::string& password) {
                     asked++;
                     return user == "alice" && password == "right";
                   },
                   nullptr, counts}};
  FakeSslPlane plane;
  std::vector<std::vector<std::uint8_t>> datagrams;  // that the service has sent
  SslService service{{plane, [](const std::function<void()>& f) { f(); }, [](std::function<void()> f) { f(); }, {},
                      [this] { return Times{clock.Now(), real}; }, clock, logger, entropy, judge, pools, counts, nullptr, {},
                      [this](IfId, const Endpoint&, const Endpoint&, Bytes d) { datagrams.emplace_back(d.begin(), d.end()); }, {}, {}, {}, {}}};
};

}  // namespace sallyport
