#include "vpn/crl_cache.h"

#include <algorithm>
#include <utility>

namespace sallyport {
namespace {
constexpr Duration kAskAgain = Duration::Seconds(30);
constexpr std::size_t kMostAsked = 256;
}  // namespace

void CrlCache::Keep(const Trustpoint& trustpoint, const std::string& url, Crl crl, std::int64_t wall_s) {
  std::int64_t until = wall_s + std::int64_t{60} * trustpoint.crl_cache_minutes;
  if (crl.next_update != 0) until = std::min(until, crl.next_update);
  entries_[trustpoint.name] = {std::move(crl), url, until};
}

const Crl* CrlCache::Find(const std::string& trustpoint, std::int64_t wall_s) const {
  const auto i = entries_.find(trustpoint);
  return i == entries_.end() || wall_s >= i->second.until ? nullptr : &i->second.crl;
}

void CrlCache::Clear(const std::string& trustpoint) {
  if (trustpoint.empty()) entries_.clear();
  else entries_.erase(trustpoint);
  asked_.clear();
}

std::vector<CrlView> CrlCache::Views() const {
  std::vector<CrlView> all;
  for (const auto& [name, e] : entries_) {
    all.push_back({name, e.crl.issuer, e.url, e.crl.last_update, e.crl.next_update, e.until, e.crl.der.size()});
  }
  return all;
}

bool CrlCache::MayAsk(const std::string& url, TimePoint real) {
  const auto i = asked_.find(url);
  if (i != asked_.end() && real - i->second < kAskAgain) return false;
  if (asked_.size() >= kMostAsked) asked_.clear();
  asked_[url] = real;
  return true;
}

std::vector<std::string> CrlCache::UrlsOf(const Trustpoint& trustpoint, const Certificate& certificate) {
  std::vector<std::string> urls = trustpoint.crl_urls;
  if (trustpoint.crl_from_certificate) {
    for (std::string& url : CrlUrlsOf(certificate)) urls.push_back(std::move(url));
  }
  return urls;
}

}  // namespace sallyport
