// Where the packet path meets shuns and threat detection. Private to the engine (firewall/*.cc), data thread only.
#pragma once

#include "firewall/pipeline.h"

namespace sallyport {

// The first stage of a new flow: a shunned host opens none (401004).
Verdict Shunned(Context& c);
// `shun`: adds it and ends the connection that it names. False: the table is full (401005).
bool AddShun(EngineCore& core, Shun shun, TimePoint now);
// `no shun` (401003), `clear threat-detection shun` (733103). False: there was none.
bool RemoveShun(EngineCore& core, IpAddress src, Msg message, TimePoint now);
void ClearShuns(EngineCore& core, TimePoint now);
// Shuns of threat detection that are over (733103), and sessions that are three seconds old.
void AdvanceThreats(EngineCore& core, TimePoint now);
TimePoint NextThreatDeadline(const EngineCore& core);

}  // namespace sallyport
