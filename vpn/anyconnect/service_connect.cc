// The service at CONNECT: addresses, DTLS, MTUs, and what the client is told.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vpn/address_assignment.h"
#include "vpn/anyconnect/service.h"
#include "vpn/anyconnect/suites.h"

namespace sallyport {
namespace {

std::string Joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& n : names) all += (all.empty() ? "" : ":") + n;
  return all;
}

const char* CompressionName(VpnCompression c) {
  switch (c) {
    case VpnCompression::kNone:
      return "";
    case VpnCompression::kLzs:
      return "lzs";
    case VpnCompression::kDeflate:
      return "deflate";
  }
  return "";
}

// What the policy allows, if the client offers it.
VpnCompression Agreed(VpnCompression allowed, const std::vector<std::string>& offered) {
  const std::string_view name = CompressionName(allowed);
  return !name.empty() && std::find(offered.begin(), offered.end(), name) != offered.end() ? allowed : VpnCompression::kNone;
}

}  // namespace

TunnelMade SslService::Refuse(int status, const std::string& reason) {
  counters_.refused_connects++;
  TunnelMade made;
  made.refusal = {status, reason};
  return made;
}

// --- addresses

std::optional<AssignedAddress> SslService::TakeV4(SslSession& s, const ConnectRequest& r, std::optional<AssignedAddress> lease) {
  const TunnelGroup* group = vpn_->Group(s.tunnel_group);
  const auto own = vpn_->assign.aaa ? OwnAddress(s.user_rules.get()) : std::nullopt;
  s.leased = !own && lease;
  if (s.leased) return lease;
  std::vector<std::string> pools = s.rules.address_pools;
  if (pools.empty() && group != nullptr) pools = group->address_pools;
  return AssignAddress(ports_.pools, ports_.logger, {s.tunnel_group, std::move(pools), own, r.old_address, vpn_->assign.local}, s.pool,
                       ports_.times().now);
}

std::optional<AssignedAddress> SslService::TakeV6(SslSession& s) {
  const auto of_user = s.user_rules.get();
  if (vpn_->assign.aaa6 && of_user != nullptr && of_user->framed_address6) {
    if (!ports_.pools.TakeOwn(*of_user->framed_address6)) return {};
    return AssignedAddress{*of_user->framed_address6, {}, static_cast<std::uint8_t>(of_user->framed_length6)};
  }
  if (!vpn_->assign.local6) return {};
  const auto group = vpn_->ssl.groups.find(s.tunnel_group);
  const std::vector<std::string>& own = s.rules.client.ipv6_pools;
  return ports_.pools.Take6(own.empty() && group != vpn_->ssl.groups.end() ? group->second.ipv6_pools : own, s.pool6,
                           ports_.times().now);
}

bool SslService::TakeAddresses(SslSession& s, const ConnectRequest& r, std::optional<AssignedAddress> lease) {
  const std::string who = fmt::format("TunnelGroup <{}> GroupPolicy <{}> User <{}> IP <{}> ", s.tunnel_group, s.group_policy, s.user,
                                      s.peer.ToString());
  if (r.wants_ipv4) {
    if (const auto got = TakeV4(s, r, lease)) {
      s.assigned = got->address;
      s.netmask = got->mask;
    }
  }
  if (r.wants_ipv6) {
    if (const auto got = TakeV6(s)) {
      s.assigned6 = got->address;
      s.prefix6 = got->prefix6;
    }
  }
  if (!s.assigned.IsNone() || !s.assigned6.IsNone()) return true;
  Say(737012, 4, "IPAA: Address assignment failed");
  if (r.wants_ipv4) Say(722020, 3, who + "No address available for SVC connection");
  else Say(722041, 4, who + "No IPv6 address available for SVC connection");
  return false;
}

void SslService::GiveAddresses(SslSession& s) {
  const TimePoint now = ports_.times().now;
  if (!s.assigned.IsNone()) ports_.pools.Give(s.assigned, now);
  if (!s.assigned6.IsNone()) ports_.pools.Give(s.assigned6, now);
  s.assigned = s.assigned6 = {};
}

// --- CONNECT

void SslService::Connect(TunnelRequest request, std::function<void(TunnelMade)> answer) {
  const SslSession* s = sessions_.ByToken(request.request.token);
  const bool served = s != nullptr && ClientsAreServed() && s->rules.protocols.ssl_client;
  const auto wish = served ? LeaseFor(*s, request.request) : std::nullopt;
  if (!wish) return Proceed(std::move(request), std::move(answer), {});
  auto kept = std::make_shared<TunnelRequest>(std::move(request));
  ports_.pools.dhcp()->Request(*wish, [this, alive = alive_, kept, answer = std::move(answer)](std::optional<AssignedAddress> lease) {
    if (!*alive) return;
    // Meanwhile the session may have ended, or another CONNECT of it has an address.
    const SslSession* again = sessions_.ByToken(kept->request.token);
    const bool wanted = again != nullptr && again->state == SslState::kParent && again->assigned.IsNone();
    if (lease && (!wanted || !ports_.pools.dhcp()->Claim(lease->address))) {
      ports_.pools.Give(lease->address, ports_.times().now);
      lease.reset();
    }
    Proceed(std::move(*kept), answer, lease);
  });
}

std::optional<DhcpWish> SslService::LeaseFor(const SslSession& s, const ConnectRequest& r) const {
  const auto group = vpn_->ssl.groups.find(s.tunnel_group);
  if (ports_.pools.dhcp() == nullptr || !vpn_->assign.dhcp || group == vpn_->ssl.groups.end() || group->second.dhcp_servers.empty()) return {};
  if (s.state != SslState::kParent || !s.assigned.IsNone() || !s.assigned6.IsNone() || !r.wants_ipv4) return {};
  if (vpn_->assign.aaa && OwnAddress(s.user_rules.get())) return {};
  return DhcpWish{group->second.dhcp_servers, s.rules.client.dhcp_scope.value_or(IpAddress()), s.tunnel_group, s.user, release_ < 902};
}

void SslService::Proceed(TunnelRequest request, std::function<void(TunnelMade)> answer, std::optional<AssignedAddress> lease) {
  const auto times = ports_.times();
  ConnectRequest& r = request.request;
  SslSession* s = sessions_.ByToken(r.token);
  const auto give_back = [&] {  // a lease that nobody has
    if (lease) ports_.pools.Give(lease->address, times.now);
    lease.reset();
  };
  if (s == nullptr) {
    counters_.stale_tokens++;
    give_back();
    answer(Refuse(401, ""));
    return;
  }
  const std::string who = s->Prefix();
  if (!ClientsAreServed()) {
    Say(722047, 4, who + "Tunnel terminated: SVC not enabled or invalid SVC image on the ASA.");
    give_back();
    answer(Refuse(503, "SVC not enabled or invalid SVC image on the ASA"));
    return;
  }
  if (!s->rules.protocols.ssl_client) {
    Say(722048, 4, who + "Tunnel terminated: SVC not enabled for the user.");
    give_back();
    answer(Refuse(503, "SVC not enabled for the user"));
    return;
  }
  const bool first = s->state == SslState::kParent;
  if (first && s->assigned.IsNone() && s->assigned6.IsNone() && !TakeAddresses(*s, r, lease)) {
    Happen(*s, SslHappening::kNoAddress, {});
    give_back();
    answer(Refuse(503, "No address available for SVC connection"));
    return;
  }
  if (lease && s->assigned != lease->address) give_back();  // meanwhile AAA's come first

  Live& live = live_[s->index];
  TunnelMade made;
  ConnectAnswer& a = made.answer;
  AgreeOnDtls(*s, request, live, a);
  const VpnCompression tls_compression = Agreed(s->rules.client.tls_compression, r.tls_compressions);
  a.tls_compression = CompressionName(tls_compression);
  AnswerRules(*s, r, a);

  SslClient client;
  client.at = request.from.at;
  client.assigned = s->assigned;
  client.assigned6 = s->assigned6;
  client.filter = s->rules.filter.list;
  client.group = s->group_policy;
  client.user = s->user;
  client.peer = request.from.peer.address;
  client.tls_mtu = static_cast<int>(a.tls_mtu);
  client.dtls_mtu = static_cast<int>(a.dtls_mtu);
  client.mtu = live.mtu;
  client.df_bit_ignore = s->rules.client.df_bit_ignore;
  client.tls = tls_compression;
  client.dtls = live.dtls_compression;
  if (s->tunnel == TunnelId::kNone) {
    TunnelId opened = TunnelId::kNone;
    ports_.ask_engine([&] { opened = ports_.plane.Open(client, times.now); });
    if (opened == TunnelId::kNone) {
      GiveAddresses(*s);
      answer(Refuse(503, "No resources for SVC connection"));
      return;
    }
    sessions_.Name(*s, opened);
  } else {
    Post([t = s->tunnel, client, now = times.now](SslControl& plane) { plane.Update(t, client, now); });
  }

  SslDetail d;
  d.tunnel.local = request.from.local;
  d.tunnel.peer = request.from.peer;
  const SuiteView suite = DescribeSuite(request.from.tls_cipher);
  d.tunnel.cipher = suite.cipher;
  d.tunnel.hash = suite.hash;
  d.tunnel.ciphersuite = request.from.tls_cipher;
  d.tunnel.encapsulation = request.from.encapsulation;
  d.tunnel.compression = tls_compression;
  d.tunnel.client_version = r.user_agent;
  d.tunnel.activity = std::make_shared<SslActivity>();
  s->at = request.from.at;
  const std::uint32_t actions = Happen(*s, SslHappening::kConnect, d);
  (first ? counters_.connects : counters_.reconnects)++;
  if (actions & kSslBegin) StartAccounting(*s);
  // 9.x: the client is told again what the login has told it.
  if (release_ >= 900 && request.post_auth_xml) {
    if (const auto p = ByToken(r.token)) a.post_auth_xml = request.post_auth_xml(*p);
  }
  made.accepted = true;
  made.session = s->index;
  made.tunnel = s->tunnel;
  made.number = s->Tunnel(VpnTunnelKind::kSslTunnel)->number;
  answer(std::move(made));
}

void SslService::AgreeOnDtls(const SslSession& s, TunnelRequest& request, Live& live, ConnectAnswer& a) {
  const ConnectRequest& r = request.request;
  by_dtls_id_.erase(live.dtls.id);
  // A handshake that the CONNECT before has begun may not end in what this one brings.
  std::erase_if(handshakes_, [&](const auto& i) { return i->index == s.index; });
  live.dtls = {};
  live.dtls_compression = VpnCompression::kNone;
  const auto on = std::find_if(vpn_->ssl.enabled.begin(), vpn_->ssl.enabled.end(),
                               [&](const SslPolicy::On& i) { return i.at == request.from.at; });
  const bool served = s.rules.client.dtls && on != vpn_->ssl.enabled.end() && !on->tls_only;
  const std::string suites = Joined(r.dtls_suites), suites12 = Joined(r.dtls12_suites);
  const DtlsSuite* suite = nullptr;
  if (served && !(suites.empty() && suites12.empty())) {
    const bool master = r.dtls_master_secret.bytes().size() == kDtlsMasterSecret;
    const DtlsRules rules{release_, vpn_->ssl.min_dtls, vpn_->ssl.dtls1_ciphers, vpn_->ssl.dtls12_ciphers};
    suite = ChooseDtls({suites, suites12, master}, rules);
    if (suite != nullptr && suite->method == DtlsMethod::kPsk && request.psk.bytes().size() != kDtlsPskKey) suite = nullptr;
    if (suite == nullptr) Say(722043, 5, s.Prefix() + "DTLS disabled: unable to negotiate cipher");
  }

  live.mtu = {};
  live.mtu.tcpmss = policy_->sysopt.tcpmss;
  const Interface* f = policy_->Find(request.from.at);
  const int interface_mtu = f == nullptr ? 1500 : f->mtu;
  live.mtu.base_mtu = r.base_mtu == 0 ? interface_mtu : std::min<int>(static_cast<int>(std::min<std::uint32_t>(r.base_mtu, 65535)), interface_mtu);
  live.mtu.outer_ipv6 = !request.from.peer.address.IsV4();
  live.mtu.tls_aead = DescribeSuite(request.from.tls_cipher).aead;
  live.mtu.dtls = suite;
  live.mtu.configured = s.rules.client.mtu;
  const Mtus mtus = DeriveMtus(live.mtu);
  a.tls_mtu = static_cast<std::uint32_t>(mtus.tls);
  a.dtls_mtu = static_cast<std::uint32_t>(mtus.dtls);
  if (debug_.Hears(WebvpnDebug::What::kAnyConnect, 1)) DebugConnect(s, request, mtus, suite != nullptr);
  if (suite == nullptr) return;

  live.dtls.suite = suite;
  ports_.entropy.Fill(live.dtls.id);
  by_dtls_id_[live.dtls.id] = s.index;
  live.dtls.key = suite->method == DtlsMethod::kPsk ? std::move(request.psk) : std::move(request.request.dtls_master_secret);
  live.dtls_compression = Agreed(s.rules.client.dtls_compression, r.dtls_compressions);
  a.dtls.psk = suite->method == DtlsMethod::kPsk;
  a.dtls.id = live.dtls.id;
  a.dtls.port = vpn_->ssl.dtls_port;
  a.dtls.dpd_s = s.rules.client.dpd_client_s;
  a.dtls.keepalive_s = s.rules.client.keepalive_s;
  a.dtls.dtls12_line = suite->method == DtlsMethod::kDtls12;
  a.dtls.suite = std::string(suite->name);
  a.dtls.compression = CompressionName(live.dtls_compression);
}

// In an ASA's words and order, as far as they are known.
void SslService::DebugConnect(const SslSession& s, const TunnelRequest& request, const Mtus& mtus, bool dtls) const {
  const auto say = [&](const std::string& line) { debug_.Say(WebvpnDebug::What::kAnyConnect, 255, line); };
  say("CSTP state = HEADER_PROCESSING");
  say("CSTP state = WAIT_FOR_ADDRESS");
  if (!s.assigned.IsNone()) {
    say(fmt::format("webvpn_cstp_accept_address: {}/{}", s.assigned.ToString(), s.netmask.IsNone() ? "255.255.255.255" : s.netmask.ToString()));
  }
  say("CSTP state = HAVE_ADDRESS");
  say(s.rules.filter.list == nullptr ? "No SVC ACL" : "SVC ACL Name: " + s.rules.filter.name);
  for (const std::string& line : mtus.lines) {
    // The derivation's last line is what came of it.
    if (dtls && &line == &mtus.lines.back()) {
      say(fmt::format("DTLS enabled for intf={} ({})", static_cast<int>(request.from.at), NameOf(request.from.at)));
    }
    say(line);
  }
  say(fmt::format("Sending X-CSTP-MTU: {}", mtus.tls));
  if (dtls) say(fmt::format("Sending X-DTLS-MTU: {}", mtus.dtls));
  say("CSTP state = CONNECTED");
}

void SslService::AnswerRules(const SslSession& s, const ConnectRequest& r, ConnectAnswer& a) const {
  const VpnGroupPolicy& p = s.rules;
  a.address = s.assigned;
  a.netmask = s.netmask.IsNone() ? IpAddress::V4(0xffffffff) : s.netmask;
  a.address6 = s.assigned6;
  a.prefix6 = s.prefix6;
  a.full_ipv6 = r.full_ipv6;
  a.hostname = vpn_->hostname;
  a.session_s = p.session_minutes * 60;
  a.session_alert_s = p.client.session_alert_minutes * 60;
  if (a.session_s != 0) {
    const std::int64_t gone = (ports_.times().now - s.begun).seconds();
    a.session_left_s = gone < a.session_s ? a.session_s - static_cast<std::uint32_t>(std::max<std::int64_t>(gone, 0)) : 0;
  }
  a.idle_s = p.idle_minutes * 60;
  a.dns = p.dns;
  a.wins = p.wins;
  a.default_domain = p.default_domain;
  const auto split = [](auto way, auto all, auto include) {
    return way == all ? ConnectAnswer::Split::kAll : way == include ? ConnectAnswer::Split::kInclude : ConnectAnswer::Split::kExclude;
  };
  a.split = split(p.split, VpnGroupPolicy::Split::kTunnelAll, VpnGroupPolicy::Split::kTunnelSpecified);
  for (const Prefix& n : p.split_networks) {
    if (n.IsV4()) a.networks.push_back(n);
  }
  a.split6 = split(p.client.split6, SslClientRules::Split::kTunnelAll, SslClientRules::Split::kTunnelSpecified);
  a.networks6 = p.client.split_networks6;
  a.split_dns = p.split_dns;
  a.tunnel_all_dns = p.client.split_all_dns;
  if (p.client.rekey_minutes != 0 && p.client.rekey != SslClientRules::Rekey::kNone) {
    a.rekey = p.client.rekey == SslClientRules::Rekey::kSsl ? ConnectAnswer::Rekey::kSsl : ConnectAnswer::Rekey::kNewTunnel;
    a.rekey_s = p.client.rekey_minutes * 60;
  }
  a.dpd_s = p.client.dpd_client_s;
  a.keepalive_s = p.client.keepalive_s;
  a.banner = p.banner;
  if (p.client.proxy.method != "no-modify") a.proxy.method = p.client.proxy.method;
  a.proxy.server = p.client.proxy.server;
  a.proxy.exceptions = p.client.proxy.except;
  a.proxy.pac_url = p.client.proxy.pac;
  a.proxy.local_bypass = p.client.proxy.local_bypass;
  a.proxy_lockdown = p.client.proxy.lockdown;
  a.smartcard_disconnect = p.client.smartcard_disconnect;
  a.routing_filtering_ignore = p.client.routing_filtering_ignore;
  a.disable_always_on = p.client.always_on_disabled;
  a.client_bypass = p.client.client_bypass;
}

void SslService::StartAccounting(SslSession& s) {
  const TunnelGroup* group = vpn_->Group(s.tunnel_group);
  const TimePoint now = ports_.times().now;
  if (s.accounted) return accounting_.TunnelAdded(s.index, s.assigned, now - s.begun, s.Traffic(), now);
  if (group == nullptr) return;
  s.accounted = true;
  AaaAccount account;
  account.group = group->accounting_servers;
  account.user = s.user;
  account.caller = CallerOf(s.tunnel_group, s.peer, {}, s.clientless ? UserQuestion::Via::kClientless : UserQuestion::Via::kSslClient);
  account.framed_address = s.assigned;
  if (s.user_rules != nullptr) account.classes = s.user_rules->classes;
  accounting_.Start(s.index, std::move(account), now);
}

}  // namespace sallyport
