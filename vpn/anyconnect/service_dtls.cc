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
  if (h != nullptr && id && *id != h->id) {
    // The client has connected anew and kept its port.
    std::erase_if(handshakes_, [&](const auto& i) { return i.get() == h; });
    h = nullptr;
  }
  if (h == nullptr) {
    if (!id) return;
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
    Say(725001, 6, fmt::format("Starting SSL handshake with client {}:{}/{} to {}/{} for {} session", NameOf(at), peer.address.ToString(), peer.port,
                               local.address.ToString(), local.port, DtlsName(live->second.dtls.suite->method)));
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
    Say(725006, 6, fmt::format("Device failed SSL handshake with client {}:{}/{} to {}/{}", NameOf(h.at), h.peer.address.ToString(), h.peer.port,
                               h.local.address.ToString(), h.local.port));
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
  Say(725002, 6, fmt::format("Device completed SSL handshake with client {}:{}/{} to {}/{} for {} session", NameOf(h.at), h.peer.address.ToString(),
                             h.peer.port, h.local.address.ToString(), h.local.port,
                             channel->version() == VpnEncapsulation::kDtls10 ? "DTLSv1" : "DTLSv1.2"));
  if (Happen(*s, SslHappening::kDtlsUp, d) == 0) return;
  counters_.dtls_established++;
  live.old_dtls_until = TimePoint::Max();
  const std::uint32_t number = s->Tunnel(VpnTunnelKind::kDtlsTunnel)->number;
  auto moved = std::make_shared<std::unique_ptr<DtlsChannel>>(std::move(channel));
  Post([=, t = s->tunnel, local = h.local, peer = h.peer, activity = d.tunnel.activity, now = times.now](SslControl& plane) {
    plane.AddDtls(t, number, std::move(*moved), local, peer, {}, activity, now);
  });
}

void SslService::TickHandshakes(TimePoint real) {
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
