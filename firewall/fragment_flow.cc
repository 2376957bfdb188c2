// Fragments on their way: a datagram is judged whole by its first fragment's headers, then its fragments go on one by one,
// each with the same addresses rewritten.
#include <algorithm>

#include "firewall/base/checksum.h"
#include "firewall/engine_impl.h"

namespace sallyport {

void Engine::Impl::DropHeld(std::vector<HeldFragment> held) {
  for (const HeldFragment& f : held) {
    drops.Count(FrameDrop::kFragmentReassemblyFailed);
    if (Captured()) captures.Dropped(f.bytes, FrameDrop::kFragmentReassemblyFailed, clock.Now());
    ReleasedPacket r;
    r.handle = f.handle;
    r.disposition.reason = FrameDrop::kFragmentReassemblyFailed;
    released.push_back(std::move(r));
  }
}

namespace {

// Where a fragment's data begins.
std::size_t DataOf(const HeldFragment& f) { return f.bytes.size() - f.data_length; }

std::vector<std::uint8_t> Assemble(const std::vector<HeldFragment>& fragments, std::uint32_t length) {
  std::vector<std::uint8_t> whole(length);
  for (const HeldFragment& f : fragments) {
    if (f.data_length > f.bytes.size() || std::uint64_t{f.offset} + f.data_length > length) continue;
    std::copy_n(f.bytes.begin() + static_cast<std::ptrdiff_t>(DataOf(f)), f.data_length, whole.begin() + f.offset);
  }
  return whole;
}

// An inspection has changed the payload in `whole`: back into the fragments, and a new checksum into the first.
void Scatter(std::vector<HeldFragment>& fragments, std::vector<std::uint8_t>& whole, Packet& first) {
  const std::size_t header = first.payload_offset - first.l4_offset;
  std::uint8_t* const t = first.datagram.data();  // in `whole`, behind IPv6 options
  std::copy_n(first.l4(), header, t);
  const std::size_t at = first.IsTcp() ? 16 : 6;
  if (first.IsTcp() || LoadBe16(t + at) != 0) {
    StoreBe16(t + at, 0);
    const auto length = static_cast<std::uint32_t>(first.datagram.size());
    std::uint16_t sum =
        ChecksumFinish(ChecksumAdd(first.datagram, PseudoHeaderSum(first.key.src, first.key.dst, first.protocol, length)));
    if (!first.IsTcp() && sum == 0) sum = 0xffff;
    StoreBe16(t + at, sum);
  }
  for (HeldFragment& f : fragments) {
    if (f.data_length > f.bytes.size() || std::uint64_t{f.offset} + f.data_length > whole.size()) continue;
    std::copy_n(whole.begin() + f.offset, f.data_length, f.bytes.begin() + static_cast<std::ptrdiff_t>(DataOf(f)));
  }
}

}  // namespace

bool Engine::Impl::TunnelInFragments(const Packet& first, FragmentTable::Result& r, TimePoint now, Disposition& decision) {
  // The datagram without its fragments: what the first one's IP header says of them is gone.
  const std::vector<std::uint8_t> data = Assemble(r.fragments, r.data_length);
  if (first.v6 || first.l3_length + data.size() > 65535) return false;
  std::vector<std::uint8_t> whole(first.bytes.begin(), first.bytes.begin() + first.l3_length);
  whole.insert(whole.end(), data.begin(), data.end());
  StoreBe16(&whole[2], static_cast<std::uint16_t>(whole.size()));
  StoreBe16(&whole[6], 0);
  StoreBe16(&whole[10], 0);
  StoreBe16(&whole[10], ChecksumFinish(ChecksumAdd(Bytes(whole).first(first.l3_length))));
  Packet p;
  p.bytes = whole;
  p.wire_length = static_cast<std::uint32_t>(whole.size());
  p.ingress = first.ingress;
  if (ParsePacket(p) != FrameDrop::kNone || !tunnels->Terminates(p)) return false;
  const Interface* in = policy->Find(p.ingress);
  if (in == nullptr || !in->InUse()) return false;
  tunnels->Reassembled(p);
  ProcessTunnelled(p, in, now, decision, false);
  if (decision.action == Disposition::Action::kAccept) decision.action = Disposition::Action::kConsume;
  return true;
}

void Engine::Impl::ProcessFragment(Packet& p, TimePoint now, Disposition& out) {
  if (undo != nullptr) [[unlikely]] fragments.Keep(*undo);
  FragmentTable::Result r = fragments.Add(p, now);
  if (r.what == FragmentTable::Result::What::kHeld) {
    out.action = Disposition::Action::kHold;
    return;
  }
  if (r.what == FragmentTable::Result::What::kDropped) {
    using Problem = FragmentTable::Problem;
    if (r.problem == Problem::kTeardrop || r.problem == Problem::kOverlap) {
      log.Log(now, Msg::k106020, LogArg::Number(p.wire_length - p.l4_offset), LogArg::Number(p.fragment_offset),
              LogArg::Address(p.key.src), LogArg::Address(p.key.dst));
    }
    const FragmentLimits& allowed = fragments.limits(p.ingress);
    const auto src = LogArg::Address(p.key.src), dst = LogArg::Address(p.key.dst);
    const auto protocol = LogArg::Word(ProtocolWord(p.protocol));
    const auto id = LogArg::Number(p.fragment_id);
    if (r.problem == Problem::kSizeOverflow || r.problem == Problem::kThreshold) {
      log.Log(now, Msg::k209003, LogArg::Number(allowed.size), src, dst, protocol, id);
    } else if (r.problem == Problem::kTooLarge) {
      log.Log(now, Msg::k209004, LogArg::Number(p.fragment_offset + p.wire_length - p.l3_length), LogArg::Number(65535), src, dst,
              protocol, id);
    } else if (r.problem == Problem::kChainOverflow) {
      log.Log(now, Msg::k209005, LogArg::Number(allowed.chain), src, dst, protocol, id);
    }
    DropHeld(std::move(r.fragments));
    return Refuse(p, r.reason, FlowDrop::kNone, out);
  }

  HeldFragment& head = r.fragments.front();
  Packet first;
  first.bytes = head.bytes;
  first.wire_length = static_cast<std::uint32_t>(head.bytes.size());
  first.ingress = p.ingress;
  first.egress_hint = p.egress_hint;
  first.came_from = head.came_from;
  if (std::any_of(r.fragments.begin(), r.fragments.end(), [&head](const HeldFragment& f) { return f.came_from != head.came_from; })) {
    // Part of it came out of a tunnel, and part did not.
    std::erase_if(r.fragments, [&p](const HeldFragment& f) { return f.handle == p.handle; });
    DropHeld(std::move(r.fragments));
    return Refuse(p, FrameDrop::kFragmentReassemblyFailed, FlowDrop::kNone, out);
  }
  FrameDrop bad = ParsePacket(first);
  // IPv6 options may stand between the fragment header and the transport header.
  const std::uint32_t options = first.l4_offset - static_cast<std::uint32_t>(head.bytes.size() - head.data_length);
  if (bad == FrameDrop::kNone) bad = ParseTransport(first, r.data_length - options);
  Disposition decision;
  if (bad != FrameDrop::kNone) {
    Refuse(p, bad, FlowDrop::kNone, decision);
  } else if (has_tunnels && first.came_from == TunnelId::kNone && first.ingress != IfId::kIdentity &&
             TunnelInFragments(first, r, now, decision)) {
    // What was in it has gone its own way.
  } else {
    std::vector<std::uint8_t> whole;
    if (inspects_payload || policy->nat.crosses_families()) {
      whole = Assemble(r.fragments, r.data_length);
      first.datagram = MutableBytes(whole).subspan(std::min<std::size_t>(options, whole.size()));
    }
    ProcessDatagram(first, now, decision);
    if (first.datagram_changed && decision.action == Disposition::Action::kAccept) Scatter(r.fragments, whole, first);
  }

  const bool opened = first.came_from != TunnelId::kNone;
  for (HeldFragment& f : r.fragments) {
    bool rewritten = first.rewritten || first.datagram_changed || opened;
    Packet q;
    q.bytes = f.bytes;
    q.wire_length = static_cast<std::uint32_t>(f.bytes.size());
    q.ingress = p.ingress;
    const bool seal = decision.tunnel != TunnelId::kNone && f.handle != p.handle;
    if ((&f != &head && first.rewritten) || seal) {
      if (ParsePacket(q) != FrameDrop::kNone) continue;  // cannot be: it was parsed when it came
    }
    if (&f != &head && first.rewritten) {
      if (q.key.src != first.key.src) RewriteSource(q, first.key.src, 0);
      if (q.key.dst != first.key.dst) RewriteDestination(q, first.key.dst, 0);
      if (first.hop_counted && q.ttl > 1) DecrementTtl(q);
      rewritten = q.rewritten || first.datagram_changed || opened;
    }
    if (f.handle == p.handle) {
      std::copy_n(f.bytes.begin(), std::min(f.bytes.size(), p.bytes.size()), p.bytes.begin());
      p.rewritten = rewritten;
      out = decision;
      continue;
    }
    ReleasedPacket released_packet;
    released_packet.handle = f.handle;
    released_packet.disposition = decision;
    if (seal) LeaveByTunnel(*this, q, now, released_packet.disposition);
    const bool leaves = released_packet.disposition.action == Disposition::Action::kAccept;
    if (Captured() && leaves) captures.Left(f.bytes, decision.egress, now);
    if (rewritten && leaves && decision.action == Disposition::Action::kAccept) released_packet.bytes = std::move(f.bytes);
    released.push_back(std::move(released_packet));
  }
}

}  // namespace sallyport
