#include "inspect/dns.h"

#include <algorithm>

#include "inspect/dns_rewrite.h"

namespace sallyport {
namespace {

constexpr std::size_t kMaxQueries = 256;                      // unanswered, of one connection
constexpr Duration kQueryLifetime = Duration::Seconds(30);    // older ones make room
constexpr std::uint16_t kPort = 53;

struct Query {
  std::uint16_t id = 0;        // as the server sees it
  std::uint16_t original = 0;  // as the client sent it
  std::uint16_t edns = 0;      // what its OPT record allows, 0: none
  TimePoint at;
  std::uint16_t asked = 0;     // the type that the client asked for, where the server was asked for another; else 0
};

struct DnsState final : InspectState {
  std::unique_ptr<InspectState> Clone() const override { return std::make_unique<DnsState>(*this); }
  std::vector<Query> queries;
  std::uint32_t mismatched = 0;
  TimePoint mismatch_since;
  // TCP, by direction: bytes of a message that is longer than its segment, and half of a length
  std::uint32_t skip[2] = {};
  int half[2] = {-1, -1};
};

// What one walk has found.
struct Found {
  DnsHeader header;
  std::uint16_t edns = 0;
  bool tsig = false;
  std::vector<std::size_t> addresses;  // offsets of A and AAAA data
  std::vector<bool> six;
  bool reverse = false;     // a question for the name of an address
  std::uint16_t asked = 0;  // the type of the first question
};

class Message {
 public:
  Message(InspectCall& call, const DnsMap& map, Bytes bytes, std::size_t offset) : call_(call), map_(map), bytes_(bytes), offset_(offset) {}

  FrameDrop Check(DnsState& state);

 private:
  void Count(std::size_t row) {
    if (row != DnsMap::kNoRow) call_.CountRow(row);
  }
  FrameDrop TooLong(std::size_t limit, std::size_t row) {
    Count(row);
    call_.log.Log(call_.now, Msg::k410001, Word(true), call_.Source(), call_.SourcePort(), call_.Destination(),
                  call_.DestinationPort(), LogArg::Word("packet"), LogArg::Number(static_cast<std::int64_t>(bytes_.size())),
                  LogArg::Word("configured limit"), LogArg::Number(static_cast<std::int64_t>(limit)));
    return FrameDrop::kInspectDnsPakTooLong;
  }
  LogArg Word(bool reply) const {
    return LogArg::Word(!found_.header.Response() ? (reply ? "request" : "query") : reply ? "reply" : "response");
  }
  FrameDrop Length(const DnsState& state);
  FrameDrop Walk();
  FrameDrop Rules();
  bool Matches(const InspectRule& r) const;
  bool Matches(const InspectCriterion& c) const;
  FrameDrop Act(const InspectRule& r, int number);
  FrameDrop Tsig(bool drop, bool log, const char* by, std::string_view info, std::size_t row);
  void Say(Msg m, const char* by, const char* action, std::string_view info) {
    call_.log.Log(call_.now, m, LogArg::Word(by), LogArg::Word(action), Word(false), call_.Source(), call_.SourcePort(),
                  call_.Destination(), call_.DestinationPort(), info);
  }
  FrameDrop Identify(DnsState& state);
  FrameDrop Rewrite();
  FrameDrop RewriteNames();

  InspectCall& call_;
  const DnsMap& map_;
  Bytes bytes_;
  std::size_t offset_;  // in the packet's payload
  Found found_;
  std::optional<std::uint16_t> new_id_;
  std::uint16_t new_type_ = 0;  // of the question
  bool rewritten_ = false;
};

FrameDrop Message::Length(const DnsState& state) {
  const bool reply = found_.header.Response();
  if (reply) {
    std::uint16_t edns = 0;
    for (const Query& q : state.queries) {
      if (q.id == found_.header.id) edns = q.edns;
    }
    if (map_.client_auto && edns != 0) {
      return bytes_.size() > std::max<std::size_t>(edns, 512) ? TooLong(std::max<std::size_t>(edns, 512), map_.row_client) : FrameDrop::kNone;
    }
    if (map_.client_maximum) return bytes_.size() > *map_.client_maximum ? TooLong(*map_.client_maximum, map_.row_client) : FrameDrop::kNone;
  } else {
    if (map_.server_auto && found_.edns != 0) {
      const std::size_t limit = std::max<std::size_t>(found_.edns, 512);
      return bytes_.size() > limit ? TooLong(limit, map_.row_server) : FrameDrop::kNone;
    }
    if (map_.server_maximum) return bytes_.size() > *map_.server_maximum ? TooLong(*map_.server_maximum, map_.row_server) : FrameDrop::kNone;
  }
  if (map_.maximum && bytes_.size() > *map_.maximum) return TooLong(*map_.maximum, map_.row_maximum);
  return FrameDrop::kNone;
}

FrameDrop Message::Walk() {
  DnsWalker walker(bytes_);
  const auto header = walker.Header();
  if (!header) {
    Count(map_.row_protocol);
    return FrameDrop::kInspectDnsInvalidPak;
  }
  found_.header = *header;
  // A question comes from who opened the connection, an answer from the other end.
  if (map_.protocol_enforcement && header->Response() == call_.FromInitiator()) {
    Count(map_.row_protocol);
    return FrameDrop::kInspectDnsInvalidPak;
  }
  DnsRecord r;
  while (walker.Next(r)) {
    if (r.type == kDnsOpt && r.section == DnsSection::kAdditional) found_.edns = r.dns_class;
    if (r.type == kDnsTsig && r.section == DnsSection::kAdditional) found_.tsig = true;
    if (r.dns_class != 1) continue;
    if (r.section == DnsSection::kQuestion) {
      found_.reverse = found_.reverse || r.type == kDnsPtr;
      if (found_.asked == 0) found_.asked = r.type;
      continue;
    }
    if ((r.type == kDnsA && r.data_length == 4) || (r.type == kDnsAaaa && r.data_length == 16)) {
      found_.addresses.push_back(r.data);
      found_.six.push_back(r.type == kDnsAaaa);
    }
  }
  const DnsFault& fault = walker.fault();
  if (fault.kind == DnsFault::Kind::kNone || !map_.protocol_enforcement) return FrameDrop::kNone;
  // A truncated answer may end anywhere.
  if (fault.kind == DnsFault::Kind::kTruncated && (found_.header.flags & 0x0200) != 0) return FrameDrop::kNone;
  Count(map_.row_protocol);
  call_.log.Log(call_.now, Msg::k410001, Word(true), call_.Source(), call_.SourcePort(), call_.Destination(), call_.DestinationPort(),
                LogArg::Word(fault.what), LogArg::Number(static_cast<std::int64_t>(fault.length)), LogArg::Word(fault.limit),
                LogArg::Number(static_cast<std::int64_t>(fault.allowed)));
  return fault.kind == DnsFault::Kind::kLabel ? FrameDrop::kInspectDnsInvalidDomainLabel : FrameDrop::kInspectDnsInvalidPak;
}

bool Message::Matches(const InspectCriterion& c) const {
  if (c.what == DnsMap::kHeaderFlag) {
    const std::uint16_t flags = found_.header.flags & 0xfff0;  // without the response code
    return c.exact ? flags == (c.bits & 0xfff0) : (flags & c.bits) == c.bits;
  }
  DnsWalker walker(bytes_);
  walker.Header();
  DnsRecord r;
  while (walker.Next(r)) {
    switch (c.what) {
      case DnsMap::kType:
        if (r.type >= c.low && r.type <= c.high) return true;
        break;
      case DnsMap::kClass:
        if (r.dns_class >= c.low && r.dns_class <= c.high && r.type != kDnsOpt) return true;
        break;
      case DnsMap::kQuestion:
        if (r.section == DnsSection::kQuestion) return true;
        break;
      case DnsMap::kResourceRecord:
        if (static_cast<std::uint8_t>(r.section) == c.part) return true;
        break;
      case DnsMap::kDomainName: {
        const auto name = walker.Name(r.name);
        if (name && c.regex != nullptr && c.regex->Search(*name)) return true;
        break;
      }
      default: return false;
    }
  }
  return false;
}

bool Message::Matches(const InspectRule& r) const {
  for (const InspectCriterion& c : r.criteria) {
    if ((Matches(c) != c.negate) == r.any) return r.any;
  }
  return !r.any && !r.criteria.empty();
}

FrameDrop Message::Tsig(bool drop, bool log, const char* by, std::string_view info, std::size_t row) {
  if (found_.tsig) return FrameDrop::kNone;
  Count(row);
  if (log) Say(drop ? Msg::k410003 : Msg::k410004, by, drop ? "Dropped (no TSIG)" : "Received (no TSIG)", info);
  return drop ? FrameDrop::kInspectDnsInvalidPak : FrameDrop::kNone;
}

FrameDrop Message::Act(const InspectRule& r, int number) {
  const std::string info = "matched Class " + std::to_string(number) + ": " + r.name;
  switch (r.action.kind) {
    case InspectAction::Kind::kEnforceTsig: return Tsig(r.action.tsig_drop, r.action.log, "DNS Classification", info, r.row);
    case InspectAction::Kind::kNone:
      Count(r.row);
      if (r.action.log) Say(Msg::k410004, "DNS Classification", "Received", info);
      return FrameDrop::kNone;
    case InspectAction::Kind::kMask: {
      Count(r.row);
      if (r.action.log) Say(Msg::k410003, "DNS Classification", "Masked header flags for", info);
      std::uint16_t clear = 0;
      for (const InspectCriterion& c : r.criteria) {
        if (c.what == DnsMap::kHeaderFlag) clear |= static_cast<std::uint16_t>(c.bits & 0x07b0);
      }
      std::uint8_t word[2];
      StoreBe16(word, static_cast<std::uint16_t>(found_.header.flags & ~clear));
      found_.header.flags = LoadBe16(word);
      return call_.Replace(offset_ + 2, 2, Bytes(word, 2)) ? FrameDrop::kNone : FrameDrop::kInspectDnsInvalidPak;
    }
    case InspectAction::Kind::kDrop:
      Count(r.row);
      if (r.action.log) Say(Msg::k410003, "DNS Classification", "Dropped", info);
      return FrameDrop::kInspectDnsInvalidPak;
    case InspectAction::Kind::kDropConnection:
    case InspectAction::Kind::kReset:
      Count(r.row);
      if (r.action.log) Say(Msg::k410003, "DNS Classification", "Dropped connection for", info);
      call_.Close(r.action.kind == InspectAction::Kind::kReset);
      return FrameDrop::kNone;
  }
  return FrameDrop::kNone;
}

FrameDrop Message::Rules() {
  int number = 0;
  for (const InspectRule& r : map_.rules) {
    number++;
    if (!Matches(r)) continue;
    const FrameDrop drop = Act(r, number);
    if (drop != FrameDrop::kNone || r.action.kind == InspectAction::Kind::kDropConnection || r.action.kind == InspectAction::Kind::kReset) {
      return drop;
    }
  }
  if (map_.tsig_drop || map_.tsig_log) {
    return Tsig(map_.tsig_drop, map_.tsig_log, "DNS Parameter", "TSIG resource record not present", map_.row_tsig);
  }
  return FrameDrop::kNone;
}

FrameDrop Message::Identify(DnsState& state) {
  auto& queries = state.queries;
  const std::uint16_t id = found_.header.id;
  if (!found_.header.Response()) {
    // Through NAT64 an IPv6 host asks for AAAA what the IPv4 server knows as A; NAT46 the other way round.
    const bool six = !call_.packet.key.src.IsV4();
    if (map_.nat_rewrite && call_.NamesCrossFamilies() && found_.asked == (six ? kDnsAaaa : kDnsA)) new_type_ = six ? kDnsA : kDnsAaaa;
    for (Query& q : queries) {
      if (q.original != id) continue;
      q.at = call_.now;  // asked again
      if (q.id != id) new_id_ = q.id;
      return FrameDrop::kNone;
    }
    if (queries.size() >= kMaxQueries) {
      std::erase_if(queries, [&](const Query& q) { return call_.now - q.at > kQueryLifetime; });
      if (queries.size() >= kMaxQueries) return FrameDrop::kInspectDnsOutOfAppId;
    }
    Query q{id, id, found_.edns, call_.now, new_type_ != 0 ? found_.asked : std::uint16_t{0}};
    if (map_.id_randomization) {
      q.id = call_.RandomNumber();
      for (int tries = 0; tries < 8 && std::any_of(queries.begin(), queries.end(), [&](const Query& o) { return o.id == q.id; }); tries++) {
        q.id = call_.RandomNumber();
      }
      new_id_ = q.id;
      Count(map_.row_randomization);
    }
    queries.push_back(q);
    return FrameDrop::kNone;
  }
  const auto q = std::find_if(queries.begin(), queries.end(), [id](const Query& o) { return o.id == id; });
  if (q == queries.end()) {
    if (map_.mismatch_log) {
      if (call_.now - state.mismatch_since >= map_.mismatch_duration) {
        state.mismatched = 0;
        state.mismatch_since = call_.now;
      }
      if (++state.mismatched >= map_.mismatch_count) {
        Count(map_.row_mismatch);
        call_.log.Log(call_.now, Msg::k410002, LogArg::Number(state.mismatched), LogArg::Number(map_.mismatch_duration.seconds()),
                      call_.Source(), call_.SourcePort(), call_.Destination(), call_.DestinationPort());
        state.mismatched = 0;
      }
    }
    return map_.guard ? FrameDrop::kInspectDnsIdNotMatched : FrameDrop::kNone;
  }
  if (q->original != q->id) new_id_ = q->original;
  new_type_ = q->asked;
  if (!map_.guard) return FrameDrop::kNone;
  Count(map_.row_guard);
  queries.erase(q);
  if (queries.empty() && !call_.packet.IsTcp()) call_.CloseAfter();
  return FrameDrop::kNone;
}

// Addresses of another length, names of reverse lookups, another type asked for: the message is written anew.
FrameDrop Message::RewriteNames() {
  DnsRewrite how;
  const bool other_family = new_type_ != 0 || (found_.reverse && call_.NamesCrossFamilies());
  how.translate = [this, other_family](IpAddress a) {
    const auto crossed = other_family ? call_.TranslateAnswer(a, true) : std::nullopt;
    return crossed ? crossed : call_.TranslateAnswer(a);
  };
  how.question_type = new_type_;
  auto made = RewriteDns(bytes_, how);
  if (!made || made->changes == 0) return FrameDrop::kNone;
  if (new_id_) StoreBe16(made->message.data(), *new_id_);
  for (std::uint32_t i = 0; i < made->changes; i++) Count(map_.row_rewrite);
  std::size_t at = offset_, removed = bytes_.size();
  if (call_.packet.IsTcp()) {  // its length stands before it
    if (offset_ < 2) return FrameDrop::kInspectDnsInvalidPak;
    const auto length = static_cast<std::uint16_t>(made->message.size());
    made->message.insert(made->message.begin(), {static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)});
    at -= 2;
    removed += 2;
  }
  rewritten_ = true;
  return call_.Replace(at, removed, made->message) ? FrameDrop::kNone : FrameDrop::kInspectDnsInvalidPak;
}

FrameDrop Message::Rewrite() {
  if (map_.nat_rewrite && call_.RewritesNames() && (new_type_ != 0 || found_.reverse)) {
    const FrameDrop drop = RewriteNames();
    if (drop != FrameDrop::kNone || rewritten_) return drop;
  }
  if (new_id_) {
    std::uint8_t word[2];
    StoreBe16(word, *new_id_);
    if (!call_.Replace(offset_, 2, Bytes(word, 2))) return FrameDrop::kInspectDnsInvalidPak;
  }
  if (!map_.nat_rewrite || !call_.RewritesNames() || !found_.header.Response()) return FrameDrop::kNone;
  for (std::size_t i = 0; i < found_.addresses.size(); i++) {
    const std::uint8_t* data = bytes_.data() + found_.addresses[i];
    const bool six = found_.six[i];
    const IpAddress was = six ? IpAddress::FromV6Bytes(data) : IpAddress::FromV4Bytes(data);
    const auto is = call_.TranslateAnswer(was);
    if (!is || *is == was || is->IsV4() == six) continue;
    std::uint8_t bytes[16];
    six ? is->StoreV6(bytes) : is->StoreV4(bytes);
    if (!call_.Replace(offset_ + found_.addresses[i], six ? 16 : 4, Bytes(bytes, six ? 16 : 4))) return FrameDrop::kInspectDnsInvalidPak;
    Count(map_.row_rewrite);
  }
  return FrameDrop::kNone;
}

FrameDrop Message::Check(DnsState& state) {
  FrameDrop drop = Walk();
  if (drop == FrameDrop::kNone && !call_.packet.IsTcp()) drop = Length(state);
  if (drop == FrameDrop::kNone) drop = Identify(state);
  if (drop != FrameDrop::kNone) return drop;
  drop = Rules();
  return drop != FrameDrop::kNone ? drop : Rewrite();
}

// Over TCP a message follows its length (RFC 1035 4.2.2). One that is not whole in its segment passes as it is.
FrameDrop Stream(InspectCall& call, const DnsMap& map, DnsState& state) {
  const int me = call.FromInitiator() ? 0 : 1;
  const Bytes data = call.payload();
  std::size_t at = 0;
  while (at < data.size()) {
    if (state.skip[me] != 0) {
      const auto n = static_cast<std::uint32_t>(std::min<std::size_t>(state.skip[me], data.size() - at));
      state.skip[me] -= n;
      at += n;
      continue;
    }
    if (state.half[me] < 0 && data.size() - at == 1) {
      state.half[me] = data[at];
      return FrameDrop::kNone;
    }
    std::size_t length = 0;
    if (state.half[me] >= 0) {
      length = static_cast<std::size_t>(state.half[me]) << 8 | data[at];
      state.half[me] = -1;
      at += 1;
    } else {
      length = LoadBe16(data.data() + at);
      at += 2;
    }
    if (length > data.size() - at) {
      state.skip[me] = static_cast<std::uint32_t>(length);
      continue;
    }
    const FrameDrop drop = Message(call, map, data.subspan(at, length), at).Check(state);
    if (drop != FrameDrop::kNone) {
      call.Close(true);  // a stream cannot go on without what is dropped
      return drop;
    }
    at += length;
  }
  return FrameDrop::kNone;
}

}  // namespace

DnsInspector::DnsInspector() { defaults_.maximum = 512; }

bool DnsInspector::Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap* map) const {
  if (port != 0 && port != kPort) return false;
  const auto* dns = static_cast<const DnsMap*>(map);
  return protocol == 17 || (protocol == 6 && dns != nullptr && dns->tcp_inspection);
}

FrameDrop DnsInspector::Inspect(InspectCall& call) {
  const DnsMap& map = call.map != nullptr ? static_cast<const DnsMap&>(*call.map) : defaults_;
  auto* state = static_cast<DnsState*>(call.state());
  if (state == nullptr) {
    auto made = std::make_unique<DnsState>();
    state = made.get();
    call.Keep(std::move(made));
  }
  if (call.packet.IsTcp()) return Stream(call, map, *state);
  return Message(call, map, call.payload(), 0).Check(*state);
}

}  // namespace sallyport
