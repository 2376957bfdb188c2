#include "vpn/accounting.h"

#include <fmt/format.h>

#include <utility>

namespace sallyport {
namespace {

// Acct-Terminate-Cause (RFC 2866 5.10) of what 113019 calls a reason.
std::uint32_t CauseOf(const std::string& reason) {
  constexpr std::pair<const char*, std::uint32_t> kCauses[] = {
      {"User Requested", 1}, {"Lost Service", 3},         {"Idle Timeout", 4},           {"Max time exceeded", 5},
      {"Administrator Reset", 6}, {"Administrator Shutdown", 6}, {"Administrator Reboot", 7}, {"Connection preempted", 13}};
  for (const auto& [name, cause] : kCauses) {
    if (reason == name) return cause;
  }
  return 9;  // NAS Error
}

void FillAccount(AaaAccount& a, Duration duration, const VpnTraffic& traffic) {
  a.duration = duration;
  a.bytes_in = traffic.rx_bytes;
  a.bytes_out = traffic.tx_bytes;
  a.packets_in = traffic.rx_packets;
  a.packets_out = traffic.tx_packets;
}

}  // namespace

void Accounting::Start(std::uint32_t index, AaaAccount a, TimePoint now) {
  if (aaa_ == nullptr || a.group.empty()) return;
  a.session = fmt::format("{:04X}{:06X}", entropy_.U32() & 0xffff, index);
  aaa_->Account(a);
  told_[index] = {std::move(a), now};
}

void Accounting::TunnelAdded(std::uint32_t index, IpAddress framed, Duration duration, const VpnTraffic& traffic, TimePoint now) {
  const auto it = told_.find(index);
  if (it == told_.end()) return;
  it->second.account.framed_address = framed;
  const AaaServerGroup* g = aaa_->plan().Find(it->second.account.group);
  if (g != nullptr && g->interim) Interim(index, duration, traffic, now);
}

std::vector<std::uint32_t> Accounting::Due(TimePoint now) const {
  std::vector<std::uint32_t> due;
  for (const auto& [index, t] : told_) {
    const AaaServerGroup* g = aaa_->plan().Find(t.account.group);
    if (g == nullptr || g->interim_hours == 0 || now - t.last < Duration::Seconds(std::int64_t{3600} * g->interim_hours)) continue;
    due.push_back(index);
  }
  return due;
}

void Accounting::Interim(std::uint32_t index, Duration duration, const VpnTraffic& traffic, TimePoint now) {
  const auto it = told_.find(index);
  if (it == told_.end()) return;
  it->second.last = now;
  AaaAccount a = it->second.account;
  a.interim = true;
  FillAccount(a, duration, traffic);
  aaa_->Account(a);
}

void Accounting::Stop(std::uint32_t index, Duration duration, const VpnTraffic& traffic, const std::string& reason) {
  const auto it = told_.find(index);
  if (it == told_.end()) return;
  AaaAccount a = std::move(it->second.account);
  told_.erase(it);
  a.stop = true;
  FillAccount(a, duration, traffic);
  a.cause = CauseOf(reason);
  aaa_->Account(a);
}

}  // namespace sallyport
