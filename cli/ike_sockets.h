// IKE's messages on UDP sockets: ports 500 and 4500 of each address of an interface that IKE is on, bound to that address and to the
// interface's link, so that an answer leaves from where the question came to. On port 4500 they are told from ESP by four zero bytes
// in front (RFC 3948); the ESP itself is the packet path's, which takes it before any socket sees it. Control thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/bound_socket.h"
#include "firewall/base/result.h"
#include "vpn/service.h"

namespace sallyport {

class IkeSockets final : public IkeTransport {
 public:
  using Place = SocketPlace;
  static Result<std::unique_ptr<IkeSockets>> Open();
  ~IkeSockets() override;

  // There are sockets at these places from now on, and at no others. The error names the first that could not be had; the others
  // are there.
  Status Listen(const std::vector<Place>& places);
  // Readable when something has come.
  int fd() const { return epoll_; }
  // Reads what has come. `received` may send.
  void Receive(const std::function<void(const IkeDatagram&)>& received);
  void Send(const IkeDatagram& d) override;

 private:
  explicit IkeSockets(int epoll) : epoll_(epoll) {}
  struct Socket {
    Place place;
    std::uint16_t port = 500;
    int fd = -1;
  };
  Result<int> Bind(const Place& place, std::uint16_t port);
  void Close(const Socket& s);

  int epoll_;
  std::vector<Socket> sockets_;
};

}  // namespace sallyport
