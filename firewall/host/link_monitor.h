// Hears from the kernel that links come, go or change their state (rtnetlink, RTMGRP_LINK), in the network namespace in which it
// was opened.
//
// Control thread: an event loop watches fd() and calls Take when it is readable. Says which links were spoken of, not what is
// true of them now; HostNetwork reads that. Needs no privileges.
#pragma once

#include <set>
#include <string>

#include "firewall/base/result.h"

struct mnl_socket;

namespace sallyport {

class LinkMonitor {
 public:
  struct News {
    std::set<std::string> links;  // names
    std::set<int> deleted;        // indexes that were given back, and may belong to another link by now
    bool all = false;             // messages were lost: it may be any link
    bool empty() const { return links.empty() && !all; }
  };

  static Result<LinkMonitor> Open();
  LinkMonitor(LinkMonitor&& o) noexcept : socket_(o.socket_) { o.socket_ = nullptr; }
  ~LinkMonitor();

  int fd() const;
  // Everything that waits, as one piece of news; does not block.
  News Take();

 private:
  explicit LinkMonitor(mnl_socket* s) : socket_(s) {}
  mnl_socket* socket_ = nullptr;
};

}  // namespace sallyport
