// Sockets of the client of DHCP servers (vpn/dhcp_proxy.h), made when the first message leaves. It speaks as a relay does, from port 67,
// and the answers go to the giaddr, which may be a network that no link has (`dhcp-network-scope`): they are read off the link, before
// the packet filter and whatever their destination is. Control thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "firewall/base/result.h"
#include "vpn/dhcp_proxy.h"

namespace sallyport {

class DhcpSockets final : public DhcpTransport {
 public:
  using LinkOf = std::function<std::string(const std::string& nameif)>;
  static Result<std::unique_ptr<DhcpSockets>> Open(LinkOf link_of);
  ~DhcpSockets() override;
  DhcpSockets(const DhcpSockets&) = delete;
  DhcpSockets& operator=(const DhcpSockets&) = delete;

  void Send(const DhcpWay& way, IpAddress to, Bytes message) override;
  // Readable when something has come.
  int fd() const { return epoll_; }
  void Receive(const std::function<void(IpAddress from, IpAddress to, Bytes message)>& received);

 private:
  DhcpSockets(int epoll, LinkOf link_of) : epoll_(epoll), link_of_(std::move(link_of)) {}
  struct Place {
    int out = -1, in = -1;
  };
  Place Make(const std::string& link, IpAddress own);
  int epoll_;
  LinkOf link_of_;
  std::map<std::pair<std::string, IpAddress>, Place> places_;  // by link and our address
};

}  // namespace sallyport
