#include "vpn/ike/v2_core.h"

#include <algorithm>

#include "vpn/crypto/digests.h"
#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

// The largest message that is looked at. Whoever sends more wants memory.
constexpr std::size_t kLargest = kIkeLargestMessage;

}  // namespace

// --- the door

Ikev2Core::Ikev2Core(IkeHost& host) : engine_(std::make_unique<V2Engine>(host)) {}
Ikev2Core::~Ikev2Core() = default;
void Ikev2Core::UsePolicy(std::shared_ptr<const VpnPolicy> policy, Times t) { engine_->UsePolicy(std::move(policy), t); }
void Ikev2Core::Receive(const IkeDatagram& d, Times t) { engine_->Receive(d, t); }
void Ikev2Core::Need(std::uint32_t entry, const TunnelFlow& flow, Times t) { engine_->Need(entry, flow, t); }
void Ikev2Core::Event(const TunnelEvent& e, Times t) { engine_->Event(e, t); }
std::uint32_t Ikev2Core::Clear(const IkeClear& what, Times t) { return engine_->Clear(what, t); }
void Ikev2Core::AdvanceTo(Times t) { engine_->AdvanceTo(t); }
Times Ikev2Core::NextDeadline() const { return engine_->NextDeadline(); }
std::vector<IkeSaView> Ikev2Core::Views(Times t) const { return engine_->Views(t); }
IkeStats Ikev2Core::Stats() const { return engine_->Stats(); }

// --- SAs

std::uint64_t V2Engine::NewIkeSpi() {
  std::uint64_t spi;
  do {
    spi = host_.entropy().U64();
  } while (spi == 0 || sas_.count(spi) != 0);
  return spi;
}

V2Engine::SaPtr V2Engine::NewSa(bool initiator, IfId at, const Endpoint& local, const Endpoint& peer, IkeDatagram::Via via,
                                std::uint64_t own_spi) {
  auto sa = std::make_shared<SaV2>();
  // Tunnel ids of version 2 are large numbers without an order, and even ones: version 1 has the odd ones.
  do {
    sa->number = (host_.entropy().U32() & 0x7ffffffe) | 0x100000;
  } while (std::any_of(sas_.begin(), sas_.end(), [&](const auto& s) { return s.second->number == sa->number; }));
  sa->session = next_session_++;
  sa->log_number = next_log_number_++;
  sa->initiator = initiator;
  (initiator ? sa->spi_i : sa->spi_r) = own_spi != 0 ? own_spi : NewIkeSpi();
  sa->at = at;
  sa->local = local;
  sa->peer = peer;
  sa->via = via;
  sa->made = sa->heard = t_.real;
  sas_[sa->own_spi()] = sa;
  std::size_t negotiating = HalfOpen();
  stats_.in_negotiation_high = std::max<std::uint64_t>(stats_.in_negotiation_high, negotiating);
  return sa;
}

std::size_t V2Engine::HalfOpen() const {
  return static_cast<std::size_t>(std::count_if(sas_.begin(), sas_.end(), [](const auto& s) {
    return !s.second->established() && s.second->state != SaV2::State::kEnded;
  }));
}

V2Engine::SaPtr V2Engine::FindReady(const EntryV2& entry) const {
  SaPtr best;
  for (const auto& [spi, sa] : sas_) {
    if (sa->at != entry.at || !sa->lan_to_lan) continue;
    if (sa->state != SaV2::State::kReady && sa->established()) continue;
    if (sa->state == SaV2::State::kEnded || (!sa->initiator && !sa->established())) continue;
    if (sa->state == SaV2::State::kReady && !sa->up) continue;  // the rival of a rekey
    if (std::find(entry.peers.begin(), entry.peers.end(), sa->peer.address) == entry.peers.end()) continue;
    if (best == nullptr || (sa->established() && !best->established())) best = sa;
  }
  return best;
}

V2Engine::SaPtr V2Engine::SaOfChild(std::uint32_t spi_in, ChildV2*& child) {
  for (const auto& [spi, sa] : sas_) {
    const auto i = sa->children.find(spi_in);
    if (i == sa->children.end()) continue;
    child = &i->second;
    return sa;
  }
  return nullptr;
}

// --- what comes

void V2Engine::Receive(const IkeDatagram& d, Times t) {
  t_ = t;
  if (policy_ == nullptr || d.via == IkeDatagram::Via::kTcp) return;  // IPsec over TCP is version 1's
  ++stats_.in_packets;
  stats_.in_octets += d.bytes.size();
  Reader in(d.bytes);
  const auto header = ReadIkeHeader(in);
  if (!header || header->length < kIkeHeaderSize || header->length > d.bytes.size() || header->length > kLargest) {
    ++stats_.in_drop_packets;
    return;
  }
  const bool response = (header->flags & ikev2::kResponse) != 0;
  if (header->major() != 2) {
    // RFC 7296 2.5: only a request, and one of a version that is higher than ours.
    const auto on = policy_->ike.find(d.at);
    if (header->major() > 2 && !response && on != policy_->ike.end() && on->second.v2)
      RespondInClear(d, *header, ikev2::kInvalidMajorVersion);
    ++stats_.in_drop_packets;
    return;
  }
  if (header->exchange == ikev2::kInit) {
    if (response) {
      ReceiveInitResponse(d, *header);
    } else {
      ReceiveInitRequest(d, *header);
    }
    return;
  }
  const bool from_initiator = (header->flags & ikev2::kFromInitiator) != 0;
  const auto found = sas_.find(from_initiator ? header->spi_r : header->spi_i);
  if (found == sas_.end()) {
    ++stats_.no_sa_fails;
    ++stats_.in_drop_packets;
    return;
  }
  const SaPtr sa = found->second;
  if (sa->initiator == from_initiator || sa->spi_i != header->spi_i || sa->spi_r != header->spi_r || sa->keys.d.empty() ||
      d.at != sa->at) {
    ++stats_.in_drop_packets;
    return;
  }
  ReceiveEncrypted(sa, *header, d);
}

void V2Engine::ReceiveEncrypted(const SaPtr& sa, const IkeHeader& header, const IkeDatagram& d) {
  const bool response = (header.flags & ikev2::kResponse) != 0;
  const Bytes whole = Bytes(d.bytes).first(header.length);
  const std::uint16_t fragment = FragmentNumberV2(header, whole);
  std::vector<std::uint8_t> hash;
  if (response) {
    if (sa->request.empty() || header.message_id != sa->next_send || header.exchange != sa->exchange_sent) return;
  } else {
    if (fragment <= 1) hash = Hash(VpnHash::kSha256, {whole});
    if (header.message_id + 1 == sa->next_receive) {
      // Byte for byte the request that was answered last (its first fragment, when it came in several).
      if (!sa->answering && !sa->response.empty() && !hash.empty() && hash == sa->request_hash) Transmit(*sa, sa->response);
      return;
    }
    if (header.message_id != sa->next_receive || sa->answering) return;
    if (sa->state == SaV2::State::kEnded || (!sa->established() && sa->state != SaV2::State::kWaitAuth)) return;
    if ((header.exchange == ikev2::kAuth) != (sa->state == SaV2::State::kWaitAuth)) return;
    if (fragment != 0 && !sa->fragmentation) return;
  }
  std::vector<std::uint8_t> bytes(whole.begin(), whole.end());
  ++stats_.crypto.decrypted;
  if (sa->suite.integrity != VpnHash::kNone) ++stats_.crypto.hmacs;
  auto result = OpenV2(sa->in, response ? sa->response_pieces : sa->request_pieces, header, bytes);
  switch (result.what) {
    case OpenResultV2::What::kForged:
      ++stats_.decrypt_fails;
      ++stats_.in_drop_packets;
      return;
    case OpenResultV2::What::kMalformed:
      ++stats_.in_drop_packets;
      return;
    case OpenResultV2::What::kPart:
      if (fragment == 1) sa->piece_hash = hash;
      return;
    case OpenResultV2::What::kWhole:
      break;
  }
  sa->heard = t_.real;
  // A peer behind a translator may have moved: the newest authentic message tells where it is (RFC 7296 2.23).
  if (d.via == IkeDatagram::Via::kNatT && (!(d.peer == sa->peer) || sa->via != d.via) &&
      (sa->nat_outside || sa->via != d.via) && !response) {
    const bool moved = sa->established();
    sa->via = d.via;
    sa->peer = d.peer;
    sa->local = d.local;
    if (moved) {
      for (const auto& [spi, child] : sa->children) host_.MovePeer(spi, sa->peer);
    }
  }
  const auto message = std::make_shared<OpenedV2>(std::move(result.opened));
  const auto payloads = ReadPayloads(message->first, message->chain, ChainEnd::kExact);
  if (host_.Hears(IkeSaying::Debug::kIkev2Protocol, 2) && payloads) SayPacket(*sa, false, header, *payloads);
  if (response) {
    sa->response_pieces.Clear();
    if (!payloads || CheckV2(header.exchange, true, *payloads)) {
      // Authentic, and nonsense: the peer's program is at fault, and asking again would bring the same.
      Proto(sa.get(), sa->peer.address, 1, "Detected an invalid value in the message");
      if (sa->established()) {
        EndSa(sa, IkeEnd::kError);
        sa->request.clear();
        sa->resend.Stop();
        ++sa->next_send;
        sa->current.reset();
        Pump(sa);
      } else {
        FailBegin(sa, "Auth exchange failed");
      }
      return;
    }
    sa->request.clear();
    sa->resend.Stop();
    ++sa->next_send;
    sa->message = message;
    HandleResponse(sa, header.exchange, *payloads);
    return;
  }
  sa->request_pieces.Clear();
  sa->request_hash = fragment > 1 ? std::move(sa->piece_hash) : std::move(hash);
  sa->piece_hash.clear();
  ++sa->next_receive;
  sa->response.clear();
  if (!payloads || CheckV2(header.exchange, false, *payloads)) {
    if (payloads) {
      if (const auto type = UnknownCriticalV2(*payloads)) {
        const std::uint8_t data[] = {*type};
        RespondError(sa, header.exchange, header.message_id, ikev2::kUnsupportedCriticalPayload, Bytes(data));
        if (!sa->established()) DropSa(sa, IkeEnd::kError, true);
        return;
      }
    }
    RespondError(sa, header.exchange, header.message_id, ikev2::kInvalidSyntax);
    DropSa(sa, IkeEnd::kError, true);  // RFC 7296 2.21.3
    return;
  }
  sa->message = message;
  HandleRequest(sa, header.exchange, header.message_id, *payloads);
}

void V2Engine::HandleRequest(const SaPtr& sa, std::uint8_t exchange, std::uint32_t id,
                             std::span<const RawPayload> payloads) {
  switch (exchange) {
    case ikev2::kAuth:
      ReceiveAuthRequest(sa, id, payloads);
      return;
    case ikev2::kCreateChild: {
      const auto sa_payload = ReadSaV2(FindPayload(payloads, ikev2::kSa)->body);
      if (!sa_payload || sa_payload->empty()) {
        RespondError(sa, exchange, id, ikev2::kInvalidSyntax);
        return;
      }
      if ((*sa_payload)[0].protocol == ikev2::kIke) {
        ReceiveIkeRekey(sa, id, payloads);
      } else {
        ReceiveChildRequest(sa, id, payloads);
      }
      return;
    }
    case ikev2::kInformational:
      ReceiveInformational(sa, id, payloads);
      return;
    default:
      return;
  }
}

void V2Engine::HandleResponse(const SaPtr& sa, std::uint8_t exchange, std::span<const RawPayload> payloads) {
  if (exchange == ikev2::kAuth) {
    if (sa->state == SaV2::State::kAuthSent) ReceiveAuthResponse(sa, payloads);
    return;
  }
  if (sa->current == nullptr) {
    Pump(sa);
    return;
  }
  switch (sa->current->kind) {
    case TaskV2::Kind::kChild:
    case TaskV2::Kind::kRekeyChild:
      ReceiveChildResponse(sa, payloads);
      return;
    case TaskV2::Kind::kRekeyIke:
      ReceiveIkeRekeyResponse(sa, payloads);
      return;
    default:
      ReceiveInformationalResponse(sa, payloads);
  }
}

}  // namespace sallyport
