// An IKE SA of version 2, its children, and what it has to do: plain data. The engine (v2_engine.h) acts on it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vpn/ike/host.h"
#include "vpn/ike/retransmit.h"
#include "vpn/ike/sa_v2.h"
#include "vpn/ike/v2_keys.h"
#include "vpn/ike/v2_messages.h"

namespace sallyport {

struct SaV2;

// An ESP pair.
struct ChildV2 {
  std::shared_ptr<const ChildSa> sa;
  TimePoint soft = TimePoint::Max(), hard = TimePoint::Max();  // appliance time: to be replaced, at its end
  bool rekeying = false;                                       // a task of ours replaces it
  bool replaced = false;                                       // it has a successor, and waits for its end
  bool deleting = false;                                       // we have told the peer, or the peer us
  bool waits = false;           // made by the peer's rekey: we send by its predecessor until the peer is known to have it
  bool outbound = false;        // we send by it
  std::uint32_t successor = 0;  // spi_in
};

// Something that this end wants from the peer, one exchange each. One is under way at a time.
struct TaskV2 {
  enum class Kind : std::uint8_t {
    kChild,
    kRekeyChild,
    kRekeyIke,
    kDeleteChildren,
    kDeleteIke,
    kInvalidSpi,
    kLiveness
  } kind = Kind::kLiveness;
  std::uint32_t entry = 0;
  TunnelFlow flow;
  std::vector<TrafficSelector> local, remote;  // what is asked for
  std::uint32_t old_spi = 0;                   // kRekeyChild: our inbound SPI of the pair that is replaced
  std::vector<std::uint32_t> spis;             // kDeleteChildren: our inbound SPIs; kInvalidSpi: the peer's outbound one
  IkeEnd why = IkeEnd::kAdministratorReset;
  TimePoint earliest{};  // not before (real time): the peer was busy
  int tries = 0;
  // While it is under way.
  std::uint16_t group = 0;
  std::vector<std::uint8_t> nonce, public_value;
  Secret private_value;
  std::uint32_t spi_in = 0;
  std::uint64_t new_spi = 0;
  bool sent = false;  // its request has left: the peer may have seen the nonce
  // The peer has replaced the same thing at the same time (RFC 7296 2.8.1, 2.8.2): the lower nonce of its exchange, and its
  // result.
  std::vector<std::uint8_t> rival_nonce;
  std::uint32_t rival_spi = 0;
  std::shared_ptr<SaV2> rival;
};

// The peer proves itself by EAP, which an AAA server speaks with it (v2_eap.cc).
struct EapV2 {
  enum class Stage : std::uint8_t { kIdentity /* was asked for */, kMethod, kProof /* it was accepted: AUTH is to come */ } stage = Stage::kIdentity;
  std::shared_ptr<OpenedV2> first;  // its first message of IKE_AUTH, whose demands are answered in the end
  std::vector<std::uint8_t> auth;   // our AUTH, until it has left
  std::uint8_t last_id = 0;         // of the last request
  int rounds = 0;
  std::string identity;
  std::shared_ptr<const AaaDialogue> dialogue;
  std::shared_ptr<const Secret> msk;  // null: the method makes no key
  TimePoint until{};                  // real: all of it
};

struct SaV2 {
  enum class State : std::uint8_t {
    kComputing,  // no message of ours has left yet
    kInitSent,
    kWaitAuth,  // responder: IKE_AUTH is to come
    kAuthSent,
    kReady,
    kReplaced,  // its successor has the children; it waits for DELETE
    kDeleting,  // our DELETE is on its way
    kEnded,     // over; for a while its last answer is kept for a peer that did not get it
    kDead
  } state = State::kComputing;
  std::uint32_t number = 0, session = 0;
  std::uint32_t log_number = 0;  // "(2): " in debug output
  bool initiator = false;        // of the exchange that made it
  std::uint64_t spi_i = 0, spi_r = 0;
  IfId at{};
  Endpoint local, peer;
  IkeDatagram::Via via = IkeDatagram::Via::kUdp;
  SuiteV2 suite;
  IkeKeysV2 keys;
  SkKeys in, out;
  std::vector<std::uint8_t> ni, nr;
  std::vector<std::uint8_t> init_request, init_response;  // as they were on the wire: they are authenticated
  IdV2 local_id, remote_id;
  std::string tunnel_group, group_policy, user;
  bool lan_to_lan = true;
  std::shared_ptr<const VpnUser> rules;  // what is said of the user
  IpAddress assigned;
  VpnAuth local_auth = VpnAuth::kPreSharedKeys, remote_auth = VpnAuth::kPreSharedKeys;
  bool fragmentation = false;  // both ends can
  bool nat_inside = false, nat_outside = false;
  std::vector<std::uint16_t> peer_hashes;                   // SIGNATURE_HASH_ALGORITHMS
  std::vector<std::vector<std::uint8_t>> peer_authorities;  // CERTREQ: SHA-1 of their public keys
  std::uint32_t dpd_threshold_s = 10, dpd_retry_s = 2;
  bool keepalive = true;

  // What it was begun for, as initiator; and the peer's first request, as responder.
  std::uint32_t entry = 0;
  std::size_t peer_index = 0;
  TunnelFlow flow;
  std::vector<TrafficSelector> local_ts, remote_ts;
  std::uint32_t spi_in = 0;
  Secret private_value;
  std::vector<std::uint8_t> public_value, cookie;
  int init_tries = 0;
  std::vector<std::uint8_t> init_hash;  // responder: of the request, by which it is known again

  // Windows of one in both directions.
  std::uint32_t next_send = 0, next_receive = 0;
  std::uint8_t exchange_sent = 0;
  std::vector<std::vector<std::uint8_t>> request;  // in flight
  Retransmitter resend;
  std::vector<std::vector<std::uint8_t>> response;     // the last one, for a peer that did not get it
  std::vector<std::uint8_t> request_hash, piece_hash;  // of the request that it answers; of one that comes in fragments
  bool answering = false;                              // the answer is being computed
  std::unique_ptr<EapV2> eap;                          // null: not by EAP
  std::shared_ptr<OpenedV2> message;                   // what is being answered, or looked at, as long as that takes
  ReassemblyV2 request_pieces, response_pieces;

  std::deque<std::unique_ptr<TaskV2>> queue;
  std::unique_ptr<TaskV2> current;
  std::map<std::uint32_t, ChildV2> children;  // by our inbound SPI

  TimePoint made{}, ready_real{};                              // real
  TimePoint ready{};                                           // appliance time
  TimePoint soft = TimePoint::Max(), hard = TimePoint::Max();  // appliance time
  TimePoint heard{};                                           // real: last authentic message or ESP
  TimePoint until = TimePoint::Max();                          // real: it goes then (half open, replaced)
  TimePoint keepalive_at = TimePoint::Max();                   // real: NAT keepalive
  bool up = false;                                             // the host knows it
  bool wants_configuration = false;                            // its first IKE_AUTH asked for an inner address
  bool peer_reads_reasons = false;                             // it has told the vendor id for them

  std::uint64_t own_spi() const { return initiator ? spi_i : spi_r; }
  bool established() const { return state == State::kReady || state == State::kReplaced || state == State::kDeleting; }
  bool idle() const { return current == nullptr && request.empty(); }
};

}  // namespace sallyport
