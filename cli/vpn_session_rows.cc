#include "cli/vpn_session_rows.h"

#include <algorithm>

#include "cli/show_text.h"
#include "firewall/log_text.h"

namespace sallyport {

std::string SecondsText(std::uint64_t n) { return fmt::format("{} Seconds", n); }

void ByteRow(FieldRows& rows, const VpnTraffic& t) {
  rows.Begin("Bytes Tx", std::to_string(t.tx_bytes));
  rows.Then("Bytes Rx", std::to_string(t.rx_bytes));
}
void PacketRow(FieldRows& rows, const VpnTraffic& t) {
  rows.Begin("Pkts Tx", std::to_string(t.tx_packets));
  rows.Then("Pkts Rx", std::to_string(t.rx_packets));
}
void DropRow(FieldRows& rows, const VpnTraffic& t) {
  rows.Begin("Pkts Tx Drop", std::to_string(t.tx_dropped));
  rows.Then("Pkts Rx Drop", std::to_string(t.rx_dropped));
}
void RekeyRows(FieldRows& rows, const VpnTunnelView& t) {
  if (t.rekey_time) {
    rows.Begin("Rekey Int (T)", SecondsText(t.rekey_time->interval));
    rows.Then("Rekey Left(T)", SecondsText(t.rekey_time->left));
  }
  if (t.rekey_data) {
    rows.Begin("Rekey Int (D)", fmt::format("{} K-Bytes", t.rekey_data->interval));
    rows.Then("Rekey Left(D)", fmt::format("{} K-Bytes", t.rekey_data->left));
  }
}
void CipherRow(FieldRows& rows, const VpnTunnelView& t) {
  rows.Begin("Encryption", NamesOf(t.cipher).session);
  rows.Then("Hashing", NamesOf(t.hash).session);
}

void PortRow(FieldRows& rows, const VpnTunnelView& t) {
  const std::string protocol = t.over_tcp ? "TCP" : "UDP";
  if (t.source_port != 0) rows.Then(protocol + " Src Port", std::to_string(t.source_port));
  if (t.destination_port != 0) rows.Then(protocol + " Dst Port", std::to_string(t.destination_port));
}
void NegotiationRow(FieldRows& rows, const VpnTunnelView& t) {
  rows.Begin("IKE Neg Mode", t.aggressive ? "Aggressive" : "Main");
  rows.Then("Auth Mode", NamesOf(t.auth).session);
}

std::string VpnLanToLan7(const VpnSessionView& s, bool detail, const TimeZone& zone, const AddressNames& names) {
  // Lines that set parts apart hold two blanks.
  constexpr const char* kGap = "  \n";
  FieldRows top(" ");
  top.Line("Connection", s.name);
  top.Begin("Index", std::to_string(s.index));
  top.Then("IP Addr", NameOrAddress(s.peer, names));
  const bool natt = std::any_of(s.tunnels.begin(), s.tunnels.end(),
                                [](const VpnTunnelView& t) { return t.kind == VpnTunnelKind::kIpsecOverNatT; });
  top.Begin("Protocol", natt ? "IPSecLAN2LANOverNatT" : "IPSecLAN2LAN");
  top.Then("Encryption", NamesOf(s.cipher).session);
  ByteRow(top, s.traffic);
  top.Line("Login Time", ClockSecondsText(s.login_wall, zone));
  top.Line("Duration", HourMinuteSecond(s.duration));
  std::string out = "Session Type: LAN-to-LAN" + std::string(detail ? " Detailed\n" : "\n") + top.Take();
  Append(out, " Filter Name  :{}{}\n", s.filter.empty() ? "" : " ", s.filter);
  if (!detail) return out + "\n";
  const auto ike = std::count_if(s.tunnels.begin(), s.tunnels.end(), [](const VpnTunnelView& t) { return IsIke(t.kind); });
  Append(out, "{} IKE Sessions: {} IPSec Sessions: {}\n{}", kGap, ike, std::ptrdiff_t(s.tunnels.size()) - ike, kGap);
  for (std::size_t i = 0; i < s.tunnels.size(); i++) {
    const VpnTunnelView& t = s.tunnels[i];
    FieldRows rows("   ");
    rows.Line("Session ID", std::to_string(t.number));
    if (IsIke(t.kind)) {
      PortRow(rows, t);
      NegotiationRow(rows, t);
      CipherRow(rows, t);
      RekeyRows(rows, t);
      rows.Line("D/H Group", std::to_string(t.dh_group));
    } else {
      rows.Line("Local Addr", NetworkText(t.local.network));
      rows.Line("Remote Addr", NetworkText(t.remote.network));
      CipherRow(rows, t);
      rows.Begin("Encapsulation", NameOf(t.encapsulation));
      if (t.dh_group != 0) rows.Then("PFS Group", std::to_string(t.dh_group));
      RekeyRows(rows, t);
      ByteRow(rows, t.traffic);
      PacketRow(rows, t.traffic);
    }
    Append(out, " {}:\n{}{}", IsIke(t.kind) ? "IKE" : "IPSec", rows.Take(), i + 1 < s.tunnels.size() ? kGap : "");
  }
  return out;
}

}  // namespace sallyport
