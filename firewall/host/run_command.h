// Runs a program of the system and waits for it. Control thread: it blocks.
#pragma once

#include <string>
#include <vector>

#include "firewall/base/result.h"

namespace sallyport {

// Path of `program` in the system's own folders; "" when it is not installed. The environment's PATH is not asked.
std::string FindProgram(const std::string& program);

// Feeds `input` (less than 64 KB or so) to the program; returns what it printed on standard output. Error: not installed, or
// exit status not 0, with what it said.
Result<std::string> RunCommand(const std::vector<std::string>& arguments, const std::string& input = "");

}  // namespace sallyport
