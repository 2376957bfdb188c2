// The keys of a pair of ESP security associations as Wireshark takes them, for decrypting captures of tests.
#pragma once

#include <string>
#include <vector>

#include "vpn/child_sa.h"

namespace sallyport {

// A line of Wireshark's table "esp_sa" for each direction; none for transforms that it does not know. They are secrets.
std::vector<std::string> EspKeyLines(const ChildSa& sa);

}  // namespace sallyport
