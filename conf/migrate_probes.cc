#include "conf/migrate_probes.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace sallyport {
namespace {

using Addresses = std::vector<IpAddress>;

struct Service {
  std::uint8_t protocol;
  std::uint16_t sport, dport;
};

constexpr std::uint8_t kProbeIcmp = 1, kProbeTcp = 6, kProbeUdp = 17, kProbeGre = 47;

class Prober {
 public:
  explicit Prober(const Policy& p) : p_(p) {
    for (const auto& i : p.interfaces) {
      if (!i || i->id == IfId::kIdentity || !i->InUse() || i->address.IsNone()) continue;
      const AddressRange net = AddressRange::Of(Prefix::Of(i->address, i->prefix_length));
      for (std::uint64_t n = 1; n + 1 < std::max<std::uint64_t>(net.Size(), 3) && n < 4; n++) {
        const IpAddress a = net.first.Plus(n);
        if (net.Contains(a) && a != i->address) hosts_[i->id].push_back(a);
      }
      if (hosts_[i->id].size() > 1) hosts_[i->id].resize(1);
      ids_.push_back(i->id);
    }
    for (const Route& r : p.routes.routes()) {
      if (r.source == Route::Source::kConnected || r.source == Route::Source::kLocal || r.null0 || !r.destination.address.IsV4()) continue;
      const AddressRange d = AddressRange::Of(r.destination);
      const IpAddress a = d.Size() > std::uint64_t{1} << 31 ? IpAddress::V4(0xc6336407) : d.first.Plus(std::min<std::uint64_t>(7, d.Size() - 1));
      if (OwnerOf(a) == r.interface) hosts_[r.interface].push_back(a);
    }
  }

  void All() {
    for (const IfId from : ids_) {
      for (const IfId to : ids_) Cross(hosts_[from], hosts_[to], Plain());
      for (const auto& i : p_.interfaces) {
        if (i && !i->address.IsNone()) Cross(hosts_[from], {i->address}, Plain());
      }
    }
    for (const NatRule& r : p_.nat.rules()) Rule(r);
    for (const auto& i : p_.interfaces) {
      if (!i) continue;
      for (const AccessList* l : {i->access_in.get(), i->access_out.get()}) {
        if (l != nullptr) List(*l);
      }
    }
    if (p_.access_global) List(*p_.access_global);
  }

  std::vector<TraceRequest> Take(std::size_t limit, std::size_t& left_out) {
    left_out = probes_.size() > limit ? probes_.size() - limit : 0;
    if (left_out == 0) return std::move(probes_);
    std::vector<TraceRequest> out;
    for (std::size_t n = 0; n < limit; n++) out.push_back(probes_[n * probes_.size() / limit]);
    return out;
  }

 private:
  static std::vector<Service> Plain() { return {{kProbeTcp, 1025, 80}, {kProbeUdp, 1025, 53}, {kProbeIcmp, 77, 0}, {kProbeGre, 0, 0}}; }
  IfId OwnerOf(IpAddress a) const {
    const Route* r = p_.routes.Find(a);
    return r == nullptr || r->null0 ? IfId::kAny : r->interface;
  }
  static bool Whole(const AddressRange& r) { return r.Size() >= std::uint64_t{1} << 32; }
  // First, last, one in the middle, and both neighbours.
  static void Edges(const AddressRange& r, Addresses& out) {
    if (Whole(r) || !r.first.IsV4()) return;
    for (const IpAddress a : {r.first, r.last, r.first.Plus(r.Size() / 2)}) out.push_back(a);
    if (r.first.v4() != 0) out.push_back(IpAddress::V4(r.first.v4() - 1));
    if (r.last.v4() != 0xffffffff) out.push_back(IpAddress::V4(r.last.v4() + 1));
  }
  static void Ports(const PortRange& p, std::vector<std::uint16_t>& out) {
    if (p.IsAny()) return;
    for (const int n : {int{p.first}, int{p.last}, p.first - 1, p.last + 1}) {
      if (n > 0 && n < 65536) out.push_back(static_cast<std::uint16_t>(n));
    }
  }
  Addresses AllHosts() const {
    Addresses out;
    for (const auto& [id, hosts] : hosts_) out.insert(out.end(), hosts.begin(), hosts.end());
    return out;
  }

  void Rule(const NatRule& r) {
    Addresses real, mapped, peers = AllHosts();
    for (const AddressRange& a : r.real_src) Edges(a, real);
    for (const AddressRange& a : r.mapped_src) Edges(a, mapped);
    std::vector<std::uint16_t> real_ports = {80}, mapped_ports = {80};
    Ports(r.real_sport, real_ports);
    Ports(r.mapped_sport, mapped_ports);
    Addresses inside = real;
    if (hosts_.contains(r.real_if)) inside.insert(inside.end(), hosts_[r.real_if].begin(), hosts_[r.real_if].end());
    std::vector<Service> out = Plain(), in = Plain();
    const std::uint8_t protocol = r.service_protocol == kProbeUdp ? kProbeUdp : kProbeTcp;
    if (!r.real_sport.IsAny()) {
      for (const std::uint16_t port : real_ports) out.push_back({protocol, port, 2000});
      for (const auto& ports : {real_ports, mapped_ports}) {
        for (const std::uint16_t port : ports) in.push_back({protocol, 2000, port});
      }
      in.push_back({static_cast<std::uint8_t>(protocol == kProbeTcp ? kProbeUdp : kProbeTcp), 2000, r.mapped_sport.first});
    }
    if (r.access_list == nullptr) {
      Cross(inside, peers, out);
      Addresses targets = mapped;
      targets.insert(targets.end(), real.begin(), real.end());
      Cross(peers, targets, in);
      return;
    }
    for (const AclElement& e : r.access_list->elements()) {
      Addresses src, dst;
      Edges(e.src, src);
      Edges(e.dst, dst);
      if (src.empty()) src = inside;
      for (const NatRule& other : p_.nat.rules()) {  // hosts that another rule translates, too
        if (other.access_list != nullptr || other.kind != NatRule::Kind::kStatic) continue;
        for (const AddressRange& a : other.real_src) {
          if (e.src.Contains(a.first)) src.push_back(a.first);
        }
      }
      dst.push_back(peers.empty() ? IpAddress::V4(0xc6336407) : peers.front());
      if (Whole(e.dst)) dst = peers;
      std::vector<std::uint16_t> sports = {1025}, dports = {80};
      Ports(e.sport, sports);
      Ports(e.dport, dports);
      std::vector<Service> services = Plain(), back = Plain();
      for (const std::uint16_t s : sports) {
        for (const std::uint16_t d : dports) {
          services.push_back({e.protocol == kProbeUdp ? kProbeUdp : kProbeTcp, s, d});
          back.push_back({e.protocol == kProbeUdp ? kProbeUdp : kProbeTcp, d, s});
        }
      }
      Cross(src, dst, services);
      Addresses targets = src;
      targets.insert(targets.end(), mapped.begin(), mapped.end());
      Cross(dst, targets, back);
    }
  }

  void List(const AccessList& list) {
    for (const AclElement& e : list.elements()) {
      Addresses src, dst;
      Edges(e.src, src);
      Edges(e.dst, dst);
      if (src.empty()) src = AllHosts();
      if (dst.empty()) dst = AllHosts();
      std::vector<std::uint16_t> sports = {1025}, dports = {80};
      Ports(e.sport, sports);
      Ports(e.dport, dports);
      std::vector<Service> services;
      for (const std::uint8_t protocol : {kProbeTcp, kProbeUdp}) {
        for (const std::uint16_t s : sports) {
          for (const std::uint16_t d : dports) services.push_back({protocol, s, d});
        }
      }
      services.push_back({kProbeIcmp, 77, 0});
      if (e.protocol != 0 && e.protocol != kProbeTcp && e.protocol != kProbeUdp && e.protocol != kProbeIcmp) services.push_back({e.protocol, 0, 0});
      icmp_type_ = e.icmp_type >= 0 ? static_cast<std::uint8_t>(e.icmp_type) : 8;
      Cross(src, dst, services);
      icmp_type_ = 8;
    }
  }

  void Cross(const Addresses& src, const Addresses& dst, const std::vector<Service>& services) {
    for (const IpAddress s : src) {
      const IfId ingress = OwnerOf(s);
      if (ingress == IfId::kAny || ingress == IfId::kIdentity) continue;
      for (const IpAddress d : dst) {
        if (s == d) continue;
        for (const Service& v : services) Add(ingress, s, d, v);
      }
    }
  }
  void Add(IfId ingress, IpAddress src, IpAddress dst, const Service& v) {
    TraceRequest t;
    t.ingress = ingress;
    t.protocol = v.protocol;
    t.src = src;
    t.dst = dst;
    if (v.protocol == kProbeIcmp) {
      t.icmp_type = icmp_type_;
      t.icmp_id = v.sport;
    } else {
      t.sport = v.sport;
      t.dport = v.dport;
    }
    if (seen_.insert({ingress, v.protocol, src, dst, v.sport, v.dport, t.icmp_type}).second) probes_.push_back(t);
  }

  const Policy& p_;
  std::vector<IfId> ids_;
  std::map<IfId, Addresses> hosts_;  // somebody behind each interface
  std::uint8_t icmp_type_ = 8;
  std::set<std::tuple<IfId, std::uint8_t, IpAddress, IpAddress, std::uint16_t, std::uint16_t, std::uint8_t>> seen_;
  std::vector<TraceRequest> probes_;
};

}  // namespace

std::vector<TraceRequest> ProbesOf(const Policy& policy, std::size_t limit, std::size_t& left_out) {
  Prober prober(policy);
  prober.All();
  return prober.Take(limit, left_out);
}

}  // namespace sallyport
