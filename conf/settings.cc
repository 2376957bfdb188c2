// What the configuration says and the packet path need not know.
#include <algorithm>

#include "conf/command_levels.h"
#include "conf/compile.h"
#include "conf/configuration_impl.h"
#include "conf/field_line.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

UserAccount::Kind KindOf(PasswordForm f) {
  switch (f) {
    case PasswordForm::kEncrypted: return UserAccount::Kind::kEncrypted;
    case PasswordForm::kPbkdf2: return UserAccount::Kind::kPbkdf2;
    case PasswordForm::kNtEncrypted: return UserAccount::Kind::kNtEncrypted;
    case PasswordForm::kPlain:
    case PasswordForm::kMschap: break;
  }
  return UserAccount::Kind::kNone;  // "*****": a secret that is not known lets nobody in
}

constexpr std::pair<std::string_view, LogOutput> kOutputs[] = {
    {"console", LogOutput::kConsole}, {"monitor", LogOutput::kMonitor}, {"buffered", LogOutput::kBuffer}, {"trap", LogOutput::kTrap},
    {"history", LogOutput::kHistory}, {"mail", LogOutput::kMail},       {"asdm", LogOutput::kAsdm}};

LogFilter FilterOf(const std::string& word) {
  if (const auto s = ParseSeverity(word)) return LogFilter::Level(*s);
  return LogFilter::List(word);
}

LoggingSettings Logging(const LineTree& tree, const Personality& personality, const ConfigSettings& rest) {
  LoggingSettings s;
  s.hide_username = personality.hide_username;
  for (const auto& l : tree.Of(Section::kLogging)) {
    if (const auto* w = l->As<LoggingSwitch>()) {
      if (w->word == "enable") s.enable = true;
      if (w->word == "standby") s.standby = true;
      if (w->word == "timestamp") s.timestamp = true;
      if (w->word == "rfc5424") s.timestamp = s.rfc5424 = true;
      if (w->word == "debug-trace") s.debug_trace = true;
      if (w->word == "permit-hostdown") s.permit_hostdown = true;
      if (w->word == "emblem") s.emblem = true;
      if (w->word == "hide") s.hide_username = true;
    } else if (const auto* o = l->As<LoggingOut>()) {
      for (const auto& [word, output] : kOutputs) {
        if (o->output == word) s.Of(output) = FilterOf(o->filter);
      }
    } else if (const auto* n = l->As<LoggingNumber>()) {
      const auto v = static_cast<std::uint32_t>(n->number.value_or(0));
      if (n->word == "buffer-size") s.buffer_size = v;
      if (n->word == "asdm-buffer-size") s.asdm_buffer_size = v;
      if (n->word == "facility") s.facility = static_cast<int>(v);
      if (n->word == "queue") s.queue = v;
    } else if (const auto* h = l->As<LoggingHostLine>()) {
      LoggingHost host;
      host.interface = h->interface;
      host.address = h->address.address;
      host.emblem = h->emblem;
      const std::size_t slash = h->transport.find('/');
      if (slash != std::string::npos) {
        host.tcp = h->transport.starts_with("tcp") || h->transport.starts_with("6/");
        host.port = PortByName(h->transport.substr(slash + 1), PortFamily::kUdp).value_or(host.tcp ? 1470 : 514);
      }
      s.hosts.push_back(std::move(host));
    } else if (const auto* list = l->As<LoggingListLine>()) {
      LoggingListEntry e;
      if (!list->level.empty()) {
        e.level = ParseSeverity(list->level);
        e.message_class = list->message_class;
      } else {
        const std::size_t dash = list->messages.find('-');
        const auto number = [](const std::string& t) { return t.size() == 6 && t.find_first_not_of("0123456789") == std::string::npos ? std::stoi(t) : 0; };
        e.first_message = number(list->messages.substr(0, dash));
        e.last_message = dash == std::string::npos ? e.first_message : number(list->messages.substr(dash + 1));
      }
      s.lists[list->name].push_back(e);
    } else if (const auto* m = l->As<LoggingMessage>()) {
      if (m->number) s.messages[*m->number].severity = ParseSeverity(m->level);
    } else if (const auto* d = l->As<LoggingDevice>()) {
      using K = LoggingDeviceId::Kind;
      s.device_id.argument = d->argument;
      if (d->kind == "hostname") {
        s.device_id.kind = K::kHostname;
        s.device_id.text = rest.hostname;
      } else if (d->kind == "context-name") {
        s.device_id.kind = K::kContextName;
        s.device_id.text = "system";
      } else if (d->kind == "string") {
        s.device_id.kind = K::kString;
        s.device_id.text = d->argument;
      } else {
        s.device_id.kind = K::kIpAddress;
        for (const auto& i : tree.Of(Section::kInterface)) {
          const auto* name = i->First<NameifLine>();
          const auto* a = i->First<IpAddressLine>();
          if (name != nullptr && a != nullptr && name->name == d->argument) s.device_id.text = a->address.address.ToString();
        }
      }
    } else if (const auto* f = l->As<FieldLine>(); f != nullptr && f->Has("class")) {
      auto& levels = s.classes[std::string(f->Get("class"))];
      for (const auto& [word, output] : kOutputs) {
        if (f->Has(word)) levels[static_cast<std::size_t>(output)] = ParseSeverity(f->Get(std::string(word) + "-level"));
      }
    } else if (f != nullptr && l->text.starts_with("logging rate-limit ")) {
      LoggingRateLimit r;
      r.message = static_cast<int>(f->Int("number").value_or(0));
      r.level = ParseSeverity(f->Get("severity")).value_or(0);
      r.count = static_cast<std::uint64_t>(f->Int("count").value_or(0));
      r.seconds = static_cast<std::uint64_t>(f->Int("seconds").value_or(1));
      s.rate_limits.push_back(r);
    } else if (l->text.starts_with("no logging message ") && !l->text.ends_with("standby")) {
      s.messages[std::stoi(l->text.substr(19, 6))].disabled = true;
    } else if (l->text == "no logging hide username") {
      s.hide_username = false;
    }
  }
  s.zone = ZoneOf(tree);
  return s;
}

// Is a line of commands authorised here? A group without LOCAL behind it asks a server, which nothing does yet.
bool CommandsAreAuthorized(const LineTree& tree) {
  for (const auto* f : tree.All<FieldLine>(Section::kAaa)) {
    if (f->Has("command-group")) return f->Get("command-group") == "LOCAL" || f->Get("command-fallback") == "LOCAL";
  }
  return false;
}

}  // namespace

ParseOptions Configuration::Impl::Options(int privilege) const {
  ParseOptions o{privilege, &personality, &names, loading};
  if (privilege <= 1 && tree.Of(Section::kPrivilege).empty()) return o;
  if (!CommandsAreAuthorized(tree)) {
    if (privilege > 1) o.privilege = 15;
    return o;
  }
  auto levels = std::make_shared<CommandLevels>();
  for (const auto* f : tree.All<FieldLine>(Section::kPrivilege)) {
    using F = CommandLevels::Form;
    const std::string_view form = f->Get("form");
    levels->Add(form == "show" ? F::kShow : form == "clear" ? F::kClear : form == "cmd" ? F::kCommand : F::kAny,
                static_cast<int>(f->Int("level").value_or(15)), f->Get("in"), f->Get("command"));
  }
  if (!levels->empty()) o.levels = std::move(levels);
  return o;
}

bool Configuration::AuthorizesCommands() const { return CommandsAreAuthorized(impl_->tree); }

ParseOptions Configuration::ParseOptionsFor(int privilege) const { return impl_->Options(privilege); }

ConfigSettings Configuration::settings() const {
  const LineTree& tree = impl_->tree;
  ConfigSettings s;
  if (const auto* h = tree.First<HostnameLine>(Section::kHostname)) s.hostname = h->name;
  if (const auto* d = tree.First<DomainLine>(Section::kDomain)) s.domain = d->name;
  for (const auto* e : tree.All<EnableLine>(Section::kEnable)) {
    const int level = e->level.value_or(15);
    UserAccount& account = level == 15 ? s.enable : s.enable_levels[level];
    account = {"", e->password, KindOf(e->form), level};
  }
  if (const auto* p = tree.First<PasswdLine>(Section::kPasswd)) s.passwd = {"", p->password, KindOf(p->form), 1};
  for (const auto* u : tree.All<UsernameLine>(Section::kUsername)) s.users.push_back({u->name, u->password, KindOf(u->form), u->privilege.value_or(2)});
  if (const auto* t = tree.First<SshTimeout>(Section::kSsh)) s.ssh_timeout_min = t->minutes.value_or(5);
  if (const auto* t = tree.First<TelnetTimeout>(Section::kTelnet)) s.telnet_timeout_min = t->minutes.value_or(5);
  if (const auto* t = tree.First<ConsoleTimeout>(Section::kConsole)) s.console_timeout_min = t->minutes.value_or(0);
  for (const auto* b : tree.All<BannerLine>(Section::kBanner)) {
    using W = BannerLine::Which;
    std::string& to = b->which == W::kExec ? s.banner_exec : b->which == W::kLogin ? s.banner_login : b->which == W::kAsdm ? s.banner_asdm : s.banner_motd;
    to += b->text + "\n";
  }
  if (const Line* l = tree.Find(Section::kPager, "pager")) {
    const auto* p = l->As<PagerLine>();
    s.pager_lines = p != nullptr ? p->lines.value_or(24) : 0;
  }
  if (const auto* w = tree.First<TerminalWidthLine>(Section::kTerminal)) s.terminal_width = w->width.value_or(80);
  if (const auto* p = tree.First<PromptLine>(Section::kPrompt)) {
    s.prompt.clear();
    for (const PromptWord& w : p->words) s.prompt.push_back(w.text);
  }
  if (const auto* t = tree.First<SummerTimeLine>(Section::kClock)) s.summer_time = t->name;
  for (const auto* a : tree.All<ConsoleAuthentication>(Section::kAaa)) {
    auto& groups = s.console_authentication[a->service];
    groups = {a->group};
    if (!a->fallback.empty()) groups.push_back(a->fallback);
  }
  for (const auto* a : tree.All<ExecAuthorization>(Section::kAaa)) s.asks_exec_authorization = s.asks_exec_authorization || a->auto_enable;
  s.logging = Logging(tree, impl_->personality, s);
  return s;
}

bool ConfigSettings::AuthenticatesLocally(const std::string& service) const {
  const auto how = console_authentication.find(service);
  return how != console_authentication.end() && std::find(how->second.begin(), how->second.end(), "LOCAL") != how->second.end();
}

}  // namespace sallyport
