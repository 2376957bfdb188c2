// The state folder of one appliance: its disk0:, startup configuration, socket, lock and keys.
//
//   DIR/startup-config   what `write memory` wrote last, whole
//   DIR/disk0/           files that `dir` and `more` show
//   DIR/interfaces       optional: which Linux link is which hardware interface (sallyportd_main.cc)
//   DIR/console.sock     the console socket; there while the daemon is ready
//   DIR/lock             held by the running daemon
//   DIR/ssh_host_key     made on the first start
//   DIR/keys/            private keys of trustpoints (key_store.h)
//
// Owned by the daemon's main; control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/result.h"

namespace sallyport {

// The instants of an atomic write, in order. Killed before or after any of them, the old or the new file is there, whole.
enum class WriteStep : std::uint8_t { kCreated, kWritten, kSynced, kRenamed, kFolderSynced };

// Writes `text` to a temporary file in the folder of `path`, syncs it, renames it over `path`, syncs the folder. `reached` is
// told of each step (tests stop there).
Status WriteFileAtomically(const std::string& path, std::string_view text, const std::function<void(WriteStep)>& reached = {});
Result<std::string> ReadWholeFile(const std::string& path);

class StateFolder {
 public:
  struct Entry {
    std::string name;
    std::uint64_t bytes = 0;
    std::int64_t modified_s = 0;  // since 1970
    bool folder = false;
  };
  struct Space {
    std::uint64_t total = 0, free = 0;  // bytes
  };

  // Makes what is missing and takes the lock; fails when another daemon holds it.
  static Result<StateFolder> Open(const std::string& path);
  StateFolder(StateFolder&& other) noexcept;
  StateFolder& operator=(StateFolder&&) = delete;
  ~StateFolder();

  const std::string& path() const { return path_; }
  std::string At(std::string_view name) const { return path_ + "/" + std::string(name); }
  std::string startup_config() const { return At("startup-config"); }
  std::string socket() const { return At("console.sock"); }

  // disk0:, by name. One flat folder: what is in folders of it is not shown.
  std::vector<Entry> Files() const;
  Space DiskSpace() const;
  // The real path of "disk0:/x", "flash:x" or "x"; nothing for names that would leave the folder.
  std::optional<std::string> DiskPath(std::string_view name) const;

 private:
  StateFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string path_;
  int lock_ = -1;
};

}  // namespace sallyport
