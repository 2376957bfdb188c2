#include "inspect/tftp.h"

#include <algorithm>

#include "firewall/conn.h"

namespace sallyport {
namespace {

// RFC 1350: opcode, file name, 0, mode, 0 and, RFC 2347, options.
bool IsRequest(Bytes data) {
  if (data.size() < 4 || data[0] != 0 || (data[1] != 1 && data[1] != 2)) return false;
  const auto name_end = std::find(data.begin() + 2, data.end(), 0);
  return name_end != data.end() && name_end != data.begin() + 2 && std::find(name_end + 1, data.end(), 0) != data.end();
}

}  // namespace

bool TftpInspector::Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap*) const {
  return protocol == 17 && (port == 0 || port == 69);
}

FrameDrop TftpInspector::Inspect(InspectCall& call) {
  if (!call.FromInitiator() || !IsRequest(call.payload())) return FrameDrop::kNone;
  const Endpoint client{call.conn.initiator_real, call.conn.initiator_real_port};
  call.ExpectConnection(17, client, 0);
  return FrameDrop::kNone;
}

}  // namespace sallyport
