#include "firewall/host/run_command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

extern char** environ;

namespace sallyport {

std::string FindProgram(const std::string& program) {
  for (const char* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/", "/usr/local/sbin/"}) {
    std::string path = folder + program;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

Result<std::string> RunCommand(const std::vector<std::string>& arguments, const std::string& input) {
  const std::string path = FindProgram(arguments[0]);
  if (path.empty()) return Error{arguments[0] + " is not installed"};
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);

  // Sockets, not pipes: a program that ends without reading must not cost us a SIGPIPE.
  int in[2], out[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0) return Error{std::string("socketpair: ") + std::strerror(errno)};
  if (pipe2(out, O_CLOEXEC) != 0) {
    const int error = errno;
    close(in[0]);
    close(in[1]);
    return Error{std::string("pipe: ") + std::strerror(error)};
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[1], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, out[1], 2);
  pid_t pid = 0;
  const int spawned = posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[1]);
  close(out[1]);
  std::string text;
  if (spawned == 0) {
    for (std::size_t sent = 0; sent < input.size();) {
      const ssize_t n = send(in[0], input.data() + sent, input.size() - sent, MSG_NOSIGNAL);
      if (n <= 0 && errno != EINTR) break;
      if (n > 0) sent += static_cast<std::size_t>(n);
    }
    shutdown(in[0], SHUT_WR);
    char buffer[4096];
    for (;;) {
      const ssize_t n = read(out[0], buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      text.append(buffer, static_cast<std::size_t>(n));
    }
  }
  close(in[0]);
  close(out[0]);
  if (spawned != 0) return Error{path + ": " + std::strerror(spawned)};
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
  return Error{arguments[0] + ": " + (text.empty() ? "failed" : text)};
}

}  // namespace sallyport
