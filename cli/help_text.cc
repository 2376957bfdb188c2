#include "cli/help_text.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kWordColumn = 18;  // of word help

// Cuts `text` into lines of at most `width`, at blanks.
std::vector<std::string> Wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (text.size() > width) {
    std::size_t cut = text.rfind(' ', width);
    if (cut == std::string_view::npos || cut == 0) cut = width;
    lines.emplace_back(text.substr(0, cut));
    text.remove_prefix(cut);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  lines.emplace_back(text);
  return lines;
}

}  // namespace

std::string RenderHelp(std::string_view heading, const std::vector<Hint>& hints) {
  std::string out = "\n";
  if (!heading.empty()) out += std::string(heading) + " commands/options:\n";
  std::size_t longest = 0;
  for (const Hint& h : hints) longest = std::max(longest, h.text.size());
  const std::size_t text_at = 2 + longest + 2;
  const std::size_t width = kColumns > text_at + 20 ? kColumns - text_at : 20;
  for (const Hint& h : hints) {
    std::string line = "  " + h.text;
    if (!h.help.empty()) {
      line.resize(text_at, ' ');
      const auto lines = Wrapped(h.help, width);
      line += lines.front();
      for (std::size_t i = 1; i < lines.size(); i++) line += "\n" + std::string(text_at, ' ') + lines[i];
    }
    out += line + "\n";
  }
  return out + "\n";
}

std::string RenderWordHelp(const std::vector<Hint>& hints) {
  std::string out;
  std::string line;
  for (const Hint& h : hints) {
    if (line.size() + kWordColumn > kColumns) {
      out += line + "\n";
      line.clear();
    }
    line += "  " + h.text;
    line.resize(std::max(line.size() + 1, (line.size() / kWordColumn + 1) * kWordColumn), ' ');
  }
  return out + line + "\n";
}

}  // namespace sallyport
