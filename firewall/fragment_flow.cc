// Fragments on their way: a datagram is judged whole by its first fragment's headers, then its fragments go on one by one,
// each with the same addresses rewritten.
#include <algorithm>

#include "firewall/engine_impl.h"

namespace sallyport {

void Engine::Impl::DropHeld(std::vector<HeldFragment> held) {
  for (const HeldFragment& f : held) {
    drops.Count(FrameDrop::kFragmentReassemblyFailed);
    ReleasedPacket r;
    r.handle = f.handle;
    r.disposition.reason = FrameDrop::kFragmentReassemblyFailed;
    released.push_back(std::move(r));
  }
}

void Engine::Impl::ProcessFragment(Packet& p, TimePoint now, Disposition& out) {
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
    DropHeld(std::move(r.fragments));
    return Refuse(p, r.reason, FlowDrop::kNone, out);
  }

  HeldFragment& head = r.fragments.front();
  Packet first;
  first.bytes = head.bytes;
  first.wire_length = static_cast<std::uint32_t>(head.bytes.size());
  first.ingress = p.ingress;
  first.egress_hint = p.egress_hint;
  FrameDrop bad = ParsePacket(first);
  if (bad == FrameDrop::kNone) bad = ParseTransport(first, r.data_length);
  Disposition decision;
  if (bad != FrameDrop::kNone) {
    Refuse(p, bad, FlowDrop::kNone, decision);
  } else {
    ProcessDatagram(first, now, decision);
  }

  for (HeldFragment& f : r.fragments) {
    bool rewritten = first.rewritten;
    if (&f != &head && rewritten) {
      Packet q;
      q.bytes = f.bytes;
      q.wire_length = static_cast<std::uint32_t>(f.bytes.size());
      q.ingress = p.ingress;
      if (ParsePacket(q) != FrameDrop::kNone) continue;  // cannot be: it was parsed when it came
      if (q.key.src != first.key.src) RewriteSource(q, first.key.src, 0);
      if (q.key.dst != first.key.dst) RewriteDestination(q, first.key.dst, 0);
      if (first.hop_counted && q.ttl > 1) DecrementTtl(q);
      rewritten = q.rewritten;
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
    if (rewritten && decision.action == Disposition::Action::kAccept) released_packet.bytes = std::move(f.bytes);
    released.push_back(std::move(released_packet));
  }
}

}  // namespace sallyport
