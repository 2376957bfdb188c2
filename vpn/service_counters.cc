// Counters that the console reads and clears. An engine never sets its own back: what it had counted when an operator cleared it is
// subtracted from what is shown. What is there now (tunnels, negotiations) and what there was at most stay as they are.
#include <algorithm>
#include <initializer_list>

#include "vpn/crypto/operations.h"
#include "vpn/service.h"

namespace sallyport {
namespace {

template <typename S>
using Members = std::initializer_list<std::uint64_t S::*>;

template <typename S>
void Subtract(S& from, const S& what, Members<S> members) {
  for (const auto m : members) from.*m -= std::min(from.*m, what.*m);
}

void Subtract(CryptoRequests& from, const CryptoRequests& what) {
  using C = CryptoRequests;
  Subtract(from, what, {&C::encrypted, &C::encapsulated, &C::decrypted, &C::decapsulated, &C::hmacs, &C::sas_created, &C::sas_rekeyed,
                        &C::sas_deleted, &C::keys_allocated, &C::random, &C::failed});
}

void Subtract(IkeStats& from, const IkeStats& what) {
  using S = IkeStats;
  Subtract(from, what,
           {&S::previous_tunnels, &S::in_octets, &S::in_packets, &S::in_drop_packets, &S::in_notifys, &S::in_p2_exchanges,
            &S::in_p2_exchange_invalids, &S::in_p2_exchange_rejects, &S::in_p2_sa_delete_requests, &S::out_octets, &S::out_packets,
            &S::out_drop_packets, &S::out_notifys, &S::out_p2_exchanges, &S::out_p2_exchange_invalids, &S::out_p2_exchange_rejects,
            &S::out_p2_sa_delete_requests, &S::initiator_tunnels, &S::initiator_fails, &S::responder_fails, &S::system_capacity_fails,
            &S::auth_fails, &S::decrypt_fails, &S::hash_valid_fails, &S::no_sa_fails, &S::in_negotiation_rejected});
}

void Subtract(IpsecStatsView::Way& from, const IpsecStatsView::Way& what) {
  using W = IpsecStatsView::Way;
  Subtract(from, what, {&W::bytes, &W::uncompressed_bytes, &W::packets, &W::dropped, &W::authentications, &W::authentication_failures,
                        &W::ciphered, &W::cipher_failures, &W::tfc, &W::hashed_bytes, &W::ciphered_bytes});
}

void Subtract(IpsecStatsView& from, const IpsecStatsView& what) {
  using S = IpsecStatsView;
  Subtract(from.in, what.in);
  Subtract(from.out, what.out);
  Subtract(from, what,
           {&S::previous, &S::replay_failures, &S::reassembly_needed, &S::valid_icmp_errors, &S::invalid_icmp_errors, &S::fragmented_before,
            &S::fragmented_after, &S::fragmentation_failed_before, &S::fragmentation_failed_after, &S::fragments_created, &S::pmtus_sent,
            &S::pmtus_received, &S::protocol_failures, &S::missing_sa, &S::capacity_failures, &S::in_deletes, &S::out_deletes,
            &S::in_destroys, &S::out_destroys, &S::pairs_made, &S::pairs_rekeyed});
}

// What the library was asked by everybody; and the bytes of IPsec.
void SubtractLibrary(CryptoStatsView& from, const CryptoStatsView& what) {
  using S = CryptoStatsView;
  Subtract(from, what,
           {&S::in_bytes, &S::out_bytes, &S::in_hashed, &S::out_hashed, &S::in_hashed_bytes, &S::out_hashed_bytes, &S::decrypted_bytes,
            &S::encrypted_bytes, &S::dh_keys, &S::dh_secrets, &S::rsa_keys, &S::rsa_signatures, &S::rsa_verifications, &S::ecdsa_signatures,
            &S::ecdsa_verifications, &S::random_requests});
  Subtract(from.accelerated, what.accelerated);
}

}  // namespace

IkeStats VpnService::RawStats(std::uint8_t version) const {
  const IkeProtocol* engine = core_.version(version);
  if (engine == nullptr) return {};
  IkeStats stats = engine->Stats();
  const Made& made = made_[version == 2];
  stats.crypto.sas_created = made.created;
  stats.crypto.sas_rekeyed = made.rekeyed;
  stats.crypto.sas_deleted = made.deleted;
  stats.crypto.keys_allocated = 2 * made.pairs;  // one for each direction
  stats.crypto.encapsulated = stats.crypto.encrypted;
  stats.crypto.decapsulated = stats.crypto.decrypted;
  return stats;
}

IkeStats VpnService::Stats(std::uint8_t version) const {
  IkeStats stats = RawStats(version);
  Subtract(stats, cleared_ike_[version == 2]);
  return stats;
}

IpsecStatsView VpnService::RawIpsecStats() {
  IpsecStatsView stats;
  ports_.ask_engine([&] { stats = ports_.tunnels.Totals(); });
  return stats;
}

std::optional<IpsecStatsView> VpnService::IpsecStats() {
  IpsecStatsView stats = RawIpsecStats();
  Subtract(stats, cleared_ipsec_);
  return stats;
}

CryptoStatsView VpnService::RawCryptoStats() {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const CryptoOperations& library = Operations();
  const IpsecStatsView ipsec = RawIpsecStats();
  CryptoStatsView v;
  v.ikev1 = RawStats(1).crypto;
  v.ikev2 = RawStats(2).crypto;
  CryptoRequests& r = v.ipsec;
  r.encrypted = ipsec.out.ciphered;
  r.encapsulated = ipsec.out.packets;
  r.decrypted = ipsec.in.ciphered;
  r.decapsulated = ipsec.in.packets;
  r.hmacs = ipsec.in.authentications + ipsec.out.authentications;
  r.sas_created = 2 * ipsec.pairs_made;
  r.sas_rekeyed = 2 * ipsec.pairs_rekeyed;
  r.sas_deleted = ipsec.in_destroys + ipsec.out_destroys;
  r.failed = ipsec.in.authentication_failures + ipsec.in.cipher_failures + ipsec.out.cipher_failures;
  v.in_hashed = ipsec.in.authentications;
  v.out_hashed = ipsec.out.authentications;
  v.in_hashed_bytes = ipsec.in.hashed_bytes;
  v.out_hashed_bytes = ipsec.out.hashed_bytes;
  v.decrypted_bytes = ipsec.in.ciphered_bytes;
  v.encrypted_bytes = ipsec.out.ciphered_bytes;
  v.in_bytes = ipsec.in.bytes;
  v.out_bytes = ipsec.out.bytes;
  v.dh_keys = library.dh_keys.load(kRelaxed);
  v.dh_secrets = library.dh_secrets.load(kRelaxed);
  v.rsa_keys = library.rsa_keys.load(kRelaxed);
  v.rsa_signatures = library.rsa_signatures.load(kRelaxed);
  v.rsa_verifications = library.rsa_verifications.load(kRelaxed);
  v.ecdsa_signatures = library.ecdsa_signatures.load(kRelaxed);
  v.ecdsa_verifications = library.ecdsa_verifications.load(kRelaxed);
  v.random_requests = v.other.random = library.random.load(kRelaxed);
  v.accelerated = v.ipsec;
  return v;
}

CryptoStatsView VpnService::CryptoStats() {
  CryptoStatsView v = RawCryptoStats();
  Subtract(v.ikev1, cleared_protocol_.ikev1);
  Subtract(v.ikev2, cleared_protocol_.ikev2);
  Subtract(v.ipsec, cleared_protocol_.ipsec);
  Subtract(v.other, cleared_protocol_.other);
  SubtractLibrary(v, cleared_accelerator_);
  return v;
}

void VpnService::ClearStats(Counters what) {
  switch (what) {
    case Counters::kIkev1:
      cleared_ike_[0] = RawStats(1);
      break;
    case Counters::kIkev2:
      cleared_ike_[1] = RawStats(2);
      break;
    case Counters::kIpsec:
      cleared_ipsec_ = RawIpsecStats();
      break;
    case Counters::kProtocolIkev1:
      cleared_protocol_.ikev1 = RawCryptoStats().ikev1;
      break;
    case Counters::kProtocolIkev2:
      cleared_protocol_.ikev2 = RawCryptoStats().ikev2;
      break;
    case Counters::kProtocolIpsec:
      cleared_protocol_.ipsec = RawCryptoStats().ipsec;
      break;
    case Counters::kProtocolOther:
      cleared_protocol_.other = RawCryptoStats().other;
      break;
    case Counters::kAccelerator:
      cleared_accelerator_ = RawCryptoStats();
      break;
  }
}

}  // namespace sallyport
