// Small pieces of text that several show commands share. Pure functions.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "firewall/base/civil_time.h"
#include "firewall/base/ip_address.h"
#include "firewall/base/time.h"

namespace sallyport {

template <typename... Args>
void Append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

inline const char* UpDown(bool up) { return up ? "up" : "down"; }

// The two largest units: "21s", "2m0s", "1h0m", "1D2h", "1Y25D". Below zero prints as "0s".
std::string ShortDuration(Duration d);
// "4 hours 36 mins", "1 day 2 hours", "1 year 97 days", "12 secs".
std::string LongDuration(Duration d);

// "0h:05m:21s", "1d 12h:33m:07s": how long a VPN session lasts.
std::string SessionDuration(Duration d);

// "TCP", "UDP", "ICMP", "GRE" ...; a number where there is no name.
std::string ProtocolLabel(std::uint8_t protocol);

// "15:00:51.439 UTC Wed May 1 2024"
std::string ClockText(std::int64_t wall_nanos, const TimeZone& zone);
// "14:28:09 CDT Tue Mar 17 2020"
std::string ClockSecondsText(std::int64_t wall_nanos, const TimeZone& zone);
// "10:43:33 UTC Mar 27 2019"
std::string DateText(std::int64_t wall_nanos, const TimeZone& zone);

// Address and mask of an IPv4 prefix as two words.
std::string MaskText(int v4_length);

}  // namespace sallyport
