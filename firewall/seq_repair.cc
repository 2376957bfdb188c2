#include "firewall/seq_repair.h"

#include <algorithm>

namespace sallyport {
namespace {

bool Before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }

}  // namespace

std::uint32_t SeqRepair::Edit::Offset(std::uint32_t i) const {
  const auto length = static_cast<std::uint32_t>(inserted.size());
  return i >= removed ? length : std::min(i, length);
}

std::uint32_t SeqRepair::Added() const {
  if (edits_.empty()) return base_;
  const Edit& last = edits_.back();
  return last.before + static_cast<std::uint32_t>(last.inserted.size()) - last.removed;
}

bool SeqRepair::Add(std::uint32_t at, std::uint32_t removed, Bytes inserted) {
  if (removed == 0 || edits_.size() >= kMaxEdits || inserted_ + inserted.size() > kMaxInserted) return false;
  if (!edits_.empty() && Before(at, edits_.back().end())) return false;
  edits_.push_back({at, removed, Added(), {inserted.begin(), inserted.end()}});
  inserted_ += inserted.size();
  return true;
}

std::uint32_t SeqRepair::Map(std::uint32_t original) const {
  for (std::size_t i = edits_.size(); i-- != 0;) {
    const Edit& e = edits_[i];
    if (Before(original, e.at)) continue;
    return e.at + e.before + e.Offset(std::min(original - e.at, e.removed)) +
           (original - e.at > e.removed ? original - e.at - e.removed : 0);
  }
  return original + base_;
}

std::uint32_t SeqRepair::Unmap(std::uint32_t rewritten) const {
  for (std::size_t i = edits_.size(); i-- != 0;) {
    const Edit& e = edits_[i];
    const std::uint32_t start = e.at + e.before;
    if (Before(rewritten, start)) continue;
    const std::uint32_t offset = rewritten - start;
    const auto length = static_cast<std::uint32_t>(e.inserted.size());
    if (offset >= length) return e.end() + (offset - length);
    return e.at + std::min(offset, e.removed - 1);
  }
  return rewritten - base_;
}

bool SeqRepair::Touches(std::uint32_t seq, std::uint32_t length) const {
  for (const Edit& e : edits_) {
    if (Before(seq, e.end()) && Before(e.at, seq + length)) return true;
  }
  return false;
}

void SeqRepair::Rewrite(std::uint32_t seq, Bytes payload, std::vector<std::uint8_t>& out) const {
  out.clear();
  const std::uint32_t end = seq + static_cast<std::uint32_t>(payload.size());
  std::uint32_t at = seq;
  const auto keep = [&](std::uint32_t until) {
    out.insert(out.end(), payload.begin() + (at - seq), payload.begin() + (until - seq));
    at = until;
  };
  for (const Edit& e : edits_) {
    if (!Before(at, e.end())) continue;
    if (!Before(e.at, end)) break;
    if (Before(at, e.at)) keep(e.at);
    const std::uint32_t until = Before(e.end(), end) ? e.end() : end;
    out.insert(out.end(), e.inserted.begin() + e.Offset(at - e.at), e.inserted.begin() + e.Offset(until - e.at));
    at = until;
  }
  keep(end);
}

void SeqRepair::Acknowledged(std::uint32_t original) {
  while (!edits_.empty() && !Before(original, edits_.front().end())) {
    const Edit& e = edits_.front();
    base_ = e.before + static_cast<std::uint32_t>(e.inserted.size()) - e.removed;
    inserted_ -= e.inserted.size();
    edits_.erase(edits_.begin());
  }
}

}  // namespace sallyport
