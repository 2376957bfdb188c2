// Private keys of trustpoints (`crypto key generate rsa label NAME`, `crypto ca import NAME pkcs12`), in files of the state folder:
// keys/NAME.pem, mode 0600. They are no part of the configuration, as on an ASA. Control thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "firewall/base/result.h"
#include "vpn/crypto/certificates.h"

namespace sallyport {

// What a trustpoint without `keypair` uses: the key of the SSH server, too.
inline constexpr char kDefaultKey[] = "<Default-RSA-Key>";

class KeyStore {
 public:
  // `folder` is made when the first key is put into it; `default_key`: the file of kDefaultKey.
  KeyStore(std::string folder, std::string default_key) : folder_(std::move(folder)), default_key_(std::move(default_key)) {}

  // "" is the default key. Null: there is none of that name, or its file cannot be read. Stays as long as it is neither replaced nor
  // removed.
  const PrivateKey* Find(const std::string& name);
  Status Put(const std::string& name, const PrivateKey& key);
  bool Remove(const std::string& name);
  // Without the default key; in order.
  std::vector<std::string> Names() const;

  static Status Write(const std::string& folder, const std::string& name, const PrivateKey& key);
  const std::string& folder() const { return folder_; }
  // A key may have come by other hands (Write on another thread).
  void Forget(const std::string& name) { keys_.erase(name); }

 private:
  std::string folder_, default_key_;
  std::map<std::string, PrivateKey> keys_;
};

}  // namespace sallyport
