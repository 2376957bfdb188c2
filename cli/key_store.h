// Private keys of the appliance: KEYS/NAME.pem in the state folder, one for each `crypto key generate ... label NAME` and each import;
// readable by the appliance's owner alone. Control thread.
#pragma once

#include <map>
#include <string>

#include "firewall/base/result.h"
#include "vpn/crypto/certificates.h"

namespace sallyport {

class KeyStore {
 public:
  // `folder` need not be there before the first key is kept.
  explicit KeyStore(std::string folder) : folder_(std::move(folder)) {}
  // Null: there is no such key, or it cannot be read. What it points at stays until Keep or Forget.
  const PrivateKey* Find(const std::string& name);
  Status Keep(const std::string& name, const PrivateKey& key);
  // False: there was none.
  bool Forget(const std::string& name);
  // A name that may be a file's.
  static bool IsName(const std::string& name);

 private:
  std::string PathOf(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
  std::string folder_;
  std::map<std::string, PrivateKey> keys_;  // those that were asked for
};

}  // namespace sallyport
