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

// What stands above a capture of drops from 9.14 on, to tell whose code the drop locations are. `text_region`: "5587084fb000-55870c1547e5",
// "" where the program's place is not random.
std::string DropCaptureHeader(const std::string& model, const std::string& version, const std::string& text_region);
// Where this program's code lies now, by the kernel; "": at no random place, or not known.
std::string TextRegion();

// "\n8 packets captured\n\n"
std::string CaptureHeader(std::uint64_t captured);
// "8 packets shown\n"
std::string CaptureTrailer(std::uint64_t shown);

}  // namespace sallyport
