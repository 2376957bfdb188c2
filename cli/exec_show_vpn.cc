// Show commands about tunnels: sessions, security associations, VPN contexts.
#include <charconv>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/ikev1_keyword.h"
#include "cli/show_asp_vpn_context.h"
#include "cli/show_crypto.h"
#include "cli/show_vpn_sessiondb.h"
#include "cli/vpn_session_filter.h"
#include "conf/codecs.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

constexpr const char* kVpnSas = "Security associations";

constexpr auto kNoType = static_cast<VpnSessionType>(99);  // of which there never is a session

struct DetailWord {
  bool detail = false;
};
struct IpsecWords {
  IpAddress peer;
  std::string map, user, spi;
  bool detail = false;
  IpsecSaQuery::Form form{};
};
struct SessionWords {
  bool detail = false, full = false, all = false, failover = false;
  int type = -1;  // a VpnSessionType; -1: any
  std::optional<std::uint32_t> index;
  std::string name, tunnel_group, protocol, encryption;
  IpAddress address, assigned, public_address;
  int assigned_version = 0, public_version = 0, version = 0;  // 4, 6; 0: any
  bool inactive = false;
  VpnSessionFilter::Sort sort = VpnSessionFilter::Sort::kAge;
};
struct RatioWords {
  bool protocol = false;
  std::string group;
};

// "0x1234ABCD" or decimal.
std::optional<std::uint32_t> SpiOf(const std::string& word) {
  const bool hex = word.starts_with("0x") || word.starts_with("0X");
  const std::string_view digits = std::string_view(word).substr(hex ? 2 : 0);
  std::uint32_t spi = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), spi, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return spi;
}

// `name` commands, while `names` is on.
AddressNames VpnNames(Appliance& appliance) {
  AddressNames names;
  bool on = false;
  for (const auto& line : appliance.configuration().tree().Of(Section::kNames)) {
    on = on || line->text == "names";
    if (const auto* n = line->As<NameLine>()) names[n->address] = n->name;
  }
  return on ? names : AddressNames();
}

Reply Sessions(ExecContext& c, const SessionWords& w, Form) {
  const Personality& personality = c.appliance.personality();
  std::optional<VpnSessionType> type;
  if (w.type >= 0) type = static_cast<VpnSessionType>(w.type);
  VpnSessionFilter f{type, w.index, w.name, w.tunnel_group, w.protocol, w.encryption, w.address, w.assigned, w.public_address, w.inactive, w.sort};
  f.assigned_version = w.assigned_version;
  f.public_version = w.public_version;
  f.version = w.version;
  // There is no peer whose sessions would be held for it.
  const std::vector<VpnSessionView> sessions =
      w.failover ? std::vector<VpnSessionView>() : SelectVpnSessions(c.appliance.vpn().Sessions(), f, personality);
  const TimeZone zone = c.appliance.ClockNow().zone;
  return Reply::Say(w.full ? ShowVpnSessionsFull(sessions, w.detail, zone, VpnNames(c.appliance), personality)
                           : ShowVpnSessions(sessions, w.detail, zone, VpnNames(c.appliance), personality));
}

Reply Summary(ExecContext& c, const Bare&, Form) {
  return Reply::Say(ShowVpnSummary(c.appliance.vpn().Statistics(), c.appliance.personality()));
}

Reply Ratio(ExecContext& c, const RatioWords& w, Form) {
  const Personality& personality = c.appliance.personality();
  VpnSessionFilter f;
  f.tunnel_group = w.group;
  const auto sessions = SelectVpnSessions(c.appliance.vpn().Sessions(), f, personality);
  const std::uint64_t cumulative = c.appliance.vpn().Statistics().all.cumulative;
  return Reply::Say(w.protocol ? ShowVpnProtocolRatio(sessions, cumulative, w.group, personality)
                               : ShowVpnEncryptionRatio(sessions, cumulative, w.group));
}

TokenPtr<SessionWords> FilterWords() {
  using S = Tokens<SessionWords>;
  const auto version = [](int SessionWords::*to) {
    return S::Choice({{S::Is(to, 4, "v4", "IPv4")}, {S::Is(to, 6, "v6", "IPv6")}});
  };
  return S::Opt(
      {S::Kw("filter", "List only some of them"),
       S::Choice({{S::Kw("name", "Of a user or a connection"), S::Word(&SessionWords::name, "Name")},
                  {S::Kw("ipaddress", "With an address"), S::Arg(&SessionWords::address, "Assigned or public address")},
                  {S::Kw("a-ipaddress", "With an assigned address"), S::Arg(&SessionWords::assigned, "Address")},
                  {S::Kw("p-ipaddress", "With a public address"), S::Arg(&SessionWords::public_address, "Address")},
                  {S::Kw("a-ipversion", "With an assigned address of a version"), version(&SessionWords::assigned_version)},
                  {S::Kw("p-ipversion", "With a public address of a version"), version(&SessionWords::public_version)},
                  {S::Kw("ipversion", "With an address of a version"), version(&SessionWords::version)},
                  {S::Kw("tunnel-group", "Of a tunnel group"), S::Word(&SessionWords::tunnel_group, "Tunnel group")},
                  {S::Kw("protocol", "With a tunnel of a kind"),
                   S::Word(&SessionWords::protocol, "IKEv1, IPsec, SSL-Tunnel, ...")},
                  {S::Kw("encryption", "With a cipher"), S::Word(&SessionWords::encryption, "AES256, 3DES, ...")},
                  {S::Is(&SessionWords::inactive, true, "inactive", "Without an SSL tunnel")}})});
}

TokenPtr<SessionWords> SortWords() {
  using S = Tokens<SessionWords>;
  using By = VpnSessionFilter::Sort;
  const auto by = [](By sort, const char* word, const char* help) {
    return S::List({S::Is(&SessionWords::sort, sort, word, help)});
  };
  return S::Opt({S::Kw("sort", "In another order than by age"),
                 S::Choice({by(By::kName, "name", "By name"), by(By::kAddress, "ipaddress", "By address"),
                            by(By::kAssigned, "a-ipaddress", "By assigned address"),
                            by(By::kPublic, "p-ipaddress", "By public address"),
                            by(By::kAssignedVersion, "a-ipversion", "By version of the assigned address"),
                            by(By::kPublicVersion, "p-ipversion", "By version of the public address"),
                            by(By::kTunnelGroup, "tunnel-group", "By tunnel group"),
                            by(By::kProtocol, "protocol", "By tunnels"), by(By::kEncryption, "encryption", "By cipher"),
                            by(By::kInactivity, "inactivity", "The longest inactive first")})});
}

// The types had other names before 8.4.
TokenPtr<SessionWords> TypeWords(bool ikev1_keyword) {
  using S = Tokens<SessionWords>;
  using T = VpnSessionType;
  const auto type = [](T value, const char* word, const char* help) {
    return S::List({S::Is(&SessionWords::type, static_cast<int>(value), word, help)});
  };
  std::vector<S::List> all = {type(T::kLanToLan, "l2l", "LAN-to-LAN"),
                              type(T::kWebVpn, "webvpn", "Clientless"),
                              type(T::kLoadBalancing, "vpn-lb", "Load balancing"),
                              type(kNoType, "email-proxy", "Mail proxy"),
                              {S::Kw("index", "One session"), S::Int(&SessionWords::index, 1, 4294967295, "Its index")}};
  if (ikev1_keyword) {
    all.push_back(type(T::kAnyConnect, "anyconnect", "AnyConnect"));
    all.push_back(type(T::kIkev1RemoteAccess, "ra-ikev1-ipsec", "IKEv1 remote access"));
    all.push_back(type(T::kIkev2RemoteAccess, "ra-ikev2-ipsec", "IKEv2 remote access"));
    all.push_back(type(kNoType, "ospfv3", "IPsec of OSPFv3"));
  } else {
    all.push_back(type(T::kAnyConnect, "svc", "SSL VPN client"));
    all.push_back(type(T::kIkev1RemoteAccess, "remote", "IPsec remote access"));
  }
  return S::Choice(all);
}

void AddSessions(ExecSet& set) {
  constexpr const char* kSessions = "VPN sessions";
  set.Add(BareCommand("show vpn-sessiondb", {kShow, kSessions}), Summary);
  set.Add(BareCommand("show vpn-sessiondb detail", {kShow, kSessions, "More about them"}), Summary);
  set.Add(BareCommand("show vpn-sessiondb detail summary", {kShow, kSessions, "More about them", "How many there are of each type"}), Summary);
  set.Add(BareCommand("show vpn-sessiondb summary", {kShow, kSessions, "How many there are of each type"}), Summary);
  using S = Tokens<SessionWords>;
  for (const bool ikev1_keyword : {true, false}) {
    set.Add(Command<SessionWords>({S::Kw("show", kShow), S::Kw("vpn-sessiondb", kSessions),
                                   S::Flag(&SessionWords::all, "all", "Active and inactive"),
                                   S::Flag(&SessionWords::failover, "failover", "Held for the other unit"),
                                   S::Flag(&SessionWords::detail, "detail", "And their tunnels"),
                                   S::Flag(&SessionWords::full, "full", "One line each, for programs"),
                                   TypeWords(ikev1_keyword),
                                   FilterWords(), SortWords()})
                .When(ikev1_keyword ? HasIkev1Keyword : HasNoIkev1Keyword),
            Sessions);
  }
  using R = Tokens<RatioWords>;
  set.Add(Command<RatioWords>({R::Kw("show", kShow), R::Kw("vpn-sessiondb", kSessions),
                               R::Kw("ratio", "Shares of ciphers or protocols"),
                               R::Choice({{R::Is(&RatioWords::protocol, false, "encryption", "Of ciphers")},
                                          {R::Is(&RatioWords::protocol, true, "protocol", "Of protocols")}}),
                               R::Opt({R::Kw("filter", "Only a group"), R::Word(&RatioWords::group, "Tunnel group")})}),
          Ratio);
}

}  // namespace

void AddShowVpnCommands(ExecSet& set) {
  AddSessions(set);
  using D = Tokens<DetailWord>;
  const auto detail = D::Flag(&DetailWord::detail, "detail", "More about each");
  const auto crypto = D::Kw("crypto", "Encryption"), sa = D::Kw("sa", kVpnSas), show = D::Kw("show", kShow);
  const auto isakmp = [](ExecContext& c, const DetailWord& w, Form) {
    return Reply::Say(ShowIsakmpSas(c.appliance.vpn().IkeSas(), w.detail, c.appliance.personality()));
  };
  set.Add(Command<DetailWord>({show, crypto, D::Kw("isakmp", "IKE"), sa, detail}), isakmp);
  set.Add(Command<DetailWord>({show, D::Kw("isakmp", "IKE"), sa, detail}), isakmp);
  set.Add(Command<DetailWord>({show, crypto, D::Kw("ikev1", "IKE version 1"), sa, detail}).When(HasIkev1Keyword),
          [](ExecContext& c, const DetailWord& w, Form) {
            return Reply::Say(ShowIkev1Sas(c.appliance.vpn().IkeSas(), w.detail, c.appliance.personality()));
          });
  set.Add(Command<DetailWord>({show, crypto, D::Kw("ikev2", "IKE version 2"), sa, detail}).When(HasIkev1Keyword),
          [](ExecContext& c, const DetailWord& w, Form) {
            return Reply::Say(ShowIkev2Sas(c.appliance.vpn().IkeSas(), w.detail));
          });
  set.Add(Command<DetailWord>({show, D::Kw("asp", "Accelerated security path"), D::Kw("table", "Its tables"),
                               D::Kw("vpn-context", "VPN contexts"), detail}),
          [](ExecContext& c, const DetailWord& w, Form) {
            return Reply::Say(ShowVpnContexts(c.appliance.vpn().Contexts(), w.detail, c.appliance.personality()));
          });
  using I = Tokens<IpsecWords>;
  using Layout = IpsecSaQuery::Form;
  const auto ipsec = [](ExecContext& c, const IpsecWords& w, Form) {
    IpsecSaQuery q{w.form, w.detail, w.peer, w.map, w.user, {}};
    if (!w.spi.empty()) {
      q.spi = SpiOf(w.spi);
      if (!q.spi) return Reply::Refuse("ERROR: % Invalid SPI " + w.spi + "\n");
    }
    return Reply::Say(ShowIpsecSas(c.appliance.vpn().IpsecFlows(), q, VpnNames(c.appliance), c.appliance.personality()));
  };
  const auto which = I::Opt({I::Choice({{I::Kw("peer", "Of one peer"), I::Arg(&IpsecWords::peer, "Its address")},
                                        {I::Is(&IpsecWords::form, Layout::kEntry, "entry", "By peer")},
                                        {I::Is(&IpsecWords::form, Layout::kIdentity, "identity", "What is protected only")},
                                        {I::Is(&IpsecWords::form, Layout::kMap, "map", "Of one crypto map"), I::Word(&IpsecWords::map, "Its name")},
                                        {I::Kw("spi", "With one SPI"), I::Word(&IpsecWords::spi, "SPI, decimal or 0x...")},
                                        {I::Kw("user", "Of one user"), I::Word(&IpsecWords::user, "Name")}})});
  const auto errors = I::Flag(&IpsecWords::detail, "detail", "Errors one by one");
  set.Add(Command<IpsecWords>({I::Kw("show", kShow), I::Kw("crypto", "Encryption"), I::Kw("ipsec", "IPsec"), I::Kw("sa", kVpnSas), which, errors}), ipsec);
  set.Add(Command<IpsecWords>({I::Kw("show", kShow), I::Kw("ipsec", "IPsec"), I::Kw("sa", kVpnSas), which, errors}), ipsec);
}

}  // namespace sallyport
