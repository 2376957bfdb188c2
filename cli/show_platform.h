// What the appliance is: `dir`, `show inventory`, `show module`, `show license all`, and the resources it uses: `show resource
// usage`, `show cpu usage detailed`. Pure functions from views to text. (`show version` and its like are in show_system.h.)
#pragma once

#include <string>
#include <vector>

#include "cli/platform_views.h"
#include "firewall/personality.h"

namespace sallyport {

// `show flash:`; `show file systems`.
std::string ShowDisk(const DirectoryView& view);
std::string ShowFileSystems(const DirectoryView& view);
std::string ShowDirectory(const DirectoryView& view, const Personality& personality);
std::string ShowInventory(const std::vector<InventoryPart>& parts);
std::string ShowModule(const ModuleView& view, const Personality& personality);
std::string ShowLicense(const LicenseView& view);
// `combined`: limits of contexts together exceed the system's, which a last line explains.
std::string ShowResourceUsage(const std::vector<ResourceView>& rows, bool combined = false);
std::string ShowCpuDetail(const CpuDetailView& view);

}  // namespace sallyport
