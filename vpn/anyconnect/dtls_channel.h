// DTLS of one client without sockets: a handshake (control thread), and the channel that comes out of it, which is handed to the data
// thread and seals and opens records there. Both ends are here: the server's for the appliance, the client's for labs and tests.
//
//   auto h = DtlsHandshake::Begin(secret, DtlsRole::kServer, {.cookie_key = key, .peer = from});
//   for each datagram from that peer: h->Feed(datagram); send every one of h->ToWire();  every 50 ms: h->Tick() and ToWire() again
//   when state() is kDone: auto channel = h->Take();  data may be waiting in it: Open({}, ...) until kNothing
//
// Implementations: dtls_openssl.cc (1.2), dtls_legacy.cc (GnuTLS; Cisco's 0x0100). Both keep the time of repeated handshake messages
// themselves, on real time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/types.h"
#include "vpn/anyconnect/dtls_hello.h"
#include "vpn/anyconnect/suites.h"
#include "vpn/crypto/secret.h"
#include "vpn/views.h"

namespace sallyport {

inline constexpr std::size_t kDtlsMasterSecret = 48, kDtlsPskKey = 32;
inline constexpr const char* kDtlsPskLabel = "EXPORTER-openconnect-psk";  // TlsChannel::Export, kDtlsPskKey octets
// What a record adds at most: header 13, and IV, padding, MAC of whatever suite.
inline constexpr std::size_t kDtlsLargestOverhead = 13 + 64;

// Not for two threads at once; any thread, one after another.
class DtlsChannel {
 public:
  virtual ~DtlsChannel() = default;
  enum class Got : std::uint8_t { kNothing, kRecord, kClosed };
  // Takes a datagram (empty: goes on with what the last one left) and writes what its next record holds to `room`, which may be the
  // datagram's own place. After kRecord there may be more: go on with an empty one until kNothing. kNothing: not genuine, a repetition,
  // or a message of the library's own. kClosed: the peer has closed, or the channel is broken. Look at TakeDatagram after each.
  virtual Got Open(Bytes datagram, MutableBytes room, std::size_t& size) = 0;
  // One record into `room` (plain.size() + overhead() suffices); its size, 0: failed.
  virtual std::size_t Seal(Bytes plain, MutableBytes room) = 0;
  // What the library itself has to say: a repeated last flight, an alert. Its size; 0: nothing (more).
  virtual std::size_t TakeDatagram(MutableBytes room) = 0;
  // Makes a closing alert, for TakeDatagram.
  virtual void Close() = 0;
  // What a record adds at most.
  virtual int overhead() const = 0;
  virtual VpnEncapsulation version() const = 0;  // kDtls10 (0x0100, as an ASA shows it) or kDtls12
  virtual std::string cipher() const = 0;        // OpenSSL's name
};

// What one CONNECT has agreed on.
struct DtlsSecret {
  const DtlsSuite* suite = nullptr;  // of DtlsSuites()
  DtlsSessionId id{};                // X-DTLS-Session-ID, X-DTLS-App-ID
  Secret key;                        // the master secret, 48 octets; kPsk: what was exported, 32
};

enum class DtlsRole : std::uint8_t { kServer, kClient };

struct DtlsSetup {
  Bytes cookie_key = {};   // server: what cookies of HelloVerifyRequest are made with; empty: none is asked for
  Endpoint peer = {};      // server: what they are bound to
  int mtu = 1500;          // of the path, with IP and UDP
  int retransmit_ms = 1000;  // the first wait; doubled each time
  std::function<void(const std::string&)> key_log = {};  // lines in NSS format
};

class DtlsHandshake {
 public:
  enum class State : std::uint8_t { kBusy, kDone, kFailed };
  // `secret` need not outlive it. Null: this library cannot do that suite. A client's first flight is in ToWire at once.
  static std::unique_ptr<DtlsHandshake> Begin(const DtlsSecret& secret, DtlsRole role, const DtlsSetup& setup);
  virtual ~DtlsHandshake() = default;
  virtual State Feed(Bytes datagram) = 0;
  virtual State Tick() = 0;
  virtual State state() const = 0;
  virtual std::vector<std::vector<std::uint8_t>> ToWire() = 0;  // each a datagram; handed over
  virtual std::unique_ptr<DtlsChannel> Take() = 0;              // once, when kDone
  virtual std::string failure() const = 0;                      // why kFailed
};

// Of Begin: dtls_openssl.cc and dtls_legacy.cc.
std::unique_ptr<DtlsHandshake> BeginOpenSslDtls(const DtlsSecret& secret, DtlsRole role, const DtlsSetup& setup);
std::unique_ptr<DtlsHandshake> BeginLegacyDtls(const DtlsSecret& secret, DtlsRole role, const DtlsSetup& setup);

}  // namespace sallyport
