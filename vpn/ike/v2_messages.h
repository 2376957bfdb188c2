// Messages of version 2: bodies of the smaller payloads, the encrypted payload in one piece or in fragments (RFC 7383), and
// which payloads each exchange may have.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firewall/base/result.h"
#include "firewall/types.h"
#include "vpn/crypto/ciphers.h"
#include "vpn/ike/header.h"
#include "vpn/ike/payloads.h"
#include "vpn/ike/rules.h"
#include "vpn/ike/writer.h"

namespace sallyport {

// --- bodies

struct NotifyV2 {
  std::uint8_t protocol = 0;
  std::uint16_t type = 0;
  Bytes spi, data;
};
std::optional<NotifyV2> ReadNotifyV2(Bytes body);
void AddNotifyV2(ChainWriter& out, std::uint8_t protocol, std::uint16_t type, Bytes data = {}, Bytes spi = {});
std::string NotifyNameV2(std::uint16_t type);

struct DeleteV2 {
  std::uint8_t protocol = 0;
  std::vector<std::uint32_t> spis;  // of ESP; none for the IKE SA itself
};
std::optional<DeleteV2> ReadDeleteV2(Bytes body);
void AddDeleteV2(ChainWriter& out, std::uint8_t protocol, std::span<const std::uint32_t> spis);

struct KeV2 {
  std::uint16_t group = 0;
  Bytes data;
};
std::optional<KeV2> ReadKeV2(Bytes body);
void AddKeV2(ChainWriter& out, std::uint16_t group, Bytes data);

struct AuthV2 {
  std::uint8_t method = 0;
  Bytes data;
};
std::optional<AuthV2> ReadAuthV2(Bytes body);
void AddAuthV2(ChainWriter& out, std::uint8_t method, Bytes data);

// An identity. `body` is the payload's, which is what both ends authenticate.
struct IdV2 {
  std::uint8_t type = 0;
  std::vector<std::uint8_t> data;
  std::vector<std::uint8_t> Body() const;
  std::string Text() const;      // "192.0.2.1", "gw.example.com", "cn=gw,o=Example"
  const char* TypeText() const;  // "IPv4 address", as debug output has it
  bool operator==(const IdV2&) const = default;
};
std::optional<IdV2> ReadIdV2(Bytes body);

struct CertV2 {
  std::uint8_t encoding = 0;
  Bytes data;
};
std::optional<CertV2> ReadCertV2(Bytes body);

// Does a NAT_DETECTION notification's hash stand for that address?
std::vector<std::uint8_t> NatHashV2(std::uint64_t spi_i, std::uint64_t spi_r, const Endpoint& at);

// --- encryption

// The messages that carry `chain` (whose first payload is of type `first`) encrypted: one, or fragments of at most `most`
// bytes each, their headers included; 0: never cut. Nothing: it does not fit into 64 fragments, or keys are wrong.
std::vector<std::vector<std::uint8_t>> SealV2(SkKeys& keys, Entropy& entropy, const IkeHeader& header, std::uint8_t first,
                                              Bytes chain, std::size_t most);

struct OpenedV2 {
  std::uint8_t first = 0;  // type of the first payload in `chain`
  std::vector<std::uint8_t> chain;
};

// Puts fragments together, of one message at a time. Nothing is held of a fragment before it was found authentic.
class ReassemblyV2 {
 public:
  static constexpr std::uint16_t kMostPieces = 64;
  static constexpr std::size_t kMostBytes = 65536;
  // One authentic piece. The whole once it is complete.
  std::optional<OpenedV2> Add(std::uint32_t message_id, std::uint16_t number, std::uint16_t total, std::uint8_t first,
                              Bytes plain);
  std::size_t held() const { return bytes_; }
  void Clear();

 private:
  std::uint32_t message_id_ = 0;
  std::uint16_t total_ = 0;
  std::uint8_t first_ = 0;
  std::size_t bytes_ = 0;
  std::map<std::uint16_t, std::vector<std::uint8_t>> pieces_;
};

// What an encrypted message says. kPart: an authentic fragment, others are missing.
struct OpenResultV2 {
  enum class What : std::uint8_t { kWhole, kPart, kForged, kMalformed } what = What::kMalformed;
  OpenedV2 opened;
  bool fragmented = false;
};
// `message` is a whole datagram that begins with `header`; it is overwritten.
OpenResultV2 OpenV2(const SkKeys& keys, ReassemblyV2& pieces, const IkeHeader& header, MutableBytes message);
// Is it one with a fragment, and which? (RFC 7383 2.6.1: an answer is sent again only for the first one.) 0: it is not.
std::uint16_t FragmentNumberV2(const IkeHeader& header, Bytes message);

// --- which payloads there may be

// Nothing, or what is wrong. Of answers with an error notification only the payloads that come with errors are demanded.
std::optional<std::string> CheckV2(std::uint8_t exchange, bool response, std::span<const RawPayload> payloads);
// A payload that we do not know and that is marked critical: its type.
std::optional<std::uint8_t> UnknownCriticalV2(std::span<const RawPayload> payloads);
// The first error notification among them.
std::optional<NotifyV2> ErrorNotifyV2(std::span<const RawPayload> payloads);
std::optional<NotifyV2> FindNotifyV2(std::span<const RawPayload> payloads, std::uint16_t type);

// "SA KE N VID NOTIFY(COOKIE)", as debug output lists a message's payloads.
std::string PayloadListV2(std::span<const RawPayload> payloads);
const char* ExchangeNameV2(std::uint8_t exchange);

}  // namespace sallyport
