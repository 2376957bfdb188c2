// The control thread's loop: console clients on the Unix socket, the log drained at intervals, closures of other threads,
// signals, and what main has it watch. The only user of Boost.Asio.
//
// Made and run by main on the control thread. Post and IssueToken may be called from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/session.h"
#include "firewall/base/result.h"

namespace sallyport {

class ConsoleServer {
 public:
  explicit ConsoleServer(Appliance& appliance);
  ~ConsoleServer();
  ConsoleServer(const ConsoleServer&) = delete;
  ConsoleServer& operator=(const ConsoleServer&) = delete;

  // Makes the socket (mode 0600: whoever may open it is the operator). A socket left by a killed daemon is replaced; the
  // caller holds the state folder's lock, so nobody else can be using it.
  Status Listen(const std::string& path);
  // Runs until SIGTERM, SIGINT or Stop. Removes the socket.
  void Run();
  void Stop();

  // Calls `readable` on the control thread whenever `fd` is; what it does not read it is called for again. `fd` remains the
  // caller's, and open until Run has ended.
  void Watch(int fd, std::function<void()> readable);
  // Runs `f` on the control thread.
  void Post(std::function<void()> f);
  // A word that admits one client, once and within half a minute, as the user named in `options`.
  std::string IssueToken(const Session::Options& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
