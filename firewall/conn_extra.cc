#include "firewall/conn_extra.h"

#include "firewall/undo_log.h"

namespace sallyport {
namespace {

template <typename T>
std::unique_ptr<T> CopyOf(const std::unique_ptr<T>& p) {
  return p != nullptr ? std::make_unique<T>(*p) : nullptr;
}

}  // namespace

ConnExtra::ConnExtra(const ConnExtra& o)
    : inspect_map(o.inspect_map),
      inspect_counters(o.inspect_counters),
      inspect_state(o.inspect_state != nullptr ? o.inspect_state->Clone() : nullptr),
      inspect_stream(CopyOf(o.inspect_stream)),
      secondaries(o.secondaries),
      ipv6_map(o.ipv6_map),
      ipv6_counters(o.ipv6_counters),
      dns_guard(o.dns_guard),
      dns_questions(o.dns_questions),
      qos{o.qos[0], o.qos[1]},
      decrement_ttl(o.decrement_ttl),
      limit_slot(o.limit_slot),
      limit_client(o.limit_client),
      limit_by_client(o.limit_by_client),
      intercept_opening(o.intercept_opening),
      intercept_tries(o.intercept_tries),
      intercept_window(o.intercept_window),
      intercept_mss(o.intercept_mss),
      intercept_sack(o.intercept_sack),
      intercept_cookie(o.intercept_cookie),
      idle_reset(o.idle_reset),
      dcd_retry_s(o.dcd_retry_s),
      dcd_max(o.dcd_max),
      dcd_sent(o.dcd_sent),
      dcd_answered(o.dcd_answered),
      tunnel(o.tunnel),
      tcp_in_order(o.tcp_in_order),
      tcp_proxied(o.tcp_proxied),
      proxy_counters(o.proxy_counters),
      tcp_map(o.tcp_map),
      tcp_stream(CopyOf(o.tcp_stream)) {}

ExtraIndex ConnExtraPool::Take() {
  if (free_.empty()) {
    const auto first = static_cast<ExtraIndex>(blocks_.size() * kBlock);
    blocks_.push_back(std::make_unique<ConnExtra[]>(kBlock));
    free_.reserve(blocks_.size() * kBlock);
    for (ExtraIndex i = kBlock; i-- > 0;) free_.push_back(first + i);
  }
  const ExtraIndex i = free_.back();
  free_.pop_back();
  in_use_++;
  if (undo_ != nullptr) [[unlikely]] {
    undo_->Add([this, i] {
      At(i) = ConnExtra{};
      free_.push_back(i);
      in_use_--;
    });
  }
  return i;
}

void ConnExtraPool::Release(ExtraIndex i) {
  if (undo_ != nullptr) [[unlikely]] {
    auto was = std::make_shared<ConnExtra>(std::move(At(i)));
    undo_->Add([this, i, was] {
      free_.pop_back();  // it was given back last
      in_use_++;
      At(i) = std::move(*was);
    });
  }
  At(i) = ConnExtra{};
  free_.push_back(i);
  in_use_--;
}

}  // namespace sallyport
