// sallyport: the console. Connects to a running sallyportd and lets a person, or a script, work it.
#include <getopt.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "cli/client/connection.h"
#include "cli/client/script.h"
#include "cli/client/terminal.h"

namespace {

constexpr char kUsage[] =
    "usage: sallyport [--state DIR]                  a console (a terminal is needed)\n"
    "       sallyport [--state DIR] -c COMMAND...    one command for each -c\n"
    "       sallyport [--state DIR] < SCRIPT         one command a line\n"
    "DIR is the state folder of a running sallyportd; /var/lib/sallyport, or $SALLYPORT_STATE, if not given.\n"
    "The exit status is 1 if a command was refused.\n";

}  // namespace

int main(int argc, char** argv) {
  const char* from_environment = std::getenv("SALLYPORT_STATE");
  std::string state = from_environment != nullptr ? from_environment : "/var/lib/sallyport";
  std::vector<std::string> commands;
  static const option options[] = {{"state", required_argument, nullptr, 's'},
                                   {"command", required_argument, nullptr, 'c'},
                                   {"help", no_argument, nullptr, 'h'},
                                   {nullptr, 0, nullptr, 0}};
  int c = 0;
  while ((c = getopt_long(argc, argv, "s:c:h", options, nullptr)) != -1) {
    switch (c) {
      case 's': state = optarg; break;
      case 'c': commands.emplace_back(optarg); break;
      case 'h': std::fputs(kUsage, stdout); return 0;
      default: std::fputs(kUsage, stderr); return 2;
    }
  }
  if (optind != argc) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  // Left by the SSH server for the client that it starts: who has logged in.
  const char* given = std::getenv("SALLYPORT_TOKEN");
  const std::string token = given != nullptr ? given : "";
  auto connection = sallyport::ConsoleConnection::Open(state + "/console.sock");
  if (!connection) {
    std::fprintf(stderr, "sallyport: %s\n", connection.error().c_str());
    return 1;
  }
  if (!commands.empty()) {
    std::size_t at = 0;
    return sallyport::RunScript(*connection, token, [&]() -> std::optional<std::string> {
      if (at == commands.size()) return {};
      return commands[at++];
    });
  }
  if (isatty(STDIN_FILENO) == 0) {
    return sallyport::RunScript(*connection, token, []() -> std::optional<std::string> {
      std::string line;
      if (!std::getline(std::cin, line)) return {};
      return line;
    });
  }
  return sallyport::RunTerminal(*connection, token);
}
