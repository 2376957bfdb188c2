#include "cli/show_platform.h"

#include <algorithm>

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string Tenths(int n, int width) { return fmt::format("{:>{}}", fmt::format("{}.{}", n / 10, n % 10), width); }

void AppendHeading(const char* heading, std::string& out) {
  Append(out, "{}\n{}\n", heading, std::string(std::string_view(heading).size(), '='));
}

void AppendField(const char* name, const std::string& value, std::string& out) {
  if (!value.empty()) Append(out, "  {}: {}\n", name, value);
}

// The tables of `show module` are one blank wider from 9.2 on, and the first ends in a blank there.
struct ModuleTables {
  bool wide;
  std::string& out;
  // A heading of columns, the first of them "Mod"; each followed by a blank but the last.
  void Heading(std::string_view names, std::string_view rule) const {
    Append(out, "\nMod {}{}\n---{} {}\n", wide ? " " : "", names, wide ? "-" : "", rule);
  }
  void Row(const std::string& slot, const std::string& rest) const { Append(out, "{:>{}} {}\n", slot, wide ? 4 : 3, rest); }
};

std::string Spans(const CpuDetailView::Spans& s) {
  return fmt::format("      5 seconds = {}%; 1 minute: {}%; 5 minutes: {}%\n", Tenths(s.five_seconds, 1), Tenths(s.one_minute, 1),
                     Tenths(s.five_minutes, 1));
}

}  // namespace

std::string ShowDirectory(const DirectoryView& view, const Personality& personality) {
  std::string out = fmt::format("\nDirectory of {}\n\n", view.name);
  std::uint64_t sum = 0, files = 0;
  for (const DirectoryView::File& f : view.files) {
    const CivilTime t = ToCivil(f.modified_s * 1'000'000'000, view.zone);
    Append(out, "{:<6} {}rwx  {:<12} {:02}:{:02}:{:02} {} {:02} {}  {}\n", f.id, f.folder ? 'd' : '-', f.bytes, t.hour, t.minute,
           t.second, MonthName(t.month), t.day, t.year, f.name);
    if (f.folder) continue;
    files++;
    sum += f.bytes;
  }
  if (!personality.dir_totals) {
    Append(out, "\n{} bytes total ({} bytes free)\n\n", view.total, view.free);
    return out;
  }
  const std::uint64_t percent = view.total != 0 ? static_cast<std::uint64_t>(100.0 * static_cast<double>(view.free) / static_cast<double>(view.total)) : 0;
  Append(out, "\n{} file(s) total size: {} bytes\n{} bytes total ({} bytes free/{}% free)\n\n", files, sum, view.total, view.free, percent);
  return out;
}

std::string ShowDisk(const DirectoryView& view) {
  std::string out = "--#--  --length--  -----date/time------  path\n";
  for (const DirectoryView::File& f : view.files) {
    const CivilTime t = ToCivil(f.modified_s * 1'000'000'000, view.zone);
    Append(out, "{:>5}  {:<10}  {} {:02} {} {:02}:{:02}:{:02}  {}\n", f.id, f.bytes, MonthName(t.month), t.day, t.year, t.hour, t.minute, t.second, f.name);
  }
  Append(out, "\n{} bytes total ({} bytes free)\n", view.total, view.free);
  return out;
}

std::string ShowFileSystems(const DirectoryView& view) {
  return fmt::format("\nFile Systems:\n\n  {:>14}  {:>14}  {:>8}  {:<5}  {}\n* {:>14}  {:>14}  {:>8}  {:<5}  {}\n", "Size(b)", "Free(b)", "Type", "Flags",
                     "Prefixes", view.total, view.free, "disk", "rw", "disk0: flash:");
}

std::string ShowInventory(const std::vector<InventoryPart>& parts) {
  std::string out;
  for (const InventoryPart& p : parts) {
    Append(out, "Name: \"{}\", DESCR: \"{}\"\nPID: {:<18}, VID: {:<8}, SN: {}\n\n", p.name, p.description, p.pid, p.vid, p.serial);
  }
  return out;
}

std::string ShowModule(const ModuleView& view, const Personality& personality) {
  std::string out;
  const ModuleTables t{personality.wide_show_module, out};
  t.Heading(t.wide ? "Card Type                                    Model              Serial No. "
                   : "Card Type                                    Model              Serial No.",
            "-------------------------------------------- ------------------ -----------");
  for (const auto& c : view.cards) t.Row(c.slot, fmt::format("{:<44} {:<18} {}", c.type, c.model, c.serial));
  t.Heading(t.wide ? "MAC Address Range                 Hw Version   Fw Version   Sw Version     "
                   : "MAC Address Range                 Hw Version   Fw Version   Sw Version",
            "--------------------------------- ------------ ------------ ---------------");
  for (const auto& c : view.cards) t.Row(c.slot, fmt::format("{:<33} {:<12} {:<12} {}", c.macs, c.hardware, c.firmware, c.software));
  t.Heading("SSM Application Name           Status           SSM Application Version",
            "------------------------------ ---------------- --------------------------");
  for (const auto& a : view.applications) t.Row(a.slot, fmt::format("{:<30} {:<16} {}", a.name, a.status, a.version));
  t.Heading("Status             Data Plane Status     Compatibility", "------------------ --------------------- -------------");
  for (const auto& c : view.cards) t.Row(c.slot, fmt::format("{:<18} {:<21} {}", c.status, c.data_plane, c.compatibility));
  if (!view.licenses.empty()) {
    t.Heading("License Name   License Status  Time Remaining", "-------------- --------------- ---------------");
    for (const auto& l : view.licenses) t.Row(l.slot, fmt::format("{:<14} {:<15} {}", l.name, l.status, l.remaining));
  }
  return out;
}

std::string ShowLicense(const LicenseView& view) {
  std::string out = "\n";
  AppendHeading("Smart Licensing Status", out);
  Append(out, "\nSmart Licensing is {}\n\n", view.enabled ? "ENABLED" : "DISABLED");
  if (const auto& r = view.registration) {
    out += "Registration:\n";
    AppendField("Status", r->status, out);
    AppendField("Smart Account", r->smart_account, out);
    AppendField("Virtual Account", r->virtual_account, out);
    AppendField("Export-Controlled Functionality", r->export_controlled, out);
    AppendField("Initial Registration", r->initial, out);
    AppendField("Last Renewal Attempt", r->last_renewal, out);
    AppendField("Next Renewal Attempt", r->next_renewal, out);
    AppendField("Registration Expires", r->expires, out);
    out += '\n';
  }
  if (const auto& a = view.authorization) {
    out += "License Authorization: \n";
    AppendField("Status", a->status, out);
    AppendField("Last Communication Attempt", a->last_attempt, out);
    AppendField("Next Communication Attempt", a->next_attempt, out);
    AppendField("Communication Deadline", a->deadline, out);
    out += '\n';
  }
  out += "License Usage\n==============\n\n";
  if (view.entitlements.empty()) out += "No licenses in use\n\n";
  for (const auto& e : view.entitlements) {
    Append(out, "{} ({}):\n  Description: {}\n  Count: {}\n  Version: {}\n  Status: {}\n\n", e.name, e.tag, e.description, e.count,
           e.version, e.status);
  }
  AppendHeading("Product Information", out);
  Append(out, "UDI: PID:{},SN:{}\n\n", view.pid, view.serial);
  if (!view.agent.empty()) {
    AppendHeading("Agent Version", out);
    Append(out, "Smart Agent for Licensing: {}\n\n", view.agent);
  }
  return out;
}

std::string ShowResourceUsage(const std::vector<ResourceView>& rows, bool combined) {
  std::string out = "Resource                 Current        Peak      Limit        Denied Context\n";
  for (const ResourceView& r : rows) {
    Append(out, "{:<20}{:>12}{:>12}{:>11}{:>14} {}\n", r.resource, r.current, r.peak,
           r.limit ? fmt::format("{}", *r.limit) : "unlimited", r.denied, r.context);
  }
  if (combined) out += "S = System: Combined context limits exceed the system limit; the system limit is shown\n";
  return out;
}

std::string ShowCpuDetail(const CpuDetailView& view) {
  // Columns are as wide as the greatest number of all needs.
  int most = 0;
  for (const auto& c : view.cores) {
    for (const auto& s : {c.five_seconds, c.one_minute, c.five_minutes}) most = std::max(most, s.total);
  }
  const int width = static_cast<int>(Tenths(most, 1).size());
  const auto cell = [width](const CpuDetailView::Share& s) {
    return fmt::format("{} ({} + {})", Tenths(s.total, width), Tenths(s.data_path, width),
                       Tenths(s.control_point, width));
  };
  const int column = 3 * width + 6;
  std::string out = "\nBreak down of per-core data path versus control point cpu usage:\n";
  Append(out, "{:<13}{:<{}}  {:<{}}  {}\n", "Core", "5 sec", column, "1 min", column, "5 min");
  int number = 0;
  for (const auto& c : view.cores) {
    Append(out, "Core {:<8}{}  {}  {}\n", number++, cell(c.five_seconds), cell(c.one_minute), cell(c.five_minutes));
  }
  out += "\nCurrent control point elapsed versus the maximum control point elapsed for:\n" + Spans(view.control_point);
  out += "\n\nCPU utilization of external processes for:\n" + Spans(view.external);
  out += "\n\nTotal CPU utilization for:\n" + Spans(view.total);
  return out;
}

}  // namespace sallyport
