#include "vpn/anyconnect/tls_channel.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>

#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

constexpr int kOldTls = 0x0303;  // below it OpenSSL 3.0 wants security level 0
constexpr std::size_t kWorthTrimming = 4096;
constexpr unsigned char kTlsIdContext[] = {'a', 'c'};

int AnyCertificate(X509_STORE_CTX*, void*) { return 1; }

template <auto kFree>
struct SslFree {
  template <typename T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using TlsSslPtr = std::unique_ptr<SSL, SslFree<SSL_free>>;
using TlsCtxPtr = std::unique_ptr<SSL_CTX, SslFree<SSL_CTX_free>>;

// An octet queue: filled at the end, taken from the front without moving the rest each time.
class TlsOctets {
 public:
  Bytes bytes() const { return Bytes(data_).subspan(at_); }
  void Put(const std::uint8_t* p, std::size_t n) { data_.insert(data_.end(), p, p + n); }
  void Drop(std::size_t n) {
    at_ += std::min(n, data_.size() - at_);
    if (at_ == data_.size()) {
      data_.clear();
      at_ = 0;
    } else if (at_ > data_.size() / 2) {
      data_.erase(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(at_));
      at_ = 0;
    }
  }
  void Trim() {
    if (data_.empty() && data_.capacity() > kWorthTrimming) std::vector<std::uint8_t>().swap(data_);
  }

 private:
  std::vector<std::uint8_t> data_;
  std::size_t at_ = 0;
};

// For every record: looking is cheaper than clearing what is not there.
void ForgetTlsErrors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

struct TlsWire {
  TlsOctets in, out;
};
TlsWire& TlsWireOf(BIO* b) { return *static_cast<TlsWire*>(BIO_get_data(b)); }

int TlsWireWrite(BIO* b, const char* p, int n) {
  if (n <= 0) return 0;
  TlsWireOf(b).out.Put(reinterpret_cast<const std::uint8_t*>(p), static_cast<std::size_t>(n));
  return n;
}
int TlsWireRead(BIO* b, char* p, int n) {
  BIO_clear_retry_flags(b);
  TlsOctets& in = TlsWireOf(b).in;
  const Bytes there = in.bytes();
  if (n <= 0 || there.empty()) {
    BIO_set_retry_read(b);
    return -1;
  }
  const std::size_t taken = std::min(there.size(), static_cast<std::size_t>(n));
  std::memcpy(p, there.data(), taken);
  in.Drop(taken);
  return static_cast<int>(taken);
}
long TlsWireControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* TlsWireMethod() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tls wire");
    BIO_meth_set_write(m, TlsWireWrite);
    BIO_meth_set_read(m, TlsWireRead);
    BIO_meth_set_ctrl(m, TlsWireControl);
    return m;
  }();
  return method;
}

bool IsTlsServerName(const std::string& host) {
  return !host.empty() && host.find(':') == std::string::npos && host.find_first_not_of("0123456789.") != std::string::npos;
}

// Certificates live on both sides of the fence as DER: their X509 is not shared with OpenSSL's session.
std::optional<Certificate> CertificateOf(const X509* x) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(x, &der);
  if (size <= 0) return {};
  Result<Certificate> c = Certificate::FromDer({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  if (!c) return {};
  return *std::move(c);
}

}  // namespace

struct TlsContext::Shared {
  TlsCtxPtr ctx;
  bool server = false;
  std::function<void(const std::string&)> key_log;
};

namespace {

void LogTlsKeys(const SSL* ssl, const char* line) {
  const void* log = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
  if (log != nullptr) (*static_cast<const std::function<void(const std::string&)>*>(log))(line);
}

Error TlsError(const char* what) { return Error{std::string(what) + ": " + CryptoError()}; }

Result<TlsCtxPtr> MakeTls(const TlsSettings& s, bool server, const Certificate& own, const std::vector<Certificate>& chain,
                          const PrivateKey& key) {
  TlsCtxPtr ctx(SSL_CTX_new_ex(CryptoLibrary::Get().context(), nullptr, server ? TLS_server_method() : TLS_client_method()));
  if (!ctx) return TlsError("TLS");
  SSL_CTX* const c = ctx.get();
  SSL_CTX_set_security_level(c, s.min_version < kOldTls || !server ? 0 : 1);
  SSL_CTX_set_min_proto_version(c, s.min_version);
  SSL_CTX_set_max_proto_version(c, s.max_version);
  // Nobody resumes: openconnect does not, and a browser's visit is short. Tickets would need keys that are kept.
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_num_tickets(c, 0);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(c, kTlsIdContext, sizeof kTlsIdContext);
  SSL_CTX_set_mode(c, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_dh_auto(c, 1);
  SSL_CTX_set_cert_verify_callback(c, AnyCertificate, nullptr);
  if (!s.ciphers.empty() && SSL_CTX_set_cipher_list(c, s.ciphers.c_str()) != 1) return TlsError("TLS cipher suites");
  if (!s.suites13.empty() && SSL_CTX_set_ciphersuites(c, s.suites13.c_str()) != 1) return TlsError("TLS 1.3 cipher suites");
  if (own) {
    if (SSL_CTX_use_certificate(c, own.handle()) != 1) return TlsError("certificate");
    for (const Certificate& above : chain) {
      if (SSL_CTX_add1_chain_cert(c, above.handle()) != 1) return TlsError("certificate of an authority");
    }
    if (SSL_CTX_use_PrivateKey(c, key.handle()) != 1) return TlsError("private key");
  }
  if (server && s.ask_certificate) {
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
    for (const Certificate& a : s.authorities) {
      if (SSL_CTX_add_client_CA(c, a.handle()) != 1) return TlsError("certificate of an authority");
    }
  }
  return ctx;
}

}  // namespace

TlsSettings TlsSettingsOf(const SslPolicy& policy, bool ask) {
  TlsSettings s;
  s.min_version = policy.min_tls;
  s.max_version = policy.max_tls;
  s.ciphers = policy.tls_ciphers;
  s.suites13 = policy.tls13_ciphers;
  s.ask_certificate = ask;
  return s;
}

Result<TlsContext> TlsContext::Server(const TlsSettings& settings, const Certificate& own, const std::vector<Certificate>& chain,
                                      const PrivateKey& key) {
  if (!own || !key) return Error{"a TLS server needs a certificate and its key"};
  Result<TlsCtxPtr> made = MakeTls(settings, true, own, chain, key);
  if (!made) return Error{made.error()};
  auto shared = std::make_shared<Shared>();
  shared->ctx = *std::move(made);
  shared->server = true;
  shared->key_log = settings.key_log;
  if (shared->key_log) {
    SSL_CTX_set_app_data(shared->ctx.get(), &shared->key_log);
    SSL_CTX_set_keylog_callback(shared->ctx.get(), LogTlsKeys);
  }
  TlsContext c;
  c.shared_ = std::move(shared);
  return c;
}

Result<TlsContext> TlsContext::Client(const TlsSettings& settings, const Certificate& own, const PrivateKey& key) {
  Result<TlsCtxPtr> made = MakeTls(settings, false, own, {}, key);
  if (!made) return Error{made.error()};
  auto shared = std::make_shared<Shared>();
  shared->ctx = *std::move(made);
  shared->key_log = settings.key_log;
  if (shared->key_log) {
    SSL_CTX_set_app_data(shared->ctx.get(), &shared->key_log);
    SSL_CTX_set_keylog_callback(shared->ctx.get(), LogTlsKeys);
  }
  TlsContext c;
  c.shared_ = std::move(shared);
  return c;
}

struct TlsChannel::Impl {
  std::shared_ptr<const TlsContext::Shared> context;  // its key log is used as long as the SSL object lives
  TlsWire wire;
  TlsSslPtr ssl;
  State state = State::kHandshake;
  int handshakes = 0;
  std::string failure;

  static void Note(const SSL* ssl, int where, int) {
    auto* const self = static_cast<Impl*>(SSL_get_app_data(ssl));
    // A message behind the handshake: TLS 1.3 has them (new keys), and is never "done" with one.
    if ((where & SSL_CB_LOOP) != 0 && self->handshakes > 0 && SSL_version(ssl) >= TLS1_3_VERSION && SSL_get_state(ssl) == TLS_ST_OK) ++self->handshakes;
    if ((where & SSL_CB_HANDSHAKE_DONE) == 0) return;
    // OpenSSL is "done" with a renegotiation that it has refused, too.
    const bool refused = self->context->server && self->handshakes > 0 && SSL_version(ssl) < TLS1_3_VERSION &&
                         (SSL_get_options(ssl) & SSL_OP_ALLOW_CLIENT_RENEGOTIATION) == 0;
    if (!refused) ++self->handshakes;
    SSL_clear_options(self->ssl.get(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  }
  void Shake() {
    ERR_clear_error();
    const int r = SSL_do_handshake(ssl.get());
    if (r == 1) {
      state = State::kOpen;
    } else {
      Judge(r);
    }
  }
  // After a call of OpenSSL's that has not done what it was to do. True: it will do it later.
  bool Judge(int r) {
    switch (SSL_get_error(ssl.get(), r)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE: return true;
      case SSL_ERROR_ZERO_RETURN:
        state = State::kClosed;
        failure = "closed";
        return false;
      default:
        state = State::kFailed;
        failure = CryptoError();
        return false;
    }
  }
};

TlsChannel::TlsChannel(const TlsContext& context, const std::string& server_name) : impl_(std::make_unique<Impl>()) {
  Impl& i = *impl_;
  i.context = context.shared_;
  i.ssl.reset(SSL_new(i.context->ctx.get()));
  BIO* const bio = BIO_new(TlsWireMethod());
  if (!i.ssl || bio == nullptr) {
    BIO_free(bio);
    i.state = State::kFailed;
    i.failure = CryptoError();
    i.ssl.reset();
    return;
  }
  BIO_set_data(bio, &i.wire);
  BIO_set_init(bio, 1);
  SSL_set_bio(i.ssl.get(), bio, bio);
  SSL_set_app_data(i.ssl.get(), &i);
  SSL_set_info_callback(i.ssl.get(), Impl::Note);
  if (i.context->server) {
    SSL_set_accept_state(i.ssl.get());
  } else {
    SSL_set_connect_state(i.ssl.get());
    if (IsTlsServerName(server_name)) SSL_set_tlsext_host_name(i.ssl.get(), server_name.c_str());
    i.Shake();
  }
}

TlsChannel::TlsChannel(TlsChannel&&) noexcept = default;
TlsChannel& TlsChannel::operator=(TlsChannel&&) noexcept = default;
TlsChannel::~TlsChannel() = default;

TlsChannel::State TlsChannel::Feed(Bytes from_wire) {
  Impl& i = *impl_;
  if (i.state != State::kHandshake && i.state != State::kOpen) return i.state;
  i.wire.in.Put(from_wire.data(), from_wire.size());
  if (i.state == State::kHandshake) i.Shake();
  return i.state;
}

Result<std::size_t> TlsChannel::Read(MutableBytes record) {
  Impl& i = *impl_;
  if (i.state == State::kHandshake) return std::size_t{0};
  if (i.state != State::kOpen) return Error{i.failure};
  ForgetTlsErrors();
  std::size_t got = 0;
  const int r = SSL_read_ex(i.ssl.get(), record.data(), record.size(), &got);
  if (r == 1) return got;
  if (i.Judge(r)) return std::size_t{0};
  return Error{i.failure};
}

bool TlsChannel::Write(Bytes plain) {
  Impl& i = *impl_;
  if (i.state != State::kOpen || plain.empty() || plain.size() > kTlsRecord || SSL_in_init(i.ssl.get())) return false;
  ForgetTlsErrors();
  std::size_t sent = 0;
  const int r = SSL_write_ex(i.ssl.get(), plain.data(), plain.size(), &sent);
  if (r != 1) i.Judge(r);
  return r == 1;
}

Bytes TlsChannel::ToWire() const { return impl_->wire.out.bytes(); }
void TlsChannel::Sent(std::size_t octets) { impl_->wire.out.Drop(octets); }

void TlsChannel::Close() {
  Impl& i = *impl_;
  if (i.state == State::kOpen && !SSL_in_init(i.ssl.get())) {
    ERR_clear_error();
    if (SSL_shutdown(i.ssl.get()) < 0) ERR_clear_error();
  }
  if (i.state == State::kFailed) return;
  i.state = State::kClosed;
  i.failure = "closed";
}

void TlsChannel::AllowRenegotiation() {
  if (impl_->ssl) SSL_set_options(impl_->ssl.get(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
}
int TlsChannel::handshakes() const { return impl_->handshakes; }

bool TlsChannel::Rekey() {
  Impl& i = *impl_;
  if (i.state != State::kOpen || i.context->server) return false;
  ERR_clear_error();
  SSL* const ssl = i.ssl.get();
  const bool begun = SSL_version(ssl) >= TLS1_3_VERSION ? SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1 : SSL_renegotiate(ssl) == 1;
  if (!begun) {
    ERR_clear_error();
    return false;
  }
  const int r = SSL_do_handshake(ssl);
  return r == 1 || i.Judge(r);
}

void TlsChannel::Trim() {
  if (impl_->ssl) SSL_free_buffers(impl_->ssl.get());  // only if they are empty; made again when needed
  impl_->wire.in.Trim();
  impl_->wire.out.Trim();
}

TlsChannel::State TlsChannel::state() const { return impl_->state; }
std::string TlsChannel::failure() const { return impl_->failure; }

VpnEncapsulation TlsChannel::version() const {
  if (impl_->handshakes == 0) return VpnEncapsulation::kNone;
  switch (SSL_version(impl_->ssl.get())) {
    case TLS1_VERSION: return VpnEncapsulation::kTls10;
    case TLS1_1_VERSION: return VpnEncapsulation::kTls11;
    case TLS1_2_VERSION: return VpnEncapsulation::kTls12;
    case TLS1_3_VERSION: return VpnEncapsulation::kTls13;
    default: return VpnEncapsulation::kNone;
  }
}
std::string TlsChannel::cipher() const {
  const SSL_CIPHER* const c = impl_->ssl ? SSL_get_current_cipher(impl_->ssl.get()) : nullptr;
  return c != nullptr ? SSL_CIPHER_get_name(c) : "";
}

std::optional<Certificate> TlsChannel::peer() const {
  const X509* const x = impl_->ssl ? SSL_get0_peer_certificate(impl_->ssl.get()) : nullptr;
  if (x == nullptr) return {};
  return CertificateOf(x);
}
std::vector<Certificate> TlsChannel::peer_chain() const {
  std::vector<Certificate> out;
  STACK_OF(X509)* const chain = impl_->ssl ? SSL_get_peer_cert_chain(impl_->ssl.get()) : nullptr;
  // A client's chain begins with its own certificate, as a server does not have it there.
  for (int k = impl_->ssl && !SSL_is_server(impl_->ssl.get()) ? 1 : 0; chain != nullptr && k < sk_X509_num(chain); ++k) {
    if (auto c = CertificateOf(sk_X509_value(chain, k))) out.push_back(*std::move(c));
  }
  return out;
}

bool TlsChannel::Export(const char* label, MutableBytes out) const {
  if (impl_->state != State::kOpen) return false;
  return SSL_export_keying_material(impl_->ssl.get(), out.data(), out.size(), label, std::strlen(label), nullptr, 0, 0) == 1;
}

}  // namespace sallyport
