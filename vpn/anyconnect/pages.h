// The pages that a browser sees: logging in, the portal, the launch of AnyConnect, logged out. HTML without script; what
// comes from outside is escaped in every place. One style sheet, one picture.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vpn/anyconnect/aggregate_auth.h"

namespace sallyport {

// The form that a user has to fill in: logging in, a challenge, a new password. `title`: of the page and its card.
std::string LogonPage(const LoginForm& form, const std::string& title, const std::string& button);

struct PortalView {
  std::string user, group, banner, host;
  bool connected = false;
  std::string assigned;      // "": no address yet
  bool may_launch = true;    // the client is enabled here
  std::string launch_after;  // seconds after which the page goes on to the launch; "": it does not
  struct File {
    std::string name, detail, uri;
  };
  std::vector<File> packages, profiles;
};
std::string PortalPage(const PortalView& v);
std::string LaunchPage(const PortalView& v);
std::string LogoutPage();
// Whoever came there by a link that is not ours is asked first.
std::string AskLogoutPage(const std::string& user);
// A short page: "Page not found" and one sentence.
std::string MessagePage(const std::string& title, const std::string& sentence);

// Of an answer without a page of its own.
std::string ErrorPage(int status);

std::string_view PortalStyle();
std::string_view PortalLogo();  // SVG

// Content-Security-Policy of every page.
inline constexpr char kPagePolicy[] =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'";

}  // namespace sallyport
