#include "cli/http_get.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

namespace sallyport {
namespace {

struct Url {
  std::string host;  // as it stands in the URL
  std::uint16_t port = 80;
  std::string path = "/";
};

Result<Url> Parse(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return Error{"only http is spoken here"};
  text.remove_prefix(kScheme.size());
  Url url;
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) url.path = text.substr(slash);
  std::string_view host = text.substr(0, slash);
  const std::size_t colon = host.starts_with('[') ? host.find(':', host.find(']')) : host.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view port = host.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) return Error{"it has no such port"};
    host = host.substr(0, colon);
  }
  url.host = host;
  if (url.host.empty()) return Error{"it is no URL"};
  for (const std::string& part : {url.host, url.path}) {
    for (const char c : part) {
      if (c <= ' ' || c == 0x7f) return Error{"it is no URL"};
    }
  }
  return url;
}

class HttpGetConnection {
 public:
  explicit HttpGetConnection(int limit_ms) : until_(Now() + std::chrono::milliseconds(limit_ms)) {}
  ~HttpGetConnection() {
    if (fd_ >= 0) close(fd_);
  }
  HttpGetConnection(const HttpGetConnection&) = delete;
  HttpGetConnection& operator=(const HttpGetConnection&) = delete;

  Status Open(IpAddress at, std::uint16_t port) {
    sockaddr_storage to{};
    socklen_t size = 0;
    if (at.IsV4()) {
      auto* in = reinterpret_cast<sockaddr_in*>(&to);
      in->sin_family = AF_INET;
      in->sin_port = htons(port);
      in->sin_addr.s_addr = htonl(at.v4());
      size = sizeof *in;
    } else {
      auto* in = reinterpret_cast<sockaddr_in6*>(&to);
      in->sin6_family = AF_INET6;
      in->sin6_port = htons(port);
      at.StoreV6(in->sin6_addr.s6_addr);
      size = sizeof *in;
    }
    fd_ = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return Why();
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&to), size) != 0 && errno != EINPROGRESS) return Why();
    if (!Wait(POLLOUT)) return Error{"no answer"};
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
    errno = error;
    return error == 0 ? Status() : Why();
  }
  Status Write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
      else if (errno != EAGAIN && errno != EINTR) return Why();
      else if (!Wait(POLLOUT)) return Error{"no answer"};
    }
    return {};
  }
  // Until the other end has nothing more to say.
  Result<std::string> ReadAll(std::size_t most) {
    std::string all;
    char buffer[8192];
    for (;;) {
      const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
      if (n == 0) return all;
      if (n > 0) {
        all.append(buffer, static_cast<std::size_t>(n));
        if (all.size() > most) return Error{"the answer is too long"};
      } else if (errno != EAGAIN && errno != EINTR) {
        return Why();
      } else if (!Wait(POLLIN)) {
        return Error{"the answer does not end"};
      }
    }
  }

 private:
  static std::chrono::steady_clock::time_point Now() { return std::chrono::steady_clock::now(); }
  static Error Why() { return Error{std::strerror(errno)}; }
  bool Wait(short what) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until_ - Now()).count();
    if (left <= 0) return false;
    pollfd p{fd_, what, 0};
    return poll(&p, 1, static_cast<int>(left)) > 0;
  }

  std::chrono::steady_clock::time_point until_;
  int fd_ = -1;
};

constexpr std::size_t kMostHeader = 16 * 1024;

}  // namespace

Result<std::string> HttpHost(const std::string& text) {
  const Result<Url> url = Parse(text);
  if (!url) return Error{url.error()};
  const std::string& host = url->host;
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

Result<std::vector<std::uint8_t>> HttpGet(const std::string& text, IpAddress at, std::size_t most, int limit_ms) {
  const Result<Url> url = Parse(text);
  if (!url) return Error{url.error()};
  HttpGetConnection connection(limit_ms);
  if (const Status open = connection.Open(at, url->port); !open) return Error{open.error()};
  // Version 1.0: the answer comes whole, and ends with the connection.
  const std::string request = "GET " + url->path + " HTTP/1.0\r\nHost: " + url->host + "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
  if (const Status sent = connection.Write(request); !sent) return Error{sent.error()};
  const Result<std::string> answer = connection.ReadAll(most + kMostHeader);
  if (!answer) return Error{answer.error()};
  const std::size_t end = answer->find("\r\n\r\n");
  if (!answer->starts_with("HTTP/1.") || end == std::string::npos || answer->size() < 12) return Error{"that is no answer of HTTP"};
  if (answer->compare(8, 5, " 200 ") != 0) return Error{"the server says" + answer->substr(8, answer->find("\r\n") - 8)};
  if (answer->size() - end - 4 > most) return Error{"the answer is too long"};
  return std::vector<std::uint8_t>(answer->begin() + static_cast<std::ptrdiff_t>(end) + 4, answer->end());
}

}  // namespace sallyport
