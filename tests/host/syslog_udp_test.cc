#include "firewall/host/syslog_udp.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/host/net_fixture.h"

namespace sallyport {
namespace {

// A UDP listener on the loopback of the machine.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bound_ = bind(fd_, static_cast<sockaddr*>(static_cast<void*>(&in)), sizeof in) == 0;
    socklen_t length = sizeof in;
    getsockname(fd_, static_cast<sockaddr*>(static_cast<void*>(&in)), &length);
    port_ = ntohs(in.sin_port);
  }
  ~Listener() { close(fd_); }
  bool bound() const { return bound_; }
  std::uint16_t port() const { return port_; }
  std::string Receive() {
    pollfd p{fd_, POLLIN, 0};
    if (poll(&p, 1, 5000) != 1) return "(nothing came)";
    char text[2048];
    const ssize_t n = recv(fd_, text, sizeof text, 0);
    return n < 0 ? "(error)" : std::string(text, static_cast<std::size_t>(n));
  }

 private:
  int fd_;
  bool bound_ = false;
  std::uint16_t port_ = 0;
};

TEST(SyslogUdp, SendsOneDatagramForEachLine) {
  Listener listener;
  ASSERT_TRUE(listener.bound());
  SyslogUdp udp;
  const LoggingHost host{"inside", *IpAddress::Parse("127.0.0.1"), false, listener.port(), false};
  EXPECT_TRUE(udp.Send(host, "<166>%ASA-6-199005: Startup begin"));
  EXPECT_EQ(listener.Receive(), "<166>%ASA-6-199005: Startup begin");
  EXPECT_TRUE(udp.Send(host, "<163>two"));
  EXPECT_EQ(listener.Receive(), "<163>two");
  EXPECT_EQ(udp.sent(), 2u);
}

class SyslogNetTest : public NetTest {};

// Lines for a host that does not answer ARP stay in the kernel, against the buffer of the socket that they were sent with.
TEST_F(SyslogNetTest, DeadHostsDoNotSilenceAnother) {
  AddressGateway();
  const int alive = Socket(client_, SOCK_DGRAM);
  ASSERT_TRUE(Bind(alive, "10.98.1.2", 514));
  SyslogUdp udp;
  const LoggingHost live{"inside", *IpAddress::Parse("10.98.1.2"), false, 514, false};
  const std::string line(1000, 'x');
  for (const char* address : {"10.98.1.77", "10.98.1.78"}) {
    const LoggingHost dead{"inside", *IpAddress::Parse(address), false, 514, false};
    for (int i = 0; i < 1000; i++) (void)udp.Send(dead, line);
  }
  EXPECT_TRUE(udp.Send(live, "<166>still here"));
  EXPECT_EQ(ReceiveOne(alive), "<166>still here");
}

TEST(SyslogUdp, CountsWhatCannotBeSent) {
  SyslogUdp udp;
  EXPECT_FALSE(udp.Send({"inside", *IpAddress::Parse("127.0.0.1"), true, 1470, false}, "tcp"));
  EXPECT_FALSE(udp.Send({"inside", IpAddress{}, false, 514, false}, "no address"));
  EXPECT_FALSE(udp.Send({"inside", *IpAddress::Parse("127.0.0.1"), false, 514, false}, std::string(70'000, 'x')));
  EXPECT_EQ(udp.failed(), 3u);
  EXPECT_EQ(udp.sent(), 0u);
}

}  // namespace
}  // namespace sallyport
