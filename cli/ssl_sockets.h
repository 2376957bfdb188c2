// Sockets of the portal and of DTLS: TCP listeners and connections, and UDP sockets, at each address of an interface that `webvpn`
// is enabled on, bound to that address and to the interface's link. What they carry is TLS and DTLS, of which they know nothing. A
// connection whose tunnel is up is given away: the data thread reads it from then on (cli/ssl_streams.h). Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/bound_socket.h"
#include "firewall/base/bytes.h"
#include "firewall/base/result.h"
#include "firewall/base/time.h"
#include "firewall/types.h"
#include "vpn/anyconnect/portal_host.h"

namespace sallyport {

class SslSockets {
 public:
  struct Place : SocketPlace {
    std::uint16_t port = 443;
    std::uint16_t dtls_port = 443;  // 0: no DTLS
    int max_segment = 0;            // what is offered to clients as TCP's maximum segment size; 0: what the kernel thinks
    auto operator<=>(const Place&) const = default;
  };
  struct Handler {
    virtual ~Handler() = default;
    // False: it is not wanted, and closed.
    virtual bool Accepted(ConnId c, const Place& at, const Endpoint& peer) = 0;
    virtual void Received(ConnId c, Bytes bytes) = 0;
    // The peer has closed it, or it broke. Not called for what Close was called for.
    virtual void Closed(ConnId c) = 0;
    // Everything that was sent has been taken by the kernel, after Send had to keep some of it.
    virtual void Drained(ConnId c) = 0;
    virtual void Datagram(const Place& at, const Endpoint& peer, Bytes bytes) = 0;
  };
  static Result<std::unique_ptr<SslSockets>> Open();
  ~SslSockets();

  // There are listeners at these places from now on, and at no others; connections stay. The error names the first that could not be
  // had; the others are there.
  Status Listen(const std::vector<Place>& places);
  // Readable when something has come.
  int fd() const { return epoll_; }
  // Serves what has come, a bounded amount of it. `handler` may send, close and give away.
  void Serve(Handler& handler);

  // Takes all of it; what the kernel does not take now waits.
  void Send(ConnId c, Bytes bytes);
  // How much waits.
  std::size_t Waiting(ConnId c) const;
  // When everything has been sent and the peer has closed, too, or five seconds are over (Tick); at once when too many wait for that.
  void Close(ConnId c);
  // At once, by a reset.
  void Abort(ConnId c);
  // The caller's from now on; -1: it is not there, or something waits on it.
  int Release(ConnId c);
  // What cannot be sent is lost, as on the wire.
  void SendDatagram(IfId at, const Endpoint& local, const Endpoint& peer, Bytes bytes);
  // At intervals, with real time.
  void Tick(TimePoint real);
  std::size_t connections() const { return connections_.size(); }

 private:
  explicit SslSockets(int epoll) : epoll_(epoll) {}
  struct Listener {
    Place place;
    bool udp = false;
    int fd = -1;
  };
  struct Connection {
    int fd = -1;
    std::vector<std::uint8_t> out;
    std::size_t sent = 0;  // of `out`
    bool closing = false;  // nothing of it is told any more
    TimePoint close_by;    // 0: not set yet
  };
  Result<int> Bind(const Place& place, bool udp);
  void Accept(std::uint32_t number, Handler& handler);
  void Datagrams(std::uint32_t number, Handler& handler);
  void Read(ConnId c, Handler& handler);
  // False: the connection is broken.
  bool Flush(ConnId c, Connection& conn);
  void Want(ConnId c, const Connection& conn, bool write) const;
  void Drop(ConnId c);

  int epoll_;
  std::unordered_map<std::uint32_t, Listener> listeners_;
  std::unordered_map<ConnId, Connection> connections_;
  std::size_t closing_ = 0;
  std::uint32_t last_listener_ = 0;
  std::uint32_t last_ = 0;
  TimePoint accept_again_;  // real: no more descriptors were to be had; 0: accepting
};

}  // namespace sallyport
