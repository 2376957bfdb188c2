// The engine's body, shared by engine.cc and engine_views.cc only.
#pragma once

#include "firewall/pipeline.h"

namespace sallyport {

struct Engine::Impl : EngineCore {
  using EngineCore::EngineCore;

  void ProcessPacket(Packet& p, TimePoint now, Disposition& out);
  void ProcessDatagram(Packet& p, TimePoint now, Disposition& out);
  void ProcessNew(Packet& p, const Interface* in, TimePoint now, Disposition& out);
  void ProcessFragment(Packet& p, TimePoint now, Disposition& out);
  void DropHeld(std::vector<HeldFragment> held);
  void Refuse(const Packet& p, FrameDrop frame, FlowDrop flow, Disposition& out);
};

}  // namespace sallyport
