// What is done to tunnels: `clear crypto ...`, `vpn-sessiondb logoff`.
#include <charconv>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/ikev1_keyword.h"
#include "cli/session.h"
#include "cli/vpn_session_filter.h"
#include "conf/codecs.h"
#include "vpn/policy.h"
#include "vpn/vpn_control.h"

namespace sallyport {
namespace {

constexpr const char* kSas = "Security associations";

// --- clear

struct ClearIkeWords {
  IpAddress peer;
};
struct ClearIpsecWords {
  IpAddress peer, entry;
  std::string map, spi;
  bool counters = false;
};

void ClearSas(Appliance& appliance, const IkeClear& what) {
  if (VpnControl* vpn = appliance.vpn_control()) vpn->Clear(what);
}

auto ClearIke(std::uint8_t version) {
  return [version](ExecContext& c, const ClearIkeWords& w, Form) {
    IkeClear what;
    what.version = version;
    if (!w.peer.IsNone()) what.peer = w.peer;
    ClearSas(c.appliance, what);
    return Reply{};
  };
}

// The pair that has an SPI at an address: ours for what comes in, the peer's for what goes out.
std::optional<std::uint32_t> PairOf(Appliance& appliance, IpAddress at, std::uint32_t spi) {
  for (const IpsecFlowView& f : appliance.vpn().IpsecFlows()) {
    for (std::size_t i = 0; i < f.inbound.size(); i++) {
      const bool in = f.local.address == at && f.inbound[i].spi == spi;
      const bool out = f.remote.address == at && i < f.outbound.size() && f.outbound[i].spi == spi;
      if (in || out) return f.inbound[i].spi;
    }
  }
  return std::nullopt;
}

Reply ClearIpsec(ExecContext& c, const ClearIpsecWords& w, Form) {
  VpnControl* vpn = c.appliance.vpn_control();
  if (vpn == nullptr) return {};
  if (w.counters) {
    vpn->ClearCounters();
    return {};
  }
  IkeClear what;
  what.ipsec_only = true;
  if (!w.peer.IsNone()) what.peer = w.peer;
  if (!w.entry.IsNone()) {
    const bool hex = w.spi.starts_with("0x") || w.spi.starts_with("0X");
    const std::string_view digits = std::string_view(w.spi).substr(hex ? 2 : 0);
    std::uint32_t spi = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), spi, hex ? 16 : 10);
    what.spi_in = PairOf(c.appliance, w.entry, spi);
    if (!what.spi_in) return {};
  }
  if (w.map.empty()) {
    vpn->Clear(what);
    return {};
  }
  const auto* policy = dynamic_cast<const VpnPolicy*>(c.appliance.policy()->tunnels.get());
  if (policy == nullptr) return {};
  for (const CryptoMapEntry& e : policy->entries) {
    if (e.map != w.map && e.static_map != w.map) continue;
    what.entry = e.id;
    vpn->Clear(what);
  }
  return {};
}

void AddClear(ExecSet& set) {
  using S = Tokens<ClearIkeWords>;
  const auto peer = S::Opt({S::Arg(&ClearIkeWords::peer, "Of one peer")});
  const auto clear = S::Kw("clear", kClearHelp), crypto = S::Kw("crypto", "Encryption"), sa = S::Kw("sa", kSas);
  set.Add(Command<ClearIkeWords>({clear, crypto, S::Kw("isakmp", "IKE"), sa, peer}), ClearIke(0));
  set.Add(Command<ClearIkeWords>({clear, S::Kw("isakmp", "IKE"), sa, peer}), ClearIke(0));
  set.Add(Command<ClearIkeWords>({clear, crypto, S::Kw("ikev1", "IKE version 1"), sa, peer}).When(HasIkev1Keyword), ClearIke(1));
  set.Add(Command<ClearIkeWords>({clear, crypto, S::Kw("ikev2", "IKE version 2"), sa, peer}).When(HasIkev1Keyword), ClearIke(2));

  using I = Tokens<ClearIpsecWords>;
  using W = ClearIpsecWords;
  const auto is_spi = [](std::string_view word) {
    const bool hex = word.starts_with("0x") || word.starts_with("0X");
    if (hex) word.remove_prefix(2);
    return !word.empty() && word.size() <= 10 && word.find_first_not_of(hex ? "0123456789abcdefABCDEF" : "0123456789") == std::string_view::npos;
  };
  const auto which = I::Opt({I::Choice({{I::Is(&W::counters, true, "counters", "Counters only")},
                                        {I::Kw("entry", "One security association"), I::Arg(&W::entry, "Where it ends"), I::Kw("esp", "ESP"),
                                         I::WordIf(&W::spi, is_spi, "SPI, decimal or 0x...")},
                                        {I::Kw("map", "Of one crypto map"), I::Word(&W::map, "Its name")},
                                        {I::Kw("peer", "Of one peer"), I::Arg(&W::peer, "Its address")}})});
  set.Add(Command<W>({I::Kw("clear", kClearHelp), I::Kw("crypto", "Encryption"), I::Kw("ipsec", "IPsec"), I::Kw("sa", kSas), which}), ClearIpsec);
  set.Add(Command<W>({I::Kw("clear", kClearHelp), I::Kw("ipsec", "IPsec"), I::Kw("sa", kSas), which}), ClearIpsec);
}

// --- vpn-sessiondb logoff

struct LogoffWords {
  int type = -1;  // a VpnSessionType
  std::string type_word;
  std::optional<std::uint32_t> index;
  std::string name, group, protocol;
  IpAddress address;
  bool noconfirm = false;
};

std::string LogOff(Appliance& appliance, const LogoffWords& w) {
  VpnSessionFilter f;
  if (w.type >= 0) f.type = static_cast<VpnSessionType>(w.type);
  f.index = w.index;
  f.name = w.name;
  f.tunnel_group = w.group;
  f.protocol = w.protocol;
  f.address = w.address;
  std::uint32_t gone = 0;
  for (const VpnSessionView& s : SelectVpnSessions(appliance.vpn().Sessions(), f, appliance.personality())) {
    if (VpnControl* vpn = appliance.vpn_control(); vpn != nullptr && vpn->Logoff(s.index)) gone++;
  }
  if (gone == 0) return "INFO: There are presently no active sessions of the type specified\n";
  const std::string which = !w.name.empty()    ? "with name \"" + w.name + "\" "
                            : w.index          ? "with index \"" + std::to_string(*w.index) + "\" "
                            : !w.group.empty() ? "from tunnel-group \"" + w.group + "\" "
                            : !w.protocol.empty()  ? "with protocol \"" + w.protocol + "\" "
                            : !w.address.IsNone()  ? "with IP address \"" + w.address.ToString() + "\" "
                            : !w.type_word.empty() ? "of type \"" + w.type_word + "\" "
                                                   : "";
  return "INFO: Number of sessions " + which + "logged off : " + std::to_string(gone) + "\n";
}

Reply DoLogoff(ExecContext& c, const LogoffWords& words, Form) {
  LogoffWords w = words;
  const bool ikev1 = c.appliance.personality().ikev1_keyword;
  switch (w.type < 0 ? VpnSessionType{} : static_cast<VpnSessionType>(w.type)) {
    case VpnSessionType::kAnyConnect: w.type_word = ikev1 ? "anyconnect" : "svc"; break;
    case VpnSessionType::kWebVpn: w.type_word = "webvpn"; break;
    case VpnSessionType::kLanToLan: w.type_word = "l2l"; break;
    case VpnSessionType::kIkev1RemoteAccess: w.type_word = ikev1 ? "ra-ikev1-ipsec" : "remote"; break;
    case VpnSessionType::kIkev2RemoteAccess: w.type_word = "ra-ikev2-ipsec"; break;
    case VpnSessionType::kLoadBalancing: w.type_word = "vpn-lb"; break;
  }
  if (w.type < 0) w.type_word.clear();
  if (w.noconfirm) return Reply::Say(LogOff(c.appliance, w));
  c.session.Ask("Do you want to logoff the VPN session(s)? [confirm]", DaemonFrame::Mode::kQuestion,
                [c, w](const std::optional<std::string>& answer) {
                  if (!answer || (!answer->empty() && (*answer)[0] != 'y' && (*answer)[0] != 'Y')) return;
                  c.session.Write(LogOff(c.appliance, w));
                });
  return {};
}

void AddLogoff(ExecSet& set) {
  using S = Tokens<LogoffWords>;
  using W = LogoffWords;
  using T = VpnSessionType;
  const auto type = [](T value, const char* word, const char* help) {
    return S::List({S::Is(&W::type, static_cast<int>(value), word, help)});
  };
  for (const bool ikev1 : {true, false}) {
    std::vector<S::List> which = {{S::Kw("all", "All sessions")},
                                  type(T::kLanToLan, "l2l", "LAN-to-LAN"),
                                  type(T::kWebVpn, "webvpn", "Clientless"),
                                  type(T::kLoadBalancing, "vpn-lb", "Load balancing"),
                                  type(static_cast<T>(99), "email-proxy", "Mail proxy"),  // there never is a session of it
                                  {S::Kw("index", "One session"), S::Int(&W::index, 1, 4294967295, "Its index")},
                                  {S::Kw("ipaddress", "With an address"), S::Arg(&W::address, "Assigned or public address")},
                                  {S::Kw("name", "Of a user or a connection"), S::Word(&W::name, "Name")},
                                  {S::Kw("protocol", "With a tunnel of a kind"), S::Word(&W::protocol, "IKEv1, IPsec, SSL-Tunnel, ...")},
                                  {S::Kw("tunnel-group", "Of a tunnel group"), S::Word(&W::group, "Tunnel group")}};
    if (ikev1) {
      which.push_back(type(T::kAnyConnect, "anyconnect", "AnyConnect"));
      which.push_back(type(T::kIkev1RemoteAccess, "ra-ikev1-ipsec", "IKEv1 remote access"));
      which.push_back(type(T::kIkev2RemoteAccess, "ra-ikev2-ipsec", "IKEv2 remote access"));
    } else {
      which.push_back(type(T::kAnyConnect, "svc", "SSL VPN client"));
      which.push_back(type(T::kIkev1RemoteAccess, "remote", "IPsec remote access"));
    }
    set.Add(Command<W>({S::Kw("vpn-sessiondb", "VPN sessions"), S::Kw("logoff", "End sessions"), S::Choice(which),
                        S::Flag(&W::noconfirm, "noconfirm", "Without a question")})
                .When(ikev1 ? HasIkev1Keyword : HasNoIkev1Keyword),
            DoLogoff);
  }
}

}  // namespace

void AddCryptoCommands(ExecSet& set) {
  AddCryptoShows(set);
  AddClear(set);
  AddLogoff(set);
}

}  // namespace sallyport
