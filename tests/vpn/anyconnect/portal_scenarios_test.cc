// What public test suites of AnyConnect's makers of servers and clients try at a portal, told again: requests octet by octet as they are
// on the wire, and documents that are not as ours would be.
#include <gtest/gtest.h>

#include "tests/vpn/anyconnect/portal_fixture.h"

namespace sallyport {
namespace {

class PortalScenario : public ::testing::Test {
 protected:
  // Requests as they come on one connection; what is answered to each of them, a refusal by the reader by its state.
  std::vector<Portal::Reply> Wire(const std::string& text) {
    const auto out = std::make_shared<std::vector<Portal::Reply>>();  // some are answered when this has returned
    HttpReader reader;
    state = reader.state();
    for (std::size_t at = 0; at < text.size();) {
      std::size_t used = 0;
      state = reader.Feed({reinterpret_cast<const std::uint8_t*>(text.data()) + at, text.size() - at}, used);
      at += used;
      if (state != HttpReader::State::kRequest) break;
      p.portal.Request(p.from, reader.Take(), [] { return Secret(); }, [out](Portal::Reply r) { out->push_back(std::move(r)); });
    }
    return std::move(*out);
  }
  HttpAnswer One(const std::string& text) {
    auto all = Wire(text);
    EXPECT_EQ(all.size(), 1u) << text;
    return all.empty() ? HttpAnswer() : std::move(all.front().http);
  }
  static std::string PostOf(const std::string& target, const std::string& body, const std::string& more = {}) {
    return "POST " + target + " HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: AnyConnect Windows 4.10.06079\r\nX-Aggregate-Auth: 1\r\n"
           "X-Transcend-Version: 1\r\nX-Support-HTTP-Auth: true\r\nContent-Type: application/x-www-form-urlencoded\r\n" + more +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static bool Has(const HttpAnswer& a, const std::string& part) { return a.body.find(part) != std::string::npos; }
  // Logs in and says the token.
  std::string LogIn(const std::string& user = "anyuser", const std::string& password = "secret") {
    One(PostOf("/", PortalHarness::Reply("", PortalHarness::Named(user, password))));
    return p.host.tokens.empty() ? "" : p.host.tokens.back();
  }

  PortalHarness p;
  HttpReader::State state{};
};

TEST_F(PortalScenario, NamesOfHeadersInAnyCase) {
  const std::string token = LogIn();
  const HttpAnswer a = One("GET /+CSCOE+/portal.html HTTP/1.1\r\nhOST:vpn.example.com\r\nUSER-AGENT:\tMozilla/5.0  \r\nCOOKIE:webvpn=" + token + "  \r\n\r\n");
  EXPECT_EQ(a.status, 200);
  EXPECT_TRUE(Has(a, "Welcome, anyuser"));
  // Methods have one case only.
  EXPECT_EQ(One("get / HTTP/1.1\r\nHost: vpn.example.com\r\n\r\n").status, 405);
  // A header that goes on in a second line is none of today's.
  const auto folded = Wire("GET /+CSCOE+/portal.html HTTP/1.1\r\nHost: vpn.example.com\r\nCookie: a=b;\r\n webvpn=" + token + "\r\n\r\n");
  EXPECT_TRUE(folded.empty() || folded[0].http.status == 302 || folded[0].http.status == 200);
}

TEST_F(PortalScenario, LongCookiesAndManyOfThem) {
  const std::string token = LogIn();
  const std::string get = "GET /+CSCOE+/portal.html HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: Mozilla/5.0\r\n";
  EXPECT_EQ(One(get + "Cookie: a=" + std::string(6000, 'x') + "; webvpn=" + token + "\r\n\r\n").status, 200);
  EXPECT_EQ(One(get + "Cookie: a=b\r\nCookie: webvpncontext=1; webvpnlang=1\r\nCookie: webvpn=" + token + "\r\n\r\n").status, 200);
  EXPECT_EQ(One(get + "Cookie:;; ;=;a;webvpn;  webvpn=" + token + ";\r\n\r\n").status, 200);
  std::string many;
  for (int i = 0; i < 400; ++i) many += "c" + std::to_string(i) + "=1; ";
  EXPECT_EQ(One(get + "Cookie: " + many + "webvpn=" + token + "\r\n\r\n").status, 200);
  EXPECT_TRUE(Wire(get + "Cookie: a=" + std::string(9000, 'x') + "; webvpn=" + token + "\r\n\r\n").empty());
  EXPECT_EQ(state, HttpReader::State::kHeadTooLarge);
  // The first of a name counts, whatever stands behind it; a name is a whole name, of one case.
  for (const std::string& cookie : {"webvpn=x; webvpn=" + token, "xwebvpn=" + token, "webvpn2=" + token, "Webvpn=" + token, "webvpn=\"" + token + "\"", "a=webvpn=" + token}) {
    EXPECT_EQ(One(get + "Cookie: " + cookie + "\r\n\r\n").status, 302) << cookie;
  }
}

TEST_F(PortalScenario, PipelinedRequestsAreAnsweredInOrder) {
  std::string all;
  for (int i = 0; i < 20; ++i) all += i % 2 == 0 ? "GET /+CSCOE+/logo.svg HTTP/1.1\r\nHost: h\r\n\r\n" : PostOf("/", PortalHarness::Init());
  const auto answers = Wire(all);
  ASSERT_EQ(answers.size(), 20u);
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].http.type, i % 2 == 0 ? "image/svg+xml" : "text/xml; charset=utf-8");
  // What stands behind a body's end is the next request, not the body's.
  const auto two = Wire(PostOf("/", PortalHarness::Init()) + "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[1].http.status, 404);
}

TEST_F(PortalScenario, BodiesInChunksAreNotTaken) {
  const std::string head = "POST / HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: AnyConnect\r\n";
  EXPECT_TRUE(Wire(head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").empty());
  EXPECT_EQ(state, HttpReader::State::kBad);
  EXPECT_TRUE(Wire(head + "Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\nhelloGET /x HTTP/1.1\r\n\r\n").empty());
  EXPECT_EQ(state, HttpReader::State::kBad);
  // Whoever asks whether he may send is not answered, and sends anyhow.
  EXPECT_EQ(One(PostOf("/", PortalHarness::Init(), "Expect: 100-continue\r\n")).status, 200);
  // A POST without a length has no body.
  EXPECT_EQ(One(head + "\r\n").status, 200);
}

TEST_F(PortalScenario, HeadIsGetWithoutABody) {
  for (const char* path : {"/+CSCOE+/logon.html", "/+CSCOE+/portal.css", "/", "/nothing", "/CACHE/stc/1/VPNManifest.xml"}) {
    const std::string rest = std::string(" ") + path + " HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: Mozilla/5.0\r\n\r\n";
    const HttpAnswer get = One("GET" + rest), head = One("HEAD" + rest);
    EXPECT_EQ(get.status, head.status) << path;
    const std::string whole = WriteAnswer(get), only = WriteAnswer(head, true);
    EXPECT_EQ(whole.substr(0, whole.find("\r\n\r\n") + 4), only) << path;
  }
}

TEST_F(PortalScenario, AGroupsUrlAsClientsWriteIt) {
  for (const char* target : {"/engineers", "/engineers/", "/engineers?", "/engineers/?a=b", "/%65ngineers", "/engineers#x"}) {
    EXPECT_TRUE(Has(One(PostOf(target, PortalHarness::Init())), "<tunnel-group>ENGINEERS</tunnel-group>")) << target;
  }
  for (const char* access : {"https://vpn.example.com/engineers", "https://vpn.example.com/engineers/", "https://VPN.Example.com:443/engineers", "vpn.example.com/engineers"}) {
    std::string init = PortalHarness::Init();
    const std::string was = "https://vpn.example.com/";
    init.replace(init.find(was), was.size(), access);
    EXPECT_TRUE(Has(One(PostOf("/", init)), "<tunnel-group>ENGINEERS</tunnel-group>")) << access;
  }
  EXPECT_EQ(One(PostOf("/Engineers", PortalHarness::Init())).status, 404) << "paths have a case";
  EXPECT_EQ(One(PostOf("/engineers/more", PortalHarness::Init())).status, 404);
  EXPECT_EQ(One("GET /engineers/?next=/x HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: Mozilla/5.0\r\n\r\n").status, 200);
}

TEST_F(PortalScenario, ElementsThatNobodyKnows) {
  const std::string more =
      "<mac-address-list><mac-address public-interface=\"true\">02-00-00-00-00-01</mac-address></mac-address-list><x:y xmlns:x=\"urn:x\" a='>'/><!-- c -->"
      "<auth><username>not here</username></auth>";
  const HttpAnswer form = One(PostOf("/", PortalHarness::Init(more)));
  EXPECT_TRUE(Has(form, "<input type=\"password\" name=\"password\""));
  const HttpAnswer done = One(PostOf("/", PortalHarness::Reply(PortalHarness::HandleOf(form), "<unknown>1</unknown>" + PortalHarness::Named("anyuser", "secret") + "<group_list>Staff</group_list>", more)));
  EXPECT_TRUE(Has(done, "type=\"complete\""));
  // CDATA and references are what they stand for.
  const HttpAnswer cdata = One(PostOf("/", PortalHarness::Reply("", "<username><![CDATA[any]]>&#117;s&#x65;r</username><password><![CDATA[secret]]></password>")));
  EXPECT_TRUE(Has(cdata, "type=\"complete\"") || Has(cdata, "Login failed."));
}

TEST_F(PortalScenario, AReplyAfterSuccessIsAnotherLogin) {
  const HttpAnswer form = One(PostOf("/", PortalHarness::Init()));
  const std::string reply = PostOf("/", PortalHarness::Reply(PortalHarness::HandleOf(form), PortalHarness::Named("anyuser", "secret")));
  EXPECT_TRUE(Has(One(reply), "type=\"complete\""));
  EXPECT_TRUE(Has(One(reply), "type=\"complete\""));
  ASSERT_EQ(p.host.tokens.size(), 2u);
  EXPECT_NE(p.host.tokens[0], p.host.tokens[1]);
  EXPECT_EQ(p.host.asked, 2) << "nobody is let in by a handle";
  const std::string without = PostOf("/", PortalHarness::Reply(PortalHarness::HandleOf(form), ""));
  EXPECT_FALSE(Has(One(without), "type=\"complete\""));
  EXPECT_EQ(p.portal.logins(), 1u);
}

TEST_F(PortalScenario, AWrongOpaqueBeginsAgain) {
  int n = 0;
  for (const char* handle : {"", "0", "1", "-1", "99999999999999999999999", "x", "&#0;", "../../x"}) {
    p.from.peer.address = IpAddress::V4(0xc6120000u + static_cast<std::uint32_t>(++n));
    const HttpAnswer a = One(PostOf("/", PortalHarness::Reply(handle, PortalHarness::Named("user" + std::to_string(n), "wrong"))));
    EXPECT_TRUE(Has(a, "Login failed.")) << handle;
  }
  // Another's handle, from elsewhere, is nothing.
  const HttpAnswer theirs = One(PostOf("/", PortalHarness::Init("<group-select>Engineers</group-select>")));
  p.from.peer.address = *IpAddress::Parse("198.18.7.7");
  One(PostOf("/", PortalHarness::Reply(PortalHarness::HandleOf(theirs), PortalHarness::Named("anyuser", "secret"))));
  p.Advance(Duration::Seconds(20));
  ASSERT_EQ(p.host.logged_in.size(), 1u);
  EXPECT_EQ(p.host.logged_in[0], "anyuser/DefaultWEBVPNGroup/");
}

TEST_F(PortalScenario, AClientWithoutACertificateSaysSo) {
  const HttpAnswer asked = One(PostOf("/cert", PortalHarness::Init()));
  EXPECT_TRUE(Has(asked, "<client-cert-request>"));
  const HttpAnswer failed = One(PostOf("/cert", PortalHarness::Init("<client-cert-fail/>")));
  EXPECT_TRUE(Has(failed, "Certificate Validation Failure"));
  EXPECT_FALSE(Has(failed, "<form"));
  // Where no certificate is wanted it makes no difference.
  EXPECT_TRUE(Has(One(PostOf("/", PortalHarness::Init("<client-cert-fail/>"))), "name=\"password\""));
}

TEST_F(PortalScenario, FormsOfOldClients) {
  const std::string head = "POST /+webvpn+/index.html HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: Cisco AnyConnect VPN Agent for Windows 2.5.2014\r\n";
  const auto form = [&](const std::string& body) { return One(head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body); };
  EXPECT_TRUE(Has(form("username=anyuser&password=wrong&group_list=Engineers"), "<auth id=\"main\">"));
  const HttpAnswer done = form("group_list=Engineers&username=anyuser&password=secret&Login=Login&tgroup=&next=&tgcookieset=");
  EXPECT_TRUE(Has(done, "<auth id=\"success\">"));
  EXPECT_EQ(p.host.logged_in.back(), "anyuser/ENGINEERS/");
  // Twice the same field: the first counts, as everywhere.
  form("username=anyuser&username=boss&password=secret&password=gold&group_list=Staff");
  EXPECT_EQ(p.host.logged_in.back(), "anyuser/DefaultWEBVPNGroup/");
  EXPECT_EQ(form("").status, 200);
  EXPECT_EQ(form("%").status, 200);
  EXPECT_EQ(form(std::string(60'000, '&')).status, 200);
}

// A person is told in words, a client by the number.
TEST_F(PortalScenario, ErrorsHaveAPage) {
  p.portal.UsePolicy(PortalPolicy(), 916);
  const auto ask = [&](const std::string& method, const std::string& agent) {
    return One(method + " /nothing HTTP/1.1\r\nHost: h\r\nUser-Agent: " + agent + "\r\n\r\n");
  };
  const HttpAnswer found = ask("GET", "Mozilla/5.0"), odd = ask("DELETE", "Mozilla/5.0");
  EXPECT_TRUE(Has(found, "<h1>Page not found</h1>"));
  EXPECT_EQ(odd.status, 405);
  EXPECT_TRUE(Has(odd, "<h1>Not possible</h1>"));
  EXPECT_EQ(PortalHarness::FieldsOf(odd, "Content-Security-Policy"), std::vector<std::string>{kPagePolicy});
  EXPECT_EQ(ask("GET", "AnyConnect Windows 4.10.06079").body, "");
  EXPECT_EQ(ask("GET", "curl/8").body, "");
  p.portal.UsePolicy(nullptr, 916);
  EXPECT_TRUE(Has(ask("GET", "Mozilla/5.0"), "<h1>Not available</h1>"));
}

// What a client calls itself is shown on an operator's terminal.
TEST_F(PortalScenario, ACursorThatAClientWouldMove) {
  const std::string csi = "\xc2\x9b" "31m\xe2\x80\xae" "evil\x85";
  const std::string body = PortalHarness::Reply("", PortalHarness::Named("anyuser", "secret"));
  One("POST / HTTP/1.1\r\nHost: vpn.example.com\r\nUser-Agent: AnyConnect " + csi + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(p.host.last_login.from.user_agent, "AnyConnect ?31m?evil?");
  Wire("CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: h\r\nUser-Agent: " + csi + "\r\nX-CSTP-Hostname: " + csi + "\r\nX-AnyConnect-Identifier-Platform: " + csi +
       "\r\nX-AnyConnect-Identifier-DeviceType: " + csi + "\r\nCookie: webvpn=" + p.host.tokens.back() + "\r\nX-CSTP-Version: 1\r\n\r\n");
  ASSERT_EQ(p.host.connects.size(), 1u);
  const ConnectRequest& c = p.host.connects[0];
  for (const std::string& shown : {c.user_agent, c.hostname, c.platform, c.device_type}) EXPECT_EQ(shown, "?31m?evil?");
  // A user of such a name is nobody.
  const int asked = p.host.asked;
  One(PostOf("/", PortalHarness::Reply("", PortalHarness::Named("any\xe2\x80\xaeuser", "secret"))));
  EXPECT_EQ(p.host.asked, asked);
}

}  // namespace
}  // namespace sallyport
