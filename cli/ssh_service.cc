#include "cli/ssh_service.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>

#include "cli/aaa_login.h"

namespace sallyport {
namespace {

// The console client is installed next to the daemon.
std::string ClientProgram() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "/usr/bin/sallyport" : (self.parent_path() / "sallyport").string();
}

// Servers may keep silent for a while; an SSH client waits longer.
constexpr auto kLongestLogin = std::chrono::seconds(110);

}  // namespace

SshService::SshService(Appliance& appliance, ConsoleServer& console, const StateFolder& state)
    : appliance_(appliance), console_(console), state_(state.path()) {}

SshService::~SshService() { Stop(); }

Status SshService::Update() {
  enables_at_once_ = appliance_.configuration().settings().asks_exec_authorization;
  const Policy& policy = *appliance_.policy();
  const bool wanted = std::any_of(policy.management.begin(), policy.management.end(), [](const ManagementRule& r) {
    return r.service == ManagementRule::Service::kSsh;
  });
  if (wanted == (server_ != nullptr)) return {};
  if (!wanted) {
    Stop();
    return {};
  }
  SshServer::Hooks hooks;
  stopping_ = false;
  // On the connection's own thread, which waits for the control thread: not when the daemon stops, which then does not answer any more.
  hooks.authenticate = [this](const SshServer::Login& login, const std::string& password) -> std::optional<int> {
    auto promise = std::make_shared<std::promise<std::optional<int>>>();
    std::future<std::optional<int>> answer = promise->get_future();
    console_.Post([this, promise, login, password] {
      Authenticate(login, password, [promise](std::optional<int> privilege) { promise->set_value(privilege); });
    });
    const auto end = std::chrono::steady_clock::now() + kLongestLogin;
    while (!stopping_ && std::chrono::steady_clock::now() < end) {
      if (answer.wait_for(std::chrono::milliseconds(100)) == std::future_status::ready) return answer.get();
    }
    return {};
  };
  hooks.issue_token = [this](const SshServer::Login& login, int privilege, bool shell) {
    Session::Options options;
    options.kind = Session::Kind::kSsh;
    options.user = login.user;
    // A shell starts in user EXEC; `enable` leads on, unless the configuration enables at once.
    options.privilege = shell && !enables_at_once_ ? 1 : privilege;
    options.peer = login.peer;
    options.in = {login.cipher_in, login.hmac_in};
    options.out = {login.cipher_out, login.hmac_out};
    options.end_reason = login.end_reason;
    return console_.IssueToken(options);
  };
  hooks.ended = [this](const SshServer::Login& login) {
    console_.Post([this, login] {
      const Interface* in = nullptr;
      for (const auto& f : appliance_.policy()->interfaces) {
        if (f && f->Owns(login.local)) in = &*f;
      }
      appliance_.logger().Log(Msg::k315011, {login.peer.ToString(), in != nullptr ? in->nameif : "", login.user,
                                              login.end_reason->empty() ? "terminated normally" : *login.end_reason});
    });
  };
  server_ = std::make_unique<SshServer>(state_, ClientProgram(), std::move(hooks));
  Status listening = server_->Listen(policy.ssh_port);
  if (!listening) server_.reset();
  return listening;
}

void SshService::Stop() {
  stopping_ = true;
  if (server_) server_->Stop();
  server_.reset();
}

void SshService::Authenticate(const SshServer::Login& login, const std::string& password, const Answer& answer) {
  CheckLogin(appliance_, "ssh", login.user, password, login.peer, [this, login, answer](std::optional<int> privilege) {
    const auto settings = appliance_.configuration().settings();
    Log(privilege.has_value(), login);
    if (privilege) {
      appliance_.logins().LoggedIn(login.user, appliance_.WallNow(), login.peer);
    } else if (std::any_of(settings.users.begin(), settings.users.end(), [&](const auto& u) { return u.name == login.user; })) {
      appliance_.logins().Failed(login.user, appliance_.WallNow(), login.peer);
    }
    answer(privilege);
  });
}

void SshService::Log(bool permitted, const SshServer::Login& login) {
  std::string interface;
  for (const auto& f : appliance_.policy()->interfaces) {
    if (f && f->Owns(login.local)) interface = f->nameif;
  }
  const std::string peer = login.peer.ToString(), port = std::to_string(login.peer_port);
  const std::string local = interface + ":" + login.local.ToString();
  if (permitted) {
    appliance_.logger().Log(Msg::k605005, {peer + "/" + port, local + "/ssh", login.user});
  } else {
    appliance_.logger().Log(Msg::k605004, {peer, port, local, "ssh", login.user});
  }
}

}  // namespace sallyport
