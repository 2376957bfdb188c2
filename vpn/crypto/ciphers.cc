#include "vpn/crypto/ciphers.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "vpn/crypto/digests.h"
#include "vpn/crypto/library.h"
#include "vpn/crypto/traits.h"

namespace sallyport {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

bool IsCbc(VpnCipher cipher) { return TraitsOf(cipher).block > 1; }

bool WellFormed(const SkKeys& keys) {
  const CipherTraits& t = TraitsOf(keys.cipher);
  if (CryptoLibrary::Get().Cipher(keys.cipher) == nullptr || keys.encryption.size() != t.material()) return false;
  if (t.aead) return keys.integrity == VpnHash::kNone && keys.cipher <= VpnCipher::kAesGcm256;
  return IsCbc(keys.cipher) && keys.integrity != VpnHash::kNone && keys.authentication.size() == TraitsOf(keys.integrity).size;
}

std::size_t IcvSize(const SkKeys& keys) {
  return TraitsOf(keys.cipher).aead ? TraitsOf(keys.cipher).icv : TraitsOf(keys.integrity).icv;
}

// `text` in place; `icv` is written or compared.
bool Gcm(const SkKeys& keys, bool encrypt, Bytes associated, Bytes iv, MutableBytes text, MutableBytes icv) {
  const CipherTraits& t = TraitsOf(keys.cipher);
  std::uint8_t nonce[12];
  std::copy_n(keys.encryption.bytes().data() + t.key, 4, nonce);
  std::copy_n(iv.data(), 8, nonce + 4);
  Context context(EVP_CIPHER_CTX_new());
  int n = 0;
  const int mode = encrypt ? 1 : 0;
  if (!context ||
      EVP_CipherInit_ex2(context.get(), CryptoLibrary::Get().Cipher(keys.cipher), keys.encryption.bytes().data(), nonce, mode, nullptr) != 1 ||
      EVP_CipherUpdate(context.get(), nullptr, &n, associated.data(), static_cast<int>(associated.size())) != 1)
    return false;
  if (!encrypt && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(icv.size()), icv.data()) != 1) return false;
  if (EVP_CipherUpdate(context.get(), text.data(), &n, text.data(), static_cast<int>(text.size())) != 1) return false;
  if (EVP_CipherFinal_ex(context.get(), text.data() + n, &n) != 1) return false;
  return !encrypt || EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(icv.size()), icv.data()) == 1;
}

}  // namespace

bool CbcCrypt(VpnCipher cipher, bool encrypt, Bytes key, MutableBytes iv, MutableBytes data) {
  const CipherTraits& t = TraitsOf(cipher);
  const EVP_CIPHER* method = CryptoLibrary::Get().Cipher(cipher);
  if (method == nullptr || !IsCbc(cipher) || key.size() != t.key || iv.size() != t.iv || data.size() % t.block != 0 ||
      data.size() > (1u << 30))
    return false;
  if (data.empty()) return true;
  std::uint8_t last[16];
  if (!encrypt) std::copy_n(data.data() + data.size() - t.iv, t.iv, last);
  Context context(EVP_CIPHER_CTX_new());
  int n = 0;
  if (!context || EVP_CipherInit_ex2(context.get(), method, key.data(), iv.data(), encrypt ? 1 : 0, nullptr) != 1 ||
      EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1 ||
      EVP_CipherUpdate(context.get(), data.data(), &n, data.data(), static_cast<int>(data.size())) != 1 ||
      static_cast<std::size_t>(n) != data.size())
    return false;
  std::copy_n(encrypt ? data.data() + data.size() - t.iv : last, t.iv, iv.data());
  return true;
}

std::size_t SkSize(const SkKeys& keys, std::size_t plain) {
  const CipherTraits& t = TraitsOf(keys.cipher);
  return t.iv + (plain + 1 + t.block - 1) / t.block * t.block + IcvSize(keys);
}

std::size_t SkRoom(const SkKeys& keys, std::size_t body) {
  const CipherTraits& t = TraitsOf(keys.cipher);
  const std::size_t fixed = t.iv + IcvSize(keys);
  if (body < fixed + t.block) return 0;
  return (body - fixed) / t.block * t.block - 1;
}

bool SealSk(SkKeys& keys, Entropy& entropy, std::vector<std::uint8_t>& message, std::size_t at) {
  if (!WellFormed(keys) || at > message.size()) return false;
  const CipherTraits& t = TraitsOf(keys.cipher);
  const std::size_t plain = message.size() - at;
  const std::size_t icv = IcvSize(keys);
  const std::size_t size = SkSize(keys, plain);
  message.resize(at + size);
  std::uint8_t* const body = message.data() + at;
  std::copy_backward(body, body + plain, body + t.iv + plain);
  const std::size_t text = size - t.iv - icv;
  const std::size_t pad = text - plain - 1;
  std::fill_n(body + t.iv + plain, pad, std::uint8_t{0});
  body[t.iv + text - 1] = static_cast<std::uint8_t>(pad);
  if (t.aead) {
    StoreBe64(body, ++keys.sealed);
    return Gcm(keys, true, Bytes(message).first(at), {body, t.iv}, {body + t.iv, text}, {body + t.iv + text, icv});
  }
  ++keys.sealed;
  entropy.Fill({body, t.iv});
  std::uint8_t iv[16];
  std::copy_n(body, t.iv, iv);
  if (!CbcCrypt(keys.cipher, true, keys.encryption.bytes(), {iv, t.iv}, {body + t.iv, text})) return false;
  Hmac(keys.integrity, keys.authentication.bytes(), {Bytes(message).first(message.size() - icv)}, {body + t.iv + text, icv});
  return true;
}

std::optional<MutableBytes> OpenSk(const SkKeys& keys, MutableBytes message, std::size_t at) {
  if (!WellFormed(keys) || at > message.size()) return {};
  const CipherTraits& t = TraitsOf(keys.cipher);
  const std::size_t icv = IcvSize(keys);
  const MutableBytes body = message.subspan(at);
  if (body.size() < t.iv + icv + t.block || (body.size() - t.iv - icv) % t.block != 0) return {};
  const MutableBytes text = body.subspan(t.iv, body.size() - t.iv - icv);
  if (t.aead) {
    if (!Gcm(keys, false, message.first(at), body.first(t.iv), text, body.last(icv))) {
      Cleanse(text);  // GCM decrypts before it knows
      return {};
    }
  } else {
    std::uint8_t expected[64];
    Hmac(keys.integrity, keys.authentication.bytes(), {message.first(message.size() - icv)}, {expected, icv});
    if (!SameBytes({expected, icv}, body.last(icv))) return {};
    std::uint8_t iv[16];
    std::copy_n(body.data(), t.iv, iv);
    if (!CbcCrypt(keys.cipher, false, keys.encryption.bytes(), {iv, t.iv}, text)) return {};
  }
  const std::size_t pad = text.back();
  if (pad + 1 > text.size()) return {};
  return text.first(text.size() - pad - 1);
}

}  // namespace sallyport
