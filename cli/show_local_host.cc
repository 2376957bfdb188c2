#include "cli/show_local_host.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string HostLimit(std::uint32_t n) { return n == 0 ? "unlimited" : std::to_string(n); }

std::string Indented(const std::string& lines) {
  std::string out;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    const std::string line = lines.substr(at, end - at);
    if (!line.empty()) out += "    " + line + "\n";
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string ShowLocalHostInterface(const LocalHostTotals& totals) {
  // No licence limits hosts here: none is ever denied.
  return fmt::format("Interface {}: {} active, {} maximum active, 0 denied\n", totals.interface, totals.active, totals.most_active);
}

std::string ShowLocalHostEntry(const LocalHostView& h, const Personality& personality) {
  std::string out;
  Append(out, "local host: <{}>,\n", h.address.ToString());
  if (personality.local_host_sctp) Append(out, "    SCTP flow count/limit = {}/unlimited\n", h.sctp);
  Append(out, "    TCP flow count/limit = {}/{}\n", h.tcp, HostLimit(h.tcp_limit));
  Append(out, "    TCP embryonic count to host = {}\n", h.embryonic);
  Append(out, "    TCP intercept watermark = {}\n", HostLimit(h.embryonic_limit));
  Append(out, "    UDP flow count/limit = {}/{}\n", h.udp, HostLimit(h.udp_limit));
  return out;
}

std::string ShowLocalHostFlows(const std::string& xlates, const std::string& conns) {
  std::string out;
  if (!xlates.empty()) out += "\n  Xlate:\n" + Indented(xlates);
  if (!conns.empty()) out += "\n  Conn:\n" + Indented(conns);
  return out;
}

}  // namespace sallyport
