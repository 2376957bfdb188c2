#include "firewall/fault.h"

#include <algorithm>
#include <utility>

#include "firewall/base/checksum.h"

namespace sallyport {

const char* Word(FaultSpec::Action action) {
  switch (action) {
    case FaultSpec::Action::kLose: return "lose";
    case FaultSpec::Action::kDelay: return "delay";
    case FaultSpec::Action::kDuplicate: return "duplicate";
    case FaultSpec::Action::kReorder: return "reorder";
    case FaultSpec::Action::kCorrupt: return "corrupt";
    case FaultSpec::Action::kSilence: return "silence";
  }
  return "";
}

void FaultSet::Set(const FaultSpec& spec) {
  const auto at = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& r) { return r.spec.name == spec.name; });
  Rule rule{spec, next_id_++, Random(spec.seed)};
  if (at != rules_.end()) {
    *at = std::move(rule);
  } else {
    rules_.push_back(std::move(rule));
  }
}

bool FaultSet::Remove(const std::string& name) {
  const std::size_t gone = std::erase_if(rules_, [&](const Rule& r) { return name.empty() || r.spec.name == name; });
  // Nobody holds them any more: they are due.
  for (LatePacket& l : late_) {
    if (std::none_of(rules_.begin(), rules_.end(), [&](const Rule& r) { return r.id == l.rule; })) l.due = TimePoint();
  }
  std::stable_sort(late_.begin(), late_.end(), [](const LatePacket& a, const LatePacket& b) { return a.due < b.due; });
  return gone != 0 || name.empty();
}

std::vector<FaultView> FaultSet::List() const {
  std::vector<FaultView> all;
  for (const Rule& r : rules_) {
    const auto waiting = std::count_if(late_.begin(), late_.end(), [&](const LatePacket& l) { return l.rule == r.id; });
    all.push_back({r.spec, r.matched, r.acted, static_cast<std::uint32_t>(waiting)});
  }
  return all;
}

bool FaultSet::Matches(const Rule& r, const Packet& p) {
  const IfId at = p.ingress == IfId::kIdentity ? p.egress_hint : p.ingress;
  if (r.spec.interface != IfId::kAny && r.spec.interface != at) return false;
  return !r.spec.match || r.spec.match->Matches(p.key);
}

bool FaultSet::Acts(Rule& r) {
  r.matched++;
  if (r.spec.first != 0 && r.acted >= r.spec.first) return false;
  const bool acts = r.spec.every != 0 ? r.matched % r.spec.every == 0 : r.spec.percent >= 100 || r.random.Below(100) < r.spec.percent;
  if (acts) r.acted++;
  return acts;
}

void FaultSet::Hold(const Rule& r, const Packet& p, TimePoint due, std::uint32_t behind) {
  LatePacket late;
  late.due = due;
  late.behind = behind;
  late.rule = r.id;
  late.bytes.assign(p.bytes.begin(), p.bytes.end());
  late.packet = p;
  const auto at = std::upper_bound(late_.begin(), late_.end(), due, [](TimePoint t, const LatePacket& l) { return t < l.due; });
  late_.insert(at, std::move(late));
}

void FaultSet::Corrupt(Rule& r, Packet& p) {
  // A bit of the payload; of the transport header when there is none.
  const std::size_t from = p.payload_offset != 0 && p.payload_offset < p.bytes.size() ? p.payload_offset : p.l4_offset;
  if (from == 0 || from >= p.bytes.size()) return;
  const std::size_t at = from + r.random.Below(static_cast<std::uint32_t>(p.bytes.size() - from));
  const auto bit = static_cast<std::uint8_t>(1u << r.random.Below(8));
  const bool payload = from == p.payload_offset;
  const std::size_t check = p.IsTcp() ? p.l4_offset + 16u : p.IsUdp() ? p.l4_offset + 6u : p.IsIcmp() ? p.l4_offset + 2u : 0u;
  if (r.spec.repair && payload && check != 0 && check + 2 <= p.bytes.size() && !(p.IsUdp() && LoadBe16(&p.bytes[check]) == 0)) {
    // The word that holds the byte, as the checksum sums it: words begin at the transport header.
    const std::size_t word = at - (at - p.l4_offset) % 2;
    const auto load = [&] {
      return static_cast<std::uint16_t>(p.bytes[word] << 8 | (word + 1 < p.bytes.size() ? p.bytes[word + 1] : 0));
    };
    const std::uint16_t was = load();
    p.bytes[at] ^= bit;
    StoreBe16(&p.bytes[check], ChecksumUpdate16(LoadBe16(&p.bytes[check]), was, load()));
  } else {
    p.bytes[at] ^= bit;
  }
  p.checksum_checked = false;  // what the card has verified is not what is here now
  p.rewritten = true;
}

FaultSet::Verdict FaultSet::Judge(Packet& p, TimePoint now) {
  Verdict v;
  for (Rule& r : rules_) {
    if (!Matches(r, p)) continue;
    const bool acts = Acts(r);
    if (r.spec.action == FaultSpec::Action::kReorder) {
      for (LatePacket& l : late_) {
        if (l.rule == r.id && l.behind != 0 && --l.behind == 0) l.due = TimePoint();
      }
      std::stable_sort(late_.begin(), late_.end(), [](const LatePacket& a, const LatePacket& b) { return a.due < b.due; });
    }
    if (!acts) continue;
    switch (r.spec.action) {
      case FaultSpec::Action::kLose:
      case FaultSpec::Action::kSilence: v.lose = true; return v;
      case FaultSpec::Action::kDuplicate: v.duplicate = true; break;
      case FaultSpec::Action::kCorrupt:
        Corrupt(r, p);
        v.corrupt = true;
        break;
      case FaultSpec::Action::kDelay:
      case FaultSpec::Action::kReorder: {
        if (late_.size() >= kMostWaiting) break;
        const bool reorder = r.spec.action == FaultSpec::Action::kReorder;
        Duration by = reorder ? kMostReorder : r.spec.delay;
        if (!reorder && r.spec.jitter.ns > 0) by.ns += static_cast<std::int64_t>(r.random.U64() % static_cast<std::uint64_t>(r.spec.jitter.ns));
        Hold(r, p, now + by, reorder ? r.spec.behind : 0);
        v.hold = true;
        return v;
      }
    }
  }
  return v;
}

std::vector<LatePacket> FaultSet::TakeDue(TimePoint now) {
  std::vector<LatePacket> due;
  const auto end = std::find_if(late_.begin(), late_.end(), [&](const LatePacket& l) { return l.due > now; });
  due.insert(due.end(), std::make_move_iterator(late_.begin()), std::make_move_iterator(end));
  late_.erase(late_.begin(), end);
  for (LatePacket& l : due) l.packet.bytes = l.bytes;
  return due;
}

TimePoint FaultSet::NextDeadline() const { return late_.empty() ? TimePoint::Max() : late_.front().due; }

}  // namespace sallyport
