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
  if (!view.device_manager.empty()) Append(out, "Device Manager Version {}\n", view.device_manager);
  out += '\n';
  if (!view.compiled.empty()) Append(out, "Compiled on {}\n", view.compiled);
  Append(out, "System image file is \"{}\"\n", view.image);
  Append(out, "Config file at boot was \"{}\"\n\n", view.config_at_boot);
  Append(out, "{} up {}\n\n", view.hostname, LongDuration(view.uptime));
  Append(out, "Hardware:   {}, {} MB RAM, CPU {},", view.model, view.memory_mb, view.cpu);
  if (view.cpus != 0) Append(out, " {} CPU{}", view.cpus, view.cpus == 1 ? "" : "s");
  out += '\n';
  if (!view.model_id.empty()) Append(out, "Model Id:   {}\n", view.model_id);
  if (view.flash_mb != 0) Append(out, "Internal ATA Compact Flash, {}MB\n", view.flash_mb);
  for (const std::string& line : view.storage) Append(out, "{}\n", line);
  out += "\n\n";
  int number = 0;
  for (const auto& port : view.ports) {
    Append(out, "{:>2}: Ext: {:<20}: address is {}{}\n", number++, port.name, port.mac.ToString(),
           port.irq ? fmt::format(", irq {}", *port.irq) : "");
  }
  out += '\n';
  for (const std::string& line : view.platform) Append(out, "{}\n", line);
  if (!view.platform.empty()) out += '\n';
  if (!view.features.empty()) {
    out += "Licensed features for this platform:\n";
    for (const auto& f : view.features) Append(out, "{:<34}: {:<15}\n", f.name, f.value);
    out += '\n';
  }
  if (!view.serial.empty()) Append(out, "Serial Number: {}\n\n", view.serial);
  if (!view.image_type.empty()) Append(out, "Image type          : {}\nKey version         : {}\n\n", view.image_type, view.key_version);
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
