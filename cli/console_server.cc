#include "cli/console_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <chrono>
#include <csignal>
#include <list>
#include <map>
#include <mutex>
#include <random>

#include "cli/appliance.h"

namespace sallyport {
namespace {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;

constexpr auto kLogInterval = std::chrono::milliseconds(50);  // how long a log line may wait before it is written
constexpr auto kTokenLife = std::chrono::seconds(30);
// Bytes that a client may leave unread. Beyond that nothing more is taken from it, so that what a command prints is bounded
// only by the command; a client that log lines come upon, which it cannot be made to wait for, is cut off.
constexpr std::size_t kMaxUnsent = 16 << 20;

// One client. Lives as long as its socket does.
class Client : public std::enable_shared_from_this<Client> {
 public:
  using Admit = std::function<std::optional<Session::Options>(const ClientFrame& hello)>;

  Client(Socket socket, Appliance& appliance, Admit admit)
      : socket_(std::move(socket)), appliance_(appliance), admit_(std::move(admit)) {}

  void Start() { Read(); }
  void Shut() {
    session_.reset();
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  bool open() const { return socket_.is_open(); }

 private:
  void Read() {
    reading_ = true;
    socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](boost::system::error_code e, std::size_t n) {
      self->reading_ = false;
      if (e) return self->Shut();
      self->reader_.Feed({self->buffer_.data(), n});
      self->Serve();
    });
  }

  bool Behind() const { return unsent_.size() > kMaxUnsent; }

  void Serve() {
    TakeFrames();
    if (socket_.is_open() && !reading_ && !Behind()) Read();
  }

  void TakeFrames() {
    while (socket_.is_open() && !leaving_ && !Behind()) {
      auto next = reader_.Next();
      if (!next) return Shut();
      if (!next->has_value()) return;
      auto frame = DecodeClientFrame(**next);
      if (!frame) return Shut();
      if (session_) {
        session_->OnFrame(*frame);
      } else {
        if (frame->kind != ClientFrame::Kind::kHello) return Shut();
        const auto options = admit_(*frame);
        if (!options) return Shut();
        session_ = std::make_unique<Session>(*options, appliance_, [this](const DaemonFrame& f) { Send(f); });
        session_->Start();
      }
      if (session_ && session_->closed()) leaving_ = true;
      if (leaving_ && !writing_) return Shut();
    }
  }

  void Send(const DaemonFrame& frame) {
    if (frame.unsolicited && Behind()) {  // posted: the session is on the stack
      asio::post(socket_.get_executor(), [self = shared_from_this()] { self->Shut(); });
      return;
    }
    unsent_ += Encode(frame);
    if (frame.kind == DaemonFrame::Kind::kBye) leaving_ = true;
    if (!writing_) Write();
  }

  void Write() {
    writing_ = true;
    in_flight_ = std::exchange(unsent_, {});
    asio::async_write(socket_, asio::buffer(in_flight_), [self = shared_from_this()](boost::system::error_code e, std::size_t) {
      self->writing_ = false;
      if (e) return self->Shut();
      const bool was_behind = self->Behind();
      if (!self->unsent_.empty()) self->Write();
      if (self->leaving_ && !self->writing_) return self->Shut();
      if (was_behind) self->Serve();
    });
  }

  Socket socket_;
  Appliance& appliance_;
  Admit admit_;
  FrameReader reader_;
  std::array<char, 16384> buffer_{};
  std::string unsent_, in_flight_;
  bool reading_ = false;
  bool writing_ = false;
  bool leaving_ = false;
  std::unique_ptr<Session> session_;
};

std::string RandomWord() {
  std::random_device device;
  std::string word;
  for (int i = 0; i < 4; i++) {
    char part[9];
    std::snprintf(part, sizeof part, "%08x", device());
    word += part;
  }
  return word;
}

}  // namespace

struct ConsoleServer::Impl {
  explicit Impl(Appliance& a) : appliance(a), acceptor(io), log_timer(io), signals(io) {}

  struct Token {
    Session::Options options;
    std::chrono::steady_clock::time_point expires;
  };

  std::optional<Session::Options> Admit(const ClientFrame& hello) {
    Session::Options options;
    if (!hello.token.empty()) {
      const std::lock_guard lock(mutex);
      const auto it = tokens.find(hello.token);
      if (it == tokens.end() || it->second.expires < std::chrono::steady_clock::now()) return {};
      options = it->second.options;
      tokens.erase(it);
    }
    if (!hello.interactive) {
      // A local script is the operator's own; one over SSH has the user's privilege.
      if (hello.token.empty()) options.privilege = 15;
      options.kind = Session::Kind::kScript;
      options.greet = false;
    }
    return options;
  }

  void Accept() {
    acceptor.async_accept([this](boost::system::error_code e, Socket socket) {
      if (!e) {
        clients.remove_if([](const std::weak_ptr<Client>& c) { return c.expired(); });
        auto client =
            std::make_shared<Client>(std::move(socket), appliance, [this](const ClientFrame& hello) { return Admit(hello); });
        clients.push_back(client);
        client->Start();
      }
      if (acceptor.is_open()) Accept();
    });
  }

  void Tick() {
    log_timer.expires_after(kLogInterval);
    log_timer.async_wait([this](boost::system::error_code e) {
      if (e) return;
      appliance.Tick();
      Tick();
    });
  }

  struct Watched {
    asio::posix::stream_descriptor descriptor;
    std::function<void()> readable;
  };

  void Wait(Watched& w) {
    w.descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [this, &w](boost::system::error_code e) {
      if (e) return;
      w.readable();
      Wait(w);
    });
  }

  Appliance& appliance;
  asio::io_context io{1};
  asio::local::stream_protocol::acceptor acceptor;
  asio::steady_timer log_timer;
  asio::signal_set signals;
  std::string path;
  std::list<std::weak_ptr<Client>> clients;
  std::list<Watched> watched;
  std::mutex mutex;  // guards tokens
  std::map<std::string, Token> tokens;
};

ConsoleServer::ConsoleServer(Appliance& appliance) : impl_(std::make_unique<Impl>(appliance)) {
  appliance.SetPost([this](std::function<void()> f) { Post(std::move(f)); });
}

ConsoleServer::~ConsoleServer() {
  for (Impl::Watched& w : impl_->watched) w.descriptor.release();  // the caller's, not ours to close
}

Status ConsoleServer::Listen(const std::string& path) {
  unlink(path.c_str());
  boost::system::error_code e;
  asio::local::stream_protocol::endpoint endpoint;
  try {
    endpoint = asio::local::stream_protocol::endpoint(path);
  } catch (const boost::system::system_error& error) {
    return Error{"cannot use " + path + " as a socket: " + error.code().message()};
  }
  impl_->acceptor.open(endpoint.protocol(), e);
  const mode_t before = umask(0177);
  if (!e) impl_->acceptor.bind(endpoint, e);
  umask(before);
  if (!e) impl_->acceptor.listen(asio::socket_base::max_listen_connections, e);
  if (e) return Error{"cannot make the console socket " + path + ": " + e.message()};
  impl_->path = path;
  return {};
}

void ConsoleServer::Run() {
  impl_->signals.add(SIGTERM);
  impl_->signals.add(SIGINT);
  impl_->signals.async_wait([this](boost::system::error_code e, int) {
    if (!e) Stop();
  });
  impl_->Accept();
  impl_->Tick();
  impl_->io.run();
  unlink(impl_->path.c_str());
  for (const auto& weak : impl_->clients) {
    if (const auto client = weak.lock()) client->Shut();
  }
}

void ConsoleServer::Watch(int fd, std::function<void()> readable) {
  impl_->watched.push_back({asio::posix::stream_descriptor(impl_->io, fd), std::move(readable)});
  impl_->Wait(impl_->watched.back());
}

void ConsoleServer::Stop() { impl_->io.stop(); }

void ConsoleServer::Post(std::function<void()> f) { asio::post(impl_->io, std::move(f)); }

std::string ConsoleServer::IssueToken(const Session::Options& options) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(impl_->mutex);
  std::erase_if(impl_->tokens, [&](const auto& t) { return t.second.expires < now; });
  const std::string word = RandomWord();
  impl_->tokens[word] = {options, now + kTokenLife};
  return word;
}

}  // namespace sallyport
