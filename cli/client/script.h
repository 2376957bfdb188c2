// The client without a terminal: commands from `-c` or standard input, output only, exit status at the end.
#pragma once

#include <functional>
#include <optional>

#include "cli/client/connection.h"

namespace sallyport {

// `next` gives one line after the other, then nothing. Returns the exit status: 0 when every command was taken, 1 when one
// was refused (a summary is written to standard error) or the daemon went away.
int RunScript(ConsoleConnection& connection, const std::string& token, const std::function<std::optional<std::string>()>& next);

}  // namespace sallyport
