// Informational exchanges: notifications, deletions, dead peer detection.
#include <fmt/format.h>

#include <algorithm>

#include "vpn/ike/v1_core.h"
#include "vpn/ike/v1_times.h"

namespace sallyport {
namespace {

using namespace ikev1;

constexpr PayloadRule kInfoRules[] = {{kHash, 1, 1}, {kNotify, 0, 16}, {kDelete, 0, 16}, {kVendor, 0, 8}};

// As messages of an ASA name them: in capitals where the notification came in clear, in words in 713068.
const char* NotifyName(std::uint16_t type) {
  switch (type) {
    case kInvalidPayloadType:
      return "INVALID_PAYLOAD_TYPE";
    case kInvalidCookie:
      return "INVALID_COOKIE";
    case kInvalidMajorVersion:
      return "INVALID_MAJOR_VERSION";
    case kInvalidExchange:
      return "INVALID_EXCHANGE_TYPE";
    case kInvalidMessageId:
      return "INVALID_MESSAGE_ID";
    case kInvalidProtocolId:
      return "INVALID_PROTOCOL_ID";
    case kInvalidSpi:
      return "INVALID_SPI";
    case kNoProposalChosen:
      return "NO_PROPOSAL_CHOSEN";
    case kPayloadMalformed:
      return "PAYLOAD_MALFORMED";
    case kInvalidKeyInformation:
      return "INVALID_KEY_INFO";
    case kInvalidIdInformation:
      return "INVALID_ID_INFO";
    case kInvalidCertificate:
      return "INVALID_CERT";
    case kInvalidHash:
      return "INVALID_HASH_INFO";
    case kAuthenticationFailed:
      return "AUTH_FAILED";
    case kInvalidSignature:
      return "INVALID_SIGNATURE";
    case kUnsupportedExchange:
      return "UNSUPPORTED_EXCHANGE_TYPE";
    default:
      return "UNKNOWN";
  }
}

const char* NotifyWords(std::uint16_t type) {
  switch (type) {
    case kInvalidPayloadType:
      return "Invalid payload type";
    case kInvalidCookie:
      return "Invalid cookie";
    case kInvalidSpi:
      return "Invalid SPI";
    case kInvalidMessageId:
      return "Invalid message ID";
    case kNoProposalChosen:
      return "No proposal chosen";
    case kPayloadMalformed:
      return "Payload malformed";
    case kInvalidKeyInformation:
      return "Invalid key info";
    case kInvalidIdInformation:
      return "Invalid ID info";
    case kInvalidCertificate:
      return "Invalid certificate";
    case kInvalidHash:
      return "Invalid hash info";
    case kAuthenticationFailed:
      return "Authentication failed";
    case kInvalidSignature:
      return "Invalid signature";
    default:
      return "Unknown";
  }
}

}  // namespace

void Ikev1Core::OnInformational(Ikev1Sa* sa, MessageV1& m, Bytes body) {
  const IpAddress peer = m.datagram->peer.address;
  if ((m.header.flags & kEncrypted) == 0) {
    // Anybody can send these. They are told, and nothing else.
    const auto payloads = ReadPayloads(m.header.first, body, ChainEnd::kPadded);
    if (!payloads || sa == nullptr) {
      ++stats_.in_drop_packets;
      return;
    }
    SayMessage("RECEIVED", sa, peer, m.header.message_id, m.header.first, body, m.header.length);
    for (const RawPayload& p : *payloads) {
      const auto n = p.type == kNotify ? ReadNotifyV1(p.body) : std::nullopt;
      if (!n) continue;
      Say(713904, 5, sa, peer, std::string("Received an un-encrypted ") + NotifyName(n->type) + " notify message, dropping");
      // What we have enciphered the peer could not make anything of.
      const bool by_key = sa->keys.ready() && !sa->active() && sa->suite.auth == VpnAuth::kPreSharedKeys;
      if (n->type == kPayloadMalformed && by_key) {
        Say(713903, 4, sa, peer,
            "Error, peer has indicated that something is wrong with our message.  This could indicate a pre-shared key mismatch.");
      }
    }
    Say(713903, 4, sa, peer, "Information Exchange processing failed");
    return;
  }
  if (sa == nullptr || !sa->keys.ready() || !sa->active() || m.header.message_id == 0) {
    ++stats_.in_drop_packets;
    Say(713904, 5, sa, peer, "Received encrypted packet with no matching SA, dropping");
    return;
  }
  // A message id of an exchange that was there is a replay.
  const bool used = std::find(sa->used_ids.begin(), sa->used_ids.end(), m.header.message_id) != sa->used_ids.end() ||
                    sa->quick.count(m.header.message_id) != 0;
  if (used || !Open(*sa, NextIvV1(sa->suite, sa->last_block, m.header.message_id), m, body) ||
      CheckPayloads(kInfoRules, m.payloads, UnknownPayloads::kIgnore)) {
    ++stats_.in_drop_packets;
    return;
  }
  Processing(*sa, "hash");
  if (!HashIsRight(*sa, m, {})) {
    ++stats_.in_drop_packets;
    ++stats_.hash_valid_fails;
    return;
  }
  sa->used_ids.push_back(m.header.message_id);
  if (sa->used_ids.size() > 64) sa->used_ids.pop_front();
  Heard(*sa, *m.datagram);
  const std::uint32_t number = sa->number;
  for (const RawPayload& p : m.payloads) {
    sa = Find(number);
    if (sa == nullptr) return;  // a deletion of it stood before
    if (p.type == kNotify) {
      Processing(*sa, "notify");
      if (const auto n = ReadNotifyV1(p.body)) OnNotify(*sa, *n, m.header.message_id);
    } else if (p.type == kDelete) {
      Processing(*sa, "delete");
      if (const auto d = ReadDeleteV1(p.body)) OnDelete(number, *d);
    }
  }
}

void Ikev1Core::OnNotify(Ikev1Sa& sa, const NotifyV1& n, std::uint32_t id) {
  ++stats_.in_notifys;
  switch (n.type) {
    case kRUThere:
      AnswerDpd(sa, n);
      return;
    case kRUThereAck: {
      const std::uint32_t sequence = n.data.size() == 4 ? LoadBe32(n.data.data()) : 0;
      Debug(715075, sa, fmt::format("Received keep-alive of type DPD R-U-THERE-ACK (seq number 0x{:x})", sequence));
      return;  // Heard has noted that the peer lives
    }
    case kInitialContact:
      OnInitialContact(sa);
      return;
    case kConnected:
    case kReplayStatus:
    case kIosKeepaliveRequest:
    case kIosKeepaliveAnswer:
      return;
    case kResponderLifetime:
      return;  // stands in quick mode, where it belongs
    default:
      break;
  }
  Say(713068, 5, sa, fmt::format("Received non-routine Notify message: {} ({})", NotifyWords(n.type), n.type));
  // The peer knows nothing of a pair that we send by.
  if (n.type == kInvalidSpi && n.spi.size() == 4) {
    if (ChildV1* child = FindChildOut(sa, LoadBe32(n.spi.data()))) {
      const std::uint32_t number = sa.number;
      RemoveChild(child->spi_in, false);
      EndIfEmpty(number, IkeEnd::kLostService);
    }
    return;
  }
  // An error ends the quick mode that it speaks of: by its message id in the SPI field of some, by its proposal of others,
  // and by there being only one that waits in most.
  (void)id;
  if (n.type >= 16384) return;
  QuickV1* waiting = nullptr;
  for (auto& [mid, q] : sa.quick) {
    if (!q->initiator || q->state == QmState::kDone) continue;
    const bool named = n.spi.size() == 4 && (LoadBe32(n.spi.data()) == q->spi_in || LoadBe32(n.spi.data()) == mid);
    if (named) {
      waiting = q.get();
      break;
    }
    if (waiting == nullptr) waiting = q.get();
  }
  if (waiting != nullptr) {
    ++stats_.out_p2_exchange_rejects;
    const bool proposal = n.type == kNoProposalChosen;
    FailQuick(sa, *waiting, 0, "QM_WAIT_MSG2, EV_RCV_NOTIFY|QM_DONE, EV_ERROR",
              proposal ? IkeEnd::kPhase2Mismatch : IkeEnd::kNoCryptoMap);
  }
}

void Ikev1Core::OnInitialContact(Ikev1Sa& sa) {
  // The peer has just been started: what it had with us before is gone there. What began after this SA did is not meant.
  std::vector<std::uint32_t> old;
  for (const auto& [number, other] : sas_) {
    if (number == sa.number || !other->active() || !SamePeer(*other, sa)) continue;
    if (other->established_real < sa.created) old.push_back(number);
  }
  if (sa.replaced) {
    sa.replaced = false;
    sa.remove_at = TimePoint::Max();
  }
  for (const auto& [spi, child] : std::map<std::uint32_t, ChildV1>(children_)) {
    // Pairs that moved here from an older SA are as old as that.
    if (child.sa == sa.number && std::find(old.begin(), old.end(), child.sa_pair->ike_sa) != old.end())
      RemoveChild(spi, false);
  }
  for (const std::uint32_t number : old) Kill(*Find(number), IkeEnd::kPeerReconnected, false);
  if (!sa.peer_told && sa.login == V1Login::kNone) TellPeerUp(sa, 0);
}

void Ikev1Core::OnDelete(std::uint32_t number, const DeleteV1& d) {
  Ikev1Sa* sa = Find(number);
  if (d.protocol == kEsp && d.spi_size == 4) {
    ++stats_.in_p2_sa_delete_requests;
    for (const Bytes spi : d.spis) {
      ChildV1* child = FindChildOut(*sa, LoadBe32(spi.data()));
      if (child == nullptr) continue;
      const std::uint32_t spi_in = child->spi_in;
      if (child->retired) {
        RemoveChild(spi_in, false);
        continue;
      }
      const std::string remote = SelectorAddress(child->selectors.remote), local = SelectorAddress(child->selectors.local);
      Say(713050, 5, *sa,
          "Connection terminated for peer " + PeerName(*sa) + ".  Reason: Peer Terminate  Remote Proxy " + remote +
              ", Local Proxy " + local);
      Debug(715009, *sa, "IKE Deleting SA: Remote Proxy " + remote + ", Local Proxy " + local);
      RemoveChild(spi_in, false);
    }
    EndIfEmpty(number, IkeEnd::kUserRequested);
    return;
  }
  if (d.protocol != kIsakmp || d.spi_size != 16) return;
  for (const Bytes spi : d.spis) {
    IkeHeader h;
    h.spi_i = LoadBe64(spi.data());
    h.spi_r = LoadBe64(spi.data() + 8);
    Ikev1Sa* gone = FindFor(h);
    // Only SAs with this very peer are its to delete.
    if (gone == nullptr || !gone->active() || gone->peer.address != Find(number)->peer.address) continue;
    // Another SA with the peer takes over what is left, and it is no end of the tunnel.
    if (!gone->replaced) {
      for (auto& [other_number, other] : sas_) {
        if (other.get() == gone || !other->active() || !SamePeer(*other, *gone) || other->login != V1Login::kNone) continue;
        other->replaced = false;
        other->remove_at = TimePoint::Max();
        if (!other->peer_told) TellPeerUp(*other, gone->number);
        Supersede(*other, *gone);
        break;
      }
    }
    const std::uint32_t gone_number = gone->number;
    if (!gone->replaced) {
      for (const auto& [spi_in, child] : children_) {
        if (child.sa != gone_number || child.retired) continue;
        Say(713050, 5, *gone,
            "Connection terminated for peer " + PeerName(*gone) + ".  Reason: Peer Terminate  Remote Proxy " +
                SelectorAddress(child.selectors.remote) + ", Local Proxy " + SelectorAddress(child.selectors.local));
      }
      Say(713259, 5, *gone, "Session is being torn down. Reason: User Requested");
    }
    Kill(*gone, IkeEnd::kUserRequested, false);
    if (gone_number == number) return;
  }
}

// --- sending

void Ikev1Core::SendInformational(Ikev1Sa& sa, std::uint8_t type, Bytes body) {
  const std::uint32_t id = NewMessageId(sa);
  ChainWriter chain = HashedChain(sa);
  Constructing(sa, "blank hash");
  chain.Add(type, body);
  Constructing(sa, "qm hash");
  FillHash(sa, chain, id, {});
  std::vector<std::uint8_t> iv = NextIvV1(sa.suite, sa.last_block, id);
  Pack(sa, kInformational, id, chain, &iv);
}

void Ikev1Core::SendNotify(Ikev1Sa& sa, std::uint16_t type, std::uint8_t protocol, Bytes spi, Bytes data) {
  ++stats_.out_notifys;
  Debug(713906, sa, "sending notify message");
  ChainWriter body;
  body.U32(1);
  body.U8(protocol);
  body.U8(static_cast<std::uint8_t>(spi.size()));
  body.U16(type);
  body.Put(spi);
  body.Put(data);
  SendInformational(sa, kNotify, body.bytes());
}

void Ikev1Core::SendClearNotify(const IkeDatagram& d, const IkeHeader& header, std::uint16_t type) {
  ++stats_.out_notifys;
  IkeHeader h = header;
  h.exchange = kInformational;
  h.flags = 0;
  h.message_id = 0;
  MessageWriter out(h);
  out.Begin(kNotify);
  out.U32(1);
  out.U8(kIsakmp);
  out.U8(0);
  out.U16(type);
  out.End();
  IkeDatagram answer;
  answer.via = d.via;
  answer.at = d.at;
  answer.local = d.local;
  answer.peer = d.peer;
  answer.bytes = out.Finish();
  SayMessage("SENDING", nullptr, d.peer.address, 0, kNotify, Bytes(answer.bytes).subspan(kIkeHeaderSize),
             answer.bytes.size());
  ++stats_.out_packets;
  stats_.out_octets += answer.bytes.size();
  host_.Send(answer);
}

void Ikev1Core::SendDelete(Ikev1Sa& sa, std::uint8_t protocol, const std::vector<std::uint32_t>& spis) {
  Debug(715046, sa, std::string("constructing ") + (protocol == kEsp ? "IPSec" : "IKE") + " delete payload");
  // One message holds as many as fit into a datagram that is not cut.
  std::size_t at = 0;
  do {
    const std::size_t n = protocol == kEsp ? std::min<std::size_t>(spis.size() - at, 100) : 1;
    ChainWriter body;
    body.U32(1);
    body.U8(protocol);
    body.U8(protocol == kEsp ? 4 : 16);
    body.U16(static_cast<std::uint16_t>(n));
    if (protocol == kEsp) {
      for (std::size_t i = 0; i < n; ++i) body.U32(spis[at + i]);
      ++stats_.out_p2_sa_delete_requests;
    } else {
      body.U64(sa.cookie_i);
      body.U64(sa.cookie_r);
    }
    SendInformational(sa, kDelete, body.bytes());
    at += n;
  } while (protocol == kEsp && at < spis.size());
}

// --- dead peer detection (RFC 3706)

void Ikev1Core::SendDpd(Ikev1Sa& sa) {
  Debug(715036, sa, fmt::format("Sending keep-alive of type DPD R-U-THERE (seq number 0x{:x})", sa.dpd_sequence));
  std::uint8_t cookies[16], sequence[4];
  StoreBe64(cookies, sa.cookie_i);
  StoreBe64(cookies + 8, sa.cookie_r);
  StoreBe32(sequence, sa.dpd_sequence++);
  SendNotify(sa, kRUThere, kIsakmp, cookies, sequence);
}

void Ikev1Core::AnswerDpd(Ikev1Sa& sa, const NotifyV1& n) {
  if (n.data.size() != 4) return;
  const std::uint32_t sequence = LoadBe32(n.data.data());
  if (n.spi.size() == 16 && (LoadBe64(n.spi.data()) != sa.cookie_i || LoadBe64(n.spi.data() + 8) != sa.cookie_r)) return;
  Debug(715075, sa, fmt::format("Received keep-alive of type DPD R-U-THERE (seq number 0x{:x})", sequence));
  sa.dpd_expected = sequence + 1;
  Debug(715036, sa, fmt::format("Sending keep-alive of type DPD R-U-THERE-ACK (seq number 0x{:x})", sequence));
  std::uint8_t cookies[16], data[4];
  StoreBe64(cookies, sa.cookie_i);
  StoreBe64(cookies + 8, sa.cookie_r);
  StoreBe32(data, sequence);
  SendNotify(sa, kRUThereAck, kIsakmp, cookies, data);
}

// Its time has come: has the peer been heard meanwhile, is it to be asked, or is it dead?
void Ikev1Core::AdvanceDpd(Ikev1Sa& sa) {
  const Duration threshold = Duration::Seconds(sa.group.keepalive_threshold_s);
  // Packets of the peer prove that it lives as well as messages do.
  bool traffic = false;
  const bool sends_count = policy_ != nullptr && !sa.remote_access() && policy_->ssl.emulated_bugs.contains("CSCsr63074");
  Duration idle = real() - sa.heard;
  for (auto& [spi, child] : children_) {
    if (child.sa != sa.number) continue;
    const std::uint64_t packets = child.sa_pair->activity->packets_in.load(std::memory_order_relaxed);
    if (packets != child.packets_seen) traffic = true;
    child.packets_seen = packets;
    // CSCsr63074: a tunnel that only we still send into does not count as idle.
    if (sends_count && child.sa_pair->activity->packets_out.load(std::memory_order_relaxed) != 0) {
      idle = std::min(idle, now() - TimePoint{child.sa_pair->activity->last_out_ns.load(std::memory_order_relaxed)});
    }
    if (packets == 0) continue;
    const Duration since = now() - TimePoint{child.sa_pair->activity->last_in_ns.load(std::memory_order_relaxed)};
    idle = std::min(idle, since);
  }
  if (sa.dpd_probes == 0 && idle < threshold) {
    sa.dpd_at = real() + (threshold - idle);
    return;
  }
  if (sa.dpd_probes != 0 && traffic) {
    sa.dpd_probes = 0;
    sa.dpd_at = real() + threshold;
    return;
  }
  if (sa.dpd_probes < kDpdProbes) {
    ++sa.dpd_probes;
    SendDpd(sa);
    sa.dpd_at = real() + Duration::Seconds(std::max(1u, sa.group.keepalive_retry_s));
    return;
  }
  Say(713123, 3, sa, "IKE lost contact with remote peer, deleting connection (keepalive type: DPD)");
  Say(713259, 5, sa, "Session is being torn down. Reason: Lost Service");
  Kill(sa, IkeEnd::kLostService, true);
}

}  // namespace sallyport
