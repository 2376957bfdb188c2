// `show version`, `show memory`, `show cpu usage`, `show clock [detail]`. Pure functions from views to text.
#pragma once

#include <string>

#include "cli/show_views.h"

namespace sallyport {

// The release that is behaved like comes first, where clients look for it; what this really is, in the lines about the platform.
std::string ShowVersion(const VersionView& view);
std::string ShowMemory(const MemoryView& view);
std::string ShowCpu(const CpuView& view);
std::string ShowClock(const ClockView& view, bool detail);

}  // namespace sallyport
