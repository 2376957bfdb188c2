// Arbitrary frames from a client: lines, keys, `?`, Tab, interrupts and windows of any size into a session on a whole appliance.
// Whatever was sent, the session is asking for something again, or has said good-bye.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/cli/console_parts.h"

// Input: lines; the first character says what kind of frame the rest is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  using Kind = ClientFrame::Kind;
  if (size == 0 || size > 4000) return 0;
  TestAppliance box;
  Session::Options options;
  options.privilege = data[0] % 2 == 0 ? 15 : 1;
  options.greet = (data[0] & 2) != 0;
  TestConsole console(box, options);
  for (std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1); !rest.empty() && !console.gone();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ClientFrame f;
    f.kind = Kind::kLine;
    f.text = line.empty() ? std::string() : std::string(line.substr(1));
    switch (line.empty() ? ' ' : line[0]) {
      case '?': f.kind = Kind::kHelp; break;
      case '\t': f.kind = Kind::kComplete; break;
      case '^': f.kind = Kind::kInterrupt; break;
      case '.': f.kind = Kind::kEof; break;
      case '#':
        f.kind = Kind::kSize;
        f.width = f.text.empty() ? 0 : static_cast<int>(static_cast<signed char>(f.text[0]));
        f.height = f.text.size() < 2 ? 0 : static_cast<int>(static_cast<signed char>(f.text[1]));
        break;
      case '~': f.end = true; break;
      default: f.text = std::string(line);
    }
    if (f.kind == Kind::kLine && console.mode() == DaemonFrame::Mode::kKey) {
      f.kind = Kind::kKey;
      f.text.resize(std::min<std::size_t>(f.text.size(), 1));
      if (f.text.empty()) f.text = " ";
    }
    (void)console.Send(f);
    while (!box.posted.empty()) {
      auto job = std::move(box.posted.front());
      box.posted.pop_front();
      job();
    }
    if (!console.gone() && console.prompt().empty() && console.mode() == DaemonFrame::Mode::kCommand) std::abort();
  }
  return 0;
}
