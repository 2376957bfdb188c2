// Two ends of IKE version 2 in memory, one of which a fuzzer speaks for: it holds the keys, so what it makes up is
// authentic.
#pragma once

#include <cstdlib>
#include <string>

#include "tests/vpn/authority.h"
#include "tests/vpn/ike/wire.h"
#include "vpn/ike/v2_core.h"
#include "vpn/ike/v2_messages.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport::ike_test {

struct FuzzedPair : Pair {
  explicit FuzzedPair(std::uint64_t seed) : Pair(seed) {
    L2lEnd one, two;
    one.v1 = two.v1 = false;
    one.cipher = two.cipher = VpnCipher::kAesGcm128;
    one.hash = two.hash = VpnHash::kSha1;
    one.group = two.group = 31;
    two.local = "192.0.2.2";
    two.peer = "192.0.2.1";
    std::swap(two.inside, two.beyond);
    policy_a = L2lPolicy(one);
    policy_b = L2lPolicy(two);
    OfferEap();
    a.Use(std::make_unique<Ikev2Core>(a), policy_a);
    b.Use(std::make_unique<Ikev2Core>(b), policy_b);
  }

  // b lets users in by EAP whose identity is the name of their group. The server decides by the last byte of what they say.
  void OfferEap() {
    static const TestAuthority authority("Root");
    static const PrivateKey key = *PrivateKey::NewEc(KeyType::kEcP256);
    static const std::string own = authority.Issue(key, {{"cn", "gw"}}).ToPem();
    Trustpoint& t = policy_b->trustpoints["TP"];
    t.name = "TP";
    t.identity_pem = own;
    t.key_name = "key";
    b.keys["key"] = key;
    TunnelGroup& g = policy_b->groups["DefaultRAGroup"];
    g.ikev2_local_trustpoint = "TP";
    g.ikev2_eap = g.ikev2_eap_query_identity = true;
    b.next_address = AssignedAddress{Ip("10.9.0.1"), Ip("255.255.255.0")};
    b.on_question = [](const UserQuestion& q) {
      UserAnswer said;
      const std::uint8_t last = q.eap.empty() ? 0 : q.eap.back();
      said.challenge = last % 3 == 0;
      said.accepted = last % 3 == 1;
      said.eap = q.eap;
      if (!said.eap.empty() && said.challenge) said.eap[0] = 1;
      return said;
    };
  }

  // What the key log says: SPIs, and how a encrypts towards b.
  struct Keys {
    std::uint64_t spi_i = 0, spi_r = 0;
    SkKeys out;
  };
  std::optional<Keys> KeysOfA() const {
    if (a.key_log.empty()) return {};
    std::vector<std::string> fields(1);
    for (const char c : a.key_log.back().substr(6)) {
      if (c == ',') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    Keys k;
    k.spi_i = std::stoull(fields[0], nullptr, 16);
    k.spi_r = std::stoull(fields[1], nullptr, 16);
    k.out.cipher = VpnCipher::kAesGcm128;
    k.out.encryption = Secret(fields[2].size() / 2);
    for (std::size_t i = 0; i < fields[2].size() / 2; ++i)
      k.out.encryption.bytes()[i] = static_cast<std::uint8_t>(std::stoul(fields[2].substr(2 * i, 2), nullptr, 16));
    k.out.sealed = 1'000'000;
    return k;
  }
  // b gets a message of a's SA whose payloads are `chain`.
  void Deliver(std::uint8_t exchange, bool response, std::uint32_t id, std::uint8_t first, Bytes chain, std::size_t most) {
    auto keys = KeysOfA();
    if (!keys) return;
    IkeHeader h;
    h.spi_i = keys->spi_i;
    h.spi_r = keys->spi_r;
    h.version = ikev2::kVersion;
    h.exchange = exchange;
    h.flags = static_cast<std::uint8_t>(ikev2::kFromInitiator | (response ? ikev2::kResponse : 0));
    h.message_id = id;
    for (const auto& message : SealV2(keys->out, a.entropy(), h, first, chain, most)) {
      IkeDatagram d;
      d.at = IfId{1};
      d.local = {b.address(), 500};
      d.peer = {a.address(), 500};
      d.bytes = message;
      b.core().Receive(d, times);
    }
  }
  // Whatever came, nothing may be wrong with what b has asked of its host.
  void Check() {
    if (!b.errors.empty() || !a.errors.empty()) std::abort();
    if (b.children.size() > 64 || b.core().Views(times).size() > 64) std::abort();
  }
  std::shared_ptr<VpnPolicy> policy_a, policy_b;
};

}  // namespace sallyport::ike_test
