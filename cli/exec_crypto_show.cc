// Counters of IKE, IPsec and of what they are enciphered by: shown and cleared; and what interfaces do to packets of IPsec.
#include <algorithm>
#include <vector>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/ikev1_keyword.h"
#include "cli/session.h"
#include "cli/show_crypto_engine.h"
#include "cli/show_crypto_stats.h"
#include "conf/codecs.h"
#include "vpn/ike/v1_core.h"
#include "vpn/policy.h"
#include "vpn/vpn_control.h"

namespace sallyport {
namespace {

constexpr const char* kShowCrypto = "Encryption";
constexpr const char* kShowSas = "Security associations";
constexpr const char* kStats = "Counters";

bool HasOspf3Policies(const Personality& p) { return p.release >= 900; }

// --- shown

IkeStats StatsOf(Appliance& appliance, std::uint8_t version) {
  const VpnControl* vpn = appliance.vpn_control();
  return vpn == nullptr ? IkeStats() : vpn->Stats(version);
}

Reply Ikev1Stats(ExecContext& c, const Bare&, Form) { return Reply::Say(ShowIkev1Stats(StatsOf(c.appliance, 1), c.appliance.personality())); }
Reply Ikev2Stats(ExecContext& c, const Bare&, Form) { return Reply::Say(ShowIkev2Stats(StatsOf(c.appliance, 2))); }
Reply IsakmpStats(ExecContext& c, const Bare&, Form) {
  const auto* vpn = dynamic_cast<const VpnPolicy*>(c.appliance.policy()->tunnels.get());
  const std::uint32_t most = Ikev1Core::kMostHalfOpen, said = vpn == nullptr ? 0 : vpn->max_in_negotiation_v1;
  return Reply::Say(ShowIsakmpStats(StatsOf(c.appliance, 1), StatsOf(c.appliance, 2), said == 0 ? most : std::min(said, most),
                                    c.appliance.personality()));
}

// An appliance without a VPN engine has had no traffic of it.
std::optional<IpsecStatsView> IpsecStatsOf(Appliance& appliance) {
  VpnControl* vpn = appliance.vpn_control();
  return vpn == nullptr ? IpsecStatsView() : vpn->IpsecStats();
}
Reply NotCounted() { return Reply::Refuse("ERROR: these counters are not kept here\n"); }

Reply IpsecStats(ExecContext& c, const Bare&, Form) {
  const auto stats = IpsecStatsOf(c.appliance);
  return stats ? Reply::Say(ShowIpsecStats(*stats, c.appliance.personality())) : NotCounted();
}
Reply IpsecSummary(ExecContext& c, const Bare&, Form) {
  const auto stats = IpsecStatsOf(c.appliance);
  return stats ? Reply::Say(ShowIpsecSummary(c.appliance.vpn().IpsecFlows(), *stats)) : NotCounted();
}
Reply OverTcpStats(ExecContext& c, const Bare&, Form) {
  VpnControl* vpn = c.appliance.vpn_control();
  const auto stats = vpn == nullptr ? std::optional<IpsecOverTcpView>(IpsecOverTcpView()) : vpn->IpsecOverTcp();
  return stats ? Reply::Say(ShowIpsecOverTcpStats(*stats)) : NotCounted();
}

void AddStats(ExecSet& set) {
  for (const char* words : {"show crypto isakmp stats", "show isakmp stats"}) {
    if (std::string_view(words).find("crypto") != std::string_view::npos) set.Add(BareCommand(words, {kShow, kShowCrypto, "IKE", kStats}), IsakmpStats);
    else set.Add(BareCommand(words, {kShow, "IKE", kStats}), IsakmpStats);
  }
  set.Add(BareCommand("show crypto ikev1 stats", {kShow, kShowCrypto, "IKE version 1", kStats}).When(HasIkev1Keyword), Ikev1Stats);
  set.Add(BareCommand("show crypto ikev2 stats", {kShow, kShowCrypto, "IKE version 2", kStats}).When(HasIkev1Keyword), Ikev2Stats);
  set.Add(BareCommand("show crypto ipsec stats", {kShow, kShowCrypto, "IPsec", kStats}), IpsecStats);
  set.Add(BareCommand("show ipsec stats", {kShow, "IPsec", kStats}), IpsecStats);
  set.Add(BareCommand("show crypto ipsec sa summary", {kShow, kShowCrypto, "IPsec", kShowSas, "How many there are"}), IpsecSummary);
  set.Add(BareCommand("show ipsec sa summary", {kShow, "IPsec", kShowSas, "How many there are"}), IpsecSummary);
  constexpr const char* kOverTcp = "IPsec over TCP";
  set.Add(BareCommand("show crypto isakmp ipsec-over-tcp stats", {kShow, kShowCrypto, "IKE", kOverTcp, kStats}), OverTcpStats);
  set.Add(BareCommand("show isakmp ipsec-over-tcp stats", {kShow, "IKE", kOverTcp, kStats}), OverTcpStats);
  set.Add(BareCommand("show crypto ikev1 ipsec-over-tcp stats", {kShow, kShowCrypto, "IKE version 1", kOverTcp, kStats}).When(HasIkev1Keyword), OverTcpStats);
}

// --- the engine

CryptoStatsView CryptoStatsOf(Appliance& appliance) {
  VpnControl* vpn = appliance.vpn_control();
  return vpn == nullptr ? CryptoStatsView() : vpn->CryptoStats();
}

struct ProtocolWord {
  CryptoProtocol which = CryptoProtocol::kAll;
};
Reply ProtocolStats(ExecContext& c, const ProtocolWord& w, Form) {
  return Reply::Say(ShowCryptoProtocol(CryptoStatsOf(c.appliance), w.which, c.appliance.personality()));
}
Reply ClearProtocolStats(ExecContext& c, const ProtocolWord& w, Form) {
  using C = VpnControl::Counters;
  using P = CryptoProtocol;
  VpnControl* vpn = c.appliance.vpn_control();
  if (vpn == nullptr) return {};
  const bool all = w.which == P::kAll;
  if (all || w.which == P::kIkev1) vpn->ClearStats(C::kProtocolIkev1);
  if (all || w.which == P::kIkev2) vpn->ClearStats(C::kProtocolIkev2);
  if (all || w.which == P::kIpsec) vpn->ClearStats(C::kProtocolIpsec);
  if (all || w.which == P::kOther) vpn->ClearStats(C::kProtocolOther);
  return {};
}
Reply AcceleratorStats(ExecContext& c, const Bare&, Form) {
  const auto up = static_cast<std::uint64_t>(std::max<std::int64_t>(0, c.appliance.uptime().seconds()));
  return Reply::Say(ShowCryptoAccelerator(CryptoStatsOf(c.appliance), up, kVpnSessionsHeld));
}

// --- interfaces

struct InterfaceWord {
  std::string name;
};
template <typename F>
auto OfInterface(F text) {
  return [text](ExecContext& c, const InterfaceWord& w, Form) {
    const Interface* i = c.appliance.policy()->FindByName(w.name);
    if (i == nullptr) return Reply::Refuse("ERROR: % Invalid interface name " + w.name + "\n");
    const auto* vpn = dynamic_cast<const VpnPolicy*>(c.appliance.policy()->tunnels.get());
    return Reply::Say(text(vpn == nullptr ? VpnPolicy() : *vpn, *i));
  };
}
std::string DfOf(const VpnPolicy& vpn, const Interface& i) {
  const auto df = vpn.df.find(i.id);
  return ShowDfPolicy(i.nameif, df == vpn.df.end() ? DfPolicy::kCopy : df->second);
}
std::string FragmentationOf(const VpnPolicy& vpn, const Interface& i) {
  const auto after = vpn.fragment_after.find(i.id);
  return ShowFragmentationPolicy(i.nameif, after != vpn.fragment_after.end() && after->second);
}

void AddEngine(ExecSet& set) {
  using S = Tokens<ProtocolWord>;
  using P = CryptoProtocol;
  for (const bool ikev2 : {true, false}) {
    std::vector<S::List> which;
    const auto add = [&](P p, const char* word, const char* help) { which.push_back({S::Is(&ProtocolWord::which, p, word, help)}); };
    add(P::kAll, "all", "Of all protocols");
    add(P::kIkev1, "ikev1", "Of IKE version 1");
    if (ikev2) add(P::kIkev2, "ikev2", "Of IKE version 2");
    add(P::kIpsec, "ipsec", "Of IPsec");
    add(P::kOther, "other", "Of whatever else");
    add(P::kSrtp, "srtp", "Of SRTP");
    add(P::kSsh, "ssh", "Of SSH");
    add(P::kSsl, "ssl", "Of SSL");
    for (const bool clear : {false, true}) {
      Command<ProtocolWord> command({clear ? S::Kw("clear", kClearHelp) : S::Kw("show", kShow), S::Kw("crypto", kShowCrypto),
                                     S::Kw("protocol", "What protocols have had enciphered"), S::Kw("statistics", kStats), S::Choice(which)});
      command.When(ikev2 ? HasIkev1Keyword : HasNoIkev1Keyword);
      if (clear) set.Add(command, ClearProtocolStats);
      else set.Add(command, ProtocolStats);
    }
  }
  set.Add(BareCommand("show crypto accelerator statistics", {kShow, kShowCrypto, "What enciphers", kStats}), AcceleratorStats);

  // Security policies of OSPFv3, which does not run here: none.
  const auto none = [](ExecContext&, const Bare&, Form) { return Reply{}; };
  set.Add(BareCommand("show crypto ipsec policy", {kShow, kShowCrypto, "IPsec", "Policies of OSPFv3"}).When(HasOspf3Policies), none);
  set.Add(BareCommand("show ipsec policy", {kShow, "IPsec", "Policies of OSPFv3"}).When(HasOspf3Policies), none);

  using I = Tokens<InterfaceWord>;
  const auto of = [&](const char* word, const char* help) {
    return Command<InterfaceWord>({I::Kw("show", kShow), I::Kw("crypto", kShowCrypto), I::Kw("ipsec", "IPsec"), I::Kw(word, help),
                                   I::Word(&InterfaceWord::name, "Interface")});
  };
  set.Add(of("df-bit", "What becomes of Don't Fragment"), OfInterface(DfOf));
  set.Add(of("fragmentation", "When packets that are too large are cut"), OfInterface(FragmentationOf));
}

// --- cleared

auto ClearOf(std::initializer_list<VpnControl::Counters> what) {
  return [all = std::vector<VpnControl::Counters>(what)](ExecContext& c, const Bare&, Form) {
    if (VpnControl* vpn = c.appliance.vpn_control()) {
      for (const auto one : all) vpn->ClearStats(one);
    }
    return Reply{};
  };
}

void AddClearStats(ExecSet& set) {
  using C = VpnControl::Counters;
  set.Add(BareCommand("clear crypto isakmp stats", {kClearHelp, kShowCrypto, "IKE", kStats}), ClearOf({C::kIkev1, C::kIkev2}));
  set.Add(BareCommand("clear isakmp stats", {kClearHelp, "IKE", kStats}), ClearOf({C::kIkev1, C::kIkev2}));
  set.Add(BareCommand("clear crypto ikev1 stats", {kClearHelp, kShowCrypto, "IKE version 1", kStats}).When(HasIkev1Keyword), ClearOf({C::kIkev1}));
  set.Add(BareCommand("clear crypto ikev2 stats", {kClearHelp, kShowCrypto, "IKE version 2", kStats}).When(HasIkev1Keyword), ClearOf({C::kIkev2}));
  set.Add(BareCommand("clear crypto ipsec stats", {kClearHelp, kShowCrypto, "IPsec", kStats}), ClearOf({C::kIpsec}));
  set.Add(BareCommand("clear ipsec stats", {kClearHelp, "IPsec", kStats}), ClearOf({C::kIpsec}));
  set.Add(BareCommand("clear crypto accelerator statistics", {kClearHelp, kShowCrypto, "What enciphers", kStats}), ClearOf({C::kAccelerator}));
}

}  // namespace

void AddCryptoShows(ExecSet& set) {
  AddStats(set);
  AddEngine(set);
  AddClearStats(set);
}

}  // namespace sallyport
