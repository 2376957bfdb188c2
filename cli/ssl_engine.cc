#include "cli/ssl_engine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "cli/socket_places.h"
#include "vpn/crypto/digests.h"

namespace sallyport {
namespace {

TimePoint SteadyNow() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count()};
}

std::string UpperHex(Bytes bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) out += fmt::format("{:02X}", b);
  return out;
}

const VpnPolicy* VpnOf(const Policy& policy) { return dynamic_cast<const VpnPolicy*>(policy.tunnels.get()); }

constexpr std::int64_t kTenYears = 10 * 365 * 86400ll;

// Blocking; for the pool.
Result<PortalHost::FilePart> ReadPart(const std::string& path, std::uint64_t at, std::size_t most) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return Error{std::strerror(errno)};
  struct stat about {};
  PortalHost::FilePart part;
  Result<PortalHost::FilePart> result = Error{"it is no file"};
  if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    part.size = static_cast<std::uint64_t>(about.st_size);
    part.bytes.resize(most);
    std::size_t have = 0;
    while (have < most) {
      const ssize_t n = pread(fd, part.bytes.data() + have, most - have, static_cast<off_t>(at + have));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      have += static_cast<std::size_t>(n);
    }
    part.bytes.resize(have);
    result = std::move(part);
  }
  close(fd);
  return result;
}

}  // namespace

Result<std::unique_ptr<SslEngine>> SslEngine::Open(const Parts& parts) {
  auto sockets = SslSockets::Open();
  if (!sockets) return Error{sockets.error()};
  return std::unique_ptr<SslEngine>(new SslEngine(parts, std::move(*sockets)));
}

SslEngine::SslEngine(const Parts& parts, std::unique_ptr<SslSockets> sockets)
    : parts_(parts),
      sockets_(std::move(sockets)),
      balancer_(parts.entropy, [this](Bytes message) { balancer_socket_.Send(message); }),
      files_(1, [&appliance = parts.appliance](std::function<void()> f) { appliance.Post(std::move(f)); }),
      service_(std::make_unique<SslService>(PortsOf())),
      portal_(std::make_unique<PortalServer>(PortalServer::Ports{*service_, *this, SteadyNow,
                                                                 [this](IfId at) -> const TlsContext* {
                                                                   const auto i = shown_.find(at);
                                                                   return i == shown_.end() ? nullptr : &i->second.context;
                                                                 },
                                                                 {}})) {}

std::vector<std::pair<std::string, std::uint64_t>> SslEngine::Counters() const {
  const PortalCounters& p = portal_->counters();
  const SslCounters& s = service_->counters();
  return {{"Connections", p.accepted},
          {"  TLS handshakes", p.handshakes},
          {"  now before CONNECT", portal_->connections()},
          {"Requests", p.requests},
          {"  octets received", p.octets_in},
          {"  octets sent", p.octets_out},
          {"  files sent", p.files},
          {"Logins", s.logins},
          {"  refused", s.refused_logins},
          {"  failed attempts", p.failures},
          {"  challenges", p.challenges},
          {"  redirected to another member", p.redirected},
          {"  logged out", s.logouts},
          {"Tunnels (CONNECT)", s.connects},
          {"  reconnected", s.reconnects},
          {"  refused", s.refused_connects},
          {"  token not good", s.stale_tokens},
          {"DTLS hellos", s.dtls_hellos},
          {"  of no session", s.dtls_unknown},
          {"  one too many", s.dtls_busy},
          {"  established", s.dtls_established},
          {"  failed", s.dtls_failed},
          {"Dead peer detection: probes", s.probes},
          {"  tunnels ended", s.dead},
          {"Sessions paused by the client", s.paused},
          {"  ended", s.ended},
          {"Bad frames", s.bad_frames},
          {"Refused: connections beyond the limit", p.too_many},
          {"  connections beyond the limit of an address", p.too_many_of_address},
          {"  handshakes beyond the limit", p.too_many_handshakes},
          {"  handshakes failed", p.handshake_failed},
          {"  handshakes too slow", p.handshake_slow},
          {"  heads too slow", p.head_slow},
          {"  bodies too slow", p.body_slow},
          {"  heads too large", p.head_large},
          {"  bodies too large", p.body_large},
          {"  requests not understood", p.bad_requests},
          {"  paths not allowed", p.bad_paths},
          {"  documents not understood", p.bad_xml},
          {"  requests beyond the limit of a connection", p.too_many_requests},
          {"  files beyond the limit", p.too_many_files},
          {"  files taken too slowly", p.file_slow},
          {"  files that made room", p.file_made_room},
          {"  logins beyond the limit", p.too_many_logins},
          {"  logins made to wait", p.throttled},
          {"  pages not there", p.not_found},
          {"  idle connections closed", p.idle_closed}};
}

void SslEngine::ClearCounters() {
  portal_->ClearCounters();
  service_->ClearCounters();
}

std::string SslEngine::SelfSigned() const {
  return temporary_ && temporary_->first ? fmt::format("RSA {} bits RSA-SHA256", temporary_->first.bits()) : "";
}

std::optional<VpnLoadBalancingView> SslEngine::LoadBalancing() const {
  const VpnPolicy* vpn = VpnOf(*parts_.appliance.policy());
  if (vpn == nullptr || (vpn->ssl.balancing.cluster.IsNone() && !vpn->ssl.balancing.participate)) return {};
  return balancer_.View();
}

SslEngine::~SslEngine() {
  portal_.reset();  // it has answers of the service on their way
}

SslService::Ports SslEngine::PortsOf() {
  Appliance& appliance = parts_.appliance;
  VpnService& ike = parts_.vpn.service();
  SslService::Ports ports{parts_.plane,
                          [&appliance](const std::function<void()>& f) { appliance.host().OnEngine(f); },
                          [&appliance](std::function<void()> f) { appliance.host().PostEngine(std::move(f)); },
                          [this](std::function<void()> work, std::function<void()> done) { files_.Run(std::move(work), std::move(done)); },
                          [&appliance] { return Times{appliance.Now(), SteadyNow()}; },
                          appliance.clock(),
                          appliance.logger(),
                          parts_.entropy,
                          ike.judge(),
                          ike.pools(),
                          ike.counts(),
                          &parts_.vpn.aaa(),
                          [&appliance](const std::string& name, std::uint64_t at, std::size_t most) -> Result<PortalHost::FilePart> {
                            // The folder stays what it is while the daemon runs: its path may be asked for on a thread of the pool.
                            const auto path = appliance.state().DiskPath(name);
                            if (!path) return Error{"there is no such file"};
                            return ReadPart(*path, at, most);
                          },
                          [this](IfId at, const Endpoint& local, const Endpoint& peer, Bytes datagram) {
                            sockets_->SendDatagram(at, local, peer, datagram);
                          },
                          [this](IfId at) {
                            const auto i = shown_.find(at);
                            return i == shown_.end() ? std::string() : UpperHex(i->second.certificate.fingerprint(VpnHash::kSha1));
                          },
                          {},
                          {},
                          {}};
  ports.crl_of = [&ike](const Trustpoint& trustpoint, const Certificate& of) { return ike.CrlFor(trustpoint, of); };
  ports.redirect = [this](IfId at, IpAddress local) -> std::optional<std::string> {
    const Interface* f = parts_.appliance.policy()->Find(at);
    if (f == nullptr || f->cluster.IsNone() || local != f->cluster) return {};
    auto next = balancer_.Next();
    const VpnPolicy* vpn = VpnOf(*parts_.appliance.policy());
    if (next && vpn != nullptr && vpn->ssl.port != 443) *next += fmt::format(":{}", vpn->ssl.port);
    return next;
  };
  if (parts_.vpn.logs_keys()) ports.key_log = [this](const std::string& line) { parts_.vpn.LogKeys(line); };
  return ports;
}

const std::pair<PrivateKey, Certificate>& SslEngine::Temporary() {
  if (!temporary_) {
    auto key = PrivateKey::NewRsa(2048);
    const std::int64_t now = parts_.appliance.WallNow() / 1'000'000'000;
    std::uint8_t serial[8];
    parts_.entropy.Fill(serial);
    serial[0] &= 0x7f;
    auto certificate = key ? Certificate::SelfSigned(*key, {{"cn", "ASA Temporary Self Signed Certificate"}}, {}, now - 86400, now + kTenYears, serial)
                           : Result<Certificate>(Error{key.error()});
    temporary_.emplace(key ? *key : PrivateKey(), certificate ? *certificate : Certificate());
  }
  return *temporary_;
}

Status SslEngine::UpdateContexts(const VpnPolicy* vpn) {
  Status status;
  std::map<IfId, Shown> shown;
  if (vpn != nullptr) {
    const SslPolicy& ssl = vpn->ssl;
    const bool groups_ask = std::any_of(ssl.groups.begin(), ssl.groups.end(), [](const auto& g) { return g.second.auth != SslPolicy::Group::Auth::kAaa; });
    for (const SslPolicy::On& on : ssl.enabled) {
      const auto own = ssl.trustpoint.find(on.at);
      const std::string& name = own != ssl.trustpoint.end() ? own->second : ssl.default_trustpoint;
      const auto trustpoint = vpn->trustpoints.find(name);
      const PrivateKey* key = nullptr;
      Certificate certificate;
      std::vector<Certificate> chain;
      if (trustpoint != vpn->trustpoints.end() && !trustpoint->second.identity_pem.empty()) {
        key = parts_.appliance.keys().Find(trustpoint->second.key_name);
        if (auto c = Certificate::FromPem(trustpoint->second.identity_pem)) certificate = *c;
        if (auto ca = Certificate::ChainFromPem(trustpoint->second.ca_pem)) {
          for (const Certificate& c : *ca) {
            if (!(c == certificate)) chain.push_back(c);
          }
        }
        if (key == nullptr || !certificate || !certificate.Matches(*key)) key = nullptr;
      }
      // What cannot be shown is replaced, as on an appliance whose trustpoint has not enrolled yet.
      if (key == nullptr) {
        key = &Temporary().first;
        certificate = Temporary().second;
        chain.clear();
      }
      TlsSettings settings = TlsSettingsOf(ssl, groups_ask || ssl.certificate_on.contains(on.at));
      for (const auto& [trusted, t] : vpn->trustpoints) {
        if (!settings.ask_certificate || t.ca_pem.empty()) continue;
        if (auto ca = Certificate::ChainFromPem(t.ca_pem)) settings.authorities.insert(settings.authorities.end(), ca->begin(), ca->end());
      }
      std::string made_of = certificate.ToPem() + fmt::format("|{}|{}|{}|{}|{}", settings.min_version, settings.max_version, settings.ciphers,
                                                              settings.suites13, settings.ask_certificate);
      for (const Certificate& c : chain) made_of += c.ToPem();
      for (const Certificate& c : settings.authorities) made_of += c.ToPem();
      if (const auto before = shown_.find(on.at); before != shown_.end() && before->second.made_of == made_of) {
        shown.insert({on.at, before->second});
        continue;
      }
      if (parts_.vpn.logs_keys()) settings.key_log = [this](const std::string& line) { parts_.vpn.LogKeys(line); };
      auto context = TlsContext::Server(settings, certificate, chain, *key);
      if (context) shown.insert({on.at, Shown{made_of, *context, certificate}});
      else if (status) status = Error{"webvpn: " + context.error()};
    }
  }
  shown_ = std::move(shown);
  return status;
}

Status SslEngine::UpdateSockets(const Policy& policy, const VpnPolicy* vpn) {
  std::vector<SslSockets::Place> places;
  if (vpn != nullptr) {
    for (const SslPolicy::On& on : vpn->ssl.enabled) {
      if (!shown_.contains(on.at)) continue;
      for (const SocketPlace& p : SocketPlacesOf(parts_.appliance, policy, on.at, /*cluster=*/true)) {
        places.push_back({p, vpn->ssl.port, on.tls_only ? std::uint16_t{0} : vpn->ssl.dtls_port, policy.sysopt.tcpmss});
      }
    }
  }
  return sockets_->Listen(places);
}

Status SslEngine::UpdateBalancer(const Policy& policy, const VpnPolicy* vpn) {
  LoadBalancer::Settings settings;
  BalancerSocket::Place place;
  if (vpn != nullptr) {
    const SslPolicy::Balancing& b = vpn->ssl.balancing;
    const Interface* const outside = policy.Find(b.outside);
    const Interface* const inside = policy.Find(b.inside);
    const bool ready = b.participate && outside != nullptr && inside != nullptr && outside->InUse() && inside->InUse() && !b.key.empty();
    settings.participate = ready;
    settings.encryption = b.encryption;
    settings.priority = b.priority;
    settings.key = b.key;
    settings.cluster = b.cluster;
    if (ready) settings.own = b.nat.IsNone() ? outside->address : b.nat;
    if (b.redirect_fqdn) settings.name = vpn->hostname;
    settings.limit = vpn->ssl.max_ssl_sessions != 0 ? vpn->ssl.max_ssl_sessions : kVpnSessionsHeld;
    settings.other_limit = kVpnSessionsHeld;
    settings.model = parts_.appliance.model();
    if (ready && inside->linux_index != 0) {
      InterfaceView view;
      parts_.appliance.host().FillInterface(view, inside->linux_index);
      place = {view.link, inside->linux_index, inside->address,
               AddressRange::Of(Prefix::Of(inside->address, inside->prefix_length)).last, b.port};
    }
  }
  balancer_.Use(settings, SteadyNow());
  return balancer_socket_.Open(place);
}

Status SslEngine::Update() {
  const std::shared_ptr<const Policy> policy = parts_.appliance.policy();
  const VpnPolicy* const vpn = VpnOf(*policy);
  Status status = UpdateContexts(vpn);
  if (const Status s = UpdateSockets(*policy, vpn); !s && status) status = s;
  if (const Status s = UpdateBalancer(*policy, vpn); !s && status) status = s;
  service_->UsePolicy(policy);
  portal_->UsePolicy(std::dynamic_pointer_cast<const VpnPolicy>(policy->tunnels), policy->personality.release);
  return status;
}

void SslEngine::Tick() {
  const TimePoint real = SteadyNow();
  sockets_->Tick(real);
  portal_->Tick();
  service_->Tick();
  const std::size_t ours = service_->sessions().size(), all = parts_.vpn.service().counts().size();
  if (balancer_.Tick(real, parts_.appliance.WallNow() / 1'000'000, static_cast<std::uint32_t>(ours), static_cast<std::uint32_t>(all - ours))) {
    parts_.appliance.configuration().ClusterMaster(balancer_.master());
    parts_.appliance.RoutesChanged();
  }
}

void SslEngine::ReadBalancer() {
  balancer_socket_.Receive([this](Bytes message) { balancer_.Receive(message, SteadyNow()); });
}

bool SslEngine::Accepted(ConnId c, const SslSockets::Place& at, const Endpoint& peer) {
  return portal_->Accepted(c, at.at, {at.address, at.port}, peer);
}

void SslEngine::Datagram(const SslSockets::Place& at, const Endpoint& peer, Bytes bytes) {
  service_->DtlsDatagram(at.at, {at.address, at.dtls_port}, peer, bytes);
}

void SslEngine::HandOver(ConnId c, std::unique_ptr<TlsChannel> channel, const TunnelMade& tunnel) {
  const int socket = sockets_->Release(c);
  // A client that has sent CONNECT and not read what was said before is not one.
  if (socket < 0) {
    sockets_->Abort(c);
    return service_->TunnelLost(tunnel);
  }
  service_->Connected(tunnel, std::move(channel), socket);
}

void SslEngine::Shutdown() {
  balancer_.Leave(parts_.appliance.WallNow() / 1'000'000);
  if (service_->sessions().size() == 0) return;
  for (const std::uint32_t index : std::vector<std::uint32_t>(service_->sessions().order())) service_->Logoff(index, "Administrator Shutdown");
  for (int i = 0; i < 5; i++) {
    parts_.appliance.host().OnEngine([] {});
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace sallyport
