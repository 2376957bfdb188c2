// `show logging [queue | setting | message | asdm]`. Pure functions from the Logger's status to text.
#pragma once

#include <string>

#include "firewall/logger.h"
#include "firewall/personality.h"

namespace sallyport {

// The settings, and below them the lines of the buffer.
std::string ShowLogging(const LoggingStatus& status, const Personality& personality);
// The settings alone (`show logging setting`).
std::string ShowLoggingSetting(const LoggingStatus& status, const Personality& personality);
std::string ShowLoggingAsdm(const LoggingStatus& status);
std::string ShowLoggingQueue(const LoggingStatus& status);
// One message, or all whose severity or state was changed (number 0). "" for a number that is not in the catalogue.
std::string ShowLoggingMessage(const LoggingSettings& settings, int number);

}  // namespace sallyport
