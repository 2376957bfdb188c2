// Connection limits and `norandomseq` at the end of 8.2's nat and static lines.
#pragma once

#include <string>
#include <string_view>

#include "firewall/nat.h"

namespace sallyport {

// [[tcp] MAX [EMBRYONIC]] [udp MAX] [norandomseq]; 0 is no limit. `unknown`: the first word that is none of these, or "".
NatLimits ReadNatLimits(std::string_view text, std::string* unknown = nullptr);

}  // namespace sallyport
