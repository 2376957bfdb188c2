#include "vpn/anyconnect/http_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

#include "vpn/crypto/secret.h"

namespace sallyport {
namespace {

namespace beast_http = boost::beast::http;

void WipeText(std::string& text) {
  Cleanse(MutableBytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
  text.clear();
}

HttpRequest::Method MethodOf(beast_http::verb v) {
  switch (v) {
    case beast_http::verb::get:
      return HttpRequest::Method::kGet;
    case beast_http::verb::head:
      return HttpRequest::Method::kHead;
    case beast_http::verb::post:
      return HttpRequest::Method::kPost;
    case beast_http::verb::connect:
      return HttpRequest::Method::kConnect;
    default:
      return HttpRequest::Method::kOther;
  }
}

}  // namespace

struct HttpReader::Impl {
  using Parser = beast_http::request_parser<beast_http::string_body>;

  explicit Impl(const HttpLimits& l) : limits(l) { Renew(); }
  ~Impl() { WipeText(pending); }

  void Renew() {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(static_cast<std::uint32_t>(limits.head));
    parser->body_limit(limits.body);
    consumed = 0;
    state = State::kHead;
  }

  State Fail(const boost::system::error_code& why) {
    WipeText(pending);
    if (why == beast_http::error::header_limit) return state = State::kHeadTooLarge;
    if (why == beast_http::error::body_limit) return state = State::kBodyTooLarge;
    return state = State::kBad;
  }

  HttpLimits limits;
  std::optional<Parser> parser;  // of one request
  std::string pending;           // of a head that is not whole yet: the parser wants it in one piece
  std::size_t consumed = 0;      // of this request, by the parser
  State state = State::kHead;
};

HttpReader::HttpReader() : HttpReader(HttpLimits{}) {}
HttpReader::HttpReader(const HttpLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpReader::~HttpReader() = default;
HttpReader::HttpReader(HttpReader&&) noexcept = default;
HttpReader& HttpReader::operator=(HttpReader&&) noexcept = default;

HttpReader::State HttpReader::state() const { return impl_->state; }
bool HttpReader::idle() const { return impl_->state == State::kHead && impl_->pending.empty() && impl_->consumed == 0; }

HttpReader::State HttpReader::Feed(Bytes plain, std::size_t& used) {
  Impl& i = *impl_;
  used = 0;
  if (i.state != State::kHead && i.state != State::kBody) return i.state;
  // Empty lines between requests are passed over (RFC 9112 2.2).
  while (idle() && used < plain.size() && (plain[used] == '\r' || plain[used] == '\n')) ++used;
  while (used < plain.size() || !i.pending.empty()) {
    boost::system::error_code why;
    std::size_t took = 0;
    if (i.pending.empty()) {
      took = i.parser->put(boost::asio::const_buffer(plain.data() + used, plain.size() - used), why);
      used += took;
    } else {
      const std::size_t had = i.pending.size();
      i.pending.append(reinterpret_cast<const char*>(plain.data()) + used, plain.size() - used);
      took = i.parser->put(boost::asio::const_buffer(i.pending.data(), i.pending.size()), why);
      if (took > 0) {
        // The head is whole; the rest of `plain` is fed by itself.
        used += took > had ? took - had : 0;
        WipeText(i.pending);
      } else {
        used = plain.size();
      }
    }
    i.consumed += took;
    if (why && why != beast_http::error::need_more) return i.Fail(why);
    if (i.parser->is_header_done() && i.state == State::kHead) {
      const auto& fields = i.parser->get();
      // No client of ours sends chunks, whose own heads would need limits again.
      if (i.parser->chunked() || fields.find(beast_http::field::transfer_encoding) != fields.end())
        return i.Fail(beast_http::make_error_code(beast_http::error::bad_transfer_encoding));
      if (static_cast<std::size_t>(std::distance(fields.begin(), fields.end())) > i.limits.fields) {
        return i.Fail(beast_http::make_error_code(beast_http::error::header_limit));
      }
      i.state = State::kBody;
    }
    if (i.parser->is_done()) return i.state = State::kRequest;
    if (took == 0) {
      if (used < plain.size()) {
        i.pending.append(reinterpret_cast<const char*>(plain.data()) + used, plain.size() - used);
        used = plain.size();
      }
      break;
    }
  }
  return i.state;
}

HttpRequest HttpReader::Take() {
  HttpRequest r;
  if (impl_->state != State::kRequest) return r;
  auto message = impl_->parser->release();
  r.method = MethodOf(message.method());
  r.target = std::string(message.target());
  r.version = static_cast<int>(message.version());
  r.keep_alive = message.keep_alive();
  for (const auto& f : message) r.fields.emplace_back(std::string(f.name_string()), std::string(f.value()));
  r.head_bytes = impl_->consumed - std::min(impl_->consumed, message.body().size());
  r.body = message.body();
  WipeText(message.body());
  impl_->Renew();
  return r;
}

std::string_view HttpRequest::Field(std::string_view name) const {
  for (const auto& [n, value] : fields) {
    if (boost::beast::iequals({n.data(), n.size()}, {name.data(), name.size()})) return value;
  }
  return {};
}

std::string_view HttpRequest::Cookie(std::string_view name) const {
  for (const auto& [n, value] : fields) {
    if (!boost::beast::iequals({n.data(), n.size()}, "cookie")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      std::string_view one = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
      while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
      const std::size_t equals = one.find('=');
      if (equals != one.npos && one.substr(0, equals) == name) return one.substr(equals + 1);
    }
  }
  return {};
}

void HttpRequest::Wipe() {
  WipeText(body);
  for (auto& [n, value] : fields) {
    if (boost::beast::iequals({n.data(), n.size()}, "cookie") ||
        boost::beast::iequals({n.data(), n.size()}, "x-dtls-master-secret")) {
      WipeText(value);
    }
  }
}

std::string WriteAnswer(const HttpAnswer& answer, bool head_only) {
  const auto status = static_cast<beast_http::status>(answer.status);
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", answer.status,
                                answer.reason.empty() ? std::string(beast_http::obsolete_reason(status)) : answer.reason);
  const auto line = [&](std::string_view name, std::string_view value) {
    // Values may hold what a configuration or a client has written.
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos) return;
    out.append(name).append(": ").append(value).append("\r\n");
  };
  for (const auto& [name, value] : answer.fields) line(name, value);
  if (!answer.type.empty()) line("Content-Type", answer.type);
  line("Content-Length", std::to_string(answer.file.empty() ? answer.body.size() : answer.file_size));
  line("Connection", answer.close ? "close" : "Keep-Alive");
  out += "\r\n";
  if (!head_only) out += answer.body;
  return out;
}

// --- URLs

namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Nothing: an escape is none.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return {};
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return {};
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> DecodePath(std::string_view target) {
  const auto path = PercentDecode(target.substr(0, target.find_first_of("?#")), false);
  if (!path || path->empty() || path->front() != '/' || path->size() > 1024) return {};
  for (const char c : *path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\' || c == '%') return {};
  }
  std::string_view rest = *path;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const std::string_view part = rest.substr(0, rest.find('/'));
    const bool last = part.size() == rest.size();
    if ((part.empty() && !last) || part == "." || part == "..") return {};
    rest.remove_prefix(part.size());
  }
  return path;
}

std::string_view QueryOf(std::string_view target) {
  const std::size_t at = target.find('?');
  if (at == target.npos) return {};
  target.remove_prefix(at + 1);
  return target.substr(0, target.find('#'));
}

std::vector<std::pair<std::string, std::string>> ReadUrlEncoded(std::string_view text) {
  constexpr std::size_t kMost = 64;
  std::vector<std::pair<std::string, std::string>> out;
  while (!text.empty() && out.size() < kMost) {
    const std::string_view one = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t equals = std::min(one.find('='), one.size());
    auto name = PercentDecode(one.substr(0, equals), true);
    auto value = PercentDecode(one.substr(std::min(one.size(), equals + 1)), true);
    if (name && value && !name->empty()) out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::string UrlEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                       c == '.' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace sallyport
