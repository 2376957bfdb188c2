// Lists of revoked certificates that were fetched for trustpoints with `revocation-check crl`, for as long as they are good. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "firewall/base/time.h"
#include "vpn/crypto/crl.h"
#include "vpn/policy.h"

namespace sallyport {

// `show crypto ca crls`.
struct CrlView {
  std::string trustpoint, issuer, url;
  std::int64_t last_update = 0, next_update = 0, cached_until = 0;  // seconds since 1970
  std::size_t bytes = 0;
};

class CrlCache {
 public:
  // The trustpoint's list is this one now.
  void Keep(const Trustpoint& trustpoint, const std::string& url, Crl crl, std::int64_t wall_s);
  // What there is of a trustpoint that is still good.
  const Crl* Find(const std::string& trustpoint, std::int64_t wall_s) const;
  void Clear(const std::string& trustpoint);  // "": all
  std::vector<CrlView> Views() const;
  // May it be asked for now? A distribution point that has been asked is left alone for a while, however many peers come.
  bool MayAsk(const std::string& url, TimePoint real);

  // Where its lists may be had, in the order to try: what the trustpoint says, and what the certificate says.
  static std::vector<std::string> UrlsOf(const Trustpoint& trustpoint, const Certificate& certificate);

 private:
  struct Entry {
    Crl crl;
    std::string url;
    std::int64_t until = 0;
  };
  std::map<std::string, Entry> entries_;  // by trustpoint
  std::map<std::string, TimePoint> asked_;
};

}  // namespace sallyport
