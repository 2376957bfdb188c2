// What both versions of IKE say, held against the catalogue of an ASA's system messages: number, severity, and the text with its blanks.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/vpn/ike/v1_pair.h"
#include "vpn/ike/v2_core.h"

namespace sallyport {
namespace {

using namespace ike_test;

struct Format {
  int number, severity;
  const char* text;  // '*': anything; '#': one character
};

// Behind "Group = G, Username = U, IP = A, " (713 to 715) or "Local:A:p Remote:A:p Username:U " (750, 751). The numbers for free texts
// (713900 to 713906) stand with the texts that were seen.
constexpr Format kCatalogue[] = {
    {713024, 7, "Received local Proxy Host data in ID Payload:  Address *, Protocol *, Port *"},
    {713025, 7, "Received remote Proxy Host data in ID Payload:  Address *, Protocol *, Port *"},
    {713034, 7, "Received local IP Proxy Subnet data in ID Payload:   Address *, Mask *, Protocol *, Port *"},
    {713035, 7, "Received remote IP Proxy Subnet data in ID Payload:   Address *, Mask *, Protocol *, Port *"},
    {713041, 5, "IKE Initiator: * Phase *, Intf *, IKE Peer *  local Proxy Address *, remote Proxy Address *,  Crypto map (*)"},
    {713042, 3, "IKE Initiator unable to find policy: Intf *, Src: *, Dst: *"},
    {713048, 3, "Error processing payload: Payload ID: *"},
    {713049, 5, "Security negotiation complete for LAN-to-LAN Group (*)  *, Inbound SPI = 0x########, Outbound SPI = 0x########"},
    {713050, 5, "Connection terminated for peer *.  Reason: *  Remote Proxy *, Local Proxy *"},
    {713061, 3, "Rejecting IPSec tunnel: no matching crypto map entry for remote proxy */*/*/* local proxy */*/*/* on interface *"},
    {713066, 7, "IKE Remote Peer configured for crypto map: *"},
    {713068, 5, "Received non-routine Notify message: * (*)"},
    {713073, 5, "Responder forcing change of * rekeying duration from * to * seconds"},
    {713074, 5, "Responder forcing change of * rekeying duration from * to * Kbs"},
    {713075, 5, "Overriding Initiator's IPSec rekeying duration from * to * seconds"},
    {713076, 5, "Overriding Initiator's IPSec rekeying duration from * to * Kbs"},
    {713119, 5, "PHASE 1 COMPLETED"},
    {713120, 5, "PHASE 2 COMPLETED (msgid=########)"},
    {713121, 7, "Keep-alive type for this connection: *"},
    {713123, 3, "IKE lost contact with remote peer, deleting connection (keepalive type: DPD)"},
    {713136, 5, "IKE session establishment timed out [*], aborting!"},
    {713172, 6, "Automatic NAT Detection Status:     Remote end * behind a NAT device     This   end * behind a NAT device"},
    {713191, 3, "Maximum concurrent IKE negotiations exceeded!"},
    {713201, 5, "Duplicate Phase * packet detected.  *"},
    {713202, 6, "Duplicate first packet detected.  Ignoring packet."},
    {713219, 6, "Queuing KEY-ACQUIRE messages to be processed when P1 SA is complete."},
    {713220, 6, "De-queuing KEY-ACQUIRE messages that were left pending."},
    {713221, 7, "Static Crypto Map check, checking map = *, seq = *..."},
    {713222, 7, "Static Crypto Map check, map = *, seq = *, ACL does not match proxy IDs src:* dst:*"},
    {713225, 7, "Static Crypto Map check, map *, seq = * is a successful match"},
    {713236, 7, "IKE_DECODE * Message (msgid=*) with payloads : HDR* + NONE (0) total length : *"},
    {713257, 5, "Phase * failure:  Mismatched attribute types for class *:  Rcv'd: *  Cfg'd: *"},
    {713259, 5, "Session is being torn down. Reason: *"},
    {713902, 3, "Removing peer from peer table failed, no match!"},
    {713902, 3, "Removing peer from correlator table failed, no match!"},
    {713902, 3, "QM FSM error (P2 struct &0x*, mess id 0x*)!"},
    {713902, 3, "Can't find a valid tunnel group, aborting...!"},
    {713903, 4, "Error: Unable to remove PeerTblEntry"},
    {713903, 4, "Information Exchange processing failed"},
    {713903, 4, "Error, peer has indicated that something is wrong with our message.  This could indicate a pre-shared key mismatch."},
    {713903, 4, "IKE Receiver: Runt ISAKMP packet discarded on Port * from *:*"},
    {713904, 5, "All SA proposals found unacceptable"},
    {713904, 5, "All IPSec SA proposals found unacceptable!"},
    {713904, 5, "Received an un-encrypted * notify message, dropping"},
    {713904, 5, "Received encrypted packet with no matching SA, dropping"},
    {713904, 5, "Received encrypted Oakley * Mode packet with invalid payloads, MessID = 0"},
    {713904, 5, "ERROR, had problems decrypting packet, probably due to mismatched pre-shared key.  Aborting"},
    {713906, 7, "*"},
    {714011, 7, "*ID received*"},
    {715006, 7, "IKE got SPI from key engine: SPI = 0x########"},
    {715007, 7, "IKE got a KEY_ADD msg for SA: SPI = 0x########"},
    {715036, 7, "Sending keep-alive of type DPD R-U-THERE* (seq number 0x*)"},
    {715046, 7, "*"},
    {715065, 7, "IKE * * FSM error history (struct &0x########)  <state>, <event>:  *"},
    {715075, 7, "Received keep-alive of type DPD R-U-THERE* (seq number 0x*)"},
    {715080, 7, "Starting P* rekey timer: * seconds."},
    {750001, 5, "IKEv2 Received request to * an IPsec tunnel; local traffic selector = Address Range: *-* Protocol: * Port Range: *-*; remote traffic "
                "selector = Address Range: *-* Protocol: * Port Range: *-*"},
    {750002, 5, "IKEv2 Received a IKE_INIT_SA request"},
    {750003, 4, "IKEv2 Negotiation aborted due to ERROR: *"},
    {750004, 5, "IKEv2 Sending COOKIE challenge to throttle possible DoS"},
    {750006, 5, "IKEv2 SA UP. Reason: *"},
    {750007, 5, "IKEv2 SA DOWN. Reason: *"},
    {750009, 4, "SA request rejected due to CAC limit reached: Rejection reason: *"},
    {750016, 7, "IKEv2 Need to send a DPD message to peer"},
    {751002, 3, "No preshared key or trustpoint configured for self in tunnel group *"},
    {751004, 3, "No remote authentication method configured for peer in tunnel group *"},
    {751009, 3, "Unable to find tunnel group for peer."},
    {751022, 3, "IKEv2 Tunnel rejected: Crypto Map Policy not found for remote traffic selector */*/*/*/* local traffic selector */*/*/*/*!"},
};

bool Fits(std::string_view text, std::string_view format) {
  if (format.empty()) return text.empty();
  if (format[0] == '*') {
    for (std::size_t n = 0; n <= text.size(); ++n) {
      if (Fits(text.substr(n), format.substr(1))) return true;
    }
    return false;
  }
  return !text.empty() && (format[0] == '#' || text[0] == format[0]) && Fits(text.substr(1), format.substr(1));
}

// What the catalogue has no format for.
std::string Behind(std::string_view text, int number) {
  if (number / 1000 >= 750) {
    const std::size_t user = text.find(" Username:");
    const std::size_t end = user == std::string_view::npos ? user : text.find(' ', user + 1);
    return end == std::string_view::npos ? "no prefix: " + std::string(text) : std::string(text.substr(end + 1));
  }
  const std::size_t ip = text.find("IP = ");
  const std::size_t end = ip == std::string_view::npos ? ip : text.find(", ", ip);
  return end == std::string_view::npos ? "no prefix: " + std::string(text) : std::string(text.substr(end + 2));
}

class MessageFormats : public testing::Test {
 protected:
  void Check(const End& end) {
    for (const IkeSaying& s : end.sayings) {
      if (s.syslog == 0 || s.syslog / 1000 == 752) continue;
      bool known = false, fits = false;
      const std::string text = Behind(s.text, s.syslog);
      for (const Format& f : kCatalogue) {
        if (f.number != s.syslog) continue;
        known = true;
        fits = fits || (f.severity == s.severity && Fits(text, f.text));
      }
      said_.insert(s.syslog);
      // Steps of 715xxx are many; of them only what the table names is checked.
      if (s.syslog / 1000 == 715 && !known) continue;
      EXPECT_TRUE(fits) << s.severity << "-" << s.syslog << ": " << text;
    }
  }
  void Check(const Pair& pair) {
    Check(pair.a);
    Check(pair.b);
  }
  std::set<int> said_;
};

TEST_F(MessageFormats, OfVersionOne) {
  const auto run = [&](const L2lEnd& other, int seconds, const std::function<void(V1Pair&)>& then = {}) {
    V1Pair pair(40);
    pair.b.UsePolicy(L2lPolicy(Mirror(other)));
    pair.Need(pair.a);
    pair.Run(Duration::Seconds(seconds));
    if (then) then(pair);
    Check(pair);
  };
  run({}, 20, [](V1Pair& p) {
    p.a.core().Clear({}, p.times);
    p.Run(Duration::Seconds(2));
  });
  run({}, 20, [](V1Pair& p) {  // the peer dies
    p.faults.lose = 100;
    p.Run(Duration::Seconds(60));
  });
  run({}, 2, [](V1Pair& p) {  // the clock is moved over lifetimes
    p.times.now = p.times.now + Duration::Seconds(27'000);
    p.Run(Duration::Seconds(5));
    p.times.now = p.times.now + Duration::Seconds(100'000);
    p.Run(Duration::Seconds(5));
  });
  L2lEnd other;
  other.psk = "another";
  run(other, 40);
  other = {};
  other.group = 5;
  run(other, 40);
  other = {};
  other.cipher = VpnCipher::kAes256;
  run(other, 40);
  other = {};
  other.inside = Prefix::Of(Ip("10.7.0.0"), 16);
  run(other, 10);
  other = {};
  other.pfs = 5;
  run(other, 10);
  V1Pair nobody(41);
  nobody.faults.lose = 100;
  nobody.Need(nobody.a);
  nobody.Need(nobody.a);
  nobody.Run(Duration::Seconds(60));
  Check(nobody);
  for (const int number : {713041, 713048, 713049, 713050, 713061, 713119, 713120, 713123, 713257, 713259, 713902, 713903, 713904, 715065}) {
    EXPECT_TRUE(said_.contains(number)) << number;
  }
}

TEST_F(MessageFormats, OfVersionTwo) {
  const auto run = [&](const std::function<void(VpnPolicy&)>& change, int seconds, const std::function<void(Pair&)>& then = {}) {
    Pair pair(42);
    L2lEnd end;
    end.v1 = false;
    auto policy = L2lPolicy(Mirror(end));
    if (change) change(*policy);
    pair.a.Use(std::make_unique<Ikev2Core>(pair.a), L2lPolicy(end));
    pair.b.Use(std::make_unique<Ikev2Core>(pair.b), policy);
    pair.Need(pair.a);
    pair.Run(Duration::Seconds(seconds));
    if (then) then(pair);
    Check(pair);
  };
  run({}, 20, [](Pair& p) {
    p.a.core().Clear({}, p.times);
    p.Run(Duration::Seconds(2));
  });
  run({}, 2, [](Pair& p) {
    p.faults.lose = 100;
    p.Run(Duration::Seconds(60));
  });
  run({}, 2, [](Pair& p) {
    p.times.now = p.times.now + Duration::Seconds(27'000);
    p.Run(Duration::Seconds(5));
  });
  run([](VpnPolicy& p) { p.ikev2_policies[0].ciphers = {VpnCipher::kAes192}; }, 10);
  run([](VpnPolicy& p) { p.groups["192.0.2.1"].ikev2_remote_psk = "another"; }, 10);
  run([](VpnPolicy& p) { p.groups["192.0.2.1"].ikev2_local_psk.clear(); }, 10);
  run([](VpnPolicy& p) { p.entries[0].match = CryptoAcl("other", {{Prefix::Of(Ip("10.7.0.0"), 16), Prefix::Of(Ip("10.1.0.0"), 16)}}); }, 10);
  run([](VpnPolicy& p) { p.groups.clear(); }, 10);
  run([](VpnPolicy& p) { p.cookies = VpnPolicy::Cookies::kAlways; }, 5);
  Pair nobody(43);
  L2lEnd end;
  end.v1 = false;
  nobody.a.Use(std::make_unique<Ikev2Core>(nobody.a), L2lPolicy(end));
  nobody.b.Use(std::make_unique<Ikev2Core>(nobody.b), L2lPolicy(Mirror(end)));
  nobody.faults.lose = 100;
  nobody.Need(nobody.a);
  nobody.Run(Duration::Seconds(180));
  Check(nobody.a);
  for (const int number : {750001, 750002, 750003, 750004, 750006, 750007, 750016, 751002, 751022}) EXPECT_TRUE(said_.contains(number)) << number;
}

}  // namespace
}  // namespace sallyport
