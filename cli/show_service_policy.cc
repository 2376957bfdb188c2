#include "cli/show_service_policy.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

using PartWhat = ServicePolicyPart::What;

void Head(std::string& out, const std::string& interface, const std::string& policy) {
  out += interface.empty() ? "\nGlobal policy: \n" : fmt::format("\nInterface {}:\n", interface);
  Append(out, "  Service-policy: {}\n", policy);
}

// The counters of an inspection grew with the releases: what was locked in 9.0, the rate and IPv6 too, SCTP in 9.5.
std::string InspectLine(const ServicePolicyView::Inspection& i, const Personality& p) {
  std::string out = fmt::format("      Inspect: {}, packet {}, ", i.name, i.packets);
  if (p.local_host_sctp) {
    Append(out, "lock fail {}, drop {}, reset-drop {}, 5-min-pkt-rate {} pkts/sec, v6-fail-close 0 sctp-drop-override 0\n", i.lock_failures,
           i.drops, i.reset_drops, i.rate);
  } else if (p.any4_keyword) {
    Append(out, "lock fail {}, drop {}, reset-drop {}, 5-min-pkt-rate {} pkts/sec, v6-fail-close 0\n", i.lock_failures, i.drops, i.reset_drops,
           i.rate);
  } else {
    Append(out, "drop {}, reset-drop {}\n", i.drops, i.reset_drops);
  }
  return out;
}

void Inspections(std::string& out, const ServicePolicyView::Class& c, const Personality& personality, const ServicePolicyPart& part) {
  for (const auto& i : c.inspections) {
    if (part.what == PartWhat::kInspect && i.name != part.inspection && !i.name.starts_with(part.inspection + " ")) continue;
    out += InspectLine(i, personality);
    if (i.tcp_proxy && personality.any4_keyword) {
      Append(out, "               tcp-proxy: bytes in buffer {}, bytes dropped {}\n", i.buffered, i.buffer_drops);
    }
    for (const std::string& line : i.lines) out += line + "\n";
  }
}

void Policing(std::string& out, const std::vector<PolicerView>& police) {
  for (const PolicerView& p : police) {
    Append(out, "      {} police Interface {}:\n", p.output ? "Output" : "Input", p.interface);
    Append(out, "        cir {} bps, bc {} bytes\n", p.police.rate, p.police.burst);
    Append(out, "        conformed {} packets, {} bytes; actions:  {}\n", p.conformed_packets, p.conformed_bytes,
           p.police.drop_conforming ? "drop" : "transmit");
    Append(out, "        exceeded {} packets, {} bytes; actions:  {}\n", p.exceeded_packets, p.exceeded_bytes,
           p.police.drop_exceeding ? "drop" : "transmit");
    Append(out, "        conformed {} bps, exceed {} bps\n", p.conformed_bps, p.exceeded_bps);
  }
}

void ClassText(std::string& out, const ServicePolicyView::Class& c, const Personality& personality, const ServicePolicyPart& part) {
  const auto wanted = [&](PartWhat what) { return part.what == PartWhat::kAll || part.what == what; };
  std::string body;
  if (wanted(PartWhat::kInspect)) Inspections(body, c, personality, part);
  if (wanted(PartWhat::kConnection)) {
    for (const std::string& line : c.lines) Append(body, "      {}\n", line);
  }
  if (wanted(PartWhat::kIps) && !c.ips.empty()) {
    // The module is the appliance's own TCP proxy, which is always there.
    Append(body, "      IPS: card status Up, {}\n", c.ips);
    Append(body, "        packet input {}, packet output {}, drop {}, reset-drop {}\n", c.proxied.input, c.proxied.output, c.proxied.drops,
           c.proxied.resets);
  }
  if (wanted(PartWhat::kPolice)) Policing(body, c.police);
  if (wanted(PartWhat::kPriority) && !c.priority.empty()) {
    body += "      Priority:\n";
    for (const QueueView& q : c.priority) {
      Append(body, "        Interface {}: aggregate drop {}, aggregate transmit {}\n", q.interface, q.counters.dropped, q.counters.transmitted);
    }
  }
  if (wanted(PartWhat::kShape) && c.shaping) {
    for (const QueueView& q : c.shape) {
      body += "      Queueing\n";
      Append(body, "      (queue depth/total drops/no-buffer drops) 0/{}/0\n", q.counters.dropped);
      Append(body, "      (pkts output/bytes output) {}/{}\n", q.counters.transmitted, q.counters.bytes);
      Append(body, "      shape (average) cir {}, bc {}, be {}\n", c.shaping->rate, c.shaping->burst, c.shaping->burst);
    }
  }
  if (body.empty() && part.what != PartWhat::kAll) return;
  Append(out, "    Class-map: {}\n", c.name);
  out += body;
}

}  // namespace

std::string ShowServicePolicy(const std::vector<ServicePolicyView>& policies, const Personality& personality, const ServicePolicyPart& part) {
  std::string out;
  for (const ServicePolicyView& p : policies) {
    Head(out, p.interface, p.policy);
    for (const auto& c : p.classes) ClassText(out, c, personality, part);
  }
  return out;
}

std::string ShowServicePolicyFlow(const std::vector<FlowPolicyView>& policies) {
  std::string out;
  for (const FlowPolicyView& p : policies) {
    Head(out, p.interface, p.policy);
    for (const FlowPolicyView::Class& c : p.classes) {
      Append(out, "    Class-map: {}\n", c.name);
      for (std::size_t i = 0; i < c.matches.size(); i++) {
        Append(out, "      Match: {}\n", c.matches[i]);
        if (!c.rules[i].empty()) Append(out, "        Access rule: {}\n", c.rules[i]);
      }
      out += "      Action:\n";
      for (const std::string& a : c.output) Append(out, "        Output flow:  {}\n", a);
      for (const std::string& a : c.input) Append(out, "        Input flow:  {}\n", a);
    }
  }
  return out;
}

std::string ShowPriorityQueueStatistics(const std::vector<PriorityQueueView>& queues) {
  std::string out;
  for (const PriorityQueueView& q : queues) {
    Append(out, "\nPriority-Queue Statistics interface {}\n", q.interface);
    for (const bool low_latency : {false, true}) {
      const QueueCounters& n = low_latency ? q.low_latency : q.best_effort;
      Append(out, "\nQueue Type        = {}\n", low_latency ? "LLQ" : "BE");
      // Nothing waits here: a packet leaves when it comes, so it is never in a queue.
      Append(out, "Packets Dropped   = {}\nPackets Transmit  = {}\nPackets Enqueued  = 0\n", n.dropped, n.transmitted);
      out += "Current Q Length  = 0\nMax Q Length      = 0\n";
    }
  }
  return out;
}

std::string ShowPriorityQueueConfig(const std::vector<PriorityQueueView>& queues) {
  std::string out;
  for (const PriorityQueueView& q : queues) {
    Append(out, "\nPriority-Queue Config interface {}\n", q.interface);
    out += "                current         default         range\n";
    Append(out, "queue-limit     {:<15} {:<15} 0 - 2048\n", q.queue.queue_limit != 0 ? q.queue.queue_limit : 2048, 2048);
    Append(out, "tx-ring-limit   {:<15} {:<15} 3 - 511\n", q.queue.tx_ring_limit != 0 ? q.queue.tx_ring_limit : 511, 511);
  }
  return out;
}

}  // namespace sallyport
