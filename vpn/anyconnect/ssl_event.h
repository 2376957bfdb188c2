// What the data path of AnyConnect tells the control thread: a client has said goodbye, a tunnel is gone. Bounded where a client can
// cause it.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "firewall/tunnel.h"

namespace sallyport {

// The two ways of a session's packets.
enum class SslWay : std::uint8_t { kTls, kDtls };

struct SslEvent {
  enum class What : std::uint8_t {
    kTlsClosed,    // the connection has ended (FIN, reset, close_notify, an alert; `text`: we have ended it, why); the plane has no TLS any more
    kDtlsClosed,   // the same of DTLS
    kBye,          // DISCONNECT came: `code`, `text`; see PausesSession. Everything is still there
    kBadFrame,     // `error`, `code`, `text`; but for an unknown type kTlsClosed follows. Not more than one a second for each tunnel
    kFirstData,    // the first data packet came by this tunnel
    kRekeyed,      // the client has made new keys for the TLS connection in place
    kMtuLowered,   // the path of DTLS is narrower: `mtu` is the tunnel's now
  } what = What::kTlsClosed;
  TunnelId tunnel{};
  SslWay way = SslWay::kTls;
  std::uint32_t number = 0;  // which of the session's tunnels, as AddTls or AddDtls had it
  // kBye: the first octet of the payload (severity << 5 | type); 0: there was no payload.
  // kBadFrame: the octets that a message tells (length, version, type), see `error`.
  std::uint32_t code = 0, expected = 0;
  enum class Error : std::uint8_t {
    kNone,
    kUnknownType,  // 722015; code: the type. The frame is dropped, the connection stays
    kLength,       // 722016; code: said, expected: what the record has
    kFraming,      // 722017
    kVersion,      // 722018; code, expected
    kShort,        // 722019; code: octets of the record
  } error = Error::kNone;
  std::string text;  // of DISCONNECT, as the client says it
  int mtu = 0;

  // Of a DISCONNECT.
  int severity() const { return static_cast<int>(code >> 5) & 7; }
  int type() const { return static_cast<int>(code & 31); }
};

// Does a DISCONNECT (kBye) leave the session waiting to be resumed, instead of ending it? Only logout (16) ends one, and not
// if the text says that the client is about to sleep.
bool PausesSession(const SslEvent& bye);

// A bounded queue from the data thread to the control thread, with a descriptor to wait on. The lock is taken for an event, never
// for a packet.
class SslEventQueue {
 public:
  static constexpr std::size_t kMost = 65536;
  SslEventQueue();
  ~SslEventQueue();
  SslEventQueue(const SslEventQueue&) = delete;
  SslEventQueue& operator=(const SslEventQueue&) = delete;
  // False: it is full, and the event is lost.
  bool Push(SslEvent event);
  std::deque<SslEvent> Take();
  int fd() const { return fd_; }  // readable while there are events

 private:
  std::mutex lock_;
  std::deque<SslEvent> events_;
  int fd_ = -1;
};

}  // namespace sallyport
