// Numbers of IKE version 2 on the wire (RFC 7296, 7383, 7427).
#pragma once

#include <cstddef>
#include <cstdint>

namespace sallyport::ikev2 {

inline constexpr std::uint8_t kVersion = 0x20;

enum Exchange : std::uint8_t { kInit = 34, kAuth = 35, kCreateChild = 36, kInformational = 37 };
enum Flag : std::uint8_t { kFromInitiator = 0x08, kHigherVersion = 0x10, kResponse = 0x20 };
enum Payload : std::uint8_t {
  kSa = 33,
  kKe = 34,
  kIdI = 35,
  kIdR = 36,
  kCert = 37,
  kCertReq = 38,
  kAuthentication = 39,
  kNonce = 40,
  kNotify = 41,
  kDelete = 42,
  kVendor = 43,
  kTsI = 44,
  kTsR = 45,
  kEncrypted = 46,
  kConfiguration = 47,
  kEap = 48,
  kFragment = 53
};
enum TransformType : std::uint8_t { kEncr = 1, kPrf = 2, kInteg = 3, kGroup = 4, kEsn = 5 };
enum Protocol : std::uint8_t { kNoProtocol = 0, kIke = 1, kAh = 2, kEsp = 3 };
inline constexpr std::uint16_t kKeyLength = 14;  // the only attribute of a transform
inline constexpr std::uint16_t kEncrNull = 11;

enum Notify : std::uint16_t {
  kUnsupportedCriticalPayload = 1,
  kInvalidIkeSpi = 4,
  kInvalidMajorVersion = 5,
  kInvalidSyntax = 7,
  kInvalidMessageId = 9,
  kInvalidSpi = 11,
  kNoProposalChosen = 14,
  kInvalidKePayload = 17,
  kAuthenticationFailed = 24,
  kSinglePairRequired = 34,
  kNoAdditionalSas = 35,
  kInternalAddressFailure = 36,
  kFailedCpRequired = 37,
  kTsUnacceptable = 38,
  kInvalidSelectors = 39,
  kTemporaryFailure = 43,
  kChildSaNotFound = 44,
  kFirstStatus = 16384,  // errors are below
  kInitialContact = 16384,
  kSetWindowSize = 16385,
  kAdditionalTsPossible = 16386,
  kNatDetectionSource = 16388,
  kNatDetectionDestination = 16389,
  kCookie = 16390,
  kUseTransportMode = 16391,
  kRekeySa = 16393,
  kEspTfcPaddingNotSupported = 16394,
  kNonFirstFragmentsAlso = 16395,
  kMobikeSupported = 16396,
  kEapOnlyAuthentication = 16417,
  kFragmentationSupported = 16430,
  kSignatureHashAlgorithms = 16431
};

enum IdType : std::uint8_t {
  kIdIpv4 = 1,
  kIdFqdn = 2,
  kIdRfc822 = 3,
  kIdIpv6 = 5,
  kIdDn = 9,
  kIdGeneralName = 10,
  kIdKeyId = 11
};
enum AuthMethod : std::uint8_t {
  kRsaSignature = 1,
  kSharedKey = 2,
  kEcdsa256 = 9,
  kEcdsa384 = 10,
  kEcdsa521 = 11,
  kDigitalSignature = 14
};
enum TsType : std::uint8_t { kTsIpv4Range = 7, kTsIpv6Range = 8 };
enum CertEncoding : std::uint8_t { kX509Signature = 4 };
enum CpType : std::uint8_t { kCpRequest = 1, kCpReply = 2, kCpSet = 3, kCpAck = 4 };
enum CpAttribute : std::uint16_t {
  kIp4Address = 1,
  kIp4Netmask = 2,
  kIp4Dns = 3,
  kIp4Nbns = 4,
  kIp4Dhcp = 6,
  kApplicationVersion = 7,
  kIp6Address = 8,
  kIp6Dns = 10,
  kIp4Subnet = 13,
  kSupportedAttributes = 14,
  kUnityBanner = 28672,
  kUnityDefaultDomain = 28674,
  kUnitySplitDns = 28675,
  kUnitySplitInclude = 28676
};

inline constexpr std::size_t kLeastNonce = 16, kMostNonce = 256;
inline constexpr std::size_t kOurNonce = 64;  // as an ASA's

// Vendor id of peers that read reasons in a DELETE.
inline constexpr std::uint8_t kDeleteReasonVid[] = {'C', 'I', 'S', 'C', 'O', '-', 'D', 'E', 'L', 'E',
                                                    'T', 'E', '-', 'R', 'E', 'A', 'S', 'O', 'N'};

}  // namespace sallyport::ikev2
