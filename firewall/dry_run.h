// A packet that is only imagined: while a DryRun is there, whatever goes through the engine takes the way of every packet, says
// nothing, and leaves no trace. packet-tracer is that and a recorder, so it cannot say anything else than what would happen.
//
// What a packet changes is of three kinds. Tables note what comes and goes (UndoLog). Connections are saved where they are found,
// with their queues and the states of inspections. Counters, clocks of limits and the like are kept as a whole. Hits of access
// lists and NAT rules, threat detection's rates and captures see nothing. One thing goes out: a packet that wants a tunnel which is not
// there asks for it, as on an ASA. Cost: some hundred kilobytes copied; nothing for packets
// that are real. Data thread only.
#pragma once

#include "firewall/pipeline.h"

namespace sallyport {

class DryRun {
 public:
  explicit DryRun(EngineCore& core);
  ~DryRun();
  DryRun(const DryRun&) = delete;
  DryRun& operator=(const DryRun&) = delete;

 private:
  void Watch(UndoLog* undo);

  EngineCore& core_;
  UndoLog undo_;
};

}  // namespace sallyport
