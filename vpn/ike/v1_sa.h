// What IKE version 1 keeps: an IKE security association (phase 1), the exchanges within it, and the ESP pairs that came of
// them. Plain data; what happens to it is v1_core.h's.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vpn/child_sa.h"
#include "vpn/ike/fragments_v1.h"
#include "vpn/ike/host.h"
#include "vpn/ike/payloads.h"
#include "vpn/ike/retransmit.h"
#include "vpn/ike/v1_keys.h"
#include "vpn/ike/v1_proposals.h"
#include "vpn/ike/v1_selectors.h"

namespace sallyport {

// Phase 1. A wait is named by the message that is waited for; "build" is a wait for arithmetic before a message is sent.
enum class V1State : std::uint8_t {
  kStart,
  kMmWait2,
  kMmBuild3,
  kMmWait4,
  kMmBuild5,
  kMmWait6,
  kMmWait3,
  kMmBuild4,
  kMmWait5,
  kMmBuild6,
  kAmBuild1,
  kAmWait2,
  kAmBuild3,
  kAmBuild2,
  kAmWait3,
  kActive
};

enum class V1Event : std::uint8_t { kStart, kMessage, kComputed };

// After phase 1, what stands between it and quick modes (remote access).
enum class V1Login : std::uint8_t { kNone, kXauth, kConfig };

// An exchange after phase 1 has its own message id and its own chain of vectors.
struct ExchangeStateV1 {
  std::uint32_t id = 0;
  std::vector<std::uint8_t> iv;             // of the next message; empty: none was sent or taken yet
  std::vector<std::uint8_t> last_received;  // digest: the same message again is a repetition
  Retransmitter out;
  std::size_t repeats = 0;                 // answers to repetitions
  bool ended = false;                      // the peer's last message was the exchange's last: its repetition is not answered
  TimePoint forget_at = TimePoint::Max();  // real: it is over, and kept for repetitions only
};

enum class QmState : std::uint8_t { kStart, kBuild1, kWait2, kBuild3, kBuild2, kWait3, kDone };

// Arithmetic that a pool does: key pair, shared secret, signature. Owned by its closures and by whoever waits for it.
struct JobV1 {
  std::uint16_t group = 0;
  bool make_key = false, make_shared = false;
  Secret private_value, shared;
  std::vector<std::uint8_t> public_value, peer_public;
  PrivateKey signer;
  std::vector<std::uint8_t> to_sign, signature;
  std::string error;  // "": it went well
};

// Quick mode.
struct QuickV1 {
  ExchangeStateV1 x;
  std::uint32_t sa = 0;  // number of its IKE SA
  bool initiator = false;
  QmState state = QmState::kStart;
  std::uint32_t entry = 0;
  SelectorPair selectors;
  std::uint32_t spi_in = 0, spi_out = 0;
  std::uint32_t replaces = 0;  // spi_in of the pair that this one takes over from; 0: none
  std::vector<std::uint8_t> nonce_i, nonce_r;
  std::vector<std::uint8_t> id_i, id_r;                                   // bodies
  std::uint8_t answer_proposal = 1, answer_transform = 1, answer_id = 0;  // responder: what it repeats
  std::vector<std::uint8_t> answer_attributes;
  TimePoint created{};  // real
  std::shared_ptr<JobV1> job;
  EspSuiteV1 suite;
  std::uint64_t lifetime_s = 0, lifetime_kb = 0;  // 0: none
  bool told_lifetime = false;                     // the answer carries RESPONDER-LIFETIME
  bool pfs = false;
  bool installed = false;
  std::deque<std::string> history;
};

// A pair of ESP security associations that was installed.
struct ChildV1 {
  std::uint32_t spi_in = 0, spi_out = 0;
  std::uint32_t sa = 0;  // IKE SA that looks after it now
  std::uint32_t entry = 0;
  SelectorPair selectors;
  bool initiator = false;
  bool outbound = false;  // packets leave by it
  bool settled = false;   // both ends have it, as far as we know
  bool retired = false;
  bool rekeying = false;  // a quick mode for its successor is going on
  std::shared_ptr<const ChildSa> sa_pair;
  TimePoint rekey_at = TimePoint::Max(), expire_at = TimePoint::Max();     // appliance time
  TimePoint outbound_at = TimePoint::Max(), remove_at = TimePoint::Max();  // real
  TimePoint created{}, installed{};  // real: when its negotiation began, and when it was there
  std::uint64_t packets_seen = 0;    // inbound, when DPD last looked
};

struct NeedV1 {
  std::uint32_t entry = 0;
  SelectorPair selectors;
  std::uint32_t replaces = 0;
};

struct Ikev1Sa {
  std::uint32_t number = 0;
  bool initiator = false, aggressive = false;
  V1State state = V1State::kStart;
  V1Login login = V1Login::kNone;
  std::uint64_t cookie_i = 0, cookie_r = 0;
  IfId at{};
  Endpoint local, peer;
  IkeDatagram::Via via = IkeDatagram::Via::kUdp;
  std::uint32_t entry = 0;     // that began it; 0: the peer did
  std::uint32_t replaces = 0;  // number of the IKE SA that it takes over from
  bool replaced = false;       // another one has taken over
  bool client = false;         // we are the remote-access client (`vpnclient`)

  // What was negotiated.
  SuiteV1 suite;
  std::vector<Ikev1Policy> offered;                        // initiator: what it offered
  std::size_t policy_index = 0;                            // responder: which of the policies
  std::uint8_t answer_proposal = 1, answer_transform = 1;  // responder: the transform that it repeats
  std::vector<std::uint8_t> answer_attributes;
  std::vector<std::uint8_t> nonce_i, nonce_r, public_i, public_r, sa_i, id_i, id_r;
  std::shared_ptr<JobV1> job;
  KeysV1 keys;
  std::vector<std::uint8_t> iv;          // phase 1: of the next message
  std::vector<std::uint8_t> last_block;  // of phase 1, from which later exchanges begin
  TunnelGroup group;                     // a copy: a changed policy counts for later negotiations
  bool has_group = false;
  std::string group_policy;
  std::string trustpoint;
  Certificate peer_certificate;
  std::vector<std::pair<std::uint8_t, std::vector<std::uint8_t>>> held_proof;  // payloads of AM2 that wait for the keys
  bool saw_initial_contact = false;
  bool unknown_group = false;  // aggressive mode: an answer that leads to nothing

  // What the peer can do.
  NatTraversal natt = NatTraversal::kNone;
  bool natt_allowed = true;
  bool nat_here = false, nat_there = false, nat_checked = false;
  bool dpd = false, fragments = false, unity = false, xauth_vendor = false, altiga = false, ios = false;

  // Retransmission.
  std::vector<std::uint8_t> last_received;  // digest
  Retransmitter out;
  std::size_t repeats = 0;
  ReassemblyV1 reassembly;
  std::uint16_t next_fragment_id = 1;

  // Exchanges after phase 1, and message ids that were used.
  std::map<std::uint32_t, std::unique_ptr<QuickV1>> quick;
  std::map<std::uint32_t, std::unique_ptr<ExchangeStateV1>> transactions;
  std::deque<std::uint32_t> used_ids;  // of the peer's exchanges that are over: a repetition of them is a replay
  std::vector<NeedV1> needs;           // until phase 1 is through
  bool sent_initial_contact = false;

  // Times.
  TimePoint created{};                       // real
  TimePoint progress{};                      // real: when the last message of phase 1 moved it
  TimePoint established = TimePoint::Max();  // appliance
  TimePoint established_real = TimePoint::Max();
  TimePoint rekey_at = TimePoint::Max(), expire_at = TimePoint::Max();  // appliance
  TimePoint remove_at = TimePoint::Max();                               // real: of a replaced one
  TimePoint keepalive_at = TimePoint::Max();                            // real: NAT
  bool rekeying = false;

  // Dead peer detection.
  TimePoint heard{};                          // real: the last authenticated message
  TimePoint dpd_at = TimePoint::Max();        // real
  int dpd_probes = 0;                         // sent and not answered
  std::uint32_t dpd_sequence = 0;             // of the next probe
  std::optional<std::uint32_t> dpd_expected;  // the smallest sequence that a peer's probe may have

  // Remote access.
  std::string user;
  std::uint32_t login_id = 0;  // message id of the running transaction
  int login_tries = 0;
  bool login_waits = false;               // somebody is asked whether the user may
  bool login_accepted = false;            // what was answered
  std::shared_ptr<const VpnUser> rules;   // what AAA has said of the user
  std::shared_ptr<const AaaDialogue> dialogue;  // he was asked something behind his password
  std::string challenged;                       // his name, then
  std::uint16_t config_id = 1;
  std::optional<AssignedAddress> assigned;
  bool network_extension = false;
  bool udp_encapsulation = false;  // IPsec over UDP was agreed on
  std::uint16_t udp_port = 0;
  std::string client_os, client_version;
  TimePoint login_deadline = TimePoint::Max();  // real

  bool peer_told = false;           // IkeHost::PeerUp was called
  std::deque<std::string> history;  // of the state machine, newest first

  std::uint64_t own_cookie() const { return initiator ? cookie_i : cookie_r; }
  std::uint64_t peer_cookie() const { return initiator ? cookie_r : cookie_i; }
  bool active() const { return state == V1State::kActive; }
  bool remote_access() const { return has_group && group.type != TunnelGroup::Type::kLanToLan; }
  ExchangeV1 Exchange() const { return {cookie_i, cookie_r, nonce_i, nonce_r, public_i, public_r, sa_i, id_i, id_r}; }
};

// A message that came, cut up.
struct MessageV1 {
  const IkeDatagram* datagram = nullptr;
  IkeHeader header;
  std::vector<std::uint8_t> plain;  // of an encrypted one
  std::vector<RawPayload> payloads;
  std::vector<std::uint8_t> iv;  // after it, if it was encrypted
  std::vector<std::uint8_t> digest;

  const RawPayload* Find(std::uint8_t type) const { return FindPayload(payloads, type); }
  Bytes Body(std::uint8_t type) const {
    const RawPayload* p = Find(type);
    return p == nullptr ? Bytes() : p->body;
  }
};

}  // namespace sallyport
