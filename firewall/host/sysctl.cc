#include "firewall/host/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sallyport {

namespace {

Error Failure(const std::string& name, int error) {
  if (error == EACCES || error == EPERM || error == EROFS) {
    return Error{"cannot set " + name + ": needs root (CAP_NET_ADMIN) and a writable /proc/sys"};
  }
  return Error{name + ": " + std::strerror(error)};
}

}  // namespace

Result<std::string> ReadSysctl(const std::string& name) {
  const int fd = open(("/proc/sys/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failure(name, errno);
  char text[256];
  const ssize_t n = read(fd, text, sizeof text);
  const int error = errno;
  close(fd);
  if (n < 0) return Failure(name, error);
  std::string value(text, static_cast<std::size_t>(n));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

Status WriteSysctl(const std::string& name, const std::string& value) {
  const int fd = open(("/proc/sys/" + name).c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return Failure(name, errno);
  const ssize_t n = write(fd, value.data(), value.size());
  const int error = errno;
  close(fd);
  if (n != static_cast<ssize_t>(value.size())) return Failure(name, n < 0 ? error : EIO);
  return {};
}

}  // namespace sallyport
