// How the pipeline calls an application inspection engine without knowing that inspection exists. Engines live in
// `inspect/`; they know neither sockets nor each other.
#pragma once

#include <cstdint>

#include "firewall/drop_reason.h"
#include "firewall/inspect_map.h"
#include "firewall/log_event.h"
#include "firewall/packet.h"

namespace sallyport {

struct Conn;

struct InspectCall {
  Conn& conn;
  Packet& packet;
  Direction direction;
  TimePoint now;
  NameId ingress_name;
  LogSink& log;
};

class Inspector {
 public:
  virtual ~Inspector() = default;
  // Looks at one packet of a connection it was given; drops it by returning a reason. One virtual call for each packet of an
  // inspected connection only.
  virtual FrameDrop Inspect(const InspectCall& call) = 0;
};

// What one inspection has seen, of all classes together.
struct InspectCounters {
  std::uint64_t packets = 0, drops = 0;
};

// Set once, before traffic. Null entries: the inspection does not act.
struct Inspectors {
  Inspector* engine[static_cast<std::size_t>(InspectId::kCount)] = {};
};

}  // namespace sallyport
