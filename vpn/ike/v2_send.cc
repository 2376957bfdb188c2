#include <algorithm>

#include "vpn/crypto/dh.h"
#include "vpn/ike/v2_engine.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {
namespace {

// The first message and six more; the seventh wait ends it.
constexpr Duration kGaps[] = {Duration::Seconds(1),  Duration::Seconds(2),  Duration::Seconds(4), Duration::Seconds(8),
                              Duration::Seconds(16), Duration::Seconds(32), Duration::Seconds(64)};
// A liveness check is sent again at the tunnel group's `retry`, six times.
constexpr std::size_t kMostRetry = 10;
struct RetryGaps {
  Duration gaps[kMostRetry + 1][7];
  constexpr RetryGaps() : gaps() {
    for (std::size_t r = 0; r <= kMostRetry; ++r) {
      for (Duration& g : gaps[r]) g = Duration::Seconds(static_cast<std::int64_t>(r == 0 ? 1 : r));
    }
  }
};
constexpr RetryGaps kLivenessGaps;

constexpr std::size_t kUdpAndIp4 = 28, kUdpAndIp6 = 48;

}  // namespace

void V2Engine::Transmit(const SaV2& sa, const std::vector<std::vector<std::uint8_t>>& messages) {
  for (const auto& bytes : messages) {
    IkeDatagram d;
    d.via = sa.via;
    d.at = sa.at;
    d.local = sa.local;
    d.peer = sa.peer;
    d.bytes = bytes;
    ++stats_.out_packets;
    stats_.out_octets += bytes.size();
    host_.Send(d);
  }
}

std::vector<std::vector<std::uint8_t>> V2Engine::SealFor(SaV2& sa, std::uint8_t exchange, bool response, std::uint32_t id,
                                                         ChainWriter& chain) {
  chain.End();
  IkeHeader h;
  h.spi_i = sa.spi_i;
  h.spi_r = sa.spi_r;
  h.version = ikev2::kVersion;
  h.exchange = exchange;
  h.flags = static_cast<std::uint8_t>((sa.initiator ? ikev2::kFromInitiator : 0) | (response ? ikev2::kResponse : 0));
  h.message_id = id;
  std::size_t most = 0;
  if (sa.fragmentation && policy_ != nullptr && policy_->ikev2_fragmentation) {
    const std::size_t around =
        (sa.peer.address.IsV4() ? kUdpAndIp4 : kUdpAndIp6) + (sa.via == IkeDatagram::Via::kNatT ? 4 : 0);
    most = std::max<std::size_t>(policy_->ikev2_fragment_mtu, 256) - around;
  }
  auto out = SealV2(sa.out, host_.entropy(), h, chain.first(), chain.bytes(), most);
  stats_.crypto.encrypted += out.size();
  if (sa.suite.integrity != VpnHash::kNone) stats_.crypto.hmacs += out.size();
  if (host_.Hears(IkeSaying::Debug::kIkev2Protocol, 2)) {
    const auto payloads = ReadPayloads(chain.first(), chain.bytes(), ChainEnd::kExact);
    if (!out.empty()) h.length = static_cast<std::uint32_t>(out[0].size());
    if (payloads) SayPacket(sa, true, h, *payloads);
  }
  return out;
}

void V2Engine::SendInit(const SaPtr& sa, std::vector<std::uint8_t> message) {
  sa->init_request = message;
  sa->request = {std::move(message)};
  sa->exchange_sent = ikev2::kInit;
  sa->resend.Start({}, kGaps, t_.real);
  sa->state = SaV2::State::kInitSent;
  Transmit(*sa, sa->request);
}

bool V2Engine::SendRequest(const SaPtr& sa, std::uint8_t exchange, ChainWriter& chain) {
  sa->request = SealFor(*sa, exchange, false, sa->next_send, chain);
  if (sa->request.empty()) return false;
  sa->exchange_sent = exchange;
  if (sa->current != nullptr) sa->current->sent = true;
  const bool liveness = sa->current != nullptr && sa->current->kind == TaskV2::Kind::kLiveness;
  sa->resend.Start(
      {},
      liveness ? std::span<const Duration>(kLivenessGaps.gaps[std::min<std::size_t>(sa->dpd_retry_s, kMostRetry)]) : kGaps,
      t_.real);
  Transmit(*sa, sa->request);
  return true;
}

void V2Engine::Respond(const SaPtr& sa, std::uint8_t exchange, std::uint32_t id, ChainWriter& chain) {
  sa->answering = false;
  sa->response = SealFor(*sa, exchange, true, id, chain);
  Transmit(*sa, sa->response);
  Pump(sa);
}

void V2Engine::RespondError(const SaPtr& sa, std::uint8_t exchange, std::uint32_t id, std::uint16_t notify, Bytes data,
                            std::uint8_t protocol) {
  ChainWriter chain;
  AddNotifyV2(chain, protocol, notify, data);
  ++stats_.out_notifys;
  Proto(sa.get(), sa->peer.address, 5, "Construct Notify Payload: " + NotifyNameV2(notify));
  Respond(sa, exchange, id, chain);
}

void V2Engine::RespondInClear(const IkeDatagram& d, const IkeHeader& header, std::uint16_t notify, Bytes data,
                              std::uint8_t protocol) {
  IkeHeader h = header;
  h.version = ikev2::kVersion;
  h.flags = static_cast<std::uint8_t>(ikev2::kResponse |
                                      ((header.flags & ikev2::kFromInitiator) != 0 ? 0 : ikev2::kFromInitiator));
  MessageWriter out(h);
  AddNotifyV2(out, protocol, notify, data);
  IkeDatagram answer;
  answer.via = d.via;
  answer.at = d.at;
  answer.local = d.local;
  answer.peer = d.peer;
  answer.bytes = out.Finish();
  ++stats_.out_packets;
  ++stats_.out_notifys;
  stats_.out_octets += answer.bytes.size();
  host_.Send(answer);
}

void V2Engine::GaveUp(const SaPtr& sa) {
  Proto(sa.get(), sa->peer.address, 1, "Maximum number of retransmissions reached");
  switch (sa->state) {
    case SaV2::State::kInitSent:
    case SaV2::State::kAuthSent:
      FailBegin(sa, "Maximum number of retransmissions reached");
      return;
    case SaV2::State::kDeleting:
    case SaV2::State::kReplaced:
      DropSa(sa, sa->current != nullptr && sa->current->kind == TaskV2::Kind::kDeleteIke ? sa->current->why
                                                                                         : IkeEnd::kLostService);
      return;
    default: {
      const SaPtr rival = sa->current != nullptr ? sa->current->rival : nullptr;
      if (rival != nullptr && rival->state == SaV2::State::kReady) {
        Adopt(sa, rival);
        DropSa(sa, IkeEnd::kReplaced);
        return;
      }
      DropSa(sa, IkeEnd::kLostService);
    }
  }
}

void V2Engine::Enqueue(const SaPtr& sa, TaskPtr task, bool first) {
  if (first) {
    sa->queue.push_front(std::move(task));
  } else {
    sa->queue.push_back(std::move(task));
  }
  Pump(sa);
}

void V2Engine::Pump(const SaPtr& sa) {
  // While an answer is being made nothing begins that it might contradict.
  if (!sa->established() || !sa->idle() || sa->answering) return;
  for (auto i = sa->queue.begin(); i != sa->queue.end(); ++i) {
    if ((*i)->earliest > t_.real) continue;
    // What is to be done on an SA that has been replaced is its successor's; only its end is its own.
    sa->current = std::move(*i);
    sa->queue.erase(i);
    switch (sa->current->kind) {
      case TaskV2::Kind::kChild:
      case TaskV2::Kind::kRekeyChild:
        BuildChildRequest(sa);
        return;
      case TaskV2::Kind::kRekeyIke:
        BuildIkeRekey(sa);
        return;
      case TaskV2::Kind::kDeleteChildren:
      case TaskV2::Kind::kDeleteIke:
      case TaskV2::Kind::kInvalidSpi:
      case TaskV2::Kind::kLiveness:
        BuildInformational(sa);
        return;
    }
    return;
  }
}

void V2Engine::Finish(const SaPtr& sa) {
  sa->current.reset();
  Pump(sa);
}

// The peer was busy with the same thing.
void V2Engine::Retry(const SaPtr& sa, Duration wait) {
  TaskPtr task = std::move(sa->current);
  task->earliest = t_.real + wait + Duration::Milliseconds(host_.entropy().U32() % 1000);
  ++task->tries;
  task->sent = false;
  task->nonce.clear();
  task->public_value.clear();
  task->private_value = Secret();
  task->spi_in = 0;
  task->new_spi = 0;
  sa->queue.push_back(std::move(task));
  Pump(sa);
}

std::vector<std::uint8_t> V2Engine::NewNonce() {
  std::vector<std::uint8_t> nonce(ikev2::kOurNonce);
  host_.entropy().Fill(nonce);
  return nonce;
}

void V2Engine::Work(const SaPtr& sa, std::function<void()> work, std::function<void(const SaPtr&)> done) {
  std::weak_ptr<SaV2> weak = sa;
  std::weak_ptr<bool> alive = alive_;
  host_.Compute(std::move(work), [weak, alive, done = std::move(done)] {
    const auto living = alive.lock();
    if (living == nullptr) return;
    const SaPtr strong = weak.lock();
    if (strong == nullptr || strong->state == SaV2::State::kDead) return;
    done(strong);
  });
}

void V2Engine::ComputeKey(const SaPtr& sa, std::uint16_t group,
                          std::function<void(const SaPtr&, Secret, std::vector<std::uint8_t>)> done) {
  struct Job {
    Secret own;
    std::vector<std::uint8_t> public_value;
  };
  auto job = std::make_shared<Job>();
  Entropy* entropy = &host_.entropy();
  Proto(sa.get(), sa->peer.address, 2,
        "[IKEv2 -> Crypto Engine] Computing DH public key, DH Group " + std::to_string(group));
  Work(
      sa,
      [job, group, entropy] {
        auto own = DhKey(group, *entropy, job->public_value);
        if (own) job->own = std::move(*own);
      },
      [job, done = std::move(done)](const SaPtr& s) { done(s, std::move(job->own), std::move(job->public_value)); });
}

void V2Engine::ComputeShared(const SaPtr& sa, std::uint16_t group, const Secret& own, Bytes peer,
                             std::function<void(const SaPtr&, Result<Secret>)> done) {
  struct Job {
    Secret own;
    std::vector<std::uint8_t> peer;
    Result<Secret> shared = Error{"not computed"};
  };
  auto job = std::make_shared<Job>();
  job->own = own.Clone();
  job->peer.assign(peer.begin(), peer.end());
  Proto(sa.get(), sa->peer.address, 2,
        "[IKEv2 -> Crypto Engine] Computing DH secret key, DH Group " + std::to_string(group));
  Work(
      sa, [job, group] { job->shared = DhShared(group, job->own.bytes(), job->peer); },
      [job, done = std::move(done)](const SaPtr& s) { done(s, std::move(job->shared)); });
}

void V2Engine::ComputeBoth(const SaPtr& sa, std::uint16_t group, Bytes peer,
                           std::function<void(const SaPtr&, KeyAndShared)> done) {
  struct Job {
    std::vector<std::uint8_t> peer;
    KeyAndShared result;
  };
  auto job = std::make_shared<Job>();
  job->peer.assign(peer.begin(), peer.end());
  Entropy* entropy = &host_.entropy();
  Work(
      sa,
      [job, group, entropy] {
        auto own = DhKey(group, *entropy, job->result.public_value);
        if (!own) return;
        auto shared = DhShared(group, own->bytes(), job->peer);
        if (!shared) return;
        job->result.shared = std::move(*shared);
        job->result.ok = true;
      },
      [job, done = std::move(done)](const SaPtr& s) { done(s, std::move(job->result)); });
}

}  // namespace sallyport
