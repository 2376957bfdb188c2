#include "vpn/anyconnect/http_connection.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

Bytes HttpBytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
using State = HttpReader::State;

constexpr std::string_view kLoginPost =
    "POST / HTTP/1.1\r\nHost: 10.99.1.1\r\nUser-Agent: Open AnyConnect VPN Agent v9.01-3\r\nCookie: webvpncontext=a=b; webvpn=1@2@3\r\n"
    "X-Pad: 0000\r\nContent-Type: application/xml; charset=utf-8\r\nContent-Length: 11\r\n\r\n<config-a/>";

TEST(HttpConnection, WholeAndByOctets) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, kLoginPost.size()}) {
    HttpReader reader;
    EXPECT_TRUE(reader.idle());
    State state = State::kHead;
    for (std::size_t at = 0; at < kLoginPost.size();) {
      ASSERT_NE(state, State::kRequest);
      std::size_t used = 0;
      state = reader.Feed(HttpBytes(kLoginPost.substr(at, step)), used);
      ASSERT_GT(used, 0u);
      at += used;
      EXPECT_FALSE(reader.idle());
    }
    ASSERT_EQ(state, State::kRequest) << step;
    const HttpRequest r = reader.Take();
    EXPECT_EQ(r.method, HttpRequest::Method::kPost);
    EXPECT_EQ(r.target, "/");
    EXPECT_EQ(r.host(), "10.99.1.1");
    EXPECT_EQ(r.Field("x-pad"), "0000");
    EXPECT_EQ(r.Cookie("webvpn"), "1@2@3");
    EXPECT_EQ(r.Cookie("webvpncontext"), "a=b");
    EXPECT_EQ(r.Cookie("webvpnc"), "");
    EXPECT_EQ(r.body, "<config-a/>");
    EXPECT_EQ(r.head_bytes, kLoginPost.size() - 11);
    EXPECT_TRUE(r.keep_alive);
    EXPECT_TRUE(reader.idle());
  }
}

TEST(HttpConnection, OneBehindAnother) {
  HttpReader reader;
  const std::string two = "\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.0\r\n\r\n";
  std::size_t used = 0;
  ASSERT_EQ(reader.Feed(HttpBytes(two), used), State::kRequest);
  EXPECT_EQ(reader.Take().target, "/a");
  const std::string rest = two.substr(used);
  ASSERT_EQ(reader.Feed(HttpBytes(rest), used), State::kRequest);
  const HttpRequest b = reader.Take();
  EXPECT_EQ(b.target, "/b");
  EXPECT_FALSE(b.keep_alive);
  EXPECT_EQ(used, rest.size());
}

TEST(HttpConnection, ConnectHasNoBody) {
  HttpReader reader;
  std::size_t used = 0;
  const std::string text = "CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: h\r\nX-CSTP-Version: 1\r\n\r\nSTF\x01";
  ASSERT_EQ(reader.Feed(HttpBytes(text), used), State::kRequest);
  EXPECT_EQ(text.size() - used, 4u);
  EXPECT_EQ(reader.Take().method, HttpRequest::Method::kConnect);
}

TEST(HttpConnection, Limits) {
  std::size_t used = 0;
  const auto state = [&](const std::string& text, HttpLimits limits = {}) {
    HttpReader r(limits);
    const State s = r.Feed(HttpBytes(text), used);
    EXPECT_EQ(r.state(), s);
    return s;
  };
  const std::string get = "GET / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(state(get + "X: " + std::string(7000, 'x') + "\r\n\r\n"), State::kRequest);
  EXPECT_EQ(state(get + "X: " + std::string(9000, 'x') + "\r\n\r\n"), State::kHeadTooLarge);
  EXPECT_EQ(state(get + "X: " + std::string(9000, 'x')), State::kHeadTooLarge) << "an end that never comes";
  std::string fields;
  for (int i = 0; i < 63; ++i) fields += "A: b\r\n";
  EXPECT_EQ(state(get + fields + "\r\n"), State::kRequest);
  EXPECT_EQ(state(get + fields + "A: b\r\n\r\n"), State::kHeadTooLarge);
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ";
  EXPECT_EQ(state(post + "65536\r\n\r\n"), State::kBody);
  EXPECT_EQ(state(post + "65537\r\n\r\n"), State::kBodyTooLarge) << "before any of it has come";
  EXPECT_EQ(state(post + "99999999999999999999\r\n\r\n"), State::kBad);
  EXPECT_EQ(state(post + "-1\r\n\r\n"), State::kBad);
  EXPECT_EQ(state(post + "1\r\nContent-Length: 2\r\n\r\nab"), State::kBad);
  EXPECT_EQ(state("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), State::kBad);
  EXPECT_EQ(state("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx"), State::kBad);
  for (const char* encoding : {"xchunked", "identity", "gzip", "gzip, chunked", "chunked, identity", " chunked", "\tchunked", "CHUNKED"}) {
    EXPECT_EQ(state("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:" + std::string(encoding) + "\r\nContent-Length: 1\r\n\r\nx"), State::kBad) << encoding;
    EXPECT_EQ(state("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: " + std::string(encoding) + "\r\n\r\n"), State::kBad) << encoding;
  }
  EXPECT_NE(state("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\nContent-Length: 1\r\n\r\nx"), State::kRequest);
  for (const char* bad : {"GET / HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET\r\n\r\n", "G\x01T / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nA b\r\n\r\n",
                          "\x16\x03\x01\x02\r\n\r\n", "GET / HTTP/1.1\r\nA: \x01\r\n\r\n"}) {
    EXPECT_EQ(state(bad), State::kBad) << bad;
  }
}

TEST(HttpConnection, AnswersHaveNoLineBreaksInThem) {
  HttpAnswer a;
  a.type = "text/html";
  a.body = "<p>";
  a.fields = {{"Location", "/x\r\nSet-Cookie: webvpn=1"}, {"X-Good", "yes"}};
  EXPECT_EQ(WriteAnswer(a),
            "HTTP/1.1 200 OK\r\nX-Good: yes\r\nContent-Type: text/html\r\nContent-Length: 3\r\nConnection: Keep-Alive\r\n\r\n<p>");
  a.fields.clear();
  a.status = 404;
  a.close = true;
  EXPECT_EQ(WriteAnswer(a, true), "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
}

TEST(HttpConnection, Paths) {
  EXPECT_EQ(DecodePath("/+CSCOE+/logon.html?a=%00#x"), "/+CSCOE+/logon.html");
  EXPECT_EQ(DecodePath("/CACHE/stc/profiles%2Fcorp.xml"), "/CACHE/stc/profiles/corp.xml");
  EXPECT_EQ(DecodePath("/"), "/");
  EXPECT_EQ(DecodePath("/a/"), "/a/");
  EXPECT_EQ(DecodePath("/..a/b.."), "/..a/b..");
  for (const char* bad :
       {"", "a", "//", "/a//b", "/..", "/../x", "/a/..", "/a/../b", "/a/./b", "/.", "/%2e%2e/x", "/a/%2e%2e", "/a%2f..%2fb", "/a%5cb", "/a\\..\\b",
        "/%00", "/a%0ab", "/%252e%252e/", "/%25", "/%", "/%4", "/%zz", "/a%2f%2fb", "https://h/x", "/a\x7f", "/%c0%ae%c0%ae/%25"}) {
    EXPECT_FALSE(DecodePath(bad)) << bad;
  }
  EXPECT_FALSE(DecodePath("/" + std::string(1024, 'a')));
  EXPECT_EQ(QueryOf("/a?b=c#d"), "b=c");
  EXPECT_EQ(QueryOf("/a"), "");
}

TEST(HttpConnection, Forms) {
  const auto f = ReadUrlEncoded("username=j%C3%B6rg&password=a+b%26%3D&&=x&bad=%zz&group_list=");
  ASSERT_EQ(f.size(), 3u);
  EXPECT_EQ(f[0].second, "j\xc3\xb6rg");
  EXPECT_EQ(f[1].second, "a b&=");
  EXPECT_EQ(f[2], (std::pair<std::string, std::string>("group_list", "")));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "a=b&";
  EXPECT_EQ(ReadUrlEncoded(many).size(), 64u);
  EXPECT_EQ(UrlEncode("profiles/a b&\xc3\xb6.xml"), "profiles%2Fa%20b%26%C3%B6.xml");
}

}  // namespace
}  // namespace sallyport
