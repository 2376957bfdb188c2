// What an inspection changed in one direction of a TCP stream, and the sequence numbers that follow from it.
//
// An edit replaces a run of the sender's bytes by others, longer or shorter. From then on the two ends count differently: what
// the sender sends goes out by Map, what the receiver acknowledges comes back by Unmap, and a retransmission, cut into whatever
// segments, gets the same replacement by Rewrite. Numbers are in the sender's own numbering on one side ("original"), and in
// that plus what the edits added on the other ("rewritten"); ISN randomisation is added outside of this.
//
// One of these for each direction, made when the first edit is (Conn's side entry owns it). Data thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/base/bytes.h"

namespace sallyport {

class SeqRepair {
 public:
  // Edits that are not yet acknowledged, and bytes that they insert: beyond that Add refuses.
  static constexpr std::size_t kMaxEdits = 16;
  static constexpr std::size_t kMaxInserted = 4096;

  // Replaces `removed` bytes from `at` on (original numbering) by `inserted`. Edits come in order: `at` is not before the end of
  // the last one. `removed` is at least 1: what is only to be added replaces its neighbour by itself and more. False: too many
  // edits wait for their acknowledgment; the packet has to be dropped and will come again.
  bool Add(std::uint32_t at, std::uint32_t removed, Bytes inserted);

  std::uint32_t Map(std::uint32_t original) const;
  // For acknowledgment numbers and SACK edges: the last original byte of an edit counts as received when all of its replacement
  // has been.
  std::uint32_t Unmap(std::uint32_t rewritten) const;

  // Does any edit touch [seq, seq + length)?
  bool Touches(std::uint32_t seq, std::uint32_t length) const;
  // The rewritten bytes of a segment: those from Map(seq) to Map(seq + payload.size()).
  void Rewrite(std::uint32_t seq, Bytes payload, std::vector<std::uint8_t>& out) const;

  // The receiver has acknowledged everything before `original`: edits before that fold into one number.
  void Acknowledged(std::uint32_t original);

  bool empty() const { return edits_.empty() && base_ == 0; }
  std::size_t edits() const { return edits_.size(); }

 private:
  struct Edit {
    std::uint32_t at = 0;
    std::uint32_t removed = 0;
    std::uint32_t before = 0;  // what all earlier edits add, mod 2^32
    std::vector<std::uint8_t> inserted;
    std::uint32_t end() const { return at + removed; }
    // The byte at offset i stands for the replacement's bytes from Offset(i) to Offset(i + 1).
    std::uint32_t Offset(std::uint32_t i) const;
  };
  std::uint32_t Added() const;  // by all edits

  std::vector<Edit> edits_;
  std::uint32_t base_ = 0;  // what acknowledged edits add
  std::size_t inserted_ = 0;
};

}  // namespace sallyport
