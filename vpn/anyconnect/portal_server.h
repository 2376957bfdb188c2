// All connections to the gateway before CONNECT, without sockets: TLS, HTTP, limits and times. Whoever has the sockets says
// what came and is told what goes (PortalSink). With CONNECT a connection leaves: its TLS channel goes to the data thread.
//
// Control thread. Times are real: nobody's clock but the world's hastens or saves a peer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "firewall/base/bytes.h"
#include "firewall/base/time.h"
#include "vpn/anyconnect/portal_host.h"

namespace sallyport {

class TlsChannel;  // tls_channel.h
class TlsContext;

class PortalSink {
 public:
  virtual ~PortalSink() = default;
  // Sends, or keeps for later. Nothing here calls the server back.
  virtual void Send(ConnId id, Bytes wire) = 0;
  // What waits to be sent.
  virtual std::size_t Unsent(ConnId id) const = 0;
  // Closes when what waits has gone, or after a few seconds. The server has forgotten `id` already: no Closed follows.
  virtual void Close(ConnId id) = 0;
  // The connection is a tunnel now. What the channel has to send was Send before; what the client sent behind its request is
  // in it.
  virtual void HandOver(ConnId id, std::unique_ptr<TlsChannel> channel, const TunnelMade& tunnel) = 0;
};

// `show webvpn statistics` (ours): what came and what was refused, since start.
struct PortalCounters {
  std::uint64_t accepted = 0, handshakes = 0, requests = 0, answers = 0, octets_in = 0, octets_out = 0;
  std::uint64_t logins = 0, failures = 0, challenges = 0, tunnels = 0, refused_tunnels = 0, redirected = 0, files = 0;
  // Refused, by limit.
  std::uint64_t too_many = 0, too_many_of_address = 0, too_many_handshakes = 0, handshake_failed = 0, handshake_slow = 0;
  std::uint64_t head_slow = 0, body_slow = 0, idle_closed = 0, head_large = 0, body_large = 0, bad_requests = 0,
                bad_paths = 0, bad_xml = 0;
  std::uint64_t too_many_requests = 0, too_many_logins = 0, throttled = 0, not_found = 0;
  std::uint64_t too_many_files = 0, file_slow = 0, file_made_room = 0;
};

struct PortalLimits {
  std::size_t connections = 4096, connections_of_address = 64, handshakes = 256;
  std::size_t logins = 2048, logins_of_address = 16;
  std::size_t files = 1024, files_of_address = 16;  // being sent
  std::uint32_t requests_of_connection = 200;
  int failures_of_connection = 3;
  Duration handshake = Duration::Seconds(15), head = Duration::Seconds(15), body = Duration::Seconds(30),
           idle = Duration::Seconds(30), login = Duration::Seconds(300), send = Duration::Seconds(60);
  // A file is looked at once in a period: a client that took less than `file_least` octets a second in three of them on end is
  // left; where too many files are sent, the slowest of those below `file_fair` makes room.
  Duration file_period = Duration::Seconds(10);
  std::uint64_t file_least = 1024, file_fair = 16 * 1024;
};

class PortalServer {
 public:
  struct Ports {
    PortalHost& host;
    PortalSink& sink;
    std::function<TimePoint()> real;                    // the clock that nobody moves
    std::function<const TlsContext*(IfId at)> context;  // null: no TLS there now
    PortalLimits limits;
  };
  explicit PortalServer(Ports ports);
  ~PortalServer();
  PortalServer(const PortalServer&) = delete;
  PortalServer& operator=(const PortalServer&) = delete;

  void UsePolicy(std::shared_ptr<const VpnPolicy> policy, int release);

  // A connection was made. False: it is one too many, and is to be closed at once (nothing more is heard of it here).
  bool Accepted(ConnId id, IfId at, const Endpoint& local, const Endpoint& peer);
  void Received(ConnId id, Bytes wire);
  // The peer has closed, or is gone.
  void Closed(ConnId id);
  // All that was Send has left: a file goes on.
  void Drained(ConnId id);
  // Ten times a second, or so.
  void Tick();

  const PortalCounters& counters() const;
  void ClearCounters();
  std::size_t connections() const;
  std::size_t logins() const;  // pending

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
