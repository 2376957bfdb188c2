#include "conf/migrate_proof.h"

#include <fmt/format.h>

#include "conf/lines.h"
#include "conf/migrate_probes.h"
#include "firewall/engine.h"
#include "inspect/icmp.h"

namespace sallyport {
namespace {

class NoLog final : public LogSink {
 public:
  void Emit(const LogEvent&) override {}
};

// One of the two: a copy of its configuration, compiled, with an engine.
class Side {
 public:
  Side(const Configuration& original, std::vector<std::string>& imagined) : conf_(original.personality()) {
    PrintOptions options;
    options.secrets = true;
    conf_.Load(original.Print(options));
    Imagine(imagined);
  }
  Status Compile() {
    auto policy = conf_.Compile(nullptr);
    if (!policy) return Error{policy.error()};
    policy_ = *policy;
    Inspectors inspectors;
    inspectors.engine[static_cast<std::size_t>(InspectId::kIcmp)] = &icmp_;
    Engine::Options options;
    options.max_connections = 1000;
    engine_ = std::make_unique<Engine>(options, clock_, log_, Random(1), inspectors);
    engine_->SetPolicy(policy_, clock_.Now());
    return {};
  }
  const Policy& policy() const { return *policy_; }

  ProofVerdict Ask(const std::string& ingress, TraceRequest request) {
    const Interface* in = policy_->FindByName(ingress);
    ProofVerdict v;
    if (in == nullptr) {
      v.reason = "no-such-interface";
      return v;
    }
    request.ingress = in->id;
    const TraceResult r = engine_->Trace(request, clock_.Now());
    v.allow = r.allow;
    if (!r.allow) {
      v.reason = r.frame_drop != FrameDrop::kNone ? Keyword(r.frame_drop) : Keyword(r.flow_drop);
      return v;
    }
    const Interface* out = policy_->Find(r.output);
    v.egress = out == nullptr ? "?" : out->nameif;
    v.source = r.source;
    v.destination = r.destination;
    return v;
  }

 private:
  void Imagine(std::vector<std::string>& imagined) {
    std::vector<std::string> lines;
    int n = 1;
    for (const auto& l : conf_.tree().Of(Section::kInterface)) {
      const auto* a = l->First<IpAddressLine>();
      const auto* name = l->First<NameifLine>();
      if (a == nullptr || !a->dhcp || name == nullptr) continue;
      lines.push_back(l->text);
      lines.push_back(" ip address 192.0.0." + std::to_string(n * 8 + 2) + " 255.255.255.248");
      if (a->setroute) lines.push_back("route " + name->name + " 0.0.0.0 0.0.0.0 192.0.0." + std::to_string(n * 8 + 1));
      n++;
    }
    ConfigMode mode;
    for (const std::string& line : lines) conf_.Apply(mode, line);
    imagined = lines;
  }

  Configuration conf_;
  std::shared_ptr<const Policy> policy_;
  NoLog log_;
  ManualClock clock_;
  IcmpInspector icmp_;
  std::unique_ptr<Engine> engine_;
};

// Why two releases refuse the same packet for different reasons. Nothing: that is not known, and so a difference.
std::string Explain(const ProofVerdict& old, const ProofVerdict& fresh) {
  const std::string rpf(Keyword(FlowDrop::kNatRpfFailed)), acl(Keyword(FrameDrop::kAclDrop)), xlate(Keyword(FrameDrop::kNatXlateFailed));
  if (old.allow || fresh.allow) return {};
  if (old.reason == acl && fresh.reason == rpf) {
    return "sent to the real address of a translated host: the old list was asked for that address and refused it; the new list, "
           "which knows the host by it, permits, and the reverse path check refuses";
  }
  if (old.reason == rpf && fresh.reason == acl) {
    return "sent to the real address of a translated host: the old list permits that address and the reverse path check refuses; the new "
           "list knows the host by it and refuses at once";
  }
  if (old.reason == xlate && fresh.reason == rpf) {
    return "nat-control found no rule for the host that is asked for; in its place stands a translation to 0.0.0.0, which the reverse "
           "path check finds";
  }
  const std::string no_xlate(Keyword(FrameDrop::kNatNoXlateToPatPool)), same_interface(Keyword(FrameDrop::kSpSecurityFailed));
  if (old.reason == no_xlate && fresh.reason == same_interface) {
    return "sent to an address of a pool, from the side where the pool is: the old release misses a translation, the new one, which "
           "knows of the pool only by its own rule, sees a packet that would leave by the interface it came in by";
  }
  return {};
}

// The same, but for the port that PAT gives to a low port: releases from 9.15 on do not keep low ones.
bool Same(const ProofVerdict& old, const ProofVerdict& fresh, const TraceRequest& probe) {
  if (old == fresh) return true;
  if (!old.allow || !fresh.allow || probe.sport >= 1024 || old.source.address == probe.src) return false;
  ProofVerdict moved = fresh;
  moved.source.port = old.source.port;
  return fresh.source.port >= 1024 && moved == old;
}

std::string Text(const Endpoint& e, bool ports) { return e.address.ToString() + (ports ? ":" + std::to_string(e.port) : ""); }
std::string Text(const ProofVerdict& v, bool ports) {
  if (!v.allow) return "drop " + v.reason;
  return "allow " + v.egress + " " + Text(v.source, ports) + " > " + Text(v.destination, ports);
}

}  // namespace

Result<Proof> Prove(const Configuration& old, const Configuration& fresh, std::size_t limit) {
  Proof proof;
  Side a(old, proof.imagined), b(fresh, proof.imagined);
  if (const Status s = a.Compile(); !s.ok()) return Error{s.error()};
  if (const Status s = b.Compile(); !s.ok()) return Error{s.error()};
  for (const TraceRequest& probe : ProbesOf(a.policy(), limit, proof.left_out)) {
    ProofRow row;
    row.ingress = a.policy().Find(probe.ingress)->nameif;
    row.packet = probe;
    row.old = a.Ask(row.ingress, probe);
    row.fresh = b.Ask(row.ingress, probe);
    if (!Same(row.old, row.fresh, probe)) {
      row.explanation = Explain(row.old, row.fresh);
      row.result = row.explanation.empty() ? ProofRow::Result::kDifferent : ProofRow::Result::kExplained;
      (row.explanation.empty() ? proof.different : proof.explained)++;
    }
    proof.rows.push_back(std::move(row));
  }
  return proof;
}

std::string ToString(const Proof& proof, bool all) {
  std::string out;
  for (const std::string& line : proof.imagined) out += "imagined: " + line + "\n";
  for (const ProofRow& r : proof.rows) {
    const bool same = r.result == ProofRow::Result::kSame;
    if (same && !all) continue;
    const bool ports = r.packet.protocol == 6 || r.packet.protocol == 17;
    const std::string packet = fmt::format("{:<10} {:<4} {:<21} > {:<21}", r.ingress, r.packet.protocol == 1 ? "icmp" : ProtocolName(r.packet.protocol),
                                           Text({r.packet.src, r.packet.sport}, ports), Text({r.packet.dst, r.packet.dport}, ports));
    if (same) {
      out += packet + "  both: " + Text(r.old, ports) + "\n";
      continue;
    }
    out += packet + "  old:  " + Text(r.old, ports) + "\n" + std::string(packet.size(), ' ') + "  new:  " + Text(r.fresh, ports) + "\n";
    out += r.explanation.empty() ? "    DIFFERENT\n" : "    explained: " + r.explanation + "\n";
  }
  std::size_t allowed = 0;
  for (const ProofRow& r : proof.rows) allowed += r.old.allow && r.result == ProofRow::Result::kSame ? 1 : 0;
  out += fmt::format("{} probes: {} the same ({} of them allowed), {} refused by both for explained reasons, {} different\n", proof.rows.size(),
                     proof.rows.size() - proof.explained - proof.different, allowed, proof.explained, proof.different);
  if (proof.left_out != 0) out += fmt::format("{} more probes were left out\n", proof.left_out);
  return out;
}

}  // namespace sallyport
