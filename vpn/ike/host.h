// What IKE needs from its surroundings, and what it offers them. The core has no socket, no clock and no thread: it is told
// what came, what is wanted and what time it is. The service (vpn/service.h) is its host on an appliance,
// tests/vpn/ike/wire.h in tests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/time.h"
#include "vpn/child_sa.h"
#include "vpn/crypto/certificates.h"
#include "vpn/crypto/entropy.h"
#include "vpn/crypto/secret.h"
#include "vpn/policy.h"
#include "vpn/tunnel_event.h"
#include "vpn/views.h"

namespace sallyport {

// An operator may move the appliance's time forward by hours at once. Lifetimes and idle times run on `now`; what waits for
// a peer (retransmissions, dead peer detection, half-open negotiations) on `real`, which nobody moves.
struct Times {
  TimePoint now, real;
};

// What an address pool gives.
struct AssignedAddress {
  IpAddress address, mask;
  std::uint8_t prefix6 = 128;  // instead of a mask, if it is an IPv6 address
};

struct IkeDatagram {
  enum class Via : std::uint8_t {
    kUdp /* port 500 */,
    kNatT /* 4500, without the non-ESP marker */,
    kTcp /* IPsec over TCP */
  } via = Via::kUdp;
  IfId at{};
  Endpoint local, peer;
  // With kNatT a single byte ff is a NAT keepalive, and goes out as it is.
  std::vector<std::uint8_t> bytes;
};

// What happened, for the log and for `debug crypto ...`. `syslog` 0: only debug. The text is what stands behind
// "%ASA-5-713049: ", prefix "Group = 192.0.2.1, IP = 192.0.2.1, " included.
struct IkeSaying {
  int syslog = 0;
  int severity = 7;
  enum class Debug : std::uint8_t { kNone, kIkev1, kIkev2Protocol, kIkev2Platform, kIpsec } debug = Debug::kNone;
  int debug_level = 1;  // from this level of `debug crypto ...` on it is printed
  // For `debug crypto condition`; what is not known stays empty.
  IpAddress peer;
  std::string group, user;
  std::uint32_t spi = 0;
  std::string text;
  std::string debug_text;  // "": `text`
};

// A conversation of several rounds with an AAA server, as whoever leads it left it (vpn/aaa/aaa_client.h).
struct AaaDialogue;

// Credentials that a remote user has sent (XAUTH, EAP, the portal's form), and what AAA says to them.
struct UserQuestion {
  std::string tunnel_group, user, password;
  IpAddress peer, local;
  enum class Via : std::uint8_t { kIkev1, kIkev2, kSslClient, kClientless } via = Via::kIkev1;
  std::vector<std::uint8_t> eap;                // the peer's EAP message, instead of a password
  std::shared_ptr<const AaaDialogue> dialogue;  // the question answers a challenge of this one
  std::string new_password;  // instead of one that has expired; "": it stays
  std::string servers;       // whom to ask, "LOCAL" or an aaa-server group; "": as the tunnel group says
  bool identity_only = false;  // a second login: who he is, not whether he may in
};
struct UserAnswer {
  bool accepted = false;
  bool challenge = false;    // not decided yet: `message` or `eap` goes to the user, and what he says is asked with `dialogue`
  bool expired = false;      // the password was right, but a new one is wanted (UserQuestion::new_password)
  std::string group_policy;  // "": the tunnel group's
  std::string message;       // to the user
  std::shared_ptr<const VpnUser> rules;  // what rules for him besides his group policy; null: nothing
  std::vector<std::uint8_t> eap;         // to the peer; empty: the server has said nothing in EAP
  std::shared_ptr<const Secret> msk;     // of EAP's method; null: it makes none
  std::shared_ptr<const AaaDialogue> dialogue;
};

// The address that a user has of his own.
inline std::optional<AssignedAddress> OwnAddress(const VpnUser* user) {
  if (user == nullptr || !user->framed_address) return {};
  return AssignedAddress{*user->framed_address, user->framed_mask.IsNone() ? IpAddress::V4(0xffffffff) : user->framed_mask};
}

// A security association of IKE, as sessions see it (vpn/sessions.h): told when it comes up, changes, and ends.
struct IkePeerUp {
  std::uint32_t ike_sa = 0;
  std::uint8_t version = 1;
  bool lan_to_lan = true, aggressive = false, initiator = false, network_extension = false;
  IpAddress peer;
  std::uint16_t peer_port = 500, local_port = 500;
  std::string tunnel_group, group_policy, user;  // user: of remote access, else the group's name
  IpAddress assigned;
  VpnAuth auth{};
  VpnAuth local_auth{};
  VpnCipher cipher{};
  VpnHash hash{}, prf{};
  std::uint16_t dh_group = 0;
  std::uint32_t lifetime_s = 0;
  std::string client_os, client_version;
  std::shared_ptr<const VpnUser> rules;  // of remote access, as UserAnswer has them
};

// Why an IKE SA ended: words of 113019, and of notifications.
enum class IkeEnd : std::uint8_t {
  kUserRequested,  // the peer ended it
  kLostService,    // dead peer detection, no answer
  kIdleTimeout,
  kMaxTime,
  kAdministratorReset,
  kPhase2Mismatch,
  kNoCryptoMap,       // no entry of the crypto map fits what the peer asked for
  kPeerReconnected,
  kReplaced,  // by a rekey: the session goes on
  kPolicyChanged,
  kShutdown,
  kError
};

class IkeHost {
 public:
  virtual ~IkeHost() = default;
  virtual void Send(const IkeDatagram& d) = 0;
  // An SPI that no inbound security association of ours has, >= 256.
  virtual std::uint32_t NewSpi() = 0;
  // As TunnelControl, and done when it returns: the answer that tells the peer is sent afterwards.
  virtual void Install(std::shared_ptr<const ChildSa> sa) = 0;
  virtual void UseOutbound(std::uint32_t spi_in) = 0;
  virtual void Retire(std::uint32_t spi_in) = 0;
  virtual void Remove(std::uint32_t spi_in) = 0;
  virtual void MovePeer(std::uint32_t spi_in, const Endpoint& peer) = 0;
  // Slow arithmetic: `work` runs somewhere (a pool's thread, or at once), then `done` on the control thread. Both own what
  // they use.
  virtual void Compute(std::function<void()> work, std::function<void()> done) = 0;
  virtual void Ask(const UserQuestion& q, std::function<void(const UserAnswer&)> answer) = 0;
  // The user's own address, else one of the pools in order; none: they are used up. The tunnel group is for the log.
  virtual std::optional<AssignedAddress> TakeAddress(const std::string& tunnel_group, const std::vector<std::string>& pools,
                                                     std::optional<AssignedAddress> own) = 0;
  virtual void GiveAddress(IpAddress a) = 0;
  virtual void Say(const IkeSaying& s) = 0;
  // Is anybody listening to that (so that long texts need not be made)?
  virtual bool Hears(IkeSaying::Debug what, int level) const = 0;
  // Sessions. A rekey of the IKE SA is PeerUp of the new number with `replaces`, then PeerDown(old, kReplaced).
  virtual void PeerUp(const IkePeerUp& up, std::uint32_t replaces) = 0;
  virtual void PeerDown(std::uint32_t ike_sa, IkeEnd why) = 0;
  // The address of an interface; none: it has none now.
  virtual IpAddress AddressOf(IfId at) const = 0;
  // What `nameif` calls an interface, for messages.
  virtual std::string NameOf(IfId) const { return "outside"; }
  // Seconds since 1970, for certificates.
  virtual std::int64_t WallSeconds() const { return 0; }
  // A private key of a trustpoint (by `keypair` name); null: it is not here.
  virtual const PrivateKey* KeyOf(const std::string& name) const = 0;
  // The list of revoked certificates of a trustpoint's authority; empty: there is none now, and the host may have begun to fetch it.
  virtual std::vector<std::uint8_t> CrlOf(const Trustpoint&, const Certificate& /*of*/) { return {}; }
  // Keys of negotiations, for whoever decrypts captures ("ikev1 <cookies> <key>"); does nothing unless switched on.
  virtual void LogKeys(const std::string& line) = 0;
  virtual Entropy& entropy() = 0;
};

// Which security associations a `clear` or a logoff means.
struct IkeClear {
  std::optional<IpAddress> peer;
  std::optional<std::uint32_t> ike_sa;  // of this IKE SA
  std::optional<std::uint32_t> spi_in;  // one pair only
  std::optional<std::uint32_t> entry;   // of this crypto map entry
  std::uint8_t version = 0;             // 0: both
  bool ipsec_only = false;              // IKE SAs stay
  IkeEnd why = IkeEnd::kAdministratorReset;
};

// Counters of `show crypto isakmp|ikev1|ikev2 stats`.
struct IkeStats {
  std::uint64_t active_tunnels = 0, previous_tunnels = 0;
  std::uint64_t in_octets = 0, in_packets = 0, in_drop_packets = 0, in_notifys = 0;
  std::uint64_t in_p2_exchanges = 0, in_p2_exchange_invalids = 0, in_p2_exchange_rejects = 0, in_p2_sa_delete_requests = 0;
  std::uint64_t out_octets = 0, out_packets = 0, out_drop_packets = 0, out_notifys = 0;
  std::uint64_t out_p2_exchanges = 0, out_p2_exchange_invalids = 0, out_p2_exchange_rejects = 0,
                out_p2_sa_delete_requests = 0;
  std::uint64_t initiator_tunnels = 0, initiator_fails = 0, responder_fails = 0, system_capacity_fails = 0, auth_fails = 0;
  std::uint64_t decrypt_fails = 0, hash_valid_fails = 0, no_sa_fails = 0;
  std::uint64_t in_negotiation = 0, in_negotiation_high = 0, in_negotiation_rejected = 0;
  CryptoRequests crypto;
};

// Both versions, and each of them: Ikev1Core (v1_core.h), Ikev2Core (v2_core.h), and IkeCore (core.h), which hands each
// datagram to the one that it is for. Control thread; every call may call the host back.
class IkeProtocol {
 public:
  virtual ~IkeProtocol() = default;
  virtual void UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) = 0;
  virtual void Receive(const IkeDatagram& d, Times t) = 0;
  // Traffic of a crypto map entry (or virtual tunnel) needs a tunnel. Nothing happens if one is being negotiated for the
  // same selectors.
  virtual void Need(std::uint32_t entry, const TunnelFlow& flow, Times t) = 0;
  // kRekey, kExpired, kInvalidSpi, kFirstPacket, kMovedPeer.
  virtual void Event(const TunnelEvent& e, Times t) = 0;
  // Ends what it means, and tells the peers. How many IKE SAs (or pairs) went.
  virtual std::uint32_t Clear(const IkeClear& what, Times t) = 0;
  // Fires what is due, in order.
  virtual void AdvanceTo(Times t) = 0;
  // When AdvanceTo is due at the latest, by each of the two clocks; Max: not at all.
  virtual Times NextDeadline() const = 0;
  virtual std::vector<IkeSaView> Views(Times t) const = 0;
  virtual IkeStats Stats() const = 0;
};

}  // namespace sallyport
