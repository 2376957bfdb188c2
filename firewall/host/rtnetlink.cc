#include "firewall/host/rtnetlink.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

namespace sallyport {

namespace {

// Newer than Debian 12's headers know everywhere.
constexpr std::uint16_t kIfaProto = 11;

struct Request {
  alignas(nlmsghdr) char space[512];
  nlmsghdr* n;

  Request(std::uint16_t type, std::uint16_t flags) : n(mnl_nlmsg_put_header(space)) {
    n->nlmsg_type = type;
    n->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }
  template <typename T>
  T* Header() {
    return static_cast<T*>(mnl_nlmsg_put_extra_header(n, sizeof(T)));
  }
  void Address(std::uint16_t type, IpAddress a) {
    if (a.IsV4()) {
      mnl_attr_put_u32(n, type, htonl(a.v4()));
      return;
    }
    std::uint8_t bytes[16];
    a.StoreV6(bytes);
    mnl_attr_put(n, type, sizeof bytes, bytes);
  }
  void NextHop(int link, IpAddress gateway) {
    auto* const hop = static_cast<rtnexthop*>(mnl_nlmsg_get_payload_tail(n));
    *hop = {};
    hop->rtnh_ifindex = link;
    n->nlmsg_len += MNL_ALIGN(sizeof *hop);
    Address(RTA_GATEWAY, gateway);
    hop->rtnh_len = static_cast<unsigned short>(static_cast<char*>(mnl_nlmsg_get_payload_tail(n)) - reinterpret_cast<char*>(hop));
  }
};

IpAddress AddressOf(const nlattr* a) {
  const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(a));
  switch (mnl_attr_get_payload_len(a)) {
    case 4: return IpAddress::FromV4Bytes(bytes);
    case 16: return IpAddress::FromV6Bytes(bytes);
    default: return {};
  }
}

std::uint8_t FamilyOf(IpAddress a) { return a.IsV4() ? AF_INET : AF_INET6; }
// A kernel without IPv6 answers questions about it with this.
bool NoSuchFamily(std::uint8_t family, const Status& s) { return family == AF_INET6 && s.error() == std::strerror(EOPNOTSUPP); }
constexpr std::uint8_t kFamilies[] = {AF_INET, AF_INET6};

template <typename F>
void EachAttribute(const nlmsghdr* n, std::size_t header, F&& f) {
  const char* const end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(n));
  const auto* a = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(n, header));
  for (; mnl_attr_ok(a, static_cast<int>(end - reinterpret_cast<const char*>(a))); a = mnl_attr_next(a)) f(mnl_attr_get_type(a), a);
}

void ReadMultipath(const nlattr* a, KernelRoute& r) {
  const auto* hop = static_cast<const rtnexthop*>(mnl_attr_get_payload(a));
  int left = mnl_attr_get_payload_len(a);
  std::vector<IpAddress> gateways;
  for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
    r.link = hop->rtnh_ifindex;
    const auto* g = reinterpret_cast<const nlattr*>(RTNH_DATA(hop));
    if (hop->rtnh_len > sizeof *hop && mnl_attr_get_type(g) == RTA_GATEWAY) gateways.push_back(AddressOf(g));
  }
  std::sort(gateways.begin(), gateways.end());
  if (gateways.empty()) return;
  r.gateway = gateways.front();
  r.more_gateways.assign(gateways.begin() + 1, gateways.end());
}

int Trampoline(const nlmsghdr* n, void* data) {
  (*static_cast<std::function<void(const nlmsghdr*)>*>(data))(n);
  return MNL_CB_OK;
}

Error Failure(int error) {
  if (error == EPERM || error == EACCES) return Error{"needs root (CAP_NET_ADMIN)"};
  return Error{std::strerror(error)};
}

}  // namespace

std::string KernelRoute::ToString() const {
  std::string s = (destination.IsNone() ? "::" : destination.ToString()) + "/" + std::to_string(prefix_length);
  if (!gateway.IsNone()) s += " via " + gateway.ToString();
  for (const IpAddress& other : more_gateways) s += " and " + other.ToString();
  return s;
}

Result<Rtnetlink> Rtnetlink::Open() {
  mnl_socket* s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (s == nullptr || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
    const int error = errno;
    if (s != nullptr) mnl_socket_close(s);
    return Error{std::string("rtnetlink: ") + std::strerror(error)};
  }
  return Rtnetlink(s);
}

Rtnetlink::~Rtnetlink() {
  if (socket_ != nullptr) mnl_socket_close(socket_);
}

template <typename F>
Status Rtnetlink::Dump(std::uint16_t type, std::uint8_t family, std::size_t header, F&& each) {
  Request r(type, NLM_F_DUMP);
  auto* h = static_cast<std::uint8_t*>(mnl_nlmsg_put_extra_header(r.n, header));
  h[0] = family;  // the first member of every header asked with here
  if (mnl_socket_sendto(socket_, r.n, r.n->nlmsg_len) < 0) return Failure(errno);
  std::function<void(const nlmsghdr*)> f = each;
  alignas(nlmsghdr) static thread_local char buffer[64 * 1024];
  for (;;) {
    const ssize_t n = mnl_socket_recvfrom(socket_, buffer, sizeof buffer);
    if (n < 0) {
      if (errno == EINTR) continue;
      return Failure(errno);
    }
    const int more = mnl_cb_run(buffer, static_cast<std::size_t>(n), 0, 0, Trampoline, &f);
    if (more < 0) return Failure(errno);
    if (more == MNL_CB_STOP) return {};
  }
}

Status Rtnetlink::Change(nlmsghdr* n) {
  n->nlmsg_flags |= NLM_F_ACK;
  if (mnl_socket_sendto(socket_, n, n->nlmsg_len) < 0) return Failure(errno);
  alignas(nlmsghdr) char buffer[4096];
  for (;;) {
    const ssize_t got = mnl_socket_recvfrom(socket_, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure(errno);
    if (mnl_cb_run(buffer, static_cast<std::size_t>(got), 0, 0, nullptr, nullptr) < 0) return Failure(errno);
    return {};
  }
}

Result<std::vector<LinkInfo>> Rtnetlink::Links() {
  std::vector<LinkInfo> all;
  const Status s = Dump(RTM_GETLINK, AF_UNSPEC, sizeof(ifinfomsg), [&all](const nlmsghdr* n) {
    const auto* h = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(n));
    LinkInfo l;
    l.index = h->ifi_index;
    l.up = (h->ifi_flags & IFF_UP) != 0;
    l.running = l.up && (h->ifi_flags & IFF_RUNNING) != 0;
    EachAttribute(n, sizeof *h, [&l](int type, const nlattr* a) {
      if (type == IFLA_IFNAME) l.name = mnl_attr_get_str(a);
      if (type == IFLA_CARRIER_DOWN_COUNT) l.carrier_losses = mnl_attr_get_u32(a);
      if (type == IFLA_MTU) l.mtu = static_cast<int>(mnl_attr_get_u32(a));
      if (type == IFLA_ADDRESS && mnl_attr_get_payload_len(a) == 6) std::memcpy(l.mac.octets.data(), mnl_attr_get_payload(a), 6);
      if (type == IFLA_STATS64) {
        rtnl_link_stats64 c{};
        std::memcpy(&c, mnl_attr_get_payload(a), std::min(sizeof c, std::size_t{mnl_attr_get_payload_len(a)}));
        l.rx_packets = c.rx_packets;
        l.rx_bytes = c.rx_bytes;
        l.rx_errors = c.rx_errors;
        l.rx_dropped = c.rx_dropped;
        l.rx_multicast = c.multicast;
        l.tx_packets = c.tx_packets;
        l.tx_bytes = c.tx_bytes;
        l.tx_errors = c.tx_errors;
        l.tx_dropped = c.tx_dropped;
        l.tx_collisions = c.collisions;
        l.rx_length_errors = c.rx_length_errors;
        l.rx_overruns = c.rx_over_errors + c.rx_fifo_errors;
        l.rx_crc_errors = c.rx_crc_errors;
        l.rx_frame_errors = c.rx_frame_errors;
        l.rx_missed = c.rx_missed_errors;
        l.tx_underruns = c.tx_fifo_errors;
        l.tx_late_collisions = c.tx_window_errors;
      }
    });
    all.push_back(std::move(l));
  });
  if (!s) return Error{s.error()};
  return all;
}

Result<std::vector<LinkAddress>> Rtnetlink::Addresses() {
  std::vector<LinkAddress> all;
  for (const std::uint8_t family : kFamilies) {
    const Status s = Dump(RTM_GETADDR, family, sizeof(ifaddrmsg), [&all, family](const nlmsghdr* n) {
      const auto* h = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(n));
      if (h->ifa_family != family) return;
      LinkAddress out;
      out.link = static_cast<int>(h->ifa_index);
      out.prefix_length = h->ifa_prefixlen;
      std::uint32_t flags = h->ifa_flags;
      EachAttribute(n, sizeof *h, [&out, &flags, family](int type, const nlattr* a) {
        if (type == (family == AF_INET ? IFA_LOCAL : IFA_ADDRESS)) out.address = AddressOf(a);
        if (type == kIfaProto) out.protocol = mnl_attr_get_u8(a);
        if (type == IFA_FLAGS) flags = mnl_attr_get_u32(a);
      });
      out.learned = family == AF_INET6 && (flags & (IFA_F_PERMANENT | IFA_F_DADFAILED)) == 0;
      all.push_back(out);
    });
    if (!s && !NoSuchFamily(family, s)) return Error{s.error()};
  }
  return all;
}

Result<std::vector<KernelRoute>> Rtnetlink::Routes(std::uint8_t protocol) {
  std::vector<KernelRoute> all;
  for (const std::uint8_t family : kFamilies) {
    const Status s = Dump(RTM_GETROUTE, family, sizeof(rtmsg), [&all, family, protocol](const nlmsghdr* n) {
      const auto* h = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(n));
      if (h->rtm_protocol != protocol || h->rtm_family != family) return;
      KernelRoute r;
      r.table = h->rtm_table;
      r.type = h->rtm_type;
      r.prefix_length = h->rtm_dst_len;
      r.onlink = (h->rtm_flags & RTNH_F_ONLINK) != 0;
      r.destination = family == AF_INET ? IpAddress::V4(0) : IpAddress();
      EachAttribute(n, sizeof *h, [&r](int type, const nlattr* a) {
        if (type == RTA_TABLE) r.table = mnl_attr_get_u32(a);
        if (type == RTA_DST) r.destination = AddressOf(a);
        if (type == RTA_GATEWAY) r.gateway = AddressOf(a);
        if (type == RTA_OIF) r.link = static_cast<int>(mnl_attr_get_u32(a));
        if (type == RTA_PRIORITY) r.metric = mnl_attr_get_u32(a);
        if (type == RTA_MULTIPATH) ReadMultipath(a, r);
      });
      all.push_back(r);
    });
    if (!s && !NoSuchFamily(family, s)) return Error{s.error()};
  }
  return all;
}

Result<std::vector<MarkRule>> Rtnetlink::Rules(std::uint8_t protocol) {
  std::vector<MarkRule> all;
  for (const std::uint8_t family : kFamilies) {
    const Status s = Dump(RTM_GETRULE, family, sizeof(fib_rule_hdr), [&all, family, protocol](const nlmsghdr* n) {
      const auto* h = static_cast<const fib_rule_hdr*>(mnl_nlmsg_get_payload(n));
      if (h->family != family) return;
      MarkRule r;
      r.v6 = family == AF_INET6;
      r.table = h->table;
      bool ours = false;
      EachAttribute(n, sizeof *h, [&](int type, const nlattr* a) {
        if (type == FRA_PROTOCOL) ours = mnl_attr_get_u8(a) == protocol;
        if (type == FRA_TABLE) r.table = mnl_attr_get_u32(a);
        if (type == FRA_FWMARK) r.mark = mnl_attr_get_u32(a);
        if (type == FRA_FWMASK) r.mask = mnl_attr_get_u32(a);
        if (type == FRA_PRIORITY) r.preference = mnl_attr_get_u32(a);
      });
      if (ours) all.push_back(r);
    });
    if (!s && !NoSuchFamily(family, s)) return Error{s.error()};
  }
  return all;
}

Result<std::vector<ArpEntry>> Rtnetlink::Neighbours(bool v6) {
  std::vector<ArpEntry> all;
  const long ticks = sysconf(_SC_CLK_TCK);
  const std::uint8_t family = v6 ? AF_INET6 : AF_INET;
  const Status s = Dump(RTM_GETNEIGH, family, sizeof(ndmsg), [&all, ticks, family](const nlmsghdr* n) {
    const auto* h = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(n));
    if (h->ndm_family != family) return;
    if ((h->ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP)) != 0 || h->ndm_state == NUD_NONE) return;
    ArpEntry e;
    e.link_index = h->ndm_ifindex;
    e.permanent = (h->ndm_state & NUD_PERMANENT) != 0;
    e.state = (h->ndm_state & NUD_STALE) != 0   ? ArpEntry::State::kStale
              : (h->ndm_state & NUD_DELAY) != 0 ? ArpEntry::State::kDelay
              : (h->ndm_state & NUD_PROBE) != 0 ? ArpEntry::State::kProbe
                                                : ArpEntry::State::kReachable;
    bool has_mac = false;
    EachAttribute(n, sizeof *h, [&](int type, const nlattr* a) {
      if (type == NDA_DST) e.address = AddressOf(a);
      if (type == NDA_LLADDR && mnl_attr_get_payload_len(a) == 6) {
        std::memcpy(e.mac.octets.data(), mnl_attr_get_payload(a), 6);
        has_mac = true;
      }
      if (type == NDA_CACHEINFO && mnl_attr_get_payload_len(a) >= sizeof(nda_cacheinfo)) {
        nda_cacheinfo c;
        std::memcpy(&c, mnl_attr_get_payload(a), sizeof c);
        // An entry learned from a request was never confirmed; the kernel then counts from before its birth.
        e.age_seconds = std::min(c.ndm_confirmed, c.ndm_updated) / static_cast<std::uint32_t>(ticks);
      }
    });
    if (has_mac) all.push_back(e);
  });
  if (!s && !NoSuchFamily(family, s)) return Error{s.error()};
  return all;
}

Status Rtnetlink::SetLink(int link, bool up) {
  Request r(RTM_NEWLINK, 0);
  auto* h = r.Header<ifinfomsg>();
  h->ifi_index = link;
  h->ifi_change = IFF_UP;
  h->ifi_flags = up ? IFF_UP : 0;
  return Change(r.n);
}

Status Rtnetlink::SetMtu(int link, int mtu) {
  Request r(RTM_NEWLINK, 0);
  r.Header<ifinfomsg>()->ifi_index = link;
  mnl_attr_put_u32(r.n, IFLA_MTU, static_cast<std::uint32_t>(mtu));
  return Change(r.n);
}

Status Rtnetlink::MakeVlan(int parent, const std::string& name, int vlan) {
  Request r(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  r.Header<ifinfomsg>();
  mnl_attr_put_u32(r.n, IFLA_LINK, static_cast<std::uint32_t>(parent));
  mnl_attr_put_strz(r.n, IFLA_IFNAME, name.c_str());
  nlattr* info = mnl_attr_nest_start(r.n, IFLA_LINKINFO);
  mnl_attr_put_strz(r.n, IFLA_INFO_KIND, "vlan");
  nlattr* data = mnl_attr_nest_start(r.n, IFLA_INFO_DATA);
  mnl_attr_put_u16(r.n, IFLA_VLAN_ID, static_cast<std::uint16_t>(vlan));
  mnl_attr_nest_end(r.n, data);
  mnl_attr_nest_end(r.n, info);
  return Change(r.n);
}

Status Rtnetlink::MakePair(const std::string& name, const std::string& peer) {
  Request r(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  r.Header<ifinfomsg>();
  mnl_attr_put_strz(r.n, IFLA_IFNAME, name.c_str());
  nlattr* info = mnl_attr_nest_start(r.n, IFLA_LINKINFO);
  mnl_attr_put_strz(r.n, IFLA_INFO_KIND, "veth");
  nlattr* data = mnl_attr_nest_start(r.n, IFLA_INFO_DATA);
  nlattr* other = mnl_attr_nest_start(r.n, VETH_INFO_PEER);
  std::memset(mnl_nlmsg_get_payload_tail(r.n), 0, sizeof(ifinfomsg));
  r.n->nlmsg_len += sizeof(ifinfomsg);
  mnl_attr_put_strz(r.n, IFLA_IFNAME, peer.c_str());
  mnl_attr_nest_end(r.n, other);
  mnl_attr_nest_end(r.n, data);
  mnl_attr_nest_end(r.n, info);
  return Change(r.n);
}

Status Rtnetlink::DeleteLink(int link) {
  Request r(RTM_DELLINK, 0);
  r.Header<ifinfomsg>()->ifi_index = link;
  return Change(r.n);
}

Status Rtnetlink::ChangeAddress(bool add, const LinkAddress& a) {
  Request r(add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
  auto* h = r.Header<ifaddrmsg>();
  h->ifa_family = FamilyOf(a.address);
  h->ifa_prefixlen = static_cast<std::uint8_t>(a.prefix_length);
  h->ifa_index = static_cast<std::uint32_t>(a.link);
  r.Address(IFA_LOCAL, a.address);
  r.Address(IFA_ADDRESS, a.address);
  if (add && a.address.IsV4() && a.prefix_length < 31) r.Address(IFA_BROADCAST, IpAddress::V4(a.address.v4() | (0xffffffffu >> a.prefix_length)));
  if (add) mnl_attr_put_u8(r.n, kIfaProto, a.protocol);
  return Change(r.n);
}

Status Rtnetlink::ChangeRoute(bool add, const KernelRoute& k, std::uint8_t protocol) {
  Request r(add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
  auto* h = r.Header<rtmsg>();
  h->rtm_family = FamilyOf(k.destination);
  h->rtm_dst_len = static_cast<std::uint8_t>(k.prefix_length);
  h->rtm_table = RT_TABLE_UNSPEC;
  h->rtm_protocol = protocol;
  h->rtm_type = k.type;
  if (k.onlink) h->rtm_flags |= RTNH_F_ONLINK;
  h->rtm_scope = k.type == RTN_LOCAL ? RT_SCOPE_HOST : k.gateway.IsNone() && k.link != 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  mnl_attr_put_u32(r.n, RTA_TABLE, k.table);
  if (k.prefix_length != 0) r.Address(RTA_DST, k.destination);
  if (k.more_gateways.empty()) {
    if (!k.gateway.IsNone()) r.Address(RTA_GATEWAY, k.gateway);
    if (k.link != 0) mnl_attr_put_u32(r.n, RTA_OIF, static_cast<std::uint32_t>(k.link));
  } else {
    nlattr* const ways = mnl_attr_nest_start(r.n, RTA_MULTIPATH);
    r.NextHop(k.link, k.gateway);
    for (const IpAddress& other : k.more_gateways) r.NextHop(k.link, other);
    mnl_attr_nest_end(r.n, ways);
  }
  if (k.metric != 0) mnl_attr_put_u32(r.n, RTA_PRIORITY, k.metric);
  return Change(r.n);
}

Status Rtnetlink::ChangeRule(bool add, const MarkRule& m, std::uint8_t protocol) {
  Request r(add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
  auto* h = r.Header<fib_rule_hdr>();
  h->family = m.v6 ? AF_INET6 : AF_INET;
  h->action = FR_ACT_TO_TBL;
  mnl_attr_put_u32(r.n, FRA_TABLE, m.table);
  mnl_attr_put_u32(r.n, FRA_PRIORITY, m.preference);
  mnl_attr_put_u32(r.n, FRA_FWMARK, m.mark);
  mnl_attr_put_u32(r.n, FRA_FWMASK, m.mask);
  mnl_attr_put_u8(r.n, FRA_PROTOCOL, protocol);
  return Change(r.n);
}

Status Rtnetlink::SetNeighbour(const ArpEntry& e) {
  Request r(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  auto* h = r.Header<ndmsg>();
  h->ndm_family = FamilyOf(e.address);
  h->ndm_ifindex = e.link_index;
  h->ndm_state = NUD_PERMANENT;
  r.Address(NDA_DST, e.address);
  mnl_attr_put(r.n, NDA_LLADDR, e.mac.octets.size(), e.mac.octets.data());
  return Change(r.n);
}

Status Rtnetlink::DeleteNeighbour(const ArpEntry& e) {
  Request r(RTM_DELNEIGH, 0);
  auto* h = r.Header<ndmsg>();
  h->ndm_family = FamilyOf(e.address);
  h->ndm_ifindex = e.link_index;
  r.Address(NDA_DST, e.address);
  return Change(r.n);
}

}  // namespace sallyport
