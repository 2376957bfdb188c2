// Traffic zones: interfaces of one level that are one interface for flows. A flow may come in by any member and leave by any that has an
// equal route; its connection is found whichever member a packet comes by, and moves to another member when its route is lost.
//
// Source: ASA configuration guide, "Traffic Zones" (9.3(2) on): 8 interfaces and 8 equal-cost routes to a zone, the members' level is
// the first one's, connections of an interface end when it enters or leaves a zone, routes are chosen by a hash of addresses, ports,
// protocol and ingress interface.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firewall/base/time.h"
#include "firewall/types.h"

namespace sallyport {

struct Zone {
  std::uint8_t id = 0;  // 1 on, in the order of the configuration
  std::string name;
  bool passive = false;         // `zone NAME passive`: its members do not forward here either way
  std::vector<IfId> members;    // by id, also those that are shut down
  bool operator==(const Zone&) const = default;
};
inline constexpr int kMostZoneMembers = 8;
inline constexpr int kMostZoneRoutes = 8;
inline constexpr int kMostInterfaceRoutes = 3;  // equal-cost routes by one interface outside of zones

struct EngineCore;
struct Policy;
struct Route;

// `best` itself, or the one of its equals within its interface's zone that the flow takes.
const Route* ChooseWay(const Policy& policy, const Route* best, const FlowKey& key);
// Are they the same interface, or members of one zone?
bool SameZone(const Policy& policy, IfId a, IfId b);
// A policy is coming or has come. Before: connections of interfaces that enter or leave a zone end, and the table learns the zones.
void EnterZones(EngineCore& core, const Policy& coming, TimePoint now);
// After: connections whose member has no route any more, or is shut down, go on by another member (110004).
void MoveWithinZones(EngineCore& core, TimePoint now);

}  // namespace sallyport
