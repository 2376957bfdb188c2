#include "inspect/http_head.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(HttpHead, Request) {
  const auto h = ParseHttpHead("GET /a?b HTTP/1.1\r\nHost: www.example.com\r\nX:  1 \r\n  2\r\n\r\n", true);
  ASSERT_TRUE(h);
  EXPECT_EQ(h->method, "GET");
  EXPECT_EQ(h->uri, "/a?b");
  EXPECT_EQ(h->Find("host")->value, "www.example.com");
  EXPECT_EQ(h->Find("x")->value, "1 2");
  EXPECT_FALSE(h->content_length);
}

TEST(HttpHead, Response) {
  const auto h = ParseHttpHead("HTTP/1.0 404 Not Found\nTransfer-Encoding: gzip, Chunked\n\n", false);
  ASSERT_TRUE(h);
  EXPECT_EQ(h->status, 404);
  EXPECT_TRUE(h->chunked);
  EXPECT_EQ(ParseHttpHead("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", false)->content_length, 7u);
}

TEST(HttpHead, WhatIsNone) {
  for (const char* bad : {"SSH-2.0-x\r\n\r\n", "GET / HTTP/1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "G@T / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
                          "GET / HTTP/1.1\r\nA b: c\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                          "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "GET / HTTP/1.1\r\n"}) {
    EXPECT_FALSE(ParseHttpHead(bad, true)) << bad;
  }
  for (const char* bad : {"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTX/1.1 200 OK\r\n\r\n", "\r\n\r\n"}) {
    EXPECT_FALSE(ParseHttpHead(bad, false)) << bad;
  }
}

}  // namespace
}  // namespace sallyport
