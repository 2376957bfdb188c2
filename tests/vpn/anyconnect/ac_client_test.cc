// The labs' client against a head-end in memory: forms and answers are the appliance's own (aggregate_auth, connect_request), TLS and DTLS
// its channels; the clock stands still unless it is moved.
#include "labs/clients/ac_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "vpn/anyconnect/aggregate_auth.h"
#include "vpn/anyconnect/connect_request.h"


namespace sallyport {
namespace {

using Octets = std::vector<std::uint8_t>;
using S = AcClient::State;

Octets OctetsOf(std::string_view s) { return {s.begin(), s.end()}; }

struct HeadEndKeys {
  PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
  Certificate certificate = *Certificate::SelfSigned(key, {{"cn", "head-end"}}, {}, 0, 4'000'000'000, std::vector<std::uint8_t>{1});
  TlsContext context = *TlsContext::Server({.min_version = 0x0301, .ciphers = "DEFAULT:@SECLEVEL=0"}, certificate, {}, key);
};
const HeadEndKeys& Keys() {
  static const HeadEndKeys keys;
  return keys;
}

class HeadEnd final : public AcPorts {
 public:
  // What a test changes.
  bool reachable = true, udp = true, known = true;
  std::string password = "key", banner, profile = "DisconnectOnSuspend", redirect;
  bool challenge = false;
  ConnectAnswer answer;
  // What it sees.
  std::vector<std::string> messages, events, delivered, said;
  std::vector<AuthDocument> documents;
  std::vector<int> mtus;  // of the adapter; 0: down
  int connects = 0, udp_opened = 0, links = 0;
  std::string last_host;

  explicit HeadEnd(AcClient*& client) : client_(client) {
    answer.address = *IpAddress::Parse("192.168.1.4");
    answer.netmask = *IpAddress::Parse("255.255.255.0");
    answer.tls_mtu = 1347;
    answer.dtls_mtu = 1418;
    answer.dtls.suite = "AES256-SHA";
  }
  TimePoint now;

  // --- AcPorts
  void OpenLink(std::uint32_t link, const std::string& host, std::uint16_t) override {
    ++links;
    last_host = host;
    opened_.push_back(link);
  }
  void SendLink(std::uint32_t link, Bytes wire) override { wire_.emplace_back(link, Octets(wire.begin(), wire.end())); }
  void CloseLink(std::uint32_t link) override { closed_.push_back(link); }
  void OpenUdp(std::uint16_t) override {
    ++udp_opened;
    shake_.reset();
  }
  void SendUdp(Bytes d) override { datagrams_.emplace_back(d.begin(), d.end()); }
  void CloseUdp() override {}
  void AdapterUp(const AcTunnel&, int mtu) override { mtus.push_back(mtu); }
  void AdapterDown() override { mtus.push_back(0); }
  void Deliver(Bytes p) override { delivered.emplace_back(p.begin(), p.end()); }
  void Message(const std::string& text) override { messages.push_back(text); }
  void Event(const char* type, const char* source, const std::string& d) override { events.push_back(std::string(type) + " " + source + ": " + d); }

  // Carries whatever there is until nothing moves.
  void Run() {
    for (int quiet = 0; quiet < 2;) {
      bool any = false;
      for (const std::uint32_t link : std::exchange(opened_, {})) {
        any = true;
        if (reachable) {
          tls_.insert_or_assign(link, End{TlsChannel(Keys().context), HttpReader(), false});
          client_->LinkUp(link, now);
        } else {
          client_->LinkDown(link, now);
        }
      }
      for (auto& [link, wire] : std::exchange(wire_, {})) {
        any = true;
        if (reachable) FromClient(link, wire);
      }
      for (const std::uint32_t link : std::exchange(closed_, {})) tls_.erase(link);
      for (const Octets& d : std::exchange(datagrams_, {})) {
        any = true;
        if (udp && reachable) FromUdp(d);
      }
      quiet = any ? 0 : quiet + 1;
    }
  }
  void Advance(int seconds) {
    for (int k = 0; k < seconds * 2; ++k) {
      now = now + Duration::Milliseconds(500);
      client_->Tick(now);
      Run();
    }
  }
  // The appliance's frames on the newest tunnel.
  void Send(CstpType type, std::string_view payload) {
    for (auto at = tls_.rbegin(); at != tls_.rend(); ++at) {
      if (!at->second.tunnel) continue;
      Frame(at->second, type, OctetsOf(payload));
      return Push(at->first);
    }
  }
  void SendByDtls(CstpType type, std::string_view payload) {
    Octets plain(1, static_cast<std::uint8_t>(type)), record(2000);
    plain.insert(plain.end(), payload.begin(), payload.end());
    record.resize(dtls_->Seal(plain, record));
    client_->FromUdp(record, now);
  }
  void CutLinks() {
    std::vector<std::uint32_t> all;
    for (const auto& [link, end] : tls_) all.push_back(link);
    tls_.clear();
    for (const std::uint32_t link : all) client_->LinkDown(link, now);
    Run();
  }
  // "text" of the frames that the client has sent, by type.
  std::vector<std::string> Frames(CstpType type) const {
    std::vector<std::string> out;
    for (const auto& [t, payload] : frames_) {
      if (t == type) out.push_back(payload);
    }
    return out;
  }
  bool Heard(const std::string& part) const {
    return std::ranges::any_of(messages, [&](const std::string& m) { return m.find(part) != std::string::npos; });
  }

 private:
  struct End {
    TlsChannel tls;
    HttpReader reader;
    bool tunnel;
  };
  void Frame(End& e, CstpType type, const Octets& payload) {
    Octets frame(kCstpHeader);
    PutCstpHeader(frame, type, payload.size());
    frame.insert(frame.end(), payload.begin(), payload.end());
    e.tls.Write(frame);
  }
  void Push(std::uint32_t link) {
    const auto at = tls_.find(link);
    if (at == tls_.end() || at->second.tls.pending() == 0) return;
    const Octets out(at->second.tls.ToWire().begin(), at->second.tls.ToWire().end());
    at->second.tls.Sent(out.size());
    client_->FromLink(link, out, now);
  }
  void FromClient(std::uint32_t link, const Octets& wire) {
    const auto at = tls_.find(link);
    if (at == tls_.end()) return;
    End& e = at->second;
    e.tls.Feed(wire);
    Octets room(kTlsRecord);
    for (;;) {
      const auto n = e.tls.Read(room);
      if (!n || *n == 0) break;
      Bytes record = Bytes(room).first(*n);
      if (e.tunnel) {
        OnRecord(e, record);
        continue;
      }
      while (!record.empty()) {
        std::size_t used = 0;
        const HttpReader::State s = e.reader.Feed(record, used);
        record = record.subspan(used);
        if (s == HttpReader::State::kRequest) OnRequest(e, e.reader.Take());
        else ASSERT_TRUE(s == HttpReader::State::kHead || s == HttpReader::State::kBody);
      }
    }
    Push(link);
  }
  void Answer(End& e, const std::string& text) {
    const Octets o = OctetsOf(text);
    e.tls.Write(o);
  }
  void OnRequest(End& e, const HttpRequest& r) {
    said.push_back(r.target);
    if (r.method == HttpRequest::Method::kConnect) return OnConnect(e, r);
    HttpAnswer a;
    a.type = "text/xml";
    if (r.method == HttpRequest::Method::kGet) {
      a.body = "<AnyConnectProfile xmlns=\"http://schemas.xmlsoap.org/encoding/\"><ClientInitialization><AutoReconnect UserControllable=\"true\">true"
               "<AutoReconnectBehavior>" + profile + "</AutoReconnectBehavior></AutoReconnect></ClientInitialization></AnyConnectProfile>";
      return Answer(e, WriteAnswer(a));
    }
    if (!redirect.empty()) {
      a.status = 302;
      a.fields.emplace_back("Location", "https://" + std::exchange(redirect, {}) + "/");
      return Answer(e, WriteAnswer(a));
    }
    const Result<AuthDocument> d = ReadAuth(r.body);
    ASSERT_TRUE(d.ok()) << d.error();
    documents.push_back(*d);
    if (d->type == AuthDocument::Type::kInit) challenged_ = false;
    LoginForm f;
    f.tunnel_group = "staff";
    f.handle = "8456446854094028006";
    f.config_hash = "1";
    f.groups = {"Staff", "Guests"};
    f.selected = d->group_select.empty() ? "Staff" : d->group_select;
    if (d->type == AuthDocument::Type::kReply && challenged_) {
      EXPECT_EQ(d->Field("password"), "123456");
      challenged_ = false;
      a.body = Granted();
    } else if (d->type == AuthDocument::Type::kReply && d->Field("password") == password && challenge) {
      challenged_ = true;
      f.id = "challenge";
      f.message = "Code?";
      f.groups.clear();
      f.inputs = {{"password", "answer", "Answer:", ""}};
      a.body = WriteForm(f);
    } else if (d->type == AuthDocument::Type::kReply && d->Field("password") == password) {
      EXPECT_EQ(d->handle, "8456446854094028006");
      a.body = Granted();
    } else {
      f.message = "Please enter your username and password.";
      if (d->type == AuthDocument::Type::kReply) f.error = "Login failed.";
      f.error_id = "91";
      f.inputs = {{"text", "username", "Username:", ""}, {"password", "password", "Password:", ""}};
      a.body = WriteForm(f);
    }
    Answer(e, WriteAnswer(a));
  }
  std::string Granted() const {
    Completed c;
    c.session_id = "1436";
    c.token = "1436@12288@A1B2@66E1";
    c.banner = banner;
    c.server_hash = "00";
    c.profiles = {{"/CACHE/stc/profiles/p.xml", "00"}};
    c.packages = {{"4.11.0", "/CACHE/stc/1/binaries/p", "AnyConnect"}};
    return WriteCompleted(c);
  }
  void OnConnect(End& e, const HttpRequest& r) {
    ++connects;
    if (!known) return Answer(e, WriteConnectRefusal({401, ""}));
    Result<ConnectRequest> c = ReadConnect(r);
    ASSERT_TRUE(c.ok()) << c.error();
    EXPECT_EQ(c->token, "1436@12288@A1B2@66E1");
    EXPECT_EQ(c->base_mtu, 1500u);
    request_ = *std::move(c);
    SeededEntropy entropy(static_cast<std::uint64_t>(connects));
    entropy.Fill(answer.dtls.id);
    Answer(e, WriteConnectAnswer(answer));
    e.tunnel = true;
    for (const DtlsSuite& s : DtlsSuites()) {
      if (s.name == answer.dtls.suite && (s.method == DtlsMethod::kDtls12) == answer.dtls.dtls12_line) secret_.suite = &s;
    }
    secret_.id = answer.dtls.id;
    secret_.key = Secret(answer.dtls.psk ? kDtlsPskKey : kDtlsMasterSecret);
    if (answer.dtls.psk) {
      ASSERT_TRUE(e.tls.Export(kDtlsPskLabel, secret_.key.bytes()));
    } else {
      secret_.key = request_.dtls_master_secret.Clone();
    }
    shake_.reset();
    dtls_.reset();
  }
  void OnRecord(End& e, Bytes record) {
    CstpFrame f;
    ASSERT_EQ(ReadCstp(record, f), CstpError::kNone);
    frames_.emplace_back(static_cast<CstpType>(f.type), std::string(f.payload.begin(), f.payload.end()));
    if (f.type == static_cast<int>(CstpType::kDpdRequest) && answers_dpd) Frame(e, CstpType::kDpdResponse, {});
  }
  void FromUdp(const Octets& d) {
    if (SessionIdOfHello(d) == secret_.id && d[13] == 1 && (!shake_ || shake_->state() == DtlsHandshake::State::kDone)) {
      shake_ = DtlsHandshake::Begin(secret_, DtlsRole::kServer, {});
      dtls_.reset();
    }
    if (dtls_) {
      Octets room(20000);
      std::size_t n = 0;
      for (Bytes next = d; dtls_->Open(next, room, n) == DtlsChannel::Got::kRecord; next = {}) {
        frames_.emplace_back(static_cast<CstpType>(room[0]), std::string(room.begin() + 1, room.begin() + static_cast<std::ptrdiff_t>(n)));
        ++by_dtls;
        if (room[0] == static_cast<int>(CstpType::kDpdRequest) && answers_dpd) SendByDtls(CstpType::kDpdResponse, "");
      }
    } else if (shake_) {
      shake_->Feed(d);
      const auto out = shake_->ToWire();
      if (shake_->state() == DtlsHandshake::State::kDone) dtls_ = shake_->Take();
      for (const Octets& o : out) client_->FromUdp(o, now);
    }
  }

 public:
  bool answers_dpd = true;
  int by_dtls = 0;
  ConnectRequest request_;

 private:
  AcClient*& client_;
  std::map<std::uint32_t, End> tls_;
  std::vector<std::uint32_t> opened_, closed_;
  std::vector<std::pair<std::uint32_t, Octets>> wire_;
  std::vector<Octets> datagrams_;
  std::vector<std::pair<CstpType, std::string>> frames_;
  bool challenged_ = false;
  DtlsSecret secret_;
  std::unique_ptr<DtlsHandshake> shake_;
  std::unique_ptr<DtlsChannel> dtls_;
};

struct AcLab : testing::Test {
  AcClient* pointer = nullptr;
  HeadEnd h{pointer};
  SeededEntropy entropy{9};
  AcClient c{h, entropy};
  AcLab() {
    pointer = &c;
    h.now = TimePoint{} + Duration::Seconds(1000);
  }
  AcSettings Walter() {
    AcSettings s;
    s.host = "10.1.1.2";
    s.user = "walter";
    s.password = "key";
    return s;
  }
  void Connect(AcSettings s) {
    c.Connect(std::move(s), h.now);
    h.Run();
  }
};

TEST_F(AcLab, LogsInAndCarriesPackets) {
  Connect(Walter());
  ASSERT_EQ(c.state(), S::kUp) << c.why();
  EXPECT_TRUE(c.dtls_up());
  EXPECT_EQ(h.mtus, (std::vector<int>{1418}));  // DTLS's, before DTLS is up
  ASSERT_EQ(h.documents.size(), 2u);
  EXPECT_EQ(h.documents[0].type, AuthDocument::Type::kInit);
  EXPECT_EQ(h.documents[0].group_access, "https://10.1.1.2");
  EXPECT_EQ(h.documents[1].Field("username"), "walter");
  EXPECT_EQ(h.documents[1].group_select, "Staff");
  EXPECT_EQ(h.links, 2);  // the login's, the tunnel's
  EXPECT_TRUE(h.Heard("A newer version (4.11.0)"));
  EXPECT_EQ(h.messages.back(), "Connected to 10.1.1.2.");
  c.Packet(OctetsOf("packet"), h.now);
  h.Run();
  EXPECT_EQ(h.Frames(CstpType::kData), std::vector<std::string>{"packet"});
  EXPECT_EQ(h.by_dtls, 1);
  h.SendByDtls(CstpType::kData, "down");
  h.Send(CstpType::kData, "by TLS");
  EXPECT_EQ(h.delivered, (std::vector<std::string>{"down", "by TLS"}));
  // Whoever probes gets its own octets back.
  h.Send(CstpType::kDpdRequest, "abc");
  h.SendByDtls(CstpType::kDpdRequest, "defg");
  h.Run();
  EXPECT_EQ(h.Frames(CstpType::kDpdResponse), (std::vector<std::string>{"abc", "defg"}));
  c.Disconnect(h.now);
  h.Run();
  EXPECT_EQ(c.state(), S::kIdle);
  EXPECT_EQ(h.Frames(CstpType::kDisconnect), std::vector<std::string>{"\xb0The user has requested to disconnect the connection."});
  EXPECT_EQ(h.mtus.back(), 0);
}

TEST_F(AcLab, EveryWayOfDtls) {
  struct Way {
    const char* suite;
    bool dtls12, psk;
  };
  for (const Way& w : {Way{"ECDHE-RSA-AES256-GCM-SHA384", true, false}, Way{"OC-DTLS1_2-AES128-GCM", false, false}, Way{"PSK-NEGOTIATE", false, true},
                       Way{"AES128-SHA", false, false}}) {
    h.answer.dtls.suite = w.suite;
    h.answer.dtls.dtls12_line = w.dtls12;
    h.answer.dtls.psk = w.psk;
    Connect(Walter());
    EXPECT_TRUE(c.dtls_up()) << w.suite;
    c.Disconnect(h.now);
    h.Run();
  }
}

TEST_F(AcLab, WrongPasswordAndChallenge) {
  AcSettings wrong = Walter();
  wrong.password = "no";
  Connect(std::move(wrong));
  EXPECT_EQ(c.state(), S::kIdle);
  EXPECT_EQ(c.why(), "login failed: Login failed.");
  h.challenge = true;
  Connect(Walter());
  EXPECT_EQ(c.why(), "the head-end asks for \"Answer:\"");
  AcSettings s = Walter();
  s.answer = "123456";
  s.group = "Guests";
  h.documents.clear();
  Connect(std::move(s));
  EXPECT_EQ(c.state(), S::kUp) << c.why();
  EXPECT_EQ(h.documents[0].group_select, "Guests");
}

// The founding case: UDP is blocked, and the adapter has DTLS's MTU until a minute is over.
TEST_F(AcLab, NewMtuAfterAMinuteWithoutDtls) {
  h.udp = false;
  Connect(Walter());
  ASSERT_EQ(c.state(), S::kUp);
  h.Advance(59);
  EXPECT_EQ(h.connects, 1);
  EXPECT_EQ(c.counters().dtls_handshakes, 4u);  // at 0, 15, 30, 45
  EXPECT_EQ(h.udp_opened, 4);
  h.events.clear();
  h.Advance(2);
  ASSERT_EQ(c.state(), S::kUp);
  EXPECT_EQ(h.Frames(CstpType::kDisconnect), std::vector<std::string>{"\x91Reconnecting the VPN tunnel."});
  EXPECT_EQ(h.connects, 2);
  EXPECT_EQ(h.mtus, (std::vector<int>{1418, 0, 1347}));
  const std::vector<std::string> log{
      "Warning acvpnagent: Reconfigure reason code 16:\nNew MTU configuration.",
      "Information acvpnagent: The entire VPN connection is being reconfigured.",
      "Information acvpnui: Message type information sent to the user:\nReconnecting to 10.1.1.2...",
      "Warning acvpnagent: A new MTU needs to be applied to the VPN network interface.\nDisabling and re-enabling the Virtual Adapter. Applications "
      "utilizing the\nprivate network may need to be restarted.",
      "Information acvpnui: Message type information sent to the user:\nConnected to 10.1.1.2."};
  EXPECT_EQ(h.events, log);
  // And no more of it; DTLS is still tried.
  h.Advance(200);
  EXPECT_EQ(h.connects, 2);
  h.udp = true;
  h.Advance(70);
  EXPECT_TRUE(c.dtls_up());
}

TEST_F(AcLab, EqualMtusNeedNoReconnect) {
  h.udp = false;
  h.answer.tls_mtu = h.answer.dtls_mtu = 1300;
  Connect(Walter());
  h.Advance(130);
  EXPECT_EQ(h.connects, 1);
  EXPECT_EQ(h.mtus, std::vector<int>{1300});
}

TEST_F(AcLab, ReconnectsWhenTheNetworkIsBack) {
  h.answer.idle_s = 120;
  Connect(Walter());
  h.reachable = false;
  h.CutLinks();
  EXPECT_EQ(c.state(), S::kReconnecting);
  h.Advance(40);
  EXPECT_TRUE(h.Heard("Reconnecting, waiting for network connectivity..."));
  c.Packet(OctetsOf("lost"), h.now);
  h.reachable = true;
  h.Advance(5);
  EXPECT_EQ(c.state(), S::kUp);
  EXPECT_TRUE(c.dtls_up());
  EXPECT_EQ(h.documents.size(), 2u);  // no second login
  EXPECT_EQ(h.request_.old_address, *IpAddress::Parse("192.168.1.4"));
  EXPECT_EQ(h.mtus, std::vector<int>{1418});  // the adapter has stayed
  EXPECT_EQ(c.counters().dropped, 1u);
}

TEST_F(AcLab, GivesUpAfterTheDisconnectedTimeout) {
  h.answer.idle_s = 120;
  Connect(Walter());
  h.reachable = false;
  h.messages.clear();
  h.CutLinks();
  h.Advance(119);
  EXPECT_EQ(c.state(), S::kReconnecting);
  h.Advance(2);
  EXPECT_EQ(c.state(), S::kIdle);
  EXPECT_EQ(h.messages, (std::vector<std::string>{"Reconnecting to 10.1.1.2...", "Reconnecting, waiting for network connectivity...",
                                                  "Reconnecting to 10.1.1.2...", "Disconnect in progress, please wait...",
                                                  "Disconnect in progress, please wait...", "Verify your network connection."}));
  EXPECT_EQ(h.mtus.back(), 0);
}

TEST_F(AcLab, TheSessionIsGone) {
  Connect(Walter());
  h.known = false;
  h.CutLinks();
  EXPECT_EQ(c.state(), S::kIdle);
  EXPECT_TRUE(h.Heard("you must log in again"));
}

TEST_F(AcLab, SuspendAndResume) {
  for (const bool comes_back : {true, false}) {
    h.profile = comes_back ? "ReconnectAfterResume" : "DisconnectOnSuspend";
    const int before = h.connects;
    Connect(Walter());
    c.Suspend(h.now);
    h.Run();
    EXPECT_EQ(c.state(), S::kSuspended);
    EXPECT_EQ(h.Frames(CstpType::kDisconnect).back(), "\xb0" "Client PC is going into suspend mode (Sleep, Hibernate, etc).");
    h.Advance(30);
    EXPECT_EQ(h.connects, before + 1);
    c.Resume(h.now);
    h.Run();
    EXPECT_EQ(c.state(), comes_back ? S::kUp : S::kIdle);
    c.Disconnect(h.now);
    h.Run();
  }
}

// CSCso17627.
TEST_F(AcLab, AnOldClientAlwaysComesBackAfterASleep) {
  for (const char* version : {"2.3.0110", "2.3.0111"}) {
    h.profile = "DisconnectOnSuspend";
    AcSettings old = Walter();
    old.version = version;
    Connect(old);
    c.Suspend(h.now);
    h.Advance(30);
    c.Resume(h.now);
    h.Run();
    EXPECT_EQ(c.state(), old.version == "2.3.0110" ? S::kUp : S::kIdle);
    c.Disconnect(h.now);
    h.Run();
  }
}

TEST_F(AcLab, DeadPeers) {
  h.answer.dpd_s = h.answer.dtls.dpd_s = 6;
  h.answer.keepalive_s = h.answer.dtls.keepalive_s = 0;
  Connect(Walter());
  h.Advance(60);
  EXPECT_EQ(h.connects, 1);
  EXPECT_FALSE(h.Frames(CstpType::kDpdRequest).empty());
  h.answers_dpd = false;
  const std::size_t before = h.Frames(CstpType::kDpdRequest).size();
  h.Advance(16);
  // Four packets each on TLS and DTLS, then a new connection.
  EXPECT_GE(h.Frames(CstpType::kDpdRequest).size(), before + 8);
  EXPECT_GE(h.connects, 2);
  EXPECT_EQ(c.state(), S::kUp);
}

TEST_F(AcLab, KeepalivesAndRekeys) {
  h.answer.keepalive_s = h.answer.dtls.keepalive_s = 5;
  h.answer.rekey_s = 30;
  h.answer.rekey = ConnectAnswer::Rekey::kNewTunnel;
  Connect(Walter());
  h.Advance(12);
  EXPECT_GE(h.Frames(CstpType::kKeepalive).size(), 4u);
  h.Advance(20);
  EXPECT_EQ(h.connects, 2);
  EXPECT_EQ(c.counters().reconnects, 0u);
  EXPECT_EQ(c.state(), S::kUp);
  EXPECT_TRUE(c.dtls_up());
  c.Disconnect(h.now);
  h.Run();
  h.answer.rekey = ConnectAnswer::Rekey::kSsl;
  Connect(Walter());
  h.Advance(32);
  EXPECT_EQ(h.connects, 3);
  h.Send(CstpType::kData, "after");
  EXPECT_EQ(h.delivered.back(), "after");
}

TEST_F(AcLab, TheHeadEndEndsIt) {
  Connect(Walter());
  h.Send(CstpType::kDisconnect, "\xb0Idle Timeout");
  EXPECT_EQ(c.state(), S::kIdle);
  EXPECT_EQ(c.why(), "the gateway has ended it: Idle Timeout");
}

TEST_F(AcLab, WebLaunchClusterAndBackup) {
  AcSettings web = Walter();
  web.token = "1436@12288@A1B2@66E1";
  Connect(std::move(web));
  EXPECT_EQ(c.state(), S::kUp);
  EXPECT_TRUE(h.documents.empty());
  c.Disconnect(h.now);
  h.Run();
  h.redirect = "10.1.1.3";
  Connect(Walter());
  EXPECT_EQ(c.state(), S::kUp);
  EXPECT_EQ(h.last_host, "10.1.1.3");
  c.Disconnect(h.now);
  h.Run();
  h.reachable = false;
  AcSettings s = Walter();
  s.backups = {"10.1.1.9"};
  Connect(std::move(s));
  EXPECT_EQ(h.last_host, "10.1.1.9");
  EXPECT_EQ(c.state(), S::kIdle);
}

TEST_F(AcLab, Compression) {
  h.answer.tls_compression = "lzs";
  h.answer.dtls.compression = "lzs";
  AcSettings s = Walter();
  s.compression = "lzs,deflate";
  Connect(std::move(s));
  EXPECT_EQ(h.request_.tls_compressions, (std::vector<std::string>{"lzs", "deflate"}));
  const std::string text(500, 'x');
  c.Packet(OctetsOf(text), h.now);
  h.Run();
  ASSERT_EQ(h.Frames(CstpType::kCompressed).size(), 1u);
  const Octets packed = OctetsOf(h.Frames(CstpType::kCompressed)[0]);
  EXPECT_LT(packed.size(), 60u);
  h.Send(CstpType::kCompressed, h.Frames(CstpType::kCompressed)[0]);
  h.SendByDtls(CstpType::kCompressed, h.Frames(CstpType::kCompressed)[0]);
  EXPECT_EQ(h.delivered, (std::vector<std::string>{text, text}));
}

TEST(AcAuth, WhatIsNoAnswerIsRefused) {
  std::size_t used = 0;
  EXPECT_FALSE(ReadAcAnswer("SSH-2.0\r\n\r\n", false, used).ok());
  EXPECT_FALSE(ReadAcAnswer("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", false, used).ok());
  EXPECT_FALSE(ReadAcAnswer("HTTP/1.1 200 OK\r\nbad\r\n\r\n", false, used).ok());
  const auto more = ReadAcAnswer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", false, used);
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(*more);
  const auto whole = ReadAcAnswer("HTTP/1.1 503 Service Unavailable\r\nX-Reason: no\r\nContent-Length: 1\r\n\r\nabc", true, used);
  ASSERT_TRUE(whole.ok() && *whole);
  EXPECT_EQ((*whole)->Field("x-reason"), "no");
  EXPECT_EQ((*whole)->body, "a");
  EXPECT_TRUE(OlderAcVersion("3.1.01065", "3.1.02026"));
  EXPECT_FALSE(OlderAcVersion("4.10.1", "4.9.9"));
  EXPECT_FALSE(OlderAcVersion("4.1", "4.1.0"));
}

}  // namespace
}  // namespace sallyport
