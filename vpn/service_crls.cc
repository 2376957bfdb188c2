// The service and lists of revoked certificates: fetched by HTTP when a peer's certificate is to be looked up and there is none, or when
// an operator asks. IKE does not wait for one: a peer that comes first is refused, and taken when it comes again.
#include <fmt/format.h>

#include <utility>

#include "vpn/service.h"

namespace sallyport {

std::vector<std::uint8_t> VpnService::CrlOf(const Trustpoint& trustpoint, const Certificate& of) {
  if (const Crl* crl = crls_.Find(trustpoint.name, WallSeconds())) return crl->der;
  std::vector<std::string> urls = CrlCache::UrlsOf(trustpoint, of);
  std::erase_if(urls, [this](const std::string& url) { return !crls_.MayAsk(url, times_.real); });
  // Not within the message that asks.
  if (!urls.empty()) {
    later_.push_back([this, trustpoint, urls = std::move(urls)]() mutable { FetchCrl(trustpoint, std::move(urls), 0, [](const Status&) {}); });
  }
  return {};
}

void VpnService::RequestCrl(const std::string& name, std::function<void(const Status&)> done) {
  Enter([&] {
    const auto t = vpn_->trustpoints.find(name);
    if (t == vpn_->trustpoints.end()) return done(Error{"nothing is configured that would use it"});
    const auto certificate = Certificate::FromPem(t->second.identity_pem.empty() ? t->second.ca_pem : t->second.identity_pem);
    std::vector<std::string> urls = CrlCache::UrlsOf(t->second, certificate ? *certificate : Certificate());
    if (urls.empty()) return done(Error{"no distribution point is known"});
    FetchCrl(t->second, std::move(urls), 0, std::move(done));
  });
}

void VpnService::FetchCrl(const Trustpoint& trustpoint, std::vector<std::string> urls, std::size_t at, std::function<void(const Status&)> done) {
  if (!ports_.fetch) return done(Error{"nothing can be fetched"});
  const std::string url = urls[at];
  ports_.fetch(url, [this, alive = alive_, trustpoint, urls = std::move(urls), at, done = std::move(done)](const auto& got) {
    if (!*alive) return;
    Enter([&] {
      const auto authority = Certificate::FromPem(trustpoint.ca_pem);
      Result<Crl> crl = got ? ReadCrl(*got, authority ? *authority : Certificate()) : Result<Crl>(Error{got.error()});
      if (crl) {
        crls_.Keep(trustpoint, urls[at], *std::move(crl), WallSeconds());
        return done({});
      }
      if (at + 1 < urls.size()) return FetchCrl(trustpoint, urls, at + 1, done);
      ports_.logger.Say(717010, 3, fmt::format("CRL polling failed for trustpoint {}.", trustpoint.name));
      done(Error{urls[at] + ": " + crl.error()});
    });
  });
}

}  // namespace sallyport
