// What time brings: messages sent again, negotiations given up, lifetimes, keepalives.
#include <fmt/format.h>

#include <algorithm>

#include "vpn/ike/v1_core.h"
#include "vpn/ike/v1_times.h"
#include "vpn/ike/v1_turn.h"

namespace sallyport {
namespace {

const char* StateName(const Ikev1Sa& sa) {
  switch (sa.state) {
    case V1State::kMmWait2:
      return "MM_WAIT_MSG2";
    case V1State::kMmBuild3:
      return "MM_BLD_MSG3";
    case V1State::kMmWait4:
      return "MM_WAIT_MSG4";
    case V1State::kMmBuild5:
      return "MM_BLD_MSG5";
    case V1State::kMmWait6:
      return "MM_WAIT_MSG6";
    case V1State::kMmWait3:
      return "MM_WAIT_MSG3";
    case V1State::kMmBuild4:
      return "MM_BLD_MSG4";
    case V1State::kMmWait5:
      return "MM_WAIT_MSG5";
    case V1State::kMmBuild6:
      return "MM_BLD_MSG6";
    case V1State::kAmBuild1:
      return "AM_BLD_MSG1";
    case V1State::kAmWait2:
      return "AM_WAIT_MSG2";
    case V1State::kAmBuild3:
      return "AM_BLD_MSG3";
    case V1State::kAmBuild2:
      return "AM_BLD_MSG2";
    case V1State::kAmWait3:
      return "AM_WAIT_MSG3";
    case V1State::kStart:
      return sa.aggressive ? "AM_START" : "MM_START";
    case V1State::kActive:
      return sa.aggressive ? "AM_ACTIVE" : "MM_ACTIVE";
  }
  return "";
}

}  // namespace

void Ikev1Core::AdvanceTo(Times t) {
  Turn turn(*this, t);
  std::vector<std::uint32_t> due;
  for (const auto& [number, sa] : sas_) {
    Times next{TimePoint::Max(), TimePoint::Max()};
    Tighten(next, *sa);
    if (next.now <= t.now || next.real <= t.real) due.push_back(number);
  }
  for (const std::uint32_t number : due) {
    if (Ikev1Sa* sa = Find(number)) AdvanceSa(*sa);
  }
  due.clear();
  for (const auto& [spi, child] : children_) {
    if (std::min(child.rekey_at, child.expire_at) <= t.now || std::min(child.outbound_at, child.remove_at) <= t.real)
      due.push_back(spi);
  }
  for (const std::uint32_t spi : due) AdvanceChild(spi);
  if (t.real >= client_at_) AdvanceClient();
}

void Ikev1Core::Tighten(Times& due, const Ikev1Sa& sa) const {
  due.now = std::min({due.now, sa.rekey_at, sa.expire_at});
  due.real = std::min({due.real, sa.out.next(), sa.remove_at, sa.keepalive_at, sa.dpd_at, sa.login_deadline});
  if (!sa.active() && !sa.initiator) due.real = std::min(due.real, sa.progress + kHalfOpenStays);
  for (const auto& [id, q] : sa.quick) due.real = std::min({due.real, q->x.out.next(), q->x.forget_at});
  for (const auto& [id, x] : sa.transactions) due.real = std::min({due.real, x->out.next(), x->forget_at});
}

Times Ikev1Core::NextDeadline() const {
  Times due{TimePoint::Max(), client_at_};
  for (const auto& [number, sa] : sas_) Tighten(due, *sa);
  for (const auto& [spi, child] : children_) {
    due.now = std::min({due.now, child.rekey_at, child.expire_at});
    due.real = std::min({due.real, child.outbound_at, child.remove_at});
  }
  return due;
}

bool Ikev1Core::AdvanceSa(Ikev1Sa& sa) {
  const std::uint32_t number = sa.number;
  const auto resend = [&](Retransmitter& out) {
    const std::vector<std::uint8_t>& message = out.message();
    Reader in(message);
    if (const auto h = ReadIkeHeader(in)) {
      // Of an encrypted message only its first payload can be told without decrypting it again.
      const bool clear = (h->flags & ikev1::kEncrypted) == 0;
      SayMessage("RESENDING", &sa, sa.peer.address, h->message_id, clear ? h->first : 0, clear ? in.rest() : Bytes(),
                 message.size());
    }
    Transmit(sa, message);
  };

  // Phase 1.
  switch (sa.out.Advance(real())) {
    case Retransmitter::Due::kResend:
      resend(sa.out);
      Remember(sa.history, fmt::format("{0}, EV_TIMEOUT|{0}, EV_RETRY|{1}, EV_SND_MSG|{0}, NullEvent", StateName(sa),
                                       sa.aggressive ? "AM_SND_MSG" : "MM_SND_MSG")
                               .c_str());
      break;
    case Retransmitter::Due::kGiveUp:
      FailPhase1(
          sa, fmt::format("{0}, EV_TIMEOUT|{0}, EV_RETRY|{1}_DONE, EV_ERROR", StateName(sa), sa.aggressive ? "AM" : "MM"));
      return false;
    case Retransmitter::Due::kNothing:
      break;
  }
  if (!sa.active() && !sa.initiator && real() >= sa.progress + kHalfOpenStays) {
    Say(713136, 5, sa, fmt::format("IKE session establishment timed out [{}], aborting!", StateName(sa)));
    FailPhase1(sa, fmt::format("{0}, EV_TIMEOUT|{1}_DONE, EV_ERROR", StateName(sa), sa.aggressive ? "AM" : "MM"));
    return false;
  }
  if (!sa.active()) return true;

  // Exchanges.
  std::vector<std::uint32_t> ids;
  for (const auto& [id, q] : sa.quick) ids.push_back(id);
  for (const std::uint32_t id : ids) {
    Ikev1Sa* left = Find(number);
    if (left == nullptr) return false;
    const auto i = left->quick.find(id);
    if (i == left->quick.end()) continue;
    QuickV1& q = *i->second;
    switch (q.x.out.Advance(real())) {
      case Retransmitter::Due::kResend:
        resend(q.x.out);
        break;
      case Retransmitter::Due::kGiveUp:
        FailQuick(sa, q, 0,
                  q.initiator ? "QM_WAIT_MSG2, EV_TIMEOUT|QM_WAIT_MSG2, EV_RETRY|QM_DONE, EV_ERROR"
                              : "QM_WAIT_MSG3, EV_TIMEOUT|QM_WAIT_MSG3, EV_RETRY|QM_DONE, EV_ERROR",
                  IkeEnd::kLostService);
        continue;
      case Retransmitter::Due::kNothing:
        break;
    }
    if (real() >= q.x.forget_at) {
      left->used_ids.push_back(id);
      if (left->used_ids.size() > 64) left->used_ids.pop_front();
      left->quick.erase(id);
    }
  }
  if (Find(number) == nullptr) return false;
  for (auto i = sa.transactions.begin(); i != sa.transactions.end();) {
    ExchangeStateV1& x = *i->second;
    const auto what = x.out.Advance(real());
    if (what == Retransmitter::Due::kResend) resend(x.out);
    if (what == Retransmitter::Due::kGiveUp) {
      Say(713136, 5, sa, "IKE session establishment timed out [TM_WAIT_REPLY], aborting!");
      Kill(sa, IkeEnd::kError, true);
      return false;
    }
    if (real() >= x.forget_at) {
      sa.used_ids.push_back(i->first);
      if (sa.used_ids.size() > 64) sa.used_ids.pop_front();
      i = sa.transactions.erase(i);
    } else {
      ++i;
    }
  }
  if (real() >= sa.login_deadline) {
    Say(713136, 5, sa, "IKE session establishment timed out [TM_WAIT_XAUTH], aborting!");
    Kill(sa, IkeEnd::kError, true);
    return false;
  }

  // Lifetimes.
  if (now() >= sa.expire_at) {
    Say(713259, 5, sa, "Session is being torn down. Reason: Max Time Exceeded");
    Kill(sa, sa.replaced ? IkeEnd::kReplaced : IkeEnd::kMaxTime, true);
    return false;
  }
  if (now() >= sa.rekey_at) {
    sa.rekey_at = TimePoint::Max();
    // The end of a remote user that knows the password begins; and one rekey at a time is enough.
    if (!sa.replaced && !sa.rekeying && !sa.remote_access() && !sa.client) {
      const std::optional<EntryV1> entry = EntryForRekey(sa);
      if (entry) {
        sa.rekeying = true;
        if (BeginInitiator(*entry, sa.peer.address, {}, &sa) == nullptr && Find(number) != nullptr) {
          sa.rekeying = false;
          sa.rekey_at = now() + kRekeyAgain;
        }
      }
    }
  }
  if (Find(number) == nullptr) return false;
  if (real() >= sa.remove_at) {
    Kill(sa, IkeEnd::kReplaced, true);
    return false;
  }

  // Keepalives.
  if (real() >= sa.keepalive_at) {
    sa.keepalive_at = real() + Duration::Seconds(std::max(1u, policy_->nat_keepalive_s));
    IkeDatagram d;
    d.via = sa.via;
    d.at = sa.at;
    d.local = sa.local;
    d.peer = sa.peer;
    d.bytes = {0xff};
    host_.Send(d);
  }
  if (real() >= sa.dpd_at) AdvanceDpd(sa);
  return Find(number) != nullptr;
}

// The entry by which a rekey of phase 1 begins: that which made it, or that of any pair that it looks after.
std::optional<EntryV1> Ikev1Core::EntryForRekey(const Ikev1Sa& sa) const {
  if (sa.entry != 0) {
    if (auto entry = EntryOf(*policy_, sa.entry)) return entry;
  }
  for (const auto& [spi, child] : children_) {
    if (child.sa != sa.number || child.retired) continue;
    if (auto entry = EntryOf(*policy_, child.entry)) {
      entry->aggressive = sa.aggressive;
      entry->aggressive_group = sa.suite.group;
      return entry;
    }
  }
  return {};
}

void Ikev1Core::AdvanceChild(std::uint32_t spi_in) {
  ChildV1* child = FindChild(spi_in);
  if (child == nullptr) return;
  if (now() >= child->expire_at) {
    const std::uint32_t number = child->sa;
    const bool retired = child->retired;
    RemoveChild(spi_in, true);
    if (!retired) EndIfEmpty(number, IkeEnd::kMaxTime);
    return;
  }
  if (real() >= child->remove_at) {
    RemoveChild(spi_in, true);
    return;
  }
  if (real() >= child->outbound_at) SwitchOutbound(*child);
  if (now() >= child->rekey_at) RekeyChild(*child);
}

}  // namespace sallyport
