#include "vpn/esp/esp.h"

#include <openssl/evp.h>

#include <algorithm>

#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

enum class Kind : std::uint8_t { kNull, kCbc, kGcm, kGmac };

Kind KindOf(VpnCipher cipher) {
  if (cipher == VpnCipher::kNone) return Kind::kNull;
  if (TraitsOf(cipher).block > 1) return Kind::kCbc;
  return cipher >= VpnCipher::kAesGmac128 ? Kind::kGmac : Kind::kGcm;
}

Status Check(const EspKeys& keys) {
  const CipherTraits& c = TraitsOf(keys.cipher);
  if (keys.cipher == VpnCipher::kRc4) return Error{"RC4 is no transform of ESP"};
  if (keys.cipher != VpnCipher::kNone && CryptoLibrary::Get().Cipher(keys.cipher) == nullptr)
    return Error{"the cryptographic library lacks the cipher"};
  if (c.aead && keys.hash != VpnHash::kNone) return Error{"a cipher that authenticates takes no hash"};
  if (keys.cipher == VpnCipher::kNone && keys.hash == VpnHash::kNone) return Error{"neither encryption nor authentication"};
  if (keys.encryption.size() != c.material() || keys.integrity.size() != TraitsOf(keys.hash).size)
    return Error{"a key has the wrong length"};
  return {};
}

// A context with the key in it; null when there is nothing to encrypt. `encrypt` as for EVP_CipherInit.
Result<std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>> MakeContext(const EspKeys& keys, int encrypt) {
  std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context;
  if (keys.cipher == VpnCipher::kNone) return context;
  context.reset(EVP_CIPHER_CTX_new());
  static constexpr std::uint8_t kZero[16] = {};
  if (!context ||
      EVP_CipherInit_ex2(context.get(), CryptoLibrary::Get().Cipher(keys.cipher), keys.encryption.bytes().data(), kZero, encrypt, nullptr) != 1 ||
      EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1)
    return Error{"the cipher cannot be set up: " + CryptoError()};
  return context;
}

constexpr std::size_t kHeader = 8;

}  // namespace

void FreeCipher::operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }

EspShape EspShape::Of(VpnCipher cipher, VpnHash hash) {
  const CipherTraits& c = TraitsOf(cipher);
  EspShape s;
  s.iv = c.iv;
  s.align = std::max<std::uint8_t>(4, c.block);
  s.icv = c.aead ? c.icv : TraitsOf(hash).icv;
  return s;
}

ShownOverhead ShownOverheadOf(VpnCipher cipher, VpnHash hash, bool nat_t, int outer) {
  const EspShape s = EspShape::Of(cipher, hash);
  ShownOverhead o;
  o.before_payload = outer + (nat_t ? 8 : 0) + static_cast<int>(s.Front());
  // The cipher's block, not what ESP pads to: 55(36) with AES-GCM, where up to 57 are added.
  o.total = o.before_payload + s.icv + 2 + TraitsOf(cipher).block;
  return o;
}

Result<EspSealer> EspSealer::Make(const EspKeys& keys, std::uint32_t spi, Entropy& entropy) {
  if (Status s = Check(keys); !s) return Error{s.error()};
  Result<std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>> context = MakeContext(keys, 1);
  if (!context) return Error{context.error()};
  EspSealer out;
  out.shape_ = EspShape::Of(keys.cipher, keys.hash);
  out.spi_ = spi;
  out.cipher_ = keys.cipher;
  out.context_ = std::move(*context);
  const CipherTraits& c = TraitsOf(keys.cipher);
  if (c.salt != 0) std::copy_n(keys.encryption.bytes().data() + c.key, c.salt, out.salt_);
  entropy.Fill(out.nonce_);
  if (keys.hash != VpnHash::kNone) out.hmac_ = HmacState(keys.hash, keys.integrity.bytes());
  return out;
}

bool EspSealer::Seal(std::uint8_t next, MutableBytes buffer, std::size_t payload_at, std::size_t payload, MutableBytes& esp) {
  const std::size_t front = shape_.Front(), size = shape_.Size(payload);
  if (used_up() || payload_at < front || payload_at > buffer.size() || buffer.size() - payload_at + front < size) return false;
  ++sequence_;
  std::uint8_t* const at = buffer.data() + payload_at - front;
  std::uint8_t* const text = at + front;
  const std::size_t text_size = size - front - shape_.icv;
  std::uint8_t* const icv = text + text_size;
  StoreBe32(at, spi_);
  StoreBe32(at + 4, sequence_);
  const std::size_t pad = text_size - payload - 2;
  for (std::size_t i = 0; i < pad; ++i) text[payload + i] = static_cast<std::uint8_t>(i + 1);
  text[text_size - 2] = static_cast<std::uint8_t>(pad);
  text[text_size - 1] = next;

  int n = 0;
  EVP_CIPHER_CTX* const context = context_.get();
  const Kind kind = KindOf(cipher_);
  switch (kind) {
    case Kind::kNull: break;
    case Kind::kCbc: {
      // The IV is a block of its own in front of the text: a nonce that never comes twice, encrypted with the key (SP 800-38A,
      // appendix C), so it cannot be foretold, and the context's chain needs no new start for each packet.
      std::copy_n(nonce_, shape_.iv, at + kHeader);
      StoreBe32(at + kHeader, LoadBe32(nonce_) ^ sequence_);
      if (EVP_EncryptUpdate(context, at + kHeader, &n, at + kHeader, static_cast<int>(shape_.iv + text_size)) != 1) return false;
      break;
    }
    case Kind::kGcm:
    case Kind::kGmac: {
      // The IV must differ from packet to packet and may be foretold: the sequence number (RFC 4106 3.1).
      std::uint8_t nonce[12] = {};
      std::copy_n(salt_, 4, nonce);
      StoreBe32(nonce + 8, sequence_);
      std::copy_n(nonce + 4, 8, at + kHeader);
      if (EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce, nullptr) != 1) return false;
      if (kind == Kind::kGcm) {
        if (EVP_EncryptUpdate(context, nullptr, &n, at, kHeader) != 1 ||
            EVP_EncryptUpdate(context, text, &n, text, static_cast<int>(text_size)) != 1)
          return false;
      } else if (EVP_EncryptUpdate(context, nullptr, &n, at, static_cast<int>(front + text_size)) != 1) {
        return false;
      }
      if (EVP_EncryptFinal_ex(context, icv, &n) != 1 || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, icv) != 1) return false;
      break;
    }
  }
  hmac_.Compute({at, front + text_size}, icv, shape_.icv);
  esp = {at, size};
  return true;
}

Result<EspOpener> EspOpener::Make(const EspKeys& keys, std::uint32_t spi, std::uint32_t window) {
  if (Status s = Check(keys); !s) return Error{s.error()};
  Result<std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>> context = MakeContext(keys, 0);
  if (!context) return Error{context.error()};
  EspOpener out;
  out.shape_ = EspShape::Of(keys.cipher, keys.hash);
  out.spi_ = spi;
  out.cipher_ = keys.cipher;
  out.window_ = ReplayWindow(window);
  out.context_ = std::move(*context);
  const CipherTraits& c = TraitsOf(keys.cipher);
  if (c.salt != 0) std::copy_n(keys.encryption.bytes().data() + c.key, c.salt, out.salt_);
  if (keys.hash != VpnHash::kNone) out.hmac_ = HmacState(keys.hash, keys.integrity.bytes());
  return out;
}

EspOpener::Why EspOpener::Open(MutableBytes esp, std::uint8_t& next, MutableBytes& payload) {
  const std::size_t front = shape_.Front();
  if (esp.size() < front + shape_.align + shape_.icv || (esp.size() - front - shape_.icv) % shape_.align != 0) return Why::kShort;
  std::uint8_t* const at = esp.data();
  const std::uint32_t sequence = LoadBe32(at + 4);
  if (!window_.MayAccept(sequence)) return Why::kReplay;
  std::uint8_t* const text = at + front;
  const std::size_t text_size = esp.size() - front - shape_.icv;
  std::uint8_t* const icv = text + text_size;

  int n = 0;
  EVP_CIPHER_CTX* const context = context_.get();
  const Kind kind = KindOf(cipher_);
  if (kind == Kind::kGcm || kind == Kind::kGmac) {
    std::uint8_t nonce[12];
    std::copy_n(salt_, 4, nonce);
    std::copy_n(at + kHeader, 8, nonce + 4);
    if (EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce, nullptr) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, icv) != 1)
      return Why::kIcv;
    const bool done = kind == Kind::kGcm ? EVP_DecryptUpdate(context, nullptr, &n, at, kHeader) == 1 &&
                                               EVP_DecryptUpdate(context, text, &n, text, static_cast<int>(text_size)) == 1
                                         : EVP_DecryptUpdate(context, nullptr, &n, at, static_cast<int>(front + text_size)) == 1;
    std::uint8_t nothing[16];
    if (!done || EVP_DecryptFinal_ex(context, nothing, &n) != 1) return Why::kIcv;
    window_.Accept(sequence);
  } else {
    if (shape_.icv != 0) {
      std::uint8_t expected[64];
      hmac_.Compute({at, front + text_size}, expected, shape_.icv);
      if (!SameBytes({expected, shape_.icv}, {icv, shape_.icv})) return Why::kIcv;
    }
    window_.Accept(sequence);
    // The IV goes through the cipher as if it were text: it comes out spoiled, and the chain is right behind it whatever the
    // packet before was.
    if (kind == Kind::kCbc &&
        EVP_DecryptUpdate(context, at + kHeader, &n, at + kHeader, static_cast<int>(shape_.iv + text_size)) != 1)
      return Why::kPadding;
  }
  const std::size_t pad = text[text_size - 2];
  if (pad + 2 > text_size) return Why::kPadding;
  const std::size_t size = text_size - 2 - pad;
  for (std::size_t i = 0; i < pad; ++i)
    if (text[size + i] != static_cast<std::uint8_t>(i + 1)) return Why::kPadding;
  next = text[text_size - 1];
  payload = {text, size};
  return Why::kOk;
}

}  // namespace sallyport
