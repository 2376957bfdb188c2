// IKE version 1: owns every security association of it, and is driven by datagrams, events and time (host.h).
//
//   v1_core.cc         what came belongs to which SA; the turn that every call takes; views and counters
//   v1_phase1.cc       tables and steps of main mode and aggressive mode; how phase 1 begins, succeeds and fails
//   v1_parts.cc, v1_main_mode.cc, v1_aggressive_mode.cc   the steps
//   v1_quick.cc        quick mode
//   v1_pairs.cc        pairs of ESP SAs: installed, replaced, removed
//   v1_info.cc         notifications, deletions, dead peer detection
//   v1_login.cc        extended authentication and mode configuration, as a server and as a client
//   v1_timers.cc       retransmission, lifetimes, keepalives
//   v1_say.cc          messages in an ASA's words
//
// A message changes nothing before all of it was read, held against the rules of its place, and authenticated where it can
// be.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vpn/ike/host.h"
#include "vpn/ike/rules.h"
#include "vpn/ike/v1_sa.h"
#include "vpn/ike/writer.h"

namespace sallyport {

class Ikev1Core final : public IkeProtocol {
 public:
  explicit Ikev1Core(IkeHost& host);
  ~Ikev1Core() override;

  void UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) override;
  void Receive(const IkeDatagram& d, Times t) override;
  void Need(std::uint32_t entry, const TunnelFlow& flow, Times t) override;
  void Event(const TunnelEvent& e, Times t) override;
  std::uint32_t Clear(const IkeClear& what, Times t) override;
  void AdvanceTo(Times t) override;
  Times NextDeadline() const override;
  std::vector<IkeSaView> Views(Times t) const override;
  IkeStats Stats() const override;

  // Half-open SAs that peers may have at once, whatever the configuration says: memory is bounded.
  static constexpr std::size_t kMostHalfOpen = 2000;

  // For tests: nothing is left of what has ended.
  std::size_t sas() const { return sas_.size(); }
  std::size_t children() const { return children_.size(); }

 private:
  friend struct V1Tables;
  friend struct V1QuickTables;

  // --- the turn
  // What a step of a table did.
  enum class Go : std::uint8_t {
    kOn,    // it succeeded: the table's next state
    kStay,  // nothing changes; the message is as if it had not come
    kDead   // the SA is gone
  };
  class Turn;
  void Drain();
  // Slow arithmetic for an SA's phase 1 (quick 0) or one of its quick modes. With nothing to do the event comes all the
  // same.
  void Start(Ikev1Sa& sa, std::uint32_t quick, std::shared_ptr<JobV1> job);

  Ikev1Sa* Find(std::uint32_t number);
  Ikev1Sa* FindFor(const IkeHeader& header);
  // An active one with that peer that quick modes can go by; null: none.
  Ikev1Sa* FindActive(IfId at, IpAddress peer);
  Ikev1Sa& NewSa();

  // --- receiving
  void OnMessage(const IkeDatagram& d, const IkeHeader& header, Bytes body);
  void OnFragment(const IkeDatagram& d, const IkeHeader& header, Bytes body);
  void OnPhase1(Ikev1Sa& sa, MessageV1& m, Bytes body);
  void OnQuick(Ikev1Sa& sa, MessageV1& m, Bytes body);
  void OnInformational(Ikev1Sa* sa, MessageV1& m, Bytes body);
  void OnTransaction(Ikev1Sa& sa, MessageV1& m, Bytes body);
  // Decrypts with a copy of `iv` into m.plain, and reads the payloads. False: it makes no sense.
  bool Open(const Ikev1Sa& sa, const std::vector<std::uint8_t>& iv, MessageV1& m, Bytes body);
  // HASH(1) of a message after phase 1: over the id, `between`, and everything behind the hash.
  bool HashIsRight(const Ikev1Sa& sa, const MessageV1& m, Bytes between) const;
  // An authenticated message came: the peer lives, and may have moved.
  void Heard(Ikev1Sa& sa, const IkeDatagram& d);
  void BeginResponder(const IkeDatagram& d, MessageV1& m, Bytes body);

  // --- sending
  // Puts a header before `chain` (encrypted if `iv`), and sends it. Returns the message, for retransmission.
  std::vector<std::uint8_t> Pack(Ikev1Sa& sa, std::uint8_t exchange, std::uint32_t id, ChainWriter& chain,
                                 std::vector<std::uint8_t>* iv);
  void Transmit(Ikev1Sa& sa, const std::vector<std::uint8_t>& message);
  void SendPhase1(Ikev1Sa& sa, ChainWriter& chain, bool encrypted, bool wait);
  // A chain that begins with the hash of what follows it; Seal fills it in.
  ChainWriter HashedChain(const Ikev1Sa& sa) const;
  void FillHash(const Ikev1Sa& sa, ChainWriter& chain, std::uint32_t id, Bytes between) const;
  void SendInformational(Ikev1Sa& sa, std::uint8_t type, Bytes body);
  void SendNotify(Ikev1Sa& sa, std::uint16_t type, std::uint8_t protocol, Bytes spi, Bytes data);
  void SendClearNotify(const IkeDatagram& d, const IkeHeader& header, std::uint16_t type);
  std::uint32_t NewMessageId(const Ikev1Sa& sa);

  // --- phase 1
  Go Step1(Ikev1Sa& sa, V1Event on, const MessageV1* m);
  // Begins to negotiate with a peer; null: nothing can be offered.
  Ikev1Sa* BeginInitiator(const EntryV1& entry, IpAddress peer, const std::vector<NeedV1>& needs, const Ikev1Sa* old);
  Go SendMm1(Ikev1Sa& sa, const MessageV1* m);
  Go TakeMm1(Ikev1Sa& sa, const MessageV1* m);
  Go TakeMm2(Ikev1Sa& sa, const MessageV1* m);
  Go SendMm3(Ikev1Sa& sa, const MessageV1* m);
  Go TakeMm3(Ikev1Sa& sa, const MessageV1* m);
  Go SendMm4(Ikev1Sa& sa, const MessageV1* m);
  Go TakeMm4(Ikev1Sa& sa, const MessageV1* m);
  Go SendMm5(Ikev1Sa& sa, const MessageV1* m);
  Go TakeMm5(Ikev1Sa& sa, const MessageV1* m);
  Go SendMm6(Ikev1Sa& sa, const MessageV1* m);
  Go TakeMm6(Ikev1Sa& sa, const MessageV1* m);
  Go Sign1(Ikev1Sa& sa);
  Go BeginAm(Ikev1Sa& sa, const MessageV1* m);
  Go SendAm1(Ikev1Sa& sa, const MessageV1* m);
  Go TakeAm1(Ikev1Sa& sa, const MessageV1* m);
  Go SendAm2(Ikev1Sa& sa, const MessageV1* m);
  Go TakeAm2(Ikev1Sa& sa, const MessageV1* m);
  Go SendAm3(Ikev1Sa& sa, const MessageV1* m);
  Go TakeAm3(Ikev1Sa& sa, const MessageV1* m);

  // Parts of them.
  bool ChoosePolicy(Ikev1Sa& sa, const MessageV1& m);
  bool AcceptPolicy(Ikev1Sa& sa, const MessageV1& m);
  void ReadVendors(Ikev1Sa& sa, const MessageV1& m);
  bool ReadKeNonce(Ikev1Sa& sa, const MessageV1& m);
  void AddSaV1Payload(Ikev1Sa& sa, ChainWriter& out);
  void AddNatTVendors(Ikev1Sa& sa, ChainWriter& out);
  void AddFragmentationVendor(Ikev1Sa& sa, ChainWriter& out);
  void AddKeNonce(Ikev1Sa& sa, ChainWriter& out);
  void AddCapabilities(Ikev1Sa& sa, ChainWriter& out);
  void AddNatD(Ikev1Sa& sa, ChainWriter& out);
  void CheckNatD(Ikev1Sa& sa, const MessageV1& m);
  void AddIdentity(Ikev1Sa& sa, ChainWriter& out);
  void AddCertificateRequest(Ikev1Sa& sa, ChainWriter& out);
  // HASH or, with certificates, CERT and SIG. False: the signature is being made.
  bool AddProof(Ikev1Sa& sa, ChainWriter& out);
  bool ReadIdentity(Ikev1Sa& sa, const MessageV1& m);
  bool CheckProof(Ikev1Sa& sa, const std::vector<RawPayload>& payloads);
  bool CheckCertificate(Ikev1Sa& sa, const std::vector<RawPayload>& payloads, Bytes hash);
  void DeriveKeys(Ikev1Sa& sa);
  void UseGroup(Ikev1Sa& sa, const TunnelGroup& group);
  std::vector<Ikev1Policy> UsablePolicies(const Ikev1Sa& sa) const;
  const Trustpoint* OwnTrustpoint(const Ikev1Sa& sa) const;
  std::vector<std::uint8_t> OwnIdentity(const Ikev1Sa& sa) const;
  void FloatPort(Ikev1Sa& sa);
  void SayNat(const Ikev1Sa& sa);

  void Established(Ikev1Sa& sa);
  void StartNeeds(Ikev1Sa& sa);
  // Phase 1 ends before it was through. Other peers of the entry are tried.
  void FailPhase1(Ikev1Sa& sa, const std::string& event);
  // Two SAs with one peer: one takes over what the other one has.
  void Supersede(Ikev1Sa& winner, Ikev1Sa& loser);
  void MeetOthers(Ikev1Sa& sa);
  static bool SamePeer(const Ikev1Sa& x, const Ikev1Sa& y);
  void TellPeerUp(Ikev1Sa& sa, std::uint32_t replaces);
  // The end of an SA and its pairs.
  void Kill(Ikev1Sa& sa, IkeEnd why, bool tell_peer);
  // Nothing of it is left here; its pairs are not looked at.
  void Forget(Ikev1Sa& sa, IkeEnd why);

  // --- quick mode
  Go Step2(Ikev1Sa& sa, QuickV1& q, V1Event on, const MessageV1* m);
  // False: it cannot begin.
  bool BeginQuick(Ikev1Sa& sa, const NeedV1& need);
  Go BeginQm(Ikev1Sa& sa, QuickV1& q, const MessageV1* m);
  Go SendQm1(Ikev1Sa& sa, QuickV1& q, const MessageV1* m);
  Go TakeQm1(Ikev1Sa& sa, QuickV1& q, const MessageV1* m);
  Go SendQm2(Ikev1Sa& sa, QuickV1& q, const MessageV1* m);
  Go TakeQm2(Ikev1Sa& sa, QuickV1& q, const MessageV1* m);
  Go SendQm3(Ikev1Sa& sa, QuickV1& q, const MessageV1* m);
  Go TakeQm3(Ikev1Sa& sa, QuickV1& q, const MessageV1* m);
  std::optional<EntryV1> EntryForQuick(const Ikev1Sa& sa, std::uint32_t id) const;
  std::optional<EntryV1> ClientEntry(const Ikev1Sa& sa) const;  // `vpnclient` has no crypto map
  std::optional<EntryV1> FindEntry(Ikev1Sa& sa, const SelectorPair& asked);
  // The quick mode has failed: the peer is told by `notify` (0: not).
  void FailQuick(Ikev1Sa& sa, QuickV1& q, std::uint16_t notify, const char* event, std::optional<IkeEnd> end);
  bool Install(Ikev1Sa& sa, QuickV1& q);
  void CompleteQuick(Ikev1Sa& sa, QuickV1& q);
  // The IKE SA of a LAN-to-LAN peer goes with its last pair.
  void EndIfEmpty(std::uint32_t sa, IkeEnd why);
  TunnelKey KeyFor(const Ikev1Sa& sa, const EntryV1& entry, const SelectorPair& selectors) const;
  ChildV1* FindChild(std::uint32_t spi_in);
  ChildV1* FindChildOut(const Ikev1Sa& sa, std::uint32_t spi_out);
  void Settle(ChildV1& child);
  void SwitchOutbound(ChildV1& child);
  void RetirePair(ChildV1& child, bool ours_to_delete);
  void RemoveChild(std::uint32_t spi_in, bool tell_peer);
  bool Busy(const Ikev1Sa& sa, const SelectorPair& selectors) const;
  void RekeyChild(ChildV1& child);

  // --- after phase 1
  void OnNotify(Ikev1Sa& sa, const NotifyV1& n, std::uint32_t id);
  void OnDelete(std::uint32_t number, const DeleteV1& d);
  void OnInitialContact(Ikev1Sa& sa);
  void SendDpd(Ikev1Sa& sa);
  void AdvanceDpd(Ikev1Sa& sa);
  void AnswerDpd(Ikev1Sa& sa, const NotifyV1& n);
  void SendDelete(Ikev1Sa& sa, std::uint8_t protocol, const std::vector<std::uint32_t>& spis);

  // --- remote access
  void BeginLogin(Ikev1Sa& sa);
  void LoginDone(Ikev1Sa& sa);
  void AskForUser(Ikev1Sa& sa, const std::string& challenge = {});
  void SendTransaction(Ikev1Sa& sa, std::uint32_t id, std::uint8_t type, std::uint16_t identifier, Bytes attributes,
                       bool wait);
  void OnUserReply(Ikev1Sa& sa, std::uint32_t id, const std::vector<Attribute>& attributes);
  void OnUserAnswer(Ikev1Sa& sa, const std::string& user, const UserAnswer& a);
  void OnConfigRequest(Ikev1Sa& sa, std::uint32_t id, std::uint16_t identifier, const std::vector<Attribute>& attributes);
  void OnClientTransaction(Ikev1Sa& sa, std::uint32_t id, std::uint8_t type, std::uint16_t identifier,
                           const std::vector<Attribute>& attributes);
  void SendConfigRequest(Ikev1Sa& sa);
  void AdvanceClient();  // `vpnclient`: connects, and connects again

  // --- time
  bool AdvanceSa(Ikev1Sa& sa);  // false: it is gone
  void AdvanceChild(std::uint32_t spi_in);
  std::optional<EntryV1> EntryForRekey(const Ikev1Sa& sa) const;
  void Tighten(Times& due, const Ikev1Sa& sa) const;

  // --- words
  void Say(int syslog, int severity, const Ikev1Sa* sa, IpAddress peer, const std::string& text) const;
  void Say(int syslog, int severity, const Ikev1Sa& sa, const std::string& text) const {
    Say(syslog, severity, &sa, sa.peer.address, text);
  }
  void Debug(int syslog, const Ikev1Sa& sa, const std::string& text) const { Say(syslog, 7, sa, text); }
  void Constructing(const Ikev1Sa& sa, const std::string& what) const {
    Debug(715046, sa, "constructing " + what + " payload");
  }
  void Processing(const Ikev1Sa& sa, const std::string& what) const { Debug(715047, sa, "processing " + what + " payload"); }
  void SayMessage(const char* verb, const Ikev1Sa* sa, IpAddress peer, std::uint32_t id, std::uint8_t first, Bytes chain,
                  std::size_t length) const;
  void SayHistory(const Ikev1Sa& sa) const;
  void SayHistory(const Ikev1Sa& sa, const QuickV1& q) const;
  void SayCompleted(const Ikev1Sa& sa) const;
  void SayWrongKey(const Ikev1Sa& sa) const;
  void SayEnd(const Ikev1Sa& sa, IkeEnd why) const;
  static void Remember(std::deque<std::string>& history, const char* story);
  std::string PeerName(const Ikev1Sa& sa) const;  // the group, or the user

  TimePoint now() const { return times_.now; }
  TimePoint real() const { return times_.real; }

  IkeHost& host_;
  std::shared_ptr<const VpnPolicy> policy_;
  Times times_{};
  int depth_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> computed_;  // SA, quick mode: arithmetic that is done
  std::shared_ptr<Ikev1Core*> self_;                               // what closures hold: empty when the core has gone
  std::uint32_t next_number_ = 1;                                  // odd: the other version has the even ones
  std::map<std::uint32_t, std::unique_ptr<Ikev1Sa>> sas_;
  std::map<std::uint64_t, std::uint32_t> by_cookie_;                       // our own one
  std::map<std::pair<IpAddress, std::uint64_t>, std::uint32_t> by_first_;  // responders: peer and its cookie
  std::set<std::uint32_t> half_open_;                                      // responders whose phase 1 is not through
  std::map<std::uint32_t, ChildV1> children_;                              // by spi_in
  std::map<std::uint32_t, std::size_t> peer_of_entry_;                     // which of its peers is tried
  std::map<IpAddress, TimePoint> told_invalid_spi_;                        // real
  TimePoint client_at_ = TimePoint::Max();                                 // real: when the client tries next
  std::size_t client_server_ = 0;
  mutable IkeStats stats_;
};

}  // namespace sallyport
