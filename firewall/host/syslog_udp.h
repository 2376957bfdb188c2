// Sends syslog lines to UDP hosts: one non-blocking socket for each family, opened at the first line that needs it.
//
// Control thread only. It does not retry, resolve names or know levels: the Logger decides what goes where. A host that is
// configured for TCP is refused (Send returns false): TCP syslog is not modelled.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "firewall/logger.h"

namespace sallyport {

class SyslogUdp final : public LogHostSink {
 public:
  SyslogUdp() = default;
  ~SyslogUdp() override;
  SyslogUdp(const SyslogUdp&) = delete;
  SyslogUdp& operator=(const SyslogUdp&) = delete;

  // False when the line was not handed to the kernel whole: no socket, no route, a full buffer, a refusal seen earlier.
  bool Send(const LoggingHost& host, std::string_view datagram) override;

  std::uint64_t sent() const { return sent_; }
  std::uint64_t failed() const { return failed_; }

 private:
  bool Try(const LoggingHost& host, std::string_view datagram);
  int SocketFor(bool v4);

  std::array<int, 2> sockets_{-1, -1};  // IPv4, IPv6
  std::uint64_t sent_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace sallyport
