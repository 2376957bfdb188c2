// `show aaa-server`: the layout, which scripts of operators read by its columns.
#include "cli/show_aaa_server.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(ShowAaaServer, ActiveAndFailed) {
  AaaServerView local;
  local.group = "LOCAL";
  local.protocol = "Local database";
  AaaServerView far;
  far.group = "far";
  far.protocol = "radius";
  far.address = *IpAddress::Parse("10.1.1.9");
  far.authentication_port = 1645;
  far.accounting_port = 1646;
  far.failed = true;
  far.at_wall = std::int64_t{1'566'472'208} * 1'000'000'000;
  far.round_trip_ms = 4;
  far.authentication = 20;
  far.accepts = 16;
  far.timeouts = 3;
  EXPECT_EQ(ShowAaaServers({local, far}, TimeZone{}),
            "Server Group:    LOCAL\n"
            "Server Protocol: Local database\n"
            "Server Address:  None\n"
            "Server port:     None\n"
            "Server status:   ACTIVE, Last transaction at unknown\n"
            "Number of pending requests\t\t0\n"
            "Average round trip time\t\t\t0ms\n"
            "Number of authentication requests\t0\n"
            "Number of authorization requests\t0\n"
            "Number of accounting requests\t\t0\n"
            "Number of retransmissions\t\t0\n"
            "Number of accepts\t\t\t0\n"
            "Number of rejects\t\t\t0\n"
            "Number of challenges\t\t\t0\n"
            "Number of bad authenticators\t\t0\n"
            "Number of timeouts\t\t\t0\n"
            "Number of unrecognized responses\t0\n"
            "\n"
            "Server Group:    far\n"
            "Server Protocol: radius\n"
            "Server Address:  10.1.1.9\n"
            "Server port:     1645(authentication), 1646(accounting)\n"
            "Server status:   FAILED, Server disabled at 11:10:08 UTC Thu Aug 22 2019\n"
            "Number of pending requests\t\t0\n"
            "Average round trip time\t\t\t4ms\n"
            "Number of authentication requests\t20\n"
            "Number of authorization requests\t0\n"
            "Number of accounting requests\t\t0\n"
            "Number of retransmissions\t\t0\n"
            "Number of accepts\t\t\t16\n"
            "Number of rejects\t\t\t0\n"
            "Number of challenges\t\t\t0\n"
            "Number of malformed responses\t\t0\n"
            "Number of bad authenticators\t\t0\n"
            "Number of timeouts\t\t\t3\n"
            "Number of unrecognized responses\t0\n");
}

}  // namespace
}  // namespace sallyport
