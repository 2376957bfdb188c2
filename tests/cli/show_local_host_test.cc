#include "cli/show_local_host.h"

#include <gtest/gtest.h>

#include "cli/show_intercept.h"
#include "show_fixtures.h"
#include "show_golden.h"

namespace sallyport::show_local_host_test {
namespace {

LocalHostView Host(const char* address, std::uint32_t tcp, std::uint32_t udp) {
  LocalHostView h;
  h.interface = "inside";
  h.address = Ip(address);
  h.tcp = tcp;
  h.udp = udp;
  return h;
}

TEST(ShowLocalHost, CountersLimitsAndFlows) {
  LocalHostView h = Host("10.1.1.15", 3, 1);
  h.embryonic = 2;
  std::string out = ShowLocalHostInterface({"dmz", 0, 4}) + ShowLocalHostInterface({"inside", 2, 3}) + ShowLocalHostEntry(h, Nine()) +
                    ShowLocalHostFlows("TCP PAT from inside:10.1.1.15/40000 to outside:203.0.113.1/40000 flags ri idle 0:00:01 timeout 0:00:30\n",
                                       "TCP outside  198.51.100.9:443 inside  10.1.1.15:40000, idle 0:00:01, bytes 5, flags UIO \n");
  out += ShowLocalHostEntry(Host("10.1.1.16", 0, 2), Nine());
  ExpectGolden("local_host", out);
}

TEST(ShowLocalHost, LimitsOfAStaticLine) {
  LocalHostView h = Host("10.1.1.15", 3, 0);
  h.tcp_limit = 100;
  h.embryonic_limit = 20;
  Personality old = Eight();
  old.local_host_sctp = false;
  EXPECT_EQ(ShowLocalHostEntry(h, old),
            "local host: <10.1.1.15>,\n    TCP flow count/limit = 3/100\n    TCP embryonic count to host = 0\n"
            "    TCP intercept watermark = 20\n    UDP flow count/limit = 0/unlimited\n");
}

TEST(ShowIntercept, TopServers) {
  InterceptView v;
  v.now = TimePoint{} + Duration::Seconds(1000);
  InterceptedServer s;
  s.server = {Ip("10.1.40.10"), 80};
  s.total = 2249245;
  s.average = 1249;
  s.current = 9503;
  s.last_source = Ip("192.0.2.3");
  s.several_sources = true;
  s.last_attack = v.now;
  s.samples[0] = 95348;
  v.servers.push_back(s);
  s.server.port = 443;
  s.total = s.average = s.current = 10;
  s.several_sources = false;
  s.last_attack = v.now - Duration::Seconds(59);
  v.servers.push_back(s);
  v.interfaces = {"dmz", "dmz"};
  ExpectGolden("threat_top_tcp_intercept", ShowInterceptTop(v, false));
  const std::string detail = ShowInterceptTop(v, true);
  EXPECT_NE(detail.find("     Sampling History (60 Samplings):\n         95348             0"), std::string::npos) << detail;
}

}  // namespace
}  // namespace sallyport::show_local_host_test
