#include "cli/show_crypto.h"

#include <algorithm>

#include "cli/show_text.h"
#include "cli/vpn_names.h"

namespace sallyport {
namespace {

std::vector<const IkeSaView*> OfVersion(const std::vector<IkeSaView>& sas, int version) {
  std::vector<const IkeSaView*> found;
  for (const IkeSaView& sa : sas) {
    if (sa.version == version) found.push_back(&sa);
  }
  return found;
}

std::uint32_t Remaining(const IkeSaView& sa) { return sa.lifetime_s > sa.active_s ? sa.lifetime_s - sa.active_s : 0; }

// A table whose heading is repeated for each SA: 7.x.
void TableRow(std::string& out, const IkeSaView& sa, bool detail) {
  out += detail ? "IKE Peer      Type  Dir   Rky  State      Encrypt Hash  Auth    Lifetime\n"
                : "IKE Peer      Type  Dir   Rky  State\n";
  Append(out, "{} {:<15} {:<5} {:<5} {:<4} ", sa.number, sa.remote.address.ToString(), sa.lan_to_lan ? "L2L" : "User",
         sa.initiator ? "Init" : "Resp", sa.rekeying ? "Yes" : "No");
  if (!detail) {
    Append(out, "{}\n", NameOf(sa.state));
    return;
  }
  Append(out, "{:<10} {:<7} {:<5} {:<7} {}\n", NameOf(sa.state), NamesOf(sa.cipher).ikev1, NamesOf(sa.hash).ikev1,
         NamesOf(sa.auth).ikev1_7, sa.lifetime_s);
}

void Ikev1Block(std::string& out, const IkeSaView& sa, bool detail) {
  Append(out, "{:<4}IKE Peer: {}\n", sa.number, sa.remote.address.ToString());
  Append(out, "    Type    : {:<15} Role    : {} \n", sa.lan_to_lan ? "L2L" : "user",
         sa.initiator ? "initiator" : "responder");
  Append(out, "    Rekey   : {:<15} State   : {} \n", sa.rekeying ? "yes" : "no", NameOf(sa.state));
  if (!detail) return;
  Append(out, "    Encrypt : {:<15} Hash    : {:<9} \n", NamesOf(sa.cipher).ikev1, NamesOf(sa.hash).ikev1);
  Append(out, "    Auth    : {:<15} Lifetime: {}\n", NamesOf(sa.auth).ikev1, sa.lifetime_s);
  Append(out, "    Lifetime Remaining: {}\n", Remaining(sa));
}

std::string PortRanges(const AddressRange& range, std::uint16_t low, std::uint16_t high) {
  return fmt::format("{}/{} - {}/{}", range.first.ToString(), low, range.last.ToString(), high);
}

void Child(std::string& out, const IkeChildView& c, bool detail) {
  Append(out, "Child sa: local selector  {}\n", PortRanges(c.local, c.local_port_low, c.local_port_high));
  Append(out, "          remote selector {}\n", PortRanges(c.remote, c.remote_port_low, c.remote_port_high));
  Append(out, "          ESP spi in/out: 0x{:x}/0x{:x}\n", c.spi_in, c.spi_out);
  if (!detail) return;
  out += "          AH spi in/out: 0x0/0x0\n          CPI in/out: 0x0/0x0\n";
  Append(out, "          Encr: {}, esp_hmac: {}\n", NamesOf(c.cipher).ikev2, NamesOf(c.hash).ikev2);
  Append(out, "          ah_hmac: None, comp: IPCOMP_NONE, mode {}\n", c.transport ? "transport" : "tunnel");
}

std::string EndpointText(const VpnEndpoint& e) { return fmt::format("{}/{}", e.address.ToString(), e.port); }

void Ikev2Block(std::string& out, const IkeSaView& sa, bool detail) {
  Append(out, "{:>9} {:<51} {:<51} {:>10} {:>12}\n", sa.number, EndpointText(sa.local), EndpointText(sa.remote),
         NameOf(sa.state), sa.initiator ? "INITIATOR" : "RESPONDER");
  if (sa.agreed) {
    Append(out, "      Encr: {}, Hash: {}, DH Grp:{}, Auth sign: {}, Auth verify: {}\n", NamesOf(sa.cipher).ikev2,
           NamesOf(sa.hash).ikev2, sa.dh_group, NamesOf(sa.local_auth).ikev2, NamesOf(sa.auth).ikev2);
  } else {
    out += "      Encr: Unknown - 0, Hash: None, DH Grp:0, Auth sign: Unknown - 0, Auth verify: Unknown - 0\n";
  }
  Append(out, "      Life/Active Time: {}/{} sec\n", sa.lifetime_s, sa.active_s);
  if (detail) {
    Append(out, "      Session-id: {}\n", sa.session_id);
    Append(out, "      Status Description: {}\n", sa.state == IkeState::kNegotiating ? "Negotiating" : "Negotiation done");
    Append(out, "      Local spi: {:016X}       Remote spi: {:016X}\n", sa.local_spi, sa.remote_spi);
    Append(out, "      Local id: {}\n      Remote id: {}\n", sa.local_id, sa.remote_id);
    Append(out, "      Local req mess id: {:<15}Remote req mess id: {}\n", sa.local_message_id, sa.remote_message_id);
    Append(out, "      Local next mess id: {:<14}Remote next mess id: {}\n", sa.local_message_id, sa.remote_message_id);
    Append(out, "      Local req queued: {:<16}Remote req queued: {}\n", sa.local_message_id, sa.remote_message_id);
    Append(out, "      Local window: {:<20}Remote window: {}\n", 1, 1);
    Append(out, "      DPD configured for {} seconds, retry {}\n", sa.dpd_seconds, sa.dpd_retry);
    Append(out, "      NAT-T is {}\n",
           sa.nat_inside    ? "detected  inside"
           : sa.nat_outside ? "detected  outside"
                            : "not detected  ");
    if (sa.fragment_mtu != 0) {
      const int overhead = sa.local.address.IsV4() ? 28 : 48;  // IP and UDP
      Append(out, "      IKEv2 Fragmentation Configured MTU: {} bytes, Overhead: {} bytes, Effective MTU: {} bytes\n", sa.fragment_mtu,
             overhead, sa.fragment_mtu - overhead);
    }
  }
  for (const IkeChildView& c : sa.children) Child(out, c, detail);
  if (!detail) return;
  const char* deleting = sa.state == IkeState::kDeleting ? "TRUE" : "FALSE";
  Append(out, "Parent SA Extended Status:\n      Delete in progress: {}\n      Marked for delete: {}\n", deleting, deleting);
}

}  // namespace

std::string ShowIkev1Sas(const std::vector<IkeSaView>& sas, bool detail, const Personality& personality) {
  const auto of_v1 = OfVersion(sas, 1);
  if (of_v1.empty()) return personality.ikev1_keyword ? "\nThere are no IKEv1 SAs\n" : "\nThere are no isakmp sas\n";
  std::string out;
  if (!personality.vpn_tables_8) {
    for (const IkeSaView* sa : of_v1) TableRow(out, *sa, detail);
    return out;
  }
  const auto rekeying = std::count_if(of_v1.begin(), of_v1.end(), [](const IkeSaView* sa) { return sa->rekeying; });
  const auto total = static_cast<std::ptrdiff_t>(of_v1.size());
  out += personality.ikev1_keyword ? "\nIKEv1 SAs:\n\n" : "\n";
  Append(out, "   Active SA: {}\n", total - rekeying);
  Append(out, "    Rekey SA: {} (A tunnel will report 1 Active and 1 Rekey SA during rekey)\n", rekeying);
  Append(out, "Total IKE SA: {}\n\n", total);
  for (const IkeSaView* sa : of_v1) Ikev1Block(out, *sa, detail);
  return out;
}

std::string ShowIkev2Sas(const std::vector<IkeSaView>& sas, bool detail) {
  const auto of_v2 = OfVersion(sas, 2);
  if (of_v2.empty()) return "\nThere are no IKEv2 SAs\n";
  std::string out;
  for (auto first = of_v2.begin(); first != of_v2.end();) {
    const auto last =
        std::find_if(first, of_v2.end(), [&](const IkeSaView* sa) { return sa->session_id != (*first)->session_id; });
    std::size_t children = 0;
    bool up = false;
    for (auto sa = first; sa != last; ++sa) {
      children += (*sa)->children.size();
      up = up || (*sa)->state != IkeState::kNegotiating;
    }
    Append(out, "\nIKEv2 SAs:\n\nSession-id:{}, Status:{}, IKE count:{}, CHILD count:{}\n\n", (*first)->session_id,
           up ? "UP-ACTIVE" : "UP-IDLE", last - first, children);
    Append(out, "{:<9} {:<51} {:<51} {:>10} {:>12}\n", "Tunnel-id", "Local", "Remote", "Status", "Role");
    for (; first != last; ++first) Ikev2Block(out, **first, detail);
  }
  return out;
}

std::string ShowIsakmpSas(const std::vector<IkeSaView>& sas, bool detail, const Personality& personality) {
  std::string out = ShowIkev1Sas(sas, detail, personality);
  if (personality.ikev1_keyword) out += ShowIkev2Sas(sas, detail);
  return out;
}

}  // namespace sallyport
