// How an operator names an interface: nameif, or hardware name, abbreviated or not ("gi0/0", "gigabitethernet 0/0").
#pragma once

#include <string_view>

namespace sallyport {

// Does `typed` name the interface of this hardware name and nameif ("" : none)? The kind may be cut off after two letters; a
// nameif and the number must be whole.
bool NamesInterface(std::string_view typed, std::string_view hardware, std::string_view nameif);

}  // namespace sallyport
