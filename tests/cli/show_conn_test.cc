#include "cli/show_conn.h"

#include <gtest/gtest.h>

#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_conn_test {
namespace {

constexpr TimePoint kNow{1'000'000'000'000'000};

ConnView Tcp(bool outbound, TcpState state, std::uint16_t flags = 0) {
  ConnView v;
  v.in_name = outbound ? "inside" : "outside";
  v.out_name = outbound ? "outside" : "inside";
  v.in_level = outbound ? 100 : 0;
  v.out_level = outbound ? 0 : 100;
  Conn& c = v.conn;
  c.protocol = 6;
  c.tcp_state = state;
  c.flags = static_cast<std::uint16_t>(flags | (outbound ? kConnOutbound : 0));
  c.id = 7;
  const Endpoint in{Ip("10.1.1.15"), 40000}, out{Ip("198.51.100.9"), 443};
  const Endpoint& i = outbound ? in : out;
  const Endpoint& r = outbound ? out : in;
  c.initiator_real = c.initiator_mapped = i.address;
  c.initiator_real_port = c.initiator_mapped_port = i.port;
  c.responder_real = c.responder_mapped = r.address;
  c.responder_real_port = c.responder_mapped_port = r.port;
  if (outbound) {  // PAT on the outside address
    c.initiator_mapped = Ip("203.0.113.1");
    c.initiator_mapped_port = 1025;
  }
  c.created = kNow - Duration::Seconds(126 * 60);
  c.last_packet = kNow - Duration::Seconds(75);
  c.timeout_s = 3600;
  c.bytes = 54929844;
  return v;
}

ConnView Udp() {
  ConnView v = Tcp(true, TcpState::kNone);
  v.conn.protocol = 17;
  v.conn.responder_real_port = v.conn.responder_mapped_port = 53;
  v.conn.timeout_s = 120;
  v.conn.bytes = 28;
  return v;
}

ConnView Ping() {
  ConnView v = Tcp(true, TcpState::kNone);
  v.conn.protocol = 1;
  v.conn.initiator_real_port = v.conn.initiator_mapped_port = 512;
  v.conn.responder_real_port = v.conn.responder_mapped_port = 0;
  v.conn.timeout_s = 2;
  v.conn.last_packet = kNow;
  v.conn.bytes = 32;
  return v;
}

ConnPage Page() {
  ConnPage page;
  page.now = kNow;
  page.in_use = 6;
  page.most_used = 13;
  page.conns.push_back(Tcp(true, TcpState::kEstablished, kConnPerSessionXlate | kConnDataForward | kConnDataReverse));
  page.conns.push_back(Tcp(false, TcpState::kSynSent));
  page.conns.back().conn.timeout_s = 30;
  page.conns.push_back(Udp());
  page.conns.push_back(Ping());
  page.conns.push_back(Tcp(false, TcpState::kEstablished, kConnToBox | kConnDataForward | kConnDataReverse));
  page.conns.back().out_name = "identity";
  page.conns.back().out_level = 0;
  // A foreign host that the inside knows under another address.
  page.conns.push_back(Tcp(false, TcpState::kEstablished));
  page.conns.back().conn.initiator_mapped = Ip("10.99.0.9");
  return page;
}

TEST(ShowConn, Forms) {
  ExpectGolden("conn_9x", ShowConn(Page(), ConnForm::kOneLine, Nine()));
  ExpectGolden("conn_82", ShowConn(Page(), ConnForm::kOneLine, Eight()));
  ExpectGolden("conn_detail_9x", ShowConn(Page(), ConnForm::kDetail, Nine()));
  ExpectGolden("conn_long_9x", ShowConn(Page(), ConnForm::kLong, Nine()));
  ExpectGolden("conn_detail_82", ShowConn(Page(), ConnForm::kDetail, Eight()));
}

TEST(ShowConn, Count) { EXPECT_EQ(ShowConnCount(13, 14), "13 in use, 14 most used\n"); }

TEST(ShowConn, FlagsOfEachState) {
  const std::uint16_t both = kConnDataForward | kConnDataReverse;
  EXPECT_EQ(ConnFlags(Tcp(true, TcpState::kSynSent)), "saA");
  EXPECT_EQ(ConnFlags(Tcp(false, TcpState::kSynSent)), "SaAB");
  EXPECT_EQ(ConnFlags(Tcp(true, TcpState::kSynReceived)), "A");
  EXPECT_EQ(ConnFlags(Tcp(false, TcpState::kSynReceived)), "aB");
  EXPECT_EQ(ConnFlags(Tcp(true, TcpState::kEstablished)), "U");
  EXPECT_EQ(ConnFlags(Tcp(false, TcpState::kEstablished)), "UB");
  EXPECT_EQ(ConnFlags(Tcp(true, TcpState::kEstablished, kConnDataReverse)), "UI");
  EXPECT_EQ(ConnFlags(Tcp(true, TcpState::kEstablished, kConnDataForward)), "UO");
  EXPECT_EQ(ConnFlags(Tcp(false, TcpState::kEstablished, kConnDataForward)), "UIB");
  EXPECT_EQ(ConnFlags(Tcp(false, TcpState::kEstablished, both)), "UIOB");
  EXPECT_EQ(ConnFlags(Tcp(true, TcpState::kEstablished, both | kConnPerSessionXlate)), "UxIO");
  EXPECT_EQ(ConnFlags(Tcp(true, TcpState::kEstablished, both | kConnPerSessionXlate | kConnServiceModule)), "UxIOX");
  EXPECT_EQ(ConnFlags(Tcp(false, TcpState::kSynSent, kConnServiceModule)), "SaABX");
  EXPECT_EQ(ConnFlags(Tcp(true, TcpState::kEstablished, both | kConnVpnOrphan)), "UIOV");
  EXPECT_EQ(ConnFlags(Tcp(true, TcpState::kBypass)), "b");
  EXPECT_EQ(ConnFlags(Udp()), "-");
  EXPECT_EQ(ConnFlags(Ping()), "");
}

TEST(ShowConn, FlagsOfClosingConnections) {
  const std::uint16_t both = kConnDataForward | kConnDataReverse;
  ConnView v = Tcp(true, TcpState::kClosing, both | kConnPerSessionXlate);
  v.conn.side[0].flags = kTcpSideFin;                     // the inside's FIN
  v.conn.side[1].flags = kTcpSideFin | kTcpSideFinAcked;  // the outside's, acknowledged
  EXPECT_EQ(ConnFlags(v), "UfFRxIO");
  v = Tcp(false, TcpState::kFinReverse, both);
  v.conn.side[1].flags = kTcpSideFin | kTcpSideFinAcked;  // the responder is inside
  EXPECT_EQ(ConnFlags(v), "UfrIOB");
}

TEST(ShowConn, EndpointsAreInOrderOfSecurityLevelWhoeverBegan) {
  ConnView v = Tcp(true, TcpState::kEstablished);
  v.in_level = 10;  // a client on the less trusted of two interfaces
  v.out_level = 90;
  const std::string line = ShowConnEntry(v, kNow, ConnForm::kOneLine, Nine());
  EXPECT_EQ(line.substr(0, 28), "TCP inside  203.0.113.1(10.1");
  EXPECT_EQ(ConnFlags(v), "UB");
}

}  // namespace
}  // namespace sallyport::show_conn_test
