#include "inspect/http.h"

#include <algorithm>
#include <deque>

#include "firewall/conn.h"
#include "inspect/http_head.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::size_t kMaxHead = 16384;
constexpr std::size_t kMaxHttpPending = 64;    // requests without their response
constexpr std::size_t kMaxUrlChunk = 300;  // of one message

enum class Phase : std::uint8_t { kHead, kBody, kChunkSize, kChunk, kChunkEnd, kTrailer, kToClose, kOpaque };

// A body criterion on its way through a body.
struct Watch {
  std::size_t rule = 0, criterion = 0;
  const Regex* regex = nullptr;
  Regex::State state;
};

struct Side {
  Phase phase = Phase::kHead;
  std::string head;        // the lines so far
  std::string line;        // of a chunk's size
  std::uint64_t left = 0;  // of the body or chunk
  std::uint64_t body = 0;  // bytes so far
  std::vector<Watch> watches;
  std::vector<std::uint32_t> hits;  // by rule, a bit for each criterion
  std::vector<bool> done;           // by rule: has acted on this message
};

struct Asked {
  std::string method, accept;
};

struct HttpState final : InspectState {
  std::unique_ptr<InspectState> Clone() const override { return std::make_unique<HttpState>(*this); }
  Side side[2];
  std::deque<Asked> pending;
};

bool SameWord(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

const RegexSet& TagOf(std::uint8_t what) {
  static const auto make = [](const char* pattern) {
    RegexSet set;
    set.any.push_back(*Regex::Compile(pattern));
    return set;
  };
  static const RegexSet object = make("<[Oo][Bb][Jj][Ee][Cc][Tt]"), applet = make("<[Aa][Pp][Pp][Ll][Ee][Tt]");
  return what == HttpMap::kActiveX ? object : applet;
}

bool IsBody(std::uint8_t what) {
  return what == HttpMap::kBody || what == HttpMap::kBodyLength || what == HttpMap::kActiveX || what == HttpMap::kJava;
}

Msg MessageOf(std::uint8_t what) {
  switch (what) {
    case HttpMap::kHeaderCount:
    case HttpMap::kFieldCount: return Msg::k415001;
    case HttpMap::kFieldLength: return Msg::k415002;
    case HttpMap::kBodyLength: return Msg::k415003;
    case HttpMap::kUriLength: return Msg::k415005;
    case HttpMap::kUri: return Msg::k415006;
    case HttpMap::kHeader: return Msg::k415008;
    case HttpMap::kMethod: return Msg::k415009;
    case HttpMap::kMismatch: return Msg::k415014;
    case HttpMap::kArgs: return Msg::k415017;
    case HttpMap::kHeaderLength: return Msg::k415018;
    case HttpMap::kStatusLine: return Msg::k415019;
    case HttpMap::kNonAscii: return Msg::k415020;
    default: return Msg::k415007;
  }
}

class HttpRun {
 public:
  HttpRun(InspectCall& call, const HttpMap& map, HttpState& state)
      : call_(call), map_(map), state_(state), request_(call.FromInitiator()), me_(state.side[request_ ? 0 : 1]), data_(call.text()) {}
  void Go();

 private:
  void Head(std::size_t end, std::size_t line_at, bool line_whole);
  void Complete();
  void Body(std::string_view bytes);
  void EndOfMessage();
  bool BadChunk() {
    Violation();
    me_.phase = Phase::kOpaque;
    return false;
  }
  bool ChunkSize();
  void LogUrl(const HttpHead& head);
  bool Hits(const InspectCriterion& c, const HttpHead& head) const;
  void Start(const HttpHead& head);
  void Judge();
  void Act(const InspectAction& action, std::size_t row, Msg m, std::string_view what);
  void Violation();

  InspectCall& call_;
  const HttpMap& map_;
  HttpState& state_;
  const bool request_;
  Side& me_;
  const std::string_view data_;
  bool closed_ = false;
};

void HttpRun::Go() {
  std::size_t at = 0;
  while (at < data_.size() && !closed_) {
    switch (me_.phase) {
      case Phase::kOpaque: return;
      case Phase::kHead: {
        const std::size_t newline = data_.find('\n', at);
        const std::size_t end = newline == std::string_view::npos ? data_.size() : newline + 1;
        const bool whole = me_.head.empty() || me_.head.back() == '\n';  // the line begins in this packet
        if (me_.head.size() + (end - at) > kMaxHead) {
          Violation();
          me_.phase = Phase::kOpaque;
          return;
        }
        me_.head.append(data_.substr(at, end - at));
        if (newline != std::string_view::npos) Head(end, at, whole);
        at = end;
        break;
      }
      case Phase::kBody:
      case Phase::kChunk: {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(me_.left, data_.size() - at));
        Body(data_.substr(at, n));
        me_.left -= n;
        at += n;
        if (closed_ || me_.left != 0) break;
        if (me_.phase == Phase::kBody) {
          EndOfMessage();
        } else {
          me_.phase = Phase::kChunkEnd;
        }
        break;
      }
      case Phase::kToClose:
        Body(data_.substr(at));
        return;
      case Phase::kChunkSize:
      case Phase::kChunkEnd:
      case Phase::kTrailer: {
        const std::size_t newline = data_.find('\n', at);
        const std::size_t end = newline == std::string_view::npos ? data_.size() : newline + 1;
        if (me_.line.size() + (end - at) > kMaxHead) {
          BadChunk();
          return;
        }
        me_.line.append(data_.substr(at, end - at));
        at = end;
        if (newline == std::string_view::npos) break;
        while (!me_.line.empty() && (me_.line.back() == '\n' || me_.line.back() == '\r')) me_.line.pop_back();
        if (me_.phase == Phase::kChunkSize) {
          if (!ChunkSize()) return;
        } else if (me_.phase == Phase::kChunkEnd) {
          if (!me_.line.empty()) {
            BadChunk();
            return;
          }
          me_.phase = Phase::kChunkSize;
        } else if (me_.line.empty()) {
          EndOfMessage();
        }
        me_.line.clear();
        break;
      }
    }
  }
}

// RFC 9112 7.1: size in hexadecimal, extensions behind a semicolon.
bool HttpRun::ChunkSize() {
  std::uint64_t n = 0;
  std::size_t digits = 0;
  for (const char c : me_.line) {
    const int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (v < 0) {
      if (c != ';' && c != ' ' && c != '\t') return BadChunk();
      break;
    }
    if (++digits > 15) return BadChunk();
    n = n * 16 + static_cast<std::uint64_t>(v);
  }
  if (digits == 0) return BadChunk();
  me_.left = n;
  me_.phase = n == 0 ? Phase::kTrailer : Phase::kChunk;
  return true;
}

// A line of the head is complete; `end` is behind it in this packet, `line_at` where its part in this packet begins.
void HttpRun::Head(std::size_t end, std::size_t line_at, bool line_whole) {
  if (me_.head == "\r\n" || me_.head == "\n") {  // RFC 9112 2.2: empty lines before a message are overlooked
    me_.head.clear();
    return;
  }
  const std::string_view line = data_.substr(line_at, end - line_at);
  if (!request_ && !map_.spoof_server.empty() && line_whole && line.size() > 8 && SameWord(line.substr(0, 7), "server:")) {
    std::size_t from = 7, to = line.size();
    while (from < to && line[from] == ' ') from++;
    while (to > from && (line[to - 1] == '\n' || line[to - 1] == '\r')) to--;
    if (to > from && !call_.Replace(line_at + from, to - from, map_.spoof_server)) {
      closed_ = true;
      return call_.Close(true);
    }
  }
  if (!me_.head.ends_with("\n\r\n") && !me_.head.ends_with("\n\n")) return;
  Complete();
}

void HttpRun::Complete() {
  const auto head = ParseHttpHead(me_.head, request_);
  me_.head.clear();
  if (!head) {
    Violation();
    me_.phase = Phase::kOpaque;
    return;
  }
  if (head->chunked && head->content_length) Violation();  // two lengths: which is meant differs by who reads it
  if (closed_) return;
  if (request_) LogUrl(*head);
  Start(*head);
  if (closed_) return;
  Judge();
  if (closed_) return;
  bool none = request_ && !head->chunked && !head->content_length;
  bool tunnel = false;
  if (request_) {
    if (state_.pending.size() == kMaxHttpPending) state_.pending.pop_front();
    const HttpField* accept = head->Find("accept");
    state_.pending.push_back({head->method, accept != nullptr ? accept->value : std::string()});
  } else {
    const std::string method = state_.pending.empty() ? "" : state_.pending.front().method;
    none = head->status < 200 || head->status == 204 || head->status == 304 || method == "HEAD";
    tunnel = head->status == 101 || (method == "CONNECT" && head->status >= 200 && head->status < 300);
    if (head->status >= 200 && !state_.pending.empty()) state_.pending.pop_front();
  }
  if (tunnel) {
    state_.side[0].phase = state_.side[1].phase = Phase::kOpaque;
    return;
  }
  me_.body = 0;
  if (none || (!head->chunked && head->content_length == std::uint64_t{0})) return EndOfMessage();
  me_.left = head->content_length.value_or(0);
  me_.phase = head->chunked ? Phase::kChunkSize : head->content_length ? Phase::kBody : Phase::kToClose;
}

void HttpRun::LogUrl(const HttpHead& head) {
  const HttpField* host = head.Find("host");
  std::string url = head.uri;
  if (!url.starts_with("http://") && !url.starts_with("https://") && head.method != "CONNECT") {
    if (host != nullptr && !host->value.empty()) {
      url = "http://" + host->value + url;
    } else if (!map_.name.empty()) {
      url = "Hostname not present URI: " + url;
    }
  }
  const auto client = LogArg::Address(call_.conn.initiator_real), server = LogArg::Address(call_.conn.responder_real);
  if (url.size() <= kMaxUrlChunk) return call_.log.Log(call_.now, Msg::k304001, client, server, std::string_view(url));
  url.resize(std::min<std::size_t>(url.size(), 1024));
  for (std::size_t at = 0; at < url.size(); at += kMaxUrlChunk) {
    std::string chunk = (at != 0 ? "partial " : "") + url.substr(at, kMaxUrlChunk);
    if (at + kMaxUrlChunk < url.size()) chunk += " partial";
    call_.log.Log(call_.now, Msg::k304001, client, server, std::string_view(chunk));
  }
}

// Criteria that the head decides.
bool HttpRun::Hits(const InspectCriterion& c, const HttpHead& head) const {
  const auto within = [&c](std::uint64_t n) { return n >= c.low && n <= c.high; };
  const auto named = [&c](const HttpField& f) {
    return c.name_regex != nullptr ? c.name_regex->Search(f.name) : !c.words.empty() && f.name == c.words[0];
  };
  switch (c.what) {
    case HttpMap::kMethod: return c.regex != nullptr ? c.regex->Search(head.method) : !c.words.empty() && SameWord(head.method, c.words[0]);
    case HttpMap::kUri: return c.regex->Search(head.uri);
    case HttpMap::kUriLength: return within(head.uri.size());
    case HttpMap::kArgs: {
      const std::size_t mark = head.uri.find('?');
      return mark != std::string::npos && c.regex->Search(std::string_view(head.uri).substr(mark + 1));
    }
    case HttpMap::kStatusLine: return c.regex->Search(head.status_line);
    case HttpMap::kHeaderLength: return within(head.length);
    case HttpMap::kHeaderCount: return within(head.fields.size());
    case HttpMap::kNonAscii:
      return std::any_of(head.fields.begin(), head.fields.end(), [](const HttpField& f) {
        return std::any_of(f.value.begin(), f.value.end(), [](char ch) { return static_cast<unsigned char>(ch) >= 0x80; });
      });
    case HttpMap::kFieldCount: return within(static_cast<std::uint64_t>(std::count_if(head.fields.begin(), head.fields.end(), named)));
    case HttpMap::kFieldLength:
      return std::any_of(head.fields.begin(), head.fields.end(), [&](const HttpField& f) { return named(f) && within(f.value.size()); });
    case HttpMap::kHeader:
      return std::any_of(head.fields.begin(), head.fields.end(), [&](const HttpField& f) { return named(f) && c.regex->Search(f.value); });
    case HttpMap::kMismatch: {
      const HttpField* type = head.Find("content-type");
      if (type == nullptr || state_.pending.empty() || state_.pending.front().accept.empty()) return false;
      const std::string& accept = state_.pending.front().accept;
      const std::string mime = type->value.substr(0, type->value.find_first_of("; "));
      const std::string any = mime.substr(0, mime.find('/') + 1) + "*";
      return accept.find("*/*") == std::string::npos && accept.find(mime) == std::string::npos && accept.find(any) == std::string::npos;
    }
    default: return false;
  }
}

void HttpRun::Start(const HttpHead& head) {
  me_.hits.assign(map_.rules.size(), 0);
  me_.done.assign(map_.rules.size(), false);
  me_.watches.clear();
  const std::uint8_t part = request_ ? HttpMap::kRequest : HttpMap::kResponse;
  for (std::size_t r = 0; r < map_.rules.size(); r++) {
    const auto& criteria = map_.rules[r].criteria;
    for (std::size_t i = 0; i < criteria.size() && i < 32; i++) {
      const InspectCriterion& c = criteria[i];
      if (c.part != part) continue;
      if (!IsBody(c.what)) {
        if (Hits(c, head) != c.negate) me_.hits[r] |= 1u << i;
        continue;
      }
      if (c.what == HttpMap::kBodyLength) continue;
      const RegexSet& set = c.what == HttpMap::kBody ? *c.regex : TagOf(c.what);
      for (const Regex& x : set.any) me_.watches.push_back({r, i, &x, x.Start()});
    }
  }
}

void HttpRun::Body(std::string_view bytes) {
  if (!me_.watches.empty() && me_.body < map_.body_match_maximum) {
    const auto look = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(map_.body_match_maximum - me_.body, bytes.size())));
    for (Watch& w : me_.watches) {
      const InspectCriterion& c = map_.rules[w.rule].criteria[w.criterion];
      if (w.regex->Feed(w.state, look) && !c.negate) me_.hits[w.rule] |= 1u << w.criterion;
    }
  }
  me_.body += bytes.size();
  const std::uint8_t part = request_ ? HttpMap::kRequest : HttpMap::kResponse;
  for (std::size_t r = 0; r < map_.rules.size(); r++) {
    const auto& criteria = map_.rules[r].criteria;
    for (std::size_t i = 0; i < criteria.size() && i < 32; i++) {
      const InspectCriterion& c = criteria[i];
      if (c.what == HttpMap::kBodyLength && c.part == part && !c.negate && me_.body >= c.low && c.high == UINT64_MAX) me_.hits[r] |= 1u << i;
    }
  }
  Judge();
}

void HttpRun::EndOfMessage() {
  for (Watch& w : me_.watches) {
    const InspectCriterion& c = map_.rules[w.rule].criteria[w.criterion];
    if (w.regex->Finish(w.state) != c.negate) me_.hits[w.rule] |= 1u << w.criterion;
  }
  const std::uint8_t part = request_ ? HttpMap::kRequest : HttpMap::kResponse;
  for (std::size_t r = 0; r < map_.rules.size() && r < me_.hits.size(); r++) {
    const auto& criteria = map_.rules[r].criteria;
    for (std::size_t i = 0; i < criteria.size() && i < 32; i++) {
      const InspectCriterion& c = criteria[i];
      if (c.what != HttpMap::kBodyLength || c.part != part) continue;
      if ((me_.body >= c.low && me_.body <= c.high) != c.negate) me_.hits[r] |= 1u << i;
    }
  }
  Judge();
  me_.phase = me_.phase == Phase::kOpaque ? Phase::kOpaque : Phase::kHead;
}

void HttpRun::Judge() {
  for (std::size_t r = 0; r < map_.rules.size() && r < me_.hits.size() && !closed_; r++) {
    const InspectRule& rule = map_.rules[r];
    const std::size_t n = std::min<std::size_t>(rule.criteria.size(), 32);
    const std::uint32_t all = n == 32 ? 0xffffffffu : (1u << n) - 1;
    if (me_.done[r] || (rule.any ? me_.hits[r] == 0 : me_.hits[r] != all)) continue;
    me_.done[r] = true;
    std::size_t first = 0;
    while ((me_.hits[r] >> first & 1) == 0) first++;
    Act(rule.action, rule.row, MessageOf(rule.criteria[first].what), rule.name);
  }
}

void HttpRun::Act(const InspectAction& action, std::size_t row, Msg m, std::string_view what) {
  using Kind = InspectAction::Kind;
  call_.CountRow(row);
  const bool reset = action.kind == Kind::kReset, ends = reset || action.kind == Kind::kDropConnection || action.kind == Kind::kDrop;
  if (action.log) {
    const auto doing = LogArg::Word(reset ? "Resetting connection" : ends ? "Dropping connection" : "Allowing connection");
    if (m == Msg::k415011) {
      call_.log.Log(call_.now, m, std::string_view(map_.name), doing, call_.Source(), call_.SourcePort(), call_.Destination(),
                    call_.DestinationPort());
    } else {
      call_.log.Log(call_.now, m, what, std::string_view(map_.name), doing, call_.Source(), call_.SourcePort(), call_.Destination(),
                    call_.DestinationPort());
    }
  }
  if (!ends) return;
  closed_ = true;
  call_.Close(reset);
}

void HttpRun::Violation() {
  if (map_.protocol_violation && !closed_) Act(map_.violation, map_.row_violation, Msg::k415011, {});
}

}  // namespace

bool HttpInspector::Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap*) const {
  return protocol == 6 && (port == 0 || port == kHttpPort);
}

FrameDrop HttpInspector::Inspect(InspectCall& call) {
  const HttpMap& map = call.map != nullptr ? static_cast<const HttpMap&>(*call.map) : defaults_;
  auto* state = static_cast<HttpState*>(call.state());
  if (state == nullptr) {
    auto made = std::make_unique<HttpState>();
    state = made.get();
    call.Keep(std::move(made));
  }
  HttpRun(call, map, *state).Go();
  return FrameDrop::kNone;
}

}  // namespace sallyport
