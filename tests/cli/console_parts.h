// A whole appliance in memory, without an operating system under it, and consoles on it: what a person would see. For tests
// (console_fixture.h) and for the fuzz target.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/appliance.h"
#include "cli/memory_host.h"
#include "cli/session.h"
#include "inspect/engines.h"

namespace sallyport {

// 2024-05-01 15:00:00 UTC, a Wednesday.
inline constexpr std::int64_t kTestWall = 1'714'575'600'000'000'000;

// Can refuse.
class TestHost final : public MemoryHost {
 public:
  using MemoryHost::MemoryHost;
  Status Use(const std::shared_ptr<Policy>& policy, const std::map<std::string, int>& vlans) override {
    if (Status used = MemoryHost::Use(policy, vlans); !used) return used;
    return complaint.empty() ? Status{} : Status{Error{complaint}};
  }
  bool NoCarrier(const Interface& f, const InterfaceView&) override { return dead.contains(f.hardware); }
  std::string complaint;  // what the machine would not take
  std::set<std::string> dead;  // hardware whose link carries nothing
};

struct TestAppliance {
  explicit TestAppliance(DnsTransport* dns = nullptr) : folder(MakeFolder()), state(std::move(*StateFolder::Open(folder))) {
    inspectors = inspections.Table();
    Engine::Options options;
    options.max_connections = 1000;
    clock.Set({1'000'000'000});
    engine = std::make_unique<Engine>(options, clock, ring, Random(1), inspectors);
    host = std::make_unique<TestHost>(*engine, clock);
    appliance = std::make_unique<Appliance>(Appliance::Parts{.clock = clock, .wall_clock = nullptr, .engine = *engine, .ring = ring, .state = state, .host = *host, .dns = dns});
    appliance->SetPost([this](std::function<void()> f) { posted.push_back(std::move(f)); });
  }
  ~TestAppliance() {
    appliance.reset();
    std::filesystem::remove_all(folder);
  }
  static std::string MakeFolder() {
    char name[] = "/tmp/sallyport-test-XXXXXX";
    return mkdtemp(name) != nullptr ? name : "";
  }

  std::string folder;
  StateFolder state;
  ManualClock clock{kTestWall - 1'000'000'000};
  LogRing ring{256};
  InspectionEngines inspections;
  Inspectors inspectors;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<TestHost> host;
  std::unique_ptr<Appliance> appliance;
  std::deque<std::function<void()>> posted;
};

// A client: types, and collects what comes until it is asked for something again.
class TestConsole {
 public:
  TestConsole(TestAppliance& a, const Session::Options& options)
      : session_(std::make_unique<Session>(options, *a.appliance, [this](const DaemonFrame& f) { Take(f); })) {
    session_->Start();
  }

  // Types a line and returns what was printed for it.
  std::string Do(const std::string& text, bool end = false) {
    ClientFrame f;
    f.kind = ClientFrame::Kind::kLine;
    f.text = text;
    f.end = end;
    return Send(f);
  }
  std::string Key(char key) {
    ClientFrame f;
    f.kind = ClientFrame::Kind::kKey;
    f.text = std::string(1, key);
    return Send(f);
  }
  std::string Help(const std::string& buffer) { return Ask(ClientFrame::Kind::kHelp, buffer); }
  std::string Tab(const std::string& buffer) { return buffer + Ask(ClientFrame::Kind::kComplete, buffer); }
  std::string Interrupt() { return Ask(ClientFrame::Kind::kInterrupt, ""); }

  // Any frame; returns what was printed for it.
  std::string Send(const ClientFrame& f) {
    text_.clear();
    session_->OnFrame(f);
    return std::exchange(text_, {});
  }

  const std::string& prompt() const { return prompt_.text; }
  DaemonFrame::Mode mode() const { return prompt_.mode; }
  bool failed() const { return prompt_.failed; }
  bool gone() const { return gone_; }
  std::string Printed() { return std::exchange(text_, {}); }
  const std::string& log() const { return log_; }
  Session& session() { return *session_; }

 private:
  void Take(const DaemonFrame& f) {
    switch (f.kind) {
      case DaemonFrame::Kind::kText: (f.unsolicited ? log_ : text_) += f.text; break;
      case DaemonFrame::Kind::kPrompt: prompt_ = f; break;
      case DaemonFrame::Kind::kHelp:
      case DaemonFrame::Kind::kComplete: text_ += f.text; break;
      case DaemonFrame::Kind::kBye: gone_ = true; break;
    }
  }
  std::string Ask(ClientFrame::Kind kind, const std::string& text) {
    ClientFrame f;
    f.kind = kind;
    f.text = text;
    return Send(f);
  }

  std::string text_, log_;
  DaemonFrame prompt_;
  bool gone_ = false;
  std::unique_ptr<Session> session_;
};

}  // namespace sallyport
