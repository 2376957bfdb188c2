#include "cli/aaa_login.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/appliance.h"
#include "vpn/aaa/aaa_client.h"

namespace sallyport {

void CheckLogin(Appliance& appliance, const std::string& service, const std::string& user, const std::string& password, IpAddress peer,
                std::function<void(std::optional<int>)> answer) {
  const ConfigSettings settings = appliance.configuration().settings();
  const auto how = settings.console_authentication.find(service);
  const bool local = settings.AuthenticatesLocally(service);
  const std::string group = how == settings.console_authentication.end() ? "LOCAL" : how->second.front();
  if (group == "LOCAL" || appliance.aaa() == nullptr) {
    answer(local ? appliance.CheckUser(user, password) : std::nullopt);
    return;
  }
  AaaQuestion q;
  q.group = group;
  q.user = user;
  q.password = password;
  q.caller.client = peer;
  q.fallback = local;
  appliance.aaa()->Authenticate(std::move(q), [&appliance, group, user, password, peer, local, answer = std::move(answer)](const AaaAnswer& a) {
    Logger& log = appliance.logger();
    switch (a.kind) {
      case AaaAnswer::Kind::kAccept:
        log.Log(Msg::k113004, {"authentication", a.server.ToString(), user});
        log.Log(Msg::k113008, {user});
        answer(a.attributes.privilege.value_or(1));
        return;
      case AaaAnswer::Kind::kNoAnswer:
        if (!local) break;
        log.Say(409023, 4,
                fmt::format("Attempting AAA Fallback method LOCAL for Authentication request for user {}:Auth-server group {} unreachable", user, group));
        answer(appliance.CheckUser(user, password));
        return;
      case AaaAnswer::Kind::kReject:
      case AaaAnswer::Kind::kExpired:
      case AaaAnswer::Kind::kChallenge:  // nobody could answer it here
        log.Log(Msg::k113005, {"AAA failure", a.server.ToString(), user, peer.ToString()});
        break;
    }
    answer({});
  });
}

}  // namespace sallyport
