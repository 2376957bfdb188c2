#include "firewall/fragments.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "firewall/conn_index.h"
#include "firewall/undo_log.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kMaxDatagram = 65535;
constexpr std::uint8_t kFragmentHeader = 44;  // IPv6

// A chain is kept under the key of a flow whose "ports" are the two halves of the identification, so that the connection
// table's keyed hash serves here too: senders choose all of this, and must not be able to make chains collide. The protocol
// is part of it in IPv4; in IPv6 fragments of one datagram may differ in it, so it is 44 for all.
using ChainKey = FlowKey;
void SetId(ChainKey& key, std::uint32_t id) {
  key.sport = static_cast<std::uint16_t>(id >> 16);
  key.dport = static_cast<std::uint16_t>(id);
}

// Where a fragment belongs.
struct Geometry {
  ChainKey key;
  std::uint8_t protocol = 0;        // what the data begins with (offset 0)
  std::uint32_t header_length = 0;  // IP header, and in IPv6 everything up to and with the fragment header
  std::uint32_t offset = 0;
  std::uint32_t length = 0;  // of data
  bool more = false;
};

//  0                   1                   2                   3
// |Version|  IHL  |      DSCP     |         Total Length          |
// |         Identification        |Flags|     Fragment Offset     |
std::optional<Geometry> ReadV4(Bytes b) {
  if (b.size() < 20) return {};
  Geometry g;
  g.header_length = (b[0] & 0x0fu) * 4;
  const std::uint32_t total = LoadBe16(&b[2]);
  if (g.header_length < 20 || total < g.header_length || total > b.size()) return {};
  const std::uint16_t field = LoadBe16(&b[6]);
  SetId(g.key, LoadBe16(&b[4]));
  g.key.protocol = g.protocol = b[9];
  g.key.src = IpAddress::FromV4Bytes(&b[12]);
  g.key.dst = IpAddress::FromV4Bytes(&b[16]);
  g.offset = (field & 0x1fffu) * 8;
  g.more = (field & 0x2000) != 0;
  g.length = total - g.header_length;
  return g;
}

// The fixed header, then extension headers up to the fragment header (RFC 8200 4.5):
// |  Next Header  |   Reserved    |      Fragment Offset    |Res|M|
// |                         Identification                        |
std::optional<Geometry> ReadV6(Bytes b) {
  if (b.size() < 40) return {};
  const std::uint32_t total = 40u + LoadBe16(&b[4]);
  if (total > b.size()) return {};
  std::uint8_t next = b[6];
  std::uint32_t at = 40;
  while (next != kFragmentHeader) {
    // Only these may come before it: hop-by-hop options, routing, destination options.
    if ((next != 0 && next != 43 && next != 60) || at + 8 > total) return {};
    next = b[at];
    at += 8 + b[at + 1] * 8u;
  }
  if (at + 8 > total) return {};
  Geometry g;
  g.key.src = IpAddress::FromV6Bytes(&b[8]);
  g.key.dst = IpAddress::FromV6Bytes(&b[24]);
  SetId(g.key, LoadBe32(&b[at + 4]));
  g.key.protocol = kFragmentHeader;
  g.protocol = b[at];
  const std::uint16_t field = LoadBe16(&b[at + 2]);
  g.offset = field & 0xfff8u;
  g.more = (field & 1) != 0;
  g.header_length = at + 8;
  g.length = total - g.header_length;
  return g;
}

// A first fragment must hold the whole transport header, or ports and flags could hide in the second (RFC 1858, RFC 7112).
bool HoldsTransportHeader(Bytes data, std::uint8_t protocol) {
  Reader r(data);
  for (;;) {  // IPv6 extension headers after the fragment header
    if (protocol != 0 && protocol != 43 && protocol != 60) break;
    const auto next = r.U8();
    const auto units = r.U8();
    if (!next || !units || !r.Skip(6 + *units * 8u)) return false;
    protocol = *next;
  }
  switch (static_cast<IpProtocol>(protocol)) {
    case IpProtocol::kTcp:
      return r.left() >= 20 && r.left() >= (r.rest()[12] >> 4) * 4u;
    case IpProtocol::kUdp:
    case IpProtocol::kIcmp:
    case IpProtocol::kIcmp6:
      return r.left() >= 8;
    default:
      return true;
  }
}

struct Chain {
  std::vector<HeldFragment> fragments;  // by offset, without overlap
  TimePoint deadline;
  std::uint32_t held = 0;               // bytes of data
  std::optional<std::uint32_t> length;  // of the datagram's data, once the last fragment has come
};

using Problem = FragmentTable::Problem;

}  // namespace

struct FragmentTable::Impl {
  using Chains = std::unordered_map<ChainKey, Chain, FlowHasher>;
  explicit Impl(std::uint64_t seed) : chains(64, FlowHasher::FromSeed(seed)) {}

  struct Interface {
    FragmentLimits limits;
    FragmentCounters counters;
  };
  Interface& Of(IfId i) { return interfaces[static_cast<std::size_t>(i)]; }

  // Takes a chain out, with its fragments.
  std::vector<HeldFragment> Take(Chains::iterator it) {
    std::vector<HeldFragment> fragments = std::move(it->second.fragments);
    Of(it->first.ingress).counters.queue -= static_cast<std::uint32_t>(fragments.size());
    chains.erase(it);
    if (chains.empty()) next_deadline = TimePoint::Max();
    return fragments;
  }

  // Judges the fragment by itself.
  static Problem CheckAlone(const Geometry& g, Bytes packet) {
    if (g.length == 0 || (g.more && g.length % 8 != 0)) return Problem::kInvalidLength;
    if (g.header_length + g.offset + g.length > kMaxDatagram) return Problem::kTooLarge;
    if (g.offset == 0 && !HoldsTransportHeader(packet.subspan(g.header_length, g.length), g.protocol))
      return Problem::kSmall;
    // Its data would lie within the TCP header (RFC 1858 4.2).
    if (g.offset != 0 && g.offset < 20 && g.protocol == static_cast<std::uint8_t>(IpProtocol::kTcp))
      return Problem::kTeardrop;
    return Problem::kNone;
  }

  // Judges it against those that came before; `at` is its place among them.
  static Problem CheckFit(const Chain& chain, const Geometry& g, Bytes packet,
                          std::vector<HeldFragment>::const_iterator& at) {
    const auto& held = chain.fragments;
    at = std::lower_bound(held.begin(), held.end(), g.offset,
                          [](const HeldFragment& f, std::uint32_t o) { return f.offset < o; });
    const std::uint32_t end = g.offset + g.length;
    if (at != held.end() && at->offset == g.offset && at->data_length == g.length) {
      const bool same_last = !g.more == (chain.length == end);
      const Bytes mine = packet.subspan(g.header_length, g.length);
      if (same_last && std::equal(mine.begin(), mine.end(), at->bytes.end() - g.length)) return Problem::kDuplicate;
    }
    if (at != held.end() && at->offset < end) return Problem::kOverlap;
    if (at != held.begin() && (at - 1)->offset + (at - 1)->data_length > g.offset) return Problem::kOverlap;
    const std::uint32_t furthest = held.empty() ? 0 : held.back().offset + held.back().data_length;
    if (chain.length && (!g.more || end > *chain.length)) return Problem::kInvalidLength;
    if (!g.more && furthest > end) return Problem::kInvalidLength;
    return Problem::kNone;
  }

  static void Count(FragmentCounters& c, Problem p) {
    switch (p) {
      case Problem::kNone:
      case Problem::kNotWhole:
      case Problem::kDuplicate:
        break;
      case Problem::kMalformed:
      case Problem::kTooLarge:
      case Problem::kInvalidLength:
        c.invalid_length++;
        break;
      case Problem::kSizeOverflow:
        c.size_overflow++;
        break;
      case Problem::kThreshold:
        c.threshold++;
        break;
      case Problem::kChainOverflow:
        c.chain_overflow++;
        break;
      case Problem::kSmall:
      case Problem::kTeardrop:
        c.small++;
        break;
      case Problem::kTimeout:
        c.timeout++;
        break;
      case Problem::kOverlap:
        c.overlap++;
        break;
    }
  }

  std::array<Interface, 256> interfaces;
  Chains chains;
  TimePoint next_deadline = TimePoint::Max();
};

FragmentTable::FragmentTable(std::uint64_t hash_seed) : impl_(std::make_unique<Impl>(hash_seed)) {}
FragmentTable::~FragmentTable() = default;

void FragmentTable::SetLimits(IfId ingress, const FragmentLimits& limits) { impl_->Of(ingress).limits = limits; }
const FragmentLimits& FragmentTable::limits(IfId ingress) const { return impl_->Of(ingress).limits; }
const FragmentCounters& FragmentTable::counters(IfId ingress) const { return impl_->Of(ingress).counters; }
void FragmentTable::ClearCounters(IfId ingress) {
  FragmentCounters& c = impl_->Of(ingress).counters;
  c = {.queue = c.queue};
}

FragmentTable::Result FragmentTable::Add(const Packet& p, TimePoint now) {
  Impl& t = *impl_;
  Impl::Interface& interface = t.Of(p.ingress);
  const Bytes packet = p.bytes;
  const auto drop = [&](Problem problem, Impl::Chains::iterator chain) {
    Impl::Count(interface.counters, problem);
    Result r{Result::What::kDropped, FrameDrop::kFragmentReassemblyFailed, problem, {}, 0};
    if (chain != t.chains.end() && problem != Problem::kDuplicate) r.fragments = t.Take(chain);
    return r;
  };

  const auto none = t.chains.end();
  if (!p.Whole()) return drop(Problem::kNotWhole, none);
  if (packet.empty()) return drop(Problem::kMalformed, none);
  std::optional<Geometry> read = packet[0] >> 4 == 4 ? ReadV4(packet) : packet[0] >> 4 == 6 ? ReadV6(packet) : std::nullopt;
  if (!read) return drop(Problem::kMalformed, none);
  Geometry& g = *read;
  g.key.ingress = p.ingress;

  auto it = t.chains.find(g.key);
  if (it != none && it->second.deadline <= now) {
    // Its time is over though Expire has not been called yet: not a datagram of which this could be a part.
    return drop(Problem::kTimeout, it);
  }
  if (const Problem problem = Impl::CheckAlone(g, packet); problem != Problem::kNone) return drop(problem, it);
  const FragmentLimits& limits = interface.limits;
  if (limits.chain <= 1) return drop(Problem::kChainOverflow, it);
  if (it == none) {
    if (interface.counters.queue >= limits.size) return drop(Problem::kSizeOverflow, none);
    if (std::uint64_t{interface.counters.queue} * 3 >= std::uint64_t{limits.size} * 2)
      return drop(Problem::kThreshold, none);
    it = t.chains.try_emplace(g.key).first;
    it->second.deadline = now + limits.timeout;
    t.next_deadline = std::min(t.next_deadline, it->second.deadline);
  }
  Chain& chain = it->second;
  std::vector<HeldFragment>::const_iterator at;
  if (const Problem problem = Impl::CheckFit(chain, g, packet, at); problem != Problem::kNone) return drop(problem, it);
  if (chain.fragments.size() >= limits.chain) return drop(Problem::kChainOverflow, it);
  if (interface.counters.queue >= limits.size) return drop(Problem::kSizeOverflow, it);

  HeldFragment f;
  f.handle = p.handle;
  f.came_from = p.came_from;
  f.offset = static_cast<std::uint16_t>(g.offset);
  f.data_length = g.length;
  // Without what a link may have padded after the end.
  const Bytes kept = packet.first(g.header_length + g.length);
  f.bytes.assign(kept.begin(), kept.end());
  chain.fragments.insert(at, std::move(f));
  chain.held += g.length;
  if (!g.more) chain.length = g.offset + g.length;
  interface.counters.queue++;

  Result r;
  if (chain.length && chain.held == *chain.length) {
    interface.counters.assembled++;
    r.what = Result::What::kComplete;
    r.data_length = *chain.length;
    r.fragments = t.Take(it);
  }
  return r;
}

std::vector<HeldFragment> FragmentTable::Expire(TimePoint now) {
  Impl& t = *impl_;
  std::vector<HeldFragment> expired;
  if (now < t.next_deadline) return expired;
  std::vector<Impl::Chains::iterator> due;
  TimePoint next = TimePoint::Max();
  for (auto it = t.chains.begin(); it != t.chains.end(); ++it) {
    if (it->second.deadline <= now) {
      due.push_back(it);
    } else {
      next = std::min(next, it->second.deadline);
    }
  }
  std::stable_sort(due.begin(), due.end(), [](auto a, auto b) { return a->second.deadline < b->second.deadline; });
  for (auto it : due) {
    t.Of(it->first.ingress).counters.timeout++;
    for (HeldFragment& f : t.Take(it)) expired.push_back(std::move(f));
  }
  t.next_deadline = next;
  return expired;
}

void FragmentTable::Keep(UndoLog& undo) {
  const std::shared_ptr<Impl> was = std::move(impl_);
  impl_ = std::make_unique<Impl>(*was);
  undo.Add([this, was] { *impl_ = std::move(*was); });
}

TimePoint FragmentTable::NextDeadline() const { return impl_->next_deadline; }
std::uint32_t FragmentTable::datagrams() const { return static_cast<std::uint32_t>(impl_->chains.size()); }

}  // namespace sallyport
