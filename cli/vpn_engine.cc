#include "cli/vpn_engine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "cli/http_get.h"
#include "cli/socket_places.h"
#include "conf/downloaded_acl.h"
#include "vpn/ike/v1_core.h"
#include "vpn/ike/v2_core.h"

namespace sallyport {
namespace {

// Real time: what waits for a peer goes on when the operator moves the appliance's clock.
TimePoint RealNow() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count()};
}

constexpr std::size_t kMostFetched = 512 * 1024;
constexpr int kFetchMs = 5000;

IkeCore::Make Version1() {
  return [](IkeHost& host) { return std::make_unique<Ikev1Core>(host); };
}
IkeCore::Make Version2() {
  return [](IkeHost& host) { return std::make_unique<Ikev2Core>(host); };
}

}  // namespace

Result<std::unique_ptr<VpnEngine>> VpnEngine::Open(const Parts& parts) {
  auto sockets = IkeSockets::Open();
  if (!sockets) return Error{sockets.error()};
  std::FILE* key_log = nullptr;
  if (!parts.key_log.empty()) {
    const int fd = open(parts.key_log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    // A file that was there keeps its contents, but nobody else may read what comes.
    if (fd < 0 || fchmod(fd, 0600) != 0 || (key_log = fdopen(fd, "a")) == nullptr) {
      const std::string why = std::strerror(errno);
      if (fd >= 0) close(fd);
      return Error{"cannot write keys to " + parts.key_log + ": " + why};
    }
  }
  return std::unique_ptr<VpnEngine>(new VpnEngine(parts, std::move(*sockets), key_log));
}

VpnEngine::VpnEngine(const Parts& parts, std::unique_ptr<IkeSockets> sockets, std::FILE* key_log)
    : parts_(parts),
      sockets_(std::move(sockets)),
      key_log_(key_log),
      jobs_(JobPool::Threads(), [&appliance = parts.appliance](std::function<void()> f) { appliance.Post(std::move(f)); }),
      directories_(4, [&appliance = parts.appliance](std::function<void()> f) { appliance.Post(std::move(f)); }),
      aaa_({parts.radius, parts.appliance.logger(), parts.appliance.clock(), parts.entropy, [&appliance = parts.appliance] { return appliance.Now(); },
            RealNow,
            [&appliance = parts.appliance](const std::string& nameif) {
              const Interface* f = appliance.policy()->FindByName(nameif);
              return f == nullptr ? IpAddress() : f->address;
            },
            [this](std::function<void()> work, std::function<void()> done) { directories_.Run(std::move(work), std::move(done)); }}),
      fetcher_(1, [&appliance = parts.appliance](std::function<void()> f) { appliance.Post(std::move(f)); }),
      service_(PortsOf(), Version1(), Version2()),
      dhcp_({parts.dhcp, parts.appliance.logger(), parts.entropy, service_.pools(),
             [&appliance = parts.appliance] { return Times{appliance.Now(), RealNow()}; },
             [this](IpAddress server) { return WayTo(server); },
             [this](IpAddress a) { LeaseLost(a); }}) {
  service_.pools().UseDhcp(&dhcp_);
  parts_.appliance.UseVpn(service_);
  parts_.appliance.UseAaa(aaa_);
  service_.OnRoutes([this] {
    parts_.appliance.configuration().VpnRoutes(service_.InjectedRoutes());
    parts_.appliance.configuration().VpnClientHas(service_.ClientAddress());
    parts_.appliance.TunnelsUp(service_.TunnelsUp());
    parts_.appliance.RoutesChanged();
  });
}

VpnEngine::~VpnEngine() {
  service_.pools().UseDhcp(nullptr);
  if (key_log_ != nullptr) std::fclose(key_log_);
}

VpnService::Ports VpnEngine::PortsOf() {
  Appliance& appliance = parts_.appliance;
  VpnService::Ports ports{*sockets_,
                          parts_.tunnels,
                          [&appliance](const std::function<void()>& f) { appliance.host().OnEngine(f); },
                          [&appliance](std::function<void()> f) { appliance.host().PostEngine(std::move(f)); },
                          [this](std::function<void()> work, std::function<void()> done) { jobs_.Run(std::move(work), std::move(done)); },
                          [&appliance] { return Times{appliance.Now(), RealNow()}; },
                          appliance.clock(),
                          appliance.logger(),
                          parts_.entropy,
                          [&appliance](const std::string& user, const std::string& password) {
                            return appliance.CheckUser(user, password).has_value();
                          },
                          [&appliance](const std::string& name) { return appliance.keys().Find(name); },
                          {},
                          &aaa_,
                          {}};
  ports.fetch = [this](const std::string& url, VpnService::Ports::Fetched done) { Fetch(url, std::move(done)); };
  ports.compile_list = [&appliance](const std::string& name, const std::vector<std::string>& elements, std::string& bad) {
    return CompileDownloadedAcl(name, elements, appliance.personality().version, bad);
  };
  if (key_log_ != nullptr) {
    ports.key_log = [this](const std::string& line) { LogKeys(line); };
  }
  return ports;
}

std::optional<DhcpWay> VpnEngine::WayTo(IpAddress server) const {
  const std::shared_ptr<const Policy> policy = parts_.appliance.policy();
  const Route* route = policy->routes.Find(server);
  const Interface* f = route == nullptr ? nullptr : policy->Find(route->interface);
  if (f == nullptr || route->null0 || !f->InUse() || f->address.IsNone()) return {};
  return DhcpWay{f->nameif, f->address};
}

void VpnEngine::LeaseLost(IpAddress a) {
  const TimePoint now = parts_.appliance.Now();
  for (RemoteSessions* database : std::vector<RemoteSessions*>(service_.counts().databases())) {
    for (const VpnSessionView& s : database->Views(now)) {
      if (s.assigned == a) database->Logoff(s.index, "Lost Service");
    }
  }
}

void VpnEngine::LogKeys(const std::string& line) {
  if (key_log_ == nullptr) return;
  std::fprintf(key_log_, "%s\n", line.c_str());
  std::fflush(key_log_);
}

void VpnEngine::Fetch(const std::string& url, VpnService::Ports::Fetched done) {
  const Result<std::string> host = HttpHost(url);
  if (!host) return done(Error{host.error()});
  const auto from = [this, url, done](IpAddress at) {
    auto answer = std::make_shared<Result<std::vector<std::uint8_t>>>(Error{"not asked"});
    fetcher_.Run([answer, url, at] { *answer = HttpGet(url, at, kMostFetched, kFetchMs); }, [answer, done] { done(*answer); });
  };
  if (const auto at = IpAddress::Parse(*host)) return from(*at);
  parts_.appliance.ResolveName(*host, [from, done, alive = std::weak_ptr<bool>(alive_)](const std::vector<IpAddress>& addresses) {
    if (alive.expired()) return;
    if (addresses.empty()) done(Error{"its host is not known"});
    else from(addresses.front());
  });
}

Status VpnEngine::Update() {
  const std::shared_ptr<const Policy> policy = parts_.appliance.policy();
  std::vector<IkeSockets::Place> places;
  if (const auto* vpn = dynamic_cast<const VpnPolicy*>(policy->tunnels.get())) {
    for (const auto& [at, on] : vpn->ike) {
      if (!on.v1 && !on.v2) continue;
      for (SocketPlace& p : SocketPlacesOf(parts_.appliance, *policy, at, /*cluster=*/false)) places.push_back(std::move(p));
    }
  }
  const Status listening = sockets_->Listen(places);  // before a changed policy makes the service say anything
  aaa_.UsePlan(parts_.appliance.configuration().Aaa());
  service_.UsePolicy(policy);
  return listening;
}

void VpnEngine::ReadSockets() {
  sockets_->Receive([this](const IkeDatagram& d) { service_.Receive(d); });
}

void VpnEngine::Shutdown() {
  if (service_.Sessions().empty()) return;
  service_.Shutdown(false);
  // The packets are the data thread's to let through: a few of its rounds.
  for (int i = 0; i < 5; i++) {
    parts_.appliance.host().OnEngine([] {});
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace sallyport
