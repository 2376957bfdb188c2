// The socket by which members of a load-balancing cluster hear each other (vpn/load_balancer.h): UDP on the network of the interface
// lbprivate, by broadcast. Control thread.
#pragma once

#include <functional>
#include <string>

#include "firewall/base/bytes.h"
#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"

namespace sallyport {

class BalancerSocket {
 public:
  struct Place {
    std::string link;  // of Linux; "": no socket
    int index = 0;
    IpAddress own, broadcast;
    std::uint16_t port = 9023;
    bool operator==(const Place&) const = default;
  };
  BalancerSocket();
  ~BalancerSocket();
  BalancerSocket(const BalancerSocket&) = delete;
  BalancerSocket& operator=(const BalancerSocket&) = delete;

  Status Open(const Place& place);
  // Readable when something has come, whatever Open was called for.
  int fd() const { return epoll_; }
  void Send(Bytes message);
  void Receive(const std::function<void(Bytes)>& heard);

 private:
  void Shut();
  Place place_;
  int epoll_ = -1, fd_ = -1;
};

}  // namespace sallyport
