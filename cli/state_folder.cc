#include "cli/state_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sallyport {
namespace {

namespace fs = std::filesystem;

Error Failed(const std::string& what) { return Error{what + ": " + std::strerror(errno)}; }

Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Failed("cannot write " + path);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Status WriteFileAtomically(const std::string& path, std::string_view text, const std::function<void(WriteStep)>& reached) {
  const auto tell = [&](WriteStep step) {
    if (reached) reached(step);
  };
  const std::string temporary = path + ".new";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("cannot create " + temporary);
  tell(WriteStep::kCreated);
  Status status = WriteAll(fd, text, temporary);
  if (status) {
    tell(WriteStep::kWritten);
    if (fsync(fd) != 0) status = Failed("cannot sync " + temporary);
  }
  close(fd);
  if (status) {
    tell(WriteStep::kSynced);
    if (rename(temporary.c_str(), path.c_str()) != 0) status = Failed("cannot rename " + temporary);
  }
  if (!status) {
    unlink(temporary.c_str());
    return status;
  }
  tell(WriteStep::kRenamed);
  const std::string folder = fs::path(path).parent_path().string();
  const int dir = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return Failed("cannot open " + folder);
  const bool synced = fsync(dir) == 0;
  if (!synced) status = Failed("cannot sync " + folder);
  close(dir);
  if (status) tell(WriteStep::kFolderSynced);
  return status;
}

Result<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Failed("cannot read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return Failed("cannot read " + path);
  return text.str();
}

Result<StateFolder> StateFolder::Open(const std::string& path) {
  std::error_code error;
  fs::create_directories(path + "/disk0", error);
  if (error) return Error{"cannot make the state folder " + path + ": " + error.message()};
  const std::string lock_path = path + "/lock";
  const int lock = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return Failed("cannot open " + lock_path);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const Error failed = Failed("cannot lock " + lock_path);
    close(lock);
    if (held) return Error{"another sallyportd is running on the state folder " + path};
    return failed;
  }
  return StateFolder(path, lock);
}

StateFolder::StateFolder(StateFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

StateFolder::~StateFolder() {
  if (lock_ >= 0) close(lock_);
}

std::vector<StateFolder::Entry> StateFolder::Files() const {
  std::vector<Entry> files;
  std::error_code error;
  for (const fs::directory_entry& e : fs::directory_iterator(path_ + "/disk0", error)) {
    struct stat info {};
    if (stat(e.path().c_str(), &info) != 0 || !(S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))) continue;
    files.push_back({e.path().filename().string(), static_cast<std::uint64_t>(info.st_size), info.st_mtime, S_ISDIR(info.st_mode)});
  }
  std::sort(files.begin(), files.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return files;
}

StateFolder::Space StateFolder::DiskSpace() const {
  struct statvfs info {};
  if (statvfs(path_.c_str(), &info) != 0) return {};
  return {std::uint64_t{info.f_blocks} * info.f_frsize, std::uint64_t{info.f_bavail} * info.f_frsize};
}

std::optional<std::string> StateFolder::DiskPath(std::string_view name) const {
  for (const std::string_view prefix : {"disk0:", "flash:"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  while (name.starts_with('/')) name.remove_prefix(1);
  // One flat folder: a name is a file's name, so nothing can point out of it.
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos) return {};
  if (name.find('\0') != std::string_view::npos || name.find(':') != std::string_view::npos) return {};
  return path_ + "/disk0/" + std::string(name);
}

}  // namespace sallyport
