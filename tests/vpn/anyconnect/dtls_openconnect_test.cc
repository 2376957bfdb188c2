// Our end of DTLS against what openconnect 9.01 does with GnuTLS: its priorities, no extensions, a session made of a premaster secret, or a
// PSK with the session id in the hello.
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <deque>

#include "dtls_pair.h"

namespace sallyport {
namespace {

class GnuTlsClient {
 public:
  GnuTlsClient() { gnutls_init(&session_, GNUTLS_CLIENT | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_EXTENSIONS); }
  ~GnuTlsClient() {
    gnutls_deinit(session_);
    if (psk_ != nullptr) gnutls_psk_free_client_credentials(psk_);
  }
  GnuTlsClient(const GnuTlsClient&) = delete;
  GnuTlsClient& operator=(const GnuTlsClient&) = delete;

  bool Resumes(const std::string& priority, gnutls_protocol_t version, gnutls_kx_algorithm_t exchange, gnutls_cipher_algorithm_t cipher,
               gnutls_mac_algorithm_t mac, DtlsSecret& secret) {
    const gnutls_datum_t key{secret.key.bytes().data(), 48}, id{secret.id.data(), 32};
    gnutls_record_disable_padding(session_);
    return gnutls_priority_set_direct(session_, priority.c_str(), nullptr) == 0 &&
           gnutls_session_set_premaster(session_, GNUTLS_CLIENT, version, exchange, cipher, mac, GNUTLS_COMP_NULL, &key, &id) == 0 && Wire();
  }
  bool UsesPsk(DtlsSecret& secret) {
    const gnutls_datum_t key{secret.key.bytes().data(), 32}, id{secret.id.data(), 32};
    return gnutls_priority_set_direct(session_, "NORMAL:-VERS-SSL3.0:+SHA256:%COMPAT:-VERS-TLS-ALL:+VERS-DTLS-ALL:-KX-ALL:+PSK", nullptr) == 0 &&
           gnutls_session_set_id(session_, &id) == 0 && gnutls_psk_allocate_client_credentials(&psk_) == 0 &&
           gnutls_psk_set_client_credentials(psk_, "psk", &key, GNUTLS_PSK_KEY_RAW) == 0 &&
           gnutls_credentials_set(session_, GNUTLS_CRD_PSK, psk_) == 0 && Wire();
  }
  // The channel of the other end; null: it did not come to that.
  std::unique_ptr<DtlsChannel> Connect(DtlsHandshake& server) {
    int r = GNUTLS_E_AGAIN;
    for (int k = 0; k < 12 && (r != 0 || server.state() == DtlsHandshake::State::kBusy); ++k) {
      if (r != 0) r = gnutls_handshake(session_);
      if (r != 0 && gnutls_error_is_fatal(r) != 0) break;
      for (const Datagram& d : std::exchange(sent_, {})) server.Feed(d);
      for (Datagram& d : server.ToWire()) waiting_.push_back(std::move(d));
    }
    EXPECT_EQ(r, 0) << gnutls_strerror(r) << " / " << server.failure();
    return r == 0 ? server.Take() : nullptr;
  }
  bool resumed() const { return gnutls_session_is_resumed(session_) != 0; }
  Datagram Send(const Datagram& plain) {
    gnutls_record_send(session_, plain.data(), plain.size());
    return sent_.empty() ? Datagram() : std::exchange(sent_, {}).front();
  }
  Datagram Receive(const Datagram& d) {
    waiting_.push_back(d);
    Datagram out(3000);
    const ssize_t n = gnutls_record_recv(session_, out.data(), out.size());
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }

 private:
  bool Wire() {
    gnutls_transport_set_ptr(session_, this);
    gnutls_transport_set_push_function(session_, [](gnutls_transport_ptr_t at, const void* p, std::size_t n) {
      const auto* octets = static_cast<const std::uint8_t*>(p);
      static_cast<GnuTlsClient*>(at)->sent_.emplace_back(octets, octets + n);
      return static_cast<ssize_t>(n);
    });
    gnutls_transport_set_pull_function(session_, [](gnutls_transport_ptr_t at, void* p, std::size_t room) -> ssize_t {
      auto* const self = static_cast<GnuTlsClient*>(at);
      if (self->waiting_.empty()) {
        gnutls_transport_set_errno(self->session_, EAGAIN);
        return -1;
      }
      const Datagram d = std::move(self->waiting_.front());
      self->waiting_.pop_front();
      const std::size_t n = std::min(room, d.size());
      std::copy_n(d.begin(), n, static_cast<std::uint8_t*>(p));
      return static_cast<ssize_t>(n);
    });
    gnutls_transport_set_pull_timeout_function(session_, [](gnutls_transport_ptr_t at, unsigned) {
      return static_cast<GnuTlsClient*>(at)->waiting_.empty() ? 0 : 1;
    });
    gnutls_dtls_set_mtu(session_, 1472);
    return true;
  }
  gnutls_session_t session_ = nullptr;
  gnutls_psk_client_credentials_t psk_ = nullptr;
  std::vector<Datagram> sent_;
  std::deque<Datagram> waiting_;
};

void Exchange(GnuTlsClient& client, DtlsChannel& server, std::size_t mtu, std::size_t datagram) {
  const Datagram packet(mtu + 1, 7);
  const Datagram up = client.Send(packet);
  EXPECT_EQ(up.size(), datagram);
  EXPECT_EQ(OpenAll(server, up), std::vector<Datagram>{packet});
  const Datagram down = SealOne(server, packet);
  EXPECT_EQ(down.size(), datagram);
  EXPECT_EQ(client.Receive(down), packet);
}

TEST(DtlsOfOpenconnect, Resumes) {
  const std::string p12 = "NONE:+VERS-DTLS1.2:+COMP-NULL:%COMPAT:+SIGN-ALL:", p09 = "NONE:+VERS-DTLS0.9:+COMP-NULL:%COMPAT:+SIGN-ALL:+SHA1:";
  struct Row {
    DtlsMethod method;
    const char* name;
    std::string priority;
    gnutls_kx_algorithm_t exchange;
    gnutls_cipher_algorithm_t cipher;
    std::size_t mtu, datagram;
  };
  for (const Row& r : {
           Row{DtlsMethod::kDtls12, "ECDHE-RSA-AES256-GCM-SHA384", p12 + "+AES-256-GCM:+AEAD:+ECDHE-RSA", GNUTLS_KX_ECDHE_RSA, GNUTLS_CIPHER_AES_256_GCM, 1390, 1428},
           Row{DtlsMethod::kDtls12, "ECDHE-RSA-AES128-GCM-SHA256", p12 + "+AES-128-GCM:+AEAD:+ECDHE-RSA", GNUTLS_KX_ECDHE_RSA, GNUTLS_CIPHER_AES_128_GCM, 1406, 1444},
           Row{DtlsMethod::kDtls12, "AES256-GCM-SHA384", p12 + "+AES-256-GCM:+AEAD:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_AES_256_GCM, 1390, 1428},
           Row{DtlsMethod::kDtls12, "DHE-RSA-AES256-SHA", p12 + "+AES-256-CBC:+SHA1:+DHE-RSA", GNUTLS_KX_DHE_RSA, GNUTLS_CIPHER_AES_256_CBC, 1418, 1469},
           Row{DtlsMethod::kDtls12, "AES128-SHA", p12 + "+AES-128-CBC:+SHA1:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_AES_128_CBC, 1418, 1469},
           Row{DtlsMethod::kOc, "OC-DTLS1_2-AES128-GCM", p12 + "+AES-128-GCM:+AEAD:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_AES_128_GCM, 1406, 1444},
           Row{DtlsMethod::kOc, "OC-DTLS1_2-AES256-GCM", p12 + "+AES-256-GCM:+AEAD:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_AES_256_GCM, 1390, 1428},
           Row{DtlsMethod::kLegacy, "AES128-SHA", p09 + "+AES-128-CBC:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_AES_128_CBC, 1418, 1469},
           Row{DtlsMethod::kLegacy, "AES256-SHA", p09 + "+AES-256-CBC:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_AES_256_CBC, 1418, 1469},
           Row{DtlsMethod::kLegacy, "DHE-RSA-AES128-SHA", p09 + "+AES-128-CBC:+DHE-RSA", GNUTLS_KX_DHE_RSA, GNUTLS_CIPHER_AES_128_CBC, 1418, 1469},
           Row{DtlsMethod::kLegacy, "DES-CBC3-SHA", p09 + "+3DES-CBC:+RSA", GNUTLS_KX_RSA, GNUTLS_CIPHER_3DES_CBC, 1426, 1469},
       }) {
    SCOPED_TRACE(r.name);
    const DtlsSuite* const suite = FindDtlsSuite(r.method, r.name);
    ASSERT_NE(suite, nullptr);
    DtlsSecret secret = SecretOf(*suite);
    GnuTlsClient client;
    ASSERT_TRUE(client.Resumes(r.priority, r.method == DtlsMethod::kLegacy ? GNUTLS_DTLS0_9 : GNUTLS_DTLS1_2, r.exchange, r.cipher,
                               suite->aead() ? GNUTLS_MAC_AEAD : GNUTLS_MAC_SHA1, secret));
    const auto server = DtlsHandshake::Begin(secret, DtlsRole::kServer, {.cookie_key = DtlsPair::kCookieKey, .peer = {IpAddress::V4(1), 2}});
    const auto channel = client.Connect(*server);
    ASSERT_NE(channel, nullptr);
    EXPECT_TRUE(client.resumed());
    Exchange(client, *channel, r.mtu, r.datagram);
  }
}

TEST(DtlsOfOpenconnect, Psk) {
  DtlsSecret secret = SecretOf(*FindDtlsSuite(DtlsMethod::kPsk, "PSK-NEGOTIATE"));
  GnuTlsClient client;
  ASSERT_TRUE(client.UsesPsk(secret));
  const auto server = DtlsHandshake::Begin(secret, DtlsRole::kServer, {.cookie_key = DtlsPair::kCookieKey, .peer = {IpAddress::V4(1), 2}});
  const auto channel = client.Connect(*server);
  ASSERT_NE(channel, nullptr);
  EXPECT_FALSE(client.resumed());
  EXPECT_EQ(channel->cipher(), "PSK-AES256-GCM-SHA384");
  Exchange(client, *channel, 1390, 1428);
}

}  // namespace
}  // namespace sallyport
