// The interactive client: readline on a terminal, everything else asked from the daemon.
//
// The terminal is raw from the first byte to the last (no kernel echo, no signals), so that what is typed while a command
// runs is shown once: when the line editor reads it. Control sequences are only sent where the line editor needs them.
#pragma once

#include "cli/client/connection.h"

namespace sallyport {

// Runs a session until the daemon says goodbye; returns the exit status. Standard input and output are the terminal. There
// is at most one in a process (readline's state is global).
int RunTerminal(ConsoleConnection& connection, const std::string& token);

}  // namespace sallyport
