// UDP sockets for whoever asks servers: one for each question, with a random port, bound to the interface's link and connected to the
// server. And two who ask so: the DNS client, and the client of RADIUS servers. Control thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cli/dns_client.h"
#include "firewall/base/result.h"
#include "vpn/aaa/aaa_client.h"

namespace sallyport {

class UdpQuestions {
 public:
  // The Linux link of a nameif, "" when it has none.
  using LinkOf = std::function<std::string(const std::string& nameif)>;
  ~UdpQuestions();
  UdpQuestions(const UdpQuestions&) = delete;
  UdpQuestions& operator=(const UdpQuestions&) = delete;

  // A question that was sent before leaves by the same socket.
  bool Ask(std::uint32_t question, const std::string& interface, IpAddress server, std::uint16_t port, Bytes message);
  void Forget(std::uint32_t question);
  // Readable when something has come on any of them.
  int fd() const { return epoll_; }
  // Reads what has come. `received` may ask and forget.
  void Receive(const std::function<void(std::uint32_t question, Bytes message)>& received);

 protected:
  UdpQuestions(int epoll, LinkOf link_of) : epoll_(epoll), link_of_(std::move(link_of)) {}
  static Result<int> NewEpoll();

 private:
  int epoll_;
  LinkOf link_of_;
  std::map<std::uint32_t, int> sockets_;  // by question
};

class DnsSockets final : public DnsTransport, public UdpQuestions {
 public:
  static Result<std::unique_ptr<DnsSockets>> Open(LinkOf link_of);
  bool Send(std::uint32_t question, const DnsPlan::Server& server, Bytes message) override;
  void Close(std::uint32_t question) override { Forget(question); }

 private:
  using UdpQuestions::UdpQuestions;
};

class RadiusSockets final : public RadiusTransport, public UdpQuestions {
 public:
  static Result<std::unique_ptr<RadiusSockets>> Open(LinkOf link_of);
  bool Send(std::uint32_t request, const std::string& interface, const Endpoint& to, Bytes message) override {
    return Ask(request, interface, to.address, to.port, message);
  }
  void Close(std::uint32_t request) override { Forget(request); }

 private:
  using UdpQuestions::UdpQuestions;
};

}  // namespace sallyport
