// What `ping` prints before and after its marks. Pure functions.
#pragma once

#include <string>

#include "firewall/base/ip_address.h"

namespace sallyport {

struct PingRequest {
  IpAddress address;
  int repeat = 5;
  int size = 100;     // bytes of the IP packet
  int timeout_s = 2;  // each
};
struct PingResult {
  int sent = 0, answered = 0;
  int least_ms = 0, average_ms = 0, most_ms = 0;  // of those that were answered
};

std::string PingHeader(const PingRequest& request);
// Begins on the line after the marks. Without an answer there are no times.
std::string PingSummary(const PingResult& result);

}  // namespace sallyport
