#include "cli/show_failover.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

void AppendSlots(const std::vector<FailoverView::Slot>& slots, std::string& out) {
  for (const auto& s : slots) {
    if (s.model.empty())
      Append(out, "\t\tslot {}: empty\n", s.number);
    else
      Append(out, "\t\tslot {}: {} hw/sw rev ({}/{}) status ({})\n", s.number, s.model, s.hardware, s.software, s.status);
  }
}

void AppendHost(const char* which, const FailoverView::Host& h, std::string& out) {
  Append(out, "\t{} host: {} - {} \n\t\tActive time: {} (sec)\n", which, h.unit, h.state, h.active_s);
  AppendSlots(h.slots, out);
  for (const auto& i : h.interfaces) {
    Append(out, "\t\t  Interface {} ({}): {} ({})\n", i.name, i.address.IsNone() ? "0.0.0.0" : i.address.ToString(), i.status, i.monitor);
  }
  AppendSlots(h.more_slots, out);
}

void AppendLinkAddresses(const FailoverView::Link& l, std::string& out) {
  Append(out, "\tinterface {} {}\n", l.name, l.hardware);
  Append(out, "\t\tSystem IP Address: {}/{}\n", l.mine.ToString(), l.prefix_length);
  Append(out, "\t\tMy IP Address    : {}\n\t\tOther IP Address : {}\n", l.mine.ToString(), l.other.ToString());
}

// Names in lines of at most `width` characters, the first after `used` of them; every line but the last ends in a comma.
std::string Wrapped(const std::vector<std::string>& names, std::size_t used, std::size_t width, const std::string& indent) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); i++) {
    const std::string word = names[i] + (i + 1 < names.size() ? "," : "");
    if (i != 0 && used + 1 + word.size() > width) {
      out += "\n" + indent + word;
      used = indent.size() + word.size();
      continue;
    }
    out += (i != 0 ? " " : "") + word;
    used += word.size() + (i != 0 ? 1 : 0);
  }
  return out;
}

}  // namespace

std::string ShowFailover(const FailoverView& view) {
  std::string out;
  Append(out, "Failover {} \nFailover unit {}\n", view.on ? "On" : "Off", view.unit);
  if (view.lan)
    Append(out, "Failover LAN Interface: {} {} ({})\n", view.lan->name, view.lan->hardware, UpDown(view.lan->up));
  else
    out += "Failover LAN Interface: not Configured\n";
  out += "Reconnect timeout 0:00:00\n";
  Append(out, "Unit Poll frequency {} seconds, holdtime {} seconds\n", view.unit_poll_s, view.unit_hold_s);
  Append(out, "Interface Poll frequency {} seconds, holdtime {} seconds\n", view.interface_poll_s, view.interface_hold_s);
  Append(out, "Interface Policy {}\nMonitored Interfaces {} of {} maximum\n", view.policy, view.monitored, view.monitored_limit);
  out += "MAC Address Move Notification Interval not set\n";
  if (!view.on) return out;
  Append(out, "Version: Ours {}, Mate {}\n", view.version, view.mate_version);
  Append(out, "Serial Number: Ours {}, Mate {}\n", view.serial, view.mate_serial);
  Append(out, "Last Failover at: {}\n", DateText(view.last_failover_wall, view.zone));
  AppendHost("This", view.here, out);
  AppendHost("Other", view.there, out);
  if (!view.state) return out;
  out += "\nStateful Failover Logical Update Statistics\n";
  Append(out, "\tLink : {} {} ({})\n", view.state->name, view.state->hardware, UpDown(view.state->up));
  Append(out, "\t{:<16}{:<11}{:<11}{:<11}{:<11}\n", "Stateful Obj", "xmit", "xerr", "rcv", "rerr");
  for (const auto& s : view.statistics) {
    Append(out, "\t{:<16}{:<11}{:<11}{:<11}{:<11}\n", s.object, s.sent, s.send_errors, s.received, s.receive_errors);
  }
  out += "\n\tLogical Update Queue Information\n\t\t\tCur\tMax\tTotal\n";
  for (const auto& q : view.queues) Append(out, "\t{}:\t\t{}\t{}\t{}\n", q.name, q.current, q.most, q.total);
  return out;
}

std::string ShowFailoverInterface(const FailoverView& view) {
  std::string out;
  if (view.lan) AppendLinkAddresses(*view.lan, out);
  if (view.state) AppendLinkAddresses(*view.state, out);
  return out;
}

std::string ShowContexts(const std::vector<ContextView>& contexts) {
  constexpr std::size_t kColumn = 20;  // of interfaces
  std::string out = "Context Name      Class                Interfaces           Mode         URL\n";
  for (const ContextView& c : contexts) {
    std::vector<std::string> lines(1);
    for (std::size_t i = 0; i < c.interfaces.size(); i++) {
      const std::string word = c.interfaces[i] + (i + 1 < c.interfaces.size() ? "," : c.truncated ? "..." : "");
      if (!lines.back().empty() && lines.back().size() + word.size() > kColumn) lines.emplace_back();
      lines.back() += word;
    }
    Append(out, "{:<18}{:<21}{:<20} {:<12} {}\n", (c.admin ? "*" : " ") + c.name, c.class_name, lines[0], c.mode, c.url);
    for (std::size_t i = 1; i < lines.size(); i++) Append(out, "{:40}{}\n", "", lines[i]);
  }
  Append(out, "Total active Security Contexts: {}\n", contexts.size());
  return out;
}

std::string ShowContextDetail(const std::vector<ContextView>& contexts) {
  std::string out;
  const auto names = [&](const char* what, const std::vector<std::string>& all) {
    const std::string head = fmt::format("  {} Interfaces:", what);
    out += head + (all.empty() ? "" : " " + Wrapped(all, head.size() + 1, 72, "    ")) + "\n";
  };
  for (const ContextView& c : contexts) {
    Append(out, "Context \"{}\", {}\n  Config URL: {}\n", c.name, c.resource ? "is a system resource" : "has been created", c.url);
    names("Real", c.interfaces);
    names("Mapped", c.mapped);
    Append(out, "  Class: {}, Flags: 0x{:08x}, ID: {}\n\n", c.class_name, c.flags, c.id);
  }
  return out;
}

}  // namespace sallyport
