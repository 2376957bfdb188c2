// Between a library's DTLS and the wire, the same for both libraries: they are handed one record at a time, for what they do with the
// records behind one that they do not like differs, and none of it is good for us. And what of a handshake nobody has signed is looked
// at first: whoever can write a datagram with the right addresses may not end a handshake by it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "firewall/base/bytes.h"
#include "vpn/anyconnect/dtls_channel.h"

namespace sallyport {

inline constexpr std::size_t kDtlsHeader = 13;  // type, version, epoch, sequence number, length

// The first record of `rest`, which loses it. Empty: there is no whole one, and what is there is none.
Bytes TakeDtlsRecord(Bytes& rest);

class DtlsWire {
 public:
  // --- the library's side
  void Put(const std::uint8_t* p, std::size_t n);  // what cannot be kept is lost, as on a wire
  std::size_t Get(std::uint8_t* room, std::size_t n);  // 0: there is nothing
  bool empty() const { return in_.empty(); }

  // --- a handshake's
  struct Expected {
    DtlsMethod method = DtlsMethod::kDtls12;
    DtlsRole role = DtlsRole::kServer;
    Bytes cookie;  // that a second hello must have; empty: there is none
  };
  // Calls `shake` for each record that may belong to the handshake, until it returns false; what is behind is the channel's.
  void Shake(Bytes datagram, const Expected& e, const std::function<bool()>& shake);
  std::vector<std::vector<std::uint8_t>> TakeAll();

  // --- a channel's
  // `read` is the library's. `datagram` empty: goes on with what there is. `least`: octets that any record of the connection has behind
  // its header (OpenSSL ends a connection for one that has fewer, before it has looked at the MAC).
  template <typename F>
  DtlsChannel::Got Open(Bytes datagram, std::size_t least, F read) {
    Bytes left = datagram;
    if (datagram.empty()) {
      if (const DtlsChannel::Got got = read(); got != DtlsChannel::Got::kNothing) return got;
      left = Bytes(rest_).subspan(rest_at_);
    }
    for (Bytes record = TakeDtlsRecord(left); !record.empty(); record = TakeDtlsRecord(left)) {
      if (record.size() < kDtlsHeader + least) continue;
      in_ = record;
      if (!datagram.empty() && !left.empty()) {  // what is read may be written over it
        rest_.assign(left.begin(), left.end());
        left = rest_;
        datagram = {};
      }
      const DtlsChannel::Got got = read();
      in_ = {};
      if (got == DtlsChannel::Got::kNothing) continue;
      rest_at_ = rest_.size() - (datagram.empty() ? left.size() : 0);
      return got;
    }
    rest_.clear();
    rest_at_ = 0;
    return DtlsChannel::Got::kNothing;
  }
  // Calls `write`, and returns how much it has put into `room`.
  template <typename F>
  std::size_t Seal(MutableBytes room, F write) {
    room_ = room;
    written_ = 0;
    const bool done = write();
    room_ = {};
    const std::size_t n = written_;
    written_ = 0;
    return done ? n : 0;
  }
  std::size_t Take(MutableBytes room);

 private:
  bool MayBeOfHandshake(Bytes record, const Expected& e) const;
  bool AsksAgain(Bytes record, const Expected& e) const;

  Bytes in_;           // the record that the library reads next
  MutableBytes room_;  // where the next record goes; empty: to `queue_`
  std::size_t written_ = 0;
  std::vector<std::vector<std::uint8_t>> queue_;
  std::vector<std::uint8_t> rest_;  // records that wait to be opened, from rest_at_
  std::size_t rest_at_ = 0;
  std::vector<std::uint8_t> plain_;  // a record without a MAC, by our number
  std::uint32_t plain_number_ = 0;
  std::vector<std::uint8_t> asked_;  // a server's HelloVerifyRequest, once it has been said
  bool answered_ = false;  // a server: its ServerHello has been said
};

}  // namespace sallyport
