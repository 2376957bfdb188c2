#include "vpn/dhcp_message.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::size_t kDhcpFixed = 236, kDhcpLeast = 300;  // before the cookie; what old servers want of a message at least
constexpr std::uint32_t kCookie = 0x63825363;
enum DhcpOption : std::uint8_t {
  kDhcpPad = 0, kMask = 1, kRequested = 50, kLease = 51, kOverload = 52, kType = 53, kServer = 54, kWanted = 55, kRenewal = 58, kRebinding = 59,
  kClientId = 61, kDhcpEnd = 255
};

IpAddress AddressAt(Bytes b, std::size_t at) {
  const std::uint32_t n = LoadBe32(b.data() + at);
  return n == 0 ? IpAddress() : IpAddress::V4(n);
}

// False: one of them is longer than what is there.
bool ReadOptions(Bytes b, DhcpMessage& m, std::uint8_t& overload) {
  for (std::size_t at = 0; at < b.size();) {
    const std::uint8_t code = b[at++];
    if (code == kDhcpPad) continue;
    if (code == kDhcpEnd) return true;
    if (at >= b.size() || b.size() - at - 1 < b[at]) return false;
    const Bytes value = b.subspan(at + 1, b[at]);
    at += 1 + value.size();
    const bool word = value.size() == 4;
    switch (code) {
      case kType:
        if (value.size() != 1 || value[0] < 1 || value[0] > 7) return false;
        m.type = static_cast<DhcpType>(value[0]);
        break;
      case kOverload:
        if (value.size() == 1) overload = value[0];
        break;
      case kClientId:
        if (value.size() > 1) m.client_id.assign(value.begin() + 1, value.end());
        break;
      case kMask:
        if (word) m.mask = AddressAt(value, 0);
        break;
      case kRequested:
        if (word) m.requested = AddressAt(value, 0);
        break;
      case kServer:
        if (word) m.server = AddressAt(value, 0);
        break;
      case kLease:
        if (word) m.lease_s = LoadBe32(value.data());
        break;
      case kRenewal:
        if (word) m.renewal_s = LoadBe32(value.data());
        break;
      case kRebinding:
        if (word) m.rebinding_s = LoadBe32(value.data());
        break;
      default:
        break;
    }
  }
  return true;
}

}  // namespace

std::optional<DhcpMessage> ReadDhcp(Bytes b) {
  if (b.size() < kDhcpFixed + 4 || LoadBe32(b.data() + kDhcpFixed) != kCookie) return {};
  if ((b[0] != 1 && b[0] != 2) || b[1] != 1 || b[2] != 6) return {};
  DhcpMessage m;
  m.reply = b[0] == 2;
  m.xid = LoadBe32(b.data() + 4);
  m.client = AddressAt(b, 12);
  m.yours = AddressAt(b, 16);
  m.relay = AddressAt(b, 24);
  std::copy_n(b.begin() + 28, m.hardware.size(), m.hardware.begin());
  m.type = DhcpType{};
  std::uint8_t overload = 0, ignored = 0;
  if (!ReadOptions(b.subspan(kDhcpFixed + 4), m, overload)) return {};
  if ((overload & 1) != 0 && !ReadOptions(b.subspan(108, 128), m, ignored)) return {};
  if ((overload & 2) != 0 && !ReadOptions(b.subspan(44, 64), m, ignored)) return {};
  if (m.type == DhcpType{}) return {};
  return m;
}

std::vector<std::uint8_t> WriteDhcp(const DhcpMessage& m) {
  std::vector<std::uint8_t> out(kDhcpFixed + 4);
  out[0] = m.reply ? 2 : 1;
  out[1] = 1;
  out[2] = 6;
  StoreBe32(out.data() + 4, m.xid);
  const auto address = [&](std::size_t at, IpAddress a) {
    if (!a.IsNone()) StoreBe32(out.data() + at, a.v4());
  };
  address(12, m.client);
  address(16, m.yours);
  address(24, m.relay);
  std::copy(m.hardware.begin(), m.hardware.end(), out.begin() + 28);
  StoreBe32(out.data() + kDhcpFixed, kCookie);
  const auto word = [&](std::uint8_t code, std::uint32_t n) {
    out.insert(out.end(), {code, 4, static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
                           static_cast<std::uint8_t>(n)});
  };
  out.insert(out.end(), {kType, 1, static_cast<std::uint8_t>(m.type)});
  if (!m.client_id.empty()) {
    const std::size_t length = std::min<std::size_t>(m.client_id.size(), 254);
    out.insert(out.end(), {kClientId, static_cast<std::uint8_t>(1 + length), 0});
    out.insert(out.end(), m.client_id.begin(), m.client_id.begin() + static_cast<std::ptrdiff_t>(length));
  }
  if (!m.requested.IsNone()) word(kRequested, m.requested.v4());
  if (!m.server.IsNone()) word(kServer, m.server.v4());
  if (!m.mask.IsNone()) word(kMask, m.mask.v4());
  if (m.lease_s) word(kLease, *m.lease_s);
  if (m.renewal_s) word(kRenewal, *m.renewal_s);
  if (m.rebinding_s) word(kRebinding, *m.rebinding_s);
  if (!m.reply && (m.type == DhcpType::kDiscover || m.type == DhcpType::kRequest)) {
    out.insert(out.end(), {kWanted, 4, kMask, kLease, kRenewal, kRebinding});
  }
  out.push_back(kDhcpEnd);
  if (out.size() < kDhcpLeast) out.resize(kDhcpLeast);
  return out;
}

}  // namespace sallyport
