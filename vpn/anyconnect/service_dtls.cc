// The service and DTLS handshakes: a hello finds its session by the id that CONNECT has given; what comes out of the handshake is the
// data path's.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/anyconnect/dtls_hello.h"
#include "vpn/anyconnect/service.h"
#include "vpn/anyconnect/suites.h"

namespace sallyport {
namespace {

constexpr std::size_t kHandshakesOfSession = 2, kMostHandshakes = 4096;
constexpr std::size_t kMostNew = 256;
constexpr Duration kNewTime = Duration::Seconds(5);
constexpr Duration kHandshakeTime = Duration::Seconds(30), kCookieKeyTime = Duration::Seconds(3600);

const char* DtlsName(DtlsMethod m) { return m == DtlsMethod::kLegacy ? "DTLSv1" : "DTLSv1.2"; }

}  // namespace

SslService::Handshake* SslService::HandshakeOf(IfId at, const Endpoint& local, const Endpoint& peer) {
  const auto h = std::find_if(handshakes_.begin(), handshakes_.end(),
                              [&](const auto& i) { return i->at == at && i->local == local && i->peer == peer; });
  return h == handshakes_.end() ? nullptr : h->get();
}

void SslService::DtlsDatagram(IfId at, const Endpoint& local, const Endpoint& peer, Bytes datagram) {
  const auto times = ports_.times();
  const auto id = SessionIdOfHello(datagram);
  Handshake* h = HandshakeOf(at, local, peer);
  if (h != nullptr && id && *id != h->id && by_dtls_id_.contains(*id)) {
    // The client has connected anew and kept its port.
    std::erase_if(handshakes_, [&](const auto& i) { return i.get() == h; });
    h = nullptr;
  }
  if (h == nullptr) {
    if (!id) return PassOn(at, local, peer, datagram);
    counters_.dtls_hellos++;
    const auto index = by_dtls_id_.find(*id);
    const auto live = index == by_dtls_id_.end() ? live_.end() : live_.find(index->second);
    SslSession* s = live == live_.end() ? nullptr : sessions_.Find(live->first);
    if (s == nullptr || (!s->HasTls() && !s->HasDtls())) {
      counters_.dtls_unknown++;
      return;
    }
    // An id is seen by whoever is on the way: the newest hello takes the place of the oldest, so that a stranger's keep nobody out for long.
    const auto ours = [&](const auto& i) { return i->index == s->index; };
    if (static_cast<std::size_t>(std::count_if(handshakes_.begin(), handshakes_.end(), ours)) >= kHandshakesOfSession) {
      counters_.dtls_busy++;
      handshakes_.erase(std::find_if(handshakes_.begin(), handshakes_.end(), ours));
    }
    if (handshakes_.size() >= kMostHandshakes) {
      counters_.dtls_busy++;
      return;
    }
    if (cookie_key_.empty() || times.real >= cookie_key_until_) {
      cookie_key_.resize(32);
      ports_.entropy.Fill(cookie_key_);
      cookie_key_until_ = times.real + kCookieKeyTime;
    }
    DtlsSetup setup;
    setup.cookie_key = cookie_key_;
    setup.peer = peer;
    setup.mtu = live->second.mtu.base_mtu;
    setup.key_log = ports_.key_log;
    auto dtls = DtlsHandshake::Begin(live->second.dtls, DtlsRole::kServer, setup);
    if (dtls == nullptr) {
      counters_.dtls_failed++;
      return;
    }
    auto made = std::make_unique<Handshake>();
    made->index = s->index;
    made->id = *id;
    made->at = at;
    made->local = local;
    made->peer = peer;
    made->dtls = std::move(dtls);
    made->until = times.real + kHandshakeTime;
    h = made.get();
    handshakes_.push_back(std::move(made));
    const DtlsMethod method = live->second.dtls.suite->method;
    const std::string ends = Ends(at, local, peer);
    Say(725001, 6, fmt::format("Starting SSL handshake with client {} for {} session{}", ends, DtlsName(method), release_ >= 900 ? "" : "."));
    if (method != DtlsMethod::kPsk) Say(725003, 6, fmt::format("SSL client {} request to resume previous session", ends));
  }
  h->dtls->Feed(datagram);
  Pump(*h);
}

// Sends what there is to send. The handshake may be gone then.
void SslService::Pump(Handshake& h) {
  for (const auto& datagram : h.dtls->ToWire()) {
    if (ports_.send_datagram) ports_.send_datagram(h.at, h.local, h.peer, datagram);
  }
  if (h.dtls->state() == DtlsHandshake::State::kBusy) return;
  if (h.dtls->state() == DtlsHandshake::State::kDone) {
    DtlsUp(h);
  } else {
    counters_.dtls_failed++;
    Say(725006, 6, "Device failed SSL handshake with client " + Ends(h.at, h.local, h.peer));
    debug_.Say(WebvpnDebug::What::kAnyConnect, 1, "DTLS handshake failed: " + h.dtls->failure());
  }
  std::erase_if(handshakes_, [&](const auto& i) { return i.get() == &h; });
}

void SslService::DtlsUp(Handshake& h) {
  const auto times = ports_.times();
  SslSession* s = sessions_.Find(h.index);
  std::unique_ptr<DtlsChannel> channel = h.dtls->Take();
  if (s == nullptr || channel == nullptr) return;
  Live& live = live_[s->index];
  const std::string suite = channel->cipher();
  const SuiteView view = DescribeSuite(suite);
  SslDetail d;
  d.tunnel.local = h.local;
  d.tunnel.peer = h.peer;
  d.tunnel.cipher = view.cipher;
  d.tunnel.hash = view.hash;
  d.tunnel.ciphersuite = suite;
  d.tunnel.encapsulation = channel->version();
  d.tunnel.compression = live.dtls_compression;
  d.tunnel.activity = std::make_shared<SslActivity>();
  const char* const version = channel->version() == VpnEncapsulation::kDtls10 ? "DTLSv1" : "DTLSv1.2";
  Say(725002, 6, "Device completed SSL handshake with client " + Ends(h.at, h.local, h.peer) +
                     (release_ >= 900 ? fmt::format(" for {} session", version) : std::string()));
  if (Happen(*s, SslHappening::kDtlsUp, d) == 0) return;
  counters_.dtls_established++;
  live.old_dtls_until = TimePoint::Max();
  const std::uint32_t number = s->Tunnel(VpnTunnelKind::kDtlsTunnel)->number;
  auto moved = std::make_shared<std::unique_ptr<DtlsChannel>>(std::move(channel));
  Post([=, t = s->tunnel, local = h.local, peer = h.peer, activity = d.tunnel.activity, now = times.now](SslControl& plane) {
    plane.AddDtls(t, number, std::move(*moved), local, peer, activity, now);
  });
  std::erase_if(new_tunnels_, [&](const NewTunnel& n) { return n.at == h.at && n.local == h.local && n.peer == h.peer; });
  if (new_tunnels_.size() >= kMostNew) new_tunnels_.erase(new_tunnels_.begin());
  new_tunnels_.push_back({h.at, h.local, h.peer, s->tunnel, number, 64, times.real + kNewTime});
}

// Datagrams are on their way here when the data path takes a tunnel over.
void SslService::PassOn(IfId at, const Endpoint& local, const Endpoint& peer, Bytes datagram) {
  const auto times = ports_.times();
  for (NewTunnel& n : new_tunnels_) {
    if (n.at != at || n.local != local || n.peer != peer) continue;
    if (n.left == 0 || times.real >= n.until) return;
    n.left--;
    Post([t = n.tunnel, number = n.number, d = std::vector<std::uint8_t>(datagram.begin(), datagram.end()), now = times.now](SslControl& plane) {
      plane.ReceiveDtls(t, number, d, now);
    });
    return;
  }
}

std::string SslService::Ends(IfId at, const Endpoint& local, const Endpoint& peer) const {
  std::string out = fmt::format("{}:{}/{}", NameOf(at), peer.address.ToString(), peer.port);
  if (release_ >= 900) out += fmt::format(" to {}/{}", local.address.ToString(), local.port);
  return out;
}

void SslService::SayTerminated(IfId at, const std::vector<SslTunnelState>& before, const SslSession& s) {
  for (const SslTunnelState& t : before) {
    if (t.kind != VpnTunnelKind::kSslTunnel && t.kind != VpnTunnelKind::kDtlsTunnel) continue;
    const SslTunnelState* const now = s.Tunnel(t.kind);
    if (now != nullptr && now->number == t.number) continue;
    Say(725007, 6, fmt::format("SSL session with client {} terminated{}", Ends(at, t.local, t.peer), release_ >= 900 ? "" : "."));
  }
}

void SslService::TickHandshakes(TimePoint real) {
  std::erase_if(new_tunnels_, [&](const NewTunnel& n) { return real >= n.until; });
  for (std::size_t i = 0; i < handshakes_.size();) {
    Handshake& h = *handshakes_[i];
    const std::size_t before = handshakes_.size();
    if (real >= h.until) {
      counters_.dtls_failed++;
      handshakes_.erase(handshakes_.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    h.dtls->Tick();
    Pump(h);
    if (handshakes_.size() == before) i++;
  }
}

}  // namespace sallyport
