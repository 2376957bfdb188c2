// Inspection maps: `policy-map type inspect dns|ftp|http|ipv6`, their class maps and regular expressions, as the engines take them.
#include <algorithm>
#include <charconv>
#include <variant>

#include "conf/compile.h"
#include "conf/field_line.h"
#include "conf/lines.h"
#include "firewall/ipv6_inspect.h"
#include "inspect/dns.h"
#include "inspect/ftp.h"
#include "inspect/http.h"

namespace sallyport {
namespace {

using InspectWords = std::vector<std::string_view>;

InspectWords SplitWords(std::string_view text) {
  InspectWords words;
  while (!text.empty()) {
    const std::size_t from = text.find_first_not_of(' ');
    if (from == std::string_view::npos) break;
    const std::size_t to = std::min(text.find(' ', from), text.size());
    words.push_back(text.substr(from, to - from));
    text.remove_prefix(to);
  }
  return words;
}

std::optional<std::uint64_t> NumberOf(std::string_view word) {
  int base = 10;
  if (word.starts_with("0x") || word.starts_with("0X")) {
    word.remove_prefix(2);
    base = 16;
  }
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n, base);
  if (error != std::errc() || end != word.data() + word.size() || word.empty()) return {};
  return n;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

// --- regular expressions

void AddRegex(const LineTree& tree, std::string_view name, RegexSet& set) {
  for (const auto& l : tree.Of(Section::kRegex)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || f->Get("name") != name) continue;
    std::string_view pattern = f->Get("pattern");
    if (pattern.size() >= 2 && pattern.front() == '"' && pattern.back() == '"') pattern = pattern.substr(1, pattern.size() - 2);
    if (auto r = Regex::Compile(pattern)) set.any.push_back(std::move(*r));
  }
}

// "regex NAME" and "regex class NAME" without the word "regex". Nothing is named: matches nothing.
std::shared_ptr<const RegexSet> RegexOf(const LineTree& tree, bool is_class, std::string_view name) {
  auto set = std::make_shared<RegexSet>();
  if (!is_class) {
    AddRegex(tree, name, *set);
    return set;
  }
  for (const auto& c : tree.Of(Section::kClassMap)) {
    const auto* f = c->As<FieldLine>();
    if (f == nullptr || !c->text.starts_with("class-map type regex") || f->Get("name") != name) continue;
    for (const auto& m : c->lines) {
      const auto* regex = m->As<FieldLine>();
      if (regex != nullptr && regex->Has("regex")) AddRegex(tree, regex->Get("regex"), *set);
    }
  }
  return set;
}
std::shared_ptr<const RegexSet> RegexOf(const LineTree& tree, const InspectWords& words, std::size_t at) {
  if (at >= words.size() || words[at] != "regex") return nullptr;
  const bool is_class = at + 2 < words.size() && words[at + 1] == "class";
  return at + 1 < words.size() ? RegexOf(tree, is_class, words[at + (is_class ? 2 : 1)]) : nullptr;
}

// "eq N", "range N M", "gt N", "lt N", with `names` for numbers.
bool Compare(const InspectWords& words, std::size_t at, std::span<const std::pair<std::string_view, std::uint64_t>> names, InspectCriterion& c) {
  const auto value = [&](std::size_t i) -> std::optional<std::uint64_t> {
    if (i >= words.size()) return {};
    for (const auto& [name, n] : names) {
      if (Lower(words[i]) == name) return n;
    }
    return NumberOf(words[i]);
  };
  if (at >= words.size()) return false;
  const auto first = value(at + 1);
  if (!first) return false;
  c.comparing = true;
  if (words[at] == "eq") {
    c.low = c.high = *first;
  } else if (words[at] == "range") {
    const auto second = value(at + 2);
    if (!second) return false;
    c.low = *first;
    c.high = *second;
  } else if (words[at] == "gt") {
    c.low = *first + 1;
    c.high = UINT64_MAX;
  } else if (words[at] == "lt") {
    c.low = 0;
    c.high = *first == 0 ? 0 : *first - 1;
  } else {
    return false;
  }
  return true;
}

// --- criteria of each protocol: `words` are those behind `match [not] WHAT`

bool DnsCriterion(const LineTree& tree, const FieldLine& f, const InspectWords& words, InspectCriterion& c) {
  static constexpr std::pair<std::string_view, std::uint64_t> kFlags[] = {
      {"qr", 0x8000}, {"aa", 0x0400}, {"tc", 0x0200}, {"rd", 0x0100}, {"ra", 0x0080}};
  static constexpr std::pair<std::string_view, std::uint64_t> kTypes[] = {{"a", 1},   {"ns", 2},    {"cname", 5}, {"soa", 6},
                                                                         {"tsig", 250}, {"ixfr", 251}, {"axfr", 252}};
  static constexpr std::pair<std::string_view, std::uint64_t> kClasses[] = {{"in", 1}};
  const std::string_view what = f.Get("what");
  if (what.empty() && f.Has("regex")) {
    c.what = DnsMap::kDomainName;
    c.regex = RegexOf(tree, f.Has("class"), f.Get("regex"));
    return true;
  }
  if (what == "header-flag") {
    c.what = DnsMap::kHeaderFlag;
    std::size_t at = 0;
    if (!words.empty() && words[0] == "eq") c.exact = at++ == 0;
    for (; at < words.size(); at++) {
      const auto* known = std::find_if(std::begin(kFlags), std::end(kFlags), [&](const auto& k) { return Lower(words[at]) == k.first; });
      const auto bits = known != std::end(kFlags) ? std::optional(known->second) : NumberOf(words[at]);
      if (!bits) return false;
      c.bits |= *bits;
    }
    return c.bits != 0 || c.exact;
  }
  if (what == "dns-type") {
    c.what = DnsMap::kType;
    return Compare(words, 0, kTypes, c);
  }
  if (what == "dns-class") {
    c.what = DnsMap::kClass;
    return Compare(words, 0, kClasses, c);
  }
  if (what == "question") {
    c.what = DnsMap::kQuestion;
    return true;
  }
  if (what == "resource-record" && !words.empty()) {
    c.what = DnsMap::kResourceRecord;
    c.part = static_cast<std::uint8_t>(words[0] == "answer" ? DnsSection::kAnswer : words[0] == "authority" ? DnsSection::kAuthority
                                                                                                           : DnsSection::kAdditional);
    return true;
  }
  return false;
}

bool FtpCriterion(const LineTree& tree, const FieldLine& f, const InspectWords& words, InspectCriterion& c) {
  const std::string_view what = f.Get("what");
  if (what == "request-command") {
    c.what = FtpMap::kRequestCommand;
    for (const std::string_view word : words) {
      const int bit = FtpMap::CommandBit(word == "get" ? "RETR" : word == "put" ? "STOR" : word);
      if (bit >= 0) c.bits |= std::uint64_t{1} << bit;
    }
    return c.bits != 0;
  }
  c.regex = RegexOf(tree, words, 0);
  if (c.regex == nullptr) return false;
  if (what == "filename") return c.what = FtpMap::kFilename, true;
  if (what == "filetype") return c.what = FtpMap::kFiletype, true;
  if (what == "server") return c.what = FtpMap::kServer, true;
  if (what == "username") return c.what = FtpMap::kUsername, true;
  return false;
}

bool HttpCriterion(const LineTree& tree, const FieldLine& f, const InspectWords& words, InspectCriterion& c) {
  const std::string_view what = f.Get("what");
  if (what == "req-resp") {
    c.what = HttpMap::kMismatch;
    c.part = HttpMap::kResponse;
    return words.size() == 2 && words[0] == "content-type";
  }
  if ((what != "request" && what != "response") || words.empty()) return false;
  c.part = what == "request" ? HttpMap::kRequest : HttpMap::kResponse;
  const std::string_view of = words[0];
  if (of == "args") return c.what = HttpMap::kArgs, (c.regex = RegexOf(tree, words, 1)) != nullptr;
  if (of == "status-line") return c.what = HttpMap::kStatusLine, (c.regex = RegexOf(tree, words, 1)) != nullptr;
  if (of == "method" && words.size() >= 2) {
    c.what = HttpMap::kMethod;
    c.regex = RegexOf(tree, words, 1);
    if (c.regex == nullptr) c.words.push_back(Lower(words[1]));
    return true;
  }
  if (of == "uri" || of == "body") {
    if (words.size() == 2 && words[1] == "active-x") return c.what = HttpMap::kActiveX, true;
    if (words.size() == 2 && words[1] == "java-applet") return c.what = HttpMap::kJava, true;
    if (words.size() >= 2 && words[1] == "length") {
      c.what = of == "uri" ? HttpMap::kUriLength : HttpMap::kBodyLength;
      return Compare(words, 2, {}, c);
    }
    c.what = of == "uri" ? HttpMap::kUri : HttpMap::kBody;
    return (c.regex = RegexOf(tree, words, 1)) != nullptr;
  }
  if (of != "header" || words.size() < 2) return false;
  if (words[1] == "non-ascii") return c.what = HttpMap::kNonAscii, true;
  if (words[1] == "length") return c.what = HttpMap::kHeaderLength, Compare(words, 2, {}, c);
  if (words[1] == "count") return c.what = HttpMap::kHeaderCount, Compare(words, 2, {}, c);
  std::size_t at = 2;
  if (words[1] == "regex") {
    c.name_regex = RegexOf(tree, words, 1);
    at = words.size() > 3 && words[2] == "class" ? 4 : 3;
  } else {
    c.words.push_back(Lower(words[1]));
  }
  if (at >= words.size()) return false;
  if (words[at] == "length") return c.what = HttpMap::kFieldLength, Compare(words, at + 1, {}, c);
  if (words[at] == "count") return c.what = HttpMap::kFieldCount, Compare(words, at + 1, {}, c);
  c.what = HttpMap::kHeader;
  return (c.regex = RegexOf(tree, words, at)) != nullptr;
}

using CriterionReader = bool (*)(const LineTree&, const FieldLine&, const InspectWords&, InspectCriterion&);

std::optional<InspectCriterion> ReadCriterion(const LineTree& tree, const Line& line, CriterionReader read) {
  const auto* f = line.As<FieldLine>();
  if (f == nullptr || !line.text.starts_with("match ")) return {};
  InspectCriterion c;
  c.negate = f->Has("not");
  c.text = line.text.substr(6);
  while (c.text.ends_with(' ')) c.text.pop_back();
  if (!read(tree, *f, SplitWords(f->Get("text")), c)) return {};
  return c;
}

InspectAction ReadAction(std::string_view words) {
  using Kind = InspectAction::Kind;
  InspectAction a;
  for (const std::string_view w : SplitWords(words)) {
    if (w == "drop") a.kind = Kind::kDrop;
    if (w == "drop-connection") a.kind = Kind::kDropConnection;
    if (w == "reset") a.kind = Kind::kReset;
    if (w == "mask") a.kind = Kind::kMask;
    if (w == "log") a.log = true;
  }
  return a;
}

// `match` lines and `class`es of a map with what is done.
std::vector<InspectRule> ReadRules(const LineTree& tree, const Line& map, std::string_view protocol, CriterionReader read, InspectMap& out) {
  std::vector<InspectRule> rules;
  for (const auto& l : map.lines) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr || l->lines.empty()) continue;
    InspectRule r;
    if (auto c = ReadCriterion(tree, *l, read)) {
      r.name = c->text;
      r.criteria.push_back(std::move(*c));
    } else if (f->Has("class")) {
      r.name = f->Get("class");
      for (const auto& cm : tree.Of(Section::kClassMap)) {
        const auto* cf = cm->As<FieldLine>();
        if (cf == nullptr || cf->Get("protocol") != protocol || cf->Get("name") != r.name) continue;
        r.any = cf->Has("match-any");
        for (const auto& m : cm->lines) {
          if (auto criterion = ReadCriterion(tree, *m, read)) r.criteria.push_back(std::move(*criterion));
        }
      }
    }
    if (r.criteria.empty()) continue;
    std::string doing;
    for (const auto& action : l->lines) {
      if (action->text.starts_with("enforce-tsig")) {
        const auto words = SplitWords(action->text);
        r.action.kind = InspectAction::Kind::kEnforceTsig;
        r.action.tsig_drop = std::find(words.begin(), words.end(), "drop") != words.end();
        r.action.log = std::find(words.begin(), words.end(), "log") != words.end();
      } else if (action->As<FieldLine>() != nullptr) {
        const InspectAction a = ReadAction(action->text);
        if (a.kind != InspectAction::Kind::kNone) r.action.kind = a.kind;
        r.action.log = r.action.log || a.log;
      }
      doing += (doing.empty() ? "" : " ") + action->text;
    }
    out.rows.push_back({l->text, nullptr, false});
    r.row = out.rows.size();
    out.rows.push_back({doing, "packet", true});
    rules.push_back(std::move(r));
  }
  return rules;
}

const Line* Parameters(const Line& map) {
  for (const auto& l : map.lines) {
    if (l->submode == "config-pmap-p") return l.get();
  }
  return nullptr;
}
bool Switched(const Line& l, std::string_view word, bool& value) {
  if (l.key != word) return false;
  value = l.As<std::monostate>() == nullptr;  // a kept `no` has no fields
  return true;
}

void Fingerprint(const LineTree& tree, const Line& line, std::string& text) {
  text += line.text + "\n";
  for (const auto& l : line.lines) Fingerprint(tree, *l, text);
}

// --- maps

std::shared_ptr<InspectMap> Dns(const LineTree& tree, const Line* line, const InspectLine& inspect) {
  auto m = std::make_shared<DnsMap>();
  if (inspect.map == "maximum-length") m->maximum = static_cast<std::uint32_t>(NumberOf(inspect.options).value_or(512));
  if (line == nullptr && !m->maximum) m->maximum = 512;
  bool mismatch = false, tsig = false;
  if (const Line* parameters = line != nullptr ? Parameters(*line) : nullptr) {
    for (const auto& l : parameters->lines) {
      if (Switched(*l, "dns-guard", m->guard) || Switched(*l, "nat-rewrite", m->nat_rewrite) ||
          Switched(*l, "protocol-enforcement", m->protocol_enforcement) || Switched(*l, "id-randomization", m->id_randomization) ||
          Switched(*l, "tcp-inspection", m->tcp_inspection)) {
        continue;
      }
      const auto* f = l->As<FieldLine>();
      if (f == nullptr) continue;
      const auto n = f->Int("n");
      if (f->Get("side") == "client") {
        m->client_auto = f->Has("auto");
        if (n) m->client_maximum = static_cast<std::uint32_t>(*n);
      } else if (f->Get("side") == "server") {
        m->server_auto = f->Has("auto");
        if (n) m->server_maximum = static_cast<std::uint32_t>(*n);
      } else if (l->key == "message-length maximum") {
        if (n) m->maximum = static_cast<std::uint32_t>(*n);
      } else if (l->key == "id-mismatch") {
        mismatch = true;
        m->mismatch_log = f->Get("action") == "log";
        m->mismatch_count = static_cast<std::uint32_t>(f->Int("count").value_or(30));
        m->mismatch_duration = Duration::Seconds(f->Int("duration").value_or(3));
      } else if (l->key == "tsig enforced action") {
        const InspectAction a = ReadAction(f->Get("action"));
        tsig = true;
        m->tsig_drop = a.kind == InspectAction::Kind::kDrop;
        m->tsig_log = a.log;
      }
    }
  }
  const auto row = [&m](std::string text, const char* unit) {
    m->rows.push_back({std::move(text), unit, false});
    return m->rows.size() - 1;
  };
  if (m->client_auto || m->client_maximum) {
    m->row_client = row("message-length maximum client " + (m->client_auto ? "auto" : std::to_string(*m->client_maximum)), "drop");
  }
  if (m->server_auto || m->server_maximum) {
    m->row_server = row("message-length maximum server " + (m->server_auto ? "auto" : std::to_string(*m->server_maximum)), "drop");
  }
  if (m->maximum) m->row_maximum = row("message-length maximum " + std::to_string(*m->maximum), "drop");
  if (m->guard) m->row_guard = row("dns-guard", "count");
  if (m->protocol_enforcement) m->row_protocol = row("protocol-enforcement", "drop");
  if (m->nat_rewrite) m->row_rewrite = row("nat-rewrite", "count");
  if (m->id_randomization) m->row_randomization = row("id-randomization", "count");
  if (mismatch) {
    m->row_mismatch = row("id-mismatch count " + std::to_string(m->mismatch_count) + " duration " +
                              std::to_string(m->mismatch_duration.seconds()), "log");
  }
  if (tsig) m->row_tsig = row("tsig enforced", "count");
  if (line != nullptr) m->rules = ReadRules(tree, *line, "dns", DnsCriterion, *m);
  return m;
}

std::shared_ptr<InspectMap> Ftp(const LineTree& tree, const Line* line, const InspectLine& inspect) {
  auto m = std::make_shared<FtpMap>();
  m->strict = inspect.strict;
  if (line == nullptr) return m;
  if (const Line* parameters = Parameters(*line)) {
    for (const auto& l : parameters->lines) {
      if (!Switched(*l, "mask-banner", m->mask_banner)) Switched(*l, "mask-syst-reply", m->mask_syst_reply);
    }
  }
  if (m->mask_banner) m->rows.push_back({"mask-banner enabled", nullptr, false});
  if (m->strict && m->mask_syst_reply) m->rows.push_back({"mask-syst-reply enabled", nullptr, false});
  m->rules = ReadRules(tree, *line, "ftp", FtpCriterion, *m);
  return m;
}

std::shared_ptr<InspectMap> Http(const LineTree& tree, const Line* line) {
  auto m = std::make_shared<HttpMap>();
  if (line == nullptr) return m;
  if (const Line* parameters = Parameters(*line)) {
    for (const auto& l : parameters->lines) {
      const auto* f = l->As<FieldLine>();
      if (f == nullptr) continue;
      if (l->key == "protocol-violation") {
        m->protocol_violation = true;
        m->violation = ReadAction(f->Get("action"));
        m->rows.push_back({"protocol violations", nullptr, false});
        m->row_violation = m->rows.size();
        m->rows.push_back({"", "packet", true});
      } else if (l->key == "body-match-maximum") {
        m->body_match_maximum = static_cast<std::uint32_t>(f->Int("n").value_or(200));
      } else if (l->key == "spoof-server") {
        m->spoof_server = f->Get("text");
        if (m->spoof_server.size() >= 2 && m->spoof_server.front() == '"') m->spoof_server = m->spoof_server.substr(1, m->spoof_server.size() - 2);
      }
    }
  }
  m->rules = ReadRules(tree, *line, "http", HttpCriterion, *m);
  return m;
}

bool Ipv6Criterion(const LineTree&, const FieldLine& f, const InspectWords& words, InspectCriterion& c) {
  using What = Ipv6Map::What;
  if (f.Get("what") != "header" || words.empty()) return false;
  static constexpr std::pair<std::string_view, What> kPlain[] = {{"ah", What::kAh}, {"destination-option", What::kDestination}, {"esp", What::kEsp},
                                                                 {"fragment", What::kFragment}, {"hop-by-hop", What::kHopByHop}};
  for (const auto& [word, what] : kPlain) {
    if (words.size() == 1 && words[0] == word) return c.what = static_cast<std::uint8_t>(what), true;
  }
  if (words[0] == "count") return c.what = static_cast<std::uint8_t>(What::kCount), Compare(words, 1, {}, c);
  if (words[0] == "routing-type") return c.what = static_cast<std::uint8_t>(What::kRoutingType), Compare(words, 1, {}, c);
  if (words[0] == "routing-address" && words.size() > 1 && words[1] == "count") {
    return c.what = static_cast<std::uint8_t>(What::kRoutingAddresses), Compare(words, 2, {}, c);
  }
  return false;
}

std::shared_ptr<InspectMap> Ipv6(const LineTree& tree, const Line* line) {
  auto m = std::make_shared<Ipv6Map>();
  m->verify_type = m->verify_order = line == nullptr;
  if (const Line* parameters = line != nullptr ? Parameters(*line) : nullptr) {
    for (const auto& l : parameters->lines) {
      if (!Switched(*l, "verify-header type", m->verify_type)) Switched(*l, "verify-header order", m->verify_order);
    }
  }
  const auto parameter = [&m](bool on, const char* text, std::size_t& row) {
    if (!on) return;
    row = m->rows.size();
    m->rows.push_back({text, "drop", false});
  };
  parameter(m->verify_type, "verify-header type", m->row_type);
  parameter(m->verify_order, "verify-header order", m->row_order);
  if (m->rows.empty()) m->row_type = m->row_order = InspectCounters::kMaxRows - 1;  // a chain that cannot be read has no line of its own
  if (line == nullptr) {  // what _default_ipv6_map says
    Ipv6Map::Rule r;
    r.what = Ipv6Map::What::kRoutingType;
    r.high = 255;
    r.drop = r.log = true;
    m->rows.push_back({"match header routing-type range 0 255", nullptr, false});
    r.row = m->rows.size();
    m->rows.push_back({"drop log", "packet", true});
    m->rules.push_back(r);
    return m;
  }
  for (const InspectRule& rule : ReadRules(tree, *line, "ipv6", Ipv6Criterion, *m)) {
    const InspectCriterion& c = rule.criteria.front();
    Ipv6Map::Rule r;
    r.what = static_cast<Ipv6Map::What>(c.what);
    r.negate = c.negate;
    r.low = c.low;
    r.high = c.high;
    r.drop = rule.action.kind == InspectAction::Kind::kDrop;
    r.log = rule.action.log;
    r.row = rule.row;
    m->rules.push_back(r);
  }
  return m;
}

}  // namespace

InspectId InspectIdOf(std::string_view name) {
  if (name == "icmp") return InspectId::kIcmp;
  if (name == "icmp error") return InspectId::kIcmpError;
  if (name == "dns") return InspectId::kDns;
  if (name == "ftp") return InspectId::kFtp;
  if (name == "tftp") return InspectId::kTftp;
  if (name == "http") return InspectId::kHttp;
  if (name == "ipv6") return InspectId::kIpv6;
  return InspectId::kNone;
}

Inspection CompileInspection(const LineTree& tree, const InspectLine& inspect) {
  Inspection i;
  i.id = InspectIdOf(inspect.what);
  i.name = inspect.what;
  i.counters = std::make_shared<InspectCounters>();
  if (i.id != InspectId::kDns && i.id != InspectId::kFtp && i.id != InspectId::kHttp && i.id != InspectId::kIpv6) return i;
  const Line* line = nullptr;
  if (!inspect.map.empty()) line = tree.Find(Section::kPolicyMap, "policy-map type inspect " + inspect.what + " " + inspect.map);
  auto map = i.id == InspectId::kDns   ? Dns(tree, line, inspect)
             : i.id == InspectId::kFtp  ? Ftp(tree, line, inspect)
             : i.id == InspectId::kIpv6 ? Ipv6(tree, line)
                                        : Http(tree, line);
  map->name = line != nullptr ? inspect.map : "";
  map->text = inspect.what + " " + inspect.map + (inspect.strict ? " strict " : " ") + inspect.options + "\n";
  if (line != nullptr) Fingerprint(tree, *line, map->text);
  i.map = std::move(map);
  return i;
}

void InheritInspectCounters(std::vector<ServiceClass>& classes, const Policy* previous) {
  if (previous == nullptr) return;
  for (ServiceClass& c : classes) {
    const auto before = std::find_if(previous->service.begin(), previous->service.end(), [&](const ServiceClass& p) { return p.id == c.id; });
    if (before == previous->service.end()) continue;
    for (Inspection& i : c.inspections) {
      for (const Inspection& p : before->inspections) {
        if (p.name != i.name || (p.map == nullptr) != (i.map == nullptr)) continue;
        if (p.map == nullptr || p.map->text == i.map->text) i.counters = p.counters;
      }
    }
  }
}

}  // namespace sallyport
