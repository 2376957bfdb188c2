// SSH as the configuration wants it: listens while any `ssh` line lets somebody in, checks users as `aaa authentication ssh
// console LOCAL` says, and writes the log. Control thread; the server's threads come in through ConsoleServer::Post.
#pragma once

#include <atomic>
#include <memory>

#include "cli/appliance.h"
#include "cli/console_server.h"
#include "cli/ssh_server.h"

namespace sallyport {

class SshService {
 public:
  SshService(Appliance& appliance, ConsoleServer& console, const StateFolder& state);
  ~SshService();
  // Starts or stops listening as the present policy says. Errors: port in use.
  Status Update();
  void Stop();

 private:
  std::optional<int> Authenticate(const SshServer::Login& login, const std::string& password);
  void Log(bool permitted, const SshServer::Login& login);

  Appliance& appliance_;
  ConsoleServer& console_;
  std::string state_;
  std::unique_ptr<SshServer> server_;
  std::atomic<bool> enables_at_once_{false};  // aaa authorization exec LOCAL auto-enable
};

}  // namespace sallyport
