// An appliance with the data path of AnyConnect and a client of it, all in memory:
//
//   server 10.1.1.10 -- inside 10.1.1.1 [asa] 192.0.2.1 outside ===== 203.0.113.9 client, inner 192.168.1.4 and fd00:4::4
//
// TLS and DTLS are real at both ends; what stands between the sockets is a map.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/vpn/authority.h"
#include "tests/vpn/gateways.h"
#include "vpn/anyconnect/dtls_channel.h"
#include "vpn/anyconnect/lzs.h"
#include "vpn/anyconnect/ssl_plane.h"
#include "vpn/tunnel_switch.h"

namespace sallyport::vpntest {

struct PlaneFrame {
  std::uint8_t type = 0;
  Raw payload;
  bool operator==(const PlaneFrame&) const = default;
};

struct PlaneWires final : SslWires {
  void Watch(int socket) override { watched.push_back(socket); }
  void Finish(int socket, Bytes last) override { finished[socket] = Raw(last.begin(), last.end()); }
  std::vector<int> watched;
  std::map<int, Raw> finished;
};

struct PlaneCertificate {
  PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
  TestAuthority authority{"root"};
  Certificate own = authority.Issue(key, {{"cn", "asa.example.com"}});
  static const PlaneCertificate& Get() {
    static const PlaneCertificate made;
    return made;
  }
};

inline std::pair<TlsChannel, TlsChannel> TlsPairOf(int version = 0x0303) {
  const PlaneCertificate& p = PlaneCertificate::Get();
  TlsSettings of_server, of_client;
  of_server.min_version = 0x0301;
  of_client.min_version = of_client.max_version = version;
  TlsChannel server(*TlsContext::Server(of_server, p.own, {}, p.key));
  TlsChannel client(*TlsContext::Client(of_client));
  for (int i = 0; i < 8; i++) {
    for (auto [from, to] : {std::pair(&client, &server), std::pair(&server, &client)}) {
      const Bytes wire = from->ToWire();
      to->Feed(wire);
      from->Sent(wire.size());
    }
  }
  EXPECT_EQ(server.state(), TlsChannel::State::kOpen) << server.failure();
  EXPECT_EQ(client.state(), TlsChannel::State::kOpen) << client.failure();
  return {std::move(server), std::move(client)};
}

inline std::pair<std::unique_ptr<DtlsChannel>, std::unique_ptr<DtlsChannel>> DtlsPairOf(DtlsMethod method, const char* name, std::uint8_t seed) {
  const auto secret = [&] {
    DtlsSecret s;
    s.suite = FindDtlsSuite(method, name);
    s.id.fill(seed);
    s.key = Secret(method == DtlsMethod::kPsk ? kDtlsPskKey : kDtlsMasterSecret);
    for (std::size_t i = 0; i < s.key.bytes().size(); i++) s.key.bytes()[i] = static_cast<std::uint8_t>(seed + i);
    return s;
  };
  const DtlsSecret of_server = secret(), of_client = secret();
  const auto server = DtlsHandshake::Begin(of_server, DtlsRole::kServer, {});
  const auto client = DtlsHandshake::Begin(of_client, DtlsRole::kClient, {});
  if (!server || !client) return {};
  for (int i = 0; i < 8; i++) {
    for (const Raw& d : client->ToWire()) server->Feed(d);
    for (const Raw& d : server->ToWire()) client->Feed(d);
  }
  EXPECT_EQ(server->state(), DtlsHandshake::State::kDone) << server->failure();
  EXPECT_EQ(client->state(), DtlsHandshake::State::kDone) << client->failure();
  return {server->Take(), client->Take()};
}

// One client's own end.
struct PlaneClient {
  TunnelId t{};
  std::unique_ptr<TlsChannel> tls;
  std::unique_ptr<DtlsChannel> dtls;
  int socket = -1;
  Endpoint local{*IpAddress::Parse("192.0.2.1"), 443}, peer{*IpAddress::Parse("203.0.113.9"), 40000};
  std::shared_ptr<SslActivity> tls_use = std::make_shared<SslActivity>(), dtls_use = std::make_shared<SslActivity>();

  // What the appliance has sent it, as frames.
  void Take(Bytes wire, std::vector<PlaneFrame>& frames) {
    tls->Feed(wire);
    Raw record(kTlsRecord);
    for (auto n = tls->Read(record); n && *n != 0; n = tls->Read(record)) {
      CstpFrame f;
      EXPECT_EQ(ReadCstp(Bytes(record).first(*n), f), CstpError::kNone);
      frames.push_back({f.type, Raw(f.payload.begin(), f.payload.end())});
    }
  }
  void TakeDatagram(Bytes datagram, std::vector<PlaneFrame>& frames) {
    Raw room(65536);
    std::size_t size = 0;
    for (Bytes next = datagram; dtls->Open(next, room, size) == DtlsChannel::Got::kRecord; next = {}) {
      frames.push_back({room[0], Raw(room.begin() + 1, room.begin() + static_cast<std::ptrdiff_t>(size))});
    }
  }
  Raw TlsFrame(std::uint8_t type, Bytes payload) {
    Raw plain(kCstpHeader);
    PutCstpHeader(plain, CstpType{type}, payload.size());
    plain.insert(plain.end(), payload.begin(), payload.end());
    return TlsRecord(plain);
  }
  Raw TlsRecord(Bytes plain) {
    EXPECT_TRUE(tls->Write(plain));
    const Bytes wire = tls->ToWire();
    Raw out(wire.begin(), wire.end());
    tls->Sent(wire.size());
    return out;
  }
  Raw DtlsRecord(std::uint8_t type, Bytes payload) {
    Raw plain(1, type);
    plain.insert(plain.end(), payload.begin(), payload.end());
    Raw out(plain.size() + static_cast<std::size_t>(dtls->overhead()));
    out.resize(dtls->Seal(plain, out));
    EXPECT_FALSE(out.empty());
    return out;
  }
  // That as a packet on the outside.
  Raw Datagram(Bytes record) const {
    const bool v4 = peer.address.IsV4();
    const std::size_t head = v4 ? 20 : 40;
    Raw b(head + 8);
    b.insert(b.end(), record.begin(), record.end());
    if (v4) {
      b[0] = 0x45;
      StoreBe16(&b[2], static_cast<std::uint16_t>(b.size()));
      b[8] = 64;
      b[9] = 17;
      peer.address.StoreV4(&b[12]);
      local.address.StoreV4(&b[16]);
      StoreBe16(&b[10], ChecksumFinish(ChecksumAdd(Bytes(b).first(20))));
    } else {
      b[0] = 0x60;
      StoreBe16(&b[4], static_cast<std::uint16_t>(b.size() - 40));
      b[6] = 17;
      b[7] = 64;
      StoreBe64(&b[8], peer.address.hi());
      StoreBe64(&b[16], peer.address.lo());
      StoreBe64(&b[24], local.address.hi());
      StoreBe64(&b[32], local.address.lo());
    }
    StoreBe16(&b[head], peer.port);
    StoreBe16(&b[head + 2], local.port);
    StoreBe16(&b[head + 4], static_cast<std::uint16_t>(b.size() - head));
    const auto pseudo = PseudoHeaderSum(peer.address, local.address, 17, static_cast<std::uint32_t>(b.size() - head));
    StoreBe16(&b[head + 6], ChecksumFinish(ChecksumAdd(Bytes(b).subspan(head), pseudo)));
    return b;
  }
};

class SslPlaneBox : public testing::Test {
 protected:
  explicit SslPlaneBox(const std::string& version = "9.1(4)")
      : asa(Config("192.0.2.1", "10.1.1.1", version), clock, 1), plane(*asa.engine, asa.log, events), both(*asa.engine, *asa.data, plane) {
    asa.Line("route outside 0.0.0.0 0.0.0.0 192.0.2.254\n");
    plane.UseWires(&wires);
    Apply();
  }
  void Apply() {
    asa.UsePolicy();
    asa.vpn->ssl.enabled = {{asa.At("outside"), false}};
    asa.UsePolicy();
  }
  SslClient Rules(const std::string& assigned = "192.168.1.4") {
    SslClient c;
    c.at = asa.At("outside");
    c.assigned = *IpAddress::Parse(assigned);
    c.group = "ac_users_group";
    c.user = "vpn";
    c.peer = *IpAddress::Parse("203.0.113.9");
    c.tls_mtu = 1347;
    c.dtls_mtu = 1418;
    c.mtu.dtls = FindDtlsSuite(DtlsMethod::kDtls12, "AES128-GCM-SHA256");
    return c;
  }
  // A session with its TLS tunnel.
  PlaneClient Connect(const SslClient& rules, int version = 0x0303) {
    PlaneClient c;
    c.t = plane.Open(rules, clock.Now());
    EXPECT_NE(c.t, TunnelId::kNone);
    ConnectTls(c, version);
    return c;
  }
  PlaneClient Connect() { return Connect(Rules()); }
  void ConnectTls(PlaneClient& c, int version = 0x0303) {
    auto [server, client] = TlsPairOf(version);
    c.tls = std::make_unique<TlsChannel>(std::move(client));
    c.socket = next_socket++;
    EXPECT_TRUE(plane.AddTls(c.t, next_number++, std::move(server), c.socket, c.tls_use, clock.Now()));
  }
  void ConnectDtls(PlaneClient& c, DtlsMethod method = DtlsMethod::kDtls12, const char* name = "AES128-GCM-SHA256") {
    auto [server, client] = DtlsPairOf(method, name, static_cast<std::uint8_t>(next_number));
    ASSERT_NE(server, nullptr);
    c.dtls = std::move(client);
    EXPECT_TRUE(plane.AddDtls(c.t, next_number++, std::move(server), c.local, c.peer, c.dtls_use, clock.Now()));
  }

  // What the sockets of the plane have for a client.
  void TakeTls(PlaneClient& c, std::vector<PlaneFrame>& into) {
    for (const int socket : plane.TakeDirty()) {
      if (socket != c.socket) continue;
      const Bytes wire = plane.ToWire(socket);
      sent_at_once.push_back(wire.size());
      c.Take(wire, into);
      plane.SentWire(socket, wire.size());
    }
  }
  // A packet from the inside (or elsewhere); what it is on the client's adapter.
  std::vector<Raw> ToClient(PlaneClient& c, const Raw& packet, const Gateway::How& how, const std::string& from = "inside") {
    last = asa.Send(from, packet, how);
    frames.clear();
    for (const Left& l : last.out) {
      if (l.by != "outside") continue;
      const std::size_t head = l.bytes[0] >> 4 == 4 ? 28 : 48;
      outer.push_back(l.bytes);
      if (l.bytes[0] >> 4 == 4) {
        EXPECT_EQ(ChecksumFinish(ChecksumAdd(Bytes(l.bytes).first(20))), 0);
      }
      if (c.dtls) c.TakeDatagram(Bytes(l.bytes).subspan(head), frames);
    }
    if (c.tls) TakeTls(c, frames);
    std::vector<Raw> packets;
    for (const PlaneFrame& f : frames) {
      if (f.type == 0) packets.push_back(f.payload);
    }
    return packets;
  }
  std::vector<Raw> ToClient(PlaneClient& c, const Raw& packet) { return ToClient(c, packet, Gateway::How()); }
  // Wire bytes of the client's TLS; what leaves by the inside.
  std::vector<Raw> ByTls(PlaneClient& c, const Raw& wire, const std::string& to = "inside") {
    plane.Receive(c.socket, wire, clock.Now());
    return TakeLeft(to);
  }
  std::vector<Raw> ByDtls(PlaneClient& c, const Raw& record, const std::string& to = "inside") {
    Gateway::How how;
    how.traced = false;  // a record is good for once
    last = asa.Send("outside", c.Datagram(record), how);
    return Sort(to);
  }
  std::vector<Raw> TakeLeft(const std::string& to) {
    last = {};
    asa.Flush(last);
    return Sort(to);
  }
  std::vector<Raw> Sort(const std::string& to) {
    std::vector<Raw> packets;
    for (const Left& l : last.out) {
      if (l.by == to) packets.push_back(l.bytes);
    }
    return packets;
  }
  std::vector<SslEvent> Events() {
    std::vector<SslEvent> all;
    for (SslEvent& e : events.Take()) all.push_back(std::move(e));
    return all;
  }
  void Step(double seconds) {
    clock.Advance(Duration{static_cast<std::int64_t>(seconds * 1e9)});
    asa.engine->AdvanceTo(clock.Now());
    Fate f;
    asa.Flush(f);
  }

  ManualClock clock;
  Gateway asa;
  SslEventQueue events;
  SslPlane plane;
  TunnelSwitch both;
  PlaneWires wires;
  int next_socket = 10;
  std::uint32_t next_number = 2;
  Fate last;
  std::vector<PlaneFrame> frames;
  std::vector<Raw> outer;
  std::vector<std::size_t> sent_at_once;
};

}  // namespace sallyport::vpntest
