// A client, a gateway and a server, each in a network namespace of its own, joined by veth pairs:
//
//   client 10.98.1.2 -- c0 | f0 10.98.1.1   gateway   10.98.2.1 f1 | s0 -- server 10.98.2.2
//
// The test's thread lives in the gateway; sockets of the other two are made by stepping into their namespace, and stay there.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "firewall/host/run_command.h"
#include "firewall/host/sysctl.h"

namespace sallyport {

inline std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> words;
  std::string w;
  for (char c : line + " ") {
    if (c != ' ') {
      w += c;
    } else if (!w.empty()) {
      words.push_back(std::move(w));
      w.clear();
    }
  }
  return words;
}

// Polls until `f` is true; false after `ms` milliseconds.
inline bool Eventually(const std::function<bool()>& f, int ms = 5000) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  while (!f()) {
    if (std::chrono::steady_clock::now() > end) return false;
    poll(nullptr, 0, 5);
  }
  return true;
}

class NetTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    if (FindProgram("ip").empty()) GTEST_SKIP() << "needs iproute2";
    home_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    static std::atomic<int> serial{0};
    const std::string prefix = "sph" + std::to_string(getpid()) + "x" + std::to_string(serial++);
    client_ = prefix + "c";
    gateway_ = prefix + "g";
    server_ = prefix + "s";
    for (const std::string& n : {client_, gateway_, server_}) {
      ASSERT_TRUE(Run("ip netns add " + n));
      made_.push_back(n);
      ASSERT_TRUE(Run("ip -n " + n + " link set lo up"));
    }
    ASSERT_TRUE(Run("ip link add c0 netns " + client_ + " type veth peer name f0 netns " + gateway_));
    ASSERT_TRUE(Run("ip link add s0 netns " + server_ + " type veth peer name f1 netns " + gateway_));
    ASSERT_TRUE(Run("ip -n " + client_ + " addr add 10.98.1.2/24 dev c0"));
    ASSERT_TRUE(Run("ip -n " + server_ + " addr add 10.98.2.2/24 dev s0"));
    ASSERT_TRUE(Run("ip -n " + client_ + " link set c0 up"));
    ASSERT_TRUE(Run("ip -n " + server_ + " link set s0 up"));
    ASSERT_TRUE(Run("ip -n " + client_ + " route add default via 10.98.1.1"));
    ASSERT_TRUE(Run("ip -n " + server_ + " route add default via 10.98.2.1"));
    ASSERT_TRUE(Enter(gateway_));
    for (const char* link : {"f0", "f1"}) {
      ASSERT_TRUE(WriteSysctl(std::string("net/ipv4/conf/") + link + "/rp_filter", "0"));
    }
    f0_ = static_cast<int>(if_nametoindex("f0"));
    f1_ = static_cast<int>(if_nametoindex("f1"));
    ASSERT_GT(f0_, 0);
    ASSERT_GT(f1_, 0);
  }
  void TearDown() override {
    if (home_ < 0) return;
    for (int fd : sockets_) close(fd);
    setns(home_, CLONE_NEWNET);
    close(home_);
    for (const std::string& n : made_) (void)Run("ip netns del " + n);
  }

  // The gateway's addresses, by hand (HostNetwork has tests of its own).
  void AddressGateway() {
    ASSERT_TRUE(Run("ip addr add 10.98.1.1/24 dev f0"));
    ASSERT_TRUE(Run("ip addr add 10.98.2.1/24 dev f1"));
    ASSERT_TRUE(Run("ip link set f0 up"));
    ASSERT_TRUE(Run("ip link set f1 up"));
  }
  static bool Run(const std::string& line) {
    const auto r = RunCommand(Words(line));
    if (!r) fprintf(stderr, "%s: %s\n", line.c_str(), r.error().c_str());
    return r.ok();
  }
  static std::string Output(const std::string& line) {
    const auto r = RunCommand(Words(line));
    return r ? *r : "failed: " + r.error();
  }
  static bool Enter(const std::string& ns) {
    const int fd = open(("/run/netns/" + ns).c_str(), O_RDONLY | O_CLOEXEC);
    const bool ok = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
    close(fd);
    return ok;
  }
  // A socket that lives in `ns`; closed at the end of the test.
  int Socket(const std::string& ns, int type, int protocol = 0) {
    EXPECT_TRUE(Enter(ns));
    const int fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);
    EXPECT_TRUE(Enter(gateway_));
    EXPECT_GE(fd, 0);
    if (fd >= 0) sockets_.push_back(fd);
    return fd;
  }
  static sockaddr_in At(const char* address, int port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, address, &a.sin_addr);
    return a;
  }
  static bool Bind(int fd, const char* address, int port) {
    const sockaddr_in a = At(address, port);
    return bind(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
  }
  static bool Connect(int fd, const char* address, int port) {
    const sockaddr_in a = At(address, port);
    return connect(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
  }
  static bool Readable(int fd, int ms) {
    pollfd p{fd, POLLIN, 0};
    return poll(&p, 1, ms) == 1;
  }
  // One datagram from `fd` of at most `ms` milliseconds' delay; "" when none came.
  static std::string ReceiveOne(int fd, int ms = 3000) {
    if (!Readable(fd, ms)) return "";
    std::string s(70000, 0);
    const ssize_t n = recv(fd, s.data(), s.size(), 0);
    s.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return s;
  }

  std::string client_, gateway_, server_;
  int f0_ = 0, f1_ = 0;

 private:
  int home_ = -1;
  std::vector<std::string> made_;
  std::vector<int> sockets_;
};

}  // namespace sallyport
