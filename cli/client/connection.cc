#include "cli/client/connection.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sallyport {

Result<ConsoleConnection> ConsoleConnection::Open(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{"the path " + path + " is too long for a socket"};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error{std::string("cannot make a socket: ") + std::strerror(errno)};
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd);
    if (error == ENOENT || error == ECONNREFUSED) return Error{"no sallyportd is running on " + path};
    return Error{"cannot connect to " + path + ": " + std::strerror(error)};
  }
  return ConsoleConnection(fd);
}

ConsoleConnection::ConsoleConnection(ConsoleConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), reader_(std::move(other.reader_)) {}

ConsoleConnection::~ConsoleConnection() {
  if (fd_ >= 0) close(fd_);
}

bool ConsoleConnection::Send(const ClientFrame& frame) {
  const std::string bytes = Encode(frame);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return true;
}

std::optional<DaemonFrame> ConsoleConnection::Buffered() {
  auto next = reader_.Next();
  if (!next.ok() || !next->has_value()) return {};
  auto frame = DecodeDaemonFrame(**next);
  if (!frame.ok()) return {};
  return *frame;
}

bool ConsoleConnection::Fill() {
  char buffer[65536];
  while (true) {
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    reader_.Feed({buffer, static_cast<std::size_t>(n)});
    return true;
  }
}

std::optional<DaemonFrame> ConsoleConnection::Receive() {
  while (true) {
    if (auto frame = Buffered()) return frame;
    if (!Fill()) return {};
  }
}

}  // namespace sallyport
