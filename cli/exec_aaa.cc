// AAA servers on the console: `show aaa-server`, `clear aaa-server statistics`, `test aaa-server`, `debug radius`.
#include <fmt/format.h>

#include <algorithm>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_aaa_server.h"
#include "conf/codecs.h"
#include "vpn/aaa/aaa_client.h"

namespace sallyport {
namespace {

constexpr const char* kServer = "AAA servers";
constexpr const char* kGroup = "Name of a server group";

struct ServerWords {
  std::string group, protocol;
  IpAddress host;
};

Reply DoShow(ExecContext& c, const ServerWords& w, Form) {
  AaaClient* aaa = c.appliance.aaa();
  std::vector<AaaServerView> servers = aaa == nullptr ? std::vector<AaaServerView>() : aaa->Views();
  std::erase_if(servers, [&](const AaaServerView& s) {
    return (!w.group.empty() && s.group != w.group) || (!w.protocol.empty() && s.protocol != w.protocol) || (!w.host.IsNone() && s.address != w.host);
  });
  if (!w.group.empty() && w.group != "LOCAL" && (aaa == nullptr || aaa->plan().Find(w.group) == nullptr)) {
    return Reply::Refuse("ERROR: aaa-server group <" + w.group + "> does not exist\n");
  }
  return Reply::Say(ShowAaaServers(servers, c.appliance.ClockNow().zone));
}

Reply DoClear(ExecContext& c, const ServerWords& w, Form) {
  if (AaaClient* aaa = c.appliance.aaa()) aaa->ClearStatistics(w.group);
  return {};
}

// --- test aaa-server

struct TestWords {
  std::string group, user, password;
  IpAddress host;
};

class TestJob final : public Job {
 public:
  TestJob(Session& session, AaaClient& aaa, const AaaServer& server, const TestWords& w) : session_(&session) {
    // What an ASA gives a test: two seconds more than the server's own time.
    session_->WriteNow(fmt::format("INFO: Attempting Authentication test to IP address <{}> (timeout: {} seconds)\n", server.address.ToString(),
                                   server.timeout_s + 2));
    AaaQuestion q;
    q.group = w.group;
    q.only = server.address;
    q.user = w.user;
    q.password = w.password;
    aaa.Authenticate(std::move(q), [this, alive = alive_](const AaaAnswer& a) {
      if (*alive) Tell(a);
    });
  }
  ~TestJob() override { *alive_ = false; }
  void Interrupt() override { done_ = true; }
  void Tick() override {
    if (done_) session_->JobDone();  // destroys this
  }

 private:
  void Tell(const AaaAnswer& a) {
    const auto text = [&]() -> std::string {
      switch (a.kind) {
        case AaaAnswer::Kind::kAccept:
          return "INFO: Authentication Successful\n";
        case AaaAnswer::Kind::kChallenge:
          return "INFO: Authentication Challenged: " + (a.message.empty() ? "No error" : a.message) + "\n";
        case AaaAnswer::Kind::kReject:
          return "ERROR: Authentication Rejected: AAA failure\n";
        case AaaAnswer::Kind::kExpired:
          return "ERROR: Authentication Rejected: Password has expired\n";
        case AaaAnswer::Kind::kNoAnswer:
          break;
      }
      return "ERROR: Authentication Server not responding: No response from server\n";
    };
    if (!done_) session_->WriteNow(text());
    done_ = true;
  }
  Session* session_;
  bool done_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// What was not typed is asked for, as on an ASA.
void Complete(Session& session, Appliance& appliance, TestWords w) {
  const auto again = [&session, &appliance](TestWords with) { Complete(session, appliance, std::move(with)); };
  const auto ask = [&](const char* prompt, DaemonFrame::Mode mode, auto take) {
    session.Ask(prompt, mode, [w, take, again](std::optional<std::string> said) {
      TestWords with = w;
      if (said && !said->empty() && take(with, *said)) again(with);
    });
  };
  AaaClient* aaa = appliance.aaa();
  const AaaServerGroup* group = aaa == nullptr ? nullptr : aaa->plan().Find(w.group);
  if (group == nullptr) {
    session.Refuse("ERROR: aaa-server group <" + w.group + "> does not exist\n");
    return;
  }
  if (group->protocol == AaaServerGroup::Protocol::kOther) {
    session.Refuse("ERROR: servers of protocol " + group->protocol_name + " are not asked by this appliance\n");
    return;
  }
  if (w.host.IsNone()) {
    ask("Server IP Address or name: ", DaemonFrame::Mode::kQuestion, [](TestWords& with, const std::string& said) {
      const auto a = IpAddress::Parse(said);
      if (a) with.host = *a;
      return a.has_value();
    });
    return;
  }
  const auto server = std::find_if(group->servers.begin(), group->servers.end(), [&](const AaaServer& s) { return s.address == w.host; });
  if (server == group->servers.end()) {
    session.Refuse(fmt::format("ERROR: aaa-server host <{}> does not exist in group <{}>\n", w.host.ToString(), w.group));
    return;
  }
  if (w.user.empty()) {
    ask("Username: ", DaemonFrame::Mode::kQuestion, [](TestWords& with, const std::string& said) {
      with.user = said;
      return true;
    });
    return;
  }
  if (w.password.empty()) {
    ask("Password: ", DaemonFrame::Mode::kPassword, [](TestWords& with, const std::string& said) {
      with.password = said;
      return true;
    });
    return;
  }
  session.Run(std::make_unique<TestJob>(session, *aaa, *server, w));
}

Reply DoTest(ExecContext& c, const TestWords& w, Form) {
  Complete(c.session, c.appliance, w);
  return {};
}

// --- debug radius

Reply DoDebug(ExecContext& c, const Bare&, Form form) {
  AaaClient* aaa = c.appliance.aaa();
  if (aaa == nullptr) return {};
  if (form == Form::kNo) {
    aaa->Listen(&c.session, {});
    return {};
  }
  aaa->Listen(&c.session, [&session = c.session, &appliance = c.appliance](const std::string& text) {
    if (!appliance.logger().settings().debug_trace) {
      session.Announce(text);
      return;
    }
    for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {  // a message for each line
      end = text.find('\n', at);
      appliance.logger().Say(711001, 7, text.substr(at, end == std::string::npos ? end : end - at));
    }
  });
  return {};
}
Reply DoUndebug(ExecContext& c, const Bare& w, Form) { return DoDebug(c, w, Form::kNo); }

}  // namespace

void AddAaaCommands(ExecSet& set) {
  using S = Tokens<ServerWords>;
  const auto show = S::Kw("show", kShow), server = S::Kw("aaa-server", kServer);
  set.Add(Command<ServerWords>({show, server}), DoShow);
  set.Add(Command<ServerWords>({show, server, S::Kw("protocol", "Those of a protocol"), S::Word(&ServerWords::protocol, "Its name")}), DoShow);
  set.Add(Command<ServerWords>({show, server, S::Word(&ServerWords::group, kGroup),
                                S::Opt({S::Kw("host", "One server of it"), S::Arg(&ServerWords::host, "Its address")})}),
          DoShow);
  set.Add(Command<ServerWords>({S::Kw("clear", "Reset functions"), server, S::Kw("statistics", "Their counters"),
                                S::Opt({S::Word(&ServerWords::group, kGroup)})}),
          DoClear);
  using T = Tokens<TestWords>;
  set.Add(Command<TestWords>({T::Kw("test", "Test subsystems, memory, interfaces, and configurations"), T::Kw("aaa-server", kServer),
                              T::Kw("authentication", "Does a server know a user?"), T::Word(&TestWords::group, kGroup),
                              T::Opt({T::Kw("host", "One server of it"), T::Arg(&TestWords::host, "Its address")}),
                              T::Opt({T::Kw("username", "Who is to be let in"), T::Word(&TestWords::user, "His name")}),
                              T::Opt({T::Kw("password", "And his password"), T::Word(&TestWords::password, "It")})}),
          DoTest);
  set.Add(BareCommand("debug radius", {"Debugging functions", "What is said to RADIUS servers"}).No(2), DoDebug);
  set.Add(BareCommand("undebug radius", {"Disable debugging functions", "What is said to RADIUS servers"}), DoUndebug);
}

}  // namespace sallyport
