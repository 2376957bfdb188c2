// `show nat ...` and `show xlate ...` of both eras. Pure functions from policy and views to text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firewall/nat.h"
#include "firewall/personality.h"
#include "firewall/policy.h"
#include "firewall/views.h"

namespace sallyport {

// 8.3+: rules by section with hit counts; `detail` adds the addresses behind the object names.
// Before 8.3: by real interface; a rule's `show` then holds the lines "match ..." and "    ... translation to ...".
struct NatFilter {
  std::optional<IfId> real_if, mapped_if;
  std::vector<AddressRange> real, mapped;  // empty: any
};
std::string ShowNat(const Policy& policy, bool detail, const NatFilter& filter = {});

struct NatPoolFilter {
  std::optional<IfId> interface;
  std::optional<IpAddress> address;
};
std::string ShowNatPool(const Policy& policy, const NatPoolsView& pools, const NatPoolFilter& filter);

// An address that the appliance answers ARP for, on behalf of a rule.
struct NatArpView {
  IfId interface{};
  Prefix prefix;
  const NatRule* rule = nullptr;
};
std::string ShowNatProxyArp(const Policy& policy, const std::vector<NatArpView>& entries);
// Which rule decides where a packet leaves, by the destination it came with.
std::string ShowNatDivertTable(const Policy& policy, const NatPoolFilter& filter);

// `detail` and, up to 8.2, `debug`.
enum class XlateForm : std::uint8_t { kNormal, kDetail, kDebug };

// Legend and count; then entries page by page.
std::string ShowXlateHeader(std::uint32_t in_use, std::uint32_t most_used, const Personality& personality,
                            XlateForm form = XlateForm::kNormal);
std::string ShowXlateEntry(const XlateView& view, TimePoint now, const Timeouts& timeouts, const Personality& personality,
                           XlateForm form = XlateForm::kNormal);
std::string ShowXlate(const XlatePage& page, const Timeouts& timeouts, const Personality& personality);

struct StaticXlateView {
  std::string from, to;                 // interfaces
  std::vector<std::string> real, mapped;  // "10.1.1.1", "10.9.0.0/30", "10.1.1.1-10.1.1.5"
  std::string protocol;                 // "TCP"; "": NAT, not PAT
  std::string real_ports, mapped_ports;  // "80-80", of PAT
  std::string flags;                    // "s", "srT"
  Duration idle;
};
// Three addresses to a line.
std::string ShowStaticXlate(const StaticXlateView& view);

// Static rules are translations that always exist; they are listed before the dynamic ones. Their use is not timed here, so
// the caller says how long they have been there (`idle`).
std::string ShowXlateStatics(const Policy& policy, Duration idle, const XlateFilter& filter = {}, XlateForm form = XlateForm::kNormal);
// How many translations that lists; an ASA counts them among those in use.
std::uint32_t StaticXlateCount(const Policy& policy);

}  // namespace sallyport
