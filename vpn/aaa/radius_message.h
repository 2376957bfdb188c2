// RADIUS on the wire (RFC 2865, 2866, 2869, 3579, 2548): reading with every length checked, writing, and what a shared secret does:
// hidden passwords, authenticators, keys of MS-MPPE. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/ip_address.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/secret.h"

namespace sallyport {

namespace radius {
enum Code : std::uint8_t {
  kAccessRequest = 1,
  kAccessAccept = 2,
  kAccessReject = 3,
  kAccountingRequest = 4,
  kAccountingResponse = 5,
  kAccessChallenge = 11
};
enum Attribute : std::uint8_t {
  kUserName = 1,
  kUserPassword = 2,
  kNasIpAddress = 4,
  kNasPort = 5,
  kServiceType = 6,
  kFramedProtocol = 7,
  kFramedIpAddress = 8,
  kFramedIpNetmask = 9,
  kFilterId = 11,
  kReplyMessage = 18,
  kState = 24,
  kClass = 25,
  kVendorSpecific = 26,
  kSessionTimeout = 27,
  kIdleTimeout = 28,
  kCalledStationId = 30,
  kCallingStationId = 31,
  kNasIdentifier = 32,
  kAcctStatusType = 40,
  kAcctDelayTime = 41,
  kAcctInputOctets = 42,
  kAcctOutputOctets = 43,
  kAcctSessionId = 44,
  kAcctAuthentic = 45,
  kAcctSessionTime = 46,
  kAcctInputPackets = 47,
  kAcctOutputPackets = 48,
  kAcctTerminateCause = 49,
  kAcctInputGigawords = 52,
  kAcctOutputGigawords = 53,
  kNasPortType = 61,
  kTunnelClientEndpoint = 66,
  kEapMessage = 79,
  kMessageAuthenticator = 80,
  kFramedInterfaceId = 96,
  kFramedIpv6Prefix = 97,
  kFramedIpv6Address = 168
};
inline constexpr std::uint32_t kCisco3000 = 3076;  // the vendor of an ASA's own attributes
inline constexpr std::uint32_t kMicrosoft = 311;
enum Microsoft : std::uint8_t {
  kMsChapError = 2,
  kMsChapNtEncPw = 6,
  kMsChapChallenge = 11,
  kMppeSendKey = 16,
  kMppeRecvKey = 17,
  kMsChap2Response = 25,
  kMsChap2Success = 26,
  kMsChap2Cpw = 27
};
inline constexpr std::uint32_t kCisco = 9;
inline constexpr std::uint8_t kCiscoAvPair = 1;
enum Cisco3000 : std::uint8_t {
  kAccessHours = 1,
  kSimultaneousLogins = 2,
  kPrimaryDns = 5,
  kSecondaryDns = 6,
  kPrimaryWins = 7,
  kSecondaryWins = 8,
  kTunnelingProtocols = 11,
  kBanner1 = 15,
  kAllowPasswordStore = 16,
  kGroupPolicy = 25,
  kSplitTunnelList = 27,
  kDefaultDomain = 28,
  kBanner2 = 36,
  kSplitTunnelPolicy = 55,
  kTunnelGroupLock = 85,
  kTunnelGroupName = 146,
  kClientType = 150,
  kAddressPools = 217,
  kPrivilegeLevel = 220
};

inline constexpr std::size_t kHeader = 20, kLargest = 4096, kMostValue = 253, kMostPassword = 128;
}  // namespace radius

using RadiusAuthenticator = std::array<std::uint8_t, 16>;

struct RadiusAttribute {
  std::uint8_t type = 0;
  Bytes value;
  std::uint32_t vendor = 0;  // of kVendorSpecific, whose `type` is then the vendor's own
};

// A message; its parts lie in the bytes that were read.
struct RadiusMessage {
  std::uint8_t code = 0, id = 0;
  Bytes whole;  // as long as it says that it is
  std::vector<RadiusAttribute> attributes;  // in order; what a vendor has put into one of his, each by itself

  const RadiusAttribute* Find(std::uint8_t type, std::uint32_t vendor = 0) const;
  std::string Text(std::uint8_t type, std::uint32_t vendor = 0) const;  // all of that type, one behind another
  std::optional<std::uint32_t> Number(std::uint8_t type, std::uint32_t vendor = 0) const;
  std::optional<IpAddress> Address(std::uint8_t type, std::uint32_t vendor = 0) const;
  std::vector<std::uint8_t> Eap() const;  // out of its attributes
};
// Nothing: a length is wrong. Bytes behind the message's end are padding.
std::optional<RadiusMessage> ReadRadius(Bytes datagram);

// Is it a response to the request that had this authenticator, from somebody who knows the secret?
bool ResponseIsGenuine(const RadiusMessage& response, const RadiusAuthenticator& request, Bytes secret);
enum class RadiusSignature : std::uint8_t { kNone, kGood, kBad };
// Its Message-Authenticator. `request`: what stands in the place of the authenticator while it is computed.
RadiusSignature SignatureOf(const RadiusMessage& message, const RadiusAuthenticator& request, Bytes secret);

// RFC 2865 5.2: what hides a password; `password` is at most 128 bytes long.
std::vector<std::uint8_t> HidePassword(Bytes password, const RadiusAuthenticator& request, Bytes secret);
// RFC 2548 2.4.2: the key in a value of MS-MPPE-Send-Key or -Recv-Key; empty: it is none.
Secret MppeKey(Bytes value, const RadiusAuthenticator& request, Bytes secret);

// A request. Attributes that do not fit any more are left out, and Finish tells.
class RadiusWriter {
 public:
  RadiusWriter(std::uint8_t code, std::uint8_t id, const RadiusAuthenticator& authenticator);
  void Add(std::uint8_t type, Bytes value);  // at most 253 bytes
  void Text(std::uint8_t type, std::string_view text);
  void Number(std::uint8_t type, std::uint32_t n);
  void Address(std::uint8_t type, IpAddress a);  // of IPv4
  void Vendor(std::uint32_t vendor, std::uint8_t type, Bytes value);
  void Eap(Bytes message);  // over as many attributes as it takes
  // An Access-Request, signed (Message-Authenticator stands first, as RFC 9765's authors want it). Empty: it was too long.
  std::vector<std::uint8_t> FinishSigned(Bytes secret);
  // An Accounting-Request: its authenticator is a digest of it.
  std::vector<std::uint8_t> FinishAccounting(Bytes secret);

 private:
  std::vector<std::uint8_t> out_;
  std::size_t signature_ = 0;
  bool fits_ = true;
};

}  // namespace sallyport
