#include "firewall/host/link_monitor.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sallyport {

namespace {

int TakeOne(const nlmsghdr* n, void* data) {
  auto& news = *static_cast<LinkMonitor::News*>(data);
  if (n->nlmsg_type == RTM_NEWADDR || n->nlmsg_type == RTM_DELADDR) {
    const auto* a = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(n));
    char name[IF_NAMESIZE];
    // Only those that the kernel learns from routers: the others are ours.
    if ((a->ifa_flags & IFA_F_PERMANENT) == 0 && if_indextoname(a->ifa_index, name) != nullptr) news.links.insert(name);
    return MNL_CB_OK;
  }
  if (n->nlmsg_type != RTM_NEWLINK && n->nlmsg_type != RTM_DELLINK) return MNL_CB_OK;
  const auto* h = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(n));
  // A bridge speaks of its ports in messages of its own family; a port that leaves it is not deleted.
  if (h->ifi_family != AF_UNSPEC) return MNL_CB_OK;
  if (n->nlmsg_type == RTM_DELLINK) news.deleted.insert(h->ifi_index);
  const auto* const end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(n));
  const auto* a = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(n, sizeof *h));
  for (; mnl_attr_ok(a, static_cast<int>(end - reinterpret_cast<const char*>(a))); a = mnl_attr_next(a)) {
    if (mnl_attr_get_type(a) == IFLA_IFNAME) news.links.insert(mnl_attr_get_str(a));
  }
  return MNL_CB_OK;
}

}  // namespace

Result<LinkMonitor> LinkMonitor::Open() {
  mnl_socket* s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (s == nullptr || mnl_socket_bind(s, RTMGRP_LINK | RTMGRP_IPV6_IFADDR, MNL_SOCKET_AUTOPID) < 0) {
    const int error = errno;
    if (s != nullptr) mnl_socket_close(s);
    return Error{std::string("rtnetlink: ") + std::strerror(error)};
  }
  return LinkMonitor(s);
}

LinkMonitor::~LinkMonitor() {
  if (socket_ != nullptr) mnl_socket_close(socket_);
}

int LinkMonitor::fd() const { return mnl_socket_get_fd(socket_); }

LinkMonitor::News LinkMonitor::Take() {
  News news;
  alignas(nlmsghdr) char buffer[32 * 1024];
  for (;;) {
    const ssize_t n = mnl_socket_recvfrom(socket_, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == ENOBUFS || errno == ENOSPC)) {  // the kernel had more than fits, or a message was cut short
      news.all = true;
      continue;
    }
    if (n <= 0) return news;
    (void)mnl_cb_run(buffer, static_cast<std::size_t>(n), 0, 0, TakeOne, &news);
  }
}

}  // namespace sallyport
