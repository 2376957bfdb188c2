#include "vpn/anyconnect/portal.h"

#include <gtest/gtest.h>

#include "tests/vpn/anyconnect/portal_fixture.h"
#include "tests/vpn/authority.h"

namespace sallyport {
namespace {

bool Holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
std::string LocationOf(const HttpAnswer& a) {
  const auto l = PortalHarness::FieldsOf(a, "Location");
  return l.empty() ? "" : l.front();
}

// --- aggregate authentication

TEST(PortalXml, LoginOfOpenConnect) {
  PortalHarness p;
  p.host.banner = "Welcome";
  p.host.profiles = {"corp"};
  const HttpAnswer form = p.Post("/", PortalHarness::Init());
  EXPECT_EQ(form.status, 200);
  EXPECT_EQ(form.type, "text/xml; charset=utf-8");
  EXPECT_EQ(PortalHarness::FieldsOf(form, "X-Aggregate-Auth"), std::vector<std::string>{"1"});
  EXPECT_TRUE(Holds(form.body, "<tunnel-group>DefaultWEBVPNGroup</tunnel-group>"));
  EXPECT_TRUE(Holds(form.body, "<option>Engineers</option>\n<option selected=\"true\">Staff</option>"));
  EXPECT_FALSE(Holds(form.body, "Old")) << "an alias that is disabled";
  EXPECT_FALSE(Holds(form.body, "host-scan"));
  const HttpAnswer done = p.Post("/+webvpn+/index.html",
                                 PortalHarness::Reply(PortalHarness::HandleOf(form), PortalHarness::Named("anyuser", "secret"), "<group-select>Staff</group-select>"));
  EXPECT_EQ(done.status, 200);
  ASSERT_EQ(p.host.tokens.size(), 1u);
  EXPECT_TRUE(Holds(done.body, "<session-token>" + p.host.tokens[0] + "</session-token>"));
  EXPECT_TRUE(Holds(done.body, "<banner>Welcome</banner>"));
  EXPECT_TRUE(Holds(done.body, "<uri>/CACHE/stc/profiles/corp.xml</uri>\n<hash type=\"sha1\">"));
  EXPECT_TRUE(Holds(done.body, "/CACHE/stc/2/binaries/anyconnect-linux64-4.10.06079-webdeploy-k9.pkg"));
  EXPECT_FALSE(Holds(done.body, "-win-")) << "another system's package";
  const auto cookies = PortalHarness::FieldsOf(done, "Set-Cookie");
  ASSERT_EQ(cookies.size(), 5u);
  EXPECT_EQ(cookies[0].substr(0, 14), "webvpncontext=");
  EXPECT_EQ(cookies[1], "webvpn=" + p.host.tokens[0] + "; path=/; Secure; HttpOnly");
  EXPECT_TRUE(Holds(cookies[3], "&sh:9FBA9562751751C8B6B9FD29E87AAB7639D89160&"));
  EXPECT_TRUE(Holds(cookies[3], "&fu:profiles%2Fcorp.xml&fh:"));
  EXPECT_EQ(p.host.last_login.client_version, "v9.01-3");
  EXPECT_EQ(p.host.last_login.device_id, "linux-64");
  EXPECT_EQ(p.host.logged_in, std::vector<std::string>{"anyuser/DefaultWEBVPNGroup/"});
  EXPECT_EQ(p.portal.logins(), 0u);
  EXPECT_EQ(p.answers.back().session, 1u);
}

TEST(PortalXml, GroupBySelectionAndByUrl) {
  PortalHarness p;
  const HttpAnswer chosen = p.Post("/", PortalHarness::Init("<group-select>Engineers</group-select>"));
  EXPECT_TRUE(Holds(chosen.body, "<group-alias>Engineers</group-alias>"));
  EXPECT_TRUE(Holds(chosen.body, "<option selected=\"true\">Engineers</option>"));
  p.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(chosen), PortalHarness::Named("anyuser", "secret")));
  EXPECT_EQ(p.host.logged_in.back(), "anyuser/ENGINEERS/");
  const HttpAnswer url = p.Post("/engineers", PortalHarness::Init());
  EXPECT_TRUE(Holds(url.body, "<tunnel-group>ENGINEERS</tunnel-group>"));
  EXPECT_FALSE(Holds(url.body, "<select")) << "a URL leaves nothing to choose";
  EXPECT_EQ(p.Post("/engineering", PortalHarness::Init()).status, 404);
  // What the reply chooses counts; a name that is none, or is disabled, leads to the default.
  const HttpAnswer form = p.Post("/", PortalHarness::Init());
  p.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(form), PortalHarness::Named("anyuser", "secret"), "<group-select>Engineers</group-select>"));
  EXPECT_EQ(p.host.logged_in.back(), "anyuser/ENGINEERS/");
  for (const char* name : {"Old", "ENGINEERS", "MAPPED", "&lt;x&gt;"}) {
    const HttpAnswer f = p.Post("/", PortalHarness::Init("<group-select>" + std::string(name) + "</group-select>"));
    EXPECT_TRUE(Holds(f.body, "<tunnel-group>DefaultWEBVPNGroup</tunnel-group>")) << name;
  }
  // The tunnel group in what came back is not believed.
  const HttpAnswer again = p.Post("/", PortalHarness::Init());
  std::string reply = PortalHarness::Reply(PortalHarness::HandleOf(again), PortalHarness::Named("anyuser", "secret"));
  reply.insert(reply.find("<aggauth-handle>"), "<tunnel-group>MAPPED</tunnel-group>");
  p.Post("/", reply);
  EXPECT_EQ(p.host.logged_in.back(), "anyuser/DefaultWEBVPNGroup/");
}

TEST(PortalXml, WithoutAListThereIsTheDefaultGroup) {
  auto policy = PortalPolicy();
  policy->ssl.group_list = false;
  PortalHarness p(policy);
  const HttpAnswer form = p.Post("/", PortalHarness::Init("<group-select>Engineers</group-select>"));
  EXPECT_TRUE(Holds(form.body, "<tunnel-group>DefaultWEBVPNGroup</tunnel-group>"));
  EXPECT_FALSE(Holds(form.body, "<select"));
}

TEST(PortalXml, WrongUserAndWrongPasswordAreAnsweredAlike) {
  PortalHarness p;
  std::vector<std::string> bodies;
  for (const auto& [user, password] : std::vector<std::pair<std::string, std::string>>{{"anyuser", "wrong"}, {"nobody", "secret"}, {"limited", "few"}, {"", "x"},
                                                                                       {std::string(200, 'u'), "x"}, {"anyuser", std::string(300, 'x')}}) {
    PortalHarness q;
    const HttpAnswer form = q.Post("/", PortalHarness::Init());
    const HttpAnswer a = q.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(form), PortalHarness::Named(user, password)));
    if (user.empty()) {
      EXPECT_FALSE(Holds(a.body, "<error")) << "an empty form is no guess";
      continue;
    }
    EXPECT_TRUE(q.answers.back().failed);
    bodies.push_back(a.body);
  }
  for (const std::string& b : bodies) EXPECT_EQ(b, bodies.front());
  EXPECT_TRUE(Holds(bodies.front(), "<error id=\"91\" param1=\"\" param2=\"\">Login failed.</error>"));
  EXPECT_TRUE(Holds(bodies.front(), "name=\"username\""));
}

TEST(PortalXml, WrongPasswordAThousandTimes) {
  PortalHarness p;
  HttpAnswer a = p.Post("/", PortalHarness::Init());
  const std::string handle = PortalHarness::HandleOf(a);
  const TimePoint began = p.now;
  std::size_t answered = p.answers.size();
  for (int i = 0; i < 1000; ++i) {
    p.Post("/", PortalHarness::Reply(handle, PortalHarness::Named("anyuser", "wrong" + std::to_string(i))));
    for (int s = 0; p.answers.size() == answered && s < 100; ++s) p.Advance(Duration::Milliseconds(100));
    ASSERT_EQ(p.answers.size(), ++answered) << i;
    ASSERT_TRUE(p.answers.back().failed);
  }
  EXPECT_EQ(p.host.asked, 1000);
  EXPECT_EQ(p.counters.failures, 1000u);
  EXPECT_GE((p.now - began).seconds(), 994 * 8) << "three at once, then 1, 2, 4, and eight seconds each";
  EXPECT_LE(p.portal.logins(), 16u);
  EXPECT_TRUE(p.host.tokens.empty());
  // The right one waits as well, and is taken.
  p.Post("/", PortalHarness::Reply(handle, PortalHarness::Named("anyuser", "secret")));
  EXPECT_TRUE(p.host.tokens.empty());
  p.Advance(Duration::Seconds(9));
  EXPECT_EQ(p.host.tokens.size(), 1u);
}

// Names by which AAA knows one user are throttled as one, and the session has the name that it was asked about.
TEST(PortalXml, NamesOfOneUserAreCountedTogether) {
  auto policy = PortalPolicy();
  policy->groups["DefaultWEBVPNGroup"].strip_realm = true;
  PortalHarness p(policy);
  const std::string handle = PortalHarness::HandleOf(p.Post("/", PortalHarness::Init()));
  int n = 0;
  for (const char* name : {"anyuser", "AnyUser", " anyuser", "ANYUSER@example.com", "anyuser@a", "anyuser@b"}) {
    p.from.peer.address = IpAddress::V4(0xc6120000u + static_cast<std::uint32_t>(++n));  // many addresses
    p.Post("/", PortalHarness::Reply("", PortalHarness::Named(name, "wrong")));
    if (n <= 3) {
      EXPECT_EQ(p.answers.size(), static_cast<std::size_t>(n) + 1);
    }
  }
  EXPECT_EQ(p.counters.throttled, 3u);
  p.from.peer.address = *IpAddress::Parse("203.0.113.9");
  p.Advance(Duration::Seconds(60));
  p.Post("/", PortalHarness::Reply(handle, PortalHarness::Named("anyuser@example.com", "secret")));
  p.host.users["anyuser@example.com"] = "secret";  // the service strips
  p.Advance(Duration::Seconds(60));
  ASSERT_EQ(p.host.logged_in.size(), 1u);
  EXPECT_EQ(p.host.logged_in[0], "anyuser/DefaultWEBVPNGroup/");
}

TEST(PortalXml, GuessesAtTheSecondPasswordAreCountedByItsName) {
  PortalHarness p;
  for (int i = 0; i < 5; ++i) {
    p.from.peer.address = IpAddress::V4(0xc6120000u + static_cast<std::uint32_t>(i));
    const HttpAnswer form = p.Post("/second", PortalHarness::Init());
    // A name of its own for each first password: only the second one's is the same.
    const std::string first = "mallory" + std::to_string(i);
    p.host.users[first] = "m";
    p.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(form),
                                     PortalHarness::Named(first, "m") + "<secondary_username>victim</secondary_username><secondary_password>" +
                                         std::to_string(i) + "</secondary_password>"));
  }
  EXPECT_EQ(p.counters.throttled, 2u);
}

// --- a policy that changes while a login waits

TEST(PortalXml, APolicyThatChangesWhileALoginWaitsRules) {
  for (const char* change : {"gone", "certificate", "second", "alias", "nothing"}) {
    PortalHarness p;
    const std::string what = change;
    const HttpAnswer form = p.Post("/", PortalHarness::Init("<group-select>Engineers</group-select>"));
    const std::string handle = PortalHarness::HandleOf(form);
    for (int i = 0; i < 3; ++i) p.Post("/", PortalHarness::Reply(handle, PortalHarness::Named("anyuser", "wrong")));
    const std::size_t answered = p.answers.size();
    p.Post("/", PortalHarness::Reply(handle, PortalHarness::Named("anyuser", "secret")));
    ASSERT_EQ(p.answers.size(), answered) << "it waits";
    auto policy = PortalPolicy();
    SslPolicy::Group& g = policy->ssl.groups["ENGINEERS"];
    if (what == "gone") policy->ssl.groups.erase("ENGINEERS");
    if (what == "certificate") g.auth = SslPolicy::Group::Auth::kCertificate;
    if (what == "second") g.secondary_servers = "OTP";
    if (what == "alias") g.aliases[0].enabled = false;
    p.portal.UsePolicy(policy, 916);
    const int asked = p.host.asked;
    p.Advance(Duration::Seconds(9));
    ASSERT_EQ(p.answers.size(), answered + 1) << what;
    EXPECT_EQ(p.host.asked - asked, what == "nothing" ? 1 : 0) << what;
    EXPECT_EQ(p.host.logged_in.size(), what == "nothing" ? 1u : 0u) << what;
    const std::string& body = p.answers.back().http.body;
    if (what == "gone" || what == "alias") {
      EXPECT_TRUE(Holds(body, "<tunnel-group>DefaultWEBVPNGroup</tunnel-group>")) << what;
    }
    if (what == "certificate") {
      EXPECT_TRUE(Holds(body, "Certificate Validation Failure"));
    }
    if (what == "second") {
      EXPECT_TRUE(Holds(body, "secondary_password"));
    }
  }
  // Between AAA and the session as well.
  PortalHarness p;
  const HttpAnswer form = p.Post("/", PortalHarness::Init("<group-select>Engineers</group-select>"));
  p.host.held = true;
  p.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(form), PortalHarness::Named("anyuser", "secret")));
  auto policy = PortalPolicy();
  policy->ssl.groups["ENGINEERS"].authorization_servers = "LDAP";
  p.portal.UsePolicy(policy, 916);
  p.host.AnswerLater();
  EXPECT_TRUE(p.host.logged_in.empty());
  EXPECT_TRUE(Holds(p.answers.back().http.body, "name=\"password\""));
}

TEST(PortalXml, Challenge) {
  PortalHarness p;
  const HttpAnswer form = p.Post("/", PortalHarness::Init());
  const std::string handle = PortalHarness::HandleOf(form);
  const HttpAnswer asked = p.Post("/", PortalHarness::Reply(handle, PortalHarness::Named("challenged", "pw")));
  EXPECT_TRUE(Holds(asked.body, "<auth id=\"challenge\">\n<message>Enter the number of your &lt;card&gt;</message>"));
  EXPECT_TRUE(Holds(asked.body, "<form method=\"post\" action=\"/+webvpn+/login/challenge.html\">\n<input type=\"password\" name=\"answer\" label=\"Answer:\"></input>\n"
                                "<input type=\"hidden\" name=\"auth_handle\" value=\"" + handle + "\"></input>"));
  EXPECT_EQ(PortalHarness::HandleOf(asked), handle);
  // openconnect calls the answer a password. A wrong one leads back to the form.
  const HttpAnswer wrong = p.Post("/+webvpn+/login/challenge.html", PortalHarness::Reply(handle, "<password>000000</password>"));
  EXPECT_TRUE(Holds(wrong.body, "Login failed."));
  EXPECT_TRUE(Holds(wrong.body, "<auth id=\"main\">"));
  p.Post("/", PortalHarness::Reply(handle, PortalHarness::Named("challenged", "pw")));
  const HttpAnswer done = p.Post("/+webvpn+/login/challenge.html", PortalHarness::Reply(handle, "<password>123456</password>"));
  EXPECT_TRUE(Holds(done.body, "type=\"complete\""));
  // Its number is used up: an answer that comes again is no answer to anything.
  EXPECT_FALSE(Holds(p.Post("/+webvpn+/login/challenge.html", PortalHarness::Reply(handle, "<password>123456</password>")).body, "complete"));
  EXPECT_EQ(p.host.tokens.size(), 1u);
}

TEST(PortalXml, AChallengeIsAnsweredFromWhereItWasAsked) {
  PortalHarness p;
  const std::string handle = PortalHarness::HandleOf(p.Post("/", PortalHarness::Init()));
  p.Post("/", PortalHarness::Reply(handle, PortalHarness::Named("challenged", "pw")));
  p.from.peer.address = *IpAddress::Parse("203.0.113.66");
  EXPECT_FALSE(Holds(p.Post("/+webvpn+/login/challenge.html", PortalHarness::Reply(handle, "<password>123456</password>")).body, "complete"));
  EXPECT_TRUE(p.host.tokens.empty());
}

TEST(PortalXml, NewPassword) {
  PortalHarness p;
  const std::string handle = PortalHarness::HandleOf(p.Post("/", PortalHarness::Init()));
  const HttpAnswer asked = p.Post("/", PortalHarness::Reply(handle, PortalHarness::Named("expired", "pw")));
  EXPECT_TRUE(Holds(asked.body, "<auth id=\"change-password\">"));
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Reply(handle, "<new_password>a</new_password><verify_password>b</verify_password>")).body, "do not match"));
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Reply(handle, "<new_password></new_password>")).body, "is required"));
  const HttpAnswer done = p.Post("/", PortalHarness::Reply(handle, "<password>fresh</password>"));
  EXPECT_TRUE(Holds(done.body, "complete"));
  EXPECT_EQ(p.host.new_password, "fresh");
}

TEST(PortalXml, SecondPasswordAndAuthorization) {
  PortalHarness p;
  const HttpAnswer form = p.Post("/second", PortalHarness::Init());
  EXPECT_TRUE(Holds(form.body, "name=\"secondary_username\" label=\"Second Username:\""));
  EXPECT_TRUE(Holds(form.body, "name=\"secondary_password\" label=\"Second Password:\""));
  const std::string handle = PortalHarness::HandleOf(form), first = PortalHarness::Named("anyuser", "secret");
  const auto second = [](const char* password) { return "<secondary_username>second</secondary_username><secondary_password>" + std::string(password) + "</secondary_password>"; };
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Reply(handle, first + second("bad"))).body, "Login failed."));
  EXPECT_TRUE(p.host.logged_in.empty());
  p.host.authorize = false;
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Reply(handle, first + second("2nd"))).body, "Login failed."));
  EXPECT_EQ(p.host.last.what, LoginQuestion::What::kAuthorize);
  p.host.authorize = true;
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Reply(handle, first + second("2nd"))).body, "complete"));
  EXPECT_EQ(p.host.logged_in, std::vector<std::string>{"anyuser/SECOND/"});
}

TEST(PortalXml, Certificates) {
  PortalHarness p;
  const TestAuthority authority("Root");
  const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
  const HttpAnswer wanted = p.Post("/cert", PortalHarness::Init());
  EXPECT_TRUE(Holds(wanted.body, "<client-cert-request></client-cert-request>"));
  const HttpAnswer missing = p.Post("/cert", PortalHarness::Init("<client-cert-fail></client-cert-fail>"));
  EXPECT_TRUE(Holds(missing.body, ">Certificate Validation Failure</error>"));
  EXPECT_FALSE(Holds(missing.body, "<form"));
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(wanted), PortalHarness::Named("anyuser", "secret"))).body, "Validation Failure"));
  p.from.certificate = authority.Issue(key, {{"cn", "bad"}});
  EXPECT_TRUE(Holds(p.Post("/cert", PortalHarness::Init()).body, "<client-cert-request>"));
  EXPECT_EQ(p.host.asked, 0);
  // A good one is enough, or it comes with a password.
  p.from.certificate = authority.Issue(key, {{"cn", "anyuser"}});
  EXPECT_TRUE(Holds(p.Post("/cert", PortalHarness::Init()).body, "type=\"complete\""));
  EXPECT_TRUE(p.host.last.by_certificate);
  EXPECT_EQ(p.host.logged_in.back(), "anyuser/CERT/");
  EXPECT_EQ(p.host.last_login.auth, VpnAuth::kCertificate);
  const HttpAnswer both = p.Post("/both", PortalHarness::Init());
  EXPECT_TRUE(Holds(both.body, "<cert-authenticated></cert-authenticated>\n<auth id=\"main\">"));
  EXPECT_FALSE(Holds(both.body, "name=\"username\"")) << "the certificate has the name";
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(both), PortalHarness::Named("boss", "wrong"))).body, "Login failed."));
  EXPECT_EQ(p.host.last.user, "anyuser");
  p.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(both), PortalHarness::Named("boss", "secret")));
  EXPECT_EQ(p.host.last_login.auth, VpnAuth::kCertificateAndPassword);
  EXPECT_EQ(p.host.last_login.user, "anyuser");
  // A rule for certificates names the group before everything else.
  p.from.certificate = authority.Issue(key, {{"ou", "mapped"}, {"cn", "anyuser"}});
  EXPECT_TRUE(Holds(p.Post("/engineers", PortalHarness::Init()).body, "<tunnel-group>MAPPED</tunnel-group>"));
}

TEST(PortalXml, AListComesBeforeTheCertificateOfAGroupInIt) {
  auto policy = PortalPolicy();
  policy->ssl.groups["DefaultWEBVPNGroup"].aliases.clear();
  policy->ssl.groups["CERT"].aliases = {{"Cards", true}};  // before "Engineers"
  PortalHarness p(policy);
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Init()).body, "<option>Cards</option>\n<option selected=\"true\">Engineers</option>"));
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Init("<group-select>Cards</group-select>")).body, "<client-cert-request>"));
}

TEST(PortalXml, HostScanAtTheFirstLoginOnly) {
  auto policy = PortalPolicy();
  policy->ssl.hostscan = true;
  PortalHarness p(policy);
  const HttpAnswer form = p.Post("/", PortalHarness::Init());
  const std::string ticket = PortalHarness::Between(form.body, "<host-scan-ticket>", "<"), token = PortalHarness::Between(form.body, "<host-scan-token>", "<");
  ASSERT_FALSE(ticket.empty());
  EXPECT_EQ(PortalHarness::Between(form.body, "<host-scan-wait-uri>", "<"), "/+CSCOE+/sdesktop/wait.html");
  // Without it there is no login.
  EXPECT_FALSE(Holds(p.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(form), PortalHarness::Named("anyuser", "secret"),
                                                      "<host-scan-token>" + token + "</host-scan-token>")).body, "complete"));
  EXPECT_EQ(p.host.asked, 0);
  EXPECT_TRUE(Holds(p.Get("/+CSCOE+/sdesktop/token.xml?ticket=" + ticket + "&stub=0").body, "<hostscan>\n<token>" + token + "</token>\n</hostscan>\n"));
  EXPECT_EQ(p.Get("/+CSCOE+/sdesktop/token.xml?ticket=1&stub=0").status, 404);
  EXPECT_EQ(p.Get("/+CSCOE+/sdesktop/wait.html").status, 404);
  p.cookie = "sdesktop=" + token;
  EXPECT_TRUE(Holds(p.Get("/+CSCOE+/sdesktop/wait.html").body, "http-equiv=\"refresh\""));
  EXPECT_EQ(p.Post("/+CSCOE+/sdesktop/scan.xml?reusebrowser=1", "endpoint.os.version=\"Linux\";").status, 200);
  EXPECT_EQ(p.Get("/+CSCOE+/sdesktop/wait.html").body.substr(0, 5), "<?xml");
  const HttpAnswer again = p.Post("/+webvpn+/index.html", PortalHarness::Init());
  EXPECT_EQ(PortalHarness::HandleOf(again), PortalHarness::HandleOf(form));
  EXPECT_FALSE(Holds(again.body, "host-scan"));
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Reply(PortalHarness::HandleOf(form), PortalHarness::Named("anyuser", "secret"))).body, "complete"));
  EXPECT_TRUE(p.host.last_login.host_scanned);
  // The login is over, and so is its scan.
  EXPECT_EQ(p.Post("/+CSCOE+/sdesktop/scan.xml", "x").status, 404);
  EXPECT_EQ(p.Get("/+CSCOE+/sdesktop/token.xml?ticket=" + ticket).status, 404);
}

TEST(PortalXml, WhatIsNoDocumentOrNoClient) {
  PortalHarness p;
  EXPECT_EQ(p.Post("/", "<!DOCTYPE x [<!ENTITY a \"b\">]><config-auth type=\"init\">&a;</config-auth>").status, 400);
  EXPECT_EQ(p.Post("/", "<config-auth type=\"other\"/>").status, 400);
  EXPECT_EQ(p.Post("/", "<a><b>").status, 400);
  EXPECT_EQ(p.counters.bad_xml, 3u);
  p.agent = "curl/7.88.1";
  EXPECT_EQ(p.Post("/", PortalHarness::Init()).status, 404) << "as an ASA does with agents that it does not know";
  p.agent = "AnyConnect Windows 4.10.06079";
  EXPECT_EQ(p.Post("/", "\r\n " + PortalHarness::Init()).status, 200);
}

TEST(PortalXml, LoginsAreFewAndForgotten) {
  PortalHarness p;
  std::string first, last;
  for (int i = 0; i < 100; ++i) {
    last = PortalHarness::HandleOf(p.Post("/", PortalHarness::Init()));
    if (i == 0) first = last;
  }
  EXPECT_EQ(p.portal.logins(), 16u);
  // Nobody is kept out by that: whose form is gone is asked by group and name as if it were his first.
  EXPECT_TRUE(Holds(p.Post("/", PortalHarness::Reply(first, PortalHarness::Named("anyuser", "secret"))).body, "complete"));
  p.host.held = true;
  for (int i = 0; i < 16; ++i) p.Post("/", PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret")));
  EXPECT_EQ(p.portal.logins(), 16u);
  EXPECT_EQ(p.Post("/", PortalHarness::Init()).status, 503) << "all of that address wait for AAA";
  EXPECT_EQ(p.counters.too_many_logins, 1u);
  p.from.peer.address = *IpAddress::Parse("203.0.113.10");
  EXPECT_EQ(p.Post("/", PortalHarness::Init()).status, 200);
  p.host.AnswerLater();
  EXPECT_EQ(p.portal.logins(), 1u);
  p.Advance(Duration::Seconds(300));
  EXPECT_EQ(p.portal.logins(), 0u);
}

TEST(PortalXml, AnAnswerThatComesAfterEverythingHasGone) {
  std::vector<std::function<void()>> later;
  {
    PortalHarness p;
    p.host.held = true;
    p.Post("/", PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret")));
    later = std::move(p.host.later);
  }
  for (const auto& f : later) f();
}

// --- old clients and browsers

TEST(PortalForms, TheOldWayOfOpenConnect) {
  PortalHarness p;
  EXPECT_EQ(LocationOf(p.Get("/")), "/+CSCOE+/logon.html");
  const HttpAnswer form = p.Get("/+CSCOE+/logon.html");
  EXPECT_EQ(form.body.substr(0, 5), "<?xml");
  EXPECT_TRUE(Holds(form.body, "\n<auth id=\"main\">"));
  EXPECT_FALSE(Holds(form.body, "config-auth"));
  EXPECT_TRUE(Holds(p.Post("/+webvpn+/index.html", "group_list=Staff&username=anyuser&password=bad").body, "Login failed."));
  const HttpAnswer asked = p.Post("/+webvpn+/index.html", "group_list=Staff&username=challenged&password=pw");
  const std::string handle = PortalHarness::Between(asked.body, "name=\"auth_handle\" value=\"", "\"");
  EXPECT_TRUE(Holds(p.Post("/+webvpn+/login/challenge.html", "answer=123456&auth_handle=" + handle).body, "<auth id=\"success\">"));
  const HttpAnswer done = p.Post("/+webvpn+/index.html", "group_list=Engineers&username=anyuser&password=secret");
  EXPECT_TRUE(Holds(done.body, "<auth id=\"success\">"));
  EXPECT_EQ(PortalHarness::FieldsOf(done, "Set-Cookie").size(), 5u);
  EXPECT_EQ(p.host.logged_in.back(), "anyuser/ENGINEERS/");
  EXPECT_TRUE(Holds(p.Get("/engineers").body, "<form method=\"post\" action=\"/engineers\">")) << "nothing else says which group it was";
  p.Post("/engineers", "username=anyuser&password=secret");
  EXPECT_EQ(p.host.logged_in.back(), "anyuser/ENGINEERS/");
}

class PortalBrowser : public ::testing::Test {
 protected:
  PortalBrowser() { p.agent = "Mozilla/5.0 (X11; Linux x86_64)"; }
  HttpAnswer LogIn(const std::string& user = "anyuser", const std::string& password = "secret") {
    const HttpAnswer a = p.Post("/+webvpn+/index.html", "group_list=Staff&username=" + user + "&password=" + password + "&Login=Login");
    if (!p.host.tokens.empty()) p.cookie = "webvpncontext=1; webvpn=" + p.host.tokens.back();
    return a;
  }
  PortalHarness p;
};

TEST_F(PortalBrowser, LogsInLooksAndLogsOut) {
  p.host.profiles = {"corp"};
  p.host.banner = "Be good.";
  const HttpAnswer page = p.Get("/+CSCOE+/logon.html");
  EXPECT_EQ(page.type, "text/html; charset=utf-8");
  EXPECT_TRUE(Holds(page.body, "<option selected>Staff</option>"));
  ASSERT_EQ(PortalHarness::FieldsOf(page, "Content-Security-Policy").size(), 1u);
  EXPECT_TRUE(Holds(PortalHarness::FieldsOf(page, "Content-Security-Policy")[0], "default-src 'none'"));
  EXPECT_EQ(PortalHarness::FieldsOf(page, "X-Frame-Options"), std::vector<std::string>{"SAMEORIGIN"});
  EXPECT_EQ(PortalHarness::FieldsOf(page, "Cache-Control"), std::vector<std::string>{"no-store"});
  EXPECT_EQ(LocationOf(p.Get("/+CSCOE+/portal.html")), "/+CSCOE+/logon.html");
  const HttpAnswer in = LogIn();
  EXPECT_EQ(in.status, 302);
  EXPECT_EQ(LocationOf(in), "/+CSCOE+/portal.html");
  EXPECT_TRUE(Holds(PortalHarness::FieldsOf(in, "Set-Cookie")[1], "; Secure; HttpOnly; SameSite=Lax"));
  EXPECT_TRUE(p.host.last_login.browser);
  EXPECT_EQ(LocationOf(p.Get("/")), "/+CSCOE+/portal.html");
  const HttpAnswer portal = p.Get("/+CSCOE+/portal.html");
  EXPECT_TRUE(Holds(portal.body, "Welcome, anyuser"));
  EXPECT_TRUE(Holds(portal.body, "Be good."));
  EXPECT_TRUE(Holds(portal.body, "<dt>Group</dt><dd>Staff</dd>"));
  EXPECT_FALSE(Holds(portal.body, p.host.tokens.back())) << "the token is in no page";
  const HttpAnswer launch = p.Get("/+CSCOE+/launch.html");
  EXPECT_TRUE(Holds(launch.body, "content=\"1;url=/CACHE/stc/profiles/corp.xml\""));
  EXPECT_TRUE(Holds(launch.body, "/CACHE/stc/1/binaries/anyconnect-win-4.10.06079-webdeploy-k9.pkg"));
  const HttpAnswer profile = p.Get("/CACHE/stc/profiles/corp.xml");
  EXPECT_EQ(profile.body, "<AnyConnectProfile/>\n");
  EXPECT_EQ(PortalHarness::FieldsOf(profile, "Content-Disposition").size(), 1u);
  // A link in a foreign page ends nothing; neither does one in a browser that does not say where it stood.
  const auto by = [&](HttpRequest::Method method, std::vector<std::pair<std::string, std::string>> fields) {
    HttpRequest r;
    r.method = method;
    r.target = "/+webvpn+/webvpn_logout.html";
    r.fields = std::move(fields);
    return p.Send(std::move(r));
  };
  using Method = HttpRequest::Method;
  for (const auto& asked : {by(Method::kGet, {{"Sec-Fetch-Site", "cross-site"}}), by(Method::kGet, {{"Sec-Fetch-Site", "same-site"}}), by(Method::kGet, {}),
                            by(Method::kGet, {{"Referer", "https://vpn.example.com/"}}), by(Method::kPost, {{"Sec-Fetch-Site", "cross-site"}}),
                            by(Method::kPost, {{"Origin", "https://evil.example"}})}) {
    EXPECT_TRUE(Holds(asked.body, "<h1>Log out?</h1>"));
    EXPECT_TRUE(PortalHarness::FieldsOf(asked, "Set-Cookie").empty());
    EXPECT_EQ(p.host.sessions.size(), 1u);
  }
  by(Method::kHead, {{"Sec-Fetch-Site", "same-origin"}});
  EXPECT_EQ(p.host.sessions.size(), 1u) << "HEAD changes nothing";
  const auto kept = p.host.sessions;
  for (const auto& fields : std::vector<std::vector<std::pair<std::string, std::string>>>{
           {{"Sec-Fetch-Site", "same-origin"}, {"Origin", "null"}}, {{"Origin", "https://vpn.example.com"}}, {{"Origin", "null"}}, {}}) {
    p.host.sessions = kept;
    by(Method::kPost, fields);
    EXPECT_EQ(p.host.sessions.size(), 0u);
  }
  p.host.sessions = kept;
  const HttpAnswer out = by(Method::kGet, {{"Sec-Fetch-Site", "none"}});
  EXPECT_TRUE(Holds(out.body, "Logged out"));
  EXPECT_EQ(PortalHarness::FieldsOf(out, "Set-Cookie")[0].substr(0, 8), "webvpn=;");
  EXPECT_EQ(LocationOf(p.Get("/+CSCOE+/portal.html")), "/+CSCOE+/logon.html") << "the cookie is worth nothing any more";
}

TEST_F(PortalBrowser, FailureSaysNothingOfWhy) {
  const HttpAnswer wrong = LogIn("anyuser", "bad");
  EXPECT_EQ(wrong.status, 200);
  EXPECT_TRUE(Holds(wrong.body, "role=\"alert\">Login failed.</p>"));
  EXPECT_EQ(wrong.body, LogIn("nobody", "bad").body);
  EXPECT_TRUE(PortalHarness::FieldsOf(wrong, "Set-Cookie").empty());
}

TEST_F(PortalBrowser, ChallengeNewPasswordAndSecondPassword) {
  const HttpAnswer asked = LogIn("challenged", "pw");
  EXPECT_TRUE(Holds(asked.body, "Enter the number of your &lt;card&gt;"));
  const std::string handle = PortalHarness::Between(asked.body, "name=\"auth_handle\" value=\"", "\"");
  EXPECT_EQ(p.Post("/+webvpn+/login/challenge.html", "answer=123456&auth_handle=" + handle).status, 302);
  const HttpAnswer expired = LogIn("expired", "pw");
  const std::string second = PortalHarness::Between(expired.body, "name=\"auth_handle\" value=\"", "\"");
  EXPECT_TRUE(Holds(p.Post("/+webvpn+/login/challenge.html", "new_password=a&verify_password=b&auth_handle=" + second).body, "do not match"));
  EXPECT_EQ(p.Post("/+webvpn+/login/challenge.html", "new_password=a&verify_password=a&auth_handle=" + second).status, 302);
  // A group's URL: the form goes back there; what its form lacked is asked for, and is no failure.
  EXPECT_TRUE(Holds(p.Get("/second").body, "action=\"/second\""));
  EXPECT_TRUE(Holds(p.Get("/second").body, "name=\"secondary_password\""));
  EXPECT_TRUE(Holds(p.Post("/second", "username=anyuser&password=secret").body, "name=\"secondary_password\""));
  EXPECT_EQ(p.counters.failures, 0u);
  EXPECT_EQ(p.Post("/second", "username=anyuser&password=secret&secondary_username=second&secondary_password=2nd").status, 302);
}

TEST_F(PortalBrowser, CookiesOfOthersAndOfNobody) {
  LogIn();
  const std::string good = p.host.tokens.back();
  std::vector<std::string> wrong = {"", "x", "1", "1@12288@0000@00", good + "0", good.substr(0, good.size() - 1), "webvpn=" + good};
  std::string changed = good;
  changed.back() = changed.back() == '0' ? '1' : '0';
  wrong.push_back(changed);
  wrong.push_back("2" + good.substr(1));
  for (const std::string& w : wrong) {
    p.cookie = "webvpn=" + w;
    EXPECT_EQ(LocationOf(p.Get("/+CSCOE+/portal.html")), "/+CSCOE+/logon.html") << w;
    EXPECT_EQ(p.Get("/CACHE/stc/profiles/corp.xml").status, 404) << w;
    p.Post("/+webvpn+/webvpn_logout.html", "");
  }
  EXPECT_EQ(p.host.sessions.size(), 1u) << "nobody else can log a session out";
  // A session's profiles are those of its policy.
  p.cookie = "webvpn=" + good;
  EXPECT_EQ(p.Get("/CACHE/stc/profiles/corp.xml").status, 404);
}

TEST_F(PortalBrowser, AskingPolicyGoesOnToTheClient) {
  auto policy = PortalPolicy();
  SslClientRules& rules = policy->group_policies["DfltGrpPolicy"].client;
  rules.ask = rules.ask_default_client = true;
  rules.ask_s = 7;
  p.portal.UsePolicy(policy, 916);
  LogIn();
  EXPECT_TRUE(Holds(p.Get("/+CSCOE+/portal.html").body, "content=\"7;url=/+CSCOE+/launch.html\""));
}

// --- paths and files

TEST(PortalPaths, TraversalFindsNothing) {
  PortalHarness p;
  p.host.files["../../etc/passwd"] = p.host.files["etc/passwd"] = p.host.files["startup-config.cfg"] = "root";
  p.host.profiles = {"corp"};
  p.Post("/", PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret")));
  p.cookie = "webvpn=" + p.host.tokens.back();
  p.host.read.clear();
  for (const std::string base : {"/CACHE/stc/profiles/", "/CACHE/stc/1/binaries/", "/CACHE/stc/", "/+CSCOE+/", "/+CSCOT+/", "/", "/+webvpn+/"}) {
    for (const char* tail : {"../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//....//etc/passwd", "..%252fetc%252fpasswd", "..\\..\\etc\\passwd",
                             "..%5c..%5cetc%5cpasswd", "corp.xml%00.html", "/etc/passwd", "%c0%ae%c0%ae/etc/passwd", "./corp.xml", "startup-config.cfg", "etc/passwd",
                             "corp.xml/", "1/binaries/../../../etc/passwd", "..;/etc/passwd", "?../../etc/passwd/x", "files/file_list.json?path=%2bCSCOE%2b",
                             "translation-table?type=mst&textdomain=%2bCSCOE%2b/portal_inc.lua&default-language&lang=../"}) {
      const HttpAnswer a = p.Get(base + tail);
      EXPECT_FALSE(Holds(a.body, "root")) << base << tail;
      EXPECT_TRUE(a.status == 404 || a.status == 302) << base << tail << ": " << a.status;
    }
  }
  EXPECT_TRUE(p.host.read.empty()) << "the disk was not asked";
  EXPECT_EQ(p.Get("/CACHE/stc/profiles%2Fcorp.xml").status, 200);
  EXPECT_EQ(p.Get("/CACHE/stc/profiles%2Fcorp.xml:443").status, 200) << "openconnect's way with ports";
}

TEST(PortalPaths, Packages) {
  PortalHarness p;
  const std::string file = "anyconnect-win-4.10.06079-webdeploy-k9.pkg";
  EXPECT_EQ(p.Get("/CACHE/stc/1/binaries/" + file).status, 404) << "it is not on the disk";
  p.host.files[file] = std::string(200'000, 'z');
  const HttpAnswer a = p.Get("/CACHE/stc/1/binaries/" + file);
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.file, file);
  EXPECT_EQ(a.file_size, 200'000u);
  EXPECT_EQ(p.Get("/CACHE/stc/2/binaries/" + file).status, 404);
  EXPECT_EQ(p.Get("/CACHE/stc/1/binaries/update.txt").body, "4,10,06079\n");
  EXPECT_TRUE(Holds(p.Get("/CACHE/stc/1/VPNManifest.xml").body, "<file version=\"4.10.06079\" id=\"VPNCore\""));
  for (const char* bad : {"/CACHE/stc/", "/CACHE/stc/x/y", "/CACHE/stc/99999999999/binaries/update.txt", "/CACHE/stc/3/VPNManifest.xml", "/CACHE/stc/1"}) {
    EXPECT_EQ(p.Get(bad).status, 404) << bad;
  }
  EXPECT_TRUE(PackageFits("anyconnect-macos-4.pkg", "mac-intel"));
  EXPECT_FALSE(PackageFits("anyconnect-linux64-4.pkg", "linux"));
  EXPECT_TRUE(PackageFits("client.pkg", "win"));
}

TEST(PortalPaths, OtherMethodsAndHeaders) {
  auto policy = PortalPolicy();
  policy->ssl.hsts = true;
  policy->ssl.hsts_max_age_s = 100;
  PortalHarness p(policy);
  HttpRequest r;
  r.method = HttpRequest::Method::kOther;
  r.target = "/";
  EXPECT_EQ(p.Send(r).status, 405);
  EXPECT_EQ(PortalHarness::FieldsOf(p.Get("/nothing"), "Strict-Transport-Security"), std::vector<std::string>{"max-age=100; includeSubDomains"});
  p.portal.UsePolicy(nullptr, 916);
  EXPECT_EQ(p.Get("/").status, 503);
}

TEST(PortalBalancing, NewClientsGoWhereTheyAreSent) {
  PortalHarness p;
  p.host.redirect = "203.0.113.7";
  EXPECT_EQ(LocationOf(p.Post("/engineers", PortalHarness::Init())), "https://203.0.113.7/engineers");
  EXPECT_EQ(LocationOf(p.Get("/")), "https://203.0.113.7/");
  EXPECT_EQ(p.counters.redirected, 2u);
  p.cookie = "webvpn=1@2@3@4";
  EXPECT_EQ(LocationOf(p.Get("/")), "/+CSCOE+/logon.html") << "who comes back stays";
}

// --- CONNECT

TEST(PortalConnect, TokenDecides) {
  PortalHarness p;
  const auto connect = [&](const std::string& target = "/CSCOSSLC/tunnel", const std::string& version = "1") {
    HttpRequest r;
    r.method = HttpRequest::Method::kConnect;
    r.target = target;
    r.fields = {{"X-CSTP-Version", version}, {"X-DTLS-CipherSuite", "PSK-NEGOTIATE:AES128-SHA"}};
    p.Send(std::move(r));
    return *p.answers.back().tunnel;
  };
  EXPECT_EQ(connect().refusal.status, 401);
  EXPECT_EQ(connect("/").refusal.status, 404);
  EXPECT_EQ(connect("/CSCOSSLC/tunnel", "2").refusal.status, 400);
  EXPECT_EQ(p.host.said.back(), "722001: IP <203.0.113.9> Error parsing SVC connect request.");
  p.cookie = "webvpn=1@4096@AAAA@00";
  EXPECT_EQ(connect().refusal.status, 401);
  p.host.profiles = {"corp"};
  p.cookie.clear();
  p.Post("/", PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret")));
  p.cookie = "webvpn=" + p.host.tokens.back();
  const TunnelMade made = connect();
  EXPECT_TRUE(made.accepted);
  EXPECT_EQ(p.host.psk.size(), 32u);
  EXPECT_TRUE(Holds(made.answer.post_auth_xml, "<session-token>" + p.host.tokens.back() + "</session-token>"));
  EXPECT_TRUE(Holds(made.answer.post_auth_xml, "<uri>/CACHE/stc/profiles/corp.xml</uri>"));
  EXPECT_FALSE(Holds(made.answer.post_auth_xml, "\n"));
  p.host.no_address = true;
  EXPECT_EQ(connect().refusal.reason, "No address available for SVC connection");
  EXPECT_EQ(p.counters.tunnels, 1u);
}

}  // namespace
}  // namespace sallyport
