#include "cli/show_crypto_stats.h"

#include "cli/show_text.h"

namespace sallyport {
namespace {

// The same counters in each version's words; phase 2 of IKEv1 is a child of IKEv2. Null: that version does not print it.
struct IkeRow {
  const char* v1;
  const char* v2;
  std::uint64_t IkeStats::*value;  // null: this engine knows no such event, and has none
};
constexpr IkeRow kIkeRows[] = {
    {"Active Tunnels", "Active Tunnels", &IkeStats::active_tunnels},
    {"Previous Tunnels", "Previous Tunnels", &IkeStats::previous_tunnels},
    {"In Octets", "In Octets", &IkeStats::in_octets},
    {"In Packets", "In Packets", &IkeStats::in_packets},
    {"In Drop Packets", "In Drop Packets", &IkeStats::in_drop_packets},
    {nullptr, "In Drop Fragments", nullptr},
    {"In Notifys", "In Notifys", &IkeStats::in_notifys},
    {"In P2 Exchanges", "In Child SA Exchanges", &IkeStats::in_p2_exchanges},
    {"In P2 Exchange Invalids", "In Child SA Exchange Invalids", &IkeStats::in_p2_exchange_invalids},
    {"In P2 Exchange Rejects", "In Child SA Exchange Rejects", &IkeStats::in_p2_exchange_rejects},
    {"In P2 Sa Delete Requests", "In Child SA Sa Delete Requests", &IkeStats::in_p2_sa_delete_requests},
    {"Out Octets", "Out Octets", &IkeStats::out_octets},
    {"Out Packets", "Out Packets", &IkeStats::out_packets},
    {"Out Drop Packets", "Out Drop Packets", &IkeStats::out_drop_packets},
    {nullptr, "Out Drop Fragments", nullptr},
    {"Out Notifys", "Out Notifys", &IkeStats::out_notifys},
    {"Out P2 Exchanges", "Out Child SA Exchanges", &IkeStats::out_p2_exchanges},
    {"Out P2 Exchange Invalids", "Out Child SA Exchange Invalids", &IkeStats::out_p2_exchange_invalids},
    {"Out P2 Exchange Rejects", "Out Child SA Exchange Rejects", &IkeStats::out_p2_exchange_rejects},
    {"Out P2 Sa Delete Requests", "Out Child SA Sa Delete Requests", &IkeStats::out_p2_sa_delete_requests},
    {"Initiator Tunnels", "Initiator Tunnels", &IkeStats::initiator_tunnels},
    {"Initiator Fails", "Initiator Fails", &IkeStats::initiator_fails},
    {"Responder Fails", "Responder Fails", &IkeStats::responder_fails},
    {"System Capacity Fails", "System Capacity Fails", &IkeStats::system_capacity_fails},
    {"Auth Fails", "Auth Fails", &IkeStats::auth_fails},
    {"Decrypt Fails", "Decrypt Fails", &IkeStats::decrypt_fails},
    {"Hash Valid Fails", "Hash Valid Fails", &IkeStats::hash_valid_fails},
    {"No Sa Fails", "No Sa Fails", &IkeStats::no_sa_fails},
};

std::uint64_t ValueOf(const IkeRow& row, const IkeStats& stats) { return row.value == nullptr ? 0 : stats.*row.value; }

constexpr int kSince84 = 804;  // the SA requests, TFC and ICMP of IPsec's counters

}  // namespace

std::string ShowIkev1Stats(const IkeStats& stats, const Personality& personality) {
  std::string out = personality.ikev1_keyword ? "\nGlobal IKEv1 Statistics\n" : "Global IKE Statistics\n";
  for (const IkeRow& row : kIkeRows) {
    if (row.v1 == nullptr) continue;
    if (personality.ikev1_keyword) Append(out, "  {:<29}{}\n", std::string(row.v1) + ":", ValueOf(row, stats));
    else Append(out, "{}: {}\n", row.v1, ValueOf(row, stats));
  }
  return out;
}

std::string ShowIkev2Stats(const IkeStats& stats) {
  std::string out = "\nGlobal IKEv2 Statistics\n";
  for (const IkeRow& row : kIkeRows) Append(out, "{}: {}\n", row.v2, ValueOf(row, stats));
  return out;
}

std::string ShowIsakmpStats(const IkeStats& v1, const IkeStats& v2, std::uint32_t limit, const Personality& personality) {
  std::string out = ShowIkev1Stats(v1, personality);
  if (!personality.ikev1_keyword) return out;
  out += "\nIKEV1 Call Admission Statistics\n";
  Append(out, "  {:<29}{}\n", "Max In-Negotiation SAs:", limit);
  Append(out, "  {:<29}{}\n", "In-Negotiation SAs:", v1.in_negotiation);
  Append(out, "  {:<29}{}\n", "In-Negotiation SAs Highwater:", v1.in_negotiation_high);
  Append(out, "  {:<29}{}\n", "In-Negotiation SAs Rejected:", v1.in_negotiation_rejected);
  return out + ShowIkev2Stats(v2);
}

std::string ShowIpsecStats(const IpsecStatsView& s, const Personality& personality) {
  const bool newer = personality.release >= kSince84;
  std::string out = "\nIPsec Global Statistics\n-----------------------\n";
  const auto line = [&](int indent, const char* name, std::uint64_t value) { Append(out, "{:{}}{}: {}\n", "", indent, name, value); };
  line(0, "Active tunnels", s.active);
  line(0, "Previous tunnels", s.previous);
  out += "Inbound\n";
  line(4, "Bytes", s.in.bytes);
  line(4, "Decompressed bytes", s.in.uncompressed_bytes);
  line(4, "Packets", s.in.packets);
  line(4, "Dropped packets", s.in.dropped);
  line(4, "Replay failures", s.replay_failures);
  line(4, "Authentications", s.in.authentications);
  line(4, "Authentication failures", s.in.authentication_failures);
  line(4, "Decryptions", s.in.ciphered);
  line(4, "Decryption failures", s.in.cipher_failures);
  if (newer) line(4, "TFC Packets", s.in.tfc);
  line(4, "Decapsulated fragments needing reassembly", s.reassembly_needed);
  if (newer) line(4, "Valid ICMP Errors rcvd", s.valid_icmp_errors);
  if (newer) line(4, "Invalid ICMP Errors rcvd", s.invalid_icmp_errors);
  out += "Outbound\n";
  line(4, "Bytes", s.out.bytes);
  line(4, "Uncompressed bytes", s.out.uncompressed_bytes);
  line(4, "Packets", s.out.packets);
  line(4, "Dropped packets", s.out.dropped);
  line(4, "Authentications", s.out.authentications);
  line(4, "Authentication failures", s.out.authentication_failures);
  line(4, "Encryptions", s.out.ciphered);
  line(4, "Encryption failures", s.out.cipher_failures);
  if (newer) line(4, "TFC Packets", s.out.tfc);
  line(4, "Fragmentation successes", s.fragmented_before + s.fragmented_after);
  line(8, "Pre-fragmentation successses", s.fragmented_before);  // spelt so by an ASA
  line(8, "Post-fragmentation successes", s.fragmented_after);
  line(4, "Fragmentation failures", s.fragmentation_failed_before + s.fragmentation_failed_after);
  line(8, "Pre-fragmentation failures", s.fragmentation_failed_before);
  line(8, "Post-fragmentation failures", s.fragmentation_failed_after);
  line(4, "Fragments created", s.fragments_created);
  line(4, "PMTUs sent", s.pmtus_sent);
  line(4, "PMTUs rcvd", s.pmtus_received);
  line(0, "Protocol failures", s.protocol_failures);
  line(0, "Missing SA failures", s.missing_sa);
  line(0, "System capacity failures", s.capacity_failures);
  if (!newer) return out;
  line(0, "Inbound SA delete requests", s.in_deletes);
  line(0, "Outbound SA delete requests", s.out_deletes);
  line(0, "Inbound SA destroy calls", s.in_destroys);
  line(0, "Outbound SA destroy calls", s.out_destroys);
  return out;
}

std::string ShowIpsecSummary(const std::vector<IpsecFlowView>& flows, const IpsecStatsView& stats) {
  // Security associations, both directions, by what carries them.
  std::uint64_t count[4] = {};
  for (const IpsecFlowView& f : flows) {
    for (const auto* sas : {&f.inbound, &f.outbound}) {
      for (const EspSaView& sa : *sas) count[static_cast<std::size_t>(sa.encapsulation)]++;
    }
  }
  const auto of = [&](EspEncapsulation e) { return count[static_cast<std::size_t>(e)]; };
  std::string out = "\nCurrent IPSec SA's:            Peak IPSec SA's:\n";
  Append(out, "IPSec            : {:>5}         Peak Concurrent SA  : {:>6}\n", of(EspEncapsulation::kNone), stats.peak_sas);
  Append(out, "IPSec over UDP   : {:>5}         Peak Concurrent L2L : {:>6}\n", of(EspEncapsulation::kUdp), stats.peak_lan_to_lan);
  Append(out, "IPSec over NAT-T : {:>5}         Peak Concurrent RA  : {:>6}\n", of(EspEncapsulation::kNatT), stats.peak_remote_access);
  Append(out, "IPSec over TCP   : {:>5}\n", of(EspEncapsulation::kTcp));
  Append(out, "IPSec VPN LB     : {:>5}\n", 0);
  Append(out, "Total            : {:>5}\n", count[0] + count[1] + count[2] + count[3]);
  return out;
}

std::string ShowIpsecOverTcpStats(const IpsecOverTcpView& s) {
  std::string out = "\nGlobal IPsec over TCP Statistics\n--------------------------------\n";
  const auto line = [&](const char* name, std::uint64_t value) { Append(out, "{}: {}\n", name, value); };
  line("Embryonic connections", s.embryonic);
  line("Active connections", s.active);
  line("Previous connections", s.previous);
  line("Inbound packets", s.in_packets);
  line("Inbound dropped packets", s.in_dropped);
  line("Outbound packets", s.out_packets);
  line("Outbound dropped packets", s.out_dropped);
  line("RST packets", s.resets);
  line("Received ACK heart-beat packets", s.heartbeats);
  line("Bad headers", s.bad_headers);
  line("Bad trailers", s.bad_trailers);
  line("Timer failures", s.timer_failures);
  line("Checksum errors", s.checksum_errors);
  line("Internal errors", s.internal_errors);
  return out;
}

std::string ShowDebugCondition(const DebugConditions& c) {
  const auto flag = [](bool on) { return on ? "ON" : "OFF"; };
  std::string out;
  Append(out, "Crypto conditional debug is turned {}\n", flag(c.any()));
  Append(out, "IKE debug context unmatched flag: {}\nIPSec debug context unmatched flag: {}\n", flag(c.ike_unmatched), flag(c.ipsec_unmatched));
  Append(out, "\nIKE debug context error flag: {}\nIPSec debug context error flag: {}\n", flag(c.ike_error), flag(c.ipsec_error));
  const auto list = [&](const char* heading, const auto& all, auto text) {
    if (all.empty()) return;
    Append(out, "\n{}:\n", heading);
    for (const auto& one : all) out += text(one) + "\n";
  };
  const auto as_it_is = [](const std::string& s) { return s; };
  list("IKE peer IP address filters", c.peers, [](const Prefix& p) {
    return fmt::format("{}/{}", p.address.ToString(), p.FamilyLength());
  });
  list("IKE user name filters", c.users, as_it_is);
  list("IKE group name filters", c.groups, as_it_is);
  list("IPSec SPI filters", c.spis, [](std::uint32_t spi) { return fmt::format("0x{:08X}", spi); });
  return out;
}

}  // namespace sallyport
