// HTTP/1.1 as the portal speaks it, without sockets: a reader of requests that stops at limits, and the writer of answers.
// Requests are parsed by Boost.Beast; nothing of it is seen here.
//
//   HttpReader reader;
//   switch (reader.Feed(plain, used)) { case kRequest: HttpRequest r = reader.Take(); ... }   // then feed
//   plain.subspan(used) again
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firewall/base/bytes.h"

namespace sallyport {

struct HttpRequest {
  enum class Method : std::uint8_t { kGet, kHead, kPost, kConnect, kOther } method = Method::kOther;
  std::string target;                                       // as it came
  int version = 11;                                         // 10, 11
  std::vector<std::pair<std::string, std::string>> fields;  // in order, names as they came
  std::string body;
  bool keep_alive = true;
  std::size_t head_bytes = 0;  // for whoever counts

  // The first field of that name, whatever its case; "": there is none.
  std::string_view Field(std::string_view name) const;
  std::string_view host() const { return Field("Host"); }
  std::string_view user_agent() const { return Field("User-Agent"); }
  // Cookies as they stand in Cookie fields; of one name the first.
  std::string_view Cookie(std::string_view name) const;
  // What came with a password in it is overwritten.
  void Wipe();
};

struct HttpAnswer {
  int status = 200;
  std::string reason;  // "": the usual words
  std::string type;    // Content-Type; "": none is sent
  std::vector<std::pair<std::string, std::string>>
      fields;  // before Content-Type; a value with a line break in it is left out
  std::string body;
  bool close = false;
  // Instead of a body: a file of disk0: (PortalHost::ReadFile), of this many bytes.
  std::string file, member;  // member: of that package (PortalHost::ReadMember); "": the file itself
  std::uint64_t file_size = 0;
};
// Head and body (not the file's). `head_only`: the answer to HEAD.
std::string WriteAnswer(const HttpAnswer& answer, bool head_only = false);

struct HttpLimits {
  std::size_t head = 8 * 1024, fields = 64, body = 64 * 1024;
};

class HttpReader {
 public:
  enum class State : std::uint8_t {
    kHead,  // waits for more of the head (or for its first byte: `idle()`)
    kBody,
    kRequest,       // Take it
    kHeadTooLarge,  // 431; and then nothing more is read
    kBodyTooLarge,  // 413
    kBad            // 400
  };
  HttpReader();
  explicit HttpReader(const HttpLimits& limits);
  ~HttpReader();
  HttpReader(HttpReader&&) noexcept;
  HttpReader& operator=(HttpReader&&) noexcept;

  // Takes of `plain` at most up to the end of one request; `used` says how much.
  State Feed(Bytes plain, std::size_t& used);
  State state() const;
  // Nothing of a request has come yet.
  bool idle() const;
  // The request; the reader then waits for the next one.
  HttpRequest Take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One percent-decoding of a path, without its query. Nothing: it must not be looked at (what climbs, NUL, an escape that is
// none or is one again, doubled or backward slashes, control characters).
std::optional<std::string> DecodePath(std::string_view target);
std::string_view QueryOf(std::string_view target);  // behind the first '?'
// application/x-www-form-urlencoded, at most 64 pairs; what is not well-formed is left out.
std::vector<std::pair<std::string, std::string>> ReadUrlEncoded(std::string_view text);
std::string UrlEncode(std::string_view text);

}  // namespace sallyport
