#include "cli/show_crypto_engine.h"

#include <utility>

#include "cli/show_text.h"

namespace sallyport {
namespace {

void Block(std::string& out, const char* heading, const CryptoRequests& r) {
  Append(out, "[{} statistics]\n", heading);
  const auto line = [&](const char* name, std::uint64_t n) { Append(out, "   {}: {}\n", name, n); };
  line("Encrypt packet requests", r.encrypted);
  line("Encapsulate packet requests", r.encapsulated);
  line("Decrypt packet requests", r.decrypted);
  line("Decapsulate packet requests", r.decapsulated);
  line("HMAC calculation requests", r.hmacs);
  line("SA creation requests", r.sas_created);
  line("SA rekey requests", r.sas_rekeyed);
  line("SA deletion requests", r.sas_deleted);
  line("Next phase key allocation requests", r.keys_allocated);
  line("Random number generation requests", r.random);
  line("Failed requests", r.failed);
}

// A heading and its lines, all one step further in.
void EngineSection(std::string& out, const char* heading, std::initializer_list<std::pair<const char*, std::uint64_t>> lines) {
  Append(out, "   [{}]\n", heading);
  for (const auto& [name, n] : lines) Append(out, "      {}: {}\n", name, n);
}

}  // namespace

std::string ShowCryptoProtocol(const CryptoStatsView& s, CryptoProtocol which, const Personality& personality) {
  using P = CryptoProtocol;
  std::string out;
  const bool all = which == P::kAll;
  // Before 8.4 the one version that there was is called IKEv1 here, too.
  if (all || which == P::kIkev1) Block(out, "IKEv1", s.ikev1);
  if ((all && personality.ikev1_keyword) || which == P::kIkev2) Block(out, "IKEv2", s.ikev2);
  if (all || which == P::kIpsec) Block(out, "IPsec", s.ipsec);
  if (all || which == P::kSsl) Block(out, "SSL", {});  // there is nothing here that speaks it
  if (all || which == P::kSsh) out += "[SSH statistics are not supported]\n";
  if (all || which == P::kSrtp) out += "[SRTP statistics are not supported]\n";
  if (all || which == P::kOther) Block(out, "Other", s.other);
  return out;
}

std::string ShowCryptoAccelerator(const CryptoStatsView& s, std::uint64_t seconds, std::uint32_t sessions) {
  const CryptoRequests& r = s.accelerated;
  std::string out = "Crypto Accelerator Status\n-------------------------\n[Capability]\n";
  out += "   Supports hardware crypto: False\n   Supports modular hardware crypto: False\n   Max accelerators: 1\n";
  Append(out, "   Max crypto connections: {}\n[Global Statistics]\n", sessions);
  out += "   Number of active accelerators: 1\n   Number of non-operational accelerators: 0\n";
  const auto line = [&](const char* name, std::uint64_t n) { Append(out, "   {}: {}\n", name, n); };
  line("Input packets", r.decapsulated);
  line("Input bytes", s.in_bytes);
  line("Output packets", r.encapsulated);
  line("Output error packets", r.failed);
  line("Output bytes", s.out_bytes);
  out += "\n[Accelerator 0]\n   Status: OK\n   Software crypto engine\n   Slot: 0\n";
  Append(out, "   Active time: {} seconds\n", seconds);
  line("Total crypto transforms", r.encrypted + r.decrypted + r.hmacs);
  line("Total dropped packets", r.failed);
  EngineSection(out, "Input statistics", {{"Input packets", r.decapsulated},
                                    {"Input bytes", s.in_bytes},
                                    {"Input hashed packets", s.in_hashed},
                                    {"Input hashed bytes", s.in_hashed_bytes},
                                    {"Decrypted packets", r.decrypted},
                                    {"Decrypted bytes", s.decrypted_bytes}});
  EngineSection(out, "Output statistics", {{"Output packets", r.encapsulated},
                                     {"Output bad packets", r.failed},
                                     {"Output bytes", s.out_bytes},
                                     {"Output hashed packets", s.out_hashed},
                                     {"Output hashed bytes", s.out_hashed_bytes},
                                     {"Encrypted packets", r.encrypted},
                                     {"Encrypted bytes", s.encrypted_bytes}});
  EngineSection(out, "Diffie-Hellman statistics", {{"Keys generated", s.dh_keys}, {"Secret keys derived", s.dh_secrets}});
  EngineSection(out, "RSA statistics", {{"Keys generated", s.rsa_keys}, {"Signatures", s.rsa_signatures}, {"Verifications", s.rsa_verifications},
                                 {"Encrypted packets", 0}, {"Encrypted bytes", 0}, {"Decrypted packets", 0}, {"Decrypted bytes", 0}});
  EngineSection(out, "DSA statistics", {{"Keys generated", 0}, {"Signatures", 0}, {"Verifications", 0}});
  EngineSection(out, "ECDSA statistics", {{"Signatures", s.ecdsa_signatures}, {"Verifications", s.ecdsa_verifications}});
  EngineSection(out, "SSL statistics", {{"Outbound records", 0}, {"Inbound records", 0}});
  EngineSection(out, "RNG statistics", {{"Random number requests", s.random_requests}, {"Random number request failures", 0}});
  return out;
}

std::string ShowDfPolicy(const std::string& interface, DfPolicy policy) {
  const char* word = policy == DfPolicy::kClear ? "clear" : policy == DfPolicy::kSet ? "set" : "copy";
  return fmt::format("df-bit {} {}\n", interface, word);
}

std::string ShowFragmentationPolicy(const std::string& interface, bool after_encryption) {
  return fmt::format("fragmentation {} {}-encryption\n", interface, after_encryption ? "after" : "before");
}

}  // namespace sallyport
