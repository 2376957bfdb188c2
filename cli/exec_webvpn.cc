// AnyConnect on the console: `show ssl`, `show webvpn ...`, `show vpn load-balancing`, `show vpn-sessiondb license-summary`,
// `debug webvpn`.
#include <algorithm>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/ikev1_keyword.h"
#include "cli/session.h"
#include "cli/show_vpn_load_balancing.h"
#include "cli/show_webvpn.h"
#include "conf/field_line.h"
#include "vpn/policy.h"
#include "vpn/webvpn_control.h"

namespace sallyport {
namespace {

using What = WebvpnDebug::What;
constexpr const char* kWebvpn = "Clientless and AnyConnect VPN";
constexpr const char* kSsl = "SSL settings";

struct GroupWords {
  std::string group;
};
struct CipherWords {
  int level = -1;  // an SslLevel
};
struct DebugWords {
  std::optional<int> level;
};

// Null: nothing is served.
const SslPolicy* SslOf(Appliance& appliance) {
  const auto* vpn = dynamic_cast<const VpnPolicy*>(appliance.policy()->tunnels.get());
  return vpn == nullptr ? nullptr : &vpn->ssl;
}

// --- show ssl

struct SslLines {
  SslSettingsView view;
  std::vector<std::pair<std::string, std::string>> levels;  // version, level or ":" and a list
};

int SslVersionOf(std::string_view word) { return word == "tlsv1.1" ? 0x0302 : word == "tlsv1.2" ? 0x0303 : word == "tlsv1.3" ? 0x0304 : 0x0301; }

SslLines ReadSslLines(Appliance& appliance) {
  SslLines out;
  const int release = appliance.personality().release;
  out.view.dh_group = release >= 913 ? 14 : 2;
  for (const auto& l : appliance.configuration().tree().Of(Section::kSsl)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const CommandLine words(l->text);
    const std::string_view what = words.size() > 2 ? words[1] : std::string_view();
    if (what == "server-version") {
      out.view.server = words[2];
      out.view.min_tls = SslVersionOf(words[2]);
      out.view.dtls12_only = f->Get("dtls") == "dtlsv1.2";
    } else if (what == "client-version") {
      out.view.client = words[2];
      out.view.min_client = SslVersionOf(words[2]);
    } else if (what == "encryption") {
      for (const std::string_view c : f->List("ciphers")) out.view.ciphers.emplace_back(c);
    } else if (what == "cipher") {
      std::string list(f->Get("ciphers"));
      std::erase(list, '"');
      out.levels.emplace_back(f->Get("version"), f->Has("custom") ? ":" + list : std::string(words[words.size() - 1]));
    } else if (what == "dh-group") {
      out.view.dh_group = static_cast<std::uint16_t>(std::stoi(std::string(f->Get("group").substr(5))));
    } else if (what == "ecdh-group") {
      out.view.ecdh_group = static_cast<std::uint16_t>(std::stoi(std::string(f->Get("group").substr(5))));
    } else if (what == "trust-point") {
      if (f->Has("interface")) out.view.trustpoints.emplace_back(f->Get("interface"), f->Get("trustpoint"));
      else if (!f->Has("domain")) out.view.default_trustpoint = f->Get("trustpoint");
    } else if (what == "certificate-authentication" && f->Has("interface")) {
      out.view.certificate_on.emplace_back(f->Get("interface"));
    }
  }
  if (out.view.ciphers.empty()) {
    out.view.ciphers = {"rc4-sha1", "aes128-sha1", "aes256-sha1", "3des-sha1"};
    if (release >= 900) out.view.ciphers.insert(out.view.ciphers.begin() + 1, {"dhe-aes128-sha1", "dhe-aes256-sha1"});
  }
  return out;
}

Reply DoShowSsl(ExecContext& c, const Bare&, Form) {
  SslSettingsView view = ReadSslLines(c.appliance).view;
  if (const WebvpnControl* webvpn = c.appliance.webvpn()) view.self_signed = webvpn->SelfSigned();
  return Reply::Say(ShowSsl(view, c.appliance.personality()));
}

Reply DoShowCiphers(ExecContext& c, const CipherWords& w, Form) {
  if (w.level >= 0) return Reply::Say(ShowSslLevel(static_cast<SslLevel>(w.level)));
  const auto levels = ReadSslLines(c.appliance).levels;
  const auto said = [&](std::string_view version) -> std::string {
    for (const std::string_view v : {version, std::string_view("default")}) {
      for (const auto& [of, level] : levels) {
        if (of == v) return level;
      }
    }
    return "medium";
  };
  std::vector<SslVersionCiphers> out;
  const auto add = [&](const char* version, std::string_view word, SslVersion bit) {
    const std::string level = said(word);
    SslVersionCiphers v;
    v.version = version;
    const bool custom = level.starts_with(':');
    v.level = custom ? "custom" : level;
    v.names = custom ? SslCiphersOf(std::string_view(level).substr(1), bit) : SslCiphersOf(SslLevelOf(level).value_or(SslLevel::kMedium), bit);
    out.push_back(std::move(v));
  };
  out.push_back({"default", said("default").starts_with(':') ? "custom" : said("default"), {}});
  out.back().names = out.back().level == "custom" ? SslCiphersOf(std::string_view(said("default")).substr(1), kSslTls12)
                                                  : SslCiphersOf(SslLevelOf(said("default")).value_or(SslLevel::kMedium), kSslTls12);
  add("tlsv1", "tlsv1", kSslTls10);
  add("tlsv1.1", "tlsv1.1", kSslTls11);
  add("tlsv1.2", "tlsv1.2", kSslTls12);
  add("dtlsv1", "dtlsv1", kSslDtls10);
  if (c.appliance.personality().release >= 910) add("dtlsv1.2", "dtlsv1.2", kSslDtls12);
  return Reply::Say(ShowSslCiphers(out));
}

// --- show webvpn

Reply DoShowPackages(ExecContext& c, const Bare&, Form) {
  std::vector<WebvpnPackage> packages;
  if (const SslPolicy* ssl = SslOf(c.appliance)) {
    const auto files = c.appliance.state().Files();
    for (const SslPolicy::Image& i : ssl->images) {
      WebvpnPackage p{i, 0};
      for (const StateFolder::Entry& e : files) {
        if (e.name == i.file) p.modified_s = e.modified_s;
      }
      packages.push_back(std::move(p));
    }
  }
  return Reply::Say(ShowWebvpnPackages(packages, c.appliance.ClockNow().zone, c.appliance.personality()));
}

auto DoShowNames(std::string (*show)(const SslPolicy&, const std::string&)) {
  return [show](ExecContext& c, const GroupWords& w, Form) {
    const SslPolicy* ssl = SslOf(c.appliance);
    return Reply::Say(ssl == nullptr ? "" : show(*ssl, w.group));
  };
}

Reply DoShowStatistics(ExecContext& c, const Bare&, Form) {
  const WebvpnControl* webvpn = c.appliance.webvpn();
  return Reply::Say(webvpn == nullptr ? "" : ShowWebvpnStatistics(webvpn->Counters()));
}

Reply DoClearStatistics(ExecContext& c, const Bare&, Form) {
  if (WebvpnControl* webvpn = c.appliance.webvpn()) webvpn->ClearCounters();
  return {};
}

Reply DoShowBalancing(ExecContext& c, const Bare&, Form) {
  const WebvpnControl* webvpn = c.appliance.webvpn();
  VpnLoadBalancingView view;
  if (webvpn != nullptr) view = webvpn->LoadBalancing().value_or(view);
  if (const SslPolicy* ssl = SslOf(c.appliance); ssl != nullptr && view.cluster.empty() && !ssl->balancing.cluster.IsNone()) {
    view.cluster = ssl->balancing.cluster.ToString();
    view.encryption = ssl->balancing.encryption;
  }
  return Reply::Say(ShowVpnLoadBalancing(view));
}

Reply DoShowLicenses(ExecContext& c, const Bare&, Form) {
  VpnLimitsView limits;
  if (const auto* vpn = dynamic_cast<const VpnPolicy*>(c.appliance.policy()->tunnels.get())) {
    limits.ssl = vpn->ssl.max_ssl_sessions;
    limits.other = vpn->max_sessions;
    limits.essentials = vpn->ssl.essentials;
  }
  return Reply::Say(ShowVpnLicenses(c.appliance.vpn().Statistics(), limits));
}

// --- debug webvpn

void Hear(const ExecContext& c, What what, int level) {
  WebvpnControl* webvpn = c.appliance.webvpn();
  if (webvpn == nullptr) return;  // nothing will be said
  webvpn->debug().Listen(&c.session, what, level, [&session = c.session, &appliance = c.appliance](const std::string& line) {
    if (appliance.logger().settings().debug_trace) appliance.logger().Say(711001, 7, line);
    else session.Announce(line);
  });
}

std::string EnabledText(What what, int level, const Personality& personality) {
  const char* client = personality.ikev1_keyword ? "anyconnect" : "svc";
  return std::string("INFO: debug webvpn") + (what == What::kAnyConnect ? std::string(" ") + client : "") + " enabled at level " + std::to_string(level) + ".\n";
}

auto DoDebug(What what) {
  return [what](ExecContext& c, const DebugWords& w, Form form) {
    const int level = form == Form::kNo ? 0 : w.level.value_or(1);
    Hear(c, what, level);
    return level == 0 ? Reply{} : Reply::Say(EnabledText(what, level, c.appliance.personality()));
  };
}
auto DoUndebug(What what) {
  return [what](ExecContext& c, const DebugWords&, Form) {
    Hear(c, what, 0);
    return Reply{};
  };
}

void AddWebvpnDebug(ExecSet& set) {
  using S = Tokens<DebugWords>;
  const auto level = S::Opt({S::Int(&DebugWords::level, 1, 255, "Level")});
  const auto webvpn = S::Kw("webvpn", kWebvpn), debug = S::Kw("debug", "Debugging functions"), undebug = S::Kw("undebug", "Disable debugging functions");
  set.Add(Command<DebugWords>({debug, webvpn, level}).No(2), DoDebug(What::kPortal));
  set.Add(Command<DebugWords>({undebug, webvpn, level}), DoUndebug(What::kPortal));
  for (const bool ikev1 : {true, false}) {
    const auto client = S::Kw(ikev1 ? "anyconnect" : "svc", "The client");
    const auto when = ikev1 ? HasIkev1Keyword : HasNoIkev1Keyword;
    set.Add(Command<DebugWords>({debug, webvpn, client, level}).No(3).When(when), DoDebug(What::kAnyConnect));
    set.Add(Command<DebugWords>({undebug, webvpn, client, level}).When(when), DoUndebug(What::kAnyConnect));
  }
}

}  // namespace

void AddWebvpnCommands(ExecSet& set) {
  set.Add(BareCommand("show ssl", {kShow, kSsl}), DoShowSsl);
  using C = Tokens<CipherWords>;
  const auto level = [](SslLevel l, const char* word) { return C::List({C::Is(&CipherWords::level, static_cast<int>(l), word, "Level")}); };
  set.Add(Command<CipherWords>({C::Kw("show", kShow), C::Kw("ssl", kSsl), C::Kw("ciphers", "Suites that may be agreed on"),
                                C::Opt({C::Choice({level(SslLevel::kAll, "all"), level(SslLevel::kLow, "low"), level(SslLevel::kMedium, "medium"),
                                                   level(SslLevel::kFips, "fips"), level(SslLevel::kHigh, "high")})})})
              .When([](const Personality& p) { return p.release >= 903; }),
          DoShowCiphers);
  for (const bool ikev1 : {true, false}) {
    set.Add(BareCommand(ikev1 ? "show webvpn anyconnect" : "show webvpn svc", {kShow, kWebvpn, "Packages of the client"}).When(ikev1 ? HasIkev1Keyword : HasNoIkev1Keyword),
            DoShowPackages);
  }
  using G = Tokens<GroupWords>;
  const auto show = G::Kw("show", kShow), webvpn = G::Kw("webvpn", kWebvpn);
  const auto group = G::Opt({G::Word(&GroupWords::group, "Tunnel group")});
  set.Add(Command<GroupWords>({show, webvpn, G::Kw("group-alias", "Aliases of tunnel groups"), group}), DoShowNames(ShowWebvpnGroupAliases));
  set.Add(Command<GroupWords>({show, webvpn, G::Kw("group-url", "URLs of tunnel groups"), group}), DoShowNames(ShowWebvpnGroupUrls));
  set.Add(BareCommand("show webvpn statistics", {kShow, kWebvpn, "What came to the portal"}), DoShowStatistics);
  set.Add(BareCommand("clear webvpn statistics", {kClearHelp, kWebvpn, "What came to the portal"}), DoClearStatistics);
  set.Add(BareCommand("show vpn load-balancing", {kShow, "VPN", "Load balancing"}), DoShowBalancing);
  set.Add(BareCommand("show vpn-sessiondb license-summary", {kShow, "VPN sessions", "Licenses and their use"}).When(HasIkev1Keyword), DoShowLicenses);
  AddWebvpnDebug(set);
}

std::string ShowWebvpnDebug(Appliance& appliance, const Session* session) {
  WebvpnControl* webvpn = appliance.webvpn();
  std::string out;
  for (const What what : {What::kPortal, What::kAnyConnect}) {
    const int level = webvpn == nullptr ? 0 : webvpn->debug().Level(session, what);
    if (level > 0) {
      const std::string client = what == What::kPortal ? "" : appliance.personality().ikev1_keyword ? " anyconnect" : " svc";
      out += "debug webvpn" + client + " enabled at level " + std::to_string(level) + "\n";
    }
  }
  return out;
}

}  // namespace sallyport
