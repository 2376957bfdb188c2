// The client's end of the console socket: blocking, one thread.
#pragma once

#include <optional>
#include <string>

#include "cli/wire.h"

namespace sallyport {

class ConsoleConnection {
 public:
  // Connects to STATE/console.sock.
  static Result<ConsoleConnection> Open(const std::string& path);
  ConsoleConnection(ConsoleConnection&& other) noexcept;
  ConsoleConnection& operator=(ConsoleConnection&&) = delete;
  ~ConsoleConnection();

  int fd() const { return fd_; }
  bool Send(const ClientFrame& frame);
  // A frame that has been read already, if any.
  std::optional<DaemonFrame> Buffered();
  // Waits for the next frame; nothing when the daemon has gone away.
  std::optional<DaemonFrame> Receive();
  // Reads once what is there (call when fd() is readable). False: the daemon has gone away.
  bool Fill();

 private:
  explicit ConsoleConnection(int fd) : fd_(fd) {}
  int fd_ = -1;
  FrameReader reader_;
};

}  // namespace sallyport
