// Random packets of either family into the other and back again are what they were, and right on the way.
#include "firewall/other_family.h"

#include <gtest/gtest.h>

#include "firewall/base/checksum.h"
#include "firewall/base/random.h"

namespace sallyport {
namespace {

using Packets = std::vector<std::vector<std::uint8_t>>;

struct Ends {
  Endpoint src, dst;
};

// A whole packet of `protocol` between `e`; `icmp`: its type. `spoil` is added to the transport checksum.
std::vector<std::uint8_t> Make(Random& random, const Ends& e, std::uint8_t protocol, std::size_t payload, std::uint8_t icmp, std::uint16_t spoil) {
  const bool v6 = !e.src.address.IsV4();
  const std::size_t ip = v6 ? 40 : 20, head = protocol == 6 ? 20 : 8, length = head + payload;
  std::vector<std::uint8_t> p(ip + length);
  for (std::size_t i = ip; i < p.size(); i++) p[i] = static_cast<std::uint8_t>(random.U32());
  std::uint8_t* t = p.data() + ip;
  std::size_t check = 2;
  if (protocol == 6 || protocol == 17) {
    StoreBe16(t, e.src.port);
    StoreBe16(t + 2, e.dst.port);
    if (protocol == 17) StoreBe16(t + 4, static_cast<std::uint16_t>(length));
    if (protocol == 6) t[12] = 5 << 4, t[13] = kTcpAck;
    check = protocol == 6 ? 16 : 6;
  } else {
    t[0] = icmp;
    t[1] = 0;
    StoreBe16(t + 4, icmp == 8 || icmp == 128 ? e.src.port : e.dst.port);
  }
  StoreBe16(t + check, 0);
  const std::uint64_t pseudo = protocol == 1 ? 0 : PseudoHeaderSum(e.src.address, e.dst.address, protocol, static_cast<std::uint32_t>(length));
  std::uint16_t sum = ChecksumFinish(ChecksumAdd(Bytes(t, length), pseudo));
  sum = static_cast<std::uint16_t>(sum + spoil);
  if (protocol == 17 && sum == 0) sum = 0xffff;
  StoreBe16(t + check, sum);
  const auto tos = static_cast<std::uint8_t>(random.U32()), ttl = static_cast<std::uint8_t>(1 + random.U32() % 255);
  if (v6) {
    p[0] = static_cast<std::uint8_t>(0x60 | tos >> 4);
    p[1] = static_cast<std::uint8_t>(tos << 4);
    StoreBe16(&p[4], static_cast<std::uint16_t>(length));
    p[6] = protocol;
    p[7] = ttl;
    e.src.address.StoreV6(&p[8]);
    e.dst.address.StoreV6(&p[24]);
  } else {
    p[0] = 0x45;
    p[1] = tos;
    StoreBe16(&p[2], static_cast<std::uint16_t>(p.size()));
    StoreBe16(&p[4], static_cast<std::uint16_t>(random.U32()));
    StoreBe16(&p[6], p.size() > 1260 ? 0x4000 : 0);
    p[8] = ttl;
    p[9] = protocol;
    e.src.address.StoreV4(&p[12]);
    e.dst.address.StoreV4(&p[16]);
    StoreBe16(&p[10], ChecksumFinish(ChecksumAdd(Bytes(p).first(20))));
  }
  return p;
}

Packet Parsed(std::vector<std::uint8_t>& bytes) {
  Packet p;
  p.bytes = bytes;
  p.wire_length = static_cast<std::uint32_t>(bytes.size());
  p.ingress = static_cast<IfId>(1);
  EXPECT_EQ(ParsePacket(p), FrameDrop::kNone);
  return p;
}

class OtherFamily : public testing::Test {
 protected:
  Endpoint Of(bool v6, std::uint16_t port) {
    return {v6 ? IpAddress::V6(0x20010db800000000u | random_.U32(), random_.U64()) : IpAddress::V4(0x0a000000u | random_.U32() >> 8), port};
  }
  Ends EndsOf(bool v6, std::uint8_t protocol, std::uint8_t icmp) {
    Ends e{Of(v6, static_cast<std::uint16_t>(1 + random_.U32() % 65535)), Of(v6, static_cast<std::uint16_t>(1 + random_.U32() % 65535))};
    if (protocol == 1 || protocol == 58) (icmp == 8 || icmp == 128 ? e.dst : e.src).port = 0;
    return e;
  }
  Random random_{20260801};
};

TEST_F(OtherFamily, ThereAndBackIsWhereItBegan) {
  for (int n = 0; n < 20000; n++) {
    const bool v6 = n % 2 != 0;
    const std::uint8_t protocols[] = {6, 17, static_cast<std::uint8_t>(v6 ? 58 : 1)};
    const std::uint8_t protocol = protocols[random_.U32() % 3];
    const bool asks = random_.U32() % 2 != 0;
    const auto icmp = static_cast<std::uint8_t>(v6 ? (asks ? 128 : 129) : (asks ? 8 : 0));
    const auto spoil = static_cast<std::uint16_t>(random_.U32() % 4 == 0 ? 1 + random_.U32() % 1000 : 0);
    const Ends here = EndsOf(v6, protocol, icmp), there = EndsOf(!v6, protocol, icmp);
    const auto packet = Make(random_, here, protocol, random_.U32() % 1440, icmp, spoil);
    auto bytes = packet;
    const Packet p = Parsed(bytes);
    const auto id = static_cast<std::uint16_t>(random_.U32());
    auto crossed = ToOtherFamily(p, Bytes(p.bytes).subspan(p.l4_offset), there.src, there.dst, id);
    ASSERT_TRUE(crossed);
    EXPECT_EQ(crossed->size(), LengthInOtherFamily(p));
    const Packet q = Parsed(*crossed);
    EXPECT_EQ(q.v6, !v6);
    EXPECT_EQ(q.key.src, there.src.address);
    EXPECT_EQ(q.key.dst, there.dst.address);
    EXPECT_EQ(q.key.sport, protocol == 1 || protocol == 58 ? (asks ? there.src.port : 0) : there.src.port);
    EXPECT_EQ(q.key.dport, protocol == 1 || protocol == 58 ? (asks ? 0 : there.dst.port) : there.dst.port);
    EXPECT_EQ(q.ttl, p.ttl);
    EXPECT_EQ(q.dscp, p.dscp);
    // Right stays right, and what was damaged stays so.
    EXPECT_EQ(VerifyTransportChecksum(q), VerifyTransportChecksum(p)) << n;
    const auto back = ToOtherFamily(q, Bytes(q.bytes).subspan(q.l4_offset), here.src, here.dst, v6 ? 0 : LoadBe16(&packet[4]));
    ASSERT_TRUE(back);
    ASSERT_EQ(*back, packet) << n << " protocol " << int{protocol};
  }
}

TEST_F(OtherFamily, UdpWithoutChecksumGetsOne) {
  const Ends here = EndsOf(false, 17, 0), there = EndsOf(true, 17, 0);
  auto bytes = Make(random_, here, 17, 33, 0, 0);
  StoreBe16(&bytes[26], 0);
  const Packet p = Parsed(bytes);
  auto crossed = ToOtherFamily(p, Bytes(p.bytes).subspan(20), there.src, there.dst, 0);
  ASSERT_TRUE(crossed);
  EXPECT_NE(LoadBe16(crossed->data() + 46), 0);
  EXPECT_TRUE(VerifyTransportChecksum(Parsed(*crossed)));
}

TEST_F(OtherFamily, ChecksumThatTheSendersHardwareOwesIsMade) {
  for (const bool v6 : {false, true}) {
    const Ends here = EndsOf(v6, 6, 0), there = EndsOf(!v6, 6, 0);
    auto bytes = Make(random_, here, 6, 100, 0, 77);
    Packet p = Parsed(bytes);
    p.checksum_pending = true;
    auto crossed = ToOtherFamily(p, Bytes(p.bytes).subspan(p.l4_offset), there.src, there.dst, 0);
    ASSERT_TRUE(crossed);
    EXPECT_TRUE(VerifyTransportChecksum(Parsed(*crossed)));
  }
}

// Type, code and word of an error in one family, and what the other makes of it (RFC 7915 4.2, 5.2).
struct Case {
  std::uint8_t type, code;
  std::uint32_t word;
  int to_type, to_code;  // -1: nothing
  std::uint32_t to_word;
};
std::optional<std::vector<std::uint8_t>> Error(Random& random, const Ends& e, const Ends& quoted, const Ends& to, const Ends& to_quoted,
                                               const Case& c, std::vector<std::uint8_t>& bytes) {
  const bool v6 = !e.src.address.IsV4();
  const auto inner = Make(random, quoted, 17, 30, 0, 0);
  bytes = Make(random, e, v6 ? 58 : 1, inner.size(), 0, 0);
  const std::size_t at = v6 ? 40 : 20;
  std::copy(inner.begin(), inner.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at + 8));
  bytes[at] = c.type;
  bytes[at + 1] = c.code;
  StoreBe32(&bytes[at + 4], c.word);
  const Packet p = Parsed(bytes);
  return ErrorToOtherFamily(p, to.src.address, to.dst.address, {to_quoted.src, to_quoted.dst, 0});
}

TEST_F(OtherFamily, ErrorsAreToldInTheOtherFamilysWords) {
  const Case four[] = {{3, 0, 0, 1, 0, 0},   {3, 1, 0, 1, 0, 0},     {3, 2, 0, 4, 1, 6},      {3, 3, 0, 1, 4, 0},   {3, 4, 1400, 2, 0, 1420},
                       {3, 4, 0, 2, 0, 1280}, {3, 4, 600, 2, 0, 1280}, {3, 9, 0, 1, 1, 0},     {3, 13, 0, 1, 1, 0},  {3, 14, 0, -1, 0, 0},
                       {11, 0, 0, 3, 0, 0},  {11, 1, 0, 3, 1, 0},    {12, 0, 0x08000000, 4, 0, 7}, {12, 0, 0x0d000000, 4, 0, 8},
                       {12, 0, 0x0a000000, -1, 0, 0}, {12, 1, 0, -1, 0, 0}, {4, 0, 0, -1, 0, 0}, {5, 0, 0, -1, 0, 0}};
  const Case six[] = {{1, 0, 0, 3, 1, 0},  {1, 1, 0, 3, 10, 0}, {1, 3, 0, 3, 1, 0},  {1, 4, 0, 3, 3, 0},   {1, 5, 0, -1, 0, 0}, {2, 0, 1400, 3, 4, 1380},
                      {3, 0, 0, 11, 0, 0}, {3, 1, 0, 11, 1, 0}, {4, 0, 7, 12, 0, 0x08000000}, {4, 0, 24, 12, 0, 0x10000000}, {4, 0, 40, -1, 0, 0},
                      {4, 1, 0, 3, 2, 0},  {4, 2, 0, -1, 0, 0}, {100, 0, 0, -1, 0, 0}};
  for (const bool v6 : {false, true}) {
    for (const Case& c : v6 ? std::span<const Case>(six) : std::span<const Case>(four)) {
      const Ends e = EndsOf(v6, 1, 8), to = EndsOf(!v6, 1, 8), quoted = EndsOf(v6, 17, 0), to_quoted = EndsOf(!v6, 17, 0);
      std::vector<std::uint8_t> bytes;
      auto crossed = Error(random_, e, quoted, to, to_quoted, c, bytes);
      ASSERT_EQ(crossed.has_value(), c.to_type >= 0) << v6 << " " << int{c.type} << "/" << int{c.code};
      if (!crossed) continue;
      const Packet q = Parsed(*crossed);
      EXPECT_EQ(q.icmp_type, c.to_type);
      EXPECT_EQ(q.icmp_code, c.to_code);
      EXPECT_EQ(LoadBe32(q.l4() + 4), c.to_word) << v6 << " " << int{c.type} << "/" << int{c.code};
      EXPECT_TRUE(VerifyTransportChecksum(q));
      // What is quoted is a packet of this family, whole, and right.
      std::vector<std::uint8_t> inside(crossed->begin() + q.l4_offset + 8, crossed->end());
      const Packet in = Parsed(inside);
      EXPECT_EQ(in.key.src, to_quoted.src.address);
      EXPECT_EQ(in.key.dst, to_quoted.dst.address);
      EXPECT_EQ(in.key.sport, to_quoted.src.port);
      EXPECT_EQ(in.key.dport, to_quoted.dst.port);
      EXPECT_TRUE(VerifyTransportChecksum(in));
    }
  }
}

TEST_F(OtherFamily, BrokenErrorsAreRefused) {
  const Ends e = EndsOf(false, 1, 8), to = EndsOf(true, 1, 8), quoted = EndsOf(false, 17, 0), to_quoted = EndsOf(true, 17, 0);
  std::vector<std::uint8_t> whole;
  ASSERT_TRUE(Error(random_, e, quoted, to, to_quoted, {3, 3, 0, 1, 4, 0}, whole));
  int refused = 0;
  for (int n = 0; n < 20000; n++) {  // cut and damaged: an answer or none, never beyond the bytes (sanitizers watch)
    auto bytes = whole;
    bytes.resize(28 + random_.U32() % (bytes.size() - 28));
    for (int k = 0; k < 3 && bytes.size() > 28; k++) bytes[28 + random_.U32() % (bytes.size() - 28)] = static_cast<std::uint8_t>(random_.U32());
    Packet p;
    p.bytes = bytes;
    p.wire_length = static_cast<std::uint32_t>(bytes.size());
    StoreBe16(&bytes[2], static_cast<std::uint16_t>(bytes.size()));
    StoreBe16(&bytes[10], 0);
    StoreBe16(&bytes[10], ChecksumFinish(ChecksumAdd(Bytes(bytes).first(20))));
    if (ParsePacket(p) != FrameDrop::kNone) continue;
    refused += !ErrorToOtherFamily(p, to.src.address, to.dst.address, {to_quoted.src, to_quoted.dst, 5});
  }
  EXPECT_GT(refused, 1000);
}

TEST_F(OtherFamily, FragmentsMakeTheDatagramAgain) {
  for (const bool v6 : {false, true}) {
    const Ends e = EndsOf(v6, 17, 0);
    for (int n = 0; n < 200; n++) {
      const auto whole = Make(random_, e, 17, 1 + random_.U32() % 8000, 0, 0);
      const std::size_t ip = v6 ? 40 : 20;
      const std::uint32_t mtu = 1280 + random_.U32() % 300;
      std::vector<std::uint8_t> made(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(ip));
      const Packets parts = Fragmented(whole, mtu, 99);
      if (whole.size() <= mtu) {
        ASSERT_EQ(parts.size(), 1u);
        EXPECT_EQ(parts[0], whole);
        continue;
      }
      for (std::size_t i = 0; i < parts.size(); i++) {
        auto part = parts[i];
        EXPECT_LE(part.size(), mtu);
        const Packet p = Parsed(part);
        ASSERT_TRUE(p.fragment);
        EXPECT_EQ(p.more_fragments, i + 1 != parts.size());
        EXPECT_EQ(p.fragment_offset + ip, made.size());
        EXPECT_EQ(p.fragment_id, 99u * (v6 ? 1 : 0) + (v6 ? 0 : LoadBe16(&whole[4])));
        made.insert(made.end(), part.begin() + p.l4_offset, part.end());
      }
      EXPECT_EQ(Bytes(made).subspan(ip).size(), Bytes(whole).subspan(ip).size());
      EXPECT_TRUE(std::equal(made.begin() + static_cast<std::ptrdiff_t>(ip), made.end(), whole.begin() + static_cast<std::ptrdiff_t>(ip)));
    }
  }
}

TEST_F(OtherFamily, MergedSegmentsAreCutWithTheirNumbers) {
  for (const bool v6 : {false, true}) {
    const Ends e = EndsOf(v6, 6, 0);
    auto whole = Make(random_, e, 6, 20000, 0, 0);
    const std::size_t ip = v6 ? 40 : 20;
    whole[ip + 13] = kTcpAck | kTcpPsh | kTcpFin;
    const std::uint32_t first = LoadBe32(&whole[ip + 4]);
    std::size_t seen = 0;
    const Packets parts = Segmented(whole, 1400);
    for (std::size_t i = 0; i < parts.size(); i++) {
      auto part = parts[i];
      EXPECT_LE(part.size(), 1400u);
      const Packet p = Parsed(part);
      EXPECT_TRUE(VerifyTransportChecksum(p));
      EXPECT_EQ(p.seq, first + seen);
      EXPECT_EQ(p.tcp_flags, i + 1 == parts.size() ? whole[ip + 13] : kTcpAck);
      ASSERT_TRUE(std::equal(part.begin() + p.payload_offset, part.end(), whole.begin() + static_cast<std::ptrdiff_t>(ip + 20 + seen)));
      seen += p.payload_length;
    }
    EXPECT_EQ(seen, 20000u);
  }
}

}  // namespace
}  // namespace sallyport
