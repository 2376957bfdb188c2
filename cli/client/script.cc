#include "cli/client/script.h"

#include <cstdio>

namespace sallyport {

int RunScript(ConsoleConnection& connection, const std::string& token, const std::function<std::optional<std::string>()>& next) {
  ClientFrame hello;
  hello.kind = ClientFrame::Kind::kHello;
  hello.interactive = false;
  hello.token = token;
  connection.Send(hello);
  int commands = 0;
  int refused = 0;
  std::string first_refused;
  std::string last;
  const auto summary = [&] {
    if (refused == 0) return 0;
    std::fflush(stdout);
    std::fprintf(stderr, "sallyport: %d of %d commands refused, the first: %s\n", refused, commands, first_refused.c_str());
    return 1;
  };
  while (auto frame = connection.Receive()) {
    switch (frame->kind) {
      case DaemonFrame::Kind::kText:
        if (!frame->unsolicited) std::fwrite(frame->text.data(), 1, frame->text.size(), stdout);
        break;
      case DaemonFrame::Kind::kPrompt: {
        std::fflush(stdout);
        if (frame->failed && refused++ == 0) first_refused = last;
        ClientFrame f;
        if (frame->mode != DaemonFrame::Mode::kCommand) std::printf("%s\n", frame->text.c_str());
        auto line = next();
        if (!line) {
          f.kind = ClientFrame::Kind::kEof;
        } else {
          if (line->ends_with('\r')) line->pop_back();
          f.kind = frame->mode == DaemonFrame::Mode::kKey ? ClientFrame::Kind::kKey : ClientFrame::Kind::kLine;
          f.text = *line;
          if (frame->mode == DaemonFrame::Mode::kCommand && !line->empty()) {
            commands++;
            last = *line;
          }
        }
        connection.Send(f);
        break;
      }
      case DaemonFrame::Kind::kBye: {
        const int status = summary();
        return status != 0 ? status : frame->status;
      }
      case DaemonFrame::Kind::kHelp:
      case DaemonFrame::Kind::kComplete:
        break;
    }
  }
  summary();
  std::fflush(stdout);
  std::fprintf(stderr, "sallyport: the appliance has gone away\n");
  return 1;
}

}  // namespace sallyport
