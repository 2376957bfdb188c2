// TLS without sockets: octets of the wire in and out, records of plaintext out and in. The appliance's end and a client's (for labs
// and tests). A channel belongs to the control thread until its client has connected, then to the data thread; never to both.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "vpn/crypto/certificates.h"
#include "vpn/ssl_policy.h"
#include "vpn/views.h"

namespace sallyport {

struct TlsSettings {
  int min_version = 0x0303, max_version = 0x0304;  // as on the wire
  std::string ciphers = {};    // OpenSSL's names for up to TLS 1.2; "": its own choice
  std::string suites13 = {};   // for TLS 1.3; "": its own choice
  bool ask_certificate = false;  // server: of the client; what is shown is believed by nobody here: see TlsChannel::peer
  std::vector<Certificate> authorities = {};  // ... whose certificates it should choose from; none: any
  std::function<void(const std::string&)> key_log = {};  // lines in NSS format
};
// `ask`: clients are asked for a certificate (`ssl certificate-authentication`, or a tunnel group wants one).
TlsSettings TlsSettingsOf(const SslPolicy& policy, bool ask);

// What all connections of one listener share. Immutable, cheap to copy; any thread.
class TlsContext {
 public:
  static Result<TlsContext> Server(const TlsSettings& settings, const Certificate& own, const std::vector<Certificate>& chain, const PrivateKey& key);
  // `own` and `key` may be empty. The server's certificate is not judged here.
  static Result<TlsContext> Client(const TlsSettings& settings, const Certificate& own = {}, const PrivateKey& key = {});

 private:
  friend class TlsChannel;
  struct Shared;
  std::shared_ptr<const Shared> shared_;
};

class TlsChannel {
 public:
  enum class State : std::uint8_t { kHandshake, kOpen, kClosed, kFailed };
  // A client's first message is in ToWire at once; `server_name` goes into its hello if it is a name.
  explicit TlsChannel(const TlsContext& context, const std::string& server_name = {});
  TlsChannel(TlsChannel&&) noexcept;
  TlsChannel& operator=(TlsChannel&&) noexcept;
  ~TlsChannel();

  // What came from the wire: the handshake goes on with it (a server's signature is made here), records wait for Read.
  State Feed(Bytes from_wire);
  // What one record holds; `record` has room for the largest (kTlsRecord), or the rest comes at the next call. 0: nothing now. The error
  // is why the channel is over (closed by the peer: "closed").
  Result<std::size_t> Read(MutableBytes record);
  // One record for each call of at most kTlsRecord octets. False: not now (a renegotiation is going on), or never more.
  bool Write(Bytes plain);
  // What is to be sent: the octets are the channel's until Sent is told how many have gone.
  Bytes ToWire() const;
  std::size_t pending() const { return ToWire().size(); }
  void Sent(std::size_t octets);
  // Says close_notify. What is pending is still to be sent.
  void Close();
  // Lets the client renegotiate (TLS 1.2 and earlier; `rekey method ssl`) one more time; otherwise it is answered no_renegotiation.
  void AllowRenegotiation();
  // How many handshakes there have been: 1 once it is open, more after renegotiations and whatever TLS 1.3 says later (new keys).
  int handshakes() const;
  // A client's side of `rekey method ssl`: TLS 1.2 renegotiates, TLS 1.3 changes its keys. False: not possible.
  bool Rekey();
  // Gives buffers back that are empty (some 35 KB): for connections that are idle. They come again when there is something to do.
  void Trim();

  State state() const;
  std::string failure() const;  // why kFailed
  VpnEncapsulation version() const;  // kTls10..kTls13; kNone before it is open
  std::string cipher() const;        // OpenSSL's name
  std::optional<Certificate> peer() const;  // what the other end has shown and proved that it has the key of; not validated
  std::vector<Certificate> peer_chain() const;  // what it sent besides
  // Keying material for something else (RFC 5705), without context.
  bool Export(const char* label, MutableBytes out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr std::size_t kTlsRecord = 16384;

}  // namespace sallyport
