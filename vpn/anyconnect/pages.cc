#include "vpn/anyconnect/pages.h"

#include <fmt/format.h>

namespace sallyport {
namespace {

constexpr char kBrand[] = "SSL VPN Service";

std::string LogoutButton(std::string_view style) {
  return fmt::format(
      "<form method=\"post\" action=\"/+webvpn+/webvpn_logout.html\"><button type=\"submit\" class=\"{}\">Log out</button></form>\n",
      style);
}

// A page around `main`; `head` goes into the head as it is.
std::string Page(const std::string& title, const std::string& main, const std::string& head = {},
                 const std::string& user = {}) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n";
  out += head;
  out += fmt::format("<title>{}</title>\n", EscapeMarkup(title));
  out +=
      "<link rel=\"icon\" type=\"image/svg+xml\" href=\"/+CSCOE+/logo.svg\">\n<link rel=\"stylesheet\" "
      "href=\"/+CSCOE+/portal.css\">\n"
      "</head>\n<body>\n<header>\n<img src=\"/+CSCOE+/logo.svg\" alt=\"\" width=\"28\" height=\"28\">\n";
  out += fmt::format("<span class=\"brand\">{}</span>\n", kBrand);
  if (!user.empty()) {
    out += fmt::format(
        "<nav aria-label=\"Session\"><span class=\"who\">{}</span>{}</nav>\n", EscapeMarkup(user), LogoutButton("quiet"));
  }
  out += "</header>\n<main>\n" + main + "</main>\n</body>\n</html>\n";
  return out;
}

std::string Paragraphs(const std::string& text) {
  std::string out;
  for (const char c : EscapeMarkup(text)) out += c == '\n' ? std::string("<br>\n") : std::string(1, c);
  return out;
}

const char* AutoComplete(const LoginForm::Input& i) {
  if (i.name == "username") return "username";
  if (i.name == "password") return "current-password";
  if (i.name == "new_password" || i.name == "verify_password") return "new-password";
  if (i.name == "answer") return "one-time-code";
  return "off";
}

std::string LabelOf(std::string label) {
  while (!label.empty() && (label.back() == ':' || label.back() == ' ')) label.pop_back();
  return EscapeMarkup(label);
}

void PutFiles(std::string& out, const char* heading, const char* verb, const std::vector<PortalView::File>& files) {
  if (files.empty()) return;
  out += fmt::format("<section>\n<h2>{}</h2>\n<ul class=\"files\">\n", heading);
  for (const PortalView::File& f : files) {
    const std::string name = EscapeMarkup(f.name), detail = EscapeMarkup(f.detail);
    out += fmt::format(
        "<li><div><span class=\"name\">{}</span> <span class=\"detail\">{}</span></div>"
        "<a class=\"button second\" href=\"{}\" aria-label=\"{} {}, {}\" download>{}</a></li>\n",
        name, detail, EscapeMarkup(f.uri), verb, name, detail, verb);
  }
  out += "</ul>\n</section>\n";
}

}  // namespace

std::string LogonPage(const LoginForm& form, const std::string& title, const std::string& button) {
  std::string out = fmt::format("<div class=\"card\">\n<h1>{}</h1>\n", EscapeMarkup(title));
  if (!form.error.empty()) out += fmt::format("<p class=\"error\" role=\"alert\">{}</p>\n", Paragraphs(form.error));
  if (!form.banner.empty()) out += fmt::format("<p class=\"banner\">{}</p>\n", Paragraphs(form.banner));
  if (!form.message.empty()) out += fmt::format("<p class=\"message\">{}</p>\n", Paragraphs(form.message));
  out += fmt::format("<form method=\"post\" action=\"{}\">\n", EscapeMarkup(form.action));
  if (!form.groups.empty()) {
    out += "<label for=\"group_list\">Group</label>\n<select id=\"group_list\" name=\"group_list\">\n";
    for (const std::string& g : form.groups) {
      out += fmt::format("<option{}>{}</option>\n", g == form.selected ? " selected" : "", EscapeMarkup(g));
    }
    out += "</select>\n";
  }
  bool focused = false;
  for (const LoginForm::Input& i : form.inputs) {
    const std::string name = EscapeMarkup(i.name), value = EscapeMarkup(i.value);
    if (i.type == "hidden") {
      out += fmt::format("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", name, value);
      continue;
    }
    // What is filled in already is not what the user comes for.
    const bool focus = !focused && value.empty();
    focused |= focus;
    out += fmt::format(
        "<label for=\"{0}\">{1}</label>\n<input id=\"{0}\" type=\"{2}\" name=\"{0}\"{3} autocomplete=\"{4}\" "
        "autocapitalize=\"none\" spellcheck=\"false\"{5}{6}>\n",
        name, LabelOf(i.label), i.type == "password" ? "password" : "text",
        value.empty() ? std::string() : fmt::format(" value=\"{}\"", value), AutoComplete(i),
        i.name == "answer" ? "" : " required", focus ? " autofocus" : "");
  }
  out += fmt::format("<button type=\"submit\" name=\"Login\" value=\"Login\">{}</button>\n</form>\n</div>\n",
                     EscapeMarkup(button));
  return Page(title == "Login" ? kBrand : fmt::format("{} - {}", title, kBrand), out);
}

std::string PortalPage(const PortalView& v) {
  std::string out = "<div class=\"card wide\">\n";
  out += fmt::format("<h1>Welcome, {}</h1>\n", EscapeMarkup(v.user));
  if (!v.banner.empty()) out += fmt::format("<p class=\"banner\">{}</p>\n", Paragraphs(v.banner));
  out += "<dl>\n";
  out += fmt::format("<dt>Group</dt><dd>{}</dd>\n", EscapeMarkup(v.group));
  out += fmt::format("<dt>Tunnel</dt><dd>{}</dd>\n", v.connected ? "<span class=\"up\">Connected</span>" : "Not connected");
  if (!v.assigned.empty()) out += fmt::format("<dt>Address</dt><dd>{}</dd>\n", EscapeMarkup(v.assigned));
  out += "</dl>\n";
  if (v.may_launch) {
    out +=
        "<section class=\"start\">\n<div>\n<h2>AnyConnect</h2>\n<p>Reach the whole network from your computer.</p>\n</div>\n"
        "<a class=\"button\" href=\"/+CSCOE+/launch.html\">Start AnyConnect</a>\n</section>\n";
  } else {
    out += "<p class=\"message\">The AnyConnect client is not enabled on this gateway.</p>\n";
  }
  out += "</div>\n";
  std::string head;
  if (!v.launch_after.empty()) {
    head =
        fmt::format("<meta http-equiv=\"refresh\" content=\"{};url=/+CSCOE+/launch.html\">\n", EscapeMarkup(v.launch_after));
  }
  return Page(kBrand, out, head, v.user);
}

std::string LaunchPage(const PortalView& v) {
  std::string out = "<div class=\"card wide\">\n<h1>Start AnyConnect</h1>\n";
  if (!v.profiles.empty()) {
    out += "<p class=\"message\" role=\"status\">Your profile is being downloaded. If it is not, take it below.</p>\n";
  }
  PutFiles(out, "1. Install the client", "Download", v.packages);
  if (v.packages.empty()) {
    out +=
        "<section>\n<h2>1. Install the client</h2>\n<p>There is no package on this gateway. Use the client that you "
        "have.</p>\n</section>\n";
  }
  PutFiles(out, "2. Keep your profile", "Download", v.profiles);
  out += fmt::format(
      "<section>\n<h2>{}. Connect</h2>\n<p>Open the client, connect to <kbd>{}</kbd> and log in as "
      "<kbd>{}</kbd>.</p>\n</section>\n"
      "<p><a class=\"quiet\" href=\"/+CSCOE+/portal.html\">Back to the portal</a></p>\n</div>\n",
      v.profiles.empty() ? 2 : 3, EscapeMarkup(v.host), EscapeMarkup(v.user));
  std::string head;
  if (!v.profiles.empty())
    head = fmt::format("<meta http-equiv=\"refresh\" content=\"1;url={}\">\n", EscapeMarkup(v.profiles.front().uri));
  return Page(fmt::format("Start AnyConnect - {}", kBrand), out, head, v.user);
}

std::string LogoutPage() {
  return Page(fmt::format("Logged out - {}", kBrand),
              "<div class=\"card\">\n<h1>Logged out</h1>\n<p role=\"status\">Your session has ended. Close the browser if "
              "others use this computer.</p>\n"
              "<p><a class=\"button\" href=\"/+CSCOE+/logon.html\">Log in again</a></p>\n</div>\n");
}

std::string AskLogoutPage(const std::string& user) {
  return Page(fmt::format("Log out - {}", kBrand),
              fmt::format("<div class=\"card\">\n<h1>Log out?</h1>\n<p>You are logged in as {}.</p>\n{}"
                          "<p><a class=\"quiet\" href=\"/+CSCOE+/portal.html\">Stay logged in</a></p>\n</div>\n",
                          EscapeMarkup(user), LogoutButton("plain")));
}

std::string MessagePage(const std::string& title, const std::string& sentence) {
  return Page(fmt::format("{} - {}", title, kBrand),
              fmt::format("<div class=\"card\">\n<h1>{}</h1>\n<p>{}</p>\n<p><a class=\"quiet\" "
                          "href=\"/+CSCOE+/logon.html\">To the login</a></p>\n</div>\n",
                          EscapeMarkup(title), EscapeMarkup(sentence)));
}

std::string ErrorPage(int status) {
  if (status == 404) return MessagePage("Page not found", "There is nothing at this address.");
  if (status == 503) return MessagePage("Not available", "The gateway cannot do that at the moment. Please try again in a minute.");
  return MessagePage("Not possible", "The gateway did not understand what your browser has asked for.");
}

std::string_view PortalStyle() {
  static constexpr char kStyle[] = R"css(:root {
  --ground: #eef1f5; --card: #ffffff; --ink: #1b2733; --soft: #52606d; --line: #cbd3dc; --accent: #0b63a5; --accent-ink: #ffffff;
  --accent-deep: #084b7e; --bad: #a3181d; --bad-ground: #fdecec; --good: #1b7a43; --note: #f3f7fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12181f; --card: #1c252f; --ink: #e8edf2; --soft: #a5b1bd; --line: #3a4652; --accent: #5db1f0; --accent-ink: #0b1a26;
    --accent-deep: #8cc8f5; --bad: #ffb3b3; --bad-ground: #43211f; --good: #7fd6a2; --note: #222d38;
  }
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink); display: flex; flex-direction: column; }
header { display: flex; align-items: center; gap: .75rem; padding: .75rem 1.25rem; background: var(--card); border-bottom: 1px solid var(--line); }
header form { display: block; flex: none; }
header nav { min-width: 0; margin-left: auto; display: flex; align-items: center; gap: 1rem; }
.brand { font-weight: 600; white-space: nowrap; }
.who { color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
main { flex: 1; display: flex; align-items: flex-start; justify-content: center; padding: clamp(1rem, 9vh, 6rem) 1rem 2rem; }
.card { width: 100%; max-width: 25rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.75rem;
  box-shadow: 0 1px 2px rgba(16, 32, 48, .06), 0 8px 24px rgba(16, 32, 48, .08); overflow-wrap: anywhere; }
.card.wide { max-width: 42rem; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; }
h2 { margin: 0 0 .25rem; font-size: 1.05rem; font-weight: 600; }
p { margin: 0 0 1rem; }
.message { color: var(--soft); }
.banner { background: var(--note); border-left: 4px solid var(--accent); border-radius: 4px; padding: .75rem 1rem; }
.error { background: var(--bad-ground); color: var(--bad); border-radius: 8px; padding: .65rem 1rem; font-weight: 600; }
form { display: flex; flex-direction: column; }
label { font-weight: 600; margin-bottom: .3rem; }
input, select { font: inherit; width: 100%; min-height: 2.75rem; padding: .45rem .75rem; margin-bottom: 1.1rem; color: var(--ink);
  background: var(--card); border: 1px solid var(--soft); border-radius: 8px; }
button, .button { font: inherit; font-weight: 600; display: inline-flex; align-items: center; justify-content: center; min-height: 2.75rem;
  padding: .45rem 1.25rem; border: 1px solid transparent; border-radius: 8px; background: var(--accent); color: var(--accent-ink);
  text-decoration: none; cursor: pointer; white-space: nowrap; }
button { margin-top: .4rem; }
button.quiet { margin: 0; padding: .25rem; min-height: 0; border: 0; background: none; color: var(--accent); font-weight: 400;
  text-decoration: underline; text-underline-offset: .2em; }
form + p { margin-top: 1.1rem; }
button:hover, .button:hover { background: var(--accent-deep); }
button.quiet:hover { background: none; color: var(--accent-deep); }
.button.second { background: transparent; color: var(--accent); border-color: var(--accent); min-height: 2.25rem; padding: .25rem .9rem; }
.button.second:hover { background: var(--note); }
a { color: var(--accent); }
a.quiet { text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.5rem; margin: 0 0 1.5rem; }
dt { color: var(--soft); }
dd { margin: 0; }
.up { color: var(--good); font-weight: 600; }
section { border-top: 1px solid var(--line); padding-top: 1.1rem; margin-top: 1.1rem; }
section p:last-child, .card > p:last-child { margin-bottom: 0; }
.start { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; justify-content: space-between; }
.start p { color: var(--soft); margin: 0; }
.files { list-style: none; margin: .5rem 0 0; padding: 0; }
.files li { display: grid; grid-template-columns: 1fr auto; gap: 1rem; align-items: center; padding: .4rem 0; }
.files .name { margin-right: .75rem; }
.files .detail { color: var(--soft); display: inline-block; }
section + p { margin: 1.5rem 0 0; }
kbd { font: .95em ui-monospace, "Liberation Mono", monospace; background: var(--note); border: 1px solid var(--line); border-radius: 4px; padding: 0 .35em; }
@media (max-width: 30rem) {
  main { padding-top: 1rem; }
  .who { display: none; }
  .card { padding: 1.25rem; }
  .start .button { width: 100%; }
}
)css";
  return {kStyle, sizeof kStyle - 1};
}

// A gate in a wall.
std::string_view PortalLogo() {
  static constexpr char kLogo[] =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><rect width=\"32\" height=\"32\" rx=\"7\" "
      "fill=\"#0b63a5\"/>"
      "<path fill=\"#fff\" d=\"M5 8h5v4h3.500V8h5v4H22V8h5v18h-6.500v-6a4.500 4.500 0 0 0-9 0v6H5z\"/></svg>\n";
  return {kLogo, sizeof kLogo - 1};
}

}  // namespace sallyport
