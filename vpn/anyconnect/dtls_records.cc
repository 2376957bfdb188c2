#include "vpn/anyconnect/dtls_records.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "vpn/crypto/secret.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostDatagrams = 16;         // of the library's own that wait to be sent
constexpr std::size_t kMostEarly = 16 * 1024;      // octets of data that came before the handshake's last record
constexpr std::size_t kHeaderOfMessage = 12;
constexpr std::size_t kLeastFinished = kHeaderOfMessage + 12 + 16;  // with the shortest MAC
constexpr std::uint8_t kChangeCipher = 20, kMessage = 22, kData = 23;
constexpr std::uint8_t kHello = 1, kServerHello = 2, kVerifyRequest = 3, kServerKey = 12, kServerDone = 14, kClientKey = 16;

std::uint16_t EpochOf(Bytes record) { return LoadBe16(&record[3]); }

// A message that is whole in its record: a library may end a handshake for one whose lengths contradict each other.
bool IsWholeMessage(Bytes message) {
  const auto number = [&](std::size_t at) { return LoadBe32(&message[at]) >> 8; };
  const std::size_t size = message.size() - kHeaderOfMessage;
  return number(1) == size && number(6) == 0 && number(9) == size;
}

// A ClientHello: what it answers a HelloVerifyRequest with (empty: it is the first), or false.
bool CookieOfHello(Bytes message, Bytes& cookie) {
  std::size_t at = kHeaderOfMessage + 2 + 32;
  if (message.size() <= at || message.size() <= at + 1 + message[at]) return false;
  at += std::size_t{1} + message[at];
  if (message.size() < at + 1 + message[at]) return false;
  cookie = message.subspan(at + 1, message[at]);
  return true;
}

}  // namespace

Bytes TakeDtlsRecord(Bytes& rest) {
  if (rest.size() < kDtlsHeader) return {};
  const std::size_t size = kDtlsHeader + LoadBe16(&rest[11]);
  if (size > rest.size()) return {};
  const Bytes record = rest.first(size);
  rest = rest.subspan(size);
  return record;
}

void DtlsWire::Put(const std::uint8_t* p, std::size_t n) {
  if (n > kDtlsHeader && p[0] == kMessage && p[3] == 0 && p[4] == 0) {
    if (p[kDtlsHeader] == kServerHello) answered_ = true;
    if (p[kDtlsHeader] == kVerifyRequest) asked_.assign(p, p + n);
  }
  if (written_ == 0 && room_.size() >= n) {
    std::memcpy(room_.data(), p, n);
    written_ = n;
  } else if (queue_.size() < kMostDatagrams) {
    queue_.emplace_back(p, p + n);
  }
}

std::size_t DtlsWire::Get(std::uint8_t* room, std::size_t n) {
  const std::size_t size = std::min(n, in_.size());
  if (size != 0) std::memcpy(room, in_.data(), size);
  in_ = {};
  return size;
}

// Of what has no MAC, an alert is not believed: who gives up falls silent.
bool DtlsWire::MayBeOfHandshake(Bytes record, const Expected& e) const {
  const Bytes body = record.subspan(kDtlsHeader);
  if (EpochOf(record) != 0) return body.size() >= kLeastFinished;
  const bool psk = e.method == DtlsMethod::kPsk;
  if (record[0] == kChangeCipher) return body.size() == (e.method == DtlsMethod::kLegacy ? 3u : 1u) && body[0] == 1;
  if (record[0] != kMessage || body.size() < kHeaderOfMessage) return false;
  const std::uint8_t type = body[0];
  if (e.role == DtlsRole::kClient) return type == kServerHello || type == kVerifyRequest || (psk && (type == kServerKey || type == kServerDone));
  // All that a ClientKeyExchange of openconnect says is known: what is forged is what the client sends itself, or is none.
  if (type == kClientKey) {
    const std::uint8_t number = e.cookie.empty() ? 1 : 2;
    const std::uint8_t all[] = {kClientKey, 0, 0, 5, 0, number, 0, 0, 0, 0, 0, 5, 0, 3, 'p', 's', 'k'};
    return psk && answered_ && std::ranges::equal(body, all);
  }
  if (type != kHello || answered_) return false;
  if (e.cookie.empty()) return true;
  Bytes cookie;
  if (!CookieOfHello(body, cookie)) return false;
  const std::uint16_t number = LoadBe16(&body[4]);
  return IsWholeMessage(body) && (cookie.empty() ? number == 0 : number == 1 && SameBytes(e.cookie, cookie));
}

// Whether it is the first hello of a handshake once more: anybody can have sent that.
bool DtlsWire::AsksAgain(Bytes record, const Expected& e) const {
  const Bytes body = record.subspan(kDtlsHeader);
  Bytes cookie;
  return !asked_.empty() && !e.cookie.empty() && EpochOf(record) == 0 && record[0] == kMessage && body[0] == kHello &&
         CookieOfHello(body, cookie) && cookie.empty();
}

void DtlsWire::Shake(Bytes datagram, const Expected& e, const std::function<bool()>& shake) {
  for (Bytes record = TakeDtlsRecord(datagram); !record.empty(); record = TakeDtlsRecord(datagram)) {
    if (EpochOf(record) != 0 && record[0] == kData) {  // it has overtaken the handshake
      if (rest_.size() + record.size() <= kMostEarly) rest_.insert(rest_.end(), record.begin(), record.end());
      continue;
    }
    if (!MayBeOfHandshake(record, e)) continue;
    if (AsksAgain(record, e)) {  // the library sees it once only
      const std::vector<std::uint8_t> again = asked_;
      Put(again.data(), again.size());
      continue;
    }
    in_ = record;
    if (EpochOf(record) == 0) {
      // A library that believes the number of a record without a MAC would take the peer's own for old ones.
      plain_.assign(record.begin(), record.end());
      StoreBe16(&plain_[5], 0);
      StoreBe32(&plain_[7], plain_number_++);
      in_ = plain_;
    }
    const bool goes_on = shake();
    in_ = {};
    if (goes_on) continue;
    if (rest_.size() + datagram.size() <= kMostEarly) rest_.insert(rest_.end(), datagram.begin(), datagram.end());
    return;
  }
}

std::vector<std::vector<std::uint8_t>> DtlsWire::TakeAll() { return std::exchange(queue_, {}); }

std::size_t DtlsWire::Take(MutableBytes room) {
  while (!queue_.empty()) {
    const std::vector<std::uint8_t> first = std::move(queue_.front());
    queue_.erase(queue_.begin());
    if (first.size() > room.size()) continue;
    std::copy(first.begin(), first.end(), room.begin());
    return first.size();
  }
  return 0;
}

}  // namespace sallyport
