#include "cli/replay.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <unordered_map>

#include "cli/memory_host.h"
#include "cli/session.h"
#include "cli/show_packet_tracer.h"
#include "cli/trace_view.h"
#include "conf/codecs.h"
#include "firewall/log_ring.h"
#include "firewall/packet.h"
#include "inspect/engines.h"

namespace sallyport {
namespace {

constexpr std::uint64_t kBetweenReports = 20'000;  // packets between two looks at the log and the progress

// Every event goes to the log as configured, and those of one packet are kept to explain it.
class Tee final : public LogSink {
 public:
  explicit Tee(LogRing& ring) : ring_(ring) {
    for (auto& e : enabled_) e = true;
  }
  void Emit(const LogEvent& e) override {
    if (kept_.size() < kMost) kept_.push_back(e);
    if (ring_.Enabled(e.msg)) ring_.Emit(e);
  }
  void Forget() { kept_.clear(); }
  const std::vector<LogEvent>& kept() const { return kept_; }

 private:
  static constexpr std::size_t kMost = 8;
  LogRing& ring_;
  std::vector<LogEvent> kept_;
};

// A state folder of its own, gone with the replay.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sallyport-replay-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string Describe(Packet p) {
  if (p.fragment && p.fragment_offset == 0) (void)ParseTransport(p, p.wire_length - p.l4_offset);
  const bool ports = p.IsTcp() || p.IsUdp();
  const auto end = [&](const IpAddress& a, std::uint16_t port) {
    return a.ToString() + (ports && !(p.fragment && p.fragment_offset != 0) ? ":" + std::to_string(port) : "");
  };
  std::string out = ProtocolName(p.protocol) + " " + end(p.key.src, p.key.sport) + " > " + end(p.key.dst, p.key.dport);
  if (p.IsTcp()) {
    static constexpr std::pair<std::uint8_t, const char*> kFlags[] = {{kTcpFin, "FIN"}, {kTcpSyn, "SYN"}, {kTcpRst, "RST"},
                                                                      {kTcpPsh, "PSH"}, {kTcpAck, "ACK"}, {kTcpUrg, "URG"}};
    for (const auto& [bit, name] : kFlags) {
      if ((p.tcp_flags & bit) != 0) out += std::string(" ") + name;
    }
  } else if (p.IsIcmp()) {
    out += " type " + std::to_string(p.icmp_type) + " code " + std::to_string(p.icmp_code);
  }
  return out;
}

}  // namespace

struct Replay::Impl {
  explicit Impl(Options o)
      : options(std::move(o)), state(std::move(*StateFolder::Open(folder.path()))) {
    inspectors = inspections.Table();
    Engine::Options how;
    how.recorded = true;
    engine = std::make_unique<Engine>(how, clock, tee, Random(options.seed), inspectors);
    host = std::make_unique<MemoryHost>(*engine, clock);
    appliance = std::make_unique<Appliance>(Appliance::Parts{clock, nullptr, *engine, ring, state, *host});
    appliance->SetPost([](const std::function<void()>& f) { f(); });
  }

  Options options;
  TemporaryFolder folder;
  StateFolder state;
  ManualClock clock;  // its scale is wall time: capture times are set directly
  LogRing ring;
  Tee tee{ring};
  InspectionEngines inspections;
  Inspectors inspectors;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<MemoryHost> host;
  std::unique_ptr<Appliance> appliance;
  std::unique_ptr<Session> session;
  std::string printed;
  Totals totals;
  std::string damage;
  std::map<IfId, CaptureWriter> writers;
  // Fragments that wait for the others: their bytes and interface.
  struct Held {
    std::vector<std::uint8_t> bytes;
    std::uint32_t wire_length = 0;
    std::uint64_t number = 0;
    IfId interface = IfId::kAny;
  };
  std::unordered_map<std::uint32_t, Held> held;
  std::vector<std::uint8_t> buffer;

  Status Leave(IfId egress, std::span<const std::uint8_t> bytes, std::uint32_t wire_length) {
    const Interface* to = appliance->policy()->Find(egress);
    if (to == nullptr || egress == IfId::kIdentity) return {};  // to the appliance itself
    totals.out[to->nameif]++;
    if (options.out_folder.empty()) return {};
    auto at = writers.find(egress);
    if (at == writers.end()) {
      auto writer = CaptureWriter::Create(options.out_folder + "/" + to->nameif + ".pcap");
      if (!writer) return Error{writer.error()};
      at = writers.emplace(egress, std::move(*writer)).first;
    }
    at->second.Write(clock.WallNanos(clock.Now()), bytes, wire_length);
    return {};
  }

  // `number`, `at`: of the packet, and where it came in; it may have waited since.
  void Dropped(const Packet& p, std::uint64_t number, IfId at, const Disposition& d) {
    totals.dropped++;
    const bool frame = d.reason != FrameDrop::kNone;
    const std::string keyword(frame ? Keyword(d.reason) : Keyword(d.flow_reason));
    totals.by_reason[keyword]++;
    if (!options.on_drop) return;
    const Interface* in = appliance->policy()->Find(at);
    Drop drop{clock.WallNanos(clock.Now()), number, in != nullptr ? in->nameif : "", Describe(p), keyword, "no reason given", {}};
    if (!keyword.empty()) drop.text = frame ? Text(d.reason) : Text(d.flow_reason);
    for (const LogEvent& e : tee.kept()) {
      const MsgInfo& info = InfoOf(e.msg);
      const auto& changed = appliance->logger().settings().messages;  // `logging message N level L`
      const auto set = changed.find(info.number);
      const int severity = set != changed.end() && set->second.severity ? *set->second.severity : e.severity >= 0 ? e.severity : info.severity;
      drop.messages.push_back("%ASA-" + std::to_string(severity) + "-" + std::to_string(info.number) + ": " + Logger::Render(e));
    }
    options.on_drop(drop);
  }

  void Traced(const TraceResult& trace, const std::string& packet) {
    options.on_trace({totals.fed, packet, ShowPacketTracer(ViewOf(*appliance, trace), appliance->personality())});
  }

  Status Feed(const RecordedPacket& recorded, const Interface& in) {
    totals.fed++;
    totals.in[in.nameif]++;
    buffer.assign(recorded.ip.begin(), recorded.ip.end());
    Packet p;
    p.bytes = buffer;
    p.wire_length = recorded.wire_length;
    p.ingress = in.id;
    p.handle = static_cast<std::uint32_t>(totals.fed);
    Disposition d;
    tee.Forget();
    if (options.on_trace && options.trace.contains(totals.fed)) {
      const TraceResult trace = engine->ProcessTraced(p, clock.Now(), d);
      std::vector<std::uint8_t> bytes(recorded.ip.begin(), recorded.ip.end());
      Packet came;
      came.bytes = bytes;
      came.wire_length = recorded.wire_length;
      ParsePacket(came);
      Traced(trace, Describe(came));
    } else {
      engine->Process(p, clock.Now(), d);
    }
    switch (d.action) {
      case Disposition::Action::kAccept:
        totals.passed++;
        if (Status s = Leave(d.egress, p.bytes, p.wire_length); !s) return s;
        break;
      case Disposition::Action::kDrop: Dropped(p, totals.fed, in.id, d); break;
      case Disposition::Action::kConsume: totals.consumed++; break;
      case Disposition::Action::kHold:
        totals.held++;
        held[p.handle] = {buffer, p.wire_length, totals.fed, in.id};
        break;
    }
    return Collect();
  }

  // What the engine lets go of, and what it sends itself.
  Status Collect() {
    for (const ReleasedPacket& r : engine->TakeReleased()) {
      const auto at = held.find(r.handle);
      if (at == held.end()) continue;
      if (r.disposition.action == Disposition::Action::kAccept) {
        totals.passed++;
        const auto& bytes = r.bytes.empty() ? at->second.bytes : r.bytes;
        if (Status s = Leave(r.disposition.egress, bytes, static_cast<std::uint32_t>(bytes.size())); !s) return s;
      } else {
        Packet p;
        p.bytes = at->second.bytes;
        p.wire_length = at->second.wire_length;
        ParsePacket(p);
        Dropped(p, at->second.number, at->second.interface, r.disposition);
      }
      held.erase(at);
    }
    for (const OriginatedPacket& o : engine->TakeOriginated()) {
      totals.originated++;
      if (Status s = Leave(o.egress, o.bytes, static_cast<std::uint32_t>(o.bytes.size())); !s) return s;
    }
    return {};
  }

  // While packets wait, from deadline to deadline: what is given up is given up at its own time, and explained by no other's messages.
  Status AdvanceTo(TimePoint at) {
    while (!held.empty() && engine->NextDeadline() < at) {
      clock.Set(std::max(clock.Now(), engine->NextDeadline()));
      tee.Forget();
      engine->AdvanceTo(clock.Now());
      if (Status s = Collect(); !s) return s;
    }
    clock.Set(at);
    tee.Forget();
    engine->AdvanceTo(at);
    return Collect();
  }

  // Which interfaces a file's frames came in by: without a tag, and by tag. Subinterfaces of the same port share its wire.
  struct Wire {
    std::optional<IfId> untagged;
    std::map<int, IfId> by_tag;
  };
  std::vector<Wire> wires;

  Status MapVlans(const std::string& name) {
    const Policy& policy = *appliance->policy();
    const std::vector<InterfaceView> interfaces = appliance->Interfaces();
    const auto port_of = [](const std::string& hardware) { return hardware.substr(0, hardware.find('.')); };
    const Interface* named = policy.FindByName(name);
    std::string port = named != nullptr ? port_of(named->hardware) : "";
    for (const InterfaceView& v : interfaces) {
      if (named == nullptr && v.hardware == name) port = name;  // a port that is only a trunk
    }
    if (port.empty()) return Error{"the configuration has no interface named " + name};
    Wire wire;
    for (const InterfaceView& v : interfaces) {
      const Interface* i = policy.FindByName(v.nameif);
      if (i == nullptr || v.nameif.empty() || port_of(i->hardware) != port) continue;
      if (v.vlan) {
        wire.by_tag[*v.vlan] = i->id;
      } else {
        wire.untagged = i->id;
      }
    }
    // A capture of the subinterface itself has no tags.
    if (named != nullptr) wire.untagged = named->id;
    wires.push_back(std::move(wire));
    return {};
  }

  // Where a port has no subinterfaces its tags say nothing.
  std::optional<IfId> InterfaceOf(std::size_t file, const std::optional<int>& vlan) const {
    const Wire& wire = wires[file];
    if (!vlan || wire.by_tag.empty()) return wire.untagged;
    const auto at = wire.by_tag.find(*vlan);
    return at != wire.by_tag.end() ? std::optional(at->second) : std::nullopt;
  }

  Status Run() {
    std::vector<std::string> paths;
    for (const Input& i : options.inputs) {
      if (Status s = MapVlans(i.interface); !s) return s;
      paths.push_back(i.path);
    }
    auto reader = CaptureReader::Open(paths);
    if (!reader) return Error{reader.error()};
    std::uint64_t packets = 0;
    while (auto recorded = reader->Next()) {
      const Input& input = options.inputs[recorded->file];
      const std::optional<IfId> id = InterfaceOf(recorded->file, recorded->vlan);
      if (!id) {
        totals.other_vlan++;
        continue;
      }
      const Interface& in = *appliance->policy()->Find(*id);
      const auto own = input.own ? input.own : reader->MacOf(recorded->file, in.address);
      if (own && recorded->source == *own) {
        totals.own++;
        continue;
      }
      if (totals.first == 0) totals.first = recorded->wall_nanos;
      // Captures of several machines may be a little out of step: time never goes back.
      if (const TimePoint at{recorded->wall_nanos}; at > clock.Now()) {
        if (Status s = AdvanceTo(at); !s) return s;
      }
      totals.last = std::max(totals.last, recorded->wall_nanos);
      if (Status s = Feed(*recorded, in); !s) return s;
      if (ring.size() > ring.capacity() / 2) appliance->logger().Drain();
      if (++packets % kBetweenReports == 0 && options.on_progress) options.on_progress(reader->progress());
    }
    appliance->Tick();
    writers.clear();  // the files are whole now
    totals.not_ip = reader->not_ip();
    damage = reader->damage();
    return {};
  }

  std::string Do(const std::string& command) {
    if (session == nullptr) {
      Session::Options how;
      how.kind = Session::Kind::kScript;
      how.privilege = 15;
      how.greet = false;
      session = std::make_unique<Session>(how, *appliance, [this](const DaemonFrame& f) {
        if (f.kind == DaemonFrame::Kind::kText && !f.unsolicited) printed += f.text;
      });
      session->Start();
    }
    printed.clear();
    ClientFrame line;
    line.kind = ClientFrame::Kind::kLine;
    line.text = command;
    session->OnFrame(line);
    return printed;
  }
};

Replay::Replay(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Replay::~Replay() = default;

LoadReport Replay::Load(std::string_view text, const LoadOptions& options) {
  const LoadReport report = impl_->appliance->configuration().Load(text, options);
  (void)impl_->appliance->Changed();
  return report;
}
Status Replay::Run() { return impl_->Run(); }
const Replay::Totals& Replay::totals() const { return impl_->totals; }
const std::string& Replay::damage() const { return impl_->damage; }
std::string Replay::Do(const std::string& command) { return impl_->Do(command); }

}  // namespace sallyport
