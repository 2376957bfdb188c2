// Arbitrary bytes as configuration lines: no crash, and what is printed loads again and prints the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "conf/configuration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport;
  if (size > 20000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Configuration c;
  (void)c.Load(text);
  ConfigMode mode;
  (void)c.Help(mode, text.substr(0, text.find('\n')));
  const std::string printed = c.Print();
  Configuration again;
  (void)again.Load(printed);
  if (const std::string second = again.Print(); second != printed) {
    std::size_t at = 0;
    while (at < printed.size() && at < second.size() && printed[at] == second[at]) at++;
    const std::size_t from = printed.rfind('\n', at) + 1;
    std::fprintf(stderr, "printed: %.200s\nagain:   %.200s\n", printed.c_str() + from, second.c_str() + from);
    std::abort();
  }
  if (!c.Compile(nullptr).ok() && size < 1000) std::abort();
  return 0;
}
