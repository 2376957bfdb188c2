#include "cli/key_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/state_folder.h"

namespace sallyport {

bool KeyStore::IsName(const std::string& name) {
  // Labels may hold nearly anything; none of ours begins with a dot or names a folder.
  return !name.empty() && name.size() <= 128 && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '/' && c != 0x7f; });
}

const PrivateKey* KeyStore::Find(const std::string& name) {
  if (!IsName(name)) return nullptr;
  if (const auto known = keys_.find(name); known != keys_.end()) return &known->second;
  const auto text = ReadWholeFile(PathOf(name));
  if (!text) return nullptr;
  auto key = PrivateKey::FromPem(*text);
  if (!key) return nullptr;
  return &keys_.emplace(name, *key).first->second;
}

Status KeyStore::Keep(const std::string& name, const PrivateKey& key) {
  if (!IsName(name)) return Error{"'" + name + "' cannot name a key"};
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return Error{"cannot make " + folder_ + ": " + std::strerror(errno)};
  const Status written = WriteFileAtomically(PathOf(name), key.ToPem());  // mode 0600
  if (written) keys_[name] = key;
  return written;
}

bool KeyStore::Forget(const std::string& name) {
  if (!IsName(name)) return false;
  const bool known = keys_.erase(name) != 0;
  return unlink(PathOf(name).c_str()) == 0 || known;
}

}  // namespace sallyport
