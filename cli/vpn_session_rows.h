// Rows that the layouts of `show vpn-sessiondb` share. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "cli/field_rows.h"
#include "cli/vpn_names.h"
#include "firewall/base/civil_time.h"

namespace sallyport {

std::string SecondsText(std::uint64_t n);  // "28800 Seconds"

void ByteRow(FieldRows& rows, const VpnTraffic& t);
void PacketRow(FieldRows& rows, const VpnTraffic& t);
void DropRow(FieldRows& rows, const VpnTraffic& t);
void PortRow(FieldRows& rows, const VpnTunnelView& t);         // ports that are known
void NegotiationRow(FieldRows& rows, const VpnTunnelView& t);  // IKEv1
void CipherRow(FieldRows& rows, const VpnTunnelView& t);
void RekeyRows(FieldRows& rows, const VpnTunnelView& t);  // lifetimes that there are

// 7.x: a LAN-to-LAN session with its heading.
std::string VpnLanToLan7(const VpnSessionView& s, bool detail, const TimeZone& zone, const AddressNames& names);

}  // namespace sallyport
