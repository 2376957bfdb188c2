// One direction of an ESP security association (RFC 4303): puts packets into ESP and takes them out, in place.
//
// Knows neither IP nor UDP: what is in front of ESP is outer_header.h's. A sealer or opener keeps its cipher context with the
// key in it, and a packet costs only what depends on it. Used by one thread, the data thread.
//
//   SPI 4 | sequence 4 | IV | payload | 1, 2, 3 ... | pad length 1 | next header 1 | ICV
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/hmac_state.h"
#include "vpn/esp/esp_keys.h"
#include "vpn/esp/replay_window.h"

namespace sallyport {

// What a transform adds. All sizes of one SA come from here, for sealing as for `path mtu ..., ipsec overhead`.
struct EspShape {
  std::uint8_t header = 8;  // SPI and sequence number
  std::uint8_t iv = 0;
  std::uint8_t align = 4;   // payload, padding and its two bytes are a multiple of this
  std::uint8_t icv = 0;
  static EspShape Of(VpnCipher cipher, VpnHash hash);

  std::size_t Front() const { return std::size_t{header} + iv; }
  // Everything, from the SPI to the last byte of the ICV.
  std::size_t Size(std::size_t payload) const { return Front() + (payload + 2 + align - 1) / align * align + icv; }
  std::size_t Overhead(std::size_t payload) const { return Size(payload) - payload; }
  // The largest payload of which ESP has at most `esp_bytes`; 0: none.
  std::size_t LargestPayload(std::size_t esp_bytes) const {
    if (esp_bytes < Front() + icv + align) return 0;
    return (esp_bytes - Front() - icv) / align * align - 2;
  }
};

// `ipsec overhead X(Y)` of 9.x; 8.2 prints X alone. `nat_t`: within UDP 4500. `outer`: 20 for IPv4, 40 for IPv6.
struct ShownOverhead {
  int total = 0;
  int before_payload = 0;
};
ShownOverhead ShownOverheadOf(VpnCipher cipher, VpnHash hash, bool nat_t, int outer = 20);

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* c) const;
};

class EspSealer {
 public:
  // The entropy makes the initialization vectors of CBC unpredictable; it is used here and not kept. Refused: keys of a wrong
  // size, a transform that the library lacks, neither encryption nor authentication.
  static Result<EspSealer> Make(const EspKeys& keys, std::uint32_t spi, Entropy& entropy);

  const EspShape& shape() const { return shape_; }
  std::uint32_t spi() const { return spi_; }
  // Of the last packet; 0: none yet.
  std::uint32_t sequence() const { return sequence_; }
  bool used_up() const { return sequence_ == UINT32_MAX; }
  std::size_t Overhead(std::size_t payload) const { return shape_.Overhead(payload); }
  std::size_t LargestPayload(std::size_t esp_bytes) const { return shape_.LargestPayload(esp_bytes); }

  // The payload is `payload` bytes of `buffer` at `payload_at`; ESP is written around it: shape().Front() bytes in front must
  // be free, and behind it what Size() says. `esp` is then the whole. False: the buffer is too small, or all sequence numbers
  // are used up (RFC 4303 3.3.3: never twice).
  bool Seal(std::uint8_t next, MutableBytes buffer, std::size_t payload_at, std::size_t payload, MutableBytes& esp);

 private:
  EspSealer() = default;
  EspShape shape_;
  std::uint32_t spi_ = 0;
  std::uint32_t sequence_ = 0;
  VpnCipher cipher_ = VpnCipher::kNone;
  std::uint8_t salt_[4] = {};
  std::uint8_t nonce_[16] = {};  // CBC: what the IV is made of
  std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context_;
  HmacState hmac_;
};

class EspOpener {
 public:
  enum class Why : std::uint8_t { kOk, kShort, kReplay, kIcv, kPadding };
  // `window`: of the replay protection, 0: off.
  static Result<EspOpener> Make(const EspKeys& keys, std::uint32_t spi, std::uint32_t window);

  const EspShape& shape() const { return shape_; }
  std::uint32_t spi() const { return spi_; }
  // `esp` is the whole of a packet whose SPI is ours. On kOk `payload` lies within it and `next` says what it is (4: IPv4, 41:
  // IPv6, 59: a dummy, to be thrown away). The window moves when the ICV was right. On failure the bytes may be spoiled.
  Why Open(MutableBytes esp, std::uint8_t& next, MutableBytes& payload);

  const ReplayWindow& window() const { return window_; }
  void Restore(const ReplayWindow& window) { window_ = window; }  // for a run that leaves no trace

 private:
  EspOpener() = default;
  EspShape shape_;
  std::uint32_t spi_ = 0;
  VpnCipher cipher_ = VpnCipher::kNone;
  std::uint8_t salt_[4] = {};
  ReplayWindow window_{0};
  std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context_;
  HmacState hmac_;
};

// The kernel may hand over several UDP datagrams of one flow as one, without their borders. All but the last have the same
// length, and each begins with an SPI and a sequence number: the borders are where `known(spi)` holds and the number is near
// the one before, all the way. Appends the pieces to `out`; false, and nothing appended: no such division, or only one packet.
// Whatever is found, only a right ICV proves it.
using SpiKnown = bool (*)(const void* context, std::uint32_t spi);
bool SplitMergedUdp(MutableBytes udp_payload, SpiKnown known, const void* context, std::vector<MutableBytes>& out);

}  // namespace sallyport
