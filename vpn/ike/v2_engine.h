// The engine of version 2. One class, because an SA's exchanges touch one another; a file for each of them:
//   v2_core.cc      from the network to the exchanges
//   v2_wants.cc     what the appliance wants      v2_time.cc    clocks        v2_views.cc   what the console sees
//   v2_send.cc      windows, retransmission, answers that are kept
//   v2_init.cc, v2_init_answer.cc   IKE_SA_INIT
//   v2_auth.cc      IKE_AUTH      v2_auth_method.cc  credentials      v2_config.cc  configuration payloads
//   v2_eap.cc       IKE_AUTH of peers that prove themselves by EAP
//   v2_child.cc     CREATE_CHILD_SA               v2_pairs.cc   pairs: put to use, replaced, removed
//   v2_rekey.cc     replacing IKE SAs             v2_info.cc    INFORMATIONAL
//   v2_select.cc    crypto map entries, tunnel groups           v2_say.cc  log and debug texts
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vpn/ike/host.h"
#include "vpn/ike/ts.h"
#include "vpn/ike/v2_sa.h"

namespace sallyport {

// What a crypto map entry or a virtual tunnel says about its children.
struct EntryV2 {
  std::uint32_t id = 0;
  std::string map;
  std::uint32_t sequence = 0;
  IfId at{};
  bool dynamic = false;
  bool may_begin = true;
  bool nat_t = true;
  bool transport = false, transport_required = false;  // `set ikev2 mode transport`, `transport-require`
  IfId inside = IfId::kAny;
  std::vector<IpAddress> peers;
  std::vector<EspProposal> proposals;
  std::uint16_t pfs_group = 0;
  std::uint32_t lifetime_s = 0, lifetime_kb = 0;
  std::string trustpoint;
  std::optional<DfPolicy> df;
};

class V2Engine {
 public:
  using SaPtr = std::shared_ptr<SaV2>;
  using TaskPtr = std::unique_ptr<TaskV2>;
  explicit V2Engine(IkeHost& host) : host_(host) {}
  ~V2Engine() { *alive_ = false; }

  // --- as IkeProtocol (v2_core.cc)
  void UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t);
  void Receive(const IkeDatagram& d, Times t);
  void Need(std::uint32_t entry, const TunnelFlow& flow, Times t);
  void Event(const TunnelEvent& e, Times t);
  std::uint32_t Clear(const IkeClear& what, Times t);
  void AdvanceTo(Times t);
  Times NextDeadline() const;
  std::vector<IkeSaView> Views(Times t) const;
  IkeStats Stats() const;

 private:
  // --- v2_core.cc, v2_time.cc
  SaPtr NewSa(bool initiator, IfId at, const Endpoint& local, const Endpoint& peer, IkeDatagram::Via via,
              std::uint64_t own_spi = 0);
  std::uint64_t NewIkeSpi();
  SaPtr FindReady(const EntryV2& entry) const;
  SaPtr SaOfChild(std::uint32_t spi_in, ChildV2*& child);
  void ReceiveEncrypted(const SaPtr& sa, const IkeHeader& header, const IkeDatagram& d);
  void HandleRequest(const SaPtr& sa, std::uint8_t exchange, std::uint32_t id, std::span<const RawPayload> payloads);
  void HandleResponse(const SaPtr& sa, std::uint8_t exchange, std::span<const RawPayload> payloads);
  void NoteActivity(SaV2& sa);
  Times DeadlineOf(const SaV2& sa) const;
  TimePoint LivenessAt(const SaV2& sa) const;
  void AdvanceSa(const SaPtr& sa);
  std::size_t HalfOpen() const;
  std::size_t MostHalfOpen() const;

  // --- v2_send.cc
  void Transmit(const SaV2& sa, const std::vector<std::vector<std::uint8_t>>& messages);
  void SendInit(const SaPtr& sa, std::vector<std::uint8_t> message);  // an unencrypted request
  bool SendRequest(const SaPtr& sa, std::uint8_t exchange, ChainWriter& chain);
  void Respond(const SaPtr& sa, std::uint8_t exchange, std::uint32_t id, ChainWriter& chain);
  void RespondError(const SaPtr& sa, std::uint8_t exchange, std::uint32_t id, std::uint16_t notify, Bytes data = {},
                    std::uint8_t protocol = 1);
  void RespondInClear(const IkeDatagram& d, const IkeHeader& header, std::uint16_t notify, Bytes data = {},
                      std::uint8_t protocol = 1);
  std::vector<std::vector<std::uint8_t>> SealFor(SaV2& sa, std::uint8_t exchange, bool response, std::uint32_t id,
                                                 ChainWriter& chain);
  void GaveUp(const SaPtr& sa);
  void Enqueue(const SaPtr& sa, TaskPtr task, bool first = false);
  void Pump(const SaPtr& sa);
  void Finish(const SaPtr& sa);  // the task under way is done
  void Retry(const SaPtr& sa, Duration wait);
  std::vector<std::uint8_t> NewNonce();
  // Runs on the pool; `done` is not called when the SA or the engine has gone.
  void Work(const SaPtr& sa, std::function<void()> work, std::function<void(const SaPtr&)> done);
  void ComputeKey(const SaPtr& sa, std::uint16_t group,
                  std::function<void(const SaPtr&, Secret, std::vector<std::uint8_t>)> done);
  void ComputeShared(const SaPtr& sa, std::uint16_t group, const Secret& own, Bytes peer,
                     std::function<void(const SaPtr&, Result<Secret>)> done);
  struct KeyAndShared {
    Secret shared;
    std::vector<std::uint8_t> public_value;
    bool ok = false;
  };
  void ComputeBoth(const SaPtr& sa, std::uint16_t group, Bytes peer, std::function<void(const SaPtr&, KeyAndShared)> done);

  // --- v2_init.cc
  bool Begin(std::uint32_t entry, const TunnelFlow& flow, std::size_t peer_index);
  void BeginExchange(const SaPtr& sa);
  void BuildInitRequest(const SaPtr& sa);
  void ReceiveInitRequest(const IkeDatagram& d, const IkeHeader& header);
  void ReceiveInitResponse(const IkeDatagram& d, const IkeHeader& header);
  void AnswerInit(const SaPtr& sa, KeyAndShared keys);
  void AddNatDetection(ChainWriter& out, const SaV2& sa);
  void DetectNat(SaV2& sa, std::span<const RawPayload> payloads);
  void ReadInitNotifies(SaV2& sa, std::span<const RawPayload> payloads);
  void UseKeys(SaV2& sa, Bytes skeyseed);
  std::vector<std::uint8_t> CookieFor(const IkeDatagram& d, std::uint64_t spi_i, Bytes nonce, std::uint32_t secret) const;
  bool CookiesWanted() const;
  void FailBegin(const SaPtr& sa, const std::string& reason);

  // --- v2_auth.cc
  void BuildAuthRequest(const SaPtr& sa);
  void FinishAuthRequest(const SaPtr& sa, std::vector<std::uint8_t> auth);
  void ReceiveAuthRequest(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads);
  void ReceiveAuthResponse(const SaPtr& sa, std::span<const RawPayload> payloads);
  void AnswerAuth(const SaPtr& sa, std::uint32_t id, std::vector<std::uint8_t> auth);
  void FinishAuthResponse(const SaPtr& sa);
  void FailFirstChild(const SaPtr& sa, const std::string& reason);
  void RefuseAuth(const SaPtr& sa, std::uint32_t id, const std::string& reason);
  void Established(const SaPtr& sa);
  void TellUp(SaV2& sa, std::uint32_t replaces);
  void ForgetOthers(const SaPtr& sa);
  void ResolveCrossing(const SaPtr& sa);

  // --- v2_eap.cc
  void BeginEap(const SaPtr& sa, std::uint32_t id, std::vector<std::uint8_t> auth);
  void RespondEap(const SaPtr& sa, std::uint32_t id, Bytes message);
  void RefuseEap(const SaPtr& sa, std::uint32_t id, const std::string& reason, Bytes failure);
  void AskEap(const SaPtr& sa, std::uint32_t id, Bytes message);
  void HearEap(const SaPtr& sa, std::uint32_t id, const UserAnswer& a);
  void ReceiveEap(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads);
  void FinishEap(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads);

  // --- v2_auth_method.cc
  // `auth` is the method and what follows it. `eap`: the peer has sent none, and is to prove itself by EAP.
  bool OwnIdentity(SaV2& sa, const TunnelGroup& group, bool eap, std::string& why);
  const TunnelGroup* GroupOfMessage(const SaV2& sa, const IdV2& id, std::span<const RawPayload> payloads) const;
  void MakeAuth(const SaPtr& sa, std::function<void(const SaPtr&, std::vector<std::uint8_t>)> done);
  void CheckAuth(const SaPtr& sa, std::span<const RawPayload> payloads, std::function<void(const SaPtr&, std::string)> done);
  void AddOwnCertificates(ChainWriter& out, const SaV2& sa);
  void AddCertificateRequest(ChainWriter& out, const SaV2& sa);
  const Trustpoint* OwnTrustpoint(const SaV2& sa) const;

  // --- v2_config.cc
  // The answer to a request for configuration in an IKE_AUTH message; false: there is no address.
  bool Configure(SaV2& sa, std::span<const RawPayload> payloads, ChainWriter& out);

  // --- v2_child.cc
  void BuildChildRequest(const SaPtr& sa);
  void SendChildRequest(const SaPtr& sa);
  void ReceiveChildRequest(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads);
  void ReceiveChildResponse(const SaPtr& sa, std::span<const RawPayload> payloads);
  struct NewChild {
    const EntryV2* entry = nullptr;
    ChildSuiteV2 suite;
    std::vector<TrafficSelector> local, remote;
    std::uint32_t spi_in = 0;
    Bytes shared, ni, nr;
    bool initiator = false;  // of this exchange
    std::uint32_t replaces = 0;
    bool transport = false;
  };
  ChildV2* Install(SaV2& sa, const NewChild& made);
  // What a peer's proposal and selectors make of our configuration; `why` tells why nothing.
  struct Selected {
    EntryV2 entry;
    ChildSuiteV2 suite;
    std::vector<TrafficSelector> local, remote;
    bool transport = false;
  };
  // Is the pair to be one of transport mode, as far as we are concerned? (v2_transport.cc)
  static bool WantsTransport(const SaV2& sa, const EntryV2& entry, std::span<const TrafficSelector> local,
                             std::span<const TrafficSelector> remote);
  static void AskTransport(ChainWriter& out, bool wanted);
  // What the peer's answer makes of that. Nothing: there is no pair, `why` has the words.
  static std::optional<bool> TransportAgreed(const EntryV2& entry, bool wanted, std::span<const RawPayload> answer, std::string& why);
  std::optional<Selected> Select(const SaV2& sa, std::span<const RawPayload> payloads, bool exchange, const ChildV2* old,
                                 std::string& why);
  void AnswerChild(const SaPtr& sa, std::uint32_t id, const Selected& s, std::vector<std::uint8_t> ni, std::uint32_t old_spi,
                   KeyAndShared keys);
  void UseOutbound(std::uint32_t spi_in);
  void RemoveChild(SaV2& sa, std::uint32_t spi_in, bool linger);
  void DeleteChild(const SaPtr& sa, std::uint32_t spi_in, IkeEnd why);

  // --- v2_rekey.cc
  void BuildIkeRekey(const SaPtr& sa);
  void ReceiveIkeRekey(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads);
  void ReceiveIkeRekeyResponse(const SaPtr& sa, std::span<const RawPayload> payloads);
  SaPtr Successor(const SaV2& old, bool initiator, const SuiteV2& suite, std::uint64_t spi_i, std::uint64_t spi_r,
                  Bytes shared, std::vector<std::uint8_t> ni, std::vector<std::uint8_t> nr);
  void Adopt(const SaPtr& old, const SaPtr& successor);
  void ResolveChildRekey(const SaPtr& sa, TaskV2& task, std::uint32_t new_spi, Bytes nr);
  void DropRival(TaskV2& task);

  // --- v2_info.cc
  void BuildInformational(const SaPtr& sa);
  void ReceiveInformational(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads);
  void ReceiveInformationalResponse(const SaPtr& sa, std::span<const RawPayload> payloads);
  void EndSa(const SaPtr& sa, IkeEnd why);                             // tells the peer
  void DropSa(const SaPtr& sa, IkeEnd why, bool keep_answer = false);  // does not
  void DropChildren(SaV2& sa);

  // --- v2_select.cc
  std::optional<EntryV2> EntryOf(std::uint32_t id) const;
  std::optional<std::pair<std::vector<TrafficSelector>, std::vector<TrafficSelector>>> SelectorsFor(
      std::uint32_t entry, const TunnelFlow& flow) const;
  const TunnelGroup* GroupOfAddress(IpAddress peer) const;
  const TunnelGroup* GroupOfPeer(const SaV2& sa, const IdV2& id, const char* otherwise) const;
  std::optional<EntryV2> MatchEntry(const SaV2& sa, std::span<const TrafficSelector> remote,
                                    std::span<const TrafficSelector> local, std::vector<TrafficSelector>& narrowed_local,
                                    std::vector<TrafficSelector>& narrowed_remote, std::string& why);

  // --- v2_say.cc
  static std::string Spis(const SaV2& sa);  // "[ISPI: 0x... RSPI: 0x...]"
  std::string Local(const SaV2& sa) const;  // "Local:192.0.2.1:500 Remote:198.51.100.1:500 Username:..."
  void Log(const SaV2& sa, int syslog, int severity, const std::string& text);
  void LogBare(int syslog, int severity, IpAddress peer, const std::string& text);
  void Proto(const SaV2* sa, IpAddress peer, int level, const std::string& text);
  // "SM Trace->": the states and events that an ASA's machine goes through there.
  void Trace(const SaV2& sa, std::uint32_t id, const char* state, std::initializer_list<const char*> events);
  void Platform(const SaV2* sa, IpAddress peer, int level, const std::string& text);
  void SayPacket(const SaV2& sa, bool sent, const IkeHeader& header, std::span<const RawPayload> payloads);
  // 750001; `what`: "establish", "rekey", "delete".
  void SayRequest(const SaV2& sa, const char* what, std::span<const TrafficSelector> local,
                  std::span<const TrafficSelector> remote);
  void SayAborted(const SaV2& sa, const std::string& reason);
  void SayPolicies(const SaV2* sa, IpAddress peer, const char* what, std::span<const ProposalV2> proposals);
  void SayDown(const SaV2& sa, IkeEnd why);

  IkeHost& host_;
  std::shared_ptr<const VpnPolicy> policy_;
  Times t_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<std::uint64_t, SaPtr> sas_;  // by our own SPI
  struct Lingering {
    std::shared_ptr<const ChildSa> sa;
    TimePoint until;  // real
  };
  std::vector<Lingering> lingering_;  // pairs that still decrypt what was on its way when they ended
  mutable IkeStats stats_;
  std::uint32_t next_session_ = 1, next_log_number_ = 1;
  std::vector<std::uint8_t> cookie_secrets_[2];
  std::uint32_t cookie_version_ = 0;
  TimePoint cookie_until_{};
};

}  // namespace sallyport
