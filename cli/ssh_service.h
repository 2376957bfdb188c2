// SSH as the configuration wants it: listens while any `ssh` line lets somebody in, checks users as `aaa authentication ssh
// console` says (aaa_login.h), and writes the log. Control thread; the server's threads come in through ConsoleServer::Post.
#pragma once

#include <atomic>
#include <functional>
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
  using Answer = std::function<void(std::optional<int>)>;
  void Authenticate(const SshServer::Login& login, const std::string& password, const Answer& answer);
  void Log(bool permitted, const SshServer::Login& login);

  Appliance& appliance_;
  ConsoleServer& console_;
  std::string state_;
  std::unique_ptr<SshServer> server_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> enables_at_once_{false};  // aaa authorization exec LOCAL auto-enable
};

}  // namespace sallyport
