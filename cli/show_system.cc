#include "cli/show_system.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

// Rounded to the nearest; 0 of 0 is 0.
std::uint64_t PerCent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<std::uint64_t>(100.0 * static_cast<double>(part) / static_cast<double>(whole) + 0.5);
}

int WholePerCent(int tenths) { return (tenths + 5) / 10; }

}  // namespace

std::string ShowVersion(const VersionView& view) {
  std::string out;
  Append(out, "\nCisco Adaptive Security Appliance Software Version {} \n", view.version);
  Append(out, "Sallyport Version {}: behaves like the software above, and is not made by Cisco\n\n", view.product_version);
  if (!view.compiled.empty()) Append(out, "Compiled on {}\n", view.compiled);
  Append(out, "System image file is \"{}\"\n", view.image);
  Append(out, "Config file at boot was \"{}\"\n\n", view.config_at_boot);
  Append(out, "{} up {}\n\n", view.hostname, LongDuration(view.uptime));
  Append(out, "Hardware:   {}, {} MB RAM, CPU {}, {} CPU{}\n\n\n", view.model, view.memory_mb, view.cpu, view.cpus,
         view.cpus == 1 ? "" : "s");
  int number = 0;
  for (const auto& port : view.ports) {
    Append(out, "{:>2}: Ext: {:<20}: address is {}\n", number++, port.name, port.mac.ToString());
  }
  out += "\nThis platform needs no license.\n\n";
  if (!view.serial.empty()) Append(out, "Serial Number: {}\n", view.serial);
  if (view.modified_by.empty()) {
    out += "Configuration has not been modified since last system restart.\n";
  } else {
    Append(out, "Configuration last modified by {} at {}\n", view.modified_by, ClockText(view.modified_wall, view.zone));
  }
  return out;
}

std::string ShowMemory(const MemoryView& view) {
  const std::uint64_t free_percent = PerCent(view.free, view.total);
  std::string out;
  Append(out, "Free memory: {:>17} bytes ({:2}%)\n", view.free, free_percent);
  Append(out, "Used memory: {:>17} bytes ({:2}%)\n", view.total - view.free, 100 - free_percent);
  out += "-------------     ------------------\n";
  Append(out, "Total memory:{:>17} bytes (100%)\n", view.total);
  if (view.process != 0) Append(out, "\nOf the used memory, this appliance holds {} bytes\n", view.process);
  return out;
}

std::string ShowCpu(const CpuView& view) {
  return fmt::format("CPU utilization for 5 seconds = {}%; 1 minute: {}%; 5 minutes: {}%\n", WholePerCent(view.five_seconds),
                     WholePerCent(view.one_minute), WholePerCent(view.five_minutes));
}

std::string ShowClock(const ClockView& view, bool detail) {
  std::string out = ClockText(view.wall_nanos, view.zone) + "\n";
  if (!detail) return out;
  switch (view.source) {
    case ClockView::Source::kHardware:
      out += "Time source is hardware calendar\n";
      break;
    case ClockView::Source::kUser:
      out += "Time source is user configuration\n";
      break;
    case ClockView::Source::kNtp:
      out += "Time source is NTP\n";
      break;
  }
  return out;
}

}  // namespace sallyport
