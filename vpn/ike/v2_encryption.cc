// SK and SKF payloads: version 2 encrypted, in one message or in fragments.
#include <algorithm>

#include "vpn/ike/v2_messages.h"
#include "vpn/ike/v2_wire.h"

namespace sallyport {

std::vector<std::vector<std::uint8_t>> SealV2(SkKeys& keys, Entropy& entropy, const IkeHeader& header, std::uint8_t first,
                                              Bytes chain, std::size_t most) {
  std::vector<std::vector<std::uint8_t>> out;
  const std::size_t whole = kIkeHeaderSize + kIkePayloadHeaderSize + SkSize(keys, chain.size());
  const bool cut = most != 0 && whole > most;
  const std::size_t front = kIkeHeaderSize + kIkePayloadHeaderSize + (cut ? 4 : 0);
  if (cut && most <= front) return out;
  const std::size_t room = cut ? SkRoom(keys, most - front) : chain.size();
  if (cut && room == 0) return out;
  if (!cut && whole > kIkeLargestMessage) return out;
  const std::size_t total = cut ? (chain.size() + room - 1) / room : 1;
  if (total > ReassemblyV2::kMostPieces) return out;
  for (std::size_t i = 0; i < total; ++i) {
    const Bytes part = chain.subspan(i * room, std::min(room, chain.size() - i * room));
    const std::size_t body = SkSize(keys, part.size());
    IkeHeader h = header;
    h.first = cut ? ikev2::kFragment : ikev2::kEncrypted;
    h.length = static_cast<std::uint32_t>(front + body);
    std::vector<std::uint8_t> message(front);
    StoreIkeHeader(h, message.data());
    message[kIkeHeaderSize] = i == 0 ? first : 0;
    StoreBe16(message.data() + kIkeHeaderSize + 2, static_cast<std::uint16_t>(front - kIkeHeaderSize + body));
    if (cut) {
      StoreBe16(message.data() + kIkeHeaderSize + 4, static_cast<std::uint16_t>(i + 1));
      StoreBe16(message.data() + kIkeHeaderSize + 6, static_cast<std::uint16_t>(total));
    }
    message.insert(message.end(), part.begin(), part.end());
    if (!SealSk(keys, entropy, message, front)) return {};
    out.push_back(std::move(message));
  }
  return out;
}

void ReassemblyV2::Clear() {
  pieces_.clear();
  bytes_ = 0;
  total_ = 0;
}

std::optional<OpenedV2> ReassemblyV2::Add(std::uint32_t message_id, std::uint16_t number, std::uint16_t total,
                                          std::uint8_t first, Bytes plain) {
  if (number == 0 || number > total || total > kMostPieces) return {};
  // RFC 7383 2.6: fragments of a message that was cut anew, into more pieces, replace those held; of fewer ones are late.
  if (message_id != message_id_ || total > total_) {
    Clear();
    message_id_ = message_id;
    total_ = total;
  } else if (total < total_) {
    return {};
  }
  if (pieces_.count(number) != 0) return {};
  if (bytes_ + plain.size() > kMostBytes) {
    Clear();
    return {};
  }
  if (number == 1) first_ = first;
  bytes_ += plain.size();
  pieces_[number].assign(plain.begin(), plain.end());
  if (pieces_.size() < total_) return {};
  OpenedV2 whole;
  whole.first = first_;
  whole.chain.reserve(bytes_);
  for (const auto& piece : pieces_) whole.chain.insert(whole.chain.end(), piece.second.begin(), piece.second.end());
  Clear();
  return whole;
}

OpenResultV2 OpenV2(const SkKeys& keys, ReassemblyV2& pieces, const IkeHeader& header, MutableBytes message) {
  OpenResultV2 out;
  if (header.length < kIkeHeaderSize || header.length > message.size()) return out;
  message = message.first(header.length);
  const auto outer = ReadPayloads(header.first, Bytes(message).subspan(kIkeHeaderSize), ChainEnd::kEncrypted);
  if (!outer || outer->empty()) return out;
  const RawPayload& last = outer->back();
  if (last.type != ikev2::kEncrypted && last.type != ikev2::kFragment) return out;
  const auto at = static_cast<std::size_t>(last.body.data() - message.data());
  if (last.type == ikev2::kEncrypted) {
    const auto plain = OpenSk(keys, message, at);
    if (!plain) {
      out.what = OpenResultV2::What::kForged;
      return out;
    }
    out.what = OpenResultV2::What::kWhole;
    out.opened.first = last.next;
    out.opened.chain.assign(plain->begin(), plain->end());
    return out;
  }
  out.fragmented = true;
  if (last.body.size() < 4) return out;
  const std::uint16_t number = LoadBe16(last.body.data()), total = LoadBe16(last.body.data() + 2);
  if (number == 0 || number > total || total > ReassemblyV2::kMostPieces) return out;
  const auto plain = OpenSk(keys, message, at + 4);
  if (!plain) {
    out.what = OpenResultV2::What::kForged;
    return out;
  }
  auto whole = pieces.Add(header.message_id, number, total, last.next, *plain);
  out.what = whole ? OpenResultV2::What::kWhole : OpenResultV2::What::kPart;
  if (whole) out.opened = std::move(*whole);
  return out;
}

std::uint16_t FragmentNumberV2(const IkeHeader& header, Bytes message) {
  if (header.first != ikev2::kFragment || message.size() < kIkeHeaderSize + kIkePayloadHeaderSize + 4) return 0;
  return LoadBe16(message.data() + kIkeHeaderSize + kIkePayloadHeaderSize);
}

}  // namespace sallyport
