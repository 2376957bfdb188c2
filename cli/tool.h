// What sallyportd does with a configuration file and no appliance: `check`, `print`, `migrate`, `docs`. Each takes the arguments behind
// its name and returns the program's exit status.
#pragma once

#include <span>
#include <string>

namespace sallyport {

// Reports by line what is modelled, understood, accepted without effect, refused. 0: nothing was refused; 1: something was.
int CheckTool(std::span<const std::string> arguments);
// Prints the configuration as `show running-config [all]` would.
int PrintTool(std::span<const std::string> arguments);
// `migrate FILE [--to VERSION] [--proof [--differences]]`: a configuration of before 8.3 as one of a later release, on standard
// output; with --proof the comparison of both instead. Notes go to standard error. 0; 1: a line was not carried over or, with
// --proof, a probe differs; 2: wrong arguments, file or release.
int MigrateTool(std::span<const std::string> arguments);

}  // namespace sallyport
