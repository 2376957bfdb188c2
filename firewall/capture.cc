#include "firewall/capture.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sallyport {
namespace {

constexpr std::uint32_t kLeastFrame = kEthernetHeader + 20;

bool Ike(const Packet& p) {
  const auto ike = [](std::uint16_t port) { return port == 500 || port == 4500; };
  return p.IsUdp() && (ike(p.key.sport) || ike(p.key.dport));
}

}  // namespace

bool CaptureMatch::Matches(const FlowKey& key) const {
  if (protocol != 0 && protocol != key.protocol) return false;
  const auto way = [&](IpAddress from, std::uint16_t from_port, IpAddress to, std::uint16_t to_port) {
    return (any_first || first.Contains(from)) && (any_second || second.Contains(to)) && first_port.Contains(from_port) &&
           second_port.Contains(to_port);
  };
  return way(key.src, key.sport, key.dst, key.dport) || way(key.dst, key.dport, key.src, key.sport);
}

// --- the buffer ----------------------------------------------------------------------------------------------------------

CaptureBuffer::CaptureBuffer(const CaptureSpec& spec)
    : capacity_(spec.buffer),
      most_records_(spec.buffer / kLeastFrame + 1),
      circular_(spec.circular),
      data_(new std::uint8_t[spec.buffer]),
      records_(new Record[most_records_]) {}

void CaptureBuffer::DropOldest() {
  used_ -= records_[first_].kept + kEthernetHeader;
  if (records_[first_].trace >= 0) traces_[static_cast<std::size_t>(records_[first_].trace)].reset();
  first_ = (first_ + 1) % most_records_;
  count_--;
}

bool CaptureBuffer::Add(const CapturedPacket& head, Bytes bytes, std::shared_ptr<TraceResult> trace) {
  if (full_) return false;
  const auto kept = static_cast<std::uint32_t>(bytes.size());
  const std::uint64_t frame = kept + kEthernetHeader;
  while (used_ + frame > capacity_ || count_ == most_records_) {
    if (!circular_ || count_ == 0) {
      full_ = !circular_;
      return false;
    }
    DropOldest();
  }
  Record& r = records_[(first_ + count_) % most_records_];
  r = {head.time.ns, write_at_, kept, head.wire_length, -1, head.interface, head.outgoing, head.frame_drop, head.flow_drop};
  // The bytes of all frames fit, and each leaves room for a header that is not stored: what is old is never reached.
  const std::uint32_t until_end = std::min(kept, capacity_ - write_at_);
  std::memcpy(data_.get() + write_at_, bytes.data(), until_end);
  std::memcpy(data_.get(), bytes.data() + until_end, kept - until_end);
  write_at_ = (write_at_ + kept) % capacity_;
  if (trace != nullptr) {
    r.trace = static_cast<std::int32_t>(traces_.size());
    traces_.push_back(std::move(trace));
  }
  count_++;
  seen_++;
  used_ += frame;
  return true;
}

void CaptureBuffer::Clear() {
  first_ = count_ = write_at_ = 0;
  used_ = seen_ = 0;
  full_ = false;
  traces_.clear();
}

CapturedPacket CaptureBuffer::At(std::uint64_t index) const {
  const Record& r = records_[(first_ + index) % most_records_];
  CapturedPacket p;
  p.number = static_cast<std::uint32_t>(index + 1);
  p.time = TimePoint{r.time_ns};
  p.interface = r.interface;
  p.outgoing = r.outgoing;
  p.frame_drop = r.frame_drop;
  p.flow_drop = r.flow_drop;
  p.wire_length = r.wire_length;
  p.bytes.resize(r.kept);
  const std::uint32_t until_end = std::min(r.kept, capacity_ - r.at);
  std::copy_n(data_.get() + r.at, until_end, p.bytes.begin());
  std::copy_n(data_.get(), r.kept - until_end, p.bytes.begin() + until_end);
  if (r.trace >= 0) p.trace = traces_[static_cast<std::size_t>(r.trace)];
  return p;
}

// --- all captures --------------------------------------------------------------------------------------------------------

CaptureSet::Capture* CaptureSet::FindMutable(const std::string& name) {
  for (auto& c : captures_) {
    if (c->spec.name == name) return c.get();
  }
  return nullptr;
}

const CaptureSpec* CaptureSet::Find(const std::string& name) const {
  for (const auto& c : captures_) {
    if (c->spec.name == name) return &c->spec;
  }
  return nullptr;
}

void CaptureSet::Renew() {
  watched_.fill(0);
  drops_ = isakmp_ = 0;
  for (std::size_t i = 0; i < captures_.size(); i++) {
    const CaptureSpec& s = captures_[i]->spec;
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (s.type == CaptureSpec::Type::kAspDrop) drops_ |= bit;
    if (s.type == CaptureSpec::Type::kIsakmp && s.interfaces.empty()) isakmp_ |= bit;
    if (s.type == CaptureSpec::Type::kAspDrop) continue;
    for (const IfId id : s.interfaces) watched_[static_cast<std::size_t>(id)] |= bit;
  }
  active_ = drops_ != 0 || isakmp_ != 0 || std::any_of(watched_.begin(), watched_.end(), [](std::uint64_t w) { return w != 0; });
}

bool CaptureSet::Set(const CaptureSpec& spec) {
  Capture* c = FindMutable(spec.name);
  if (c == nullptr) {
    if (captures_.size() == kMost) return false;
    captures_.push_back(std::make_unique<Capture>(spec));
  } else if (c->spec.buffer != spec.buffer || c->spec.circular != spec.circular) {
    *c = Capture(spec);
  } else {
    c->spec = spec;
  }
  Renew();
  return true;
}

bool CaptureSet::Remove(const std::string& name, IfId interface) {
  const auto at = std::find_if(captures_.begin(), captures_.end(), [&](const auto& c) { return c->spec.name == name; });
  if (at == captures_.end()) return false;
  if (interface == IfId::kAny) {
    captures_.erase(at);
  } else if (std::erase((*at)->spec.interfaces, interface) == 0) {
    return false;
  }
  Renew();
  return true;
}

bool CaptureSet::Clear(const std::string& name) {
  bool any = name.empty();
  for (auto& c : captures_) {
    if (!name.empty() && c->spec.name != name) continue;
    c->buffer.Clear();
    c->traced = 0;
    any = true;
  }
  return any;
}

void CaptureSet::UsePolicy(const Policy& policy) {
  for (auto& c : captures_) {
    if (c->spec.access_list_name.empty()) continue;
    const auto at = policy.access_lists.find(c->spec.access_list_name);
    c->spec.access_list = at != policy.access_lists.end() ? at->second : nullptr;
  }
}

std::vector<CaptureView> CaptureSet::List() const {
  std::vector<CaptureView> all;
  for (const auto& c : captures_) all.push_back({c->spec, c->buffer.packets(), c->buffer.bytes(), c->buffer.full()});
  return all;
}

std::vector<CapturedPacket> CaptureSet::Packets(const std::string& name, std::uint64_t index, std::uint64_t limit,
                                                std::uint64_t& total) const {
  std::vector<CapturedPacket> packets;
  total = 0;
  for (const auto& c : captures_) {
    if (c->spec.name != name) continue;
    total = c->buffer.packets();
    for (; index < total && packets.size() < limit; index++) packets.push_back(c->buffer.At(index));
  }
  return packets;
}

std::vector<CapturedPacket> CaptureSet::Since(const std::string& name, std::uint64_t& seen, std::uint64_t limit) const {
  std::vector<CapturedPacket> packets;
  for (const auto& c : captures_) {
    if (c->spec.name != name) continue;
    const std::uint64_t lost = c->buffer.seen() - c->buffer.packets();
    seen = std::min(std::max(seen, lost), c->buffer.seen());
    for (; seen < c->buffer.seen() && packets.size() < limit; seen++) {
      packets.push_back(c->buffer.At(seen - lost));
      packets.back().number = static_cast<std::uint32_t>(seen + 1);
    }
  }
  return packets;
}

bool CaptureSet::Wants(const Capture& c, const Packet& p) {
  if (c.buffer.full()) return false;
  const CaptureSpec& s = c.spec;
  if (s.type == CaptureSpec::Type::kIsakmp && !Ike(p)) return false;
  if (s.ethernet_type != 0 && s.ethernet_type != (p.v6 ? 0x86dd : 0x0800)) return false;
  if (!s.access_list_name.empty()) {
    if (s.access_list == nullptr) return false;
    const AclElement* e =
        s.access_list->Find({p.key.src, p.key.dst, p.key.sport, p.key.dport, p.protocol, p.icmp_type, p.icmp_code});
    if (e == nullptr || !e->permit) return false;
  }
  if (s.matches.empty()) return true;
  return std::any_of(s.matches.begin(), s.matches.end(), [&](const CaptureMatch& m) { return m.Matches(p.key); });
}

void CaptureSet::Keep(Capture& c, const Packet& p, CapturedPacket head, TimePoint now, std::shared_ptr<TraceResult> trace) {
  head.time = now;
  head.wire_length = p.wire_length;
  std::size_t kept = std::min<std::size_t>(p.bytes.size(), c.spec.packet_length - kEthernetHeader);
  if (c.spec.headers_only && p.payload_offset != 0) kept = std::min<std::size_t>(kept, p.payload_offset);
  if (!p.checksum_pending) {
    c.buffer.Add(head, Bytes(p.bytes).first(kept), std::move(trace));
    return;
  }
  // On the wire it would have its checksum, which a link of this machine leaves to be filled in.
  std::vector<std::uint8_t> bytes(p.bytes.begin(), p.bytes.end());
  Packet filled = p;
  filled.bytes = bytes;
  CompleteChecksum(filled);
  c.buffer.Add(head, Bytes(bytes).first(kept), std::move(trace));
}

bool CaptureSet::Arrived(const Packet& p, TimePoint now) {
  std::uint64_t who = watched_[static_cast<std::size_t>(p.ingress)] | (p.ingress != IfId::kIdentity ? isakmp_ : 0);
  bool trace = false;
  for (std::size_t i = 0; who != 0; i++, who >>= 1) {
    if ((who & 1) == 0) continue;
    Capture& c = *captures_[i];
    if (!Wants(c, p)) continue;
    CapturedPacket head;
    head.interface = p.ingress;
    if (c.spec.trace && c.traced < c.spec.trace_count) {
      // Kept when it is known what became of it, as it is now.
      c.traced++;
      c.pending = trace = true;
      arrived_ = head;
      arrived_.wire_length = p.wire_length;
      const std::size_t size = std::min<std::size_t>(p.bytes.size(), CaptureSpec::kMostLength);
      arrived_bytes_.assign(p.bytes.begin(), p.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      Packet filled = p;
      filled.bytes = arrived_bytes_;
      CompleteChecksum(filled);
      continue;
    }
    Keep(c, p, head, now, nullptr);
  }
  return trace;
}

void CaptureSet::Finish(std::shared_ptr<TraceResult> trace, TimePoint now) {
  Packet p;
  p.bytes = arrived_bytes_;
  p.wire_length = arrived_.wire_length;
  ParsePacket(p);
  for (auto& c : captures_) {
    if (!std::exchange(c->pending, false)) continue;
    Keep(*c, p, arrived_, now, trace);
  }
}

void CaptureSet::Left(const Packet& p, IfId egress, TimePoint now) {
  std::uint64_t who = watched_[static_cast<std::size_t>(egress)] | (egress != IfId::kIdentity ? isakmp_ : 0);
  for (std::size_t i = 0; who != 0; i++, who >>= 1) {
    if ((who & 1) == 0 || !Wants(*captures_[i], p)) continue;
    CapturedPacket head;
    head.interface = egress;
    head.outgoing = true;
    Keep(*captures_[i], p, head, now, nullptr);
  }
}

void CaptureSet::Left(Bytes bytes, IfId egress, TimePoint now) {
  if ((watched_[static_cast<std::size_t>(egress)] | isakmp_) == 0) return;
  std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());  // another packet may be waiting for what becomes of it (arrived_)
  Packet p;
  p.bytes = copy;
  p.wire_length = static_cast<std::uint32_t>(bytes.size());
  ParsePacket(p);
  Left(p, egress, now);
}

void CaptureSet::Dropped(Bytes bytes, FrameDrop frame, TimePoint now) {
  if (drops_ == 0) return;
  std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());  // another packet may be waiting for what becomes of it (arrived_)
  Packet p;
  p.bytes = copy;
  p.wire_length = static_cast<std::uint32_t>(bytes.size());
  p.ingress = IfId::kAny;
  ParsePacket(p);
  Dropped(p, frame, FlowDrop::kNone, now);
}

void CaptureSet::Dropped(const Packet& p, FrameDrop frame, FlowDrop flow, TimePoint now) {
  std::uint64_t who = drops_;
  for (std::size_t i = 0; who != 0; i++, who >>= 1) {
    if ((who & 1) == 0) continue;
    Capture& c = *captures_[i];
    const bool this_one = c.spec.drop == "all" || (frame != FrameDrop::kNone && c.spec.drop == Keyword(frame)) ||
                          (flow != FlowDrop::kNone && c.spec.drop == Keyword(flow));
    const std::vector<IfId>& at = c.spec.interfaces;
    if (!this_one || (!at.empty() && std::find(at.begin(), at.end(), p.ingress) == at.end()) || !Wants(c, p)) continue;
    CapturedPacket head;
    head.interface = p.ingress;
    head.frame_drop = frame;
    head.flow_drop = flow;
    Keep(c, p, head, now, nullptr);
  }
}

}  // namespace sallyport
