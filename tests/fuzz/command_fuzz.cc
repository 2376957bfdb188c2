// Arbitrary bytes as configuration lines: no crash, and what is printed loads again and prints the same.
#include <cstdint>
#include <cstdlib>
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
  if (again.Print() != printed) std::abort();
  if (!c.Compile(nullptr).ok() && size < 1000) std::abort();
  return 0;
}
