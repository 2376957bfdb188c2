// Cisco's DTLS from before the standard (0x0100 on the wire), by GnuTLS: OpenSSL has a client of it, but no server. Only resumption of a
// session that the CONNECT request has agreed on; no certificate, no full handshake. Nothing else in the tree uses GnuTLS.
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "vpn/anyconnect/dtls_channel.h"
#include "vpn/anyconnect/dtls_records.h"

namespace sallyport {
namespace {

constexpr unsigned kLegacyGivesUpMs = 60'000;
constexpr unsigned kLegacyDataMtu = 16'384;  // whoever seals minds the path

struct LegacySuite {
  const char* name;
  const char* priority;
  gnutls_kx_algorithm_t exchange;
  gnutls_cipher_algorithm_t cipher;
  int block;
};
#define SALLYPORT_DTLS09 "NONE:+VERS-DTLS0.9:+COMP-NULL:+SIGN-ALL:%COMPAT:+SHA1:"
constexpr LegacySuite kLegacySuites[] = {
    {"DHE-RSA-AES256-SHA", SALLYPORT_DTLS09 "+AES-256-CBC:+DHE-RSA", GNUTLS_KX_DHE_RSA, GNUTLS_CIPHER_AES_256_CBC, 16},
    {"AES256-SHA", SALLYPORT_DTLS09 "+AES-256-CBC:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_AES_256_CBC, 16},
    {"DHE-RSA-AES128-SHA", SALLYPORT_DTLS09 "+AES-128-CBC:+DHE-RSA", GNUTLS_KX_DHE_RSA, GNUTLS_CIPHER_AES_128_CBC, 16},
    {"AES128-SHA", SALLYPORT_DTLS09 "+AES-128-CBC:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_AES_128_CBC, 16},
    {"DES-CBC3-SHA", SALLYPORT_DTLS09 "+3DES-CBC:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_3DES_CBC, 8},
};
#undef SALLYPORT_DTLS09

// What GnuTLS's callbacks see; stays at its place when the handshake becomes a channel.
struct LegacyCore {
  gnutls_session_t session = nullptr;
  DtlsWire wire;
  DtlsRole role = DtlsRole::kServer;
  const LegacySuite* suite = nullptr;
  Secret key;
  std::function<void(const std::string&)> key_log;

  LegacyCore() = default;
  LegacyCore(const LegacyCore&) = delete;
  LegacyCore& operator=(const LegacyCore&) = delete;
  ~LegacyCore() {
    if (session != nullptr) gnutls_deinit(session);
  }
};

ssize_t LegacyPush(gnutls_transport_ptr_t to, const void* data, std::size_t size) {
  static_cast<LegacyCore*>(to)->wire.Put(static_cast<const std::uint8_t*>(data), size);
  return static_cast<ssize_t>(size);
}
ssize_t LegacyPull(gnutls_transport_ptr_t from, void* room, std::size_t size) {
  LegacyCore& c = *static_cast<LegacyCore*>(from);
  const std::size_t n = c.wire.Get(static_cast<std::uint8_t*>(room), size);
  if (n != 0) return static_cast<ssize_t>(n);
  gnutls_transport_set_errno(c.session, EAGAIN);
  return -1;
}
int LegacyPullWaits(gnutls_transport_ptr_t from, unsigned) { return static_cast<LegacyCore*>(from)->wire.empty() ? 0 : 1; }

void AppendHex(std::string& out, const unsigned char* p, std::size_t n) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t k = 0; k < n; ++k) {
    out += kDigits[p[k] >> 4];
    out += kDigits[p[k] & 15];
  }
}

// GnuTLS does not log the secret of a session that it resumes.
void LogLegacyKeys(const LegacyCore& c) {
  gnutls_datum_t client, server;
  gnutls_session_get_random(c.session, &client, &server);
  std::string line = "CLIENT_RANDOM ";
  AppendHex(line, client.data, client.size);
  line += ' ';
  AppendHex(line, c.key.bytes().data(), c.key.size());
  c.key_log(line);
}

class LegacyChannel final : public DtlsChannel {
 public:
  explicit LegacyChannel(std::unique_ptr<LegacyCore> core) : core_(std::move(core)) { gnutls_dtls_set_mtu(core_->session, kLegacyDataMtu); }
  Got Open(Bytes datagram, MutableBytes room, std::size_t& size) override {
    return core_->wire.Open(datagram, static_cast<std::size_t>(core_->suite->block), [&] {
      const ssize_t r = gnutls_record_recv(core_->session, room.data(), room.size());
      if (r > 0) {
        size = static_cast<std::size_t>(r);
        return Got::kRecord;
      }
      return r == 0 || gnutls_error_is_fatal(static_cast<int>(r)) != 0 ? Got::kClosed : Got::kNothing;
    });
  }
  std::size_t Seal(Bytes plain, MutableBytes room) override {
    return core_->wire.Seal(room, [&] {
      const ssize_t r = gnutls_record_send(core_->session, plain.data(), plain.size());
      return r > 0 && static_cast<std::size_t>(r) == plain.size();
    });
  }
  std::size_t TakeDatagram(MutableBytes room) override { return core_->wire.Take(room); }
  void Close() override { gnutls_bye(core_->session, GNUTLS_SHUT_WR); }
  int overhead() const override { return 13 + 2 * core_->suite->block + 20; }
  VpnEncapsulation version() const override { return VpnEncapsulation::kDtls10; }
  std::string cipher() const override { return core_->suite->name; }

 private:
  std::unique_ptr<LegacyCore> core_;
};

class LegacyHandshake final : public DtlsHandshake {
 public:
  explicit LegacyHandshake(std::unique_ptr<LegacyCore> core) : core_(std::move(core)) {}
  State Feed(Bytes datagram) override {
    if (state_ != State::kBusy) return state_;
    core_->wire.Shake(datagram, {DtlsMethod::kLegacy, core_->role, {}}, [this] {
      Shake();
      return state_ == State::kBusy;
    });
    return state_;
  }
  State Tick() override {
    if (state_ == State::kBusy) Shake();
    return state_;
  }
  State state() const override { return state_; }
  std::vector<std::vector<std::uint8_t>> ToWire() override {
    if (!core_) return {};
    return core_->wire.TakeAll();
  }
  std::unique_ptr<DtlsChannel> Take() override {
    if (state_ != State::kDone || !core_) return nullptr;
    core_->key = Secret();
    return std::make_unique<LegacyChannel>(std::move(core_));
  }
  std::string failure() const override { return failure_; }

  void Shake() {
    int r = GNUTLS_E_AGAIN;
    // A warning of the peer's ends a call, and no more than that.
    do {
      r = gnutls_handshake(core_->session);
    } while (r == GNUTLS_E_WARNING_ALERT_RECEIVED && !core_->wire.empty());
    if (r == GNUTLS_E_SUCCESS && gnutls_session_is_resumed(core_->session) != 0) {
      state_ = State::kDone;
      if (core_->key_log) LogLegacyKeys(*core_);
    } else if (r == GNUTLS_E_SUCCESS || gnutls_error_is_fatal(r) != 0) {
      state_ = State::kFailed;
      failure_ = r == GNUTLS_E_SUCCESS ? "the session was not resumed" : gnutls_strerror(r);
    }
  }

 private:
  std::unique_ptr<LegacyCore> core_;
  State state_ = State::kBusy;
  std::string failure_;
};

}  // namespace

std::unique_ptr<DtlsHandshake> BeginLegacyDtls(const DtlsSecret& secret, DtlsRole role, const DtlsSetup& setup) {
  const auto* const suite = std::ranges::find_if(kLegacySuites, [&](const LegacySuite& s) { return secret.suite->name == s.name; });
  if (suite == std::end(kLegacySuites)) return nullptr;
  const unsigned end = role == DtlsRole::kServer ? GNUTLS_SERVER : GNUTLS_CLIENT;
  auto core = std::make_unique<LegacyCore>();
  core->suite = suite;
  core->role = role;
  core->key = secret.key.Clone();
  core->key_log = setup.key_log;
  if (gnutls_init(&core->session, end | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_EXTENSIONS) != GNUTLS_E_SUCCESS) return nullptr;
  gnutls_session_t s = core->session;
  if (gnutls_priority_set_direct(s, suite->priority, nullptr) != GNUTLS_E_SUCCESS) return nullptr;
  DtlsSessionId id = secret.id;
  const gnutls_datum_t master{core->key.bytes().data(), static_cast<unsigned>(core->key.size())};
  const gnutls_datum_t name{id.data(), static_cast<unsigned>(id.size())};
  if (gnutls_session_set_premaster(s, end, GNUTLS_DTLS0_9, suite->exchange, suite->cipher, GNUTLS_MAC_SHA1, GNUTLS_COMP_NULL, &master, &name) !=
      GNUTLS_E_SUCCESS) {
    return nullptr;
  }
  gnutls_transport_set_ptr(s, core.get());
  gnutls_transport_set_push_function(s, LegacyPush);
  gnutls_transport_set_pull_function(s, LegacyPull);
  gnutls_transport_set_pull_timeout_function(s, LegacyPullWaits);
  gnutls_dtls_set_mtu(s, static_cast<unsigned>(setup.mtu - (setup.peer.address.IsV6() ? 48 : 28)));
  gnutls_dtls_set_timeouts(s, static_cast<unsigned>(setup.retransmit_ms), kLegacyGivesUpMs);
  auto handshake = std::make_unique<LegacyHandshake>(std::move(core));
  if (role == DtlsRole::kClient) handshake->Shake();
  return handshake;
}

}  // namespace sallyport
