// `tcp-map NAME` and the lines below it, as the normalizer has them.
#include <algorithm>

#include "conf/compile.h"
#include "conf/field_line.h"
#include "firewall/tcp_map.h"

namespace sallyport {
namespace {

TcpMapAction ActionOf(std::string_view word) {
  return word == "drop" ? TcpMapAction::kDrop : word == "clear" ? TcpMapAction::kClear : TcpMapAction::kAllow;
}

std::uint8_t KindOf(std::string_view option) {
  if (option == "md5") return kTcpOptionMd5;
  if (option == "mss") return kTcpOptionMss;
  if (option == "selective-ack") return kTcpOptionSackPermitted;
  if (option == "timestamp") return kTcpOptionTimestamp;
  return kTcpOptionWindowScale;
}

void AddOption(const FieldLine& f, TcpMap& m) {
  const TcpMapAction action = ActionOf(f.Get("action"));
  if (const auto low = f.Int("low")) {
    const auto high = f.Int("high").value_or(*low);
    for (std::int64_t kind = *low; kind <= high; kind++) m.option[static_cast<std::size_t>(kind)] = action;
    return;
  }
  const std::uint8_t kind = KindOf(f.Get("option"));
  m.option[kind] = action;
  if (f.Has("multiple")) m.multiple[kind] = true;
  if (f.Get("action") == "maximum") m.mss_maximum = static_cast<std::uint16_t>(f.Int("most").value_or(0));
}

void AddLine(const Line& line, TcpMap& m) {
  const auto* f = line.As<FieldLine>();  // null: `no ...`
  const std::string_view what = std::string_view(line.key).substr(0, line.key.find(' '));
  if (what == "check-retransmission") m.check_retransmission = f != nullptr;
  if (what == "checksum-verification") m.checksum_verification = f != nullptr;
  if (what == "ttl-evasion-protection") m.ttl_evasion_protection = f != nullptr;
  if (f == nullptr) return;
  const std::string_view action = f->Get("action");
  if (what == "exceed-mss") m.exceed_mss_drop = action == "drop";
  if (what == "invalid-ack") m.invalid_ack_drop = action == "drop";
  if (what == "seq-past-window") m.seq_past_window_drop = action == "drop";
  if (what == "syn-data") m.syn_data_drop = action == "drop";
  if (what == "synack-data") m.synack_data_drop = action == "drop";
  if (what == "urgent-flag") m.urgent_clear = action == "clear";
  if (what == "window-variation") m.window_variation_drop = action == "drop-connection";
  if (what == "reserved-bits") m.reserved_bits = ActionOf(action);
  if (what == "tcp-options") AddOption(*f, m);
  if (what == "queue-limit") {
    m.queue_limit = static_cast<std::uint8_t>(f->Int("n").value_or(0));
    m.queue_timeout = Duration::Seconds(f->Int("seconds").value_or(4));
  }
}

}  // namespace

std::shared_ptr<const TcpMap> CompileTcpMap(const LineTree& tree, std::string_view name, int release) {
  const Line* map = tree.Find(Section::kTcpMap, "tcp-map " + std::string(name));
  if (map == nullptr) return nullptr;
  auto m = std::make_shared<TcpMap>(DefaultTcpMap(release));
  m->name = name;
  for (const auto& line : map->lines) AddLine(*line, *m);
  return m;
}

}  // namespace sallyport
