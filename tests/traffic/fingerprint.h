// Everything that an engine shows of its state, as one text: two of them are equal when nothing has changed.
#pragma once

#include <string>

#include "firewall/engine.h"

namespace sallyport {

std::string Fingerprint(Engine& engine, TimePoint now);
// The same without what takes long with many connections: counts, counters, drops.
std::string ShortFingerprint(Engine& engine);

}  // namespace sallyport
