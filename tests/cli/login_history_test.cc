#include "cli/login_history.h"

#include "tests/cli/console_fixture.h"

namespace sallyport::login_history_test {
namespace {

constexpr std::int64_t kDay = std::int64_t{24} * 3600 * 1'000'000'000;

IpAddress From(const char* text) { return *IpAddress::Parse(text); }

TEST(LoginHistory, TellsOfTheLoginsBefore) {
  LoginHistory h;
  EXPECT_EQ(h.Text("anna", {}), "");
  h.LoggedIn("anna", kTestWall, From("10.9.0.2"));
  EXPECT_EQ(h.Text("anna", {}), "Logins over the last 1 days: 1.  \nFailed logins since the last login: 0.  \n");
  h.Failed("anna", kTestWall + kDay, From("10.9.0.7"));
  h.Failed("bob", kTestWall + kDay, From("10.9.0.8"));
  h.LoggedIn("anna", kTestWall + 2 * kDay, From("10.9.0.3"));
  EXPECT_EQ(h.Text("anna", {}),
            "Logins over the last 3 days: 2.  Last login: 15:00:00 UTC May 1 2024 from 10.9.0.2\n"
            "Failed logins since the last login: 1.  Last failed login: 15:00:00 UTC May 2 2024 from 10.9.0.7\n");
  h.LoggedIn("anna", kTestWall + 2 * kDay, From("10.9.0.3"));
  EXPECT_EQ(h.Text("anna", {}),
            "Logins over the last 3 days: 3.  Last login: 15:00:00 UTC May 3 2024 from 10.9.0.3\n"
            "Failed logins since the last login: 0.  \n");
  EXPECT_EQ(h.Text("bob", {}), "");
}

TEST(LoginHistory, ForgetsWhatIsTooOld) {
  LoginHistory h;
  for (int day = 0; day <= 200; day++) h.LoggedIn("anna", kTestWall + day * kDay, From("10.9.0.2"));
  EXPECT_TRUE(h.Text("anna", {}).starts_with("Logins over the last 91 days: 91.  ")) << h.Text("anna", {});
}

TEST_F(ConsoleTest, GreetingOfAnSshLogin) {
  box_.appliance->logins().LoggedIn("anna", kTestWall, From("10.9.0.2"));
  Session::Options options;
  options.kind = Session::Kind::kSsh;
  options.user = "anna";
  TestConsole c(box_, options);
  EXPECT_EQ(c.Printed(),
            "User anna logged in to ciscoasa\nLogins over the last 1 days: 1.  \nFailed logins since the last login: 0.  \n"
            "Type help or '?' for a list of available commands.\n");
  box_.appliance->Load("ASA Version 9.6(1)\nhostname old\n");
  TestConsole old(box_, options);
  EXPECT_EQ(old.Printed(), "Type help or '?' for a list of available commands.\n");
}

}  // namespace
}  // namespace sallyport::login_history_test
