// Sockets of TLS connections whose tunnel is up: the data thread reads them behind each batch of the queue and gives what comes to
// SslPlane; what that has sealed is sent in one call for each socket. Data thread, but for Open and the end.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "firewall/base/result.h"
#include "firewall/host/poll_source.h"
#include "vpn/anyconnect/ssl_plane.h"

namespace sallyport {

class SslStreams final : public PollSource, public SslWires {
 public:
  // The plane uses it from now on; it outlives this.
  static Result<std::unique_ptr<SslStreams>> Open(SslPlane& plane);
  ~SslStreams() override;
  SslStreams(const SslStreams&) = delete;
  SslStreams& operator=(const SslStreams&) = delete;

  // --- PollSource
  int fd() const override { return epoll_; }
  bool Drain(TimePoint now, bool ready) override;
  void Flush() override;
  // --- SslWires
  void Watch(int socket) override;
  void Finish(int socket, Bytes last) override;

 private:
  SslStreams(SslPlane& plane, int epoll, int timer);
  // A connection that is over: what is left of it is sent, and what still comes is thrown away, until the other end has closed, too.
  struct Ending {
    std::vector<std::uint8_t> left;
    std::size_t sent = 0;
    std::int64_t until_ns = 0;  // real
  };
  void Send(int socket, TimePoint now);
  void Want(int socket, bool write);
  void Read(int socket, TimePoint now, bool& more);
  // False: it is closed now.
  bool GoOn(int socket, Ending& e);
  void Close(int socket);
  void EndLate();

  SslPlane& plane_;
  int epoll_, timer_;
  std::vector<std::uint8_t> state_;  // by socket: of the bits below
  std::size_t watched_ = 0;
  static constexpr std::size_t kMostEnding = 1024;
  std::unordered_map<int, Ending> ending_;
  bool armed_ = false;  // the timer
  int silent_ = 0;      // how often nothing was there
  std::vector<std::uint8_t> buffer_;
  TimePoint now_;
};

}  // namespace sallyport
