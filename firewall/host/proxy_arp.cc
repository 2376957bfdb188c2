#include "firewall/host/proxy_arp.h"

#include <algorithm>
#include <cstdint>

namespace sallyport {

namespace {

// Inclusive, host order, in 64 bits so that "one past the end" exists.
struct Span {
  std::uint64_t first, last;
};

// Cuts a span into the fewest prefixes.
void AppendPrefixes(Span s, std::vector<Prefix>& out) {
  while (s.first <= s.last && out.size() < kMaxProxyPrefixes) {
    int length = 32;
    std::uint64_t size = 1;
    while (length > 0 && s.first % (size * 2) == 0 && s.first + size * 2 - 1 <= s.last) {
      size *= 2;
      length--;
    }
    out.push_back(Prefix::Of(IpAddress::V4(static_cast<std::uint32_t>(s.first)), length));
    s.first += size;
  }
}

}  // namespace

static std::vector<ProxyArpEntry> EntriesOf(const Policy& policy, const Interface& interface, bool pools) {
  if (!interface.proxy_arp || !interface.address.IsV4() || interface.prefix_length >= 31) return {};
  const std::uint64_t mask = 0xffffffffu >> interface.prefix_length;
  const std::uint64_t network = interface.address.v4() & ~mask;
  const Span subnet{network + 1, network + mask - 1};

  std::vector<std::uint64_t> holes = {interface.address.v4()};
  for (const Route& r : policy.routes.routes()) {
    if (r.gateway.IsV4()) holes.push_back(r.gateway.v4());
  }
  std::sort(holes.begin(), holes.end());

  struct RuleSpan {
    Span span;
    const NatRule* rule;
  };
  std::vector<RuleSpan> spans;
  for (const NatRule& rule : policy.nat.rules()) {
    if (rule.exempt || rule.inactive || rule.no_proxy_arp) continue;
    const auto add = [&](const std::vector<AddressRange>& ranges, IfId side) {
      if (side != IfId::kAny && policy.Layer3(side) != interface.id) return;  // of a bridge group's member the BVI answers
      for (const AddressRange& r : ranges) {
        if (!r.first.IsV4()) continue;
        const Span s{std::max<std::uint64_t>(r.first.v4(), subnet.first), std::min<std::uint64_t>(r.last.v4(), subnet.last)};
        if (s.first <= s.last) spans.push_back({s, &rule});
      }
    };
    if (!rule.identity && !rule.mapped_is_interface) {
      add(rule.mapped_src, rule.mapped_if);
      add(rule.pat_src, rule.mapped_if);
    }
    // Twice NAT: the peer, as the hosts know it, is for them to find.
    if (!rule.real_dst.empty() && rule.mapped_dst != rule.real_dst) add(rule.mapped_dst, rule.real_if);
  }
  for (const AddressRange& r : pools ? policy.user_pools : std::vector<AddressRange>{}) {
    if (!r.first.IsV4()) continue;
    const Span s{std::max<std::uint64_t>(r.first.v4(), subnet.first), std::min<std::uint64_t>(r.last.v4(), subnet.last)};
    if (s.first <= s.last) spans.push_back({s, nullptr});
  }
  std::stable_sort(spans.begin(), spans.end(), [](const RuleSpan& a, const RuleSpan& b) { return a.span.first < b.span.first; });

  std::vector<ProxyArpEntry> out;
  std::vector<Prefix> prefixes;
  std::uint64_t at = 0;  // everything below has been dealt with
  for (auto [s, rule] : spans) {
    s.first = std::max(s.first, at);
    if (s.first > s.last) continue;
    at = s.last + 1;
    prefixes.clear();
    for (std::uint64_t hole : holes) {
      if (hole < s.first || hole > s.last) continue;
      if (hole > s.first) AppendPrefixes({s.first, hole - 1}, prefixes);
      s.first = hole + 1;
    }
    if (s.first <= s.last) AppendPrefixes(s, prefixes);
    for (const Prefix& p : prefixes) {
      if (out.size() < kMaxProxyPrefixes) out.push_back({p, rule});
    }
  }
  return out;
}

std::vector<ProxyArpEntry> ProxyArpEntries(const Policy& policy, const Interface& interface) { return EntriesOf(policy, interface, false); }

std::vector<Prefix> ProxyArpPrefixes(const Policy& policy, const Interface& interface) {
  std::vector<Prefix> out;
  for (const ProxyArpEntry& e : EntriesOf(policy, interface, true)) out.push_back(e.prefix);
  return out;
}

}  // namespace sallyport
