#include "inspect/regex.h"

#include <array>
#include <bit>
#include <bitset>
#include <memory>

namespace sallyport {
namespace {

struct Node {
  enum class Kind : std::uint8_t { kEmpty, kClass, kBegin, kEnd, kSequence, kChoice, kStar } kind = Kind::kEmpty;
  std::bitset<256> bytes;
  std::vector<std::shared_ptr<const Node>> parts;
};
using NodePtr = std::shared_ptr<const Node>;

NodePtr Make(Node::Kind kind, std::vector<NodePtr> parts = {}) {
  auto n = std::make_shared<Node>();
  n->kind = kind;
  n->parts = std::move(parts);
  return n;
}

constexpr std::size_t kMaxDepth = 64;

}  // namespace

class RegexParser {
 public:
  explicit RegexParser(std::string_view text) : text_(text) {}

  std::optional<Regex> Go(std::string& error) {
    NodePtr tree = Choice();
    if (tree != nullptr && at_ != text_.size()) Fail("unbalanced )");
    if (!error_.empty()) {
      error = error_;
      return {};
    }
    words_ = (Count(*tree) + 63) / 64;
    if (words_ * 64 > Regex::kMaxPositions) {
      error = "expression is too large";
      return {};
    }
    if (words_ == 0) words_ = 1;
    r_.accepting_.assign(256, Set(words_));
    Facts f = Build(*tree);
    r_.first_ = f.first;
    r_.first_at_begin_ = f.first_begin;
    r_.last_ = f.last;
    r_.last_at_end_ = f.last_end;
    r_.empty_ = f.empty;
    r_.empty_at_begin_ = f.empty_begin;
    r_.empty_at_end_ = f.empty_end;
    r_.empty_whole_ = f.empty_both;
    return std::move(r_);
  }

 private:
  using Set = Regex::Set;
  // Of a part: where it may begin and end, and whether it may be nothing: anywhere, at the beginning, at the end of the text.
  struct Facts {
    Set first, first_begin, last, last_end;
    bool empty = false, empty_begin = false, empty_end = false, empty_both = false;
  };

  void Fail(const char* why) {
    if (error_.empty()) error_ = why;
  }
  bool More() const { return at_ < text_.size() && error_.empty(); }

  NodePtr Choice() {
    if (++depth_ > kMaxDepth) {
      Fail("too many parentheses");
      return nullptr;
    }
    std::vector<NodePtr> ways;
    for (;;) {
      std::vector<NodePtr> parts;
      while (More() && text_[at_] != '|' && text_[at_] != ')') {
        NodePtr part = Repeated();
        if (part == nullptr) return nullptr;
        parts.push_back(std::move(part));
      }
      ways.push_back(parts.size() == 1 ? parts[0] : Make(parts.empty() ? Node::Kind::kEmpty : Node::Kind::kSequence, parts));
      if (!More() || text_[at_] != '|') break;
      at_++;
    }
    depth_--;
    if (!error_.empty()) return nullptr;
    return ways.size() == 1 ? ways[0] : Make(Node::Kind::kChoice, ways);
  }

  NodePtr Repeated() {
    NodePtr part = Atom();
    while (part != nullptr && More()) {
      const char c = text_[at_];
      if (c == '*') {
        part = Make(Node::Kind::kStar, {part});
      } else if (c == '+') {
        part = Make(Node::Kind::kSequence, {part, Make(Node::Kind::kStar, {part})});
      } else if (c == '?') {
        part = Make(Node::Kind::kChoice, {part, Make(Node::Kind::kEmpty)});
      } else if (c == '{') {
        std::size_t least = 0, most = 0;
        bool open = false;
        if (!Bounds(least, most, open)) return part;  // a brace that is none
        if (most > Regex::kMaxPositions || least > most) {
          Fail("bad repetition");
          return nullptr;
        }
        std::vector<NodePtr> parts(least, part);
        if (open) {
          parts.push_back(Make(Node::Kind::kStar, {part}));
        } else {
          const NodePtr maybe = Make(Node::Kind::kChoice, {part, Make(Node::Kind::kEmpty)});
          parts.insert(parts.end(), most - least, maybe);
        }
        part = Make(parts.empty() ? Node::Kind::kEmpty : Node::Kind::kSequence, parts);
        if (Count(*part) > Regex::kMaxPositions) {
          Fail("expression is too large");
          return nullptr;
        }
        continue;
      } else {
        break;
      }
      at_++;
      if (Count(*part) > Regex::kMaxPositions) {
        Fail("expression is too large");
        return nullptr;
      }
    }
    return part;
  }

  // {x}, {x,}, {x,y}: moves behind it.
  bool Bounds(std::size_t& least, std::size_t& most, bool& open) {
    std::size_t at = at_ + 1;
    const auto number = [&](std::size_t& n) {
      const std::size_t from = at;
      for (n = 0; at < text_.size() && text_[at] >= '0' && text_[at] <= '9' && at - from < 4; at++) {
        n = n * 10 + static_cast<std::size_t>(text_[at] - '0');
      }
      return at != from;
    };
    if (!number(least)) return false;
    most = least;
    if (at < text_.size() && text_[at] == ',') {
      at++;
      open = !number(most);
      if (open) most = least;
    }
    if (at >= text_.size() || text_[at] != '}') return false;
    at_ = at + 1;
    return true;
  }

  NodePtr Bytes(std::bitset<256> set) {
    auto n = std::make_shared<Node>();
    n->kind = Node::Kind::kClass;
    n->bytes = set;
    return n;
  }
  NodePtr Byte(unsigned char c) {
    std::bitset<256> set;
    set[c] = true;
    return Bytes(set);
  }

  NodePtr Atom() {
    const char c = text_[at_++];
    switch (c) {
      case '.': return Bytes(std::bitset<256>().set());
      case '^': return Make(Node::Kind::kBegin);
      case '$': return Make(Node::Kind::kEnd);
      case '[': return Class();
      case '\\': return Byte(Escaped());
      case '*':
      case '+':
      case '?': Fail("nothing to repeat"); return nullptr;
      case '(': {
        NodePtr inner = Choice();
        if (inner == nullptr) return nullptr;
        if (at_ >= text_.size() || text_[at_] != ')') {
          Fail("unbalanced (");
          return nullptr;
        }
        at_++;
        return inner;
      }
      default: return Byte(static_cast<unsigned char>(c));
    }
  }

  unsigned char Escaped() {
    if (at_ >= text_.size()) {
      Fail("\\ at the end");
      return 0;
    }
    const char c = text_[at_++];
    switch (c) {
      case 'r': return '\r';
      case 'n': return '\n';
      case 't': return '\t';
      case 'f': return '\f';
      default: break;
    }
    const auto digits = [&](int base, std::size_t count) -> int {
      int n = 0;
      if (text_.size() - at_ < count) return -1;
      for (std::size_t i = 0; i < count; i++) {
        const char d = text_[at_ + i];
        const int v = d >= '0' && d <= '9' ? d - '0' : d >= 'a' && d <= 'f' ? d - 'a' + 10 : d >= 'A' && d <= 'F' ? d - 'A' + 10 : 99;
        if (v >= base) return -1;
        n = n * base + v;
      }
      return n;
    };
    if (c == 'x') {
      const int n = digits(16, 2);
      if (n < 0) return 'x';
      at_ += 2;
      return static_cast<unsigned char>(n);
    }
    if (c >= '0' && c <= '3') {
      at_--;
      const int n = digits(8, 3);
      at_ += n < 0 ? 1 : 3;
      return n < 0 ? static_cast<unsigned char>(c) : static_cast<unsigned char>(n);
    }
    return static_cast<unsigned char>(c);
  }

  NodePtr Class() {
    std::bitset<256> set;
    const bool other = at_ < text_.size() && text_[at_] == '^';
    if (other) at_++;
    bool first = true;
    for (;; first = false) {
      if (at_ >= text_.size()) {
        Fail("unbalanced [");
        return nullptr;
      }
      char c = text_[at_++];
      if (c == ']' && !first) break;
      unsigned char from = static_cast<unsigned char>(c);
      if (c == '\\') from = Escaped();
      unsigned char to = from;
      if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        at_++;
        c = text_[at_++];
        to = c == '\\' ? Escaped() : static_cast<unsigned char>(c);
      }
      if (to < from) {
        Fail("bad range");
        return nullptr;
      }
      for (unsigned v = from; v <= to; v++) set[v] = true;
    }
    if (other) set.flip();
    return Bytes(set);
  }

  // Positions of a tree whose parts may be shared. Stops counting where it is too many anyway.
  static std::size_t Count(const Node& n) {
    if (n.kind == Node::Kind::kClass) return 1;
    std::size_t count = 0;
    for (const NodePtr& p : n.parts) {
      count += Count(*p);
      if (count > Regex::kMaxPositions) return count;
    }
    return count;
  }

  static void Add(Set& to, const Set& from) {
    for (std::size_t i = 0; i < to.size(); i++) to[i] |= from[i];
  }
  void Link(const Set& from, const Set& to) {
    for (std::size_t p = 0; p < r_.follow_.size(); p++) {
      if ((from[p / 64] >> (p % 64) & 1) != 0) Add(r_.follow_[p], to);
    }
  }

  Facts Nothing() const {
    Facts f;
    f.first = f.first_begin = f.last = f.last_end = Set(words_);
    return f;
  }

  Facts Build(const Node& n) {
    Facts f = Nothing();
    switch (n.kind) {
      case Node::Kind::kEmpty: f.empty = f.empty_begin = f.empty_end = f.empty_both = true; return f;
      case Node::Kind::kBegin: f.empty_begin = f.empty_both = true; return f;
      case Node::Kind::kEnd: f.empty_end = f.empty_both = true; return f;
      case Node::Kind::kClass: {
        const std::size_t p = r_.follow_.size();
        r_.follow_.push_back(Set(words_));
        for (std::size_t c = 0; c < 256; c++) {
          if (n.bytes[c]) r_.accepting_[c][p / 64] |= std::uint64_t{1} << (p % 64);
        }
        f.first[p / 64] |= std::uint64_t{1} << (p % 64);
        f.last = f.first;
        return f;
      }
      case Node::Kind::kStar: {
        f = Build(*n.parts[0]);
        Link(f.last, f.first);
        f.empty = f.empty_begin = f.empty_end = f.empty_both = true;
        return f;
      }
      case Node::Kind::kChoice: {
        for (const NodePtr& part : n.parts) {
          const Facts g = Build(*part);
          Add(f.first, g.first);
          Add(f.first_begin, g.first_begin);
          Add(f.last, g.last);
          Add(f.last_end, g.last_end);
          f.empty |= g.empty;
          f.empty_begin |= g.empty_begin;
          f.empty_end |= g.empty_end;
          f.empty_both |= g.empty_both;
        }
        return f;
      }
      case Node::Kind::kSequence: {
        f.empty = f.empty_begin = f.empty_end = f.empty_both = true;
        for (const NodePtr& part : n.parts) {
          const Facts g = Build(*part);
          Link(f.last, g.first);
          if (f.empty) Add(f.first, g.first);
          if (f.empty_begin) {
            Add(f.first_begin, g.first);
            Add(f.first_begin, g.first_begin);
          }
          Set last = g.last, last_end = g.last_end;
          if (g.empty) Add(last, f.last);
          if (g.empty_end) {
            Add(last_end, f.last);
            Add(last_end, f.last_end);
          }
          f.last = last;
          f.last_end = last_end;
          f.empty_both = f.empty_both && g.empty_both;
          f.empty_begin = f.empty_begin && g.empty_begin;
          f.empty_end = f.empty_end && g.empty_end;
          f.empty = f.empty && g.empty;
        }
        return f;
      }
    }
    return f;
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0, words_ = 0;
  std::string error_;
  Regex r_;
};

std::optional<Regex> Regex::Compile(std::string_view pattern, std::string* error) {
  std::string ignored;
  return RegexParser(pattern).Go(error != nullptr ? *error : ignored);
}

Regex::State Regex::Start() const {
  State s;
  s.active.assign(first_.size(), 0);
  return s;
}

bool Regex::Feed(State& s, std::string_view text) const {
  if (s.matched) return true;
  if (empty_ || (!s.begun && empty_at_begin_)) return s.matched = true;
  const std::size_t words = first_.size();
  std::array<std::uint64_t, kMaxPositions / 64> next;
  for (const char c : text) {
    for (std::size_t w = 0; w < words; w++) next[w] = first_[w] | (s.begun ? 0 : first_at_begin_[w]);
    s.begun = true;
    for (std::size_t w = 0; w < words; w++) {
      for (std::uint64_t bits = s.active[w]; bits != 0; bits &= bits - 1) {
        const Set& to = follow_[w * 64 + static_cast<std::size_t>(std::countr_zero(bits))];
        for (std::size_t v = 0; v < words; v++) next[v] |= to[v];
      }
    }
    const Set& takes = accepting_[static_cast<unsigned char>(c)];
    for (std::size_t w = 0; w < words; w++) {
      s.active[w] = next[w] & takes[w];
      if ((s.active[w] & last_[w]) != 0) s.matched = true;
    }
    if (s.matched) return true;
  }
  return false;
}

bool Regex::Finish(State& s) const {
  if (s.matched) return true;
  if (empty_at_end_ || (!s.begun && empty_whole_)) return s.matched = true;
  for (std::size_t w = 0; w < first_.size(); w++) {
    if ((s.active[w] & last_at_end_[w]) != 0) return s.matched = true;
  }
  return false;
}

}  // namespace sallyport
