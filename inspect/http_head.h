// The head of an HTTP/1 message: its first line and its header fields. Pure.
//
// RFC 9112 3, 4, 5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

struct HttpField {
  std::string name;  // in lower case
  std::string value;  // without blanks around it
};

struct HttpHead {
  static constexpr std::size_t kMaxFields = 256;
  bool request = false;
  std::string method, uri;       // of a request
  std::string status_line;       // of a response
  int status = 0;
  std::vector<HttpField> fields;
  std::size_t length = 0;        // in bytes, with all line ends
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  const HttpField* Find(std::string_view name) const;
};

// Reads a whole head. Nothing: it is not HTTP.
std::optional<HttpHead> ParseHttpHead(std::string_view text, bool request);

}  // namespace sallyport
