#include "cli/pager.h"

namespace sallyport {

std::string Pager::Page(int lines) {
  const std::size_t begin = at_;
  if (lines <= 0) {
    at_ = pending_.size();
  } else {
    for (int i = 0; i < lines && at_ < pending_.size(); i++) {
      const std::size_t end = pending_.find('\n', at_);
      at_ = end == std::string::npos ? pending_.size() : end + 1;
    }
  }
  std::string out = pending_.substr(begin, at_ - begin);
  if (!More()) Drop();
  return out;
}

std::string Pager::Key(char key, int lines) {
  switch (key) {
    case ' ':
      return Erase() + Page(lines);
    case '\r':
    case '\n':
      return Erase() + Page(1);
    case 'q':
    case 'Q':
    case 3:  // Ctrl-C
      Drop();
      return Erase();
    default:
      return {};
  }
}

}  // namespace sallyport
