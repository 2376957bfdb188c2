// A crowd of AnyConnect clients for benchmarks: logs in by password as openconnect does, connects a tunnel by TLS, and either goes at
// once, again and again, or stays.
//
//   cstp_tool setups HOST PORT USER PASSWORD SECONDS PARALLEL    prints: sessions a second, median and 99th percentile ms, failures
//   cstp_tool hold HOST PORT USER PASSWORD COUNT                 prints "held N" and stays until its input ends
//
// `%` in USER is replaced by the number of the thread (setups) or session (hold).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Target {
  std::string host;
  std::uint16_t port = 443;
  std::string user, password;
};

SSL_CTX* Context() {
  static SSL_CTX* const ctx = [] {
    SSL_CTX* c = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(c, SSL_MODE_AUTO_RETRY);
    return c;
  }();
  return ctx;
}

class Client {
 public:
  ~Client() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    if (fd_ >= 0) close(fd_);
  }
  // "": it worked.
  std::string Connect(const Target& t, const std::string& user) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(t.port);
    inet_pton(AF_INET, t.host.c_str(), &to.sin_addr);
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd_, static_cast<const sockaddr*>(static_cast<const void*>(&to)), sizeof to) != 0) return "connect";
    ssl_ = SSL_new(Context());
    SSL_set_fd(ssl_, fd_);
    if (SSL_connect(ssl_) != 1) return "TLS";
    host_ = t.host;
    std::string answer = Ask("POST", "/", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config-auth client=\"vpn\" type=\"init\"><version who=\"vpn\">v9.01</version>"
                                          "<device-id>linux-64</device-id><group-access>https://" + t.host + "/</group-access></config-auth>");
    for (int round = 0; round < 4 && answer.find("id=\"success\"") == std::string::npos; round++) {
      const std::string action = Between(answer, "action=\"", "\"");
      if (answer.empty() || action.empty()) return "form";
      std::string fields;
      if (answer.find("name=\"username\"") != std::string::npos) fields += "<username>" + user + "</username>";
      if (answer.find("name=\"password\"") != std::string::npos) fields += "<password>" + t.password + "</password>";
      const std::size_t from = answer.find("<opaque"), to_end = answer.find("</opaque>");
      const std::string opaque = from != std::string::npos && to_end != std::string::npos ? answer.substr(from, to_end + 9 - from) : "";
      answer = Ask("POST", action, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config-auth client=\"vpn\" type=\"auth-reply\"><version who=\"vpn\">v9.01</version>"
                                   "<device-id>linux-64</device-id>" + opaque + "<auth>" + fields + "</auth></config-auth>");
    }
    if (answer.find("id=\"success\"") == std::string::npos) return "login";
    std::string token = cookies_["webvpn"];
    if (token.empty()) token = Between(answer, "<session-token>", "</session-token>");
    if (token.empty()) return "token";
    const std::string request = "CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: " + host_ + "\r\nUser-Agent: Open AnyConnect VPN Agent v9.01\r\nCookie: webvpn=" + token +
                                "\r\nX-CSTP-Version: 1\r\nX-CSTP-Hostname: bench\r\nX-CSTP-Base-MTU: 1500\r\nX-CSTP-MTU: 1390\r\nX-CSTP-Address-Type: IPv4\r\n\r\n";
    if (SSL_write(ssl_, request.data(), static_cast<int>(request.size())) <= 0) return "CONNECT";
    const std::string head = Read("\r\n\r\n");
    return head.compare(0, 12, "HTTP/1.1 200") == 0 ? "" : "CONNECT: " + head.substr(0, 40);
  }
  void Bye() {
    static constexpr char frame[] = {'S', 'T', 'F', 1, 0, 4, 5, 0, static_cast<char>(0xb0), 'b', 'y', 'e'};
    SSL_write(ssl_, frame, sizeof frame);
    SSL_shutdown(ssl_);
  }

 private:
  std::string Read(const std::string& until, std::size_t more = 0) {
    std::string all;
    char buffer[16384];
    for (;;) {
      const std::size_t at = all.find(until);
      if (at != std::string::npos && all.size() >= at + until.size() + more) return all;
      const int n = SSL_read(ssl_, buffer, sizeof buffer);
      if (n <= 0) return {};
      all.append(buffer, static_cast<std::size_t>(n));
      if (more == 0 && at == std::string::npos) {
        const std::size_t end = all.find(until);
        if (end != std::string::npos) return all;
      }
    }
  }
  static std::string Between(const std::string& text, const std::string& from, const std::string& to) {
    const std::size_t a = text.find(from);
    if (a == std::string::npos) return {};
    const std::size_t b = text.find(to, a + from.size());
    return b == std::string::npos ? std::string() : text.substr(a + from.size(), b - a - from.size());
  }
  std::string Ask(const char* method, const std::string& path, const std::string& body) {
    std::string cookie;
    for (const auto& [name, value] : cookies_) {
      if (!value.empty()) cookie += (cookie.empty() ? "Cookie: " : "; ") + name + "=" + value;
    }
    const std::string request = std::string(method) + " " + path + " HTTP/1.1\r\nHost: " + host_ + "\r\nUser-Agent: Open AnyConnect VPN Agent v9.01\r\n" +
                                (cookie.empty() ? "" : cookie + "\r\n") +
                                "Accept: */*\r\nAccept-Encoding: identity\r\nX-Transcend-Version: 1\r\nX-Aggregate-Auth: 1\r\nX-Support-HTTP-Auth: true\r\n"
                                "Content-Type: application/xml; charset=utf-8\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (SSL_write(ssl_, request.data(), static_cast<int>(request.size())) <= 0) return {};
    std::string all = Read("\r\n\r\n");
    const std::size_t head = all.find("\r\n\r\n");
    if (head == std::string::npos || all.compare(0, 12, "HTTP/1.1 200") != 0) return {};
    for (std::size_t at = all.find("Set-Cookie: "); at != std::string::npos && at < head; at = all.find("Set-Cookie: ", at + 1)) {
      const std::size_t equals = all.find('=', at), end = all.find_first_of(";\r", equals);
      cookies_[all.substr(at + 12, equals - at - 12)] = all.substr(equals + 1, end - equals - 1);
    }
    std::size_t length = 0;
    const std::size_t said = all.find("Content-Length: ");
    if (said != std::string::npos && said < head) length = std::strtoul(all.c_str() + said + 16, nullptr, 10);
    char buffer[16384];
    while (all.size() < head + 4 + length) {
      const int n = SSL_read(ssl_, buffer, sizeof buffer);
      if (n <= 0) return {};
      all.append(buffer, static_cast<std::size_t>(n));
    }
    return all.substr(head + 4);
  }

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  std::string host_;
  std::map<std::string, std::string> cookies_;
};

std::string UserOf(const Target& t, int number) {
  std::string user = t.user;
  const std::size_t at = user.find('%');
  return at == std::string::npos ? user : user.replace(at, 1, std::to_string(number));
}

int Setups(const Target& t, double seconds, int parallel) {
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  std::atomic<int> failed{0};
  std::mutex lock;
  std::vector<double> all;
  std::string why;
  std::vector<std::thread> threads;
  const auto begin = Clock::now();
  for (int n = 0; n < parallel; n++) {
    threads.emplace_back([&, n] {
      std::vector<double> own;
      while (Clock::now() < end) {
        const auto since = Clock::now();
        Client c;
        const std::string wrong = c.Connect(t, UserOf(t, n));
        if (wrong.empty()) {
          own.push_back(std::chrono::duration<double, std::milli>(Clock::now() - since).count());
          c.Bye();
        } else {
          failed++;
          const std::lock_guard held(lock);
          why = wrong;
        }
      }
      const std::lock_guard held(lock);
      all.insert(all.end(), own.begin(), own.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double spent = std::chrono::duration<double>(Clock::now() - begin).count();
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) { return all.empty() ? 0.0 : all[std::min(all.size() - 1, static_cast<std::size_t>(share * static_cast<double>(all.size())))]; };
  std::printf("%.1f %.2f %.2f %d\n", static_cast<double>(all.size()) / spent, at(0.5), at(0.99), failed.load());
  if (!why.empty()) std::fprintf(stderr, "cstp_tool: %s\n", why.c_str());
  return all.empty() ? 1 : 0;
}

int Hold(const Target& t, int count) {
  std::vector<Client> clients(static_cast<std::size_t>(count));
  std::atomic<int> next{0}, held{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < 8; n++) {
    threads.emplace_back([&] {
      for (int i = next++; i < count; i = next++) {
        const std::string wrong = clients[static_cast<std::size_t>(i)].Connect(t, UserOf(t, i));
        if (wrong.empty()) held++;
        else std::fprintf(stderr, "cstp_tool: session %d: %s\n", i, wrong.c_str());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("held %d\n", held.load());
  std::fflush(stdout);
  char c = 0;
  while (read(0, &c, 1) > 0) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::string what = argc > 1 ? argv[1] : "";
  if (argc < 7) {
    std::fprintf(stderr, "usage: cstp_tool setups HOST PORT USER PASSWORD SECONDS PARALLEL\n       cstp_tool hold HOST PORT USER PASSWORD COUNT\n");
    return 2;
  }
  const Target t{argv[2], static_cast<std::uint16_t>(std::atoi(argv[3])), argv[4], argv[5]};
  if (what == "setups" && argc == 8) return Setups(t, std::atof(argv[6]), std::atoi(argv[7]));
  if (what == "hold" && argc == 7) return Hold(t, std::atoi(argv[6]));
  return 2;
}
