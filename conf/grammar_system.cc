// Names, passwords, users, banners, clock, management access.
#include <algorithm>

#include "conf/declare.h"
#include "conf/lines.h"
#include "conf/password.h"

namespace sallyport {
template <>
struct Codec<PromptWord> {
  static Match Read(Cursor& in, PromptWord& out, std::string_view) {
    static const Literal kWords[] = {{"cluster-unit", "Name of the unit in its cluster"}, {"context", "Current context"}, {"domain", "Domain name"},
                                     {"hostname", "Host name"}, {"management-mode", "Management mode"}, {"priority", "Primary or secondary"},
                                     {"slot", "Slot of the module"}, {"state", "Active or standby"}};
    std::size_t i = 0;
    const Match m = in.OneOf(kWords, i);
    if (m == Match::kOk) out.text = kWords[i].text;
    return m;
  }
  static void Print(const PromptWord& v, LineWriter& line) { line.Put(v.text); }
};

template <>
struct Codec<SummerTimeRule> {
  static Match Read(Cursor& in, SummerTimeRule& out, std::string_view) {
    static const Literal kWords[] = {{"date", "Two dates of one year"}, {"recurring", "Every year"}};
    std::size_t i = 0;
    if (const Match m = in.OneOf(kWords, i); m != Match::kOk) return m;
    std::string_view rest;
    const Match m = in.Rest({"LINE", "When it begins and ends"}, rest);
    if (m != Match::kOk && i == 0) return m;  // recurring has a rule of its own
    out.text = kWords[i].text;
    if (!rest.empty()) out.text += " " + std::string(rest);
    return Match::kOk;
  }
  static void Print(const SummerTimeRule& v, LineWriter& line) { line.Put(v.text); }
};

namespace {

// A password that nobody can know any more: it was blotted out before the file was given away.
bool BlottedOut(std::string_view password) { return IsMask(password) || (password.starts_with('<') && password.ends_with('>')); }

template <typename T>
typename Tokens<T>::Ptr FormTokens() {
  using S = Tokens<T>;
  return S::Opt({S::Choice({{S::Is(&T::form, PasswordForm::kEncrypted, "encrypted", "The password is encrypted")},
                            {S::Is(&T::form, PasswordForm::kPbkdf2, "pbkdf2", "The password is a PBKDF2 hash")},
                            {S::Is(&T::form, PasswordForm::kNtEncrypted, "nt-encrypted", "The password is an NT hash")},
                            {S::Is(&T::form, PasswordForm::kMschap, "mschap", "Keep it as MSCHAP needs it")}})});
}

template <typename T>
void DeclareAccess(ConfigGrammar& g, const char* word, Section section, int rank) {
  using S = Tokens<T>;
  Command<T> c({S::Kw(word, std::string("Configure ") + word + " access"),
                S::Choice({{S::Arg(&T::prefix6, "IPv6 hosts that may connect")},
                           {S::Arg(&T::address, "IP address of the hosts that may connect"), S::Arg(&T::mask, "Netmask")}}),
                S::Word(&T::interface, "Interface name")});
  c.No(3);
  LineRule<T> r;
  r.section = section;
  r.rank = rank;
  r.check = [](ConfigEdit& edit, const T& v) { return KnownInterface(edit, v.interface); };
  Declare(g, c, r);
}

}  // namespace

void DeclareSystem(ConfigGrammar& g) {
  {
    using S = Tokens<HostnameLine>;
    Command<HostnameLine> c({S::Kw("hostname", "Set system's network name"), S::Word(&HostnameLine::name, "Host name", "WORD < 64 char", 63)});
    c.No(1);
    LineRule<HostnameLine> r;
    r.section = Section::kHostname;
    r.key = 1;
    r.check = [](ConfigEdit& edit, const HostnameLine& v) -> std::string {
      // Files have names with underscores, of releases that took them.
      const auto plain = [](char ch) { return std::isalnum(static_cast<unsigned char>(ch)) != 0 || ch == '-'; };
      if (!edit.loading && (!std::all_of(v.name.begin(), v.name.end(), plain) || v.name.front() == '-' || v.name.back() == '-')) {
        return "ERROR: Hostname contains an invalid character: letters, digits and hyphens between them\n";
      }
      const auto good = [](char ch) { return std::isalnum(static_cast<unsigned char>(ch)) != 0 || ch == '-' || ch == '_' || ch == '.'; };
      if (std::all_of(v.name.begin(), v.name.end(), good)) return {};
      return "ERROR: Hostname contains an invalid character\n";
    };
    Declare(g, c, r);
  }
  {
    using S = Tokens<DomainLine>;
    Command<DomainLine> c({S::Kw("domain-name", "Change domain name"), S::Word(&DomainLine::name, "Domain name", "WORD < 64 char", 63)});
    c.No(1);
    LineRule<DomainLine> r;
    r.section = Section::kDomain;
    r.key = 1;
    Declare(g, c, r);
  }
  {
    using L = EnableLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("enable", "Configure password for the enable command"), S::Kw("password"), S::Word(&L::password, "Password", "WORD", 256),
                  S::Opt({S::Kw("level"), S::Int(&L::level, 0, 15, "Privilege level")}), FormTokens<L>()});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kEnable;
    r.secret = &L::password;
    r.secret_form = [](L& to, const L& from) { to.form = from.form; };
    r.after = [](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      L stored = v;
      if (v.form == PasswordForm::kPlain && !BlottedOut(v.password)) {
        const bool strong = edit.personality.pbkdf2_passwords;
        stored.password = strong ? PasswordPbkdf2(v.password) : PasswordEncrypted(v.password, {});
        stored.form = strong ? PasswordForm::kPbkdf2 : PasswordForm::kEncrypted;
      }
      const int level = v.level.value_or(15);
      edit.tree.RemoveIf(nullptr, Section::kEnable, [&](const Line& other) {
        const auto* e = other.As<L>();
        return &other != &l && e != nullptr && e->level.value_or(15) == level;
      });
      // An ASA prints no password as it was typed: what a copy has in its place comes back as it was.
      if (!edit.from_asa() || v.form != PasswordForm::kPlain) l.text = "enable password " + stored.password + (v.level && level != 15 ? " level " + std::to_string(level) : "") +
               (stored.form == PasswordForm::kPbkdf2 ? " pbkdf2" : stored.form == PasswordForm::kEncrypted ? " encrypted" : "");
      l.Set(stored);
      return {};
    };
    Declare(g, c, r);
  }
  for (const char* word : {"passwd", "password"}) {
    using L = PasswdLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw(word, "Change Telnet console access password"), S::Word(&L::password, "Password"), FormTokens<L>()});
    c.No(1);
    LineRule<L> r;
    r.section = Section::kPasswd;
    r.secret = &L::password;
    r.secret_form = [](L& to, const L& from) { to.form = from.form; };
    r.after = [](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      L stored = v;
      if (v.form == PasswordForm::kPlain && !BlottedOut(v.password)) {
        stored.password = PasswordEncrypted(v.password, {});
        stored.form = PasswordForm::kEncrypted;
      }
      edit.tree.RemoveIf(nullptr, Section::kPasswd, [&](const Line& other) { return &other != &l; });
      if (!edit.from_asa() || v.form != PasswordForm::kPlain) {
        l.text = "passwd " + stored.password + (stored.form == PasswordForm::kPlain ? "" : " encrypted");
      }
      l.Set(stored);
      return {};
    };
    Declare(g, c, r);
  }
  {
    using S = Tokens<NamesLine>;
    Command<NamesLine> c({S::Kw("names", "Enable IP address to name conversion")});
    c.No(1);
    LineRule<NamesLine> r;
    r.section = Section::kNames;
    r.keep_no = true;
    r.key = 1;
    Declare(g, c, r);
  }
  {
    using L = NameLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("name", "Associate a name with an IP address"), S::Arg(&L::address, "IP address"),
                  S::Word(&L::name, "Name", "WORD < 64 char", 63), S::Opt({S::Kw("description", "Description"), S::Line(&L::description, "Text")})});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kNames;
    r.key = 3;
    r.after = [](ConfigEdit& edit, const L& v, Line&) -> std::string {
      edit.names[v.name] = v.address;
      return {};
    };
    r.after_no = [](ConfigEdit& edit, const L&) {
      edit.names.clear();
      for (const auto* n : edit.tree.All<L>(Section::kNames)) edit.names[n->name] = n->address;
    };
    Declare(g, c, r);
  }
  {
    using L = UsernameLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("username", "Configure user authentication local database"), S::Word(&L::name, "User name", "WORD < 65 char", 64),
                  S::Choice({{S::Is(&L::nopassword, true, "nopassword", "No password")},
                             {S::Kw("password", "Password"), S::Word(&L::password, "Password", "WORD", 256), FormTokens<L>()}}),
                  S::Opt({S::Kw("privilege", "Privilege level"), S::Int(&L::privilege, 0, 15, "Level")})});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kUsername;
    r.key = 2;
    r.check = [](ConfigEdit&, const L& v) -> std::string {
      return v.form == PasswordForm::kMschap && PasswordNt("").empty() ? "ERROR: this system cannot make MSCHAP hashes\n" : "";
    };
    r.secret = &L::password;
    r.secret_form = [](L& to, const L& from) { to.form = from.form; };
    r.after = [](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      L stored = v;
      std::string say;
      if (!v.nopassword && v.form == PasswordForm::kPlain && !BlottedOut(v.password)) {
        const bool strong = edit.personality.pbkdf2_passwords;
        stored.password = strong ? PasswordPbkdf2(v.password) : PasswordEncrypted(v.password, v.name);
        stored.form = strong ? PasswordForm::kPbkdf2 : PasswordForm::kEncrypted;
      }
      static constexpr std::string_view kForms[] = {"", " encrypted", " pbkdf2", " nt-encrypted", ""};
      if (stored.form == PasswordForm::kMschap) {
        stored.password = PasswordNt(v.password);
        stored.form = PasswordForm::kNtEncrypted;
      }
      if (!edit.from_asa() || v.form != PasswordForm::kPlain) l.text = "username " + v.name + (v.nopassword ? std::string(" nopassword") : " password " + stored.password + std::string(kForms[static_cast<int>(stored.form)])) +
               (v.privilege ? " privilege " + std::to_string(*v.privilege) : "");
      l.Set(stored);
      return {};
    };
    r.after_no = [](ConfigEdit& edit, const L& v) { edit.tree.Remove(nullptr, Section::kUsername, "username " + v.name + " attributes"); };
    Declare(g, c, r);
  }
  {
    using L = BannerLine;
    using S = Tokens<L>;
    using W = L::Which;
    Command<L> c({S::Kw("banner", "Configure login banner"),
                  S::Choice({{S::Is(&L::which, W::kExec, "exec")}, {S::Is(&L::which, W::kLogin, "login")},
                             {S::Is(&L::which, W::kMotd, "motd")}, {S::Is(&L::which, W::kAsdm, "asdm")}}),
                  S::Opt({S::Line(&L::text, "Text")})});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kBanner;
    r.key = 0;
    // Each line adds to the banner, and the same text may stand twice: keys are numbers.
    r.after = [](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      const L value = v;
      const std::string text = l.text;
      std::size_t n = edit.tree.Of(Section::kBanner).size();
      while (edit.tree.Find(Section::kBanner, std::to_string(n)) != nullptr) n++;
      Line& own = edit.tree.Upsert(nullptr, Section::kBanner, std::to_string(n));
      own.text = text;
      own.kind = "banner";
      own.Set(value);
      edit.tree.Remove(nullptr, Section::kBanner, "");
      edit.changed = true;
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = PagerLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("pager", "Control page length for pagination"), S::Noise("lines", "Lines"), S::Int(&L::lines, 0, 2147483647, "Lines")});
    c.No(1);
    LineRule<L> r;
    r.section = Section::kPager;
    r.key = 1;
    r.keep_no = true;
    r.after = [](ConfigEdit&, const L& v, Line& l) -> std::string {
      l.text = "pager lines " + std::to_string(v.lines.value_or(24));
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = TerminalWidthLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("terminal", "Set terminal line parameters"), S::Kw("width", "Width"), S::Int(&L::width, 0, 511, "Characters, 0 for no limit")});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kTerminal;
    r.key = 2;
    r.after = [](ConfigEdit& edit, const L& v, Line& l) -> std::string {
      if (v.width == 80) edit.tree.Remove(nullptr, Section::kTerminal, std::string(l.key));
      return {};
    };
    Declare(g, c, r);
  }
  {
    using L = PromptLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("prompt", "Configure session prompt display"), S::Many(&L::words)});
    c.No(1);
    LineRule<L> r;
    r.section = Section::kPrompt;
    r.key = 1;
    r.trailing = " ";
    Declare(g, c, r);
  }
  {
    using L = TimezoneLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("clock", "Configure time-of-day clock"), S::Kw("timezone", "Time zone"), S::Word(&L::name, "Name"),
                  S::Int(&L::hours, -23, 23, "Hours from UTC"), S::Opt({S::Int(&L::minutes, 0, 59, "Minutes from UTC")})});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kClock;
    r.key = 2;
    Declare(g, c, r);
  }
  {
    using L = SummerTimeLine;
    using S = Tokens<L>;
    Command<L> c({S::Kw("clock"), S::Kw("summer-time", "Summer time"), S::Word(&L::name, "Name"), S::Arg(&L::rule)});
    c.No(2);
    LineRule<L> r;
    r.section = Section::kClock;
    r.key = 2;
    Declare(g, c, r);
  }
  // Who may reach the box, and how long he may stay.
  {
    using S = Tokens<SshTimeout>;
    Command<SshTimeout> c({S::Kw("ssh", "Configure SSH options"), S::Kw("timeout", "Idle timeout"), S::Int(&SshTimeout::minutes, 1, 60, "Minutes")});
    c.No(2);
    LineRule<SshTimeout> r;
    r.section = Section::kSsh;
    r.key = 2;
    r.rank = 3;
    Declare(g, c, r);
  }
  {
    using S = Tokens<TelnetTimeout>;
    Command<TelnetTimeout> c({S::Kw("telnet", "Configure telnet"), S::Kw("timeout", "Idle timeout"), S::Int(&TelnetTimeout::minutes, 1, 1440, "Minutes")});
    c.No(2);
    LineRule<TelnetTimeout> r;
    r.section = Section::kTelnet;
    r.key = 2;
    r.rank = 3;
    Declare(g, c, r);
  }
  {
    using S = Tokens<ConsoleTimeout>;
    Command<ConsoleTimeout> c({S::Kw("console", "Serial console functions"), S::Kw("timeout", "Idle timeout"), S::Int(&ConsoleTimeout::minutes, 0, 60, "Minutes")});
    c.No(2);
    LineRule<ConsoleTimeout> r;
    r.section = Section::kConsole;
    r.key = 2;
    Declare(g, c, r);
  }
  {
    using S = Tokens<HttpServer>;
    Command<HttpServer> c({S::Kw("http", "Configure http server"), S::Kw("server"), S::Kw("enable", "Enable the server"), S::Opt({S::Int(&HttpServer::port, 1, 65535, "Port")})});
    c.No(3);
    LineRule<HttpServer> r;
    r.section = Section::kHttp;
    r.key = 3;
    Declare(g, c, r);
  }
  DeclareAccess<SshAccess>(g, "ssh", Section::kSsh, 2);
  DeclareAccess<TelnetAccess>(g, "telnet", Section::kTelnet, 2);
  DeclareAccess<HttpAccess>(g, "http", Section::kHttp, 2);
  {
    using L = ConsoleAuthentication;
    using S = Tokens<L>;
    std::vector<S::List> services;
    for (const char* s : {"ssh", "telnet", "http", "enable", "serial"}) services.push_back({S::Is(&L::service, s, s)});
    Command<L> c({S::Kw("aaa", "Configure AAA"), S::Kw("authentication", "Authentication"), S::Choice(services), S::Kw("console", "Management sessions"),
                  S::Word(&L::group, "Server group, or LOCAL"), S::Opt({S::Word(&L::fallback, "LOCAL")})});
    c.No(4);
    LineRule<L> r;
    r.section = Section::kAaa;
    r.key = 4;
    r.trailing = " ";
    r.check = [](ConfigEdit& edit, const L& v) -> std::string {
      if (v.group == "LOCAL" || edit.loading) return {};
      for (const auto& l : edit.tree.Of(Section::kAaaServer)) {
        if (l->text.starts_with("aaa-server " + v.group + " ")) return {};
      }
      return "ERROR: aaa-server group " + v.group + " does not exist\n";
    };
    Declare(g, c, r);
  }
  {
    using L = ExecAuthorization;
    using S = Tokens<L>;
    Command<L> c({S::Kw("aaa"), S::Kw("authorization", "Authorization"), S::Kw("exec", "Exec sessions"),
                  S::Choice({{S::Is(&L::where, "LOCAL", "LOCAL")}, {S::Is(&L::where, "authentication-server", "authentication-server")}}),
                  S::Flag(&L::auto_enable, "auto-enable", "Enter privileged mode at once")});
    c.No(3);
    LineRule<L> r;
    r.section = Section::kAaa;
    r.key = 3;
    Declare(g, c, r);
  }
}

}  // namespace sallyport
