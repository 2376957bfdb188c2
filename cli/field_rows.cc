#include "cli/field_rows.h"

#include <utility>

#include "cli/show_text.h"

namespace sallyport {

void FieldRows::EndLine(bool pad) {
  if (!open_) return;
  if (pad) out_.append(missing_, ' ');
  out_ += '\n';
  open_ = beside_ = false;
}

void FieldRows::Line(std::string_view label, std::string_view value) {
  Begin(label, value, 0);
  EndLine(false);
}

void FieldRows::Begin(std::string_view label, std::string_view value, std::size_t longest) {
  if (flat_) {
    const std::size_t end = value.find_last_not_of(' ');  // the columns' padding is not wanted
    Append(out_, "{}{}: {}", out_.empty() ? "" : "| ", label, value.substr(0, end == std::string_view::npos ? 0 : end + 1));
    return;
  }
  EndLine(pad_);
  Append(out_, "{}{:<13}: {}", indent_, label, value);
  missing_ = value.size() < kWidth ? kWidth - value.size() : 0;
  beside_ = value.size() <= longest;
  open_ = true;
}

void FieldRows::Then(std::string_view label, std::string_view value) {
  if (!beside_) return Begin(label, value);
  out_.append(missing_, ' ');
  Append(out_, "{:<13}: {}", label, value);
  missing_ = value.size() < kWidth ? kWidth - value.size() : 0;
  beside_ = false;
}

std::string FieldRows::Take() {
  if (flat_) return std::move(out_) + "||\n";
  EndLine(pad_);
  return std::move(out_);
}

}  // namespace sallyport
