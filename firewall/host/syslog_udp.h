// Sends syslog lines to UDP hosts: one non-blocking socket for each host, opened at the first line that needs it: lines for a
// host that does not answer ARP wait in the kernel and fill the buffer of their socket, which must not be that of another host.
//
// Control thread only. It does not retry, resolve names or know levels: the Logger decides what goes where. A host that is
// configured for TCP is refused (Send returns false): TCP syslog is not modelled.
#pragma once

#include <cstdint>
#include <map>
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
  int SocketFor(IpAddress host);

  std::map<IpAddress, int> sockets_;  // never closed before the end: an appliance has few hosts
  std::uint64_t sent_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace sallyport
