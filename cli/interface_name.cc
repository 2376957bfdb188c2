#include "cli/interface_name.h"

#include <string>

#include "conf/cursor.h"

namespace sallyport {

bool NamesInterface(std::string_view typed, std::string_view hardware, std::string_view nameif) {
  if (!nameif.empty() && typed == nameif) return true;
  std::string wanted(typed);
  std::erase(wanted, ' ');
  if (SameWord(wanted, hardware)) return true;
  const std::size_t digit = wanted.find_first_of("0123456789");
  const std::size_t hardware_digit = hardware.find_first_of("0123456789");
  if (digit == std::string::npos || digit == 0 || hardware_digit == std::string_view::npos) return false;
  return IsPrefixOf(wanted.substr(0, digit), hardware.substr(0, hardware_digit)) &&
         hardware.substr(hardware_digit) == std::string_view(wanted).substr(digit);
}

}  // namespace sallyport
