// The header of an IKE message, of both versions (RFC 2408 3.1, RFC 7296 3.1), and the numbers of exchanges and payloads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "firewall/base/bytes.h"

namespace sallyport {

inline constexpr std::size_t kIkeHeaderSize = 28;
inline constexpr std::size_t kIkePayloadHeaderSize = 4;
// Longer ones are refused unread. Certificates in several payloads stay far below it.
inline constexpr std::size_t kIkeLargestMessage = 65535;

// Version 1 calls SPIs cookies. The responder's is 0 in the very first message.
struct IkeHeader {
  std::uint64_t spi_i = 0, spi_r = 0;
  std::uint8_t first = 0;  // type of the first payload
  std::uint8_t version = 0x10;
  std::uint8_t exchange = 0;
  std::uint8_t flags = 0;
  std::uint32_t message_id = 0;
  std::uint32_t length = 0;  // of the whole message, this header included

  std::uint8_t major() const { return version >> 4; }
};

// Consumes the header. Nothing: fewer than 28 bytes. Says nothing about whether `length` is true: IkeMessageBody does.
std::optional<IkeHeader> ReadIkeHeader(Reader& in);
// What follows the header according to its length, or nothing when the length lies outside `message`. Bytes behind the
// length are ignored.
std::optional<Bytes> IkeMessageBody(const IkeHeader& header, Bytes message);
void StoreIkeHeader(const IkeHeader& header, std::uint8_t* out);

namespace ikev1 {

enum Exchange : std::uint8_t {
  kMainMode = 2,
  kAggressiveMode = 4,
  kInformational = 5,
  kTransaction = 6,
  kQuickMode = 32,
  kNewGroup = 33
};

enum Flag : std::uint8_t { kEncrypted = 1, kCommit = 2, kAuthenticationOnly = 4 };

enum Payload : std::uint8_t {
  kNone = 0,
  kSa = 1,
  kProposal = 2,
  kTransform = 3,
  kKe = 4,
  kId = 5,
  kCert = 6,
  kCertReq = 7,
  kHash = 8,
  kSig = 9,
  kNonce = 10,
  kNotify = 11,
  kDelete = 12,
  kVendor = 13,
  kAttributes = 14,  // mode configuration
  kNatD = 20,
  kNatOa = 21,
  kIosKeepalive = 128,  // Cisco's own
  kNatDDraft = 130,     // drafts 02 and 03 of RFC 3947
  kNatOaDraft = 131,
  kFragment = 132  // Cisco's fragmentation of IKE messages
};

enum Notify : std::uint16_t {
  kInvalidPayloadType = 1,
  kInvalidCookie = 4,
  kInvalidMajorVersion = 5,
  kInvalidExchange = 7,
  kInvalidMessageId = 9,
  kInvalidProtocolId = 10,
  kInvalidSpi = 11,
  kNoProposalChosen = 14,
  kPayloadMalformed = 16,
  kInvalidKeyInformation = 17,
  kInvalidIdInformation = 18,
  kInvalidCertificate = 20,
  kInvalidHash = 23,
  kAuthenticationFailed = 24,
  kInvalidSignature = 25,
  kUnsupportedExchange = 29,
  kConnected = 16384,
  kResponderLifetime = 24576,
  kReplayStatus = 24577,
  kInitialContact = 24578,
  kIosKeepaliveRequest = 32768,
  kIosKeepaliveAnswer = 32769,
  kRUThere = 36136,
  kRUThereAck = 36137,
  kLoadBalance = 40501
};

enum Protocol : std::uint8_t { kIsakmp = 1, kAh = 2, kEsp = 3, kIpcomp = 4 };

enum IdType : std::uint8_t {
  kIdIpv4 = 1,
  kIdFqdn = 2,
  kIdUserFqdn = 3,
  kIdIpv4Subnet = 4,
  kIdIpv6 = 5,
  kIdIpv6Subnet = 6,
  kIdIpv4Range = 7,
  kIdIpv6Range = 8,
  kIdDn = 9,
  kIdGeneralName = 10,
  kIdKeyId = 11
};

}  // namespace ikev1

}  // namespace sallyport
