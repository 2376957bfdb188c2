#include "firewall/tcp_sent.h"

#include <algorithm>

namespace sallyport {

FrameDrop TcpSent::Check(std::uint32_t seq, Bytes bytes, const TcpQueueBudget& budget) const {
  if (!started_ || bytes.empty()) return FrameDrop::kNone;
  const std::uint32_t end = seq + static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t from = SeqBefore(seq, first_) ? first_ : seq;
  const std::uint32_t to = SeqBefore(end, End()) ? end : End();
  if (SeqBefore(from, to)) {
    const auto kept = kept_.begin() + static_cast<std::ptrdiff_t>(from - first_);
    if (!std::equal(kept, kept + static_cast<std::ptrdiff_t>(to - from), bytes.begin() + static_cast<std::ptrdiff_t>(from - seq))) {
      return FrameDrop::kTcpnormRexmitBad;
    }
    if (SeqAfter(end, End())) return FrameDrop::kTcpXmitPartial;
  }
  const std::size_t more = SeqAfter(end, End()) ? end - End() : 0;
  if (more != 0 && (kept_.size() + more > kMost || budget.bytes + more > budget.max_bytes)) return FrameDrop::kTcpGlobalBufferFull;
  return FrameDrop::kNone;
}

void TcpSent::Passed(std::uint32_t seq, Bytes bytes, TcpQueueBudget& budget) {
  if (!started_) {
    first_ = seq;
    started_ = true;
  }
  const std::uint32_t end = seq + static_cast<std::uint32_t>(bytes.size());
  if (!SeqAfter(end, End())) return;
  // In order, so that nothing is missing between what is kept and this.
  const std::uint32_t skip = SeqBefore(seq, End()) ? End() - seq : 0;
  kept_.insert(kept_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(skip), bytes.end());
  budget.bytes += bytes.size() - skip;
}

void TcpSent::Acknowledged(std::uint32_t ack, TcpQueueBudget& budget) {
  if (!started_ || !SeqAfter(ack, first_)) return;
  const std::size_t gone = std::min<std::size_t>(ack - first_, kept_.size());  // a FIN has a number and no byte
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(gone));
  first_ += static_cast<std::uint32_t>(gone);
  budget.bytes -= gone;
}

void TcpSent::Clear(TcpQueueBudget& budget) {
  budget.bytes -= kept_.size();
  kept_.clear();
}

}  // namespace sallyport
