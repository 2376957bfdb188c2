// IKE_SA_INIT as responder: cookies, limits, the choice of a proposal (RFC 7296 1.2, 2.6).
#include <algorithm>

#include "vpn/crypto/dh.h"
#include "vpn/crypto/digests.h"
#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {

namespace {

constexpr Duration kAuthWait = Duration::Seconds(30);
constexpr Duration kCookieLife = Duration::Seconds(120);
constexpr std::size_t kMostHalfOpen = 4096;

}  // namespace

bool V2Engine::CookiesWanted() const {
  switch (policy_->cookies) {
    case VpnPolicy::Cookies::kNever:
      return false;
    case VpnPolicy::Cookies::kAlways:
      return true;
    case VpnPolicy::Cookies::kPercent:
      break;
  }
  return HalfOpen() * 100 >= MostHalfOpen() * policy_->cookie_percent;
}

std::size_t V2Engine::MostHalfOpen() const {
  return policy_->max_in_negotiation_v2 != 0 ? std::min<std::size_t>(policy_->max_in_negotiation_v2, kMostHalfOpen) : kMostHalfOpen;
}

std::vector<std::uint8_t> V2Engine::CookieFor(const IkeDatagram& d, std::uint64_t spi_i, Bytes nonce,
                                              std::uint32_t secret) const {
  std::uint8_t b[8 + 16 + 2 + 1];
  StoreBe64(b, spi_i);
  d.peer.address.StoreV6(b + 8);
  StoreBe16(b + 24, d.peer.port);
  b[26] = static_cast<std::uint8_t>(secret);
  std::vector<std::uint8_t> out{static_cast<std::uint8_t>(secret)};
  const auto hash = Hash(VpnHash::kSha256, {Bytes(cookie_secrets_[secret & 1]), Bytes(b), nonce});
  out.insert(out.end(), hash.begin(), hash.end());
  return out;
}

void V2Engine::ReceiveInitRequest(const IkeDatagram& d, const IkeHeader& header) {
  if (header.spi_i == 0 || header.spi_r != 0 || header.message_id != 0) return;
  const auto on = policy_->ike.find(d.at);
  if (on == policy_->ike.end() || !on->second.v2) return;
  const auto body = IkeMessageBody(header, d.bytes);
  if (!body) return;
  const Bytes whole = Bytes(d.bytes).first(header.length);
  // A request that we know, from the same place: the same answer. Another one by that SPI has no business here.
  for (const auto& [spi, sa] : sas_) {
    if (sa->initiator || sa->spi_i != header.spi_i || !(sa->peer == d.peer) || sa->init_hash.empty()) continue;
    if (Hash(VpnHash::kSha256, {whole}) == sa->init_hash && !sa->init_response.empty() &&
        sa->state == SaV2::State::kWaitAuth) {
      Transmit(*sa, {sa->init_response});
    }
    return;
  }
  const auto payloads = ReadPayloads(header.first, *body, ChainEnd::kEncrypted);
  if (!payloads) {
    ++stats_.in_drop_packets;
    return;
  }
  if (const auto type = UnknownCriticalV2(*payloads)) {
    const std::uint8_t data[] = {*type};
    RespondInClear(d, header, ikev2::kUnsupportedCriticalPayload, Bytes(data));
    return;
  }
  if (CheckV2(ikev2::kInit, false, *payloads)) {
    RespondInClear(d, header, ikev2::kInvalidSyntax);
    return;
  }
  const Bytes nonce = FindPayload(*payloads, ikev2::kNonce)->body;
  if (CookiesWanted()) {
    if (t_.real >= cookie_until_ || cookie_secrets_[cookie_version_ & 1].empty()) {
      ++cookie_version_;
      auto& secret = cookie_secrets_[cookie_version_ & 1];
      secret.resize(32);
      host_.entropy().Fill(secret);
      cookie_until_ = t_.real + kCookieLife;
    }
    bool good = false;
    if (const auto cookie = FindNotifyV2(*payloads, ikev2::kCookie); cookie && !cookie->data.empty()) {
      for (const std::uint32_t version : {cookie_version_, cookie_version_ - 1}) {
        if (cookie_secrets_[version & 1].empty() || cookie->data[0] != static_cast<std::uint8_t>(version)) continue;
        good = good || SameBytes(CookieFor(d, header.spi_i, nonce, version), cookie->data);
      }
    }
    if (!good) {
      LogBare(750004, 5, d.peer.address,
              "Local:" + d.local.address.ToString() + ":" + std::to_string(d.local.port) +
                  " Remote:" + d.peer.address.ToString() + ":" + std::to_string(d.peer.port) +
                  " Username:Unknown IKEv2 Sending COOKIE challenge to throttle possible DoS");
      RespondInClear(d, header, ikev2::kCookie, CookieFor(d, header.spi_i, nonce, cookie_version_), ikev2::kNoProtocol);
      return;
    }
  }
  const bool many = policy_->max_sas_v2 != 0 && sas_.size() >= policy_->max_sas_v2;
  if (many || HalfOpen() >= MostHalfOpen()) {
    ++stats_.system_capacity_fails;
    ++stats_.in_negotiation_rejected;
    LogBare(750009, 4, d.peer.address,
            "Local:" + d.local.address.ToString() + ":" + std::to_string(d.local.port) +
                " Remote:" + d.peer.address.ToString() + ":" + std::to_string(d.peer.port) +
                " Username:Unknown SA request rejected due to CAC limit reached: Rejection reason: " +
                (many ? "max SA" : "max in-negotiation SA"));
    return;
  }
  const auto offered = ReadSaV2(FindPayload(*payloads, ikev2::kSa)->body);
  const auto ke = ReadKeV2(FindPayload(*payloads, ikev2::kKe)->body);
  if (!offered || !ke) {
    RespondInClear(d, header, ikev2::kInvalidSyntax);
    return;
  }
  const auto suite = ChooseIkeV2(policy_->ikev2_policies, *offered);
  if (!suite) {
    const auto expected = IkeProposalsV2(policy_->ikev2_policies, {});
    Proto(nullptr, d.peer.address, 5, "Failed to verify the proposed policies");
    SayPolicies(nullptr, d.peer.address, "Received", *offered);
    SayPolicies(nullptr, d.peer.address, "Expected", expected);
    Proto(nullptr, d.peer.address, 1, "Failed to find a matching policy");
    LogBare(750003, 4, d.peer.address,
            "Local:" + d.local.address.ToString() + ":" + std::to_string(d.local.port) +
                " Remote:" + d.peer.address.ToString() + ":" + std::to_string(d.peer.port) +
                " Username:Unknown IKEv2 Negotiation aborted due to ERROR: " +
                (expected.empty() ? "No local IKE policy found" : "Failed to find a matching policy"));
    ++stats_.responder_fails;
    RespondInClear(d, header, ikev2::kNoProposalChosen);
    return;
  }
  if (ke->group != suite->group) {
    std::uint8_t group[2];
    StoreBe16(group, suite->group);
    Proto(nullptr, d.peer.address, 1, "The peer's KE payload contained the wrong DH group");
    RespondInClear(d, header, ikev2::kInvalidKePayload, Bytes(group));
    return;
  }
  if (ke->data.size() != DhPublicSize(ke->group)) {
    RespondInClear(d, header, ikev2::kInvalidSyntax);
    return;
  }
  const SaPtr sa = NewSa(false, d.at, d.local, d.peer, d.via);
  sa->spi_i = header.spi_i;
  sa->suite = *suite;
  sa->ni.assign(nonce.begin(), nonce.end());
  sa->nr = NewNonce();
  sa->init_request.assign(whole.begin(), whole.end());
  sa->init_hash = Hash(VpnHash::kSha256, {whole});
  sa->until = t_.real + kAuthWait;
  SayPacket(*sa, false, header, *payloads);
  Trace(*sa, 0, "IDLE", {"EV_RECV_INIT", "EV_CHK_REDIRECT", "EV_CHK_CAC", "EV_CHK_COOKIE", "EV_CHK4_COOKIE_NOTIFY"});
  Trace(*sa, 0, "R_INIT", {"EV_VERIFY_MSG", "EV_INSERT_SA", "EV_GET_IKE_POLICY", "EV_PROC_MSG", "EV_DETECT_NAT"});
  Log(*sa, 750002, 5, "IKEv2 Received a IKE_INIT_SA request");
  ReadInitNotifies(*sa, *payloads);
  sa->peer_authorities.clear();
  DetectNat(*sa, *payloads);
  Trace(*sa, 0, "R_BLD_INIT", {"EV_SET_POLICY", "EV_CHK_AUTH4PKI", "EV_GEN_DH_KEY", "EV_GEN_DH_SECRET"});
  ComputeBoth(sa, suite->group, ke->data, [this](const SaPtr& s, KeyAndShared keys) { AnswerInit(s, std::move(keys)); });
}

void V2Engine::AnswerInit(const SaPtr& sa, KeyAndShared keys) {
  if (!keys.ok) {
    Log(*sa, 751001, 3, "Failed to complete Diffie-Hellman operation. Error: Peer's public value is not acceptable");
    ++stats_.responder_fails;
    DropSa(sa, IkeEnd::kError);
    return;
  }
  IkeHeader h;
  h.spi_i = sa->spi_i;
  h.spi_r = sa->spi_r;
  h.version = ikev2::kVersion;
  h.exchange = ikev2::kInit;
  h.flags = ikev2::kResponse;
  MessageWriter out(h);
  ProposalV2 p;
  p.number = sa->suite.number;
  p.protocol = ikev2::kIke;
  // The transforms that were chosen, as an offer of them would name them.
  Ikev2Policy chosen;
  chosen.ciphers = {sa->suite.cipher};
  chosen.integrity = {sa->suite.integrity};
  chosen.prfs = {sa->suite.prf};
  chosen.groups = {sa->suite.group};
  p.transforms = IkeProposalsV2(std::span(&chosen, 1), {})[0].transforms;
  AddSaV2(out, std::span(&p, 1));
  AddKeV2(out, sa->suite.group, keys.public_value);
  out.Add(ikev2::kNonce, sa->nr);
  out.Add(ikev2::kVendor, Bytes(ikev2::kDeleteReasonVid));
  AddNatDetection(out, *sa);
  AddCertificateRequest(out, *sa);
  if (!sa->peer_hashes.empty()) {
    const std::uint8_t hashes[] = {0, 1, 0, 2, 0, 3, 0, 4};
    AddNotifyV2(out, ikev2::kNoProtocol, ikev2::kSignatureHashAlgorithms, Bytes(hashes));
  }
  if (sa->fragmentation) AddNotifyV2(out, ikev2::kNoProtocol, ikev2::kFragmentationSupported);
  Trace(*sa, 0, "R_BLD_INIT", {"EV_OK_RECD_DH_SECRET_RESP", "EV_GEN_SKEYID", "EV_GET_CONFIG_MODE", "EV_BLD_MSG"});
  Proto(sa.get(), sa->peer.address, 2, "Generating IKE_SA_INIT message");
  sa->init_response = out.Finish();
  const Secret seed = SkeyseedV2(sa->suite.prf, keys.shared.bytes(), sa->ni, sa->nr);
  UseKeys(*sa, seed.bytes());
  sa->next_receive = 1;
  sa->state = SaV2::State::kWaitAuth;
  if (const auto payloads =
          ReadPayloads(sa->init_response[16], Bytes(sa->init_response).subspan(kIkeHeaderSize), ChainEnd::kExact)) {
    h.length = static_cast<std::uint32_t>(sa->init_response.size());
    SayPacket(*sa, true, h, *payloads);
  }
  Transmit(*sa, {sa->init_response});
  Trace(*sa, 0, "INIT_DONE", {"EV_DONE"});
  Proto(sa.get(), sa->peer.address, 2, "Completed SA init exchange");
  Trace(*sa, 0, "INIT_DONE", {"EV_CHK4_ROLE", "EV_START_TMR"});
  Proto(sa.get(), sa->peer.address, 2, "Starting timer (30 sec) to wait for auth message");
}

}  // namespace sallyport
