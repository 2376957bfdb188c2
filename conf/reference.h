// The reference of commands, out of their declarations: what `sallyportd docs` prints. Markdown; nothing is written by hand twice.
#pragma once

#include <string>

#include "conf/command.h"

namespace sallyport {

// Every configuration mode with its commands. `personality`: only those that it has; null: of all releases.
std::string ConfigReference(const Personality* personality);

// The commands of one set, a list entry each: syntax, help, and what else the declaration says. Without a heading.
std::string CommandReference(const command_internal::SetBase& set, const Personality* personality);

}  // namespace sallyport
