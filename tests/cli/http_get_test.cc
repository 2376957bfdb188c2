// HttpGet against a small server on this machine.
#include "cli/http_get.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace sallyport {
namespace {

// Says one thing to whoever connects, once; keeps what it was asked.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    child_ = fork();
    if (child_ == 0) {
      const int peer = accept(listener_, nullptr, nullptr);
      std::string asked;
      char buffer[2048];
      while (asked.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = recv(peer, buffer, sizeof buffer, 0);
        if (n <= 0) break;
        asked.append(buffer, static_cast<std::size_t>(n));
      }
      if (answer.empty()) (void)!recv(peer, buffer, sizeof buffer, 0);  // says nothing until the other end has gone
      else (void)!send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
      (void)!write(ends[1], asked.data(), asked.size());
      _exit(0);
    }
    close(ends[1]);
    asked_ = ends[0];
  }
  ~OneAnswer() {
    close(listener_);
    close(asked_);
    waitpid(child_, nullptr, 0);
  }
  // What came, once it was answered.
  std::string Asked() {
    std::string all;
    char buffer[2048];
    for (ssize_t n; (n = read(asked_, buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<std::size_t>(n));
    return all;
  }
  Result<std::vector<std::uint8_t>> Get(std::size_t most = 1000, int limit_ms = 5000) {
    return HttpGet("http://crl.example.com:" + std::to_string(port_) + "/a/b.crl", *IpAddress::Parse("127.0.0.1"), most, limit_ms);
  }

 private:
  int listener_ = -1, asked_ = -1;
  std::uint16_t port_ = 0;
  pid_t child_ = -1;
};

TEST(HttpGet, WhatIsThere) {
  std::string asked;
  {
    OneAnswer server("HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\nabc\r\n\r\nd");
    const auto got = server.Get();
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(std::string(got->begin(), got->end()), "abc\r\n\r\nd");
    asked = server.Asked();
  }
  EXPECT_TRUE(asked.starts_with("GET /a/b.crl HTTP/1.0\r\nHost: crl.example.com\r\n")) << asked;
}

TEST(HttpGet, WhatIsNoAnswer) {
  EXPECT_EQ(OneAnswer("HTTP/1.0 404 Not Found\r\n\r\n").Get().error(), "the server says 404 Not Found");
  EXPECT_EQ(OneAnswer("220 smtp ready\r\n\r\n").Get().error(), "that is no answer of HTTP");
  EXPECT_EQ(OneAnswer("HTTP/1.0 200 OK\r\n").Get().error(), "that is no answer of HTTP");
  EXPECT_EQ(OneAnswer("HTTP/1.0 200 OK\r\n\r\n" + std::string(1001, 'x')).Get().error(), "the answer is too long");
  EXPECT_EQ(OneAnswer("HTTP/1.0 200 OK\r\n\r\n" + std::string(200'000, 'x')).Get().error(), "the answer is too long");
  EXPECT_EQ(OneAnswer("").Get(1000, 50).error(), "the answer does not end");
}

TEST(HttpGet, Urls) {
  EXPECT_EQ(*HttpHost("http://crl.example.com/x"), "crl.example.com");
  EXPECT_EQ(*HttpHost("http://[2001:db8::1]:8080"), "2001:db8::1");
  EXPECT_EQ(*HttpHost("http://192.0.2.1:8080/x?y"), "192.0.2.1");
  for (const char* bad : {"ldap://192.0.2.1/x", "http://", "http://a:0/", "http://a:99999/", "http://a:b/", "http://a/x y", "192.0.2.1", ""}) {
    EXPECT_FALSE(HttpHost(bad)) << bad;
  }
}

}  // namespace
}  // namespace sallyport
