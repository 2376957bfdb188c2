// DTLS 1.2 by OpenSSL. Where keys come from the CONNECT request, the server has no certificate and resumes a session that never was:
// OpenSSL asks for it by its id, and gets one made of the client's master secret. A full handshake cannot succeed there.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <utility>

#include "vpn/anyconnect/dtls_channel.h"
#include "vpn/anyconnect/dtls_records.h"
#include "vpn/crypto/digests.h"
#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

constexpr unsigned char kDtlsIdContext[] = {'a', 'c'};
constexpr std::size_t kDtlsCookie = 16;
constexpr long kDtlsSessionLife = 86400;  // how long ago a session may have been made to be resumed; ours are made at that moment

template <auto kFree>
struct DtlsFree {
  template <typename T>
  void operator()(T* p) const {
    kFree(p);
  }
};

// What the SSL object's callbacks see: it stays at its place when the handshake becomes a channel.
struct DtlsCore {
  std::unique_ptr<SSL, DtlsFree<SSL_free>> ssl;
  DtlsWire wire;
  // Of the handshake:
  const DtlsSuite* suite = nullptr;
  DtlsRole role = DtlsRole::kServer;
  DtlsSessionId id{};
  Secret key, cookie_key;
  Endpoint peer;
  unsigned retransmit_us = 1'000'000;
  std::function<void(const std::string&)> key_log;
};
DtlsCore& CoreOf(const SSL* ssl) { return *static_cast<DtlsCore*>(SSL_get_app_data(ssl)); }

int DtlsBioWrite(BIO* b, const char* p, int n) {
  if (n <= 0) return 0;
  static_cast<DtlsCore*>(BIO_get_data(b))->wire.Put(reinterpret_cast<const std::uint8_t*>(p), static_cast<std::size_t>(n));
  return n;
}
int DtlsBioRead(BIO* b, char* p, int n) {
  BIO_clear_retry_flags(b);
  const std::size_t size = n <= 0 ? 0 : static_cast<DtlsCore*>(BIO_get_data(b))->wire.Get(reinterpret_cast<std::uint8_t*>(p), static_cast<std::size_t>(n));
  if (size == 0) {
    BIO_set_retry_read(b);
    return -1;
  }
  return static_cast<int>(size);
}
long DtlsBioControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* DtlsBioMethod() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    BIO_meth_set_write(m, DtlsBioWrite);
    BIO_meth_set_read(m, DtlsBioRead);
    BIO_meth_set_ctrl(m, DtlsBioControl);
    return m;
  }();
  return method;
}

// The session that the CONNECT request has agreed on; null: OpenSSL is out of memory, or does not have the cipher.
SSL_SESSION* NewSession(SSL* ssl, const DtlsCore& c, const char* cipher_name) {
  const STACK_OF(SSL_CIPHER)* const ciphers = SSL_get_ciphers(ssl);
  const SSL_CIPHER* cipher = nullptr;
  for (int k = 0; k < sk_SSL_CIPHER_num(ciphers) && cipher == nullptr; ++k) {
    const SSL_CIPHER* const one = sk_SSL_CIPHER_value(ciphers, k);
    if (std::strcmp(SSL_CIPHER_get_name(one), cipher_name) == 0) cipher = one;
  }
  if (cipher == nullptr) return nullptr;
  std::unique_ptr<SSL_SESSION, DtlsFree<SSL_SESSION_free>> s(SSL_SESSION_new());
  if (!s || SSL_SESSION_set_protocol_version(s.get(), DTLS1_2_VERSION) != 1 || SSL_SESSION_set_cipher(s.get(), cipher) != 1 ||
      SSL_SESSION_set1_master_key(s.get(), c.key.bytes().data(), c.key.size()) != 1 ||
      SSL_SESSION_set1_id(s.get(), c.id.data(), static_cast<unsigned>(c.id.size())) != 1 ||
      SSL_SESSION_set1_id_context(s.get(), kDtlsIdContext, sizeof kDtlsIdContext) != 1) {
    return nullptr;
  }
  SSL_SESSION_set_time(s.get(), std::time(nullptr));
  SSL_SESSION_set_timeout(s.get(), kDtlsSessionLife);
  return s.release();
}

SSL_SESSION* SessionWanted(SSL* ssl, const unsigned char* id, int size, int* copy) {
  *copy = 0;
  DtlsCore& c = CoreOf(ssl);
  if (c.suite->method == DtlsMethod::kPsk || size != static_cast<int>(c.id.size())) return nullptr;
  if (std::memcmp(id, c.id.data(), c.id.size()) != 0) return nullptr;
  return NewSession(ssl, c, c.suite->openssl);
}

unsigned PskOfClient(SSL* ssl, const char*, unsigned char* key, unsigned room) {
  const Bytes k = CoreOf(ssl).key.bytes();
  if (k.empty() || k.size() > room) return 0;
  std::memcpy(key, k.data(), k.size());
  return static_cast<unsigned>(k.size());
}
unsigned PskForServer(SSL* ssl, const char*, char* identity, unsigned identity_room, unsigned char* key, unsigned room) {
  static constexpr char kName[] = "psk";
  if (identity_room < sizeof kName) return 0;
  std::memcpy(identity, kName, sizeof kName);
  return PskOfClient(ssl, nullptr, key, room);
}

void CookieFor(const DtlsCore& c, std::uint8_t (&cookie)[kDtlsCookie]) {
  const std::string from = c.peer.address.ToString() + ' ' + std::to_string(c.peer.port);
  std::uint8_t mac[32];
  Hmac(VpnHash::kSha256, c.cookie_key.bytes(), {Bytes(reinterpret_cast<const std::uint8_t*>(from.data()), from.size())}, mac);
  std::copy_n(mac, kDtlsCookie, cookie);
}
int MakeCookie(SSL* ssl, unsigned char* cookie, unsigned* size) {
  std::uint8_t mine[kDtlsCookie];
  CookieFor(CoreOf(ssl), mine);
  std::copy_n(mine, kDtlsCookie, cookie);
  *size = kDtlsCookie;
  return 1;
}
int CheckCookie(SSL* ssl, const unsigned char* cookie, unsigned size) {
  std::uint8_t mine[kDtlsCookie];
  CookieFor(CoreOf(ssl), mine);
  return SameBytes(mine, {cookie, size}) ? 1 : 0;
}

void LogDtlsKeys(const SSL* ssl, const char* line) {
  const DtlsCore& c = CoreOf(ssl);
  if (c.key_log) c.key_log(line);
}

unsigned DtlsTimer(SSL* ssl, unsigned last_us) { return last_us == 0 ? CoreOf(ssl).retransmit_us : last_us * 2; }

// One for each suite and role, made when it is first wanted and never taken down. Null: OpenSSL does not have it.
SSL_CTX* DtlsContextOf(const DtlsSuite& suite, DtlsRole role) {
  static std::mutex mutex;
  static auto* const made = new std::map<std::pair<const DtlsSuite*, DtlsRole>, SSL_CTX*>;
  const std::lock_guard lock(mutex);
  const auto [at, is_new] = made->try_emplace({&suite, role}, nullptr);
  if (!is_new) return at->second;
  const bool server = role == DtlsRole::kServer;
  SSL_CTX* const c = SSL_CTX_new_ex(CryptoLibrary::Get().context(), nullptr, server ? DTLS_server_method() : DTLS_client_method());
  if (c == nullptr) return nullptr;
  SSL_CTX_set_security_level(c, 0);
  SSL_CTX_set_min_proto_version(c, DTLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(c, DTLS1_2_VERSION);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                             SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_id_context(c, kDtlsIdContext, sizeof kDtlsIdContext);
  SSL_CTX_set_keylog_callback(c, LogDtlsKeys);
  if (suite.method == DtlsMethod::kPsk) {
    if (server) {
      SSL_CTX_set_psk_server_callback(c, PskOfClient);
    } else {
      SSL_CTX_set_psk_client_callback(c, PskForServer);
    }
  } else {
    // A hello with the extension would not resume a session without it, and the master secret is not ours to choose. Nor may MACs be
    // done in another order than either end's arithmetic of MTUs has it.
    SSL_CTX_set_options(c, SSL_OP_NO_EXTENDED_MASTER_SECRET | SSL_OP_NO_ENCRYPT_THEN_MAC);
  }
  if (!server) SSL_CTX_set_options(c, SSL_OP_LEGACY_SERVER_CONNECT);  // a server that resumes may send no extensions at all (ocserv)
  if (server) {
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_get_cb(c, SessionWanted);
    SSL_CTX_set_cookie_generate_cb(c, MakeCookie);
    SSL_CTX_set_cookie_verify_cb(c, CheckCookie);
  }
  if (SSL_CTX_set_cipher_list(c, suite.openssl) != 1) {
    ERR_clear_error();
    SSL_CTX_free(c);
    return nullptr;
  }
  at->second = c;
  return c;
}

void ForgetErrors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

class OpenSslChannel final : public DtlsChannel {
 public:
  explicit OpenSslChannel(std::unique_ptr<DtlsCore> core) : core_(std::move(core)) {
    const SuiteView v = DescribeSuite(cipher());
    least_ = cipher().find("GCM") != std::string::npos ? 8 + 16 : v.aead ? 16 : 16 + 16;
    overhead_ = v.aead ? 13 + 8 + 16 : 13 + 16 + 16 + (v.hash == VpnHash::kSha384 ? 48 : v.hash == VpnHash::kSha256 ? 32 : 20);
  }
  Got Open(Bytes datagram, MutableBytes room, std::size_t& size) override {
    return core_->wire.Open(datagram, least_, [&] {
      ForgetErrors();
      const int r = SSL_read_ex(core_->ssl.get(), room.data(), room.size(), &size);
      if (r == 1) return Got::kRecord;
      return SSL_get_error(core_->ssl.get(), r) == SSL_ERROR_WANT_READ ? Got::kNothing : Got::kClosed;
    });
  }
  std::size_t Seal(Bytes plain, MutableBytes room) override {
    if (SSL_in_init(core_->ssl.get())) return 0;
    ForgetErrors();
    return core_->wire.Seal(room, [&] {
      std::size_t taken = 0;
      return SSL_write_ex(core_->ssl.get(), plain.data(), plain.size(), &taken) == 1;
    });
  }
  std::size_t TakeDatagram(MutableBytes room) override { return core_->wire.Take(room); }
  void Close() override {
    ForgetErrors();
    SSL_shutdown(core_->ssl.get());
    ForgetErrors();
  }
  int overhead() const override { return overhead_; }
  VpnEncapsulation version() const override { return VpnEncapsulation::kDtls12; }
  std::string cipher() const override {
    const SSL_CIPHER* const c = SSL_get_current_cipher(core_->ssl.get());
    return c != nullptr ? SSL_CIPHER_get_name(c) : "";
  }

 private:
  std::unique_ptr<DtlsCore> core_;
  int overhead_ = 0;
  std::size_t least_ = 0;
};

class OpenSslHandshake final : public DtlsHandshake {
 public:
  explicit OpenSslHandshake(std::unique_ptr<DtlsCore> core) : core_(std::move(core)) {}
  State Feed(Bytes datagram) override {
    if (state_ != State::kBusy) return state_;
    std::uint8_t cookie[kDtlsCookie];
    Bytes expected;
    if (core_->role == DtlsRole::kServer && !core_->cookie_key.empty()) {
      CookieFor(*core_, cookie);
      expected = cookie;
    }
    core_->wire.Shake(datagram, {core_->suite->method, core_->role, expected}, [this] {
      Shake();
      return state_ == State::kBusy;
    });
    return state_;
  }
  State Tick() override {
    if (state_ != State::kBusy) return state_;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(core_->ssl.get()) < 0) Fail();  // it has repeated itself a dozen times
    return state_;
  }
  State state() const override { return state_; }
  std::vector<std::vector<std::uint8_t>> ToWire() override {
    if (!core_) return {};
    return core_->wire.TakeAll();
  }
  std::unique_ptr<DtlsChannel> Take() override {
    if (state_ != State::kDone || !core_) return nullptr;
    // OpenSSL has what it needs.
    core_->key = Secret();
    core_->cookie_key = Secret();
    return std::make_unique<OpenSslChannel>(std::move(core_));
  }
  std::string failure() const override { return failure_; }

  void Shake() {
    ERR_clear_error();
    SSL* const ssl = core_->ssl.get();
    const int r = SSL_do_handshake(ssl);
    if (r != 1) {
      if (SSL_get_error(ssl, r) != SSL_ERROR_WANT_READ) Fail();
      return;
    }
    if (core_->suite->method != DtlsMethod::kPsk && SSL_session_reused(ssl) != 1) {
      failure_ = "the session was not resumed";
      state_ = State::kFailed;
      return;
    }
    state_ = State::kDone;
  }

 private:
  void Fail() {
    state_ = State::kFailed;
    failure_ = CryptoError();
  }

  std::unique_ptr<DtlsCore> core_;
  State state_ = State::kBusy;
  std::string failure_;
};

}  // namespace

std::unique_ptr<DtlsHandshake> DtlsHandshake::Begin(const DtlsSecret& secret, DtlsRole role, const DtlsSetup& setup) {
  if (secret.suite == nullptr) return nullptr;
  if (secret.key.size() != (secret.suite->method == DtlsMethod::kPsk ? kDtlsPskKey : kDtlsMasterSecret)) return nullptr;
  return secret.suite->method == DtlsMethod::kLegacy ? BeginLegacyDtls(secret, role, setup) : BeginOpenSslDtls(secret, role, setup);
}

std::unique_ptr<DtlsHandshake> BeginOpenSslDtls(const DtlsSecret& secret, DtlsRole role, const DtlsSetup& setup) {
  SSL_CTX* const context = DtlsContextOf(*secret.suite, role);
  if (context == nullptr) return nullptr;
  auto core = std::make_unique<DtlsCore>();
  core->suite = secret.suite;
  core->role = role;
  core->id = secret.id;
  core->key = secret.key.Clone();
  core->cookie_key = Secret(setup.cookie_key);
  core->peer = setup.peer;
  core->retransmit_us = static_cast<unsigned>(setup.retransmit_ms) * 1000;
  core->key_log = setup.key_log;
  core->ssl.reset(SSL_new(context));
  BIO* const bio = BIO_new(DtlsBioMethod());
  if (!core->ssl || bio == nullptr) {
    BIO_free(bio);
    ERR_clear_error();
    return nullptr;
  }
  SSL* const ssl = core->ssl.get();
  BIO_set_data(bio, core.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, core.get());
  DTLS_set_timer_cb(ssl, DtlsTimer);
  const int mtu = setup.mtu - (setup.peer.address.IsV6() ? 48 : 28);
  SSL_set_mtu(ssl, mtu);
  SSL_set_max_send_fragment(ssl, static_cast<std::size_t>(std::clamp(setup.mtu, 2048, 16384)));
  if (role == DtlsRole::kServer) {
    if (!core->cookie_key.empty()) SSL_set_options(ssl, SSL_OP_COOKIE_EXCHANGE);
    SSL_set_accept_state(ssl);
    return std::make_unique<OpenSslHandshake>(std::move(core));
  }
  // Of a PSK only the id is used: the server finds its client by it and makes a session of its own.
  const bool psk = core->suite->method == DtlsMethod::kPsk;
  SSL_SESSION* const session = NewSession(ssl, *core, psk ? "PSK-AES256-GCM-SHA384" : core->suite->openssl);
  if (session == nullptr || SSL_set_session(ssl, session) != 1) {
    SSL_SESSION_free(session);
    ERR_clear_error();
    return nullptr;
  }
  SSL_SESSION_free(session);
  SSL_set_connect_state(ssl);
  auto handshake = std::make_unique<OpenSslHandshake>(std::move(core));
  handshake->Shake();
  return handshake;
}

}  // namespace sallyport
