#include "vpn/ike/sa_v1.h"

#include "vpn/ike/header.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kDoiIpsec = 1, kIdentityOnly = 1;
constexpr std::size_t kMostProposals = 64, kMostTransforms = 256, kLongestSpi = 16;

// A payload of the inner chains: `more` is the type that its `next` field must name when another one follows.
struct Item {
  bool more = false;
  Reader in;
};

Result<Item> ReadItem(Reader& in, std::uint8_t more) {
  const Bytes rest = in.rest();
  if (rest.size() < 8) return Error{"a proposal or transform is cut off"};
  const std::size_t length = LoadBe16(rest.data() + 2);
  if (length < 8 || length > rest.size()) return Error{"a proposal or transform has a wrong length"};
  if (rest[0] != 0 && rest[0] != more) return Error{"a proposal or transform is followed by something else"};
  const Item item{rest[0] != 0, Reader(rest.subspan(4, length - 4))};
  in.Skip(length);
  return item;
}

Result<TransformV1> ReadTransform(Reader in) {
  TransformV1 t;
  t.number = *in.U8();  // ReadItem has seen that these four are there
  t.id = *in.U8();
  in.Skip(2);
  t.raw = in.rest();
  Result<std::vector<Attribute>> attributes = ReadAttributes(t.raw);
  if (!attributes) return Error{attributes.error()};
  t.attributes = *std::move(attributes);
  return t;
}

}  // namespace

Result<std::vector<ProposalV1>> ReadSaV1(Bytes body) {
  Reader in(body);
  const auto doi = in.U32();
  const auto situation = in.U32();
  if (!doi || !situation) return Error{"the SA payload is cut off"};
  if (*doi != kDoiIpsec && *doi != 0) return Error{"unknown domain of interpretation"};
  if (*situation != kIdentityOnly) return Error{"unknown situation"};
  std::vector<ProposalV1> out;
  std::size_t transforms = 0;
  for (bool more = true; more;) {
    if (out.size() == kMostProposals) return Error{"too many proposals"};
    Result<Item> item = ReadItem(in, ikev1::kProposal);
    if (!item) return Error{item.error()};
    more = item->more;
    Reader& p = item->in;
    ProposalV1 proposal;
    proposal.number = *p.U8();
    proposal.protocol = *p.U8();
    const std::uint8_t spi_size = *p.U8();
    const std::uint8_t count = *p.U8();
    const auto spi = p.Sub(spi_size);
    if (spi_size > kLongestSpi || !spi) return Error{"a proposal's SPI has a wrong length"};
    proposal.spi = spi->rest();
    for (bool next = true; next;) {
      if (++transforms > kMostTransforms) return Error{"too many transforms"};
      Result<Item> inner = ReadItem(p, ikev1::kTransform);
      if (!inner) return Error{inner.error()};
      next = inner->more;
      Result<TransformV1> transform = ReadTransform(inner->in);
      if (!transform) return Error{transform.error()};
      proposal.transforms.push_back(*std::move(transform));
    }
    if (p.left() != 0 || proposal.transforms.size() != count)
      return Error{"a proposal has another number of transforms than it says"};
    out.push_back(std::move(proposal));
  }
  if (in.left() != 0) return Error{"bytes behind the last proposal"};
  return out;
}

std::size_t AddSaV1(ChainWriter& out, std::span<const ProposalV1> proposals) {
  const std::size_t at = out.Begin(ikev1::kSa);
  out.U32(kDoiIpsec);
  out.U32(kIdentityOnly);
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const ProposalV1& p = proposals[i];
    std::size_t length = 8 + p.spi.size();
    for (const TransformV1& t : p.transforms) length += 8 + t.raw.size();
    out.U8(i + 1 < proposals.size() ? ikev1::kProposal : 0);
    out.U8(0);
    out.U16(static_cast<std::uint16_t>(length));
    out.U8(p.number);
    out.U8(p.protocol);
    out.U8(static_cast<std::uint8_t>(p.spi.size()));
    out.U8(static_cast<std::uint8_t>(p.transforms.size()));
    out.Put(p.spi);
    for (std::size_t j = 0; j < p.transforms.size(); ++j) {
      const TransformV1& t = p.transforms[j];
      out.U8(j + 1 < p.transforms.size() ? ikev1::kTransform : 0);
      out.U8(0);
      out.U16(static_cast<std::uint16_t>(8 + t.raw.size()));
      out.U8(t.number);
      out.U8(t.id);
      out.U16(0);
      out.Put(t.raw);
    }
  }
  out.End();
  return at;
}

}  // namespace sallyport
