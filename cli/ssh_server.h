// SSH to the appliance, by libssh: a shell is the `sallyport` client on a pseudo-terminal, an exec request is `sallyport -c`;
// both come to the console socket with a token that names the user. So line editing is the same everywhere.
//
// Who may connect at all (`ssh NET MASK IF`) is decided in the packet pipeline, not here. One thread accepts, one more for each
// connection; `authenticate` and `issue_token` are called on those threads and do their own hand-over to the control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"

namespace sallyport {

// Makes an RSA key of `bits` (1024..4096) in the place of the one in `path`; a server that listens uses it for the next session.
// May take seconds. Errors: the file cannot be written.
Status MakeSshHostKey(const std::string& path, int bits);

class SshServer {
 public:
  struct Login {
    std::string user;
    IpAddress peer;
    std::uint16_t peer_port = 0;
    IpAddress local;
    // As the key exchange agreed, in OpenSSH's names; "" where there is none. In: from the client.
    std::string cipher_in, cipher_out, hmac_in, hmac_out;
    // Why the appliance ended the session; empty when the client did. The control thread's, as soon as there is a token.
    std::shared_ptr<std::string> end_reason = std::make_shared<std::string>();
  };
  struct Hooks {
    // Privilege level of the user when the password is right.
    std::function<std::optional<int>(const Login&, const std::string& password)> authenticate;
    // `shell`: an interactive session; else one command, which cannot ask for `enable`.
    std::function<std::string(const Login&, int privilege, bool shell)> issue_token;
    std::function<void(const Login&)> ended;  // an authenticated session has gone
  };

  // `state` is the state folder (host key, console socket); `client` the path of the sallyport program.
  SshServer(std::string state, std::string client, Hooks hooks);
  ~SshServer();
  SshServer(const SshServer&) = delete;
  SshServer& operator=(const SshServer&) = delete;

  // Makes the host key if there is none, and listens on all addresses. Errors: port in use, no privileges.
  Status Listen(std::uint16_t port);
  void Stop();  // ends all sessions too

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
