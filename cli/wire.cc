#include "cli/wire.h"

#include <nlohmann/json.hpp>

#include "firewall/base/bytes.h"

namespace sallyport {
namespace {

using Json = nlohmann::json;

// Index: the enumerator.
constexpr const char* kClientKinds[] = {"hello", "line", "key", "help", "complete", "interrupt", "eof", "size"};
constexpr const char* kDaemonKinds[] = {"text", "prompt", "help", "complete", "bye"};
constexpr const char* kModes[] = {"command", "question", "password", "key"};

template <std::size_t N>
std::optional<std::size_t> IndexOf(const char* const (&names)[N], const std::string& name) {
  for (std::size_t i = 0; i < N; i++) {
    if (name == names[i]) return i;
  }
  return {};
}

std::string Framed(const Json& j) {
  // Text that is no UTF-8 must not end a session: it is replaced.
  const std::string body = j.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out(4, '\0');
  StoreBe32(reinterpret_cast<std::uint8_t*>(out.data()), static_cast<std::uint32_t>(body.size()));
  return out + body;
}

Json ParseObject(std::string_view text) {
  Json j = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return j.is_object() ? j : Json();
}

std::string Text(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool Flag(const Json& j, const char* key, bool otherwise) {
  const auto it = j.find(key);
  return it != j.end() && it->is_boolean() ? it->get<bool>() : otherwise;
}

int Number(const Json& j, const char* key, int otherwise) {
  const auto it = j.find(key);
  return it != j.end() && it->is_number_integer() ? it->get<int>() : otherwise;
}

}  // namespace

std::string Encode(const ClientFrame& frame) {
  Json j;
  j["type"] = kClientKinds[static_cast<std::size_t>(frame.kind)];
  switch (frame.kind) {
    case ClientFrame::Kind::kHello:
      j["interactive"] = frame.interactive;
      j["token"] = frame.token;
      [[fallthrough]];
    case ClientFrame::Kind::kSize:
      j["width"] = frame.width;
      j["height"] = frame.height;
      break;
    case ClientFrame::Kind::kLine:
      j["end"] = frame.end;
      [[fallthrough]];
    case ClientFrame::Kind::kKey:
    case ClientFrame::Kind::kHelp:
    case ClientFrame::Kind::kComplete:
      j["text"] = frame.text;
      break;
    case ClientFrame::Kind::kInterrupt:
    case ClientFrame::Kind::kEof:
      break;
  }
  return Framed(j);
}

std::string Encode(const DaemonFrame& frame) {
  Json j;
  j["type"] = kDaemonKinds[static_cast<std::size_t>(frame.kind)];
  switch (frame.kind) {
    case DaemonFrame::Kind::kPrompt:
      j["mode"] = kModes[static_cast<std::size_t>(frame.mode)];
      j["failed"] = frame.failed;
      j["text"] = frame.text;
      break;
    case DaemonFrame::Kind::kText:
      if (frame.unsolicited) j["unsolicited"] = true;
      [[fallthrough]];
    case DaemonFrame::Kind::kHelp:
    case DaemonFrame::Kind::kComplete:
      j["text"] = frame.text;
      break;
    case DaemonFrame::Kind::kBye:
      j["status"] = frame.status;
      break;
  }
  return Framed(j);
}

Result<ClientFrame> DecodeClientFrame(std::string_view json) {
  const Json j = ParseObject(json);
  if (j.is_null()) return Error{"a console frame is not a JSON object"};
  const auto kind = IndexOf(kClientKinds, Text(j, "type"));
  if (!kind) return Error{"a console frame has no known type"};
  ClientFrame f;
  f.kind = static_cast<ClientFrame::Kind>(*kind);
  f.text = Text(j, "text");
  f.end = Flag(j, "end", false);
  f.interactive = Flag(j, "interactive", true);
  f.token = Text(j, "token");
  f.width = Number(j, "width", 80);
  f.height = Number(j, "height", 24);
  return f;
}

Result<DaemonFrame> DecodeDaemonFrame(std::string_view json) {
  const Json j = ParseObject(json);
  if (j.is_null()) return Error{"a console frame is not a JSON object"};
  const auto kind = IndexOf(kDaemonKinds, Text(j, "type"));
  if (!kind) return Error{"a console frame has no known type"};
  DaemonFrame f;
  f.kind = static_cast<DaemonFrame::Kind>(*kind);
  f.text = Text(j, "text");
  f.mode = static_cast<DaemonFrame::Mode>(IndexOf(kModes, Text(j, "mode")).value_or(0));
  f.failed = Flag(j, "failed", false);
  f.unsolicited = Flag(j, "unsolicited", false);
  f.status = Number(j, "status", 0);
  return f;
}

Result<std::optional<std::string>> FrameReader::Next() {
  using Maybe = std::optional<std::string>;
  if (buffer_.size() < 4) return Maybe();
  const std::uint32_t length = LoadBe32(reinterpret_cast<const std::uint8_t*>(buffer_.data()));
  if (length > kMaxFrame) return Error{"a console frame is too long"};
  if (buffer_.size() < 4 + std::size_t{length}) return Maybe();
  std::string body = buffer_.substr(4, length);
  buffer_.erase(0, 4 + std::size_t{length});
  return Maybe(std::move(body));
}

}  // namespace sallyport
