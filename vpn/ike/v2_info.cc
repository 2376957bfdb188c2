// INFORMATIONAL (RFC 7296 1.4): ends of SAs, liveness, notifications. And what goes when an SA goes.
#include <algorithm>

#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

constexpr Duration kAnswerKept = Duration::Seconds(60);

}  // namespace

void V2Engine::BuildInformational(const SaPtr& sa) {
  TaskV2& task = *sa->current;
  ChainWriter out;
  switch (task.kind) {
    case TaskV2::Kind::kDeleteIke:
      AddDeleteV2(out, ikev2::kIke, {});
      Trace(*sa, sa->next_send, "READY", {"EV_DELETE"});
      Trace(*sa, sa->next_send, "DELETE", {"EV_DELETE"});
      Trace(*sa, sa->next_send, "INFO_I_BLD_INFO", {"EV_SND_SA_DEL"});
      Proto(sa.get(), sa->peer.address, 2, "Sending DELETE INFO message for IKEv2 SA " + Spis(*sa));
      break;
    case TaskV2::Kind::kDeleteChildren: {
      // Those that have gone otherwise meanwhile need no message.
      std::erase_if(task.spis, [&](std::uint32_t spi) { return sa->children.count(spi) == 0; });
      if (task.spis.empty()) {
        Finish(sa);
        return;
      }
      AddDeleteV2(out, ikev2::kEsp, task.spis);
      ++stats_.out_p2_sa_delete_requests;
      break;
    }
    case TaskV2::Kind::kInvalidSpi: {
      std::uint8_t spi[4];
      StoreBe32(spi, task.spis[0]);
      AddNotifyV2(out, ikev2::kNoProtocol, ikev2::kInvalidSpi, Bytes(spi));
      ++stats_.out_notifys;
      break;
    }
    default:
      Log(*sa, 750016, 7, "IKEv2 Need to send a DPD message to peer");
      break;
  }
  if (!SendRequest(sa, ikev2::kInformational, out)) Finish(sa);
}

void V2Engine::ReceiveInformationalResponse(const SaPtr& sa, std::span<const RawPayload> payloads) {
  (void)payloads;  // authentic, which is all that matters
  TaskV2& task = *sa->current;
  switch (task.kind) {
    case TaskV2::Kind::kDeleteIke: {
      const IkeEnd why = task.why;
      DropSa(sa, why);
      return;
    }
    case TaskV2::Kind::kDeleteChildren: {
      const std::vector<std::uint32_t> spis = task.spis;
      const bool replaced = task.why == IkeEnd::kReplaced;
      const IkeEnd why = task.why;
      for (const std::uint32_t spi : spis) RemoveChild(*sa, spi, replaced);
      if (!replaced && sa->children.empty() && sa->queue.empty() && sa->lan_to_lan && sa->state == SaV2::State::kReady &&
          why != IkeEnd::kError) {
        sa->current.reset();
        EndSa(sa, why);
        return;
      }
      break;
    }
    default:
      break;
  }
  Finish(sa);
}

void V2Engine::ReceiveInformational(const SaPtr& sa, std::uint32_t id, std::span<const RawPayload> payloads) {
  ChainWriter out;
  bool whole = false, children_deleted = false;
  std::vector<std::uint32_t> ours;
  std::vector<std::uint32_t> gone;
  for (const RawPayload& p : payloads) {
    if (p.type == ikev2::kNotify) {
      ++stats_.in_notifys;
      const auto n = ReadNotifyV2(p.body);
      if (n->type == ikev2::kAuthenticationFailed) whole = true;  // an initiator that does not believe us
      if (n->type == ikev2::kInvalidSpi && n->data.size() == 4) {
        const std::uint32_t spi = LoadBe32(n->data.data());
        for (const auto& [in, child] : sa->children) {
          if (child.sa->spi_out != spi || child.deleting) continue;
          static constexpr char kDigits[] = "0123456789ABCDEF";
          std::string hex = "0x";
          for (int shift = 28; shift >= 0; shift -= 4) hex += kDigits[spi >> shift & 15];
          Log(*sa, 750015, 4,
              "IKEv2 deleting IPSec SA. Reason: invalid SPI notification received for SPI " + hex +
                  "; local traffic selector = " + SelectorText(child.sa->key.local.front()) +
                  "; remote traffic selector = " + SelectorText(child.sa->key.remote.front()));
          gone.push_back(in);
        }
      }
      continue;
    }
    if (p.type != ikev2::kDelete) continue;
    const auto d = ReadDeleteV2(p.body);
    if (d->protocol == ikev2::kIke) {
      whole = true;
      continue;
    }
    if (d->protocol != ikev2::kEsp) continue;
    ++stats_.in_p2_sa_delete_requests;
    children_deleted = true;
    for (const std::uint32_t spi : d->spis) {
      const auto i =
          std::find_if(sa->children.begin(), sa->children.end(), [&](const auto& c) { return c.second.sa->spi_out == spi; });
      if (i == sa->children.end()) continue;
      // RFC 7296 1.4.1: both ends delete the same at once. Then the answers do not name it.
      if (!i->second.deleting) ours.push_back(i->first);
      const bool replaced = i->second.replaced;
      RemoveChild(*sa, i->first, replaced);
    }
  }
  for (const std::uint32_t in : gone) {
    const auto i = sa->children.find(in);
    if (i == sa->children.end()) continue;
    const TunnelKey key = i->second.sa->key;
    RemoveChild(*sa, in, false);
  }
  if (whole) {
    Trace(*sa, id, "READY", {"EV_RECV_INFO_REQ"});
    Trace(*sa, id, "INFO_R", {"EV_RECV_INFO_REQ", "EV_CHK_INFO_TYPE", "EV_RECV_DEL"});
    Proto(sa.get(), sa->peer.address, 2, "Process delete request from peer");
    Proto(sa.get(), sa->peer.address, 2, "Processing DELETE INFO message for IKEv2 SA " + Spis(*sa));
    // As an ASA, which answers with a DELETE of its own.
    AddDeleteV2(out, ikev2::kIke, {});
    sa->answering = true;
    const SaPtr rival = sa->current != nullptr ? sa->current->rival : nullptr;
    const bool was_replaced = sa->state == SaV2::State::kReplaced;
    sa->response = SealFor(*sa, ikev2::kInformational, true, id, out);
    Transmit(*sa, sa->response);
    if (rival != nullptr && rival->state == SaV2::State::kReady && sa->state == SaV2::State::kReady) {
      // Its IKE SA has taken over; ours was never answered.
      sa->current.reset();
      Adopt(sa, rival);
      DropSa(sa, IkeEnd::kReplaced, true);
      return;
    }
    DropSa(sa, was_replaced ? IkeEnd::kReplaced : IkeEnd::kUserRequested, true);
    return;
  }
  if (!ours.empty()) AddDeleteV2(out, ikev2::kEsp, ours);
  Respond(sa, ikev2::kInformational, id, out);
  if (children_deleted && sa->children.empty() && sa->queue.empty() && sa->current == nullptr && sa->lan_to_lan &&
      sa->state == SaV2::State::kReady) {
    EndSa(sa, IkeEnd::kUserRequested);
  }
}

void V2Engine::DropChildren(SaV2& sa) {
  std::vector<std::uint32_t> spis;
  for (const auto& [spi, child] : sa.children) spis.push_back(spi);
  for (const std::uint32_t spi : spis) RemoveChild(sa, spi, false);
}

// The pairs go at once; the SA itself when the peer has answered its DELETE.
void V2Engine::EndSa(const SaPtr& sa, IkeEnd why) {
  if (sa->state == SaV2::State::kDead || sa->state == SaV2::State::kDeleting) return;
  if (!sa->established()) {
    DropSa(sa, why);
    return;
  }
  const bool replaced = sa->state == SaV2::State::kReplaced;
  DropChildren(*sa);
  sa->state = SaV2::State::kDeleting;
  sa->soft = sa->hard = sa->keepalive_at = sa->until = TimePoint::Max();
  sa->queue.clear();
  if (sa->up) {
    sa->up = false;
    if (stats_.active_tunnels > 0) --stats_.active_tunnels;
    ++stats_.previous_tunnels;
    SayDown(*sa, why);
    if (!sa->assigned.IsNone()) host_.GiveAddress(sa->assigned);
    host_.PeerDown(sa->number, why);
  }
  auto task = std::make_unique<TaskV2>();
  task->kind = TaskV2::Kind::kDeleteIke;
  task->why = replaced ? IkeEnd::kReplaced : why;
  Enqueue(sa, std::move(task), true);
}

void V2Engine::DropSa(const SaPtr& sa, IkeEnd why, bool keep_answer) {
  if (sa->state == SaV2::State::kDead || sa->state == SaV2::State::kEnded) return;
  DropChildren(*sa);
  if (sa->current != nullptr) DropRival(*sa->current);
  sa->state = keep_answer ? SaV2::State::kEnded : SaV2::State::kDead;
  sa->soft = sa->hard = sa->keepalive_at = TimePoint::Max();
  sa->until = t_.real + kAnswerKept;
  sa->answering = false;
  sa->queue.clear();
  sa->current.reset();
  sa->request.clear();
  sa->resend.Clear();
  if (!keep_answer) sas_.erase(sa->own_spi());
  if (sa->up) {
    sa->up = false;
    if (stats_.active_tunnels > 0) --stats_.active_tunnels;
    ++stats_.previous_tunnels;
    SayDown(*sa, why);
    if (!sa->assigned.IsNone()) host_.GiveAddress(sa->assigned);
    host_.PeerDown(sa->number, why);
  }
}

}  // namespace sallyport
