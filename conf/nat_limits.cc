#include "conf/nat_limits.h"

#include <charconv>
#include <sstream>

namespace sallyport {

NatLimits ReadNatLimits(std::string_view text, std::string* unknown) {
  NatLimits l;
  std::istringstream in{std::string(text)};
  std::uint32_t* const places[] = {&l.tcp, &l.embryonic, &l.udp};
  std::size_t place = 0;
  for (std::string word; in >> word;) {
    std::uint32_t n = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
    const bool number = error == std::errc() && end == word.data() + word.size();
    if (word == "norandomseq") l.norandomseq = true;
    else if (word == "tcp") place = 0;
    else if (word == "udp") place = 2;
    else if (number && place < 3) *places[place++] = n;
    else if (unknown != nullptr && unknown->empty()) *unknown = word;
  }
  return l;
}

}  // namespace sallyport
