// What routing consists of beside the routes: reverse path checks and fragments of each interface, SLA monitors and tracks.
#include <algorithm>

#include "conf/compile.h"
#include "conf/configuration_impl.h"
#include "conf/field_line.h"
#include "conf/lines.h"
#include "conf/sla_schedule.h"

namespace sallyport {
namespace {

void Read(const FieldLine& f, SlaEntry& e) {
  if (f.Has("target")) {
    e.target = f.Address("target", {}).value_or(IpAddress());
    e.interface = f.Get("if");
  }
}

void ReadOption(std::string_view text, const FieldLine& f, SlaEntry& e) {
  const auto n = static_cast<int>(f.Int("n").value_or(0));
  if (text.starts_with("num-packets")) e.packets = n;
  if (text.starts_with("request-data-size")) e.data_size = n;
  if (text.starts_with("tos")) e.tos = n;
  if (text.starts_with("timeout")) e.timeout_ms = f.Int("ms").value_or(5000);
  if (text.starts_with("threshold")) e.threshold_ms = f.Int("ms").value_or(5000);
  if (text.starts_with("frequency")) e.frequency_s = static_cast<int>(f.Int("seconds").value_or(60));
}

}  // namespace

void CompileVerify(const LineTree& tree, Policy& policy) {
  for (const auto& l : tree.Of(Section::kIpVerify)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    for (auto& i : policy.interfaces) {
      if (!i || i->nameif.empty() || (f->Has("if") && f->Get("if") != i->nameif)) continue;
      const auto n = static_cast<std::uint32_t>(f->Int("n").value_or(0));
      if (l->text.starts_with("ip verify")) i->verify_reverse_path = true;
      if (l->text.starts_with("fragment size")) i->fragments.size = n;
      if (l->text.starts_with("fragment chain")) i->fragments.chain = n;
      if (l->text.starts_with("fragment timeout")) i->fragments.timeout = Duration::Seconds(n);
    }
  }
}

SlaPlan Configuration::Sla() const {
  const LineTree& tree = impl_->tree;
  SlaPlan plan;
  const auto find = [&plan](int id) {
    return std::find_if(plan.entries.begin(), plan.entries.end(), [id](const SlaEntry& e) { return e.id == id; });
  };
  for (const auto& l : tree.Of(Section::kSla)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    const auto id = static_cast<int>(f->Int("id").value_or(0));
    if (l->text.starts_with("sla monitor schedule")) {
      if (const auto e = find(id); e != plan.entries.end()) ReadSlaSchedule(l->text, *f, *e);
      continue;
    }
    SlaEntry e;
    e.id = id;
    for (const auto& type : l->lines) {
      if (const auto* t = type->As<FieldLine>()) Read(*t, e);
      for (const auto& option : type->lines) {
        if (const auto* o = option->As<FieldLine>()) ReadOption(option->text, *o, e);
      }
    }
    // The options stand beside their `type` line in some readings of the tree.
    for (const auto& option : l->lines) {
      if (const auto* o = option->As<FieldLine>()) ReadOption(option->text, *o, e);
    }
    if (!e.target.IsNone()) plan.entries.push_back(std::move(e));
  }
  for (const auto& l : tree.Of(Section::kTrack)) {
    const auto* f = l->As<FieldLine>();
    if (f == nullptr) continue;
    Track t;
    t.id = static_cast<int>(f->Int("id").value_or(0));
    t.sla = static_cast<int>(f->Int("rtr").value_or(0));
    for (const auto* r : tree.All<RouteLine>(Section::kRoute)) t.routes += r->track == t.id;
    plan.tracks.push_back(t);
  }
  for (const auto* r : tree.All<RouteLine>(Section::kRoute)) {
    if (r->track && r->mask) {
      plan.routes.push_back({*r->track, r->destination.address, MaskOf(r->mask->length()), r->gateway.address, r->metric.value_or(1), r->interface});
    }
  }
  std::sort(plan.entries.begin(), plan.entries.end(), [](const SlaEntry& a, const SlaEntry& b) { return a.id < b.id; });
  std::sort(plan.tracks.begin(), plan.tracks.end(), [](const Track& a, const Track& b) { return a.id < b.id; });
  return plan;
}

void Configuration::TracksUp(std::set<int> up) { impl_->tracks_up = std::move(up); }

}  // namespace sallyport
