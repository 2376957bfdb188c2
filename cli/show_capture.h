// `show capture`: the list of captures, and the packets of one. Pure functions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/capture_text.h"
#include "cli/show_views.h"
#include "firewall/capture.h"

namespace sallyport {

// "capture in type raw-data interface inside [Capturing - 588 bytes] " and its matches. `name_of`: an interface's name.
std::string ShowCaptureList(const std::vector<CaptureView>& captures, const std::function<std::string(IfId)>& name_of);

// "\n8 packets captured\n\n"
std::string CaptureHeader(std::uint64_t captured);
// "8 packets shown\n"
std::string CaptureTrailer(std::uint64_t shown);

}  // namespace sallyport
