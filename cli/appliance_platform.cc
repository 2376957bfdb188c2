// What show commands see of the appliance as a machine: what it is, what it uses, what names and policies it has.
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "cli/appliance.h"
#include "conf/lines.h"

namespace sallyport {
namespace {

constexpr const char* kDescription = "Sallyport, a stateful firewall";
constexpr int kVlans = 4094;  // 802.1Q tags

std::string CpuModel() {
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with("model name")) continue;
    const std::size_t at = line.find(": ");
    if (at != std::string::npos) return line.substr(at + 2);
  }
  return "unknown";
}

std::string ProgramPath() {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : "sallyportd";
}

// "Sat 21-Nov-26 01:54 UTC": when the program was written to the disk.
std::string BuiltAt(const std::string& program) {
  struct stat info {};
  if (stat(program.c_str(), &info) != 0) return {};
  const CivilTime t = ToCivil(info.st_mtime * 1'000'000'000LL, 0);
  return fmt::format("{} {:02}-{}-{:02} {:02}:{:02} UTC", WeekdayName(t.weekday), t.day, MonthName(t.month), t.year % 100, t.hour, t.minute);
}

// "6.1.0" of "6.1.0-13-amd64".
std::string Release(const utsname& u) {
  const std::string_view release = u.release;
  return std::string(release.substr(0, release.find('-')));
}

std::vector<std::string> Texts(const Line& line) {
  std::vector<std::string> texts;
  for (const auto& l : line.lines) texts.push_back(l->text);
  return texts;
}

}  // namespace

VersionView Appliance::Version() {
  VersionView v;
  const ConfigSettings s = configuration_->settings();
  v.hostname = s.hostname;
  v.version = personality().version;
  v.image = ProgramPath();
  v.compiled = BuiltAt(v.image);
  v.uptime = uptime();
  v.model = parts_.model;
  v.memory_mb = Memory().total >> 20;
  v.cpu = CpuModel();
  v.cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  v.model_id = parts_.model;
  v.flash_mb = parts_.state.DiskSpace().total >> 20;
  for (const InterfaceView& i : Interfaces()) {
    if (i.hardware.find('.') == std::string::npos) v.ports.push_back({i.hardware, i.mac, std::nullopt});
  }
  v.platform = {fmt::format("This platform has a Sallyport {} engine: it behaves like the software above, and is not made by Cisco.",
                            SALLYPORT_VERSION)};
  v.features = {{"Maximum Physical Interfaces", "Unlimited"}, {"Maximum VLANs", fmt::format("{}", kVlans)}, {"Inside Hosts", "Unlimited"},
                {"Failover", "Disabled"},                     {"Security Contexts", "0"},                    {"Cluster", "Disabled"}};
  v.serial = parts_.serial;
  v.modified_by = modified_by_;
  v.modified_wall = modified_wall_;
  v.zone = s.logging.zone;
  return v;
}

DirectoryView Appliance::Directory() const {
  DirectoryView view;
  std::uint64_t number = 0;
  for (const auto& f : parts_.state.Files()) view.files.push_back({++number, f.folder, f.bytes, f.modified_s, f.name});
  const auto space = parts_.state.DiskSpace();
  view.total = space.total;
  view.free = space.free;
  view.zone = ClockNow().zone;
  return view;
}

std::vector<InventoryPart> Appliance::Inventory() const {
  return {{"Chassis", kDescription, parts_.model, std::string("V") + SALLYPORT_VERSION, parts_.serial.empty() ? "N/A" : parts_.serial}};
}

ModuleView Appliance::Modules() {
  utsname u{};
  uname(&u);
  ModuleView::Card card;
  card.slot = "0";
  card.type = kDescription;
  card.model = parts_.model;
  card.serial = parts_.serial.empty() ? "N/A" : parts_.serial;
  std::vector<std::string> macs;
  for (const InterfaceView& i : Interfaces()) {
    if (!(i.mac == MacAddress{})) macs.push_back(i.mac.ToString());
  }
  if (!macs.empty()) card.macs = *std::min_element(macs.begin(), macs.end()) + " to " + *std::max_element(macs.begin(), macs.end());
  card.hardware = u.machine;
  card.firmware = Release(u);
  card.software = personality().version;
  return {{card}, {}, {}};
}

LicenseView Appliance::License() const {
  LicenseView view;
  view.pid = parts_.model;
  view.serial = parts_.serial.empty() ? "N/A" : parts_.serial;
  return view;
}

std::vector<ResourceView> Appliance::Resources() {
  struct Counted {
    std::uint32_t conns, most_conns, xlates, most_xlates;
    std::uint64_t hosts, refused;
  };
  const Counted now = AskEngine([at = Now()](Engine& e) {
    const auto [in_use, most_used] = e.ConnCount();
    const XlatePage page = e.Xlates(0, 1, at);
    return Counted{in_use, most_used, page.in_use, page.most_used, e.LocalHostCount(),
                   e.drops().frame[static_cast<std::size_t>(FrameDrop::kUnableToCreateFlow)]};
  });
  const std::uint64_t ssh = SshSessions();
  std::uint64_t routes = 0;
  for (const Route& r : policy_->routes.routes()) routes += r.source == Route::Source::kLocal ? 0 : 1;
  std::optional<std::uint64_t> conn_limit;
  if (parts_.max_connections != 0) conn_limit = parts_.max_connections;
  std::vector<ResourceView> rows = {{"SSH Server", ssh, ssh, std::nullopt, 0, "System"},
                                    {"Syslogs [rate]", log_rate_, log_rate_, std::nullopt, 0, "System"},
                                    {"Conns", now.conns, now.most_conns, conn_limit, now.refused, "System"},
                                    {"Xlates", now.xlates, now.most_xlates, std::nullopt, 0, "System"},
                                    {"Hosts", now.hosts, now.hosts, std::nullopt, 0, "System"},
                                    {"Routes", routes, routes, std::nullopt, 0, "System"}};
  for (ResourceView& r : rows) {
    std::uint64_t& peak = peaks_[r.resource];
    peak = r.peak = std::max(peak, r.peak);
  }
  return rows;
}

FailoverView Appliance::Failover() {
  FailoverView view;
  for (const auto& f : policy_->interfaces) {
    if (f && f->id != IfId::kIdentity && !f->nameif.empty() && f->hardware.find('.') == std::string::npos) view.monitored++;
  }
  return view;
}

std::vector<ObjectGroupView> Appliance::ObjectGroups() const {
  std::vector<ObjectGroupView> views;
  for (const auto& line : configuration_->tree().Of(Section::kObjectGroup)) {
    const auto* group = line->As<GroupLine>();
    if (group == nullptr) continue;
    // "object-group service web tcp"
    const std::string_view rest = std::string_view(line->text).substr(std::string_view("object-group ").size());
    const std::size_t blank = rest.find(' ');
    ObjectGroupView v;
    v.type = rest.substr(0, blank);
    v.name = group->name;
    if (blank != std::string_view::npos && rest.size() > blank + 1 + v.name.size()) v.tail = rest.substr(blank + 1 + v.name.size());
    for (const std::string& text : Texts(*line)) {
      if (text.starts_with("description "))
        v.description = text.substr(12);
      else
        v.members.push_back(text);
    }
    views.push_back(std::move(v));
  }
  return views;
}

}  // namespace sallyport
