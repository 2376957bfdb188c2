#include "vpn/ike/v1_selectors.h"

#include <algorithm>
#include <cctype>

#include "vpn/crypto/certificates.h"
#include "vpn/ike/header.h"
#include "vpn/ike/peer_certificate.h"

namespace sallyport {
namespace {

// The prefix that is exactly this range, if there is one.
std::optional<Prefix> AsPrefix(const AddressRange& r) {
  // From the longest on: a range of it is then found before one whose first address has bits behind the prefix.
  for (int length = 128; length >= (r.first.IsV4() ? 96 : 0); --length) {
    Prefix p;
    p.address = r.first;
    p.length = static_cast<std::uint8_t>(length);
    if (AddressRange::Of(p) == r) return p;
  }
  return {};
}

// `any` of an access list covers both families; a peer is told that of the other side's family.
AddressRange InFamily(AddressRange r, bool v4) {
  const AddressRange all = AddressRange::Of(Prefix::AnyV4());
  if (v4) {
    r.first = std::max(r.first, all.first);
    r.last = std::min(r.last, all.last);
  }
  return r;
}

void Append(std::vector<std::uint8_t>& out, IpAddress a) {
  std::uint8_t b[16];
  if (a.IsV4()) {
    a.StoreV4(b);
    out.insert(out.end(), b, b + 4);
  } else {
    a.StoreV6(b);
    out.insert(out.end(), b, b + 16);
  }
}

IpAddress MaskAddress(const Prefix& p) {
  if (p.IsV4()) return MaskOf(p.FamilyLength());
  const int n = p.length;
  const std::uint64_t hi = n >= 64 ? ~std::uint64_t{0} : n == 0 ? 0 : ~std::uint64_t{0} << (64 - n);
  const std::uint64_t lo = n <= 64 ? 0 : ~std::uint64_t{0} << (128 - n);
  return IpAddress::V6(hi, lo);
}

std::optional<AddressRange> FromMask(IpAddress address, IpAddress mask) {
  int length = -1;
  if (address.IsV4()) {
    length = MaskLength(mask).value_or(-1);
  } else {
    for (int n = 0; n <= 128; ++n) {
      Prefix p;
      p.address = address;
      p.length = static_cast<std::uint8_t>(n);
      if (MaskAddress(p) == mask) length = n;
    }
  }
  if (length < 0) return {};
  return AddressRange::Of(Prefix::Of(address, length));
}

TrafficSelector SideOf(const AddressRange& range, const PortRange& ports, std::uint8_t protocol, bool v4) {
  TrafficSelector s;
  s.addresses = InFamily(range, v4);
  s.ports = ports;
  s.protocol = protocol;
  return AsWritten(s);
}

bool Overlap(const AddressRange& a, const AddressRange& b) { return a.first <= b.last && b.first <= a.last; }
bool Overlap(const PortRange& a, const PortRange& b) { return a.first <= b.last && b.first <= a.last; }

bool Lower(const std::string& a, const std::string& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
         });
}

std::string LowerText(std::string s) {
  for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

bool RuleMatches(const CertificateRule& rule, const Certificate& c) {
  std::vector<std::string> values;
  if (rule.of == CertificateRule::Of::kAltSubject) {
    values = c.dns_names();
    for (const std::string& e : c.emails()) values.push_back(e);
    for (const IpAddress& a : c.addresses()) values.push_back(a.ToString());
  } else {
    const bool subject = rule.of == CertificateRule::Of::kSubject;
    if (rule.attribute.empty()) {
      values.push_back(subject ? c.subject_text() : c.issuer_text());
    } else {
      for (const auto& [name, value] : subject ? c.subject() : c.issuer()) {
        if (Lower(name, rule.attribute)) values.push_back(value);
      }
    }
  }
  const std::string wanted = LowerText(rule.value);
  const auto one = [&](bool contains) {
    return std::any_of(values.begin(), values.end(), [&](const std::string& v) {
      const std::string low = LowerText(v);
      return contains ? low.find(wanted) != std::string::npos : low == wanted;
    });
  };
  switch (rule.op) {
    case CertificateRule::Op::kEqual:
      return one(false);
    case CertificateRule::Op::kNotEqual:
      return !one(false);
    case CertificateRule::Op::kContains:
      return one(true);
    case CertificateRule::Op::kNotContains:
      return !one(true);
  }
  return false;
}

}  // namespace

TrafficSelector AsWritten(TrafficSelector s) {
  if (s.ports.first != s.ports.last || s.ports.first == 0) s.ports = {};
  // ICMP's type and code stand where ports do in no identity.
  if (s.protocol != 6 && s.protocol != 17) s.ports = {};
  return s;
}

std::vector<std::uint8_t> SelectorId(const TrafficSelector& s) {
  const bool v4 = s.addresses.first.IsV4();
  const auto prefix = AsPrefix(s.addresses);
  std::uint8_t type = v4 ? ikev1::kIdIpv4Range : ikev1::kIdIpv6Range;
  if (IsHost(s)) {
    type = v4 ? ikev1::kIdIpv4 : ikev1::kIdIpv6;
  } else if (prefix) {
    type = v4 ? ikev1::kIdIpv4Subnet : ikev1::kIdIpv6Subnet;
  }
  const std::uint16_t port = SelectorPort(s);
  std::vector<std::uint8_t> out = {type, s.protocol, static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port)};
  Append(out, s.addresses.first);
  if (IsHost(s)) return out;
  Append(out, prefix ? MaskAddress(*prefix) : s.addresses.last);
  return out;
}

std::optional<TrafficSelector> SelectorOf(const IkeIdV1& id) {
  TrafficSelector s;
  s.protocol = id.protocol;
  if (id.port != 0) s.ports = {id.port, id.port};
  const std::uint8_t* p = id.data.data();
  switch (id.type) {
    case ikev1::kIdIpv4:
      s.addresses = {IpAddress::FromV4Bytes(p), IpAddress::FromV4Bytes(p)};
      break;
    case ikev1::kIdIpv6:
      s.addresses = {IpAddress::FromV6Bytes(p), IpAddress::FromV6Bytes(p)};
      break;
    case ikev1::kIdIpv4Range:
      s.addresses = {IpAddress::FromV4Bytes(p), IpAddress::FromV4Bytes(p + 4)};
      break;
    case ikev1::kIdIpv6Range:
      s.addresses = {IpAddress::FromV6Bytes(p), IpAddress::FromV6Bytes(p + 16)};
      break;
    case ikev1::kIdIpv4Subnet:
    case ikev1::kIdIpv6Subnet: {
      const bool v4 = id.type == ikev1::kIdIpv4Subnet;
      const auto range = v4 ? FromMask(IpAddress::FromV4Bytes(p), IpAddress::FromV4Bytes(p + 4))
                            : FromMask(IpAddress::FromV6Bytes(p), IpAddress::FromV6Bytes(p + 16));
      if (!range) return {};
      s.addresses = *range;
      break;
    }
    default:
      return {};
  }
  if (s.addresses.last < s.addresses.first) return {};
  return AsWritten(s);
}

std::optional<SelectorPair> SelectorsFor(const AccessList& match, const TunnelFlow& flow) {
  AclQuery q;
  q.src = flow.src;
  q.dst = flow.dst;
  q.sport = flow.sport;
  q.dport = flow.dport;
  q.protocol = flow.protocol;
  q.icmp_type = flow.icmp_type;
  q.icmp_code = flow.icmp_code;
  const AclElement* e = match.Find(q);
  if (e == nullptr || !e->permit) return {};
  SelectorPair out;
  out.local = SideOf(e->src, e->sport, e->protocol, flow.src.IsV4());
  out.remote = SideOf(e->dst, e->dport, e->protocol, flow.dst.IsV4());
  return out;
}

bool Within(const TrafficSelector& inner, const TrafficSelector& outer) {
  return outer.addresses.first <= inner.addresses.first && inner.addresses.last <= outer.addresses.last &&
         outer.ports.first <= inner.ports.first && inner.ports.last <= outer.ports.last &&
         (outer.protocol == 0 || outer.protocol == inner.protocol);
}

bool Permits(const AccessList& match, const SelectorPair& asked) {
  const bool v4 = asked.local.addresses.first.IsV4();
  for (const AclElement& e : match.elements()) {
    if (!e.InForce()) continue;
    const TrafficSelector local = SideOf(e.src, e.sport, e.protocol, v4);
    const TrafficSelector remote = SideOf(e.dst, e.dport, e.protocol, v4);
    if (e.permit) {
      if (Within(asked.local, local) && Within(asked.remote, remote)) return true;
    } else if (Overlap(local.addresses, asked.local.addresses) && Overlap(remote.addresses, asked.remote.addresses) &&
               Overlap(local.ports, asked.local.ports) && Overlap(remote.ports, asked.remote.ports) &&
               (e.protocol == 0 || asked.local.protocol == 0 || e.protocol == asked.local.protocol)) {
      // What a part of the list exempts cannot be promised to a peer as a whole, unless that part is all of the overlap's
      // own.
      if (Within(asked.local, local) && Within(asked.remote, remote)) return false;
    }
  }
  return false;
}

bool IsHost(const TrafficSelector& s) { return s.addresses.first == s.addresses.last; }

std::string SelectorAddress(const TrafficSelector& s) { return s.addresses.first.ToString(); }

std::string SelectorMask(const TrafficSelector& s) {
  const auto prefix = AsPrefix(s.addresses);
  return prefix ? MaskAddress(*prefix).ToString() : s.addresses.last.ToString();
}

std::uint16_t SelectorPort(const TrafficSelector& s) { return s.ports.first == s.ports.last ? s.ports.first : 0; }

std::string IdTypeName(std::uint8_t type) {
  switch (type) {
    case ikev1::kIdIpv4:
      return "ID_IPV4_ADDR";
    case ikev1::kIdFqdn:
      return "ID_FQDN";
    case ikev1::kIdUserFqdn:
      return "ID_USER_FQDN";
    case ikev1::kIdIpv4Subnet:
      return "ID_IPV4_ADDR_SUBNET";
    case ikev1::kIdIpv6:
      return "ID_IPV6_ADDR";
    case ikev1::kIdIpv6Subnet:
      return "ID_IPV6_ADDR_SUBNET";
    case ikev1::kIdIpv4Range:
      return "ID_IPV4_ADDR_RANGE";
    case ikev1::kIdIpv6Range:
      return "ID_IPV6_ADDR_RANGE";
    case ikev1::kIdDn:
      return "ID_DER_ASN1_DN";
    case ikev1::kIdGeneralName:
      return "ID_DER_ASN1_GN";
    case ikev1::kIdKeyId:
      return "ID_KEY_ID";
    default:
      return "ID_UNKNOWN";
  }
}

std::string IdText(const IkeIdV1& id) {
  const std::uint8_t* p = id.data.data();
  switch (id.type) {
    case ikev1::kIdIpv4:
      return IpAddress::FromV4Bytes(p).ToString();
    case ikev1::kIdIpv6:
      return IpAddress::FromV6Bytes(p).ToString();
    case ikev1::kIdIpv4Subnet:
      return IpAddress::FromV4Bytes(p).ToString() + "--" + IpAddress::FromV4Bytes(p + 4).ToString();
    case ikev1::kIdIpv6Subnet:
      return IpAddress::FromV6Bytes(p).ToString() + "--" + IpAddress::FromV6Bytes(p + 16).ToString();
    case ikev1::kIdIpv4Range:
      return IpAddress::FromV4Bytes(p).ToString() + "--" + IpAddress::FromV4Bytes(p + 4).ToString();
    case ikev1::kIdDn:
      return NameText(id.data).value_or("");
    default:
      break;
  }
  // A name from a peer: nothing that could change a terminal or a log's line, and no more than fits into one.
  std::string out;
  for (const std::uint8_t c : id.data.first(std::min<std::size_t>(id.data.size(), 128))) {
    out += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '?';
  }
  return out;
}

const TunnelGroup* GroupByAddress(const VpnPolicy& policy, IpAddress peer, bool xauth, bool need_key) {
  const auto usable = [&](const TunnelGroup* g) {
    return g != nullptr && g->type != TunnelGroup::Type::kWebVpn && (!need_key || !g->ikev1_psk.empty());
  };
  if (const TunnelGroup* g = policy.Group(peer.ToString()); g != nullptr) return usable(g) ? g : nullptr;
  const TunnelGroup* l2l = policy.Group("DefaultL2LGroup");
  const TunnelGroup* ra = policy.Group("DefaultRAGroup");
  if (xauth) return usable(ra) ? ra : nullptr;
  if (usable(l2l)) return l2l;
  return usable(ra) ? ra : nullptr;
}

const TunnelGroup* GroupById(const VpnPolicy& policy, const IkeIdV1& id) {
  if (id.type == ikev1::kIdDn) return nullptr;
  // A group's name is compared as it is; what is not printable is in no name, and IdText's mark for it must not make it one.
  if (id.type == ikev1::kIdKeyId || id.type == ikev1::kIdFqdn || id.type == ikev1::kIdUserFqdn) {
    return policy.Group(std::string(id.data.begin(), id.data.end()));
  }
  return policy.Group(IdText(id));
}

bool CertificateFits(const std::vector<CertificateRule>& rules, const Certificate& certificate) {
  return !rules.empty() && std::all_of(rules.begin(), rules.end(), [&](const CertificateRule& rule) { return RuleMatches(rule, certificate); });
}

const TunnelGroup* GroupByCertificate(const VpnPolicy& policy, const Certificate& certificate, const IkeIdV1& id,
                                      IpAddress peer) {
  const auto named = [&](const std::string& name) { return name.empty() ? nullptr : policy.Group(name); };
  if (policy.map_by_rules) {
    for (const CertificateMapEntry& entry : policy.certificate_map) {
      if (!CertificateFits(entry.rules, certificate)) continue;
      if (const TunnelGroup* g = named(entry.tunnel_group)) return g;
    }
  }
  if (policy.map_by_ou) {
    for (const auto& [name, value] : certificate.subject()) {
      if (name != "ou") continue;
      if (const TunnelGroup* g = named(value)) return g;
    }
  }
  if (policy.map_by_ike_id) {
    if (const TunnelGroup* g = GroupById(policy, id)) return g;
  }
  if (policy.map_by_peer_ip) {
    if (const TunnelGroup* g = policy.Group(peer.ToString())) return g;
  }
  if (const TunnelGroup* g = named(policy.map_default_group)) return g;
  return policy.Group("DefaultL2LGroup");
}

EntryV1 EntryOf(const VpnPolicy& policy, const CryptoMapEntry& e) {
  EntryV1 out;
  out.id = e.id;
  out.map = e.map;
  out.sequence = e.sequence;
  out.at = e.at;
  out.dynamic = e.dynamic;
  out.match = e.match;
  out.peers = e.peers;
  out.sets = e.ikev1_sets;
  out.pfs_group = e.pfs_group;
  out.may_begin = !e.dynamic && e.type != CryptoMapEntry::Type::kAnswerOnly;
  out.may_answer = e.type != CryptoMapEntry::Type::kOriginateOnly;
  out.aggressive = e.aggressive;
  out.aggressive_group = e.aggressive_group;
  out.lifetime_s = e.lifetime_s.value_or(policy.lifetime_s);
  out.lifetime_kb = e.lifetime_kb.value_or(policy.lifetime_kb);
  out.nat_t_disabled = e.nat_t_disabled;
  const auto df = policy.df.find(e.at);
  out.df = e.df.value_or(df == policy.df.end() ? DfPolicy::kCopy : df->second);
  const auto after = policy.fragment_after.find(e.at);
  out.fragment_after = after != policy.fragment_after.end() && after->second;
  out.trustpoint = e.trustpoint;
  return out;
}

std::vector<EspProposal> SetsFor(const EntryV1& entry, const SelectorPair& s, IpAddress local, IpAddress peer, bool nat) {
  std::vector<EspProposal> sets = entry.sets;
  const bool hosts = IsHost(s.local) && IsHost(s.remote);
  const bool ends = hosts && (nat || (s.local.addresses.first == local && s.remote.addresses.first == peer));
  for (EspProposal& set : sets) set.transport = set.transport && ends;
  return sets;
}

EntryV1 EntryOf(const VpnPolicy& policy, const VirtualTunnel& t) {
  EntryV1 out;
  out.id = t.id;
  out.map = t.MapName();
  out.sequence = VirtualTunnel::kSequence;
  out.at = t.source;
  out.inside_hint = t.interface;
  out.any_to_any = true;
  out.peers = {t.destination};
  out.sets = t.ikev1_sets;
  out.pfs_group = t.pfs_group;
  out.may_begin = !t.responder_only;
  out.lifetime_s = t.lifetime_s.value_or(policy.lifetime_s);
  out.lifetime_kb = t.lifetime_kb.value_or(policy.lifetime_kb);
  const auto df = policy.df.find(t.source);
  out.df = df == policy.df.end() ? DfPolicy::kCopy : df->second;
  const auto after = policy.fragment_after.find(t.source);
  out.fragment_after = after != policy.fragment_after.end() && after->second;
  out.trustpoint = t.trustpoint;
  return out;
}

std::optional<EntryV1> EntryOf(const VpnPolicy& policy, std::uint32_t id) {
  if (const CryptoMapEntry* e = policy.Entry(id)) return EntryOf(policy, *e);
  for (const VirtualTunnel& t : policy.virtual_tunnels) {
    if (t.id == id) return EntryOf(policy, t);
  }
  return {};
}

}  // namespace sallyport
