#include "cli/asp_tunnels.h"

#include <map>
#include <set>

#include "cli/show_text.h"
#include "vpn/esp/outer_header.h"
#include "vpn/policy.h"

namespace sallyport {
namespace {

constexpr int kPriority = 70;
constexpr std::uint8_t kUdp = 17, kTcp = 6, kEsp = 50;


// A number that stays as long as the rule does, in the place where an ASA has an address of memory.
std::uint64_t IdOf(const std::string& key, bool wide) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : key) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return wide ? 0x7f0000000000u | (h & 0xfffffffff0u) : 0xa8000000u | (h & 0x7fffff8u);
}

class Rules {
 public:
  Rules(const Policy& policy, const std::vector<VpnContextView>& contexts) : policy_(policy), contexts_(contexts) {}

  // What a crypto map protects, whether its tunnel is up or not.
  void Entry(const CryptoMapEntry& e, const std::vector<IpsecFlowView>& flows) {
    if (e.match == nullptr) return;
    for (const AclElement& a : e.match->elements()) {
      if (!a.permit || a.inactive || a.unknown) continue;
      AspRule r = New(AspDomain::kEncrypt, true, e.at, fmt::format("{}|{}|{}", e.id, a.hash, a.text));
      Element(a, r);
      for (const IpsecFlowView& f : flows) {
        if (f.map == e.map && f.map_number == e.sequence && Same(f.local_ident, a.src) && Same(f.remote_ident, a.dst)) r.user_data = ContextOf(f, true).first;
      }
      out_.push_back(std::move(r));
    }
  }

  void Flow(const IpsecFlowView& f, bool has_entry_rule) {
    const Interface* i = policy_.FindByName(f.interface);
    if (i == nullptr) return;
    const auto [out, sent] = ContextOf(f, true);
    const auto [in, received] = ContextOf(f, false);
    const std::string key = fmt::format("{}|{}", f.interface, f.inbound.empty() ? 0 : f.inbound.back().spi);
    if (!has_entry_rule) Inner(AspDomain::kEncrypt, true, i->id, key, f.local_ident, f.remote_ident, out, sent);
    Inner(AspDomain::kIpsecTunnelFlow, true, i->id, key, f.local_ident, f.remote_ident, out, sent);
    Inner(AspDomain::kIpsecTunnelFlow, false, i->id, key, f.remote_ident, f.local_ident, in, received);
    Inner(AspDomain::kIpsecUser, false, i->id, key, f.remote_ident, f.local_ident, in, received);

    AspRule r = New(AspDomain::kDecrypt, false, i->id, key);
    const bool over_udp = f.remote.port != 0 && !f.inbound.empty() && f.inbound.back().encapsulation != EspEncapsulation::kNone;
    const bool over_tcp = over_udp && f.inbound.back().encapsulation == EspEncapsulation::kTcp;
    r.protocol = over_tcp ? kTcp : over_udp ? kUdp : kEsp;
    Put({f.remote.address, f.remote.address}, r.src, r.src_length);
    Put({f.local.address, f.local.address}, r.dst, r.dst_length);
    if (over_udp) {
      r.sport = {f.remote.port, f.remote.port};
      r.dport = {f.local.port, f.local.port};
    }
    r.user_data = in;
    r.hits = received;
    out_.push_back(std::move(r));
  }

  // Where peers may come in by UDP 4500, and by TCP.
  void Carrier(IfId at, std::uint8_t protocol, std::uint16_t port) {
    AspRule r = New(protocol == kTcp ? AspDomain::kCtcp : AspDomain::kIpsecNatT, false, at, std::to_string(port));
    const Interface* i = policy_.Find(at);
    if (i == nullptr || i->address.IsNone()) return;
    r.protocol = protocol;
    Put({i->address, i->address}, r.dst, r.dst_length);
    r.dport = {port, port};
    r.output = IfId::kIdentity;
    for (const VpnContextView& c : contexts_) {
      const bool carries = c.encapsulation == (protocol == kTcp ? EspEncapsulation::kTcp : EspEncapsulation::kNatT);
      if (!c.encrypts && carries) r.hits += c.packets;
    }
    out_.push_back(std::move(r));
  }

  // What vpn-filter lists of sessions let pass: the peer's end first, whoever begins.
  void Filters(std::uint64_t refused) {
    std::set<std::string> lists;
    for (const VpnContextView& c : contexts_) {
      if (!c.filter.empty()) lists.insert(c.filter);
    }
    for (const std::string& name : lists) {
      const auto list = policy_.access_lists.find(name);
      if (list == policy_.access_lists.end()) continue;
      for (const AclElement& a : list->second->elements()) {
        if (a.inactive || a.unknown) continue;
        AspRule r = New(AspDomain::kVpnUser, false, IfId::kAny, fmt::format("{}|{}|{}", name, a.hash, a.text));
        Element(a, r);
        r.priority = 12;
        r.deny = !a.permit;
        out_.push_back(std::move(r));
      }
    }
    if (lists.empty()) return;
    AspRule r = New(AspDomain::kVpnUser, false, IfId::kAny, "deny");
    r.ref.what = AspWhat::kVpnDeny;
    r.priority = 11;
    r.deny = true;
    r.hits = refused;
    out_.push_back(std::move(r));
  }

  std::vector<AspRule> Take() { return std::move(out_); }

 private:
  AspRule New(AspDomain domain, bool out, IfId at, const std::string& key) const {
    AspRule r;
    const Interface* i = policy_.Find(at);
    r.domain = domain;
    r.priority = kPriority;
    r.ref.out = out;
    r.ref.interface = at;
    r.id = IdOf(fmt::format("{}|{}|{}|{}", Keyword(domain), out, i != nullptr ? i->nameif : "", key), policy_.personality.any4_keyword);
    r.reverse = domain == AspDomain::kEncrypt || domain == AspDomain::kIpsecTunnelFlow || domain == AspDomain::kIpsecUser;
    (out ? r.output : r.input) = at;
    r.ref.what = domain == AspDomain::kEncrypt ? AspWhat::kEncrypt
                 : domain == AspDomain::kIpsecTunnelFlow ? AspWhat::kTunnelFlow
                 : domain == AspDomain::kVpnUser ? AspWhat::kVpnUser : AspWhat::kNone;
    return r;
  }
  static void Element(const AclElement& a, AspRule& r) {
    r.ref.object = &a;
    r.protocol = a.protocol;
    Put(a.src, r.src, r.src_length);
    Put(a.dst, r.dst, r.dst_length);
    r.sport = a.sport;
    r.dport = a.dport;
    r.hits = a.hits != nullptr ? a.hits->hits.load(std::memory_order_relaxed) : 0;
  }
  void Inner(AspDomain domain, bool out, IfId at, const std::string& key, const VpnSelector& from, const VpnSelector& to, std::uint64_t context,
             std::uint64_t packets) {
    AspRule r = New(domain, out, at, key);
    r.protocol = from.protocol;
    Put(AddressRange::Of(from.network), r.src, r.src_length);
    Put(AddressRange::Of(to.network), r.dst, r.dst_length);
    if (from.port != 0) r.sport = {from.port, from.port};
    if (to.port != 0) r.dport = {to.port, to.port};
    r.user_data = context;
    r.hits = packets;
    out_.push_back(std::move(r));
  }
  // The smallest network that holds a range; none: any.
  static void Put(const AddressRange& range, IpAddress& address, int& length) {
    int bits = range.first.IsV4() ? 32 : 128;
    while (bits > 0 && !Prefix::Of(range.first, bits).Contains(range.last)) bits--;
    const Prefix network = Prefix::Of(range.first, bits);
    address = bits == 0 ? IpAddress() : network.address;
    length = bits;
  }
  static bool Same(const VpnSelector& s, const AddressRange& r) { return AddressRange::Of(s.network) == r; }

  // Handle and packets of the newest context of a flow.
  std::pair<std::uint64_t, std::uint64_t> ContextOf(const IpsecFlowView& f, bool encrypts) const {
    const auto& sas = encrypts ? f.outbound : f.inbound;
    for (const VpnContextView& c : contexts_) {
      if (c.encrypts == encrypts && !sas.empty() && c.spi == sas.back().spi && c.peer == f.remote.address) return {c.context, c.packets};
    }
    return {0, 0};
  }

  const Policy& policy_;
  const std::vector<VpnContextView>& contexts_;
  std::vector<AspRule> out_;
};

}  // namespace

std::vector<AspRule> TunnelRules(const Policy& policy, const std::vector<IpsecFlowView>& flows, const std::vector<VpnContextView>& contexts,
                                 std::uint64_t refused) {
  const auto* vpn = dynamic_cast<const VpnPolicy*>(policy.tunnels.get());
  if (vpn == nullptr) return {};
  Rules rules(policy, contexts);
  for (const CryptoMapEntry& e : vpn->entries) rules.Entry(e, flows);
  for (const IpsecFlowView& f : flows) rules.Flow(f, !f.access_list.empty());
  for (const auto& [at, on] : vpn->ike) {
    if (vpn->nat_traversal && (on.v1 || on.v2)) rules.Carrier(at, kUdp, kNatTPort);
    for (const std::uint16_t port : vpn->tcp_ports) {
      if (on.v1) rules.Carrier(at, kTcp, port);
    }
  }
  rules.Filters(refused);
  return rules.Take();
}

std::string ShowAspFilter(const Policy& policy, const std::vector<AspRule>& rules, const std::string& access_list, bool only_hit) {
  std::map<std::string, int> numbers;  // of lists, in their order
  std::string out = "Global Filter Table:\n";
  for (const AspRule& r : rules) {
    if (r.domain != AspDomain::kVpnUser || (only_hit && r.hits == 0)) continue;
    std::string of = "-implicit deny-";
    for (const auto& [name, list] : policy.access_lists) {
      const auto* element = static_cast<const AclElement*>(r.ref.object);
      const auto& all = list->elements();
      if (!all.empty() && element >= all.data() && element < all.data() + all.size()) of = name;
    }
    const int number = r.ref.object == nullptr ? 0 : numbers.try_emplace(of, static_cast<int>(numbers.size()) + 1).first->second;
    if (!access_list.empty() && of != access_list) continue;
    std::string text = AspRuleText(r, policy, "");
    if (const auto at = text.find("protocol="); at != std::string::npos) text.insert(at, fmt::format("filter_id=0x{:x}({}), ", number, of));
    out += text;
  }
  return out;
}

}  // namespace sallyport
