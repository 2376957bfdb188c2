// A trace with the names and states of its interfaces, and captured packets with their frames: what an appliance knows and the
// engine does not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/appliance.h"
#include "cli/capture_text.h"
#include "cli/show_views.h"
#include "firewall/asp_table.h"

namespace sallyport {

TraceView ViewOf(Appliance& appliance, const TraceResult& result);

// The compiled rules as they are now, with their hits. Valid until the next call, and while the control thread is not left; making
// the table takes seconds where there are very many rules, so it is kept for as long as its policy rules and somebody asks.
const AspTable& AspTableNow(Appliance& appliance);
// The rules that tunnels bring along (asp_tunnels.h).
std::vector<AspRule> TunnelRulesNow(Appliance& appliance);
// Both: what a recorded phase may have been decided by.
AspTable AllAspRulesNow(Appliance& appliance);

// The name of an interface; its hardware where it has none.
std::string InterfaceNameOf(const Policy& policy, IfId id);

std::vector<CapturedFrame> FramesOf(Appliance& appliance, std::vector<CapturedPacket> packets);

// "0013.2401.01a3", "00:13:24:01:01:a3"
std::optional<MacAddress> ParseMac(std::string_view text);

}  // namespace sallyport
