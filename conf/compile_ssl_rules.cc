// What group policies and users say of AnyConnect clients.
#include <algorithm>

#include "conf/compile_vpn.h"

namespace sallyport {
namespace {

// `none` is 0.
std::uint32_t NumberOrNone(const FieldLine& f, std::string_view field) { return static_cast<std::uint32_t>(f.Int(field).value_or(0)); }

VpnCompression CompressionOf(std::string_view word) {
  return word == "lzs" ? VpnCompression::kLzs : word == "deflate" ? VpnCompression::kDeflate : VpnCompression::kNone;
}

SslClientRules::Rekey RekeyOf(std::string_view word) {
  using R = SslClientRules::Rekey;
  return word == "ssl" ? R::kSsl : word == "new-tunnel" ? R::kNewTunnel : R::kNone;
}

// A line of `webvpn` below a policy or a user. Before 8.4 the client was `svc`.
void ReadClientLine(std::string_view text, const FieldLine& f, SslUserRules& r, std::optional<bool>& svc) {
  std::string_view t = text;
  if (t == "no svc dtls enable") r.dtls = false;
  const bool old = t.starts_with("svc ");
  if (t.starts_with("always-on-vpn ")) r.always_on_disabled = f.Get("how") == "disable";
  if (!old && !t.starts_with("anyconnect ")) return;
  t.remove_prefix(old ? 4 : 11);
  if (t.starts_with("ssl ")) t.remove_prefix(4);
  const auto is = [&](std::string_view begins) { return t.starts_with(begins); };
  if (is("dtls enable")) r.dtls = true;
  else if (is("dtls none")) r.dtls = false;
  else if (is("dtls compression ")) r.dtls_compression = CompressionOf(f.Get("method"));
  else if (is("mtu ")) r.mtu = static_cast<std::uint16_t>(NumberOrNone(f, "mtu"));
  else if (is("keep-installer ")) r.keep_installer = f.Has("installed");
  else if (is("keepalive ")) r.keepalive_s = NumberOrNone(f, "seconds");
  else if (is("rekey time ")) r.rekey_minutes = NumberOrNone(f, "minutes");
  else if (is("rekey method ")) r.rekey = RekeyOf(f.Get("method"));
  else if (is("dpd-interval client ")) r.dpd_client_s = NumberOrNone(f, "seconds");
  else if (is("dpd-interval gateway ")) r.dpd_gateway_s = NumberOrNone(f, "seconds");
  else if (is("compression ")) r.tls_compression = CompressionOf(f.Get("method"));
  else if (is("modules ")) r.modules = std::string(f.Get("modules"));
  else if (is("profiles none")) r.profiles.emplace();
  else if (is("profiles value ")) {
    // Those of other modules (`type vpn-mgmt`, `iseposture` ...) are kept only.
    if (!f.Has("type") || f.Get("type") == "user") r.profiles.emplace({std::string(f.Get("profile"))});
  } else if (is("ask ")) {
    SslUserRules::Ask a;
    a.ask = f.Has("enable");
    a.default_client = f.Has("default") && (f.Has("anyconnect") || f.Has("svc"));
    a.seconds = NumberOrNone(f, "seconds");
    r.ask = a;
  } else if (is("df-bit-ignore ")) r.df_bit_ignore = f.Has("enable");
  else if (is("routing-filtering-ignore ")) r.routing_filtering_ignore = f.Has("enable");
  else if (old && (t == "none" || t == "enable" || t == "required")) svc = t != "none";
}

// Lines that stand in both, outside of `webvpn`.
void ReadCommonLine(const VpnSource& from, std::string_view t, const FieldLine& f, SslUserRules& r) {
  if (t.starts_with("vpn-access-hours ")) {
    r.access_hours_name = f.Has("none") ? "" : std::string(f.Get("range"));
    const auto range = from.policy.time_ranges.find(*r.access_hours_name);
    r.access_hours = range == from.policy.time_ranges.end() ? nullptr : range->second;
  } else if (t.starts_with("vpn-idle-timeout alert-interval ")) r.idle_alert_minutes = NumberOrNone(f, "minutes");
  else if (t.starts_with("vpn-session-timeout alert-interval ")) r.session_alert_minutes = NumberOrNone(f, "minutes");
}

// IPv6 networks that the permitting elements of a list name.
std::vector<Prefix> Networks6Of(const AccessList* list) {
  std::vector<Prefix> out;
  if (list == nullptr) return out;
  for (const AclElement& e : list->elements()) {
    const AddressRange& r = e.text.starts_with("standard ") ? e.dst : e.src;
    if (!e.permit || e.inactive || e.unknown || r.first.IsV4() || r.last.IsV4()) continue;
    // A range as the networks that make it up.
    IpAddress at = r.first;
    while (out.size() < 1000) {
      int length = 128;
      const auto fits = [&](int shorter) {
        const AddressRange n = AddressRange::Of(Prefix::Of(at, shorter));
        return n.first == at && n.last <= r.last;
      };
      while (length > 0 && fits(length - 1)) length--;
      const Prefix network = Prefix::Of(at, length);
      if (std::find(out.begin(), out.end(), network) == out.end()) out.push_back(network);
      const IpAddress last = AddressRange::Of(network).last;
      if (!(last < r.last)) break;
      at = last.Plus(1);
    }
  }
  return out;
}

void ReadProxy(std::string_view t, const FieldLine& f, SslClientRules::Proxy& p) {
  if (t.starts_with("method ")) p.method = f.Get("method");
  else if (t.starts_with("server ")) p.server = f.Get("server");
  else if (t.starts_with("except-list ")) p.except = f.Get("list");
  else if (t.starts_with("local-bypass ")) p.local_bypass = f.Has("enable");
  else if (t.starts_with("pac-url ")) p.pac = f.Get("url");
  else if (t.starts_with("lockdown ")) p.lockdown = f.Has("enable");
}

// Lines that only policies have.
void ReadPolicyLine(const VpnSource& from, std::string_view t, const FieldLine& f, SslClientRules& r) {
  if (t.starts_with("dhcp-network-scope ")) r.dhcp_scope = f.Has("none") ? std::nullopt : f.Address("scope", from.names);
  else if (t.starts_with("ipv6-address-pools ")) {
    r.ipv6_pools.clear();
    for (const std::string_view p : f.List("pools")) r.ipv6_pools.emplace_back(p);
  } else if (t.starts_with("split-tunnel-all-dns ")) r.split_all_dns = f.Has("enable");
  else if (t.starts_with("client-bypass-protocol ")) r.client_bypass = f.Has("enable");
  else if (t.starts_with("smartcard-removal-disconnect ")) r.smartcard_disconnect = f.Has("enable");
  else if (t.starts_with("ipv6-split-tunnel-policy ")) {
    using S = SslClientRules::Split;
    const std::string_view word = f.Get("policy");
    r.split6 = word == "tunnelspecified" ? S::kTunnelSpecified : word == "excludespecified" ? S::kExcludeSpecified : S::kTunnelAll;
  } else if (t.starts_with("split-tunnel-network-list ")) r.split_networks6 = Networks6Of(from.ListOf(f.Get("acl")).get());
  else if (const auto proxy = Behind(t, "msie-proxy ")) ReadProxy(*proxy, f, r.proxy);
}

// Both kinds of lines of a policy or a user.
std::optional<bool> ReadRules(const VpnSource& from, const Line& attributes, SslUserRules& out) {
  std::optional<bool> svc;
  for (const auto& l : attributes.lines) {
    if (const auto* f = l->As<FieldLine>()) ReadCommonLine(from, l->text, *f, out);
    if (l->text != "webvpn") continue;
    for (const auto& below : l->lines) {
      if (const auto* f = below->As<FieldLine>()) ReadClientLine(below->text, *f, out, svc);
    }
  }
  return svc;
}

}  // namespace

SslClientRules FirstClientRules(int release) {
  SslClientRules r;
  if (release < 804) r.tls_compression = VpnCompression::kDeflate;
  if (release < 800) {
    r.keepalive_s = r.dpd_gateway_s = r.dpd_client_s = 0;
    r.dtls = false;  // 8.0 brought it
  }
  return r;
}

void ReadSslPolicyRules(const VpnSource& from, const Line& attributes, VpnGroupPolicy& p) {
  SslUserRules said;
  if (const auto svc = ReadRules(from, attributes, said); svc && from.release < 800) p.protocols.ssl_client = *svc;
  said.Into(p.client);
  for (const auto& l : attributes.lines) {
    if (const auto* f = l->As<FieldLine>()) ReadPolicyLine(from, l->text, *f, p.client);
  }
}

void ReadSslUserRules(const VpnSource& from, const Line& attributes, VpnUser& u) {
  ReadRules(from, attributes, u.client);
  for (const auto& l : attributes.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || !l->text.starts_with("vpn-framed-ipv6-address ")) continue;
    const std::string_view prefix = f->Get("prefix");
    const std::size_t slash = prefix.find('/');
    u.framed_address6 = IpAddress::Parse(prefix.substr(0, slash));
    if (slash != std::string_view::npos) u.framed_length6 = std::atoi(std::string(prefix.substr(slash + 1)).c_str());
  }
}

}  // namespace sallyport
