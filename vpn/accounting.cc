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

}  // namespace

void Accounting::Start(std::uint32_t index, AaaAccount a) {
  if (aaa_ == nullptr || a.group.empty()) return;
  a.session = fmt::format("{:04X}{:06X}", entropy_.U32() & 0xffff, index);
  aaa_->Account(a);
  accounts_[index] = std::move(a);
}

void Accounting::Stop(std::uint32_t index, Duration duration, const VpnTraffic& traffic, const std::string& reason) {
  const auto it = accounts_.find(index);
  if (it == accounts_.end()) return;
  AaaAccount a = std::move(it->second);
  accounts_.erase(it);
  a.stop = true;
  a.duration = duration;
  a.bytes_in = traffic.rx_bytes;
  a.bytes_out = traffic.tx_bytes;
  a.packets_in = traffic.rx_packets;
  a.packets_out = traffic.tx_packets;
  a.cause = CauseOf(reason);
  aaa_->Account(a);
}

}  // namespace sallyport
