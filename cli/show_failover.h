// `show failover`, `show failover interface`, `show context [detail]`: pairs of appliances, and several in one. Pure functions
// from views to text.
#pragma once

#include <string>
#include <vector>

#include "cli/platform_views.h"

namespace sallyport {

std::string ShowFailover(const FailoverView& view);
std::string ShowFailoverInterface(const FailoverView& view);
std::string ShowContexts(const std::vector<ContextView>& contexts);
std::string ShowContextDetail(const std::vector<ContextView>& contexts);

}  // namespace sallyport
