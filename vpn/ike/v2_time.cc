// What happens when nothing comes: retransmission, lifetimes, liveness, keepalives.
#include <algorithm>

#include "vpn/ike/v2_engine.h"

namespace sallyport {

TimePoint V2Engine::LivenessAt(const SaV2& sa) const {
  if (sa.state != SaV2::State::kReady || !sa.up || !sa.keepalive || sa.dpd_threshold_s == 0 || !sa.idle())
    return TimePoint::Max();
  return sa.heard + Duration::Seconds(sa.dpd_threshold_s);
}

// ESP that came tells as much as a message. It is noted in appliance time, and ages as that does.
void V2Engine::NoteActivity(SaV2& sa) {
  for (const auto& [in, child] : sa.children) {
    const std::int64_t last = child.sa->activity->last_in_ns.load(std::memory_order_relaxed);
    if (last == 0) continue;
    const std::int64_t age = std::max<std::int64_t>(0, t_.now.ns - last);
    sa.heard = std::max(sa.heard, TimePoint{t_.real.ns - age});
  }
}

Times V2Engine::DeadlineOf(const SaV2& sa) const {
  Times due{TimePoint::Max(), TimePoint::Max()};
  due.real = std::min({sa.resend.next(), sa.until, sa.keepalive_at, LivenessAt(sa)});
  if (sa.established() && sa.idle() && !sa.answering) {
    for (const auto& task : sa.queue) due.real = std::min(due.real, task->earliest);
  }
  if (sa.state == SaV2::State::kReady && sa.up) {
    due.now = std::min(sa.soft, sa.hard);
    for (const auto& [in, child] : sa.children) {
      if (!child.deleting && !child.rekeying && !child.replaced) due.now = std::min(due.now, child.soft);
      if (!child.deleting) due.now = std::min(due.now, child.hard);
    }
  }
  return due;
}

Times V2Engine::NextDeadline() const {
  Times due{TimePoint::Max(), TimePoint::Max()};
  for (const auto& [spi, sa] : sas_) {
    const Times one = DeadlineOf(*sa);
    due.now = std::min(due.now, one.now);
    due.real = std::min(due.real, one.real);
  }
  for (const Lingering& l : lingering_) due.real = std::min(due.real, l.until);
  return due;
}

void V2Engine::AdvanceTo(Times t) {
  t_ = t;
  for (std::size_t i = 0; i < lingering_.size();) {
    if (lingering_[i].until <= t_.real) {
      const std::uint32_t spi = lingering_[i].sa->spi_in;
      lingering_.erase(lingering_.begin() + static_cast<std::ptrdiff_t>(i));
      host_.Remove(spi);
    } else {
      ++i;
    }
  }
  if (policy_ == nullptr) return;
  std::vector<SaPtr> due;
  for (const auto& [spi, sa] : sas_) {
    const Times at = DeadlineOf(*sa);
    if (at.now <= t_.now || at.real <= t_.real) due.push_back(sa);
  }
  for (const SaPtr& sa : due) AdvanceSa(sa);
}

void V2Engine::AdvanceSa(const SaPtr& sa) {
  if (sa->state == SaV2::State::kDead) return;
  if (sa->until <= t_.real) {
    switch (sa->state) {
      case SaV2::State::kEnded:
        sa->state = SaV2::State::kDead;
        sas_.erase(sa->own_spi());
        return;
      case SaV2::State::kWaitAuth:
        SayAborted(*sa, "Failed to receive the AUTH msg before the timer expired");
        Proto(sa.get(), sa->peer.address, 2, "Auth exchange failed");
        ++stats_.responder_fails;
        DropSa(sa, IkeEnd::kError);
        return;
      default:
        DropSa(sa, sa->state == SaV2::State::kReplaced || !sa->up ? IkeEnd::kReplaced : IkeEnd::kError);
        return;
    }
  }
  switch (sa->resend.Advance(t_.real)) {
    case Retransmitter::Due::kResend:
      Proto(sa.get(), sa->peer.address, 2, "Retransmitting packet");
      Transmit(*sa, sa->request);
      break;
    case Retransmitter::Due::kGiveUp:
      GaveUp(sa);
      return;
    case Retransmitter::Due::kNothing:
      break;
  }
  if (sa->keepalive_at <= t_.real) {
    sa->keepalive_at = t_.real + Duration::Seconds(policy_->nat_keepalive_s);
    Transmit(*sa, {{0xff}});
  }
  if (sa->state == SaV2::State::kReady && sa->up) {
    if (sa->hard <= t_.now) {
      EndSa(sa, IkeEnd::kMaxTime);
      return;
    }
    if (sa->soft <= t_.now) {
      sa->soft = TimePoint::Max();
      auto task = std::make_unique<TaskV2>();
      task->kind = TaskV2::Kind::kRekeyIke;
      Enqueue(sa, std::move(task));
    }
    std::vector<std::uint32_t> soft, hard;
    for (auto& [in, child] : sa->children) {
      if (child.deleting) continue;
      if (child.hard <= t_.now) {
        hard.push_back(in);
      } else if (child.soft <= t_.now && !child.rekeying && !child.replaced) {
        soft.push_back(in);
      }
    }
    for (const std::uint32_t in : hard) DeleteChild(sa, in, IkeEnd::kMaxTime);
    for (const std::uint32_t in : soft) {
      const auto i = sa->children.find(in);
      if (i == sa->children.end() || sa->state != SaV2::State::kReady) continue;
      i->second.rekeying = true;
      auto task = std::make_unique<TaskV2>();
      task->kind = TaskV2::Kind::kRekeyChild;
      task->entry = i->second.sa->key.entry;
      task->old_spi = in;
      task->local = i->second.sa->key.local;
      task->remote = i->second.sa->key.remote;
      Enqueue(sa, std::move(task));
    }
    if (sa->state == SaV2::State::kReady && LivenessAt(*sa) <= t_.real) {
      NoteActivity(*sa);
      if (LivenessAt(*sa) <= t_.real) {
        auto task = std::make_unique<TaskV2>();
        task->kind = TaskV2::Kind::kLiveness;
        Enqueue(sa, std::move(task));
      }
    }
  }
  if (sa->state != SaV2::State::kDead) Pump(sa);
}

}  // namespace sallyport
