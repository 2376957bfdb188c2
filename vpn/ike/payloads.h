// A message's payloads: the chain of generic headers of both versions, and the bodies that version 1 has besides the
// security association (sa_v1.h): identification, notification, deletion.
//
// Reading never copies: what is returned points into the message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "vpn/ike/header.h"

namespace sallyport {

inline constexpr std::size_t kIkeMostPayloads = 64;

struct RawPayload {
  std::uint8_t type = 0;
  bool critical = false;  // version 2
  std::uint8_t next = 0;  // as its generic header names it: that of an encrypted payload is the type of its first inner one
  Bytes body;             // without the generic header

  // With the generic header: it stands before the body in the message.
  Bytes whole() const { return Bytes(body.data() - kIkePayloadHeaderSize, body.size() + kIkePayloadHeaderSize); }
};

enum class ChainEnd : std::uint8_t {
  kPadded,     // version 1: what follows the last payload is padding of the cipher, and ignored
  kExact,      // version 2: the last payload ends where the chain does
  kEncrypted,  // version 2, in clear: as kExact; an encrypted payload (46) or fragment (53) is the last one
};

// The chain that begins with a payload of type `first` at the beginning of `chain`.
Result<std::vector<RawPayload>> ReadPayloads(std::uint8_t first, Bytes chain, ChainEnd end);

// The first one of that type, or null.
const RawPayload* FindPayload(std::span<const RawPayload> payloads, std::uint8_t type);

// --- version 1 bodies

struct IkeIdV1 {
  std::uint8_t type = 0;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;
  Bytes data;
};
std::optional<IkeIdV1> ReadIdV1(Bytes body);

struct NotifyV1 {
  std::uint8_t protocol = 0;
  std::uint16_t type = 0;
  Bytes spi;
  Bytes data;
};
std::optional<NotifyV1> ReadNotifyV1(Bytes body);

struct DeleteV1 {
  std::uint8_t protocol = 0;
  std::uint8_t spi_size = 0;
  std::vector<Bytes> spis;  // each spi_size long, at least one, at most 256
  Bytes rest;               // behind them: the reason, of peers that told the vendor id for it
};
std::optional<DeleteV1> ReadDeleteV1(Bytes body);

// Cisco's fragment of a message (payload 132).
struct FragmentV1 {
  std::uint16_t id = 0;
  std::uint8_t number = 0;  // from 1
  bool last = false;
  Bytes data;
};
std::optional<FragmentV1> ReadFragmentV1(Bytes body);

// "SA (1)", as an ASA's debug output and messages name the payloads of version 1.
std::string PayloadNameV1(std::uint8_t type);

}  // namespace sallyport
