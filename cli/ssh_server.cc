#include "cli/ssh_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace sallyport {
namespace {

constexpr int kMaxTries = 3;         // passwords a client may offer
constexpr int kMaxConnections = 5;   // an ASA lets five SSH sessions in
constexpr int kPollMs = 200;         // how soon a stopped server notices
constexpr int kGoodbyeMs = 1000;     // how long a client may take to close its end
constexpr int kInputPollMs = 10;     // how soon input is offered again that the client program would not take
constexpr char kEndOfInput = 4;      // what Ctrl-D sends
constexpr int kLoginSeconds = 60;

IpAddress AddressOf(const sockaddr_storage& s, std::uint16_t* port) {
  if (s.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &s, sizeof in);
    if (port != nullptr) *port = ntohs(in.sin_port);
    return IpAddress::V4(ntohl(in.sin_addr.s_addr));
  }
  if (s.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &s, sizeof in);
    if (port != nullptr) *port = ntohs(in.sin6_port);
    return IpAddress::FromV6Bytes(in.sin6_addr.s6_addr);
  }
  return {};
}

// One connection, on its own thread.
class Connection {
 public:
  Connection(ssh_session session, const std::string& state, const std::string& client, const SshServer::Hooks& hooks,
             const std::atomic<bool>& stopping)
      : session_(session), state_(state), client_(client), hooks_(hooks), stopping_(stopping) {}
  ~Connection() {
    EndChild();
    if (event_ != nullptr) ssh_event_free(event_);
    ssh_disconnect(session_);
    ssh_free(session_);
  }

  void Run() {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    getpeername(ssh_get_fd(session_), reinterpret_cast<sockaddr*>(&address), &length);
    login_.peer = AddressOf(address, &login_.peer_port);
    length = sizeof address;
    getsockname(ssh_get_fd(session_), reinterpret_cast<sockaddr*>(&address), &length);
    login_.local = AddressOf(address, nullptr);

    const long timeout = kLoginSeconds;
    ssh_options_set(session_, SSH_OPTIONS_TIMEOUT, &timeout);
    server_callbacks_.userdata = this;
    server_callbacks_.auth_password_function = OnPassword;
    server_callbacks_.channel_open_request_session_function = OnChannelOpen;
    ssh_callbacks_init(&server_callbacks_);
    ssh_set_server_callbacks(session_, &server_callbacks_);
    ssh_set_auth_methods(session_, SSH_AUTH_METHOD_PASSWORD);
    if (ssh_handle_key_exchange(session_) != SSH_OK) return;
    const auto name = [](const char* s) { return std::string(s != nullptr ? s : ""); };
    login_.cipher_in = name(ssh_get_cipher_in(session_));
    login_.cipher_out = name(ssh_get_cipher_out(session_));
    login_.hmac_in = name(ssh_get_hmac_in(session_));
    login_.hmac_out = name(ssh_get_hmac_out(session_));
    event_ = ssh_event_new();
    if (event_ == nullptr || ssh_event_add_session(event_, session_) != SSH_OK) return;
    int waited_ms = 0;
    while (!stopping_ && !failed_ && !Over()) {
      if (ssh_event_dopoll(event_, waiting_input_ ? kInputPollMs : kPollMs) == SSH_ERROR) break;
      if (channel_ == nullptr && (waited_ms += kPollMs) > kLoginSeconds * 1000) break;
      if (waiting_input_) PumpInput();
      Reap();
    }
    if (channel_ != nullptr && ssh_channel_is_open(channel_)) {
      DrainOutput();
      if (exited_) ssh_channel_request_send_exit_status(channel_, exit_status_);
      ssh_channel_send_eof(channel_);
      ssh_channel_close(channel_);
      ssh_blocking_flush(session_, 1000);
      // The client says that it has seen it. A socket that is closed on what it still sends is reset, and the client complains.
      for (int ms = 0; !hung_up_ && !stopping_ && ms < kGoodbyeMs; ms += kPollMs) {
        if (ssh_event_dopoll(event_, kPollMs) == SSH_ERROR) break;
      }
    }
    if (privilege_) hooks_.ended(login_);
  }

 private:
  static int OnPassword(ssh_session, const char* user, const char* password, void* self) {
    auto& c = *static_cast<Connection*>(self);
    c.login_.user = user;
    if (const auto privilege = c.hooks_.authenticate(c.login_, password)) {
      c.privilege_ = privilege;
      return SSH_AUTH_SUCCESS;
    }
    if (++c.tries_ >= kMaxTries) c.failed_ = true;
    return SSH_AUTH_DENIED;
  }

  static ssh_channel OnChannelOpen(ssh_session session, void* self) {
    auto& c = *static_cast<Connection*>(self);
    if (!c.privilege_ || c.channel_ != nullptr) return nullptr;
    c.channel_ = ssh_channel_new(session);
    c.channel_callbacks_.userdata = self;
    c.channel_callbacks_.channel_data_function = OnData;
    c.channel_callbacks_.channel_eof_function = OnEof;
    c.channel_callbacks_.channel_close_function = OnClose;
    c.channel_callbacks_.channel_pty_request_function = OnPty;
    c.channel_callbacks_.channel_pty_window_change_function = OnWindow;
    c.channel_callbacks_.channel_shell_request_function = OnShell;
    c.channel_callbacks_.channel_exec_request_function = OnExec;
    ssh_callbacks_init(&c.channel_callbacks_);
    ssh_set_channel_callbacks(c.channel_, &c.channel_callbacks_);
    return c.channel_;
  }

  static int OnPty(ssh_session, ssh_channel, const char* term, int cols, int rows, int, int, void* self) {
    auto& c = *static_cast<Connection*>(self);
    c.term_ = term;
    c.size_.ws_col = static_cast<unsigned short>(cols);
    c.size_.ws_row = static_cast<unsigned short>(rows);
    return 0;
  }
  static int OnWindow(ssh_session, ssh_channel, int cols, int rows, int, int, void* self) {
    auto& c = *static_cast<Connection*>(self);
    c.size_.ws_col = static_cast<unsigned short>(cols);
    c.size_.ws_row = static_cast<unsigned short>(rows);
    if (c.child_ > 0 && c.in_ == c.out_) ioctl(c.in_, TIOCSWINSZ, &c.size_);
    return 0;
  }
  static int OnShell(ssh_session, ssh_channel, void* self) {
    return static_cast<Connection*>(self)->Spawn(nullptr) ? SSH_OK : SSH_ERROR;
  }
  static int OnExec(ssh_session, ssh_channel, const char* command, void* self) {
    return static_cast<Connection*>(self)->Spawn(command) ? SSH_OK : SSH_ERROR;
  }

  // What is not taken here stays with libssh, which shows it again only when more comes: PumpInput fetches it.
  static int OnData(ssh_session, ssh_channel, void* data, std::uint32_t length, int, void* self) {
    auto& c = *static_cast<Connection*>(self);
    if (c.in_ < 0) return static_cast<int>(length);
    ssize_t n = 0;
    if (c.held_.empty()) n = write(c.in_, data, length);
    if (n < 0) {
      if (errno != EAGAIN && errno != EINTR) return static_cast<int>(length);
      n = 0;
    }
    if (n < static_cast<ssize_t>(length)) c.waiting_input_ = true;
    return static_cast<int>(n);
  }
  static void OnEof(ssh_session, ssh_channel, void* self) {
    auto& c = *static_cast<Connection*>(self);
    c.input_over_ = c.waiting_input_ = true;
  }
  static void OnClose(ssh_session, ssh_channel, void* self) { static_cast<Connection*>(self)->hung_up_ = true; }

  // Offers the client program the input that waits, and behind the last of it the end.
  void PumpInput() {
    while (in_ >= 0) {
      if (held_.empty()) {
        char buffer[4096];
        const int n = ssh_channel_read_nonblocking(channel_, buffer, sizeof buffer, 0);
        if (n > 0) {
          held_.assign(buffer, static_cast<std::size_t>(n));
        } else if (!input_over_ || end_given_) {
          break;
        } else if (in_ != out_) {
          close(in_);
          in_ = -1;
          break;
        } else {
          held_.assign(1, kEndOfInput);
          end_given_ = true;
        }
      }
      const ssize_t n = write(in_, held_.data(), held_.size());
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
      held_.erase(0, n < 0 ? held_.size() : static_cast<std::size_t>(n));
    }
    waiting_input_ = false;
  }
  static int OnOutput(socket_t, int revents, void* self) {
    auto& c = *static_cast<Connection*>(self);
    if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0) c.PumpOutput();
    return 0;
  }

  bool PumpOutput() {
    char buffer[16384];
    const ssize_t n = read(out_, buffer, sizeof buffer);
    if (n <= 0) {
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
      output_over_ = true;
      ssh_event_remove_fd(event_, out_);
      return false;
    }
    for (ssize_t at = 0; at < n;) {
      const int sent = ssh_channel_write(channel_, buffer + at, static_cast<std::uint32_t>(n - at));
      if (sent <= 0) {
        hung_up_ = true;
        return false;
      }
      at += sent;
    }
    return true;
  }
  void DrainOutput() {
    if (out_ < 0 || output_over_) return;
    while (PumpOutput()) {
    }
  }

  bool Spawn(const char* command) {
    if (child_ != 0) return false;
    const std::string token = "SALLYPORT_TOKEN=" + hooks_.issue_token(login_, *privilege_, command == nullptr);
    const std::string term = "TERM=" + (term_.empty() ? std::string("dumb") : term_);
    // All that the child needs is made before the fork: this process has threads.
    std::vector<char*> environment = {const_cast<char*>(token.c_str()), const_cast<char*>(term.c_str()), nullptr};
    std::vector<const char*> words = {client_.c_str(), "--state", state_.c_str()};
    if (command != nullptr) {
      words.push_back("-c");
      words.push_back(command);
    }
    std::vector<char*> arguments;
    for (const char* w : words) arguments.push_back(const_cast<char*>(w));
    arguments.push_back(nullptr);
    if (command == nullptr) {
      termios raw{};
      cfmakeraw(&raw);
      raw.c_oflag |= OPOST | ONLCR;
      raw.c_cflag |= CREAD;
      int master = -1;
      child_ = forkpty(&master, nullptr, &raw, &size_);
      if (child_ == 0) {
        execve(client_.c_str(), arguments.data(), environment.data());
        _exit(127);
      }
      if (child_ < 0) return false;
      in_ = out_ = master;
    } else {
      int to[2], from[2];
      if (pipe2(to, O_CLOEXEC) != 0) return false;
      if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return false;
      }
      child_ = fork();
      if (child_ == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        dup2(from[1], 2);
        execve(client_.c_str(), arguments.data(), environment.data());
        _exit(127);
      }
      close(to[0]);
      close(from[1]);
      in_ = to[1];
      out_ = from[0];
      if (child_ < 0) return false;
    }
    fcntl(in_, F_SETFL, fcntl(in_, F_GETFL) | O_NONBLOCK);
    fcntl(out_, F_SETFL, fcntl(out_, F_GETFL) | O_NONBLOCK);
    fcntl(out_, F_SETFD, FD_CLOEXEC);
    return ssh_event_add_fd(event_, out_, POLLIN | POLLHUP, OnOutput, this) == SSH_OK;
  }

  void Reap() {
    int status = 0;
    if (child_ > 0 && !exited_ && waitpid(child_, &status, WNOHANG) == child_) {
      exited_ = true;
      exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
  }
  bool Over() {
    if (hung_up_) return true;
    if (channel_ != nullptr && ssh_channel_is_closed(channel_) != 0) return true;
    return exited_ && output_over_;
  }
  void EndChild() {
    if (child_ > 0 && !exited_) {
      kill(child_, SIGHUP);
      int status = 0;
      for (int i = 0; i < 50 && waitpid(child_, &status, WNOHANG) == 0; i++) usleep(20'000);
      if (waitpid(child_, &status, WNOHANG) == 0) {
        kill(child_, SIGKILL);
        waitpid(child_, &status, 0);
      }
    }
    if (in_ >= 0 && in_ != out_) close(in_);
    if (out_ >= 0) close(out_);
    in_ = out_ = -1;
  }

  ssh_session session_;
  const std::string& state_;
  const std::string& client_;
  const SshServer::Hooks& hooks_;
  const std::atomic<bool>& stopping_;
  SshServer::Login login_;
  ssh_server_callbacks_struct server_callbacks_{};
  ssh_channel_callbacks_struct channel_callbacks_{};
  ssh_event event_ = nullptr;
  ssh_channel channel_ = nullptr;
  std::optional<int> privilege_;
  int tries_ = 0;
  bool failed_ = false;
  std::string term_;
  winsize size_{24, 80, 0, 0};
  pid_t child_ = 0;
  int in_ = -1, out_ = -1;  // the same descriptor for a shell
  std::string held_;            // input that neither libssh nor the client program has
  bool waiting_input_ = false;  // there may be input that the client program has not been given
  bool input_over_ = false;     // no more will come
  bool end_given_ = false;
  bool output_over_ = false, hung_up_ = false, exited_ = false;
  int exit_status_ = 0;
};

// Changes with every new file.
std::pair<ino_t, std::int64_t> FileVersion(const std::string& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0) return {};
  return {s.st_ino, s.st_mtim.tv_sec * std::int64_t{1'000'000'000} + s.st_mtim.tv_nsec};
}

}  // namespace

Status MakeSshHostKey(const std::string& path, int bits) {
  ssh_key key = nullptr;
  if (ssh_pki_generate(SSH_KEYTYPE_RSA, bits, &key) != SSH_OK) return Error{"cannot make an SSH host key"};
  const std::string fresh = path + ".new";
  const mode_t before = umask(0077);
  const int written = ssh_pki_export_privkey_file(key, nullptr, nullptr, nullptr, fresh.c_str());
  umask(before);
  ssh_key_free(key);
  if (written != SSH_OK || rename(fresh.c_str(), path.c_str()) != 0) return Error{"cannot write the SSH host key " + path};
  return {};
}

struct SshServer::Impl {
  struct Worker {
    std::thread thread;
    int socket = -1;  // a descriptor of our own, so that it is there for as long as the worker is
    std::atomic<bool> done{false};
  };

  void Accept() {
    while (!stopping) {
      pollfd fds[2] = {{ssh_bind_get_fd(bind), POLLIN, 0}, {wake, POLLIN, 0}};
      if (poll(fds, 2, -1) < 0 && errno != EINTR) break;
      if (stopping) break;
      Join(false);
      if ((fds[0].revents & POLLIN) == 0) continue;
      TakeNewKey();
      ssh_session session = ssh_new();
      if (session == nullptr || ssh_bind_accept(bind, session) != SSH_OK || workers.size() >= kMaxConnections) {
        ssh_free(session);
        continue;
      }
      Worker& w = workers.emplace_back();
      w.socket = fcntl(ssh_get_fd(session), F_DUPFD_CLOEXEC, 0);
      w.thread = std::thread([this, session, &w] {
        Connection(session, state, client, hooks, stopping).Run();
        w.done = true;
      });
    }
    // A peer that says nothing or reads nothing must not hold us up.
    for (const Worker& w : workers) {
      if (w.socket >= 0) shutdown(w.socket, SHUT_RD);
    }
    Join(true);
  }

  // `crypto key generate` has made another one.
  void TakeNewKey() {
    const auto now = FileVersion(state + "/ssh_host_key");
    if (now == key_version) return;
    ssh_key key = nullptr;
    if (ssh_pki_import_privkey_file((state + "/ssh_host_key").c_str(), nullptr, nullptr, nullptr, &key) != SSH_OK) return;
    if (ssh_bind_options_set(bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) == SSH_OK) key_version = now;  // the key is libssh's from here on
    else ssh_key_free(key);
  }

  void Join(bool all) {
    for (auto it = workers.begin(); it != workers.end();) {
      if (all || it->done) {
        it->thread.join();
        if (it->socket >= 0) close(it->socket);
        it = workers.erase(it);
      } else {
        ++it;
      }
    }
  }

  std::string state, client;
  Hooks hooks;
  std::pair<ino_t, std::int64_t> key_version{};
  ssh_bind bind = nullptr;
  int wake = -1;
  std::atomic<bool> stopping{false};
  std::thread acceptor;
  std::list<Worker> workers;  // the accepting thread's
};

SshServer::SshServer(std::string state, std::string client, Hooks hooks) : impl_(std::make_unique<Impl>()) {
  impl_->state = std::move(state);
  impl_->client = std::move(client);
  impl_->hooks = std::move(hooks);
}

SshServer::~SshServer() { Stop(); }

Status SshServer::Listen(std::uint16_t port) {
  const std::string key = impl_->state + "/ssh_host_key";
  if (access(key.c_str(), R_OK) != 0) {
    if (Status made = MakeSshHostKey(key, 2048); !made) return made;
  }
  impl_->key_version = FileVersion(key);
  const unsigned port_number = port;
  std::string why;
  for (const char* address : {"::", "0.0.0.0"}) {  // both families, or IPv4 where the kernel has no other
    impl_->bind = ssh_bind_new();
    ssh_bind_options_set(impl_->bind, SSH_BIND_OPTIONS_BINDADDR, address);
    ssh_bind_options_set(impl_->bind, SSH_BIND_OPTIONS_BINDPORT, &port_number);
    ssh_bind_options_set(impl_->bind, SSH_BIND_OPTIONS_HOSTKEY, key.c_str());
    if (ssh_bind_listen(impl_->bind) == SSH_OK) break;
    why = ssh_get_error(impl_->bind);
    ssh_bind_free(impl_->bind);
    impl_->bind = nullptr;
  }
  if (impl_->bind == nullptr) return Error{"cannot listen for SSH on port " + std::to_string(port) + ": " + why};
  impl_->wake = eventfd(0, EFD_CLOEXEC);
  impl_->stopping = false;
  impl_->acceptor = std::thread([this] { impl_->Accept(); });
  return {};
}

void SshServer::Stop() {
  if (!impl_->acceptor.joinable()) return;
  impl_->stopping = true;
  const std::uint64_t one = 1;
  if (write(impl_->wake, &one, sizeof one) != sizeof one) return;
  impl_->acceptor.join();
  ssh_bind_free(impl_->bind);
  impl_->bind = nullptr;
  close(impl_->wake);
  impl_->wake = -1;
}

}  // namespace sallyport
