// Arbitrary expressions on arbitrary text: in one piece and in two it is the same verdict.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "inspect/regex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = all.find('\n');
  if (cut == std::string_view::npos) return 0;
  const auto r = sallyport::Regex::Compile(all.substr(0, cut));
  if (!r) return 0;
  const std::string_view text = all.substr(cut + 1);
  sallyport::Regex::State s = r->Start();
  const bool pieces = r->Feed(s, text.substr(0, text.size() / 2)) || r->Feed(s, text.substr(text.size() / 2)) || r->Finish(s);
  if (pieces != r->Search(text)) std::abort();
  return 0;
}
