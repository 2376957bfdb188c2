// What a class map matches besides lists and ports, and what a class does to the traffic's rate: lines of plain data as the
// engine's structs.
#pragma once

#include <string_view>

#include "conf/field_line.h"
#include "conf/line_tree.h"
#include "firewall/policy.h"

namespace sallyport {

// `match dscp|precedence|rtp|tunnel-group`. False: it is none of these.
bool AddFieldMatch(std::string_view text, const FieldLine& line, ServiceClass& c);
// `police`, `priority`, `shape`, `set connection decrement-ttl`.
void AddQos(std::string_view text, const FieldLine* line, ServiceClass& c);
// `priority-queue INTERFACE` and what stands below it.
std::map<IfId, PriorityQueue> CompilePriorityQueues(const LineTree& tree, const Policy& policy);

}  // namespace sallyport
