#include "cli/show_logging.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

const char* OnOff(bool on) { return on ? "enabled" : "disabled"; }

// "disabled", "level warnings, 12 messages logged", "list NAME, 0 messages logged"
std::string OutputText(const LoggingStatus& s, LogOutput output) {
  const LogFilter& f = s.settings.Of(output);
  if (f.kind == LogFilter::Kind::kOff) return "disabled";
  const std::string what =
      f.kind == LogFilter::Kind::kLevel ? fmt::format("level {}", SeverityName(f.level)) : "list " + f.list;
  const std::string facility = output == LogOutput::kTrap ? fmt::format(", facility {}", s.settings.facility) : "";
  return fmt::format("{}{}, {} messages logged", what, facility, s.logged[static_cast<std::size_t>(output)]);
}

std::string DeviceIdText(const LoggingDeviceId& id) {
  switch (id.kind) {
    case LoggingDeviceId::Kind::kNone:
      return "disabled";
    case LoggingDeviceId::Kind::kHostname:
      return fmt::format("hostname \"{}\"", id.text);
    case LoggingDeviceId::Kind::kContextName:
      return fmt::format("context name \"{}\"", id.text);
    case LoggingDeviceId::Kind::kIpAddress:
      return fmt::format("'{}' interface IP address \"{}\"", id.argument, id.text);
    case LoggingDeviceId::Kind::kString:
      return fmt::format("string \"{}\"", id.text);
  }
  return "disabled";
}

void AppendHosts(const LoggingStatus& s, std::string& out) {
  for (std::size_t i = 0; i < s.settings.hosts.size(); i++) {
    const LoggingHost& h = s.settings.hosts[i];
    Append(out, "        Logging to {} {}", h.interface, h.address.ToString());
    if (h.tcp)
      Append(out, " tcp/{} Not connected", h.port);  // TCP syslog is not modelled
    else if (h.port != 514)
      Append(out, " udp/{}", h.port);
    const std::uint64_t errors = i < s.hosts_failed.size() ? s.hosts_failed[i] : 0;
    if (errors != 0) Append(out, " errors: {} dropped: {}", errors, errors);
    out += '\n';
  }
}

std::string MessageLine(const LoggingSettings& settings, const MsgInfo& info) {
  const auto it = settings.messages.find(info.number);
  const bool disabled = it != settings.messages.end() && it->second.disabled;
  std::string out = fmt::format("syslog {}: default-level {}", info.number, SeverityName(info.severity));
  if (it != settings.messages.end() && it->second.severity && *it->second.severity != info.severity) {
    Append(out, ", current-level {}", SeverityName(*it->second.severity));
  }
  Append(out, " ({})\n", OnOff(!disabled));
  return out;
}

}  // namespace

std::string ShowLoggingSetting(const LoggingStatus& status, const Personality& personality) {
  const LoggingSettings& s = status.settings;
  std::string out;
  Append(out, "Syslog logging: {}\n", OnOff(s.enable));
  Append(out, "    Facility: {}\n", s.facility);
  Append(out, "    Timestamp logging: {}{}\n", OnOff(s.timestamp), s.rfc5424 ? " (rfc5424)" : "");
  if (personality.hide_username) Append(out, "    Hide Username logging: {}\n", OnOff(s.hide_username));
  Append(out, "    Standby logging: {}\n", OnOff(s.standby));
  if (personality.logging_deny_conn_line)
    out += "    Deny Conn when Queue Full: disabled\n";  // nothing is denied for the log
  Append(out, "    Debug-trace logging: {}\n", OnOff(s.debug_trace));
  Append(out, "    Console logging: {}\n", OutputText(status, LogOutput::kConsole));
  Append(out, "    Monitor logging: {}\n", OutputText(status, LogOutput::kMonitor));
  Append(out, "    Buffer logging: {}\n", OutputText(status, LogOutput::kBuffer));
  Append(out, "    Trap logging: {}\n", OutputText(status, LogOutput::kTrap));
  AppendHosts(status, out);
  if (personality.logging_tcp_stats) {  // TCP syslog is not modelled: nothing ever went wrong with it
    out +=
        "    Global TCP syslog stats::\n"
        "        NOT_PUTABLE: 0, ALL_CHANNEL_DOWN: 0\n"
        "        CHANNEL_FLAP_CNT: 0, SYSLOG_PKT_LOSS: 0\n"
        "        PARTIAL_REWRITE_CNT: 0\n";
  }
  if (!personality.logging_deny_conn_line) Append(out, "    Permit-hostdown logging: {}\n", OnOff(s.permit_hostdown));
  Append(out, "    History logging: {}\n", OutputText(status, LogOutput::kHistory));
  Append(out, "    Device ID: {}\n", DeviceIdText(s.device_id));
  Append(out, "    Mail logging: {}\n", OutputText(status, LogOutput::kMail));
  Append(out, "    ASDM logging: {}\n", OutputText(status, LogOutput::kAsdm));
  return out;
}

std::string ShowLogging(const LoggingStatus& status, const Personality& personality) {
  std::string out = ShowLoggingSetting(status, personality);
  for (const std::string& line : status.buffer) out.append(line).append("\n");
  return out;
}

std::string ShowLoggingAsdm(const LoggingStatus& status) {
  std::string out;
  for (const std::string& line : status.asdm) out.append(line).append("\n");
  return out;
}

std::string ShowLoggingQueue(const LoggingStatus& status) {
  return fmt::format(
      "\n\tLogging Queue length limit : {} msg(s)\n"
      "\t{} msg(s) discarded due to queue overflow\n"
      "\t0 msg(s) discarded due to memory allocation failure\n"
      "\tCurrent {} msg on queue, {} msgs most on queue\n",
      status.settings.queue, status.queue_lost, status.queue_size, status.queue_most);
}

std::string ShowLoggingMessage(const LoggingSettings& settings, int number) {
  if (number != 0) {
    const auto m = MsgByNumber(number);
    return m ? MessageLine(settings, InfoOf(*m)) : "";
  }
  std::string out;
  for (const auto& [changed, override] : settings.messages) {
    if (const auto m = MsgByNumber(changed)) out += MessageLine(settings, InfoOf(*m));
  }
  return out;
}

}  // namespace sallyport
