// A thin rtnetlink socket: requests with an answer, and dumps, as plain records. The only user of NETLINK_ROUTE.
//
// Control thread. Routes, addresses, rules and neighbours of both families; links of any kind.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "firewall/base/ip_address.h"
#include "firewall/base/result.h"
#include "firewall/host/host_network.h"

struct mnl_socket;
struct nlmsghdr;

namespace sallyport {

struct LinkAddress {
  int link = 0;
  IpAddress address;
  int prefix_length = 32;
  std::uint8_t protocol = 0;  // IFA_PROTO
  bool learned = false;       // of IPv6: by a router advertisement, and its time is not over
};

struct KernelRoute {
  std::uint32_t table = 254;
  std::uint8_t type = 1;  // RTN_UNICAST; RTN_LOCAL, RTN_BLACKHOLE
  IpAddress destination;
  int prefix_length = 0;
  IpAddress gateway;  // none: on the link
  std::vector<IpAddress> more_gateways;  // equal-cost multipath over the same link, sorted
  int link = 0;       // 0: none (blackhole)
  std::uint32_t metric = 0;
  bool onlink = false;  // the gateway is asked for on the link, though it is on none of its networks
  auto operator<=>(const KernelRoute&) const = default;
  std::string ToString() const;
};

struct MarkRule {
  bool v6 = false;
  std::uint32_t mark = 0, mask = 0, table = 0, preference = 0;
  auto operator<=>(const MarkRule&) const = default;
};

class Rtnetlink {
 public:
  static Result<Rtnetlink> Open();
  Rtnetlink(Rtnetlink&& o) noexcept : socket_(o.socket_) { o.socket_ = nullptr; }
  ~Rtnetlink();

  Result<std::vector<LinkInfo>> Links();  // without speed
  Result<std::vector<LinkAddress>> Addresses();
  Result<std::vector<KernelRoute>> Routes(std::uint8_t protocol);
  Result<std::vector<MarkRule>> Rules(std::uint8_t protocol);
  Result<std::vector<ArpEntry>> Neighbours(bool v6 = false);

  Status SetLink(int link, bool up);
  Status SetMtu(int link, int mtu);
  Status MakeVlan(int parent, const std::string& name, int vlan);
  Status MakePair(const std::string& name, const std::string& peer);  // veth: two links with a cable between them
  Status DeleteLink(int link);
  Status ChangeAddress(bool add, const LinkAddress& a);
  Status ChangeRoute(bool add, const KernelRoute& r, std::uint8_t protocol);
  Status ChangeRule(bool add, const MarkRule& r, std::uint8_t protocol);
  Status SetNeighbour(const ArpEntry& e);  // permanent, in place of what is there
  Status DeleteNeighbour(const ArpEntry& e);

 private:
  explicit Rtnetlink(mnl_socket* s) : socket_(s) {}
  template <typename F>
  Status Dump(std::uint16_t type, std::uint8_t family, std::size_t header, F&& each);
  Status Change(nlmsghdr* n);

  mnl_socket* socket_ = nullptr;
};

}  // namespace sallyport
