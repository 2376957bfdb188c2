// VpnPolicy out of the configuration's lines: the whole, sysopt, pools, virtual tunnels and the hardware client.
#include "conf/compile_vpn.h"

#include <algorithm>

#include "conf/lines.h"

namespace sallyport {
namespace {

// The mask of a pool that names none: that of its address's class.
IpAddress ClassMask(IpAddress a) {
  const std::uint32_t top = a.v4() >> 30;
  return MaskOf(top < 2 ? 8 : top == 2 ? 16 : 24);
}

void Pools(const VpnSource& from, VpnPolicy& out) {
  for (const auto& l : from.tree.Of(Section::kLocalPool)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("ip local pool ")) continue;
    AddressPool p;
    p.name = f->Get("name");
    const std::string_view range = f->Get("range");
    const std::size_t dash = range.find('-');
    const auto first = from.AddressOf(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : from.AddressOf(range.substr(dash + 1));
    if (!first || !last) continue;
    p.range = {*first, *last};
    p.mask = IpAddress::Parse(f->Get("mask")).value_or(ClassMask(*first));
    out.pools[p.name] = p;
  }
  for (const auto& l : from.tree.Of(Section::kLocalPool)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("ipv6 local pool ")) continue;
    const std::string_view prefix = f->Get("prefix");
    const std::size_t slash = prefix.find('/');
    const auto first = IpAddress::Parse(prefix.substr(0, slash));
    if (!first || slash == std::string_view::npos) continue;
    AddressPool6 p;
    p.name = f->Get("name");
    p.prefix_length = std::atoi(std::string(prefix.substr(slash + 1)).c_str());
    p.range = {*first, first->Plus(static_cast<std::uint64_t>(f->Int("size").value_or(1)) - 1)};
    out.pools6[p.name] = p;
  }
}

void Assignment(const VpnSource& from, AddressAssignment& out) {
  for (const auto& l : from.tree.Of(Section::kVpnAddrAssign)) {
    const auto* f = l->As<FieldLine>();
    const std::string_view t = l->text;
    if (t == "no vpn-addr-assign aaa") out.aaa = false;
    else if (t == "no vpn-addr-assign dhcp") out.dhcp = false;
    else if (t.starts_with("no vpn-addr-assign local")) out.local = false;
    else if (t == "no ipv6-vpn-addr-assign aaa") out.aaa6 = false;
    else if (t.starts_with("no ipv6-vpn-addr-assign local")) out.local6 = false;
    else if (f != nullptr && f->Int("minutes")) {
      (t.starts_with("ipv6-") ? out.reuse_delay6_minutes : out.reuse_delay_minutes) = static_cast<std::uint32_t>(*f->Int("minutes"));
    }
  }
}

struct Profile {
  std::vector<EspProposal> sets, proposals;
  std::uint16_t pfs_group = 0;
  std::optional<std::uint32_t> seconds, kilobytes;
  bool responder_only = false;
  std::string trustpoint;
};
Profile ProfileOf(const VpnSource& from, const EspProposals& esp, const Line& line) {
  Profile p;
  for (const auto& l : line.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const std::string_view t = l->text;
    if (t.starts_with("set ikev1 transform-set ")) p.sets = esp.Sets(*f);
    else if (t.starts_with("set ikev2 ipsec-proposal ")) p.proposals = esp.Proposals(*f);
    else if (t.starts_with("set pfs")) p.pfs_group = f->Has("group") ? DhGroupOf(f->Get("group")) : DefaultPfsGroup(from.release);
    else if (t.starts_with("set security-association lifetime ")) ReadLifetime(*f, t.starts_with("set security-association lifetime seconds"), p.seconds, p.kilobytes);
    else if (t.starts_with("set trustpoint ")) p.trustpoint = f->Get("trustpoint");
    else if (t == "responder-only") p.responder_only = true;
  }
  return p;
}

void VirtualTunnels(const VpnSource& from, const EspProposals& esp, StableIds ids, VpnPolicy& out) {
  for (const auto& l : from.tree.Of(Section::kInterface)) {
    const auto* hw = l->As<InterfaceLine>();
    if (hw == nullptr || !hw->hardware.text.starts_with("Tunnel")) continue;
    VirtualTunnel t;
    const Line* profile = nullptr;
    bool v4 = false;
    for (const auto& below : l->lines) {
      const auto* f = below->As<FieldLine>();
      if (f == nullptr) continue;
      if (below->text.starts_with("tunnel source interface ")) t.source = from.InterfaceOf(f->Get("if"));
      else if (below->text.starts_with("tunnel destination ")) t.destination = from.AddressOf(f->Get("peer")).value_or(IpAddress{});
      else if (below->text.starts_with("tunnel mode ipsec ")) v4 = f->Get("ip") == "ipv4";
      else if (below->text.starts_with("tunnel protection ipsec profile ")) {
        t.profile = f->Get("profile");
        profile = from.tree.Find(Section::kCrypto, "crypto ipsec profile " + t.profile);
      }
    }
    for (const auto& i : from.policy.interfaces) {
      if (i && i->hardware == hw->hardware.text && i->InUse() && !i->nameif.empty()) t.interface = i->id;
    }
    if (!v4 || profile == nullptr || t.interface == IfId{} || t.source == IfId::kAny || t.source == IfId{} || t.destination.IsNone()) continue;
    const Profile p = ProfileOf(from, esp, *profile);
    t.ikev1_sets = p.sets;
    t.ikev2_proposals = p.proposals;
    t.pfs_group = p.pfs_group;
    t.lifetime_s = p.seconds;
    t.lifetime_kb = p.kilobytes;
    t.responder_only = p.responder_only;
    t.trustpoint = p.trustpoint;
    t.id = ids.Of("tunnel " + hw->hardware.text);
    for (const char c : hw->hardware.text.substr(6)) t.number = t.number * 10 + static_cast<std::uint32_t>(c >= '0' && c <= '9' ? c - '0' : 0);
    out.virtual_tunnels.push_back(std::move(t));
  }
}

// The appliance as a hardware client: it speaks by the interface of the lowest security level, for the one of the highest.
void Client(const VpnSource& from, VpnClientSettings& c) {
  for (const auto& l : from.tree.Of(Section::kVpnSettings)) {
    const auto* f = l->As<FieldLine>();
    const auto text = Behind(l->text, "vpnclient ");
    if (f == nullptr || !text) continue;
    if (text->starts_with("server ")) {
      for (const std::string_view s : f->List("servers")) {
        if (const auto a = from.AddressOf(s)) c.servers.push_back(*a);
      }
    } else if (text->starts_with("mode ")) c.network_extension = f->Get("mode") == "network-extension-mode";
    else if (text->starts_with("vpngroup ")) {
      c.group = f->Get("group");
      c.group_password = IsMask(f->Get("password")) ? "" : std::string(f->Get("password"));
    } else if (text->starts_with("username ")) {
      c.user = f->Get("user");
      c.password = IsMask(f->Get("password")) ? "" : std::string(f->Get("password"));
    } else if (text->starts_with("enable")) c.enabled = true;
  }
  int lowest = 101, highest = -1;
  for (const auto& i : from.policy.interfaces) {
    if (!i || i->id == IfId::kIdentity || !i->InUse() || i->nameif.empty() || i->management_only) continue;
    if (i->security_level < lowest) {
      lowest = i->security_level;
      c.outside = i->id;
    }
    if (i->security_level > highest) {
      highest = i->security_level;
      c.inside = i->id;
    }
  }
  // Neither a server nor a group: there is nobody to call, and nothing to say.
  c.enabled = c.enabled && !c.servers.empty() && !c.group.empty() && c.outside != c.inside;
}

// What a hardware client protects: in network extension mode what its own network sends, to wherever the server says. The entry has
// the name that an ASA gives it. In client mode the inner address is the server's to give, and no list can be written before: it protects
// what the tunnel is for, as a dynamic entry does.
void ClientMap(const VpnSource& from, StableIds& ids, VpnPolicy& out) {
  const VpnClientSettings& c = out.client;
  if (!c.enabled) return;
  out.ike[c.outside].v1 = true;
  const Interface* inside = from.policy.Find(c.inside);
  if (inside == nullptr || inside->address.IsNone()) return;
  CryptoMapEntry entry;
  entry.id = ids.Of("vpnclient");
  entry.map = kVpnClientMap;
  entry.sequence = 10;
  entry.at = c.outside;
  entry.peers = c.servers;
  for (const VpnCipher cipher : {VpnCipher::kAes256, VpnCipher::kAes192, VpnCipher::kAes128, VpnCipher::k3Des, VpnCipher::kDes}) {
    for (const VpnHash hash : {VpnHash::kSha1, VpnHash::kMd5}) {
      EspProposal set;
      set.name = "_vpnc";
      set.ciphers = {cipher};
      set.integrity = {hash};
      entry.ikev1_sets.push_back(set);
    }
  }
  if (!c.network_extension) {
    entry.dynamic = true;
    out.entries.insert(out.entries.begin(), entry);
    return;
  }
  AclElement e;
  e.permit = true;
  e.src = AddressRange::Of(Prefix::Of(inside->address, inside->prefix_length));
  e.dst = AddressRange::Of(Prefix::AnyV4());
  e.text = "extended permit ip " + e.src.first.ToString() + " " + MaskOf(inside->prefix_length).ToString() + " any";
  e.hits = std::make_shared<HitCounter>();
  AclLine line;
  line.number = 1;
  line.text = e.text;
  line.element_count = 1;
  entry.match = std::make_shared<AccessList>("_vpnc_acl", 0, std::vector<AclLine>{line}, std::vector<AclElement>{e});
  out.entries.insert(out.entries.begin(), entry);
}

// Limits of IPsec's sessions.
void SessionLimits(const VpnSource& from, VpnPolicy& out) {
  for (const auto& l : from.tree.Of(Section::kVpnSettings)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    for (const std::string_view limit : {"vpn-sessiondb max-other-vpn-limit ", "vpn-sessiondb max-session-limit "}) {
      if (Behind(l->text, limit)) out.max_sessions = static_cast<std::uint32_t>(f->Int("number").value_or(0));
    }
  }
}

}  // namespace

std::optional<std::string_view> Behind(std::string_view text, std::string_view begins) {
  if (!text.starts_with(begins)) return std::nullopt;
  return text.substr(begins.size());
}

std::vector<Prefix> NetworksOf(const AccessList* list, bool sources) {
  std::vector<Prefix> out;
  if (list == nullptr) return out;
  for (const AclElement& e : list->elements()) {
    const AddressRange& r = e.text.starts_with("standard ") || !sources ? e.dst : e.src;
    if (!e.permit || e.inactive || e.unknown || !r.first.IsV4()) continue;
    // A range as the networks that make it up.
    std::uint64_t at = r.first.v4();
    const std::uint64_t end = std::uint64_t{r.last.v4()} + 1;
    while (at < end) {
      int bits = 0;
      while (bits < 32 && (at & ((std::uint64_t{2} << bits) - 1)) == 0 && at + (std::uint64_t{2} << bits) <= end) bits++;
      const Prefix network = Prefix::Of(IpAddress::V4(static_cast<std::uint32_t>(at)), 32 - bits);
      if (std::find(out.begin(), out.end(), network) == out.end()) out.push_back(network);
      at += std::uint64_t{1} << bits;
    }
  }
  return out;
}

IfId VpnSource::InterfaceOf(std::string_view nameif) const {
  const Interface* i = policy.FindByName(std::string(nameif));
  return i == nullptr ? IfId::kAny : i->id;
}

std::optional<IpAddress> VpnSource::AddressOf(std::string_view word) const {
  if (const auto it = names.find(word); it != names.end()) return it->second;
  return IpAddress::Parse(word);
}

std::shared_ptr<const AccessList> VpnSource::ListOf(std::string_view name) const {
  const auto it = policy.access_lists.find(std::string(name));
  return it == policy.access_lists.end() ? nullptr : it->second;
}

void CompileVpnSysopt(const LineTree& tree, Policy& policy) {
  Sysopt& s = policy.sysopt;
  for (const auto& l : tree.Of(Section::kSysopt)) {
    if (l->text == "no sysopt connection permit-vpn" || l->text == "no sysopt connection permit-ipsec") s.permit_vpn = false;
    if (l->text == "no sysopt connection reclassify-vpn") s.reclassify_vpn = false;
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("sysopt connection preserve-vpn-flows")) continue;
    s.preserve_vpn = true;
    s.preserve_minutes = static_cast<std::uint32_t>(f->Int("minutes").value_or(0));
  }
}

void CompileClientTranslation(const VpnPolicy& vpn, const VpnClientAddress& client, StableIds ids, const Policy* previous, Policy& policy) {
  if (!vpn.client.enabled || vpn.client.network_extension) return;
  NatRule r;
  r.id = ids.Of("vpnclient");
  r.kind = NatRule::Kind::kDynamicPat;
  r.real_if = vpn.client.inside;
  r.mapped_if = vpn.client.outside;
  r.mapped_src = {{client.address, client.address}};
  r.mapped_dst = r.real_dst = client.networks;
  const Interface *inside = policy.Find(r.real_if), *outside = policy.Find(r.mapped_if);
  if (inside == nullptr || outside == nullptr) return;
  r.show = "(" + inside->nameif + ") to (" + outside->nameif + ") source dynamic any " + client.address.ToString();
  const NatRule* before = previous != nullptr ? previous->nat.ById(r.id) : nullptr;
  r.hits = before != nullptr ? before->hits : std::make_shared<NatHits>();
  std::vector<NatRule> rules = policy.nat.rules();
  rules.insert(rules.begin(), std::move(r));
  NatTable table(std::move(rules));
  table.nat_control = policy.nat.nat_control;
  table.translations_first = policy.nat.translations_first;
  table.per_session_rules = policy.nat.per_session_rules;
  table.block_size = policy.nat.block_size;
  table.blocks_per_host = policy.nat.blocks_per_host;
  table.interim_logging = policy.nat.interim_logging;
  policy.nat = std::move(table);
}

void CompileReverseRoutes(const VpnPolicy& vpn, const std::vector<Route>& of_tunnels, Policy& policy) {
  std::vector<Route> all = policy.routes.routes();
  const std::size_t before = all.size();
  const auto add = [&](Route r) {
    const Interface* i = policy.Find(r.interface);
    r.injected = true;
    if (i != nullptr && i->HasRoutes() && std::find(all.begin(), all.end(), r) == all.end()) all.push_back(r);
  };
  for (const CryptoMapEntry& e : vpn.entries) {
    if (e.dynamic || !e.reverse_route || e.reverse_route_dynamic) continue;
    // By the way to the peer: its router, or the peer itself.
    const Route* way = policy.routes.Find(e.peers.front(), e.at);
    Route r;
    r.interface = e.at;
    r.gateway = way != nullptr && !way->gateway.IsNone() ? way->gateway : e.peers.front();
    for (const Prefix& network : NetworksOf(e.match.get(), /*sources=*/false)) {
      if (network.length == 96) continue;  // not a default route
      r.destination = network;
      add(r);
    }
  }
  for (const Route& r : of_tunnels) add(r);
  if (all.size() != before) policy.routes = RouteTable(std::move(all));
}

std::shared_ptr<const VpnPolicy> CompileVpn(const LineTree& tree, const NameTable& names, const Policy& policy, StableIds ids) {
  const VpnSource from{tree, names, policy, policy.personality.release};
  auto out = std::make_shared<VpnPolicy>();
  CompileIke(from, *out);
  const EspProposals esp(from);
  out->entries = CompileCryptoMaps(from, esp, ids);
  VirtualTunnels(from, esp, ids, *out);
  Client(from, out->client);
  ClientMap(from, ids, *out);
  if (out->entries.empty() && out->virtual_tunnels.empty() && out->ike.empty() && !out->client.enabled && !SslIsServed(from)) return nullptr;
  Pools(from, *out);
  Assignment(from, out->assign);
  CompileTrustpoints(from, *out);
  CompileCertificateMaps(from, *out);
  CompileTunnelGroups(from, *out);
  CompileSsl(from, *out);
  CompileGroupPolicies(from, *out);
  CompileVpnUsers(from, *out);
  SessionLimits(from, *out);
  out->hostname = policy.hostname;
  if (const auto* d = tree.First<DomainLine>(Section::kDomain)) out->domain = d->name;
  out->preserve = policy.sysopt.preserve_vpn;
  return out;
}

}  // namespace sallyport
