// Which Linux link stands for which hardware interface of the appliance: GigabitEthernet0/0=eth1.
//
// Plain data, control thread. Says nothing about whether the link exists (host_network.h).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/result.h"

namespace sallyport {

class LinkMap {
 public:
  // "GigabitEthernet0/0=eth1". The name is compared without regard to case. Errors: no '=', an empty half, a link name that
  // Linux would not take (1-15 characters without '/' and blanks), either half given twice.
  Status Add(std::string_view option);
  // One such line each; '#' starts a comment, empty lines are skipped. Errors carry the file's name and line number.
  Status AddFile(const std::string& path);

  // The link for a hardware name; "" when none is mapped. A subinterface ("GigabitEthernet0/1.100") without a mapping of its own
  // has none: its link is the VLAN device that HostNetwork::EnsureVlan makes on the parent's.
  const std::string& LinkFor(std::string_view hardware) const;
  // "GigabitEthernet0/1.100" -> "GigabitEthernet0/1"; "" when it is no subinterface.
  static std::string_view ParentOf(std::string_view hardware);

  struct Entry {
    std::string hardware;  // as written
    std::string link;
  };
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;  // in the order given
};

}  // namespace sallyport
