// traffic_tool: the traffic of tests/bench/forward. Every client prints one line of figures.
//
//   traffic_tool flood ADDRESS PORT SECONDS            small UDP packets (18 bytes), as many as one CPU makes: "packets/s offered"
//   traffic_tool flows ADDRESS COUNT                   one UDP packet for each of COUNT new flows: "sent"
//   traffic_tool crr-server PORT / crr-client ADDRESS PORT SECONDS     TCP connect, request, response, close: "connections/s"
//   traffic_tool echo-server PORT / echo-client ADDRESS PORT SECONDS   UDP there and back: "median us, 99th percentile us"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

sockaddr_in At(const char* address, int port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<std::uint16_t>(port));
  if (address != nullptr) inet_pton(AF_INET, address, &a.sin_addr);
  return a;
}
const sockaddr* Any(const sockaddr_in& a) { return reinterpret_cast<const sockaddr*>(&a); }

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int Flood(const char* address, int port, double seconds) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in to = At(address, port);
  if (connect(fd, Any(to), sizeof to) != 0) Die("connect");
  char payload[18] = {};
  iovec v{payload, sizeof payload};
  std::vector<mmsghdr> m(64);
  for (auto& x : m) {
    x.msg_hdr.msg_iov = &v;
    x.msg_hdr.msg_iovlen = 1;
  }
  std::uint64_t sent = 0;
  const double start = Now();
  while (Now() - start < seconds) {
    for (int i = 0; i < 16; i++) {
      const int n = sendmmsg(fd, m.data(), static_cast<unsigned>(m.size()), 0);
      if (n > 0) sent += static_cast<std::uint64_t>(n);
    }
  }
  std::printf("%.0f\n", static_cast<double>(sent) / (Now() - start));
  return 0;
}

// Paced, so that none is lost on the way to be counted: 50 packets a millisecond.
int Flows(const char* address, int count) {
  std::vector<int> sockets;
  int sent = 0;
  const double start = Now();
  while (sent < count) {
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    for (int port = 2000; port < 62000 && sent < count; port++) {
      const sockaddr_in to = At(address, port);
      if (sendto(fd, "f", 1, 0, Any(to), sizeof to) == 1) sent++;
      if (sent % 50 == 0 && Now() - start < sent / 50e3) poll(nullptr, 0, 1);
    }
    sockets.push_back(fd);
  }
  for (int fd : sockets) close(fd);
  std::printf("%d\n", sent);
  return 0;
}

int CrrServer(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const sockaddr_in a = At(nullptr, port);
  if (bind(listener, Any(a), sizeof a) != 0 || listen(listener, 4096) != 0) Die("listen");
  const int ep = epoll_create1(0);
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.fd = listener;
  epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
  std::puts("ready");
  std::fflush(stdout);
  epoll_event events[256];
  for (;;) {
    const int n = epoll_wait(ep, events, 256, -1);
    for (int i = 0; i < n; i++) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        for (int c; (c = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
          e.events = EPOLLIN;
          e.data.fd = c;
          epoll_ctl(ep, EPOLL_CTL_ADD, c, &e);
        }
        continue;
      }
      char data[256];
      const ssize_t got = recv(fd, data, sizeof data, 0);
      if (got > 0) {
        (void)!send(fd, data, static_cast<std::size_t>(got), MSG_NOSIGNAL);
      } else if (got == 0 || errno != EAGAIN) {
        close(fd);
      }
    }
  }
}

int CrrClient(const char* address, int port, double seconds) {
  const sockaddr_in to = At(address, port);
  const int ep = epoll_create1(0);
  std::uint64_t done = 0, failed = 0;
  const auto open_one = [&] {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect(fd, Any(to), sizeof to) != 0 && errno != EINPROGRESS) {
      failed++;
      close(fd);
      return;
    }
    epoll_event e{};
    e.events = EPOLLOUT;
    e.data.fd = fd;
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
  };
  for (int i = 0; i < 64; i++) open_one();
  const double start = Now();
  epoll_event events[64];
  while (Now() - start < seconds) {
    const int n = epoll_wait(ep, events, 64, 10);
    for (int i = 0; i < n; i++) {
      const int fd = events[i].data.fd;
      char data[64] = {};
      if ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0) {
        failed++;
      } else if ((events[i].events & EPOLLOUT) != 0) {
        (void)!send(fd, data, sizeof data, MSG_NOSIGNAL);
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.fd = fd;
        epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e);
        continue;
      } else if (recv(fd, data, sizeof data, 0) > 0) {
        done++;
      } else {
        failed++;
      }
      close(fd);
      open_one();
    }
  }
  std::printf("%.0f %lu\n", static_cast<double>(done) / (Now() - start), static_cast<unsigned long>(failed));
  return 0;
}

int EchoServer(int port) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in a = At(nullptr, port);
  if (bind(fd, Any(a), sizeof a) != 0) Die("bind");
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    char data[256];
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t n = recvfrom(fd, data, sizeof data, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (n >= 0) (void)!sendto(fd, data, static_cast<std::size_t>(n), 0, Any(from), size);
  }
}

int EchoClient(const char* address, int port, double seconds) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in to = At(address, port);
  if (connect(fd, Any(to), sizeof to) != 0) Die("connect");
  const timeval limit{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::vector<double> times;
  char data[64] = {};
  const double start = Now();
  while (Now() - start < seconds) {
    const double t = Now();
    if (send(fd, data, sizeof data, 0) < 0 || recv(fd, data, sizeof data, 0) < 0) continue;
    times.push_back((Now() - t) * 1e6);
  }
  if (times.empty()) return 1;
  std::sort(times.begin(), times.end());
  std::printf("%.2f %.2f\n", times[times.size() / 2], times[times.size() * 99 / 100]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "flood" && argc == 5) return Flood(argv[2], std::atoi(argv[3]), std::atof(argv[4]));
  if (what == "flows" && argc == 4) return Flows(argv[2], std::atoi(argv[3]));
  if (what == "crr-server" && argc == 3) return CrrServer(std::atoi(argv[2]));
  if (what == "crr-client" && argc == 5) return CrrClient(argv[2], std::atoi(argv[3]), std::atof(argv[4]));
  if (what == "echo-server" && argc == 3) return EchoServer(std::atoi(argv[2]));
  if (what == "echo-client" && argc == 5) return EchoClient(argv[2], std::atoi(argv[3]), std::atof(argv[4]));
  std::fprintf(stderr, "see the top of traffic_tool.cc\n");
  return 2;
}
