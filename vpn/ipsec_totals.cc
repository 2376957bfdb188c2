#include "vpn/ipsec_totals.h"

#include <algorithm>

namespace sallyport {
namespace {

void Add(IpsecStatsView& to, const IpsecCounters& c) {
  to.in.packets += c.decapsulated;
  to.in.dropped += c.receive_errors;
  to.in.authentications += c.verified + c.verify_failed;
  to.in.authentication_failures += c.verify_failed;
  to.in.ciphered += c.decrypted;
  to.in.tfc += c.tfc_received;
  to.out.packets += c.encapsulated;
  to.out.dropped += c.send_errors;
  to.out.authentications += c.digested;
  to.out.ciphered += c.encrypted;
  to.out.cipher_failures += c.encapsulation_failed;
  to.out.tfc += c.tfc_sent;
  to.replay_failures += c.replay_failed;
  to.reassembly_needed += c.reassembly_needed;
  to.valid_icmp_errors += c.valid_icmp_errors;
  to.invalid_icmp_errors += c.invalid_icmp_errors;
  to.fragmented_before += c.fragmented_before;
  to.fragmented_after += c.fragmented_after;
  to.fragmentation_failed_before += c.fragmentation_failed;
  to.fragmentation_failed_after += c.fragmentation_failed_after;
  to.fragments_created += c.fragments_created;
  to.pmtus_sent += c.pmtus_sent;
  to.pmtus_received += c.pmtus_received;
  to.protocol_failures += c.invalid_protocol + c.invalid_pad + c.invalid_length + c.invalid_version;
  to.missing_sa += c.no_sa_sent;
}

// Nothing is compressed: both counts are of the same bytes.
void AddBytes(IpsecStatsView& to, const SaPair& pair) {
  const CipherTraits& cipher = TraitsOf(pair.sa->cipher);
  for (const auto& [way, bytes] : {std::pair(&to.in, pair.bytes_in), std::pair(&to.out, pair.bytes_out)}) {
    if (cipher.aead || pair.sa->hash != VpnHash::kNone) way->hashed_bytes += bytes;
    if (pair.sa->cipher != VpnCipher::kNone) way->ciphered_bytes += bytes;
  }
  to.in.bytes += pair.bytes_in;
  to.in.uncompressed_bytes += pair.bytes_in;
  to.out.bytes += pair.bytes_out;
  to.out.uncompressed_bytes += pair.bytes_out;
}

}  // namespace

void IpsecTotals::Keep(const IpsecCounters& c) { Add(gone_, c); }

void IpsecTotals::PairUp(const SaPair& pair, bool first, std::size_t pairs) {
  (first ? gone_.pairs_made : gone_.pairs_rekeyed)++;
  if (first) (pair.sa->lan_to_lan ? lan_to_lan_ : remote_access_)++;
  gone_.peak_sas = std::max(gone_.peak_sas, static_cast<std::uint32_t>(2 * pairs));
  gone_.peak_lan_to_lan = std::max(gone_.peak_lan_to_lan, lan_to_lan_);
  gone_.peak_remote_access = std::max(gone_.peak_remote_access, remote_access_);
}

void IpsecTotals::PairDown(const SaPair& pair, bool last) {
  AddBytes(gone_, pair);
  gone_.in_deletes++;
  gone_.out_deletes++;
  gone_.in_destroys++;
  gone_.out_destroys++;
  if (!last) return;
  gone_.previous++;
  (pair.sa->lan_to_lan ? lan_to_lan_ : remote_access_)--;
}

IpsecStatsView IpsecTotals::View(const TunnelTable& table) const {
  IpsecStatsView v = gone_;
  for (const auto& t : table.all()) {
    if (!t->used) continue;
    Add(v, t->counters);
    if (t->Up()) v.active++;
    for (const auto& p : t->pairs) AddBytes(v, *p);
  }
  return v;
}

}  // namespace sallyport
