// What is known of shared addresses, of blocks of ports, and of rules that are gone.
#include <algorithm>
#include <tuple>

#include "firewall/xlate_impl.h"

namespace sallyport {

using namespace xlate;

std::optional<PortBlock> XlateTable::Impl::LeaveBlock(const Xlate& x) {
  const auto host = host_blocks.find({x.rule, x.real_if, x.mapped_if, x.protocol, x.real.address});
  const auto block = std::find_if(host->second.begin(), host->second.end(), [&](const HostBlock& b) {
    return b.mapped == x.mapped.address && b.ports.Contains(x.mapped.port);
  });
  if (--block->live != 0) return {};
  const PortBlock lost{x.real_if, x.mapped_if, x.protocol, x.real.address, block->mapped, block->ports};
  host->second.erase(block);
  if (host->second.empty()) host_blocks.erase(host);
  const auto taken = port_blocks.find({lost.mapped, lost.mapped_if, lost.protocol});
  std::erase(taken->second, lost.ports);
  if (taken->second.empty()) port_blocks.erase(taken);
  return lost;
}

PortBlock XlateTable::BlockOf(XlateIndex i) const {
  const Xlate& x = impl_->entries[i].x;
  for (const HostBlock& b : impl_->host_blocks.at({x.rule, x.real_if, x.mapped_if, x.protocol, x.real.address})) {
    if (b.mapped == x.mapped.address && b.ports.Contains(x.mapped.port)) {
      return {x.real_if, x.mapped_if, x.protocol, x.real.address, b.mapped, b.ports};
    }
  }
  return {};
}

std::vector<PortBlock> XlateTable::Blocks() const {
  std::vector<PortBlock> all;
  for (const auto& [host, blocks] : impl_->host_blocks) {
    for (const HostBlock& b : blocks) all.push_back({host.real_if, host.mapped_if, host.protocol, host.real, b.mapped, b.ports});
  }
  std::sort(all.begin(), all.end(), [](const PortBlock& a, const PortBlock& b) {
    return std::tie(a.real, a.protocol, a.mapped, a.ports.first) < std::tie(b.real, b.protocol, b.mapped, b.ports.first);
  });
  return all;
}

std::vector<PatAddressView> XlateTable::PatAddresses(TimePoint now) const {
  std::vector<PatAddressView> all;
  for (const auto& [key, space] : impl_->ports) {
    if (space->used() == 0 && now - space->last_used >= kPoolHoldDown) continue;
    all.push_back({key.protocol, key.mapped_if, key.address, key.peer, space->used_in_class()});
  }
  std::sort(all.begin(), all.end(), [](const PatAddressView& a, const PatAddressView& b) {
    return std::tie(a.protocol, a.mapped_if, a.mapped, a.peer) < std::tie(b.protocol, b.mapped_if, b.mapped, b.peer);
  });
  return all;
}

std::uint32_t XlateTable::HostsWithin(IfId mapped_if, const AddressRange& range) const {
  std::uint32_t n = 0;
  std::uint64_t left = 65536;
  for (IpAddress a = range.first; a <= range.last && left != 0; a = a.Plus(1), left--) {
    if (impl_->StandsForHost(mapped_if, a)) n++;
    if (a == range.last) break;
  }
  return n;
}

void XlateTable::ForgetPools() {
  std::erase_if(impl_->ports, [](const auto& entry) { return entry.second->used() == 0; });
}

void XlateTable::Retire(const std::vector<NatRule>& rules, const NatTable& live) {
  Impl& t = *impl_;
  if (rules.empty() && t.retired.empty()) return;
  std::vector<std::uint32_t> in_use;
  Walk(0, 0xffffffff, [&](XlateIndex, const Xlate& x) { in_use.push_back(x.rule); });
  std::sort(in_use.begin(), in_use.end());
  const auto has = [&](const NatRule& r) { return std::binary_search(in_use.begin(), in_use.end(), r.id); };
  std::erase_if(t.retired, [&](const NatRule& r) { return live.ById(r.id) != nullptr || !has(r); });
  for (const NatRule& r : rules) {
    if (r.kind != NatRule::Kind::kStatic && live.ById(r.id) == nullptr && Retired(r.id) == nullptr && has(r)) t.retired.push_back(r);
  }
}

const std::vector<NatRule>& XlateTable::retired() const { return impl_->retired; }

const NatRule* XlateTable::Retired(std::uint32_t id) const {
  for (const NatRule& r : impl_->retired) {
    if (r.id == id) return &r;
  }
  return nullptr;
}

}  // namespace sallyport
