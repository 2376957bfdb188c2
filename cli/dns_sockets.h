// Questions of the DNS client on UDP sockets: one for each question, with a random port, bound to the interface's link and connected
// to the server. Control thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cli/dns_client.h"
#include "firewall/base/result.h"

namespace sallyport {

class DnsSockets final : public DnsTransport {
 public:
  // `link_of`: the Linux link of a nameif, "" when it has none.
  static Result<std::unique_ptr<DnsSockets>> Open(std::function<std::string(const std::string& nameif)> link_of);
  ~DnsSockets() override;

  bool Send(std::uint32_t question, const DnsPlan::Server& server, Bytes message) override;
  void Close(std::uint32_t question) override;
  // Readable when something has come on any of them.
  int fd() const { return epoll_; }
  // Reads what has come. `received` may send and close.
  void Receive(const std::function<void(std::uint32_t question, Bytes message)>& received);

 private:
  DnsSockets(int epoll, std::function<std::string(const std::string&)> link_of) : epoll_(epoll), link_of_(std::move(link_of)) {}
  int epoll_;
  std::function<std::string(const std::string&)> link_of_;
  std::map<std::uint32_t, int> sockets_;  // by question
};

}  // namespace sallyport
