// A frame's way through a bridge group: source MAC, Ethernet type, ARP inspection, where it goes; and for IP the same stages as in
// routed mode, with the egress interface found by MAC address instead of a route.
//
// Source: ASA configuration guide, "Transparent or Routed Firewall Mode", "ARP Inspection and the MAC Address Table". Frames to an
// unknown address are not flooded: the appliance asks for the host (ARP, or an echo request that dies at the next hop) and drops.
#include <algorithm>
#include <cstring>
#include <utility>

#include "firewall/base/checksum.h"
#include "firewall/engine_impl.h"
#include "firewall/routed_bvi.h"

namespace sallyport {
namespace {

constexpr std::uint64_t kBroadcast = 0xffffffffffff;
constexpr std::uint16_t kProbeId = 0x5350;  // of our echo requests that look for a host
constexpr std::size_t kFrameHeader = 14;

// Group addresses that pass a transparent firewall; all others are dropped.
bool GroupAddressAllowed(const EtherHeader& h) {
  const std::uint64_t d = h.destination;
  return d == kBroadcast || (d >= 0x01005e000000 && d <= 0x01005efeffff) || (d >> 32) == 0x3333 || d == 0x01000ccccccd ||
         (h.bpdu && d == 0x0180c2000000) || (d >= 0x090007000000 && d <= 0x090007ffffff);
}

void PutMac(std::uint8_t* at, std::uint64_t mac) {
  StoreBe16(at, static_cast<std::uint16_t>(mac >> 32));
  StoreBe32(at + 2, static_cast<std::uint32_t>(mac));
}

void PutHeader(std::uint8_t* at, std::uint64_t to, std::uint64_t from, std::uint16_t type) {
  PutMac(at, to);
  PutMac(at + 6, from);
  StoreBe16(at + 12, type);
}

std::uint64_t BoxMac(const Interface* bvi) { return bvi != nullptr ? MacNumber(bvi->mac.octets.data()) : 0; }

void Drop(EngineCore& core, const Frame& f, FrameDrop reason, FrameDisposition& out) {
  out.action = FrameDisposition::Action::kDrop;
  out.reason = reason;
  core.drops.Count(reason);
  InterfaceCounters& in = core.CounterOf(f.ingress);
  in.dropped++;
  in.in_packets++;
  in.in_bytes += f.wire_length;
}

// False: the list refuses the frame.
bool EtherPermits(const EngineCore& core, const EtherList* list, const EtherHeader& h, bool ip_or_arp, TimePoint now) {
  if (list == nullptr) return ip_or_arp || h.bpdu;
  const EtherElement* e = list->Find(h);
  if (e == nullptr) return ip_or_arp;
  if (core.undo != nullptr) return e->permit;
  e->hits->hits.fetch_add(1, std::memory_order_relaxed);
  e->hits->last_hit_ns.store(now.ns, std::memory_order_relaxed);
  return e->permit;
}

// The IP packet within: without the padding of a short frame.
std::size_t IpLength(Bytes ip, bool v6) {
  std::size_t said = ip.size();
  if (!v6 && ip.size() >= 20) said = LoadBe16(ip.data() + 2);
  if (v6 && ip.size() >= 40) said = 40u + LoadBe16(ip.data() + 4);
  return said >= 20 && said < ip.size() ? said : ip.size();
}

// ARP for IPv4 over Ethernet.
struct Arp {
  bool reply = false;
  std::uint64_t sender_mac = 0;
  IpAddress sender, target;
};
bool ReadArp(Bytes b, Arp& out) {
  if (b.size() < 28 || LoadBe16(b.data()) != 1 || LoadBe16(b.data() + 2) != kEtherIp || b[4] != 6 || b[5] != 4) return false;
  out.reply = LoadBe16(b.data() + 6) == 2;
  out.sender_mac = MacNumber(b.data() + 8);
  out.sender = IpAddress::FromV4Bytes(b.data() + 14);
  out.target = IpAddress::FromV4Bytes(b.data() + 24);
  return true;
}

// ARP inspection. False: drop. `flood`: no entry says anything, and the interface floods such packets.
bool InspectArp(EngineCore& core, const Frame& f, const EtherHeader& h, const Arp& arp, const Interface& in, bool& flood, TimePoint now) {
  flood = true;
  if (in.bridge.arp_inspection == BridgeMember::Arp::kOff) return true;
  const StaticArp* known = nullptr;
  for (const StaticArp& a : core.policy->bridge.static_arps) {
    if (a.address == arp.sender) known = &a;
  }
  const LogArg kind = LogArg::Word(arp.reply ? "response" : "request");
  if (known == nullptr) {
    if (in.bridge.arp_inspection == BridgeMember::Arp::kFlood) return true;
    core.log.Log(now, Msg::k322003, kind, LogArg::Mac(h.source), LogArg::Name(in.name), LogArg::Mac(arp.sender_mac), LogArg::Address(arp.sender));
    return false;
  }
  flood = false;
  if (known->mac == arp.sender_mac && known->interface == f.ingress) return true;
  core.log.Log(now, Msg::k322002, kind, LogArg::Mac(h.source), LogArg::Name(in.name), LogArg::Mac(arp.sender_mac), LogArg::Address(arp.sender),
               LogArg::Word("statically"), LogArg::Mac(known->mac));
  return false;
}

// Asks who has `target`: by ARP when it is in the group's network, else by an echo request to the unknown MAC address that the next
// router answers because its time is up.
void LookFor(EngineCore& core, const BridgeGroup& group, const Interface& bvi, const EtherHeader& h, IpAddress target, IfId except) {
  if (!bvi.address.IsV4() || !target.IsV4()) return;
  OriginatedFrame ask{group.number, IfId::kAny, except, {}};
  const std::uint64_t mac = BoxMac(&bvi);
  std::uint8_t own[4], other[4];
  StoreBe32(own, bvi.address.v4());
  StoreBe32(other, target.v4());
  if (Prefix::Of(bvi.address, bvi.prefix_length).Contains(target)) {
    ask.bytes.resize(kFrameHeader + 28);
    std::uint8_t* b = ask.bytes.data();
    PutHeader(b, kBroadcast, mac, kEtherArp);
    b += kFrameHeader;
    StoreBe16(b, 1);
    StoreBe16(b + 2, kEtherIp);
    b[4] = 6;
    b[5] = 4;
    StoreBe16(b + 6, 1);
    PutMac(b + 8, mac);
    std::memcpy(b + 14, own, 4);
    std::memcpy(b + 24, other, 4);
  } else {
    ask.bytes.resize(kFrameHeader + 28);
    std::uint8_t* b = ask.bytes.data();
    PutHeader(b, h.destination, mac, kEtherIp);
    b += kFrameHeader;
    b[0] = 0x45;
    StoreBe16(b + 2, 28);
    b[8] = 1;  // the next hop answers
    b[9] = 1;
    std::memcpy(b + 12, own, 4);
    std::memcpy(b + 16, other, 4);
    StoreBe16(b + 10, ChecksumFinish(ChecksumAdd({b, 20})));
    b[20] = 8;
    StoreBe16(b + 24, kProbeId);
    StoreBe16(b + 22, ChecksumFinish(ChecksumAdd({b + 20, 8})));
  }
  core.originated_frames.push_back(std::move(ask));
}

// The same for IPv6: the question that a host asks before it takes an address (RFC 4862 5.4), as the appliance need not have one.
// Whoever has the address says so to all; a router's other side cannot be asked.
void LookFor6(EngineCore& core, const BridgeGroup& group, const Interface& bvi, IpAddress target, IfId except) {
  constexpr std::size_t kIp6 = 40, kLength = 24;
  OriginatedFrame ask{group.number, IfId::kAny, except, std::vector<std::uint8_t>(kFrameHeader + kIp6 + kLength)};
  std::uint8_t* b = ask.bytes.data();
  PutHeader(b, 0x3333ff000000 | (target.lo() & 0xffffff), BoxMac(&bvi), kEtherIp6);
  b += kFrameHeader;
  b[0] = 0x60;
  StoreBe16(b + 4, kLength);
  b[6] = 58;
  b[7] = 255;
  IpAddress::V6(0xff02000000000000, 0x00000001ff000000 | (target.lo() & 0xffffff)).StoreV6(b + 24);
  b[kIp6] = 135;
  target.StoreV6(b + kIp6 + 8);
  const std::uint64_t sum = ChecksumAdd({b + 8, 32 + kLength}) + kLength + 58;
  StoreBe16(b + kIp6 + 2, ChecksumFinish(sum));
  core.originated_frames.push_back(std::move(ask));
}

// An answer to LookFor's echo request: it has told where its sender is, and is of no more use.
bool AnswersProbe(Bytes ip) {
  if (ip.size() < 28 || ip[0] != 0x45 || ip[9] != 1) return false;
  if (ip[20] == 0) return LoadBe16(ip.data() + 24) == kProbeId;
  return ip[20] == 11 && ip.size() >= 56 && ip[28] == 0x45 && ip[37] == 1 && LoadBe16(ip.data() + 52) == kProbeId;
}

// Resets and unreachables that the packet has caused leave as frames: back to its sender, or on to where it would have gone.
void TakeCaused(EngineCore& core, std::size_t before, const Frame& f, const EtherHeader& h, std::uint64_t box) {
  for (std::size_t i = before; i < core.originated.size();) {
    const OriginatedPacket& o = core.originated[i];
    const Interface* out = core.policy->Find(o.egress);
    if (out == nullptr || out->bridge.group == 0) {
      i++;
      continue;
    }
    OriginatedFrame frame{f.group, o.egress, IfId::kAny, std::vector<std::uint8_t>(kFrameHeader)};
    const bool back = o.egress == f.ingress;
    const std::uint64_t other = h.Group() ? box : h.destination;
    PutHeader(frame.bytes.data(), back ? h.source : h.destination, back ? other : h.source, h.type);
    frame.bytes.insert(frame.bytes.end(), o.bytes.begin(), o.bytes.end());
    core.originated_frames.push_back(std::move(frame));
    core.originated.erase(core.originated.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

const BridgeGroup* GroupOf(const Policy& policy, int number) {
  for (const BridgeGroup& g : policy.bridge.groups) {
    if (g.number == number) return &g;
  }
  return nullptr;
}

}  // namespace

void AskForHost(EngineCore& core, const BridgeGroup& group, const Interface& bvi, IpAddress target) {
  if (!target.IsV4()) return LookFor6(core, group, bvi, target, IfId::kAny);
  if (Prefix::Of(bvi.address, bvi.prefix_length).Contains(target)) LookFor(core, group, bvi, EtherHeader{}, target, IfId::kAny);
}

// Where a bridged packet goes is known already: by its destination's MAC address. packet-tracer's packet has none, so the one that
// ARP has shown for its address stands in.
Verdict FindBridgedDestination(Context& c) {
  Packet& p = c.packet;
  const BridgeGroup* group = c.policy.bridge.Of(p.ingress);
  const Interface* bvi = group != nullptr ? c.policy.Find(group->bvi) : nullptr;
  c.real_dst = {p.key.dst, p.key.dport};
  if (p.egress_hint == IfId::kIdentity || (bvi != nullptr && !bvi->address.IsNone() && p.key.dst == bvi->address)) {
    c.to_box = true;
    return Verdict::kContinue;
  }
  IfId egress = p.egress_hint;
  if (!p.bridged && group != nullptr) {
    const auto mac = c.core.bridge_hosts.find(p.key.dst);
    const MacTable::Entry* e = mac != c.core.bridge_hosts.end() ? c.core.macs.Find(group->number, mac->second, c.now) : nullptr;
    egress = e != nullptr ? e->interface : IfId::kAny;
  }
  c.out = egress == IfId::kAny ? nullptr : c.policy.Find(egress);
  if (c.recording()) {
    c.trace->Phase("L2-EGRESS-IFC-LOOKUP", "Destination MAC Lookup", c.out != nullptr, {},
                   {c.out != nullptr ? "Destination MAC lookup resulted in egress ifc " + c.out->nameif : "Destination MAC lookup failed"});
  }
  if (c.out == nullptr) return c.Drop(FrameDrop::kDstL2LookupFail);
  if (c.out == c.in) return c.Drop(FrameDrop::kL2SameLanPort);
  c.egress = egress;
  c.destination = Untranslate(c.policy.nat, c.core.xlates, p.key);
  if (c.destination.rule != nullptr) c.real_dst = c.destination.endpoint;
  if (!c.out->InUse()) return c.Drop(FrameDrop::kInterfaceDown);
  if (c.in->management_only || c.out->management_only) {
    if (c.recording()) c.trace->Phase("ACCESS-LIST", "", false, {"Implicit Rule"});
    return c.Drop(FrameDrop::kAclDrop);
  }
  return Verdict::kContinue;
}

void Engine::ProcessFrame(Frame& f, TimePoint now, FrameDisposition& out) {
  Impl& e = *impl_;
  out = FrameDisposition{};
  out.length = static_cast<std::uint32_t>(f.bytes.size());
  out.checksum_pending = f.checksum_pending;
  const BridgeGroup* group = GroupOf(*e.policy, f.group);
  const Interface* bvi = group != nullptr ? e.policy->Find(group->bvi) : nullptr;
  EtherHeader h;
  if (group == nullptr || bvi == nullptr) return Drop(e, f, FrameDrop::kInterfaceDown, out);
  if (!ReadEtherHeader(f.bytes, h)) return Drop(e, f, FrameDrop::kInvalidEncap, out);
  const bool from_box = f.ingress == IfId::kIdentity;
  const bool ip = h.type == kEtherIp || h.type == kEtherIp6;
  const std::uint64_t box = BoxMac(bvi);
  const Interface* in = from_box ? nullptr : e.policy->Find(f.ingress);
  if (!from_box) {
    if (in == nullptr || !in->InUse() || in->bridge.group == 0) return Drop(e, f, FrameDrop::kInterfaceDown, out);
    if ((h.source >> 40 & 1) != 0 || f.tagged) return Drop(e, f, FrameDrop::kL2Acl, out);
    using Learned = MacTable::Learned;
    IfId was = IfId::kAny;
    const Learned learned = h.source == box ? Learned::kFixedElsewhere : e.macs.Learn(group->number, h.source, f.ingress, in->bridge.learn, now, &was);
    if (learned == Learned::kMoved) {
      const Interface* from = e.policy->Find(was);
      e.log.Log(now, Msg::k412001, LogArg::Mac(h.source), LogArg::Name(from != nullptr ? from->name : NameId::kNone), LogArg::Name(in->name));
    } else if (learned == Learned::kFull) {
      e.log.Log(now, Msg::k412002, LogArg::Mac(h.source), LogArg::Name(in->name), LogArg::Number(static_cast<std::int64_t>(MacTable::kMost)));
    } else if (learned == Learned::kFixedElsewhere) {
      e.log.Log(now, Msg::k322001, LogArg::Mac(h.source), LogArg::Name(in->name));
      return Drop(e, f, FrameDrop::kL2Acl, out);
    }
    if (!EtherPermits(e, in->ether_in.get(), h, ip || h.type == kEtherArp, now) || (h.Group() && !GroupAddressAllowed(h))) {
      return Drop(e, f, FrameDrop::kL2Acl, out);
    }
  }

  // Where to.
  bool flood = h.Group();
  bool to_box = !from_box && h.destination == box;
  const MacTable::Entry* known = flood || to_box ? nullptr : e.macs.Find(group->number, h.destination, now);
  if (known != nullptr && known->interface == f.ingress) return Drop(e, f, FrameDrop::kL2SameLanPort, out);
  if (h.type == kEtherArp && !from_box) {
    Arp arp;
    if (ReadArp(Bytes(f.bytes).subspan(kFrameHeader), arp)) {
      bool unknown_floods = true;
      if (!InspectArp(e, f, h, arp, *in, unknown_floods, now)) return Drop(e, f, FrameDrop::kL2Acl, out);
      if (!arp.sender.IsNone() && (e.bridge_hosts.size() < MacTable::kMost || e.bridge_hosts.count(arp.sender) != 0)) {
        e.bridge_hosts[arp.sender] = arp.sender_mac;
      }
    }
    if (known == nullptr && !to_box) flood = true;
    to_box = to_box || h.Group();
  } else if (known == nullptr && (from_box || (e.policy->bridge.flood && !to_box))) {
    flood = true;
  }
  if (!flood && !to_box && known == nullptr) {
    if (ip) {
      const std::uint8_t* b = f.bytes.data() + kFrameHeader;
      if (h.type == kEtherIp && f.bytes.size() >= kFrameHeader + 20) LookFor(e, *group, *bvi, h, IpAddress::FromV4Bytes(b + 16), f.ingress);
      if (h.type == kEtherIp6 && f.bytes.size() >= kFrameHeader + 40) LookFor6(e, *group, *bvi, IpAddress::FromV6Bytes(b + 24), f.ingress);
    }
    if (e.recorder != nullptr) {
      e.recorder->Phase("L2-EGRESS-IFC-LOOKUP", "Destination MAC Lookup", false, {}, {"Destination MAC lookup failed"});
    }
    return Drop(e, f, FrameDrop::kDstL2LookupFail, out);
  }
  const auto add = [&](IfId id) {
    const Interface* to = e.policy->Find(id);
    if (id == f.ingress || to == nullptr || !to->InUse()) return;
    if (to->ether_out && !EtherPermits(e, to->ether_out.get(), h, ip || h.type == kEtherArp, now)) return;
    out.Add(id);
  };
  if (flood) {
    for (const IfId id : group->members) add(id);
  } else if (known != nullptr) {
    add(known->interface);
  }
  out.action = FrameDisposition::Action::kForward;
  out.to_box = to_box || (!from_box && flood && h.type == kEtherIp6);  // neighbour discovery of the appliance's own
  const bool routed = !bvi->nameif.empty() && !e.policy->bridge.transparent;  // what is routed is looked at there
  if (h.type == kEtherIp6 && !from_box) LearnNeighbour6(e, Bytes(f.bytes).subspan(kFrameHeader), h.source);
  if (!ip || (from_box && (routed || h.Group()))) {
    if (out.count == 0 && !out.to_box) Drop(e, f, FrameDrop::kL2Acl, out);
    return;
  }

  // IP: the stages of routed mode.
  Packet p;
  const auto available = f.bytes.subspan(kFrameHeader);
  p.bytes = available.first(IpLength(available, h.type == kEtherIp6));
  p.wire_length = std::max(static_cast<std::uint32_t>(p.bytes.size()), f.wire_length > f.bytes.size() ? f.wire_length - 14 : 0);
  p.ingress = f.ingress;
  p.bridged = true;
  p.checksum_pending = f.checksum_pending;
  p.checksum_checked = f.checksum_checked;
  p.gso = f.gso;
  p.handle = f.handle;
  if (to_box) {
    if (AnswersProbe(p.bytes)) {
      out.to_box = false;
      return;  // consumed
    }
    if (routed) return;  // by the kernel to the BVI's port, from where it comes again as the member's packet (routed_bvi.h)
    p.egress_hint = IfId::kIdentity;
  } else {
    if (e.policy->bridge.transparent && bvi->address.IsNone() && h.type == kEtherIp) {
      ParsePacket(p);
      const Interface* to = out.count != 0 ? e.policy->Find(out.egress[0]) : nullptr;
      e.log.Log(now, Msg::k322004, LogArg::Word(ProtocolWord(p.protocol)), LogArg::At(in != nullptr ? in->name : IdentityName(), p.key.src),
                LogArg::SlashPort(p.key.sport), LogArg::At(to != nullptr ? to->name : NameId::kNone, p.key.dst), LogArg::SlashPort(p.key.dport));
      return Drop(e, f, FrameDrop::kTfwNoMgmtIpConfig, out);
    }
    if (out.count == 0) return Drop(e, f, FrameDrop::kL2Acl, out);
    p.egress_hint = out.egress[0];
  }
  const std::size_t before = e.originated.size();
  const std::size_t was = p.bytes.size();
  Disposition d;
  if (e.undo == nullptr) {
    Process(p, now, d);
  } else {
    e.ProcessPacket(p, now, d);
  }
  TakeCaused(e, before, f, h, box);
  if (d.action == Disposition::Action::kDrop || d.action == Disposition::Action::kConsume) {
    out.count = 0;
    if (flood && out.to_box) return;  // refused for the other members; the appliance itself is one of many
    out.action = FrameDisposition::Action::kDrop;
    out.reason = d.reason;
    out.flow_reason = d.flow_reason;
    out.consumed = d.action == Disposition::Action::kConsume;
    return;
  }
  if (d.action == Disposition::Action::kHold) out.action = FrameDisposition::Action::kHold;
  // Further members of the group each have their own say.
  if (flood && !from_box && out.count > 1 && d.action == Disposition::Action::kAccept) {
    std::uint8_t kept = 1;
    for (std::uint8_t i = 1; i < out.count; i++) {
      Context c(e, p, in, now);
      c.real_dst = {p.key.dst, p.key.dport};
      c.egress = out.egress[i];
      c.out = e.policy->Find(c.egress);
      if (CheckAccessIn(c) == Verdict::kContinue && CheckAccessOut(c) == Verdict::kContinue) out.egress[kept++] = out.egress[i];
    }
    out.count = kept;
  }
  if (p.rewritten || p.bytes.size() != was) out.length = static_cast<std::uint32_t>(kFrameHeader + p.bytes.size());
  out.checksum_pending = p.checksum_pending;
}

std::vector<OriginatedFrame> Engine::TakeOriginatedFrames() {
  Impl& e = *impl_;
  // What a timer has made: its host's MAC address is the one that ARP has shown.
  for (std::size_t i = 0; i < e.originated.size();) {
    const OriginatedPacket& o = e.originated[i];
    const Interface* out = e.policy->Find(o.egress);
    const BridgeGroup* group = out != nullptr && out->bridge.group != 0 ? GroupOf(*e.policy, out->bridge.group) : nullptr;
    if (group == nullptr) {
      i++;
      continue;
    }
    if (out->bridge.routed_by != IfId::kAny) {  // leaves by the BVI, where the kernel finds its next hop
      e.originated[i++].egress = out->bridge.routed_by;
      continue;
    }
    const bool v6 = !o.bytes.empty() && o.bytes[0] >> 4 == 6;
    if (!v6 && o.bytes.size() >= 20) {
      const auto mac = e.bridge_hosts.find(IpAddress::FromV4Bytes(o.bytes.data() + 16));
      if (mac != e.bridge_hosts.end()) {
        OriginatedFrame frame{group->number, o.egress, IfId::kAny, std::vector<std::uint8_t>(kFrameHeader)};
        PutHeader(frame.bytes.data(), mac->second, BoxMac(e.policy->Find(group->bvi)), kEtherIp);
        frame.bytes.insert(frame.bytes.end(), o.bytes.begin(), o.bytes.end());
        e.originated_frames.push_back(std::move(frame));
      }
    }
    e.originated.erase(e.originated.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return std::exchange(e.originated_frames, {});
}

std::vector<MacView> Engine::Macs(TimePoint now) const { return impl_->macs.View(now); }
void Engine::ClearMacs() {
  impl_->macs.Clear();
  impl_->bridge_hosts.clear();
}

}  // namespace sallyport
