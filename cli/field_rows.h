// Fields in two columns, as `show vpn-sessiondb` prints them:
//
//     Bytes Tx     : 17186425               Bytes Rx     : 7094561
//
// A label is 13 columns wide, a left value 23. A field that should stand on the right begins a line when the right is taken
// or the left value is too long. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport {

class FieldRows {
 public:
  // `pad`: last fields of lines are filled up to 23 columns too, but for those of Line().
  explicit FieldRows(std::string_view indent = "", bool pad = false) : indent_(indent), pad_(pad) {}
  // All fields of a record on one line, for programs: "Index: 1| IP Addr: 10.0.0.1||".
  static FieldRows Flat() {
    FieldRows rows;
    rows.flat_ = true;
    return rows;
  }

  // A field with a line for itself.
  void Line(std::string_view label, std::string_view value);
  // A field that begins a line. `longest`: with a longer value, nothing may stand beside it.
  void Begin(std::string_view label, std::string_view value, std::size_t longest = kLongest);
  // A field beside the one before, or below.
  void Then(std::string_view label, std::string_view value);
  // Ends the last line and hands the text over.
  std::string Take();

  static constexpr std::size_t kWidth = 23;
  static constexpr std::size_t kLongest = 22;  // a blank must follow

 private:
  void EndLine(bool pad);

  std::string_view indent_;
  bool pad_;
  std::string out_;
  bool beside_ = false;      // something may stand beside the field that was last
  std::size_t missing_ = 0;  // blanks that fill the last value up
  bool open_ = false;
  bool flat_ = false;
};

}  // namespace sallyport
