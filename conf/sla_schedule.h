// `sla monitor schedule`: times and dates of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conf/field_line.h"
#include "conf/sla.h"

namespace sallyport {

// Reads the line into `e`. Values that are none are left as they are.
void ReadSlaSchedule(std::string_view text, const FieldLine& f, SlaEntry& e);
// Why it cannot be typed; "" : it can.
std::string RefuseSlaSchedule(const FieldLine& f);

}  // namespace sallyport
