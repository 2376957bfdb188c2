#include "cli/icmp_echo.h"

#include "firewall/base/bytes.h"
#include "firewall/base/checksum.h"

namespace sallyport {

std::vector<std::uint8_t> EchoRequest(bool v6, std::uint16_t id, std::uint16_t sequence, std::size_t data_size, std::uint8_t fill) {
  std::vector<std::uint8_t> packet(kEchoHeader + data_size, fill);
  packet[0] = v6 ? kEcho6 : kEcho;
  packet[1] = packet[2] = packet[3] = 0;
  StoreBe16(&packet[4], id);
  StoreBe16(&packet[6], sequence);
  if (!v6) StoreBe16(&packet[2], ChecksumFinish(ChecksumAdd(packet)));
  return packet;
}

}  // namespace sallyport
