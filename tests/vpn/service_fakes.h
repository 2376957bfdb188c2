// What VpnService stands on, in memory: an IKE engine that does what a test tells it, a data path that notes what it is asked, a wire.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/vpn/aaa/radius_server.h"
#include "vpn/service.h"

namespace sallyport {

class FakeIke final : public IkeProtocol {
 public:
  explicit FakeIke(IkeHost& h) : host(h) {}
  void UsePolicy(std::shared_ptr<const VpnPolicy> p, Times) override { policy = std::move(p); }
  void Receive(const IkeDatagram& d, Times) override {
    received.push_back(d);
    if (on_receive) on_receive(d);
  }
  void Need(std::uint32_t entry, const TunnelFlow&, Times) override {
    needed.push_back(entry);
    if (on_need) on_need(entry);
  }
  void Event(const TunnelEvent& e, Times) override { events.push_back(e); }
  std::uint32_t Clear(const IkeClear& what, Times) override {
    cleared.push_back(what);
    return on_clear ? on_clear(what) : 0;
  }
  void AdvanceTo(Times) override {
    if (on_advance) on_advance();
  }
  Times NextDeadline() const override { return {TimePoint::Max(), TimePoint::Max()}; }
  std::vector<IkeSaView> Views(Times) const override { return views; }
  IkeStats Stats() const override { return stats; }

  IkeHost& host;
  std::shared_ptr<const VpnPolicy> policy;
  std::vector<IkeDatagram> received;
  std::vector<std::uint32_t> needed;
  std::vector<TunnelEvent> events;
  std::vector<IkeClear> cleared;
  std::vector<IkeSaView> views;
  IkeStats stats;
  std::function<void(const IkeDatagram&)> on_receive;
  std::function<void(std::uint32_t)> on_need;
  std::function<void()> on_advance;
  std::function<std::uint32_t(const IkeClear&)> on_clear;
};

class FakeTunnels final : public TunnelControl {
 public:
  TunnelId Install(std::shared_ptr<const ChildSa> sa, TimePoint) override {
    calls.push_back("install " + std::to_string(sa->spi_in));
    return TunnelId{1};
  }
  void UseOutbound(std::uint32_t spi, TimePoint) override { calls.push_back("use " + std::to_string(spi)); }
  void Retire(std::uint32_t spi, TimePoint) override { calls.push_back("retire " + std::to_string(spi)); }
  void Remove(std::uint32_t spi, TimePoint) override { calls.push_back("remove " + std::to_string(spi)); }
  void MovePeer(std::uint32_t spi, const Endpoint& peer, TimePoint) override {
    calls.push_back("move " + std::to_string(spi) + " " + peer.address.ToString());
  }
  void SendTcpIke(IfId, const Endpoint&, const Endpoint& peer, std::vector<std::uint8_t> m, TimePoint) override {
    calls.push_back("tcp " + peer.address.ToString() + " " + std::to_string(m.size()));
  }
  std::vector<IpsecFlowView> Flows(TimePoint) const override { return {}; }
  std::vector<VpnContextView> Contexts(TimePoint) const override { return {}; }
  void ClearCounters() override { calls.push_back("clear counters"); }
  std::vector<std::string> calls;
};

class FakeTransport final : public IkeTransport {
 public:
  void Send(const IkeDatagram& d) override { sent.push_back(d); }
  std::vector<IkeDatagram> sent;
};

inline IpAddress Address(const char* text) { return *IpAddress::Parse(text); }

// One appliance: a service between fakes, whose clock the test moves.
class ServiceTest : public testing::Test {
 protected:
  static constexpr std::int64_t kWall = 1'258'000'000'000'000'000;  // November 2009
  static constexpr std::uint32_t kBoth = 7, kOld = 8, kNew = 9;     // crypto map entries by the versions they have sets of

  ServiceTest() {
    LoggingSettings on;
    on.enable = true;
    on.Of(LogOutput::kBuffer) = LogFilter::Level(7);
    on.buffer_size = 1 << 20;
    logger.Configure(on);
    vpn->ike[IfId{1}] = {true, true};
    vpn->ikev1_policies.push_back({});
    vpn->group_policies["DfltGrpPolicy"].name = "DfltGrpPolicy";
    vpn->groups["192.0.2.2"].name = "192.0.2.2";
    for (const std::uint32_t id : {kBoth, kOld, kNew}) {
      CryptoMapEntry e;
      e.id = id;
      e.map = "outside_map";
      e.sequence = id * 10;
      e.at = IfId{1};
      e.peers = {peer};
      if (id != kNew) e.ikev1_sets.push_back({});
      if (id != kOld) e.ikev2_proposals.push_back({});
      vpn->entries.push_back(e);
    }
    policy->interfaces.resize(2);
    policy->interfaces[1].emplace();
    policy->interfaces[1]->id = IfId{1};
    policy->interfaces[1]->nameif = "outside";
    policy->interfaces[1]->address = local;
    policy->tunnels = vpn;
    VpnService::Ports ports{transport, tunnels, [](const std::function<void()>& f) { f(); }, [](std::function<void()> f) { f(); },
                            {},        [this] { return Times{clock.Now(), real}; }, clock, logger, entropy,
                            [](const std::string& user, const std::string& password) { return user == "alice" && password == "right"; },
                            {},        {}, &aaa,   {}};
    ports.fetch = [this](const std::string& url, VpnService::Ports::Fetched done) { fetches.push_back({url, std::move(done)}); };
    service = std::make_unique<VpnService>(
        std::move(ports),
        [this](IkeHost& h) {
          auto made = std::make_unique<FakeIke>(h);
          v1 = made.get();
          return made;
        },
        [this](IkeHost& h) {
          auto made = std::make_unique<FakeIke>(h);
          v2 = made.get();
          return made;
        });
    service->UsePolicy(policy);
    // An engine ends what it is told to end.
    for (FakeIke* ike : {v1, v2}) {
      ike->on_clear = [ike, this](const IkeClear& c) {
        if (!c.ike_sa || c.ipsec_only) return 0u;
        for (const std::uint32_t spi : spis) ike->host.Remove(spi);
        spis.clear();
        ike->host.PeerDown(*c.ike_sa, c.why);
        return 1u;
      };
    }
  }

  void Step(Duration d) {
    clock.Advance(d);
    real = real + d;
    aaa.Tick();
    service->Tick();
  }
  IkePeerUp Peer(std::uint32_t number) const {
    IkePeerUp up;
    up.ike_sa = number;
    up.peer = peer;
    up.tunnel_group = "192.0.2.2";
    up.group_policy = "DfltGrpPolicy";
    up.auth = VpnAuth::kPreSharedKeys;
    up.cipher = VpnCipher::k3Des;
    up.hash = VpnHash::kSha1;
    up.dh_group = 2;
    up.lifetime_s = 86400;
    return up;
  }
  IkePeerUp User(std::uint32_t number, const char* name) const {
    IkePeerUp up = Peer(number);
    up.lan_to_lan = false;
    up.aggressive = true;
    up.user = name;
    up.rules = UserOf(vpn, name);
    up.tunnel_group = "staff";
    return up;
  }
  std::shared_ptr<ChildSa> Pair(std::uint32_t ike_sa, std::uint32_t spi_in, std::uint32_t spi_out, std::shared_ptr<SaActivity> activity = {}) {
    auto sa = std::make_shared<ChildSa>();
    sa->key.entry = kOld;
    sa->key.local = {{{Address("10.1.0.0"), Address("10.1.255.255")}, {0, 65535}, 0}};
    sa->key.remote = {{{Address("10.2.4.0"), Address("10.2.7.255")}, {0, 65535}, 0}};
    sa->at = IfId{1};
    sa->local = {local, 0};
    sa->peer = {peer, 0};
    sa->spi_in = spi_in;
    sa->spi_out = spi_out;
    sa->cipher = VpnCipher::kAes128;
    sa->hash = VpnHash::kSha1;
    sa->seconds = {28800, 28800};
    sa->kilobytes = {4608000, 4608000};
    sa->ike_sa = ike_sa;
    sa->activity = activity ? activity : std::make_shared<SaActivity>();
    spis.push_back(spi_in);
    return sa;
  }
  // Lines of the log that have the number in them, without "%ASA-n-".
  std::vector<std::string> Logged(const std::string& number) {
    std::vector<std::string> found;
    for (const std::string& line : logger.Status().buffer) {
      const std::size_t at = line.find(number + ": ");
      if (at != std::string::npos) found.push_back(line.substr(at + number.size() + 2));
    }
    return found;
  }

  IpAddress local = Address("192.0.2.1"), peer = Address("192.0.2.2");
  ManualClock clock{kWall};
  TimePoint real;
  LogRing ring;
  Logger logger{clock, ring};
  SeededEntropy entropy{1};
  RadiusWire radius;
  AaaClient aaa{{radius, logger, clock, entropy, [this] { return clock.Now(); }, [this] { return real; }, {}}};
  std::vector<std::pair<std::string, VpnService::Ports::Fetched>> fetches;
  FakeTransport transport;
  FakeTunnels tunnels;
  FakeIke *v1 = nullptr, *v2 = nullptr;
  std::vector<std::uint32_t> spis;
  std::shared_ptr<VpnPolicy> vpn = std::make_shared<VpnPolicy>();
  std::shared_ptr<Policy> policy = std::make_shared<Policy>();
  std::unique_ptr<VpnService> service;
};

}  // namespace sallyport
