#include <gtest/gtest.h>

#include "vpn/ike/attributes.h"
#include "vpn/ike/fragments_v1.h"
#include "vpn/ike/header.h"
#include "vpn/ike/payloads.h"
#include "vpn/ike/rules.h"
#include "vpn/ike/sa_v1.h"
#include "vpn/ike/writer.h"

namespace sallyport {
namespace {

using Vec = std::vector<std::uint8_t>;

TEST(IkeCodec, AMessageReadsBackAsItWasWritten) {
  IkeHeader h;
  h.spi_i = 0x0102030405060708;
  h.exchange = ikev1::kMainMode;
  h.message_id = 0;
  MessageWriter w(h);
  const Vec nonce(20, 0xab);
  w.Add(ikev1::kNonce, nonce);
  w.Begin(ikev1::kVendor);
  w.U64(0x09002689dfd6b712);
  const Vec message = w.Finish();
  Reader in(message);
  const auto back = ReadIkeHeader(in);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->spi_i, h.spi_i);
  EXPECT_EQ(back->first, ikev1::kNonce);
  EXPECT_EQ(back->length, message.size());
  EXPECT_EQ(message.size(), 28u + 24 + 12);
  const auto body = IkeMessageBody(*back, message);
  ASSERT_TRUE(body);
  const auto payloads = ReadPayloads(back->first, *body, ChainEnd::kExact);
  ASSERT_TRUE(payloads);
  ASSERT_EQ(payloads->size(), 2u);
  EXPECT_EQ(Vec((*payloads)[0].body.begin(), (*payloads)[0].body.end()), nonce);
  EXPECT_EQ((*payloads)[0].whole().size(), 24u);
  EXPECT_EQ((*payloads)[1].type, ikev1::kVendor);
}

TEST(IkeCodec, ALengthThatLiesIsRefused) {
  IkeHeader h;
  h.length = 27;
  const Vec message(40);
  EXPECT_FALSE(IkeMessageBody(h, message));
  h.length = 41;
  EXPECT_FALSE(IkeMessageBody(h, message));
  h.length = 40;
  EXPECT_EQ(IkeMessageBody(h, message)->size(), 12u);
  h.length = 28;
  EXPECT_EQ(IkeMessageBody(h, message)->size(), 0u);
}

TEST(IkeCodec, ChainsEndAsTheirVersionDemands) {
  const Vec padded = {0, 0, 0, 6, 1, 2, 0, 0};
  EXPECT_TRUE(ReadPayloads(10, padded, ChainEnd::kPadded));
  EXPECT_FALSE(ReadPayloads(10, padded, ChainEnd::kExact));
  const Vec cut = {0, 0, 0, 7, 1, 2};
  EXPECT_FALSE(ReadPayloads(10, cut, ChainEnd::kPadded));
  const Vec tiny = {0, 0, 0, 3};
  EXPECT_FALSE(ReadPayloads(10, tiny, ChainEnd::kPadded));
  const Vec reserved = {0, 1, 0, 4};
  EXPECT_FALSE(ReadPayloads(10, reserved, ChainEnd::kPadded));
  EXPECT_TRUE(ReadPayloads(10, reserved, ChainEnd::kExact));
  const Vec critical = {0, 0x80, 0, 4};
  EXPECT_TRUE((*ReadPayloads(10, critical, ChainEnd::kExact))[0].critical);
  const Vec sealed = {35, 0, 0, 5, 9};
  const auto v2 = ReadPayloads(46, sealed, ChainEnd::kEncrypted);
  ASSERT_TRUE(v2);
  EXPECT_EQ((*v2)[0].next, 35);
  Vec many;
  for (int i = 0; i < 65; ++i) many.insert(many.end(), {static_cast<std::uint8_t>(i < 64 ? 13 : 0), 0, 0, 4});
  EXPECT_FALSE(ReadPayloads(13, many, ChainEnd::kExact));
  EXPECT_TRUE(ReadPayloads(0, {}, ChainEnd::kExact)->empty());
}

TEST(IkeCodec, RulesCountPayloads) {
  constexpr PayloadRule kRules[] = {{1, 1, 1}, {13, 0, 2}};
  const auto check = [&](std::initializer_list<std::uint8_t> types, UnknownPayloads unknown, bool critical = false) {
    std::vector<RawPayload> list;
    for (const std::uint8_t t : types) {
      RawPayload p;
      p.type = t;
      p.critical = critical;
      list.push_back(p);
    }
    return CheckPayloads(kRules, list, unknown).value_or("");
  };
  EXPECT_EQ(check({1}, UnknownPayloads::kRefuse), "");
  EXPECT_EQ(check({13}, UnknownPayloads::kRefuse), "a payload of type 1 is missing");
  EXPECT_EQ(check({1, 1}, UnknownPayloads::kRefuse), "too many payloads of type 1");
  EXPECT_EQ(check({1, 13, 13, 13}, UnknownPayloads::kRefuse), "too many payloads of type 13");
  EXPECT_EQ(check({1, 99}, UnknownPayloads::kRefuse), "unexpected payload of type 99");
  EXPECT_EQ(check({1, 99}, UnknownPayloads::kIgnore), "");
  EXPECT_EQ(check({1, 99}, UnknownPayloads::kRefuseCritical), "");
  EXPECT_EQ(check({1, 99}, UnknownPayloads::kRefuseCritical, true), "unexpected payload of type 99");
}

TEST(IkeCodec, ProposalsReadBack) {
  AttributeWriter a;
  a.Basic(1, 5).Basic(2, 2).Number32(12, 86400);
  const Vec attributes = a.Take();
  ASSERT_EQ(attributes.size(), 16u);
  const Vec spi = {1, 2, 3, 4};
  ProposalV1 p;
  p.protocol = ikev1::kEsp;
  p.spi = spi;
  for (std::uint8_t i = 1; i <= 3; ++i) p.transforms.push_back({i, 3, attributes, {}});
  std::vector<ProposalV1> proposals = {p, p};
  proposals[1].number = 2;
  ChainWriter w;
  const std::size_t at = AddSaV1(w, proposals);
  const auto back = ReadSaV1(w.BodyAt(at));
  ASSERT_TRUE(back) << back.error();
  ASSERT_EQ(back->size(), 2u);
  ASSERT_EQ((*back)[0].transforms.size(), 3u);
  const TransformV1& t = (*back)[1].transforms[2];
  EXPECT_EQ(t.number, 3);
  EXPECT_EQ(Vec(t.raw.begin(), t.raw.end()), attributes);
  EXPECT_EQ(FindAttribute(t.attributes, 12)->Number(), 86400u);
  EXPECT_EQ(FindAttribute(t.attributes, 1)->Number(), 5u);
  EXPECT_EQ(FindAttribute(t.attributes, 3), nullptr);

  // Every shortening is refused, and every change of one byte either refused or read without reading too far (sanitizers
  // see).
  const Vec whole(w.BodyAt(at).begin(), w.BodyAt(at).end());
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(ReadSaV1(Bytes(whole).first(n))) << n;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int v : {0, 1, 0x7f, 0xff}) {
      Vec changed = whole;
      changed[i] = static_cast<std::uint8_t>(v);
      (void)ReadSaV1(changed).ok();
    }
  }
}

TEST(IkeCodec, BodiesOfVersionOne) {
  EXPECT_FALSE(ReadIdV1(Vec{1, 0, 0, 0, 10, 0, 0}));
  EXPECT_TRUE(ReadIdV1(Vec{1, 17, 1, 244, 10, 0, 0, 1}));
  EXPECT_EQ(ReadIdV1(Vec{11, 0, 0, 0, 'g'})->data.size(), 1u);
  const Vec dpd = {0, 0, 0, 1, 1, 2, 0x8d, 0x28, 7, 7, 0, 0, 0, 9};
  const auto n = ReadNotifyV1(dpd);
  ASSERT_TRUE(n);
  EXPECT_EQ(n->type, ikev1::kRUThere);
  EXPECT_EQ(n->spi.size(), 2u);
  EXPECT_EQ(LoadBe32(n->data.data()), 9u);
  EXPECT_FALSE(ReadNotifyV1(Bytes(dpd).first(9)));
  const Vec two = {0, 0, 0, 1, 3, 4, 0, 2, 1, 1, 1, 1, 2, 2, 2, 2, 5};
  const auto d = ReadDeleteV1(two);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->spis.size(), 2u);
  EXPECT_EQ(d->rest.size(), 1u);
  EXPECT_FALSE(ReadDeleteV1(Bytes(two).first(15)));
  EXPECT_FALSE(ReadDeleteV1(Vec{0, 0, 0, 1, 3, 0, 0, 2}));
  EXPECT_FALSE(ReadDeleteV1(Vec{0, 0, 0, 1, 3, 4, 0, 0}));
  EXPECT_EQ(PayloadNameV1(128), "IOS KEEPALIVE (128)");
  EXPECT_EQ(PayloadNameV1(130), "NAT-D (130)");
}

Vec Message(std::size_t size) {
  IkeHeader h;
  h.spi_i = 1;
  h.exchange = ikev1::kMainMode;
  MessageWriter w(h);
  Vec data(size - 32);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  w.Add(ikev1::kCert, data);
  return w.Finish();
}

std::optional<Vec> Feed(ReassemblyV1& r, const Vec& piece) {
  Reader in(piece);
  const auto h = ReadIkeHeader(in);
  const auto payloads = ReadPayloads(h->first, *IkeMessageBody(*h, piece), ChainEnd::kExact);
  return r.Add(*ReadFragmentV1((*payloads)[0].body));
}

TEST(IkeFragmentsV1, AnyOrderGivesTheMessageBack) {
  const Vec message = Message(2000);
  const auto pieces = CutMessageV1(message, 548, 3);
  ASSERT_EQ(pieces.size(), 4u);
  for (const Vec& p : pieces) EXPECT_LE(p.size(), 548u);
  std::vector<std::size_t> order = {0, 1, 2, 3};
  do {
    ReassemblyV1 r;
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_FALSE(i != 0 && Feed(r, pieces[order[0]]));  // a copy of a piece changes nothing
      const auto whole = Feed(r, pieces[order[i]]);
      EXPECT_EQ(whole.has_value(), i == 3);
      if (whole) {
        EXPECT_EQ(*whole, message);
      }
    }
    EXPECT_EQ(r.held(), 0u);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(CutMessageV1(message, 2000, 3).size(), 1u);
}

TEST(IkeFragmentsV1, WhatIsHeldIsBounded) {
  ReassemblyV1 r;
  const Vec data(1400, 1);
  for (int id = 1; id < 100; ++id) {
    for (int n = 1; n <= 255; ++n) {
      FragmentV1 f;
      f.id = static_cast<std::uint16_t>(id);
      f.number = static_cast<std::uint8_t>(n);
      f.data = data;
      EXPECT_FALSE(r.Add(f));
      EXPECT_LE(r.held(), ReassemblyV1::kMostBytes);
    }
  }
}

}  // namespace
}  // namespace sallyport
