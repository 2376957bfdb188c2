// What show commands see of an appliance: plain copies from policy, engine, configuration and machine.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "cli/appliance.h"
#include "conf/field_line.h"
#include "vpn/policy.h"

namespace sallyport {
namespace {

// "MemTotal:  2048 kB" -> 2048 * 1024.
std::uint64_t Meminfo(const char* path, std::string_view key) {
  std::ifstream in(path);
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with(key)) continue;
    std::istringstream words(line.substr(key.size() + 1));
    std::uint64_t kilobytes = 0;
    words >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

InterfaceCounters Since(const InterfaceCounters& now, const InterfaceCounters& then) {
  return {now.in_packets - then.in_packets, now.in_bytes - then.in_bytes, now.out_packets - then.out_packets,
          now.out_bytes - then.out_bytes, now.dropped - then.dropped};
}

// What the kernel counts of a link has no reset; a link that was made anew has begun again by itself.
void TakeAway(LinkCounters& now, const LinkCounters& then) {
  using C = LinkCounters;
  for (std::uint64_t C::*n : {&C::rx_packets, &C::rx_bytes, &C::rx_errors, &C::rx_dropped, &C::multicast, &C::rx_length_errors, &C::rx_over_errors,
                              &C::rx_crc_errors, &C::rx_frame_errors, &C::rx_missed_errors, &C::tx_packets, &C::tx_bytes, &C::tx_errors,
                              &C::tx_dropped, &C::collisions, &C::underruns, &C::resets, &C::late_collisions}) {
    if (now.*n >= then.*n) now.*n -= then.*n;
  }
}

}  // namespace

std::map<std::string, int> Appliance::Vlans() const {
  std::map<std::string, int> vlans;
  for (const auto& line : configuration_->tree().Of(Section::kInterface)) {
    if (!line->text.starts_with("interface ") || line->text.find('.') == std::string::npos) continue;
    for (const auto& sub : line->lines) {
      if (sub->text.starts_with("vlan ")) vlans[line->text.substr(10)] = std::atoi(sub->text.c_str() + 5);
    }
  }
  return vlans;
}

std::vector<InterfaceView> Appliance::Interfaces() {
  const auto counters = AskEngine([](Engine& e) { return e.Counters(); });
  const auto vlans = Vlans();
  std::vector<InterfaceView> views;
  for (std::size_t i = 1; i < policy_->interfaces.size(); i++) {
    if (!policy_->interfaces[i]) continue;
    const Interface& f = *policy_->interfaces[i];
    InterfaceView v;
    v.hardware = f.hardware;
    v.nameif = f.nameif;
    v.security_level = f.security_level;
    v.shutdown = f.shutdown;
    v.management_only = f.management_only;
    v.mtu = f.mtu;
    v.address = f.address;
    v.prefix_length = f.prefix_length;
    if (const auto vlan = vlans.find(f.hardware); vlan != vlans.end()) v.vlan = vlan->second;
    for (const auto& line : configuration_->tree().Of(Section::kInterface)) {
      if (line->text != "interface " + f.hardware) continue;
      for (const auto& sub : line->lines) {
        if (sub->text.starts_with("description ")) v.description = sub->text.substr(12);
      }
    }
    v.has_hardware = v.has_counters = f.linux_index != 0;
    v.available = f.nameif.empty() ? InterfaceView::Available::kNoNameif : InterfaceView::Available::kInUse;
    v.traffic_statistics = !f.nameif.empty();
    parts_.host.FillInterface(v, f.linux_index);
    if (f.virtual_tunnel) FillTunnel(f, v);
    if (const auto base = link_base_.find(f.hardware); base != link_base_.end()) TakeAway(v.link_counters, base->second);
    v.control_point = InterfaceView::ControlPoint{static_cast<int>(f.id), !f.shutdown, !f.shutdown && v.link_up};
    const auto id = static_cast<std::size_t>(f.id);
    if (id < counters.size()) v.traffic = Since(counters[id], id < traffic_base_.size() ? traffic_base_[id] : InterfaceCounters{});
    v.one_minute = meter_.Rate(id, std::chrono::minutes(1));
    v.five_minutes = meter_.Rate(id, std::chrono::minutes(5));
    v.counted_for = Now() - std::max(traffic_since_, started_);
    views.push_back(std::move(v));
  }
  return views;
}

void Appliance::FillTunnel(const Interface& f, InterfaceView& view) const {
  view.link.clear();
  view.link_up = f.HasRoutes();
  view.has_hardware = view.has_counters = false;
  InterfaceView::Tunnel t;
  for (const auto& line : configuration_->tree().Of(Section::kInterface)) {
    if (line->text != "interface " + f.hardware) continue;
    for (const auto& sub : line->lines) {
      const auto* words = sub->As<FieldLine>();
      if (words == nullptr) continue;
      if (sub->text.starts_with("tunnel source interface ")) t.source = words->Get("if");
      if (sub->text.starts_with("tunnel destination ")) t.destination = IpAddress::Parse(words->Get("peer")).value_or(IpAddress());
      if (sub->text.starts_with("tunnel mode ipsec ")) t.ipsec = true;
      if (sub->text.starts_with("tunnel protection ipsec profile ")) t.profile = words->Get("profile");
    }
  }
  if (const auto* vpn = dynamic_cast<const VpnPolicy*>(policy_->tunnels.get())) {
    for (const VirtualTunnel& v : vpn->virtual_tunnels) {
      if (v.interface == f.id) t.destination = v.destination;  // where it is by name
    }
  }
  if (const Interface* source = policy_->FindByName(t.source)) t.source_address = source->address;
  view.tunnel = t;
}

void Appliance::ClearDrops(const Session& by, bool frame, bool flow) {
  AskEngine([=](Engine& e) { e.ClearDrops(frame, flow); });
  if (frame) drops_.frame_cleared = WallNow();
  if (flow) drops_.flow_cleared = WallNow();
  drops_.cleared_by = by.UserName();
}

void Appliance::ClearTraffic() {
  traffic_base_ = AskEngine([](Engine& e) { return e.Counters(); });
  traffic_since_ = Now();
}

void Appliance::ClearInterface(const std::string& hardware) {
  const auto counters = AskEngine([](Engine& e) { return e.Counters(); });
  traffic_base_.resize(counters.size());
  for (const auto& f : policy_->interfaces) {
    if (!f || (!hardware.empty() && f->hardware != hardware)) continue;
    const auto id = static_cast<std::size_t>(f->id);
    if (id < counters.size()) traffic_base_[id] = counters[id];
    InterfaceView view;
    if (f->linux_index != 0) parts_.host.FillInterface(view, f->linux_index);
    link_base_[f->hardware] = view.link_counters;
  }
}

MemoryView Appliance::Memory() const {
  MemoryView v;
  v.total = Meminfo("/proc/meminfo", "MemTotal:");
  v.free = std::min(v.total, Meminfo("/proc/meminfo", "MemAvailable:"));
  v.process = Meminfo("/proc/self/status", "VmRSS:");
  return v;
}

}  // namespace sallyport
