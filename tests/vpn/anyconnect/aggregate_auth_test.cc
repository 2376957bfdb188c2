#include "vpn/anyconnect/aggregate_auth.h"

#include <gtest/gtest.h>

#include "vpn/anyconnect/pages.h"

namespace sallyport {
namespace {

TEST(AggregateAuth, Reply) {
  const auto d = ReadAuth(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config-auth client=\"vpn\" type=\"auth-reply\" aggregate-auth-version=\"2\">"
      "<version who=\"vpn\">v9.01-3</version><device-id platform-version=\"10\" device-type=\"VMware\" unique-id=\"AB\">win</device-id>"
      "<opaque is-for=\"sg\"><tunnel-group>G</tunnel-group><aggauth-handle>845</aggauth-handle></opaque>"
      "<auth><username>j\xc3\xb6rg</username><password> a&amp;b&lt;&#x41;<![CDATA[<x>]]> </password></auth>"
      "<group-select>Engineers</group-select></config-auth>");
  ASSERT_TRUE(d) << d.error();
  EXPECT_EQ(d->type, AuthDocument::Type::kReply);
  EXPECT_EQ(d->version, "v9.01-3");
  EXPECT_EQ(d->device_id, "win");
  EXPECT_EQ(d->device_type, "VMware");
  EXPECT_EQ(d->handle, "845");
  EXPECT_EQ(d->group_select, "Engineers");
  EXPECT_EQ(d->Field("username"), "j\xc3\xb6rg");
  EXPECT_EQ(d->Field("password"), " a&b<A") << "up to what is no text any more";
  EXPECT_FALSE(d->cert_fail);
}

TEST(AggregateAuth, PasswordsOfBlanksAndMarkup) {
  const auto password = [](const std::string& xml) {
    const auto d = ReadAuth("<config-auth type=\"auth-reply\"><auth><password>" + xml + "</password></auth></config-auth>");
    return d ? std::string(d->Field("password")) : "refused: " + d.error();
  };
  EXPECT_EQ(password("   "), "   ");
  EXPECT_EQ(password("&quot;&apos;&gt;"), "\"'>");
  EXPECT_EQ(password("<![CDATA[a<b>&amp;]]>"), "a<b>&amp;");
  EXPECT_EQ(password(""), "");
}

TEST(AggregateAuth, Bounds) {
  const auto refused = [](const std::string& xml) {
    const auto d = ReadAuth(xml);
    return d ? std::string() : d.error();
  };
  const std::string open = "<config-auth type=\"init\">", close = "</config-auth>";
  EXPECT_EQ(refused(open + close), "");
  EXPECT_NE(refused("<!DOCTYPE a [<!ENTITY x \"y\">]>" + open + close), "");
  EXPECT_NE(refused("<!doctype x>" + open + close), "");
  std::string deep, end;
  for (int i = 0; i < 8; ++i) {
    deep += "<a>";
    end += "</a>";
  }
  EXPECT_EQ(refused(open + deep.substr(3) + end.substr(4) + close), "");
  EXPECT_NE(refused(open + deep + end + close), "");
  std::string wide;
  for (int i = 0; i < 600; ++i) wide += "<a/>";
  EXPECT_NE(refused(open + wide + close), "");
  EXPECT_NE(refused(open + "<auth><password>" + std::string(5000, 'x') + "</password></auth>" + close), "");
  EXPECT_NE(refused(open + "<a x=\"" + std::string(5000, 'x') + "\"/>" + close), "");
  EXPECT_NE(refused(open + "<![CDATA[" + std::string(5000, 'x') + "]]>" + close), "");
  EXPECT_EQ(refused(open + "<a x=\">\"/><!-- <b> -->" + close), "");
  EXPECT_NE(refused(open + "<!-- "), "");
  EXPECT_NE(refused(open), "");
  EXPECT_NE(refused(close), "");
  EXPECT_NE(refused("<other/>"), "");
  EXPECT_NE(refused("<"), "");
  EXPECT_NE(refused(""), "");
  EXPECT_NE(refused(std::string("\0<config-auth/>", 15)), "");
}

TEST(AggregateAuth, TheFormOfAnAsa) {
  LoginForm f;
  f.tunnel_group = "DefaultWEBVPNGroup";
  f.handle = "8456446854094028006";
  f.group_alias = "Staff & <Co>";
  f.config_hash = "1775193395132";
  f.message = "Please enter your username and password.";
  f.inputs = {{"text", "username", "Username:", ""}, {"password", "password", "Password:", ""}};
  f.groups = {"Engineers", "Staff & <Co>"};
  f.selected = f.group_alias;
  f.error_id = "91";
  f.error = "Login failed.";
  EXPECT_EQ(WriteForm(f),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config-auth client=\"vpn\" type=\"auth-request\" aggregate-auth-version=\"2\">\n"
            "<opaque is-for=\"sg\">\n<tunnel-group>DefaultWEBVPNGroup</tunnel-group>\n<aggauth-handle>8456446854094028006</aggauth-handle>\n"
            "<group-alias>Staff &amp; &lt;Co&gt;</group-alias>\n<config-hash>1775193395132</config-hash>\n</opaque>\n<auth id=\"main\">\n"
            "<message>Please enter your username and password.</message>\n<error id=\"91\" param1=\"\" param2=\"\">Login failed.</error>\n"
            "<form method=\"post\" action=\"/+webvpn+/index.html\">\n<input type=\"text\" name=\"username\" label=\"Username:\"></input>\n"
            "<input type=\"password\" name=\"password\" label=\"Password:\"></input>\n<select name=\"group_list\" label=\"GROUP:\">\n"
            "<option>Engineers</option>\n<option selected=\"true\">Staff &amp; &lt;Co&gt;</option>\n</select>\n</form>\n</auth>\n</config-auth>\n");
  f.certificate_request = true;
  EXPECT_NE(WriteForm(f).find("<client-cert-request></client-cert-request>"), std::string::npos);
  EXPECT_EQ(WriteForm(f).find("<auth"), std::string::npos);
}

TEST(AggregateAuth, Complete) {
  Completed c;
  c.session_id = "1436";
  c.token = "1436@12288@A1B2@66E1";
  c.banner = "Two\nlines";
  c.server_hash = "9FBA";
  c.profiles = {{"/CACHE/stc/profiles/corp.xml", "ABCD"}};
  c.packages = {{"4.10", "/CACHE/stc/1/binaries/a.pkg", "AnyConnect"}};
  const std::string text = WriteCompleted(c);
  EXPECT_NE(text.find("<session-token>1436@12288@A1B2@66E1</session-token>\n<auth id=\"success\">\n<banner>Two\nlines</banner>\n"
                      "<message id=\"0\" param1=\"\" param2=\"\"></message>\n</auth>\n"),
            std::string::npos);
  EXPECT_NE(text.find("<vpn-profile-manifest>\n<vpn rev=\"1.0\">\n<file type=\"profile\" service-type=\"user\">\n"
                      "<uri>/CACHE/stc/profiles/corp.xml</uri>\n<hash type=\"sha1\">ABCD</hash>\n</file>\n</vpn>\n</vpn-profile-manifest>\n"),
            std::string::npos);
  EXPECT_NE(text.find("<file version=\"4.10\" id=\"VPNCore\" is_core=\"yes\" type=\"exe\" action=\"install\">"), std::string::npos);
  const std::string line = WriteCompleted(c, true);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find("<banner>Two lines</banner><message"), std::string::npos);
}

TEST(Pages, NothingFromOutsideIsMarkup) {
  LoginForm f;
  f.message = f.error = f.banner = "<script>alert(1)</script>\"'";
  f.inputs = {{"text", "user\"name", "<b>", "\"><x"}};
  f.groups = {"</option><script>"};
  PortalView v;
  v.user = v.group = v.banner = v.host = v.assigned = "<script>\"";
  v.packages = v.profiles = {{"<script>", "<i>", "\"><script>"}};
  for (const std::string& page : {LogonPage(f, "<t>", "<b>"), PortalPage(v), LaunchPage(v), MessagePage("<a>", "<b>")}) {
    EXPECT_EQ(page.find("<script"), std::string::npos) << page;
    EXPECT_EQ(page.find("<x"), page.npos) << page;
    EXPECT_EQ(page.find("style="), std::string::npos);
    EXPECT_EQ(page.find("<i>"), std::string::npos);
  }
}

}  // namespace
}  // namespace sallyport
