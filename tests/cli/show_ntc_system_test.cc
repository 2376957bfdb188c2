// Samples of NTC about the appliance itself: each renderer, given the values that a sample's .yml holds (or, where that
// has not all of them, those read from the text itself), must give the sample's bytes. The samples were edited before
// they were published: what was lost is said at each test and undone on both sides; nothing else may differ. Without
// the samples these tests skip.
#include "cli/show_failover.h"
#include "cli/show_names.h"
#include "cli/show_ping.h"
#include "cli/show_platform.h"
#include "cli/show_system.h"
#include "ntc_text.h"

namespace sallyport::show_ntc_system_test {
namespace {

using namespace ntc;

TEST(Ntc, Dir) {  // 9.5; the empty line at the end is lost
  LOAD_SAMPLE(s, "dir");
  DirectoryView v;
  for (const Record& r : s.records()) {
    const auto m = Match(r["date_time"], R"((\S+) (\S+) (\S+) (\S+))");
    v.files.push_back({r.Number("id"), r["permissions"][0] == 'd', r.Number("size"), Seconds(m[1], m[2], m[3], m[4]), r["name"]});
    v.name = r["file_system"];
    v.total = r.Number("total_size");
    v.free = r.Number("total_free");
  }
  EXPECT_EQ(ShowDirectory(v, *PersonalityOf("9.5(1)")), s.raw() + "\n");
}

TEST(Ntc, Ping) {
  LOAD_SAMPLE(s, "ping");
  const Record& r = s.records().at(0);
  const auto number = [&](const char* key) { return static_cast<int>(r.Number(key)); };
  const PingRequest request{Ip(r["destination"].c_str()), number("sent_qty"), std::atoi(r["sent_type"].c_str()), number("timeout")};
  const PingResult result{number("sent_qty"), number("success_qty"), number("rtt_min"), number("rtt_avg"), number("rtt_max")};
  EXPECT_EQ(PingHeader(request) + r["response_stream"] + "\n" + PingSummary(result), s.raw());
}

int Tenths(const std::string& text) { return static_cast<int>(std::strtod(text.c_str(), nullptr) * 10 + 0.5); }

TEST(Ntc, CpuUsageDetailed) {  // the empty line before it and the end of its last line are lost
  LOAD_SAMPLE(s, "show_cpu_usage_detailed");
  CpuDetailView v;
  for (const Record& r : s.records()) {
    const auto share = [&](const std::string& k) { return CpuDetailView::Share{Tenths(r[k + "_dp"]), Tenths(r[k + "_cp"]), Tenths(r[k])}; };
    v.cores.push_back({share("cpu_5_sec"), share("cpu_1_min"), share("cpu_5_min")});
  }
  std::vector<CpuDetailView::Spans> spans;  // the .yml has only the cores
  for (const std::string& line : LinesOf(s.raw())) {
    if (!Has(line, "5 seconds =")) continue;
    const auto m = Match(line, R"(5 seconds = (\S+)%; 1 minute: (\S+)%; 5 minutes: (\S+)%)");
    spans.push_back({Tenths(m[1]), Tenths(m[2]), Tenths(m[3])});
  }
  ASSERT_EQ(spans.size(), 3u);
  v.control_point = spans[0];
  v.external = spans[1];
  v.total = spans[2];
  EXPECT_EQ(ShowCpuDetail(v), "\n" + s.raw() + "\n");
}

TEST(Ntc, Inventory) {  // the empty line at the end is lost
  LOAD_SAMPLE(s, "show_inventory");
  std::vector<InventoryPart> parts;
  for (const Record& r : s.records()) parts.push_back({r["name"], r["descr"], r["pid"], r["vid"], r["sn"]});
  EXPECT_EQ(ShowInventory(parts), s.raw() + "\n");
}

TEST(Ntc, LicenseAll) {  // the empty line at the end is lost
  LOAD_SAMPLE(s, "show_license_all");
  const Record& r = s.records().at(0);
  const auto on = [&](const std::string& what, const std::string& date) { return r[what] + (r[date].empty() ? "" : " on " + r[date]); };
  LicenseView v;
  v.enabled = r["smart_status"] == "ENABLED";
  v.registration = LicenseView::Registration{
      r["registration_status"], r["smart_account"], r["virtual_account"], r["export_controlled"],
      on("registration_initial_status", "registration_initial_date"), on("registration_last_renewal", "registration_last_renewal_date"),
      r["registration_next_renewal_date"], r["registration_expiration_date"]};
  v.authorization = LicenseView::Authorization{on("auth_status", "auth_date"), on("auth_last_communication", "auth_last_communication_date"),
                                               r["auth_next_communication_date"], r["auth_deadline"]};
  v.entitlements = {{r["license"], r["license_pid"], r["license_description"], r["license_version"], r["license_status"],
                     static_cast<int>(r.Number("license_count"))}};
  v.pid = r["pid"];
  v.serial = r["sn"];
  v.agent = r["smart_agent_version"];
  EXPECT_EQ(ShowLicense(v), s.raw() + "\n");
}

// Blanks at the ends of lines and the empty line before the first are lost. Most of the tables is not in the .yml.
TEST(Ntc, Module) {
  LOAD_SAMPLE(s, "show_module");
  ModuleView v;
  for (const Record& r : s.records()) {
    v.cards.push_back({r["module"], r["cardtype"], r["model"], r["serial"], r["mac_address"], r["mod_hw"], r["mod_fw"], r["mod_sw"],
                       r["status"], "Not Applicable", ""});
  }
  v.applications = {{"ips", "Unknown", "No Image Present", "Not Applicable"}};
  v.licenses = {{"ips", "IPS Module", "Disabled", "perpetual"}};
  EXPECT_EQ(WithoutTrailingBlanks(ShowModule(v, *PersonalityOf("8.6(1)2"))), "\n" + s.raw());
}

TEST(Ntc, Name) {
  LOAD_SAMPLE(s, "show_name");
  std::vector<NameView> names;
  for (const Record& r : s.records()) names.push_back({Ip(r["ip_address"].c_str()), r["name"], ""});
  EXPECT_EQ(ShowNames(names), s.raw());
}

TEST(Ntc, ResourceUsage) {
  LOAD_SAMPLE(s, "show_resource_usage");
  std::vector<ResourceView> rows;
  for (const Record& r : s.records()) {
    ResourceView v{r["resource"], r.Number("current"), r.Number("peak"), std::nullopt, r.Number("denied"), r["context"]};
    if (r["limit"] != "unlimited") v.limit = r.Number("limit");
    rows.push_back(v);
  }
  EXPECT_EQ(ShowResourceUsage(rows, true), s.raw());
}

// The empty line before it and blanks at the ends of lines are lost. The .yml has not all: the rest is of the text.
TEST(Ntc, Version) {
  LOAD_SAMPLE(s, "show_version");
  const Record& r = s.records().at(0);
  VersionView v;
  v.hostname = r["hostname"];
  v.version = r["version"];
  v.device_manager = r["device_mgr_version"];
  v.compiled = "Mon " + r["compile_date"] + " 19:00 PST by builders";
  v.image = r["image"];
  v.uptime = Duration::Seconds(41 * 86400 + 19 * 3600);
  const auto hardware = Match(r["hardware"], R"((\S+), (\d+) MB RAM, CPU (.*))");
  v.model = hardware[1];
  v.memory_mb = Num(hardware[2]);
  v.cpu = hardware[3];
  v.model_id = r["model"];
  v.flash_mb = Num(r["flash"]);
  v.storage = {"Slot 1: ATA Compact Flash, 8192MB", "BIOS Flash Firmware Hub @ 0x0, 0KB"};
  v.platform = {"License mode: " + r["license_mode"], "ASAv Platform License State: " + r["license_state"]};
  bool features = false;
  for (const std::string& line : LinesOf(s.raw())) {
    if (line.starts_with("No active entitlement") || line.starts_with("*Memory")) v.platform.push_back(line);
    if (Has(line, R"( : address is )")) {
      const auto m = Match(line, R"((\d+): Ext: (\S+) +: address is (\S+), irq (\d+))");
      v.ports.push_back({m[2], Mac(m[3]), std::stoi(m[4])});
    }
    if (features && line.empty()) features = false;
    if (features) {
      const auto m = Match(line, R"((.*\S) *: (.*))");
      v.features.push_back({m[1], m[2]});
    }
    if (line.starts_with("Licensed features")) features = true;
  }
  EXPECT_EQ(v.ports.size(), r.List("interfaces").size());
  v.serial = r["serial"];
  v.image_type = "Release";
  v.key_version = "A";
  v.modified_by = "ntc";
  v.modified_wall = Seconds("18:56:48", "Apr", "5", "2017") * 1'000'000'000 + 410'000'000;
  EXPECT_EQ(WithoutTrailingBlanks(ShowVersion(v)), "\n" + WithoutTrailingBlanks(s.raw()));
}

// Indentation, columns and the blank after "Failover On" are lost; empty lines have a blank. Much is not in the .yml.
TEST(Ntc, Failover) {
  LOAD_SAMPLE(s, "show_failover");
  const Record& r = s.records().at(0);
  FailoverView v;
  v.on = r["state"] == "On";
  v.unit = r["role"];
  v.lan = FailoverView::Link{r["lan_intf_name"], r["lan_intf"], r["lan_intf_state"] == "up", {}, {}, 0};
  v.state = v.lan;
  v.monitored = static_cast<int>(r.List("interfaces").size());
  v.version = r["sw_version"];
  v.mate_version = r["sw_version_mate"];
  v.serial = "JAF1610APKQ";
  v.mate_serial = "JAF1610ALGM";
  v.last_failover_wall = 1'000'000'000 * Seconds(r["last_failover_time"], r["last_failover_month"], r["last_failover_day"], r["last_failover_year"]);
  v.zone.name = r["last_failover_timezone"];
  std::vector<std::string> addresses;
  bool statistics = false;
  for (const std::string& line : LinesOf(s.raw())) {
    if (Has(line, R"(^Interface \S+ \()")) addresses.push_back(Match(line, R"(\((\S+)\):)")[1]);
    if (line.starts_with("Stateful Obj")) {
      statistics = true;
    } else if (statistics && Has(line, R"(^.*( \d+){4}$)")) {
      const auto m = Match(line, R"(^(.*) (\d+) (\d+) (\d+) (\d+)$)");
      v.statistics.push_back({m[1], Num(m[2]), Num(m[3]), Num(m[4]), Num(m[5])});
    } else if (Has(line, R"(^\w+ Q: )")) {
      const auto m = Match(line, R"(^(.*): (\d+) (\d+) (\d+)$)");
      v.queues.push_back({m[1], Num(m[2]), Num(m[3]), Num(m[4])});
    }
  }
  const auto host = [&](FailoverView::Host& h, const char* unit, const std::string& mate, std::int64_t active, std::size_t first) {
    h.unit = unit;
    h.state = r["service_state" + mate];
    h.active_s = active;
    h.slots = {{static_cast<int>(r.Number("ssp_slot" + mate)), r["ssp_model" + mate], "2.0", v.version, r["ssp_status" + mate] + " Sys"}};
    const auto names = r.List("interfaces" + mate), states = r.List("interfaces_status" + mate), monitors = r.List("interfaces_state" + mate);
    for (std::size_t i = 0; i < names.size(); i++) h.interfaces.push_back({names[i], Ip(addresses.at(first + i).c_str()), states[i], monitors[i]});
    h.more_slots = {{1, "", "", "", ""}, {1, "", "", "", ""}};
  };
  host(v.here, "Primary", "", 87, 0);
  host(v.there, "Secondary", "_mate", 0, 3);
  EXPECT_EQ(v.statistics.size(), 27u);
  EXPECT_EQ(WithSingleBlanks(ShowFailover(v)), WithSingleBlanks(s.raw()));
}

}  // namespace
}  // namespace sallyport::show_ntc_system_test
