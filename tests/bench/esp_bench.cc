// Packets of 1,400 bytes into ESP and out of it, beside the library's bare functions on the same bytes, which is what
// `openssl speed` measures: read `*Plain` against `Seal` and `Open`. Items are packets, bytes are payload.
#include <benchmark/benchmark.h>

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "tests/vpn/esp/transforms.h"
#include "vpn/crypto/library.h"
#include "vpn/esp/outer_header.h"

namespace sallyport {
namespace {

constexpr std::size_t kPayload = 1400;
constexpr EspTransform kGcm256{VpnCipher::kAesGcm256, VpnHash::kNone}, kGcm128{VpnCipher::kAesGcm128, VpnHash::kNone},
    kCbcSha1{VpnCipher::kAes128, VpnHash::kSha1}, kCbcSha256{VpnCipher::kAes256, VpnHash::kSha256}, k3DesMd5{VpnCipher::k3Des, VpnHash::kMd5};

void Done(benchmark::State& state, std::size_t payload = kPayload) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(payload));
}

void Seal(benchmark::State& state, EspTransform t, std::size_t payload) {
  SystemEntropy entropy;
  EspSealer sealer = std::move(*EspSealer::Make(KeysFor(t), 1, entropy));
  std::vector<std::uint8_t> buffer(64 + payload + 128);
  const OuterPath path{IpAddress::V4(0x0a000001), IpAddress::V4(0x0a000002), true};
  MutableBytes esp;
  for (auto _ : state) {
    if (!sealer.Seal(4, buffer, 64, payload, esp)) state.SkipWithError("not sealed");
    benchmark::DoNotOptimize(WriteOuter(path, {}, 1, esp).data());
  }
  Done(state, payload);
}

void Open(benchmark::State& state, EspTransform t, std::size_t payload) {
  SystemEntropy entropy;
  EspSealer sealer = std::move(*EspSealer::Make(KeysFor(t), 1, entropy));
  EspOpener opener = std::move(*EspOpener::Make(KeysFor(t), 1, 0));  // the same packet again and again
  std::vector<std::uint8_t> buffer(64 + payload + 128);
  MutableBytes esp, out;
  if (!sealer.Seal(4, buffer, 64, payload, esp)) return state.SkipWithError("not sealed");
  const std::vector<std::uint8_t> sealed(esp.begin(), esp.end());
  std::vector<std::uint8_t> work(sealed.size());
  std::uint8_t next = 0;
  for (auto _ : state) {
    std::copy(sealed.begin(), sealed.end(), work.begin());
    if (opener.Open(work, next, out) != EspOpener::Why::kOk) state.SkipWithError("not opened");
    benchmark::DoNotOptimize(out.data());
  }
  Done(state, payload);
}

// One AEAD operation for each packet: nonce, 8 bytes of associated data, text, tag.
void GcmPlain(benchmark::State& state, EspTransform t, bool encrypt) {
  const EspKeys keys = KeysFor(t);
  EVP_CIPHER_CTX* c = EVP_CIPHER_CTX_new();
  std::uint8_t nonce[12] = {}, associated[8] = {}, tag[16] = {};
  std::vector<std::uint8_t> in(kPayload + 2 + 2), out(in.size());
  int n = 0;
  EVP_CipherInit_ex2(c, CryptoLibrary::Get().Cipher(t.cipher), keys.encryption.bytes().data(), nonce, 1, nullptr);
  const auto run = [&](const std::uint8_t* from, std::uint8_t* to) {
    EVP_CipherInit_ex2(c, nullptr, nullptr, nonce, -1, nullptr);
    if (!encrypt) EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, tag);
    EVP_CipherUpdate(c, nullptr, &n, associated, 8);
    EVP_CipherUpdate(c, to, &n, from, static_cast<int>(in.size()));
    const int good = EVP_CipherFinal_ex(c, to, &n);
    if (encrypt) EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag);
    return good;
  };
  std::vector<std::uint8_t> sealed(in.size());
  if (!encrypt) {
    EVP_CipherUpdate(c, nullptr, &n, associated, 8);
    EVP_CipherUpdate(c, sealed.data(), &n, in.data(), static_cast<int>(in.size()));
    EVP_CipherFinal_ex(c, sealed.data(), &n);
    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag);
    EVP_CipherInit_ex2(c, CryptoLibrary::Get().Cipher(t.cipher), keys.encryption.bytes().data(), nonce, 0, nullptr);
  }
  for (auto _ : state)
    if (run(encrypt ? in.data() : sealed.data(), out.data()) != 1) state.SkipWithError("failed");
  EVP_CIPHER_CTX_free(c);
  Done(state);
}

// CBC over the text and the hash over what is sent, both bare: no HMAC, no IV set.
void CbcPlain(benchmark::State& state, EspTransform t, bool encrypt) {
  const EspKeys keys = KeysFor(t);
  EVP_CIPHER_CTX* c = EVP_CIPHER_CTX_new();
  EVP_MD_CTX* m = EVP_MD_CTX_new();
  const std::uint8_t iv[16] = {};
  std::vector<std::uint8_t> text((kPayload + 2 + 15) / 16 * 16), sent(text.size() + 24);
  std::uint8_t digest[EVP_MAX_MD_SIZE];
  int n = 0;
  EVP_CipherInit_ex2(c, CryptoLibrary::Get().Cipher(t.cipher), keys.encryption.bytes().data(), iv, encrypt ? 1 : 0, nullptr);
  EVP_CIPHER_CTX_set_padding(c, 0);
  for (auto _ : state) {
    EVP_CipherUpdate(c, text.data(), &n, text.data(), static_cast<int>(text.size()));
    EVP_DigestInit_ex2(m, CryptoLibrary::Get().Md(t.hash), nullptr);
    EVP_DigestUpdate(m, sent.data(), sent.size());
    EVP_DigestFinal_ex(m, digest, nullptr);
    benchmark::DoNotOptimize(digest);
  }
  EVP_CIPHER_CTX_free(c);
  EVP_MD_CTX_free(m);
  Done(state);
}

BENCHMARK_CAPTURE(Seal, gcm256, kGcm256, kPayload);
BENCHMARK_CAPTURE(GcmPlain, gcm256_encrypt, kGcm256, true);
BENCHMARK_CAPTURE(Open, gcm256, kGcm256, kPayload);
BENCHMARK_CAPTURE(GcmPlain, gcm256_decrypt, kGcm256, false);
BENCHMARK_CAPTURE(Seal, gcm128, kGcm128, kPayload);
BENCHMARK_CAPTURE(Open, gcm128, kGcm128, kPayload);
BENCHMARK_CAPTURE(Seal, cbc128_sha1, kCbcSha1, kPayload);
BENCHMARK_CAPTURE(CbcPlain, cbc128_sha1_encrypt, kCbcSha1, true);
BENCHMARK_CAPTURE(Open, cbc128_sha1, kCbcSha1, kPayload);
BENCHMARK_CAPTURE(CbcPlain, cbc128_sha1_decrypt, kCbcSha1, false);
BENCHMARK_CAPTURE(Seal, cbc256_sha256, kCbcSha256, kPayload);
BENCHMARK_CAPTURE(Open, cbc256_sha256, kCbcSha256, kPayload);
BENCHMARK_CAPTURE(Seal, 3des_md5, k3DesMd5, kPayload);
BENCHMARK_CAPTURE(Open, 3des_md5, k3DesMd5, kPayload);
BENCHMARK_CAPTURE(Seal, gcm256_ack, kGcm256, 52);
BENCHMARK_CAPTURE(Seal, cbc128_sha1_ack, kCbcSha1, 52);

}  // namespace
}  // namespace sallyport
