// `sallyportd migrate FILE [--to VERSION] [--proof]`: a configuration of before 8.3 as one of a later release, on standard output;
// with --proof the comparison of both instead. Notes go to standard error.
//
// Exit status: 0; 1 when a line was not carried over or, with --proof, a probe differs; 2 when the arguments, the file or its
// release are wrong. Needs no privileges.
#pragma once

#include <span>
#include <string>

namespace sallyport {

// Arguments behind the word `migrate`.
int MigrateTool(std::span<const std::string> arguments);

}  // namespace sallyport
