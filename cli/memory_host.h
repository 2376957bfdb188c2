// A machine that is only memory: no links, no kernel, a clock that stands still until somebody moves it. For replays and tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/appliance.h"

namespace sallyport {

class MemoryHost : public ApplianceHost {
 public:
  MemoryHost(Engine& engine, ManualClock& clock) : engine_(engine), clock_(clock) {}
  void OnEngine(const std::function<void()>& f) override { f(); }
  void AdvanceClock(Duration by) override {
    clock_.Advance(by);
    engine_.AdvanceTo(clock_.Now());
  }
  Status Use(const std::shared_ptr<Policy>& policy, const std::map<std::string, int>&) override {
    engine_.SetPolicy(policy, clock_.Now());
    return {};
  }
  // Every link has a carrier.
  void FillInterface(InterfaceView& view, int) override { view.link_up = !view.shutdown; }
  std::vector<ArpView> Arp(const Policy&) override { return {}; }
  void ClearArp(const Policy&) override {}

 private:
  Engine& engine_;
  ManualClock& clock_;
};

}  // namespace sallyport
