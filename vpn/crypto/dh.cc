#include "vpn/crypto/dh.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "vpn/crypto/library.h"
#include "vpn/crypto/operations.h"

namespace sallyport {
namespace {

struct Free {
  void operator()(BIGNUM* n) const { BN_clear_free(n); }
  void operator()(BN_CTX* c) const { BN_CTX_free(c); }
  void operator()(EC_POINT* p) const { EC_POINT_clear_free(p); }
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
  void operator()(EVP_PKEY_CTX* c) const { EVP_PKEY_CTX_free(c); }
};
using Number = std::unique_ptr<BIGNUM, Free>;
using Scratch = std::unique_ptr<BN_CTX, Free>;
using Point = std::unique_ptr<EC_POINT, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free>;

constexpr std::uint16_t kCurve25519 = 31;

// A group modulo a prime.
struct Modp {
  std::size_t size = 0;      // of the prime, in bytes
  std::size_t exponent = 0;  // of a private value, in bytes: at least twice the strength (RFC 3526 8, RFC 2409)
  Number p, g, q;            // q: order of the subgroup; null: (p-1)/2
  BN_MONT_CTX* mont = nullptr;
};

struct Curve {
  std::size_t size = 0;  // of a coordinate, in bytes
  EC_GROUP* group = nullptr;
  const BIGNUM* order = nullptr;
};

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "sallyport: %s: %s\n", what, CryptoError().c_str());
  std::abort();
}

Scratch NewScratch() { return Scratch(BN_CTX_secure_new_ex(CryptoLibrary::Get().context())); }

Modp MakeModp(Number p, Number g, Number q, std::size_t exponent) {
  Modp m;
  if (!p || !g) Fail("a Diffie-Hellman group is missing");
  m.size = static_cast<std::size_t>(BN_num_bytes(p.get()));
  m.exponent = exponent;
  m.mont = BN_MONT_CTX_new();
  const Scratch scratch = NewScratch();
  if (m.mont == nullptr || !scratch || BN_MONT_CTX_set(m.mont, p.get(), scratch.get()) != 1) Fail("a Diffie-Hellman group cannot be used");
  m.p = std::move(p);
  m.g = std::move(g);
  m.q = std::move(q);
  return m;
}

Modp SafePrime(BIGNUM* p, std::size_t exponent) {
  Number two(BN_new());
  if (!two || BN_set_word(two.get(), 2) != 1) Fail("out of memory");
  return MakeModp(Number(p), std::move(two), nullptr, exponent);
}

// RFC 5114 2.3, by the name under which the library has it.
Modp Group24() {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(CryptoLibrary::Get().context(), "DHX", nullptr));
  char name[] = "dh_2048_256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0), OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_paramgen_init(context.get()) != 1 || EVP_PKEY_CTX_set_params(context.get(), params) != 1 ||
      EVP_PKEY_generate(context.get(), &made) != 1)
    Fail("Diffie-Hellman group 24 is missing");
  const Key key(made);
  BIGNUM *p = nullptr, *q = nullptr, *g = nullptr;
  if (EVP_PKEY_get_bn_param(made, OSSL_PKEY_PARAM_FFC_P, &p) != 1 || EVP_PKEY_get_bn_param(made, OSSL_PKEY_PARAM_FFC_Q, &q) != 1 ||
      EVP_PKEY_get_bn_param(made, OSSL_PKEY_PARAM_FFC_G, &g) != 1)
    Fail("Diffie-Hellman group 24 is incomplete");
  return MakeModp(Number(p), Number(g), Number(q), 32);
}

// null: not such a group. Each is made when it is first asked for, and stays.
const Modp* ModpOf(std::uint16_t group) {
  switch (group) {
    case 1: {
      static const Modp m = SafePrime(BN_get_rfc2409_prime_768(nullptr), 24);
      return &m;
    }
    case 2: {
      static const Modp m = SafePrime(BN_get_rfc2409_prime_1024(nullptr), 28);
      return &m;
    }
    case 5: {
      static const Modp m = SafePrime(BN_get_rfc3526_prime_1536(nullptr), 32);
      return &m;
    }
    case 14: {
      static const Modp m = SafePrime(BN_get_rfc3526_prime_2048(nullptr), 40);
      return &m;
    }
    case 15: {
      static const Modp m = SafePrime(BN_get_rfc3526_prime_3072(nullptr), 52);
      return &m;
    }
    case 16: {
      static const Modp m = SafePrime(BN_get_rfc3526_prime_4096(nullptr), 60);
      return &m;
    }
    case 24: {
      static const Modp m = Group24();
      return &m;
    }
    default: return nullptr;
  }
}

Curve MakeCurve(int nid, std::size_t size) {
  Curve c;
  c.size = size;
  c.group = EC_GROUP_new_by_curve_name_ex(CryptoLibrary::Get().context(), nullptr, nid);
  if (c.group == nullptr) Fail("a curve is missing");
  c.order = EC_GROUP_get0_order(c.group);
  return c;
}

const Curve* CurveOf(std::uint16_t group) {
  switch (group) {
    case 19: {
      static const Curve c = MakeCurve(NID_X9_62_prime256v1, 32);
      return &c;
    }
    case 20: {
      static const Curve c = MakeCurve(NID_secp384r1, 48);
      return &c;
    }
    case 21: {
      static const Curve c = MakeCurve(NID_secp521r1, 66);
      return &c;
    }
    default: return nullptr;
  }
}

Error NoMemory() { return Error{"Diffie-Hellman failed: " + CryptoError()}; }
Error NoGroup(std::uint16_t group) { return Error{"Diffie-Hellman group " + std::to_string(group) + " is not supported"}; }
Error BadPublic(const char* what) { return Error{std::string("the peer's public value is ") + what}; }

Number ToNumber(Bytes bytes) { return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)); }

// A private value below `order`, not 0. Drawn 64 bits longer than the order and reduced, so that no value is likelier.
Result<Secret> BelowOrder(const BIGNUM* order, std::size_t size, Entropy& entropy) {
  Secret drawn(size + 8);
  entropy.Fill(drawn.bytes());
  const Number wide = ToNumber(drawn.bytes()), bound(BN_dup(order));
  const Scratch scratch = NewScratch();
  Number value(BN_new());
  if (!wide || !bound || !scratch || !value) return NoMemory();
  Secret out(size);
  if (BN_sub_word(bound.get(), 1) != 1 || BN_nnmod(value.get(), wide.get(), bound.get(), scratch.get()) != 1 ||
      BN_add_word(value.get(), 1) != 1 || BN_bn2binpad(value.get(), out.bytes().data(), static_cast<int>(size)) < 0)
    return NoMemory();
  return out;
}

// base ^ exponent mod p, as long as p.
Result<Secret> Power(const Modp& m, const BIGNUM* base, Bytes exponent) {
  const Number e = ToNumber(exponent);
  const Scratch scratch = NewScratch();
  Number r(BN_new());
  if (!e || !scratch || !r) return NoMemory();
  Secret out(m.size);
  if (BN_mod_exp_mont_consttime(r.get(), base, e.get(), m.p.get(), scratch.get(), m.mont) != 1 ||
      BN_bn2binpad(r.get(), out.bytes().data(), static_cast<int>(m.size)) < 0)
    return NoMemory();
  return out;
}

Result<Secret> ModpShared(const Modp& m, Bytes private_value, Bytes peer_public) {
  if (peer_public.size() != m.size) return BadPublic("of a wrong length");
  const Number y = ToNumber(peer_public), last(BN_dup(m.p.get()));
  const Scratch scratch = NewScratch();
  if (!y || !last || !scratch || BN_sub_word(last.get(), 1) != 1) return NoMemory();
  if (BN_is_zero(y.get()) || BN_is_one(y.get()) || BN_cmp(y.get(), last.get()) >= 0) return BadPublic("0, 1, p-1 or beyond");
  if (m.q) {  // RFC 6989 2.2: a subgroup that has small companions
    Number one(BN_new());
    if (!one || BN_mod_exp_mont(one.get(), y.get(), m.q.get(), m.p.get(), scratch.get(), m.mont) != 1) return NoMemory();
    if (!BN_is_one(one.get())) return BadPublic("not in the group's subgroup");
  }
  return Power(m, y.get(), private_value);
}

// x | y, or x alone.
Status WritePoint(const Curve& c, const EC_POINT* point, MutableBytes out, BN_CTX* scratch) {
  const Number x(BN_new()), y(BN_new());
  if (!x || !y || EC_POINT_get_affine_coordinates(c.group, point, x.get(), y.get(), scratch) != 1) return NoMemory();
  const int size = static_cast<int>(c.size);
  if (BN_bn2binpad(x.get(), out.data(), size) < 0) return NoMemory();
  if (out.size() > c.size && BN_bn2binpad(y.get(), out.data() + c.size, size) < 0) return NoMemory();
  return {};
}

Result<std::vector<std::uint8_t>> CurvePublic(const Curve& c, Bytes private_value) {
  const Number d = ToNumber(private_value);
  const Scratch scratch = NewScratch();
  const Point point(EC_POINT_new(c.group));
  if (!d || !scratch || !point) return NoMemory();
  if (BN_is_zero(d.get()) || BN_cmp(d.get(), c.order) >= 0) return Error{"the private value is out of range"};
  if (EC_POINT_mul(c.group, point.get(), d.get(), nullptr, nullptr, scratch.get()) != 1) return NoMemory();
  std::vector<std::uint8_t> out(2 * c.size);
  if (Status s = WritePoint(c, point.get(), out, scratch.get()); !s) return Error{s.error()};
  return out;
}

Result<Secret> CurveShared(const Curve& c, Bytes private_value, Bytes peer_public) {
  if (peer_public.size() != 2 * c.size) return BadPublic("of a wrong length");
  const Number d = ToNumber(private_value), x = ToNumber(peer_public.first(c.size)), y = ToNumber(peer_public.last(c.size));
  const Scratch scratch = NewScratch();
  const Point peer(EC_POINT_new(c.group)), point(EC_POINT_new(c.group));
  if (!d || !x || !y || !scratch || !peer || !point) return NoMemory();
  // Refuses what is not on the curve; coordinates beyond the field are refused, too. The curves' cofactor is 1.
  if (EC_POINT_set_affine_coordinates(c.group, peer.get(), x.get(), y.get(), scratch.get()) != 1) {
    CryptoError();
    return BadPublic("not a point of the curve");
  }
  if (EC_POINT_mul(c.group, point.get(), nullptr, peer.get(), d.get(), scratch.get()) != 1) return NoMemory();
  if (EC_POINT_is_at_infinity(c.group, point.get())) return BadPublic("of a small order");
  Secret out(c.size);
  if (Status s = WritePoint(c, point.get(), out.bytes(), scratch.get()); !s) return Error{s.error()};
  return out;
}

Key X25519Private(Bytes value) {
  return Key(EVP_PKEY_new_raw_private_key_ex(CryptoLibrary::Get().context(), "X25519", nullptr, value.data(), value.size()));
}

Result<Secret> X25519Shared(Bytes private_value, Bytes peer_public) {
  if (peer_public.size() != 32) return BadPublic("of a wrong length");
  const Key own = X25519Private(private_value);
  const Key peer(EVP_PKEY_new_raw_public_key_ex(CryptoLibrary::Get().context(), "X25519", nullptr, peer_public.data(), 32));
  if (!own || !peer) return NoMemory();
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(CryptoLibrary::Get().context(), own.get(), nullptr));
  Secret out(32);
  std::size_t size = 32;
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 || EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1) return NoMemory();
  // All zero: the peer's value is of small order (RFC 7748 6.1).
  static constexpr std::uint8_t kZero[32] = {};
  if (EVP_PKEY_derive(context.get(), out.bytes().data(), &size) != 1 || size != 32 || SameBytes(out.bytes(), kZero)) {
    CryptoError();
    return BadPublic("of a small order");
  }
  return out;
}

}  // namespace

bool HasDhGroup(std::uint16_t group) { return DhPublicSize(group) != 0; }

std::size_t DhPublicSize(std::uint16_t group) {
  switch (group) {
    case 1: return 96;
    case 2: return 128;
    case 5: return 192;
    case 14: return 256;
    case 15: return 384;
    case 16: return 512;
    case 19: return 64;
    case 20: return 96;
    case 21: return 132;
    case 24: return 256;
    case kCurve25519: return 32;
    default: return 0;
  }
}

std::size_t DhSharedSize(std::uint16_t group) {
  return group >= 19 && group <= 21 ? DhPublicSize(group) / 2 : DhPublicSize(group);
}

Result<Secret> DhKey(std::uint16_t group, Entropy& entropy, std::vector<std::uint8_t>& public_value) {
  Result<Secret> secret = NoGroup(group);
  if (const Curve* c = CurveOf(group)) {
    secret = BelowOrder(c->order, c->size, entropy);
  } else if (const Modp* m = ModpOf(group)) {
    if (m->q) {
      secret = BelowOrder(m->q.get(), m->exponent, entropy);
    } else {
      Secret drawn(m->exponent);
      entropy.Fill(drawn.bytes());
      drawn.bytes()[0] |= 0x80;  // never a short one
      secret = std::move(drawn);
    }
  } else if (group == kCurve25519) {
    Secret drawn(32);
    entropy.Fill(drawn.bytes());
    secret = std::move(drawn);
  }
  if (!secret) return secret;
  Result<std::vector<std::uint8_t>> made = DhPublic(group, secret->bytes());
  if (!made) return Error{made.error()};
  CryptoOperations::Count(Operations().dh_keys);
  public_value = std::move(*made);
  return secret;
}

Result<std::vector<std::uint8_t>> DhPublic(std::uint16_t group, Bytes private_value) {
  if (const Curve* c = CurveOf(group)) return CurvePublic(*c, private_value);
  if (const Modp* m = ModpOf(group)) {
    Result<Secret> y = Power(*m, m->g.get(), private_value);
    if (!y) return Error{y.error()};
    const Bytes bytes = std::as_const(*y).bytes();
    return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
  }
  if (group != kCurve25519) return NoGroup(group);
  const Key own = X25519Private(private_value);
  std::vector<std::uint8_t> out(32);
  std::size_t size = 32;
  if (!own || EVP_PKEY_get_raw_public_key(own.get(), out.data(), &size) != 1 || size != 32) return NoMemory();
  return out;
}

Result<Secret> DhShared(std::uint16_t group, Bytes private_value, Bytes peer_public) {
  CryptoOperations::Count(Operations().dh_secrets);
  if (const Curve* c = CurveOf(group)) return CurveShared(*c, private_value, peer_public);
  if (const Modp* m = ModpOf(group)) return ModpShared(*m, private_value, peer_public);
  if (group == kCurve25519) return X25519Shared(private_value, peer_public);
  return NoGroup(group);
}

}  // namespace sallyport
