// Cuts output into pages: `<--- More --->` after so many lines, then one key at a time. Pure: text in, text out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport {

class Pager {
 public:
  static constexpr std::string_view kMore = "<--- More --->";
  // What wipes kMore off the line.
  static std::string Erase() { return "\r" + std::string(kMore.size(), ' ') + "\r"; }

  // Adds output. `lines` per page; 0: no paging.
  void Add(std::string_view text) { pending_.append(text); }
  // The text to print now. More() afterwards tells whether the reader has to press a key.
  std::string Page(int lines);
  bool More() const { return at_ < pending_.size(); }

  // A key typed at the prompt. The text to print: the prompt wiped, and what follows.
  std::string Key(char key, int lines);
  // Forgets the rest (q, Ctrl-C).
  void Drop() {
    pending_.clear();
    at_ = 0;
  }

 private:
  std::string pending_;
  std::size_t at_ = 0;
};

}  // namespace sallyport
