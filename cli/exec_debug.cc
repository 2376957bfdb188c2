// `debug crypto ...`: a session hears what IKE says (vpn/vpn_debug.h). What it hears stands between its own lines, as log lines do
// after `terminal monitor`; other sessions see nothing of it, and it ends with the session.
#include <charconv>

#include "cli/appliance.h"
#include "cli/debug_text.h"
#include "cli/exec.h"
#include "cli/ikev1_keyword.h"
#include "cli/session.h"
#include "cli/show_crypto_stats.h"
#include "conf/codecs.h"
#include "vpn/aaa/aaa_client.h"
#include "vpn/vpn_control.h"
#include "vpn/webvpn_control.h"

namespace sallyport {
namespace {

using Kind = IkeSaying::Debug;
constexpr const char* kDebug = "Debugging functions";
constexpr const char* kUndebug = "Disable debugging functions";
constexpr const char* kDebugCrypto = "Encryption";
constexpr Kind kKinds[] = {Kind::kIkev1, Kind::kIkev2Platform, Kind::kIkev2Protocol, Kind::kIpsec};

struct LevelWords {
  std::optional<int> level;
};
enum class Flags : std::uint8_t { kBoth, kIke, kIpsec };
struct ConditionWords {
  IpAddress peer, mask;
  std::string user, group, spi;
  bool unmatched = false, error = false;
  Flags of = Flags::kBoth;
};

bool Always(const Personality&) { return true; }

// "0x1234ABCD" or decimal; never 0.
std::optional<std::uint32_t> SpiOf(std::string_view word) {
  const bool hex = word.starts_with("0x") || word.starts_with("0X");
  if (hex) word.remove_prefix(2);
  std::uint32_t spi = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), spi, hex ? 16 : 10);
  if (error != std::errc() || end != word.data() + word.size() || spi == 0) return std::nullopt;
  return spi;
}
bool IsSpi(std::string_view word) { return SpiOf(word).has_value(); }

void Listen(const ExecContext& c, Kind what, int level) {
  VpnControl* vpn = c.appliance.vpn_control();
  if (vpn == nullptr) return;  // nothing will be said
  vpn->debug().Listen(&c.session, what, level, [&session = c.session, &appliance = c.appliance](const IkeSaying& s) {
    const ClockView clock = appliance.ClockNow();
    const std::string text = DebugText(s, ToCivil(clock.wall_nanos, clock.zone), appliance.personality().release);
    // `logging debug-trace`: to the log instead of the session (ASA command reference).
    if (appliance.logger().settings().debug_trace) {
      for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {  // a message for each line
        end = text.find('\n', at);
        appliance.logger().Say(711001, 7, text.substr(at, end == std::string::npos ? end : end - at));
      }
    } else {
      session.Announce(text);
    }
  });
}

auto Set(Kind what) {
  return [what](ExecContext& c, const LevelWords& w, Form form) {
    Listen(c, what, form == Form::kNo ? 0 : w.level.value_or(1));
    return Reply{};
  };
}
auto Off(Kind what) {
  return [what](ExecContext& c, const LevelWords&, Form) {
    Listen(c, what, 0);
    return Reply{};
  };
}

Reply AllOff(ExecContext& c, const Bare&, Form) {
  if (VpnControl* vpn = c.appliance.vpn_control()) vpn->debug().Leave(&c.session);
  if (WebvpnControl* webvpn = c.appliance.webvpn()) webvpn->debug().Leave(&c.session);
  if (AaaClient* aaa = c.appliance.aaa()) aaa->Listen(&c.session, {});
  return {};
}

Reply Condition(ExecContext& c, const ConditionWords& w, Form form) {
  VpnControl* vpn = c.appliance.vpn_control();
  if (vpn == nullptr) return {};
  DebugConditions& all = vpn->debug().conditions();
  const bool on = form != Form::kNo;
  const auto set = [on](auto& of, const auto& one) {
    if (on) of.insert(one);
    else of.erase(one);
  };
  if (!w.peer.IsNone()) {
    const std::optional<int> bits = w.mask.IsNone() ? (w.peer.IsV4() ? 32 : 128) : MaskLength(w.mask);
    if (!bits) return Reply::Refuse("ERROR: % Invalid subnet mask\n");
    const Prefix p = Prefix::Of(w.peer, *bits);
    std::erase(all.peers, p);
    if (on) all.peers.push_back(p);
  }
  if (!w.user.empty()) set(all.users, w.user);
  if (!w.group.empty()) set(all.groups, w.group);
  if (!w.spi.empty()) set(all.spis, *SpiOf(w.spi));
  const bool ike = w.of != Flags::kIpsec, ipsec = w.of != Flags::kIke;
  if (w.unmatched && ike) all.ike_unmatched = on;
  if (w.unmatched && ipsec) all.ipsec_unmatched = on;
  if (w.error && ike) all.ike_error = on;
  if (w.error && ipsec) all.ipsec_error = on;
  return {};
}

Reply ShowDebugSet(ExecContext& c, const Bare&, Form) {
  VpnControl* vpn = c.appliance.vpn_control();
  std::string out;
  for (const Kind k : kKinds) {
    const int level = vpn == nullptr ? 0 : vpn->debug().Level(&c.session, k);
    if (level > 0) out += DebugName(k, c.appliance.personality().ikev1_keyword) + " enabled at level " + std::to_string(level) + "\n";
  }
  if (const AaaClient* aaa = c.appliance.aaa(); aaa != nullptr && aaa->Listens(&c.session)) out += "debug radius enabled at level 1\n";
  out += ShowWebvpnDebug(c.appliance, &c.session);
  return Reply::Say(std::move(out));
}

Reply ShowCondition(ExecContext& c, const Bare&, Form) {
  VpnControl* vpn = c.appliance.vpn_control();
  return Reply::Say(ShowDebugCondition(vpn == nullptr ? DebugConditions() : vpn->debug().conditions()));
}

}  // namespace

void AddDebugCommands(ExecSet& set) {
  using S = Tokens<LevelWords>;
  const auto level = S::Opt({S::Int(&LevelWords::level, 1, 255, "Level")});
  const auto crypto = S::Kw("crypto", kDebugCrypto), debug = S::Kw("debug", kDebug), undebug = S::Kw("undebug", kUndebug);
  struct Row {
    const char* word;
    const char* help;
    Kind kind;
    bool (*when)(const Personality&);
  };
  for (const Row& r : {Row{"ikev1", "IKE version 1", Kind::kIkev1, HasIkev1Keyword}, Row{"isakmp", "IKE", Kind::kIkev1, HasNoIkev1Keyword},
                       Row{"ipsec", "IPsec", Kind::kIpsec, Always}}) {
    const auto word = S::Kw(r.word, r.help);
    set.Add(Command<LevelWords>({debug, crypto, word, level}).No(3).When(r.when), Set(r.kind));
    set.Add(Command<LevelWords>({undebug, crypto, word, level}).When(r.when), Off(r.kind));
  }
  const auto ikev2 = S::Kw("ikev2", "IKE version 2");
  for (const Row& r : {Row{"protocol", "What is negotiated", Kind::kIkev2Protocol, HasIkev1Keyword},
                       Row{"platform", "What the appliance makes of it", Kind::kIkev2Platform, HasIkev1Keyword}}) {
    const auto word = S::Kw(r.word, r.help);
    set.Add(Command<LevelWords>({debug, crypto, ikev2, word, level}).No(4).When(r.when), Set(r.kind));
    set.Add(Command<LevelWords>({undebug, crypto, ikev2, word, level}).When(r.when), Off(r.kind));
  }

  using P = Tokens<ConditionWords>;
  using W = ConditionWords;
  const auto of = [](const char* ike) {
    return P::Opt({P::Choice({{P::Is(&W::of, Flags::kIke, ike, "Of IKE")}, {P::Is(&W::of, Flags::kIpsec, "ipsec", "Of IPsec")}})});
  };
  set.Add(Command<W>({P::Kw("debug", kDebug), P::Kw("crypto", kDebugCrypto), P::Kw("condition", "Only what has to do with ..."),
                  P::Choice({{P::Kw("peer", "... a peer"), P::Opt({P::Choice({{P::Kw("address", "By its address")}, {P::Kw("subnet", "A network of peers")}})}),
                             P::Arg(&W::peer, "Address"),
                             P::Opt({P::Opt({P::Kw("subnet", "A network of peers")}), P::Arg(&W::mask, "Mask")})},
                            {P::Kw("user", "... a user"), P::Word(&W::user, "Name")},
                            {P::Kw("group", "... a tunnel group"), P::Word(&W::group, "Name")},
                            {P::Kw("spi", "... a security association"), P::WordIf(&W::spi, IsSpi, "SPI, decimal or 0x...")},
                            {P::Is(&W::unmatched, true, "unmatched", "And what does not tell what it has to do with"), of("isakmp")},
                            {P::Is(&W::error, true, "error", "And errors"), of("isakmp")}})})
              .No(4),
          Condition);
  set.Add(BareCommand("debug crypto condition reset", {kDebug, kDebugCrypto, "Only what has to do with ...", "... anybody again"}),
          [](ExecContext& c, const Bare&, Form) {
            if (VpnControl* vpn = c.appliance.vpn_control()) vpn->debug().conditions() = {};
            return Reply{};
          });
  set.Add(BareCommand("undebug all", {kUndebug, "All of them"}), AllOff);
  set.Add(BareCommand("debug all", {kDebug, "All of them"}).NoOnly(2), AllOff);
  set.Add(BareCommand("show debug", {"Show running system information", "What is being debugged"}), ShowDebugSet);
  set.Add(BareCommand("show crypto debug-condition", {"Show running system information", kDebugCrypto, "What debugging is limited to"}), ShowCondition);
}

}  // namespace sallyport
