#include "vpn/aaa/radius_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "vpn/aaa/radius_message.h"

namespace sallyport {
namespace {

using namespace radius;

enum class Kind : std::uint8_t { kString, kNumber, kAddress, kHex };
struct Known {
  std::uint8_t type;
  const char* name;
  Kind kind;
};
constexpr Known kKnown[] = {
    {kUserName, "User-Name", Kind::kString},
    {kUserPassword, "User-Password", Kind::kHex},
    {kNasIpAddress, "NAS-IP-Address", Kind::kAddress},
    {kNasPort, "NAS-Port", Kind::kNumber},
    {kServiceType, "Service-Type", Kind::kNumber},
    {kFramedProtocol, "Framed-Protocol", Kind::kNumber},
    {kFramedIpAddress, "Framed-IP-Address", Kind::kAddress},
    {kFramedIpNetmask, "Framed-IP-Netmask", Kind::kAddress},
    {kFilterId, "Filter-Id", Kind::kString},
    {kReplyMessage, "Reply-Message", Kind::kString},
    {kState, "State", Kind::kHex},
    {kClass, "Class", Kind::kString},
    {kVendorSpecific, "Vendor-Specific", Kind::kHex},
    {kSessionTimeout, "Session-Timeout", Kind::kNumber},
    {kIdleTimeout, "Idle-Timeout", Kind::kNumber},
    {kCalledStationId, "Called-Station-Id", Kind::kString},
    {kCallingStationId, "Calling-Station-Id", Kind::kString},
    {kAcctStatusType, "Acct-Status-Type", Kind::kNumber},
    {kAcctDelayTime, "Acct-Delay-Time", Kind::kNumber},
    {kAcctInputOctets, "Acct-Input-Octets", Kind::kNumber},
    {kAcctOutputOctets, "Acct-Output-Octets", Kind::kNumber},
    {kAcctSessionId, "Acct-Session-Id", Kind::kString},
    {kAcctAuthentic, "Acct-Authentic", Kind::kNumber},
    {kAcctSessionTime, "Acct-Session-Time", Kind::kNumber},
    {kAcctInputPackets, "Acct-Input-Packets", Kind::kNumber},
    {kAcctOutputPackets, "Acct-Output-Packets", Kind::kNumber},
    {kAcctTerminateCause, "Acct-Terminate-Cause", Kind::kNumber},
    {kNasPortType, "NAS-Port-Type", Kind::kNumber},
    {kTunnelClientEndpoint, "Tunnel-Client-Endpoint", Kind::kString},
    {kEapMessage, "EAP-Message", Kind::kHex},
    {kMessageAuthenticator, "Message-Authenticator", Kind::kHex},
};

// Sixteen bytes a line, their characters behind a bar.
void Lines(Bytes bytes, std::string& out) {
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    const Bytes row = bytes.subspan(at, std::min<std::size_t>(16, bytes.size() - at));
    std::string hex, text;
    for (const std::uint8_t b : row) {
      hex += fmt::format("{:02x} ", b);
      text += b >= 0x20 && b < 0x7f ? static_cast<char>(b) : '.';
    }
    hex.resize(51, ' ');
    out += hex + "|  " + text + "\n";
  }
}

void One(std::uint8_t type, Bytes value, std::string& out) {
  const auto* known = std::find_if(std::begin(kKnown), std::end(kKnown), [&](const Known& k) { return k.type == type; });
  const Kind kind = known == std::end(kKnown) ? Kind::kHex : known->kind;
  out += fmt::format("Radius: Type = {} (0x{:02X}) {}\n", type, type, known == std::end(kKnown) ? "Unknown" : known->name);
  out += fmt::format("Radius: Length = {} (0x{:02X})\n", value.size() + 2, value.size() + 2);
  if (kind == Kind::kNumber && value.size() == 4) {
    out += fmt::format("Radius: Value (Hex) = 0x{:X}\n", LoadBe32(value.data()));
  } else if (kind == Kind::kAddress && value.size() == 4) {
    const std::uint32_t a = LoadBe32(value.data());
    out += fmt::format("Radius: Value (IP Address) = {} (0x{:08X})\n", IpAddress::V4(a).ToString(), a);
  } else {
    out += kind == Kind::kString ? "Radius: Value (String) =\n" : "Radius: Value (Hex) =\n";
    Lines(value, out);
  }
}

}  // namespace

std::string RadiusText(const char* what, Bytes message) {
  if (message.size() < kHeader) return {};
  std::string out = fmt::format("RADIUS packet decode ({})\n\n--------------------------------------\nRaw packet data (length = {}).....\n", what,
                                message.size());
  Lines(message, out);
  out += fmt::format("\nParsed packet data.....\nRadius: Code = {} (0x{:02X})\nRadius: Identifier = {} (0x{:02X})\n", message[0], message[0],
                     message[1], message[1]);
  out += fmt::format("Radius: Length = {} (0x{:04X})\nRadius: Vector: ", message.size(), message.size());
  for (const std::uint8_t b : message.subspan(4, 16)) out += fmt::format("{:02X}", b);
  out += "\n";
  for (Bytes rest = message.subspan(kHeader); rest.size() >= 2 && rest[1] >= 2 && rest[1] <= rest.size(); rest = rest.subspan(rest[1])) {
    One(rest[0], rest.subspan(2, rest[1] - std::size_t{2}), out);
  }
  out.pop_back();
  return out;
}

}  // namespace sallyport
