#include "vpn/ike/fragments_v1.h"

#include <algorithm>

#include "vpn/ike/writer.h"

namespace sallyport {

void ReassemblyV1::Clear() {
  for (auto& piece : pieces_) std::vector<std::uint8_t>().swap(piece);
  bytes_ = 0;
  last_ = 0;
}

std::optional<std::vector<std::uint8_t>> ReassemblyV1::Add(const FragmentV1& piece) {
  if (piece.number == 0 || piece.number > kMostPieces) return {};
  if (bytes_ != 0 && piece.id != id_) Clear();
  id_ = piece.id;
  std::vector<std::uint8_t>& place = pieces_[piece.number - 1];
  // The first copy of a piece stays; one behind the last, or a second last, is a peer's mistake or somebody else's.
  if (!place.empty() || (last_ != 0 && (piece.number > last_ || piece.last))) return {};
  if (bytes_ + piece.data.size() > kMostBytes) {
    Clear();
    return {};
  }
  place.assign(piece.data.begin(), piece.data.end());
  bytes_ += piece.data.size();
  if (piece.last) last_ = piece.number;
  if (last_ == 0) return {};
  for (std::size_t i = 0; i < last_; ++i) {
    if (pieces_[i].empty()) return {};
  }
  std::vector<std::uint8_t> whole;
  whole.reserve(bytes_);
  for (std::size_t i = 0; i < last_; ++i) whole.insert(whole.end(), pieces_[i].begin(), pieces_[i].end());
  Clear();
  return whole;
}

std::vector<std::vector<std::uint8_t>> CutMessageV1(const std::vector<std::uint8_t>& message, std::size_t most,
                                                    std::uint16_t id) {
  constexpr std::size_t kAround = kIkeHeaderSize + kIkePayloadHeaderSize + 4;
  Reader in(message);
  const std::optional<IkeHeader> header = ReadIkeHeader(in);
  if (!header || message.size() <= most || most <= kAround) return {message};
  const std::size_t room = most - kAround;
  if ((message.size() + room - 1) / room > 255) return {message};
  std::vector<std::vector<std::uint8_t>> out;
  for (std::size_t at = 0; at < message.size(); at += room) {
    const std::size_t n = std::min(room, message.size() - at);
    IkeHeader h = *header;
    h.flags = 0;
    MessageWriter w(h);
    w.Begin(ikev1::kFragment);
    w.U16(id);
    w.U8(static_cast<std::uint8_t>(out.size() + 1));
    w.U8(at + n == message.size() ? 1 : 0);
    w.Put(Bytes(message).subspan(at, n));
    out.push_back(w.Finish());
  }
  return out;
}

}  // namespace sallyport
