#include "conf/compile_qos.h"

#include <algorithm>
#include <charconv>

namespace sallyport {
namespace {

struct Named {
  std::string_view name;
  int value;
};
// RFC 2474, 2597, 3246.
constexpr Named kCodePoints[] = {{"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18}, {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28},
                                 {"af33", 30}, {"af41", 34}, {"af42", 36}, {"af43", 38}, {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},
                                 {"cs5", 40},  {"cs6", 48},  {"cs7", 56},  {"default", 0}, {"ef", 46}};
// RFC 791.
constexpr Named kPrecedences[] = {{"routine", 0}, {"priority", 1}, {"immediate", 2}, {"flash", 3}, {"flash-override", 4}, {"critical", 5}, {"internet", 6}, {"network", 7}};

template <std::size_t N>
int NumberOf(std::string_view word, const Named (&names)[N]) {
  const auto it = std::find_if(std::begin(names), std::end(names), [&](const Named& n) { return n.name == word; });
  if (it != std::end(names)) return it->value;
  int number = -1;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

std::uint64_t Unsigned(const FieldLine& line, std::string_view field) { return static_cast<std::uint64_t>(line.Int(field).value_or(0)); }

}  // namespace

bool AddFieldMatch(std::string_view text, const FieldLine& line, ServiceClass& c) {
  ServiceMatch m;
  if (text.starts_with("match dscp ")) {
    m.kind = ServiceMatch::Kind::kDscp;
    for (const std::string_view word : line.List("dscp")) {
      const int n = NumberOf(word, kCodePoints);
      if (n >= 0 && n < 64) m.code_points |= std::uint64_t{1} << n;
    }
  } else if (text.starts_with("match precedence ")) {
    m.kind = ServiceMatch::Kind::kDscp;
    for (const std::string_view word : line.List("precedence")) {
      const int n = NumberOf(word, kPrecedences);
      if (n >= 0 && n < 8) m.code_points |= std::uint64_t{0xff} << (8 * n);
    }
  } else if (text.starts_with("match rtp ")) {
    m.kind = ServiceMatch::Kind::kRtp;
    const auto low = static_cast<std::uint16_t>(line.Int("low").value_or(0));
    m.port = {low, static_cast<std::uint16_t>(std::min<std::int64_t>(65535, low + line.Int("range").value_or(0)))};
  } else if (text.starts_with("match tunnel-group ") || text.starts_with("match flow ")) {
    m.kind = ServiceMatch::Kind::kNothing;
  } else {
    return false;
  }
  c.matches.push_back(std::move(m));
  return true;
}

void AddQos(std::string_view text, const FieldLine* line, ServiceClass& c) {
  if (text.starts_with("set connection decrement-ttl")) c.connection.decrement_ttl = true;
  if (text == "priority") c.priority = true;
  if (line == nullptr) return;
  if (text.starts_with("police ")) {
    Police p;
    p.rate = Unsigned(*line, "rate");
    // Without a burst: a thirty-second of the rate, and no less than what can be typed (ASA command reference, `police`).
    p.burst = line->Has("burst") ? Unsigned(*line, "burst") : std::max<std::uint64_t>(1000, p.rate / 32);
    p.drop_conforming = line->Get("conform") == "drop";
    p.drop_exceeding = line->Get("exceed") != "transmit";
    c.police[line->Get("direction") == "output" ? 1 : 0] = p;
  } else if (text.starts_with("shape ")) {
    c.shape = Shaping{Unsigned(*line, "rate"), line->Has("burst") ? Unsigned(*line, "burst") : Unsigned(*line, "rate") / 250};
  }
}

std::map<IfId, PriorityQueue> CompilePriorityQueues(const LineTree& tree, const Policy& policy) {
  std::map<IfId, PriorityQueue> queues;
  for (const auto& l : tree.Of(Section::kPriorityQueue)) {
    const auto* f = l->As<FieldLine>();
    const Interface* on = f != nullptr ? policy.FindByName(f->Get("if")) : nullptr;
    if (on == nullptr) continue;
    PriorityQueue& q = queues[on->id];
    for (const auto& sub : l->lines) {
      const auto* value = sub->As<FieldLine>();
      if (value == nullptr) continue;
      const auto n = static_cast<std::uint32_t>(value->Int("n").value_or(0));
      (sub->text.starts_with("queue-limit") ? q.queue_limit : q.tx_ring_limit) = n;
    }
  }
  return queues;
}

}  // namespace sallyport
