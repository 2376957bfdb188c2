#include "cli/client/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>

#include <readline/history.h>
#include <readline/readline.h>

namespace sallyport {
namespace {

constexpr unsigned char kCtrlC = 3;
constexpr int kPacketGapMs = 20;
constexpr unsigned char kEscapeSequence = 0x1e;  // Ctrl-^, as ASA's "escape sequence" is on a terminal server

volatile std::sig_atomic_t window_changed = 0;

struct Terminal {
  ConsoleConnection* connection = nullptr;
  std::deque<unsigned char> typed;  // read from the terminal, not used yet
  std::deque<DaemonFrame> early;    // frames that came while a line was edited
  bool after_return = false;        // the last byte was CR: LF behind it belongs to it
  bool input_gone = false;
  bool daemon_gone = false;
  bool said_goodbye = false;        // the daemon: what is being typed is not waited for any more
  bool editing = false;
  bool interrupted = false;         // the cursor is not behind the prompt any more, but below it
  const std::string* shown_prompt = nullptr;  // set while a prompt waits for its first key, before there is anything to edit
  bool ctrl_z = false;
  bool ctrl_d = false;
  termios saved{};
};
Terminal* self = nullptr;

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

ClientFrame SizeFrame(ClientFrame::Kind kind) {
  ClientFrame f;
  f.kind = kind;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    if (size.ws_col != 0) f.width = size.ws_col;
    if (size.ws_row != 0) f.height = size.ws_row;
  }
  return f;
}

// No more input is to be expected.
bool Over() { return self->input_gone || self->daemon_gone || self->said_goodbye; }

// Lines that nobody has asked for (debug output, messages of `terminal monitor`). As on an ASA the first one stands behind the prompt,
// and no prompt follows: it comes back with the next key that is pressed. A line that somebody has begun to type is left alone.
void PrintUnsolicited(const std::string& text) {
  Print(self->editing && rl_end > 0 && !self->interrupted ? "\r\n" + text : text);
  self->interrupted = true;
  if (self->editing) rl_on_new_line();
}

void TakeFrames() {
  if (!self->connection->Fill()) self->daemon_gone = true;
  while (auto frame = self->connection->Buffered()) {
    if (frame->kind == DaemonFrame::Kind::kText && frame->unsolicited && (self->editing || self->shown_prompt != nullptr)) {
      PrintUnsolicited(frame->text);
    } else {
      if (frame->kind == DaemonFrame::Kind::kBye) self->said_goodbye = true;
      self->early.push_back(std::move(*frame));
    }
  }
}

void TakeTyped() {
  unsigned char buffer[4096];
  const ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
  if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) self->input_gone = true;
  for (ssize_t i = 0; i < n; i++) {
    const unsigned char c = buffer[i];
    if (c == '\n' && self->after_return) {
      self->after_return = false;
      continue;
    }
    self->after_return = c == '\r';
    self->typed.push_back(c == '\n' ? '\r' : c);
  }
}

// Waits for the terminal or the daemon, at most `timeout_ms` (-1: for ever).
void Wait(int timeout_ms, bool want_terminal) {
  if (window_changed != 0) {
    window_changed = 0;
    self->connection->Send(SizeFrame(ClientFrame::Kind::kSize));
    rl_resize_terminal();
  }
  pollfd fds[2] = {{self->connection->fd(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  const nfds_t count = want_terminal && !self->input_gone ? 2 : 1;
  if (poll(fds, count, timeout_ms) <= 0) return;
  if (fds[0].revents != 0) TakeFrames();
  if (count == 2 && fds[1].revents != 0) TakeTyped();
}

// One typed byte; EOF when terminal or daemon are gone.
int NextByte(FILE* /*unused*/) {
  while (self->typed.empty()) {
    if (Over()) return EOF;
    Wait(-1, true);
  }
  const int c = self->typed.front();
  self->typed.pop_front();
  if (self->editing) self->interrupted = false;  // readline draws prompt and line again
  return c;
}

int ByteAvailable() {
  if (self->typed.empty() && !self->input_gone) Wait(20, true);
  return self->typed.empty() ? 0 : 1;
}

std::optional<DaemonFrame> NextFrame() {
  while (self->early.empty()) {
    if (self->daemon_gone) return {};
    Wait(-1, false);
  }
  DaemonFrame frame = std::move(self->early.front());
  self->early.pop_front();
  return frame;
}

// Asks about the line being edited; nothing when the daemon is gone.
std::optional<DaemonFrame> Ask(ClientFrame::Kind kind, DaemonFrame::Kind answer) {
  ClientFrame f;
  f.kind = kind;
  f.text.assign(rl_line_buffer, static_cast<std::size_t>(rl_point));
  if (!self->connection->Send(f)) return {};
  self->editing = false;
  std::optional<DaemonFrame> answered;
  while (auto frame = NextFrame()) {
    if (frame->kind == answer) {
      answered = std::move(frame);
      break;
    }
    if (frame->kind == DaemonFrame::Kind::kText) Print(frame->text);
    if (frame->kind == DaemonFrame::Kind::kBye) {
      self->early.push_front(std::move(*frame));  // for Converse
      break;
    }
  }
  self->editing = true;
  return answered;
}

int OnHelp(int /*count*/, int /*key*/) {
  const auto frame = Ask(ClientFrame::Kind::kHelp, DaemonFrame::Kind::kHelp);
  if (!frame) return 0;
  Print("?\n" + frame->text + "\r");
  rl_on_new_line();
  rl_redisplay();
  return 0;
}

int OnTab(int /*count*/, int /*key*/) {
  const auto frame = Ask(ClientFrame::Kind::kComplete, DaemonFrame::Kind::kComplete);
  if (frame && !frame->text.empty()) rl_insert_text(frame->text.c_str());
  return 0;
}

int OnInterrupt(int /*count*/, int /*key*/) {
  rl_replace_line("", 0);
  return rl_newline(1, '\r');
}

int OnCtrlZ(int /*count*/, int /*key*/) {
  self->ctrl_z = true;
  return rl_newline(1, '\r');
}

int OnCtrlD(int count, int key) {
  if (rl_end != 0) return rl_delete(count, key);
  self->ctrl_d = true;
  return rl_newline(1, '\r');
}

void SetUpReadline() {
  static const char* const settings[][2] = {
      {"enable-bracketed-paste", "off"}, {"enable-meta-key", "off"},   {"bell-style", "none"},
      {"blink-matching-paren", "off"},   {"show-mode-in-prompt", "off"}, {"editing-mode", "emacs"},
  };
  rl_readline_name = "sallyport";
  rl_initialize();  // reads ~/.inputrc; what follows is ours whatever it says
  for (const auto& s : settings) rl_variable_bind(s[0], s[1]);
  rl_prep_term_function = nullptr;
  rl_deprep_term_function = nullptr;
  rl_tty_set_echoing(1);  // what readline would have learned when it prepared the terminal
  rl_catch_signals = 0;
  rl_catch_sigwinch = 0;
  rl_getc_function = NextByte;
  rl_input_available_hook = ByteAvailable;
  rl_bind_key('?', OnHelp);
  rl_bind_key('\t', OnTab);
  rl_bind_key(kCtrlC, OnInterrupt);
  rl_bind_key(26, OnCtrlZ);
  rl_bind_key(4, OnCtrlD);
}

// A terminal of unknown width (a pseudo-terminal made by a script) is as wide as it gets: nothing is wrapped.
void SetUpWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) rl_set_screen_size(24, 511);
}

// A line that is there whole needs no editor: programs send it so and want to read it back on one line, however narrow the
// terminal is that they said they have. Nothing when it is not there, or holds a key that the editor must see.
std::optional<std::string> WholeLine() {
  std::string line;
  for (std::size_t i = 0; i < self->typed.size(); i++) {
    const unsigned char c = self->typed[i];
    if (c == '\r') {
      self->typed.erase(self->typed.begin(), self->typed.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return line;
    }
    if (c < ' ' || c == '?' || c == 0x7f) return {};
    line += static_cast<char>(c);
  }
  return {};
}

// One command line with the prompt before it; null at the end of all input. Owned by the caller, as readline's are.
char* ReadLine(const std::string& prompt) {
  Print("\r");
  if (self->typed.empty() && !self->input_gone) Wait(0, true);
  if (const auto line = WholeLine()) {
    Print(prompt + *line + "\n");
    return strdup(line->c_str());
  }
  Print(prompt);
  self->interrupted = false;
  self->shown_prompt = &prompt;
  while (self->typed.empty() && !Over()) Wait(-1, true);
  // Nobody types that fast: the rest of the line is on its way.
  for (std::size_t before = 1; self->typed.size() > before && !Over();) {
    before = self->typed.size();
    if (self->typed.back() != '\r') Wait(kPacketGapMs, true);
  }
  self->shown_prompt = nullptr;
  if (const auto line = WholeLine()) {
    Print((self->interrupted ? "\r" + prompt : std::string()) + *line + "\n");
    return strdup(line->c_str());
  }
  self->editing = true;
  rl_already_prompted = self->interrupted ? 0 : 1;
  char* line = readline(prompt.c_str());
  self->editing = false;
  return line;
}

bool ReadCommand(const std::string& prompt) {
  self->ctrl_z = self->ctrl_d = false;
  char* line = ReadLine(prompt);
  if (self->said_goodbye || self->daemon_gone) {
    std::free(line);
    return self->said_goodbye;
  }
  ClientFrame f;
  if (line == nullptr || self->ctrl_d) {
    f.kind = ClientFrame::Kind::kEof;
  } else {
    f.text = line;
    f.end = self->ctrl_z;
    if (!f.text.empty()) {
      using_history();
      const HIST_ENTRY* last = history_length > 0 ? history_get(history_base + history_length - 1) : nullptr;
      if (last == nullptr || f.text != last->line) add_history(line);
    }
  }
  std::free(line);
  return self->connection->Send(f);
}

// A line without history; `shown`: echoed as typed, else as asterisks.
bool ReadAnswer(const std::string& prompt, bool shown) {
  Print(prompt);
  ClientFrame f;
  while (true) {
    const int c = NextByte(nullptr);
    if (c == EOF || (c == 4 && f.text.empty())) {
      f.kind = ClientFrame::Kind::kEof;
      break;
    }
    if (c == kCtrlC) {
      f.kind = ClientFrame::Kind::kInterrupt;
      break;
    }
    if (c == '\r') break;
    if (c == 0x7f || c == 8) {
      if (!f.text.empty()) {
        f.text.pop_back();
        Print("\b \b");
      }
    } else if (c == 21) {  // Ctrl-U
      for (; !f.text.empty(); f.text.pop_back()) Print("\b \b");
    } else if (c >= 32) {
      f.text += static_cast<char>(c);
      Print(shown ? std::string_view(&f.text.back(), 1) : std::string_view("*"));
    }
  }
  if (self->said_goodbye) return true;
  Print("\n");
  return self->connection->Send(f);
}

bool ReadKey(const std::string& prompt) {
  Print(prompt);
  const int c = NextByte(nullptr);
  if (self->said_goodbye) return true;
  ClientFrame f;
  f.kind = c == EOF ? ClientFrame::Kind::kEof : ClientFrame::Kind::kKey;
  if (c != EOF) f.text.assign(1, static_cast<char>(c));
  return self->connection->Send(f);
}

// While a command runs only the interrupt keys mean anything; the rest waits for the next prompt.
std::optional<DaemonFrame> FrameOfRunningCommand() {
  while (self->early.empty() && !self->daemon_gone) {
    Wait(-1, true);
    if (self->input_gone && self->typed.empty()) {
      self->input_gone = true;
    }
    for (std::size_t i = 0; i < self->typed.size(); i++) {
      if (self->typed[i] != kCtrlC && self->typed[i] != kEscapeSequence) continue;
      self->typed.erase(self->typed.begin(), self->typed.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      ClientFrame f;
      f.kind = ClientFrame::Kind::kInterrupt;
      self->connection->Send(f);
      i = static_cast<std::size_t>(-1);
    }
  }
  if (self->early.empty()) return {};
  DaemonFrame frame = std::move(self->early.front());
  self->early.pop_front();
  return frame;
}

int Converse() {
  while (true) {
    const auto frame = FrameOfRunningCommand();
    if (!frame) {
      Print("\nThe appliance has gone away.\n");
      return 1;
    }
    switch (frame->kind) {
      case DaemonFrame::Kind::kText:
        Print(frame->text);
        break;
      case DaemonFrame::Kind::kPrompt: {
        bool sent = false;
        switch (frame->mode) {
          case DaemonFrame::Mode::kCommand: sent = ReadCommand(frame->text); break;
          case DaemonFrame::Mode::kQuestion: sent = ReadAnswer(frame->text, true); break;
          case DaemonFrame::Mode::kPassword: sent = ReadAnswer(frame->text, false); break;
          case DaemonFrame::Mode::kKey: sent = ReadKey(frame->text); break;
        }
        if (!sent) self->daemon_gone = true;
        break;
      }
      case DaemonFrame::Kind::kBye:
        return frame->status;
      case DaemonFrame::Kind::kHelp:
      case DaemonFrame::Kind::kComplete:
        break;  // the answer to a question that was given up
    }
  }
}

}  // namespace

int RunTerminal(ConsoleConnection& connection, const std::string& token) {
  Terminal terminal;
  terminal.connection = &connection;
  self = &terminal;
  tcgetattr(STDIN_FILENO, &terminal.saved);
  termios raw = terminal.saved;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IGNCR | IXON);
  raw.c_oflag |= OPOST | ONLCR;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  struct sigaction action {};
  action.sa_handler = [](int) { window_changed = 1; };
  sigaction(SIGWINCH, &action, nullptr);
  SetUpReadline();
  SetUpWidth();

  ClientFrame hello = SizeFrame(ClientFrame::Kind::kHello);
  hello.interactive = true;
  hello.token = token;
  connection.Send(hello);
  const int status = Converse();
  tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.saved);
  self = nullptr;
  return status;
}

}  // namespace sallyport
