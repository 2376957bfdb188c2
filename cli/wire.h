// The console protocol: what a console client (cli/client) and the daemon say to each other over the Unix socket
// STATE/console.sock. A frame is a four-byte big-endian length and that many bytes of JSON; cli/README.md lists the fields.
//
// The client knows nothing of the command language: it sends lines and keys, and prints what comes back. This file knows no
// sockets, so that sessions can be driven in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firewall/base/result.h"

namespace sallyport {

// Client -> daemon.
struct ClientFrame {
  enum class Kind : std::uint8_t {
    kHello,      // first frame: interactive, token, width, height
    kLine,       // text: an answer to the prompt; end: typed with Ctrl-Z
    kKey,        // text: one key, the answer to a key prompt
    kHelp,       // text: the buffer up to the cursor when `?` was typed
    kComplete,   // text: the buffer up to the cursor when Tab was typed
    kInterrupt,  // Ctrl-C while a command runs or a question is open
    kEof,        // Ctrl-D on an empty line, or the end of a script
    kSize,       // width, height
  };
  Kind kind = Kind::kLine;
  std::string text;
  bool end = false;
  bool interactive = true;
  std::string token;  // names a user whom the SSH server has let in; empty for the local console
  int width = 80;
  int height = 24;
};

// Daemon -> client.
struct DaemonFrame {
  enum class Kind : std::uint8_t {
    kText,      // text: print it
    kPrompt,    // text, mode: ask for input. failed: the command before it was refused
    kHelp,      // text: the help to print below the line
    kComplete,  // text: what to insert at the cursor (may be empty)
    kBye,       // the session is over; status: exit status of the client
  };
  enum class Mode : std::uint8_t {
    kCommand,   // a command line, with history, help and completion
    kQuestion,  // one line that is not a command
    kPassword,  // one line, not shown
    kKey,       // one key, no Enter
  };
  Kind kind = Kind::kText;
  std::string text;
  Mode mode = Mode::kCommand;
  bool failed = false;
  bool unsolicited = false;  // kText: not output of a command (a log message); the line being edited is shown again after it
  int status = 0;
};

inline constexpr std::size_t kMaxFrame = 1 << 20;  // bytes of JSON; longer texts are sent in several frames

// Complete frames, length included.
std::string Encode(const ClientFrame& frame);
std::string Encode(const DaemonFrame& frame);
// JSON of one frame, without the length.
Result<ClientFrame> DecodeClientFrame(std::string_view json);
Result<DaemonFrame> DecodeDaemonFrame(std::string_view json);

// Cuts a byte stream into frames.
class FrameReader {
 public:
  void Feed(std::string_view bytes) { buffer_.append(bytes); }
  // The next whole frame's JSON, or nothing yet. An error when the peer announces more than kMaxFrame: close.
  Result<std::optional<std::string>> Next();

 private:
  std::string buffer_;
};

}  // namespace sallyport
