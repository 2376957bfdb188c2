#include "cli/key_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/state_folder.h"

namespace sallyport {
namespace {

constexpr std::string_view kEnding = ".pem";

// A name may have any characters, a file's name may not.
std::string FileOf(std::string_view name) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0 || c == '-' || c == '_' || (c == '.' && !out.empty())) {
      out += c;
    } else {
      out += '%';
      out += kDigits[u >> 4];
      out += kDigits[u & 15];
    }
  }
  return out + std::string(kEnding);
}

int Digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }
std::string NameOf(std::string_view file) {
  std::string out;
  file.remove_suffix(kEnding.size());
  for (std::size_t i = 0; i < file.size(); i++) {
    if (file[i] == '%' && i + 2 < file.size()) {
      out += static_cast<char>(Digit(file[i + 1]) << 4 | Digit(file[i + 2]));
      i += 2;
    } else {
      out += file[i];
    }
  }
  return out;
}

}  // namespace

const PrivateKey* KeyStore::Find(const std::string& name) {
  const std::string wanted = name.empty() ? kDefaultKey : name;
  if (const auto it = keys_.find(wanted); it != keys_.end()) return &it->second;
  const auto text = ReadWholeFile(wanted == kDefaultKey ? default_key_ : folder_ + "/" + FileOf(wanted));
  if (!text) return nullptr;
  auto key = PrivateKey::FromPem(*text);
  if (!key) return nullptr;
  return &keys_.insert_or_assign(wanted, std::move(*key)).first->second;
}

Status KeyStore::Write(const std::string& folder, const std::string& name, const PrivateKey& key) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return Error{"cannot make " + folder + ": " + std::strerror(errno)};
  return WriteFileAtomically(folder + "/" + FileOf(name), key.ToPem());
}

Status KeyStore::Put(const std::string& name, const PrivateKey& key) {
  if (Status written = Write(folder_, name, key); !written) return written;
  keys_.insert_or_assign(name, key);
  return {};
}

bool KeyStore::Remove(const std::string& name) {
  keys_.erase(name);
  return unlink((folder_ + "/" + FileOf(name)).c_str()) == 0;
}

std::vector<std::string> KeyStore::Names() const {
  std::vector<std::string> out;
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator(folder_, none)) {
    const std::string name = file.path().filename().string();
    if (name.ends_with(kEnding) && name != kEnding) out.push_back(NameOf(name));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace sallyport
