// What the control thread asks of the data path of AnyConnect (ssl_plane.h). Every call is made on the data thread: the service posts
// closures there (ApplianceHost::OnEngine, PostEngine), tests call it directly.
//
//   first CONNECT    Open, AddTls        DTLS is up   AddDtls            the session ends   Drop each way, Close
//   CONNECT again    Update, AddTls      (replaces)   AddDtls            probes             Send(kDpdRequest)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/bytes.h"
#include "firewall/base/time.h"
#include "firewall/tunnel.h"
#include "vpn/anyconnect/cstp.h"
#include "vpn/anyconnect/dtls_channel.h"
#include "vpn/anyconnect/mtu.h"
#include "vpn/anyconnect/ssl_activity.h"
#include "vpn/anyconnect/ssl_event.h"
#include "vpn/anyconnect/tls_channel.h"
#include "vpn/views.h"

namespace sallyport {

class AccessList;

// A session, as far as packets are concerned.
struct SslClient {
  IfId at{};                                 // the interface that its client is behind
  IpAddress assigned, assigned6;             // inner addresses; none: it has none of that family
  std::shared_ptr<const AccessList> filter;  // vpn-filter; null: none
  std::string group, user;                   // messages name them, the group policy's name first
  IpAddress peer;                            // where the client is now, as messages have it
  int tls_mtu = 0, dtls_mtu = 0;             // largest inner packets
  MtuInput mtu;                              // what dtls_mtu was worked out from (a narrower path lowers it)
  bool df_bit_ignore = false;
  VpnCompression tls = VpnCompression::kNone, dtls = VpnCompression::kNone;  // of what leaves; what comes may always be compressed so
};

// What a tunnel says at its end.
struct SslLastFrame {
  CstpType type = CstpType::kDisconnect;  // or kTerminate
  std::vector<std::uint8_t> payload;      // severity << 5 | type, then words
};

class SslControl {
 public:
  virtual ~SslControl() = default;

  // A session that gets its first tunnel. Its TunnelId is its own until Close, whatever tunnels come and go; kNone: there is no room for
  // one more, or an address is another session's. From now on its addresses lead to it.
  virtual TunnelId Open(const SslClient& client, TimePoint now) = 0;
  // Something about it has changed (a CONNECT again). Its addresses stay what they are.
  virtual void Update(TunnelId t, const SslClient& client, TimePoint now) = 0;
  // A TLS connection, connected: its channel, and its socket, which is the plane's from now on. The one that it replaces is closed behind it
  // (flow drop svc-replacement-conn), and what leaves goes by it until the next AddDtls; a DTLS tunnel that is there still receives.
  // What the channel has in it is done. False: there is no such session; the socket has been closed.
  virtual bool AddTls(TunnelId t, std::uint32_t number, TlsChannel channel, int socket, std::shared_ptr<SslActivity> activity, TimePoint now) = 0;
  // A DTLS connection, its handshake done. What the channel has in it is done. Replaces what was there. What leaves goes by it from now on.
  virtual bool AddDtls(TunnelId t, std::uint32_t number, std::unique_ptr<DtlsChannel> channel, const Endpoint& local, const Endpoint& peer,
                       std::shared_ptr<SslActivity> activity, TimePoint now) = 0;
  // A datagram of that connection which came to the control thread because the data path did not know it yet.
  virtual void ReceiveDtls(TunnelId t, std::uint32_t number, Bytes datagram, TimePoint now) = 0;
  // A frame of the appliance's own (DPD-REQ, keepalive). Lost if the way is not there.
  virtual void Send(TunnelId t, SslWay way, CstpType type, Bytes payload, TimePoint now) = 0;
  // The tunnel ends: a last frame if there is one, close_notify, FIN. No event tells of it.
  virtual void Drop(TunnelId t, SslWay way, const std::optional<SslLastFrame>& last, TimePoint now) = 0;
  // The session has ended: its tunnels go (Drop without a word), its connections end, its addresses lead nowhere.
  virtual void Close(TunnelId t, TimePoint now) = 0;
  virtual void SetMtu(TunnelId t, int tls, int dtls, TimePoint now) = 0;
  // `rekey method ssl`: the client may renegotiate the TLS connection one more time.
  virtual void AllowRekey(TunnelId t, TimePoint now) = 0;
};

}  // namespace sallyport
